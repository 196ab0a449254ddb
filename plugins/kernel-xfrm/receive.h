/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* receive.h - datagrams of the kernel, message by message. */
#ifndef XFRM_RECEIVE_H
#define XFRM_RECEIVE_H

#include "decode.h"

#define RECEIVE_MAX 65536 /* a dump comes in pieces of 32 KiB at most, and the longest SA is far smaller */

/* @fault: why @message was not understood; of it @n, @type, @sequence and @port are then right.  %FALSE: enough. */
typedef gboolean (*ReceiveVisit)(const XfrmMessage *message, const XfrmFault *fault, gpointer data);

/* Reads one datagram into @buffer, of RECEIVE_MAX bytes, and wipes it afterwards: SAs come with their keys.  1: there was one;
 * 0: one that was not the kernel's; or a negative errno. */
int receive_datagram(int fd, int flags, guint8 *buffer, ReceiveVisit visit, gpointer data);

#endif
