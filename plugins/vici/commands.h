/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands.h - the commands of VICI by theme, joined by the one table in commands.c. */
#ifndef VICI_COMMANDS_H
#define VICI_COMMANDS_H

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

/* commands-control.c */
void vici_initiate(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_rekey(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_terminate(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_install(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_uninstall(ViciServer *server, ViciClient *client, const ObolNode *request);
void vici_reload_settings(ViciServer *server, ViciClient *client, const ObolNode *request);

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
