/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/watch.h - one file descriptor, or none, and one point in time, as a GSource. */
#ifndef PFKEY_PROXY_WATCH_H
#define PFKEY_PROXY_WATCH_H

#include <glib.h>

typedef struct PfkeyWatch PfkeyWatch;

/* @ready: what the descriptor is ready for; 0: the time has come.  May stop the watch. */
typedef void (*PfkeyWatchReady)(GIOCondition ready, gpointer data);

/* @fd: -1 for a timer alone; not owned. */
PfkeyWatch *pfkey_watch_new(GMainContext *context, int fd, GIOCondition wanted, PfkeyWatchReady ready, gpointer data);
void pfkey_watch_want(PfkeyWatch *watch, GIOCondition wanted); /* hang-ups and errors are always told */
void pfkey_watch_in(PfkeyWatch *watch, gint64 us);             /* from now on, once; negative: never */
gboolean pfkey_watch_is_timed(const PfkeyWatch *watch);
void pfkey_watch_stop(PfkeyWatch *watch);                      /* @ready is not called any more.  Accepts %NULL */

#endif
