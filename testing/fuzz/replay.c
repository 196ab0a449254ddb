/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/replay.c - every target over its corpus, without a fuzzer: `replay`, or `replay NAME FILE...`. */
#include <glib.h>
#include <string.h>

typedef int (*FuzzFunc)(const guint8 *data, gsize n);

#define OBOL_TARGET(name) int obol_fuzz_##name(const guint8 *data, gsize n);
#include "fuzz/targets.h"
#undef OBOL_TARGET

static const struct { const char *name; FuzzFunc run; } targets[] = {
#define OBOL_TARGET(name) { #name, obol_fuzz_##name },
#include "fuzz/targets.h"
#undef OBOL_TARGET
};

/* On an exact heap copy, so that a sanitizer sees one byte too far. */
static void
run_file(FuzzFunc run, const char *path)
{
    g_autofree char *contents = NULL;
    g_autofree guint8 *exact = NULL;
    g_autoptr(GError) error = NULL;
    gsize n;

    g_file_get_contents(path, &contents, &n, &error);
    g_assert_no_error(error);
    exact = g_memdup2(contents, n);
    g_assert_cmpint(run(exact, n), ==, 0);
}

static void
test_corpus_is_survived(gconstpointer data)
{
    gsize target = GPOINTER_TO_SIZE(data);
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", targets[target].name, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        run_file(targets[target].run, path);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *path = g_strdup_printf("/fuzz/%s/corpus-is-survived", targets[i].name);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_corpus_is_survived);
        for (int j = 2; argc > 2 && j < argc && strcmp(argv[1], targets[i].name) == 0; j++)
            run_file(targets[i].run, argv[j]);
    }
    return argc > 2 ? 0 : g_test_run();
}
