/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/wire-test.h - what several tests of wire/ do. */
#ifndef OBOL_TESTING_WIRE_TEST_H
#define OBOL_TESTING_WIRE_TEST_H

#include "wire/message.h"

/* A message that keeps its bytes: an exact heap copy, so that a sanitizer sees one byte too far. */
typedef struct {
    guint8 *bytes;
    gsize n;
    gboolean valid;
    ObolMessage message;
    ObolWireFault fault;
} WireDecoded;

WireDecoded *wire_decode(const guint8 *bytes, gsize n);
WireDecoded *wire_decode_hex(const char *hex);
void wire_decoded_free(WireDecoded *decoded);

/* A message of one payload @type whose body is @hex; header and lengths are right. */
WireDecoded *wire_decode_payload(guint8 type, const char *hex);

/* Whatever the bytes are: a typed fault, or a message that encodes to the same bytes and can be dumped. */
void wire_assert_sane(const guint8 *bytes, gsize n);

/* The only payload of @decoded; the test fails unless it is valid and has exactly one. */
const ObolPayload *wire_only_payload(const WireDecoded *decoded);

/* Refused by a rule that contains @rule, at @offset, and the peer is told @notify. */
void wire_assert_fault(const WireDecoded *decoded, const char *rule, gsize offset, guint16 notify);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireDecoded, wire_decoded_free)

#endif
