/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/first-request.c - IKE_SA_INIT requests, sound ones and others. */
#include "testing/lib/first-request.h"

#include <string.h>

ObolAddress
request_from(const char *text)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    address.port = 500;
    return address;
}

GByteArray *
request_bytes(RequestShape shape, guint64 spi_i, ObolSpan cookie)
{
    static const guint8 ke[32] = { 9 };
    guint8 nonce[32] = { 5 };
    ObolProposal proposal = { .number = 1, .protocol = OBOL_PROTO_IKE };
    GByteArray *out = g_byte_array_new();
    ObolMessage message;

    message.header = (ObolHeader) {
        .spi_i = spi_i, .version = OBOL_WIRE_VERSION, .exchange = OBOL_IKE_SA_INIT, .flags = OBOL_FLAG_INITIATOR,
    };
    obol_chain_init(&message.chain);
    obol_proposal_add(&proposal, OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_GCM_16, 128);
    obol_proposal_add(&proposal, OBOL_TRANSFORM_PRF, OBOL_PRF_HMAC_SHA2_256, 0);
    obol_proposal_add(&proposal, OBOL_TRANSFORM_KE, OBOL_KE_X25519, 0);
    if (cookie.n > 0 && shape != REQUEST_COOKIE_LAST)
        obol_chain_add_notify(&message.chain, OBOL_N_COOKIE, cookie.data, cookie.n);
    obol_chain_add_sa(&message.chain, &proposal, 1);
    obol_chain_add_ke(&message.chain, OBOL_KE_X25519, ke, sizeof ke);
    if (shape == REQUEST_OTHER_NONCE)
        nonce[0] = 6;
    if (shape != REQUEST_NO_NONCE)
        obol_chain_add_nonce(&message.chain, nonce, sizeof nonce);
    if (cookie.n > 0 && shape == REQUEST_COOKIE_LAST)
        obol_chain_add_notify(&message.chain, OBOL_N_COOKIE, cookie.data, cookie.n);
    obol_message_encode(&message, out);
    obol_message_clear(&message);
    return out;
}

GByteArray *
request_header(const ObolHeader *header, guint8 first)
{
    guint8 bytes[OBOL_WIRE_HEADER + OBOL_WIRE_PAYLOAD_HEADER] = { 0 };
    ObolHeader whole = *header;

    whole.first_payload = first;
    whole.length = sizeof bytes;
    obol_header_encode(&whole, bytes);
    bytes[OBOL_WIRE_HEADER + 3] = OBOL_WIRE_PAYLOAD_HEADER;
    return g_byte_array_append(g_byte_array_new(), bytes, sizeof bytes);
}
