/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-selectors-meanwhile.c - selectors that are changed while other things go on, and what follows (RFC 7296
 * sections 2.8, 2.9.2, 2.25). */
#include "exchange/pair.h"

/* --- what goes on meanwhile --- */

/* Section 2.9.2. */
static void
test_a_rekeying_later_keeps_them(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;
    guint32 changed;

    pair_change(pair, &pair->left, OBOL_TS_SET, "10.3.0.0/16", "10.2.0.0/24 10.4.0.0/16");
    pair_run(pair);
    for (guint i = 0; i < 3; i++) {
        changed = pair_child(&pair->left, 0)->unique_id;
        pair_expire(pair, side, pair_child(side, 0), FALSE);
        pair_run(pair);
        pair_check_changed(pair, "10.3.0.0/16", "10.2.0.0/24 10.4.0.0/16", 2);
        g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, changed);
        g_assert_true(pair_child(&pair->left, 0)->adjusted);
    }
    pair_finish(pair);
}

/* A peer may rekey with all that its settings say: what was taken away does not come back that way. */
static void
test_a_rekeying_by_the_peer_brings_nothing_back(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    g_autoptr(GArray) settings = pair_selectors("10.2.0.0/16");

    pair_change(pair, &pair->left, OBOL_TS_REMOVE, NULL, "10.2.128.0/17");
    pair_run(pair);
    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), FALSE);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &chain));
    for (guint i = 0; i < chain.n; i++) {
        if (chain.items[i].type == OBOL_PAYLOAD_TSI)
            chain.items[i].ts.selectors = (ObolTs *) settings->data;
    }
    pair_lose(pair);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, FALSE, pair->right.sa->next_request_id, &chain));
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/17", 1);
    pair_finish(pair);
}

static void
test_another_change_begins_from_the_last_one(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_run(pair);
    pair_change(pair, &pair->left, OBOL_TS_REMOVE, NULL, "10.2.0.0/16");
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.4.0.0/16", 1);
    pair_change(pair, &pair->left, OBOL_TS_SET, NULL, "10.2.0.0/16");
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16", 1);
    pair_finish(pair);
}

static void
test_a_rekeying_under_way_goes_first(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    PairSide *side = GPOINTER_TO_INT(data) % 2 ? &pair->left : &pair->right;
    guint n_delivered = (guint) GPOINTER_TO_INT(data) / 2;

    pair_expire(pair, side, pair_child(side, 0), FALSE);
    for (guint i = 0; i < n_delivered; i++)
        pair_deliver(pair);
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_quiesce(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

/* A peer that begins to rekey and then says no more: the change is given up after a minute, and the IKE SA is not. */
static void
test_a_rekeying_without_end_is_not_waited_for_for_ever(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    gint64 begin = pair->now_us;

    pair->traffic = FALSE;
    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), FALSE);
    pair_deliver(pair);
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    while (pair->left.n_commands_done == 1) {
        while (pair_peek(pair) != NULL)
            pair_lose(pair);
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_BUSY);
    g_assert_cmpint(pair->now_us - begin, >=, 59 * (gint64) G_USEC_PER_SEC);
    g_assert_cmpint(pair->now_us - begin, <=, 62 * (gint64) G_USEC_PER_SEC);
    g_assert_nonnull(pair->left.sa);
    g_assert_cmpuint(pair->left.sa->children->len, ==, 2);
}

/* Section 2.25: a rekeying by the peer that crosses it is put off, and what it was for goes. */
static void
test_a_rekeying_by_the_peer_crosses_it(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    gboolean theirs_first = GPOINTER_TO_INT(data) % 2 != 0;
    PairSide *side = GPOINTER_TO_INT(data) / 2 ? &pair->left : &pair->right, *other = pair_other(pair, side);

    if (side == &pair->right) { /* the left's settings have to allow it then */
        g_array_unref(pair_config(&pair->left, 0)->local_ts);
        pair_config(&pair->left, 0)->local_ts = pair_selectors("10.1.0.0/16 10.3.0.0/16");
    }
    pair_change(pair, side, OBOL_TS_ADD, side == &pair->left ? "10.3.0.0/16" : NULL, side == &pair->left ? NULL : "10.3.0.0/16");
    pair_expire(pair, other, pair_child(other, 0), FALSE);
    if (theirs_first)
        pair_deliver_to(pair, side);
    else
        pair_deliver_to(pair, other);
    pair_quiesce(pair);
    g_assert_cmpint(side->command_reason, ==, OBOL_REASON_NONE);
    pair_check_changed(pair, "10.1.0.0/16 10.3.0.0/16", "10.2.0.0/16", 2);
    pair_finish(pair);
}

static void
test_both_change_it_at_once(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&(PairSetup) { .local_ts = { NULL, "10.2.0.0/16 10.4.0.0/16" }, .remote_ts = { NULL, NULL } });
    guint order = GPOINTER_TO_UINT(data);

    g_array_unref(pair_config(&pair->left, 0)->local_ts);
    pair_config(&pair->left, 0)->local_ts = pair_selectors("10.1.0.0/16 10.3.0.0/16");
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_change(pair, &pair->right, OBOL_TS_ADD, NULL, "10.3.0.0/16");
    for (guint i = 0; i < 4; i++)
        pair_deliver_to(pair, (order >> i & 1) != 0 ? &pair->left : &pair->right);
    pair_quiesce(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    /* Each asks for what it knows: the second one's change is applied to what the first one has made. */
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    pair_finish(pair);
}

/* Section 2.25.2. */
static void
test_a_rekeying_of_the_ike_sa_meanwhile(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint when = GPOINTER_TO_UINT(data);

    if (when % 2 == 0)
        pair_rekey_ike(pair, &pair->left);
    else
        pair_rekey_ike(pair, &pair->right);
    for (guint i = 0; i < when / 2; i++)
        pair_deliver(pair);
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_quiesce(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

static void
test_the_child_is_deleted_meanwhile(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint when = GPOINTER_TO_UINT(data);
    PairSide *side = when % 2 == 0 ? &pair->left : &pair->right;

    pair->traffic = FALSE;
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    for (guint i = 0; i < when / 2; i++)
        pair_deliver(pair);
    pair_terminate(pair, side, pair_child(side, 0)->unique_id);
    pair_quiesce(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_true(pair_agree(pair, pair->left.sa->children->len));
    if (pair->left.sa->children->len == 0) {
        g_assert_true(model_kernel_empty(&pair->left.kernel));
        g_assert_true(model_kernel_empty(&pair->right.kernel));
    }
    pair_finish(pair);
}

static void
test_the_ike_sa_is_deleted_meanwhile(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint when = GPOINTER_TO_UINT(data);

    pair->traffic = FALSE;
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    for (guint i = 0; i < when / 2; i++)
        pair_deliver(pair);
    pair_terminate(pair, when % 2 == 0 ? &pair->left : &pair->right, 0);
    pair_quiesce(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_true(pair_clean(pair));
}

/* A trap stays as the settings say: a packet to what was taken away sets up another Child SA beside. */
static void
test_a_packet_to_what_was_removed_makes_another_child(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    ObolEvent event = { .kind = OBOL_EVENT_INITIATE };
    ObolTs source, destination;

    pair_change(pair, &pair->left, OBOL_TS_REMOVE, NULL, "10.2.128.0/17");
    pair_run(pair);
    g_assert_true(obol_ts_parse("10.1.0.1[tcp/1025]", &source, NULL));
    g_assert_true(obol_ts_parse("10.2.200.1[tcp/22]", &destination, NULL));
    event.initiate.child = pair_config(&pair->left, 0);
    event.initiate.source = &source;
    event.initiate.destination = &destination;
    pair_feed(pair, &pair->left, &event);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair_child(&pair->left, 0)->reqid, !=, pair_child(&pair->left, 1)->reqid);
    pair_check_protects(&pair->left, 0, "10.1.0.0/16", "10.2.0.0/17");
    g_assert_true(obol_child_covers(pair_child(&pair->left, 1), &source, &destination));
    pair_finish(pair);
}

static void
test_a_packet_to_what_was_added_makes_none(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    ObolEvent event = { .kind = OBOL_EVENT_INITIATE };
    ObolTs source, destination;

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_run(pair);
    g_assert_true(obol_ts_parse("10.1.0.1[tcp/1025]", &source, NULL));
    g_assert_true(obol_ts_parse("10.4.0.1[tcp/22]", &destination, NULL));
    event.initiate.child = pair_config(&pair->left, 0);
    event.initiate.source = &source;
    event.initiate.destination = &destination;
    pair_feed(pair, &pair->left, &event);
    g_assert_null(pair_peek(pair));
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

/* As many as there may be, and room for one in another's place. */
static void
test_a_full_ike_sa_can_still_change(void)
{
    g_autoptr(Pair) pair = pair_new(&pair_wide);

    for (guint i = 1; i < OBOL_ENGINE_CHILDREN_MAX; i++) {
        g_autofree char *name = g_strdup_printf("c%u", i), *left = g_strdup_printf("10.1%02u.0.0/16", i),
                        *right = g_strdup_printf("10.2%02u.0.0/16", i);

        pair_add_child(pair, name, left, right);
    }
    pair_establish(pair);
    for (guint i = 1; i < OBOL_ENGINE_CHILDREN_MAX; i++) {
        g_autofree char *name = g_strdup_printf("c%u", i);

        pair_initiate_child(pair, &pair->left, name, 0);
        pair_run(pair);
    }
    g_assert_true(pair_agree(pair, OBOL_ENGINE_CHILDREN_MAX));
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, OBOL_ENGINE_CHILDREN_MAX));
    pair_finish(pair);
}

static guint32
any_child(PairSide *side, GRand *dice)
{
    return pair_child(side, (guint) g_rand_int_range(dice, 0, (gint) side->sa->children->len))->unique_id;
}

/* Any order of anything: both ends agree, nothing is left over. */
static void
test_random_histories(void)
{
    for (guint seed = 0; seed < 150; seed++) {
        g_autoptr(Pair) pair = pair_up(&(PairSetup) { .local_ts = { "10.1.0.0/16 10.3.0.0/16", "10.2.0.0/16 10.4.0.0/16" },
                                                      .remote_ts = { "10.2.0.0/16 10.4.0.0/16", "10.1.0.0/16 10.3.0.0/16" } });
        g_autoptr(GRand) dice = g_rand_new_with_seed(seed);
        static const char *const remote[2][3] = { { "10.2.0.0/16", "10.4.0.0/16", "10.2.0.0/17" },
                                                  { "10.1.0.0/16", "10.3.0.0/16", "10.3.0.0/17" } };

        pair->traffic = FALSE;
        for (guint step = 0; step < 60 && pair->left.sa != NULL && pair->right.sa != NULL; step++) {
            guint me = (guint) g_rand_int_range(dice, 0, 2), what = (guint) g_rand_int_range(dice, 0, 12);
            PairSide *side = me == 0 ? &pair->left : &pair->right;

            if (side->sa->children->len == 0)
                break;
            if (what < 2)
                pair_change_child(pair, side, any_child(side, dice), (ObolTsOp) g_rand_int_range(dice, 0, 3), NULL,
                                  remote[me][g_rand_int_range(dice, 0, 3)]);
            else if (what == 2)
                pair_expire(pair, side, pair_child(side, 0), FALSE);
            else if (what == 3 && seed % 2 == 0)
                pair_rekey_ike(pair, side);
            else
                pair_disturb(pair, dice);
        }
        pair_quiesce(pair);
        if (pair->left.sa == NULL || pair->right.sa == NULL)
            continue;
        g_assert_cmpuint(pair->left.sa->children->len, ==, 1);
        g_assert_true(pair_agree(pair, 1));
        g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
        g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2);
        g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
        pair_finish(pair);
    }
}

static void
add_numbered(const char *name, guint n, GTestDataFunc function)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/exchange/selectors/%s/%u", name, i);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), function);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    add_numbered("2.9.2/a-rekeying-later-keeps-them", 2, test_a_rekeying_later_keeps_them);
    g_test_add_func("/exchange/selectors/2.9.2/a-rekeying-by-the-peer-brings-nothing-back",
                    test_a_rekeying_by_the_peer_brings_nothing_back);
    g_test_add_func("/exchange/selectors/another-change-begins-from-the-last-one", test_another_change_begins_from_the_last_one);
    add_numbered("2.8/a-rekeying-under-way-goes-first", 6, test_a_rekeying_under_way_goes_first);
    g_test_add_func("/exchange/selectors/2.8/a-rekeying-without-end-is-not-waited-for-for-ever",
                    test_a_rekeying_without_end_is_not_waited_for_for_ever);
    add_numbered("2.25/a-rekeying-by-the-peer-crosses-it", 4, test_a_rekeying_by_the_peer_crosses_it);
    add_numbered("2.25/both-change-it-at-once", 16, test_both_change_it_at_once);
    add_numbered("2.25.2/a-rekeying-of-the-ike-sa-meanwhile", 8, test_a_rekeying_of_the_ike_sa_meanwhile);
    add_numbered("1.4.1/the-child-is-deleted-meanwhile", 8, test_the_child_is_deleted_meanwhile);
    add_numbered("1.4.1/the-ike-sa-is-deleted-meanwhile", 8, test_the_ike_sa_is_deleted_meanwhile);
    g_test_add_func("/exchange/selectors/a-packet-to-what-was-removed-makes-another-child",
                    test_a_packet_to_what_was_removed_makes_another_child);
    g_test_add_func("/exchange/selectors/a-packet-to-what-was-added-makes-none", test_a_packet_to_what_was_added_makes_none);
    g_test_add_func("/exchange/selectors/a-full-ike-sa-can-still-change", test_a_full_ike_sa_can_still_change);
    g_test_add_func("/exchange/selectors/random-histories", test_random_histories);
    return g_test_run();
}
