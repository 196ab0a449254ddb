/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* knobs.h - the kernel's own settings of how packets wait for an SA; put back when we go. */
#ifndef XFRM_KNOBS_H
#define XFRM_KNOBS_H

#include <glib.h>

typedef struct Knobs Knobs;
typedef void (*KnobsLog)(gpointer data, int level, const char *text);

/* @acquire_timeout_s: how long one acquire, and one reserved SPI, lasts; @hold: packets wait meanwhile, else they are dropped. */
Knobs *knobs_new(guint32 acquire_timeout_s, gboolean hold, KnobsLog log, gpointer log_data);
void knobs_free(Knobs *knobs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Knobs, knobs_free)

#endif
