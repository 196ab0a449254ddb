/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-load.c - load, load-shared, unload, reload. */
#include "session.h"

#include <string.h>

#include "secrets.h"
#include "text.h"

#define CALL_TIMEOUT_MS 30000

static char *shared_id;
static char **shared_owners;

const GOptionEntry ctl_load_shared_options[] = {
    { "id", 'i', 0, G_OPTION_ARG_STRING, &shared_id, N_("its name, to replace or remove it by"), N_("ID") },
    { "owner", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &shared_owners, N_("identity that it belongs to; several times"),
      N_("IDENTITY") },
    G_OPTION_ENTRY_NULL,
};

/* @name: what it was about, for the message. */
static CtlStatus
call(Ctl *ctl, ObolViciWriter *request, const char *name)
{
    g_autoptr(ObolNode) reply = NULL;
    GError *error = NULL;

    if (ctl_session(ctl, &error) != NULL)
        reply = ctl_session_call(ctl->session, request, CALL_TIMEOUT_MS, NULL, NULL, &error);
    if (reply == NULL)
        return ctl_report_error(ctl, error);
    if (name != NULL && !ctl->quiet && !ctl->json && g_str_equal(ctl_value(reply, "success"), "yes"))
        fprintf(stderr, _("loaded %s\n"), name);
    return ctl_report_reply(ctl, reply, CTL_CONFIG);
}

static CtlStatus
load_connection(Ctl *ctl, const ObolNode *connection)
{
    g_auto(ObolViciWriter) request = { 0 };
    g_autofree char *name = ctl_clean(connection->name);

    ctl_request(&request, "load-conn");
    obol_vici_put_node(&request, connection);
    return call(ctl, &request, name);
}

static CtlStatus
send_secret(Ctl *ctl, const char *id, const ObolSecret *secret, const char *const *owners)
{
    g_auto(ObolViciWriter) request = { 0 };
    gsize n_owners = 0;

    for (const char *const *owner = owners; *owner != NULL; owner++)
        n_owners += strlen(*owner) + 3;
    obol_vici_writer_init(&request, OBOL_VICI_CMD_REQUEST, "load-shared", secret->n + strlen(id) + n_owners + 128);
    obol_vici_put_text(&request, "id", id);
    obol_vici_put_text(&request, "type", "IKE");
    obol_vici_put_bytes(&request, "data", secret->bytes, secret->n);
    obol_vici_put_texts(&request, "owners", owners);
    return call(ctl, &request, id);
}

/* id, id1, id-peer ...: one identity each, or a list; the texts stay the section's. */
static GPtrArray *
owners_of(const ObolNode *section)
{
    GPtrArray *owners = g_ptr_array_new();

    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);

        if (!g_str_has_prefix(node->name, "id"))
            continue;
        if (node->kind == OBOL_NODE_VALUE)
            g_ptr_array_add(owners, node->value);
        for (guint k = 0; node->kind == OBOL_NODE_LIST && k < node->items->len; k++)
            g_ptr_array_add(owners, ((const ObolNode *) g_ptr_array_index(node->items, k))->value);
    }
    g_ptr_array_add(owners, NULL);
    return owners;
}

/* `secret`, or `file`, whose path is relative to the file that names it. */
static ObolSecret *
secret_of(const ObolNode *section, GError **error)
{
    const ObolNode *here = obol_node_get(section, "secret");
    const char *file = obol_vici_text(section, "file");
    g_autofree char *directory = g_path_get_dirname(section->file);
    g_autofree char *path = file == NULL || g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(directory, file, NULL);

    if (here != NULL && here->kind == OBOL_NODE_VALUE)
        return ctl_secret_decode(here->value, here->n_value, error);
    if (path != NULL)
        return ctl_secret_read(path, error);
    g_set_error(error, CTL_ERROR, CTL_CONFIG, _("neither secret nor file"));
    return NULL;
}

static CtlStatus
load_secret_section(Ctl *ctl, const ObolNode *section)
{
    g_autoptr(GPtrArray) owners = owners_of(section);
    g_autoptr(ObolSecret) secret = NULL;
    GError *error = NULL;

    secret = secret_of(section, &error);
    if (secret == NULL) {
        g_prefix_error(&error, "%s:%u: %s: ", section->file, section->line, section->name);
        return ctl_report_error(ctl, error);
    }
    return send_secret(ctl, section->name, secret, (const char *const *) owners->pdata);
}

/* All sections of @tree's member @name; stops at the first that is refused. */
static CtlStatus
each_section(Ctl *ctl, const ObolNode *tree, const char *name, CtlStatus (*load)(Ctl *, const ObolNode *))
{
    const ObolNode *all = obol_node_get(tree, name);
    CtlStatus status = CTL_OK;

    for (guint i = 0; status == CTL_OK && all != NULL && all->kind == OBOL_NODE_SECTION && i < all->items->len; i++) {
        const ObolNode *section = g_ptr_array_index(all->items, i);

        if (section->kind != OBOL_NODE_SECTION)
            return ctl_report(ctl, CTL_CONFIG, _("%s:%u: %s is not a section"), section->file, section->line, section->name);
        status = load(ctl, section);
    }
    return status;
}

static CtlStatus
load_file(Ctl *ctl, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolNode) tree = obol_settings_read_file(path, &error);
    CtlStatus status;

    if (tree == NULL)
        return ctl_report(ctl, CTL_CONFIG, "%s", error->message);
    if (obol_node_get(tree, "connections") == NULL && obol_node_get(tree, "secrets") == NULL)
        return ctl_report(ctl, CTL_CONFIG, _("%s: neither connections nor secrets in it"), path);
    status = each_section(ctl, tree, "secrets", load_secret_section);
    return status == CTL_OK ? each_section(ctl, tree, "connections", load_connection) : status;
}

CtlStatus
ctl_load(Ctl *ctl, char **objects)
{
    CtlStatus status = CTL_OK;

    if (objects[0] == NULL)
        return ctl_reload(ctl, objects);
    for (char **path = objects; status == CTL_OK && *path != NULL; path++)
        status = load_file(ctl, *path);
    return status;
}

CtlStatus
ctl_load_shared(Ctl *ctl, char **objects)
{
    static const char *const nobody[] = { NULL };
    g_autoptr(ObolSecret) secret = NULL;
    GError *error = NULL;

    if (shared_id == NULL)
        return ctl_report(ctl, CTL_USAGE, _("load-shared: --id is missing"));
    secret = ctl_secret_read(objects[0] != NULL ? objects[0] : "-", &error);
    if (secret == NULL)
        return ctl_report_error(ctl, error);
    return send_secret(ctl, shared_id, secret, shared_owners != NULL ? (const char *const *) shared_owners : nobody);
}

CtlStatus
ctl_unload(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (objects[0] == NULL)
        return ctl_report(ctl, CTL_USAGE, _("unload what? Give a connection's name"));
    ctl_request(&request, "unload-conn");
    ctl_argument(&request, "name", objects[0]);
    return call(ctl, &request, NULL);
}

CtlStatus
ctl_reload(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, "reload-settings");
    return call(ctl, &request, NULL);
}
