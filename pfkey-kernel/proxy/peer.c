/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/peer.c - who is at the other end of a socket: the kernel's word, not the peer's. */
#include "pfkey-kernel/proxy/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#define GROUPS_MAX 65536 /* Linux's own limit */

static gboolean
is_one_of(gid_t group, const PfkeyServerSettings *settings)
{
    for (gsize i = 0; i < settings->n_groups; i++)
        if (settings->groups[i] == group)
            return TRUE;
    return FALSE;
}

/* The supplementary groups, as they were when the peer connected. */
static gboolean
has_group(int fd, const PfkeyServerSettings *settings)
{
#ifdef SO_PEERGROUPS
    g_autofree gid_t *groups = g_new(gid_t, GROUPS_MAX);
    socklen_t n = GROUPS_MAX * sizeof *groups;

    if (settings->n_groups == 0 || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
        return FALSE;
    for (gsize i = 0; i < n / sizeof *groups; i++)
        if (is_one_of(groups[i], settings))
            return TRUE;
#endif
    return FALSE;
}

gboolean
pfkey_peer_may(int fd, const PfkeyServerSettings *settings, char **name)
{
    struct ucred peer = { .uid = (uid_t) -1, .gid = (gid_t) -1 };
    socklen_t n = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0) {
        *name = g_strdup("a peer without credentials");
        return FALSE;
    }
    *name = g_strdup_printf("process %ld of user %lu", (long) peer.pid, (unsigned long) peer.uid);
    if (peer.uid == 0 || peer.uid == geteuid())
        return TRUE;
    for (gsize i = 0; i < settings->n_users; i++)
        if (settings->users[i] == peer.uid)
            return TRUE;
    return is_one_of(peer.gid, settings) || has_group(fd, settings);
}

char *
pfkey_peer_name(int fd)
{
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    ObolAddress peer;
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (getpeername(fd, (struct sockaddr *) &address, &n) != 0 || !obol_address_from_sockaddr((struct sockaddr *) &address, &peer))
        return g_strdup("somebody");
    return g_strdup(obol_address_format_with_port(&peer, text));
}
