/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alone.c - one daemon a network namespace.
 *
 * The sign is a socket with a name in the abstract name space of unix(7): that is the network namespace's own, and the name
 * goes with the process, however it ends.  Anybody may take the name, so a holder counts only when it is root or of our own user. */
#include "alone.h"

#include <errno.h>
#include <obol/kernel.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char name[] = "obol kernel-xfrm";

/* Who listens at @address? %FALSE: nobody that would count. */
static gboolean
holder_counts(const struct sockaddr_un *address, socklen_t n_address)
{
    struct ucred holder = { .uid = (uid_t) -1 };
    socklen_t n = sizeof holder;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gboolean counts = fd >= 0 && connect(fd, (const struct sockaddr *) address, n_address) == 0 &&
                      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &n) == 0 && (holder.uid == 0 || holder.uid == geteuid());

    if (fd >= 0)
        close(fd);
    return counts;
}

int
alone_begin(GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t n = (socklen_t) (G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + sizeof name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path + 1, name, sizeof name - 1);
    if (fd >= 0 && bind(fd, (struct sockaddr *) &address, n) == 0 && listen(fd, 4) == 0)
        return fd;
    if (fd >= 0 && (errno != EADDRINUSE || !holder_counts(&address, n)))
        return fd; /* better without the sign than without the service */
    if (fd >= 0)
        close(fd);
    g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_EXISTS,
                        "another daemon of ours serves this network namespace's XFRM");
    return -1;
}
