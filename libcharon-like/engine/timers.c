/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/timers.c - all deadlines of an IKE SA, of which the world knows the nearest. */
#include "engine/ike-sa-private.h"

/* RFC 3948 section 4: only the side behind the NAT keeps its mapping alive. */
static gint64
keep_alive_due(const ObolIkeSa *sa)
{
    if (sa->state != OBOL_IKE_ESTABLISHED || !sa->nat_local || sa->connection->keep_alive_us == 0)
        return G_MAXINT64;
    return sa->sent_us + sa->connection->keep_alive_us;
}

static gint64
retransmission_due(const ObolIkeSa *sa)
{
    return sa->request.datagram != NULL ? sa->request.again_us : G_MAXINT64;
}

static gint64
children_due(const ObolIkeSa *sa)
{
    gint64 due = G_MAXINT64;

    for (guint i = 0; i < sa->children->len; i++)
        due = MIN(due, obol_rekey_due(sa, g_ptr_array_index(sa->children, i)));
    return due;
}

void
obol_ike_sa_arm(ObolIkeSa *sa, ObolActions *out)
{
    gint64 when = MIN(MIN(obol_liveness_due(sa), keep_alive_due(sa)), MIN(retransmission_due(sa), sa->half_open_until_us));

    when = MIN(when, MIN(children_due(sa), obol_tasks_due(sa)));
    when = MIN(when, obol_ike_life_due(sa));
    when = MIN(when, obol_reassembly_due(sa));

    obol_actions_add(out, OBOL_ACTION_WAKE)->wake_us = when;
}

void
obol_ike_sa_timer(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->now_us >= sa->half_open_until_us) {
        ObolReason *reason = obol_reason_new(OBOL_REASON_HALF_OPEN_TIME, OBOL_PHASE_AUTH, OBOL_SIDE_US, 0, NULL);

        obol_ike_sa_fail(sa, reason, out);
        obol_ike_sa_end(sa, reason, out);
        return;
    }
    if (sa->now_us >= retransmission_due(sa)) {
        obol_window_retransmit(sa, out);
        if (sa->state == OBOL_IKE_GONE)
            return;
    }
    obol_liveness_timer(sa, out);
    if (sa->now_us >= keep_alive_due(sa)) {
        ObolAction *action = obol_actions_add(out, OBOL_ACTION_KEEP_ALIVE);

        action->send.local = sa->local;
        action->send.remote = sa->remote;
        sa->sent_us = sa->now_us;
    }
    obol_reassembly_timer(sa, out);
    obol_rekey_timer(sa, out);
    if (sa->state != OBOL_IKE_GONE)
        obol_ike_life_timer(sa, out);
}
