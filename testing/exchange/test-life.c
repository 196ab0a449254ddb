/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-life.c - what happens to an SA after it stands, and while it is being set up. */
#include "exchange/pair.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

static ObolChildSa *
child_of(PairSide *side)
{
    return g_ptr_array_index(side->sa->children, 0);
}

static void
terminate(Pair *pair, PairSide *side, guint32 child_id, gboolean force)
{
    pair_feed(pair, side,
              &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .child_id = child_id, .force = force, .command = 2 } });
}

/* A request under the right keys; @answer: whether there is one, and what it holds. */
static gboolean
ask_with(Pair *pair, guint8 exchange, guint32 message_id, const ObolChain *chain, GByteArray **plain, ObolChain *answer)
{
    PairPacket *packet;
    gboolean opened;

    pair_put(pair, &pair->right, pair_seal(&pair->left, exchange, FALSE, message_id, chain));
    pair_deliver(pair);
    packet = pair_take(pair);
    if (packet == NULL)
        return FALSE;
    opened = pair_open(&pair->left, packet, plain, answer);
    g_assert_true(opened);
    pair_packet_free(packet);
    return TRUE;
}

/* --- deletes, RFC 7296 section 1.4.1 --- */

static void
test_a_deleted_child_leaves_the_ike_sa(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->left, child_of(&pair->left)->unique_id, FALSE);
    pair_run(pair);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    g_assert_cmpuint(pair->left.kernel.n_sas + pair->right.kernel.n_sas, ==, 0);
    g_assert_cmpuint(pair->left.kernel.n_policies + pair->right.kernel.n_policies, ==, 0);
    g_assert_cmpint(pair->left.sa->state, ==, OBOL_IKE_ESTABLISHED);
}

static void
test_deletes_of_a_child_may_cross(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->left, child_of(&pair->left)->unique_id, FALSE);
    terminate(pair, &pair->right, child_of(&pair->right)->unique_id, FALSE);
    pair_run(pair);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    terminate(pair, &pair->left, 0, FALSE);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_deletes_of_the_ike_sa_may_cross(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->left, 0, FALSE);
    terminate(pair, &pair->right, 0, FALSE);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_the_responder_may_delete_too(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->right, 0, FALSE);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_an_unknown_spi_is_not_deleted(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    guint32 spis[] = { 0xdeadbeef, 0 };

    pair_establish(pair);
    obol_chain_add_delete(&chain, OBOL_PROTO_ESP, spis, 2);
    g_assert_true(ask_with(pair, OBOL_INFORMATIONAL, 2, &chain, &plain, &answer));
    g_assert_cmpuint(answer.n, ==, 0);
    g_assert_true(pair_whole(pair));
}

static void
test_a_forced_end_does_not_wait(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->left, 0, TRUE);
    g_assert_null(pair->left.sa);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_an_unanswered_delete_ends_all_the_same(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    terminate(pair, &pair->left, 0, FALSE);
    for (guint n = 0; pair->left.sa != NULL; n++) {
        while (pair_peek(pair) != NULL)
            pair_lose(pair);
        g_assert_true(pair_jump(pair));
        g_assert_cmpuint(n, <, 20);
    }
    g_assert_cmpuint(pair->left.kernel.n_sas + pair->left.kernel.n_policies, ==, 0);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
}

static void
test_an_end_in_the_middle_leaves_nothing(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_initiate(pair);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    if (pair->left.sa != NULL)
        terminate(pair, &pair->left, 0, FALSE);
    while (pair->left.sa != NULL || pair->right.sa != NULL) {
        pair_run(pair);
        if (pair->left.sa == NULL && pair->right.sa != NULL && pair->right.sa->state == OBOL_IKE_ESTABLISHED)
            terminate(pair, &pair->right, 0, TRUE);
        if (pair->left.sa != NULL || pair->right.sa != NULL)
            g_assert_true(pair_jump(pair));
    }
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
}

/* --- liveness, section 2.4 --- */

static void
test_a_silent_peer_is_asked_and_given_up(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });
    gint64 before;

    pair_establish(pair);
    before = pair->now_us;
    pair->right.wake_us = G_MAXINT64; /* the right has died */
    g_clear_pointer(&pair->right.sa, obol_ike_sa_free);
    pair->right.role = OBOL_INITIATOR; /* and makes no new one */
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->now_us - before, >=, 10 * SECOND);
    while (pair->left.sa != NULL) {
        pair_run(pair);
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_NET_SILENT);
    g_assert_cmpuint(pair->left.kernel.n_sas + pair->left.kernel.n_policies, ==, 0);
}

static void
test_an_answer_is_proof_of_life(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });

    pair_establish(pair);
    for (guint i = 0; i < 20; i++) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    g_assert_true(pair_whole(pair));
}

/* A request is being made, by a kernel that takes its time: the check waits its turn, and no alarm rings for it all the while. */
static void
test_a_check_that_must_wait_does_not_ring(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });
    guint n_sent;

    pair_establish(pair);
    pair->hold_kernel = TRUE;
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.child_id = child_of(&pair->left)->unique_id });
    pair->right.wake_us = G_MAXINT64;
    n_sent = pair->left.n_sent;
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->left.wake_us, >, pair->now_us);
    g_assert_cmpuint(pair->left.n_sent, ==, n_sent);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_sent, ==, n_sent + 2); /* CREATE_CHILD_SA and the Delete, whose answers are proof enough */
    g_assert_true(pair_whole(pair));
}

/* Section 2.4: "a fresh cryptographically protected message on the IKE SA or any of its Child SAs". */
static void
test_packets_are_proof_of_life(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });
    guint n_sent;

    pair_establish(pair);
    n_sent = pair->left.n_sent + pair->right.n_sent;
    for (guint i = 0; i < 20; i++) {
        pair->left.kernel.usage.packets++;
        pair->right.kernel.usage.packets++;
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpuint(pair->left.n_sent + pair->right.n_sent, ==, n_sent);
    g_assert_cmpuint(pair->left.kernel.n_asked[OBOL_KERNEL_QUERY_SA], ==, 10);
    /* And when they do not come any more, the peer is asked after all. */
    while (pair->wire->length == 0)
        g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair->left.n_sent + pair->right.n_sent, ==, n_sent + 1);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

/* A kernel that tells when the last one came: then, and not when it was asked. */
static void
test_the_last_packet_counts_from_when_it_came(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });
    gint64 last;

    pair_establish(pair);
    pair->right.wake_us = G_MAXINT64;
    last = pair->now_us + 4 * SECOND;
    pair->left.kernel.usage = (ObolSaUsage) { .packets = 9, .last_used_us = last };
    g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair->wire->length, ==, 0);
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->now_us, ==, last + 10 * SECOND);
    g_assert_cmpuint(pair->wire->length, ==, 1);
}

/* The kernel that is asked says no, or does not answer for a while, and the child goes meanwhile: the peer is asked. */
static void
test_a_kernel_that_can_not_tell_is_no_proof(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * SECOND });

    pair_establish(pair);
    pair->right.wake_us = G_MAXINT64;
    pair->left.kernel.usage.packets = 9;
    pair->left.kernel.fail_op = OBOL_KERNEL_QUERY_SA;
    pair->left.kernel.fail_nth = 1;
    g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair->wire->length, ==, 1);
    pair_run(pair);
    pair->hold_kernel = TRUE;
    g_assert_true(pair_jump(pair));
    g_assert_cmpint(pair->left.wake_us, >, pair->now_us);
    pair_terminate(pair, &pair->left, child_of(&pair->left)->unique_id);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->left.sa->children->len, ==, 0);
    g_assert_cmpuint(pair->left.kernel.n_sas, ==, 0);
}

/* --- message IDs, sections 2.1 to 2.3 --- */

static void
test_ids_outside_the_window_are_ignored(void)
{
    static const guint32 ids[] = { 0, 3, 4, 77, G_MAXUINT32 };
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_establish(pair);
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_false(ask_with(pair, OBOL_INFORMATIONAL, ids[i], &empty, &plain, &answer));
    g_assert_true(ask_with(pair, OBOL_INFORMATIONAL, 2, &empty, &plain, &answer));
}

static void
test_a_repeated_request_gets_the_same_bytes(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    GBytes *request;
    PairPacket *first, *second;

    pair_establish(pair);
    request = pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &empty);
    pair_put(pair, &pair->right, g_bytes_ref(request));
    pair_deliver(pair);
    first = pair_take(pair);
    pair_put(pair, &pair->right, request);
    pair_deliver(pair);
    second = pair_take(pair);
    g_assert_nonnull(first);
    g_assert_nonnull(second);
    g_assert_cmpmem(first->bytes->data, first->bytes->len, second->bytes->data, second->bytes->len);
    pair_packet_free(first);
    pair_packet_free(second);
}

static void
test_a_response_to_nothing_is_ignored(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_establish(pair);
    obol_chain_add_delete_ike(&chain);
    for (guint32 id = 0; id < 4; id++)
        pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, TRUE, id, &chain));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

static void
test_retransmissions_wait_longer_each_time(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    gint64 last_wait = 0, before;
    guint n = 0;

    pair_initiate(pair);
    while (pair->left.sa != NULL) {
        PairPacket *packet = pair_take(pair);

        if (packet != NULL)
            pair_packet_free(packet);
        before = pair->now_us;
        g_assert_true(pair_jump(pair));
        g_assert_cmpint(pair->now_us - before, >, last_wait);
        last_wait = pair->now_us - before;
        n++;
    }
    g_assert_cmpuint(n, ==, pair->left.connection->retransmit_tries + 1);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NET_SILENT);
    g_assert_true(pair_clean(pair));
}

static void
test_a_half_open_sa_dies_by_itself(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_initiate(pair);
    pair_deliver(pair);
    g_clear_pointer(&pair->left.sa, obol_ike_sa_free);
    pair->left.wake_us = G_MAXINT64;
    while (pair_peek(pair) != NULL)
        pair_lose(pair);
    g_assert_true(pair_jump(pair));
    g_assert_null(pair->right.sa);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_HALF_OPEN_TIME);
}

/* --- what does not belong there, sections 2.5 and 2.21 --- */

static void
test_an_unknown_critical_payload_is_named_and_the_sa_lives(void)
{
    static const guint8 data[] = { 1, 2, 3 };
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolPayload *payload;
    const ObolPayload *notify;

    pair_establish(pair);
    payload = obol_chain_add(&chain, 200);
    payload->flags = 0x80;
    payload->bytes = (ObolSpan) { data, sizeof data };
    g_assert_true(ask_with(pair, OBOL_INFORMATIONAL, 2, &chain, &plain, &answer));
    notify = obol_chain_find_notify(&answer, OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD);
    g_assert_nonnull(notify);
    g_assert_cmpuint(notify->notify.data.data[0], ==, 200);
    g_assert_true(pair_whole(pair));
}

static void
test_payloads_that_mean_nothing_here_are_skipped(gconstpointer data)
{
    guint8 type = (guint8) GPOINTER_TO_UINT(data);
    static const guint8 bytes[] = { 2, 0, 0, 0, 'x', 'y' };
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_establish(pair);
    if (type == OBOL_PAYLOAD_IDI || type == OBOL_PAYLOAD_IDR)
        obol_chain_add_id(&chain, type, OBOL_ID_FQDN, bytes, sizeof bytes);
    else
        obol_chain_add(&chain, type)->bytes = (ObolSpan) { bytes, sizeof bytes };
    g_assert_true(ask_with(pair, OBOL_INFORMATIONAL, 2, &chain, &plain, &answer));
    g_assert_cmpuint(answer.n, ==, 0);
    g_assert_true(pair_whole(pair));
}

/* --- unprotected refusals, section 2.21.1 --- */

static void
forge_refusal(Pair *pair, guint16 notify)
{
    g_auto(ObolChain) chain = { .n = 0 };
    ObolMessage message;
    GByteArray *bytes = g_byte_array_new();

    message.header = (ObolHeader) { .spi_i = 0x1111, .version = OBOL_WIRE_VERSION, .exchange = OBOL_IKE_SA_INIT,
                                    .flags = OBOL_FLAG_RESPONSE };
    obol_chain_init(&message.chain);
    obol_chain_add_notify(&message.chain, notify, NULL, 0);
    obol_message_encode(&message, bytes);
    obol_message_clear(&message);
    pair_put(pair, &pair->left, g_byte_array_free_to_bytes(bytes));
    g_queue_push_head(pair->wire, g_queue_pop_tail(pair->wire));
}

static void
test_a_forged_refusal_ends_nothing(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_initiate(pair);
    forge_refusal(pair, (guint16) GPOINTER_TO_UINT(data));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

/* --- NAT, section 2.23 --- */

static void
test_a_nat_is_noticed_and_kept_alive(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    g_assert_true(obol_address_parse("198.51.100.9", &pair->nat));
    pair->nat.port = 12345;
    pair_establish(pair);
    g_assert_true(pair->left.sa->nat_local && !pair->left.sa->nat_remote);
    g_assert_true(pair->right.sa->nat_remote && !pair->right.sa->nat_local);
    g_assert_cmpuint(pair->left.sa->remote.port, ==, 4500);
    g_assert_true(obol_child_ends(child_of(&pair->left))->udp_encap && obol_child_ends(child_of(&pair->right))->udp_encap);
    g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair->left.n_keep_alives, ==, 1);
    g_assert_cmpuint(pair->right.n_keep_alives, ==, 0);
}

static void
test_a_rebinding_is_followed_when_authentic(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    GBytes *forged;
    GByteArray *spoiled;

    g_assert_true(obol_address_parse("198.51.100.9", &pair->nat));
    pair->nat.port = 12345;
    pair_establish(pair);
    pair->nat.port = 23456;
    forged = pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &empty);
    spoiled = g_bytes_unref_to_array(forged);
    spoiled->data[spoiled->len - 1] ^= 1;
    pair_put(pair, &pair->right, g_byte_array_free_to_bytes(spoiled));
    pair_run(pair);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 12345);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &empty));
    pair_run(pair);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 23456);
}

static void
test_without_a_nat_nobody_is_moved(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    ObolAddress before;

    pair_establish(pair);
    before = pair->right.sa->remote;
    g_assert_true(obol_address_parse("203.0.113.66", &pair->nat));
    pair->nat.port = 500;
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &empty));
    pair_run(pair);
    g_assert_true(obol_endpoint_equal(&pair->right.sa->remote, &before));
}

/* --- the kernel says no, at each step of each side --- */

typedef struct {
    gboolean left;
    ObolKernelOp op;
    guint nth;
} Refusal;

static const Refusal refusals[] = {
    { TRUE, OBOL_KERNEL_GET_SPI, 1 },    { TRUE, OBOL_KERNEL_ADD_SA, 1 },      { TRUE, OBOL_KERNEL_ADD_SA, 2 },
    { TRUE, OBOL_KERNEL_ADD_POLICY, 1 }, { TRUE, OBOL_KERNEL_ADD_POLICY, 3 },  { FALSE, OBOL_KERNEL_GET_SPI, 1 },
    { FALSE, OBOL_KERNEL_ADD_SA, 1 },    { FALSE, OBOL_KERNEL_ADD_SA, 2 },     { FALSE, OBOL_KERNEL_ADD_POLICY, 1 },
    { FALSE, OBOL_KERNEL_ADD_POLICY, 3 },
};

static void
test_a_kernel_s_no_is_rolled_back(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autoptr(Pair) pair = pair_new(NULL);
    PairSide *side = refusal->left ? &pair->left : &pair->right;

    side->kernel.fail_op = refusal->op;
    side->kernel.fail_nth = refusal->nth;
    pair_initiate(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_true(model_kernel_empty(&pair->left.kernel));
    g_assert_true(model_kernel_empty(&pair->right.kernel));
}

static void
test_a_request_waits_for_the_kernel_and_is_answered_once(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    PairPacket *request;
    guint n_before;

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    pair->hold_kernel = TRUE;
    request = pair_peek(pair);
    pair_put(pair, &pair->right, g_bytes_new(request->bytes->data, request->bytes->len));
    n_before = pair->right.n_sent;
    pair_run(pair);
    g_assert_cmpuint(pair->right.n_sent, ==, n_before);
    pair_release_kernel(pair);
    g_assert_cmpuint(pair->right.n_sent, ==, n_before + 1);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

/* --- every bit of every message of the handshake --- */

static void
test_every_flipped_bit_is_survived(gconstpointer data)
{
    guint which = GPOINTER_TO_UINT(data), n_bits = G_MAXUINT;

    for (guint bit = 0; bit < n_bits; bit++) {
        g_autoptr(Pair) pair = pair_new(NULL);
        PairPacket *packet;

        pair_initiate(pair);
        for (guint i = 0; i < which; i++)
            pair_deliver(pair);
        packet = pair_peek(pair);
        n_bits = packet->bytes->len * 8;
        packet->bytes->data[bit / 8] ^= (guint8) (1 << bit % 8);
        pair_run(pair);
        for (guint n = 0; !pair_whole(pair) && (pair->left.sa != NULL || pair->right.sa != NULL) && n < 30; n++) {
            if (!pair_jump(pair))
                break;
            pair_run(pair);
        }
        /* Whole, clean, or (a bit that both ends must agree on) refused: never half. */
        if (!pair_whole(pair)) {
            g_assert_cmpuint(pair->left.kernel.n_sas + pair->left.kernel.n_policies, ==, 0);
            g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
        }
    }
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "1.4.1/a-deleted-child-leaves-the-ike-sa", test_a_deleted_child_leaves_the_ike_sa },
    { "1.4.1/deletes-of-a-child-may-cross", test_deletes_of_a_child_may_cross },
    { "1.4.1/deletes-of-the-ike-sa-may-cross", test_deletes_of_the_ike_sa_may_cross },
    { "1.4.1/the-responder-may-delete-too", test_the_responder_may_delete_too },
    { "1.4.1/an-unknown-spi-is-not-deleted", test_an_unknown_spi_is_not_deleted },
    { "1.4.1/a-forced-end-does-not-wait", test_a_forced_end_does_not_wait },
    { "1.4.1/an-unanswered-delete-ends-all-the-same", test_an_unanswered_delete_ends_all_the_same },
    { "2.4/a-silent-peer-is-asked-and-given-up", test_a_silent_peer_is_asked_and_given_up },
    { "2.4/an-answer-is-proof-of-life", test_an_answer_is_proof_of_life },
    { "2.4/packets-are-proof-of-life", test_packets_are_proof_of_life },
    { "2.4/the-last-packet-counts-from-when-it-came", test_the_last_packet_counts_from_when_it_came },
    { "2.4/a-kernel-that-can-not-tell-is-no-proof", test_a_kernel_that_can_not_tell_is_no_proof },
    { "2.4/a-check-that-must-wait-does-not-ring", test_a_check_that_must_wait_does_not_ring },
    { "2.3/ids-outside-the-window-are-ignored", test_ids_outside_the_window_are_ignored },
    { "2.1/a-repeated-request-gets-the-same-bytes", test_a_repeated_request_gets_the_same_bytes },
    { "2.2/a-response-to-nothing-is-ignored", test_a_response_to_nothing_is_ignored },
    { "2.1/retransmissions-wait-longer-each-time", test_retransmissions_wait_longer_each_time },
    { "2.4/a-half-open-sa-dies-by-itself", test_a_half_open_sa_dies_by_itself },
    { "2.5/an-unknown-critical-payload-is-named", test_an_unknown_critical_payload_is_named_and_the_sa_lives },
    { "2.23/a-nat-is-noticed-and-kept-alive", test_a_nat_is_noticed_and_kept_alive },
    { "2.23/a-rebinding-is-followed-when-authentic", test_a_rebinding_is_followed_when_authentic },
    { "2.23/without-a-nat-nobody-is-moved", test_without_a_nat_nobody_is_moved },
    { "kernel/a-request-waits-and-is-answered-once", test_a_request_waits_for_the_kernel_and_is_answered_once },
};

static void
add_numbered(const char *format, guint n, gpointer data, GTestDataFunc test)
{
    g_autofree char *name = g_strdup_printf("%s-%u", format, n);

    g_test_add_data_func(name, data, test);
}

int
main(int argc, char *argv[])
{
    static const guint16 notifies[] = { OBOL_N_NO_PROPOSAL_CHOSEN, OBOL_N_INVALID_SYNTAX, OBOL_N_AUTHENTICATION_FAILED,
                                        OBOL_N_INVALID_KE_PAYLOAD, OBOL_N_INVALID_MAJOR_VERSION };
    static const guint8 payloads[] = { OBOL_PAYLOAD_IDI, OBOL_PAYLOAD_IDR, OBOL_PAYLOAD_VENDOR, 49, 54, 255 };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (guint i = 0; i < 5; i++)
        add_numbered("/exchange/control/an-end-in-the-middle-leaves-nothing", i, GUINT_TO_POINTER(i), test_an_end_in_the_middle_leaves_nothing);
    for (gsize i = 0; i < G_N_ELEMENTS(notifies); i++)
        add_numbered("/exchange/2.21.1/a-forged-refusal-ends-nothing", notifies[i], GUINT_TO_POINTER(notifies[i]),
                     test_a_forged_refusal_ends_nothing);
    for (gsize i = 0; i < G_N_ELEMENTS(payloads); i++)
        add_numbered("/exchange/2.5/skipped-is-payload", payloads[i], GUINT_TO_POINTER(payloads[i]),
                     test_payloads_that_mean_nothing_here_are_skipped);
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
        add_numbered("/exchange/kernel/a-no-is-rolled-back", i, (gpointer) &refusals[i], test_a_kernel_s_no_is_rolled_back);
    for (guint i = 0; i < 4; i++)
        add_numbered("/exchange/2.21/every-flipped-bit-is-survived-in-message", i, GUINT_TO_POINTER(i), test_every_flipped_bit_is_survived);
    return g_test_run();
}
