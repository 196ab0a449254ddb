/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-read.c - files become trees in which every node knows its place; what is broken is told where it is. */
#include "settings/settings.h"

#include <glib/gstdio.h>
#include <libconfig.h>
#include <string.h>
#include <sys/stat.h>

static ObolNode *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolNode *root = obol_settings_read_text(text, strlen(text), "t.conf", &error);

    g_assert_no_error(error);
    return root;
}

static void
assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    ObolNode *root = obol_settings_read_text(text, strlen(text), "t.conf", &error);

    g_assert_null(root);
    g_assert_true(error->domain == OBOL_SETTINGS_ERROR);
    if (strstr(error->message, message) == NULL)
        g_error("%s\nis not in\n%s", message, error->message);
}

static const char *
value_of(const ObolNode *section, const char *name)
{
    const ObolNode *node = obol_node_get(section, name);

    g_assert_nonnull(node);
    return node->value;
}

static void
test_places(void)
{
    g_autoptr(ObolNode) root = read_text("# first\n\t/* a */ a = 1;\nb = {\n  c : \"x\" \"y\", d =\n   [ 1, 2 ]\n};");
    const ObolNode *b = obol_node_get(root, "b"), *d = obol_node_get(b, "d");

    g_assert_cmpuint(obol_node_get(root, "a")->line, ==, 2);
    g_assert_cmpuint(obol_node_get(root, "a")->column, ==, 10);
    g_assert_cmpstr(obol_node_get(root, "a")->file, ==, "t.conf");
    g_assert_cmpuint(b->line, ==, 3);
    g_assert_cmpstr(value_of(b, "c"), ==, "xy");
    g_assert_cmpuint(d->line, ==, 4);
    g_assert_cmpuint(d->column, ==, 16);
    g_assert_cmpuint(((ObolNode *) d->items->pdata[1])->line, ==, 5);
    g_assert_cmpuint(((ObolNode *) d->items->pdata[1])->column, ==, 9);
    g_assert_cmpstr(d->source_line, ==, "  c : \"x\" \"y\", d =");
}

static void
test_text_is_kept(void)
{
    g_autoptr(ObolNode) root = read_text("a = 0x1F; b = TRUE; c = 1.80; d = -7L; e = 99999999999LL; f = \"\\x41\\t\\\"\\\\\"; g = ();");

    g_assert_cmpstr(value_of(root, "a"), ==, "0x1F");
    g_assert_cmpstr(value_of(root, "b"), ==, "TRUE");
    g_assert_cmpstr(value_of(root, "c"), ==, "1.80");
    g_assert_cmpstr(value_of(root, "d"), ==, "-7");
    g_assert_cmpstr(value_of(root, "e"), ==, "99999999999");
    g_assert_cmpstr(value_of(root, "f"), ==, "A\t\"\\");
    g_assert_cmpuint(obol_node_get(root, "g")->items->len, ==, 0);
}

static void
test_columns_count_characters(void)
{
    assert_refused("a = \"\xC3\xA4\xC3\xB6\"; b = x;", "t.conf:1:15: a text stands in quotes: \"x\"\n  a = \"\xC3\xA4\xC3\xB6\"; b = x;\n                ^");
    assert_refused("\t\ta = @;", "t.conf:1:7: ");
    assert_refused("\t\ta = x;", "\n  \t\ta = x;\n  \t\t    ^");
}

static void
test_wrapping_integers(void)
{
    static const char *const wrapping[] = { "2147483648", "-2147483649", "4294967296", "99999999999", "0xFFFFFFFF",
                                            "0x80000000", "9223372036854775808L", "99999999999999999999999" };

    for (gsize i = 0; i < G_N_ELEMENTS(wrapping); i++) {
        g_autofree char *text = g_strdup_printf("a = 1;\n  b = %s;", wrapping[i]);

        assert_refused(text, "t.conf:2:7: ");
        assert_refused(text, "does not fit into ");
    }
    obol_node_free(read_text("a = 2147483647; b = -2147483648; c = 0x7FFFFFFF; d = 9223372036854775807L;"));
}

static void
test_twins(void)
{
    assert_refused("a = 1;\nb = 2;\n a = 3;", "t.conf:3:2: a: stands already at t.conf:1:1\n   a = 3;\n   ^");
    assert_refused("s = { x = { }; x = { }; };", "t.conf:1:16: x: stands already at t.conf:1:7");
}

static void
test_unclosed(void)
{
    assert_refused("a = 1;\nb = \"x;\nc = 2;\n", "t.conf:2:5: this text has no closing quote on its line\n  b = \"x;\n      ^");
    assert_refused("a = 1;\n /* b\nc\n", "t.conf:2:2: this comment has no end");
    assert_refused("a = 1;\nb = {\n c = 1;\n", "t.conf:2:1: b: this section is not closed\n  b = {\n  ^");
    assert_refused("a = 1; };\n", "t.conf:1:8: this brace closes nothing");
}

static void
test_all_at_once(void)
{
    static const char text[] = "a = ;\nb = [ 1, ];\nc = yes;\nd = \"x\n\ne = { f == 1; g = 1; };\n@include \"x\"\nh = 1h;\n";

    assert_refused(text, "t.conf:1:5: expected a value here");
    assert_refused(text, "t.conf:2:10: a list does not end with a comma");
    assert_refused(text, "t.conf:3:5: a text stands in quotes: \"yes\"");
    assert_refused(text, "t.conf:4:5: this text has no closing quote");
    assert_refused(text, "t.conf:6:10: expected a value here");
    assert_refused(text, "t.conf:7:1: \"@include\" is not read");
    assert_refused(text, "t.conf:8:5: \"1h\" is no number");
}

static void
test_bounded(void)
{
    g_autoptr(GString) many = g_string_new(NULL);
    g_autofree char *deep = g_strnfill(100000, '('), *nested = g_strconcat("a = ", deep, NULL);
    g_autofree char *large = g_strnfill((1 << 20) + 1, ' ');
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 100000; i++)
        g_string_append(many, "=;");
    assert_refused(many->str, "... and ");
    g_assert_null(obol_settings_read_text(many->str, many->len, "t.conf", &error));
    g_assert_cmpuint(strlen(error->message), <, 10000);
    assert_refused(nested, "nested more than 16 deep");
    assert_refused(large, "is larger than 1048576 bytes");
}

static void
test_strange_bytes(void)
{
    g_autoptr(GError) error = NULL;

    assert_refused("\xEF\xBB\xBF" "a = 1;", "t.conf:1:1: the file begins with a byte order mark");
    assert_refused("a = 1;\n\x1b[31m = 2;", "\n  ?[31m = 2;\n  ^"); /* no terminal is steered */
    assert_refused("\xC3\xA4 = 2;", "t.conf:1:1: no value, name or sign begins so");
    g_assert_null(obol_settings_read_text("a = 1;\0b", 8, "t.conf", &error));
    g_assert_cmpstr(error->message, ==, "t.conf: holds a zero byte, so it is no text");
    assert_refused("a = \"\\x00\";", "t.conf:1:6: a text can not hold a zero byte");
    assert_refused("a = \"\\d\";", "t.conf:1:6: unknown escape");
}

/* Whatever is broken around it, a secret is in no message. */
static void
test_secrets_are_masked(void)
{
    static const char *const broken[] = {
        "s = { secret = \"geheim\"; id = x; };",
        "secret = \"geheim; x = 1",
        "secret = \"a\" \"geheim\" \"b; x = 1",
        "x = \"abc; secret = \"geheim\";",
        "secret : geheim;",
        "secret = \"geheim\"; secret = \"geheim\";",
        "secret\n=\n\"geheim",
        "secrte = \"geheim\"; x = y;",
        "my_Secrets = \"geheim\"; x = y;",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(obol_settings_read_text(broken[i], strlen(broken[i]), "t.conf", &error));
        if (strstr(error->message, "geheim") != NULL && i != 4) /* without quotes it is a name like others */
            g_error("%s", error->message);
    }
}

static void
test_secret_lines_are_masked(void)
{
    g_autoptr(ObolNode) root = read_text("s = { secret = \"geheim\"; };");

    g_assert_cmpstr(obol_node_get(root, "s")->source_line, ==, "s = { secret = \"******\"; };");
    g_assert_cmpstr(value_of(obol_node_get(root, "s"), "secret"), ==, "geheim");
}

static void
test_libconfig_has_the_last_word(void)
{
    assert_refused("a = 1;\nb = [ 1, \"x\" ];", "t.conf:2:1: "); /* arrays are of one type */
}

static void
compare(const ObolNode *node, const config_setting_t *setting)
{
    int n = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;

    g_assert_cmpstr(node->name, ==, config_setting_name(setting));
    g_assert_cmpint(node->items != NULL ? (int) node->items->len : 0, ==, n);
    g_assert_cmpint(node->kind == OBOL_NODE_SECTION, ==, config_setting_is_group(setting) != 0);
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        g_assert_cmpstr(node->value, ==, config_setting_get_string(setting));
    if (config_setting_type(setting) == CONFIG_TYPE_INT)
        g_assert_cmpint(g_ascii_strtoll(node->value, NULL, 0), ==, config_setting_get_int(setting));
    for (int i = 0; i < n; i++)
        compare(node->items->pdata[i], config_setting_get_elem(setting, (guint) i));
}

/* Our tree and libconfig's agree about everything that both accept. */
static void
test_agrees_with_libconfig(void)
{
    static const char text[] = "a = 1, b : { c = [ \"x\" \"\\x41\\n\", \"y\" ] d = ( 1, \"z\", { e = -0; } ) }; // f = 1\n"
                               "g-h_i* = [ ]; j = { }; # k\n/* l = 2; */ m = 1.5e3; n = false; o = 12L;";
    g_autoptr(ObolNode) root = NULL;
    config_t config;

    config_init(&config);
    if (config_read_string(&config, text) != CONFIG_TRUE)
        g_test_message("libconfig: %s in line %d", config_error_text(&config), config_error_line(&config));
    else {
        root = read_text(text);
        compare(root, config_root_setting(&config));
    }
    g_assert_nonnull(root);
    config_destroy(&config);
}

/* Every beginning of a good file gives a tree or an error, never more. */
static void
test_every_truncation(void)
{
    static const char text[] = "a = { b = [ \"x\\x41\", \"y\" ]; secret = \"s\" \"t\"; /* c */ d = ( { e = 0x1FL; } ); f = -1.5e+3; };\n";

    for (gsize n = 0; n < sizeof text; n++) {
        g_autofree char *part = g_memdup2(text, n + 1);
        g_autoptr(GError) error = NULL;
        g_autoptr(ObolNode) root = obol_settings_read_text(part, n, "t.conf", &error);

        g_assert_true((root == NULL) == (error != NULL));
    }
}

static void
test_files(void)
{
    g_autofree char *dir = g_dir_make_tmp("obol-settings-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "s.conf", NULL), *fifo = g_build_filename(dir, "fifo", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolNode) open_file = NULL, closed_file = NULL;

    g_assert_true(g_file_set_contents(path, "a = 1;", -1, NULL));
    g_assert_no_errno(g_chmod(path, 0644));
    open_file = obol_settings_read_file(path, NULL);
    g_assert_true(obol_node_get(open_file, "a")->exposed);
    g_assert_no_errno(g_chmod(path, 0600));
    closed_file = obol_settings_read_file(path, NULL);
    g_assert_false(obol_node_get(closed_file, "a")->exposed);
    g_assert_null(obol_settings_read_file(dir, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_IO);
    g_clear_error(&error);
    g_assert_no_errno(mkfifo(fifo, 0600)); /* must not wait for a writer */
    g_assert_null(obol_settings_read_file(fifo, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_IO);
    g_unlink(fifo);
    g_unlink(path);
    g_rmdir(dir);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/read/every-node-knows-its-place", test_places);
    g_test_add_func("/settings/read/numbers-and-truth-are-kept-as-written", test_text_is_kept);
    g_test_add_func("/settings/read/columns-count-characters-and-the-caret-stands-below", test_columns_count_characters);
    g_test_add_func("/settings/read/an-integer-that-libconfig-would-wrap-is-refused", test_wrapping_integers);
    g_test_add_func("/settings/read/a-key-that-stands-twice-names-both-places", test_twins);
    g_test_add_func("/settings/read/what-is-not-closed-is-told-at-its-beginning", test_unclosed);
    g_test_add_func("/settings/read/all-faults-of-a-file-are-told", test_all_at_once);
    g_test_add_func("/settings/read/size-depth-and-faults-are-bounded", test_bounded);
    g_test_add_func("/settings/read/strange-bytes-are-refused-and-never-printed", test_strange_bytes);
    g_test_add_func("/settings/read/a-secret-is-in-no-message", test_secrets_are_masked);
    g_test_add_func("/settings/read/a-secret-is-in-no-source-line", test_secret_lines_are_masked);
    g_test_add_func("/settings/read/libconfig-has-the-last-word", test_libconfig_has_the_last_word);
    g_test_add_func("/settings/read/the-tree-is-the-one-that-libconfig-sees", test_agrees_with_libconfig);
    g_test_add_func("/settings/read/every-truncation-gives-a-tree-or-an-error", test_every_truncation);
    g_test_add_func("/settings/read/only-bounded-regular-files-are-read", test_files);
    return g_test_run();
}
