/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/golden.h - messages written by hand, each payload type among them; for tests and the fuzzer's corpus. */
#ifndef OBOL_TESTING_GOLDEN_H
#define OBOL_TESTING_GOLDEN_H

#include <glib.h>

typedef struct {
    const char *name;
    const char *hex; /* one whole message, for obol_hex_parse() */
} ObolGolden;

extern const ObolGolden obol_goldens[];
extern const guint obol_n_goldens;

#endif
