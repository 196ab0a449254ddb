/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-addresses.c - the addresses of this machine change: who hears of it, and which tables follow. */
#include "dispatcher/shard-private.h"
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

#define MANY 120 /* more than are told at once */

typedef struct {
    ObolCrypto *crypto;
    World *left, *right;
    ObolConnection *connection; /* left's */
} Two;

static guint n_failures, n_moves;

static void
listen_failure(gpointer data, const ObolIkeInfo *sa, const ObolReason *reason)
{
    (void) data, (void) sa;
    n_failures += reason->code == OBOL_REASON_ADDRESS_GONE;
}

static void
listen_moved(gpointer data, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote)
{
    (void) data;
    n_moves++;
    g_assert_false(obol_address_equal(&sa->local, old_local) && obol_address_equal(&sa->remote, old_remote));
}

static void
begin(Two *t, gboolean mobike)
{
    ObolConnection *right;

    n_failures = n_moves = 0;
    t->crypto = test_crypto_new();
    t->left = world_new(&obol_shard_default_limits, t->crypto, 1);
    t->right = world_new(&obol_shard_default_limits, t->crypto, 2);
    t->left->listener.failure = listen_failure;
    t->left->listener.ike_moved = t->right->listener.ike_moved = listen_moved;
    t->connection = world_connection("left", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    right = world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    t->connection->mobike = right->mobike = mobike;
    g_ptr_array_add(t->connection->local_hosts, obol_host_spec_new("%any", NULL));
    world_configure(t->left, t->connection);
    world_configure(t->right, right);
}

static void
end(Two *t)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

static void
set_up(Two *t, const char *local, const char *remote)
{
    ObolAddress here = request_from(local), there = request_from(remote);
    guint n = t->left->n_established;

    obol_shard_initiate(t->left->shard, t->connection, NULL, &here, &there, 0, t->left->now_us);
    world_run_jobs(t->left);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->left->n_established, ==, n + 1);
}

static void
addresses(World *world, const char *texts)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        ObolAddress one = world_address(*word, 0);

        g_array_append_val(list, one);
    }
    obol_shard_addresses(world->shard, list, world->now_us);
}

static gboolean
is_found_at(World *world, const char *connection, const char *remote)
{
    ObolAddress address = world_address(remote, 0);

    return obol_shard_find_peer(world->shard, connection, &address) != NULL;
}

static void
test_the_tables_follow_a_peer_that_moves(void)
{
    Two t;

    begin(&t, TRUE);
    addresses(t.left, "192.0.2.1");
    set_up(&t, "192.0.2.1", "192.0.2.2");
    g_assert_true(is_found_at(t.right, "right", "192.0.2.1"));
    addresses(t.left, "192.0.2.11");
    world_exchange(t.left, t.right);
    g_assert_cmpuint(n_moves, ==, 2);
    g_assert_true(is_found_at(t.right, "right", "192.0.2.11"));
    g_assert_false(is_found_at(t.right, "right", "192.0.2.1"));
    /* And once more: by the address where it is now. */
    addresses(t.left, "192.0.2.12");
    world_exchange(t.left, t.right);
    g_assert_true(is_found_at(t.right, "right", "192.0.2.12"));
    end(&t);
}

/* The settings name the address at which it was met first: a further child is one of the same IKE SA. */
static void
test_a_peer_that_we_met_elsewhere_since_is_found_by_the_first_address(void)
{
    ObolAddress first = world_address("192.0.2.2", 500), here = world_address("192.0.2.1", 500);
    Two t;

    begin(&t, TRUE);
    addresses(t.left, "192.0.2.1");
    addresses(t.right, "192.0.2.2");
    set_up(&t, "192.0.2.1", "192.0.2.2");
    addresses(t.right, "192.0.2.22");
    world_exchange(t.left, t.right);
    g_assert_true(is_found_at(t.left, "left", "192.0.2.22"));
    g_assert_true(is_found_at(t.left, "left", "192.0.2.2"));
    obol_shard_initiate(t.left->shard, t.connection, g_ptr_array_index(t.connection->children, 0), &here, &first, 0, t.left->now_us);
    world_run_jobs(t.left);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->n_established, ==, 1);
    /* But a responder's peer is not at the address that it has left: somebody else may be. */
    addresses(t.left, "192.0.2.11");
    world_exchange(t.left, t.right);
    g_assert_false(is_found_at(t.right, "right", "192.0.2.1"));
    end(&t);
}

static void
test_an_heir_is_found_where_its_predecessor_was(void)
{
    static const ObolSaSelector all;
    Two t;

    begin(&t, TRUE);
    addresses(t.left, "192.0.2.1");
    set_up(&t, "192.0.2.1", "192.0.2.2");
    obol_shard_rekey(t.left->shard, &all, FALSE, t.left->now_us);
    world_run_jobs(t.left);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->n_rekeyed, ==, 1);
    addresses(t.left, "192.0.2.11");
    world_exchange(t.left, t.right);
    g_assert_true(is_found_at(t.right, "right", "192.0.2.11"));
    g_assert_cmpuint(n_moves, ==, 2);
    end(&t);
}

static void
test_only_those_whose_address_has_gone_are_told(void)
{
    Two t;

    begin(&t, FALSE);
    addresses(t.left, "192.0.2.1 192.0.2.11 192.0.2.12");
    set_up(&t, "192.0.2.1", "192.0.2.2");
    set_up(&t, "192.0.2.11", "192.0.2.3");
    set_up(&t, "192.0.2.11", "192.0.2.4");
    addresses(t.left, "192.0.2.1 192.0.2.12");
    g_assert_cmpuint(n_failures, ==, 2);
    addresses(t.left, "192.0.2.1 192.0.2.12 192.0.2.13");
    g_assert_cmpuint(n_failures, ==, 2);
    addresses(t.left, "192.0.2.1 192.0.2.11");
    addresses(t.left, "192.0.2.1");
    g_assert_cmpuint(n_failures, ==, 4);
    g_assert_null(world_take_sent(t.left));
    end(&t);
}

static guint
n_sent(World *world)
{
    guint n = 0;

    for (WorldDatagram *datagram; (datagram = world_take_sent(world)) != NULL; n++)
        world_datagram_free(datagram);
    return n;
}

static void
test_many_are_told_by_and_by(void)
{
    Two t;
    guint first, all;

    begin(&t, TRUE);
    addresses(t.left, "192.0.2.1");
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *remote = g_strdup_printf("198.51.100.%u", i + 1);

        set_up(&t, "192.0.2.1", remote);
    }
    addresses(t.left, "192.0.2.1 192.0.2.11");
    first = n_sent(t.left);
    g_assert_cmpuint(first, ==, 100);
    addresses(t.left, "192.0.2.11 192.0.2.1"); /* other routes alone do not begin it anew */
    g_assert_cmpuint(n_sent(t.left), ==, 0);
    world_jump(t.left);
    all = first + n_sent(t.left);
    g_assert_cmpuint(all, ==, MANY);
    end(&t);
}

static void
test_one_that_goes_while_others_are_told_is_no_gap(void)
{
    static const ObolSaSelector all;
    Two t;

    begin(&t, TRUE);
    addresses(t.left, "192.0.2.1");
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *remote = g_strdup_printf("198.51.100.%u", i + 1);

        set_up(&t, "192.0.2.1", remote);
    }
    addresses(t.left, "192.0.2.1 192.0.2.11");
    obol_shard_terminate(t.left->shard, &all, TRUE, 0, t.left->now_us);
    world_jump(t.left);
    end(&t);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatcher/addresses/the-tables-follow-a-peer-that-moves", test_the_tables_follow_a_peer_that_moves);
    g_test_add_func("/dispatcher/addresses/a-peer-that-we-met-elsewhere-since-is-found-by-the-first-address",
                    test_a_peer_that_we_met_elsewhere_since_is_found_by_the_first_address);
    g_test_add_func("/dispatcher/addresses/an-heir-is-found-where-its-predecessor-was", test_an_heir_is_found_where_its_predecessor_was);
    g_test_add_func("/dispatcher/addresses/only-those-whose-address-has-gone-are-told", test_only_those_whose_address_has_gone_are_told);
    g_test_add_func("/dispatcher/addresses/many-are-told-by-and-by", test_many_are_told_by_and_by);
    g_test_add_func("/dispatcher/addresses/one-that-goes-while-others-are-told-is-no-gap", test_one_that_goes_while_others_are_told_is_no_gap);
    return g_test_run();
}
