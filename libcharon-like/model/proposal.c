/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/proposal.c - choosing one algorithm of each type (RFC 7296 sections 2.7, 3.3.3 and 3.3.6). */
#include <obol/proposal.h>

#include <string.h>

#define KEY_BITS_3DES 192
#define KEY_BITS_CHACHA20 256

gboolean
obol_encr_is_aead(guint16 encr)
{
    return (encr >= OBOL_ENCR_AES_CCM_8 && encr <= OBOL_ENCR_AES_CCM_16)
           || (encr >= OBOL_ENCR_AES_GCM_8 && encr <= OBOL_ENCR_NULL_AES_GMAC) || encr == OBOL_ENCR_CHACHA20_POLY1305;
}

gsize
obol_integ_n_icv(guint16 integ)
{
    switch (integ) {
    case OBOL_INTEG_HMAC_SHA1_96:
    case OBOL_INTEG_AES_XCBC_96:
    case OBOL_INTEG_AES_CMAC_96: return 12;
    case OBOL_INTEG_HMAC_SHA2_256_128: return 16;
    case OBOL_INTEG_HMAC_SHA2_384_192: return 24;
    case OBOL_INTEG_HMAC_SHA2_512_256: return 32;
    default: return 0;
    }
}

gboolean
obol_proposal_add(ObolProposal *proposal, guint8 type, guint16 id, guint16 key_bits)
{
    for (guint i = 0; i < proposal->n_transforms; i++) {
        const ObolTransform *t = &proposal->transforms[i];

        if (t->type == type && t->id == id && t->key_bits == key_bits)
            return FALSE;
    }
    if (proposal->n_transforms == OBOL_PROPOSAL_TRANSFORMS_MAX)
        return FALSE;
    proposal->transforms[proposal->n_transforms++] = (ObolTransform) { .type = type, .id = id, .key_bits = key_bits };
    return TRUE;
}

/* The types of a suite, in the order in which a missing overlap is reported. */
static const guint8 types[] = {
    OBOL_TRANSFORM_ENCR, OBOL_TRANSFORM_INTEG, OBOL_TRANSFORM_PRF, OBOL_TRANSFORM_KE, OBOL_TRANSFORM_ESN,
};

static gboolean
names_type(const ObolProposal *proposal, guint8 type)
{
    for (guint i = 0; i < proposal->n_transforms; i++) {
        if (proposal->transforms[i].type == type)
            return TRUE;
    }
    return FALSE;
}

/* The value that means "none of this type": a proposal that leaves the type out says the same (section 3.3.3). */
static gboolean
is_nothing(guint8 type, guint16 id)
{
    return id == 0 && (type == OBOL_TRANSFORM_INTEG || type == OBOL_TRANSFORM_KE || type == OBOL_TRANSFORM_ESN);
}

static gboolean
has(const ObolProposal *proposal, const ObolTransform *wanted)
{
    if (is_nothing(wanted->type, wanted->id) && !names_type(proposal, wanted->type))
        return TRUE;
    for (guint i = 0; i < proposal->n_transforms; i++) {
        const ObolTransform *t = &proposal->transforms[i];

        if (!t->foreign && t->type == wanted->type && t->id == wanted->id && t->key_bits == wanted->key_bits)
            return TRUE;
    }
    return FALSE;
}

/* Key lengths that are not on the wire (RFC 7296 section 3.3.5, RFC 7634 section 4). */
static guint16
effective_bits(const ObolTransform *t)
{
    if (t->id == OBOL_ENCR_3DES)
        return KEY_BITS_3DES;
    if (t->id == OBOL_ENCR_CHACHA20_POLY1305)
        return KEY_BITS_CHACHA20;
    return t->key_bits;
}

static void
take(ObolSuite *suite, const ObolTransform *t)
{
    switch ((ObolTransformType) t->type) {
    case OBOL_TRANSFORM_ENCR:
        suite->encr = t->id;
        suite->encr_bits = effective_bits(t);
        break;
    case OBOL_TRANSFORM_PRF: suite->prf = t->id; break;
    case OBOL_TRANSFORM_INTEG: suite->integ = t->id; break;
    case OBOL_TRANSFORM_KE: suite->ke = t->id; break;
    case OBOL_TRANSFORM_ESN: suite->esn = (guint8) t->id; break;
    case OBOL_TRANSFORM_ADDKE1:
    case OBOL_TRANSFORM_ADDKE7: break;
    }
}

/* The first of ours, of this type, that they have too.  INTEG counts for nothing beside an AEAD (RFC 5282 section 8). */
static gboolean
choose(const ObolProposal *ours, const ObolProposal *theirs, guint8 type, ObolSuite *suite)
{
    static const ObolTransform nothing[] = { { .type = OBOL_TRANSFORM_INTEG }, { .type = OBOL_TRANSFORM_KE }, { .type = OBOL_TRANSFORM_ESN } };
    gboolean we = names_type(ours, type), they = names_type(theirs, type);

    if (!we && !they)
        return TRUE;
    for (guint i = 0; i < ours->n_transforms; i++) {
        const ObolTransform *t = &ours->transforms[i];

        if (t->type == type && !t->foreign && has(theirs, t)) {
            take(suite, t);
            return TRUE;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(nothing); i++) {
        if (nothing[i].type == type && has(ours, &nothing[i]) && has(theirs, &nothing[i]))
            return TRUE;
    }
    return FALSE;
}

/* A type that we have never heard of, as ADDKE1, may not be left out of the answer: the proposal is not for us. */
static gboolean
has_strange_type(const ObolProposal *theirs)
{
    for (guint i = 0; i < theirs->n_transforms; i++) {
        if (memchr(types, theirs->transforms[i].type, sizeof types) == NULL)
            return TRUE;
    }
    return FALSE;
}

/* How many types agree: the pair with the most is the one to tell the admin about. */
static gsize
agree(const ObolProposal *ours, const ObolProposal *theirs, ObolSuite *suite)
{
    *suite = (ObolSuite) { .protocol = ours->protocol };
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!choose(ours, theirs, types[i], suite))
            return i;
    }
    return G_N_ELEMENTS(types);
}

gboolean
obol_proposal_select(const ObolProposal *ours, gsize n_ours, const ObolProposal *theirs, gsize n_theirs, ObolSuite *out,
                     gsize *chosen, guint8 *lacking)
{
    gsize closest = 0;

    for (gsize i = 0; i < n_ours; i++) {
        for (gsize j = 0; j < n_theirs; j++) {
            gsize n;
            ObolSuite suite;

            if (theirs[j].protocol != ours[i].protocol)
                continue;
            n = agree(&ours[i], &theirs[j], &suite);
            closest = MAX(closest, MIN(n, G_N_ELEMENTS(types) - 1));
            if (n < G_N_ELEMENTS(types) || has_strange_type(&theirs[j]))
                continue;
            *out = suite;
            if (chosen != NULL)
                *chosen = j;
            return TRUE;
        }
    }
    if (lacking != NULL)
        *lacking = types[closest];
    return FALSE;
}

void
obol_proposal_from_suite(const ObolSuite *suite, guint8 number, const guint8 *spi, guint8 n_spi, ObolProposal *out)
{
    gboolean sent_bits = suite->encr != OBOL_ENCR_3DES && suite->encr != OBOL_ENCR_CHACHA20_POLY1305;

    *out = (ObolProposal) { .number = number, .protocol = suite->protocol, .n_spi = n_spi };
    if (n_spi > 0)
        memcpy(out->spi, spi, MIN(n_spi, sizeof out->spi));
    if (suite->encr != 0)
        obol_proposal_add(out, OBOL_TRANSFORM_ENCR, suite->encr, sent_bits ? suite->encr_bits : 0);
    if (suite->prf != 0)
        obol_proposal_add(out, OBOL_TRANSFORM_PRF, suite->prf, 0);
    if (suite->integ != 0)
        obol_proposal_add(out, OBOL_TRANSFORM_INTEG, suite->integ, 0);
    if (suite->ke != 0)
        obol_proposal_add(out, OBOL_TRANSFORM_KE, suite->ke, 0);
    if (suite->protocol != OBOL_PROTO_IKE)
        obol_proposal_add(out, OBOL_TRANSFORM_ESN, suite->esn, 0);
}

/* One transform of each type that was offered, and nothing that was not (section 2.7). */
static gboolean
answers(const ObolProposal *offered, const ObolProposal *answer, ObolSuite *out)
{
    *out = (ObolSuite) { .protocol = answer->protocol };
    for (guint i = 0; i < answer->n_transforms; i++) {
        const ObolTransform *t = &answer->transforms[i];

        for (guint j = 0; j < i; j++) {
            if (answer->transforms[j].type == t->type)
                return FALSE;
        }
        if (t->foreign || memchr(types, t->type, sizeof types) == NULL || !has(offered, t))
            return FALSE;
        take(out, t);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        ObolTransform none = { .type = types[i] };

        if (names_type(offered, types[i]) && !names_type(answer, types[i])
            && !(is_nothing(types[i], 0) && has(offered, &none)))
            return FALSE;
    }
    return TRUE;
}

gboolean
obol_proposal_check_answer(const ObolProposal *offered, gsize n_offered, const ObolProposal *answer, ObolSuite *out)
{
    if (answer->number < 1 || answer->number > n_offered || offered[answer->number - 1].protocol != answer->protocol)
        return FALSE;
    return answers(&offered[answer->number - 1], answer, out);
}
