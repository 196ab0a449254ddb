/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/protect.c - messages into datagrams and back: in clear, in an SK payload (RFC 7296 section 3.14, RFC 5282), or in SKF
 * payloads, a datagram each (RFC 7383 section 2.5).
 *
 * A guard is opened for each message: an idle SA keeps its key bytes alone, which are a tenth of a library's contexts. */
#include "engine/ike-sa-private.h"

#include <string.h>

static guint8
own_flags(const ObolIkeSa *sa, gboolean response)
{
    return (guint8) ((sa->role == OBOL_INITIATOR ? OBOL_FLAG_INITIATOR : 0) | (response ? OBOL_FLAG_RESPONSE : 0));
}

static ObolHeader
new_header(const ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id)
{
    return (ObolHeader) {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .version = OBOL_WIRE_VERSION,
        .exchange = exchange,
        .flags = own_flags(sa, response),
        .message_id = message_id,
    };
}

void
obol_tell_message(ObolIkeSa *sa, const ObolHeader *header, const char *outer, const ObolChain *inner, gboolean outgoing,
                  gsize n_bytes, gboolean again, ObolActions *out)
{
    ObolMessageEvent *event;
    g_autofree char *inside = NULL;

    if (!sa->engine->trace_messages)
        return;
    inside = inner != NULL ? obol_chain_summary(inner) : NULL;
    event = g_new(ObolMessageEvent, 1);
    *event = (ObolMessageEvent) {
        .outgoing = outgoing,
        .retransmission = again,
        .spi_i = header->spi_i,
        .spi_r = header->spi_r,
        .exchange = header->exchange,
        .response = (header->flags & OBOL_FLAG_RESPONSE) != 0,
        .message_id = header->message_id,
        .n_bytes = n_bytes,
        .local = sa->local,
        .remote = sa->remote,
        .connection = sa->connection != NULL ? sa->connection->name : NULL,
        .payloads = inside != NULL ? g_strdup_printf("%s%s%s", outer, inside, *outer != '\0' ? "}" : "") : g_strdup(outer),
    };
    obol_actions_add(out, OBOL_ACTION_MESSAGE)->message = event;
}

GBytes *
obol_clear_encode(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *chain, ObolActions *out)
{
    GByteArray *bytes = g_byte_array_new();
    ObolHeader header = new_header(sa, exchange, response, message_id);
    guint8 head[OBOL_WIRE_HEADER] = { 0 };

    g_byte_array_append(bytes, head, sizeof head);
    header.first_payload = obol_chain_encode(chain, OBOL_PAYLOAD_NONE, bytes);
    header.length = bytes->len;
    obol_header_encode(&header, head);
    memcpy(bytes->data, head, sizeof head);
    obol_tell_message(sa, &header, "", chain, TRUE, bytes->len, FALSE, out);
    return g_byte_array_free_to_bytes(bytes);
}

static ObolGuard *
guard_for(const ObolIkeSa *sa, ObolRole sender, GError **error)
{
    ObolSpan encr = obol_ike_keys_get(&sa->keys, sender == OBOL_INITIATOR ? OBOL_SK_EI : OBOL_SK_ER);
    ObolSpan integ = obol_ike_keys_get(&sa->keys, sender == OBOL_INITIATOR ? OBOL_SK_AI : OBOL_SK_AR);

    return obol_guard_new(sa->engine->crypto, &sa->suite, encr.data, integ.data, error);
}

static ObolRole
other(ObolRole role)
{
    return role == OBOL_INITIATOR ? OBOL_RESPONDER : OBOL_INITIATOR;
}

void
obol_plain_free(GByteArray *plain)
{
    if (plain == NULL)
        return;
    obol_wipe(plain->data, plain->len);
    g_byte_array_unref(plain);
}

/* --- sealing --- */

/* What one datagram holds of a message. */
typedef struct {
    ObolHeader header;
    guint16 number, total; /* total 0: all of it, in an SK payload */
    guint8 first;          /* Next Payload */
    ObolSpan text;
} Part;

/* IKE header and the payload's own, up to the IV: what is authenticated besides it. */
static gsize
put_heads(const Part *part, gsize n, guint8 *out)
{
    gsize n_payload = n - OBOL_WIRE_HEADER;
    ObolHeader header = part->header;
    guint8 *own = out + OBOL_WIRE_HEADER;

    header.first_payload = part->total == 0 ? OBOL_PAYLOAD_SK : OBOL_PAYLOAD_SKF;
    header.length = (guint32) n;
    obol_header_encode(&header, out);
    own[0] = part->first;
    own[1] = 0;
    own[2] = (guint8) (n_payload >> 8);
    own[3] = (guint8) n_payload;
    if (part->total == 0)
        return OBOL_WIRE_HEADER + OBOL_SK_HEADER;
    own[4] = (guint8) (part->number >> 8);
    own[5] = (guint8) part->number;
    own[6] = (guint8) (part->total >> 8);
    own[7] = (guint8) part->total;
    return OBOL_WIRE_HEADER + OBOL_SKF_HEADER;
}

/* Appends one datagram. */
static gboolean
seal_part(ObolIkeSa *sa, ObolGuard *guard, const Part *part, GByteArray *out)
{
    gsize n = obol_sealed_size(guard, part->text.n, part->total), n_head;
    gsize n_text = part->text.n + 1; /* the last byte counts the padding, and there is as little as the cipher asks for */
    guint8 n_pad = (guint8) ((obol_guard_block(guard) - n_text % obol_guard_block(guard)) % obol_guard_block(guard));
    guint8 *datagram, *text;

    g_byte_array_set_size(out, (guint) (out->len + n));
    datagram = out->data + out->len - n;
    n_head = put_heads(part, n, datagram);
    text = datagram + n_head + obol_guard_n_iv(guard);
    if (part->text.n > 0)
        memcpy(text, part->text.data, part->text.n);
    memset(text + part->text.n, 0, n_pad);
    text[part->text.n + n_pad] = n_pad;
    return obol_guard_seal(guard, ++sa->n_sealed, datagram, n_head, datagram + n_head, n_text + n_pad, NULL, 0);
}

/* RFC 7383 section 2.5: cut without regard to payloads; the first fragment alone names what comes first. */
static GBytes *
seal_all(ObolIkeSa *sa, ObolGuard *guard, const Part *whole, const ObolCut *cut)
{
    gsize at = 0, n_datagrams = MAX(cut->total, 1);
    g_autoptr(GByteArray) bytes = g_byte_array_sized_new((guint) (n_datagrams * obol_sealed_size(guard, cut->chunk, cut->total)));

    for (guint16 number = 1; number <= n_datagrams; number++) {
        Part part = *whole;

        part.number = number;
        part.total = cut->total;
        part.first = number == 1 ? whole->first : OBOL_PAYLOAD_NONE;
        part.text = (ObolSpan) { whole->text.data + at, MIN(cut->chunk, whole->text.n - at) };
        at += part.text.n;
        if (!seal_part(sa, guard, &part, bytes))
            return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static void
tell_sealed(ObolIkeSa *sa, GBytes *sealed, guint total, const ObolChain *inner, ObolActions *out)
{
    gsize at = 0;
    guint number = 0;

    for (ObolSpan datagram; (datagram = obol_datagrams_next(sealed, &at)).n > 0;) {
        g_autofree char *label = total == 0   ? g_strdup("SK{")
                                 : ++number == 1 ? g_strdup_printf("SKF(1/%u){", total)
                                                 : g_strdup_printf("SKF(%u/%u)", number, total);
        ObolWireFault fault;
        ObolHeader header;

        if (obol_header_decode(datagram.data, datagram.n, &header, &fault))
            obol_tell_message(sa, &header, label, number <= 1 ? inner : NULL, TRUE, datagram.n, FALSE, out);
    }
}

GBytes *
obol_sk_seal(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *inner, ObolActions *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolGuard) guard = guard_for(sa, sa->role, &error);
    Part whole = { .header = new_header(sa, exchange, response, message_id) };
    GByteArray *text;
    GBytes *sealed = NULL;
    ObolCut cut;

    if (guard == NULL) {
        obol_ike_sa_log(sa, out, 0, "a message could not be encrypted: %s", error->message);
        return NULL;
    }
    text = g_byte_array_new();
    whole.first = obol_chain_encode(inner, OBOL_PAYLOAD_NONE, text);
    whole.text = (ObolSpan) { text->data, text->len };
    if (!obol_fragment_cut(sa, guard, whole.text.n, obol_fragment_threshold(sa, response), 0, &cut))
        obol_ike_sa_log(sa, out, 0, "a message of %u bytes is longer than one can be", text->len);
    else if ((sealed = seal_all(sa, guard, &whole, &cut)) == NULL)
        obol_ike_sa_log(sa, out, 0, "a message could not be encrypted");
    else
        tell_sealed(sa, sealed, cut.total, inner, out);
    obol_plain_free(text);
    return sealed;
}

/* --- opening --- */

static const ObolPayload *
sealed_payload(const ObolChain *chain)
{
    const ObolPayload *sk = obol_chain_find(chain, OBOL_PAYLOAD_SK);

    return sk != NULL ? sk : obol_chain_find(chain, OBOL_PAYLOAD_SKF);
}

static gboolean
open_part(const ObolIkeSa *sa, ObolRole sender, const ObolMessage *message, ObolSpan datagram, GByteArray **plain, guint8 *first)
{
    const ObolPayload *sealed = sealed_payload(&message->chain);
    g_autoptr(ObolGuard) guard = NULL;
    g_autoptr(GByteArray) copy = NULL;
    gsize at, n_text;
    guint8 *text;
    ObolSpan body;

    if (sealed == NULL || sa->keys.block == NULL)
        return FALSE;
    guard = guard_for(sa, sender, NULL);
    if (guard == NULL)
        return FALSE;
    body = sealed->type == OBOL_PAYLOAD_SK ? sealed->sk.body : sealed->skf.body;
    at = (gsize) (body.data - datagram.data);
    copy = g_byte_array_sized_new((guint) datagram.n);
    g_byte_array_append(copy, datagram.data, (guint) datagram.n);
    if (!obol_guard_open(guard, copy->data, at, copy->data + at, body.n, NULL, 0, &text, &n_text))
        return FALSE;
    /* Authentic, and yet without the one byte that it must have, or with more padding than bytes: no payloads at all. */
    if (n_text == 0 || (gsize) text[n_text - 1] + 1 > n_text) {
        obol_wipe(copy->data, copy->len);
        return FALSE;
    }
    n_text -= (gsize) text[n_text - 1] + 1;
    memmove(copy->data, text, n_text);
    obol_wipe(copy->data + n_text, copy->len - n_text);
    g_byte_array_set_size(copy, (guint) n_text);
    *first = sealed->type == OBOL_PAYLOAD_SK ? sealed->sk.first_payload : sealed->skf.first_payload;
    *plain = g_steal_pointer(&copy);
    return TRUE;
}

gboolean
obol_sk_open(ObolIkeSa *sa, const ObolMessage *message, ObolSpan datagram, GByteArray **plain, guint8 *first)
{
    return open_part(sa, other(sa->role), message, datagram, plain, first);
}

/* --- cutting again --- */

/* What we have sent can be read with the keys that it was sent by, so no plain text need be kept for the case. */
static GByteArray *
reopen(const ObolIkeSa *sa, GBytes *sealed, Part *whole, guint *n_datagrams)
{
    GByteArray *text = g_byte_array_sized_new((guint) g_bytes_get_size(sealed));
    gsize at = 0;

    for (ObolSpan datagram; (datagram = obol_datagrams_next(sealed, &at)).n > 0; ++*n_datagrams) {
        g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
        GByteArray *plain = NULL;
        ObolWireFault fault;
        guint8 first;

        if (!obol_message_decode(datagram.data, datagram.n, &message, &fault)
            || !open_part(sa, sa->role, &message, datagram, &plain, &first)) {
            obol_plain_free(text);
            return NULL;
        }
        if (*n_datagrams == 0) {
            whole->header = message.header;
            whole->first = first;
        }
        g_byte_array_append(text, plain->data, plain->len);
        obol_plain_free(plain);
    }
    return text;
}

GBytes *
obol_sk_cut_again(ObolIkeSa *sa, GBytes *sealed, gsize threshold)
{
    g_autoptr(ObolGuard) guard = guard_for(sa, sa->role, NULL);
    Part whole = { .total = 0 };
    guint n_datagrams = 0;
    GByteArray *text = guard != NULL ? reopen(sa, sealed, &whole, &n_datagrams) : NULL;
    GBytes *again = NULL;
    ObolCut cut;

    if (text == NULL)
        return NULL;
    whole.text = (ObolSpan) { text->data, text->len };
    /* RFC 7383 section 2.5.2: the receiver tells the sets apart by their number of fragments, so it has to grow. */
    if (obol_fragment_cut(sa, guard, whole.text.n, threshold, n_datagrams + 1, &cut) && cut.total > n_datagrams)
        again = seal_all(sa, guard, &whole, &cut);
    obol_plain_free(text);
    return again;
}
