/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ctl.h - what the parts of obolctl share: the command line's wishes, exit statuses, the table of commands. */
#ifndef OBOLCTL_CTL_H
#define OBOLCTL_CTL_H

#include <glib/gi18n.h>
#include <stdio.h>

#include <obol/settings.h>

/* Stable, and told in obolctl(1); where nmcli has a number for the same thing, it is that. */
typedef enum {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,
    CTL_TIMEOUT = 3,
    CTL_UP_FAILED = 4,
    CTL_DOWN_FAILED = 5,
    CTL_NO_DAEMON = 8,
    CTL_NOT_FOUND = 10,
    CTL_PEER_SILENT = 20,
    CTL_PROPOSAL = 21,
    CTL_SELECTORS = 22,
    CTL_PEER_REFUSED_AUTH = 23,
    CTL_WE_REFUSED_AUTH = 24,
    CTL_ADDRESS = 25,
    CTL_KERNEL = 26,
    CTL_PERMISSION = 77,
    CTL_CONFIG = 78,
} CtlStatus;

/* GError's code is the #CtlStatus to leave with. */
#define CTL_ERROR (ctl_error_quark())
GQuark ctl_error_quark(void);

typedef struct CtlSession CtlSession;

/* The command line, and what follows from it. */
typedef struct {
    char *socket;
    double timeout_s; /* negative: not given */
    gboolean json, quiet;
    gboolean no_legend; /* nothing but what was asked for: no headings, no "nothing there" */
    gboolean colored;
    gboolean pretty; /* JSON for a person's eye: stdout is a terminal */
    CtlSession *session;
} Ctl;

/* The session with the daemon, opened at first use; %NULL with @error when there is none. */
CtlSession *ctl_session(Ctl *ctl, GError **error);

typedef enum {
    CTL_TAKES_NOTHING,
    CTL_TAKES_CONNECTION,
    CTL_TAKES_CHILD,
    CTL_TAKES_FILE,
    CTL_TAKES_COMMAND,
} CtlObject; /* for completion */

/* One row of the table that drives dispatch, help and completion. */
typedef struct {
    const char *name, *alias;
    const char *arguments; /* as the help shows them */
    const char *summary;   /* N_() */
    CtlObject object;
    int max_objects;
    const GOptionEntry *options; /* NULL: none of its own; targets are static */
    CtlStatus (*run)(Ctl *ctl, char **objects);
} CtlCommand;

extern const CtlCommand ctl_commands[]; /* ends with a row without a name */
const CtlCommand *ctl_command_find(const char *name);

/* Writes why a command failed, for people to stderr or as JSON to stdout, and gives the status back. */
CtlStatus ctl_report(Ctl *ctl, CtlStatus status, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same with a GError of CTL_ERROR, which is freed. */
CtlStatus ctl_report_error(Ctl *ctl, GError *error);
/* CTL_OK when @reply says success; otherwise reports its errmsg and reason, @fallback being the status where no reason
 * tells a better one.  A success is told as JSON too when that is wanted. */
CtlStatus ctl_report_reply(Ctl *ctl, const ObolNode *reply, CtlStatus fallback);
/* The exit status that a reason's name ("E-PROP-US") stands for; @fallback for those without one. */
CtlStatus ctl_status_of_reason(const char *reason, CtlStatus fallback);

/* complete.c, help.c */
CtlStatus ctl_complete(Ctl *ctl, char **words);
CtlStatus ctl_help(Ctl *ctl, char **objects);
void ctl_print_usage(FILE *to);

/* verbs-list.c */
CtlStatus ctl_list_sas(Ctl *ctl, char **objects);
CtlStatus ctl_list_conns(Ctl *ctl, char **objects);
CtlStatus ctl_list_pols(Ctl *ctl, char **objects);
CtlStatus ctl_kernel(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_list_sas_options[], ctl_list_pols_options[];

/* verbs-pools.c */
CtlStatus ctl_list_pools(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_list_pools_options[];

/* verbs-info.c */
CtlStatus ctl_version(Ctl *ctl, char **objects);
CtlStatus ctl_stats(Ctl *ctl, char **objects);
CtlStatus ctl_algs(Ctl *ctl, char **objects);
CtlStatus ctl_plugins(Ctl *ctl, char **objects);
CtlStatus ctl_failures(Ctl *ctl, char **objects);
CtlStatus ctl_explain(Ctl *ctl, char **objects);

/* verbs-control.c */
CtlStatus ctl_initiate(Ctl *ctl, char **objects);
CtlStatus ctl_redirect(Ctl *ctl, char **objects);
CtlStatus ctl_rekey(Ctl *ctl, char **objects);
CtlStatus ctl_terminate(Ctl *ctl, char **objects);
CtlStatus ctl_install(Ctl *ctl, char **objects);
CtlStatus ctl_uninstall(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_initiate_options[], ctl_redirect_options[], ctl_rekey_options[], ctl_terminate_options[];

/* verbs-selectors.c */
CtlStatus ctl_selectors(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_selectors_options[];

/* verbs-load.c */
CtlStatus ctl_load(Ctl *ctl, char **objects);
CtlStatus ctl_unload(Ctl *ctl, char **objects);
CtlStatus ctl_reload(Ctl *ctl, char **objects);
CtlStatus ctl_load_shared(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_load_shared_options[];

/* verbs-doctor.c */
CtlStatus ctl_doctor(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_doctor_options[];

/* verbs-follow.c */
CtlStatus ctl_log(Ctl *ctl, char **objects);
CtlStatus ctl_monitor(Ctl *ctl, char **objects);
extern const GOptionEntry ctl_monitor_options[];

#endif
