/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/init.c - IKE_SA_INIT, both ends of it (RFC 7296 sections 1.2, 2.6, 2.7 and 2.10). */
#include "engine/ike-sa-private.h"

#include <string.h>

/* --- what may be offered --- */

/* The settings' proposals without what nobody here can compute. */
GArray *
obol_init_proposals(const ObolIkeSa *sa, const ObolConnection *connection)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolProposal));

    for (guint i = 0; i < connection->proposals->len && list->len < OBOL_ENGINE_PROPOSALS_MAX; i++) {
        const ObolProposal *from = &g_array_index(connection->proposals, ObolProposal, i);
        ObolProposal to = { .number = (guint8) (list->len + 1), .protocol = OBOL_PROTO_IKE };
        guint seen = 0;

        for (guint j = 0; j < from->n_transforms; j++) {
            if (obol_crypto_can(sa->engine->crypto, &from->transforms[j])) {
                to.transforms[to.n_transforms++] = from->transforms[j];
                seen |= 1u << (from->transforms[j].type & 31);
            }
        }
        if ((seen & 1u << OBOL_TRANSFORM_ENCR) != 0 && (seen & 1u << OBOL_TRANSFORM_PRF) != 0 && (seen & 1u << OBOL_TRANSFORM_KE) != 0)
            g_array_append_val(list, to);
    }
    return list;
}

/* ESP without UDP is not everywhere to be had: then a NAT is feigned, so that the peer uses UDP too. */
static gboolean
must_feign_nat(const ObolIkeSa *sa, const ObolConnection *connection)
{
    const ObolKernelAbilities *can = sa->engine->abilities;

    return connection->encap || (can != NULL && !can->plain_esp && can->udp_encap);
}

/* --- initiator --- */

void
obol_init_start(ObolIkeSa *sa, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;

    n->proposals = obol_init_proposals(sa, sa->connection);
    obol_ike_sa_set_state(sa, OBOL_IKE_CONNECTING, NULL, out);
    if (n->proposals->len == 0) {
        ObolReason *reason = obol_reason_new(OBOL_REASON_CONFIG, OBOL_PHASE_INIT, OBOL_SIDE_US, 0,
                                             "no plugin provides the algorithms of its proposals");

        obol_ike_sa_fail(sa, reason, out);
        obol_ike_sa_end(sa, reason, out);
        return;
    }
    sa->feign_nat = must_feign_nat(sa, sa->connection);
    if (obol_auth_child(sa) != NULL)
        obol_child_prepare(sa, obol_auth_child(sa), out);
    obol_agreement_offer(sa, &n->agreement, obol_proposals_first_group(n->proposals), out);
}

static void
send_request(ObolIkeSa *sa, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    ObolSpan cookie = obol_span_of_bytes(n->cookie);
    ObolPath path = obol_path_of(sa);

    /* Section 2.6: the cookie comes first, and all else stays as it was. */
    if (n->cookie != NULL)
        obol_chain_add_notify(&chain, OBOL_N_COOKIE, cookie.data, cookie.n);
    obol_chain_add_sa(&chain, (const ObolProposal *) n->proposals->data, n->proposals->len);
    obol_chain_add_ke(&chain, n->agreement.group, n->agreement.public_value, n->agreement.ke->n_initiator);
    obol_chain_add_nonce(&chain, n->agreement.nonce, sizeof n->agreement.nonce);
    obol_nat_add_hashes(sa, &path, &chain);
    obol_fragment_announce(sa, &chain);
    g_clear_pointer(&n->own_first, g_bytes_unref);
    n->own_first = obol_clear_encode(sa, OBOL_IKE_SA_INIT, FALSE, 0, &chain, out);
    obol_window_request(sa, OBOL_IKE_SA_INIT, g_bytes_ref(n->own_first), out);
}

/* Anybody could have sent this: remembered as the reason, and believed when nothing better comes (section 2.21.1). */
static void
doubt(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    obol_ike_sa_fail(sa, reason, out);
    obol_reason_free(sa->negotiation->refusal);
    sa->negotiation->refusal = reason;
}

static gboolean
take_cookie(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *cookie = obol_chain_find_notify(in->chain, OBOL_N_COOKIE);
    ObolNegotiation *n = sa->negotiation;

    if (cookie == NULL)
        return FALSE;
    if (!obol_notify_data_valid(&cookie->notify) || n->n_cookies >= OBOL_ENGINE_COOKIES_MAX) {
        doubt(sa, obol_reason_new(OBOL_REASON_COOKIE, OBOL_PHASE_INIT, OBOL_SIDE_PEER, OBOL_N_COOKIE, NULL), out);
        return TRUE;
    }
    n->n_cookies++;
    g_clear_pointer(&n->cookie, g_bytes_unref);
    n->cookie = g_bytes_new(cookie->notify.data.data, cookie->notify.data.n);
    send_request(sa, out);
    return TRUE;
}

static gboolean
take_group(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *wanted = obol_chain_find_notify(in->chain, OBOL_N_INVALID_KE_PAYLOAD);
    ObolNegotiation *n = sa->negotiation;
    guint16 group;

    if (wanted == NULL)
        return FALSE;
    group = wanted->notify.data.n == 2 ? (guint16) (wanted->notify.data.data[0] << 8 | wanted->notify.data.data[1]) : 0;
    if (group == n->agreement.group || !obol_proposals_have_group(n->proposals, group) || n->n_group_retries >= OBOL_ENGINE_GROUP_RETRIES_MAX) {
        doubt(sa, obol_reason_new(OBOL_REASON_KE_GROUP, OBOL_PHASE_INIT, OBOL_SIDE_PEER, OBOL_N_INVALID_KE_PAYLOAD,
                                  "it wants %s", obol_transform_name(OBOL_TRANSFORM_KE, group)), out);
        return TRUE;
    }
    n->n_group_retries++;
    obol_window_forget_request(sa);
    obol_agreement_offer(sa, &n->agreement, group, out);
    return TRUE;
}

static char *
describe_offer(const GArray *proposals)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < proposals->len; i++) {
        g_autofree char *one = obol_proposal_format(&g_array_index(proposals, ObolProposal, i));

        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", one);
    }
    return g_string_free(out, FALSE);
}

static void
take_refusal(ObolIkeSa *sa, const ObolPayload *error, ObolActions *out)
{
    guint16 type = error->notify.type;
    g_autofree char *offer = describe_offer(sa->negotiation->proposals);

    if (type == OBOL_N_NO_PROPOSAL_CHOSEN)
        doubt(sa, obol_reason_new(OBOL_REASON_PROPOSAL_PEER, OBOL_PHASE_INIT, OBOL_SIDE_PEER, type, "we offered %s", offer), out);
    else
        doubt(sa, obol_reason_new(OBOL_REASON_PEER_NOTIFY, OBOL_PHASE_INIT, OBOL_SIDE_PEER, type, NULL), out);
}

static gboolean
has_one_each(const ObolChain *chain)
{
    return obol_chain_count(chain, OBOL_PAYLOAD_SA) == 1 && obol_chain_count(chain, OBOL_PAYLOAD_KE) == 1
           && obol_chain_count(chain, OBOL_PAYLOAD_NONCE) == 1;
}

static void
keep_peers_part(ObolIkeSa *sa, const ObolIncoming *in)
{
    const ObolPayload *nonce = obol_chain_find(in->chain, OBOL_PAYLOAD_NONCE);
    ObolNegotiation *n = sa->negotiation;

    g_clear_pointer(&n->agreement.peer_nonce, g_bytes_unref);
    g_clear_pointer(&n->peer_first, g_bytes_unref);
    n->agreement.peer_nonce = g_bytes_new(nonce->bytes.data, nonce->bytes.n);
    n->peer_first = g_bytes_new(in->datagram.data, in->datagram.n);
}

void
obol_init_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    const ObolPayload *offer, *ke, *error = obol_chain_first_error(in->chain);

    if (n == NULL || n->answered || n->agreement.job != 0)
        return;
    if (take_cookie(sa, in, out) || take_group(sa, in, out))
        return;
    if (error != NULL) {
        take_refusal(sa, error, out);
        return;
    }
    offer = obol_chain_find(in->chain, OBOL_PAYLOAD_SA);
    ke = obol_chain_find(in->chain, OBOL_PAYLOAD_KE);
    if (!has_one_each(in->chain) || in->message->header.spi_r == 0) {
        doubt(sa, obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_INIT, OBOL_SIDE_US, 0,
                                  "a response has SA, KE and Nr once each, and an SPI (RFC 7296 section 1.2)"), out);
        return;
    }
    if (offer->sa.n != 1
        || !obol_proposal_check_answer((const ObolProposal *) n->proposals->data, n->proposals->len, offer->sa.proposals, &sa->suite)
        || ke->ke.group != sa->suite.ke || ke->ke.group != n->agreement.group) {
        doubt(sa, obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_INIT, OBOL_SIDE_US, 0,
                                  "the answer is not one of our proposals with one transform of each type (RFC 7296 section 2.7)"), out);
        return;
    }
    n->answered = TRUE;
    keep_peers_part(sa, in);
    sa->spi_r = in->message->header.spi_r;
    sa->local = *in->local;
    n->nat_detection = obol_nat_detect(sa, in);
    obol_fragment_agree(sa, in->chain);
    obol_agreement_complete(sa, &n->agreement, ke->ke.data, out);
}

/* --- responder --- */

void
obol_init_refuse(ObolIkeSa *sa, const ObolHeader *header, guint16 notify, const guint8 *data, gsize n, ObolReason *reason,
                 ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    guint64 spi_r = sa->spi_r;

    obol_ike_sa_fail(sa, reason, out);
    if (notify != 0) {
        GBytes *datagram;

        sa->spi_i = header->spi_i;
        sa->spi_r = 0; /* nothing was set up that an SPI could name */
        obol_chain_add_notify(&chain, notify, data, n);
        datagram = obol_clear_encode(sa, header->exchange, TRUE, header->message_id, &chain, out);
        obol_window_send(sa, datagram, out);
        g_bytes_unref(datagram);
        sa->spi_r = spi_r;
    }
    obol_ike_sa_end(sa, reason, out);
}

/* The first candidate by address that has something in common with the offer. */
static ObolReason *
choose_connection(ObolIkeSa *sa, const ObolPayload *offer)
{
    g_autoptr(GPtrArray) candidates = obol_connection_set_candidates(sa->engine->connections, &sa->local, &sa->remote);
    char local[OBOL_ADDRESS_TEXT_MAX], remote[OBOL_ADDRESS_TEXT_MAX];
    guint8 lacking = 0;
    g_autofree char *theirs = NULL;

    for (guint i = 0; i < candidates->len; i++) {
        const ObolConnection *c = g_ptr_array_index(candidates, i);
        g_autoptr(GArray) ours = obol_init_proposals(sa, c);

        if (obol_proposal_select((const ObolProposal *) ours->data, ours->len, offer->sa.proposals, offer->sa.n, &sa->suite, NULL,
                                 &lacking)) {
            sa->connection = obol_connection_ref(c);
            return NULL;
        }
    }
    if (candidates->len == 0)
        return obol_reason_new(OBOL_REASON_NO_CONNECTION, OBOL_PHASE_INIT, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                               "from %s to %s", obol_address_format(&sa->remote, remote), obol_address_format(&sa->local, local));
    theirs = obol_proposal_format(&offer->sa.proposals[0]);
    return obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_INIT, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                           "the peer offers %s%s; transform type %u has nothing in common with ours", theirs,
                           offer->sa.n > 1 ? " and more" : "", lacking);
}

static guint8
chosen_number(const ObolIkeSa *sa, const ObolPayload *offer)
{
    ObolProposal suite;
    ObolSuite again;
    gsize chosen = 0;

    obol_proposal_from_suite(&sa->suite, 1, NULL, 0, &suite);
    obol_proposal_select(&suite, 1, offer->sa.proposals, offer->sa.n, &again, &chosen, NULL);
    return offer->sa.proposals[chosen].number;
}

void
obol_init_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolHeader *header = &in->message->header;
    const ObolPayload *offer = obol_chain_find(in->chain, OBOL_PAYLOAD_SA), *ke = obol_chain_find(in->chain, OBOL_PAYLOAD_KE);
    ObolNegotiation *n = sa->negotiation;
    ObolReason *reason;
    guint8 group[2];

    if (!has_one_each(in->chain)) {
        obol_init_refuse(sa, header, OBOL_N_INVALID_SYNTAX, NULL, 0,
                         obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_INIT, OBOL_SIDE_US, OBOL_N_INVALID_SYNTAX,
                                         "a request has SA, KE and Ni once each (RFC 7296 section 1.2)"), out);
        return;
    }
    sa->spi_i = header->spi_i;
    reason = choose_connection(sa, offer);
    if (reason != NULL) {
        obol_init_refuse(sa, header, OBOL_N_NO_PROPOSAL_CHOSEN, NULL, 0, reason, out);
        return;
    }
    if (ke->ke.group != sa->suite.ke) {
        group[0] = (guint8) (sa->suite.ke >> 8);
        group[1] = (guint8) sa->suite.ke;
        obol_init_refuse(sa, header, OBOL_N_INVALID_KE_PAYLOAD, group, sizeof group,
                         obol_reason_new(OBOL_REASON_KE_GROUP, OBOL_PHASE_INIT, OBOL_SIDE_US, OBOL_N_INVALID_KE_PAYLOAD,
                                         "we take %s; the peer may come again with it",
                                         obol_transform_name(OBOL_TRANSFORM_KE, sa->suite.ke)), out);
        return;
    }
    keep_peers_part(sa, in);
    n->ike_number = chosen_number(sa, offer);
    sa->feign_nat = must_feign_nat(sa, sa->connection);
    n->nat_detection = obol_nat_detect(sa, in);
    obol_fragment_agree(sa, in->chain);
    sa->half_open_until_us = sa->now_us + sa->connection->half_open_us;
    sa->busy = TRUE;
    obol_ike_sa_set_state(sa, OBOL_IKE_CONNECTING, NULL, out);
    obol_agreement_accept(sa, &n->agreement, sa->suite.ke, ke->ke.data, out);
}

static void
send_response(ObolIkeSa *sa, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    ObolPath path = obol_path_of(sa);
    ObolProposal answer;

    obol_proposal_from_suite(&sa->suite, n->ike_number, NULL, 0, &answer);
    obol_chain_add_sa(&chain, &answer, 1);
    obol_chain_add_ke(&chain, sa->suite.ke, n->agreement.public_value, n->agreement.ke->n_responder);
    obol_chain_add_nonce(&chain, n->agreement.nonce, sizeof n->agreement.nonce);
    if (n->nat_detection)
        obol_nat_add_hashes(sa, &path, &chain);
    if (sa->fragmentation.agreed)
        obol_fragment_announce(sa, &chain);
    n->own_first = obol_clear_encode(sa, OBOL_IKE_SA_INIT, TRUE, 0, &chain, out);
    obol_window_respond(sa, g_bytes_ref(n->own_first), out);
}

/* --- both --- */

static gboolean
derive(ObolIkeSa *sa, GError **error)
{
    const ObolAgreement *a = &sa->negotiation->agreement;
    ObolSpan ni = obol_agreement_nonce(a, OBOL_INITIATOR), nr = obol_agreement_nonce(a, OBOL_RESPONDER);
    const ObolMacVtable *prf = obol_crypto_prf(sa->engine->crypto, sa->suite.prf);
    g_autoptr(ObolSecret) seed = obol_skeyseed(prf, ni, nr, a->secret, error);

    return seed != NULL && obol_ike_keys_derive(sa->engine->crypto, &sa->suite, seed, ni, nr, sa->spi_i, sa->spi_r, &sa->keys, error);
}

static void
job_failed(ObolIkeSa *sa, const GError *error, ObolKeStep step, ObolActions *out)
{
    gboolean value = g_error_matches(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_PUBLIC);
    ObolReason *reason = obol_reason_new(value ? OBOL_REASON_KE_VALUE : OBOL_REASON_CRYPTO, OBOL_PHASE_INIT, OBOL_SIDE_US, 0, "%s",
                                         error->message);

    if (step == OBOL_KE_COMPLETE) {
        /* The answer was unprotected and bad; its forger may not end what the true responder can still complete. */
        sa->negotiation->answered = FALSE;
        sa->spi_r = 0;
        doubt(sa, reason, out);
        return;
    }
    obol_ike_sa_fail(sa, reason, out);
    obol_ike_sa_end(sa, reason, out);
}

gboolean
obol_init_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    g_autoptr(GError) broken = NULL;
    const GError *error;
    ObolKeStep step;

    if (n == NULL || n->agreement.job != job->id)
        return FALSE;
    if (!obol_agreement_job_done(&n->agreement, job, &step, &error)) {
        job_failed(sa, error, step, out);
        return TRUE;
    }
    if (step == OBOL_KE_OFFER) {
        send_request(sa, out);
        return TRUE;
    }
    if (!derive(sa, &broken)) {
        job_failed(sa, broken, OBOL_KE_ACCEPT, out);
        return TRUE;
    }
    if (step == OBOL_KE_ACCEPT) {
        send_response(sa, out);
        return TRUE;
    }
    obol_window_forget_request(sa);
    sa->next_request_id = 1;
    g_clear_pointer(&n->refusal, obol_reason_free);
    obol_nat_float(sa);
    n->ready = TRUE;
    obol_auth_start(sa, out);
    return TRUE;
}
