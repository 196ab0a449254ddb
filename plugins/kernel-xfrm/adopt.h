/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adopt.h - the daemon's own UDP sockets: past all policies, and where ESP in UDP comes out. */
#ifndef XFRM_ADOPT_H
#define XFRM_ADOPT_H

#include <obol/kernel.h>

gboolean adopt_socket(int fd, int family, gboolean nat_t, GError **error);

#endif
