/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike-kernel.c - an SA moves: what the kernel has of it, and what else is going on (RFC 4555 sections 1.2, 3.3 and 3.5). */
#include "exchange/mobike.h"

#include <string.h>

/* --- the kernel, and other exchanges --- */

/* The kernel takes its time, and the SA ends before it is told that all has been moved. */
static void
test_what_is_being_moved_goes_with_the_sa(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair->hold_only = &pair->right;
    pair->hold_kernel = TRUE;
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_terminate(pair, &pair->left, 0);
    pair_run(pair);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], >, 0);
    g_assert_cmpuint(pair->right.kernel.n_not_found, ==, 0);
    g_assert_true(pair_clean(pair));
}

static void
test_what_the_kernel_does_not_move_is_rekeyed(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);
    PairSide *side = left ? &pair->left : &pair->right;
    guint32 old = pair_child(side, 0)->unique_id;

    side->kernel.fail_op = OBOL_KERNEL_UPDATE_SA;
    side->kernel.fail_nth = 1;
    side->kernel.fail_code = OBOL_KERNEL_ERROR_UNSUPPORTED;
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    while (pair_child(side, 0)->unique_id == old || pair_n_children(side, OBOL_CHILD_INSTALLED) != 1) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    mobike_settle(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
    pair_finish(pair);
}

static void
test_a_kernel_without_moves_gets_a_rekeying(void)
{
    static const ObolTransform gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 }, { 0 } };
    static const ObolKernelAbilities fixed = { .transforms = gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE, .udp_encap = TRUE };
    g_autoptr(Pair) pair = mobike_up(&(PairSetup) { .abilities = { NULL, &fixed } });

    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_nonnull(strstr(pair->right.last_log, "rekeyed"));
    g_assert_true(pair_jump(pair));
    mobike_settle(pair);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 0);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_move_during_a_rekeying_of_a_child(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair_kill(pair, L1);
    pair_roam(pair, &pair->left, L2);
    mobike_settle(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_move_during_a_rekeying_of_the_ike_sa(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data) / 2;
    gboolean left = GPOINTER_TO_UINT(data) % 2 == 0;
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_rekey_ike(pair, left ? &pair->left : &pair->right);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair_roam(pair, &pair->left, L2);
    mobike_settle(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

/* Whoever rekeys it, the initiator of the first one decides (section 1.3). */
static void
test_a_rekeyed_ike_sa_keeps_it(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_rekey_ike(pair, left ? &pair->left : &pair->right);
    mobike_settle(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair->left.sa->mobike->decides);
    g_assert_false(pair->right.sa->mobike->decides);
    g_assert_cmpuint(pair->right.sa->mobike->peer_addresses->len, ==, 1);
    pair_roam(pair, &pair->left, L2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_transport_mode_child_does_not_move(void)
{
    g_autoptr(Pair) pair = mobike_up(&(PairSetup) { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } });

    pair_roam(pair, &pair->left, L2);
    mobike_settle(pair);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    g_assert_true(pair_ike_at(&pair->left, L2, R1) && pair_ike_at(&pair->right, R1, L2));
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_GONE);
    g_assert_cmpuint(pair->left.kernel.n_sas + pair->right.kernel.n_sas, ==, 0);
    pair_finish(pair);
}

static void
test_a_child_that_is_new_is_where_the_ike_sa_is(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    pair_add_child(pair, "more", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    pair_initiate_child(pair, &pair->left, "more", 3);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

int
main(int argc, char *argv[])
{
    static const MobikeTest tests[] = {
        { "3.5/what-is-being-moved-goes-with-the-sa", test_what_is_being_moved_goes_with_the_sa },
        { "3.5/a-kernel-without-moves-gets-a-rekeying", test_a_kernel_without_moves_gets_a_rekeying },
        { "1.2/a-transport-mode-child-does-not-move", test_a_transport_mode_child_does_not_move },
        { "3.3/a-child-that-is-new-is-where-the-ike-sa-is", test_a_child_that_is_new_is_where_the_ike_sa_is },
    };
    static const MobikeSeries series[] = {
        { "3.5/what-the-kernel-does-not-move-is-rekeyed", test_what_the_kernel_does_not_move_is_rekeyed, 2 },
        { "3.5/a-move-during-a-rekeying-of-a-child", test_a_move_during_a_rekeying_of_a_child, 4 },
        { "3.5/a-move-during-a-rekeying-of-the-ike-sa", test_a_move_during_a_rekeying_of_the_ike_sa, 8 },
        { "3.5/a-rekeyed-ike-sa-keeps-it", test_a_rekeyed_ike_sa_keeps_it, 2 },
    };

    g_test_init(&argc, &argv, NULL);
    mobike_add_tests(tests, G_N_ELEMENTS(tests));
    mobike_add_series(series, G_N_ELEMENTS(series));
    return g_test_run();
}
