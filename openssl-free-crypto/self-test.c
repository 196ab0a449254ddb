/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/self-test.c - one known answer for each family, run when the plugin is loaded: a library that computes
 * wrongly on this machine is found before it makes a key.  The whole sets of vectors are in testing/. */
#include "backend.h"

#include <string.h>

gpointer
backend_bad_key(gsize n_key, GError **error)
{
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "a key of %" G_GSIZE_FORMAT " bytes is not supported", n_key);
    return NULL;
}

static gboolean
must_equal(const char *what, const guint8 *got, const char *wanted, gsize n, GError **error)
{
    if (memcmp(got, wanted, n) == 0)
        return TRUE;
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "%s gives a wrong answer", what);
    return FALSE;
}

gboolean
backend_test_random(GError **error)
{
    guint8 a[32] = { 0 }, b[32] = { 0 };

    backend_random.fill(NULL, a, sizeof a);
    backend_random.fill(NULL, b, sizeof b);
    if (memcmp(a, b, sizeof a) != 0)
        return TRUE;
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "the random generator repeats itself");
    return FALSE;
}

/* FIPS 180-4's "abc". */
gboolean
backend_test_hashes(GError **error)
{
    ObolSpan abc = { (const guint8 *) "abc", 3 };
    guint8 out[OBOL_HASH_OUTPUT_MAX];

    backend_sha1.sum(&abc, 1, out);
    if (!must_equal("SHA-1", out, "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d", 20, error))
        return FALSE;
    backend_sha256.sum(&abc, 1, out);
    if (!must_equal("SHA-256", out, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23", 16, error))
        return FALSE;
    backend_sha384.sum(&abc, 1, out);
    if (!must_equal("SHA-384", out, "\xcb\x00\x75\x3f\x45\xa3\x5e\x8b\xb5\xa0\x3d\x69\x9a\xc6\x50\x07", 16, error))
        return FALSE;
    backend_sha512.sum(&abc, 1, out);
    return must_equal("SHA-512", out, "\xdd\xaf\x35\xa1\x93\x61\x7a\xba\xcc\x41\x73\x49\xae\x20\x41\x31", 16, error);
}

static gboolean
test_mac(const char *what, const ObolMacVtable *mac, const guint8 *key, gsize n_key, const char *text, gsize n, const char *wanted,
         gsize n_wanted, GError **error)
{
    gpointer self = mac->open(key, n_key, error);
    guint8 out[OBOL_PRF_OUTPUT_MAX];

    if (self == NULL)
        return FALSE;
    mac->update(self, (const guint8 *) text, n);
    mac->finish(self, out);
    mac->close(self);
    return must_equal(what, out, wanted, n_wanted, error);
}

/* RFC 4231 test case 1, RFC 3566 test case 2, RFC 4493 example 2. */
gboolean
backend_test_macs(GError **error)
{
    guint8 key[20], xcbc_key[16];
    static const char text[] = "\x00\x01\x02";
    static const guint8 cmac_key[] = "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c";
    static const char block[] = "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a";

    memset(key, 0x0b, sizeof key);
    for (guint8 i = 0; i < sizeof xcbc_key; i++)
        xcbc_key[i] = i;
    return test_mac("HMAC-SHA-256", &backend_prf_sha256, key, sizeof key, "Hi There", 8, "\xb0\x34\x4c\x61\xd8\xdb\x38\x53", 8, error)
           && test_mac("AES-XCBC", &backend_integ_xcbc, xcbc_key, 16, text, 3,
                       "\x5b\x37\x65\x80\xae\x2f\x19\xaf\xe7\x21\x9c\xee", 12, error)
           && test_mac("AES-CMAC", &backend_integ_cmac, cmac_key, 16, block, 16,
                       "\x07\x0a\x16\xb4\x6b\x4d\x41\x44\xf7\x9b\xdd\x9d", 12, error);
}

/* There and back under one key, and an answer of its own for AES: RFC 3602 case 1. */
gboolean
backend_test_ciphers(GError **error)
{
    static const ObolCipherVtable *const all[] = { &backend_aes_cbc, &backend_aes_ctr, &backend_camellia_cbc, &backend_3des_cbc };
    static const guint8 key[] = "\x06\xa9\x21\x40\x36\xb8\xa1\x5b\x51\x2e\x03\xd5\x34\x12\x00\x06 and more";
    static const guint8 nonce[] = "\x3d\xaf\xba\x42\x9d\x9e\xb4\x30\xb4\x22\xda\x80\x2c\x9f\xac\x41";
    guint8 text[16];

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        gpointer self = all[i]->open(key, all[i]->key_bits[0] / 8, error);

        if (self == NULL)
            return FALSE;
        memcpy(text, "Single block msg", sizeof text);
        all[i]->encrypt(self, nonce, text, sizeof text);
        if (i == 0 && !must_equal("AES-CBC", text, "\xe3\x53\x77\x9c\x10\x79\xae\xb8\x27\x08\x94\x2d\xbe\x77\x18\x1a", 16, error)) {
            all[i]->close(self);
            return FALSE;
        }
        all[i]->decrypt(self, nonce, text, sizeof text);
        all[i]->close(self);
        if (!must_equal("a cipher", text, "Single block msg", sizeof text, error))
            return FALSE;
    }
    return TRUE;
}

/* There and back, and a forgery refused, for each. */
gboolean
backend_test_aeads(GError **error)
{
    static const ObolAeadVtable *const all[] = { &backend_gcm_8, &backend_gcm_12, &backend_gcm_16, &backend_chacha20_poly1305,
                                                 &backend_ccm_8, &backend_ccm_12, &backend_ccm_16 };
    static const guint8 key[32] = "thirty-two bytes of a test's key", nonce[] = "twelve bytes";

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        guint8 text[16 + 16] = "sixteen bytes of";
        gpointer self = all[i]->open(key, all[i]->key_bits[0] / 8, error);
        gboolean good;

        if (self == NULL)
            return FALSE;
        good = all[i]->seal(self, nonce, key, 8, text, 16) && memcmp(text, "sixteen bytes of", 16) != 0
               && all[i]->unseal(self, nonce, key, 8, text, 16) && memcmp(text, "sixteen bytes of", 16) == 0
               && all[i]->seal(self, nonce, key, 8, text, 16) && (text[0] ^= 1, !all[i]->unseal(self, nonce, key, 8, text, 16));
        all[i]->close(self);
        if (!good) {
            g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "an AEAD gives a wrong answer");
            return FALSE;
        }
    }
    return TRUE;
}

static void
fill_sevens(gpointer self, guint8 *out, gsize n)
{
    (void) self;
    memset(out, 7, n);
}

/* Both sides of the two cheapest agree. */
gboolean
backend_test_key_exchanges(GError **error)
{
    static const ObolKeVtable *const all[] = { &backend_x25519, &backend_ecp_256 };
    static const ObolRandomVtable sevens = { .size = sizeof sevens, .fill = fill_sevens };
    const ObolRandom random = { &sevens, NULL };
    guint8 ours[64], theirs[64];

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        gpointer offer = all[i]->offer(&random, ours, error);
        g_autoptr(ObolSecret) a = NULL;
        g_autoptr(ObolSecret) b = NULL;

        if (offer == NULL)
            return FALSE;
        a = all[i]->accept(&random, ours, all[i]->n_initiator, theirs, error);
        b = a != NULL ? all[i]->complete(offer, theirs, all[i]->n_responder, error) : NULL;
        all[i]->close(offer);
        if (b == NULL)
            return FALSE;
        if (!obol_secret_equal(a, b)) {
            g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "the two sides of a key exchange do not agree");
            return FALSE;
        }
    }
    return TRUE;
}
