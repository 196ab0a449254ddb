/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-fragments.c - messages in pieces: long ones to send, and pieces to forge. */
#include "exchange/pair.h"

#include <string.h>

#define OVERHEAD_IPV4 (20 + 8 + 4)
#define OVERHEAD_IPV6 (40 + 8 + 4)

/* Of one side alone: each pair of selectors is a policy in the kernel. */
static char *
selectors(guint n)
{
    GString *out = g_string_new(NULL);

    /* Every second network, so that no two can be told as one. */
    for (guint i = 0; i < n; i++)
        g_string_append_printf(out, "%s10.1.%u.0/24", i > 0 ? " " : "", 2 * i);
    return g_string_free(out, FALSE);
}

Pair *
pair_new_large(const PairSetup *like, guint n_selectors, gsize left_size, gsize right_size)
{
    g_autofree char *ours = selectors(n_selectors);
    PairSetup setup = { 0 };
    Pair *pair;

    if (like != NULL)
        setup = *like;
    setup.local_ts[0] = ours;
    pair = pair_new(&setup);
    if (left_size != 0)
        pair->left.connection->fragment_size = (guint16) left_size;
    if (right_size != 0)
        pair->right.connection->fragment_size = (guint16) right_size;
    return pair;
}

gboolean
pair_fragment_of(const PairPacket *packet, guint16 *number, guint16 *total)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    const ObolPayload *skf;
    ObolWireFault fault;

    if (!obol_message_decode(packet->bytes->data, packet->bytes->len, &message, &fault))
        return FALSE;
    skf = obol_chain_find(&message.chain, OBOL_PAYLOAD_SKF);
    if (skf == NULL)
        return FALSE;
    *number = skf->skf.number;
    *total = skf->skf.total;
    return TRUE;
}

gsize
pair_ip_size(const PairPacket *packet)
{
    return packet->bytes->len + (packet->destination.family == AF_INET6 ? OVERHEAD_IPV6 : OVERHEAD_IPV4);
}

guint
pair_n_on_wire(const Pair *pair)
{
    return g_queue_get_length(pair->wire);
}

void
pair_clear_wire(Pair *pair)
{
    while (pair_peek(pair) != NULL)
        pair_lose(pair);
}

void
pair_reverse_wire(Pair *pair)
{
    g_queue_reverse(pair->wire);
}

static void
put_u16(GByteArray *out, guint16 value)
{
    guint8 bytes[] = { (guint8) (value >> 8), (guint8) value };

    g_byte_array_append(out, bytes, sizeof bytes);
}

GBytes *
pair_forge(PairSide *from, const PairFragment *f)
{
    ObolIkeSa *sa = from->sa;
    gboolean initiator = sa->role == OBOL_INITIATOR;
    g_autoptr(ObolGuard) guard = obol_guard_new(sa->engine->crypto, &sa->suite,
                                                obol_ike_keys_get(&sa->keys, initiator ? OBOL_SK_EI : OBOL_SK_ER).data,
                                                obol_ike_keys_get(&sa->keys, initiator ? OBOL_SK_AI : OBOL_SK_AR).data, NULL);
    g_auto(ObolChain) nothing = { .n = 0 };
    const ObolChain *before = f->before != NULL ? f->before : &nothing;
    GByteArray *bytes = g_byte_array_new();
    guint8 next[] = { f->first, 0 }, head[OBOL_WIRE_HEADER] = { 0 };
    ObolHeader header = { .spi_i = sa->spi_i, .spi_r = sa->spi_r, .version = OBOL_WIRE_VERSION, .exchange = f->exchange,
                          .flags = (guint8) ((initiator ? OBOL_FLAG_INITIATOR : 0) | (f->response ? OBOL_FLAG_RESPONSE : 0)),
                          .message_id = f->message_id };
    gsize n_head, n_text, n_pad;

    g_byte_array_append(bytes, head, sizeof head);
    header.first_payload = obol_chain_encode(before, OBOL_PAYLOAD_SKF, bytes);
    n_text = f->text.n + 1;
    n_pad = (obol_guard_block(guard) - n_text % obol_guard_block(guard)) % obol_guard_block(guard);
    g_byte_array_append(bytes, next, sizeof next);
    put_u16(bytes, (guint16) (OBOL_SKF_HEADER + obol_guard_n_iv(guard) + n_text + n_pad + obol_guard_n_icv(guard)));
    put_u16(bytes, f->number);
    put_u16(bytes, f->total);
    n_head = bytes->len;
    g_byte_array_set_size(bytes, (guint) (n_head + obol_guard_n_iv(guard) + n_text + n_pad + obol_guard_n_icv(guard)));
    memset(bytes->data + n_head, 0, bytes->len - n_head);
    if (f->text.n > 0)
        memcpy(bytes->data + n_head + obol_guard_n_iv(guard), f->text.data, f->text.n);
    bytes->data[n_head + obol_guard_n_iv(guard) + n_text + n_pad - 1] = (guint8) n_pad;
    header.length = bytes->len;
    obol_header_encode(&header, bytes->data);
    g_assert_true(obol_guard_seal(guard, ++sa->n_sealed, bytes->data, n_head, bytes->data + n_head, n_text + n_pad, NULL, 0));
    bytes->data[bytes->len - 1] ^= f->spoilt ? 1 : 0;
    return g_byte_array_free_to_bytes(bytes);
}
