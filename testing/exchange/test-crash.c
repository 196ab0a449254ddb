/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-crash.c - quick crash detection (RFC 6290): tokens given, kept, and shown by who has lost the IKE SA. */
#include "exchange/pair.h"

#include "engine/crash-token.h"

#include <string.h>

static const guint8 secret_bytes[2][OBOL_CRASH_SECRET] = { { 1, 2, 3 }, { 4, 5, 6 } };

/* Either end makes tokens, as a daemon does. */
static Pair *
pair_with_tokens(const PairSetup *setup)
{
    Pair *pair = pair_new(setup);

    pair->left.engine.crash_secret = obol_secret_new_from(secret_bytes[0], OBOL_CRASH_SECRET);
    pair->right.engine.crash_secret = obol_secret_new_from(secret_bytes[1], OBOL_CRASH_SECRET);
    return pair;
}

static void
done(Pair *pair)
{
    ObolSecret *secrets[] = { (ObolSecret *) pair->left.engine.crash_secret, (ObolSecret *) pair->right.engine.crash_secret };

    pair_free(pair);
    obol_secret_free(secrets[0]);
    obol_secret_free(secrets[1]);
}

static Pair *
established(const PairSetup *setup)
{
    Pair *pair = pair_with_tokens(setup);

    pair_establish(pair);
    return pair;
}

/* What @maker would say after a crash of the SA that the other side has. */
static ObolSecret *
token_of(const PairSide *maker, const ObolIkeSa *takers)
{
    return obol_crash_token(maker->engine.crypto, maker->engine.crash_secret, takers->role == OBOL_RESPONDER, takers->spi_i, takers->spi_r);
}

static gboolean
holds(const PairSide *maker, const ObolIkeSa *takers)
{
    g_autoptr(ObolSecret) token = token_of(maker, takers);

    return takers->peer_token != NULL && obol_secret_equal(takers->peer_token, token);
}

static void
add_token(ObolChain *chain, const guint8 *data, gsize n)
{
    obol_chain_add_notify(chain, OBOL_N_QUICK_CRASH_DETECTION, data, n);
    chain->items[chain->n - 1].notify.protocol = OBOL_PROTO_IKE;
}

/* In clear, as the answer of somebody who does not know @to's SA any more. */
static void
put_in_clear(Pair *pair, PairSide *to, const ObolIkeSa *sa, const ObolChain *chain)
{
    GByteArray *bytes = g_byte_array_new();
    ObolMessage message = {
        .header = {
            .spi_i = sa->spi_i, .spi_r = sa->spi_r, .version = OBOL_WIRE_VERSION, .exchange = OBOL_INFORMATIONAL,
            .flags = OBOL_FLAG_RESPONSE | (sa->role == OBOL_RESPONDER ? OBOL_FLAG_INITIATOR : 0), .message_id = 7,
        },
        .chain = *chain,
    };

    obol_message_encode(&message, bytes);
    pair_put(pair, to, g_byte_array_free_to_bytes(bytes));
}

static void
show(Pair *pair, PairSide *to, const ObolIkeSa *sa, const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_INVALID_IKE_SPI, NULL, 0);
    add_token(&chain, data, n);
    put_in_clear(pair, to, sa, &chain);
    pair_deliver(pair);
}

static void
show_right_one(Pair *pair, PairSide *to)
{
    g_autoptr(ObolSecret) token = token_of(pair_other(pair, to), to->sa);

    show(pair, to, to->sa, token->bytes, token->n);
}

/* --- sections 3, 4.1 and 4.2: the tokens are given --- */

/* Between AUTH and what concerns the child. */
static void
check_message(Pair *pair, PairSide *from)
{
    g_autoptr(GByteArray) plain = NULL;
    g_auto(ObolChain) chain = { .n = 0 };
    const ObolPayload *token, *auth, *child;

    g_assert_true(pair_open(pair_other(pair, from), pair_peek(pair), &plain, &chain));
    token = obol_chain_find_notify(&chain, OBOL_N_QUICK_CRASH_DETECTION);
    auth = obol_chain_find(&chain, OBOL_PAYLOAD_AUTH);
    child = obol_chain_find(&chain, OBOL_PAYLOAD_SA);
    g_assert_nonnull(token);
    g_assert_true(auth < token && token < child);
    g_assert_cmpuint(token->notify.protocol, ==, OBOL_PROTO_IKE);
    g_assert_cmpuint(token->notify.spi.n, ==, 0);
    g_assert_cmpuint(token->notify.type, ==, 16419);
    g_assert_cmpuint(token->notify.data.n, >=, 16);
    g_assert_cmpuint(token->notify.data.n, <=, 128);
}

static void
test_both_give_a_token_in_ike_auth(void)
{
    Pair *pair = pair_with_tokens(NULL);

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    check_message(pair, &pair->left);
    pair_deliver(pair);
    check_message(pair, &pair->right);
    pair_run(pair);
    g_assert_true(holds(&pair->left, pair->right.sa));
    g_assert_true(holds(&pair->right, pair->left.sa));
    pair_finish(pair);
    done(pair);
}

static void
test_who_does_not_want_it_has_it_not(gconstpointer data)
{
    Pair *pair = pair_with_tokens(NULL);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;

    side->connection->crash_detection = FALSE;
    pair_establish(pair);
    g_assert_null(side->sa->peer_token);
    g_assert_null(pair_other(pair, side)->sa->peer_token);
    show_right_one(pair, side);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
    done(pair);
}

/* --- section 4.3: a rekeyed IKE SA has other tokens --- */

static void
test_a_rekeyed_ike_sa_has_new_tokens(gconstpointer data)
{
    Pair *pair = established(NULL);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;
    g_autoptr(ObolSecret) old = token_of(&pair->right, pair->left.sa);

    pair_rekey_ike(pair, side);
    pair_run(pair);
    g_assert_true(holds(&pair->left, pair->right.sa));
    g_assert_true(holds(&pair->right, pair->left.sa));
    g_assert_false(obol_secret_equal(old, pair->left.sa->peer_token));
    /* The responder's came with the rekeying, the initiator's by an exchange of its own. */
    g_assert_cmpuint(side->sa->next_request_id, ==, 1);
    g_assert_cmpuint(pair_other(pair, side)->sa->next_request_id, ==, 0);
    show(pair, &pair->left, pair->left.sa, old->bytes, old->n);
    g_assert_true(pair_whole(pair));
    show_right_one(pair, &pair->left);
    g_assert_null(pair->left.sa);
    done(pair);
}

static void
test_window_and_token_go_in_one_exchange(void)
{
    Pair *pair = established(&(PairSetup) { .window = { 4, 4 } });

    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_true(holds(&pair->left, pair->right.sa));
    g_assert_cmpuint(pair->right.sa->peer_window, ==, 4);
    g_assert_cmpuint(pair->left.sa->peer_window, ==, 4);
    g_assert_cmpuint(pair->left.sa->next_request_id, ==, 1);
    pair_finish(pair);
    done(pair);
}

static void
test_rekeyings_that_cross_leave_good_tokens(void)
{
    for (guint seed = 0; seed < 8; seed++) {
        Pair *pair = pair_with_tokens(NULL);

        pair->left.engine.random = test_random_init(&pair->left.random, 7000 + seed);
        pair->right.engine.random = test_random_init(&pair->right.random, 8000 + seed);
        pair_establish(pair);
        pair_rekey_ike(pair, &pair->left);
        pair_rekey_ike(pair, &pair->right);
        pair_quiesce(pair);
        g_assert_true(holds(&pair->left, pair->right.sa));
        g_assert_true(holds(&pair->right, pair->left.sa));
        pair_finish(pair);
        done(pair);
    }
}

/* --- section 4.4: a token is replaced --- */

static void
test_a_protected_token_replaces_the_old_one(void)
{
    static const guint8 fresh[16] = "sixteen octets.";
    Pair *pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    add_token(&chain, fresh, sizeof fresh);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, FALSE, pair->right.sa->next_request_id++, &chain));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    show_right_one(pair, &pair->left); /* that was before */
    g_assert_true(pair_whole(pair));
    show(pair, &pair->left, pair->left.sa, fresh, sizeof fresh);
    g_assert_null(pair->left.sa);
    done(pair);
}

/* --- section 4.5: who has lost the SA shows it --- */

static void
test_the_sa_goes_without_a_word(gconstpointer data)
{
    Pair *pair = established(NULL);
    PairSide *side = GPOINTER_TO_INT(data) ? &pair->left : &pair->right;

    show_right_one(pair, side);
    g_assert_null(side->sa);
    g_assert_null(pair_peek(pair));
    g_assert_true(model_kernel_empty(&side->kernel));
    g_assert_cmpint(side->last_failure, ==, OBOL_REASON_PEER_RESTARTED);
    g_assert_cmpuint(side->ends->len, ==, 1);
    g_assert_cmpint(g_array_index(side->ends, ObolReasonCode, 0), ==, OBOL_REASON_PEER_RESTARTED);
    done(pair);
}

static void
test_any_address_may_tell(void)
{
    Pair *pair = established(NULL);
    g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
    g_auto(ObolChain) chain = { .n = 0 };

    add_token(&chain, token->bytes, token->n);
    put_in_clear(pair, &pair->left, pair->left.sa, &chain);
    g_assert_true(obol_address_parse("203.0.113.77", &pair_peek(pair)->source));
    pair_peek(pair)->source.port = 12345;
    pair_deliver(pair);
    g_assert_null(pair->left.sa);
    done(pair);
}

static void
test_one_of_several_is_enough(void)
{
    static const guint8 wrong[32];

    for (guint n_before = 0; n_before <= OBOL_CRASH_TOKENS_MAX; n_before++) {
        Pair *pair = established(NULL);
        g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
        g_auto(ObolChain) chain = { .n = 0 };

        obol_chain_add_notify(&chain, OBOL_N_INVALID_IKE_SPI, NULL, 0);
        for (guint i = 0; i < n_before; i++)
            add_token(&chain, wrong, sizeof wrong);
        add_token(&chain, token->bytes, token->n);
        put_in_clear(pair, &pair->left, pair->left.sa, &chain);
        pair_deliver(pair);
        g_assert_cmpint(pair->left.sa == NULL, ==, n_before < OBOL_CRASH_TOKENS_MAX);
        done(pair);
    }
}

static void
check_nothing(Pair *pair)
{
    g_assert_null(pair_peek(pair)); /* "a response MUST NOT be sent" */
    g_assert_true(pair_whole(pair));
    pair->now_us += G_USEC_PER_SEC;
}

static void
test_a_wrong_token_changes_nothing(void)
{
    Pair *pair = established(NULL);
    g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
    g_autoptr(ObolSecret) own = token_of(&pair->left, pair->right.sa);
    guint8 longer[130] = { 0 };

    memcpy(longer, token->bytes, token->n);
    for (gsize bit = 0; bit < token->n * 8; bit++) {
        longer[bit / 8] ^= (guint8) (1 << bit % 8);
        show(pair, &pair->left, pair->left.sa, longer, token->n);
        longer[bit / 8] ^= (guint8) (1 << bit % 8);
        check_nothing(pair);
    }
    for (gsize n = 0; n <= sizeof longer; n++) {
        if (n == token->n)
            continue;
        show(pair, &pair->left, pair->left.sa, longer, n);
        check_nothing(pair);
    }
    show(pair, &pair->left, pair->left.sa, own->bytes, own->n); /* ours, not the peer's */
    check_nothing(pair);
    pair_finish(pair);
    done(pair);
}

/* What the left gets in clear, by the SPIs of @as. */
static void
comes_to_nothing(Pair *pair, const ObolIkeSa *as, const ObolChain *chain)
{
    put_in_clear(pair, &pair->left, as, chain);
    pair_deliver(pair);
    check_nothing(pair);
    pair_finish(pair);
    done(pair);
}

static void
test_another_protocol_or_an_spi_is_no_token(void)
{
    Pair *pair = established(NULL);
    g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_QUICK_CRASH_DETECTION, token->bytes, token->n);
    obol_chain_add_notify_spi(&chain, OBOL_PROTO_ESP, 1, OBOL_N_QUICK_CRASH_DETECTION, token->bytes, token->n);
    comes_to_nothing(pair, pair->left.sa, &chain);
}

/* RFC 7296 section 2.21.4: what anybody could have sent is a hint. */
static void
test_invalid_ike_spi_alone_ends_nothing(void)
{
    Pair *pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_INVALID_IKE_SPI, NULL, 0);
    comes_to_nothing(pair, pair->left.sa, &chain);
}

static void
test_other_spis_are_of_no_sa(void)
{
    Pair *pair = established(NULL);
    g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
    g_auto(ObolChain) chain = { .n = 0 };
    ObolIkeSa other = *pair->left.sa;

    add_token(&chain, token->bytes, token->n);
    other.spi_r ^= 1;
    comes_to_nothing(pair, &other, &chain);
}

/* The old one's token says nothing about the new one, which the peer may have. */
static void
test_the_token_of_an_old_ike_sa_ends_that_alone(void)
{
    Pair *pair = established(NULL);
    g_autoptr(ObolSecret) token = token_of(&pair->right, pair->left.sa);
    const ObolIkeSa *old;

    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_deliver(pair);
    old = pair_other_sa(&pair->left, 0);
    g_assert_nonnull(old);
    {
        g_auto(ObolChain) chain = { .n = 0 };

        add_token(&chain, token->bytes, token->n);
        put_in_clear(pair, &pair->left, old, &chain);
        while (pair_other_sa(&pair->left, 0) != NULL && pair_deliver(pair))
            continue;
    }
    pair_quiesce(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_failures, ==, 0);
    done(pair);
}

/* --- section 8.1: their number is bounded --- */

static void
test_checks_are_bounded_by_time(void)
{
    static const guint8 wrong[32];
    Pair *pair = established(NULL);

    for (guint i = 0; i < OBOL_CRASH_CHECKS_MAX; i++)
        show(pair, &pair->left, pair->left.sa, wrong, sizeof wrong);
    show_right_one(pair, &pair->left);
    g_assert_true(pair_whole(pair)); /* not looked at */
    pair->now_us += G_USEC_PER_SEC;
    show_right_one(pair, &pair->left);
    g_assert_null(pair->left.sa);
    done(pair);
}

/* --- section 5: how they are made --- */

static void
test_tokens_are_of_their_spis_and_role(void)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    g_autoptr(ObolSecret) secret = obol_secret_new_from(secret_bytes[0], OBOL_CRASH_SECRET);
    g_autoptr(ObolSecret) other = obol_secret_new_from(secret_bytes[1], OBOL_CRASH_SECRET);
    ObolSecret *tokens[] = {
        obol_crash_token(crypto, secret, FALSE, 1, 2), obol_crash_token(crypto, secret, TRUE, 1, 2), obol_crash_token(crypto, secret, FALSE, 2, 1),
        obol_crash_token(crypto, secret, FALSE, 1, 3), obol_crash_token(crypto, secret, FALSE, 3, 2), obol_crash_token(crypto, other, FALSE, 1, 2),
    };
    g_autoptr(ObolSecret) again = obol_crash_token(crypto, secret, FALSE, 1, 2);

    g_assert_true(obol_secret_equal(tokens[0], again));
    for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++) {
        g_assert_cmpuint(tokens[i]->n, >=, 16);
        g_assert_cmpuint(tokens[i]->n, <=, 128);
        for (gsize j = 0; j < i; j++)
            g_assert_false(obol_secret_equal(tokens[i], tokens[j]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++)
        obol_secret_free(tokens[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/6290/4.2/both-give-a-token-in-ike-auth", test_both_give_a_token_in_ike_auth);
    g_test_add_data_func("/exchange/6290/8.1/who-does-not-want-it-has-it-not/initiator", GINT_TO_POINTER(1), test_who_does_not_want_it_has_it_not);
    g_test_add_data_func("/exchange/6290/8.1/who-does-not-want-it-has-it-not/responder", GINT_TO_POINTER(0), test_who_does_not_want_it_has_it_not);
    g_test_add_data_func("/exchange/6290/4.3/a-rekeyed-ike-sa-has-new-tokens/by-initiator", GINT_TO_POINTER(1), test_a_rekeyed_ike_sa_has_new_tokens);
    g_test_add_data_func("/exchange/6290/4.3/a-rekeyed-ike-sa-has-new-tokens/by-responder", GINT_TO_POINTER(0), test_a_rekeyed_ike_sa_has_new_tokens);
    g_test_add_func("/exchange/6290/4.3/window-and-token-go-in-one-exchange", test_window_and_token_go_in_one_exchange);
    g_test_add_func("/exchange/6290/4.3/rekeyings-that-cross-leave-good-tokens", test_rekeyings_that_cross_leave_good_tokens);
    g_test_add_func("/exchange/6290/4.4/a-protected-token-replaces-the-old-one", test_a_protected_token_replaces_the_old_one);
    g_test_add_data_func("/exchange/6290/4.5/the-sa-goes-without-a-word/initiator", GINT_TO_POINTER(1), test_the_sa_goes_without_a_word);
    g_test_add_data_func("/exchange/6290/4.5/the-sa-goes-without-a-word/responder", GINT_TO_POINTER(0), test_the_sa_goes_without_a_word);
    g_test_add_func("/exchange/6290/3/any-address-may-tell", test_any_address_may_tell);
    g_test_add_func("/exchange/6290/4.5/one-of-several-is-enough", test_one_of_several_is_enough);
    g_test_add_func("/exchange/6290/4.5/a-wrong-token-changes-nothing", test_a_wrong_token_changes_nothing);
    g_test_add_func("/exchange/6290/4.1/another-protocol-or-an-spi-is-no-token", test_another_protocol_or_an_spi_is_no_token);
    g_test_add_func("/exchange/6290/4.5/invalid-ike-spi-alone-ends-nothing", test_invalid_ike_spi_alone_ends_nothing);
    g_test_add_func("/exchange/6290/3/other-spis-are-of-no-sa", test_other_spis_are_of_no_sa);
    g_test_add_func("/exchange/6290/5.3/the-token-of-an-old-ike-sa-ends-that-alone", test_the_token_of_an_old_ike_sa_ends_that_alone);
    g_test_add_func("/exchange/6290/8.1/checks-are-bounded-by-time", test_checks_are_bounded_by_time);
    g_test_add_func("/exchange/6290/5.1/tokens-are-of-their-spis-and-role", test_tokens_are_of_their_spis_and_role);
    return g_test_run();
}
