/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-stray.c - messages that belong to no IKE SA: what they get, and how little of it. */
#include <string.h>

#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

typedef struct {
    ObolCrypto *crypto;
    World *world;
    ObolAddress us, them;
} StrayTest;

static void
set_up(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->crypto = test_crypto_new();
    t->world = world_new(&obol_shard_default_limits, t->crypto, 1);
    world_configure(t->world, world_connection("c", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16",
                                               OBOL_UNIQUE_NO));
    t->us = request_from("192.0.2.2");
    t->them = request_from("192.0.2.1");
}

static void
tear_down(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    world_free(t->world);
    obol_crypto_free(t->crypto);
}

static const ObolHeader plain = {
    .spi_i = 0x1111111122222222, .spi_r = 0x3333333344444444, .version = OBOL_WIRE_VERSION,
    .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR, .message_id = 5,
};

static void
receive(StrayTest *t, const ObolHeader *header, guint8 first)
{
    g_autoptr(GByteArray) bytes = request_header(header, first);

    world_receive(t->world, &t->them, &t->us, bytes->data, bytes->len);
}

/* The one answer that is waiting, which must be a notification alone. */
static void
assert_answer(StrayTest *t, const ObolHeader *request, guint16 notify, guint8 flags)
{
    g_autoptr(WorldDatagram) answer = world_take_sent(t->world);
    ObolWireFault fault = { .rule = NULL };
    g_auto(ObolMessage) message;
    gsize n;
    const guint8 *bytes;

    g_assert_nonnull(answer);
    g_assert_true(obol_endpoint_equal(&answer->remote, &t->them));
    g_assert_true(obol_endpoint_equal(&answer->local, &t->us));
    bytes = g_bytes_get_data(answer->bytes, &n);
    g_assert_true(obol_message_decode(bytes, n, &message, &fault));
    g_assert_cmphex(message.header.spi_i, ==, request->spi_i);
    g_assert_cmphex(message.header.spi_r, ==, request->spi_r);
    g_assert_cmpuint(message.header.message_id, ==, request->message_id);
    g_assert_cmpuint(message.header.exchange, ==, request->exchange);
    g_assert_cmphex(message.header.version, ==, OBOL_WIRE_VERSION);
    g_assert_cmphex(message.header.flags, ==, flags);
    g_assert_cmpuint(message.chain.n, ==, 1);
    g_assert_nonnull(obol_chain_find_notify(&message.chain, notify));
    g_assert_null(world_take_sent(t->world));
}

static void
test_a_later_major_version_is_told_ours(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolHeader header = plain;

    header.version = 0x30;
    receive(t, &header, OBOL_PAYLOAD_SK);
    assert_answer(t, &header, OBOL_N_INVALID_MAJOR_VERSION, OBOL_FLAG_RESPONSE);
    header.flags |= OBOL_FLAG_RESPONSE;
    receive(t, &header, OBOL_PAYLOAD_SK);
    g_assert_null(world_take_sent(t->world));
}

static void
test_ikev1_gets_silence_and_few_log_lines(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolHeader header = plain;
    ObolStats stats = { 0 };

    header.version = 0x10;
    header.exchange = 2;
    for (guint i = 0; i < 1000; i++)
        receive(t, &header, OBOL_PAYLOAD_SK);
    g_assert_null(world_take_sent(t->world));
    g_assert_cmpuint(t->world->n_logs, >, 0);
    g_assert_cmpuint(t->world->n_logs, <, 20);
    obol_shard_stats(t->world->shard, &stats);
    g_assert_cmpuint(stats.n_dropped, ==, 1000);
}

static void
test_an_unknown_spi_is_told_so(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolHeader header = plain;

    receive(t, &header, OBOL_PAYLOAD_SK);
    assert_answer(t, &header, OBOL_N_INVALID_IKE_SPI, OBOL_FLAG_RESPONSE);
    header.flags = 0;
    receive(t, &header, OBOL_PAYLOAD_SK);
    assert_answer(t, &header, OBOL_N_INVALID_IKE_SPI, OBOL_FLAG_RESPONSE | OBOL_FLAG_INITIATOR);
}

/* Two hosts that have both lost their SAs must not answer each other for ever: section 2.21.4. */
static void
test_an_answer_is_never_answered(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolHeader header = plain;

    receive(t, &header, OBOL_PAYLOAD_NOTIFY);
    g_assert_null(world_take_sent(t->world));
    header.flags |= OBOL_FLAG_RESPONSE;
    receive(t, &header, OBOL_PAYLOAD_SK);
    receive(t, &header, OBOL_PAYLOAD_NOTIFY);
    header.exchange = OBOL_IKE_SA_INIT;
    receive(t, &header, OBOL_PAYLOAD_SA);
    g_assert_null(world_take_sent(t->world));
}

static void
test_answers_are_bounded_by_time(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint per_second = obol_shard_default_limits.stray_replies_per_second;
    ObolHeader header = plain;

    for (guint i = 0; i < 10 * per_second; i++) {
        header.version = i % 2 == 0 ? 0x20 : 0x30;
        receive(t, &header, OBOL_PAYLOAD_SK);
    }
    g_assert_cmpuint(t->world->sent.length, ==, per_second);
    t->world->now_us += G_USEC_PER_SEC / 2;
    for (guint i = 0; i < 10 * per_second; i++)
        receive(t, &plain, OBOL_PAYLOAD_SK);
    g_assert_cmpuint(t->world->sent.length, ==, per_second + per_second / 2);
}

static void
test_impossible_first_requests_are_dropped(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolHeader impossible[] = {
        { .spi_i = 0, .flags = OBOL_FLAG_INITIATOR },
        { .spi_i = 1, .spi_r = 2, .flags = OBOL_FLAG_INITIATOR },
        { .spi_i = 1, .message_id = 1, .flags = OBOL_FLAG_INITIATOR },
        { .spi_i = 1, .flags = 0 },
    };
    ObolStats stats = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(impossible); i++) {
        g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, 1, (ObolSpan) { NULL, 0 });
        ObolHeader header = impossible[i];

        header.version = OBOL_WIRE_VERSION;
        header.exchange = OBOL_IKE_SA_INIT;
        header.first_payload = bytes->data[16];
        header.length = bytes->len;
        obol_header_encode(&header, bytes->data);
        world_receive(t->world, &t->them, &t->us, bytes->data, bytes->len);
    }
    obol_shard_stats(t->world->shard, &stats);
    g_assert_cmpuint(stats.n_ike_sas, ==, 0);
    g_assert_cmpuint(stats.n_dropped, ==, G_N_ELEMENTS(impossible));
    g_assert_null(world_take_sent(t->world));
}

static void
test_a_length_that_lies_is_dropped(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, 1, (ObolSpan) { NULL, 0 });
    ObolStats stats = { 0 };

    for (gsize n = 0; n < bytes->len; n++)
        world_receive(t->world, &t->them, &t->us, bytes->data, n);
    obol_shard_stats(t->world->shard, &stats);
    g_assert_cmpuint(stats.n_ike_sas, ==, 0);
    g_assert_cmpuint(stats.n_dropped, ==, bytes->len);
}

/* Anything may come.  Nothing may fall over, and what is kept stays bounded. */
static void
test_noise_does_no_harm(StrayTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20265);
    g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, 1, (ObolSpan) { NULL, 0 });
    ObolStats stats = { 0 };

    for (guint i = 0; i < 20000; i++) {
        g_autofree guint8 *noisy = g_memdup2(bytes->data, bytes->len);

        for (guint n = (guint) g_rand_int_range(rand, 1, 6); n > 0; n--)
            noisy[g_rand_int_range(rand, 0, (gint32) bytes->len)] = (guint8) g_rand_int(rand);
        world_receive(t->world, &t->them, &t->us, noisy, bytes->len);
    }
    obol_shard_stats(t->world->shard, &stats);
    g_assert_cmpuint(stats.n_half_open, <=, obol_shard_default_limits.half_open_per_address);
    g_assert_cmpuint(stats.n_half_open, ==, stats.n_ike_sas);
}

#define STRAY_TEST(name, func) g_test_add("/dispatcher/stray/" name, StrayTest, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STRAY_TEST("a-later-major-version-is-told-ours", test_a_later_major_version_is_told_ours);
    STRAY_TEST("ikev1-gets-silence-and-few-log-lines", test_ikev1_gets_silence_and_few_log_lines);
    STRAY_TEST("an-unknown-spi-is-told-so", test_an_unknown_spi_is_told_so);
    STRAY_TEST("an-answer-is-never-answered", test_an_answer_is_never_answered);
    STRAY_TEST("answers-are-bounded-by-time", test_answers_are_bounded_by_time);
    STRAY_TEST("impossible-first-requests-are-dropped", test_impossible_first_requests_are_dropped);
    STRAY_TEST("a-length-that-lies-is-dropped", test_a_length_that_lies_is_dropped);
    STRAY_TEST("noise-does-no-harm", test_noise_does_no_harm);
    return g_test_run();
}
