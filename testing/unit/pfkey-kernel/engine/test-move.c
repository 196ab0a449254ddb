/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-move.c - SAs get other addresses and ports, and go on counting. */
#include <errno.h>
#include <string.h>

#include "world.h"

#define IN 0xc0001234u
#define OUT 0x0badcafeu

static ObolKernelRequest
move(World *world, gboolean inbound, guint32 spi, const char *peer)
{
    ObolKernelRequest request = world_sa(world, inbound, spi);

    request.op = OBOL_KERNEL_UPDATE_SA;
    request.sa.encr_key = request.sa.integ_key = NULL;
    request.to = request.sa.id;
    *(inbound ? &request.to.source : &request.to.destination) = world_address(peer, 0);
    return request;
}

static void
test_addresses(gconstpointer silent)
{
    g_autoptr(World) world = world_new();
    ObolAddress peer = world_address("203.0.113.9", 0);
    ObolKernelRequest request;

    world->model.silent_migrate = GPOINTER_TO_INT(silent);
    world_child(world, IN, OUT);
    memset(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->key, 0x5a, MODEL_KEY_MAX);
    model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->current.allocations = 77;
    request = move(world, TRUE, IN, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    request = move(world, FALSE, OUT, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_true(obol_address_equal(&model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN)->source.address, &peer));
    g_assert_true(obol_address_equal(&model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->destination.address, &peer));
    g_assert_cmpuint(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->current.allocations, ==, 77);
    g_assert_cmpuint(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->key[0], ==, 0x5a);
    g_assert_cmpuint(world->model.n_got[PFKEY_DELETE], ==, 0);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 2);
    /* Policies went along, those of the other directions too. */
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 3);
    g_assert_true(obol_address_equal(&model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].destination, &peer));
    g_assert_true(obol_address_equal(&model_policy(&world->model, PFKEY_DIR_IN, 0)->policy.requests[0].source, &peer));
    g_assert_true(obol_address_equal(&model_policy(&world->model, PFKEY_DIR_FORWARD, 0)->policy.requests[0].source, &peer));
    /* It has its new name, and the old one is gone. */
    request = world_sa(world, FALSE, OUT);
    request.op = OBOL_KERNEL_QUERY_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    request.sa.id.destination = peer;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world_last(world)->usage.packets, ==, 77);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_cmpuint(world->events->len, ==, 0);
}

static void
test_update_policy(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request, policy = world_policy(OBOL_KERNEL_UPDATE_POLICY, OBOL_DIR_OUT);
    guint n;

    world_child(world, IN, OUT);
    request = move(world, FALSE, OUT, "203.0.113.9");
    world_do(world, &request);
    policy.policy_to = policy.policy;
    policy.policy_to.tunnel_destination = world_address("203.0.113.9", 0);
    n = world->model.n_got[PFKEY_X_SPDUPDATE];
    g_assert_cmpint(world_do(world, &policy)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDUPDATE], ==, n); /* done already */
    policy.policy = policy.policy_to;
    policy.policy_to.tunnel_destination = world_address("203.0.113.10", 0);
    g_assert_cmpint(world_do(world, &policy)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDUPDATE], ==, n + 1);
    policy.policy = policy.policy_to;
    policy.op = OBOL_KERNEL_DELETE_POLICY;
    g_assert_cmpint(world_do(world, &policy)->code, ==, -1);
    g_assert_cmpuint(model_n_policies(&world->model, PFKEY_DIR_OUT), ==, 0);
    policy.op = OBOL_KERNEL_UPDATE_POLICY;
    g_assert_cmpint(world_do(world, &policy)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
}

static void
test_no_policy(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world_do(world, &request);
    request = move(world, FALSE, OUT, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.policies->len, ==, 0);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_MIGRATE], ==, 1);
}

/* MIGRATE takes the newest of a kind: the older one is named, and both come to be where they should. */
static void
test_older_one(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT + 1);
    ObolAddress peer = world_address("203.0.113.9", 0);

    world_child(world, IN, OUT);
    world_do(world, &request);
    request = move(world, FALSE, OUT, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_true(obol_address_equal(&model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->destination.address, &peer));
    request = world_sa(world, FALSE, OUT + 1); /* by its old name, until it is told another one */
    request.op = OBOL_KERNEL_QUERY_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    request = move(world, FALSE, OUT + 1, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_MIGRATE], ==, 2);
    g_assert_cmpuint(world->model.policies->len, ==, 3);
    request.op = OBOL_KERNEL_DELETE_SA;
    request.sa.id = request.to;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_null(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT + 1));
}

static ObolKernelRequest
in_udp(World *world)
{
    ObolKernelRequest request = world_sa(world, TRUE, IN);

    request.sa.udp_encap = TRUE;
    request.sa.id.source.port = 61000;
    request.sa.id.destination.port = 4500;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    request.op = OBOL_KERNEL_UPDATE_SA;
    request.to = request.sa.id;
    request.to_udp_encap = TRUE;
    return request;
}

static void
test_ports(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = in_udp(world);
    ModelSa *sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN);
    PfkeyLifetime hard = sa->hard;

    memset(sa->key, 0x5a, MODEL_KEY_MAX);
    request.to.source.port = 62000;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(sa->sport, ==, 62000);
    g_assert_cmpuint(sa->key[0], ==, 0x5a);
    g_assert_cmpmem(&sa->hard, sizeof hard, &hard, sizeof hard);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_MIGRATE], ==, 0);
    request.sa.id = request.to;
    request.to.source = world_address("203.0.113.9", 63000);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN);
    g_assert_cmpuint(sa->sport, ==, 63000);
    g_assert_true(obol_address_equal(&sa->source.address, &request.to.source));
}

static void
test_encapsulation(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = in_udp(world);

    request.to_udp_encap = FALSE;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(world_last(world)->words, "replaced"));
    g_assert_cmpuint(world->model.n_got[PFKEY_UPDATE], ==, 0);
    request = world_sa(world, FALSE, OUT);
    world_do(world, &request);
    request = move(world, FALSE, OUT, "203.0.113.9");
    request.to_udp_encap = TRUE;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    g_assert_nonnull(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT));
}

static void
test_refused(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = move(world, FALSE, OUT, "203.0.113.9");

    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    world_child(world, IN, OUT);
    world->model.refuse[PFKEY_X_MIGRATE] = ENOMEM;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_LIMIT);
    g_assert_cmpuint(world->model.policies->len, ==, 3); /* what was lent is back */
    world->model.refuse[PFKEY_X_MIGRATE] = 0;
    request.to.destination = world_address("2001:db8::9", 0);
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_INVALID);
    request = move(world, FALSE, OUT, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
}

static void
test_no_migrate(void)
{
    g_autoptr(World) world = world_new_down();
    ObolKernelRequest request;

    world->model.no_migrate = TRUE;
    pfkey_engine_up(world->engine, world->now_us);
    world_child(world, IN, OUT);
    request = move(world, FALSE, OUT, "203.0.113.9");
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
}

static void
test_nothing_to_do(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request;

    world_child(world, IN, OUT);
    request = move(world, FALSE, OUT, "198.51.100.7");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_MIGRATE], ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/pfkey/engine/move/addresses-move-and-policies-with-them", GINT_TO_POINTER(FALSE), test_addresses);
    g_test_add_data_func("/pfkey/engine/move/a-kernel-that-does-not-tell-its-success-is-looked-at", GINT_TO_POINTER(TRUE), test_addresses);
    g_test_add_func("/pfkey/engine/move/update-policy-does-what-is-left", test_update_policy);
    g_test_add_func("/pfkey/engine/move/without-a-policy-one-is-lent-and-taken-back", test_no_policy);
    g_test_add_func("/pfkey/engine/move/an-older-sa-of-the-same-kind-moves-too", test_older_one);
    g_test_add_func("/pfkey/engine/move/ports-change-and-keys-do-not", test_ports);
    g_test_add_func("/pfkey/engine/move/a-change-of-encapsulation-is-refused", test_encapsulation);
    g_test_add_func("/pfkey/engine/move/a-refusal-leaves-all-as-it-was", test_refused);
    g_test_add_func("/pfkey/engine/move/a-kernel-without-migrate-refuses", test_no_migrate);
    g_test_add_func("/pfkey/engine/move/the-same-place-is-no-move", test_nothing_to_do);
    return g_test_run();
}
