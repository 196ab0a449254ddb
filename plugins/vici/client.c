/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client.c - one connection to the control socket: frames in, one command at a time, frames out. */
#include "client.h"

#include <errno.h>
#include <obol/secret.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io.h"

#define ANSWERS_WAITING_MAX (64 * 1024) /* bytes; a client that leaves more unread is not read either */

typedef struct {
    GBytes *frame;
    gboolean told; /* unasked-for; else an answer */
} Outgoing;

struct ViciClient {
    guint ref_count;
    int fd; /* -1: gone */
    ViciIo *io;
    const ViciClientCalls *calls;
    gpointer owner;
    ViciClientLimits limits;

    guint8 length[OBOL_VICI_LENGTH_BYTES];
    ObolSecret *frame; /* the one being read, or the request that waits; may carry a shared secret */
    gsize n_read;      /* of the length's bytes and then of the frame's */
    gboolean waiting;  /* @frame is a whole request that waits for the running command's end */

    gboolean running;
    gpointer job;
    GDestroyNotify forget;

    guint64 events; /* bit set of those that it listens to */
    GQueue out;     /* of Outgoing */
    gsize n_written; /* of the first one */
    gsize n_told, n_answers; /* bytes in @out of either kind */
    gboolean overflow; /* a part of the running command's answer was left out */
};

static void client_ready(GIOCondition ready, gpointer data);

static void
count_waiting(ViciClient *client, gboolean told, gssize n)
{
    if (told) {
        client->n_told += (gsize) n;
    } else {
        client->n_answers += (gsize) n;
        *client->limits.streamed += (gsize) n;
    }
}

static void
outgoing_free(ViciClient *client, Outgoing *outgoing)
{
    gsize n = g_bytes_get_size(outgoing->frame);

    count_waiting(client, outgoing->told, -(gssize) n);
    g_bytes_unref(outgoing->frame);
    g_free(outgoing);
}

ViciClient *
vici_client_new(GMainContext *context, int fd, const ViciClientLimits *limits, const ViciClientCalls *calls,
                gpointer owner)
{
    ViciClient *client = g_new0(ViciClient, 1);

    client->ref_count = 1;
    client->fd = fd;
    client->limits = *limits;
    client->calls = calls;
    client->owner = owner;
    g_queue_init(&client->out);
    client->io = vici_io_new(context, fd, G_IO_IN, client_ready, client);
    return client;
}

ViciClient *
vici_client_ref(ViciClient *client)
{
    client->ref_count++;
    return client;
}

void
vici_client_unref(ViciClient *client)
{
    if (client == NULL || --client->ref_count > 0)
        return;
    vici_client_close(client);
    g_free(client);
}

gboolean
vici_client_is_gone(const ViciClient *client)
{
    return client->fd < 0;
}

void
vici_client_close(ViciClient *client)
{
    gpointer job = client->job;
    GDestroyNotify forget = client->forget;
    Outgoing *outgoing;

    if (vici_client_is_gone(client))
        return;
    vici_io_stop(g_steal_pointer(&client->io));
    close(client->fd);
    client->fd = -1;
    client->events = 0;
    while ((outgoing = g_queue_pop_head(&client->out)) != NULL)
        outgoing_free(client, outgoing);
    g_clear_pointer(&client->frame, obol_secret_free);
    client->job = NULL;
    client->forget = NULL;
    if (forget != NULL)
        forget(job); /* may hold the last reference */
}

static void
leave(ViciClient *client, const char *why)
{
    g_autoptr(ViciClient) self = vici_client_ref(client);

    if (vici_client_is_gone(client))
        return;
    vici_client_close(client);
    client->calls->gone(client->owner, client, why);
}

static void
update_wanted(ViciClient *client)
{
    gboolean reads = !client->waiting && client->n_answers < ANSWERS_WAITING_MAX;

    if (!vici_client_is_gone(client))
        vici_io_want(client->io, (reads ? G_IO_IN : 0) | (g_queue_is_empty(&client->out) ? 0 : G_IO_OUT));
}

/* --- out --- */

static void
write_queue(ViciClient *client)
{
    Outgoing *outgoing;

    while ((outgoing = g_queue_peek_head(&client->out)) != NULL) {
        gsize n;
        const guint8 *data = g_bytes_get_data(outgoing->frame, &n);
        gssize sent = send(client->fd, data + client->n_written, n - client->n_written, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            leave(client, NULL);
            return;
        }
        if (sent < 0)
            break;
        client->n_written += (gsize) sent;
        if (client->n_written < n)
            continue;
        client->n_written = 0;
        outgoing_free(client, g_queue_pop_head(&client->out));
    }
    update_wanted(client);
}

/* (transfer none) */
static void
enqueue(ViciClient *client, GBytes *frame, gboolean told)
{
    Outgoing *outgoing = g_new(Outgoing, 1);
    gboolean first = g_queue_is_empty(&client->out);

    *outgoing = (Outgoing) { .frame = g_bytes_ref(frame), .told = told };
    count_waiting(client, told, (gssize) g_bytes_get_size(frame));
    g_queue_push_tail(&client->out, outgoing);
    if (first)
        write_queue(client);
}

static void
enqueue_writer(ViciClient *client, ObolViciWriter *writer)
{
    GByteArray *bytes = obol_vici_writer_finish(writer);
    g_autoptr(GBytes) frame = bytes != NULL ? g_byte_array_free_to_bytes(bytes) : NULL;

    if (frame != NULL)
        enqueue(client, frame, FALSE);
    else
        client->overflow = TRUE;
}

void
vici_client_tell(ViciClient *client, GBytes *frame)
{
    if (vici_client_is_gone(client))
        return;
    if (client->n_told + g_bytes_get_size(frame) > client->limits.told_max)
        leave(client, "it does not read its events");
    else
        enqueue(client, frame, TRUE);
}

void
vici_client_stream(ViciClient *client, ObolViciWriter *event)
{
    if (!vici_client_is_gone(client) && *client->limits.streamed < client->limits.streamed_max)
        enqueue_writer(client, event);
    else
        client->overflow = TRUE;
    obol_vici_writer_clear(event);
}

static void
enqueue_bare(ViciClient *client, ObolViciPacketType type)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, type, NULL, 0);
    enqueue_writer(client, &writer);
}

/* The request that waited has its turn.  Called at the end of a command, so recursion goes through the loop instead. */
static void
command_ended(ViciClient *client)
{
    client->running = FALSE;
    client->job = NULL;
    client->forget = NULL;
    client->overflow = FALSE;
    if (client->waiting && !vici_client_is_gone(client))
        vici_io_pause(client->io, 0);
}

static void
enqueue_error(ViciClient *client, const char *text)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, OBOL_VICI_CMD_RESPONSE, NULL, 0);
    obol_vici_put_text(&writer, "success", "no");
    obol_vici_put_text(&writer, "errmsg", text);
    enqueue_writer(client, &writer);
}

void
vici_client_reply(ViciClient *client, ObolViciWriter *response)
{
    g_autoptr(ViciClient) self = vici_client_ref(client);

    if (!vici_client_is_gone(client) && client->running) {
        if (!client->overflow)
            enqueue_writer(client, response);
        if (client->overflow)
            enqueue_error(client, "the answer is too large for this protocol, ask for less");
        command_ended(client);
    }
    obol_vici_writer_clear(response);
}

void
vici_client_unknown(ViciClient *client)
{
    g_autoptr(ViciClient) self = vici_client_ref(client);

    if (vici_client_is_gone(client) || !client->running)
        return;
    enqueue_bare(client, OBOL_VICI_CMD_UNKNOWN);
    command_ended(client);
}

void
vici_client_set_job(ViciClient *client, gpointer job, GDestroyNotify forget)
{
    client->job = job;
    client->forget = forget;
}

gboolean
vici_client_listens(const ViciClient *client, int event)
{
    return event >= 0 && (client->events >> event & 1) != 0;
}

/* --- in --- */

static void
run(ViciClient *client, const ObolViciPacket *packet)
{
    ObolViciFault fault;
    g_autoptr(ObolNode) message = obol_vici_message_decode(packet->message, &fault);

    client->running = TRUE;
    if (message != NULL) {
        client->calls->request(client->owner, client, packet->name, message);
    } else {
        g_autofree char *text =
            g_strdup_printf("malformed message: %s, at byte %" G_GSIZE_FORMAT, fault.rule, fault.offset);

        enqueue_error(client, text);
        command_ended(client);
    }
}

static void
listen_to(ViciClient *client, const ObolViciPacket *packet)
{
    int event = client->calls->event(client->owner, packet->name);
    gboolean on = packet->type == OBOL_VICI_EVENT_REGISTER;

    if (event < 0 || (!on && !vici_client_listens(client, event))) {
        enqueue_bare(client, OBOL_VICI_EVENT_UNKNOWN);
        return;
    }
    if (on)
        client->events |= G_GUINT64_CONSTANT(1) << event;
    else
        client->events &= ~(G_GUINT64_CONSTANT(1) << event);
    client->calls->listening(client->owner);
    enqueue_bare(client, OBOL_VICI_EVENT_CONFIRM);
}

/* One whole frame is there. */
static void
handle_frame(ViciClient *client)
{
    ObolViciPacket packet;
    ObolViciFault fault;

    if (!obol_vici_packet_decode(client->frame->bytes, client->frame->n, &packet, &fault)) {
        leave(client, fault.rule);
        return;
    }
    switch (packet.type) {
    case OBOL_VICI_CMD_REQUEST:
        client->waiting = client->running;
        if (client->waiting)
            return;
        run(client, &packet);
        break;
    case OBOL_VICI_EVENT_REGISTER:
    case OBOL_VICI_EVENT_UNREGISTER: listen_to(client, &packet); break;
    case OBOL_VICI_CMD_RESPONSE:
    case OBOL_VICI_CMD_UNKNOWN:
    case OBOL_VICI_EVENT_CONFIRM:
    case OBOL_VICI_EVENT_UNKNOWN:
    case OBOL_VICI_EVENT:            leave(client, "a packet type that only servers send"); break;
    }
    g_clear_pointer(&client->frame, obol_secret_free);
    client->n_read = 0;
}

static void
begin_frame(ViciClient *client)
{
    ObolViciFault fault;
    gsize n;

    if (!obol_vici_frame_length(client->length, sizeof client->length, &n, &fault)) {
        leave(client, fault.rule);
        return;
    }
    client->frame = obol_secret_new(n);
    client->n_read = 0;
}

/* At most one frame a turn of the loop: a busy client must not keep the others waiting. */
static void
read_some(ViciClient *client)
{
    gboolean in_frame = client->frame != NULL;
    guint8 *into = in_frame ? client->frame->bytes : client->length;
    gsize n = in_frame ? client->frame->n : sizeof client->length;
    gssize got = recv(client->fd, into + client->n_read, n - client->n_read, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0) {
        leave(client, NULL);
        return;
    }
    client->n_read += (gsize) got;
    if (client->n_read < n)
        return;
    if (in_frame)
        handle_frame(client);
    else
        begin_frame(client);
}

static void
client_ready(GIOCondition ready, gpointer data)
{
    g_autoptr(ViciClient) client = vici_client_ref(data);

    if ((ready & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) != 0 && (ready & G_IO_IN) == 0) {
        leave(client, NULL);
        return;
    }
    if ((ready & G_IO_OUT) != 0)
        write_queue(client);
    if (vici_client_is_gone(client))
        return;
    if (client->waiting && !client->running) {
        client->waiting = FALSE;
        handle_frame(client);
    } else if ((ready & G_IO_IN) != 0 && !client->waiting) {
        read_some(client);
    }
    update_wanted(client);
}
