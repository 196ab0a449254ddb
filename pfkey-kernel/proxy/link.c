/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/link.c - one way to a kernel's PF_KEY, kept open. */
#include "pfkey-kernel/proxy/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/connect.h"
#include "pfkey-kernel/proxy/raw.h"
#include "pfkey-kernel/proxy/stream.h"

#define RETRY_FIRST_US (200 * 1000)
#define RETRY_LAST_US (10 * G_USEC_PER_SEC)
#define CONNECT_US (10 * G_USEC_PER_SEC) /* from the first packet to the answered hello */
#define QUEUE_MAX (1024 * 1024)          /* bytes that a proxy did not take yet */
#define MESSAGES_EACH 64                 /* before others have their turn */

struct PfkeyLink {
    guint refs; /* the owner's, and one for each call that is under way */
    GMainContext *context;
    PfkeyEndpoint endpoint;
    PfkeyLinkClient client;
    PfkeyTls *tls;
    PfkeyWatch *timer;     /* to try again; to give up a try; to tell up() from the loop */
    int fd;                /* raw, or while a stream connects; -1: none */
    PfkeyWatch *watch;     /* of @fd */
    PfkeyStream *stream;
    const PfkeySystem *system;
    gint64 retry_us;
    gboolean once;         /* made from a descriptor: can not be opened again */
    gboolean up, closed;
};

static void
unref(PfkeyLink *link)
{
    if (--link->refs > 0)
        return;
    pfkey_tls_free(link->tls);
    pfkey_endpoint_clear(&link->endpoint);
    g_main_context_unref(link->context);
    g_free(link);
}

static void
close_way(PfkeyLink *link)
{
    pfkey_watch_stop(g_steal_pointer(&link->watch));
    pfkey_stream_free(g_steal_pointer(&link->stream));
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->up = FALSE;
}

/* The way is closed first: what the client does in its callback finds the link as it is. */
static void
down(PfkeyLink *link, const GError *why)
{
    close_way(link);
    if (link->once) {
        pfkey_watch_in(link->timer, -1);
    } else {
        pfkey_watch_in(link->timer, link->retry_us);
        link->retry_us = MIN(link->retry_us * 2, RETRY_LAST_US);
    }
    link->client.down(link->client.data, why);
}

static void
down_because(PfkeyLink *link, const char *why)
{
    g_autofree char *where = pfkey_endpoint_text(&link->endpoint);
    g_autoptr(GError) error = g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE, "PF_KEY by %s: %s", where, why);

    down(link, error);
}

static void
go_up(PfkeyLink *link, const PfkeySystem *system)
{
    link->up = TRUE;
    link->system = system;
    link->retry_us = RETRY_FIRST_US;
    pfkey_watch_in(link->timer, -1);
    link->client.up(link->client.data, system);
}

/* The raw way. */

static gboolean
raw_message(gpointer data, const guint8 *bytes, gsize n)
{
    PfkeyLink *link = data;

    link->client.message(link->client.data, bytes, n);
    return !link->closed && link->fd >= 0;
}

static void
raw_ready(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    PfkeyLink *link = data;
    int code;

    link->refs++;
    code = pfkey_raw_receive(link->fd, MESSAGES_EACH, raw_message, link);
    if (code < 0 && !link->closed)
        down_because(link, code == -EPIPE ? "its other end has gone" : g_strerror(-code));
    unref(link);
}

/* up() is told by the loop, not from within a call of the owner's. */
static void
watch_raw(PfkeyLink *link, int fd)
{
    link->fd = fd;
    pfkey_watch_in(link->timer, 0);
}

static gboolean
open_raw(PfkeyLink *link, GError **error)
{
    int fd = pfkey_raw_open(error);

    if (fd >= 0)
        watch_raw(link, fd);
    return fd >= 0;
}

/* The way over a stream. */

static void
stream_opened(gpointer data)
{
    PfkeyLink *link = data;

    pfkey_stream_send_hello(link->stream, PFKEY_STREAM_VERSION, NULL);
}

static void
hello(PfkeyLink *link, const PfkeyFrame *frame)
{
    PfkeyHello answer;
    const char *why;

    if (frame->kind != PFKEY_FRAME_HELLO || !pfkey_hello_parse(frame->body, &answer, &why))
        down_because(link, frame->kind != PFKEY_FRAME_HELLO ? "the other end did not say hello" : why);
    else if (answer.system == NULL || answer.version > PFKEY_STREAM_VERSION)
        down_because(link, "the other end is no proxy, or answered a version that we do not speak");
    else
        go_up(link, answer.system);
}

static void
stream_frame(gpointer data, const PfkeyFrame *frame)
{
    PfkeyLink *link = data;

    link->refs++;
    if (frame->kind == PFKEY_FRAME_BYE) {
        g_autofree char *why = pfkey_bye_text(frame->body);

        down_because(link, why);
    } else if (!link->up) {
        hello(link, frame);
    } else if (frame->kind == PFKEY_FRAME_MESSAGE) {
        link->client.message(link->client.data, frame->body.data, frame->body.n);
    } else {
        down_because(link, "the other end said hello twice");
    }
    unref(link);
}

static void
stream_closed(gpointer data, const char *why)
{
    PfkeyLink *link = data;
    g_autofree char *text = g_strdup(why); /* the stream's, which goes */

    down_because(link, text);
}

static void
connected(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    PfkeyLink *link = data;
    const PfkeyStreamClient client = {
        .opened = stream_opened, .frame = stream_frame, .closed = stream_closed, .data = link,
    };
    int code = pfkey_connect_result(link->fd);
    int fd = link->fd;

    if (code == -EINPROGRESS)
        return;
    if (code < 0) {
        down_because(link, g_strerror(-code));
        return;
    }
    pfkey_watch_stop(g_steal_pointer(&link->watch));
    link->fd = -1;
    link->stream = pfkey_stream_new(link->context, fd, link->tls != NULL ? pfkey_tls_session_new(link->tls, fd) : NULL, &client);
}

static void
begin_connect(PfkeyLink *link)
{
    int fd = pfkey_connect_begin(&link->endpoint);

    if (fd < 0) {
        down_because(link, g_strerror(-fd));
        return;
    }
    link->fd = fd;
    link->watch = pfkey_watch_new(link->context, fd, G_IO_OUT, connected, link);
    pfkey_watch_in(link->timer, CONNECT_US);
}

/* Both. */

static void
retry_raw(PfkeyLink *link)
{
    g_autoptr(GError) error = NULL;

    if (!open_raw(link, &error))
        down(link, error);
}

/* What the timer means is told by where the link stands. */
static void
time_has_come(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    PfkeyLink *link = data;
    gboolean raw = link->endpoint.via == PFKEY_VIA_RAW;

    link->refs++;
    if (raw && link->fd >= 0) {
        link->watch = pfkey_watch_new(link->context, link->fd, G_IO_IN, raw_ready, link);
        go_up(link, link->system != NULL ? link->system : pfkey_this_system);
    } else if (raw) {
        retry_raw(link);
    } else if (link->fd >= 0 || link->stream != NULL) {
        down_because(link, "the other end does not answer");
    } else {
        begin_connect(link);
    }
    unref(link);
}

static PfkeyLink *
link_new(GMainContext *context, const PfkeyLinkClient *client)
{
    PfkeyLink *link = g_new0(PfkeyLink, 1);

    link->refs = 1;
    link->context = context != NULL ? g_main_context_ref(context) : g_main_context_ref(g_main_context_default());
    link->client = *client;
    link->fd = -1;
    link->retry_us = RETRY_FIRST_US;
    link->timer = pfkey_watch_new(link->context, -1, 0, time_has_come, link);
    return link;
}

PfkeyLink *
pfkey_link_open(GMainContext *context, const PfkeyEndpoint *endpoint, const PfkeyLinkClient *client, GError **error)
{
    g_autoptr(PfkeyLink) link = NULL;
    const PfkeyTlsFiles *files = &endpoint->tls;

    if (!pfkey_endpoint_check(endpoint, error))
        return NULL;
    link = link_new(context, client);
    pfkey_endpoint_copy(endpoint, &link->endpoint);
    if (endpoint->via == PFKEY_VIA_TCP && (files->psk_file != NULL || files->certificate_file != NULL)) {
        link->tls = pfkey_tls_new(PFKEY_TLS_CLIENT, files, error);
        if (link->tls == NULL)
            return NULL;
    }
    if (endpoint->via == PFKEY_VIA_RAW) {
        if (!open_raw(link, error))
            return NULL;
    } else {
        pfkey_watch_in(link->timer, 0);
    }
    return g_steal_pointer(&link);
}

PfkeyLink *
pfkey_link_new_for_fd(GMainContext *context, int fd, const PfkeySystem *system, const PfkeyLinkClient *client)
{
    PfkeyLink *link = link_new(context, client);

    link->once = TRUE;
    link->system = system;
    watch_raw(link, fd);
    return link;
}

void
pfkey_link_close(PfkeyLink *link)
{
    if (link == NULL)
        return;
    link->closed = TRUE;
    close_way(link);
    pfkey_watch_stop(g_steal_pointer(&link->timer));
    unref(link);
}

gboolean
pfkey_link_is_up(const PfkeyLink *link)
{
    return link->up;
}

static gboolean
refuse(ObolKernelError code, const char *why, GError **error)
{
    g_set_error(error, OBOL_KERNEL_ERROR, code, "a PF_KEY message: %s", why);
    return FALSE;
}

static gboolean
send_raw(PfkeyLink *link, const guint8 *bytes, gsize n, GError **error)
{
    int code = pfkey_raw_send(link->fd, bytes, n);

    if (code == 0)
        return TRUE;
    if (code == -EAGAIN || code == -ENOBUFS || code == -ENOMEM)
        return refuse(OBOL_KERNEL_ERROR_LIMIT, g_strerror(-code), error);
    if (code == -EINVAL || code == -EMSGSIZE)
        return refuse(OBOL_KERNEL_ERROR_INVALID, g_strerror(-code), error);
    return refuse(OBOL_KERNEL_ERROR_GONE, g_strerror(-code), error);
}

gboolean
pfkey_link_send(PfkeyLink *link, const guint8 *bytes, gsize n, GError **error)
{
    if (!link->up)
        return refuse(OBOL_KERNEL_ERROR_GONE, "there is no way to the kernel now", error);
    if (link->endpoint.via == PFKEY_VIA_RAW)
        return send_raw(link, bytes, n, error);
    if (n > PFKEY_FRAME_BODY_MAX)
        return refuse(OBOL_KERNEL_ERROR_INVALID, "it is longer than a proxy takes", error);
    if (pfkey_stream_queued(link->stream) + n > QUEUE_MAX)
        return refuse(OBOL_KERNEL_ERROR_LIMIT, "the proxy does not take what was sent before", error);
    pfkey_stream_send(link->stream, PFKEY_FRAME_MESSAGE, bytes, n);
    return TRUE;
}
