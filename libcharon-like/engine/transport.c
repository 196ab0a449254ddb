/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/transport.c - the selectors of transport mode where a NAT is on the way (RFC 7296 section 2.23.1).
 *
 * The packets of transport mode have the addresses of the IKE SA, and behind a NAT each end knows other ones than its peer.  What
 * comes from the peer is said in its addresses, so ours are put in their place before it is used for anything; what the peer said is
 * kept, for the checksums of its packets were made with it (RFC 3948 section 3.1.2). */
#include "engine/ike-sa-private.h"

#include <string.h>

gboolean
obol_transport_is_translated(const ObolIkeSa *sa)
{
    return sa->nat_local || sa->nat_remote;
}

/* The one address of all of them; %FALSE: there are several. */
static gboolean
one_address(const GArray *selectors, ObolAddress *out)
{
    const ObolTs *first = &g_array_index(selectors, ObolTs, 0);

    if (selectors->len == 0 || first->family == 0)
        return FALSE;
    *out = (ObolAddress) { .family = first->family };
    memcpy(out->bytes, first->first, sizeof first->first);
    for (guint i = 0; i < selectors->len; i++) {
        const ObolTs *ts = &g_array_index(selectors, ObolTs, i);

        if (ts->family != first->family || memcmp(ts->first, first->first, sizeof ts->first) != 0
            || memcmp(ts->last, first->first, sizeof ts->last) != 0)
            return FALSE;
    }
    return TRUE;
}

static void
put_address(GArray *selectors, const ObolAddress *address)
{
    ObolTs only;

    obol_ts_from_address(address, &only);
    for (guint i = 0; i < selectors->len; i++) {
        ObolTs *ts = &g_array_index(selectors, ObolTs, i);

        ts->family = only.family;
        memcpy(ts->first, only.first, sizeof ts->first);
        memcpy(ts->last, only.last, sizeof ts->last);
    }
}

gboolean
obol_transport_substitute(const ObolIkeSa *sa, GArray *local, GArray *remote, ObolOriginal *original)
{
    ObolOriginal said;

    if (!one_address(local, &said.local) || !one_address(remote, &said.remote))
        return FALSE;
    if (sa->nat_local)
        put_address(local, &sa->local);
    if (sa->nat_remote)
        put_address(remote, &sa->remote);
    *original = said;
    return TRUE;
}

/* Settings may mean more than one host; of them only what the packets of this SA can have is asked for. */
void
obol_transport_narrow(GArray *selectors, const ObolAddress *address)
{
    guint n = 0;
    ObolTs only;

    obol_ts_from_address(address, &only);
    for (guint i = 0; i < selectors->len; i++) {
        ObolTs *ts = &g_array_index(selectors, ObolTs, i);
        ObolTs common;

        if (obol_ts_intersect(ts, &only, &common))
            g_array_index(selectors, ObolTs, n++) = common;
    }
    if (n > 0)
        g_array_set_size(selectors, n);
}
