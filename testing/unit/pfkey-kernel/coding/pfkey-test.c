/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/pfkey-test.c - what several tests of PF_KEY do. */
#include "unit/pfkey-kernel/coding/pfkey-test.h"

#include <string.h>

#include "lib/hex.h"

static void
golden_free(gpointer data)
{
    PfkeyGolden *golden = data;

    g_free(golden->name);
    g_bytes_unref(golden->bytes);
    g_free(golden);
}

GPtrArray *
pfkey_goldens(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "pfkey", "linux-6.1.txt", NULL), *text = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) lines = NULL;
    GPtrArray *goldens = g_ptr_array_new_with_free_func(golden_free);

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);
        PfkeyGolden *golden;

        if (**line == '#' || **line == '\0')
            continue;
        g_assert_cmpuint(g_strv_length(words), ==, 3);
        golden = g_new(PfkeyGolden, 1);
        golden->way = g_str_equal(words[0], "down") ? PFKEY_DOWN : PFKEY_UP;
        golden->name = g_strdup(words[1]);
        golden->bytes = obol_hex_parse(words[2]);
        g_assert_nonnull(golden->bytes);
        g_ptr_array_add(goldens, golden);
    }
    g_assert_cmpuint(goldens->len, >, 100);
    return goldens;
}

const PfkeyGolden *
pfkey_golden(const GPtrArray *goldens, PfkeyWay way, const char *name)
{
    for (guint i = 0; i < goldens->len; i++) {
        const PfkeyGolden *golden = goldens->pdata[i];

        if (golden->way == way && g_str_equal(golden->name, name))
            return golden;
    }
    g_error("no golden message %s", name);
}

PfkeyDecoded *
pfkey_decode(const PfkeySystem *system, const guint8 *bytes, gsize n)
{
    PfkeyDecoded *decoded = g_new(PfkeyDecoded, 1);

    memset(decoded, 0xa5, sizeof *decoded); /* the decoder must not count on zeroes */
    decoded->bytes = g_memdup2(bytes, n);
    decoded->n = n;
    decoded->valid = pfkey_message_decode(system, decoded->bytes, n, &decoded->message, &decoded->fault);
    return decoded;
}

PfkeyDecoded *
pfkey_decode_golden(const PfkeyGolden *golden)
{
    PfkeyDecoded *decoded = pfkey_decode(&pfkey_linux, g_bytes_get_data(golden->bytes, NULL), g_bytes_get_size(golden->bytes));
    g_autofree char *text = pfkey_fault_text(&decoded->fault);

    if (!decoded->valid)
        g_error("%s: %s", golden->name, text);
    return decoded;
}

void
pfkey_decoded_free(PfkeyDecoded *decoded)
{
    if (decoded == NULL)
        return;
    g_free(decoded->bytes);
    g_free(decoded);
}

void
pfkey_assert_sane(const PfkeySystem *system, const guint8 *bytes, gsize n)
{
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode(system, bytes, n);
    g_auto(PfkeyBuffer) encoded = PFKEY_BUFFER_INIT;
    g_autofree char *summary = NULL, *dump = NULL, *text = NULL;
    PfkeyFault fault;

    if (!decoded->valid) {
        g_assert_nonnull(decoded->fault.rule);
        g_assert_cmpuint(decoded->fault.offset, <=, n);
        text = pfkey_fault_text(&decoded->fault);
        return;
    }
    g_assert_null(decoded->fault.rule);
    pfkey_encode(system, &decoded->message, &encoded);
    g_assert_cmpmem(encoded.data, encoded.n, bytes, n);
    summary = pfkey_message_summary(&decoded->message);
    dump = pfkey_message_dump(&decoded->message);
    g_assert_true(g_utf8_validate(summary, -1, NULL));
    g_assert_true(g_utf8_validate(dump, -1, NULL));
    pfkey_message_check(&decoded->message, PFKEY_UP, &fault);
    pfkey_message_check(&decoded->message, PFKEY_DOWN, &fault);
}

void
pfkey_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyBuffer *out)
{
    PfkeyFault fault;

    if (!pfkey_message_encode(system, message, out, &fault)) {
        g_autofree char *text = pfkey_fault_text(&fault);

        g_error("can not be encoded: %s", text);
    }
}

void
pfkey_assert_fault(const PfkeyFault *fault, PfkeyExtension extension, const char *rule)
{
    g_assert_nonnull(fault->rule);
    if (strstr(fault->rule, rule) == NULL)
        g_assert_cmpstr(fault->rule, ==, rule);
    g_assert_cmpstr(pfkey_extension_name(fault->extension), ==, pfkey_extension_name(extension));
}
