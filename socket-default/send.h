/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* send.h - datagrams in batches, from the daemon to a socket. */
#ifndef SOCKET_DEFAULT_SEND_H
#define SOCKET_DEFAULT_SEND_H

#include <obol/socket.h>

#include "endpoint.h"
#include "faults.h"

#define SEND_BATCH 64

/* What is gathered for one system call; holds no bytes, only where they are. */
typedef struct Sender Sender;

Sender *sender_new(void);
void sender_free(Sender *sender);

/* Do both go by the same socket, between the same two ends? */
gboolean send_same_way(const ObolDatagram *a, const ObolDatagram *b);

/**
 * sender_run:
 * @batch: at most SEND_BATCH datagrams, all for @endpoint
 * @bare: neither ESP nor IKE: no marker (a keep-alive)
 */
void sender_run(Sender *sender, const Endpoint *endpoint, const ObolDatagram *batch, gsize n, gboolean bare,
                UdpFaults *faults);

#endif
