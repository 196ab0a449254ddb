/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-offload.c - long packets of a device cut, and packets of a peer joined, by the userspace kernel.
 *
 * The first octet decides: what follows is one packet of the device with its header; or a list of packets, each behind its
 * length of two octets, whose checksums are made right, so that they can be joined. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "plugins/kernel-userspace/bytes.h"
#include "plugins/kernel-userspace/checksum.h"
#include "plugins/kernel-userspace/gather.h"
#include "plugins/kernel-userspace/segments.h"
#include "plugins/kernel-userspace/upper.h"

#define MTU 1400
#define PACKETS_MAX 100

typedef struct {
    guint n_packets; /* that came out */
} Came;

/* Every packet that comes out is whole, no longer than the device's MTU, and the cutting ends. */
static gboolean
cut(const guint8 *bytes, gsize n, gsize n_max, guint *n_packets)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n), *room = g_malloc(n_max);
    Segments segments;
    Packet packet;
    gsize got;

    if (!segments_begin(&segments, exact, n, n_max))
        return FALSE;
    while ((got = segments_next(&segments, room)) > 0) {
        if (got > n_max || (segments.n_headers > 0 && (!packet_parse(room, got, &packet) || packet.n != got)))
            g_error("a segment is no packet");
        ++*n_packets;
    }
    return TRUE;
}

/* What was joined can be cut again, to as many. */
static gboolean
out(gpointer data, const struct iovec *pieces, guint n)
{
    g_autoptr(GByteArray) whole = g_byte_array_new();
    Came *came = data;
    guint n_packets = 0;

    for (guint i = 0; i < n; i++)
        g_byte_array_append(whole, pieces[i].iov_base, (guint) pieces[i].iov_len);
    if (!cut(whole->data, whole->len, OFFLOAD_PACKET_MAX, &n_packets) || n_packets != n - 1)
        g_error("joined packets can not be cut");
    came->n_packets += n_packets;
    return TRUE;
}

static void
make_right(guint8 *data, const Packet *packet)
{
    guint8 *upper = data + packet->n_header;
    gsize n_upper = packet->n - packet->n_header;

    if (packet->fragment || upper_header(packet->flow.protocol, upper, n_upper) == 0)
        return;
    upper_set_length(data, packet, packet->n);
    upper_write_checksum(upper, packet->flow.protocol, n_upper, checksum_pseudo(&packet->flow, packet->flow.protocol, 0));
}

static void
join(const guint8 *data, gsize n)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
    g_autofree Gather *gather = g_new(Gather, 1);
    Came came = { .n_packets = 0 };
    guint n_added = 0;
    gsize at = 0;

    gather_init(gather, TRUE, out, &came);
    while (n_added < PACKETS_MAX && n - at >= 2) {
        gsize length = MIN(get_u16(data + at), n - at - 2);
        guint8 *exact = g_memdup2(data + at + 2, length);
        Packet packet;

        g_ptr_array_add(kept, exact);
        at += 2 + length;
        if (!packet_parse(exact, length, &packet))
            continue;
        make_right(exact, &packet);
        gather_add(gather, exact, &packet);
        n_added++;
    }
    if (gather_flush(gather) != 0 || came.n_packets != n_added)
        g_error("a packet is lost");
}

OBOL_FUZZ_TARGET(offload)
{
    guint n_packets = 0;

    if (n == 0)
        return 0;
    if (data[0] % 2 == 0)
        cut(data + 1, n - 1, MTU, &n_packets);
    else
        join(data + 1, n - 1);
    return 0;
}
