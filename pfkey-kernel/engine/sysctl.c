/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysctl.c - a number of the kernel's that an admin wants to be another one while we run. */
#include "pfkey-kernel/engine/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

/* In place: what is in /proc can not be written beside and renamed. */
static int
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), status = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        status = -errno;
    close(fd);
    return status;
}

gboolean
pfkey_sysctl_set(PfkeySysctl *sysctl, const char *path, gint64 value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT "\n", value);
    g_autofree char *before = NULL;
    int status;

    if (!g_file_get_contents(path, &before, NULL, error))
        return FALSE;
    status = put(path, text);
    if (status < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status), "%s: %s", path, g_strerror(-status));
        return FALSE;
    }
    sysctl->path = path;
    sysctl->before = g_steal_pointer(&before);
    return TRUE;
}

void
pfkey_sysctl_restore(PfkeySysctl *sysctl)
{
    if (sysctl->before != NULL)
        put(sysctl->path, sysctl->before);
    g_clear_pointer(&sysctl->before, g_free);
}
