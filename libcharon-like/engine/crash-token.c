/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/crash-token.c - TOKEN_SECRET_DATA, made without any memory of the IKE SA (RFC 6290 section 5.1). */
#include "engine/crash-token.h"

/* The same one after a restart: an order of our own, not that of any settings. */
static const guint16 candidates[] = { OBOL_PRF_HMAC_SHA2_256, OBOL_PRF_HMAC_SHA2_512, OBOL_PRF_HMAC_SHA2_384, OBOL_PRF_AES128_CMAC };

static const ObolMacVtable *
choose(const ObolCrypto *crypto)
{
    const ObolMacVtable *prf = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(candidates) && prf == NULL; i++)
        prf = obol_crypto_prf(crypto, candidates[i]);
    return prf;
}

ObolSecret *
obol_crash_token(const ObolCrypto *crypto, const ObolSecret *secret, gboolean we_initiated, guint64 spi_i, guint64 spi_r)
{
    const ObolMacVtable *prf = choose(crypto);
    guint64 spis[2] = { GUINT64_TO_BE(spi_i), GUINT64_TO_BE(spi_r) };
    guint8 role = we_initiated ? 1 : 0;
    ObolSecret *token;
    gpointer mac = prf != NULL ? prf->open(secret->bytes, MIN(secret->n, prf->n_key), NULL) : NULL;

    if (mac == NULL)
        return NULL;
    token = obol_secret_new(prf->n_output);
    prf->update(mac, &role, sizeof role);
    prf->update(mac, (const guint8 *) spis, sizeof spis);
    prf->finish(mac, token->bytes);
    prf->close(mac);
    return token;
}
