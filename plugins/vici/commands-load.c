/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-load.c - connections and shared secrets that come and go over the socket. */
#include "commands.h"

#include <string.h>

#define OWNERS_MAX 256

/* --- connections --- */

typedef struct {
    ViciServer *server;
    ObolViciWriter *writer;
} LoadedNames;

/* Through the daemon's list: what a reload or another hand removed is not ours any more. */
static void
put_loaded_name(const ObolConnectionInfo *connection, gpointer data)
{
    const LoadedNames *names = data;

    if (g_hash_table_contains(names->server->loaded, connection->name))
        obol_vici_put_item(names->writer, connection->name);
}

void
vici_get_conns(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    LoadedNames names = { .server = server, .writer = &response };

    vici_reply_begin(&response);
    obol_vici_put_list(&response, "conns");
    obol_control_each_connection(server->control, put_loaded_name, &names);
    obol_vici_end_list(&response);
    vici_client_reply(client, &response);
}

void
vici_load_conn(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const ObolNode *section =
        request->items != NULL && request->items->len == 1 ? g_ptr_array_index(request->items, 0) : NULL;
    GError *error = NULL;

    if (section == NULL || section->kind != OBOL_NODE_SECTION || section->name[0] == '\0') {
        vici_reply_failure(client, "load-conn wants one section, named as the connection");
        return;
    }
    if (obol_control_load_connection(server->control, section, &error))
        g_hash_table_add(server->loaded, g_strdup(section->name));
    vici_reply_result(client, error);
}

void
vici_unload_conn(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *name = obol_vici_text(request, "name");
    GError *error = NULL;

    if (name == NULL) {
        vici_reply_failure(client, "missing connection name");
        return;
    }
    if (obol_control_unload_connection(server->control, name, &error))
        g_hash_table_remove(server->loaded, name);
    vici_reply_result(client, error);
}

/* --- shared secrets --- */

void
vici_get_shared(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(GStrv) ids = obol_control_shared_ids(server->control);
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    obol_vici_put_list(&response, "keys");
    for (char **id = ids; id != NULL && *id != NULL; id++)
        obol_vici_put_item(&response, *id);
    obol_vici_end_list(&response);
    vici_client_reply(client, &response);
}

/* (transfer container): the texts are the request's.  NULL: malformed. */
static GPtrArray *
owners_of(const ObolNode *request)
{
    const ObolNode *list = obol_node_get(request, "owners");
    g_autoptr(GPtrArray) owners = g_ptr_array_new();

    if (list != NULL && (list->kind != OBOL_NODE_LIST || (list->items != NULL && list->items->len > OWNERS_MAX)))
        return NULL;
    for (guint i = 0; list != NULL && list->items != NULL && i < list->items->len; i++) {
        const ObolNode *owner = g_ptr_array_index(list->items, i);

        if (strlen(owner->value) != owner->n_value)
            return NULL;
        g_ptr_array_add(owners, owner->value);
    }
    g_ptr_array_add(owners, NULL);
    return g_steal_pointer(&owners);
}

void
vici_load_shared(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *type = obol_vici_text(request, "type");
    const ObolNode *data = obol_node_get(request, "data");
    g_autoptr(GPtrArray) owners = owners_of(request);
    GError *error = NULL;

    if (type == NULL || g_ascii_strcasecmp(type, "IKE") != 0) {
        vici_reply_failure(client, "shared secrets of type '%s' are not supported: only IKE", type != NULL ? type : "");
        return;
    }
    if (data == NULL || data->kind != OBOL_NODE_VALUE || data->n_value == 0) {
        vici_reply_failure(client, "missing shared key data");
        return;
    }
    if (owners == NULL) {
        vici_reply_failure(client, "owners is not a list of at most %d identities", OWNERS_MAX);
        return;
    }
    obol_control_load_shared(server->control, obol_vici_text(request, "id"), (const guint8 *) data->value,
                             data->n_value, (const char *const *) owners->pdata, &error);
    vici_reply_result(client, error);
}

void
vici_unload_shared(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *id = obol_vici_text(request, "id");

    if (id == NULL) {
        vici_reply_failure(client, "missing unique id");
        return;
    }
    obol_control_unload_shared(server->control, id); /* that it was not there is no failure in VICI */
    vici_reply_success(client);
}

void
vici_clear_creds(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    obol_control_clear_shared(server->control);
    vici_reply_success(client);
}
