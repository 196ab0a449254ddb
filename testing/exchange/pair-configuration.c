/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-configuration.c - two ends of which the left asks for virtual addresses and the right gives them. */
#include "exchange/pair.h"

#include <string.h>

static void
add_pool(PairSide *side, const char *name, const char *addresses)
{
    g_autoptr(ObolPoolConfig) config = obol_pool_config_new(name, addresses, NULL);
    char **pools = side->connection->pools;
    guint n = pools != NULL ? g_strv_length(pools) : 0;
    gboolean v6 = strchr(addresses, ':') != NULL;

    g_assert_true(obol_pool_config_tell(config, OBOL_POOL_DNS, v6 ? "2001:db8:2::53" : "10.2.0.53", NULL));
    g_assert_true(obol_pool_config_tell(config, OBOL_POOL_SUBNET, v6 ? "2001:db8:2::/48" : "10.2.0.0/16", NULL));
    g_assert_true(obol_pool_config_tell(config, OBOL_POOL_DOMAIN, "corp.example", NULL));
    if (!v6)
        g_assert_true(obol_pool_config_tell(config, OBOL_POOL_NETMASK, "255.255.255.0", NULL));
    g_assert_true(obol_pools_set(side->pools, config));
    side->connection->pools = g_renew(char *, pools, n + 2);
    side->connection->pools[n] = g_strdup(name);
    side->connection->pools[n + 1] = NULL;
}

static void
add_vip(PairSide *side, const char *text)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    g_array_append_val(side->connection->vips, address);
}

static const PairSetup road_warrior = { .local_ts = { "dynamic", "10.2.0.0/16 2001:db8:2::/48" },
                                        .remote_ts = { "10.2.0.0/16 2001:db8:2::/48", "dynamic" } };

static Pair *
make_virtual(Pair *pair, const char *vips, const char *pools)
{
    g_auto(GStrv) wanted = g_strsplit(vips, " ", -1), given = g_strsplit(pools, " ", -1);

    for (char **vip = wanted; *vip != NULL; vip++)
        add_vip(&pair->left, *vip);
    for (guint i = 0; given[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("pool%u", i);

        add_pool(&pair->right, name, given[i]);
    }
    return pair;
}

Pair *
pair_new_virtual(const char *vips, const char *pools)
{
    return make_virtual(pair_new(&road_warrior), vips, pools);
}

Pair *
pair_new_virtual_mobile(const char *vips, const char *pools)
{
    return make_virtual(pair_new_mobile(&road_warrior), vips, pools);
}

void
pair_set_up(Pair *pair)
{
    pair_initiate(pair);
    pair_run(pair);
}

char *
pair_virtual(const PairSide *side, gboolean ours)
{
    g_autoptr(GArray) children = g_array_new(FALSE, TRUE, sizeof(ObolChildInfo));
    GString *text = g_string_new(NULL);
    const GArray *list;
    ObolIkeInfo info;

    obol_ike_sa_info(side->sa, &info, children);
    list = ours ? info.local_vips : info.remote_vips;
    for (guint i = 0; list != NULL && i < list->len; i++) {
        char one[OBOL_ADDRESS_TEXT_MAX];

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", obol_address_format(&g_array_index(list, ObolAddress, i), one));
    }
    return g_string_free(text, FALSE);
}

void
pair_check_given(const Pair *pair, const char *addresses)
{
    g_autofree char *ours = pair_virtual(&pair->left, TRUE), *theirs = pair_virtual(&pair->right, FALSE);

    g_assert_cmpstr(ours, ==, addresses);
    g_assert_cmpstr(theirs, ==, addresses);
}

void
pair_check_virtual(Pair *pair, const char *left)
{
    g_autofree char *local = obol_ts_list_format(pair_child(&pair->left, 0)->local_ts);
    g_autofree char *remote = obol_ts_list_format(pair_child(&pair->right, 0)->remote_ts);

    g_assert_cmpstr(local, ==, left);
    g_assert_cmpstr(remote, ==, left);
}

guint
pair_n_online(const Pair *pair)
{
    return obol_pool_n_online(obol_pools_nth(pair->right.pools, 0));
}
