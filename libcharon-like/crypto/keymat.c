/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crypto/keymat.c - key derivation of RFC 7296 sections 2.13 to 2.18 over the PRF role. */
#include "crypto/keymat.h"

#include <string.h>

#define PRF_PLUS_BLOCKS_MAX 255
#define FIXED_KEY_HALF 8 /* bytes that each nonce gives to the key of AES128-XCBC and AES128-CMAC, section 2.14 */

static ObolSpan
span_of(const ObolSecret *secret)
{
    return (ObolSpan) { secret->bytes, secret->n };
}

gboolean
obol_prf(const ObolMacVtable *prf, ObolSpan key, const ObolSpan *parts, gsize n_parts, guint8 *out, GError **error)
{
    gpointer context = prf->open(key.data, key.n, error);

    if (context == NULL)
        return FALSE;
    for (gsize i = 0; i < n_parts; i++)
        prf->update(context, parts[i].data, parts[i].n);
    prf->finish(context, out);
    prf->close(context);
    return TRUE;
}

ObolSecret *
obol_prf_plus(const ObolMacVtable *prf, ObolSpan key, const ObolSpan *seed, gsize n_seed, gsize n_out, GError **error)
{
    g_autoptr(ObolSecret) out = NULL;
    guint8 block[OBOL_PRF_OUTPUT_MAX];
    gpointer context;

    if (n_out > PRF_PLUS_BLOCKS_MAX * prf->n_output) {
        g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_TOO_LONG,
                    "prf+ gives at most 255 blocks (RFC 7296 section 2.13)");
        return NULL;
    }
    context = prf->open(key.data, key.n, error);
    if (context == NULL)
        return NULL;
    out = obol_secret_new(n_out);
    for (gsize at = 0, i = 1; at < n_out; at += prf->n_output, i++) {
        guint8 counter = (guint8) i;

        if (i > 1)
            prf->update(context, block, prf->n_output);
        for (gsize j = 0; j < n_seed; j++)
            prf->update(context, seed[j].data, seed[j].n);
        prf->update(context, &counter, 1);
        prf->finish(context, block);
        memcpy(out->bytes + at, block, MIN(prf->n_output, n_out - at));
    }
    prf->close(context);
    obol_wipe(block, sizeof block);
    return g_steal_pointer(&out);
}

ObolSpan
obol_ike_keys_get(const ObolIkeKeys *keys, ObolSk which)
{
    const guint16 n[] = { keys->n_prf, keys->n_integ, keys->n_integ, keys->n_encr, keys->n_encr, keys->n_prf, keys->n_prf };
    gsize at = 0;

    for (guint i = 0; i < (guint) which; i++)
        at += n[i];
    return (ObolSpan) { keys->block->bytes + at, n[which] };
}

void
obol_ike_keys_clear(ObolIkeKeys *keys)
{
    g_clear_pointer(&keys->block, obol_secret_free);
}

ObolSecret *
obol_skeyseed(const ObolMacVtable *prf, ObolSpan ni, ObolSpan nr, const ObolSecret *g_ir, GError **error)
{
    gsize n_i = prf->fixed_key ? MIN(ni.n, FIXED_KEY_HALF) : ni.n, n_r = prf->fixed_key ? MIN(nr.n, FIXED_KEY_HALF) : nr.n;
    g_autoptr(ObolSecret) key = obol_secret_new(n_i + n_r);
    g_autoptr(ObolSecret) out = obol_secret_new(prf->n_output);
    ObolSpan part = span_of(g_ir);

    memcpy(key->bytes, ni.data, n_i);
    memcpy(key->bytes + n_i, nr.data, n_r);
    return obol_prf(prf, span_of(key), &part, 1, out->bytes, error) ? g_steal_pointer(&out) : NULL;
}

ObolSecret *
obol_skeyseed_rekey(const ObolMacVtable *prf, ObolSpan sk_d, const ObolSecret *g_ir, ObolSpan ni, ObolSpan nr, GError **error)
{
    g_autoptr(ObolSecret) out = obol_secret_new(prf->n_output);
    ObolSpan parts[] = { span_of(g_ir), ni, nr };

    return obol_prf(prf, sk_d, parts, G_N_ELEMENTS(parts), out->bytes, error) ? g_steal_pointer(&out) : NULL;
}

static gboolean
unsupported(GError **error)
{
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "no plugin provides an algorithm of the suite");
    return FALSE;
}

gboolean
obol_ike_keys_derive(const ObolCrypto *crypto, const ObolSuite *suite, const ObolSecret *skeyseed, ObolSpan ni, ObolSpan nr,
                     guint64 spi_i, guint64 spi_r, ObolIkeKeys *out, GError **error)
{
    const ObolMacVtable *prf = obol_crypto_prf(crypto, suite->prf);
    guint64 spis[] = { GUINT64_TO_BE(spi_i), GUINT64_TO_BE(spi_r) };
    ObolSpan seed[] = { ni, nr, { (const guint8 *) spis, sizeof spis } };
    gsize n_encr, n_integ;

    if (prf == NULL || !obol_guard_sizes(crypto, suite, &n_encr, &n_integ, NULL, NULL, NULL))
        return unsupported(error);
    *out = (ObolIkeKeys) { .n_prf = (guint16) prf->n_key, .n_integ = (guint16) n_integ, .n_encr = (guint16) n_encr };
    out->block = obol_prf_plus(prf, span_of(skeyseed), seed, G_N_ELEMENTS(seed), 3 * prf->n_key + 2 * n_integ + 2 * n_encr, error);
    return out->block != NULL;
}

static ObolSecret *
cut(const ObolSecret *block, gsize *at, gsize n)
{
    ObolSecret *key = n > 0 ? obol_secret_new_from(block->bytes + *at, n) : NULL;

    *at += n;
    return key;
}

gboolean
obol_child_keys_derive(const ObolCrypto *crypto, guint16 prf_id, const ObolSuite *suite, ObolSpan sk_d, const ObolSecret *g_ir,
                       ObolSpan ni, ObolSpan nr, ObolChildKeys *out, GError **error)
{
    const ObolMacVtable *prf = obol_crypto_prf(crypto, prf_id);
    ObolSpan seed[3];
    gsize n_seed = 0, n_encr, n_integ, at = 0;
    g_autoptr(ObolSecret) block = NULL;

    if (prf == NULL || !obol_guard_sizes(crypto, suite, &n_encr, &n_integ, NULL, NULL, NULL))
        return unsupported(error);
    if (g_ir != NULL)
        seed[n_seed++] = span_of(g_ir);
    seed[n_seed++] = ni;
    seed[n_seed++] = nr;
    block = obol_prf_plus(prf, sk_d, seed, n_seed, 2 * (n_encr + n_integ), error);
    if (block == NULL)
        return FALSE;
    out->encr_i = cut(block, &at, n_encr);
    out->integ_i = cut(block, &at, n_integ);
    out->encr_r = cut(block, &at, n_encr);
    out->integ_r = cut(block, &at, n_integ);
    return TRUE;
}

void
obol_child_keys_clear(ObolChildKeys *keys)
{
    g_clear_pointer(&keys->encr_i, obol_secret_free);
    g_clear_pointer(&keys->integ_i, obol_secret_free);
    g_clear_pointer(&keys->encr_r, obol_secret_free);
    g_clear_pointer(&keys->integ_r, obol_secret_free);
}

gboolean
obol_auth_psk(const ObolMacVtable *prf, const ObolSecret *secret, ObolSpan message, ObolSpan nonce, ObolSpan sk_p,
              ObolSpan id_body, guint8 *out, GError **error)
{
    static const char pad[] = "Key Pad for IKEv2";
    guint8 key[OBOL_PRF_OUTPUT_MAX], maced_id[OBOL_PRF_OUTPUT_MAX];
    ObolSpan padding = { (const guint8 *) pad, sizeof pad - 1 };
    ObolSpan octets[] = { message, nonce, { maced_id, prf->n_output } };
    gboolean done = obol_prf(prf, sk_p, &id_body, 1, maced_id, error)
                    && obol_prf(prf, span_of(secret), &padding, 1, key, error)
                    && obol_prf(prf, (ObolSpan) { key, prf->n_output }, octets, G_N_ELEMENTS(octets), out, error);

    obol_wipe(key, sizeof key);
    return done;
}
