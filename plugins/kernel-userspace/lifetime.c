/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lifetime.c - what use and time do to an SA (RFC 4301 section 4.4.2.1). */
#include "core-private.h"

/* A peer that does not negotiate ESN is asked for new keys while a sixteenth of the numbers is left. */
#define SOFT_SEQUENCE 0xf0000000u

static void
tell(Core *core, const Sa *sa, gboolean hard)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_EXPIRE, .sa = sa->id, .hard = hard, .reqid = sa->reqid };

    core->calls.event(core->calls.data, &event);
}

static void
soft(Core *core, Sa *sa)
{
    if (sa->soft_told || sa->dead)
        return;
    sa->soft_told = TRUE;
    tell(core, sa, FALSE);
}

/* Its keys go at once: nothing may be protected by them any more. */
static void
hard(Core *core, Sa *sa)
{
    if (sa->dead)
        return;
    sa->dead = TRUE;
    core->sad.generation++;
    heap_remove(&core->heap, &sa->deadline);
    tell(core, sa, TRUE);
}

static gint64
after(gint64 installed_us, gint64 lifetime_us)
{
    return lifetime_us > 0 && lifetime_us < G_MAXINT64 - installed_us ? installed_us + lifetime_us : 0;
}

static gint64
next_deadline(const Sa *sa)
{
    gint64 soft_us = sa->soft_told ? 0 : after(sa->installed_us, sa->lifetimes.soft_us);
    gint64 hard_us = after(sa->installed_us, sa->lifetimes.hard_us);

    return soft_us != 0 && (hard_us == 0 || soft_us < hard_us) ? soft_us : hard_us;
}

void
sa_deadline_due(Deadline *deadline, gpointer data, gint64 now_us)
{
    Sa *sa = (Sa *) ((guint8 *) deadline - G_STRUCT_OFFSET(Sa, deadline));
    gint64 hard_us = after(sa->installed_us, sa->lifetimes.hard_us);
    Core *core = data;

    if (hard_us != 0 && now_us >= hard_us) {
        hard(core, sa);
        return;
    }
    soft(core, sa);
    heap_set(&core->heap, &sa->deadline, hard_us);
}

void
sa_deadline_start(Core *core, Sa *sa, gint64 now_us)
{
    sa->installed_us = now_us;
    sa->deadline.due = sa_deadline_due;
    heap_set(&core->heap, &sa->deadline, next_deadline(sa));
}

static gboolean
reached(guint64 used, guint64 limit)
{
    return limit != 0 && used >= limit;
}

void
sa_used(Core *core, Sa *sa, gsize n_bytes, gint64 now_us)
{
    const ObolLifetimes *limits = &sa->lifetimes;

    sa->usage.bytes += n_bytes;
    sa->usage.packets++;
    sa->usage.last_used_us = now_us;
    if (reached(sa->usage.bytes, limits->soft_bytes) || reached(sa->usage.packets, limits->soft_packets) ||
        sa_short_numbers_used(sa) >= SOFT_SEQUENCE)
        soft(core, sa);
    if (reached(sa->usage.bytes, limits->hard_bytes) || reached(sa->usage.packets, limits->hard_packets))
        hard(core, sa);
}

void
sa_exhausted(Core *core, Sa *sa)
{
    hard(core, sa);
}
