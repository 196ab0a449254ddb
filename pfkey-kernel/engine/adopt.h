/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adopt.h - a UDP socket of the daemon's whose packets pass all policies, and out of which the kernel takes ESP. */
#ifndef PFKEY_ENGINE_ADOPT_H
#define PFKEY_ENGINE_ADOPT_H

#include <glib.h>

/* Both give 0 or a negative errno.  The first needs CAP_NET_ADMIN and this machine's af_key. */
int pfkey_adopt_bypass(int fd, int family);
int pfkey_adopt_encap(int fd);
/* The port that @fd is bound to; 0: none. */
guint16 pfkey_adopt_port(int fd);

#endif
