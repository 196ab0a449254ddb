/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.h - a command that waits for the daemon: initiate, terminate, install, uninstall, selectors. */
#ifndef VICI_JOB_H
#define VICI_JOB_H

#include "server.h"

typedef struct ViciJob ViciJob;

/* Puts the answer together.  @job->subject names what it was about. */
typedef void (*ViciJobAnswer)(const ViciJob *job, ObolViciWriter *response, const GError *error,
                              const ObolReason *reason, guint n_matched, guint n_done);

struct ViciJob {
    ViciServer *server; /* NULL once it is forgotten */
    ObolControl *control;
    ViciClient *client; /* referenced */
    ViciJobAnswer answer;
    char *subject;
    gint64 timeout_ms;
    ObolControlTicket ticket;
    const ObolSelectorsResult *changed; /* while a change of selectors is answered */
    gboolean starting, finished;

    /* Which lines of the log the client sees meanwhile. */
    gboolean follows;
    int loglevel;
    char *ike;      /* connection; NULL with @ike_id 0: any line that is of an SA */
    guint32 ike_id;
};

/* @subject, @ike: copied.  The job lives until its outcome was told, or its client goes. */
ViciJob *vici_job_new(ViciServer *server, ViciClient *client, const char *subject, ViciJobAnswer answer);
/* Sends log lines from now on, for those who listen to control-log. */
void vici_job_follow(ViciJob *job, int loglevel, const char *ike, guint32 ike_id);
/* After the call that started it; @ticket 0: it can not be forgotten. */
void vici_job_started(ViciJob *job, ObolControlTicket ticket);
/* The #ObolControlDone of every job. */
void vici_job_done(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data);

gboolean vici_job_follows(const ViciJob *job, int level, const ObolIkeInfo *sa);

#endif
