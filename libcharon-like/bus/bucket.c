/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/bucket.c - a token bucket. */
#include "bus/bucket.h"

gboolean
obol_bucket_take(ObolBucket *bucket, guint burst, guint per_second, gint64 now_us)
{
    gint64 price = G_USEC_PER_SEC / per_second;
    gint64 passed = MAX(now_us - bucket->last_us, 0);

    bucket->spent_us = MAX(bucket->spent_us - passed, 0);
    bucket->last_us = now_us;
    if (bucket->spent_us + price > price * (gint64) burst)
        return FALSE;
    bucket->spent_us += price;
    return TRUE;
}
