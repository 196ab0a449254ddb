/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/attributes.c - configuration attributes as values (RFC 7296 section 3.15.1, RFC 8598), and what is asked of a pool. */
#include <obol/pool.h>

#include <string.h>

#include <obol/numbers.h>
#include <obol/prefix.h>

static void
clear_attribute(gpointer data)
{
    g_free(((ObolAttribute *) data)->value);
}

GArray *
obol_attributes_new(void)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolAttribute));

    g_array_set_clear_func(list, clear_attribute);
    return list;
}

void
obol_attributes_add(GArray *list, guint16 type, const guint8 *value, gsize n)
{
    ObolAttribute attribute = { .type = type, .n = (guint16) n, .value = g_memdup2(value, n) };

    g_array_append_val(list, attribute);
}

void
obol_attributes_add_all(GArray *list, const GArray *more)
{
    for (guint i = 0; i < more->len; i++) {
        const ObolAttribute *attribute = &g_array_index(more, ObolAttribute, i);

        obol_attributes_add(list, attribute->type, attribute->value, attribute->n);
    }
}

/* --- in words --- */

static char *
format_address(const ObolAttribute *attribute, guint16 family)
{
    ObolAddress address = { .family = family };
    char text[OBOL_ADDRESS_TEXT_MAX];

    memcpy(address.bytes, attribute->value, obol_address_n_bytes(&address));
    return g_strdup(obol_address_format(&address, text));
}

static char *
format_subnet(const ObolAttribute *attribute, guint16 family)
{
    gsize n = family == AF_INET ? 4 : 16;
    guint bits = family == AF_INET6 ? attribute->value[n] : 0;
    ObolTs ts;

    while (family == AF_INET && bits < 32 && (attribute->value[n + bits / 8] >> (7 - bits % 8) & 1) != 0)
        bits++;
    obol_ts_from_prefix(family, attribute->value, bits, &ts);
    return obol_ts_format(&ts);
}

static char *
format_bytes(const ObolAttribute *attribute)
{
    GString *text = g_string_new("0x");

    for (guint i = 0; i < attribute->n; i++)
        g_string_append_printf(text, "%02x", attribute->value[i]);
    return g_string_free(text, FALSE);
}

char *
obol_attribute_format(const ObolAttribute *attribute)
{
    switch (attribute->type) {
    case OBOL_CP_IP4_SUBNET: return attribute->n == 8 ? format_subnet(attribute, AF_INET) : format_bytes(attribute);
    case OBOL_CP_IP6_SUBNET: return attribute->n == 17 ? format_subnet(attribute, AF_INET6) : format_bytes(attribute);
    case OBOL_CP_DNS_DOMAIN: {
        g_autofree char *text = g_strndup((const char *) attribute->value, attribute->n);

        return g_strescape(text, NULL);
    }
    default: break;
    }
    if (attribute->n == 4)
        return format_address(attribute, AF_INET);
    return attribute->n == 16 ? format_address(attribute, AF_INET6) : format_bytes(attribute);
}

/* --- what is asked of a pool --- */

ObolPoolRequest *
obol_pool_request_new(const ObolIdentity *identity, const char *const *pools, const GArray *addresses)
{
    ObolPoolRequest *request = g_new(ObolPoolRequest, 1);

    *request = (ObolPoolRequest) {
        .identity = obol_identity_dup(identity), .pools = g_strdupv((char **) pools), .addresses = g_array_copy((GArray *) addresses),
    };
    return request;
}

void
obol_pool_request_free(ObolPoolRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->identity);
    g_strfreev(request->pools);
    g_array_unref(request->addresses);
    g_free(request);
}

gboolean
obol_address_is_unset(const ObolAddress *address)
{
    static const guint8 zero[16];

    return memcmp(address->bytes, zero, sizeof zero) == 0;
}
