/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* send.c - datagrams in batches, from the daemon to a socket. */
#include "send.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#define JOINED_MAX 64          /* datagrams as one: the system's bound (UDP_MAX_SEGMENTS) */
#define JOINED_BYTES_MAX 65000 /* and the length field's, less headers */

typedef union {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(guint16))];
} Control;

struct Sender {
    struct mmsghdr messages[SEND_BATCH];
    guint n_joined[SEND_BATCH];              /* datagrams of each message */
    struct iovec vectors[SEND_BATCH * 2];    /* marker, payload */
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

gboolean
send_same_way(const ObolDatagram *a, const ObolDatagram *b)
{
    return a->esp == b->esp && a->tos == b->tos && obol_endpoint_equal(&a->remote, &b->remote) &&
           obol_endpoint_equal(&a->local, &b->local) && a->local.scope == b->local.scope;
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

/* How many can be sent as one: ESP between the same two ends, as long as the first, but for the last one, which may be shorter. */
static guint
joinable(const ObolDatagram *batch, gsize n)
{
    gsize total = batch[0].n;
    guint run = 1;

    while (run < n && run < JOINED_MAX && batch[run].esp && batch[run].n <= batch[0].n && batch[run - 1].n == batch[0].n &&
           total + batch[run].n <= JOINED_BYTES_MAX && send_same_way(&batch[0], &batch[run]))
        total += batch[run++].n;
    return run;
}

/* @n datagrams as message @i, from @vector on.  Gives the vectors used. */
static guint
prepare(Sender *sender, guint i, const Endpoint *endpoint, const ObolDatagram *datagrams, guint n, gboolean bare,
        struct iovec *vector)
{
    static const guint8 marker[4];
    struct msghdr *header = &sender->messages[i].msg_hdr;
    guint16 size = (guint16) datagrams->n;
    guint n_vectors = 0;

    if (!bare && wants_marker(endpoint, datagrams))
        vector[n_vectors++] = (struct iovec) { (gpointer) marker, sizeof marker };
    for (guint k = 0; k < n; k++)
        vector[n_vectors++] = (struct iovec) { datagrams[k].data, datagrams[k].n };
    *header = (struct msghdr) {
        .msg_name = &sender->names[i], .msg_namelen = obol_address_to_sockaddr(&datagrams->remote, &sender->names[i]),
        .msg_iov = vector, .msg_iovlen = n_vectors, .msg_control = sender->controls[i].bytes,
    };
    put_control(header, endpoint->local.family, datagrams);
    if (n > 1)
        put(header, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
    if (header->msg_controllen == 0)
        header->msg_control = NULL;
    sender->n_joined[i] = n;
    return n_vectors;
}

static guint
prepare_all(Sender *sender, const Endpoint *endpoint, const ObolDatagram *batch, gsize n, gboolean bare, gboolean join)
{
    struct iovec *vector = sender->vectors;
    guint n_messages = 0;

    for (gsize at = 0; at < n; n_messages++) {
        guint run = join && batch[at].esp ? joinable(batch + at, n - at) : 1;

        vector += prepare(sender, n_messages, endpoint, batch + at, run, bare, vector);
        at += run;
    }
    return n_messages;
}

/* Longer than the path carries, or an old system, or a device that makes no checksums: each by itself will do. */
static gboolean
refuses_joined(int failure)
{
    return failure == EINVAL || failure == EMSGSIZE || failure == EIO || failure == EOPNOTSUPP;
}

void
sender_run(Sender *sender, const Endpoint *endpoint, const ObolDatagram *batch, gsize n, gboolean bare, UdpFaults *faults)
{
    gboolean join = endpoint->joins && !bare;

    g_return_if_fail(n <= SEND_BATCH);
    for (gsize at = 0; at < n;) {
        guint n_messages = prepare_all(sender, endpoint, batch + at, n - at, bare, join);
        int sent = sendmmsg(endpoint->fd, sender->messages, n_messages, MSG_DONTWAIT | MSG_NOSIGNAL);

        for (int i = 0; i < sent; i++)
            at += sender->n_joined[i];
        if (sent > 0 || errno == EINTR)
            continue;
        if (sender->n_joined[0] > 1 && refuses_joined(errno)) {
            join = FALSE;
            continue;
        }
        for (guint i = 0; i < sender->n_joined[0]; i++) /* not taken; those behind may go elsewhere */
            udp_faults_count(faults, udp_fault_of_errno(errno), &batch[at++].remote, g_get_monotonic_time());
    }
}
