/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-negotiate.c - what a Child SA protects and by what: offered, chosen, checked (RFC 7296 sections 1.3.1, 2.7, 2.9,
 * 2.22).  IKE_AUTH and CREATE_CHILD_SA differ in the key exchange alone: the first Child SA takes its keys from the IKE SA's. */
#include "engine/ike-sa-private.h"

#include <string.h>

#define IPCOMP_DEFLATE 2 /* section 2.22 */
#define IPCOMP_DATA 3    /* CPI and transform, without attributes */
#define CPI_FIRST 256    /* RFC 3173 section 3.3: below are those that need no negotiation */

/* --- the parts of messages --- */

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

/* --- what is told by notifications, alike in requests and answers --- */

gboolean
obol_child_wants_ipcomp(const ObolIkeSa *sa, const ObolChildConfig *config)
{
    return config->ipcomp && (sa->engine->abilities == NULL || sa->engine->abilities->ipcomp);
}

static void
put_notifies(const ObolIkeSa *sa, const ObolChildSa *child, gboolean ipcomp, ObolChain *chain)
{
    const ObolKernelAbilities *can = sa->engine->abilities;
    const guint8 data[IPCOMP_DATA] = { (guint8) (child->cpi_in >> 8), (guint8) child->cpi_in, IPCOMP_DEFLATE };

    if (child->mode == OBOL_MODE_TRANSPORT)
        obol_chain_add_notify(chain, OBOL_N_USE_TRANSPORT_MODE, NULL, 0);
    if (ipcomp)
        obol_chain_add_notify(chain, OBOL_N_IPCOMP_SUPPORTED, data, sizeof data);
    if (can != NULL && !can->tfc_padding && child->suite.protocol == OBOL_PROTO_ESP)
        obol_chain_add_notify(chain, OBOL_N_ESP_TFC_PADDING_NOT_SUPPORTED, NULL, 0);
}

/* The CPI of the offer that we can take; 0: none.  @n: how many offers there are. */
static guint16
find_cpi(const ObolChain *chain, guint *n)
{
    guint16 found = 0;

    *n = 0;
    for (guint i = 0; i < chain->n; i++) {
        const ObolNotifyPayload *notify = &chain->items[i].notify;
        guint16 cpi;

        if (chain->items[i].type != OBOL_PAYLOAD_NOTIFY || notify->type != OBOL_N_IPCOMP_SUPPORTED)
            continue;
        ++*n;
        cpi = notify->data.n >= IPCOMP_DATA ? (guint16) (notify->data.data[0] << 8 | notify->data.data[1]) : 0;
        if (found == 0 && cpi >= CPI_FIRST && notify->data.data[2] == IPCOMP_DEFLATE)
            found = cpi;
    }
    return found;
}

static void
heed_notifies(ObolChildSa *child, const ObolChain *chain)
{
    if (obol_chain_find_notify(chain, OBOL_N_ESP_TFC_PADDING_NOT_SUPPORTED) != NULL)
        child->tfc_padding = 0;
}

/* --- initiator --- */

/* The packet goes first (section 2.9), if the settings mean it at all. */
static GArray *
selectors_with_packet(const ObolIkeSa *sa, ObolEnd end, const GArray *settings, const ObolTs *packet, gboolean packet_alone)
{
    GArray *list = obol_configuration_resolve(sa, end, settings);
    gboolean within = FALSE, listed = FALSE;

    for (guint i = 0; i < list->len && packet->family != 0; i++) {
        within |= obol_ts_contains(&g_array_index(list, ObolTs, i), packet);
        listed |= obol_ts_equal(&g_array_index(list, ObolTs, i), packet);
    }
    if (within && packet_alone)
        g_array_set_size(list, 0);
    if (within && (packet_alone || !listed))
        g_array_prepend_val(list, *packet);
    return list;
}

/* A child in another's place asks for what that one has: never less, and no packet (section 2.9.2); one that changes another one's
 * selectors for what the admin wants. */
static void
choose_selectors(ObolIkeSa *sa, ObolChildSa *child)
{
    static const ObolTs none;
    const ObolChildNegotiation *n = child->negotiation;
    /* It came from the address that we had without the tunnel. */
    const ObolTs *source = obol_configuration_asks(sa) ? &none : &n->packet[0];

    if ((child->replaces != 0 || child->adjusts != 0 || child->adjusted) && child->local_ts != NULL)
        return;
    g_clear_pointer(&child->local_ts, g_array_unref);
    g_clear_pointer(&child->remote_ts, g_array_unref);
    child->local_ts = selectors_with_packet(sa, OBOL_END_LOCAL, child->config->local_ts, source, n->single_pair);
    child->remote_ts = selectors_with_packet(sa, OBOL_END_REMOTE, child->config->remote_ts, &n->packet[1], n->single_pair);
    if (child->mode == OBOL_MODE_TRANSPORT && obol_transport_is_translated(sa)) {
        obol_transport_narrow(child->local_ts, &sa->local);
        obol_transport_narrow(child->remote_ts, &sa->remote);
    }
}

void
obol_child_offer(ObolIkeSa *sa, ObolChildSa *child, ObolChain *chain)
{
    ObolChildNegotiation *n = child->negotiation;

    g_clear_pointer(&n->proposals, g_array_unref);
    n->proposals = obol_child_proposals(sa, child->config, n->phase);
    for (guint i = 0; i < n->proposals->len; i++)
        put_spi(&g_array_index(n->proposals, ObolProposal, i), child->spi_in);
    choose_selectors(sa, child);
    put_notifies(sa, child, child->cpi_in != 0, chain);
    obol_chain_add_sa(chain, (const ObolProposal *) n->proposals->data, n->proposals->len);
    if (g_str_equal(n->phase, OBOL_PHASE_CHILD)) {
        obol_chain_add_nonce(chain, n->agreement.nonce, sizeof n->agreement.nonce);
        if (n->agreement.group != OBOL_KE_NONE)
            obol_chain_add_ke(chain, n->agreement.group, n->agreement.public_value, n->agreement.ke->n_initiator);
    }
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
selector_reason(ObolReasonCode code, const char *phase, const GArray *theirs_local, const GArray *theirs_remote, const char *what)
{
    g_autofree char *local = obol_ts_list_format(theirs_local), *remote = obol_ts_list_format(theirs_remote);

    return obol_reason_new(code, phase, OBOL_SIDE_US, OBOL_N_TS_UNACCEPTABLE, "%s: %s === %s", what, local, remote);
}

/* It was asked for with all that our addresses might come to be. */
static gboolean
was_open(const ObolIkeSa *sa, const ObolChildSa *child)
{
    return obol_configuration_asks(sa) && child->replaces == 0 && child->adjusts == 0 && !child->adjusted;
}

/* Section 2.9: the responder may narrow, never widen; and 2.9.2: not at all what is in use already. */
static ObolReason *
take_selectors(ObolIkeSa *sa, ObolChildSa *child, const ObolPayload *tsi, const ObolPayload *tsr)
{
    const char *phase = child->negotiation->phase;
    const ObolChildSa *old = child->replaces != 0 ? obol_child_sa_find(sa, child->replaces) : NULL;
    g_autoptr(GArray) local = selectors_of(tsi);
    g_autoptr(GArray) remote = selectors_of(tsr);
    GArray *own;

    if (child->mode == OBOL_MODE_TRANSPORT && obol_transport_is_translated(sa)) {
        ObolOriginal original;

        if (!obol_transport_substitute(sa, local, remote, &original))
            return selector_reason(OBOL_REASON_TS_US, phase, local, remote, "transport mode has one address at each end, the peer answers with");
        obol_child_sa_set_original(child, &original);
    }
    if (local->len == 0 || remote->len == 0 || !obol_ts_list_within(local, child->local_ts)
        || !obol_ts_list_within(remote, child->remote_ts))
        return selector_reason(OBOL_REASON_TS_US, phase, local, remote, "the peer answers with more than we asked for");
    if (old != NULL && (!obol_ts_list_within(old->local_ts, local) || !obol_ts_list_within(old->remote_ts, remote)))
        return selector_reason(OBOL_REASON_TS_US, phase, local, remote,
                               "the peer answers a rekeying with less than is in use (RFC 7296 section 2.9.2)");
    own = was_open(sa, child) ? obol_configuration_narrow(sa, child->config, local) : g_array_ref(local);
    if (own == NULL)
        return selector_reason(OBOL_REASON_TS_US, phase, local, remote, "the peer's answer leaves out the address that it gave us");
    if (child->adjusts != 0)
        child->negotiation->verdict = obol_selectors_verdict(child, local, remote);
    g_array_unref(child->local_ts);
    g_array_unref(child->remote_ts);
    child->local_ts = own;
    child->remote_ts = g_steal_pointer(&remote);
    return NULL;
}

/* Section 2.22: one of those that were offered, or none. */
static ObolReason *
take_ipcomp(ObolChildSa *child, const ObolChain *chain)
{
    guint n;

    child->cpi_out = find_cpi(chain, &n);
    if (n == 0 || (n == 1 && child->cpi_out != 0 && child->cpi_in != 0))
        return NULL;
    child->cpi_out = 0;
    return obol_reason_new(OBOL_REASON_PROPOSAL_US, child->negotiation->phase, OBOL_SIDE_US, 0,
                           "the answer has IPComp that was not offered (RFC 7296 section 2.22)");
}

ObolReason *
obol_child_take_answer(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain)
{
    const ObolPayload *answer = obol_chain_find(chain, OBOL_PAYLOAD_SA), *tsi = obol_chain_find(chain, OBOL_PAYLOAD_TSI),
                      *tsr = obol_chain_find(chain, OBOL_PAYLOAD_TSR);
    gboolean transport = obol_chain_find_notify(chain, OBOL_N_USE_TRANSPORT_MODE) != NULL;
    const ObolChildNegotiation *n = child->negotiation;
    ObolReason *reason;

    if (answer == NULL || tsi == NULL || tsr == NULL || answer->sa.n != 1)
        return obol_reason_new(OBOL_REASON_SYNTAX, n->phase, OBOL_SIDE_US, 0, "the answer lacks SA, TSi or TSr (RFC 7296 section 1.2)");
    if (!obol_proposal_check_answer((const ObolProposal *) n->proposals->data, n->proposals->len, answer->sa.proposals, &child->suite)
        || answer->sa.proposals[0].n_spi != 4 || get_spi(answer->sa.proposals) == 0)
        return obol_reason_new(OBOL_REASON_PROPOSAL_US, n->phase, OBOL_SIDE_US, 0,
                               "the answer is not one of our proposals (RFC 7296 section 2.7)");
    child->spi_out = get_spi(answer->sa.proposals);
    reason = obol_configuration_unanswered(sa, n->phase);
    if (reason == NULL)
        reason = take_selectors(sa, child, tsi, tsr);
    if (reason == NULL)
        reason = take_ipcomp(child, chain);
    if (reason == NULL && transport != (child->mode == OBOL_MODE_TRANSPORT))
        reason = obol_reason_new(OBOL_REASON_MODE, n->phase, OBOL_SIDE_US, 0, "the peer answers with %s mode",
                                 transport ? "transport" : "tunnel");
    heed_notifies(child, chain);
    if (obol_chain_find_notify(chain, OBOL_N_ADDITIONAL_TS_POSSIBLE) != NULL)
        child->negotiation->more_possible = TRUE;
    return reason;
}

/* --- responder --- */

/* What the peer asks for. */
typedef struct {
    const char *phase;
    const ObolPayload *offer;
    GArray *tsi, *tsr; /* owned */
    gboolean transport;
    guint modes;           /* bits of 1 << ObolMode that are to be had */
    ObolOriginal original; /* where other addresses were put into @tsi and @tsr: what the peer said; else family 0 */
    const ObolChildSa *old; /* to be replaced; NULL: none */
    ObolChildHow how;
} Wish;

/* @tsi, @tsr: (transfer full) */
static void
wish_set_selectors(Wish *wish, GArray *tsi, GArray *tsr)
{
    g_clear_pointer(&wish->tsi, g_array_unref);
    g_clear_pointer(&wish->tsr, g_array_unref);
    wish->tsi = tsi;
    wish->tsr = tsr;
}

static void
wish_clear(Wish *wish)
{
    wish_set_selectors(wish, NULL, NULL);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wish, wish_clear)

typedef struct {
    const ObolChildConfig *config;
    ObolSuite suite;
    GArray *local, *remote;
    guint8 number;
    guint32 spi;
} Match;

/* One child of the settings against the request; how far it came tells which reason is the most telling. */
typedef enum { FITS_NOT_IN_SELECTORS, FITS_NOT_IN_PROPOSAL, FITS_NOT_IN_MODE, FITS } Fit;

/* What is allowed: what the settings say.  Where our admin has changed it, it is what the old one has that may be rekeyed (a peer may
 * ask for what its settings say); and what it has may be kept where the peer's admin changes the rest. */
static GArray *
allowed(const ObolIkeSa *sa, ObolEnd end, const GArray *settings, const GArray *old_ts, const Wish *wish)
{
    gboolean adjusted = wish->old != NULL && wish->old->adjusted;
    GArray *list = obol_configuration_resolve(sa, end, settings);

    if (adjusted && wish->how == OBOL_REKEYS)
        g_array_set_size(list, 0);
    if (adjusted)
        g_array_append_vals(list, old_ts->data, old_ts->len);
    return list;
}

static gboolean
narrow(ObolIkeSa *sa, const ObolChildConfig *config, const Wish *wish, GArray **local, GArray **remote)
{
    const ObolChildSa *old = wish->old;
    g_autoptr(GArray) ours = allowed(sa, OBOL_END_LOCAL, config->local_ts, old != NULL ? old->local_ts : NULL, wish);
    g_autoptr(GArray) theirs = allowed(sa, OBOL_END_REMOTE, config->remote_ts, old != NULL ? old->remote_ts : NULL, wish);

    *local = obol_ts_narrow(ours, wish->tsr);
    *remote = obol_ts_narrow(theirs, wish->tsi);
    /* Section 2.9.2: a rekeying never gives less than what is in use. */
    return *local != NULL && *remote != NULL
           && (wish->how != OBOL_REKEYS
               || (obol_ts_list_within(wish->old->local_ts, *local) && obol_ts_list_within(wish->old->remote_ts, *remote)));
}

static Fit
try_child(ObolIkeSa *sa, const ObolChildConfig *config, const Wish *wish, Match *out)
{
    g_autoptr(GArray) ours = obol_child_proposals(sa, config, wish->phase);
    g_autoptr(GArray) local = NULL;
    g_autoptr(GArray) remote = NULL;
    const ObolProposal *theirs = wish->offer->sa.proposals;
    gsize chosen;

    if ((wish->modes & 1u << config->mode) == 0 || !narrow(sa, config, wish, &local, &remote))
        return FITS_NOT_IN_SELECTORS;
    if (!obol_proposal_select((const ObolProposal *) ours->data, ours->len, theirs, wish->offer->sa.n, &out->suite, &chosen, NULL)
        || theirs[chosen].n_spi != 4 || get_spi(&theirs[chosen]) == 0)
        return FITS_NOT_IN_PROPOSAL;
    /* The initiator asks for transport mode; a tunnel may be had without asking (section 1.3.1). */
    if (config->mode == OBOL_MODE_TRANSPORT && !wish->transport)
        return FITS_NOT_IN_MODE;
    out->config = config;
    out->local = g_steal_pointer(&local);
    out->remote = g_steal_pointer(&remote);
    out->number = theirs[chosen].number;
    out->spi = get_spi(&theirs[chosen]);
    return FITS;
}

static ObolReason *
reason_for(Fit best, const Wish *wish)
{
    g_autofree char *theirs = obol_proposal_format(&wish->offer->sa.proposals[0]);

    switch (best) {
    case FITS_NOT_IN_SELECTORS: return selector_reason(OBOL_REASON_TS_US, wish->phase, wish->tsr, wish->tsi, "the peer asks for");
    case FITS_NOT_IN_MODE:
        return obol_reason_new(OBOL_REASON_MODE, wish->phase, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                               "the peer asks for a tunnel, transport mode is configured");
    case FITS_NOT_IN_PROPOSAL:
    case FITS: break;
    }
    return obol_reason_new(OBOL_REASON_PROPOSAL_US, wish->phase, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN, "the peer offers %s%s",
                           theirs, wish->offer->sa.n > 1 ? " and more" : "");
}

/* Do other settings allow more of what was asked for?  The peer may come for it again (section 2.9). */
static gboolean
more_is_possible(ObolIkeSa *sa, const ObolChildConfig *chosen, const Wish *wish)
{
    for (guint i = 0; i < sa->connection->children->len && wish->old == NULL; i++) {
        const ObolChildConfig *config = g_ptr_array_index(sa->connection->children, i);
        g_autoptr(GArray) local = NULL;
        g_autoptr(GArray) remote = NULL;

        if (config != chosen && (wish->modes & 1u << config->mode) != 0 && narrow(sa, config, wish, &local, &remote))
            return TRUE;
    }
    return FALSE;
}

static ObolChildSa *
new_child(ObolIkeSa *sa, const Match *match, const Wish *wish, const ObolChain *chain)
{
    ObolChildSa *child = obol_child_sa_new(sa, match->config);
    guint n_offers;

    obol_child_begin(sa, child, OBOL_RESPONDER, wish->phase);
    child->suite = match->suite;
    child->spi_out = match->spi;
    child->local_ts = match->local;
    child->remote_ts = match->remote;
    if (wish->original.local.family != 0)
        obol_child_sa_set_original(child, &wish->original);
    child->negotiation->number = match->number;
    child->negotiation->more_possible = more_is_possible(sa, match->config, wish);
    if (obol_child_wants_ipcomp(sa, match->config))
        child->cpi_out = child->negotiation->cpi_wanted = find_cpi(chain, &n_offers);
    if (wish->old != NULL) {
        child->replaces = wish->old->unique_id;
        child->reqid = wish->old->reqid;
        child->adjusted = wish->old->adjusted;
    }
    heed_notifies(child, chain);
    return child;
}

/* The first that fits; else how far the best came. */
static Fit
find_match(ObolIkeSa *sa, const Wish *wish, Match *match)
{
    Fit best = FITS_NOT_IN_SELECTORS;

    for (guint i = 0; i < sa->connection->children->len && best != FITS; i++) {
        const ObolChildConfig *config = g_ptr_array_index(sa->connection->children, i);

        if (wish->old == NULL || wish->old->config == config)
            best = MAX(best, try_child(sa, config, wish, match));
    }
    return best;
}

/* Section 2.23.1: through a NAT transport mode is looked for by the addresses that are seen here; where it is not to be had, a tunnel is,
 * by those that the peer says. */
static Fit
find_child(ObolIkeSa *sa, Wish *wish, Match *match)
{
    g_autoptr(GArray) initiators = NULL;
    g_autoptr(GArray) responders = NULL;
    Fit best = FITS_NOT_IN_SELECTORS;

    wish->modes = G_MAXUINT;
    if (!wish->transport || !obol_transport_is_translated(sa))
        return find_match(sa, wish, match);
    initiators = g_array_ref(wish->tsi);
    responders = g_array_ref(wish->tsr);
    wish_set_selectors(wish, g_array_copy(initiators), g_array_copy(responders));
    if (obol_transport_substitute(sa, wish->tsr, wish->tsi, &wish->original)) {
        wish->modes = 1u << OBOL_MODE_TRANSPORT;
        best = find_match(sa, wish, match);
    }
    if (best == FITS)
        return best;
    wish_set_selectors(wish, g_steal_pointer(&initiators), g_steal_pointer(&responders));
    wish->original = (ObolOriginal) { 0 };
    wish->modes = ~(1u << OBOL_MODE_TRANSPORT);
    return MAX(best, find_match(sa, wish, match));
}

ObolChildSa *
obol_child_take_request(ObolIkeSa *sa, const ObolChain *chain, const char *phase, const ObolChildSa *old, ObolChildHow how,
                        ObolReason **reason)
{
    const ObolPayload *tsi = obol_chain_find(chain, OBOL_PAYLOAD_TSI), *tsr = obol_chain_find(chain, OBOL_PAYLOAD_TSR);
    g_auto(Wish) wish = { .phase = phase, .offer = obol_chain_find(chain, OBOL_PAYLOAD_SA), .old = old, .how = how };
    Match match;
    Fit best;

    *reason = obol_configuration_missing(sa, phase);
    if (*reason != NULL)
        return NULL;
    if (tsi == NULL || tsr == NULL) {
        *reason = obol_reason_new(OBOL_REASON_SYNTAX, phase, OBOL_SIDE_US, OBOL_N_TS_UNACCEPTABLE,
                                  "SA comes with TSi and TSr (RFC 7296 section 1.2)");
        return NULL;
    }
    wish_set_selectors(&wish, selectors_of(tsi), selectors_of(tsr));
    wish.transport = obol_chain_find_notify(chain, OBOL_N_USE_TRANSPORT_MODE) != NULL;
    best = find_child(sa, &wish, &match);
    if (best != FITS && how == OBOL_ADJUSTS) {
        wish.old = NULL; /* other settings may allow it: then it is any new child */
        wish.how = OBOL_BESIDE;
        best = find_child(sa, &wish, &match);
    }
    if (best == FITS)
        return new_child(sa, &match, &wish, chain);
    *reason = reason_for(best, &wish);
    return NULL;
}

void
obol_child_put_answer(ObolIkeSa *sa, const ObolChildSa *child, ObolChain *chain)
{
    const ObolChildNegotiation *n = child->negotiation;
    guint32 spi = GUINT32_TO_BE(child->spi_in);
    ObolProposal answer;

    obol_proposal_from_suite(&child->suite, n->number, (const guint8 *) &spi, sizeof spi, &answer);
    put_notifies(sa, child, child->cpi_in != 0 && child->cpi_out != 0, chain);
    if (n->more_possible)
        obol_chain_add_notify(chain, OBOL_N_ADDITIONAL_TS_POSSIBLE, NULL, 0);
    obol_chain_add_sa(chain, &answer, 1);
    if (g_str_equal(n->phase, OBOL_PHASE_CHILD)) {
        obol_chain_add_nonce(chain, n->agreement.nonce, sizeof n->agreement.nonce);
        if (n->agreement.group != OBOL_KE_NONE)
            obol_chain_add_ke(chain, n->agreement.group, n->agreement.public_value, n->agreement.ke->n_responder);
    }
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSI, child->remote_ts);
    obol_chain_add_ts(chain, OBOL_PAYLOAD_TSR, child->local_ts);
}

/* --- both --- */

static gboolean
any_contains(const GArray *list, const ObolTs *one)
{
    for (guint i = 0; i < list->len; i++) {
        if (obol_ts_contains(&g_array_index(list, ObolTs, i), one))
            return TRUE;
    }
    return FALSE;
}

gboolean
obol_child_covers(const ObolChildSa *child, const ObolTs *source, const ObolTs *destination)
{
    return any_contains(child->local_ts, source) && any_contains(child->remote_ts, destination);
}
