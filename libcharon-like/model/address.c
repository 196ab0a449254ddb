/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/address.c - addresses as values; both families are one path over their bytes. */
#include <obol/address.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

gsize
obol_address_n_bytes(const ObolAddress *address)
{
    return address->family == AF_INET ? 4 : address->family == AF_INET6 ? 16 : 0;
}

/* "%2" after an IPv6 address is its interface's index (RFC 4007 section 11). */
static gboolean
parse_scope(const char *text, guint32 *scope)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &value, NULL))
        return FALSE;
    *scope = (guint32) value;
    return TRUE;
}

gboolean
obol_address_parse(const char *text, ObolAddress *out)
{
    ObolAddress address = { .family = 0 };
    char bare[INET6_ADDRSTRLEN];
    const char *percent = strchr(text, '%');
    gsize n = percent != NULL ? (gsize) (percent - text) : strlen(text);

    if (g_str_equal(text, "%any")) {
        *out = address;
        return TRUE;
    }
    if (n >= sizeof bare)
        return FALSE;
    memcpy(bare, text, n);
    bare[n] = '\0';
    if (inet_pton(AF_INET6, bare, address.bytes) == 1)
        address.family = AF_INET6;
    else if (inet_pton(AF_INET, bare, address.bytes) == 1)
        address.family = AF_INET;
    else
        return FALSE;
    if (percent != NULL && (address.family != AF_INET6 || !parse_scope(percent + 1, &address.scope)))
        return FALSE;
    *out = address;
    return TRUE;
}

const char *
obol_address_format(const ObolAddress *address, char out[OBOL_ADDRESS_TEXT_MAX])
{
    gsize n;

    if (address->family == 0 || inet_ntop(address->family, address->bytes, out, OBOL_ADDRESS_TEXT_MAX) == NULL) {
        g_strlcpy(out, "%any", OBOL_ADDRESS_TEXT_MAX);
        return out;
    }
    n = strlen(out);
    if (address->scope != 0)
        g_snprintf(out + n, OBOL_ADDRESS_TEXT_MAX - n, "%%%u", address->scope);
    return out;
}

const char *
obol_address_format_with_port(const ObolAddress *address, char out[OBOL_ADDRESS_TEXT_MAX])
{
    char bare[OBOL_ADDRESS_TEXT_MAX];

    obol_address_format(address, bare);
    g_snprintf(out, OBOL_ADDRESS_TEXT_MAX, address->family == AF_INET6 ? "[%.60s]:%u" : "%.60s:%u", bare, address->port);
    return out;
}

gboolean
obol_address_equal(const ObolAddress *a, const ObolAddress *b)
{
    return a->family == b->family && a->scope == b->scope && memcmp(a->bytes, b->bytes, obol_address_n_bytes(a)) == 0;
}

gboolean
obol_endpoint_equal(const ObolAddress *a, const ObolAddress *b)
{
    return a->port == b->port && obol_address_equal(a, b);
}

gboolean
obol_address_from_sockaddr(const struct sockaddr *from, ObolAddress *out)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    *out = (ObolAddress) { .family = from->sa_family };
    switch (from->sa_family) {
    case AF_INET:
        memcpy(&in, from, sizeof in);
        out->port = ntohs(in.sin_port);
        memcpy(out->bytes, &in.sin_addr, 4);
        return TRUE;
    case AF_INET6:
        memcpy(&in6, from, sizeof in6);
        out->port = ntohs(in6.sin6_port);
        out->scope = IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) ? in6.sin6_scope_id : 0;
        memcpy(out->bytes, &in6.sin6_addr, 16);
        return TRUE;
    default:
        out->family = 0;
        return FALSE;
    }
}

socklen_t
obol_address_to_sockaddr(const ObolAddress *address, struct sockaddr_storage *out)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(address->port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(address->port), .sin6_scope_id = address->scope };

    memset(out, 0, sizeof *out);
    if (address->family == AF_INET) {
        memcpy(&in.sin_addr, address->bytes, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (address->family == AF_INET6) {
        memcpy(&in6.sin6_addr, address->bytes, 16);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return 0;
}
