/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xfrm.h - the kernel role by NETLINK_XFRM: joins tables, sockets and loop. */
#ifndef XFRM_XFRM_H
#define XFRM_XFRM_H

#include <obol/kernel.h>

typedef struct Xfrm Xfrm;

typedef struct {
    GMainContext *context;
    gint64 (*now_us)(gpointer data); /* CLOCK_BOOTTIME */
    void (*log)(gpointer data, int level, const char *text);
    gpointer data;
} XfrmHost;

typedef struct {
    guint32 acquire_timeout_s;
    gboolean hold_flows;
    guint32 event_buffer;       /* bytes */
    guint32 mapping_interval_s;
    guint32 spi_first, spi_last;
} XfrmSettings;

Xfrm *xfrm_new(const XfrmSettings *settings, const XfrmHost *host, const ObolKernelClient *client, GError **error);
void xfrm_free(Xfrm *xfrm);
const ObolKernelAbilities *xfrm_abilities(const Xfrm *xfrm);
void xfrm_request(Xfrm *xfrm, const ObolKernelRequest *request, ObolKernelDone done, gpointer data);
void xfrm_each_policy(const Xfrm *xfrm, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Xfrm, xfrm_free)

#endif
