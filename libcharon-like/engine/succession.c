/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/succession.c - from one IKE SA to the next: who inherits the children, and what becomes of the others (RFC 7296 sections 2.8,
 * 2.8.2 and 2.25.2).
 *
 * There may be two successors: ours, of the exchange that we began, and theirs.  While the answer to ours is waited for nothing is
 * decided, unless the peer decides it by deleting the old one.  Then the one with the lowest of the four nonces is redundant, to
 * be deleted by whoever began it; and whoever began the other one deletes the old one. */
#include "engine/ike-sa-private.h"

static ObolReason *
rekeyed(void)
{
    return obol_reason_new(OBOL_REASON_REPLACED, OBOL_PHASE_CHILD, OBOL_SIDE_US, 0, NULL);
}

gboolean
obol_succession_is_open(const ObolIkeSa *sa)
{
    return sa->successors[OBOL_INITIATOR] != NULL || sa->successors[OBOL_RESPONDER] != NULL;
}

/* A child that is being installed may change its IKE SA meanwhile: the peer has all that it needs. */
gboolean
obol_succession_may_begin(const ObolIkeSa *sa)
{
    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *child = g_ptr_array_index(sa->children, i);
        const ObolChildNegotiation *n = child->negotiation;

        if (child->delete_sent || (n != NULL && n->stage != OBOL_STAGE_QUEUED && n->stage != OBOL_STAGE_INSTALLING))
            return FALSE;
    }
    return TRUE;
}

void
obol_succession_drop(ObolIkeSa *sa, ObolRole role)
{
    const ObolIkeSa *successor = sa->successors[role];

    if (successor != NULL)
        obol_window_disown(sa, successor->unique_id);
    if (successor != NULL && sa->engine->drop_spi != NULL)
        sa->engine->drop_spi(sa->engine->data, obol_ike_sa_own_spi(successor));
    g_clear_pointer(&sa->successors[role], obol_ike_sa_free);
}

void
obol_succession_failed(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    obol_succession_drop(sa, OBOL_INITIATOR);
    /* When theirs stands, ours was in vain: no harm done (section 2.8.2). */
    if (sa->successors[OBOL_RESPONDER] == NULL && sa->state == OBOL_IKE_ESTABLISHED) {
        obol_ike_sa_fail(sa, reason, out);
        obol_ike_life_failed(sa, reason, out);
    }
    obol_reason_free(reason);
}

/* --- the handing over --- */

static void
give_to_world(ObolIkeSa *sa, ObolRole role, gboolean heir, ObolActions *out)
{
    ObolIkeSa *successor = g_steal_pointer(&sa->successors[role]);
    ObolAction *action;

    obol_window_disown(sa, successor->unique_id);
    obol_ike_sa_negotiation_free(successor);
    successor->state = heir ? OBOL_IKE_ESTABLISHED : OBOL_IKE_REKEYED;
    successor->now_us = successor->established_us = sa->now_us;
    successor->heard_us = sa->heard_us;
    successor->sent_us = sa->sent_us;
    action = obol_actions_add(out, OBOL_ACTION_SUCCESSOR);
    action->successor.sa = successor;
    action->successor.heir = heir;
}

static gint64
until_the_peer_should_have(const ObolIkeSa *sa)
{
    return sa->now_us + obol_window_patience_us(sa->connection);
}

/* The one with the lowest nonce. */
static void
give_away_redundant(ObolIkeSa *sa, ObolRole role, ObolActions *out)
{
    ObolIkeSa *redundant = sa->successors[role];

    obol_ike_sa_log(sa, out, 1, "both ends have rekeyed IKE SA %s #%u: %s, #%u, is redundant", sa->connection->name, sa->unique_id,
                    role == OBOL_INITIATOR ? "ours" : "the peer's", redundant->unique_id);
    if (role == OBOL_INITIATOR)
        redundant->end_reason = rekeyed();
    else
        redundant->expire_at_us = until_the_peer_should_have(sa);
    give_to_world(sa, role, FALSE, out);
}

/* Children, what they wait for, and what has become of the peer's address meanwhile.  The kernel does not hear of it. */
static void
inherit(ObolIkeSa *sa, ObolIkeSa *heir)
{
    GPtrArray *none = heir->children;

    heir->children = sa->children;
    sa->children = none;
    heir->waits = g_steal_pointer(&sa->waits);
    heir->configuration = g_steal_pointer(&sa->configuration);
    heir->n_kernel_requests = sa->n_kernel_requests;
    obol_mobike_inherit(sa, heir);
    heir->stranded = sa->stranded;
    heir->local = sa->local;
    heir->remote = sa->remote;
    heir->nat_local = sa->nat_local;
    heir->nat_remote = sa->nat_remote;
    heir->floated = sa->floated;
    heir->fragmentation.path_size = sa->fragmentation.path_size;
    heir->reauth_at_us = sa->reauth_at_us; /* new keys do not make the peer's proof any newer */
    heir->reauth = sa->reauth;
    heir->redirects = sa->redirects;
    heir->redirect_to = g_steal_pointer(&sa->redirect_to);
    heir->now_us = sa->now_us;
    obol_tasks_inherit(sa, heir);
    obol_ike_life_begin(heir);
    obol_redirect_limit(heir);
}

static void
log_rekeyed(const ObolIkeSa *sa, const ObolIkeSa *heir, ObolActions *out)
{
    g_autofree char *suite = obol_suite_format(&heir->suite);

    obol_ike_sa_log(sa, out, 0,
                    "IKE SA %s #%u rekeyed: #%u, %016" G_GINT64_MODIFIER "x_i %016" G_GINT64_MODIFIER "x_r, %s, inherits %u Child SAs",
                    sa->connection->name, sa->unique_id, heir->unique_id, heir->spi_i, heir->spi_r, suite, heir->children->len);
}

/* An end that was wanted of the old one is wanted of whoever has its children now. */
static void
pass_on_the_end(ObolIkeSa *sa, ObolIkeSa *heir)
{
    heir->end_reason = sa->end_reason;
    sa->end_reason = rekeyed();
    heir->terminate_command = sa->terminate_command;
    sa->terminate_command = 0;
}

static void
succeed(ObolIkeSa *sa, ObolRole role, ObolActions *out)
{
    ObolIkeSa *heir = sa->successors[role];
    gboolean over = sa->delete_wanted;

    inherit(sa, heir);
    log_rekeyed(sa, heir, out);
    if (over)
        pass_on_the_end(sa, heir);
    give_to_world(sa, role, TRUE, out);
    sa->rekey_at_us = sa->reauth_at_us = 0;
    sa->reauth = OBOL_REAUTH_NONE;
    sa->expire_at_us = until_the_peer_should_have(sa); /* deleted, if it is the peer's to delete */
    obol_ike_sa_set_state(sa, OBOL_IKE_REKEYED, rekeyed(), out);
    if (role == OBOL_INITIATOR && !over && !sa->peer_deleted)
        obol_ike_sa_close(sa, rekeyed(), out);
}

static gboolean
ours_loses(const ObolIkeSa *sa)
{
    g_autoptr(GBytes) ours = obol_agreement_lowest_nonce(&sa->successors[OBOL_INITIATOR]->negotiation->agreement);
    g_autoptr(GBytes) theirs = obol_agreement_lowest_nonce(&sa->successors[OBOL_RESPONDER]->negotiation->agreement);

    return obol_nonce_is_lower(ours, theirs);
}

/* All that are left are ready. */
static void
decide(ObolIkeSa *sa, ObolActions *out)
{
    ObolRole role = sa->successors[OBOL_INITIATOR] != NULL ? OBOL_INITIATOR : OBOL_RESPONDER;

    if (!obol_succession_is_open(sa))
        return;
    if (sa->successors[OBOL_INITIATOR] != NULL && sa->successors[OBOL_RESPONDER] != NULL) {
        role = ours_loses(sa) ? OBOL_RESPONDER : OBOL_INITIATOR;
        give_away_redundant(sa, role == OBOL_INITIATOR ? OBOL_RESPONDER : OBOL_INITIATOR, out);
    }
    succeed(sa, role, out);
}

static gboolean
is_ready(const ObolIkeSa *successor)
{
    return successor == NULL || successor->negotiation->ready;
}

void
obol_succession_settle(ObolIkeSa *sa, ObolActions *out)
{
    if ((sa->state != OBOL_IKE_ESTABLISHED && sa->state != OBOL_IKE_DELETING) || sa->busy || !is_ready(sa->successors[OBOL_INITIATOR])
        || !is_ready(sa->successors[OBOL_RESPONDER]))
        return;
    decide(sa, out);
    if (sa->peer_deleted)
        obol_ike_sa_end(sa, g_steal_pointer(&sa->end_reason), out);
}

/* --- the old one goes first --- */

void
obol_succession_abandon(ObolIkeSa *sa, ObolActions *out)
{
    for (guint role = 0; role < G_N_ELEMENTS(sa->successors); role++) {
        if (!is_ready(sa->successors[role]))
            obol_succession_drop(sa, (ObolRole) role);
    }
    decide(sa, out);
}

/* Section 2.25.2: our own request is forgotten.  But when its answer is there already, the peer has the successor, and deletes
 * the old one alone. */
void
obol_succession_deleted(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    const ObolIkeSa *ours = sa->successors[OBOL_INITIATOR];

    if (sa->successors[OBOL_RESPONDER] == NULL && ours != NULL && ours->negotiation->stage == OBOL_STAGE_AGREEING
        && !is_ready(ours)) {
        sa->peer_deleted = TRUE;
        obol_reason_free(sa->end_reason);
        sa->end_reason = reason;
        return;
    }
    obol_succession_abandon(sa, out);
    obol_ike_sa_end(sa, reason, out);
}

/* --- the new one begins --- */

void
obol_succession_adopted(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->end_reason != NULL)
        obol_ike_sa_close(sa, g_steal_pointer(&sa->end_reason), out);
    if (sa->state == OBOL_IKE_ESTABLISHED)
        obol_heir_begin(sa);
    obol_ike_life_adopted(sa, out);
    obol_tasks_pump(sa, out);
}
