/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify.c - sd_notify(3) is one datagram to the socket that NOTIFY_SOCKET names. */
#include "notify.h"

#include <glib.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void
notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    gsize n = path != NULL ? strlen(path) : 0;
    int fd;

    if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* the abstract name space */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    /* Whether it arrives is the manager's affair: the tunnels do not depend on it. */
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *) &to,
               (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n)) < 0)
        g_debug("NOTIFY_SOCKET does not take our state");
    close(fd);
}

void
notify_ready(void)
{
    notify("READY=1");
}

void
notify_reloading(void)
{
    g_autofree char *state = NULL;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    state = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                            (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000);
    notify(state);
}

void
notify_stopping(void)
{
    notify("STOPPING=1");
}
