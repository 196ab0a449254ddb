/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message.h - netlink messages as bytes: attributes read within bounds, requests written within bounds. */
#ifndef XFRM_MESSAGE_H
#define XFRM_MESSAGE_H

#include <glib.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>

/* Why a message of the kernel was not believed: the first broken rule wins.  @rule is static text. */
typedef struct {
    gsize offset;
    const char *rule;
} XfrmFault;

/* What the headers of some build machines are too old for (linux/xfrm.h of 6.10). */
#define XFRM_ATTRIBUTE_SA_DIR 33
#define XFRM_SA_DIRECTION_IN 1
#define XFRM_SA_DIRECTION_OUT 2

#define XFRM_ATTRIBUTES 40 /* types from there on are passed over */

/* The attributes of one message, by type; borrowed.  Of two alike the last counts, as in the kernel. */
typedef struct {
    const guint8 *at[XFRM_ATTRIBUTES]; /* NULL: not there */
    guint16 n[XFRM_ATTRIBUTES];
} XfrmAttributes;

/* @offset: of @bytes in the message, for the fault. */
gboolean attributes_read(const guint8 *bytes, gsize n, gsize offset, XfrmAttributes *out, XfrmFault *fault);
/* Copies @n bytes of attribute @type; zeroes @out where there is none.  %FALSE when there is one that is shorter. */
gboolean attributes_get(const XfrmAttributes *attributes, guint type, gpointer out, gsize n);

#define XFRM_REQUEST_MAX 8192

/* One request as it is written; may hold keys. */
typedef struct {
    union {
        struct nlmsghdr header;
        guint64 alignment;
        guint8 bytes[XFRM_REQUEST_MAX];
    };
    gsize n; /* as the header says */
    gboolean too_long; /* something did not fit: not to be sent */
} XfrmRequest;

/* Starts a request of @type whose fixed part is @body. */
void request_begin(XfrmRequest *request, guint16 type, guint16 flags, gconstpointer body, gsize n_body);
void request_put(XfrmRequest *request, guint16 type, gconstpointer data, gsize n);
void request_put_u32(XfrmRequest *request, guint16 type, guint32 value);
/* A fixed part and then a key, without a copy of the key elsewhere. */
void request_put_with_key(XfrmRequest *request, guint16 type, gconstpointer head, gsize n_head, const guint8 *key, gsize n_key);
void request_clear(XfrmRequest *request); /* wipes */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XfrmRequest, request_clear)

#endif
