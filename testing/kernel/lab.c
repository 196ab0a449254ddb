/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/lab.c - the laboratory: hosts, wire and addresses; waiting; what each case begins and ends with. */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_FDS_MAX 64
#define N_NUMBER 4
#define MAC_LEFT 1
#define MAC_RIGHT 2
#define MAC_MIDDLE 3 /* and the next one */
#define MAC_BEHIND 5
#define MAC_INSIDE 6 /* the right end's, towards the host behind */

/* --- verdicts --- */

void
lab_fail(Lab *lab, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* What follows a first failure is its consequence. */
    if (!lab->failed)
        g_test_fail_printf("%s", text);
    lab->failed = TRUE;
}

/* --- waiting --- */

static void
serve(Lab *lab)
{
    wire_serve(&lab->wire);
    for (guint i = 0; i < N_SIDES; i++)
        side_read(&lab->sides[i], lab);
    for (guint i = 0; i < lab->ports->len; i++)
        port_serve(lab->ports->pdata[i]);
}

static void
doze(Lab *lab, int limit_ms)
{
    struct pollfd fds[N_FDS_MAX];
    guint n = 0;

    for (guint i = 0; i < N_SIDES; i++) {
        fds[n++] = (struct pollfd) { .fd = lab->wire.fds[i], .events = POLLIN };
        fds[n++] = (struct pollfd) { .fd = lab->sides[i].pid != 0 ? lab->sides[i].fd : -1, .events = POLLIN };
    }
    for (guint i = 0; i < lab->ports->len && n < N_FDS_MAX; i++)
        fds[n++] = (struct pollfd) { .fd = ((Port *) lab->ports->pdata[i])->fd, .events = POLLIN };
    poll(fds, n, limit_ms);
}

gboolean
lab_wait(Lab *lab, LabDone done, gpointer data, guint limit_ms)
{
    gint64 until_us = g_get_monotonic_time() + (gint64) limit_ms * 1000;

    for (;;) {
        gint64 left_us;

        serve(lab);
        if (done(data))
            return TRUE;
        left_us = until_us - g_get_monotonic_time();
        if (left_us <= 0 || (lab->failed && !lab->closing))
            return FALSE;
        doze(lab, (int) MIN(left_us / 1000 + 1, 100));
    }
}

typedef struct {
    const Wire *wire;
    SideName from;
    guint8 protocol;
    guint32 spi;
    guint n;
} Passing;

static gboolean
have_passed(gpointer data)
{
    const Passing *p = data;

    return wire_count(p->wire, p->from, p->protocol, p->spi) >= p->n;
}

gboolean
lab_wait_wire(Lab *lab, SideName from, guint8 protocol, guint32 spi, guint n)
{
    Passing passing = { &lab->wire, from, protocol, spi, n };

    return lab_wait(lab, have_passed, &passing, LIMIT_MS);
}

/* --- traffic --- */

int
lab_socket(Lab *lab, const Host *host, int family, int type, int protocol)
{
    Port *port = g_new0(Port, 1);

    host_enter(host);
    port->fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (port->fd < 0)
        lab_fail(lab, "no socket: %s", g_strerror(errno));
    g_ptr_array_add(lab->ports, port);
    return port->fd;
}

Port *
lab_port(Lab *lab, const Host *host, const ObolAddress *local, guint16 port)
{
    int fd = lab_socket(lab, host, local->family, SOCK_DGRAM, 0);
    Port *out = lab->ports->pdata[lab->ports->len - 1];
    struct sockaddr_storage address;
    socklen_t n;

    out->local = *local;
    out->local.port = port;
    n = obol_address_to_sockaddr(&out->local, &address);
    if (bind(fd, (struct sockaddr *) &address, n) < 0)
        lab_fail(lab, "a probe's UDP port %u can not be bound: %s", port, g_strerror(errno));
    return out;
}

static void
port_free(gpointer data)
{
    close(((Port *) data)->fd);
    g_free(data);
}

void
port_send(Port *port, const ObolAddress *to, guint number, gsize n)
{
    g_autofree guint8 *bytes = g_malloc0(n);
    const guint32 wire_number = g_htonl(number);
    struct sockaddr_storage address;
    socklen_t n_address = obol_address_to_sockaddr(to, &address);

    g_assert_cmpuint(n, >=, sizeof WIRE_MARKER - 1 + N_NUMBER);
    memset(bytes, 'x', n);
    memcpy(bytes, WIRE_MARKER, sizeof WIRE_MARKER - 1);
    memcpy(bytes + sizeof WIRE_MARKER - 1, &wire_number, sizeof wire_number);
    /* A refusal (no SA yet, a policy that drops) is a way not to arrive. */
    (void) !sendto(port->fd, bytes, n, MSG_NOSIGNAL, (struct sockaddr *) &address, n_address);
}

void
port_serve(Port *port)
{
    guint8 bytes[2048];
    struct sockaddr_storage from;
    socklen_t n_from = sizeof from;
    gssize n;

    if (port->local.family == 0)
        return;
    while ((n = recvfrom(port->fd, bytes, sizeof bytes, 0, (struct sockaddr *) &from, &n_from)) >= 0 || errno == ECONNREFUSED) {
        guint32 number;

        if (n < (gssize) (sizeof WIRE_MARKER - 1 + N_NUMBER) || memcmp(bytes, WIRE_MARKER, sizeof WIRE_MARKER - 1) != 0)
            continue;
        memcpy(&number, bytes + sizeof WIRE_MARKER - 1, sizeof number);
        port->n_got++;
        obol_address_from_sockaddr((struct sockaddr *) &from, &port->from);
        if (g_ntohl(number) < PORT_NUMBERS_MAX)
            port->got[g_ntohl(number)]++;
        n_from = sizeof from;
    }
}

typedef struct {
    const Port *port;
    guint number;
} Arrival;

static gboolean
has_arrived(gpointer data)
{
    const Arrival *arrival = data;

    return arrival->port->got[arrival->number] > 0;
}

gboolean
port_wait(Lab *lab, Port *port, guint number)
{
    Arrival arrival = { port, number };

    return lab_wait(lab, has_arrived, &arrival, LIMIT_MS);
}

/* --- a case --- */

void
lab_claim_empty(Lab *lab, Side *side, const char *when)
{
    const FlatRequest list = { .request = { .op = OBOL_KERNEL_LIST } };
    const Reply *reply = side_must(lab, side, &list);
    guint n_sas = 0, n_policies = 0;

    for (guint i = 0; i < reply->answer.n_sas; i++)
        n_sas += reply->sas[i].ours;
    for (guint i = 0; i < reply->answer.n_policies; i++)
        n_policies += reply->policies[i].ours;
    CLAIM(lab, n_sas == 0 && n_policies == 0, "%s: %u SAs and %u policies of ours are left", when, n_sas, n_policies);
}

static void
reply_free(gpointer data)
{
    Reply *reply = data;

    g_free(reply->sas);
    g_free(reply->policies);
    g_free(reply);
}

static void
forget(Lab *lab)
{
    for (guint i = 0; i < N_SIDES; i++) {
        g_ptr_array_set_size(lab->sides[i].replies, 0);
        g_array_set_size(lab->sides[i].events, 0);
        g_array_set_size(lab->sides[i].ikes, 0);
    }
    g_ptr_array_set_size(lab->ports, 0);
    wire_clear(&lab->wire);
    lab->fence_spi = 0;
}

static void
empty(Lab *lab, Side *side, const char *when)
{
    const FlatRequest flush = { .request = { .op = OBOL_KERNEL_FLUSH } };

    side_must(lab, side, &flush);
    lab_claim_empty(lab, side, when);
}

void
lab_begin(Lab *lab)
{
    lab->failed = FALSE;
    for (guint i = 0; i < N_SIDES; i++) {
        Side *side = &lab->sides[i];

        if (!side->opened.opened && !side_reopen(lab, side))
            lab_fail(lab, "the %s end can not be opened: %s", i == LEFT ? "left" : "right", side->opened.text);
        else
            empty(lab, side, "before the case");
    }
    forget(lab);
}

void
lab_end(Lab *lab)
{
    lab->closing = TRUE;
    for (guint i = 0; i < N_SIDES; i++)
        if (lab->sides[i].opened.opened)
            empty(lab, &lab->sides[i], "after the case and its FLUSH");
    /* An end that fails may be in any state: the next case gets a new one. */
    for (guint i = 0; lab->failed && i < N_SIDES; i++)
        side_stop(lab, &lab->sides[i], SIGKILL);
    lab->closing = FALSE;
    forget(lab);
}

/* --- building it --- */

static ObolAddress
address(Family family, guint net, guint host)
{
    g_autofree char *text = family == V4 ? g_strdup_printf("10.66.%u.%u", net, host) : g_strdup_printf("fd66:0:%x::%x", net, host);
    ObolAddress out = { .family = 0 };

    if (!obol_address_parse(text, &out))
        g_error("%s is no address", text);
    return out;
}

/* Outside 10.66.0.0/24 and fd66::/64, within 10.66.SIDE.0/24 and fd66:SIDE::/64, SIDE 1 or 2; behind the right end 3. */
static void
number_all(Lab *lab)
{
    for (guint side = 0; side < N_SIDES; side++) {
        lab->outer[side][V4] = address(V4, 0, side + 1);
        lab->outer[side][V6] = address(V6, 0, side + 1);
        lab->moved[side][V4] = address(V4, 0, side + 11);
        lab->moved[side][V6] = address(V6, 0, side + 0x11);
        lab->fence[side] = address(V4, side + 8, 1);
        for (guint i = 0; i < N_INNER; i++) {
            lab->inner[side][V4][i] = address(V4, side + 1, i + 1);
            lab->inner[side][V6][i] = address(V6, side + 1, i + 1);
        }
    }
    lab->far[V4] = address(V4, 3, 2);
    lab->far[V6] = address(V6, 3, 2);
}

static void
address_side(Lab *lab, SideName name, const Plug *plug)
{
    const Side *side = &lab->sides[name];
    SideName other = name == LEFT ? RIGHT : LEFT;

    for (guint f = 0; f < N_FAMILIES; f++) {
        net_address(&side->host, plug->device, &lab->outer[name][f], f == V4 ? 24 : 64);
        net_address(&side->host, plug->device, &lab->moved[name][f], f == V4 ? 24 : 64);
        net_neighbour(plug, &lab->outer[other][f], other == LEFT ? MAC_LEFT : MAC_RIGHT);
        net_neighbour(plug, &lab->moved[other][f], other == LEFT ? MAC_LEFT : MAC_RIGHT);
        for (guint i = 0; i < N_INNER; i++)
            net_address(&side->host, "lo", &lab->inner[name][f][i], f == V4 ? 32 : 128);
    }
    net_address(&side->host, "lo", &lab->fence[name], 32);
}

/* Each end has a plain way to the other's inside: what a missing policy lets through is then seen. */
static void
route_side(Lab *lab, SideName name)
{
    const Host *host = &lab->sides[name].host;
    SideName other = name == LEFT ? RIGHT : LEFT;
    const ObolAddress nets[] = {
        address(V4, other + 1, 0), address(V4, other + 8, 0), address(V4, 3, 0),
        address(V6, other + 1, 0), address(V6, 3, 0),
    };

    for (guint i = 0; i < G_N_ELEMENTS(nets); i++) {
        Family f = nets[i].family == AF_INET ? V4 : V6;

        if (name == LEFT || nets[i].bytes[f == V4 ? 2 : 5] != 3)
            net_route(host, &nets[i], f == V4 ? 24 : 64, &lab->outer[other][f]);
    }
}

static void
join_behind(Lab *lab)
{
    const ObolAddress all[] = { { .family = AF_INET }, { .family = AF_INET6 } };
    const ObolAddress near[] = { address(V4, 3, 1), address(V6, 3, 1) };
    const Plug inside = { &lab->sides[RIGHT].host, "r1", MAC_INSIDE }, behind = { &lab->behind, "h0", MAC_BEHIND };

    host_init(&lab->behind);
    net_link(&inside, &behind);
    for (guint f = 0; f < N_FAMILIES; f++) {
        net_address(inside.host, inside.device, &near[f], f == V4 ? 24 : 64);
        net_address(behind.host, behind.device, &lab->far[f], f == V4 ? 24 : 64);
        net_neighbour(&inside, &lab->far[f], MAC_BEHIND);
        net_neighbour(&behind, &near[f], MAC_INSIDE);
        net_route(behind.host, &all[f], 0, &near[f]);
    }
}

void
lab_open(Lab *lab, const EndPlugin plugins[N_SIDES])
{
    Plug ends[N_SIDES], middles[N_SIDES];

    *lab = (Lab) { .ports = g_ptr_array_new_with_free_func(port_free) };
    number_all(lab);
    host_init(&lab->middle);
    host_setting(&lab->middle, "ipv6/conf/default/disable_ipv6", "1");
    for (guint i = 0; i < N_SIDES; i++) {
        Side *side = &lab->sides[i];

        *side = (Side) {
            .name = i, .plugin = plugins[i], .replies = g_ptr_array_new_with_free_func(reply_free),
            .events = g_array_new(FALSE, FALSE, sizeof(ObolKernelEvent)), .ikes = g_array_new(FALSE, FALSE, sizeof(IkeBytes)),
        };
        host_init(&side->host);
        ends[i] = (Plug) { &side->host, i == LEFT ? "l0" : "r0", i == LEFT ? MAC_LEFT : MAC_RIGHT };
        middles[i] = (Plug) { &lab->middle, i == LEFT ? "wl" : "wr", (guint8) (MAC_MIDDLE + i) };
        host_enter(&lab->middle);
        net_link(&middles[i], &ends[i]);
        address_side(lab, i, &ends[i]);
    }
    for (guint i = 0; i < N_SIDES; i++)
        route_side(lab, i);
    join_behind(lab);
    wire_open(&lab->wire, middles);
    for (guint i = 0; i < N_SIDES; i++)
        side_start(lab, &lab->sides[i]);
}

void
lab_close(Lab *lab)
{
    lab->closing = TRUE;
    lab->failed = !lab->sides[LEFT].opened.opened || !lab->sides[RIGHT].opened.opened;
    for (guint i = 0; i < N_SIDES; i++) {
        Side *side = &lab->sides[i];

        if (side->opened.opened)
            side_close(lab, side);
        side_stop(lab, side, lab->failed ? SIGKILL : 0); /* one that hangs would not end by itself */
        g_ptr_array_unref(side->replies);
        g_array_unref(side->events);
        g_array_unref(side->ikes);
        host_clear(&side->host);
    }
    g_ptr_array_unref(lab->ports);
    wire_close(&lab->wire);
    host_clear(&lab->middle);
    host_clear(&lab->behind);
}
