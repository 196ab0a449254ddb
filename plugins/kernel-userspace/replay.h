/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* replay.h - the anti-replay window of RFC 4303 section 3.4.3, as the ring of words of RFC 6479. */
#ifndef USERSPACE_REPLAY_H
#define USERSPACE_REPLAY_H

#include <glib.h>

#define REPLAY_WINDOW_MAX 8192      /* packets */
#define REPLAY_WINDOW_UNCHECKED 64  /* stands in for 0, where an ESN must be guessed all the same */

/**
 * Replay:
 * @top: the highest authentic sequence number; 0: none yet
 * @window: packets that may still come late, @top included
 * @check: %FALSE: only the ESN is tracked, duplicates pass
 */
typedef struct {
    guint64 top;
    guint32 window;
    gboolean check;
    guint32 n_words; /* a power of two */
    guint64 *words;
} Replay;

/* @window 0 turns the check off; more than REPLAY_WINDOW_MAX is cut. */
void replay_init(Replay *replay, guint32 window);
void replay_clear(Replay *replay);

/* The 64-bit number that @low is the end of, by appendix A2.2 of RFC 4303; %FALSE when it would lie below zero. */
gboolean replay_extend(const Replay *replay, guint32 low, guint64 *out);

/* May a packet of this number be accepted, if authentic? */
gboolean replay_may(const Replay *replay, guint64 number);

/* Marks an authentic packet's number.  %TRUE when it is the highest so far. */
gboolean replay_mark(Replay *replay, guint64 number);

#endif
