/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* receive.h - datagrams in batches, from a socket to the client. */
#ifndef SOCKET_DEFAULT_RECEIVE_H
#define SOCKET_DEFAULT_RECEIVE_H

#include <obol/socket.h>

#include "endpoint.h"
#include "faults.h"

#define UDP_BATCH 64

/* Buffers of one batch; made once, so that no datagram costs an allocation. */
typedef struct Receiver Receiver;

Receiver *receiver_new(void);
void receiver_free(Receiver *receiver);

/* Reads from @endpoint and hands it to @client, UDP_BATCH datagrams a call at most.  %FALSE when nothing was left. */
gboolean receiver_run(Receiver *receiver, const Endpoint *endpoint, const ObolSocketClient *client, UdpFaults *faults);

#endif
