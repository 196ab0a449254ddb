/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/connection-set.c - which connection is meant: by addresses first, by identities once they are known. */
#include "model/connection.h"

#define FITS_ANY 1
#define FITS_RANGE 4 /* and up, by its prefix */
#define FITS_ONE 200

/* How closely one of the settings describes @address. */
static guint
host_fits(const ObolHostSpec *host, const ObolAddress *address)
{
    if (host->any || address->family == 0)
        return FITS_ANY;
    if (host->is_name || host->range.family != address->family || !obol_ts_matches(&host->range, address, 0, 0))
        return 0;
    if (obol_ts_prefix(&host->range) == (int) obol_address_n_bytes(address) * 8)
        return FITS_ONE;
    return FITS_RANGE + (guint) MAX(obol_ts_prefix(&host->range), 0);
}

static guint
hosts_fit(const GPtrArray *hosts, const ObolAddress *address)
{
    guint best = 0;

    for (guint i = 0; i < hosts->len; i++)
        best = MAX(best, host_fits(g_ptr_array_index(hosts, i), address));
    return best;
}

gboolean
obol_hosts_allow(const GPtrArray *hosts, const ObolAddress *address)
{
    for (guint i = 0; i < hosts->len; i++) {
        if (((const ObolHostSpec *) g_ptr_array_index(hosts, i))->is_name)
            return TRUE;
    }
    return hosts_fit(hosts, address) > 0;
}

guint
obol_connection_fits(const ObolConnection *connection, const ObolAddress *local, const ObolAddress *remote)
{
    guint here = hosts_fit(connection->local_hosts, local), there = hosts_fit(connection->remote_hosts, remote);

    /* The peer's address says more than our own. */
    return here > 0 && there > 0 ? there * (FITS_ONE + 1) + here : 0;
}

ObolConnectionSet *
obol_connection_set_new(GPtrArray *connections)
{
    ObolConnectionSet *set = g_new(ObolConnectionSet, 1);

    *set = (ObolConnectionSet) { .ref_count = 1, .connections = connections };
    g_ptr_array_set_free_func(connections, (GDestroyNotify) obol_connection_unref);
    return set;
}

ObolConnectionSet *
obol_connection_set_ref(ObolConnectionSet *set)
{
    g_atomic_int_inc(&set->ref_count);
    return set;
}

void
obol_connection_set_unref(ObolConnectionSet *set)
{
    if (set == NULL || !g_atomic_int_dec_and_test(&set->ref_count))
        return;
    g_ptr_array_unref(set->connections);
    g_free(set);
}

const ObolConnection *
obol_connection_set_find(const ObolConnectionSet *set, const char *name)
{
    for (guint i = 0; i < set->connections->len; i++) {
        const ObolConnection *c = g_ptr_array_index(set->connections, i);

        if (g_str_equal(c->name, name))
            return c;
    }
    return NULL;
}

typedef struct {
    const ObolConnection *connection;
    guint fit, order;
} Candidate;

static int
closer_first(gconstpointer a, gconstpointer b)
{
    const Candidate *x = a, *y = b;

    if (x->fit != y->fit)
        return x->fit > y->fit ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

GPtrArray *
obol_connection_set_candidates(const ObolConnectionSet *set, const ObolAddress *local, const ObolAddress *remote)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Candidate));
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < set->connections->len; i++) {
        Candidate c = { .connection = g_ptr_array_index(set->connections, i), .order = i };

        c.fit = obol_connection_fits(c.connection, local, remote);
        if (c.fit > 0 && !(c.connection->children->len == 0 && c.connection->shunts->len > 0)) /* nothing to negotiate */
            g_array_append_val(found, c);
    }
    g_array_sort(found, closer_first);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(list, (gpointer) g_array_index(found, Candidate, i).connection);
    return list;
}

/* No identity in the settings means the address: RFC 7296 section 3.5 has a type for it. */
static guint
identity_fits(const ObolIdentity *pattern, const ObolAddress *address, const ObolIdentity *id)
{
    g_autoptr(ObolIdentity) own = pattern == NULL ? obol_identity_from_address(address) : NULL;

    return obol_identity_match(pattern != NULL ? pattern : own, id);
}

const ObolConnection *
obol_connection_set_match(const ObolConnectionSet *set, const ObolAddress *local, const ObolAddress *remote,
                          const ObolIdentity *idi, const ObolIdentity *idr)
{
    g_autoptr(GPtrArray) candidates = obol_connection_set_candidates(set, local, remote);
    const ObolConnection *best = NULL;
    guint best_fit = 0;

    for (guint i = 0; i < candidates->len; i++) {
        const ObolConnection *c = g_ptr_array_index(candidates, i);
        guint theirs = identity_fits(c->remote_id, remote, idi);
        guint ours = idr != NULL ? identity_fits(c->local_id, local, idr) : 1;

        /* Of equally close ones the first stands: they are in the order of their addresses' fit. */
        if (theirs > 0 && ours > 0 && theirs + ours > best_fit) {
            best_fit = theirs + ours;
            best = c;
        }
    }
    return best;
}
