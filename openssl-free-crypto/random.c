/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/random.c - randomness by GnuTLS. */
#include "backend.h"

#include <gnutls/crypto.h>

static void
fill(gpointer self, guint8 *out, gsize n)
{
    (void) self;
    /* One level for nonces, IVs and private values alike: what is public today may show a weak generator tomorrow. */
    if (n > 0 && gnutls_rnd(GNUTLS_RND_RANDOM, out, n) != 0)
        g_error("the system's source of randomness has failed");
}

const ObolRandomVtable backend_random = { .size = sizeof(ObolRandomVtable), .fill = fill };
