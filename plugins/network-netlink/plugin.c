/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - network-netlink.so: addresses and routes by rtnetlink. */
#include <obol/plugin.h>

#include "network.h"

#define BURST_US (100 * G_TIME_SPAN_MILLISECOND)

static void
log_line(gpointer data, int level, const char *text)
{
    obol_bus_log(data, "net", level, "%s", text);
}

static gpointer
role_open(ObolBus *bus, const ObolNetworkClient *client, GError **error)
{
    const NetworkSettings settings = {
        .table = (guint32) obol_bus_setting_number(bus, "network-netlink.table"),
        .rule_priority = (guint32) obol_bus_setting_number(bus, "network-netlink.rule_priority"),
        .mark = (guint32) obol_bus_setting_number(bus, "network-netlink.mark"),
        .burst_us = BURST_US,
        .log = log_line,
        .log_data = bus,
    };

    return network_new(&settings, obol_bus_context(bus), client, error);
}

static void
role_close(gpointer self)
{
    network_free(self);
}

static gboolean
role_add_route(gpointer self, const ObolRouteSpec *route, GError **error)
{
    return network_add_route(self, route, error);
}

static gboolean
role_remove_route(gpointer self, const ObolRouteSpec *route, GError **error)
{
    return network_remove_route(self, route, error);
}

static void
role_each_address(gpointer self, void (*visit)(const ObolAddress *address, const char *device, gpointer data), gpointer data)
{
    network_each_address(self, visit, data);
}

static gboolean
role_address_in(gpointer self, const ObolTs *range, ObolAddress *out)
{
    return network_address_in(self, range, out);
}

static gboolean
role_add_address(gpointer self, const ObolAddress *address, GError **error)
{
    return network_add_address(self, address, error);
}

static gboolean
role_remove_address(gpointer self, const ObolAddress *address, GError **error)
{
    return network_remove_address(self, address, error);
}

static const ObolNetworkVtable vtable = {
    .size = sizeof vtable, .open = role_open, .close = role_close, .add_route = role_add_route,
    .remove_route = role_remove_route, .each_address = role_each_address, .address_in = role_address_in,
    .add_address = role_add_address, .remove_address = role_remove_address,
};

static const ObolSettingSpec settings_schema[] = {
    { .name = "table", .type = OBOL_TYPE_INTEGER, .fallback = "220", .min = 1, .max = G_MAXINT32, .restart = TRUE,
      .doc = "Routing table of our own for the routes to tunnels' far networks." },
    { .name = "rule_priority", .type = OBOL_TYPE_INTEGER, .fallback = "220", .min = 1, .max = 32765, .restart = TRUE,
      .doc = "Priority of the routing rule that leads to the table." },
    { .name = "mark", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .max = G_MAXINT32, .restart = TRUE,
      .doc = "Firewall mark of packets that the rule leaves alone: our own; the same as socket-default.mark; 0: none." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "network-netlink", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("addresses of this machine and routes for tunnels, by rtnetlink"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_NETWORK, .name = "netlink", .network = &vtable }, { 0 } },
};
