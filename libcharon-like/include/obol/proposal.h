/* obol/proposal.h - what can be negotiated, and what was (RFC 7296 sections 2.7 and 3.3). */
#ifndef OBOL_PROPOSAL_H
#define OBOL_PROPOSAL_H

#include <obol/numbers.h>

G_BEGIN_DECLS

#define OBOL_PROPOSAL_TRANSFORMS_MAX 64 /* of one proposal; more is refused when decoded */

/**
 * ObolTransform:
 * @type: #ObolTransformType, or a number that we do not know
 * @id: transform ID of that type
 * @key_bits: Key Length attribute, 0 when there was none
 * @foreign: an attribute that we do not understand came with it: never to be chosen (section 3.3.6)
 */
typedef struct {
    guint8 type;
    guint8 foreign;
    guint16 id;
    guint16 key_bits;
} ObolTransform;

/**
 * ObolProposal:
 * @number: Proposal Num of the wire, from 1; 0 while it is only configuration
 * @protocol: #ObolProtocol
 * @n_spi: bytes used of @spi: 0, 4 or 8
 * @transforms: in order of preference within each type
 *
 * A value: copied by assignment, owns nothing.
 */
typedef struct {
    guint8 number;
    guint8 protocol;
    guint8 n_spi;
    guint8 spi[8];
    guint16 n_transforms;
    ObolTransform transforms[OBOL_PROPOSAL_TRANSFORMS_MAX];
} ObolProposal;

/**
 * ObolSuite:
 * One algorithm of each type: the result of a negotiation.  0 where a type has no part: @integ with an AEAD, @prf of a
 * Child SA, @ke of the first Child SA.  @encr_bits is the cipher's key length without salt, also for ciphers whose
 * Key Length attribute is not sent (256 for ChaCha20-Poly1305, 192 for 3DES).
 */
typedef struct {
    guint8 protocol;
    guint8 esn;
    guint16 encr, encr_bits, integ, prf, ke;
} ObolSuite;

/* Adds a transform at the end; %FALSE when full or already there. */
OBOL_API gboolean obol_proposal_add(ObolProposal *proposal, guint8 type, guint16 id, guint16 key_bits);

/**
 * obol_proposal_parse:
 * @protocol: #ObolProtocol for which @text is meant: "default" and the rules differ
 * @text: as in swanctl.conf: "aes256gcm16-prfsha384-ecp384", "aes128-aes256-sha256-x25519-modp2048"
 * @out: (out): the proposal, number 0
 * @error: #OBOL_SETTINGS_ERROR naming the word that is unknown, or the type that is missing, doubled or not allowed
 *   (an integrity algorithm with an AEAD for ESP, NULL encryption for IKE, a PRF for ESP)
 *
 * A missing PRF of an IKE proposal is derived from the integrity algorithm.  "default" is not accepted here, see
 * obol_proposal_defaults().
 */
OBOL_API gboolean obol_proposal_parse(ObolProtocol protocol, const char *text, ObolProposal *out, GError **error);

/* (transfer full): #GArray of #ObolProposal that RFC 8247 (IKE) or RFC 8221 (ESP, AH) would approve, AEADs first. */
OBOL_API GArray *obol_proposal_defaults(ObolProtocol protocol);

/* (transfer full): "ESP:AES_GCM_16_128/NO_EXT_SEQ", for logs and reasons. */
OBOL_API char *obol_proposal_format(const ObolProposal *proposal);
OBOL_API char *obol_suite_format(const ObolSuite *suite);

/**
 * obol_proposal_select:
 * @ours, @n_ours: what the configuration allows, in our order of preference
 * @theirs, @n_theirs: what the peer sent
 * @out: (out): the chosen algorithms
 * @chosen: (out) (optional): index into @theirs
 * @lacking: (out) (optional): on failure the first transform type without overlap in the closest pair
 *
 * Ours decide the order among the proposals, theirs among nothing: each chosen proposal is one of the peer's with exactly
 * one transform of each type that it offers (section 2.7).  A type that only one side names is a mismatch, except that
 * ESN_NO and KE_NONE are understood where a type is left out, and INTEG_NONE with an AEAD.
 */
OBOL_API gboolean obol_proposal_select(const ObolProposal *ours, gsize n_ours, const ObolProposal *theirs, gsize n_theirs,
                                       ObolSuite *out, gsize *chosen, guint8 *lacking);

/* The proposal that states @suite and nothing else: what a responder answers with.  @spi of @n_spi bytes is copied. */
OBOL_API void obol_proposal_from_suite(const ObolSuite *suite, guint8 number, const guint8 *spi, guint8 n_spi,
                                       ObolProposal *out);

/**
 * obol_proposal_check_answer:
 * Initiator: is @answer, the one proposal of a response, one of @offered with one transform of each type?
 */
OBOL_API gboolean obol_proposal_check_answer(const ObolProposal *offered, gsize n_offered, const ObolProposal *answer,
                                             ObolSuite *out);

/* TRUE for combined-mode ciphers (RFC 5282): no integrity algorithm beside them. */
OBOL_API gboolean obol_encr_is_aead(guint16 encr);
/* Bytes of an integrity algorithm's ICV, which its number says (RFC 4868 and others); 0: not one that is in obol/numbers.h. */
OBOL_API gsize obol_integ_n_icv(guint16 integ);

G_END_DECLS
#endif
