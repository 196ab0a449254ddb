/* daemon/command.h - a command of an admin, or of our own, while its end is waited for. */
#ifndef OBOL_DAEMON_COMMAND_H
#define OBOL_DAEMON_COMMAND_H

#include "daemon/daemon-private.h"

typedef struct {
    guint32 id; /* the ticket */
    char *connection, *child;
    ObolSaSelector which; /* terminate: its texts are the two above */
    gboolean force;
    ObolControlDone done; /* NULL: nobody waits (any more) */
    gpointer data;
    GDestroyNotify free_data; /* of @data, with the command; NULL: it is not ours */
    GSource *timeout, *start;
    gboolean started; /* @n_matched is known */
    guint n_matched, n_ended, n_done;
    guint32 child_id;   /* the Child SA that there is by the last one that has ended; 0: none is told */
    ObolReason *reason; /* of the first that failed */
} DaemonCommand;

DaemonCommand *daemon_command_find(ObolDaemon *daemon, guint32 id); /* NULL: it has ended */
DaemonCommand *daemon_command_new(ObolDaemon *daemon, gint64 timeout_us, ObolControlDone done, gpointer data);
void daemon_command_end(ObolDaemon *daemon, DaemonCommand *command, const GError *error); /* tells whoever waits, and frees it */
/* Once all that took it have ended it: later, from the loop. */
void daemon_command_end_if_complete(ObolDaemon *daemon, DaemonCommand *command);
/* Tells whoever waits; afterwards nobody does. */
void daemon_command_tell(ObolDaemon *daemon, DaemonCommand *command, const GError *error);

#endif
