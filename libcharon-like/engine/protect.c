/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/protect.c - messages into datagrams and back: in clear, or in an SK payload (RFC 7296 section 3.14, RFC 5282).
 *
 * A guard is opened for each message: an idle SA keeps its key bytes alone, which are a tenth of a library's contexts. */
#include "engine/ike-sa-private.h"

#include <string.h>

#define SK_HEADER 4

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

/* As little padding as the cipher's block asks for; the last byte counts it. */
static void
pad(GByteArray *bytes, gsize start, gsize block)
{
    static const guint8 zeros[256];
    gsize n_text = bytes->len - start + 1;
    guint8 n_pad = (guint8) ((block - n_text % block) % block);

    g_byte_array_append(bytes, zeros, n_pad);
    g_byte_array_append(bytes, &n_pad, 1);
}

static void
fill_heads(GByteArray *bytes, ObolHeader *header, guint8 first)
{
    guint8 head[OBOL_WIRE_HEADER];
    guint n = bytes->len - OBOL_WIRE_HEADER;
    guint8 sk[SK_HEADER] = { first, 0, (guint8) (n >> 8), (guint8) n };

    header->first_payload = OBOL_PAYLOAD_SK;
    header->length = bytes->len;
    obol_header_encode(header, head);
    memcpy(bytes->data, head, sizeof head);
    memcpy(bytes->data + OBOL_WIRE_HEADER, sk, sizeof sk);
}

GBytes *
obol_sk_seal(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *inner, ObolActions *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolGuard) guard = guard_for(sa, sa->role, &error);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    ObolHeader header = new_header(sa, exchange, response, message_id);
    gsize n_head = OBOL_WIRE_HEADER + SK_HEADER, text, n_text;
    guint8 first;

    if (guard == NULL) {
        obol_ike_sa_log(sa, out, 0, "a message could not be encrypted: %s", error->message);
        return NULL;
    }
    g_byte_array_set_size(bytes, (guint) (n_head + obol_guard_n_iv(guard)));
    text = bytes->len;
    first = obol_chain_encode(inner, OBOL_PAYLOAD_NONE, bytes);
    pad(bytes, text, obol_guard_block(guard));
    n_text = bytes->len - text;
    g_byte_array_set_size(bytes, (guint) (bytes->len + obol_guard_n_icv(guard)));
    fill_heads(bytes, &header, first);
    if (!obol_guard_seal(guard, ++sa->n_sealed, bytes->data, n_head, bytes->data + n_head, n_text, NULL, 0)) {
        obol_ike_sa_log(sa, out, 0, "a message could not be encrypted");
        return NULL;
    }
    obol_tell_message(sa, &header, "SK{", inner, TRUE, bytes->len, FALSE, out);
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

gboolean
obol_sk_open(ObolIkeSa *sa, const ObolMessage *message, ObolSpan datagram, GByteArray **plain, guint8 *first)
{
    const ObolPayload *sk = obol_chain_find(&message->chain, OBOL_PAYLOAD_SK);
    g_autoptr(ObolGuard) guard = NULL;
    g_autoptr(GByteArray) copy = NULL;
    gsize at, n_text;
    guint8 *text;

    if (sk == NULL || sa->keys.block == NULL)
        return FALSE;
    guard = guard_for(sa, other(sa->role), NULL);
    if (guard == NULL)
        return FALSE;
    at = (gsize) (sk->sk.body.data - datagram.data);
    copy = g_byte_array_sized_new((guint) datagram.n);
    g_byte_array_append(copy, datagram.data, (guint) datagram.n);
    if (!obol_guard_open(guard, copy->data, at, copy->data + at, sk->sk.body.n, NULL, 0, &text, &n_text))
        return FALSE;
    /* Authentic, and yet without the one byte that it must have, or with more padding than bytes: no payloads at all. */
    if (n_text == 0 || (gsize) text[n_text - 1] + 1 > n_text)
        return FALSE;
    n_text -= (gsize) text[n_text - 1] + 1;
    memmove(copy->data, text, n_text);
    g_byte_array_set_size(copy, (guint) n_text);
    *first = sk->sk.first_payload;
    *plain = g_steal_pointer(&copy);
    return TRUE;
}
