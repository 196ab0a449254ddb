/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crypto/secret.c - bytes that must not outlive their use. */
#include <obol/secret.h>

#include <gnutls/gnutls.h>
#include <string.h>

ObolSecret *
obol_secret_new(gsize n)
{
    ObolSecret *secret = g_malloc0(sizeof *secret + n);

    secret->n = n;
    return secret;
}

ObolSecret *
obol_secret_new_from(const guint8 *bytes, gsize n)
{
    ObolSecret *secret = obol_secret_new(n);

    if (n > 0)
        memcpy(secret->bytes, bytes, n);
    return secret;
}

ObolSecret *
obol_secret_dup(const ObolSecret *secret)
{
    return secret != NULL ? obol_secret_new_from(secret->bytes, secret->n) : NULL;
}

void
obol_wipe(void *bytes, gsize n)
{
    if (n > 0)
        gnutls_memset(bytes, 0, n); /* plain memset() before a free may be optimised away */
}

void
obol_secret_free(ObolSecret *secret)
{
    if (secret == NULL)
        return;
    obol_wipe(secret->bytes, secret->n);
    g_free(secret);
}

gboolean
obol_secret_equal(const ObolSecret *a, const ObolSecret *b)
{
    return a->n == b->n && (a->n == 0 || gnutls_memcmp(a->bytes, b->bytes, a->n) == 0);
}
