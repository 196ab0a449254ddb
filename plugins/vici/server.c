/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* server.c - the control sockets, all their clients, and what these are told. */
#include "server.h"

#include <unistd.h>

#include "commands.h"
#include "listener.h"
#include "tell.h"

static void
client_request(gpointer owner, ViciClient *client, const char *command, const ObolNode *message)
{
    if (!vici_commands_run(owner, client, command, message))
        vici_client_unknown(client);
}

static int
client_event(G_GNUC_UNUSED gpointer owner, const char *name)
{
    return vici_event_find(name);
}

static void
client_listening(gpointer owner)
{
    vici_server_update_watches(owner);
}

static void
client_gone(gpointer owner, ViciClient *client, const char *why)
{
    ViciServer *server = owner;

    g_ptr_array_remove(server->clients, client);
    vici_server_update_watches(server);
    if (why != NULL)
        obol_bus_log(server->bus, "cfg", 0, "control client dropped: %s", why);
}

static const ViciClientCalls client_calls = {
    .request = client_request,
    .event = client_event,
    .listening = client_listening,
    .gone = client_gone,
};

ViciClient *
vici_server_adopt(ViciServer *server, int fd)
{
    const ViciClientLimits limits = {
        .told_max = server->settings.told_max,
        .streamed = &server->streamed,
        .streamed_max = server->settings.streamed_max,
    };
    ViciClient *client;

    if (server->clients->len >= server->settings.n_clients_max) {
        obol_bus_log(server->bus, "cfg", 1, "control client refused: there are %u already", server->clients->len);
        close(fd);
        return NULL;
    }
    client = vici_client_new(server->context, fd, &limits, &client_calls, server);
    g_ptr_array_add(server->clients, client);
    return client;
}

static void
accepted(int fd, gpointer data)
{
    vici_server_adopt(data, fd);
}

gboolean
vici_server_has_listeners(const ViciServer *server, ViciEvent event)
{
    for (guint i = 0; i < server->clients->len; i++) {
        if (vici_client_listens(g_ptr_array_index(server->clients, i), (int) event))
            return TRUE;
    }
    return FALSE;
}

static void
watch(ViciServer *server, guint *handle, gboolean wanted, const ObolListenerVtable *calls)
{
    if (wanted && *handle == 0) {
        *handle = obol_bus_watch(server->bus, calls, server);
    } else if (!wanted && *handle != 0) {
        obol_bus_unwatch(server->bus, *handle);
        *handle = 0;
    }
}

void
vici_server_update_watches(ViciServer *server)
{
    gboolean logs = vici_server_has_listeners(server, VICI_LOG) || vici_server_has_listeners(server, VICI_CONTROL_LOG);
    gboolean messages = server->counters != NULL || vici_server_has_listeners(server, VICI_MESSAGE);

    watch(server, &server->watch_log, logs, &vici_watch_log);
    watch(server, &server->watch_messages, messages, &vici_watch_messages);
}

/* (transfer full): NULL when the event is longer than a frame may be. */
static GBytes *
finish(ObolViciWriter *writer)
{
    GByteArray *bytes = obol_vici_writer_finish(writer);

    return bytes != NULL ? g_byte_array_free_to_bytes(bytes) : NULL;
}

void
vici_server_tell_one(ViciClient *client, ObolViciWriter *writer)
{
    g_autoptr(GBytes) frame = finish(writer);

    if (frame != NULL)
        vici_client_tell(client, frame);
}

void
vici_server_tell(ViciServer *server, ViciEvent event, ObolViciWriter *writer)
{
    g_autoptr(GBytes) frame = finish(writer);
    g_autoptr(GPtrArray) listeners = g_ptr_array_new_with_free_func((GDestroyNotify) vici_client_unref);

    if (frame == NULL)
        return;
    /* A copy: whoever is dropped on the way leaves the array. */
    for (guint i = 0; i < server->clients->len; i++) {
        ViciClient *client = g_ptr_array_index(server->clients, i);

        if (vici_client_listens(client, (int) event))
            g_ptr_array_add(listeners, vici_client_ref(client));
    }
    for (guint i = 0; i < listeners->len; i++)
        vici_client_tell(g_ptr_array_index(listeners, i), frame);
}

static gboolean
listen_everywhere(ViciServer *server, const ViciSettings *settings, GError **error)
{
    for (gsize i = 0; settings->sockets != NULL && settings->sockets[i] != NULL; i++) {
        ViciListener *listener = vici_listener_new(server->context, settings->sockets[i], settings->group,
                                                   settings->mode, accepted, server, error);

        if (listener == NULL)
            return FALSE;
        g_ptr_array_add(server->listeners, listener);
        obol_bus_log(server->bus, "cfg", 1, "control socket %s", settings->sockets[i]);
    }
    return TRUE;
}

ViciServer *
vici_server_new(ObolBus *bus, const ViciSettings *settings, GError **error)
{
    ViciServer *server = g_new0(ViciServer, 1);

    server->bus = bus;
    server->control = obol_bus_control(bus);
    server->context = obol_bus_context(bus);
    server->settings = *settings;
    server->settings.sockets = NULL;
    server->settings.group = NULL;
    server->listeners = g_ptr_array_new_with_free_func((GDestroyNotify) vici_listener_free);
    server->clients = g_ptr_array_new_with_free_func((GDestroyNotify) vici_client_unref);
    server->jobs = g_ptr_array_new();
    server->loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    server->counters = settings->counters ? vici_counters_new() : NULL;
    vici_failures_init(&server->failures);
    watch(server, &server->watch, TRUE, &vici_watch_sas);
    vici_server_update_watches(server);
    if (!listen_everywhere(server, settings, error)) {
        vici_server_free(server);
        return NULL;
    }
    return server;
}

void
vici_server_free(ViciServer *server)
{
    if (server == NULL)
        return;
    g_ptr_array_unref(server->listeners);
    for (guint i = 0; i < server->clients->len; i++)
        vici_client_close(g_ptr_array_index(server->clients, i));
    g_ptr_array_unref(server->clients);
    watch(server, &server->watch, FALSE, NULL);
    watch(server, &server->watch_log, FALSE, NULL);
    watch(server, &server->watch_messages, FALSE, NULL);
    g_ptr_array_unref(server->jobs);
    g_hash_table_unref(server->loaded);
    vici_failures_clear(&server->failures);
    vici_counters_free(server->counters);
    g_free(server);
}
