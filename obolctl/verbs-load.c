/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-load.c - load, load-shared, unload, reload. */
#include "session.h"

#include <string.h>

#include "json.h"
#include "secrets.h"
#include "text.h"

static char *shared_id;
static char **shared_owners;

const GOptionEntry ctl_load_shared_options[] = {
    { "id", 'i', 0, G_OPTION_ARG_STRING, &shared_id, N_("its name, to replace or remove it by"), N_("ID") },
    { "owner", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &shared_owners, N_("identity that it belongs to; several times"),
      N_("IDENTITY") },
    G_OPTION_ENTRY_NULL,
};

static ObolNode *
call(Ctl *ctl, ObolViciWriter *request, GError **error)
{
    if (ctl_session(ctl, error) == NULL)
        return NULL;
    return ctl_session_call(ctl->session, request, ctl_patience_ms(ctl, CTL_ANSWER_MS), NULL, NULL, error);
}

/* A command of its own: its outcome is the program's. */
static CtlStatus
call_and_report(Ctl *ctl, ObolViciWriter *request)
{
    GError *error = NULL;
    g_autoptr(ObolNode) reply = call(ctl, request, &error);

    return reply != NULL ? ctl_report_reply(ctl, reply, CTL_CONFIG) : ctl_report_error(ctl, error);
}

/* One of the things that a file holds: a success is noted by its name, and told in JSON once all are done. */
static CtlStatus
call_for(Ctl *ctl, ObolViciWriter *request, const char *name)
{
    g_autofree char *clean = ctl_clean(name);
    GError *error = NULL;
    g_autoptr(ObolNode) reply = call(ctl, request, &error);

    if (reply == NULL)
        return ctl_report_error(ctl, error);
    if (!g_str_equal(ctl_value(reply, "success"), "yes"))
        return ctl_report_reply(ctl, reply, CTL_CONFIG);
    if (!ctl->quiet && !ctl->json)
        fprintf(stderr, _("loaded %s\n"), clean);
    return CTL_OK;
}

static CtlStatus
load_connection(Ctl *ctl, const ObolNode *connection)
{
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, "load-conn");
    obol_vici_put_node(&request, connection);
    return call_for(ctl, &request, connection->name);
}

static CtlStatus
load_pool(Ctl *ctl, const ObolNode *pool)
{
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, "load-pool");
    obol_vici_put_node(&request, pool);
    return call_for(ctl, &request, pool->name);
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
    return call_for(ctl, &request, id);
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
    g_autofree char *path =
        file == NULL || g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(directory, file, NULL);

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

static CtlStatus
report_loaded(const Ctl *ctl)
{
    CtlJson json;

    if (!ctl->json)
        return CTL_OK;
    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_bool(&json, "success", TRUE);
    ctl_json_end(&json);
    return CTL_OK;
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
            return ctl_report(ctl, CTL_CONFIG, _("%s:%u: %s is not a section"), section->file, section->line,
                              section->name);
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
    if (obol_node_get(tree, "connections") == NULL && obol_node_get(tree, "secrets") == NULL && obol_node_get(tree, "pools") == NULL)
        return ctl_report(ctl, CTL_CONFIG, _("%s: neither connections nor secrets in it"), path);
    status = each_section(ctl, tree, "secrets", load_secret_section);
    if (status == CTL_OK)
        status = each_section(ctl, tree, "pools", load_pool);
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
    return status == CTL_OK ? report_loaded(ctl) : status;
}

CtlStatus
ctl_load_shared(Ctl *ctl, char **objects)
{
    static const char *const nobody[] = { NULL };
    g_autoptr(ObolSecret) secret = NULL;
    GError *error = NULL;
    CtlStatus status;

    if (shared_id == NULL)
        return ctl_report(ctl, CTL_USAGE, _("load-shared: --id is missing"));
    secret = ctl_secret_read(objects[0] != NULL ? objects[0] : "-", &error);
    if (secret == NULL)
        return ctl_report_error(ctl, error);
    status = send_secret(ctl, shared_id, secret, shared_owners != NULL ? (const char *const *) shared_owners : nobody);
    return status == CTL_OK ? report_loaded(ctl) : status;
}

CtlStatus
ctl_unload(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (objects[0] == NULL)
        return ctl_report(ctl, CTL_USAGE, _("unload what? Give a connection's name"));
    ctl_request(&request, "unload-conn");
    ctl_argument(&request, "name", objects[0]);
    return call_and_report(ctl, &request);
}

CtlStatus
ctl_reload(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, "reload-settings");
    return call_and_report(ctl, &request);
}
