/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike.c - an SA moves: UPDATE_SA_ADDRESSES at both ends (RFC 4555 sections 3.2, 3.3, 3.5, 3.7 to 3.9). */
#include "exchange/pair.h"

#include <string.h>

#define L1 "192.0.2.1"
#define L2 "192.0.2.11"
#define R1 "192.0.2.2"
#define R2 "192.0.2.22"

static Pair *
established(const PairSetup *like)
{
    Pair *pair = pair_new_mobile(like);

    pair_establish(pair);
    return pair;
}

static void
add(ObolChain *chain, guint16 type)
{
    obol_chain_add_notify(chain, type, NULL, 0);
}

/* The right is asked by the left with what is in @chain, and answers. */
static guint
answers_with(Pair *pair, const ObolChain *chain, const char *source, guint16 type)
{
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    g_assert_true(pair_ask(pair, &pair->left, chain, source, NULL, &plain, &answer));
    return pair_count_notifies(&answer, type);
}

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
    add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    g_assert_cmpuint(answers_with(pair, &chain, L2, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 0);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_ports_change_without_a_nat(void)
{
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(&(PairSetup) { .ipv6 = six });

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
    g_autoptr(Pair) pair = established(NULL);
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
    g_autoptr(Pair) pair = established(NULL);
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
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);
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
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);
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
    add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 1, &chain));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->right.n_moves, ==, 0);
    pair_finish(pair);
}

static void
test_a_stranded_initiator_waits_and_goes_on(void)
{
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);

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
    g_autoptr(Pair) pair = established(NULL);
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
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
    g_assert_true(pair_ask(pair, &pair->right, &chain, R2, NULL, &plain, &answer));
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 1);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

static void
test_an_update_with_data_is_none(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_UPDATE_SA_ADDRESSES, (const guint8 *) "x", 1);
    g_assert_cmpuint(answers_with(pair, &chain, L2, OBOL_N_UNACCEPTABLE_ADDRESSES), ==, 0);
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
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    replace_hosts(ours ? pair->right.connection->local_hosts : pair->right.connection->remote_hosts, ours ? R1 : "192.0.2.0/29");
    add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
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
    g_autoptr(Pair) pair = established(NULL);

    replace_hosts(pair->right.connection->remote_hosts, "192.0.2.1");
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_true(pair_clean(pair));
}

/* --- return routability, sections 3.7 and 4.2.5 --- */

static void
test_the_responder_checks_before_it_sends_there(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_roam(pair, &pair->left, L2);
    pair_deliver(pair);
    g_assert_true(pair_ike_at(&pair->right, R1, L2));
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_deliver(pair); /* the answer to the update */
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_COOKIE2), ==, 1);
    pair_deliver(pair);
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_the_check_may_come_after_or_not_at_all(gconstpointer data)
{
    gboolean after = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = established(NULL);

    pair->right.connection->mobike_check = after ? OBOL_CHECK_AFTER : OBOL_CHECK_NOT;
    pair_roam(pair, &pair->left, L2);
    pair_deliver(pair);
    g_assert_true(pair_kernel_at(&pair->right, R1, L2));
    g_assert_cmpint(pair->right.sa->request.datagram != NULL, ==, after);
    pair_run(pair);
    pair_finish(pair);
}

static void
test_cookie2_is_copied_with_mobike_and_without(gconstpointer data)
{
    gboolean mobile = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = mobile ? established(NULL) : pair_new(NULL);

    if (!mobile)
        pair_establish(pair);
    for (gsize n = 8; n <= 64; n += 28) {
        g_auto(ObolChain) chain = { .n = 0 };
        g_auto(ObolChain) answer = { .n = 0 };
        g_autoptr(GByteArray) plain = NULL;
        guint8 cookie[64];
        const ObolPayload *copy;

        memset(cookie, (int) n, sizeof cookie);
        obol_chain_add_notify(&chain, OBOL_N_COOKIE2, cookie, n);
        g_assert_true(pair_ask(pair, &pair->left, &chain, NULL, NULL, &plain, &answer));
        copy = obol_chain_find_notify(&answer, OBOL_N_COOKIE2);
        g_assert_nonnull(copy);
        g_assert_cmpmem(copy->notify.data.data, copy->notify.data.n, cookie, n);
    }
    pair_finish(pair);
}

static void
test_cookie2_of_a_wrong_length_is_none(void)
{
    static const gsize lengths[] = { 0, 7, 65 };
    g_autoptr(Pair) pair = established(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_auto(ObolChain) chain = { .n = 0 };
        guint8 cookie[65] = { 0 };

        obol_chain_add_notify(&chain, OBOL_N_COOKIE2, cookie, lengths[i]);
        g_assert_cmpuint(answers_with(pair, &chain, NULL, OBOL_N_COOKIE2), ==, 0);
    }
    pair_finish(pair);
}

/* What comes back for the right's check is @how wrong: 0 another value, 1 shorter, 2 not there. */
static void
test_a_wrong_cookie2_closes_the_sa(gconstpointer data)
{
    guint how = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    guint8 wrong[OBOL_ENGINE_COOKIE2] = { 0 };

    pair_roam(pair, &pair->left, L2);
    pair_deliver(pair);
    pair_deliver(pair);
    pair_lose(pair);
    if (how < 2)
        obol_chain_add_notify(&chain, OBOL_N_COOKIE2, wrong, how == 0 ? sizeof wrong : 8);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, TRUE, pair->right.sa->request.message_id, &chain));
    pair->left.sa->expected_request_id++;
    pair_deliver(pair);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_COOKIE2);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_DELETING);
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

/* The request went to two addresses: which of them is reached is not known, so it is asked anew. */
static void
test_a_check_that_went_to_two_addresses_is_made_anew(void)
{
    g_autoptr(Pair) pair = established(NULL);
    guint32 first;

    pair_set_addresses(&pair->left, "192.0.2.1 192.0.2.11 192.0.2.12");
    pair_roam(pair, &pair->left, L2 " 192.0.2.12");
    pair_deliver(pair);
    pair_deliver(pair);
    first = pair->right.sa->request.message_id;
    pair_lose(pair); /* the check */
    pair_roam(pair, &pair->left, "192.0.2.12");
    pair_deliver(pair); /* the second update */
    g_assert_true(pair->right.sa->request.many_paths);
    while ((pair->left.sa->request.datagram != NULL || pair->right.sa->request.datagram != NULL) && (pair_peek(pair) != NULL || pair_jump(pair)))
        pair_run(pair);
    g_assert_cmpuint(pair->right.sa->next_request_id, ==, first + 2);
    g_assert_true(pair_all_at(pair, "192.0.2.12", R1));
    pair_finish(pair);
}

/* --- NATs, sections 3.8 and 3.9 --- */

static Pair *
behind_nat(void)
{
    Pair *pair = pair_new_mobile(NULL);

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair_establish(pair);
    return pair;
}

static void
test_a_changed_mapping_is_not_followed_by_itself(void)
{
    g_autoptr(Pair) pair = behind_nat();
    g_auto(ObolChain) empty = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair->nat.port = 23456;
    g_assert_true(pair_ask(pair, &pair->left, &empty, NULL, NULL, &plain, &answer));
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 12345);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 0);
    pair->nat.port = 12345;
    pair_finish(pair);
}

static void
test_an_answer_goes_to_where_the_request_came_from(void)
{
    g_autoptr(Pair) pair = behind_nat();
    g_auto(ObolChain) empty = { .n = 0 };

    pair->nat.port = 23456;
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, pair->left.sa->next_request_id, &empty));
    pair_deliver(pair);
    g_assert_cmpuint(pair_peek(pair)->destination.port, ==, 23456);
}

static void
test_the_initiator_behind_a_nat_asks_what_it_is_seen_as(void)
{
    g_autoptr(Pair) pair = behind_nat();
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    pair_probe(pair, &pair->left);
    g_assert_true(pair_look(pair, &plain, &request));
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NAT_DETECTION_SOURCE_IP), ==, 1);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NAT_DETECTION_DESTINATION_IP), ==, 1);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_UPDATE_SA_ADDRESSES), ==, 0);
    pair_run(pair);
    g_assert_true(pair->left.sa->mobike->has_seen);
    pair_finish(pair);
}

static void
test_a_changed_mapping_makes_the_initiator_update(void)
{
    g_autoptr(Pair) pair = behind_nat();

    pair_probe(pair, &pair->left);
    pair_run(pair);
    pair->nat.port = 23456;
    pair_probe(pair, &pair->left);
    pair_run(pair);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 23456);
    g_assert_cmpuint(obol_child_ends(pair_child(&pair->right, 0))->remote.port, ==, 23456);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    pair_probe(pair, &pair->left);
    pair_run(pair);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    pair_finish(pair);
}

static void
test_hashes_in_a_request_are_answered_with_hashes(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolPath path = obol_path_of(pair->left.sa);

    obol_nat_add_hashes(pair->left.sa, &path, &chain);
    g_assert_true(pair_ask(pair, &pair->left, &chain, L2, NULL, &plain, &answer));
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_NAT_DETECTION_SOURCE_IP), ==, 1);
    g_assert_cmpuint(pair_count_notifies(&answer, OBOL_N_NAT_DETECTION_DESTINATION_IP), ==, 1);
    g_assert_true(pair_all_at(pair, L1, R1)); /* and nothing else is done */
    g_assert_false(pair->right.sa->nat_remote);
    pair_finish(pair);
}

static void
test_esp_may_follow_a_mapping_that_the_kernel_saw(void)
{
    g_autoptr(Pair) pair = behind_nat();
    ObolAddress mapped = pair_address("198.51.100.9");

    mapped.port = 23456;
    pair_feed(pair, &pair->right, &(ObolEvent) { .kind = OBOL_EVENT_MAPPING, .mapping = mapped });
    g_assert_cmpuint(obol_child_ends(pair_child(&pair->right, 0))->remote.port, ==, 23456);
    g_assert_cmpuint(pair->right.sa->remote.port, ==, 12345);
    pair_finish(pair);
}

/* Section 3.5, the last step at either end. */
static void
test_a_move_behind_a_nat_brings_udp_and_one_from_there_ends_it(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_true(obol_child_ends(pair_child(&pair->left, 0))->udp_encap && obol_child_ends(pair_child(&pair->right, 0))->udp_encap);
    g_assert_true(pair->left.sa->nat_local && pair->right.sa->nat_remote);
    pair->nat.family = 0;
    pair_roam(pair, &pair->left, L1);
    pair_run(pair);
    g_assert_false(obol_child_ends(pair_child(&pair->left, 0))->udp_encap || obol_child_ends(pair_child(&pair->right, 0))->udp_encap);
    g_assert_true(pair_all_at(pair, L1, R1));
    pair_finish(pair);
}

/* As between ends of which one knows no NAT traversal. */
static Pair *
without_nat_traversal(void)
{
    Pair *pair = established(NULL);

    pair->left.sa->mobike->nat_t = pair->right.sa->mobike->nat_t = FALSE;
    return pair;
}

static void
test_without_nat_traversal_addresses_are_protected(void)
{
    g_autoptr(Pair) pair = without_nat_traversal();
    g_auto(ObolChain) request = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    const ObolPayload *p;
    ObolAddress l2 = pair_address(L2), r1 = pair_address(R1);

    pair_roam(pair, &pair->left, L2);
    g_assert_true(pair_look(pair, &plain, &request));
    p = obol_chain_find_notify(&request, OBOL_N_NO_NATS_ALLOWED);
    g_assert_nonnull(p);
    g_assert_cmpuint(p->notify.data.n, ==, 12);
    g_assert_cmpmem(p->notify.data.data, 4, l2.bytes, 4);
    g_assert_cmpmem(p->notify.data.data + 4, 4, r1.bytes, 4);
    g_assert_cmpmem(p->notify.data.data + 8, 4, "\x11\x94\x11\x94", 4);
    g_assert_cmpuint(pair_count_notifies(&request, OBOL_N_NAT_DETECTION_SOURCE_IP), ==, 0);
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_nat_that_is_not_allowed_is_refused_again_and_again(void)
{
    g_autoptr(Pair) pair = without_nat_traversal();
    guint n = 0;

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair_roam(pair, &pair->left, L2);
    do {
        pair_run(pair);
        n++;
    } while (pair->left.sa != NULL && pair_jump(pair) && n < 40);
    g_assert_null(pair->left.sa);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_REFUSED);
    g_assert_cmpuint(pair->left.last_notify, ==, OBOL_N_UNEXPECTED_NAT_DETECTED);
    g_assert_cmpuint(pair->right.n_moves, ==, 0);
    g_assert_cmpuint(n, >=, pair->left.connection->retransmit_tries);
}

static void
test_one_altered_packet_does_not_make_the_path_unused(void)
{
    g_autoptr(Pair) pair = without_nat_traversal();

    pair_roam(pair, &pair->left, L2);
    pair_peek(pair)->source = pair_address("203.0.113.1");
    pair_deliver(pair);
    pair_peek(pair)->destination = pair_address(L2);
    pair_peek(pair)->destination.port = 4500;
    pair_run(pair);
    g_assert_true(pair_ike_at(&pair->right, R1, L1));
    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_prohibition_of_a_wrong_length_is_a_nat(void)
{
    g_autoptr(Pair) pair = established(NULL);

    for (gsize n = 0; n <= 36; n += 11) {
        g_auto(ObolChain) chain = { .n = 0 };
        guint8 data[36] = { 0 };

        add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
        obol_chain_add_notify(&chain, OBOL_N_NO_NATS_ALLOWED, data, n);
        g_assert_cmpuint(answers_with(pair, &chain, L2, OBOL_N_UNEXPECTED_NAT_DETECTED), ==, 1);
        g_assert_true(pair_all_at(pair, L1, R1));
    }
    pair_finish(pair);
}

/* --- the kernel, and other exchanges --- */

static void
settle(Pair *pair)
{
    for (guint n = 0; n < 40; n++) {
        pair_run(pair);
        if (pair->left.sa->request.datagram == NULL && pair->right.sa->request.datagram == NULL && pair->left.sa->tasks == NULL
            && pair->right.sa->tasks == NULL && pair->left.others->len + pair->right.others->len == 0)
            return;
        g_assert_true(pair_jump(pair));
    }
}

/* The kernel takes its time, and the SA ends before it is told that all has been moved. */
static void
test_what_is_being_moved_goes_with_the_sa(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair->hold_only = &pair->right;
    pair->hold_kernel = TRUE;
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_true(pair_kernel_at(&pair->right, R1, L1));
    pair_terminate(pair, &pair->left, 0);
    pair_run(pair);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], >, 0);
    g_assert_cmpuint(pair->right.kernel.n_not_found, ==, 0);
    g_assert_true(pair_clean(pair));
}

static void
test_what_the_kernel_does_not_move_is_rekeyed(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = established(NULL);
    PairSide *side = left ? &pair->left : &pair->right;
    guint32 old = pair_child(side, 0)->unique_id;

    side->kernel.fail_op = OBOL_KERNEL_UPDATE_SA;
    side->kernel.fail_nth = 1;
    side->kernel.fail_code = OBOL_KERNEL_ERROR_UNSUPPORTED;
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    while (pair_child(side, 0)->unique_id == old || pair_n_children(side, OBOL_CHILD_INSTALLED) != 1) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    settle(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
    pair_finish(pair);
}

static void
test_a_kernel_without_moves_gets_a_rekeying(void)
{
    static const ObolTransform gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 }, { 0 } };
    static const ObolKernelAbilities fixed = { .transforms = gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE, .udp_encap = TRUE };
    g_autoptr(Pair) pair = established(&(PairSetup) { .abilities = { NULL, &fixed } });

    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    g_assert_nonnull(strstr(pair->right.last_log, "rekeyed"));
    g_assert_true(pair_jump(pair));
    settle(pair);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 0);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_move_during_a_rekeying_of_a_child(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = established(NULL);

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair_kill(pair, L1);
    pair_roam(pair, &pair->left, L2);
    settle(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_move_during_a_rekeying_of_the_ike_sa(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data) / 2;
    gboolean left = GPOINTER_TO_UINT(data) % 2 == 0;
    g_autoptr(Pair) pair = established(NULL);

    pair_rekey_ike(pair, left ? &pair->left : &pair->right);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair_roam(pair, &pair->left, L2);
    settle(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

/* Whoever rekeys it, the initiator of the first one decides (section 1.3). */
static void
test_a_rekeyed_ike_sa_keeps_it(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = established(NULL);

    pair_rekey_ike(pair, left ? &pair->left : &pair->right);
    settle(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair->left.sa->mobike->decides);
    g_assert_false(pair->right.sa->mobike->decides);
    g_assert_cmpuint(pair->right.sa->mobike->peer_addresses->len, ==, 1);
    pair_roam(pair, &pair->left, L2);
    settle(pair);
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

static void
test_a_transport_mode_child_does_not_move(void)
{
    g_autoptr(Pair) pair = established(&(PairSetup) { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } });

    pair_roam(pair, &pair->left, L2);
    settle(pair);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    g_assert_true(pair_ike_at(&pair->left, L2, R1) && pair_ike_at(&pair->right, R1, L2));
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_ADDRESS_GONE);
    g_assert_cmpuint(pair->left.kernel.n_sas + pair->right.kernel.n_sas, ==, 0);
    pair_finish(pair);
}

static void
test_a_child_that_is_new_is_where_the_ike_sa_is(void)
{
    g_autoptr(Pair) pair = pair_new_mobile(NULL);

    pair_add_child(pair, "more", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_roam(pair, &pair->left, L2);
    pair_run(pair);
    pair_initiate_child(pair, &pair->left, "more", 3);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_true(pair_all_at(pair, L2, R1));
    pair_finish(pair);
}

int
main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "3.2/both-announce-it-in-ike-auth", test_both_announce_it_in_ike_auth },
        { "3.2/without-it-update-is-not-obeyed", test_without_it_update_is_not_obeyed },
        { "3.3/ports-change-without-a-nat", test_ports_change_without_a_nat },
        { "3.3/ports-stay-without-nat-traversal", test_ports_stay_without_nat_traversal },
        { "3.9/a-nat-that-is-not-allowed-refuses-ike-auth", test_a_nat_that_is_not_allowed_refuses_ike_auth },
        { "3.5/the-kernel-updates-and-adds-nothing", test_the_kernel_updates_and_adds_nothing },
        { "3.5/what-is-being-moved-goes-with-the-sa", test_what_is_being_moved_goes_with_the_sa },
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
        { "3.7/the-responder-checks-before-it-sends-there", test_the_responder_checks_before_it_sends_there },
        { "3.7/cookie2-of-a-wrong-length-is-none", test_cookie2_of_a_wrong_length_is_none },
        { "3.7/a-check-that-went-to-two-addresses-is-made-anew", test_a_check_that_went_to_two_addresses_is_made_anew },
        { "3.8/a-changed-mapping-is-not-followed-by-itself", test_a_changed_mapping_is_not_followed_by_itself },
        { "3.8/an-answer-goes-to-where-the-request-came-from", test_an_answer_goes_to_where_the_request_came_from },
        { "3.8/the-initiator-behind-a-nat-asks-what-it-is-seen-as", test_the_initiator_behind_a_nat_asks_what_it_is_seen_as },
        { "3.8/a-changed-mapping-makes-the-initiator-update", test_a_changed_mapping_makes_the_initiator_update },
        { "3.8/hashes-in-a-request-are-answered-with-hashes", test_hashes_in_a_request_are_answered_with_hashes },
        { "3.8/esp-may-follow-a-mapping-that-the-kernel-saw", test_esp_may_follow_a_mapping_that_the_kernel_saw },
        { "3.5/a-move-behind-a-nat-brings-udp-and-one-from-there-ends-it", test_a_move_behind_a_nat_brings_udp_and_one_from_there_ends_it },
        { "3.9/without-nat-traversal-addresses-are-protected", test_without_nat_traversal_addresses_are_protected },
        { "3.9/a-nat-that-is-not-allowed-is-refused-again-and-again", test_a_nat_that_is_not_allowed_is_refused_again_and_again },
        { "3.9/one-altered-packet-does-not-make-the-path-unused", test_one_altered_packet_does_not_make_the_path_unused },
        { "3.9/a-prohibition-of-a-wrong-length-is-a-nat", test_a_prohibition_of_a_wrong_length_is_a_nat },
        { "3.5/a-kernel-without-moves-gets-a-rekeying", test_a_kernel_without_moves_gets_a_rekeying },
        { "1.2/a-transport-mode-child-does-not-move", test_a_transport_mode_child_does_not_move },
        { "3.3/a-child-that-is-new-is-where-the-ike-sa-is", test_a_child_that_is_new_is_where_the_ike_sa_is },
    };
    static const struct {
        const char *name;
        void (*run)(gconstpointer data);
        guint n;
    } series[] = {
        { "3.2/one-that-does-not-want-it-has-it-not", test_one_that_does_not_want_it_has_it_not, 2 },
        { "3.5/the-initiator-moves-when-its-address-goes", test_the_initiator_moves_when_its_address_goes, 2 },
        { "3.5/a-lost-update-is-repeated", test_a_lost_update_is_repeated, 2 },
        { "3.5/addresses-that-the-settings-do-not-allow-are-refused", test_addresses_that_the_settings_do_not_allow_are_refused, 2 },
        { "3.7/the-check-may-come-after-or-not-at-all", test_the_check_may_come_after_or_not_at_all, 2 },
        { "3.7/cookie2-is-copied-with-mobike-and-without", test_cookie2_is_copied_with_mobike_and_without, 2 },
        { "3.7/a-wrong-cookie2-closes-the-sa", test_a_wrong_cookie2_closes_the_sa, 3 },
        { "3.5/what-the-kernel-does-not-move-is-rekeyed", test_what_the_kernel_does_not_move_is_rekeyed, 2 },
        { "3.5/a-move-during-a-rekeying-of-a-child", test_a_move_during_a_rekeying_of_a_child, 4 },
        { "3.5/a-move-during-a-rekeying-of-the-ike-sa", test_a_move_during_a_rekeying_of_the_ike_sa, 8 },
        { "3.5/a-rekeyed-ike-sa-keeps-it", test_a_rekeyed_ike_sa_keeps_it, 2 },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strconcat("/exchange/4555/", tests[i].name, NULL);

        g_test_add_func(name, tests[i].run);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(series); i++) {
        for (guint j = 0; j < series[i].n; j++) {
            g_autofree char *name = g_strdup_printf("/exchange/4555/%s-%u", series[i].name, j);

            g_test_add_data_func(name, GUINT_TO_POINTER(j), series[i].run);
        }
    }
    return g_test_run();
}
