/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/reqids.h - the number that joins a child's policies to its SAs: the same for a name while the daemon runs. */
#ifndef OBOL_DISPATCHER_REQIDS_H
#define OBOL_DISPATCHER_REQIDS_H

#include "dispatcher/keyed-hash.h"
#include "model/connection.h"

/* Names are remembered when their connection is gone; above so many they are forgotten at the next reload. */
#define OBOL_REQIDS_MAX 65536
#define OBOL_ACQUIRE_HOLD_US (1 * G_USEC_PER_SEC) /* after an acquire has failed, further ones wait as long */

/* One child of one connection, and the packet that waits for it. */
typedef struct {
    char *connection, *child;
    guint32 reqid;
    gboolean configured; /* in the current set */
    gboolean locating;   /* ports.locate is at work */
    guint64 serving;     /* SPI of the IKE SA that an acquire was given to, 0: none */
    gint64 hold_us;      /* acquires are ignored before this time */
    ObolTs source, destination; /* while @locating */
} ObolReqid;

typedef struct ObolReqids ObolReqids;

ObolReqids *obol_reqids_new(void);
void obol_reqids_free(ObolReqids *reqids);
/* Numbers every child of @set: those that the admin chose as they are, the others by counting, up to @max (0: no bound) as long
 * as there are free ones; beyond it the kernel refuses them with its reason. */
void obol_reqids_configure(ObolReqids *reqids, const ObolConnectionSet *set, guint32 max);
ObolReqid *obol_reqids_find(ObolReqids *reqids, guint32 reqid); /* NULL: not ours */
/* A name that no set had is given a number as well. */
guint32 obol_reqids_of(ObolReqids *reqids, const char *connection, const char *child);

#endif
