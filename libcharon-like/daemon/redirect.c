/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/redirect.c - clients are sent to another gateway, as an admin asks for it (RFC 5685 section 5). */
#include "daemon/daemon-private.h"

static gboolean
refuse(GError **error, const char *what, const char *text)
{
    g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "%s: \"%s\"", what, text);
    return FALSE;
}

/* Networks and ranges as in remote_addrs, but no names. */
static GPtrArray *
hosts_of(const char *text, GError **error)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func((GDestroyNotify) obol_host_spec_free);
    ObolHostSpec *host = obol_host_spec_new(text, NULL);

    if (host != NULL)
        g_ptr_array_add(hosts, host);
    if (host != NULL && !host->is_name)
        return g_steal_pointer(&hosts);
    refuse(error, "the peer's address is an address, a network or a range", text);
    return NULL;
}

gboolean
obol_control_redirect(ObolControl *control, const ObolRedirect *which, guint *n, GError **error)
{
    ObolDaemon *daemon = control->daemon;
    g_autoptr(GPtrArray) hosts = which->peer_address != NULL ? hosts_of(which->peer_address, error) : NULL;
    g_autofree ObolIdentity *peer = which->peer_id != NULL ? obol_identity_parse(which->peer_id, NULL) : NULL;
    ObolClientSelector selector = { .ike = which->ike, .ike_id = which->ike_id, .peer_hosts = hosts, .peer_id = peer };
    ObolGateway gateway;

    *n = 0;
    if (which->peer_address != NULL && hosts == NULL)
        return FALSE;
    if (which->peer_id != NULL && peer == NULL)
        return refuse(error, "the peer's identity is none", which->peer_id);
    if (which->gateway == NULL || !obol_gateway_parse(which->gateway, &gateway))
        return refuse(error, "the gateway is an address or a host name", which->gateway != NULL ? which->gateway : "");
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        *n += obol_shard_redirect(daemon_driver_shard(driver), &selector, &gateway, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    return TRUE;
}
