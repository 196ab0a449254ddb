/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.h - one file descriptor as a GSource whose conditions can be changed. */
#ifndef VICI_IO_H
#define VICI_IO_H

#include <glib.h>

typedef struct ViciIo ViciIo;

/* @ready: what the descriptor is ready for; 0 when a pause is over.  May stop @io. */
typedef void (*ViciIoReady)(GIOCondition ready, gpointer data);

ViciIo *vici_io_new(GMainContext *context, int fd, GIOCondition wanted, ViciIoReady ready, gpointer data);
/* Hang-ups and errors are always told. */
void vici_io_want(ViciIo *io, GIOCondition wanted);
/* Wants nothing for @us microseconds; then calls @ready with 0. */
void vici_io_pause(ViciIo *io, gint64 us);
/* @ready is not called any more, not even from within the call that is under way.  Accepts %NULL. */
void vici_io_stop(ViciIo *io);

#endif
