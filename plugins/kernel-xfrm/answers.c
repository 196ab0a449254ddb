/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answers.c - completions and events wait here for the loop. */
#include "answers.h"

#define AT_A_TIME 64 /* then other sources have their turn */

/* A completion (@done set) or an event. */
typedef struct {
    ObolKernelDone done;
    gpointer data;
    ObolKernelReply reply;
    GError *error;
    ObolKernelEvent event;
} Waiting;

struct Answers {
    GQueue waiting;
    ObolKernelClient client;
    GSource *source;
};

typedef struct {
    GSource source;
    Answers *answers;
} AnswersSource;

static void
waiting_free(Waiting *waiting)
{
    g_clear_error(&waiting->error);
    g_clear_pointer((GArray **) &waiting->reply.sas, g_array_unref);
    g_clear_pointer((GArray **) &waiting->reply.policies, g_array_unref);
    g_free(waiting);
}

static void
hand_over(Answers *answers, Waiting *waiting)
{
    waiting->reply.error = waiting->error;
    if (waiting->done != NULL)
        waiting->done(&waiting->reply, waiting->data);
    else
        answers->client.event(answers->client.data, &waiting->event);
    waiting_free(waiting);
}

static gboolean
turn(GSource *source, GSourceFunc callback, gpointer data)
{
    Answers *answers = ((AnswersSource *) source)->answers;

    (void) callback;
    (void) data;
    for (guint i = 0; i < AT_A_TIME && !g_queue_is_empty(&answers->waiting); i++)
        hand_over(answers, g_queue_pop_head(&answers->waiting));
    g_source_set_ready_time(source, g_queue_is_empty(&answers->waiting) ? -1 : 0);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = turn };

Answers *
answers_new(GMainContext *context, const ObolKernelClient *client)
{
    Answers *answers = g_new0(Answers, 1);

    g_queue_init(&answers->waiting);
    answers->client = *client;
    answers->source = g_source_new(&functions, sizeof(AnswersSource));
    ((AnswersSource *) answers->source)->answers = answers;
    g_source_attach(answers->source, context);
    return answers;
}

void
answers_free(Answers *answers)
{
    Waiting *waiting;

    if (answers == NULL)
        return;
    g_source_destroy(answers->source);
    g_source_unref(answers->source);
    while ((waiting = g_queue_pop_head(&answers->waiting)) != NULL) {
        if (waiting->done != NULL)
            hand_over(answers, waiting);
        else
            waiting_free(waiting);
    }
    g_free(answers);
}

static void
push(Answers *answers, Waiting *waiting)
{
    g_queue_push_tail(&answers->waiting, waiting);
    g_source_set_ready_time(answers->source, 0);
}

void
answers_push(Answers *answers, ObolKernelDone done, gpointer data, const ObolKernelReply *reply, GError *error)
{
    Waiting *waiting = g_new0(Waiting, 1);

    *waiting = (Waiting) { .done = done, .data = data, .reply = *reply, .error = error };
    push(answers, waiting);
}

void
answers_push_event(Answers *answers, const ObolKernelEvent *event)
{
    Waiting *waiting = g_new0(Waiting, 1);

    waiting->event = *event;
    push(answers, waiting);
}
