/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/crypto/test-keymat.c - the key derivation against all of NIST's cases, and its limits. */
#include "crypto/keymat.h"
#include "lib/test-crypto.h"
#include "lib/vectors.h"

#include <string.h>

typedef GByteArray Bytes;

static ObolSpan
span(const Bytes *bytes)
{
    return (ObolSpan) { bytes->data, bytes->len };
}

static guint16
prf_of(const Vector *v)
{
    return vector_in(v, "[SHA-1]") ? OBOL_PRF_HMAC_SHA1
         : vector_in(v, "[SHA-256]") ? OBOL_PRF_HMAC_SHA2_256
         : vector_in(v, "[SHA-384]") ? OBOL_PRF_HMAC_SHA2_384
         : vector_in(v, "[SHA-512]") ? OBOL_PRF_HMAC_SHA2_512
                                     : 0;
}

static void
check_case(const ObolMacVtable *prf, const Vector *v)
{
    g_autoptr(GByteArray) ni = vector_bytes(v, "Ni"), nr = vector_bytes(v, "Nr"), ir = vector_bytes(v, "g^ir"),
                          ir_new = vector_bytes(v, "g^ir (new)"), spi_i = vector_bytes(v, "SPIi"), spi_r = vector_bytes(v, "SPIr"),
                          skeyseed = vector_bytes(v, "SKEYSEED"), dkm = vector_bytes(v, "DKM"),
                          child = vector_bytes(v, "DKM(Child SA)"), child_dh = vector_bytes(v, "DKM(Child SA D-H)"),
                          rekey = vector_bytes(v, "SKEYSEED(Rekey)");
    g_autoptr(ObolSecret) g_ir = obol_secret_new_from(ir->data, ir->len), g_ir_new = obol_secret_new_from(ir_new->data, ir_new->len);
    g_autoptr(ObolSecret) seed = obol_skeyseed(prf, span(ni), span(nr), g_ir, NULL);
    ObolSpan all[] = { span(ni), span(nr), span(spi_i), span(spi_r) }, with_dh[] = { span(ir_new), span(ni), span(nr) };
    g_autoptr(ObolSecret) keys = obol_prf_plus(prf, (ObolSpan) { seed->bytes, seed->n }, all, 4, dkm->len, NULL);
    ObolSpan sk_d = { keys->bytes, prf->n_key };
    g_autoptr(ObolSecret) child_keys = obol_prf_plus(prf, sk_d, all, 2, child->len, NULL);
    g_autoptr(ObolSecret) child_dh_keys = obol_prf_plus(prf, sk_d, with_dh, 3, child_dh->len, NULL);
    g_autoptr(ObolSecret) rekey_seed = obol_skeyseed_rekey(prf, sk_d, g_ir_new, span(ni), span(nr), NULL);

    g_assert_cmpmem(seed->bytes, seed->n, skeyseed->data, skeyseed->len);
    g_assert_cmpmem(keys->bytes, keys->n, dkm->data, dkm->len);
    g_assert_cmpmem(child_keys->bytes, child_keys->n, child->data, child->len);
    g_assert_cmpmem(child_dh_keys->bytes, child_dh_keys->n, child_dh->data, child_dh->len);
    g_assert_cmpmem(rekey_seed->bytes, rekey_seed->n, rekey->data, rekey->len);
}

static void
test_every_case_of_nist(void)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    g_autoptr(GPtrArray) list = vectors_load("vectors/nist-cavp/ikev2.rsp");
    guint n = 0;

    for (guint i = 0; i < list->len; i++) {
        const Vector *v = g_ptr_array_index(list, i);

        /* SHA-224 is no PRF of IKEv2. */
        if (!vector_has(v, "SKEYSEED") || prf_of(v) == 0)
            continue;
        check_case(obol_crypto_prf(crypto, prf_of(v)), v);
        n++;
    }
    g_test_message("%u cases", n);
    g_assert_cmpuint(n, ==, 220);
}

static void
test_prf_plus_ends_at_255_blocks(void)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    const ObolMacVtable *prf = obol_crypto_prf(crypto, OBOL_PRF_HMAC_SHA2_256);
    ObolSpan key = { (const guint8 *) "key", 3 };
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolSecret) most = obol_prf_plus(prf, key, &key, 1, 255 * 32, NULL);

    g_assert_nonnull(most);
    g_assert_null(obol_prf_plus(prf, key, &key, 1, 255 * 32 + 1, &error));
    g_assert_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_TOO_LONG);
}

/* Section 2.14: "the first 64 bits of Ni and the first 64 bits of Nr" are the key of a PRF with a fixed one. */
static void
test_a_fixed_key_is_shared_by_the_nonces(void)
{
    static const guint8 nonces[2][32] = { "the initiator's nonce, 32 bytes", "and the responder's, as long..." };
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    const ObolMacVtable *prf = obol_crypto_prf(crypto, OBOL_PRF_AES128_XCBC);
    g_autoptr(ObolSecret) g_ir = obol_secret_new_from(nonces[0], 32);
    ObolSpan ni = { nonces[0], 32 }, nr = { nonces[1], 32 }, text = { g_ir->bytes, g_ir->n };
    g_autoptr(ObolSecret) seed = obol_skeyseed(prf, ni, nr, g_ir, NULL);
    guint8 key[16], wanted[16];

    memcpy(key, nonces[0], 8);
    memcpy(key + 8, nonces[1], 8);
    g_assert_true(obol_prf(prf, (ObolSpan) { key, 16 }, &text, 1, wanted, NULL));
    g_assert_cmpmem(seed->bytes, seed->n, wanted, sizeof wanted);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto/keymat/every-case-of-nist", test_every_case_of_nist);
    g_test_add_func("/crypto/keymat/prf-plus-ends-at-255-blocks", test_prf_plus_ends_at_255_blocks);
    g_test_add_func("/crypto/keymat/a-fixed-key-is-shared-by-the-nonces", test_a_fixed_key_is_shared_by_the_nonces);
    return g_test_run();
}
