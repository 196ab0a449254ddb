/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* start.c - a new way to the kernel: registered with, and asked what it can. */
#include <errno.h>

#include "pfkey-kernel/engine/engine-private.h"

#define AGAIN_US G_USEC_PER_SEC
#define PROBE_SPI 0xc0ffee00u /* among ours, so that another's is not met */

typedef struct {
    PfkeyJob job;
    guint at; /* of the protocols; behind them: none, for the list of algorithms alone */
} StartJob;

static const guint8 protocols[] = { OBOL_PROTO_ESP, OBOL_PROTO_AH, OBOL_PROTO_IPCOMP };

static gboolean *
ability(PfkeyEngine *engine, guint8 protocol)
{
    ObolKernelAbilities *abilities = &engine->abilities.abilities;

    return protocol == OBOL_PROTO_ESP ? &abilities->esp : protocol == OBOL_PROTO_AH ? &abilities->ah : &abilities->ipcomp;
}

static void
finished(PfkeyEngine *engine, StartJob *job)
{
    ObolKernelAbilities *abilities = &engine->abilities.abilities;

    if (!engine->abilities.known && !abilities->esp)
        abilities->plain_esp = abilities->udp_encap = FALSE;
    engine->abilities.known = engine->ready = TRUE;
    pfkey_log(engine, 1, "PF_KEY: registered with the kernel");
    pfkey_job_done(engine, &job->job);
    if (engine->settings.probe)
        return;
    engine->comparing = TRUE;
    engine->compare_us = engine->settings.check_us > 0 ? engine->now_us + engine->settings.check_us : G_MAXINT64;
    pfkey_job_add_first(engine, pfkey_job_compare(engine));
}

/* --- are the modules there?  REGISTER does not tell; an SA does --- */

static void probe_next(PfkeyEngine *engine, StartJob *job);

/* Between addresses of documentation (RFC 5737): no packet ever uses it. */
static ObolSaSpec
probe_spec(const PfkeyEngine *engine, guint8 protocol)
{
    ObolSaSpec spec = {
        .id = { .protocol = protocol, .spi = protocol == OBOL_PROTO_IPCOMP ? PFKEY_CPI_MAX : PROBE_SPI },
        .reqid = PFKEY_REQID_MANUAL_MAX, .mode = OBOL_MODE_TRANSPORT, .suite = { .protocol = protocol, .encr = OBOL_ENCR_NULL },
    };

    obol_address_parse("192.0.2.1", &spec.id.source);
    obol_address_parse("192.0.2.2", &spec.id.destination);
    for (const ObolTransform *t = engine->abilities.transforms; t->type != 0; t++)
        if (t->type == OBOL_TRANSFORM_INTEG)
            spec.suite.integ = t->id;
    return spec;
}

static void
probe_removed(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    (void) answer;
    probe_next(engine, (StartJob *) base);
}

static void
probe_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    StartJob *job = (StartJob *) base;
    guint8 protocol = protocols[job->at];
    PfkeyMessage message;
    ObolSaSpec spec;

    job->at++;
    if (answer->number == EPROTONOSUPPORT || answer->number == ENOENT || answer->number == ENOSYS) {
        *ability(engine, protocol) = FALSE;
        pfkey_log(engine, 1, "PF_KEY: the kernel has no %s", obol_protocol_name(protocol));
    }
    if (answer->number != 0) {
        probe_next(engine, job);
        return;
    }
    spec = probe_spec(engine, protocol);
    pfkey_build_name(&message, PFKEY_DELETE, &spec.id);
    pfkey_ask(engine, base, PFKEY_CHANNEL_REQUESTS, &message, probe_removed);
}

static void
probe_next(PfkeyEngine *engine, StartJob *job)
{
    const PfkeyAlgorithmRow *row;
    g_autoptr(ObolSecret) key = NULL;
    PfkeyMessage message;
    ObolSaSpec spec;

    while (job->at < G_N_ELEMENTS(protocols) && !*ability(engine, protocols[job->at]))
        job->at++;
    if (job->at == G_N_ELEMENTS(protocols) || engine->abilities.known) {
        finished(engine, job);
        return;
    }
    spec = probe_spec(engine, protocols[job->at]);
    row = pfkey_algorithm_find(OBOL_TRANSFORM_INTEG, spec.suite.integ, 0);
    key = obol_secret_new(row != NULL ? row->bits / 8 : 0);
    spec.integ_key = key;
    pfkey_build_sa(&message, PFKEY_ADD, &spec, spec.id.protocol == OBOL_PROTO_IPCOMP || row == NULL ? 0 : row->number,
                   spec.id.protocol == OBOL_PROTO_ESP ? PFKEY_EALG_NULL : spec.id.protocol == OBOL_PROTO_IPCOMP ? PFKEY_CALG_DEFLATE : 0);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, probe_answered);
}

/* --- does it move SAs? --- */

/* What lacks everything is EINVAL to a kernel that has MIGRATE, and ENOPROTOOPT to one that was built without. */
static void
migrate_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    StartJob *job = (StartJob *) base;

    if (answer->number == ENOPROTOOPT || answer->number == EOPNOTSUPP)
        engine->abilities.abilities.update_addresses = FALSE;
    job->at = 0;
    probe_next(engine, job);
}

static void
probe_migrate(PfkeyEngine *engine, StartJob *job)
{
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_X_MIGRATE, PFKEY_SATYPE_UNSPEC, 0, 0);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, migrate_answered);
}

/* --- REGISTER --- */

static void register_next(PfkeyEngine *engine, StartJob *job);

static void
registered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    StartJob *job = (StartJob *) base;

    if (pfkey_job_again(base, answer)) {
        register_next(engine, job);
        return;
    }
    if (answer->number == ETIMEDOUT || answer->unsent != NULL || answer->number == EPERM) {
        engine->restart_us = engine->now_us + AGAIN_US;
        pfkey_job_fail_by(engine, base, PFKEY_REGISTER, answer);
        pfkey_log(engine, 0, "%s", base->error->message);
        return;
    }
    if (answer->number == 0 && !engine->abilities.known)
        pfkey_algorithms_offered(answer->message, engine->abilities.transforms);
    else if (answer->number != 0 && answer->number != EEXIST && job->at < G_N_ELEMENTS(protocols)) /* EEXIST: of this socket, before */
        *ability(engine, protocols[job->at]) = FALSE;
    job->at++;
    base->tries = 0;
    register_next(engine, job);
}

static void
register_next(PfkeyEngine *engine, StartJob *job)
{
    PfkeyMessage message;
    gboolean enough = engine->abilities.known || engine->abilities.transforms[0].type != 0;

    if (job->at > G_N_ELEMENTS(protocols) || (job->at == G_N_ELEMENTS(protocols) && enough)) {
        probe_migrate(engine, job);
        return;
    }
    /* Of no protocol it registers nothing, but gives the list, which a late answer may have kept from us. */
    pfkey_message_init(&message, PFKEY_REGISTER, job->at < G_N_ELEMENTS(protocols) ? pfkey_satype_of(protocols[job->at]) : 0, 0, 0);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_EVENTS, &message, registered);
}

static void
start(PfkeyEngine *engine, PfkeyJob *base)
{
    register_next(engine, (StartJob *) base);
}

PfkeyJob *
pfkey_job_start(PfkeyEngine *engine)
{
    StartJob *job = pfkey_job_new(engine, sizeof *job, PFKEY_LOCK_ALL, start);

    job->job.starts_engine = TRUE;
    return &job->job;
}
