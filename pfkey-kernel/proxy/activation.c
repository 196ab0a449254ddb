/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/activation.c - listening sockets that whoever started us has opened. */
#include "pfkey-kernel/proxy/activation.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TAKEN_MAX 64

guint
pfkey_activation_take(void)
{
    const char *pid = g_getenv("LISTEN_PID"), *fds = g_getenv("LISTEN_FDS");
    guint64 whose = 0, n = 0;
    gboolean ours = pid != NULL && fds != NULL && g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &whose, NULL) &&
                    g_ascii_string_to_unsigned(fds, 10, 1, TAKEN_MAX, &n, NULL) && (pid_t) whose == getpid();

    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    if (!ours)
        return 0;
    for (guint i = 0; i < n; i++)
        fcntl(PFKEY_ACTIVATION_FIRST + (int) i, F_SETFD, FD_CLOEXEC);
    return (guint) n;
}

static gboolean
listens(int fd)
{
    int listening = 0, type = 0;
    socklen_t n = sizeof listening, n_type = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening != 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_type) == 0 && type == SOCK_STREAM;
}

gboolean
pfkey_activation_endpoint(int fd, PfkeyEndpoint *out, GError **error)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t n = sizeof address;

    memset(out, 0, sizeof *out);
    if (!listens(fd) || getsockname(fd, (struct sockaddr *) &address, &n) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_BADF, "descriptor %d: not a listening stream socket", fd);
        return FALSE;
    }
    if (address.ss_family == AF_UNIX) {
        out->via = PFKEY_VIA_UNIX;
        out->path = g_strndup(((struct sockaddr_un *) &address)->sun_path, sizeof ((struct sockaddr_un *) &address)->sun_path);
        return TRUE;
    }
    out->via = PFKEY_VIA_TCP;
    if (obol_address_from_sockaddr((struct sockaddr *) &address, &out->address))
        return TRUE;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "descriptor %d: listens neither at a Unix nor at a TCP address", fd);
    return FALSE;
}
