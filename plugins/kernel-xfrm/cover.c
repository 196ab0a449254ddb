/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cover.c - traffic selectors as the kernel's selectors, and back. */
#include "cover.h"

#include <netinet/in.h>
#include <string.h>

#include <obol/prefix.h>

#define PRIORITY_FIRST 100000 /* an admin's own policies can stand before ours and behind */

static gsize
n_bytes(guint16 family)
{
    return family == AF_INET ? 4 : 16;
}

static guint
split_ports(guint16 first, guint16 last, ObolPrefix out[COVER_MAX])
{
    const guint8 from[2] = { (guint8) (first >> 8), (guint8) first }, to[2] = { (guint8) (last >> 8), (guint8) last };

    return obol_range_prefixes(from, to, sizeof from, out, COVER_MAX);
}

static gboolean
is_icmp(guint8 protocol)
{
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* Value and mask of 16 bits, in network order. */
static void
put_port(const ObolPrefix *ports, __be16 *value, __be16 *mask)
{
    *value = g_htons((guint16) (ports->bytes[0] << 8 | ports->bytes[1]));
    *mask = g_htons((guint16) (0xffff0000u >> ports->bits));
}

/* The kernel has the type as the source port and the code as the destination port. */
static void
put_type_and_code(const ObolPrefix *both, struct xfrm_selector *out)
{
    guint type_bits = MIN(both->bits, 8), code_bits = both->bits - type_bits;

    out->sport = g_htons(both->bytes[0]);
    out->sport_mask = g_htons((guint8) (0xff00 >> type_bits));
    out->dport = g_htons(both->bytes[1]);
    out->dport_mask = g_htons((guint8) (0xff00 >> code_bits));
    if (type_bits == 8) /* nothing but 0 stands above the octet: the mask of ports that others write */
        out->sport_mask = G_MAXUINT16;
    if (code_bits == 8)
        out->dport_mask = G_MAXUINT16;
}

/* What the four ranges of one pair fall into. */
typedef struct {
    ObolPrefix address[2][COVER_MAX], port[2][COVER_MAX];
    guint n_address[2], n_port[2];
    guint8 protocol;
} Pieces;

static const char *
cut(const ObolTs *ts[2], Pieces *pieces, gboolean *invalid)
{
    *invalid = TRUE;
    if (ts[0]->family != ts[1]->family || (ts[0]->family != AF_INET && ts[0]->family != AF_INET6))
        return "the selectors are not both of IPv4, or both of IPv6";
    if (ts[0]->protocol != 0 && ts[1]->protocol != 0 && ts[0]->protocol != ts[1]->protocol)
        return "the selectors are of different protocols";
    pieces->protocol = ts[0]->protocol != 0 ? ts[0]->protocol : ts[1]->protocol;
    for (guint i = 0; i < 2; i++) {
        *invalid = FALSE;
        if (ts[i]->port_first == G_MAXUINT16 && ts[i]->port_last == 0)
            return "the kernel can not select packets whose ports are hidden (OPAQUE)";
        pieces->n_port[i] = split_ports(ts[i]->port_first, ts[i]->port_last, pieces->port[i]);
        pieces->n_address[i] = obol_ts_prefixes(ts[i], pieces->address[i], COVER_MAX);
        *invalid = ts[i]->port_first > ts[i]->port_last || memcmp(ts[i]->first, ts[i]->last, n_bytes(ts[i]->family)) > 0;
        if (pieces->n_port[i] == 0 || pieces->n_address[i] == 0)
            return *invalid ? "a range ends before it begins" : "a range falls into too many prefixes";
    }
    if (is_icmp(pieces->protocol)) { /* both name the same field of the packet */
        guint16 first = MAX(ts[0]->port_first, ts[1]->port_first), last = MIN(ts[0]->port_last, ts[1]->port_last);

        *invalid = TRUE;
        pieces->n_port[0] = split_ports(first, last, pieces->port[0]);
        pieces->n_port[1] = 1;
        if (pieces->n_port[0] == 0)
            return "the selectors are of different ICMP types";
    }
    *invalid = FALSE;
    if ((guint64) pieces->n_address[0] * pieces->n_address[1] * pieces->n_port[0] * pieces->n_port[1] > COVER_MAX)
        return "the ranges would need more than 256 of the kernel's policies";
    return NULL;
}

static void
join(const Pieces *pieces, guint16 family, guint s, guint d, guint sp, guint dp, GArray *out)
{
    struct xfrm_selector selector;

    memset(&selector, 0, sizeof selector);
    selector.family = family;
    selector.proto = pieces->protocol;
    selector.prefixlen_s = pieces->address[0][s].bits;
    selector.prefixlen_d = pieces->address[1][d].bits;
    memcpy(&selector.saddr, pieces->address[0][s].bytes, n_bytes(family));
    memcpy(&selector.daddr, pieces->address[1][d].bytes, n_bytes(family));
    if (is_icmp(pieces->protocol)) {
        put_type_and_code(&pieces->port[0][sp], &selector);
    } else {
        put_port(&pieces->port[0][sp], &selector.sport, &selector.sport_mask);
        put_port(&pieces->port[1][dp], &selector.dport, &selector.dport_mask);
    }
    g_array_append_val(out, selector);
}

GArray *
cover_make(const ObolTs *source, const ObolTs *destination, const char **why, gboolean *invalid)
{
    const ObolTs *ts[2] = { source, destination };
    g_autofree Pieces *pieces = g_new(Pieces, 1);
    GArray *out;

    *why = cut(ts, pieces, invalid);
    if (*why != NULL)
        return NULL;
    out = g_array_new(FALSE, FALSE, sizeof(struct xfrm_selector));
    for (guint s = 0; s < pieces->n_address[0]; s++)
        for (guint d = 0; d < pieces->n_address[1]; d++)
            for (guint sp = 0; sp < pieces->n_port[0]; sp++)
                for (guint dp = 0; dp < pieces->n_port[1]; dp++)
                    join(pieces, source->family, s, d, sp, dp, out);
    return out;
}

/* A mask that is not the first bits alone makes no range: then all. */
static void
read_ports(guint16 value, guint16 mask, guint16 *first, guint16 *last)
{
    guint16 hole = (guint16) ~mask;
    gboolean range = (hole & (hole + 1)) == 0;

    *first = range ? value & mask : 0;
    *last = range ? *first | hole : G_MAXUINT16;
}

static void
read_type_and_code(const struct xfrm_selector *selector, ObolTs *out)
{
    guint16 type[2], code[2];

    read_ports(g_ntohs(selector->sport) & 0xff, g_ntohs(selector->sport_mask) | 0xff00, &type[0], &type[1]);
    read_ports(g_ntohs(selector->dport) & 0xff, g_ntohs(selector->dport_mask) | 0xff00, &code[0], &code[1]);
    if (type[0] != type[1]) {
        code[0] = 0;
        code[1] = 0xff;
    }
    out->port_first = (guint16) ((type[0] & 0xff) << 8 | (code[0] & 0xff));
    out->port_last = (guint16) ((type[1] & 0xff) << 8 | (code[1] & 0xff));
}

void
cover_read(const struct xfrm_selector *selector, ObolTs *source, ObolTs *destination)
{
    guint16 family = selector->family == AF_INET ? AF_INET : AF_INET6;

    obol_ts_from_prefix(family, (const guint8 *) &selector->saddr, selector->prefixlen_s, source);
    obol_ts_from_prefix(family, (const guint8 *) &selector->daddr, selector->prefixlen_d, destination);
    source->protocol = destination->protocol = selector->proto;
    if (is_icmp(selector->proto)) {
        read_type_and_code(selector, source);
        destination->port_first = source->port_first;
        destination->port_last = source->port_last;
    } else {
        read_ports(g_ntohs(selector->sport), g_ntohs(selector->sport_mask), &source->port_first, &source->port_last);
        read_ports(g_ntohs(selector->dport), g_ntohs(selector->dport_mask), &destination->port_first, &destination->port_last);
    }
}

/* Bits that the range leaves free: 0 for one address. */
static guint
free_bits_of(const ObolTs *ts)
{
    guint same = 0, bits = (guint) n_bytes(ts->family) * 8;

    while (same < bits && ((ts->first[same / 8] ^ ts->last[same / 8]) >> (7 - same % 8) & 1) == 0)
        same++;
    return bits - same;
}

static guint
free_port_bits(const ObolTs *ts)
{
    return g_bit_storage((gulong) (guint16) (ts->port_last - ts->port_first)); /* 0 to 16 */
}

guint32
cover_priority(const ObolPolicySpec *policy)
{
    const ObolTs *s = &policy->source, *d = &policy->destination;
    guint32 width = free_bits_of(s) + free_bits_of(d); /* up to 256 */

    width = width * 2 + (s->protocol == 0 && d->protocol == 0 ? 1 : 0);
    width = width * 64 + free_port_bits(s) + free_port_bits(d); /* up to 32 */
    width = width * 2 + (policy->mark.mask == 0 && policy->if_id == 0 ? 1 : 0);
    return PRIORITY_FIRST + width * 2 + (policy->action == OBOL_POLICY_PROTECT ? 1 : 0);
}
