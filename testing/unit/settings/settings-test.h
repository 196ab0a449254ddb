/* settings-test.h - trees from texts, for the tests of this folder. */
#ifndef OBOL_SETTINGS_TEST_H
#define OBOL_SETTINGS_TEST_H

#include <string.h>

#include "settings/settings.h"

/* The tree of @text, which has no fault. */
static inline ObolNode *
tree_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolNode *root = obol_settings_read_text(text, strlen(text), "t.conf", &error);

    g_assert_no_error(error);
    return root;
}

static inline void
assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        g_error("\"%s\"\nis not in\n%s", part, text);
}

#endif
