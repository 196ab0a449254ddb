/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-cookies.c - cookies, alone and with another group, as the initiator meets them (RFC 7296 sections 2.6, 2.6.1). */
#include "exchange/pair.h"

#include <string.h>

static void
answer_init(Pair *pair, guint16 notify, const guint8 *data, gsize n)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    GByteArray *bytes = g_byte_array_new();

    message.header = (ObolHeader) { .spi_i = pair->left.sa->spi_i, .version = OBOL_WIRE_VERSION, .exchange = OBOL_IKE_SA_INIT,
                                    .flags = OBOL_FLAG_RESPONSE };
    obol_chain_init(&message.chain);
    obol_chain_add_notify(&message.chain, notify, data, n);
    obol_message_encode(&message, bytes);
    pair_put(pair, &pair->left, g_byte_array_free_to_bytes(bytes));
    pair_deliver(pair);
}

/* (transfer full): the request that is on the wire, decoded; @packet keeps its bytes. */
static PairPacket *
take_init(Pair *pair, ObolMessage *message)
{
    PairPacket *packet = pair_take(pair);
    ObolWireFault fault;

    g_assert_nonnull(packet);
    g_assert_null(pair_peek(pair));
    g_assert_true(obol_message_decode(packet->bytes->data, packet->bytes->len, message, &fault));
    return packet;
}

/* From the SA payload on, which is all that comes after a cookie. */
static ObolSpan
after_cookie(const ObolMessage *message, const PairPacket *packet, ObolSpan cookie)
{
    const ObolPayload *first = &message->chain.items[0];
    gsize at = OBOL_WIRE_HEADER;

    if (cookie.n > 0) {
        g_assert_cmpuint(first->type, ==, OBOL_PAYLOAD_NOTIFY);
        g_assert_cmpuint(first->notify.type, ==, OBOL_N_COOKIE);
        g_assert_cmpuint(first->notify.protocol, ==, 0);
        g_assert_cmpmem(first->notify.data.data, first->notify.data.n, cookie.data, cookie.n);
        at += first->raw.n;
    } else {
        g_assert_cmpuint(first->type, ==, OBOL_PAYLOAD_SA);
    }
    return (ObolSpan) { packet->bytes->data + at, packet->bytes->len - at };
}

static void
test_a_cookie_of(gconstpointer data)
{
    gsize n = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolMessage) first = { .chain = { .n = 0 } }, second = { .chain = { .n = 0 } };
    guint8 cookie[65];
    PairPacket *asked, *again;
    ObolSpan before, after;

    memset(cookie, 0xc0, sizeof cookie);
    pair_initiate(pair);
    asked = take_init(pair, &first);
    answer_init(pair, OBOL_N_COOKIE, cookie, n);
    if (n < 1 || n > 64) {
        g_assert_null(pair_peek(pair));
    } else {
        again = take_init(pair, &second);
        before = after_cookie(&first, asked, (ObolSpan) { NULL, 0 });
        after = after_cookie(&second, again, (ObolSpan) { cookie, n });
        g_assert_cmpmem(before.data, before.n, after.data, after.n);
        g_assert_cmpuint(second.header.spi_i, ==, first.header.spi_i);
        g_assert_cmpuint(second.header.spi_r, ==, 0);
        g_assert_cmpuint(second.header.message_id, ==, 0);
        pair_packet_free(again);
    }
    pair_packet_free(asked);
}

/* Section 2.6.1: the short exchange, where the responder takes the cookie with the other KE, and the long one, where it asks anew. */
static void
test_cookie_and_group(gconstpointer data)
{
    gboolean asks_anew = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .ike = { "aes128gcm16-prfsha256-ecp256-x25519", NULL } });
    static const guint8 cookie[] = "the first", other[] = "the second", group[] = { 0, OBOL_KE_X25519 };
    g_auto(ObolMessage) second = { .chain = { .n = 0 } }, third = { .chain = { .n = 0 } };
    PairPacket *with_group, *with_other;

    pair_initiate(pair);
    pair_lose(pair);
    answer_init(pair, OBOL_N_COOKIE, cookie, sizeof cookie);
    pair_lose(pair);
    answer_init(pair, OBOL_N_INVALID_KE_PAYLOAD, group, sizeof group);
    with_group = take_init(pair, &second);
    after_cookie(&second, with_group, (ObolSpan) { cookie, sizeof cookie });
    g_assert_cmpuint(obol_chain_find(&second.chain, OBOL_PAYLOAD_KE)->ke.group, ==, OBOL_KE_X25519);
    if (asks_anew) {
        answer_init(pair, OBOL_N_COOKIE, other, sizeof other);
        with_other = take_init(pair, &third);
        after_cookie(&third, with_other, (ObolSpan) { other, sizeof other });
        g_assert_cmpuint(obol_chain_find(&third.chain, OBOL_PAYLOAD_KE)->ke.group, ==, OBOL_KE_X25519);
        pair_put(pair, &pair->right, g_byte_array_free_to_bytes(g_byte_array_ref(with_other->bytes)));
        pair_packet_free(with_other);
    } else {
        pair_put(pair, &pair->right, g_byte_array_free_to_bytes(g_byte_array_ref(with_group->bytes)));
    }
    pair_packet_free(with_group);
    pair_run(pair); /* the right takes a cookie that it has not asked for as none */
    g_assert_true(pair_whole(pair));
}

int
main(int argc, char *argv[])
{
    static const struct { const char *name; gsize n; } sizes[] = {
        { "/exchange/cookies/2.6/a-cookie-of-1-octet-comes-first-and-all-else-stays", 1 },
        { "/exchange/cookies/2.6/a-cookie-of-64-octets-comes-first-and-all-else-stays", 64 },
        { "/exchange/cookies/2.6/a-cookie-of-no-octet-is-not-brought", 0 },
        { "/exchange/cookies/2.6/a-cookie-of-65-octets-is-not-brought", 65 },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        g_test_add_data_func(sizes[i].name, GSIZE_TO_POINTER(sizes[i].n), test_a_cookie_of);
    g_test_add_data_func("/exchange/cookies/2.6.1/the-cookie-goes-along-with-the-other-group", GINT_TO_POINTER(FALSE),
                         test_cookie_and_group);
    g_test_add_data_func("/exchange/cookies/2.6.1/another-cookie-for-the-other-group-is-brought", GINT_TO_POINTER(TRUE),
                         test_cookie_and_group);
    return g_test_run();
}
