/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/end.c - the process of an end: a bus with the plugin that is tested, obeying messages. */
#include "end.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus-private.h"
#include "sockets.h"

typedef struct {
    const EndPlugin *plugin;
    int fd;
    GMainLoop *loop;
    GThread *thread;
    ObolBus *bus;
    ObolNode *settings;
    gboolean in_call;
    GPtrArray *asked; /* of Asked: kept until the bus closes, so that a second answer is seen */
} End;

typedef struct {
    End *end;
    guint32 tag;
    guint n_answers;
} Asked;

gboolean
message_read(int fd, void *bytes, gsize n)
{
    for (gsize at = 0; at < n;) {
        gssize got = read(fd, (guint8 *) bytes + at, n - at);

        if (got <= 0 && !(got < 0 && errno == EINTR))
            return FALSE;
        at += (gsize) MAX(got, 0);
    }
    return TRUE;
}

static gboolean
write_all(int fd, const void *bytes, gsize n)
{
    for (gsize at = 0; at < n;) {
        gssize put = send(fd, (const guint8 *) bytes + at, n - at, MSG_NOSIGNAL);

        if (put <= 0 && !(put < 0 && errno == EINTR))
            return FALSE;
        at += (gsize) MAX(put, 0);
    }
    return TRUE;
}

gboolean
message_write(int fd, guint32 kind, guint32 tag, const void *const *parts, const gsize *n, guint n_parts)
{
    MessageHeader header = { .kind = kind, .tag = tag };
    gboolean ok;

    for (guint i = 0; i < n_parts; i++)
        header.n += n[i];
    ok = write_all(fd, &header, sizeof header);
    for (guint i = 0; ok && i < n_parts; i++)
        ok = write_all(fd, parts[i], n[i]);
    return ok;
}

static void
tell(End *end, guint32 kind, guint32 tag, const void *bytes, gsize n)
{
    const void *parts[] = { bytes };

    message_write(end->fd, kind, tag, parts, &n, 1);
}

/* --- from the plugin --- */

static void
kernel_event(gpointer data, const ObolKernelEvent *event)
{
    tell(data, MESSAGE_EVENT, 0, event, sizeof *event);
}

static void
received(gpointer data, ObolDatagram *batch, gsize n)
{
    End *end = data;

    for (gsize i = 0, run; i < n; i += run) {
        IkeBytes ike = { .local = batch[i].local, .remote = batch[i].remote };

        for (run = 0; i + run < n && batch[i + run].esp; run++)
            continue;
        if (run > 0) {
            obol_bus_kernel_udp_esp(end->bus, &batch[i], run);
            continue;
        }
        run = 1;
        ike.n = (guint) MIN(batch[i].n, sizeof ike.bytes);
        memcpy(ike.bytes, batch[i].data, ike.n);
        tell(end, MESSAGE_IKE, 0, &ike, sizeof ike);
    }
}

static void
answered(const ObolKernelReply *reply, gpointer data)
{
    Asked *asked = data;
    Answer answer = {
        .code = ANSWER_DONE, .within_call = asked->end->in_call, .again = asked->n_answers++ > 0,
        .other_thread = g_thread_self() != asked->end->thread, .spi = reply->spi, .usage = reply->usage,
        .n_sas = reply->sas != NULL ? reply->sas->len : 0, .n_policies = reply->policies != NULL ? reply->policies->len : 0,
    };
    const void *parts[] = {
        &answer, reply->sas != NULL ? reply->sas->data : NULL, reply->policies != NULL ? reply->policies->data : NULL,
    };
    const gsize n[] = { sizeof answer, answer.n_sas * sizeof(ObolKernelSa), answer.n_policies * sizeof(ObolKernelPolicy) };

    if (reply->error != NULL) {
        answer.code = reply->error->domain == OBOL_KERNEL_ERROR ? reply->error->code : ANSWER_OTHER_DOMAIN;
        g_strlcpy(answer.text, reply->error->message, sizeof answer.text);
    }
    message_write(asked->end->fd, MESSAGE_REQUEST, asked->tag, parts, n, G_N_ELEMENTS(parts));
}

/* --- from the suite --- */

static ObolSecret *
unflatten_secret(FlatSecret *flat)
{
    ObolSecret *secret = flat->given ? obol_secret_new_from(flat->bytes, MIN(flat->n, sizeof flat->bytes)) : NULL;

    obol_wipe(flat->bytes, sizeof flat->bytes);
    return secret;
}

static GArray *
unflatten_ts(const FlatTs *flat)
{
    GArray *list = flat->given ? g_array_new(FALSE, FALSE, sizeof(ObolTs)) : NULL;

    return list != NULL ? g_array_append_vals(list, flat->ts, MIN(flat->n, TS_LIST_MAX)) : NULL;
}

/* The request and all that it points to are gone when the call has returned, and overwritten before: a plugin that kept a pointer
 * is found out by the sanitizer, or by its wrong keys. */
static void
request(End *end, guint32 tag, FlatRequest *flat)
{
    g_autoptr(ObolSecret) encr = unflatten_secret(&flat->encr_key), integ = unflatten_secret(&flat->integ_key);
    g_autoptr(GArray) source = unflatten_ts(&flat->source_ts), destination = unflatten_ts(&flat->destination_ts);
    Asked *asked = g_new0(Asked, 1);

    *asked = (Asked) { end, tag, 0 };
    g_ptr_array_add(end->asked, asked);
    flat->request.sa.encr_key = encr;
    flat->request.sa.integ_key = integ;
    flat->request.sa.source_ts = source;
    flat->request.sa.destination_ts = destination;
    end->in_call = TRUE;
    obol_bus_kernel_request(end->bus, &flat->request, answered, asked);
    end->in_call = FALSE;
    memset(flat, 0xee, sizeof *flat);
}

static ObolNode *
section_of(ObolNode *plugins, const char *name)
{
    static const char yes[] = "true";
    ObolNode *section = (ObolNode *) obol_node_get(plugins, name);

    if (section == NULL) {
        section = obol_node_new(OBOL_NODE_SECTION, name, "(suite)", 1, 1);
        obol_node_take(section, obol_node_new_value("load", yes, sizeof yes - 1));
        obol_node_take(plugins, section);
    }
    return section;
}

/* The tree that files of conf.d would be read into. */
static ObolNode *
make_settings(const EndPlugin *plugin)
{
    ObolNode *tree = obol_node_new(OBOL_NODE_SECTION, "", "(suite)", 1, 1);
    ObolNode *plugins = obol_node_new(OBOL_NODE_SECTION, "plugins", "(suite)", 1, 1);

    obol_node_take(tree, plugins);
    section_of(plugins, "openssl-free-crypto");
    section_of(plugins, plugin->plugin);
    for (const char *const *setting = plugin->settings; *setting != NULL; setting++) {
        g_auto(GStrv) pair = g_strsplit(*setting, "=", 2);
        const char *dot = strchr(pair[0], '.');
        g_autofree char *name = dot != NULL ? g_strndup(pair[0], (gsize) (dot - pair[0])) : g_strdup(plugin->plugin);
        const char *value = pair[1] != NULL ? pair[1] : "true";

        obol_node_take(section_of(plugins, name), obol_node_new_value(dot != NULL ? dot + 1 : pair[0], value, strlen(value)));
    }
    return tree;
}

typedef struct {
    End *end;
    GError *error;
} Adopting;

static void
adopt(int fd, int family, gboolean nat_t, gpointer data)
{
    Adopting *adopting = data;

    if (adopting->error == NULL)
        obol_bus_kernel_adopt_socket(adopting->end->bus, fd, family, nat_t, &adopting->error);
}

static gboolean
open_bus(End *end, GError **error)
{
    static const char *const essential[] = { "kernel/", NULL };
    ObolKernelClient kernel = { kernel_event, end };
    ObolSocketClient sockets = { received, end };
    Adopting adopting = { end, NULL };

    end->bus = obol_bus_new(NULL);
    end->settings = make_settings(end->plugin);
    obol_bus_set_log(end->bus, end->plugin->log_level, FALSE);
    if (!obol_bus_add_plugin(end->bus, &end_sockets_plugin, end->settings, error)
        || !obol_bus_load(end->bus, end->plugin->directories, end->settings, essential, error)
        || !obol_bus_open_kernel(end->bus, &kernel, error) || !obol_bus_open_socket(end->bus, &sockets, error))
        return FALSE;
    obol_bus_socket_each(end->bus, adopt, &adopting);
    if (adopting.error != NULL)
        g_propagate_error(error, adopting.error);
    return adopting.error == NULL;
}

static void
close_bus(End *end)
{
    g_clear_pointer(&end->bus, obol_bus_free);
    g_clear_pointer(&end->settings, obol_node_free);
    g_ptr_array_set_size(end->asked, 0);
}

static void
open_and_tell(End *end, guint32 tag)
{
    g_autoptr(GError) error = NULL;
    g_autofree Opened *opened = g_new0(Opened, 1);

    opened->opened = open_bus(end, &error);
    if (opened->opened) {
        const ObolKernelAbilities *abilities = obol_bus_kernel_abilities(end->bus);

        memcpy(&opened->abilities, abilities, MIN(abilities->size != 0 ? abilities->size : sizeof *abilities, sizeof *abilities));
        g_strlcpy(opened->text, opened->abilities.summary != NULL ? opened->abilities.summary : end->plugin->plugin, TEXT_MAX);
        for (const ObolTransform *t = abilities->transforms; t != NULL && t->type != 0 && opened->n_transforms < TRANSFORMS_MAX; t++)
            opened->transforms[opened->n_transforms++] = *t;
        opened->abilities.summary = NULL;
        opened->abilities.transforms = NULL;
    } else {
        g_strlcpy(opened->text, error->message, TEXT_MAX);
        close_bus(end);
    }
    tell(end, MESSAGE_OPEN, tag, opened, sizeof *opened);
}

static void
send_ike(End *end, IkeBytes *ike)
{
    ObolDatagram datagram = { .local = ike->local, .remote = ike->remote, .data = ike->bytes, .n = ike->n };

    obol_bus_send(end->bus, &datagram, 1);
}

static gboolean
commanded(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    End *end = data;
    MessageHeader header;
    union {
        FlatRequest request;
        IkeBytes ike;
    } body;

    if (!message_read(fd, &header, sizeof header) || header.n > sizeof body || !message_read(fd, &body, header.n)) {
        g_main_loop_quit(end->loop);
        return G_SOURCE_REMOVE;
    }
    switch ((MessageKind) header.kind) {
    case MESSAGE_OPEN: open_and_tell(end, header.tag); break;
    case MESSAGE_CLOSE:
        close_bus(end);
        tell(end, MESSAGE_CLOSE, header.tag, NULL, 0);
        break;
    case MESSAGE_REQUEST: request(end, header.tag, &body.request); break;
    case MESSAGE_IKE: send_ike(end, &body.ike); break;
    case MESSAGE_EVENT: break;
    }
    return G_SOURCE_CONTINUE;
}

int
end_main(const EndPlugin *plugin, int fd)
{
    End end = { .plugin = plugin, .fd = fd, .thread = g_thread_self(), .loop = g_main_loop_new(NULL, FALSE) };

    end.asked = g_ptr_array_new_with_free_func(g_free);
    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, commanded, &end);
    g_main_loop_run(end.loop);
    close_bus(&end);
    g_ptr_array_unref(end.asked);
    g_main_loop_unref(end.loop);
    return 0;
}
