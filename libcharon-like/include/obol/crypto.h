/* obol/crypto.h - what a PRF, a cipher or a key exchange is; never which library does it.
 *
 * A crypto plugin provides features of the roles below, one vtable for each algorithm.  All functions may be called from
 * any thread, each context from one thread at a time.  No function of these tables may block on anything but the CPU. */
#ifndef OBOL_CRYPTO_H
#define OBOL_CRYPTO_H

#include <obol/numbers.h>
#include <obol/proposal.h>
#include <obol/secret.h>

G_BEGIN_DECLS

#define OBOL_PRF_OUTPUT_MAX 64
#define OBOL_HASH_OUTPUT_MAX 64
#define OBOL_ICV_MAX 32
#define OBOL_IV_MAX 16
#define OBOL_KE_PUBLIC_MAX 1600 /* the longest is ML-KEM-1024's 1568 bytes */

/* Role `random`.  @fill never fails: a source that can not deliver ends the process. */
typedef struct {
    gsize size;
    void (*fill)(gpointer self, guint8 *out, gsize n);
} ObolRandomVtable;

/* Randomness with its state: what the engine is given, so that a simulation can be repeated. */
typedef struct {
    const ObolRandomVtable *calls;
    gpointer self;
} ObolRandom;

static inline void
obol_random_fill(const ObolRandom *random, guint8 *out, gsize n)
{
    random->calls->fill(random->self, out, n);
}

/* Role `hash`: a plain hash in one call over @n_parts pieces. */
typedef struct {
    gsize size;
    guint16 id;     /* ObolHashId */
    gsize n_output; /* bytes */
    void (*sum)(const ObolSpan *parts, gsize n_parts, guint8 *out);
} ObolHashVtable;

/* Roles `prf` and `integ`: a keyed function.  @finish writes @n_output bytes and leaves the context ready for the next
 * message under the same key. */
typedef struct {
    gsize size;
    guint16 id;         /* ObolPrfId or ObolInteg */
    gsize n_key;        /* preferred key length (PRF) or the only one (integrity), in bytes */
    gsize n_output;     /* bytes, after truncation */
    gboolean fixed_key; /* RFC 7296 section 2.14: splits its key between Ni and Nr */
    gpointer (*open)(const guint8 *key, gsize n_key, GError **error);
    void (*update)(gpointer self, const guint8 *data, gsize n);
    void (*finish)(gpointer self, guint8 *out);
    void (*close)(gpointer self); /* wipes */
} ObolMacVtable;

/* Role `cipher`: confidentiality without integrity (AES-CBC, AES-CTR, Camellia-CBC, 3DES, NULL). */
typedef struct {
    gsize size;
    guint16 id;
    const guint16 *key_bits; /* accepted key lengths, without salt; ends with 0 (NULL encryption: just the 0) */
    gsize n_salt;            /* bytes of keying material after the key (RFC 5930: 4 for CTR) */
    gsize n_iv;              /* bytes on the wire */
    gsize block;             /* plaintext is padded to a multiple of this */
    gboolean counter_iv;     /* the IV must be unique, not unpredictable */
    gpointer (*open)(const guint8 *key, gsize n_key, GError **error); /* @key without salt */
    /* In place.  @nonce is salt | IV, n_salt + n_iv bytes. */
    gboolean (*encrypt)(gpointer self, const guint8 *nonce, guint8 *text, gsize n);
    gboolean (*decrypt)(gpointer self, const guint8 *nonce, guint8 *text, gsize n);
    void (*close)(gpointer self);
} ObolCipherVtable;

/* Role `aead`: RFC 5116 and 5282.  Nonce is salt | IV. */
typedef struct {
    gsize size;
    guint16 id;
    const guint16 *key_bits;
    gsize n_salt, n_iv, n_icv;
    gpointer (*open)(const guint8 *key, gsize n_key, GError **error); /* @key without salt */
    /* Encrypts @n bytes of @text in place and writes n_icv bytes after them, where there is room for them. */
    gboolean (*seal)(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n);
    /* @text is @n bytes of ciphertext with the ICV behind.  %FALSE when not authentic: @text is then wiped. */
    gboolean (*unseal)(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n);
    void (*close)(gpointer self);
} ObolAeadVtable;

/* Role `ke`: a key exchange or KEM (RFC 7296 section 3.4, RFC 9370 2.2), so that both have one shape. */
typedef struct {
    gsize size;
    guint16 id;
    gsize n_initiator; /* bytes of KE data that the initiator sends */
    gsize n_responder; /* and the responder */
    gsize n_secret;    /* bytes of g^ir, left-padded as RFC 7296 section 2.14 wants */
    /* Initiator, first step: makes a key pair and writes its public value. */
    gpointer (*offer)(const ObolRandom *random, guint8 *public_out, GError **error);
    /* Responder, all of it: validates @peer (RFC 6989), writes our public value, gives the shared secret. */
    ObolSecret *(*accept)(const ObolRandom *random, const guint8 *peer, gsize n_peer, guint8 *public_out, GError **error);
    /* Initiator, second step: validates @peer, gives the shared secret.  @self is used up but not closed. */
    ObolSecret *(*complete)(gpointer self, const guint8 *peer, gsize n_peer, GError **error);
    void (*close)(gpointer self); /* wipes the private value */
} ObolKeVtable;

#define OBOL_CRYPTO_ERROR (obol_crypto_error_quark())
OBOL_API GQuark obol_crypto_error_quark(void);
typedef enum {
    OBOL_CRYPTO_ERROR_BACKEND,     /* the library said no; its words are in the message */
    OBOL_CRYPTO_ERROR_UNSUPPORTED, /* no provider, or a key length that it does not do */
    OBOL_CRYPTO_ERROR_PUBLIC,      /* the peer's public value is not valid (RFC 6989, RFC 7748 section 6) */
    OBOL_CRYPTO_ERROR_TOO_LONG,    /* prf+ asked for more than 255 blocks */
} ObolCryptoError;

/**
 * ObolCrypto:
 * The algorithms at hand: filled while plugins load, read-only afterwards, so it needs no lock.
 */
typedef struct ObolCrypto ObolCrypto;

OBOL_API ObolCrypto *obol_crypto_new(void);
OBOL_API void obol_crypto_free(ObolCrypto *crypto);

/* Register one algorithm; the first provider of an ID wins (order is the bus's ranking).  @provider is a name for lists,
 * borrowed for ever.  %FALSE when there is one already. */
OBOL_API gboolean obol_crypto_add_hash(ObolCrypto *crypto, const ObolHashVtable *calls, const char *provider);
OBOL_API gboolean obol_crypto_add_prf(ObolCrypto *crypto, const ObolMacVtable *calls, const char *provider);
OBOL_API gboolean obol_crypto_add_integ(ObolCrypto *crypto, const ObolMacVtable *calls, const char *provider);
OBOL_API gboolean obol_crypto_add_cipher(ObolCrypto *crypto, const ObolCipherVtable *calls, const char *provider);
OBOL_API gboolean obol_crypto_add_aead(ObolCrypto *crypto, const ObolAeadVtable *calls, const char *provider);
OBOL_API gboolean obol_crypto_add_ke(ObolCrypto *crypto, const ObolKeVtable *calls, const char *provider);
OBOL_API void obol_crypto_set_random(ObolCrypto *crypto, const ObolRandomVtable *calls, gpointer self);

/* %NULL when nobody provides it. */
OBOL_API const ObolHashVtable *obol_crypto_hash(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolMacVtable *obol_crypto_prf(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolMacVtable *obol_crypto_integ(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolCipherVtable *obol_crypto_cipher(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolAeadVtable *obol_crypto_aead(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolKeVtable *obol_crypto_ke(const ObolCrypto *crypto, guint16 id);
OBOL_API const ObolRandom *obol_crypto_random(const ObolCrypto *crypto);
/* Is there a provider for this transform (with this key length)?  KE_NONE, INTEG_NONE and ESN are always there. */
OBOL_API gboolean obol_crypto_can(const ObolCrypto *crypto, const ObolTransform *transform);
typedef void (*ObolCryptoVisit)(guint8 type, guint16 id, const char *provider, gpointer data);
OBOL_API void obol_crypto_each(const ObolCrypto *crypto, ObolCryptoVisit visit, gpointer data);

/**
 * ObolGuard:
 * One direction of protection as the SK payload (RFC 7296 section 3.14, RFC 5282) and ESP (RFC 4303) share it:
 *   IV | ciphertext | ICV, by an AEAD or by a cipher with an integrity algorithm.
 * Costs a context of the library each; an idle IKE SA keeps its key bytes instead and opens a guard for a message.
 */
typedef struct ObolGuard ObolGuard;

/**
 * obol_guard_sizes:
 * Lengths in bytes that @suite needs: encryption key with salt, integrity key (0 with an AEAD), and on the wire.
 * Any may be %NULL.  %FALSE when an algorithm is not there.
 */
OBOL_API gboolean obol_guard_sizes(const ObolCrypto *crypto, const ObolSuite *suite, gsize *n_encr_key, gsize *n_integ_key,
                                   gsize *n_iv, gsize *n_icv, gsize *block);

/**
 * obol_guard_new:
 * @encr_key: key | salt, as obol_guard_sizes() says
 * @integ_key: ignored with an AEAD
 *
 * Returns: (transfer full): %NULL with #OBOL_CRYPTO_ERROR set.
 */
OBOL_API ObolGuard *obol_guard_new(const ObolCrypto *crypto, const ObolSuite *suite, const guint8 *encr_key,
                                   const guint8 *integ_key, GError **error);
OBOL_API void obol_guard_free(ObolGuard *guard);
OBOL_API gsize obol_guard_n_iv(const ObolGuard *guard);
OBOL_API gsize obol_guard_n_icv(const ObolGuard *guard);
OBOL_API gsize obol_guard_block(const ObolGuard *guard);

/**
 * obol_guard_seal:
 * @iv_seed: distinguishes this message from every other under the same key: the message's number.  A counter mode takes
 *   it as the IV, a CBC mode draws a random IV and ignores it
 * @aad, @n_aad: authenticated bytes before the IV: IKE header to SK's generic header, or SPI and sequence number
 * @iv: where IV | plaintext stands, with room for the ICV behind; plaintext already padded to the block
 * @n_text: bytes of plaintext
 * @tail, @n_tail: authenticated after the ciphertext and not sent: the high half of an ESN with a separate integrity
 *   algorithm (RFC 4303 section 2.2.1); otherwise 0 bytes
 *
 * Writes IV and ICV, encrypts in place.  No allocation.
 */
OBOL_API gboolean obol_guard_seal(ObolGuard *guard, guint64 iv_seed, const guint8 *aad, gsize n_aad, guint8 *iv,
                                  gsize n_text, const guint8 *tail, gsize n_tail);

/**
 * obol_guard_open:
 * @iv: IV | ciphertext | ICV
 * @n: bytes from @iv to the end of the ICV
 * @text: (out): the plaintext, within @iv's buffer
 *
 * The ICV is checked before anything is decrypted, in constant time.  %FALSE when it is wrong or the lengths can not be.
 */
OBOL_API gboolean obol_guard_open(ObolGuard *guard, const guint8 *aad, gsize n_aad, guint8 *iv, gsize n,
                                  const guint8 *tail, gsize n_tail, guint8 **text, gsize *n_text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolGuard, obol_guard_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolCrypto, obol_crypto_free)

G_END_DECLS
#endif
