/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/sockets.c - role `socket` for an end.  The suite brings its own, so that a failure is the kernel's. */
#include "sockets.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define N_SOCKETS 4 /* two families, two ports */
#define MARKER_BYTES 4
#define BATCH 16
#define BUFFER_BYTES (2 * 1024 * 1024)

typedef struct Sockets Sockets;

typedef struct {
    Sockets *owner;
    int fd, family;
    gboolean nat_t;
    GSource *source;
} Socket;

struct Sockets {
    const ObolSocketClient client;
    Socket all[N_SOCKETS];
    guint8 room[BATCH][OBOL_DATAGRAM_MAX];
};

static const guint16 ports[] = { 500, 4500 };

typedef union {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
} Control;

static void
read_local(struct msghdr *message, ObolAddress *local)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            local->family = AF_INET;
            memcpy(local->bytes, &info.ipi_addr, sizeof info.ipi_addr);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            local->family = AF_INET6;
            memcpy(local->bytes, &info.ipi6_addr, sizeof info.ipi6_addr);
        }
    }
}

/* RFC 3948 section 2.2: four zero bytes say that it is IKE; anything else is an SPI. */
static gboolean
receive_one(const Socket *s, guint8 *room, ObolDatagram *out)
{
    static const guint8 marker[MARKER_BYTES] = { 0 };
    struct sockaddr_storage from = { 0 };
    Control control;
    struct iovec vector = { room, OBOL_DATAGRAM_MAX };
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control,
    };
    gssize n = recvmsg(s->fd, &message, 0);

    if (n < 0)
        return FALSE;
    *out = (ObolDatagram) { .data = room, .n = (gsize) n };
    obol_address_from_sockaddr((struct sockaddr *) &from, &out->remote);
    read_local(&message, &out->local);
    out->local.port = ports[s->nat_t];
    if (s->nat_t && n > MARKER_BYTES) {
        out->esp = memcmp(room, marker, sizeof marker) != 0;
        if (!out->esp) {
            out->data += MARKER_BYTES;
            out->n -= MARKER_BYTES;
        }
    }
    return TRUE;
}

static gboolean
readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Socket *s = data;
    ObolDatagram batch[BATCH];
    gsize n = 0;

    while (n < BATCH && receive_one(s, s->owner->room[n], &batch[n]))
        n++;
    if (n > 0)
        s->owner->client.received(s->owner->client.data, batch, n);
    return G_SOURCE_CONTINUE;
}

static void
set(int fd, int level, int option, int value)
{
    (void) !setsockopt(fd, level, option, &value, sizeof value);
}

static gboolean
open_one(Socket *s, GMainContext *context, GError **error)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = g_htons(ports[s->nat_t]) };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = g_htons(ports[s->nat_t]) };
    gboolean is_v6 = s->family == AF_INET6;

    s->fd = socket(s->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    set(s->fd, SOL_SOCKET, SO_MARK, OBOL_SOCKET_MARK);
    set(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
    set(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
    if (is_v6) {
        set(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        set(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
    if (s->fd < 0 || bind(s->fd, is_v6 ? (struct sockaddr *) &v6 : (struct sockaddr *) &v4, is_v6 ? sizeof v6 : sizeof v4) < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the suite's UDP port %u can not be bound", ports[s->nat_t]);
        return FALSE;
    }
    s->source = g_unix_fd_source_new(s->fd, G_IO_IN);
    g_source_set_callback(s->source, G_SOURCE_FUNC(readable), s, NULL);
    g_source_attach(s->source, context);
    return TRUE;
}

static void
sockets_close(gpointer self)
{
    Sockets *sockets = self;

    for (guint i = 0; i < N_SOCKETS; i++) {
        if (sockets->all[i].source != NULL)
            g_source_destroy(sockets->all[i].source);
        g_clear_pointer(&sockets->all[i].source, g_source_unref);
        if (sockets->all[i].fd >= 0)
            close(sockets->all[i].fd);
    }
    g_free(sockets);
}

static gpointer
sockets_open(ObolBus *bus, const ObolSocketClient *client, GError **error)
{
    Sockets *sockets = g_new0(Sockets, 1);

    memcpy((gpointer) &sockets->client, client, sizeof *client);
    for (guint i = 0; i < N_SOCKETS; i++)
        sockets->all[i] = (Socket) { .owner = sockets, .fd = -1, .family = i < 2 ? AF_INET : AF_INET6, .nat_t = i % 2 };
    for (guint i = 0; i < N_SOCKETS; i++) {
        if (!open_one(&sockets->all[i], obol_bus_context(bus), error)) {
            sockets_close(sockets);
            return NULL;
        }
    }
    return sockets;
}

static gsize
write_local(const ObolAddress *local, Control *control)
{
    struct cmsghdr *c = &control->align;

    memset(control, 0, sizeof *control);
    if (local->family == AF_INET) {
        struct in_pktinfo info = { .ipi_ifindex = 0 };

        memcpy(&info.ipi_spec_dst, local->bytes, sizeof info.ipi_spec_dst);
        *c = (struct cmsghdr) { .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info) };
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    if (local->family == AF_INET6) {
        struct in6_pktinfo info = { .ipi6_ifindex = 0 };

        memcpy(&info.ipi6_addr, local->bytes, sizeof info.ipi6_addr);
        *c = (struct cmsghdr) { .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info) };
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    return 0;
}

static void
sockets_send(gpointer self, const ObolDatagram *batch, gsize n)
{
    static guint8 marker[MARKER_BYTES] = { 0 };
    Sockets *sockets = self;

    for (gsize i = 0; i < n; i++) {
        gboolean nat_t = batch[i].esp || batch[i].local.port == ports[1] || batch[i].remote.port == ports[1];
        const Socket *s = &sockets->all[(batch[i].remote.family == AF_INET6 ? 2 : 0) + nat_t];
        gboolean marked = nat_t && !batch[i].esp;
        struct iovec vectors[] = { { marker, sizeof marker }, { batch[i].data, batch[i].n } };
        struct sockaddr_storage to;
        Control control;
        struct msghdr message = {
            .msg_name = &to, .msg_namelen = obol_address_to_sockaddr(&batch[i].remote, &to),
            .msg_iov = marked ? vectors : vectors + 1, .msg_iovlen = marked ? 2 : 1,
            .msg_control = &control, .msg_controllen = write_local(&batch[i].local, &control),
        };

        (void) !sendmsg(s->fd, &message, 0);
    }
}

static void
sockets_ports(gpointer self G_GNUC_UNUSED, guint16 *ike, guint16 *nat_t)
{
    *ike = ports[0];
    *nat_t = ports[1];
}

/* The ends know their addresses. */
static gboolean
sockets_source_for(gpointer self G_GNUC_UNUSED, const ObolAddress *remote G_GNUC_UNUSED, ObolAddress *source G_GNUC_UNUSED)
{
    return FALSE;
}

static void
sockets_each(gpointer self, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data)
{
    Sockets *sockets = self;

    for (guint i = 0; i < N_SOCKETS; i++)
        visit(sockets->all[i].fd, sockets->all[i].family, sockets->all[i].nat_t, data);
}

static const ObolSocketVtable vtable = {
    .size = sizeof vtable, .open = sockets_open, .close = sockets_close, .send = sockets_send, .ports = sockets_ports,
    .source_for = sockets_source_for, .each_socket = sockets_each,
};

const ObolPlugin end_sockets_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "suite-sockets", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = "the conformance suite's UDP sockets",
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_SOCKET, .name = "suite", .socket = &vtable }, { 0 } },
};
