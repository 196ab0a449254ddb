/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* algorithms.c - IKE's numbers of algorithms (RFC 7296 section 3.3.2) and the kernel's names of them. */
#include "algorithms.h"

#define GCM(icv) { OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_GCM_##icv, "rfc4106(gcm(aes))", { 256, 192, 128 }, 4, icv * 8, TRUE }
#define CCM(icv) { OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CCM_##icv, "rfc4309(ccm(aes))", { 256, 192, 128 }, 3, icv * 8, TRUE }

const XfrmAlgorithm algorithms[] = {
    GCM(16), /* RFC 4106 */
    GCM(12),
    GCM(8),
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)", { 256 }, 4, 128, FALSE }, /* RFC 7634 */
    CCM(16), /* RFC 4309 */
    CCM(12),
    CCM(8),
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CBC, "cbc(aes)", { 256, 192, 128 }, 0, 0, TRUE },           /* RFC 3602 */
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CTR, "rfc3686(ctr(aes))", { 256, 192, 128 }, 4, 0, TRUE },  /* RFC 3686 */
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_CAMELLIA_CBC, "cbc(camellia)", { 256, 192, 128 }, 0, 0, TRUE }, /* RFC 4312 */
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_3DES, "cbc(des3_ede)", { 192 }, 0, 0, FALSE },                  /* RFC 2451 */
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_NULL_AES_GMAC, "rfc4543(gcm(aes))", { 256, 192, 128 }, 4, 128, TRUE }, /* RFC 4543 */
    { OBOL_TRANSFORM_ENCR, OBOL_ENCR_NULL, "ecb(cipher_null)", { 0 }, 0, 0, FALSE },                 /* RFC 2410 */
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_256_128, "hmac(sha256)", { 256 }, 0, 128, FALSE },  /* RFC 4868 */
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_384_192, "hmac(sha384)", { 384 }, 0, 192, FALSE },
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_512_256, "hmac(sha512)", { 512 }, 0, 256, FALSE },
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA1_96, "hmac(sha1)", { 160 }, 0, 96, FALSE },          /* RFC 2404 */
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_AES_XCBC_96, "xcbc(aes)", { 128 }, 0, 96, FALSE },            /* RFC 3566 */
    { OBOL_TRANSFORM_INTEG, OBOL_INTEG_AES_CMAC_96, "cmac(aes)", { 128 }, 0, 96, FALSE },            /* RFC 4494 */
    { 0 },
};

const XfrmAlgorithm *
algorithm_find(guint8 type, guint16 id)
{
    for (const XfrmAlgorithm *at = algorithms; at->type != 0; at++)
        if (at->type == type && at->id == id)
            return at;
    return NULL;
}

gboolean
algorithm_has_key_bits(const XfrmAlgorithm *algorithm, guint bits)
{
    for (gsize i = 0; i < G_N_ELEMENTS(algorithm->key_bits); i++)
        if (algorithm->key_bits[i] == bits)
            return TRUE;
    return FALSE;
}
