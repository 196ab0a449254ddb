/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* algorithms.c - which of the kernel's algorithms are right, under which numbers, and so what may be proposed.
 *
 * Not here, though REGISTER lists it: HMAC-SHA2-256, which PF_KEY cuts to 96 bits where RFC 4868 section 2.6 wants 128, and which
 * so never opens a packet of the peer's.  Not here, though headers name them: all combined modes, for which ADD answers ENOSYS. */
#include "pfkey-kernel/engine/algorithms.h"

static const PfkeyAlgorithmRow rows[] = {
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CBC, OBOL_ENCR_AES_CBC, 256, 256 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CBC, OBOL_ENCR_AES_CBC, 192, 192 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CBC, OBOL_ENCR_AES_CBC, 128, 128 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CTR, OBOL_ENCR_AES_CTR, 256, 288 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CTR, OBOL_ENCR_AES_CTR, 192, 224 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_AES_CTR, OBOL_ENCR_AES_CTR, 128, 160 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_CAMELLIA_CBC, OBOL_ENCR_CAMELLIA_CBC, 256, 256 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_CAMELLIA_CBC, OBOL_ENCR_CAMELLIA_CBC, 192, 192 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_CAMELLIA_CBC, OBOL_ENCR_CAMELLIA_CBC, 128, 128 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_3DES_CBC, OBOL_ENCR_3DES, 0, 192 },
    { OBOL_TRANSFORM_ENCR, PFKEY_EALG_NULL, OBOL_ENCR_NULL, 0, 0 },
    { OBOL_TRANSFORM_INTEG, PFKEY_AALG_SHA2_512_HMAC, OBOL_INTEG_HMAC_SHA2_512_256, 0, 512 },
    { OBOL_TRANSFORM_INTEG, PFKEY_AALG_SHA2_384_HMAC, OBOL_INTEG_HMAC_SHA2_384_192, 0, 384 },
    { OBOL_TRANSFORM_INTEG, PFKEY_AALG_SHA1_HMAC, OBOL_INTEG_HMAC_SHA1_96, 0, 160 },
    { OBOL_TRANSFORM_INTEG, PFKEY_AALG_AES_XCBC, OBOL_INTEG_AES_XCBC_96, 0, 128 },
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) < PFKEY_TRANSFORMS_MAX);

const PfkeyAlgorithmRow *
pfkey_algorithm_find(guint8 type, guint16 id, guint16 key_bits)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].type == type && rows[i].id == id && (rows[i].key_bits == 0 || rows[i].key_bits == key_bits))
            return &rows[i];
    return NULL;
}

static gboolean
key_fits(const PfkeyAlgorithmRow *row, const ObolSecret *key, GError **error)
{
    gsize bits = key != NULL ? key->n * 8 : 0;

    if (bits == row->bits)
        return TRUE;
    g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID, "%s wants a key of %u bits and was given one of %" G_GSIZE_FORMAT,
                obol_transform_name(row->type, row->id), row->bits, bits);
    return FALSE;
}

/* One of the two algorithms; @number is 0 when the suite has none. */
static gboolean
check(guint8 type, guint16 id, guint16 key_bits, const ObolSecret *key, guint8 *number, GError **error)
{
    const PfkeyAlgorithmRow *row = pfkey_algorithm_find(type, id, key_bits);

    *number = 0;
    if (id == 0)
        return TRUE;
    if (row == NULL) {
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "%s%s is not to be had over PF_KEY",
                    obol_transform_name(type, id), id == OBOL_INTEG_HMAC_SHA2_256_128 && type == OBOL_TRANSFORM_INTEG
                    ? " (which it would cut to 96 bits)" : "");
        return FALSE;
    }
    *number = row->number;
    return key_fits(row, key, error);
}

gboolean
pfkey_algorithms_check(const ObolSaSpec *spec, guint8 *auth, guint8 *encr, GError **error)
{
    const char *why = NULL;

    if (spec->id.protocol == OBOL_PROTO_IPCOMP) {
        *auth = 0;
        *encr = PFKEY_CALG_DEFLATE;
        return TRUE;
    }
    if (!check(OBOL_TRANSFORM_ENCR, spec->id.protocol == OBOL_PROTO_AH ? 0 : spec->suite.encr, spec->suite.encr_bits,
               spec->encr_key, encr, error) ||
        !check(OBOL_TRANSFORM_INTEG, spec->suite.integ, 0, spec->integ_key, auth, error))
        return FALSE;
    if (spec->id.protocol == OBOL_PROTO_ESP && *encr == 0)
        why = "an ESP SA needs an encryption algorithm, be it NULL";
    else if (*auth == 0) /* the kernel would take it: RFC 8221 section 4 does not */
        why = "an SA without integrity protection";
    if (why != NULL)
        g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, why);
    return why == NULL;
}

static gboolean
listed(const PfkeySupported *list, const PfkeyAlgorithmRow *row)
{
    for (guint i = 0; i < list->n; i++) {
        PfkeyAlgorithm algorithm = pfkey_supported_algorithm(list, i);

        if (algorithm.id == row->number && algorithm.min_bits <= row->bits && algorithm.max_bits >= row->bits)
            return TRUE;
    }
    return FALSE;
}

void
pfkey_algorithms_offered(const PfkeyMessage *registered, ObolTransform out[PFKEY_TRANSFORMS_MAX])
{
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PfkeySupported *list = rows[i].type == OBOL_TRANSFORM_ENCR ? &registered->supported_encr : &registered->supported_auth;

        if (listed(list, &rows[i]))
            out[n++] = (ObolTransform) { .type = rows[i].type, .id = rows[i].id, .key_bits = rows[i].key_bits };
    }
    out[n] = (ObolTransform) { .type = 0 };
}
