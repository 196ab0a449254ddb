/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-transport.c - transport mode where NATs change the addresses of its packets (RFC 7296 section 2.23.1).
 *
 *   client 192.0.2.1 --- NAT 198.51.100.9 --- 198.51.100.20 NAT --- 192.0.2.2 server */
#include "exchange/pair.h"

#define CLIENT "192.0.2.1/32"
#define CLIENT_SEEN "198.51.100.9/32"
#define SERVER "192.0.2.2/32"
#define SERVER_SEEN "198.51.100.20/32"

/* Which NATs there are. */
enum { BEFORE_CLIENT = 1, BEFORE_SERVER = 2 };

static const PairSetup both_transport = { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } };

static Pair *
pair_translated(const PairSetup *setup, guint nats)
{
    Pair *pair = pair_new(setup);

    if (nats & BEFORE_CLIENT) {
        pair->nat = pair_address("198.51.100.9");
        pair->nat.port = 12345;
    }
    if (nats & BEFORE_SERVER)
        pair->right_nat = pair_address("198.51.100.20");
    pair_initiate(pair);
    pair_run(pair);
    return pair;
}

static const ObolSaSpec *
inbound_of(PairSide *side)
{
    const ObolChildSa *child = pair_child(side, 0);
    const ModelSa *sa = model_kernel_find(&side->kernel, child->suite.protocol, child->spi_in, TRUE);

    g_assert_nonnull(sa);
    return &sa->spec;
}

static void
check_original(PairSide *side, const char *source, const char *destination)
{
    const ObolSaSpec *spec = inbound_of(side);
    ObolAddress from = pair_address(source), to = pair_address(destination);

    g_assert_true(obol_address_equal(&spec->original_source, &from));
    g_assert_true(obol_address_equal(&spec->original_destination, &to));
}

static void
check_transport(Pair *pair, guint nats)
{
    gboolean client = (nats & BEFORE_CLIENT) != 0, server = (nats & BEFORE_SERVER) != 0;

    for (guint i = 0; i < 2; i++) {
        PairSide *side = i == 0 ? &pair->left : &pair->right;

        g_assert_cmpuint(pair_n_children(side, OBOL_CHILD_INSTALLED), ==, 1);
        g_assert_cmpint(inbound_of(side)->mode, ==, OBOL_MODE_TRANSPORT);
        g_assert_true(inbound_of(side)->udp_encap);
    }
    pair_check_protects(&pair->left, 0, CLIENT, server ? SERVER_SEEN : SERVER);
    pair_check_protects(&pair->right, 0, SERVER, client ? CLIENT_SEEN : CLIENT);
}

static void
test_each_end_has_the_addresses_that_it_sees(gconstpointer data)
{
    guint nats = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_translated(&both_transport, nats);

    check_transport(pair, nats);
    check_original(&pair->right, "192.0.2.1", nats & BEFORE_SERVER ? "198.51.100.20" : "192.0.2.2");
    check_original(&pair->left, "192.0.2.2", nats & BEFORE_CLIENT ? "198.51.100.9" : "192.0.2.1");
    pair_finish(pair);
}

static void
test_without_a_nat_nothing_is_translated(void)
{
    g_autoptr(Pair) pair = pair_translated(&both_transport, 0);

    pair_check_protects(&pair->left, 0, CLIENT, SERVER);
    pair_check_protects(&pair->right, 0, SERVER, CLIENT);
    g_assert_cmpuint(inbound_of(&pair->left)->original_source.family, ==, 0);
    g_assert_cmpuint(inbound_of(&pair->right)->original_source.family, ==, 0);
    pair_finish(pair);
}

static void
test_a_tunnel_keeps_its_selectors(void)
{
    g_autoptr(Pair) pair = pair_translated(NULL, BEFORE_CLIENT | BEFORE_SERVER);

    pair_check_protects(&pair->left, 0, "10.1.0.0/16", "10.2.0.0/16");
    pair_check_protects(&pair->right, 0, "10.2.0.0/16", "10.1.0.0/16");
    g_assert_cmpuint(inbound_of(&pair->right)->original_source.family, ==, 0);
    pair_finish(pair);
}

/* "exactly one IP address", though the settings mean more; protocols and ports stay as they are. */
static void
test_what_is_asked_for_has_the_addresses_of_the_ike_sa(void)
{
    const PairSetup setup = {
        .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT }, .local_ts = { "192.0.2.0/24[udp/1701] 10.9.0.0/16" },
        .remote_ts = { "0.0.0.0/0[udp/1701]" },
    };
    g_autoptr(Pair) pair = pair_translated(&setup, BEFORE_CLIENT | BEFORE_SERVER);

    pair_check_protects(&pair->left, 0, CLIENT "[udp/1701]", SERVER_SEEN "[udp/1701]");
    pair_check_protects(&pair->right, 0, SERVER "[udp/1701]", CLIENT_SEEN "[udp/1701]");
    pair_finish(pair);
}

/* The server has a tunnel for the addresses that the client says, and nothing for those that it sees: it takes back the exchange of
 * addresses.  The client wants transport mode or nothing. */
static void
test_a_tunnel_is_found_by_the_addresses_that_the_peer_says(void)
{
    const PairSetup setup = {
        .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TUNNEL }, .local_ts = { NULL, SERVER_SEEN }, .remote_ts = { NULL, CLIENT },
    };
    g_autoptr(Pair) pair = pair_new(&setup);
    g_auto(ObolChain) answer = { 0 };
    GByteArray *plain = NULL;
    const ObolPayload *tsi, *tsr;
    ObolTs client, server;

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair->right_nat = pair_address("198.51.100.20");
    pair_initiate(pair);
    for (guint i = 0; i < 3; i++)
        g_assert_true(pair_deliver(pair));
    g_assert_true(pair_look(pair, &plain, &answer));
    g_assert_null(obol_chain_find_notify(&answer, OBOL_N_USE_TRANSPORT_MODE));
    tsi = obol_chain_find(&answer, OBOL_PAYLOAD_TSI);
    tsr = obol_chain_find(&answer, OBOL_PAYLOAD_TSR);
    g_assert_true(obol_ts_parse(CLIENT, &client, NULL) && obol_ts_parse(SERVER_SEEN, &server, NULL));
    g_assert_true(tsi != NULL && tsi->ts.n == 1 && obol_ts_equal(&tsi->ts.selectors[0], &client));
    g_assert_true(tsr != NULL && tsr->ts.n == 1 && obol_ts_equal(&tsr->ts.selectors[0], &server));
    g_assert_cmpuint(inbound_of(&pair->right)->original_source.family, ==, 0);
    obol_plain_free(plain);
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_MODE);
}

static void
test_a_rekeying_goes_by_the_same_addresses(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_translated(&both_transport, BEFORE_CLIENT | BEFORE_SERVER);
    PairSide *side = left ? &pair->left : &pair->right;
    guint32 spi = pair_child(side, 0)->spi_in;

    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.child_id = pair_child(side, 0)->unique_id });
    pair_run(pair);
    g_assert_cmphex(pair_child(side, 0)->spi_in, !=, spi);
    check_transport(pair, BEFORE_CLIENT | BEFORE_SERVER);
    check_original(&pair->right, "192.0.2.1", "198.51.100.20");
    check_original(&pair->left, "192.0.2.2", "198.51.100.9");
    pair_finish(pair);
}

/* --- what is not of one address each --- */

static const struct {
    const char *name, *local, *remote;
} several[] = {
    { "a-network", "198.51.100.0/24", CLIENT },
    { "a-range", SERVER_SEEN, "192.0.2.1-192.0.2.2" },
    { "two-addresses", SERVER_SEEN, CLIENT " 192.0.2.7/32" },
    { "two-families", SERVER_SEEN " 2001:db8::1/128", CLIENT },
};

static void
test_nothing_is_put_in_place_of(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_translated(&both_transport, BEFORE_CLIENT | BEFORE_SERVER);
    g_autoptr(GArray) local = pair_selectors(several[i].local);
    g_autoptr(GArray) remote = pair_selectors(several[i].remote);
    g_autofree char *local_before = obol_ts_list_format(local), *remote_before = obol_ts_list_format(remote);
    g_autofree char *local_after = NULL, *remote_after = NULL;
    ObolOriginal original = { 0 };

    g_assert_false(obol_transport_substitute(pair->right.sa, local, remote, &original));
    local_after = obol_ts_list_format(local);
    remote_after = obol_ts_list_format(remote);
    g_assert_cmpstr(local_after, ==, local_before);
    g_assert_cmpstr(remote_after, ==, remote_before);
    g_assert_cmpuint(original.local.family, ==, 0);
}

int
main(int argc, char **argv)
{
    static const char *const where[] = { "", "before-the-client", "before-the-server", "before-both" };

    g_test_init(&argc, &argv, NULL);
    for (guint nats = 1; nats < 4; nats++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.23.1/each-end-has-the-addresses-that-it-sees-%s", where[nats]);

        g_test_add_data_func(name, GUINT_TO_POINTER(nats), test_each_end_has_the_addresses_that_it_sees);
    }
    g_test_add_func("/exchange/2.23.1/without-a-nat-nothing-is-translated", test_without_a_nat_nothing_is_translated);
    g_test_add_func("/exchange/2.23.1/a-tunnel-keeps-its-selectors", test_a_tunnel_keeps_its_selectors);
    g_test_add_func("/exchange/2.23.1/what-is-asked-for-has-the-addresses-of-the-ike-sa",
                    test_what_is_asked_for_has_the_addresses_of_the_ike_sa);
    g_test_add_func("/exchange/2.23.1/a-tunnel-is-found-by-the-addresses-that-the-peer-says",
                    test_a_tunnel_is_found_by_the_addresses_that_the_peer_says);
    g_test_add_data_func("/exchange/2.23.1/a-rekeying-goes-by-the-same-addresses-left", GINT_TO_POINTER(TRUE),
                         test_a_rekeying_goes_by_the_same_addresses);
    g_test_add_data_func("/exchange/2.23.1/a-rekeying-goes-by-the-same-addresses-right", GINT_TO_POINTER(FALSE),
                         test_a_rekeying_goes_by_the_same_addresses);
    for (gsize i = 0; i < G_N_ELEMENTS(several); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.23.1/nothing-is-put-in-place-of-%s", several[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_nothing_is_put_in_place_of);
    }
    return g_test_run();
}
