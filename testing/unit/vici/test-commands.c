/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-commands.c - every command's answer, against a daemon that a test makes up. */
#include <string.h>

#include "client-end.h"
#include "fake-daemon.h"

#define IKE_FIELDS \
    "uniqueid=5 version=2 state=ESTABLISHED local-host=192.0.2.1 local-port=4500 local-id=left.example " \
    "remote-host=192.0.2.2 remote-port=4500 remote-id=right.example initiator=yes initiator-spi=0102030405060708 " \
    "responder-spi=f1f2f3f4f5f6f7f8 nat-remote=yes nat-any=yes fragmentation=yes fragment-size=1280 mobike=yes encr-alg=CHACHA20_POLY1305 " \
    "prf-alg=PRF_HMAC_SHA2_256 dh-group=CURVE_25519 established=61 rekey-time=7200"
#define CHILD_FIELDS \
    "name=net uniqueid=7 reqid=3 state=INSTALLED mode=TUNNEL protocol=ESP spi-in=c0ffee01 spi-out=0badcafe " \
    "encr-alg=AES_GCM_16 encr-keysize=128 bytes-in=840 packets-in=10 use-in=2 bytes-out=0 packets-out=0 " \
    "rekey-time=3000 install-time=60 local-ts[ 10.0.0.0/16 ] remote-ts[ 10.1.0.0/16 ]"

static void
assert_calls_back(const char *command, const char *const *args, const char *expected)
{
    g_autoptr(ObolNode) response = call(&end, command, args);

    assert_text(response, expected);
}

/* The commands of the protocol; each with no argument at all. */
static void
test_every_command_answers(void)
{
    static const char *const commands[] = {
        "version", "stats", "reload-settings", "initiate", "terminate", "rekey", "redirect", "install", "uninstall",
        "list-sas", "list-policies", "list-conns", "get-conns", "list-certs", "list-authorities", "get-authorities",
        "load-conn", "unload-conn", "load-cert", "load-key", "unload-key", "get-keys", "load-token", "load-shared",
        "unload-shared", "get-shared", "flush-certs", "clear-creds", "load-authority", "unload-authority", "load-pool",
        "unload-pool", "get-pools", "get-algorithms", "get-counters", "reset-counters", "plugins", "list-failures",
        "list-kernel-policies",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(ObolNode) response = call(&end, commands[i], NO_ARGS);

        g_assert_nonnull(response);
    }
}

static void
test_version_names_the_daemon(void)
{
    g_autoptr(ObolNode) response = call(&end, "version", NO_ARGS);

    g_assert_cmpstr(obol_vici_text(response, "daemon"), ==, "obold");
    g_assert_nonnull(obol_vici_text(response, "version"));
    g_assert_cmpstr(obol_vici_text(response, "sysname"), ==, "Linux");
}

static void
test_stats_have_what_swanctl_prints(void)
{
    g_autoptr(ObolNode) response = call(&end, "stats", NO_ARGS);
    g_autofree char *text = text_of(response);

    g_assert_nonnull(strstr(text, "uptime{ running=3 hours since="));
    g_assert_nonnull(strstr(text, "workers{ total=1 idle=0 active{ critical=0 high=0 medium=0 low=0 } }"));
    g_assert_nonnull(strstr(text, "queues{ critical=0 high=0 medium=0 low=0 } scheduled=0"));
    g_assert_nonnull(strstr(text, "ikesas{ total=4 half-open=1 "));
    g_assert_nonnull(strstr(text, "plugins[ vici ]"));
}

static void
test_list_sas_streams_then_ends_empty(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    listen_for(&end, "list-sa");
    send_request(&end, "list-sas", NO_ARGS);
    event = receive_event(&end, "list-sa");
    assert_text(event, "gw{ " IKE_FIELDS " child-sas{ net-7{ " CHILD_FIELDS " } } }");
    response = receive_response(&end);
    assert_text(response, "");
}

static void
test_list_sas_has_the_peer_s_other_addresses(void)
{
    g_autoptr(ObolNode) sa = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    fake.n_peer_addresses = 2;
    listen_for(&end, "list-sa");
    send_request(&end, "list-sas", NO_ARGS);
    sa = receive_event(&end, "list-sa");
    fake.n_peer_addresses = 0;
    fake_describe(sa, text);
    g_assert_nonnull(strstr(text->str, "mobike=yes peer-addresses[ 192.0.2.22 2001:db8::22 ]"));
}

static void
test_list_sas_filters(void)
{
    static const struct {
        const char *key, *value;
        gboolean sa, child;
    } rows[] = {
        { "ike", "gw", TRUE, TRUE },      { "ike", "other", FALSE, FALSE }, { "ike-id", "5", TRUE, TRUE },
        { "ike-id", "6", FALSE, FALSE },  { "child", "net", TRUE, TRUE },   { "child", "x", TRUE, FALSE },
        { "child-id", "7", TRUE, TRUE },  { "child-id", "8", TRUE, FALSE },
    };

    listen_for(&end, "list-sa");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ObolNode) response = NULL;

        send_request(&end, "list-sas", ARGS(rows[i].key, rows[i].value));
        if (rows[i].sa) {
            g_autoptr(ObolNode) event = receive_event(&end, "list-sa");
            const ObolNode *children = obol_node_get(obol_node_get(event, "gw"), "child-sas");

            g_assert_cmpuint(children->items->len, ==, rows[i].child ? 1 : 0);
        }
        response = receive_response(&end);
    }
}

static void
test_streams_go_to_those_who_registered_only(void)
{
    assert_calls_back("list-sas", NO_ARGS, "");
    assert_calls_back("list-conns", NO_ARGS, "");
    assert_calls_back("list-policies", ARGS("trap", "yes"), "");
}

static void
test_list_conns_shows_the_configuration(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    listen_for(&end, "list-conn");
    send_request(&end, "list-conns", NO_ARGS);
    event = receive_event(&end, "list-conn");
    assert_text(
        event,
        "gw{ local_addrs[ %any ] remote_addrs[ %any ] local_port=500 remote_port=500 version=IKEv2 reauth_time=0 "
        "rekey_time=0 unique=UNIQUE_NO local-1{ class=pre-shared key groups[ ] cert_policy[ ] certs[ ] cacerts[ ] } "
        "remote-1{ class=pre-shared key id=right.example groups[ ] cert_policy[ ] certs[ ] cacerts[ ] } "
        "children{ net{ mode=TUNNEL rekey_time=3600 rekey_bytes=0 rekey_packets=0 dpd_action=none close_action=none "
        "start_action=trap local-ts[ 10.0.0.0/16 ] remote-ts[ 10.1.0.0/16 ] } } "
        "proposals[ AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519 ] }");
    response = receive_response(&end);
    assert_text(response, "");
}

static void
test_list_policies_needs_its_flag(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    listen_for(&end, "list-policy");
    assert_calls_back("list-policies", NO_ARGS, "");
    assert_calls_back("list-policies", ARGS("pass", "yes"), "");
    send_request(&end, "list-policies", ARGS("trap", "no")); /* there at all: that counts */
    event = receive_event(&end, "list-policy");
    assert_text(event,
                "gw/net{ child=net ike=gw reqid=3 mode=TUNNEL local-ts[ 10.0.0.0/16 ] remote-ts[ 10.1.0.0/16 ] }");
    response = receive_response(&end);
}

static void
test_kernel_policies_are_told_whole(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    listen_for(&end, "list-kernel-policy");
    send_request(&end, "list-kernel-policies", NO_ARGS);
    event = receive_event(&end, "list-kernel-policy");
    assert_text(event, "direction=fwd action=drop source=0.0.0.0/0 destination=0.0.0.0/0 priority=0 foreign=yes");
    response = receive_response(&end);
}

/* Then it tells what it has put there itself. */
static void
test_a_kernel_that_can_not_list_knows_its_own(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    fake.lists_nothing = TRUE;
    listen_for(&end, "list-kernel-policy");
    send_request(&end, "list-kernel-policies", NO_ARGS);
    event = receive_event(&end, "list-kernel-policy");
    assert_text(event, "direction=out action=protect source=10.0.0.0/16 destination=10.1.0.0/16 priority=9 reqid=3 "
                       "mode=TUNNEL protocol=ESP trap=yes tunnel-source=192.0.2.1 tunnel-destination=192.0.2.2");
    response = receive_response(&end);
    listen_for(&end, "list-kernel-sa");
    assert_calls_back("list-kernel-sas", NO_ARGS, "success=no errmsg=the kernel can not list its SAs: it can not");
}

static void
test_kernel_sas_are_told_whole(void)
{
    g_autoptr(ObolNode) event = NULL, response = NULL;

    listen_for(&end, "list-kernel-sa");
    send_request(&end, "list-kernel-sas", NO_ARGS);
    event = receive_event(&end, "list-kernel-sa");
    assert_text(event, "protocol=ESP spi=00c0ffee source=192.0.2.1 destination=192.0.2.2 reqid=3 mode=TUNNEL bytes=840 "
                       "packets=10 mark=0x1/0xff if-id=7 foreign=yes");
    response = receive_response(&end);
}

static void
test_the_doctors_report_is_an_answer(void)
{
    assert_calls_back("doctor", NO_ARGS,
                      "running=yes system=Linux serving=kernel/fake kernels{ kernel/fake{ plugin=fake state=serves "
                      "abilities{ esp=yes ah=no replay_window_max=32 algorithms[ AES_CBC_128 ] } } } "
                      "findings{ 1{ level=warning code=rp-filter subject=eth0 } }");
}

static void
test_a_plugin_that_is_not_loaded_is_named_with_its_reason(void)
{
    g_autoptr(ObolNode) good = NULL, broken = NULL, response = NULL;

    listen_for(&end, "list-plugin");
    send_request(&end, "plugins", NO_ARGS);
    good = receive_event(&end, "list-plugin");
    assert_text(good, "vici{ version=0.1.0 state=loaded features[ control/vici ] }");
    broken = receive_event(&end, "list-plugin");
    assert_text(broken, "broken{ version=0.1.0 state=ABI 2 is not ours features[ ] }");
    response = receive_response(&end);
}

static void
test_algorithms_come_by_kind(void)
{
    assert_calls_back("get-algorithms", NO_ARGS,
                      "encryption{ AES_CBC=fake } integrity{ } aead{ AES_GCM_16=fake } prf{ } ke{ CURVE_25519=fake }");
}

static void
test_counters_count_messages(void)
{
    g_autoptr(ObolNode) response = NULL;
    g_autofree char *text = NULL;

    fake_tell_message(TRUE, FALSE, OBOL_IKE_SA_INIT);
    fake_tell_message(FALSE, TRUE, OBOL_IKE_SA_INIT);
    fake_tell_message(TRUE, FALSE, OBOL_IKE_SA_INIT);
    fake_tell_message(TRUE, FALSE, 250); /* a number from the wire */
    response = call(&end, "get-counters", ARGS("all", "yes"));
    text = text_of(response);
    g_assert_nonnull(strstr(text, "counters{ { ike-init-in-req=0 ike-init-in-resp=1 ike-init-out-req=2 "));
    g_assert_nonnull(strstr(text, "gw{ ike-init-in-req=0 ike-init-in-resp=1 ike-init-out-req=2 "));
    g_assert_nonnull(strstr(text, "success=yes"));
    g_clear_pointer(&response, obol_node_free);
    assert_calls_back("reset-counters", ARGS("all", "yes"), "success=yes");
    response = call(&end, "get-counters", NO_ARGS);
    g_free(text);
    text = text_of(response);
    g_assert_nonnull(strstr(text, "ike-init-out-req=0 "));
}

/* --- load --- */

static void
send_conn(const char *const *round_sections)
{
    g_auto(ObolViciWriter) writer = { 0 };
    g_autoptr(GByteArray) frame = NULL;

    obol_vici_writer_init(&writer, OBOL_VICI_CMD_REQUEST, "load-conn", 0);
    obol_vici_put_section(&writer, "gw");
    obol_vici_put_texts(&writer, "local_addrs", ARGS("192.0.2.1"));
    for (; *round_sections != NULL; round_sections++) {
        obol_vici_put_section(&writer, *round_sections);
        obol_vici_put_text(&writer, "auth", "psk");
        obol_vici_end_section(&writer);
    }
    obol_vici_end_section(&writer);
    frame = obol_vici_writer_finish(&writer);
    send_bytes(&end, frame->data, frame->len);
}

static void
test_load_conn_hands_the_section_on(void)
{
    g_autoptr(ObolNode) response = NULL;

    send_conn(ARGS("local-1", "remote"));
    response = receive_response(&end);
    assert_text(response, "success=yes");
    g_assert_cmpstr(fake.loaded_text, ==, "gw{ local_addrs[ 192.0.2.1 ] local-1{ auth=psk } remote{ auth=psk } } ");
    assert_calls_back("get-conns", NO_ARGS, "conns[ gw ]");
    assert_calls_back("unload-conn", ARGS("name", "gw"), "success=yes");
    assert_calls_back("get-conns", NO_ARGS, "conns[ ]");
}

static void
test_load_conn_gives_the_daemons_words(void)
{
    g_autoptr(ObolNode) response = NULL;

    fake.refuses_to_load = TRUE;
    send_conn(ARGS("local", "remote"));
    response = receive_response(&end);
    assert_text(response, "success=no errmsg=unknown option: colour, config discarded");
    assert_calls_back("get-conns", NO_ARGS, "conns[ ]");
}

static void
test_load_shared_takes_raw_bytes_and_owners(void)
{
    g_auto(ObolViciWriter) writer = { 0 };
    g_autoptr(GByteArray) frame = NULL;
    g_autoptr(ObolNode) response = NULL;

    obol_vici_writer_init(&writer, OBOL_VICI_CMD_REQUEST, "load-shared", 0);
    obol_vici_put_text(&writer, "id", "ike-1");
    obol_vici_put_text(&writer, "type", "ike");
    obol_vici_put_text(&writer, "data", "0xnot-decoded");
    obol_vici_put_texts(&writer, "owners", ARGS("a.example", "b.example"));
    frame = obol_vici_writer_finish(&writer);
    send_bytes(&end, frame->data, frame->len);
    response = receive_response(&end);
    assert_text(response, "success=yes");
    g_assert_cmpstr(fake.shared, ==, "ike-1=0xnot-decoded(a.example b.example)");
}

static void
test_load_shared_refuses_what_it_can_not_use(void)
{
    assert_refused(&end, "load-shared", ARGS("type", "EAP", "data", "x"),
                   "shared secrets of type 'EAP' are not supported: only IKE");
    assert_refused(&end, "load-shared", ARGS("type", "IKE"), "missing shared key data");
    assert_refused(&end, "load-shared", ARGS("type", "IKE", "data", ""), "missing shared key data");
    assert_refused(&end, "load-shared", ARGS("type", "IKE", "data", "x", "owners", "not a list"),
                   "owners is not a list of at most 256 identities");
    g_assert_null(fake.shared);
}

static void
test_secrets_are_listed_by_id_and_removed(void)
{
    assert_calls_back("get-shared", NO_ARGS, "keys[ one two ]");
    assert_calls_back("unload-shared", ARGS("id", "unknown"), "success=yes");
    assert_refused(&end, "unload-shared", NO_ARGS, "missing unique id");
    assert_calls_back("clear-creds", NO_ARGS, "success=yes");
    g_assert_cmpuint(fake.n_cleared, ==, 1);
}

static void
test_pools_come_and_go(void)
{
    assert_refused(&end, "load-pool", NO_ARGS, "load-pool wants one section, named as the pool");
    assert_refused(&end, "load-pool", ARGS("phones", "no section"), "load-pool wants one section, named as the pool");
    assert_calls_back("unload-pool", ARGS("name", "phones"), "success=yes");
    assert_refused(&end, "unload-pool", ARGS("name", "nowhere"), "there is no pool nowhere");
    assert_refused(&end, "unload-pool", NO_ARGS, "missing pool name");
}

/* As swanctl --list-pools reads them. */
static void
test_pools_are_listed(void)
{
    assert_calls_back("get-pools", NO_ARGS, "phones{ base=10.3.0.1 size=254 online=1 offline=0 }");
    assert_calls_back("get-pools", ARGS("name", "other"), "");
    assert_calls_back("get-pools", ARGS("leases", "yes"),
                      "phones{ base=10.3.0.1 size=254 online=1 offline=0 "
                      "leases{ 0{ address=10.3.0.1 identity=anna@example.org status=online } } }");
}

/* An answer has an end, and says what is behind it. */
static void
test_leases_beyond_an_answer_are_counted(void)
{
    g_autoptr(ObolNode) response = NULL;
    const ObolNode *pool;

    fake.n_leases = 1007;
    response = call(&end, "get-pools", ARGS("leases", "yes"));
    pool = obol_node_get(response, "phones");
    g_assert_cmpuint(obol_node_get(pool, "leases")->items->len, ==, 1000);
    g_assert_cmpstr(obol_vici_text(pool, "leases-left-out"), ==, "7");
}

/* Read as no number at all, it would mean all SAs of that name. */
static void
test_what_is_no_number_is_refused(void)
{
    static const char *const commands[] = { "terminate", "rekey", "redirect", "list-sas", "selectors" };
    static const char *const bad[] = { "five", "5x", "", "-1", "4294967301", "99999999999999999999" };

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(bad); j++) {
            g_autofree char *said = g_strdup_printf("ike-id is no number of 0 to 4294967295: %s", bad[j]);

            assert_refused(&end, commands[i], ARGS("ike", "lab", "ike-id", bad[j]), said);
        }
    }
    assert_refused(&end, "terminate", ARGS("ike", "lab", "child-id", "x"), "child-id is no number of 0 to 4294967295: x");
    assert_refused(&end, "initiate", ARGS("child", "net", "timeout", "soon"), "timeout is no number of -1 to 2147483647: soon");
}

static const ViciTest tests[] = {
    { "/vici/commands/every-command-answers", test_every_command_answers },
    { "/vici/commands/version-names-the-daemon", test_version_names_the_daemon },
    { "/vici/commands/stats-have-what-swanctl-prints", test_stats_have_what_swanctl_prints },
    { "/vici/list/sas-stream-then-end-empty", test_list_sas_streams_then_ends_empty },
    { "/vici/list/sas-have-the-peer's-other-addresses", test_list_sas_has_the_peer_s_other_addresses },
    { "/vici/list/sas-filter", test_list_sas_filters },
    { "/vici/list/streams-go-to-those-who-registered-only", test_streams_go_to_those_who_registered_only },
    { "/vici/list/conns-show-the-configuration", test_list_conns_shows_the_configuration },
    { "/vici/list/policies-need-their-flag", test_list_policies_needs_its_flag },
    { "/vici/list/kernel-policies-are-told-whole", test_kernel_policies_are_told_whole },
    { "/vici/list/a-kernel-that-can-not-list-knows-its-own", test_a_kernel_that_can_not_list_knows_its_own },
    { "/vici/list/kernel-sas-are-told-whole", test_kernel_sas_are_told_whole },
    { "/vici/doctor/the-report-is-an-answer", test_the_doctors_report_is_an_answer },
    { "/vici/list/a-plugin-that-is-not-loaded-is-named-with-its-reason",
      test_a_plugin_that_is_not_loaded_is_named_with_its_reason },
    { "/vici/commands/algorithms-come-by-kind", test_algorithms_come_by_kind },
    { "/vici/commands/counters-count-messages", test_counters_count_messages },
    { "/vici/load/conn-hands-the-section-on", test_load_conn_hands_the_section_on },
    { "/vici/load/conn-gives-the-daemons-words", test_load_conn_gives_the_daemons_words },
    { "/vici/load/shared-takes-raw-bytes-and-owners", test_load_shared_takes_raw_bytes_and_owners },
    { "/vici/load/shared-refuses-what-it-can-not-use", test_load_shared_refuses_what_it_can_not_use },
    { "/vici/load/pools-come-and-go", test_pools_come_and_go },
    { "/vici/list/pools-with-their-leases", test_pools_are_listed },
    { "/vici/list/leases-beyond-an-answer-are-counted", test_leases_beyond_an_answer_are_counted },
    { "/vici/commands/what-is-no-number-is-refused", test_what_is_no_number_is_refused },
    { "/vici/load/secrets-are-listed-by-id-and-removed", test_secrets_are_listed_by_id_and_removed },
};

int
main(int argc, char **argv)
{
    return run_vici_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
