/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pfkey.c - the engine joined to its two links and to a loop.
 *
 * Links and timer have a loop of their own: opening and closing wait in it for the kernel, and nothing of the daemon's runs meanwhile.
 * In between, the daemon's loop drives it. */
#include "pfkey-kernel/engine/pfkey.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "pfkey-kernel/engine/adopt.h"
#include "pfkey-kernel/engine/engine.h"
#include "pfkey-kernel/engine/nested.h"
#include "pfkey-kernel/engine/sysctl.h"
#include "pfkey-kernel/proxy/link.h"

#define WAIT_MS 10000 /* without a word from the kernel, at the start and at the end */
#define TIMER_PRIORITY (G_PRIORITY_DEFAULT + 10) /* an answer that is there is not overdue */
#define ACQUIRE_EXPIRES "/proc/sys/net/core/xfrm_acq_expires"
#define LARVAL_DROP "/proc/sys/net/core/xfrm_larval_drop"

typedef struct {
    Pfkey *pfkey;
    PfkeyChannel channel;
    PfkeyLink *link;
    gboolean up;
} Way;

struct Pfkey {
    PfkeyHost host;
    ObolKernelClient client;
    PfkeyEndpoint endpoint;
    char *summary;
    PfkeyEngine *engine;
    Way ways[PFKEY_N_CHANNELS];
    const PfkeySystem *system;
    PfkeyBuffer out;
    GError *why;     /* the last reason for not being up */
    gboolean closing;
    gboolean heard; /* something came since it was last looked */
    int timer;
    gint64 armed_us;
    GMainContext *loop;
    GSource *timer_source, *nested; /* of @loop; of the daemon's loop: @loop itself */
    PfkeySysctl acquire_expires, larval_drop;
};

static gint64
now_us(const Pfkey *p)
{
    return p->host.now_us(p->host.data);
}

/* One timer for all deadlines, on the clock that goes on while the machine sleeps. */
static void
arm(Pfkey *p, gint64 at_us)
{
    struct itimerspec when = { 0 };

    if (at_us == p->armed_us)
        return;
    p->armed_us = at_us;
    if (at_us != G_MAXINT64) {
        at_us = MAX(at_us, 0);
        when.it_value.tv_sec = at_us / G_USEC_PER_SEC;
        when.it_value.tv_nsec = MAX(at_us % G_USEC_PER_SEC * 1000, 1); /* all zeros would disarm it */
    }
    timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
run(Pfkey *p)
{
    pfkey_engine_run(p->engine, now_us(p));
    arm(p, pfkey_engine_next_us(p->engine));
}

static void
run_soon(Pfkey *p)
{
    arm(p, 0);
}

static gboolean
timer_due(int fd, GIOCondition condition, gpointer data)
{
    Pfkey *p = data;
    guint64 n_expired;

    (void) condition;
    if (read(fd, &n_expired, sizeof n_expired) == sizeof n_expired) {
        p->armed_us = -1;
        run(p);
    }
    return G_SOURCE_CONTINUE;
}

/* --- the links --- */

static void
note_why(Pfkey *p, const GError *why)
{
    g_clear_error(&p->why);
    p->why = why != NULL ? g_error_copy(why) : NULL;
}

static void
way_message(gpointer data, const guint8 *bytes, gsize n)
{
    Way *way = data;
    Pfkey *p = way->pfkey;
    PfkeyFault fault = { 0 };
    PfkeyHeader header;
    PfkeyMessage message;
    g_autofree char *text = NULL;

    if (p->system == NULL || !pfkey_header_decode(p->system, bytes, n, &header, &fault) ||
        !pfkey_engine_wants(p->engine, way->channel, &header))
        return;
    if (!pfkey_message_decode(p->system, bytes, n, &message, &fault)) {
        text = pfkey_fault_text(&fault);
        p->host.log(p->host.data, 0, text);
        return;
    }
    p->heard = TRUE;
    pfkey_engine_message(p->engine, way->channel, &message, now_us(p));
    run(p);
}

static void
way_down(gpointer data, const GError *why)
{
    Way *way = data;

    way->up = FALSE;
    note_why(way->pfkey, why);
    pfkey_engine_down(way->pfkey->engine, why->message, now_us(way->pfkey));
    run(way->pfkey);
}

/* Other systems' policies know no forwarding, and their numbers of errors are others. */
static void
way_up(gpointer data, const PfkeySystem *system)
{
    Way *way = data;
    Pfkey *p = way->pfkey;

    if (system != &pfkey_linux) {
        g_clear_error(&p->why);
        p->why = g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "PF_KEY of %s is not known here, only that of Linux",
                             system->name);
        return;
    }
    p->system = system;
    way->up = TRUE;
    for (guint i = 0; i < PFKEY_N_CHANNELS; i++)
        if (!p->ways[i].up)
            return;
    pfkey_engine_up(p->engine, now_us(p));
    run(p);
}

static void
drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_source_unref(g_steal_pointer(source));
}

/* Events first: what they say is older than what is asked now. */
static gboolean
open_ways(Pfkey *p, GError **error)
{
    for (guint i = PFKEY_N_CHANNELS; i-- > 0;) {
        Way *way = &p->ways[i];
        const PfkeyLinkClient client = { way_message, way_up, way_down, way };

        *way = (Way) { .pfkey = p, .channel = i };
        way->link = pfkey_link_open(p->loop, &p->endpoint, &client, error);
        if (way->link == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean
open_timer(Pfkey *p, GError **error)
{
    p->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->timer < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "timerfd: %s", g_strerror(errno));
        return FALSE;
    }
    p->timer_source = g_unix_fd_source_new(p->timer, G_IO_IN);
    g_source_set_priority(p->timer_source, TIMER_PRIORITY);
    g_source_set_callback(p->timer_source, G_SOURCE_FUNC(timer_due), p, NULL);
    g_source_attach(p->timer_source, p->loop);
    return TRUE;
}

/* --- what the engine calls --- */

static gboolean
engine_send(gpointer data, PfkeyChannel channel, const PfkeyMessage *message, GError **error)
{
    Pfkey *p = data;
    PfkeyFault fault = { 0 };
    gboolean sent;

    pfkey_buffer_empty(&p->out);
    if (!pfkey_message_encode(p->system, message, &p->out, &fault)) {
        g_autofree char *text = pfkey_fault_text(&fault);

        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID, "%s: %s", pfkey_type_name(message->header.type), text);
        return FALSE;
    }
    sent = pfkey_link_send(p->ways[channel].link, p->out.data, p->out.n, error);
    pfkey_buffer_empty(&p->out);
    return sent;
}

static void
engine_event(gpointer data, const ObolKernelEvent *event)
{
    Pfkey *p = data;

    if (!p->closing && p->client.event != NULL)
        p->client.event(p->client.data, event);
}

static void
engine_log(gpointer data, int level, const char *text)
{
    Pfkey *p = data;

    p->host.log(p->host.data, level, text);
}

/* --- opening and closing --- */

typedef struct {
    Pfkey *pfkey;
    gboolean over;
} Limit;

static gboolean
still_silent(gpointer data)
{
    Limit *limit = data;

    limit->over = !limit->pfkey->heard;
    limit->pfkey->heard = FALSE;
    return G_SOURCE_CONTINUE;
}

/* Looked at last: a request that made the kernel load its modules has its answer, but took its time. */
static GSource *
watch_limit(Pfkey *p, Limit *limit)
{
    GSource *source = g_timeout_source_new(WAIT_MS);

    *limit = (Limit) { .pfkey = p };
    g_source_set_priority(source, G_PRIORITY_LOW);
    g_source_set_callback(source, still_silent, limit, NULL);
    g_source_attach(source, p->loop);
    return source;
}

/* Waits until nothing is left to do; %FALSE: it did not come so far. */
static gboolean
settle(Pfkey *p, GError **error)
{
    Limit limit;
    GSource *source = watch_limit(p, &limit);

    run_soon(p);
    while (!limit.over && !pfkey_engine_is_idle(p->engine))
        g_main_context_iteration(p->loop, TRUE);
    drop_source(&source);
    if (pfkey_engine_is_ready(p->engine))
        return TRUE;
    g_set_error(error, OBOL_KERNEL_ERROR, p->why != NULL ? p->why->code : OBOL_KERNEL_ERROR_GONE, "%s",
                p->why != NULL ? p->why->message : "the kernel does not answer over PF_KEY");
    return FALSE;
}

static char *
summary_of(const PfkeyEndpoint *endpoint)
{
    g_autofree char *text = pfkey_endpoint_text(endpoint);
    struct utsname name;

    if (endpoint->via == PFKEY_VIA_RAW && uname(&name) == 0)
        return g_strdup_printf("PF_KEY of %s %s", name.sysname, name.release);
    return g_strdup_printf("PF_KEY, by the proxy at %s", text);
}

static void
set_sysctl(Pfkey *p, PfkeySysctl *sysctl, const char *path, gint64 value)
{
    g_autoptr(GError) error = NULL;

    if (!pfkey_sysctl_set(sysctl, path, value, &error))
        p->host.log(p->host.data, 0, error->message);
}

static void
set_sysctls(Pfkey *p, const PfkeySettings *settings)
{
    if (settings->acquire_expires_us > 0)
        set_sysctl(p, &p->acquire_expires, ACQUIRE_EXPIRES, settings->acquire_expires_us / G_USEC_PER_SEC);
    if (settings->larval != PFKEY_LARVAL_KEEP)
        set_sysctl(p, &p->larval_drop, LARVAL_DROP, settings->larval == PFKEY_LARVAL_DROP);
}

static void
make_engine(Pfkey *p, const PfkeySettings *settings)
{
    const PfkeyEngineCalls calls = { engine_send, engine_event, engine_log, p };
    PfkeyEngineSettings engine = {
        .timeout_us = settings->timeout_us, .acquire_hold_us = settings->acquire_hold_us, .check_us = settings->check_us,
        .summary = p->summary, .probe = settings->probe,
    };

    p->host.random(p->host.data, (guint8 *) &engine.pid, sizeof engine.pid);
    p->host.random(p->host.data, (guint8 *) &engine.seq, sizeof engine.seq);
    engine.pid |= 1; /* 0 is the kernel's own */
    p->engine = pfkey_engine_new(&engine, &calls, now_us(p));
}

Pfkey *
pfkey_new(const PfkeySettings *settings, const PfkeyHost *host, const ObolKernelClient *client, GError **error)
{
    g_autoptr(Pfkey) p = g_new0(Pfkey, 1);

    p->host = *host;
    if (client != NULL)
        p->client = *client;
    pfkey_endpoint_copy(settings->endpoint, &p->endpoint);
    p->summary = summary_of(&p->endpoint);
    p->loop = g_main_context_new();
    p->armed_us = G_MAXINT64;
    p->timer = -1;
    p->closing = TRUE; /* until it is open: a failure leaves nothing behind to be waited for */
    make_engine(p, settings);
    if (!open_timer(p, error) || !open_ways(p, error) || !settle(p, error))
        return NULL;
    if (settings->probe)
        return g_steal_pointer(&p);
    if (p->endpoint.via == PFKEY_VIA_RAW)
        set_sysctls(p, settings);
    p->nested = pfkey_nested_new(p->loop);
    g_source_attach(p->nested, p->host.context);
    p->closing = FALSE;
    return g_steal_pointer(&p);
}

static void
leave_nothing(Pfkey *p)
{
    g_autoptr(GError) error = NULL;

    pfkey_engine_release(p->engine, now_us(p));
    p->closing = TRUE;
    if (!settle(p, &error))
        p->host.log(p->host.data, 0, error->message);
}

void
pfkey_free(Pfkey *p)
{
    if (p == NULL)
        return;
    drop_source(&p->nested);
    if (!p->closing)
        leave_nothing(p);
    for (guint i = 0; i < PFKEY_N_CHANNELS; i++)
        pfkey_link_close(p->ways[i].link);
    drop_source(&p->timer_source);
    pfkey_sysctl_restore(&p->acquire_expires);
    pfkey_sysctl_restore(&p->larval_drop);
    pfkey_engine_free(p->engine);
    pfkey_endpoint_clear(&p->endpoint);
    pfkey_buffer_clear(&p->out);
    g_clear_error(&p->why);
    if (p->timer >= 0)
        close(p->timer);
    g_main_context_unref(p->loop);
    g_free(p->summary);
    g_free(p);
}

const ObolKernelAbilities *
pfkey_abilities(const Pfkey *p)
{
    return pfkey_engine_abilities(p->engine);
}

void
pfkey_request(Pfkey *p, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    pfkey_engine_request(p->engine, request, done, data, now_us(p));
    run_soon(p);
}

void
pfkey_each_policy(const Pfkey *p, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    pfkey_engine_each_policy(p->engine, visit, data);
}

/* A daemon without rights, or a kernel elsewhere: then policies let pass what the socket can not be told to. */
gboolean
pfkey_adopt(Pfkey *p, int fd, int family, gboolean nat_t, GError **error)
{
    guint16 port = pfkey_adopt_port(fd);
    int status = pfkey_adopt_bypass(fd, family);

    if (status < 0 && port == 0) {
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_PERMISSION, "IPSEC_POLICY of a socket: %s", g_strerror(-status));
        return FALSE;
    }
    if (status < 0) {
        pfkey_engine_pass_port(p->engine, (guint16) family, port, now_us(p));
        run_soon(p);
    }
    status = nat_t ? pfkey_adopt_encap(fd) : 0;
    if (status < 0)
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "UDP_ENCAP of port %u: %s", port, g_strerror(-status));
    return status == 0;
}
