/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fragments.c - which ports a fragment belongs to, though only the first one shows them (RFC 4301 section 7.3). */
#include "fragments.h"

#include <string.h>

void
fragments_init(Fragments *fragments, const SipKey *sip)
{
    memset(fragments, 0, sizeof *fragments);
    fragments->sip = *sip;
}

static gboolean
same_packet(const KnownFragment *known, const Packet *packet)
{
    const Flow *a = &known->flow, *b = &packet->flow;

    return known->id == packet->id && a->family == b->family && a->protocol == b->protocol &&
           memcmp(a->addresses, b->addresses, sizeof a->addresses) == 0;
}

void
fragments_learn(Fragments *fragments, Packet *packet, gint64 now_us)
{
    struct {
        guint8 addresses[2][16];
        guint32 id;
    } key;
    KnownFragment *known;

    if (!packet->fragment)
        return;
    memcpy(key.addresses, packet->flow.addresses, sizeof key.addresses);
    key.id = packet->id;
    known = &fragments->known[siphash(&fragments->sip, &key, sizeof key) & (FRAGMENTS_KNOWN - 1)];
    if (packet->offset == 0)
        *known = (KnownFragment) { packet->flow, packet->id, now_us + FRAGMENTS_KEPT_US };
    else if (known->until_us > now_us && same_packet(known, packet))
        packet->flow = known->flow;
}
