/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-server.c - the conversation itself: frames, order, limits, and clients that misbehave. */
#include <string.h>
#include <sys/socket.h>

#include "client-end.h"
#include "fake-daemon.h"
#include "lib/hex.h"

#define VERSION_REQUEST "00000009 00 07 76657273696f6e"

static void
assert_version_is_answered(const End *client)
{
    g_autoptr(ObolNode) response = call(client, "version", NO_ARGS);

    g_assert_cmpstr(obol_vici_text(response, "daemon"), ==, "obold");
}

static void
assert_bare(const End *client, ObolViciPacketType type)
{
    ObolViciPacket packet;
    g_autoptr(ObolNode) message = receive(client, &packet);

    g_assert_cmpint(packet.type, ==, type);
}

static void
test_unknown_command_is_said_to_be_unknown(void)
{
    send_request(&end, "no-such-command", NO_ARGS);
    assert_bare(&end, OBOL_VICI_CMD_UNKNOWN);
    assert_version_is_answered(&end);
}

static void
test_unknown_event_is_said_to_be_unknown(void)
{
    send_register(&end, "no-such-event");
    assert_bare(&end, OBOL_VICI_EVENT_UNKNOWN);
    send_hex(&end, "00000005 04 03 6c6f67"); /* unregister log, which was never registered */
    assert_bare(&end, OBOL_VICI_EVENT_UNKNOWN);
    assert_version_is_answered(&end);
}

static void
test_unregistered_client_hears_nothing_more(void)
{
    listen_for(&end, "log");
    g_assert_true(vici_server_has_listeners(server, VICI_LOG));
    send_hex(&end, "00000005 04 03 6c6f67");
    assert_bare(&end, OBOL_VICI_EVENT_CONFIRM);
    fake_tell_log("ike", 0, FALSE, "nobody listens");
    g_assert_true(is_silent(&end));
}

static void
test_frame_may_come_byte_by_byte(void)
{
    g_autoptr(GBytes) request = obol_hex_parse(VERSION_REQUEST);
    const guint8 *bytes = g_bytes_get_data(request, NULL);
    g_autoptr(ObolNode) response = NULL;

    for (gsize i = 0; i < g_bytes_get_size(request); i++) {
        g_assert_true(is_silent(&end));
        send_bytes(&end, bytes + i, 1);
        run_loop();
    }
    response = receive_response(&end);
}

static void
test_requests_sent_at_once_are_answered_in_order(void)
{
    g_autoptr(ObolNode) first = NULL, second = NULL;

    send_hex(&end, VERSION_REQUEST "0000000b 00 09 6765742d636f6e6e73" VERSION_REQUEST);
    first = receive_response(&end);
    g_assert_nonnull(obol_vici_text(first, "daemon"));
    second = receive_response(&end);
    assert_text(second, "conns[ ]");
    assert_bare(&end, OBOL_VICI_CMD_RESPONSE);
}

static void
test_malformed_message_is_answered(void)
{
    g_autoptr(ObolNode) response = NULL;

    send_hex(&end, "0000000a 00 07 76657273696f6e 02");
    response = receive_response(&end);
    assert_text(response, "success=no errmsg=malformed message: end of a section that was not begun, at byte 1");
    assert_version_is_answered(&end);
}

static void
test_broken_frame_ends_the_connection_with_a_line_in_the_log(void)
{
    static const struct {
        const char *hex, *why;
    } bad[] = {
        { "00000001 08", "unknown packet type" },
        { "00000001 ff", "unknown packet type" },
        { "00000000", "frame of no bytes" },
        { "00080001 00", "frame longer than 512 KiB" },
        { "ffffffff 00", "frame longer than 512 KiB" },
        { "00000003 00 05 61", "name longer than what is there" },
        { "00000001 01", "a packet type that only servers send" },
        { "00000005 07 03 6c6f67", "a packet type that only servers send" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        End other = end_new(server);

        g_string_truncate(fake.log, 0);
        send_hex(&other, bad[i].hex);
        g_assert_true(is_closed(&other));
        g_assert_nonnull(strstr(fake.log->str, bad[i].why));
        end_close(&other);
    }
    assert_version_is_answered(&end);
}

/* One client tries every flip of every bit of a request; the server must go on serving the other. */
static void
test_every_bit_flip_leaves_the_server_serving(void)
{
    g_autoptr(GBytes) request =
        obol_hex_parse("00000023 00 08 696e697469617465 03 05 6368696c64 0003 6e6574 03 07 74696d656f7574 0002 2d31");
    gsize n;
    const guint8 *bytes = g_bytes_get_data(request, &n);

    for (gsize bit = 0; bit < n * 8; bit++) {
        g_autofree guint8 *flipped = g_memdup2(bytes, n);
        End other = end_new(server);

        flipped[bit / 8] ^= (guint8) (1u << (bit % 8));
        send_bytes(&other, flipped, n);
        end_close(&other);
        g_assert_cmpuint(server->clients->len, ==, 1);
        g_assert_cmpuint(server->jobs->len, ==, 0);
    }
    assert_version_is_answered(&end);
}

static void
test_every_truncation_leaves_the_server_serving(void)
{
    g_autoptr(GBytes) request = obol_hex_parse(VERSION_REQUEST);
    gsize n;
    const guint8 *bytes = g_bytes_get_data(request, &n);

    for (gsize shorter = 0; shorter < n; shorter++) {
        End other = end_new(server);

        send_bytes(&other, bytes, shorter);
        end_close(&other);
    }
    assert_version_is_answered(&end);
}

static void
test_too_many_clients_are_turned_away(void)
{
    End others[4];

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        others[i] = end_new(server);
    g_assert_true(is_closed(&others[3]));
    assert_version_is_answered(&others[2]);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        end_close(&others[i]);
    assert_version_is_answered(&end);
}

/* Small buffers, so that it is the server's queue that fills. */
static void
shrink(const End *client)
{
    const int bytes = 4096;

    g_assert_cmpint(setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), ==, 0);
}

static void
test_reader_that_is_too_slow_is_dropped_and_others_are_not(void)
{
    End slow = end_new(server);
    guint n_lines = 0;

    shrink(&slow);
    listen_for(&slow, "log");
    listen_for(&end, "log");
    while (server->clients->len > 1) {
        g_autoptr(ObolNode) event = NULL;

        g_assert_cmpuint(++n_lines, <, 100000);
        fake_tell_log("net", 1, FALSE, "a line that one client reads and the other does not");
        event = receive_event(&end, "log");
    }
    g_assert_nonnull(strstr(fake.log->str, "it does not read its events"));
    g_assert_true(is_closed(&slow));
    assert_version_is_answered(&end);
    end_close(&slow);
}

static void
test_client_that_reads_no_answers_is_not_read_either(void)
{
    g_autoptr(GBytes) request = obol_hex_parse(VERSION_REQUEST);
    gsize n, n_sent = 0;
    const guint8 *bytes = g_bytes_get_data(request, &n);

    for (guint idle = 0; idle < 10;) {
        gssize sent = send(end.fd, bytes + n_sent % n, n - n_sent % n, MSG_NOSIGNAL);

        run_loop();
        idle = sent > 0 ? 0 : idle + 1;
        n_sent += sent > 0 ? (gsize) sent : 0;
        g_assert_cmpuint(server->streamed, <, 128 * 1024);
    }
    g_assert_cmpuint(server->streamed, >, 0);
}

static void
test_list_that_is_too_long_is_refused_with_words(void)
{
    g_autoptr(ObolNode) response = NULL;
    ObolViciPacket packet = { 0 };

    fake.n_sas = 5000; /* some kilobytes each; streamed_max is a megabyte */
    listen_for(&end, "list-sa");
    send_request(&end, "list-sas", NO_ARGS);
    while (packet.type != OBOL_VICI_CMD_RESPONSE) {
        g_clear_pointer(&response, obol_node_free);
        response = receive(&end, &packet);
    }
    assert_text(response, "success=no errmsg=the answer is too large for this protocol, ask for less");
    assert_version_is_answered(&end);
}

static void
test_secret_in_a_request_may_hold_any_byte(void)
{
    /* load-shared {type=IKE data=00 ff 0a} */
    send_hex(&end, "0000002a 00 0b 6c6f61642d736861726564 03 04 74797065 0003 494b45 03 04 64617461 0003 00ff0a"
                   "03 02 6964 0001 61");
    {
        g_autoptr(ObolNode) response = receive_response(&end);

        assert_text(response, "success=yes");
    }
    g_assert_true(g_str_has_prefix(fake.shared, "a="));
}

static const ViciTest tests[] = {
    { "/vici/server/unknown-command-is-said-to-be-unknown", test_unknown_command_is_said_to_be_unknown },
    { "/vici/server/unknown-event-is-said-to-be-unknown", test_unknown_event_is_said_to_be_unknown },
    { "/vici/server/unregistered-client-hears-nothing-more", test_unregistered_client_hears_nothing_more },
    { "/vici/server/frame-may-come-byte-by-byte", test_frame_may_come_byte_by_byte },
    { "/vici/server/requests-sent-at-once-are-answered-in-order", test_requests_sent_at_once_are_answered_in_order },
    { "/vici/server/malformed-message-is-answered", test_malformed_message_is_answered },
    { "/vici/server/broken-frame-ends-the-connection-with-a-line-in-the-log",
      test_broken_frame_ends_the_connection_with_a_line_in_the_log },
    { "/vici/server/every-bit-flip-leaves-the-server-serving", test_every_bit_flip_leaves_the_server_serving },
    { "/vici/server/every-truncation-leaves-the-server-serving", test_every_truncation_leaves_the_server_serving },
    { "/vici/server/too-many-clients-are-turned-away", test_too_many_clients_are_turned_away },
    { "/vici/server/reader-that-is-too-slow-is-dropped-and-others-are-not",
      test_reader_that_is_too_slow_is_dropped_and_others_are_not },
    { "/vici/server/client-that-reads-no-answers-is-not-read-either",
      test_client_that_reads_no_answers_is_not_read_either },
    { "/vici/server/list-that-is-too-long-is-refused-with-words", test_list_that_is_too_long_is_refused_with_words },
    { "/vici/server/secret-in-a-request-may-hold-any-byte", test_secret_in_a_request_may_hold_any_byte },
};

int
main(int argc, char **argv)
{
    return run_vici_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
