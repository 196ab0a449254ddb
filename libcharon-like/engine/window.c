/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/window.c - one request at a time each way, repeated until it is answered; the last response kept for whoever lost it
 * (RFC 7296 sections 2.1 to 2.3). */
#include "engine/ike-sa-private.h"

#define LONGEST_WAIT_US ((gint64) G_TIME_SPAN_MINUTE) /* of those beyond the settings' tries */

static void
send_by(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, gboolean again, ObolActions *out)
{
    const guint8 *start = obol_span_of_bytes(datagrams).data;
    gsize at = 0;

    for (ObolSpan one; (one = obol_datagrams_next(datagrams, &at)).n > 0;) {
        ObolAction *action = obol_actions_add(out, OBOL_ACTION_SEND);

        action->send.datagram = g_bytes_new_from_bytes(datagrams, (gsize) (one.data - start), one.n);
        action->send.local = path->local;
        action->send.remote = path->remote;
        action->send.again = again;
    }
    sa->sent_us = sa->now_us;
}

void
obol_window_send(ObolIkeSa *sa, GBytes *datagram, ObolActions *out)
{
    ObolPath path = obol_path_of(sa);

    send_by(sa, datagram, &path, FALSE, out);
}

static void
send_again(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, ObolActions *out)
{
    gsize at = 0;

    send_by(sa, datagrams, path, TRUE, out);
    for (ObolSpan one; (one = obol_datagrams_next(datagrams, &at)).n > 0;) {
        ObolWireFault fault;
        ObolHeader header;

        if (obol_header_decode(one.data, one.n, &header, &fault))
            obol_tell_message(sa, &header, "", NULL, TRUE, one.n, TRUE, out);
    }
}

/* RFC 7296 section 2.2: before the numbers run out the IKE SA is rekeyed, or else closed. */
static void
next_id(ObolIkeSa *sa, guint32 *id)
{
    ++*id;
    if (*id == OBOL_ENGINE_ID_RENEW)
        sa->rekey_at_us = sa->now_us;
    else if (*id == OBOL_ENGINE_ID_LAST)
        sa->expire_at_us = sa->now_us;
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
        .n_in_size = 1,
        .first_us = sa->now_us,
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
    next_id(sa, &sa->expected_request_id);
    sa->busy = FALSE;
    sa->fragmentation.asked_size = 0;
    sa->fragmentation.n_replays = 0;
    /* Section 2.11: to where the request came from, whatever the addresses of the SA are. */
    send_by(sa, datagram, &sa->asked_by, FALSE, out);
}

void
obol_window_replay(ObolIkeSa *sa, gsize asked_size, ObolActions *out)
{
    sa->fragmentation.n_replays++;
    obol_fragment_shrink(sa, &sa->last_response, obol_fragment_for_replay(sa, asked_size), out);
    send_again(sa, sa->last_response, &sa->asked_by, out);
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
    next_id(sa, &sa->next_request_id);
}

void
obol_window_hurry(ObolIkeSa *sa)
{
    if (sa->request.datagram == NULL)
        return;
    sa->request.n_in_size = 0;
    sa->request.wait_us = sa->connection->retransmit_base_us;
    sa->request.again_us = sa->now_us;
}

void
obol_window_forget_request(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->request.datagram, g_bytes_unref);
    obol_reassembly_drop(sa, OBOL_PENDING_RESPONSE);
}

gint64
obol_window_patience_us(const ObolConnection *connection)
{
    double wait = (double) connection->retransmit_base_us, sum = wait;

    for (guint i = 0; i < connection->retransmit_tries && sum < (double) G_TIME_SPAN_DAY; i++) {
        wait *= connection->retransmit_factor;
        sum += wait;
    }
    return (gint64) MIN(sum, (double) G_TIME_SPAN_DAY);
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

/* RFC 7383 section 2.5.2: a few sendings of each size, and with a smaller one the clock starts anew.  While there is a smaller one
 * to try the waits do not grow.  %FALSE: there have been enough of the smallest. */
static gboolean
next_try(ObolIkeSa *sa, ObolActions *out)
{
    ObolRequest *request = &sa->request;
    const ObolConnection *c = sa->connection;
    gsize smaller = obol_fragment_smaller(sa, request->datagram);
    guint n_probes = MIN(OBOL_ENGINE_PROBE_SENDINGS, c->retransmit_tries + 1);

    if (request->n_in_size >= n_probes && obol_fragment_shrink(sa, &request->datagram, smaller, out)) {
        request->n_in_size = 0;
        request->wait_us = c->retransmit_base_us;
    } else if (request->n_in_size > c->retransmit_tries && !obol_mobike_is_patient(sa)) {
        return FALSE;
    } else if (request->n_in_size > c->retransmit_tries) {
        request->wait_us = MIN((gint64) ((double) request->wait_us * c->retransmit_factor), LONGEST_WAIT_US);
    } else if (smaller == 0 || request->n_in_size >= n_probes) {
        request->wait_us = (gint64) ((double) request->wait_us * c->retransmit_factor);
    }
    request->n_in_size++;
    request->n_sent++;
    request->again_us = sa->now_us + request->wait_us;
    return TRUE;
}

/* RFC 4555 section 3.5: no answer by the present path may mean that another one works. */
static void
send_by_all_paths(ObolIkeSa *sa, ObolActions *out)
{
    ObolPath paths[OBOL_ENGINE_PATHS_MAX], present = obol_path_of(sa);
    guint n = obol_paths(sa, paths);

    if (n == 0)
        send_again(sa, sa->request.datagram, &present, out);
    for (guint i = 0; i < n; i++) {
        send_again(sa, sa->request.datagram, &paths[i], out);
        if (!obol_path_equal(&paths[i], &present))
            sa->request.searched = sa->request.many_paths = TRUE;
    }
}

void
obol_window_retransmit(ObolIkeSa *sa, ObolActions *out)
{
    ObolRequest *request = &sa->request;
    /* An unprotected refusal has had one interval to be contradicted by the true responder (section 2.21.1). */
    gboolean refused = sa->negotiation != NULL && sa->negotiation->refusal != NULL;

    if (refused || !next_try(sa, out)) {
        give_up(sa, out);
        return;
    }
    /* A retransmission repeats the stored datagrams: section 2.1 wants it bitwise identical. */
    if (obol_mobike_searches(sa)) {
        send_by_all_paths(sa, out);
    } else {
        ObolPath present = obol_path_of(sa);

        send_again(sa, request->datagram, &present, out);
    }
    obol_ike_sa_log(sa, out, 1, "retransmission %u of %s request %u", request->n_sent - 1,
                    obol_exchange_name(request->exchange), request->message_id);
}
