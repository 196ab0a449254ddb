/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw-ah.c - raw sockets that AH comes in by, with the IP headers that it answers for. */
#include "raw-ah.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ah.h"
#include "bytes.h"
#include "packet.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define ROOM_BYTES (AH_IP_HEADERS_MAX + OBOL_DATAGRAM_MAX)

typedef union {
    struct cmsghdr align;
    guint8 bytes[2048]; /* headers longer than AH_IP_HEADERS_MAX are refused anyhow */
} Control;

struct RawAh {
    int fds[RAW_AH_FDS];
    guint8 *room; /* RAW_AH_BATCH packets with space for their headers before */
};

static int
open_socket(guint index, guint32 mark)
{
    int fd = socket(index == 0 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_AH), on = 1;
    int bytes = BUFFER_BYTES;
    static const int wanted[] = { IPV6_RECVPKTINFO, IPV6_RECVTCLASS, IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS };

    if (fd < 0)
        return -errno;
    (void) !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void) !setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
    for (guint i = 0; index == 1 && i < G_N_ELEMENTS(wanted); i++)
        if (setsockopt(fd, IPPROTO_IPV6, wanted[i], &on, sizeof on) != 0) {
            int status = -errno;

            close(fd);
            return status;
        }
    return fd;
}

RawAh *
raw_ah_open(guint32 mark, int *status)
{
    g_autoptr(RawAh) raw = g_new0(RawAh, 1);

    for (guint i = 0; i < RAW_AH_FDS; i++)
        raw->fds[i] = open_socket(i, mark);
    *status = raw->fds[0];
    if (raw->fds[0] < 0 && raw->fds[1] < 0)
        return NULL;
    raw->room = g_malloc((gsize) RAW_AH_BATCH * ROOM_BYTES);
    return g_steal_pointer(&raw);
}

void
raw_ah_free(RawAh *raw)
{
    if (raw == NULL)
        return;
    for (guint i = 0; i < RAW_AH_FDS; i++)
        if (raw->fds[i] >= 0)
            close(raw->fds[i]);
    g_free(raw->room);
    g_free(raw);
}

int
raw_ah_fd(const RawAh *raw, guint index)
{
    return raw->fds[index];
}

#define NO_EXTENSION 0xff

/* Which extension header a control message is. */
static guint8
extension_of(const struct cmsghdr *c)
{
    if (c->cmsg_level != IPPROTO_IPV6)
        return NO_EXTENSION;
    switch (c->cmsg_type) {
    case IPV6_HOPOPTS: return PROTO_HOP_BY_HOP;
    case IPV6_RTHDR: return PROTO_ROUTING;
    case IPV6_DSTOPTS: return PROTO_DESTINATION;
    default: return NO_EXTENSION;
    }
}

/* The extension headers in their order to @out, of @n_max bytes, each still naming the one that followed it; @first gets the
 * first one's number.  %FALSE when they do not fit. */
static gboolean
join_extensions(struct msghdr *message, guint8 *out, gsize n_max, gsize *n, guint8 *first)
{
    *n = 0;
    *first = PROTO_AH;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        guint8 type = extension_of(c);
        gsize length = c->cmsg_len - MIN(c->cmsg_len, CMSG_LEN(0));

        if (type == NO_EXTENSION)
            continue;
        if (length < 8 || length > n_max - *n)
            return FALSE;
        if (*n == 0)
            *first = type;
        memcpy(out + *n, CMSG_DATA(c), length);
        *n += length;
    }
    return TRUE;
}

static gboolean
find_local(struct msghdr *message, struct in6_pktinfo *info, int *class)
{
    gboolean found = FALSE;

    *class = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof *info)) {
            memcpy(info, CMSG_DATA(c), sizeof *info);
            found = TRUE;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS && c->cmsg_len >= CMSG_LEN(sizeof *class)) {
            memcpy(class, CMSG_DATA(c), sizeof *class);
        }
    }
    return found;
}

gsize
raw_ah_join(struct msghdr *message, const ObolAddress *source, guint8 *payload, gsize n_payload, gsize n_before)
{
    guint8 extensions[AH_IP_HEADERS_MAX], first, *header;
    struct in6_pktinfo local;
    gsize n;
    int class;

    if (!find_local(message, &local, &class) || !join_extensions(message, extensions, sizeof extensions, &n, &first) ||
        n + IP6_HEADER > n_before || n + n_payload > G_MAXUINT16)
        return 0;
    memcpy(payload - n, extensions, n);
    header = payload - n - IP6_HEADER;
    put_u32(header, 0x60000000u | (guint32) (guint8) class << 20);
    put_u16(header + 4, (guint16) (n + n_payload));
    header[6] = first;
    header[7] = 64;
    memcpy(header + 8, source->bytes, 16);
    memcpy(header + 24, &local.ipi6_addr, 16);
    return n + IP6_HEADER;
}

static gboolean
receive_one(int fd, guint index, guint8 *room, CorePacket *out)
{
    struct sockaddr_storage name;
    struct iovec vector = { room + AH_IP_HEADERS_MAX, OBOL_DATAGRAM_MAX };
    Control control;
    struct msghdr message = {
        .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    gssize n = recvmsg(fd, &message, MSG_DONTWAIT);
    ObolAddress source;
    gsize n_header = 0;

    *out = (CorePacket) { .n = 0 };
    if (n < 0)
        return errno == EINTR;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !obol_address_from_sockaddr((struct sockaddr *) &name, &source))
        return TRUE;
    if (index == 1) {
        n_header = raw_ah_join(&message, &source, vector.iov_base, (gsize) n, AH_IP_HEADERS_MAX);
        if (n_header == 0)
            return TRUE;
    }
    *out = (CorePacket) { .data = room + AH_IP_HEADERS_MAX - n_header, .n = n_header + (gsize) n };
    return TRUE;
}

gsize
raw_ah_receive(RawAh *raw, guint index, CorePacket out[RAW_AH_BATCH])
{
    gsize n = 0;

    for (guint i = 0; i < RAW_AH_BATCH; i++) {
        if (!receive_one(raw->fds[index], index, raw->room + n * ROOM_BYTES, &out[n]))
            break;
        if (out[n].n > 0)
            n++;
    }
    return n;
}
