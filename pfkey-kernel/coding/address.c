/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/address.c - socket addresses and the extensions made of them (RFC 2367 section 2.3.3). */
#include <string.h>

#include "pfkey-kernel/coding/extension.h"

#define RULE_FAMILY "a socket address of neither IPv4 nor IPv6 (RFC 2367 section 2.3.3)"
#define RULE_LENGTH "a socket address tells a length that its family has not (RFC 2367 section 2.3.3)"

#define INET_LENGTH 16
#define INET6_LENGTH 28

void
pfkey_decode_sockaddr(const PfkeySystem *system, PfkeyCursor *body, ObolAddress *out)
{
    guint8 length = system->sockaddr_length ? pfkey_cursor_u8(body) : 0;
    guint16 family = system->sockaddr_length ? pfkey_cursor_u8(body) : pfkey_cursor_u16(body);
    gboolean inet6 = family == system->inet6;

    memset(out, 0, sizeof *out);
    pfkey_cursor_require(body, inet6 || family == system->inet, RULE_FAMILY);
    pfkey_cursor_require(body, !system->sockaddr_length || length == (inet6 ? INET6_LENGTH : INET_LENGTH), RULE_LENGTH);
    out->family = inet6 ? AF_INET6 : AF_INET;
    out->port = pfkey_cursor_be16(body);
    if (inet6)
        pfkey_cursor_skip(body, 4); /* flow information */
    pfkey_cursor_copy(body, out->bytes, inet6 ? 16 : 4);
    if (inet6)
        out->scope = pfkey_cursor_u32(body);
    else
        pfkey_cursor_skip(body, 8);
}

void
pfkey_encode_sockaddr(const PfkeySystem *system, const ObolAddress *address, PfkeyBuffer *out, PfkeyFault *fault)
{
    gboolean inet6 = address->family == AF_INET6;
    guint16 family = inet6 ? system->inet6 : system->inet;

    if (!inet6 && address->family != AF_INET) {
        pfkey_fault_set(fault, RULE_FAMILY);
        return;
    }
    if (system->sockaddr_length) {
        pfkey_put_u8(out, inet6 ? INET6_LENGTH : INET_LENGTH);
        pfkey_put_u8(out, (guint8) family);
    } else {
        pfkey_put_u16(out, family);
    }
    pfkey_put_be16(out, address->port);
    if (inet6)
        pfkey_put_zeros(out, 4);
    pfkey_put_bytes(out, address->bytes, inet6 ? 16 : 4);
    if (inet6)
        pfkey_put_u32(out, address->scope);
    else
        pfkey_put_zeros(out, 8);
}

void
pfkey_dump_address(const ObolAddress *address, GString *out)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_string_append(out, address->port != 0 ? obol_address_format_with_port(address, text) : obol_address_format(address, text));
}

void
pfkey_decode_address(const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyAddress *address = member;

    address->protocol = pfkey_cursor_u8(body);
    address->prefix = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 2);
    pfkey_decode_sockaddr(system, body, &address->address);
    pfkey_decode_padding(body);
}

void
pfkey_encode_address(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyAddress *address = member;

    pfkey_put_u8(out, address->protocol);
    pfkey_put_u8(out, address->prefix);
    pfkey_put_zeros(out, 2);
    pfkey_encode_sockaddr(system, &address->address, out, fault);
}

void
pfkey_dump_selector(gconstpointer member, GString *out)
{
    const PfkeyAddress *address = member;

    g_string_append_c(out, ' ');
    pfkey_dump_address(&address->address, out);
    g_string_append_printf(out, " prefix %u protocol %u", address->prefix, address->protocol);
}

void
pfkey_decode_km_address(const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyKmAddress *km = member;

    pfkey_cursor_skip(body, 4);
    pfkey_decode_sockaddr(system, body, &km->local);
    pfkey_decode_sockaddr(system, body, &km->remote);
    pfkey_decode_padding(body);
}

void
pfkey_encode_km_address(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyKmAddress *km = member;

    pfkey_put_zeros(out, 4);
    pfkey_encode_sockaddr(system, &km->local, out, fault);
    pfkey_encode_sockaddr(system, &km->remote, out, fault);
}

void
pfkey_dump_km_address(gconstpointer member, GString *out)
{
    const PfkeyKmAddress *km = member;

    g_string_append(out, " local ");
    pfkey_dump_address(&km->local, out);
    g_string_append(out, " remote ");
    pfkey_dump_address(&km->remote, out);
}

/* Sixteen bytes each, of which IPv4 uses the first four; the family, which both share, comes after them. */
void
pfkey_decode_filter(const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyFilter *filter = member;
    ObolAddress *const both[] = { &filter->source, &filter->destination };
    guint8 bytes[2][16];
    guint16 number, family;

    for (int i = 0; i < 2; i++)
        pfkey_cursor_copy(body, bytes[i], sizeof bytes[i]);
    number = pfkey_cursor_u16(body);
    pfkey_cursor_require(body, number == 0 || number == system->inet || number == system->inet6,
                         "a filter for a family that is neither IPv4 nor IPv6");
    family = number == 0 ? 0 : number == system->inet6 ? AF_INET6 : AF_INET;
    for (int i = 0; i < 2; i++) {
        memset(both[i], 0, sizeof *both[i]);
        both[i]->family = family;
        memcpy(both[i]->bytes, bytes[i], obol_address_n_bytes(both[i]));
    }
    filter->source_prefix = pfkey_cursor_u8(body);
    filter->destination_prefix = pfkey_cursor_u8(body);
}

void
pfkey_encode_filter(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyFilter *filter = member;
    const ObolAddress *const both[] = { &filter->source, &filter->destination };
    guint16 family = filter->source.family;

    if (filter->destination.family != family)
        pfkey_fault_set(fault, "a filter's addresses are of two families");
    for (int i = 0; i < 2; i++) {
        gsize n = obol_address_n_bytes(both[i]);

        pfkey_put_bytes(out, both[i]->bytes, n);
        pfkey_put_zeros(out, 16 - n);
    }
    pfkey_put_u16(out, family == AF_INET6 ? system->inet6 : family == AF_INET ? system->inet : 0);
    pfkey_put_u8(out, filter->source_prefix);
    pfkey_put_u8(out, filter->destination_prefix);
}

void
pfkey_dump_filter(gconstpointer member, GString *out)
{
    const PfkeyFilter *filter = member;

    g_string_append(out, " source ");
    pfkey_dump_address(&filter->source, out);
    g_string_append_printf(out, "/%u destination ", filter->source_prefix);
    pfkey_dump_address(&filter->destination, out);
    g_string_append_printf(out, "/%u", filter->destination_prefix);
}
