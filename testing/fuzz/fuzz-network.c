/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-network.c - a datagram of rtnetlink: messages until its end or a fault, and never past it. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "plugins/network-netlink/message.h"

OBOL_FUZZ_TARGET(network)
{
    g_autofree guint8 *aligned = g_memdup2(data, n); /* as a receive buffer is */
    MessageReader reader = { .at = aligned, .left = n };
    Message message;
    gsize n_messages = 0;

    while (message_read(&reader, &message)) {
        if (++n_messages > n)
            g_error("messages of no length");
        if (memchr(message.name, '\0', sizeof message.name) == NULL)
            g_error("a name without an end");
        if (message.address.family != 0 && obol_address_n_bytes(&message.address) == 0)
            g_error("an address of a family that has none");
    }
    if (!reader.fault && reader.left != 0)
        g_error("it stopped without a reason");
    return 0;
}
