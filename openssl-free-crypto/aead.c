/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/aead.c - AES-GCM (RFC 4106, 5282) and ChaCha20-Poly1305 (RFC 7634) by GnuTLS, whose code is accelerated. */
#include "backend.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define NONCE 12 /* of both, and the only length that GnuTLS does right for GCM */

typedef struct {
    gnutls_aead_cipher_hd_t handle;
    gsize n_icv;
} Aead;

static gpointer
aead_open(gnutls_cipher_algorithm_t algorithm, gsize n_icv, const guint8 *key, gsize n_key, GError **error)
{
    gnutls_datum_t datum = { (guint8 *) key, (unsigned) n_key };
    Aead *aead = g_new(Aead, 1);
    int code = gnutls_aead_cipher_init(&aead->handle, algorithm, &datum);

    aead->n_icv = n_icv;
    if (code == 0)
        return aead;
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "GnuTLS: %s", gnutls_strerror(code));
    g_free(aead);
    return NULL;
}

static gboolean
aead_seal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    Aead *aead = self;
    size_t n_out = n + aead->n_icv;

    return gnutls_aead_cipher_encrypt(aead->handle, nonce, NONCE, aad, n_aad, aead->n_icv, text, n, text, &n_out) == 0;
}

static gboolean
aead_unseal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    Aead *aead = self;
    size_t n_out = n;

    if (gnutls_aead_cipher_decrypt(aead->handle, nonce, NONCE, aad, n_aad, aead->n_icv, text, n + aead->n_icv, text, &n_out) == 0)
        return TRUE;
    obol_wipe(text, n); /* it may hold plaintext that nobody vouches for */
    return FALSE;
}

static void
aead_close(gpointer self)
{
    Aead *aead = self;

    gnutls_aead_cipher_deinit(aead->handle);
    g_free(aead);
}

static gpointer
gcm_open(gsize n_icv, const guint8 *key, gsize n_key, GError **error)
{
    switch (n_key) {
    case 16: return aead_open(GNUTLS_CIPHER_AES_128_GCM, n_icv, key, n_key, error);
    case 24: return aead_open(GNUTLS_CIPHER_AES_192_GCM, n_icv, key, n_key, error);
    case 32: return aead_open(GNUTLS_CIPHER_AES_256_GCM, n_icv, key, n_key, error);
    default: return backend_bad_key(n_key, error);
    }
}

static const guint16 three_lengths[] = { 128, 192, 256, 0 };
static const guint16 one_length[] = { 256, 0 };

#define GCM(icv, transform)                                                                                               \
    static gpointer gcm_##icv##_open(const guint8 *key, gsize n_key, GError **error) { return gcm_open(icv, key, n_key, error); } \
    const ObolAeadVtable backend_gcm_##icv = {                                                                            \
        .size = sizeof(ObolAeadVtable), .id = transform, .key_bits = three_lengths, .n_salt = 4, .n_iv = 8, .n_icv = icv, \
        .open = gcm_##icv##_open, .seal = aead_seal, .unseal = aead_unseal, .close = aead_close,                          \
    };

GCM(8, OBOL_ENCR_AES_GCM_8)
GCM(12, OBOL_ENCR_AES_GCM_12)
GCM(16, OBOL_ENCR_AES_GCM_16)

static gpointer
chacha_open(const guint8 *key, gsize n_key, GError **error)
{
    return n_key == 32 ? aead_open(GNUTLS_CIPHER_CHACHA20_POLY1305, 16, key, n_key, error) : backend_bad_key(n_key, error);
}

const ObolAeadVtable backend_chacha20_poly1305 = {
    .size = sizeof(ObolAeadVtable), .id = OBOL_ENCR_CHACHA20_POLY1305, .key_bits = one_length, .n_salt = 4, .n_iv = 8,
    .n_icv = 16, .open = chacha_open, .seal = aead_seal, .unseal = aead_unseal, .close = aead_close,
};
