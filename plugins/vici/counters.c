/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* counters.c - IKE messages counted by exchange, direction and connection, for `get-counters`. */
#include "counters.h"

#define CONNECTIONS_MAX 4096 /* names come from the settings, yet a table has a bound */

/* In the order of `names`: for each exchange requests in, responses in, requests out, responses out. */
enum { IKE_INIT, IKE_AUTH, CREATE_CHILD, INFO, N_EXCHANGES };
enum { IN_REQUEST, IN_RESPONSE, OUT_REQUEST, OUT_RESPONSE, N_WAYS };

static const char *const names[N_EXCHANGES][N_WAYS] = {
    [IKE_INIT] = { "ike-init-in-req", "ike-init-in-resp", "ike-init-out-req", "ike-init-out-resp" },
    [IKE_AUTH] = { "ike-auth-in-req", "ike-auth-in-resp", "ike-auth-out-req", "ike-auth-out-resp" },
    [CREATE_CHILD] = { "create-child-in-req", "create-child-in-resp", "create-child-out-req", "create-child-out-resp" },
    [INFO] = { "info-in-req", "info-in-resp", "info-out-req", "info-out-resp" },
};

typedef struct {
    guint64 n[N_EXCHANGES][N_WAYS];
} Counts;

struct ViciCounters {
    Counts global;
    GHashTable *by_connection; /* name -> Counts */
};

ViciCounters *
vici_counters_new(void)
{
    ViciCounters *counters = g_new0(ViciCounters, 1);

    counters->by_connection = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return counters;
}

void
vici_counters_free(ViciCounters *counters)
{
    if (counters == NULL)
        return;
    g_hash_table_unref(counters->by_connection);
    g_free(counters);
}

static Counts *
counts_of(ViciCounters *counters, const char *connection)
{
    Counts *counts;

    if (connection == NULL)
        return NULL;
    counts = g_hash_table_lookup(counters->by_connection, connection);
    if (counts == NULL && g_hash_table_size(counters->by_connection) < CONNECTIONS_MAX) {
        counts = g_new0(Counts, 1);
        g_hash_table_insert(counters->by_connection, g_strdup(connection), counts);
    }
    return counts;
}

void
vici_counters_count(ViciCounters *counters, const ObolMessageEvent *message)
{
    guint exchange, way = message->outgoing ? (message->response ? OUT_RESPONSE : OUT_REQUEST)
                                            : (message->response ? IN_RESPONSE : IN_REQUEST);
    Counts *own = counts_of(counters, message->connection);

    switch (message->exchange) {
    case OBOL_IKE_SA_INIT:     exchange = IKE_INIT; break;
    case OBOL_IKE_AUTH:        exchange = IKE_AUTH; break;
    case OBOL_CREATE_CHILD_SA: exchange = CREATE_CHILD; break;
    case OBOL_INFORMATIONAL:   exchange = INFO; break;
    default:                   return; /* a number from the wire: other exchanges have no counter in VICI */
    }
    counters->global.n[exchange][way]++;
    if (own != NULL)
        own->n[exchange][way]++;
}

static void
put_counts(ObolViciWriter *writer, const char *name, const Counts *counts)
{
    obol_vici_put_section(writer, name);
    for (guint exchange = 0; exchange < N_EXCHANGES; exchange++) {
        for (guint way = 0; way < N_WAYS; way++)
            obol_vici_put_format(writer, names[exchange][way], "%" G_GUINT64_FORMAT, counts->n[exchange][way]);
    }
    obol_vici_end_section(writer);
}

void
vici_counters_put(const ViciCounters *counters, ObolViciWriter *writer, const char *name, gboolean all)
{
    static const Counts none = { 0 };
    const Counts *one = name != NULL ? g_hash_table_lookup(counters->by_connection, name) : &counters->global;
    GHashTableIter iter;
    gpointer key, value;

    if (!all) {
        put_counts(writer, name != NULL ? name : "", one != NULL ? one : &none);
        return;
    }
    put_counts(writer, "", &counters->global);
    g_hash_table_iter_init(&iter, counters->by_connection);
    while (g_hash_table_iter_next(&iter, &key, &value))
        put_counts(writer, key, value);
}

void
vici_counters_reset(ViciCounters *counters, const char *name, gboolean all)
{
    if (all)
        g_hash_table_remove_all(counters->by_connection);
    else if (name != NULL)
        g_hash_table_remove(counters->by_connection, name);
    if (all || name == NULL)
        counters->global = (Counts) { 0 };
}
