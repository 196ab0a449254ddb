/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/pool-config.c - from an admin's words to a pool's addresses and attributes. */
#include "model/pool-config.h"

#include <string.h>

#include "model/i18n.h"
#include <obol/numbers.h>
#include <obol/settings.h>

#define DOMAIN_MAX 253

/* --- addresses --- */

static gboolean
refuse(GError **error, const char *text, const char *what)
{
    g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, _("\"%s\" is no %s"), text, what);
    return FALSE;
}

/* The next one up or down. */
static void
step(guint8 *bytes, gsize n, gboolean up)
{
    guint8 carries_at = up ? 0xff : 0x00;
    gsize i = n;

    while (i > 0 && bytes[i - 1] == carries_at)
        bytes[--i] = up ? 0x00 : 0xff;
    if (i > 0)
        bytes[i - 1] = (guint8) (bytes[i - 1] + (up ? 1 : -1));
}

static gboolean
read_addresses(const char *text, ObolAddress *first, ObolAddress *last)
{
    ObolTs ts;
    gsize n;
    gint bits;

    if (strchr(text, '[') != NULL || !obol_ts_parse(text, &ts, NULL) || ts.family == 0)
        return FALSE;
    *first = (ObolAddress) { .family = ts.family };
    *last = *first;
    n = obol_address_n_bytes(first);
    memcpy(first->bytes, ts.first, n);
    memcpy(last->bytes, ts.last, n);
    bits = strchr(text, '/') != NULL ? obol_ts_prefix(&ts) : -1;
    if (bits >= 0 && bits < (int) n * 8 - 1) {
        step(first->bytes, n, TRUE);
        if (ts.family == AF_INET)
            step(last->bytes, n, FALSE);
    }
    return TRUE;
}

ObolPoolConfig *
obol_pool_config_new(const char *name, const char *addresses, GError **error)
{
    ObolAddress first, last;
    ObolPoolConfig *config;

    if (!read_addresses(addresses, &first, &last)) {
        refuse(error, addresses, _("range or network of addresses"));
        return NULL;
    }
    config = g_new(ObolPoolConfig, 1);
    *config = (ObolPoolConfig) { .name = g_strdup(name), .first = first, .last = last, .attributes = obol_attributes_new() };
    return config;
}

void
obol_pool_config_free(ObolPoolConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->name);
    g_array_unref(config->attributes);
    g_free(config);
}

ObolPoolConfig *
obol_pool_config_dup(const ObolPoolConfig *config)
{
    ObolPoolConfig *copy = g_new(ObolPoolConfig, 1);

    *copy = *config;
    copy->name = g_strdup(config->name);
    copy->attributes = obol_attributes_new();
    obol_attributes_add_all(copy->attributes, config->attributes);
    return copy;
}

/* --- attributes --- */

/* RFC 8598 section 4.1: presentation format, internationalised names as A-labels. */
static gboolean
is_domain(const char *text)
{
    gsize n = strlen(text), label = 0;

    if (n > 0 && text[n - 1] == '.')
        n--;
    if (n == 0 || n > DOMAIN_MAX)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        label = text[i] == '.' ? 0 : label + 1;
        if (label > 63 || (text[i] == '.' && (i == 0 || text[i - 1] == '.'))
            || (text[i] != '.' && text[i] != '-' && text[i] != '_' && !g_ascii_isalnum(text[i])))
            return FALSE;
    }
    return TRUE;
}

/* INTERNAL_IP4_SUBNET has address and netmask, INTERNAL_IP6_SUBNET address and length of the prefix. */
static gboolean
tell_subnet(ObolPoolConfig *config, const char *text)
{
    guint8 value[17] = { 0 };
    int bits;
    ObolTs ts;

    if (strchr(text, '[') != NULL || !obol_ts_parse(text, &ts, NULL) || ts.family == 0 || (bits = obol_ts_prefix(&ts)) < 0)
        return FALSE;
    memcpy(value, ts.first, ts.family == AF_INET ? 4 : 16);
    for (int i = 0; ts.family == AF_INET && i < bits; i++)
        value[4 + i / 8] = (guint8) (value[4 + i / 8] | 0x80 >> i % 8);
    if (ts.family == AF_INET6)
        value[16] = (guint8) bits;
    obol_attributes_add(config->attributes, ts.family == AF_INET ? OBOL_CP_IP4_SUBNET : OBOL_CP_IP6_SUBNET, value,
                        ts.family == AF_INET ? 8 : 17);
    return TRUE;
}

static gboolean
tell_address(ObolPoolConfig *config, ObolPoolFact fact, const char *text)
{
    static const guint16 types[][2] = {
        [OBOL_POOL_DNS] = { OBOL_CP_IP4_DNS, OBOL_CP_IP6_DNS },
        [OBOL_POOL_NBNS] = { OBOL_CP_IP4_NBNS, 0 },
        [OBOL_POOL_DHCP] = { OBOL_CP_IP4_DHCP, OBOL_CP_IP6_DHCP },
        [OBOL_POOL_NETMASK] = { OBOL_CP_IP4_NETMASK, 0 },
    };
    ObolAddress address;
    guint16 type;

    if (!obol_address_parse(text, &address) || address.family == 0)
        return FALSE;
    type = types[fact][address.family == AF_INET ? 0 : 1];
    if (type == 0)
        return FALSE;
    obol_attributes_add(config->attributes, type, address.bytes, obol_address_n_bytes(&address));
    return TRUE;
}

gboolean
obol_pool_config_tell(ObolPoolConfig *config, ObolPoolFact fact, const char *text, GError **error)
{
    if (config->attributes->len >= OBOL_ATTRIBUTES_MAX) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, _("a pool tells at most %d things"), OBOL_ATTRIBUTES_MAX);
        return FALSE;
    }
    switch (fact) {
    case OBOL_POOL_SUBNET: return tell_subnet(config, text) || refuse(error, text, _("network"));
    case OBOL_POOL_DOMAIN:
        if (!is_domain(text))
            return refuse(error, text, _("domain"));
        obol_attributes_add(config->attributes, OBOL_CP_DNS_DOMAIN, (const guint8 *) text, strlen(text));
        return TRUE;
    case OBOL_POOL_DNS:
    case OBOL_POOL_NBNS:
    case OBOL_POOL_DHCP:
    case OBOL_POOL_NETMASK: break;
    }
    return tell_address(config, fact, text) || refuse(error, text, _("address that can be told"));
}
