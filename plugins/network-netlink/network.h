/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network.h - this machine's addresses, and routes of ours; all of the plugin but its settings. */
#ifndef NETWORK_NETLINK_NETWORK_H
#define NETWORK_NETLINK_NETWORK_H

#include <obol/network.h>

#define NETWORK_PROTOCOL 79 /* who made a route, in rtm_protocol: by it a successor knows what we left */

typedef void (*NetworkLog)(gpointer data, int level, const char *text);

typedef struct {
    guint32 table, rule_priority, mark; /* @mark 0: the rule is for all packets */
    gint64 burst_us;                    /* changes within so long are one */
    NetworkLog log;
    gpointer log_data;
} NetworkSettings;

typedef struct Network Network;

Network *network_new(const NetworkSettings *settings, GMainContext *context, const ObolNetworkClient *client, GError **error);
void network_free(Network *network); /* and its routes and rules */

gboolean network_add_route(Network *network, const ObolRouteSpec *route, GError **error);
gboolean network_remove_route(Network *network, const ObolRouteSpec *route, GError **error);
gboolean network_add_address(Network *network, const ObolAddress *address, GError **error);
gboolean network_remove_address(Network *network, const ObolAddress *address, GError **error);
void network_each_address(Network *network, void (*visit)(const ObolAddress *address, const char *device, gpointer data),
                          gpointer data);
gboolean network_address_in(Network *network, const ObolTs *range, ObolAddress *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Network, network_free)

#endif
