/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/network.c - what follows when addresses or routes of this machine have changed. */
#include "daemon/daemon-private.h"

#include <string.h>

typedef struct {
    ObolDaemon *daemon;
    GArray *addresses; /* of ObolAddress */
} Ours;

static void
note_address(const ObolAddress *address, G_GNUC_UNUSED const char *device, gpointer data)
{
    g_array_append_vals(((Ours *) data)->addresses, address, 1);
}

static gboolean
is_ours(const Ours *ours, const ObolAddress *address)
{
    for (guint i = 0; i < ours->addresses->len; i++) {
        const ObolAddress *one = &g_array_index(ours->addresses, ObolAddress, i);

        if (one->family == address->family && memcmp(one->bytes, address->bytes, obol_address_n_bytes(one)) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_loopback(const ObolAddress *address)
{
    static const guint8 six[16] = { [15] = 1 };

    return address->family == AF_INET6 ? memcmp(address->bytes, six, sizeof six) == 0 : address->bytes[0] == 127;
}

/* An address that has gone may come back in a moment (a lease renewed, a cable plugged in again): whether the peer can still be
 * reached is for its liveness check to find out. */
static void
judge_sa(const ObolIkeInfo *sa, gpointer data)
{
    const Ours *ours = data;
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (sa->state != OBOL_IKE_ESTABLISHED || is_ours(ours, &sa->local) || is_loopback(&sa->local))
        return;
    obol_bus_log(ours->daemon->bus, "net", 0,
                 "the address %s of IKE SA %s #%u has gone: its peer is asked after dpd_delay whether it is still there",
                 obol_address_format(&sa->local, text), sa->connection, sa->unique_id);
}

void
daemon_network_changed(gpointer data)
{
    ObolDaemon *daemon = data;
    Ours ours = { .daemon = daemon };

    if (daemon->stopping || daemon->closing || daemon->drivers->len == 0)
        return;
    obol_bus_log(daemon->bus, "net", 1, "addresses or routes of this machine have changed");
    ours.addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    obol_bus_network_each_address(daemon->bus, note_address, &ours);
    obol_control_each_sa(&daemon->control, judge_sa, &ours);
    g_array_unref(ours.addresses);
    daemon_routes_refresh(daemon);
    daemon_traps_refresh(daemon);
    daemon_desires_retry_now(daemon);
}
