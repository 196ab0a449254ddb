/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-program.c - the program itself, as a user runs it, against the server on a made-up daemon. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "unit/vici/client-end.h"
#include "unit/vici/fake-daemon.h"

static char *folder, *path;
static ViciServer *listening;

typedef struct {
    gboolean done;
    int status;
    char *out, *err;
} Run;

static void
run_ended(GObject *process, GAsyncResult *result, gpointer data)
{
    Run *run = data;
    g_autoptr(GError) error = NULL;

    g_subprocess_communicate_utf8_finish(G_SUBPROCESS(process), result, &run->out, &run->err, &error);
    g_assert_no_error(error);
    run->status = g_subprocess_get_exit_status(G_SUBPROCESS(process));
    run->done = TRUE;
}

static void
run_clear(Run *run)
{
    g_free(run->out);
    g_free(run->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* @meanwhile: called once the daemon was asked for something; may be NULL. */
static Run
run_program(const char *const *args, const char *input, void (*meanwhile)(void))
{
    g_autofree char *program = g_build_filename(g_getenv("OBOL_BUILDDIR"), "obolctl", "obolctl", NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) error = NULL;
    Run run = { 0 };

    g_ptr_array_add(argv, program);
    g_ptr_array_add(argv, (gpointer) "--socket");
    g_ptr_array_add(argv, path);
    for (; *args != NULL; args++)
        g_ptr_array_add(argv, (gpointer) *args);
    g_ptr_array_add(argv, NULL);
    process = g_subprocess_newv(
        (const char *const *) argv->pdata,
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8_async(process, input != NULL ? input : "", NULL, run_ended, &run);
    while (!run.done) {
        g_main_context_iteration(fake.context, TRUE);
        if (fake.done != NULL && meanwhile != NULL)
            meanwhile();
    }
    return run;
}

static void
test_list_sas_is_readable(void)
{
    g_auto(Run) run = run_program(ARGS("list-sas"), NULL, NULL);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==,
                    "gw: #5, ESTABLISHED, IKEv2, 0102030405060708_i* f1f2f3f4f5f6f7f8_r\n"
                    "  local  'left.example' @ 192.0.2.1[4500]\n"
                    "  remote 'right.example' @ 192.0.2.2[4500] behind a NAT\n"
                    "  CHACHA20_POLY1305/PRF_HMAC_SHA2_256/CURVE_25519\n"
                    "  fragmentation of IKE messages above 1280 bytes\n"
                    "  MOBIKE\n"
                    "  established 1m 1s ago, rekeying in 2h 0m\n"
                    "  net: #7, reqid 3, INSTALLED, TUNNEL, ESP:AES_GCM_16-128\n"
                    "    installed 1m 0s ago, rekeying in 50m 0s\n"
                    "    in  c0ffee01, 840 bytes, 10 packets, last 2s ago\n"
                    "    out 0badcafe, 0 bytes, 0 packets\n"
                    "    local  10.0.0.0/16\n"
                    "    remote 10.1.0.0/16\n");
    g_assert_cmpstr(run.err, ==, "");
}

static void
test_list_sas_shows_the_peer_s_other_addresses(void)
{
    g_auto(Run) text = { 0 }, json = { 0 };

    fake.n_peer_addresses = 2;
    text = run_program(ARGS("list-sas"), NULL, NULL);
    json = run_program(ARGS("--json", "list-sas"), NULL, NULL);
    fake.n_peer_addresses = 0;
    g_assert_nonnull(strstr(text.out, "  MOBIKE; the peer has 192.0.2.22 2001:db8::22 too\n"));
    g_assert_nonnull(strstr(json.out, "\"mobike\":true"));
    g_assert_nonnull(strstr(json.out, "\"peer-addresses\":[\"192.0.2.22\",\"2001:db8::22\"]"));
}

static void
test_options_may_stand_behind_the_verb(void)
{
    g_auto(Run) before = run_program(ARGS("-j", "list-sas"), NULL, NULL);
    g_auto(Run) behind = run_program(ARGS("list-sas", "--json"), NULL, NULL);

    g_assert_true(g_str_has_prefix(before.out, "{\"schema\":1,\"sas\":[{\"name\":\"gw\",\"uniqueid\":5,"));
    g_assert_cmpstr(before.out, ==, behind.out);
}

static void
test_empty_list_is_empty(void)
{
    g_auto(Run) run = { 0 };

    fake.n_sas = 0;
    run = run_program(ARGS("list-sas", "--no-legend"), NULL, NULL);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==, "");
}

static void
test_raw_list_is_as_swanctl_prints_it(void)
{
    g_auto(Run) run = run_program(ARGS("list-sas", "--raw"), NULL, NULL);

    g_assert_true(g_str_has_prefix(run.out, "list-sa event {gw {uniqueid=5 version=2 state=ESTABLISHED "));
    g_assert_true(g_str_has_suffix(run.out, "local-ts=[10.0.0.0/16] remote-ts=[10.1.0.0/16]}}}}\nlist-sas reply {}\n"));
}

static void
succeed(void)
{
    fake_tell_log("ike", 1, TRUE, "steps \033[31min red");
    fake_finish(NULL, NULL, 1, 1);
}

static void
fail_by_proposal(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "no");
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_PROPOSAL_PEER, "IKE_SA_INIT", OBOL_SIDE_PEER,
                                                   OBOL_N_NO_PROPOSAL_CHOSEN, "offered X");

    fake_finish(error, reason, 1, 0);
}

static void
fail_by_time(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT, "too late");

    fake_finish(error, NULL, 1, 0);
}

static void
fail_to_find(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "none");

    fake_finish(error, NULL, 0, 0);
}

static void
test_notes_go_to_stderr_and_steer_nothing(void)
{
    g_auto(Run) run = run_program(ARGS("up", "--child", "net", "gw"), NULL, succeed);
    g_auto(Run) quiet = run_program(ARGS("up", "-q", "--child", "net", "gw"), NULL, succeed);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==, "");
    g_assert_cmpstr(run.err, ==, "[IKE] steps \\x1b[31min red\n");
    g_assert_cmpstr(quiet.err, ==, "");
    g_assert_cmpstr(fake.asked_ike, ==, "gw");
    g_assert_cmpstr(fake.asked_child, ==, "net");
}

static void
test_terminate_counts_what_went(void)
{
    g_auto(Run) run = run_program(ARGS("down", "gw", "-q", "--timeout", "2.5"), NULL, succeed);
    g_auto(Run) noted = run_program(ARGS("down", "--id", "5"), NULL, succeed);

    g_assert_cmpstr(run.err, ==, "");
    g_assert_true(g_str_has_suffix(noted.err, "1 of 1 SAs taken down\n"));
    g_assert_cmpuint(fake.asked_which.ike_id, ==, 5);
    g_assert_cmpint(fake.asked_timeout_us, ==, -1);
}

static void
test_rekey_names_what_is_meant(void)
{
    g_auto(Run) run = run_program(ARGS("rekey", "gw"), NULL, NULL);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_true(g_str_has_suffix(run.err, "1 SAs are being renewed\n"));
    g_assert_cmpstr(fake.asked_ike, ==, "gw");
    g_assert_false(fake.asked_reauth);
    {
        g_auto(Run) by_id = run_program(ARGS("rekey", "--ike-id", "5", "--reauth", "-q"), NULL, NULL);

        g_assert_cmpint(by_id.status, ==, 0);
        g_assert_cmpuint(fake.asked_which.ike_id, ==, 5);
        g_assert_true(fake.asked_reauth);
    }
}

static void
test_selectors_say_what_is_protected_now(void)
{
    g_auto(Run) run = run_program(ARGS("selectors", "net", "--add", "10.8.0.0/16, 10.9.0.0/16", "10.7.0.1[tcp/443]"), NULL, NULL);
    g_auto(Run) json = { 0 };

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==, "net #8: - === 10.8.0.0/16 10.9.0.0/16 10.7.0.1/32[tcp/443]\n");
    g_assert_true(g_str_has_suffix(run.err, "in the place of #7\n"));
    g_assert_cmpstr(fake.asked_child, ==, "net");
    g_assert_cmpstr(fake.asked_change, ==, "0 - === 10.8.0.0/16 10.9.0.0/16 10.7.0.1/32[tcp/443]");
    json = run_program(ARGS("selectors", "7", "--ike", "5", "--set", "--local", "dynamic", "-j", "-q"), NULL, NULL);
    g_assert_cmpint(json.status, ==, 0);
    g_assert_nonnull(strstr(json.out, "\"new-id\":"));
    g_assert_nonnull(strstr(json.out, "\"local-ts\":[\"dynamic\"]"));
    g_assert_cmpuint(fake.asked_which.child_id, ==, 7);
    g_assert_cmpuint(fake.asked_which.ike_id, ==, 5);
    g_assert_cmpstr(fake.asked_change, ==, "2 dynamic === -");
}

static void
test_exit_status_tells_what_failed(void)
{
    static const struct {
        const char *args[6];
        void (*outcome)(void);
        int status;
    } rows[] = {
        { { "up", "gw" }, succeed, 0 },          { { "up", "gw" }, fail_by_proposal, 21 },
        { { "up", "gw" }, fail_by_time, 3 },     { { "up", "gw" }, fail_to_find, 10 },
        { { "down", "gw" }, fail_to_find, 10 },  { { "install", "x" }, fail_to_find, 10 },
        { { "up" }, NULL, 2 },                   { { "no-such-verb" }, NULL, 2 },
        { { "list-sas", "a", "b" }, NULL, 2 },   { { "list-sas", "--no-such-option" }, NULL, 2 },
        { { "unload", "other" }, NULL, 10 },     { { "load", "/nonexistent.conf" }, NULL, 78 },
        { { "--color=perhaps", "stats" }, NULL, 2 },
        { { "rekey" }, NULL, 2 },                { { "rekey", "other" }, NULL, 10 },
        { { "rekey", "gw", "--ike=gw" }, NULL, 2 }, { { "rekey", "--child=net", "--reauth" }, NULL, 2 },
        { { "selectors" }, NULL, 2 },            { { "selectors", "net", "10.0.0.0/8" }, NULL, 2 },
        { { "selectors", "net", "--add" }, NULL, 2 },
        { { "selectors", "net", "--add", "--set", "10.0.0.0/8" }, NULL, 2 },
        { { "selectors", "net", "--add", "10.0.0.0/99" }, NULL, 2 },
        { { "selectors", "other", "--add", "10.0.0.0/8" }, NULL, 10 },
        { { "selectors", "narrow", "--add", "10.0.0.0/8" }, NULL, 22 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Run) run = run_program(rows[i].args, NULL, rows[i].outcome);

        g_test_message("%s %s", rows[i].args[0], rows[i].args[1] != NULL ? rows[i].args[1] : "");
        g_assert_cmpint(run.status, ==, rows[i].status);
    }
}

static void
test_errors_are_json_too(void)
{
    g_auto(Run) run = run_program(ARGS("-j", "-q", "up", "gw"), NULL, fail_by_proposal);

    g_assert_cmpint(run.status, ==, 21);
    g_assert_true(g_str_has_prefix(run.out, "{\"schema\":1,\"error\":{\"status\":21,\"message\":"));
    g_assert_nonnull(strstr(run.out, "\"code\":\"E-PROP-PEER\",\"phase\":\"IKE_SA_INIT\",\"side\":\"peer\""));
    g_assert_nonnull(strstr(run.out, "\"facts\":\"offered X\""));
    g_assert_cmpstr(run.err, ==, "");
}

static void
test_no_daemon_is_status_8(void)
{
    g_auto(Run) run = { 0 };

    vici_server_free(g_steal_pointer(&listening));
    run = run_program(ARGS("list-sas"), NULL, NULL);
    g_assert_cmpint(run.status, ==, 8);
    g_assert_nonnull(strstr(run.err, "obold is not running"));
    run_clear(&run);
    run = run_program(ARGS("version"), NULL, NULL);
    g_assert_cmpint(run.status, ==, 8);
    run_clear(&run);
    run = run_program(ARGS("--version"), NULL, NULL);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_true(g_str_has_prefix(run.out, "obolctl "));
}

static void
test_secret_comes_from_standard_input(void)
{
    g_auto(Run) run = run_program(ARGS("load-shared", "--id", "k", "--owner", "a", "--owner", "b"), "0x6162\n", NULL);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(fake.shared, ==, "k=ab(a b)");
}

static void
test_file_is_loaded_by_sections(void)
{
    g_autofree char *file = g_build_filename(folder, "gw.conf", NULL);
    g_auto(Run) run = { 0 };

    g_assert_true(g_file_set_contents(
        file,
        "connections = { gw = { local_addrs = [ \"192.0.2.1\" ]; local = { auth = \"psk\"; }; }; };\n"
        "secrets = { ike1 = { id = [ \"a\", \"b\" ]; secret = \"0sYWI=\"; }; };\n",
        -1, NULL));
    run = run_program(ARGS("load", file), NULL, NULL);
    g_assert_cmpstr(run.err, ==, "loaded ike1\nloaded gw\n");
    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(fake.shared, ==, "ike1=ab(a b)");
    g_assert_cmpstr(fake.loaded_text, ==, "gw{ local_addrs[ 192.0.2.1 ] local{ auth=psk } } ");
    run_clear(&run);
    run = run_program(ARGS("load", "-j", file), NULL, NULL);
    g_assert_cmpstr(run.out, ==, "{\"schema\":1,\"success\":true}\n");
    g_unlink(file);
}

static void
test_completion_knows_verbs_options_and_names(void)
{
    g_auto(Run) verbs = run_program(ARGS("__complete", "in"), NULL, NULL);
    g_autofree char *socket_option = g_strdup(path);
    g_auto(Run) names = run_program(ARGS("__complete", "--socket", socket_option, "list-sas", ""), NULL, NULL);
    g_auto(Run) children = run_program(ARGS("__complete", "up", "--child", ""), NULL, NULL);
    g_auto(Run) options = run_program(ARGS("__complete", "up", "--ch"), NULL, NULL);

    g_assert_cmpstr(verbs.out, ==, "initiate\ninstall\n");
    g_assert_cmpstr(names.out, ==, "gw\n");
    g_assert_cmpstr(children.out, ==, "net\n");
    g_assert_cmpstr(options.out, ==, "--child\n");
    run_clear(&children);
    children = run_program(ARGS("__complete", "selectors", ""), NULL, NULL);
    g_assert_cmpstr(children.out, ==, "net\n");
    run_clear(&options);
    options = run_program(ARGS("__complete", "selectors", "net", "--re"), NULL, NULL);
    g_assert_cmpstr(options.out, ==, "--remove\n--remote\n");
}

static void
test_policies_and_the_kernels_tables(void)
{
    g_auto(Run) standing = run_program(ARGS("list-pols"), NULL, NULL);
    g_auto(Run) sad = run_program(ARGS("kernel", "sad"), NULL, NULL);
    g_auto(Run) spd = run_program(ARGS("kernel", "spd"), NULL, NULL);
    g_auto(Run) neither = run_program(ARGS("kernel"), NULL, NULL);

    g_assert_cmpstr(standing.out, ==, "gw/net, TUNNEL, reqid 3\n    local  10.0.0.0/16\n    remote 10.1.0.0/16\n");
    g_assert_cmpstr(sad.out, ==, "ESP 00c0ffee 192.0.2.1 => 192.0.2.2, TUNNEL reqid 3, 840 bytes, 10 packets, mark 0x1/0xff, if_id 7, "
                                 "not ours\n");
    g_assert_cmpstr(spd.out, ==, "fwd 0.0.0.0/0 -> 0.0.0.0/0, drop, priority 0, not ours\n");
    g_assert_cmpint(neither.status, ==, 2);
}

static void
test_the_doctor_speaks_to_people_and_programs(void)
{
    g_auto(Run) text = run_program(ARGS("doctor"), NULL, NULL);
    g_auto(Run) json = run_program(ARGS("doctor", "-j"), NULL, NULL);

    g_assert_cmpint(text.status, ==, 0); /* a warning is none that must be mended */
    g_assert_true(g_str_has_prefix(text.out, "Linux\nThe daemon runs, and kernel/fake serves: the first in rank that could be opened.\n"));
    g_assert_nonnull(strstr(text.out, "ESP                                   yes\n"));
    g_assert_nonnull(strstr(text.out, "algorithms of fake: AES_CBC_128\n"));
    g_assert_nonnull(strstr(text.out, "\n!  eth0 drops packets whose way back is another (rp_filter = 1)"));
    g_assert_true(g_str_has_prefix(json.out, "{\"schema\":1,\"running\":true,\"system\":\"Linux\",\"serving\":\"kernel/fake\",\"kernels\":[{"));
    g_assert_nonnull(strstr(json.out, "\"abilities\":{\"esp\":true,\"ah\":false,\"replay_window_max\":32,\"algorithms\":[\"AES_CBC_128\"]}"));
    g_assert_nonnull(strstr(json.out, "\"findings\":[{\"level\":\"warning\",\"code\":\"rp-filter\",\"subject\":\"eth0\",\"text\":"));
}

static void
test_without_a_kernel_the_doctor_says_26(void)
{
    g_auto(Run) run = { 0 };

    fake.no_kernel = TRUE;
    run = run_program(ARGS("doctor"), NULL, NULL);
    g_assert_cmpint(run.status, ==, 26);
    g_assert_nonnull(strstr(run.out, "No kernel can serve."));
}

/* Then it looks itself, by the settings that a daemon would have. */
static void
test_without_a_daemon_the_doctor_looks_himself(void)
{
    g_autofree char *settings = g_build_filename(folder, "obol.conf", NULL);
    g_autofree char *plugins = g_build_filename(g_getenv("OBOL_BUILDDIR"), ".libs", NULL);
    g_auto(Run) run = { 0 };

    vici_server_free(g_steal_pointer(&listening));
    g_assert_true(g_file_set_contents(settings, "plugins = { openssl-free-crypto = { }; nothing = { }; };\n", -1, NULL));
    run = run_program(ARGS("doctor", "--config", folder, "--plugins", plugins), NULL, NULL);
    g_assert_cmpint(run.status, ==, 26);
    g_assert_nonnull(strstr(run.out, "No kernel can serve."));
    g_assert_nonnull(strstr(run.out, "!! a plugin that is chosen is not loaded: nothing: there is no nothing.so in "));
    run_clear(&run);
    g_assert_true(g_file_set_contents(settings, "plugins = { }; colour = 1;\n", -1, NULL));
    run = run_program(ARGS("doctor", "--config", folder, "--plugins", plugins), NULL, NULL);
    g_assert_cmpint(run.status, ==, 78);
    g_assert_nonnull(strstr(run.err, "colour: no such key"));
    g_unlink(settings);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "/obolctl/list-pols/and-the-kernels-tables", test_policies_and_the_kernels_tables },
    { "/obolctl/doctor/speaks-to-people-and-programs", test_the_doctor_speaks_to_people_and_programs },
    { "/obolctl/doctor/without-a-kernel-it-is-26", test_without_a_kernel_the_doctor_says_26 },
    { "/obolctl/doctor/without-a-daemon-it-looks-itself", test_without_a_daemon_the_doctor_looks_himself },
    { "/obolctl/list-sas/is-readable", test_list_sas_is_readable },
    { "/obolctl/program/list-sas-shows-the-peer's-other-addresses", test_list_sas_shows_the_peer_s_other_addresses },
    { "/obolctl/options/may-stand-behind-the-verb", test_options_may_stand_behind_the_verb },
    { "/obolctl/list-sas/empty-list-is-empty", test_empty_list_is_empty },
    { "/obolctl/list-sas/raw-is-as-swanctl-prints-it", test_raw_list_is_as_swanctl_prints_it },
    { "/obolctl/up/notes-go-to-stderr-and-steer-nothing", test_notes_go_to_stderr_and_steer_nothing },
    { "/obolctl/rekey/names-what-is-meant", test_rekey_names_what_is_meant },
    { "/obolctl/program/selectors-say-what-is-protected-now", test_selectors_say_what_is_protected_now },
    { "/obolctl/down/counts-what-went", test_terminate_counts_what_went },
    { "/obolctl/exit-status/tells-what-failed", test_exit_status_tells_what_failed },
    { "/obolctl/json/errors-too", test_errors_are_json_too },
    { "/obolctl/exit-status/no-daemon-is-8", test_no_daemon_is_status_8 },
    { "/obolctl/load-shared/secret-comes-from-standard-input", test_secret_comes_from_standard_input },
    { "/obolctl/load/file-is-sent-by-sections", test_file_is_loaded_by_sections },
    { "/obolctl/complete/knows-verbs-options-and-names", test_completion_knows_verbs_options_and_names },
};

static void
set_up(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    ViciSettings settings = { .mode = 0600, .n_clients_max = 4, .told_max = TOLD_MAX, .streamed_max = 1 << 20 };
    g_autoptr(GError) error = NULL;

    fake_daemon_init();
    g_main_context_push_thread_default(fake.context);
    folder = g_dir_make_tmp("obolctl-XXXXXX", &error);
    g_assert_no_error(error);
    path = g_build_filename(folder, "vici.sock", NULL);
    settings.sockets = (const char *const[]) { path, NULL };
    listening = vici_server_new(fake_bus(), &settings, &error);
    g_assert_no_error(error);
}

static void
tear_down(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    vici_server_free(g_steal_pointer(&listening));
    g_main_context_pop_thread_default(fake.context);
    fake_daemon_clear();
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
    g_clear_pointer(&path, g_free);
}

static void
run_test(G_GNUC_UNUSED gpointer fixture, gconstpointer data)
{
    void (*const *test)(void) = data;

    (*test)();
}

int
main(int argc, char **argv)
{
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_unsetenv("LANGUAGE");
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_vtable(tests[i].name, 0, &tests[i].run, set_up, run_test, tear_down);
    return g_test_run();
}
