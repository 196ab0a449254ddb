/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/snapshot.c - the connections and keys in force, from files and from the control socket.
 *
 * A reload replaces what came from files and leaves alone what came over the socket; of two connections of one name the
 * socket's counts.  A connection whose section did not change stays the very same object.  Living SAs keep what they
 * were made with: a reload ends none of them, but takes back the traps and wishes of what was removed. */
#include "daemon/daemon-private.h"

#include <string.h>

#define CONTROL_CONNECTIONS_MAX 65536
#define CONTROL_KEYS_MAX 65536

typedef enum { FROM_FILES, FROM_CONTROL } Origin;

typedef struct {
    Origin origin;
    ObolConnection *connection;
} Entry;

typedef struct {
    Origin origin;
    ObolSharedKey *key;
} KeyEntry;

struct DaemonSnapshot {
    GPtrArray *entries; /* of Entry, in the order of the settings */
    GPtrArray *keys;    /* of KeyEntry */
    ObolConnectionSet *connections; /* of the entries, as published */
};

struct DaemonPlan {
    GPtrArray *entries, *keys; /* the files' alone */
    GPtrArray *pools;          /* of ObolPoolConfig, likewise */
    GPtrArray *added, *removed; /* of ObolConnection: what a reload begins and ends; changed ones are in both */
    guint n_added, n_changed, n_removed, n_kept;
};

static Entry *
entry_new(Origin origin, const ObolConnection *connection)
{
    Entry *entry = g_new(Entry, 1);

    *entry = (Entry) { origin, obol_connection_ref(connection) };
    return entry;
}

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    obol_connection_unref(entry->connection);
    g_free(entry);
}

static KeyEntry *
key_entry_new(Origin origin, ObolSharedKey *key)
{
    KeyEntry *entry = g_new(KeyEntry, 1);

    *entry = (KeyEntry) { origin, key };
    return entry;
}

static void
key_entry_free(gpointer data)
{
    KeyEntry *entry = data;

    obol_shared_key_free(entry->key);
    g_free(entry);
}

static void
key_free(gpointer data)
{
    obol_shared_key_free(data);
}

static void
connection_unref(gpointer data)
{
    obol_connection_unref(data);
}

DaemonSnapshot *
daemon_snapshot_new(void)
{
    DaemonSnapshot *snapshot = g_new0(DaemonSnapshot, 1);

    snapshot->entries = g_ptr_array_new_with_free_func(entry_free);
    snapshot->keys = g_ptr_array_new_with_free_func(key_entry_free);
    snapshot->connections = obol_connection_set_new(g_ptr_array_new_with_free_func(connection_unref));
    return snapshot;
}

void
daemon_snapshot_free(DaemonSnapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    g_ptr_array_unref(snapshot->entries);
    g_ptr_array_unref(snapshot->keys);
    obol_connection_set_unref(snapshot->connections);
    g_free(snapshot);
}

ObolConnectionSet *
daemon_snapshot_connections(DaemonSnapshot *snapshot)
{
    return snapshot->connections;
}

static Entry *
find_entry(const GPtrArray *entries, const char *name)
{
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = g_ptr_array_index(entries, i);

        if (g_str_equal(entry->connection->name, name))
            return entry;
    }
    return NULL;
}

void
daemon_snapshot_publish(ObolDaemon *daemon)
{
    DaemonSnapshot *snapshot = daemon->snapshot;
    GPtrArray *connections = g_ptr_array_new_with_free_func(connection_unref);
    GPtrArray *keys = g_ptr_array_new_with_free_func(key_free);
    g_autoptr(ObolSharedKeys) shared = NULL;
    guint16 ike, nat_t;

    for (guint i = 0; i < snapshot->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(snapshot->entries, i);

        g_ptr_array_add(connections, obol_connection_ref(entry->connection));
    }
    for (guint i = 0; i < snapshot->keys->len; i++)
        g_ptr_array_add(keys, obol_shared_key_dup(((KeyEntry *) g_ptr_array_index(snapshot->keys, i))->key));
    obol_connection_set_unref(snapshot->connections);
    snapshot->connections = obol_connection_set_new(connections);
    shared = obol_shared_keys_new(keys);
    obol_bus_socket_ports(daemon->bus, &ike, &nat_t);
    for (guint i = 0; i < daemon->drivers->len; i++)
        obol_shard_configure(daemon_driver_shard(g_ptr_array_index(daemon->drivers, i)), snapshot->connections, shared,
                             obol_bus_kernel_abilities(daemon->bus), nat_t);
}

/* --- files --- */

/* Where it stands is not compared: an edit above does not change what is below. */
static gboolean
node_equal(const ObolNode *a, const ObolNode *b)
{
    guint n = a->items != NULL ? a->items->len : 0;

    if (a->kind != b->kind || g_strcmp0(a->name, b->name) != 0 || a->n_value != b->n_value
        || n != (b->items != NULL ? b->items->len : 0)
        || (a->n_value > 0 && memcmp(a->value, b->value, a->n_value) != 0))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (!node_equal(g_ptr_array_index(a->items, i), g_ptr_array_index(b->items, i)))
            return FALSE;
    }
    return TRUE;
}

static gboolean
section_changed(const ObolNode *old_tree, const ObolNode *tree, const char *name)
{
    const ObolNode *old_all = old_tree != NULL ? obol_node_get(old_tree, "connections") : NULL;
    const ObolNode *old = old_all != NULL ? obol_node_get(old_all, name) : NULL;
    const ObolNode *all = obol_node_get(tree, "connections");
    const ObolNode *new = all != NULL ? obol_node_get(all, name) : NULL;

    return old == NULL || new == NULL || !node_equal(old, new);
}

static void
plan_connection(DaemonPlan *plan, const DaemonSnapshot *now, ObolConnection *wanted, gboolean changed)
{
    const Entry *old = find_entry(now->entries, wanted->name);

    if (old != NULL && old->origin == FROM_CONTROL)
        return;
    if (old != NULL && !changed) {
        g_ptr_array_add(plan->entries, entry_new(FROM_FILES, old->connection));
        plan->n_kept++;
        return;
    }
    g_ptr_array_add(plan->entries, entry_new(FROM_FILES, wanted));
    g_ptr_array_add(plan->added, obol_connection_ref(wanted));
    if (old == NULL) {
        plan->n_added++;
        return;
    }
    g_ptr_array_add(plan->removed, obol_connection_ref(old->connection));
    plan->n_changed++;
}

static void
plan_removals(DaemonPlan *plan, const DaemonSnapshot *now)
{
    for (guint i = 0; i < now->entries->len; i++) {
        const Entry *old = g_ptr_array_index(now->entries, i);

        if (old->origin != FROM_FILES || find_entry(plan->entries, old->connection->name) != NULL)
            continue;
        g_ptr_array_add(plan->removed, obol_connection_ref(old->connection));
        plan->n_removed++;
    }
}

DaemonPlan *
daemon_plan_new(ObolDaemon *daemon, const ObolNode *old_tree, const ObolNode *tree, GError **error)
{
    g_autoptr(ObolConnectionSet) set = obol_connections_from_tree(tree, error);
    g_autoptr(ObolSharedKeys) keys = set != NULL ? obol_shared_keys_from_tree(tree, error) : NULL;
    g_autoptr(GPtrArray) pools = keys != NULL ? obol_pools_from_tree(tree, error) : NULL;
    DaemonPlan *plan;

    if (pools == NULL)
        return NULL;
    for (guint i = 0; i < set->connections->len; i++) {
        if (!daemon_fit_connection(daemon, g_ptr_array_index(set->connections, i), error))
            return NULL;
    }
    plan = g_new0(DaemonPlan, 1);
    plan->entries = g_ptr_array_new_with_free_func(entry_free);
    plan->keys = g_ptr_array_new_with_free_func(key_entry_free);
    plan->pools = g_steal_pointer(&pools);
    plan->added = g_ptr_array_new_with_free_func(connection_unref);
    plan->removed = g_ptr_array_new_with_free_func(connection_unref);
    for (guint i = 0; i < set->connections->len; i++) {
        ObolConnection *wanted = g_ptr_array_index(set->connections, i);

        plan_connection(plan, daemon->snapshot, wanted, section_changed(old_tree, tree, wanted->name));
    }
    plan_removals(plan, daemon->snapshot);
    for (guint i = 0; i < obol_shared_keys_n(keys); i++)
        g_ptr_array_add(plan->keys, key_entry_new(FROM_FILES, obol_shared_key_dup(obol_shared_keys_nth(keys, i))));
    return plan;
}

void
daemon_plan_free(DaemonPlan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->entries);
    g_ptr_array_unref(plan->keys);
    g_ptr_array_unref(plan->pools);
    g_ptr_array_unref(plan->added);
    g_ptr_array_unref(plan->removed);
    g_free(plan);
}

/* What is not the files' follows what is. */
static void
keep_control(GPtrArray *from, GPtrArray *to, gboolean keys)
{
    for (guint i = 0; i < from->len; i++) {
        gpointer item = g_ptr_array_index(from, i);

        if (keys && ((KeyEntry *) item)->origin == FROM_CONTROL)
            g_ptr_array_add(to, key_entry_new(FROM_CONTROL, obol_shared_key_dup(((KeyEntry *) item)->key)));
        else if (!keys && ((Entry *) item)->origin == FROM_CONTROL)
            g_ptr_array_add(to, entry_new(FROM_CONTROL, ((Entry *) item)->connection));
    }
}

static void
log_names(ObolDaemon *daemon, const char *what, const GPtrArray *connections)
{
    for (guint i = 0; i < connections->len; i++)
        obol_bus_log(daemon->bus, "cfg", 1, "settings: %s %s", what,
                     ((const ObolConnection *) g_ptr_array_index(connections, i))->name);
}

void
daemon_plan_apply(ObolDaemon *daemon, DaemonPlan *plan)
{
    DaemonSnapshot *snapshot = daemon->snapshot;

    keep_control(snapshot->entries, plan->entries, FALSE);
    keep_control(snapshot->keys, plan->keys, TRUE);
    g_ptr_array_unref(snapshot->entries);
    g_ptr_array_unref(snapshot->keys);
    snapshot->entries = g_ptr_array_ref(plan->entries);
    snapshot->keys = g_ptr_array_ref(plan->keys);
    daemon_pools_apply(daemon, plan->pools);
    daemon_snapshot_publish(daemon);
    obol_bus_log(daemon->bus, "cfg", 0, "settings: %u connections added, %u changed, %u removed, %u as before",
                 plan->n_added,
                 plan->n_changed, plan->n_removed, plan->n_kept);
    log_names(daemon, "ended", plan->removed);
    log_names(daemon, "begun", plan->added);
    for (guint i = 0; i < plan->removed->len; i++)
        daemon_desires_connection_removed(daemon, g_ptr_array_index(plan->removed, i));
    for (guint i = 0; i < plan->added->len; i++)
        daemon_desires_connection_added(daemon, g_ptr_array_index(plan->added, i));
}

/* --- the control socket --- */

gboolean
obol_control_load_connection(ObolControl *control, const ObolNode *section, GError **error)
{
    ObolDaemon *daemon = control->daemon;
    DaemonSnapshot *snapshot = daemon->snapshot;
    g_autoptr(ObolConnection) connection = NULL;
    Entry *old;

    if (!obol_settings_check(section, obol_schema_connection, error))
        return FALSE;
    connection = obol_connection_from_node(section, error);
    if (connection == NULL || !daemon_fit_connection(daemon, connection, error))
        return FALSE;
    old = find_entry(snapshot->entries, connection->name);
    if (old == NULL && snapshot->entries->len >= CONTROL_CONNECTIONS_MAX) {
        g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "there are too many connections");
        return FALSE;
    }
    if (old != NULL) {
        daemon_desires_connection_removed(daemon, old->connection);
        g_ptr_array_remove(snapshot->entries, old);
    }
    g_ptr_array_add(snapshot->entries, entry_new(FROM_CONTROL, connection));
    daemon_snapshot_publish(daemon);
    obol_bus_log(daemon->bus, "cfg", 1, "settings: %s %s over the control socket", old != NULL ? "replaced" : "added",
                 connection->name);
    daemon_desires_connection_added(daemon, connection);
    return TRUE;
}

gboolean
obol_control_unload_connection(ObolControl *control, const char *name, GError **error)
{
    ObolDaemon *daemon = control->daemon;
    Entry *entry = find_entry(daemon->snapshot->entries, name);

    if (entry == NULL) {
        g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "there is no connection %s", name);
        return FALSE;
    }
    daemon_desires_connection_removed(daemon, entry->connection);
    g_ptr_array_remove(daemon->snapshot->entries, entry);
    daemon_snapshot_publish(daemon);
    obol_bus_log(daemon->bus, "cfg", 1, "settings: removed %s over the control socket", name);
    return TRUE;
}

static ObolSharedKey *
key_from_control(const char *id, const guint8 *data, gsize n, const char *const *owners, GError **error)
{
    g_autoptr(ObolSharedKey) key = obol_shared_key_new(id, data, n);

    for (const char *const *owner = owners; owner != NULL && *owner != NULL; owner++) {
        ObolIdentity *identity = obol_identity_parse(*owner, error);

        if (identity == NULL)
            return NULL;
        g_ptr_array_add(key->owners, identity);
    }
    return g_steal_pointer(&key);
}

/* The same name, or the same owners where neither has a name. */
static gboolean
replaces(const ObolSharedKey *key, const KeyEntry *old)
{
    if (old->origin != FROM_CONTROL || g_strcmp0(key->name, old->key->name) != 0)
        return FALSE;
    if (key->name != NULL)
        return TRUE;
    if (key->owners->len != old->key->owners->len)
        return FALSE;
    for (guint i = 0; i < key->owners->len; i++) {
        if (!obol_identity_equal(g_ptr_array_index(key->owners, i), g_ptr_array_index(old->key->owners, i)))
            return FALSE;
    }
    return TRUE;
}

gboolean
obol_control_load_shared(ObolControl *control, const char *id, const guint8 *data, gsize n, const char *const *owners,
                         GError **error)
{
    GPtrArray *keys = control->daemon->snapshot->keys;
    g_autoptr(ObolSharedKey) key = key_from_control(id, data, n, owners, error);

    if (key == NULL)
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        KeyEntry *old = g_ptr_array_index(keys, i);

        if (replaces(key, old)) {
            g_ptr_array_remove(keys, old);
            break;
        }
    }
    if (keys->len >= CONTROL_KEYS_MAX) {
        g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "there are too many shared secrets");
        return FALSE;
    }
    g_ptr_array_add(keys, key_entry_new(FROM_CONTROL, g_steal_pointer(&key)));
    daemon_snapshot_publish(control->daemon);
    return TRUE;
}

gboolean
obol_control_unload_shared(ObolControl *control, const char *id)
{
    GPtrArray *keys = control->daemon->snapshot->keys;

    for (guint i = 0; i < keys->len; i++) {
        KeyEntry *entry = g_ptr_array_index(keys, i);

        if (entry->origin == FROM_CONTROL && g_strcmp0(entry->key->name, id) == 0) {
            g_ptr_array_remove(keys, entry);
            daemon_snapshot_publish(control->daemon);
            return TRUE;
        }
    }
    return FALSE;
}

void
obol_control_clear_shared(ObolControl *control)
{
    GPtrArray *keys = control->daemon->snapshot->keys;

    for (guint i = keys->len; i-- > 0;) {
        if (((KeyEntry *) g_ptr_array_index(keys, i))->origin == FROM_CONTROL)
            g_ptr_array_remove_index(keys, i);
    }
    daemon_snapshot_publish(control->daemon);
}

char **
obol_control_shared_ids(ObolControl *control)
{
    const GPtrArray *keys = control->daemon->snapshot->keys;
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();

    for (guint i = 0; i < keys->len; i++) {
        const KeyEntry *entry = g_ptr_array_index(keys, i);

        if (entry->origin == FROM_CONTROL && entry->key->name != NULL)
            g_strv_builder_add(ids, entry->key->name);
    }
    return g_strv_builder_end(ids);
}
