/* obol/daemon.h - the whole daemon as an object: what the program obold joins to a command line. */
#ifndef OBOL_DAEMON_H
#define OBOL_DAEMON_H

#include <obol/control.h>

G_BEGIN_DECLS

typedef struct ObolDaemon ObolDaemon;

typedef struct {
    const char *config_dir;  /* holds obol.conf and conf.d/ */
    const char *plugin_dir;  /* holds the plugins' shared objects; several, separated by ":" */
    const char *state_dir;   /* for what outlives the process, unless the settings say another; NULL: nothing does */
    int log_level;           /* 0 outcomes, 1 steps, 2 and up debugging */
    gboolean log_to_journal; /* else to stderr */
} ObolDaemonOptions;

/* Loads plugins and settings, opens sockets and kernel, starts what `start_action` says.  %NULL with @error when a role
 * without which nothing works is missing, or the settings are wrong. */
OBOL_API ObolDaemon *obol_daemon_new(const ObolDaemonOptions *options, GError **error);
/* Runs until obol_daemon_quit(): then deletes are sent, answers awaited for a short time, everything closed. */
OBOL_API void obol_daemon_run(ObolDaemon *daemon);
OBOL_API void obol_daemon_quit(ObolDaemon *daemon); /* main context */
OBOL_API gboolean obol_daemon_reload(ObolDaemon *daemon, GError **error);
OBOL_API void obol_daemon_free(ObolDaemon *daemon);

/**
 * obol_doctor_look:
 * Loads the plugins that the settings choose, asks each kernel plugin what it could do, and looks at the machine.  Opens no socket and
 * leaves nothing behind; for when no daemon runs.
 *
 * Returns: (transfer full): the report as a tree; %NULL with @error when the settings can not be read.
 */
OBOL_API ObolNode *obol_doctor_look(const ObolDaemonOptions *options, GError **error);
OBOL_API char *obol_doctor_text(const ObolNode *report); /* (transfer full): for people, in their language */
/* (transfer full): one of the report's findings in words; @advice may become %NULL. */
OBOL_API char *obol_doctor_finding_text(const ObolNode *finding, const char **advice);
typedef enum {
    OBOL_DOCTOR_WELL,
    OBOL_DOCTOR_ERRORS,    /* something must be mended */
    OBOL_DOCTOR_NO_KERNEL, /* nothing could be encrypted */
} ObolDoctorVerdict;
OBOL_API ObolDoctorVerdict obol_doctor_verdict(const ObolNode *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolDaemon, obol_daemon_free)

G_END_DECLS
#endif
