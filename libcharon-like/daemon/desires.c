/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/desires.c - what is to be up, and what follows when a child goes down.
 *
 * A child with start_action = start is a wish: it is set up when its connection is loaded and again whenever it fails
 * or ends, until an admin ends it or removes its connection.  close_action (the peer deleted it, or its lifetime is over) and
 * dpd_action (the peer is silent) do the same for the others, once: start makes it a wish from then on, trap waits for a packet,
 * and both can be had at once. */
#include "daemon/daemon-private.h"

#define RETRY_FIRST_US (1 * G_USEC_PER_SEC)
#define RETRY_LONGEST_US (60 * G_USEC_PER_SEC)
#define STEADY_US (60 * G_USEC_PER_SEC) /* what was up so long starts counting anew */

typedef struct {
    char *connection, *child;
    guint n_failures;
    gint64 up_us; /* since when; 0: it is not */
    ObolControlTicket ticket; /* of the attempt under way, 0: none */
    GSource *retry;
    ObolDaemon *daemon;
} Desire;

struct DaemonDesires {
    GHashTable *by_name; /* "connection\nchild" -> Desire, owned */
};

static void
desire_free(gpointer data)
{
    Desire *desire = data;

    if (desire->ticket != 0)
        obol_control_forget(&desire->daemon->control, desire->ticket);
    daemon_cancel(desire->daemon, desire->retry);
    g_free(desire->connection);
    g_free(desire->child);
    g_free(desire);
}

DaemonDesires *
daemon_desires_new(void)
{
    DaemonDesires *desires = g_new(DaemonDesires, 1);

    desires->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, desire_free);
    return desires;
}

void
daemon_desires_free(G_GNUC_UNUSED ObolDaemon *daemon, DaemonDesires *desires)
{
    if (desires == NULL)
        return;
    g_hash_table_unref(desires->by_name);
    g_free(desires);
}

static char *
key_of(const char *connection, const char *child)
{
    return g_strconcat(connection, "\n", child, NULL);
}

static Desire *
find(ObolDaemon *daemon, const char *connection, const char *child)
{
    g_autofree char *key = key_of(connection, child);

    return daemon->desires != NULL ? g_hash_table_lookup(daemon->desires->by_name, key) : NULL;
}

/* --- pursuing --- */

static void try_again(Desire *desire);

static void
attempt_ended(const GError *error, G_GNUC_UNUSED const ObolReason *reason, G_GNUC_UNUSED guint n_matched,
              G_GNUC_UNUSED guint n_done, gpointer data)
{
    Desire *desire = data;

    desire->ticket = 0;
    if (error == NULL) {
        desire->up_us = daemon_now_us();
        return;
    }
    obol_bus_log(desire->daemon->bus, "cfg", 0, "%s/%s is not up: %s", desire->connection, desire->child,
                 error->message);
    try_again(desire);
}

static void
attempt(ObolDaemon *daemon, gpointer data)
{
    Desire *desire = data;

    desire->retry = NULL;
    desire->up_us = 0;
    desire->ticket = obol_control_initiate(&daemon->control, desire->connection, desire->child, -1, attempt_ended,
                                           desire);
}

/* Twice as long each time, up to a minute; half of it by chance, so that a gateway that restarts is not met by all at
 * once. */
static void
try_again(Desire *desire)
{
    gint64 wait_us = MIN(RETRY_FIRST_US << MIN(desire->n_failures, 16), RETRY_LONGEST_US);

    if (desire->retry != NULL || desire->ticket != 0 || desire->daemon->stopping)
        return;
    if (desire->up_us != 0 && daemon_now_us() - desire->up_us >= STEADY_US)
        desire->n_failures = 0;
    else
        desire->n_failures++;
    wait_us = wait_us / 2 + g_random_int_range(0, (gint32) (wait_us / 2));
    desire->retry = daemon_after(desire->daemon, wait_us, attempt, desire, NULL);
}

static Desire *
desire_add(ObolDaemon *daemon, const char *connection, const char *child)
{
    Desire *desire = find(daemon, connection, child);

    if (desire != NULL)
        return desire;
    desire = g_new0(Desire, 1);
    desire->daemon = daemon;
    desire->connection = g_strdup(connection);
    desire->child = g_strdup(child);
    g_hash_table_insert(daemon->desires->by_name, key_of(connection, child), desire);
    return desire;
}

static void
desire_drop(ObolDaemon *daemon, const char *connection, const char *child)
{
    g_autofree char *key = key_of(connection, child);

    g_hash_table_remove(daemon->desires->by_name, key);
}

static void
begin(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child, ObolStartAction action)
{
    Desire *desire;

    if ((action & OBOL_ACTION_TRAP) != 0)
        daemon_trap_install(daemon, connection, child, NULL, NULL);
    if ((action & OBOL_ACTION_START) == 0)
        return;
    desire = desire_add(daemon, connection->name, child->name);
    if (desire->ticket == 0 && desire->retry == NULL)
        desire->retry = daemon_after(daemon, 0, attempt, desire, NULL);
}

void
daemon_desires_retry_now(ObolDaemon *daemon)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, daemon->desires->by_name);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Desire *desire = value;

        if (desire->retry == NULL || daemon->stopping)
            continue;
        daemon_cancel(daemon, desire->retry);
        desire->n_failures = 0;
        desire->retry = daemon_after(daemon, 0, attempt, desire, NULL);
    }
}

/* --- connections come and go --- */

void
daemon_desires_connection_added(ObolDaemon *daemon, const ObolConnection *connection)
{
    for (guint i = 0; i < connection->children->len; i++) {
        const ObolChildConfig *child = g_ptr_array_index(connection->children, i);

        begin(daemon, connection, child, child->start_action);
    }
    for (guint i = 0; i < connection->shunts->len; i++) {
        const ObolChildConfig *shunt = g_ptr_array_index(connection->shunts, i);

        begin(daemon, connection, shunt, shunt->start_action);
    }
}

void
daemon_desires_connection_removed(ObolDaemon *daemon, const ObolConnection *connection)
{
    for (guint i = 0; i < connection->children->len; i++) {
        const ObolChildConfig *child = g_ptr_array_index(connection->children, i);

        desire_drop(daemon, connection->name, child->name);
    }
    daemon_trap_uninstall(daemon, connection->name, NULL);
}

/* --- children go down --- */

static ObolStartAction
action_after(const ObolChildConfig *child, const ObolReason *reason)
{
    ObolReasonCode code = reason != NULL ? reason->code : OBOL_REASON_NONE;

    /* Somebody here wanted it so, or another SA serves in its place. */
    if (code == OBOL_REASON_DELETED_BY_US || code == OBOL_REASON_REPLACED)
        return OBOL_ACTION_NONE;
    if ((child->start_action & OBOL_ACTION_START) != 0)
        return OBOL_ACTION_START; /* a trap, where there is one, still stands */
    if (code == OBOL_REASON_DELETED_BY_PEER || code == OBOL_REASON_LIFETIME)
        return child->close_action;
    if (code == OBOL_REASON_NET_SILENT || code == OBOL_REASON_PEER_RESTARTED)
        return child->dpd_action;
    return OBOL_ACTION_NONE;
}

void
daemon_desires_child_state(ObolDaemon *daemon, const ObolIkeInfo *sa, const ObolChildInfo *info, ObolChildState from,
                           const ObolReason *reason)
{
    const ObolConnection *connection;
    const ObolChildConfig *child;
    ObolStartAction action;
    Desire *desire;
    gboolean was_up = from == OBOL_CHILD_INSTALLED || from == OBOL_CHILD_DELETING;

    if (info->state != OBOL_CHILD_GONE || daemon->stopping || sa->connection == NULL || info->name == NULL)
        return;
    connection = daemon_find_connection(daemon, sa->connection, info->name);
    child = connection != NULL ? obol_connection_child(connection, info->name) : NULL;
    if (child == NULL)
        return;
    action = action_after(child, reason);
    desire = find(daemon, connection->name, child->name);
    /* One that never came up is of an attempt that nobody here waits for, such as a reauthentication: a wish stays one. */
    if (!was_up && (desire == NULL || desire->ticket != 0))
        return;
    if ((action & OBOL_ACTION_TRAP) != 0 && !daemon_traps_has(daemon, connection->name, child->name))
        daemon_trap_install(daemon, connection, child, NULL, NULL);
    if ((action & OBOL_ACTION_START) != 0)
        try_again(desire != NULL ? desire : desire_add(daemon, connection->name, child->name));
    else if (desire != NULL && reason != NULL && reason->code == OBOL_REASON_DELETED_BY_US)
        desire_drop(daemon, connection->name, child->name); /* until an admin begins it again */
}
