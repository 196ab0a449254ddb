/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.h - text for a terminal: nothing that a peer wrote may steer it. */
#ifndef OBOLCTL_TEXT_H
#define OBOLCTL_TEXT_H

#include "ctl.h"

typedef enum { CTL_PLAIN, CTL_GOOD, CTL_BAD, CTL_WARN, CTL_DIM, CTL_BOLD } CtlInk;

/* (transfer full): control characters and what is no UTF-8 as \xNN. */
char *ctl_clean(const char *text);

/* Writes cleaned text to stdout, coloured where that is wanted. */
void ctl_put(const Ctl *ctl, CtlInk ink, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Value of @key in @section, "" when it is not there.  Borrowed, not clean. */
const char *ctl_value(const ObolNode *section, const char *key);
gboolean ctl_has(const ObolNode *section, const char *key);
gint64 ctl_number(const ObolNode *section, const char *key);

/* (transfer full): "12s", "3m 20s", "2h 5m", "4d 1h"; a negative time says that it is overdue. */
char *ctl_duration(gint64 seconds);
/* (transfer full): "840 bytes", "104857600 bytes (100.0 MiB)": exact for those who compare, and readable. */
char *ctl_bytes(const ObolNode *section, const char *key);
/* (transfer full): the list's items with a blank between them; @none when it is empty. */
char *ctl_joined(const ObolNode *section, const char *key, const char *none);
/* (transfer full): "14:02:11.123" of CLOCK_REALTIME microseconds. */
char *ctl_clock(gint64 real_us);

#endif
