/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-ike-collisions.c - both ends at once, of which one rekeys the IKE SA: with the other's rekeying, with children
 * being made, rekeyed and deleted, with Deletes; lost and late (RFC 7296 sections 2.8.2 and 2.25.2). */
#include "exchange/pair.h"

#include <string.h>

#define N_SEEDS 24

static void
assert_one_of_each(Pair *pair)
{
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.others->len + pair->right.others->len, ==, 0);
    g_assert_cmpuint(pair->left.sa->spi_i, ==, pair->right.sa->spi_i);
    g_assert_cmpint(pair->left.sa->role, !=, pair->right.sa->role);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    g_assert_cmpuint(pair->n_lost, ==, 0);
}

/* What the oldest datagram on the wire says, as error; 0: nothing. */
static guint16
error_on_wire(Pair *pair)
{
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    PairPacket *packet = pair_peek(pair);
    const ObolPayload *error;

    g_assert_nonnull(packet);
    g_assert_true(pair_open(packet->to, packet, &plain, &chain));
    error = obol_chain_first_error(&chain);
    return error != NULL ? error->notify.type : 0;
}

/* --- both rekey the IKE SA --- */

static void
test_both_rekey_at_once(void)
{
    guint n_left_wins = 0;

    for (guint seed = 0; seed < 40; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);

        pair_rekey_ike(pair, &pair->left);
        pair_rekey_ike(pair, &pair->right);
        pair_run(pair);
        assert_one_of_each(pair);
        g_assert_cmpuint(pair->left.n_successors, ==, 1);
        g_assert_cmpuint(pair->left.n_redundant, ==, 1);
        g_assert_cmpuint(pair->right.n_successors, ==, 1);
        g_assert_cmpuint(pair->right.n_redundant, ==, 1);
        n_left_wins += pair->left.sa->role == OBOL_INITIATOR;
        pair_rekey_ike(pair, &pair->left); /* and it goes on */
        pair_run(pair);
        assert_one_of_each(pair);
        pair_finish(pair);
    }
    g_assert_cmpuint(n_left_wins, >, 5);
    g_assert_cmpuint(n_left_wins, <, 35);
}

/* "The new IKE SA containing the lowest nonce SHOULD be deleted by the node that created it." */
static void
test_the_lowest_of_four_nonces_goes(void)
{
    for (guint seed = 0; seed < N_SEEDS; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);
        guint8 lowest[2][OBOL_ENGINE_NONCE];

        pair_rekey_ike(pair, &pair->left);
        pair_rekey_ike(pair, &pair->right);
        for (guint i = 0; i < 4; i++) {
            g_auto(ObolChain) chain = { .n = 0 };
            g_autoptr(GByteArray) plain = NULL;
            PairPacket *packet = pair_peek(pair);
            ObolSpan nonce;
            guint exchange = i % 2; /* requests of left and right, then the answers to them */

            g_assert_true(pair_open(packet->to, packet, &plain, &chain));
            nonce = obol_chain_find(&chain, OBOL_PAYLOAD_NONCE)->bytes;
            g_assert_cmpuint(nonce.n, ==, OBOL_ENGINE_NONCE);
            if (i < 2 || memcmp(nonce.data, lowest[exchange], OBOL_ENGINE_NONCE) < 0)
                memcpy(lowest[exchange], nonce.data, OBOL_ENGINE_NONCE);
            pair_deliver(pair);
        }
        pair_run(pair);
        assert_one_of_each(pair);
        g_assert_true((pair->left.sa->role == OBOL_INITIATOR) == (memcmp(lowest[0], lowest[1], OBOL_ENGINE_NONCE) > 0));
    }
}

/* The figure of section 2.8.2: who has finished before the other's request comes has nothing redundant. */
static void
test_one_end_does_not_notice(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    PairPacket *late;

    pair_rekey_ike(pair, &pair->right);
    late = pair_take(pair); /* req2 */
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair); /* req1 */
    g_assert_cmpuint(pair->right.n_successors, ==, 0);
    pair_deliver(pair); /* resp1 */
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpint(pair_other_sa(&pair->left, 0)->state, ==, OBOL_IKE_REKEYED);
    pair_deliver(pair); /* req3, D() */
    g_assert_cmpuint(pair->right.n_successors, ==, 1);
    pair_packet_free(late);
    pair_quiesce(pair);
    assert_one_of_each(pair);
    g_assert_cmpuint(pair->left.n_redundant + pair->right.n_redundant, ==, 0);
    pair_finish(pair);
}

/* "... it SHOULD return TEMPORARY_FAILURE because it is an IKE SA that it is currently trying to close". */
static void
test_a_late_request_meets_a_temporary_failure(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    PairPacket *late;

    pair_rekey_ike(pair, &pair->right);
    late = pair_take(pair);
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_deliver(pair);
    pair_lose(pair); /* the Delete */
    g_queue_push_head(pair->wire, late);
    pair_deliver(pair);
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE);
    pair_deliver(pair);
    g_assert_cmpuint(pair->right.n_successors, ==, 1); /* the left's stands, and is all there is */
    pair_quiesce(pair);
    assert_one_of_each(pair);
    pair_finish(pair);
}

/* The requests or the responses of a collision: none, one, both.  Bits 0 and 1: whose is lost; bit 2: it is the response. */
static void
test_lost_messages_within_a_collision(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data);

    for (guint seed = 0; seed < N_SEEDS; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);

        pair_rekey_ike(pair, &pair->left);
        pair_rekey_ike(pair, &pair->right);
        for (guint i = 0; (which & 4) != 0 && i < 2; i++)
            pair_deliver(pair);
        g_assert_cmpuint(pair->wire->length, ==, 2);
        for (guint i = 0; i < 2; i++) {
            if ((which & 1u << i) != 0)
                pair_lose(pair);
            else
                pair_deliver(pair);
        }
        pair_quiesce(pair);
        assert_one_of_each(pair);
        pair_finish(pair);
    }
}

/* Every Delete after a collision is lost once. */
static void
test_lost_deletes_after_a_collision(void)
{
    for (guint seed = 0; seed < N_SEEDS; seed++) {
        g_autoptr(Pair) pair = pair_of_seed(seed);

        pair_rekey_ike(pair, &pair->left);
        pair_rekey_ike(pair, &pair->right);
        for (guint i = 0; i < 4; i++)
            pair_deliver(pair);
        g_assert_cmpuint(pair->wire->length, ==, 2);
        pair_lose(pair);
        pair_lose(pair);
        pair_quiesce(pair);
        assert_one_of_each(pair);
        pair_finish(pair);
    }
}

/* A rekeying that has not gone out yet makes no collision. */
static void
test_what_has_not_been_asked_yet_gives_way(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);

    pair->hold_kernel = TRUE; /* jobs too */
    pair->hold_only = &pair->right;
    pair_rekey_ike(pair, &pair->right);
    g_assert_true(obol_succession_is_open(pair->right.sa));
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_release_kernel(pair);
    pair_run(pair);
    assert_one_of_each(pair);
    g_assert_cmpint(pair->left.sa->role, ==, OBOL_INITIATOR);
    g_assert_cmpuint(pair->left.n_redundant + pair->right.n_redundant, ==, 0);
    pair_finish(pair);
}

/* "... and prepare to move Child SAs later": the peer's no to ours leaves its own. */
static void
test_a_no_to_ours_leaves_theirs(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    ObolProposal *lefts = &g_array_index(pair->left.connection->proposals, ObolProposal, 0), both = *lefts, other;

    /* The left takes whatever the right offers, and the right does not take what the left does. */
    g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes256gcm16-prfsha384-x25519", &other, NULL));
    *lefts = other;
    g_array_append_val(pair->left.connection->proposals, both);
    pair_rekey_ike(pair, &pair->left);
    g_array_index(pair->left.connection->proposals, ObolProposal, 0) = both;
    pair_rekey_ike(pair, &pair->right);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_quiesce(pair);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

/* --- with children --- */

static void
test_a_child_while_the_ike_sa_is_rekeyed_is_put_off(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_rekey_ike(pair, &pair->left);
    pair_initiate_child(pair, &pair->right, "two", 5);
    g_queue_push_tail(pair->wire, g_queue_pop_head(pair->wire));
    pair_deliver(pair); /* CREATE_CHILD_SA of the right's child first */
    g_assert_true(pair_peek(pair)->to == &pair->right);
    pair_deliver(pair); /* the left's rekeying: the right is making a child */
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE);
    pair_deliver(pair);
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE);
    pair_quiesce(pair);
    while (pair->left.n_successors == 0) {
        g_assert_true(pair_jump(pair));
        pair_quiesce(pair);
    }
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpint(pair->right.command_reason, ==, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

static void
test_a_child_s_rekeying_meets_a_temporary_failure(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_rekey_ike(pair, &pair->left);
    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), FALSE);
    pair_deliver(pair);
    g_assert_true(pair_peek(pair)->to == &pair->left);
    pair_deliver(pair);
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE); /* to the left's: the right rekeys a child */
    pair_deliver(pair);
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE); /* to the right's: the left rekeys the IKE SA */
    pair_quiesce(pair);
    while (pair->left.n_successors == 0 || pair_child(&pair->left, 0)->unique_id == old) {
        g_assert_true(pair_jump(pair));
        pair_quiesce(pair);
    }
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

/* "... to delete a Child SA when it is currently rekeying the IKE SA, it SHOULD reply as usual, with a Delete payload." */
static void
test_a_child_s_delete_is_answered_as_usual(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair->traffic = FALSE;
    pair_rekey_ike(pair, &pair->left);
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    g_queue_push_tail(pair->wire, g_queue_pop_head(pair->wire));
    pair_deliver(pair); /* the Delete */
    pair_deliver(pair); /* the rekeying: the right is closing a child */
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &answer));
    g_assert_nonnull(obol_chain_find(&answer, OBOL_PAYLOAD_DELETE));
    pair_deliver(pair);
    g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 0));
    pair_finish(pair);
}

/* Ours waits until our child is there, so that the two do not meet. */
static void
test_our_own_rekeying_waits_for_our_own_child(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "two", 5);
    pair_rekey_ike(pair, &pair->left);
    g_assert_false(obol_succession_is_open(pair->left.sa));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    pair_finish(pair);
}

/* The peer's child is being made: ours is not asked before that is answered. */
static void
test_our_own_rekeying_waits_for_the_peer_s_child(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    pair_initiate_child(pair, &pair->left, "two", 5);
    pair_deliver(pair);
    pair_rekey_ike(pair, &pair->right);
    g_assert_false(obol_succession_is_open(pair->right.sa));
    pair_release_kernel(pair);
    pair_run(pair);
    pair_quiesce(pair);
    while (pair->right.n_successors == 0) {
        g_assert_true(pair_jump(pair));
        pair_quiesce(pair);
    }
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

/* --- with Deletes of the IKE SA --- */

/* "If a peer receives a request to rekey an IKE SA that it is currently trying to close, it SHOULD reply with TEMPORARY_FAILURE"; "to close
 * an IKE SA that it is currently rekeying, it SHOULD reply as usual, and forget about its own rekeying request". */
static void
test_a_rekeying_meets_a_delete(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    gboolean delete_first = data != NULL;

    pair->traffic = FALSE;
    pair_rekey_ike(pair, &pair->left);
    pair_terminate(pair, &pair->right, 0);
    if (delete_first) {
        g_queue_push_tail(pair->wire, g_queue_pop_head(pair->wire));
        pair_deliver(pair);
        g_assert_null(pair->left.sa);
    } else {
        pair_deliver(pair);
        g_queue_push_tail(pair->wire, g_queue_pop_head(pair->wire));
        g_assert_cmpuint(error_on_wire(pair), ==, OBOL_N_TEMPORARY_FAILURE);
    }
    pair_quiesce(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_successors + pair->right.n_successors, ==, 0);
}

static void
test_a_delete_meets_a_delete(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);

    pair->traffic = FALSE;
    pair_terminate(pair, &pair->left, 0);
    pair_terminate(pair, &pair->right, 0);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

/* An end that is asked for while the answer to a rekeying is waited for is the successor's end too. */
static void
test_an_end_asked_for_meanwhile_ends_the_successor(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_of_seed(1);

    pair->traffic = FALSE;
    pair_rekey_ike(pair, &pair->left);
    if (data != NULL)
        pair_deliver(pair); /* the right has the new one already */
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.command = 9 });
    pair_quiesce(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
}

/* The same of who answers, whose job is slow. */
static void
test_an_end_asked_for_while_answering_refuses(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);

    pair->traffic = FALSE;
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_terminate(pair, &pair->right, 0);
    pair_release_kernel(pair);
    pair_quiesce(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_successors + pair->right.n_successors, ==, 0);
}

/* The peer deletes the old one, whose successor we are just computing the keys of: it knows the new one, and the children are its. */
static void
test_a_delete_of_the_old_one_while_we_compute(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    g_auto(ObolChain) chain = { .n = 0 };
    ObolIkeSa *old;

    pair->traffic = FALSE;
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    old = pair_other_sa(&pair->right, 0);
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->left;
    pair_deliver(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 0);
    pair_feed_sa(pair, &pair->right, old, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE });
    pair_deliver(pair);
    g_assert_nonnull(pair->left.sa);
    pair_release_kernel(pair);
    pair_quiesce(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

/* One end has died in the middle of a collision: what is agreed on goes on, and finds out by itself. */
static void
test_silence_leaves_what_was_agreed_on(void)
{
    g_autoptr(Pair) pair = pair_of_seed(1);
    guint n = 0;

    pair->traffic = FALSE;
    pair_rekey_ike(pair, &pair->left);
    pair_rekey_ike(pair, &pair->right);
    pair_lose(pair);
    pair_deliver(pair); /* the left has answered the right's */
    while (pair->left.n_successors == 0) {
        while (pair->wire->length > 0)
            pair_lose(pair);
        pair->right.wake_us = G_MAXINT64;
        g_assert_true(pair_jump(pair));
        g_assert_cmpuint(++n, <, 20);
    }
    g_assert_cmpuint(pair->left.sa->children->len, ==, 1);
    g_assert_cmpint(pair->left.sa->role, ==, OBOL_RESPONDER);
}

/* --- whatever happens --- */

typedef struct {
    GRand *dice;
    gboolean ends, slow; /* children and IKE SAs are ended, too; kernels and jobs answer when they like */
} Story;

static void
happen(Pair *pair, const Story *story)
{
    PairSide *side = g_rand_boolean(story->dice) ? &pair->left : &pair->right;
    guint n = side->sa != NULL ? side->sa->children->len : 0;
    ObolChildSa *child = n > 0 ? pair_child(side, (guint) g_rand_int_range(story->dice, 0, (gint32) n)) : NULL;
    guint what = (guint) g_rand_int_range(story->dice, 0, story->ends ? 40 : 12);

    if (side->sa == NULL)
        return;
    if (what < 7)
        pair_rekey_ike(pair, side);
    else if (what < 12 && child != NULL)
        pair_expire(pair, side, child, FALSE);
    else if (what < 20)
        pair_rekey_ike(pair, side);
    else if (what < 26 && child != NULL)
        pair_terminate(pair, side, child->unique_id);
    else if (what < 38)
        pair_initiate_child(pair, side, "net", 0);
    else if (what == 39)
        pair_terminate(pair, side, 0);
}

static void
step(Pair *pair, const Story *story)
{
    guint n_turns = (guint) g_rand_int_range(story->dice, 0, 6);

    if (story->slow) {
        pair->hold_only = g_rand_boolean(story->dice) ? &pair->left : g_rand_boolean(story->dice) ? &pair->right : NULL;
        pair->hold_kernel = TRUE;
    }
    happen(pair, story);
    while (n_turns-- > 0)
        pair_disturb(pair, story->dice);
    if (story->slow && g_rand_boolean(story->dice))
        pair_release_kernel(pair);
    if (g_rand_int_range(story->dice, 0, 4) == 0)
        pair_jump(pair);
}

/* Both have the same SAs, or one has given up and the other one is about to. */
static void
check_end(Pair *pair, const Story *story)
{
    guint n;

    if (pair->left.sa == NULL || pair->right.sa == NULL)
        return;
    g_assert_cmpuint(pair->left.sa->spi_i, ==, pair->right.sa->spi_i);
    g_assert_cmpuint(pair->left.sa->spi_r, ==, pair->right.sa->spi_r);
    g_assert_true(obol_secret_equal(pair->left.sa->keys.block, pair->right.sa->keys.block));
    n = pair->left.sa->children->len;
    g_assert_true(pair_agree(pair, n));
    pair_check_kernels(pair, n);
    if (!story->ends && !story->slow) {
        g_assert_cmpuint(pair->n_lost, ==, 0);
        g_assert_cmpuint(n, >=, 1);
    }
    pair_finish(pair);
}

static void
test_any_story_ends_well(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data);
    guint32 base = g_test_rand_int();
    guint n_told = 0, n_rekeyed = 0;

    for (guint i = 0; i < 250; i++) {
        Story story = { g_rand_new_with_seed(base + i), (which & 1) != 0, (which & 2) != 0 };
        g_autoptr(Pair) pair = pair_of_seed(i);

        g_test_message("seed %u", base + i);
        pair->traffic = !story.ends && !story.slow;
        for (guint j = 0; j < 4 + i % 14; j++)
            step(pair, &story);
        pair_release_kernel(pair);
        pair_quiesce(pair);
        g_rand_free(story.dice);
        n_told += pair->left.sa != NULL && pair->right.sa != NULL;
        n_rekeyed += pair->left.n_successors;
        check_end(pair, &story);
    }
    g_assert_cmpuint(n_told, >, 60);
    g_assert_cmpuint(n_rekeyed, >, 60);
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "2.8.2/both-rekey-at-once", test_both_rekey_at_once },
    { "2.8.2/the-lowest-of-four-nonces-goes", test_the_lowest_of_four_nonces_goes },
    { "2.8.2/one-end-does-not-notice", test_one_end_does_not_notice },
    { "2.8.2/a-late-request-meets-a-temporary-failure", test_a_late_request_meets_a_temporary_failure },
    { "2.8.2/lost-deletes-after-a-collision", test_lost_deletes_after_a_collision },
    { "2.8.2/what-has-not-been-asked-yet-gives-way", test_what_has_not_been_asked_yet_gives_way },
    { "2.8.2/a-no-to-ours-leaves-theirs", test_a_no_to_ours_leaves_theirs },
    { "2.25.2/a-child-while-the-ike-sa-is-rekeyed-is-put-off", test_a_child_while_the_ike_sa_is_rekeyed_is_put_off },
    { "2.25.2/a-child-s-rekeying-meets-a-temporary-failure", test_a_child_s_rekeying_meets_a_temporary_failure },
    { "2.25.2/a-child-s-delete-is-answered-as-usual", test_a_child_s_delete_is_answered_as_usual },
    { "2.25.2/our-own-rekeying-waits-for-our-own-child", test_our_own_rekeying_waits_for_our_own_child },
    { "2.25.2/our-own-rekeying-waits-for-the-peer-s-child", test_our_own_rekeying_waits_for_the_peer_s_child },
    { "2.25.2/a-delete-meets-a-delete", test_a_delete_meets_a_delete },
    { "2.25.2/an-end-asked-for-while-answering-refuses", test_an_end_asked_for_while_answering_refuses },
    { "2.8/a-delete-of-the-old-one-while-we-compute", test_a_delete_of_the_old_one_while_we_compute },
    { "2.8.2/silence-leaves-what-was-agreed-on", test_silence_leaves_what_was_agreed_on },
};

static const struct {
    const char *name;
    GTestDataFunc test;
    guint n;
} with_data[] = {
    { "2.8.2/lost-messages-within-a-collision", test_lost_messages_within_a_collision, 8 },
    { "2.25.2/a-rekeying-meets-a-delete", test_a_rekeying_meets_a_delete, 2 },
    { "2.25.2/an-end-asked-for-meanwhile-ends-the-successor", test_an_end_asked_for_meanwhile_ends_the_successor, 2 },
    { "2.25.2/any-story-of-ike-rekeyings-ends-well", test_any_story_ends_well, 4 },
};

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/ike/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(with_data); i++) {
        for (guint j = 0; j < with_data[i].n; j++) {
            g_autofree char *name = g_strdup_printf("/exchange/ike/%s-%u", with_data[i].name, j);

            g_test_add_data_func(name, GUINT_TO_POINTER(j), with_data[i].test);
        }
    }
    return g_test_run();
}
