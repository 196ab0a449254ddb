/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/resolve.c - the address that a host name stands for. */
#include "daemon/daemon-private.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
    ObolDaemon *daemon;
    DaemonResolved done;
    gpointer data;
    GDestroyNotify forget;
} Question;

static void
question_free(Question *question)
{
    if (question->forget != NULL)
        question->forget(question->data);
    g_free(question);
}

static void
resolved(GObject *resolver, GAsyncResult *result, gpointer data)
{
    Question *question = data;
    GCancellable *cancellable = g_task_get_cancellable(G_TASK(result));
    g_autoptr(GError) error = NULL;
    GList *addresses = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    ObolAddress address = { .family = 0 };

    if (addresses != NULL) {
        GInetAddress *first = addresses->data;

        address.family = g_inet_address_get_family(first) == G_SOCKET_FAMILY_IPV6 ? AF_INET6 : AF_INET;
        memcpy(address.bytes, g_inet_address_to_bytes(first), obol_address_n_bytes(&address));
    }
    g_resolver_free_addresses(addresses);
    /* Cancelled: the daemon is gone, and with it all that could be told. */
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_hash_table_remove(question->daemon->searches, cancellable);
        question->done(question->daemon, address.family != 0 ? &address : NULL, question->data);
    }
    question_free(question);
}

void
daemon_resolve(ObolDaemon *daemon, const char *name, DaemonResolved done, gpointer data, GDestroyNotify forget)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    GCancellable *cancellable = g_cancellable_new();
    Question *question = g_new(Question, 1);

    *question = (Question) { daemon, done, data, forget };
    g_hash_table_add(daemon->searches, cancellable); /* the table's reference */
    g_resolver_lookup_by_name_async(resolver, name, cancellable, resolved, question);
}
