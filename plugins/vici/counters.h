/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* counters.h - IKE messages counted by exchange, direction and connection, for `get-counters`. */
#ifndef VICI_COUNTERS_H
#define VICI_COUNTERS_H

#include <obol/listener.h>

#include "codec.h"

typedef struct ViciCounters ViciCounters;

ViciCounters *vici_counters_new(void);
void vici_counters_free(ViciCounters *counters);
void vici_counters_count(ViciCounters *counters, const ObolMessageEvent *message);

/* The members of `counters`: @name's section; all sections when @all; the global one, named "", otherwise. */
void vici_counters_put(const ViciCounters *counters, ObolViciWriter *writer, const char *name, gboolean all);
/* Back to zero: one (@name), all, or the global ones. */
void vici_counters_reset(ViciCounters *counters, const char *name, gboolean all);

#endif
