/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answers.h - completions and events wait here for the loop: never from within a request, and in order (obol/kernel.h). */
#ifndef XFRM_ANSWERS_H
#define XFRM_ANSWERS_H

#include <obol/kernel.h>

typedef struct Answers Answers;

Answers *answers_new(GMainContext *context, const ObolKernelClient *client);
/* Gives out the completions that are left: each request is answered exactly once.  Events are dropped. */
void answers_free(Answers *answers);

/* Takes @error and @reply's lists. */
void answers_push(Answers *answers, ObolKernelDone done, gpointer data, const ObolKernelReply *reply, GError *error);
void answers_push_event(Answers *answers, const ObolKernelEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answers, answers_free)

#endif
