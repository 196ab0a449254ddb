/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/driver.c - one shard on the loop: its clock, its ports to the bus, its jobs. */
#include "daemon/daemon-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 2

struct DaemonDriver {
    ObolDaemon *daemon;
    ObolShard *shard;
    guint number;
    int timer_fd;
    GSource *timer_source, *jobs_source;
    GQueue inline_jobs;     /* of Job: run when the shard's call is over */
    GAsyncQueue *done_jobs; /* of Job: from the workers */
    GThreadPool *workers;
    guint n_working;
    gboolean inside; /* a call into the shard is under way */
};

typedef struct {
    DaemonDriver *driver;
    guint64 ticket;
    ObolJob *job;
} Job;

gint64
daemon_now_us(void)
{
    struct timespec now;

    /* Not CLOCK_MONOTONIC: a lifetime goes on while the machine sleeps. */
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* --- in and out of the shard --- */

gint64
daemon_driver_enter(DaemonDriver *driver)
{
    g_assert(!driver->inside);
    driver->inside = TRUE;
    obol_shard_trace_messages(driver->shard, obol_bus_anybody_wants_messages(driver->daemon->bus));
    return daemon_now_us();
}

static void
job_finish(Job *job)
{
    obol_shard_job_done(job->driver->shard, job->ticket, job->job, daemon_now_us());
    g_free(job);
}

void
daemon_driver_leave(DaemonDriver *driver)
{
    Job *job;

    while ((job = g_queue_pop_head(&driver->inline_jobs)) != NULL) {
        job->job->run(job->job);
        job_finish(job);
    }
    driver->inside = FALSE;
    daemon_stopped_if_empty(driver->daemon);
}

ObolShard *
daemon_driver_shard(DaemonDriver *driver)
{
    return driver->shard;
}

DaemonDriver *
daemon_driver_for(ObolDaemon *daemon, const char *connection)
{
    return g_ptr_array_index(daemon->drivers, g_str_hash(connection) % daemon->drivers->len);
}

/* --- ports: datagrams and time --- */

static void
port_send(gpointer data, const ObolDatagram *datagram)
{
    obol_bus_send(((DaemonDriver *) data)->daemon->bus, datagram, 1);
}

static void
port_keep_alive(gpointer data, const ObolAddress *local, const ObolAddress *remote)
{
    obol_bus_socket_keep_alive(((DaemonDriver *) data)->daemon->bus, local, remote);
}

/* A timer of the boot-time clock rings as soon as a sleeping machine wakes, which the loop's own timeouts would not. */
static void
port_wake_at(gpointer data, gint64 when_us)
{
    DaemonDriver *driver = data;
    struct itimerspec at = { 0 };

    if (when_us != G_MAXINT64) {
        when_us = MAX(when_us, 1); /* all zero would disarm */
        at.it_value = (struct timespec) { when_us / G_USEC_PER_SEC, when_us % G_USEC_PER_SEC * 1000 };
    }
    timerfd_settime(driver->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static gboolean
timer_rang(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    DaemonDriver *driver = data;
    guint64 n_times;

    if (read(fd, &n_times, sizeof n_times) < 0 && errno == EAGAIN)
        return G_SOURCE_CONTINUE; /* it was set anew in the meantime */
    obol_shard_wake(driver->shard, daemon_driver_enter(driver));
    daemon_driver_leave(driver);
    return G_SOURCE_CONTINUE;
}

/* --- ports: the kernel --- */

typedef struct {
    DaemonDriver *driver;
    guint64 ticket;
} KernelCall;

static void
kernel_answered(const ObolKernelReply *reply, gpointer data)
{
    g_autofree KernelCall *call = data;

    if (call->driver->daemon->closing)
        return;
    obol_shard_kernel_reply(call->driver->shard, call->ticket, reply, daemon_driver_enter(call->driver));
    daemon_driver_leave(call->driver);
}

static void
port_kernel(gpointer data, guint64 ticket, const ObolKernelRequest *request)
{
    DaemonDriver *driver = data;
    KernelCall *call = g_new(KernelCall, 1);

    *call = (KernelCall) { driver, ticket };
    obol_bus_kernel_request(driver->daemon->bus, request, kernel_answered, call);
}

/* --- ports: jobs --- */

static void
worker(gpointer data, gpointer user_data)
{
    Job *job = data;
    DaemonDriver *driver = user_data;

    job->job->run(job->job);
    g_async_queue_push(driver->done_jobs, job);
    g_main_context_wakeup(driver->daemon->context);
}

static void
port_job(gpointer data, guint64 ticket, ObolJob *work)
{
    DaemonDriver *driver = data;
    Job *job = g_new(Job, 1);

    *job = (Job) { driver, ticket, work };
    /* Handing over costs two context switches: for an X25519 of 60 us that would be most of the work. */
    if (!work->slow) {
        g_queue_push_tail(&driver->inline_jobs, job);
        return;
    }
    if (driver->workers == NULL)
        driver->workers = g_thread_pool_new(worker, driver, WORKERS, FALSE, NULL);
    driver->n_working++;
    g_thread_pool_push(driver->workers, job, NULL);
}

static gboolean
jobs_ready(GSource *source, gint *timeout)
{
    DaemonDriver *driver = *(DaemonDriver **) (source + 1);

    *timeout = -1;
    return driver->n_working > 0 && g_async_queue_length(driver->done_jobs) > 0;
}

static gboolean
jobs_check(GSource *source)
{
    gint unused;

    return jobs_ready(source, &unused);
}

static gboolean
jobs_dispatch(GSource *source, G_GNUC_UNUSED GSourceFunc callback, G_GNUC_UNUSED gpointer user_data)
{
    DaemonDriver *driver = *(DaemonDriver **) (source + 1);
    Job *job;

    while ((job = g_async_queue_try_pop(driver->done_jobs)) != NULL) {
        driver->n_working--;
        daemon_driver_enter(driver);
        job_finish(job);
        daemon_driver_leave(driver);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs jobs_funcs = { .prepare = jobs_ready, .check = jobs_check, .dispatch = jobs_dispatch };

/* --- ports: news --- */

static void
tell_ike_state(gpointer data, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason)
{
    obol_bus_tell_ike_state(((DaemonDriver *) data)->daemon->bus, sa, from, reason);
}

static void
tell_ike_rekeyed(gpointer data, const ObolIkeInfo *old, const ObolIkeInfo *successor)
{
    obol_bus_tell_ike_rekeyed(((DaemonDriver *) data)->daemon->bus, old, successor);
}

static void
tell_ike_moved(gpointer data, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote)
{
    DaemonDriver *driver = data;

    daemon_routes_move(driver->daemon, driver->number, sa);
    obol_bus_tell_ike_moved(driver->daemon->bus, sa, old_local, old_remote);
}

static void
tell_child_state(gpointer data, const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
                 const ObolReason *reason)
{
    DaemonDriver *driver = data;

    daemon_routes_child_state(driver->daemon, driver->number, sa, child);
    obol_bus_tell_child_state(driver->daemon->bus, sa, child, from, reason);
    daemon_desires_child_state(driver->daemon, sa, child, from, reason);
}

static void
tell_message(gpointer data, const ObolMessageEvent *message)
{
    obol_bus_tell_message(((DaemonDriver *) data)->daemon->bus, message);
}

static void
tell_failure(gpointer data, const ObolIkeInfo *sa, const ObolReason *reason)
{
    ObolBus *bus = ((DaemonDriver *) data)->daemon->bus;
    g_autofree char *text = obol_reason_format(reason);

    obol_bus_tell_log(bus, "ike", 0, sa, text);
    if (reason->next != NULL)
        obol_bus_tell_log(bus, "ike", 1, sa, reason->next);
    obol_bus_tell_failure(bus, sa, reason);
}

static void
tell_log(gpointer data, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    obol_bus_tell_log(((DaemonDriver *) data)->daemon->bus, group, level, sa, text);
}

static const ObolListenerVtable listener = {
    .size = sizeof listener,
    .ike_state = tell_ike_state,
    .child_state = tell_child_state,
    .message = tell_message,
    .failure = tell_failure,
    .log = tell_log,
    .ike_rekeyed = tell_ike_rekeyed,
    .ike_moved = tell_ike_moved,
};

static void
port_command_done(gpointer data, guint32 command, guint32 child_id, const ObolReason *reason)
{
    daemon_command_done(((DaemonDriver *) data)->daemon, command, child_id, reason);
}

typedef struct {
    guint number;
    guint32 reqid;
} Acquire;

static void
acquire_located(ObolDaemon *daemon, const ObolAddress *local, const ObolAddress *remote, const GError *error,
                gpointer data)
{
    const Acquire *acquire = data;
    DaemonDriver *driver = g_ptr_array_index(daemon->drivers, acquire->number);

    if (error != NULL)
        obol_bus_log(daemon->bus, "cfg", 0, "a packet wants a tunnel, but %s", error->message);
    obol_shard_located(driver->shard, acquire->reqid, local, error == NULL ? remote : NULL,
                       daemon_driver_enter(driver));
    daemon_driver_leave(driver);
}

static void
port_locate(gpointer data, guint32 reqid, const ObolConnection *connection)
{
    DaemonDriver *driver = data;
    Acquire *acquire = g_new(Acquire, 1);

    *acquire = (Acquire) { driver->number, reqid };
    daemon_locate(driver->daemon, connection, acquire_located, acquire, g_free);
}

/* By the driver's number, as above: it may be another one by then. */
typedef struct {
    guint number;
    guint64 ticket;
} Question;

static void
resolved(ObolDaemon *daemon, const ObolAddress *address, gpointer data)
{
    const Question *question = data;
    DaemonDriver *driver = g_ptr_array_index(daemon->drivers, question->number);

    obol_shard_resolved(driver->shard, question->ticket, address, daemon_driver_enter(driver));
    daemon_driver_leave(driver);
}

static void
port_resolve(gpointer data, guint64 ticket, const char *name)
{
    DaemonDriver *driver = data;
    Question *question = g_new(Question, 1);

    *question = (Question) { driver->number, ticket };
    daemon_resolve(driver->daemon, name, resolved, question, g_free);
}

static gboolean
port_source_for(gpointer data, const ObolAddress *remote, ObolAddress *source)
{
    return obol_bus_socket_source_for(((DaemonDriver *) data)->daemon->bus, remote, source);
}

/* --- from the socket and the kernel --- */

void
daemon_receive(gpointer data, ObolDatagram *batch, gsize n)
{
    ObolDaemon *daemon = data;

    for (gsize i = 0, run; i < n; i += run) {
        DaemonDriver *driver;
        guint number;

        /* ESP goes on to the kernel in runs as it came. */
        for (run = 0; i + run < n && batch[i + run].esp; run++)
            continue;
        if (run > 0) {
            obol_bus_kernel_udp_esp(daemon->bus, &batch[i], run);
            continue;
        }
        run = 1;
        number = obol_shard_of_datagram(batch[i].data, batch[i].n, daemon->drivers->len);
        driver = g_ptr_array_index(daemon->drivers, number);
        obol_shard_receive(driver->shard, &batch[i], daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
}

void
daemon_kernel_event(gpointer data, const ObolKernelEvent *event)
{
    ObolDaemon *daemon = data;

    DaemonDriver *only = NULL;

    if (event->kind == OBOL_KERNEL_ACQUIRE) {
        DaemonDriver *first = g_ptr_array_index(daemon->drivers, 0); /* all number alike */
        const char *connection = obol_shard_connection_of(first->shard, event->reqid);

        if (daemon->stopping || connection == NULL)
            return;
        only = daemon_driver_for(daemon, connection);
    }
    /* The name of an SA is known to the shard that it belongs to: the others find nothing. */
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        if (only != NULL && only != driver)
            continue;
        obol_shard_kernel_event(driver->shard, event, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
}

/* --- birth and death --- */

static void
port_lease(gpointer data, guint64 ticket, const ObolPoolRequest *request)
{
    DaemonDriver *driver = data;

    daemon_pools_lease(driver->daemon, driver, ticket, request);
}

static void
port_release(gpointer data, const ObolPoolRequest *request)
{
    daemon_pools_release(((DaemonDriver *) data)->daemon, request);
}

static void
port_configure(gpointer data, const ObolIkeInfo *sa, gboolean up, const GArray *addresses, const GArray *attributes)
{
    daemon_pools_configure(((DaemonDriver *) data)->daemon, sa, up, addresses, attributes);
}

DaemonDriver *
daemon_driver_new(ObolDaemon *daemon, const ObolShardLimits *limits)
{
    static const ObolPorts ports = {
        .send = port_send, .keep_alive = port_keep_alive, .wake_at = port_wake_at, .kernel = port_kernel,
        .job = port_job,        .listener = &listener, .command_done = port_command_done, .locate = port_locate,
        .lease = port_lease, .release = port_release, .configure = port_configure, .resolve = port_resolve,
        .source_for = port_source_for,
    };
    const ObolCrypto *crypto = obol_bus_crypto(daemon->bus);
    DaemonDriver *driver = g_new0(DaemonDriver, 1);

    driver->daemon = daemon;
    driver->number = limits->number;
    driver->shard = obol_shard_new(limits, crypto, obol_crypto_random(crypto), &ports, driver);
    driver->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    driver->timer_source = g_unix_fd_source_new(driver->timer_fd, G_IO_IN);
    g_source_set_callback(driver->timer_source, G_SOURCE_FUNC(timer_rang), driver, NULL);
    g_source_attach(driver->timer_source, daemon->context);
    g_queue_init(&driver->inline_jobs);
    driver->done_jobs = g_async_queue_new();
    driver->jobs_source = g_source_new(&jobs_funcs, sizeof(GSource) + sizeof(DaemonDriver *));
    *(DaemonDriver **) (driver->jobs_source + 1) = driver;
    g_source_attach(driver->jobs_source, daemon->context);
    return driver;
}

void
daemon_driver_free(gpointer data)
{
    DaemonDriver *driver = data;
    Job *job;

    /* The workers end what they have begun: a job can not be taken from a thread's hands. */
    if (driver->workers != NULL)
        g_thread_pool_free(driver->workers, FALSE, TRUE);
    while ((job = g_async_queue_try_pop(driver->done_jobs)) != NULL
           || (job = g_queue_pop_head(&driver->inline_jobs)) != NULL) {
        job->job->free(job->job);
        g_free(job);
    }
    g_async_queue_unref(driver->done_jobs);
    g_source_destroy(driver->jobs_source);
    g_source_unref(driver->jobs_source);
    g_source_destroy(driver->timer_source);
    g_source_unref(driver->timer_source);
    close(driver->timer_fd);
    obol_shard_free(driver->shard);
    g_free(driver);
}
