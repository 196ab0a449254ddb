/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* drops.h - why packets were not let through: counted by reason, logged at a bounded rate. */
#ifndef USERSPACE_DROPS_H
#define USERSPACE_DROPS_H

#include <glib.h>

typedef enum {
    /* from the network */
    DROP_ESP_SHORT,
    DROP_ESP_NO_SA,
    DROP_ESP_REPLAYED,
    DROP_ESP_FORGED,
    DROP_ESP_PADDING,
    DROP_ESP_DUMMY,
    DROP_ESP_EXPIRED,
    DROP_ESP_ENCAPSULATION, /* in UDP where plain ESP was agreed, or the reverse */
    DROP_INNER_BROKEN,      /* what was inside is no IP packet */
    DROP_INNER_COMPRESSED,  /* it can not be decompressed, or has no IPComp SA */
    DROP_INNER_SELECTORS,   /* it is outside the SA's selectors (RFC 4301 section 5.2) */
    DROP_INNER_POLICY,      /* a policy wants it dropped, or protected by another SA */
    DROP_INNER_ECN,         /* RFC 6040 section 4.2: CE outside, not ECN-capable inside */
    /* from the host */
    DROP_OUT_BROKEN,
    DROP_OUT_NO_POLICY,
    DROP_OUT_POLICY,        /* a policy says so */
    DROP_OUT_NO_SA,
    DROP_OUT_HELD,          /* its policy waits for an SA, and others wait already */
    DROP_OUT_EXPIRED,
    DROP_OUT_TOO_BIG,       /* answered by ICMP as far as its rate allows */
    DROP_OUT_TRANSPORT,     /* options or extension headers that transport mode can not leave outside */
    DROP_OUT_FRAGMENT,      /* a fragment that can not be put together, or without its first one */
    DROP_OUT_NO_ROOM,
    DROP_OUT_BACKEND,
    DROP_DEVICE,            /* the TUN device did not take it */
    DROP_RAW,               /* the raw socket did not take it */
    N_DROPS
} Drop;

#define DROP_INTERVAL_US (10 * G_USEC_PER_SEC) /* between two lines about the same reason */

typedef void (*DropLog)(gpointer data, int level, const char *text);

typedef struct {
    DropLog log;
    gpointer data;
    guint64 count[N_DROPS], told[N_DROPS];
    gint64 told_us[N_DROPS];
} Drops;

/* Static words. */
const char *drop_name(Drop reason);
void drops_count(Drops *drops, Drop reason, gint64 now_us);

#endif
