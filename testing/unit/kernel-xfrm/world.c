/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.c - two hosts, each a network namespace with a kernel-xfrm of its own, and a wire between them. */
#include "unit/kernel-xfrm/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 7777
#define PATIENCE_US (10 * (gint64) G_USEC_PER_SEC)

static gint64
now_us(gpointer data)
{
    struct timespec now;

    (void) data;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
log_line(gpointer data, int level, const char *text)
{
    (void) data;
    g_test_message("log %d: %s", level, text);
}

static void
note_event(gpointer data, const ObolKernelEvent *event)
{
    g_array_append_val(((Host *) data)->events, *event);
}

void
world_enter(const World *world, int host)
{
    g_assert_cmpint(setns(world->hosts[host].namespace, CLONE_NEWNET), ==, 0);
}

char *
world_run(const World *world, int host, const char *command)
{
    g_autoptr(GError) error = NULL;
    const char *argv[] = { "/bin/sh", "-c", command, NULL };
    char *out = NULL;
    g_autofree char *complaint = NULL;
    int status = -1;

    world_enter(world, host);
    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &complaint, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("%s: %s", command, complaint);
    return out;
}

void
world_do(const World *world, int host, const char *command)
{
    g_free(world_run(world, host, command));
}

static int
new_namespace(void)
{
    int fd = unshare(CLONE_NEWNET) == 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;

    return fd;
}

static void
lay_wire(World *world)
{
    g_autofree char *pair = g_strdup_printf("ip link set lo up && ip link add wire type veth peer name peer && "
                                            "ip link set peer netns /proc/%d/fd/%d", getpid(), world->hosts[LEFT].namespace);

    world_do(world, RIGHT, pair);
    world_do(world, LEFT, "ip link set lo up && ip link set peer name wire");
    for (int host = LEFT; host <= RIGHT; host++) {
        int n = host + 1, other = 2 - host;
        g_autofree char *up = g_strdup_printf(
            "echo 0 >/proc/sys/net/ipv6/conf/wire/accept_dad; ip addr add 192.0.2.%d/24 dev wire && ip addr add 192.0.2.%d/24 dev wire && "
            "ip -6 addr add 2001:db8::%d/64 dev wire nodad && ip addr add 10.%d.0.1/32 dev lo && ip -6 addr add fd00:%d::1/128 dev lo && "
            "ip link set wire up && ip route add 10.%d.0.0/16 via 192.0.2.%d src 10.%d.0.1 && "
            "ip -6 route add fd00:%d::/64 via 2001:db8::%d src fd00:%d::1", n, n + 10, n, n, n, other, other, n, other, other, n);

        world_do(world, host, up);
    }
}

gboolean
world_open(World *world, int host, guint32 event_buffer, GError **error)
{
    Host *self = &world->hosts[host];
    const XfrmHost outside = { .context = g_main_context_default(), .now_us = now_us, .log = log_line };
    const ObolKernelClient client = { note_event, self };
    const XfrmSettings settings = {
        .acquire_timeout_s = 20, .hold_flows = TRUE, .event_buffer = event_buffer, .mapping_interval_s = 1, .spi_first = 256,
        .spi_last = G_MAXUINT32,
    };

    world_enter(world, host);
    self->xfrm = xfrm_new(&settings, &outside, &client, error);
    return self->xfrm != NULL;
}

void
world_close(World *world, int host)
{
    g_clear_pointer(&world->hosts[host].xfrm, xfrm_free);
}

World *
world_new(void)
{
    g_autoptr(World) world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    world->before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    world->next_spi = 0x1000;
    for (int host = LEFT; host <= RIGHT; host++) {
        world->hosts[host].events = g_array_new(FALSE, FALSE, sizeof(ObolKernelEvent));
        world->hosts[host].namespace = -1;
    }
    for (int host = LEFT; host <= RIGHT; host++)
        world->hosts[host].namespace = new_namespace();
    if (world->hosts[RIGHT].namespace < 0) {
        g_test_skip("network namespaces can not be made here");
        return NULL;
    }
    for (int host = LEFT; host <= RIGHT; host++) {
        if (world_open(world, host, 1 << 20, &error))
            continue;
        g_test_skip(error->message);
        return NULL;
    }
    lay_wire(world);
    return g_steal_pointer(&world);
}

void
world_free(World *world)
{
    if (world == NULL)
        return;
    for (int host = LEFT; host <= RIGHT; host++) {
        world_close(world, host);
        g_array_unref(world->hosts[host].events);
        if (world->hosts[host].namespace >= 0)
            close(world->hosts[host].namespace);
    }
    if (world->before >= 0) {
        g_assert_cmpint(setns(world->before, CLONE_NEWNET), ==, 0);
        close(world->before);
    }
    g_free(world);
}

typedef struct {
    gboolean done;
    ObolKernelReply *reply;
    GError *error;
} Waiting;

static void
done(const ObolKernelReply *reply, gpointer data)
{
    Waiting *waiting = data;

    waiting->done = TRUE;
    waiting->error = reply->error != NULL ? g_error_copy(reply->error) : NULL;
    if (waiting->reply == NULL)
        return;
    *waiting->reply = *reply;
    waiting->reply->error = NULL;
    if (reply->sas != NULL)
        g_array_ref((GArray *) reply->sas);
    if (reply->policies != NULL)
        g_array_ref((GArray *) reply->policies);
}

gboolean
world_ask(World *world, int host, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error)
{
    Waiting waiting = { .reply = reply };

    world_enter(world, host);
    xfrm_request(world->hosts[host].xfrm, request, done, &waiting);
    g_assert_false(waiting.done); /* never from within */
    while (!waiting.done)
        g_main_context_iteration(NULL, TRUE);
    if (waiting.error != NULL)
        g_propagate_error(error, waiting.error);
    return waiting.error == NULL;
}

void
world_must(World *world, int host, const ObolKernelRequest *request, ObolKernelReply *reply)
{
    g_autoptr(GError) error = NULL;

    world_ask(world, host, request, reply, &error);
    g_assert_no_error(error);
}

static gboolean
wake(gpointer data)
{
    (void) data;
    return G_SOURCE_CONTINUE;
}

guint
world_events(World *world, int host, guint n)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_US;
    guint ticking = g_timeout_add(50, wake, NULL);

    while (world->hosts[host].events->len < n && g_get_monotonic_time() < until_us)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(ticking);
    return world->hosts[host].events->len;
}

void
world_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static ObolAddress
address(const char *before, int n, const char *after)
{
    g_autofree char *text = g_strdup_printf("%s%d%s", before, n, after);
    ObolAddress out;

    g_assert_true(obol_address_parse(text, &out));
    return out;
}

ObolAddress
world_outer(int host, int family)
{
    return address(family == AF_INET ? "192.0.2." : "2001:db8::", host + 1, "");
}

ObolAddress
world_inner(int host, int family)
{
    return family == AF_INET ? address("10.", host + 1, ".0.1") : address("fd00:", host + 1, "::1");
}

static int
bound(const World *world, int host, const ObolAddress *where, guint16 port)
{
    struct sockaddr_storage storage;
    ObolAddress with_port = *where;
    socklen_t n;
    int fd;

    with_port.port = port;
    n = obol_address_to_sockaddr(&with_port, &storage);
    world_enter(world, host);
    fd = socket(where->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *) &storage, n), ==, 0);
    return fd;
}

int
world_listen(const World *world, int host, const ObolAddress *where)
{
    return bound(world, host, where, PORT);
}

int
world_sender(const World *world, int host, const ObolAddress *where)
{
    return bound(world, host, where, 0);
}

void
world_emit(int fd, const ObolAddress *destination)
{
    struct sockaddr_storage storage;
    ObolAddress with_port = *destination;
    const char text[200] = "obol obol obol obol obol obol obol obol obol obol";
    socklen_t n;

    with_port.port = PORT;
    n = obol_address_to_sockaddr(&with_port, &storage);
    if (sendto(fd, text, sizeof text, 0, (struct sockaddr *) &storage, n) < 0)
        g_test_message("sendto: %s", g_strerror(errno));
}

gboolean
world_came(int fd)
{
    struct pollfd wanted = { .fd = fd, .events = POLLIN };
    char text[200];

    return poll(&wanted, 1, 1000) == 1 && recv(fd, text, sizeof text, 0) == sizeof text;
}

gboolean
world_send(const World *world, int from, const ObolAddress *source, const ObolAddress *destination)
{
    int receiver = world_listen(world, 1 - from, destination), sender = world_sender(world, from, source);
    gboolean came;

    world_emit(sender, destination);
    came = world_came(receiver);
    close(receiver);
    close(sender);
    return came;
}
