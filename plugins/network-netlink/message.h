/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message.h - rtnetlink's bytes to typed messages and back. */
#ifndef NETWORK_NETLINK_MESSAGE_H
#define NETWORK_NETLINK_MESSAGE_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <obol/address.h>

#define MESSAGE_MAX 1024 /* of a request of ours */

/* Whichever fields the type has; the others are 0. */
typedef struct {
    guint16 type;          /* NLMSG_ERROR, NLMSG_DONE, RTM_NEWADDR ... */
    guint32 sequence;
    gboolean interrupted;  /* a dump that things changed under */
    int error;             /* of NLMSG_ERROR and NLMSG_DONE: 0 or a negative errno */
    guint16 family;
    ObolAddress address;   /* ours; or a route's destination */
    guint8 prefix, scope, protocol, kind; /* @kind: RTN_UNICAST ... of a route */
    guint32 flags;         /* IFA_F_, IFF_ or RTM_F_ */
    guint32 device, table, priority, mark, mark_mask;
    ObolAddress gateway, source;
    char name[IF_NAMESIZE]; /* of a link */
} Message;

typedef struct {
    const guint8 *at;
    gsize left;
    gboolean fault; /* what is left is not what it claims to be */
} MessageReader;

/* @bytes are of one datagram, and aligned as malloc() would have them; %FALSE at its end or at a fault. */
gboolean message_read(MessageReader *reader, Message *out);

/* A way to some place, as the routing sees it. */
typedef struct {
    guint32 device;      /* index */
    ObolAddress gateway; /* next hop; family 0: on the link itself */
} MessagePath;

/* A prefix of ours in the table of ours. */
typedef struct {
    guint32 table;
    guint8 protocol;
    ObolAddress destination;
    guint8 prefix;
    ObolAddress source; /* family 0: none */
    MessagePath path;
} MessageRoute;

typedef struct {
    guint16 family;
    guint32 table, priority, mark; /* packets without @mark go to @table; 0: all do */
    guint8 protocol;
} MessageRule;

/* Each fills @room, of MESSAGE_MAX bytes, with a whole message. */
struct nlmsghdr *message_put_dump(guint8 *room, guint16 type, guint8 family);
struct nlmsghdr *message_put_lookup(guint8 *room, const ObolAddress *to, guint32 mark);
struct nlmsghdr *message_put_route(guint8 *room, gboolean add, const MessageRoute *route);
/* A single address, of @device (index). */
struct nlmsghdr *message_put_address(guint8 *room, gboolean add, const ObolAddress *address, guint32 device);
struct nlmsghdr *message_put_rule(guint8 *room, gboolean add, const MessageRule *rule);

#endif
