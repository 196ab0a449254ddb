/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.c - one file descriptor as a GSource whose conditions can be changed. */
#include "io.h"

#include <glib-unix.h>

struct ViciIo {
    GSource source;
    gpointer tag;
    ViciIoReady ready;
    gpointer data;
};

static gboolean
dispatch(GSource *source, G_GNUC_UNUSED GSourceFunc callback, G_GNUC_UNUSED gpointer data)
{
    ViciIo *io = (ViciIo *) source;

    g_source_set_ready_time(source, -1);
    io->ready(g_source_query_unix_fd(source, io->tag), io->data);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = dispatch };

ViciIo *
vici_io_new(GMainContext *context, int fd, GIOCondition wanted, ViciIoReady ready, gpointer data)
{
    GSource *source = g_source_new(&functions, sizeof(ViciIo));
    ViciIo *io = (ViciIo *) source;

    io->tag = g_source_add_unix_fd(source, fd, wanted);
    io->ready = ready;
    io->data = data;
    g_source_attach(source, context);
    return io;
}

void
vici_io_want(ViciIo *io, GIOCondition wanted)
{
    g_source_modify_unix_fd(&io->source, io->tag, wanted);
}

void
vici_io_pause(ViciIo *io, gint64 us)
{
    vici_io_want(io, 0);
    g_source_set_ready_time(&io->source, g_get_monotonic_time() + us);
}

void
vici_io_stop(ViciIo *io)
{
    if (io == NULL)
        return;
    g_source_destroy(&io->source);
    g_source_unref(&io->source);
}
