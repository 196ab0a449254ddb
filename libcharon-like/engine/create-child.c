/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/create-child.c - CREATE_CHILD_SA for Child SAs, new ones and in another's place (RFC 7296 sections 1.3.1, 1.3.3, 2.25.1). */
#include "engine/ike-sa-private.h"

#define PUT_OFF_FIRST_US (10 * G_USEC_PER_SEC) /* after TEMPORARY_FAILURE, doubled each time */
#define PUT_OFF_MAX 4
#define TEMPORARY_MAX_US (180 * G_USEC_PER_SEC) /* section 2.25: "several minutes", and state is out of sync */

static ObolReason *
ended_by_us(void)
{
    return obol_reason_new(OBOL_REASON_DELETED_BY_US, OBOL_PHASE_CHILD, OBOL_SIDE_US, OBOL_N_TEMPORARY_FAILURE, NULL);
}

/* --- initiator: the request --- */

/* The group that the old one has is the one that the peer is sure to take. */
static guint16
choose_group(const ObolIkeSa *sa, const ObolChildSa *child, const GArray *proposals)
{
    const ObolChildSa *old = obol_child_sa_find(sa, child->replaces != 0 ? child->replaces : child->adjusts);

    if (old != NULL && old->suite.ke != OBOL_KE_NONE && obol_proposals_have_group(proposals, old->suite.ke))
        return old->suite.ke;
    return obol_proposals_first_group(proposals);
}

static void
prepare(ObolIkeSa *sa, ObolChildSa *child, guint16 group, ObolActions *out)
{
    ObolAgreement *a = &child->negotiation->agreement;

    sa->asking_id = child->unique_id;
    obol_agreement_init(sa, a, OBOL_INITIATOR);
    a->group = group;
    obol_child_prepare(sa, child, out);
    obol_child_step(sa, child, out);
}

void
obol_create_start(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    g_autoptr(GArray) proposals = obol_child_proposals(sa, child->config, OBOL_PHASE_CHILD);

    if (child->adjusts != 0 && !obol_selectors_prepare(sa, child, out))
        return;
    if (proposals->len == 0) {
        obol_child_failed(sa, child, obol_reason_new(OBOL_REASON_CONFIG, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0,
                                                     "no plugin provides the algorithms of its proposals"), out);
        return;
    }
    prepare(sa, child, choose_group(sa, child, proposals), out);
}

void
obol_create_send(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    const ObolChildSa *old = child->replaces != 0 ? obol_child_sa_find(sa, child->replaces) : NULL;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    if (sa->state != OBOL_IKE_ESTABLISHED) {
        obol_child_failed(sa, child, ended_by_us(), out);
        return;
    }
    if (child->replaces != 0 && (old == NULL || old->state != OBOL_CHILD_INSTALLED)) {
        obol_child_failed(sa, child, obol_reason_new(OBOL_REASON_REPLACED, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL), out);
        return;
    }
    if (child->adjusts != 0 && obol_selectors_must_wait(sa, child)) {
        sa->asking_id = 0;
        obol_selectors_wait(sa, child, out);
        obol_tasks_pump(sa, out);
        return;
    }
    if (old != NULL)
        obol_chain_add_notify_spi(&chain, old->suite.protocol, old->spi_in, OBOL_N_REKEY_SA, NULL, 0);
    obol_selectors_put_notify(sa, child, &chain);
    obol_child_offer(sa, child, &chain);
    datagram = obol_sk_seal(sa, OBOL_CREATE_CHILD_SA, FALSE, sa->next_request_id, &chain, out);
    if (datagram == NULL) {
        obol_child_failed(sa, child, obol_reason_new(OBOL_REASON_CRYPTO, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL), out);
        return;
    }
    child->negotiation->stage = OBOL_STAGE_ASKED;
    obol_window_request(sa, OBOL_CREATE_CHILD_SA, datagram, out);
}

/* --- initiator: the answer --- */

static void
take_nonce(ObolChildSa *child, const ObolPayload *nonce)
{
    ObolAgreement *a = &child->negotiation->agreement;

    g_clear_pointer(&a->peer_nonce, g_bytes_unref);
    a->peer_nonce = g_bytes_new(nonce->bytes.data, nonce->bytes.n);
    g_clear_pointer(&child->lowest_nonce, g_bytes_unref);
    if (child->replaces != 0)
        child->lowest_nonce = obol_agreement_lowest_nonce(a);
}

static ObolReason *
take_answer(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain)
{
    const ObolPayload *nonce = obol_chain_find(chain, OBOL_PAYLOAD_NONCE), *ke = obol_chain_find(chain, OBOL_PAYLOAD_KE);
    ObolReason *reason;

    if (nonce == NULL || obol_chain_count(chain, OBOL_PAYLOAD_NONCE) > 1 || obol_chain_count(chain, OBOL_PAYLOAD_KE) > 1)
        return obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0,
                               "a response has Nr once, and KEr at most once (RFC 7296 section 1.3.1)");
    reason = obol_child_take_answer(sa, child, chain);
    if (reason != NULL)
        return reason;
    if (child->suite.ke != OBOL_KE_NONE
        && (ke == NULL || ke->ke.group != child->suite.ke || child->negotiation->agreement.group != child->suite.ke))
        return obol_reason_new(OBOL_REASON_KE_GROUP, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0,
                               "the answer chooses %s and has no public value of it that we could use",
                               obol_transform_name(OBOL_TRANSFORM_KE, child->suite.ke));
    take_nonce(child, nonce);
    return NULL;
}

/* The peer's Delete has overtaken its answer: what it gave it has taken back. */
static ObolReason *
check_early_delete(const ObolIkeSa *sa, ObolChildSa *child)
{
    for (guint i = 0; sa->early_deletes != NULL && i < sa->early_deletes->len; i++) {
        const ObolSaName *name = &g_array_index(sa->early_deletes, ObolSaName, i);

        if (name->spi != child->spi_out || name->protocol != child->suite.protocol)
            continue;
        child->peer_has_it = FALSE;
        return obol_reason_new(OBOL_REASON_DELETED_BY_PEER, OBOL_PHASE_CHILD, OBOL_SIDE_PEER, 0, NULL);
    }
    return NULL;
}

static void
accepted(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain, ObolActions *out)
{
    const ObolPayload *ke = obol_chain_find(chain, OBOL_PAYLOAD_KE);
    ObolReason *reason = g_steal_pointer(&child->refused);

    sa->temporary_since_us = 0;
    child->peer_has_it = TRUE;
    if (reason == NULL && sa->state != OBOL_IKE_ESTABLISHED)
        reason = ended_by_us();
    if (reason == NULL)
        reason = take_answer(sa, child, chain);
    if (reason == NULL)
        reason = check_early_delete(sa, child);
    if (reason != NULL) {
        obol_child_failed(sa, child, reason, out);
        return;
    }
    if (child->negotiation->more_possible)
        obol_ike_sa_log(sa, out, 1, "Child SA %s #%u: the peer would allow further selectors, in Child SAs of their own",
                        child->config->name, child->unique_id);
    child->negotiation->stage = OBOL_STAGE_AGREEING;
    if (child->suite.ke != OBOL_KE_NONE)
        obol_agreement_complete(sa, &child->negotiation->agreement, ke->ke.data, out);
    obol_child_step(sa, child, out);
}

/* Section 1.3: another group, if we offered it; the peer has one try. */
static gboolean
try_other_group(ObolIkeSa *sa, ObolChildSa *child, const ObolNotifyPayload *error, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;
    guint16 group = obol_agreement_other_group(&n->agreement, n->proposals, error);

    if (n->n_group_retries > 0 || group == OBOL_KE_NONE)
        return FALSE;
    n->n_group_retries++;
    prepare(sa, child, group, out);
    return TRUE;
}

/* Section 2.9: one pair of addresses, that of the packet; without a packet there is none to ask for. */
static gboolean
try_single_pair(ObolIkeSa *sa, ObolChildSa *child, const ObolNotifyPayload *error, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;

    if (error->type != OBOL_N_SINGLE_PAIR_REQUIRED || n->single_pair || n->packet[0].family == 0)
        return FALSE;
    n->single_pair = TRUE;
    prepare(sa, child, n->agreement.group, out);
    return TRUE;
}

void
obol_create_again(ObolIkeSa *sa, ObolChildSa *child, gint64 not_before_us, ObolActions *out)
{
    /* A reservation does not live as long as we may have to wait. */
    obol_child_uninstall(sa, child, out);
    child->spi_in = child->spi_out = child->cpi_in = child->cpi_out = 0;
    child->negotiation->stage = OBOL_STAGE_QUEUED;
    obol_tasks_add(sa, OBOL_TASK_CREATE, child->unique_id, not_before_us);
}

/* When that has gone on for minutes, the two do not agree about the SA. */
gboolean
obol_create_out_of_step(ObolIkeSa *sa, const ObolNotifyPayload *error, ObolActions *out)
{
    if (error->type != OBOL_N_TEMPORARY_FAILURE) {
        sa->temporary_since_us = 0;
        return FALSE;
    }
    if (sa->temporary_since_us == 0)
        sa->temporary_since_us = sa->now_us;
    if (sa->now_us - sa->temporary_since_us < TEMPORARY_MAX_US)
        return FALSE;
    obol_ike_sa_close(sa, obol_reason_new(OBOL_REASON_PEER_NOTIFY, OBOL_PHASE_CHILD, OBOL_SIDE_PEER, OBOL_N_TEMPORARY_FAILURE,
                                          "it has been saying so for minutes (RFC 7296 section 2.25)"), out);
    return TRUE;
}

/* Section 2.25: not at once again, but later. */
static gboolean
put_off(ObolIkeSa *sa, ObolChildSa *child, const ObolNotifyPayload *error, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;

    if (obol_create_out_of_step(sa, error, out) || error->type != OBOL_N_TEMPORARY_FAILURE || child->replaces != 0
        || n->n_put_off >= PUT_OFF_MAX)
        return FALSE;
    obol_create_again(sa, child, sa->now_us + (PUT_OFF_FIRST_US << n->n_put_off++), out);
    return TRUE;
}

static void
refused(ObolIkeSa *sa, ObolChildSa *child, const ObolNotifyPayload *error, ObolActions *out)
{
    ObolReason *reason = g_steal_pointer(&child->refused);

    if (reason == NULL && (try_other_group(sa, child, error, out) || try_single_pair(sa, child, error, out)
                           || put_off(sa, child, error, out)))
        return;
    if (reason == NULL && error->type == OBOL_N_CHILD_SA_NOT_FOUND && child->replaces != 0) {
        obol_rekey_not_found(sa, child, out);
        return;
    }
    if (reason == NULL)
        reason = obol_reason_of_notify(OBOL_PHASE_CHILD, error->type);
    if (child->adjusts != 0)
        obol_selectors_explain(child, reason);
    obol_child_failed(sa, child, reason, out);
}

void
obol_create_child_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolChildSa *child = sa->asking_id != 0 ? obol_child_sa_find(sa, sa->asking_id) : NULL;
    const ObolPayload *error = obol_chain_first_error(in->chain);
    gboolean for_ike = obol_ike_rekey_asks(sa);

    obol_window_answered(sa);
    sa->asking_id = 0;
    if (error != NULL && error->notify.type == OBOL_N_INVALID_SYNTAX) {
        ObolReason *reason = obol_reason_of_notify(OBOL_PHASE_CHILD, OBOL_N_INVALID_SYNTAX); /* fatal at both ends: section 2.21.3 */

        obol_ike_sa_fail(sa, reason, out);
        obol_ike_sa_end(sa, reason, out);
        return;
    }
    if (for_ike) {
        obol_ike_rekey_response(sa, in, out);
    } else if (child != NULL && child->negotiation != NULL && child->negotiation->stage == OBOL_STAGE_ASKED) {
        if (error != NULL)
            refused(sa, child, &error->notify, out);
        else
            accepted(sa, child, in->chain, out);
    }
    g_clear_pointer(&sa->early_deletes, g_array_unref);
    obol_tasks_pump(sa, out);
}

/* --- responder --- */

void
obol_create_refuse(ObolIkeSa *sa, guint16 type, const guint8 *data, gsize n, ObolReason *reason, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };

    obol_chain_add_notify(&chain, type, data, n);
    obol_window_answer(sa, OBOL_CREATE_CHILD_SA, &chain, out);
    if (reason == NULL) {
        obol_ike_sa_log(sa, out, 1, "a CREATE_CHILD_SA request is answered with %s", obol_notify_name(type));
        return;
    }
    obol_ike_sa_fail(sa, reason, out);
    if (type == OBOL_N_INVALID_SYNTAX)
        obol_ike_sa_end(sa, reason, out); /* section 2.21.3 */
    else
        obol_reason_free(reason);
}

ObolReason *
obol_create_other_group(guint16 wanted)
{
    return obol_reason_new(OBOL_REASON_KE_GROUP, OBOL_PHASE_CHILD, OBOL_SIDE_US, OBOL_N_INVALID_KE_PAYLOAD,
                           "we take %s; the peer may come again with it", obol_transform_name(OBOL_TRANSFORM_KE, wanted));
}

void
obol_create_refuse_group(ObolIkeSa *sa, guint16 wanted, ObolReason *reason, ObolActions *out)
{
    guint8 group[2] = { (guint8) (wanted >> 8), (guint8) wanted };

    obol_create_refuse(sa, OBOL_N_INVALID_KE_PAYLOAD, group, sizeof group, reason, out);
}

void
obol_create_answer(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };

    if (child == NULL) {
        obol_create_refuse(sa, obol_reason_notify(reason), NULL, 0, reason, out);
        return;
    }
    obol_child_put_answer(sa, child, &chain);
    obol_window_answer(sa, OBOL_CREATE_CHILD_SA, &chain, out);
}

static guint32
spi_of(const ObolNotifyPayload *notify)
{
    guint32 spi = 0;

    for (gsize i = 0; i < notify->spi.n && notify->spi.n == 4; i++)
        spi = spi << 8 | notify->spi.data[i];
    return spi;
}

static ObolChildSa *
named_by(const ObolIkeSa *sa, const ObolNotifyPayload *notify)
{
    return notify->protocol == OBOL_PROTO_IPCOMP ? NULL : obol_child_sa_find_spi(sa, notify->protocol, spi_of(notify), FALSE);
}

/* Section 2.25.1: whether the child that is to be replaced is there, and stays so.  %FALSE: answered. */
static gboolean
find_old(ObolIkeSa *sa, const ObolNotifyPayload *rekey, ObolChildSa **old, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    guint32 spi = spi_of(rekey);

    *old = named_by(sa, rekey);
    /* It may be the one that the peer has made at our request, whose answer was lost. */
    if (*old == NULL && sa->request.datagram != NULL && sa->request.exchange == OBOL_CREATE_CHILD_SA) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return FALSE;
    }
    if (*old == NULL) {
        obol_chain_add_notify_spi(&chain, rekey->protocol, spi, OBOL_N_CHILD_SA_NOT_FOUND, NULL, 0);
        obol_window_answer(sa, OBOL_CREATE_CHILD_SA, &chain, out);
        obol_ike_sa_log(sa, out, 1, "the peer rekeys a Child SA that is not there, %08x", spi);
        return FALSE;
    }
    if ((*old)->state != OBOL_CHILD_INSTALLED || obol_rekey_rival(sa, (*old)->unique_id, FALSE) != NULL
        || obol_selectors_asked(sa, (*old)->unique_id)) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return FALSE;
    }
    return TRUE;
}

/* The peer's admin changes the selectors of a child.  One that is not there is no obstacle to a new one.  %FALSE: answered. */
static gboolean
find_adjusted(ObolIkeSa *sa, const ObolNotifyPayload *adjusted, ObolChildSa **old, ObolActions *out)
{
    *old = named_by(sa, adjusted);
    if (*old != NULL && (*old)->state != OBOL_CHILD_INSTALLED)
        *old = NULL;
    if (*old != NULL
        && (obol_rekey_rival(sa, (*old)->unique_id, FALSE) != NULL || obol_selectors_collide(sa, (*old)->unique_id))) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return FALSE;
    }
    return TRUE;
}

static gboolean
is_full(const ObolIkeSa *sa, const ObolChildSa *old)
{
    return (old == NULL && obol_child_sa_count(sa, NULL) >= OBOL_ENGINE_CHILDREN_MAX)
           || sa->children->len >= 2 * OBOL_ENGINE_CHILDREN_MAX;
}

/* The rest of what a request needs, once a child of the settings has been found for it. */
static void
take_up(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain, ObolActions *out)
{
    const ObolPayload *ke = obol_chain_find(chain, OBOL_PAYLOAD_KE);
    guint16 group = child->suite.ke;

    if (group != OBOL_KE_NONE && (ke == NULL || ke->ke.group != group)) {
        ObolReason *reason = obol_create_other_group(group);

        obol_child_sa_end(sa, child, obol_reason_dup(reason), out);
        obol_create_refuse_group(sa, group, reason, out);
        return;
    }
    take_nonce(child, obol_chain_find(chain, OBOL_PAYLOAD_NONCE));
    sa->busy = TRUE;
    obol_child_prepare(sa, child, out);
    if (group != OBOL_KE_NONE)
        obol_agreement_accept(sa, &child->negotiation->agreement, group, ke->ke.data, out);
}

void
obol_create_child_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *offer = obol_chain_find(in->chain, OBOL_PAYLOAD_SA),
                      *rekey = obol_chain_find_notify(in->chain, OBOL_N_REKEY_SA);
    const ObolNotifyPayload *adjusted = obol_selectors_find_notify(in->chain);
    ObolChildSa *old = NULL, *child;
    ObolChildHow how;
    ObolReason *reason = NULL;

    if (obol_chain_count(in->chain, OBOL_PAYLOAD_SA) != 1 || obol_chain_count(in->chain, OBOL_PAYLOAD_NONCE) != 1
        || obol_chain_count(in->chain, OBOL_PAYLOAD_KE) > 1 || offer->sa.n == 0) {
        obol_create_refuse(sa, OBOL_N_INVALID_SYNTAX, NULL, 0,
                           obol_reason_new(OBOL_REASON_SYNTAX, OBOL_PHASE_CHILD, OBOL_SIDE_US, OBOL_N_INVALID_SYNTAX,
                                           "a request has SA and Ni once, and KEi at most once (RFC 7296 section 1.3)"), out);
        return;
    }
    if (sa->state != OBOL_IKE_ESTABLISHED) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return;
    }
    if (offer->sa.proposals[0].protocol == OBOL_PROTO_IKE) {
        obol_ike_rekey_request(sa, in, out);
        return;
    }
    /* Section 2.25.2: the IKE SA is being rekeyed, and it would not be clear whose child this is. */
    if (obol_succession_is_open(sa)) {
        obol_create_refuse(sa, OBOL_N_TEMPORARY_FAILURE, NULL, 0, NULL, out);
        return;
    }
    if (rekey != NULL ? !find_old(sa, &rekey->notify, &old, out) : adjusted != NULL && !find_adjusted(sa, adjusted, &old, out))
        return;
    how = old == NULL ? OBOL_BESIDE : rekey != NULL ? OBOL_REKEYS : OBOL_ADJUSTS;
    if (is_full(sa, old)) {
        obol_create_refuse(sa, OBOL_N_NO_ADDITIONAL_SAS, NULL, 0,
                           obol_reason_new(OBOL_REASON_CONFIG, OBOL_PHASE_CHILD, OBOL_SIDE_US, OBOL_N_NO_ADDITIONAL_SAS,
                                           "an IKE SA has at most %u Child SAs", OBOL_ENGINE_CHILDREN_MAX), out);
        return;
    }
    child = obol_child_take_request(sa, in->chain, OBOL_PHASE_CHILD, old, how, &reason);
    if (child == NULL) {
        obol_create_refuse(sa, obol_reason_notify(reason), NULL, 0, reason, out);
        return;
    }
    if (old != NULL)
        obol_rekey_yield(sa, old, out);
    take_up(sa, child, in->chain, out);
}
