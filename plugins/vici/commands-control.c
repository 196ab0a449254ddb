/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-control.c - set up, renew and take down: initiate, rekey, terminate, install, uninstall, reload-settings. */
#include "commands.h"

#include "fields.h"
#include "job.h"

gint64
vici_timeout_us(gint64 timeout_ms)
{
    if (timeout_ms == 0)
        return -1;
    return timeout_ms < 0 ? 0 : MIN(timeout_ms, G_MAXINT64 / 1000) * 1000;
}

char *
vici_describe_failure(const ViciJob *job, const char *verb, const GError *error, const ObolReason *reason)
{
    if (error == NULL)
        return NULL;
    if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND))
        return g_strdup_printf("%s config not found: %s", job->subject, error->message);
    if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT))
        return g_strdup_printf("%s not %s after %" G_GINT64_FORMAT "ms", job->subject,
                               g_str_equal(verb, "establishing") ? "established" : "done", job->timeout_ms);
    if (reason != NULL) {
        g_autofree char *why = obol_reason_format(reason);

        return g_strdup_printf("%s %s failed: %s", verb, job->subject, why);
    }
    return g_strdup_printf("%s %s failed: %s", verb, job->subject, error->message);
}

static void
put_end(ObolViciWriter *response, const char *errmsg, const GError *error, const ObolReason *reason)
{
    vici_put_outcome(response, errmsg);
    vici_put_error_kind(response, error);
    if (error != NULL)
        vici_put_reason(response, reason);
}

static void
answer_initiate(const ViciJob *job, ObolViciWriter *response, const GError *error, const ObolReason *reason,
                G_GNUC_UNUSED guint n_matched, G_GNUC_UNUSED guint n_done)
{
    g_autofree char *errmsg = vici_describe_failure(job, "establishing", error, reason);

    put_end(response, errmsg, error, reason);
}

/* Whose connection the child is, so that its log can be followed. */
typedef struct {
    const char *child;
    char *ike;
} ChildSearch;

static void
find_child(const ObolConnectionInfo *connection, gpointer data)
{
    ChildSearch *search = data;

    for (gsize i = 0; search->ike == NULL && i < connection->n_children; i++) {
        if (g_str_equal(connection->children[i].name, search->child))
            search->ike = g_strdup(connection->name);
    }
}

static char *
connection_of(ViciServer *server, const char *ike, const char *child)
{
    ChildSearch search = { .child = child, .ike = g_strdup(ike) };

    if (ike == NULL && child != NULL)
        obol_control_each_connection(server->control, find_child, &search);
    return search.ike;
}

ViciJob *
vici_begin_job(ViciServer *server, ViciClient *client, const ObolNode *request, const char *subject, ViciJobAnswer answer)
{
    ViciJob *job = vici_job_new(server, client, subject, answer);
    g_autofree char *ike = connection_of(server, obol_vici_text(request, "ike"), obol_vici_text(request, "child"));

    job->timeout_ms = vici_number(request, "timeout", 0);
    if (job->timeout_ms >= 0)
        vici_job_follow(job, (int) vici_number(request, "loglevel", 1), ike,
                        (guint32) vici_number(request, "ike-id", 0));
    return job;
}

/* (transfer full): "CHILD_SA 'net'" */
static char *
subject_of(const char *ike, const char *child)
{
    return child != NULL ? g_strdup_printf("CHILD_SA '%s'", child) : g_strdup_printf("IKE_SA '%s'", ike);
}

void
vici_initiate(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *ike = obol_vici_text(request, "ike"), *child = obol_vici_text(request, "child");
    g_autofree char *subject = NULL;
    ViciJob *job;

    if (ike == NULL && child == NULL) {
        vici_reply_failure(client, "missing configuration name");
        return;
    }
    subject = subject_of(ike, child);
    job = vici_begin_job(server, client, request, subject, answer_initiate);
    vici_job_started(
        job, obol_control_initiate(server->control, ike, child, vici_timeout_us(job->timeout_ms), vici_job_done, job));
}

static void
answer_terminate(const ViciJob *job, ObolViciWriter *response, const GError *error, const ObolReason *reason,
                 guint n_matched, guint n_done)
{
    g_autofree char *errmsg = NULL;

    if (n_matched == 0)
        errmsg = g_strdup("no matching SAs to terminate found");
    else if (error != NULL)
        errmsg = vici_describe_failure(job, "terminating", error, reason);
    else if (n_done < n_matched && job->timeout_ms >= 0)
        errmsg = g_strdup("not all matching SAs could be terminated");
    vici_put_outcome(response, errmsg);
    obol_vici_put_format(response, "matches", "%u", n_matched);
    obol_vici_put_format(response, "terminated", "%u", n_done);
    if (n_matched == 0)
        obol_vici_put_text(response, "error", "not-found");
    else
        vici_put_error_kind(response, error);
    if (error != NULL)
        vici_put_reason(response, reason);
}

gboolean
vici_read_selector(const ObolNode *request, ObolSaSelector *out)
{
    *out = (ObolSaSelector) {
        .ike = obol_vici_text(request, "ike"),
        .child = obol_vici_text(request, "child"),
        .ike_id = (guint32) vici_number(request, "ike-id", 0),
        .child_id = (guint32) vici_number(request, "child-id", 0),
    };
    return out->ike != NULL || out->child != NULL || out->ike_id != 0 || out->child_id != 0;
}

/* Begun, not waited for: the events ike-rekey and child-updown tell what came of it. */
void
vici_rekey(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    ObolSaSelector which;
    guint n_matched;

    if (!vici_read_selector(request, &which)) {
        vici_reply_failure(client, "missing rekey selector");
        return;
    }
    n_matched = obol_control_rekey(server->control, &which, vici_bool(request, "reauth", FALSE));
    vici_reply_begin(&response);
    vici_put_outcome(&response, n_matched == 0 ? "no matching SAs to rekey found" : NULL);
    obol_vici_put_format(&response, "matches", "%u", n_matched);
    if (n_matched == 0)
        obol_vici_put_text(&response, "error", "not-found");
    vici_client_reply(client, &response);
}

void
vici_terminate(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    ObolSaSelector which;
    ViciJob *job;

    if (!vici_read_selector(request, &which)) {
        vici_reply_failure(client, "missing terminate selector");
        return;
    }
    job = vici_begin_job(server, client, request, "SA", answer_terminate);
    vici_job_started(job, obol_control_terminate(server->control, &which, vici_bool(request, "force", FALSE),
                                                 vici_timeout_us(job->timeout_ms), vici_job_done, job));
}

static void
answer_install(const ViciJob *job, ObolViciWriter *response, const GError *error, const ObolReason *reason,
               G_GNUC_UNUSED guint n_matched, G_GNUC_UNUSED guint n_done)
{
    g_autofree char *errmsg =
        error != NULL ? g_strdup_printf("installing policy '%s' failed: %s", job->subject, error->message) : NULL;

    if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND)) {
        g_free(errmsg);
        errmsg = g_strdup_printf("configuration name not found: '%s'", job->subject);
    }
    put_end(response, errmsg, error, reason);
}

static void
answer_uninstall(const ViciJob *job, ObolViciWriter *response, const GError *error, const ObolReason *reason,
                 G_GNUC_UNUSED guint n_matched, G_GNUC_UNUSED guint n_done)
{
    g_autofree char *errmsg =
        error != NULL ? g_strdup_printf("policy '%s' not found: %s", job->subject, error->message) : NULL;

    put_end(response, errmsg, error, reason);
}

void
vici_install(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *child = obol_vici_text(request, "child");
    ViciJob *job;

    if (child == NULL) {
        vici_reply_failure(client, "missing configuration name");
        return;
    }
    job = vici_job_new(server, client, child, answer_install);
    obol_control_install(server->control, obol_vici_text(request, "ike"), child, vici_job_done, job);
    vici_job_started(job, 0);
}

void
vici_uninstall(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *child = obol_vici_text(request, "child");
    ViciJob *job;

    if (child == NULL) {
        vici_reply_failure(client, "missing configuration name");
        return;
    }
    job = vici_job_new(server, client, child, answer_uninstall);
    obol_control_uninstall(server->control, obol_vici_text(request, "ike"), child, vici_job_done, job);
    vici_job_started(job, 0);
}

void
vici_reload_settings(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    GError *error = NULL;

    obol_control_reload(server->control, &error);
    vici_reply_result(client, error);
}
