/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-uniqueness.c - several IKE SAs between the same identities: `unique`, and RFC 7296
 * section 2.4. */
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

typedef struct {
    ObolCrypto *crypto;
    World *left, *right;
    ObolConnection *connection; /* left's */
} UniqueTest;

static void
begin(UniqueTest *t, ObolUnique rights, gboolean initial_contact)
{
    t->crypto = test_crypto_new();
    t->left = world_new(&obol_shard_default_limits, t->crypto, 1);
    t->right = world_new(&obol_shard_default_limits, t->crypto, 2);
    t->connection = world_connection("left", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    t->connection->initial_contact = initial_contact;
    world_configure(t->left, t->connection);
    world_configure(t->right, world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", rights));
}

static void
end(UniqueTest *t)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

/* To another address of right's each time: for left that is another peer, for right it is the same identity. */
static void
set_up_one_more(UniqueTest *t, guint8 last)
{
    ObolAddress local = request_from("192.0.2.1"), remote = request_from("192.0.2.2");

    remote.bytes[3] = last;
    obol_shard_initiate(t->left->shard, t->connection, NULL, &local, &remote, 0, t->left->now_us);
    world_run_jobs(t->left);
    world_exchange(t->left, t->right);
}

static guint
n_living(const World *world)
{
    ObolStats stats = { 0 };

    obol_shard_stats(world->shard, &stats);
    return stats.n_ike_sas;
}

static void
test_no_lets_all_live(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_NO, FALSE);
    for (guint8 i = 1; i <= 4; i++)
        set_up_one_more(&t, i);
    g_assert_cmpuint(n_living(t.right), ==, 4);
    end(&t);
}

static void
test_replace_leaves_the_newest(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_REPLACE, FALSE);
    for (guint8 i = 1; i <= 4; i++) {
        set_up_one_more(&t, i);
        g_assert_cmpuint(t.right->n_established, ==, i);
        g_assert_cmpuint(n_living(t.right), ==, 1);
        g_assert_cmpuint(n_living(t.left), ==, 1); /* it was told by a Delete */
    }
    g_assert_cmpint(t.right->last_reason, ==, OBOL_REASON_REPLACED);
    end(&t);
}

static void
test_keep_leaves_the_oldest(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_KEEP, FALSE);
    for (guint8 i = 1; i <= 4; i++) {
        set_up_one_more(&t, i);
        g_assert_cmpuint(n_living(t.right), ==, 1);
        g_assert_cmpuint(n_living(t.left), ==, 1);
    }
    end(&t);
}

static void
test_keep_lets_a_peer_reauthenticate(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_KEEP, FALSE);
    set_up_one_more(&t, 2);
    g_assert_cmpuint(obol_shard_rekey(t.left->shard, &(ObolSaSelector) { NULL }, TRUE, t.left->now_us), ==, 1);
    world_run_jobs(t.left);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.right->n_established, ==, 2);
    g_assert_cmpuint(t.right->n_gone, ==, 1); /* the old one, by the peer's Delete */
    g_assert_cmpuint(n_living(t.right), ==, 1);
    g_assert_cmpuint(n_living(t.left), ==, 1);
    end(&t);
}

static void
test_initial_contact_ends_the_others_without_a_word(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_NO, TRUE);
    set_up_one_more(&t, 1);
    set_up_one_more(&t, 2);
    g_assert_cmpuint(t.right->n_established, ==, 2);
    g_assert_cmpuint(n_living(t.right), ==, 1);
    g_assert_cmpuint(n_living(t.left), ==, 2); /* had left truly been new, it would know of no other */
    end(&t);
}

static void
test_never_is_deaf_to_initial_contact(void)
{
    UniqueTest t;

    begin(&t, OBOL_UNIQUE_NEVER, TRUE);
    set_up_one_more(&t, 1);
    set_up_one_more(&t, 2);
    g_assert_cmpuint(n_living(t.right), ==, 2);
    end(&t);
}

/* Both begin at the same time: whatever crosses on the way, one SA must be left that both have. */
static void
test_two_that_begin_at_once_are_left_with_one_at_least(void)
{
    static const ObolUnique policies[] = { OBOL_UNIQUE_NO, OBOL_UNIQUE_REPLACE, OBOL_UNIQUE_KEEP };

    for (gsize i = 0; i < G_N_ELEMENTS(policies); i++) {
        ObolAddress a = request_from("192.0.2.1"), b = request_from("192.0.2.2");
        ObolConnection *back;
        UniqueTest t;

        begin(&t, policies[i], TRUE);
        t.connection->unique = policies[i];
        back = world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", policies[i]);
        back->initial_contact = TRUE;
        world_configure(t.right, back);
        obol_shard_initiate(t.left->shard, t.connection, NULL, &a, &b, 0, t.left->now_us);
        obol_shard_initiate(t.right->shard, back, NULL, &b, &a, 0, t.right->now_us);
        world_run_jobs(t.left);
        world_run_jobs(t.right);
        world_exchange(t.left, t.right);
        g_assert_cmpuint(n_living(t.left), >=, 1);
        g_assert_cmpuint(n_living(t.right), ==, n_living(t.left));
        end(&t);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatcher/uniqueness/no-lets-all-live", test_no_lets_all_live);
    g_test_add_func("/dispatcher/uniqueness/replace-leaves-the-newest", test_replace_leaves_the_newest);
    g_test_add_func("/dispatcher/uniqueness/keep-leaves-the-oldest", test_keep_leaves_the_oldest);
    g_test_add_func("/dispatcher/uniqueness/keep-lets-a-peer-reauthenticate", test_keep_lets_a_peer_reauthenticate);
    g_test_add_func("/dispatcher/uniqueness/initial-contact-ends-the-others-without-a-word",
                    test_initial_contact_ends_the_others_without_a_word);
    g_test_add_func("/dispatcher/uniqueness/never-is-deaf-to-initial-contact", test_never_is_deaf_to_initial_contact);
    g_test_add_func("/dispatcher/uniqueness/two-that-begin-at-once-are-left-with-one-at-least",
                    test_two_that_begin_at_once_are_left_with_one_at_least);
    return g_test_run();
}
