/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* listener.c - a Unix socket that clients connect to. */
#include "listener.h"

#include <errno.h>
#include <gio/gio.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io.h"

#define BACKLOG 32
#define PAUSE_US G_USEC_PER_SEC /* when the system has no descriptor left */

struct ViciListener {
    int fd;
    ViciIo *io;
    char *path;
    dev_t device;
    ino_t inode;
    ViciAccepted accepted;
    gpointer data;
};

static gboolean
fail(GError **error, const char *path, const char *what)
{
    int saved = errno;

    g_set_error(error, G_IO_ERROR, (gint) g_io_error_from_errno(saved), "%s: %s: %s", path, what, g_strerror(saved));
    return FALSE;
}

static void
listener_ready(G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    ViciListener *listener = data;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        vici_io_want(listener->io, G_IO_IN);
        listener->accepted(fd, listener->data);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        vici_io_pause(listener->io, PAUSE_US); /* the connection stays in the backlog: asking at once would spin */
    } else {
        vici_io_want(listener->io, G_IO_IN);
    }
}

static gboolean
is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: its backlog is full, so there is somebody. */
    gboolean alive =
        fd >= 0 && (connect(fd, (const struct sockaddr *) address, sizeof *address) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return alive;
}

static gboolean
remove_leftover(const struct sockaddr_un *address, GError **error)
{
    const char *path = address->sun_path;
    struct stat info;

    if (lstat(path, &info) < 0)
        return errno == ENOENT || fail(error, path, "looking for a left-over socket");
    if (!S_ISSOCK(info.st_mode) || is_alive(address)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "%s: %s", path,
                    S_ISSOCK(info.st_mode) ? "another server listens here" : "exists and is no socket");
        return FALSE;
    }
    return unlink(path) == 0 || fail(error, path, "removing a left-over socket");
}

/* The socket's file is born with no permission at all and opened step by step, so nobody slips in between. */
static gboolean
bind_and_listen(ViciListener *listener, const struct sockaddr_un *address, const char *group, guint mode,
                GError **error)
{
    const char *path = listener->path;
    const struct group *entry = group != NULL ? getgrnam(group) : NULL;
    struct stat info;

    if (group != NULL && entry == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: there is no group '%s'", path, group);
        return FALSE;
    }
    if (fchmod(listener->fd, 0) < 0 || bind(listener->fd, (const struct sockaddr *) address, sizeof *address) < 0)
        return fail(error, path, "binding");
    if (lstat(path, &info) < 0)
        return fail(error, path, "looking at the new socket");
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    if (entry != NULL && lchown(path, (uid_t) -1, entry->gr_gid) < 0)
        return fail(error, path, "giving it to the group");
    if (chmod(path, mode) < 0)
        return fail(error, path, "setting its permissions");
    return listen(listener->fd, BACKLOG) == 0 || fail(error, path, "listening");
}

ViciListener *
vici_listener_new(GMainContext *context, const char *path, const char *group, guint mode, ViciAccepted accepted,
                  gpointer data, GError **error)
{
    g_autoptr(ViciListener) listener = g_new0(ViciListener, 1);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *folder = NULL;

    if (g_str_has_prefix(path, "unix://"))
        path += strlen("unix://");
    listener->path = g_strdup(path);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path || path[0] != '/') {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME, "%s: not an absolute path of at most %zu bytes",
                    path, sizeof address.sun_path - 1);
        return NULL;
    }
    folder = g_path_get_dirname(path);
    if (listener->fd < 0 || g_mkdir_with_parents(folder, 0755) < 0) {
        fail(error, path, "making the socket or its folder");
        return NULL;
    }
    if (!remove_leftover(&address, error) || !bind_and_listen(listener, &address, group, mode, error))
        return NULL;
    listener->accepted = accepted;
    listener->data = data;
    listener->io = vici_io_new(context, listener->fd, G_IO_IN, listener_ready, listener);
    return g_steal_pointer(&listener);
}

void
vici_listener_free(ViciListener *listener)
{
    struct stat info;

    if (listener == NULL)
        return;
    vici_io_stop(listener->io);
    if (listener->inode != 0 && lstat(listener->path, &info) == 0 && info.st_dev == listener->device &&
        info.st_ino == listener->inode)
        unlink(listener->path);
    if (listener->fd >= 0)
        close(listener->fd);
    g_free(listener->path);
    g_free(listener);
}
