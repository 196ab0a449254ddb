/* credentials/shared-keys.h - pre-shared keys and whose they are. */
#ifndef OBOL_CREDENTIALS_SHARED_KEYS_H
#define OBOL_CREDENTIALS_SHARED_KEYS_H

#include <obol/identity.h>
#include <obol/secret.h>

/* An immutable, counted snapshot, as connections are. */
typedef struct ObolSharedKeys ObolSharedKeys;

/* What one key looks like while a snapshot is made. */
typedef struct {
    char *name;        /* of its settings section or VICI id; NULL: none */
    ObolSecret *secret;
    GPtrArray *owners; /* of ObolIdentity patterns; empty: anybody */
} ObolSharedKey;

ObolSharedKey *obol_shared_key_new(const char *name, const guint8 *data, gsize n);
ObolSharedKey *obol_shared_key_dup(const ObolSharedKey *key);
void obol_shared_key_free(ObolSharedKey *key);

ObolSharedKeys *obol_shared_keys_new(GPtrArray *keys); /* (transfer full): of ObolSharedKey */
ObolSharedKeys *obol_shared_keys_ref(ObolSharedKeys *keys);
void obol_shared_keys_unref(ObolSharedKeys *keys);
guint obol_shared_keys_n(const ObolSharedKeys *keys);
const ObolSharedKey *obol_shared_keys_nth(const ObolSharedKeys *keys, guint i);

/* The key whose owners fit both identities best (two owners above one above none); NULL when none does.  Borrowed. */
const ObolSecret *obol_shared_keys_find(const ObolSharedKeys *keys, const ObolIdentity *local, const ObolIdentity *remote);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolSharedKeys, obol_shared_keys_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolSharedKey, obol_shared_key_free)

#endif
