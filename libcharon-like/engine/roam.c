/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/roam.c - the addresses of this machine have changed: what follows for an SA, with MOBIKE (RFC 4555 sections 3.5 and 3.6) and
 * without. */
#include "engine/ike-sa-private.h"

static ObolReason *
gone(const ObolIkeSa *sa, const char *what_follows)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    return obol_reason_new(OBOL_REASON_ADDRESS_GONE, NULL, OBOL_SIDE_US, 0, "%s, by which IKE SA %s #%u speaks to its peer: %s",
                           obol_address_format(&sa->local, text), sa->connection->name, sa->unique_id, what_follows);
}

/* Once, until it is there again. */
static void
tell_gone(ObolIkeSa *sa, const char *what_follows, ObolActions *out)
{
    g_autoptr(ObolReason) reason = NULL;

    if (sa->stranded)
        return;
    sa->stranded = TRUE;
    reason = gone(sa, what_follows);
    obol_ike_sa_fail(sa, reason, out);
}

/* The first from an address that we have, that is not the present one. */
static gboolean
another_path(const ObolIkeSa *sa, ObolPath *out)
{
    ObolPath paths[OBOL_ENGINE_PATHS_MAX], present = obol_path_of(sa);
    guint n = obol_paths(sa, paths);

    for (guint i = 0; i < n; i++) {
        if (!obol_path_equal(&paths[i], &present)) {
            *out = paths[i];
            return TRUE;
        }
    }
    return FALSE;
}

/* --- without MOBIKE --- */

static gboolean
is_to_be_up(const ObolIkeSa *sa)
{
    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if ((child->config->start_action & OBOL_ACTION_START) != 0)
            return TRUE;
    }
    return FALSE;
}

/* An address may come back in a moment (a lease renewed, a cable plugged in again); whether the peer can still be reached is then
 * for the liveness check to find out.  But where the SA is to be up and another address is there, it is set up anew from that. */
static void
without_mobike(ObolIkeSa *sa, ObolActions *out)
{
    ObolPath path;
    ObolReason *reason;

    if (!is_to_be_up(sa) || !another_path(sa, &path)) {
        tell_gone(sa, "without MOBIKE it can not move", out);
        return;
    }
    reason = gone(sa, "without MOBIKE it can not move, so it is set up anew");
    obol_ike_sa_fail(sa, reason, out);
    obol_path_set(sa, &path, out); /* for the Delete: its answer is not waited for */
    obol_ike_sa_close(sa, obol_reason_dup(reason), out);
    obol_ike_sa_end(sa, reason, out);
}

/* --- with it --- */

/* Section 3.5: without certainty the present path is kept, and tested. */
static void
initiator(ObolIkeSa *sa, gboolean ours, ObolActions *out)
{
    ObolAddress source;
    ObolPath path;

    if (ours) {
        if (obol_path_source(sa, &source) && !obol_address_equal(&source, &sa->local))
            obol_tasks_add(sa, OBOL_TASK_PROBE, 0, 0);
        return;
    }
    if (another_path(sa, &path))
        obol_mobike_move(sa, &path, out);
    else
        tell_gone(sa, "it waits for another one", out);
}

/* Section 3.5: the one case in which the responder moves its SAs itself. */
static void
responder(ObolIkeSa *sa, gboolean ours, ObolActions *out)
{
    ObolPath path;

    if (ours)
        return;
    if (!another_path(sa, &path)) {
        tell_gone(sa, "it waits for another one", out);
        return;
    }
    sa->mobike->roaming = TRUE;
    obol_path_set(sa, &path, out);
    obol_window_hurry(sa);
    obol_child_move(sa, out);
}

void
obol_roam(ObolIkeSa *sa, ObolActions *out)
{
    gboolean ours = obol_path_is_ours(sa, &sa->local);

    if (sa->state != OBOL_IKE_ESTABLISHED)
        return;
    if (ours)
        sa->stranded = FALSE;
    if (sa->mobike == NULL) {
        if (!ours)
            without_mobike(sa, out);
        return;
    }
    if (sa->mobike->decides)
        initiator(sa, ours, out);
    else
        responder(sa, ours, out);
    if (sa->state == OBOL_IKE_ESTABLISHED && !sa->stranded)
        obol_mobike_announce(sa);
}
