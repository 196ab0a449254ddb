/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - text for a terminal: nothing that a peer wrote may steer it. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

#include "plugins/vici/codec.h"

char *
ctl_clean(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);

        if (c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint(c)) {
            g_string_append_printf(out, "\\x%02x", (guchar) *text);
            text++;
        } else {
            g_string_append_unichar(out, c);
            text = g_utf8_next_char(text);
        }
    }
    return g_string_free(out, FALSE);
}

void
ctl_put(const Ctl *ctl, CtlInk ink, const char *format, ...)
{
    static const char *const codes[] = {
        [CTL_GOOD] = "32", [CTL_BAD] = "31", [CTL_WARN] = "33", [CTL_DIM] = "2", [CTL_BOLD] = "1",
    };
    g_autofree char *text = NULL, *clean = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    clean = ctl_clean(text);
    if (ctl->colored && ink != CTL_PLAIN)
        printf("\033[%sm%s\033[0m", codes[ink], clean);
    else
        fputs(clean, stdout);
}

const char *
ctl_value(const ObolNode *section, const char *key)
{
    const char *text = section != NULL ? obol_vici_text(section, key) : NULL;

    return text != NULL ? text : "";
}

gboolean
ctl_has(const ObolNode *section, const char *key)
{
    return section != NULL && obol_node_get(section, key) != NULL;
}

gint64
ctl_number(const ObolNode *section, const char *key)
{
    return g_ascii_strtoll(ctl_value(section, key), NULL, 10);
}

char *
ctl_duration(gint64 seconds)
{
    gint64 s = seconds < 0 ? -seconds : seconds;
    const char *sign = seconds < 0 ? "-" : "";

    if (s < 60)
        return g_strdup_printf("%s%" G_GINT64_FORMAT "s", sign, s);
    if (s < 3600)
        return g_strdup_printf("%s%" G_GINT64_FORMAT "m %" G_GINT64_FORMAT "s", sign, s / 60, s % 60);
    if (s < 86400)
        return g_strdup_printf("%s%" G_GINT64_FORMAT "h %" G_GINT64_FORMAT "m", sign, s / 3600, s % 3600 / 60);
    return g_strdup_printf("%s%" G_GINT64_FORMAT "d %" G_GINT64_FORMAT "h", sign, s / 86400, s % 86400 / 3600);
}

char *
ctl_bytes(const ObolNode *section, const char *key)
{
    guint64 n = g_ascii_strtoull(ctl_value(section, key), NULL, 10);
    g_autofree char *rounded = g_format_size_full(n, G_FORMAT_SIZE_IEC_UNITS);

    return n < 1024 ? g_strdup_printf("%" G_GUINT64_FORMAT " bytes", n)
                    : g_strdup_printf("%" G_GUINT64_FORMAT " bytes (%s)", n, rounded);
}

char *
ctl_joined(const ObolNode *section, const char *key, const char *none)
{
    const ObolNode *list = section != NULL ? obol_node_get(section, key) : NULL;
    GString *out = g_string_new(NULL);

    for (guint i = 0; list != NULL && list->items != NULL && i < list->items->len; i++) {
        const ObolNode *item = g_ptr_array_index(list->items, i);

        if (item->kind == OBOL_NODE_VALUE)
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", item->value);
    }
    if (out->len == 0)
        g_string_append(out, none);
    return g_string_free(out, FALSE);
}

char *
ctl_clock(gint64 real_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(real_us / G_USEC_PER_SEC);
    g_autofree char *text = time != NULL ? g_date_time_format(time, "%H:%M:%S") : g_strdup("?");

    return g_strdup_printf("%s.%03d", text, (int) (real_us % G_USEC_PER_SEC / 1000));
}
