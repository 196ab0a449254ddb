/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-list.c - list-sas, list-conns, list-pols: streams of events. */
#include "session.h"

#include "json.h"
#include "show.h"

static gboolean raw, kernel;

const GOptionEntry ctl_list_sas_options[] = {
    { "raw", 'r', 0, G_OPTION_ARG_NONE, &raw, N_("every key as the daemon sent it, as swanctl --raw"), NULL },
    G_OPTION_ENTRY_NULL,
};

const GOptionEntry ctl_list_pols_options[] = {
    { "kernel", 'k', 0, G_OPTION_ARG_NONE, &kernel, N_("the entries of the kernel's policy database instead"), NULL },
    G_OPTION_ENTRY_NULL,
};

/* One list: which event, how to show one of it, how to name all of them in JSON. */
typedef struct {
    const char *command, *event, *json_name;
    gboolean named; /* the event is one section, named as the thing */
    gboolean raw;
    void (*show)(const Ctl *ctl, const ObolNode *section);
} List;

typedef struct {
    const Ctl *ctl;
    const List *list;
    CtlJson json;
} Listing;

/* The keys of a child-sas section are NAME-ID and say nothing that is not inside. */
static void
json_members_of(CtlJson *json, const ObolNode *section)
{
    for (guint i = 0; section->items != NULL && i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);
        gboolean children = node->kind == OBOL_NODE_SECTION && g_strcmp0(node->name, "child-sas") == 0;

        if (!children) {
            ctl_json_node(json, node->name, node);
            continue;
        }
        ctl_json_array(json, "child-sas");
        for (guint child = 0; child < node->items->len; child++)
            ctl_json_node(json, NULL, g_ptr_array_index(node->items, child));
        ctl_json_end_array(json);
    }
}

static void
list_one(Listing *listing, const ObolNode *section)
{
    if (!listing->ctl->json) {
        listing->list->show(listing->ctl, section);
        return;
    }
    ctl_json_object(&listing->json, NULL);
    if (listing->list->named)
        ctl_json_text(&listing->json, "name", section->name);
    json_members_of(&listing->json, section);
    ctl_json_end_object(&listing->json);
}

static gboolean
list_event(const char *event, const ObolNode *message, gpointer data)
{
    Listing *listing = data;

    if (!g_str_equal(event, listing->list->event))
        return TRUE;
    if (listing->list->raw && !listing->ctl->json) {
        ctl_show_raw(event, message);
        return TRUE;
    }
    if (!listing->list->named) {
        list_one(listing, message);
        return TRUE;
    }
    for (guint i = 0; message->items != NULL && i < message->items->len; i++) {
        const ObolNode *section = g_ptr_array_index(message->items, i);

        if (section->kind == OBOL_NODE_SECTION)
            list_one(listing, section);
    }
    return TRUE;
}

static void
begin_json(Listing *listing)
{
    if (!listing->ctl->json)
        return;
    ctl_json_init(&listing->json, stdout, listing->ctl->pretty);
    ctl_json_begin(&listing->json);
    ctl_json_array(&listing->json, listing->list->json_name);
}

/* A list that broke off says so in the same object, behind what came before. */
static void
end_json(Listing *listing, const GError *error)
{
    ctl_json_end_array(&listing->json);
    if (error != NULL) {
        ctl_json_object(&listing->json, "error");
        ctl_json_number(&listing->json, "status", error->code);
        ctl_json_text(&listing->json, "message", error->message);
        ctl_json_end_object(&listing->json);
    }
    ctl_json_end(&listing->json);
}

/* The answer at the end of a stream is empty, unless it went wrong. */
static void
check_end(const ObolNode *reply, GError **error)
{
    const char *errmsg = reply != NULL ? obol_vici_text(reply, "errmsg") : NULL;

    if (errmsg != NULL)
        g_set_error_literal(error, CTL_ERROR, CTL_FAILED, errmsg);
}

static CtlStatus
run_list(Ctl *ctl, const List *list, ObolViciWriter *request)
{
    Listing listing = { .ctl = ctl, .list = list };
    g_autoptr(ObolNode) reply = NULL;
    GError *error = NULL;
    CtlStatus status;

    if (ctl_session(ctl, &error) == NULL || !ctl_session_register(ctl->session, list->event, &error))
        return ctl_report_error(ctl, error);
    begin_json(&listing);
    reply = ctl_session_call(ctl->session, request, ctl_patience_ms(ctl, CTL_ANSWER_MS), list_event, &listing, &error);
    check_end(reply, &error);
    status = error != NULL ? (CtlStatus) error->code : CTL_OK;
    if (ctl->json)
        end_json(&listing, error);
    else if (error != NULL)
        return ctl_report_error(ctl, error);
    else if (list->raw)
        printf("%s reply {}\n", list->command);
    g_clear_error(&error);
    return status;
}

CtlStatus
ctl_list_sas(Ctl *ctl, char **objects)
{
    const List list = { "list-sas", "list-sa", "sas", TRUE, raw, ctl_show_sa };
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, list.command);
    ctl_argument(&request, "ike", objects[0]);
    return run_list(ctl, &list, &request);
}

CtlStatus
ctl_list_conns(Ctl *ctl, char **objects)
{
    const List list = { "list-conns", "list-conn", "connections", TRUE, FALSE, ctl_show_connection };
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, list.command);
    ctl_argument(&request, "ike", objects[0]);
    return run_list(ctl, &list, &request);
}

static const List kernel_policies = {
    "list-kernel-policies", "list-kernel-policy", "kernel-policies", FALSE, FALSE, ctl_show_policy,
};

CtlStatus
ctl_list_pols(Ctl *ctl, char **objects)
{
    const List standing = { "list-policies", "list-policy", "policies", TRUE, FALSE, ctl_show_trap };
    const List *list = kernel ? &kernel_policies : &standing;
    static const char *const kinds[] = { "trap", "pass", "drop" };
    g_auto(ObolViciWriter) request = { 0 };

    ctl_request(&request, list->command);
    ctl_argument(&request, "ike", objects[0]);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        ctl_argument(&request, kinds[i], "yes");
    return run_list(ctl, list, &request);
}

CtlStatus
ctl_kernel(Ctl *ctl, char **objects)
{
    const List kernel_sas = { "list-kernel-sas", "list-kernel-sa", "kernel-sas", FALSE, FALSE, ctl_show_kernel_sa };
    const List *list = &kernel_sas;
    g_auto(ObolViciWriter) request = { 0 };

    if (g_strcmp0(objects[0], "spd") == 0)
        list = &kernel_policies;
    else if (g_strcmp0(objects[0], "sad") != 0)
        return ctl_report(ctl, CTL_USAGE, _("kernel: say sad (its SAs) or spd (its policies)"));
    ctl_request(&request, list->command);
    return run_list(ctl, list, &request);
}
