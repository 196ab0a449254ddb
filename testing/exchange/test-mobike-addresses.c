/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike-addresses.c - additional addresses: told, taken, and used (RFC 4555 sections 3.4, 3.6, 4.2.2 and 4.2.3). */
#include "exchange/mobike.h"

#include <string.h>

static guint
n_known(const PairSide *side)
{
    return side->sa->mobike->peer_addresses != NULL ? side->sa->mobike->peer_addresses->len : 0;
}

static gboolean
knows(const PairSide *side, const char *text)
{
    ObolAddress wanted = pair_address(text);

    for (guint i = 0; i < n_known(side); i++) {
        if (obol_address_equal(&g_array_index(side->sa->mobike->peer_addresses, ObolAddress, i), &wanted))
            return TRUE;
    }
    return FALSE;
}

static void
add_address(ObolChain *chain, const char *text)
{
    ObolAddress address = pair_address(text);

    obol_chain_add_notify(chain, address.family == AF_INET ? OBOL_N_ADDITIONAL_IP4_ADDRESS : OBOL_N_ADDITIONAL_IP6_ADDRESS, address.bytes,
                          obol_address_n_bytes(&address));
}

static void
tell(Pair *pair, PairSide *from, const ObolChain *chain, const char *source)
{
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    g_assert_true(pair_ask(pair, from, chain, source, NULL, &plain, &answer));
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_UNEXPECTED_NAT_DETECTED), ==, 0);
}

/* --- section 3.4 --- */

static void
test_both_tell_theirs_in_ike_auth(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    g_assert_cmpuint(n_known(&pair->left), ==, 1);
    g_assert_cmpuint(n_known(&pair->right), ==, 1);
    g_assert_true(knows(&pair->left, R2) && knows(&pair->right, L2));
    pair_finish(pair);
}

static void
test_of_both_families(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    pair_set_addresses(&pair->right, R1 " 2001:db8::22 192.0.2.23");
    pair_establish(pair);
    g_assert_cmpuint(n_known(&pair->left), ==, 2);
    g_assert_true(knows(&pair->left, "2001:db8::22") && knows(&pair->left, "192.0.2.23"));
    pair_finish(pair);
}

static void
test_a_host_with_one_address_tells_none(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_set_addresses(&pair->left, L1);
    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_ADDITIONAL_IP4_ADDRESS), ==, 0);
    pair_run(pair);
    g_assert_cmpuint(n_known(&pair->right), ==, 0);
    pair_finish(pair);
}

/* Section 5.5: only what may be used for it is disclosed. */
static void
test_what_the_settings_do_not_allow_is_not_told(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    g_ptr_array_set_size(pair->left.connection->local_hosts, 0);
    g_ptr_array_add(pair->left.connection->local_hosts, obol_host_spec_new("192.0.2.0/29", NULL));
    pair_set_addresses(&pair->left, L1 " 192.0.2.3 " L2);
    pair_establish(pair);
    g_assert_cmpuint(n_known(&pair->right), ==, 1);
    g_assert_true(knows(&pair->right, "192.0.2.3"));
    pair_finish(pair);
}

static void
test_what_a_tunnel_is_for_does_not_carry_it(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    pair_set_addresses(&pair->left, L1 " 10.1.0.1 fe80::1");
    pair_establish(pair);
    g_assert_cmpuint(n_known(&pair->right), ==, 0);
    pair_finish(pair);
}

static void
test_ours_are_bounded(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_autoptr(GString) many = g_string_new(L1);

    for (guint i = 0; i < 3 * OBOL_ENGINE_OWN_ADDRESSES_MAX; i++)
        g_string_append_printf(many, " 198.51.100.%u", i + 1);
    pair_set_addresses(&pair->left, many->str);
    pair_establish(pair);
    g_assert_cmpuint(n_known(&pair->right), ==, OBOL_ENGINE_OWN_ADDRESSES_MAX);
    pair_finish(pair);
}

/* --- what is taken --- */

static void
test_a_new_list_replaces_the_old_one(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    add_address(&chain, "203.0.113.1");
    add_address(&chain, "2001:db8::77");
    tell(pair, &pair->left, &chain, NULL);
    g_assert_cmpuint(n_known(&pair->right), ==, 2);
    g_assert_true(knows(&pair->right, "203.0.113.1") && knows(&pair->right, "2001:db8::77"));
    g_assert_true(pair_all_at(pair, L1, R1)); /* and nothing moves */
    pair_finish(pair);
}

static void
test_no_additional_addresses_empties_the_list(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
    tell(pair, &pair->left, &chain, NULL);
    g_assert_cmpuint(n_known(&pair->right), ==, 0);
    pair_finish(pair);
}

static void
test_theirs_are_bounded(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    for (guint i = 0; i < OBOL_WIRE_PAYLOADS_MAX - 2; i++) {
        g_autofree char *text = g_strdup_printf("203.0.113.%u", i + 1);

        add_address(&chain, text);
    }
    tell(pair, &pair->left, &chain, NULL);
    g_assert_cmpuint(n_known(&pair->right), ==, OBOL_ENGINE_PEER_ADDRESSES_MAX);
    pair_finish(pair);
}

static void
test_addresses_of_wrong_lengths_are_none(void)
{
    static const struct {
        guint16 type;
        gsize n;
    } wrong[] = { { OBOL_N_ADDITIONAL_IP4_ADDRESS, 0 }, { OBOL_N_ADDITIONAL_IP4_ADDRESS, 3 }, { OBOL_N_ADDITIONAL_IP4_ADDRESS, 16 },
                  { OBOL_N_ADDITIONAL_IP6_ADDRESS, 4 }, { OBOL_N_ADDITIONAL_IP6_ADDRESS, 15 }, { OBOL_N_ADDITIONAL_IP6_ADDRESS, 17 },
                  { OBOL_N_NO_ADDITIONAL_ADDRESSES, 1 } };
    static const guint8 bytes[17] = { 203, 0, 113, 1, 5 };
    g_autoptr(Pair) pair = mobike_up(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(ObolChain) chain = { .n = 0 };

        obol_chain_add_notify(&chain, wrong[i].type, bytes, wrong[i].n);
        tell(pair, &pair->left, &chain, NULL);
        g_assert_cmpuint(n_known(&pair->right), ==, 1);
    }
    pair_finish(pair);
}

static void
test_addresses_at_which_nobody_is_are_left(void)
{
    static const char *const nobody[] = { "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1", "fe80::1",
                                          "::ffff:203.0.113.1" };
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(nobody); i++)
        add_address(&chain, nobody[i]);
    tell(pair, &pair->left, &chain, NULL);
    g_assert_cmpuint(n_known(&pair->right), ==, 0);
    pair_finish(pair);
}

static void
test_one_that_is_named_twice_is_kept_once(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    add_address(&chain, "203.0.113.1");
    add_address(&chain, "203.0.113.1");
    add_address(&chain, L1); /* the one in use is not additional */
    tell(pair, &pair->left, &chain, NULL);
    g_assert_cmpuint(n_known(&pair->right), ==, 1);
    pair_finish(pair);
}

static void
test_without_mobike_nothing_is_taken(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_establish(pair);
    add_address(&chain, "203.0.113.1");
    tell(pair, &pair->left, &chain, NULL);
    g_assert_null(pair->right.sa->mobike);
    pair_finish(pair);
}

/* --- section 3.6 --- */

static void
test_changed_addresses_are_told_and_nobody_moves(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, left ? &pair->left : &pair->right, left ? L1 " 203.0.113.1" : R1 " 203.0.113.1");
    pair_run(pair);
    g_assert_true(knows(left ? &pair->right : &pair->left, "203.0.113.1"));
    g_assert_cmpuint(n_known(left ? &pair->right : &pair->left), ==, 1);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_that_there_are_none_any_more_is_told(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_roam(pair, &pair->right, R1);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(request.n, ==, 1);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NO_ADDITIONAL_ADDRESSES), ==, 1);
    pair_run(pair);
    g_assert_cmpuint(n_known(&pair->left), ==, 0);
    pair_finish(pair);
}

static void
test_what_the_peer_knows_is_not_told_again(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->right, R1 " " R2);
    pair_roam(pair, &pair->left, L1 " " L2);
    g_assert_null(pair_peek(pair));
    pair_finish(pair);
}

static void
test_a_move_and_new_addresses_go_in_one_request(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_roam(pair, &pair->left, L2 " 203.0.113.1");
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_UPDATE_SA_ADDRESSES), ==, 1);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_ADDITIONAL_IP4_ADDRESS), ==, 1);
    pair_run(pair);
    g_assert_cmpuint(n_known(&pair->right), ==, 1);
    g_assert_true(knows(&pair->right, "203.0.113.1"));
    pair_finish(pair);
}

static void
test_without_nat_traversal_a_list_is_protected(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair->left.sa->mobike->nat_t = pair->right.sa->mobike->nat_t = FALSE;
    pair_roam(pair, &pair->right, R1);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NO_NATS_ALLOWED), ==, 1);
    pair_peek(pair)->source = pair_address("203.0.113.1");
    pair_deliver(pair);
    g_assert_true(knows(&pair->left, R2)); /* a NAT: not taken */
    pair_peek(pair)->destination = pair_address(R1);
    pair_peek(pair)->destination.port = 4500;
    pair_run(pair);
    g_assert_true(pair_jump(pair)); /* asked again */
    pair_run(pair);
    g_assert_cmpuint(n_known(&pair->left), ==, 0);
    pair_finish(pair);
}

/* --- the responder's address goes: sections 3.5 and 3.6 --- */

static void
test_the_responder_s_address_goes(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    ObolAddress r2 = pair_address(R2);

    pair_roam(pair, &pair->right, R2);
    g_assert_true(obol_address_equal(&pair_peek(pair)->source, &r2));
    g_assert_true(pair_kernel_at(&pair->right, R2, L1)); /* section 3.5: it may, when it must */
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L1, R2));
    g_assert_cmpuint(n_known(&pair->left), ==, 0);
    pair_finish(pair);
}

/* The initiator's SAs go where it has had an answer from, and not before. */
static void
test_the_initiator_checks_a_new_address_of_the_responder(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->right, R2);
    pair_deliver(pair); /* its list */
    g_assert_true(pair_ike_at(&pair->left, L1, R2));
    g_assert_true(pair_kernel_at(&pair->left, L1, R1));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L1, R2));
    pair_finish(pair);
}

static void
test_a_present_address_that_is_not_named_any_more_is_left(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    /* From its other address, and the present one is not in the list: that is said to be gone. */
    obol_chain_add_notify(&chain, OBOL_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
    tell(pair, &pair->right, &chain, R2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R2));
    pair_finish(pair);
}

static void
test_a_list_from_another_address_that_names_the_present_one_moves_nothing(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    add_address(&chain, R1);
    tell(pair, &pair->right, &chain, R2);
    mobike_settle(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    g_assert_true(knows(&pair->left, R2));
    pair_finish(pair);
}

/* Section 3.6: the only use of the initiator's list. */
static void
test_a_responder_that_has_moved_asks_by_all_paths(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_kill(pair, L1); /* the initiator can be met at its other address alone, and knows nothing of it */
    pair_roam(pair, &pair->right, R2);
    mobike_settle(pair);
    g_assert_true(knows(&pair->right, L1) || knows(&pair->right, L2));
    g_assert_true(pair_ike_at(&pair->left, L2, R2) && pair_ike_at(&pair->right, R2, L2));
    g_assert_true(pair_all_at(pair, L2, R2));
    pair_revive(pair);
    pair_finish(pair);
}

static void
test_a_responder_whose_address_stays_does_not_use_the_list(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    ObolAddress l1 = pair_address(L1);

    pair_probe(pair, &pair->right);
    for (guint i = 0; i < 5; i++) {
        while (pair_peek(pair) != NULL) {
            g_assert_true(obol_address_equal(&pair_peek(pair)->destination, &l1));
            pair_lose(pair);
        }
        g_assert_true(pair_jump(pair));
    }
    pair_run(pair);
    pair_finish(pair);
}

int
main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "3.4/both-tell-theirs-in-ike-auth", test_both_tell_theirs_in_ike_auth },
        { "3.4/of-both-families", test_of_both_families },
        { "3.4/a-host-with-one-address-tells-none", test_a_host_with_one_address_tells_none },
        { "3.4/ours-are-bounded", test_ours_are_bounded },
        { "5.5/what-the-settings-do-not-allow-is-not-told", test_what_the_settings_do_not_allow_is_not_told },
        { "5.5/what-a-tunnel-is-for-does-not-carry-it", test_what_a_tunnel_is_for_does_not_carry_it },
        { "3.6/a-new-list-replaces-the-old-one", test_a_new_list_replaces_the_old_one },
        { "3.6/no-additional-addresses-empties-the-list", test_no_additional_addresses_empties_the_list },
        { "3.6/theirs-are-bounded", test_theirs_are_bounded },
        { "4.2.2/addresses-of-wrong-lengths-are-none", test_addresses_of_wrong_lengths_are_none },
        { "3.4/addresses-at-which-nobody-is-are-left", test_addresses_at_which_nobody_is_are_left },
        { "3.6/one-that-is-named-twice-is-kept-once", test_one_that_is_named_twice_is_kept_once },
        { "3.6/without-mobike-nothing-is-taken", test_without_mobike_nothing_is_taken },
        { "3.6/that-there-are-none-any-more-is-told", test_that_there_are_none_any_more_is_told },
        { "3.6/what-the-peer-knows-is-not-told-again", test_what_the_peer_knows_is_not_told_again },
        { "3.6/a-move-and-new-addresses-go-in-one-request", test_a_move_and_new_addresses_go_in_one_request },
        { "3.9/without-nat-traversal-a-list-is-protected", test_without_nat_traversal_a_list_is_protected },
        { "3.5/the-responder-s-address-goes", test_the_responder_s_address_goes },
        { "3.7/the-initiator-checks-a-new-address-of-the-responder", test_the_initiator_checks_a_new_address_of_the_responder },
        { "3.6/a-present-address-that-is-not-named-any-more-is-left", test_a_present_address_that_is_not_named_any_more_is_left },
        { "3.6/a-list-from-another-address-that-names-the-present-one-moves-nothing",
          test_a_list_from_another_address_that_names_the_present_one_moves_nothing },
        { "3.6/a-responder-that-has-moved-asks-by-all-paths", test_a_responder_that_has_moved_asks_by_all_paths },
        { "3.4/a-responder-whose-address-stays-does-not-use-the-list", test_a_responder_whose_address_stays_does_not_use_the_list },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strconcat("/exchange/4555/", tests[i].name, NULL);

        g_test_add_func(name, tests[i].run);
    }
    g_test_add_data_func("/exchange/4555/3.6/changed-addresses-are-told-and-nobody-moves-responder", GINT_TO_POINTER(FALSE),
                         test_changed_addresses_are_told_and_nobody_moves);
    g_test_add_data_func("/exchange/4555/3.6/changed-addresses-are-told-and-nobody-moves-initiator", GINT_TO_POINTER(TRUE),
                         test_changed_addresses_are_told_and_nobody_moves);
    return g_test_run();
}
