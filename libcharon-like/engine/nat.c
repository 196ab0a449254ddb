/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/nat.c - is there a NAT between us, who is behind it, and what follows (RFC 7296 section 2.23). */
#include "engine/ike-sa-private.h"

#include <string.h>

#define PORT_IKE 500
#define PORT_NAT_T 4500

static gboolean
nat_hash(const ObolIkeSa *sa, guint64 spi_r, const ObolAddress *address, guint8 out[OBOL_NAT_HASH])
{
    const ObolHashVtable *sha1 = obol_crypto_hash(sa->engine->crypto, OBOL_HASH_SHA1);
    guint64 spis[] = { GUINT64_TO_BE(sa->spi_i), GUINT64_TO_BE(spi_r) };
    guint16 port = GUINT16_TO_BE(address->port);
    ObolSpan parts[] = {
        { (const guint8 *) spis, sizeof spis },
        { address->bytes, obol_address_n_bytes(address) },
        { (const guint8 *) &port, sizeof port },
    };

    if (sha1 == NULL || sha1->n_output != OBOL_NAT_HASH)
        return FALSE;
    sha1->sum(parts, G_N_ELEMENTS(parts), out);
    return TRUE;
}

void
obol_nat_add_hashes(const ObolIkeSa *sa, const ObolPath *path, ObolChain *chain)
{
    guint8 hash[OBOL_NAT_HASH];

    if (!nat_hash(sa, sa->spi_r, &path->local, hash))
        return;
    /* A hash that fits nothing makes the peer see a NAT, and so use UDP for ESP. */
    if (sa->feign_nat)
        obol_random_fill(&sa->engine->random, hash, sizeof hash);
    obol_chain_add_notify(chain, OBOL_N_NAT_DETECTION_SOURCE_IP, hash, sizeof hash);
    if (nat_hash(sa, sa->spi_r, &path->remote, hash))
        obol_chain_add_notify(chain, OBOL_N_NAT_DETECTION_DESTINATION_IP, hash, sizeof hash);
}

gboolean
obol_nat_has_hashes(const ObolChain *chain)
{
    const ObolPayload *source = obol_chain_find_notify(chain, OBOL_N_NAT_DETECTION_SOURCE_IP),
                      *destination = obol_chain_find_notify(chain, OBOL_N_NAT_DETECTION_DESTINATION_IP);

    return source != NULL && destination != NULL && obol_notify_data_valid(&source->notify)
           && obol_notify_data_valid(&destination->notify);
}

/* There may be several sources, for a peer with several addresses; one that fits is enough. */
static gboolean
any_fits(const ObolChain *chain, guint16 type, const guint8 hash[OBOL_NAT_HASH], gboolean *there)
{
    gboolean fits = FALSE;

    for (guint i = 0; i < chain->n; i++) {
        const ObolPayload *p = &chain->items[i];

        if (p->type != OBOL_PAYLOAD_NOTIFY || p->notify.type != type || p->notify.data.n != OBOL_NAT_HASH)
            continue;
        *there = TRUE;
        fits |= memcmp(p->notify.data.data, hash, OBOL_NAT_HASH) == 0;
    }
    return fits;
}

gboolean
obol_nat_detect(ObolIkeSa *sa, const ObolIncoming *in)
{
    guint8 theirs[OBOL_NAT_HASH], ours[OBOL_NAT_HASH];
    guint64 spi_r = in->message->header.spi_r;
    gboolean source_there = FALSE, destination_there = FALSE, source_fits, destination_fits;

    if (!nat_hash(sa, spi_r, in->remote, theirs) || !nat_hash(sa, spi_r, in->local, ours))
        return FALSE;
    source_fits = any_fits(in->chain, OBOL_N_NAT_DETECTION_SOURCE_IP, theirs, &source_there);
    destination_fits = any_fits(in->chain, OBOL_N_NAT_DETECTION_DESTINATION_IP, ours, &destination_there);
    if (!source_there || !destination_there)
        return FALSE;
    sa->nat_remote = !source_fits;
    sa->nat_local = !destination_fits;
    return TRUE;
}

gboolean
obol_nat_encap(const ObolIkeSa *sa)
{
    return sa->nat_local || sa->nat_remote || (sa->feign_nat && sa->floated);
}

/* The initiator moves to the NAT-T ports with IKE_AUTH: for a NAT, or for MOBIKE, which may meet one later (RFC 4555 section 3.3); that
 * the peer knows MOBIKE too is told by IKE_AUTH itself. */
void
obol_nat_float(ObolIkeSa *sa)
{
    if (!sa->negotiation->nat_detection || sa->engine->nat_t_port == 0
        || !(sa->nat_local || sa->nat_remote || sa->feign_nat || sa->connection->mobike))
        return;
    sa->floated = TRUE;
    /* One that was begun on the NAT-T ports is where it should be: the peer's may be another one behind its NAT. */
    if (sa->local.port != sa->engine->nat_t_port || sa->remote.port == PORT_IKE)
        sa->remote.port = PORT_NAT_T;
    sa->local.port = sa->engine->nat_t_port;
}

/* Where an authentic message came from is where the answers go, when the peer is behind a NAT, or is just moving to its NAT-T
 * port; a peer that is not may not be moved by somebody who replays its packets from elsewhere.  With MOBIKE a peer moves when it says
 * so, and else not (RFC 4555 section 3.8). */
void
obol_nat_follow(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    gboolean request_of_auth = sa->state == OBOL_IKE_CONNECTING && sa->role == OBOL_RESPONDER;
    ObolPath now = { *in->local, *in->remote }, was = obol_path_of(sa);

    if (obol_path_equal(&was, &now) || sa->mobike != NULL)
        return;
    if (!request_of_auth && (!sa->nat_remote || sa->nat_local))
        return;
    if (in->local->port == sa->engine->nat_t_port)
        sa->floated = TRUE;
    obol_path_set(sa, &now, out);
    obol_child_move(sa, out);
}

/* --- no NAT at all (RFC 4555 sections 3.9 and 4.2.6) --- */

static gsize
put_prohibition(const ObolAddress *source, const ObolAddress *destination, guint8 out[36])
{
    gsize n = obol_address_n_bytes(source);
    guint16 ports[] = { GUINT16_TO_BE(source->port), GUINT16_TO_BE(destination->port) };

    memcpy(out, source->bytes, n);
    memcpy(out + n, destination->bytes, n);
    memcpy(out + 2 * n, ports, sizeof ports);
    return 2 * n + sizeof ports;
}

void
obol_nat_add_prohibition(const ObolIkeSa *sa, ObolChain *chain)
{
    guint8 data[36];

    obol_chain_add_notify(chain, OBOL_N_NO_NATS_ALLOWED, data, put_prohibition(&sa->local, &sa->remote, data));
}

gboolean
obol_nat_is_unexpected(const ObolIncoming *in)
{
    const ObolPayload *p = obol_chain_find_notify(in->chain, OBOL_N_NO_NATS_ALLOWED);
    guint8 data[36];

    return p != NULL && (put_prohibition(in->remote, in->local, data) != p->notify.data.n
                         || memcmp(data, p->notify.data.data, p->notify.data.n) != 0);
}
