/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ke.c - Diffie-Hellman in the shape of the `ke` role. */
#include "ke.h"

#define DRAWS_MAX 64 /* a draw outside the group's order is rare; so many in a row are a broken generator */

typedef struct {
    const BackendDh *dh;
    ObolSecret *private;
} Offer;

static ObolSecret *
draw(const BackendDh *dh, const ObolRandom *random, guint8 *public_out, GError **error)
{
    g_autoptr(ObolSecret) private = obol_secret_new(dh->n_private);

    for (guint i = 0; i < DRAWS_MAX; i++) {
        obol_random_fill(random, private->bytes, private->n);
        if (dh->make_public(dh, private->bytes, public_out))
            return g_steal_pointer(&private);
    }
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_BACKEND, "no usable private value was drawn");
    return NULL;
}

static ObolSecret *
agree(const BackendDh *dh, const ObolSecret *private, const guint8 *peer, gsize n_peer, GError **error)
{
    g_autoptr(ObolSecret) secret = obol_secret_new(dh->n_secret);

    if (n_peer == dh->n_public && dh->agree(dh, private->bytes, peer, secret->bytes))
        return g_steal_pointer(&secret);
    g_set_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_PUBLIC, "the peer's public value is not valid (RFC 6989 section 2)");
    return NULL;
}

gpointer
backend_dh_offer(const BackendDh *dh, const ObolRandom *random, guint8 *public_out, GError **error)
{
    ObolSecret *private = draw(dh, random, public_out, error);
    Offer *offer;

    if (private == NULL)
        return NULL;
    offer = g_new(Offer, 1);
    *offer = (Offer) { dh, private };
    return offer;
}

ObolSecret *
backend_dh_accept(const BackendDh *dh, const ObolRandom *random, const guint8 *peer, gsize n_peer, guint8 *public_out,
                  GError **error)
{
    g_autoptr(ObolSecret) private = draw(dh, random, public_out, error);

    return private != NULL ? agree(dh, private, peer, n_peer, error) : NULL;
}

ObolSecret *
backend_dh_complete(gpointer self, const guint8 *peer, gsize n_peer, GError **error)
{
    const Offer *offer = self;

    return agree(offer->dh, offer->private, peer, n_peer, error);
}

void
backend_dh_close(gpointer self)
{
    Offer *offer = self;

    obol_secret_free(offer->private);
    g_free(offer);
}
