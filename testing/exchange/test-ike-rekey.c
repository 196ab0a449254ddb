/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-ike-rekey.c - new keys for an IKE SA: CREATE_CHILD_SA begun by either end, its answers good and bad (RFC 7296
 * sections 1.3.2, 2.8 and 2.18). */
#include "exchange/pair.h"

#include <string.h>

typedef struct {
    ObolIkeSa before;          /* a look at what was there; borrowed pointers are not followed */
    guint32 child_id, reqid;
    guint32 spi_in, spi_out;
    gint64 rekey_at_us, expire_at_us;
    guint n_asked;             /* of the kernel */
} Snapshot;

static guint
n_asked(const PairSide *side)
{
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(side->kernel.n_asked); i++)
        n += side->kernel.n_asked[i];
    return n;
}

static Snapshot
take_snapshot(PairSide *side)
{
    const ObolChildSa *child = pair_child(side, 0);

    return (Snapshot) { *side->sa, child->unique_id, child->reqid, child->spi_in, child->spi_out, child->rekey_at_us, child->expire_at_us,
                        n_asked(side) };
}

static void
assert_inherited(PairSide *side, const Snapshot *was)
{
    const ObolChildSa *child = pair_child(side, 0);

    g_assert_cmpuint(side->sa->unique_id, !=, was->before.unique_id);
    g_assert_cmpuint(side->sa->predecessor, ==, was->before.unique_id);
    g_assert_cmpuint(side->sa->spi_i, !=, was->before.spi_i);
    g_assert_cmpuint(side->sa->spi_r, !=, was->before.spi_r);
    g_assert_cmpuint(side->sa->children->len, ==, 1);
    g_assert_cmpuint(child->unique_id, ==, was->child_id);
    g_assert_cmpuint(child->reqid, ==, was->reqid);
    g_assert_cmpuint(child->spi_in, ==, was->spi_in);
    g_assert_cmpuint(child->spi_out, ==, was->spi_out);
    g_assert_cmpint(child->rekey_at_us, ==, was->rekey_at_us);
    g_assert_cmpint(child->expire_at_us, ==, was->expire_at_us);
    g_assert_cmpuint(n_asked(side), ==, was->n_asked);
    g_assert_cmpuint(side->others->len, ==, 0);
}

static Pair *
established(const PairSetup *setup)
{
    Pair *pair = pair_new(setup);

    pair_establish(pair);
    return pair;
}

static PairSide *
side_of(Pair *pair, gconstpointer data)
{
    return data == NULL ? &pair->left : &pair->right;
}

/* --- what happens --- */

static void
test_children_are_inherited_untouched(gconstpointer data)
{
    g_autoptr(Pair) pair = established(NULL);
    Snapshot left = take_snapshot(&pair->left), right = take_snapshot(&pair->right);

    pair->traffic = TRUE;
    pair_rekey_ike(pair, side_of(pair, data));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    assert_inherited(&pair->left, &left);
    assert_inherited(&pair->right, &right);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpuint(pair->right.n_successors, ==, 1);
    g_assert_cmpuint(pair->left.n_failures + pair->right.n_failures + pair->n_lost, ==, 0);
    pair_finish(pair);
}

/* Section 2.2: the original initiator of the new one is who began the rekeying, so the flag and the SPIs follow that. */
static void
test_who_rekeys_is_the_original_initiator(gconstpointer data)
{
    g_autoptr(Pair) pair = established(NULL);
    PairSide *side = side_of(pair, data), *other = pair_other(pair, side);

    pair_rekey_ike(pair, side);
    pair_run(pair);
    g_assert_cmpint(side->sa->role, ==, OBOL_INITIATOR);
    g_assert_cmpint(other->sa->role, ==, OBOL_RESPONDER);
    g_assert_cmpuint(side->sa->spi_i, ==, other->sa->spi_i);
    g_assert_cmpuint(side->sa->spi_r, ==, other->sa->spi_r);
    pair_finish(pair);
}

static void
test_message_ids_begin_at_0(gconstpointer data)
{
    g_autoptr(Pair) pair = established(NULL);
    PairSide *side = side_of(pair, data), *other = pair_other(pair, side);

    pair_rekey_ike(pair, side);
    pair_run(pair);
    g_assert_cmpuint(side->sa->next_request_id, ==, 0);
    g_assert_cmpuint(side->sa->expected_request_id, ==, 0);
    for (guint i = 0; i < 2; i++) {
        PairSide *asks = i == 0 ? side : other;

        pair_expire(pair, asks, pair_child(asks, 0), FALSE); /* a Child SA is rekeyed, and the old one deleted */
        pair_run(pair);
        g_assert_cmpuint(asks->sa->next_request_id, ==, 2);
        g_assert_true(pair_agree(pair, 1));
    }
    pair_finish(pair);
}

static void
test_keys_are_new(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_autoptr(ObolSecret) old = obol_secret_dup(pair->left.sa->keys.block);

    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_true(obol_secret_equal(pair->left.sa->keys.block, pair->right.sa->keys.block));
    g_assert_false(obol_secret_equal(pair->left.sa->keys.block, old));
}

/* Section 1.3.2: SA with the new SPI, Ni, KEi, and no selectors. */
static void
test_the_request_has_what_it_must(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) request = { .n = 0 }, answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL, plain2 = NULL;
    const ObolPayload *sa;

    pair_rekey_ike(pair, &pair->left);
    g_assert_true(pair_open(&pair->right, pair_peek(pair), &plain, &request));
    g_assert_cmpuint(request.n, ==, 3);
    sa = obol_chain_find(&request, OBOL_PAYLOAD_SA);
    g_assert_cmpuint(sa->sa.proposals[0].protocol, ==, OBOL_PROTO_IKE);
    g_assert_cmpuint(sa->sa.proposals[0].n_spi, ==, 8);
    g_assert_nonnull(obol_chain_find(&request, OBOL_PAYLOAD_NONCE));
    g_assert_cmpuint(obol_chain_find(&request, OBOL_PAYLOAD_KE)->ke.group, ==, OBOL_KE_X25519);
    pair_deliver(pair);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain2, &answer));
    g_assert_cmpuint(answer.n, ==, 3);
    g_assert_cmpuint(obol_chain_find(&answer, OBOL_PAYLOAD_SA)->sa.proposals[0].n_spi, ==, 8);
    g_assert_cmpint(memcmp(sa->sa.proposals[0].spi, obol_chain_find(&answer, OBOL_PAYLOAD_SA)->sa.proposals[0].spi, 8), !=, 0);
}

/* Section 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), by the old SA's PRF; then all by the new one's. */
static void
test_skeyseed_is_by_the_old_prf(void)
{
    static const PairSetup setup = { .ike = { "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519" } };
    g_autoptr(Pair) pair = established(&setup);
    ObolConnection *both[] = { pair->left.connection, pair->right.connection };

    for (guint i = 0; i < 2; i++) {
        ObolProposal other;

        g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes256gcm16-prfsha384-x25519", &other, NULL));
        g_array_insert_val(both[i]->proposals, 0, other);
    }
    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.sa->suite.prf, ==, OBOL_PRF_HMAC_SHA2_384);
    g_assert_cmpuint(pair->left.sa->keys.n_prf, ==, 48);
    pair_rekey_ike(pair, &pair->right); /* and from that one on */
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_skeyseed_depends_on_the_old_sk_d(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair->left.sa->keys.block->bytes[0] ^= 1; /* of SK_d: the exchange itself does not use it */
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_cmpuint(pair->right.n_successors, ==, 1);
    g_assert_false(obol_secret_equal(pair->left.sa->keys.block, pair->right.sa->keys.block));
}

/* Section 2.8: "the initiator of the rekeying deletes the old IKE SA", and that is the last request on it. */
static void
test_the_old_one_is_deleted_by_who_rekeys(gconstpointer data)
{
    g_autoptr(Pair) pair = established(NULL);
    PairSide *side = side_of(pair, data), *other = pair_other(pair, side);

    pair_rekey_ike(pair, side);
    pair_deliver(pair);
    g_assert_cmpuint(other->others->len, ==, 1);
    g_assert_cmpint(pair_other_sa(other, 0)->state, ==, OBOL_IKE_REKEYED);
    pair_deliver(pair);
    g_assert_cmpint(pair_other_sa(side, 0)->state, ==, OBOL_IKE_REKEYED);
    g_assert_cmpuint(g_queue_get_length(pair->wire), ==, 1);
    g_assert_true(pair_peek(pair)->to == other);
    pair_run(pair);
    g_assert_cmpuint(side->others->len + other->others->len, ==, 0);
    pair_finish(pair);
}

static void
test_it_goes_on_for_ever(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair->traffic = TRUE;
    for (guint i = 0; i < 20; i++) {
        pair_rekey_ike(pair, i % 3 == 0 ? &pair->right : &pair->left);
        pair_run(pair);
        g_assert_true(pair_whole(pair));
    }
    g_assert_cmpuint(pair->left.n_successors, ==, 20);
    g_assert_cmpuint(pair->n_lost, ==, 0);
    pair_finish(pair);
}

static void
test_a_childless_one_is_rekeyed_too(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.child_id = pair_child(&pair->left, 0)->unique_id });
    pair_run(pair);
    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

static void
test_many_children_are_inherited(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_add_child(pair, "three", "10.5.0.0/16", "10.6.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "two", 0);
    pair_run(pair);
    pair_initiate_child(pair, &pair->right, "three", 0);
    pair_run(pair);
    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 3));
    pair_finish(pair);
}

/* --- groups --- */

static void
test_another_group_is_tried(void)
{
    static const PairSetup setup = { .ike = { "aes128gcm16-prfsha256-x25519-ecp256", "aes128gcm16-prfsha256-x25519-ecp256" } };
    g_autoptr(Pair) pair = established(&setup);
    ObolProposal *theirs = &g_array_index(pair->right.connection->proposals, ObolProposal, 0);
    guint32 next = pair->left.sa->next_request_id;

    g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes128gcm16-prfsha256-ecp256", theirs, NULL));
    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    pair_deliver(pair);
    g_assert_cmpuint(obol_window_oldest(pair->left.sa)->message_id, ==, next + 1);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.sa->suite.ke, ==, OBOL_KE_ECP_256);
    g_assert_cmpuint(pair->left.n_failures, ==, 0);
    pair_finish(pair);
}

/* Answers the request on the wire with one error. */
static void
answer_with(Pair *pair, PairSide *from, guint16 type, const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain = { .n = 0 };
    PairPacket *request = pair_take(pair);
    ObolWireFault fault;
    ObolHeader header;

    g_assert_true(obol_header_decode(request->bytes->data, request->bytes->len, &header, &fault));
    obol_chain_add_notify(&chain, type, data, n);
    pair_put(pair, pair_other(pair, from), pair_seal(from, OBOL_CREATE_CHILD_SA, TRUE, header.message_id, &chain));
    from->sa->expected_request_id++;
    pair_packet_free(request);
}

static void
test_a_group_that_was_not_offered_is_not_tried(void)
{
    static const guint8 groups[][2] = { { 0, 20 }, { 0, OBOL_KE_X25519 }, { 0, 0 } };

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autoptr(Pair) pair = established(NULL);

        pair_rekey_ike(pair, &pair->left);
        answer_with(pair, &pair->right, OBOL_N_INVALID_KE_PAYLOAD, groups[i], 2);
        pair_run(pair);
        g_assert_cmpuint(pair->left.n_failures, ==, 1);
        g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_KE_GROUP);
        g_assert_true(pair_whole(pair));
        g_assert_cmpint(pair->left.sa->rekey_at_us, >, pair->now_us);
    }
}

static void
test_a_second_other_group_is_not_tried(void)
{
    static const PairSetup setup = { .ike = { "aes128gcm16-prfsha256-x25519-ecp256", "aes128gcm16-prfsha256-x25519-ecp256" } };
    g_autoptr(Pair) pair = established(&setup);
    static const guint8 ecp256[] = { 0, OBOL_KE_ECP_256 }, x25519[] = { 0, OBOL_KE_X25519 };

    pair_rekey_ike(pair, &pair->left);
    answer_with(pair, &pair->right, OBOL_N_INVALID_KE_PAYLOAD, ecp256, 2);
    pair_deliver(pair);
    answer_with(pair, &pair->right, OBOL_N_INVALID_KE_PAYLOAD, x25519, 2);
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_failures, ==, 1);
    g_assert_false(obol_succession_is_open(pair->left.sa));
}

/* --- refusals --- */

static void
test_no_common_proposal_is_refused_and_tried_again(void)
{
    g_autoptr(Pair) pair = established(NULL);
    ObolProposal *theirs = &g_array_index(pair->right.connection->proposals, ObolProposal, 0);
    ObolProposal was = *theirs;

    g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes256gcm16-prfsha384-x25519", theirs, NULL));
    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_PROPOSAL_PEER);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_PROPOSAL_US);
    g_assert_true(pair_whole(pair));
    *theirs = was;
    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

static void
test_no_additional_sas_ends_the_trying(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair_rekey_ike(pair, &pair->left);
    answer_with(pair, &pair->right, OBOL_N_NO_ADDITIONAL_SAS, NULL, 0);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpint(pair->left.sa->rekey_at_us, ==, 0);
}

static void
test_retries_back_off_by_chance(void)
{
    gint64 waits[6][2], longest = 0;

    for (guint seed = 0; seed < 2; seed++) {
        g_autoptr(Pair) pair = established(NULL);

        pair->left.engine.random = test_random_init(&pair->left.random, 31 + seed);
        pair->left.sa->connection->over_us = 0;
        pair_rekey_ike(pair, &pair->left);
        for (guint i = 0; i < 6; i++) {
            answer_with(pair, &pair->right, OBOL_N_NO_PROPOSAL_CHOSEN, NULL, 0);
            pair_run(pair);
            waits[i][seed] = pair->left.sa->rekey_at_us - pair->now_us;
            g_assert_true(pair_jump(pair));
        }
    }
    for (guint i = 0; i < 6; i++) {
        gint64 most = 10 * G_USEC_PER_SEC << i;

        g_assert_cmpint(waits[i][0], !=, waits[i][1]);
        for (guint seed = 0; seed < 2; seed++) {
            g_assert_cmpint(waits[i][seed], >=, MIN(most, 300 * G_USEC_PER_SEC) / 2);
            g_assert_cmpint(waits[i][seed], <=, MIN(most, 300 * G_USEC_PER_SEC));
            longest = MAX(longest, waits[i][seed]);
        }
    }
    g_assert_cmpint(longest, >, 60 * G_USEC_PER_SEC);
}

/* --- what a bad request gets --- */

typedef struct {
    const char *name;
    guint16 notify;
    guint8 n_spi, n_zero_spi;
    gboolean no_ke, no_nonce, two_ke, two_nonces, none_group, bad_value;
} BadRequest;

static void
test_a_bad_request_is_refused(gconstpointer data)
{
    const BadRequest *bad = data;
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 }, answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    static const guint8 nonce[32] = { 7 };
    guint8 value[32] = { 9 };
    ObolProposal p = g_array_index(pair->left.connection->proposals, ObolProposal, 0);

    p.number = 1;
    p.n_spi = bad->n_spi;
    memset(p.spi, bad->n_zero_spi ? 0 : 0x55, sizeof p.spi);
    for (guint i = 0; bad->none_group && i < p.n_transforms; i++) {
        if (p.transforms[i].type == OBOL_TRANSFORM_KE)
            p.transforms[i].id = OBOL_KE_NONE;
    }
    if (bad->bad_value)
        memset(value, 0, sizeof value);
    obol_chain_add_sa(&chain, &p, 1);
    for (guint i = 0; i < (bad->no_nonce ? 0u : bad->two_nonces ? 2u : 1u); i++)
        obol_chain_add_nonce(&chain, nonce, sizeof nonce);
    for (guint i = 0; i < (bad->no_ke ? 0u : bad->two_ke ? 2u : 1u); i++)
        obol_chain_add_ke(&chain, OBOL_KE_X25519, value, sizeof value);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_CREATE_CHILD_SA, FALSE, pair->left.sa->next_request_id, &chain));
    pair_deliver(pair);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &answer));
    g_assert_cmpuint(obol_chain_first_error(&answer)->notify.type, ==, bad->notify);
    g_assert_cmpuint(pair->right.n_successors, ==, 0);
    if (bad->notify != OBOL_N_INVALID_SYNTAX)
        g_assert_false(obol_succession_is_open(pair->right.sa));
    else
        g_assert_null(pair->right.sa); /* section 2.21.3 */
}

static const BadRequest bad_requests[] = {
    { "without-an-spi", OBOL_N_NO_PROPOSAL_CHOSEN, .n_spi = 0 },
    { "with-spi-0", OBOL_N_NO_PROPOSAL_CHOSEN, .n_spi = 8, .n_zero_spi = 1 },
    { "without-ke", OBOL_N_INVALID_KE_PAYLOAD, .n_spi = 8, .no_ke = TRUE },
    { "with-group-none", OBOL_N_NO_PROPOSAL_CHOSEN, .n_spi = 8, .none_group = TRUE },
    { "without-nonce", OBOL_N_INVALID_SYNTAX, .n_spi = 8, .no_nonce = TRUE },
    { "with-two-nonces", OBOL_N_INVALID_SYNTAX, .n_spi = 8, .two_nonces = TRUE },
    { "with-two-ke", OBOL_N_INVALID_SYNTAX, .n_spi = 8, .two_ke = TRUE },
    { "with-a-public-value-of-no-use", OBOL_N_INVALID_SYNTAX, .n_spi = 8, .bad_value = TRUE },
};

/* --- what a bad answer does --- */

typedef enum { NO_SPI, NO_KE, NO_NONCE, OTHER_GROUP, OTHER_PROPOSAL, TWO_PROPOSALS, BAD_VALUE, N_BAD_ANSWERS } BadAnswer;

static const char *const bad_answers[N_BAD_ANSWERS] = {
    "without-an-spi", "without-ke", "without-nonce", "with-another-group", "with-another-proposal", "with-two-proposals",
    "with-a-public-value-of-no-use",
};

/* What the peer has now we do not know: all begins anew. */
static void
test_a_bad_answer_closes(gconstpointer data)
{
    BadAnswer bad = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 };
    static const guint8 nonce[32] = { 7 };
    guint8 value[32] = { 9 };
    ObolProposal p[2];
    guint32 id = pair->left.sa->next_request_id;

    p[0] = g_array_index(pair->left.connection->proposals, ObolProposal, 0);
    p[0].number = 1;
    p[0].n_spi = bad == NO_SPI ? 0 : 8;
    memset(p[0].spi, 0x55, 8);
    if (bad == OTHER_PROPOSAL)
        p[0].transforms[0].key_bits = 256;
    if (bad == BAD_VALUE)
        memset(value, 0, sizeof value);
    p[1] = p[0];
    p[1].number = 2;
    pair_rekey_ike(pair, &pair->left);
    pair_lose(pair);
    obol_chain_add_sa(&chain, p, bad == TWO_PROPOSALS ? 2 : 1);
    if (bad != NO_NONCE)
        obol_chain_add_nonce(&chain, nonce, sizeof nonce);
    if (bad != NO_KE)
        obol_chain_add_ke(&chain, bad == OTHER_GROUP ? OBOL_KE_ECP_256 : OBOL_KE_X25519, value, sizeof value);
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, id, &chain));
    pair->right.sa->expected_request_id++;
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 0);
    g_assert_cmpuint(pair->left.n_failures, ==, 1);
    g_assert_true(pair_clean(pair));
}

/* --- lost, repeated --- */

static void
test_a_repeated_request_gets_the_same_answer(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_autoptr(GByteArray) first = NULL;
    PairPacket *answer;

    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    answer = pair_take(pair);
    first = g_byte_array_ref(answer->bytes);
    pair_packet_free(answer);
    g_assert_true(pair_jump(pair)); /* the left asks again */
    pair_deliver(pair);
    answer = pair_peek(pair);
    g_assert_cmpmem(first->data, first->len, answer->bytes->data, answer->bytes->len);
    g_assert_cmpuint(pair->right.n_successors, ==, 1);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    pair_finish(pair);
}

static void
test_a_request_twice_makes_one(void)
{
    g_autoptr(Pair) pair = established(NULL);

    pair_rekey_ike(pair, &pair->left);
    pair_duplicate(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->right.n_successors, ==, 1);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

/* Whoever answered a rekeying and never hears of the old one again ends it itself. */
static void
test_an_old_one_that_nobody_deletes_is_deleted(void)
{
    g_autoptr(Pair) pair = established(NULL);
    guint n = 0;

    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    g_clear_pointer(&pair->left.sa, obol_ike_sa_free); /* the left has lost its memory */
    pair->left.wake_us = G_MAXINT64;
    while (pair->wire->length > 0)
        pair_lose(pair);
    while (pair->right.others->len > 0) {
        g_assert_true(pair_jump(pair));
        while (pair->wire->length > 0)
            pair_lose(pair);
        g_assert_cmpuint(++n, <, 20);
    }
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpuint(pair->right.sa->children->len, ==, 1);
    g_assert_cmpuint(pair->right.n_failures, ==, 0);
}

/* --- after it --- */

static void
test_the_old_one_answers_only(void)
{
    g_autoptr(Pair) pair = established(NULL);
    g_auto(ObolChain) chain = { .n = 0 }, answer = { .n = 0 }, empty = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    ObolIkeSa *old = pair->left.sa;
    static const guint8 nonce[32] = { 7 };
    ObolProposal p = g_array_index(pair_config(&pair->left, 0)->proposals, ObolProposal, 0);

    pair_rekey_ike(pair, &pair->left);
    pair_deliver(pair);
    g_assert_cmpint(pair_other_sa(&pair->right, 0)->state, ==, OBOL_IKE_REKEYED);
    /* A child on the old one: section 2.25.2. */
    p.number = 1;
    p.n_spi = 4;
    memset(p.spi, 3, 4);
    obol_chain_add_sa(&chain, &p, 1);
    obol_chain_add_nonce(&chain, nonce, sizeof nonce);
    pair_lose(pair);
    g_assert_true(pair->left.sa == old);
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_CREATE_CHILD_SA, FALSE, old->next_request_id, &chain));
    pair_deliver(pair);
    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &answer));
    g_assert_cmpuint(obol_chain_first_error(&answer)->notify.type, ==, OBOL_N_TEMPORARY_FAILURE);
    pair_lose(pair);
    /* Liveness is answered. */
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, old->next_request_id + 1, &empty));
    pair_deliver(pair);
    g_assert_cmpuint(pair->wire->length, ==, 1);
    pair_lose(pair);
}

static void
test_the_new_one_is_deleted_as_any(gconstpointer data)
{
    g_autoptr(Pair) pair = established(NULL);
    PairSide *side = side_of(pair, data);

    pair_rekey_ike(pair, &pair->left);
    pair_run(pair);
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate.command = 9 });
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(side->n_commands_done, ==, side == &pair->left ? 2 : 1);
}

/* What waited for its turn is asked on the new one. */
static void
test_tasks_are_inherited(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_rekey_ike(pair, &pair->left);
    pair_initiate_child(pair, &pair->left, "two", 5);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    pair_finish(pair);
}

/* Answers of the kernel that come when the child has another IKE SA already. */
static void
test_kernel_answers_follow_the_child(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_add_child(pair, "two", "10.3.0.0/16", "10.4.0.0/16");
    pair_establish(pair);
    pair_initiate_child(pair, &pair->left, "two", 5);
    pair_deliver(pair);
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->left;
    pair_deliver(pair); /* the left is to install it now, and its kernel is slow */
    g_assert_cmpuint(pair->held->length, >, 0);
    pair_rekey_ike(pair, &pair->right);
    pair_run(pair);
    pair_release_kernel(pair); /* jobs of the left waited as well */
    pair_run(pair);
    g_assert_cmpuint(pair->left.n_successors, ==, 1);
    g_assert_true(pair_agree(pair, 2));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
    pair_finish(pair);
}

static void
test_nat_and_addresses_are_inherited(void)
{
    static const PairSetup setup = { .encap = TRUE };
    g_autoptr(Pair) pair = established(&setup);
    ObolIkeSa was = *pair->left.sa; /* no pointer in it is followed */

    pair_rekey_ike(pair, &pair->right);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_true(obol_endpoint_equal(&was.local, &pair->left.sa->local) && obol_endpoint_equal(&was.remote, &pair->left.sa->remote));
    g_assert_cmpuint(pair->left.sa->local.port, ==, 4500);
    g_assert_true(pair->left.sa->floated);
    g_assert_true(was.nat_remote == pair->left.sa->nat_remote && was.nat_local == pair->left.sa->nat_local);
    pair_finish(pair);
}

typedef struct {
    const char *name;
    void (*test)(void);
} Plain;

static const Plain plain_tests[] = {
    { "2.18/keys-are-new", test_keys_are_new },
    { "1.3.2/the-request-has-what-it-must", test_the_request_has_what_it_must },
    { "2.18/a-new-suite-and-the-old-prf", test_skeyseed_is_by_the_old_prf },
    { "2.18/skeyseed-depends-on-the-old-sk-d", test_skeyseed_depends_on_the_old_sk_d },
    { "2.8/it-goes-on-for-ever", test_it_goes_on_for_ever },
    { "2.8/a-childless-one-is-rekeyed-too", test_a_childless_one_is_rekeyed_too },
    { "2.18/many-children-are-inherited", test_many_children_are_inherited },
    { "1.3/another-group-is-tried", test_another_group_is_tried },
    { "1.3/a-group-that-was-not-offered-is-not-tried", test_a_group_that_was_not_offered_is_not_tried },
    { "1.3/a-second-other-group-is-not-tried", test_a_second_other_group_is_not_tried },
    { "2.7/no-common-proposal-is-refused-and-tried-again", test_no_common_proposal_is_refused_and_tried_again },
    { "3.10.1/no-additional-sas-ends-the-trying", test_no_additional_sas_ends_the_trying },
    { "2.8/retries-back-off-by-chance", test_retries_back_off_by_chance },
    { "2.1/a-repeated-request-gets-the-same-answer", test_a_repeated_request_gets_the_same_answer },
    { "2.1/a-request-twice-makes-one", test_a_request_twice_makes_one },
    { "2.8/an-old-one-that-nobody-deletes-is-deleted", test_an_old_one_that_nobody_deletes_is_deleted },
    { "2.25.2/the-old-one-answers-only", test_the_old_one_answers_only },
    { "2.18/what-waits-is-asked-on-the-new-one", test_tasks_are_inherited },
    { "2.18/kernel-answers-follow-the-child", test_kernel_answers_follow_the_child },
    { "2.23/nat-and-addresses-are-inherited", test_nat_and_addresses_are_inherited },
};

static const struct {
    const char *name;
    GTestDataFunc test;
} either_end[] = {
    { "2.18/children-are-inherited-untouched", test_children_are_inherited_untouched },
    { "2.18/who-rekeys-is-the-original-initiator", test_who_rekeys_is_the_original_initiator },
    { "2.2/message-ids-begin-at-0", test_message_ids_begin_at_0 },
    { "2.8/the-old-one-is-deleted-by-who-rekeys", test_the_old_one_is_deleted_by_who_rekeys },
    { "1.4.1/the-new-one-is-deleted-as-any", test_the_new_one_is_deleted_as_any },
};

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plain_tests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/ike-rekey/%s", plain_tests[i].name);

        g_test_add_func(name, plain_tests[i].test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(either_end); i++) {
        for (guint j = 0; j < 2; j++) {
            g_autofree char *name = g_strdup_printf("/exchange/ike-rekey/%s/%s", either_end[i].name, j == 0 ? "initiator" : "responder");

            g_test_add_data_func(name, GUINT_TO_POINTER(j), either_end[i].test);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_requests); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/ike-rekey/1.3.2/a-request-%s-is-refused", bad_requests[i].name);

        g_test_add_data_func(name, &bad_requests[i], test_a_bad_request_is_refused);
    }
    for (guint i = 0; i < N_BAD_ANSWERS; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/ike-rekey/1.3.2/an-answer-%s-closes", bad_answers[i]);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_a_bad_answer_closes);
    }
    return g_test_run();
}
