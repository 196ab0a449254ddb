/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-received.c - what a peer may put into its messages, and what it may not: order, unknown things, odd ones. */
#include "exchange/pair.h"

#include <string.h>

/* --- altering on the way --- */

static void
put_first(Pair *pair, PairSide *to, GBytes *bytes)
{
    pair_put(pair, to, bytes);
    g_queue_push_head(pair->wire, g_queue_pop_tail(pair->wire));
}

typedef void (*Alter)(ObolChain *chain);

/* The sender is made to believe that it has sent this, so that AUTH covers it. */
static void
alter_clear(PairSide *from, PairPacket *packet, Alter alter)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    g_autoptr(GByteArray) old = g_steal_pointer(&packet->bytes);
    ObolNegotiation *n = from->sa->negotiation;
    ObolWireFault fault;

    g_assert_true(obol_message_decode(old->data, old->len, &message, &fault));
    alter(&message.chain);
    packet->bytes = g_byte_array_new();
    obol_message_encode(&message, packet->bytes);
    g_bytes_unref(n->own_first);
    n->own_first = g_bytes_new(packet->bytes->data, packet->bytes->len);
}

static void
alter_sealed(Pair *pair, PairPacket *packet, Alter alter)
{
    PairSide *to = packet->to, *from = pair_other(pair, to);
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolWireFault fault;
    ObolHeader header;

    g_assert_true(obol_header_decode(packet->bytes->data, packet->bytes->len, &header, &fault));
    g_assert_true(pair_open(to, packet, &plain, &chain));
    alter(&chain);
    put_first(pair, to, pair_seal(from, header.exchange, (header.flags & OBOL_FLAG_RESPONSE) != 0, header.message_id, &chain));
}

/* The oldest datagram, altered, and the keys with it. */
static void
alter_next(Pair *pair, Alter alter)
{
    PairPacket *packet = pair_peek(pair);

    g_assert_nonnull(packet);
    if (packet->bytes->data[18] == OBOL_IKE_SA_INIT) {
        alter_clear(pair_other(pair, packet->to), packet, alter);
        return;
    }
    if (pair_other(pair, packet->to)->sa == NULL)
        return; /* the answer to the last Delete: its sender has gone */
    packet = pair_take(pair);
    alter_sealed(pair, packet, alter);
    pair_packet_free(packet);
}

static void
run_altered(Pair *pair, Alter alter)
{
    while (pair_peek(pair) != NULL) {
        alter_next(pair, alter);
        pair_deliver(pair);
    }
}

static void
rekey_first_child(Pair *pair)
{
    ObolEvent event = { .kind = OBOL_EVENT_REKEY, .rekey.child_id = pair_child(&pair->left, 0)->unique_id };

    pair_feed(pair, &pair->left, &event);
}

/* A set-up, a further child, a rekeying and the end, every message of both ends altered: all works as if none had been. */
static void
life_altered(Alter alter)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .child = { "aes128gcm16-x25519", "aes128gcm16-x25519" } });

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_initiate(pair);
    run_altered(pair, alter);
    g_assert_true(pair_whole(pair));
    pair_initiate_child(pair, &pair->right, "second", 3);
    run_altered(pair, alter);
    g_assert_true(pair_agree(pair, 2));
    rekey_first_child(pair);
    run_altered(pair, alter);
    g_assert_true(pair_agree(pair, 2));
    pair_terminate(pair, &pair->right, 0);
    run_altered(pair, alter);
    g_assert_true(pair_clean(pair));
}

/* --- sections 2.5, 3.10.1 and 3.12: order, and what nobody has heard of --- */

static void
reverse(ObolChain *chain)
{
    for (guint i = 0; i < chain->n / 2; i++) {
        ObolPayload one = chain->items[i];

        chain->items[i] = chain->items[chain->n - 1 - i];
        chain->items[chain->n - 1 - i] = one;
    }
}

static void
test_payloads_may_come_in_any_order(void)
{
    life_altered(reverse);
}

static const guint8 rubbish[] = { 0xde, 0xad, 0xbe, 0xef, 0x00 };

static void
add_unknown_payloads(ObolChain *chain)
{
    obol_chain_add(chain, 200)->bytes = (ObolSpan) { rubbish, sizeof rubbish };
    obol_chain_add(chain, 49)->bytes = (ObolSpan) { rubbish, 0 };
}

static void
test_unknown_payloads_are_skipped_everywhere(void)
{
    life_altered(add_unknown_payloads);
}

static void
add_vendor(ObolChain *chain)
{
    obol_chain_add_vendor(chain, rubbish, sizeof rubbish);
    obol_chain_add_vendor(chain, NULL, 0);
}

static void
test_unfamiliar_vendor_ids_are_ignored(void)
{
    life_altered(add_vendor);
}

static void
add_unknown_status(ObolChain *chain)
{
    obol_chain_add_notify(chain, 16383 + 20000, rubbish, sizeof rubbish);
    obol_chain_add_notify(chain, 65535, NULL, 0);
    obol_chain_add_notify_spi(chain, OBOL_PROTO_ESP, 0x12345678, 40960, NULL, 0);
}

static void
test_unknown_status_types_are_ignored(void)
{
    life_altered(add_unknown_status);
}

static gboolean
next_is_request(const Pair *pair)
{
    const PairPacket *packet = g_queue_peek_head(pair->wire);

    return (packet->bytes->data[19] & OBOL_FLAG_RESPONSE) == 0;
}

static void
add_unknown_error(ObolChain *chain)
{
    obol_chain_add_notify(chain, 8191, rubbish, sizeof rubbish);
}

static void
answer_unknown_error_alone(ObolChain *chain)
{
    chain->n = 0;
    add_unknown_error(chain);
}

static void
test_unknown_error_types_in_requests_are_ignored(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_initiate(pair);
    for (guint i = 0; i < 3; i++) {
        while (pair_peek(pair) != NULL) {
            if (next_is_request(pair))
                alter_next(pair, add_unknown_error);
            pair_deliver(pair);
        }
        g_assert_true(pair_agree(pair, i == 0 ? 1 : 2));
        if (i == 0)
            pair_initiate_child(pair, &pair->right, "second", 3);
        else if (i == 1)
            rekey_first_child(pair);
    }
}

/* An error that we do not know is an error all the same: the request has failed, and the IKE SA stays. */
static void
test_an_unknown_error_type_in_an_answer_fails_the_request(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 3);
    pair_deliver(pair);
    alter_next(pair, answer_unknown_error_alone);
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_cmpint(pair->left.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpuint(pair->left.sa->children->len, ==, 1);
    g_assert_cmpuint(pair->left.kernel.n_sas, ==, 2);
}

static void
test_an_unknown_error_type_beside_auth_fails_the_child_alone(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_initiate(pair);
    for (guint i = 0; i < 3; i++)
        pair_deliver(pair);
    alter_next(pair, add_unknown_error);
    pair_run(pair);
    g_assert_cmpint(pair->left.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpuint(pair->left.sa->children->len, ==, 0);
    g_assert_true(model_kernel_empty(&pair->left.kernel));
}

static void
add_unknown_critical(ObolChain *chain)
{
    ObolPayload *payload = obol_chain_add(chain, 200);

    payload->flags = 0x80;
    payload->bytes = (ObolSpan) { rubbish, sizeof rubbish };
}

/* The whole message is rejected: the request stays unanswered, and the true answer, when it comes, still counts. */
static void
test_an_answer_with_an_unknown_critical_payload_is_rejected(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 3);
    pair_deliver(pair);
    alter_next(pair, add_unknown_critical);
    pair_deliver(pair);
    g_assert_cmpuint(pair_n_children(&pair->left, OBOL_CHILD_INSTALLED), ==, 1);
    g_assert_cmpint(pair->left.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_null(pair_peek(pair));
    g_assert_true(pair_jump(pair)); /* the request comes again, and its answer with it */
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
}

/* --- section 2.9: selectors of types that we do not know --- */

/* As raw bytes, since the typed form has none of them: an odd one (type 10, of 8 bytes), and 10.3.0.0 - 10.3.255.255. */
static const guint8 odd_and_known[] = { 0, 0, 0, 32, 2, 0, 0, 0, 10, 0, 0, 8, 1, 2, 3, 4,
                                        7, 0, 0, 16, 0, 0, 255, 255, 10, 3, 0, 0, 10, 3, 255, 255 };
static const guint8 odd_alone[] = { 0, 0, 0, 16, 1, 0, 0, 0, 10, 0, 0, 8, 1, 2, 3, 4 };

static void
replace_tsi(ObolChain *chain, const guint8 *raw, gsize n)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_TSI) {
            chain->items[i].verbatim = TRUE;
            chain->items[i].raw = (ObolSpan) { raw, n };
        }
    }
}

static void
offer_odd_and_known(ObolChain *chain)
{
    replace_tsi(chain, odd_and_known, sizeof odd_and_known);
}

static void
offer_odd_alone(ObolChain *chain)
{
    replace_tsi(chain, odd_alone, sizeof odd_alone);
}

static void
test_a_selector_of_an_unknown_type_is_narrowed_away(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 3);
    alter_next(pair, offer_odd_and_known);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair_child(&pair->right, 1)->remote_ts->len, ==, 1);
}

static void
test_selectors_of_unknown_types_alone_are_unacceptable(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "second", 3);
    alter_next(pair, offer_odd_alone);
    pair_run(pair);
    g_assert_cmpuint(pair->right.last_notify, ==, OBOL_N_TS_UNACCEPTABLE);
    g_assert_true(pair_agree(pair, 1));
}

/* --- section 3.14: padding, as much as the sender likes --- */

/* An empty request whose padding, with its length, fills @n_blocks. */
static GBytes *
seal_padded(PairSide *from, guint32 message_id, gsize n_blocks)
{
    ObolIkeSa *sa = from->sa;
    g_autoptr(ObolGuard) guard = obol_guard_new(sa->engine->crypto, &sa->suite, obol_ike_keys_get(&sa->keys, OBOL_SK_EI).data,
                                                obol_ike_keys_get(&sa->keys, OBOL_SK_AI).data, NULL);
    gsize n_head = OBOL_WIRE_HEADER + OBOL_SK_HEADER, n_iv = obol_guard_n_iv(guard), n_text = n_blocks * obol_guard_block(guard);
    gsize n = n_head + n_iv + n_text + obol_guard_n_icv(guard);
    ObolHeader header = { .spi_i = sa->spi_i, .spi_r = sa->spi_r, .first_payload = OBOL_PAYLOAD_SK, .version = OBOL_WIRE_VERSION,
                          .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR, .message_id = message_id, .length = (guint32) n };
    guint8 *bytes = g_malloc0(n);

    obol_header_encode(&header, bytes);
    bytes[OBOL_WIRE_HEADER + 2] = (guint8) ((n - OBOL_WIRE_HEADER) >> 8);
    bytes[OBOL_WIRE_HEADER + 3] = (guint8) (n - OBOL_WIRE_HEADER);
    memset(bytes + n_head + n_iv, 0xa5, n_text);
    bytes[n_head + n_iv + n_text - 1] = (guint8) (n_text - 1);
    g_assert_true(obol_guard_seal(guard, ++sa->n_sealed, bytes, n_head, bytes + n_head, n_text, NULL, 0));
    return g_bytes_new_take(bytes, n);
}

static void
test_any_padding_is_accepted(void)
{
    static const char *const suites[] = { "aes128-sha256-x25519", "aes128gcm16-prfsha256-x25519" };

    for (gsize i = 0; i < G_N_ELEMENTS(suites); i++) {
        g_autoptr(Pair) pair = pair_new(&(PairSetup) { .ike = { suites[i], suites[i] } });

        pair_establish(pair);
        for (guint32 n = 1; n <= 16; n++) {
            pair_put(pair, &pair->right, seal_padded(&pair->left, 1 + n, n));
            pair_deliver(pair);
            g_assert_nonnull(pair_peek(pair));
            pair_lose(pair);
        }
    }
}

/* --- section 2.23: who is behind a NAT is not moved --- */

static void
test_who_is_behind_a_nat_does_not_follow(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    ObolAddress before;

    g_assert_true(obol_address_parse("198.51.100.9", &pair->nat));
    pair->nat.port = 12345;
    pair_establish(pair);
    g_assert_true(pair->left.sa->nat_local);
    before = pair->left.sa->remote;
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, FALSE, 0, &empty));
    g_assert_true(obol_address_parse("203.0.113.66", &pair_peek(pair)->source));
    pair_peek(pair)->source.port = 4500;
    pair_deliver(pair);
    g_assert_nonnull(pair_peek(pair)); /* it is answered */
    g_assert_true(obol_endpoint_equal(&pair->left.sa->remote, &before));
}

/* --- section 2.25.1: the IKE SA is not rekeyed in the middle of a child's exchange --- */

static void
test_an_ike_rekeying_meets_a_childs_exchange(gconstpointer data)
{
    static const guint n_wanted[] = { 2, 1, 0 };
    guint what = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_new(NULL);
    g_autoptr(GByteArray) plain = NULL;
    g_auto(ObolChain) answer = { .n = 0 };

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    if (what == 0)
        pair_initiate_child(pair, &pair->left, "second", 3);
    else if (what == 1)
        rekey_first_child(pair);
    else
        pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    pair_rekey_ike(pair, &pair->right);
    g_assert_true(pair_deliver_to(pair, &pair->left));
    g_assert_true(pair_open(&pair->right, g_queue_peek_tail(pair->wire), &plain, &answer));
    g_assert_nonnull(obol_chain_find_notify(&answer, OBOL_N_TEMPORARY_FAILURE));
    pair_run(pair);
    /* The other end may have put off what we asked for, too: it comes about when both have waited. */
    for (guint n = 0; !pair_agree(pair, n_wanted[what]); n++) {
        g_assert_cmpuint(n, <, 10);
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
}

/* --- section 2.2: message IDs come to an end --- */

static void
test_an_ike_sa_is_rekeyed_before_its_ids_run_out(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    pair->left.sa->next_request_id = pair->right.sa->expected_request_id = OBOL_ENGINE_ID_RENEW - 1;
    rekey_first_child(pair);
    pair_run(pair);
    while (pair->left.n_successors == 0 && pair_jump(pair))
        pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpuint(pair->left.sa->next_request_id, <, 10);
    g_assert_true(pair_agree(pair, 1));
}

static void
test_an_ike_sa_is_closed_with_its_last_id(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    pair->left.sa->next_request_id = pair->right.sa->expected_request_id = OBOL_ENGINE_ID_LAST - 1;
    rekey_first_child(pair);
    pair_run(pair);
    while ((pair->left.sa != NULL || pair->right.sa != NULL) && pair_jump(pair))
        pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "2.5/payloads-may-come-in-any-order", test_payloads_may_come_in_any_order },
    { "2.5/unknown-payloads-are-skipped-everywhere", test_unknown_payloads_are_skipped_everywhere },
    { "2.5/an-answer-with-an-unknown-critical-payload-is-rejected", test_an_answer_with_an_unknown_critical_payload_is_rejected },
    { "3.12/unfamiliar-vendor-ids-are-ignored", test_unfamiliar_vendor_ids_are_ignored },
    { "3.10.1/unknown-status-types-are-ignored", test_unknown_status_types_are_ignored },
    { "3.10.1/unknown-error-types-in-requests-are-ignored", test_unknown_error_types_in_requests_are_ignored },
    { "3.10.1/an-unknown-error-type-in-an-answer-fails-the-request", test_an_unknown_error_type_in_an_answer_fails_the_request },
    { "3.10.1/an-unknown-error-type-beside-auth-fails-the-child-alone", test_an_unknown_error_type_beside_auth_fails_the_child_alone },
    { "2.9/a-selector-of-an-unknown-type-is-narrowed-away", test_a_selector_of_an_unknown_type_is_narrowed_away },
    { "2.9/selectors-of-unknown-types-alone-are-unacceptable", test_selectors_of_unknown_types_alone_are_unacceptable },
    { "3.14/any-padding-is-accepted", test_any_padding_is_accepted },
    { "2.23/who-is-behind-a-nat-does-not-follow", test_who_is_behind_a_nat_does_not_follow },
    { "2.2/an-ike-sa-is-rekeyed-before-its-ids-run-out", test_an_ike_sa_is_rekeyed_before_its_ids_run_out },
    { "2.2/an-ike-sa-is-closed-with-its-last-id", test_an_ike_sa_is_closed_with_its_last_id },
};

int
main(int argc, char *argv[])
{
    static const char *const stages[] = { "made", "rekeyed", "deleted" };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/received/%s", tests[i].name);

        g_test_add_func(name, tests[i].test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/received/2.25.1/the-ike-sa-is-not-rekeyed-while-a-child-is-%s", stages[i]);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_an_ike_rekeying_meets_a_childs_exchange);
    }
    return g_test_run();
}
