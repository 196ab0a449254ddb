/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete.c - `obolctl __complete WORD...`: what may stand in the place of the last word, one a line.
 *
 * Without a daemon, or without the right to ask it, names are left out and nothing is said. */
#include "session.h"

#include <string.h>

typedef struct {
    const char *prefix;
    gboolean children;
} Wanted;

static void
offer(const char *prefix, const char *word)
{
    if (g_str_has_prefix(word, prefix))
        puts(word);
}

static gboolean
offer_names(G_GNUC_UNUSED const char *event, const ObolNode *message, gpointer data)
{
    const Wanted *wanted = data;

    for (guint i = 0; message->items != NULL && i < message->items->len; i++) {
        const ObolNode *connection = g_ptr_array_index(message->items, i);
        const ObolNode *children = obol_node_get(connection, "children");

        if (!wanted->children)
            offer(wanted->prefix, connection->name);
        for (guint k = 0; wanted->children && children != NULL && children->items != NULL && k < children->items->len;
             k++)
            offer(wanted->prefix, ((const ObolNode *) g_ptr_array_index(children->items, k))->name);
    }
    return TRUE;
}

static void
complete_names(Ctl *ctl, const char *prefix, gboolean children)
{
    Wanted wanted = { .prefix = prefix, .children = children };
    g_auto(ObolViciWriter) request = { 0 };
    g_autoptr(ObolNode) end = NULL;

    ctl_request(&request, "list-conns");
    if (ctl_session(ctl, NULL) != NULL && ctl_session_register(ctl->session, "list-conn", NULL))
        end = ctl_session_call(ctl->session, &request, 2000, offer_names, &wanted, NULL);
}

static void
complete_options(const CtlCommand *command, const char *prefix)
{
    static const char *const globals[] = { "--json", "--quiet", "--no-legend", "--socket", "--timeout", "--color", "--help" };

    for (const GOptionEntry *option = command->options; option != NULL && option->long_name != NULL; option++) {
        g_autofree char *word = g_strconcat("--", option->long_name, NULL);

        offer(prefix, word);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(globals); i++)
        offer(prefix, globals[i]);
}

static void
complete_verbs(const char *prefix)
{
    for (const CtlCommand *command = ctl_commands; command->name != NULL; command++) {
        if (command->summary != NULL)
            offer(prefix, command->name);
        if (command->alias != NULL && prefix[0] != '\0')
            offer(prefix, command->alias);
    }
}

static void
complete_object(Ctl *ctl, CtlObject object, const char *prefix)
{
    switch (object) {
    case CTL_TAKES_CONNECTION: complete_names(ctl, prefix, FALSE); break;
    case CTL_TAKES_CHILD:      complete_names(ctl, prefix, TRUE); break;
    case CTL_TAKES_COMMAND:    complete_verbs(prefix); break;
    case CTL_TAKES_FILE:       /* the shell knows files better */
    case CTL_TAKES_NOTHING:    break;
    }
}

/* @words: those after "obolctl", the last one perhaps empty. */
CtlStatus
ctl_complete(Ctl *ctl, char **words)
{
    guint n = g_strv_length(words);
    const char *last = n > 0 ? words[n - 1] : "", *before = n > 1 ? words[n - 2] : "";
    const CtlCommand *command = NULL;

    for (guint i = 0; i + 1 < n; i++) {
        if ((g_str_equal(words[i], "--socket") || g_str_equal(words[i], "-s")) && i + 2 < n) {
            g_free(ctl->socket);
            ctl->socket = g_strdup(words[++i]);
        } else if (command == NULL && words[i][0] != '-') {
            command = ctl_command_find(words[i]);
        }
    }
    if (command == NULL)
        complete_verbs(last);
    else if (last[0] == '-')
        complete_options(command, last);
    else if (g_str_equal(before, "--child") || g_str_equal(before, "-c"))
        complete_names(ctl, last, TRUE);
    else
        complete_object(ctl, command->object, last);
    return CTL_OK;
}
