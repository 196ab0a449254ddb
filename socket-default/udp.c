/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udp.c - the set of IKE's UDP sockets: opened together, read in turns, chosen from by family and port. */
#include "udp.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "receive.h"
#include "send.h"

#define BATCHES_PER_TURN 2   /* of one socket; then others of the loop have theirs */
#define FREE_PORT_TRIES 16   /* to find a port that is free in both families */
#define PRIVILEGED_PORTS 1024

typedef struct {
    Udp *udp;
    Endpoint endpoint;
    GSource *source;
} Watched;

struct Udp {
    ObolSocketClient client;
    EndpointOptions options;
    Receiver *receiver;
    Sender *sender;
    UdpFaults faults;
    Watched watched[UDP_ENDPOINTS_MAX];
    guint n_watched;
    guint16 ports[2]; /* plain, NAT-T */
};

static gboolean
readable(int fd, GIOCondition condition, gpointer data)
{
    Watched *watched = data;
    Udp *udp = watched->udp;

    (void) fd;
    (void) condition;
    for (guint i = 0; i < BATCHES_PER_TURN; i++)
        if (!receiver_run(udp->receiver, &watched->endpoint, &udp->client, &udp->faults))
            break;
    return G_SOURCE_CONTINUE;
}

static const char *
advice(int status, const ObolAddress *at)
{
    if ((status == -EACCES || status == -EPERM) && at->port > 0 && at->port < PRIVILEGED_PORTS)
        return " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)";
    if (status == -EADDRINUSE)
        return " (another IKE daemon may be running)";
    return "";
}

static int
open_one(Udp *udp, const ObolAddress *at, gboolean nat_t, gboolean *unmarked)
{
    Watched *watched = &udp->watched[udp->n_watched];
    int status = endpoint_open(&watched->endpoint, at, nat_t, &udp->options, unmarked);

    if (status == 0) {
        watched->udp = udp;
        udp->n_watched++;
    }
    return status;
}

/* The port is the same at each address, so that a peer is answered from the same number whatever the family.  Gives the number
 * of sockets, or the last negative errno in @status with @failed naming the place. */
static guint
open_port(Udp *udp, const ObolAddress *places, guint n_places, guint16 port, gboolean nat_t, int *status,
          ObolAddress *failed, gboolean *unmarked)
{
    guint first = udp->n_watched;

    for (guint i = 0; i < n_places && udp->n_watched < UDP_ENDPOINTS_MAX; i++) {
        ObolAddress at = places[i];
        int failure;

        at.port = port != 0 || udp->n_watched == first ? port : udp->watched[first].endpoint.local.port;
        failure = open_one(udp, &at, nat_t, unmarked);
        if (failure == 0)
            continue;
        *status = failure;
        *failed = at;
        if (port == 0 && failure == -EADDRINUSE) { /* free in one family only: give it back */
            while (udp->n_watched > first)
                endpoint_close(&udp->watched[--udp->n_watched].endpoint);
            return 0;
        }
    }
    return udp->n_watched - first;
}

static gboolean
open_kind(Udp *udp, const UdpSettings *settings, const ObolAddress *places, guint n_places, gboolean nat_t, GError **error)
{
    int port = nat_t ? settings->nat_t_port : settings->ike_port, status = -EAFNOSUPPORT;
    char text[OBOL_ADDRESS_TEXT_MAX];
    gboolean unmarked = FALSE;
    ObolAddress failed = { 0 };
    guint n = 0;

    if (port == UDP_PORT_NONE)
        return TRUE;
    for (guint i = 0; n == 0 && i < (port == 0 ? FREE_PORT_TRIES : 1); i++)
        n = open_port(udp, places, n_places, (guint16) port, nat_t, &status, &failed, &unmarked);
    if (n > 0)
        udp->ports[nat_t] = udp->watched[udp->n_watched - 1].endpoint.local.port;
    if (unmarked)
        settings->log(settings->log_data, 1, "packets can not be marked (that needs CAP_NET_ADMIN): policies that cover a "
                                             "peer's own address will not work with kernel-userspace");
    if (n == n_places)
        return TRUE;
    obol_address_format_with_port(&failed, text);
    if (n > 0 && status == -EAFNOSUPPORT) {
        g_autofree char *line = g_strdup_printf("UDP %s: this machine has no such address family; going on without", text);

        settings->log(settings->log_data, 0, line);
        return TRUE;
    }
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status), "UDP %s: %s%s", text, g_strerror(-status),
                advice(status, &failed));
    return FALSE;
}

static gboolean
read_places(const UdpSettings *settings, ObolAddress *places, guint *n_places, GError **error)
{
    guint n = settings->bind != NULL ? g_strv_length((char **) settings->bind) : 0;

    if (n == 0) {
        places[0] = (ObolAddress) { .family = AF_INET };
        places[1] = (ObolAddress) { .family = AF_INET6 };
        *n_places = 2;
        return TRUE;
    }
    *n_places = n;
    if (n > UDP_ENDPOINTS_MAX / 2) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "bind: more than %d addresses", UDP_ENDPOINTS_MAX / 2);
        return FALSE;
    }
    for (guint i = 0; i < n; i++) {
        if (!obol_address_parse(settings->bind[i], &places[i]) || places[i].family == 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "bind: \"%s\" is no IP address", settings->bind[i]);
            return FALSE;
        }
    }
    return TRUE;
}

Udp *
udp_new(const UdpSettings *settings, GMainContext *context, const ObolSocketClient *client, GError **error)
{
    g_autoptr(Udp) udp = g_new0(Udp, 1);
    ObolAddress places[UDP_ENDPOINTS_MAX / 2];
    guint n_places = 0;

    udp->client = *client;
    udp->options = settings->options;
    udp->faults = (UdpFaults) { .log = settings->log, .data = settings->log_data };
    if (!read_places(settings, places, &n_places, error) ||
        !open_kind(udp, settings, places, n_places, FALSE, error) ||
        !open_kind(udp, settings, places, n_places, TRUE, error))
        return NULL;
    if (udp->n_watched == 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "neither an IKE port nor a NAT-T port is set");
        return NULL;
    }
    udp->receiver = receiver_new();
    udp->sender = sender_new();
    for (guint i = 0; i < udp->n_watched; i++) {
        Watched *watched = &udp->watched[i];

        watched->source = g_unix_fd_source_new(watched->endpoint.fd, G_IO_IN | G_IO_ERR);
        g_source_set_can_recurse(watched->source, TRUE); /* we do not, but GLib then spares three system calls a dispatch */
        g_source_set_callback(watched->source, G_SOURCE_FUNC(readable), watched, NULL);
        g_source_attach(watched->source, context);
    }
    return g_steal_pointer(&udp);
}

void
udp_free(Udp *udp)
{
    if (udp == NULL)
        return;
    for (guint i = 0; i < udp->n_watched; i++) {
        if (udp->watched[i].source != NULL) {
            g_source_destroy(udp->watched[i].source);
            g_source_unref(udp->watched[i].source);
        }
        endpoint_close(&udp->watched[i].endpoint);
    }
    receiver_free(udp->receiver);
    sender_free(udp->sender);
    g_free(udp);
}

/* How well @endpoint suits: its port is the local one; it is bound to the local address itself; without a local port the kind
 * of port that the other end speaks to decides (RFC 3948: ESP in UDP lives on NAT-T ports). */
static guint
suits(const Endpoint *endpoint, const ObolDatagram *datagram)
{
    static const guint8 any[16];
    const ObolAddress *local = &datagram->local;
    gboolean nat_t = datagram->esp || datagram->remote.port == NAT_T_PORT;
    guint score = 1;

    if (endpoint->local.family != datagram->remote.family || (datagram->esp && !endpoint->nat_t))
        return 0;
    if (local->port != 0 && endpoint->local.port == local->port)
        score += 4;
    else if (endpoint->nat_t == nat_t)
        score += 2;
    if (memcmp(endpoint->local.bytes, any, sizeof any) != 0) { /* bound to one address: for that one only */
        if (local->family != 0 && memcmp(endpoint->local.bytes, local->bytes, sizeof any) != 0)
            return 0;
        score += 1;
    }
    return score;
}

static const Endpoint *
choose(const Udp *udp, const ObolDatagram *datagram)
{
    const Endpoint *best = NULL;
    guint best_score = 0;

    for (guint i = 0; i < udp->n_watched; i++) {
        guint score = suits(&udp->watched[i].endpoint, datagram);

        if (score > best_score) {
            best_score = score;
            best = &udp->watched[i].endpoint;
        }
    }
    return best;
}

static void
send_as(Udp *udp, const ObolDatagram *batch, gsize n, gboolean bare)
{
    while (n > 0) {
        const Endpoint *endpoint = choose(udp, batch);
        gsize run = 1;

        if (endpoint == NULL) {
            udp_faults_count(&udp->faults, UDP_FAULT_NO_SOCKET, &batch->remote, g_get_monotonic_time());
        } else {
            while (run < n && run < SEND_BATCH &&
                   (send_same_way(&batch[run], &batch[run - 1]) || choose(udp, &batch[run]) == endpoint))
                run++;
            sender_run(udp->sender, endpoint, batch, run, bare, &udp->faults);
        }
        batch += run;
        n -= run;
    }
}

void
udp_send(Udp *udp, const ObolDatagram *batch, gsize n)
{
    send_as(udp, batch, n, FALSE);
}

void
udp_each(Udp *udp, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data)
{
    for (guint i = 0; i < udp->n_watched; i++) {
        const Endpoint *endpoint = &udp->watched[i].endpoint;

        visit(endpoint->fd, endpoint->local.family, endpoint->nat_t, data);
    }
}

void
udp_keep_alive(Udp *udp, const ObolAddress *local, const ObolAddress *remote)
{
    guint8 byte = 0xff; /* RFC 3948 section 2.3 */
    ObolDatagram datagram = { .local = *local, .remote = *remote, .data = &byte, .n = 1, .esp = TRUE };

    send_as(udp, &datagram, 1, TRUE);
}

void
udp_ports(const Udp *udp, guint16 *ike, guint16 *nat_t)
{
    *ike = udp->ports[FALSE];
    *nat_t = udp->ports[TRUE];
}

/* Asks the routing as our own packets see it, mark included. */
gboolean
udp_source_for(const Udp *udp, const ObolAddress *remote, ObolAddress *source)
{
    struct sockaddr_storage name;
    ObolAddress to = *remote, found;
    socklen_t n_name;
    gboolean ok = FALSE;
    int fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return FALSE;
    if (udp->options.mark != 0) /* refused: then our packets go without it as well */
        (void) !setsockopt(fd, SOL_SOCKET, SO_MARK, &udp->options.mark, sizeof udp->options.mark);
    to.port = to.port != 0 ? to.port : 500; /* connect() to port 0 is not for all systems */
    n_name = obol_address_to_sockaddr(&to, &name);
    if (connect(fd, (struct sockaddr *) &name, n_name) == 0) {
        n_name = sizeof name;
        ok = getsockname(fd, (struct sockaddr *) &name, &n_name) == 0 &&
             obol_address_from_sockaddr((struct sockaddr *) &name, &found);
    }
    close(fd);
    if (ok) {
        *source = found;
        source->port = 0;
    }
    return ok;
}

guint64
udp_fault_count(const Udp *udp, UdpFault fault)
{
    return udp->faults.count[fault];
}
