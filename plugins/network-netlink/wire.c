/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire.c - rtnetlink's two sockets: one asks and waits, one listens.
 *
 * The kernel has done what it was asked before send() returns, and its answer lies ready: waiting for it never takes long. */
#include "wire.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ROOM 65536     /* a datagram of a dump is at most 32 KiB */
#define TRIES 3        /* of a dump that things change under */
#define EVENTS_MAX 256 /* datagrams in one turn of the loop */
#define EVENT_BUFFER (1 << 20)

struct Wire {
    struct mnl_socket *asking, *events;
    guint32 sequence;
    guint64 room[ROOM / sizeof(guint64)];
};

Wire *
wire_new(int *status)
{
    static const unsigned int groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    static const struct timeval patience = { .tv_sec = 2 };
    static const int buffer = EVENT_BUFFER;
    g_autoptr(Wire) wire = g_new0(Wire, 1);

    *status = 0;
    wire->asking = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    wire->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (wire->asking == NULL || wire->events == NULL || mnl_socket_bind(wire->asking, 0, MNL_SOCKET_AUTOPID) < 0
        || mnl_socket_bind(wire->events, groups, MNL_SOCKET_AUTOPID) < 0) {
        *status = -errno;
        return NULL;
    }
    setsockopt(mnl_socket_get_fd(wire->asking), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(mnl_socket_get_fd(wire->events), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return g_steal_pointer(&wire);
}

void
wire_free(Wire *wire)
{
    if (wire == NULL)
        return;
    if (wire->asking != NULL)
        mnl_socket_close(wire->asking);
    if (wire->events != NULL)
        mnl_socket_close(wire->events);
    g_free(wire);
}

int
wire_events_fd(const Wire *wire)
{
    return mnl_socket_get_fd(wire->events);
}

typedef enum { MORE, ENDED, AGAIN } Answer;

static Answer
read_answers(Wire *wire, gsize n, gboolean dump, WireVisit visit, gpointer data, int *status)
{
    MessageReader reader = { .at = (const guint8 *) wire->room, .left = n };
    Message message;
    gboolean interrupted = FALSE;

    while (message_read(&reader, &message)) {
        if (message.sequence != wire->sequence)
            continue; /* of a request that was given up */
        interrupted |= message.interrupted;
        if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
            *status = interrupted ? -EINTR : MIN(message.error, 0);
            return interrupted ? AGAIN : ENDED;
        }
        if (visit != NULL)
            visit(&message, data);
        if (!dump) /* one answer, and no acknowledgement after it */
            return ENDED;
    }
    if (!reader.fault)
        return MORE;
    *status = -EBADMSG;
    return ENDED;
}

static Answer
ask_once(Wire *wire, struct nlmsghdr *request, WireVisit visit, gpointer data, int *status)
{
    gboolean dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    Answer answer = MORE;

    *status = 0;
    request->nlmsg_seq = ++wire->sequence;
    if (mnl_socket_sendto(wire->asking, request, request->nlmsg_len) < 0) {
        *status = -errno;
        return ENDED;
    }
    while (answer == MORE) {
        ssize_t n = mnl_socket_recvfrom(wire->asking, wire->room, sizeof wire->room);

        if (n <= 0) {
            *status = n < 0 ? -errno : -EPIPE;
            return ENDED;
        }
        answer = read_answers(wire, (gsize) n, dump, visit, data, status);
    }
    return answer;
}

int
wire_ask(Wire *wire, struct nlmsghdr *request, WireVisit visit, gpointer data)
{
    int status = 0;

    for (guint i = 0; i < TRIES; i++)
        if (ask_once(wire, request, visit, data, &status) != AGAIN)
            break;
    return status;
}

gboolean
wire_listen(Wire *wire, WireVisit visit, gpointer data)
{
    for (guint i = 0; i < EVENTS_MAX; i++) {
        ssize_t n = mnl_socket_recvfrom(wire->events, wire->room, sizeof wire->room);
        MessageReader reader = { .at = (const guint8 *) wire->room, .left = n > 0 ? (gsize) n : 0 };
        Message message;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return TRUE;
        if (n <= 0)
            return FALSE; /* ENOBUFS: more came than there was room for */
        while (message_read(&reader, &message))
            visit(&message, data);
        if (reader.fault)
            return FALSE;
    }
    return TRUE;
}
