/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/hex.h - bytes that a test wants to show. */
#ifndef OBOL_TESTING_HEX_H
#define OBOL_TESTING_HEX_H

#include <glib.h>

/**
 * obol_hex_parse:
 * @text: pairs of hex digits; blanks, line ends and ':' between them are skipped, and all from '#' to the end of a line
 *
 * Returns: (transfer full): the bytes; %NULL for anything else, half a byte among it.
 */
GBytes *obol_hex_parse(const char *text);

/* (transfer full): lower-case digits, nothing between them. */
char *obol_hex_format(const guint8 *bytes, gsize n);

#endif
