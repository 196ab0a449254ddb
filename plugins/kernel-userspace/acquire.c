/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acquire.c - policies whose packets wait for an SA: one request a policy, a few packets kept. */
#include "acquire.h"

static void
acquire_free(gpointer data)
{
    Acquire *acquire = data;

    heap_remove(acquire->acquires->heap, &acquire->deadline);
    for (guint i = 0; i < acquire->n_held; i++) {
        acquire->acquires->n_bytes -= acquire->held[i].n;
        g_free(acquire->held[i].data);
    }
    g_free(acquire);
}

/* Nobody answered: the next packet may ask again. */
static void
expire(Deadline *deadline, gpointer data, gint64 now_us)
{
    Acquire *acquire = (Acquire *) deadline; /* its first member */

    (void) data;
    (void) now_us;
    g_hash_table_remove(acquire->acquires->waiting, acquire->policy);
}

void
acquires_init(Acquires *acquires, Heap *heap, gint64 timeout_us)
{
    *acquires = (Acquires) {
        .heap = heap, .timeout_us = timeout_us, .waiting = g_hash_table_new_full(NULL, NULL, NULL, acquire_free),
    };
}

void
acquires_clear(Acquires *acquires)
{
    g_clear_pointer(&acquires->waiting, g_hash_table_unref);
}

AcquireVerdict
acquires_add(Acquires *acquires, const Policy *policy, const Flow *flow, const guint8 *data, gsize n, gint64 now_us)
{
    Acquire *acquire = g_hash_table_lookup(acquires->waiting, policy);
    AcquireVerdict verdict = ACQUIRE_KEPT;

    if (acquire == NULL) {
        if (g_hash_table_size(acquires->waiting) >= ACQUIRES_MAX)
            return ACQUIRE_FULL;
        acquire = g_new0(Acquire, 1);
        acquire->deadline.due = expire;
        acquire->acquires = acquires;
        acquire->policy = policy;
        acquire->reqid = policy->spec.reqid;
        acquire->flow = *flow;
        g_hash_table_insert(acquires->waiting, (gpointer) policy, acquire);
        heap_set(acquires->heap, &acquire->deadline, now_us + acquires->timeout_us);
        verdict = ACQUIRE_ASK;
    }
    if (acquire->n_held == ACQUIRE_PACKETS_MAX || n > ACQUIRE_BYTES_MAX - acquires->n_bytes)
        return verdict == ACQUIRE_ASK ? ACQUIRE_ASK : ACQUIRE_FULL; /* the question comes first */
    acquires->n_bytes += n;
    acquire->held[acquire->n_held++] = (HeldPacket) { g_memdup2(data, n), n };
    return verdict;
}

void
acquires_forget(Acquires *acquires, const Policy *policy)
{
    g_hash_table_remove(acquires->waiting, policy);
}

GPtrArray *
acquires_take(Acquires *acquires, gboolean (*answered)(gpointer data, const Acquire *acquire), gpointer data)
{
    GPtrArray *taken = g_ptr_array_new_with_free_func(acquire_free);
    GHashTableIter iter;
    gpointer acquire;

    g_hash_table_iter_init(&iter, acquires->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &acquire)) {
        if (!answered(data, acquire))
            continue;
        heap_remove(acquires->heap, &((Acquire *) acquire)->deadline);
        g_hash_table_iter_steal(&iter);
        g_ptr_array_add(taken, acquire);
    }
    return taken;
}
