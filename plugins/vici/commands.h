/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands.h - the commands of VICI by theme, joined by the one table in commands.c. */
#ifndef VICI_COMMANDS_H
#define VICI_COMMANDS_H

#include "job.h"
#include "server.h"

/* Answers through vici_client_reply(), at once or later. */
typedef void (*ViciHandler)(ViciServer *server, ViciClient *client, const ObolNode *request);

/* FALSE: there is no such command. */
gboolean vici_commands_run(ViciServer *server, ViciClient *client, const char *name, const ObolNode *request);

/* What commands answer with. */
void vici_reply_begin(ObolViciWriter *response);
void vici_reply_empty(ViciClient *client);
void vici_reply_success(ViciClient *client);
void vici_reply_failure(ViciClient *client, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Success, or failure with @error's words; takes @error. */
void vici_reply_result(ViciClient *client, GError *error);
/* success=yes, or success=no with errmsg, in a response that has more to say. */
void vici_put_outcome(ObolViciWriter *response, const char *errmsg);

/* Obol's own key `error`, for exit statuses: not-found, usage, timeout, failed; nothing for %NULL. */
void vici_put_error_kind(ObolViciWriter *response, const GError *error);

/* Arguments, as VICI reads them: strtol's base 0; yes, true, enabled, 1. */
gint64 vici_number(const ObolNode *request, const char *name, gint64 fallback);
gboolean vici_bool(const ObolNode *request, const char *name, gboolean fallback);

/* commands-info.c */
void vici_version(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_stats(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_get_algorithms(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_get_counters(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_reset_counters(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_plugins(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_list_failures(ViciServer *server, ViciClient *client, const ObolNode *request);

/* commands-list.c */
void vici_list_sas(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_list_conns(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_list_policies(ViciServer *server, ViciClient *client, const ObolNode *request);

/* commands-kernel.c */
void vici_list_kernel_policies(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_list_kernel_sas(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_doctor(ViciServer *server, ViciClient *client, const ObolNode *request);

/* What commands that wait share; commands-control.c. */
/* VICI: milliseconds, 0 waits for ever, -1 does not wait.  obol/control.h: microseconds, -1 and 0. */
gint64 vici_timeout_us(gint64 timeout_ms);
/* (transfer full): NULL on success.  The protocol's own words first, then what we know. */
char *vici_describe_failure(const ViciJob *job, const char *verb, const GError *error, const ObolReason *reason);
/* With the request's timeout and log level. */
ViciJob *vici_begin_job(ViciServer *server, ViciClient *client, const ObolNode *request, const char *subject, ViciJobAnswer answer);
/* %FALSE: there is none, so nothing is meant. */
gboolean vici_read_selector(const ObolNode *request, ObolSaSelector *out);

/* commands-control.c */
void vici_initiate(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_redirect(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_rekey(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_terminate(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_install(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_uninstall(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_reload_settings(ViciServer *server, ViciClient *client, const ObolNode *request);

/* commands-selectors.c */
void vici_selectors(ViciServer *server, ViciClient *client, const ObolNode *request);

/* commands-load.c */
void vici_get_conns(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_load_conn(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_unload_conn(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_get_shared(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_load_shared(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_unload_shared(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_clear_creds(ViciServer *server, ViciClient *client, const ObolNode *request);

/* commands-pools.c */
void vici_load_pool(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_unload_pool(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_get_pools(ViciServer *server, ViciClient *client, const ObolNode *request);

#endif
