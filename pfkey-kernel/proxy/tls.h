/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/tls.h - TLS 1.3 by a shared key or by certificates, both ends proved. */
#ifndef PFKEY_PROXY_TLS_H
#define PFKEY_PROXY_TLS_H

#include "pfkey-kernel/proxy/endpoint.h"

#define PFKEY_PSK_MIN 16 /* octets of a shared key, at least */

/* Keys and certificates, as read from their files: one for all sessions of an end. */
typedef struct PfkeyTls PfkeyTls;
typedef struct PfkeyTlsSession PfkeyTlsSession;

typedef enum { PFKEY_TLS_CLIENT, PFKEY_TLS_SERVER } PfkeyTlsSide;

/* %NULL with @error (G_FILE_ERROR, or G_OPTION_ERROR with the file's name and line): not there, readable by others, nonsense. */
PfkeyTls *pfkey_tls_new(PfkeyTlsSide side, const PfkeyTlsFiles *files, GError **error);
void pfkey_tls_free(PfkeyTls *tls);

/* Over @fd, which is not owned.  @tls must live as long. */
PfkeyTlsSession *pfkey_tls_session_new(PfkeyTls *tls, int fd);
void pfkey_tls_session_free(PfkeyTlsSession *session);
void pfkey_tls_session_end(PfkeyTlsSession *session); /* tells the other end that this is the end, if it can be told at once */

/* 1: done; -EAGAIN: wait; other negative: broken, and why is told by pfkey_tls_session_why(). */
int pfkey_tls_session_handshake(PfkeyTlsSession *session);
gboolean pfkey_tls_session_wants_write(PfkeyTlsSession *session);
/* As recv() and send(), with negative errno. */
gssize pfkey_tls_session_read(PfkeyTlsSession *session, guint8 *out, gsize n);
gssize pfkey_tls_session_write(PfkeyTlsSession *session, const guint8 *bytes, gsize n);
const char *pfkey_tls_session_why(const PfkeyTlsSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyTls, pfkey_tls_free)

#endif
