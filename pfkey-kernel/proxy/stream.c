/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/stream.c - frames over a connected stream socket, with or without TLS. */
#include "pfkey-kernel/proxy/stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/watch.h"

#define READ_N 16384
#define READS_MAX 16 /* before others have their turn */
#define COMPACT_N 65536

struct PfkeyStream {
    guint refs; /* the owner's, and one for each call that is under way */
    int fd;
    PfkeyWatch *watch;
    PfkeyTlsSession *tls;
    gboolean open;   /* handshake done */
    gboolean closed; /* no callback any more */
    PfkeyBuffer in, out;
    gsize out_at; /* what of @out has left */
    guint64 sent;
    PfkeyStreamClient client;
};

static void
unref(PfkeyStream *stream)
{
    if (--stream->refs > 0)
        return;
    pfkey_tls_session_free(stream->tls);
    close(stream->fd);
    pfkey_buffer_clear(&stream->in);
    pfkey_buffer_clear(&stream->out);
    g_free(stream);
}

static void
silence(PfkeyStream *stream)
{
    stream->closed = TRUE;
    pfkey_watch_stop(stream->watch);
    stream->watch = NULL;
}

static void
fail(PfkeyStream *stream, const char *why)
{
    if (stream->closed)
        return;
    silence(stream);
    stream->client.closed(stream->client.data, why);
}

static const char *
why_of(const PfkeyStream *stream, int code)
{
    const char *why = stream->tls != NULL ? pfkey_tls_session_why(stream->tls) : NULL;

    return why != NULL ? why : g_strerror(-code);
}

static void
want(PfkeyStream *stream)
{
    gboolean handshake_write = !stream->open && stream->tls != NULL && pfkey_tls_session_wants_write(stream->tls);
    gboolean write = stream->open ? stream->out_at < stream->out.n : handshake_write;

    if (!stream->closed)
        pfkey_watch_want(stream->watch, G_IO_IN | (write ? G_IO_OUT : 0));
}

static gssize
write_some(PfkeyStream *stream, const guint8 *bytes, gsize n)
{
    gssize sent;

    if (stream->tls != NULL)
        return pfkey_tls_session_write(stream->tls, bytes, n);
    sent = send(stream->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent >= 0 ? sent : -errno;
}

/* What the other end takes now.  0, or negative errno. */
static int
flush(PfkeyStream *stream)
{
    while (stream->out_at < stream->out.n) {
        gssize n = write_some(stream, stream->out.data + stream->out_at, stream->out.n - stream->out_at);

        if (n == -EAGAIN || n == -EINTR)
            break;
        if (n < 0)
            return (int) n;
        stream->out_at += (gsize) n;
        stream->sent += (gsize) n;
    }
    if (stream->out_at == stream->out.n || stream->out_at > COMPACT_N) {
        pfkey_buffer_drop(&stream->out, stream->out_at);
        stream->out_at = 0;
    }
    return 0;
}

static void
write_ready(PfkeyStream *stream)
{
    guint64 before = stream->sent;
    int code = flush(stream);

    if (code < 0) {
        fail(stream, why_of(stream, code));
        return;
    }
    want(stream);
    if (stream->sent != before && stream->client.moved != NULL)
        stream->client.moved(stream->client.data);
}

/* All whole frames that have arrived. */
static void
deliver(PfkeyStream *stream)
{
    gsize at = 0;

    while (!stream->closed) {
        PfkeyFrame frame;
        const char *why;
        PfkeyFrameState state = pfkey_frame_parse(stream->in.data + at, stream->in.n - at, &frame, &why);

        if (state == PFKEY_FRAME_BROKEN) {
            pfkey_stream_bye(stream, why);
            fail(stream, why);
        }
        if (state != PFKEY_FRAME_WHOLE)
            break;
        at += PFKEY_FRAME_HEADER + frame.body.n;
        stream->client.frame(stream->client.data, &frame);
    }
    pfkey_buffer_drop(&stream->in, at);
}

static gssize
read_some(PfkeyStream *stream)
{
    gsize had = stream->in.n;
    guint8 *room = pfkey_buffer_grow(&stream->in, READ_N);
    gssize n;

    if (stream->tls != NULL) {
        n = pfkey_tls_session_read(stream->tls, room, READ_N);
    } else {
        n = recv(stream->fd, room, READ_N, MSG_DONTWAIT);
        n = n >= 0 ? n : -errno;
    }
    pfkey_buffer_truncate(&stream->in, had + (gsize) MAX(n, 0));
    return n;
}

static void
read_ready(PfkeyStream *stream)
{
    for (guint i = 0; i < READS_MAX && !stream->closed; i++) {
        gssize n = read_some(stream);

        if (n == -EAGAIN || n == -EINTR)
            return;
        if (n > 0)
            deliver(stream);
        else
            fail(stream, n < 0 ? why_of(stream, (int) n) : stream->in.n > 0 ? "the other end left within a frame"
                                                                            : "the other end closed the stream");
    }
    if (!stream->closed)
        pfkey_watch_in(stream->watch, 0); /* TLS may have more that poll() does not see */
}

static void
opened(PfkeyStream *stream)
{
    stream->open = TRUE;
    want(stream);
    stream->client.opened(stream->client.data);
}

static void
shake_hands(PfkeyStream *stream)
{
    int code = stream->tls != NULL ? pfkey_tls_session_handshake(stream->tls) : 1;

    if (code == -EAGAIN)
        want(stream);
    else if (code < 0)
        fail(stream, why_of(stream, code));
    else
        opened(stream);
}

static void
ready(GIOCondition condition, gpointer data)
{
    PfkeyStream *stream = data;

    stream->refs++;
    if (!stream->open)
        shake_hands(stream);
    else if ((condition & G_IO_OUT) != 0)
        write_ready(stream);
    if (stream->open && !stream->closed && (condition == 0 || (condition & ~(guint) G_IO_OUT) != 0))
        read_ready(stream);
    unref(stream);
}

PfkeyStream *
pfkey_stream_new(GMainContext *context, int fd, PfkeyTlsSession *tls, const PfkeyStreamClient *client)
{
    PfkeyStream *stream = g_new0(PfkeyStream, 1);

    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    stream->refs = 1;
    stream->fd = fd;
    stream->tls = tls;
    stream->client = *client;
    stream->watch = pfkey_watch_new(context, fd, G_IO_IN, ready, stream);
    pfkey_watch_in(stream->watch, 0); /* the handshake begins, or the end of a connection without any is told, from the loop */
    return stream;
}

void
pfkey_stream_free(PfkeyStream *stream)
{
    if (stream == NULL)
        return;
    if (!stream->closed)
        silence(stream);
    if (stream->tls != NULL && stream->open)
        pfkey_tls_session_end(stream->tls);
    shutdown(stream->fd, SHUT_RDWR);
    unref(stream);
}

void
pfkey_stream_send(PfkeyStream *stream, PfkeyFrameKind kind, const guint8 *body, gsize n)
{
    if (stream->closed)
        return;
    pfkey_frame_put(&stream->out, kind, body, n);
    if (stream->open && stream->out_at + PFKEY_FRAME_HEADER + n == stream->out.n)
        flush(stream); /* nothing waited: most frames leave here; an error is found again by poll() */
    want(stream);
}

void
pfkey_stream_send_hello(PfkeyStream *stream, guint8 version, const PfkeySystem *system)
{
    g_auto(PfkeyBuffer) hello = PFKEY_BUFFER_INIT;

    pfkey_hello_put(&hello, version, system);
    pfkey_stream_send(stream, PFKEY_FRAME_HELLO, hello.data + PFKEY_FRAME_HEADER, hello.n - PFKEY_FRAME_HEADER);
}

void
pfkey_stream_bye(PfkeyStream *stream, const char *why)
{
    if (stream->closed || !stream->open)
        return;
    pfkey_frame_put(&stream->out, PFKEY_FRAME_BYE, (const guint8 *) why, MIN(strlen(why), PFKEY_BYE_MAX));
    flush(stream);
}

gsize
pfkey_stream_queued(const PfkeyStream *stream)
{
    return stream->out.n - stream->out_at;
}

guint64
pfkey_stream_sent(const PfkeyStream *stream)
{
    return stream->sent;
}

int
pfkey_stream_fd(const PfkeyStream *stream)
{
    return stream->fd;
}
