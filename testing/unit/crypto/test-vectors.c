/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/crypto/test-vectors.c - each algorithm against the vectors of its document. */
#include "lib/test-crypto.h"
#include "lib/vectors.h"

#include <string.h>

static ObolCrypto *crypto;

/* --- PRFs and integrity algorithms --- */

typedef struct {
    const char *name, *path, *key, *message, *mac;
    gboolean integ;
    guint16 id;
    guint n; /* cases that must be there */
} MacSet;

static const MacSet macs[] = {
    { "prf-hmac-sha1", "rfc/hmac-sha1-md5.txt", "key_sha1", "data", "hmac_sha1", FALSE, OBOL_PRF_HMAC_SHA1, 7 },
    { "prf-hmac-sha2-256", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha256", FALSE, OBOL_PRF_HMAC_SHA2_256, 7 },
    { "prf-hmac-sha2-384", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha384", FALSE, OBOL_PRF_HMAC_SHA2_384, 7 },
    { "prf-hmac-sha2-512", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha512", FALSE, OBOL_PRF_HMAC_SHA2_512, 7 },
    { "hmac-sha1-96", "rfc/hmac-sha1-md5.txt", "key_sha1", "data", "hmac_sha1", TRUE, OBOL_INTEG_HMAC_SHA1_96, 7 },
    { "hmac-sha2-256-128", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha256", TRUE, OBOL_INTEG_HMAC_SHA2_256_128, 7 },
    { "hmac-sha2-384-192", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha384", TRUE, OBOL_INTEG_HMAC_SHA2_384_192, 7 },
    { "hmac-sha2-512-256", "rfc/hmac-sha2.txt", "key", "data", "hmac_sha512", TRUE, OBOL_INTEG_HMAC_SHA2_512_256, 7 },
    { "aes-xcbc-96", "rfc/aes-xcbc-mac.txt", "key", "message", "mac96", TRUE, OBOL_INTEG_AES_XCBC_96, 7 },
    { "aes-cmac-96", "rfc/aes-cmac.txt", "key", "message", "mac96", TRUE, OBOL_INTEG_AES_CMAC_96, 4 },
    { "prf-aes128-xcbc", "rfc/prf-aes128-xcbc.txt", "key", "message", "prf", FALSE, OBOL_PRF_AES128_XCBC, 3 },
    { "prf-aes128-cmac", "rfc/prf-aes128-cmac.txt", "key", "message", "prf", FALSE, OBOL_PRF_AES128_CMAC, 3 },
};

static void
test_mac(gconstpointer data)
{
    const MacSet *set = data;
    const ObolMacVtable *mac = set->integ ? obol_crypto_integ(crypto, set->id) : obol_crypto_prf(crypto, set->id);
    g_autofree char *path = g_strdup_printf("vectors/%s", set->path);
    g_autoptr(GPtrArray) list = vectors_load(path);
    guint n = 0;

    for (guint i = 0; i < list->len; i++) {
        const Vector *v = g_ptr_array_index(list, i);
        g_autoptr(GByteArray) key = vector_bytes(v, set->key), message = vector_bytes(v, set->message), wanted = vector_bytes(v, set->mac);
        guint8 out[OBOL_PRF_OUTPUT_MAX];
        gpointer self;

        if (!vector_has(v, set->mac))
            continue;
        self = mac->open(key->data, key->len, NULL);
        g_assert_nonnull(self);
        /* Twice, in pieces of another size each time: a finished context is ready for the next message. */
        for (guint piece = 1; piece < 18; piece += 16) {
            for (guint at = 0; at < message->len; at += piece)
                mac->update(self, message->data + at, MIN(piece, message->len - at));
            mac->finish(self, out);
            g_assert_cmpmem(out, MIN(mac->n_output, wanted->len), wanted->data, MIN(mac->n_output, wanted->len));
        }
        mac->close(self);
        n++;
    }
    g_assert_cmpuint(n, ==, set->n);
}

/* --- ciphers --- */

typedef struct {
    const char *name, *path, *iv, *plain, *sealed;
    guint16 id;
    guint n_min;
} CipherSet;

static const CipherSet ciphers[] = {
    { "aes-cbc-of-rfc-3602", "rfc/aes-cbc.txt", "iv", "plaintext", "ciphertext", OBOL_ENCR_AES_CBC, 4 },
    { "aes-ctr-of-rfc-3686", "rfc/aes-ctr.txt", "iv", "plaintext", "ciphertext", OBOL_ENCR_AES_CTR, 9 },
    { "aes-128-cbc-of-nist", "nist-cavp/aes-CBCMMT128.rsp", "IV", "PLAINTEXT", "CIPHERTEXT", OBOL_ENCR_AES_CBC, 20 },
    { "aes-256-cbc-of-nist", "nist-cavp/aes-CBCMMT256.rsp", "IV", "PLAINTEXT", "CIPHERTEXT", OBOL_ENCR_AES_CBC, 20 },
};

static void
test_cipher(gconstpointer data)
{
    const CipherSet *set = data;
    const ObolCipherVtable *cipher = obol_crypto_cipher(crypto, set->id);
    g_autofree char *path = g_strdup_printf("vectors/%s", set->path);
    g_autoptr(GPtrArray) list = vectors_load(path);
    guint n = 0;

    for (guint i = 0; i < list->len; i++) {
        const Vector *v = g_ptr_array_index(list, i);
        g_autoptr(GByteArray) lower = vector_bytes(v, "key"), upper = vector_bytes(v, "KEY"), salt = vector_bytes(v, "nonce"),
                              iv = vector_bytes(v, set->iv), plain = vector_bytes(v, set->plain), wanted = vector_bytes(v, set->sealed);
        GByteArray *key = lower->len > 0 ? lower : upper;
        g_autoptr(GByteArray) nonce = g_byte_array_new(), text = g_byte_array_new();
        gpointer self;

        if (plain->len == 0 || plain->len != wanted->len || plain->len % cipher->block != 0)
            continue;
        g_byte_array_append(nonce, salt->data, salt->len);
        g_byte_array_append(nonce, iv->data, iv->len);
        g_byte_array_append(text, plain->data, plain->len);
        self = cipher->open(key->data, key->len, NULL);
        g_assert_true(cipher->encrypt(self, nonce->data, text->data, text->len));
        g_assert_cmpmem(text->data, text->len, wanted->data, wanted->len);
        g_assert_true(cipher->decrypt(self, nonce->data, text->data, text->len));
        g_assert_cmpmem(text->data, text->len, plain->data, plain->len);
        cipher->close(self);
        n++;
    }
    g_assert_cmpuint(n, >=, set->n_min);
}

/* --- AES-GCM with NIST's, those whose nonce and tag IKE and ESP use --- */

static const ObolAeadVtable *
gcm_with(gsize n_icv)
{
    return n_icv == 16 ? obol_crypto_aead(crypto, OBOL_ENCR_AES_GCM_16)
         : n_icv == 12 ? obol_crypto_aead(crypto, OBOL_ENCR_AES_GCM_12)
         : n_icv == 8  ? obol_crypto_aead(crypto, OBOL_ENCR_AES_GCM_8)
                       : NULL;
}

static void
test_gcm(gconstpointer data)
{
    g_autoptr(GPtrArray) list = vectors_load(data);
    guint n = 0;

    for (guint i = 0; i < list->len; i++) {
        const Vector *v = g_ptr_array_index(list, i);
        g_autoptr(GByteArray) key = vector_bytes(v, "Key"), iv = vector_bytes(v, "IV"), aad = vector_bytes(v, "AAD"),
                              plain = vector_bytes(v, "PT"), sealed = vector_bytes(v, "CT"), tag = vector_bytes(v, "Tag");
        const ObolAeadVtable *gcm = gcm_with(tag->len);
        g_autofree guint8 *text = g_malloc0(plain->len + tag->len + 1);
        gpointer self;

        if (gcm == NULL || iv->len != 12)
            continue;
        if (plain->len > 0)
            memcpy(text, plain->data, plain->len);
        self = gcm->open(key->data, key->len, NULL);
        g_assert_true(gcm->seal(self, iv->data, aad->data, aad->len, text, plain->len));
        g_assert_cmpmem(text, plain->len, sealed->data, sealed->len);
        g_assert_cmpmem(text + plain->len, tag->len, tag->data, tag->len);
        g_assert_true(gcm->unseal(self, iv->data, aad->data, aad->len, text, plain->len));
        g_assert_cmpmem(text, plain->len, plain->data, plain->len);
        gcm->close(self);
        n++;
    }
    g_test_message("%u cases", n);
    g_assert_cmpuint(n, >=, 100);
}

/* --- key exchanges with the private values of the RFCs --- */

/* Gives out the bytes of a vector, as if they had been drawn. */
typedef struct {
    const GByteArray *bytes;
} Given;

static void
give(gpointer self, guint8 *out, gsize n)
{
    const Given *given = self;

    /* A private value shorter than the group's is one with leading zeros. */
    g_assert_cmpuint(given->bytes->len, <=, n);
    memset(out, 0, n - given->bytes->len);
    memcpy(out + (n - given->bytes->len), given->bytes->data, given->bytes->len);
}

static void
test_key_exchange(gconstpointer data)
{
    static const ObolRandomVtable calls = { .size = sizeof calls, .fill = give };
    g_autoptr(GPtrArray) list = vectors_load(data);

    for (guint i = 0; i < list->len; i++) {
        const Vector *v = g_ptr_array_index(list, i);
        g_autoptr(GByteArray) a = vector_bytes(v, "i"), b = vector_bytes(v, "r"), ke_i = vector_bytes(v, "KEi"),
                              ke_r = vector_bytes(v, "KEr"), wanted = vector_bytes(v, "shared_secret");
        const ObolKeVtable *ke = obol_crypto_ke(crypto, (guint16) g_ascii_strtoull(vector_text(v, "group"), NULL, 10));
        Given ours = { a }, theirs = { b };
        guint8 public_i[OBOL_KE_PUBLIC_MAX], public_r[OBOL_KE_PUBLIC_MAX];
        gpointer offer = ke->offer(&(ObolRandom) { &calls, &ours }, public_i, NULL);
        g_autoptr(ObolSecret) at_r = ke->accept(&(ObolRandom) { &calls, &theirs }, public_i, ke->n_initiator, public_r, NULL);
        g_autoptr(ObolSecret) at_i = ke->complete(offer, public_r, ke->n_responder, NULL);

        ke->close(offer);
        g_assert_cmpmem(public_i, ke->n_initiator, ke_i->data, ke_i->len);
        g_assert_cmpmem(public_r, ke->n_responder, ke_r->data, ke_r->len);
        g_assert_cmpmem(at_i->bytes, at_i->n, wanted->data, wanted->len);
        g_assert_cmpmem(at_r->bytes, at_r->n, wanted->data, wanted->len);
    }
    g_assert_cmpuint(list->len, >=, 2);
}

/* --- both sides of every group, and what no group may take (RFC 6989, RFC 7748 section 6) --- */

static void
refuse(const ObolKeVtable *ke, const guint8 *value, gsize n)
{
    g_autoptr(GError) error = NULL;
    guint8 public_r[OBOL_KE_PUBLIC_MAX];

    g_assert_null(ke->accept(obol_crypto_random(crypto), value, n, public_r, &error));
    g_assert_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_PUBLIC);
}

static void
test_group(gconstpointer data)
{
    const ObolKeVtable *ke = obol_crypto_ke(crypto, (guint16) GPOINTER_TO_UINT(data));
    guint8 public_i[OBOL_KE_PUBLIC_MAX], public_r[OBOL_KE_PUBLIC_MAX], bad[OBOL_KE_PUBLIC_MAX];
    gpointer offer = ke->offer(obol_crypto_random(crypto), public_i, NULL);
    g_autoptr(ObolSecret) at_r = ke->accept(obol_crypto_random(crypto), public_i, ke->n_initiator, public_r, NULL);
    g_autoptr(ObolSecret) at_i = ke->complete(offer, public_r, ke->n_responder, NULL);
    gboolean modp = ke->id <= OBOL_KE_MODP_8192, ecp = ke->id >= OBOL_KE_ECP_256 && ke->id <= OBOL_KE_ECP_521;

    ke->close(offer);
    g_assert_true(obol_secret_equal(at_i, at_r));
    g_assert_cmpuint(at_i->n, ==, ke->n_secret);
    refuse(ke, public_i, ke->n_initiator - 1);
    memcpy(bad, public_i, ke->n_initiator);
    refuse(ke, bad, ke->n_initiator + 1);
    memset(bad, 0, ke->n_initiator); /* 0, the point at infinity, a point of small order */
    refuse(ke, bad, ke->n_initiator);
    if (!modp && !ecp) {
        bad[0] = 1; /* u = 1 is of small order on both Montgomery curves */
        refuse(ke, bad, ke->n_initiator);
        return;
    }
    bad[ke->n_initiator - 1] = 1; /* 1; a point that is not on the curve */
    refuse(ke, bad, ke->n_initiator);
    memset(bad, 0xff, ke->n_initiator); /* not below p */
    refuse(ke, bad, ke->n_initiator);
    if (ecp) {
        memcpy(bad, public_i, ke->n_initiator);
        bad[ke->n_initiator - 1] ^= 1;
        refuse(ke, bad, ke->n_initiator);
    }
}

/* --- the guard: what SK and ESP are sealed by --- */

static const struct {
    const char *name;
    ObolSuite suite;
} guards[] = {
    { "aes-gcm-16", { .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 } },
    { "aes-gcm-8-256", { .encr = OBOL_ENCR_AES_GCM_8, .encr_bits = 256 } },
    { "aes-ccm-12-192", { .encr = OBOL_ENCR_AES_CCM_12, .encr_bits = 192 } },
    { "chacha20-poly1305", { .encr = OBOL_ENCR_CHACHA20_POLY1305, .encr_bits = 256 } },
    { "aes-cbc-sha2-256", { .encr = OBOL_ENCR_AES_CBC, .encr_bits = 256, .integ = OBOL_INTEG_HMAC_SHA2_256_128 } },
    { "aes-ctr-xcbc", { .encr = OBOL_ENCR_AES_CTR, .encr_bits = 128, .integ = OBOL_INTEG_AES_XCBC_96 } },
    { "camellia-cmac", { .encr = OBOL_ENCR_CAMELLIA_CBC, .encr_bits = 192, .integ = OBOL_INTEG_AES_CMAC_96 } },
    { "3des-sha1", { .encr = OBOL_ENCR_3DES, .encr_bits = 192, .integ = OBOL_INTEG_HMAC_SHA1_96 } },
    { "null-sha2-512", { .encr = OBOL_ENCR_NULL, .integ = OBOL_INTEG_HMAC_SHA2_512_256 } },
    { "no-cipher-sha2-384", { .integ = OBOL_INTEG_HMAC_SHA2_384_192 } },
};

static void
test_guard(gconstpointer data)
{
    const ObolSuite *suite = data;
    static const guint8 keys[2][64] = { "an encryption key of a test, long enough for all of them......", "and one for integrity" };
    g_autoptr(ObolGuard) guard = obol_guard_new(crypto, suite, keys[0], keys[1], NULL);
    gsize n_iv = obol_guard_n_iv(guard), n_icv = obol_guard_n_icv(guard), block = obol_guard_block(guard);
    guint8 aad[8] = "associ.", tail[4] = { 0, 0, 0, 1 };
    gboolean aead = obol_encr_is_aead(suite->encr);

    for (gsize n = 0; n <= 5 * block; n += block) {
        gsize whole = n_iv + n + n_icv, n_text;
        g_autofree guint8 *sealed = g_malloc0(whole), *text;
        g_autofree guint8 *work = NULL;
        guint8 *out;

        memset(sealed + n_iv, 'x', n);
        g_assert_true(obol_guard_seal(guard, n + 1, aad, sizeof aad, sealed, n, tail, aead ? 0 : sizeof tail));
        text = g_malloc(n + 1);
        memset(text, 'x', n);
        work = g_memdup2(sealed, whole);
        g_assert_true(obol_guard_open(guard, aad, sizeof aad, work, whole, tail, aead ? 0 : sizeof tail, &out, &n_text));
        g_assert_cmpmem(out, n_text, text, n);
        for (gsize bit = 0; bit < whole * 8; bit++) {
            g_autofree guint8 *flipped = g_memdup2(sealed, whole);

            flipped[bit / 8] ^= (guint8) (1 << bit % 8);
            g_assert_false(obol_guard_open(guard, aad, sizeof aad, flipped, whole, tail, aead ? 0 : sizeof tail, &out, &n_text));
        }
        for (gsize cut = 0; cut < whole; cut++) {
            g_autofree guint8 *shorter = g_memdup2(sealed, cut);

            g_assert_false(obol_guard_open(guard, aad, sizeof aad, shorter, cut, tail, aead ? 0 : sizeof tail, &out, &n_text));
        }
        aad[0] ^= 1;
        memcpy(work, sealed, whole);
        g_assert_false(obol_guard_open(guard, aad, sizeof aad, work, whole, tail, aead ? 0 : sizeof tail, &out, &n_text));
        aad[0] ^= 1;
        tail[0] ^= 1;
        memcpy(work, sealed, whole);
        g_assert_true(aead || !obol_guard_open(guard, aad, sizeof aad, work, whole, tail, sizeof tail, &out, &n_text));
        tail[0] ^= 1;
    }
}

/* What the number says, and what the backends do. */
static void
test_icvs_are_as_long_as_their_numbers_say(void)
{
    static const guint16 ids[] = {
        OBOL_INTEG_HMAC_SHA1_96, OBOL_INTEG_AES_XCBC_96, OBOL_INTEG_AES_CMAC_96, OBOL_INTEG_HMAC_SHA2_256_128, OBOL_INTEG_HMAC_SHA2_384_192,
        OBOL_INTEG_HMAC_SHA2_512_256,
    };

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        const ObolMacVtable *mac = obol_crypto_integ(crypto, ids[i]);

        g_assert_nonnull(mac);
        g_assert_cmpuint(obol_integ_n_icv(ids[i]), ==, mac->n_output);
    }
    g_assert_cmpuint(obol_integ_n_icv(OBOL_INTEG_NONE), ==, 0);
}

int
main(int argc, char *argv[])
{
    static const guint16 groups[] = { OBOL_KE_MODP_1536, OBOL_KE_MODP_2048, OBOL_KE_MODP_3072, OBOL_KE_MODP_4096, OBOL_KE_MODP_6144,
                                      OBOL_KE_MODP_8192, OBOL_KE_ECP_256, OBOL_KE_ECP_384, OBOL_KE_ECP_521, OBOL_KE_X25519, OBOL_KE_X448 };
    int status;

    g_test_init(&argc, &argv, NULL);
    crypto = test_crypto_new();
    for (gsize i = 0; i < G_N_ELEMENTS(macs); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/mac/%s", macs[i].name);

        g_test_add_data_func(name, &macs[i], test_mac);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/cipher/%s", ciphers[i].name);

        g_test_add_data_func(name, &ciphers[i], test_cipher);
    }
    g_test_add_data_func("/crypto/aead/aes-128-gcm-of-nist", "vectors/nist-cavp/gcm-EncryptExtIV128-subset.rsp", test_gcm);
    g_test_add_data_func("/crypto/aead/aes-256-gcm-of-nist", "vectors/nist-cavp/gcm-EncryptExtIV256-subset.rsp", test_gcm);
    g_test_add_data_func("/crypto/ke/ecp-of-rfc-5903", "vectors/rfc/ecp-groups.txt", test_key_exchange);
    g_test_add_data_func("/crypto/ke/montgomery-of-rfc-7748", "vectors/rfc/x25519-x448.txt", test_key_exchange);
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/ke/%s-agrees-and-refuses-what-it-must",
                                                obol_transform_name(OBOL_TRANSFORM_KE, groups[i]));

        g_test_add_data_func(name, GUINT_TO_POINTER(groups[i]), test_group);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(guards); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/guard/%s-comes-back-and-no-bit-may-change", guards[i].name);

        g_test_add_data_func(name, &guards[i].suite, test_guard);
    }
    g_test_add_func("/crypto/vectors/icvs-are-as-long-as-their-numbers-say", test_icvs_are_as_long_as_their_numbers_say);
    status = g_test_run();
    obol_crypto_free(crypto);
    return status;
}
