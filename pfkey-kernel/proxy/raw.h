/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/raw.h - this machine's PF_KEY socket, and messages out of any socket that keeps their borders. */
#ifndef PFKEY_PROXY_RAW_H
#define PFKEY_PROXY_RAW_H

#include <glib.h>

#include "pfkey-kernel/proxy/watch.h"
#include "pfkey-kernel/wire/system.h"

/* Linux throws away what does not fit into a socket's buffer, and does not say so: the more room the better. */
#define PFKEY_RAW_BUFFER (2 * 1024 * 1024)

extern const PfkeySystem *const pfkey_this_system;

/* socket(PF_KEY, SOCK_RAW, PF_KEY_V2), with large buffers, closed on exec, non-blocking.  -1 with @error: OBOL_KERNEL_ERROR_PERMISSION,
 * _UNSUPPORTED (this kernel has no PF_KEY) or _LIMIT. */
int pfkey_raw_open(GError **error);

/* Sends one message; 0 or negative errno. */
int pfkey_raw_send(int fd, const guint8 *bytes, gsize n);

/* Reads until there is nothing, @most messages were told, or @message says %FALSE (it may then have closed everything).  @bytes are
 * wiped after the call.  0: nothing is there now; 1: there may be more, or @message ended it; negative errno: broken. */
int pfkey_raw_receive(int fd, guint most, gboolean (*message)(gpointer data, const guint8 *bytes, gsize n), gpointer data);

#endif
