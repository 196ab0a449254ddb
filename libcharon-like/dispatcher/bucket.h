/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/bucket.h - a token bucket: what strangers can make us say is bounded by time, not by their zeal. */
#ifndef OBOL_DISPATCHER_BUCKET_H
#define OBOL_DISPATCHER_BUCKET_H

#include <glib.h>

typedef struct {
    guint per_second;   /* refilled so fast, and holds one second's worth */
    gint64 filled_us;   /* when @level was true */
    gint64 level;       /* millionths of a token */
    guint64 n_refused;  /* since the last time it gave */
} ObolBucket;

static inline void
obol_bucket_init(ObolBucket *bucket, guint per_second)
{
    *bucket = (ObolBucket) { .per_second = per_second, .level = (gint64) per_second * G_USEC_PER_SEC };
}

static inline gboolean
obol_bucket_take(ObolBucket *bucket, gint64 now_us)
{
    gint64 full = (gint64) bucket->per_second * G_USEC_PER_SEC;
    gint64 passed = CLAMP(now_us - bucket->filled_us, 0, G_USEC_PER_SEC);

    bucket->level = MIN(full, bucket->level + passed * bucket->per_second);
    bucket->filled_us = now_us;
    if (bucket->level < G_USEC_PER_SEC) {
        bucket->n_refused++;
        return FALSE;
    }
    bucket->level -= G_USEC_PER_SEC;
    bucket->n_refused = 0;
    return TRUE;
}

#endif
