/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/reqids.c - names of the settings to reqids and back.  The names are the admin's: GLib's tables will do. */
#include "dispatcher/reqids.h"

struct ObolReqids {
    GHashTable *by_name;  /* "connection\nchild" -> ObolReqid, owned */
    GHashTable *by_reqid; /* borrowed */
    guint32 last, max; /* @max 0: none */
};

static void
reqid_free(gpointer data)
{
    ObolReqid *entry = data;

    g_free(entry->connection);
    g_free(entry->child);
    g_free(entry);
}

ObolReqids *
obol_reqids_new(void)
{
    ObolReqids *reqids = g_new0(ObolReqids, 1);

    reqids->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, reqid_free);
    reqids->by_reqid = g_hash_table_new(NULL, NULL);
    return reqids;
}

void
obol_reqids_free(ObolReqids *reqids)
{
    if (reqids == NULL)
        return;
    g_hash_table_unref(reqids->by_reqid);
    g_hash_table_unref(reqids->by_name);
    g_free(reqids);
}

static guint32
next_free(ObolReqids *reqids)
{
    gboolean full = reqids->max != 0 && g_hash_table_size(reqids->by_reqid) >= reqids->max;

    do
        reqids->last = !full && reqids->max != 0 && reqids->last >= reqids->max ? 1 : reqids->last + 1;
    while (reqids->last == 0 || g_hash_table_contains(reqids->by_reqid, GUINT_TO_POINTER(reqids->last)));
    return reqids->last;
}

/* @wanted: the admin's choice, 0: none. */
static ObolReqid *
entry_for(ObolReqids *reqids, const char *connection, const char *child, guint32 wanted)
{
    g_autofree char *name = g_strconcat(connection, "\n", child, NULL);
    ObolReqid *entry = g_hash_table_lookup(reqids->by_name, name);

    if (entry == NULL) {
        entry = g_new0(ObolReqid, 1);
        entry->connection = g_strdup(connection);
        entry->child = g_strdup(child);
        g_hash_table_insert(reqids->by_name, g_steal_pointer(&name), entry);
    }
    if (entry->reqid == 0 || (wanted != 0 && entry->reqid != wanted)) {
        if (g_hash_table_lookup(reqids->by_reqid, GUINT_TO_POINTER(entry->reqid)) == entry)
            g_hash_table_remove(reqids->by_reqid, GUINT_TO_POINTER(entry->reqid));
        entry->reqid = wanted != 0 ? wanted : next_free(reqids);
        g_hash_table_insert(reqids->by_reqid, GUINT_TO_POINTER(entry->reqid), entry);
    }
    return entry;
}

static void
number_children(ObolReqids *reqids, const ObolConnectionSet *set, gboolean chosen)
{
    for (guint i = 0; i < set->connections->len; i++) {
        const ObolConnection *connection = g_ptr_array_index(set->connections, i);

        for (guint j = 0; j < connection->children->len; j++) {
            const ObolChildConfig *child = g_ptr_array_index(connection->children, j);

            if ((child->reqid != 0) == chosen)
                entry_for(reqids, connection->name, child->name, child->reqid)->configured = TRUE;
        }
    }
}

static gboolean
forget_unless_configured(G_GNUC_UNUSED gpointer name, gpointer value, gpointer data)
{
    const ObolReqid *entry = value;
    ObolReqids *reqids = data;

    if (entry->configured)
        return FALSE;
    if (g_hash_table_lookup(reqids->by_reqid, GUINT_TO_POINTER(entry->reqid)) == entry)
        g_hash_table_remove(reqids->by_reqid, GUINT_TO_POINTER(entry->reqid));
    return TRUE;
}

void
obol_reqids_configure(ObolReqids *reqids, const ObolConnectionSet *set, guint32 max)
{
    GHashTableIter iter;
    gpointer value;

    reqids->max = max;
    g_hash_table_iter_init(&iter, reqids->by_name);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ((ObolReqid *) value)->configured = FALSE;
    /* The admin's numbers first, so that counting goes round them. */
    number_children(reqids, set, TRUE);
    number_children(reqids, set, FALSE);
    if (g_hash_table_size(reqids->by_name) > OBOL_REQIDS_MAX)
        g_hash_table_foreach_remove(reqids->by_name, forget_unless_configured, reqids);
}

ObolReqid *
obol_reqids_find(ObolReqids *reqids, guint32 reqid)
{
    return g_hash_table_lookup(reqids->by_reqid, GUINT_TO_POINTER(reqid));
}

guint32
obol_reqids_of(ObolReqids *reqids, const char *connection, const char *child)
{
    return entry_for(reqids, connection, child, 0)->reqid;
}
