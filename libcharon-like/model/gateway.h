/* model/gateway.h - another gateway, as a redirect names it: by an address or by a host name (RFC 5685 section 9.2). */
#ifndef OBOL_MODEL_GATEWAY_H
#define OBOL_MODEL_GATEWAY_H

#include <obol/address.h>
#include <obol/macros.h>

#define OBOL_GATEWAY_NAME_MAX 253 /* bytes of a host name (RFC 1035 section 2.3.4) */
#define OBOL_GATEWAY_WIRE_MAX (2 + OBOL_GATEWAY_NAME_MAX)

typedef struct {
    ObolAddress address; /* without port; family 0: it is a name */
    char name[OBOL_GATEWAY_NAME_MAX + 1];
} ObolGateway;

gboolean obol_gateway_parse(const char *text, ObolGateway *out); /* %FALSE: neither an address nor a host name */
const char *obol_gateway_format(const ObolGateway *gateway, char out[OBOL_GATEWAY_NAME_MAX + 1]);
gboolean obol_gateway_is_set(const ObolGateway *gateway);

/**
 * obol_gateway_read:
 * @data: what follows the header of a REDIRECT or REDIRECTED_FROM
 * @rest: (out): what follows the gateway there: the nonce, or nothing
 *
 * %FALSE: it is none.  A name is taken only when it is one of letters, digits, dots and hyphens: it goes to the resolver and into logs.
 */
gboolean obol_gateway_read(ObolSpan data, ObolGateway *out, ObolSpan *rest);
gsize obol_gateway_write(const ObolGateway *gateway, guint8 out[OBOL_GATEWAY_WIRE_MAX]); /* bytes written */

#endif
