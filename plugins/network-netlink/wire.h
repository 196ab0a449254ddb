/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire.h - rtnetlink's two sockets: one asks and waits, one listens. */
#ifndef NETWORK_NETLINK_WIRE_H
#define NETWORK_NETLINK_WIRE_H

#include "message.h"

typedef struct Wire Wire;

/* %NULL with @status a negative errno.  The listening socket does not block. */
Wire *wire_new(int *status);
void wire_free(Wire *wire);
int wire_events_fd(const Wire *wire);

/* A request with an answer, or many: @visit may be NULL.  0 or a negative errno. */
typedef void (*WireVisit)(const Message *message, gpointer data);
int wire_ask(Wire *wire, struct nlmsghdr *request, WireVisit visit, gpointer data);
/* What has come since; %FALSE when something was lost (visited or not). */
gboolean wire_listen(Wire *wire, WireVisit visit, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wire, wire_free)

#endif
