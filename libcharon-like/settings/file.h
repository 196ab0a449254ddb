/* settings/file.h - bounded reading of files, secrets among them. */
#ifndef OBOL_SETTINGS_FILE_H
#define OBOL_SETTINGS_FILE_H

#include <obol/secret.h>

#include "settings/settings.h"

#define OBOL_SETTINGS_FILE_MAX (1 << 20)
#define OBOL_SECRET_FILE_MAX 4096

/* A whole regular file of at most @n_max bytes, in memory that is wiped when freed.  @exposed: others than its owner may read
 * or change it. */
ObolSecret *obol_file_read(const char *path, gsize n_max, gboolean *exposed, GError **error);

#endif
