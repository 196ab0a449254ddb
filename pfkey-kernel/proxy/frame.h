/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/frame.h - what travels between obol-pfkey-proxy and its clients.
 *
 * A stream of frames, each way:
 *
 *      0               4       6       8
 *     +---------------+-------+-------+----------------------+
 *     | length of body| kind  |   0   | body ...             |    numbers in network order
 *     +---------------+-------+-------+----------------------+
 *
 *     HELLO    the first frame each way, the client's first: "obol-pfk", version (u8), byte order (u8: 1 little, 2 big endian),
 *              system (u8: PfkeySystem.id; of a client 0), 0 (u8).  More bytes may follow in later versions and are ignored.
 *              A client says the highest version that it speaks, the proxy answers with the one that both will.  A client whose byte
 *              order is another than the proxy's leaves: PF_KEY's numbers are in the order of the machine that has the kernel
 *     MESSAGE  one PF_KEY message, as the kernel takes and gives it
 *     BYE      why the sender closes the stream: UTF-8 text, for a log; nothing follows
 *
 * Each stream has a kernel socket of its own, opened after the client's HELLO and closed with the stream: sequence numbers,
 * registrations, dumps and events of clients do not mix. */
#ifndef PFKEY_PROXY_FRAME_H
#define PFKEY_PROXY_FRAME_H

#include "pfkey-kernel/wire/buffer.h"
#include "pfkey-kernel/wire/system.h"

#define PFKEY_FRAME_HEADER 8
#define PFKEY_FRAME_BODY_MAX (128 * 1024)
#define PFKEY_STREAM_VERSION 1
#define PFKEY_BYE_MAX 512

typedef enum { PFKEY_FRAME_HELLO = 1, PFKEY_FRAME_MESSAGE = 2, PFKEY_FRAME_BYE = 3 } PfkeyFrameKind;

typedef struct {
    PfkeyFrameKind kind;
    ObolSpan body; /* borrowed */
} PfkeyFrame;

typedef struct {
    guint8 version;
    const PfkeySystem *system; /* %NULL: a client's */
} PfkeyHello;

typedef enum {
    PFKEY_FRAME_WHOLE,
    PFKEY_FRAME_PARTIAL, /* more bytes are needed */
    PFKEY_FRAME_BROKEN,
} PfkeyFrameState;

/* The frame at the start of the bytes.  @why: (out): static string, set when it is broken. */
PfkeyFrameState pfkey_frame_parse(const guint8 *data, gsize n, PfkeyFrame *out, const char **why);
void pfkey_frame_put(PfkeyBuffer *out, PfkeyFrameKind kind, const guint8 *body, gsize n);

/* @system: %NULL from a client. */
void pfkey_hello_put(PfkeyBuffer *out, guint8 version, const PfkeySystem *system);
/* %FALSE: not one of ours, or not one that we can talk with (@why: static string). */
gboolean pfkey_hello_parse(ObolSpan body, PfkeyHello *out, const char **why);

/* (transfer full): the text of a BYE, fit for a log whatever was sent. */
char *pfkey_bye_text(ObolSpan body);

#endif
