/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipcomp.c - IPComp (RFC 3173) with DEFLATE (RFC 2394): payloads made smaller and whole again. */
#include "ipcomp.h"

#include <zlib.h>

#include "bytes.h"

/* Raw DEFLATE, as Linux has it.  We look back 2 KiB alone: more than a packet has for the most part, a quarter of the memory to
 * be cleared for each, and no receiver's window is smaller.  Received, any distance is taken. */
#define PACK_WINDOW (-11)
#define PACK_MEMORY 6
#define UNPACK_WINDOW (-15)

struct Ipcomp {
    z_stream pack, unpack;
    guint8 packed[IPCOMP_UNPACKED_MAX], unpacked[IPCOMP_UNPACKED_MAX];
};

Ipcomp *
ipcomp_new(void)
{
    Ipcomp *ipcomp = g_new0(Ipcomp, 1);

    /* What can fail is memory alone, and that ends the process everywhere else too. */
    if (deflateInit2(&ipcomp->pack, Z_DEFAULT_COMPRESSION, Z_DEFLATED, PACK_WINDOW, PACK_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK ||
        inflateInit2(&ipcomp->unpack, UNPACK_WINDOW) != Z_OK)
        g_error("zlib could not be set up: no memory");
    return ipcomp;
}

void
ipcomp_free(Ipcomp *ipcomp)
{
    if (ipcomp == NULL)
        return;
    deflateEnd(&ipcomp->pack);
    inflateEnd(&ipcomp->unpack);
    g_free(ipcomp);
}

gsize
ipcomp_pack(Ipcomp *ipcomp, guint8 *data, gsize n, guint8 next, guint16 cpi)
{
    z_stream *z = &ipcomp->pack;
    gsize n_packed;

    if (n < IPCOMP_THRESHOLD || n > IPCOMP_UNPACKED_MAX || deflateReset(z) != Z_OK)
        return 0;
    z->next_in = data;
    z->avail_in = (uInt) n;
    z->next_out = ipcomp->packed;
    z->avail_out = (uInt) (n - IPCOMP_HEADER - 1);
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return 0;
    n_packed = (gsize) z->total_out;
    data[0] = next;
    data[1] = 0;
    put_u16(data + 2, cpi);
    memcpy(data + IPCOMP_HEADER, ipcomp->packed, n_packed);
    return IPCOMP_HEADER + n_packed;
}

guint8 *
ipcomp_unpack(Ipcomp *ipcomp, const guint8 *data, gsize n, gsize *n_out, guint8 *next)
{
    z_stream *z = &ipcomp->unpack;

    if (n <= IPCOMP_HEADER || inflateReset(z) != Z_OK)
        return NULL;
    z->next_in = (guint8 *) data + IPCOMP_HEADER; /* zlib reads it only */
    z->avail_in = (uInt) (n - IPCOMP_HEADER);
    z->next_out = ipcomp->unpacked;
    z->avail_out = sizeof ipcomp->unpacked;
    if (inflate(z, Z_FINISH) != Z_STREAM_END || z->avail_in != 0)
        return NULL;
    *next = data[0];
    *n_out = (gsize) z->total_out;
    return ipcomp->unpacked;
}
