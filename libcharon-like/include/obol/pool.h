/* obol/pool.h - what a gateway gives its peers beside keys: virtual addresses, and what they are told of the network behind it
 * (RFC 7296 sections 2.19 and 3.15). */
#ifndef OBOL_POOL_H
#define OBOL_POOL_H

#include <obol/address.h>
#include <obol/identity.h>
#include <obol/ts.h>

G_BEGIN_DECLS

#define OBOL_VIRTUAL_ADDRESSES_MAX 4 /* of one peer; what it asks for beyond them is not looked at */
#define OBOL_ATTRIBUTES_MAX 64       /* of one pool, and of one answer */
#define OBOL_ATTRIBUTE_MAX 255       /* bytes of one value */

/**
 * ObolAttribute:
 * @type: an #ObolCpAttributeType
 * @value: as on the wire, @n bytes; owned by the list that it is in
 */
typedef struct {
    guint16 type;
    guint16 n;
    guint8 *value;
} ObolAttribute;

/* (transfer full): an empty list; a #GArray of #ObolAttribute that frees their values. */
OBOL_API GArray *obol_attributes_new(void);
OBOL_API void obol_attributes_add(GArray *list, guint16 type, const guint8 *value, gsize n);
OBOL_API void obol_attributes_add_all(GArray *list, const GArray *more);
/* (transfer full): the value in words: an address, "10.0.0.0/8", a domain; hexadecimal digits where it is none of these. */
OBOL_API char *obol_attribute_format(const ObolAttribute *attribute);

/**
 * ObolPoolRequest:
 * @identity: the peer's, authentic
 * @pools: names of pools, in the order in which they are tried; ended by %NULL
 * @addresses: of #ObolAddress.  Of a lease what the peer would like: a family, and the address that it had before, or no bytes at
 *   all.  Of a release what it has.
 */
typedef struct {
    ObolIdentity *identity;
    char **pools;
    GArray *addresses;
} ObolPoolRequest;

OBOL_API ObolPoolRequest *obol_pool_request_new(const ObolIdentity *identity, const char *const *pools, const GArray *addresses);
OBOL_API void obol_pool_request_free(ObolPoolRequest *request);

/**
 * ObolPoolReply:
 * @addresses: of #ObolAddress: at most one for each that was asked for; none, or %NULL: there is none to be had
 * @attributes: of #ObolAttribute: what the pools that they come from have to tell
 */
typedef struct {
    GArray *addresses;
    GArray *attributes;
} ObolPoolReply;

/* @n_holders: IKE SAs of @identity that hold it; 0: it is kept for when it comes again. */
typedef void (*ObolLeaseVisit)(const ObolIdentity *identity, const ObolAddress *address, guint n_holders, gpointer data);

/* Is nothing but the family said? */
OBOL_API gboolean obol_address_is_unset(const ObolAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPoolRequest, obol_pool_request_free)

G_END_DECLS
#endif
