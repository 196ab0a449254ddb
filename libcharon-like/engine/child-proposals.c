/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-proposals.c - what may be offered for a Child SA: what the settings say, less what this machine can not do. */
#include "engine/ike-sa-private.h"

static gboolean
kernel_can(const ObolKernelAbilities *can, const ObolTransform *t)
{
    if (can == NULL || t->type == OBOL_TRANSFORM_PRF)
        return TRUE;
    if (t->type == OBOL_TRANSFORM_ESN)
        return t->id == OBOL_ESN_NO || can->esn;
    for (const ObolTransform *known = can->transforms; known != NULL && known->type != 0; known++) {
        if (known->type == t->type && known->id == t->id && (known->key_bits == t->key_bits || t->key_bits == 0))
            return TRUE;
    }
    return t->type == OBOL_TRANSFORM_INTEG && t->id == OBOL_INTEG_NONE;
}

static gboolean
is_whole(const ObolProposal *p)
{
    guint seen = 0;
    gboolean aead = FALSE;

    for (guint i = 0; i < p->n_transforms; i++) {
        seen |= 1u << (p->transforms[i].type & 31);
        aead |= p->transforms[i].type == OBOL_TRANSFORM_ENCR && obol_encr_is_aead(p->transforms[i].id);
    }
    return ((seen & 1u << OBOL_TRANSFORM_ENCR) != 0 || p->protocol == OBOL_PROTO_AH)
           && (aead || (seen & 1u << OBOL_TRANSFORM_INTEG) != 0) && (seen & 1u << OBOL_TRANSFORM_ESN) != 0;
}

/* @from without what this machine can not do; a proposal that asks for a key exchange is none without it. */
static gboolean
usable(const ObolIkeSa *sa, const ObolProposal *from, gboolean with_ke, ObolProposal *to)
{
    gboolean asks_ke = FALSE, has_ke = FALSE;

    for (guint j = 0; j < from->n_transforms; j++) {
        const ObolTransform *t = &from->transforms[j];
        gboolean is_ke = t->type == OBOL_TRANSFORM_KE;

        asks_ke |= is_ke;
        if ((is_ke && !with_ke) || !obol_crypto_can(sa->engine->crypto, t) || (!is_ke && !kernel_can(sa->engine->abilities, t)))
            continue;
        has_ke |= is_ke;
        to->transforms[to->n_transforms++] = *t;
    }
    return is_whole(to) && (!with_ke || !asks_ke || has_ke);
}

GArray *
obol_child_proposals(const ObolIkeSa *sa, const ObolChildConfig *config, const char *phase)
{
    gboolean with_ke = g_str_equal(phase, OBOL_PHASE_CHILD);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolProposal));

    for (guint i = 0; i < config->proposals->len && list->len < OBOL_ENGINE_PROPOSALS_MAX; i++) {
        const ObolProposal *from = &g_array_index(config->proposals, ObolProposal, i);
        ObolProposal to = { .number = (guint8) (list->len + 1), .protocol = from->protocol };

        if (usable(sa, from, with_ke, &to))
            g_array_append_val(list, to);
    }
    return list;
}
