/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-requests.c - SPIs, lifetimes, traps, moves: the kernel role, in virtual time. */
#include "world.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

static gboolean
simple(World *world, Side *side, ObolKernelOp op, const ObolSaId *id, ObolKernelReply *reply)
{
    ObolKernelRequest request = { .op = op, .sa = { .id = *id } };

    return side_request(world, side, &request, reply);
}

static void
test_spis_are_kept_for_165_seconds(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolSaId id = { .destination = world->left.outer, .protocol = OBOL_PROTO_ESP };
    ObolKernelReply reply = { .spi = 0 };

    g_assert_true(simple(world, &world->left, OBOL_KERNEL_GET_SPI, &id, &reply));
    g_assert_cmpuint(reply.spi, >=, 256);
    g_assert_cmpint(core_next_us(world->left.core), ==, world->now_us + 165 * SECOND);
    id.spi = reply.spi;
    world_advance(world, 164 * SECOND);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &id, NULL)); /* still there: released */
    id.spi = 0;
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_GET_SPI, &id, &reply));
    id.spi = reply.spi;
    world_advance(world, 166 * SECOND);
    g_assert_false(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &id, NULL));
    g_assert_cmpint(core_next_us(world->left.core), ==, -1);
    world_free(world);
}

static void
test_reserved_spis_have_a_limit(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolSaId id = { .destination = world->left.outer, .protocol = OBOL_PROTO_ESP };
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    ObolKernelReply reply;
    guint n = 0;

    while (simple(world, &world->left, OBOL_KERNEL_GET_SPI, &id, &reply)) {
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(reply.spi)));
        n++;
    }
    g_assert_cmpuint(n, ==, 65536);
    world_advance(world, 166 * SECOND);
    while (core_next_us(world->left.core) >= 0) /* a tick does a bounded number */
        world_advance(world, 0);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_GET_SPI, &id, &reply));
    world_free(world);
}

static void
test_counters_tell_what_passed(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolSaId id = world_sa_id(world, &tunnel, &world->left);
    ObolKernelReply out, in;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_QUERY_SA, &id, &out));
    g_assert_cmpint(out.usage.last_used_us, ==, 0);
    for (guint i = 0; i < 10; i++)
        world_send(world, &world->left, &tunnel, 72);
    world_deliver(world, &world->left);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_QUERY_SA, &id, &out));
    g_assert_true(simple(world, &world->right, OBOL_KERNEL_QUERY_SA, &id, &in));
    g_assert_cmpuint(out.usage.packets, ==, 10);
    g_assert_cmpuint(out.usage.bytes, ==, 1000);
    g_assert_cmpint(out.usage.last_used_us, ==, world->now_us);
    g_assert_cmpuint(in.usage.packets, ==, 10);
    g_assert_cmpuint(in.usage.bytes, ==, 1000);
    world_free(world);
}

static void
assert_expired(const Side *side, guint i, gboolean hard, guint32 spi)
{
    g_assert_cmpuint(i, <, side->n_events);
    g_assert_cmpint(side->events[i].kind, ==, OBOL_KERNEL_EXPIRE);
    g_assert_cmpint(side->events[i].hard, ==, hard);
    g_assert_cmphex(side->events[i].sa.spi, ==, spi);
}

static void
use_up(const ObolLifetimes *lifetimes)
{
    Tunnel tunnel = { .udp = TRUE, .lifetimes = *lifetimes };
    World *world = world_new(&tunnel);
    guint32 spi = world_sa_id(world, &tunnel, &world->left).spi;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 1; i <= 20; i++) {
        world_send(world, &world->left, &tunnel, 72);
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->left.n_events, ==, i < 5 ? 0 : i < 10 ? 1 : 2);
    }
    assert_expired(&world->left, 0, FALSE, spi);
    assert_expired(&world->left, 1, TRUE, spi);
    assert_expired(&world->right, 0, FALSE, spi);
    assert_expired(&world->right, 1, TRUE, spi);
    g_assert_cmpuint(world->right.n_got, ==, 10); /* the tenth was the last */
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_EXPIRED), ==, 10);
    world_free(world);
}

static void
test_bytes_and_packets_end_an_sa(void)
{
    use_up(&(ObolLifetimes) { .soft_packets = 5, .hard_packets = 10 });
    use_up(&(ObolLifetimes) { .soft_bytes = 500, .hard_bytes = 1000 });
}

static void
test_time_ends_an_sa(void)
{
    Tunnel tunnel = { .udp = TRUE, .lifetimes = { .soft_us = 50 * SECOND, .hard_us = 60 * SECOND } };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_advance(world, 49 * SECOND);
    g_assert_cmpuint(world->left.n_events, ==, 0);
    world_advance(world, 1 * SECOND);
    g_assert_cmpuint(world->left.n_events, ==, 2); /* both directions */
    g_assert_false(world->left.events[0].hard);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_sent, ==, 1);
    world_advance(world, 10 * SECOND);
    g_assert_cmpuint(world->left.n_events, ==, 4);
    g_assert_true(world->left.events[3].hard);
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_EXPIRED), ==, 1);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_sent, ==, 0);
    g_assert_cmpint(core_next_us(world->left.core), ==, -1);
    world_free(world);
}

static void
test_a_deleted_sa_has_no_deadlines(void)
{
    Tunnel tunnel = { .udp = TRUE, .lifetimes = { .soft_us = 50 * SECOND } };
    World *world = world_new(&tunnel);
    ObolSaId out = world_sa_id(world, &tunnel, &world->left), in = world_sa_id(world, &tunnel, &world->right);

    world_sas(world, &tunnel);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &out, NULL));
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &in, NULL));
    g_assert_false(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &in, NULL));
    g_assert_cmpint(core_next_us(world->left.core), ==, -1);
    world_advance(world, 100 * SECOND);
    g_assert_cmpuint(world->left.n_events, ==, 0);
    world_free(world);
}

static void
test_a_trap_asks_once_and_lets_go_what_waited(void)
{
    Tunnel tunnel = { .udp = TRUE, .reqid = 7 };
    World *world = world_new(&tunnel);
    const ObolKernelEvent *asked = &world->left.events[0];

    world_policies(world, &tunnel, TRUE);
    for (guint i = 0; i < 50; i++)
        world_send(world, &world->left, &tunnel, 10 + i);
    g_assert_cmpuint(world->left.n_events, ==, 1);
    g_assert_cmpint(asked->kind, ==, OBOL_KERNEL_ACQUIRE);
    g_assert_cmpuint(asked->reqid, ==, 7);
    g_assert_cmpuint(asked->source.protocol, ==, PROTO_UDP);
    g_assert_cmpuint(asked->source.port_first, ==, 1000);
    g_assert_cmpuint(asked->destination.port_last, ==, 2000);
    g_assert_cmpmem(asked->source.first, 4, asked->source.last, 4);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_HELD), ==, 46);
    world_sas(world, &tunnel);
    g_assert_cmpuint(world->left.n_sent, ==, 4);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 4);
    g_assert_cmpuint(world->right.got[0].n, ==, IP4_HEADER + 8 + 10); /* in their order */
    world_free(world);
}

static void
test_a_trap_nobody_answers_asks_again_later(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, TRUE);
    world_send(world, &world->left, &tunnel, 10);
    world_advance(world, 164 * SECOND);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_events, ==, 1);
    world_advance(world, 2 * SECOND);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_events, ==, 2);
    world_free(world);
}

static void
test_waiting_policies_have_a_limit(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    guint n_asked = 0;

    for (guint i = 0; i < 1100; i++) {
        g_autofree char *to = g_strdup_printf("10.3.%u.%u", i >> 8, i & 0xff);
        ObolKernelRequest request = {
            .op = OBOL_KERNEL_ADD_POLICY,
            .policy = { .direction = OBOL_DIR_OUT, .reqid = i + 1, .protocol = OBOL_PROTO_ESP, .trap = TRUE },
        };
        TestPacket packet;

        g_assert_true(obol_ts_parse("0.0.0.0/0", &request.policy.source, NULL));
        g_assert_true(obol_ts_parse(to, &request.policy.destination, NULL));
        g_assert_true(side_request(world, &world->left, &request, NULL));
        test_packet_udp(&packet, "10.1.0.1", 1, to, 2, 10);
        side_outbound(world, &world->left, &packet);
        n_asked += world->left.n_events;
        world->left.n_events = 0;
    }
    g_assert_cmpuint(n_asked, ==, 1024);
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_HELD), ==, 1100 - 1024);
    world_free(world);
}

static void
test_a_trap_that_goes_takes_its_packets_along(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_FLUSH };

    world_policies(world, &tunnel, TRUE);
    world_send(world, &world->left, &tunnel, 10);
    g_assert_true(side_request(world, &world->left, &request, NULL));
    g_assert_cmpint(core_next_us(world->left.core), ==, -1);
    world_sas(world, &tunnel);
    g_assert_cmpuint(world->left.n_sent, ==, 0);
    world_free(world);
}

static void
test_the_newest_sa_serves_and_the_old_one_still_hears(void)
{
    Tunnel old = { .udp = TRUE, .spi = 0x1000 }, new = { .udp = TRUE, .spi = 0x2000 };
    World *world = world_new(&old);
    ObolSaId id = world_sa_id(world, &new, &world->left);

    world_policies(world, &old, FALSE);
    world_sas(world, &old);
    world_send(world, &world->left, &old, 10); /* still on its way when the new SAs come */
    world_sas(world, &new);
    world_send(world, &world->left, &old, 10);
    g_assert_cmphex(get_u32(world->left.sent[0].data), ==, world_sa_id(world, &old, &world->left).spi);
    g_assert_cmphex(get_u32(world->left.sent[1].data), ==, id.spi);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 2);
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_DELETE_SA, &id, NULL));
    world_send(world, &world->left, &old, 10);
    g_assert_cmphex(get_u32(world->left.sent[0].data), ==, world_sa_id(world, &old, &world->left).spi);
    world_free(world);
}

/* A rekey, step by step, while packets of the step before are still on their way: RFC 7296 section 2.8 has both inbound SAs there
 * before the first packet for them, and the old ones until the last packet of theirs. */
static void
test_a_rekey_under_way_loses_nothing(void)
{
    Tunnel old = { .udp = TRUE, .spi = 0x1000 }, new = { .udp = TRUE, .spi = 0x2000 };
    World *world = world_new(&old);
    Side *left = &world->left, *right = &world->right;
    const struct {
        Side *at, *from;
        gboolean add;
    } steps[] = {
        { right, left, TRUE },  /* the responder: what it will get, and what it sends */
        { right, right, TRUE },
        { left, right, TRUE },  /* the initiator, who reads the answer: likewise */
        { left, left, TRUE },
        { left, left, FALSE },  /* the old ones, as the exchange that deletes them goes */
        { right, right, FALSE },
        { right, left, FALSE },
        { left, right, FALSE },
    };

    world_policies(world, &old, FALSE);
    world_sas(world, &old);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        ObolSaId id = world_sa_id(world, &old, steps[i].from);

        for (guint k = 0; k < 5; k++) {
            world_send(world, left, &old, 100);
            world_send(world, right, &old, 100);
        }
        if (steps[i].add)
            world_add_sa(world, steps[i].at, steps[i].from, &new);
        else
            g_assert_true(simple(world, steps[i].at, OBOL_KERNEL_DELETE_SA, &id, NULL));
        world_deliver(world, left);
        world_deliver(world, right);
    }
    g_assert_cmpuint(left->n_got, ==, 5 * G_N_ELEMENTS(steps));
    g_assert_cmpuint(right->n_got, ==, 5 * G_N_ELEMENTS(steps));
    g_assert_cmpuint(side_dropped_all(left) + side_dropped_all(right), ==, 0);
    world_free(world);
}

static void
test_an_sa_moves_to_new_addresses(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA, .sa = { .id = world_sa_id(world, &tunnel, &world->left) } };
    ObolSaId old = request.sa.id;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    request.to = old;
    request.to_udp_encap = TRUE;
    request.to.destination.port = 31000; /* a NAT has moved it */
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    g_assert_true(obol_endpoint_equal(&world->left.sent[0].datagram.remote, &request.to.destination));
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_QUERY_SA, &old, NULL)); /* the port is no part of its name */
    request.to.destination.bytes[3] = 99;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    g_assert_false(simple(world, &world->left, OBOL_KERNEL_QUERY_SA, &old, NULL));
    g_assert_true(simple(world, &world->left, OBOL_KERNEL_QUERY_SA, &request.to, NULL));
    g_assert_false(side_request(world, &world->left, &request, NULL)); /* not there any more */
    world_free(world);
}

static void
test_a_new_mapping_is_told_for_authentic_packets_and_seldom(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    guint16 ports[] = { 31000, 31000, 31001, 31002, 4500 };

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < G_N_ELEMENTS(ports); i++) {
        world_send(world, &world->left, &tunnel, 10);
        world->left.sent[0].datagram.local.port = ports[i];
        world_deliver(world, &world->left);
    }
    g_assert_cmpuint(world->right.n_got, ==, 5);
    g_assert_cmpuint(world->right.n_events, ==, 1);
    g_assert_cmpint(world->right.events[0].kind, ==, OBOL_KERNEL_MAPPING);
    g_assert_cmpuint(world->right.events[0].mapped.port, ==, 31000);
    world_advance(world, 2 * SECOND);
    world_send(world, &world->left, &tunnel, 10);
    world->left.sent[0].datagram.local.port = 31001;
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_events, ==, 2);
    world_send(world, &world->left, &tunnel, 10);
    world->left.sent[0].datagram.local.port = 31009;
    world->left.sent[0].data[20] ^= 1; /* a forger's place is of no interest */
    world_advance(world, 2 * SECOND);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_events, ==, 2);
    world_free(world);
}

static void
test_the_same_sa_twice_is_refused(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    g_autoptr(ObolSecret) key = obol_secret_new(20);
    g_autoptr(GArray) any = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    ObolKernelRequest request = {
        .op = OBOL_KERNEL_ADD_SA,
        .sa = { .id = world_sa_id(world, &tunnel, &world->left), .reqid = 1, .udp_encap = TRUE, .encr_key = key,
                .suite = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 },
                .source_ts = any, .destination_ts = any },
    };
    ObolTs ts;

    g_assert_false(side_request(world, &world->left, &request, NULL)); /* no selectors */
    obol_ts_from_address(&world->left.outer, &ts);
    g_array_append_val(any, ts);
    request.sa.suite.encr_bits = 256;
    g_assert_false(side_request(world, &world->left, &request, NULL)); /* the key is too short */
    request.sa.suite.encr_bits = 128;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    g_assert_false(side_request(world, &world->left, &request, NULL));
    request.sa.id.spi = 255;
    g_assert_false(side_request(world, &world->left, &request, NULL)); /* a reserved number */
    world_free(world);
}

static void
count_policy(const ObolPolicySpec *policy, gpointer data)
{
    (void) policy;
    (*(guint *) data)++;
}

static void
test_policies_are_listed_once_each(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    guint n = 0;

    world_policies(world, &tunnel, TRUE);
    world_policies(world, &tunnel, FALSE);
    core_each_policy(world->left.core, count_policy, &n);
    g_assert_cmpuint(n, ==, 2);
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "spis-are-kept-for-165-seconds", test_spis_are_kept_for_165_seconds },
        { "reserved-spis-have-a-limit", test_reserved_spis_have_a_limit },
        { "counters-tell-what-passed", test_counters_tell_what_passed },
        { "bytes-and-packets-end-an-sa", test_bytes_and_packets_end_an_sa },
        { "time-ends-an-sa", test_time_ends_an_sa },
        { "a-deleted-sa-has-no-deadlines", test_a_deleted_sa_has_no_deadlines },
        { "a-trap-asks-once-and-lets-go-what-waited", test_a_trap_asks_once_and_lets_go_what_waited },
        { "a-trap-nobody-answers-asks-again-later", test_a_trap_nobody_answers_asks_again_later },
        { "waiting-policies-have-a-limit", test_waiting_policies_have_a_limit },
        { "a-trap-that-goes-takes-its-packets-along", test_a_trap_that_goes_takes_its_packets_along },
        { "a-rekey-under-way-loses-nothing", test_a_rekey_under_way_loses_nothing },
        { "the-newest-sa-serves-and-the-old-one-still-hears", test_the_newest_sa_serves_and_the_old_one_still_hears },
        { "an-sa-moves-to-new-addresses", test_an_sa_moves_to_new_addresses },
        { "a-new-mapping-is-told-for-authentic-packets-and-seldom", test_a_new_mapping_is_told_for_authentic_packets_and_seldom },
        { "the-same-sa-twice-is-refused", test_the_same_sa_twice_is_refused },
        { "policies-are-listed-once-each", test_policies_are_listed_once_each },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/requests/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
