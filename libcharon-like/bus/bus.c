/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/bus.c - the bus itself: loading what the settings choose, and what a plugin may ask for. */
#include "bus/internal.h"

#include <string.h>
#include <time.h>

#include "settings/settings.h"

ObolBus *
obol_bus_new(GMainContext *context)
{
    ObolBus *bus = g_new0(ObolBus, 1);

    bus->context = context != NULL ? g_main_context_ref(context) : g_main_context_ref(g_main_context_default());
    bus->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_strfreev);
    bus->crypto = obol_crypto_new();
    bus->plugins = g_ptr_array_new_with_free_func((GDestroyNotify) obol_plugin_free);
    bus->order = g_ptr_array_new();
    bus->opened = g_ptr_array_new();
    bus->watchers = g_array_new(FALSE, TRUE, sizeof(Watcher));
    bus->log_level = 1;
    return bus;
}

void
obol_bus_free(ObolBus *bus)
{
    if (bus == NULL)
        return;
    obol_bus_close_roles(bus);
    obol_bus_log_close(bus);
    g_array_unref(bus->watchers);
    g_ptr_array_unref(bus->opened);
    g_ptr_array_unref(bus->order);
    obol_crypto_free(bus->crypto);
    g_ptr_array_unref(bus->plugins);
    g_hash_table_unref(bus->lists);
    obol_node_free(bus->settings);
    g_main_context_unref(bus->context);
    g_free(bus);
}

static Plugin *
find_plugin(ObolBus *bus, const char *name, gsize n_name)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        Plugin *plugin = bus->plugins->pdata[i];

        if (strlen(plugin->name) == n_name && memcmp(plugin->name, name, n_name) == 0 && plugin->refusal == NULL)
            return plugin;
    }
    return NULL;
}

static void
take_settings(ObolBus *bus, const ObolNode *settings)
{
    const ObolNode *plugins = obol_node_get(settings, "plugins");

    g_hash_table_remove_all(bus->lists);
    g_clear_pointer(&bus->settings, obol_node_free);
    if (plugins != NULL)
        bus->settings = obol_node_dup(plugins);
}

void
obol_bus_set_settings(ObolBus *bus, const ObolNode *settings)
{
    take_settings(bus, settings);
}

gboolean
obol_bus_check_settings(ObolBus *bus, const ObolNode *settings, GError **error)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        const Plugin *plugin = bus->plugins->pdata[i];

        if (plugin->refusal == NULL && !obol_plugin_check(plugin, obol_node_get(settings, "plugins"), error))
            return FALSE;
    }
    return TRUE;
}

/* Tells about a plugin once its fate is known: its refusal, or each of its features that is not in use. */
static void
report(ObolBus *bus, const Plugin *plugin)
{
    if (plugin->refusal != NULL) {
        obol_bus_say(bus, plugin->rank == 0 ? 2 : 0, "plugin %s is not loaded: %s", plugin->name, plugin->refusal);
        return;
    }
    for (guint i = 0; i < plugin->features->len; i++) {
        const Feature *feature = plugin->features->pdata[i];

        if (feature->state == FEATURE_LEFT_OUT)
            obol_bus_say(bus, 0, "plugin %s: %s is left out: %s", plugin->name, feature->id, feature->refusal);
        else if (feature->state == FEATURE_STANDBY)
            obol_bus_say(bus, 1, "plugin %s: %s stands by: %s", plugin->name, feature->id, feature->refusal);
    }
    obol_bus_say(bus, 1, "plugin %s %s is loaded: %s", plugin->name, plugin->descriptor.version, plugin->descriptor.summary);
}

/* Takes @plugin, unless there is one of that name, or its settings are wrong: then it is kept for the list alone. */
static void
take_plugin(ObolBus *bus, Plugin *plugin)
{
    g_autoptr(GError) error = NULL;

    if (plugin->refusal == NULL && find_plugin(bus, plugin->name, strlen(plugin->name)) != NULL)
        plugin->refusal = g_strdup("is loaded already");
    else if (plugin->refusal == NULL && !obol_plugin_check(plugin, bus->settings, &error))
        plugin->refusal = g_strdup(error->message);
    if (plugin->refusal != NULL)
        g_ptr_array_set_size(plugin->features, 0);
    g_ptr_array_add(bus->plugins, plugin);
}

/* Everything that was left out, for somebody who misses a role because of it. */
static char *
describe_losses(ObolBus *bus)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < bus->plugins->len; i++) {
        const Plugin *plugin = bus->plugins->pdata[i];

        if (plugin->refusal != NULL)
            g_string_append_printf(text, "\n  plugin %s: %s", plugin->name, plugin->refusal);
        for (guint j = 0; j < plugin->features->len; j++) {
            const Feature *feature = plugin->features->pdata[j];

            if (feature->state == FEATURE_LEFT_OUT)
                g_string_append_printf(text, "\n  plugin %s: %s: %s", plugin->name, feature->id, feature->refusal);
        }
    }
    return g_string_free(text, FALSE);
}

static gboolean
check_essential(ObolBus *bus, const char *const *essential, GError **error)
{
    for (; essential != NULL && *essential != NULL; essential++) {
        g_autofree char *losses = NULL;

        if (obol_bus_find(bus, *essential, FEATURE_ACCEPTED) != NULL)
            continue;
        losses = describe_losses(bus);
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_MISSING,
                    "no plugin provides %s, without which nothing works%s%s", *essential, *losses != '\0' ? ":" : "", losses);
        return FALSE;
    }
    return TRUE;
}

gboolean
obol_bus_load(ObolBus *bus, const char *directories, const ObolNode *settings, const char *const *essential, GError **error)
{
    g_autoptr(GPtrArray) chosen = NULL;
    guint first = bus->plugins->len;

    take_settings(bus, settings);
    chosen = obol_plugins_chosen(bus->settings, directories);
    while (chosen->len > 0)
        take_plugin(bus, g_ptr_array_steal_index(chosen, 0));
    obol_bus_resolve(bus);
    for (guint i = first; i < bus->plugins->len; i++)
        report(bus, bus->plugins->pdata[i]);
    return check_essential(bus, essential, error);
}

gboolean
obol_bus_add_plugin(ObolBus *bus, const ObolPlugin *descriptor, const ObolNode *settings, GError **error)
{
    const char *name = descriptor->size >= sizeof(ObolPlugin) && descriptor->name != NULL ? descriptor->name : "built-in";
    Plugin *plugin = obol_plugin_new(descriptor, name, 1);

    if (settings != NULL)
        take_settings(bus, settings);
    take_plugin(bus, plugin);
    obol_bus_resolve(bus);
    report(bus, plugin);
    if (plugin->refusal != NULL)
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, "plugin %s: %s", plugin->name, plugin->refusal);
    return plugin->refusal == NULL;
}

/* "loaded", or what is wrong with it. */
static char *
describe_state(const Plugin *plugin)
{
    GString *text;

    if (plugin->refusal != NULL)
        return g_strdup(plugin->refusal);
    text = g_string_new("loaded");
    for (guint i = 0; i < plugin->features->len; i++) {
        const Feature *feature = plugin->features->pdata[i];

        if (feature->state != FEATURE_ACCEPTED)
            g_string_append_printf(text, "; %s %s: %s", feature->state == FEATURE_STANDBY ? "on standby" : "without",
                                   feature->id, feature->refusal);
    }
    return g_string_free(text, FALSE);
}

void
obol_bus_each_plugin(ObolBus *bus, ObolPluginVisit visit, gpointer data)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        const Plugin *plugin = bus->plugins->pdata[i];
        g_autoptr(GPtrArray) features = g_ptr_array_new();
        g_autofree char *state = describe_state(plugin);

        for (guint j = 0; j < plugin->features->len; j++) {
            const Feature *feature = plugin->features->pdata[j];

            if (feature->state == FEATURE_ACCEPTED)
                g_ptr_array_add(features, feature->id);
        }
        g_ptr_array_add(features, NULL);
        visit(plugin->name, plugin->descriptor.version != NULL ? plugin->descriptor.version : "",
              (const char *const *) features->pdata, state, data);
    }
}

/* The schema and the section that "PLUGIN.KEY" speaks of; returns KEY, or NULL when no schema names it. */
static const char *
find_setting(ObolBus *bus, const char *key, const ObolSettingSpec **members, const ObolNode **section)
{
    const char *dot = strchr(key, '.');
    const Plugin *plugin = dot != NULL ? find_plugin(bus, key, (gsize) (dot - key)) : NULL;

    if (plugin == NULL || plugin->descriptor.settings == NULL)
        return NULL;
    *members = plugin->descriptor.settings;
    *section = obol_node_get(bus->settings, plugin->name);
    for (const ObolSettingSpec *spec = *members; spec->name != NULL; spec++)
        if (g_str_equal(spec->name, dot + 1))
            return spec->name;
    return NULL;
}

const char *
obol_bus_setting(ObolBus *bus, const char *key)
{
    const ObolSettingSpec *members;
    const ObolNode *section;
    const char *name = find_setting(bus, key, &members, &section);

    g_return_val_if_fail(name != NULL, NULL);
    return obol_setting_text(section, members, name);
}

gint64
obol_bus_setting_number(ObolBus *bus, const char *key)
{
    const ObolSettingSpec *members;
    const ObolNode *section;
    const char *name = find_setting(bus, key, &members, &section);

    g_return_val_if_fail(name != NULL, 0);
    return obol_setting_number(section, members, name);
}

const char *const *
obol_bus_setting_list(ObolBus *bus, const char *key)
{
    char **list = g_hash_table_lookup(bus->lists, key);
    const ObolSettingSpec *members;
    const ObolNode *section;
    const char *name;

    if (list != NULL)
        return (const char *const *) list;
    name = find_setting(bus, key, &members, &section);
    g_return_val_if_fail(name != NULL, NULL);
    list = obol_setting_list(section, members, name);
    if (*list == NULL && obol_node_get(section, name) == NULL) {
        g_strfreev(list);
        return NULL;
    }
    g_hash_table_insert(bus->lists, g_strdup(key), list);
    return (const char *const *) list;
}

GMainContext *
obol_bus_context(ObolBus *bus)
{
    return bus->context;
}

gint64
obol_bus_now_us(ObolBus *bus G_GNUC_UNUSED)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

const ObolCrypto *
obol_bus_crypto(ObolBus *bus)
{
    return bus->crypto;
}

ObolCrypto *
obol_bus_crypto_registry(ObolBus *bus)
{
    return bus->crypto;
}

void
obol_bus_set_control(ObolBus *bus, ObolControl *control)
{
    bus->control = control;
}

ObolControl *
obol_bus_control(ObolBus *bus)
{
    return bus->control;
}
