/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-configuration-life.c - virtual addresses while their IKE SA lives: rekeyed, moved, changed (RFC 7296 sections
 * 2.8, 2.18 and 2.19, RFC 4555). */
#include "exchange/mobike.h"

/* --- rekeyed, set up again --- */

/* Whoever makes the heir, and whoever was the initiator of the first. */
static void
test_rekeyed_ike_sa(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0 ::", "10.3.0.0/24 2001:db8:3::/112");
    PairSide *by = GPOINTER_TO_INT(data) == 0 ? &pair->left : &pair->right;

    pair_set_up(pair);
    pair_rekey_ike(pair, by);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_check_given(pair, "10.3.0.1 2001:db8:3::1");
    g_assert_cmpuint(pair->left.lent->len, ==, 2);
    g_assert_cmpuint(pair_n_online(pair), ==, 1);
    pair_rekey_ike(pair, pair_other(pair, by));
    pair_run(pair);
    pair_check_given(pair, "10.3.0.1 2001:db8:3::1");
    pair_finish(pair);
    g_assert_cmpuint(pair->left.lent->len, ==, 0);
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
}

static void
test_rekeyed_child(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    PairSide *by = GPOINTER_TO_INT(data) == 0 ? &pair->left : &pair->right;

    pair_set_up(pair);
    pair_expire(pair, by, pair_child(by, 0), FALSE);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    pair_check_virtual(pair, "10.3.0.1/32");
}

static void
test_further_child(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");

    pair_add_child(pair, "other", "dynamic", "10.7.0.0/16");
    pair_set_up(pair);
    pair_initiate_child(pair, &pair->left, "other", 5);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
}

/* The next IKE SA of the same peers asks for the address that the old one has, and both hold it until the old one goes. */
static void
test_reauthentication(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    g_autoptr(ObolIkeSa) next = NULL;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    const ObolPayload *cp;

    pair_set_up(pair);
    next = obol_ike_sa_new_initiator(&pair->left.engine, pair->left.connection, 0x9999, &pair->left.address, &pair->right.address);
    obol_ike_sa_take_over_addresses(next, pair->left.sa);
    obol_configuration_put_request(next, &chain);
    cp = obol_chain_find(&chain, OBOL_PAYLOAD_CP);
    g_assert_nonnull(cp);
    g_assert_cmpuint(cp->cp.attributes[0].type, ==, OBOL_CP_IP4_ADDRESS);
    g_assert_cmpmem(cp->cp.attributes[0].value.data, cp->cp.attributes[0].value.n, "\x0a\x03\x00\x01", 4);
}

static void
test_the_same_address_again(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    g_autoptr(ObolIdentity) other = obol_identity_parse("other.test", NULL);
    ObolAddress any = { .family = AF_INET }, given;

    pair_set_up(pair);
    pair_finish(pair);
    g_assert_true(obol_pool_lease(obol_pools_nth(pair->right.pools, 0), other, &any, &given));
    pair_set_up(pair);
    g_assert_true(pair_whole(pair));
    pair_check_given(pair, "10.3.0.1");
}

/* --- MOBIKE: who moves keeps what he has been lent --- */

static Pair *
mobile(void)
{
    Pair *pair = pair_new_virtual_mobile("0.0.0.0", "10.3.0.0/24");

    pair_set_up(pair);
    g_assert_true(pair_whole(pair) && pair_all_at(pair, L1, R1));
    return pair;
}

static void
check_as_before(Pair *pair)
{
    g_assert_true(pair_agree(pair, 1));
    pair_check_given(pair, "10.3.0.1");
    pair_check_virtual(pair, "10.3.0.1/32");
    g_assert_cmpuint(pair->left.lent->len, ==, 1);
    g_assert_cmpuint(pair_n_online(pair), ==, 1);
}

static void
check_end(Pair *pair)
{
    pair_finish(pair);
    g_assert_cmpuint(pair->left.lent->len, ==, 0);
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
}

/* And what comes after the move, of either end, has the virtual address, not the new one. */
static void
test_a_client_that_moves(gconstpointer data)
{
    g_autoptr(Pair) pair = mobile();
    PairSide *by = GPOINTER_TO_INT(data) == 0 ? &pair->left : &pair->right;

    pair_roam(pair, &pair->left, L2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    check_as_before(pair);
    pair_expire(pair, by, pair_child(by, 0), FALSE);
    mobike_settle(pair);
    check_as_before(pair);
    pair_rekey_ike(pair, by);
    mobike_settle(pair);
    pair_roam(pair, &pair->left, L1);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    check_as_before(pair);
    check_end(pair);
}

static void
test_a_gateway_that_moves(void)
{
    g_autoptr(Pair) pair = mobile();

    pair_roam(pair, &pair->right, R2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R2));
    check_as_before(pair);
    check_end(pair);
}

/* RFC 4555 section 3.4 is about addresses that the peer could reach: what it has lent us is behind the tunnel. */
static void
test_a_virtual_address_is_no_path(void)
{
    g_autoptr(Pair) pair = mobile();
    const GArray *known = pair->right.sa->mobike->peer_addresses;

    pair->left.source = pair_address("10.3.0.1"); /* as a route into the tunnel has it */
    pair_roam(pair, &pair->left, "10.3.0.1 " L1 " " L2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    g_assert_cmpuint(known->len, ==, 1);
    g_assert_true(obol_address_equal(&g_array_index(known, ObolAddress, 0), &(ObolAddress) { .family = AF_INET, .bytes = { 192, 0, 2, 11 } }));
    pair_roam(pair, &pair->left, "10.3.0.1 " L2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    check_as_before(pair);
    check_end(pair);
}

/* Nor does the gateway send to it, whoever says that it might. */
static void
test_the_peers_virtual_address_is_no_path(void)
{
    g_autoptr(Pair) pair = mobile();
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolPath paths[OBOL_ENGINE_PATHS_MAX];
    guint n;

    obol_chain_add_notify(&chain, OBOL_N_ADDITIONAL_IP4_ADDRESS, (const guint8 *) "\x0a\x03\x00\x01", 4);
    g_assert_true(pair_ask(pair, &pair->left, &chain, NULL, NULL, &plain, &answer));
    n = obol_paths(pair->right.sa, paths);
    g_assert_cmpuint(n, >, 0);
    for (guint i = 0; i < n; i++)
        g_assert_cmpuint(paths[i].remote.bytes[0], ==, 192);
    pair_finish(pair);
}

/* A tunnel in a tunnel: the inner one speaks from what the outer one was lent, which is on no list of the machine's addresses. */
static void
test_an_sa_that_speaks_from_a_virtual_address_stays(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    ObolAddress lent = pair_address(L1);

    g_array_append_val(pair->left.lent, lent);
    pair_roam(pair, &pair->left, L2);
    pair->left.source = lent;
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    g_array_set_size(pair->left.lent, 0);
    pair_roam(pair, &pair->left, L2); /* the outer one is gone */
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

/* --- selectors that are changed while the child lives --- */

static const struct { const char *name, *local, *then; } changes[] = {
    { "dynamic", "dynamic[udp/53]", "10.3.0.1/32[udp/53] 2001:db8:3::1/128[udp/53]" },
    { "the-virtual-address", "10.3.0.1[tcp]", "10.3.0.1/32[tcp]" },
};

static void
test_changed_selectors(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data) / 2;
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0 ::", "10.3.0.0/24 2001:db8:3::/112");
    gboolean by_client = GPOINTER_TO_SIZE(data) % 2 == 0;
    PairSide *by = by_client ? &pair->left : &pair->right;

    pair_set_up(pair);
    pair_change(pair, by, OBOL_TS_SET, by_client ? changes[row].local : NULL, by_client ? NULL : changes[row].local);
    pair_run(pair);
    g_assert_cmpint(by->command_reason, ==, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 1));
    pair_check_virtual(pair, changes[row].then);
    pair_expire(pair, pair_other(pair, by), pair_child(pair_other(pair, by), 0), FALSE);
    pair_run(pair);
    pair_check_virtual(pair, changes[row].then);
    check_end(pair);
}

/* What the pool has given to others is not to be had that way, nor the address that IKE speaks from. */
static void
test_a_change_gives_no_address(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");

    pair_set_up(pair);
    pair_change(pair, &pair->left, OBOL_TS_SET, data, NULL);
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_true(pair_agree(pair, 1));
    pair_check_virtual(pair, "10.3.0.1/32");
    check_end(pair);
}

/* --- a configuration payload beside others, in one INFORMATIONAL request --- */

static void
test_cp_beside_other_payloads(void)
{
    g_autoptr(Pair) pair = mobile();
    guint32 spi = pair_child(&pair->left, 0)->spi_in;
    ObolCpAttribute version = { OBOL_CP_APPLICATION_VERSION, { NULL, 0 } };
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    obol_chain_add(&chain, OBOL_PAYLOAD_CP)->cp = (ObolCpPayload) { .cp_type = OBOL_CFG_REQUEST, .n = 1, .attributes = &version };
    mobike_add(&chain, OBOL_N_NO_ADDITIONAL_ADDRESSES);
    obol_chain_add_delete(&chain, OBOL_PROTO_ESP, &spi, 1);
    g_assert_true(pair_ask(pair, &pair->left, &chain, NULL, NULL, &plain, &answer));
    g_assert_nonnull(obol_chain_find(&answer, OBOL_PAYLOAD_CP));
    g_assert_nonnull(obol_chain_find(&answer, OBOL_PAYLOAD_DELETE));
    g_assert_cmpuint(pair->right.sa->children->len, ==, 0);
    g_assert_true(pair->right.sa->mobike->peer_addresses == NULL || pair->right.sa->mobike->peer_addresses->len == 0);
    g_assert_cmpuint(pair_n_online(pair), ==, 1); /* it is the IKE SA's, not the child's */
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/exchange/2.18/addresses-go-to-the-heir-of-the-client", GINT_TO_POINTER(0), test_rekeyed_ike_sa);
    g_test_add_data_func("/exchange/2.18/addresses-go-to-the-heir-of-the-gateway", GINT_TO_POINTER(1), test_rekeyed_ike_sa);
    g_test_add_data_func("/exchange/2.8/a-child-rekeyed-by-the-client-keeps-the-address", GINT_TO_POINTER(0), test_rekeyed_child);
    g_test_add_data_func("/exchange/2.8/a-child-rekeyed-by-the-gateway-keeps-the-address", GINT_TO_POINTER(1), test_rekeyed_child);
    g_test_add_func("/exchange/1.3.1/a-further-child-has-the-address", test_further_child);
    g_test_add_func("/exchange/2.8.3/reauthentication-asks-for-the-same-address", test_reauthentication);
    g_test_add_func("/exchange/2.19/who-comes-again-gets-the-same-address", test_the_same_address_again);
    g_test_add_data_func("/exchange/4555/a-client-that-moves-keeps-its-address/and-renews", GINT_TO_POINTER(0), test_a_client_that_moves);
    g_test_add_data_func("/exchange/4555/a-client-that-moves-keeps-its-address/and-is-renewed", GINT_TO_POINTER(1), test_a_client_that_moves);
    g_test_add_func("/exchange/4555/a-gateway-that-moves-keeps-the-lease", test_a_gateway_that_moves);
    g_test_add_func("/exchange/4555/3.4/a-virtual-address-is-no-path", test_a_virtual_address_is_no_path);
    g_test_add_func("/exchange/4555/3.4/the-peers-virtual-address-is-no-path", test_the_peers_virtual_address_is_no_path);
    g_test_add_func("/exchange/4555/who-speaks-from-a-virtual-address-stays", test_an_sa_that_speaks_from_a_virtual_address_stays);
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(changes); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.9/selectors-become-%s/by-the-%s", changes[i / 2].name,
                                                i % 2 == 0 ? "client" : "gateway");

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_changed_selectors);
    }
    g_test_add_data_func("/exchange/2.19/no-other-virtual-address-by-a-change", "10.3.0.2", test_a_change_gives_no_address);
    g_test_add_data_func("/exchange/2.19/nor-two-of-them", "10.3.0.1 10.3.0.2", test_a_change_gives_no_address);
    g_test_add_data_func("/exchange/2.19/nor-the-outer-one", "192.0.2.1", test_a_change_gives_no_address);
    g_test_add_func("/exchange/2.19/a-request-beside-other-payloads", test_cp_beside_other_payloads);
    return g_test_run();
}
