/* obol/prefix.h - ranges of addresses as prefixes: what kernels and routing tables know. */
#ifndef OBOL_PREFIX_H
#define OBOL_PREFIX_H

#include <obol/ts.h>

G_BEGIN_DECLS

/**
 * ObolPrefix:
 * @bytes: network order; what is not fixed is zero
 * @bits: how many are fixed, from the first on
 *
 * A value.
 */
typedef struct {
    guint8 bytes[16];
    guint8 bits;
} ObolPrefix;

/* Prefixes of the worst range of IPv6; of IPv4 it has 62. */
#define OBOL_PREFIXES_MAX 254

/**
 * obol_range_prefixes:
 * @first, @last: both inclusive, network order, @n_bytes each; addresses, but ports just as well
 * @n_bytes: 1 to 16
 * @out: (array length=max): room for them
 *
 * The fewest prefixes that are the range together, in ascending order.  No memory, no state.
 *
 * Returns: how many; 0 when the range ends before it begins, or when it takes more than @max.
 */
OBOL_API guint obol_range_prefixes(const guint8 *first, const guint8 *last, gsize n_bytes, ObolPrefix *out, guint max);

/* The same for the addresses of @ts; 0 also when it is "dynamic". */
OBOL_API guint obol_ts_prefixes(const ObolTs *ts, ObolPrefix *out, guint max);

/* The way back: the selector of all addresses of @family (AF_INET or AF_INET6) that begin with the first @n_bits of @bytes (the
 * address's size; n_bits beyond it mean all of it), any protocol, any port. */
OBOL_API void obol_ts_from_prefix(guint16 family, const guint8 *bytes, guint n_bits, ObolTs *out);

G_END_DECLS
#endif
