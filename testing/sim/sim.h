/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/sim.h - many hosts, each with the real dispatcher and engine and a model of a kernel, on a virtual network in virtual time.
 *
 * One seed gives one history, bit for bit.  Nothing here is global, so that histories run side by side in threads. */
#ifndef OBOL_TESTING_SIM_SIM_H
#define OBOL_TESTING_SIM_SIM_H

#include "dispatcher/shard.h"
#include "testing/lib/test-crypto.h"
#include "testing/sim/items.h"
#include "testing/sim/plan.h"
#include "testing/sim/schedule.h"

typedef struct Sim Sim;
typedef struct SimHost SimHost;
typedef struct SimKernel SimKernel;
typedef struct SimNetwork SimNetwork;
typedef struct SimWatch SimWatch;
typedef struct SimLadder SimLadder;

/* What must hold. */
typedef enum {
    SIM_NOTHING,
    SIM_AGREEMENT,     /* both ends have the same keys and selectors, or no SA */
    SIM_PLAINTEXT,     /* nothing leaves in clear where a policy demands protection */
    SIM_REKEY_LOSS,    /* on a clean network a rekeying loses no packet */
    SIM_LEAK,          /* when all has ended, nothing is left: no SA, SPI, policy, timer, ticket */
    SIM_ENDLESS,       /* an exchange, or a command, that never ends */
    SIM_TWO_ANSWERS,   /* one request, two different answers */
    SIM_UNBOUNDED,     /* what strangers cost is bounded */
    SIM_BLACK_HOLE,    /* when all faults are over, packets arrive again */
    SIM_N_INVARIANTS
} SimInvariant;

/* Faults of the model, to see that the watch sees. */
typedef enum {
    SIM_SOUND,
    SIM_BREAK_FORGETFUL,  /* the kernel keeps an SA that it was to delete */
    SIM_BREAK_KEY,        /* it installs another key than it was given */
    SIM_BREAK_SELECTORS,  /* or other selectors */
    SIM_BREAK_POLICY,     /* it drops the trap with the policy of an SA */
    SIM_BREAK_HASTY,      /* it drops the old SA when the new one comes */
    SIM_BREAK_SILENT,     /* it does not answer when it is to delete one */
    SIM_BREAK_ANSWER,     /* the daemon's answers differ each time */
    SIM_BREAK_DEAF,       /* nobody hears a host any more, even after the faults */
    SIM_BREAK_BOUNDLESS,  /* no limit for half-open SAs */
    SIM_BREAK_LEASE,      /* what is given back does not come back into the pool */
    SIM_N_BREAKS
} SimBreak;

typedef struct {
    SimInvariant invariant; /* SIM_NOTHING: all was well */
    char *what;
    gint64 at_us; /* since the beginning */
} SimFailure;

/* What happened in one history. */
typedef struct {
    SimFailure failure;
    guint64 digest;        /* of all that was sent, done and told, in order */
    guint64 n_steps, n_datagrams, n_packets, n_delivered, n_rekeys, n_ike_sas, n_child_sas;
    GArray *fates;         /* of SimItem: what the network did to datagrams */
} SimOutcome;

struct Sim {
    const SimPlan *plan;
    GHashTable *keep;      /* of items, NULL: all */
    SimBreak broken;
    SimSchedule schedule;
    gint64 start_us;
    gboolean healed;       /* no faults any more */
    gboolean settled;      /* and all has found together again: from now on no packet may be lost */
    gboolean ended;        /* nor any traffic */
    SimNetwork *network;
    SimWatch *watch;
    SimLadder *ladder;     /* NULL: nobody will read it */
    GPtrArray *hosts;      /* of SimHost */
    GArray *moves;         /* guint, by host: how often it has moved */
    SimOutcome outcome;
};

/* --- sim.c --- */
/* A history from beginning to end.  @keep (NULL: all) says what of it happens; @ladder (NULL: none) gets it in words. */
void sim_run(const SimPlan *plan, GHashTable *keep, SimBreak broken, SimLadder *ladder, SimOutcome *outcome);
void sim_outcome_clear(SimOutcome *outcome);
/* The first one counts. */
void sim_fail(Sim *sim, SimInvariant invariant, const char *format, ...) G_GNUC_PRINTF(3, 4);
const char *sim_invariant_name(SimInvariant invariant);
const char *sim_break_name(SimBreak broken);
void sim_note(Sim *sim, guint64 what); /* into the digest */
const SimLinkPlan *sim_link(const Sim *sim, guint link);
guint sim_link_between(const Sim *sim, guint a, guint b); /* G_MAXUINT: none */
ObolTs sim_net(guint link, guint child, guint end);       /* the selector that this end protects */
ObolAddress sim_inner(guint link, guint child, guint end); /* a host in it */

/* --- settings.c --- */
/* (transfer full): what host @number has in its settings. */
ObolConnectionSet *sim_connections(const Sim *sim, guint number);
char *sim_connection_name(guint link); /* (transfer full) */
char *sim_host_name(guint number);     /* (transfer full): its identity */
#define SIM_POOL "pool"                /* of virtual addresses: each host has one */
ObolAddress sim_address(const Sim *sim, guint number); /* as the host itself knows it; port 500 */
ObolAddress sim_outer_address(const Sim *sim, guint number); /* as others see it */
ObolAddress sim_place(guint number, guint move); /* of a host that has moved so often */

/* --- deeds.c --- */
/* The selector of this end with a prefix that is so many bits longer: within what the settings allow, and with the host in it. */
ObolTs sim_part_of_net(guint link, guint child, guint end, guint bits);
void sim_schedule_deeds(Sim *sim);
void sim_traffic(Sim *sim, guint link, guint child, guint end, guint n, gint64 apart_us);

#endif
