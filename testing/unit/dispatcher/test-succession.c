/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-succession.c - one IKE SA after another in a shard's tables: rekeyed, reauthenticated, gone and still asked
 * (RFC 7296 sections 2.1, 2.8.2, 2.8.3 and 2.18). */
#include "engine/ike-sa-private.h"
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

#include <string.h>

typedef struct {
    ObolCrypto *crypto;
    World *left, *right;
    ObolConnection *connection; /* left's */
    ObolAddress here, there;
} Two;

static void
begin_limited(Two *t, const ObolShardLimits *limits, ObolUnique rights)
{
    t->crypto = test_crypto_new();
    t->left = world_new(limits, t->crypto, 1);
    t->right = world_new(limits, t->crypto, 2);
    t->connection = world_connection("left", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    world_configure(t->left, t->connection);
    world_configure(t->right, world_connection("right", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", rights));
    t->here = request_from("192.0.2.1");
    t->there = request_from("192.0.2.2");
}

static void
set_up(Two *t)
{
    obol_shard_initiate(t->left->shard, t->connection, NULL, &t->here, &t->there, 0, t->left->now_us);
    world_run_jobs(t->left);
    world_exchange(t->left, t->right);
}

static void
begin(Two *t)
{
    begin_limited(t, &obol_shard_default_limits, OBOL_UNIQUE_NO);
    set_up(t);
    g_assert_cmpuint(t->left->n_established, ==, 1);
}

static void
end(Two *t)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

static ObolStats
stats_of(const World *world)
{
    ObolStats stats = { 0 };

    obol_shard_stats(world->shard, &stats);
    return stats;
}

/* One IKE SA, one Child SA, and as much of it in the kernel. */
static void
assert_one(const World *world)
{
    ObolStats stats = stats_of(world);

    g_assert_cmpuint(stats.n_ike_sas, ==, 1);
    g_assert_cmpuint(stats.n_child_sas, ==, 1);
    g_assert_cmpuint(g_hash_table_size(world->sas), ==, 2);
    g_assert_cmpint(world->n_policies, ==, 3);
}

static guint
renew(World *world, gboolean reauth)
{
    static const ObolSaSelector all;
    guint n = obol_shard_rekey(world->shard, &all, reauth, world->now_us);

    world_run_jobs(world);
    return n;
}

typedef struct {
    ObolIkeInfo ike;
    ObolChildInfo child;
} Look;

static void
keep_look(const ObolIkeInfo *info, gpointer data)
{
    Look *look = data;

    look->ike = *info;
    if (info->n_children > 0)
        look->child = info->children[0];
}

static Look
look_at(const World *world)
{
    Look look = { 0 };

    obol_shard_each(world->shard, keep_look, &look);
    return look;
}

/* --- rekeying --- */

static void
test_the_heir_takes_the_place(void)
{
    Two t;
    Look before, after;

    begin(&t);
    before = look_at(t.left);
    g_assert_cmpuint(renew(t.left, FALSE), ==, 1);
    world_exchange(t.left, t.right);
    after = look_at(t.left);
    assert_one(t.left);
    assert_one(t.right);
    g_assert_cmpuint(t.left->n_rekeyed, ==, 1);
    g_assert_cmpuint(t.right->n_rekeyed, ==, 1);
    g_assert_cmpuint(t.left->n_established, ==, 1); /* it is the same one, with another name */
    g_assert_cmpuint(after.ike.unique_id, !=, before.ike.unique_id);
    g_assert_cmpuint(after.ike.spi_i, !=, before.ike.spi_i);
    g_assert_cmpuint(after.child.unique_id, ==, before.child.unique_id);
    g_assert_cmpuint(after.child.spi_in, ==, before.child.spi_in);
    end(&t);
}

static void
test_both_at_once_leave_one(void)
{
    Two t;

    begin(&t);
    renew(t.left, FALSE);
    renew(t.right, FALSE);
    world_exchange(t.left, t.right);
    assert_one(t.left);
    assert_one(t.right);
    g_assert_cmpuint(look_at(t.left).ike.spi_i, ==, look_at(t.right).ike.spi_i);
    end(&t);
}

/* The kernel's events find the child where it is now. */
static void
test_an_expire_finds_the_heir(void)
{
    Two t;
    ObolKernelEvent expire = { .kind = OBOL_KERNEL_EXPIRE };
    Look look;

    begin(&t);
    renew(t.right, FALSE);
    world_exchange(t.left, t.right);
    look = look_at(t.left);
    expire.sa = (ObolSaId) { .destination = t.here, .spi = look.child.spi_in, .protocol = OBOL_PROTO_ESP };
    obol_shard_kernel_event(t.left->shard, &expire, t.left->now_us);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(look_at(t.left).child.unique_id, !=, look.child.unique_id);
    assert_one(t.left);
    assert_one(t.right);
    end(&t);
}

/* An answer of the kernel that the old one has asked for. */
static void
test_a_late_answer_finds_the_heir(void)
{
    Two t;
    Look look;

    begin(&t);
    look = look_at(t.left);
    obol_shard_rekey(t.left->shard, &(ObolSaSelector) { .child_id = look.child.unique_id }, FALSE, t.left->now_us);
    world_answer_all(t.left);
    while (t.left->requests.length == 0) { /* until the left is to install the new child */
        g_autoptr(WorldDatagram) asked = world_take_sent(t.left);
        g_autoptr(WorldDatagram) answer = NULL;

        world_receive(t.right, &asked->local, &asked->remote, g_bytes_get_data(asked->bytes, NULL), g_bytes_get_size(asked->bytes));
        world_answer_all(t.right);
        answer = world_take_sent(t.right);
        world_receive(t.left, &answer->local, &answer->remote, g_bytes_get_data(answer->bytes, NULL), g_bytes_get_size(answer->bytes));
    }
    renew(t.right, FALSE);
    for (guint i = 0; i < 2; i++) { /* and its kernel is slow */
        World *from = i == 0 ? t.right : t.left, *to = i == 0 ? t.left : t.right;
        g_autoptr(WorldDatagram) datagram = world_take_sent(from);

        world_receive(to, &datagram->local, &datagram->remote, g_bytes_get_data(datagram->bytes, NULL), g_bytes_get_size(datagram->bytes));
    }
    g_assert_cmpuint(t.left->n_rekeyed, ==, 1);
    g_assert_cmpuint(t.left->requests.length, >, 0);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(look_at(t.left).child.unique_id, !=, look.child.unique_id);
    assert_one(t.left);
    assert_one(t.right);
    end(&t);
}

static void
test_unique_replaces_the_heir(void)
{
    Two t;

    begin_limited(&t, &obol_shard_default_limits, OBOL_UNIQUE_REPLACE);
    set_up(&t);
    renew(t.left, FALSE);
    world_exchange(t.left, t.right);
    t.there.bytes[3] = 77; /* for the left that is another peer, for the right the same identity */
    set_up(&t);
    assert_one(t.right);
    end(&t);
}

static void
test_nothing_leaks_after_an_end(void)
{
    Two t;
    static const ObolSaSelector all;

    begin(&t);
    renew(t.left, FALSE);
    world_exchange(t.left, t.right);
    obol_shard_terminate(t.left->shard, &all, FALSE, 0, t.left->now_us);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(stats_of(t.left).n_ike_sas + stats_of(t.right).n_ike_sas, ==, 0);
    g_assert_cmpuint(g_hash_table_size(t.left->sas) + g_hash_table_size(t.right->sas), ==, 0);
    g_assert_cmpint(t.left->n_policies + t.right->n_policies, ==, 0);
    end(&t);
}

/* The left rekeys for ever and its Deletes are lost: the right has the last one, and the one before. */
static void
test_who_never_deletes_leaves_one_behind(void)
{
    Two t;

    begin(&t);
    for (guint i = 0; i < 8; i++) {
        for (guint j = 0; j < 2; j++) { /* request and answer */
            World *from = j == 0 ? t.left : t.right, *to = j == 0 ? t.right : t.left;
            g_autoptr(WorldDatagram) datagram = NULL;

            if (j == 0)
                renew(t.left, FALSE);
            datagram = world_take_sent(from);
            g_assert_nonnull(datagram);
            world_receive(to, &datagram->local, &datagram->remote, g_bytes_get_data(datagram->bytes, NULL),
                          g_bytes_get_size(datagram->bytes));
        }
        while (t.left->sent.length > 0)
            world_datagram_free(world_take_sent(t.left));
        while (t.right->sent.length > 0)
            world_datagram_free(world_take_sent(t.right));
        g_assert_cmpuint(t.right->n_rekeyed, ==, i + 1);
        g_assert_cmpuint(stats_of(t.right).n_ike_sas, ==, 2);
    }
    end(&t);
}

static void
test_a_selector_means_what_it_says(void)
{
    Two t;

    begin(&t);
    g_assert_cmpuint(obol_shard_rekey(t.left->shard, &(ObolSaSelector) { .ike = "other" }, FALSE, t.left->now_us), ==, 0);
    g_assert_cmpuint(obol_shard_rekey(t.left->shard, &(ObolSaSelector) { .ike_id = 999 }, FALSE, t.left->now_us), ==, 0);
    g_assert_cmpuint(obol_shard_rekey(t.left->shard, &(ObolSaSelector) { .ike = "left" }, FALSE, t.left->now_us), ==, 1);
    end(&t);
}

/* --- reauthentication --- */

static void
test_reauthentication(gconstpointer data)
{
    Two t;
    gboolean before = (GPOINTER_TO_UINT(data) & 1) != 0, by_right = (GPOINTER_TO_UINT(data) & 2) != 0;
    World *asks;
    Look old;

    begin(&t);
    asks = by_right ? t.right : t.left;
    t.connection->make_before_break = before; /* the right has the default */
    old = look_at(asks);
    g_assert_cmpuint(renew(asks, TRUE), ==, 1);
    world_exchange(t.left, t.right);
    world_run_jobs(asks);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(asks->n_established, ==, 2);
    g_assert_cmpuint(asks->n_rekeyed, ==, 0);
    g_assert_cmpuint(look_at(asks).ike.unique_id, !=, old.ike.unique_id);
    g_assert_cmpuint(look_at(asks).ike.predecessor, ==, 0);
    assert_one(t.left);
    assert_one(t.right);
    end(&t);
}

static void
test_a_reauthentication_that_fails_leaves_the_old_one(void)
{
    Two t;
    Look old;

    begin(&t);
    old = look_at(t.left);
    world_configure(t.right, world_connection("right", FALSE, "aes256gcm16-prfsha384-x25519", "aes128gcm16", OBOL_UNIQUE_NO));
    g_assert_cmpuint(renew(t.left, TRUE), ==, 1);
    world_exchange(t.left, t.right);
    while (stats_of(t.left).n_ike_sas > 1) {
        g_assert_true(world_jump(t.left));
        world_exchange(t.left, t.right);
    }
    g_assert_cmpuint(look_at(t.left).ike.unique_id, ==, old.ike.unique_id);
    g_assert_cmpint(look_at(t.left).ike.reauth_us, >, t.left->now_us); /* and is tried again */
    assert_one(t.left);
    assert_one(t.right);
    end(&t);
}

/* The peer rekeys the old one meanwhile: its heir goes when the new one is there. */
static void
test_the_heir_of_a_reauthenticated_one_goes(void)
{
    Two t;

    begin(&t);
    renew(t.right, FALSE);
    renew(t.left, TRUE);
    world_exchange(t.left, t.right);
    g_assert_cmpuint(t.left->n_established, ==, 2);
    assert_one(t.left);
    assert_one(t.right);
    end(&t);
}

/* --- gone, and asked again --- */

/* The right's answer to the left's Delete, which the left does not get, and the Delete. */
static void
lose_the_answer(Two *t, WorldDatagram **request, WorldDatagram **answer)
{
    static const ObolSaSelector all;

    obol_shard_terminate(t->left->shard, &all, FALSE, 0, t->left->now_us);
    world_answer_all(t->left);
    *request = world_take_sent(t->left);
    world_receive(t->right, &(*request)->local, &(*request)->remote, g_bytes_get_data((*request)->bytes, NULL),
                  g_bytes_get_size((*request)->bytes));
    world_answer_all(t->right);
    *answer = world_take_sent(t->right);
    g_assert_nonnull(*answer);
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 0);
}

static void
ask_again(Two *t, const WorldDatagram *request)
{
    world_receive(t->right, &request->local, &request->remote, g_bytes_get_data(request->bytes, NULL), g_bytes_get_size(request->bytes));
}

static void
test_the_last_answer_is_repeated_for_a_while(void)
{
    Two t;
    g_autoptr(WorldDatagram) request = NULL;
    g_autoptr(WorldDatagram) answer = NULL;
    g_autoptr(WorldDatagram) stray = NULL;

    begin(&t);
    lose_the_answer(&t, &request, &answer);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(WorldDatagram) again = NULL;

        ask_again(&t, request);
        again = world_take_sent(t.right);
        g_assert_true(again != NULL && g_bytes_equal(again->bytes, answer->bytes));
    }
    g_assert_true(world_jump(t.right)); /* its time is over */
    g_assert_false(world_jump(t.right));
    ask_again(&t, request);
    stray = world_take_sent(t.right);
    g_assert_true(stray == NULL || !g_bytes_equal(stray->bytes, answer->bytes));
    end(&t);
}

static void
test_what_is_not_authentic_gets_nothing(void)
{
    Two t;
    g_autoptr(WorldDatagram) request = NULL;
    g_autoptr(WorldDatagram) answer = NULL;
    gsize n;
    g_autofree guint8 *forged = NULL;

    begin(&t);
    lose_the_answer(&t, &request, &answer);
    n = g_bytes_get_size(request->bytes);
    forged = g_memdup2(g_bytes_get_data(request->bytes, NULL), n);
    for (gsize i = 0; i < n; i++) {
        forged[i] ^= 1;
        world_receive(t.right, &request->local, &request->remote, forged, n);
        forged[i] ^= 1;
        while (TRUE) {
            g_autoptr(WorldDatagram) got = world_take_sent(t.right);

            if (got == NULL)
                break;
            g_assert_false(g_bytes_equal(got->bytes, answer->bytes));
        }
    }
    end(&t);
}

/* @limits let one linger, or none: the second pushes out the first. */
static void
test_lingering_is_bounded(gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;
    WorldDatagram *request[2], *answer[2];
    Two t;

    if (data == NULL)
        limits.lingering_max = 1;
    else
        limits.lingering_bytes = sizeof(struct ObolIkeSa) + 600; /* one with its keys and its answer, and not two */
    begin_limited(&t, &limits, OBOL_UNIQUE_NO);
    for (guint i = 0; i < 2; i++) {
        static const ObolSaSelector all;
        WorldDatagram *rest;

        t.there.bytes[3] = (guint8) (9 + i);
        set_up(&t);
        lose_the_answer(&t, &request[i], &answer[i]);
        obol_shard_terminate(t.left->shard, &all, TRUE, 0, t.left->now_us);
        world_answer_all(t.left);
        while ((rest = world_take_sent(t.left)) != NULL)
            world_datagram_free(rest);
    }
    for (guint i = 0; i < 2; i++) {
        g_autoptr(WorldDatagram) again = NULL;

        ask_again(&t, request[i]);
        again = world_take_sent(t.right);
        g_assert_true((again != NULL && g_bytes_equal(again->bytes, answer[i]->bytes)) == (i == 1));
        world_datagram_free(request[i]);
        world_datagram_free(answer[i]);
    }
    end(&t);
}

static gboolean
carry_one(World *from, World *to)
{
    g_autoptr(WorldDatagram) datagram = world_take_sent(from);
    gsize n;
    const guint8 *bytes;

    if (datagram == NULL)
        return FALSE;
    bytes = g_bytes_get_data(datagram->bytes, &n);
    world_receive(to, &datagram->local, &datagram->remote, bytes, n);
    return TRUE;
}

/* A child and its successor have policies of the same selectors: deleting the one's, which are there, undoes nothing of the other one's,
 * which are on their way. */
static void
test_policies_on_their_way_do_not_stay(void)
{
    Two t;

    begin(&t);
    obol_shard_rekey(t.left->shard, &(ObolSaSelector) { .child = "net" }, FALSE, t.left->now_us);
    world_run_jobs(t.left);
    world_answer_all(t.left);
    g_assert_true(carry_one(t.left, t.right));
    world_answer_all(t.right);
    g_assert_true(carry_one(t.right, t.left));
    g_assert_cmpuint(t.left->requests.length, >, 0);
    obol_shard_terminate(t.left->shard, &(ObolSaSelector) { NULL }, TRUE, 3, t.left->now_us);
    g_assert_cmpuint(stats_of(t.left).n_ike_sas, ==, 0);
    world_answer_all(t.left);
    g_assert_cmpint(t.left->n_policies, ==, 0);
    g_assert_cmpuint(g_hash_table_size(t.left->sas), ==, 0);
    end(&t);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatcher/2.18/the-heir-takes-the-place", test_the_heir_takes_the_place);
    g_test_add_func("/dispatcher/2.8.2/both-at-once-leave-one", test_both_at_once_leave_one);
    g_test_add_func("/dispatcher/2.18/an-expire-finds-the-heir", test_an_expire_finds_the_heir);
    g_test_add_func("/dispatcher/2.18/a-late-answer-finds-the-heir", test_a_late_answer_finds_the_heir);
    g_test_add_func("/dispatcher/2.4/unique-replaces-the-heir", test_unique_replaces_the_heir);
    g_test_add_func("/dispatcher/2.18/nothing-leaks-after-an-end", test_nothing_leaks_after_an_end);
    g_test_add_func("/dispatcher/2.8/who-never-deletes-leaves-one-behind", test_who_never_deletes_leaves_one_behind);
    g_test_add_func("/dispatcher/rekey/a-selector-means-what-it-says", test_a_selector_means_what_it_says);
    for (guint i = 0; i < 3; i++) {
        static const char *const names[] = { "the-old-one-goes-first", "the-new-one-comes-first", NULL };
        g_autofree char *name = g_strdup_printf("/dispatcher/2.8.3/%s", i < 2 ? names[i] : "the-responder-begins-it");

        g_test_add_data_func(name, GUINT_TO_POINTER(i < 2 ? i : 3), test_reauthentication);
    }
    g_test_add_func("/dispatcher/2.8.3/one-that-fails-leaves-the-old-one", test_a_reauthentication_that_fails_leaves_the_old_one);
    g_test_add_func("/dispatcher/2.8.3/the-heir-of-a-reauthenticated-one-goes", test_the_heir_of_a_reauthenticated_one_goes);
    g_test_add_func("/dispatcher/2.1/the-last-answer-is-repeated-for-a-while", test_the_last_answer_is_repeated_for_a_while);
    g_test_add_func("/dispatcher/2.1/what-is-not-authentic-gets-nothing", test_what_is_not_authentic_gets_nothing);
    g_test_add_data_func("/dispatcher/2.1/lingering-is-bounded-in-number", NULL, test_lingering_is_bounded);
    g_test_add_data_func("/dispatcher/2.1/lingering-is-bounded-in-memory", "", test_lingering_is_bounded);
    g_test_add_func("/dispatcher/2.8/policies-on-their-way-do-not-stay", test_policies_on_their_way_do_not_stay);
    return g_test_run();
}
