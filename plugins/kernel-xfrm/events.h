/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.h - the socket for what the kernel says unasked: acquires, expiries, mappings, and what others do to SAs and policies. */
#ifndef XFRM_EVENTS_H
#define XFRM_EVENTS_H

#include "decode.h"

typedef struct Events Events;

typedef struct {
    void (*told)(const XfrmMessage *message, gpointer data);
    void (*lost)(gpointer data); /* the socket overflowed: the kernel has said more than we know */
    void (*broken)(const char *what, gpointer data); /* a message that is not what it claims; or the socket itself */
    gpointer data;
} EventsCalls;

/* @buffer: bytes that may wait in the socket.  Reads on @context. */
Events *events_new(GMainContext *context, guint32 buffer, const EventsCalls *calls, GError **error);
void events_free(Events *events);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Events, events_free)

#endif
