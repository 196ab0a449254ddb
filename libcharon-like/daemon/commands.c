/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/commands.c - initiate and terminate: who waits for what, and until when; and rekey, which nobody waits for. */
#include "daemon/command.h"

struct DaemonCommands {
    ObolDaemon *daemon;
    GHashTable *by_id; /* of DaemonCommand, owned */
    guint32 last;
};

static void
command_free(gpointer data)
{
    DaemonCommand *command = data;

    g_free(command->connection);
    g_free(command->child);
    obol_reason_free(command->reason);
    if (command->free_data != NULL)
        command->free_data(command->data);
    g_free(command);
}

DaemonCommands *
daemon_commands_new(ObolDaemon *daemon)
{
    DaemonCommands *commands = g_new0(DaemonCommands, 1);

    commands->daemon = daemon;
    commands->by_id = g_hash_table_new_full(NULL, NULL, NULL, command_free);
    return commands;
}

void
daemon_command_tell(ObolDaemon *daemon, DaemonCommand *command, const GError *error)
{
    ObolControlDone done = command->done;

    daemon_cancel(daemon, command->timeout);
    command->timeout = NULL;
    command->done = NULL;
    if (done != NULL)
        done(error, error != NULL ? command->reason : NULL, command->n_matched, command->n_done, command->data);
}

void
daemon_commands_free(DaemonCommands *commands)
{
    g_autoptr(GError) error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "the daemon stops");
    GHashTableIter iter;
    gpointer value;

    if (commands == NULL)
        return;
    g_hash_table_iter_init(&iter, commands->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        daemon_command_tell(commands->daemon, value, error);
    g_hash_table_unref(commands->by_id);
    g_free(commands);
}

DaemonCommand *
daemon_command_find(ObolDaemon *daemon, guint32 id)
{
    return daemon->commands != NULL ? g_hash_table_lookup(daemon->commands->by_id, GUINT_TO_POINTER(id)) : NULL;
}

void
daemon_command_end(ObolDaemon *daemon, DaemonCommand *command, const GError *error)
{
    guint32 id = command->id;

    daemon_command_tell(daemon, command, error);
    daemon_cancel(daemon, command->start);
    g_hash_table_remove(daemon->commands->by_id, GUINT_TO_POINTER(id));
}

static void
end_from_loop(ObolDaemon *daemon, gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));
    g_autoptr(GError) error = NULL;

    if (command == NULL)
        return;
    if (command->reason != NULL) {
        g_autofree char *why = obol_reason_format(command->reason);

        g_set_error_literal(&error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, why);
    }
    command->start = NULL;
    daemon_command_end(daemon, command, error);
}

/* All that took it have ended it: told from the loop, since whoever waits may well ask for the next thing. */
void
daemon_command_end_if_complete(ObolDaemon *daemon, DaemonCommand *command)
{
    if (command->started && command->n_ended >= command->n_matched && command->start == NULL)
        command->start = daemon_after(daemon, 0, end_from_loop, GUINT_TO_POINTER(command->id), NULL);
}

void
daemon_command_done(ObolDaemon *daemon, guint32 id, guint32 child_id, const ObolReason *reason)
{
    DaemonCommand *command = daemon_command_find(daemon, id);

    if (command == NULL)
        return;
    command->n_ended++;
    command->child_id = child_id;
    if (reason == NULL)
        command->n_done++;
    else if (command->reason == NULL)
        command->reason = obol_reason_dup(reason);
    daemon_command_end_if_complete(daemon, command);
}

static void
timed_out(ObolDaemon *daemon, gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));
    g_autoptr(GError) error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT,
                                                  "no end within the time given");

    if (command == NULL)
        return;
    command->timeout = NULL;
    daemon_command_tell(daemon, command, error); /* the command goes on */
}

DaemonCommand *
daemon_command_new(ObolDaemon *daemon, gint64 timeout_us, ObolControlDone done, gpointer data)
{
    DaemonCommands *commands = daemon->commands;
    DaemonCommand *command = g_new0(DaemonCommand, 1);

    do
        commands->last = commands->last % OBOL_COMMAND_MAX + 1;
    while (g_hash_table_contains(commands->by_id, GUINT_TO_POINTER(commands->last)));
    command->id = commands->last;
    command->done = done;
    command->data = data;
    g_hash_table_insert(commands->by_id, GUINT_TO_POINTER(command->id), command);
    if (timeout_us > 0)
        command->timeout = daemon_after(daemon, timeout_us, timed_out, GUINT_TO_POINTER(command->id), NULL);
    return command;
}

/* --- initiate --- */

static void
initiate_located(ObolDaemon *daemon, const ObolAddress *local, const ObolAddress *remote, const GError *error,
                 gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));
    ObolConnectionSet *set = daemon_snapshot_connections(daemon->snapshot);
    const ObolConnection *connection;
    const ObolChildConfig *child;
    DaemonDriver *driver;

    if (command == NULL)
        return;
    if (error != NULL) {
        daemon_command_end(daemon, command, error);
        return;
    }
    connection = obol_connection_set_find(set, command->connection); /* as it is now */
    child = connection != NULL && command->child != NULL ? obol_connection_child(connection, command->child) : NULL;
    if (connection == NULL || (child == NULL && command->child != NULL) || daemon->stopping) {
        g_autoptr(GError) gone = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND,
                                             "connection %s was removed meanwhile", command->connection);

        daemon_command_end(daemon, command, gone);
        return;
    }
    driver = daemon_driver_for(daemon, connection->name);
    command->n_matched = obol_shard_initiate(daemon_driver_shard(driver), connection, child, local, remote, command->id,
                                             daemon_driver_enter(driver));
    daemon_driver_leave(driver);
    command->started = TRUE;
    daemon_command_end_if_complete(daemon, command);
}

static void
refuse(ObolDaemon *daemon, DaemonCommand *command)
{
    g_autoptr(GError) error = NULL;

    error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "there is no %s%s%s%s",
                        command->connection != NULL ? "connection " : "",
                        command->connection != NULL ? command->connection : "",
                        command->child != NULL ? (command->connection != NULL ? " with a child " : "child ") : "",
                        command->child != NULL ? command->child : "");
    daemon_command_end(daemon, command, error);
}

static void
refuse_from_loop(ObolDaemon *daemon, gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));

    if (command == NULL)
        return;
    command->start = NULL;
    refuse(daemon, command);
}

const ObolConnection *
daemon_find_connection(ObolDaemon *daemon, const char *ike, const char *child)
{
    const ObolConnectionSet *set = daemon_snapshot_connections(daemon->snapshot);

    for (guint i = 0; i < set->connections->len; i++) {
        const ObolConnection *connection = g_ptr_array_index(set->connections, i);

        if ((ike == NULL || g_str_equal(ike, connection->name))
            && (child == NULL ? connection->children->len > 0 : obol_connection_child(connection, child) != NULL))
            return connection;
    }
    return NULL;
}

const ObolChildConfig *
daemon_find_policies(ObolDaemon *daemon, const char *ike, const char *child, const ObolConnection **connection)
{
    const ObolConnectionSet *set = daemon_snapshot_connections(daemon->snapshot);

    for (guint i = 0; child != NULL && i < set->connections->len; i++) {
        const ObolChildConfig *found;

        *connection = g_ptr_array_index(set->connections, i);
        if (ike != NULL && !g_str_equal(ike, (*connection)->name))
            continue;
        found = obol_connection_child(*connection, child);
        if (found == NULL)
            found = obol_connection_shunt(*connection, child);
        if (found != NULL)
            return found;
    }
    return NULL;
}

ObolControlTicket
obol_control_initiate(ObolControl *control, const char *ike, const char *child, gint64 timeout_us, ObolControlDone done,
                      gpointer data)
{
    ObolDaemon *daemon = control->daemon;
    const ObolConnection *connection = daemon_find_connection(daemon, ike, child);
    DaemonCommand *command = daemon_command_new(daemon, timeout_us, done, data);
    ObolControlTicket ticket;

    command->connection = g_strdup(connection != NULL ? connection->name : ike);
    command->child = g_strdup(child);
    ticket = command->id;
    if (connection != NULL) {
        daemon_locate(daemon, connection, initiate_located, GUINT_TO_POINTER(command->id), NULL);
        if (timeout_us == 0)
            daemon_command_tell(daemon, command, NULL);
    } else if (timeout_us == 0) {
        refuse(daemon, command);
    } else {
        command->start = daemon_after(daemon, 0, refuse_from_loop, GUINT_TO_POINTER(command->id), NULL);
    }
    return ticket;
}

/* --- terminate --- */

static void
terminate(ObolDaemon *daemon, DaemonCommand *command)
{
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        command->n_matched += obol_shard_terminate(daemon_driver_shard(driver), &command->which, command->force,
                                                   command->id,
                                                   daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    command->started = TRUE;
    if (command->n_matched == 0) {
        g_autoptr(GError) error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "no such SA");

        daemon_command_end(daemon, command, error);
        return;
    }
    daemon_command_end_if_complete(daemon, command);
}

static void
terminate_from_loop(ObolDaemon *daemon, gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));

    if (command == NULL)
        return;
    command->start = NULL;
    terminate(daemon, command);
}

ObolControlTicket
obol_control_terminate(ObolControl *control, const ObolSaSelector *which, gboolean force, gint64 timeout_us,
                       ObolControlDone done, gpointer data)
{
    ObolDaemon *daemon = control->daemon;
    DaemonCommand *command = daemon_command_new(daemon, timeout_us, done, data);
    guint32 ticket = command->id;

    command->connection = g_strdup(which->ike);
    command->child = g_strdup(which->child);
    command->which = *which;
    command->which.ike = command->connection;
    command->which.child = command->child;
    command->force = force;
    if (timeout_us != 0) {
        command->start = daemon_after(daemon, 0, terminate_from_loop, GUINT_TO_POINTER(ticket), NULL);
        return ticket;
    }
    /* Who does not wait is still told how many it concerns. */
    terminate(daemon, command);
    command = daemon_command_find(daemon, ticket);
    if (command != NULL)
        daemon_command_tell(daemon, command, NULL);
    return ticket;
}

guint
obol_control_rekey(ObolControl *control, const ObolSaSelector *which, gboolean reauth)
{
    ObolDaemon *daemon = control->daemon;
    guint n = 0;

    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        n += obol_shard_rekey(daemon_driver_shard(driver), which, reauth, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    return n;
}

void
obol_control_forget(ObolControl *control, ObolControlTicket ticket)
{
    DaemonCommand *command = ticket <= OBOL_COMMAND_MAX ? daemon_command_find(control->daemon, (guint32) ticket) : NULL;

    if (command == NULL)
        return;
    command->done = NULL;
    daemon_cancel(control->daemon, command->timeout);
    command->timeout = NULL;
}
