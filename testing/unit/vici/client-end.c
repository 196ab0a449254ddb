/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client-end.c - the other end of a server's client, in the same thread and loop. */
#include "client-end.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake-daemon.h"
#include "lib/hex.h"

ViciServer *server;
End end;

#define TURNS_MAX 100000 /* of the loop, before a test gives up waiting for bytes */

ViciServer *
server_new(void)
{
    const ViciSettings settings = {
        .n_clients_max = 4, .told_max = TOLD_MAX, .streamed_max = 1 << 20, .mode = 0600, .counters = TRUE,
    };
    g_autoptr(GError) error = NULL;
    ViciServer *made = vici_server_new(fake_bus(), &settings, &error);

    g_assert_no_error(error);
    return made;
}

End
end_new(ViciServer *of)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
    vici_server_adopt(of, fds[0]);
    return (End) { .server = of, .fd = fds[1] };
}

void
end_close(End *client)
{
    close(client->fd);
    run_loop();
}

void
run_loop(void)
{
    while (g_main_context_iteration(fake.context, FALSE))
        ;
}

void
send_bytes(const End *client, const void *data, gsize n)
{
    const guint8 *bytes = data;

    for (gsize sent = 0, turn = 0; sent < n; turn++) {
        gssize now = send(client->fd, bytes + sent, n - sent, MSG_NOSIGNAL);

        g_assert_cmpuint(turn, <, TURNS_MAX);
        if (now < 0 && errno == EPIPE)
            return; /* it was closed, and the test will say whether that is right */
        sent += now > 0 ? (gsize) now : 0;
        g_main_context_iteration(fake.context, FALSE);
    }
}

void
send_hex(const End *client, const char *hex)
{
    g_autoptr(GBytes) bytes = obol_hex_parse(hex);

    g_assert_nonnull(bytes);
    send_bytes(client, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    run_loop();
}

static void
send_writer(const End *client, ObolViciWriter *writer)
{
    g_autoptr(GByteArray) frame = obol_vici_writer_finish(writer);

    g_assert_nonnull(frame);
    send_bytes(client, frame->data, frame->len);
    run_loop();
}

void
send_request(const End *client, const char *command, const char *const *args)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, OBOL_VICI_CMD_REQUEST, command, 0);
    for (; args[0] != NULL; args += 2)
        obol_vici_put_text(&writer, args[0], args[1]);
    send_writer(client, &writer);
}

void
send_register(const End *client, const char *event)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, OBOL_VICI_EVENT_REGISTER, event, 0);
    send_writer(client, &writer);
}

static void
receive_bytes(const End *client, guint8 *data, gsize n)
{
    for (gsize got = 0, turn = 0; got < n; turn++) {
        gssize now = recv(client->fd, data + got, n - got, 0);

        g_assert_cmpuint(turn, <, TURNS_MAX);
        g_assert_true(now != 0);
        got += now > 0 ? (gsize) now : 0;
        if (now < 0)
            g_main_context_iteration(fake.context, FALSE);
    }
}

ObolNode *
receive(const End *client, ObolViciPacket *packet)
{
    guint8 header[OBOL_VICI_LENGTH_BYTES];
    g_autofree guint8 *frame = NULL;
    ObolViciFault fault;
    ObolNode *message;
    gsize n;

    receive_bytes(client, header, sizeof header);
    g_assert_true(obol_vici_frame_length(header, sizeof header, &n, &fault));
    frame = g_malloc(n);
    receive_bytes(client, frame, n);
    g_assert_true(obol_vici_packet_decode(frame, n, packet, &fault));
    message = obol_vici_message_decode(packet->message, &fault);
    g_assert_cmpstr(fault.rule, ==, NULL);
    return message;
}

gboolean
is_silent(const End *client)
{
    guint8 byte;

    run_loop();
    return recv(client->fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* What was written before it closed comes first. */
gboolean
is_closed(const End *client)
{
    guint8 rest[4096];
    gssize got;

    run_loop();
    do
        got = recv(client->fd, rest, sizeof rest, 0);
    while (got > 0);
    return got == 0 || errno == ECONNRESET;
}

void
listen_for(const End *client, const char *event)
{
    g_autoptr(ObolNode) message = NULL;
    ObolViciPacket packet;

    send_register(client, event);
    message = receive(client, &packet);
    g_assert_cmpint(packet.type, ==, OBOL_VICI_EVENT_CONFIRM);
}

ObolNode *
receive_response(const End *client)
{
    ObolViciPacket packet;
    ObolNode *message = receive(client, &packet);

    g_assert_cmpint(packet.type, ==, OBOL_VICI_CMD_RESPONSE);
    return message;
}

ObolNode *
receive_event(const End *client, const char *name)
{
    ObolViciPacket packet;
    ObolNode *message = receive(client, &packet);

    g_assert_cmpint(packet.type, ==, OBOL_VICI_EVENT);
    g_assert_cmpstr(packet.name, ==, name);
    return message;
}

ObolNode *
call(const End *client, const char *command, const char *const *args)
{
    send_request(client, command, args);
    return receive_response(client);
}

void
assert_refused(const End *client, const char *command, const char *const *args, const char *errmsg)
{
    g_autoptr(ObolNode) response = call(client, command, args);

    g_assert_cmpstr(obol_vici_text(response, "success"), ==, "no");
    g_assert_cmpstr(obol_vici_text(response, "errmsg"), ==, errmsg);
}

char *
text_of(const ObolNode *message)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < message->items->len; i++)
        fake_describe(g_ptr_array_index(message->items, i), out);
    g_strchomp(out->str);
    return g_string_free(out, FALSE);
}

void
assert_text(const ObolNode *message, const char *expected)
{
    g_autofree char *text = text_of(message);

    g_assert_cmpstr(text, ==, expected);
}

static void
set_up(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    fake_daemon_init();
    server = server_new();
    end = end_new(server);
}

static void
tear_down(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    end_close(&end);
    g_assert_cmpuint(server->clients->len, ==, 0);
    g_assert_cmpuint(server->jobs->len, ==, 0);
    g_assert_cmpuint(server->streamed, ==, 0);
    vici_server_free(server);
    g_assert_cmpuint(fake.n_watches, ==, 0);
    fake_daemon_clear();
}

static void
run_test(G_GNUC_UNUSED gpointer fixture, gconstpointer data)
{
    const ViciTest *test = data;

    test->run();
}

int
run_vici_tests(int argc, char **argv, const ViciTest *tests, gsize n)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < n; i++)
        g_test_add_vtable(tests[i].name, 0, &tests[i], set_up, run_test, tear_down);
    return g_test_run();
}
