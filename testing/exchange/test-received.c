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

/* Of payloads that we know, the critical bit says nothing, and the other seven are reserved (section 3.2). */
static void
set_all_flags(ObolChain *chain)
{
    for (guint i = 0; i < chain->n; i++)
        chain->items[i].flags = 0xff;
}

static void
test_flags_of_known_payloads_are_ignored(void)
{
    life_altered(set_all_flags);
}

/* Not that of an ID, which AUTH covers as it is. */
static void
set_reserved_fields(ObolChain *chain)
{
    for (guint i = 0; i < chain->n; i++) {
        ObolPayload *p = &chain->items[i];

        if (p->type == OBOL_PAYLOAD_KE)
            p->ke.reserved = 0xffff;
        else if (p->type == OBOL_PAYLOAD_AUTH)
            memset(p->auth.reserved, 0xff, sizeof p->auth.reserved);
        else if (p->type == OBOL_PAYLOAD_TSI || p->type == OBOL_PAYLOAD_TSR)
            memset(p->ts.reserved, 0xff, sizeof p->ts.reserved);
    }
}

static void
test_reserved_fields_are_ignored(void)
{
    life_altered(set_reserved_fields);
}

/* Section 3.10: without an SPI it says nothing; older implementations write 1 there. */
static void
set_protocols(ObolChain *chain)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_NOTIFY && chain->items[i].notify.spi.n == 0)
            chain->items[i].notify.protocol = OBOL_PROTO_IKE;
    }
}

static void
test_a_protocol_without_an_spi_is_ignored(void)
{
    life_altered(set_protocols);
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

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "2.5/payloads-may-come-in-any-order", test_payloads_may_come_in_any_order },
    { "3.2/flags-of-known-payloads-are-ignored", test_flags_of_known_payloads_are_ignored },
    { "2.5/reserved-fields-are-ignored", test_reserved_fields_are_ignored },
    { "3.10/a-protocol-without-an-spi-is-ignored", test_a_protocol_without_an_spi_is_ignored },
    { "2.5/unknown-payloads-are-skipped-everywhere", test_unknown_payloads_are_skipped_everywhere },
    { "2.5/an-answer-with-an-unknown-critical-payload-is-rejected", test_an_answer_with_an_unknown_critical_payload_is_rejected },
    { "3.12/unfamiliar-vendor-ids-are-ignored", test_unfamiliar_vendor_ids_are_ignored },
    { "3.10.1/unknown-status-types-are-ignored", test_unknown_status_types_are_ignored },
    { "3.10.1/unknown-error-types-in-requests-are-ignored", test_unknown_error_types_in_requests_are_ignored },
    { "3.10.1/an-unknown-error-type-in-an-answer-fails-the-request", test_an_unknown_error_type_in_an_answer_fails_the_request },
    { "3.10.1/an-unknown-error-type-beside-auth-fails-the-child-alone", test_an_unknown_error_type_beside_auth_fails_the_child_alone },
    { "2.9/a-selector-of-an-unknown-type-is-narrowed-away", test_a_selector_of_an_unknown_type_is_narrowed_away },
    { "2.9/selectors-of-unknown-types-alone-are-unacceptable", test_selectors_of_unknown_types_alone_are_unacceptable },
};

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/received/%s", tests[i].name);

        g_test_add_func(name, tests[i].test);
    }
    return g_test_run();
}
