/* engine/crash-token.h - the token by which a daemon shows that it has lost an IKE SA (RFC 6290 section 5). */
#ifndef OBOL_ENGINE_CRASH_TOKEN_H
#define OBOL_ENGINE_CRASH_TOKEN_H

#include <obol/crypto.h>

#define OBOL_CRASH_SECRET 32      /* bytes of QCD_SECRET (section 5.1) */
#define OBOL_CRASH_TOKENS_MAX 8   /* that are looked at in one message; section 4.5 asks for four at least */
#define OBOL_CRASH_CHECKS_MAX 10  /* messages with tokens that an IKE SA looks at, a second (section 8.1) */

/**
 * obol_crash_token:
 * @secret: ours, which outlives the process
 * @we_initiated: we are (or were) its original initiator
 *
 * prf(secret, role | SPIi | SPIr).  The role is in it so that a message which only pretends to come from the other end than it can
 * come from gets a token that is worth nothing (section 9.2).
 *
 * Returns: (transfer full): a token of 16 to 64 bytes; %NULL: no plugin provides a PRF that is long enough.
 */
ObolSecret *obol_crash_token(const ObolCrypto *crypto, const ObolSecret *secret, gboolean we_initiated, guint64 spi_i, guint64 spi_r);

#endif
