/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-selectors.c - what a living Child SA protects: the command selectors. */
#include "commands.h"
#include "fields.h"

/* The texts of a list, or one text, as selectors; %NULL with @error: one is none, or they are too many.  %NULL alone: there is no such
 * key. */
static GArray *
read_list(const ObolNode *request, const char *name, GError **error)
{
    const ObolNode *node = obol_node_get(request, name);
    g_autoptr(GArray) list = NULL;
    guint n;

    if (node == NULL)
        return NULL;
    n = node->kind == OBOL_NODE_LIST && node->items != NULL ? node->items->len : node->kind == OBOL_NODE_VALUE;
    if (n == 0 || n > OBOL_TS_MAX) {
        g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "%s: 1 to %u selectors", name, OBOL_TS_MAX);
        return NULL;
    }
    list = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    for (guint i = 0; i < n; i++) {
        const ObolNode *item = node->kind == OBOL_NODE_LIST ? g_ptr_array_index(node->items, i) : node;
        ObolTs one;

        if (item->kind != OBOL_NODE_VALUE || !obol_ts_parse(item->value, &one, error)) {
            g_prefix_error(error, "%s: ", name);
            return NULL;
        }
        g_array_append_val(list, one);
    }
    return g_steal_pointer(&list);
}

static gboolean
read_op(const ObolNode *request, ObolTsOp *out, GError **error)
{
    static const char *const names[] = { [OBOL_TS_ADD] = "add", [OBOL_TS_REMOVE] = "remove", [OBOL_TS_SET] = "set" };
    const char *text = obol_vici_text(request, "op");

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_strcmp0(text, names[i]) == 0) {
            *out = (ObolTsOp) i;
            return TRUE;
        }
    }
    g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "op: add, remove or set");
    return FALSE;
}

static void
answer(const ViciJob *job, ObolViciWriter *response, const GError *error, const ObolReason *reason, G_GNUC_UNUSED guint n_matched,
       G_GNUC_UNUSED guint n_done)
{
    const ObolSelectorsResult *changed = job->changed;
    g_autofree char *errmsg = NULL;

    if (error != NULL && error->code == OBOL_CONTROL_ERROR_TIMEOUT)
        errmsg = vici_describe_failure(job, "changing selectors of", error, reason);
    else if (error != NULL)
        errmsg = g_strdup_printf("changing selectors of %s failed: %s", job->subject, error->message);
    vici_put_outcome(response, errmsg);
    vici_put_error_kind(response, error);
    if (error != NULL)
        vici_put_reason(response, reason);
    if (changed == NULL)
        return;
    obol_vici_put_text(response, "child", changed->child);
    obol_vici_put_text(response, "ike", changed->ike);
    obol_vici_put_format(response, "ike-id", "%u", changed->ike_id);
    obol_vici_put_format(response, "old-id", "%u", changed->old_id);
    obol_vici_put_format(response, "new-id", "%u", changed->new_id);
    vici_put_ts(response, "local-ts", changed->local_ts);
    vici_put_ts(response, "remote-ts", changed->remote_ts);
}

static void
changed(const GError *error, const ObolReason *reason, const ObolSelectorsResult *result, gpointer data)
{
    ViciJob *job = data;

    job->changed = result;
    vici_job_done(error, reason, result != NULL, result != NULL, job);
}

static void
begin(ViciServer *server, ViciClient *client, const ObolNode *request, const ObolSaSelector *which, const ObolTsChange *change)
{
    g_autofree char *subject = which->child != NULL ? g_strdup_printf("CHILD_SA '%s'", which->child)
                                                    : g_strdup_printf("CHILD_SA #%u", which->child_id);
    ViciJob *job = vici_begin_job(server, client, request, subject, answer);

    vici_job_started(job,
                     obol_control_selectors(server->control, which, change, vici_timeout_us(job->timeout_ms), changed, job));
}

void
vici_selectors(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    g_autoptr(GArray) local = NULL;
    g_autoptr(GArray) remote = NULL;
    GError *error = NULL;
    ObolTsChange change;
    ObolSaSelector which;

    if (!vici_read_selector(request, &which) || (which.child == NULL && which.child_id == 0)) {
        vici_reply_result(client, g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "missing child or child-id"));
        return;
    }
    if (read_op(request, &change.op, &error)) {
        change.local = local = read_list(request, "local-ts", &error);
        change.remote = remote = error == NULL ? read_list(request, "remote-ts", &error) : NULL;
    }
    if (error == NULL && local == NULL && remote == NULL)
        error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "missing local-ts or remote-ts");
    if (error != NULL && error->domain != OBOL_CONTROL_ERROR) {
        GError *usage = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, error->message);

        g_error_free(error);
        error = usage;
    }
    if (error != NULL)
        vici_reply_result(client, error);
    else
        begin(server, client, request, &which, &change);
}
