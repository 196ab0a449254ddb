/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session.h - a conversation with the daemon: register for events, call commands, follow. */
#ifndef OBOLCTL_SESSION_H
#define OBOLCTL_SESSION_H

#include "ctl.h"
#include "plugins/vici/codec.h"

#define CTL_FOREVER (-1)
#define CTL_ANSWER_MS 30000 /* for what the daemon answers by itself, without a peer */

/* FALSE: it has seen enough, ctl_session_follow() returns. */
typedef gboolean (*CtlEventHandler)(const char *event, const ObolNode *message, gpointer data);

/* @path: perhaps with "unix://" in front. */
CtlSession *ctl_session_open(const char *path, GError **error);
void ctl_session_close(CtlSession *session);

/* --timeout where it was given, else @fallback_ms. */
gint64 ctl_patience_ms(const Ctl *ctl, gint64 fallback_ms);

gboolean ctl_session_register(CtlSession *session, const char *event, GError **error);

/* A request without arguments, or the start of one with some. */
void ctl_request(ObolViciWriter *request, const char *command);
/* Adds @name when @value is not %NULL. */
void ctl_argument(ObolViciWriter *request, const char *name, const char *value);

/**
 * ctl_session_call:
 * Finishes @request, sends it, gives events that come before the answer to @handler.
 *
 * Returns: (transfer full): the answer; %NULL with #CTL_ERROR.
 */
ObolNode *ctl_session_call(CtlSession *session, ObolViciWriter *request, gint64 timeout_ms, CtlEventHandler handler,
                           gpointer data, GError **error);
/* Gives events to @handler until it wants no more or the daemon goes, which is an error. */
gboolean ctl_session_follow(CtlSession *session, CtlEventHandler handler, gpointer data, GError **error);

/* verbs-control.c: a command that takes its time: its log is shown meanwhile, its end reported.  @out: (nullable) (out) (transfer full):
 * the answer, NULL when there is none. */
CtlStatus ctl_command(Ctl *ctl, ObolViciWriter *request, CtlStatus fallback, ObolNode **out);
void ctl_put_timeout(const Ctl *ctl, ObolViciWriter *request); /* VICI: 0 waits for ever, -1 not at all; `--timeout 0` is the latter */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CtlSession, ctl_session_close)

#endif
