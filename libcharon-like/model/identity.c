/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/identity.c - identities as values: made, compared, matched (RFC 7296 section 3.5, RFC 4945 section 3). */
#include <obol/identity.h>

#include <string.h>

#include "model/dn.h"

#define MATCH_ANY 1
#define MATCH_WILDCARD 2
#define MATCH_EXACT 1000

ObolIdentity *
obol_identity_new(guint8 type, const guint8 *data, gsize n)
{
    ObolIdentity *id;

    if (n > OBOL_IDENTITY_MAX)
        return NULL;
    id = g_malloc(sizeof *id + n);
    id->type = type;
    id->n = (guint16) n;
    if (n > 0)
        memcpy(id->data, data, n);
    return id;
}

ObolIdentity *
obol_identity_dup(const ObolIdentity *id)
{
    return id != NULL ? obol_identity_new(id->type, id->data, id->n) : NULL;
}

ObolIdentity *
obol_identity_from_address(const ObolAddress *address)
{
    guint8 type = address->family == AF_INET ? OBOL_ID_IPV4_ADDR : address->family == AF_INET6 ? OBOL_ID_IPV6_ADDR : 0;

    return obol_identity_new(type, address->bytes, obol_address_n_bytes(address));
}

static gboolean
equal_without_case(const guint8 *a, const guint8 *b, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (g_ascii_tolower((char) a[i]) != g_ascii_tolower((char) b[i]))
            return FALSE;
    }
    return TRUE;
}

/* Where the part begins that is a host's name and so has no case: all of an FQDN, what follows the last @ of a mailbox. */
static gsize
host_at(const ObolIdentity *id)
{
    gsize at = id->n;

    if (id->type == OBOL_ID_FQDN)
        return 0;
    while (id->type == OBOL_ID_RFC822_ADDR && at > 0 && id->data[at - 1] != '@')
        at--;
    return id->type == OBOL_ID_RFC822_ADDR ? at : id->n;
}

gboolean
obol_identity_equal(const ObolIdentity *a, const ObolIdentity *b)
{
    gsize host;

    if (a->type != b->type || a->n != b->n)
        return FALSE;
    host = host_at(a);
    return memcmp(a->data, b->data, host) == 0 && equal_without_case(a->data + host, b->data + host, a->n - host);
}

/* "*" and what ends alike: "*.example.org" for hosts, "*@example.org" for mailboxes.  At least one character is the star. */
static gboolean
matches_suffix(const ObolIdentity *pattern, const ObolIdentity *id)
{
    gsize n_suffix = pattern->n - 1u;

    return id->n > n_suffix && equal_without_case(pattern->data + 1, id->data + (id->n - n_suffix), n_suffix);
}

static gboolean
is_star(ObolSpan value)
{
    return value.n == 1 && value.data[0] == '*';
}

static gboolean
matches_dn(const ObolIdentity *pattern, const ObolIdentity *id, guint *n_exact)
{
    ObolDnPart wanted[OBOL_DN_RDNS_MAX], shown[OBOL_DN_RDNS_MAX];
    int n = obol_dn_split(pattern->data, pattern->n, wanted);

    if (n < 0 || n != obol_dn_split(id->data, id->n, shown))
        return FALSE;
    for (int i = 0; i < n; i++) {
        if (wanted[i].oid.n != shown[i].oid.n || memcmp(wanted[i].oid.data, shown[i].oid.data, wanted[i].oid.n) != 0)
            return FALSE;
        if (is_star(wanted[i].value))
            continue;
        if (wanted[i].value.n != shown[i].value.n
            || !equal_without_case(wanted[i].value.data, shown[i].value.data, wanted[i].value.n))
            return FALSE;
        ++*n_exact;
    }
    return TRUE;
}

guint
obol_identity_match(const ObolIdentity *pattern, const ObolIdentity *id)
{
    guint n_exact = 0;

    if (pattern->type == 0)
        return MATCH_ANY;
    if (obol_identity_equal(pattern, id))
        return MATCH_EXACT;
    if (pattern->type != id->type)
        return 0;
    if ((pattern->type == OBOL_ID_FQDN || pattern->type == OBOL_ID_RFC822_ADDR) && pattern->n > 1 && pattern->data[0] == '*'
        && matches_suffix(pattern, id))
        return MATCH_WILDCARD + pattern->n % MATCH_EXACT;
    if (pattern->type == OBOL_ID_DER_ASN1_DN && matches_dn(pattern, id, &n_exact))
        return MATCH_WILDCARD + n_exact;
    return 0;
}

static char *
format_bytes(const ObolIdentity *id, const char *prefix)
{
    GString *out = g_string_new(prefix);

    for (guint i = 0; i < id->n; i++)
        g_string_append_printf(out, "%02x", id->data[i]);
    return g_string_free(out, FALSE);
}

static char *
format_text(const ObolIdentity *id)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < id->n; i++) {
        if (g_ascii_isprint((char) id->data[i]) && id->data[i] != '\\')
            g_string_append_c(out, (char) id->data[i]);
        else
            g_string_append_printf(out, "\\x%02x", id->data[i]);
    }
    return g_string_free(out, FALSE);
}

static char *
format_address(const ObolIdentity *id)
{
    ObolAddress address = { .family = id->type == OBOL_ID_IPV4_ADDR ? AF_INET : AF_INET6 };
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (id->n != obol_address_n_bytes(&address))
        return format_bytes(id, "#");
    memcpy(address.bytes, id->data, id->n);
    return g_strdup(obol_address_format(&address, text));
}

char *
obol_identity_format(const ObolIdentity *id)
{
    char *dn;

    switch (id->type) {
    case 0: return g_strdup("%any");
    case OBOL_ID_IPV4_ADDR:
    case OBOL_ID_IPV6_ADDR: return format_address(id);
    case OBOL_ID_FQDN:
    case OBOL_ID_RFC822_ADDR: return format_text(id);
    case OBOL_ID_DER_ASN1_DN:
        dn = obol_dn_format(id->data, id->n);
        return dn != NULL ? dn : format_bytes(id, "asn1dn:#");
    case OBOL_ID_DER_ASN1_GN: return format_bytes(id, "asn1gn:#");
    case OBOL_ID_KEY_ID: return format_bytes(id, "@#");
    case OBOL_ID_NULL: return g_strdup("ID_NULL");
    default: return format_bytes(id, "#");
    }
}
