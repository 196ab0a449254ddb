/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-contract.c - what obol/kernel.h promises: abilities, errors, updates, lists, flags. */
#include "plugins/kernel-userspace/abilities.h"
#include "plugins/kernel-userspace/icmp.h"
#include "world.h"

static void
test_abilities_tell_what_there_is(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    gboolean gcm = FALSE;
    Abilities abilities;

    abilities_fill(&abilities, world->crypto, FALSE, FALSE);
    g_assert_cmpuint(abilities.abilities.size, ==, sizeof(ObolKernelAbilities));
    g_assert_nonnull(abilities.abilities.summary);
    g_assert_false(abilities.abilities.plain_esp || abilities.abilities.change_encap);
    g_assert_true(abilities.abilities.mixed_families && abilities.abilities.other_family && abilities.abilities.last_used);
    g_assert_cmpuint(abilities.abilities.replay_window_max, >=, 4096);
    for (const ObolTransform *t = abilities.abilities.transforms; t->type != 0; t++)
        gcm |= t->type == OBOL_TRANSFORM_ENCR && t->id == OBOL_ENCR_AES_GCM_16;
    g_assert_true(gcm);
    g_assert_false(abilities.abilities.marks || abilities.abilities.if_ids || abilities.abilities.offload);
    world_free(world);
}

typedef void (*Spoil)(ObolSaSpec *sa);

static void spoil_spi(ObolSaSpec *sa) { sa->id.spi = 255; }
static void spoil_reqid(ObolSaSpec *sa) { sa->reqid = 0; }
static void spoil_family(ObolSaSpec *sa) { sa->id.source.family = AF_INET6; }
static void spoil_selectors(ObolSaSpec *sa) { sa->source_ts = NULL; }
static void spoil_mark(ObolSaSpec *sa) { sa->mark.mask = 1; }
static void spoil_if_id(ObolSaSpec *sa) { sa->if_id = 1; }
static void spoil_flags(ObolSaSpec *sa) { sa->flags = 1u << 31; }
static void spoil_offload(ObolSaSpec *sa) { sa->offload = OBOL_OFFLOAD_PACKET; }
static void spoil_algorithm(ObolSaSpec *sa) { sa->suite.encr = 9999; }

static void
test_each_no_has_its_reason(void)
{
    static const struct {
        Spoil spoil;
        ObolKernelError code;
    } cases[] = {
        { spoil_spi, OBOL_KERNEL_ERROR_INVALID }, { spoil_reqid, OBOL_KERNEL_ERROR_INVALID },
        { spoil_family, OBOL_KERNEL_ERROR_INVALID }, { spoil_selectors, OBOL_KERNEL_ERROR_INVALID },
        { spoil_mark, OBOL_KERNEL_ERROR_UNSUPPORTED }, { spoil_if_id, OBOL_KERNEL_ERROR_UNSUPPORTED },
        { spoil_flags, OBOL_KERNEL_ERROR_UNSUPPORTED }, { spoil_offload, OBOL_KERNEL_ERROR_UNSUPPORTED },
        { spoil_algorithm, OBOL_KERNEL_ERROR_UNSUPPORTED },
    };
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    SaRequest add;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        sa_request_init(&add, world, &world->left, &world->left, &tunnel);
        cases[i].spoil(&add.request.sa);
        side_refuses(world, &world->left, &add.request, cases[i].code);
        sa_request_clear(&add);
    }
    sa_request_init(&add, world, &world->left, &world->left, &tunnel);
    g_assert_true(side_request(world, &world->left, &add.request, NULL));
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_EXISTS);
    add.request.sa.id.spi++;
    add.request.op = OBOL_KERNEL_QUERY_SA;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_NOT_FOUND);
    add.request.op = OBOL_KERNEL_DELETE_SA;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_NOT_FOUND);
    add.request.op = OBOL_KERNEL_UPDATE_SA;
    add.request.to = add.request.sa.id;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_NOT_FOUND);
    add.request.op = OBOL_KERNEL_ADD_POLICY;
    add.request.policy = world_policy(world, &world->left, &world->left, &tunnel);
    add.request.policy.reqid = 0;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_INVALID);
    add.request.op = OBOL_KERNEL_DELETE_POLICY;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_NOT_FOUND);
    sa_request_clear(&add);
    world_free(world);
}

static void
test_everything_is_listed(void)
{
    Tunnel tunnel = { .udp = TRUE, .reqid = 9 };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = {
        .op = OBOL_KERNEL_GET_SPI, .sa = { .id = { .destination = world->left.outer, .protocol = OBOL_PROTO_ESP } },
    };
    ObolKernelReply reserved = { .spi = 0 }, reply = { .spi = 0 };
    guint n_reserved = 0, n_used = 0;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_send(world, &world->left, &tunnel, 100);
    g_assert_true(side_request(world, &world->left, &request, &reserved));
    request.op = OBOL_KERNEL_LIST;
    g_assert_true(side_request(world, &world->left, &request, &reply));
    g_assert_cmpuint(reply.sas->len, ==, 3);
    g_assert_cmpuint(reply.policies->len, ==, 2);
    for (guint i = 0; i < reply.sas->len; i++) {
        const ObolKernelSa *sa = &g_array_index(reply.sas, ObolKernelSa, i);

        g_assert_true(sa->ours);
        g_assert_cmpuint(sa->id.protocol, ==, OBOL_PROTO_ESP);
        n_reserved += sa->reserved && sa->id.spi == reserved.spi ? 1 : 0;
        n_used += sa->usage.packets == 1 && sa->reqid == 9 ? 1 : 0;
    }
    g_assert_cmpuint(n_reserved, ==, 1);
    g_assert_cmpuint(n_used, ==, 1);
    g_assert_cmpuint(g_array_index(reply.policies, ObolKernelPolicy, 0).spec.reqid, ==, 9);
    g_array_unref((GArray *) reply.sas);
    g_array_unref((GArray *) reply.policies);
    world_free(world);
}

/* A peer moves (RFC 4555 section 3.5): first its SAs, then the policies; numbers and window go on. */
static void
test_a_tunnel_moves_without_losing_its_numbers(void)
{
    Tunnel tunnel = { .udp = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA, .sa = { .id = world_sa_id(world, &tunnel, &world->left) } };

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    request.to = request.sa.id;
    g_assert_true(obol_address_parse("198.51.100.7", &request.to.destination));
    request.to_udp_encap = FALSE;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    request.op = OBOL_KERNEL_UPDATE_POLICY;
    request.policy = request.policy_to = world_policy(world, &world->left, &world->left, &tunnel);
    request.policy_to.tunnel_destination = request.to.destination;
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    g_assert_cmpuint(world->left.n_sent, ==, 1);
    g_assert_true(world->left.sent[0].plain); /* the UDP is gone */
    g_assert_cmpuint(get_u32(world->left.sent[0].data + 4), ==, 2);
    g_assert_true(obol_address_equal(&world->left.sent[0].datagram.remote, &request.to.destination));
    request.op = OBOL_KERNEL_DELETE_POLICY;
    request.policy = request.policy_to; /* as it was last updated */
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_free(world);
}

static void
test_flags_rule_the_headers_of_each_sa(void)
{
    static const struct {
        guint flags;
        guint8 outer, arrives, inner; /* for an inner 0xba (EF, ECT(0)); EF and CE seen on arrival as 0x4b */
    } cases[] = {
        { 0, 0xba, 0x4b, 0xbb },
        { OBOL_SA_NO_DSCP_OUT, 0x02, 0x4b, 0xbb },
        { OBOL_SA_NO_COPY_ECN, 0xb8, 0x4b, 0xba },
        { OBOL_SA_DSCP_IN, 0xba, 0x4b, 0x4b },
        { OBOL_SA_DSCP_IN | OBOL_SA_NO_COPY_ECN, 0xb8, 0x4b, 0x4a },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tunnel tunnel = { .udp = TRUE, .flags = cases[i].flags };
        World *world = world_new(&tunnel);
        TestPacket packet;

        world_policies(world, &tunnel, FALSE);
        world_sas(world, &tunnel);
        world_make(world, &world->left, &tunnel, 10, &packet);
        packet.data[1] = 0xba;
        checksum_ipv4(packet.data);
        side_outbound(world, &world->left, &packet);
        g_assert_cmphex(world->left.sent[0].datagram.tos, ==, cases[i].outer);
        world->left.sent[0].datagram.tos = cases[i].arrives;
        world_deliver(world, &world->left);
        g_assert_cmphex(world->right.got[0].data[1], ==, cases[i].inner);
        world_free(world);
    }
}

static void
test_df_is_not_obeyed_where_it_shall_not_be(void)
{
    Tunnel tunnel = { .udp = TRUE, .flags = OBOL_SA_NO_COPY_DF };
    World *world = world_new(&tunnel);
    TestPacket packet;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_make(world, &world->left, &tunnel, 1440, &packet);
    put_u16(packet.data + 6, 0x4000);
    checksum_ipv4(packet.data);
    side_outbound(world, &world->left, &packet);
    g_assert_cmpuint(world->left.n_sent, ==, 1);
    world_free(world);
}

/* A router of the right side's network, outside of the selectors, tells that what the left one sent can not go on. */
static void
make_unreachable(const World *world, const Tunnel *tunnel, TestPacket *out)
{
    TestPacket sent;
    Packet packet;
    ObolAddress router;

    world_make(world, &world->left, tunnel, 100, &sent);
    g_assert_true(packet_parse(sent.data, sent.n, &packet));
    memset(out, 0, sizeof *out);
    out->n = icmp_too_big(sent.data, &packet, 1300, out->data);
    g_assert_true(obol_address_parse("172.16.0.1", &router));
    memcpy(out->data + 12, router.bytes, 4);
    checksum_ipv4(out->data);
}

static void
test_icmp_errors_may_use_the_sa_where_that_is_wanted(void)
{
    for (guint i = 0; i < 2; i++) {
        Tunnel tunnel = { .udp = TRUE, .flags = i == 0 ? 0 : OBOL_SA_ICMP };
        World *world = world_new(&tunnel);
        TestPacket packet;

        world_policies(world, &tunnel, FALSE);
        world_sas(world, &tunnel);
        make_unreachable(world, &tunnel, &packet);
        side_outbound(world, &world->right, &packet);
        g_assert_cmpuint(world->right.n_sent, ==, i);
        g_assert_cmpuint(side_dropped(&world->right, DROP_OUT_NO_POLICY), ==, 1 - i);
        world_deliver(world, &world->right);
        g_assert_cmpuint(world->left.n_got, ==, i);
        world_free(world);
    }
}

static void
test_an_icmp_error_about_something_else_does_not_come_out(void)
{
    Tunnel tunnel = { .udp = TRUE, .flags = OBOL_SA_ICMP };
    World *world = world_new(&tunnel);
    TestPacket packet;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    make_unreachable(world, &tunnel, &packet);
    packet.data[IP4_HEADER + 8 + 12] = 99; /* the quoted source: not of this tunnel */
    side_outbound(world, &world->right, &packet);
    g_assert_cmpuint(world->right.n_sent, ==, 0);
    world_free(world);
}

/* RFC 4301 section 5.2: what a policy wants otherwise does not come in, though the SA's selectors allow it. */
static void
test_policies_are_asked_inbound_too(void)
{
    for (guint i = 0; i < 2; i++) {
        Tunnel tunnel = { .udp = TRUE };
        World *world = world_new(&tunnel);
        ObolKernelRequest request = {
            .op = OBOL_KERNEL_ADD_POLICY, .policy = world_policy(world, &world->left, &world->left, &tunnel),
        };

        world_sas(world, &tunnel);
        g_assert_true(side_request(world, &world->left, &request, NULL));
        request.policy.direction = i == 0 ? OBOL_DIR_IN : OBOL_DIR_FORWARD;
        request.policy.action = OBOL_POLICY_DROP;
        g_assert_true(side_request(world, &world->right, &request, NULL));
        world_send(world, &world->left, &tunnel, 10);
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->right.n_got, ==, 0);
        g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_POLICY), ==, 1);
        world_free(world);
    }
}

static void
test_a_packet_by_another_childs_sa_is_refused(void)
{
    Tunnel tunnel = { .udp = TRUE, .reqid = 1 }, narrow = { .udp = TRUE, .reqid = 2, .port_selectors = TRUE };
    World *world = world_new(&tunnel);
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY };

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    request.policy = world_policy(world, &world->right, &world->left, &narrow);
    g_assert_true(side_request(world, &world->right, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_INNER_POLICY), ==, 1);
    request.policy.reqid = 1; /* two children of equal selectors: either may bring it */
    g_assert_true(side_request(world, &world->right, &request, NULL));
    world_send(world, &world->left, &tunnel, 10);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 1);
    world_free(world);
}

/* Policies of equal selectors to two peers: the newest serves, and when it goes the other one does again. */
static void
test_equal_selectors_of_two_peers_take_turns(void)
{
    Tunnel first = { .udp = TRUE, .reqid = 1, .spi = 0x1000 }, second = { .udp = TRUE, .reqid = 2, .spi = 0x2000 };
    World *world = world_new(&first);
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_POLICY };

    world_policies(world, &first, FALSE);
    world_sas(world, &first);
    world_policies(world, &second, FALSE);
    world_sas(world, &second);
    world_send(world, &world->left, &first, 10);
    g_assert_cmphex(get_u32(world->left.sent[0].data), ==, 0x2001);
    request.policy = world_policy(world, &world->left, &world->left, &second);
    g_assert_true(side_request(world, &world->left, &request, NULL));
    world_send(world, &world->left, &first, 10);
    g_assert_cmphex(get_u32(world->left.sent[1].data), ==, 0x1001);
    world_deliver(world, &world->left);
    g_assert_cmpuint(world->right.n_got, ==, 2); /* and both are heard */
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "abilities-tell-what-there-is", test_abilities_tell_what_there_is },
        { "each-no-has-its-reason", test_each_no_has_its_reason },
        { "everything-is-listed", test_everything_is_listed },
        { "a-tunnel-moves-without-losing-its-numbers", test_a_tunnel_moves_without_losing_its_numbers },
        { "flags-rule-the-headers-of-each-sa", test_flags_rule_the_headers_of_each_sa },
        { "df-is-not-obeyed-where-it-shall-not-be", test_df_is_not_obeyed_where_it_shall_not_be },
        { "icmp-errors-may-use-the-sa-where-that-is-wanted", test_icmp_errors_may_use_the_sa_where_that_is_wanted },
        { "an-icmp-error-about-something-else-does-not-come-out", test_an_icmp_error_about_something_else_does_not_come_out },
        { "policies-are-asked-inbound-too", test_policies_are_asked_inbound_too },
        { "a-packet-by-another-childs-sa-is-refused", test_a_packet_by_another_childs_sa_is_refused },
        { "equal-selectors-of-two-peers-take-turns", test_equal_selectors_of_two_peers_take_turns },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/contract/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
