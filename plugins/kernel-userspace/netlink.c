/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink.c - requests to the system's routing, one at a time, each with its answer (rtnetlink(7)). */
#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DUMP_BYTES 32768 /* the kernel's own largest part of a list */
#define ANSWER_TIMEOUT_S 2 /* the kernel answers before send() returns; this is for a machine in distress */

void
netlink_begin(NetlinkMessage *message, guint16 type, guint16 flags, const void *body, gsize n_body)
{
    memset(message, 0, sizeof *message);
    message->header = (struct nlmsghdr) {
        .nlmsg_type = type, .nlmsg_flags = (guint16) (NLM_F_REQUEST | NLM_F_ACK | flags),
    };
    memcpy(message->bytes + NLMSG_HDRLEN, body, n_body);
    message->n = NLMSG_SPACE(n_body);
}

/* Gives the attribute's offset in the message. */
static gsize
append(NetlinkMessage *message, guint16 attribute, gsize n)
{
    gsize at = message->n;
    struct nlattr head = { .nla_len = (guint16) (NLA_HDRLEN + n), .nla_type = attribute };

    g_assert(at + NLA_HDRLEN + NLA_ALIGN(n) <= sizeof message->bytes); /* we alone write these */
    memcpy(message->bytes + at, &head, sizeof head);
    message->n = at + NLA_HDRLEN + NLA_ALIGN(n);
    return at;
}

void
netlink_put(NetlinkMessage *message, guint16 attribute, const void *data, gsize n)
{
    gsize at = append(message, attribute, n);

    memcpy(message->bytes + at + NLA_HDRLEN, data, n);
}

void
netlink_put_u32(NetlinkMessage *message, guint16 attribute, guint32 value)
{
    netlink_put(message, attribute, &value, sizeof value);
}

gsize
netlink_nest(NetlinkMessage *message, guint16 attribute)
{
    return append(message, attribute, 0);
}

void
netlink_end_nest(NetlinkMessage *message, gsize nest)
{
    guint16 n = (guint16) (message->n - nest);

    memcpy(message->bytes + nest, &n, sizeof n); /* nla_len */
}

int
netlink_open(void)
{
    struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
        int status = -errno;

        close(fd);
        return status;
    }
    return fd;
}

/* The answer to @sequence in one datagram; 1 when it is not there. */
static int
read_answer(const guint8 *bytes, gsize n, guint32 sequence)
{
    struct nlmsghdr header;
    struct nlmsgerr answer;

    for (gsize at = 0; n - at >= sizeof header; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, bytes + at, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > n - at)
            break;
        if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_seq == sequence && header.nlmsg_len >= NLMSG_LENGTH(sizeof answer)) {
            memcpy(&answer, bytes + at + NLMSG_HDRLEN, sizeof answer);
            return answer.error;
        }
        if (NLMSG_ALIGN(header.nlmsg_len) > n - at)
            break;
    }
    return 1;
}

static int
start(int fd, NetlinkMessage *message)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

    message->header.nlmsg_seq = (guint32) g_get_monotonic_time(); /* late answers to an older request are passed over */
    message->header.nlmsg_len = (guint32) message->n;
    return sendto(fd, message->bytes, message->n, 0, (struct sockaddr *) &kernel, sizeof kernel) < 0 ? -errno : 0;
}

/* One datagram of the kernel's: its length, or a negative errno. */
static gssize
receive(int fd, guint8 *out, gsize n_max)
{
    for (;;) {
        struct sockaddr_nl from;
        socklen_t n_from = sizeof from;
        gssize n = recvfrom(fd, out, n_max, 0, (struct sockaddr *) &from, &n_from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (from.nl_pid == 0) /* anybody may write to a netlink socket; only the kernel is the kernel */
            return n;
    }
}

int
netlink_talk(int fd, NetlinkMessage *message)
{
    int status = start(fd, message);

    while (status >= 0) {
        guint8 answer[4096];
        gssize n = receive(fd, answer, sizeof answer);

        status = n < 0 ? (int) n : read_answer(answer, (gsize) n, message->header.nlmsg_seq);
        if (status <= 0)
            break;
    }
    return status;
}

/* 1 when more is to come. */
static int
read_list(const guint8 *bytes, gsize n, guint32 sequence, guint16 type, NetlinkVisit visit, gpointer data)
{
    struct nlmsghdr header;
    int status;

    for (gsize at = 0; n - at >= sizeof header; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, bytes + at, sizeof header);
        if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > n - at)
            return -EBADMSG;
        if (header.nlmsg_seq == sequence && header.nlmsg_type == NLMSG_DONE)
            return 0;
        if (header.nlmsg_seq == sequence && header.nlmsg_type == NLMSG_ERROR) {
            status = read_answer(bytes + at, header.nlmsg_len, sequence);
            return status < 0 ? status : -EBADMSG;
        }
        if (header.nlmsg_seq == sequence && header.nlmsg_type == type)
            visit(data, bytes + at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
        if (NLMSG_ALIGN(header.nlmsg_len) > n - at)
            break;
    }
    return 1;
}

int
netlink_dump(int fd, NetlinkMessage *message, guint16 type, NetlinkVisit visit, gpointer data)
{
    g_autofree guint8 *answer = g_malloc(DUMP_BYTES);
    int status;

    message->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    status = start(fd, message);
    while (status >= 0) {
        gssize n = receive(fd, answer, DUMP_BYTES);

        status = n < 0 ? (int) n : read_list(answer, (gsize) n, message->header.nlmsg_seq, type, visit, data);
        if (status <= 0)
            break;
    }
    return status;
}

gboolean
netlink_attribute(const guint8 *body, gsize n_body, gsize n_fixed, guint16 attribute, void *out, gsize n)
{
    struct nlattr head;

    for (gsize at = NLMSG_ALIGN(n_fixed); at <= n_body && n_body - at >= sizeof head; at += NLA_ALIGN(head.nla_len)) {
        memcpy(&head, body + at, sizeof head);
        if (head.nla_len < NLA_HDRLEN || head.nla_len > n_body - at)
            return FALSE;
        if ((head.nla_type & NLA_TYPE_MASK) != attribute)
            continue;
        if (head.nla_len != NLA_HDRLEN + n)
            return FALSE;
        memcpy(out, body + at + NLA_HDRLEN, n);
        return TRUE;
    }
    return FALSE;
}
