/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outer.c - outer IP headers that we write ourselves, since AH answers for them, and fragments of such packets. */
#include "outer.h"

#include "bytes.h"
#include "checksum.h"

#define FRAGMENT_HEADER 8
#define IP4_DF 0x4000
#define IP4_MORE 0x2000

static gboolean
is_ipv4(const guint8 *header)
{
    return header[0] >> 4 == 4;
}

gsize
outer_write(const Outer *outer, guint8 *out)
{
    if (outer->source->family == AF_INET) {
        memset(out, 0, IP4_HEADER);
        out[0] = 0x45;
        out[1] = outer->tos;
        put_u16(out + 2, (guint16) (IP4_HEADER + outer->n_payload));
        put_u16(out + 4, outer->id);
        put_u16(out + 6, outer->df ? IP4_DF : 0);
        out[8] = OUTER_HOPS;
        out[9] = outer->protocol;
        memcpy(out + 12, outer->source->bytes, 4);
        memcpy(out + 16, outer->destination->bytes, 4);
        checksum_ipv4(out);
        return IP4_HEADER;
    }
    put_u32(out, 0x60000000u | (guint32) outer->tos << 20);
    put_u16(out + 4, (guint16) outer->n_payload);
    out[6] = outer->protocol;
    out[7] = OUTER_HOPS;
    memcpy(out + 8, outer->source->bytes, 16);
    memcpy(out + 24, outer->destination->bytes, 16);
    return IP6_HEADER;
}

void
outer_patch(guint8 *headers, gsize n_headers, gsize next_at, guint8 protocol, gsize n_payload)
{
    headers[next_at] = protocol;
    if (is_ipv4(headers))
        put_u16(headers + 2, (guint16) (n_headers + n_payload));
    else
        put_u16(headers + 4, (guint16) (n_headers - IP6_HEADER + n_payload));
}

void
outer_checksum(guint8 *headers, gsize n_headers)
{
    if (!is_ipv4(headers))
        return;
    put_u16(headers + 10, 0);
    put_u16(headers + 10, checksum_finish(checksum_add(0, headers, n_headers)));
}

gsize
cutter_next(Cutter *cutter, guint8 *out)
{
    gboolean v4 = is_ipv4(cutter->packet), more;
    gsize n_before = cutter->n_headers + (v4 ? 0 : FRAGMENT_HEADER), n_left = cutter->n - cutter->n_headers - cutter->at, n;

    if (n_left == 0 || cutter->mtu < n_before + 8)
        return 0;
    n = MIN(n_left, cutter->mtu - n_before);
    more = n < n_left;
    if (more)
        n -= n % 8;
    memcpy(out, cutter->packet, cutter->n_headers);
    memcpy(out + n_before, cutter->packet + cutter->n_headers + cutter->at, n);
    if (v4) {
        put_u16(out + 2, (guint16) (n_before + n));
        put_u16(out + 6, (guint16) (cutter->at / 8 | (more ? IP4_MORE : 0)));
        outer_checksum(out, cutter->n_headers);
    } else {
        guint8 *header = out + cutter->n_headers;

        put_u16(out + 4, (guint16) (n_before - IP6_HEADER + n));
        header[0] = out[cutter->next_at];
        header[1] = 0;
        put_u16(header + 2, (guint16) (cutter->at | (more ? 1 : 0)));
        put_u32(header + 4, cutter->id);
        out[cutter->next_at] = PROTO_FRAGMENT;
    }
    cutter->at += n;
    return n_before + n;
}
