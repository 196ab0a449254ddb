/* obol/secret.h - bytes that must not outlive their use. */
#ifndef OBOL_SECRET_H
#define OBOL_SECRET_H

#include <obol/macros.h>

G_BEGIN_DECLS

/**
 * ObolSecret:
 * @n: number of bytes
 * @bytes: the secret; wiped by obol_secret_free()
 *
 * Keys, passwords, shared secrets.  Never logged, never put into GBytes or GString, compared only by
 * obol_secret_equal().
 */
typedef struct {
    gsize n;
    guint8 bytes[];
} ObolSecret;

/* @n zero bytes, for the caller to fill.  @n may be 0. */
OBOL_API ObolSecret *obol_secret_new(gsize n);
OBOL_API ObolSecret *obol_secret_new_from(const guint8 *bytes, gsize n);
OBOL_API ObolSecret *obol_secret_dup(const ObolSecret *secret);

/* Wipes, then frees.  Accepts %NULL. */
OBOL_API void obol_secret_free(ObolSecret *secret);

/* Constant-time in the contents; the lengths are not secret. */
OBOL_API gboolean obol_secret_equal(const ObolSecret *a, const ObolSecret *b);

/* Wipes @n bytes in a way that the compiler may not leave out; for secrets on the stack. */
OBOL_API void obol_wipe(void *bytes, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolSecret, obol_secret_free)

G_END_DECLS
#endif
