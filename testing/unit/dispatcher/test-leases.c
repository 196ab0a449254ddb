/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-leases.c - addresses of pools: whose answer is it, and who gives them back (RFC 7296 section 2.19). */
#include "dispatcher/shard-private.h"
#include "testing/lib/shard-world.h"

typedef struct {
    ObolCrypto *crypto;
    World *left, *right; /* the client, the gateway */
} Two;

/* The gateway has asked the pool, which has not answered. */
static void
set_up(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolConnection *client = world_connection("left", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    ObolConnection *gateway = world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    ObolAddress here = world_address("192.0.2.1", 500), there = world_address("192.0.2.2", 500), any = { .family = AF_INET };

    t->crypto = test_crypto_new();
    t->left = world_new(&obol_shard_default_limits, t->crypto, 1);
    t->right = world_new(&obol_shard_default_limits, t->crypto, 2);
    g_array_append_val(client->vips, any);
    gateway->pools = g_strsplit("guests", " ", -1);
    world_configure(t->left, client);
    world_configure(t->right, gateway);
    obol_shard_initiate(t->left->shard, client, g_ptr_array_index(client->children, 0), &here, &there, 1, t->left->now_us);
    world_run_jobs(t->left);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->right->n_leases, ==, 1);
    g_assert_cmpuint(t->right->n_established + t->left->n_established, ==, 0);
}

static void
tear_down(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

static void
pool_answers(Two *t, const char *address)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    g_autoptr(GArray) attributes = obol_attributes_new();
    const ObolPoolReply reply = { addresses, attributes };
    ObolAddress one;

    if (address != NULL) {
        g_assert_true(obol_address_parse(address, &one));
        g_array_append_val(addresses, one);
    }
    obol_shard_leased(t->right->shard, t->right->lease_ticket, t->right->lease_request, &reply, t->right->now_us);
    world_exchange(t->left, t->right);
}

static void
test_the_answer_finds_its_sa(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all;

    pool_answers(t, "10.3.0.1");
    g_assert_cmpuint(t->left->n_established, ==, 1);
    g_assert_cmpuint(t->right->n_established, ==, 1);
    g_assert_cmpuint(t->right->n_released, ==, 0);
    obol_shard_terminate(t->left->shard, &all, FALSE, 2, t->left->now_us);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->right->n_gone, ==, 1);
    g_assert_cmpuint(t->right->n_released, ==, 1);
}

/* The IKE SA is there without an address, and has nothing to give back. */
static void
test_no_address_is_an_answer_too(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    pool_answers(t, NULL);
    g_assert_cmpuint(t->right->n_established, ==, 1);
    g_assert_cmpuint(t->right->n_released, ==, 0);
}

static void
test_what_comes_too_late_goes_back(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    for (guint i = 0; t->right->shard->slots->len > 0; i++) {
        g_assert_true(world_jump(t->right));
        g_assert_cmpuint(i, <, 50);
    }
    pool_answers(t, "10.3.0.1");
    g_assert_cmpuint(t->right->n_released, ==, 1);
    pool_answers(t, NULL);
    g_assert_cmpuint(t->right->n_released, ==, 1);
}

/* The same answer once more: nobody waits for it. */
static void
test_a_second_answer_changes_nothing(Two *t, G_GNUC_UNUSED gconstpointer data)
{
    pool_answers(t, "10.3.0.1");
    pool_answers(t, "10.3.0.1");
    g_assert_cmpuint(t->right->n_established, ==, 1);
    g_assert_cmpuint(t->left->n_established, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/dispatcher/leases/the-answer-finds-its-sa", Two, NULL, set_up, test_the_answer_finds_its_sa, tear_down);
    g_test_add("/dispatcher/leases/no-address-is-an-answer-too", Two, NULL, set_up, test_no_address_is_an_answer_too, tear_down);
    g_test_add("/dispatcher/leases/what-comes-too-late-goes-back", Two, NULL, set_up, test_what_comes_too_late_goes_back, tear_down);
    g_test_add("/dispatcher/leases/a-second-answer-changes-nothing", Two, NULL, set_up, test_a_second_answer_changes_nothing, tear_down);
    return g_test_run();
}
