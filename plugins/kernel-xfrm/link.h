/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link.h - requests over NETLINK_XFRM, each with its answer.
 *
 * The kernel does what is asked within sendmsg(): when that returns, the answer lies in the socket's queue.  So a request is a
 * function call, as any system call is, and what takes several of them (moving an SA) has nothing come in between.  Should the
 * kernel be too distressed to answer, the call returns -ETIMEDOUT after LINK_PATIENCE_S. */
#ifndef XFRM_LINK_H
#define XFRM_LINK_H

#include "decode.h"

#define LINK_PATIENCE_S 2

typedef struct Link Link;
typedef void (*LinkVisit)(const XfrmMessage *message, gpointer data);

Link *link_new(GError **error);
void link_free(Link *link);
/* The kernel marks by it whose doing an event was. */
guint32 link_port(const Link *link);
/* What the kernel said about the last refusal, beside the errno; may be empty. */
const char *link_words(const Link *link);

/* Sends @request and wipes it; @visit gets what comes before the end of the answer; may be %NULL.
 * Returns 0 or a negative errno. */
int link_talk(Link *link, XfrmRequest *request, LinkVisit visit, gpointer data);
/* XFRM_MSG_GETSA or GETPOLICY: all of them; again from the start when the kernel says that they changed meanwhile, so that
 * @visit may see some twice. */
int link_dump(Link *link, guint16 type, LinkVisit visit, gpointer data);
/* As link_talk() for a DELSA; @visit gets the SA as it was when it went, an XFRM_KIND_SA_GONE, where the kernel has room to
 * tell. */
int link_delete_telling(Link *link, XfrmRequest *request, LinkVisit visit, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

#endif
