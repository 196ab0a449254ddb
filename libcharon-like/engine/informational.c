/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/informational.c - INFORMATIONAL: deletes of both kinds, liveness, errors (RFC 7296 sections 1.4, 2.4, 2.21). */
#include "engine/ike-sa-private.h"

static void
respond(ObolIkeSa *sa, const ObolIncoming *in, const ObolChain *chain, ObolActions *out)
{
    GBytes *datagram = obol_sk_seal(sa, in->message->header.exchange, TRUE, in->message->header.message_id, chain, out);

    if (datagram != NULL)
        obol_window_respond(sa, datagram, out);
}

static guint32
spi_at(ObolSpan spis, guint i)
{
    const guint8 *p = spis.data + 4 * (gsize) i;

    return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

/* A child that we have deleted ourselves is not found any more, and so not named again: crossing Deletes (section 1.4.1). */
static void
close_children(ObolIkeSa *sa, const ObolDeletePayload *d, ObolChain *answer, ObolActions *out)
{
    guint32 ours[OBOL_ENGINE_CHILDREN_MAX];
    guint n_ours = 0;

    if (d->spi_size != 4)
        return;
    for (guint i = 0; i < d->n && n_ours < G_N_ELEMENTS(ours); i++) {
        ObolChildSa *child = obol_child_sa_find_spi(sa, d->protocol, spi_at(d->spis, i), FALSE);

        if (child == NULL)
            continue;
        ours[n_ours++] = child->spi_in;
        obol_child_sa_end(sa, child, obol_reason_new(OBOL_REASON_DELETED_BY_PEER, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, 0, NULL),
                          out);
    }
    if (n_ours > 0)
        obol_chain_add_delete(answer, d->protocol, ours, n_ours);
}

/* What ends the whole SA, if anything in the message does. */
static ObolReason *
end_of(const ObolIkeSa *sa, const ObolChain *chain)
{
    if (obol_chain_find_notify(chain, OBOL_N_AUTHENTICATION_FAILED) != NULL)
        return obol_reason_new(OBOL_REASON_AUTH_PEER, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, OBOL_N_AUTHENTICATION_FAILED, NULL);
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_DELETE && chain->items[i].del.protocol == OBOL_PROTO_IKE)
            return obol_reason_new(sa->delete_wanted ? OBOL_REASON_DELETED_BY_US : OBOL_REASON_DELETED_BY_PEER,
                                   OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, 0, NULL);
    }
    return NULL;
}

void
obol_informational_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    g_auto(ObolChain) answer = { .n = 0, .owned = NULL };
    ObolReason *end = end_of(sa, in->chain);

    for (guint i = 0; i < in->chain->n && end == NULL; i++) {
        const ObolPayload *p = &in->chain->items[i];

        if (p->type == OBOL_PAYLOAD_DELETE)
            close_children(sa, &p->del, &answer, out);
    }
    respond(sa, in, &answer, out);
    if (end != NULL) {
        obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u: the peer has deleted it", sa->connection->name, sa->unique_id);
        obol_ike_sa_end(sa, end, out);
    }
}

void
obol_informational_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    (void) in;
    obol_window_forget_request(sa);
    sa->next_request_id++;
    /* The Delete of the IKE SA goes alone and last: its answer ends everything. */
    if (sa->state == OBOL_IKE_DELETING && sa->delete_wanted) {
        if (sa->delete_sent)
            obol_ike_sa_end(sa, obol_reason_new(OBOL_REASON_DELETED_BY_US, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_US, 0, NULL), out);
        else
            obol_window_pump(sa, out);
        return;
    }
    obol_window_pump(sa, out);
}

/* RFC 7296 section 4 allows an implementation to have the Child SA of IKE_AUTH and no other. */
void
obol_create_child_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    g_auto(ObolChain) answer = { .n = 0, .owned = NULL };

    obol_chain_add_notify(&answer, OBOL_N_NO_ADDITIONAL_SAS, NULL, 0);
    respond(sa, in, &answer, out);
    obol_ike_sa_log(sa, out, 1, "the peer asked for a further Child SA or a rekey: NO_ADDITIONAL_SAS");
}
