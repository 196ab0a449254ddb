/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/privileges.h - what obol-pfkey-proxy keeps: CAP_NET_ADMIN, and that only while it opens a socket. */
#ifndef PFKEY_PROXY_PRIVILEGES_H
#define PFKEY_PROXY_PRIVILEGES_H

#include <glib.h>
#include <sys/types.h>

typedef struct {
    uid_t uid; /* -1: stay who we are */
    gid_t gid;
    const char *name;
} PfkeyRunAs;

/* Becomes @who; keeps of all capabilities CAP_NET_ADMIN, permitted and not effective; gains none by any exec; leaves no core. */
gboolean pfkey_privileges_drop(const PfkeyRunAs *who, GError **error);

/* pfkey_raw_open() with CAP_NET_ADMIN for as long as it takes. */
int pfkey_privileged_open(gpointer unused, GError **error);

#endif
