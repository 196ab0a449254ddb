/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adopt.c - a UDP socket of the daemon's whose packets pass all policies, and out of which the kernel takes ESP. */
#include "pfkey-kernel/engine/adopt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <obol/address.h>

#include "pfkey-kernel/wire/system.h"

#ifndef UDP_GRO
#define UDP_GRO 104 /* linux/udp.h, where the C library is older than that */
#endif

/* The option's payload is an X_POLICY extension, which Linux understands while af_key is there. */
typedef struct {
    guint16 length, extension, type;
    guint8 direction, reserved;
    guint32 id, priority;
} SocketPolicy;

int
pfkey_adopt_bypass(int fd, int family)
{
    static const guint8 directions[] = { PFKEY_DIR_IN, PFKEY_DIR_OUT };
    gboolean v6 = family == AF_INET6;

    for (guint i = 0; i < G_N_ELEMENTS(directions); i++) {
        const SocketPolicy policy = {
            .length = sizeof policy / PFKEY_WORD, .extension = pfkey_linux.extensions[PFKEY_EXT_X_POLICY], .type = PFKEY_POLICY_BYPASS,
            .direction = directions[i],
        };

        if (setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_IPSEC_POLICY : 16 /* IP_IPSEC_POLICY */, &policy, sizeof policy) < 0)
            return -errno;
    }
    return 0;
}

int
pfkey_adopt_encap(int fd)
{
    const int type = UDP_ENCAP_ESPINUDP, off = 0;

    /* Datagrams that the system has joined for us would reach the kernel's ESP as one.  Kernels before 5.0 join none. */
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &off, sizeof off);
    return setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof type) < 0 ? -errno : 0;
}

guint16
pfkey_adopt_port(int fd)
{
    struct sockaddr_storage name;
    socklen_t n = sizeof name;
    ObolAddress address = { 0 };

    if (getsockname(fd, (struct sockaddr *) &name, &n) < 0 || !obol_address_from_sockaddr((struct sockaddr *) &name, &address))
        return 0;
    return address.port;
}
