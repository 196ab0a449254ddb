/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink.h - requests to the system's routing, one at a time, each with its answer (rtnetlink(7)). */
#ifndef USERSPACE_NETLINK_H
#define USERSPACE_NETLINK_H

#include <glib.h>
#include <linux/netlink.h>

#define NETLINK_MESSAGE_MAX 512

/* One request as it is written. */
typedef struct {
    union {
        struct nlmsghdr header;
        guint8 bytes[NETLINK_MESSAGE_MAX];
    };
    gsize n;
} NetlinkMessage;

/* Starts a request of @type whose fixed part is @body. */
void netlink_begin(NetlinkMessage *message, guint16 type, guint16 flags, const void *body, gsize n_body);
void netlink_put(NetlinkMessage *message, guint16 attribute, const void *data, gsize n);
void netlink_put_u32(NetlinkMessage *message, guint16 attribute, guint32 value);
/* Attributes put between the two are inside @attribute. */
gsize netlink_nest(NetlinkMessage *message, guint16 attribute);
void netlink_end_nest(NetlinkMessage *message, gsize nest);

/* A socket, or a negative errno. */
int netlink_open(void);
/* Sends and waits for the acknowledgement: 0 or a negative errno. */
int netlink_talk(int fd, NetlinkMessage *message);


/* Asks for a list and gives each message of @type to @visit: what follows the message header.  0 or a negative errno. */
typedef void (*NetlinkVisit)(gpointer data, const guint8 *body, gsize n);
int netlink_dump(int fd, NetlinkMessage *message, guint16 type, NetlinkVisit visit, gpointer data);
/* The attribute of @n bytes in a message behind its fixed part of @n_fixed; %FALSE when it is not there, or of another length. */
gboolean netlink_attribute(const guint8 *body, gsize n_body, gsize n_fixed, guint16 attribute, void *out, gsize n);

#endif
