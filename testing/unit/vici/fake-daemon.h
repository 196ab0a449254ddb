/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake-daemon.h - the bus and the control surface as a test wants them: questions are kept, outcomes come when told. */
#ifndef OBOL_TEST_FAKE_DAEMON_H
#define OBOL_TEST_FAKE_DAEMON_H

#include <obol/plugin.h>

typedef struct {
    GMainContext *context;
    gint64 now_us;
    gsize n_peer_addresses; /* of the SA: up to 2 */
    guint n_sas;     /* how often the one SA is listed */
    gboolean refuses_to_load;
    gboolean no_kernel, lists_nothing; /* what the kernel is like */

    /* What the last call asked for. */
    char *asked_ike, *asked_child, *asked_change; /* "OP LOCAL === REMOTE" */
    ObolSaSelector asked_which;
    gint64 asked_timeout_us;
    gboolean asked_force, asked_reauth;
    ObolControlDone done; /* of the command under way; NULL: none */
    gpointer done_data;
    guint n_forgotten;

    char *loaded;         /* names of loaded connections, each with a blank behind it */
    char *loaded_text;    /* the tree of the last one */
    char *shared;         /* "id=data(owner owner)" of the last secret */
    guint n_reloads, n_cleared, n_leases;

    guint n_watches;
    GString *log;
} FakeDaemon;

extern FakeDaemon fake;

void fake_daemon_init(void);
void fake_daemon_clear(void);
ObolBus *fake_bus(void);

/* "name=value ", "name{ ... } ", "name[ ... ] " */
void fake_describe(const ObolNode *node, GString *out);

/* Ends the command under way. */
void fake_finish(const GError *error, const ObolReason *reason, guint n_matched, guint n_done);

/* What the core would tell its watchers. */
/* #5 is rekeyed, and #6 has its place; then #5 goes. */
void fake_tell_ike_rekeyed(void);
void fake_tell_ike_moved(void); /* from 192.0.2.9[500] to where the SA is */
void fake_tell_ike_state(ObolIkeState state, const ObolReason *reason);
void fake_tell_child_state(ObolChildState state, const ObolReason *reason);
void fake_tell_failure(const char *connection, const ObolReason *reason);
void fake_tell_log(const char *group, int level, gboolean of_sa, const char *text);
void fake_tell_message(gboolean outgoing, gboolean response, guint8 exchange);

#endif
