/* bus/bucket.h - a token bucket: how often something that strangers can cause may happen. */
#ifndef OBOL_BUS_BUCKET_H
#define OBOL_BUS_BUCKET_H

#include <glib.h>

/* Starts full: zero is a good initial value. */
typedef struct {
    gint64 spent_us; /* time's worth of tokens that are gone */
    gint64 last_us;
} ObolBucket;

/* Takes a token at @now_us; FALSE when there is none.  Holds @burst at most, gains @per_second. */
gboolean obol_bucket_take(ObolBucket *bucket, guint burst, guint per_second, gint64 now_us);

#endif
