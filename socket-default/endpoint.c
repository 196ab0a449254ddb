/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* endpoint.c - one bound UDP socket and its options. */
#include "endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

static int
set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

/* Beyond the system's limit where we may, up to it where we may not; the system's own default is no failure either. */
static void
set_buffer(int fd, int force, int ask, gsize n)
{
    int value = (int) MIN(n, G_MAXINT / 2);

    if (value > 0 && set(fd, SOL_SOCKET, force, value) < 0)
        set(fd, SOL_SOCKET, ask, value);
}

/* Which address was asked, DSCP and ECN; and no DF: an IKE message that is longer than the path is to be fragmented, not lost
 * (RFC 7296 section 2 counts on IP fragmentation, RFC 7383 is an option). */
static int
set_family_options(int fd, int family)
{
    int status;

    if (family == AF_INET) {
        if ((status = set(fd, IPPROTO_IP, IP_PKTINFO, 1)) < 0)
            return status;
        set(fd, IPPROTO_IP, IP_RECVTOS, 1);
        return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    }
    if ((status = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) < 0 || (status = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)) < 0)
        return status;
    set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    return set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
}

static int
set_up(int fd, const ObolAddress *at, const EndpointOptions *options, gboolean *unmarked, ObolAddress *bound)
{
    struct sockaddr_storage name;
    socklen_t n_name = obol_address_to_sockaddr(at, &name);
    int status = set_family_options(fd, at->family);

    if (status < 0)
        return status;
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options->receive_buffer);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options->send_buffer);
    if (options->mark != 0 && set(fd, SOL_SOCKET, SO_MARK, (int) options->mark) < 0)
        *unmarked = TRUE;
    if (bind(fd, (struct sockaddr *) &name, n_name) != 0)
        return -errno;
    n_name = sizeof name;
    if (getsockname(fd, (struct sockaddr *) &name, &n_name) != 0)
        return -errno;
    return obol_address_from_sockaddr((struct sockaddr *) &name, bound) ? 0 : -EAFNOSUPPORT;
}

int
endpoint_open(Endpoint *endpoint, const ObolAddress *at, gboolean nat_t, const EndpointOptions *options, gboolean *unmarked)
{
    ObolAddress bound;
    int status, fd = socket(at->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

    if (fd < 0)
        return -errno;
    if (nat_t && options->offload)
        set(fd, IPPROTO_UDP, UDP_GRO, 1); /* Linux 5.0; refused: then one at a time */
    status = set_up(fd, at, options, unmarked, &bound);
    if (status < 0) {
        close(fd);
        return status;
    }
    *endpoint = (Endpoint) { .fd = fd, .local = bound, .nat_t = nat_t, .joins = nat_t && options->offload };
    return 0;
}

void
endpoint_close(Endpoint *endpoint)
{
    if (endpoint->fd >= 0)
        close(endpoint->fd);
    endpoint->fd = -1;
}
