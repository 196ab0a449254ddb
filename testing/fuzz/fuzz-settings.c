/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-settings.c - any text: a tree that can be checked and read, or an error fit for a terminal; no secret in it. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "settings/settings.h"

static void
check_error(GError *error)
{
    if (error == NULL || error->domain != OBOL_SETTINGS_ERROR || *error->message == '\0')
        g_error("a refusal without its reason");
    if (!g_utf8_validate(error->message, -1, NULL))
        g_error("a terminal would choke on this");
    for (const char *p = error->message; *p != '\0'; p++)
        if ((guint8) *p < ' ' && *p != '\n' && *p != '\t')
            g_error("a terminal would obey this");
    g_error_free(error);
}

OBOL_FUZZ_TARGET(settings)
{
    GError *error = NULL;
    g_autoptr(ObolNode) tree = obol_settings_read_text((const char *) data, n, "fuzz.conf", &error);
    g_autoptr(ObolNode) copy = NULL;
    g_autoptr(ObolConnectionSet) connections = NULL;

    if (tree == NULL) {
        check_error(error);
        return 0;
    }
    copy = obol_node_dup(tree);
    if (!obol_settings_check(copy, obol_schema, &error)) {
        check_error(error);
        return 0;
    }
    connections = obol_connections_from_tree(copy, &error);
    if (connections == NULL)
        check_error(error);
    return 0;
}
