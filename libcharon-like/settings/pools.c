/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/pools.c - the keys of a pool, and a checked section of `pools` -> its addresses and what is told with them. */
#include "settings/fault.h"
#include "settings/schema.h"

#define NO_VALUE ((const char *const[]) { NULL })
#define UNITY "that is a vendor's of IKEv1; see subnet and domain."

const ObolSettingSpec obol_schema_pool[] = {
    { .name = "addrs", .type = OBOL_TYPE_TEXT, .required = TRUE,
      .doc = "The addresses: a network such as 10.3.0.0/16 or 2001:db8:3::/112, or a range such as 10.3.0.10-10.3.0.99. Of a network "
             "its own address is not given, nor of IPv4 the last one." },
    { .name = "dns", .type = OBOL_TYPE_LIST, .doc = "Name servers that peers are told of." },
    { .name = "domain", .type = OBOL_TYPE_LIST,
      .doc = "Domains that peers are to ask these name servers for (split DNS, RFC 8598); only told along with a name server." },
    { .name = "25", .type = OBOL_TYPE_LIST, .doc = "domain, by its number, as swanctl.conf has it." },
    { .name = "subnet", .type = OBOL_TYPE_LIST, .doc = "Networks behind us that peers are told of (RFC 7296 section 3.15.2)." },
    { .name = "netmask", .type = OBOL_TYPE_LIST, .doc = "Netmask that goes with the IPv4 address." },
    { .name = "nbns", .type = OBOL_TYPE_LIST, .doc = "NetBIOS name servers that peers are told of, IPv4 alone." },
    { .name = "dhcp", .type = OBOL_TYPE_LIST, .doc = "DHCP servers that peers are told of." },
    { .name = "server", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = UNITY },
    { .name = "split_include", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = UNITY },
    { .name = "split_exclude", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = UNITY },
    { NULL },
};

static const struct {
    const char *key;
    ObolPoolFact fact;
} facts[] = {
    { "dns", OBOL_POOL_DNS }, { "domain", OBOL_POOL_DOMAIN }, { "25", OBOL_POOL_DOMAIN }, { "subnet", OBOL_POOL_SUBNET },
    { "netmask", OBOL_POOL_NETMASK }, { "nbns", OBOL_POOL_NBNS }, { "dhcp", OBOL_POOL_DHCP },
};

static void
refuse(ObolFaults *faults, const ObolNode *section, const char *name, GError *error)
{
    const ObolNode *place = obol_node_get(section, name);

    obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place != NULL ? place : section, "%s: %s", name, error->message);
    g_error_free(error);
}

ObolPoolConfig *
obol_pool_from_node(const ObolNode *section, GError **error)
{
    const char *addresses = obol_setting_text(section, obol_schema_pool, "addrs");
    ObolFaults faults = { 0 };
    GError *inner = NULL;
    g_autoptr(ObolPoolConfig) config = obol_pool_config_new(section->name, addresses != NULL ? addresses : "", &inner);

    if (config == NULL)
        refuse(&faults, section, "addrs", inner);
    for (gsize i = 0; config != NULL && i < G_N_ELEMENTS(facts); i++) {
        g_auto(GStrv) texts = obol_setting_list(section, obol_schema_pool, facts[i].key);

        for (char **text = texts; *text != NULL; text++) {
            inner = NULL;
            if (!obol_pool_config_tell(config, facts[i].fact, *text, &inner))
                refuse(&faults, section, facts[i].key, inner);
        }
    }
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return g_steal_pointer(&config);
}

GPtrArray *
obol_pools_from_tree(const ObolNode *tree, GError **error)
{
    const ObolNode *sections = obol_node_get(tree, "pools");
    g_autoptr(GPtrArray) pools = g_ptr_array_new_with_free_func((GDestroyNotify) obol_pool_config_free);
    ObolFaults faults = { 0 };

    if (sections != NULL && sections->items->len > OBOL_POOLS_MAX)
        obol_faults_add(&faults, OBOL_SETTINGS_ERROR_VALUE, sections, "pools: more than %d", OBOL_POOLS_MAX);
    for (guint i = 0; sections != NULL && i < MIN(sections->items->len, OBOL_POOLS_MAX); i++) {
        GError *inner = NULL;
        ObolPoolConfig *config = obol_pool_from_node(sections->items->pdata[i], &inner);

        if (config != NULL)
            g_ptr_array_add(pools, config);
        else
            obol_faults_take_error(&faults, inner);
    }
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return g_steal_pointer(&pools);
}
