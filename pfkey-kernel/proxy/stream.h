/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/stream.h - frames over a connected stream socket, with or without TLS; both ends use it. */
#ifndef PFKEY_PROXY_STREAM_H
#define PFKEY_PROXY_STREAM_H

#include "pfkey-kernel/proxy/frame.h"
#include "pfkey-kernel/proxy/tls.h"

typedef struct PfkeyStream PfkeyStream;

/* Any callback may free the stream. */
typedef struct {
    void (*opened)(gpointer data);                             /* frames may go; the other end has proved itself, where TLS is */
    void (*frame)(gpointer data, const PfkeyFrame *frame);     /* borrowed for the call, wiped after it */
    void (*moved)(gpointer data);                              /* optional: some of what waited has left */
    void (*closed)(gpointer data, const char *why);            /* once, and nothing after it */
    gpointer data;
} PfkeyStreamClient;

/* @fd: owned, made non-blocking; @tls: %NULL without, else (transfer full).  Callbacks run on @context. */
PfkeyStream *pfkey_stream_new(GMainContext *context, int fd, PfkeyTlsSession *tls, const PfkeyStreamClient *client);
void pfkey_stream_free(PfkeyStream *stream); /* accepts %NULL */

/* Copied; it leaves when the other end takes it.  How much may wait is for the caller to say. */
void pfkey_stream_send(PfkeyStream *stream, PfkeyFrameKind kind, const guint8 *body, gsize n);
void pfkey_stream_send_hello(PfkeyStream *stream, guint8 version, const PfkeySystem *system);
/* Says why, if the other end takes it at once; then the stream is to be freed. */
void pfkey_stream_bye(PfkeyStream *stream, const char *why);
gsize pfkey_stream_queued(const PfkeyStream *stream);
guint64 pfkey_stream_sent(const PfkeyStream *stream); /* bytes that have left since it was opened */
int pfkey_stream_fd(const PfkeyStream *stream);

#endif
