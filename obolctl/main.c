/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c - obolctl [GLOBAL OPTIONS] VERB [OBJECT] [OPTIONS]: the command line, in two stages. */
#include "ctl.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

/* What may stand before the verb and behind it. */
typedef struct {
    Ctl *ctl;
    char *color;
    gboolean help, version;
} Globals;

static GOptionGroup *
global_group(Globals *globals)
{
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &globals->ctl->json, N_("print JSON"), NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &globals->ctl->quiet, N_("no notes on the way"), NULL },
        { "no-legend", 0, 0, G_OPTION_ARG_NONE, &globals->ctl->no_legend, N_("no headings, nothing for an empty list"),
          NULL },
        { "socket", 's', 0, G_OPTION_ARG_FILENAME, &globals->ctl->socket, N_("the daemon's control socket"),
          N_("PATH") },
        { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &globals->ctl->timeout_s, N_("give up after so many seconds"),
          N_("SECONDS") },
        { "color", 0, 0, G_OPTION_ARG_STRING, &globals->color, N_("auto, always or never"), N_("WHEN") },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &globals->help, N_("show help"), NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &globals->version, N_("show versions"), NULL },
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group = g_option_group_new("global", _("Global options:"), _("Show global options"), NULL, NULL);

    g_option_group_add_entries(group, entries);
    return group;
}

static gboolean
parse(Globals *globals, const GOptionEntry *own, gboolean stop_at_verb, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, stop_at_verb);
    g_option_context_set_main_group(context, global_group(globals));
    if (own != NULL)
        g_option_context_add_main_entries(context, own, NULL);
    return g_option_context_parse_strv(context, argv, error);
}

static gboolean
choose_color(Globals *globals)
{
    gboolean automatic = globals->color == NULL || g_str_equal(globals->color, "auto");
    const char *no_color = g_getenv("NO_COLOR");

    globals->ctl->pretty = isatty(STDOUT_FILENO) != 0;
    if (automatic)
        globals->ctl->colored = globals->ctl->pretty && (no_color == NULL || no_color[0] == '\0') &&
                                g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    else
        globals->ctl->colored = g_str_equal(globals->color, "always");
    return automatic || globals->ctl->colored || g_str_equal(globals->color, "never");
}

static CtlStatus
run_verb(Globals *globals, const CtlCommand *command, char ***argv)
{
    Ctl *ctl = globals->ctl;
    GError *error = NULL;
    guint n_objects;

    if (!parse(globals, command->options, FALSE, argv, &error)) {
        CtlStatus status = ctl_report(ctl, CTL_USAGE, "%s", error->message);

        g_error_free(error);
        return status;
    }
    if (!choose_color(globals))
        return ctl_report(ctl, CTL_USAGE, _("--color wants auto, always or never"));
    if (globals->help)
        return ctl_help(ctl, (char *[]) { (char *) command->name, NULL });
    n_objects = g_strv_length(*argv) - 1;
    if (n_objects > (guint) command->max_objects)
        return ctl_report(ctl, CTL_USAGE, _("%s: unexpected '%s'"), command->name, (*argv)[command->max_objects + 1]);
    return command->run(ctl, *argv + 1);
}

/* @argv: still with the program's name in front. */
static CtlStatus
run(Globals *globals, char ***argv)
{
    Ctl *ctl = globals->ctl;
    const CtlCommand *command;
    GError *error = NULL;

    if (!parse(globals, NULL, TRUE, argv, &error)) {
        CtlStatus status = ctl_report(ctl, CTL_USAGE, "%s", error->message);

        g_error_free(error);
        return status;
    }
    if (globals->version)
        printf("obolctl %s\n", PACKAGE_VERSION);
    if (globals->version || globals->help)
        return globals->version ? CTL_OK : ctl_help(ctl, (char *[]) { NULL });
    if ((*argv)[0] == NULL || (*argv)[1] == NULL) {
        ctl_print_usage(stderr);
        return CTL_USAGE;
    }
    command = ctl_command_find((*argv)[1]);
    if (command == NULL)
        return ctl_report(ctl, CTL_USAGE, _("there is no verb '%s'; see obolctl help"), (*argv)[1]);
    if (command->run == ctl_complete)
        return ctl_complete(ctl, *argv + 2);
    g_free((*argv)[0]);
    memmove(*argv, *argv + 1, g_strv_length(*argv + 1) * sizeof **argv + sizeof **argv);
    return run_verb(globals, command, argv);
}

int
main(int argc, char **argv)
{
    Ctl ctl = { .timeout_s = -1 };
    Globals globals = { .ctl = &ctl };
    g_auto(GStrv) words = g_strdupv(argv);
    CtlStatus status;

    (void) argc;
    setlocale(LC_ALL, "");
    bindtextdomain("obol", LOCALEDIR);
    bind_textdomain_codeset("obol", "UTF-8");
    textdomain("obol");
    status = run(&globals, &words);
    if (fflush(stdout) != 0 && status == CTL_OK)
        status = CTL_FAILED;
    ctl_session_close(ctl.session);
    g_free(ctl.socket);
    g_free(globals.color);
    return (int) status;
}
