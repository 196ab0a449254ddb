/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c - a command that waits for the daemon: initiate, terminate, install, uninstall, selectors. */
#include "job.h"

static void
job_free(ViciJob *job)
{
    if (job->server != NULL)
        g_ptr_array_remove(job->server->jobs, job);
    vici_client_unref(job->client);
    g_free(job->subject);
    g_free(job->ike);
    g_free(job);
}

/* The client went away.  What can not be forgotten ends by itself and finds nobody to tell. */
static void
job_forget(gpointer data)
{
    ViciJob *job = data;
    gboolean keep = job->ticket == 0;

    if (!keep)
        obol_control_forget(job->control, job->ticket);
    g_ptr_array_remove(job->server->jobs, job);
    job->server = NULL;
    if (!keep)
        job_free(job);
}

ViciJob *
vici_job_new(ViciServer *server, ViciClient *client, const char *subject, ViciJobAnswer answer)
{
    ViciJob *job = g_new0(ViciJob, 1);

    job->server = server;
    job->control = server->control;
    job->client = vici_client_ref(client);
    job->answer = answer;
    job->subject = g_strdup(subject);
    job->starting = TRUE;
    g_ptr_array_add(server->jobs, job);
    vici_client_set_job(client, job, job_forget);
    return job;
}

void
vici_job_follow(ViciJob *job, int loglevel, const char *ike, guint32 ike_id)
{
    job->follows = vici_client_listens(job->client, VICI_CONTROL_LOG);
    job->loglevel = loglevel;
    job->ike = g_strdup(ike);
    job->ike_id = ike_id;
}

void
vici_job_started(ViciJob *job, ObolControlTicket ticket)
{
    job->starting = FALSE;
    job->ticket = ticket;
    if (!job->finished && job->server == NULL && ticket != 0)
        obol_control_forget(job->control, ticket); /* the client was dropped while the command began */
    else if (!job->finished)
        return;
    job_free(job);
}

void
vici_job_done(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data)
{
    ViciJob *job = data;
    g_auto(ObolViciWriter) response = { 0 };

    if (job->server != NULL) {
        obol_vici_writer_init(&response, OBOL_VICI_CMD_RESPONSE, NULL, 256);
        job->answer(job, &response, error, reason, n_matched, n_done);
        vici_client_set_job(job->client, NULL, NULL);
        vici_client_reply(job->client, &response);
    }
    job->finished = TRUE;
    if (!job->starting)
        job_free(job);
}

gboolean
vici_job_follows(const ViciJob *job, int level, const ObolIkeInfo *sa)
{
    if (!job->follows || level > job->loglevel || sa == NULL)
        return FALSE;
    if (job->ike_id != 0)
        return sa->unique_id == job->ike_id;
    return job->ike == NULL || g_strcmp0(job->ike, sa->connection) == 0;
}
