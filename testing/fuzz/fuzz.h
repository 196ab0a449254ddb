/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz.h - one source for libFuzzer and for the replay of its corpus in every test run. */
#ifndef OBOL_FUZZ_H
#define OBOL_FUZZ_H

#include <glib.h>

/* OBOL_FUZZ_TARGET(message) { ... uses @data and @n ... return 0; } */
#define OBOL_FUZZ_TARGET(name) \
    int obol_fuzz_##name(const guint8 *data, gsize n); \
    OBOL_FUZZ_ENTRY(name) \
    int obol_fuzz_##name(const guint8 *data, gsize n)

#ifdef OBOL_LIBFUZZER
#define OBOL_FUZZ_ENTRY(name) \
    int LLVMFuzzerTestOneInput(const guint8 *data, gsize n); \
    int LLVMFuzzerTestOneInput(const guint8 *data, gsize n) { return obol_fuzz_##name(data, n); }
#else
#define OBOL_FUZZ_ENTRY(name)
#endif

#endif
