/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tun.h - the TUN device: the host's packets come from it, decrypted ones go into it. */
#ifndef USERSPACE_TUN_H
#define USERSPACE_TUN_H

#include "core.h"

typedef struct {
    int fd;
    char name[16];
    guint index;
    gsize mtu;
    guint8 *room; /* CORE_BATCH packets with CORE_HEADROOM and CORE_TAILROOM */
} Tun;

/**
 * tun_open:
 * @name: "obol0", or "obol%d" for the first free number; an existing persistent device that we may use will do
 * @netlink: socket to set it up by, or -1: its MTU and state are left to the admin
 *
 * %FALSE with a GError of G_IO_ERROR that says which capability or device is missing.
 */
gboolean tun_open(Tun *tun, const char *name, gsize mtu, int netlink, GError **error);
void tun_close(Tun *tun); /* the device goes with it, unless it is persistent */

/* Reads what is there, at most CORE_BATCH packets, each in its own room. */
gsize tun_read(Tun *tun, CorePacket packets[CORE_BATCH]);
gboolean tun_write(Tun *tun, const guint8 *packet, gsize n);

#endif
