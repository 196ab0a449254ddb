/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/locate.c - where is the peer of a connection, and from where do we speak to it. */
#include "daemon/daemon-private.h"

#include <string.h>

/* Counted: the loop and the resolver hold it in turn. */
typedef struct {
    ObolDaemon *daemon;
    ObolConnection *connection;
    DaemonLocated done;
    gpointer data;
    GDestroyNotify forget;
    guint next; /* host to try */
} Search;

static void
search_clear(gpointer data)
{
    Search *search = data;

    if (search->forget != NULL)
        search->forget(search->data);
    obol_connection_unref(search->connection);
}

static void
search_unref(gpointer search)
{
    g_rc_box_release_full(search, search_clear);
}

static gboolean
single_address(const ObolHostSpec *host, ObolAddress *out)
{
    gsize n;

    *out = (ObolAddress) { .family = host->range.family };
    n = obol_address_n_bytes(out);
    if (host->any || host->is_name || n == 0 || memcmp(host->range.first, host->range.last, n) != 0)
        return FALSE;
    memcpy(out->bytes, host->range.first, n);
    return TRUE;
}

/* The setting wins where it can: only a port that is bound can be spoken from. */
static guint16
local_port_of(ObolDaemon *daemon, const ObolConnection *connection)
{
    guint16 ike, nat_t;

    obol_bus_socket_ports(daemon->bus, &ike, &nat_t);
    if (connection->local_port == nat_t || connection->local_port == ike)
        return connection->local_port;
    return ike != 0 ? ike : nat_t;
}

static void
finish(Search *search, const ObolAddress *found)
{
    const ObolConnection *connection = search->connection;
    ObolAddress local = { 0 }, remote = *found;
    g_autoptr(GError) error = NULL;

    remote.port = connection->remote_port;
    for (guint i = 0; i < connection->local_hosts->len; i++) {
        ObolAddress address;

        if (single_address(g_ptr_array_index(connection->local_hosts, i), &address)
            && address.family == remote.family) {
            local = address;
            break;
        }
    }
    if (local.family == 0 && !obol_bus_socket_source_for(search->daemon->bus, &remote, &local)) {
        char text[OBOL_ADDRESS_TEXT_MAX];

        g_set_error(&error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "connection %s: no route to %s",
                    connection->name,
                    obol_address_format(&remote, text));
    }
    local.port = local_port_of(search->daemon, connection);
    search->done(search->daemon, error == NULL ? &local : NULL, error == NULL ? &remote : NULL, error, search->data);
}

static void try_next(ObolDaemon *daemon, gpointer data);

static void
resolved(ObolDaemon *daemon, const ObolAddress *address, gpointer search)
{
    if (address != NULL)
        finish(search, address);
    else
        try_next(daemon, search);
}

static void
try_next(ObolDaemon *daemon, gpointer data)
{
    Search *search = data;
    const GPtrArray *hosts = search->connection->remote_hosts;
    g_autoptr(GError) error = NULL;

    while (search->next < hosts->len) {
        const ObolHostSpec *host = g_ptr_array_index(hosts, search->next++);
        ObolAddress remote;

        if (single_address(host, &remote)) {
            finish(search, &remote);
            return;
        }
        if (host->is_name) {
            daemon_resolve(daemon, host->text, resolved, g_rc_box_acquire(search), search_unref);
            return;
        }
    }
    g_set_error(&error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED,
                "connection %s: remote_addrs names no peer that can be reached", search->connection->name);
    search->done(daemon, NULL, NULL, error, search->data);
}

void
daemon_locate(ObolDaemon *daemon, const ObolConnection *connection, DaemonLocated done, gpointer data,
              GDestroyNotify forget)
{
    Search *search = g_rc_box_new0(Search);

    search->daemon = daemon;
    search->connection = obol_connection_ref(connection);
    search->done = done;
    search->data = data;
    search->forget = forget;
    daemon_after(daemon, 0, try_next, search, search_unref);
}
