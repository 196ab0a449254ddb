/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-create-child.c - further Child SAs by CREATE_CHILD_SA (RFC 7296 sections 1.3, 1.3.1, 2.9, 2.22, 2.25). */
#include "exchange/pair.h"
#include "lib/lists.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC
#define PFS "aes128gcm16-x25519"


/* A pair with an IKE SA, its first child, and a second one in the settings. */
static Pair *
pair_of_two(const PairSetup *setup)
{
    Pair *pair = pair_new(setup);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    return pair;
}

static void
set_proposals(PairSide *side, guint i, const char *texts)
{
    GArray *list = pair_config(side, i)->proposals;

    g_array_set_size(list, 0);
    test_add_proposals(list, OBOL_PROTO_ESP, texts);
}

static void
add_second(Pair *pair, PairSide *side)
{
    guint n_before = side->n_commands_done;

    pair_initiate_child(pair, side, "second", 7);
    pair_run(pair);
    g_assert_cmpuint(side->n_commands_done, ==, n_before + 1);
}

/* --- what works --- */

static void
test_either_end_may_ask(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;

    add_second(pair, side);
    g_assert_cmpint(side->command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures, ==, 0);
    pair_finish(pair);
}

static void
test_nonces_and_keys_are_fresh(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    const ModelSa *first, *second;

    add_second(pair, &pair->left);
    first = model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, pair_child(&pair->left, 0)->spi_in, TRUE);
    second = model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, pair_child(&pair->left, 1)->spi_in, TRUE);
    g_assert_false(obol_secret_equal(first->key, second->key));
    g_assert_null(pair_child(&pair->left, 1)->negotiation);
    pair_finish(pair);
}

static void
test_with_forward_secrecy(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    const char *texts = data;

    set_proposals(&pair->left, 1, texts);
    set_proposals(&pair->right, 1, texts);
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_the_first_child_has_no_key_exchange_of_its_own(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .child = { PFS, PFS } });

    pair_establish(pair);
    g_assert_cmpuint(pair_child(&pair->left, 0)->suite.ke, ==, OBOL_KE_NONE);
}

static void
test_transport_mode_is_asked_for_and_granted(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "dynamic", "dynamic");
    pair_config(&pair->left, 1)->mode = pair_config(&pair->right, 1)->mode = OBOL_MODE_TRANSPORT;
    pair_establish(pair);
    add_second(pair, &pair->left);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpint(pair_child(&pair->right, 1)->mode, ==, OBOL_MODE_TRANSPORT);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3 + 2);
    pair_finish(pair);
}

static void
test_a_third_waits_for_the_second(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_add_child(pair, "third", "10.5.0.0/16", "10.6.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_initiate_child(pair, &pair->left, "third", 8);
    g_assert_cmpuint(g_queue_get_length(pair->wire), ==, 1);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 3);
    g_assert_true(pair_agree(pair, 3));
    pair_finish(pair);
}

static void
test_asked_for_while_the_ike_sa_is_being_set_up(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_initiate(pair);
    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_asked_for_by_who_answers_while_the_ike_sa_is_being_set_up(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .local_ts = { GPOINTER_TO_INT(data) ? "10.77.0.0/16" : NULL, NULL } });

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_initiate(pair);
    pair_deliver(pair);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_CONNECTING);
    pair_initiate_child(pair, &pair->right, "second", 7);
    pair_run(pair);
    g_assert_cmpuint(pair->right.n_commands_done, ==, 1);
    g_assert_cmpint(pair->right.command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, GPOINTER_TO_INT(data) ? 1 : 2));
    pair_finish(pair);
}

static void
test_the_same_again_is_no_second_one(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_initiate_child(pair, &pair->left, "second", 8);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_CONFIG);
    pair_run(pair);
    add_second(pair, &pair->left);
    g_assert_true(pair_agree(pair, 2));
}

static void
test_both_ask_for_the_same_at_once(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_initiate_child(pair, &pair->right, "second", 7);
    pair_run(pair);
    /* Section 2.8: parallel SAs are allowed, and no heuristic may take one for a rekeying. */
    g_assert_true(pair_agree(pair, 3));
    pair_finish(pair);
}

static void
test_survives_loss(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data), n = 0;
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    while (pair->left.n_commands_done < 2) {
        if (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        else if ((which >> n++ & 1) != 0)
            pair_lose(pair);
        else
            pair_deliver(pair);
        g_assert_cmpuint(n, <, 30);
    }
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_survives_duplicates(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(&pair->left, 1, PFS);
    set_proposals(&pair->right, 1, PFS);
    pair_initiate_child(pair, &pair->left, "second", 7);
    for (guint n = 0; pair_peek(pair) != NULL && n < 4; n++) {
        pair_duplicate(pair);
        pair_deliver(pair);
        pair_deliver(pair);
    }
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    pair_finish(pair);
}

/* --- the key exchange, section 1.3 --- */

static void
test_another_group_is_tried_once(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    guint n_before;

    set_proposals(&pair->left, 1, "aes128gcm16-ecp256-x25519");
    set_proposals(&pair->right, 1, PFS);
    n_before = pair->left.n_sent;
    add_second(pair, &pair->left);
    g_assert_cmpuint(pair->left.n_sent, ==, n_before + 2);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair_child(&pair->left, 1)->suite.ke, ==, OBOL_KE_X25519);
    pair_finish(pair);
}

/* Answers the request on the wire in the right's name with one notification. */
static void
answer_with(Pair *pair, guint16 type, const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain = { .n = 0 };
    guint32 id = pair->right.sa->expected_request_id;

    pair_lose(pair);
    obol_chain_add_notify(&chain, type, data, n);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, id, &chain));
    pair->right.sa->expected_request_id++;
    pair_deliver(pair);
}

static void
test_a_group_that_was_not_offered_is_not_tried(void)
{
    static const guint8 ecp521[] = { 0, OBOL_KE_ECP_521 };
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(&pair->left, 1, PFS);
    pair_initiate_child(pair, &pair->left, "second", 7);
    answer_with(pair, OBOL_N_INVALID_KE_PAYLOAD, ecp521, sizeof ecp521);
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_KE_GROUP);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_INVALID_KE_PAYLOAD);
    g_assert_cmpstr(pair->left.last_phase, ==, "CREATE_CHILD_SA");
    pair_finish(pair);
}

static void
test_the_second_other_group_is_not_tried(void)
{
    static const guint8 x25519[] = { 0, OBOL_KE_X25519 }, ecp256[] = { 0, OBOL_KE_ECP_256 };
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(&pair->left, 1, "aes128gcm16-ecp256-x25519");
    pair_initiate_child(pair, &pair->left, "second", 7);
    answer_with(pair, OBOL_N_INVALID_KE_PAYLOAD, x25519, sizeof x25519);
    g_assert_nonnull(pair_peek(pair));
    answer_with(pair, OBOL_N_INVALID_KE_PAYLOAD, ecp256, sizeof ecp256);
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_KE_GROUP);
    pair_finish(pair);
}

/* --- refusals --- */

static void
test_no_common_proposal(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(&pair->left, 1, "aes256gcm16");
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_PROPOSAL_PEER);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_PROPOSAL_US);
    g_assert_cmpuint(pair->right.last_notify, ==, OBOL_N_NO_PROPOSAL_CHOSEN);
    g_assert_cmpstr(pair->right.last_phase, ==, "CREATE_CHILD_SA");
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_forward_secrecy_on_one_side_only(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(GPOINTER_TO_INT(data) ? &pair->left : &pair->right, 1, PFS);
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_PROPOSAL_PEER);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_a_group_that_nobody_computes_is_not_left_out(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    ObolProposal *p = &g_array_index(pair_config(&pair->left, 1)->proposals, ObolProposal, 0);

    g_assert_true(obol_proposal_add(p, OBOL_TRANSFORM_KE, 999, 0));
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_CONFIG);
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    pair_finish(pair);
}

static void
test_no_common_selectors(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    GArray *ts = pair_config(&pair->left, 1)->local_ts;

    g_assert_true(obol_ts_parse("10.99.0.0/16", &g_array_index(ts, ObolTs, 0), NULL));
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_TS_PEER);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_TS_UNACCEPTABLE);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_TS_US);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_a_refusal_is_told_with_its_notification(gconstpointer data)
{
    guint16 type = (guint16) GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    answer_with(pair, type, NULL, 0);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.last_notify, ==, type);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_transport_mode_that_is_not_granted_is_deleted(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "dynamic", "dynamic");
    pair_config(&pair->left, 1)->mode = OBOL_MODE_TRANSPORT;
    pair_establish(pair);
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_MODE);
    g_assert_true(pair_agree(pair, 1));
    pair_finish(pair);
}

static void
test_there_is_a_bound_on_children(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    for (guint i = 0; i < OBOL_ENGINE_CHILDREN_MAX + 1; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i), *left = g_strdup_printf("10.%u.0.0/16", 20 + i),
                        *right = g_strdup_printf("10.%u.0.0/16", 60 + i);

        pair_add_child(pair, name, left, right);
    }
    pair_establish(pair);
    for (guint i = 0; i < OBOL_ENGINE_CHILDREN_MAX + 1; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i);

        pair_initiate_child(pair, i % 2 == 0 ? &pair->left : &pair->right, name, 10 + i);
        pair_run(pair);
    }
    g_assert_true(pair_agree(pair, OBOL_ENGINE_CHILDREN_MAX));
    pair_finish(pair);
}

/* The peer may know another bound. */
static void
test_no_additional_sas_is_answered_when_full(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    for (guint i = 1; i < OBOL_ENGINE_CHILDREN_MAX; i++)
        obol_child_sa_new(pair->right.sa, pair_config(&pair->right, 1));
    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_run(pair);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_NO_ADDITIONAL_SAS);
    g_assert_cmpuint(pair->right.last_notify, ==, OBOL_N_NO_ADDITIONAL_SAS);
    pair_finish(pair);
}

/* --- temporary failures, section 2.25 --- */

static void
test_a_temporary_failure_is_not_the_end(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    gint64 before;

    pair_initiate_child(pair, &pair->left, "second", 7);
    answer_with(pair, OBOL_N_TEMPORARY_FAILURE, NULL, 0);
    before = pair->now_us;
    g_assert_null(pair_peek(pair)); /* never at once */
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    while (pair_peek(pair) == NULL)
        g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->now_us - before, >=, 5 * SECOND);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    pair_finish(pair);
}

static void
test_temporary_failures_for_ever_end_the_ike_sa(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    guint n = 0;

    while (pair->left.sa->state == OBOL_IKE_ESTABLISHED) {
        if (obol_child_sa_count(pair->left.sa, NULL) == 1)
            pair_initiate_child(pair, &pair->left, "second", 7);
        while (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        answer_with(pair, OBOL_N_TEMPORARY_FAILURE, NULL, 0);
        g_assert_cmpuint(++n, <, 100);
    }
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(n, >, 3);
}

static void
test_an_ike_sa_that_ends_answers_with_temporary_failure(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_feed(pair, &pair->right, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE });
    pair_deliver(pair); /* the request crosses the Delete */
    g_assert_true(pair_deliver_to(pair, &pair->left));
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
}

/* --- the packet that wants it, section 2.9 --- */

static void
acquire(Pair *pair, PairSide *side, const char *name, const char *source, const char *destination)
{
    ObolEvent event = { .kind = OBOL_EVENT_INITIATE, .initiate = { .command = 7 } };
    ObolTs ts[2];

    g_assert_true(obol_ts_parse(source, &ts[0], NULL));
    g_assert_true(obol_ts_parse(destination, &ts[1], NULL));
    event.initiate.child = obol_connection_child(side->connection, name);
    event.initiate.source = &ts[0];
    event.initiate.destination = &ts[1];
    pair_feed(pair, side, &event);
}

static const ObolPayload *
ask_of(Pair *pair, guint8 type, ObolChain *chain, GByteArray **plain)
{
    g_assert_true(pair_open(&pair->right, pair_peek(pair), plain, chain));
    return obol_chain_find(chain, type);
}

static void
test_the_packet_goes_first(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    const ObolPayload *tsi;
    ObolTs packet;

    acquire(pair, &pair->left, "second", "10.3.0.7[tcp/1234]", "10.4.0.9[tcp/80]");
    tsi = ask_of(pair, OBOL_PAYLOAD_TSI, &chain, &plain);
    g_assert_cmpuint(tsi->ts.n, ==, 2);
    g_assert_true(obol_ts_parse("10.3.0.7[tcp/1234]", &packet, NULL));
    g_assert_true(obol_ts_equal(&tsi->ts.selectors[0], &packet));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    pair_finish(pair);
}

static void
test_a_packet_outside_of_the_settings_is_not_asked_for(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    acquire(pair, &pair->left, "second", "10.99.0.7", "10.4.0.9");
    g_assert_cmpuint(ask_of(pair, OBOL_PAYLOAD_TSI, &chain, &plain)->ts.n, ==, 1);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
}

static void
test_a_packet_that_is_covered_makes_no_child(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    acquire(pair, &pair->left, "net", "10.1.0.7", "10.2.0.9");
    g_assert_null(pair_peek(pair));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_whole(pair));
}

/* The peer has narrowed the first one, so the next packet wants one of its own; and that may not share a reqid with it. */
static void
test_a_packet_beside_a_narrowed_child_makes_another_one(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .remote_ts = { "10.2.0.0/16", NULL }, .local_ts = { NULL, "10.2.1.0/24" } });

    pair_add_child(pair, "other", "10.1.0.0/16", "10.2.2.0/24");
    pair_establish(pair);
    acquire(pair, &pair->left, "net", "10.1.0.7[udp/1000]", "10.2.2.9[udp/53]");
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_true(pair_child(&pair->left, 1)->config == pair_child(&pair->left, 0)->config);
    g_assert_cmpuint(pair_child(&pair->left, 0)->reqid, !=, pair_child(&pair->left, 1)->reqid);
    pair_finish(pair);
}

static void
test_single_pair_required_is_met_with_the_packet(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    acquire(pair, &pair->left, "second", "10.3.0.7", "10.4.0.9");
    answer_with(pair, OBOL_N_SINGLE_PAIR_REQUIRED, NULL, 0);
    g_assert_cmpuint(ask_of(pair, OBOL_PAYLOAD_TSI, &chain, &plain)->ts.n, ==, 1);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpint(obol_ts_prefix(&g_array_index(pair_child(&pair->left, 1)->local_ts, ObolTs, 0)), ==, 32);
    pair_finish(pair);
}

static void
test_more_is_possible_where_other_settings_allow_it(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_add_child(pair, "third", "10.3.0.0/24", "10.5.0.0/16");
    g_assert_true(obol_ts_parse("10.0.0.0/8", &g_array_index(pair_config(&pair->left, 1)->remote_ts, ObolTs, 0), NULL));
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_deliver(pair);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &chain));
    g_assert_nonnull(obol_chain_find_notify(&chain, OBOL_N_ADDITIONAL_TS_POSSIBLE));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
}

/* --- the kernel says no --- */

typedef struct {
    gboolean left;
    ObolKernelOp op;
    guint nth;
} Refusal;

static const Refusal kernel_refusals[] = {
    { TRUE, OBOL_KERNEL_GET_SPI, 1 },   { TRUE, OBOL_KERNEL_ADD_SA, 1 },     { TRUE, OBOL_KERNEL_ADD_SA, 2 },
    { TRUE, OBOL_KERNEL_ADD_POLICY, 1 }, { TRUE, OBOL_KERNEL_ADD_POLICY, 3 }, { FALSE, OBOL_KERNEL_GET_SPI, 1 },
    { FALSE, OBOL_KERNEL_ADD_SA, 1 },   { FALSE, OBOL_KERNEL_ADD_SA, 2 },    { FALSE, OBOL_KERNEL_ADD_POLICY, 2 },
};

static void
test_a_kernel_s_no_is_rolled_back(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autoptr(Pair) pair = pair_of_two(NULL);
    PairSide *side = refusal->left ? &pair->left : &pair->right;

    side->kernel.fail_op = refusal->op;
    side->kernel.fail_nth = refusal->nth;
    side->kernel.n_seen = 0;
    add_second(pair, &pair->left);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3);
    g_assert_cmpuint(side->kernel.n_not_found, ==, 0);
    pair_finish(pair);
}

static void
test_a_child_that_is_ended_on_its_way_is_gone(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_of_two(NULL);

    set_proposals(&pair->left, 1, PFS);
    set_proposals(&pair->right, 1, PFS);
    pair->hold_kernel = after == 0 || after == 2;
    pair->hold_only = &pair->left;
    pair_initiate_child(pair, &pair->left, "second", 7);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    if (pair->left.sa->children->len > 1)
        pair_feed(pair, &pair->left,
                  &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .child_id = pair_child(&pair->left, 1)->unique_id } });
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_cmpuint(pair->right.kernel.sas->len + pair->left.kernel.sas->len, ==, 4);
    pair_finish(pair);
}

/* --- what does not belong there, section 2.21.3 --- */

static gboolean
ask_right(Pair *pair, const ObolChain *chain, GByteArray **plain, ObolChain *answer)
{
    PairPacket *packet;

    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_CREATE_CHILD_SA, FALSE, pair->left.sa->next_request_id++, chain));
    pair_deliver(pair);
    packet = pair_take(pair);
    if (packet == NULL)
        return FALSE;
    g_assert_true(pair_open(&pair->left, packet, plain, answer));
    pair_packet_free(packet);
    return TRUE;
}

static void
test_a_request_without_its_payloads_is_fatal(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    g_assert_true(ask_right(pair, &empty, &plain, &answer));
    g_assert_nonnull(obol_chain_find_notify(&answer, OBOL_N_INVALID_SYNTAX));
    g_assert_null(pair->right.sa);
    g_assert_true(model_kernel_empty(&pair->right.kernel));
}

static void
test_invalid_syntax_in_an_answer_is_fatal(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);

    pair_initiate_child(pair, &pair->left, "second", 7);
    answer_with(pair, OBOL_N_INVALID_SYNTAX, NULL, 0);
    g_assert_null(pair->left.sa);
    g_assert_true(model_kernel_empty(&pair->left.kernel));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
}

/* An answer under the right keys that lacks something: the peer has a child that we can not have, so it is told. */
static void
test_a_poor_answer_is_undone_at_both_ends(gconstpointer data)
{
    static const guint8 leave_out[] = { OBOL_PAYLOAD_SA, OBOL_PAYLOAD_NONCE, OBOL_PAYLOAD_TSI, OBOL_PAYLOAD_TSR, OBOL_PAYLOAD_KE };
    guint8 type = leave_out[GPOINTER_TO_UINT(data)];
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) poorer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    PairPacket *packet;

    set_proposals(&pair->left, 1, PFS);
    set_proposals(&pair->right, 1, PFS);
    pair_initiate_child(pair, &pair->left, "second", 7);
    pair_deliver(pair);
    packet = pair_take(pair);
    g_assert_true(pair_open(&pair->left, packet, &plain, &chain));
    pair_packet_free(packet);
    for (guint i = 0; i < chain.n; i++) {
        if (chain.items[i].type != type)
            *obol_chain_add(&poorer, chain.items[i].type) = chain.items[i];
    }
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, pair->right.sa->expected_request_id - 1, &poorer));
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 1));
    pair_finish(pair);
}

static void
test_fragments_are_not_promised(void)
{
    g_autoptr(Pair) pair = pair_of_two(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) more = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    g_autoptr(GByteArray) opened = NULL;

    pair_initiate_child(pair, &pair->left, "second", 7);
    g_assert_nonnull(ask_of(pair, OBOL_PAYLOAD_SA, &chain, &plain));
    g_assert_null(obol_chain_find_notify(&chain, OBOL_N_NON_FIRST_FRAGMENTS_ALSO));
    obol_chain_add_notify(&more, OBOL_N_NON_FIRST_FRAGMENTS_ALSO, NULL, 0);
    for (guint i = 0; i < chain.n; i++)
        *obol_chain_add(&more, chain.items[i].type) = chain.items[i];
    pair_lose(pair);
    g_assert_true(ask_right(pair, &more, &opened, &answer));
    g_assert_nonnull(obol_chain_find(&answer, OBOL_PAYLOAD_SA));
    g_assert_null(obol_chain_find_notify(&answer, OBOL_N_NON_FIRST_FRAGMENTS_ALSO));
}

/* Every bit of a request's or an answer's plaintext, under the right keys: whole, or refused; never half, nothing left. */
static void
test_every_flipped_bit_is_survived(gconstpointer data)
{
    gboolean answer = GPOINTER_TO_INT(data);
    guint n_bits = G_MAXUINT;

    for (guint bit = 0; bit < n_bits; bit++) {
        g_autoptr(Pair) pair = pair_of_two(NULL);
        g_auto(ObolMessage) message = { .chain = { .n = 0 } };
        g_autoptr(ObolActions) actions = obol_actions_new();
        PairSide *from = answer ? &pair->right : &pair->left, *to = pair_other(pair, from);
        g_autoptr(GByteArray) plain = NULL;
        g_auto(ObolChain) chain = { .n = 0 };
        g_autoptr(GByteArray) raw = g_byte_array_new();
        ObolWireFault fault;
        guint32 id = pair->left.sa->next_request_id;
        guint8 first;

        pair_initiate_child(pair, &pair->left, "second", 7);
        if (answer)
            pair_deliver(pair);
        g_assert_true(pair_open(to, pair_peek(pair), &plain, &chain));
        first = obol_chain_encode(&chain, OBOL_PAYLOAD_NONE, raw);
        n_bits = raw->len * 8;
        raw->data[bit / 8] ^= (guint8) (1 << bit % 8);
        pair_lose(pair);
        {
            g_auto(ObolChain) spoiled = { .n = 0 };

            /* What does not decode is another test's matter. */
            if (!obol_chain_decode(first, raw->data, raw->len, &spoiled, &fault))
                continue;
            pair_put(pair, to, pair_seal(from, OBOL_CREATE_CHILD_SA, answer, id, &spoiled));
        }
        pair_run(pair);
        if (pair->left.sa != NULL && pair->right.sa != NULL)
            pair_finish(pair);
    }
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "1.3.1/nonces-and-keys-are-fresh", test_nonces_and_keys_are_fresh },
    { "2.17/the-first-child-has-no-key-exchange-of-its-own", test_the_first_child_has_no_key_exchange_of_its_own },
    { "1.3.1/transport-mode-is-asked-for-and-granted", test_transport_mode_is_asked_for_and_granted },
    { "2.3/a-third-waits-for-the-second", test_a_third_waits_for_the_second },
    { "1.3.1/asked-for-while-the-ike-sa-is-being-set-up", test_asked_for_while_the_ike_sa_is_being_set_up },
    { "control/the-same-again-is-no-second-one", test_the_same_again_is_no_second_one },
    { "2.8/both-ask-for-the-same-at-once", test_both_ask_for_the_same_at_once },
    { "2.1/create-child-survives-duplicates", test_survives_duplicates },
    { "1.3/another-group-is-tried-once", test_another_group_is_tried_once },
    { "1.3/a-group-that-was-not-offered-is-not-tried", test_a_group_that_was_not_offered_is_not_tried },
    { "1.3/the-second-other-group-is-not-tried", test_the_second_other_group_is_not_tried },
    { "1.3.1/no-common-proposal", test_no_common_proposal },
    { "1.3.1/a-group-that-nobody-computes-is-not-left-out", test_a_group_that_nobody_computes_is_not_left_out },
    { "2.9/no-common-selectors", test_no_common_selectors },
    { "1.3.1/transport-mode-that-is-not-granted-is-deleted", test_transport_mode_that_is_not_granted_is_deleted },
    { "1.3/there-is-a-bound-on-children", test_there_is_a_bound_on_children },
    { "1.3/no-additional-sas-is-answered-when-full", test_no_additional_sas_is_answered_when_full },
    { "2.25/a-temporary-failure-is-not-the-end", test_a_temporary_failure_is_not_the_end },
    { "2.25/temporary-failures-for-ever-end-the-ike-sa", test_temporary_failures_for_ever_end_the_ike_sa },
    { "2.25.2/an-ike-sa-that-ends-answers-with-temporary-failure", test_an_ike_sa_that_ends_answers_with_temporary_failure },
    { "2.9/the-packet-goes-first", test_the_packet_goes_first },
    { "2.9/a-packet-outside-of-the-settings-is-not-asked-for", test_a_packet_outside_of_the_settings_is_not_asked_for },
    { "2.9/a-packet-that-is-covered-makes-no-child", test_a_packet_that_is_covered_makes_no_child },
    { "2.9/a-packet-beside-a-narrowed-child-makes-another-one", test_a_packet_beside_a_narrowed_child_makes_another_one },
    { "2.9/single-pair-required-is-met-with-the-packet", test_single_pair_required_is_met_with_the_packet },
    { "2.9/more-is-possible-where-other-settings-allow-it", test_more_is_possible_where_other_settings_allow_it },
    { "2.21.3/a-request-without-its-payloads-is-fatal", test_a_request_without_its_payloads_is_fatal },
    { "2.21.3/invalid-syntax-in-an-answer-is-fatal", test_invalid_syntax_in_an_answer_is_fatal },
    { "1.3.1/fragments-are-not-promised", test_fragments_are_not_promised },
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
    static const guint16 notifies[] = { OBOL_N_NO_ADDITIONAL_SAS, OBOL_N_NO_PROPOSAL_CHOSEN, OBOL_N_TS_UNACCEPTABLE,
                                        OBOL_N_SINGLE_PAIR_REQUIRED, OBOL_N_FAILED_CP_REQUIRED, 8191 };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (guint i = 0; i < 2; i++) {
        add_numbered("1.3.1/either-end-may-ask", i, GUINT_TO_POINTER(i), test_either_end_may_ask);
        add_numbered("1.3.1/asked-for-by-who-answers-while-the-ike-sa-is-being-set-up", i, GUINT_TO_POINTER(i),
                     test_asked_for_by_who_answers_while_the_ike_sa_is_being_set_up);
        add_numbered("1.3.1/forward-secrecy-on-one-side-only", i, GUINT_TO_POINTER(i), test_forward_secrecy_on_one_side_only);
        add_numbered("2.21/every-flipped-bit-of-create-child-is-survived", i, GUINT_TO_POINTER(i), test_every_flipped_bit_is_survived);
    }
    g_test_add_data_func("/exchange/2.17/with-forward-secrecy", PFS, test_with_forward_secrecy);
    g_test_add_data_func("/exchange/2.17/with-forward-secrecy-modp", "aes128gcm16-modp2048", test_with_forward_secrecy);
    g_test_add_data_func("/exchange/2.17/with-forward-secrecy-or-without", "aes256gcm16 aes128gcm16-x25519", test_with_forward_secrecy);
    for (guint i = 0; i < 16; i++)
        add_numbered("2.1/create-child-survives-loss", i, GUINT_TO_POINTER(i), test_survives_loss);
    for (guint i = 0; i < G_N_ELEMENTS(notifies); i++)
        add_numbered("1.3.1/a-refusal-is-told", notifies[i], GUINT_TO_POINTER(notifies[i]), test_a_refusal_is_told_with_its_notification);
    for (guint i = 0; i < G_N_ELEMENTS(kernel_refusals); i++)
        add_numbered("kernel/a-no-to-a-further-child-is-rolled-back", i, &kernel_refusals[i], test_a_kernel_s_no_is_rolled_back);
    for (guint i = 0; i < 3; i++)
        add_numbered("control/a-child-that-is-ended-on-its-way-is-gone", i, GUINT_TO_POINTER(i), test_a_child_that_is_ended_on_its_way_is_gone);
    for (guint i = 0; i < 5; i++)
        add_numbered("1.3.1/a-poor-answer-is-undone-at-both-ends", i, GUINT_TO_POINTER(i), test_a_poor_answer_is_undone_at_both_ends);
    return g_test_run();
}
