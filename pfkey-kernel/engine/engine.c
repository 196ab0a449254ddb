/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine.c - the kernel role over PF_KEY, without I/O. */
#include "pfkey-kernel/engine/engine-private.h"

#include <netinet/in.h>
#include <string.h>

#define TURNS_MAX 64                            /* of jobs that end as soon as they begin */
#define COMPARE_GAP_US (200 * (gint64) 1000)    /* others may flush as often as they like */

void
pfkey_log(PfkeyEngine *engine, int level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    engine->calls.log(engine->calls.data, level, text);
}

/* What no kernel over PF_KEY has stays 0; what one may lack is found out when it is registered with. */
static void
init_abilities(PfkeyEngine *engine)
{
    engine->abilities.abilities = (ObolKernelAbilities) {
        .size = sizeof(ObolKernelAbilities), .summary = engine->settings.summary, .transforms = engine->abilities.transforms,
        .replay_window_max = PFKEY_REPLAY_MAX, .tunnel = TRUE, .transport = TRUE, .esp = TRUE, .ah = TRUE, .ipcomp = TRUE,
        .plain_esp = TRUE, .udp_encap = TRUE, .update_addresses = TRUE, .byte_lifetimes = TRUE, .packet_lifetimes = TRUE,
        .other_family = TRUE, .exact_priority = TRUE,
        .flags = OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_DSCP_IN, .reqid_max = PFKEY_REQID_MANUAL_MAX,
    };
}

PfkeyEngine *
pfkey_engine_new(const PfkeyEngineSettings *settings, const PfkeyEngineCalls *calls, gint64 now_us)
{
    PfkeyEngine *engine = g_new0(PfkeyEngine, 1);

    engine->settings = *settings;
    engine->calls = *calls;
    engine->now_us = now_us;
    engine->seq = settings->seq;
    engine->compare_us = engine->restart_us = G_MAXINT64;
    g_queue_init(&engine->jobs);
    g_queue_init(&engine->events);
    engine->exchanges = g_ptr_array_new();
    engine->acquires = g_array_new(FALSE, FALSE, sizeof(PfkeyAcquire));
    pfkey_sad_init(&engine->sad);
    pfkey_spd_init(&engine->spd);
    init_abilities(engine);
    return engine;
}

void
pfkey_engine_free(PfkeyEngine *engine)
{
    if (engine == NULL)
        return;
    engine->up = engine->ready = FALSE;
    while (!g_queue_is_empty(&engine->jobs)) { /* whoever is answered may ask again */
        pfkey_jobs_give_up(engine, FALSE, TRUE, "the plugin is closed");
        pfkey_jobs_give(engine);
    }
    g_queue_clear_full(&engine->events, g_free);
    g_ptr_array_unref(engine->exchanges);
    g_array_unref(engine->acquires);
    pfkey_spd_clear(&engine->spd);
    pfkey_sad_clear(&engine->sad);
    g_free(engine);
}

void
pfkey_engine_up(PfkeyEngine *engine, gint64 now_us)
{
    engine->now_us = now_us;
    engine->up = TRUE;
    pfkey_job_add_first(engine, pfkey_job_start(engine));
}

void
pfkey_engine_down(PfkeyEngine *engine, const char *why, gint64 now_us)
{
    engine->now_us = now_us;
    if (engine->up && why != NULL)
        pfkey_log(engine, 0, "PF_KEY: %s", why);
    engine->up = engine->ready = FALSE;
    engine->restart_us = G_MAXINT64;
    pfkey_jobs_give_up(engine, TRUE, FALSE, why != NULL ? why : "another way is taken");
}

static void
refuse_unknown(PfkeyEngine *engine, PfkeyJob *job)
{
    pfkey_job_fail(engine, job, g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "an unknown request"));
}

static PfkeyJob *
job_for(PfkeyEngine *engine, const ObolKernelRequest *request)
{
    switch (request->op) {
    case OBOL_KERNEL_GET_SPI: return pfkey_job_get_spi(engine, request);
    case OBOL_KERNEL_ADD_SA: return pfkey_job_add_sa(engine, request);
    case OBOL_KERNEL_UPDATE_SA: return pfkey_job_update_sa(engine, request);
    case OBOL_KERNEL_DELETE_SA: return pfkey_job_delete_sa(engine, &request->sa.id);
    case OBOL_KERNEL_QUERY_SA: return pfkey_job_query_sa(engine, &request->sa.id);
    case OBOL_KERNEL_ADD_POLICY: return pfkey_job_add_policy(engine, &request->policy);
    case OBOL_KERNEL_DELETE_POLICY: return pfkey_job_delete_policy(engine, &request->policy);
    case OBOL_KERNEL_UPDATE_POLICY: return pfkey_job_update_policy(engine, &request->policy, &request->policy_to);
    case OBOL_KERNEL_FLUSH: return pfkey_job_flush(engine);
    case OBOL_KERNEL_LIST: return pfkey_job_list(engine);
    }
    return pfkey_job_new(engine, sizeof(PfkeyJob), PFKEY_LOCK_NONE, refuse_unknown);
}

void
pfkey_engine_request(PfkeyEngine *engine, const ObolKernelRequest *request, ObolKernelDone done, gpointer data, gint64 now_us)
{
    PfkeyJob *job;

    engine->now_us = now_us;
    job = job_for(engine, request);
    job->done = done;
    job->data = data;
    pfkey_job_add(engine, job);
}

gboolean
pfkey_engine_wants(const PfkeyEngine *engine, PfkeyChannel channel, const PfkeyHeader *header)
{
    if (pfkey_exchanges_match(engine, channel, header))
        return TRUE;
    if (channel != PFKEY_CHANNEL_EVENTS || header->error != 0)
        return FALSE;
    switch (header->type) {
    case PFKEY_ACQUIRE:
    case PFKEY_EXPIRE:
    case PFKEY_X_NAT_T_NEW_MAPPING: return TRUE;
    case PFKEY_DELETE:
    case PFKEY_FLUSH:
    case PFKEY_X_SPDDELETE:
    case PFKEY_X_SPDDELETE2:
    case PFKEY_X_SPDUPDATE:
    case PFKEY_X_SPDFLUSH: return header->pid != engine->settings.pid; /* others' */
    default: return FALSE;
    }
}

void
pfkey_engine_message(PfkeyEngine *engine, PfkeyChannel channel, const PfkeyMessage *message, gint64 now_us)
{
    engine->now_us = now_us;
    if (!pfkey_exchanges_take(engine, channel, message) && pfkey_engine_wants(engine, channel, &message->header))
        pfkey_event_message(engine, message);
}

void
pfkey_compare_soon(PfkeyEngine *engine, gint64 after_us)
{
    gint64 earliest = engine->compared_us != 0 ? engine->compared_us + COMPARE_GAP_US : 0;

    engine->compare_us = MIN(engine->compare_us, MAX(engine->now_us + after_us, earliest));
}

/* Under way, with limits of its own: a kernel may load its modules before it answers. */
static gboolean
starting(const PfkeyEngine *engine)
{
    const PfkeyJob *head = g_queue_peek_head((GQueue *) &engine->jobs);

    return engine->up && head != NULL && head->starts_engine && !head->finished;
}

static void
deadlines(PfkeyEngine *engine)
{
    pfkey_exchanges_due(engine);
    pfkey_sad_due(engine);
    if (!engine->ready && !starting(engine))
        pfkey_jobs_give_up(engine, FALSE, FALSE, "there is no way to the kernel");
    if (engine->now_us >= engine->restart_us && engine->up) {
        engine->restart_us = G_MAXINT64;
        pfkey_job_add_first(engine, pfkey_job_start(engine));
    }
    if (engine->now_us >= engine->compare_us && engine->ready && !engine->comparing) {
        engine->compare_us = engine->settings.check_us > 0 ? engine->now_us + engine->settings.check_us : G_MAXINT64;
        engine->comparing = TRUE;
        pfkey_job_add(engine, pfkey_job_compare(engine));
    }
}

static gboolean
may_give(const PfkeyEngine *engine)
{
    const PfkeyJob *head = g_queue_peek_head((GQueue *) &engine->jobs);

    return (head != NULL && head->finished) || !g_queue_is_empty((GQueue *) &engine->events);
}

/* A job that needs nothing of the kernel leaves its place to the next one at once. */
void
pfkey_engine_run(PfkeyEngine *engine, gint64 now_us)
{
    engine->now_us = now_us;
    for (guint i = 0; i < TURNS_MAX; i++) {
        deadlines(engine);
        pfkey_jobs_start(engine);
        if (!may_give(engine))
            break;
        pfkey_jobs_give(engine);
    }
}

gint64
pfkey_engine_next_us(const PfkeyEngine *engine)
{
    const PfkeyDeadline *first = pfkey_deadlines_first(engine->sad.deadlines);
    gint64 next = MIN(pfkey_exchanges_next_us(engine), first != NULL ? first->at_us : G_MAXINT64);

    if (may_give(engine))
        return engine->now_us;
    if (engine->up)
        next = MIN(next, engine->restart_us);
    if (engine->ready && !engine->comparing)
        next = MIN(next, engine->compare_us);
    for (const GList *l = engine->jobs.head; l != NULL && !engine->ready && !starting(engine); l = l->next)
        if (!((const PfkeyJob *) l->data)->started)
            next = MIN(next, ((const PfkeyJob *) l->data)->give_up_us);
    return next;
}

gboolean
pfkey_engine_is_ready(const PfkeyEngine *engine)
{
    return engine->ready;
}

gboolean
pfkey_engine_is_idle(const PfkeyEngine *engine)
{
    return engine->ready && g_queue_is_empty((GQueue *) &engine->jobs);
}

const ObolKernelAbilities *
pfkey_engine_abilities(const PfkeyEngine *engine)
{
    return &engine->abilities.abilities;
}

void
pfkey_engine_release(PfkeyEngine *engine, gint64 now_us)
{
    engine->now_us = now_us;
    pfkey_jobs_give_up(engine, FALSE, TRUE, "the plugin is closed");
    pfkey_jobs_give(engine);
    pfkey_job_add(engine, pfkey_job_flush(engine));
}

void
pfkey_engine_each_policy(const PfkeyEngine *engine, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    g_autoptr(GPtrArray) all = pfkey_spd_all(&engine->spd);

    for (guint i = 0; i < all->len; i++) {
        const PfkeySpdEntry *entry = all->pdata[i];

        if (g_array_index(entry->uses, PfkeyUse, entry->uses->len - 1).first)
            visit(pfkey_spd_serving(entry), data);
    }
}

void
pfkey_engine_pass_port(PfkeyEngine *engine, guint16 family, guint16 port, gint64 now_us)
{
    engine->now_us = now_us;
    for (ObolDirection direction = OBOL_DIR_IN; direction <= OBOL_DIR_OUT; direction++) {
        ObolTs any = { .family = family, .protocol = IPPROTO_UDP, .port_last = 65535 }, ours;
        ObolPolicySpec spec = { .direction = direction, .action = OBOL_POLICY_PASS, .priority = 1 };

        memset(any.last, 0xff, obol_address_n_bytes(&(ObolAddress) { .family = family }));
        ours = any;
        ours.port_first = ours.port_last = port;
        spec.source = direction == OBOL_DIR_OUT ? ours : any;
        spec.destination = direction == OBOL_DIR_OUT ? any : ours;
        pfkey_job_add(engine, pfkey_job_add_policy(engine, &spec));
    }
}
