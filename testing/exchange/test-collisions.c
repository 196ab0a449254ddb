/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-collisions.c - both ends at once: rekeyings and deletes that cross, are lost, come late (RFC 7296 sections 1.4.1,
 * 2.8.1 and 2.25.1). */
#include "exchange/pair.h"

#include <string.h>

static void
soft(Pair *pair, PairSide *side)
{
    pair_expire(pair, side, pair_child(side, 0), FALSE);
}

static void
assert_one_child(Pair *pair, guint32 old_left)
{
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, old_left);
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3);
    g_assert_cmpuint(pair->n_lost, ==, 0);
    g_assert_cmpuint(pair_child(&pair->left, 0)->replaces, ==, 0);
    g_assert_cmpuint(pair_child(&pair->right, 0)->replaces, ==, 0);
    g_assert_false(pair_child(&pair->left, 0)->redundant || pair_child(&pair->right, 0)->redundant);
    g_assert_null(pair_child(&pair->left, 0)->keys_out.encr_i);
    g_assert_null(pair_child(&pair->right, 0)->keys_out.encr_i);
}

static guint
n_ends(const PairSide *side, ObolReasonCode code)
{
    guint n = 0;

    for (guint i = 0; i < side->ends->len; i++)
        n += g_array_index(side->ends, ObolReasonCode, i) == code;
    return n;
}

/* --- both rekey the same child --- */

/* The first figure of section 2.8.1. */
static void
test_both_rekey_at_once(void)
{
    guint n_left_wins = 0;

    for (guint seed = 0; seed < 40; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);
        guint32 old = pair_child(&pair->left, 0)->unique_id;

        soft(pair, &pair->left);
        soft(pair, &pair->right);
        pair_run(pair);
        assert_one_child(pair, old);
        n_left_wins += pair_child(&pair->left, 0)->initiator;
        g_assert_true(pair_child(&pair->left, 0)->initiator != pair_child(&pair->right, 0)->initiator);
        g_assert_cmpuint(n_ends(&pair->left, OBOL_REASON_REPLACED), ==, 2);
        g_assert_cmpuint(n_ends(&pair->right, OBOL_REASON_REPLACED), ==, 2);
        g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
        soft(pair, &pair->left); /* and it goes on */
        pair_run(pair);
        assert_one_child(pair, old);
        pair_finish(pair);
    }
    g_assert_cmpuint(n_left_wins, >, 5);
    g_assert_cmpuint(n_left_wins, <, 35);
}

static gint
compare_spans(ObolSpan a, ObolSpan b)
{
    gint order = memcmp(a.data, b.data, MIN(a.n, b.n));

    return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

/* "The SA created with the lowest of the four nonces SHOULD be closed by the endpoint that created it." */
static void
test_the_lowest_of_four_nonces_goes(void)
{
    for (guint seed = 0; seed < 20; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);
        guint8 lowest[2][OBOL_ENGINE_NONCE];

        soft(pair, &pair->left);
        soft(pair, &pair->right);
        for (guint i = 0; i < 4; i++) {
            g_auto(ObolChain) chain = { .n = 0 };
            g_autoptr(GByteArray) plain = NULL;
            PairPacket *packet = pair_peek(pair);
            ObolSpan nonce;
            guint exchange = i % 2; /* requests of left and right, then the answers to them */

            g_assert_true(pair_open(packet->to, packet, &plain, &chain));
            nonce = obol_chain_find(&chain, OBOL_PAYLOAD_NONCE)->bytes;
            if (i < 2 || compare_spans(nonce, (ObolSpan) { lowest[exchange], OBOL_ENGINE_NONCE }) < 0)
                memcpy(lowest[exchange], nonce.data, OBOL_ENGINE_NONCE);
            pair_deliver(pair);
        }
        pair_run(pair);
        g_assert_true(pair_agree(pair, 1));
        g_assert_true(pair_child(&pair->left, 0)->initiator == (memcmp(lowest[0], lowest[1], OBOL_ENGINE_NONCE) > 0));
    }
}

/* The second figure: our first request is lost, so the peer is done before it hears of us. */
static void
test_a_lost_request_finds_the_child_gone(void)
{
    for (guint seed = 0; seed < 10; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);
        guint32 old = pair_child(&pair->left, 0)->unique_id;

        soft(pair, &pair->left);
        pair_lose(pair);
        soft(pair, &pair->right);
        pair_run(pair);
        pair_quiesce(pair);
        assert_one_child(pair, old);
        g_assert_false(pair_child(&pair->left, 0)->initiator);
        pair_finish(pair);
    }
}

/* The peer is still deleting the old one when our request reaches it. */
static void
test_a_late_request_meets_a_temporary_failure(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    soft(pair, &pair->left);
    soft(pair, &pair->right);
    g_assert_true(pair_deliver_to(pair, &pair->left));  /* their request */
    {
        PairPacket *late = pair_take(pair); /* ours */

        g_assert_true(late->to == &pair->right);
        g_assert_true(pair_deliver_to(pair, &pair->right)); /* our answer: they are done, and delete */
        g_queue_push_head(pair->wire, late);
    }
    g_assert_true(pair_deliver_to(pair, &pair->right)); /* our request, late */
    pair_run(pair);
    pair_quiesce(pair);
    assert_one_child(pair, old);
    g_assert_cmpuint(pair->left.n_failures, <=, 1);
    pair_finish(pair);
}

/* Nothing is begun that the peer has begun already. */
static void
test_what_has_not_been_asked_yet_gives_way(void)
{
    g_autoptr(Pair) pair = pair_of_seed(3);
    guint32 old = pair_child(&pair->left, 0)->unique_id;
    guint n_sent;

    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->left;
    soft(pair, &pair->left); /* waits for its SPI */
    soft(pair, &pair->right);
    n_sent = pair->left.n_sent;
    pair_deliver(pair);
    pair_release_kernel(pair);
    pair_run(pair);
    assert_one_child(pair, old);
    g_assert_cmpuint(pair->left.n_sent, ==, n_sent + 2); /* two answers */
    g_assert_cmpuint(pair->left.n_failures, ==, 0);
    pair_finish(pair);
}

/* Nobody's Delete says any more that it may. */
static void
test_a_successor_that_is_late_sends_when_the_old_one_has_gone(void)
{
    g_autoptr(Pair) pair = pair_of_seed(3);
    const ObolChildSa *old = pair_child(&pair->right, 0);

    pair->traffic = FALSE;
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    soft(pair, &pair->left);
    pair_deliver(pair); /* its kernel is asked for an SPI */
    pair_expire(pair, &pair->right, old, TRUE);
    pair_deliver(pair);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    pair_finish(pair);
}

static void
test_a_kernel_s_no_to_theirs_makes_ours_win(void)
{
    for (guint seed = 0; seed < 20; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);
        guint32 old = pair_child(&pair->left, 0)->unique_id;

        soft(pair, &pair->left);
        soft(pair, &pair->right);
        pair->left.kernel.fail_op = OBOL_KERNEL_ADD_SA;
        pair->left.kernel.fail_nth = 1;
        pair->left.kernel.n_seen = 0;
        pair_run(pair);
        pair_quiesce(pair);
        g_assert_cmpuint(pair->n_lost, ==, 0);
        g_assert_true(pair_agree(pair, 1));
        g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, old);
        g_assert_true(pair_child(&pair->left, 0)->initiator);
        pair_finish(pair);
    }
}

/* --- rekeying against deleting --- */

static void
test_a_rekeying_of_what_we_delete_is_put_off(void)
{
    g_autoptr(Pair) pair = pair_of_seed(0);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    PairPacket *answer;

    pair->traffic = FALSE;
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    soft(pair, &pair->left);
    g_assert_true(pair_deliver_to(pair, &pair->right));
    answer = g_queue_peek_tail(pair->wire);
    g_assert_true(pair_open(&pair->left, answer, &plain, &chain));
    g_assert_nonnull(obol_chain_find_notify(&chain, OBOL_N_TEMPORARY_FAILURE));
    pair_run(pair);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

static void
test_a_delete_of_what_we_rekey_is_answered_as_usual(void)
{
    g_autoptr(Pair) pair = pair_of_seed(0);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair->traffic = FALSE;
    soft(pair, &pair->left);
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    g_assert_true(pair_deliver_to(pair, &pair->left));
    g_assert_true(pair_open(&pair->right, g_queue_peek_tail(pair->wire), &plain, &chain));
    g_assert_nonnull(obol_chain_find(&chain, OBOL_PAYLOAD_DELETE));
    pair_run(pair);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

static void
test_an_admin_s_end_takes_the_successor_along(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_of_seed(0);

    pair->traffic = FALSE;
    soft(pair, &pair->left);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    pair_run(pair);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

/* --- deletes that cross, section 1.4.1 --- */

static void
test_crossing_deletes_name_nothing_twice(void)
{
    g_autoptr(Pair) pair = pair_of_seed(0);

    pair->traffic = FALSE;
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    for (guint i = 0; i < 2; i++)
        pair_deliver(pair);
    for (guint i = 0; i < 2; i++) {
        g_auto(ObolChain) chain = { .n = 0 };
        g_autoptr(GByteArray) plain = NULL;
        PairPacket *packet = pair_peek(pair);

        g_assert_true(pair_open(packet->to, packet, &plain, &chain));
        g_assert_null(obol_chain_find(&chain, OBOL_PAYLOAD_DELETE));
        /* What receives stays until the answer. */
        g_assert_cmpuint(packet->to->kernel.sas->len, ==, 1);
        pair_deliver(pair);
        g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
    }
    g_assert_true(pair_agree(pair, 0));
    pair_finish(pair);
}

static void
test_a_delete_that_waits_is_answered_as_usual(void)
{
    g_autoptr(Pair) pair = pair_of_seed(0);

    pair->traffic = FALSE;
    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_initiate_child(pair, &pair->left, "second", 1);
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id); /* its Delete waits */
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    pair_run(pair);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 1));
    pair_finish(pair);
}

static void
test_the_old_one_is_deleted_by_both(void)
{
    g_autoptr(Pair) pair = pair_of_seed(0);

    pair->traffic = FALSE;
    soft(pair, &pair->left);
    pair_deliver(pair);
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    pair_run(pair);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 0));
    pair_finish(pair);
}

/* --- whatever happens --- */

typedef struct {
    GRand *dice;
    guint n_events;
    gboolean ends; /* children are ended, too */
} Story;

static void
happen(Pair *pair, const Story *story)
{
    PairSide *side = g_rand_boolean(story->dice) ? &pair->left : &pair->right;
    guint n = side->sa != NULL ? side->sa->children->len : 0;
    ObolChildSa *child = n > 0 ? pair_child(side, (guint) g_rand_int_range(story->dice, 0, (gint32) n)) : NULL;
    guint what = (guint) g_rand_int_range(story->dice, 0, story->ends ? 5 : 2);

    if (side->sa == NULL || (child == NULL && what < 4))
        return;
    switch (what) {
    case 0:
    case 1: pair_expire(pair, side, child, FALSE); break;
    case 2: pair_expire(pair, side, child, TRUE); break;
    case 3: pair_terminate(pair, side, child->unique_id); break;
    case 4: pair_initiate_child(pair, side, "net", 0); break;
    }
}

static void
tell(Pair *pair, guint32 seed, Story *story)
{
    story->dice = g_rand_new_with_seed(seed);
    pair->traffic = !story->ends;
    for (guint i = 0; i < story->n_events; i++) {
        guint n_turns = (guint) g_rand_int_range(story->dice, 0, 6);

        happen(pair, story);
        while (n_turns-- > 0)
            pair_disturb(pair, story->dice);
        if (g_rand_int_range(story->dice, 0, 4) == 0)
            pair_jump(pair);
    }
    g_rand_free(story->dice);
}

static void
test_any_story_ends_well(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data);
    guint32 base = g_test_rand_int();

    for (guint i = 0; i < 250; i++) {
        Story story = { NULL, 3 + i % 12, which == 1 };
        guint32 seed = base + i;
        g_autoptr(Pair) pair = pair_of_seed(i);
        guint n;

        g_test_message("seed %u", seed);
        tell(pair, seed, &story);
        pair_quiesce(pair);
        if (pair->left.sa == NULL || pair->right.sa == NULL)
            continue; /* so much was lost that one end has given up */
        n = pair->left.sa->children->len;
        g_assert_true(pair_agree(pair, n));
        pair_check_kernels(pair, n);
        if (!story.ends) {
            g_assert_cmpuint(pair->n_lost, ==, 0);
            g_assert_cmpuint(n, <=, 2); /* a second one only when a redundant one has not been closed yet */
        }
        pair_finish(pair);
    }
}

/* The same with kernels that answer when they like. */
static void
test_any_story_with_slow_kernels_ends_well(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data);
    guint32 base = g_test_rand_int();

    for (guint i = 0; i < 150; i++) {
        Story story = { g_rand_new_with_seed(base + i), 0, which == 1 };
        g_autoptr(Pair) pair = pair_of_seed(i);
        guint n;

        g_test_message("seed %u", base + i);
        pair->traffic = FALSE;
        for (guint j = 0; j < 12; j++) {
            pair->hold_only = g_rand_boolean(story.dice) ? &pair->left : g_rand_boolean(story.dice) ? &pair->right : NULL;
            pair->hold_kernel = TRUE;
            happen(pair, &story);
            for (guint k = 0; k < 3; k++)
                pair_disturb(pair, story.dice);
            if (g_rand_int_range(story.dice, 0, 2) == 0)
                pair_release_kernel(pair);
            for (guint k = 0; k < 3; k++)
                pair_disturb(pair, story.dice);
        }
        pair_release_kernel(pair);
        pair_quiesce(pair);
        g_rand_free(story.dice);
        if (pair->left.sa == NULL || pair->right.sa == NULL)
            continue;
        n = pair->left.sa->children->len;
        g_assert_true(pair_agree(pair, n));
        pair_check_kernels(pair, n);
        pair_finish(pair);
    }
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "2.8.1/both-rekey-at-once", test_both_rekey_at_once },
    { "2.8.1/the-lowest-of-four-nonces-goes", test_the_lowest_of_four_nonces_goes },
    { "2.8.1/a-lost-request-finds-the-child-gone", test_a_lost_request_finds_the_child_gone },
    { "2.25.1/a-late-request-meets-a-temporary-failure", test_a_late_request_meets_a_temporary_failure },
    { "2.8.1/what-has-not-been-asked-yet-gives-way", test_what_has_not_been_asked_yet_gives_way },
    { "2.8/a-successor-that-is-late-sends-when-the-old-one-has-gone", test_a_successor_that_is_late_sends_when_the_old_one_has_gone },
    { "2.8.1/a-kernel-s-no-to-theirs-makes-ours-win", test_a_kernel_s_no_to_theirs_makes_ours_win },
    { "2.25.1/a-rekeying-of-what-we-delete-is-put-off", test_a_rekeying_of_what_we_delete_is_put_off },
    { "2.25.1/a-delete-of-what-we-rekey-is-answered-as-usual", test_a_delete_of_what_we_rekey_is_answered_as_usual },
    { "1.4.1/crossing-deletes-name-nothing-twice", test_crossing_deletes_name_nothing_twice },
    { "1.4.1/a-delete-that-waits-is-answered-as-usual", test_a_delete_that_waits_is_answered_as_usual },
    { "2.25.1/the-old-one-is-deleted-by-both", test_the_old_one_is_deleted_by_both },
};

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (guint i = 0; i < 2; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.25.1/an-admin-s-end-takes-the-successor-along-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_an_admin_s_end_takes_the_successor_along);
    }
    g_test_add_data_func("/exchange/2.25/any-story-of-rekeyings-ends-well", GUINT_TO_POINTER(0), test_any_story_ends_well);
    g_test_add_data_func("/exchange/2.25/any-story-of-rekeyings-and-ends-ends-well", GUINT_TO_POINTER(1), test_any_story_ends_well);
    g_test_add_data_func("/exchange/2.25/any-story-of-rekeyings-with-slow-kernels-ends-well", GUINT_TO_POINTER(0),
                         test_any_story_with_slow_kernels_ends_well);
    g_test_add_data_func("/exchange/2.25/any-story-of-ends-with-slow-kernels-ends-well", GUINT_TO_POINTER(1),
                         test_any_story_with_slow_kernels_ends_well);
    return g_test_run();
}
