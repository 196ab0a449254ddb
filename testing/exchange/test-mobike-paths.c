/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike-paths.c - a path dies without a word: other ones are tried (RFC 4555 sections 3.5, 3.10 and 3.11); and an
 * address that goes without MOBIKE. */
#include "exchange/mobike.h"

#include <string.h>

static gboolean
is_quiet(const PairSide *side)
{
    return side->sa == NULL || (side->sa->request.datagram == NULL && side->sa->tasks == NULL);
}

/* Until nothing is asked any more; the number of wake-ups. */
static guint
settle(Pair *pair)
{
    for (guint n = 0; n < 60; n++) {
        pair_run(pair);
        if (is_quiet(&pair->left) && is_quiet(&pair->right) && pair->left.others->len + pair->right.others->len == 0)
            return n;
        g_assert_true(pair_jump(pair));
    }
    g_assert_not_reached();
}

/* @dead stops to work; the SA is then to be at @left and @right. */
static const struct {
    const char *dead, *left, *right;
} deaths[] = { { R1, L1, R2 }, { L1, L2, R1 }, { L1 " " R1, L2, R2 } };

static void
kill_all(Pair *pair, const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);

    for (char **word = words; *word != NULL; word++)
        pair_kill(pair, *word);
}

static void
test_another_path_is_found(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    kill_all(pair, deaths[i].dead);
    pair_probe(pair, &pair->left);
    settle(pair);
    g_assert_true(pair_all_at(pair, deaths[i].left, deaths[i].right));
    g_assert_true(pair_whole(pair));
    pair_revive(pair);
    pair_finish(pair);
}

static void
test_the_present_path_is_given_its_tries_first(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    ObolAddress r1 = pair_address(R1);

    pair_probe(pair, &pair->left);
    for (guint i = 0; i < OBOL_ENGINE_PATH_SENDINGS; i++) {
        g_assert_true(obol_address_equal(&pair_peek(pair)->destination, &r1));
        pair_lose(pair);
        g_assert_null(pair_peek(pair));
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpuint(g_queue_get_length(pair->wire), ==, 4); /* two by two */
    settle(pair);
    pair_finish(pair);
}

static void
test_a_path_that_works_again_is_kept(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_kill(pair, R1);
    pair_probe(pair, &pair->left);
    for (guint i = 0; i < OBOL_ENGINE_PATH_SENDINGS; i++) {
        pair_run(pair);
        g_assert_true(pair_jump(pair));
    }
    pair_revive(pair);
    settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    g_assert_cmpuint(pair->left.n_moves, ==, 0);
    pair_finish(pair);
}

/* The message that another path was tried with may be any: what it asks for is done once. */
static void
test_whatever_is_outstanding_finds_it(gconstpointer data)
{
    guint what = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_kill(pair, R1);
    if (what == 0)
        pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    else if (what == 1)
        pair_rekey_ike(pair, &pair->left);
    else
        pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    settle(pair);
    g_assert_true(pair_ike_at(&pair->left, L1, R2) && pair_ike_at(&pair->right, R2, L1));
    if (what < 2)
        g_assert_true(pair_agree(pair, 1) && pair_all_at(pair, L1, R2));
    else
        g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    pair_revive(pair);
    pair_finish(pair);
}

/* Section 3.6 (and 3.5): which of the copies has arrived is not known, so it is sent anew. */
static void
test_an_update_that_went_by_several_paths_is_sent_anew(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    guint32 first;

    kill_all(pair, R1);
    pair_roam(pair, &pair->left, L2);
    first = pair->left.sa->request.message_id;
    settle(pair);
    g_assert_cmpuint(pair->left.sa->next_request_id, ==, first + 2);
    g_assert_true(pair_all_at(pair, L2, R2));
    pair_revive(pair);
    pair_finish(pair);
}

/* An answer from an address that was not tried is no reason to move (somebody may have changed its IP header). */
static void
test_an_answer_from_elsewhere_moves_nothing(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_probe(pair, &pair->left);
    for (guint i = 0; i < OBOL_ENGINE_PATH_SENDINGS; i++) {
        pair_lose(pair);
        g_assert_true(pair_jump(pair));
    }
    while (g_queue_get_length(pair->wire) > 1)
        pair_lose(pair);
    pair_deliver(pair);
    pair_peek(pair)->source = pair_address("203.0.113.9");
    pair_peek(pair)->source.port = 4500;
    settle(pair);
    g_assert_cmpuint(pair->left.n_moves, ==, 0);
    pair_finish(pair);
}

static void
test_an_answer_that_was_not_searched_for_moves_nothing(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_probe(pair, &pair->left);
    pair_deliver(pair);
    pair_peek(pair)->source = pair_address(R2);
    pair_peek(pair)->source.port = 4500;
    settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_without_any_path_it_ends_in_time(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    gint64 begin_us = pair->now_us;

    kill_all(pair, R1 " " R2);
    pair_probe(pair, &pair->left);
    while (pair->left.sa != NULL) {
        pair_run(pair);
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_NET_SILENT);
    g_assert_cmpint(pair->now_us - begin_us, <=, obol_window_patience_us(pair->left.connection) + G_TIME_SPAN_SECOND);
}

/* Section 3.11: the initiator needs the time. */
static void
test_the_responder_asks_for_five_minutes(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    gint64 begin_us = pair->now_us, last_us = begin_us;

    kill_all(pair, L1 " " L2);
    pair_probe(pair, &pair->right);
    while (pair->right.sa != NULL) {
        pair_run(pair);
        g_assert_true(pair_jump(pair));
        g_assert_cmpint(pair->now_us - last_us, <=, 5 * G_TIME_SPAN_MINUTE);
        last_us = pair->now_us;
    }
    g_assert_cmpint(pair->now_us - begin_us, >=, OBOL_ENGINE_RESPONDER_PATIENCE_US);
    g_assert_cmpint(pair->now_us - begin_us, <=, OBOL_ENGINE_RESPONDER_PATIENCE_US + 2 * G_TIME_SPAN_MINUTE);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_NET_SILENT);
}

/* A gateway tells of its inner address too; that is reached by the tunnel itself. */
static void
test_what_a_tunnel_leads_to_is_no_path(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolAddress inner = pair_address("10.2.0.1");
    ObolPath paths[OBOL_ENGINE_PATHS_MAX];
    guint n;

    obol_chain_add_notify(&chain, OBOL_N_ADDITIONAL_IP4_ADDRESS, inner.bytes, 4);
    g_assert_true(pair_ask(pair, &pair->right, &chain, NULL, NULL, &plain, &answer));
    n = obol_paths(pair->left.sa, paths);
    for (guint i = 0; i < n; i++)
        g_assert_false(obol_address_equal(&paths[i].remote, &inner));
    g_assert_cmpuint(n, ==, 2);
    pair_finish(pair);
}

static void
test_a_peer_with_many_addresses_costs_few_packets(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_autoptr(GString) many = g_string_new(R1);
    guint before;

    for (guint i = 0; i < OBOL_ENGINE_OWN_ADDRESSES_MAX; i++)
        g_string_append_printf(many, " 198.51.100.%u", i + 1);
    pair_set_addresses(&pair->right, many->str);
    pair_establish(pair);
    pair_probe(pair, &pair->left);
    for (guint i = 0; i < OBOL_ENGINE_PATH_SENDINGS; i++) {
        pair_lose(pair);
        before = pair->left.n_sent;
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpuint(pair->left.n_sent - before, ==, OBOL_ENGINE_PATHS_MAX);
    settle(pair);
    pair_finish(pair);
}

/* Random moves of the initiator, deaths and losses: in the end all is where the initiator is. */
static void
test_random_moves(gconstpointer data)
{
    static const char *const lefts[] = { L1 " " L2, L1, L2, L2 " " L1, "192.0.2.13 " L1 };
    g_autoptr(GRand) dice = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    g_autoptr(Pair) pair = mobike_up(NULL);

    for (guint step = 0; step < 60 && pair->left.sa != NULL && pair->right.sa != NULL; step++) {
        switch (g_rand_int_range(dice, 0, 10)) {
        case 0: pair_roam(pair, &pair->left, lefts[g_rand_int_range(dice, 0, G_N_ELEMENTS(lefts))]); break;
        case 1: pair_probe(pair, g_rand_boolean(dice) ? &pair->left : &pair->right); break;
        case 2: pair_rekey_ike(pair, g_rand_boolean(dice) ? &pair->left : &pair->right); break;
        case 3: pair_jump(pair); break;
        default: pair_disturb(pair, dice); break;
        }
    }
    pair_roam(pair, &pair->left, L2);
    for (guint n = 0; n < 200 && !(is_quiet(&pair->left) && is_quiet(&pair->right) && pair->left.others->len + pair->right.others->len == 0); n++) {
        pair_run(pair);
        pair_jump(pair);
    }
    g_assert_nonnull(pair->left.sa);
    g_assert_true(pair_ike_at(&pair->left, L2, R1) && pair_ike_at(&pair->right, R1, L2));
    if (pair->left.sa->children->len > 0)
        g_assert_true(pair_all_at(pair, L2, R1));
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
    pair_finish(pair);
}

/* --- without MOBIKE --- */

static Pair *
immobile(gboolean is_to_be_up)
{
    Pair *pair = pair_new(NULL);

    pair_set_addresses(&pair->left, L1 " " L2);
    if (is_to_be_up)
        pair_config(&pair->left, 0)->start_action = OBOL_ACTION_START;
    pair_establish(pair);
    return pair;
}

static void
test_without_mobike_what_is_to_be_up_ends_and_says_why(void)
{
    g_autoptr(Pair) pair = immobile(TRUE);
    ObolAddress l2 = pair_address(L2);

    pair_roam(pair, &pair->left, L2);
    g_assert_null(pair->left.sa);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_GONE);
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_ADDRESS_GONE);
    g_assert_true(obol_address_equal(&pair_peek(pair)->source, &l2)); /* the peer is told */
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_without_mobike_the_others_are_told_of_once_and_stay(void)
{
    g_autoptr(Pair) pair = immobile(FALSE);

    pair_roam(pair, &pair->left, L2);
    pair_roam(pair, &pair->left, L2 " 203.0.113.1");
    g_assert_cmpuint(pair->left.n_failures, ==, 1);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_GONE);
    g_assert_true(pair_whole(pair));
    pair_roam(pair, &pair->left, L1);
    pair_roam(pair, &pair->left, L2);
    g_assert_cmpuint(pair->left.n_failures, ==, 2);
    pair_roam(pair, &pair->left, L1);
    pair_finish(pair);
}

static void
test_without_mobike_and_another_address_it_waits(void)
{
    g_autoptr(Pair) pair = immobile(TRUE);

    pair_roam(pair, &pair->left, "");
    g_assert_true(pair_whole(pair));
    pair_roam(pair, &pair->left, L1);
    pair_finish(pair);
}

static void
test_without_mobike_a_nat_is_followed_as_ever(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair_establish(pair);
    pair->nat.port = 23456;
    pair_probe(pair, &pair->left);
    pair_run(pair);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 23456);
    g_assert_cmpuint(pair->right.n_moves, ==, 1);
    pair_finish(pair);
}

static guint
n_checks(Pair *pair, guint n)
{
    guint before = pair->left.n_sent + pair->right.n_sent;

    for (guint i = 0; i < n; i++) {
        pair->left.kernel.usage.packets++;
        pair->right.kernel.usage.packets++;
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    return pair->left.n_sent + pair->right.n_sent - before;
}

/* Plain ESP may come from anywhere, and nobody tells; in UDP the kernel does. */
static void
test_packets_count_where_their_source_is_known(void)
{
    g_autoptr(Pair) plain = pair_new_mobile(&(PairSetup) { .dpd_us = 10 * (gint64) G_USEC_PER_SEC });
    g_autoptr(Pair) udp = pair_new_mobile(&(PairSetup) { .dpd_us = 10 * (gint64) G_USEC_PER_SEC, .encap = TRUE });
    ObolAddress elsewhere = pair_address("192.0.2.77");

    pair_establish(plain);
    pair_establish(udp);
    g_assert_cmpuint(n_checks(plain, 4), >=, 4);
    g_assert_cmpuint(plain->left.kernel.n_asked[OBOL_KERNEL_QUERY_SA], ==, 0);
    g_assert_cmpuint(n_checks(udp, 4), ==, 0);
    elsewhere.port = 4501;
    pair_feed(udp, &udp->right, &(ObolEvent) { .kind = OBOL_EVENT_MAPPING, .mapping = elsewhere });
    g_assert_cmpuint(n_checks(udp, 4), >, 0);
}

int
main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "4555/3.5/the-present-path-is-given-its-tries-first", test_the_present_path_is_given_its_tries_first },
        { "4555/3.5/a-path-that-works-again-is-kept", test_a_path_that_works_again_is_kept },
        { "4555/3.6/an-update-that-went-by-several-paths-is-sent-anew", test_an_update_that_went_by_several_paths_is_sent_anew },
        { "4555/3.10/an-answer-from-elsewhere-moves-nothing", test_an_answer_from_elsewhere_moves_nothing },
        { "4555/3.10/an-answer-that-was-not-searched-for-moves-nothing", test_an_answer_that_was_not_searched_for_moves_nothing },
        { "4555/3.10/without-any-path-it-ends-in-time", test_without_any_path_it_ends_in_time },
        { "4555/3.10/what-a-tunnel-leads-to-is-no-path", test_what_a_tunnel_leads_to_is_no_path },
        { "4555/3.10/a-peer-with-many-addresses-costs-few-packets", test_a_peer_with_many_addresses_costs_few_packets },
        { "4555/3.11/the-responder-asks-for-five-minutes", test_the_responder_asks_for_five_minutes },
        { "4555/3.12/packets-count-where-their-source-is-known", test_packets_count_where_their_source_is_known },
        { "roam/without-mobike-what-is-to-be-up-ends-and-says-why", test_without_mobike_what_is_to_be_up_ends_and_says_why },
        { "roam/without-mobike-the-others-are-told-of-once-and-stay", test_without_mobike_the_others_are_told_of_once_and_stay },
        { "roam/without-mobike-and-another-address-it-waits", test_without_mobike_and_another_address_it_waits },
        { "2.23/without-mobike-a-nat-is-followed-as-ever", test_without_mobike_a_nat_is_followed_as_ever },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strconcat("/exchange/", tests[i].name, NULL);

        g_test_add_func(name, tests[i].run);
    }
    for (guint i = 0; i < G_N_ELEMENTS(deaths); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/4555/3.10/another-path-is-found-%u", i);
        g_autofree char *other = g_strdup_printf("/exchange/4555/3.5/whatever-is-outstanding-finds-it-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_another_path_is_found);
        g_test_add_data_func(other, GUINT_TO_POINTER(i), test_whatever_is_outstanding_finds_it);
    }
    for (guint i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/4555/random-moves-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_random_moves);
    }
    return g_test_run();
}
