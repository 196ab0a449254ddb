/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/crypto/test-wycheproof.c - Project Wycheproof's cases: what is valid is right, what is not is refused. */
#include "lib/test-crypto.h"
#include "lib/vectors.h"

#include <string.h>

static ObolCrypto *crypto;

typedef struct Set Set;
typedef gboolean (*Check)(const Set *set, const Vector *v); /* FALSE: not a case for us */
struct Set {
    const char *file;
    Check check;
    guint16 id;
    guint n; /* cases that must have been for us */
};

static gboolean
is_valid(const Vector *v)
{
    return !g_str_equal(vector_text(v, "result"), "invalid");
}

/* --- key exchanges --- */

static void
give(gpointer self, guint8 *out, gsize n)
{
    const GByteArray *given = self;
    gsize skip = given->len > n ? given->len - n : 0;

    memset(out, 0, n);
    memcpy(out + (n - (given->len - skip)), given->data + skip, given->len - skip);
}

static gboolean
check_dh(const Set *set, const Vector *v)
{
    static const ObolRandomVtable calls = { .size = sizeof calls, .fill = give };
    static const guint8 zeros[OBOL_KE_PUBLIC_MAX];
    const ObolKeVtable *ke = obol_crypto_ke(crypto, set->id);
    g_autoptr(GByteArray) value = vector_bytes(v, "public"), private = vector_bytes(v, "private"), wanted = vector_bytes(v, "shared");
    gboolean ecp = ke->id <= OBOL_KE_ECP_521;
    guint8 unused[OBOL_KE_PUBLIC_MAX];
    g_autoptr(ObolSecret) secret = NULL;
    gpointer offer;

    /* KE data of a NIST curve is x | y (RFC 5903): only the uncompressed form can be brought into it. */
    if (ecp && (value->len != ke->n_initiator + 1 || value->data[0] != 4))
        return FALSE;
    offer = ke->offer(&(ObolRandom) { &calls, private }, unused, NULL);
    secret = ke->complete(offer, value->data + (ecp ? 1 : 0), value->len - (ecp ? 1 : 0), NULL);
    ke->close(offer);
    /* Zero is a point of small order on a Montgomery curve, and just a coordinate on a NIST curve. */
    if (!is_valid(v) || (!ecp && memcmp(wanted->data, zeros, wanted->len) == 0)) {
        g_assert_null(secret);
        return TRUE;
    }
    g_assert_nonnull(secret);
    g_assert_cmpmem(secret->bytes, secret->n, wanted->data, wanted->len);
    return TRUE;
}

/* --- AEADs --- */

static const ObolAeadVtable *
with_icv(const Set *set, gsize n_icv)
{
    /* The three sizes of a family follow each other in the registry, GCM_8 and CCM_8 first. */
    if (set->id == OBOL_ENCR_CHACHA20_POLY1305)
        return obol_crypto_aead(crypto, set->id);
    return obol_crypto_aead(crypto, (guint16) (set->id + (n_icv - 8) / 4));
}

static gboolean
check_aead(const Set *set, const Vector *v)
{
    g_autoptr(GByteArray) key = vector_bytes(v, "key"), iv = vector_bytes(v, "iv"), aad = vector_bytes(v, "aad"),
                          plain = vector_bytes(v, "msg"), sealed = vector_bytes(v, "ct"), tag = vector_bytes(v, "tag");
    const ObolAeadVtable *aead = with_icv(set, tag->len);
    gpointer self = aead->open(key->data, key->len, NULL);

    g_assert_nonnull(self);
    g_assert_cmpuint(iv->len, ==, aead->n_salt + aead->n_iv);
    g_byte_array_append(sealed, tag->data, tag->len);
    if (is_valid(v)) {
        gsize n = plain->len;

        g_byte_array_set_size(plain, (guint) (n + aead->n_icv));
        g_assert_true(aead->seal(self, iv->data, aad->data, aad->len, plain->data, n));
        g_assert_cmpmem(plain->data, plain->len, sealed->data, sealed->len);
        g_assert_true(aead->unseal(self, iv->data, aad->data, aad->len, sealed->data, n));
    } else {
        g_assert_false(aead->unseal(self, iv->data, aad->data, aad->len, sealed->data, sealed->len - aead->n_icv));
    }
    aead->close(self);
    return TRUE;
}

/* --- MACs --- */

static gboolean
check_mac(const Set *set, const Vector *v)
{
    const ObolMacVtable *mac = obol_crypto_prf(crypto, set->id);
    g_autoptr(GByteArray) key = vector_bytes(v, "key"), message = vector_bytes(v, "msg"), tag = vector_bytes(v, "tag");
    guint8 out[OBOL_PRF_OUTPUT_MAX];
    gpointer self;

    if (set->id == OBOL_PRF_AES128_CMAC && key->len != 16)
        return FALSE; /* RFC 4615 gives other lengths a meaning of its own */
    self = mac->open(key->data, key->len, NULL);
    if (message->len > 0)
        mac->update(self, message->data, message->len);
    mac->finish(self, out);
    mac->close(self);
    g_assert_cmpint(memcmp(out, tag->data, MIN(tag->len, mac->n_output)) == 0, ==, is_valid(v));
    return TRUE;
}

/* --- CBC with the padding of PKCS #7, which we put there ourselves --- */

static gboolean
check_cbc(const Set *set, const Vector *v)
{
    const ObolCipherVtable *cipher = obol_crypto_cipher(crypto, set->id);
    g_autoptr(GByteArray) key = vector_bytes(v, "key"), iv = vector_bytes(v, "iv"), text = vector_bytes(v, "msg"),
                          wanted = vector_bytes(v, "ct");
    guint8 n_pad = (guint8) (16 - text->len % 16);
    gpointer self;

    if (!is_valid(v))
        return FALSE; /* what is wrong there is the padding */
    for (guint8 i = 0; i < n_pad; i++)
        g_byte_array_append(text, &n_pad, 1);
    self = cipher->open(key->data, key->len, NULL);
    g_assert_true(cipher->encrypt(self, iv->data, text->data, text->len));
    cipher->close(self);
    g_assert_cmpmem(text->data, text->len, wanted->data, wanted->len);
    return TRUE;
}

static const Set sets[] = {
    { "x25519_test", check_dh, OBOL_KE_X25519, 518 },
    { "x448_test", check_dh, OBOL_KE_X448, 510 },
    { "ecdh_secp256r1_ecpoint_test", check_dh, OBOL_KE_ECP_256, 346 },
    { "ecdh_secp384r1_ecpoint_test", check_dh, OBOL_KE_ECP_384, 787 },
    { "ecdh_secp521r1_ecpoint_test", check_dh, OBOL_KE_ECP_521, 648 },
    { "aes_gcm_test", check_aead, OBOL_ENCR_AES_GCM_8, 197 },
    { "aes_ccm_test", check_aead, OBOL_ENCR_AES_CCM_8, 18 },
    { "chacha20_poly1305_test", check_aead, OBOL_ENCR_CHACHA20_POLY1305, 316 },
    { "aes_cmac_test", check_mac, OBOL_PRF_AES128_CMAC, 102 },
    { "hmac_sha1_test", check_mac, OBOL_PRF_HMAC_SHA1, 170 },
    { "hmac_sha256_test", check_mac, OBOL_PRF_HMAC_SHA2_256, 174 },
    { "hmac_sha384_test", check_mac, OBOL_PRF_HMAC_SHA2_384, 174 },
    { "hmac_sha512_test", check_mac, OBOL_PRF_HMAC_SHA2_512, 174 },
    { "aes_cbc_pkcs5_test", check_cbc, OBOL_ENCR_AES_CBC, 72 },
    { "camellia_cbc_pkcs5_test", check_cbc, OBOL_ENCR_CAMELLIA_CBC, 72 },
};

static void
test_set(gconstpointer data)
{
    const Set *set = data;
    g_autofree char *path = g_strdup_printf("vectors/wycheproof/%s.txt", set->file);
    g_autoptr(GPtrArray) list = vectors_load(path);
    guint n = 0;

    for (guint i = 0; i < list->len; i++)
        n += set->check(set, g_ptr_array_index(list, i)) != FALSE;
    g_test_message("%u cases of %u", n, list->len);
    g_assert_cmpuint(n, ==, set->n);
}

int
main(int argc, char *argv[])
{
    int status;

    g_test_init(&argc, &argv, NULL);
    crypto = test_crypto_new();
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/wycheproof/%s", sets[i].file);

        g_test_add_data_func(name, &sets[i], test_set);
    }
    status = g_test_run();
    obol_crypto_free(crypto);
    return status;
}
