/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* beet.h - bound end-to-end tunnels (draft-nikander-esp-beet-mode): the inner addresses are the SA's, and only IPv4 options
 * travel, in a pseudo-header as Linux has it. */
#ifndef USERSPACE_BEET_H
#define USERSPACE_BEET_H

#include "packet.h"

#define BEET_HEADER 4      /* next header, length in units of 8 behind the first 8, padding, reserved */
#define BEET_OPTIONS_MAX 40

typedef struct {
    const guint8 *options;
    gsize n_options, n_all; /* @n_all: of the pseudo-header with them */
    guint8 next;
} BeetHeader;

/* Writes the pseudo-header of @n_options bytes of options, a multiple of 4, that stand before @payload already; gives its length,
 * which is counted back from there too. */
gsize beet_wrap_options(guint8 *payload, gsize n_options, guint8 next);

/* %FALSE when it does not hold together. */
gboolean beet_parse(const guint8 *data, gsize n, BeetHeader *out);

#endif
