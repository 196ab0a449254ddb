/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session.c - a conversation with the daemon: register for events, call commands, follow. */
#include "session.h"

#include <errno.h>
#include <obol/secret.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET RUNSTATEDIR "/obol/vici.sock"

struct CtlSession {
    int fd;
    char *path;
};

static gboolean
connect_to(CtlSession *session, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    CtlStatus status = CTL_FAILED;

    if (g_strlcpy(address.sun_path, session->path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(error, CTL_ERROR, CTL_USAGE, _("%s: too long for a socket's path"), session->path);
        return FALSE;
    }
    session->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (session->fd >= 0 && connect(session->fd, (const struct sockaddr *) &address, sizeof address) == 0)
        return TRUE;
    if (errno == ENOENT || errno == ECONNREFUSED)
        status = CTL_NO_DAEMON;
    else if (errno == EACCES || errno == EPERM)
        status = CTL_PERMISSION;
    g_set_error(error, CTL_ERROR, (gint) status,
                status == CTL_NO_DAEMON ? _("obold is not running: nobody answers at %s (%s)") : "%s: %s",
                session->path, g_strerror(errno));
    return FALSE;
}

CtlSession *
ctl_session_open(const char *path, GError **error)
{
    g_autoptr(CtlSession) session = g_new0(CtlSession, 1);

    session->path = g_strdup(g_str_has_prefix(path, "unix://") ? path + strlen("unix://") : path);
    session->fd = -1;
    return connect_to(session, error) ? g_steal_pointer(&session) : NULL;
}

void
ctl_session_close(CtlSession *session)
{
    if (session == NULL)
        return;
    if (session->fd >= 0)
        close(session->fd);
    g_free(session->path);
    g_free(session);
}

CtlSession *
ctl_session(Ctl *ctl, GError **error)
{
    if (ctl->session == NULL)
        ctl->session = ctl_session_open(ctl->socket != NULL ? ctl->socket : DEFAULT_SOCKET, error);
    return ctl->session;
}

static gboolean
lost(CtlSession *session, const char *why, GError **error)
{
    g_set_error(error, CTL_ERROR, CTL_NO_DAEMON, _("%s: the daemon went away: %s"), session->path, why);
    return FALSE;
}

static gboolean
write_all(CtlSession *session, const guint8 *data, gsize n, GError **error)
{
    while (n > 0) {
        gssize sent = send(session->fd, data, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return lost(session, g_strerror(errno), error);
        data += sent;
        n -= (gsize) sent;
    }
    return TRUE;
}

/* @request may hold a secret: it is wiped. */
static gboolean
send_writer(CtlSession *session, ObolViciWriter *request, GError **error)
{
    GByteArray *frame = obol_vici_writer_finish(request);
    gboolean sent;

    if (frame == NULL) {
        g_set_error(error, CTL_ERROR, CTL_USAGE, _("the request is larger than the protocol allows"));
        return FALSE;
    }
    sent = write_all(session, frame->data, frame->len, error);
    obol_wipe(frame->data, frame->len);
    g_byte_array_unref(frame);
    return sent;
}

/* @deadline_us: g_get_monotonic_time(); CTL_FOREVER: none. */
static gboolean
wait_readable(CtlSession *session, gint64 deadline_us, GError **error)
{
    for (;;) {
        struct pollfd poller = { .fd = session->fd, .events = POLLIN };
        gint64 left_ms = deadline_us == CTL_FOREVER ? -1 : MAX(0, (deadline_us - g_get_monotonic_time()) / 1000);
        int n = poll(&poller, 1, (int) MIN(left_ms, G_MAXINT));

        if (n > 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return lost(session, g_strerror(errno), error);
        if (n == 0 && deadline_us != CTL_FOREVER && g_get_monotonic_time() >= deadline_us) {
            g_set_error(error, CTL_ERROR, CTL_TIMEOUT, _("the daemon did not answer in time"));
            return FALSE;
        }
    }
}

static gboolean
read_all(CtlSession *session, guint8 *data, gsize n, gint64 deadline_us, GError **error)
{
    while (n > 0) {
        gssize got;

        if (!wait_readable(session, deadline_us, error))
            return FALSE;
        got = recv(session->fd, data, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return lost(session, got < 0 ? g_strerror(errno) : _("it closed the connection"), error);
        data += got;
        n -= (gsize) got;
    }
    return TRUE;
}

/* One packet; @message is (transfer full). */
static gboolean
read_packet(CtlSession *session, gint64 deadline_us, ObolViciPacket *packet, ObolNode **message, GError **error)
{
    guint8 length[OBOL_VICI_LENGTH_BYTES];
    g_autofree guint8 *frame = NULL;
    ObolViciFault fault;
    gsize n;

    *message = NULL;
    if (!read_all(session, length, sizeof length, deadline_us, error))
        return FALSE;
    if (!obol_vici_frame_length(length, sizeof length, &n, &fault))
        return lost(session, fault.rule, error);
    frame = g_malloc(n);
    if (!read_all(session, frame, n, deadline_us, error))
        return FALSE;
    if (!obol_vici_packet_decode(frame, n, packet, &fault))
        return lost(session, fault.rule, error);
    *message = obol_vici_message_decode(packet->message, &fault);
    packet->message = (ObolSpan) { 0 };
    return *message != NULL || lost(session, fault.rule, error);
}

void
ctl_request(ObolViciWriter *request, const char *command)
{
    obol_vici_writer_init(request, OBOL_VICI_CMD_REQUEST, command, 256);
}

void
ctl_argument(ObolViciWriter *request, const char *name, const char *value)
{
    if (value != NULL)
        obol_vici_put_text(request, name, value);
}

static gint64
deadline_after(gint64 timeout_ms)
{
    return timeout_ms == CTL_FOREVER ? CTL_FOREVER : g_get_monotonic_time() + timeout_ms * 1000;
}

gint64
ctl_patience_ms(const Ctl *ctl, gint64 fallback_ms)
{
    return ctl->timeout_s > 0 ? (gint64) (MIN(ctl->timeout_s, G_MAXINT32) * 1000) : fallback_ms;
}

gboolean
ctl_session_register(CtlSession *session, const char *event, GError **error)
{
    g_auto(ObolViciWriter) request = { 0 };
    ObolViciPacket packet;

    obol_vici_writer_init(&request, OBOL_VICI_EVENT_REGISTER, event, 0);
    if (!send_writer(session, &request, error))
        return FALSE;
    do {
        g_autoptr(ObolNode) message = NULL;

        if (!read_packet(session, deadline_after(CTL_ANSWER_MS), &packet, &message, error))
            return FALSE;
    } while (packet.type == OBOL_VICI_EVENT);
    if (packet.type == OBOL_VICI_EVENT_CONFIRM)
        return TRUE;
    g_set_error(error, CTL_ERROR, CTL_FAILED, _("this daemon has no event '%s'"), event);
    return FALSE;
}

ObolNode *
ctl_session_call(CtlSession *session, ObolViciWriter *request, gint64 timeout_ms, CtlEventHandler handler,
                 gpointer data, GError **error)
{
    gint64 deadline_us = deadline_after(timeout_ms);

    if (!send_writer(session, request, error))
        return NULL;
    for (;;) {
        g_autoptr(ObolNode) message = NULL;
        ObolViciPacket packet;

        if (!read_packet(session, deadline_us, &packet, &message, error))
            return NULL;
        if (packet.type == OBOL_VICI_EVENT && handler != NULL)
            handler(packet.name, message, data);
        else if (packet.type == OBOL_VICI_CMD_RESPONSE)
            return g_steal_pointer(&message);
        else if (packet.type == OBOL_VICI_CMD_UNKNOWN)
            break;
    }
    g_set_error(error, CTL_ERROR, CTL_FAILED, _("this daemon does not know the command"));
    return NULL;
}

gboolean
ctl_session_follow(CtlSession *session, CtlEventHandler handler, gpointer data, GError **error)
{
    for (;;) {
        g_autoptr(ObolNode) message = NULL;
        ObolViciPacket packet;

        if (!read_packet(session, CTL_FOREVER, &packet, &message, error))
            return FALSE;
        if (packet.type == OBOL_VICI_EVENT && !handler(packet.name, message, data))
            return TRUE;
    }
}
