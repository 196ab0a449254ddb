/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/liveness.c - is the peer still there (RFC 7296 section 2.4)?
 *
 * Authentic packets of any of its Child SAs say so as well as messages do.  So when it has been silent the kernel is asked what has come
 * since the last time, and the peer only when that was nothing. */
#include "engine/ike-sa-private.h"

static gboolean
is_asked(const ObolIkeSa *sa)
{
    for (guint i = 0; sa->waits != NULL && i < sa->waits->len; i++) {
        if (g_array_index(sa->waits, ObolKernelWait, i).purpose == OBOL_KERNEL_FOR_LIVENESS)
            return TRUE;
    }
    return FALSE;
}

/* A check that waits for the kernel, or for its turn (a request is being made, by a kernel that takes its time), is not due again. */
gint64
obol_liveness_due(const ObolIkeSa *sa)
{
    if (sa->state != OBOL_IKE_ESTABLISHED || sa->connection->dpd_us == 0 || sa->request.datagram != NULL
        || obol_tasks_has(sa, OBOL_TASK_PROBE) || is_asked(sa))
        return G_MAXINT64;
    return sa->heard_us + sa->connection->dpd_us;
}

/* RFC 4555 section 3.12: packets that come by other addresses than they should are no evidence that the peer has heard of all moves.  The
 * kernel tells of those only where they are in UDP. */
static gboolean
packets_count(const ObolIkeSa *sa)
{
    const ObolMobike *m = sa->mobike;

    return m == NULL
           || (obol_nat_encap(sa) && m->mapped.family == 0 && m->before.local.family == 0 && !m->roaming && !m->unverified
               && m->asked == 0);
}

static void
ask_peer(ObolIkeSa *sa, ObolActions *out)
{
    obol_tasks_add(sa, OBOL_TASK_PROBE, 0, 0);
    obol_tasks_pump(sa, out);
}

void
obol_liveness_timer(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->now_us < obol_liveness_due(sa))
        return;
    for (guint i = 0; i < sa->children->len && packets_count(sa); i++)
        obol_child_query(sa, g_ptr_array_index(sa->children, i), out);
    if (!is_asked(sa))
        ask_peer(sa, out);
}

void
obol_liveness_reply(ObolIkeSa *sa, ObolChildSa *child, const ObolKernelReply *reply, ObolActions *out)
{
    const ObolSaUsage *usage = &reply->usage;

    if (child != NULL && reply->error == NULL && usage->packets > child->n_heard && packets_count(sa)) {
        gboolean told = usage->last_used_us > 0 && usage->last_used_us <= sa->now_us;

        child->n_heard = usage->packets;
        /* Where the kernel does not tell when, it was some time since the last question. */
        sa->heard_us = MAX(sa->heard_us, told ? usage->last_used_us : sa->now_us);
    }
    if (sa->now_us >= obol_liveness_due(sa))
        ask_peer(sa, out);
}
