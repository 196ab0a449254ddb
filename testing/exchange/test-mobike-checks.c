/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-mobike-checks.c - an SA moves: whether the peer is where it says to be, and what NATs do (RFC 4555 sections 3.7 to 3.9). */
#include "exchange/mobike.h"

#include <string.h>

/* --- return routability, sections 3.7 and 4.2.5 --- */

static void
test_the_responder_checks_before_it_sends_there(void)
{
    g_autoptr(Pair) pair = mobike_up(NULL);
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
    g_autoptr(Pair) pair = mobike_up(NULL);

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
    g_autoptr(Pair) pair = mobile ? mobike_up(NULL) : pair_new(NULL);

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
    g_autoptr(Pair) pair = mobike_up(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_auto(ObolChain) chain = { .n = 0 };
        guint8 cookie[65] = { 0 };

        obol_chain_add_notify(&chain, OBOL_N_COOKIE2, cookie, lengths[i]);
        g_assert_cmpuint(mobike_answers_with(pair, &chain, NULL, OBOL_N_COOKIE2), ==, 0);
    }
    pair_finish(pair);
}

/* What comes back for the right's check is @how wrong: 0 another value, 1 shorter, 2 not there. */
static void
test_a_wrong_cookie2_closes_the_sa(gconstpointer data)
{
    guint how = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = mobike_up(NULL);
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
    g_autoptr(Pair) pair = mobike_up(NULL);
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

static void
test_a_changed_mapping_is_not_followed_by_itself(void)
{
    g_autoptr(Pair) pair = mobike_behind_nat();
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
    g_autoptr(Pair) pair = mobike_behind_nat();
    g_auto(ObolChain) empty = { .n = 0 };

    pair->nat.port = 23456;
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, pair->left.sa->next_request_id, &empty));
    pair_deliver(pair);
    g_assert_cmpuint(pair_peek(pair)->destination.port, ==, 23456);
}

static void
test_the_initiator_behind_a_nat_asks_what_it_is_seen_as(void)
{
    g_autoptr(Pair) pair = mobike_behind_nat();
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
    g_autoptr(Pair) pair = mobike_behind_nat();

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
    g_autoptr(Pair) pair = mobike_up(NULL);
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
    g_autoptr(Pair) pair = mobike_behind_nat();
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
    g_autoptr(Pair) pair = mobike_up(NULL);

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
    Pair *pair = mobike_up(NULL);

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
    g_autoptr(Pair) pair = mobike_up(NULL);

    for (gsize n = 0; n <= 36; n += 11) {
        g_auto(ObolChain) chain = { .n = 0 };
        guint8 data[36] = { 0 };

        mobike_add(&chain, OBOL_N_UPDATE_SA_ADDRESSES);
        obol_chain_add_notify(&chain, OBOL_N_NO_NATS_ALLOWED, data, n);
        g_assert_cmpuint(mobike_answers_with(pair, &chain, L2, OBOL_N_UNEXPECTED_NAT_DETECTED), ==, 1);
        g_assert_true(pair_all_at(pair, L1, R1));
    }
    pair_finish(pair);
}

int
main(int argc, char *argv[])
{
    static const MobikeTest tests[] = {
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
    };
    static const MobikeSeries series[] = {
        { "3.7/the-check-may-come-after-or-not-at-all", test_the_check_may_come_after_or_not_at_all, 2 },
        { "3.7/cookie2-is-copied-with-mobike-and-without", test_cookie2_is_copied_with_mobike_and_without, 2 },
        { "3.7/a-wrong-cookie2-closes-the-sa", test_a_wrong_cookie2_closes_the_sa, 3 },
    };

    g_test_init(&argc, &argv, NULL);
    mobike_add_tests(tests, G_N_ELEMENTS(tests));
    mobike_add_series(series, G_N_ELEMENTS(series));
    return g_test_run();
}
