/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/reassembly.c - fragments into the message that they were (RFC 7383 section 2.6).
 *
 * There is at most one message under way each way, the first that came of those that the window expects: fragments of any other are not
 * looked at, as if they had been lost; its sender will repeat them.
 * Nothing is kept that is not authentic, and no more than has come. */
#include "engine/ike-sa-private.h"

typedef struct {
    guint16 number;
    ObolSecret *text;
} Piece;

struct ObolReassembly {
    guint8 exchange, first;
    guint32 message_id;
    guint16 total;
    gsize n_bytes, largest; /* of what has come; the largest IP datagram */
    GArray *pieces;         /* of Piece, by number */
    gint64 until_us;
    gsize *account;         /* what strangers hold of our memory; NULL: it is no stranger's */
};

static void
clear_piece(gpointer piece)
{
    obol_secret_free(((Piece *) piece)->text);
}

void
obol_reassembly_free(ObolReassembly *r)
{
    if (r == NULL)
        return;
    if (r->account != NULL)
        *r->account -= r->n_bytes;
    g_array_unref(r->pieces);
    g_free(r);
}

static ObolReassembly **
place_of(ObolIkeSa *sa, const ObolHeader *header)
{
    return &sa->fragmentation.pending[(header->flags & OBOL_FLAG_RESPONSE) != 0 ? OBOL_PENDING_RESPONSE : OBOL_PENDING_REQUEST];
}

static gboolean
is_stranger(const ObolIkeSa *sa)
{
    return sa->state == OBOL_IKE_CONNECTING && sa->role == OBOL_RESPONDER;
}

static ObolReassembly *
begin(const ObolIkeSa *sa, const ObolHeader *header, guint16 total)
{
    ObolReassembly *r = g_new0(ObolReassembly, 1);

    *r = (ObolReassembly) {
        .exchange = header->exchange,
        .message_id = header->message_id,
        .total = total,
        .pieces = g_array_new(FALSE, FALSE, sizeof(Piece)),
        .account = is_stranger(sa) ? sa->engine->half_open_bytes : NULL,
        /* A response is waited for as long as its request is outstanding, and that has a timer of its own. */
        .until_us = (header->flags & OBOL_FLAG_RESPONSE) != 0 ? G_MAXINT64 : sa->now_us + obol_window_patience_us(sa->connection),
    };
    g_array_set_clear_func(r->pieces, clear_piece);
    return r;
}

/* Where a piece is, or would stand. */
static guint
find(const ObolReassembly *r, guint16 number)
{
    guint low = 0, high = r->pieces->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(r->pieces, Piece, middle).number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static gboolean
has(const ObolReassembly *r, guint16 number)
{
    guint at = find(r, number);

    return at < r->pieces->len && g_array_index(r->pieces, Piece, at).number == number;
}

/* What can be said before the ICV is looked at.  Section 2.5.3: what is in clear stands in the first fragment. */
static gboolean
is_wanted(const ObolIkeSa *sa, const ObolIncoming *in, const ObolSkfPayload *skf, const ObolReassembly *r)
{
    if (!sa->fragmentation.agreed || (skf->number > 1 && in->message->chain.n > 1))
        return FALSE;
    if (r == NULL)
        return TRUE;
    if (r->exchange != in->message->header.exchange || r->message_id != in->message->header.message_id || skf->total < r->total)
        return FALSE;
    return skf->total > r->total || !has(r, skf->number);
}

/* Section 5: a limit that shrinks while strangers hold much, so that the certificates of the honest still fit. */
static gsize
limit(const ObolIkeSa *sa)
{
    const gsize *held = sa->engine->half_open_bytes;

    return is_stranger(sa) && held != NULL && *held >= OBOL_ENGINE_HALF_OPEN_BYTES_MAX ? OBOL_ENGINE_REASSEMBLY_LOADED_MAX
                                                                                     : OBOL_ENGINE_REASSEMBLY_MAX;
}

/* "the receiver SHOULD drop the connection and discard all the received fragments" */
static void
refuse_flood(ObolIkeSa *sa, const ObolHeader *header, ObolActions *out)
{
    ObolReason *reason = obol_reason_new(OBOL_REASON_SYNTAX, obol_exchange_name(header->exchange), OBOL_SIDE_US, 0,
                                         "the fragments of a message hold more than %u bytes (RFC 7383 section 5)",
                                         OBOL_ENGINE_REASSEMBLY_MAX);

    obol_ike_sa_fail(sa, reason, out);
    obol_ike_sa_end(sa, reason, out);
}

static void
store(ObolReassembly *r, const ObolSkfPayload *skf, const GByteArray *plain, guint8 first, gsize ip_size)
{
    Piece piece = { skf->number, obol_secret_new_from(plain->data, plain->len) };

    g_array_insert_val(r->pieces, find(r, skf->number), piece);
    r->n_bytes += plain->len;
    r->largest = MAX(r->largest, ip_size);
    if (r->account != NULL)
        *r->account += plain->len;
    if (skf->number == 1)
        r->first = first;
}

static GByteArray *
join(const ObolReassembly *r)
{
    GByteArray *whole = g_byte_array_sized_new((guint) r->n_bytes);

    for (guint i = 0; i < r->pieces->len; i++) {
        const ObolSecret *text = g_array_index(r->pieces, Piece, i).text;

        g_byte_array_append(whole, text->bytes, (guint) text->n);
    }
    return whole;
}

/* An authentic fragment: stored, unless it is too much. */
static gboolean
keep(ObolIkeSa *sa, const ObolIncoming *in, const ObolSkfPayload *skf, const GByteArray *plain, guint8 first, ObolActions *out)
{
    const ObolHeader *header = &in->message->header;
    ObolReassembly **place = place_of(sa, header);
    gsize held;

    if (*place != NULL && skf->total > (*place)->total)
        g_clear_pointer(place, obol_reassembly_free);
    held = (*place != NULL ? (*place)->n_bytes : 0) + plain->len;
    if (held > OBOL_ENGINE_REASSEMBLY_MAX) {
        refuse_flood(sa, header, out);
        return FALSE;
    }
    if (held > limit(sa))
        return FALSE;
    if (*place == NULL)
        *place = begin(sa, header, skf->total);
    store(*place, skf, plain, first, obol_datagram_ip_size(sa, in->datagram.n));
    return TRUE;
}

gboolean
obol_reassembly_take(ObolIkeSa *sa, const ObolIncoming *in, const ObolSkfPayload *skf, GByteArray **plain, guint8 *first,
                     ObolActions *out)
{
    ObolReassembly **place = place_of(sa, &in->message->header), *r;
    GByteArray *piece = NULL;
    gboolean kept;

    if (!is_wanted(sa, in, skf, *place) || !obol_sk_open(sa, in->message, in->datagram, &piece, first))
        return FALSE;
    sa->heard_us = sa->now_us;
    kept = keep(sa, in, skf, piece, *first, out);
    obol_plain_free(piece);
    if (!kept)
        return FALSE;
    r = *place;
    if (r->pieces->len < r->total) {
        g_autofree char *label = g_strdup_printf("SKF(%u/%u)", skf->number, skf->total);

        obol_tell_message(sa, &in->message->header, label, NULL, FALSE, in->datagram.n, FALSE, out);
        return FALSE;
    }
    *plain = join(r);
    *first = r->first;
    if (place == &sa->fragmentation.pending[OBOL_PENDING_REQUEST])
        sa->fragmentation.asked_size = r->largest;
    g_clear_pointer(place, obol_reassembly_free);
    return TRUE;
}

void
obol_reassembly_drop(ObolIkeSa *sa, ObolPending which)
{
    g_clear_pointer(&sa->fragmentation.pending[which], obol_reassembly_free);
}

void
obol_reassembly_drop_message(ObolIkeSa *sa, ObolPending which, guint32 message_id)
{
    const ObolReassembly *r = sa->fragmentation.pending[which];

    if (r != NULL && r->message_id == message_id)
        obol_reassembly_drop(sa, which);
}

gint64
obol_reassembly_due(const ObolIkeSa *sa)
{
    const ObolReassembly *r = sa->fragmentation.pending[OBOL_PENDING_REQUEST];

    return r != NULL ? r->until_us : G_MAXINT64;
}

void
obol_reassembly_timer(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->now_us < obol_reassembly_due(sa))
        return;
    obol_ike_sa_log(sa, out, 1, "a request whose fragments did not all arrive is forgotten");
    obol_reassembly_drop(sa, OBOL_PENDING_REQUEST);
}
