/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/activation.h - listening sockets that whoever started us has opened (LISTEN_FDS, sd_listen_fds(3)). */
#ifndef PFKEY_PROXY_ACTIVATION_H
#define PFKEY_PROXY_ACTIVATION_H

#include "pfkey-kernel/proxy/endpoint.h"

/* How many there are, from descriptor PFKEY_ACTIVATION_FIRST on; the environment is then silent about them.  0: none for us. */
guint pfkey_activation_take(void);
#define PFKEY_ACTIVATION_FIRST 3

/* What @fd listens at.  %FALSE with @error: it is no listening stream socket of a kind that we know. */
gboolean pfkey_activation_endpoint(int fd, PfkeyEndpoint *out, GError **error);

#endif
