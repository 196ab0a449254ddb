/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.c - the socket for what the kernel says unasked. */
#include "events.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "failure.h"
#include "receive.h"

#define AT_A_TIME 64 /* then other sources have their turn */

struct Events {
    struct mnl_socket *socket;
    EventsCalls calls;
    GSource *source;
    guint8 buffer[RECEIVE_MAX];
};

typedef struct {
    GSource source;
    Events *events;
} EventsSource;

static gboolean
take(const XfrmMessage *message, const XfrmFault *fault, gpointer data)
{
    const EventsCalls *calls = &((Events *) data)->calls;

    if (fault != NULL)
        calls->broken(fault->rule, calls->data);
    else
        calls->told(message, calls->data);
    return TRUE;
}

static gboolean
turn(GSource *source, GSourceFunc callback, gpointer data)
{
    Events *events = ((EventsSource *) source)->events;
    const EventsCalls *calls = &events->calls;

    (void) callback;
    (void) data;
    for (guint i = 0; i < AT_A_TIME; i++) {
        int status = receive_datagram(mnl_socket_get_fd(events->socket), MSG_DONTWAIT, events->buffer, take, events);

        if (status == -EAGAIN)
            break;
        if (status == -ENOBUFS) {
            calls->lost(calls->data);
        } else if (status < 0 && status != -EINTR) {
            calls->broken(g_strerror(-status), calls->data);
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = turn };

/* More than the system's limit where we may. */
static void
widen(int fd, guint32 buffer)
{
    int n = (int) MIN(buffer, G_MAXINT32);

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof n) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n);
}

static int
join(struct mnl_socket *socket)
{
    static const int groups[] = {
        XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_SA, XFRMNLGRP_POLICY, XFRMNLGRP_MAPPING, XFRMNLGRP_REPORT,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, (void *) &groups[i], sizeof groups[i]) < 0)
            return -errno;
    return 0;
}

Events *
events_new(GMainContext *context, guint32 buffer, const EventsCalls *calls, GError **error)
{
    g_autoptr(Events) events = g_new0(Events, 1);
    int status = 0;

    events->calls = *calls;
    events->socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);
    if (events->socket == NULL || mnl_socket_bind(events->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        status = -errno;
    else
        widen(mnl_socket_get_fd(events->socket), buffer);
    if (status == 0)
        status = join(events->socket);
    if (status < 0) {
        failure_set(error, status, "", "a socket for the kernel's events");
        return NULL;
    }
    events->source = g_source_new(&functions, sizeof(EventsSource));
    ((EventsSource *) events->source)->events = events;
    g_source_add_unix_fd(events->source, mnl_socket_get_fd(events->socket), G_IO_IN | G_IO_ERR);
    g_source_attach(events->source, context);
    return g_steal_pointer(&events);
}

void
events_free(Events *events)
{
    if (events == NULL)
        return;
    if (events->source != NULL) {
        g_source_destroy(events->source);
        g_source_unref(events->source);
    }
    if (events->socket != NULL)
        mnl_socket_close(events->socket);
    g_free(events);
}
