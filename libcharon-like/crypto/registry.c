/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crypto/registry.c - the algorithms at hand: a few dozen, looked up by their registry number. */
#include <obol/crypto.h>

#include <string.h>

#define ID_MAX 64 /* every ID that IANA has given out so far lies below; a plugin's private one has no place here */

G_DEFINE_QUARK(obol-crypto-error-quark, obol_crypto_error)

typedef enum { HASH, PRF, INTEG, CIPHER, AEAD, KE, N_KINDS } Kind;

/* The plugin's tables are copied into zeroed ones of our own size: what an older plugin never heard of is NULL. */
typedef struct {
    const char *provider; /* NULL: nobody */
    union {
        ObolHashVtable hash;
        ObolMacVtable mac;
        ObolCipherVtable cipher;
        ObolAeadVtable aead;
        ObolKeVtable ke;
    } calls;
} Entry;

struct ObolCrypto {
    Entry *entries[N_KINDS][ID_MAX];
    ObolRandomVtable random_calls;
    ObolRandom random;
};

ObolCrypto *
obol_crypto_new(void)
{
    return g_new0(ObolCrypto, 1);
}

void
obol_crypto_free(ObolCrypto *crypto)
{
    if (crypto == NULL)
        return;
    for (guint kind = 0; kind < N_KINDS; kind++) {
        for (guint id = 0; id < ID_MAX; id++)
            g_free(crypto->entries[kind][id]);
    }
    g_free(crypto);
}

static gboolean
add(ObolCrypto *crypto, Kind kind, guint16 id, gconstpointer calls, gsize n, gsize n_known, const char *provider)
{
    Entry *entry;

    if (id >= ID_MAX || crypto->entries[kind][id] != NULL)
        return FALSE;
    entry = g_new0(Entry, 1);
    memcpy(&entry->calls, calls, MIN(n, n_known));
    entry->provider = provider;
    crypto->entries[kind][id] = entry;
    return TRUE;
}

static const Entry *
get(const ObolCrypto *crypto, Kind kind, guint16 id)
{
    return id < ID_MAX ? crypto->entries[kind][id] : NULL;
}

#define DEFINE_KIND(name, Type, KIND, member)                                                                  \
    gboolean obol_crypto_add_##name(ObolCrypto *crypto, const Type *calls, const char *provider)               \
    {                                                                                                          \
        return add(crypto, KIND, calls->id, calls, calls->size, sizeof *calls, provider);                      \
    }                                                                                                          \
    const Type *obol_crypto_##name(const ObolCrypto *crypto, guint16 id)                                       \
    {                                                                                                          \
        const Entry *entry = get(crypto, KIND, id);                                                            \
        return entry != NULL ? &entry->calls.member : NULL;                                                    \
    }

DEFINE_KIND(hash, ObolHashVtable, HASH, hash)
DEFINE_KIND(prf, ObolMacVtable, PRF, mac)
DEFINE_KIND(integ, ObolMacVtable, INTEG, mac)
DEFINE_KIND(cipher, ObolCipherVtable, CIPHER, cipher)
DEFINE_KIND(aead, ObolAeadVtable, AEAD, aead)
DEFINE_KIND(ke, ObolKeVtable, KE, ke)

void
obol_crypto_set_random(ObolCrypto *crypto, const ObolRandomVtable *calls, gpointer self)
{
    memset(&crypto->random_calls, 0, sizeof crypto->random_calls);
    memcpy(&crypto->random_calls, calls, MIN(calls->size, sizeof crypto->random_calls));
    crypto->random = (ObolRandom) { &crypto->random_calls, self };
}

const ObolRandom *
obol_crypto_random(const ObolCrypto *crypto)
{
    return crypto->random.calls != NULL ? &crypto->random : NULL;
}

static gboolean
accepts(const guint16 *key_bits, guint16 wanted)
{
    /* A cipher with one length only has no Key Length attribute on the wire (RFC 7296 section 3.3.5). */
    if (wanted == 0)
        return key_bits[0] == 0 || key_bits[1] == 0;
    for (; *key_bits != 0; key_bits++) {
        if (*key_bits == wanted)
            return TRUE;
    }
    return FALSE;
}

gboolean
obol_crypto_can(const ObolCrypto *crypto, const ObolTransform *t)
{
    const ObolAeadVtable *aead;
    const ObolCipherVtable *cipher;

    switch ((ObolTransformType) t->type) {
    case OBOL_TRANSFORM_ENCR:
        aead = obol_crypto_aead(crypto, t->id);
        cipher = obol_crypto_cipher(crypto, t->id);
        return (aead != NULL && accepts(aead->key_bits, t->key_bits)) || (cipher != NULL && accepts(cipher->key_bits, t->key_bits));
    case OBOL_TRANSFORM_PRF: return obol_crypto_prf(crypto, t->id) != NULL;
    case OBOL_TRANSFORM_INTEG: return t->id == OBOL_INTEG_NONE || obol_crypto_integ(crypto, t->id) != NULL;
    case OBOL_TRANSFORM_KE: return t->id == OBOL_KE_NONE || obol_crypto_ke(crypto, t->id) != NULL;
    case OBOL_TRANSFORM_ESN: return TRUE;
    case OBOL_TRANSFORM_ADDKE1:
    case OBOL_TRANSFORM_ADDKE7: return FALSE;
    }
    return FALSE;
}

void
obol_crypto_each(const ObolCrypto *crypto, ObolCryptoVisit visit, gpointer data)
{
    static const guint8 types[N_KINDS] = {
        [HASH] = 0, [PRF] = OBOL_TRANSFORM_PRF, [INTEG] = OBOL_TRANSFORM_INTEG, [CIPHER] = OBOL_TRANSFORM_ENCR,
        [AEAD] = OBOL_TRANSFORM_ENCR, [KE] = OBOL_TRANSFORM_KE,
    };

    for (guint kind = 0; kind < N_KINDS; kind++) {
        for (guint16 id = 0; id < ID_MAX && types[kind] != 0; id++) {
            if (crypto->entries[kind][id] != NULL)
                visit(types[kind], id, crypto->entries[kind][id]->provider, data);
        }
    }
}
