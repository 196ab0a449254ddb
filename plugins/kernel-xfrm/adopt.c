/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adopt.c - the daemon's own UDP sockets: past all policies, and where ESP in UDP comes out. */
#include "adopt.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "failure.h"

#define UDP_ENCAP_OPTION 100     /* linux/udp.h */
#define UDP_ENCAP_ESP_IN_UDP 2
#define UDP_GRO_OPTION 104

#ifndef IP_XFRM_POLICY
#define IP_XFRM_POLICY 17
#endif
#ifndef IPV6_XFRM_POLICY
#define IPV6_XFRM_POLICY 35
#endif

gboolean
adopt_socket(int fd, int family, gboolean nat_t, GError **error)
{
    static const guint8 directions[] = { XFRM_POLICY_IN, XFRM_POLICY_OUT };
    int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, option = family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;
    int encapsulation = UDP_ENCAP_ESP_IN_UDP, off = 0;
    struct xfrm_userpolicy_info policy;

    memset(&policy, 0, sizeof policy);
    policy.action = XFRM_POLICY_ALLOW;
    policy.sel.family = (guint16) family;
    for (gsize i = 0; i < G_N_ELEMENTS(directions); i++) {
        policy.dir = directions[i];
        if (setsockopt(fd, level, option, &policy, sizeof policy) == 0)
            continue;
        failure_set(error, -errno, "", "letting IKE's own packets pass all policies");
        return FALSE;
    }
    if (!nat_t)
        return TRUE;
    /* Datagrams that the system has joined for us would reach the kernel's ESP as one.  Kernels before 5.0 join none. */
    setsockopt(fd, IPPROTO_UDP, UDP_GRO_OPTION, &off, sizeof off);
    if (setsockopt(fd, IPPROTO_UDP, UDP_ENCAP_OPTION, &encapsulation, sizeof encapsulation) == 0)
        return TRUE;
    failure_set(error, -errno, "", "taking ESP in UDP out of a socket for %s", family == AF_INET ? "IPv4" : "IPv6");
    return FALSE;
}
