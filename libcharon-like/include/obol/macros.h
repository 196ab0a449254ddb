/* obol/macros.h - visibility and autoptr helpers that every public header uses. */
#ifndef OBOL_MACROS_H
#define OBOL_MACROS_H

#include <glib.h>

/* The library and every plugin are built with -fvisibility=hidden; what is marked here is the ABI. */
#define OBOL_API __attribute__((visibility("default")))
#define OBOL_PLUGIN_EXPORT __attribute__((visibility("default")))

/* Marks a text that an admin may read, for gettext, where a call can not stand. */
#ifndef N_
#define N_(text) text
#endif

G_BEGIN_DECLS

/**
 * ObolSpan:
 * @data: borrowed bytes, never written through; %NULL only when @n is 0
 * @n: their number
 *
 * A run of bytes that somebody else owns.  Valid as long as the owner says, normally for the call.
 */
typedef struct {
    const guint8 *data;
    gsize n;
} ObolSpan;

G_END_DECLS
#endif
