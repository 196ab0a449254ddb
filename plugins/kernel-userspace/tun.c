/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tun.c - the TUN device: the host's packets come from it, decrypted ones go into it. */
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netlink.h"

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TUN_TSO (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

G_STATIC_ASSERT(sizeof ((Tun *) NULL)->name == IFNAMSIZ);

static void
fail(GError **error, const char *what, int code)
{
    const char *advice = "";

    if (code == EPERM || code == EACCES)
        advice = " (this needs the capability CAP_NET_ADMIN, or a persistent device of this user)";
    else if (code == ENOENT || code == ENODEV || code == ENXIO)
        advice = " (the kernel module tun, or the device node in this container, is missing)";
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s%s", what, g_strerror(code), advice);
}

/* Up, with its MTU, and without an IPv6 link-local address of its own: it has no neighbours to talk to. */
static int
set_up(const Tun *tun, int netlink)
{
    struct ifinfomsg body = { .ifi_index = (int) tun->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
    guint8 mode = IN6_ADDR_GEN_MODE_NONE;
    gsize families, ipv6;
    NetlinkMessage message;

    netlink_begin(&message, RTM_NEWLINK, 0, &(struct ifinfomsg) { .ifi_index = (int) tun->index }, sizeof body);
    families = netlink_nest(&message, IFLA_AF_SPEC);
    ipv6 = netlink_nest(&message, AF_INET6);
    netlink_put(&message, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
    netlink_end_nest(&message, ipv6);
    netlink_end_nest(&message, families);
    netlink_talk(netlink, &message); /* a machine without IPv6 refuses, and needs it not */

    netlink_begin(&message, RTM_NEWLINK, 0, &body, sizeof body);
    netlink_put_u32(&message, IFLA_MTU, (guint32) tun->mtu);
    return netlink_talk(netlink, &message);
}

/* The pieces of one packet in one call: all or nothing. */
static gboolean
write_pieces(gpointer data, const struct iovec *pieces, guint n)
{
    const Tun *tun = data;
    gssize written;

    do {
        written = writev(tun->fd, pieces, (int) n);
    } while (written < 0 && errno == EINTR);
    return written > 0;
}

/* What a system does not have is left out, down to a device as it always was. */
static int
attach(Tun *tun, const char *name, TunKind kind)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    int header = OFFLOAD_HEADER;
    gboolean udp;

    if (kind == TUN_OFFLOAD)
        request.ifr_flags |= IFF_VNET_HDR;
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(tun->fd, TUNSETIFF, &request) != 0)
        return errno == EINVAL && kind == TUN_OFFLOAD ? attach(tun, name, TUN_PLAIN) : -errno;
    g_strlcpy(tun->name, request.ifr_name, sizeof tun->name);
    if (kind == TUN_PLAIN)
        return 0;
    if (ioctl(tun->fd, TUNSETVNETHDRSZ, &header) != 0)
        return -errno;
    udp = ioctl(tun->fd, TUNSETOFFLOAD, (unsigned long) (TUN_TSO | TUN_F_USO4 | TUN_F_USO6)) == 0;
    if (!udp)
        (void) !ioctl(tun->fd, TUNSETOFFLOAD, (unsigned long) TUN_TSO);
    tun->offload = TRUE;
    tun->super = g_malloc(OFFLOAD_HEADER + OFFLOAD_PACKET_MAX);
    tun->gather = g_new(Gather, 1);
    gather_init(tun->gather, udp, write_pieces, tun);
    return 0;
}

gboolean
tun_open(Tun *tun, const char *name, gsize mtu, TunKind kind, int netlink, GError **error)
{
    int status;

    *tun = (Tun) { .fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), .mtu = mtu };
    if (tun->fd < 0) {
        fail(error, "/dev/net/tun", errno);
        return FALSE;
    }
    status = attach(tun, name, kind);
    if (status < 0) {
        fail(error, name, -status);
        tun_close(tun);
        return FALSE;
    }
    tun->index = if_nametoindex(tun->name);
    status = netlink >= 0 ? set_up(tun, netlink) : 0;
    if (tun->index == 0 || status < 0) {
        fail(error, tun->name, tun->index == 0 ? ENODEV : -status);
        tun_close(tun);
        return FALSE;
    }
    tun->room = g_malloc(CORE_BATCH * (CORE_HEADROOM + mtu + CORE_TAILROOM));
    return TRUE;
}

void
tun_close(Tun *tun)
{
    if (tun->fd >= 0)
        close(tun->fd);
    tun->fd = -1;
    g_clear_pointer(&tun->room, g_free);
    g_clear_pointer(&tun->super, g_free);
    g_clear_pointer(&tun->gather, g_free);
}

/* --- from the host --- */

static gssize
read_bytes(const Tun *tun, guint8 *at, gsize n)
{
    gssize got;

    do {
        got = read(tun->fd, at, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Cuts what is being cut, or what is read next.  -1: nothing there; 0: broken. */
static gssize
read_segment(Tun *tun, guint8 *at)
{
    gsize n = tun->cutting ? segments_next(&tun->segments, at) : 0;
    gssize got;

    if (n > 0)
        return (gssize) n;
    got = read_bytes(tun, tun->super, OFFLOAD_HEADER + OFFLOAD_PACKET_MAX);
    tun->cutting = got > 0 && segments_begin(&tun->segments, tun->super, (gsize) got, tun->mtu);
    if (got <= 0)
        return -1;
    return tun->cutting ? (gssize) segments_next(&tun->segments, at) : 0;
}

gsize
tun_read(Tun *tun, CorePacket packets[CORE_BATCH])
{
    gsize n = 0;

    while (n < CORE_BATCH) {
        guint8 *at = tun->room + n * (CORE_HEADROOM + tun->mtu + CORE_TAILROOM) + CORE_HEADROOM;
        gssize got = tun->offload ? read_segment(tun, at) : read_bytes(tun, at, tun->mtu);

        if (got < 0 || (got == 0 && !tun->offload))
            break;
        packets[n++] = (CorePacket) { at, (gsize) got, tun->mtu - (gsize) got + CORE_TAILROOM };
    }
    return n;
}

gboolean
tun_pending(const Tun *tun)
{
    return tun->cutting && tun->segments.at < tun->segments.n;
}

/* --- to the host --- */

gboolean
tun_write(Tun *tun, const guint8 *packet, gsize n)
{
    static const guint8 header[OFFLOAD_HEADER];
    const struct iovec pieces[] = { { (gpointer) header, sizeof header }, { (gpointer) packet, n } };

    if (!tun->offload)
        return write_pieces(tun, pieces + 1, 1);
    tun->gather->n_lost = gather_flush(tun->gather);
    return write_pieces(tun, pieces, 2);
}

gboolean
tun_write_later(Tun *tun, guint8 *bytes, const Packet *packet)
{
    if (!tun->offload)
        return tun_write(tun, bytes, packet->n);
    gather_add(tun->gather, bytes, packet);
    return TRUE;
}

gsize
tun_flush(Tun *tun)
{
    return tun->offload ? gather_flush(tun->gather) : 0;
}
