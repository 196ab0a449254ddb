/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/meter.h - where the CPU time of a handshake goes: crypto vtables that look at the clock. */
#ifndef OBOL_BENCH_METER_H
#define OBOL_BENCH_METER_H

#include <obol/crypto.h>

/* Of one side; the one that is at work is told to bench_meter_use(). */
typedef struct {
    gint64 public_key_ns, crypto_ns; /* inside the tables, clock reading still in */
    guint64 n_public_key, n_crypto;  /* calls */
} BenchMeter;

/* A registry with the same algorithms, of those that the benchmark needs, each call of which is timed.  @real is
 * borrowed for as long.  One at a time in a process. */
ObolCrypto *bench_meter_wrap(const ObolCrypto *real);
void bench_meter_use(BenchMeter *meter);

gint64 bench_cpu_ns(void); /* of this thread */

/* What reading the clock twice costs: in all, and as much of it as falls between the two readings. */
void bench_meter_calibrate(double *whole_ns, double *inner_ns);

#endif
