/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-core.c - packets from gateway to gateway: what passes, and what does not. */
#include "world.h"

/* Equal but for what a header made anew may change. */
static void
assert_arrived(const Side *side, guint i, const TestPacket *sent, const Tunnel *tunnel)
{
    const TestPacket *got = &side->got[i];
    gsize n_header = sent->data[0] >> 4 == 4 ? IP4_HEADER : IP6_HEADER;
    Packet packet;

    g_assert_cmpuint(i, <, side->n_got);
    g_assert_true(packet_parse(got->data, got->n, &packet));
    if (tunnel->mode == OBOL_MODE_TUNNEL) {
        g_assert_cmpmem(got->data, got->n, sent->data, sent->n);
        return;
    }
    g_assert_cmpmem(got->data + n_header, got->n - n_header, sent->data + n_header, sent->n - n_header);
    g_assert_cmpmem(packet.flow.addresses[FLOW_SOURCE], 4, sent->data[0] >> 4 == 4 ? sent->data + 12 : sent->data + 8, 4);
    if (n_header == IP4_HEADER)
        g_assert_cmphex(checksum_finish(checksum_add(0, got->data, IP4_HEADER)), ==, 0);
}

static void
travel(const Tunnel *tunnel)
{
    World *world = world_new(tunnel);
    TestPacket there, back;

    world_policies(world, tunnel, FALSE);
    world_sas(world, tunnel);
    for (guint i = 0; i < 5; i++) {
        world_make(world, &world->left, tunnel, 100 + i, &there);
        world_make(world, &world->right, tunnel, 200 + i, &back);
        world_send(world, &world->left, tunnel, 100 + i);
        world_send(world, &world->right, tunnel, 200 + i);
        g_assert_cmpuint(world->left.n_sent, ==, 1);
        g_assert_cmpint(world->left.sent[0].plain, ==, !tunnel->udp);
        g_assert_true(world->left.sent[0].datagram.esp);
        world_deliver(world, &world->left);
        world_deliver(world, &world->right);
        assert_arrived(&world->right, i, &there, tunnel);
        assert_arrived(&world->left, i, &back, tunnel);
    }
    g_assert_cmpuint(side_dropped_all(&world->left) + side_dropped_all(&world->right), ==, 0);
    world_free(world);
}

static void
test_packets_travel_whatever_the_families(void)
{
    for (guint bits = 0; bits < 16; bits++) {
        Tunnel tunnel = {
            .udp = (bits & 1) != 0, .v6_outside = (bits & 2) != 0, .v6_inside = (bits & 4) != 0, .esn = (bits & 8) != 0,
        };

        travel(&tunnel);
        tunnel.mode = OBOL_MODE_TRANSPORT;
        travel(&tunnel);
    }
}

static void
test_a_batch_leaves_in_one_call_in_its_order(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    static TestPacket packets[CORE_BATCH];
    CorePacket batch[CORE_BATCH];

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < CORE_BATCH; i++) {
        world_make(world, &world->left, &tunnel, i, &packets[i]);
        batch[i] = (CorePacket) { packets[i].data, packets[i].n, CORE_TAILROOM };
    }
    core_outbound(world->left.core, batch, CORE_BATCH, world->now_us);
    g_assert_cmpuint(world->left.n_sent, ==, CORE_BATCH);
    for (guint i = 0; i < CORE_BATCH; i++)
        g_assert_cmpuint(get_u32(world->left.sent[i].data + 4), ==, i + 1);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, CORE_BATCH);
    world_free(world);
}

static void
test_plain_packets_never_leave_without_an_sa(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, FALSE);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_sent + world->left.n_clear, ==, 0);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_NO_SA), ==, 1);
    world_free(world);
}

static void
test_packets_outside_every_policy_are_dropped(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    TestPacket packet;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    test_packet_udp(&packet, "192.0.2.1", 1, "10.2.0.1", 2, 10);
    side_outbound(world, &world->left, &packet);
    g_assert_cmpuint(world->left.n_sent + world->left.n_clear, ==, 0);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_NO_POLICY), ==, 1);
    world_free(world);
}

static void
test_pass_and_drop_policies_do_so(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY, .policy = { .direction = OBOL_DIR_OUT } };

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    g_assert_true(obol_ts_parse("10.1.0.1[udp]", &request.policy.source, NULL));
    g_assert_true(obol_ts_parse("10.2.0.1[udp/2000]", &request.policy.destination, NULL));
    request.policy.action = OBOL_POLICY_PASS;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_clear, ==, 1);
    request.policy.action = OBOL_POLICY_DROP;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_clear, ==, 1);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_POLICY), ==, 1);
    g_assert_cmpuint(world->left.n_sent, ==, 0);
    world_free(world);
}

/* RFC 4301 section 5.2: the peer's SA allows UDP port 2000 of one host's network; anything else in it is an attack. */
static void
test_what_the_sa_does_not_allow_does_not_come_out(void)
{
    Tunnel narrow = { .udp = TRUE, .port_selectors = TRUE }, wide = { .udp = TRUE };
    static const struct {
        const char *from, *to;
        guint16 port;
        gboolean allowed;
    } cases[] = {
        { "10.1.0.1", "10.2.0.1", 2000, TRUE },  { "10.1.0.1", "10.2.0.1", 2001, FALSE },
        { "10.9.0.1", "10.2.0.1", 2000, FALSE }, { "10.1.0.1", "10.2.1.1", 2000, FALSE },
        { "192.0.2.9", "10.2.0.1", 2000, FALSE }, { "10.1.0.255", "10.2.0.255", 2000, TRUE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        World *world = world_new(&narrow), *liar = world_new(&wide);
        ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY, .policy = { .direction = OBOL_DIR_OUT, .reqid = 1 } };
        g_autoptr(ObolSecret) key = obol_secret_new(20);
        g_autoptr(GArray) any = g_array_new(FALSE, FALSE, sizeof(ObolTs));
        ObolKernelRequest add = {
            .op = OBOL_KERNEL_ADD_SA,
            .sa = { .id = world_sa_id(liar, &wide, &liar->left), .reqid = 1, .udp_encap = TRUE, .encr_key = key,
                    .suite = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 },
                    .source_ts = any, .destination_ts = any },
        };
        TestPacket packet;

        memset(key->bytes, (int) add.sa.id.spi, key->n);
        obol_ts_parse("0.0.0.0/0", &request.policy.source, NULL);
        request.policy.destination = request.policy.source;
        request.policy.protocol = OBOL_PROTO_ESP;
        g_array_append_val(any, request.policy.source);
        g_assert_true(side_request(liar, &liar->left, &request, NULL));
        g_assert_true(side_request(liar, &liar->left, &add, NULL)); /* the same keys, but no limits of its own */
        world_sas(world, &narrow);
        test_packet_udp(&packet, cases[i].from, 7, cases[i].to, cases[i].port, 10);
        side_outbound(liar, &liar->left, &packet);
        g_assert_cmpuint(liar->left.n_sent, ==, 1);
        world->left.sent[0] = liar->left.sent[0];
        world->left.sent[0].datagram.data = world->left.sent[0].data;
        world->left.n_sent = 1;
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->right.n_got, ==, cases[i].allowed ? 1 : 0);
        g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_SELECTORS), ==, cases[i].allowed ? 0 : 1);
        world_free(world);
        world_free(liar);
    }
}

static void
test_replays_and_strangers_are_counted_and_dropped(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    Sent copy;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_send(world, &world->left, &tunnel, 10);
    copy = world->left.sent[0];
    world_deliver(world, &world->left);
    copy.datagram.data = copy.data;
    for (guint i = 0; i < 3; i++) {
        world->left.sent[0] = copy;
        world->left.sent[0].datagram.data = world->left.sent[0].data;
        world->left.sent[0].data[i == 0 ? 7 : 0] ^= i == 0 ? 0 : 0x80; /* a replay; an unknown SPI */
        world->left.sent[0].plain = FALSE;
        world->left.n_sent = 1;
        world_deliver(world, &world->left);
    }
    world->left.sent[0] = copy;
    world->left.sent[0].plain = TRUE; /* plain, though UDP was agreed */
    world->left.n_sent = 1;
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_REPLAYED), ==, 1);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_NO_SA), ==, 2);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_ENCAPSULATION), ==, 1);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    world_free(world);
}

static void
test_transport_mode_repairs_checksums_behind_nat(void)
{
    Tunnel tunnel = { .udp = TRUE, .mode = OBOL_MODE_TRANSPORT };
    World *world = world_new(&tunnel);
    TestPacket packet;
    Packet parsed;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_make(world, &world->left, &tunnel, 33, &packet);
    put_u16(packet.data + IP4_HEADER + 6, 0x1234); /* made with an address that a NAT has changed since */
    side_outbound(world, &world->left, &packet);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    g_assert_true(packet_parse(world->right.got[0].data, world->right.got[0].n, &parsed));
    g_assert_true(test_checksum_is_right(world->right.got[0].data, &parsed));
    world_free(world);
}

static void
test_transport_mode_puts_fragments_together_first(void)
{
    Tunnel tunnel = { .mode = OBOL_MODE_TRANSPORT };
    World *world = world_new(&tunnel);
    TestPacket whole, piece;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_make(world, &world->left, &tunnel, 2000, &whole);
    for (guint i = 0; i < 2; i++) {
        gsize at = i * 1024, n = MIN(1024, whole.n - IP4_HEADER - at);

        memset(&piece, 0, sizeof piece);
        memcpy(piece.data, whole.data, IP4_HEADER);
        memcpy(piece.data + IP4_HEADER, whole.data + IP4_HEADER + at, n);
        piece.n = IP4_HEADER + n;
        put_u16(piece.data + 2, (guint16) piece.n);
        put_u16(piece.data + 6, (guint16) (at / 8 | (i == 0 ? 0x2000 : 0)));
        checksum_ipv4(piece.data);
        side_outbound(world, &world->left, &piece);
        g_assert_cmpuint(world->left.n_sent, ==, i);
    }
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    assert_arrived(&world->right, 0, &whole, &tunnel);
    world_free(world);
}

/* Plain: the header is ours then.  Not in UDP, whose header is the system's. */
static void
test_transport_mode_leaves_header_options_outside(void)
{
    for (guint i = 0; i < 4; i++) {
        Tunnel tunnel = { .mode = OBOL_MODE_TRANSPORT, .udp = (i & 1) != 0, .v6_outside = (i & 2) != 0 };
        World *world = world_new(&tunnel);
        TestPacket packet;
        Packet parsed;

        world_policies(world, &tunnel, FALSE);
        world_sas(world, &tunnel);
        world_make(world, &world->left, &tunnel, 100, &packet);
        test_packet_add_options(&packet);
        side_outbound(world, &world->left, &packet);
        g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_TRANSPORT), ==, tunnel.udp ? 1 : 0);
        g_assert_cmpuint(world->left.n_sent, ==, tunnel.udp ? 0 : 1);
        if (!tunnel.udp) {
            const Sent *sent = &world->left.sent[0];

            g_assert_true(sent->whole && packet_parse(sent->data, sent->datagram.n, &parsed));
            g_assert_true(parsed.options);
            g_assert_cmpuint(parsed.flow.protocol, ==, PROTO_ESP);
            g_assert_cmphex(get_u32(sent->data + parsed.n_header), ==, world_sa_id(world, &tunnel, &world->left).spi);
        }
        world_free(world);
    }
}

static void
test_a_packet_that_is_too_big_is_answered(void)
{
    for (guint v6 = 0; v6 < 2; v6++) {
        Tunnel tunnel = { .udp = TRUE, .v6_inside = v6 != 0 };
        World *world = world_new(&tunnel);
        TestPacket packet;
        Packet answer;

        world_policies(world, &tunnel, FALSE);
        world_sas(world, &tunnel);
        world_make(world, &world->left, &tunnel, 1440, &packet);
        if (!v6) {
            put_u16(packet.data + 6, 0x4000); /* DF */
            checksum_ipv4(packet.data);
        }
        side_outbound(world, &world->left, &packet);
        g_assert_cmpuint(world->left.n_sent, ==, 0);
        g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_TOO_BIG), ==, 1);
        g_assert_cmpuint(world->left.n_got, ==, 1); /* to its own host */
        g_assert_true(packet_parse(world->left.got[0].data, world->left.got[0].n, &answer));
        g_assert_cmpuint(answer.flow.protocol, ==, v6 ? PROTO_ICMPV6 : PROTO_ICMP);
        if (!v6) { /* and what may be fragmented is sent */
            put_u16(packet.data + 6, 0);
            checksum_ipv4(packet.data);
            side_outbound(world, &world->left, &packet);
            g_assert_cmpuint(world->left.n_sent, ==, 1);
        }
        world_free(world);
    }
}

static void
test_tfc_padding_makes_all_packets_alike(void)
{
    Tunnel tunnel = { .udp = TRUE, .tfc_padding = 1000 };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (gsize n = 1; n < 900; n += 100)
        world_send(world, &world->left, &tunnel, n);
    for (guint i = 1; i < world->left.n_sent; i++)
        g_assert_cmpuint(world->left.sent[i].datagram.n, ==, world->left.sent[0].datagram.n);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 9);
    g_assert_cmpuint(world->right.got[0].n, ==, IP4_HEADER + 8 + 1);
    world_free(world);
}

static void
test_congestion_outside_is_felt_inside(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    TestPacket packet;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < 2; i++) { /* not ECN-capable, then ECT(0) with EF */
        guint8 tos = i == 0 ? 0 : 0xba;

        world_make(world, &world->left, &tunnel, 10, &packet);
        packet.data[1] = tos;
        checksum_ipv4(packet.data);
        side_outbound(world, &world->left, &packet);
        g_assert_cmphex(world->left.sent[0].datagram.tos, ==, tos);
        world->left.sent[0].datagram.tos |= 3; /* a router on the way */
        world_deliver(world, &world->left);
    }
    g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_ECN), ==, 1);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    g_assert_cmphex(world->right.got[0].data[1], ==, 0xbb);
    g_assert_cmphex(checksum_finish(checksum_add(0, world->right.got[0].data, IP4_HEADER)), ==, 0);
    world_free(world);
}

static void
test_what_the_device_does_not_take_is_counted(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world->right.device_full = TRUE;
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_DEVICE), ==, 1);
    world_free(world);
}

/* Whatever the host sends, and whatever comes from the wire. */
static void
test_rubbish_does_no_harm(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, TRUE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < 5000; i++) {
        gsize n = (gsize) g_test_rand_int_range(0, 120);
        g_autofree guint8 *room = g_malloc0(CORE_HEADROOM + n + CORE_TAILROOM), *wire = g_malloc(n + 1);
        CorePacket packet = { room + CORE_HEADROOM, n, CORE_TAILROOM };
        ObolDatagram datagram = { .local = world->left.outer, .remote = world->right.outer, .data = wire, .n = n };
        TestPacket good;

        world_make(world, &world->left, &tunnel, 80, &good);
        memcpy(packet.data, good.data, MIN(n, good.n));
        for (gsize k = 0; k < n; k++) {
            wire[k] = (guint8) g_test_rand_int();
            if (g_test_rand_int_range(0, 20) == 0)
                packet.data[k] = (guint8) g_test_rand_int();
        }
        if (n >= 4 && g_test_rand_bit())
            put_u32(wire, world_sa_id(world, &tunnel, &world->right).spi);
        core_outbound(world->left.core, &packet, 1, world->now_us);
        core_inbound(world->left.core, &datagram, 1, TRUE, world->now_us);
        world->left.n_sent = world->left.n_got = 0;
    }
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "packets-travel-whatever-the-families", test_packets_travel_whatever_the_families },
        { "a-batch-leaves-in-one-call-in-its-order", test_a_batch_leaves_in_one_call_in_its_order },
        { "plain-packets-never-leave-without-an-sa", test_plain_packets_never_leave_without_an_sa },
        { "packets-outside-every-policy-are-dropped", test_packets_outside_every_policy_are_dropped },
        { "pass-and-drop-policies-do-so", test_pass_and_drop_policies_do_so },
        { "what-the-sa-does-not-allow-does-not-come-out", test_what_the_sa_does_not_allow_does_not_come_out },
        { "replays-and-strangers-are-counted-and-dropped", test_replays_and_strangers_are_counted_and_dropped },
        { "transport-mode-repairs-checksums-behind-nat", test_transport_mode_repairs_checksums_behind_nat },
        { "transport-mode-puts-fragments-together-first", test_transport_mode_puts_fragments_together_first },
        { "transport-mode-leaves-header-options-outside", test_transport_mode_leaves_header_options_outside },
        { "a-packet-that-is-too-big-is-answered", test_a_packet_that_is_too_big_is_answered },
        { "tfc-padding-makes-all-packets-alike", test_tfc_padding_makes_all_packets_alike },
        { "congestion-outside-is-felt-inside", test_congestion_outside_is_felt_inside },
        { "what-the-device-does-not-take-is-counted", test_what_the_device_does_not_take_is_counted },
        { "rubbish-does-no-harm", test_rubbish_does_no_harm },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/core/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
