/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-edges.c - where a rule of RFC 7296 has its edge: numbers that run out, padding of any size, who follows a new
 * address, and an IKE SA that is to be rekeyed in the middle of something else. */
#include "exchange/pair.h"

#include <string.h>

static void
rekey_first_child(Pair *pair)
{
    ObolEvent event = { .kind = OBOL_EVENT_REKEY, .rekey.child_id = pair_child(&pair->left, 0)->unique_id };

    pair_feed(pair, &pair->left, &event);
}

/* --- section 3.14: padding, as much as the sender likes --- */

/* An empty request whose padding, with its length, fills @n_blocks. */
static GBytes *
seal_padded(PairSide *from, guint32 message_id, gsize n_blocks)
{
    ObolIkeSa *sa = from->sa;
    g_autoptr(ObolGuard) guard = obol_guard_new(sa->engine->crypto, &sa->suite, obol_ike_keys_get(&sa->keys, OBOL_SK_EI).data,
                                                obol_ike_keys_get(&sa->keys, OBOL_SK_AI).data, NULL);
    gsize n_head = OBOL_WIRE_HEADER + OBOL_SK_HEADER, n_iv = obol_guard_n_iv(guard), n_text = n_blocks * obol_guard_block(guard);
    gsize n = n_head + n_iv + n_text + obol_guard_n_icv(guard);
    ObolHeader header = { .spi_i = sa->spi_i, .spi_r = sa->spi_r, .first_payload = OBOL_PAYLOAD_SK, .version = OBOL_WIRE_VERSION,
                          .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR, .message_id = message_id, .length = (guint32) n };
    guint8 *bytes = g_malloc0(n);

    obol_header_encode(&header, bytes);
    bytes[OBOL_WIRE_HEADER + 2] = (guint8) ((n - OBOL_WIRE_HEADER) >> 8);
    bytes[OBOL_WIRE_HEADER + 3] = (guint8) (n - OBOL_WIRE_HEADER);
    memset(bytes + n_head + n_iv, 0xa5, n_text);
    bytes[n_head + n_iv + n_text - 1] = (guint8) (n_text - 1);
    g_assert_true(obol_guard_seal(guard, ++sa->n_sealed, bytes, n_head, bytes + n_head, n_text, NULL, 0));
    return g_bytes_new_take(bytes, n);
}

static void
test_any_padding_is_accepted(void)
{
    static const char *const suites[] = { "aes128-sha256-x25519", "aes128gcm16-prfsha256-x25519" };

    for (gsize i = 0; i < G_N_ELEMENTS(suites); i++) {
        g_autoptr(Pair) pair = pair_new(&(PairSetup) { .ike = { suites[i], suites[i] } });

        pair_establish(pair);
        for (guint32 n = 1; n <= 16; n++) {
            pair_put(pair, &pair->right, seal_padded(&pair->left, 1 + n, n));
            pair_deliver(pair);
            g_assert_nonnull(pair_peek(pair));
            pair_lose(pair);
        }
    }
}

/* --- section 2.23: who is behind a NAT is not moved --- */

static void
test_who_is_behind_a_nat_does_not_follow(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) empty = { .n = 0 };
    ObolAddress before;

    g_assert_true(obol_address_parse("198.51.100.9", &pair->nat));
    pair->nat.port = 12345;
    pair_establish(pair);
    g_assert_true(pair->left.sa->nat_local);
    before = pair->left.sa->remote;
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, FALSE, 0, &empty));
    g_assert_true(obol_address_parse("203.0.113.66", &pair_peek(pair)->source));
    pair_peek(pair)->source.port = 4500;
    pair_deliver(pair);
    g_assert_nonnull(pair_peek(pair)); /* it is answered */
    g_assert_true(obol_endpoint_equal(&pair->left.sa->remote, &before));
}

/* --- section 2.25.1: the IKE SA is not rekeyed in the middle of a child's exchange --- */

static void
test_an_ike_rekeying_meets_a_childs_exchange(gconstpointer data)
{
    static const guint n_wanted[] = { 2, 1, 0 };
    guint what = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_new(NULL);
    g_autoptr(GByteArray) plain = NULL;
    g_auto(ObolChain) answer = { .n = 0 };

    pair_add_child(pair, "second", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    if (what == 0)
        pair_initiate_child(pair, &pair->left, "second", 3);
    else if (what == 1)
        rekey_first_child(pair);
    else
        pair_terminate(pair, &pair->left, pair_child(&pair->left, 0)->unique_id);
    pair_rekey_ike(pair, &pair->right);
    g_assert_true(pair_deliver_to(pair, &pair->left));
    g_assert_true(pair_open(&pair->right, g_queue_peek_tail(pair->wire), &plain, &answer));
    g_assert_nonnull(obol_chain_find_notify(&answer, OBOL_N_TEMPORARY_FAILURE));
    pair_run(pair);
    /* The other end may have put off what we asked for, too: it comes about when both have waited. */
    for (guint n = 0; !pair_agree(pair, n_wanted[what]); n++) {
        g_assert_cmpuint(n, <, 10);
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
}

/* --- section 2.2: message IDs come to an end --- */

static void
test_an_ike_sa_is_rekeyed_before_its_ids_run_out(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    pair->left.sa->next_request_id = pair->right.sa->expected_request_id = OBOL_ENGINE_ID_RENEW - 1;
    rekey_first_child(pair);
    pair_run(pair);
    while (pair->left.n_successors == 0 && pair_jump(pair))
        pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpuint(pair->left.sa->next_request_id, <, 10);
    g_assert_true(pair_agree(pair, 1));
}

static void
test_an_ike_sa_is_closed_with_its_last_id(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    pair->left.sa->next_request_id = pair->right.sa->expected_request_id = OBOL_ENGINE_ID_LAST - 1;
    rekey_first_child(pair);
    pair_run(pair);
    while ((pair->left.sa != NULL || pair->right.sa != NULL) && pair_jump(pair))
        pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "3.14/any-padding-is-accepted", test_any_padding_is_accepted },
    { "2.23/who-is-behind-a-nat-does-not-follow", test_who_is_behind_a_nat_does_not_follow },
    { "2.2/an-ike-sa-is-rekeyed-before-its-ids-run-out", test_an_ike_sa_is_rekeyed_before_its_ids_run_out },
    { "2.2/an-ike-sa-is-closed-with-its-last-id", test_an_ike_sa_is_closed_with_its_last_id },
};

int
main(int argc, char *argv[])
{
    static const char *const stages[] = { "made", "rekeyed", "deleted" };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/edges/%s", tests[i].name);

        g_test_add_func(name, tests[i].test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/edges/2.25.1/the-ike-sa-is-not-rekeyed-while-a-child-is-%s", stages[i]);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_an_ike_rekeying_meets_a_childs_exchange);
    }
    return g_test_run();
}
