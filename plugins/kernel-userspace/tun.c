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
#include <unistd.h>

#include "netlink.h"

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

gboolean
tun_open(Tun *tun, const char *name, gsize mtu, int netlink, GError **error)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    int status;

    *tun = (Tun) { .fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), .mtu = mtu };
    if (tun->fd < 0) {
        fail(error, "/dev/net/tun", errno);
        return FALSE;
    }
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(tun->fd, TUNSETIFF, &request) != 0) {
        fail(error, name, errno);
        tun_close(tun);
        return FALSE;
    }
    g_strlcpy(tun->name, request.ifr_name, sizeof tun->name);
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
}

gsize
tun_read(Tun *tun, CorePacket packets[CORE_BATCH])
{
    gsize n = 0;

    while (n < CORE_BATCH) {
        guint8 *at = tun->room + n * (CORE_HEADROOM + tun->mtu + CORE_TAILROOM) + CORE_HEADROOM;
        gssize got = read(tun->fd, at, tun->mtu);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        packets[n++] = (CorePacket) { at, (gsize) got, tun->mtu - (gsize) got + CORE_TAILROOM };
    }
    return n;
}

gboolean
tun_write(Tun *tun, const guint8 *packet, gsize n)
{
    gssize written;

    do {
        written = write(tun->fd, packet, n);
    } while (written < 0 && errno == EINTR);
    return written == (gssize) n;
}
