/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/window.c - one request at a time each way, repeated until it is answered; the last response kept for whoever lost it
 * (RFC 7296 sections 2.1 to 2.3). */
#include "engine/ike-sa-private.h"

#define PATIENCE_MAX_US (600.0 * G_USEC_PER_SEC) /* whatever the settings of retransmission */

void
obol_window_send(ObolIkeSa *sa, GBytes *datagram, ObolActions *out)
{
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_SEND);

    action->send.datagram = g_bytes_ref(datagram);
    action->send.local = sa->local;
    action->send.remote = sa->remote;
    sa->sent_us = sa->now_us;
}

void
obol_window_request(ObolIkeSa *sa, guint8 exchange, GBytes *datagram, ObolActions *out)
{
    obol_window_forget_request(sa);
    sa->request = (ObolRequest) {
        .datagram = datagram,
        .exchange = exchange,
        .message_id = sa->next_request_id,
        .n_sent = 1,
        .wait_us = sa->connection->retransmit_base_us,
        .again_us = sa->now_us + sa->connection->retransmit_base_us,
    };
    obol_window_send(sa, datagram, out);
}

void
obol_window_respond(ObolIkeSa *sa, GBytes *datagram, ObolActions *out)
{
    g_clear_pointer(&sa->last_response, g_bytes_unref);
    sa->last_response = datagram;
    sa->expected_request_id++;
    sa->busy = FALSE;
    obol_window_send(sa, datagram, out);
}

void
obol_window_answer(ObolIkeSa *sa, guint8 exchange, const ObolChain *chain, ObolActions *out)
{
    GBytes *datagram = obol_sk_seal(sa, exchange, TRUE, sa->expected_request_id, chain, out);

    if (datagram != NULL)
        obol_window_respond(sa, datagram, out);
}

void
obol_window_answered(ObolIkeSa *sa)
{
    obol_window_forget_request(sa);
    sa->next_request_id++;
}

void
obol_window_forget_request(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->request.datagram, g_bytes_unref);
}

static void
tell_again(ObolIkeSa *sa, ObolActions *out)
{
    ObolSpan bytes = obol_span_of_bytes(sa->request.datagram);
    ObolWireFault fault;
    ObolHeader header;

    if (sa->engine->trace_messages && obol_header_decode(bytes.data, bytes.n, &header, &fault))
        obol_tell_message(sa, &header, "", NULL, TRUE, bytes.n, TRUE, out);
}

gint64
obol_window_patience_us(const ObolConnection *connection)
{
    double wait_us = (double) connection->retransmit_base_us, sum_us = 0;

    for (guint i = 0; i <= connection->retransmit_tries && sum_us < PATIENCE_MAX_US; i++, wait_us *= connection->retransmit_factor)
        sum_us += wait_us;
    return (gint64) MIN(sum_us, PATIENCE_MAX_US);
}

static void
give_up(ObolIkeSa *sa, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    ObolReason *reason;

    if (n != NULL && n->refusal != NULL)
        reason = g_steal_pointer(&n->refusal);
    else
        reason = obol_reason_new(OBOL_REASON_NET_SILENT, obol_exchange_name(sa->request.exchange), OBOL_SIDE_PEER, 0,
                                 "no answer to %u sendings", sa->request.n_sent);
    /* Of one that was rekeyed nothing is left to fail. */
    if (sa->state != OBOL_IKE_REKEYED)
        obol_ike_sa_fail(sa, reason, out);
    obol_succession_abandon(sa, out);
    obol_ike_sa_end(sa, reason, out);
}

void
obol_window_retransmit(ObolIkeSa *sa, ObolActions *out)
{
    ObolRequest *request = &sa->request;
    /* An unprotected refusal has had one interval to be contradicted by the true responder (section 2.21.1). */
    gboolean refused = sa->negotiation != NULL && sa->negotiation->refusal != NULL;

    if (refused || request->n_sent > sa->connection->retransmit_tries) {
        give_up(sa, out);
        return;
    }
    request->n_sent++;
    request->wait_us = (gint64) ((double) request->wait_us * sa->connection->retransmit_factor);
    request->again_us = sa->now_us + request->wait_us;
    /* A retransmission repeats the stored datagram: section 2.1 wants it bitwise identical. */
    obol_window_send(sa, request->datagram, out);
    tell_again(sa, out);
    obol_ike_sa_log(sa, out, 1, "retransmission %u of %s request %u", request->n_sent - 1,
                    obol_exchange_name(request->exchange), request->message_id);
}
