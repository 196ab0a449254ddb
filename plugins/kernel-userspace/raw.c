/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw.c - raw sockets: ESP as an IP protocol of its own, and packets that are to leave in clear. */
#include "raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "packet.h"

#define HOPS 64
/* From one datagram's place to the next: not a power of two, since short ones would then share few lines of the cache. */
#define STRIDE (OBOL_DATAGRAM_MAX + 1 + 33 * 64)
#define BUFFER_BYTES (4 * 1024 * 1024)

typedef union {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
} Control;

struct Raw {
    int esp[RAW_FDS], clear[RAW_FDS]; /* IPv4, IPv6 */
    guint8 *room;                     /* RAW_BATCH datagrams */
    struct mmsghdr messages[RAW_BATCH];
    struct iovec vectors[RAW_BATCH];
    struct sockaddr_storage names[RAW_BATCH];
    Control controls[RAW_BATCH];
    struct iovec send_vectors[2 * RAW_BATCH]; /* header, ESP */
    guint8 headers[RAW_BATCH][IP6_HEADER];
};

static int
family_of(guint index)
{
    return index == 0 ? AF_INET : AF_INET6;
}

static guint
index_of(int family)
{
    return family == AF_INET ? 0 : 1;
}

static void
set(int fd, int level, int option, int value)
{
    (void) !setsockopt(fd, level, option, &value, sizeof value);
}

/* ESP that is longer than the path is fragmented outside (RFC 4303 section 3.3.4): no DF. */
static int
open_socket(guint index, int protocol, guint32 mark)
{
    int fd = socket(family_of(index), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        return -errno;
    set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
    set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
    set(fd, SOL_SOCKET, SO_MARK, (int) mark);
    if (index == 0) {
        set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    } else {
        set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
        set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
    return fd;
}

Raw *
raw_open(gboolean esp, guint32 mark, int *status)
{
    g_autoptr(Raw) raw = g_new0(Raw, 1);
    gboolean any = FALSE;

    for (guint i = 0; i < RAW_FDS; i++)
        raw->esp[i] = raw->clear[i] = -1;
    for (guint i = 0; i < RAW_FDS; i++) {
        int fd = open_socket(i, IPPROTO_RAW, mark); /* implies IP_HDRINCL */

        if (fd < 0) {
            *status = fd;
            continue;
        }
        any = TRUE;
        raw->clear[i] = fd;
        if (esp)
            raw->esp[i] = open_socket(i, IPPROTO_ESP, mark);
    }
    if (!any)
        return NULL;
    raw->room = g_malloc((gsize) RAW_BATCH * STRIDE);
    for (guint i = 0; i < RAW_BATCH; i++)
        raw->vectors[i] = (struct iovec) { raw->room + (gsize) i * STRIDE, OBOL_DATAGRAM_MAX };
    return g_steal_pointer(&raw);
}

void
raw_free(Raw *raw)
{
    if (raw == NULL)
        return;
    for (guint i = 0; i < RAW_FDS; i++) {
        if (raw->esp[i] >= 0)
            close(raw->esp[i]);
        if (raw->clear[i] >= 0)
            close(raw->clear[i]);
    }
    g_free(raw->room);
    g_free(raw);
}

int
raw_fd(const Raw *raw, guint index)
{
    return raw->esp[index];
}

/* IPv4 gives the header with the packet, IPv6 tells the same by control messages (RFC 3542). */
static gboolean
take_ipv4(ObolDatagram *out)
{
    Packet packet;

    if (!packet_parse(out->data, out->n, &packet) || packet.flow.family != AF_INET)
        return FALSE;
    flow_address(&packet.flow, FLOW_DESTINATION, &out->local);
    out->local.port = 0;
    out->tos = packet.tos;
    out->n = packet.n - packet.n_header;
    out->data += packet.n_header;
    return TRUE;
}

static void
take_ipv6(struct msghdr *header, ObolDatagram *out)
{
    out->local.family = AF_INET6;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        struct in6_pktinfo info;
        int class;

        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(out->local.bytes, &info.ipi6_addr, 16);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            memcpy(&class, CMSG_DATA(c), sizeof class);
            out->tos = (guint8) class;
        }
    }
}

gsize
raw_receive(Raw *raw, guint index, ObolDatagram out[RAW_BATCH])
{
    gsize n_out = 0;
    int n;

    for (guint i = 0; i < RAW_BATCH; i++)
        raw->messages[i].msg_hdr = (struct msghdr) {
            .msg_name = &raw->names[i], .msg_namelen = sizeof raw->names[i], .msg_iov = &raw->vectors[i], .msg_iovlen = 1,
            .msg_control = &raw->controls[i], .msg_controllen = sizeof raw->controls[i],
        };
    n = recvmmsg(raw->esp[index], raw->messages, RAW_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct msghdr *header = &raw->messages[i].msg_hdr;
        ObolDatagram *d = &out[n_out];

        *d = (ObolDatagram) { .data = raw->vectors[i].iov_base, .n = raw->messages[i].msg_len, .esp = TRUE };
        if ((header->msg_flags & MSG_TRUNC) != 0 ||
            !obol_address_from_sockaddr((struct sockaddr *) &raw->names[i], &d->remote))
            continue;
        d->remote.port = 0; /* a raw socket's name holds a protocol number there */
        if (index == 1)
            take_ipv6(header, d);
        else if (!take_ipv4(d))
            continue;
        n_out++;
    }
    return n_out;
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

/* The outer header, where it is ours to write: it spares the system the way on which it would think about fragments.  What IPv4
 * leaves zero here, the system fills in. */
static gsize
write_header(guint8 *out, const ObolDatagram *datagram)
{
    const guint8 *from = datagram->local.bytes, *to = datagram->remote.bytes;

    if (datagram->remote.family == AF_INET) {
        memset(out, 0, IP4_HEADER);
        out[0] = 0x45;
        out[1] = datagram->tos;
        out[8] = HOPS;
        out[9] = PROTO_ESP;
        memcpy(out + 12, from, 4);
        memcpy(out + 16, to, 4);
        return IP4_HEADER;
    }
    put_u32(out, 6u << 28 | (guint32) datagram->tos << 20);
    put_u16(out + 4, (guint16) datagram->n);
    out[6] = PROTO_ESP;
    out[7] = HOPS;
    memcpy(out + 8, from, 16);
    memcpy(out + 24, to, 16);
    return IP6_HEADER;
}

static void
prepare(Raw *raw, guint i, const ObolDatagram *datagram)
{
    struct iovec *vector = &raw->send_vectors[2 * i];
    ObolAddress remote = datagram->remote;

    remote.port = 0;
    vector[0] = (struct iovec) { raw->headers[i], write_header(raw->headers[i], datagram) };
    vector[1] = (struct iovec) { datagram->data, datagram->n };
    raw->messages[i].msg_hdr = (struct msghdr) {
        .msg_name = &raw->names[i], .msg_namelen = obol_address_to_sockaddr(&remote, &raw->names[i]),
        .msg_iov = vector, .msg_iovlen = 2,
    };
}

/* The system writes the header, and fragments what is longer than the path. */
static gboolean
send_cooked(Raw *raw, const ObolDatagram *datagram)
{
    ObolAddress remote = datagram->remote;
    struct sockaddr_storage name;
    struct iovec vector = { datagram->data, datagram->n };
    struct msghdr header = { .msg_name = &name, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = raw->controls[0].bytes };
    int tos = datagram->tos, fd = raw->esp[index_of(remote.family)];

    remote.port = 0;
    header.msg_namelen = obol_address_to_sockaddr(&remote, &name);
    if (remote.family == AF_INET) {
        struct in_pktinfo info = { .ipi_ifindex = 0 };

        memcpy(&info.ipi_spec_dst, datagram->local.bytes, 4);
        put(&header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        put(&header, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    } else {
        struct in6_pktinfo info = { .ipi6_ifindex = datagram->local.scope };

        memcpy(&info.ipi6_addr, datagram->local.bytes, 16);
        put(&header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        put(&header, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
    return sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static gsize
send_some(Raw *raw, const ObolDatagram *batch, guint n)
{
    int fd = raw->clear[index_of(batch->remote.family)];
    gsize n_lost = 0;

    for (guint i = 0; i < n; i++)
        prepare(raw, i, &batch[i]);
    for (guint done = 0; done < n;) {
        int sent = sendmmsg(fd, raw->messages + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            done += (guint) sent;
        } else if (errno != EINTR) {
            n_lost += !(errno == EMSGSIZE && send_cooked(raw, &batch[done]));
            done++;
        }
    }
    return n_lost;
}

gsize
raw_send(Raw *raw, const ObolDatagram *batch, gsize n)
{
    gsize n_lost = 0;

    for (gsize first = 0; first < n;) {
        int fd = raw->esp[index_of(batch[first].remote.family)];
        gsize run = 1;

        while (first + run < n && run < RAW_BATCH && batch[first + run].remote.family == batch[first].remote.family)
            run++;
        n_lost += fd >= 0 ? send_some(raw, batch + first, (guint) run) : run;
        first += run;
    }
    return n_lost;
}

gboolean
raw_send_clear(Raw *raw, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    ObolAddress to = { .family = (guint16) family };
    struct sockaddr_storage name;
    socklen_t n_name;
    int fd = raw->clear[index_of(family)];

    memcpy(to.bytes, destination, family == AF_INET ? 4 : 16);
    n_name = obol_address_to_sockaddr(&to, &name);
    return fd >= 0 && sendto(fd, packet, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &name, n_name) == (gssize) n;
}
