/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/network.c - what follows when addresses or routes of this machine have changed. */
#include "daemon/daemon-private.h"

static void
note_address(const ObolAddress *address, G_GNUC_UNUSED const char *device, gpointer data)
{
    g_array_append_vals(data, address, 1);
}

/* Without a `network` plugin nobody knows our addresses: then no SA is moved because one of them has gone. */
void
daemon_network_tell(ObolDaemon *daemon)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));

    if (!obol_bus_network_each_address(daemon->bus, note_address, addresses))
        return;
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        obol_shard_addresses(daemon_driver_shard(driver), addresses, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
}

void
daemon_network_changed(gpointer data)
{
    ObolDaemon *daemon = data;

    if (daemon->stopping || daemon->closing || daemon->drivers->len == 0)
        return;
    obol_bus_log(daemon->bus, "net", 1, "addresses or routes of this machine have changed");
    daemon_network_tell(daemon);
    daemon_routes_refresh(daemon);
    daemon_traps_refresh(daemon);
    daemon_desires_retry_now(daemon);
}
