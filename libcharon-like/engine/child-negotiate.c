/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-negotiate.c - what a Child SA protects and by what: offered, chosen, checked (RFC 7296 sections 1.3.1, 2.7, 2.9). */
#include "engine/ike-sa-private.h"

#include <string.h>

/* --- proposals --- */

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

GArray *
obol_child_proposals(const ObolIkeSa *sa, const ObolChildConfig *config)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolProposal));

    for (guint i = 0; i < config->proposals->len && list->len < OBOL_ENGINE_PROPOSALS_MAX; i++) {
        const ObolProposal *from = &g_array_index(config->proposals, ObolProposal, i);
        ObolProposal to = { .number = (guint8) (list->len + 1), .protocol = from->protocol };

        for (guint j = 0; j < from->n_transforms; j++) {
            const ObolTransform *t = &from->transforms[j];

            /* The first Child SA takes its keys from the IKE SA's exchange (section 1.2): KE is for CREATE_CHILD_SA. */
            if (t->type != OBOL_TRANSFORM_KE && obol_crypto_can(sa->engine->crypto, t) && kernel_can(sa->engine->abilities, t))
                to.transforms[to.n_transforms++] = *t;
        }
        if (is_whole(&to))
            g_array_append_val(list, to);
    }
    return list;
}

static void
put_spi(ObolProposal *p, guint32 spi)
{
    guint32 network = GUINT32_TO_BE(spi);

    p->n_spi = 4;
    memcpy(p->spi, &network, 4);
}

static guint32
get_spi(const ObolProposal *p)
{
    guint32 network;

    memcpy(&network, p->spi, 4);
    return GUINT32_FROM_BE(network);
}

GArray *
obol_child_resolve(const GArray *selectors, const ObolAddress *address)
{
    GArray *list = g_array_copy((GArray *) selectors);

    for (guint i = 0; i < list->len; i++)
        obol_ts_resolve(&g_array_index(list, ObolTs, i), address);
    return list;
}

/* --- initiator --- */

void
obol_child_offer(ObolIkeSa *sa, ObolChildSa *child, ObolChain *chain)
{
    g_autoptr(GArray) proposals = obol_child_proposals(sa, child->config);

    for (guint i = 0; i < proposals->len; i++)
        put_spi(&g_array_index(proposals, ObolProposal, i), child->spi_in);
    g_clear_pointer(&child->local_ts, g_array_unref);
    g_clear_pointer(&child->remote_ts, g_array_unref);
    child->local_ts = obol_child_resolve(child->config->local_ts, &sa->local);
    child->remote_ts = obol_child_resolve(child->config->remote_ts, &sa->remote);
    if (child->config->mode == OBOL_MODE_TRANSPORT)
        obol_chain_add_notify(chain, OBOL_N_USE_TRANSPORT_MODE, NULL, 0);
    obol_chain_add_sa(chain, (const ObolProposal *) proposals->data, proposals->len);
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSI, child->local_ts);
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSR, child->remote_ts);
}

static GArray *
selectors_of(const ObolPayload *payload)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    g_array_append_vals(list, payload->ts.selectors, payload->ts.n);
    return list;
}

static ObolReason *
selector_reason(ObolReasonCode code, const GArray *theirs_local, const GArray *theirs_remote, const char *what)
{
    g_autofree char *local = obol_ts_list_format(theirs_local), *remote = obol_ts_list_format(theirs_remote);

    return obol_reason_new(code, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_TS_UNACCEPTABLE, "%s: %s === %s", what, local, remote);
}

ObolReason *
obol_child_take_answer(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain)
{
    const ObolPayload *answer = obol_chain_find(chain, OBOL_PAYLOAD_SA), *tsi = obol_chain_find(chain, OBOL_PAYLOAD_TSI),
                      *tsr = obol_chain_find(chain, OBOL_PAYLOAD_TSR);
    gboolean transport = obol_chain_find_notify(chain, OBOL_N_USE_TRANSPORT_MODE) != NULL;
    g_autoptr(GArray) proposals = obol_child_proposals(sa, child->config);
    g_autoptr(GArray) local = NULL;
    g_autoptr(GArray) remote = NULL;

    if (answer == NULL || tsi == NULL || tsr == NULL || answer->sa.n != 1)
        return obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_AUTH, OBOL_SIDE_US, 0,
                               "the answer lacks SA, TSi or TSr (RFC 7296 section 1.2)");
    if (!obol_proposal_check_answer((const ObolProposal *) proposals->data, proposals->len, answer->sa.proposals, &child->suite)
        || answer->sa.proposals[0].n_spi != 4 || get_spi(answer->sa.proposals) == 0)
        return obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_AUTH, OBOL_SIDE_US, 0,
                               "the answer is not one of our proposals (RFC 7296 section 2.7)");
    child->spi_out = get_spi(answer->sa.proposals);
    local = selectors_of(tsi);
    remote = selectors_of(tsr);
    /* Section 2.9: the responder may narrow, never widen. */
    if (local->len == 0 || remote->len == 0 || !obol_ts_list_within(local, child->local_ts)
        || !obol_ts_list_within(remote, child->remote_ts))
        return selector_reason(OBOL_REASON_TS_US, local, remote, "the peer answers with more than we asked for");
    if (transport != (child->config->mode == OBOL_MODE_TRANSPORT))
        return obol_reason_new(OBOL_REASON_MODE, OBOL_PHASE_AUTH, OBOL_SIDE_US, 0, "the peer answers with %s mode",
                               transport ? "transport" : "tunnel");
    g_array_unref(child->local_ts);
    g_array_unref(child->remote_ts);
    child->local_ts = g_steal_pointer(&local);
    child->remote_ts = g_steal_pointer(&remote);
    return NULL;
}

/* --- responder --- */

typedef struct {
    const ObolChildConfig *config;
    ObolSuite suite;
    GArray *local, *remote;
    guint8 number;
    guint32 spi;
} Match;

/* One child of the settings against the request; how far it came tells which reason is the most telling. */
typedef enum { FITS_NOT_IN_SELECTORS, FITS_NOT_IN_PROPOSAL, FITS_NOT_IN_MODE, FITS } Fit;

static Fit
try_child(ObolIkeSa *sa, const ObolChildConfig *config, const ObolPayload *offer, const GArray *tsi, const GArray *tsr,
          gboolean transport, Match *out)
{
    g_autoptr(GArray) ours = obol_child_proposals(sa, config);
    g_autoptr(GArray) local = obol_child_resolve(config->local_ts, &sa->local);
    g_autoptr(GArray) remote = obol_child_resolve(config->remote_ts, &sa->remote);
    g_autoptr(GArray) narrow_local = obol_ts_narrow(local, tsr);
    g_autoptr(GArray) narrow_remote = obol_ts_narrow(remote, tsi);
    gsize chosen;

    if (narrow_local == NULL || narrow_remote == NULL)
        return FITS_NOT_IN_SELECTORS;
    if (!obol_proposal_select((const ObolProposal *) ours->data, ours->len, offer->sa.proposals, offer->sa.n, &out->suite, &chosen, NULL)
        || offer->sa.proposals[chosen].n_spi != 4 || get_spi(&offer->sa.proposals[chosen]) == 0)
        return FITS_NOT_IN_PROPOSAL;
    /* The initiator asks for transport mode; a tunnel may be had without asking (section 1.3.1). */
    if (config->mode == OBOL_MODE_TRANSPORT && !transport)
        return FITS_NOT_IN_MODE;
    out->config = config;
    out->local = g_steal_pointer(&narrow_local);
    out->remote = g_steal_pointer(&narrow_remote);
    out->number = offer->sa.proposals[chosen].number;
    out->spi = get_spi(&offer->sa.proposals[chosen]);
    return FITS;
}

static ObolReason *
reason_for(Fit best, const ObolPayload *offer, const GArray *tsi, const GArray *tsr)
{
    g_autofree char *theirs = obol_proposal_format(&offer->sa.proposals[0]);

    switch (best) {
    case FITS_NOT_IN_SELECTORS: return selector_reason(OBOL_REASON_TS_US, tsr, tsi, "the peer asks for");
    case FITS_NOT_IN_MODE:
        return obol_reason_new(OBOL_REASON_MODE, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                               "the peer asks for a tunnel, transport mode is configured");
    case FITS_NOT_IN_PROPOSAL:
    case FITS: break;
    }
    return obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN, "the peer offers %s%s",
                           theirs, offer->sa.n > 1 ? " and more" : "");
}

ObolChildSa *
obol_child_take_request(ObolIkeSa *sa, const ObolChain *chain, ObolReason **reason)
{
    const ObolPayload *offer = obol_chain_find(chain, OBOL_PAYLOAD_SA), *tsi = obol_chain_find(chain, OBOL_PAYLOAD_TSI),
                      *tsr = obol_chain_find(chain, OBOL_PAYLOAD_TSR);
    gboolean transport = obol_chain_find_notify(chain, OBOL_N_USE_TRANSPORT_MODE) != NULL;
    g_autoptr(GArray) initiators = NULL;
    g_autoptr(GArray) responders = NULL;
    Fit best = FITS_NOT_IN_SELECTORS;
    Match match;

    if (tsi == NULL || tsr == NULL) {
        *reason = obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_TS_UNACCEPTABLE,
                                  "SA comes with TSi and TSr (RFC 7296 section 1.2)");
        return NULL;
    }
    initiators = selectors_of(tsi);
    responders = selectors_of(tsr);
    for (guint i = 0; i < sa->connection->children->len; i++) {
        Fit fit = try_child(sa, g_ptr_array_index(sa->connection->children, i), offer, initiators, responders, transport, &match);

        best = MAX(best, fit);
        if (fit == FITS) {
            ObolChildSa *child = obol_child_sa_new(sa, match.config);

            child->suite = match.suite;
            child->spi_out = match.spi;
            child->local_ts = match.local;
            child->remote_ts = match.remote;
            sa->negotiation->child_number = match.number;
            return child;
        }
    }
    *reason = reason_for(best, offer, initiators, responders);
    return NULL;
}

void
obol_child_put_answer(ObolIkeSa *sa, const ObolChildSa *child, guint8 number, ObolChain *chain)
{
    guint32 spi = GUINT32_TO_BE(child->spi_in);
    ObolProposal answer;

    (void) sa;
    obol_proposal_from_suite(&child->suite, number, (const guint8 *) &spi, sizeof spi, &answer);
    if (child->mode == OBOL_MODE_TRANSPORT)
        obol_chain_add_notify(chain, OBOL_N_USE_TRANSPORT_MODE, NULL, 0);
    obol_chain_add_sa(chain, &answer, 1);
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSI, child->remote_ts);
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSR, child->local_ts);
}

guint16
obol_reason_notify(const ObolReason *reason)
{
    return reason->notify != 0 ? reason->notify : OBOL_N_NO_PROPOSAL_CHOSEN;
}
