/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike.c - an SA moves: who says so, and how (RFC 4555 sections 3.2, 3.3 and 3.5). */
#include "exchange/mobike.h"

#include <string.h>

/* --- IKE_AUTH, sections 3.2 and 3.3 --- */

static void
test_both_announce_it_in_ike_auth(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_MOBIKE_SUPPORTED), ==, 1);
    pair_run(pair);
    g_assert_true(obol_ike_sa_is_mobile(pair->left.sa) && obol_ike_sa_is_mobile(pair->right.sa));
    pair_finish(pair);
}

static void
test_one_that_does_not_want_it_has_it_not(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    (left ? &pair->left : &pair->right)->connection->mobike = FALSE;
    pair_establish(pair);
    g_assert_false(obol_ike_sa_is_mobile(pair->left.sa) || obol_ike_sa_is_mobile(pair->right.sa));
    pair_finish(pair);
}

static void
test_without_it_update_is_not_obeyed(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_establish(pair);
    mobike_add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    g_assert_cmpuint(mobike_answers_with(pair, &chain, L2, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 0);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_ports_change_without_a_nat(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    g_assert_cmpuint(pair->left.sa->local.port, ==, 4500);
    g_assert_cmpuint(pair->left.sa->remote.port, ==, 4500);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 4500);
    g_assert_false(obol_child_ends(pair_child(&pair->left, 0))->udp_encap);
    pair_finish(pair);
}

/* The left, with IKE_AUTH to send, does not know yet that the right knows NAT traversal: as if that did not. */
static Pair *
before_ike_auth_without_nat_traversal(void)
{
    Pair *pair = pair_new_mobile(NULL);

    pair_initiate(pair);
    pair_deliver(pair);
    pair->hold_kernel = TRUE;
    pair_deliver(pair);
    pair->left.sa->negotiation->nat_detection = pair->right.sa->negotiation->nat_detection = FALSE;
    pair_release_kernel(pair);
    return pair;
}

static void
test_ports_stay_without_nat_traversal(void)
{
    g_autoptr(Pair) pair = before_ike_auth_without_nat_traversal();
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    g_assert_cmpuint(pair_peek(pair)->destination.port, ==, 500);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NO_NATS_ALLOWED), ==, 1);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_false(pair->left.sa->mobike->nat_t || pair->right.sa->mobike->nat_t);
    pair_finish(pair);
}

/* Section 3.9. */
static void
test_a_nat_that_is_not_allowed_refuses_ike_auth(void)
{
    g_autoptr(Pair) pair = before_ike_auth_without_nat_traversal();

    pair_peek(pair)->source = pair_address("203.0.113.1");
    pair_peek(pair)->source.port = 500;
    pair_deliver(pair);
    g_assert_null(pair->right.sa);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_cmpstr(pair_peek(pair) != NULL ? "answered" : "", ==, "answered");
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_UNEXPECTED_NAT_DETECTED);
    g_assert_true(pair_clean(pair));
}

/* --- the initiator moves, section 3.5 --- */

static void
test_the_initiator_moves_when_its_address_goes(gconstpointer data)
{
    gboolean six = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(&(PairSetup) { .ipv6 = six });

    pair_roam(pair, &pair->left, six ? "2001:db8::11" : L2);
    pair_run(pair);
    g_assert_true(six ? pair_all_at(pair, "2001:db8::11", "2001:db8::2") : pair_all_at(pair, L2, R1));
    g_assert_cmpuint(pair->left.n_moves, ==, 1);
    g_assert_cmpuint(pair->right.n_moves, ==, 1);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_the_kernel_updates_and_adds_nothing(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    guint n_left = pair->left.kernel.n_asked[OBOL_KERNEL_ADD_SA], n_right = pair->right.kernel.n_asked[OBOL_KERNEL_ADD_SA];

    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_cmpuint(pair->left.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    g_assert_cmpuint(pair->left.kernel.n_asked[OBOL_KERNEL_UPDATE_POLICY], ==, 3);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_POLICY], ==, 3);
    g_assert_cmpuint(pair->left.kernel.n_asked[OBOL_KERNEL_ADD_SA], ==, n_left);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_ADD_SA], ==, n_right);
    pair_finish(pair);
}

static void
test_an_update_has_hashes_and_a_cookie_and_comes_from_the_new_address(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolAddress l2 = pair_address(L2);

    pair_roam(pair, &pair->left, L2);
    g_assert_true(obol_address_equal(&pair_peek(pair)->source, &l2));
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_UPDATE_SA_ADDRESSES), ==, 1);
    g_assert_cmpuint(obol_chain_find_notify(&request, OBOL_N_UPDATE_SA_ADDRESSES)->notify.data.n, ==, 0);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NAT_DETECTION_SOURCE_IP), ==, 1);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NAT_DETECTION_DESTINATION_IP), ==, 1);
    g_assert_cmpuint(obol_chain_find_notify(&request, OBOL_N_COOKIE2)->notify.data.n, ==, OBOL_ENGINE_COOKIE2);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NO_NATS_ALLOWED), ==, 0);
    pair_run(pair);
    pair_finish(pair);
}

/* The peer's address is the one that it has always answered from: nothing to be checked, so traffic goes at once. */
static void
test_the_initiator_s_own_sas_move_before_the_answer(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->left, L2);
    g_assert_true(pair_kernel_at(&pair->left, L2, R1));
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_what_is_outstanding_goes_out_again_by_the_new_addresses(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    ObolAddress l2 = pair_address(L2);

    pair_probe(pair, &pair->left);
    pair_lose(pair);
    pair_roam(pair, &pair->left, L2);
    g_assert_null(pair_peek(pair)); /* the window is one request: no update yet */
    g_assert_true(pair_jump(pair));
    g_assert_true(obol_address_equal(&pair_peek(pair)->source, &l2));
    /* It is answered to where it came from, and changes nothing (section 3.8). */
    pair_deliver(pair);
    g_assert_true(obol_address_equal(&pair_peek(pair)->destination, &l2));
    g_assert_true(pair_ike_at(&pair->right, R1, L1));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_the_answer_to_an_update_from_an_old_address_is_not_used(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_set_addresses(&pair->left, "192.0.2.1 192.0.2.11 192.0.2.12");
    pair_roam(pair, &pair->left, L2 " 192.0.2.12");
    pair_deliver(pair); /* the first update arrives */
    pair_roam(pair, &pair->left, "192.0.2.12");
    pair_run(pair);
    while (pair->left.sa->request.datagram != NULL && pair_jump(pair))
        pair_run(pair);
    g_assert_true(pair_all_at(pair, "192.0.2.12", R1));
    pair_finish(pair);
}

static void
test_a_lost_update_is_repeated(gconstpointer data)
{
    gboolean answer = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->left, L2);
    if (answer)
        pair_deliver(pair);
    pair_lose(pair);
    pair_run(pair);
    while ((pair->left.sa->request.datagram != NULL || pair->right.sa->request.datagram != NULL) && pair_jump(pair))
        pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_an_update_that_comes_twice_moves_once(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->left, L2);
    pair_duplicate(pair);
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    g_assert_cmpuint(pair->right.n_moves, ==, 1);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    pair_finish(pair);
}

/* Window 1: an older update is a number that is done. */
static void
test_an_old_update_after_a_new_one_changes_nothing(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    PairPacket *old, *answer;
    ObolAddress l2 = pair_address(L2);

    pair_roam(pair, &pair->left, L2);
    old = g_memdup2(pair_peek(pair), sizeof *old);
    g_byte_array_ref(old->bytes);
    pair_run(pair);
    pair_roam(pair, &pair->left, L1);
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    g_queue_push_tail(pair->wire, old);
    pair_deliver(pair);
    answer = pair_peek(pair);
    g_assert_true(answer == NULL || obol_address_equal(&answer->destination, &l2));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_a_move_before_ike_auth_is_not_obeyed(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    mobike_add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 1, &chain));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->right.n_moves, ==, 0);
    pair_finish(pair);
}

static void
test_a_stranded_initiator_waits_and_goes_on(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->left, "");
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_GONE);
    pair_run(pair);
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_an_address_that_comes_back_is_no_move(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    pair_roam(pair, &pair->left, "");
    pair_roam(pair, &pair->left, L1);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_moves + pair->right.n_moves, ==, 0);
    g_assert_cmpuint(pair->left.n_failures, ==, 1);
    pair_finish(pair);
}

/* Section 3.5: unreliable information is a hint, which is followed by a liveness check. */
static void
test_another_route_alone_makes_a_liveness_check(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_roam(pair, &pair->left, L2 " " L1);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(request.n, ==, 0);
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

/* --- the responder, section 3.5 --- */

static void
test_an_update_is_for_the_initiator_to_send(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    mobike_add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    g_assert_true(pair_ask(pair, &pair->right, &chain, R2, NULL, &plain, &answer));
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 1);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_an_update_with_data_is_none(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_UPDATE_SA_ADDRESSES, (const guint8 *) "x", 1);
    g_assert_cmpuint(mobike_answers_with(pair, &chain, L2, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 0);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
replace_hosts(GPtrArray *hosts, const char *text)
{
    g_ptr_array_set_size(hosts, 0);
    g_ptr_array_add(hosts, obol_host_spec_new(text, NULL));
}

static void
test_addresses_that_the_settings_do_not_allow_are_refused(gconstpointer data)
{
    gboolean ours = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    replace_hosts(ours ? pair->right.connection->local_hosts : pair->right.connection->remote_hosts, ours ? R1 : "192.0.2.0/29");
    mobike_add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    g_assert_true(pair_ask(pair, &pair->left, &chain, L2, ours ? R2 : R1, &plain, &answer));
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 1);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_a_refused_initiator_goes_back_where_it_was(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);
    g_autoptr(ObolActions) did = obol_actions_new();
    ObolPath away;

    pair_set_addresses(&pair->right, R1);
    pair_establish(pair);
    away = obol_path_of(pair->left.sa);
    replace_hosts(pair->right.connection->remote_hosts, "192.0.2.1");
    away.local = pair_address(L2);
    away.local.port = 4500;
    pair->left.sa->now_us = pair->now_us;
    obol_mobike_move(pair->left.sa, &away, did);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TIMER });
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_true(pair_ike_at(&pair->left, L1, R1));
    g_assert_true(pair_ike_at(&pair->right, R1, L1));
}

static void
test_an_initiator_with_nowhere_to_go_ends(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);

    replace_hosts(pair->right.connection->remote_hosts, "192.0.2.1");
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_true(pair_clean(pair));
}

int
main(int argc, char *argv[])
{
    static const MobikeTest tests[] = {
        { "3.2/both-announce-it-in-ike-auth", test_both_announce_it_in_ike_auth },
        { "3.2/without-it-update-is-not-obeyed", test_without_it_update_is_not_obeyed },
        { "3.3/ports-change-without-a-nat", test_ports_change_without_a_nat },
        { "3.3/ports-stay-without-nat-traversal", test_ports_stay_without_nat_traversal },
        { "3.9/a-nat-that-is-not-allowed-refuses-ike-auth", test_a_nat_that_is_not_allowed_refuses_ike_auth },
        { "3.5/the-kernel-updates-and-adds-nothing", test_the_kernel_updates_and_adds_nothing },
        { "3.5/an-update-has-hashes-and-a-cookie-and-comes-from-the-new-address",
          test_an_update_has_hashes_and_a_cookie_and_comes_from_the_new_address },
        { "3.5/the-initiator-s-own-sas-move-before-the-answer", test_the_initiator_s_own_sas_move_before_the_answer },
        { "3.5/what-is-outstanding-goes-out-again-by-the-new-addresses", test_what_is_outstanding_goes_out_again_by_the_new_addresses },
        { "3.5/the-answer-to-an-update-from-an-old-address-is-not-used", test_the_answer_to_an_update_from_an_old_address_is_not_used },
        { "3.5/an-update-that-comes-twice-moves-once", test_an_update_that_comes_twice_moves_once },
        { "3.5/an-old-update-after-a-new-one-changes-nothing", test_an_old_update_after_a_new_one_changes_nothing },
        { "3.5/a-move-before-ike-auth-is-not-obeyed", test_a_move_before_ike_auth_is_not_obeyed },
        { "3.5/a-stranded-initiator-waits-and-goes-on", test_a_stranded_initiator_waits_and_goes_on },
        { "3.5/an-address-that-comes-back-is-no-move", test_an_address_that_comes_back_is_no_move },
        { "3.5/another-route-alone-makes-a-liveness-check", test_another_route_alone_makes_a_liveness_check },
        { "3.5/an-update-is-for-the-initiator-to-send", test_an_update_is_for_the_initiator_to_send },
        { "3.5/an-update-with-data-is-none", test_an_update_with_data_is_none },
        { "3.5/a-refused-initiator-goes-back-where-it-was", test_a_refused_initiator_goes_back_where_it_was },
        { "3.5/an-initiator-with-nowhere-to-go-ends", test_an_initiator_with_nowhere_to_go_ends },
    };
    static const MobikeSeries series[] = {
        { "3.2/one-that-does-not-want-it-has-it-not", test_one_that_does_not_want_it_has_it_not, 2 },
        { "3.5/the-initiator-moves-when-its-address-goes", test_the_initiator_moves_when_its_address_goes, 2 },
        { "3.5/a-lost-update-is-repeated", test_a_lost_update_is_repeated, 2 },
        { "3.5/addresses-that-the-settings-do-not-allow-are-refused", test_addresses_that_the_settings_do_not_allow_are_refused, 2 },
    };

    g_test_init(&argc, &argv, NULL);
    mobike_add_tests(tests, G_N_ELEMENTS(tests));
    mobike_add_series(series, G_N_ELEMENTS(series));
    return g_test_run();
}
