/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/wire-test.c - what several tests of wire/ do. */
#include "unit/wire/wire-test.h"

#include <string.h>

#include "lib/hex.h"

WireDecoded *
wire_decode(const guint8 *bytes, gsize n)
{
    WireDecoded *decoded = g_new(WireDecoded, 1);

    memset(decoded, 0xa5, sizeof *decoded); /* the decoder must not count on zeroes */
    decoded->bytes = g_memdup2(bytes, n);
    decoded->n = n;
    decoded->valid = obol_message_decode(decoded->bytes, n, &decoded->message, &decoded->fault);
    return decoded;
}

WireDecoded *
wire_decode_hex(const char *hex)
{
    g_autoptr(GBytes) bytes = obol_hex_parse(hex);

    g_assert_nonnull(bytes);
    return wire_decode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

void
wire_decoded_free(WireDecoded *decoded)
{
    if (decoded == NULL)
        return;
    obol_message_clear(&decoded->message);
    g_free(decoded->bytes);
    g_free(decoded);
}

WireDecoded *
wire_decode_payload(guint8 type, const char *hex)
{
    g_autoptr(GBytes) body = obol_hex_parse(hex);
    g_autoptr(GByteArray) message = g_byte_array_new();
    ObolHeader header = { .spi_i = 1, .first_payload = type, .version = OBOL_WIRE_VERSION };
    guint8 head[OBOL_WIRE_HEADER], generic[OBOL_WIRE_PAYLOAD_HEADER] = { 0 };
    gsize n;

    g_assert_nonnull(body);
    n = OBOL_WIRE_PAYLOAD_HEADER + g_bytes_get_size(body);
    g_assert_cmpuint(n, <=, G_MAXUINT16);
    header.length = (guint32) (OBOL_WIRE_HEADER + n);
    generic[2] = (guint8) (n >> 8);
    generic[3] = (guint8) n;
    obol_header_encode(&header, head);
    g_byte_array_append(message, head, sizeof head);
    g_byte_array_append(message, generic, sizeof generic);
    g_byte_array_append(message, g_bytes_get_data(body, NULL), (guint) g_bytes_get_size(body));
    return wire_decode(message->data, message->len);
}

void
wire_assert_sane(const guint8 *bytes, gsize n)
{
    g_autoptr(WireDecoded) decoded = wire_decode(bytes, n);
    g_autoptr(GByteArray) encoded = g_byte_array_new();
    g_autofree char *summary = NULL, *dump = NULL;

    if (!decoded->valid) {
        g_assert_nonnull(decoded->fault.rule);
        g_assert_cmpuint(decoded->fault.offset, <=, n);
        return;
    }
    g_assert_null(decoded->fault.rule);
    obol_message_encode(&decoded->message, encoded);
    g_assert_cmpmem(encoded->data, encoded->len, bytes, n);
    summary = obol_chain_summary(&decoded->message.chain);
    dump = obol_message_dump(&decoded->message);
    g_assert_true(g_utf8_validate(summary, -1, NULL));
    g_assert_true(g_utf8_validate(dump, -1, NULL));
}

const ObolPayload *
wire_only_payload(const WireDecoded *decoded)
{
    if (!decoded->valid)
        g_test_message("refused at %" G_GSIZE_FORMAT ": %s", decoded->fault.offset, decoded->fault.rule);
    g_assert_true(decoded->valid);
    g_assert_cmpuint(decoded->message.chain.n, ==, 1);
    return &decoded->message.chain.items[0];
}

void
wire_assert_fault(const WireDecoded *decoded, const char *rule, gsize offset, guint16 notify)
{
    g_assert_false(decoded->valid);
    g_assert_nonnull(decoded->fault.rule);
    if (strstr(decoded->fault.rule, rule) == NULL)
        g_assert_cmpstr(decoded->fault.rule, ==, rule);
    g_assert_cmpuint(decoded->fault.offset, ==, offset);
    g_assert_cmpuint(decoded->fault.notify, ==, notify);
}
