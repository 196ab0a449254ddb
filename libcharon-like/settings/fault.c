/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/fault.c - messages with a place, the source line and a caret. */
#include "settings/fault.h"

#include <string.h>

#include "settings/tree.h"

#define SHOWN_BEFORE 60 /* characters of a long line before the caret, and after it */
#define SHOWN_AFTER 60

/* The line as a terminal may be given it, around the column, and a caret under the column.  A tab stays a tab in both, so
 * that the caret stands right whatever the terminal makes of it; what could steer a terminal becomes "?". */
static void
append_excerpt(GString *out, const char *line, guint column)
{
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    g_autoptr(GString) below = g_string_new(NULL);
    guint at = 1;

    g_string_append(out, "\n  ");
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p), at++) {
        gunichar c = g_utf8_get_char(p);

        if (at + SHOWN_BEFORE < column)
            continue;
        if (at > column + SHOWN_AFTER)
            break;
        if (c == '\t' || g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else
            g_string_append_c(out, '?');
        if (at < column)
            g_string_append_c(below, c == '\t' ? '\t' : ' ');
    }
    for (; at < column; at++)
        g_string_append_c(below, ' ');
    g_string_append_printf(out, "\n  %s^", below->str);
}

/* What is wrong, in one line and fit for a terminal: words of the settings may be in it. */
static void
append_message(GString *out, const char *message)
{
    g_autofree char *valid = g_utf8_make_valid(message, -1);

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(out, g_unichar_isprint(c) ? c : '?');
    }
}

/* FALSE when there are more than are told. */
static gboolean
begin(ObolFaults *faults, ObolSettingsError code)
{
    if (faults->n++ == 0) {
        faults->code = code;
        faults->text = g_string_new(NULL);
    }
    if (faults->n > OBOL_FAULTS_MAX)
        return FALSE;
    if (faults->text->len > 0)
        g_string_append_c(faults->text, '\n');
    return TRUE;
}

static void
add(ObolFaults *faults, ObolSettingsError code, const ObolPlace *at, const char *format, va_list args)
{
    g_autofree char *message = NULL;

    if (!begin(faults, code))
        return;
    message = g_strdup_vprintf(format, args);
    if (at->line > 0)
        g_string_append_printf(faults->text, "%s:%u:%u: ", at->file, at->line, at->column);
    else if (at->file != NULL && !g_str_equal(at->file, OBOL_CONTROL_FILE))
        g_string_append_printf(faults->text, "%s: ", at->file);
    append_message(faults->text, message);
    if (at->source_line != NULL)
        append_excerpt(faults->text, at->source_line, at->column);
}

void
obol_faults_add_at(ObolFaults *faults, ObolSettingsError code, const ObolPlace *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(faults, code, at, format, args);
    va_end(args);
}

void
obol_faults_add(ObolFaults *faults, ObolSettingsError code, const ObolNode *at, const char *format, ...)
{
    const ObolPlace place = { .file = at->file, .line = at->line, .column = at->column, .source_line = at->source_line };
    va_list args;

    va_start(args, format);
    add(faults, code, &place, format, args);
    va_end(args);
}

void
obol_faults_take_error(ObolFaults *faults, GError *error)
{
    ObolSettingsError code = error->domain == OBOL_SETTINGS_ERROR ? (ObolSettingsError) error->code
                                                                  : OBOL_SETTINGS_ERROR_VALUE;

    if (begin(faults, code))
        g_string_append(faults->text, error->message); /* several lines, each in order already */
    g_error_free(error);
}

void
obol_faults_add_twins(ObolFaults *faults, const ObolNode *section)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *item = section->items->pdata[i];
        const ObolNode *first = g_hash_table_lookup(seen, item->name);

        if (first == NULL)
            g_hash_table_insert(seen, item->name, (gpointer) item);
        else if (first->line == 0)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, item, "%s: stands here twice", item->name);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, item, "%s: stands already at %s:%u:%u", item->name,
                            first->file, first->line, first->column);
    }
}

gboolean
obol_faults_finish(ObolFaults *faults, GError **error)
{
    gboolean none = faults->n == 0;

    if (faults->n > OBOL_FAULTS_MAX)
        g_string_append_printf(faults->text, "\n... and %u more", faults->n - OBOL_FAULTS_MAX);
    if (!none)
        g_set_error_literal(error, OBOL_SETTINGS_ERROR, (int) faults->code, faults->text->str);
    if (faults->text != NULL)
        g_string_free(faults->text, TRUE);
    *faults = (ObolFaults) { 0 };
    return none;
}
