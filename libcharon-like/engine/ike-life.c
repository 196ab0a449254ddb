/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-life.c - how old an IKE SA gets: new keys in time, the whole anew in time, and an end when neither comes about (RFC 7296
 * section 2.8). */
#include "engine/ike-sa-private.h"

/* Earlier by chance, so that the two ends do not begin at the same time by habit. */
static gint64
due_after(const ObolIkeSa *sa, gint64 time_us)
{
    gint64 range_us = MIN(sa->connection->rand_us, time_us - 1);
    guint64 random = 0;

    if (time_us == 0)
        return 0;
    if (range_us > 0)
        obol_random_fill(&sa->engine->random, (guint8 *) &random, sizeof random);
    return sa->now_us + time_us - (gint64) (random % (guint64) (range_us + 1));
}

/* Were both ends to reauthenticate one IKE SA, two would come of it, and of each of those two more.  So the initiator goes first, and the
 * responder only steps in where nothing has come of that. */
static gint64
reauth_due(const ObolIkeSa *sa)
{
    const ObolConnection *c = sa->connection;
    gint64 due = due_after(sa, c->reauth_us);

    if (due != 0 && sa->role == OBOL_RESPONDER)
        due = sa->now_us + c->reauth_us + MAX(c->over_us / 2, c->reauth_us / 20);
    return due;
}

static gint64
earlier(gint64 a, gint64 b)
{
    return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

void
obol_ike_life_begin(ObolIkeSa *sa)
{
    const ObolConnection *c = sa->connection;
    gint64 first;

    sa->rekey_at_us = due_after(sa, c->rekey_us);
    if (sa->reauth_at_us == 0 && sa->reauth == OBOL_REAUTH_NONE)
        sa->reauth_at_us = reauth_due(sa);
    first = earlier(sa->rekey_at_us, sa->reauth_at_us);
    sa->expire_at_us = first != 0 && c->over_us != 0 ? first + c->over_us : 0;
}

/* Something is being done about it. */
static gboolean
is_renewed(const ObolIkeSa *sa)
{
    return obol_succession_is_open(sa) || sa->reauth != OBOL_REAUTH_NONE || obol_tasks_has(sa, OBOL_TASK_REKEY_IKE);
}

gint64
obol_ike_life_due(const ObolIkeSa *sa)
{
    gint64 due = 0;

    if ((sa->state != OBOL_IKE_ESTABLISHED && sa->state != OBOL_IKE_REKEYED) || sa->delete_wanted)
        return G_MAXINT64;
    if (sa->state == OBOL_IKE_ESTABLISHED && !is_renewed(sa))
        due = earlier(sa->rekey_at_us, sa->reauth_at_us);
    due = earlier(due, sa->expire_at_us);
    return due != 0 ? due : G_MAXINT64;
}

void
obol_ike_life_ask_for_another(ObolIkeSa *sa, ObolActions *out)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new();
    ObolAction *action;

    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->state == OBOL_CHILD_INSTALLED && !g_ptr_array_find(children, child->config, NULL))
            g_ptr_array_add(children, (gpointer) child->config);
    }
    if (children->len == 0)
        return; /* there is nothing that another one is for */
    action = obol_actions_add(out, OBOL_ACTION_REAUTHENTICATE);
    action->reauthenticate.children = g_steal_pointer(&children);
    action->reauthenticate.keep = sa->reauth == OBOL_REAUTH_UNDER_WAY;
    action->reauthenticate.to = sa->redirects.to;
}

/* Section 2.8.3: a new IKE SA from the beginning, with its children, and the old one deleted: before or after, as configured. */
static void
reauthenticate(ObolIkeSa *sa, ObolActions *out)
{
    sa->reauth_at_us = 0;
    sa->reauth = sa->connection->make_before_break && sa->children->len > 0 ? OBOL_REAUTH_UNDER_WAY : OBOL_REAUTH_AFTERWARDS;
    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u is reauthenticated: another one is set up %s", sa->connection->name, sa->unique_id,
                    sa->reauth == OBOL_REAUTH_UNDER_WAY ? "before it ends" : "when it has ended");
    if (sa->reauth == OBOL_REAUTH_UNDER_WAY)
        obol_ike_life_ask_for_another(sa, out);
    else
        obol_ike_sa_close(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, "it is reauthenticated"), out);
}

/* While it is rekeyed it is not clear whose children they are: the heir goes. */
void
obol_ike_life_move_to(ObolIkeSa *sa, const ObolAddress *to, ObolActions *out)
{
    if (sa->reauth != OBOL_REAUTH_NONE || sa->state != OBOL_IKE_ESTABLISHED)
        return;
    sa->redirects.to = *to;
    if (!obol_succession_is_open(sa))
        reauthenticate(sa, out);
}

void
obol_ike_life_adopted(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->redirects.to.family != 0 && sa->reauth == OBOL_REAUTH_NONE && sa->state == OBOL_IKE_ESTABLISHED)
        reauthenticate(sa, out);
}

void
obol_ike_life_reauthenticated(ObolIkeSa *sa, gboolean success, ObolActions *out)
{
    if (sa->state != OBOL_IKE_ESTABLISHED || sa->reauth != OBOL_REAUTH_UNDER_WAY)
        return;
    sa->reauth = OBOL_REAUTH_NONE;
    sa->redirects.to.family = 0;
    if (success) {
        obol_ike_sa_close(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, "it is reauthenticated"), out);
        return;
    }
    sa->reauth_at_us = obol_rekey_retry_at(sa, ++sa->n_renewal_failures, sa->expire_at_us);
    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u could not be reauthenticated, and is kept for now", sa->connection->name, sa->unique_id);
}

void
obol_ike_life_failed(ObolIkeSa *sa, const ObolReason *reason, ObolActions *out)
{
    sa->n_renewal_failures++;
    if (reason->notify == OBOL_N_NO_ADDITIONAL_SAS) {
        sa->rekey_at_us = 0; /* it never gives another one */
        obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u: the peer does not rekey it", sa->connection->name, sa->unique_id);
        return;
    }
    sa->rekey_at_us = obol_rekey_retry_at(sa, sa->n_renewal_failures, sa->expire_at_us);
}

void
obol_ike_life_renew(ObolIkeSa *sa, gboolean reauth, ObolActions *out)
{
    if (sa->state != OBOL_IKE_ESTABLISHED || is_renewed(sa))
        return;
    if (reauth)
        reauthenticate(sa, out);
    else
        obol_tasks_add(sa, OBOL_TASK_REKEY_IKE, 0, 0);
}

static void
hard_limit(ObolIkeSa *sa, ObolActions *out)
{
    gboolean rekeyed = sa->state == OBOL_IKE_REKEYED; /* the peer ought to have deleted it long ago */

    sa->expire_at_us = 0;
    obol_ike_sa_close(sa, obol_reason_new(rekeyed ? OBOL_REASON_REPLACED : OBOL_REASON_LIFETIME, NULL, OBOL_SIDE_US, 0, NULL), out);
}

void
obol_ike_life_timer(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->now_us < obol_ike_life_due(sa))
        return;
    if (sa->expire_at_us != 0 && sa->now_us >= sa->expire_at_us)
        hard_limit(sa, out);
    else
        obol_ike_life_renew(sa, sa->reauth_at_us != 0 && sa->now_us >= sa->reauth_at_us, out);
}
