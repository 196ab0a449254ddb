/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/get.c - typed values of a checked section, with the schema's defaults. */
#include "settings/tree.h"

#include <string.h>

const char *
obol_setting_text(const ObolNode *section, const ObolSettingSpec *members, const char *name)
{
    const ObolSettingSpec *spec = obol_spec_find(members, name);
    const ObolNode *node = obol_node_get(section, name);
    const char *text;
    gint64 choice;

    g_return_val_if_fail(spec != NULL, NULL);
    text = node != NULL && node->kind == OBOL_NODE_VALUE ? node->value : spec->fallback;
    /* The schema's spelling of a choice, whatever case it was written in. */
    if (text != NULL && spec->type == OBOL_TYPE_ENUM && obol_value_parse(spec, text, &choice))
        return spec->choices[choice];
    return text;
}

gint64
obol_setting_number(const ObolNode *section, const ObolSettingSpec *members, const char *name)
{
    const ObolSettingSpec *spec = obol_spec_find(members, name);
    const char *text = obol_setting_text(section, members, name);
    gint64 number = 0;

    if (spec != NULL && text != NULL)
        obol_value_parse(spec, text, &number);
    return number;
}

static char **
split(const char *text)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **word = words; *word != NULL; word++) {
        g_strstrip(*word);
        if (**word != '\0')
            g_ptr_array_add(out, g_strdup(*word));
    }
    g_ptr_array_add(out, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

char **
obol_setting_list(const ObolNode *section, const ObolSettingSpec *members, const char *name)
{
    const ObolSettingSpec *spec = obol_spec_find(members, name);
    const ObolNode *node = obol_node_get(section, name);
    g_autoptr(GPtrArray) out = NULL;

    g_return_val_if_fail(spec != NULL, g_new0(char *, 1));
    if (node == NULL || node->kind == OBOL_NODE_SECTION)
        return split(spec->fallback != NULL ? spec->fallback : "");
    if (node->kind == OBOL_NODE_VALUE)
        return split(node->value);
    out = g_ptr_array_new();
    for (guint i = 0; i < node->items->len; i++) {
        const ObolNode *item = node->items->pdata[i];

        if (item->kind == OBOL_NODE_VALUE)
            g_ptr_array_add(out, g_strdup(item->value));
    }
    g_ptr_array_add(out, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&out), FALSE);
}
