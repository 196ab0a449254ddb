/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/packet.c - from a captured frame down to what UDP or ESP carried. */
#include "lib/packet.h"

#include <string.h>

#define IKE_PORT 500
#define IKE_NAT_PORT 4500
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define PROTO_UDP 17
#define PROTO_ESP 50
#define PROTO_IPV6_HOP_BY_HOP 0
#define PROTO_IPV6_ROUTING 43
#define PROTO_IPV6_FRAGMENT 44
#define PROTO_IPV6_OPTIONS 60
#define HEADERS_MAX 8        /* VLAN tags, or extension headers, of one packet */
#define WAITING_MAX 64       /* datagrams in pieces */
#define DATAGRAM_MAX 65535

/* https://www.tcpdump.org/linktypes.html */
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW_BSD = 12, LINK_RAW_OPENBSD = 14, LINK_RAW = 101, LINK_SLL = 113,
       LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_SLL2 = 276 };

/* What an IP header says, whichever its version. */
typedef struct {
    ObolAddress from, to;
    guint8 protocol;
    guint32 id;
    gsize offset; /* of a fragment, in bytes */
    gboolean more;
    gboolean cut;
} IpHeader;

typedef struct {
    ObolAddress from, to;
    guint8 protocol;
    guint32 id;
    GByteArray *bytes;
    gsize received, total; /* @total 0: the last fragment is not here yet */
} Waiting;

struct ObolFragments { GPtrArray *waiting; };

static void
waiting_free(gpointer data)
{
    Waiting *waiting = data;

    g_byte_array_unref(waiting->bytes);
    g_free(waiting);
}

ObolFragments *
obol_fragments_new(void)
{
    ObolFragments *fragments = g_new0(ObolFragments, 1);

    fragments->waiting = g_ptr_array_new_with_free_func(waiting_free);
    return fragments;
}

void
obol_fragments_free(ObolFragments *fragments)
{
    if (fragments == NULL)
        return;
    g_ptr_array_unref(fragments->waiting);
    g_free(fragments);
}

static gboolean
same_address(const ObolAddress *a, const ObolAddress *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static Waiting *
fragments_find(ObolFragments *fragments, const IpHeader *ip)
{
    for (guint i = 0; i < fragments->waiting->len; i++) {
        Waiting *w = g_ptr_array_index(fragments->waiting, i);

        if (w->id == ip->id && w->protocol == ip->protocol && same_address(&w->from, &ip->from) &&
            same_address(&w->to, &ip->to))
            return w;
    }
    if (fragments->waiting->len == WAITING_MAX)
        g_ptr_array_remove_index(fragments->waiting, 0);

    Waiting *fresh = g_new0(Waiting, 1);

    *fresh = (Waiting) { .from = ip->from, .to = ip->to, .protocol = ip->protocol, .id = ip->id };
    fresh->bytes = g_byte_array_new();
    g_ptr_array_add(fragments->waiting, fresh);
    return fresh;
}

/* The whole datagram once its last piece is there, otherwise NULL.  Captures do not attack: pieces do not overlap. */
static GBytes *
fragments_add(ObolFragments *fragments, const IpHeader *ip, ObolSpan piece)
{
    Waiting *w = fragments_find(fragments, ip);
    gsize end = ip->offset + piece.n;

    if (ip->cut || end > DATAGRAM_MAX)
        return NULL;
    if (w->bytes->len < end)
        g_byte_array_set_size(w->bytes, (guint) end);
    if (piece.n > 0)
        memcpy(w->bytes->data + ip->offset, piece.data, piece.n);
    w->received += piece.n;
    if (!ip->more)
        w->total = end;
    if (w->total == 0 || w->received < w->total || w->bytes->len != w->total)
        return NULL;

    GBytes *whole = g_bytes_new(w->bytes->data, w->total);

    g_ptr_array_remove_fast(fragments->waiting, w);
    return whole;
}

static void
read_address(ObolCursor *c, guint16 family, gsize n, ObolAddress *out)
{
    *out = (ObolAddress) { .family = family };
    obol_cursor_copy(c, out->bytes, n);
}

/* What is left of @c, but no more than the header said: Ethernet pads short frames. */
static ObolCursor
ip_body(ObolCursor *c, gsize n, IpHeader *ip)
{
    ip->cut = n > obol_cursor_left(c);
    return obol_cursor_take(c, MIN(n, obol_cursor_left(c)));
}

/* RFC 791 section 3.1. */
static ObolCursor
read_ipv4(ObolCursor *c, IpHeader *ip)
{
    gsize header = (obol_cursor_u8(c) & 0x0f) * 4u;
    guint16 total, fragment;

    obol_cursor_skip(c, 1);
    total = obol_cursor_u16(c);
    ip->id = obol_cursor_u16(c);
    fragment = obol_cursor_u16(c);
    ip->more = (fragment & 0x2000) != 0;
    ip->offset = (fragment & 0x1fffu) * 8;
    obol_cursor_skip(c, 1);
    ip->protocol = obol_cursor_u8(c);
    obol_cursor_skip(c, 2);
    read_address(c, AF_INET, 4, &ip->from);
    read_address(c, AF_INET, 4, &ip->to);
    obol_cursor_require(c, header >= 20 && total >= header, "an IPv4 header of impossible length");
    obol_cursor_skip(c, header - 20);
    return ip_body(c, total - header, ip);
}

/* RFC 8200 sections 3 and 4. */
static ObolCursor
read_ipv6(ObolCursor *c, IpHeader *ip)
{
    guint16 length;
    ObolCursor body;

    obol_cursor_skip(c, 4);
    length = obol_cursor_u16(c);
    ip->protocol = obol_cursor_u8(c);
    obol_cursor_skip(c, 1);
    read_address(c, AF_INET6, 16, &ip->from);
    read_address(c, AF_INET6, 16, &ip->to);
    body = ip_body(c, length, ip);
    for (guint i = 0; i < HEADERS_MAX; i++) {
        guint8 header = ip->protocol;

        if (header == PROTO_IPV6_FRAGMENT) {
            guint16 fragment;

            ip->protocol = obol_cursor_u8(&body);
            obol_cursor_skip(&body, 1);
            fragment = obol_cursor_u16(&body);
            ip->more = (fragment & 1) != 0;
            ip->offset = fragment & 0xfff8u;
            ip->id = obol_cursor_u32(&body);
        } else if (header == PROTO_IPV6_HOP_BY_HOP || header == PROTO_IPV6_ROUTING || header == PROTO_IPV6_OPTIONS) {
            ip->protocol = obol_cursor_u8(&body);
            obol_cursor_skip(&body, obol_cursor_u8(&body) * 8u + 6);
        } else {
            break;
        }
    }
    return body;
}

static gboolean
read_udp(ObolCursor *c, const IpHeader *ip, ObolCaptured *out)
{
    guint16 length;
    gsize left;

    out->from.port = obol_cursor_u16(c);
    out->to.port = obol_cursor_u16(c);
    length = obol_cursor_u16(c);
    obol_cursor_skip(c, 2);
    left = obol_cursor_left(c);
    obol_cursor_require(c, length >= 8, "a UDP header of impossible length");
    if (!obol_cursor_ok(c))
        return FALSE;
    out->cut = ip->cut || length - 8u > left;
    out->payload = obol_cursor_span(c, MIN(length - 8u, left));

    gboolean nat = out->from.port == IKE_NAT_PORT || out->to.port == IKE_NAT_PORT;

    if (out->from.port == IKE_PORT || out->to.port == IKE_PORT) {
        out->kind = OBOL_CAPTURED_IKE;
    } else if (nat && out->payload.n == 1 && out->payload.data[0] == 0xff) {
        out->kind = OBOL_CAPTURED_KEEPALIVE;
    } else if (nat && out->payload.n >= 4 && memcmp(out->payload.data, "\0\0\0\0", 4) == 0) {
        out->kind = OBOL_CAPTURED_IKE; /* RFC 3948 section 2.2 */
        out->payload = (ObolSpan) { out->payload.data + 4, out->payload.n - 4 };
    } else {
        out->kind = OBOL_CAPTURED_ESP;
    }
    return nat || out->kind == OBOL_CAPTURED_IKE;
}

static gboolean
read_ip(ObolCursor *c, ObolFragments *fragments, ObolCaptured *out, GPtrArray *store)
{
    IpHeader ip = { .id = 0 };
    ObolCursor peek = *c, body;
    ObolWireFault fault = { .rule = NULL };
    guint version = obol_cursor_u8(&peek) >> 4;

    if (version != 4 && version != 6)
        return FALSE;
    body = version == 4 ? read_ipv4(c, &ip) : read_ipv6(c, &ip);
    if (!obol_cursor_ok(c))
        return FALSE;
    /* The head of a datagram that the file itself lost the rest of is worth a look: parsers are tried with such. */
    if (ip.offset > 0 || (ip.more && !ip.cut)) {
        GBytes *whole = fragments_add(fragments, &ip, obol_cursor_rest(&body));
        gsize n;
        const guint8 *data;

        if (whole == NULL)
            return FALSE;
        g_ptr_array_add(store, whole);
        data = g_bytes_get_data(whole, &n);
        body = obol_cursor(data, n, &fault);
    }
    out->from = ip.from;
    out->to = ip.to;
    if (ip.protocol == PROTO_UDP)
        return read_udp(&body, &ip, out);
    out->kind = OBOL_CAPTURED_ESP;
    out->cut = ip.cut;
    out->payload = obol_cursor_rest(&body);
    return ip.protocol == PROTO_ESP;
}

gboolean
obol_packet_read(ObolCursor frame, guint link_type, ObolFragments *fragments, ObolCaptured *out, GPtrArray *store)
{
    guint16 ethertype = ETHERTYPE_IPV4;

    switch (link_type) {
    case LINK_NULL: obol_cursor_skip(&frame, 4); break;
    case LINK_SLL: obol_cursor_skip(&frame, 14); ethertype = obol_cursor_u16(&frame); break;
    case LINK_SLL2: ethertype = obol_cursor_u16(&frame); obol_cursor_skip(&frame, 18); break;
    case LINK_ETHERNET: obol_cursor_skip(&frame, 12); ethertype = obol_cursor_u16(&frame); break;
    case LINK_RAW: case LINK_RAW_BSD: case LINK_RAW_OPENBSD: case LINK_IPV4: case LINK_IPV6: break;
    default: return FALSE; /* a number from the file, not one of our enums */
    }
    for (guint i = 0; ethertype == ETHERTYPE_VLAN && i < HEADERS_MAX; i++) {
        obol_cursor_skip(&frame, 2);
        ethertype = obol_cursor_u16(&frame);
    }
    if (ethertype != ETHERTYPE_IPV4 && ethertype != ETHERTYPE_IPV6)
        return FALSE;
    return read_ip(&frame, fragments, out, store);
}
