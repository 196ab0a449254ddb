/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-redirect.c - clients and gateways that send them on (RFC 5685): the messages of one client and one gateway. */
#include "exchange/pair.h"

#include <string.h>

static ObolGateway
gateway(const char *text)
{
    ObolGateway g;

    g_assert_true(obol_gateway_parse(text, &g));
    return g;
}

static gboolean
goes_to(const PairSide *side, const char *text)
{
    ObolAddress to;

    g_assert_true(obol_address_parse(text, &to));
    return obol_address_equal(&side->redirected_to, &to);
}

/* @from's REDIRECT, with that much of a nonce behind it. */
static void
add_redirect(ObolChain *chain, const char *to, const guint8 *nonce, gsize n_nonce)
{
    guint8 bytes[OBOL_GATEWAY_WIRE_MAX + 256];
    ObolGateway g = gateway(to);
    gsize n = obol_gateway_write(&g, bytes);

    if (n_nonce > 0)
        memcpy(bytes + n, nonce, n_nonce);
    obol_chain_add_notify(chain, OBOL_N_REDIRECT, bytes, n + n_nonce);
}

/* --- sections 3 and 9.1: IKE_SA_INIT --- */

static void
decode_peek(Pair *pair, ObolMessage *message)
{
    ObolWireFault fault = { .rule = NULL };

    g_assert_true(obol_message_decode(pair_peek(pair)->bytes->data, pair_peek(pair)->bytes->len, message, &fault));
}

static void
test_a_client_says_that_it_follows(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolMessage) message = { .chain = { .n = 0 } };
    gboolean follows = GPOINTER_TO_INT(data) != 0;
    const ObolPayload *p;

    pair->left.connection->follow_redirects = follows;
    pair_initiate(pair);
    decode_peek(pair, &message);
    p = obol_chain_find_notify(&message.chain, OBOL_N_REDIRECT_SUPPORTED);
    g_assert_cmpint(p != NULL, ==, follows);
    if (p != NULL) {
        g_assert_cmpuint(p->notify.protocol, ==, 0);
        g_assert_cmpuint(p->notify.spi.n + p->notify.data.n, ==, 0);
    }
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpint(pair->right.sa->redirects.agreed, ==, follows);
    pair_finish(pair);
}

static Pair *
pair_sent_away(const char *to, ObolRedirectWhen when)
{
    Pair *pair = pair_new(NULL);

    pair->right.connection->redirect_to = gateway(to);
    pair->right.connection->redirect_when = when;
    return pair;
}

static void
test_at_init(gconstpointer data)
{
    const char *to = data;
    g_autoptr(Pair) pair = pair_sent_away(to, OBOL_REDIRECT_AT_INIT);
    g_auto(ObolMessage) message = { .chain = { .n = 0 } };
    const ObolAgreement *a;
    const ObolPayload *p;

    pair_initiate(pair);
    a = &pair->left.sa->negotiation->agreement;
    pair_deliver(pair);
    g_assert_null(pair->right.sa); /* no IKE SA is made */
    decode_peek(pair, &message);
    g_assert_cmpuint(message.header.spi_r, ==, 0);
    g_assert_cmpuint(message.chain.n, ==, 1);
    p = obol_chain_find_notify(&message.chain, OBOL_N_REDIRECT);
    g_assert_nonnull(p);
    g_assert_true(obol_notify_data_valid(&p->notify));
    g_assert_cmpmem(p->notify.data.data + p->notify.data.n - sizeof a->nonce, sizeof a->nonce, a->nonce, sizeof a->nonce);
    pair_deliver(pair);
    if (g_ascii_isalpha(to[0]) && strchr(to, ':') == NULL) {
        g_assert_cmpstr(pair->left.asked_name, ==, to);
        g_assert_nonnull(pair->left.sa); /* while that is looked up */
        return;
    }
    g_assert_null(pair->left.sa);
    g_assert_cmpuint(pair->left.n_redirects, ==, 1);
    g_assert_cmpuint(pair->left.redirected_command, ==, 1); /* it is not over */
    g_assert_cmpuint(pair->left.n_commands_done, ==, 0);
    g_assert_true(goes_to(&pair->left, to));
    g_assert_true(pair_clean(pair));
}

static void
test_who_can_not_be_redirected_is_served(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_sent_away("192.0.2.3", (ObolRedirectWhen) GPOINTER_TO_INT(data));

    pair->left.connection->follow_redirects = FALSE;
    pair_establish(pair);
    pair_finish(pair);
}

/* Who was sent here from there is not sent back. */
static void
test_who_comes_from_there_is_served(void)
{
    g_autoptr(Pair) pair = pair_sent_away("192.0.2.3", OBOL_REDIRECT_AT_INIT);
    guint8 bytes[OBOL_GATEWAY_WIRE_MAX];
    ObolGateway from = gateway("192.0.2.3");
    g_auto(ObolMessage) message = { .chain = { .n = 0 } };
    GByteArray *altered = g_byte_array_new();

    pair_initiate(pair);
    decode_peek(pair, &message);
    obol_chain_add_notify(&message.chain, OBOL_N_REDIRECTED_FROM, bytes, obol_gateway_write(&from, bytes));
    obol_message_encode(&message, altered);
    pair_lose(pair);
    pair_put(pair, &pair->right, g_byte_array_free_to_bytes(altered));
    pair_deliver(pair);
    g_assert_nonnull(pair->right.sa);
    g_assert_true(pair->right.sa->redirects.agreed);
}

/* Anybody could have sent this. */
static void
test_a_redirect_without_our_nonce_is_ignored(void)
{
    static const guint8 wrong[32] = { 1 };
    static const gsize lengths[] = { 0, 15, 16, 31, 32, 33, 255 };

    for (gsize i = 0; i < G_N_ELEMENTS(lengths) + 256; i++) {
        g_autoptr(Pair) pair = pair_new(NULL);
        g_auto(ObolChain) chain = { .n = 0 };
        guint8 nonce[256] = { 0 };
        gsize n = sizeof wrong;
        const ObolAgreement *a;
        GByteArray *bytes = g_byte_array_new();
        ObolMessage message = { .header = { .version = OBOL_WIRE_VERSION, .exchange = OBOL_IKE_SA_INIT, .flags = OBOL_FLAG_RESPONSE } };

        pair_initiate(pair);
        a = &pair->left.sa->negotiation->agreement;
        memcpy(nonce, i < G_N_ELEMENTS(lengths) ? wrong : a->nonce, sizeof wrong);
        if (i < G_N_ELEMENTS(lengths))
            n = lengths[i];
        else
            nonce[(i - G_N_ELEMENTS(lengths)) / 8] ^= (guint8) (1 << i % 8);
        add_redirect(&chain, "192.0.2.3", nonce, n);
        message.header.spi_i = pair->left.sa->spi_i;
        message.chain = chain;
        obol_message_encode(&message, bytes);
        pair_put(pair, &pair->left, g_byte_array_free_to_bytes(bytes));
        pair_deliver_to(pair, &pair->left);
        g_assert_cmpuint(pair->left.n_redirects, ==, 0);
        pair_run(pair);
        g_assert_true(pair_whole(pair)); /* the true answer is still welcome */
    }
}

/* --- section 6: IKE_AUTH --- */

static void
test_at_auth(void)
{
    g_autoptr(Pair) pair = pair_sent_away("2001:db8::7", OBOL_REDIRECT_AT_AUTH);
    g_autoptr(GByteArray) plain = NULL;
    g_auto(ObolChain) chain = { .n = 0 };
    const ObolPayload *p;

    pair_initiate(pair);
    for (guint i = 0; i < 3; i++)
        pair_deliver(pair);
    g_assert_cmpuint(pair->right.sa->children->len, ==, 0); /* no Child SA */
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &chain));
    g_assert_nonnull(obol_chain_find(&chain, OBOL_PAYLOAD_AUTH));
    g_assert_null(obol_chain_find(&chain, OBOL_PAYLOAD_SA));
    p = obol_chain_find_notify(&chain, OBOL_N_REDIRECT);
    g_assert_nonnull(p);
    g_assert_cmpuint(p->notify.data.n, ==, 18); /* and no nonce */
    pair_deliver(pair);
    g_assert_cmpuint(pair->left.n_redirects, ==, 1);
    g_assert_cmpuint(pair->left.redirected_command, ==, 1);
    g_assert_true(goes_to(&pair->left, "2001:db8::7"));
    pair_run(pair); /* its Delete */
    g_assert_true(pair_clean(pair));
}

static void
test_a_gateway_that_is_not_who_it_should_be_is_not_obeyed(void)
{
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .psk = { "one key", "another key" } });

    pair->right.connection->redirect_to = gateway("192.0.2.3");
    pair_initiate(pair);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_redirects, ==, 0);
    g_assert_null(pair->left.sa);
}

static void
test_a_client_that_stays_is_deleted(void)
{
    g_autoptr(Pair) pair = pair_sent_away("192.0.2.3", OBOL_REDIRECT_AT_AUTH);
    gint64 began;

    pair->right.connection->redirect_wait_us = 7 * G_USEC_PER_SEC;
    pair_initiate(pair);
    for (guint i = 0; i < 3; i++)
        pair_deliver(pair);
    began = pair->now_us;
    pair_lose(pair);
    while (pair->right.sa->state == OBOL_IKE_ESTABLISHED) {
        while (pair_peek(pair) != NULL)
            pair_lose(pair);
        g_assert_true(pair_jump(pair));
    }
    g_assert_cmpint(pair->now_us - began, ==, 7 * G_USEC_PER_SEC);
}

/* --- section 5: in the middle of a session --- */

static void
want(Pair *pair, PairSide *side, const char *to)
{
    ObolGateway g = gateway(to);

    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_REDIRECT, .redirect_to = &g });
}

static void
test_in_a_session(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    const char *to = data;

    pair_establish(pair);
    g_assert_true(obol_ike_sa_may_redirect(pair->right.sa));
    g_assert_false(obol_ike_sa_may_redirect(pair->left.sa));
    want(pair, &pair->right, to);
    g_assert_cmpuint(pair_n_on_wire(pair), ==, 1);
    pair_run(pair);
    if (g_ascii_isalpha(to[0]) && strchr(to, ':') == NULL) {
        ObolEvent event = { .kind = OBOL_EVENT_RESOLVED };

        g_assert_cmpstr(pair->left.asked_name, ==, to);
        g_assert_cmpuint(pair->left.n_reauthentications, ==, 0);
        g_assert_true(obol_address_parse("192.0.2.3", &event.resolved));
        pair_feed(pair, &pair->left, &event);
        to = "192.0.2.3";
    }
    g_assert_cmpuint(pair->left.n_reauthentications, ==, 1);
    g_assert_true(pair->left.reauth_keeps);
    g_assert_true(goes_to(&pair->left, to));
    g_assert_true(pair_whole(pair)); /* until the new one is there */
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REAUTHENTICATED, .reauthenticated.success = TRUE });
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

static void
test_an_unknown_name_ends_no_session(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    want(pair, &pair->right, "nowhere.test");
    pair_run(pair);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_RESOLVED });
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_REDIRECT);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

/* Neither does a client stay that does not go and rekeys the IKE SA instead. */
static void
test_a_rekeying_is_no_way_to_stay(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    gint64 told_us;

    pair_establish(pair);
    pair->left.connection->follow_redirects = FALSE;
    pair->right.connection->redirect_wait_us = 7 * G_USEC_PER_SEC;
    want(pair, &pair->right, "192.0.2.3");
    pair_run(pair);
    told_us = pair->now_us;
    pair->now_us += 2 * G_USEC_PER_SEC;
    pair_rekey_ike(pair, GPOINTER_TO_INT(data) ? &pair->left : &pair->right);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    while (pair->right.sa != NULL) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
        g_assert_cmpint(pair->now_us - told_us, <=, 7 * G_USEC_PER_SEC);
    }
    g_assert_cmpint(pair->now_us - told_us, ==, 7 * G_USEC_PER_SEC);
}

/* Section 10: whoever rekeys it, the client stays the client. */
static void
test_a_rekeyed_session_has_the_same_client(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    pair_rekey_ike(pair, GPOINTER_TO_INT(data) ? &pair->left : &pair->right);
    pair_run(pair);
    g_assert_false(obol_ike_sa_may_redirect(pair->left.sa));
    want(pair, &pair->left, "192.0.2.3");
    g_assert_null(pair_peek(pair));
    want(pair, &pair->right, "192.0.2.3");
    pair_run(pair);
    g_assert_true(goes_to(&pair->left, "192.0.2.3"));
}

static void
test_only_the_responder_redirects(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_auto(ObolChain) chain = { .n = 0 };

    pair_establish(pair);
    add_redirect(&chain, "192.0.2.3", NULL, 0);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, pair->left.sa->next_request_id++, &chain));
    pair_deliver(pair);
    g_assert_nonnull(pair_peek(pair)); /* answered, and nothing else */
    g_assert_cmpuint(pair->right.n_reauthentications, ==, 0);
}

static void
put_session_redirect(Pair *pair, const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain = { .n = 0 };

    obol_chain_add_notify(&chain, OBOL_N_REDIRECT, data, n);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_INFORMATIONAL, FALSE, pair->right.sa->next_request_id++, &chain));
    pair_run(pair);
}

static void
test_broken_redirects_are_ignored(void)
{
    static const struct {
        guint8 bytes[40];
        gsize n;
    } broken[] = {
        { { 0 }, 0 },
        { { 1 }, 1 },
        { { 1, 4, 192, 0, 2 }, 5 },
        { { 1, 3, 192, 0, 2 }, 5 },
        { { 1, 4, 0, 0, 0, 0 }, 6 },
        { { 2, 4, 192, 0, 2, 3 }, 6 },
        { { 2, 16, 0 }, 18 },
        { { 0, 4, 192, 0, 2, 3 }, 6 },
        { { 4, 4, 192, 0, 2, 3 }, 6 },
        { { 3, 0 }, 2 },
        { { 3, 3, 'a', 0, 'b' }, 5 },
        { { 3, 3, 'a', ' ', 'b' }, 5 },
        { { 3, 3, '-', 'a', 'b' }, 5 },
        { { 3, 3, '1', '.', '2' }, 5 },
        { { 1, 4, 192, 0, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }, 22 }, /* a nonce has no place there */
    };
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_establish(pair);
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        put_session_redirect(pair, broken[i].bytes, broken[i].n);
        g_assert_cmpuint(pair->left.n_reauthentications, ==, 0);
        g_assert_cmpstr(pair->left.asked_name, ==, "");
    }
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

/* --- section 7: not for ever --- */

static void
test_five_times_and_no_more(void)
{
    for (guint n = 0; n <= OBOL_ENGINE_REDIRECTS_MAX + 1; n++) {
        g_autoptr(Pair) pair = pair_sent_away("192.0.2.3", OBOL_REDIRECT_AT_AUTH);

        pair_initiate(pair);
        pair->left.sa->redirects.n = n;
        pair->left.sa->redirects.since_us = pair->now_us;
        pair_run(pair);
        g_assert_cmpuint(pair->left.n_redirects, ==, n < OBOL_ENGINE_REDIRECTS_MAX ? 1 : 0);
        g_assert_cmpuint(pair->left.n_commands_done, ==, n < OBOL_ENGINE_REDIRECTS_MAX ? 0 : 1);
        g_assert_true(pair_clean(pair));
    }
}

static void
test_after_a_while_they_count_anew(void)
{
    g_autoptr(Pair) pair = pair_sent_away("192.0.2.3", OBOL_REDIRECT_AT_AUTH);

    pair_initiate(pair);
    pair->left.sa->redirects.n = OBOL_ENGINE_REDIRECTS_MAX;
    pair->left.sa->redirects.since_us = pair->now_us - OBOL_ENGINE_REDIRECT_PERIOD_US;
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_redirects, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/exchange/5685/3/a-client-says-that-it-follows/yes", GINT_TO_POINTER(1), test_a_client_says_that_it_follows);
    g_test_add_data_func("/exchange/5685/3/a-client-says-that-it-follows/no", GINT_TO_POINTER(0), test_a_client_says_that_it_follows);
    g_test_add_data_func("/exchange/5685/3/at-init/ipv4", "192.0.2.3", test_at_init);
    g_test_add_data_func("/exchange/5685/3/at-init/ipv6", "2001:db8::7", test_at_init);
    g_test_add_data_func("/exchange/5685/3/at-init/name", "gateway.test", test_at_init);
    g_test_add_data_func("/exchange/5685/3/who-can-not-be-redirected-is-served/at-init", GINT_TO_POINTER(OBOL_REDIRECT_AT_INIT),
                         test_who_can_not_be_redirected_is_served);
    g_test_add_data_func("/exchange/5685/3/who-can-not-be-redirected-is-served/at-auth", GINT_TO_POINTER(OBOL_REDIRECT_AT_AUTH),
                         test_who_can_not_be_redirected_is_served);
    g_test_add_func("/exchange/5685/7/who-comes-from-there-is-served", test_who_comes_from_there_is_served);
    g_test_add_func("/exchange/5685/3/a-redirect-without-our-nonce-is-ignored", test_a_redirect_without_our_nonce_is_ignored);
    g_test_add_func("/exchange/5685/6/at-auth", test_at_auth);
    g_test_add_func("/exchange/5685/6/a-gateway-that-is-not-who-it-should-be-is-not-obeyed",
                    test_a_gateway_that_is_not_who_it_should_be_is_not_obeyed);
    g_test_add_func("/exchange/5685/5/a-client-that-stays-is-deleted", test_a_client_that_stays_is_deleted);
    g_test_add_data_func("/exchange/5685/5/in-a-session/ipv4", "192.0.2.3", test_in_a_session);
    g_test_add_data_func("/exchange/5685/5/in-a-session/ipv6", "2001:db8::7", test_in_a_session);
    g_test_add_data_func("/exchange/5685/5/in-a-session/name", "gateway.test", test_in_a_session);
    g_test_add_func("/exchange/5685/5/an-unknown-name-ends-no-session", test_an_unknown_name_ends_no_session);
    g_test_add_data_func("/exchange/5685/5/a-rekeying-is-no-way-to-stay/by-client", GINT_TO_POINTER(1), test_a_rekeying_is_no_way_to_stay);
    g_test_add_data_func("/exchange/5685/5/a-rekeying-is-no-way-to-stay/by-gateway", GINT_TO_POINTER(0), test_a_rekeying_is_no_way_to_stay);
    g_test_add_data_func("/exchange/5685/10/a-rekeyed-session-has-the-same-client/by-client", GINT_TO_POINTER(1),
                         test_a_rekeyed_session_has_the_same_client);
    g_test_add_data_func("/exchange/5685/10/a-rekeyed-session-has-the-same-client/by-gateway", GINT_TO_POINTER(0),
                         test_a_rekeyed_session_has_the_same_client);
    g_test_add_func("/exchange/5685/10/only-the-responder-redirects", test_only_the_responder_redirects);
    g_test_add_func("/exchange/5685/9.2/broken-redirects-are-ignored", test_broken_redirects_are_ignored);
    g_test_add_func("/exchange/5685/7/five-times-and-no-more", test_five_times_and_no_more);
    g_test_add_func("/exchange/5685/7/after-a-while-they-count-anew", test_after_a_while_they_count_anew);
    return g_test_run();
}
