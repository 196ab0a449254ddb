/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-ipcomp.c - IPComp: what shrinks is shrunk, the rest goes as it is, and bombs are duds. */
#include "plugins/kernel-userspace/ipcomp.h"

#include <zlib.h>

#include "lib/hex.h"
#include "world.h"

#define PLAIN 3000

/* DEFLATE of "obol" 32 times over with a window of 32 KiB, as Python's zlib.compressobj(9, zlib.DEFLATED, -15) makes it. */
static const char golden[] = "06000123" "cb4fcacfc91f400c00";

static void
test_what_is_packed_unpacks(void)
{
    Ipcomp *ipcomp = ipcomp_new();

    for (gsize n = 0; n < PLAIN; n += 37) {
        g_autofree guint8 *plain = g_malloc(n + 1), *data = NULL;
        gsize n_packed, n_out;
        guint8 next, *out;

        for (gsize i = 0; i < n; i++)
            plain[i] = (guint8) (i % 50);
        data = g_memdup2(plain, n + 1);
        n_packed = ipcomp_pack(ipcomp, data, n, PROTO_TCP, 0x1234);
        if (n < IPCOMP_THRESHOLD) {
            g_assert_cmpuint(n_packed, ==, 0);
            continue;
        }
        g_assert_cmpuint(n_packed, >, IPCOMP_HEADER);
        g_assert_cmpuint(n_packed, <, n);
        g_assert_cmphex(get_u32(data), ==, PROTO_TCP << 24 | 0x1234);
        out = ipcomp_unpack(ipcomp, data, n_packed, &n_out, &next);
        g_assert_nonnull(out);
        g_assert_cmpuint(next, ==, PROTO_TCP);
        g_assert_cmpmem(out, n_out, plain, n);
    }
    ipcomp_free(ipcomp);
}

static void
test_noise_stays_as_it_is(void)
{
    Ipcomp *ipcomp = ipcomp_new();
    guint8 noise[1000], data[1000];

    for (gsize i = 0; i < sizeof noise; i++)
        noise[i] = (guint8) g_test_rand_int();
    memcpy(data, noise, sizeof noise);
    g_assert_cmpuint(ipcomp_pack(ipcomp, data, sizeof data, PROTO_TCP, 0x1234), ==, 0);
    g_assert_cmpmem(data, sizeof data, noise, sizeof noise);
    ipcomp_free(ipcomp);
}

static void
test_unpacks_what_was_made_elsewhere(void)
{
    g_autoptr(GBytes) bytes = obol_hex_parse(golden);
    Ipcomp *ipcomp = ipcomp_new();
    gsize n, n_out;
    guint8 next;
    const guint8 *data = g_bytes_get_data(bytes, &n), *out = ipcomp_unpack(ipcomp, data, n, &n_out, &next);

    g_assert_nonnull(out);
    g_assert_cmpuint(next, ==, PROTO_TCP);
    g_assert_cmpuint(n_out, ==, 4 * 32);
    for (gsize i = 0; i < n_out; i++)
        g_assert_cmpint(out[i], ==, "obol"[i % 4]);
    ipcomp_free(ipcomp);
}

/* A packet of 1228 bytes, as Linux 6.1 compressed it (ip xfrm, comp deflate). */
static void
test_unpacks_what_linux_packed(void)
{
    g_autoptr(GBytes) bytes = obol_hex_parse("0400030173656039f3d4dd81c141d0e62a1723032317130323f30bf60b2c3bf6"
                                             "84e427e5e78ce2513c8a47f150c000");
    Ipcomp *ipcomp = ipcomp_new();
    gsize n, n_out;
    guint8 next;
    const guint8 *data = g_bytes_get_data(bytes, &n), *out = ipcomp_unpack(ipcomp, data, n, &n_out, &next);
    Packet packet;

    g_assert_nonnull(out);
    g_assert_cmpuint(next, ==, PROTO_IPIP);
    g_assert_true(packet_parse(out, n_out, &packet));
    g_assert_cmpuint(packet.n, ==, n_out);
    g_assert_cmpuint(n_out, ==, 1228);
    g_assert_cmpmem(out + 1220, 8, "obolobol", 8);
    ipcomp_free(ipcomp);
}

static void
test_every_truncation_is_refused_and_no_bit_leads_outside(void)
{
    g_autoptr(GBytes) bytes = obol_hex_parse(golden);
    Ipcomp *ipcomp = ipcomp_new();
    gsize n, n_out;
    guint8 next;
    const guint8 *data = g_bytes_get_data(bytes, &n);

    for (gsize cut = 0; cut < n; cut++) {
        g_autofree guint8 *copy = g_memdup2(data, cut);

        g_assert_null(ipcomp_unpack(ipcomp, copy, cut, &n_out, &next));
    }
    for (gsize bit = 0; bit < n * 8; bit++) {
        g_autofree guint8 *copy = g_memdup2(data, n);

        copy[bit / 8] ^= (guint8) (1 << bit % 8);
        if (ipcomp_unpack(ipcomp, copy, n, &n_out, &next) != NULL)
            g_assert_cmpuint(n_out, <=, IPCOMP_UNPACKED_MAX);
    }
    ipcomp_free(ipcomp);
}

static void
test_a_bomb_is_refused(void)
{
    Ipcomp *ipcomp = ipcomp_new();

    for (gsize n = IPCOMP_UNPACKED_MAX - 1; n <= IPCOMP_UNPACKED_MAX * 20; n += IPCOMP_UNPACKED_MAX / 2) {
        g_autofree guint8 *zeros = g_malloc0(n), *bomb = g_malloc0(n);
        z_stream z = { .next_in = zeros, .avail_in = (uInt) n, .next_out = bomb + 4, .avail_out = (uInt) (n - 4) };
        gsize n_out;
        guint8 next;

        g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
        g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
        g_assert_cmpint(ipcomp_unpack(ipcomp, bomb, 4 + z.total_out, &n_out, &next) != NULL, ==, n <= IPCOMP_UNPACKED_MAX);
        deflateEnd(&z);
    }
    ipcomp_free(ipcomp);
}

static void
travel(const Tunnel *tunnel)
{
    static const gsize sizes[] = { 20, 1200, 700, 30 }; /* the small ones go as they are */
    World *world = world_new(tunnel);
    ObolSaId comp = world_comp_id(world, tunnel, &world->left);
    ObolKernelReply in = { .spi = 0 }, out = { .spi = 0 };

    world_policies(world, tunnel, FALSE);
    world_sas(world, tunnel);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        TestPacket packet, copy;
        Packet sent, arrived;

        world_make(world, &world->left, tunnel, sizes[i], &packet);
        copy = packet;
        side_outbound(world, &world->left, &copy);
        g_assert_cmpuint(world->left.n_sent, ==, 1);
        g_assert_cmpint(world->left.sent[0].datagram.n < sizes[i], ==, sizes[i] > 100);
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->right.n_got, ==, i + 1);
        g_assert_true(packet_parse(packet.data, packet.n, &sent));
        g_assert_true(packet_parse(world->right.got[i].data, world->right.got[i].n, &arrived));
        g_assert_cmpmem(&arrived.flow, sizeof arrived.flow, &sent.flow, sizeof sent.flow);
        g_assert_cmpmem(world->right.got[i].data + arrived.n_header, world->right.got[i].n - arrived.n_header,
                        packet.data + sent.n_header, packet.n - sent.n_header);
    }
    g_assert_true(side_request(world, &world->left, &(ObolKernelRequest) { .op = OBOL_KERNEL_QUERY_SA, .sa.id = comp }, &out));
    g_assert_true(side_request(world, &world->right, &(ObolKernelRequest) { .op = OBOL_KERNEL_QUERY_SA, .sa.id = comp }, &in));
    g_assert_cmpuint(out.usage.packets, ==, 2);
    g_assert_cmpuint(in.usage.packets, ==, 2);
    g_assert_cmpuint(in.usage.bytes, ==, out.usage.bytes);
    world_free(world);
}

static void
test_packets_travel_smaller_whatever_is_around_them(void)
{
    for (guint bits = 0; bits < 32; bits++) {
        Tunnel tunnel = {
            .ipcomp = TRUE, .udp = (bits & 3) == 1, .protocol = (bits & 3) == 2 ? OBOL_PROTO_AH : OBOL_PROTO_ESP,
            .v6_outside = (bits & 4) != 0, .v6_inside = (bits & 8) != 0,
            .mode = (bits & 16) != 0 ? OBOL_MODE_TRANSPORT : OBOL_MODE_TUNNEL, .tfc_padding = (bits & 3) == 3 ? 500 : 0,
        };

        travel(&tunnel);
    }
}

/* The peer may have an SA that we have not: then what it compresses is of no use, and what it does not is no tunnel of ours. */
static void
test_without_an_sa_nothing_compressed_comes_out(void)
{
    Tunnel tunnel = { .ipcomp = TRUE, .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_SA };

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    request.sa.id = world_comp_id(world, &tunnel, &world->left);
    g_assert_true(side_request(world, &world->right, &request, NULL));
    world_send(world, &world->left, &tunnel, 1000);
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 0);
    g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_COMPRESSED), ==, 1);
    g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_BROKEN), ==, 1);
    world_free(world);
}

/* Selectors are held against what was compressed, not against the compressed. */
static void
test_what_the_sa_does_not_allow_does_not_come_out(void)
{
    Tunnel tunnel = { .ipcomp = TRUE, .udp = TRUE }, narrow = { .ipcomp = TRUE, .udp = TRUE, .port_selectors = TRUE };
    World *world = world_new(&tunnel);
    TestPacket packet;
    SaRequest add;

    world_policies(world, &tunnel, FALSE);
    sa_request_init(&add, world, &world->right, &world->left, &narrow);
    g_assert_true(side_request(world, &world->right, &add.request, NULL));
    add.request.sa.id = world_comp_id(world, &tunnel, &world->left);
    add.request.sa.mode = OBOL_MODE_TUNNEL;
    g_assert_true(side_request(world, &world->right, &add.request, NULL));
    sa_request_clear(&add);
    sa_request_init(&add, world, &world->left, &world->left, &tunnel);
    g_assert_true(side_request(world, &world->left, &add.request, NULL));
    add.request.sa.id = world_comp_id(world, &tunnel, &world->left);
    add.request.sa.mode = OBOL_MODE_TUNNEL;
    g_assert_true(side_request(world, &world->left, &add.request, NULL));
    sa_request_clear(&add);
    for (guint port = 2000; port < 2002; port++) {
        test_packet_udp(&packet, "10.1.0.1", 1, "10.2.0.1", (guint16) port, 1000);
        side_outbound(world, &world->left, &packet);
        world_deliver(world, &world->left);
    }
    g_assert_cmpuint(world->right.n_got, ==, 1);
    g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_SELECTORS), ==, 1);
    world_free(world);
}

static void
test_noise_is_tried_ever_less_often(void)
{
    Tunnel tunnel = { .ipcomp = TRUE, .udp = TRUE };
    World *world = world_new(&tunnel);
    guint n_packed = 0;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < 1000; i++) {
        TestPacket packet;

        world_make(world, &world->left, &tunnel, 1000, &packet);
        for (gsize k = 0; i < 500 && k < 1000; k++)
            packet.data[28 + k] = (guint8) g_test_rand_int();
        side_outbound(world, &world->left, &packet);
        n_packed += world->left.sent[0].datagram.n < 500 ? 1 : 0;
        world->left.n_sent = 0;
    }
    g_assert_cmpuint(n_packed, >=, 500 - 64); /* and found again when that changes */
    world_free(world);
}

static void
test_cpis_are_of_their_range(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI, .sa = { .id = { .protocol = OBOL_PROTO_IPCOMP } } };
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    ObolKernelReply reply = { .spi = 0 };
    guint n = 0;

    for (; side_request(world, &world->left, &request, &reply); n++) {
        g_assert_cmpuint(reply.spi, >=, 256);
        g_assert_cmpuint(reply.spi, <=, 61439);
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(reply.spi)));
    }
    g_assert_cmpuint(n, >, 1000); /* and not all that there are */
    g_assert_cmpuint(n, <, 61439 - 256);
    side_refuses(world, &world->left, &request, OBOL_KERNEL_ERROR_LIMIT);
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "what-is-packed-unpacks", test_what_is_packed_unpacks },
        { "noise-stays-as-it-is", test_noise_stays_as_it_is },
        { "unpacks-what-was-made-elsewhere", test_unpacks_what_was_made_elsewhere },
        { "unpacks-what-linux-packed", test_unpacks_what_linux_packed },
        { "every-truncation-is-refused-and-no-bit-leads-outside", test_every_truncation_is_refused_and_no_bit_leads_outside },
        { "a-bomb-is-refused", test_a_bomb_is_refused },
        { "packets-travel-smaller-whatever-is-around-them", test_packets_travel_smaller_whatever_is_around_them },
        { "without-an-sa-nothing-compressed-comes-out", test_without_an_sa_nothing_compressed_comes_out },
        { "what-the-sa-does-not-allow-does-not-come-out", test_what_the_sa_does_not_allow_does_not_come_out },
        { "noise-is-tried-ever-less-often", test_noise_is_tried_ever_less_often },
        { "cpis-are-of-their-range", test_cpis_are_of_their_range },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/ipcomp/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
