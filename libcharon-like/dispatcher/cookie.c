/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/cookie.c - cookie = version of the secret | prf(secret, Ni | IPi | SPIi), RFC 7296 section 2.6. */
#include "dispatcher/cookie.h"

#include <string.h>

#define SECRET_SIZE 32

/* Any PRF does, since nobody but we compute it: the cheapest first. */
static const guint16 candidates[] = {
    OBOL_PRF_HMAC_SHA2_256, OBOL_PRF_AES128_CMAC, OBOL_PRF_HMAC_SHA2_512, OBOL_PRF_HMAC_SHA2_384, OBOL_PRF_HMAC_SHA1,
};

void
obol_cookie_jar_init(ObolCookieJar *jar, const ObolCrypto *crypto, const ObolRandom *random, gint64 lifetime_us)
{
    *jar = (ObolCookieJar) { .random = *random, .lifetime_us = lifetime_us, .renew_us = G_MININT64 };
    for (gsize i = 0; i < G_N_ELEMENTS(candidates) && jar->prf == NULL; i++)
        jar->prf = obol_crypto_prf(crypto, candidates[i]);
}

static void
forget(ObolCookieJar *jar, guint8 version)
{
    if (jar->mac[version & 1] != NULL)
        jar->prf->close(jar->mac[version & 1]);
    jar->mac[version & 1] = NULL;
}

void
obol_cookie_jar_clear(ObolCookieJar *jar)
{
    forget(jar, 0);
    forget(jar, 1);
}

static void
renew_if_due(ObolCookieJar *jar, gint64 now_us)
{
    guint8 secret[SECRET_SIZE];

    if (jar->prf == NULL || now_us < jar->renew_us)
        return;
    /* Nobody asked for a whole lifetime: the newest secret is past its time as well. */
    if (jar->renew_us != G_MININT64 && now_us - jar->renew_us >= jar->lifetime_us)
        forget(jar, jar->version);
    jar->version++;
    forget(jar, jar->version);
    obol_random_fill(&jar->random, secret, sizeof secret);
    jar->mac[jar->version & 1] = jar->prf->open(secret, MIN(sizeof secret, jar->prf->n_key), NULL);
    obol_wipe(secret, sizeof secret);
    jar->renew_us = now_us + jar->lifetime_us;
}

static gsize
compute(ObolCookieJar *jar, guint8 version, const ObolCookieClaim *claim, guint8 out[OBOL_COOKIE_SIZE_MAX])
{
    guint64 spi_i = GUINT64_TO_BE(claim->spi_i);
    gpointer mac = jar->mac[version & 1];
    guint8 full[OBOL_PRF_OUTPUT_MAX];

    if (mac == NULL)
        return 0;
    jar->prf->update(mac, claim->nonce.data, claim->nonce.n);
    jar->prf->update(mac, claim->remote->bytes, obol_address_n_bytes(claim->remote));
    jar->prf->update(mac, (const guint8 *) &spi_i, sizeof spi_i);
    jar->prf->finish(mac, full);
    out[0] = version;
    memcpy(out + 1, full, MIN(jar->prf->n_output, OBOL_COOKIE_MAC_MAX));
    return 1 + MIN(jar->prf->n_output, OBOL_COOKIE_MAC_MAX);
}

gsize
obol_cookie_make(ObolCookieJar *jar, const ObolCookieClaim *claim, gint64 now_us, guint8 out[OBOL_COOKIE_SIZE_MAX])
{
    renew_if_due(jar, now_us);
    return compute(jar, jar->version, claim, out);
}

gboolean
obol_cookie_check(ObolCookieJar *jar, const ObolCookieClaim *claim, ObolSpan cookie, gint64 now_us)
{
    guint8 expected[OBOL_COOKIE_SIZE_MAX], difference = 0;
    gsize n;

    renew_if_due(jar, now_us);
    if (cookie.n == 0 || (guint8) (jar->version - cookie.data[0]) > 1)
        return FALSE;
    n = compute(jar, cookie.data[0], claim, expected);
    if (n == 0 || n != cookie.n)
        return FALSE;
    /* No early end: how much of a guess was right must not show in the time. */
    for (gsize i = 0; i < n; i++)
        difference |= (guint8) (expected[i] ^ cookie.data[i]);
    return difference == 0;
}
