/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/vectors.c - files of test vectors. */
#include "lib/vectors.h"

#include <string.h>

struct Vector {
    GHashTable *values;
    char *sections;
};

static void
vector_free(gpointer data)
{
    Vector *vector = data;

    g_hash_table_unref(vector->values);
    g_free(vector->sections);
    g_free(vector);
}

static Vector *
vector_new(const GString *sections)
{
    Vector *vector = g_new(Vector, 1);

    vector->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    vector->sections = g_strdup(sections->str);
    return vector;
}

static void
take_value(Vector *vector, char *line, char *equals)
{
    *equals = '\0';
    g_hash_table_replace(vector->values, g_strdup(g_strstrip(line)), g_strdup(g_strstrip(equals + 1)));
}

GPtrArray *
vectors_load(const char *path)
{
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, path, NULL), *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) sections = g_string_new(NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func(vector_free);
    gboolean in_sections = FALSE;
    Vector *vector = NULL;

    g_file_get_contents(file, &text, NULL, &error);
    g_assert_no_error(error);
    for (char *line = text, *next; line != NULL; line = next) {
        char *equals = strchr(line, '=');

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (next != NULL && equals != NULL && equals >= next)
            equals = NULL;
        g_strstrip(line);
        if (*line == '[') {
            if (!in_sections)
                g_string_truncate(sections, 0);
            g_string_append(sections, line);
            in_sections = TRUE;
            vector = NULL;
        } else if (*line == '\0') {
            vector = NULL;
        } else if (*line != '#' && (equals = strchr(line, '=')) != NULL) {
            in_sections = FALSE;
            if (vector == NULL)
                g_ptr_array_add(list, vector = vector_new(sections));
            take_value(vector, line, equals);
        }
    }
    g_assert_cmpuint(list->len, >, 0);
    return list;
}

gboolean
vector_has(const Vector *vector, const char *name)
{
    return g_hash_table_contains(vector->values, name);
}

const char *
vector_text(const Vector *vector, const char *name)
{
    const char *text = g_hash_table_lookup(vector->values, name);

    return text != NULL ? text : "";
}

GByteArray *
vector_bytes(const Vector *vector, const char *name)
{
    const char *hex = vector_text(vector, name);
    GByteArray *out = g_byte_array_new();

    g_assert_cmpuint(strlen(hex) % 2, ==, 0);
    for (; *hex != '\0'; hex += 2) {
        int high = g_ascii_xdigit_value(hex[0]), low = g_ascii_xdigit_value(hex[1]);
        guint8 byte = (guint8) (high << 4 | low);

        g_assert_true(high >= 0 && low >= 0);
        g_byte_array_append(out, &byte, 1);
    }
    return out;
}

gboolean
vector_in(const Vector *vector, const char *section)
{
    return strstr(vector->sections, section) != NULL;
}
