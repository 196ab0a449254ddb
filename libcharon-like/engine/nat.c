/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/nat.c - is there a NAT between us, who is behind it, and what follows (RFC 7296 section 2.23). */
#include "engine/ike-sa-private.h"

#include <string.h>

#define HASH_SIZE 20 /* SHA-1, as the section says; its weakness is no matter here */
#define PORT_IKE 500
#define PORT_NAT_T 4500

static gboolean
nat_hash(const ObolIkeSa *sa, guint64 spi_r, const ObolAddress *address, guint8 out[HASH_SIZE])
{
    const ObolHashVtable *sha1 = obol_crypto_hash(sa->engine->crypto, OBOL_HASH_SHA1);
    guint64 spis[] = { GUINT64_TO_BE(sa->spi_i), GUINT64_TO_BE(spi_r) };
    guint16 port = GUINT16_TO_BE(address->port);
    ObolSpan parts[] = {
        { (const guint8 *) spis, sizeof spis },
        { address->bytes, obol_address_n_bytes(address) },
        { (const guint8 *) &port, sizeof port },
    };

    if (sha1 == NULL || sha1->n_output != HASH_SIZE)
        return FALSE;
    sha1->sum(parts, G_N_ELEMENTS(parts), out);
    return TRUE;
}

void
obol_nat_add_hashes(ObolIkeSa *sa, ObolChain *chain)
{
    guint8 hash[HASH_SIZE];

    if (!nat_hash(sa, sa->spi_r, &sa->local, hash))
        return;
    /* A hash that fits nothing makes the peer see a NAT, and so use UDP for ESP. */
    if (sa->feign_nat)
        obol_random_fill(&sa->engine->random, hash, sizeof hash);
    obol_chain_add_notify(chain, OBOL_N_NAT_DETECTION_SOURCE_IP, hash, sizeof hash);
    if (nat_hash(sa, sa->spi_r, &sa->remote, hash))
        obol_chain_add_notify(chain, OBOL_N_NAT_DETECTION_DESTINATION_IP, hash, sizeof hash);
}

/* There may be several sources, for a peer with several addresses; one that fits is enough. */
static gboolean
any_fits(const ObolChain *chain, guint16 type, const guint8 hash[HASH_SIZE], gboolean *there)
{
    gboolean fits = FALSE;

    for (guint i = 0; i < chain->n; i++) {
        const ObolPayload *p = &chain->items[i];

        if (p->type != OBOL_PAYLOAD_NOTIFY || p->notify.type != type || p->notify.data.n != HASH_SIZE)
            continue;
        *there = TRUE;
        fits |= memcmp(p->notify.data.data, hash, HASH_SIZE) == 0;
    }
    return fits;
}

void
obol_nat_detect(ObolIkeSa *sa, const ObolIncoming *in)
{
    guint8 theirs[HASH_SIZE], ours[HASH_SIZE];
    guint64 spi_r = in->message->header.spi_r;
    gboolean source_there = FALSE, destination_there = FALSE, source_fits, destination_fits;

    if (!nat_hash(sa, spi_r, in->remote, theirs) || !nat_hash(sa, spi_r, in->local, ours))
        return;
    source_fits = any_fits(in->chain, OBOL_N_NAT_DETECTION_SOURCE_IP, theirs, &source_there);
    destination_fits = any_fits(in->chain, OBOL_N_NAT_DETECTION_DESTINATION_IP, ours, &destination_there);
    sa->negotiation->nat_detection = source_there && destination_there;
    if (!sa->negotiation->nat_detection)
        return;
    sa->nat_remote = !source_fits;
    sa->nat_local = !destination_fits;
}

gboolean
obol_nat_encap(const ObolIkeSa *sa)
{
    return sa->nat_local || sa->nat_remote || (sa->feign_nat && sa->floated);
}

/* The initiator moves to the NAT-T ports with IKE_AUTH. */
void
obol_nat_float(ObolIkeSa *sa)
{
    if (!sa->negotiation->nat_detection || sa->engine->nat_t_port == 0 || !(sa->nat_local || sa->nat_remote || sa->feign_nat))
        return;
    sa->floated = TRUE;
    /* One that was begun on the NAT-T ports is where it should be: the peer's may be another one behind its NAT. */
    if (sa->local.port != sa->engine->nat_t_port || sa->remote.port == PORT_IKE)
        sa->remote.port = PORT_NAT_T;
    sa->local.port = sa->engine->nat_t_port;
}

/* Where an authentic message came from is where the answers go, when the peer is behind a NAT, or is just moving to its NAT-T
 * port; a peer that is not may not be moved by somebody who replays its packets from elsewhere. */
void
obol_nat_follow(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    gboolean request_of_auth = sa->state == OBOL_IKE_CONNECTING && sa->role == OBOL_RESPONDER;

    if (obol_endpoint_equal(&sa->remote, in->remote) && obol_endpoint_equal(&sa->local, in->local))
        return;
    if (!request_of_auth && (!sa->nat_remote || sa->nat_local))
        return;
    if (in->local->port == sa->engine->nat_t_port)
        sa->floated = TRUE;
    sa->local = *in->local;
    sa->remote = *in->remote;
    obol_child_move(sa, out);
}
