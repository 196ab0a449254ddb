/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-connection.c - a section of `connections` becomes what the admin wants, or every reason why not. */
#include "settings-test.h"

#define SIDES "local = { auth = \"psk\"; id = \"left.example\"; }; remote = { auth = \"psk\"; id = \"right.example\"; };"
#define CHILD "children = { net = { }; };"

static ObolConnection *
read_connection(const char *text, GError **error)
{
    g_autofree char *whole = g_strdup_printf("c = { %s };", text);
    g_autoptr(ObolNode) tree = tree_of(whole);
    const ObolNode *section = obol_node_get(tree, "c");
    ObolConnection *connection;

    if (!obol_settings_check(section, obol_schema_connection, error))
        return NULL;
    connection = obol_connection_from_node(section, error);
    g_assert_true((connection == NULL) == (*error != NULL));
    return connection;
}

static ObolConnection *
connection_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolConnection *connection = read_connection(text, &error);

    g_assert_no_error(error);
    return connection;
}

static void
assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_connection(text, &error));
    g_assert_true(error->domain == OBOL_SETTINGS_ERROR);
    assert_contains(error->message, message);
}

static void
test_defaults(void)
{
    g_autoptr(ObolConnection) c = connection_of(SIDES CHILD);
    const ObolChildConfig *child = obol_connection_child(c, "net");

    g_assert_cmpstr(c->name, ==, "c");
    g_assert_cmpuint(c->local_hosts->len, ==, 1);
    g_assert_true(((ObolHostSpec *) c->remote_hosts->pdata[0])->any);
    g_assert_cmpuint(c->local_port, ==, 500);
    g_assert_cmpuint(c->remote_port, ==, 500);
    g_assert_cmpuint(c->proposals->len, >, 0);
    g_assert_cmpint(c->rekey_us, ==, 4 * G_TIME_SPAN_HOUR);
    g_assert_cmpint(c->dpd_us, ==, 0);
    g_assert_cmpint(c->unique, ==, OBOL_UNIQUE_NO);
    g_assert_true(c->initial_contact);
    g_assert_false(c->encap);
    g_assert_cmpint(c->fragmentation, ==, OBOL_FRAGMENTATION_YES);
    g_assert_cmpuint(c->fragment_size, ==, 1280);
    g_assert_cmpuint(c->window, ==, OBOL_WINDOW_DEFAULT);
    g_assert_true(c->mobike);
    g_assert_cmpint(c->mobike_check, ==, OBOL_CHECK_BEFORE);
    g_assert_cmpint(child->mode, ==, OBOL_MODE_TUNNEL);
    g_assert_cmpint(child->protocol, ==, OBOL_PROTO_ESP);
    g_assert_cmpuint(g_array_index(child->local_ts, ObolTs, 0).family, ==, 0); /* dynamic */
    g_assert_cmpint(child->lifetimes.soft_us, ==, G_TIME_SPAN_HOUR);
    g_assert_cmpint(child->lifetimes.hard_us, ==, 66 * G_TIME_SPAN_MINUTE);
    g_assert_cmpint(child->jitter_us, ==, 6 * G_TIME_SPAN_MINUTE);
    g_assert_cmpuint(child->replay_window, ==, 64);
    g_assert_true(child->policies);
}

static void
test_all_keys(void)
{
    g_autoptr(ObolConnection) c = connection_of(
        "version = 2; local_addrs = [ \"192.0.2.1\", \"2001:db8::1\" ]; remote_addrs = \"198.51.100.0/24, vpn.example\";"
        "local_port = 4500; remote_port = 4501; proposals = [ \"aes128gcm16-prfsha256-x25519\", \"default\" ];"
        "rekey_time = \"2h\"; dpd_delay = \"30s\"; keep_alive = \"10s\"; half_open_timeout = \"5s\"; unique = \"replace\"; encap = true;"
        "initial_contact = \"no\"; retransmit = { base = \"300ms\"; factor = 2; tries = 3; };"
        "mobike = false; mobike_check = \"after\"; fragmentation = \"accept\"; fragment_size = 1400; window = 16; send_cert = \"never\"; keyingtries = 1; reauth_time = 0;" SIDES
        "children = { a = { mode = \"transport\"; local_ts = [ \"10.1.0.0/16[tcp/80]\", \"10.3.0.1\" ]; remote_ts = \"10.2.0.0/16\";"
        " ah_proposals = [ \"sha256\" ]; start_action = \"start\"; dpd_action = \"restart\"; close_action = \"trap\"; life_time = \"11m\";"
        " rekey_bytes = \"10M\"; life_packets = 1100; replay_window = 1024; reqid = 7; priority = 9; tfc_padding = 1200;"
        " policies = \"no\"; }; b = { }; };");
    const ObolChildConfig *a = obol_connection_child(c, "a");

    g_assert_cmpuint(c->local_hosts->len, ==, 2);
    g_assert_cmpuint(c->remote_hosts->len, ==, 2);
    g_assert_true(((ObolHostSpec *) c->remote_hosts->pdata[1])->is_name);
    g_assert_cmpuint(c->remote_port, ==, 4501);
    g_assert_cmpuint(c->proposals->len, >=, 2);
    g_assert_cmpint(c->keep_alive_us, ==, 10 * G_TIME_SPAN_SECOND);
    g_assert_cmpint(c->half_open_us, ==, 5 * G_TIME_SPAN_SECOND);
    g_assert_cmpint(c->unique, ==, OBOL_UNIQUE_REPLACE);
    g_assert_cmpint(c->fragmentation, ==, OBOL_FRAGMENTATION_ACCEPT);
    g_assert_cmpuint(c->fragment_size, ==, 1400);
    g_assert_cmpuint(c->window, ==, OBOL_WINDOW_MAX);
    g_assert_false(c->mobike);
    g_assert_cmpint(c->mobike_check, ==, OBOL_CHECK_AFTER);
    g_assert_true(c->encap && !c->initial_contact);
    g_assert_cmpint(c->retransmit_base_us, ==, 300 * G_TIME_SPAN_MILLISECOND);
    g_assert_cmpfloat(c->retransmit_factor, ==, 2.0);
    g_assert_cmpuint(c->retransmit_tries, ==, 3);
    g_assert_cmpuint(c->children->len, ==, 2);
    g_assert_cmpint(a->mode, ==, OBOL_MODE_TRANSPORT);
    g_assert_cmpint(a->protocol, ==, OBOL_PROTO_AH);
    g_assert_cmpuint(a->local_ts->len, ==, 2);
    g_assert_cmpint(a->start_action, ==, OBOL_ACTION_START);
    g_assert_cmpint(a->dpd_action, ==, OBOL_ACTION_START);
    g_assert_cmpint(a->close_action, ==, OBOL_ACTION_TRAP);
    g_assert_cmpint(a->lifetimes.hard_us, ==, 11 * G_TIME_SPAN_MINUTE);
    g_assert_cmpint(a->lifetimes.soft_us, ==, 10 * G_TIME_SPAN_MINUTE); /* a tenth less, as none was given */
    g_assert_cmpuint(a->lifetimes.soft_bytes, ==, 10 << 20);
    g_assert_cmpuint(a->lifetimes.hard_bytes, ==, 11 << 20);
    g_assert_cmpuint(a->lifetimes.soft_packets, ==, 1000);
    g_assert_cmpuint(a->lifetimes.hard_packets, ==, 1100);
    g_assert_cmpuint(a->reqid, ==, 7);
    g_assert_false(a->policies);
}

static void
test_rounds(void)
{
    assert_refused(CHILD "remote = { auth = \"psk\"; };", "c: has no section \"local\"; local = { auth = \"psk\"");
    assert_refused(CHILD "local = { auth = \"psk\"; };", "c: has no section \"remote\"");
    assert_refused(SIDES CHILD "local-2 = { auth = \"psk\"; };", "local-2: one \"local\" section alone");
    assert_refused(CHILD "local = { }; remote = { auth = \"psk\"; };", "local: \"auth\" must be set");
    assert_refused(CHILD "local = { auth = \"pubkey\"; }; remote = { auth = \"eap-tls\"; };",
                   "auth: \"eap-tls\" can not be honoured, only \"psk\": pubkey, rsa, ecdsa and ed25519 need certificates, eap an EAP method");
    assert_refused(CHILD "local = { auth = \"psk\"; id = \"%any\"; }; remote = { auth = \"psk\"; };", "the local id is one identity");
    obol_connection_unref(connection_of(CHILD "local-main = { auth = \"psk\"; }; remote1 = { auth = \"psk\"; };"));
}

static void
test_identities(void)
{
    g_autoptr(ObolConnection) c = connection_of(CHILD "local = { auth = \"psk\"; }; remote = { auth = \"psk\"; };");

    g_assert_null(c->local_id);                 /* the address that we speak from */
    g_assert_cmpuint(c->remote_id->type, ==, 0); /* anybody, as in swanctl.conf */
}

static void
test_what_can_not_be_honoured(void)
{
    static const char *const keys[] = {
        "version = 1;", "childless = \"allow\";",
        "keyingtries = 0;", "send_certreq = true;",
        "send_cert = \"always\";", "aggressive = true;", "ppk_id = \"x\";", "dscp = \"000001\";", "pull = false;",
        "children = { x = { updown = \"/bin/true\"; }; };", "children = { x = { mark_in = \"%unique\"; }; };",
        "children = { x = { if_id_out = \"%unique-dir\"; }; };", "children = { x = { sha256_96 = true; }; };",
        "children = { x = { inactivity = \"1m\"; }; };", "children = { x = { mode = \"iptfs\"; }; };", "if_id_in = \"%unique\";" CHILD,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *text = g_strconcat(SIDES, keys[i], NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(read_connection(text, &error));
        if (strstr(error->message, "can not be ") == NULL)
            g_error("%s: %s", keys[i], error->message);
    }
}

/* As swanctl.conf has it: over_time is a tenth of the longer one, rand_time is over_time, and who reauthenticates need not rekey. */
static void
test_lifetimes_of_ike_sas(void)
{
    static const struct {
        const char *text;
        gint64 rekey_m, reauth_m, over_m, rand_m; /* minutes */
    } rows[] = {
        { "", 240, 0, 24, 24 },
        { "rekey_time = \"0\";", 0, 0, 0, 0 },
        { "rekey_time = \"100m\";", 100, 0, 10, 10 },
        { "reauth_time = \"10h\";", 0, 600, 60, 60 },
        { "reauth_time = \"10h\"; rekey_time = \"1h\";", 60, 600, 60, 30 },
        { "rekey_time = \"1h\"; over_time = \"7m\";", 60, 0, 7, 7 },
        { "rekey_time = \"1h\"; over_time = \"0\"; rand_time = \"5m\";", 60, 0, 0, 5 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(SIDES CHILD, rows[i].text, NULL);
        g_autoptr(ObolConnection) c = connection_of(text);

        g_assert_cmpint(c->rekey_us, ==, rows[i].rekey_m * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(c->reauth_us, ==, rows[i].reauth_m * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(c->over_us, ==, rows[i].over_m * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(c->rand_us, ==, rows[i].rand_m * G_TIME_SPAN_MINUTE);
        g_assert_true(c->make_before_break);
    }
    assert_refused(SIDES CHILD "rekey_time = \"1h\"; rand_time = \"1h\";", "rand_time: is not less than rekey_time");
    assert_refused(SIDES CHILD "reauth_time = \"1h\"; rand_time = \"2h\";", "rand_time: is not less than rekey_time");
}

static void
test_values(void)
{
    assert_refused(SIDES CHILD "remote_addrs = [ \"192.0.2.300\", \"a b\" ];", "t.conf:1:");
    assert_refused(SIDES CHILD "proposals = [ \"aes128gcm16-nonsense-x25519\" ];", "proposals: ");
    assert_refused(SIDES CHILD "proposals = [ ];", "proposals: names no proposal");
    assert_refused(SIDES "children = { n = { esp_proposals = [ \"rot13\" ]; }; };", "esp_proposals: ");
    assert_refused(SIDES "children = { n = { local_ts = [ \"10.0.0.0/33\" ]; }; };", "local_ts: ");
    assert_refused(SIDES CHILD "retransmit = { factor = \"0.5\"; };", "factor: is a number between 1.0 and 10.0");
    assert_refused(SIDES CHILD "fragment_size = 255;", "fragment_size: ");
    assert_refused(SIDES CHILD "fragment_size = 65536;", "fragment_size: ");
    assert_refused(SIDES CHILD "window = 0;", "window: ");
    assert_refused(SIDES CHILD "redirect_to = \"192.0.2.300\";", "redirect_to: ");
    assert_refused(SIDES CHILD "redirect_to = \"a b\";", "redirect_to: ");
    assert_refused(SIDES CHILD "redirect_at = \"once\";", "redirect_at: ");
    assert_refused(SIDES CHILD "redirect_wait = \"0s\";", "redirect_wait: ");
    assert_refused(SIDES CHILD "window = 17;", "window: ");
    assert_refused(SIDES CHILD "fragmentation = \"maybe\";", "fragmentation: ");
    assert_refused(SIDES CHILD "retransmit = { factor = \"nan\"; };", "factor: is a number between 1.0 and 10.0");
    assert_refused("local = { auth = \"psk\"; id = \"keyid:\"; }; remote = { auth = \"psk\"; };" CHILD, "id: ");
    assert_refused(SIDES, "c: has no child");
    assert_refused(SIDES "children = { };", "c: has no child");
}

static void
test_fragmentation_words(void)
{
    static const struct {
        const char *word;
        ObolFragmentationUse use;
    } words[] = { { "yes", OBOL_FRAGMENTATION_YES }, { "force", OBOL_FRAGMENTATION_YES }, { "accept", OBOL_FRAGMENTATION_ACCEPT },
                  { "no", OBOL_FRAGMENTATION_NO } };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *text = g_strdup_printf(SIDES CHILD "fragmentation = \"%s\";", words[i].word);
        g_autoptr(ObolConnection) c = connection_of(text);

        g_assert_cmpint(c->fragmentation, ==, words[i].use);
    }
}

static void
test_mobike_words(void)
{
    static const struct {
        const char *word;
        ObolAddressCheck check;
    } words[] = { { "before", OBOL_CHECK_BEFORE }, { "after", OBOL_CHECK_AFTER }, { "no", OBOL_CHECK_NOT } };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *text = g_strdup_printf(SIDES CHILD "mobike = \"yes\"; mobike_check = \"%s\";", words[i].word);
        g_autoptr(ObolConnection) c = connection_of(text);

        g_assert_true(c->mobike);
        g_assert_cmpint(c->mobike_check, ==, words[i].check);
    }
    assert_refused(SIDES CHILD "mobike = \"perhaps\";", "mobike: ");
    assert_refused(SIDES CHILD "mobike_check = \"yes\";", "mobike_check: ");
}

static void
test_contradictions(void)
{
    assert_refused(SIDES "children = { n = { rekey_time = \"2h\"; life_time = \"1h\"; }; };", "life_time: is less than rekey_time");
    assert_refused(SIDES "children = { n = { rekey_bytes = \"2M\"; life_bytes = \"1M\"; }; };", "life_bytes: is less than rekey_bytes");
    assert_refused(SIDES "children = { n = { rekey_time = \"1h\"; rand_time = \"1h\"; }; };", "rand_time: is not less than rekey_time");
    assert_refused(SIDES "children = { n = { ah_proposals = [ \"sha256\" ]; esp_proposals = [ \"default\" ]; }; };",
                   "ah_proposals: stands beside esp_proposals");
}

static void
test_all_reasons_at_once(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_connection("proposals = \"x\"; local = { auth = \"psk\"; };"
                                  "children = { n = { local_ts = \"y\"; esp_proposals = \"z\"; }; };", &error));
    assert_contains(error->message, "proposals: ");
    assert_contains(error->message, "has no section \"remote\"");
    assert_contains(error->message, "local_ts: ");
    assert_contains(error->message, "esp_proposals: ");
}

static void
test_set(void)
{
    g_autoptr(ObolNode) tree = tree_of("connections = { a = { " SIDES CHILD " }; b = { " SIDES CHILD " }; };");
    g_autoptr(ObolNode) nothing = tree_of("daemon = { };");
    g_autoptr(ObolConnectionSet) set = obol_connections_from_tree(tree, NULL), none = obol_connections_from_tree(nothing, NULL);

    g_assert_cmpuint(set->connections->len, ==, 2);
    g_assert_nonnull(obol_connection_set_find(set, "b"));
    g_assert_cmpuint(none->connections->len, ==, 0);
}

static void
test_virtual_addresses(void)
{
    g_autoptr(ObolConnection) none = connection_of(SIDES CHILD);
    g_autoptr(ObolConnection) c = connection_of(SIDES CHILD "vips = [ \"0.0.0.0\", \"2001:db8::7\" ]; pools = \"a, b\";");

    g_assert_cmpuint(none->vips->len, ==, 0);
    g_assert_cmpuint(g_strv_length(none->pools), ==, 0);
    g_assert_cmpuint(c->vips->len, ==, 2);
    g_assert_cmpuint(g_array_index(c->vips, ObolAddress, 0).family, ==, AF_INET);
    g_assert_true(obol_address_is_unset(&g_array_index(c->vips, ObolAddress, 0)));
    g_assert_cmpuint(g_array_index(c->vips, ObolAddress, 1).bytes[15], ==, 7);
    g_assert_cmpstr(c->pools[0], ==, "a");
    g_assert_cmpstr(c->pools[1], ==, "b");
    assert_refused(SIDES CHILD "vips = [ \"10.0.0.0/8\" ];", "vips");
    assert_refused(SIDES CHILD "vips = [ \"%any\" ];", "vips");
    assert_refused(SIDES CHILD "vips = [ \"0.0.0.0\", \"0.0.0.0\", \"0.0.0.0\", \"0.0.0.0\", \"0.0.0.0\" ];", "at most 4");
}

/* What @text of a pool comes to, or why not. */
static GPtrArray *
pools_of(const char *text, GError **error)
{
    g_autofree char *whole = g_strdup_printf("pools = { p = { %s }; };", text);
    g_autoptr(ObolNode) tree = tree_of(whole);

    return obol_settings_check(tree, obol_schema, error) ? obol_pools_from_tree(tree, error) : NULL;
}

static void
test_pools(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pools = pools_of("addrs = \"10.3.0.0/24\"; dns = [ \"10.2.0.53\", \"2001:db8::53\" ]; subnet = \"10.2.0.0/16\"; "
                                          "domain = \"corp.example\"; netmask = \"255.255.255.0\";", &error);
    const ObolPoolConfig *pool;

    g_assert_no_error(error);
    g_assert_cmpuint(pools->len, ==, 1);
    pool = g_ptr_array_index(pools, 0);
    g_assert_cmpstr(pool->name, ==, "p");
    g_assert_cmpuint(pool->attributes->len, ==, 5);
}

static void
test_pools_with_faults(void)
{
    static const char *const texts[][2] = {
        { "dns = \"10.2.0.53\";", "addrs" }, { "addrs = \"here\";", "addrs" }, { "addrs = \"10.3.0.0/24\"; dns = \"here\";", "dns" },
        { "addrs = \"10.3.0.0/24\"; domain = \"a b\";", "domain" }, { "addrs = \"10.3.0.0/24\"; subnet = \"x\";", "subnet" },
        { "addrs = \"10.3.0.0/24\"; adrs = \"x\";", "addrs" }, { "addrs = \"10.3.0.0/24\"; split_include = \"10.0.0.0/8\";", "subnet" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(pools_of(texts[i][0], &error));
        g_assert_nonnull(error);
        assert_contains(error->message, texts[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/connection/defaults-are-the-schema's", test_defaults);
    g_test_add_func("/settings/connection/every-key-has-its-effect", test_all_keys);
    g_test_add_func("/settings/connection/each-side-has-exactly-one-round", test_rounds);
    g_test_add_func("/settings/connection/identities-default-as-in-swanctl", test_identities);
    g_test_add_func("/settings/connection/what-can-not-be-honoured-is-refused", test_what_can_not_be_honoured);
    g_test_add_func("/settings/connection/values-are-parsed-where-they-stand", test_values);
    g_test_add_func("/settings/connection/lifetimes-of-ike-sas-are-as-in-swanctl", test_lifetimes_of_ike_sas);
    g_test_add_func("/settings/connection/mobike-has-swanctl's-words-and-ours", test_mobike_words);
    g_test_add_func("/settings/connection/fragmentation-has-swanctl's-words", test_fragmentation_words);
    g_test_add_func("/settings/connection/contradictions-are-refused", test_contradictions);
    g_test_add_func("/settings/connection/all-reasons-are-told", test_all_reasons_at_once);
    g_test_add_func("/settings/connection/a-tree-gives-a-set", test_set);
    g_test_add_func("/settings/connection/virtual-addresses", test_virtual_addresses);
    g_test_add_func("/settings/pools/addresses-and-what-is-told", test_pools);
    g_test_add_func("/settings/pools/faults-are-told-where-they-stand", test_pools_with_faults);
    return g_test_run();
}
