/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udp.h - the set of IKE's UDP sockets; all of the plugin but its settings. */
#ifndef SOCKET_DEFAULT_UDP_H
#define SOCKET_DEFAULT_UDP_H

#include <obol/socket.h>

#include "endpoint.h"
#include "faults.h"

#define UDP_ENDPOINTS_MAX 64
#define UDP_PORT_NONE (-1)

/**
 * UdpSettings:
 * @ike_port, @nat_t_port: UDP_PORT_NONE: no such socket; 0: any free port, the same for both families
 * @bind: addresses without port; %NULL or empty: any IPv4 and any IPv6 address
 */
typedef struct {
    int ike_port, nat_t_port;
    const char *const *bind;
    EndpointOptions options;
    UdpLog log;
    gpointer log_data;
} UdpSettings;

typedef struct Udp Udp;

/* %NULL with a GError of G_IO_ERROR when no socket at all can be had; an address family that the machine does not have is
 * logged and left out. */
Udp *udp_new(const UdpSettings *settings, GMainContext *context, const ObolSocketClient *client, GError **error);
void udp_free(Udp *udp);

void udp_send(Udp *udp, const ObolDatagram *batch, gsize n);
void udp_ports(const Udp *udp, guint16 *ike, guint16 *nat_t);
gboolean udp_source_for(const Udp *udp, const ObolAddress *remote, ObolAddress *source);
void udp_each(Udp *udp, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data);
void udp_keep_alive(Udp *udp, const ObolAddress *local, const ObolAddress *remote);
guint64 udp_fault_count(const Udp *udp, UdpFault fault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Udp, udp_free)

#endif
