/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/resolve.c - the name of a gateway that an IKE SA is sent to (RFC 5685 section 9.2). */
#include "daemon/daemon-private.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
    ObolDaemon *daemon;
    guint shard;
    guint64 ticket;
} Question;

static void
answer(const Question *question, const ObolAddress *address)
{
    DaemonDriver *driver = g_ptr_array_index(question->daemon->drivers, question->shard);

    obol_shard_resolved(daemon_driver_shard(driver), question->ticket, address, daemon_driver_enter(driver));
    daemon_driver_leave(driver);
}

static void
resolved(GObject *resolver, GAsyncResult *result, gpointer data)
{
    g_autofree Question *question = data;
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
    /* Cancelled: the daemon is gone. */
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_hash_table_remove(question->daemon->searches, cancellable);
    answer(question, address.family != 0 ? &address : NULL);
}

void
daemon_resolve(ObolDaemon *daemon, guint shard, guint64 ticket, const char *name)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    GCancellable *cancellable = g_cancellable_new();
    Question *question = g_new(Question, 1);

    *question = (Question) { daemon, shard, ticket };
    g_hash_table_add(daemon->searches, cancellable); /* the table's reference */
    g_resolver_lookup_by_name_async(resolver, name, cancellable, resolved, question);
}
