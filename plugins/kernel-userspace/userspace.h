/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* userspace.h - the core joined to a device, to raw sockets, to the routing and to a loop; all of the plugin but its settings. */
#ifndef USERSPACE_USERSPACE_H
#define USERSPACE_USERSPACE_H

#include "abilities.h"
#include "core.h"

/* What the plugin has from the bus. */
typedef struct {
    GMainContext *context;
    const ObolCrypto *crypto;
    gint64 (*now_us)(gpointer data); /* CLOCK_BOOTTIME */
    void (*send)(gpointer data, const ObolDatagram *batch, gsize n);
    DropLog log;
    gpointer data;
} UserspaceHost;

typedef struct {
    const char *device;
    gsize mtu;
    gboolean routes, offload;
    guint32 table, rule_priority, mark;
    CoreSettings core; /* @plain_esp: when raw sockets are allowed */
} UserspaceSettings;

typedef struct Userspace Userspace;

Userspace *userspace_new(const UserspaceSettings *settings, const UserspaceHost *host, const ObolKernelClient *client,
                         GError **error);
/* Could one be opened here?  Tries the device and the raw sockets, and leaves nothing behind. */
gboolean userspace_probe(const ObolCrypto *crypto, gboolean plain_esp, Abilities *out, GError **error);
void userspace_free(Userspace *userspace);
const ObolKernelAbilities *userspace_abilities(const Userspace *userspace);
void userspace_request(Userspace *userspace, const ObolKernelRequest *request, ObolKernelDone done, gpointer data);
void userspace_udp_esp(Userspace *userspace, ObolDatagram *batch, gsize n);
void userspace_each_policy(const Userspace *userspace, void (*visit)(const ObolPolicySpec *policy, gpointer data),
                           gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Userspace, userspace_free)

#endif
