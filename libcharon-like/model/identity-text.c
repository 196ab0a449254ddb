/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/identity-text.c - identities as an admin writes them. */
#include <obol/identity.h>

#include <obol/settings.h>
#include <string.h>

#include "model/dn.h"
#include "model/i18n.h"

static ObolIdentity *
from_text(guint8 type, const char *text)
{
    return obol_identity_new(type, (const guint8 *) text, strlen(text));
}

static ObolIdentity *
from_hex(guint8 type, const char *hex)
{
    gsize n = strlen(hex);
    guint8 bytes[OBOL_IDENTITY_MAX];

    if (n == 0 || n % 2 != 0 || n / 2 > sizeof bytes)
        return NULL;
    for (gsize i = 0; i < n; i++) {
        int digit = g_ascii_xdigit_value(hex[i]);

        if (digit < 0)
            return NULL;
        bytes[i / 2] = (guint8) (i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
    }
    return obol_identity_new(type, bytes, n / 2);
}

static ObolIdentity *
from_address(guint8 type, const char *text)
{
    ObolAddress address;
    g_autoptr(ObolIdentity) id = NULL;

    if (!obol_address_parse(text, &address) || address.family == 0)
        return NULL;
    id = obol_identity_from_address(&address);
    return type == 0 || id->type == type ? g_steal_pointer(&id) : NULL;
}

static ObolIdentity *
from_dn(guint8 type, const char *text)
{
    g_autoptr(GByteArray) der = g_byte_array_new();

    if (*text == '#')
        return from_hex(type, text + 1);
    return obol_dn_parse(text, der) ? obol_identity_new(type, der->data, der->len) : NULL;
}

static ObolIdentity *
from_hash_hex(guint8 type, const char *text)
{
    return *text == '#' ? from_hex(type, text + 1) : NULL;
}

static ObolIdentity *
from_key_id(guint8 type, const char *text)
{
    return *text == '#' ? from_hex(type, text + 1) : from_text(type, text);
}

static const struct {
    const char *prefix;
    guint8 type;
    ObolIdentity *(*read)(guint8 type, const char *text);
} forms[] = {
    { "ipv4:", OBOL_ID_IPV4_ADDR, from_address }, { "ipv6:", OBOL_ID_IPV6_ADDR, from_address },
    { "fqdn:", OBOL_ID_FQDN, from_text },         { "dns:", OBOL_ID_FQDN, from_text },
    { "email:", OBOL_ID_RFC822_ADDR, from_text }, { "rfc822:", OBOL_ID_RFC822_ADDR, from_text },
    { "asn1dn:", OBOL_ID_DER_ASN1_DN, from_dn },  { "asn1gn:", OBOL_ID_DER_ASN1_GN, from_hash_hex },
    { "keyid:", OBOL_ID_KEY_ID, from_key_id },    { "@#", OBOL_ID_KEY_ID, from_hex },
    { "@@", OBOL_ID_RFC822_ADDR, from_text },     { "@", OBOL_ID_FQDN, from_text },
};

static ObolIdentity *
read_identity(const char *text)
{
    ObolIdentity *id;

    if (g_str_equal(text, "%any") || g_str_equal(text, "*"))
        return obol_identity_new(0, NULL, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (g_str_has_prefix(text, forms[i].prefix)) {
            const char *rest = text + strlen(forms[i].prefix);

            return *rest != '\0' ? forms[i].read(forms[i].type, rest) : NULL;
        }
    }
    if (strchr(text, '=') != NULL)
        return from_dn(OBOL_ID_DER_ASN1_DN, text);
    id = from_address(0, text);
    if (id != NULL)
        return id;
    return from_text(strchr(text, '@') != NULL ? OBOL_ID_RFC822_ADDR : OBOL_ID_FQDN, text);
}

ObolIdentity *
obol_identity_parse(const char *text, GError **error)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    ObolIdentity *id = *stripped != '\0' ? read_identity(stripped) : NULL;

    if (id == NULL)
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    _("\"%s\" is no identity: an address, host.name, user@host, \"C=CH, CN=name\", @#hex or %%any"), text);
    return id;
}
