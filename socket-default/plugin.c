/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - socket-default.so: IKE's UDP sockets. */
#include <obol/plugin.h>

#include "udp.h"

static void
log_line(gpointer data, int level, const char *text)
{
    obol_bus_log(data, "net", level, "%s", text);
}

static gpointer
socket_open(ObolBus *bus, const ObolSocketClient *client, GError **error)
{
    const UdpSettings settings = {
        .ike_port = (int) obol_bus_setting_number(bus, "socket-default.ike_port"),
        .nat_t_port = (int) obol_bus_setting_number(bus, "socket-default.nat_t_port"),
        .bind = obol_bus_setting_list(bus, "socket-default.bind"),
        .options = {
            .receive_buffer = (gsize) obol_bus_setting_number(bus, "socket-default.receive_buffer"),
            .send_buffer = (gsize) obol_bus_setting_number(bus, "socket-default.send_buffer"),
            .mark = (guint32) obol_bus_setting_number(bus, "socket-default.mark"),
            .offload = obol_bus_setting_number(bus, "socket-default.offload") != 0,
        },
        .log = log_line,
        .log_data = bus,
    };

    return udp_new(&settings, obol_bus_context(bus), client, error);
}

static void
socket_close(gpointer self)
{
    udp_free(self);
}

static void
socket_send(gpointer self, const ObolDatagram *batch, gsize n)
{
    udp_send(self, batch, n);
}

static void
socket_ports(gpointer self, guint16 *ike, guint16 *nat_t)
{
    udp_ports(self, ike, nat_t);
}

static gboolean
socket_source_for(gpointer self, const ObolAddress *remote, ObolAddress *source)
{
    return udp_source_for(self, remote, source);
}

static void
socket_keep_alive(gpointer self, const ObolAddress *local, const ObolAddress *remote)
{
    udp_keep_alive(self, local, remote);
}

static void
socket_each_socket(gpointer self, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data)
{
    udp_each(self, visit, data);
}

static const ObolSocketVtable vtable = {
    .size = sizeof vtable, .open = socket_open, .close = socket_close, .send = socket_send, .ports = socket_ports,
    .source_for = socket_source_for, .keep_alive = socket_keep_alive, .each_socket = socket_each_socket,
};

static const ObolSettingSpec settings_schema[] = {
    { .name = "ike_port", .type = OBOL_TYPE_INTEGER, .fallback = "500", .min = -1, .max = 65535, .restart = TRUE,
      .doc = "UDP port for IKE; 0: any free one; -1: none, IKE runs on the NAT-T port alone." },
    { .name = "nat_t_port", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .min = -1, .max = 65535, .restart = TRUE,
      .doc = "UDP port for IKE behind NAT and for ESP in UDP; 0: any free one; -1: none." },
    { .name = "bind", .type = OBOL_TYPE_LIST, .restart = TRUE,
      .doc = "Addresses to listen at; without it at all addresses of both families." },
    { .name = "mark", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .max = G_MAXINT32, .restart = TRUE,
      .doc = "Firewall mark of our packets, the same as kernel-userspace.mark; 0: none." },
    { .name = "receive_buffer", .type = OBOL_TYPE_SIZE, .fallback = "4M", .max = 1 << 30, .restart = TRUE, .unit = "bytes",
      .doc = "Receive buffer asked of the system for each socket; 0: the system's default." },
    { .name = "send_buffer", .type = OBOL_TYPE_SIZE, .fallback = "4M", .max = 1 << 30, .restart = TRUE, .unit = "bytes",
      .doc = "Send buffer asked of the system for each socket; 0: the system's default." },
    { .name = "offload", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Exchange ESP in UDP with the system many datagrams at a time (segmentation offload), where it can." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "socket-default", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("UDP sockets of IKE and of ESP in UDP"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_SOCKET, .name = "default", .socket = &vtable }, { 0 } },
};
