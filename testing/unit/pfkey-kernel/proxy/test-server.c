/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/test-server.c - clients, good and bad, between a proxy and its kernel. */
#include "unit/pfkey-kernel/proxy/proxy-world.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pfkey-kernel/coding/message.h"
#include "pfkey-kernel/proxy/connect.h"
#include "pfkey-kernel/proxy/filter.h"

static GBytes *
await_at_kernel(const World *world, guint which)
{
    GBytes *got = NULL;

    world_until((got = world_kernel_read(world, which)) != NULL);
    return got;
}

static void
await_log(const World *world, const char *words)
{
    world_until(strstr(world->log->str, words) != NULL);
}

/* A message that came back to @client: of @seq, with @error. */
static void
assert_answer(const WorldLink *client, guint i, guint32 seq, guint8 error)
{
    gsize n;
    const guint8 *bytes;
    PfkeyHeader header;
    PfkeyFault fault;

    g_assert_cmpuint(client->messages->len, >, i);
    bytes = g_bytes_get_data(client->messages->pdata[i], &n);
    g_assert_true(pfkey_header_decode(&pfkey_linux, bytes, n, &header, &fault));
    g_assert_cmpuint(header.seq, ==, seq);
    g_assert_cmpuint(header.pid, ==, 77);
    g_assert_cmpuint(header.error, ==, error);
}

static void
test_messages_go_both_ways_as_they_are(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_autoptr(GBytes) asked = world_get(0x1001, 5), got = NULL;

    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    g_assert_false(pfkey_link_is_up(client->link));
    world_until(client->n_up == 1);
    world_link_send(client, asked);
    got = await_at_kernel(world, 0);
    g_assert_true(g_bytes_equal(got, asked));
    world_kernel_write(world, 0, got);
    world_until(client->messages->len == 1);
    g_assert_true(g_bytes_equal(client->messages->pdata[0], asked));
    g_assert_cmpuint(client->n_down, ==, 0);
}

static void
test_each_client_has_a_kernel_socket_of_its_own(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) first = NULL;
    g_autoptr(WorldLink) second = NULL;
    g_autoptr(GBytes) one = world_get(1, 1), two = world_get(2, 2), got = NULL;

    world_listen(world, NULL);
    first = world_link_new(&world->endpoint);
    world_until(first->n_up == 1);
    second = world_link_new(&world->endpoint);
    world_until(second->n_up == 1);
    g_assert_cmpuint(world->n_kernels, ==, 2);
    world_link_send(second, two);
    got = await_at_kernel(world, 1);
    g_assert_null(world_kernel_read(world, 0));
    world_kernel_write(world, 0, one);
    world_until(first->messages->len == 1);
    g_assert_cmpuint(second->messages->len, ==, 0);
}

static void
test_what_is_not_allowed_is_answered_and_not_passed(void)
{
    static const PfkeyType kept_back[] = { PFKEY_FLUSH, PFKEY_X_SPDFLUSH, PFKEY_X_PROMISC };
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_autoptr(GBytes) expire = world_bare(PFKEY_EXPIRE, 50), get = world_get(9, 60), got = NULL;

    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
    for (guint i = 0; i < G_N_ELEMENTS(kept_back); i++) {
        g_autoptr(GBytes) message = world_bare(kept_back[i], i);

        world_link_send(client, message);
    }
    world_link_send(client, expire);
    world_until(client->messages->len == 4);
    for (guint i = 0; i < 3; i++)
        assert_answer(client, i, i, EPERM);
    assert_answer(client, 3, 50, EINVAL);
    world_link_send(client, get);
    got = await_at_kernel(world, 0);
    g_assert_true(g_bytes_equal(got, get)); /* the first that it sees */
}

static void
test_what_the_admin_allows_is_passed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_autoptr(GBytes) flush = world_bare(PFKEY_FLUSH, 1), got = NULL;

    world->settings.extra = pfkey_filter_word("flush");
    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
    world_link_send(client, flush);
    got = await_at_kernel(world, 0);
    g_assert_true(g_bytes_equal(got, flush));
}

/* One that sends @n bytes, after a hello or before it, hears why it is closed. */
static void
assert_closed_because(const guint8 *bytes, gsize n, gboolean greeted, const char *why)
{
    g_autoptr(World) world = world_new();
    g_autofree char *words = NULL;
    int fd;

    world_listen(world, NULL);
    fd = world_connect(world);
    if (greeted)
        world_hello(fd);
    world_write(fd, bytes, n);
    words = world_last_words(fd);
    if (strstr(words, why) == NULL)
        g_assert_cmpstr(words, ==, why);
    g_assert_nonnull(strstr(world->log->str, why));
    world_until(pfkey_server_n_clients(world->server) == 0);
    for (guint i = 0; i < world->n_kernels; i++)
        g_assert_null(world_kernel_read(world, i));
    close(fd);
}

static void
test_garbage_is_closed_with_a_reason(void)
{
    static const guint8 http[] = "GET / HTTP/1.0\r\n\r\n";
    static const guint8 long_frame[] = { 0x7f, 0xff, 0xff, 0xff, 0, 2, 0, 0 };
    static const guint8 wrong_magic[] = { 0, 0, 0, 4, 0, 1, 0, 0, 'o', 'b', 'o', 'l' };
    static const guint8 no_pfkey[] = { 0, 0, 0, 16, 0, 2, 0, 0, 2, 9, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    static const guint8 empty[] = { 0, 0, 0, 0, 0, 2, 0, 0 };

    assert_closed_because(http, sizeof http - 1, FALSE, "no frame of this protocol");
    assert_closed_because(long_frame, sizeof long_frame, TRUE, "longer than may be");
    assert_closed_because(wrong_magic, sizeof wrong_magic, FALSE, "does not speak this protocol");
    assert_closed_because(no_pfkey, sizeof no_pfkey, TRUE, "the length field is not the message's length");
    assert_closed_because(no_pfkey, sizeof no_pfkey, FALSE, "first frame is no hello");
    assert_closed_because(empty, sizeof empty, TRUE, "runs past the end");
}

static void
test_another_version_or_byte_order_is_found_out(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;

    pfkey_hello_put(&out, 0, NULL);
    assert_closed_because(out.data, out.n, FALSE, "no version of this protocol");
    out.data[PFKEY_FRAME_HEADER + 8] = 1;
    out.data[PFKEY_FRAME_HEADER + 9] ^= 3;
    assert_closed_because(out.data, out.n, FALSE, "another byte order");
}

static void
test_a_client_of_a_later_version_is_answered_with_ours(void)
{
    g_autoptr(World) world = world_new();
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT, in = PFKEY_BUFFER_INIT;
    g_autoptr(GBytes) answer = NULL;
    PfkeyFrameKind kind;
    PfkeyHello hello;
    const char *why;
    int fd;

    world_listen(world, NULL);
    fd = world_connect(world);
    pfkey_hello_put(&out, 9, NULL);
    world_write(fd, out.data, out.n);
    world_until(world_read(fd, &in) && (answer = world_frame(&in, &kind)) != NULL);
    g_assert_cmpint(kind, ==, PFKEY_FRAME_HELLO);
    g_assert_true(pfkey_hello_parse((ObolSpan) { g_bytes_get_data(answer, NULL), g_bytes_get_size(answer) }, &hello, &why));
    g_assert_cmpuint(hello.version, ==, PFKEY_STREAM_VERSION);
    g_assert_true(hello.system == &pfkey_linux);
    close(fd);
}

static void
test_frames_may_come_byte_by_byte(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) asked = world_get(3, 3), got = NULL;
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    int fd;

    world_listen(world, NULL);
    fd = world_connect(world);
    pfkey_hello_put(&out, PFKEY_STREAM_VERSION, NULL);
    pfkey_frame_put(&out, PFKEY_FRAME_MESSAGE, g_bytes_get_data(asked, NULL), g_bytes_get_size(asked));
    for (gsize i = 0; i < out.n; i++) {
        world_write(fd, out.data + i, 1);
        while (g_main_context_iteration(NULL, FALSE)) {
        }
    }
    got = await_at_kernel(world, 0);
    g_assert_true(g_bytes_equal(got, asked));
    close(fd);
}

static void
test_one_that_dies_in_mid_message_leaves_nothing(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) asked = world_get(3, 3);
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    int fd;

    world_listen(world, NULL);
    fd = world_connect(world);
    world_hello(fd);
    pfkey_frame_put(&out, PFKEY_FRAME_MESSAGE, g_bytes_get_data(asked, NULL), g_bytes_get_size(asked));
    world_write(fd, out.data, out.n - 1);
    world_until(world->n_kernels == 1);
    shutdown(fd, SHUT_WR);
    await_log(world, "left within a frame");
    close(fd);
    g_assert_cmpuint(pfkey_server_n_clients(world->server), ==, 0);
    g_assert_null(world_kernel_read(world, 0));
}

/* It never reads; the kernel talks on.  Another client is served meanwhile. */
static void
test_one_that_stalls_is_cut_off_and_holds_up_nobody(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) other = NULL;
    g_autoptr(GBytes) message = world_get(1, 1), got = NULL;
    int fd;

    world->settings.queue_max = 4096;
    world->settings.stall_us = 1000;
    world_listen(world, NULL);
    fd = world_connect(world);
    world_hello(fd);
    world_until(world->n_kernels == 1);
    other = world_link_new(&world->endpoint);
    world_until(other->n_up == 1);
    world_link_send(other, message);
    for (WorldPatience patience = world_patience("the stalled one is cut off"); pfkey_server_n_clients(world->server) == 2;) {
        gssize sent;

        do
            sent = send(world->kernels[0], g_bytes_get_data(message, NULL), g_bytes_get_size(message), MSG_NOSIGNAL | MSG_DONTWAIT);
        while (sent > 0);
        world_turn(&patience);
    }
    g_assert_nonnull(strstr(world->log->str, "takes nothing"));
    got = await_at_kernel(world, 1);
    world_kernel_write(world, 1, got);
    world_until(other->messages->len == 1);
    g_assert_cmpuint(other->n_down, ==, 0);
    close(fd);
}

/* More than the queue holds, to one that reads slowly but reads: all of it arrives, in order. */
static void
test_one_that_is_slow_gets_all(void)
{
    g_autoptr(World) world = world_new();
    g_auto(PfkeyBuffer) in = PFKEY_BUFFER_INIT;
    guint sent = 0, got = 0;
    int fd;

    world->settings.queue_max = 2048;
    world_listen(world, NULL);
    fd = world_connect(world);
    world_hello(fd);
    world_until(world->n_kernels == 1);
    for (WorldPatience patience = world_patience("all has arrived"); got < 3001; world_turn(&patience)) {
        PfkeyFrameKind kind;
        GBytes *body;

        while (sent < 3000) {
            g_autoptr(GBytes) message = world_get(1, sent);

            if (send(world->kernels[0], g_bytes_get_data(message, NULL), g_bytes_get_size(message), MSG_DONTWAIT) < 0)
                break;
            sent++;
        }
        g_assert_true(world_read(fd, &in));
        while ((body = world_frame(&in, &kind)) != NULL) {
            PfkeyHeader header;
            PfkeyFault fault;

            if (kind == PFKEY_FRAME_MESSAGE) {
                g_assert_true(pfkey_header_decode(&pfkey_linux, g_bytes_get_data(body, NULL), g_bytes_get_size(body), &header,
                                                  &fault));
                g_assert_cmpuint(header.seq, ==, got - 1);
            }
            got++;
            g_bytes_unref(body);
        }
    }
    close(fd);
}

static void
test_one_without_a_hello_is_closed_in_time(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *words = NULL;
    int fd;

    world->settings.hello_us = 1000;
    world_listen(world, NULL);
    fd = world_connect(world);
    words = world_last_words(fd);
    g_assert_cmpstr(words, ==, "no hello in time");
    g_assert_cmpuint(world->n_kernels, ==, 0);
    close(fd);
}

static void
test_a_kernel_that_can_not_be_opened_is_told(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;

    world->no_kernel = TRUE;
    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_down == 1);
    g_assert_nonnull(strstr(client->why, "not today"));
    world->no_kernel = FALSE;
    world_until(client->n_up == 1); /* it tried again */
}

static void
test_a_kernel_socket_that_breaks_closes_its_client(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;

    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
    close(world->kernels[0]);
    world->kernels[0] = -1;
    world_until(client->n_down == 1);
    g_assert_nonnull(strstr(client->why, "the kernel's socket is broken"));
    world_until(client->n_up == 2);
}

static void
test_more_clients_than_may_be_are_turned_away(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_autofree char *words = NULL;
    int fd;

    world->settings.clients_max = 1;
    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
    fd = world_connect(world);
    words = world_last_words(fd);
    g_assert_nonnull(strstr(world->log->str, "as many clients as may be"));
    close(fd);
}

/* What a link was told while the proxy is away: an error, and up() when it is back. */
static void
test_a_link_comes_back_when_the_proxy_does(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_autoptr(GBytes) message = world_get(1, 1);
    g_autoptr(GError) error = NULL;

    world_listen(world, NULL);
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
    pfkey_server_free(world->server);
    world->server = pfkey_server_new(NULL, &world->settings);
    world_until(client->n_down == 1);
    g_assert_nonnull(strstr(client->why, "the proxy ends"));
    g_assert_false(pfkey_link_send(client->link, g_bytes_get_data(message, NULL), g_bytes_get_size(message), &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE);
    world_until(client->n_down >= 2); /* nobody there */
    pfkey_endpoint_clear(&world->endpoint);
    world_listen(world, NULL); /* the socket file that was left is replaced */
    world_until(client->n_up == 2);
}

static void
test_a_file_that_is_no_socket_is_not_replaced(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *where = g_strdup_printf("unix:%s/s", world->dir), *path = g_strdup_printf("%s/s", world->dir);
    g_autofree char *contents = NULL;
    const PfkeySocketFile file = { 0600, (uid_t) -1, (gid_t) -1 };
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, "mine", -1, NULL));
    g_assert_true(pfkey_endpoint_parse(where, &world->endpoint, NULL));
    g_assert_cmpint(pfkey_listen(&world->endpoint, &file, &error), ==, -1);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    g_assert_cmpstr(contents, ==, "mine");
}

static void
test_a_listener_that_lives_is_not_replaced(void)
{
    g_autoptr(World) world = world_new();
    const PfkeySocketFile file = { 0600, (uid_t) -1, (gid_t) -1 };
    g_autoptr(GError) error = NULL;
    struct stat status;

    world_listen(world, NULL);
    g_assert_cmpint(stat(world->endpoint.path, &status), ==, 0);
    g_assert_cmphex(status.st_mode & 0777, ==, 0600);
    g_assert_cmpint(pfkey_listen(&world->endpoint, &file, &error), ==, -1);
    g_assert_nonnull(strstr(error->message, "listens there already"));
}

static void
test_loopback_tcp_needs_no_proof(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;

    world_listen(world, "tcp:127.0.0.1:14510");
    client = world_link_new(&world->endpoint);
    world_until(client->n_up == 1);
}

static void
test_a_descriptor_can_be_a_link(void)
{
    g_autoptr(WorldLink) client = NULL;
    g_autoptr(GBytes) message = world_get(1, 1);
    guint8 bytes[256];
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
    client = world_link_new_for_fd(pair[0]);
    world_until(client->n_up == 1);
    world_link_send(client, message);
    g_assert_cmpint(recv(pair[1], bytes, sizeof bytes, 0), ==, (gssize) g_bytes_get_size(message));
    g_assert_cmpint(send(pair[1], bytes, g_bytes_get_size(message), 0), >, 0);
    world_until(client->messages->len == 1);
    close(pair[1]);
    world_until(client->n_down == 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/proxy/" path, function)
    CLAIM("messages-go-both-ways-as-they-are", test_messages_go_both_ways_as_they_are);
    CLAIM("each-client-has-a-kernel-socket-of-its-own", test_each_client_has_a_kernel_socket_of_its_own);
    CLAIM("what-is-not-allowed-is-answered-and-not-passed", test_what_is_not_allowed_is_answered_and_not_passed);
    CLAIM("what-the-admin-allows-is-passed", test_what_the_admin_allows_is_passed);
    CLAIM("garbage-is-closed-with-a-reason", test_garbage_is_closed_with_a_reason);
    CLAIM("another-version-or-byte-order-is-found-out", test_another_version_or_byte_order_is_found_out);
    CLAIM("a-client-of-a-later-version-is-answered-with-ours", test_a_client_of_a_later_version_is_answered_with_ours);
    CLAIM("frames-may-come-byte-by-byte", test_frames_may_come_byte_by_byte);
    CLAIM("one-that-dies-in-mid-message-leaves-nothing", test_one_that_dies_in_mid_message_leaves_nothing);
    CLAIM("one-that-stalls-is-cut-off-and-holds-up-nobody", test_one_that_stalls_is_cut_off_and_holds_up_nobody);
    CLAIM("one-that-is-slow-gets-all", test_one_that_is_slow_gets_all);
    CLAIM("one-without-a-hello-is-closed-in-time", test_one_without_a_hello_is_closed_in_time);
    CLAIM("a-kernel-that-can-not-be-opened-is-told", test_a_kernel_that_can_not_be_opened_is_told);
    CLAIM("a-kernel-socket-that-breaks-closes-its-client", test_a_kernel_socket_that_breaks_closes_its_client);
    CLAIM("more-clients-than-may-be-are-turned-away", test_more_clients_than_may_be_are_turned_away);
    CLAIM("a-link-comes-back-when-the-proxy-does", test_a_link_comes_back_when_the_proxy_does);
    CLAIM("a-file-that-is-no-socket-is-not-replaced", test_a_file_that_is_no_socket_is_not_replaced);
    CLAIM("a-listener-that-lives-is-not-replaced", test_a_listener_that_lives_is_not_replaced);
    CLAIM("loopback-tcp-needs-no-proof", test_loopback_tcp_needs_no_proof);
    CLAIM("a-descriptor-can-be-a-link", test_a_descriptor_can_be_a_link);
    return g_test_run();
}
