/* engine/configuration.h - virtual addresses of one IKE SA: what we ask for, what we give (RFC 7296 sections 2.19 and 3.15).
 *
 *   initiator with `vips`      CFG_REQUEST goes with the first Child SA; what CFG_REPLY brings is ours until the IKE SA ends
 *   responder with `pools`     the request waits (busy) while the pool is asked; the answer takes its addresses along
 *
 * Who asks and who gives is settled by IKE_AUTH and goes on from heir to heir, whoever makes them. */
#ifndef OBOL_ENGINE_CONFIGURATION_H
#define OBOL_ENGINE_CONFIGURATION_H

#include <obol/pool.h>

#include "engine/action.h"
#include "model/connection.h"
#include "wire/message.h"

typedef struct ObolIncoming ObolIncoming;
typedef struct ObolConfiguration ObolConfiguration;
typedef enum { OBOL_END_LOCAL, OBOL_END_REMOTE } ObolEnd;

void obol_configuration_free(ObolConfiguration *configuration);

/* --- both ends --- */
/* (transfer full): @selectors with "dynamic" as the addresses that this end has: the virtual ones where there are some. */
GArray *obol_configuration_resolve(const ObolIkeSa *sa, ObolEnd end, const GArray *selectors);
/* (transfer full): of ObolAddress: what "dynamic" stands for, once there is an answer to what was asked. */
GArray *obol_configuration_addresses(const ObolIkeSa *sa, ObolEnd end);
void obol_configuration_look(const ObolIkeSa *sa, ObolIkeInfo *info);
void obol_configuration_end(ObolIkeSa *sa, ObolActions *out); /* the IKE SA is over: what is held is released */
/* CFG_REQUEST and CFG_SET in an INFORMATIONAL request: adds the answer that is due to @answer. */
void obol_configuration_inform(const ObolChain *request, ObolChain *answer);

/* --- initiator --- */
gboolean obol_configuration_asks(const ObolIkeSa *sa);
void obol_configuration_put_request(ObolIkeSa *sa, ObolChain *chain);
void obol_configuration_take_reply(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out);
/* (transfer full): why its Child SA is not to be had, whatever it answers (section 3.15.4); NULL: it is. */
ObolReason *obol_configuration_unanswered(const ObolIkeSa *sa, const char *phase);
/* What the peer has narrowed, to what the addresses allow that it gave; NULL: nothing is left. */
GArray *obol_configuration_narrow(const ObolIkeSa *sa, const ObolChildConfig *config, const GArray *answered);

/* --- responder --- */
/* %TRUE: the pool was asked, and obol_auth_take_up() goes on when it has answered. */
gboolean obol_configuration_ask_pool(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_configuration_leased(ObolIkeSa *sa, const ObolPoolReply *reply, ObolActions *out);
/* (transfer full): why no Child SA can be had without an address; NULL: none is needed, or there is one. */
ObolReason *obol_configuration_missing(const ObolIkeSa *sa, const char *phase);
void obol_configuration_put_reply(const ObolIkeSa *sa, ObolChain *chain);

#endif
