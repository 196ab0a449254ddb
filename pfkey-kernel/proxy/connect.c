/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/connect.c - stream sockets from endpoints: to connect, and to listen. */
#include "pfkey-kernel/proxy/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <obol/kernel.h>

#define BACKLOG 16

static socklen_t
sockaddr_of(const PfkeyEndpoint *endpoint, struct sockaddr_storage *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *) out;

    memset(out, 0, sizeof *out);
    if (endpoint->via == PFKEY_VIA_TCP)
        return obol_address_to_sockaddr(&endpoint->address, out);
    un->sun_family = AF_UNIX;
    g_strlcpy(un->sun_path, endpoint->path, sizeof un->sun_path);
    return sizeof *un;
}

/* Small messages that somebody waits for; and a peer whose machine went away is to be noticed. */
static void
set_tcp_options(int fd)
{
    const int on = 1, idle_s = 30, interval_s = 10, tries = 3;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
}

static int
open_socket(const struct sockaddr_storage *address)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && address->ss_family != AF_UNIX)
        set_tcp_options(fd);
    return fd;
}

int
pfkey_connect_begin(const PfkeyEndpoint *endpoint)
{
    struct sockaddr_storage address;
    socklen_t n = sockaddr_of(endpoint, &address);
    int fd = open_socket(&address), code;

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *) &address, n) == 0 || errno == EINPROGRESS)
        return fd;
    code = errno;
    close(fd);
    return -code;
}

int
pfkey_connect_result(int fd)
{
    int code = 0;
    socklen_t n = sizeof code;
    struct sockaddr_storage peer;
    socklen_t n_peer = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) != 0)
        return -errno;
    if (code != 0)
        return -code;
    if (getpeername(fd, (struct sockaddr *) &peer, &n_peer) == 0)
        return 0;
    return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

/* A socket file outlives its process. */
static gboolean
remove_stale(const PfkeyEndpoint *endpoint, GError **error)
{
    struct stat status;
    int fd;

    if (lstat(endpoint->path, &status) != 0)
        return TRUE;
    if (!S_ISSOCK(status.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s: there is something that is no socket", endpoint->path);
        return FALSE;
    }
    fd = pfkey_connect_begin(endpoint);
    if (fd != -ECONNREFUSED && fd != -ENOENT) {
        if (fd >= 0)
            close(fd);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s: somebody listens there already", endpoint->path);
        return FALSE;
    }
    unlink(endpoint->path);
    return TRUE;
}

static int
fail(int fd, const PfkeyEndpoint *endpoint, const char *what, GError **error)
{
    g_autofree char *where = pfkey_endpoint_text(endpoint);
    int code = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s: %s", where, what, g_strerror(code));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Born closed to all but us (umask), then given to whom it is for: nobody slips in between. */
static gboolean
bind_socket(int fd, const struct sockaddr_storage *address, socklen_t n, const PfkeyEndpoint *endpoint,
            const PfkeySocketFile *file)
{
    mode_t before = umask(0177);
    int bound = bind(fd, (const struct sockaddr *) address, n);

    umask(before);
    if (bound != 0 || endpoint->via != PFKEY_VIA_UNIX)
        return bound == 0;
    if ((file->owner != (uid_t) -1 || file->group != (gid_t) -1) && lchown(endpoint->path, file->owner, file->group) != 0)
        return FALSE;
    return chmod(endpoint->path, file->mode) == 0;
}

int
pfkey_listen(const PfkeyEndpoint *endpoint, const PfkeySocketFile *file, GError **error)
{
    struct sockaddr_storage address;
    socklen_t n = sockaddr_of(endpoint, &address);
    const int on = 1;
    int fd;

    if (endpoint->via == PFKEY_VIA_UNIX && !remove_stale(endpoint, error))
        return -1;
    fd = open_socket(&address);
    if (fd < 0)
        return fail(fd, endpoint, "socket", error);
    if (endpoint->via == PFKEY_VIA_TCP)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind_socket(fd, &address, n, endpoint, file))
        return fail(fd, endpoint, "bind", error);
    if (listen(fd, BACKLOG) != 0)
        return fail(fd, endpoint, "listen", error);
    return fd;
}
