/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/suite.c - the conformance suite of the `kernel` role: one list of cases for every plugin (TAP). */
#include <stdlib.h>
#include <string.h>

#include "case.h"

typedef struct {
    Lab *lab;
    const Case *what;
} Run;

/* Where an end's plugin lacks what the case needs, it must say no; else the case itself runs. */
static void
run(gconstpointer data)
{
    const Run *self = data;
    Lab *lab = self->lab;
    guint32 lacking = 0;

    if (self->what->slow && !g_test_slow()) {
        g_test_skip("takes minutes: with -m slow");
        return;
    }
    lab_begin(lab);
    for (guint i = 0; i < N_SIDES && !lab->failed; i++)
        lacking |= abilities_lacking(&lab->sides[i], self->what->needs);
    if (lacking != 0) {
        g_autofree char *text = abilities_describe(lacking);

        g_test_message("difference: %s: refused instead", text);
        for (guint i = 0; i < N_SIDES; i++)
            abilities_claim_refused(lab, &lab->sides[i], abilities_lacking(&lab->sides[i], self->what->needs));
    } else if (!lab->failed) {
        self->what->run(lab, &self->what->tunnel);
    }
    lab_end(lab);
}

typedef struct {
    char *plugin, *right_plugin, *directories;
    char **settings, **right_settings;
    gboolean table;
    int log_level;
} Options;

static gboolean
parse(int *argc, char ***argv, Options *out, GError **error)
{
    const GOptionEntry entries[] = {
        { "plugin", 0, 0, G_OPTION_ARG_STRING, &out->plugin, "the kernel plugin of both ends", "NAME" },
        { "right-plugin", 0, 0, G_OPTION_ARG_STRING, &out->right_plugin, "another one for the right end", "NAME" },
        { "plugin-dir", 0, 0, G_OPTION_ARG_STRING, &out->directories, "where plugins are, with : between", "DIRS" },
        { "setting", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->settings, "of the plugin; PLUGIN.KEY=VALUE for another's", "KEY=VALUE" },
        { "right-setting", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->right_settings, "of the right end's alone", "KEY=VALUE" },
        { "table", 0, 0, G_OPTION_ARG_NONE, &out->table, "print the plugin's column of the table of differences", NULL },
        { "log", 0, 0, G_OPTION_ARG_INT, &out->log_level, "the ends' log level on standard error", "LEVEL" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[options of a GLib test]");

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_ignore_unknown_options(context, TRUE);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (out->plugin == NULL || out->directories == NULL) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--plugin and --plugin-dir are needed");
        return FALSE;
    }
    return TRUE;
}

/* A GLib test stops at its first failure unless told; a suite for other people's plugins tells all. */
static char **
keep_going(int *argc, char **argv)
{
    static char option[] = "-k";
    char **out = g_new0(char *, (gsize) *argc + 2);

    memcpy(out, argv, (gsize) *argc * sizeof *argv);
    out[(*argc)++] = option;
    return out;
}

static void
add_cases(Lab *lab, GArray *cases, const char *name)
{
    cases_traffic(lab, cases);
    cases_requests(cases);
    cases_refusals(cases);
    cases_policies(cases);
    cases_replay(cases);
    cases_life(cases);
    cases_move(cases);
    cases_trap(cases);
    cases_left(cases);
    for (guint i = 0; i < cases->len; i++) {
        const Case *what = &g_array_index(cases, Case, i);
        g_autofree char *path = g_strdup_printf("/kernel/%s%s", name, what->path);
        Run *self = g_new(Run, 1);

        *self = (Run) { lab, what };
        g_test_add_data_func_full(path, self, run, g_free);
    }
}

int
main(int argc, char **argv)
{
    static const char *const none[] = { NULL };
    Options options = { .log_level = -1 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) cases = g_array_new(FALSE, FALSE, sizeof(Case));
    g_autofree char *name = NULL;
    EndPlugin plugins[N_SIDES];
    g_autofree char **arguments = NULL;
    int status = EXIT_FAILURE;
    static Lab lab;

    if (!parse(&argc, &argv, &options, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    arguments = keep_going(&argc, argv);
    argv = arguments;
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < N_SIDES; i++) {
        gboolean other = i == RIGHT && options.right_plugin != NULL;
        char **settings = other || (i == RIGHT && options.right_settings != NULL) ? options.right_settings : options.settings;

        plugins[i] = (EndPlugin) {
            .plugin = other ? options.right_plugin : options.plugin, .directories = options.directories,
            .settings = settings != NULL ? (const char *const *) settings : none, .log_level = options.log_level,
        };
    }
    lab_open(&lab, plugins);
    for (guint i = 0; i < N_SIDES; i++)
        if (!lab.sides[i].opened.opened)
            g_print("Bail out! %s can not be opened: %s\n", plugins[i].plugin, lab.sides[i].opened.text);
    name = options.right_plugin != NULL ? g_strdup_printf("%s+%s", options.plugin, options.right_plugin) : g_strdup(options.plugin);
    if (!lab.sides[LEFT].opened.opened || !lab.sides[RIGHT].opened.opened) {
        status = EXIT_FAILURE;
    } else if (options.table) {
        abilities_print(&lab.sides[LEFT]);
        status = EXIT_SUCCESS;
    } else {
        add_cases(&lab, cases, name);
        status = g_test_run();
    }
    lab_close(&lab);
    g_free(options.plugin);
    g_free(options.right_plugin);
    g_free(options.directories);
    g_strfreev(options.settings);
    g_strfreev(options.right_settings);
    return status;
}
