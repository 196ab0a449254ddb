/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/admission.c - the only door for messages: which exchange is welcome when, and what must be proved first.
 *
 * A request counts when its message ID is the one expected next, a response when it answers the request outstanding
 * (RFC 7296 section 2.2).  Everything after IKE_SA_INIT must be in an SK payload that our keys open. */
#include "engine/ike-sa-private.h"

typedef enum { IN_CLEAR, SEALED } Cover;

typedef void (*Handler)(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);

/* From its establishment to its end; one that is to end, or was rekeyed, answers still, if only with TEMPORARY_FAILURE. */
#define UP (1 << OBOL_IKE_ESTABLISHED | 1 << OBOL_IKE_REKEYED | 1 << OBOL_IKE_DELETING)

/* RFC 7296 sections 1.2 to 1.4.  @role: of the SA for which a request is welcome, or both where it does not matter. */
static const struct {
    guint8 exchange;
    Cover cover;
    guint states;         /* bits of ObolIkeState in which a request is welcome */
    guint roles;          /* bits of ObolRole that may be asked */
    guint response_states; /* and in which a response is */
    Handler request, response;
} exchanges[] = {
    { OBOL_IKE_SA_INIT, IN_CLEAR, 1 << OBOL_IKE_NEW, 1 << OBOL_RESPONDER, 1 << OBOL_IKE_CONNECTING, obol_init_request,
      obol_init_response },
    { OBOL_IKE_AUTH, SEALED, 1 << OBOL_IKE_CONNECTING, 1 << OBOL_RESPONDER, 1 << OBOL_IKE_CONNECTING, obol_auth_request,
      obol_auth_response },
    { OBOL_CREATE_CHILD_SA, SEALED, UP, 1 << OBOL_INITIATOR | 1 << OBOL_RESPONDER, UP, obol_create_child_request,
      obol_create_child_response },
    { OBOL_INFORMATIONAL, SEALED, UP, 1 << OBOL_INITIATOR | 1 << OBOL_RESPONDER, UP, obol_informational_request,
      obol_informational_response },
};

static gboolean
same_bytes(GBytes *kept, ObolSpan datagram)
{
    ObolSpan bytes = obol_span_of_bytes(kept);
    GBytes *view;
    gboolean same;

    if (kept == NULL || bytes.n != datagram.n)
        return FALSE;
    view = g_bytes_new_static(datagram.data, datagram.n);
    same = g_bytes_equal(kept, view);
    g_bytes_unref(view);
    return same;
}

/* 0: there is no such message. */
static guint8
exchange_of(GBytes *datagrams)
{
    gsize at = 0;
    ObolWireFault fault;
    ObolHeader header;
    ObolSpan one;

    if (datagrams == NULL)
        return 0;
    one = obol_datagrams_next(datagrams, &at);
    return obol_header_decode(one.data, one.n, &header, &fault) ? header.exchange : 0;
}

/* A request that was answered already gets the same answer again, to the letter (section 2.1). */
static void
replay(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolHeader *header = &in->message->header;
    const ObolPayload *skf = obol_chain_find(in->chain, OBOL_PAYLOAD_SKF);
    GByteArray *plain = NULL;
    guint8 first;

    /* IKE_AUTH under the number of IKE_SA_INIT is no repetition of it. */
    if (exchange_of(sa->last_response) != header->exchange)
        return;
    /* RFC 7383 section 2.6.1: one answer for all fragments of a request, when the first one comes again. */
    if (skf != NULL && (!sa->fragmentation.agreed || skf->skf.number != 1))
        return;
    if (header->exchange == OBOL_IKE_SA_INIT) {
        if (sa->negotiation == NULL || !same_bytes(sa->negotiation->peer_first, in->datagram))
            return;
    } else if (!obol_sk_open(sa, in->message, in->datagram, &plain, &first)) {
        return;
    }
    obol_plain_free(plain);
    sa->asked_by = (ObolPath) { *in->local, *in->remote };
    obol_window_replay(sa, skf != NULL ? obol_datagram_ip_size(sa, in->datagram.n) : 0, out);
}

/* Section 3.1: the flag tells the sender's role, and may not contradict what we know. */
static gboolean
from_the_right_end(const ObolIkeSa *sa, const ObolHeader *header)
{
    gboolean by_initiator = (header->flags & OBOL_FLAG_INITIATOR) != 0;

    return by_initiator == (sa->role == OBOL_RESPONDER);
}

static gboolean
names_this_sa(const ObolIkeSa *sa, const ObolHeader *header)
{
    if (sa->role == OBOL_INITIATOR)
        return header->spi_i == sa->spi_i && (sa->spi_r == 0 || header->spi_r == sa->spi_r);
    if (sa->state == OBOL_IKE_NEW)
        return header->spi_r == 0 && header->spi_i != 0;
    /* A repeated IKE_SA_INIT request does not know our SPI yet. */
    return header->spi_i == sa->spi_i && (header->spi_r == sa->spi_r || header->exchange == OBOL_IKE_SA_INIT);
}

/* Broken under the right keys: it is the peer itself that we do not understand (sections 2.5 and 2.21.3). */
static void
refuse_sealed(ObolIkeSa *sa, const ObolIncoming *in, const ObolWireFault *fault, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    gboolean response = (in->message->header.flags & OBOL_FLAG_RESPONSE) != 0;
    gboolean critical = fault->notify == OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD;
    guint8 type = fault->payload;
    g_autoptr(ObolReason) reason =
        obol_reason_new(critical ? OBOL_REASON_CRITICAL : OBOL_REASON_SYNTAX, obol_exchange_name(in->message->header.exchange),
                        OBOL_SIDE_US, fault->notify, "%s payload at offset %" G_GSIZE_FORMAT ": %s", obol_payload_name(type),
                        fault->offset, fault->rule);
    GBytes *datagram;

    obol_ike_sa_fail(sa, reason, out);
    if (!response) {
        obol_chain_add_notify(&chain, critical ? OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD : OBOL_N_INVALID_SYNTAX, &type, critical ? 1 : 0);
        datagram = obol_sk_seal(sa, in->message->header.exchange, TRUE, in->message->header.message_id, &chain, out);
        if (datagram != NULL)
            obol_window_respond(sa, datagram, out);
    }
    if (!critical || sa->state == OBOL_IKE_CONNECTING)
        obol_ike_sa_end(sa, g_steal_pointer(&reason), out);
}

/* The payloads of a message that came whole, or has become so by this fragment.  %FALSE: there are none yet, or it is not
 * authentic: as if it had never come (section 2.21.2). */
static gboolean
open_sealed(ObolIkeSa *sa, const ObolIncoming *in, GByteArray **plain, guint8 *first, ObolActions *out)
{
    const ObolPayload *skf = obol_chain_find(in->chain, OBOL_PAYLOAD_SKF);
    gboolean response = (in->message->header.flags & OBOL_FLAG_RESPONSE) != 0;

    if (skf != NULL)
        return obol_reassembly_take(sa, in, &skf->skf, plain, first, out);
    if (!obol_sk_open(sa, in->message, in->datagram, plain, first))
        return FALSE;
    /* Fragments of the same message are not needed any more. */
    obol_reassembly_drop(sa, response ? OBOL_PENDING_RESPONSE : OBOL_PENDING_REQUEST);
    if (!response)
        sa->fragmentation.asked_size = 0;
    return TRUE;
}

static void
tell_opened(ObolIkeSa *sa, const ObolIncoming *in, const ObolChain *inner, ObolActions *out)
{
    const ObolPayload *skf = obol_chain_find(in->chain, OBOL_PAYLOAD_SKF);
    g_autofree char *outer = skf != NULL ? g_strdup_printf("SKF(%u/%u){", skf->skf.number, skf->skf.total) : g_strdup("SK{");
    g_autofree char *broken = inner == NULL ? g_strconcat(outer, "?}", NULL) : NULL;

    obol_tell_message(sa, &in->message->header, broken != NULL ? broken : outer, inner, FALSE, in->datagram.n, FALSE, out);
}

static void
note_path(ObolIkeSa *sa, const ObolIncoming *in)
{
    if ((in->message->header.flags & OBOL_FLAG_RESPONSE) == 0)
        sa->asked_by = (ObolPath) { *in->local, *in->remote };
}

static void
hand_over(ObolIkeSa *sa, const ObolIncoming *in, Cover cover, Handler handler, ObolActions *out)
{
    GByteArray *plain = NULL;
    g_auto(ObolChain) inner = { .n = 0, .owned = NULL };
    ObolIncoming opened = *in;
    ObolWireFault fault;
    guint8 first;

    if (cover == IN_CLEAR) {
        note_path(sa, in);
        obol_tell_message(sa, &in->message->header, "", in->chain, FALSE, in->datagram.n, FALSE, out);
        handler(sa, in, out);
        return;
    }
    if (!open_sealed(sa, in, &plain, &first, out))
        return;
    sa->heard_us = sa->now_us;
    note_path(sa, in);
    obol_nat_follow(sa, in, out);
    if ((in->message->header.flags & OBOL_FLAG_RESPONSE) != 0)
        obol_mobike_answered(sa, in, out);
    if (!obol_chain_decode(first, plain->data, plain->len, &inner, &fault)) {
        tell_opened(sa, in, NULL, out);
        refuse_sealed(sa, in, &fault, out);
    } else {
        tell_opened(sa, in, &inner, out);
        opened.chain = &inner;
        handler(sa, &opened, out);
    }
    obol_plain_free(plain);
}

static void
judge_request(ObolIkeSa *sa, const ObolIncoming *in, gsize row, ObolActions *out)
{
    const ObolHeader *header = &in->message->header;

    if ((exchanges[row].roles & 1u << sa->role) == 0)
        return;
    if (header->message_id + 1 == sa->expected_request_id) {
        replay(sa, in, out);
        return;
    }
    if (header->message_id != sa->expected_request_id || sa->busy || (exchanges[row].states & 1u << sa->state) == 0)
        return;
    /* RFC 7296 sections 1.2 and 2.2: IKE_SA_INIT is message 0 and IKE_AUTH follows it. */
    hand_over(sa, in, exchanges[row].cover, exchanges[row].request, out);
}

static void
judge_response(ObolIkeSa *sa, const ObolIncoming *in, gsize row, ObolActions *out)
{
    const ObolHeader *header = &in->message->header;

    if (sa->request.datagram == NULL || sa->request.exchange != header->exchange || sa->request.message_id != header->message_id
        || (exchanges[row].response_states & 1u << sa->state) == 0)
        return;
    hand_over(sa, in, exchanges[row].cover, exchanges[row].response, out);
}

static void
refuse_in_clear(ObolIkeSa *sa, const ObolMessage *message, const ObolWireFault *fault, ObolActions *out)
{
    guint8 type = fault->payload;
    gboolean critical = fault->notify == OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD;
    ObolReason *reason;

    /* Only a first request may be answered in clear, and that once (section 2.21.1). */
    if (sa->role != OBOL_RESPONDER || sa->state != OBOL_IKE_NEW || (message->header.flags & OBOL_FLAG_RESPONSE) != 0)
        return;
    reason = obol_reason_new(critical ? OBOL_REASON_CRITICAL : OBOL_REASON_SYNTAX, OBOL_PHASE_INIT, OBOL_SIDE_US, fault->notify,
                             "%s payload at offset %" G_GSIZE_FORMAT ": %s", obol_payload_name(type), fault->offset, fault->rule);
    obol_init_refuse(sa, &message->header, fault->notify, &type, critical ? 1 : 0, reason, out);
}

void
obol_admit_message(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    ObolIncoming in = {
        .message = &message,
        .chain = &message.chain,
        .datagram = { event->message.data, event->message.n },
        .local = &event->message.local,
        .remote = &event->message.remote,
    };
    ObolWireFault fault;

    if (!obol_message_decode(in.datagram.data, in.datagram.n, &message, &fault)) {
        refuse_in_clear(sa, &message, &fault, out);
        return;
    }
    if (!from_the_right_end(sa, &message.header) || !names_this_sa(sa, &message.header))
        return;
    for (gsize row = 0; row < G_N_ELEMENTS(exchanges); row++) {
        if (exchanges[row].exchange != message.header.exchange)
            continue;
        if ((message.header.flags & OBOL_FLAG_RESPONSE) != 0)
            judge_response(sa, &in, row, out);
        else
            judge_request(sa, &in, row, out);
    }
}
