/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c - obold: a command line around the daemon of libobol. */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <obol/daemon.h>

#include "notify.h"

/* sysexits' EX_CONFIG: an admin must mend something, so a supervisor need not try again. */
#define EXIT_CONFIG 78

typedef struct {
    char *config_dir, *plugin_dir;
    int log_level;
    gboolean journal, check, doctor, version;
} Options;

static gboolean
parse_options(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_dir,
          "folder of obol.conf and conf.d (" CONFIGDIR ")", "DIR" },
        { "plugins", 'p', 0, G_OPTION_ARG_FILENAME, &options->plugin_dir,
          "folders of plugins, separated by \":\" (" PLUGINDIR ")", "DIR" },
        { "check", 0, 0, G_OPTION_ARG_NONE, &options->check, "check the settings and leave: 0 when they are right, else 78", NULL },
        { "doctor", 0, 0, G_OPTION_ARG_NONE, &options->doctor,
          "say what this machine can do for the daemon and leave: 0 when all is well, 1 when something must be mended, 26 when no "
          "kernel can serve", NULL },
        { "log-level", 'l', 0, G_OPTION_ARG_INT, &options->log_level,
          "0 outcomes, 1 steps, 2 and above debugging; before what the settings say", "N" },
        { "journal", 0, 0, G_OPTION_ARG_NONE, &options->journal, "log to the journal, not to standard error", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "say which version this is", NULL },
        { NULL },
    };
    GOptionContext *context = g_option_context_new("- the Obol IKEv2 daemon");
    gboolean parsed;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, "SIGHUP reads the settings again, SIGTERM and SIGINT end it after its Deletes are sent.\n"
                                              "See obold(8) and obol.conf(5).");
    parsed = g_option_context_parse(context, argc, argv, error);
    g_option_context_free(context);
    if (parsed && *argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "what is \"%s\"?", (*argv)[1]);
        return FALSE;
    }
    return parsed;
}

/* A supervisor that puts our standard error into the journal gets better: fields. */
static gboolean
under_journal(void)
{
    return g_getenv("JOURNAL_STREAM") != NULL && g_log_writer_is_journald(STDERR_FILENO);
}

static gboolean
quit(gpointer data)
{
    notify_stopping();
    obol_daemon_quit(data);
    return G_SOURCE_CONTINUE;
}

static gboolean
reload(gpointer data)
{
    g_autoptr(GError) error = NULL;

    notify_reloading();
    if (!obol_daemon_reload(data, &error))
        fprintf(stderr, "obold: %s\n", error->message);
    notify_ready();
    return G_SOURCE_CONTINUE;
}

static int
run(const Options *options)
{
    const ObolDaemonOptions daemon_options = {
        .config_dir = options->config_dir,
        .plugin_dir = options->plugin_dir,
        .state_dir = STATEDIR,
        .log_level = options->log_level,
        .log_to_journal = options->journal || under_journal(),
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolDaemon) daemon = obol_daemon_new(&daemon_options, &error);
    const struct {
        int number;
        GSourceFunc handle;
    } signals[] = { { SIGTERM, quit }, { SIGINT, quit }, { SIGHUP, reload } };
    guint sources[G_N_ELEMENTS(signals)];

    if (daemon == NULL) {
        fprintf(stderr, "obold: %s\n", error->message);
        return error->domain == OBOL_SETTINGS_ERROR ? EXIT_CONFIG : EXIT_FAILURE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sources[i] = g_unix_signal_add(signals[i].number, signals[i].handle, daemon);
    notify_ready();
    obol_daemon_run(daemon);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(sources[i]);
    return EXIT_SUCCESS;
}

static int
check(const Options *options)
{
    g_autoptr(GError) error = NULL;

    if (obol_settings_check_dir(options->config_dir, options->plugin_dir, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "%s\n", error->message);
    return EXIT_CONFIG;
}

/* obolctl has the same numbers for the same things. */
static int
doctor(const Options *options)
{
    static const int statuses[] = { [OBOL_DOCTOR_WELL] = 0, [OBOL_DOCTOR_ERRORS] = 1, [OBOL_DOCTOR_NO_KERNEL] = 26 };
    const ObolDaemonOptions daemon_options = { .config_dir = options->config_dir, .plugin_dir = options->plugin_dir };
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolNode) report = obol_doctor_look(&daemon_options, &error);
    g_autofree char *text = report != NULL ? obol_doctor_text(report) : NULL;

    if (report == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return EXIT_CONFIG;
    }
    fputs(text, stdout);
    return statuses[obol_doctor_verdict(report)];
}

int
main(int argc, char **argv)
{
    Options options = { .log_level = -1 };
    g_autoptr(GError) error = NULL;
    int status = EXIT_SUCCESS;

    setlocale(LC_MESSAGES, "");
    setlocale(LC_CTYPE, "");
    if (!parse_options(&options, &argc, &argv, &error)) {
        fprintf(stderr, "obold: %s\n", error->message);
        status = EXIT_FAILURE;
    } else if (options.version) {
        puts("obold " PACKAGE_VERSION);
    } else {
        umask(0077);
        signal(SIGPIPE, SIG_IGN); /* a client that goes away is an error of a write */
        if (options.config_dir == NULL)
            options.config_dir = g_strdup(CONFIGDIR);
        if (options.plugin_dir == NULL)
            options.plugin_dir = g_strdup(PLUGINDIR);
        status = options.check ? check(&options) : options.doctor ? doctor(&options) : run(&options);
    }
    g_free(options.config_dir);
    g_free(options.plugin_dir);
    return status;
}
