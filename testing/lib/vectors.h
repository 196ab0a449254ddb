/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/vectors.h - files of test vectors: blocks of "name = hex", after sections of "[name]" or "[name = value]". */
#ifndef OBOL_TESTING_VECTORS_H
#define OBOL_TESTING_VECTORS_H

#include <obol/macros.h>

typedef struct Vector Vector;

/* (transfer full): #GPtrArray of Vector; a file that can not be read, or holds nothing, ends the test.  @path: below testing/. */
GPtrArray *vectors_load(const char *path);

gboolean vector_has(const Vector *vector, const char *name);
const char *vector_text(const Vector *vector, const char *name); /* "" when it is not there */
/* (transfer full): empty when it is not there; ends the test when it is no hex. */
GByteArray *vector_bytes(const Vector *vector, const char *name);
/* Was there a section "[name]" before the block, since the last one that began anew? */
gboolean vector_in(const Vector *vector, const char *section);

#endif
