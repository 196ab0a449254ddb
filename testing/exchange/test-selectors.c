/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-selectors.c - what a Child SA protects is changed while it lives (RFC 7296 sections 1.3.1, 2.8, 2.9, 2.25). */
#include "exchange/pair.h"

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

/* What another daemon's request is: ours without the hint. */
static void
ask_without_hint(Pair *pair)
{
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    guint n = 0;

    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &chain));
    for (guint i = 0; i < chain.n; i++) {
        if (chain.items[i].type != OBOL_PAYLOAD_NOTIFY || chain.items[i].notify.type != OBOL_N_OBOL_ADJUSTED_CHILD)
            chain.items[n++] = chain.items[i];
    }
    g_assert_cmpuint(n, ==, chain.n - 1);
    chain.n = n;
    pair_lose(pair);
    pair_put(pair, &pair->right,
             pair_seal(&pair->left, OBOL_CREATE_CHILD_SA, FALSE, pair->left.sa->next_request_id, &chain));
}

/* --- what works --- */

typedef struct {
    ObolTsOp op;
    const char *local, *remote, *then_local, *then_remote;
    guint n_pairs;
} Story;

static const Story stories[] = {
    { OBOL_TS_ADD, NULL, "10.4.0.0/16", "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2 },
    { OBOL_TS_ADD, "10.3.0.0/16", NULL, "10.1.0.0/16 10.3.0.0/16", "10.2.0.0/16", 2 },
    { OBOL_TS_ADD, "10.3.0.0/16", "10.4.7.0/24", "10.1.0.0/16 10.3.0.0/16", "10.2.0.0/16 10.4.7.0/24", 4 },
    { OBOL_TS_REMOVE, NULL, "10.2.128.0/17", "10.1.0.0/16", "10.2.0.0/17", 1 },
    { OBOL_TS_SET, NULL, "10.4.0.0/24", "10.1.0.0/16", "10.4.0.0/24", 1 },
    { OBOL_TS_SET, "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]", "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]", 1 },
};

static void
test_the_selectors_change(gconstpointer data)
{
    const Story *story = data;
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, reqid = pair_child(&pair->left, 0)->reqid;
    guint n_done = pair->left.n_commands_done;

    pair_change(pair, &pair->left, story->op, story->local, story->remote);
    pair_run(pair);
    pair_check_changed(pair, story->then_local, story->then_remote, story->n_pairs);
    g_assert_cmpuint(pair->left.n_commands_done, ==, n_done + 1);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.command_child, ==, pair_child(&pair->left, 0)->unique_id);
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, !=, old);
    g_assert_cmpuint(pair_child(&pair->left, 0)->reqid, ==, reqid);
    g_assert_cmpuint(pair_child(&pair->right, 0)->reqid, ==, reqid);
    g_assert_cmpint(g_array_index(pair->left.ends, ObolReasonCode, 0), ==, OBOL_REASON_REPLACED);
    g_assert_cmpint(g_array_index(pair->right.ends, ObolReasonCode, 0), ==, OBOL_REASON_REPLACED);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    pair_finish(pair);
}

static void
test_the_responder_of_the_ike_sa_may_ask_too(void)
{
    g_autoptr(Pair) pair = pair_up(&(PairSetup) { .remote_ts = { "10.2.0.0/16 10.4.0.0/16", NULL } });

    pair_change(pair, &pair->right, OBOL_TS_ADD, "10.4.0.0/16", NULL);
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

/* Section 2.9.2: a rekeying has the same selectors, so this is none. */
static void
test_it_is_a_new_child_without_rekey_sa(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &chain));
    g_assert_null(obol_chain_find_notify(&chain, OBOL_N_REKEY_SA));
    g_assert_nonnull(obol_chain_find_notify(&chain, OBOL_N_OBOL_ADJUSTED_CHILD));
    g_assert_cmpuint(obol_chain_find(&chain, OBOL_PAYLOAD_TSR)->ts.n, ==, 2);
    pair_run(pair);
    pair_finish(pair);
}

static void
test_with_forward_secrecy(void)
{
    PairSetup setup = pair_wide;
    g_autoptr(Pair) pair = NULL;

    setup.child[0] = "aes128gcm16-ecp256-x25519";
    setup.child[1] = "aes128gcm16-x25519";
    pair = pair_up(&setup);
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

static void
test_survives_loss(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data), n = 0;
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    while (n < 6 || pair->left.sa->request.datagram != NULL) {
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
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

static void
test_survives_duplicates(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_REMOVE, NULL, "10.2.0.0/24");
    for (guint n = 0; pair_peek(pair) != NULL && n < 20; n++) {
        if (n < 5)
            pair_duplicate(pair);
        pair_deliver(pair);
    }
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

/* Section 2.8: as with a rekeying, so that nothing is sent by an SA that the other end has not. */
static void
test_the_answering_end_goes_on_by_the_old_one_until_its_delete(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old_out = pair_child(&pair->right, 0)->spi_out;

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_deliver(pair); /* the request */
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, old_out);
    pair_deliver(pair); /* the answer */
    g_assert_cmpuint(model_kernel_sends_by(&pair->left.kernel)->spec.id.spi, ==, pair_child(&pair->right, 1)->spi_in);
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, ==, old_out);
    pair_deliver(pair); /* the Delete */
    g_assert_cmpuint(model_kernel_sends_by(&pair->right.kernel)->spec.id.spi, !=, old_out);
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

static void
test_policies_are_never_missing(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_REMOVE, NULL, "10.2.128.0/17");
    while (pair_deliver(pair)) {
        g_assert_cmpuint(pair->left.kernel.n_policies, >=, 3);
        g_assert_cmpuint(pair->right.kernel.n_policies, >=, 3);
    }
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/17", 1);
    pair_finish(pair);
}

/* Section 3.10.1: another daemon knows nothing of the hint; to it this is any new child. */
static void
test_a_peer_that_ignores_the_hint_does_as_well(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair->traffic = FALSE; /* it may send by the new one before we have its answer (section 2.8) */
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    ask_without_hint(pair);
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

/* The number may mean another thing to others: without our mark it is not heeded. */
static void
test_a_hint_without_our_mark_is_none(void)
{
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify_spi(&chain, OBOL_PROTO_ESP, 77, OBOL_N_OBOL_ADJUSTED_CHILD, (const guint8 *) "obox", 4);
    g_assert_null(obol_selectors_find_notify(&chain));
    obol_chain_add_notify_spi(&chain, OBOL_PROTO_ESP, 77, OBOL_N_OBOL_ADJUSTED_CHILD, NULL, 0);
    g_assert_null(obol_selectors_find_notify(&chain));
}

static void
test_what_is_there_already_asks_nobody(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.2.7.0/24");
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.command_child, ==, old);
    pair_check_as_it_was(pair, old, spi);
    pair_finish(pair);
}

/* The admin's word counts more than our settings; the peer's settings are the peer's. */
static void
test_our_own_settings_are_no_bound(void)
{
    g_autoptr(Pair) pair = pair_up(&(PairSetup) { .remote_ts = { NULL, "10.0.0.0/8" } });

    pair_change(pair, &pair->left, OBOL_TS_SET, "10.77.0.0/16", NULL);
    pair_run(pair);
    pair_check_changed(pair, "10.77.0.0/16", "10.2.0.0/16", 1);
    pair_finish(pair);
}

static void
test_dynamic_is_the_outer_address(void)
{
    g_autoptr(Pair) pair = pair_up(&(PairSetup) { .remote_ts = { NULL, "10.1.0.0/16 192.0.2.0/24" } });
    ObolTs own;

    pair_change(pair, &pair->left, OBOL_TS_ADD, "dynamic", NULL);
    obol_ts_from_address(&pair->left.sa->local, &own);
    pair_run(pair);
    if (pair->left.command_reason == OBOL_REASON_NONE)
        g_assert_true(obol_ts_equal(&g_array_index(pair_child(&pair->left, 0)->local_ts, ObolTs, 1), &own));
    else
        g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NARROWED);
    pair_finish(pair);
}

/* --- what is refused here --- */

static void
test_what_can_not_be_is_refused_at_once(gconstpointer data)
{
    static const Story impossible[] = {
        { .op = OBOL_TS_REMOVE, .remote = "10.0.0.0/8" },          /* nothing would be left */
        { .op = OBOL_TS_REMOVE, .remote = "172.16.0.0/12" },       /* it is not there */
        { .op = OBOL_TS_REMOVE, .remote = "10.2.0.0/16[tcp/22]" }, /* no selector means all protocols but one */
        { .op = OBOL_TS_SET, .remote = "2001:db8::/32" },          /* no packet could match */
    };
    const Story *story = &impossible[GPOINTER_TO_UINT(data)];
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    pair_change(pair, &pair->left, story->op, story->local, story->remote);
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_CONFIG);
    pair_check_as_it_was(pair, old, spi);
    pair_finish(pair);
}

static void
test_a_second_change_meanwhile_is_refused(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_change(pair, &pair->left, OBOL_TS_ADD, "10.3.0.0/16", NULL);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_BUSY);
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_change(pair, &pair->left, OBOL_TS_ADD, "10.3.0.0/16", NULL);
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16 10.3.0.0/16", "10.2.0.0/16 10.4.0.0/16", 4);
    pair_finish(pair);
}

/* Whose place it is to take is the one that is changed. */
static void
test_a_successor_that_does_not_serve_yet_is_busy(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), FALSE);
    pair_deliver(pair);
    pair_change_child(pair, &pair->left, pair_child(&pair->left, 1)->unique_id, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_BUSY);
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16", 1);
    pair_finish(pair);
}

static void
test_a_child_that_is_not_there_is_busy(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change_child(pair, &pair->left, 4711, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_BUSY);
    pair_finish(pair);
}

/* --- what the peer refuses --- */

/* Section 2.9: it may narrow; then the new one is deleted, and the old one has not been touched. */
static void
test_what_is_narrowed_away_leaves_the_old_one(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    if (GPOINTER_TO_INT(data) == 0)
        pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.9.0.0/16"); /* none of it */
    else
        pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/15"); /* half of it */
    pair_run(pair);
    pair_check_as_it_was(pair, old, spi);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NARROWED);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_NARROWED);
    g_assert_cmpint(pair_child(&pair->left, 0)->rekey_at_us, ==, 0);
    g_assert_false(pair_child(&pair->left, 0)->rekey_refused);
    pair_expire(pair, &pair->right, pair_child(&pair->right, 0), FALSE); /* and can be rekeyed as before */
    pair_run(pair);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16", 1);
    pair_finish(pair);
}

static void
test_the_reason_says_what_was_asked_and_what_granted(void)
{
    g_autoptr(GArray) asked = pair_selectors("10.2.0.0/16 10.9.0.0/16");
    g_autoptr(GArray) granted = pair_selectors("10.2.0.0/16");
    g_autoptr(GArray) local = pair_selectors("10.1.0.0/16");
    const ObolChildSa child = { .local_ts = local, .remote_ts = asked };
    g_autoptr(ObolReason) reason = obol_selectors_verdict(&child, local, granted);

    g_assert_cmpint(reason->code, ==, OBOL_REASON_NARROWED);
    g_assert_cmpint(reason->side, ==, OBOL_SIDE_PEER);
    g_assert_cmpstr(reason->facts, ==, "asked for 10.1.0.0/16 === 10.2.0.0/16 10.9.0.0/16, the peer grants 10.1.0.0/16 === 10.2.0.0/16");
    g_assert_nonnull(reason->next);
}

/* In other words is not less. */
static void
test_the_same_said_otherwise_is_all_of_it(void)
{
    g_autoptr(GArray) asked = pair_selectors("10.2.0.0/16");
    g_autoptr(GArray) granted = pair_selectors("10.2.0.0/17 10.2.128.0/17");
    g_autoptr(GArray) local = pair_selectors("10.1.0.0/16");
    const ObolChildSa child = { .local_ts = local, .remote_ts = asked };

    g_assert_null(obol_selectors_verdict(&child, local, granted));
}

/* Section 2.8: a peer may send by it as soon as it has answered, so it is received by until the Delete is answered. */
static void
test_what_is_too_narrow_is_received_until_it_is_deleted(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old_out = pair_child(&pair->left, 0)->spi_out, spi;

    pair->traffic = FALSE;
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.9.0.0/16");
    ask_without_hint(pair);
    pair_deliver(pair); /* the request: the right sends by it at once */
    spi = model_kernel_sends_by(&pair->right.kernel)->spec.id.spi;
    pair_deliver(pair); /* the answer */
    pair->traffic = TRUE;
    g_assert_nonnull(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, spi, TRUE));
    g_assert_cmpuint(model_kernel_sends_by(&pair->left.kernel)->spec.id.spi, ==, old_out);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3);
    pair_deliver(pair); /* the Delete */
    g_assert_nonnull(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, spi, TRUE));
    pair_run(pair);
    g_assert_null(model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, spi, TRUE));
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16", 1);
    pair_finish(pair);
}

static void
test_a_refusal_leaves_the_old_one(gconstpointer data)
{
    guint16 type = (guint16) GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    answer_with(pair, type);
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.last_notify, ==, type);
    pair_check_as_it_was(pair, old, spi);
    pair_finish(pair);
}

static void
test_an_obol_without_such_selectors_refuses(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    pair_change(pair, &pair->left, OBOL_TS_SET, NULL, "10.9.0.0/16");
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_TS_PEER);
    pair_check_as_it_was(pair, old, spi);
    pair_finish(pair);
}

/* Section 2.25. */
static void
test_a_temporary_failure_is_not_the_end(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    answer_with(pair, OBOL_N_TEMPORARY_FAILURE);
    g_assert_null(pair_peek(pair));
    g_assert_cmpuint(pair->left.n_failures, ==, 0);
    while (pair_peek(pair) == NULL)
        g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16 10.4.0.0/16", 2);
    pair_finish(pair);
}

static void
test_a_silent_peer_ends_it_with_the_ike_sa(void)
{
    g_autoptr(Pair) pair = pair_up(&pair_wide);

    pair->traffic = FALSE;
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    while (pair->left.sa != NULL) {
        while (pair_peek(pair) != NULL)
            pair_lose(pair);
        if (!pair_jump(pair))
            break;
    }
    g_assert_null(pair->left.sa);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NET_SILENT);
    g_assert_true(model_kernel_empty(&pair->left.kernel));
}

/* --- a kernel that says no --- */

static void
test_a_kernel_s_no_leaves_the_old_one(gconstpointer data)
{
    guint n = GPOINTER_TO_UINT(data);
    static const ObolKernelOp ops[] = { OBOL_KERNEL_GET_SPI, OBOL_KERNEL_ADD_SA, OBOL_KERNEL_ADD_SA, OBOL_KERNEL_ADD_POLICY };
    static const guint nth[] = { 1, 1, 2, 4 };
    g_autoptr(Pair) pair = pair_up(&pair_wide);
    PairSide *side = n % 2 == 0 ? &pair->left : &pair->right;
    guint32 old = pair_child(&pair->left, 0)->unique_id, spi = pair_child(&pair->left, 0)->spi_in;

    if (side == &pair->right && n / 2 == 2)
        return; /* it is held back */
    side->kernel.fail_op = ops[n / 2];
    side->kernel.fail_nth = nth[n / 2];
    side->kernel.n_seen = 0;
    pair_change(pair, &pair->left, OBOL_TS_ADD, NULL, "10.4.0.0/16");
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    side->kernel.fail_nth = 0;
    pair_check_as_it_was(pair, old, spi);
    pair_finish(pair);
}

static void
add_numbered(const char *name, guint n, GTestDataFunc function)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/exchange/selectors/%s/%u", name, i);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), function);
    }
}

static void
add_refusals(void)
{
    static const guint16 types[] = { OBOL_N_TS_UNACCEPTABLE, OBOL_N_NO_PROPOSAL_CHOSEN, OBOL_N_NO_ADDITIONAL_SAS };

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = g_strdup_printf("/exchange/selectors/a-refusal-leaves-the-old-one/%s", obol_notify_name(types[i]));

        g_test_add_data_func(path, GUINT_TO_POINTER(types[i]), test_a_refusal_leaves_the_old_one);
    }
}

static void
add_refused(void)
{
    add_numbered("what-can-not-be-is-refused-at-once", 4, test_what_can_not_be_is_refused_at_once);
    g_test_add_func("/exchange/selectors/a-second-change-meanwhile-is-refused", test_a_second_change_meanwhile_is_refused);
    g_test_add_func("/exchange/selectors/a-child-that-is-not-there-is-busy", test_a_child_that_is_not_there_is_busy);
    g_test_add_func("/exchange/selectors/a-successor-that-does-not-serve-yet-is-busy", test_a_successor_that_does_not_serve_yet_is_busy);
    add_numbered("2.9/what-is-narrowed-away-leaves-the-old-one", 2, test_what_is_narrowed_away_leaves_the_old_one);
    g_test_add_func("/exchange/selectors/2.9/the-reason-says-what-was-asked-and-what-granted",
                    test_the_reason_says_what_was_asked_and_what_granted);
    g_test_add_func("/exchange/selectors/2.9/the-same-said-otherwise-is-all-of-it", test_the_same_said_otherwise_is_all_of_it);
    g_test_add_func("/exchange/selectors/2.8/what-is-too-narrow-is-received-until-it-is-deleted",
                    test_what_is_too_narrow_is_received_until_it_is_deleted);
    add_refusals();
    g_test_add_func("/exchange/selectors/2.9/an-obol-without-such-selectors-refuses", test_an_obol_without_such_selectors_refuses);
    g_test_add_func("/exchange/selectors/2.25/a-temporary-failure-is-not-the-end", test_a_temporary_failure_is_not_the_end);
    g_test_add_func("/exchange/selectors/2.4/a-silent-peer-ends-it-with-the-ike-sa", test_a_silent_peer_ends_it_with_the_ike_sa);
    add_numbered("a-kernel-s-no-leaves-the-old-one", 8, test_a_kernel_s_no_leaves_the_old_one);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/exchange/selectors/the-selectors-change/%zu", i);

        g_test_add_data_func(path, &stories[i], test_the_selectors_change);
    }
    g_test_add_func("/exchange/selectors/the-responder-of-the-ike-sa-may-ask-too", test_the_responder_of_the_ike_sa_may_ask_too);
    g_test_add_func("/exchange/selectors/2.9.2/it-is-a-new-child-without-rekey-sa", test_it_is_a_new_child_without_rekey_sa);
    g_test_add_func("/exchange/selectors/with-forward-secrecy", test_with_forward_secrecy);
    add_numbered("2.1/survives-loss", 63, test_survives_loss);
    g_test_add_func("/exchange/selectors/2.1/survives-duplicates", test_survives_duplicates);
    g_test_add_func("/exchange/selectors/2.8/the-answering-end-goes-on-by-the-old-one-until-its-delete",
                    test_the_answering_end_goes_on_by_the_old_one_until_its_delete);
    g_test_add_func("/exchange/selectors/2.8/policies-are-never-missing", test_policies_are_never_missing);
    g_test_add_func("/exchange/selectors/3.10.1/a-peer-that-ignores-the-hint-does-as-well", test_a_peer_that_ignores_the_hint_does_as_well);
    g_test_add_func("/exchange/selectors/3.10.1/a-hint-without-our-mark-is-none", test_a_hint_without_our_mark_is_none);
    g_test_add_func("/exchange/selectors/what-is-there-already-asks-nobody", test_what_is_there_already_asks_nobody);
    g_test_add_func("/exchange/selectors/our-own-settings-are-no-bound", test_our_own_settings_are_no_bound);
    g_test_add_func("/exchange/selectors/dynamic-is-the-outer-address", test_dynamic_is_the_outer_address);
    add_refused();
    return g_test_run();
}
