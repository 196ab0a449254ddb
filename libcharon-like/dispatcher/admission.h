/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/admission.h - what an IKE_SA_INIT request must show before anything is allocated (RFC 7296 section 2.6). */
#ifndef OBOL_DISPATCHER_ADMISSION_H
#define OBOL_DISPATCHER_ADMISSION_H

#include <obol/socket.h>

#include "dispatcher/cookie.h"
#include "dispatcher/key-table.h"
#include "dispatcher/keyed-hash.h"
#include "dispatcher/shard.h"

/* How many are half-open, in all and from each address.  An IPv6 address counts as its /64: whoever has one of those
 * has all. */
typedef struct {
    ObolShardLimits limits;
    ObolHashKey hash_key;
    ObolCookieJar jar;
    guint n_half_open;
    ObolKeyTable by_address; /* keyed hash of the address -> count */
} ObolAdmission;

typedef enum {
    OBOL_ADMIT,            /* make an SA for it */
    OBOL_ADMIT_PROVEN,     /* likewise; a cookie was needed, and good */
    OBOL_ADMIT_ASK_COOKIE, /* answer with @cookie, keep nothing */
    OBOL_ADMIT_FULL,       /* silence: a limit is reached */
    OBOL_ADMIT_MALFORMED,  /* silence */
} ObolAdmit;

void obol_admission_init(ObolAdmission *admission, const ObolShardLimits *limits, const ObolCrypto *crypto,
                         const ObolRandom *random);
void obol_admission_clear(ObolAdmission *admission);

/**
 * obol_admission_judge:
 * @datagram: an IKE_SA_INIT request with sound header that no SA knows
 * @n_ike_sas: SAs that the shard has
 * @cookie, @n_cookie: (out): filled for OBOL_ADMIT_ASK_COOKIE
 *
 * The global limit comes first, since behind it is work.  The address's own comes last: as long as it is above the
 * threshold for cookies, whoever is refused by it has proven that the address is his, and nobody can use it up in
 * another's name.
 */
ObolAdmit obol_admission_judge(ObolAdmission *admission, const ObolDatagram *datagram, guint n_ike_sas, gint64 now_us,
                               guint8 cookie[OBOL_COOKIE_SIZE_MAX], gsize *n_cookie);

/* A responder's SA became half-open, or stopped being so.  The mark of its address is what _enter() gave. */
guint64 obol_admission_enter(ObolAdmission *admission, const ObolAddress *remote);
void obol_admission_leave(ObolAdmission *admission, guint64 mark);

#endif
