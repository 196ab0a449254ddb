/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-offload.c - long packets cut, short ones joined; what was joined is cut to the same. */
#include <string.h>

#include "plugins/kernel-userspace/bytes.h"
#include "plugins/kernel-userspace/checksum.h"
#include "plugins/kernel-userspace/gather.h"
#include "plugins/kernel-userspace/segments.h"
#include "plugins/kernel-userspace/upper.h"

#define MTU 1400
#define KEPT_MAX 256

/* --- packets --- */

typedef struct {
    gboolean v6, udp, no_df;
    gsize n_options, n_payload;
    guint32 sequence;
    guint16 id, port;
    guint8 flags, tos;
} Make;

static gsize
header_of(const Make *make)
{
    return (make->v6 ? IP6_HEADER : IP4_HEADER) + (make->udp ? UDP_HEADER : TCP_HEADER + make->n_options);
}

/* A right packet; what byte @i of the stream is, follows from its number. */
static gsize
make_packet(const Make *make, guint8 *out)
{
    gsize n_ip = make->v6 ? IP6_HEADER : IP4_HEADER, n_headers = header_of(make), n = n_headers + make->n_payload;
    guint8 protocol = make->udp ? PROTO_UDP : PROTO_TCP, *upper = out + n_ip;
    Packet packet;

    memset(out, 0, n_headers);
    if (make->v6) {
        put_u32(out, 6u << 28 | (guint32) make->tos << 20);
        put_u16(out + 4, (guint16) (n - IP6_HEADER));
        out[6] = protocol;
        out[7] = 64;
        out[23] = 1;
        out[39] = 2;
    } else {
        out[0] = 0x45;
        out[1] = make->tos;
        put_u16(out + 2, (guint16) n);
        put_u16(out + 4, make->id);
        out[6] = make->no_df ? 0 : 0x40;
        out[8] = 64;
        out[9] = protocol;
        put_u32(out + 12, 0x0a010001);
        put_u32(out + 16, 0x0a020001);
        checksum_ipv4(out);
    }
    put_u16(upper, make->port);
    put_u16(upper + 2, 5001);
    if (make->udp) {
        put_u16(upper + 4, (guint16) (n - n_ip));
    } else {
        put_u32(upper + 4, make->sequence);
        put_u32(upper + 8, 77);
        upper[12] = (guint8) ((TCP_HEADER + make->n_options) / 4 << 4);
        upper[13] = make->flags;
        put_u16(upper + 14, 1000);
        memset(upper + TCP_HEADER, 1, make->n_options);
    }
    for (gsize i = 0; i < make->n_payload; i++)
        out[n_headers + i] = (guint8) ((make->sequence + i) * 7);
    g_assert_true(packet_parse(out, n, &packet));
    upper_write_checksum(upper, protocol, n - n_ip, checksum_pseudo(&packet.flow, protocol, 0));
    return n;
}

/* As the system gives it: longer than the wire takes, with the sum of the pseudo-header for a checksum. */
static gsize
make_long(const Make *make, guint16 size, guint8 *out)
{
    gsize n = make_packet(make, out + OFFLOAD_HEADER), n_ip = make->v6 ? IP6_HEADER : IP4_HEADER;
    guint8 protocol = make->udp ? PROTO_UDP : PROTO_TCP, *packet = out + OFFLOAD_HEADER;
    Packet parsed;
    Offload offload = {
        .flags = OFFLOAD_NEEDS_CHECKSUM, .kind = make->udp ? OFFLOAD_UDP : make->v6 ? OFFLOAD_TCP6 : OFFLOAD_TCP4,
        .n_headers = (guint16) header_of(make), .size = size, .checksum_from = (guint16) n_ip,
        .checksum_at = (guint16) upper_checksum_at(protocol),
    };

    g_assert_true(packet_parse(packet, n, &parsed));
    put_u16(packet + n_ip + offload.checksum_at,
            (guint16) ~checksum_finish(checksum_pseudo(&parsed.flow, protocol, n - n_ip)));
    offload_encode(&offload, out);
    return OFFLOAD_HEADER + n;
}

static void
assert_right(const guint8 *data, gsize n)
{
    g_autofree guint8 *exact = g_memdup2(data, n);
    Packet packet;

    g_assert_true(packet_parse(exact, n, &packet));
    g_assert_cmpuint(packet.n, ==, n);
    if (packet.flow.family == AF_INET)
        g_assert_cmpuint(checksum_finish(checksum_add(0, exact, packet.n_header)), ==, 0);
    g_assert_true(upper_checksum_right(exact + packet.n_header, n - packet.n_header,
                                       checksum_pseudo(&packet.flow, packet.flow.protocol, 0)));
}

/* --- what the device took --- */

typedef struct {
    guint n;
    gboolean full;
    gsize lengths[KEPT_MAX];
    guint n_joined[KEPT_MAX];
    guint8 data[KEPT_MAX][OFFLOAD_HEADER + OFFLOAD_PACKET_MAX];
} Device;

static gboolean
take(gpointer data, const struct iovec *pieces, guint n)
{
    Device *device = data;
    gsize at = 0;

    if (device->full)
        return FALSE;
    g_assert_cmpuint(device->n, <, KEPT_MAX);
    for (guint i = 0; i < n; at += pieces[i++].iov_len) {
        g_assert_cmpuint(at + pieces[i].iov_len, <=, sizeof device->data[0]);
        memcpy(device->data[device->n] + at, pieces[i].iov_base, pieces[i].iov_len);
    }
    device->n_joined[device->n] = n - 1;
    device->lengths[device->n++] = at;
    return TRUE;
}

typedef struct {
    Device *device;
    Gather *gather;
    GPtrArray *kept; /* the bytes stay until the flush */
} Joining;

static Joining
joining(gboolean udp)
{
    Joining j = { g_new0(Device, 1), g_new(Gather, 1), g_ptr_array_new_with_free_func(g_free) };

    gather_init(j.gather, udp, take, j.device);
    return j;
}

static void
joining_clear(Joining *j)
{
    g_free(j->device);
    g_free(j->gather);
    g_ptr_array_unref(j->kept);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Joining, joining_clear)

static void
add_bytes(Joining *j, const guint8 *data, gsize n)
{
    guint8 *exact = g_memdup2(data, n);
    Packet packet;

    g_ptr_array_add(j->kept, exact);
    g_assert_true(packet_parse(exact, n, &packet));
    gather_add(j->gather, exact, &packet);
}

static void
add(Joining *j, const Make *make)
{
    guint8 data[2048];

    add_bytes(j, data, make_packet(make, data));
}

/* Cuts all that the device took; gives the packets, in order. */
static GPtrArray *
cut_all(const Device *device)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    guint8 packet[MTU];

    for (guint i = 0; i < device->n; i++) {
        Segments segments;
        gsize n;

        g_assert_true(segments_begin(&segments, device->data[i], device->lengths[i], sizeof packet));
        while ((n = segments_next(&segments, packet)) > 0)
            g_ptr_array_add(out, g_bytes_new(packet, n));
    }
    return out;
}

/* --- cutting --- */

static const Make kinds[] = {
    { .flags = TCP_ACK | TCP_PSH, .n_payload = 20000, .sequence = 0xffffff00, .n_options = 12, .port = 1 },
    { .flags = TCP_ACK | TCP_FIN | TCP_CWR, .n_payload = 5000, .v6 = TRUE, .port = 2 },
    { .flags = TCP_ACK, .n_payload = 3001, .no_df = TRUE, .id = 0xffff, .port = 3 },
    { .udp = TRUE, .n_payload = 10000, .port = 4 },
    { .udp = TRUE, .n_payload = 10000, .v6 = TRUE, .port = 5 },
};

static void
test_segments_are_whole_packets(void)
{
    g_autofree guint8 *bytes = g_malloc(OFFLOAD_HEADER + OFFLOAD_PACKET_MAX);

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        gsize n = make_long(&kinds[k], 1000, bytes), n_headers = header_of(&kinds[k]), done = 0, got;
        guint8 packet[MTU], *upper = packet + (kinds[k].v6 ? IP6_HEADER : IP4_HEADER);
        guint count = 0;
        Segments segments;

        g_assert_true(segments_begin(&segments, bytes, n, sizeof packet));
        while ((got = segments_next(&segments, packet)) > 0) {
            gboolean last = done + got - n_headers == kinds[k].n_payload;

            assert_right(packet, got);
            g_assert_true(got == n_headers + 1000 || last);
            for (gsize i = n_headers; i < got; i++)
                g_assert_cmpuint(packet[i], ==, (guint8) ((kinds[k].sequence + done + i - n_headers) * 7));
            if (!kinds[k].udp) {
                guint8 shown = kinds[k].flags & (guint8) ~((last ? 0 : TCP_FIN | TCP_PSH) | (count > 0 ? TCP_CWR : 0));

                g_assert_cmpuint(get_u32(upper + 4), ==, kinds[k].sequence + (guint32) done);
                g_assert_cmpuint(upper[13], ==, shown);
            }
            if (kinds[k].no_df)
                g_assert_cmpuint(get_u16(packet + 4), ==, (guint16) (kinds[k].id + count));
            done += got - n_headers;
            count++;
        }
        g_assert_cmpuint(done, ==, kinds[k].n_payload);
    }
}

static void
test_missing_checksum_is_made(void)
{
    Make make = { .n_payload = 100, .flags = TCP_ACK };
    guint8 bytes[512], packet[MTU];
    gsize n = make_long(&make, 0, bytes);
    Segments segments;

    bytes[1] = OFFLOAD_NONE;
    g_assert_true(segments_begin(&segments, bytes, n, sizeof packet));
    g_assert_cmpuint(segments_next(&segments, packet), ==, n - OFFLOAD_HEADER);
    assert_right(packet, n - OFFLOAD_HEADER);
    g_assert_cmpuint(segments_next(&segments, packet), ==, 0);
}

static void
test_every_truncation_is_refused(void)
{
    guint8 bytes[4096], packet[MTU];

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        Make make = kinds[k];
        gsize n;

        make.n_payload = 2500;
        n = make_long(&make, 1000, bytes);
        for (gsize i = 0; i < n; i++) {
            g_autofree guint8 *exact = g_memdup2(bytes, i);
            Segments segments;

            g_assert_false(segments_begin(&segments, exact, i, sizeof packet));
        }
    }
}

/* Whatever the bits say: nothing beyond the room, and an end. */
static void
test_no_bit_leads_out_of_bounds(void)
{
    guint8 bytes[4096];

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        Make make = kinds[k];
        gsize n;

        make.n_payload = 2500;
        n = make_long(&make, 1000, bytes);
        for (gsize bit = 0; bit < (OFFLOAD_HEADER + header_of(&make)) * 8; bit++) {
            g_autofree guint8 *exact = g_memdup2(bytes, n), *room = g_malloc(MTU);
            Segments segments;
            gsize total = 0, got;

            exact[bit / 8] ^= (guint8) (1 << bit % 8);
            if (!segments_begin(&segments, exact, n, MTU))
                continue;
            while ((got = segments_next(&segments, room)) > 0) {
                g_assert_cmpuint(got, <=, MTU);
                total += got;
            }
            g_assert_cmpuint(total, >=, 2500);
        }
    }
}

static void
test_lying_sizes_are_refused(void)
{
    guint8 bytes[4096];
    Make make = { .n_payload = 2500, .flags = TCP_ACK };
    gsize n = make_long(&make, 1000, bytes);
    static const Offload lies[] = {
        { .kind = OFFLOAD_TCP4, .size = 0 },
        { .kind = OFFLOAD_TCP4, .size = MTU - IP4_HEADER - TCP_HEADER + 1 },
        { .kind = OFFLOAD_TCP4, .size = 65535 },
        { .kind = OFFLOAD_TCP4, .size = 1000, .n_headers = 2541 },
        { .kind = OFFLOAD_TCP6, .size = 1000 },
        { .kind = OFFLOAD_UDP, .size = 1000 },
        { .kind = 3, .size = 1000 },
        { .kind = OFFLOAD_NONE }, /* longer than the room */
        { .kind = OFFLOAD_NONE, .flags = OFFLOAD_NEEDS_CHECKSUM, .checksum_from = 65535, .checksum_at = 65535 },
    };
    Segments segments;

    g_assert_true(segments_begin(&segments, bytes, n, MTU));
    for (guint i = 0; i < G_N_ELEMENTS(lies); i++) {
        offload_encode(&lies[i], bytes);
        g_assert_false(segments_begin(&segments, bytes, n, MTU));
    }
}

/* --- joining --- */

/* Segments of @make, each of @size, as a peer sends them. */
static void
add_stream(Joining *j, const Make *make, gsize size, GPtrArray *sent)
{
    g_autofree guint8 *bytes = g_malloc(OFFLOAD_HEADER + OFFLOAD_PACKET_MAX);
    gsize n = make_long(make, (guint16) size, bytes), got;
    guint8 packet[MTU];
    Segments segments;

    g_assert_true(segments_begin(&segments, bytes, n, sizeof packet));
    while ((got = segments_next(&segments, packet)) > 0) {
        if (sent != NULL)
            g_ptr_array_add(sent, g_bytes_new(packet, got));
        add_bytes(j, packet, got);
    }
}

static void
test_joined_is_cut_to_the_same(void)
{
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_auto(Joining) j = joining(TRUE);
        g_autoptr(GPtrArray) sent = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref), got = NULL;
        Make make = kinds[k];

        make.flags &= TCP_ACK | TCP_PSH;
        add_stream(&j, &make, 1000, sent);
        g_assert_cmpuint(gather_flush(j.gather), ==, 0);
        g_assert_cmpuint(j.device->n, ==, 1);
        got = cut_all(j.device);
        g_assert_cmpuint(got->len, ==, sent->len);
        for (guint i = 0; i < sent->len; i++)
            g_assert_true(g_bytes_equal(g_ptr_array_index(got, i), g_ptr_array_index(sent, i)));
    }
}

static void
test_joined_stays_within_its_bounds(void)
{
    g_auto(Joining) j = joining(TRUE);
    guint32 sequence = 0;

    for (guint i = 0; i < 200; i++, sequence += 1300)
        add(&j, &(Make) { .flags = TCP_ACK, .n_payload = 1300, .sequence = sequence });
    for (guint i = 0; i < 200; i++)
        add(&j, &(Make) { .udp = TRUE, .n_payload = 10, .port = 9 });
    g_assert_cmpuint(gather_flush(j.gather), ==, 0);
    for (guint i = 0; i < j.device->n; i++) {
        g_assert_cmpuint(j.device->lengths[i], <=, OFFLOAD_HEADER + 65535);
        g_assert_cmpuint(j.device->n_joined[i], <=, GATHER_PIECES);
    }
    g_assert_cmpuint(j.device->n, ==, 4 + 4);
}

/* Two packets, of which the second differs from what would follow the first. */
static guint
n_of_pair(const Make *second, gsize broken_at)
{
    g_auto(Joining) j = joining(TRUE);
    Make first = { .flags = TCP_ACK, .n_payload = 1000, .udp = second->udp, .v6 = second->v6 };
    guint8 data[2048];
    gsize n = make_packet(second, data);

    add(&j, &first);
    if (broken_at > 0)
        data[broken_at] ^= 1;
    add_bytes(&j, data, n);
    gather_flush(j.gather);
    return j.device->n;
}

static void
test_only_what_follows_is_joined(void)
{
    const Make next = { .flags = TCP_ACK, .n_payload = 1000, .sequence = 1000 };
    const Make next_udp = { .udp = TRUE, .n_payload = 1000 };
    Make other;

    g_assert_cmpuint(n_of_pair(&next, 0), ==, 1);
    g_assert_cmpuint(n_of_pair(&next_udp, 0), ==, 1);
    for (guint i = 0; i < 9; i++) {
        other = next;
        switch (i) {
        case 0: other.sequence++; break;
        case 1: other.n_payload++; break;
        case 2: other.n_options = 4; break;
        case 3: other.flags |= TCP_FIN; break;
        case 4: other.flags |= TCP_ECE; break;
        case 5: other.tos = 3; break;
        case 6: other.port = 9; break;
        case 7: other.no_df = TRUE; break;
        default: other.n_payload = 0; break;
        }
        g_assert_cmpuint(n_of_pair(&other, 0), ==, 2);
    }
    other = next_udp;
    other.n_payload++;
    g_assert_cmpuint(n_of_pair(&other, 0), ==, 2);
}

/* Any bit but those that count up: what is wrong, or another thing, arrives as it is. */
static void
test_a_wrong_checksum_is_not_joined(void)
{
    const Make next = { .flags = TCP_ACK, .n_payload = 1000, .sequence = 1000 };
    const Make next_udp = { .udp = TRUE, .n_payload = 1000 };

    g_assert_cmpuint(n_of_pair(&next, 700), ==, 2);                     /* payload */
    g_assert_cmpuint(n_of_pair(&next, 10), ==, 2);                      /* header checksum of IPv4 */
    g_assert_cmpuint(n_of_pair(&next, IP4_HEADER + 15), ==, 2);         /* window */
    g_assert_cmpuint(n_of_pair(&next, IP4_HEADER + 17), ==, 2);         /* checksum of TCP */
    g_assert_cmpuint(n_of_pair(&next_udp, IP4_HEADER + 7), ==, 2);
}

static void
test_a_wrong_first_one_is_not_joined(void)
{
    g_auto(Joining) j = joining(TRUE);
    guint8 data[2048];
    gsize n = make_packet(&(Make) { .flags = TCP_ACK, .n_payload = 1000 }, data);

    data[900] ^= 1;
    add_bytes(&j, data, n);
    for (guint i = 1; i < 4; i++)
        add(&j, &(Make) { .flags = TCP_ACK, .n_payload = 1000, .sequence = i * 1000 });
    gather_flush(j.gather);
    g_assert_cmpuint(j.device->n, ==, 2);
    g_assert_cmpmem(j.device->data[0] + OFFLOAD_HEADER, j.device->lengths[0] - OFFLOAD_HEADER, data, n);
    g_assert_cmpuint(j.device->n_joined[1], ==, 3);
}

static void
test_order_within_a_flow_is_kept(void)
{
    g_auto(Joining) j = joining(TRUE);
    g_autoptr(GPtrArray) got = NULL;
    guint32 next[12] = { 0 };

    /* twelve flows in turn, more than are joined at a time; now and then one without payload between */
    for (guint i = 0; i < 120; i++) {
        guint flow = i * 5 % 12;
        Make make = { .flags = TCP_ACK, .n_payload = i % 7 == 0 ? 0 : 100, .sequence = next[flow], .port = (guint16) flow };

        add(&j, &make);
        next[flow] += (guint32) make.n_payload;
    }
    gather_flush(j.gather);
    got = cut_all(j.device);
    g_assert_cmpuint(got->len, ==, 120);
    memset(next, 0, sizeof next);
    for (guint i = 0; i < got->len; i++) {
        gsize n;
        const guint8 *data = g_bytes_get_data(g_ptr_array_index(got, i), &n);
        guint flow = get_u16(data + IP4_HEADER);

        assert_right(data, n);
        g_assert_cmpuint(get_u32(data + IP4_HEADER + 4), ==, next[flow]);
        next[flow] += (guint32) (n - IP4_HEADER - TCP_HEADER);
    }
}

static void
test_udp_stays_apart_where_the_device_wants_it(void)
{
    g_auto(Joining) j = joining(FALSE);

    for (guint i = 0; i < 5; i++)
        add(&j, &(Make) { .udp = TRUE, .n_payload = 100 });
    gather_flush(j.gather);
    g_assert_cmpuint(j.device->n, ==, 5);
}

static void
test_lost_packets_are_counted(void)
{
    g_auto(Joining) j = joining(TRUE);

    j.device->full = TRUE;
    for (guint i = 0; i < 5; i++)
        add(&j, &(Make) { .flags = TCP_ACK, .n_payload = 1000, .sequence = i * 1000 });
    add(&j, &(Make) { .flags = TCP_ACK, .port = 8 });
    g_assert_cmpuint(gather_flush(j.gather), ==, 6);
    g_assert_cmpuint(gather_flush(j.gather), ==, 0);
}

/* --- the checksum itself --- */

static void
test_checksum_is_that_of_the_rfc(void)
{
    static const guint8 example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 }; /* RFC 1071 section 3 */
    guint8 bytes[300];

    g_assert_cmpuint(checksum_add(0, example, sizeof example), ==, 0xddf2);
    for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) (i * 171 + 13);
    for (gsize n = 0; n <= sizeof bytes; n++) {
        g_autofree guint8 *exact = g_memdup2(bytes, n);
        guint64 sum = 0xabcd;

        for (gsize i = 0; i < n; i++)
            sum += i % 2 == 0 ? (guint32) bytes[i] << 8 : bytes[i];
        g_assert_cmpuint(checksum_finish(checksum_add(0xabcd, exact, n)), ==, checksum_finish((guint32) sum));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/userspace/segments/are-whole-packets", test_segments_are_whole_packets);
    g_test_add_func("/userspace/segments/a-missing-checksum-is-made", test_missing_checksum_is_made);
    g_test_add_func("/userspace/segments/every-truncation-is-refused", test_every_truncation_is_refused);
    g_test_add_func("/userspace/segments/no-bit-leads-out-of-bounds", test_no_bit_leads_out_of_bounds);
    g_test_add_func("/userspace/segments/lying-sizes-are-refused", test_lying_sizes_are_refused);
    g_test_add_func("/userspace/gather/joined-is-cut-to-the-same", test_joined_is_cut_to_the_same);
    g_test_add_func("/userspace/gather/joined-stays-within-its-bounds", test_joined_stays_within_its_bounds);
    g_test_add_func("/userspace/gather/only-what-follows-is-joined", test_only_what_follows_is_joined);
    g_test_add_func("/userspace/gather/a-wrong-checksum-is-not-joined", test_a_wrong_checksum_is_not_joined);
    g_test_add_func("/userspace/gather/a-wrong-first-one-is-not-joined", test_a_wrong_first_one_is_not_joined);
    g_test_add_func("/userspace/gather/order-within-a-flow-is-kept", test_order_within_a_flow_is_kept);
    g_test_add_func("/userspace/gather/udp-stays-apart-where-the-device-wants-it",
                    test_udp_stays_apart_where_the_device_wants_it);
    g_test_add_func("/userspace/gather/lost-packets-are-counted", test_lost_packets_are_counted);
    g_test_add_func("/userspace/checksum/is-that-of-the-rfc", test_checksum_is_that_of_the_rfc);
    return g_test_run();
}
