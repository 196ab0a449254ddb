/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/stray.c - answers that belong to no SA. */
#include "dispatcher/stray.h"

GByteArray *
obol_stray_answer(const ObolHeader *request, guint16 notify, const guint8 *data, gsize n, const ObolSecret *token)
{
    ObolMessage answer;
    GByteArray *out = g_byte_array_sized_new(128);

    answer.header = (ObolHeader) {
        .spi_i = request->spi_i,
        .spi_r = request->spi_r,
        .version = OBOL_WIRE_VERSION,
        .exchange = request->exchange,
        .flags = OBOL_FLAG_RESPONSE | (~request->flags & OBOL_FLAG_INITIATOR),
        .message_id = request->message_id,
    };
    obol_chain_init(&answer.chain);
    obol_chain_add_notify(&answer.chain, notify, data, n);
    if (token != NULL) {
        obol_chain_add_notify(&answer.chain, OBOL_N_QUICK_CRASH_DETECTION, token->bytes, token->n);
        answer.chain.items[answer.chain.n - 1].notify.protocol = OBOL_PROTO_IKE; /* RFC 6290 section 4.1 */
    }
    obol_message_encode(&answer, out);
    obol_message_clear(&answer);
    return out;
}

gboolean
obol_stray_may_answer(const ObolHeader *request)
{
    return (request->flags & OBOL_FLAG_RESPONSE) == 0 && request->spi_i != 0 && request->spi_r != 0
           && (request->first_payload == OBOL_PAYLOAD_SK || request->first_payload == OBOL_PAYLOAD_SKF);
}
