/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/peer.h - who is at the other end of a socket. */
#ifndef PFKEY_PROXY_PEER_H
#define PFKEY_PROXY_PEER_H

#include "pfkey-kernel/proxy/server.h"

/* Of a Unix socket: whether its process may come.  Root, and who runs as we do, may always; else @settings tells.  @name: (out)
 * (transfer full): for the log. */
gboolean pfkey_peer_may(int fd, const PfkeyServerSettings *settings, char **name);
/* (transfer full): of a TCP socket. */
char *pfkey_peer_name(int fd);

#endif
