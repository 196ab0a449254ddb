/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/selectors.c - what a Child SA protects is changed while it lives (RFC 7296 sections 1.3.1, 2.8 and 2.9).
 *
 * A rekeying may not narrow (section 2.9.2), so this is none: another Child SA, without REKEY_SA, with the selectors that the admin
 * wants; when the kernel has both of its SAs the old one is deleted.  What the peer does not grant in full is deleted again, and
 * the old one has not been touched.  A notification of private use tells an Obol at the other end whose place it is to take: so
 * that one holds back what sends until the old one is deleted, as with a rekeying.  Others ignore it (section 3.10.1). */
#include "engine/ike-sa-private.h"

#include <string.h>

#define WAIT_US (1 * (gint64) G_USEC_PER_SEC) /* until somebody's rekeying is over */
#define WAITS_MAX 60

/* Others may use the number for another thing. */
static const guint8 mark[] = { 'o', 'b', 'o', 'l' };

/* --- who changes whom --- */

ObolChildSa *
obol_selectors_changer(const ObolIkeSa *sa, guint32 old_id)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (old_id != 0 && child->adjusts == old_id)
            return child;
    }
    return NULL;
}

gboolean
obol_selectors_asked(const ObolIkeSa *sa, guint32 old_id)
{
    const ObolChildSa *changer = obol_selectors_changer(sa, old_id);

    return changer != NULL && changer->negotiation != NULL && changer->negotiation->stage >= OBOL_STAGE_ASKED;
}

void
obol_selectors_follow(ObolIkeSa *sa, guint32 old_id, guint32 heir_id)
{
    ObolChildSa *changer = obol_selectors_changer(sa, old_id);

    if (changer == NULL)
        return;
    changer->adjusts = heir_id;
    if (obol_tasks_drop(sa, changer->unique_id))
        obol_tasks_add(sa, OBOL_TASK_CREATE, changer->unique_id, 0);
}

static const ObolChildSa *
heir_of(const ObolIkeSa *sa, guint32 old_id)
{
    for (guint ours = 0; ours < 2; ours++) {
        const ObolChildSa *heir = obol_rekey_rival(sa, old_id, ours != 0);

        if (heir != NULL && heir->refused == NULL && heir->state != OBOL_CHILD_DELETING)
            return heir;
    }
    return NULL;
}

void
obol_selectors_left(ObolIkeSa *sa, const ObolChildSa *old, const ObolReason *reason, ObolActions *out)
{
    const ObolChildSa *heir = heir_of(sa, old->unique_id);
    ObolChildSa *changer = obol_selectors_changer(sa, old->unique_id);

    if (changer == NULL)
        return;
    if (heir != NULL) {
        obol_selectors_follow(sa, old->unique_id, heir->unique_id);
        return;
    }
    changer->adjusts = 0;
    obol_child_sa_close(sa, changer, obol_reason_dup(reason), out);
}

/* --- it begins --- */

static const char *
obstacle(const ObolIkeSa *sa, const ObolChildSa *old)
{
    if (sa->state != OBOL_IKE_ESTABLISHED)
        return "the IKE SA is about to end";
    if (old == NULL || old->state != OBOL_CHILD_INSTALLED || old->refused != NULL)
        return "the Child SA is not there, or about to go";
    if (old->replaces != 0)
        return "the Child SA has not taken the place of its predecessor yet";
    if (obol_selectors_changer(sa, old->unique_id) != NULL)
        return "its selectors are being changed already";
    if (sa->children->len >= 2 * OBOL_ENGINE_CHILDREN_MAX)
        return "the IKE SA has as many Child SAs as one may have";
    return NULL;
}

static ObolReason *
refusal(ObolReasonCode code, const char *why)
{
    return obol_reason_new(code, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, "%s", why);
}

static gboolean
same(const GArray *a, const GArray *b)
{
    return obol_ts_list_within(a, b) && obol_ts_list_within(b, a);
}

/* What @change makes of @old; NULL, or why it can not be. */
static ObolReason *
apply(const ObolIkeSa *sa, const ObolTsChange *change, const ObolChildSa *old, GArray **local, GArray **remote)
{
    g_autoptr(GArray) here = obol_configuration_addresses(sa, OBOL_END_LOCAL);
    g_autoptr(GArray) there = obol_configuration_addresses(sa, OBOL_END_REMOTE);
    g_autoptr(GError) error = NULL;

    if (obol_ts_change_apply(change, old->local_ts, old->remote_ts, here, there, local, remote, &error))
        return NULL;
    return refusal(OBOL_REASON_CONFIG, error->message);
}

static GArray *
copy_of(const GArray *list)
{
    return list != NULL ? g_array_copy((GArray *) list) : NULL;
}

static void
begin(ObolIkeSa *sa, const ObolChildSa *old, const ObolEvent *event, ObolActions *out)
{
    ObolChildSa *child = obol_child_sa_new(sa, old->config);

    obol_child_begin(sa, child, OBOL_INITIATOR, OBOL_PHASE_CHILD);
    child->adjusts = old->unique_id;
    child->initiate_command = event->selectors.command;
    child->negotiation->op = event->selectors.change->op;
    child->negotiation->named[0] = copy_of(event->selectors.change->local);
    child->negotiation->named[1] = copy_of(event->selectors.change->remote);
    obol_tasks_add(sa, OBOL_TASK_CREATE, child->unique_id, 0);
    obol_tasks_pump(sa, out);
}

void
obol_selectors_change(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    const ObolChildSa *old = obol_child_sa_find(sa, event->selectors.child_id);
    const char *why = obstacle(sa, old);
    guint32 command = event->selectors.command;
    g_autoptr(ObolReason) reason = why != NULL ? refusal(OBOL_REASON_BUSY, why) : NULL;
    g_autoptr(GArray) local = NULL;
    g_autoptr(GArray) remote = NULL;

    if (reason == NULL)
        reason = apply(sa, event->selectors.change, old, &local, &remote);
    if (reason != NULL)
        obol_ike_sa_command_done(&command, reason, out);
    else if (same(local, old->local_ts) && same(remote, old->remote_ts))
        obol_ike_sa_command_made(&command, old->unique_id, out);
    else
        begin(sa, old, event, out);
}

/* --- its turn --- */

/* The old one has a successor on its way, of either end: it is that one's selectors that are to be changed, then. */
gboolean
obol_selectors_must_wait(const ObolIkeSa *sa, const ObolChildSa *child)
{
    const ObolChildSa *old = obol_child_sa_find(sa, child->adjusts);

    return old != NULL
           && (old->state < OBOL_CHILD_INSTALLED || obol_rekey_rival(sa, old->unique_id, TRUE) != NULL
               || obol_rekey_rival(sa, old->unique_id, FALSE) != NULL);
}

void
obol_selectors_wait(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    if (child->negotiation->n_waits++ < WAITS_MAX)
        obol_create_again(sa, child, sa->now_us + WAIT_US, out);
    else
        obol_child_failed(sa, child, refusal(OBOL_REASON_BUSY, "its rekeying does not come to an end"), out);
}

static void
nothing_to_do(ObolIkeSa *sa, ObolChildSa *child, guint32 old_id, ObolActions *out)
{
    obol_ike_sa_command_made(&child->initiate_command, old_id, out);
    obol_child_failed(sa, child, obol_reason_new(OBOL_REASON_REPLACED, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL), out);
}

gboolean
obol_selectors_prepare(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    const ObolChildNegotiation *n = child->negotiation;
    const ObolTsChange change = { n->op, n->named[0], n->named[1] };
    const ObolChildSa *old = obol_child_sa_find(sa, child->adjusts);
    ObolReason *reason;

    if (old != NULL && obol_selectors_must_wait(sa, child)) {
        obol_selectors_wait(sa, child, out);
        return FALSE;
    }
    g_clear_pointer(&child->local_ts, g_array_unref);
    g_clear_pointer(&child->remote_ts, g_array_unref);
    reason = old != NULL ? apply(sa, &change, old, &child->local_ts, &child->remote_ts)
                         : refusal(OBOL_REASON_BUSY, "the Child SA has gone");
    if (reason != NULL) {
        obol_child_failed(sa, child, reason, out);
        return FALSE;
    }
    if (same(child->local_ts, old->local_ts) && same(child->remote_ts, old->remote_ts)) {
        nothing_to_do(sa, child, old->unique_id, out);
        return FALSE;
    }
    child->reqid = old->reqid; /* it is the same child of the settings, and the old one's policies are to be served meanwhile */
    return TRUE;
}

void
obol_selectors_put_notify(const ObolIkeSa *sa, const ObolChildSa *child, ObolChain *chain)
{
    const ObolChildSa *old = obol_child_sa_find(sa, child->adjusts);

    if (old != NULL)
        obol_chain_add_notify_spi(chain, old->suite.protocol, old->spi_in, OBOL_N_OBOL_ADJUSTED_CHILD, mark, sizeof mark);
}

/* --- its end --- */

ObolReason *
obol_selectors_verdict(const ObolChildSa *child, const GArray *local, const GArray *remote)
{
    g_autoptr(GArray) local_rest = obol_ts_list_subtract(child->local_ts, local, NULL);
    g_autoptr(GArray) remote_rest = obol_ts_list_subtract(child->remote_ts, remote, NULL);
    g_autofree char *asked = obol_selectors_text(child->local_ts, child->remote_ts), *granted = obol_selectors_text(local, remote);
    ObolReason *reason;

    if (local_rest != NULL && local_rest->len == 0 && remote_rest != NULL && remote_rest->len == 0)
        return NULL;
    reason = obol_reason_new(OBOL_REASON_NARROWED, OBOL_PHASE_CHILD, OBOL_SIDE_PEER, 0,
                             "asked for %s, the peer grants %s", asked, granted);
    reason->next = g_strdup("allow the rest in the peer's settings, or ask for no more than it grants");
    return reason;
}

void
obol_selectors_explain(const ObolChildSa *child, ObolReason *reason)
{
    g_autofree char *asked = obol_selectors_text(child->local_ts, child->remote_ts);

    if (reason->facts == NULL)
        reason->facts = g_strdup_printf("asked for %s, the peer grants nothing of it", asked);
    if (reason->next == NULL && reason->notify == OBOL_N_NO_PROPOSAL_CHOSEN)
        reason->next = g_strdup("its algorithms are those of before, so look into the peer's log: strongSwan holds one policy for one "
                                "reqid, and wants a fixed reqid for a child that is to change");
}

char *
obol_selectors_text(const GArray *local, const GArray *remote)
{
    g_autofree char *left = obol_ts_list_format(local), *right = obol_ts_list_format(remote);

    return g_strdup_printf("%s === %s", left, right);
}

void
obol_selectors_settle(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolChildSa *old = obol_child_sa_find(sa, child->adjusts);

    child->adjusts = 0;
    child->adjusted = TRUE;
    if (old == NULL)
        return;
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u protects in the place of #%u", child->config->name, child->unique_id, old->unique_id);
    obol_child_sa_close(sa, old, obol_reason_new(OBOL_REASON_REPLACED, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL), out);
}

/* --- the other end of it --- */

const ObolNotifyPayload *
obol_selectors_find_notify(const ObolChain *chain)
{
    const ObolPayload *notify = obol_chain_find_notify(chain, OBOL_N_OBOL_ADJUSTED_CHILD);

    if (notify == NULL || notify->notify.data.n != sizeof mark || memcmp(notify->notify.data.data, mark, sizeof mark) != 0)
        return NULL;
    return &notify->notify;
}

/* Both ends at once: the original initiator's goes first, the other one's is tried again. */
gboolean
obol_selectors_collide(const ObolIkeSa *sa, guint32 old_id)
{
    return sa->role == OBOL_INITIATOR && obol_selectors_asked(sa, old_id);
}
