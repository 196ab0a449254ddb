/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-window-meanwhile.c - several exchanges under way, of which none may disturb another one (RFC 7296 sections 2.3 and
 * 2.25; RFC 4555 sections 3.5 and 3.6). */
#include "exchange/pair.h"
#include "lib/lists.h"

static void
rekey(Pair *pair, PairSide *side, guint i)
{
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.child_id = pair_child(side, i)->unique_id });
}

/* --- children --- */

static void
test_a_delete_of_another_child_goes_at_once(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 2);

    pair_initiate_further(pair, &pair->left, 0, 1);
    pair_run(pair);
    pair_initiate_further(pair, &pair->left, 1, 1);
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    pair_turn_wire(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_a_delete_waits_for_the_rekeying_of_its_child(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 1);

    pair_initiate_further(pair, &pair->left, 0, 1);
    pair_run(pair);
    rekey(pair, &pair->left, 0);
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    /* What has nothing to do with it is not held up. */
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 1)->unique_id);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    pair_finish(pair);
}

static void
test_a_new_child_waits_for_the_delete_of_the_last(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 1);

    pair_initiate_further(pair, &pair->left, 0, 1);
    pair_run(pair);
    pair_terminate(pair, &pair->left, pair_child(&pair->left, 1)->unique_id);
    pair_initiate_further(pair, &pair->left, 0, 1);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_rekeyings_of_several_children_are_under_way(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 8, 3);

    pair_initiate_further(pair, &pair->left, 0, 3);
    pair_run(pair);
    pair->traffic = TRUE;
    for (guint i = 0; i < 4; i++)
        rekey(pair, &pair->left, i);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 4);
    pair_turn_wire(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 4));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

/* Another group is asked for by a request that the window has no room for yet. */
static void
test_a_second_try_waits_for_the_window(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 2, 2);
    GArray *list = pair_config(&pair->left, 2)->proposals, *theirs = pair_config(&pair->right, 2)->proposals;

    g_array_set_size(list, 0);
    test_add_proposals(list, OBOL_PROTO_ESP, "aes128gcm16-x25519-ecp256");
    g_array_set_size(theirs, 0);
    test_add_proposals(theirs, OBOL_PROTO_ESP, "aes128gcm16-ecp256");
    pair_initiate_further(pair, &pair->left, 0, 2);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    pair_lose(pair); /* the first one */
    pair_deliver(pair);
    pair_deliver(pair); /* INVALID_KE_PAYLOAD */
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 0);
    while (pair->left.sa->requests != NULL) {
        pair_run(pair);
        g_assert_true(pair->left.sa->requests == NULL || pair_jump(pair));
    }
    g_assert_true(pair_agree(pair, 3));
    g_assert_cmpuint(pair_child(&pair->left, 2)->suite.ke, ==, OBOL_KE_ECP_256);
    pair_finish(pair);
}

/* --- the IKE SA --- */

static void
test_the_ike_sa_is_rekeyed_alone(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 3);

    pair_initiate_further(pair, &pair->left, 0, 2);
    pair_rekey_ike(pair, &pair->left);
    pair_initiate_further(pair, &pair->left, 2, 1); /* does not overtake it */
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    pair_deliver_to(pair, &pair->right);
    pair_deliver_to(pair, &pair->right);
    pair_deliver_to(pair, &pair->left);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    pair_deliver_to(pair, &pair->left);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1); /* the rekeying */
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair_agree(pair, 4));
    pair_finish(pair);
}

static void
test_our_delete_of_the_ike_sa_goes_last(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 3);

    pair_initiate_further(pair, &pair->left, 0, 2);
    pair_terminate(pair, &pair->left, 0);
    pair_initiate_further(pair, &pair->left, 2, 1);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 2);
    pair_turn_wire(pair);
    pair_deliver_to(pair, &pair->right);
    pair_deliver_to(pair, &pair->left);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

/* The peer need not wait: its Delete may even overtake what it has asked before. */
static void
test_the_peers_delete_may_overtake_its_requests(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 2);
    g_auto(ObolChain) chain = { .n = 0 };
    guint32 id;

    pair_initiate_further(pair, &pair->left, 0, 2);
    id = pair->left.sa->next_request_id++;
    obol_chain_add_delete_ike(&chain);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, id, &chain));
    pair_turn_wire(pair);
    pair_deliver(pair);
    g_assert_null(pair->right.sa);
    g_assert_cmpuint(pair->right.kernel.n_sas, ==, 0);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 3);
    pair_deliver_to(pair, &pair->right);
    pair_deliver_to(pair, &pair->right);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1); /* the answer to the Delete, and to nothing else */
}

/* And while one is being answered it waits for that. */
static void
test_a_delete_waits_while_a_request_is_answered(void)
{
    g_autoptr(Pair) pair = pair_with_windows(1, 4, 1);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_initiate_further(pair, &pair->left, 0, 1);
    pair->hold_kernel = TRUE;
    pair_deliver(pair);
    g_assert_true(pair->right.sa->busy);
    obol_chain_add_delete_ike(&chain);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, pair->left.sa->next_request_id++, &chain));
    pair_deliver(pair);
    g_assert_nonnull(pair->right.sa);
    pair_release_kernel(pair);
    g_assert_null(pair->right.sa);
    g_assert_cmpuint(pair->right.kernel.n_sas, ==, 0);
}

/* --- addresses --- */

static void
move_by(Pair *pair, guint32 id, const char *from)
{
    g_auto(ObolChain) chain = { .n = 0 };
    guint16 port = pair->left.sa->local.port;

    obol_chain_add_notify(&chain, OBOL_N_UPDATE_SA_ADDRESSES, NULL, 0);
    obol_chain_add_notify(&chain, OBOL_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, id, &chain));
    pair_peek(pair)->source = pair_address(from);
    pair_peek(pair)->source.port = port;
}

static void
test_of_updates_out_of_order_the_newest_counts(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(&(PairSetup) { .window = { 4, 4 } });
    guint32 id;

    pair_establish(pair);
    pair->right.connection->mobike_check = OBOL_CHECK_NOT;
    id = pair->right.sa->expected_request_id;
    move_by(pair, id + 1, "192.0.2.11");
    pair_deliver(pair);
    g_assert_true(pair_ike_at(&pair->right, "192.0.2.2", "192.0.2.11"));
    pair_lose(pair);
    move_by(pair, id, "192.0.2.12");
    pair_deliver(pair);
    g_assert_nonnull(pair_peek(pair)); /* it is answered */
    g_assert_true(pair_ike_at(&pair->right, "192.0.2.2", "192.0.2.11"));
    pair_lose(pair);
    move_by(pair, id + 2, "192.0.2.12");
    pair_deliver(pair);
    g_assert_true(pair_ike_at(&pair->right, "192.0.2.2", "192.0.2.12"));
}

/* --- whatever happens --- */

static void
deed(Pair *pair, GRand *dice)
{
    PairSide *side = g_rand_boolean(dice) ? &pair->left : &pair->right;
    guint n = side->sa->children->len;

    switch (g_rand_int_range(dice, 0, 8)) {
    case 0: pair_rekey_ike(pair, side); break;
    case 1:
    case 2:
        if (n > 1)
            pair_terminate(pair, side, pair_child(side, (guint) g_rand_int_range(dice, 0, (gint32) n))->unique_id);
        break;
    case 3:
    case 4:
        if (n > 0)
            rekey(pair, side, (guint) g_rand_int_range(dice, 0, (gint32) n));
        break;
    default: pair_initiate_further(pair, side, (guint) g_rand_int_range(dice, 0, PAIR_FURTHER_MAX), 1);
    }
}

static void
test_random_histories_end_alike(void)
{
    guint n_told = 0;

    for (guint32 seed = 1; seed <= 60; seed++) {
        g_autoptr(GRand) dice = g_rand_new_with_seed(seed);
        guint16 left = (guint16) g_rand_int_range(dice, 1, 9), right = (guint16) g_rand_int_range(dice, 1, 9);
        g_autoptr(Pair) pair = pair_with_windows(left, right, PAIR_FURTHER_MAX);

        g_test_message("seed %u", seed);
        for (guint i = 0; i < 40 && pair->left.sa != NULL && pair->right.sa != NULL; i++) {
            if (g_rand_int_range(dice, 0, 3) == 0)
                deed(pair, dice);
            else
                pair_disturb(pair, dice);
        }
        if (pair->left.sa == NULL || pair->right.sa == NULL)
            continue;
        n_told++;
        pair_quiesce(pair);
        g_assert_true(pair_agree(pair, pair->left.sa->children->len));
        pair_check_kernels(pair, pair->left.sa->children->len);
    }
    g_assert_cmpuint(n_told, >, 50);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/2.3/a-delete-of-another-child-goes-at-once", test_a_delete_of_another_child_goes_at_once);
    g_test_add_func("/exchange/2.3/a-delete-waits-for-the-rekeying-of-its-child", test_a_delete_waits_for_the_rekeying_of_its_child);
    g_test_add_func("/exchange/2.3/a-new-child-waits-for-the-delete-of-the-last", test_a_new_child_waits_for_the_delete_of_the_last);
    g_test_add_func("/exchange/2.3/rekeyings-of-several-children-are-under-way", test_rekeyings_of_several_children_are_under_way);
    g_test_add_func("/exchange/2.3/a-second-try-waits-for-the-window", test_a_second_try_waits_for_the_window);
    g_test_add_func("/exchange/2.3/the-ike-sa-is-rekeyed-alone", test_the_ike_sa_is_rekeyed_alone);
    g_test_add_func("/exchange/2.3/our-delete-of-the-ike-sa-goes-last", test_our_delete_of_the_ike_sa_goes_last);
    g_test_add_func("/exchange/2.3/the-peers-delete-may-overtake-its-requests", test_the_peers_delete_may_overtake_its_requests);
    g_test_add_func("/exchange/2.3/a-delete-waits-while-a-request-is-answered", test_a_delete_waits_while_a_request_is_answered);
    g_test_add_func("/exchange/4555/3.5/of-updates-out-of-order-the-newest-counts", test_of_updates_out_of_order_the_newest_counts);
    g_test_add_func("/exchange/2.3/random-histories-end-alike", test_random_histories_end_alike);
    return g_test_run();
}
