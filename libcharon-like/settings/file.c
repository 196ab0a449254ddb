/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/file.c - bounded reading of files, secrets among them. */
#include "settings/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_IO, "%s: %s", path, why);
    return FALSE;
}

static gboolean
read_fully(int fd, ObolSecret *into)
{
    gsize at = 0;

    while (at < into->n) {
        gssize n = read(fd, into->bytes + at, into->n - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        at += (gsize) n;
    }
    into->n = at; /* it shrank while we read it */
    return TRUE;
}

ObolSecret *
obol_file_read(const char *path, gsize n_max, gboolean *exposed, GError **error)
{
    /* Not blocking: a fifo in the folder must not hang a reload. */
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    g_autofree char *too_large = g_strdup_printf("is larger than %" G_GSIZE_FORMAT " bytes", n_max);
    ObolSecret *content = NULL;
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        refuse(path, g_strerror(errno), error);
    else if (!S_ISREG(info.st_mode))
        refuse(path, "is not a file", error);
    else if ((guint64) info.st_size > n_max)
        refuse(path, too_large, error);
    else {
        *exposed = (info.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0;
        content = obol_secret_new((gsize) info.st_size);
        if (!read_fully(fd, content)) {
            refuse(path, g_strerror(errno), error);
            g_clear_pointer(&content, obol_secret_free);
        }
    }
    if (fd >= 0)
        close(fd);
    return content;
}
