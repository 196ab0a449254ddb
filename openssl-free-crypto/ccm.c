/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ccm.c - AES-CCM (RFC 4309, 5282) by Nettle, since GnuTLS lacks it with 192 bits. */
#include "backend.h"

#include <gnutls/gnutls.h>
#include <nettle/aes.h>
#include <nettle/ccm.h>
#include <nettle/nettle-meta.h>
#include <string.h>

#define NONCE 11 /* salt of 3, IV of 8 */

typedef struct {
    const struct nettle_cipher *cipher;
    gsize n_icv;
    struct aes256_ctx aes; /* room for the shorter ones too */
} Ccm;

static gpointer
open_ccm(gsize n_icv, const guint8 *key, gsize n_key, GError **error)
{
    static const struct nettle_cipher *const ciphers[] = { &nettle_aes128, &nettle_aes192, &nettle_aes256 };

    for (gsize i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        if (ciphers[i]->key_size == n_key) {
            Ccm *ccm = g_new(Ccm, 1);

            ccm->cipher = ciphers[i];
            ccm->n_icv = n_icv;
            ccm->cipher->set_encrypt_key(&ccm->aes, key);
            return ccm;
        }
    }
    return backend_bad_key(n_key, error);
}

static void
start(const Ccm *ccm, struct ccm_ctx *ctx, const guint8 *nonce, const guint8 *aad, gsize n_aad, gsize n)
{
    ccm_set_nonce(ctx, &ccm->aes, ccm->cipher->encrypt, NONCE, nonce, n_aad, n, ccm->n_icv);
    ccm_update(ctx, &ccm->aes, ccm->cipher->encrypt, n_aad, aad);
}

static gboolean
seal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    const Ccm *ccm = self;
    struct ccm_ctx ctx;

    start(ccm, &ctx, nonce, aad, n_aad, n);
    ccm_encrypt(&ctx, &ccm->aes, ccm->cipher->encrypt, n, text, text);
    ccm_digest(&ctx, &ccm->aes, ccm->cipher->encrypt, ccm->n_icv, text + n);
    return TRUE;
}

static gboolean
unseal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    const Ccm *ccm = self;
    struct ccm_ctx ctx;
    guint8 icv[16];

    start(ccm, &ctx, nonce, aad, n_aad, n);
    ccm_decrypt(&ctx, &ccm->aes, ccm->cipher->encrypt, n, text, text);
    ccm_digest(&ctx, &ccm->aes, ccm->cipher->encrypt, ccm->n_icv, icv);
    if (gnutls_memcmp(icv, text + n, ccm->n_icv) == 0)
        return TRUE;
    obol_wipe(text, n);
    return FALSE;
}

static void
close_ccm(gpointer self)
{
    Ccm *ccm = self;

    BACKEND_FREE(ccm);
}

static const guint16 three_lengths[] = { 128, 192, 256, 0 };

#define CCM(icv, transform)                                                                                               \
    static gpointer ccm_##icv##_open(const guint8 *key, gsize n_key, GError **error) { return open_ccm(icv, key, n_key, error); } \
    const ObolAeadVtable backend_ccm_##icv = {                                                                            \
        .size = sizeof(ObolAeadVtable), .id = transform, .key_bits = three_lengths, .n_salt = 3, .n_iv = 8, .n_icv = icv, \
        .open = ccm_##icv##_open, .seal = seal, .unseal = unseal, .close = close_ccm,                                     \
    };

CCM(8, OBOL_ENCR_AES_CCM_8)
CCM(12, OBOL_ENCR_AES_CCM_12)
CCM(16, OBOL_ENCR_AES_CCM_16)
