/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/watch.c - one file descriptor, or none, and one point in time, as a GSource. */
#include "pfkey-kernel/proxy/watch.h"

#include <glib-unix.h>

struct PfkeyWatch {
    GSource source;
    gpointer tag;
    PfkeyWatchReady ready;
    gpointer data;
};

static gboolean
dispatch(GSource *source, G_GNUC_UNUSED GSourceFunc callback, G_GNUC_UNUSED gpointer data)
{
    PfkeyWatch *watch = (PfkeyWatch *) source;
    gint64 due = g_source_get_ready_time(source);
    gboolean late = due >= 0 && due <= g_source_get_time(source);
    GIOCondition ready = watch->tag != NULL ? g_source_query_unix_fd(source, watch->tag) : 0;

    if (late)
        g_source_set_ready_time(source, -1);
    if (ready != 0)
        watch->ready(ready, watch->data);
    if (late && !g_source_is_destroyed(source))
        watch->ready(0, watch->data);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = dispatch };

PfkeyWatch *
pfkey_watch_new(GMainContext *context, int fd, GIOCondition wanted, PfkeyWatchReady ready, gpointer data)
{
    GSource *source = g_source_new(&functions, sizeof(PfkeyWatch));
    PfkeyWatch *watch = (PfkeyWatch *) source;

    watch->tag = fd >= 0 ? g_source_add_unix_fd(source, fd, wanted) : NULL;
    watch->ready = ready;
    watch->data = data;
    g_source_attach(source, context);
    return watch;
}

void
pfkey_watch_want(PfkeyWatch *watch, GIOCondition wanted)
{
    g_source_modify_unix_fd(&watch->source, watch->tag, wanted);
}

void
pfkey_watch_in(PfkeyWatch *watch, gint64 us)
{
    g_source_set_ready_time(&watch->source, us < 0 ? -1 : g_get_monotonic_time() + us);
}

gboolean
pfkey_watch_is_timed(const PfkeyWatch *watch)
{
    return g_source_get_ready_time((GSource *) &watch->source) >= 0;
}

void
pfkey_watch_stop(PfkeyWatch *watch)
{
    if (watch == NULL)
        return;
    g_source_destroy(&watch->source);
    g_source_unref(&watch->source);
}
