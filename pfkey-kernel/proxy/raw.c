/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/raw.c - this machine's PF_KEY socket, and messages out of any socket that keeps their borders. */
#include "pfkey-kernel/proxy/raw.h"

#include <errno.h>
#include <sys/socket.h>

#include <obol/kernel.h>
#include <obol/secret.h>

#include "pfkey-kernel/proxy/frame.h"

#ifdef __FreeBSD__
const PfkeySystem *const pfkey_this_system = &pfkey_freebsd;
#else
const PfkeySystem *const pfkey_this_system = &pfkey_linux;
#endif

/* Beyond the limit for ordinary users where we may, else up to it. */
static void
enlarge(int fd)
{
    const int n = PFKEY_RAW_BUFFER;

#ifdef SO_RCVBUFFORCE
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof n) == 0)
        return;
#endif
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n);
}

int
pfkey_raw_open(GError **error)
{
    int fd = socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PFKEY_VERSION);
    int code = errno;

    if (fd >= 0) {
        enlarge(fd);
        return fd;
    }
    switch (code) {
    case EPERM: case EACCES:
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_PERMISSION, "a PF_KEY socket: %s (CAP_NET_ADMIN is needed)",
                    g_strerror(code));
        break;
    case EAFNOSUPPORT: case EPROTONOSUPPORT: case ESOCKTNOSUPPORT:
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "this kernel has no PF_KEY (module af_key): %s",
                    g_strerror(code));
        break;
    default:
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_LIMIT, "a PF_KEY socket: %s", g_strerror(code));
        break;
    }
    return -1;
}

int
pfkey_raw_send(int fd, const guint8 *bytes, gsize n)
{
    gssize sent;

    do
        sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

int
pfkey_raw_receive(int fd, guint most, gboolean (*message)(gpointer data, const guint8 *bytes, gsize n), gpointer data)
{
    g_autofree guint8 *bytes = g_malloc(PFKEY_FRAME_BODY_MAX);

    for (gboolean go_on = TRUE; go_on && most > 0; most--) {
        gssize n = recv(fd, bytes, PFKEY_FRAME_BODY_MAX, MSG_DONTWAIT | MSG_TRUNC);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : errno == ENOBUFS ? 1 : -errno;
        if (n == 0)
            return -EPIPE; /* of a kernel's socket never; of a socket pair, the other end has gone */
        if (n <= PFKEY_FRAME_BODY_MAX) /* a longer one was cut: nothing that the kernel sends is as long */
            go_on = message(data, bytes, (gsize) n);
        obol_wipe(bytes, MIN((gsize) n, PFKEY_FRAME_BODY_MAX));
    }
    return 1;
}
