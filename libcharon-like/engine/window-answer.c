/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/window-answer.c - the peer's requests, in any order within our window, and the responses kept for whoever lost them (RFC 7296
 * sections 2.1 to 2.3).
 *
 * One request is answered at a time, so that no two of the peer's exchanges can disturb each other.  One that comes meanwhile is
 * held until its turn, the lowest message ID first, if it is authentic: there are never more than the window less one. */
#include "engine/ike-sa-private.h"

/* --- what has been answered --- */

static guint
n_responses(const ObolIkeSa *sa)
{
    return sa->responses != NULL ? sa->responses->len : 0;
}

ObolResponse *
obol_window_response(const ObolIkeSa *sa, guint32 message_id)
{
    for (guint i = 0; i < n_responses(sa); i++) {
        ObolResponse *one = &g_array_index(sa->responses, ObolResponse, i);

        if (one->message_id == message_id)
            return one;
    }
    return NULL;
}

static void
clear_response(gpointer response)
{
    g_bytes_unref(((ObolResponse *) response)->datagrams);
}

/* The peer sends X when it has the response to X-N: those before are of no use to it any more. */
static void
drop_lowest(ObolIkeSa *sa)
{
    guint lowest = 0;

    for (guint i = 1; i < sa->responses->len; i++) {
        if (g_array_index(sa->responses, ObolResponse, i).message_id < g_array_index(sa->responses, ObolResponse, lowest).message_id)
            lowest = i;
    }
    g_array_remove_index_fast(sa->responses, lowest);
}

static void
keep(ObolIkeSa *sa, GBytes *datagrams)
{
    ObolResponse response = { .message_id = sa->answering_id, .datagrams = datagrams };

    if (sa->responses == NULL) {
        sa->responses = g_array_sized_new(FALSE, FALSE, sizeof(ObolResponse), 1);
        g_array_set_clear_func(sa->responses, clear_response);
    }
    g_array_append_val(sa->responses, response);
    while (sa->responses->len > sa->own_window)
        drop_lowest(sa);
    while (obol_window_response(sa, sa->expected_request_id) != NULL)
        obol_window_next_id(sa, &sa->expected_request_id);
}

void
obol_window_respond(ObolIkeSa *sa, GBytes *datagram, ObolActions *out)
{
    keep(sa, datagram);
    sa->busy = FALSE;
    sa->fragmentation.asked_size = 0;
    /* Section 2.11: to where the request came from, whatever the addresses of the SA are. */
    obol_window_send_by(sa, datagram, &sa->asked_by, FALSE, out);
}

void
obol_window_answer(ObolIkeSa *sa, guint8 exchange, const ObolChain *chain, ObolActions *out)
{
    GBytes *datagram = obol_sk_seal(sa, exchange, TRUE, sa->answering_id, chain, out);

    if (datagram != NULL)
        obol_window_respond(sa, datagram, out);
}

void
obol_window_replay(ObolIkeSa *sa, ObolResponse *response, gsize asked_size, ObolActions *out)
{
    response->n_replays++;
    obol_fragment_shrink(sa, &response->datagrams, obol_fragment_for_replay(sa, response, asked_size), out);
    obol_window_send_again(sa, response->datagrams, &sa->asked_by, out);
}

void
obol_window_forget_responses(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->responses, g_array_unref);
    g_clear_pointer(&sa->held_requests, g_ptr_array_unref);
}

gsize
obol_window_n_response_bytes(const ObolIkeSa *sa)
{
    gsize n = 0;

    for (guint i = 0; i < n_responses(sa); i++)
        n += sizeof(ObolResponse) + obol_span_of_bytes(g_array_index(sa->responses, ObolResponse, i).datagrams).n;
    return n;
}

/* --- what is to be answered --- */

static gboolean
is_held(const ObolIkeSa *sa, guint32 message_id)
{
    for (guint i = 0; sa->held_requests != NULL && i < sa->held_requests->len; i++) {
        if (((const ObolHeldRequest *) g_ptr_array_index(sa->held_requests, i))->header.message_id == message_id)
            return TRUE;
    }
    return FALSE;
}

gboolean
obol_window_expects(const ObolIkeSa *sa, guint32 message_id)
{
    return message_id >= sa->expected_request_id && message_id - sa->expected_request_id < sa->own_window
           && obol_window_response(sa, message_id) == NULL && !(sa->busy && message_id == sa->answering_id) && !is_held(sa, message_id);
}

void
obol_window_held_free(ObolHeldRequest *held)
{
    if (held == NULL)
        return;
    obol_plain_free(held->plain);
    g_free(held);
}

void
obol_window_hold(ObolIkeSa *sa, const ObolIncoming *in, GByteArray *plain, guint8 first, gsize asked_size)
{
    ObolHeldRequest *held = g_new0(ObolHeldRequest, 1);

    *held = (ObolHeldRequest) {
        .header = in->message->header,
        .path = { *in->local, *in->remote },
        .plain = plain,
        .first = first,
        .asked_size = asked_size,
        .n_bytes = in->datagram.n,
    };
    if (sa->held_requests == NULL)
        sa->held_requests = g_ptr_array_new_with_free_func((GDestroyNotify) obol_window_held_free);
    g_ptr_array_add(sa->held_requests, held);
}

ObolHeldRequest *
obol_window_take_held(ObolIkeSa *sa)
{
    guint lowest = 0;
    ObolHeldRequest *held;

    if (sa->held_requests == NULL || sa->busy)
        return NULL;
    for (guint i = 1; i < sa->held_requests->len; i++) {
        const ObolHeldRequest *one = g_ptr_array_index(sa->held_requests, i), *best = g_ptr_array_index(sa->held_requests, lowest);

        lowest = one->header.message_id < best->header.message_id ? i : lowest;
    }
    held = g_ptr_array_steal_index(sa->held_requests, lowest);
    if (sa->held_requests->len == 0)
        g_clear_pointer(&sa->held_requests, g_ptr_array_unref);
    return held;
}
