/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipcomp.h - IPComp (RFC 3173) with DEFLATE (RFC 2394): payloads made smaller and whole again.  One state for all SAs of a core,
 * since each packet stands for itself. */
#ifndef USERSPACE_IPCOMP_H
#define USERSPACE_IPCOMP_H

#include <glib.h>

#define IPCOMP_HEADER 4
#define IPCOMP_UNPACKED_MAX 65535 /* no IP packet is longer, whatever its compressed form says */
#define IPCOMP_THRESHOLD 90       /* shorter payloads are not worth a try (RFC 3173 section 2.2) */

typedef struct Ipcomp Ipcomp;

Ipcomp *ipcomp_new(void);
void ipcomp_free(Ipcomp *ipcomp);

/* Replaces @n bytes at @data, of protocol @next, by an IPComp header and their compressed form; gives its length.  0 when that
 * would not be shorter: @data is then as it was. */
gsize ipcomp_pack(Ipcomp *ipcomp, guint8 *data, gsize n, guint8 next, guint16 cpi);

/* What is in a packet that begins with an IPComp header, and its protocol; valid until the next call.  %NULL when it is broken,
 * or too long. */
guint8 *ipcomp_unpack(Ipcomp *ipcomp, const guint8 *data, gsize n, gsize *n_out, guint8 *next);

#endif
