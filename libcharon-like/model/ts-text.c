/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/ts-text.c - traffic selectors as an admin writes and reads them: "10.0.0.0/8[tcp/443]". */
#include <obol/settings.h>
#include <obol/ts.h>

#include <string.h>

#define PORT_MAX 65535

/* The few that selectors speak of by name; any other by its number.  No file of the machine decides what a setting means. */
static const struct {
    const char *name;
    guint8 number;
} protocols[] = {
    { "icmp", 1 },  { "tcp", 6 },        { "udp", 17 },  { "dccp", 33 },     { "gre", 47 },
    { "esp", 50 },  { "ah", 51 },        { "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "ospf", 89 },
    { "sctp", 132 }, { "udplite", 136 },
};

static gboolean
parse_number(const char *text, guint64 max, guint64 *out)
{
    return g_ascii_string_to_unsigned(text, 10, 0, max, out, NULL);
}

static gboolean
parse_protocol(const char *text, ObolTs *out)
{
    guint64 number;

    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (g_ascii_strcasecmp(text, protocols[i].name) == 0) {
            out->protocol = protocols[i].number;
            return TRUE;
        }
    }
    if (*text == '\0' || g_ascii_strcasecmp(text, "any") == 0)
        return TRUE;
    if (!parse_number(text, 255, &number))
        return FALSE;
    out->protocol = (guint8) number;
    return TRUE;
}

static gboolean
parse_ports(const char *text, ObolTs *out)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 3);
    guint64 first, last;

    if (g_ascii_strcasecmp(text, "any") == 0 || g_str_equal(text, "%any"))
        return TRUE;
    if (g_ascii_strcasecmp(text, "opaque") == 0) {
        out->port_first = PORT_MAX;
        out->port_last = 0;
        return TRUE;
    }
    if (ends[0] == NULL || !parse_number(ends[0], PORT_MAX, &first))
        return FALSE;
    last = first;
    if (ends[1] != NULL && (ends[2] != NULL || !parse_number(ends[1], PORT_MAX, &last)))
        return FALSE;
    out->port_first = (guint16) first;
    out->port_last = (guint16) last;
    return first <= last;
}

/* "proto", "proto/ports" or "/ports", without the brackets. */
static gboolean
parse_upper(const char *text, ObolTs *out)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);

    return parts[0] != NULL && parse_protocol(parts[0], out) && (parts[1] == NULL || parse_ports(parts[1], out));
}

static gboolean
parse_prefix(const char *text, ObolTs *out)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    ObolAddress address;
    guint64 bits;
    gsize n;

    if (parts[0] == NULL || !obol_address_parse(parts[0], &address) || address.family == 0)
        return FALSE;
    n = obol_address_n_bytes(&address);
    bits = n * 8;
    if (parts[1] != NULL && !parse_number(parts[1], n * 8, &bits))
        return FALSE;
    out->family = address.family;
    memcpy(out->first, address.bytes, n);
    memcpy(out->last, address.bytes, n);
    for (gsize i = (gsize) bits; i < n * 8; i++) {
        out->first[i / 8] &= (guint8) ~(0x80 >> i % 8);
        out->last[i / 8] |= (guint8) (0x80 >> i % 8);
    }
    return TRUE;
}

static gboolean
parse_range(const char *first, const char *last, ObolTs *out)
{
    ObolAddress a, b;

    if (!obol_address_parse(first, &a) || !obol_address_parse(last, &b) || a.family == 0 || a.family != b.family
        || memcmp(a.bytes, b.bytes, sizeof a.bytes) > 0)
        return FALSE;
    out->family = a.family;
    memcpy(out->first, a.bytes, sizeof a.bytes);
    memcpy(out->last, b.bytes, sizeof b.bytes);
    return TRUE;
}

static gboolean
parse_addresses(const char *text, ObolTs *out)
{
    const char *dots = strstr(text, ".."), *dash = strchr(text, '-');
    const char *split = dots != NULL ? dots : dash;
    g_autofree char *first = NULL;

    if (g_str_equal(text, "dynamic"))
        return TRUE;
    if (split == NULL)
        return parse_prefix(text, out);
    first = g_strndup(text, (gsize) (split - text));
    return parse_range(first, split + (dots != NULL ? 2 : 1), out);
}

gboolean
obol_ts_parse(const char *text, ObolTs *out, GError **error)
{
    ObolTs ts = { .port_last = PORT_MAX };
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    char *bracket = strchr(stripped, '['), *end = strchr(stripped, ']');
    gboolean good = TRUE;

    if (bracket != NULL) {
        good = end != NULL && end > bracket && end[1] == '\0';
        *bracket = '\0';
        if (good) {
            *end = '\0';
            good = parse_upper(bracket + 1, &ts);
        }
    }
    if (!good || !parse_addresses(stripped, &ts)) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    "\"%s\" is no traffic selector: \"10.0.0.0/8\", \"10.0.0.1..10.0.0.9\" or \"dynamic\", then perhaps "
                    "\"[tcp/443]\"", text);
        return FALSE;
    }
    *out = ts;
    return TRUE;
}

static void
append_address(GString *out, guint16 family, const guint8 *bytes)
{
    ObolAddress address = { .family = family };
    char text[OBOL_ADDRESS_TEXT_MAX];

    memcpy(address.bytes, bytes, sizeof address.bytes);
    g_string_append(out, obol_address_format(&address, text));
}

static void
append_upper(GString *out, const ObolTs *ts)
{
    gboolean any_port = ts->port_first == 0 && ts->port_last == PORT_MAX;
    const char *name = NULL;

    if (ts->protocol == 0 && any_port)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(protocols) && name == NULL; i++)
        name = protocols[i].number == ts->protocol ? protocols[i].name : NULL;
    g_string_append_c(out, '[');
    if (name != NULL)
        g_string_append(out, name);
    else
        g_string_append_printf(out, "%u", ts->protocol);
    if (ts->port_first > ts->port_last)
        g_string_append(out, "/OPAQUE");
    else if (!any_port && ts->port_first == ts->port_last)
        g_string_append_printf(out, "/%u", ts->port_first);
    else if (!any_port)
        g_string_append_printf(out, "/%u-%u", ts->port_first, ts->port_last);
    g_string_append_c(out, ']');
}

char *
obol_ts_format(const ObolTs *ts)
{
    GString *out = g_string_new(NULL);
    int prefix = obol_ts_prefix(ts);

    if (ts->family == 0) {
        g_string_append(out, "dynamic");
    } else {
        append_address(out, ts->family, ts->first);
        if (prefix >= 0) {
            g_string_append_printf(out, "/%d", prefix);
        } else {
            g_string_append(out, "..");
            append_address(out, ts->family, ts->last);
        }
    }
    append_upper(out, ts);
    return g_string_free(out, FALSE);
}

char *
obol_ts_list_format(const GArray *list)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        g_autofree char *one = obol_ts_format(&g_array_index(list, ObolTs, i));

        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", one);
    }
    return g_string_free(out, FALSE);
}
