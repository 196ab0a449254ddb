/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-crash.c - who has lost an IKE SA tells so, and nobody else does (RFC 6290 sections 3, 4.5, 8.1, 9.2). */
#include "engine/crash-token.h"
#include "engine/ike-sa-private.h"
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

#include "dispatcher/shard-private.h"

typedef struct {
    ObolCrypto *crypto;
    World *left, *right;
    ObolConnection *connection; /* left's */
    ObolAddress here, there;
} Two;

static const guint8 secret_bytes[OBOL_CRASH_SECRET] = { 9, 8, 7 };

static World *
start_right(Two *t, guint64 seed, gboolean wants)
{
    g_autoptr(ObolSecret) secret = obol_secret_new_from(secret_bytes, sizeof secret_bytes);
    World *right = world_new(&obol_shard_default_limits, t->crypto, seed);
    ObolConnection *connection = world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NO);

    connection->crash_detection = wants;
    obol_shard_set_crash_secret(right->shard, secret);
    world_configure(right, connection);
    return right;
}

static void
begin(Two *t)
{
    t->crypto = test_crypto_new();
    t->left = world_new(&obol_shard_default_limits, t->crypto, 1);
    t->right = start_right(t, 2, TRUE);
    t->connection = world_connection("left", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    world_configure(t->left, t->connection);
    t->here = request_from("192.0.2.1");
    t->there = request_from("192.0.2.2");
    obol_shard_initiate(t->left->shard, t->connection, NULL, &t->here, &t->there, 0, t->left->now_us);
    world_run_jobs(t->left);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->left->n_established, ==, 1);
}

static void
end(Two *t)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

/* The daemon dies, and another one takes its place, with the same state directory. */
static void
crash_right(Two *t, gboolean wants)
{
    world_free(t->right);
    t->right = start_right(t, 77, wants);
}

static ObolSlot *
slot_of_left(Two *t)
{
    g_assert_cmpuint(t->left->shard->slots->len, ==, 1);
    return g_ptr_array_index(t->left->shard->slots, 0);
}

/* Left asks something: a rekeying of the IKE SA. */
static void
left_asks(Two *t)
{
    static const ObolSaSelector all;

    g_assert_cmpuint(obol_shard_rekey(t->left->shard, &all, FALSE, t->left->now_us), ==, 1);
    world_run_jobs(t->left);
}

static void
test_a_crash_is_noticed_by_the_first_request(void)
{
    Two t;

    begin(&t);
    crash_right(&t, TRUE);
    left_asks(&t);
    world_exchange(t.left, t.right);
    world_answer_all(t.left);
    g_assert_cmpuint(t.left->n_gone, ==, 1);
    g_assert_cmpint(t.left->last_reason, ==, OBOL_REASON_PEER_RESTARTED);
    g_assert_cmpuint(g_hash_table_size(t.left->sas), ==, 0);
    end(&t);
}

static void
test_without_the_setting_nothing_is_told(void)
{
    Two t;

    begin(&t);
    crash_right(&t, FALSE);
    left_asks(&t);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->n_gone, ==, 0);
    end(&t);
}

static void
test_another_secret_ends_nothing(void)
{
    static const guint8 other_bytes[OBOL_CRASH_SECRET] = { 1 };
    g_autoptr(ObolSecret) other = obol_secret_new_from(other_bytes, sizeof other_bytes);
    Two t;

    begin(&t);
    crash_right(&t, TRUE);
    obol_shard_set_crash_secret(t.right->shard, other);
    left_asks(&t);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->n_gone, ==, 0);
    end(&t);
}

/* Sends @header to the right, which answers, or not; whether what it says holds the token that left has. */
static gboolean
right_betrays(Two *t, const ObolHeader *header, const ObolIkeSa *left)
{
    g_autoptr(GByteArray) bytes = request_header(header, OBOL_PAYLOAD_SK);
    g_autoptr(WorldDatagram) answer = NULL;
    g_auto(ObolMessage) message = { .chain = { .n = 0 } };
    const ObolPayload *p;
    ObolWireFault fault = { .rule = NULL };
    const guint8 *data;
    gsize n;

    t->right->now_us += G_USEC_PER_SEC;
    world_receive(t->right, &t->here, &t->there, bytes->data, bytes->len);
    answer = world_take_sent(t->right);
    if (answer == NULL)
        return FALSE;
    data = g_bytes_get_data(answer->bytes, &n);
    g_assert_true(obol_message_decode(data, n, &message, &fault));
    p = obol_chain_find_notify(&message.chain, OBOL_N_QUICK_CRASH_DETECTION);
    return p != NULL && p->notify.data.n == left->peer_token->n
           && memcmp(p->notify.data.data, left->peer_token->bytes, left->peer_token->n) == 0;
}

/* Section 9.2: whatever the header says. */
static void
test_no_trick_brings_out_a_living_token(void)
{
    Two t;
    const ObolIkeSa *left;

    begin(&t);
    left = slot_of_left(&t)->sa;
    g_assert_nonnull(left->peer_token);
    for (guint flags = 0; flags < 256; flags++) {
        for (guint change = 0; change < 4; change++) {
            ObolHeader header = {
                .spi_i = left->spi_i ^ (change & 1), .spi_r = left->spi_r ^ (change >> 1), .version = OBOL_WIRE_VERSION,
                .exchange = OBOL_INFORMATIONAL, .flags = (guint8) flags, .message_id = 5,
            };

            g_assert_false(right_betrays(&t, &header, left));
        }
    }
    end(&t);
}

/* Nor that of one that is gone, while its last answer may be asked for. */
static void
test_no_token_of_one_that_lingers(void)
{
    static const ObolSaSelector all;
    guint64 spi_i, spi_r;
    ObolHeader header;
    ObolIkeSa like = { .role = OBOL_INITIATOR };
    Two t;

    begin(&t);
    spi_i = slot_of_left(&t)->sa->spi_i;
    spi_r = slot_of_left(&t)->sa->spi_r;
    like.peer_token = obol_secret_dup(slot_of_left(&t)->sa->peer_token);
    obol_shard_terminate(t.left->shard, &all, FALSE, 0, t.left->now_us);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.right->n_gone, ==, 1);
    g_assert_true(obol_lingering_has(&t.right->shard->lingering, spi_r));
    header = (ObolHeader) {
        .spi_i = spi_i, .spi_r = spi_r, .version = OBOL_WIRE_VERSION, .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR,
        .message_id = 50,
    };
    g_assert_false(right_betrays(&t, &header, &like));
    obol_secret_free(like.peer_token);
    end(&t);
}

/* A rekeying: the peer may have the new IKE SA before we have. */
static void
test_an_ike_sa_that_is_coming_counts_as_there(void)
{
    Two t;

    begin(&t);
    left_asks(&t);
    g_assert_cmpuint(t.left->shard->coming.n, ==, 1);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->shard->coming.n, ==, 0);
    g_assert_cmpuint(t.right->shard->coming.n, ==, 0);
    end(&t);
}

static void
test_one_that_never_comes_is_forgotten(void)
{
    static const ObolSaSelector all;
    Two t;

    begin(&t);
    left_asks(&t);
    g_assert_cmpuint(t.left->shard->coming.n, ==, 1);
    obol_shard_terminate(t.left->shard, &all, TRUE, 0, t.left->now_us);
    world_answer_all(t.left);
    g_assert_cmpuint(t.left->n_gone, >, 0);
    g_assert_cmpuint(t.left->shard->slots->len, ==, 0);
    g_assert_cmpuint(t.left->shard->coming.n, ==, 0);
    end(&t);
}

/* Section 8.1: they are answers to strays as any other. */
static void
test_tokens_are_bounded_by_time(void)
{
    ObolHeader header = {
        .spi_i = 1, .spi_r = 2, .version = OBOL_WIRE_VERSION, .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR,
    };
    Two t;

    begin(&t);
    for (guint i = 0; i < 10 * obol_shard_default_limits.stray_replies_per_second; i++) {
        g_autoptr(GByteArray) bytes = NULL;

        header.spi_i = i + 1;
        bytes = request_header(&header, OBOL_PAYLOAD_SK);
        world_receive(t.right, &t.here, &t.there, bytes->data, bytes->len);
    }
    g_assert_cmpuint(t.right->sent.length, <=, obol_shard_default_limits.stray_replies_per_second);
    g_assert_cmpuint(t.right->sent.length, >, 0);
    end(&t);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatcher/crash/a-crash-is-noticed-by-the-first-request", test_a_crash_is_noticed_by_the_first_request);
    g_test_add_func("/dispatcher/crash/without-the-setting-nothing-is-told", test_without_the_setting_nothing_is_told);
    g_test_add_func("/dispatcher/crash/another-secret-ends-nothing", test_another_secret_ends_nothing);
    g_test_add_func("/dispatcher/crash/no-trick-brings-out-a-living-token", test_no_trick_brings_out_a_living_token);
    g_test_add_func("/dispatcher/crash/no-token-of-one-that-lingers", test_no_token_of_one_that_lingers);
    g_test_add_func("/dispatcher/crash/an-ike-sa-that-is-coming-counts-as-there", test_an_ike_sa_that_is_coming_counts_as_there);
    g_test_add_func("/dispatcher/crash/one-that-never-comes-is-forgotten", test_one_that_never_comes_is_forgotten);
    g_test_add_func("/dispatcher/crash/tokens-are-bounded-by-time", test_tokens_are_bounded_by_time);
    return g_test_run();
}
