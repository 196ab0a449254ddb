/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answers.c - completions and events, given out by the loop in the order in which they came about. */
#include "answers.h"

#define PER_TURN 64 /* then others of the loop have theirs */

typedef struct {
    GSource source;
    Answers *answers;
} AnswersSource;

/* One of the two: a completion (@done set), or an event. */
typedef struct {
    ObolKernelDone done;
    gpointer data;
    ObolKernelReply reply;
    GError *error;
    ObolKernelEvent event;
} Answer;

/* No bound of its own is needed: a request is one answer, an SA has three events, a policy one request for an SA at a time. */
struct Answers {
    GQueue queue;
    ObolKernelClient client;
    GSource *source;
};

static void
answer_free(Answer *answer)
{
    GArray *sas = (GArray *) answer->reply.sas, *policies = (GArray *) answer->reply.policies; /* const for the reader alone */

    g_clear_pointer(&sas, g_array_unref);
    g_clear_pointer(&policies, g_array_unref);
    g_clear_error(&answer->error);
    g_free(answer);
}

static void
give(Answers *answers, Answer *answer)
{
    if (answer->done != NULL) {
        answer->reply.error = answer->error;
        answer->done(&answer->reply, answer->data);
    } else {
        answers->client.event(answers->client.data, &answer->event);
    }
    answer_free(answer);
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    Answers *answers = ((AnswersSource *) source)->answers;

    (void) callback;
    (void) data;
    g_source_set_ready_time(source, -1);
    for (guint i = 0; i < PER_TURN && !g_queue_is_empty(&answers->queue); i++)
        give(answers, g_queue_pop_head(&answers->queue));
    if (!g_queue_is_empty(&answers->queue))
        g_source_set_ready_time(source, 0);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = dispatch };

Answers *
answers_new(GMainContext *context, const ObolKernelClient *client)
{
    Answers *answers = g_new0(Answers, 1);

    g_queue_init(&answers->queue);
    answers->client = *client;
    answers->source = g_source_new(&functions, sizeof(AnswersSource));
    ((AnswersSource *) answers->source)->answers = answers;
    g_source_attach(answers->source, context);
    return answers;
}

void
answers_free(Answers *answers)
{
    Answer *answer;

    if (answers == NULL)
        return;
    g_source_destroy(answers->source);
    g_source_unref(answers->source);
    while ((answer = g_queue_pop_head(&answers->queue)) != NULL) {
        if (answer->done != NULL)
            give(answers, answer);
        else
            answer_free(answer);
    }
    g_free(answers);
}

static void
push(Answers *answers, Answer *answer)
{
    g_queue_push_tail(&answers->queue, answer);
    g_source_set_ready_time(answers->source, 0);
}

void
answers_push(Answers *answers, ObolKernelDone done, gpointer data, const ObolKernelReply *reply, GError *error)
{
    Answer *answer = g_new0(Answer, 1);

    answer->done = done;
    answer->data = data;
    answer->reply = *reply;
    answer->error = error;
    push(answers, answer);
}

void
answers_push_event(Answers *answers, const ObolKernelEvent *event)
{
    Answer *answer = g_new0(Answer, 1);

    answer->event = *event;
    push(answers, answer);
}
