/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-fragments.c - fragments that go out: RFC 7383 sections 2.3 to 2.5, and the search for what a path carries. */
#include "exchange/pair.h"

#include <string.h>

#define MANY 120 /* selectors: IKE_AUTH of about 2 KB */

/* The next datagram on the wire is fragment 1: how many there are of it, and all of them are there. */
static guint
count_set(const Pair *pair)
{
    guint16 number, total = 0, wanted = 1;

    for (GList *at = pair->wire->head; at != NULL; at = at->next) {
        guint16 of;

        if (!pair_fragment_of(at->data, &number, &of))
            return 0;
        g_assert_cmpuint(number, ==, wanted++);
        g_assert_true(total == 0 || total == of);
        total = of;
    }
    g_assert_cmpuint(total, ==, pair_n_on_wire(pair));
    return total;
}

static gsize
largest_on_wire(const Pair *pair)
{
    gsize n = 0;

    for (GList *at = pair->wire->head; at != NULL; at = at->next)
        n = MAX(n, pair_ip_size(at->data));
    return n;
}

/* Up to the initiator's IKE_AUTH request, which is on the wire. */
static void
to_auth(Pair *pair)
{
    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
}

/* And on to the response. */
static void
to_auth_response(Pair *pair)
{
    to_auth(pair);
    while (pair_peek(pair)->to == &pair->right)
        pair_deliver(pair);
}

/* --- 2.3 --- */

static const ObolPayload *
announcement(const PairPacket *packet, ObolMessage *message)
{
    ObolWireFault fault;

    g_assert_true(obol_message_decode(packet->bytes->data, packet->bytes->len, message, &fault));
    return obol_chain_find_notify(&message->chain, OBOL_N_IKEV2_FRAGMENTATION_SUPPORTED);
}

static void
assert_announced(const PairPacket *packet, gboolean wanted)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    const ObolPayload *notify = announcement(packet, &message);

    g_assert_cmpint(notify != NULL, ==, wanted);
    if (notify != NULL)
        g_assert_true(notify->notify.protocol == 0 && notify->notify.spi.n == 0 && notify->notify.data.n == 0);
}

static const struct {
    const char *claim;
    ObolFragmentationUse left, right;
    gboolean asked, answered; /* announced by the left, by the right */
    gsize sizes[2];           /* that each of them tells to fragment by */
} announcements[] = {
    { "both-announce-it", OBOL_FRAGMENTATION_YES, OBOL_FRAGMENTATION_YES, TRUE, TRUE, { 1280, 1280 } },
    { "who-accepts-announces-it-too", OBOL_FRAGMENTATION_ACCEPT, OBOL_FRAGMENTATION_YES, TRUE, TRUE, { 0, 1280 } },
    { "the-responder-may-accept-too", OBOL_FRAGMENTATION_YES, OBOL_FRAGMENTATION_ACCEPT, TRUE, TRUE, { 1280, 0 } },
    { "who-was-not-asked-does-not-announce-it", OBOL_FRAGMENTATION_NO, OBOL_FRAGMENTATION_YES, FALSE, FALSE, { 0, 0 } },
    { "who-does-not-want-it-does-not-announce-it", OBOL_FRAGMENTATION_YES, OBOL_FRAGMENTATION_NO, TRUE, FALSE, { 0, 0 } },
    { "neither-wants-it", OBOL_FRAGMENTATION_NO, OBOL_FRAGMENTATION_NO, FALSE, FALSE, { 0, 0 } },
};

static void
test_announcement(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new(NULL);
    g_autoptr(GArray) children = g_array_new(FALSE, TRUE, sizeof(ObolChildInfo));
    PairSide *sides[] = { &pair->left, &pair->right };

    pair->left.connection->fragmentation = announcements[row].left;
    pair->right.connection->fragmentation = announcements[row].right;
    pair_initiate(pair);
    assert_announced(pair_peek(pair), announcements[row].asked);
    pair_deliver(pair);
    assert_announced(pair_peek(pair), announcements[row].answered);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    for (guint i = 0; i < 2; i++) {
        ObolIkeInfo info;

        obol_ike_sa_info(sides[i]->sa, &info, children);
        g_assert_cmpint(info.fragmentation, ==, announcements[row].answered);
        g_assert_cmpuint(info.fragment_size, ==, announcements[row].sizes[i]);
    }
}

/* "This notification contains no data." */
static void
test_a_notification_with_data(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    g_autoptr(GByteArray) copy = g_byte_array_new(), encoded = g_byte_array_new();
    const ObolPayload *notify;
    PairPacket *packet;

    pair_initiate(pair);
    packet = pair_peek(pair);
    g_byte_array_append(copy, packet->bytes->data, packet->bytes->len);
    notify = announcement(&(PairPacket) { .bytes = copy }, &message);
    ((ObolPayload *) notify)->notify.data = (ObolSpan) { (const guint8 *) "x", 1 };
    obol_message_encode(&message, encoded);
    g_byte_array_set_size(packet->bytes, 0);
    g_byte_array_append(packet->bytes, encoded->data, encoded->len);
    pair_deliver(pair);
    assert_announced(pair_peek(pair), FALSE);
    g_assert_false(pair->right.sa->fragmentation.agreed);
}

/* --- 2.4, 2.2 --- */

static void
test_not_without_agreement(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 600, 600);

    pair->right.connection->fragmentation = OBOL_FRAGMENTATION_NO;
    to_auth(pair);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    g_assert_cmpuint(largest_on_wire(pair), >, 1500);
    while (pair->left.sa != NULL && pair_jump(pair))
        g_assert_cmpuint(count_set(pair), ==, 0); /* nor when there is no answer */
}

static void
test_accept_means_receiving_alone(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 600, 600);

    pair->right.connection->fragmentation = OBOL_FRAGMENTATION_ACCEPT;
    to_auth(pair);
    g_assert_cmpuint(count_set(pair), >=, 4);
    while (pair_peek(pair)->to == &pair->right)
        pair_deliver(pair);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    g_assert_cmpuint(count_set(pair), ==, 0);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

static void
test_ike_sa_init_never(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .ike = { "aes128gcm16-prfsha256-modp4096", "aes128gcm16-prfsha256-modp4096" } });

    pair->left.connection->fragment_size = pair->right.connection->fragment_size = 256;
    pair_initiate(pair);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
        g_assert_cmpuint(largest_on_wire(pair), >, 576);
        g_assert_cmpuint(count_set(pair), ==, 0);
        pair_deliver(pair);
    }
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

static void
test_short_messages_never(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .dpd_us = 10 * G_USEC_PER_SEC });

    pair->left.connection->fragment_size = 256;
    pair_establish(pair);
    for (guint i = 0; i < 3; i++) {
        while (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        g_assert_cmpuint(count_set(pair), ==, 0);
        pair_run(pair);
    }
}

/* --- 2.5 --- */

/* What each fragment has to show, of a message of the left under @id. */
static void
check_fragment(const Pair *pair, const PairPacket *packet, guint number, guint total, GHashTable *ivs)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    const ObolPayload *skf;
    ObolWireFault fault;

    g_assert_true(obol_message_decode(packet->bytes->data, packet->bytes->len, &message, &fault));
    g_assert_cmpuint(message.header.spi_i, ==, pair->left.sa->spi_i);
    g_assert_cmpuint(message.header.spi_r, ==, pair->left.sa->spi_r);
    g_assert_cmpuint(message.header.exchange, ==, OBOL_IKE_AUTH);
    g_assert_cmpuint(message.header.message_id, ==, 1);
    g_assert_cmpuint(message.header.flags, ==, OBOL_FLAG_INITIATOR);
    g_assert_cmpuint(message.header.first_payload, ==, OBOL_PAYLOAD_SKF);
    g_assert_cmpuint(message.chain.n, ==, 1);
    skf = &message.chain.items[0];
    g_assert_cmpuint(skf->flags, ==, 0);
    g_assert_cmpuint(skf->skf.number, ==, number);
    g_assert_cmpuint(skf->skf.total, ==, total);
    g_assert_cmpuint(skf->skf.first_payload, ==, number == 1 ? OBOL_PAYLOAD_IDI : OBOL_PAYLOAD_NONE);
    g_assert_true(g_hash_table_add(ivs, g_strdup_printf("%02x%02x%02x%02x%02x%02x%02x%02x", skf->skf.body.data[0], skf->skf.body.data[1],
                                                        skf->skf.body.data[2], skf->skf.body.data[3], skf->skf.body.data[4],
                                                        skf->skf.body.data[5], skf->skf.body.data[6], skf->skf.body.data[7])));
}

static void
test_what_a_fragment_is(gconstpointer suite)
{
    g_autoptr(Pair) pair = pair_new_large(&(PairSetup) { .ike = { suite, suite } }, MANY, 600, 0);
    g_autoptr(GHashTable) ivs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint total, number = 0;

    to_auth(pair);
    total = count_set(pair);
    g_assert_cmpuint(total, >=, 4);
    g_assert_cmpuint(largest_on_wire(pair), <=, 600);
    g_assert_cmpuint(largest_on_wire(pair), >, 600 - 16); /* as much as fits */
    for (GList *at = pair->wire->head; at != NULL; at = at->next)
        check_fragment(pair, at->data, ++number, total, ivs);
}

/* The whole way, by what differs in length and path, over good and bad wires. */
static const struct {
    const char *name;
    PairSetup setup;
    gsize sizes[2];
} works[] = {
    { "aes-gcm", { .ipv6 = FALSE }, { 600, 576 } },
    { "aes-cbc-with-sha256", { .ike = { "aes256-sha256-x25519", "aes256-sha256-x25519" } }, { 600, 576 } },
    { "aes-cbc-with-sha512", { .ike = { "aes128-sha512-x25519", "aes128-sha512-x25519" } }, { 300, 300 } },
    { "aes-ctr-with-xcbc", { .ike = { "aes128ctr-aesxcbc-prfaesxcbc-x25519", "aes128ctr-aesxcbc-prfaesxcbc-x25519" } }, { 256, 0 } },
    { "chacha20-poly1305", { .ike = { "chacha20poly1305-prfsha256-x25519", "chacha20poly1305-prfsha256-x25519" } }, { 0, 700 } },
    { "ipv6", { .ipv6 = TRUE }, { 1280, 1300 } },
    { "through-a-nat", { .encap = TRUE }, { 600, 600 } },
};

typedef enum { ON_A_GOOD_WIRE, WITH_LOSS, WITH_DUPLICATES, IN_REVERSE, N_WIRES } Wire;
static const char *const wire_names[] = { "on-a-good-wire", "with-loss", "with-duplicates", "in-reverse" };

static void
pass_one(Pair *pair, Wire wire, guint n)
{
    switch (wire) {
    case ON_A_GOOD_WIRE: pair_deliver(pair); break;
    case WITH_LOSS:
        if (n * 2654435761u >> 29 == 3) /* one of eight, in no order that a set of fragments could have */
            pair_lose(pair);
        else
            pair_deliver(pair);
        break;
    case WITH_DUPLICATES:
        pair_duplicate(pair);
        pair_deliver(pair);
        pair_deliver(pair);
        break;
    case IN_REVERSE:
        pair_reverse_wire(pair);
        pair_deliver(pair);
        pair_reverse_wire(pair);
        break;
    case N_WIRES: g_assert_not_reached();
    }
}

static void
test_works(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data) / N_WIRES;
    Wire wire = (Wire) (GPOINTER_TO_SIZE(data) % N_WIRES);
    g_autoptr(Pair) pair = pair_new_large(&works[row].setup, MANY, works[row].sizes[0], works[row].sizes[1]);

    pair_initiate(pair);
    for (guint n = 0; !pair_whole(pair); n++) {
        if (pair_peek(pair) != NULL)
            pass_one(pair, wire, n);
        else
            g_assert_true(pair_jump(pair));
        g_assert_cmpuint(n, <, 400);
    }
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
    pair_finish(pair);
}

/* --- 2.5.1 --- */

static void
test_size_of_a_response(gsize request_size, gsize response_size, gsize least, gsize most)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, request_size, response_size);

    to_auth_response(pair);
    g_assert_cmpuint(count_set(pair), >=, 2);
    g_assert_cmpuint(largest_on_wire(pair), <=, most);
    g_assert_cmpuint(largest_on_wire(pair), >, least);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

static void
test_a_response_follows_the_request(void)
{
    test_size_of_a_response(700, 0, 650, 700);
    test_size_of_a_response(700, 600, 550, 600);
    test_size_of_a_response(0, 0, 1200, 1280);
    test_size_of_a_response(300, 0, 500, 576); /* any path carries that */
    test_size_of_a_response(300, 400, 350, 400);
}

/* A later request is none of the last one's. */
static void
test_a_response_follows_its_own_request(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 700, 0);

    pair_establish(pair);
    g_assert_cmpuint(pair->right.sa->fragmentation.asked_size, ==, 0);
    g_assert_cmpuint(obol_fragment_threshold(pair->right.sa, TRUE), ==, 1280);
}

static GBytes *
seal_vendors(Pair *pair, guint n_payloads, gsize n)
{
    g_autofree guint8 *filler = g_malloc0(n);
    g_auto(ObolChain) chain = { .n = 0 };

    for (guint i = 0; i < n_payloads; i++)
        obol_chain_add_vendor(&chain, filler, n);
    return pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &chain);
}

/* Every datagram of it, one after the other, to the right. */
static guint
bring(Pair *pair, GBytes *datagrams)
{
    gsize at = 0;
    guint n = 0;

    for (ObolSpan one; (one = obol_datagrams_next(datagrams, &at)).n > 0; n++) {
        pair_put(pair, &pair->right, g_bytes_new(one.data, one.n));
        g_assert_cmpuint(largest_on_wire(pair), <=, OBOL_WIRE_MESSAGE_MAX);
        pair_deliver(pair);
    }
    return n;
}

static void
test_the_largest_message(void)
{
    static const gsize sizes[] = { 1280, 576, 400, 256 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(Pair) pair = pair_new(NULL);
        g_autoptr(GBytes) datagrams = NULL;
        guint n;

        pair->left.connection->fragment_size = (guint16) sizes[i];
        pair_establish(pair);
        datagrams = seal_vendors(pair, 5, OBOL_ENGINE_REASSEMBLY_MAX / 5 - OBOL_WIRE_PAYLOAD_HEADER);
        g_assert_nonnull(datagrams);
        n = bring(pair, datagrams);
        g_assert_cmpuint(n, >, OBOL_ENGINE_REASSEMBLY_MAX / MAX(sizes[i], 400));
        g_assert_cmpuint(n, <=, OBOL_WIRE_FRAGMENTS_MAX); /* rather longer than the threshold than more of them */
        g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);    /* the answer */
        g_assert_true(pair_whole(pair));
    }
}

static void
test_beyond_the_largest_message(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    g_assert_null(seal_vendors(pair, 5, OBOL_ENGINE_REASSEMBLY_MAX / 5));
    pair->left.connection->fragmentation = OBOL_FRAGMENTATION_ACCEPT;
    g_assert_null(seal_vendors(pair, 5, OBOL_ENGINE_REASSEMBLY_MAX / 5));
}

/* --- retransmission, RFC 7296 section 2.1 --- */

static GPtrArray *
copy_wire(const Pair *pair)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);

    for (GList *at = pair->wire->head; at != NULL; at = at->next) {
        const PairPacket *packet = at->data;

        g_ptr_array_add(out, g_bytes_new(packet->bytes->data, packet->bytes->len));
    }
    return out;
}

static void
assert_same_wire(const Pair *pair, const GPtrArray *before)
{
    g_autoptr(GPtrArray) now = copy_wire(pair);

    g_assert_cmpuint(now->len, ==, before->len);
    for (guint i = 0; i < now->len; i++)
        g_assert_true(g_bytes_equal(now->pdata[i], before->pdata[i]));
}

static void
test_a_retransmission_is_identical(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);
    g_autoptr(GPtrArray) request = NULL, response = NULL;

    to_auth(pair);
    request = copy_wire(pair);
    g_assert_cmpuint(request->len, ==, 2);
    for (guint i = 1; i < OBOL_ENGINE_PROBE_SENDINGS; i++) {
        pair_clear_wire(pair);
        g_assert_true(pair_jump(pair));
        assert_same_wire(pair, request);
    }
    while (pair_peek(pair)->to == &pair->right)
        pair_deliver(pair);
    response = copy_wire(pair);
    g_assert_cmpuint(response->len, ==, 2);
    pair_clear_wire(pair);
    pair_put(pair, &pair->right, g_bytes_ref(request->pdata[0]));
    pair_deliver(pair);
    assert_same_wire(pair, response);
}

/* The dispatcher counts by it. */
static void
test_a_retransmission_says_so(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);
    g_autoptr(ObolActions) actions = obol_actions_new();
    guint n_again = 0, n = 0;

    to_auth(pair);
    obol_ike_sa_handle(pair->left.sa, &(ObolEvent) { .kind = OBOL_EVENT_TIMER }, pair->left.wake_us, actions);
    for (guint i = 0; i < obol_actions_n(actions); i++) {
        const ObolAction *action = obol_actions_nth(actions, i);

        n += action->kind == OBOL_ACTION_SEND;
        n_again += action->kind == OBOL_ACTION_SEND && action->send.again;
    }
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpuint(n_again, ==, 2);
}

/* --- 2.5.2 --- */

/* Loses all that goes out until something has another size; gives how many sendings there were of the one before. */
static guint
sendings_of_this_size(Pair *pair)
{
    guint total = count_set(pair), n = 0;

    while (pair_n_on_wire(pair) > 0 && count_set(pair) == total) {
        n++;
        pair_clear_wire(pair);
        while (pair_n_on_wire(pair) == 0 && pair_jump(pair))
            ; /* other alarms are none of ours */
    }
    return n;
}

static void
test_smaller_when_there_is_no_answer(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 4000, 4000);
    gint64 began_us;

    to_auth(pair);
    began_us = pair->now_us;
    g_assert_cmpuint(count_set(pair), ==, 0); /* whole, at first */
    g_assert_cmpuint(sendings_of_this_size(pair), ==, OBOL_ENGINE_PROBE_SENDINGS);
    g_assert_cmpuint(count_set(pair), ==, 2);
    g_assert_cmpuint(largest_on_wire(pair), <=, 1500);
    /* "a few retries within several seconds", so the waits do not grow. */
    g_assert_cmpint(pair->now_us - began_us, ==, OBOL_ENGINE_PROBE_SENDINGS * pair->left.connection->retransmit_base_us);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, OBOL_ENGINE_PROBE_SENDINGS);
    g_assert_cmpuint(count_set(pair), ==, 3); /* more than before, though two of 1280 would do */
    g_assert_cmpuint(largest_on_wire(pair), <=, 1280);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, OBOL_ENGINE_PROBE_SENDINGS);
    g_assert_cmpuint(count_set(pair), >=, 4);
    g_assert_cmpuint(largest_on_wire(pair), <=, 576);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

static void
test_the_smallest_goes_on(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);
    gint64 began_us;

    to_auth(pair);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, OBOL_ENGINE_PROBE_SENDINGS);
    g_assert_cmpuint(largest_on_wire(pair), <=, 576);
    began_us = pair->now_us;
    g_assert_cmpuint(sendings_of_this_size(pair), ==, pair->left.connection->retransmit_tries + 1);
    g_assert_null(pair->left.sa);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NET_SILENT);
    /* The timers had started over. */
    g_assert_cmpint(pair->now_us - began_us, ==, obol_window_patience_us(pair->left.connection));
}

static void
test_found_once_for_all(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);
    GBytes *later;

    to_auth(pair);
    sendings_of_this_size(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(obol_fragment_threshold(pair->left.sa, FALSE), ==, 576);
    later = seal_vendors(pair, 1, 1000);
    g_assert_cmpuint(bring(pair, later), ==, 3);
    g_bytes_unref(later);
}

static void
test_ipv6_has_a_least(void)
{
    g_autoptr(Pair) pair = pair_new_large(&(PairSetup) { .ipv6 = TRUE }, MANY, 0, 0);

    to_auth(pair);
    g_assert_cmpuint(count_set(pair), ==, 2);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, pair->left.connection->retransmit_tries + 1);
    g_assert_null(pair->left.sa);
}

static void
test_what_the_admin_chose_is_the_most(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 500, 500);

    to_auth(pair);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, pair->left.connection->retransmit_tries + 1);
    g_assert_null(pair->left.sa);
}

static void
test_few_tries(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);

    pair->left.connection->retransmit_tries = 0;
    to_auth(pair);
    g_assert_cmpuint(sendings_of_this_size(pair), ==, 1);
    g_assert_cmpuint(largest_on_wire(pair), <=, 576);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

/* Fragments of several sizes are on their way at once. */
static void
test_sets_that_overlap(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);

    to_auth(pair);
    for (guint i = 0; i < OBOL_ENGINE_PROBE_SENDINGS; i++)
        g_assert_true(pair_jump(pair));
    g_assert_cmpuint(pair_n_on_wire(pair), >=, 2 * OBOL_ENGINE_PROBE_SENDINGS + 4);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
}

static void
test_sets_that_overlap_in_reverse(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);

    to_auth(pair);
    for (guint i = 0; i < OBOL_ENGINE_PROBE_SENDINGS; i++)
        g_assert_true(pair_jump(pair));
    pair_reverse_wire(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
}

/* A path that carries nothing longer, either way. */
static void
test_a_narrow_path(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);

    pair_initiate(pair);
    for (guint n = 0; !pair_whole(pair); n++) {
        if (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        else if (pair_ip_size(pair_peek(pair)) > 600)
            pair_lose(pair);
        else
            pair_deliver(pair);
        g_assert_cmpuint(n, <, 200);
    }
    g_assert_cmpuint(obol_fragment_threshold(pair->left.sa, FALSE), ==, 576);
}

/* Likewise, but the way there is good: the smaller fragments of the request say what to do. */
static void
test_a_narrow_way_back(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);

    pair_initiate(pair);
    for (guint n = 0; !pair_whole(pair); n++) {
        const PairPacket *packet = pair_peek(pair);

        if (packet == NULL)
            g_assert_true(pair_jump(pair));
        else if (packet->to == &pair->left && pair_ip_size(packet) > 600)
            pair_lose(pair);
        else
            pair_deliver(pair);
        g_assert_cmpuint(n, <, 200);
    }
    g_assert_cmpuint(pair->right.sa->fragmentation.path_size, ==, 576);
}

/* Section 2.4: a request that comes again and again hints at a response that does not arrive. */
static void
test_a_request_that_is_too_short_to_tell(void)
{
    g_autoptr(Pair) pair = pair_new_large(NULL, MANY, 0, 0);
    g_autoptr(GPtrArray) request = NULL;
    guint before;

    to_auth(pair);
    request = copy_wire(pair);
    while (pair_peek(pair)->to == &pair->right)
        pair_deliver(pair);
    before = count_set(pair);
    for (guint i = 0; i < OBOL_ENGINE_PROBE_SENDINGS; i++) {
        g_assert_cmpuint(count_set(pair), ==, before);
        pair_clear_wire(pair);
        pair_put(pair, &pair->right, g_bytes_ref(request->pdata[0]));
        pair_deliver(pair);
    }
    g_assert_cmpuint(count_set(pair), >, before);
    g_assert_cmpuint(largest_on_wire(pair), <=, 576);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

#define RULE(section, claim, function) g_test_add_func("/exchange/7383/" section "/" claim, function)

static void
add_tables(void)
{
    static const char *const suites[] = { "aes128gcm16-prfsha256-x25519", "aes256-sha256-x25519", "aes128ctr-sha384-prfsha384-x25519" };

    for (gsize i = 0; i < G_N_ELEMENTS(announcements); i++) {
        g_autofree char *name = g_strconcat("/exchange/7383/2.3/", announcements[i].claim, NULL);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_announcement);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(suites); i++) {
        g_autofree char *name = g_strconcat("/exchange/7383/2.5/each-fragment-is-a-message-with-", suites[i], NULL);

        g_test_add_data_func(name, suites[i], test_what_a_fragment_is);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(works) * N_WIRES; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/7383/2.5/%s/%s", works[i / N_WIRES].name, wire_names[i % N_WIRES]);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_works);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    add_tables();
    RULE("2.3", "a-notification-with-data-is-none", test_a_notification_with_data);
    RULE("2.4", "nothing-is-fragmented-unless-both-have-announced-it", test_not_without_agreement);
    RULE("2.4", "who-accepts-sends-whole-messages", test_accept_means_receiving_alone);
    RULE("2.2", "IKE_SA_INIT-is-never-fragmented", test_ike_sa_init_never);
    RULE("2.4", "short-messages-are-never-fragmented", test_short_messages_never);
    RULE("2.5.1", "a-response-is-no-larger-than-its-request", test_a_response_follows_the_request);
    RULE("2.5.1", "and-that-holds-for-one-response", test_a_response_follows_its_own_request);
    RULE("5", "a-message-of-64-KB-is-sent-in-at-most-256-fragments", test_the_largest_message);
    RULE("5", "a-longer-one-is-not-sent", test_beyond_the_largest_message);
    RULE("2.6.1", "a-retransmission-is-bitwise-identical", test_a_retransmission_is_identical);
    RULE("2.6.1", "a-retransmission-is-told-as-such", test_a_retransmission_says_so);
    RULE("2.5.2", "without-answer-there-are-more-and-smaller-fragments", test_smaller_when_there_is_no_answer);
    RULE("2.5.2", "the-smallest-go-on-until-the-exchange-times-out", test_the_smallest_goes_on);
    RULE("2.5.2", "later-exchanges-begin-with-what-was-found", test_found_once_for_all);
    RULE("2.5.1", "over-ipv6-1280-is-the-least", test_ipv6_has_a_least);
    RULE("2.5.1", "what-the-settings-say-may-be-less-than-the-least", test_what_the_admin_chose_is_the_most);
    RULE("2.5.2", "few-retransmissions-are-few-probes", test_few_tries);
    RULE("2.5.2", "sets-may-overlap", test_sets_that_overlap);
    RULE("2.5.2", "sets-may-overlap-and-overtake", test_sets_that_overlap_in_reverse);
    RULE("2.5.2", "a-narrow-path-is-found", test_a_narrow_path);
    RULE("2.5.2", "a-narrow-way-back-is-found", test_a_narrow_way_back);
    RULE("2.4", "a-request-that-comes-again-and-again-gets-a-smaller-response", test_a_request_that_is_too_short_to_tell);
    return g_test_run();
}
