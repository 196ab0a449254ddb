/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/daemon-test.h - whole daemons, two of them in one process, with a kernel and a wire of the test's
 * own. */
#ifndef OBOL_DAEMON_TEST_H
#define OBOL_DAEMON_TEST_H

#include <obol/daemon.h>

#include "fake.h"

#define TURNS_MAX 100000 /* of the loop, for anything: more means that it never comes */

/* Two daemons, left and right, each with a folder of settings. */
typedef struct {
    GMainContext *context;
    char *folder[2];
    ObolDaemon *daemon[2];
    Fake *fake[2];
    FakeWorld *world;
} DaemonTest;

typedef struct {
    guint n_calls, n_matched, n_done;
    GError *error;
    ObolReasonCode code;
} Outcome;

#define WAIT_FOR(t, condition)                                   \
    do {                                                         \
        guint turns_ = 0;                                        \
        while (!(condition)) {                                   \
            g_assert_cmpuint(turns_++, <, TURNS_MAX);            \
            g_main_context_iteration((t)->context, TRUE);        \
        }                                                        \
    } while (0)

void daemon_test_set_up(DaemonTest *t, gconstpointer unused);
void daemon_test_set_up_and_start(DaemonTest *t, gconstpointer unused);
void daemon_test_tear_down(DaemonTest *t, gconstpointer unused);

/* Settings of one side: with more in the connection `c`, and in its child `net`. */
void daemon_test_write(DaemonTest *t, guint side, const char *connection_extra, const char *child_extra);
/* The same with all children, and the section `daemon`, given. */
void daemon_test_write_children(DaemonTest *t, guint side, const char *daemon, const char *children);
void daemon_test_start(DaemonTest *t, guint side);
/* %NULL: it does not start, and why. */
ObolDaemon *daemon_test_try(DaemonTest *t, guint side, GError **error);

/* Whatever is under way without waiting for a clock. */
void daemon_test_settle(DaemonTest *t);
ObolControl *daemon_test_control(const DaemonTest *t, guint side);
ObolStats daemon_test_stats(const DaemonTest *t, guint side);
void daemon_test_tunnel(DaemonTest *t);
/* An ObolControlDone for an #Outcome. */
void daemon_test_note(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data);

#define DAEMON_TEST(name, func) \
    g_test_add("/daemon/" name, DaemonTest, NULL, daemon_test_set_up_and_start, func, daemon_test_tear_down)
#define COLD_TEST(name, func) g_test_add("/daemon/" name, DaemonTest, NULL, daemon_test_set_up, func, daemon_test_tear_down)

#endif
