/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/plugin.c - one plugin: its file, its descriptor, and which of its features can be used at all. */
#include "bus/internal.h"

#include <string.h>

#include "settings/settings.h"

#define DESCRIPTOR_MIN (G_STRUCT_OFFSET(ObolPlugin, features) + sizeof(gpointer)) /* as of ABI 1.0 */

void
obol_feature_leave_out(Feature *feature, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(feature->refusal);
    feature->refusal = g_strdup_vprintf(format, args);
    feature->state = FEATURE_LEFT_OUT;
    va_end(args);
}

static void
feature_free(gpointer data)
{
    Feature *feature = data;

    g_free(feature->id);
    g_free(feature->refusal);
    g_free(feature);
}

void
obol_plugin_free(Plugin *plugin)
{
    g_ptr_array_unref(plugin->features);
    g_free(plugin->refusal);
    g_free(plugin->name);
    g_free(plugin);
}

static Plugin *
plugin_alloc(const char *name, gint64 rank)
{
    Plugin *plugin = g_new0(Plugin, 1);

    plugin->name = g_strdup(name);
    plugin->rank = rank;
    plugin->features = g_ptr_array_new_with_free_func(feature_free);
    return plugin;
}

/* Copies the provider's table into ours, and looks whether what must be there is there. */
static gboolean
read_calls(Feature *feature, const RoleInfo *role)
{
    const ObolRoleCalls *theirs = (const ObolRoleCalls *) feature->declared->kernel;

    if (theirs == NULL) {
        obol_feature_leave_out(feature, "has no table of functions");
        return FALSE;
    }
    if (theirs->size < sizeof(gsize) || theirs->size > 1 << 16) {
        obol_feature_leave_out(feature, "its table says to be %" G_GSIZE_FORMAT " bytes long", theirs->size);
        return FALSE;
    }
    memcpy(&feature->calls, theirs, MIN(theirs->size, role->size));
    for (gsize i = 0; i < G_N_ELEMENTS(role->required) && role->required[i] != 0; i++) {
        gpointer slot;

        memcpy(&slot, (const guint8 *) &feature->calls + role->required[i], sizeof slot);
        if (slot == NULL) {
            obol_feature_leave_out(feature, "lacks a function that every %s must have (at byte %" G_GSIZE_FORMAT ")",
                                   role->name, role->required[i]);
            return FALSE;
        }
    }
    return TRUE;
}

void
obol_plugin_read_features(Plugin *plugin)
{
    const ObolFeature *declared = plugin->descriptor.features;

    for (; declared != NULL && declared->role != OBOL_ROLE_END && plugin->features->len < FEATURES_MAX; declared++) {
        Feature *feature = g_new0(Feature, 1);

        feature->plugin = plugin;
        feature->declared = declared;
        feature->id = g_strdup_printf("%s/%s", obol_role_name(declared->role), declared->name != NULL ? declared->name : "");
        g_ptr_array_add(plugin->features, feature);
        if ((guint) declared->role >= OBOL_N_ROLES)
            obol_feature_leave_out(feature, "role %u is of a newer ABI than %u.%u", (guint) declared->role, OBOL_ABI_MAJOR,
                                   OBOL_ABI_MINOR);
        else if (declared->name == NULL || *declared->name == '\0')
            obol_feature_leave_out(feature, "has no name");
        else
            read_calls(feature, &obol_role_infos[declared->role]);
    }
}

Plugin *
obol_plugin_new(const ObolPlugin *descriptor, const char *name, gint64 rank)
{
    Plugin *plugin = plugin_alloc(name, rank);

    if (descriptor->abi >> 16 != OBOL_ABI_MAJOR) {
        plugin->refusal = g_strdup_printf("is built for plugin ABI %u, this daemon has %u", descriptor->abi >> 16, OBOL_ABI_MAJOR);
        return plugin;
    }
    if (descriptor->size < DESCRIPTOR_MIN) {
        plugin->refusal = g_strdup_printf("its descriptor is %u bytes long, at least %" G_GSIZE_FORMAT " are needed",
                                          descriptor->size, (gsize) DESCRIPTOR_MIN);
        return plugin;
    }
    memcpy(&plugin->descriptor, descriptor, MIN(descriptor->size, sizeof plugin->descriptor));
    if (plugin->descriptor.name == NULL || !g_str_equal(plugin->descriptor.name, name)) {
        plugin->refusal = g_strdup_printf("calls itself \"%s\"",
                                          plugin->descriptor.name != NULL ? plugin->descriptor.name : "");
        return plugin;
    }
    obol_plugin_read_features(plugin);
    return plugin;
}

static char *
find_file(const char *directories, const char *name)
{
    g_auto(GStrv) folders = g_strsplit(directories, ":", -1);
    g_autofree char *file = g_strdup_printf("%s." G_MODULE_SUFFIX, name);

    for (char **folder = folders; *folder != NULL; folder++) {
        g_autofree char *path = g_build_filename(*folder, file, NULL);

        if (**folder != '\0' && g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

Plugin *
obol_plugin_open(const char *directories, const char *name, gint64 rank)
{
    g_autofree char *path = strchr(name, G_DIR_SEPARATOR) == NULL ? find_file(directories, name) : NULL;
    Plugin *plugin = plugin_alloc(name, rank);
    GModule *module;
    gpointer symbol;

    if (path == NULL) {
        plugin->refusal = g_strdup_printf("there is no %s." G_MODULE_SUFFIX " in %s", name, directories);
        return plugin;
    }
    module = g_module_open(path, G_MODULE_BIND_LOCAL);
    if (module == NULL) {
        plugin->refusal = g_strdup(g_module_error());
        return plugin;
    }
    /* Never unloaded: threads, atexit handlers and type registrations of a library below it would outlive its code. */
    g_module_make_resident(module);
    if (!g_module_symbol(module, OBOL_PLUGIN_SYMBOL, &symbol) || symbol == NULL) {
        plugin->refusal = g_strdup_printf("%s exports no " OBOL_PLUGIN_SYMBOL, path);
        return plugin;
    }
    obol_plugin_free(plugin);
    return obol_plugin_new(symbol, name, rank);
}

gboolean
obol_plugin_check(const Plugin *plugin, const ObolNode *settings, GError **error)
{
    static const ObolSettingSpec no_keys[] = { { .name = NULL } };
    const ObolNode *section = obol_node_get(settings, plugin->name);
    g_autoptr(ObolNode) own = NULL;

    if (section == NULL)
        return TRUE;
    own = obol_node_dup(section);
    for (guint i = own->items->len; i > 0; i--) {
        const ObolNode *item = own->items->pdata[i - 1];

        if (g_str_equal(item->name, "load"))
            g_ptr_array_remove_index(own->items, i - 1);
    }
    return obol_settings_check(own, plugin->descriptor.settings != NULL ? plugin->descriptor.settings : no_keys, error);
}

/* `load`: truth, or a rank above zero; a section without it is there because somebody wants the plugin.  -1: neither. */
static gint64
rank_of(const ObolNode *section)
{
    const ObolNode *load = obol_node_get(section, "load");
    gint64 rank = 1;

    if (load == NULL)
        return rank;
    if (load->kind != OBOL_NODE_VALUE || (!obol_integer_parse(load->value, &rank) && !obol_bool_parse(load->value, &rank)))
        return -1;
    return rank;
}

static gint
by_rank(gconstpointer a, gconstpointer b)
{
    const ObolNode *const *left = a, *const *right = b;
    gint64 x = rank_of(*left), y = rank_of(*right);

    return x != y ? (x < y) - (x > y) : strcmp((*left)->name, (*right)->name);
}

GPtrArray *
obol_plugins_chosen(const ObolNode *settings, const char *directories)
{
    g_autoptr(GPtrArray) sections = g_ptr_array_new();
    GPtrArray *plugins = g_ptr_array_new_with_free_func((GDestroyNotify) obol_plugin_free);

    for (guint i = 0; settings != NULL && i < settings->items->len; i++)
        g_ptr_array_add(sections, settings->items->pdata[i]);
    g_ptr_array_sort(sections, by_rank);
    for (guint i = 0; i < sections->len; i++) {
        const ObolNode *section = sections->pdata[i];
        gint64 rank = rank_of(section);

        if (rank > 0) {
            g_ptr_array_add(plugins, obol_plugin_open(directories, section->name, rank));
        } else {
            Plugin *plugin = plugin_alloc(section->name, rank);

            plugin->refusal = g_strdup(rank == 0 ? "is switched off by load = no" : "load: is yes, no, or a rank above zero");
            g_ptr_array_add(plugins, plugin);
        }
    }
    return plugins;
}
