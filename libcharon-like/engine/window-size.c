/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/window-size.c - SET_WINDOW_SIZE: how many requests an end keeps state for (RFC 7296 section 2.3).
 *
 * It is one until the initial exchanges are over, and one again for an IKE SA that a rekeying has made, where whoever has more to
 * offer says so by an INFORMATIONAL exchange; the other end says its own in the answer, if it has not yet. */
#include "engine/ike-sa-private.h"

#include <string.h>

static gboolean
offers_more(const ObolIkeSa *sa)
{
    return sa->connection->window > 1;
}

static void
add(const ObolIkeSa *sa, ObolChain *chain)
{
    guint32 wire = GUINT32_TO_BE((guint32) sa->connection->window);

    obol_chain_add_notify(chain, OBOL_N_SET_WINDOW_SIZE, (const guint8 *) &wire, sizeof wire);
}

void
obol_window_size_offer(ObolIkeSa *sa, ObolChain *chain)
{
    if (offers_more(sa))
        add(sa, chain);
}

void
obol_window_size_take(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out)
{
    const ObolPayload *p = obol_chain_find_notify(chain, OBOL_N_SET_WINDOW_SIZE);
    guint32 wire, size;

    if (p == NULL)
        return;
    if (!obol_notify_data_valid(&p->notify)) {
        obol_ike_sa_log(sa, out, 1, "the peer's SET_WINDOW_SIZE has not 4 octets, and says nothing");
        return;
    }
    memcpy(&wire, p->notify.data.data, sizeof wire);
    size = GUINT32_FROM_BE(wire);
    /* "there is currently no way to reduce the window size of an existing IKE SA; you can only increase it" */
    if (size < sa->peer_window)
        obol_ike_sa_log(sa, out, 1, "the peer's SET_WINDOW_SIZE of %u is less than holds already: it stays %u", size, sa->peer_window);
    else
        sa->peer_window = (guint16) MIN(size, OBOL_WINDOW_MAX);
}

void
obol_window_size_begin(ObolIkeSa *sa)
{
    sa->own_window = MAX(sa->connection->window, 1);
    sa->window_told = TRUE;
}

gboolean
obol_window_size_is_due(const ObolIkeSa *sa)
{
    return offers_more(sa) && !sa->window_told;
}

void
obol_window_size_put(ObolIkeSa *sa, ObolChain *chain)
{
    add(sa, chain);
    obol_window_size_begin(sa);
}

void
obol_window_size_answer(ObolIkeSa *sa, const ObolChain *request, ObolChain *answer, ObolActions *out)
{
    if (obol_chain_find_notify(request, OBOL_N_SET_WINDOW_SIZE) == NULL)
        return;
    obol_window_size_take(sa, request, out);
    if (obol_window_size_is_due(sa))
        obol_window_size_put(sa, answer);
}
