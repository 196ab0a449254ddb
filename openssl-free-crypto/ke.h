/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ke.h - what the key exchanges of this plugin share. */
#ifndef OBOL_BACKEND_KE_H
#define OBOL_BACKEND_KE_H

#include "backend.h"

/* Diffie-Hellman of one kind: all that differs from group to group.  @private has @n_private bytes. */
typedef struct BackendDh {
    gsize n_private, n_public, n_secret;
    /* Makes a private value fit for the group from random bytes, and its public value.  %FALSE: draw again. */
    gboolean (*make_public)(const struct BackendDh *dh, guint8 *private, guint8 *public_out);
    /* Validates @peer and computes the shared secret; %FALSE when the value is not valid. */
    gboolean (*agree)(const struct BackendDh *dh, const guint8 *private, const guint8 *peer, guint8 *secret);
    gconstpointer group; /* of the kind's own */
} BackendDh;

gpointer backend_dh_offer(const BackendDh *dh, const ObolRandom *random, guint8 *public_out, GError **error);
ObolSecret *backend_dh_accept(const BackendDh *dh, const ObolRandom *random, const guint8 *peer, gsize n_peer,
                              guint8 *public_out, GError **error);
ObolSecret *backend_dh_complete(gpointer self, const guint8 *peer, gsize n_peer, GError **error);
void backend_dh_close(gpointer self);

/* A vtable over a BackendDh: Diffie-Hellman has the same shape on both sides. */
#define BACKEND_DH_VTABLE(name, transform, dh, public_bytes, secret_bytes)                                                \
    static gpointer name##_offer(const ObolRandom *random, guint8 *public_out, GError **error)                           \
    {                                                                                                                     \
        return backend_dh_offer(&(dh), random, public_out, error);                                                        \
    }                                                                                                                     \
    static ObolSecret *name##_accept(const ObolRandom *random, const guint8 *peer, gsize n_peer, guint8 *public_out,      \
                                     GError **error)                                                                      \
    {                                                                                                                     \
        return backend_dh_accept(&(dh), random, peer, n_peer, public_out, error);                                         \
    }                                                                                                                     \
    const ObolKeVtable backend_##name = {                                                                                 \
        .size = sizeof(ObolKeVtable), .id = transform, .n_initiator = public_bytes, .n_responder = public_bytes,          \
        .n_secret = secret_bytes, .offer = name##_offer, .accept = name##_accept, .complete = backend_dh_complete,        \
        .close = backend_dh_close,                                                                                        \
    };

#endif
