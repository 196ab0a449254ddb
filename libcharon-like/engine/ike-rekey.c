/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-rekey.c - CREATE_CHILD_SA for the IKE SA itself, both ends of it (RFC 7296 sections 1.3.2 and 2.18).
 *
 * What it makes is a whole ObolIkeSa, which lies in the old one until succession.c gives it to the world:
 *
 *                 initiator                                     responder
 *   PREPARING     public value; then the request                -
 *   ASKED         the answer                                    -
 *   AGREEING      shared secret; then it is ready               shared secret; then the answer, and it is ready */
#include "engine/ike-sa-private.h"

#include <string.h>

#define SPI_SIZE 8
#define GROUP_RETRIES_MAX 1 /* section 1.3: the peer has one try */

static guint64
own_spi(const ObolIkeSa *successor)
{
    return successor->role == OBOL_INITIATOR ? successor->spi_i : successor->spi_r;
}

static void
set_peers_spi(ObolIkeSa *successor, guint64 spi)
{
    *(successor->role == OBOL_INITIATOR ? &successor->spi_r : &successor->spi_i) = spi;
}

static void
put_spi(guint8 out[SPI_SIZE], guint64 spi)
{
    guint64 wire = GUINT64_TO_BE(spi);

    memcpy(out, &wire, SPI_SIZE);
}

/* 0: it has none, and there is none that is 0 (section 3.1). */
static guint64
spi_of(const ObolProposal *proposal)
{
    guint64 wire = 0;

    if (proposal->n_spi == SPI_SIZE)
        memcpy(&wire, proposal->spi, SPI_SIZE);
    return GUINT64_FROM_BE(wire);
}

/* As for IKE_SA_INIT, but with the new SPI in each, and never without a key exchange (section 2.18). */
static GArray *
proposals_of(const ObolIkeSa *successor)
{
    GArray *list = obol_init_proposals(successor, successor->connection);

    for (guint i = 0; i < list->len; i++) {
        ObolProposal *p = &g_array_index(list, ObolProposal, i);

        p->n_spi = SPI_SIZE;
        put_spi(p->spi, own_spi(successor));
    }
    return list;
}

static ObolReason *
refusal(ObolReasonCode code, guint16 notify, const char *facts)
{
    return obol_reason_new(code, OBOL_PHASE_CHILD, OBOL_SIDE_US, notify, facts != NULL ? "%s" : NULL, facts);
}

/* --- keys --- */

/* Section 2.18: SKEYSEED by the old SA's PRF and SK_d, all else by the new one's suite and SPIs. */
static gboolean
derive(const ObolIkeSa *sa, ObolIkeSa *successor, GError **error)
{
    const ObolAgreement *a = &successor->negotiation->agreement;
    ObolSpan ni = obol_agreement_nonce(a, OBOL_INITIATOR), nr = obol_agreement_nonce(a, OBOL_RESPONDER);
    const ObolMacVtable *prf = obol_crypto_prf(sa->engine->crypto, sa->suite.prf);
    g_autoptr(ObolSecret) seed = obol_skeyseed_rekey(prf, obol_ike_keys_get(&sa->keys, OBOL_SK_D), a->secret, ni, nr, error);

    return seed != NULL
           && obol_ike_keys_derive(sa->engine->crypto, &successor->suite, seed, ni, nr, successor->spi_i, successor->spi_r,
                                   &successor->keys, error);
}

static void
keep_nonce(ObolAgreement *a, const ObolPayload *nonce)
{
    g_clear_pointer(&a->peer_nonce, g_bytes_unref);
    a->peer_nonce = g_bytes_new(nonce->bytes.data, nonce->bytes.n);
}

/* --- initiator --- */

static void
prepare(ObolIkeSa *sa, ObolIkeSa *ours, guint16 group, ObolActions *out)
{
    ObolNegotiation *n = ours->negotiation;

    obol_window_prepare(sa, OBOL_TASK_REKEY_IKE, ours->unique_id);
    n->stage = OBOL_STAGE_PREPARING;
    obol_agreement_init(sa, &n->agreement, OBOL_INITIATOR);
    obol_agreement_offer(sa, &n->agreement, group, out);
}

void
obol_ike_rekey_start(ObolIkeSa *sa, ObolActions *out)
{
    ObolIkeSa *ours;
    GArray *proposals;

    if (sa->state != OBOL_IKE_ESTABLISHED || obol_succession_is_open(sa))
        return;
    ours = sa->successors[OBOL_INITIATOR] = obol_ike_sa_new_successor(sa, OBOL_INITIATOR);
    proposals = ours->negotiation->proposals = proposals_of(ours);
    if (proposals->len == 0) {
        obol_succession_failed(sa, refusal(OBOL_REASON_CONFIG, 0, "no plugin provides the algorithms of its proposals"), out);
        return;
    }
    obol_ike_sa_log(sa, out, 1, "IKE SA %s #%u is rekeyed", sa->connection->name, sa->unique_id);
    /* The group that the old one has is the one that the peer is sure to take. */
    prepare(sa, ours, obol_proposals_have_group(proposals, sa->suite.ke) ? sa->suite.ke : obol_proposals_first_group(proposals), out);
}

static void
send_request(ObolIkeSa *sa, ObolIkeSa *ours, ObolActions *out)
{
    ObolNegotiation *n = ours->negotiation;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    if (sa->state != OBOL_IKE_ESTABLISHED) {
        obol_succession_failed(sa, refusal(OBOL_REASON_DELETED_BY_US, 0, NULL), out);
        return;
    }
    obol_chain_add_sa(&chain, (const ObolProposal *) n->proposals->data, n->proposals->len);
    obol_chain_add_nonce(&chain, n->agreement.nonce, sizeof n->agreement.nonce);
    obol_chain_add_ke(&chain, n->agreement.group, n->agreement.public_value, n->agreement.ke->n_initiator);
    datagram = obol_sk_seal(sa, OBOL_CREATE_CHILD_SA, FALSE, sa->next_request_id, &chain, out);
    if (datagram == NULL) {
        obol_succession_failed(sa, refusal(OBOL_REASON_CRYPTO, 0, NULL), out);
        return;
    }
    n->stage = OBOL_STAGE_ASKED;
    obol_window_request(sa, OBOL_TASK_REKEY_IKE, ours->unique_id, OBOL_CREATE_CHILD_SA, datagram, out);
}

gboolean
obol_ike_rekey_asks(const ObolIkeSa *sa, const ObolRequest *asked)
{
    const ObolIkeSa *ours = sa->successors[OBOL_INITIATOR];

    return ours != NULL && ours->unique_id == asked->about && ours->negotiation->stage == OBOL_STAGE_ASKED;
}

/* The peer has an IKE SA now that we can not speak on, and maybe has moved the children there: nothing is left to be saved, and it
 * is better to begin anew than to find out by and by. */
static void
broken_answer(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    obol_ike_sa_fail(sa, reason, out);
    obol_succession_drop(sa, OBOL_INITIATOR);
    if (sa->peer_deleted)
        obol_ike_sa_end(sa, reason, out);
    else if (sa->successors[OBOL_RESPONDER] != NULL)
        obol_reason_free(reason); /* theirs is good */
    else
        obol_ike_sa_close(sa, reason, out);
}

static const char *
take_answer(ObolIkeSa *ours, const ObolChain *chain)
{
    const ObolPayload *answer = obol_chain_find(chain, OBOL_PAYLOAD_SA), *nonce = obol_chain_find(chain, OBOL_PAYLOAD_NONCE),
                      *ke = obol_chain_find(chain, OBOL_PAYLOAD_KE);
    ObolNegotiation *n = ours->negotiation;

    if (obol_chain_count(chain, OBOL_PAYLOAD_SA) != 1 || obol_chain_count(chain, OBOL_PAYLOAD_NONCE) != 1
        || obol_chain_count(chain, OBOL_PAYLOAD_KE) != 1)
        return "a response has SA, Nr and KEr once each (RFC 7296 section 1.3.2)";
    if (answer->sa.n != 1 || spi_of(answer->sa.proposals) == 0)
        return "a response has one proposal, with the new SPI (RFC 7296 section 1.3.2)";
    if (!obol_proposal_check_answer((const ObolProposal *) n->proposals->data, n->proposals->len, answer->sa.proposals, &ours->suite))
        return "the answer is not one of our proposals with one transform of each type (RFC 7296 section 2.7)";
    if (ours->suite.ke == OBOL_KE_NONE || ke->ke.group != ours->suite.ke || n->agreement.group != ours->suite.ke)
        return "the answer chooses a group and has no public value of it that we could use (RFC 7296 section 2.18)";
    set_peers_spi(ours, spi_of(answer->sa.proposals));
    keep_nonce(&n->agreement, nonce);
    obol_crash_take(ours, chain);
    return NULL;
}

static void
refused(ObolIkeSa *sa, ObolIkeSa *ours, const ObolNotifyPayload *error, ObolActions *out)
{
    ObolNegotiation *n = ours->negotiation;
    guint16 group = obol_agreement_other_group(&n->agreement, n->proposals, error);

    if (group != OBOL_KE_NONE && n->n_group_retries < GROUP_RETRIES_MAX && sa->state == OBOL_IKE_ESTABLISHED) {
        n->n_group_retries++;
        prepare(sa, ours, group, out);
        return;
    }
    obol_create_out_of_step(sa, error, out);
    obol_succession_failed(sa, obol_reason_of_notify(OBOL_PHASE_CHILD, error->type), out);
}

void
obol_ike_rekey_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolIkeSa *ours = sa->successors[OBOL_INITIATOR];
    const ObolPayload *error = obol_chain_first_error(in->chain);
    const char *fault;

    if (error != NULL) {
        refused(sa, ours, &error->notify, out);
        return;
    }
    sa->temporary_since_us = 0;
    fault = take_answer(ours, in->chain);
    if (fault != NULL) {
        broken_answer(sa, refusal(OBOL_REASON_SYNTAX, 0, fault), out);
        return;
    }
    obol_window_prepare(sa, OBOL_TASK_REKEY_IKE, ours->unique_id); /* nothing else is asked on this one before it is known whether that goes on */
    ours->negotiation->stage = OBOL_STAGE_AGREEING;
    obol_agreement_complete(sa, &ours->negotiation->agreement, obol_chain_find(in->chain, OBOL_PAYLOAD_KE)->ke.data, out);
}

/* --- responder --- */

/* The first proposal in our order that is in theirs too, with a key exchange; NULL: it is @chosen. */
static ObolReason *
choose(const ObolIkeSa *sa, const ObolPayload *offer, ObolSuite *suite, gsize *chosen)
{
    g_autoptr(GArray) ours = obol_init_proposals(sa, sa->connection);
    guint8 lacking = 0;

    if (!obol_proposal_select((const ObolProposal *) ours->data, ours->len, offer->sa.proposals, offer->sa.n, suite, chosen, &lacking)) {
        g_autofree char *theirs = obol_proposal_format(&offer->sa.proposals[0]);

        return obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_CHILD, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                               "the peer offers %s%s; transform type %u has nothing in common with ours", theirs,
                               offer->sa.n > 1 ? " and more" : "", lacking);
    }
    if (suite->ke == OBOL_KE_NONE)
        return refusal(OBOL_REASON_PROPOSAL_US, OBOL_N_NO_PROPOSAL_CHOSEN, "an IKE SA is not rekeyed without a key exchange");
    if (spi_of(&offer->sa.proposals[*chosen]) == 0)
        return refusal(OBOL_REASON_PROPOSAL_US, OBOL_N_NO_PROPOSAL_CHOSEN, "the proposal has no SPI (RFC 7296 section 1.3.2)");
    return NULL;
}

static void
take_up(ObolIkeSa *sa, const ObolProposal *chosen, const ObolSuite *suite, const ObolChain *chain, ObolActions *out)
{
    ObolIkeSa *theirs = sa->successors[OBOL_RESPONDER] = obol_ike_sa_new_successor(sa, OBOL_RESPONDER);
    ObolNegotiation *n = theirs->negotiation;

    theirs->suite = *suite;
    set_peers_spi(theirs, spi_of(chosen));
    n->ike_number = chosen->number;
    n->stage = OBOL_STAGE_AGREEING;
    keep_nonce(&n->agreement, obol_chain_find(chain, OBOL_PAYLOAD_NONCE));
    sa->busy = TRUE;
    obol_agreement_accept(sa, &n->agreement, suite->ke, obol_chain_find(chain, OBOL_PAYLOAD_KE)->ke.data, out);
}

/* Ours has not gone out yet, so there need be no collision. */
static void
yield(ObolIkeSa *sa)
{
    const ObolIkeSa *ours = sa->successors[OBOL_INITIATOR];

    if (ours != NULL && ours->negotiation->stage == OBOL_STAGE_PREPARING)
        obol_succession_drop(sa, OBOL_INITIATOR);
}

/* Section 2.25.2; what is wrong with the message itself, and an SA that is about to end, has been seen to. */
void
obol_ike_rekey_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *offer = obol_chain_find(in->chain, OBOL_PAYLOAD_SA), *ke = obol_chain_find(in->chain, OBOL_PAYLOAD_KE);
    ObolReason *reason;
    ObolSuite suite;
    gsize chosen = 0;

    if (!obol_succession_may_begin(sa) || sa->successors[OBOL_RESPONDER] != NULL) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return;
    }
    reason = choose(sa, offer, &suite, &chosen);
    if (reason != NULL) {
        obol_create_refuse(sa, reason->notify, NULL, 0, reason, out);
        return;
    }
    if (ke == NULL || ke->ke.group != suite.ke) {
        obol_create_refuse_group(sa, suite.ke, obol_create_other_group(suite.ke), out);
        return;
    }
    yield(sa);
    take_up(sa, &offer->sa.proposals[chosen], &suite, in->chain, out);
}

static void
send_answer(ObolIkeSa *sa, ObolIkeSa *theirs, ObolActions *out)
{
    ObolNegotiation *n = theirs->negotiation;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    guint8 spi[SPI_SIZE];
    ObolProposal answer;

    /* An end has been asked for meanwhile. */
    if (sa->state != OBOL_IKE_ESTABLISHED) {
        obol_succession_drop(sa, OBOL_RESPONDER);
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return;
    }
    put_spi(spi, own_spi(theirs));
    obol_proposal_from_suite(&theirs->suite, n->ike_number, spi, SPI_SIZE, &answer);
    obol_chain_add_sa(&chain, &answer, 1);
    obol_chain_add_nonce(&chain, n->agreement.nonce, sizeof n->agreement.nonce);
    obol_chain_add_ke(&chain, theirs->suite.ke, n->agreement.public_value, n->agreement.ke->n_responder);
    obol_crash_offer(sa, theirs, &chain); /* RFC 6290 section 4.3 */
    n->ready = TRUE;
    obol_window_answer(sa, OBOL_CREATE_CHILD_SA, &chain, out);
}

/* --- jobs --- */

static void
job_failed(ObolIkeSa *sa, ObolKeStep step, const GError *error, ObolActions *out)
{
    gboolean value = g_error_matches(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_PUBLIC);
    guint16 notify = value ? OBOL_N_INVALID_SYNTAX : OBOL_N_NO_PROPOSAL_CHOSEN;
    ObolReason *reason = refusal(value ? OBOL_REASON_KE_VALUE : OBOL_REASON_CRYPTO, notify, error->message);

    switch (step) {
    case OBOL_KE_OFFER: obol_succession_failed(sa, reason, out); break;
    case OBOL_KE_ACCEPT:
        obol_succession_drop(sa, OBOL_RESPONDER);
        obol_create_refuse(sa, notify, NULL, 0, reason, out);
        break;
    case OBOL_KE_COMPLETE: broken_answer(sa, reason, out); break;
    }
}

static void
job_good(ObolIkeSa *sa, ObolIkeSa *successor, ObolKeStep step, ObolActions *out)
{
    switch (step) {
    case OBOL_KE_OFFER: send_request(sa, successor, out); break;
    case OBOL_KE_ACCEPT: send_answer(sa, successor, out); break;
    case OBOL_KE_COMPLETE: successor->negotiation->ready = TRUE; break;
    }
}

gboolean
obol_ike_rekey_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out)
{
    for (guint role = 0; role < G_N_ELEMENTS(sa->successors); role++) {
        ObolIkeSa *successor = sa->successors[role];
        g_autoptr(GError) broken = NULL;
        const GError *error = NULL;
        ObolKeStep step;

        if (successor == NULL || successor->negotiation->agreement.job != job->id)
            continue;
        if (!obol_agreement_job_done(&successor->negotiation->agreement, job, &step, &error))
            job_failed(sa, step, error, out);
        else if (step != OBOL_KE_OFFER && !derive(sa, successor, &broken))
            job_failed(sa, step, broken, out);
        else
            job_good(sa, successor, step, out);
        return TRUE;
    }
    return FALSE;
}
