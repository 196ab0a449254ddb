/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* receive.c - datagrams of the kernel, message by message. */
#include "receive.h"

#include <errno.h>
#include <obol/secret.h>
#include <sys/socket.h>

static void
each_message(const guint8 *bytes, gsize n, ReceiveVisit visit, gpointer data)
{
    XfrmMessage message;
    XfrmFault fault;
    gboolean more = TRUE;

    for (gsize at = 0; more && at < n; at += message.n) {
        gboolean good = xfrm_decode(bytes + at, n - at, &message, &fault);

        more = visit(&message, good ? NULL : &fault, data) && message.n > 0;
    }
    obol_wipe(&message, sizeof message);
}

int
receive_datagram(int fd, int flags, guint8 *buffer, ReceiveVisit visit, gpointer data)
{
    struct sockaddr_nl from = { 0 };
    struct iovec space = { .iov_base = buffer, .iov_len = RECEIVE_MAX };
    struct msghdr header = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &space, .msg_iovlen = 1 };
    gssize n = recvmsg(fd, &header, flags);

    if (n < 0)
        return -errno;
    /* Other programs of the administrator's may write to netlink sockets; only the kernel is the kernel. */
    if (from.nl_pid == 0 && (header.msg_flags & MSG_TRUNC) == 0)
        each_message(buffer, (gsize) n, visit, data);
    obol_wipe(buffer, (gsize) n);
    return from.nl_pid == 0 ? 1 : 0;
}
