/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nested.c - a main context that another one drives. */
#include "pfkey-kernel/engine/nested.h"

#include <string.h>

#define FDS_MAX 16 /* of the inner one: two links, a timer, its own waking; more would wait for the next turn */

typedef struct {
    GSource source;
    GMainContext *inner;
    int priority;
    GPollFD fds[FDS_MAX]; /* polled by the outer context */
    int n;
} Nested;

static void
poll_for(Nested *nested, const GPollFD *fds, int n)
{
    gboolean same = n == nested->n;

    for (int i = 0; i < n && same; i++)
        same = fds[i].fd == nested->fds[i].fd && fds[i].events == nested->fds[i].events;
    if (same)
        return;
    for (int i = 0; i < nested->n; i++)
        g_source_remove_poll(&nested->source, &nested->fds[i]);
    memcpy(nested->fds, fds, (gsize) n * sizeof *fds);
    nested->n = n;
    for (int i = 0; i < n; i++)
        g_source_add_poll(&nested->source, &nested->fds[i]);
}

/* Never ready by itself: check() must be asked, or the inner context would not know what to dispatch.  A time-out of 0 asks at once. */
static gboolean
prepare(GSource *source, gint *timeout)
{
    Nested *nested = (Nested *) source;
    GPollFD fds[FDS_MAX];
    int n;

    g_main_context_prepare(nested->inner, &nested->priority);
    n = g_main_context_query(nested->inner, nested->priority, timeout, fds, FDS_MAX);
    poll_for(nested, fds, MIN(n, FDS_MAX));
    return FALSE;
}

static gboolean
check(GSource *source)
{
    Nested *nested = (Nested *) source;

    return g_main_context_check(nested->inner, nested->priority, nested->fds, nested->n);
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void) callback;
    (void) data;
    g_main_context_dispatch(((Nested *) source)->inner);
    return G_SOURCE_CONTINUE;
}

static void
finalize(GSource *source)
{
    Nested *nested = (Nested *) source;

    g_main_context_release(nested->inner);
    g_main_context_unref(nested->inner);
}

static GSourceFuncs functions = { .prepare = prepare, .check = check, .dispatch = dispatch, .finalize = finalize };

GSource *
pfkey_nested_new(GMainContext *inner)
{
    GSource *source = g_source_new(&functions, sizeof(Nested));

    g_main_context_acquire(inner);
    ((Nested *) source)->inner = g_main_context_ref(inner);
    return source;
}
