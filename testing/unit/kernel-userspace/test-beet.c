/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-beet.c - bound end-to-end tunnels: addresses of the SA, IPv4 options in a pseudo-header. */
#include "plugins/kernel-userspace/beet.h"

#include "world.h"

/* The layout of Linux: a header of 4, NOPs so that the options end on a multiple of 8, the options. */
static void
test_options_lie_as_linux_lays_them(void)
{
    static const struct {
        gsize n_options;
        guint8 header[4];
        gsize n_all;
    } cases[] = {
        { 4, { PROTO_UDP, 0, 0, 0 }, 8 },   { 8, { PROTO_UDP, 1, 4, 0 }, 16 },  { 12, { PROTO_UDP, 1, 0, 0 }, 16 },
        { 36, { PROTO_UDP, 4, 0, 0 }, 40 }, { 40, { PROTO_UDP, 5, 4, 0 }, 48 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 room[64] = { 0 }, *payload = room + 60;
        gsize n_options = cases[i].n_options, n;
        BeetHeader parsed;

        memset(payload - n_options, 0x94, n_options);
        n = beet_wrap_options(payload, n_options, PROTO_UDP);
        g_assert_cmpuint(n, ==, cases[i].n_all);
        g_assert_cmpmem(payload - n, 4, cases[i].header, 4);
        for (gsize k = 4; k < n - n_options; k++)
            g_assert_cmpuint((payload - n)[k], ==, 1);
        for (gsize cut = 0; cut < n; cut++) {
            g_autofree guint8 *copy = g_memdup2(payload - n, cut);

            g_assert_false(beet_parse(copy, cut, &parsed));
        }
        g_assert_true(beet_parse(payload - n, n, &parsed));
        g_assert_cmpuint(parsed.n_all, ==, n);
        g_assert_cmpuint(parsed.next, ==, PROTO_UDP);
        g_assert_cmpmem(parsed.options, parsed.n_options, payload - n_options, n_options);
    }
}

/* What was inside of ESP with NULL encryption that Linux 6.1 sent: a router alert, a record route, a NOP; then UDP. */
static void
test_a_pseudo_header_of_linux_is_read(void)
{
    static const guint8 captured[] = {
        0x11, 0x01, 0x00, 0x01, 0x94, 0x04, 0x00, 0x00, 0x07, 0x07, 0x08, 0x0a, 0x01, 0x00, 0x01, 0x01,
        0x03, 0xe8, 0x07, 0xd0, 0x00, 0x10, 0x22, 0x74, 0x6f, 0x62, 0x6f, 0x6c, 0x6f, 0x62, 0x6f, 0x6c,
    };
    BeetHeader parsed;

    g_assert_true(beet_parse(captured, sizeof captured, &parsed));
    g_assert_cmpuint(parsed.next, ==, PROTO_UDP);
    g_assert_cmpuint(parsed.n_all, ==, 16);
    g_assert_cmpmem(parsed.options, parsed.n_options, captured + 4, 12);
}

static void
test_no_header_leads_outside(void)
{
    for (guint length = 0; length < 256; length++)
        for (guint pad = 0; pad < 256; pad++) {
            guint8 header[48] = { PROTO_UDP, (guint8) length, (guint8) pad };
            g_autofree guint8 *exact = g_memdup2(header, sizeof header);
            BeetHeader parsed;

            if (!beet_parse(exact, sizeof header, &parsed))
                continue;
            g_assert_cmpuint(parsed.n_all, <=, sizeof header);
            g_assert_true(parsed.options >= exact && parsed.options + parsed.n_options <= exact + sizeof header);
            g_assert_cmpuint(parsed.n_options, <=, 40);
        }
}

static void
travel(const Tunnel *tunnel, gboolean options)
{
    World *world = world_new(tunnel);
    TestPacket packet, copy;
    Packet sent, arrived;

    world_policies(world, tunnel, FALSE);
    world_sas(world, tunnel);
    world_make(world, &world->left, tunnel, 100, &packet);
    if (options)
        test_packet_add_options(&packet);
    copy = packet;
    g_assert_true(packet_parse(packet.data, packet.n, &sent));
    side_outbound(world, &world->left, &copy);
    g_assert_cmpuint(world->left.n_sent, ==, 1);
    /* No inner header: ESP's header, IV and ICV are 32, padding and trailer at most 5, a pseudo-header 8. */
    g_assert_cmpuint(world->left.sent[0].datagram.n, <=, 108 + 32 + 5 + (options ? 8 : 0));
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    g_assert_true(packet_parse(world->right.got[0].data, world->right.got[0].n, &arrived));
    g_assert_cmpmem(&arrived.flow, sizeof arrived.flow, &sent.flow, sizeof sent.flow);
    g_assert_cmpint(arrived.options, ==, sent.options);
    g_assert_cmpmem(world->right.got[0].data + IP4_HEADER * (options ? 1 : 0) + (options ? 0 : arrived.n_header),
                    packet.n - (options ? IP4_HEADER : sent.n_header),
                    packet.data + (options ? IP4_HEADER : sent.n_header), packet.n - (options ? IP4_HEADER : sent.n_header));
    g_assert_true(test_checksum_is_right(world->right.got[0].data, &arrived));
    if (!tunnel->v6_inside)
        g_assert_cmphex(checksum_finish(checksum_add(0, world->right.got[0].data, arrived.n_header)), ==, 0);
    world_free(world);
}

static void
test_packets_travel_whatever_the_families(void)
{
    for (guint bits = 0; bits < 8; bits++) {
        Tunnel tunnel = {
            .mode = OBOL_MODE_BEET, .udp = (bits & 1) != 0, .v6_outside = (bits & 2) != 0, .v6_inside = (bits & 4) != 0,
        };

        travel(&tunnel, FALSE);
        if (!tunnel.v6_inside)
            travel(&tunnel, TRUE);
    }
}

static void
test_what_can_not_be_bound_is_refused(void)
{
    Tunnel tunnel = { .mode = OBOL_MODE_BEET }, wide = { .mode = OBOL_MODE_TUNNEL };
    World *world = world_new(&tunnel);
    SaRequest add;

    sa_request_init(&add, world, &world->left, &world->left, &wide);
    add.request.sa.mode = OBOL_MODE_BEET; /* a network has no one address */
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_UNSUPPORTED);
    sa_request_clear(&add);
    tunnel.protocol = OBOL_PROTO_AH;
    sa_request_init(&add, world, &world->left, &world->left, &tunnel);
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_UNSUPPORTED);
    sa_request_clear(&add);
    world_free(world);
}

/* A hop-by-hop header is lost with the IPv6 header: so the packet is not sent. */
static void
test_ipv6_hop_by_hop_headers_are_not_lost_silently(void)
{
    Tunnel tunnel = { .mode = OBOL_MODE_BEET, .v6_inside = TRUE };
    World *world = world_new(&tunnel);
    TestPacket packet;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_make(world, &world->left, &tunnel, 100, &packet);
    test_packet_add_options(&packet);
    side_outbound(world, &world->left, &packet);
    g_assert_cmpuint(world->left.n_sent, ==, 0);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_TRANSPORT), ==, 1);
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "options-lie-as-linux-lays-them", test_options_lie_as_linux_lays_them },
        { "a-pseudo-header-of-linux-is-read", test_a_pseudo_header_of_linux_is_read },
        { "no-header-leads-outside", test_no_header_leads_outside },
        { "packets-travel-whatever-the-families", test_packets_travel_whatever_the_families },
        { "what-can-not-be-bound-is-refused", test_what_can_not_be_bound_is_refused },
        { "ipv6-hop-by-hop-headers-are-not-lost-silently", test_ipv6_hop_by_hop_headers_are_not_lost_silently },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/beet/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
