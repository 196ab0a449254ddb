/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-stories.c - what tests of collisions and of random histories share. */
#include "exchange/pair.h"

Pair *
pair_of_seed(guint seed)
{
    Pair *pair = pair_new(NULL);

    pair->left.engine.random = test_random_init(&pair->left.random, 7000 + seed);
    pair->right.engine.random = test_random_init(&pair->right.random, 8000 + seed);
    pair_establish(pair);
    pair->traffic = TRUE;
    return pair;
}

void
pair_terminate(Pair *pair, PairSide *side, guint32 child_id)
{
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.child_id = child_id });
}

static gboolean
is_quiet(const PairSide *side)
{
    return side->sa == NULL
           || (obol_window_is_idle(side->sa) && side->sa->tasks == NULL
               && !obol_succession_is_open(side->sa));
}

void
pair_quiesce(Pair *pair)
{
    for (guint n = 0; n < 600; n++) {
        pair_run(pair);
        if (is_quiet(&pair->left) && is_quiet(&pair->right) && pair->left.others->len + pair->right.others->len == 0)
            return;
        g_assert_true(pair_jump(pair));
    }
    g_assert_not_reached();
}

void
pair_disturb(Pair *pair, GRand *dice)
{
    guint n = g_queue_get_length(pair->wire), fate = (guint) g_rand_int_range(dice, 0, 20);

    if (n == 0)
        return;
    if (fate < 3)
        pair_lose(pair);
    else if (fate < 5)
        pair_duplicate(pair);
    else if (fate < 8)
        g_queue_push_tail(pair->wire, g_queue_pop_head(pair->wire));
    else if (fate < 12)
        pair_deliver_to(pair, fate % 2 == 0 ? &pair->left : &pair->right);
    else
        pair_deliver(pair);
}

void
pair_check_kernels(const Pair *pair, guint n_children)
{
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2 * n_children);
    g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2 * n_children);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3 * n_children);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3 * n_children);
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
}
