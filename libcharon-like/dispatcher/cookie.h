/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/cookie.h - proof that somebody receives at the address he writes from, kept nowhere (RFC 7296 section 2.6). */
#ifndef OBOL_DISPATCHER_COOKIE_H
#define OBOL_DISPATCHER_COOKIE_H

#include <obol/address.h>
#include <obol/crypto.h>

#define OBOL_COOKIE_MAC_MAX 32
#define OBOL_COOKIE_SIZE_MAX (1 + OBOL_COOKIE_MAC_MAX)

/* The secrets that cookies are made with: today's and the one before it, as section 2.6 recommends. */
typedef struct {
    const ObolMacVtable *prf; /* NULL: no PRF at hand, so no cookie is ever good */
    ObolRandom random;
    gint64 lifetime_us, renew_us; /* renewed when asked for something at or after @renew_us */
    gpointer mac[2];              /* keyed PRFs: by the lowest bit of the version */
    guint8 version;               /* of the newest secret; a cookie begins with its own */
} ObolCookieJar;

/* What a cookie is bound to. */
typedef struct {
    ObolSpan nonce; /* Ni: who saw only our answer to another request can not use the cookie */
    const ObolAddress *remote;
    guint64 spi_i;
} ObolCookieClaim;

void obol_cookie_jar_init(ObolCookieJar *jar, const ObolCrypto *crypto, const ObolRandom *random, gint64 lifetime_us);
void obol_cookie_jar_clear(ObolCookieJar *jar);
/* Returns the cookie's length; 0 when none can be made. */
gsize obol_cookie_make(ObolCookieJar *jar, const ObolCookieClaim *claim, gint64 now_us,
                       guint8 out[OBOL_COOKIE_SIZE_MAX]);
gboolean obol_cookie_check(ObolCookieJar *jar, const ObolCookieClaim *claim, ObolSpan cookie, gint64 now_us);

#endif
