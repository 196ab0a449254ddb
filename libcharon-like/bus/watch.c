/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/watch.c - who listens, and telling them.  A watcher may come or go, itself or another, while one is being told. */
#include "bus/internal.h"

#include <string.h>

/* Failures that no SA stands behind are what strangers can cause at will. */
#define FAILURES_BURST 100
#define FAILURES_PER_SECOND 20

guint
obol_bus_add_watcher(ObolBus *bus, const ObolListenerVtable *calls, gpointer self)
{
    Watcher watcher = { .handle = ++bus->last_handle, .self = self };

    memcpy(&watcher.calls, calls, MIN(calls->size, sizeof watcher.calls));
    g_array_append_val(bus->watchers, watcher);
    return watcher.handle;
}

guint
obol_bus_watch(ObolBus *bus, const ObolListenerVtable *calls, gpointer self)
{
    return obol_bus_add_watcher(bus, calls, self);
}

/* Removes those that went while a walk was under way. */
static void
sweep(ObolBus *bus)
{
    if (bus->walks > 0)
        return;
    for (guint i = bus->watchers->len; i > 0; i--)
        if (g_array_index(bus->watchers, Watcher, i - 1).handle == 0)
            g_array_remove_index(bus->watchers, i - 1);
}

void
obol_bus_unwatch(ObolBus *bus, guint handle)
{
    for (guint i = 0; handle != 0 && i < bus->watchers->len; i++)
        if (g_array_index(bus->watchers, Watcher, i).handle == handle)
            g_array_index(bus->watchers, Watcher, i).handle = 0;
    sweep(bus);
}

void
obol_bus_remove_watchers_of(ObolBus *bus, gpointer self)
{
    for (guint i = 0; i < bus->watchers->len; i++)
        if (g_array_index(bus->watchers, Watcher, i).self == self)
            g_array_index(bus->watchers, Watcher, i).handle = 0;
    sweep(bus);
}

/* Walks over those who listened when the walk began.  The array may move while a slot is called, so @watcher is a copy. */
#define TELL(bus, slot, ...)                                                                \
    do {                                                                                    \
        guint n_watchers = (bus)->watchers->len;                                            \
                                                                                            \
        (bus)->walks++;                                                                     \
        for (guint at = 0; at < n_watchers; at++) {                                         \
            Watcher watcher = g_array_index((bus)->watchers, Watcher, at);                  \
                                                                                            \
            if (watcher.handle != 0 && watcher.calls.slot != NULL)                          \
                watcher.calls.slot(watcher.self, __VA_ARGS__);                              \
        }                                                                                   \
        (bus)->walks--;                                                                     \
        sweep(bus);                                                                         \
    } while (0)

void
obol_bus_tell_ike_state(ObolBus *bus, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason)
{
    TELL(bus, ike_state, sa, from, reason);
}

void
obol_bus_tell_ike_rekeyed(ObolBus *bus, const ObolIkeInfo *old, const ObolIkeInfo *successor)
{
    TELL(bus, ike_rekeyed, old, successor);
}

void
obol_bus_tell_ike_moved(ObolBus *bus, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote)
{
    TELL(bus, ike_moved, sa, old_local, old_remote);
}

void
obol_bus_tell_child_state(ObolBus *bus, const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
                          const ObolReason *reason)
{
    TELL(bus, child_state, sa, child, from, reason);
}

void
obol_bus_tell_message(ObolBus *bus, const ObolMessageEvent *message)
{
    TELL(bus, message, message);
}

void
obol_bus_tell_failure(ObolBus *bus, const ObolIkeInfo *sa, const ObolReason *reason)
{
    if (sa == NULL && !obol_bucket_take(&bus->failures, FAILURES_BURST, FAILURES_PER_SECOND, obol_bus_now_us(bus)))
        return;
    TELL(bus, failure, sa, reason);
}

void
obol_bus_pass_line(ObolBus *bus, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    /* A watcher that logs while it is told of a line would be told of that one too, and so on. */
    if (bus->telling_log)
        return;
    bus->telling_log = TRUE;
    TELL(bus, log, group, level, sa, text);
    bus->telling_log = FALSE;
}

gboolean
obol_bus_anybody_wants_messages(ObolBus *bus)
{
    for (guint i = 0; i < bus->watchers->len; i++)
        if (g_array_index(bus->watchers, Watcher, i).handle != 0 && g_array_index(bus->watchers, Watcher, i).calls.message)
            return TRUE;
    return FALSE;
}

gboolean
obol_bus_anybody_wants_lines(ObolBus *bus)
{
    for (guint i = 0; i < bus->watchers->len; i++)
        if (g_array_index(bus->watchers, Watcher, i).handle != 0 && g_array_index(bus->watchers, Watcher, i).calls.log)
            return TRUE;
    return FALSE;
}
