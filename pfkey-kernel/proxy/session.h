/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/session.h - one client of obol-pfkey-proxy and its kernel socket. */
#ifndef PFKEY_PROXY_SESSION_H
#define PFKEY_PROXY_SESSION_H

#include "pfkey-kernel/proxy/server.h"
#include "pfkey-kernel/proxy/tls.h"

typedef struct PfkeySession PfkeySession;

/* @fd: owned; @tls: %NULL without; @name: for the log, copied.  @ended: once, when the session is over for a reason of its own; the
 * session is then to be freed. */
PfkeySession *pfkey_session_new(GMainContext *context, const PfkeyServerSettings *settings, int fd, PfkeyTls *tls, const char *name,
                                void (*ended)(PfkeySession *session, gpointer data), gpointer data);
/* @why: to the client; %NULL: it knows. */
void pfkey_session_free(PfkeySession *session, const char *why);

#endif
