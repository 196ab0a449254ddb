/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acquire.h - policies whose packets wait for an SA: one request a policy, a few packets kept. */
#ifndef USERSPACE_ACQUIRE_H
#define USERSPACE_ACQUIRE_H

#include "heap.h"
#include "spd.h"

#define ACQUIRES_MAX 1024        /* policies that wait at the same time */
#define ACQUIRE_PACKETS_MAX 4    /* kept for each */
#define ACQUIRE_BYTES_MAX (16 * 1024 * 1024) /* kept for all of them */

typedef struct {
    guint8 *data;
    gsize n;
} HeldPacket;

typedef struct Acquires Acquires;

typedef struct {
    Deadline deadline;
    Acquires *acquires;
    const Policy *policy;
    guint32 reqid;
    Flow flow; /* of the packet that asked */
    HeldPacket held[ACQUIRE_PACKETS_MAX];
    guint n_held;
} Acquire;

struct Acquires {
    Heap *heap;
    gint64 timeout_us;
    GHashTable *waiting; /* const Policy -> Acquire */
    gsize n_bytes;       /* held */
};

typedef enum {
    ACQUIRE_ASK,  /* the first packet: somebody must be told; the packet is kept if there is room */
    ACQUIRE_KEPT, /* told already; the packet is kept */
    ACQUIRE_FULL, /* not kept */
} AcquireVerdict;

void acquires_init(Acquires *acquires, Heap *heap, gint64 timeout_us);
void acquires_clear(Acquires *acquires);

/* Copies @data when it is kept. */
AcquireVerdict acquires_add(Acquires *acquires, const Policy *policy, const Flow *flow, const guint8 *data, gsize n,
                            gint64 now_us);

/* The policy goes: so does its request. */
void acquires_forget(Acquires *acquires, const Policy *policy);

/* (transfer full): takes out the requests that @answered says yes to; of #Acquire, freed by the array. */
GPtrArray *acquires_take(Acquires *acquires, gboolean (*answered)(gpointer data, const Acquire *acquire), gpointer data);

#endif
