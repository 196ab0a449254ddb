/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ah-headers.c - which bytes of IP headers AH can answer for (RFC 4302 section 3.3.3.1 and appendix A). */
#include "ah.h"

#include "bytes.h"
#include "packet.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

#define IP6_OPTION_MUTABLE 0x20 /* RFC 8200 section 4.2: the data may change on the way */
#define IP6_OPTION_PAD1 0

/* Appendix A1: these are as they were; all others count as zeros, their type and length too. */
static gboolean
is_immutable(guint8 option)
{
    switch (option) {
    case 130: /* security */
    case 133: /* extended security */
    case 134: /* commercial security */
    case 148: /* router alert */
    case 149: /* sender directed multi-destination delivery */
        return TRUE;
    default: return FALSE;
    }
}

/* The sender of a source route knows where it ends (section 3.3.3.1.1.1): there the destination is the last address. */
static void
foresee_destination(const guint8 *option, gsize n, guint8 *destination)
{
    if (n >= 7 && (n - 3) % 4 == 0 && option[2] <= n)
        memcpy(destination, option + n - 4, 4);
}

static gboolean
clear_ipv4_options(const guint8 *header, gsize n, AhEnd end, guint8 *out)
{
    for (gsize at = IP4_HEADER, length; at < n && header[at] != OPTION_END; at += length) {
        if (header[at] == OPTION_NOP) {
            length = 1;
            continue;
        }
        length = at + 1 < n ? header[at + 1] : 0;
        if (length < 2 || length > n - at)
            return FALSE;
        if (end == AH_SENDING && (header[at] == OPTION_LSRR || header[at] == OPTION_SSRR))
            foresee_destination(header + at, length, out + 16);
        if (!is_immutable(header[at]))
            memset(out + at, 0, length);
    }
    return TRUE;
}

static gboolean
canonical_ipv4(const guint8 *header, gsize n, AhEnd end, guint8 *out)
{
    if (n < IP4_HEADER || (header[0] & 0x0f) * 4u != n)
        return FALSE;
    out[1] = 0;           /* DSCP and ECN */
    put_u16(out + 6, 0);  /* flags and fragment offset */
    out[8] = 0;           /* time to live */
    put_u16(out + 10, 0); /* checksum */
    return clear_ipv4_options(header, n, end, out);
}

/* Section 3.3.3.1.2.2: of an option that may change its data count as zeros; its type and length stay. */
static gboolean
clear_ipv6_options(guint8 *extension, gsize n)
{
    for (gsize at = 2, length; at < n; at += length) {
        if (extension[at] == IP6_OPTION_PAD1) {
            length = 1;
            continue;
        }
        if (n - at < 2 || extension[at + 1] + 2u > n - at)
            return FALSE;
        length = extension[at + 1] + 2u;
        if ((extension[at] & IP6_OPTION_MUTABLE) != 0)
            memset(extension + at + 2, 0, length - 2);
    }
    return TRUE;
}

/* RFC 2460 section 4.4 (type 0) and RFC 6275 section 6.4 (type 2): as it arrives, all segments behind it, the destination being
 * the last address and the list turned by one for each hop.  Of other types nobody can tell what the way makes of them. */
static gboolean
foresee_route(guint8 *extension, gsize n, guint8 *destination)
{
    gsize n_left = extension[3], n_all = (n - 8) / 16;
    guint8 was[16], *list = extension + 8;

    if (n_left == 0)
        return TRUE;
    if ((extension[2] != 0 && extension[2] != 2) || (n - 8) % 16 != 0 || n_left > n_all)
        return FALSE;
    memcpy(was, destination, sizeof was);
    memcpy(destination, list + (n_all - 1) * 16, 16);
    memmove(list + (n_all - n_left + 1) * 16, list + (n_all - n_left) * 16, (n_left - 1) * 16);
    memcpy(list + (n_all - n_left) * 16, was, sizeof was);
    extension[3] = 0;
    return TRUE;
}

static gboolean
canonical_extension(guint8 type, guint8 *extension, gsize n, AhEnd end, guint8 *out)
{
    switch (type) {
    case PROTO_HOP_BY_HOP: case PROTO_DESTINATION: return clear_ipv6_options(extension, n);
    case PROTO_ROUTING: return end == AH_SENDING ? foresee_route(extension, n, out + 24) : extension[3] == 0;
    default: return FALSE; /* a number from the packet: of a fragment AH knows nothing */
    }
}

static gboolean
canonical_ipv6(gsize n, AhEnd end, guint8 *out)
{
    guint8 type;

    if (n < IP6_HEADER || out[0] >> 4 != 6)
        return FALSE;
    type = out[6];
    put_u32(out, 0x60000000); /* traffic class and flow label (section 3.3.3.1.2.1) */
    out[7] = 0;               /* hop limit */
    for (gsize at = IP6_HEADER, length; at < n; at += length) {
        length = n - at >= 8 ? (out[at + 1] + 1u) * 8u : 0;
        if (length == 0 || length > n - at || !canonical_extension(type, out + at, length, end, out))
            return FALSE;
        type = out[at];
    }
    return type == PROTO_AH;
}

gboolean
ah_canonical(const guint8 *headers, gsize n, AhEnd end, guint8 *out)
{
    if (n == 0)
        return FALSE;
    memcpy(out, headers, n);
    return headers[0] >> 4 == 4 ? canonical_ipv4(headers, n, end, out) : canonical_ipv6(n, end, out);
}
