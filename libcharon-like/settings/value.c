/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/value.c - texts to numbers: integers, durations, sizes, truth. */
#include "settings/tree.h"

#include <string.h>

/* Decimal digits or 0x and hexadecimal ones, all of @n bytes; no sign, no octal surprise. */
static gboolean
parse_digits(const char *text, gsize n, guint64 *out)
{
    guint base = 10;
    guint64 value = 0;

    if (n > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
        n -= 2;
    }
    if (n == 0)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0 || (guint) digit >= base || value > (G_MAXUINT64 - (guint) digit) / base)
            return FALSE;
        value = value * base + (guint) digit;
    }
    *out = value;
    return TRUE;
}

gboolean
obol_integer_parse(const char *text, gint64 *number)
{
    gboolean negative = text[0] == '-';
    guint64 value;

    if (text[0] == '-' || text[0] == '+')
        text++;
    if (!parse_digits(text, strlen(text), &value) || value > (guint64) G_MAXINT64)
        return FALSE;
    *number = negative ? -(gint64) value : (gint64) value;
    return TRUE;
}

gboolean
obol_bool_parse(const char *text, gint64 *number)
{
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1", "disabled", "enabled" };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *number = (gint64) (i % 2);
            return TRUE;
        }
    }
    return FALSE;
}

typedef struct {
    const char *suffix;
    gint64 factor;
} Unit;

/* Digits and one of @units; the unit without suffix is for bare digits. */
static gboolean
parse_with_unit(const char *text, const Unit *units, gint64 *out)
{
    gsize n = strspn(text, "0123456789");
    guint64 value;

    if (!parse_digits(text, n, &value))
        return FALSE;
    for (; units->suffix != NULL; units++) {
        if (g_ascii_strcasecmp(text + n, units->suffix) == 0) {
            if (value > (guint64) (G_MAXINT64 / units->factor))
                return FALSE;
            *out = (gint64) value * units->factor;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
obol_duration_parse(const char *text, gint64 *us)
{
    static const Unit units[] = {
        { "", G_TIME_SPAN_SECOND },  { "ms", G_TIME_SPAN_MILLISECOND }, { "s", G_TIME_SPAN_SECOND },
        { "m", G_TIME_SPAN_MINUTE }, { "h", G_TIME_SPAN_HOUR },         { "d", G_TIME_SPAN_DAY },
        { NULL, 0 },
    };

    return parse_with_unit(text, units, us);
}

gboolean
obol_size_parse(const char *text, gint64 *bytes)
{
    static const Unit units[] = {
        { "", 1 },          { "k", 1 << 10 },          { "m", 1 << 20 },
        { "g", 1 << 30 },   { "t", G_GINT64_CONSTANT(1) << 40 }, { NULL, 0 },
    };

    return parse_with_unit(text, units, bytes);
}

static gboolean
parse_choice(const char *const *choices, const char *text, gint64 *number)
{
    for (gint64 i = 0; choices[i] != NULL; i++) {
        if (g_ascii_strcasecmp(choices[i], text) == 0) {
            *number = i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
obol_value_parse(const ObolSettingSpec *spec, const char *text, gint64 *number)
{
    *number = 0;
    switch (spec->type) {
    case OBOL_TYPE_BOOL:
        return obol_bool_parse(text, number);
    case OBOL_TYPE_INTEGER:
        return obol_integer_parse(text, number);
    case OBOL_TYPE_DURATION:
        return obol_duration_parse(text, number);
    case OBOL_TYPE_SIZE:
        return obol_size_parse(text, number);
    case OBOL_TYPE_ENUM:
        return parse_choice(spec->choices, text, number);
    case OBOL_TYPE_TEXT:
    case OBOL_TYPE_LIST:
        return TRUE;
    case OBOL_TYPE_SECTION:
    case OBOL_TYPE_SECTIONS:
        return FALSE;
    }
    return FALSE;
}

const char *
obol_type_phrase(ObolSettingType type)
{
    switch (type) {
    case OBOL_TYPE_TEXT:
        return "a text";
    case OBOL_TYPE_BOOL:
        return "yes or no";
    case OBOL_TYPE_INTEGER:
        return "a whole number";
    case OBOL_TYPE_DURATION:
        return "a duration such as \"90s\", \"5m\", \"1h\", \"2d\" or \"200ms\"";
    case OBOL_TYPE_SIZE:
        return "a size such as \"512k\", \"10M\" or \"4G\"";
    case OBOL_TYPE_ENUM:
        return "one of its words";
    case OBOL_TYPE_LIST:
        return "a list of texts";
    case OBOL_TYPE_SECTION:
    case OBOL_TYPE_SECTIONS:
        return "a section";
    }
    return "a value";
}
