/* bus-test.h - plugins in memory and looks at a bus, for the tests of this folder. */
#ifndef OBOL_BUS_TEST_H
#define OBOL_BUS_TEST_H

#include <string.h>

#include "bus/bus-private.h"
#include "settings/settings.h"

#define PLUGIN(plugin_name, plugin_features)                                                                        \
    (const ObolPlugin) { .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = plugin_name, .version = "1",          \
                         .licence = "MIT", .summary = "a test's", .features = plugin_features }

/* "name: state [feature feature]" for each plugin, in order. */
static inline void
append_plugin(const char *name, const char *version, const char *const *features, const char *state, gpointer data)
{
    g_autofree char *joined = g_strjoinv(" ", (char **) features);

    (void) version;
    g_string_append_printf(data, "%s: %s [%s]\n", name, state, joined);
}

static inline char *
describe(ObolBus *bus)
{
    GString *text = g_string_new(NULL);

    obol_bus_each_plugin(bus, append_plugin, text);
    return g_string_free(text, FALSE);
}

static inline ObolNode *
tree_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolNode *tree = obol_settings_read_text(text, strlen(text), "t.conf", &error);

    g_assert_no_error(error);
    return tree;
}

static inline void
assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        g_error("\"%s\"\nis not in\n%s", part, text);
}

/* A bus that is silent. */
static inline ObolBus *
quiet_bus(void)
{
    ObolBus *bus = obol_bus_new(NULL);

    obol_bus_set_log(bus, -1, FALSE);
    return bus;
}

#endif
