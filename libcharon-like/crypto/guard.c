/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crypto/guard.c - IV | ciphertext | ICV, as SK payloads and ESP share it. */
#include <obol/crypto.h>

#include <gnutls/gnutls.h>
#include <string.h>

#define NONCE_MAX 32

struct ObolGuard {
    const ObolAeadVtable *aead;     /* or the two below */
    const ObolCipherVtable *cipher; /* NULL for AH */
    const ObolMacVtable *integ;
    const ObolRandom *random;
    gpointer aead_self, cipher_self, integ_self;
    gsize n_iv, n_icv, block, n_salt;
    guint8 nonce[NONCE_MAX]; /* salt | IV of the message at hand */
};

static gsize
bits_to_bytes(const ObolSuite *suite)
{
    return suite->encr_bits / 8;
}

static void
set_size(gsize *out, gsize value)
{
    if (out != NULL)
        *out = value;
}

gboolean
obol_guard_sizes(const ObolCrypto *crypto, const ObolSuite *suite, gsize *n_encr_key, gsize *n_integ_key, gsize *n_iv,
                 gsize *n_icv, gsize *block)
{
    const ObolAeadVtable *aead = obol_crypto_aead(crypto, suite->encr);
    const ObolCipherVtable *cipher = obol_crypto_cipher(crypto, suite->encr);
    const ObolMacVtable *integ = obol_crypto_integ(crypto, suite->integ);

    if (aead != NULL) {
        set_size(n_encr_key, bits_to_bytes(suite) + aead->n_salt);
        set_size(n_integ_key, 0);
        set_size(n_iv, aead->n_iv);
        set_size(n_icv, aead->n_icv);
        set_size(block, 1);
        return TRUE;
    }
    if ((cipher == NULL && suite->encr != 0) || integ == NULL)
        return FALSE;
    set_size(n_encr_key, cipher != NULL ? bits_to_bytes(suite) + cipher->n_salt : 0);
    set_size(n_integ_key, integ->n_key);
    set_size(n_iv, cipher != NULL ? cipher->n_iv : 0);
    set_size(n_icv, integ->n_output);
    set_size(block, cipher != NULL ? cipher->block : 1);
    return TRUE;
}

static gboolean
open_contexts(ObolGuard *guard, const ObolSuite *suite, const guint8 *encr_key, const guint8 *integ_key, GError **error)
{
    gsize n_key = bits_to_bytes(suite);

    if (guard->aead != NULL) {
        guard->aead_self = guard->aead->open(encr_key, n_key, error);
        return guard->aead_self != NULL;
    }
    guard->integ_self = guard->integ->open(integ_key, guard->integ->n_key, error);
    if (guard->integ_self == NULL || guard->cipher == NULL)
        return guard->integ_self != NULL;
    guard->cipher_self = guard->cipher->open(encr_key, n_key, error);
    return guard->cipher_self != NULL;
}

ObolGuard *
obol_guard_new(const ObolCrypto *crypto, const ObolSuite *suite, const guint8 *encr_key, const guint8 *integ_key, GError **error)
{
    g_autoptr(ObolGuard) guard = g_new0(ObolGuard, 1);

    if (!obol_guard_sizes(crypto, suite, NULL, NULL, &guard->n_iv, &guard->n_icv, &guard->block)) {
        g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "no plugin provides an algorithm of the suite");
        return NULL;
    }
    guard->aead = obol_crypto_aead(crypto, suite->encr);
    guard->cipher = guard->aead == NULL ? obol_crypto_cipher(crypto, suite->encr) : NULL;
    guard->integ = guard->aead == NULL ? obol_crypto_integ(crypto, suite->integ) : NULL;
    guard->random = obol_crypto_random(crypto);
    guard->n_salt = guard->aead != NULL ? guard->aead->n_salt : guard->cipher != NULL ? guard->cipher->n_salt : 0;
    if (guard->n_salt + guard->n_iv > sizeof guard->nonce || guard->n_icv > OBOL_ICV_MAX || guard->n_iv > OBOL_IV_MAX) {
        g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "a plugin's algorithm has sizes beyond our limits");
        return NULL;
    }
    if (!open_contexts(guard, suite, encr_key, integ_key, error))
        return NULL;
    if (guard->n_salt > 0)
        memcpy(guard->nonce, encr_key + bits_to_bytes(suite), guard->n_salt);
    return g_steal_pointer(&guard);
}

void
obol_guard_free(ObolGuard *guard)
{
    if (guard == NULL)
        return;
    if (guard->aead_self != NULL)
        guard->aead->close(guard->aead_self);
    if (guard->cipher_self != NULL)
        guard->cipher->close(guard->cipher_self);
    if (guard->integ_self != NULL)
        guard->integ->close(guard->integ_self);
    obol_wipe(guard->nonce, sizeof guard->nonce);
    g_free(guard);
}

gsize
obol_guard_n_iv(const ObolGuard *guard)
{
    return guard->n_iv;
}

gsize
obol_guard_n_icv(const ObolGuard *guard)
{
    return guard->n_icv;
}

gsize
obol_guard_block(const ObolGuard *guard)
{
    return guard->block;
}

/* A counter is enough where an IV must only never return (RFC 4106 section 3.1, RFC 5282 section 3); where it must not be
 * foreseen (CBC), it is drawn. */
static gboolean
choose_iv(ObolGuard *guard, guint64 seed, guint8 *iv)
{
    gboolean counter = guard->aead != NULL || guard->cipher == NULL || guard->cipher->counter_iv;

    if (!counter) {
        if (guard->random == NULL)
            return FALSE;
        obol_random_fill(guard->random, iv, guard->n_iv);
        return TRUE;
    }
    for (gsize i = 0; i < guard->n_iv; i++)
        iv[guard->n_iv - 1 - i] = i < 8 ? (guint8) (seed >> 8 * i) : 0;
    return TRUE;
}

static void
set_nonce(ObolGuard *guard, const guint8 *iv)
{
    memcpy(guard->nonce + guard->n_salt, iv, guard->n_iv);
}

static void
authenticate(ObolGuard *guard, const guint8 *aad, gsize n_aad, const guint8 *iv, gsize n_text, const guint8 *tail, gsize n_tail,
             guint8 *icv)
{
    guard->integ->update(guard->integ_self, aad, n_aad);
    guard->integ->update(guard->integ_self, iv, guard->n_iv + n_text);
    if (n_tail > 0)
        guard->integ->update(guard->integ_self, tail, n_tail);
    guard->integ->finish(guard->integ_self, icv);
}

gboolean
obol_guard_seal(ObolGuard *guard, guint64 iv_seed, const guint8 *aad, gsize n_aad, guint8 *iv, gsize n_text, const guint8 *tail,
                gsize n_tail)
{
    guint8 *text = iv + guard->n_iv;

    if (n_text % guard->block != 0 || !choose_iv(guard, iv_seed, iv))
        return FALSE;
    set_nonce(guard, iv);
    if (guard->aead != NULL)
        return guard->aead->seal(guard->aead_self, guard->nonce, aad, n_aad, text, n_text);
    if (guard->cipher != NULL && !guard->cipher->encrypt(guard->cipher_self, guard->nonce, text, n_text))
        return FALSE;
    authenticate(guard, aad, n_aad, iv, n_text, tail, n_tail, text + n_text);
    return TRUE;
}

gboolean
obol_guard_open(ObolGuard *guard, const guint8 *aad, gsize n_aad, guint8 *iv, gsize n, const guint8 *tail, gsize n_tail,
                guint8 **text, gsize *n_text)
{
    guint8 icv[OBOL_ICV_MAX];

    if (n < guard->n_iv + guard->n_icv || (n - guard->n_iv - guard->n_icv) % guard->block != 0)
        return FALSE;
    *text = iv + guard->n_iv;
    *n_text = n - guard->n_iv - guard->n_icv;
    set_nonce(guard, iv);
    if (guard->aead != NULL)
        return guard->aead->unseal(guard->aead_self, guard->nonce, aad, n_aad, *text, *n_text);
    authenticate(guard, aad, n_aad, iv, *n_text, tail, n_tail, icv);
    if (gnutls_memcmp(icv, *text + *n_text, guard->n_icv) != 0)
        return FALSE;
    return guard->cipher == NULL || guard->cipher->decrypt(guard->cipher_self, guard->nonce, *text, *n_text);
}
