/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-lost.c - the way to the kernel breaks and comes back, a predecessor crashed: what is there is compared with what should be. */
#include <errno.h>
#include <string.h>

#include "pfkey-kernel/engine/messages.h"
#include "world.h"

#define IN 0xc0001234u
#define OUT 0x0badcafeu
#define MANY 10000

/* An SA of another program's, or of a crashed one of ours. */
static void
put_sa(World *world, guint32 spi, gboolean ours)
{
    ObolKernelRequest like = world_sa(world, FALSE, spi);
    ModelSa sa = {
        .satype = PFKEY_SATYPE_ESP, .sa = { .spi = spi, .state = PFKEY_STATE_MATURE }, .sa2 = { .reqid = 3, .mode = PFKEY_MODE_TUNNEL },
        .source = { .address = like.sa.id.source, .prefix = 32 }, .destination = { .address = like.sa.id.destination, .prefix = 32 },
        .hard = { .use_s = ours ? PFKEY_OURS_USE_S : 0 },
    };

    g_array_append_val(world->model.sas, sa);
}

static void
put_policy(World *world, guint8 last, gboolean ours)
{
    ModelPolicy policy = {
        .source = { .address = world_address("10.9.9.9", 0), .prefix = 32, .protocol = PFKEY_PROTO_ANY },
        .destination = { .address = world_address("10.8.8.8", 0), .prefix = 32, .protocol = PFKEY_PROTO_ANY },
        .policy = { .type = PFKEY_POLICY_DISCARD, .direction = PFKEY_DIR_OUT, .id = 1000u + last },
        .hard = { .use_s = ours ? PFKEY_OURS_USE_S : 0 },
    };

    policy.destination.address.bytes[3] = last;
    g_array_append_val(world->model.policies, policy);
}

static void
test_leftovers(void)
{
    g_autoptr(World) world = world_new_down();

    put_sa(world, 0x1001, TRUE);
    put_sa(world, 0x1002, FALSE);
    put_sa(world, 0x1003, TRUE);
    put_policy(world, 1, TRUE);
    put_policy(world, 2, FALSE);
    pfkey_engine_up(world->engine, world->now_us);
    world_settle(world);
    g_assert_true(pfkey_engine_is_idle(world->engine));
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_nonnull(model_find_sa(&world->model, PFKEY_SATYPE_ESP, 0x1002));
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 1);
    g_assert_cmpuint(world->model.n_got[PFKEY_FLUSH] + world->model.n_got[PFKEY_X_SPDFLUSH], ==, 0);
    g_assert_cmpuint(world->events->len, ==, 0);
}

static void
test_cut(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT + 1);

    world_child(world, IN, OUT);
    world->hold_requests = TRUE;
    world_ask(world, &request);
    world_settle(world);
    world_cut(world);
    g_assert_cmpint(world_last(world)->code, ==, OBOL_KERNEL_ERROR_GONE);
    world->hold_requests = FALSE;
    g_assert_nonnull(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT + 1)); /* it had been done */
    /* Meanwhile: */
    for (guint i = world->model.sas->len; i-- > 0;)
        if (g_array_index(world->model.sas, ModelSa, i).sa.spi == IN)
            g_array_remove_index(world->model.sas, i);
    for (guint i = world->model.policies->len; i-- > 0;)
        if (g_array_index(world->model.policies, ModelPolicy, i).policy.direction != PFKEY_DIR_FORWARD)
            g_array_remove_index(world->model.policies, i);
    put_policy(world, 7, TRUE);
    put_sa(world, 0x1002, FALSE);
    world_restore(world);
    g_assert_cmphex(world->model.registered, ==, MODEL_REGISTERED);
    g_assert_cmpuint(world->events->len, ==, 1);
    g_assert_true(world_event(world, 0)->hard);
    g_assert_cmphex(world_event(world, 0)->sa.spi, ==, IN);
    g_assert_nonnull(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT));
    g_assert_null(model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT + 1));
    g_assert_nonnull(model_find_sa(&world->model, PFKEY_SATYPE_ESP, 0x1002));
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 3);
    request = world_sa(world, FALSE, OUT + 2);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
}

static void
test_waits(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world_cut(world);
    world_ask(world, &request);
    world_advance(world, 4 * SECOND);
    g_assert_cmpuint(world->answers->len, ==, 0);
    world_restore(world);
    g_assert_cmpuint(world->answers->len, ==, 1);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    world_cut(world);
    request.sa.id.spi++;
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, OBOL_KERNEL_ERROR_GONE);
    world_restore(world);
    g_assert_cmpuint(world->model.sas->len, ==, 1);
}

static void
test_register_is_tried_again(void)
{
    g_autoptr(World) world = world_new_down();

    world->model.n_mute[PFKEY_REGISTER] = 3;
    world->model.mute_undone = TRUE;
    pfkey_engine_up(world->engine, world->now_us);
    world_advance(world, 9 * SECOND);
    g_assert_false(pfkey_engine_is_ready(world->engine));
    world_advance(world, 20 * SECOND);
    g_assert_true(pfkey_engine_is_ready(world->engine));
}

/* All three were done, their answers lost: the list of algorithms is asked for once more. */
static void
test_register_answers_lost(void)
{
    g_autoptr(World) world = world_new_down();

    pfkey_engine_up(world->engine, world->now_us);
    for (guint i = 0; i < 3; i++) {
        world->model.n_mute[PFKEY_REGISTER] = 1;
        world_advance(world, 5 * SECOND);
    }
    world_advance(world, 20 * SECOND);
    g_assert_true(pfkey_engine_is_ready(world->engine));
    g_assert_cmphex(world->model.registered, ==, MODEL_REGISTERED);
    g_assert_cmpuint(pfkey_engine_abilities(world->engine)->transforms[0].type, !=, 0);
}

/* A policy's template was changed by another: it is ours again. */
static void
test_changed_policy(void)
{
    g_autoptr(World) world = world_new();

    world_child(world, IN, OUT);
    model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid = 99;
    world_cut(world);
    world_restore(world);
    g_assert_cmpuint(model_policy(&world->model, PFKEY_DIR_OUT, 0)->policy.requests[0].reqid, ==, 7);
    g_assert_cmpuint(world->model.n_got[PFKEY_X_SPDUPDATE], ==, 1);
}

static void
test_many(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = { .op = OBOL_KERNEL_LIST };
    const Given *given;

    for (guint i = 0; i < MANY; i++)
        put_sa(world, 0x10000 + i, i % 2 == 0);
    given = world_do(world, &request);
    g_assert_cmpuint(given->sas->len, ==, MANY);
    g_assert_cmpuint(given->policies->len, ==, 0);
    world_cut(world);
    world_restore(world);
    g_assert_cmpuint(world->model.sas->len, ==, MANY / 2);
}

static void
test_list(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, 0);
    const Given *given;
    guint n_ours = 0, n_reserved = 0;

    world_child(world, IN, OUT);
    put_sa(world, 0x1002, FALSE);
    put_policy(world, 1, FALSE);
    request.op = OBOL_KERNEL_GET_SPI;
    world_do(world, &request);
    request.op = OBOL_KERNEL_LIST;
    given = world_do(world, &request);
    g_assert_cmpint(given->code, ==, -1);
    g_assert_cmpuint(given->sas->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        n_ours += g_array_index(given->sas, ObolKernelSa, i).ours;
        n_reserved += g_array_index(given->sas, ObolKernelSa, i).reserved;
    }
    g_assert_cmpuint(n_ours, ==, 3);
    g_assert_cmpuint(n_reserved, ==, 1);
    g_assert_cmpuint(given->policies->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        const ObolKernelPolicy *policy = &g_array_index(given->policies, ObolKernelPolicy, i);

        g_assert_cmpint(policy->ours, ==, policy->spec.action == OBOL_POLICY_PROTECT);
        g_assert_cmpuint(policy->spec.reqid, ==, policy->ours ? 7 : 0);
    }
}

static void
test_flush(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, 0);

    world_child(world, IN, OUT);
    put_sa(world, 0x1002, FALSE);
    put_policy(world, 1, FALSE);
    request.op = OBOL_KERNEL_GET_SPI;
    world_do(world, &request);
    request.op = OBOL_KERNEL_FLUSH;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 1);
    g_assert_cmpuint(world->events->len, ==, 0);
    request = world_sa(world, TRUE, IN);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
}

static void
test_release(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT + 1);

    world_child(world, IN, OUT);
    put_sa(world, 0x1002, FALSE);
    world->hold_requests = TRUE;
    world_ask(world, &request);
    world_settle(world);
    pfkey_engine_release(world->engine, world->now_us);
    g_assert_cmpint(world_last(world)->code, ==, OBOL_KERNEL_ERROR_GONE);
    world->hold_requests = FALSE;
    world_cut(world);
    world_restore(world);
    g_assert_true(pfkey_engine_is_idle(world->engine));
    g_assert_cmpuint(world->model.sas->len, ==, 1);
    g_assert_cmpuint(model_n_policies(&world->model, 0), ==, 0);
}

static void
test_free(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world->hold_requests = TRUE;
    for (guint i = 0; i < 100; i++, request.sa.id.spi++)
        world_ask(world, &request);
    world_settle(world);
    g_assert_cmpuint(world->answers->len, ==, 0);
    g_clear_pointer(&world->engine, pfkey_engine_free);
    g_assert_cmpuint(world->answers->len, ==, 100);
    g_assert_cmpint(world_last(world)->code, ==, OBOL_KERNEL_ERROR_GONE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pfkey/engine/lost/what-a-predecessor-left-goes-and-nothing-else", test_leftovers);
    g_test_add_func("/pfkey/engine/lost/after-a-cut-it-registers-and-compares", test_cut);
    g_test_add_func("/pfkey/engine/lost/requests-wait-for-the-way-to-come-back-but-not-for-ever", test_waits);
    g_test_add_func("/pfkey/engine/lost/registering-is-tried-again", test_register_is_tried_again);
    g_test_add_func("/pfkey/engine/lost/lost-answers-to-registering-cost-no-algorithm", test_register_answers_lost);
    g_test_add_func("/pfkey/engine/lost/a-changed-policy-is-put-right", test_changed_policy);
    g_test_add_func("/pfkey/engine/lost/ten-thousand-sas-are-listed-and-compared", test_many);
    g_test_add_func("/pfkey/engine/lost/a-list-tells-ours-from-others", test_list);
    g_test_add_func("/pfkey/engine/lost/flush-takes-ours-alone", test_flush);
    g_test_add_func("/pfkey/engine/lost/release-leaves-nothing-of-ours", test_release);
    g_test_add_func("/pfkey/engine/lost/whoever-waits-is-answered-at-the-end", test_free);
    return g_test_run();
}
