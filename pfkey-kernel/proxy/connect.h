/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/connect.h - stream sockets from endpoints: to connect, and to listen. */
#ifndef PFKEY_PROXY_CONNECT_H
#define PFKEY_PROXY_CONNECT_H

#include <sys/types.h>

#include "pfkey-kernel/proxy/endpoint.h"

/* A descriptor that is connected or connecting; negative errno.  When it is writable, ask for the result. */
int pfkey_connect_begin(const PfkeyEndpoint *endpoint);
int pfkey_connect_result(int fd); /* 0, -EINPROGRESS or another negative errno */

/* Who may reach a Unix socket. */
typedef struct {
    mode_t mode;
    uid_t owner; /* -1: as it comes */
    gid_t group; /* likewise */
} PfkeySocketFile;

/* A listening descriptor; -1 with @error.  A socket file without a listener (left by a predecessor) is replaced; one that somebody
 * listens at, and anything else at that path, is not. */
int pfkey_listen(const PfkeyEndpoint *endpoint, const PfkeySocketFile *file, GError **error);

#endif
