/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/hash.c - SHA-1 and SHA-2, and HMAC over them (RFC 2104, 2404, 4868), by Nettle.
 *
 * Nettle's contexts lie in one allocation of ours: a handle of GnuTLS costs three, and a handshake opens some twenty. */
#include "backend.h"

#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

/* Room for any of them; SHA-512's is the largest. */
typedef union {
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
    struct sha512_ctx sha512;
} HashState;

static void
sum(const struct nettle_hash *hash, const ObolSpan *parts, gsize n_parts, guint8 *out)
{
    HashState state;

    hash->init(&state);
    for (gsize i = 0; i < n_parts; i++)
        hash->update(&state, parts[i].n, parts[i].data);
    hash->digest(&state, hash->digest_size, out);
    obol_wipe(&state, sizeof state);
}

typedef struct {
    const struct nettle_hash *hash;
    gsize n_output;
    HashState outer, inner, state;
} Hmac;

static gpointer
hmac_open(const struct nettle_hash *hash, gsize n_output, const guint8 *key, gsize n_key)
{
    Hmac *hmac = g_new(Hmac, 1);

    hmac->hash = hash;
    hmac->n_output = n_output;
    hmac_set_key(&hmac->outer, &hmac->inner, &hmac->state, hash, n_key, key);
    return hmac;
}

static void
hmac_more(gpointer self, const guint8 *data, gsize n)
{
    Hmac *hmac = self;

    hmac_update(&hmac->state, hmac->hash, n, data);
}

static void
hmac_finish(gpointer self, guint8 *out)
{
    Hmac *hmac = self;

    hmac_digest(&hmac->outer, &hmac->inner, &hmac->state, hmac->hash, hmac->n_output, out);
}

static void
hmac_close(gpointer self)
{
    Hmac *hmac = self;

    BACKEND_FREE(hmac);
}

/* A row: one hash with its HMAC as PRF, whole, and as integrity algorithm, cut to @icv bytes. */
#define ROW(name, nettle, hash_id, prf_id, integ_id, bytes, icv)                                                          \
    static void name##_sum(const ObolSpan *parts, gsize n_parts, guint8 *out) { sum(&nettle, parts, n_parts, out); }      \
    static gpointer name##_prf_open(const guint8 *key, gsize n_key, GError **error)                                      \
    {                                                                                                                     \
        (void) error;                                                                                                     \
        return hmac_open(&nettle, bytes, key, n_key);                                                                     \
    }                                                                                                                     \
    static gpointer name##_integ_open(const guint8 *key, gsize n_key, GError **error)                                    \
    {                                                                                                                     \
        (void) error;                                                                                                     \
        return hmac_open(&nettle, icv, key, n_key);                                                                       \
    }                                                                                                                     \
    const ObolHashVtable backend_##name = {                                                                               \
        .size = sizeof(ObolHashVtable), .id = hash_id, .n_output = bytes, .sum = name##_sum,                              \
    };                                                                                                                    \
    const ObolMacVtable backend_prf_##name = {                                                                            \
        .size = sizeof(ObolMacVtable), .id = prf_id, .n_key = bytes, .n_output = bytes, .open = name##_prf_open,          \
        .update = hmac_more, .finish = hmac_finish, .close = hmac_close,                                                  \
    };                                                                                                                    \
    const ObolMacVtable backend_integ_##name = {                                                                          \
        .size = sizeof(ObolMacVtable), .id = integ_id, .n_key = bytes, .n_output = icv, .open = name##_integ_open,        \
        .update = hmac_more, .finish = hmac_finish, .close = hmac_close,                                                  \
    };

ROW(sha1, nettle_sha1, OBOL_HASH_SHA1, OBOL_PRF_HMAC_SHA1, OBOL_INTEG_HMAC_SHA1_96, 20, 12)
ROW(sha256, nettle_sha256, OBOL_HASH_SHA2_256, OBOL_PRF_HMAC_SHA2_256, OBOL_INTEG_HMAC_SHA2_256_128, 32, 16)
ROW(sha384, nettle_sha384, OBOL_HASH_SHA2_384, OBOL_PRF_HMAC_SHA2_384, OBOL_INTEG_HMAC_SHA2_384_192, 48, 24)
ROW(sha512, nettle_sha512, OBOL_HASH_SHA2_512, OBOL_PRF_HMAC_SHA2_512, OBOL_INTEG_HMAC_SHA2_512_256, 64, 32)
