/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* send.c - datagrams in batches, from the daemon to a socket. */
#include "send.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

typedef union {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
} Control;

struct Sender {
    struct mmsghdr messages[SEND_BATCH];
    struct iovec vectors[SEND_BATCH][2]; /* marker, payload */
    struct sockaddr_storage names[SEND_BATCH];
    Control controls[SEND_BATCH];
};

Sender *
sender_new(void)
{
    return g_new0(Sender, 1);
}

void
sender_free(Sender *sender)
{
    g_free(sender);
}

static void
put(struct msghdr *header, int level, int type, const void *data, gsize n)
{
    struct cmsghdr *c = (struct cmsghdr *) ((guint8 *) header->msg_control + header->msg_controllen);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), data, n);
    header->msg_controllen += CMSG_SPACE(n);
}

static gboolean
is_any(const ObolAddress *address)
{
    static const guint8 zeros[16];

    return address->family == 0 || memcmp(address->bytes, zeros, sizeof zeros) == 0;
}

static void
put_control(struct msghdr *header, int family, const ObolDatagram *datagram)
{
    int tos = datagram->tos;

    if (family == AF_INET) {
        struct in_pktinfo info = { .ipi_ifindex = 0 };

        memcpy(&info.ipi_spec_dst, datagram->local.bytes, 4);
        if (!is_any(&datagram->local))
            put(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        if (tos != 0)
            put(header, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    } else {
        struct in6_pktinfo info = { .ipi6_ifindex = datagram->local.scope };

        memcpy(&info.ipi6_addr, datagram->local.bytes, 16);
        if (!is_any(&datagram->local))
            put(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        if (tos != 0)
            put(header, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
}

/* RFC 3948 section 2.2: IKE has four zero bytes before it wherever ESP could be on the same port. */
static gboolean
wants_marker(const Endpoint *endpoint, const ObolDatagram *datagram)
{
    return !datagram->esp && (endpoint->nat_t || datagram->remote.port == NAT_T_PORT);
}

static void
prepare(Sender *sender, guint i, const Endpoint *endpoint, const ObolDatagram *datagram, gboolean bare)
{
    static const guint8 marker[4];
    struct msghdr *header = &sender->messages[i].msg_hdr;
    struct iovec *vector = sender->vectors[i];
    guint n_vectors = 0;

    if (!bare && wants_marker(endpoint, datagram))
        vector[n_vectors++] = (struct iovec) { (gpointer) marker, sizeof marker };
    vector[n_vectors++] = (struct iovec) { datagram->data, datagram->n };
    *header = (struct msghdr) {
        .msg_name = &sender->names[i], .msg_namelen = obol_address_to_sockaddr(&datagram->remote, &sender->names[i]),
        .msg_iov = vector, .msg_iovlen = n_vectors, .msg_control = sender->controls[i].bytes,
    };
    put_control(header, endpoint->local.family, datagram);
    if (header->msg_controllen == 0)
        header->msg_control = NULL;
}

void
sender_run(Sender *sender, const Endpoint *endpoint, const ObolDatagram *batch, gsize n, gboolean bare, UdpFaults *faults)
{
    g_return_if_fail(n <= SEND_BATCH);
    for (guint i = 0; i < n; i++)
        prepare(sender, i, endpoint, &batch[i], bare);
    for (guint done = 0; done < n;) {
        int sent = sendmmsg(endpoint->fd, &sender->messages[done], (guint) n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            done += (guint) sent;
        } else if (errno != EINTR) { /* the first of the rest was not taken; those behind it may go elsewhere */
            udp_faults_count(faults, udp_fault_of_errno(errno), &batch[done].remote, g_get_monotonic_time());
            done++;
        }
    }
}
