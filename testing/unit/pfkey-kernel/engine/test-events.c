/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-events.c - acquires, lifetimes, mappings, and what others do to our SAs and policies. */
#include <string.h>

#include "world.h"

#define IN 0xc0001234u
#define OUT 0x0badcafeu

static void
add_trap(World *world, ObolMode mode)
{
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    request.policy.trap = TRUE;
    request.policy.mode = mode;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
}

static void
acquire(World *world, const char *destination)
{
    ObolAddress from = world_address("192.0.2.1", 0), to = world_address(destination, 0);

    model_acquire(&world->model, model_policy(&world->model, PFKEY_DIR_OUT, 0), &from, &to);
    world_settle(world);
}

static void
test_acquire(void)
{
    g_autoptr(World) world = world_new();
    ObolTs source = world_ts("10.1.0.0/16"), destination = world_ts("10.2.0.0/16");

    add_trap(world, OBOL_MODE_TUNNEL);
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_cmpint(world_event(world, 0)->kind, ==, OBOL_KERNEL_ACQUIRE);
    g_assert_cmpuint(world_event(world, 0)->reqid, ==, 7);
    g_assert_true(obol_ts_equal(&world_event(world, 0)->source, &source));
    g_assert_true(obol_ts_equal(&world_event(world, 0)->destination, &destination));
}

static void
test_hundred_acquires(void)
{
    g_autoptr(World) world = world_new();

    add_trap(world, OBOL_MODE_TUNNEL);
    for (guint i = 0; i < 100; i++)
        acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->events->len, ==, 1);
    world_advance(world, 21 * SECOND); /* the kernel asks again when its own waiting is over */
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->events->len, ==, 2);
}

/* The SA that answers it has its number, so that the larval goes; then the next acquire is told at once. */
static void
test_acquire_is_answered(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    add_trap(world, OBOL_MODE_TUNNEL);
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_cmpuint(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->seq, ==, 1);
    request.op = OBOL_KERNEL_DELETE_SA;
    world_do(world, &request);
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->events->len, ==, 2);
}

static void
test_our_numbers_are_high(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world_do(world, &request);
    g_assert_cmphex(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->seq, >=, 0x80000000u);
}

/* Its number was not told when it was made: the kernel is asked. */
static void
test_unknown_policy(void)
{
    g_autoptr(World) world = world_new();

    add_trap(world, OBOL_MODE_TUNNEL);
    model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.id = 4242;
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDGET], ==, 1);
    g_assert_cmpuint(world->events->len, ==, 1);
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDGET], ==, 1);
}

static void
test_anothers_policy(void)
{
    g_autoptr(World) world = world_new();
    ObolAddress a = world_address("192.0.2.1", 0), b = world_address("192.0.2.9", 0);
    ModelPolicy policy = {
        .source = { .address = a, .prefix = 32 }, .destination = { .address = b, .prefix = 32 },
        .policy = { .type = PFKEY_POLICY_IPSEC, .direction = PFKEY_DIR_OUT, .id = 977 },
    };

    g_array_append_val(world->model.policies, policy);
    for (guint i = 0; i < 100; i++) {
        model_acquire(&world->model, &policy, &a, &b);
        policy.policy.id++; /* and what is not there */
    }
    world_settle(world);
    g_assert_cmpuint(world->events->len, ==, 0);
    g_assert_true(pfkey_engine_is_idle(world->engine));
}

static void
test_no_trap_no_acquire(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_policy(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);

    world_do(world, &request);
    acquire(world, "198.51.100.7");
    g_assert_cmpuint(world->events->len, ==, 0);
}

/* There the kernel tells the packet's own addresses. */
static void
test_transport_acquire(void)
{
    g_autoptr(World) world = world_new();
    ObolTs a = world_ts("10.2.0.9"), b = world_ts("10.2.0.10");

    add_trap(world, OBOL_MODE_TRANSPORT);
    acquire(world, "10.2.0.9");
    acquire(world, "10.2.0.9");
    acquire(world, "10.2.0.10");
    g_assert_cmpuint(world->events->len, ==, 2);
    g_assert_true(obol_ts_equal(&world_event(world, 0)->destination, &a));
    g_assert_true(obol_ts_equal(&world_event(world, 1)->destination, &b));
}

static void
test_kernel_expires(void)
{
    g_autoptr(World) world = world_new();

    world_child(world, IN, OUT);
    model_expire(&world->model, 1, FALSE);
    model_expire(&world->model, 1, FALSE);
    world_settle(world);
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_cmpint(world_event(world, 0)->kind, ==, OBOL_KERNEL_EXPIRE);
    g_assert_false(world_event(world, 0)->hard);
    g_assert_cmphex(world_event(world, 0)->sa.spi, ==, OUT);
    model_expire(&world->model, 1, TRUE);
    world_settle(world);
    g_assert_cmpuint(world->events->len, ==, 2);
    g_assert_true(world_event(world, 1)->hard);
}

/* The kernel was faster: the daemon's delete is fine, and a new SA of the name too. */
static void
test_delete_after_hard(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world_do(world, &request);
    model_expire(&world->model, 0, TRUE);
    world_settle(world);
    request.op = OBOL_KERNEL_QUERY_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    request.op = OBOL_KERNEL_ADD_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->events->len, ==, 1);
}

/* By our own clock, whatever the kernel tells; and to the part of a second. */
static void
test_time(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    request.sa.lifetimes = (ObolLifetimes) { .soft_us = SECOND / 2, .hard_us = 2 * SECOND + SECOND / 2 };
    world_do(world, &request);
    world_advance(world, SECOND / 2 - 1);
    g_assert_cmpuint(world->events->len, ==, 0);
    world_advance(world, 1);
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_false(world_event(world, 0)->hard);
    world_advance(world, 2 * SECOND);
    g_assert_cmpuint(world->events->len, ==, 2);
    g_assert_true(world_event(world, 1)->hard);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
    world_advance(world, 100 * SECOND);
    g_assert_cmpuint(world->events->len, ==, 2);
}

static void
mapping(World *world, guint32 spi, const char *from, const char *to, guint16 port)
{
    PfkeyMessage m;

    pfkey_message_init(&m, PFKEY_X_NAT_T_NEW_MAPPING, PFKEY_SATYPE_ESP, 0, 0);
    *pfkey_message_add_sa(&m) = (PfkeySa) { .spi = spi };
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_SRC) = (PfkeyAddress) { .address = world_address(from, 0), .prefix = 32 };
    pfkey_message_add(&m, PFKEY_EXT_X_NAT_T_SPORT);
    m.nat_sport.port = 61000;
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_DST) = (PfkeyAddress) { .address = world_address(to, 0), .prefix = 32 };
    pfkey_message_add(&m, PFKEY_EXT_X_NAT_T_DPORT);
    m.nat_dport.port = port;
    model_tell(&world->model, &m);
    world_settle(world);
}

static void
test_mapping(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, IN);

    request.sa.udp_encap = TRUE;
    request.sa.id.source.port = 61000;
    request.sa.id.destination.port = 4500;
    world_do(world, &request);
    for (guint i = 0; i < 1000; i++)
        mapping(world, IN, "198.51.100.7", "198.51.100.7", 62000);
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_cmpint(world_event(world, 0)->kind, ==, OBOL_KERNEL_MAPPING);
    g_assert_cmpuint(world_event(world, 0)->mapped.port, ==, 62000);
    g_assert_cmphex(world_event(world, 0)->sa.spi, ==, IN);
    mapping(world, IN, "198.51.100.7", "203.0.113.5", 62000);
    g_assert_cmpuint(world->events->len, ==, 2);
    mapping(world, IN, "198.51.100.7", "198.51.100.7", 61000); /* where it is */
    mapping(world, IN + 1, "198.51.100.7", "203.0.113.6", 1);
    mapping(world, IN, "198.51.100.8", "203.0.113.6", 1);
    g_assert_cmpuint(world->events->len, ==, 2);
}

static void
foreign_delete(World *world, guint32 spi, gboolean really)
{
    ModelSa *sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, spi), copy = *sa;
    PfkeyMessage m;

    pfkey_message_init(&m, PFKEY_DELETE, PFKEY_SATYPE_ESP, 1, 4711);
    *pfkey_message_add_sa(&m) = sa->sa;
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_SRC) = sa->source;
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_DST) = sa->destination;
    model_foreign(&world->model, &m);
    if (!really) /* word of one that was there before */
        g_array_append_val(world->model.sas, copy);
    world_settle(world);
}

static void
test_deleted_by_another(void)
{
    g_autoptr(World) world = world_new();

    world_child(world, IN, OUT);
    foreign_delete(world, OUT, FALSE);
    g_assert_cmpuint(world->events->len, ==, 0);
    foreign_delete(world, OUT, TRUE);
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_true(world_event(world, 0)->hard);
    g_assert_cmphex(world_event(world, 0)->sa.spi, ==, OUT);
}

static void
foreign(World *world, PfkeyType type)
{
    PfkeyMessage m;

    pfkey_message_init(&m, type, 0, 1, 4711);
    model_foreign(&world->model, &m);
}

static void
test_flushed_by_another(void)
{
    g_autoptr(World) world = world_new();

    world_child(world, IN, OUT);
    for (guint i = 0; i < 50; i++)
        foreign(world, PFKEY_FLUSH);
    world_advance(world, SECOND);
    g_assert_cmpuint(world->events->len, ==, 2);
    g_assert_true(world_event(world, 0)->hard && world_event(world, 1)->hard);
    g_assert_cmpuint(world->model.n_got[PFKEY_DUMP], <, 5);
}

static void
test_policies_flushed_by_another(void)
{
    g_autoptr(World) world = world_new();

    world_child(world, IN, OUT);
    foreign(world, PFKEY_X_SPDFLUSH);
    world_advance(world, SECOND);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 3);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid, ==, 7);
    g_assert_cmpuint(world->events->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pfkey/engine/events/an-acquire-tells-reqid-and-selectors", test_acquire);
    g_test_add_func("/pfkey/engine/events/a-hundred-acquires-are-one", test_hundred_acquires);
    g_test_add_func("/pfkey/engine/events/the-sa-that-answers-an-acquire-has-its-number", test_acquire_is_answered);
    g_test_add_func("/pfkey/engine/events/our-own-numbers-are-no-acquires", test_our_numbers_are_high);
    g_test_add_func("/pfkey/engine/events/an-unknown-policy-is-asked-for", test_unknown_policy);
    g_test_add_func("/pfkey/engine/events/anothers-acquires-are-not-told", test_anothers_policy);
    g_test_add_func("/pfkey/engine/events/without-a-trap-nothing-is-acquired", test_no_trap_no_acquire);
    g_test_add_func("/pfkey/engine/events/in-transport-mode-an-acquire-tells-the-packets-addresses", test_transport_acquire);
    g_test_add_func("/pfkey/engine/events/soft-is-told-once-and-hard-ends", test_kernel_expires);
    g_test_add_func("/pfkey/engine/events/delete-after-hard-is-fine", test_delete_after_hard);
    g_test_add_func("/pfkey/engine/events/time-is-kept-here", test_time);
    g_test_add_func("/pfkey/engine/events/a-thousand-mappings-are-one", test_mapping);
    g_test_add_func("/pfkey/engine/events/an-sa-that-another-deleted-is-told-as-hard", test_deleted_by_another);
    g_test_add_func("/pfkey/engine/events/a-flush-by-another-is-told-for-each-sa", test_flushed_by_another);
    g_test_add_func("/pfkey/engine/events/policies-that-another-flushed-come-back", test_policies_flushed_by_another);
    return g_test_run();
}
