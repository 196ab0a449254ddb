/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/selectors.c - an admin changes what a living Child SA protects: which one is meant, whether it can be had here, and what came
 * of it. */
#include "daemon/command.h"

/* What is wanted, and who is told; of the command. */
typedef struct {
    ObolDaemon *daemon;
    guint32 id; /* the command's */
    ObolSaSelector which; /* its texts are ours */
    ObolTsChange change;
    guint32 old_id;
    ObolControlSelectorsDone done;
    gpointer data;
} Change;

static void
change_free(gpointer data)
{
    Change *change = data;

    g_free((char *) change->which.ike);
    g_free((char *) change->which.child);
    if (change->change.local != NULL)
        g_array_unref((GArray *) change->change.local);
    if (change->change.remote != NULL)
        g_array_unref((GArray *) change->change.remote);
    g_free(change);
}

/* --- what came of it --- */

typedef struct {
    Change *change;
    guint32 new_id;
    gboolean told;
} Outcome;

static void
tell_child(const ObolIkeInfo *sa, gpointer data)
{
    Outcome *outcome = data;

    for (gsize i = 0; i < sa->n_children && !outcome->told; i++) {
        const ObolChildInfo *child = &sa->children[i];
        const ObolSelectorsResult result = {
            .ike = sa->connection, .ike_id = sa->unique_id, .child = child->name, .old_id = outcome->change->old_id,
            .new_id = child->unique_id, .local_ts = child->local_ts, .remote_ts = child->remote_ts,
        };

        if (child->unique_id != outcome->new_id)
            continue;
        outcome->told = TRUE;
        outcome->change->done(NULL, NULL, &result, outcome->change->data);
    }
}

static void
ended(const GError *error, const ObolReason *reason, guint n_matched, G_GNUC_UNUSED guint n_done, gpointer data)
{
    Change *change = data;
    const DaemonCommand *command = daemon_command_find(change->daemon, change->id);
    Outcome outcome = { change, command != NULL ? command->child_id : 0, FALSE };
    g_autoptr(GError) gone = NULL;

    if (error == NULL && n_matched > 0 && outcome.new_id != 0)
        obol_control_each_sa(&change->daemon->control, tell_child, &outcome);
    if (outcome.told)
        return;
    if (error == NULL && (command == NULL || command->n_ended > 0))
        gone = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "it was done, and the Child SA has gone since");
    change->done(gone != NULL ? gone : error, reason, NULL, change->data);
}

/* --- which one --- */

typedef struct {
    const ObolSaSelector *which;
    guint n;
    GString *names; /* "net #5, net #7" */
    guint32 ike_id, child_id;
    GArray *here, *there; /* of ObolAddress: what "dynamic" stands for */
    int family;           /* of the addresses that IKE speaks from */
    char *connection, *name;
    GArray *local_ts, *remote_ts;
} Search;

static void
search_clear(Search *search)
{
    g_string_free(search->names, TRUE);
    g_free(search->connection);
    g_free(search->name);
    g_clear_pointer(&search->here, g_array_unref);
    g_clear_pointer(&search->there, g_array_unref);
    g_clear_pointer(&search->local_ts, g_array_unref);
    g_clear_pointer(&search->remote_ts, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static GArray *
addresses_of(const GArray *vips, const ObolAddress *outer)
{
    GArray *list;

    if (vips != NULL && vips->len > 0)
        return g_array_copy((GArray *) vips);
    list = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    g_array_append_vals(list, outer, 1);
    return list;
}

static void
take(Search *search, const ObolIkeInfo *sa, const ObolChildInfo *child)
{
    g_string_append_printf(search->names, "%s%s #%u", search->n > 0 ? ", " : "", child->name, child->unique_id);
    if (search->n++ > 0)
        return;
    search->ike_id = sa->unique_id;
    search->child_id = child->unique_id;
    search->here = addresses_of(sa->local_vips, &sa->local);
    search->there = addresses_of(sa->remote_vips, &sa->remote);
    search->family = sa->remote.family;
    search->connection = g_strdup(sa->connection);
    search->name = g_strdup(child->name);
    search->local_ts = g_array_copy((GArray *) child->local_ts);
    search->remote_ts = g_array_copy((GArray *) child->remote_ts);
}

/* One that is about to take another one's place is meant by that one. */
static void
search_sa(const ObolIkeInfo *sa, gpointer data)
{
    Search *search = data;
    const ObolSaSelector *which = search->which;

    if ((which->ike != NULL && g_strcmp0(which->ike, sa->connection) != 0) || (which->ike_id != 0 && which->ike_id != sa->unique_id))
        return;
    for (gsize i = 0; i < sa->n_children; i++) {
        const ObolChildInfo *child = &sa->children[i];

        if (child->state == OBOL_CHILD_INSTALLED && child->replaces == 0
            && (which->child == NULL || g_strcmp0(which->child, child->name) == 0)
            && (which->child_id == 0 || which->child_id == child->unique_id))
            take(search, sa, child);
    }
}

/* --- whether it can be had --- */

static gboolean
fits(ObolDaemon *daemon, const Change *change, const Search *search, GError **error)
{
    g_autoptr(GArray) local = NULL;
    g_autoptr(GArray) remote = NULL;
    const ObolConnection *connection;
    const ObolChildConfig *config = daemon_find_policies(daemon, search->connection, search->name, &connection);

    if (!obol_ts_change_apply(&change->change, search->local_ts, search->remote_ts, search->here, search->there, &local, &remote,
                              error))
        return FALSE;
    return config == NULL || daemon_fit_selectors(daemon, connection, config, local, remote, search->family, error);
}

static void
refuse(ObolDaemon *daemon, DaemonCommand *command, ObolControlError code, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(OBOL_CONTROL_ERROR, code, why);

    daemon_command_end(daemon, command, error);
}

static void
start(ObolDaemon *daemon, DaemonCommand *command, Change *change, const Search *search)
{
    const ObolSaSelector which = { .ike_id = search->ike_id, .child_id = search->child_id };

    change->old_id = search->child_id;
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        command->n_matched += obol_shard_selectors(daemon_driver_shard(driver), &which, &change->change, command->id,
                                                   daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    command->started = TRUE;
    daemon_command_end_if_complete(daemon, command);
}

static void
start_from_loop(ObolDaemon *daemon, gpointer data)
{
    DaemonCommand *command = daemon_command_find(daemon, GPOINTER_TO_UINT(data));
    Change *change = command != NULL ? command->data : NULL;
    g_auto(Search) search = { .names = g_string_new(NULL), .which = change != NULL ? &change->which : NULL };
    g_autoptr(GError) error = NULL;

    if (command == NULL)
        return;
    command->start = NULL;
    obol_control_each_sa(&daemon->control, search_sa, &search);
    if (search.n == 0) {
        refuse(daemon, command, OBOL_CONTROL_ERROR_NOT_FOUND, "no such Child SA is installed");
    } else if (search.n > 1) {
        g_autofree char *why = g_strdup_printf("several Child SAs fit: %s; name one by its number", search.names->str);

        refuse(daemon, command, OBOL_CONTROL_ERROR_USAGE, why);
    } else if (!fits(daemon, change, &search, &error)) {
        refuse(daemon, command, OBOL_CONTROL_ERROR_USAGE, error->message);
    } else {
        start(daemon, command, change, &search);
    }
}

static const GArray *
copy_of(const GArray *list)
{
    return list != NULL ? g_array_copy((GArray *) list) : NULL;
}

ObolControlTicket
obol_control_selectors(ObolControl *control, const ObolSaSelector *which, const ObolTsChange *change, gint64 timeout_us,
                       ObolControlSelectorsDone done, gpointer data)
{
    ObolDaemon *daemon = control->daemon;
    Change *own = g_new0(Change, 1);
    DaemonCommand *command = daemon_command_new(daemon, timeout_us, ended, own);
    guint32 ticket = command->id;

    *own = (Change) { .daemon = daemon, .id = ticket, .which = *which, .change = *change, .done = done, .data = data };
    own->which.ike = g_strdup(which->ike);
    own->which.child = g_strdup(which->child);
    own->change.local = copy_of(change->local);
    own->change.remote = copy_of(change->remote);
    command->free_data = change_free;
    command->start = daemon_after(daemon, 0, start_from_loop, GUINT_TO_POINTER(ticket), NULL);
    if (timeout_us == 0)
        daemon_command_tell(daemon, command, NULL);
    return ticket;
}
