/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* help.c - the table of commands as text for people. */
#include "ctl.h"

static int
verb_width(const CtlCommand *command)
{
    return (int) (g_utf8_strlen(command->name, -1) + 1 + g_utf8_strlen(_(command->arguments), -1));
}

void
ctl_print_usage(FILE *to)
{
    fputs(_("Usage: obolctl [GLOBAL OPTIONS] VERB [OBJECT] [OPTIONS]\n\nVerbs:\n"), to);
    for (const CtlCommand *command = ctl_commands; command->name != NULL; command++) {
        const char *arguments = command->arguments;
        int width;

        if (command->summary == NULL)
            continue;
        arguments = arguments[0] != '\0' ? _(arguments) : "";
        width = arguments[0] != '\0' ? verb_width(command) : (int) g_utf8_strlen(command->name, -1) + 1;
        if (width > 34)
            fprintf(to, "  %s %s\n  %-34s %s", command->name, arguments, "", _(command->summary));
        else
            fprintf(to, "  %s %s%*s %s", command->name, arguments, 34 - width, "", _(command->summary));
        if (command->alias != NULL)
            fprintf(to, _(" (also: %s)"), command->alias);
        fputc('\n', to);
    }
    fputs(_("\nGlobal options, before or behind the verb:\n"
            "  -j, --json             print JSON\n"
            "  -q, --quiet            no notes on the way\n"
            "      --no-legend        no headings, nothing for an empty list\n"
            "  -s, --socket PATH      the daemon's control socket\n"
            "  -t, --timeout SECONDS  give up after so many seconds\n"
            "      --color WHEN       auto, always or never\n"
            "  -h, --help             show this, or the options of a verb\n"
            "  -V, --version          show the version of obolctl\n\n"
            "obolctl(1) tells the exit statuses.\n"),
          to);
}

static void
print_option(const GOptionEntry *option)
{
    g_autofree char *both = option->short_name != '\0'
                                ? g_strdup_printf("-%c, --%s", option->short_name, option->long_name)
                                : g_strdup_printf("    --%s", option->long_name);
    g_autofree char *left =
        option->arg_description != NULL ? g_strconcat(both, " ", _(option->arg_description), NULL) : g_strdup(both);

    printf("  %-26s %s\n", left, _(option->description));
}

CtlStatus
ctl_help(Ctl *ctl, char **objects)
{
    const CtlCommand *command;

    if (objects[0] == NULL) {
        ctl_print_usage(stdout);
        return CTL_OK;
    }
    command = ctl_command_find(objects[0]);
    if (command == NULL || command->summary == NULL)
        return ctl_report(ctl, CTL_NOT_FOUND, _("there is no verb '%s'"), objects[0]);
    printf(_("Usage: obolctl %s %s\n\n%s.\n"), command->name,
           command->arguments[0] != '\0' ? _(command->arguments) : "", _(command->summary));
    if (command->alias != NULL)
        printf(_("Also: obolctl %s\n"), command->alias);
    if (command->options != NULL)
        puts("");
    for (const GOptionEntry *option = command->options; option != NULL && option->long_name != NULL; option++)
        print_option(option);
    return CTL_OK;
}
