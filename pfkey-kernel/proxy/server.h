/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/server.h - obol-pfkey-proxy but for its command line: listens, lets in, and joins each client to a kernel socket.
 *
 *     accept -> may this peer? -> TLS, where there is -> HELLO -> a kernel socket of its own -> HELLO back -> messages both ways
 *
 * A client that does not say hello in time, sends what is no PF_KEY, or takes nothing for too long while its queue is full, is closed
 * with a reason, to it and to the log.  None of them can hold up another: all descriptors are non-blocking, queues bounded. */
#ifndef PFKEY_PROXY_SERVER_H
#define PFKEY_PROXY_SERVER_H

#include <sys/types.h>

#include "pfkey-kernel/proxy/endpoint.h"
#include "pfkey-kernel/wire/system.h"

typedef struct PfkeyServer PfkeyServer;

typedef enum { PFKEY_LOG_ERROR = 3, PFKEY_LOG_NOTICE = 5, PFKEY_LOG_DEBUG = 7 } PfkeyLogLevel; /* syslog's numbers */

typedef struct {
    const PfkeySystem *system;
    guint32 extra;           /* of PFKEY_FILTER_ASKED_FOR: what is allowed */
    const uid_t *users;      /* who may come over a Unix socket, beside root and ourselves */
    gsize n_users;
    const gid_t *groups;     /* likewise: whose members */
    gsize n_groups;
    guint clients_max;
    gsize queue_max;         /* bytes that wait for one client before its kernel socket is left alone */
    gint64 stall_us;         /* how long a full queue may stay as it is */
    gint64 hello_us;         /* from accept to hello, TLS included */
    int (*open_kernel)(gpointer data, GError **error);
    void (*log)(gpointer data, PfkeyLogLevel level, const char *line);
    gpointer data;
} PfkeyServerSettings;

#define PFKEY_SERVER_DEFAULTS \
    .clients_max = 16, .queue_max = 1024 * 1024, .stall_us = 10 * G_USEC_PER_SEC, .hello_us = 10 * G_USEC_PER_SEC

/* @settings and what it points to must live as long. */
PfkeyServer *pfkey_server_new(GMainContext *context, const PfkeyServerSettings *settings);
void pfkey_server_free(PfkeyServer *server); /* clients are told; accepts %NULL */

/* @fd: listening; owned.  @endpoint: what it is, with the files of TLS (read now); copied.  %FALSE with @error, and @fd is closed:
 * TLS is needed and missing, or its files are not good. */
gboolean pfkey_server_listen(PfkeyServer *server, int fd, const PfkeyEndpoint *endpoint, GError **error);
guint pfkey_server_n_clients(const PfkeyServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyServer, pfkey_server_free)

#endif
