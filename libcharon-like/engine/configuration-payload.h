/* engine/configuration-payload.h - Configuration payloads to values and back (RFC 7296 section 3.15). */
#ifndef OBOL_ENGINE_CONFIGURATION_PAYLOAD_H
#define OBOL_ENGINE_CONFIGURATION_PAYLOAD_H

#include <obol/pool.h>

#include "wire/message.h"

/* What a CFG_REQUEST asks for; zeroed: nothing. */
typedef struct {
    GArray *addresses; /* of ObolAddress: as suggested, or unset; NULL: none */
    GArray *types;     /* of guint16: all that it names; NULL: none */
} ObolConfigurationWish;

void obol_configuration_wish_clear(ObolConfigurationWish *wish);
/* @cp NULL, or of another kind: nothing is asked for.  @wish must be zeroed. */
void obol_configuration_parse_request(const ObolPayload *cp, ObolConfigurationWish *wish);
/* @wanted: of ObolAddress */
void obol_configuration_build_request(const GArray *wanted, ObolChain *chain);
/* Addresses and, of @attributes, those that are wished for. */
void obol_configuration_build_reply(const ObolConfigurationWish *wish, const GArray *addresses, const GArray *attributes,
                                    ObolChain *chain);
/* Of the first CFG_REPLY: addresses of families that are @wanted, one for each that is; and what is told with them. */
void obol_configuration_parse_reply(const ObolChain *chain, const GArray *wanted, GArray *addresses, GArray *attributes);

#endif
