/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-ike-life.c - how old an IKE SA gets: new keys in time, the whole anew, the hard end; and what of it is left for a
 * peer that has lost the last answer (RFC 7296 sections 2.1, 2.8 and 2.8.3). */
#include "exchange/pair.h"

#include <string.h>

#define HOUR ((gint64) 3600 * G_USEC_PER_SEC)
#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)

/* Only the left has lifetimes, if not said otherwise. */
static Pair *
pair_of_age(gint64 rekey_us, gint64 reauth_us, gint64 over_us, gint64 rand_us)
{
    Pair *pair = pair_new(NULL);
    ObolConnection *c = pair->left.connection;

    c->rekey_us = rekey_us;
    c->reauth_us = reauth_us;
    c->over_us = over_us;
    c->rand_us = rand_us;
    pair_establish(pair);
    return pair;
}

static void
lose_all(Pair *pair)
{
    while (pair->wire->length > 0)
        pair_lose(pair);
}

/* --- rekey_time --- */

static void
test_it_is_rekeyed_when_due(void)
{
    g_autoptr(Pair) pair = pair_of_age(4 * HOUR, 0, 24 * MINUTE, 0);
    gint64 began = pair->now_us;

    pair->traffic = TRUE;
    for (guint i = 1; i <= 3; i++) {
        g_assert_true(pair_jump(pair));
        g_assert_cmpint(pair->now_us, ==, began + i * 4 * HOUR);
        pair_run(pair);
        g_assert_true(pair_whole(pair));
        g_assert_cmpuint(pair->left.n_successors, ==, i);
    }
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

static void
test_never_means_never(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 0, 24 * MINUTE, 24 * MINUTE);

    g_assert_false(pair_jump(pair));
    g_assert_cmpint(pair->left.sa->expire_at_us, ==, 0);
}

/* Two ends with the same settings do not begin at the same time by habit. */
static void
test_jitter_spreads_it(void)
{
    gint64 least = G_MAXINT64, most = 0;

    for (guint i = 0; i < 40; i++) {
        g_autoptr(Pair) pair = pair_new(NULL);
        gint64 wait;

        pair->left.connection->rekey_us = 4 * HOUR;
        pair->left.engine.random = test_random_init(&pair->left.random, 400 + i);
        pair_establish(pair);
        wait = pair->left.sa->rekey_at_us - pair->now_us;
        g_assert_cmpint(wait, <=, 4 * HOUR);
        g_assert_cmpint(wait, >=, 4 * HOUR - 24 * MINUTE);
        least = MIN(least, wait);
        most = MAX(most, wait);
    }
    g_assert_cmpint(most - least, >, 12 * MINUTE);
}

static void
test_info_tells_when(void)
{
    g_autoptr(Pair) pair = pair_of_age(4 * HOUR, 10 * HOUR, HOUR, 0);
    g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(ObolChildInfo));
    ObolIkeInfo info;
    guint32 first = pair->left.sa->unique_id;

    obol_ike_sa_info(pair->left.sa, &info, children);
    g_assert_cmpint(info.rekey_us, ==, pair->now_us + 4 * HOUR);
    g_assert_cmpint(info.reauth_us, ==, pair->now_us + 10 * HOUR);
    g_assert_cmpint(info.expire_us, ==, pair->now_us + 5 * HOUR);
    g_assert_cmpuint(info.predecessor, ==, 0);
    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    obol_ike_sa_info(pair->left.sa, &info, children);
    g_assert_cmpint(info.rekey_us, ==, pair->now_us + 4 * HOUR);
    g_assert_cmpuint(info.predecessor, ==, first);
    g_assert_cmpuint(info.n_children, ==, 1);
}

/* Back-off goes on until the hard limit, and that is a Delete. */
static void
test_the_hard_limit_deletes(void)
{
    g_autoptr(Pair) pair = pair_of_age(4 * HOUR, 0, 10 * MINUTE, 0);
    gint64 limit = pair->now_us + 4 * HOUR + 10 * MINUTE;
    guint n = 0;

    g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes256gcm16-prfsha384-x25519",
                                      &g_array_index(pair->right.connection->proposals, ObolProposal, 0), NULL));
    while (pair->left.sa != NULL) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
        g_assert_cmpuint(++n, <, 60);
    }
    g_assert_cmpint(pair->now_us, ==, limit);
    g_assert_cmpuint(n, >, 4); /* it was tried more than once */
    g_assert_true(pair_clean(pair));
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_LIFETIME);
}

static void
test_temporary_failures_for_minutes_close_it(void)
{
    g_autoptr(Pair) pair = pair_of_age(4 * HOUR, 0, 0, 0);
    gint64 first = 0;
    guint n = 0;

    while (pair->left.sa != NULL && pair->left.sa->state == OBOL_IKE_ESTABLISHED) {
        g_auto(ObolChain) chain = { .n = 0 };

        g_assert_true(pair_jump(pair));
        if (pair->wire->length == 0)
            continue;
        first = first != 0 ? first : pair->now_us;
        pair_lose(pair);
        obol_chain_add_notify(&chain, OBOL_N_TEMPORARY_FAILURE, NULL, 0);
        pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, obol_window_oldest(pair->left.sa)->message_id, &chain));
        pair->right.sa->expected_request_id++;
        pair_deliver(pair);
        g_assert_cmpuint(++n, <, 40);
    }
    g_assert_cmpint(pair->now_us - first, >=, 3 * MINUTE);
    g_assert_cmpint(pair->now_us - first, <, 10 * MINUTE);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

/* --- reauth_time --- */

static void
test_the_new_one_is_asked_for_before_the_old_one_goes(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 10 * HOUR, HOUR, 0);

    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    g_assert_cmpuint(pair->left.n_reauth_children, ==, 1);
    g_assert_true(pair->left.reauth_keeps);
    g_assert_true(pair_whole(pair)); /* it lives */
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REAUTHENTICATED, .reauthenticated.success = TRUE });
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_REPLACED);
}

static void
test_the_old_one_is_kept_when_the_new_one_fails(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 10 * HOUR, HOUR, 0);
    gint64 failed;

    g_assert_true(pair_jump(pair));
    failed = pair->now_us;
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REAUTHENTICATED, .reauthenticated.success = FALSE });
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->now_us - failed, <=, 10 * G_USEC_PER_SEC);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 2);
    while (pair->left.sa != NULL) { /* nobody tells how that went: the hard limit comes all the same */
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    g_assert_cmpint(pair->now_us, ==, failed + HOUR);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 2);
    g_assert_true(pair_clean(pair));
}

static void
test_the_new_one_is_asked_for_when_the_old_one_has_gone(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 10 * HOUR, HOUR, 0);

    pair->left.connection->make_before_break = FALSE;
    g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 0);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    g_assert_false(pair->left.reauth_keeps);
    g_assert_true(pair_clean(pair));
}

/* A peer that does not answer the Delete is no reason not to begin anew. */
static void
test_break_before_make_does_not_need_an_answer(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 10 * HOUR, HOUR, 0);
    guint n = 0;

    pair->left.connection->make_before_break = FALSE;
    g_assert_true(pair_jump(pair));
    while (pair->left.sa != NULL) {
        lose_all(pair);
        g_assert_true(pair_jump(pair));
        g_assert_cmpuint(++n, <, 20);
    }
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    g_assert_cmpuint(pair->left.n_reauth_children, ==, 1);
}

static void
test_an_admin_s_end_is_no_reauthentication(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 10 * HOUR, HOUR, 0);

    pair->left.connection->make_before_break = FALSE;
    g_assert_true(pair_jump(pair));
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.command = 3 });
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 0);
    g_assert_true(pair_clean(pair));
}

/* New keys do not make the proof any newer. */
static void
test_reauthentication_is_not_put_off_by_rekeying(void)
{
    g_autoptr(Pair) pair = pair_of_age(4 * HOUR, 10 * HOUR, HOUR, 0);
    gint64 due = pair->now_us + 10 * HOUR;

    for (guint i = 0; i < 2; i++) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
        g_assert_cmpuint(pair->left.n_successors, ==, i + 1);
        g_assert_cmpint(pair->left.sa->reauth_at_us, ==, due);
    }
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->now_us, ==, due);
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
}

/* Two that are due at one age: were both to do it, there would be twice as many IKE SAs after each time. */
static void
test_the_initiator_goes_first(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    ObolConnection *ends[] = { pair->left.connection, pair->right.connection };

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        ends[i]->reauth_us = 10 * HOUR;
        ends[i]->over_us = ends[i]->rand_us = HOUR;
    }
    pair_establish(pair);
    g_assert_cmpint(pair->left.sa->reauth_at_us, <=, pair->now_us + 10 * HOUR);
    g_assert_cmpint(pair->right.sa->reauth_at_us, ==, pair->now_us + 10 * HOUR + HOUR / 2);
    g_assert_cmpint(pair->right.sa->expire_at_us, >, pair->right.sa->reauth_at_us);
}

static void
test_the_responder_reauthenticates_too(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair->right.connection->reauth_us = HOUR;
    pair_establish(pair);
    while (pair->right.n_reauthentications == 0) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    g_assert_true(pair->right.reauth_keeps);
}

static void
test_an_admin_may_ask_for_either(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 0, 0, 0);
    guint32 old;

    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.reauth = TRUE });
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    pair_rekey_ike(pair, &pair->left); /* one renewal at a time */
    g_assert_false(obol_succession_is_open(pair->left.sa));
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REAUTHENTICATED, .reauthenticated.success = FALSE });
    old = pair_child(&pair->left, 0)->unique_id;
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.child_id = old });
    pair_run(pair);
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, old);
    g_assert_cmpuint(pair->left.n_successors, ==, 0);
    g_assert_true(pair_whole(pair));
}

/* --- after the end --- */

/* The last answer of one side, whose SA is fetched before it is freed. */
typedef struct {
    ObolIkeSa *sa;
    GBytes *answer;
    ObolActions *actions;
} Last;

static void
feed_datagram(Last *last, Pair *pair, const GByteArray *bytes)
{
    ObolEvent event = { .kind = OBOL_EVENT_MESSAGE };

    event.message.data = bytes->data;
    event.message.n = bytes->len;
    event.message.local = last->sa->local;
    event.message.remote = last->sa->remote;
    obol_actions_clear(last->actions);
    obol_ike_sa_handle(last->sa, &event, pair->now_us, last->actions);
    g_clear_pointer(&last->answer, g_bytes_unref);
    for (guint i = 0; i < obol_actions_n(last->actions); i++) {
        const ObolAction *action = obol_actions_nth(last->actions, i);

        if (action->kind == OBOL_ACTION_SEND)
            last->answer = g_bytes_ref(action->send.datagram);
    }
}

/* The left's Delete reaches the right, whose answer is lost: asked again, it gives the same one to the letter, and nothing else. */
static void
test_the_answer_to_a_delete_is_repeated(void)
{
    g_autoptr(Pair) pair = pair_of_age(0, 0, 0, 0);
    Last last = { .sa = g_steal_pointer(&pair->right.sa), .actions = obol_actions_new() };
    g_autoptr(GBytes) first = NULL;
    g_autoptr(GByteArray) forged = NULL;
    PairPacket *request;

    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE });
    request = pair_take(pair);
    feed_datagram(&last, pair, request->bytes);
    first = g_steal_pointer(&last.answer);
    g_assert_nonnull(first);
    g_assert_cmpint(last.sa->state, ==, OBOL_IKE_GONE);
    g_assert_cmpint(obol_ike_sa_linger(last.sa), ==, obol_window_patience_us(last.sa->connection));
    g_assert_cmpuint(obol_ike_sa_n_bytes(last.sa), >, g_bytes_get_size(first));
    for (guint i = 0; i < 3; i++) {
        feed_datagram(&last, pair, request->bytes);
        g_assert_true(last.answer != NULL && g_bytes_equal(first, last.answer));
        g_assert_cmpuint(obol_actions_count(last.actions, OBOL_ACTION_WAKE), ==, 0);
        g_assert_cmpuint(obol_actions_count(last.actions, OBOL_ACTION_KERNEL), ==, 0);
    }
    forged = g_byte_array_append(g_byte_array_new(), request->bytes->data, request->bytes->len);
    forged->data[forged->len - 1] ^= 1;
    feed_datagram(&last, pair, forged);
    g_assert_null(last.answer);
    pair_packet_free(request);
    obol_ike_sa_free(last.sa);
    obol_actions_free(last.actions);
}

static void
test_the_refusal_of_a_proof_is_repeated(void)
{
    static const PairSetup setup = { .psk = { "one key", "another key" } };
    g_autoptr(Pair) pair = pair_new(&setup);
    Last last = { .actions = obol_actions_new() };
    g_autoptr(GBytes) first = NULL;
    PairPacket *request;

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    request = pair_take(pair); /* IKE_AUTH */
    last.sa = g_steal_pointer(&pair->right.sa);
    feed_datagram(&last, pair, request->bytes);
    first = g_steal_pointer(&last.answer);
    g_assert_cmpint(last.sa->state, ==, OBOL_IKE_GONE);
    g_assert_cmpint(obol_ike_sa_linger(last.sa), >, 0);
    feed_datagram(&last, pair, request->bytes);
    g_assert_true(first != NULL && last.answer != NULL && g_bytes_equal(first, last.answer));
    pair_packet_free(request);
    obol_ike_sa_free(last.sa);
    obol_actions_free(last.actions);
}

static void
test_who_has_answered_nothing_does_not_linger(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    Last last = { .actions = obol_actions_new() };

    pair_initiate(pair);
    last.sa = g_steal_pointer(&pair->left.sa);
    obol_ike_sa_handle(last.sa, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.force = TRUE }, pair->now_us, last.actions);
    g_assert_cmpint(last.sa->state, ==, OBOL_IKE_GONE);
    g_assert_cmpint(obol_ike_sa_linger(last.sa), ==, 0);
    obol_ike_sa_free(last.sa);
    obol_actions_free(last.actions);
}

/* 2, 3.6, 6.48 ... seconds, as sent. */
static void
test_patience_is_the_sum_of_the_waits(void)
{
    g_autoptr(ObolConnection) c = obol_connection_new("lab");

    c->retransmit_base_us = G_USEC_PER_SEC;
    c->retransmit_factor = 2;
    c->retransmit_tries = 3;
    g_assert_cmpint(obol_window_patience_us(c), ==, 15 * G_USEC_PER_SEC);
    c->retransmit_tries = 100;
    g_assert_cmpint(obol_window_patience_us(c), ==, G_TIME_SPAN_DAY);
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "2.8/it-is-rekeyed-when-due", test_it_is_rekeyed_when_due },
    { "2.8/never-means-never", test_never_means_never },
    { "2.8/jitter-spreads-it", test_jitter_spreads_it },
    { "2.8/info-tells-when", test_info_tells_when },
    { "2.8/the-hard-limit-deletes", test_the_hard_limit_deletes },
    { "2.25/temporary-failures-for-minutes-close-it", test_temporary_failures_for_minutes_close_it },
    { "2.8.3/the-new-one-is-asked-for-before-the-old-one-goes", test_the_new_one_is_asked_for_before_the_old_one_goes },
    { "2.8.3/the-old-one-is-kept-when-the-new-one-fails", test_the_old_one_is_kept_when_the_new_one_fails },
    { "2.8.3/the-new-one-is-asked-for-when-the-old-one-has-gone", test_the_new_one_is_asked_for_when_the_old_one_has_gone },
    { "2.8.3/break-before-make-does-not-need-an-answer", test_break_before_make_does_not_need_an_answer },
    { "2.8.3/an-admin-s-end-is-no-reauthentication", test_an_admin_s_end_is_no_reauthentication },
    { "2.8.3/reauthentication-is-not-put-off-by-rekeying", test_reauthentication_is_not_put_off_by_rekeying },
    { "2.8.3/the-initiator-goes-first", test_the_initiator_goes_first },
    { "2.8.3/the-responder-reauthenticates-too", test_the_responder_reauthenticates_too },
    { "2.8.3/an-admin-may-ask-for-either", test_an_admin_may_ask_for_either },
    { "2.1/the-answer-to-a-delete-is-repeated", test_the_answer_to_a_delete_is_repeated },
    { "2.1/the-refusal-of-a-proof-is-repeated", test_the_refusal_of_a_proof_is_repeated },
    { "2.1/who-has-answered-nothing-does-not-linger", test_who_has_answered_nothing_does_not_linger },
    { "2.1/patience-is-the-sum-of-the-waits", test_patience_is_the_sum_of_the_waits },
};

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/ike-life/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    return g_test_run();
}
