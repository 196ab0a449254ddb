/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/window.c - our requests: as many at a time as the peer's window holds, each repeated until it is answered (RFC 7296 sections
 * 2.1 to 2.3).
 *
 * An exchange takes its place in the window when its turn comes, since what it needs (an SPI, a public value) may take a while; its
 * message ID when it is sealed.  So IDs have no gaps, whatever becomes of an exchange that is being prepared. */
#include "engine/ike-sa-private.h"

#define LONGEST_WAIT_US ((gint64) G_TIME_SPAN_MINUTE) /* of those beyond the settings' tries */

void
obol_window_send_by(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, gboolean again, ObolActions *out)
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

    obol_window_send_by(sa, datagram, &path, FALSE, out);
}

void
obol_window_send_again(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, ObolActions *out)
{
    gsize at = 0;

    obol_window_send_by(sa, datagrams, path, TRUE, out);
    for (ObolSpan one; (one = obol_datagrams_next(datagrams, &at)).n > 0;) {
        ObolWireFault fault;
        ObolHeader header;

        if (obol_header_decode(one.data, one.n, &header, &fault))
            obol_tell_message(sa, &header, "", NULL, TRUE, one.n, TRUE, out);
    }
}

/* RFC 7296 section 2.2: before the numbers run out the IKE SA is rekeyed, or else closed. */
void
obol_window_next_id(ObolIkeSa *sa, guint32 *id)
{
    ++*id;
    if (*id == OBOL_ENGINE_ID_RENEW)
        sa->rekey_at_us = sa->now_us;
    else if (*id == OBOL_ENGINE_ID_LAST)
        sa->expire_at_us = sa->now_us;
}

/* --- what is under way --- */

static guint
n_requests(const ObolIkeSa *sa)
{
    return sa->requests != NULL ? sa->requests->len : 0;
}

static ObolRequest *
nth(const ObolIkeSa *sa, guint i)
{
    return &g_array_index(sa->requests, ObolRequest, i);
}

static void
clear_request(gpointer data)
{
    g_clear_pointer(&((ObolRequest *) data)->datagram, g_bytes_unref);
}

static ObolRequest *
add_request(ObolIkeSa *sa, ObolTaskKind kind, guint32 about)
{
    ObolRequest request = { .kind = kind, .about = about };

    if (sa->requests == NULL) {
        sa->requests = g_array_new(FALSE, FALSE, sizeof(ObolRequest));
        g_array_set_clear_func(sa->requests, clear_request);
    }
    g_array_append_val(sa->requests, request);
    return nth(sa, sa->requests->len - 1);
}

static void
remove_request(ObolIkeSa *sa, guint i)
{
    g_array_remove_index(sa->requests, i);
    if (sa->requests->len == 0)
        g_clear_pointer(&sa->requests, g_array_unref);
}

/* The lowest message ID that is not answered yet. */
static guint32
first_unanswered(const ObolIkeSa *sa)
{
    guint32 lowest = sa->next_request_id;

    for (guint i = 0; i < n_requests(sa); i++) {
        if (nth(sa, i)->datagram != NULL)
            lowest = MIN(lowest, nth(sa, i)->message_id);
    }
    return lowest;
}

/* Section 2.3: X waits for the response to X-N. */
static gboolean
fits(const ObolIkeSa *sa, guint32 message_id)
{
    return message_id - first_unanswered(sa) < sa->peer_window;
}

gboolean
obol_window_has_room(const ObolIkeSa *sa)
{
    guint n_preparing = 0;

    for (guint i = 0; i < n_requests(sa); i++)
        n_preparing += nth(sa, i)->datagram == NULL;
    return fits(sa, sa->next_request_id + n_preparing);
}

gboolean
obol_window_is_idle(const ObolIkeSa *sa)
{
    return sa->requests == NULL;
}

const ObolRequest *
obol_window_oldest(const ObolIkeSa *sa)
{
    const ObolRequest *oldest = NULL;

    for (guint i = 0; i < n_requests(sa); i++) {
        const ObolRequest *one = nth(sa, i);

        if (one->datagram != NULL && (oldest == NULL || one->message_id < oldest->message_id))
            oldest = one;
    }
    return oldest;
}

gboolean
obol_window_waits(const ObolIkeSa *sa)
{
    return obol_window_oldest(sa) != NULL;
}

gboolean
obol_window_asks(const ObolIkeSa *sa, guint8 exchange)
{
    for (guint i = 0; i < n_requests(sa); i++) {
        if (nth(sa, i)->datagram != NULL && nth(sa, i)->exchange == exchange)
            return TRUE;
    }
    return FALSE;
}

const ObolRequest *
obol_window_find(const ObolIkeSa *sa, guint8 exchange, guint32 message_id)
{
    for (guint i = 0; i < n_requests(sa); i++) {
        const ObolRequest *one = nth(sa, i);

        if (one->datagram != NULL && one->n_sent > 0 && one->exchange == exchange && one->message_id == message_id)
            return one;
    }
    return NULL;
}

/* --- from the turn in the queue to the answer --- */

void
obol_window_prepare(ObolIkeSa *sa, ObolTaskKind kind, guint32 about)
{
    add_request(sa, kind, about);
}

static ObolRequest *
place_of(ObolIkeSa *sa, ObolTaskKind kind, guint32 about)
{
    for (guint i = 0; about != 0 && i < n_requests(sa); i++) {
        if (nth(sa, i)->about == about && nth(sa, i)->datagram == NULL)
            return nth(sa, i);
    }
    return add_request(sa, kind, about);
}

static void
send_first(ObolIkeSa *sa, ObolRequest *request, ObolActions *out)
{
    request->n_sent = request->n_in_size = 1;
    request->first_us = sa->now_us;
    request->wait_us = sa->connection->retransmit_base_us;
    request->again_us = sa->now_us + request->wait_us;
    obol_window_send(sa, request->datagram, out);
}

void
obol_window_request(ObolIkeSa *sa, ObolTaskKind kind, guint32 about, guint8 exchange, GBytes *datagram, ObolActions *out)
{
    ObolRequest *request = place_of(sa, kind, about);

    request->datagram = datagram;
    request->exchange = exchange;
    request->message_id = sa->next_request_id;
    request->again_us = G_MAXINT64;
    obol_window_next_id(sa, &sa->next_request_id);
    /* A request that is made anew by the answer to the one before has a place, but may be ahead of the window. */
    if (fits(sa, request->message_id))
        send_first(sa, request, out);
}

static void
send_waiting(ObolIkeSa *sa, ObolActions *out)
{
    for (guint i = 0; i < n_requests(sa); i++) {
        ObolRequest *one = nth(sa, i);

        if (one->datagram != NULL && one->n_sent == 0 && fits(sa, one->message_id))
            send_first(sa, one, out);
    }
}

ObolRequest
obol_window_answered(ObolIkeSa *sa, guint32 message_id, ObolActions *out)
{
    ObolRequest answered = { .datagram = NULL };

    for (guint i = 0; i < n_requests(sa); i++) {
        if (nth(sa, i)->datagram == NULL || nth(sa, i)->message_id != message_id)
            continue;
        answered = *nth(sa, i);
        answered.datagram = NULL;
        remove_request(sa, i);
        break;
    }
    obol_reassembly_drop_message(sa, OBOL_PENDING_RESPONSE, message_id);
    send_waiting(sa, out);
    return answered;
}

void
obol_window_disown(ObolIkeSa *sa, guint32 about)
{
    for (guint i = n_requests(sa); i-- > 0;) {
        if (nth(sa, i)->about != about)
            continue;
        if (nth(sa, i)->datagram != NULL)
            nth(sa, i)->about = 0;
        else
            remove_request(sa, i);
    }
}

void
obol_window_forget_requests(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->requests, g_array_unref);
    obol_reassembly_drop(sa, OBOL_PENDING_RESPONSE);
}

/* --- other addresses --- */

void
obol_window_hurry(ObolIkeSa *sa)
{
    for (guint i = 0; i < n_requests(sa); i++) {
        ObolRequest *one = nth(sa, i);

        if (one->n_sent == 0)
            continue;
        one->n_in_size = 0;
        one->wait_us = sa->connection->retransmit_base_us;
        one->again_us = sa->now_us;
    }
}

void
obol_window_mark_paths(ObolIkeSa *sa)
{
    for (guint i = 0; i < n_requests(sa); i++)
        nth(sa, i)->many_paths |= nth(sa, i)->n_sent > 0;
}

void
obol_window_stop_searching(ObolIkeSa *sa)
{
    for (guint i = 0; i < n_requests(sa); i++)
        nth(sa, i)->searched = FALSE;
}

/* --- once more --- */

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
give_up(ObolIkeSa *sa, const ObolRequest *request, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    ObolReason *reason;

    if (n != NULL && n->refusal != NULL)
        reason = g_steal_pointer(&n->refusal);
    else
        reason = obol_reason_new(OBOL_REASON_NET_SILENT, obol_exchange_name(request->exchange), OBOL_SIDE_PEER, 0,
                                 "no answer to %u sendings", request->n_sent);
    /* Of one that was rekeyed nothing is left to fail. */
    if (sa->state != OBOL_IKE_REKEYED)
        obol_ike_sa_fail(sa, reason, out);
    obol_succession_abandon(sa, out);
    obol_ike_sa_end(sa, reason, out);
}

/* RFC 7383 section 2.5.2: a few sendings of each size, and with a smaller one the clock starts anew.  While there is a smaller one
 * to try the waits do not grow.  %FALSE: there have been enough of the smallest. */
static gboolean
next_try(ObolIkeSa *sa, ObolRequest *request, ObolActions *out)
{
    const ObolConnection *c = sa->connection;
    gsize smaller = obol_fragment_smaller(sa, request->datagram);
    guint n_probes = MIN(OBOL_ENGINE_PROBE_SENDINGS, c->retransmit_tries + 1);

    if (request->n_in_size >= n_probes && obol_fragment_shrink(sa, &request->datagram, smaller, out)) {
        request->n_in_size = 0;
        request->wait_us = c->retransmit_base_us;
    } else if (request->n_in_size > c->retransmit_tries && !obol_mobike_is_patient(sa, request)) {
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
send_by_all_paths(ObolIkeSa *sa, ObolRequest *request, ObolActions *out)
{
    ObolPath paths[OBOL_ENGINE_PATHS_MAX], present = obol_path_of(sa);
    guint n = obol_paths(sa, paths);

    if (n == 0)
        obol_window_send_again(sa, request->datagram, &present, out);
    for (guint i = 0; i < n; i++) {
        obol_window_send_again(sa, request->datagram, &paths[i], out);
        if (!obol_path_equal(&paths[i], &present))
            request->searched = request->many_paths = TRUE;
    }
}

/* %FALSE: that was enough, and the SA is gone. */
static gboolean
retransmit(ObolIkeSa *sa, ObolRequest *request, ObolActions *out)
{
    /* An unprotected refusal has had one interval to be contradicted by the true responder (section 2.21.1). */
    gboolean refused = sa->negotiation != NULL && sa->negotiation->refusal != NULL;

    if (refused || !next_try(sa, request, out)) {
        give_up(sa, request, out);
        return FALSE;
    }
    /* A retransmission repeats the stored datagrams: section 2.1 wants it bitwise identical. */
    if (obol_mobike_searches(sa, request)) {
        send_by_all_paths(sa, request, out);
    } else {
        ObolPath present = obol_path_of(sa);

        obol_window_send_again(sa, request->datagram, &present, out);
    }
    obol_ike_sa_log(sa, out, 1, "retransmission %u of %s request %u", request->n_sent - 1,
                    obol_exchange_name(request->exchange), request->message_id);
    return TRUE;
}

gint64
obol_window_due(const ObolIkeSa *sa)
{
    gint64 due = G_MAXINT64;

    for (guint i = 0; i < n_requests(sa); i++) {
        if (nth(sa, i)->datagram != NULL)
            due = MIN(due, nth(sa, i)->again_us);
    }
    return due;
}

void
obol_window_retransmit(ObolIkeSa *sa, ObolActions *out)
{
    for (guint i = 0; i < n_requests(sa); i++) {
        if (nth(sa, i)->datagram != NULL && sa->now_us >= nth(sa, i)->again_us && !retransmit(sa, nth(sa, i), out))
            return;
    }
}
