/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-rekey.c - a Child SA gets a successor in time, or ends (RFC 7296 sections 1.3.3, 2.8, 2.9.2 and 2.25). */
#include "exchange/pair.h"

#include <string.h>

#define SECOND (gint64) G_USEC_PER_SEC

/* Lifetimes of the left end alone: so nothing collides. */
static Pair *
pair_with_lifetimes(const PairSetup *setup, gint64 soft_us, gint64 hard_us)
{
    Pair *pair = pair_new(setup);
    ObolLifetimes *lifetimes = &pair_config(&pair->left, 0)->lifetimes;

    lifetimes->soft_us = soft_us;
    lifetimes->hard_us = hard_us;
    pair_establish(pair);
    pair->traffic = TRUE;
    return pair;
}

static void
run_until_next_message(Pair *pair)
{
    while (pair_peek(pair) == NULL)
        g_assert_true(pair_jump(pair));
}

/* One child each, another one than @old, and no packet was lost. */
static void
assert_rekeyed(Pair *pair, guint32 old)
{
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, old);
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3);
    g_assert_cmpuint(pair->n_lost, ==, 0);
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
}

static void
answer_with(Pair *pair, guint16 type)
{
    g_auto(ObolChain) chain = { .n = 0 };
    guint32 id = pair->right.sa->expected_request_id;

    pair_lose(pair);
    obol_chain_add_notify(&chain, type, NULL, 0);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, id, &chain));
    pair->right.sa->expected_request_id++;
    pair_deliver(pair);
}

/* --- who starts it --- */

static void
test_the_kernel_s_soft_event_starts_it(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;
    guint32 old = pair_child(&pair->left, 0)->unique_id, reqid = pair_child(side, 0)->reqid;

    pair_expire(pair, side, pair_child(side, 0), FALSE);
    pair_run(pair);
    assert_rekeyed(pair, old);
    g_assert_cmpuint(pair_child(side, 0)->reqid, ==, reqid);
    g_assert_cmpuint(side->ends->len, ==, 1);
    g_assert_cmpint(g_array_index(side->ends, ObolReasonCode, 0), ==, OBOL_REASON_REPLACED);
    g_assert_cmpint(g_array_index(pair_other(pair, side)->ends, ObolReasonCode, 0), ==, OBOL_REASON_REPLACED);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    pair_finish(pair);
}

static void
test_two_soft_events_start_one(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    for (guint i = 0; i < 3; i++)
        pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    g_assert_cmpuint(pair->left.sa->children->len, ==, 2);
    pair_run(pair);
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

/* A lost event of the kernel does no harm. */
static void
test_our_own_clock_starts_it_too(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 100 * SECOND, 200 * SECOND);
    gint64 begin = pair->now_us;

    for (guint i = 1; i < 20; i++) {
        guint32 old = pair_child(&pair->left, 0)->unique_id;

        run_until_next_message(pair);
        g_assert_cmpint(pair->now_us - begin, ==, (gint64) i * 100 * SECOND);
        pair_run(pair);
        assert_rekeyed(pair, old);
    }
    pair_finish(pair);
}

static void
test_jitter_makes_it_earlier_never_later(void)
{
    for (guint seed = 0; seed < 50; seed++) {
        g_autoptr(Pair) pair = pair_new(NULL);
        ObolChildConfig *config = pair_config(&pair->left, 0);
        const ObolLifetimes *l;

        config->jitter_us = 20 * SECOND;
        config->lifetimes = (ObolLifetimes) { 1000, 1100, 500, 0, 100 * SECOND, 110 * SECOND };
        pair->left.engine.random = test_random_init(&pair->left.random, 1000 + seed);
        pair_establish(pair);
        l = &pair_child(&pair->left, 0)->lifetimes;
        g_assert_cmpint(l->soft_us, >, 80 * SECOND);
        g_assert_cmpint(l->soft_us, <=, 100 * SECOND);
        g_assert_cmpuint(l->soft_bytes, >, 900);
        g_assert_cmpuint(l->soft_bytes, <=, 1000);
        g_assert_cmpuint(l->soft_packets, >, 450);
        g_assert_cmpuint(l->soft_packets, <=, 500);
        g_assert_cmpuint(l->hard_bytes, ==, 1100);
        g_assert_cmpint(l->hard_us, ==, 110 * SECOND);
    }
}

static void
test_with_forward_secrecy(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(&(PairSetup) { .child = { "aes128gcm16-ecp256-x25519", "aes128gcm16-x25519" } }, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;
    guint n_sent;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_run(pair);
    assert_rekeyed(pair, old);
    g_assert_cmpuint(pair_child(&pair->left, 0)->suite.ke, ==, OBOL_KE_X25519);
    old = pair_child(&pair->left, 0)->unique_id;
    n_sent = pair->left.n_sent;
    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_run(pair);
    assert_rekeyed(pair, old);
    g_assert_cmpuint(pair->left.n_sent, ==, n_sent + 2); /* the group that the old one has is tried first */
    pair_finish(pair);
}

static void
test_works_for(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(data);
    guint n_policies, n_sas;

    pair_establish(pair);
    pair->traffic = TRUE;
    n_policies = pair->left.kernel.n_policies;
    n_sas = pair->left.kernel.n_sas;
    for (guint i = 0; i < 4; i++) {
        PairSide *side = i % 2 == 0 ? &pair->left : &pair->right;

        pair_expire(pair, side, pair_child(side, 0), FALSE);
        pair_run(pair);
        g_assert_true(pair_agree(pair, 1));
        g_assert_cmpuint(pair->left.kernel.n_policies, ==, n_policies);
        g_assert_cmpuint(pair->left.kernel.n_sas, ==, n_sas);
        g_assert_cmpuint(pair->n_lost, ==, 0);
    }
    pair_finish(pair);
}

/* --- what is asked for, sections 1.3.3 and 2.9.2 --- */

static void
test_the_request_names_the_spi_that_we_receive_by(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    const ObolPayload *notify;
    guint32 spi;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &chain));
    notify = obol_chain_find_notify(&chain, OBOL_N_REKEY_SA);
    g_assert_nonnull(notify);
    g_assert_cmpuint(notify->notify.protocol, ==, OBOL_PROTO_ESP);
    g_assert_cmpuint(notify->notify.spi.n, ==, 4);
    memcpy(&spi, notify->notify.spi.data, 4);
    g_assert_cmpuint(GUINT32_FROM_BE(spi), ==, pair_child(&pair->left, 0)->spi_in);
    g_assert_cmpuint(notify->notify.data.n, ==, 0);
}

static void
test_narrowed_selectors_are_asked_for_as_they_are(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(&(PairSetup) { .remote_ts = { "10.0.0.0/8", NULL } }, 0, 0);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &chain));
    g_assert_true(obol_ts_equal(obol_chain_find(&chain, OBOL_PAYLOAD_TSR)->ts.selectors,
                                &g_array_index(pair_child(&pair->left, 0)->remote_ts, ObolTs, 0)));
    pair_run(pair);
    assert_rekeyed(pair, old);
}

/* Asks the right with the left's rekeying, its payload of @type replaced. */
static void
test_less_than_is_in_use_is_not_granted(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    g_autoptr(GArray) less = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    guint32 id = pair->left.sa->next_request_id;
    ObolTs one;

    g_assert_true(obol_ts_parse("10.2.7.0/24", &one, NULL));
    g_array_append_val(less, one);
    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &chain));
    pair_lose(pair);
    chain.n--; /* TSr comes last */
    obol_chain_add_ts(&chain, OBOL_PAYLOAD_TSR, less);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_CREATE_CHILD_SA, FALSE, id, &chain));
    pair_run(pair);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_TS_UNACCEPTABLE);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

/* --- when which SA is used, section 2.8 --- */

static void
test_the_answering_end_receives_before_it_answers_and_sends_after_the_delete(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old_out = pair_child(&pair->right, 0)->spi_out, new_out;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_deliver(pair); /* the request */
    g_assert_cmpuint(pair_n_children(&pair->right, OBOL_CHILD_INSTALLED), ==, 2);
    g_assert_nonnull(model_kernel_find(&pair->right.kernel, OBOL_PROTO_ESP, pair_child(&pair->right, 1)->spi_in, TRUE));
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, old_out);
    new_out = pair_child(&pair->right, 1)->spi_out;
    pair_deliver(pair); /* the answer: the left sends by the new one at once, receives by both */
    g_assert_cmpuint(model_kernel_sends_by(&pair->left.kernel)->spec.id.spi, ==, pair_child(&pair->right, 1)->spi_in);
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, old_out);
    g_assert_nonnull(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, old_out, TRUE));
    pair_deliver(pair); /* the Delete */
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, new_out);
    g_assert_nonnull(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, old_out, TRUE));
    pair_run(pair);
    g_assert_null(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, old_out, TRUE));
    g_assert_cmpuint(pair->n_lost, ==, 0);
}

/* Its answer is leave to stop receiving: it waits until the kernel has switched. */
static void
test_the_delete_is_answered_once_the_kernel_has_switched(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_deliver(pair);
    pair_deliver(pair);
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    pair_duplicate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_null(pair_peek(pair));
    pair_release_kernel(pair);
    g_assert_nonnull(pair_peek(pair));
    pair_run(pair);
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

static void
test_policies_are_never_missing(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    while (pair_deliver(pair)) {
        g_assert_cmpuint(pair->left.kernel.n_policies, >=, 3);
        g_assert_cmpuint(pair->right.kernel.n_policies, >=, 3);
    }
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

static void
test_an_end_of_the_old_one_by_itself_makes_the_new_one_send(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_deliver(pair);
    pair_deliver(pair);
    pair_lose(pair); /* the Delete */
    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), TRUE);
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, pair_child(&pair->right, 1)->spi_out);
    pair_run(pair);
    run_until_next_message(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

static void
test_survives_loss(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data), n = 0;
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    while (n < 6 || obol_window_waits(pair->left.sa)) {
        if (pair_peek(pair) == NULL && !pair_jump(pair))
            break;
        if (pair_peek(pair) == NULL)
            continue;
        if ((which >> n++ & 1) != 0)
            pair_lose(pair);
        else
            pair_deliver(pair);
        g_assert_cmpuint(n, <, 40);
    }
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

static void
test_survives_duplicates(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    for (guint n = 0; pair_peek(pair) != NULL && n < 20; n++) {
        if (n < 5)
            pair_duplicate(pair);
        pair_deliver(pair);
    }
    pair_run(pair);
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

/* --- what goes wrong --- */

static void
test_a_failed_rekeying_is_tried_again_later(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 100 * SECOND, 1000 * SECOND);
    guint32 old = pair_child(&pair->left, 0)->unique_id;
    gint64 last = 0;

    for (guint i = 0; i < 3; i++) {
        gint64 before;

        run_until_next_message(pair);
        before = pair->now_us;
        answer_with(pair, (guint16) GPOINTER_TO_UINT(data));
        g_assert_null(pair_peek(pair));
        g_assert_cmpuint(pair->left.sa->children->len, ==, 1);
        g_assert_cmpint(pair_child(&pair->left, 0)->rekey_at_us - before, >=, MAX(5 * SECOND, last));
        last = (pair_child(&pair->left, 0)->rekey_at_us - before) / 2;
        pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE); /* the kernel may repeat itself */
        g_assert_null(pair_peek(pair));
    }
    g_assert_cmpint(pair->left.last_failure, !=, OBOL_REASON_NONE);
    run_until_next_message(pair);
    pair_run(pair);
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

static void
test_a_child_that_the_peer_has_not_is_made_anew(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);

    /* The right has lost it without a word. */
    g_array_set_size(pair->right.kernel.sas, 0);
    g_array_set_size(pair->right.kernel.policies, 0);
    pair->right.kernel.n_sas = pair->right.kernel.n_policies = 0;
    g_ptr_array_set_size(pair->right.sa->children, 0);
    pair->traffic = FALSE;
    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_DELETED_BY_PEER);
    pair_finish(pair);
}

static void
test_child_sa_not_found_names_the_spi(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    const ObolPayload *notify;
    guint32 spi;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_child(&pair->right, 0)->spi_out++;
    pair_deliver(pair);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &answer));
    notify = obol_chain_find_notify(&answer, OBOL_N_CHILD_SA_NOT_FOUND);
    g_assert_nonnull(notify);
    memcpy(&spi, notify->notify.spi.data, 4);
    g_assert_cmpuint(GUINT32_FROM_BE(spi), ==, pair_child(&pair->left, 0)->spi_in);
    pair_child(&pair->right, 0)->spi_out--;
}

/* Section 2.8: who never rekeys is left when the lifetime is over, with all. */
static void
test_no_additional_sas_ends_the_ike_sa_with_the_lifetime(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 100 * SECOND, 200 * SECOND);
    gint64 begin = pair->now_us;

    run_until_next_message(pair);
    answer_with(pair, OBOL_N_NO_ADDITIONAL_SAS);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_NO_ADDITIONAL_SAS);
    run_until_next_message(pair);
    g_assert_cmpint(pair->now_us - begin, ==, 200 * SECOND);
    pair->traffic = FALSE;
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_LIFETIME);
}

typedef struct {
    gboolean left;
    ObolKernelOp op;
    guint nth;
} Refusal;

static const Refusal kernel_refusals[] = {
    { TRUE, OBOL_KERNEL_GET_SPI, 1 },    { TRUE, OBOL_KERNEL_ADD_SA, 1 },     { TRUE, OBOL_KERNEL_ADD_SA, 2 },
    { TRUE, OBOL_KERNEL_ADD_POLICY, 2 }, { FALSE, OBOL_KERNEL_GET_SPI, 1 },   { FALSE, OBOL_KERNEL_ADD_SA, 1 },
    { FALSE, OBOL_KERNEL_ADD_POLICY, 1 },
};

static void
test_a_kernel_s_no_leaves_the_old_one(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 100 * SECOND, 1000 * SECOND);
    PairSide *side = refusal->left ? &pair->left : &pair->right;
    guint32 old = pair_child(&pair->left, 0)->unique_id;

    side->kernel.fail_op = refusal->op;
    side->kernel.fail_nth = refusal->nth;
    side->kernel.n_seen = 0;
    while (side->n_failures == 0) {
        if (!pair_deliver(pair))
            g_assert_true(pair_jump(pair));
    }
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, ==, old);
    g_assert_cmpuint(pair->n_lost, ==, 0);
    run_until_next_message(pair);
    pair_run(pair);
    assert_rekeyed(pair, old);
    pair_finish(pair);
}

/* The one no that comes too late to go back: the successor goes too, and both ends know. */
static void
test_a_kernel_s_no_to_the_switch_ends_the_new_one(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_deliver(pair);
    pair_deliver(pair);
    pair->right.kernel.fail_op = OBOL_KERNEL_ADD_SA;
    pair->right.kernel.fail_nth = 1;
    pair->right.kernel.n_seen = 0;
    pair->traffic = FALSE;
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_KERNEL_SA);
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

/* --- hard limits --- */

static void
test_a_hard_event_deletes_the_child(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);
    gboolean vanished = GPOINTER_TO_INT(data);

    pair->traffic = FALSE;
    if (vanished)
        model_kernel_vanish(&pair->left.kernel, OBOL_PROTO_ESP, pair_child(&pair->left, 0)->spi_out, FALSE);
    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), TRUE);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_LIFETIME);
    g_assert_cmpint(g_array_index(pair->right.ends, ObolReasonCode, 0), ==, OBOL_REASON_DELETED_BY_PEER);
    g_assert_cmpuint(pair->left.kernel.n_not_found, ==, vanished);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    pair_initiate_child(pair, &pair->left, "net", 9);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    pair_finish(pair);
}

static void
test_our_own_clock_deletes_it_too(void)
{
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 200 * SECOND);
    gint64 begin = pair->now_us;

    pair->traffic = FALSE;
    run_until_next_message(pair);
    g_assert_cmpint(pair->now_us - begin, ==, 200 * SECOND);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    pair_finish(pair);
}

static void
test_a_hard_event_of_the_old_one_in_the_middle_of_a_rekeying(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_with_lifetimes(NULL, 0, 0);

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    if (after < 2)
        pair->traffic = FALSE; /* an SA that is over carries nothing until the answer comes */
    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), TRUE);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

static void
test_every_child_has_its_own_clock(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    for (guint i = 0; i < 5; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i), *left = g_strdup_printf("10.%u.0.0/16", 20 + i),
                        *right = g_strdup_printf("10.%u.0.0/16", 60 + i);

        pair_add_child(pair, name, left, right);
        pair_config(&pair->left, i + 1)->lifetimes = (ObolLifetimes) { .soft_us = (10 + 7 * i) * SECOND, .hard_us = 500 * SECOND };
    }
    pair_establish(pair);
    for (guint i = 0; i < 5; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i);

        pair_initiate_child(pair, &pair->left, name, 0);
        pair_run(pair);
    }
    for (guint i = 0; i < 100; i++) {
        run_until_next_message(pair);
        pair_run(pair);
        g_assert_true(pair_agree(pair, 6));
        g_assert_cmpuint(pair->left.kernel.n_policies, ==, 18);
    }
    pair_finish(pair);
}

static const struct {
    const char *name;
    PairSetup setup;
} works[] = {
    { "tunnel", { .ipv6 = FALSE } },
    { "ipv6", { .ipv6 = TRUE, .local_ts = { "2001:db8:1::/64", "2001:db8:2::/64" }, .remote_ts = { "2001:db8:2::/64", "2001:db8:1::/64" } } },
    { "cbc-with-hmac", { .child = { "aes256-sha256-modp2048", "aes256-sha256-modp2048" } } },
    { "transport-mode", { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } } },
    { "ah", { .protocol = OBOL_PROTO_AH } },
    { "udp", { .encap = TRUE } },
    { "several-selectors", { .local_ts = { "10.1.0.0/24 10.1.5.0/24", NULL } } },
};

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "2.8/two-soft-events-start-one-rekeying", test_two_soft_events_start_one },
    { "2.8/our-own-clock-starts-it-too", test_our_own_clock_starts_it_too },
    { "2.8.1/jitter-makes-it-earlier-never-later", test_jitter_makes_it_earlier_never_later },
    { "2.17/rekeying-with-forward-secrecy", test_with_forward_secrecy },
    { "1.3.3/the-request-names-the-spi-that-we-receive-by", test_the_request_names_the_spi_that_we_receive_by },
    { "2.9.2/narrowed-selectors-are-asked-for-as-they-are", test_narrowed_selectors_are_asked_for_as_they_are },
    { "2.9.2/less-than-is-in-use-is-not-granted", test_less_than_is_in_use_is_not_granted },
    { "2.8/the-answering-end-receives-first-and-sends-after-the-delete",
      test_the_answering_end_receives_before_it_answers_and_sends_after_the_delete },
    { "2.8/the-delete-is-answered-once-the-kernel-has-switched", test_the_delete_is_answered_once_the_kernel_has_switched },
    { "2.8/policies-are-never-missing", test_policies_are_never_missing },
    { "2.8/an-end-of-the-old-one-makes-the-new-one-send", test_an_end_of_the_old_one_by_itself_makes_the_new_one_send },
    { "2.1/rekeying-survives-duplicates", test_survives_duplicates },
    { "2.25/a-child-that-the-peer-has-not-is-made-anew", test_a_child_that_the_peer_has_not_is_made_anew },
    { "2.25/child-sa-not-found-names-the-spi", test_child_sa_not_found_names_the_spi },
    { "2.8/no-additional-sas-ends-the-ike-sa-with-the-lifetime", test_no_additional_sas_ends_the_ike_sa_with_the_lifetime },
    { "kernel/a-no-to-the-switch-ends-the-new-one", test_a_kernel_s_no_to_the_switch_ends_the_new_one },
    { "2.8/our-own-clock-deletes-it-too", test_our_own_clock_deletes_it_too },
    { "2.8/every-child-has-its-own-clock", test_every_child_has_its_own_clock },
};

static void
add_numbered(const char *format, guint n, gconstpointer data, GTestDataFunc test)
{
    g_autofree char *name = g_strdup_printf("/exchange/%s-%u", format, n);

    g_test_add_data_func(name, data, test);
}

int
main(int argc, char *argv[])
{
    static const guint16 notifies[] = { OBOL_N_TEMPORARY_FAILURE, OBOL_N_NO_PROPOSAL_CHOSEN, OBOL_N_TS_UNACCEPTABLE };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (guint i = 0; i < 2; i++) {
        add_numbered("2.8/the-kernel-s-soft-event-starts-it-at-either-end", i, GUINT_TO_POINTER(i), test_the_kernel_s_soft_event_starts_it);
        add_numbered("2.8/a-hard-event-deletes-the-child", i, GUINT_TO_POINTER(i), test_a_hard_event_deletes_the_child);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(works); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/1.3.3/rekeying-works-for-%s", works[i].name);

        g_test_add_data_func(name, &works[i].setup, test_works_for);
    }
    for (guint i = 0; i < 32; i++)
        add_numbered("2.1/rekeying-survives-loss", i, GUINT_TO_POINTER(i), test_survives_loss);
    for (guint i = 0; i < G_N_ELEMENTS(notifies); i++)
        add_numbered("2.25/a-failed-rekeying-is-tried-again-later", notifies[i], GUINT_TO_POINTER(notifies[i]),
                     test_a_failed_rekeying_is_tried_again_later);
    for (guint i = 0; i < G_N_ELEMENTS(kernel_refusals); i++)
        add_numbered("kernel/a-no-to-a-rekeying-leaves-the-old-one", i, &kernel_refusals[i], test_a_kernel_s_no_leaves_the_old_one);
    for (guint i = 0; i < 4; i++)
        add_numbered("2.8/a-hard-event-in-the-middle-of-a-rekeying", i, GUINT_TO_POINTER(i),
                     test_a_hard_event_of_the_old_one_in_the_middle_of_a_rekeying);
    return g_test_run();
}
