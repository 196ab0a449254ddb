/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* listener.h - a Unix socket that clients connect to. */
#ifndef VICI_LISTENER_H
#define VICI_LISTENER_H

#include <glib.h>

typedef struct ViciListener ViciListener;

/* @fd is the callee's. */
typedef void (*ViciAccepted)(int fd, gpointer data);

/**
 * vici_listener_new:
 * @path: perhaps with "unix://" in front
 * @group: that owns the socket besides us; %NULL: ours
 * @mode: permissions
 *
 * A socket file that nobody answers at is left over and replaced; one that a living server owns is an error.
 */
ViciListener *vici_listener_new(GMainContext *context, const char *path, const char *group, guint mode,
                                ViciAccepted accepted, gpointer data, GError **error);
/* Removes the file, unless it is another's by now. */
void vici_listener_free(ViciListener *listener);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ViciListener, vici_listener_free)

#endif
