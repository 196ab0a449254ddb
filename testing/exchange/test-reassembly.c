/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-reassembly.c - fragments that come in: RFC 7383 sections 2.6, 2.6.1 and 5. */
#include "exchange/pair.h"

#include <string.h>

#define N_TEXT 900 /* bytes of the usual request */

static gboolean
pending(const PairSide *side)
{
    return side->sa->fragmentation.pending[OBOL_PENDING_REQUEST] != NULL;
}

/* Vendor IDs, which mean nothing: a request of any length. */
static GByteArray *
text_of(gsize n)
{
    static const guint8 filler[4096] = { 'o', 'b', 'o', 'l' };
    g_auto(ObolChain) chain = { .n = 0 };
    GByteArray *text = g_byte_array_new();

    while (n > 0) {
        gsize part = n <= sizeof filler ? n : MIN(n - OBOL_WIRE_PAYLOAD_HEADER, sizeof filler);

        obol_chain_add_vendor(&chain, filler, part - OBOL_WIRE_PAYLOAD_HEADER);
        n -= part;
    }
    obol_chain_encode(&chain, OBOL_PAYLOAD_NONE, text);
    return text;
}

/* The usual request in @total fragments: the one with that number, but for what @alter says. */
static GBytes *
piece(PairSide *from, guint32 message_id, guint16 number, guint16 total)
{
    g_autoptr(GByteArray) text = text_of(N_TEXT);
    gsize chunk = (N_TEXT + total - 1u) / total, at = (number - 1u) * chunk;

    return pair_forge(from, &(PairFragment) {
        .exchange = OBOL_INFORMATIONAL,
        .message_id = message_id,
        .number = number,
        .total = total,
        .first = number == 1 ? OBOL_PAYLOAD_VENDOR : OBOL_PAYLOAD_NONE,
        .text = { text->data + at, MIN(chunk, N_TEXT - at) },
    });
}

/* Brings bytes to the right; gives the number of datagrams that it answers by, which are lost. */
static guint
tell(Pair *pair, GBytes *bytes)
{
    guint n;

    pair_put(pair, &pair->right, bytes);
    pair_deliver(pair);
    n = pair_n_on_wire(pair);
    pair_clear_wire(pair);
    return n;
}

static guint
tell_piece(Pair *pair, guint32 message_id, guint16 number, guint16 total)
{
    return tell(pair, piece(&pair->left, message_id, number, total));
}

static Pair *
established(void)
{
    Pair *pair = pair_new(NULL);

    pair_establish(pair);
    g_assert_true(pair->right.sa->fragmentation.agreed);
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, 2);
    return pair;
}

/* The request is taken when all of it is sent anew: nothing that came before stands in its way. */
static void
assert_still_works(Pair *pair)
{
    guint32 id = pair->right.sa->expected_request_id;

    g_assert_cmpuint(tell_piece(pair, id, 1, 20), ==, 0);
    for (guint16 number = 2; number < 20; number++)
        g_assert_cmpuint(tell_piece(pair, id, number, 20), ==, 0);
    g_assert_cmpuint(tell_piece(pair, id, 20, 20), ==, 1);
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, id + 1);
}

/* --- 2.6 --- */

static void
test_whole_by_the_last(void)
{
    g_autoptr(Pair) pair = established();

    g_assert_cmpuint(tell_piece(pair, 2, 1, 3), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 2, 3), ==, 0);
    g_assert_true(pending(&pair->right));
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, 2);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 1);
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, 3);
}

static void
test_any_order(void)
{
    static const guint16 orders[][4] = { { 4, 3, 2, 1 }, { 2, 4, 1, 3 }, { 3, 1, 2, 4 }, { 1, 4, 3, 2 } };
    g_autoptr(Pair) pair = established();

    for (guint32 i = 0; i < G_N_ELEMENTS(orders); i++) {
        for (guint j = 0; j < 3; j++)
            g_assert_cmpuint(tell_piece(pair, 2 + i, orders[i][j], 4), ==, 0);
        g_assert_cmpuint(tell_piece(pair, 2 + i, orders[i][3], 4), ==, 1);
    }
}

static void
test_one_of_one(void)
{
    g_autoptr(Pair) pair = established();

    g_assert_cmpuint(tell_piece(pair, 2, 1, 1), ==, 1);
}

static void
test_an_empty_one(void)
{
    g_autoptr(Pair) pair = established();

    for (guint16 number = 1; number <= 2; number++) {
        guint n = tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2,
                                                                       .number = number, .total = 2 }));
        g_assert_cmpuint(n, ==, number - 1u);
    }
}

/* What breaks "check message validity" is dropped silently, and the queue stays as it is. */
static void
test_impossible_numbers(void)
{
    static const guint16 numbers[][2] = { { 0, 3 }, { 1, 0 }, { 0, 0 }, { 4, 3 }, { 3, 257 }, { 65535, 65535 } };
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 3);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2,
                                                                              .number = numbers[i][0], .total = numbers[i][1] })), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 2, 3), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 1);
}

static void
test_a_smaller_total(void)
{
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 3);
    tell_piece(pair, 2, 2, 3);
    g_assert_cmpuint(tell_piece(pair, 2, 1, 2) + tell_piece(pair, 2, 2, 2) + tell_piece(pair, 2, 1, 1), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 1);
}

static void
test_a_greater_total(void)
{
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 3);
    tell_piece(pair, 2, 2, 3);
    g_assert_cmpuint(tell_piece(pair, 2, 4, 5), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 0); /* the last one of a set that counts no more */
    for (guint16 number = 1; number <= 3; number++)
        g_assert_cmpuint(tell_piece(pair, 2, number, 5), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 5, 5), ==, 1);
}

static void
test_a_replay_is_not_stored(void)
{
    g_autoptr(Pair) pair = established();

    for (guint i = 0; i < 10; i++) {
        g_assert_cmpuint(tell_piece(pair, 2, 1, 3), ==, 0);
        g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 0);
    }
    g_assert_cmpuint(tell_piece(pair, 2, 2, 3), ==, 1);
}

/* Were it looked at, it would not be the fragment that it replays. */
static void
test_a_replay_with_other_content(void)
{
    g_autoptr(Pair) pair = established();
    static const guint8 other[10] = { 0, 0, 0, 3 };

    tell_piece(pair, 2, 1, 2);
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = 1,
                                                                          .total = 2, .first = OBOL_PAYLOAD_DELETE,
                                                                          .text = { other, sizeof other } })), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 2, 2), ==, 1);
    g_assert_true(pair_whole(pair));
}

static void
test_forged(void)
{
    static const guint16 numbers[][2] = { { 3, 3 }, { 1, 3 }, { 1, 4 }, { 1, 256 }, { 1, 1 } };
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 3);
    tell_piece(pair, 2, 2, 3);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2,
                                                                              .number = numbers[i][0], .total = numbers[i][1],
                                                                              .spoilt = TRUE })), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 1);
}

/* Fragment Number and Total Fragments are authentic too. */
static void
test_every_flipped_bit(void)
{
    g_autoptr(Pair) pair = established();
    g_autoptr(GBytes) good = piece(&pair->left, 2, 3, 3);
    ObolSpan bytes = obol_span_of_bytes(good);

    tell_piece(pair, 2, 1, 3);
    tell_piece(pair, 2, 2, 3);
    for (gsize bit = 0; bit < 8 * bytes.n; bit++) {
        guint8 *spoilt = g_memdup2(bytes.data, bytes.n);

        spoilt[bit / 8] ^= (guint8) (1u << bit % 8);
        g_assert_cmpuint(tell(pair, g_bytes_new_take(spoilt, bytes.n)), ==, 0);
    }
    g_assert_cmpuint(tell(pair, g_steal_pointer(&good)), ==, 1);
}

static void
test_cut_short(void)
{
    g_autoptr(Pair) pair = established();
    g_autoptr(GBytes) good = piece(&pair->left, 2, 2, 2);

    tell_piece(pair, 2, 1, 2);
    for (gsize n = 0; n < g_bytes_get_size(good); n++)
        g_assert_cmpuint(tell(pair, g_bytes_new_from_bytes(good, 0, n)), ==, 0);
    g_assert_cmpuint(tell(pair, g_steal_pointer(&good)), ==, 1);
}

static void
test_forgotten_in_time(void)
{
    g_autoptr(Pair) pair = established();
    gint64 patience_us = obol_window_patience_us(pair->right.connection), began_us = pair->now_us;

    tell_piece(pair, 2, 1, 3);
    tell_piece(pair, 2, 3, 3);
    g_assert_cmpint(pair->right.wake_us, ==, began_us + patience_us);
    g_assert_true(pair_jump(pair));
    g_assert_false(pending(&pair->right));
    g_assert_cmpint(pair->now_us, ==, began_us + patience_us);
    g_assert_cmpint(pair->right.wake_us, ==, G_MAXINT64);
    g_assert_true(pair_whole(pair)); /* not an IKE SA failure */
    g_assert_cmpuint(tell_piece(pair, 2, 2, 3), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 1, 3), ==, 1);
}

/* Section 2.4 of RFC 7296: it waits as long as an initiator would. */
static void
test_patience(void)
{
    g_autoptr(ObolConnection) c = obol_connection_new("c");

    c->retransmit_base_us = G_TIME_SPAN_SECOND;
    c->retransmit_factor = 2.0;
    c->retransmit_tries = 3;
    g_assert_cmpint(obol_window_patience_us(c), ==, 15 * G_TIME_SPAN_SECOND);
    c->retransmit_factor = 10.0;
    c->retransmit_tries = 30;
    g_assert_cmpint(obol_window_patience_us(c), ==, G_TIME_SPAN_DAY);
}

static GBytes *
whole_request(Pair *pair, guint32 message_id)
{
    g_auto(ObolChain) chain = { .n = 0 };

    return pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, message_id, &chain);
}

static void
test_a_whole_copy_is_enough(void)
{
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 2);
    g_assert_cmpuint(tell(pair, whole_request(pair, 2)), ==, 1);
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(tell_piece(pair, 2, 2, 2), ==, 0); /* 2.6.1: it is of an answered request, and not number 1 */
    assert_still_works(pair);
}

static void
test_a_forged_whole_copy(void)
{
    g_autoptr(Pair) pair = established();
    GByteArray *spoilt = g_bytes_unref_to_array(whole_request(pair, 2));

    tell_piece(pair, 2, 1, 2);
    spoilt->data[spoilt->len - 1] ^= 1;
    g_assert_cmpuint(tell(pair, g_byte_array_free_to_bytes(spoilt)), ==, 0);
    g_assert_true(pending(&pair->right));
    g_assert_cmpuint(tell_piece(pair, 2, 2, 2), ==, 1);
}

static void
test_outside_the_window(void)
{
    static const guint32 ids[] = { 0, 3, 4, 0xffffffff };
    g_autoptr(Pair) pair = established();

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_assert_cmpuint(tell_piece(pair, ids[i], 1, 2) + tell_piece(pair, ids[i], 2, 2), ==, 0);
        g_assert_false(pending(&pair->right));
    }
    assert_still_works(pair);
}

static void
test_another_exchange(void)
{
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 2);
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_CREATE_CHILD_SA, .message_id = 2, .number = 2,
                                                                          .total = 2 })), ==, 0);
    g_assert_cmpuint(tell_piece(pair, 2, 2, 2), ==, 1);
}

static void
test_an_exchange_that_is_not_welcome(void)
{
    static const guint8 exchanges[] = { OBOL_IKE_SA_INIT, OBOL_IKE_AUTH, 99 };
    g_autoptr(Pair) pair = established();

    for (gsize i = 0; i < G_N_ELEMENTS(exchanges); i++) {
        g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = exchanges[i], .message_id = 2, .number = 1,
                                                                              .total = 2 })), ==, 0);
        g_assert_false(pending(&pair->right));
    }
    assert_still_works(pair);
}

static void
test_a_response_to_nothing(void)
{
    g_autoptr(Pair) pair = established();

    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .response = TRUE,
                                                                          .message_id = 0, .number = 1, .total = 2 })), ==, 0);
    g_assert_null(pair->right.sa->fragmentation.pending[OBOL_PENDING_RESPONSE]);
}

static void
test_not_agreed(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair->right.connection->fragmentation = OBOL_FRAGMENTATION_NO;
    pair_establish(pair);
    g_assert_cmpuint(tell_piece(pair, 2, 1, 1), ==, 0);
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(tell(pair, whole_request(pair, 2)), ==, 1);
    g_assert_cmpuint(tell_piece(pair, 2, 1, 1), ==, 0); /* nor is it a retransmission */
}

static void
test_broken_payloads(void)
{
    static const guint8 halves[2][2] = { { 0, 0 }, { 0, 3 } }; /* a payload that is shorter than its header */
    g_autoptr(Pair) pair = established();
    g_auto(ObolChain) answer = { .n = 0 };
    GByteArray *plain = NULL;
    PairPacket *packet;

    for (guint16 number = 1; number <= 2; number++) {
        pair_put(pair, &pair->right, pair_forge(&pair->left, &(PairFragment) {
            .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = number, .total = 2, .first = OBOL_PAYLOAD_NOTIFY,
            .text = { halves[number - 1], 2 } }));
        pair_deliver(pair);
    }
    packet = pair_take(pair);
    g_assert_true(pair_open(&pair->left, packet, &plain, &answer));
    g_assert_nonnull(obol_chain_find_notify(&answer, OBOL_N_INVALID_SYNTAX));
    g_assert_null(pair->right.sa);
    obol_plain_free(plain);
    pair_packet_free(packet);
}

/* RFC 7383 section 5: nothing of a message counts before all of it is there. */
static void
test_nothing_counts_before_all_is_there(void)
{
    g_autoptr(Pair) pair = established();
    g_auto(ObolChain) chain = { .n = 0 };
    g_autoptr(GByteArray) text = g_byte_array_new();
    guint8 first;

    obol_chain_add_delete_ike(&chain);
    first = obol_chain_encode(&chain, OBOL_PAYLOAD_NONE, text);
    tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = 1, .total = 2,
                                                         .first = first, .text = { text->data, text->len } }));
    g_assert_true(pair_whole(pair));
    tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = 2, .total = 2 }));
    g_assert_null(pair->right.sa);
}

/* --- 2.5.3 --- */

static void
test_clear_payloads(void)
{
    g_autoptr(Pair) pair = established();
    g_auto(ObolChain) before = { .n = 0 };
    PairFragment fragment = { .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = 2, .total = 2, .before = &before };

    obol_chain_add_vendor(&before, (const guint8 *) "clear", 5);
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &fragment)), ==, 0);
    g_assert_false(pending(&pair->right)); /* they have no place in the second one */
    fragment.number = 1;
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &fragment)), ==, 0);
    g_assert_true(pending(&pair->right));
    fragment.number = 2;
    fragment.before = NULL;
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &fragment)), ==, 1);
}

/* --- 2.6.1 --- */

static void
test_a_repeated_request(void)
{
    g_autoptr(Pair) pair = established();

    for (guint16 number = 1; number <= 3; number++)
        tell_piece(pair, 2, number, 3);
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, 3);
    for (guint again = 0; again < 3; again++) {
        g_assert_cmpuint(tell_piece(pair, 2, 3, 3), ==, 0);
        g_assert_cmpuint(tell_piece(pair, 2, 1, 3), ==, 1);
        g_assert_cmpuint(tell_piece(pair, 2, 2, 3), ==, 0);
    }
    g_assert_cmpuint(tell_piece(pair, 2, 1, 9), ==, 1); /* of a smaller size: a retransmission all the same */
    g_assert_cmpuint(tell_piece(pair, 2, 9, 9), ==, 0);
    g_assert_cmpuint(tell(pair, whole_request(pair, 2)), ==, 1);
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(pair->right.sa->expected_request_id, ==, 3);
}

static void
test_a_forged_repetition(void)
{
    g_autoptr(Pair) pair = established();

    tell_piece(pair, 2, 1, 1);
    g_assert_cmpuint(tell(pair, pair_forge(&pair->left, &(PairFragment) { .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = 1,
                                                                          .total = 1, .spoilt = TRUE })), ==, 0);
}

/* While a request is being worked on its fragments bring nothing, and are not kept. */
static void
test_while_busy(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, 120, 600, 0);
    guint n;

    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    pair_initiate(pair);
    pair_deliver(pair);
    pair->hold_kernel = FALSE;
    pair_release_kernel(pair); /* the key exchange */
    pair_deliver(pair);
    n = pair_n_on_wire(pair);
    g_assert_cmpuint(n, >=, 4);
    pair->hold_kernel = TRUE;
    for (guint i = 0; i < n; i++) {
        pair_duplicate(pair);
        pair_deliver(pair);
        g_assert_cmpint(pair->right.sa->busy, ==, i + 1 == n);
        pair_deliver(pair);
    }
    g_assert_false(pending(&pair->right));
    g_assert_cmpuint(pair->right.n_sent, ==, 1);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

/* --- 5 --- */

static void
test_up_to_the_limit(void)
{
    g_autoptr(Pair) pair = established();
    g_autoptr(GByteArray) text = text_of(OBOL_ENGINE_REASSEMBLY_MAX);
    gsize chunk = 1000;
    guint16 total = (guint16) ((text->len + chunk - 1) / chunk);
    guint n = 0;

    for (guint16 number = 1; number <= total; number++)
        n += tell(pair, pair_forge(&pair->left, &(PairFragment) {
            .exchange = OBOL_INFORMATIONAL, .message_id = 2, .number = number, .total = total,
            .first = number == 1 ? OBOL_PAYLOAD_VENDOR : OBOL_PAYLOAD_NONE,
            .text = { text->data + (number - 1u) * chunk, MIN(chunk, text->len - (number - 1u) * chunk) } }));
    g_assert_cmpuint(n, ==, 1);
    g_assert_true(pair_whole(pair));
}

static PairFragment
large_piece(guint8 exchange, guint32 message_id, guint16 number, const GByteArray *text)
{
    return (PairFragment) { .exchange = exchange, .message_id = message_id, .number = number, .total = 256, .text = { text->data, text->len } };
}

static void
test_beyond_the_limit(void)
{
    g_autoptr(Pair) pair = established();
    g_autoptr(GByteArray) text = text_of(8192);

    for (guint16 number = 1; number <= 8; number++) {
        PairFragment fragment = large_piece(OBOL_INFORMATIONAL, 2, number, text);

        g_assert_nonnull(pair->right.sa);
        tell(pair, pair_forge(&pair->left, &fragment));
    }
    g_assert_null(pair->right.sa); /* "the receiver SHOULD drop the connection" */
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_SYNTAX);
    g_assert_true(model_kernel_empty(&pair->right.kernel));
}

/* IKE_SA_INIT is done and IKE_AUTH not begun: the left is whoever it wants to be. */
static Pair *
half_open(gsize *account)
{
    Pair *pair = pair_new(NULL);

    pair->right.engine.half_open_bytes = account;
    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    pair_clear_wire(pair); /* its own IKE_AUTH */
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_CONNECTING);
    return pair;
}

static void
test_strangers_are_counted(void)
{
    gsize account = 0;
    g_autoptr(Pair) pair = half_open(&account);
    g_autoptr(GByteArray) text = text_of(1000);

    for (guint16 number = 1; number <= 5; number++) {
        PairFragment fragment = large_piece(OBOL_IKE_AUTH, 1, number, text);

        tell(pair, pair_forge(&pair->left, &fragment));
        g_assert_cmpuint(account, ==, 1000u * number);
    }
    while (pair->right.sa != NULL)
        g_assert_true(pair_jump(pair)); /* its time to prove who it is ends */
    g_assert_cmpuint(account, ==, 0);
}

static void
test_strangers_get_less_when_many(void)
{
    gsize account = OBOL_ENGINE_HALF_OPEN_BYTES_MAX;
    g_autoptr(Pair) pair = half_open(&account);
    g_autoptr(GByteArray) text = text_of(4096);

    for (guint16 number = 1; number <= 16; number++) {
        PairFragment fragment = large_piece(OBOL_IKE_AUTH, 1, number, text);

        tell(pair, pair_forge(&pair->left, &fragment));
    }
    g_assert_cmpuint(account, ==, OBOL_ENGINE_HALF_OPEN_BYTES_MAX + OBOL_ENGINE_REASSEMBLY_LOADED_MAX);
    g_assert_nonnull(pair->right.sa); /* it is not this one's fault */
}

static void
test_those_known_are_not_counted(void)
{
    gsize account = 0;
    g_autoptr(Pair) pair = half_open(&account);

    while (!pair_whole(pair)) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    tell_piece(pair, 2, 1, 2);
    g_assert_true(pending(&pair->right));
    g_assert_cmpuint(account, ==, 0);
}

static void
test_only_what_came_is_kept(void)
{
    gsize account = 0;
    g_autoptr(Pair) pair = half_open(&account);
    PairFragment fragment = { .exchange = OBOL_IKE_AUTH, .message_id = 1, .number = 256, .total = 256, .text = { (const guint8 *) "x", 1 } };

    tell(pair, pair_forge(&pair->left, &fragment));
    g_assert_cmpuint(account, ==, 1);
}

#define RULE(section, claim, function) g_test_add_func("/exchange/7383/" section "/" claim, function)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    RULE("2.6", "a-message-is-whole-by-its-last-fragment", test_whole_by_the_last);
    RULE("2.6", "fragments-come-in-any-order", test_any_order);
    RULE("2.6", "one-fragment-of-one-is-a-message", test_one_of_one);
    RULE("2.6", "a-fragment-may-be-empty", test_an_empty_one);
    RULE("2.6", "numbers-that-can-not-be-are-dropped-silently", test_impossible_numbers);
    RULE("2.6", "fewer-fragments-than-begun-with-are-ignored", test_a_smaller_total);
    RULE("2.6", "more-fragments-than-begun-with-start-over", test_a_greater_total);
    RULE("2.6", "a-replayed-fragment-is-not-stored", test_a_replay_is_not_stored);
    RULE("2.6", "a-replayed-fragment-changes-nothing", test_a_replay_with_other_content);
    RULE("2.6", "a-forged-fragment-changes-nothing", test_forged);
    RULE("2.6", "every-flipped-bit-is-noticed", test_every_flipped_bit);
    RULE("2.6", "every-truncation-is-dropped", test_cut_short);
    RULE("2.6", "an-incomplete-request-is-forgotten-in-time", test_forgotten_in_time);
    RULE("2.6", "the-responder-waits-as-long-as-an-initiator", test_patience);
    RULE("2.6", "a-whole-copy-makes-fragments-needless", test_a_whole_copy_is_enough);
    RULE("2.6", "a-forged-whole-copy-does-not", test_a_forged_whole_copy);
    RULE("2.6", "fragments-outside-the-window-are-not-kept", test_outside_the_window);
    RULE("2.6", "fragments-of-two-exchanges-do-not-mix", test_another_exchange);
    RULE("2.6", "fragments-of-an-exchange-that-is-not-welcome-are-not-kept", test_an_exchange_that_is_not_welcome);
    RULE("2.6", "fragments-of-a-response-to-nothing-are-not-kept", test_a_response_to_nothing);
    RULE("2.4", "fragments-that-were-not-agreed-on-are-ignored", test_not_agreed);
    RULE("2.6", "broken-payloads-are-refused-as-if-they-had-come-whole", test_broken_payloads);
    RULE("5", "nothing-of-a-message-counts-before-all-of-it-is-there", test_nothing_counts_before_all_is_there);
    RULE("2.5.3", "what-is-in-clear-stands-in-the-first-fragment-alone", test_clear_payloads);
    RULE("2.6.1", "a-repeated-request-is-answered-once-by-its-first-fragment", test_a_repeated_request);
    RULE("2.6.1", "a-forged-repetition-is-not-answered", test_a_forged_repetition);
    RULE("2.6.1", "fragments-of-a-request-at-work-are-not-kept", test_while_busy);
    RULE("5", "a-message-of-the-largest-size-is-taken", test_up_to_the_limit);
    RULE("5", "more-than-that-ends-the-SA", test_beyond_the_limit);
    RULE("5", "what-strangers-hold-is-counted-and-given-back", test_strangers_are_counted);
    RULE("5", "strangers-get-less-room-when-they-hold-much", test_strangers_get_less_when_many);
    RULE("5", "peers-who-are-known-are-not-counted", test_those_known_are_not_counted);
    RULE("5", "only-what-has-come-takes-memory", test_only_what_came_is_kept);
    return g_test_run();
}
