/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tun.h - the TUN device: the host's packets come from it, decrypted ones go into it. */
#ifndef USERSPACE_TUN_H
#define USERSPACE_TUN_H

#include "core.h"
#include "gather.h"
#include "segments.h"

/**
 * Tun:
 * @room: CORE_BATCH packets with CORE_HEADROOM and CORE_TAILROOM
 * @offload: the device gives and takes packets that are longer than its MTU, without checksums, behind a header of offload.h
 * @super: one of these, while @segments cuts it
 */
typedef struct {
    int fd;
    char name[16];
    guint index;
    gsize mtu;
    guint8 *room, *super;
    gboolean offload, cutting;
    Segments segments;
    Gather *gather;
} Tun;

typedef enum { TUN_PLAIN, TUN_OFFLOAD } TunKind;

/**
 * tun_open:
 * @name: "obol0", or "obol%d" for the first free number; an existing persistent device that we may use will do
 * @kind: TUN_OFFLOAD: with segmentation offload where the system has it
 * @netlink: socket to set it up by, or -1: its MTU and state are left to the admin
 *
 * %FALSE with a GError of G_IO_ERROR that says which capability or device is missing.
 */
gboolean tun_open(Tun *tun, const char *name, gsize mtu, TunKind kind, int netlink, GError **error);
void tun_close(Tun *tun); /* the device goes with it, unless it is persistent */

/* Reads what is there, at most CORE_BATCH packets, each in its own room; one of length 0 is broken. */
gsize tun_read(Tun *tun, CorePacket packets[CORE_BATCH]);
/* Is something left that was read and not given out, for which the device will not become readable? */
gboolean tun_pending(const Tun *tun);

gboolean tun_write(Tun *tun, const guint8 *packet, gsize n);
/* As tun_write(), but the bytes stay until tun_flush(), which gives how many packets the device did not take. */
gboolean tun_write_later(Tun *tun, guint8 *bytes, const Packet *packet);
gsize tun_flush(Tun *tun);

#endif
