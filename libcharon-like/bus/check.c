/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/check.c - all that a start would find wrong in the files, without a start. */
#include "bus/internal.h"
#include "settings/fault.h"
#include "settings/settings.h"

/* Settings of the plugins that are chosen, by their own schemas; and what is chosen and can not be loaded. */
static void
check_plugins(ObolFaults *faults, const ObolNode *tree, const char *directories)
{
    const ObolNode *settings = obol_node_get(tree, "plugins");
    g_autoptr(GPtrArray) plugins = obol_plugins_chosen(settings, directories);

    for (guint i = 0; i < plugins->len; i++) {
        const Plugin *plugin = plugins->pdata[i];
        GError *error = NULL;

        if (plugin->refusal == NULL && !obol_plugin_check(plugin, settings, &error))
            obol_faults_take_error(faults, error);
        else if (plugin->refusal != NULL && plugin->rank != 0)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, obol_node_get(settings, plugin->name), "%s: %s", plugin->name,
                            plugin->refusal);
    }
}

gboolean
obol_settings_check_dir(const char *config_dir, const char *plugin_dir, GError **error)
{
    g_autoptr(ObolNode) tree = obol_settings_read_dir(config_dir, error);
    g_autoptr(ObolConnectionSet) connections = NULL;
    g_autoptr(ObolSharedKeys) keys = NULL;
    ObolFaults faults = { 0 };
    GError *inner = NULL;

    if (tree == NULL)
        return FALSE;
    if (!obol_settings_check(tree, obol_schema, &inner))
        obol_faults_take_error(&faults, g_steal_pointer(&inner));
    if (plugin_dir != NULL)
        check_plugins(&faults, tree, plugin_dir);
    /* What the schema can not say is looked at only where the schema is content: the readers rely on it. */
    if (faults.n == 0) {
        connections = obol_connections_from_tree(tree, &inner);
        if (connections == NULL)
            obol_faults_take_error(&faults, g_steal_pointer(&inner));
        keys = obol_shared_keys_from_tree(tree, &inner);
        if (keys == NULL)
            obol_faults_take_error(&faults, g_steal_pointer(&inner));
    }
    return obol_faults_finish(&faults, error);
}
