/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/gateway.c - another gateway, as a redirect names it (RFC 5685 sections 9.2 and 9.3). */
#include "model/gateway.h"

#include <string.h>

enum { BY_IPV4 = 1, BY_IPV6 = 2, BY_FQDN = 3 }; /* section 12 */

static gboolean
is_zero(const ObolAddress *address)
{
    static const guint8 none[sizeof address->bytes];

    return memcmp(address->bytes, none, sizeof none) == 0;
}

static gboolean
is_host_name(const char *text, gsize n)
{
    if (n == 0 || n > OBOL_GATEWAY_NAME_MAX || text[0] == '.' || text[0] == '-')
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '.' && text[i] != '_')
            return FALSE;
    }
    return TRUE;
}

/* Digits and dots are an address that went wrong. */
static gboolean
has_letter(const char *text, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (g_ascii_isalpha(text[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
set_name(ObolGateway *out, const char *text, gsize n)
{
    *out = (ObolGateway) { .address.family = 0 };
    if (!is_host_name(text, n) || !has_letter(text, n))
        return FALSE;
    memcpy(out->name, text, n);
    return TRUE;
}

gboolean
obol_gateway_parse(const char *text, ObolGateway *out)
{
    *out = (ObolGateway) { .address.family = 0 };
    if (obol_address_parse(text, &out->address))
        return !is_zero(&out->address);
    return set_name(out, text, strlen(text));
}

const char *
obol_gateway_format(const ObolGateway *gateway, char out[OBOL_GATEWAY_NAME_MAX + 1])
{
    G_STATIC_ASSERT(OBOL_GATEWAY_NAME_MAX + 1 >= OBOL_ADDRESS_TEXT_MAX);

    if (gateway->address.family != 0)
        return obol_address_format(&gateway->address, out);
    g_strlcpy(out, gateway->name, OBOL_GATEWAY_NAME_MAX + 1);
    return out;
}

gboolean
obol_gateway_is_set(const ObolGateway *gateway)
{
    return gateway->address.family != 0 || gateway->name[0] != '\0';
}

static gboolean
set_address(ObolGateway *out, guint16 family, ObolSpan bytes)
{
    *out = (ObolGateway) { .address.family = family };
    if (bytes.n != obol_address_n_bytes(&out->address))
        return FALSE;
    memcpy(out->address.bytes, bytes.data, bytes.n);
    return !is_zero(&out->address);
}

gboolean
obol_gateway_read(ObolSpan data, ObolGateway *out, ObolSpan *rest)
{
    ObolSpan identity;

    if (data.n < 2 || data.n - 2 < data.data[1])
        return FALSE;
    identity = (ObolSpan) { data.data + 2, data.data[1] };
    *rest = (ObolSpan) { data.data + 2 + identity.n, data.n - 2 - identity.n };
    switch (data.data[0]) {
    case BY_IPV4: return set_address(out, AF_INET, identity);
    case BY_IPV6: return set_address(out, AF_INET6, identity);
    case BY_FQDN: return set_name(out, (const char *) identity.data, identity.n);
    default: return FALSE;
    }
}

gsize
obol_gateway_write(const ObolGateway *gateway, guint8 out[OBOL_GATEWAY_WIRE_MAX])
{
    gboolean by_name = gateway->address.family == 0;
    gsize n = by_name ? strlen(gateway->name) : obol_address_n_bytes(&gateway->address);

    out[0] = by_name ? BY_FQDN : gateway->address.family == AF_INET6 ? BY_IPV6 : BY_IPV4;
    out[1] = (guint8) n;
    memcpy(out + 2, by_name ? (const guint8 *) gateway->name : gateway->address.bytes, n);
    return n + 2;
}
