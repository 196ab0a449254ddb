/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* secrets.h - pre-shared keys from files, never from the command line. */
#ifndef OBOLCTL_SECRETS_H
#define OBOLCTL_SECRETS_H

#include "ctl.h"

#include <obol/secret.h>

/**
 * ctl_secret_decode:
 * @text: as in swanctl.conf: 0x and hex digits, 0s and base64, anything else stands for itself
 *
 * Returns: (transfer full): %NULL with #CTL_ERROR, which does not show the text.
 */
ObolSecret *ctl_secret_decode(const char *text, gsize n, GError **error);

/* All of @path, or of standard input for "-", in the same notation; without its last line feed. */
ObolSecret *ctl_secret_read(const char *path, GError **error);

#endif
