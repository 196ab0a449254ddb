/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/hex.c - bytes that a test wants to show. */
#include "lib/hex.h"

#include <string.h>

GBytes *
obol_hex_parse(const char *text)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (const char *at = text; *at != '\0';) {
        if (*at == '#') {
            at += strcspn(at, "\n");
        } else if (g_ascii_isspace(*at) || *at == ':') {
            at++;
        } else if (g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1])) {
            guint8 byte = (guint8) (g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));

            g_byte_array_append(bytes, &byte, 1);
            at += 2;
        } else {
            return NULL;
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

char *
obol_hex_format(const guint8 *bytes, gsize n)
{
    GString *text = g_string_sized_new(2 * n);

    for (gsize i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}
