/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link.c - requests over NETLINK_XFRM, each with its answer. */
#include "link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <obol/secret.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "failure.h"
#include "receive.h"

#define DUMP_TRIES 3

struct Link {
    struct mnl_socket *socket;
    guint32 port, sequence;
    char words[XFRM_WORDS_MAX];
    guint8 buffer[RECEIVE_MAX];
};

/* A request under way. */
typedef struct {
    Link *link;
    LinkVisit visit;
    gpointer data;
    gboolean done, interrupted;
    int status;
} Talk;

Link *
link_new(GError **error)
{
    const struct timeval patience = { .tv_sec = LINK_PATIENCE_S };
    int one = 1;
    g_autoptr(Link) link = g_new0(Link, 1);

    link->socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);
    if (link->socket == NULL || mnl_socket_bind(link->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int status = -errno;

        failure_set(error, status, "", status == -EPROTONOSUPPORT ?
                    "this kernel has no NETLINK_XFRM (module xfrm_user)" : "a socket for NETLINK_XFRM");
        return NULL;
    }
    link->port = mnl_socket_get_portid(link->socket);
    setsockopt(mnl_socket_get_fd(link->socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* Refusals come with words, and without the request, which holds keys.  Kernels that know neither do without. */
    mnl_socket_setsockopt(link->socket, NETLINK_EXT_ACK, &one, sizeof one);
    mnl_socket_setsockopt(link->socket, NETLINK_CAP_ACK, &one, sizeof one);
    return g_steal_pointer(&link);
}

void
link_free(Link *link)
{
    if (link == NULL)
        return;
    if (link->socket != NULL)
        mnl_socket_close(link->socket);
    g_free(link);
}

guint32
link_port(const Link *link)
{
    return link->port;
}

const char *
link_words(const Link *link)
{
    return link->words;
}

/* Answers to older requests, whose patience ended before, are passed over. */
static void
look_at(Talk *talk, const XfrmMessage *message)
{
    if (message->sequence != talk->link->sequence || message->port != talk->link->port)
        return;
    if (message->kind != XFRM_KIND_ANSWER) {
        if (talk->visit != NULL)
            talk->visit(message, talk->data);
        return;
    }
    talk->done = TRUE;
    talk->status = message->answer.status;
    talk->interrupted = message->answer.interrupted;
    memcpy(talk->link->words, message->answer.words, sizeof talk->link->words);
}

static gboolean
take(const XfrmMessage *message, const XfrmFault *fault, gpointer data)
{
    Talk *talk = data;

    if (fault == NULL) {
        look_at(talk, message);
    } else if (message->sequence == talk->link->sequence && message->port == talk->link->port) {
        talk->done = TRUE; /* an answer that can not be understood */
        talk->status = -EBADMSG;
        g_strlcpy(talk->link->words, fault->rule, sizeof talk->link->words);
    }
    return !talk->done;
}

static int
await(Talk *talk)
{
    int fd = mnl_socket_get_fd(talk->link->socket);

    while (!talk->done) {
        int status = receive_datagram(fd, 0, talk->link->buffer, take, talk);

        if (status == -EAGAIN)
            return -ETIMEDOUT;
        if (status < 0 && status != -EINTR)
            return status == -ENOBUFS ? -ETIMEDOUT : status; /* the answer found no room: it will not come */
    }
    return talk->status;
}

static int
send_and_await(Link *link, XfrmRequest *request, Talk *talk)
{
    struct nlmsghdr *header = &request->header;
    gssize n;

    link->words[0] = '\0';
    if (request->too_long) {
        request_clear(request);
        return -EMSGSIZE;
    }
    header->nlmsg_seq = ++link->sequence;
    header->nlmsg_pid = link->port; /* repeated in the events that it causes */
    do
        n = mnl_socket_sendto(link->socket, header, header->nlmsg_len);
    while (n < 0 && errno == EINTR);
    n = n < 0 ? -errno : 0;
    request_clear(request);
    return n < 0 ? (int) n : await(talk);
}

int
link_talk(Link *link, XfrmRequest *request, LinkVisit visit, gpointer data)
{
    Talk talk = { .link = link, .visit = visit, .data = data };

    request->header.nlmsg_flags |= NLM_F_ACK;
    return send_and_await(link, request, &talk);
}

int
link_dump(Link *link, guint16 type, LinkVisit visit, gpointer data)
{
    for (guint i = 0; i < DUMP_TRIES; i++) {
        Talk talk = { .link = link, .visit = visit, .data = data };
        XfrmRequest request;
        int status;

        /* No fixed part: the kernel would take one for a filter. */
        request_begin(&request, type, NLM_F_DUMP, "", 0);
        status = send_and_await(link, &request, &talk);
        if (status < 0 || !talk.interrupted)
            return status;
    }
    return 0; /* as good as it gets while others change the tables */
}

int
link_delete_telling(Link *link, XfrmRequest *request, LinkVisit visit, gpointer data)
{
    int group = XFRMNLGRP_SA, status;

    mnl_socket_setsockopt(link->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    status = link_talk(link, request, visit, data);
    mnl_socket_setsockopt(link->socket, NETLINK_DROP_MEMBERSHIP, &group, sizeof group);
    return status;
}
