/* testing/kernel/end.h - the process of an end: a bus with the plugin that is tested, obeying messages. */
#ifndef OBOL_TESTING_KERNEL_END_H
#define OBOL_TESTING_KERNEL_END_H

#include "messages.h"

/* Which plugin an end has, and how it is loaded. */
typedef struct {
    const char *plugin, *directories; /* as obol_bus_load() wants them */
    const char *const *settings;      /* "KEY=VALUE" of the plugin's section, NULL-terminated; "PLUGIN.KEY=VALUE" for another */
    int log_level;                    /* on standard error; -1: none */
} EndPlugin;

/* Serves messages from @fd until it is closed; the exit status. */
int end_main(const EndPlugin *plugin, int fd);

/* Whole messages over a stream socket; FALSE when the other side has gone. */
gboolean message_write(int fd, guint32 kind, guint32 tag, const void *const *parts, const gsize *n, guint n_parts);
gboolean message_read(int fd, void *bytes, gsize n);

#endif
