/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine-private.h - what the engine's parts share: the engine, its jobs, and the exchanges that those consist of. */
#ifndef PFKEY_ENGINE_ENGINE_PRIVATE_H
#define PFKEY_ENGINE_ENGINE_PRIVATE_H

#include "pfkey-kernel/engine/algorithms.h"
#include "pfkey-kernel/engine/engine.h"
#include "pfkey-kernel/engine/messages.h"
#include "pfkey-kernel/engine/sad.h"
#include "pfkey-kernel/engine/spd.h"

#define PFKEY_RESERVED_US (165 * (gint64) G_USEC_PER_SEC) /* obol/kernel.h */

/* What a job must have for itself: it waits for all earlier ones that it could get into the way of. */
typedef enum {
    PFKEY_LOCK_NONE,
    PFKEY_LOCK_SA,     /* @id */
    PFKEY_LOCK_POLICY, /* selectors that overlap those of @policy */
    PFKEY_LOCK_ALL,
} PfkeyLock;

/* A request of the daemon's, or one of our own (@done %NULL): a few exchanges with the kernel.  Each kind has a struct that begins
 * with this. */
typedef struct PfkeyJob PfkeyJob;
struct PfkeyJob {
    PfkeyLock lock;
    ObolSaId id;
    ObolPolicySpec policy;
    void (*start)(PfkeyEngine *engine, PfkeyJob *job);
    void (*clear)(PfkeyJob *job); /* optional */
    ObolKernelDone done;
    gpointer data;
    gint64 give_up_us;            /* if it is not begun before */
    gboolean starts_engine;       /* runs before the engine is ready */
    gboolean started, finished;
    guint tries;                  /* of what is asked now */
    ObolKernelReply reply;
    GError *error;
};

typedef struct {
    const PfkeyMessage *message; /* NULL: none came */
    int number;                  /* errno; 0: done; ETIMEDOUT: no answer */
    const GError *unsent;        /* it has not gone */
    gboolean last;               /* of those that a dump is */
} PfkeyAnswer;
typedef void (*PfkeyAnswered)(PfkeyEngine *engine, PfkeyJob *job, const PfkeyAnswer *answer);

/* One message down, and what comes up for it. */
typedef struct {
    PfkeyJob *job;
    PfkeyChannel channel;
    PfkeyType type;
    guint32 seq;
    gboolean many; /* a dump: numbered by the kernel, not by us */
    gint64 deadline_us;
    PfkeyAnswered answered;
    GError *unsent;
} PfkeyExchange;

/* A policy that packets wait at. */
typedef struct {
    PfkeyPiece piece;
    ObolAddress source, destination; /* the kernel's: of tunnels their ends, else the packet's */
    guint32 seq, reqid;
    guint8 satype;
    gint64 told_us;
} PfkeyAcquire;

typedef struct {
    ObolKernelAbilities abilities;
    ObolTransform transforms[PFKEY_TRANSFORMS_MAX];
    gboolean known;
} PfkeyAbilities;

struct PfkeyEngine {
    PfkeyEngineSettings settings;
    PfkeyEngineCalls calls;
    gint64 now_us;
    gboolean up, ready;
    guint32 seq;
    PfkeyAbilities abilities;
    PfkeySad sad;
    PfkeySpd spd;
    GQueue jobs;           /* in the order of requests: answered in that order too */
    GPtrArray *exchanges;  /* of PfkeyExchange */
    GArray *acquires;      /* of PfkeyAcquire */
    GQueue events;         /* of ObolKernelEvent, not yet told */
    guint n_lookups;       /* jobs that ask for the policy of an acquire */
    guint comparison;      /* number of the last one */
    gboolean comparing;    /* one waits or runs */
    gint64 compare_us, restart_us; /* when there is to be one; G_MAXINT64: not now */
    gint64 compared_us;
};

void pfkey_log(PfkeyEngine *engine, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* --- jobs.c --- */

/* @n: of the whole struct. */
gpointer pfkey_job_new(PfkeyEngine *engine, gsize n, PfkeyLock lock, void (*start)(PfkeyEngine *engine, PfkeyJob *job));
void pfkey_job_add(PfkeyEngine *engine, PfkeyJob *job);
void pfkey_job_add_first(PfkeyEngine *engine, PfkeyJob *job);
void pfkey_job_done(PfkeyEngine *engine, PfkeyJob *job);
void pfkey_job_fail(PfkeyEngine *engine, PfkeyJob *job, GError *error); /* takes it */
/* For an answer that is a refusal, or none. */
void pfkey_job_fail_by(PfkeyEngine *engine, PfkeyJob *job, PfkeyType asked, const PfkeyAnswer *answer);
GError *pfkey_answer_error(PfkeyType asked, const PfkeyAnswer *answer, const char *about);
void pfkey_jobs_start(PfkeyEngine *engine);
void pfkey_jobs_give(PfkeyEngine *engine);
void pfkey_jobs_give_up(PfkeyEngine *engine, gboolean started_ones, gboolean all, const char *why);

/* Sends, and has @answered called when there is an answer, or none in time; never from within.  @message gets its sequence number,
 * unless it has one, and our pid. */
void pfkey_ask(PfkeyEngine *engine, PfkeyJob *job, PfkeyChannel channel, PfkeyMessage *message, PfkeyAnswered answered);
/* No answer is wanted any more to what @job asked of @type. */
void pfkey_ask_no_more(PfkeyEngine *engine, const PfkeyJob *job, PfkeyType type);
/* TRUE: no answer came, and it is worth asking once more. */
gboolean pfkey_job_again(PfkeyJob *job, const PfkeyAnswer *answer);
gboolean pfkey_exchanges_take(PfkeyEngine *engine, PfkeyChannel channel, const PfkeyMessage *message);
gboolean pfkey_exchanges_match(const PfkeyEngine *engine, PfkeyChannel channel, const PfkeyHeader *header);
void pfkey_exchanges_due(PfkeyEngine *engine);
gint64 pfkey_exchanges_next_us(const PfkeyEngine *engine);

/* --- what jobs there are --- */

PfkeyJob *pfkey_job_get_spi(PfkeyEngine *engine, const ObolKernelRequest *request);
PfkeyJob *pfkey_job_add_sa(PfkeyEngine *engine, const ObolKernelRequest *request);
PfkeyJob *pfkey_job_delete_sa(PfkeyEngine *engine, const ObolSaId *id);
PfkeyJob *pfkey_job_query_sa(PfkeyEngine *engine, const ObolSaId *id);
PfkeyJob *pfkey_job_update_sa(PfkeyEngine *engine, const ObolKernelRequest *request);
PfkeyJob *pfkey_job_add_policy(PfkeyEngine *engine, const ObolPolicySpec *spec);
PfkeyJob *pfkey_job_delete_policy(PfkeyEngine *engine, const ObolPolicySpec *spec);
PfkeyJob *pfkey_job_update_policy(PfkeyEngine *engine, const ObolPolicySpec *spec, const ObolPolicySpec *to);
PfkeyJob *pfkey_job_list(PfkeyEngine *engine);
PfkeyJob *pfkey_job_compare(PfkeyEngine *engine); /* what the kernel holds, with what we believe */
PfkeyJob *pfkey_job_flush(PfkeyEngine *engine);
PfkeyJob *pfkey_job_start(PfkeyEngine *engine);
/* Takes an SA out of the kernel that is no more in our table, whether it is there or not. */
PfkeyJob *pfkey_job_remove(PfkeyEngine *engine, const ObolSaId *held);
/* Is it there still?  If not, the daemon is told. */
PfkeyJob *pfkey_job_check_sa(PfkeyEngine *engine, const ObolSaId *held);

void pfkey_compare_soon(PfkeyEngine *engine, gint64 after_us);

/* --- events.c --- */

void pfkey_event_message(PfkeyEngine *engine, const PfkeyMessage *message);
void pfkey_tell_expired(PfkeyEngine *engine, PfkeySadEntry *entry, gboolean hard);
void pfkey_sad_due(PfkeyEngine *engine);
/* Number of the acquire that @spec answers; 0: none. */
guint32 pfkey_acquire_seq(const PfkeyEngine *engine, const ObolSaSpec *spec);
void pfkey_acquires_forget(PfkeyEngine *engine, guint32 reqid);

#endif
