/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/rekey.c - a Child SA gets a successor in time, or ends; and what when both ends want that at once (RFC 7296 sections 2.8,
 * 2.8.1 and 2.25.1).
 *
 * Of a child that is being rekeyed there may be two successors: ours, of the exchange that we began, and theirs.  Both are joined
 * to it by its unique id, which outlives it: an answer may come when the old one has gone. */
#include "engine/ike-sa-private.h"

#define RETRY_FIRST_US (10 * (gint64) G_USEC_PER_SEC)
#define RETRY_SHORTEST_US (1 * (gint64) G_USEC_PER_SEC)
#define RETRY_LONGEST_US (300 * (gint64) G_USEC_PER_SEC)

ObolChildSa *
obol_rekey_rival(const ObolIkeSa *sa, guint32 old_id, gboolean initiator)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (old_id != 0 && child->replaces == old_id && !child->initiator == !initiator)
            return child;
    }
    return NULL;
}

void
obol_rekey_begin(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out)
{
    ObolChildSa *child = obol_child_sa_new(sa, old->config);

    obol_child_begin(sa, child, OBOL_INITIATOR, OBOL_PHASE_CHILD);
    child->replaces = old->unique_id;
    child->reqid = old->reqid;
    child->adjusted = old->adjusted;
    child->local_ts = g_array_ref(old->local_ts);
    child->remote_ts = g_array_ref(old->remote_ts);
    obol_ike_sa_log(sa, out, 1, "Child SA %s #%u is rekeyed", old->config->name, old->unique_id);
    obol_tasks_add(sa, OBOL_TASK_CREATE, child->unique_id, 0);
    obol_tasks_pump(sa, out);
}

static ObolReason *
replaced(void)
{
    return obol_reason_new(OBOL_REASON_REPLACED, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL);
}

/* --- both at once --- */

/* Ours has not gone out yet, so there need be no collision. */
void
obol_rekey_yield(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out)
{
    ObolChildSa *ours = obol_rekey_rival(sa, old->unique_id, TRUE);

    if (ours != NULL && ours->negotiation != NULL && ours->negotiation->stage < OBOL_STAGE_ASKED)
        obol_child_sa_close(sa, ours, replaced(), out);
}

gboolean
obol_rekey_loses(const ObolIkeSa *sa, const ObolChildSa *child)
{
    const ObolChildSa *theirs = obol_rekey_rival(sa, child->replaces, FALSE);
    GBytes *nonce = theirs != NULL ? theirs->lowest_nonce : child->rival_nonce;

    return child->initiator && nonce != NULL && child->lowest_nonce != NULL && obol_nonce_is_lower(child->lowest_nonce, nonce);
}

/* Theirs may have been replaced itself before the answer to ours comes, which has lost all the same. */
void
obol_rekey_ended(ObolIkeSa *sa, ObolChildSa *child)
{
    ObolChildSa *ours = child->initiator ? NULL : obol_rekey_rival(sa, child->replaces, TRUE);

    if (ours != NULL && ours->rival_nonce == NULL && child->peer_was_given && child->lowest_nonce != NULL)
        ours->rival_nonce = g_bytes_ref(child->lowest_nonce);
}

static void
forget(ObolChildSa *child)
{
    child->replaces = 0;
    g_clear_pointer(&child->lowest_nonce, g_bytes_unref);
    g_clear_pointer(&child->rival_nonce, g_bytes_unref);
}

/* The old one has gone and no answer is waited for: nothing is left to be compared. */
static void
forget_when_over(ObolIkeSa *sa, guint32 old_id)
{
    const ObolChildSa *old = obol_child_sa_find(sa, old_id);
    ObolChildSa *theirs = obol_rekey_rival(sa, old_id, FALSE);

    if (theirs != NULL && theirs->state == OBOL_CHILD_INSTALLED && (old == NULL || old->state == OBOL_CHILD_DELETING)
        && obol_rekey_rival(sa, old_id, TRUE) == NULL)
        forget(theirs);
}

void
obol_rekey_hand_over(ObolIkeSa *sa, guint32 old_id, ObolActions *out)
{
    ObolChildSa *theirs = obol_rekey_rival(sa, old_id, FALSE);

    if (theirs != NULL && theirs->state == OBOL_CHILD_INSTALLED)
        obol_child_activate(sa, theirs, out);
}

/* An answer to our own rekeying may still come (section 2.8.1: a lost first request), so theirs is not settled before that. */
void
obol_rekey_deleted(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out)
{
    ObolChildSa *theirs = obol_rekey_rival(sa, old->unique_id, FALSE);

    obol_rekey_hand_over(sa, old->unique_id, out);
    if (theirs != NULL)
        obol_selectors_follow(sa, old->unique_id, theirs->unique_id);
    if (theirs != NULL && obol_rekey_rival(sa, old->unique_id, TRUE) == NULL)
        forget(theirs);
}

/* The old one may have gone while the kernel was busy with theirs, or while ours stood between. */
static void
hand_over_late(ObolIkeSa *sa, guint32 old_id, ObolActions *out)
{
    const ObolChildSa *old = obol_child_sa_find(sa, old_id);

    if (old == NULL || old->state != OBOL_CHILD_INSTALLED)
        obol_rekey_hand_over(sa, old_id, out);
}

/* Section 2.8.1: the SA of the exchange with the lowest of the four nonces goes, by whoever created it; who created the other one
 * deletes the old one. */
static void
drop_ours(ObolIkeSa *sa, ObolChildSa *ours, ObolActions *out)
{
    guint32 old_id = ours->replaces;

    obol_ike_sa_log(sa, out, 1, "both ends have rekeyed Child SA %s: ours, #%u, is redundant", ours->config->name, ours->unique_id);
    forget(ours);
    hand_over_late(sa, old_id, out);
    obol_child_sa_close(sa, ours, replaced(), out);
    forget_when_over(sa, old_id);
}

void
obol_rekey_settle(ObolIkeSa *sa, guint32 old_id, ObolActions *out)
{
    ObolChildSa *old = obol_child_sa_find(sa, old_id), *ours = obol_rekey_rival(sa, old_id, TRUE),
                *theirs = obol_rekey_rival(sa, old_id, FALSE);

    if (ours == NULL || ours->state != OBOL_CHILD_INSTALLED || (theirs != NULL && theirs->state < OBOL_CHILD_INSTALLED)) {
        hand_over_late(sa, old_id, out);
        forget_when_over(sa, old_id);
        return;
    }
    if ((theirs != NULL || old == NULL || old->state != OBOL_CHILD_INSTALLED) && obol_rekey_loses(sa, ours)) {
        drop_ours(sa, ours, out);
        return;
    }
    if (theirs != NULL) {
        forget(theirs);
        theirs->redundant = TRUE;
    }
    forget(ours);
    obol_selectors_follow(sa, old_id, ours->unique_id);
    obol_child_activate(sa, ours, out);
    if (old != NULL)
        obol_child_sa_close(sa, old, replaced(), out);
}

/* --- what goes wrong --- */

gint64
obol_rekey_retry_at(const ObolIkeSa *sa, guint n_failures, gint64 expire_at_us)
{
    gint64 wait_us = MIN(RETRY_FIRST_US << MIN(n_failures - 1, 8), RETRY_LONGEST_US);
    guint64 random;

    if (expire_at_us != 0)
        wait_us = CLAMP(wait_us, 0, MAX(expire_at_us - sa->now_us, 0) / 2);
    wait_us = MAX(wait_us, RETRY_SHORTEST_US);
    obol_random_fill(&sa->engine->random, (guint8 *) &random, sizeof random);
    return sa->now_us + wait_us / 2 + (gint64) (random % (guint64) (wait_us / 2 + 1));
}

void
obol_rekey_failed(ObolIkeSa *sa, ObolChildSa *child, const ObolReason *reason, ObolActions *out)
{
    guint32 old_id = child->replaces;
    ObolChildSa *old = obol_child_sa_find(sa, old_id);

    if (old_id == 0)
        return;
    forget(child);
    /* When theirs stands, or the old one has gone with the peer's doing, ours was in vain: no harm done (section 2.8.1). */
    if (old == NULL || old->state != OBOL_CHILD_INSTALLED || obol_rekey_rival(sa, old_id, FALSE) != NULL
        || reason->code == OBOL_REASON_REPLACED || reason->code == OBOL_REASON_DELETED_BY_US) {
        forget_when_over(sa, old_id);
        return;
    }
    old->n_rekey_failures++;
    old->rekey_refused |= reason->side == OBOL_SIDE_PEER;
    if (reason->notify == OBOL_N_NO_ADDITIONAL_SAS) {
        old->rekey_at_us = 0; /* it never gives another one */
        obol_ike_sa_log(sa, out, 0, "Child SA %s #%u: the peer does not rekey; the IKE SA ends with it", old->config->name, old->unique_id);
    } else {
        old->rekey_at_us = obol_rekey_retry_at(sa, old->n_rekey_failures, old->expire_at_us);
    }
}

/* Section 2.25: the old one goes without a word, and a new one is asked for. */
void
obol_rekey_not_found(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildSa *old = obol_child_sa_find(sa, child->replaces);

    if (old == NULL || old->state != OBOL_CHILD_INSTALLED || obol_rekey_rival(sa, child->replaces, FALSE) != NULL) {
        obol_child_failed(sa, child, replaced(), out);
        return;
    }
    forget(child);
    obol_selectors_follow(sa, old->unique_id, child->unique_id);
    if (!child->adjusted) {
        g_clear_pointer(&child->local_ts, g_array_unref);
        g_clear_pointer(&child->remote_ts, g_array_unref);
    }
    old->peer_has_it = FALSE;
    obol_child_sa_close(sa, old, obol_reason_new(OBOL_REASON_DELETED_BY_PEER, OBOL_PHASE_CHILD, OBOL_SIDE_PEER,
                                                 OBOL_N_CHILD_SA_NOT_FOUND, NULL), out);
    obol_create_again(sa, child, 0, out);
}

/* --- lifetimes --- */

static gboolean
can_be_rekeyed(const ObolIkeSa *sa, const ObolChildSa *child)
{
    return sa->state == OBOL_IKE_ESTABLISHED && child->refused == NULL && obol_rekey_rival(sa, child->unique_id, TRUE) == NULL
           && obol_rekey_rival(sa, child->unique_id, FALSE) == NULL && !obol_selectors_asked(sa, child->unique_id);
}

gint64
obol_rekey_due(const ObolIkeSa *sa, const ObolChildSa *child)
{
    gint64 due = G_MAXINT64;

    if (child->state != OBOL_CHILD_INSTALLED)
        return due;
    if (child->expire_at_us != 0)
        due = child->expire_at_us;
    if (child->rekey_at_us != 0 && can_be_rekeyed(sa, child))
        due = MIN(due, child->rekey_at_us);
    return due;
}

static void
hard_limit(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolReason *reason = obol_reason_new(OBOL_REASON_LIFETIME, NULL, OBOL_SIDE_US, 0, NULL);

    child->expire_at_us = 0;
    /* Section 2.8: where rekeying fails the IKE SA must be closed with the child, so that all begins anew. */
    if (child->rekey_refused && obol_rekey_rival(sa, child->unique_id, FALSE) == NULL)
        obol_ike_sa_close(sa, reason, out);
    else
        obol_child_sa_close(sa, child, reason, out);
}

static void
soft_limit(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    if (child->redundant) {
        child->rekey_at_us = 0;
        obol_child_sa_close(sa, child, replaced(), out); /* the peer ought to have done so long ago */
        return;
    }
    obol_rekey_begin(sa, child, out);
}

void
obol_rekey_timer(ObolIkeSa *sa, ObolActions *out)
{
    /* Each turn makes a child that is due one that is not; others may come and go by it. */
    for (guint i = 0; sa->state != OBOL_IKE_GONE && i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (sa->now_us < obol_rekey_due(sa, child))
            continue;
        if (child->expire_at_us != 0 && sa->now_us >= child->expire_at_us)
            hard_limit(sa, child, out);
        else
            soft_limit(sa, child, out);
        i = G_MAXUINT;
    }
}

/* The kernel knows best about bytes and packets, and tells of time as well as our own clock does; twice is no harm. */
void
obol_rekey_expire(ObolIkeSa *sa, ObolChildSa *child, gboolean hard, ObolActions *out)
{
    if (child->state != OBOL_CHILD_INSTALLED)
        return;
    if (hard)
        hard_limit(sa, child, out);
    else if (child->n_rekey_failures == 0)
        child->rekey_at_us = sa->now_us;
    obol_rekey_timer(sa, out);
}
