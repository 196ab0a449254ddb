/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-policies.c - policies: their selectors, templates and priorities; counted, and never another's. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "pfkey-kernel/engine/selectors.h"
#include "world.h"

static int
add(World *world, const ObolKernelRequest *request)
{
    return world_do(world, request)->code;
}

static void
test_template(void)
{
    static const struct { ObolDirection ours; guint8 kernels; } directions[] = {
        { OBOL_DIR_OUT, PFKEY_DIR_OUT }, { OBOL_DIR_IN, PFKEY_DIR_IN }, { OBOL_DIR_FORWARD, PFKEY_DIR_FORWARD },
    };

    for (guint i = 0; i < G_N_ELEMENTS(directions); i++) {
        g_autoptr(World) world = world_new();
        ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, directions[i].ours);
        const ModelPolicy *policy;
        const PfkeyRequest *template;

        g_assert_cmpint(add(world, &request), ==, -1);
        policy = model_policy(&world->model, directions[i].kernels, 0);
        g_assert_nonnull(policy);
        g_assert_cmpuint(policy->source.prefix, ==, 16);
        g_assert_cmpuint(policy->source.protocol, ==, PFKEY_PROTO_ANY);
        g_assert_cmpuint(policy->policy.type, ==, PFKEY_POLICY_IPSEC);
        g_assert_cmpuint(policy->policy.n, ==, 1);
        template = &policy->policy.requests[0];
        g_assert_cmpuint(template->protocol, ==, IPPROTO_ESP);
        g_assert_cmpuint(template->level, ==, PFKEY_LEVEL_UNIQUE);
        g_assert_cmpuint(template->mode, ==, PFKEY_MODE_TUNNEL);
        g_assert_cmpuint(template->reqid, ==, 7);
        g_assert_true(obol_address_equal(&template->source, &request.policy.tunnel_source));
        g_assert_true(obol_address_equal(&template->destination, &request.policy.tunnel_destination));
    }
}

static void
test_ipcomp(void)
{
    g_autoptr(World) world = world_new();

    for (ObolDirection direction = OBOL_DIR_IN; direction <= OBOL_DIR_OUT; direction++) {
        ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, direction);
        const PfkeyPolicy *policy;

        request.policy.ipcomp = TRUE;
        g_assert_cmpint(add(world, &request), ==, -1);
        policy = &model_policy(&world->model, direction == OBOL_DIR_OUT ? PFKEY_DIR_OUT : PFKEY_DIR_IN, 0)->policy;
        g_assert_cmpuint(policy->n, ==, 2);
        g_assert_cmpuint(policy->requests[0].protocol, ==, IPPROTO_COMP);
        g_assert_cmpuint(policy->requests[0].mode, ==, PFKEY_MODE_TUNNEL);
        g_assert_cmpuint(policy->requests[0].level, ==, direction == OBOL_DIR_OUT ? PFKEY_LEVEL_UNIQUE : PFKEY_LEVEL_USE);
        g_assert_cmpuint(policy->requests[1].protocol, ==, IPPROTO_ESP);
        g_assert_cmpuint(policy->requests[1].mode, ==, PFKEY_MODE_TRANSPORT);
        g_assert_cmpuint(policy->requests[1].source.family, ==, 0);
    }
}

static void
test_actions(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    request.policy.reqid = 0;
    request.policy.action = OBOL_POLICY_DROP;
    g_assert_cmpint(add(world, &request), ==, -1);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.type, ==, PFKEY_POLICY_DISCARD);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.n, ==, 0);
    request.policy.action = OBOL_POLICY_PASS;
    request.policy.priority = 42;
    g_assert_cmpint(add(world, &request), ==, -1);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.type, ==, PFKEY_POLICY_NONE);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.priority, ==, 42);
}

static guint32
priority(const char *source, const char *destination)
{
    const ObolPolicySpec spec = { .source = world_ts(source), .destination = world_ts(destination) };

    return pfkey_priority_of(&spec);
}

static void
test_priorities(void)
{
    g_assert_cmpuint(priority("10.0.0.1[tcp/80]", "10.0.0.2"), <, priority("10.0.0.1[tcp]", "10.0.0.2"));
    g_assert_cmpuint(priority("10.0.0.1[tcp]", "10.0.0.2[tcp]"), <, priority("10.0.0.1", "10.0.0.2"));
    g_assert_cmpuint(priority("10.0.0.1", "10.0.0.2"), <, priority("10.0.0.0/31", "10.0.0.2[tcp/1]"));
    g_assert_cmpuint(priority("10.0.0.0/8", "10.0.0.0/24"), <, priority("10.0.0.0/8", "10.0.0.0/16"));
    g_assert_cmpuint(priority("0.0.0.0/0", "10.0.0.0/16"), <, priority("0.0.0.0/0", "0.0.0.0/0"));
    g_assert_cmpuint(priority("2001:db8::/64", "2001:db8::1"), <, priority("::/0", "::/0"));
}

static void
test_counted(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest first = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT), second = first;
    const PfkeyPolicy *policy;
    guint32 id;

    first.policy.trap = TRUE;
    second.policy.reqid = 8;
    second.policy.tunnel_destination = world_address("198.51.100.8", 0);
    g_assert_cmpint(add(world, &first), ==, -1);
    id = model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.id;
    g_assert_cmpint(add(world, &second), ==, -1);
    g_assert_cmpint(add(world, &second), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 1);
    policy = &model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy;
    g_assert_cmpuint(policy->id, ==, id);
    g_assert_cmpuint(policy->requests[0].reqid, ==, 8);
    g_assert_true(obol_address_equal(&policy->requests[0].destination, &second.policy.tunnel_destination));
    second.op = first.op = OBOL_KERNEL_DELETE_POLICY;
    g_assert_cmpint(add(world, &second), ==, -1);
    g_assert_cmpuint(policy->requests[0].reqid, ==, 8);
    g_assert_cmpint(add(world, &second), ==, -1);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid, ==, 7);
    g_assert_cmpint(add(world, &second), ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    g_assert_cmpint(add(world, &first), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 0);
}

/* The one that does not serve goes: nothing is asked of the kernel. */
static void
test_older_goes_first(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest first = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT), second = first;

    second.policy.reqid = 8;
    add(world, &first);
    add(world, &second);
    first.op = second.op = OBOL_KERNEL_DELETE_POLICY;
    g_assert_cmpint(add(world, &first), ==, -1);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid, ==, 8);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDUPDATE], ==, 1);
    g_assert_cmpint(add(world, &second), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 0);
}

static void
foreign_policy(World *world, const ObolKernelRequest *like, guint32 reqid)
{
    g_autoptr(GArray) pieces = pfkey_pieces_of(&like->policy, NULL);
    const PfkeyPiece *piece = &g_array_index(pieces, PfkeyPiece, 0);
    PfkeyMessage message;
    PfkeyPolicy *policy;

    pfkey_message_init(&message, PFKEY_X_SPDADD, 0, 1, 4711);
    *pfkey_message_add_address(&message, PFKEY_EXT_ADDRESS_SRC) = piece->source;
    *pfkey_message_add_address(&message, PFKEY_EXT_ADDRESS_DST) = piece->destination;
    policy = pfkey_message_add_policy(&message);
    policy->type = PFKEY_POLICY_IPSEC;
    policy->direction = PFKEY_DIR_OUT;
    *pfkey_policy_add_request(policy) = (PfkeyRequest) {
        .protocol = IPPROTO_ESP, .mode = PFKEY_MODE_TRANSPORT, .level = PFKEY_LEVEL_UNIQUE, .reqid = reqid,
    };
    model_foreign(&world->model, &message);
}

static void
test_anothers(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    foreign_policy(world, &request, 99);
    g_assert_cmpint(add(world, &request), ==, OBOL_KERNEL_ERROR_EXISTS);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid, ==, 99);
    request.op = OBOL_KERNEL_DELETE_POLICY;
    g_assert_cmpint(add(world, &request), ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 1);
}

static guint
n_pieces(const char *source, const char *destination)
{
    const ObolPolicySpec spec = { .source = world_ts(source), .destination = world_ts(destination) };
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) pieces = pfkey_pieces_of(&spec, &error);

    g_assert_true(pieces != NULL || g_error_matches(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED));
    return pieces != NULL ? pieces->len : 0;
}

/* All pieces together are the range, none of them overlapping. */
static void
covers(const char *range)
{
    const ObolPolicySpec spec = { .source = world_ts(range), .destination = world_ts(strchr(range, ':') != NULL ? "::1" : "10.0.0.1") };
    g_autoptr(GArray) pieces = pfkey_pieces_of(&spec, NULL);
    guint8 next[16];

    memcpy(next, spec.source.first, sizeof next);
    for (guint i = 0; i < pieces->len; i++) {
        guint n = spec.source.family == AF_INET6 ? 16 : 4;
        ObolTs source, destination;

        pfkey_piece_selectors(&g_array_index(pieces, PfkeyPiece, i), &source, &destination);
        g_assert_cmpmem(source.first, n, next, n);
        memcpy(next, source.last, sizeof next);
        if (i + 1 == pieces->len)
            g_assert_cmpmem(next, n, spec.source.last, n);
        for (guint j = n; j-- > 0;)
            if (++next[j] != 0)
                break;
    }
}

static void
test_pieces(void)
{
    g_assert_cmpuint(n_pieces("10.1.0.0/16", "0.0.0.0/0"), ==, 1);
    g_assert_cmpuint(n_pieces("10.0.0.1-10.0.0.6", "10.0.0.1"), ==, 4);
    g_assert_cmpuint(n_pieces("10.0.0.1-10.0.0.6", "10.0.0.0-10.0.0.2"), ==, 8);
    g_assert_cmpuint(n_pieces("0.0.0.1-255.255.255.254", "10.0.0.1"), ==, 62);
    g_assert_cmpuint(n_pieces("0.0.0.1-255.255.255.254", "10.0.0.1-10.0.0.2"), ==, 0);
    g_assert_cmpuint(n_pieces("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::1"), ==, 0);
    g_assert_cmpuint(n_pieces("10.0.0.1", "2001:db8::1"), ==, 0);
    g_assert_cmpuint(n_pieces("10.0.0.1[tcp]", "10.0.0.1[udp]"), ==, 0);
    covers("10.0.0.1-10.0.0.6");
    covers("0.0.0.0/0");
    covers("0.0.0.1-255.255.255.254");
    covers("255.255.255.3-255.255.255.255");
    covers("2001:db8::3-2001:db8::1:7");
}

static void
test_ports(void)
{
    g_assert_cmpuint(n_pieces("10.0.0.1[tcp/80]", "10.0.0.2[tcp]"), ==, 1);
    g_assert_cmpuint(n_pieces("10.0.0.1[tcp/80-81]", "10.0.0.2[tcp]"), ==, 0);
    g_assert_cmpuint(n_pieces("10.0.0.1[tcp/opaque]", "10.0.0.2[tcp]"), ==, 0);
    g_assert_cmpuint(n_pieces("10.0.0.1[tcp/0]", "10.0.0.2[tcp]"), ==, 0);
}

static void
test_icmp(void)
{
    ObolPolicySpec spec = { .source = world_ts("10.0.0.1[icmp]"), .destination = world_ts("10.0.0.2[icmp]") };
    g_autoptr(GArray) pieces = NULL;
    const PfkeyPiece *piece;
    ObolTs source, destination;

    spec.source.port_first = 8 << 8; /* all codes of an echo request */
    spec.source.port_last = 8 << 8 | 255;
    pieces = pfkey_pieces_of(&spec, NULL);
    g_assert_nonnull(pieces);
    piece = &g_array_index(pieces, PfkeyPiece, 0);
    g_assert_cmpuint(piece->source.address.port, ==, 8);
    g_assert_cmpuint(piece->destination.address.port, ==, 0);
    pfkey_piece_selectors(piece, &source, &destination);
    g_assert_cmpuint(source.port_first, ==, 8 << 8);
    g_assert_cmpuint(source.port_last, ==, 8 << 8 | 255);
    spec.source.port_first = spec.source.port_last = 3 << 8 | 1;
    g_array_unref(pieces);
    pieces = pfkey_pieces_of(&spec, NULL);
    g_assert_cmpuint(g_array_index(pieces, PfkeyPiece, 0).destination.address.port, ==, 1);
    spec.source.port_first = spec.source.port_last = 8 << 8; /* code 0 alone can not be said */
    g_assert_null(pfkey_pieces_of(&spec, NULL));
    spec.source.port_first = 3 << 8;
    spec.source.port_last = 8 << 8;
    g_assert_null(pfkey_pieces_of(&spec, NULL));
}

static void
test_split(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT), inner = request;

    request.policy.source = world_ts("10.0.0.1-10.0.0.6");
    inner.policy.source = world_ts("10.0.0.2/31"); /* one of the pieces of the other */
    g_assert_cmpint(add(world, &request), ==, -1);
    g_assert_cmpint(add(world, &inner), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, PFKEY_DIR_OUT), ==, 4);
    request.op = inner.op = OBOL_KERNEL_DELETE_POLICY;
    g_assert_cmpint(add(world, &request), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, PFKEY_DIR_OUT), ==, 1);
    g_assert_cmpint(add(world, &inner), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, PFKEY_DIR_OUT), ==, 0);
}

static void
test_undone(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    request.policy.source = world_ts("10.0.0.1-10.0.0.6");
    world->model.refuse[PFKEY_X_SPDADD] = ENOMEM;
    world->model.refuse_after[PFKEY_X_SPDADD] = 3;
    g_assert_cmpint(add(world, &request), ==, OBOL_KERNEL_ERROR_LIMIT);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 0);
    world->model.refuse[PFKEY_X_SPDADD] = 0;
    g_assert_cmpint(add(world, &request), ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 4);
}

static void
test_refused(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT), changed;

    changed = request;
    changed.policy.reqid = 16384;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    changed.policy.reqid = 0;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_INVALID);
    changed = request;
    changed.policy.mark = (ObolMark) { 1, 1 };
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    changed = request;
    changed.policy.mode = OBOL_MODE_BEET;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    changed = request;
    changed.policy.protocol = OBOL_PROTO_IPCOMP;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_INVALID);
    changed = request;
    changed.policy.mode = (ObolMode) 9;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_INVALID);
    changed = request;
    changed.policy.direction = (ObolDirection) 9;
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_INVALID);
    changed = request;
    changed.policy.tunnel_source = world_address("2001:db8::1", 0);
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_INVALID);
    changed = request;
    memset(changed.policy.source.first, 0xff, 4);
    g_assert_cmpint(add(world, &changed), ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDADD], ==, 0);
    request.policy.reqid = 16383;
    g_assert_cmpint(add(world, &request), ==, -1);
}

/* Asked again, an SPDADD would find itself. */
static void
test_lost_answer(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    world->model.n_mute[PFKEY_X_SPDADD] = 1;
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 1);
    request.op = OBOL_KERNEL_DELETE_POLICY;
    world->model.n_mute[PFKEY_X_SPDDELETE] = 1;
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 0);
}

static void
count(const ObolPolicySpec *policy, gpointer n)
{
    g_assert_cmpuint(policy->reqid, ==, 7);
    (*(guint *) n)++;
}

static void
test_each(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);
    guint n = 0;

    request.policy.source = world_ts("10.0.0.1-10.0.0.6");
    add(world, &request);
    pfkey_engine_each_policy(world->engine, count, &n);
    g_assert_cmpuint(n, ==, 1);
}

static void
test_pass_port(void)
{
    g_autoptr(World) world = world_new();

    pfkey_engine_pass_port(world->engine, AF_INET6, 500, world->now_us);
    world_settle(world);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 2);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.type, ==, PFKEY_POLICY_NONE);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->source.address.port, ==, 500);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_IN, 0)->destination.address.port, ==, 500);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_IN, 0)->destination.prefix, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pfkey/engine/policies/a-template-names-reqid-mode-and-ends", test_template);
    g_test_add_func("/pfkey/engine/policies/ipcomp-is-first-and-optional-inbound", test_ipcomp);
    g_test_add_func("/pfkey/engine/policies/drop-and-pass-have-no-template", test_actions);
    g_test_add_func("/pfkey/engine/policies/what-is-narrower-is-looked-at-first", test_priorities);
    g_test_add_func("/pfkey/engine/policies/equal-selectors-are-counted-and-the-newest-serves", test_counted);
    g_test_add_func("/pfkey/engine/policies/what-does-not-serve-goes-without-a-word", test_older_goes_first);
    g_test_add_func("/pfkey/engine/policies/anothers-policy-is-left-alone", test_anothers);
    g_test_add_func("/pfkey/engine/policies/ranges-become-prefixes-within-bounds", test_pieces);
    g_test_add_func("/pfkey/engine/policies/one-port-or-any", test_ports);
    g_test_add_func("/pfkey/engine/policies/icmp-type-and-code-are-ports", test_icmp);
    g_test_add_func("/pfkey/engine/policies/pieces-of-two-policies-are-counted", test_split);
    g_test_add_func("/pfkey/engine/policies/what-fails-midway-is-undone", test_undone);
    g_test_add_func("/pfkey/engine/policies/what-pf-key-can-not-do-is-refused-unasked", test_refused);
    g_test_add_func("/pfkey/engine/policies/a-lost-answer-does-no-harm", test_lost_answer);
    g_test_add_func("/pfkey/engine/policies/each-is-visited-once", test_each);
    g_test_add_func("/pfkey/engine/policies/a-port-passes-where-the-socket-can-not", test_pass_port);
    return g_test_run();
}
