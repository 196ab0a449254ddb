/* obol/identity.h - who somebody says to be (RFC 7296 section 3.5). */
#ifndef OBOL_IDENTITY_H
#define OBOL_IDENTITY_H

#include <obol/address.h>
#include <obol/numbers.h>

G_BEGIN_DECLS

#define OBOL_IDENTITY_MAX 2048 /* bytes of identification data that we accept */

/**
 * ObolIdentity:
 * @type: #ObolIdType; 0 for "%any", which only a pattern may be
 * @n: bytes of @data
 * @data: Identification Data, as on the wire
 *
 * Immutable; one allocation; freed by g_free().
 */
typedef struct {
    guint8 type;
    guint16 n;
    guint8 data[];
} ObolIdentity;

OBOL_API ObolIdentity *obol_identity_new(guint8 type, const guint8 *data, gsize n);
OBOL_API ObolIdentity *obol_identity_dup(const ObolIdentity *id);

/**
 * obol_identity_parse:
 * @text: as in swanctl.conf: an address, "user@host", "host.name", a distinguished name "C=CH, O=x, CN=y",
 *   "@fqdn", "@@user@host", "@#hex" (KEY_ID), "%any", or with an explicit type "ipv4:", "ipv6:", "fqdn:", "email:",
 *   "asn1dn:" (text or #hex), "asn1gn:#hex", "keyid:", "xfqdn"-like types are refused.  "*.host", "*@host" and a "*" in a
 *   DN's value are wildcards, for patterns
 *
 * Returns: (transfer full): %NULL with @error naming what is wrong.
 */
OBOL_API ObolIdentity *obol_identity_parse(const char *text, GError **error);
OBOL_API ObolIdentity *obol_identity_from_address(const ObolAddress *address);
/* (transfer full): printable, anything unprintable escaped; "%any" for type 0. */
OBOL_API char *obol_identity_format(const ObolIdentity *id);
/* Octet for octet, FQDN and the host of an RFC822 address without regard to ASCII case. */
OBOL_API gboolean obol_identity_equal(const ObolIdentity *a, const ObolIdentity *b);
/* Does @pattern, from the settings, allow @id?  0: no; larger is a closer match (exact above wildcard above any). */
OBOL_API guint obol_identity_match(const ObolIdentity *pattern, const ObolIdentity *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolIdentity, g_free)

G_END_DECLS
#endif
