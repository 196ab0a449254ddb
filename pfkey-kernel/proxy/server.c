/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/server.c - listens, lets in, and keeps the sessions. */
#include "pfkey-kernel/proxy/server.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/peer.h"
#include "pfkey-kernel/proxy/session.h"
#include "pfkey-kernel/proxy/watch.h"

#define ACCEPTS_EACH 16
#define NO_DESCRIPTORS_US (G_USEC_PER_SEC) /* accept() would only fail again at once */

typedef struct {
    PfkeyServer *server;
    PfkeyEndpoint endpoint;
    PfkeyTls *tls;
    int fd;
    PfkeyWatch *watch;
} Listener;

struct PfkeyServer {
    GMainContext *context;
    const PfkeyServerSettings *settings;
    GPtrArray *listeners; /* of Listener */
    GPtrArray *sessions;  /* of PfkeySession; not owned by the array */
};

static void
listener_free(gpointer data)
{
    Listener *listener = data;

    pfkey_watch_stop(listener->watch);
    close(listener->fd);
    pfkey_tls_free(listener->tls);
    pfkey_endpoint_clear(&listener->endpoint);
    g_free(listener);
}

PfkeyServer *
pfkey_server_new(GMainContext *context, const PfkeyServerSettings *settings)
{
    PfkeyServer *server = g_new0(PfkeyServer, 1);

    server->context = context;
    server->settings = settings;
    server->listeners = g_ptr_array_new_with_free_func(listener_free);
    server->sessions = g_ptr_array_new();
    return server;
}

void
pfkey_server_free(PfkeyServer *server)
{
    if (server == NULL)
        return;
    for (guint i = 0; i < server->sessions->len; i++)
        pfkey_session_free(server->sessions->pdata[i], "the proxy ends");
    g_ptr_array_unref(server->sessions);
    g_ptr_array_unref(server->listeners);
    g_free(server);
}

guint
pfkey_server_n_clients(const PfkeyServer *server)
{
    return server->sessions->len;
}

static void
ended(PfkeySession *session, gpointer data)
{
    PfkeyServer *server = data;

    g_ptr_array_remove_fast(server->sessions, session);
    pfkey_session_free(session, NULL);
}

static void
turn_away(PfkeyServer *server, int fd, const char *name, const char *why)
{
    g_autofree char *line = g_strdup_printf("%s: turned away: %s", name, why);

    server->settings->log(server->settings->data, PFKEY_LOG_NOTICE, line);
    close(fd);
}

static void
let_in(Listener *listener, int fd)
{
    PfkeyServer *server = listener->server;
    g_autofree char *name = NULL;
    gboolean may = TRUE;

    if (listener->endpoint.via == PFKEY_VIA_UNIX)
        may = pfkey_peer_may(fd, server->settings, &name);
    else
        name = pfkey_peer_name(fd);
    if (!may)
        turn_away(server, fd, name, "this user may not");
    else if (server->sessions->len >= server->settings->clients_max)
        turn_away(server, fd, name, "there are as many clients as may be");
    else
        g_ptr_array_add(server->sessions,
                        pfkey_session_new(server->context, server->settings, fd, listener->tls, name, ended, server));
}

static void
listener_ready(GIOCondition ready, gpointer data)
{
    Listener *listener = data;

    if (ready == 0)
        pfkey_watch_want(listener->watch, G_IO_IN);
    for (guint i = 0; i < ACCEPTS_EACH; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            let_in(listener, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            pfkey_watch_want(listener->watch, 0);
            pfkey_watch_in(listener->watch, NO_DESCRIPTORS_US);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

gboolean
pfkey_server_listen(PfkeyServer *server, int fd, const PfkeyEndpoint *endpoint, GError **error)
{
    const PfkeyTlsFiles *files = &endpoint->tls;
    gboolean with_tls = endpoint->via == PFKEY_VIA_TCP && (files->psk_file != NULL || files->certificate_file != NULL);
    PfkeyTls *tls = NULL;
    Listener *listener;

    if (!pfkey_endpoint_check(endpoint, error) ||
        (with_tls && (tls = pfkey_tls_new(PFKEY_TLS_SERVER, files, error)) == NULL)) {
        close(fd);
        return FALSE;
    }
    g_unix_set_fd_nonblocking(fd, TRUE, NULL); /* one that was handed to us need not be */
    listener = g_new0(Listener, 1);
    listener->server = server;
    listener->fd = fd;
    listener->tls = tls;
    pfkey_endpoint_copy(endpoint, &listener->endpoint);
    listener->watch = pfkey_watch_new(server->context, fd, G_IO_IN, listener_ready, listener);
    g_ptr_array_add(server->listeners, listener);
    return TRUE;
}
