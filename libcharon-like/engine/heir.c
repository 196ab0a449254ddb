/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/heir.c - what an IKE SA that a rekeying has made has to tell its peer anew, in one INFORMATIONAL exchange: how large our window is
 * (RFC 7296 section 2.3), and our crash token (RFC 6290 section 4.3). */
#include "engine/ike-sa-private.h"

void
obol_heir_begin(ObolIkeSa *sa)
{
    if (obol_window_size_is_due(sa) || obol_crash_is_due(sa))
        obol_tasks_add(sa, OBOL_TASK_TELL, 0, 0);
}

void
obol_heir_tell(ObolIkeSa *sa, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    if (obol_window_size_is_due(sa))
        obol_window_size_put(sa, &chain);
    if (obol_crash_is_due(sa))
        obol_crash_offer(sa, sa, &chain);
    if (chain.n == 0)
        return;
    datagram = obol_sk_seal(sa, OBOL_INFORMATIONAL, FALSE, sa->next_request_id, &chain, out);
    if (datagram != NULL)
        obol_window_request(sa, OBOL_TASK_TELL, 0, OBOL_INFORMATIONAL, datagram, out);
}
