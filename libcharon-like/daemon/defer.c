/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/defer.c - things to do at the loop's next turn, or later; all are forgotten when the daemon ends. */
#include "daemon/daemon-private.h"

typedef struct {
    ObolDaemon *daemon;
    GSource *source;
    DaemonTodo todo;
    gpointer data;
    GDestroyNotify forget;
} Deferred;

static gboolean
deferred_call(gpointer data)
{
    Deferred *deferred = data;

    /* Out of the list first: what is called may end the daemon, or cancel what it finds there. */
    g_hash_table_remove(deferred->daemon->deferred, deferred->source);
    deferred->todo(deferred->daemon, deferred->data);
    return G_SOURCE_REMOVE;
}

static void
deferred_free(gpointer data)
{
    Deferred *deferred = data;

    if (deferred->forget != NULL)
        deferred->forget(deferred->data);
    g_free(deferred);
}

GSource *
daemon_after(ObolDaemon *daemon, gint64 delay_us, DaemonTodo todo, gpointer data, GDestroyNotify forget)
{
    Deferred *deferred = g_new(Deferred, 1);
    guint delay_ms = (guint) CLAMP(delay_us / 1000 + 1, 1, G_MAXINT);
    GSource *source = delay_us <= 0 ? g_idle_source_new() : g_timeout_source_new(delay_ms);

    *deferred = (Deferred) { .daemon = daemon, .source = source, .todo = todo, .data = data, .forget = forget };
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, deferred_call, deferred, deferred_free);
    g_hash_table_add(daemon->deferred, source);
    g_source_attach(source, daemon->context);
    g_source_unref(source); /* the context's */
    return source;
}

void
daemon_cancel(ObolDaemon *daemon, GSource *source)
{
    if (source == NULL || !g_hash_table_remove(daemon->deferred, source))
        return;
    g_source_destroy(source);
}
