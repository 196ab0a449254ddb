/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-child-kernel.c - what a child asks of the kernel beside keys. */
#include "settings-test.h"

#define SIDES "local = { auth = \"psk\"; }; remote = { auth = \"psk\"; };"

static ObolConnection *
read_connection(const char *text, GError **error)
{
    g_autofree char *whole = g_strdup_printf("c = { %s };", text);
    g_autoptr(ObolNode) tree = tree_of(whole);
    const ObolNode *section = obol_node_get(tree, "c");

    return obol_settings_check(section, obol_schema_connection, error) ? obol_connection_from_node(section, error) : NULL;
}

/* A connection with one child "n" of these keys. */
static ObolConnection *
with_child(const char *keys)
{
    g_autofree char *text = g_strdup_printf(SIDES "children = { n = { %s }; };", keys);
    g_autoptr(GError) error = NULL;
    ObolConnection *connection = read_connection(text, &error);

    g_assert_no_error(error);
    return connection;
}

static void
assert_refused(const char *keys, const char *message)
{
    g_autofree char *text = g_strdup_printf(SIDES "children = { n = { %s }; };", keys);
    g_autoptr(GError) error = NULL;

    g_assert_null(read_connection(text, &error));
    assert_contains(error->message, message);
}

static void
assert_mark(const ObolMark *mark, guint32 value, guint32 mask)
{
    g_assert_cmphex(mark->value, ==, value);
    g_assert_cmphex(mark->mask, ==, mask);
}

static void
test_defaults(void)
{
    g_autoptr(ObolConnection) c = with_child("");
    const ObolChildConfig *n = obol_connection_child(c, "n");

    assert_mark(&n->mark_in, 0, 0);
    assert_mark(&n->set_mark_out, 0, 0);
    g_assert_cmpuint(n->sa_flags, ==, 0);
    g_assert_cmpint(n->offload, ==, OBOL_OFFLOAD_NO);
    g_assert_cmpint(n->action, ==, OBOL_POLICY_PROTECT);
    g_assert_true(n->replay_window_unset);
    g_assert_false(n->ipcomp || n->policies_fwd_out || n->mark_in_sa);
}

static void
test_marks(void)
{
    static const struct {
        const char *text;
        guint32 value, mask;
    } cases[] = {
        { "42", 42, 0xffffffff }, { "0x2a", 42, 0xffffffff }, { "0x12/0xf0", 0x10, 0xf0 }, { "0/0", 0, 0 }, { "0", 0, 0 },
        { "0/0xff", 0, 0xff }, { "4294967295/4294967295", 0xffffffff, 0xffffffff },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *keys = g_strdup_printf("mark_in = \"%s\"; set_mark_in = \"%%same\"; mark_out = \"1\";"
                                                "set_mark_out = \"%s\"; mark_in_sa = true;", cases[i].text, cases[i].text);
        g_autoptr(ObolConnection) c = with_child(keys);
        const ObolChildConfig *n = obol_connection_child(c, "n");

        assert_mark(&n->mark_in, cases[i].value, cases[i].mask);
        assert_mark(&n->set_mark_in, cases[i].value, cases[i].mask);
        assert_mark(&n->set_mark_out, cases[i].value, cases[i].mask);
        assert_mark(&n->mark_out, 1, 0xffffffff);
        g_assert_true(n->mark_in_sa);
    }
}

static void
test_what_is_no_mark(void)
{
    static const char *const texts[] = { "", "x", "-1", "4294967296", "1/", "/1", "1/2/3", "1/x", "%same", "1 " };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *keys = g_strdup_printf("mark_out = \"%s\";", texts[i]);

        assert_refused(keys, "is no mark: a number, or number/mask");
    }
    assert_refused("mark_in = \"%unique-dir\";", "can not be honoured: nobody would learn the number that was chosen");
    assert_refused("if_id_in = \"%unique\";", "can not be honoured: nobody would learn");
    assert_refused("if_id_in = \"two\";", "is no interface ID");
}

static void
test_interface_ids(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolConnection) c = read_connection(
        SIDES "if_id_in = 5; if_id_out = 0x10; children = { a = { }; b = { if_id_in = 0; if_id_out = 7; }; };", &error);
    const ObolChildConfig *a, *b;

    g_assert_no_error(error);
    a = obol_connection_child(c, "a");
    b = obol_connection_child(c, "b");
    g_assert_cmpuint(a->if_id_in, ==, 5);
    g_assert_cmpuint(a->if_id_out, ==, 16);
    g_assert_cmpuint(b->if_id_in, ==, 0);
    g_assert_cmpuint(b->if_id_out, ==, 7);
}

static void
test_headers_and_offload(void)
{
    static const struct {
        const char *keys;
        guint flags;
        ObolOffload offload;
    } cases[] = {
        { "copy_df = no;", OBOL_SA_NO_COPY_DF, OBOL_OFFLOAD_NO },
        { "copy_ecn = no; hw_offload = crypto;", OBOL_SA_NO_COPY_ECN, OBOL_OFFLOAD_CRYPTO },
        { "copy_dscp = in; hw_offload = yes;", OBOL_SA_DSCP_IN | OBOL_SA_NO_DSCP_OUT, OBOL_OFFLOAD_CRYPTO },
        { "copy_dscp = yes; hw_offload = packet;", OBOL_SA_DSCP_IN, OBOL_OFFLOAD_PACKET },
        { "copy_dscp = no; hw_offload = auto;", OBOL_SA_NO_DSCP_OUT, OBOL_OFFLOAD_AUTO },
        { "copy_dscp = out; icmp = yes;", OBOL_SA_ICMP, OBOL_OFFLOAD_NO },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = g_strsplit(cases[i].keys, "= ", -1);
        g_autoptr(GString) text = g_string_new(words[0]);
        g_autoptr(ObolConnection) c = NULL;

        /* Words want quotes in the files' language. */
        for (char **word = words + 1; *word != NULL; word++)
            g_string_append_printf(text, "= \"%.*s\"%s", (int) strcspn(*word, ";"), *word, strchr(*word, ';'));
        c = with_child(text->str);
        g_assert_cmphex(obol_connection_child(c, "n")->sa_flags, ==, cases[i].flags);
        g_assert_cmpint(obol_connection_child(c, "n")->offload, ==, cases[i].offload);
    }
}

static void
test_modes_and_actions(void)
{
    g_autoptr(ObolConnection) c = with_child("mode = \"transport\"; ipcomp = true; policies_fwd_out = true; start_action = \"trap|start\";"
                                             "close_action = \"start|trap\"; replay_window = 32;");
    const ObolChildConfig *n = obol_connection_child(c, "n");

    g_assert_cmpint(n->mode, ==, OBOL_MODE_TRANSPORT);
    g_assert_true(n->ipcomp && n->policies_fwd_out);
    g_assert_cmpint(n->start_action, ==, OBOL_ACTION_TRAP_AND_START);
    g_assert_cmpint(n->close_action, ==, OBOL_ACTION_TRAP_AND_START);
    g_assert_cmpuint(n->replay_window, ==, 32);
    g_assert_false(n->replay_window_unset);
    assert_refused("mode = \"beet\";", "has no RFC by which a peer could be asked for it");
    assert_refused("policies = false; start_action = \"trap\";", "a trap is a policy");
}

static void
test_shunts(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolConnection) c = read_connection(
        "children = { lan = { mode = \"pass\"; local_ts = \"192.0.2.0/24\"; remote_ts = \"192.0.2.0/24\"; start_action = \"trap\"; };"
        " rest = { mode = \"drop\"; }; };", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(c->children->len, ==, 0);
    g_assert_cmpuint(c->shunts->len, ==, 2);
    g_assert_null(obol_connection_child(c, "lan"));
    g_assert_cmpint(obol_connection_shunt(c, "lan")->action, ==, OBOL_POLICY_PASS);
    g_assert_cmpint(obol_connection_shunt(c, "rest")->action, ==, OBOL_POLICY_DROP);
    assert_refused("mode = \"pass\"; start_action = \"start\";", "start_action: a child of mode pass or drop has no peer");
    assert_refused("mode = \"drop\"; dpd_action = \"trap\";", "dpd_action: a child of mode pass or drop has no peer");
    /* One child that needs a peer, and the peer must be named. */
    g_assert_null(read_connection("children = { a = { mode = \"pass\"; }; b = { }; };", &error));
    assert_contains(error->message, "has no section \"local\"");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/child-kernel/unset-is-nothing-asked", test_defaults);
    g_test_add_func("/settings/child-kernel/marks-are-as-in-swanctl", test_marks);
    g_test_add_func("/settings/child-kernel/what-is-no-number-is-refused", test_what_is_no_mark);
    g_test_add_func("/settings/child-kernel/interface-ids-come-from-the-connection", test_interface_ids);
    g_test_add_func("/settings/child-kernel/header-copies-and-offload", test_headers_and_offload);
    g_test_add_func("/settings/child-kernel/modes-and-actions", test_modes_and_actions);
    g_test_add_func("/settings/child-kernel/shunts-need-no-peer", test_shunts);
    return g_test_run();
}
