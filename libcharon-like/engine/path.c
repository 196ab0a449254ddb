/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/path.c - pairs of addresses: the one in use, and those that might be (RFC 4555 section 2.1). */
#include "engine/ike-sa-private.h"

#include <string.h>

#define PORT_NAT_T 4500

gboolean
obol_path_equal(const ObolPath *a, const ObolPath *b)
{
    return obol_endpoint_equal(&a->local, &b->local) && obol_endpoint_equal(&a->remote, &b->remote);
}

ObolPath
obol_path_of(const ObolIkeSa *sa)
{
    return (ObolPath) { sa->local, sa->remote };
}

char *
obol_path_format(const ObolPath *path)
{
    char local[OBOL_ADDRESS_TEXT_MAX], remote[OBOL_ADDRESS_TEXT_MAX];

    return g_strdup_printf("%s - %s", obol_address_format_with_port(&path->local, local),
                           obol_address_format_with_port(&path->remote, remote));
}

void
obol_path_set(ObolIkeSa *sa, const ObolPath *path, ObolActions *out)
{
    ObolPath was = obol_path_of(sa);
    g_autofree char *from = NULL, *to = NULL;
    ObolAction *action;

    if (obol_path_equal(path, &was))
        return;
    sa->local = path->local;
    sa->remote = path->remote;
    obol_window_mark_paths(sa);
    sa->fragmentation.path_size = 0; /* it was of another path */
    if (sa->state != OBOL_IKE_ESTABLISHED)
        return;
    action = obol_actions_add(out, OBOL_ACTION_MOVED);
    action->moved.local = was.local;
    action->moved.remote = was.remote;
    from = obol_path_format(&was);
    to = obol_path_format(path);
    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u moves from %s to %s", sa->connection->name, sa->unique_id, from, to);
}

/* --- our side --- */

static gboolean
is_loopback(const ObolAddress *address)
{
    static const guint8 six[16] = { [15] = 1 };

    return address->family == AF_INET6 ? memcmp(address->bytes, six, sizeof six) == 0 : address->bytes[0] == 127;
}

static gboolean
is_link_local(const ObolAddress *address)
{
    return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static gboolean
has_address(const GArray *list, const ObolAddress *address)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const ObolAddress *one = &g_array_index(list, ObolAddress, i);

        if (one->family == address->family && memcmp(one->bytes, address->bytes, obol_address_n_bytes(one)) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
obol_path_is_ours(const ObolIkeSa *sa, const ObolAddress *local)
{
    const ObolEngine *engine = sa->engine;

    return engine->addresses == NULL || local->family == 0 || is_loopback(local) || has_address(engine->addresses, local)
           || has_address(engine->lent, local);
}

static gboolean
any_holds(const GArray *selectors, const ObolAddress *address)
{
    for (guint i = 0; i < selectors->len; i++) {
        if (obol_ts_matches(&g_array_index(selectors, ObolTs, i), address, 0, 0))
            return TRUE;
    }
    return FALSE;
}

/* What a tunnel is for does not carry it, unless it is for everything anyway. */
static gboolean
is_inside(const ObolIkeSa *sa, const ObolAddress *address, gboolean ours)
{
    for (guint i = 0; i < sa->connection->children->len; i++) {
        const ObolChildConfig *child = g_ptr_array_index(sa->connection->children, i);
        g_autoptr(GArray) selectors =
            obol_configuration_resolve(sa, ours ? OBOL_END_LOCAL : OBOL_END_REMOTE, ours ? child->local_ts : child->remote_ts);

        if (child->mode == OBOL_MODE_TUNNEL && any_holds(selectors, address) && !any_holds(selectors, ours ? &sa->local : &sa->remote))
            return TRUE;
    }
    return FALSE;
}

/* It leads through somebody's tunnel and goes with that; but an SA that was set up from there stays. */
static gboolean
is_lent(const ObolIkeSa *sa, const ObolAddress *local)
{
    return has_address(sa->engine->lent, local) && !obol_address_equal(local, &sa->local);
}

static gboolean
may_speak_from(const ObolIkeSa *sa, const ObolAddress *local)
{
    return !is_lent(sa, local) && obol_path_is_ours(sa, local) && obol_hosts_allow(sa->connection->local_hosts, local) && !is_inside(sa, local, TRUE);
}

GArray *
obol_path_additional(const ObolIkeSa *sa)
{
    const GArray *ours = sa->engine->addresses;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolAddress));

    for (guint i = 0; ours != NULL && i < ours->len && list->len < OBOL_ENGINE_OWN_ADDRESSES_MAX; i++) {
        const ObolAddress *one = &g_array_index(ours, ObolAddress, i);

        if (!obol_address_equal(one, &sa->local) && !is_link_local(one) && may_speak_from(sa, one))
            g_array_append_vals(list, one, 1);
    }
    return list;
}

/* --- both sides --- */

typedef struct {
    const ObolIkeSa *sa;
    ObolPath *paths;
    guint n;
} Collection;

static void
collect(Collection *all, const ObolAddress *local, const ObolAddress *remote)
{
    const ObolIkeSa *sa = all->sa;
    ObolPath path = { *local, *remote };

    path.local.port = sa->local.port;
    if (obol_address_equal(remote, &sa->remote))
        path.remote.port = sa->remote.port;
    else
        path.remote.port = sa->floated ? PORT_NAT_T : sa->connection->remote_port;
    if (local->family != remote->family || is_link_local(local) != is_link_local(remote) || !may_speak_from(sa, local)
        || is_inside(sa, remote, FALSE) || all->n == OBOL_ENGINE_PATHS_MAX)
        return;
    for (guint i = 0; i < all->n; i++) {
        if (obol_path_equal(&all->paths[i], &path))
            return;
    }
    all->paths[all->n++] = path;
}

gboolean
obol_path_source(const ObolIkeSa *sa, ObolAddress *source)
{
    const ObolEngine *engine = sa->engine;

    return engine->source_for != NULL && engine->source_for(engine->data, &sa->remote, source) && !is_lent(sa, source);
}

/* First as the routes would have it, then from whatever address there is. */
static void
collect_to(Collection *all, const ObolAddress *remote)
{
    const ObolEngine *engine = all->sa->engine;
    ObolAddress source;

    if (engine->source_for != NULL && engine->source_for(engine->data, remote, &source))
        collect(all, &source, remote);
    for (guint i = 0; engine->addresses != NULL && i < engine->addresses->len; i++)
        collect(all, &g_array_index(engine->addresses, ObolAddress, i), remote);
}

guint
obol_paths(const ObolIkeSa *sa, ObolPath out[OBOL_ENGINE_PATHS_MAX])
{
    const GArray *theirs = sa->mobike != NULL ? sa->mobike->peer_addresses : NULL;
    Collection all = { sa, out, 0 };

    collect(&all, &sa->local, &sa->remote);
    collect_to(&all, &sa->remote);
    for (guint i = 0; theirs != NULL && i < theirs->len; i++)
        collect_to(&all, &g_array_index(theirs, ObolAddress, i));
    return all.n;
}
