/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-secrets.c - a `secrets` section becomes shared keys. */
#include "settings-test.h"

#include <glib/gstdio.h>

static ObolSharedKeys *
read_keys(const char *text, GError **error)
{
    g_autoptr(ObolNode) tree = tree_of(text);

    if (!obol_settings_check(tree, obol_schema, error))
        return NULL;
    return obol_shared_keys_from_tree(tree, error);
}

static void
assert_secret(const char *notation, const char *bytes, gsize n)
{
    g_autofree char *text = g_strdup_printf("secrets = { ike = { secret = \"%s\"; }; };", notation);
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolSharedKeys) keys = read_keys(text, &error);
    const ObolSharedKey *key;

    g_assert_no_error(error);
    key = obol_shared_keys_nth(keys, 0);
    g_assert_cmpmem(key->secret->bytes, key->secret->n, bytes, n);
}

static void
assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_keys(text, &error));
    assert_contains(error->message, message);
}

static void
test_notations(void)
{
    assert_secret("correct horse", "correct horse", 13);
    assert_secret("0x00fFab", "\x00\xff\xab", 3);
    assert_secret("0xabc", "\x0a\xbc", 2);
    assert_secret("0sAP+r", "\x00\xff\xab", 3);
    assert_secret("0sZm8=", "fo", 2);
    assert_secret("0sZg==", "f", 1);
    assert_secret("0sZm9vYmE", "fooba", 5);
}

static void
test_bad_notations(void)
{
    static const char *const bad[] = { "0x", "0xgg", "0s", "0sA", "0sZg=x", "0s====", "0sZ$==", "" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf("secrets = { ike = { secret = \"%s\"; }; };", bad[i]);

        assert_refused(text, "secret: ");
    }
}

static void
test_owners(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolSharedKeys) keys = read_keys("secrets = { lab = { id = [ \"a.example\", \"b.example\" ]; id-3 = \"C=CH, O=x, CN=y\";"
                                               " secret = \"x\"; }; ike2 = { secret = \"y\"; }; };", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(obol_shared_keys_n(keys), ==, 2);
    g_assert_cmpstr(obol_shared_keys_nth(keys, 0)->name, ==, "lab");
    g_assert_cmpuint(obol_shared_keys_nth(keys, 0)->owners->len, ==, 3);
    g_assert_cmpuint(obol_shared_keys_nth(keys, 1)->owners->len, ==, 0);
}

static void
test_refused(void)
{
    assert_refused("secrets = { ike = { id = \"a\"; }; };", "ike: needs either \"secret\" or \"file\"");
    assert_refused("secrets = { ike = { secret = \"a\"; file = \"b\"; }; };", "ike: needs either \"secret\" or \"file\"");
    assert_refused("secrets = { eap-x = { secret = \"a\"; }; };", "eap-x: can not be set: no EAP method is there.");
    assert_refused("secrets = { private-x = { file = \"a\"; }; };", "private-x: can not be set: certificates and private keys");
    assert_refused("secrets = { ike = { secret = \"a\"; id = \"keyid:\"; }; };", "id: ");
    assert_refused("secrets = { ike = { file = \"/nonexistent/x\"; }; };", "file: /nonexistent/x: ");
    assert_refused("secrets = { ike = 5; };", "ike");
}

static void
test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("obol-settings-XXXXXX", NULL);
    g_autofree char *conf = g_build_filename(dir, "a.conf", NULL), *psk = g_build_filename(dir, "a.psk", NULL);
    g_autoptr(ObolNode) tree = NULL;
    g_autoptr(ObolSharedKeys) keys = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *remedy = g_strdup_printf("others can read it: chmod 600 %s", psk);

    g_assert_true(g_file_set_contents(conf, "secrets = { ike = { file = \"a.psk\"; }; };", -1, NULL));
    g_assert_true(g_file_set_contents(psk, "geheim\n", -1, NULL));
    g_assert_no_errno(g_chmod(psk, 0644));
    tree = obol_settings_read_file(conf, &error);
    g_assert_no_error(error);
    g_assert_null(obol_shared_keys_from_tree(tree, &error));
    assert_contains(error->message, remedy);
    g_clear_error(&error);
    g_assert_no_errno(g_chmod(psk, 0600));
    keys = obol_shared_keys_from_tree(tree, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(obol_shared_keys_nth(keys, 0)->secret->bytes, obol_shared_keys_nth(keys, 0)->secret->n, "geheim", 6);
    g_unlink(psk);
    g_unlink(conf);
    g_rmdir(dir);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/secrets/text-hex-and-base64-are-read-as-swanctl-does", test_notations);
    g_test_add_func("/settings/secrets/a-broken-notation-is-refused", test_bad_notations);
    g_test_add_func("/settings/secrets/a-key-has-owners-or-is-anybody's", test_owners);
    g_test_add_func("/settings/secrets/what-is-no-shared-key-is-refused", test_refused);
    g_test_add_func("/settings/secrets/a-key-may-stand-in-a-file-of-its-own", test_file);
    return g_test_run();
}
