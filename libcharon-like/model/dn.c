/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/dn.c - distinguished names: just as much DER as a Name needs, bounded at every step. */
#include "model/dn.h"

#include <string.h>

#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_OID 0x06
#define DER_UTF8 0x0C
#define DER_PRINTABLE 0x13
#define DER_IA5 0x16

/* RFC 4519's attributes, with the string type that RFC 5280 appendix A gives each. */
static const struct {
    const char *name;
    const char *oid;
    guint8 n_oid;
    guint8 string;
} attributes[] = {
    { "CN", "\x55\x04\x03", 3, DER_UTF8 },
    { "SN", "\x55\x04\x04", 3, DER_UTF8 },
    { "serialNumber", "\x55\x04\x05", 3, DER_PRINTABLE },
    { "C", "\x55\x04\x06", 3, DER_PRINTABLE },
    { "L", "\x55\x04\x07", 3, DER_UTF8 },
    { "ST", "\x55\x04\x08", 3, DER_UTF8 },
    { "STREET", "\x55\x04\x09", 3, DER_UTF8 },
    { "O", "\x55\x04\x0A", 3, DER_UTF8 },
    { "OU", "\x55\x04\x0B", 3, DER_UTF8 },
    { "T", "\x55\x04\x0C", 3, DER_UTF8 },
    { "G", "\x55\x04\x2A", 3, DER_UTF8 },
    { "GN", "\x55\x04\x2A", 3, DER_UTF8 },
    { "UID", "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x01", 10, DER_UTF8 },
    { "DC", "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19", 10, DER_IA5 },
    { "E", "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01", 9, DER_IA5 },
    { "emailAddress", "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01", 9, DER_IA5 },
};

static void
put(GByteArray *out, guint8 tag, const guint8 *data, gsize n)
{
    guint8 head[4] = { tag, (guint8) n };
    gsize n_head = 2;

    if (n > 127) {
        head[1] = n > 255 ? 0x82 : 0x81;
        if (n > 255)
            head[n_head++] = (guint8) (n >> 8);
        head[n_head++] = (guint8) n;
    }
    g_byte_array_append(out, head, (guint) n_head);
    g_byte_array_append(out, data, (guint) n);
}

static gboolean
put_rdn(GByteArray *names, const char *type, const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++) {
        g_autoptr(GByteArray) pair = g_byte_array_new();
        g_autoptr(GByteArray) sequence = g_byte_array_new();

        if (g_ascii_strcasecmp(attributes[i].name, type) != 0)
            continue;
        put(pair, DER_OID, (const guint8 *) attributes[i].oid, attributes[i].n_oid);
        put(pair, attributes[i].string, (const guint8 *) value, strlen(value));
        put(sequence, DER_SEQUENCE, pair->data, pair->len);
        put(names, DER_SET, sequence->data, sequence->len);
        return TRUE;
    }
    return FALSE;
}

/* The end of a part: a comma or slash that no backslash precedes. */
static char *
next_part(char **rest, char separator)
{
    char *start = *rest, *to = *rest, *from = *rest;

    if (*start == '\0')
        return NULL;
    for (; *from != '\0' && *from != separator; from++) {
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from;
    }
    *rest = *from == '\0' ? from : from + 1;
    *to = '\0';
    return start;
}

gboolean
obol_dn_parse(const char *text, GByteArray *der)
{
    g_autofree char *copy = g_strdup(text);
    g_autoptr(GByteArray) names = g_byte_array_new();
    char *rest = *copy == '/' ? copy + 1 : copy, *part;
    char separator = *copy == '/' ? '/' : ',';

    while ((part = next_part(&rest, separator)) != NULL) {
        char *equals = strchr(part, '=');

        if (equals == NULL)
            return FALSE;
        *equals = '\0';
        if (!put_rdn(names, g_strstrip(part), g_strstrip(equals + 1)) || names->len > G_MAXUINT16)
            return FALSE;
    }
    put(der, DER_SEQUENCE, names->data, names->len);
    return names->len > 0 && names->len <= G_MAXUINT16;
}

/* Takes one element of @tag (0: any) off @from; FALSE when it is not there or runs over. */
static gboolean
get(ObolSpan *from, guint8 tag, ObolSpan *inside)
{
    gsize at = 2, n;

    if (from->n < 2 || (tag != 0 && from->data[0] != tag))
        return FALSE;
    n = from->data[1];
    if (n == 0x80 || n > 0x82)
        return FALSE;
    if (n > 0x80) {
        gsize n_length = n - 0x80;

        if (from->n < 2 + n_length)
            return FALSE;
        for (n = 0; at < 2 + n_length; at++)
            n = n << 8 | from->data[at];
    }
    if (from->n - at < n)
        return FALSE;
    *inside = (ObolSpan) { from->data + at, n };
    from->data += at + n;
    from->n -= at + n;
    return TRUE;
}

int
obol_dn_split(const guint8 *der, gsize n, ObolDnPart parts[OBOL_DN_RDNS_MAX])
{
    ObolSpan whole = { der, n }, names, set, pair;
    int found = 0;

    if (!get(&whole, DER_SEQUENCE, &names) || whole.n != 0)
        return -1;
    while (names.n > 0) {
        if (!get(&names, DER_SET, &set) || set.n == 0)
            return -1;
        while (set.n > 0) {
            if (found == OBOL_DN_RDNS_MAX || !get(&set, DER_SEQUENCE, &pair) || !get(&pair, DER_OID, &parts[found].oid)
                || !get(&pair, 0, &parts[found].value) || pair.n != 0)
                return -1;
            found++;
        }
    }
    return found;
}

static void
append_oid(GString *out, ObolSpan oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++) {
        if (attributes[i].n_oid == oid.n && memcmp(attributes[i].oid, oid.data, oid.n) == 0) {
            g_string_append(out, attributes[i].name);
            return;
        }
    }
    g_string_append_c(out, '#');
    for (gsize i = 0; i < oid.n; i++)
        g_string_append_printf(out, "%02x", oid.data[i]);
}

char *
obol_dn_format(const guint8 *der, gsize n)
{
    ObolDnPart parts[OBOL_DN_RDNS_MAX];
    int found = obol_dn_split(der, n, parts);
    GString *out;

    if (found < 0)
        return NULL;
    out = g_string_new(NULL);
    for (int i = 0; i < found; i++) {
        g_string_append(out, i > 0 ? ", " : "");
        append_oid(out, parts[i].oid);
        g_string_append_c(out, '=');
        for (gsize j = 0; j < parts[i].value.n; j++) {
            guint8 c = parts[i].value.data[j];

            if (c == ',' || c == '\\')
                g_string_append_c(out, '\\');
            if (g_ascii_isprint((char) c))
                g_string_append_c(out, (char) c);
            else
                g_string_append_printf(out, "\\%02x", c);
        }
    }
    return g_string_free(out, FALSE);
}
