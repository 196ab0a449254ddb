/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysctl.h - a number of the kernel's that an admin wants to be another one while we run. */
#ifndef PFKEY_ENGINE_SYSCTL_H
#define PFKEY_ENGINE_SYSCTL_H

#include <glib.h>

/* Zeroed: nothing was changed. */
typedef struct {
    const char *path;
    char *before;
} PfkeySysctl;

/* %FALSE with @error: it stays as it is. */
gboolean pfkey_sysctl_set(PfkeySysctl *sysctl, const char *path, gint64 value, GError **error);
void pfkey_sysctl_restore(PfkeySysctl *sysctl);

#endif
