/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/pfkey-test.h - what several tests of PF_KEY do. */
#ifndef OBOL_TESTING_PFKEY_TEST_H
#define OBOL_TESTING_PFKEY_TEST_H

#include "pfkey-kernel/coding/message.h"

/* One recorded message. */
typedef struct {
    char *name;
    PfkeyWay way;
    GBytes *bytes;
} PfkeyGolden;

/* (transfer full): of PfkeyGolden, in the order of the recording (testing/data/pfkey). */
GPtrArray *pfkey_goldens(void);
const PfkeyGolden *pfkey_golden(const GPtrArray *goldens, PfkeyWay way, const char *name);

/* A message that keeps its bytes: an exact heap copy, so that a sanitizer sees one byte too far. */
typedef struct {
    guint8 *bytes;
    gsize n;
    gboolean valid;
    PfkeyMessage message;
    PfkeyFault fault;
} PfkeyDecoded;

PfkeyDecoded *pfkey_decode(const PfkeySystem *system, const guint8 *bytes, gsize n);
PfkeyDecoded *pfkey_decode_golden(const PfkeyGolden *golden);
void pfkey_decoded_free(PfkeyDecoded *decoded);

/* Whatever the bytes are: a typed fault, or a message that encodes to the same bytes, can be dumped and judged. */
void pfkey_assert_sane(const PfkeySystem *system, const guint8 *bytes, gsize n);

/* Encodes, or fails the test. */
void pfkey_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyBuffer *out);

/* Refused by a rule that contains @rule, within @extension. */
void pfkey_assert_fault(const PfkeyFault *fault, PfkeyExtension extension, const char *rule);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyDecoded, pfkey_decoded_free)

#endif
