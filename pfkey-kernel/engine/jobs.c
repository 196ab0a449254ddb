/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jobs.c - requests under way, each a few exchanges; begun as soon as none before is in the way, answered in their order. */
#include "pfkey-kernel/engine/engine-private.h"

#include <errno.h>
#include <string.h>

#include "pfkey-kernel/engine/refusal.h"

#define WINDOW 32        /* jobs under way at once: as much as a socket's buffer takes */
#define ANSWERS_A_TURN 64
#define SEQ_OURS 0x80000000u /* the kernel counts its acquires from 1, and ties a request of the same number to them */

gpointer
pfkey_job_new(PfkeyEngine *engine, gsize n, PfkeyLock lock, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    PfkeyJob *job = g_malloc0(n);

    job->lock = lock;
    job->start = start;
    job->give_up_us = engine->now_us + engine->settings.timeout_us;
    return job;
}

void
pfkey_job_add(PfkeyEngine *engine, PfkeyJob *job)
{
    g_queue_push_tail(&engine->jobs, job);
}

void
pfkey_job_add_first(PfkeyEngine *engine, PfkeyJob *job)
{
    g_queue_push_head(&engine->jobs, job);
}

static void
job_free(PfkeyJob *job)
{
    if (job->clear != NULL)
        job->clear(job);
    g_clear_error(&job->error);
    g_free(job);
}

static void
exchange_free(PfkeyExchange *exchange)
{
    g_clear_error(&exchange->unsent);
    g_free(exchange);
}

/* @type 0: all. */
static void
forget_exchanges(PfkeyEngine *engine, const PfkeyJob *job, PfkeyType type)
{
    for (guint i = engine->exchanges->len; i-- > 0;) {
        PfkeyExchange *exchange = engine->exchanges->pdata[i];

        if (exchange->job == job && (type == 0 || exchange->type == type))
            exchange_free(g_ptr_array_remove_index(engine->exchanges, i));
    }
}

void
pfkey_ask_no_more(PfkeyEngine *engine, const PfkeyJob *job, PfkeyType type)
{
    forget_exchanges(engine, job, type);
}

void
pfkey_job_done(PfkeyEngine *engine, PfkeyJob *job)
{
    forget_exchanges(engine, job, 0);
    job->finished = TRUE;
}

void
pfkey_job_fail(PfkeyEngine *engine, PfkeyJob *job, GError *error)
{
    g_clear_error(&job->error);
    job->error = error;
    pfkey_job_done(engine, job);
}

GError *
pfkey_answer_error(PfkeyType asked, const PfkeyAnswer *answer, const char *about)
{
    if (answer->unsent != NULL)
        return g_error_copy(answer->unsent);
    if (answer->number == ETIMEDOUT)
        return g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE, "%s: %s: the kernel does not answer; it may have been done",
                           pfkey_type_name(asked), about);
    return pfkey_refusal_new(asked, answer->number, about);
}

void
pfkey_job_fail_by(PfkeyEngine *engine, PfkeyJob *job, PfkeyType asked, const PfkeyAnswer *answer)
{
    g_autofree char *about = job->lock == PFKEY_LOCK_POLICY ? g_strdup("a policy")
                             : job->id.protocol != 0 ? pfkey_sa_text(&job->id) : g_strdup("all that there is");

    if (answer->number == ETIMEDOUT) /* whatever has become of it */
        pfkey_compare_soon(engine, 0);
    pfkey_job_fail(engine, job, pfkey_answer_error(asked, answer, about));
}

static gboolean
same_id(const ObolSaId *a, const ObolSaId *b)
{
    return a->spi == b->spi && a->protocol == b->protocol && pfkey_address_same(&a->destination, &b->destination);
}

static gboolean
overlap(const ObolPolicySpec *a, const ObolPolicySpec *b)
{
    ObolTs unused;

    return a->direction == b->direction && obol_ts_intersect(&a->source, &b->source, &unused) &&
           obol_ts_intersect(&a->destination, &b->destination, &unused);
}

static gboolean
conflict(const PfkeyJob *a, const PfkeyJob *b)
{
    if (a->lock == PFKEY_LOCK_ALL || b->lock == PFKEY_LOCK_ALL)
        return TRUE;
    if (a->lock != b->lock)
        return FALSE;
    return a->lock == PFKEY_LOCK_SA ? same_id(&a->id, &b->id) : a->lock == PFKEY_LOCK_POLICY && overlap(&a->policy, &b->policy);
}

static gboolean
in_the_way(const GList *link)
{
    const PfkeyJob *job = link->data;

    for (const GList *l = link->prev; l != NULL; l = l->prev) {
        const PfkeyJob *earlier = l->data;

        if (!earlier->finished && conflict(job, earlier))
            return TRUE;
    }
    return FALSE;
}

void
pfkey_jobs_start(PfkeyEngine *engine)
{
    guint n = 0;

    for (GList *l = engine->jobs.head; l != NULL && n < WINDOW && engine->up; l = l->next) {
        PfkeyJob *job = l->data;

        if (job->finished)
            continue;
        n++;
        if (!job->started && (engine->ready || job->starts_engine) && !in_the_way(l)) {
            job->started = TRUE;
            job->start(engine, job);
        }
        if (job->lock == PFKEY_LOCK_ALL && !job->finished)
            break;
    }
}

void
pfkey_jobs_give(PfkeyEngine *engine)
{
    for (guint i = 0; i < ANSWERS_A_TURN; i++) {
        PfkeyJob *job = g_queue_peek_head(&engine->jobs);
        ObolKernelEvent *event;

        if (job != NULL && job->finished) {
            g_queue_pop_head(&engine->jobs);
            job->reply.error = job->error;
            if (job->done != NULL)
                job->done(&job->reply, job->data);
            job_free(job);
        } else if ((event = g_queue_pop_head(&engine->events)) != NULL) {
            engine->calls.event(engine->calls.data, event);
            g_free(event);
        } else {
            return;
        }
    }
}

void
pfkey_jobs_give_up(PfkeyEngine *engine, gboolean started_ones, gboolean all, const char *why)
{
    for (GList *l = engine->jobs.head; l != NULL; l = l->next) {
        PfkeyJob *job = l->data;

        if (job->finished || !(all || (started_ones ? job->started : !job->started && engine->now_us >= job->give_up_us)))
            continue;
        pfkey_job_fail(engine, job, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE, "PF_KEY: %s%s", why,
                                                job->started ? "; what was asked may have been done" : ""));
    }
}

/* --- exchanges --- */

static guint32
next_seq(PfkeyEngine *engine)
{
    engine->seq = (engine->seq + 1) | SEQ_OURS;
    return engine->seq;
}

void
pfkey_ask(PfkeyEngine *engine, PfkeyJob *job, PfkeyChannel channel, PfkeyMessage *message, PfkeyAnswered answered)
{
    PfkeyExchange *exchange = g_new0(PfkeyExchange, 1);

    message->header.pid = engine->settings.pid;
    if (message->header.seq == 0)
        message->header.seq = next_seq(engine);
    *exchange = (PfkeyExchange) {
        .job = job, .channel = channel, .type = message->header.type, .seq = message->header.seq, .answered = answered,
        .many = message->header.type == PFKEY_DUMP || message->header.type == PFKEY_X_SPDDUMP,
        .deadline_us = engine->now_us + engine->settings.timeout_us,
    };
    g_ptr_array_add(engine->exchanges, exchange);
    if (!engine->calls.send(engine->calls.data, channel, message, &exchange->unsent))
        exchange->deadline_us = engine->now_us;
}

gboolean
pfkey_job_again(PfkeyJob *job, const PfkeyAnswer *answer)
{
    return answer->number == ETIMEDOUT && job->tries++ == 0;
}

/* The index, or -1. */
static int
find_exchange(const PfkeyEngine *engine, PfkeyChannel channel, const PfkeyHeader *header)
{
    if (header->pid != engine->settings.pid)
        return -1;
    for (guint i = 0; i < engine->exchanges->len; i++) {
        const PfkeyExchange *exchange = engine->exchanges->pdata[i];

        if (exchange->channel == channel && exchange->type == header->type && (exchange->many || exchange->seq == header->seq))
            return (int) i;
    }
    return -1;
}

gboolean
pfkey_exchanges_match(const PfkeyEngine *engine, PfkeyChannel channel, const PfkeyHeader *header)
{
    return find_exchange(engine, channel, header) >= 0;
}

static void
deliver(PfkeyEngine *engine, guint index, const PfkeyAnswer *answer)
{
    PfkeyExchange *exchange = engine->exchanges->pdata[index];
    PfkeyJob *job = exchange->job;
    PfkeyAnswered answered = exchange->answered;
    GError *unsent = g_steal_pointer(&exchange->unsent);

    if (answer->last)
        exchange_free(g_ptr_array_remove_index(engine->exchanges, index));
    else
        exchange->deadline_us = engine->now_us + engine->settings.timeout_us;
    answered(engine, job, answer);
    g_clear_error(&unsent);
}

gboolean
pfkey_exchanges_take(PfkeyEngine *engine, PfkeyChannel channel, const PfkeyMessage *message)
{
    int index = find_exchange(engine, channel, &message->header);
    const PfkeyExchange *exchange = index >= 0 ? engine->exchanges->pdata[index] : NULL;
    PfkeyAnswer answer = { .message = message, .number = message->header.error };

    if (exchange == NULL)
        return FALSE;
    /* A dump ends with number 0, or with an error, which has our number. */
    answer.last = !exchange->many || message->header.seq == 0 || answer.number != 0;
    deliver(engine, (guint) index, &answer);
    return TRUE;
}

void
pfkey_exchanges_due(PfkeyEngine *engine)
{
    for (guint i = 0; i < engine->exchanges->len;) {
        const PfkeyExchange *exchange = engine->exchanges->pdata[i];

        if (engine->now_us < exchange->deadline_us) {
            i++;
            continue;
        }
        deliver(engine, i, &(PfkeyAnswer) { .number = exchange->unsent != NULL ? EIO : ETIMEDOUT, .unsent = exchange->unsent, .last = TRUE });
        i = 0; /* the array is another one now */
    }
}

gint64
pfkey_exchanges_next_us(const PfkeyEngine *engine)
{
    gint64 next = G_MAXINT64;

    for (guint i = 0; i < engine->exchanges->len; i++)
        next = MIN(next, ((const PfkeyExchange *) engine->exchanges->pdata[i])->deadline_us);
    return next;
}
