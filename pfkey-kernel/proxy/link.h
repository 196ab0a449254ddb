/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/link.h - one way to a kernel's PF_KEY: its raw socket, or a stream to obol-pfkey-proxy; the user need not know which.
 *
 * A link is one PF_KEY socket's worth: registrations, dumps and promiscuity belong to it, and the kernel's echoes to other
 * sockets come to it.  Who wants requests and events apart opens two.
 *
 *     down --(opened, or the time to try again)--> connecting --(hello answered; of a raw socket at once)--> up
 *     up, connecting --(end of stream, error, a refusal)--> down: client.down() with the reason; tried again in 0.2 s, 0.4 s ... 10 s
 *
 * After each up() the kernel socket is a new one: nothing is registered, no answer to what was sent before will ever come.
 * Callbacks run on the context given, never from within a call of ours; a callback may send, and may close the link. */
#ifndef PFKEY_PROXY_LINK_H
#define PFKEY_PROXY_LINK_H

#include <obol/kernel.h>

#include "pfkey-kernel/proxy/endpoint.h"
#include "pfkey-kernel/wire/system.h"

typedef struct PfkeyLink PfkeyLink;

typedef struct {
    /* One whole message, as the kernel sent it: not decoded.  @bytes are borrowed for the call and wiped after it. */
    void (*message)(gpointer data, const guint8 *bytes, gsize n);
    /* The way is open.  @system: whose numbers the kernel at its end uses. */
    void (*up)(gpointer data, const PfkeySystem *system);
    /* The way has gone or could not be opened (OBOL_KERNEL_ERROR_GONE, _PERMISSION, _UNSUPPORTED); whatever was sent and not
     * answered may have been done.  It is tried again without being asked. */
    void (*down)(gpointer data, const GError *why);
    gpointer data;
} PfkeyLinkClient;

/**
 * pfkey_link_open:
 * @context: where callbacks run; a private one that the caller iterates makes a synchronous use of it
 * @endpoint: copied
 * @error: OBOL_KERNEL_ERROR_PERMISSION, _UNSUPPORTED (no PF_KEY here) or _GONE of a raw socket; of a stream, files of keys that can
 * not be read.  That nobody answers at a stream's other end is told by down().
 *
 * Returns: (transfer full): %NULL with @error set.
 */
PfkeyLink *pfkey_link_open(GMainContext *context, const PfkeyEndpoint *endpoint, const PfkeyLinkClient *client, GError **error);

/* Over @fd, a socket that keeps the borders of messages (the kernel's, or a test's SOCK_SEQPACKET); owned by the link, and not
 * opened again when it ends. */
PfkeyLink *pfkey_link_new_for_fd(GMainContext *context, int fd, const PfkeySystem *system, const PfkeyLinkClient *client);

/* No callback from now on.  Accepts %NULL. */
void pfkey_link_close(PfkeyLink *link);

gboolean pfkey_link_is_up(const PfkeyLink *link);

/**
 * pfkey_link_send:
 * @bytes, @n: one message; copied, and wiped when it has gone
 * @error: OBOL_KERNEL_ERROR_GONE while the link is not up; _LIMIT when the other end does not take what was sent before, or the kernel
 * has no room now (ENOBUFS); _INVALID when the kernel would not even look at it (its EINVAL or EMSGSIZE)
 *
 * Returns: %TRUE: on its way.  What the kernel thinks of it comes as a message; from a proxy, too: EPERM in the errno of an answer
 * says that the proxy lets no such message through, EINVAL that it lacks a part or has one too many.
 */
gboolean pfkey_link_send(PfkeyLink *link, const guint8 *bytes, gsize n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyLink, pfkey_link_close)

#endif
