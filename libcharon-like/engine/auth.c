/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/auth.c - IKE_AUTH with a shared key, both ends of it (RFC 7296 sections 1.2, 2.15 and 2.21.2). */
#include "engine/ike-sa-private.h"

#include <string.h>

/* --- the proof --- */

/* The ID payload after its generic header: what AUTH covers. */
static GByteArray *
id_body(const ObolIdentity *id)
{
    GByteArray *body = g_byte_array_new();
    guint8 head[4] = { id->type, 0, 0, 0 };

    g_byte_array_append(body, head, sizeof head);
    g_byte_array_append(body, id->data, id->n);
    return body;
}

/* AUTH of @signer under @secret; %NULL when the backend fails. */
static ObolSecret *
proof(const ObolIkeSa *sa, ObolRole signer, const ObolSecret *secret, ObolSpan body)
{
    const ObolNegotiation *n = sa->negotiation;
    const ObolMacVtable *prf = obol_crypto_prf(sa->engine->crypto, sa->suite.prf);
    gboolean own = signer == sa->role;
    ObolSpan other_nonce = obol_agreement_nonce(&n->agreement, signer == OBOL_INITIATOR ? OBOL_RESPONDER : OBOL_INITIATOR);
    ObolSpan sk_p = obol_ike_keys_get(&sa->keys, signer == OBOL_INITIATOR ? OBOL_SK_PI : OBOL_SK_PR);
    g_autoptr(ObolSecret) out = obol_secret_new(prf->n_output);

    if (!obol_auth_psk(prf, secret, obol_span_of_bytes(own ? n->own_first : n->peer_first), other_nonce, sk_p, body, out->bytes,
                       NULL))
        return NULL;
    return g_steal_pointer(&out);
}

static ObolIdentity *
own_identity(const ObolIkeSa *sa)
{
    const ObolIdentity *set = sa->connection->local_id;

    return set != NULL && set->type != 0 ? obol_identity_dup(set) : obol_identity_from_address(&sa->local);
}

/* Adds our ID, whom we ask for (or NULL) and AUTH, in the order of section 1.2; why not, when there is no key for it. */
static ObolReason *
add_proof(ObolIkeSa *sa, guint8 payload, const ObolIdentity *asked, ObolChain *chain)
{
    g_autoptr(GByteArray) body = id_body(sa->local_id);
    const ObolSecret *secret = obol_shared_keys_find(sa->engine->keys, sa->local_id, sa->remote_id);
    g_autoptr(ObolSecret) auth = secret != NULL ? proof(sa, sa->role, secret, (ObolSpan) { body->data, body->len }) : NULL;
    ObolPayload *added;

    if (auth == NULL) {
        g_autofree char *ours = obol_identity_format(sa->local_id), *theirs = obol_identity_format(sa->remote_id);
        ObolReason *reason = obol_reason_new(secret == NULL ? OBOL_REASON_PSK_NONE : OBOL_REASON_CRYPTO, OBOL_PHASE_AUTH, OBOL_SIDE_US,
                                             0, "we are %s, the peer is %s", ours, theirs);

        if (secret == NULL)
            reason->next = g_strdup("add a secret whose id names both");
        return reason;
    }
    obol_chain_add_id(chain, payload, sa->local_id->type, sa->local_id->data, sa->local_id->n);
    if (asked != NULL)
        obol_chain_add_id(chain, OBOL_PAYLOAD_IDR, asked->type, asked->data, asked->n);
    obol_chain_add_auth(chain, OBOL_AUTH_PSK, auth->bytes, auth->n);
    /* The chain borrows until it is encoded, and that is after our copy has gone. */
    added = &chain->items[chain->n - 1];
    chain->owned = chain->owned != NULL ? chain->owned : g_ptr_array_new_with_free_func(g_free);
    added->auth.data.data = g_memdup2(auth->bytes, auth->n);
    g_ptr_array_add(chain->owned, (gpointer) added->auth.data.data);
    return NULL;
}

/* Is the peer who it says to be?  NULL: yes. */
static ObolReason *
check_proof(ObolIkeSa *sa, const ObolPayload *id, const ObolPayload *auth)
{
    const ObolSecret *secret = obol_shared_keys_find(sa->engine->keys, sa->local_id, sa->remote_id);
    g_autofree char *theirs = obol_identity_format(sa->remote_id), *ours = obol_identity_format(sa->local_id);
    g_autoptr(ObolSecret) wanted = NULL;
    g_autoptr(ObolSecret) shown = obol_secret_new_from(auth->auth.data.data, auth->auth.data.n);
    ObolReason *reason;

    if (auth->auth.method != OBOL_AUTH_PSK)
        return obol_reason_new(OBOL_REASON_AUTH_METHOD, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                               "%s uses %s; a shared key is configured", theirs, obol_auth_method_name(auth->auth.method));
    if (secret == NULL) {
        reason = obol_reason_new(OBOL_REASON_PSK_NONE, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                                 "we are %s, the peer is %s", ours, theirs);
        reason->next = g_strdup("add a secret whose id names both");
        return reason;
    }
    wanted = proof(sa, sa->role == OBOL_INITIATOR ? OBOL_RESPONDER : OBOL_INITIATOR, secret, id->id.body);
    if (wanted != NULL && obol_secret_equal(wanted, shown))
        return NULL;
    reason = obol_reason_new(OBOL_REASON_AUTH_US, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                             "%s has another shared key than we have for it", theirs);
    reason->next = g_strdup("compare the secret on both sides, to the letter");
    return reason;
}

static void
log_established(const ObolIkeSa *sa, ObolActions *out)
{
    g_autofree char *ours = obol_identity_format(sa->local_id), *theirs = obol_identity_format(sa->remote_id);
    g_autofree char *suite = obol_suite_format(&sa->suite);

    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u established with %s as %s, %016" G_GINT64_MODIFIER "x_i %016" G_GINT64_MODIFIER "x_r, %s",
                    sa->connection->name, sa->unique_id, theirs, ours, sa->spi_i, sa->spi_r, suite);
}

/* --- initiator --- */

static void
end_for(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    obol_ike_sa_fail(sa, reason, out);
    obol_ike_sa_end(sa, reason, out);
}

static ObolReason *
unsealed(void)
{
    return obol_reason_new(OBOL_REASON_CRYPTO, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                           "the message could not be encrypted, or is longer than one can be");
}

ObolChildSa *
obol_auth_child(const ObolIkeSa *sa)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->negotiation != NULL && g_str_equal(child->negotiation->phase, OBOL_PHASE_AUTH))
            return child;
    }
    return NULL;
}

/* The peer's identity that we ask for: a pattern or none stands for "whoever answers". */
static gboolean
is_exact(const ObolIdentity *id)
{
    return id != NULL && id->type != 0 && memchr(id->data, '*', id->n) == NULL;
}

void
obol_auth_start(ObolIkeSa *sa, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    const ObolIdentity *expected = sa->connection->remote_id;
    ObolChildSa *child = obol_auth_child(sa);
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    ObolReason *reason;
    GBytes *datagram;

    if (n == NULL || !n->ready || !obol_window_is_idle(sa) || (child != NULL && (child->n_waiting > 0 || child->spi_in == 0)))
        return;
    g_free(sa->local_id);
    g_free(sa->remote_id);
    sa->local_id = own_identity(sa);
    sa->remote_id = expected != NULL ? obol_identity_dup(expected) : obol_identity_from_address(obol_redirect_first(sa));
    reason = add_proof(sa, OBOL_PAYLOAD_IDI, is_exact(expected) ? expected : NULL, &chain);
    if (reason != NULL) {
        end_for(sa, reason, out);
        return;
    }
    obol_crash_offer(sa, sa, &chain);
    if (sa->connection->initial_contact && (sa->engine->is_first == NULL || sa->engine->is_first(sa->engine->data, sa)))
        obol_chain_add_notify(&chain, OBOL_N_INITIAL_CONTACT, NULL, 0);
    if (child != NULL) {
        obol_configuration_put_request(sa, &chain); /* section 2.19: before SA */
        obol_child_offer(sa, child, &chain);
    }
    obol_mobike_offer(sa, &chain);
    obol_window_size_offer(sa, &chain);
    datagram = obol_sk_seal(sa, OBOL_IKE_AUTH, FALSE, sa->next_request_id, &chain, out);
    if (datagram == NULL) {
        end_for(sa, unsealed(), out);
        return;
    }
    if (child != NULL)
        child->negotiation->stage = OBOL_STAGE_ASKED;
    obol_window_request(sa, OBOL_TASK_INITIAL, 0, OBOL_IKE_AUTH, datagram, out);
}

ObolReason *
obol_reason_of_notify(const char *phase, guint16 type)
{
    static const struct {
        guint16 notify;
        ObolReasonCode code;
    } codes[] = {
        { OBOL_N_AUTHENTICATION_FAILED, OBOL_REASON_AUTH_PEER },
        { OBOL_N_NO_PROPOSAL_CHOSEN, OBOL_REASON_PROPOSAL_PEER },
        { OBOL_N_TS_UNACCEPTABLE, OBOL_REASON_TS_PEER },
        { OBOL_N_SINGLE_PAIR_REQUIRED, OBOL_REASON_TS_PEER },
        { OBOL_N_INVALID_KE_PAYLOAD, OBOL_REASON_KE_GROUP },
        { OBOL_N_INTERNAL_ADDRESS_FAILURE, OBOL_REASON_ADDRESS },
        { OBOL_N_FAILED_CP_REQUIRED, OBOL_REASON_ADDRESS },
        { OBOL_N_UNEXPECTED_NAT_DETECTED, OBOL_REASON_ADDRESS_REFUSED },
    };
    ObolReasonCode code = OBOL_REASON_PEER_NOTIFY;

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        code = codes[i].notify == type ? codes[i].code : code;
    return obol_reason_new(code, phase, OBOL_SIDE_PEER, type, NULL);
}

guint16
obol_reason_notify(const ObolReason *reason)
{
    return reason->notify != 0 ? reason->notify : OBOL_N_NO_PROPOSAL_CHOSEN;
}

const ObolPayload *
obol_chain_first_error(const ObolChain *chain)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_NOTIFY && chain->items[i].notify.type < OBOL_NOTIFY_STATUS_FIRST)
            return &chain->items[i];
    }
    return NULL;
}

static gboolean
identity_allowed(const ObolIkeSa *sa, const ObolIdentity *shown)
{
    const ObolIdentity *pattern = sa->connection->remote_id;
    g_autoptr(ObolIdentity) address = pattern == NULL ? obol_identity_from_address(obol_redirect_first(sa)) : NULL;

    return obol_identity_match(pattern != NULL ? pattern : address, shown) > 0;
}

/* The responder's ID and proof; NULL: it is the one we meant. */
static ObolReason *
check_responder(ObolIkeSa *sa, const ObolChain *chain)
{
    const ObolPayload *id = obol_chain_find(chain, OBOL_PAYLOAD_IDR), *auth = obol_chain_find(chain, OBOL_PAYLOAD_AUTH);
    ObolIdentity *shown;

    if (id == NULL || auth == NULL || obol_chain_count(chain, OBOL_PAYLOAD_IDR) > 1 || obol_chain_count(chain, OBOL_PAYLOAD_AUTH) > 1)
        return obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_INVALID_SYNTAX,
                               "a response has IDr and AUTH once each (RFC 7296 section 1.2)");
    shown = obol_identity_new(id->id.id_type, id->id.data.data, id->id.data.n);
    if (shown == NULL || !identity_allowed(sa, shown)) {
        g_autofree char *said = shown != NULL ? obol_identity_format(shown) : g_strdup("too long an identity");
        g_autofree char *wanted = obol_identity_format(sa->remote_id);

        g_free(shown);
        return obol_reason_new(OBOL_REASON_ID_NOMATCH, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                               "it says to be %s; %s was expected", said, wanted);
    }
    g_free(sa->remote_id);
    sa->remote_id = shown;
    return check_proof(sa, id, auth);
}

/* Section 2.21.2: the responder believes that the SA stands, so it is told in an exchange of its own. */
static void
refuse_responder(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    obol_chain_add_notify(&chain, reason->notify, NULL, 0);
    datagram = obol_sk_seal(sa, OBOL_INFORMATIONAL, FALSE, sa->next_request_id, &chain, out);
    if (datagram != NULL) {
        obol_window_send(sa, datagram, out);
        g_bytes_unref(datagram);
    }
    end_for(sa, reason, out);
}

/* The Child SA of a good answer: in the kernel, or the reason why there is none. */
static void
take_child(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out)
{
    const ObolPayload *error = obol_chain_first_error(chain);
    ObolChildSa *child = obol_auth_child(sa);
    ObolReason *reason;

    if (child == NULL) {
        obol_ike_sa_command_done(&sa->initiate_command, NULL, out);
        return;
    }
    child->peer_has_it = error == NULL && obol_chain_find(chain, OBOL_PAYLOAD_SA) != NULL;
    reason = g_steal_pointer(&child->refused);
    if (reason == NULL)
        reason = error != NULL ? obol_reason_of_notify(OBOL_PHASE_AUTH, error->notify.type) : obol_child_take_answer(sa, child, chain);
    if (reason == NULL)
        obol_child_agreed(sa, child, out);
    else
        obol_child_failed(sa, child, reason, out);
}

void
obol_auth_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *error = obol_chain_first_error(in->chain);
    gboolean redirected;
    ObolGateway gateway;
    ObolReason *reason;

    obol_window_answered(sa, in->message->header.message_id, out);
    if (error != NULL && obol_chain_find(in->chain, OBOL_PAYLOAD_AUTH) == NULL) {
        end_for(sa, obol_reason_of_notify(OBOL_PHASE_AUTH, error->notify.type), out);
        return;
    }
    reason = check_responder(sa, in->chain);
    if (reason != NULL) {
        refuse_responder(sa, reason, out);
        return;
    }
    obol_mobike_agree(sa, in);
    obol_window_size_take(sa, in->chain, out);
    obol_crash_take(sa, in->chain);
    log_established(sa, out);
    obol_configuration_take_reply(sa, in->chain, out);
    obol_ike_sa_established(sa, obol_chain_find_notify(in->chain, OBOL_N_INITIAL_CONTACT) != NULL, out);
    redirected = obol_redirect_auth_response(sa, in->chain, &gateway);
    if (!redirected)
        take_child(sa, in->chain, out);
    obol_ike_sa_negotiation_free(sa);
    if (redirected)
        obol_redirect_after_auth(sa, &gateway, out);
    obol_tasks_pump(sa, out);
}

/* --- responder --- */

/* Section 2.21.2: AUTHENTICATION_FAILED and nothing else, so that a stranger learns nothing. */
static void
refuse_initiator(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    obol_chain_add_notify(&chain, reason->notify != 0 ? reason->notify : OBOL_N_AUTHENTICATION_FAILED, NULL, 0);
    datagram = obol_sk_seal(sa, OBOL_IKE_AUTH, TRUE, sa->answering_id, &chain, out);
    if (datagram != NULL)
        obol_window_respond(sa, datagram, out);
    end_for(sa, reason, out);
}

/* Which connection do these identities mean, and does it allow what IKE_SA_INIT agreed on? */
static ObolReason *
choose_connection(ObolIkeSa *sa, const ObolPayload *idi, const ObolPayload *idr)
{
    g_autoptr(ObolIdentity) asked = idr != NULL ? obol_identity_new(idr->id.id_type, idr->id.data.data, idr->id.data.n) : NULL;
    const ObolConnection *c;
    ObolProposal agreed;
    ObolSuite again;

    sa->remote_id = obol_identity_new(idi->id.id_type, idi->id.data.data, idi->id.data.n);
    if (sa->remote_id == NULL)
        return obol_reason_new(OBOL_REASON_ID_NOMATCH, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED, "it is too long");
    c = obol_connection_set_match(sa->engine->connections, &sa->local, &sa->remote, sa->remote_id, asked);
    if (c == NULL) {
        g_autofree char *theirs = obol_identity_format(sa->remote_id);
        g_autofree char *ours = asked != NULL ? obol_identity_format(asked) : g_strdup("nobody in particular");

        return obol_reason_new(OBOL_REASON_ID_NOMATCH, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                               "the peer says to be %s and asks for %s", theirs, ours);
    }
    obol_proposal_from_suite(&sa->suite, 1, NULL, 0, &agreed);
    if (!obol_proposal_select((const ObolProposal *) c->proposals->data, c->proposals->len, &agreed, 1, &again, NULL, NULL))
        return obol_reason_new(OBOL_REASON_PROPOSAL_US, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                               "connection %s, which these identities mean, does not allow what another one agreed on", c->name);
    obol_connection_unref(sa->connection);
    sa->connection = obol_connection_ref(c);
    sa->local_id = own_identity(sa);
    return NULL;
}

static ObolReason *
check_initiator(ObolIkeSa *sa, const ObolChain *chain)
{
    const ObolPayload *idi = obol_chain_find(chain, OBOL_PAYLOAD_IDI), *auth = obol_chain_find(chain, OBOL_PAYLOAD_AUTH);
    ObolReason *reason;

    if (idi == NULL || obol_chain_count(chain, OBOL_PAYLOAD_IDI) > 1 || obol_chain_count(chain, OBOL_PAYLOAD_AUTH) > 1)
        return obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_INVALID_SYNTAX,
                               "a request has IDi and AUTH once each (RFC 7296 section 1.2)");
    reason = choose_connection(sa, idi, obol_chain_find(chain, OBOL_PAYLOAD_IDR));
    if (reason != NULL)
        return reason;
    if (auth == NULL)
        return obol_reason_new(OBOL_REASON_AUTH_METHOD, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_AUTHENTICATION_FAILED,
                               "the peer asks for EAP; a shared key is configured");
    return check_proof(sa, idi, auth);
}

void
obol_auth_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    ObolReason *reason = check_initiator(sa, in->chain);

    if (reason != NULL) {
        refuse_initiator(sa, reason, out);
        return;
    }
    obol_mobike_agree(sa, in);
    obol_window_size_take(sa, in->chain, out);
    obol_crash_take(sa, in->chain);
    if (sa->mobike != NULL && obol_nat_is_unexpected(in)) {
        refuse_initiator(sa, obol_reason_new(OBOL_REASON_ADDRESS_REFUSED, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_UNEXPECTED_NAT_DETECTED,
                                             "a NAT has changed the addresses, and the peer allows none"), out);
        return;
    }
    sa->busy = TRUE;
    n->initial_contact = obol_chain_find_notify(in->chain, OBOL_N_INITIAL_CONTACT) != NULL;
    /* RFC 5685 section 6: the redirect prevents a Child SA, and nothing that it needs is asked for. */
    if (obol_redirect_at_auth(sa)) {
        sa->half_open_until_us = G_MAXINT64;
        obol_auth_answer(sa, NULL, NULL, out);
        return;
    }
    if (!obol_configuration_ask_pool(sa, in, out))
        obol_auth_take_up(sa, in->chain, out);
}

void
obol_auth_take_up(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out)
{
    ObolReason *reason = NULL;
    ObolChildSa *child;

    sa->half_open_until_us = G_MAXINT64;
    if (obol_chain_find(chain, OBOL_PAYLOAD_SA) == NULL) {
        obol_auth_answer(sa, NULL, NULL, out); /* RFC 6023: no child wanted */
        return;
    }
    child = obol_child_take_request(sa, chain, OBOL_PHASE_AUTH, NULL, OBOL_BESIDE, &reason);
    if (child == NULL) {
        obol_auth_answer(sa, NULL, reason, out);
        return;
    }
    obol_child_prepare(sa, child, out);
}

void
obol_auth_answer(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    gboolean initial_contact = n->initial_contact, to_go = obol_redirect_at_auth(sa);
    ObolReason *broken = add_proof(sa, OBOL_PAYLOAD_IDR, NULL, &chain);
    GBytes *datagram;

    if (broken != NULL) {
        obol_reason_free(reason);
        refuse_initiator(sa, broken, out);
        return;
    }
    obol_crash_offer(sa, sa, &chain);
    if (to_go)
        obol_redirect_put_auth(sa, &chain, out);
    obol_configuration_put_reply(sa, &chain);
    if (child != NULL)
        obol_child_put_answer(sa, child, &chain);
    else if (reason != NULL)
        obol_chain_add_notify(&chain, obol_reason_notify(reason), NULL, 0);
    obol_mobike_offer(sa, &chain);
    obol_window_size_offer(sa, &chain);
    datagram = obol_sk_seal(sa, OBOL_IKE_AUTH, TRUE, sa->answering_id, &chain, out);
    if (datagram == NULL) {
        obol_reason_free(reason);
        refuse_initiator(sa, unsealed(), out);
        return;
    }
    obol_window_respond(sa, datagram, out);
    obol_ike_sa_negotiation_free(sa);
    log_established(sa, out);
    obol_ike_sa_established(sa, initial_contact, out);
    if (to_go)
        obol_redirect_told(sa);
    if (reason != NULL)
        obol_ike_sa_fail(sa, reason, out);
    obol_reason_free(reason);
    obol_tasks_pump(sa, out);
}
