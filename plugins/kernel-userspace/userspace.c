/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* userspace.c - the core joined to a device, to raw sockets, to the routing and to a loop. */
#include "userspace.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "answers.h"
#include "netlink.h"
#include "raw.h"
#include "raw-ah.h"
#include "route.h"
#include "tun.h"

#define PROBE_MTU 1400
#define BATCHES_PER_TURN 2 /* of one descriptor; then others of the loop have theirs */

enum {
    SOURCE_TUN,
    SOURCE_TIMER,
    SOURCE_RAW,
    SOURCE_RAW_AH = SOURCE_RAW + RAW_FDS,
    N_SOURCES = SOURCE_RAW_AH + RAW_AH_FDS,
};

struct Userspace {
    UserspaceHost host;
    Abilities abilities;
    Core *core;
    Tun tun;
    RawAh *raw_ah;  /* NULL: no AH */
    Raw *raw;       /* NULL: neither plain ESP nor packets in clear */
    Routes *routes; /* NULL: the admin routes */
    Answers *answers;
    int netlink, timer;
    gint64 armed_us;
    GSource *sources[N_SOURCES];
};

static gint64
now_us(const Userspace *u)
{
    return u->host.now_us(u->host.data);
}

/* One timer for all deadlines, on the clock that goes on while the machine sleeps. */
static void
arm(Userspace *u)
{
    gint64 next_us = core_next_us(u->core);
    struct itimerspec when = { 0 };

    if (next_us == u->armed_us)
        return;
    u->armed_us = next_us;
    if (next_us >= 0) {
        when.it_value.tv_sec = next_us / G_USEC_PER_SEC;
        when.it_value.tv_nsec = MAX(next_us % G_USEC_PER_SEC * 1000, 1); /* all zeros would disarm it */
    }
    timerfd_settime(u->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
to_peer(gpointer data, const ObolDatagram *batch, gsize n)
{
    Userspace *u = data;

    u->host.send(u->host.data, batch, n);
}

static gsize
to_peer_plain(gpointer data, const ObolDatagram *batch, gsize n)
{
    Userspace *u = data;

    return u->raw != NULL ? raw_send(u->raw, batch, n) : n;
}

static gboolean
to_peer_whole(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    Userspace *u = data;

    return u->raw != NULL && raw_send_clear(u->raw, packet, n, family, destination);
}

static gboolean
to_host(gpointer data, const guint8 *packet, gsize n)
{
    Userspace *u = data;

    return tun_write(&u->tun, packet, n);
}

static gboolean
to_host_later(gpointer data, guint8 *bytes, const Packet *packet)
{
    Userspace *u = data;

    return tun_write_later(&u->tun, bytes, packet);
}

static gsize
to_host_flush(gpointer data)
{
    Userspace *u = data;

    return tun_flush(&u->tun);
}

static gboolean
in_clear(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    Userspace *u = data;

    return u->raw != NULL && raw_send_clear(u->raw, packet, n, family, destination);
}

static void
event(gpointer data, const ObolKernelEvent *what)
{
    Userspace *u = data;

    answers_push_event(u->answers, what);
}

static void
log_line(gpointer data, int level, const char *text)
{
    Userspace *u = data;

    u->host.log(u->host.data, level, text);
}

static gboolean
tun_readable(int fd, GIOCondition condition, gpointer data)
{
    CorePacket packets[CORE_BATCH];
    Userspace *u = data;

    (void) fd;
    (void) condition;
    for (guint i = 0; i < BATCHES_PER_TURN || tun_pending(&u->tun); i++) {
        gsize n = tun_read(&u->tun, packets);

        core_outbound(u->core, packets, n, now_us(u));
        if (n < CORE_BATCH)
            break;
    }
    arm(u);
    return G_SOURCE_CONTINUE;
}

static gboolean
raw_readable(int fd, GIOCondition condition, gpointer data)
{
    ObolDatagram batch[RAW_BATCH];
    Userspace *u = data;
    guint index = raw_fd(u->raw, 0) == fd ? 0 : 1;

    (void) condition;
    for (guint i = 0; i < BATCHES_PER_TURN; i++) {
        gsize n = raw_receive(u->raw, index, batch);

        core_inbound(u->core, batch, n, FALSE, now_us(u));
        if (n < RAW_BATCH)
            break;
    }
    arm(u);
    return G_SOURCE_CONTINUE;
}

static gboolean
raw_ah_readable(int fd, GIOCondition condition, gpointer data)
{
    CorePacket batch[RAW_AH_BATCH];
    Userspace *u = data;
    guint index = raw_ah_fd(u->raw_ah, 0) == fd ? 0 : 1;
    gsize n = raw_ah_receive(u->raw_ah, index, batch);

    (void) condition;
    core_inbound_ah(u->core, batch, n, now_us(u));
    arm(u);
    return G_SOURCE_CONTINUE;
}

static gboolean
timer_due(int fd, GIOCondition condition, gpointer data)
{
    Userspace *u = data;
    guint64 n_expired;

    (void) condition;
    if (read(fd, &n_expired, sizeof n_expired) == sizeof n_expired) {
        core_tick(u->core, now_us(u));
        u->armed_us = 0;
        arm(u);
    }
    return G_SOURCE_CONTINUE;
}

static void
watch(Userspace *u, guint which, int fd, GUnixFDSourceFunc callback)
{
    u->sources[which] = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_can_recurse(u->sources[which], TRUE); /* we do not, but GLib then spares three system calls a dispatch */
    g_source_set_callback(u->sources[which], G_SOURCE_FUNC(callback), u, NULL);
    g_source_attach(u->sources[which], u->host.context);
}

/* Plain ESP is a wish, not a need: without it there is ESP in UDP. */
static void
open_raw(Userspace *u, const UserspaceSettings *settings)
{
    g_autofree char *text = NULL;
    int status = 0;

    u->raw = raw_open(settings->core.plain_esp, settings->mark, &status);
    u->raw_ah = u->raw != NULL && settings->core.plain_esp ? raw_ah_open(settings->mark, &status) : NULL;
    if (u->raw != NULL && (!settings->core.plain_esp || raw_fd(u->raw, 0) >= 0 || raw_fd(u->raw, 1) >= 0))
        return;
    text = g_strdup_printf("raw sockets: %s (that needs CAP_NET_RAW): no plain ESP, only ESP in UDP; no policies that pass "
                           "packets in clear", g_strerror(-status));
    log_line(u, settings->core.plain_esp ? 0 : 1, text);
}

static gboolean
open_routing(Userspace *u, const UserspaceSettings *settings, GError **error)
{
    RouteSettings route = {
        .device = u->tun.index, .table = settings->table, .priority = settings->rule_priority, .mark = settings->mark,
    };

    if (!settings->routes)
        return TRUE;
    u->routes = routes_new(&route, u->netlink, log_line, u, error);
    return u->routes != NULL;
}

gboolean
userspace_probe(const ObolCrypto *crypto, gboolean plain_esp, Abilities *out, GError **error)
{
    g_autoptr(RawAh) raw_ah = NULL;
    g_autoptr(Raw) raw = NULL;
    int status = 0;
    Tun tun;

    if (!tun_open(&tun, "obolprobe%d", PROBE_MTU, TUN_PLAIN, -1, error))
        return FALSE;
    tun_close(&tun);
    raw = plain_esp ? raw_open(TRUE, 0, &status) : NULL;
    raw_ah = raw != NULL ? raw_ah_open(0, &status) : NULL;
    abilities_fill(out, crypto, raw != NULL && (raw_fd(raw, 0) >= 0 || raw_fd(raw, 1) >= 0), raw_ah != NULL);
    return TRUE;
}

static gboolean
open_all(Userspace *u, const UserspaceSettings *settings, GError **error)
{
    u->netlink = netlink_open();
    if (u->netlink < 0 && settings->routes) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-u->netlink), "rtnetlink: %s", g_strerror(-u->netlink));
        return FALSE;
    }
    u->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (u->timer < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "timerfd: %s", g_strerror(errno));
        return FALSE;
    }
    if (!tun_open(&u->tun, settings->device, settings->mtu, settings->offload ? TUN_OFFLOAD : TUN_PLAIN,
                  settings->routes ? u->netlink : -1, error))
        return FALSE;
    open_raw(u, settings);
    return open_routing(u, settings, error);
}

Userspace *
userspace_new(const UserspaceSettings *settings, const UserspaceHost *host, const ObolKernelClient *client, GError **error)
{
    g_autoptr(Userspace) u = g_new0(Userspace, 1);
    CoreSettings core = settings->core;
    CoreCalls calls = {
        .to_peer = to_peer, .to_peer_plain = to_peer_plain, .to_peer_whole = to_peer_whole, .to_host = to_host,
        .to_host_later = to_host_later, .to_host_flush = to_host_flush, .in_clear = in_clear, .event = event, .log = log_line,
        .data = u,
    };

    u->host = *host;
    u->netlink = u->timer = u->tun.fd = -1;
    if (!open_all(u, settings, error))
        return NULL;
    core.plain_esp = u->raw != NULL && (raw_fd(u->raw, 0) >= 0 || raw_fd(u->raw, 1) >= 0);
    core.plain_ah = u->raw_ah != NULL;
    abilities_fill(&u->abilities, host->crypto, core.plain_esp, core.plain_ah);
    u->answers = answers_new(host->context, client);
    u->core = core_new(&core, &calls, host->crypto);
    u->armed_us = -1;
    watch(u, SOURCE_TUN, u->tun.fd, tun_readable);
    watch(u, SOURCE_TIMER, u->timer, timer_due);
    for (guint i = 0; core.plain_esp && i < RAW_FDS; i++)
        if (raw_fd(u->raw, i) >= 0)
            watch(u, SOURCE_RAW + i, raw_fd(u->raw, i), raw_readable);
    for (guint i = 0; core.plain_ah && i < RAW_AH_FDS; i++)
        if (raw_ah_fd(u->raw_ah, i) >= 0)
            watch(u, SOURCE_RAW_AH + i, raw_ah_fd(u->raw_ah, i), raw_ah_readable);
    return g_steal_pointer(&u);
}

void
userspace_free(Userspace *u)
{
    if (u == NULL)
        return;
    for (guint i = 0; i < N_SOURCES; i++) {
        if (u->sources[i] == NULL)
            continue;
        g_source_destroy(u->sources[i]);
        g_source_unref(u->sources[i]);
    }
    answers_free(u->answers);
    core_free(u->core);
    routes_free(u->routes);
    raw_ah_free(u->raw_ah);
    raw_free(u->raw);
    tun_close(&u->tun);
    if (u->timer >= 0)
        close(u->timer);
    if (u->netlink >= 0)
        close(u->netlink);
    g_free(u);
}

const ObolKernelAbilities *
userspace_abilities(const Userspace *u)
{
    return &u->abilities.abilities;
}

/* The route comes before the policy and goes after it: at no time may a protected packet find another way. */
static gboolean
carry_out(Userspace *u, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error)
{
    gboolean routed = u->routes != NULL, ok;

    if (routed && request->op == OBOL_KERNEL_ADD_POLICY && !routes_add(u->routes, &request->policy, error))
        return FALSE;
    ok = core_request(u->core, request, reply, now_us(u), error);
    if (!routed)
        return ok;
    if (request->op == (ok ? OBOL_KERNEL_DELETE_POLICY : OBOL_KERNEL_ADD_POLICY))
        routes_remove(u->routes, &request->policy);
    else if (request->op == OBOL_KERNEL_FLUSH)
        routes_flush(u->routes);
    return ok;
}

void
userspace_request(Userspace *u, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    ObolKernelReply reply = { .error = NULL };
    GError *error = NULL;

    carry_out(u, request, &reply, &error);
    answers_push(u->answers, done, data, &reply, error);
    arm(u);
}

void
userspace_udp_esp(Userspace *u, ObolDatagram *batch, gsize n)
{
    core_inbound(u->core, batch, n, TRUE, now_us(u));
    arm(u);
}

void
userspace_each_policy(const Userspace *u, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    core_each_policy(u->core, visit, data);
}
