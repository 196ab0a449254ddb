/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/check.c - a tree against a schema: keys, types, ranges, and what can not be honoured yet. */
#include "settings/tree.h"

#include <string.h>

#include "settings/fault.h"

static gboolean
in_family(const ObolSettingSpec *spec)
{
    return spec->name[strlen(spec->name) - 1] == '*';
}

const ObolSettingSpec *
obol_spec_find(const ObolSettingSpec *members, const char *name)
{
    const ObolSettingSpec *family = NULL;

    for (; members->name != NULL; members++) {
        if (g_str_equal(members->name, name))
            return members;
        if (in_family(members) && g_ascii_strncasecmp(members->name, name, strlen(members->name) - 1) == 0
            && (family == NULL || strlen(members->name) > strlen(family->name)))
            family = members;
    }
    return family;
}

static void
refuse_unknown(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *members)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *nearest;

    for (; members->name != NULL; members++)
        if ((members->only == NULL || members->only[0] != NULL) && members->name[0] != '*')
            g_ptr_array_add(names, g_strndup(members->name, strcspn(members->name, "*")));
    g_ptr_array_add(names, NULL);
    nearest = obol_nearest_name(node->name, (const char *const *) names->pdata);
    if (nearest != NULL)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_UNKNOWN, node, "%s: no such key; did you mean \"%s\"?", node->name,
                        nearest);
    else
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_UNKNOWN, node, "%s: no such key here", node->name);
}

/* "1s", "4G": bounds in the notation of the key's type. */
static char *
format_number(ObolSettingType type, gint64 number)
{
    static const struct {
        ObolSettingType type;
        gint64 unit;
        const char *suffix;
    } units[] = {
        { OBOL_TYPE_DURATION, G_TIME_SPAN_DAY, "d" },    { OBOL_TYPE_DURATION, G_TIME_SPAN_HOUR, "h" },
        { OBOL_TYPE_DURATION, G_TIME_SPAN_MINUTE, "m" }, { OBOL_TYPE_DURATION, G_TIME_SPAN_SECOND, "s" },
        { OBOL_TYPE_DURATION, G_TIME_SPAN_MILLISECOND, "ms" },
        { OBOL_TYPE_SIZE, 1 << 30, "G" },                { OBOL_TYPE_SIZE, 1 << 20, "M" },
        { OBOL_TYPE_SIZE, 1 << 10, "k" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (units[i].type == type && number != 0 && number % units[i].unit == 0)
            return g_strdup_printf("%" G_GINT64_FORMAT "%s", number / units[i].unit, units[i].suffix);
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *
join_words(const char *const *words)
{
    GString *out = g_string_new(NULL);

    for (gsize i = 0; words[i] != NULL; i++)
        g_string_append_printf(out, "%s\"%s\"", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
    return g_string_free(out, FALSE);
}

/* Is @text one of the values that can be honoured?  Compared as the type means them: "yes" is "true". */
static gboolean
honoured(const ObolSettingSpec *spec, const char *text)
{
    gint64 wanted, allowed;

    if (spec->only == NULL)
        return TRUE;
    obol_value_parse(spec, text, &wanted);
    for (const char *const *only = spec->only; *only != NULL; only++) {
        if (spec->type == OBOL_TYPE_TEXT || spec->type == OBOL_TYPE_LIST) {
            if (g_ascii_strcasecmp(*only, text) == 0)
                return TRUE;
        } else if (obol_value_parse(spec, *only, &allowed) && allowed == wanted) {
            return TRUE;
        }
    }
    return FALSE;
}

static void
refuse_dishonoured(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec, const char *text)
{
    if (spec->only[0] == NULL) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: can not be set: %s", node->name, spec->why);
    } else {
        g_autofree char *only = join_words(spec->only);
        g_autofree char *shown = g_strescape(text, NULL);

        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: \"%s\" can not be honoured, only %s: %s", node->name,
                        shown, only, spec->why);
    }
}

static void
refuse_type(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec)
{
    g_autofree char *shown = spec->secret || node->value == NULL ? NULL : g_strescape(node->value, NULL);
    const char *quote = shown != NULL ? "\"" : "";

    if (spec->type == OBOL_TYPE_ENUM) {
        g_autofree char *choices = join_words(spec->choices);
        const char *nearest = shown != NULL ? obol_nearest_name(node->value, spec->choices) : NULL;

        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: %s%s%s is none of %s%s%s%s", node->name, quote,
                        shown != NULL ? shown : "this", quote, choices, nearest != NULL ? "; did you mean \"" : "",
                        nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
        return;
    }
    obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: %s%s%s is not %s", node->name, quote,
                    shown != NULL ? shown : "this", quote, obol_type_phrase(spec->type));
}

static void
check_range(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec, gint64 number)
{
    g_autofree char *min = NULL, *max = NULL;
    gint64 highest = spec->max >= spec->min ? spec->max : G_MAXINT64; /* a row may have a lower bound alone */

    if ((spec->min == 0 && spec->max == 0) || (number >= spec->min && number <= highest))
        return;
    min = format_number(spec->type, spec->min);
    max = format_number(spec->type, highest);
    obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: %s is not between %s and %s", node->name, node->value, min,
                    max);
}

static void
check_exposure(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec)
{
    if (spec->secret && node->exposed)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_IO, node, "%s: others can read this file: chmod 600 %s", node->name,
                        node->file);
}

static void
check_value(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec)
{
    gint64 number;

    check_exposure(faults, node, spec);
    if (node->kind != OBOL_NODE_VALUE || strlen(node->value) != node->n_value || !obol_value_parse(spec, node->value, &number))
        refuse_type(faults, node, spec);
    else if (!honoured(spec, node->value))
        refuse_dishonoured(faults, node, spec, node->value);
    else
        check_range(faults, node, spec, number);
}

static void
check_list(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec)
{
    if (node->kind != OBOL_NODE_LIST) {
        if (node->n_value > 0 || node->kind == OBOL_NODE_SECTION)
            check_value(faults, node, spec);
        return;
    }
    for (guint i = 0; i < node->items->len; i++) {
        const ObolNode *item = node->items->pdata[i];

        if (item->kind != OBOL_NODE_VALUE || strlen(item->value) != item->n_value)
            refuse_type(faults, node, spec);
        else if (!honoured(spec, item->value))
            refuse_dishonoured(faults, node, spec, item->value);
        else
            continue;
        break;
    }
}

static void check_section(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, guint depth);

static void
check_sections(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec, guint depth)
{
    obol_faults_add_twins(faults, node);
    for (guint i = 0; i < node->items->len; i++) {
        const ObolNode *item = node->items->pdata[i];

        if (item->kind == OBOL_NODE_SECTION)
            check_section(faults, item, spec->members, depth + 1);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, item, "%s: \"%s\" holds sections, %s = { ... }", item->name,
                            spec->name, item->name);
    }
}

static void
check_node(ObolFaults *faults, const ObolNode *node, const ObolSettingSpec *spec, guint depth)
{
    switch (spec->type) {
    case OBOL_TYPE_SECTION:
    case OBOL_TYPE_SECTIONS:
        if (node->kind != OBOL_NODE_SECTION)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, node, "%s: is a section, %s = { ... }", node->name, node->name);
        else if (!honoured(spec, ""))
            refuse_dishonoured(faults, node, spec, "");
        else if (spec->type == OBOL_TYPE_SECTIONS)
            check_sections(faults, node, spec, depth);
        else
            check_section(faults, node, spec->members, depth + 1);
        return;
    case OBOL_TYPE_LIST:
        check_list(faults, node, spec);
        return;
    case OBOL_TYPE_TEXT:
    case OBOL_TYPE_BOOL:
    case OBOL_TYPE_INTEGER:
    case OBOL_TYPE_DURATION:
    case OBOL_TYPE_SIZE:
    case OBOL_TYPE_ENUM:
        check_value(faults, node, spec);
        return;
    }
}

/* "local_adrs" is no section of the family "local*", but a misspelt "local_addrs". */
static gboolean
takes_for_section(const ObolSettingSpec *spec, const ObolNode *node)
{
    return in_family(spec) && spec->type == OBOL_TYPE_SECTION && node->kind != OBOL_NODE_SECTION
           && strlen(node->name) >= strlen(spec->name);
}

static void
check_section(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, guint depth)
{
    if (members == NULL)
        return;
    if (depth > OBOL_SETTINGS_DEPTH_MAX) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_SYNTAX, section, "%s: sections are nested too deeply", section->name);
        return;
    }
    obol_faults_add_twins(faults, section);
    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *item = section->items->pdata[i];
        const ObolSettingSpec *spec = obol_spec_find(members, item->name);

        if (spec == NULL || takes_for_section(spec, item))
            refuse_unknown(faults, item, members);
        else
            check_node(faults, item, spec, depth);
    }
    for (; members->name != NULL; members++)
        if (members->required && obol_node_get(section, members->name) == NULL)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_MISSING, section, "%s: \"%s\" must be set",
                            section->name != NULL ? section->name : "settings", members->name);
}

gboolean
obol_settings_check(const ObolNode *tree, const ObolSettingSpec *schema, GError **error)
{
    ObolFaults faults = { 0 };

    if (tree->kind != OBOL_NODE_SECTION)
        obol_faults_add(&faults, OBOL_SETTINGS_ERROR_VALUE, tree, "%s: is a section", tree->name);
    else
        check_section(&faults, tree, schema, 0);
    return obol_faults_finish(&faults, error);
}
