/* crypto/keymat.h - key derivation of RFC 7296 sections 2.13 to 2.18 over the PRF role. */
#ifndef OBOL_CRYPTO_KEYMAT_H
#define OBOL_CRYPTO_KEYMAT_H

#include <obol/crypto.h>

/* prf(key, parts...): @out has the PRF's output length. */
gboolean obol_prf(const ObolMacVtable *prf, ObolSpan key, const ObolSpan *parts, gsize n_parts, guint8 *out, GError **error);

/**
 * obol_prf_plus:
 * @key: SKEYSEED or SK_d; any length, in bytes
 * @seed, @n_seed: the pieces of S of RFC 7296 section 2.13
 * @n_out: bytes wanted, at most 255 times the PRF's output length (same section)
 * @error: OBOL_CRYPTO_ERROR_TOO_LONG, or OBOL_CRYPTO_ERROR_BACKEND with the library's words
 *
 * Returns: (transfer full): exactly @n_out bytes, wiped when freed; %NULL with @error set.  Any thread.
 */
ObolSecret *obol_prf_plus(const ObolMacVtable *prf, ObolSpan key, const ObolSpan *seed, gsize n_seed, gsize n_out,
                          GError **error);

/**
 * ObolIkeKeys:
 * The seven keys of section 2.14 in one wiped block: SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr.  The lengths follow
 * from the suite.
 */
typedef struct {
    ObolSecret *block;
    guint16 n_prf, n_integ, n_encr; /* bytes of SK_d and SK_p*, of SK_a*, of SK_e* with salt */
} ObolIkeKeys;

typedef enum { OBOL_SK_D, OBOL_SK_AI, OBOL_SK_AR, OBOL_SK_EI, OBOL_SK_ER, OBOL_SK_PI, OBOL_SK_PR } ObolSk;

ObolSpan obol_ike_keys_get(const ObolIkeKeys *keys, ObolSk which);
void obol_ike_keys_clear(ObolIkeKeys *keys);

/* SKEYSEED = prf(Ni | Nr, g^ir), with the fixed-key rule of section 2.14. (transfer full) */
ObolSecret *obol_skeyseed(const ObolMacVtable *prf, ObolSpan ni, ObolSpan nr, const ObolSecret *g_ir, GError **error);
/* SKEYSEED of a rekeyed IKE SA = prf(SK_d (old), g^ir (new) | Ni | Nr), section 2.18.  @prf is the old SA's. (transfer full) */
ObolSecret *obol_skeyseed_rekey(const ObolMacVtable *prf, ObolSpan sk_d, const ObolSecret *g_ir, ObolSpan ni, ObolSpan nr,
                                GError **error);
/* {SK_d ... SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).  SPIs in host order. */
gboolean obol_ike_keys_derive(const ObolCrypto *crypto, const ObolSuite *suite, const ObolSecret *skeyseed, ObolSpan ni,
                              ObolSpan nr, guint64 spi_i, guint64 spi_r, ObolIkeKeys *out, GError **error);

/* Keys of one Child SA, section 2.17: the initiator's direction first, encryption before integrity. */
typedef struct {
    ObolSecret *encr_i, *integ_i, *encr_r, *integ_r; /* with salt; integ NULL with an AEAD, encr NULL for AH */
} ObolChildKeys;

/* @g_ir: of a CREATE_CHILD_SA with KE, or NULL. */
gboolean obol_child_keys_derive(const ObolCrypto *crypto, guint16 prf, const ObolSuite *suite, ObolSpan sk_d,
                                const ObolSecret *g_ir, ObolSpan ni, ObolSpan nr, ObolChildKeys *out, GError **error);
void obol_child_keys_clear(ObolChildKeys *keys);

/* AUTH with a shared key (section 2.15): prf(prf(secret, "Key Pad for IKEv2"), message | nonce | prf(SK_p, ID body)).
 * @out has the PRF's output length. */
gboolean obol_auth_psk(const ObolMacVtable *prf, const ObolSecret *secret, ObolSpan message, ObolSpan nonce, ObolSpan sk_p,
                       ObolSpan id_body, guint8 *out, GError **error);

#endif
