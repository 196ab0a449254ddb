/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/configuration-payload.c - what CFG_REQUEST, CFG_REPLY and CFG_SET say (RFC 7296 sections 2.20 and 3.15; RFC 8598). */
#include "engine/configuration-payload.h"

#include <string.h>

#include "engine/configuration.h"

#define IP6_ADDRESS_BYTES 17 /* and the length of its prefix */
#define HOST_PREFIX 128

/* All that we can tell; and, but for the addresses, what we ask for with an address of the family. */
static const struct {
    guint16 type, family; /* 0: either */
} known[] = {
    { OBOL_CP_IP4_ADDRESS, AF_INET }, { OBOL_CP_IP6_ADDRESS, AF_INET6 }, { OBOL_CP_IP4_NETMASK, 0xffff },
    { OBOL_CP_IP4_DNS, AF_INET }, { OBOL_CP_IP6_DNS, AF_INET6 }, { OBOL_CP_IP4_NBNS, 0xffff }, { OBOL_CP_IP4_DHCP, 0xffff },
    { OBOL_CP_IP6_DHCP, 0xffff }, { OBOL_CP_IP4_SUBNET, AF_INET }, { OBOL_CP_IP6_SUBNET, AF_INET6 },
    { OBOL_CP_APPLICATION_VERSION, 0xffff }, { OBOL_CP_SUPPORTED_ATTRIBUTES, 0xffff }, { OBOL_CP_DNS_DOMAIN, 0 },
};

/* --- building --- */

/* A CP payload in the making: the bytes of its values live as long as the chain. */
typedef struct {
    ObolPayload *payload;
    ObolChain *chain;
    guint room;
} Builder;

static gpointer
own(ObolChain *chain, gpointer memory)
{
    if (chain->owned == NULL)
        chain->owned = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(chain->owned, memory);
    return memory;
}

static Builder
begin(ObolChain *chain, ObolCpType type, guint room)
{
    Builder b = { .payload = obol_chain_add(chain, OBOL_PAYLOAD_CP), .chain = chain, .room = room };

    b.payload->cp = (ObolCpPayload) { .cp_type = (guint8) type, .attributes = own(chain, g_new0(ObolCpAttribute, room)) };
    return b;
}

static void
put(Builder *b, guint16 type, const guint8 *value, gsize n)
{
    ObolCpAttribute *attribute;

    if (b->payload->cp.n >= b->room)
        return;
    attribute = &b->payload->cp.attributes[b->payload->cp.n++];
    attribute->type = type;
    if (n > 0)
        attribute->value = (ObolSpan) { own(b->chain, g_memdup2(value, n)), n };
}

/* Section 3.15.1: an IPv6 address has the length of its prefix behind it; ours are single hosts. */
static void
put_address(Builder *b, const ObolAddress *address)
{
    guint8 value[IP6_ADDRESS_BYTES];
    gboolean v6 = address->family == AF_INET6;

    memcpy(value, address->bytes, sizeof address->bytes);
    value[IP6_ADDRESS_BYTES - 1] = HOST_PREFIX;
    put(b, v6 ? OBOL_CP_IP6_ADDRESS : OBOL_CP_IP4_ADDRESS, value, obol_address_is_unset(address) ? 0 : v6 ? IP6_ADDRESS_BYTES : 4);
}

static gboolean
has_family(const GArray *addresses, guint16 family)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (g_array_index(addresses, ObolAddress, i).family == family)
            return TRUE;
    }
    return FALSE;
}

void
obol_configuration_build_request(const GArray *wanted, ObolChain *chain)
{
    Builder b = begin(chain, OBOL_CFG_REQUEST, wanted->len + G_N_ELEMENTS(known));

    for (guint i = 0; i < wanted->len; i++)
        put_address(&b, &g_array_index(wanted, ObolAddress, i));
    for (gsize i = 2; i < G_N_ELEMENTS(known); i++) {
        if (known[i].family == 0 || has_family(wanted, known[i].family))
            put(&b, known[i].type, NULL, 0);
    }
}

/* --- the peer's request --- */

void
obol_configuration_wish_clear(ObolConfigurationWish *wish)
{
    g_clear_pointer(&wish->addresses, g_array_unref);
    g_clear_pointer(&wish->types, g_array_unref);
}

/* A value that is not as the RFC says it is no suggestion: the wish stands without it. */
static void
take_address(const ObolCpAttribute *attribute, GArray *addresses)
{
    ObolAddress address = { .family = attribute->type == OBOL_CP_IP6_ADDRESS ? AF_INET6 : AF_INET };

    if (addresses->len >= OBOL_VIRTUAL_ADDRESSES_MAX)
        return;
    if (attribute->value.n > 0 && obol_cp_attribute_valid(attribute))
        memcpy(address.bytes, attribute->value.data, obol_address_n_bytes(&address));
    g_array_append_val(addresses, address);
}

static gboolean
is_address(guint16 type)
{
    return type == OBOL_CP_IP4_ADDRESS || type == OBOL_CP_IP6_ADDRESS;
}

void
obol_configuration_parse_request(const ObolPayload *cp, ObolConfigurationWish *wish)
{
    wish->addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    wish->types = g_array_new(FALSE, FALSE, sizeof(guint16));
    for (guint i = 0; cp != NULL && cp->cp.cp_type == OBOL_CFG_REQUEST && i < cp->cp.n; i++) {
        const ObolCpAttribute *attribute = &cp->cp.attributes[i];

        g_array_append_val(wish->types, attribute->type);
        if (is_address(attribute->type))
            take_address(attribute, wish->addresses);
    }
}

/* --- our reply --- */

static gboolean
is_wished(const ObolConfigurationWish *wish, guint16 type)
{
    for (guint i = 0; i < wish->types->len; i++) {
        if (g_array_index(wish->types, guint16, i) == type)
            return TRUE;
    }
    return FALSE;
}

/* RFC 8598 section 3.2: domains are of no use, and not told, without a server to ask for them. */
static gboolean
tells_dns(const ObolConfigurationWish *wish, const GArray *attributes)
{
    for (guint i = 0; i < attributes->len; i++) {
        guint16 type = g_array_index(attributes, ObolAttribute, i).type;

        if ((type == OBOL_CP_IP4_DNS || type == OBOL_CP_IP6_DNS) && (wish == NULL || is_wished(wish, type)))
            return TRUE;
    }
    return FALSE;
}

static void
put_supported(Builder *b)
{
    guint8 types[2 * G_N_ELEMENTS(known)];

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        types[2 * i] = (guint8) (known[i].type >> 8);
        types[2 * i + 1] = (guint8) known[i].type;
    }
    put(b, OBOL_CP_SUPPORTED_ATTRIBUTES, types, sizeof types);
}

/* What is answered whoever asks: section 2.20 lets a version be withheld as an empty text. */
static void
put_queries(Builder *b, const ObolConfigurationWish *wish)
{
    if (is_wished(wish, OBOL_CP_APPLICATION_VERSION))
        put(b, OBOL_CP_APPLICATION_VERSION, NULL, 0);
    if (is_wished(wish, OBOL_CP_SUPPORTED_ATTRIBUTES))
        put_supported(b);
}

void
obol_configuration_build_reply(const ObolConfigurationWish *wish, const GArray *addresses, const GArray *attributes, ObolChain *chain)
{
    Builder b = begin(chain, OBOL_CFG_REPLY, OBOL_WIRE_CP_ATTRIBUTES_MAX);
    gboolean dns = tells_dns(wish, attributes);

    for (guint i = 0; i < addresses->len; i++)
        put_address(&b, &g_array_index(addresses, ObolAddress, i));
    for (guint i = 0; i < attributes->len && i < OBOL_ATTRIBUTES_MAX; i++) {
        const ObolAttribute *attribute = &g_array_index(attributes, ObolAttribute, i);

        if (is_wished(wish, attribute->type) && (attribute->type != OBOL_CP_DNS_DOMAIN || dns))
            put(&b, attribute->type, attribute->value, attribute->n);
    }
    put_queries(&b, wish);
}

void
obol_configuration_inform(const ObolChain *request, ObolChain *answer)
{
    const ObolPayload *cp = obol_chain_find(request, OBOL_PAYLOAD_CP);
    ObolConfigurationWish wish = { NULL, NULL };

    obol_configuration_parse_request(cp, &wish);
    if (is_wished(&wish, OBOL_CP_APPLICATION_VERSION) || is_wished(&wish, OBOL_CP_SUPPORTED_ATTRIBUTES)) {
        Builder b = begin(answer, OBOL_CFG_REPLY, 2);

        put_queries(&b, &wish);
    } else if (cp != NULL && cp->cp.cp_type == OBOL_CFG_SET) {
        begin(answer, OBOL_CFG_ACK, 1); /* section 3.15.1: empty, since nothing of it was accepted */
    }
    obol_configuration_wish_clear(&wish);
}

/* --- the peer's reply --- */

static guint
n_of_family(const GArray *addresses, guint16 family)
{
    guint n = 0;

    for (guint i = 0; i < addresses->len; i++)
        n += g_array_index(addresses, ObolAddress, i).family == family;
    return n;
}

/* One that could be a host's: what is multicast, loopback or unspecified would harm this machine, whoever gives it. */
static gboolean
is_usable(const ObolAddress *address)
{
    static const guint8 loopback[16] = { [15] = 1 };

    if (obol_address_is_unset(address))
        return FALSE;
    if (address->family == AF_INET)
        return address->bytes[0] != 0 && address->bytes[0] != 127 && address->bytes[0] < 224;
    return address->bytes[0] != 0xff && memcmp(address->bytes, loopback, sizeof loopback) != 0;
}

static void
accept_address(const ObolCpAttribute *attribute, const GArray *wanted, GArray *addresses)
{
    ObolAddress address = { .family = attribute->type == OBOL_CP_IP6_ADDRESS ? AF_INET6 : AF_INET };

    memcpy(address.bytes, attribute->value.data, obol_address_n_bytes(&address));
    if (is_usable(&address) && n_of_family(addresses, address.family) < n_of_family(wanted, address.family))
        g_array_append_val(addresses, address);
}

static gboolean
is_known(guint16 type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].type == type)
            return TRUE;
    }
    return FALSE;
}

static const ObolPayload *
find_reply(const ObolChain *chain)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_CP && chain->items[i].cp.cp_type == OBOL_CFG_REPLY)
            return &chain->items[i];
    }
    return NULL;
}

static void
drop_domains(GArray *attributes)
{
    for (guint i = attributes->len; i-- > 0;) {
        if (g_array_index(attributes, ObolAttribute, i).type == OBOL_CP_DNS_DOMAIN)
            g_array_remove_index(attributes, i);
    }
}

void
obol_configuration_parse_reply(const ObolChain *chain, const GArray *wanted, GArray *addresses, GArray *attributes)
{
    const ObolPayload *cp = find_reply(chain);

    for (guint i = 0; cp != NULL && i < cp->cp.n; i++) {
        const ObolCpAttribute *attribute = &cp->cp.attributes[i];

        if (attribute->value.n == 0 || attribute->value.n > OBOL_ATTRIBUTE_MAX || !is_known(attribute->type)
            || !obol_cp_attribute_valid(attribute))
            continue;
        if (is_address(attribute->type))
            accept_address(attribute, wanted, addresses);
        else if (attributes->len < OBOL_ATTRIBUTES_MAX)
            obol_attributes_add(attributes, attribute->type, attribute->value.data, attribute->value.n);
    }
    if (!tells_dns(NULL, attributes))
        drop_domains(attributes);
}
