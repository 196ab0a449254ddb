/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pools/test-pool.c - who gets which address of a pool. */
#include "pools/pools.h"

#include <obol/numbers.h>

static ObolPool *
pool_of(const char *addresses)
{
    g_autoptr(ObolPoolConfig) config = obol_pool_config_new("p", addresses, NULL);

    g_assert_nonnull(config);
    return obol_pool_new(config);
}

/* The address that @who gets, as text; "" for none.  @wanted NULL: any of the pool's family. */
static const char *
lease(ObolPool *pool, const char *who, const char *wanted)
{
    static char text[OBOL_ADDRESS_TEXT_MAX];
    g_autoptr(ObolIdentity) identity = obol_identity_parse(who, NULL);
    ObolAddress address = { .family = obol_pool_config(pool)->first.family };

    if (wanted != NULL)
        g_assert_true(obol_address_parse(wanted, &address));
    return obol_pool_lease(pool, identity, &address, &address) ? obol_address_format(&address, text) : "";
}

static gboolean
release(ObolPool *pool, const char *who, const char *address)
{
    g_autoptr(ObolIdentity) identity = obol_identity_parse(who, NULL);
    ObolAddress parsed;

    g_assert_true(obol_address_parse(address, &parsed));
    return obol_pool_release(pool, identity, &parsed);
}

/* --- ranges --- */

static const struct {
    const char *text, *first, *last;
    guint64 size;
} ranges[] = {
    { "10.3.0.0/24", "10.3.0.1", "10.3.0.254", 254 },
    { "10.3.0.0/16", "10.3.0.1", "10.3.255.254", 65534 },
    { "10.3.0.0/31", "10.3.0.0", "10.3.0.1", 2 },
    { "10.3.0.9/32", "10.3.0.9", "10.3.0.9", 1 },
    { "10.3.0.9", "10.3.0.9", "10.3.0.9", 1 },
    { "10.3.0.10-10.3.0.99", "10.3.0.10", "10.3.0.99", 90 },
    { "10.3.0.0-10.3.0.255", "10.3.0.0", "10.3.0.255", 256 },
    { "0.0.0.0/0", "0.0.0.1", "255.255.255.254", (guint64) 1 << 31 },
    { "2001:db8:3::/112", "2001:db8:3::1", "2001:db8:3::ffff", 65535 },
    { "2001:db8:3::/48", "2001:db8:3::1", "2001:db8:3:ffff:ffff:ffff:ffff:ffff", (guint64) 1 << 31 },
    { "::/0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", (guint64) 1 << 31 },
};

static void
test_ranges(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ranges); i++) {
        g_autoptr(ObolPool) pool = pool_of(ranges[i].text);
        char text[OBOL_ADDRESS_TEXT_MAX];

        g_assert_cmpstr(obol_address_format(&obol_pool_config(pool)->first, text), ==, ranges[i].first);
        g_assert_cmpstr(obol_address_format(&obol_pool_config(pool)->last, text), ==, ranges[i].last);
        g_assert_cmpuint(obol_pool_size(pool), ==, ranges[i].size);
    }
}

static void
test_no_ranges(void)
{
    static const char *const texts[] = {
        "", "dynamic", "10.3.0.9-10.3.0.1", "10.3.0.0/33", "10.3.0.0/24[tcp]", "pool", "10.3.0.1-2001:db8::1",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(obol_pool_config_new("p", texts[i], &error));
        g_assert_nonnull(error);
    }
}

/* --- leases --- */

static void
test_in_order(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.254-10.3.1.1");

    g_assert_cmpstr(lease(pool, "a", NULL), ==, "10.3.0.254");
    g_assert_cmpstr(lease(pool, "b", NULL), ==, "10.3.0.255");
    g_assert_cmpstr(lease(pool, "c", NULL), ==, "10.3.1.0");
    g_assert_cmpstr(lease(pool, "d", NULL), ==, "10.3.1.1");
    g_assert_cmpstr(lease(pool, "e", NULL), ==, "");
    g_assert_cmpuint(obol_pool_n_online(pool), ==, 4);
}

static void
test_same_again(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.1-10.3.0.9");

    lease(pool, "a", NULL);
    lease(pool, "b", NULL);
    g_assert_true(release(pool, "b", "10.3.0.2"));
    g_assert_true(release(pool, "a", "10.3.0.1"));
    g_assert_cmpuint(obol_pool_n_offline(pool), ==, 2);
    g_assert_cmpstr(lease(pool, "c", NULL), ==, "10.3.0.3");
    g_assert_cmpstr(lease(pool, "b", NULL), ==, "10.3.0.2");
    g_assert_cmpstr(lease(pool, "a", NULL), ==, "10.3.0.1");
}

static void
test_oldest_goes(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.1-10.3.0.3");

    lease(pool, "a", NULL);
    lease(pool, "b", NULL);
    lease(pool, "c", NULL);
    release(pool, "b", "10.3.0.2");
    release(pool, "a", "10.3.0.1");
    g_assert_cmpstr(lease(pool, "d", NULL), ==, "10.3.0.2");
    g_assert_cmpstr(lease(pool, "a", NULL), ==, "10.3.0.1");
    g_assert_cmpstr(lease(pool, "b", NULL), ==, "");
}

static void
test_one_identity_twice(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.1-10.3.0.9");

    g_assert_cmpstr(lease(pool, "a", NULL), ==, "10.3.0.1");
    g_assert_cmpstr(lease(pool, "a", NULL), ==, "10.3.0.2");
    /* The very one: for an IKE SA in another's place. */
    g_assert_cmpstr(lease(pool, "a", "10.3.0.1"), ==, "10.3.0.1");
    g_assert_cmpuint(obol_pool_n_online(pool), ==, 2);
    release(pool, "a", "10.3.0.1");
    g_assert_cmpuint(obol_pool_n_online(pool), ==, 2);
    release(pool, "a", "10.3.0.1");
    g_assert_cmpuint(obol_pool_n_online(pool), ==, 1);
    g_assert_false(release(pool, "a", "10.3.0.1"));
}

static void
test_wishes(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.1-10.3.0.4");

    g_assert_cmpstr(lease(pool, "a", "10.3.0.3"), ==, "10.3.0.3");
    g_assert_cmpstr(lease(pool, "b", "10.3.0.3"), ==, "10.3.0.1"); /* somebody's */
    g_assert_cmpstr(lease(pool, "c", "10.9.0.3"), ==, "10.3.0.2"); /* not the pool's */
    release(pool, "a", "10.3.0.3");
    g_assert_cmpstr(lease(pool, "d", "10.3.0.3"), ==, "10.3.0.4"); /* kept for a, since there are others */
    g_assert_cmpstr(lease(pool, "e", NULL), ==, "10.3.0.3");
    g_assert_cmpstr(lease(pool, "f", "2001:db8::1"), ==, "");
}

static void
test_not_ones_own(void)
{
    g_autoptr(ObolPool) pool = pool_of("10.3.0.1-10.3.0.4");

    lease(pool, "a", NULL);
    g_assert_false(release(pool, "b", "10.3.0.1"));
    g_assert_false(release(pool, "a", "10.3.0.2"));
    g_assert_false(release(pool, "a", "10.4.0.1"));
    g_assert_false(release(pool, "a", "2001:db8::1"));
    g_assert_cmpuint(obol_pool_n_online(pool), ==, 1);
}

static void
test_large_pool_costs_nothing(void)
{
    g_autoptr(ObolPool) pool = pool_of("2001:db8::/32");

    g_assert_cmpstr(lease(pool, "a", NULL), ==, "2001:db8::1");
    g_assert_cmpstr(lease(pool, "b", "2001:db8::7fff:0"), ==, "2001:db8::7fff:0");
    g_assert_cmpstr(lease(pool, "c", "2001:db8:1::"), ==, "2001:db8::2"); /* beyond what is counted */
}

/* Against a model that looks at every address: nobody has what another one holds. */
static void
test_random_histories(void)
{
    for (guint seed = 0; seed < 50; seed++) {
        g_autoptr(ObolPool) pool = pool_of("10.3.0.0-10.3.0.7");
        g_autoptr(GRand) dice = g_rand_new_with_seed(seed);
        guint holds[8][5] = { 0 }, n_held;

        for (guint step = 0; step < 300; step++) {
            guint who = (guint) g_rand_int_range(dice, 0, 5), which = (guint) g_rand_int_range(dice, 0, 8);
            char name[] = { (char) ('a' + who), '\0' }, address[] = "10.3.0.?";

            address[7] = (char) ('0' + which);
            if (g_rand_boolean(dice)) {
                const char *given = lease(pool, name, g_rand_boolean(dice) ? address : NULL);

                if (*given != '\0')
                    holds[given[7] - '0'][who]++;
            } else {
                g_assert_cmpint(release(pool, name, address), ==, holds[which][who] > 0);
                holds[which][who] -= holds[which][who] > 0;
            }
            n_held = 0;
            for (guint i = 0; i < 8; i++) {
                guint n_holders = 0;

                for (guint j = 0; j < 5; j++)
                    n_holders += holds[i][j] > 0;
                g_assert_cmpuint(n_holders, <=, 1);
                n_held += n_holders;
            }
            g_assert_cmpuint(obol_pool_n_online(pool), ==, n_held);
        }
    }
}

static void
test_bounded(void)
{
    g_autoptr(ObolPool) pool = pool_of("2001:db8::/64");
    g_autofree char *first = NULL;

    for (guint i = 0; i < OBOL_POOL_LEASES_MAX + 10; i++) {
        g_autofree char *who = g_strdup_printf("peer%u", i);
        g_autofree char *given = g_strdup(lease(pool, who, NULL));

        g_assert_true(release(pool, who, given));
    }
    g_assert_cmpuint(obol_pool_n_offline(pool), ==, OBOL_POOL_LEASES_MAX);
}

/* --- several pools --- */

static void
set_pool(ObolPools *pools, const char *name, const char *addresses)
{
    g_autoptr(ObolPoolConfig) config = obol_pool_config_new(name, addresses, NULL);

    g_assert_true(obol_pools_set(pools, config));
}

static void
test_new_range_keeps_leases(void)
{
    g_autoptr(ObolPools) pools = obol_pools_new();

    set_pool(pools, "p", "10.3.0.1-10.3.0.9");
    lease(obol_pools_find(pools, "p"), "a", NULL);
    lease(obol_pools_find(pools, "p"), "b", NULL);
    lease(obol_pools_find(pools, "p"), "c", NULL);
    release(obol_pools_find(pools, "p"), "c", "10.3.0.3");
    set_pool(pools, "p", "10.3.0.2-10.3.0.99");
    g_assert_cmpuint(obol_pools_n(pools), ==, 1);
    g_assert_cmpuint(obol_pool_n_online(obol_pools_find(pools, "p")), ==, 1);
    g_assert_cmpstr(lease(obol_pools_find(pools, "p"), "c", NULL), ==, "10.3.0.3");
    g_assert_true(release(obol_pools_find(pools, "p"), "b", "10.3.0.2"));
    g_assert_false(release(obol_pools_find(pools, "p"), "a", "10.3.0.1"));
    g_assert_true(obol_pools_remove(pools, "p"));
    g_assert_false(obol_pools_remove(pools, "p"));
    g_assert_null(obol_pools_find(pools, "p"));
}

static void
test_unknown_pool(void)
{
    g_autoptr(ObolPools) pools = obol_pools_new();
    g_autoptr(ObolIdentity) identity = obol_identity_parse("a", NULL);
    g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    const char *const names[] = { "nowhere", NULL };
    const ObolAddress any = { .family = AF_INET };
    g_autoptr(ObolPoolRequest) request = NULL;
    g_autoptr(ObolPoolReply) reply = NULL;

    g_array_append_val(wanted, any);
    request = obol_pool_request_new(identity, names, wanted);
    reply = obol_pools_lease(pools, request);
    g_assert_cmpuint(reply->addresses->len, ==, 0);
}

/* --- attributes --- */

static void
test_attributes(void)
{
    static const struct { ObolPoolFact fact; const char *text; guint16 type; const char *shown; } rows[] = {
        { OBOL_POOL_DNS, "10.2.0.53", OBOL_CP_IP4_DNS, "10.2.0.53" },
        { OBOL_POOL_DNS, "2001:db8::53", OBOL_CP_IP6_DNS, "2001:db8::53" },
        { OBOL_POOL_SUBNET, "10.2.0.0/15", OBOL_CP_IP4_SUBNET, "10.2.0.0/15" },
        { OBOL_POOL_SUBNET, "2001:db8::/33", OBOL_CP_IP6_SUBNET, "2001:db8::/33" },
        { OBOL_POOL_NETMASK, "255.255.255.0", OBOL_CP_IP4_NETMASK, "255.255.255.0" },
        { OBOL_POOL_NBNS, "10.2.0.7", OBOL_CP_IP4_NBNS, "10.2.0.7" },
        { OBOL_POOL_DHCP, "10.2.0.7", OBOL_CP_IP4_DHCP, "10.2.0.7" },
        { OBOL_POOL_DOMAIN, "corp.example.", OBOL_CP_DNS_DOMAIN, "corp.example." },
        { OBOL_POOL_DNS, "name.example", 0, NULL }, { OBOL_POOL_NETMASK, "ffff::", 0, NULL }, { OBOL_POOL_NBNS, "2001:db8::7", 0, NULL },
        { OBOL_POOL_SUBNET, "10.2.0.1-10.2.0.5", 0, NULL }, { OBOL_POOL_DOMAIN, "", 0, NULL }, { OBOL_POOL_DOMAIN, "a..b", 0, NULL },
        { OBOL_POOL_DOMAIN, "a b", 0, NULL }, { OBOL_POOL_DOMAIN, ".", 0, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ObolPoolConfig) config = obol_pool_config_new("p", "10.3.0.0/24", NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        g_assert_cmpint(obol_pool_config_tell(config, rows[i].fact, rows[i].text, &error), ==, rows[i].type != 0);
        if (rows[i].type == 0)
            continue;
        g_assert_cmpuint(g_array_index(config->attributes, ObolAttribute, 0).type, ==, rows[i].type);
        text = obol_attribute_format(&g_array_index(config->attributes, ObolAttribute, 0));
        g_assert_cmpstr(text, ==, rows[i].shown);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pools/pool/ranges-and-networks", test_ranges);
    g_test_add_func("/pools/pool/what-is-no-range", test_no_ranges);
    g_test_add_func("/pools/pool/addresses-are-given-in-order-until-none-is-left", test_in_order);
    g_test_add_func("/pools/pool/who-comes-again-gets-the-same", test_same_again);
    g_test_add_func("/pools/pool/the-oldest-lease-that-nobody-holds-goes-first", test_oldest_goes);
    g_test_add_func("/pools/pool/one-identity-with-several-sas", test_one_identity_twice);
    g_test_add_func("/pools/pool/wishes", test_wishes);
    g_test_add_func("/pools/pool/nobody-releases-what-is-not-his", test_not_ones_own);
    g_test_add_func("/pools/pool/a-large-pool-costs-nothing", test_large_pool_costs_nothing);
    g_test_add_func("/pools/pool/no-address-is-held-by-two-identities", test_random_histories);
    g_test_add_func("/pools/pool/memory-is-bounded", test_bounded);
    g_test_add_func("/pools/pools/a-new-range-keeps-the-leases-in-it", test_new_range_keeps_leases);
    g_test_add_func("/pools/pools/a-pool-that-is-not-there-gives-nothing", test_unknown_pool);
    g_test_add_func("/pools/attributes/from-words-and-back", test_attributes);
    return g_test_run();
}
