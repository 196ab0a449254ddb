/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/proxy-world.c - a proxy, a kernel that the test plays, and clients of both kinds. */
#include "unit/pfkey-kernel/proxy/proxy-world.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey-kernel/coding/message.h"
#include "pfkey-kernel/proxy/connect.h"

#define PATIENCE_US (30 * G_USEC_PER_SEC)

static int
open_kernel(gpointer data, GError **error)
{
    World *world = data;
    int pair[2];

    if (world->no_kernel) {
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_PERMISSION, "a PF_KEY socket: not today");
        return -1;
    }
    g_assert_cmpuint(world->n_kernels, <, WORLD_KERNELS_MAX);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
    world->kernels[world->n_kernels++] = pair[1];
    return pair[0];
}

static void
keep_line(gpointer data, G_GNUC_UNUSED PfkeyLogLevel level, const char *line)
{
    World *world = data;

    g_string_append_printf(world->log, "%s\n", line);
}

World *
world_new(void)
{
    World *world = g_new0(World, 1);

    world->dir = g_dir_make_tmp("obol-proxy-XXXXXX", NULL);
    g_assert_nonnull(world->dir);
    world->log = g_string_new(NULL);
    world->settings = (PfkeyServerSettings) {
        PFKEY_SERVER_DEFAULTS, .system = &pfkey_linux, .users = world->users, .open_kernel = open_kernel, .log = keep_line,
        .data = world,
    };
    world->server = pfkey_server_new(NULL, &world->settings);
    return world;
}

void
world_free(World *world)
{
    pfkey_server_free(world->server);
    for (guint i = 0; i < world->n_kernels; i++)
        if (world->kernels[i] >= 0)
            close(world->kernels[i]);
    if (world->endpoint.path != NULL)
        g_unlink(world->endpoint.path);
    g_rmdir(world->dir);
    pfkey_endpoint_clear(&world->endpoint);
    g_string_free(world->log, TRUE);
    g_free(world->dir);
    g_free(world);
}

void
world_listen(World *world, const char *where)
{
    g_autofree char *own = g_strdup_printf("unix:%s/s", world->dir);
    const PfkeySocketFile file = { 0600, (uid_t) -1, (gid_t) -1 };
    g_autoptr(GError) error = NULL;
    PfkeyTlsFiles files = world->endpoint.tls;
    int fd;

    g_assert_true(pfkey_endpoint_parse(where != NULL ? where : own, &world->endpoint, &error));
    world->endpoint.tls = files;
    fd = pfkey_listen(&world->endpoint, &file, &error);
    g_assert_no_error(error);
    pfkey_server_listen(world->server, fd, &world->endpoint, &error);
    g_assert_no_error(error);
}

WorldPatience
world_patience(const char *what)
{
    return (WorldPatience) { what, g_get_monotonic_time() + PATIENCE_US };
}

static gboolean
wake(G_GNUC_UNUSED gpointer data)
{
    return G_SOURCE_REMOVE;
}

/* What the test looks at may come without the loop's doing (bytes at its own ends), so it looks again now and then. */
void
world_turn(const WorldPatience *patience)
{
    guint timer = g_timeout_add(20, wake, NULL);

    if (g_main_context_iteration(NULL, TRUE) && g_main_context_find_source_by_id(NULL, timer) != NULL)
        g_source_remove(timer);
    if (g_get_monotonic_time() > patience->until_us)
        g_error("never: %s", patience->what);
}

int
world_connect(const World *world)
{
    int fd = pfkey_connect_begin(&world->endpoint);

    g_assert_cmpint(fd, >=, 0);
    world_until(pfkey_connect_result(fd) == 0);
    return fd;
}

void
world_write(int fd, const guint8 *bytes, gsize n)
{
    WorldPatience patience = world_patience("the proxy takes what a client writes");

    while (n > 0) {
        gssize sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EAGAIN) {
            world_turn(&patience);
            continue;
        }
        g_assert_cmpint(sent, >, 0);
        bytes += sent;
        n -= (gsize) sent;
    }
}

void
world_hello(int fd)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;

    pfkey_hello_put(&out, PFKEY_STREAM_VERSION, NULL);
    world_write(fd, out.data, out.n);
}

gboolean
world_read(int fd, PfkeyBuffer *in)
{
    guint8 bytes[8192];
    gssize n;

    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        pfkey_put_bytes(in, bytes, (gsize) n);
    return n < 0 && errno == EAGAIN;
}

GBytes *
world_frame(PfkeyBuffer *in, PfkeyFrameKind *kind)
{
    PfkeyFrame frame;
    const char *why;
    GBytes *body;

    if (pfkey_frame_parse(in->data, in->n, &frame, &why) != PFKEY_FRAME_WHOLE)
        return NULL;
    *kind = frame.kind;
    body = g_bytes_new(frame.body.data, frame.body.n);
    pfkey_buffer_drop(in, PFKEY_FRAME_HEADER + frame.body.n);
    return body;
}

char *
world_last_words(int fd)
{
    g_auto(PfkeyBuffer) in = PFKEY_BUFFER_INIT;
    char *words = g_strdup("");
    GBytes *body;
    PfkeyFrameKind kind;

    world_until(!world_read(fd, &in));
    while ((body = world_frame(&in, &kind)) != NULL) {
        if (kind == PFKEY_FRAME_BYE) {
            gsize n;
            const guint8 *data = g_bytes_get_data(body, &n);

            g_free(words);
            words = pfkey_bye_text((ObolSpan) { data, n });
        }
        g_bytes_unref(body);
    }
    return words;
}

static void
link_message(gpointer data, const guint8 *bytes, gsize n)
{
    WorldLink *client = data;

    g_ptr_array_add(client->messages, g_bytes_new(bytes, n));
}

static void
link_up(gpointer data, const PfkeySystem *system)
{
    WorldLink *client = data;

    g_assert_true(system == &pfkey_linux);
    client->n_up++;
}

static void
link_down(gpointer data, const GError *why)
{
    WorldLink *client = data;

    client->n_down++;
    g_free(client->why);
    client->why = g_strdup(why->message);
}

static WorldLink *
client_new(PfkeyLinkClient *calls)
{
    WorldLink *client = g_new0(WorldLink, 1);

    client->messages = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    *calls = (PfkeyLinkClient) { .message = link_message, .up = link_up, .down = link_down, .data = client };
    return client;
}

WorldLink *
world_link_new(const PfkeyEndpoint *endpoint)
{
    PfkeyLinkClient calls;
    WorldLink *client = client_new(&calls);
    g_autoptr(GError) error = NULL;

    client->link = pfkey_link_open(NULL, endpoint, &calls, &error);
    g_assert_no_error(error);
    return client;
}

WorldLink *
world_link_new_for_fd(int fd)
{
    PfkeyLinkClient calls;
    WorldLink *client = client_new(&calls);

    client->link = pfkey_link_new_for_fd(NULL, fd, &pfkey_linux, &calls);
    return client;
}

void
world_link_free(WorldLink *client)
{
    pfkey_link_close(client->link);
    g_ptr_array_unref(client->messages);
    g_free(client->why);
    g_free(client);
}

static GBytes *
encode(const PfkeyMessage *message)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyFault fault;

    g_assert_true(pfkey_message_encode(&pfkey_linux, message, &out, &fault));
    return g_bytes_new(out.data, out.n);
}

GBytes *
world_get(guint32 spi, guint32 seq)
{
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_GET, PFKEY_SATYPE_ESP, seq, 77);
    pfkey_message_add_sa(&message)->spi = spi;
    g_assert_true(obol_address_parse("192.0.2.1", &pfkey_message_add_address(&message, PFKEY_EXT_ADDRESS_SRC)->address));
    g_assert_true(obol_address_parse("192.0.2.2", &pfkey_message_add_address(&message, PFKEY_EXT_ADDRESS_DST)->address));
    return encode(&message);
}

GBytes *
world_bare(PfkeyType type, guint32 seq)
{
    PfkeyMessage message;

    pfkey_message_init(&message, type, 0, seq, 77);
    return encode(&message);
}

void
world_link_send(WorldLink *client, GBytes *message)
{
    g_autoptr(GError) error = NULL;

    pfkey_link_send(client->link, g_bytes_get_data(message, NULL), g_bytes_get_size(message), &error);
    g_assert_no_error(error);
}

GBytes *
world_kernel_read(const World *world, guint which)
{
    guint8 bytes[4096];
    gssize n;

    if (which >= world->n_kernels)
        return NULL;
    n = recv(world->kernels[which], bytes, sizeof bytes, MSG_DONTWAIT);
    return n > 0 ? g_bytes_new(bytes, (gsize) n) : NULL;
}

void
world_kernel_write(const World *world, guint which, GBytes *message)
{
    g_assert_cmpint(send(world->kernels[which], g_bytes_get_data(message, NULL), g_bytes_get_size(message), MSG_NOSIGNAL), ==,
                    (gssize) g_bytes_get_size(message));
}
