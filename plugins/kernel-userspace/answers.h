/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answers.h - completions and events, given out by the loop in the order in which they came about (obol/kernel.h). */
#ifndef USERSPACE_ANSWERS_H
#define USERSPACE_ANSWERS_H

#include <obol/kernel.h>

typedef struct Answers Answers;

Answers *answers_new(GMainContext *context, const ObolKernelClient *client);
/* Gives out what is left of completions first: each request is answered exactly once. */
void answers_free(Answers *answers);

/* Takes @error and the lists of @reply. */
void answers_push(Answers *answers, ObolKernelDone done, gpointer data, const ObolKernelReply *reply, GError *error);
void answers_push_event(Answers *answers, const ObolKernelEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answers, answers_free)

#endif
