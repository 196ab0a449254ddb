/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-window.c - SET_WINDOW_SIZE, and what it allows either end (RFC 7296 section 2.3). */
#include "exchange/pair.h"

#include <string.h>

/* --- what is announced --- */

/* How large a window IKE_AUTH of @from announces; 0: it does not. */
static guint32
announced(Pair *pair, PairSide *from)
{
    g_autoptr(GByteArray) plain = NULL;
    g_auto(ObolChain) chain = { .n = 0 };
    const ObolPayload *p;
    guint32 wire;

    g_assert_true(pair_open(pair_other(pair, from), pair_peek(pair), &plain, &chain));
    p = obol_chain_find_notify(&chain, OBOL_N_SET_WINDOW_SIZE);
    if (p == NULL)
        return 0;
    g_assert_cmpuint(p->notify.data.n, ==, 4);
    memcpy(&wire, p->notify.data.data, 4);
    return GUINT32_FROM_BE(wire);
}

static void
check_announcements(guint16 left, guint16 right, guint32 left_says, guint32 right_says)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .window = { left, right } });

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_cmpuint(announced(pair, &pair->left), ==, left_says);
    pair_deliver(pair);
    g_assert_cmpuint(announced(pair, &pair->right), ==, right_says);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.sa->own_window, ==, MAX(left_says, 1));
    g_assert_cmpuint(pair->left.sa->peer_window, ==, MAX(right_says, 1));
    g_assert_cmpuint(pair->right.sa->own_window, ==, MAX(right_says, 1));
    g_assert_cmpuint(pair->right.sa->peer_window, ==, MAX(left_says, 1));
    pair_finish(pair);
}

static void
test_one_is_not_announced(void)
{
    check_announcements(0, 0, 0, 0);
}

static void
test_each_end_announces_its_own(void)
{
    check_announcements(4, 7, 4, 7);
    check_announcements(0, 5, 0, 5);
    check_announcements(16, 0, 16, 0);
}

/* The right's word in an INFORMATIONAL request of its own. */
static void
say(Pair *pair, const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_SET_WINDOW_SIZE, data, n);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, FALSE, pair->right.sa->next_request_id++, &chain));
    pair_deliver(pair);
    g_assert_nonnull(pair_peek(pair)); /* it is answered, whatever it says */
    pair_lose(pair);
}

static void
test_broken_announcements_say_nothing(void)
{
    static const guint8 bytes[8] = { 0, 0, 0, 9, 0, 0, 0, 9 };
    static const guint8 zero[4];

    for (gsize n = 0; n <= sizeof bytes; n++) {
        g_autoptr(Pair) pair = pair_with_windows(1, 3, 0);

        if (n == 4)
            continue;
        say(pair, bytes, n);
        g_assert_cmpuint(pair->left.sa->peer_window, ==, 3);
        say(pair, zero, sizeof zero);
        g_assert_cmpuint(pair->left.sa->peer_window, ==, 3);
        g_assert_true(pair_whole(pair));
    }
}

static void
test_a_window_only_grows(void)
{
    static const struct {
        guint8 data[4];
        guint16 holds;
    } said[] = {
        { { 0, 0, 0, 1 }, 3 }, { { 0, 0, 0, 2 }, 3 }, { { 0, 0, 0, 5 }, 5 }, { { 0, 0, 0, 4 }, 5 },
        { { 0xff, 0xff, 0xff, 0xff }, OBOL_WINDOW_MAX }, { { 0, 1, 0, 1 }, OBOL_WINDOW_MAX },
    };
    g_autoptr(Pair) pair = pair_with_windows(1, 3, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
        say(pair, said[i].data, 4);
        g_assert_cmpuint(pair->left.sa->peer_window, ==, said[i].holds);
    }
}

static void
test_a_new_ike_sa_begins_with_one(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_windows(4, GPOINTER_TO_INT(data) ? 6 : 1, 0);
    guint16 right = GPOINTER_TO_INT(data) ? 6 : 1;

    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    g_assert_cmpuint(pair->right.sa->own_window, ==, right); /* the old one's, until it is over */
    while (pair->left.n_successors == 0)
        pair_deliver(pair);
    g_assert_cmpuint(pair->left.sa->peer_window, ==, 1);
    pair_run(pair);
    g_assert_cmpuint(pair->left.sa->own_window, ==, 4);
    g_assert_cmpuint(pair->left.sa->peer_window, ==, right);
    g_assert_cmpuint(pair->right.sa->own_window, ==, right);
    g_assert_cmpuint(pair->right.sa->peer_window, ==, 4);
    /* One exchange told both. */
    g_assert_cmpuint(pair->left.sa->next_request_id + pair->right.sa->next_request_id, <=, 2);
    pair_finish(pair);
}

static void
test_nothing_is_asked_on_a_new_ike_sa_for_windows_of_one(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 1, 0);

    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_cmpuint(pair->left.sa->next_request_id, ==, 0);
    g_assert_cmpuint(pair->right.sa->next_request_id, ==, 0);
    pair_finish(pair);
}

/* --- what the peer allows us --- */

static void
test_several_requests_are_under_way(gconstpointer data)
{
    guint16 window = (guint16) GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_with_windows(1, window, PAIR_FURTHER_MAX);

    pair_initiate_further(pair, &pair->left, 0, PAIR_FURTHER_MAX);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, MIN(window, PAIR_FURTHER_MAX));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1 + PAIR_FURTHER_MAX));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1 + PAIR_FURTHER_MAX);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    /* The other way our own window rules, which is one. */
    pair_rekey_ike(pair, &pair->right);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1 + PAIR_FURTHER_MAX));
    pair_finish(pair);
}

static void
test_x_waits_for_the_response_to_x_minus_n(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 3, 5);
    guint32 first = pair->left.sa->next_request_id;

    pair_initiate_further(pair, &pair->left, 0, 5);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 3);
    for (guint i = 0; i < 3; i++)
        pair_deliver_to(pair, &pair->right);
    pair_turn_wire(pair);
    /* The second and the third are answered, and nothing more goes out. */
    pair_deliver_to(pair, &pair->left);
    pair_deliver_to(pair, &pair->left);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    g_assert_cmpuint(pair->left.sa->next_request_id, ==, first + 3);
    pair_deliver_to(pair, &pair->left);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    g_assert_cmpuint(pair->left.sa->next_request_id, ==, first + 5);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 6));
    pair_finish(pair);
}

static void
test_each_is_repeated_for_itself(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 3);
    g_autoptr(GByteArray) lost = NULL;
    guint32 id;

    pair_initiate_further(pair, &pair->left, 0, 3);
    pair_deliver(pair);
    id = pair_id_of(pair_peek(pair));
    lost = g_byte_array_ref(pair_peek(pair)->bytes);
    pair_lose(pair); /* the second */
    pair_run(pair);
    g_assert_cmpuint(obol_window_oldest(pair->left.sa)->message_id, ==, id);
    g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    g_assert_cmpmem(pair_peek(pair)->bytes->data, pair_peek(pair)->bytes->len, lost->data, lost->len);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 4));
    pair_finish(pair);
}

/* One of several has no answer: that is the end of the IKE SA. */
static void
test_one_without_an_answer_ends_it(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 3);
    guint32 deaf;

    pair_initiate_further(pair, &pair->left, 0, 3);
    deaf = pair_id_of(pair_peek(pair));
    while (pair->left.sa != NULL) {
        if (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        else if (pair_id_of(pair_peek(pair)) == deaf)
            pair_lose(pair);
        else
            pair_deliver(pair);
    }
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_NET_SILENT);
}

/* --- what we allow the peer --- */

static void
test_requests_are_taken_out_of_order(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_windows(8, 8, PAIR_FURTHER_MAX);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;
    guint32 expected = pair_other(pair, side)->sa->expected_request_id;

    pair_initiate_further(pair, side, 0, PAIR_FURTHER_MAX);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, PAIR_FURTHER_MAX);
    pair_turn_wire(pair);
    for (guint i = 0; i < PAIR_FURTHER_MAX; i++) {
        g_assert_cmpuint(pair_other(pair, side)->sa->expected_request_id, ==, expected);
        pair_deliver_to(pair, pair_other(pair, side));
    }
    g_assert_cmpuint(pair_other(pair, side)->sa->expected_request_id, ==, expected + PAIR_FURTHER_MAX);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1 + PAIR_FURTHER_MAX));
    pair_finish(pair);
}

/* While the kernel has not spoken about the first, the others wait; each is answered once, however often it comes. */
static void
test_requests_wait_while_one_is_answered(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 3);
    guint32 first = pair->left.sa->next_request_id;

    pair_initiate_further(pair, &pair->left, 0, 3);
    pair->hold_kernel = TRUE;
    for (guint i = 0; i < 3; i++) {
        pair_duplicate(pair);
        pair_deliver_to(pair, &pair->right);
        pair_deliver_to(pair, &pair->right);
    }
    g_assert_true(pair->right.sa->busy);
    g_assert_cmpuint(pair->right.sa->answering_id, ==, first);
    g_assert_cmpuint(pair->right.sa->held_requests->len, ==, 2);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 0);
    pair_release_kernel(pair);
    g_assert_null(pair->right.sa->held_requests);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 3);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(pair_id_of(pair_peek(pair)), ==, first + i);
        pair_deliver(pair);
    }
    pair_run(pair);
    g_assert_true(pair_agree(pair, 4));
    pair_finish(pair);
}

/* A message that waits was authentic; one that only pretends to be takes no room. */
static void
test_what_is_not_authentic_is_not_held(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 2);

    pair_initiate_further(pair, &pair->left, 0, 2);
    pair->hold_kernel = TRUE;
    pair_deliver(pair);
    pair_peek(pair)->bytes->data[pair_peek(pair)->bytes->len - 1] ^= 1;
    pair_deliver(pair);
    g_assert_true(pair->right.sa->busy);
    g_assert_null(pair->right.sa->held_requests);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 3));
    pair_finish(pair);
}

static void
put_empty(Pair *pair, guint32 id)
{
    g_auto(ObolChain) empty = { .n = 0 };

    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, id, &empty));
    pair_deliver(pair);
}

static void
test_a_request_beyond_the_window_is_ignored(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 0);
    guint32 next = pair->right.sa->expected_request_id;
    static const guint32 beyond[] = { 4, 5, 100, 0x7fffffff, 0xfffffff0 };

    for (gsize i = 0; i < G_N_ELEMENTS(beyond); i++) {
        put_empty(pair, next + beyond[i]);
        g_assert_null(pair_peek(pair));
    }
    put_empty(pair, next + 3);
    g_assert_nonnull(pair_peek(pair));
    pair_lose(pair);
    /* The window moves with the lowest that is missing, and not before. */
    put_empty(pair, next + 4);
    g_assert_null(pair_peek(pair));
    for (guint i = 0; i < 3; i++) {
        put_empty(pair, next + i);
        pair_lose(pair);
    }
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, next + 4);
    put_empty(pair, next + 7);
    g_assert_nonnull(pair_peek(pair));
    pair_lose(pair);
    g_assert_true(pair->right.sa->responses->len <= 4);
}

static void
test_as_many_responses_are_kept_as_the_window_is_large(gconstpointer data)
{
    guint16 window = (guint16) GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_with_windows(1, window, 0);
    guint32 first = pair->right.sa->expected_request_id;
    GByteArray *requests[24], *responses[24];
    g_auto(ObolChain) empty = { .n = 0 };

    for (guint32 i = 0; i < 24; i++) {
        pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, first + i, &empty));
        requests[i] = g_byte_array_ref(pair_peek(pair)->bytes);
        pair_deliver(pair);
        responses[i] = g_byte_array_ref(pair_peek(pair)->bytes);
        pair_lose(pair);
    }
    g_assert_cmpuint(pair->right.sa->responses->len, ==, window);
    for (guint i = 0; i < 24; i++) {
        pair_put(pair, &pair->right, g_bytes_new(requests[i]->data, requests[i]->len));
        pair_deliver(pair);
        if (i + window < 24) {
            g_assert_null(pair_peek(pair)); /* long ago */
        } else {
            g_assert_cmpmem(pair_peek(pair)->bytes->data, pair_peek(pair)->bytes->len, responses[i]->data, responses[i]->len);
            pair_lose(pair);
        }
        g_byte_array_unref(requests[i]);
        g_byte_array_unref(responses[i]);
    }
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, first + 24);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/2.3/a-window-of-one-is-not-announced", test_one_is_not_announced);
    g_test_add_func("/exchange/2.3/each-end-announces-its-own-window-in-ike-auth", test_each_end_announces_its_own);
    g_test_add_func("/exchange/2.3/broken-announcements-say-nothing", test_broken_announcements_say_nothing);
    g_test_add_func("/exchange/2.3/a-window-only-grows", test_a_window_only_grows);
    g_test_add_data_func("/exchange/2.3/a-new-ike-sa-begins-with-a-window-of-one/one-end", GINT_TO_POINTER(0), test_a_new_ike_sa_begins_with_one);
    g_test_add_data_func("/exchange/2.3/a-new-ike-sa-begins-with-a-window-of-one/both", GINT_TO_POINTER(1), test_a_new_ike_sa_begins_with_one);
    g_test_add_func("/exchange/2.3/windows-of-one-need-no-exchange", test_nothing_is_asked_on_a_new_ike_sa_for_windows_of_one);
    for (guint n = 1; n <= OBOL_WINDOW_MAX; n = n * 2) {
        g_autofree char *several = g_strdup_printf("/exchange/2.3/several-requests-are-under-way/%u", n);
        g_autofree char *kept = g_strdup_printf("/exchange/2.3/as-many-responses-are-kept-as-the-window-is-large/%u", n);

        g_test_add_data_func(several, GUINT_TO_POINTER(n), test_several_requests_are_under_way);
        g_test_add_data_func(kept, GUINT_TO_POINTER(n), test_as_many_responses_are_kept_as_the_window_is_large);
    }
    g_test_add_func("/exchange/2.3/x-waits-for-the-response-to-x-minus-n", test_x_waits_for_the_response_to_x_minus_n);
    g_test_add_func("/exchange/2.3/each-request-is-repeated-for-itself", test_each_is_repeated_for_itself);
    g_test_add_func("/exchange/2.3/one-request-without-an-answer-ends-the-ike-sa", test_one_without_an_answer_ends_it);
    g_test_add_data_func("/exchange/2.3/requests-are-taken-out-of-order/by-the-responder", GINT_TO_POINTER(1), test_requests_are_taken_out_of_order);
    g_test_add_data_func("/exchange/2.3/requests-are-taken-out-of-order/by-the-initiator", GINT_TO_POINTER(0), test_requests_are_taken_out_of_order);
    g_test_add_func("/exchange/2.3/requests-wait-while-one-is-answered", test_requests_wait_while_one_is_answered);
    g_test_add_func("/exchange/2.3/what-is-not-authentic-is-not-held", test_what_is_not_authentic_is_not_held);
    g_test_add_func("/exchange/2.3/a-request-beyond-the-window-is-ignored", test_a_request_beyond_the_window_is_ignored);
    return g_test_run();
}
