/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-pools.c - list-pools. */
#include "session.h"

#include "json.h"
#include "text.h"

static gboolean leases;

const GOptionEntry ctl_list_pools_options[] = {
    { "leases", 'l', 0, G_OPTION_ARG_NONE, &leases, N_("who has which address, too"), NULL },
    G_OPTION_ENTRY_NULL,
};

static void
show_lease(const Ctl *ctl, const ObolNode *lease)
{
    g_autofree char *who = ctl_clean(ctl_value(lease, "identity"));

    ctl_put(ctl, CTL_PLAIN, "  %-20s %-8s %s", ctl_value(lease, "address"), ctl_value(lease, "status"), who);
    putchar('\n');
}

static void
show_pool(const Ctl *ctl, const ObolNode *pool)
{
    const ObolNode *held = obol_node_get(pool, "leases");
    g_autofree char *name = ctl_clean(pool->name);

    ctl_put(ctl, CTL_PLAIN, "%-20s %-20s %s/%s/%s", name, ctl_value(pool, "base"), ctl_value(pool, "online"),
            ctl_value(pool, "offline"), ctl_value(pool, "size"));
    putchar('\n');
    for (guint i = 0; held != NULL && held->items != NULL && i < held->items->len; i++)
        show_lease(ctl, g_ptr_array_index(held->items, i));
    if (ctl_has(pool, "leases-left-out"))
        printf(_("  and %s more\n"), ctl_value(pool, "leases-left-out"));
}

static void
print_json(const Ctl *ctl, const ObolNode *reply)
{
    CtlJson json;

    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_members(&json, reply);
    ctl_json_end(&json);
}

CtlStatus
ctl_list_pools(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };
    g_autoptr(ObolNode) reply = NULL;
    GError *error = NULL;

    ctl_request(&request, "get-pools");
    ctl_argument(&request, "name", objects[0]);
    ctl_argument(&request, "leases", leases ? "yes" : NULL);
    if (ctl_session(ctl, &error) != NULL)
        reply = ctl_session_call(ctl->session, &request, ctl_patience_ms(ctl, CTL_ANSWER_MS), NULL, NULL, &error);
    if (reply == NULL)
        return ctl_report_error(ctl, error);
    if (ctl->json) {
        print_json(ctl, reply);
        return CTL_OK;
    }
    if (!ctl->no_legend && reply->items != NULL && reply->items->len > 0)
        printf("%-20s %-20s %s\n", _("pool"), _("first address"), _("online/offline/size"));
    for (guint i = 0; reply->items != NULL && i < reply->items->len; i++)
        show_pool(ctl, g_ptr_array_index(reply->items, i));
    return CTL_OK;
}
