/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/sockets.h - two processes that shake hands over UDP on the loopback device. */
#ifndef OBOL_BENCH_SOCKETS_H
#define OBOL_BENCH_SOCKETS_H

#include "meter.h"

/* What one side reports, of all but the first handshakes, which warm up. */
typedef struct {
    guint n;
    gint64 wall_ns, cpu_ns; /* CPU: of the whole process, system time included */
    gint64 user_ns;
    BenchMeter meter;       /* all zero without metering */
    gint64 rss_bytes, heap_bytes; /* grown by so much */
    guint n_failed;
} BenchReport;

/* Called in each process, so that each has randomness of its own. */
typedef ObolCrypto *(*BenchMakeCrypto)(void);

/* %FALSE when a process or socket could not be had, or a handshake failed. */
gboolean bench_sockets_run(guint count, gboolean metered, BenchMakeCrypto make, BenchReport *initiator,
                           BenchReport *responder);

#endif
