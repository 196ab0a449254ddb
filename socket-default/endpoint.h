/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* endpoint.h - one bound UDP socket and its options. */
#ifndef SOCKET_DEFAULT_ENDPOINT_H
#define SOCKET_DEFAULT_ENDPOINT_H

#include <obol/address.h>

#define NAT_T_PORT 4500 /* RFC 3947 section 4: where the other side listens, wherever we do */

typedef struct {
    gsize receive_buffer, send_buffer; /* bytes */
    guint32 mark;                      /* SO_MARK, 0: none */
    gboolean offload;                  /* ESP in UDP by many datagrams at a time, where the system can */
} EndpointOptions;

typedef struct {
    int fd;
    ObolAddress local; /* as bound: the address may be "any" of its family, the port is never 0 */
    gboolean nat_t;
    gboolean joins; /* datagrams may be sent as one, to be cut by the system or its device (UDP_SEGMENT) */
} Endpoint;

/**
 * endpoint_open:
 * @at: family, address (all zeros: any), port (0: any free one)
 * @unmarked: (out): set when the system does not let us mark packets; not a failure
 *
 * Returns: 0, or a negative errno with nothing open.
 */
int endpoint_open(Endpoint *endpoint, const ObolAddress *at, gboolean nat_t, const EndpointOptions *options,
                  gboolean *unmarked);
void endpoint_close(Endpoint *endpoint);

#endif
