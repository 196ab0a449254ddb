/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gather.c - packets of one flow that follow each other, joined into one that a device with segmentation offload takes.
 *
 * Only what cutting would give back bit by bit is joined: the same headers but for what counts up, and right checksums. */
#include "gather.h"

#include "bytes.h"
#include "checksum.h"
#include "upper.h"

#define PACKET_MAX 65535 /* by the length field of IPv4, and kept for IPv6 */

void
gather_init(Gather *gather, gboolean udp, GatherOut out, gpointer data)
{
    *gather = (Gather) { .udp = udp, .out = out, .data = data };
    for (guint i = 0; i < GATHER_FLOWS; i++)
        gather->flows[i] = &gather->room[i];
}

static guint8 *
first_packet(const Gathered *g)
{
    return g->pieces[1].iov_base;
}

static guint8 *
first_upper(const Gathered *g)
{
    return first_packet(g) + g->packet.n_header;
}

/* --- which packets may be joined --- */

/* May something follow it, or it something?  Gives the length of its headers, or 0. */
static gsize
joinable(const Gather *gather, const guint8 *data, const Packet *packet)
{
    const guint8 *upper = data + packet->n_header;
    gsize n_upper = packet->n - packet->n_header, n_header = upper_header(packet->flow.protocol, upper, n_upper);
    gsize n_ip = packet->flow.family == AF_INET ? IP4_HEADER : IP6_HEADER;

    if (n_header == 0 || n_header == n_upper || packet->fragment || packet->n_header != n_ip)
        return 0;
    if (packet->flow.family == AF_INET && checksum_finish(checksum_add(0, data, IP4_HEADER)) != 0)
        return 0;
    if (packet->flow.protocol == PROTO_TCP)
        return (upper[13] & ~TCP_PSH) == TCP_ACK ? packet->n_header + n_header : 0;
    if (!gather->udp || get_u16(upper + 4) != n_upper || get_u16(upper + 6) == 0)
        return 0;
    return packet->n_header + n_header;
}

/* All of the header but length, number and checksum. */
static gboolean
same_ip(const guint8 *a, const guint8 *b, gboolean v4)
{
    if (!v4)
        return memcmp(a, b, 4) == 0 && memcmp(a + 6, b + 6, IP6_HEADER - 6) == 0;
    return memcmp(a, b, 2) == 0 && memcmp(a + 6, b + 6, 4) == 0 && memcmp(a + 12, b + 12, 8) == 0;
}

/* All but the sequence number, the flags and the checksum; ports are part of the flow. */
static gboolean
same_tcp(const guint8 *a, const guint8 *b, gsize n_header)
{
    return memcmp(a + 8, b + 8, 5) == 0 && memcmp(a + 14, b + 14, 2) == 0 && memcmp(a + 18, b + 18, n_header - 18) == 0;
}

static gboolean
is_last(const Gathered *g)
{
    return (g->n - g->n_headers) % g->size != 0 || g->n_pieces == 1 + GATHER_PIECES ||
           (g->packet.flow.protocol == PROTO_TCP && (first_upper(g)[13] & TCP_PSH) != 0);
}

static gboolean
follows(const Gathered *g, const guint8 *data, const Packet *packet, gsize n_headers)
{
    gboolean v4 = packet->flow.family == AF_INET;
    const guint8 *upper = data + packet->n_header;
    gsize n_payload = packet->n - n_headers;

    if (n_headers != g->n_headers || n_payload > g->size || g->n + n_payload > PACKET_MAX ||
        !same_ip(first_packet(g), data, v4))
        return FALSE;
    if (v4 && !packet->df && packet->id != ((g->packet.id + g->n_pieces - 1) & 0xffff))
        return FALSE;
    return packet->flow.protocol == PROTO_UDP ||
           (same_tcp(first_upper(g), upper, n_headers - packet->n_header) &&
            get_u32(upper + 4) == get_u32(first_upper(g) + 4) + (guint32) (g->n - g->n_headers));
}

/* Whose checksum is wrong must arrive as it is: joined, it would pass for right. */
static gboolean
checked(Gathered *g, const guint8 *data, const Packet *packet)
{
    if (!g->checked) {
        if (!upper_checksum_right(first_upper(g), g->packet.n - g->packet.n_header, g->pseudo))
            return FALSE;
        g->checked = TRUE;
    }
    return upper_checksum_right(data + packet->n_header, packet->n - packet->n_header, g->pseudo);
}

/* --- joining, and giving out --- */

static void
finish_headers(Gathered *g)
{
    const Packet *packet = &g->packet;
    gboolean tcp = packet->flow.protocol == PROTO_TCP;
    guint8 *upper = first_upper(g);
    Offload offload = {
        .flags = OFFLOAD_NEEDS_CHECKSUM, .size = (guint16) g->size, .n_headers = (guint16) g->n_headers,
        .kind = !tcp ? OFFLOAD_UDP : packet->flow.family == AF_INET ? OFFLOAD_TCP4 : OFFLOAD_TCP6,
        .checksum_from = (guint16) packet->n_header, .checksum_at = (guint16) upper_checksum_at(packet->flow.protocol),
    };

    upper_set_length(first_packet(g), packet, g->n);
    put_u16(upper + offload.checksum_at,
            (guint16) ~checksum_finish(g->pseudo + (guint32) (g->n - packet->n_header)));
    offload_encode(&offload, g->header);
}

static void
give_out(Gather *gather, guint index)
{
    Gathered *g = gather->flows[index];

    if (g->n_pieces > 2)
        finish_headers(g);
    if (!gather->out(gather->data, g->pieces, g->n_pieces))
        gather->n_lost += g->n_pieces - 1;
    for (guint i = index + 1; i < gather->n_flows; i++)
        gather->flows[i - 1] = gather->flows[i];
    gather->flows[--gather->n_flows] = g;
}

static void
give_out_alone(Gather *gather, guint8 *data, gsize n)
{
    guint8 header[OFFLOAD_HEADER] = { 0 };
    struct iovec pieces[] = { { header, sizeof header }, { data, n } };

    if (!gather->out(gather->data, pieces, G_N_ELEMENTS(pieces)))
        gather->n_lost++;
}

static void
begin(Gather *gather, guint8 *data, const Packet *packet, gsize n_headers)
{
    Gathered *g;

    if (gather->n_flows == GATHER_FLOWS)
        give_out(gather, 0);
    g = gather->flows[gather->n_flows++];
    g->packet = *packet;
    memset(g->header, 0, sizeof g->header);
    g->pieces[0] = (struct iovec) { g->header, sizeof g->header };
    g->pieces[1] = (struct iovec) { data, packet->n };
    g->n_pieces = 2;
    g->n = packet->n;
    g->n_headers = n_headers;
    g->size = packet->n - n_headers;
    g->pseudo = checksum_pseudo(&packet->flow, packet->flow.protocol, 0);
    g->checked = FALSE;
}

static void
append(Gathered *g, guint8 *data, const Packet *packet, gsize n_headers)
{
    g->pieces[g->n_pieces++] = (struct iovec) { data + n_headers, packet->n - n_headers };
    g->n += packet->n - n_headers;
    if (packet->flow.protocol == PROTO_TCP)
        first_upper(g)[13] |= data[packet->n_header + 13] & TCP_PSH;
}

static guint
find(const Gather *gather, const Flow *flow)
{
    guint i = 0;

    while (i < gather->n_flows && memcmp(&gather->flows[i]->packet.flow, flow, sizeof *flow) != 0)
        i++;
    return i;
}

void
gather_add(Gather *gather, guint8 *data, const Packet *packet)
{
    gsize n_headers = joinable(gather, data, packet);
    guint at = find(gather, &packet->flow);

    if (at < gather->n_flows) {
        Gathered *g = gather->flows[at];

        if (n_headers > 0 && follows(g, data, packet, n_headers) && checked(g, data, packet)) {
            append(g, data, packet, n_headers);
            if (is_last(g))
                give_out(gather, at);
            return;
        }
        give_out(gather, at);
    }
    if (n_headers == 0) {
        give_out_alone(gather, data, packet->n);
        return;
    }
    begin(gather, data, packet, n_headers);
    if (is_last(gather->flows[gather->n_flows - 1]))
        give_out(gather, gather->n_flows - 1);
}

guint
gather_flush(Gather *gather)
{
    guint n_lost;

    while (gather->n_flows > 0)
        give_out(gather, 0);
    n_lost = gather->n_lost;
    gather->n_lost = 0;
    return n_lost;
}
