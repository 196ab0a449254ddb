/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-message.c - whatever comes in: a typed fault, or a message that encodes to the same bytes. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "model/gateway.h"
#include "wire/message.h"

static void
check_bytes(const GByteArray *encoded, const guint8 *data, gsize n)
{
    if (encoded->len != n || (n > 0 && memcmp(encoded->data, data, n) != 0))
        g_error("encode(decode(b)) is not b");
}

static void
check_fault(const ObolWireFault *fault, gsize n)
{
    if (fault->rule == NULL || fault->offset > n)
        g_error("a refusal without its reason");
}

static void
check_text(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        g_error("a terminal would choke on this");
}

/* Of a redirect (RFC 5685): what is read is written as the same bytes. */
static void
check_gateway(ObolSpan data)
{
    guint8 written[OBOL_GATEWAY_WIRE_MAX];
    ObolGateway gateway;
    ObolSpan rest;
    gsize n;

    if (!obol_gateway_read(data, &gateway, &rest))
        return;
    n = obol_gateway_write(&gateway, written);
    if (n + rest.n != data.n || memcmp(written, data.data, n) != 0)
        g_error("a gateway is read as another one");
}

static void
visit(const ObolChain *chain)
{
    g_autofree char *summary = obol_chain_summary(chain);

    check_text(summary);
    for (guint i = 0; i < chain->n; i++) {
        const ObolPayload *payload = &chain->items[i];

        if (payload->type == OBOL_PAYLOAD_NOTIFY) {
            obol_notify_data_valid(&payload->notify);
            check_gateway(payload->notify.data);
        }
        for (guint j = 0; payload->type == OBOL_PAYLOAD_CP && j < payload->cp.n; j++)
            obol_cp_attribute_valid(&payload->cp.attributes[j]);
    }
}

static void
check_message(const guint8 *data, gsize n)
{
    g_auto(ObolMessage) message;
    ObolWireFault fault;

    if (obol_message_decode(data, n, &message, &fault)) {
        g_autoptr(GByteArray) encoded = g_byte_array_new();
        g_autofree char *dump = obol_message_dump(&message);

        check_text(dump);
        visit(&message.chain);
        obol_message_encode(&message, encoded);
        check_bytes(encoded, data, n);
    } else {
        check_fault(&fault, n);
    }
}

/* The first byte names the first payload: no header stands in the fuzzer's way. */
static void
check_chain(const guint8 *data, gsize n)
{
    g_auto(ObolChain) chain;
    ObolWireFault fault;

    if (obol_chain_decode(data[0], data + 1, n - 1, &chain, &fault)) {
        g_autoptr(GByteArray) encoded = g_byte_array_new();

        visit(&chain);
        obol_chain_encode(&chain, OBOL_PAYLOAD_NONE, encoded);
        check_bytes(encoded, data + 1, n - 1);
    } else {
        check_fault(&fault, n - 1);
    }
}

OBOL_FUZZ_TARGET(message)
{
    check_message(data, n);
    if (n > 0)
        check_chain(data, n);
    return 0;
}
