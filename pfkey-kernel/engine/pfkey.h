/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pfkey.h - the engine joined to its two links and to a loop; all of the plugin but its settings. */
#ifndef PFKEY_ENGINE_PFKEY_H
#define PFKEY_ENGINE_PFKEY_H

#include <obol/kernel.h>

#include "pfkey-kernel/proxy/endpoint.h"

/* What the plugin has from the bus. */
typedef struct {
    GMainContext *context;
    gint64 (*now_us)(gpointer data); /* CLOCK_BOOTTIME */
    void (*random)(gpointer data, guint8 *out, gsize n);
    void (*log)(gpointer data, int level, const char *text);
    gpointer data;
} PfkeyHost;

typedef enum { PFKEY_LARVAL_KEEP, PFKEY_LARVAL_DROP, PFKEY_LARVAL_WAIT } PfkeyLarval;

typedef struct {
    const PfkeyEndpoint *endpoint; /* copied */
    gint64 timeout_us, acquire_hold_us, check_us;
    gint64 acquire_expires_us;     /* net.core.xfrm_acq_expires; 0: as it is */
    PfkeyLarval larval;            /* net.core.xfrm_larval_drop */
    gboolean probe;                /* only looks */
} PfkeySettings;

typedef struct Pfkey Pfkey;

/* Comes back when the kernel has answered: what a predecessor left is gone, and abilities are known. */
Pfkey *pfkey_new(const PfkeySettings *settings, const PfkeyHost *host, const ObolKernelClient *client, GError **error);
/* Comes back when nothing of ours is left in the kernel, or this takes too long. */
void pfkey_free(Pfkey *pfkey);
const ObolKernelAbilities *pfkey_abilities(const Pfkey *pfkey);
void pfkey_request(Pfkey *pfkey, const ObolKernelRequest *request, ObolKernelDone done, gpointer data);
void pfkey_each_policy(const Pfkey *pfkey, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);
gboolean pfkey_adopt(Pfkey *pfkey, int fd, int family, gboolean nat_t, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pfkey, pfkey_free)

#endif
