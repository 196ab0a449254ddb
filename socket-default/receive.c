/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* receive.c - datagrams in batches, from a socket to the client. */
#include "receive.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/mman.h>

#define MARKER_BYTES 4 /* the non-ESP marker, RFC 3948 section 2.2 */
#define ESP_MIN 8      /* SPI and sequence number */
#define KEEP_ALIVE 0xff
#define JOINED_READS 8 /* messages a system call, while they hold many datagrams: so that they are still in the cache */

typedef union {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(64)];
} Control;

struct Receiver {
    guint8 *bytes; /* UDP_BATCH times STRIDE; mapped, so that pages never written cost nothing */
    struct mmsghdr messages[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    struct sockaddr_storage names[UDP_BATCH];
    Control controls[UDP_BATCH];
    ObolDatagram batch[UDP_BATCH];
    guint n_batch;
    gboolean joined; /* the last messages held several datagrams each */
};

/* From one datagram's place to the next: not a power of two, since short ones would then share few lines of the cache. */
#define STRIDE (OBOL_DATAGRAM_MAX + 1 + 33 * 64)
#define RECEIVER_BYTES ((gsize) UDP_BATCH * STRIDE)

Receiver *
receiver_new(void)
{
    Receiver *receiver = g_new0(Receiver, 1);

    receiver->bytes = mmap(NULL, RECEIVER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (receiver->bytes == MAP_FAILED)
        g_error("no memory for %" G_GSIZE_FORMAT " bytes of datagrams", RECEIVER_BYTES);
    for (guint i = 0; i < UDP_BATCH; i++)
        receiver->vectors[i] = (struct iovec) { receiver->bytes + (gsize) i * STRIDE, OBOL_DATAGRAM_MAX };
    return receiver;
}

void
receiver_free(Receiver *receiver)
{
    if (receiver == NULL)
        return;
    munmap(receiver->bytes, RECEIVER_BYTES);
    g_free(receiver);
}

static void
read_control(struct msghdr *header, ObolDatagram *out, gsize *size)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(out->local.bytes, &info.ipi_spec_dst, 4); /* ipi_addr may be a broadcast address */
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(out->local.bytes, &info.ipi6_addr, 16);
            if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                out->local.scope = (guint32) info.ipi6_ifindex;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            memcpy(&out->tos, CMSG_DATA(c), 1);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int class;

            memcpy(&class, CMSG_DATA(c), sizeof class);
            out->tos = (guint8) class;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int joined;

            memcpy(&joined, CMSG_DATA(c), sizeof joined);
            *size = (gsize) MAX(joined, 0);
        }
    }
}

/* RFC 3948 sections 2.1 to 2.3: what came on a NAT-T port.  %FALSE when it is of no further use. */
static gboolean
sort(const Endpoint *endpoint, ObolDatagram *datagram, UdpFaults *faults)
{
    static const guint8 marker[MARKER_BYTES];

    if (!endpoint->nat_t)
        return datagram->n > 0;
    if (datagram->n == 1 && datagram->data[0] == KEEP_ALIVE)
        return FALSE;
    if (datagram->n > MARKER_BYTES && memcmp(datagram->data, marker, MARKER_BYTES) == 0) {
        datagram->data += MARKER_BYTES;
        datagram->n -= MARKER_BYTES;
        return TRUE;
    }
    if (datagram->n <= ESP_MIN) {
        udp_faults_count(faults, UDP_FAULT_RUNT, &datagram->remote, g_get_monotonic_time());
        return FALSE;
    }
    datagram->esp = TRUE;
    return TRUE;
}

static void
hand_over(Receiver *receiver, const ObolSocketClient *client)
{
    if (receiver->n_batch > 0)
        client->received(client->data, receiver->batch, receiver->n_batch);
    receiver->n_batch = 0;
}

/* One message: a datagram, or several of one length, but for the last one, that the system has joined (UDP_GRO). */
static void
take(Receiver *receiver, guint i, const Endpoint *endpoint, const ObolSocketClient *client, UdpFaults *faults)
{
    struct msghdr *header = &receiver->messages[i].msg_hdr;
    ObolDatagram whole = { .data = receiver->vectors[i].iov_base, .n = receiver->messages[i].msg_len };
    gsize size = 0, at = 0;

    if (!obol_address_from_sockaddr((struct sockaddr *) &receiver->names[i], &whole.remote))
        return;
    if ((header->msg_flags & MSG_TRUNC) != 0) {
        udp_faults_count(faults, UDP_FAULT_TRUNCATED, &whole.remote, g_get_monotonic_time());
        return;
    }
    whole.local = endpoint->local;
    read_control(header, &whole, &size);
    if (size == 0)
        size = whole.n;
    receiver->joined |= size < whole.n;
    do {
        ObolDatagram *one = &receiver->batch[receiver->n_batch];

        *one = whole;
        one->data += at;
        one->n = MIN(size, whole.n - at);
        at += size;
        if (sort(endpoint, one, faults) && ++receiver->n_batch == UDP_BATCH)
            hand_over(receiver, client);
    } while (at < whole.n);
}

gboolean
receiver_run(Receiver *receiver, const Endpoint *endpoint, const ObolSocketClient *client, UdpFaults *faults)
{
    guint n_wanted = receiver->joined ? JOINED_READS : UDP_BATCH;
    int n;

    for (guint i = 0; i < n_wanted; i++)
        receiver->messages[i].msg_hdr = (struct msghdr) {
            .msg_name = &receiver->names[i], .msg_namelen = sizeof receiver->names[i],
            .msg_iov = &receiver->vectors[i], .msg_iovlen = 1,
            .msg_control = &receiver->controls[i], .msg_controllen = sizeof receiver->controls[i],
        };
    do {
        n = recvmmsg(endpoint->fd, receiver->messages, n_wanted, MSG_DONTWAIT, NULL);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) { /* an ICMP error that waited in the socket is told once and does not end the reading */
        if (errno != EAGAIN)
            udp_faults_count(faults, udp_fault_of_errno(errno), NULL, g_get_monotonic_time());
        return FALSE;
    }
    receiver->joined = FALSE;
    for (guint i = 0; i < (guint) n; i++)
        take(receiver, i, endpoint, client, faults);
    hand_over(receiver, client);
    return (guint) n == n_wanted;
}
