/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* credentials/shared-keys.c - pre-shared keys and whose they are. */
#include "credentials/shared-keys.h"

struct ObolSharedKeys {
    gint ref_count;
    GPtrArray *keys; /* of ObolSharedKey */
};

ObolSharedKey *
obol_shared_key_new(const char *name, const guint8 *data, gsize n)
{
    ObolSharedKey *key = g_new(ObolSharedKey, 1);

    *key = (ObolSharedKey) {
        .name = g_strdup(name),
        .secret = obol_secret_new_from(data, n),
        .owners = g_ptr_array_new_with_free_func(g_free),
    };
    return key;
}

ObolSharedKey *
obol_shared_key_dup(const ObolSharedKey *key)
{
    ObolSharedKey *copy = obol_shared_key_new(key->name, key->secret->bytes, key->secret->n);

    for (guint i = 0; i < key->owners->len; i++)
        g_ptr_array_add(copy->owners, obol_identity_dup(g_ptr_array_index(key->owners, i)));
    return copy;
}

void
obol_shared_key_free(ObolSharedKey *key)
{
    if (key == NULL)
        return;
    g_free(key->name);
    obol_secret_free(key->secret);
    g_ptr_array_unref(key->owners);
    g_free(key);
}

ObolSharedKeys *
obol_shared_keys_new(GPtrArray *keys)
{
    ObolSharedKeys *all = g_new(ObolSharedKeys, 1);

    *all = (ObolSharedKeys) { .ref_count = 1, .keys = keys };
    g_ptr_array_set_free_func(keys, (GDestroyNotify) obol_shared_key_free);
    return all;
}

ObolSharedKeys *
obol_shared_keys_ref(ObolSharedKeys *keys)
{
    g_atomic_int_inc(&keys->ref_count);
    return keys;
}

void
obol_shared_keys_unref(ObolSharedKeys *keys)
{
    if (keys == NULL || !g_atomic_int_dec_and_test(&keys->ref_count))
        return;
    g_ptr_array_unref(keys->keys);
    g_free(keys);
}

guint
obol_shared_keys_n(const ObolSharedKeys *keys)
{
    return keys->keys->len;
}

const ObolSharedKey *
obol_shared_keys_nth(const ObolSharedKeys *keys, guint i)
{
    return g_ptr_array_index(keys->keys, i);
}

static guint
best_owner(const ObolSharedKey *key, const ObolIdentity *id)
{
    guint best = 0;

    for (guint i = 0; i < key->owners->len; i++)
        best = MAX(best, obol_identity_match(g_ptr_array_index(key->owners, i), id));
    return best;
}

/* A key that names the peer is the peer's; one that names us alone may be anybody's. */
static guint64
fit_of(const ObolSharedKey *key, const ObolIdentity *local, const ObolIdentity *remote)
{
    guint ours = best_owner(key, local), theirs = best_owner(key, remote);

    if (key->owners->len == 0)
        return 1;
    /* Someone else's key: two owners are named, and the peer is none of them. */
    if (theirs == 0 && (ours == 0 || key->owners->len > 1))
        return 0;
    return 2 + (guint64) theirs * G_MAXUINT16 + ours;
}

const ObolSecret *
obol_shared_keys_find(const ObolSharedKeys *keys, const ObolIdentity *local, const ObolIdentity *remote)
{
    const ObolSharedKey *best = NULL;
    guint64 best_fit = 0;

    for (guint i = 0; i < keys->keys->len; i++) {
        const ObolSharedKey *key = g_ptr_array_index(keys->keys, i);
        guint64 fit = fit_of(key, local, remote);

        if (fit > best_fit) {
            best_fit = fit;
            best = key;
        }
    }
    return best != NULL ? best->secret : NULL;
}
