/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-shard.c - many IKE SAs: found, admitted, told apart, and gone without a trace. */
#include <string.h>

#include "dispatcher/shard-private.h"
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

#define IKE "aes128gcm16-prfsha256-x25519"
#define ESP "aes128gcm16"

typedef struct {
    ObolCrypto *crypto;
    World *left, *right;
    ObolAddress left_address, right_address;
    const ObolConnection *connection; /* left's */
} ShardTest;

static void
begin(ShardTest *t, const ObolShardLimits *right_limits, ObolUnique unique)
{
    ObolConnection *connection = world_connection("left", TRUE, IKE, ESP, unique);

    t->crypto = test_crypto_new();
    t->left = world_new(&obol_shard_default_limits, t->crypto, 1);
    t->right = world_new(right_limits, t->crypto, 2);
    t->connection = connection;
    world_configure(t->left, connection);
    world_configure(t->right, world_connection("right", FALSE, IKE, ESP, unique));
    t->left_address = request_from("192.0.2.1");
    t->right_address = request_from("192.0.2.2");
}

static void
set_up(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    begin(t, &obol_shard_default_limits, OBOL_UNIQUE_NO);
}

static void
tear_down(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    world_free(t->left);
    world_free(t->right);
    obol_crypto_free(t->crypto);
}

/* From another port of the same host each time, so that each is an SA of its own: behind a NAT, say. */
static void
initiate(ShardTest *t, const ObolAddress *to, guint32 command)
{
    g_assert_cmpuint(obol_shard_initiate(t->left->shard, t->connection, NULL, &t->left_address, to, command,
                                         t->left->now_us),
                     ==, 1);
    world_run_jobs(t->left);
}

static ObolStats
stats_of(const World *world)
{
    ObolStats stats = { 0 };

    obol_shard_stats(world->shard, &stats);
    return stats;
}

static void
test_two_shards_agree(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->left->n_established, ==, 1);
    g_assert_cmpuint(t->right->n_established, ==, 1);
    g_assert_cmpuint(stats_of(t->left).n_child_sas, ==, 1);
    g_assert_cmpuint(stats_of(t->right).n_child_sas, ==, 1);
    g_assert_cmpuint(stats_of(t->right).n_half_open, ==, 0);
    g_assert_cmpuint(t->left->n_commands_done, ==, 1);
    g_assert_cmpuint(t->left->n_commands_failed, ==, 0);
    g_assert_cmpuint(g_hash_table_size(t->left->sas), ==, 2);
}

static void
test_a_repeated_first_request_meets_its_own_sa(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(WorldDatagram) request = NULL, answer = NULL;
    gsize n;
    const guint8 *bytes;

    initiate(t, &t->right_address, 1);
    request = world_take_sent(t->left);
    bytes = g_bytes_get_data(request->bytes, &n);
    world_receive(t->right, &t->left_address, &t->right_address, bytes, n);
    answer = world_take_sent(t->right);
    g_assert_nonnull(answer);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(WorldDatagram) again = NULL;

        world_receive(t->right, &t->left_address, &t->right_address, bytes, n);
        again = world_take_sent(t->right);
        g_assert_nonnull(again);
        g_assert_true(g_bytes_equal(again->bytes, answer->bytes));
    }
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 1);
    g_assert_cmpuint(stats_of(t->right).n_retransmitted, ==, 3);
}

/* Two peers behind one NAT may choose the same SPI (section 2.1). */
static void
test_the_same_spi_with_another_nonce_is_another_sa(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const RequestShape shapes[] = { REQUEST_PLAIN, REQUEST_OTHER_NONCE, REQUEST_PLAIN };

    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GByteArray) bytes = request_bytes(shapes[i], 77, (ObolSpan) { NULL, 0 });

        world_receive(t->right, &t->left_address, &t->right_address, bytes->data, bytes->len);
    }
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 2);
}

static void
test_a_cookie_is_asked_for_and_brought(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    tear_down(t, NULL);
    limits.cookie_threshold = 0;
    begin(t, &limits, OBOL_UNIQUE_NO);
    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(stats_of(t->right).n_cookies_sent, ==, 1);
    g_assert_cmpuint(t->right->n_established, ==, 1);
    g_assert_cmpuint(t->left->n_established, ==, 1);
}

static void
test_asking_for_a_cookie_keeps_nothing(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    tear_down(t, NULL);
    limits.cookie_threshold = 0;
    begin(t, &limits, OBOL_UNIQUE_NO);
    for (guint i = 1; i <= 500; i++) {
        g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, i, (ObolSpan) { NULL, 0 });

        world_receive(t->right, &t->left_address, &t->right_address, bytes->data, bytes->len);
    }
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 0);
    g_assert_cmpuint(stats_of(t->right).n_cookies_sent, ==, 500);
    g_assert_cmpuint(t->right->shard->by_request.n, ==, 0);
    g_assert_cmpint(t->right->wake_us, ==, G_MAXINT64);
}

static void
test_half_open_ones_are_limited_and_time_out(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    tear_down(t, NULL);
    limits.cookie_threshold = limits.half_open_limit = 10;
    begin(t, &limits, OBOL_UNIQUE_NO);
    for (guint i = 1; i <= 50; i++) {
        g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, i, (ObolSpan) { NULL, 0 });

        world_receive(t->right, &t->left_address, &t->right_address, bytes->data, bytes->len);
    }
    g_assert_cmpuint(stats_of(t->right).n_half_open, ==, 10);
    while (world_jump(t->right))
        continue;
    g_assert_cmpuint(stats_of(t->right).n_half_open, ==, 0);
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 0);
    g_assert_cmpuint(t->right->shard->by_request.n, ==, 0);
    g_assert_cmpuint(t->right->shard->admission.by_address.n, ==, 0);
}

static void
test_the_limit_of_ike_sas_holds(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    tear_down(t, NULL);
    limits.ike_sa_limit = 1;
    begin(t, &limits, OBOL_UNIQUE_NO);
    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    for (guint i = 1; i <= 5; i++) {
        g_autoptr(GByteArray) bytes = request_bytes(REQUEST_PLAIN, i, (ObolSpan) { NULL, 0 });

        world_receive(t->right, &t->left_address, &t->right_address, bytes->data, bytes->len);
    }
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 1);
}

static void
test_an_spi_names_its_shard(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    for (guint number = 0; number < 5; number++) {
        ObolHeader header = {
            .version = OBOL_WIRE_VERSION, .exchange = OBOL_INFORMATIONAL, .flags = OBOL_FLAG_INITIATOR,
        };
        g_autoptr(GByteArray) request = NULL;

        tear_down(t, NULL);
        limits.n_shards = 5;
        limits.number = number;
        begin(t, &limits, OBOL_UNIQUE_NO);
        initiate(t, &t->right_address, 1);
        world_exchange(t->left, t->right);
        g_assert_cmpuint(t->right->n_established, ==, 1);
        /* What left would say next: a request to right's SPI. */
        header.spi_i = ((ObolSlot *) g_ptr_array_index(t->left->shard->slots, 0))->spi;
        header.spi_r = ((ObolSlot *) g_ptr_array_index(t->right->shard->slots, 0))->spi;
        request = request_header(&header, OBOL_PAYLOAD_SK);
        g_assert_cmpuint(obol_shard_of_datagram(request->data, request->len, 5), ==, number);
    }
}

/* --- dying with the kernel half-way --- */

/* Lets the kernel answer @n of right's requests, then ends the SA on both sides; FALSE when there were not so many. */
static gboolean
die_after(ShardTest *t, guint n, gboolean refused)
{
    static const ObolSaSelector all = { 0 };
    guint answered = 0;

    tear_down(t, NULL);
    begin(t, &obol_shard_default_limits, OBOL_UNIQUE_NO);
    initiate(t, &t->right_address, 1);
    /* Left's kernel answers at once, right's @n times. */
    for (gboolean busy = TRUE; busy;) {
        g_autoptr(WorldDatagram) there = NULL, back = NULL;

        world_answer_all(t->left);
        busy = t->right->requests.length > 0 && answered < n;
        if (busy) {
            t->right->refuse_next = refused && answered == n - 1;
            world_answer_one(t->right);
            answered++;
        }
        there = world_take_sent(t->left);
        if (there != NULL)
            world_receive(t->right, &there->local, &there->remote, g_bytes_get_data(there->bytes, NULL),
                          g_bytes_get_size(there->bytes));
        back = world_take_sent(t->right);
        if (back != NULL)
            world_receive(t->left, &back->local, &back->remote, g_bytes_get_data(back->bytes, NULL),
                          g_bytes_get_size(back->bytes));
        busy |= there != NULL || back != NULL;
    }
    obol_shard_terminate(t->right->shard, &all, TRUE, 0, t->right->now_us);
    world_answer_all(t->right);
    while (stats_of(t->right).n_ike_sas > 0 && world_jump(t->right))
        world_answer_all(t->right);
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, 0);
    g_assert_cmpuint(g_hash_table_size(t->right->sas), ==, 0);
    g_assert_cmpint(t->right->n_policies, ==, 0);
    g_assert_cmpuint(t->right->shard->kernel.by_name.n, ==, 0);
    g_assert_cmpuint(t->right->shard->kernel.by_ticket.n, ==, 0);
    return answered == n;
}

static void
test_nothing_stays_in_the_kernel(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint n = 0;

    while (die_after(t, n, FALSE))
        n++;
    g_assert_cmpuint(n, >=, 3); /* an SPI and two SAs at least */
}

static void
test_nothing_stays_when_the_kernel_refuses(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint n = 1;

    while (die_after(t, n, TRUE))
        n++;
    g_assert_cmpuint(n, >=, 3);
}

static void
test_a_shard_may_end_while_the_kernel_thinks(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    initiate(t, &t->right_address, 1);
    g_assert_cmpuint(t->left->requests.length + t->left->sent.length, >, 0);
    /* tear_down() frees it: the sanitizer looks on. */
}

static void
test_a_reply_that_nobody_waits_for_is_nothing(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolKernelReply reply = { .spi = 5 };

    obol_shard_kernel_reply(t->right->shard, 12345, &reply, 0);
    g_assert_cmpuint(t->right->requests.length, ==, 0);
}

static ObolSaId
id_of(const ObolKernelName *name)
{
    return (ObolSaId) { .destination = name->destination, .spi = name->spi, .protocol = name->protocol };
}

static void
test_a_soft_event_finds_its_sa_and_rekeys(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    for (guint i = 0; i < 5; i++) {
        const ObolSlot *slot = g_ptr_array_index(t->left->shard->slots, 0);
        ObolKernelEvent event = { .kind = OBOL_KERNEL_EXPIRE, .sa = id_of(i % 2 == 0 ? slot->names : slot->names->next) };
        guint32 before = slot->names->spi;

        obol_shard_kernel_event(t->left->shard, &event, t->left->now_us);
        world_exchange(t->left, t->right);
        g_assert_cmpuint(slot->names->spi, !=, before);
        g_assert_cmpuint(stats_of(t->left).n_child_sas, ==, 1);
        g_assert_cmpuint(stats_of(t->right).n_child_sas, ==, 1);
        g_assert_cmpuint(g_hash_table_size(t->left->sas), ==, 2);
        g_assert_cmpuint(g_hash_table_size(t->right->sas), ==, 2);
        g_assert_cmpuint(t->left->shard->kernel.by_name.n, ==, 2);
    }
}

/* Which Child SA is meant is told by name or number; the command ends once for each. */
static void
test_selectors_change_the_child_that_is_meant(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GArray) less = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    const ObolTsChange change = { OBOL_TS_SET, NULL, less };
    const ObolSaSelector nobody = { .child = "no-such-child" };
    ObolSaSelector which = { 0 };
    ObolIkeInfo info;
    const ObolSlot *slot;
    guint n_done;
    ObolTs one;

    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    slot = g_ptr_array_index(t->left->shard->slots, 0);
    n_done = t->left->n_commands_done;
    obol_slot_look(t->left->shard, slot, &info);
    g_assert_cmpuint(info.n_children, ==, 1);
    which.child = info.children[0].name;
    one = g_array_index(info.children[0].remote_ts, ObolTs, 0);
    memcpy(one.last, one.first, sizeof one.last); /* one address of it */
    g_array_append_val(less, one);
    g_assert_cmpuint(obol_shard_selectors(t->left->shard, &nobody, &change, 9, t->left->now_us), ==, 0);
    g_assert_cmpuint(obol_shard_selectors(t->left->shard, &which, &change, 9, t->left->now_us), ==, 1);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->left->n_commands_done, ==, n_done + 1);
    g_assert_cmpuint(t->left->n_commands_failed, ==, 0);
    obol_slot_look(t->left->shard, slot, &info);
    g_assert_cmpuint(info.n_children, ==, 1);
    g_assert_true(info.children[0].adjusted);
    g_assert_cmpuint(info.children[0].unique_id, ==, t->left->last_child);
    g_assert_true(obol_ts_equal(&g_array_index(info.children[0].remote_ts, ObolTs, 0), &one));
    g_assert_cmpuint(g_hash_table_size(t->left->sas), ==, 2);
    g_assert_cmpuint(g_hash_table_size(t->right->sas), ==, 2);
}

static void
test_a_refused_move_leaves_the_old_name(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "no");
    ObolKernelReply reply = { .error = error };
    ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA };
    ObolShard *shard = t->left->shard;
    ObolSlot *slot;

    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    slot = g_ptr_array_index(shard->slots, 0);
    request.sa.id = request.to = id_of(slot->names);
    request.to.destination.bytes[3] ^= 7;
    obol_kernel_tickets_request(shard, slot, 4711, &request);
    g_assert_true(obol_kernel_tickets_find(shard, &request.to) == slot);
    g_assert_null(obol_kernel_tickets_find(shard, &request.sa.id));
    obol_shard_kernel_reply(shard, shard->kernel.last_ticket, &reply, t->left->now_us);
    g_assert_true(obol_kernel_tickets_find(shard, &request.sa.id) == slot);
    g_assert_null(obol_kernel_tickets_find(shard, &request.to));
}

/* --- acquires --- */

static guint32
reqid_of_left(const ShardTest *t)
{
    return obol_shard_reqid(t->left->shard, "left", g_ptr_array_index(t->connection->children, 0));
}

static void
raise_acquire(ShardTest *t)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_ACQUIRE, .reqid = reqid_of_left(t) };

    obol_ts_parse("10.1.0.1[udp/1000]", &event.source, NULL);
    obol_ts_parse("10.2.0.1[udp/53]", &event.destination, NULL);
    obol_shard_kernel_event(t->left->shard, &event, t->left->now_us);
    world_run_jobs(t->left);
}

static void
test_many_packets_make_one_sa(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    for (guint i = 0; i < 100; i++)
        raise_acquire(t);
    g_assert_cmpuint(t->left->located.length, ==, 1);
    obol_shard_located(t->left->shard, reqid_of_left(t), &t->left_address, &t->right_address, t->left->now_us);
    world_run_jobs(t->left);
    for (guint i = 0; i < 100; i++)
        raise_acquire(t);
    g_assert_cmpuint(t->left->located.length, ==, 1);
    g_assert_cmpuint(stats_of(t->left).n_ike_sas, ==, 1);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(t->left->n_established, ==, 1);
    g_assert_cmpuint(t->left->n_commands_done, ==, 0); /* the shard's own command is nobody else's */
}

static void
test_a_failed_acquire_waits_a_while(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    raise_acquire(t);
    obol_shard_located(t->left->shard, reqid_of_left(t), NULL, NULL, t->left->now_us);
    raise_acquire(t);
    g_assert_cmpuint(t->left->located.length, ==, 1);
    t->left->now_us += OBOL_ACQUIRE_HOLD_US;
    raise_acquire(t);
    g_assert_cmpuint(t->left->located.length, ==, 2);
}

static void
test_a_reqid_lives_through_a_reload(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint32 reqid = reqid_of_left(t);

    g_assert_cmpuint(reqid, !=, 0);
    world_configure(t->left, world_connection("other", TRUE, IKE, ESP, OBOL_UNIQUE_NO));
    world_configure(t->left, world_connection("left", TRUE, IKE, ESP, OBOL_UNIQUE_NO));
    g_assert_cmpstr(obol_shard_connection_of(t->left->shard, reqid), ==, "left");
}

static void
test_a_child_has_one_sa_with_one_peer(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    initiate(t, &t->right_address, 1);
    world_exchange(t->left, t->right);
    initiate(t, &t->right_address, 2);
    world_exchange(t->left, t->right);
    g_assert_cmpuint(stats_of(t->left).n_ike_sas, ==, 1);
}

/* --- cost --- */

static guint64
steps_so_far(const ObolShard *shard)
{
    return shard->by_spi.n_steps + shard->by_request.n_steps + shard->related[OBOL_BY_IDENTITY].n_steps + shard->related[OBOL_BY_PEER].n_steps
           + shard->kernel.by_name.n_steps + shard->kernel.by_ticket.n_steps + shard->timers.n_moves;
}

/* What finding and arming costs for each of @n further handshakes while @n_before SAs live, in steps. */
static guint64
steps_with(ShardTest *t, guint n_before, guint n)
{
    const ObolShard *shard = t->right->shard;
    guint64 before = 0;

    for (guint i = 0; i < n_before + n; i++) {
        ObolAddress to = t->right_address;

        to.bytes[2] = (guint8) (i >> 8);
        to.bytes[3] = (guint8) i;
        if (i == n_before)
            before = steps_so_far(shard);
        initiate(t, &to, 0);
        world_exchange(t->left, t->right);
    }
    g_assert_cmpuint(stats_of(t->right).n_ike_sas, ==, n_before + n);
    return (steps_so_far(shard) - before) / n;
}

static void
test_a_handshake_costs_the_same_among_many(ShardTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint64 few = steps_with(t, 5, 20), many;

    tear_down(t, NULL);
    begin(t, &obol_shard_default_limits, OBOL_UNIQUE_NO);
    many = steps_with(t, 400, 20);
    g_assert_cmpuint(many, <=, 2 * few);
}

#define SHARD_TEST(name, func) g_test_add("/dispatcher/shard/" name, ShardTest, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SHARD_TEST("two-shards-agree", test_two_shards_agree);
    SHARD_TEST("a-repeated-first-request-meets-its-own-sa", test_a_repeated_first_request_meets_its_own_sa);
    SHARD_TEST("the-same-spi-with-another-nonce-is-another-sa", test_the_same_spi_with_another_nonce_is_another_sa);
    SHARD_TEST("a-cookie-is-asked-for-and-brought", test_a_cookie_is_asked_for_and_brought);
    SHARD_TEST("asking-for-a-cookie-keeps-nothing", test_asking_for_a_cookie_keeps_nothing);
    SHARD_TEST("half-open-ones-are-limited-and-time-out", test_half_open_ones_are_limited_and_time_out);
    SHARD_TEST("the-limit-of-ike-sas-holds", test_the_limit_of_ike_sas_holds);
    SHARD_TEST("an-spi-names-its-shard", test_an_spi_names_its_shard);
    SHARD_TEST("nothing-stays-in-the-kernel", test_nothing_stays_in_the_kernel);
    SHARD_TEST("nothing-stays-when-the-kernel-refuses", test_nothing_stays_when_the_kernel_refuses);
    SHARD_TEST("may-end-while-the-kernel-thinks", test_a_shard_may_end_while_the_kernel_thinks);
    SHARD_TEST("a-reply-that-nobody-waits-for-is-nothing", test_a_reply_that_nobody_waits_for_is_nothing);
    SHARD_TEST("a-soft-event-finds-its-sa-and-rekeys", test_a_soft_event_finds_its_sa_and_rekeys);
    SHARD_TEST("selectors-change-the-child-that-is-meant", test_selectors_change_the_child_that_is_meant);
    SHARD_TEST("a-refused-move-leaves-the-old-name", test_a_refused_move_leaves_the_old_name);
    SHARD_TEST("many-packets-make-one-sa", test_many_packets_make_one_sa);
    SHARD_TEST("a-failed-acquire-waits-a-while", test_a_failed_acquire_waits_a_while);
    SHARD_TEST("a-reqid-lives-through-a-reload", test_a_reqid_lives_through_a_reload);
    SHARD_TEST("a-child-has-one-sa-with-one-peer", test_a_child_has_one_sa_with_one_peer);
    SHARD_TEST("a-handshake-costs-the-same-among-many", test_a_handshake_costs_the_same_among_many);
    return g_test_run();
}
