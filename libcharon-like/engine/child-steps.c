/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-steps.c - the negotiation of a Child SA from its beginning to its end, whichever the exchange and the end.
 *
 *                 initiator                                     responder
 *   PREPARING     SPIs, public value; then the request          SPIs, shared secret
 *   ASKED         the answer                                    -
 *   AGREEING      shared secret                                 -
 *   INSTALLING    the kernel; then it is there                  the kernel; then the answer */
#include "engine/ike-sa-private.h"

void
obol_child_begin(ObolIkeSa *sa, ObolChildSa *child, ObolRole role, const char *phase)
{
    ObolChildNegotiation *n = g_new0(ObolChildNegotiation, 1);

    n->role = role;
    n->phase = phase;
    n->stage = OBOL_STAGE_QUEUED;
    obol_agreement_init(sa, &n->agreement, role);
    child->negotiation = n;
    child->initiator = role == OBOL_INITIATOR;
}

void
obol_child_negotiation_free(ObolChildNegotiation *n)
{
    obol_agreement_clear(&n->agreement);
    g_clear_pointer(&n->proposals, g_array_unref);
    g_clear_pointer(&n->named[0], g_array_unref);
    g_clear_pointer(&n->named[1], g_array_unref);
    obol_reason_free(n->verdict);
    g_free(n);
}

static gboolean
by_auth(const ObolChildSa *child)
{
    return g_str_equal(child->negotiation->phase, OBOL_PHASE_AUTH);
}

/* The responder knows by now whether there will be compression; the initiator asks for it. */
void
obol_child_prepare(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;
    gboolean comp = n->role == OBOL_INITIATOR ? obol_child_wants_ipcomp(sa, child->config) : n->cpi_wanted != 0;

    n->stage = OBOL_STAGE_PREPARING;
    if (child->places[OBOL_PART_IN] == OBOL_NOWHERE)
        obol_child_get_spi(sa, child, OBOL_PART_IN, out);
    if (comp && child->places[OBOL_PART_COMP_IN] == OBOL_NOWHERE)
        obol_child_get_spi(sa, child, OBOL_PART_COMP_IN, out);
    if (n->role == OBOL_INITIATOR && n->agreement.group != OBOL_KE_NONE)
        obol_agreement_offer(sa, &n->agreement, n->agreement.group, out);
}

/* --- the keys --- */

/* IKE_AUTH has no nonces of its own: section 2.17 takes those of IKE_SA_INIT. */
static const ObolAgreement *
agreement_of(const ObolIkeSa *sa, const ObolChildSa *child)
{
    return by_auth(child) ? &sa->negotiation->agreement : &child->negotiation->agreement;
}

static gboolean
derive(ObolIkeSa *sa, const ObolChildSa *child, ObolChildKeys *keys, GError **error)
{
    const ObolAgreement *a = agreement_of(sa, child);

    return obol_child_keys_derive(sa->engine->crypto, sa->suite.prf, &child->suite, obol_ike_keys_get(&sa->keys, OBOL_SK_D),
                                  by_auth(child) ? NULL : a->secret, obol_agreement_nonce(a, OBOL_INITIATOR),
                                  obol_agreement_nonce(a, OBOL_RESPONDER), keys, error);
}

/* Both ends must have named a CPI; else what was reserved for compression is given back. */
static void
settle_ipcomp(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    if (child->cpi_in != 0 && child->cpi_out != 0)
        return;
    obol_child_release_cpi(sa, child, out);
    child->cpi_in = child->cpi_out = 0;
}

void
obol_child_agreed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;
    ObolChildKeys keys = { NULL };
    gboolean hold_back;
    g_autoptr(GError) error = NULL;

    settle_ipcomp(sa, child, out);
    if (!derive(sa, child, &keys, &error)) {
        obol_child_failed(sa, child, obol_reason_new(OBOL_REASON_CRYPTO, n->phase, OBOL_SIDE_US, 0, "%s", error->message), out);
        return;
    }
    if (child->replaces != 0)
        child->lowest_nonce = obol_agreement_lowest_nonce(&n->agreement);
    n->stage = OBOL_STAGE_INSTALLING;
    /* Section 2.8: who answers a rekeying goes on sending by the old SA until the peer deletes that, since only then it surely has
     * the new one.  Nor is an SA sent by that is about to be deleted as redundant, or as too narrow. */
    hold_back = n->verdict != NULL || (child->replaces != 0 && (n->role == OBOL_RESPONDER || obol_rekey_loses(sa, child)));
    obol_child_install(sa, child, &keys, hold_back, out);
}

/* --- the steps --- */

static void
tell_installed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    g_autofree char *local = obol_ts_list_format(child->local_ts), *remote = obol_ts_list_format(child->remote_ts);
    g_autofree char *suite = obol_suite_format(&child->suite);
    const ObolLifetimes *lifetimes = &child->lifetimes;

    child->installed_us = sa->now_us;
    child->rekey_at_us = lifetimes->soft_us != 0 ? sa->now_us + lifetimes->soft_us : 0;
    child->expire_at_us = lifetimes->hard_us != 0 ? sa->now_us + lifetimes->hard_us : 0;
    obol_child_sa_set_state(sa, child, OBOL_CHILD_INSTALLED, NULL, out);
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u installed, %08x_i %08x_o, %s === %s, %s%s", child->config->name, child->unique_id,
                    child->spi_in, child->spi_out, local, remote, suite, child->cpi_in != 0 ? ", IPComp" : "");
}

static void
installed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    gboolean answers = child->negotiation->role == OBOL_RESPONDER, auth = by_auth(child);
    guint32 unique_id = child->unique_id, old_id = child->replaces;

    if (child->refused != NULL) {
        obol_child_failed(sa, child, g_steal_pointer(&child->refused), out);
        return;
    }
    if (child->negotiation->verdict != NULL) {
        obol_child_failed(sa, child, g_steal_pointer(&child->negotiation->verdict), out);
        return;
    }
    tell_installed(sa, child, out);
    child->peer_has_it = child->peer_was_given = TRUE;
    if (answers && auth)
        obol_auth_answer(sa, child, NULL, out);
    else if (answers)
        obol_create_answer(sa, child, NULL, out);
    child = obol_child_sa_find(sa, unique_id);
    if (child == NULL)
        return;
    g_clear_pointer(&child->negotiation, obol_child_negotiation_free);
    obol_ike_sa_command_made(&child->initiate_command, unique_id, out);
    if (child->adjusts != 0)
        obol_selectors_settle(sa, child, out);
    if (old_id != 0)
        obol_rekey_settle(sa, old_id, out);
    obol_child_move(sa, out);
    obol_tasks_pump(sa, out);
}

static void
prepared(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;

    if (child->refused != NULL)
        obol_child_failed(sa, child, g_steal_pointer(&child->refused), out);
    else if (n->role == OBOL_RESPONDER)
        obol_child_agreed(sa, child, out);
    else if (by_auth(child))
        obol_auth_start(sa, out);
    else
        obol_create_send(sa, child, out);
}

/* After its negotiation: an outbound SA that was held back is there, or it was moved. */
static void
settled(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolReason *reason = g_steal_pointer(&child->refused);

    child->switching = FALSE;
    obol_informational_resume(sa, out);
    if (reason == NULL) {
        obol_child_move(sa, out);
        return;
    }
    obol_ike_sa_fail(sa, reason, out);
    obol_child_sa_close(sa, child, reason, out);
}

void
obol_child_step(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildNegotiation *n = child->negotiation;

    if (child->n_waiting > 0 || (n != NULL && n->agreement.job != 0))
        return;
    if (n == NULL) {
        if (child->state == OBOL_CHILD_INSTALLED)
            settled(sa, child, out);
        return;
    }
    switch (n->stage) {
    case OBOL_STAGE_QUEUED:
    case OBOL_STAGE_ASKED: break;
    case OBOL_STAGE_PREPARING: prepared(sa, child, out); break;
    case OBOL_STAGE_AGREEING:
        if (child->refused != NULL)
            obol_child_failed(sa, child, g_steal_pointer(&child->refused), out);
        else
            obol_child_agreed(sa, child, out);
        break;
    case OBOL_STAGE_INSTALLING: installed(sa, child, out); break;
    }
}

gboolean
obol_child_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);
        const GError *error;
        ObolKeStep step;

        if (child->negotiation == NULL || child->negotiation->agreement.job != job->id)
            continue;
        if (!obol_agreement_job_done(&child->negotiation->agreement, job, &step, &error) && child->refused == NULL) {
            gboolean value = g_error_matches(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_PUBLIC);

            child->refused = obol_reason_new(value ? OBOL_REASON_KE_VALUE : OBOL_REASON_CRYPTO, OBOL_PHASE_CHILD, OBOL_SIDE_US,
                                             value ? OBOL_N_INVALID_SYNTAX : OBOL_N_NO_PROPOSAL_CHOSEN, "%s", error->message);
        }
        obol_child_step(sa, child, out);
        return TRUE;
    }
    return FALSE;
}

/* --- the bad end --- */

/* Somebody here wanted it so, or another one serves: no failure to speak of. */
static gboolean
is_failure(const ObolReason *reason)
{
    return reason->code != OBOL_REASON_DELETED_BY_US && reason->code != OBOL_REASON_REPLACED;
}

void
obol_child_failed(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    gboolean auth = by_auth(child), asks = child->negotiation->role == OBOL_INITIATOR, before_auth = auth && sa->negotiation != NULL;

    if (!asks) {
        guint32 old_id = child->replaces;

        obol_child_sa_end(sa, child, obol_reason_dup(reason), out);
        if (auth)
            obol_auth_answer(sa, NULL, reason, out);
        else
            obol_create_answer(sa, NULL, reason, out);
        if (sa->state != OBOL_IKE_GONE)
            obol_rekey_settle(sa, old_id, out); /* ours may have waited for it */
        return;
    }
    if (is_failure(reason))
        obol_ike_sa_fail(sa, reason, out);
    /* Without a Child SA there is nothing that a new IKE SA is for. */
    if (before_auth && sa->state != OBOL_IKE_ESTABLISHED) {
        obol_ike_sa_end(sa, reason, out);
        return;
    }
    if (sa->asking_id == child->unique_id)
        sa->asking_id = 0;
    g_clear_pointer(&child->negotiation, obol_child_negotiation_free);
    obol_rekey_failed(sa, child, reason, out);
    obol_child_sa_close(sa, child, reason, out);
    obol_tasks_pump(sa, out);
}
