/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* failures.h - the last failures with their reasons, for `list-failures`. */
#ifndef VICI_FAILURES_H
#define VICI_FAILURES_H

#include <obol/listener.h>

#define VICI_FAILURES_MAX 64
/* Of these, failures of strangers, for whom no connection was found: a scan must not push out what the admin needs. */
#define VICI_FAILURES_STRANGERS_MAX 16

typedef struct {
    gint64 first_us, last_us; /* CLOCK_REALTIME */
    guint n;                  /* how often the same came in a row */
    char *connection, *child; /* NULL: none */
    char *local, *remote;     /* endpoints, NULL: not known */
    guint32 ike_id;           /* of the last one */
    ObolReason *reason;
} ViciFailure;

typedef struct {
    GQueue list; /* of ViciFailure, oldest first */
    guint n_strangers;
} ViciFailures;

void vici_failures_init(ViciFailures *failures);
void vici_failures_clear(ViciFailures *failures);
/* @sa and @child may be %NULL.  What an admin asked for (a Delete of ours) is no failure and is left out. */
void vici_failures_add(ViciFailures *failures, const ObolIkeInfo *sa, const char *child, const ObolReason *reason,
                       gint64 real_us);

#endif
