/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/session.c - one client of obol-pfkey-proxy and its kernel socket. */
#include "pfkey-kernel/proxy/session.h"

#include <errno.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/filter.h"
#include "pfkey-kernel/proxy/raw.h"
#include "pfkey-kernel/proxy/stream.h"

#define MESSAGES_EACH 64 /* from the kernel, before others have their turn */

struct PfkeySession {
    GMainContext *context;
    const PfkeyServerSettings *settings;
    char *name;
    PfkeyStream *stream;
    int kernel; /* -1 before the hello */
    PfkeyWatch *kernel_watch, *timer;
    gboolean full; /* the kernel is left alone until the client takes what waits */
    guint64 sent_before; /* when @timer was set */
    void (*ended)(PfkeySession *session, gpointer data);
    gpointer data;
};

static void say(const PfkeySession *session, PfkeyLogLevel level, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
say(const PfkeySession *session, PfkeyLogLevel level, const char *format, ...)
{
    g_autofree char *words = NULL, *line = NULL;
    va_list arguments;

    va_start(arguments, format);
    words = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    line = g_strdup_printf("%s: %s", session->name, words);
    session->settings->log(session->settings->data, level, line);
}

/* The one way out: what is said to the client and to the log is the same.  Frees the session. */
static void
end(PfkeySession *session, PfkeyLogLevel level, const char *why)
{
    say(session, level, "closed: %s", why);
    pfkey_stream_bye(session->stream, why);
    session->ended(session, session->data);
}

/* From the kernel to the client. */

static gboolean
from_kernel(gpointer data, const guint8 *bytes, gsize n)
{
    PfkeySession *session = data;

    pfkey_stream_send(session->stream, PFKEY_FRAME_MESSAGE, bytes, n);
    return pfkey_stream_queued(session->stream) < session->settings->queue_max;
}

/* What does not move is not read either: the kernel's own buffer fills, and a dump waits there.  But not for ever. */
static void
leave_kernel_alone(PfkeySession *session)
{
    session->full = TRUE;
    session->sent_before = pfkey_stream_sent(session->stream);
    pfkey_watch_want(session->kernel_watch, 0);
    pfkey_watch_in(session->timer, session->settings->stall_us);
}

static void
kernel_ready(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    PfkeySession *session = data;
    int code;

    /* While the queue is full only a hang-up or an error can bring us here. */
    code = session->full ? -EPIPE : pfkey_raw_receive(session->kernel, MESSAGES_EACH, from_kernel, session);
    if (code < 0)
        end(session, PFKEY_LOG_ERROR, "the kernel's socket is broken");
    else if (pfkey_stream_queued(session->stream) >= session->settings->queue_max)
        leave_kernel_alone(session);
}

static void
moved(gpointer data)
{
    PfkeySession *session = data;

    if (!session->full || pfkey_stream_queued(session->stream) > session->settings->queue_max / 2)
        return;
    session->full = FALSE;
    pfkey_watch_in(session->timer, -1);
    pfkey_watch_want(session->kernel_watch, G_IO_IN);
}

/* The timer runs until the hello, and while the queue is full. */
static void
time_has_come(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    PfkeySession *session = data;

    if (session->kernel < 0)
        end(session, PFKEY_LOG_NOTICE, "no hello in time");
    else if (session->full && pfkey_stream_sent(session->stream) == session->sent_before)
        end(session, PFKEY_LOG_NOTICE, "it takes nothing, and its queue is full");
    else if (session->full)
        leave_kernel_alone(session); /* slow, but it moves */
}

/* From the client to the kernel. */

static void
to_kernel(PfkeySession *session, ObolSpan bytes)
{
    const PfkeyServerSettings *settings = session->settings;
    g_auto(PfkeyJudgement) judgement;

    pfkey_filter_judge(settings->system, settings->extra, bytes.data, bytes.n, &judgement);
    if (judgement.decision == PFKEY_CLOSE) {
        end(session, PFKEY_LOG_NOTICE, judgement.why);
        return;
    }
    if (judgement.decision == PFKEY_PASS) {
        int code = pfkey_raw_send(session->kernel, bytes.data, bytes.n);

        if (code == 0)
            return;
        judgement.why = g_strdup_printf("the kernel does not take a message: %s", g_strerror(-code));
        pfkey_filter_answer(settings->system, bytes.data, bytes.n, code, &judgement.answer);
    }
    say(session, PFKEY_LOG_DEBUG, "refused: %s", judgement.why);
    if (pfkey_stream_queued(session->stream) >= 2 * settings->queue_max)
        end(session, PFKEY_LOG_NOTICE, "it asks for more and takes no answers");
    else
        pfkey_stream_send(session->stream, PFKEY_FRAME_MESSAGE, judgement.answer.data, judgement.answer.n);
}

static void
hello(PfkeySession *session, const PfkeyFrame *frame)
{
    g_autoptr(GError) error = NULL;
    PfkeyHello heard;
    const char *why = "the first frame is no hello";

    if (frame->kind != PFKEY_FRAME_HELLO || !pfkey_hello_parse(frame->body, &heard, &why)) {
        end(session, PFKEY_LOG_NOTICE, why);
        return;
    }
    session->kernel = session->settings->open_kernel(session->settings->data, &error);
    if (session->kernel < 0) {
        end(session, PFKEY_LOG_ERROR, error->message);
        return;
    }
    pfkey_watch_in(session->timer, -1);
    session->kernel_watch = pfkey_watch_new(session->context, session->kernel, G_IO_IN, kernel_ready, session);
    pfkey_stream_send_hello(session->stream, MIN(heard.version, PFKEY_STREAM_VERSION), session->settings->system);
    say(session, PFKEY_LOG_NOTICE, "joined to the kernel");
}

static void
frame_arrived(gpointer data, const PfkeyFrame *frame)
{
    PfkeySession *session = data;

    if (session->kernel < 0 && frame->kind != PFKEY_FRAME_BYE) {
        hello(session, frame);
        return;
    }
    switch (frame->kind) {
    case PFKEY_FRAME_MESSAGE: to_kernel(session, frame->body); break;
    case PFKEY_FRAME_HELLO: end(session, PFKEY_LOG_NOTICE, "a second hello"); break;
    case PFKEY_FRAME_BYE: end(session, PFKEY_LOG_NOTICE, "the client said good bye"); break;
    }
}

static void
opened(G_GNUC_UNUSED gpointer data)
{
}

static void
closed(gpointer data, const char *why)
{
    end(data, PFKEY_LOG_NOTICE, why);
}

PfkeySession *
pfkey_session_new(GMainContext *context, const PfkeyServerSettings *settings, int fd, PfkeyTls *tls, const char *name,
                  void (*ended)(PfkeySession *session, gpointer data), gpointer data)
{
    PfkeySession *session = g_new0(PfkeySession, 1);
    const PfkeyStreamClient client = {
        .opened = opened, .frame = frame_arrived, .moved = moved, .closed = closed, .data = session,
    };

    session->context = context;
    session->settings = settings;
    session->name = g_strdup(name);
    session->kernel = -1;
    session->ended = ended;
    session->data = data;
    session->timer = pfkey_watch_new(context, -1, 0, time_has_come, session);
    pfkey_watch_in(session->timer, settings->hello_us);
    session->stream = pfkey_stream_new(context, fd, tls != NULL ? pfkey_tls_session_new(tls, fd) : NULL, &client);
    return session;
}

void
pfkey_session_free(PfkeySession *session, const char *why)
{
    if (why != NULL)
        pfkey_stream_bye(session->stream, why);
    pfkey_watch_stop(session->kernel_watch);
    pfkey_watch_stop(session->timer);
    if (session->kernel >= 0)
        close(session->kernel);
    pfkey_stream_free(session->stream);
    g_free(session->name);
    g_free(session);
}
