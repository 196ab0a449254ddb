/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/dn.h - distinguished names between text and DER (X.501, RFC 4514).  Private to this room. */
#ifndef OBOL_MODEL_DN_H
#define OBOL_MODEL_DN_H

#include <obol/macros.h>

#define OBOL_DN_RDNS_MAX 32

/* One attribute of a name; @oid and @value borrow from the DER. */
typedef struct {
    ObolSpan oid, value;
} ObolDnPart;

/* "C=CH, O=Strasse 1, CN=gw": FALSE when a type is unknown or a part has no "=". */
gboolean obol_dn_parse(const char *text, GByteArray *der);
/* All attributes in order; the number of them, or -1 when the bytes are no DER name. */
int obol_dn_split(const guint8 *der, gsize n, ObolDnPart parts[OBOL_DN_RDNS_MAX]);
/* (transfer full): NULL when the bytes are no DER name; anything unprintable is escaped. */
char *obol_dn_format(const guint8 *der, gsize n);

#endif
