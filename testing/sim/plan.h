/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/plan.h - a history before it happens: who there is, how the network behaves, and what will be done when.  All of it from
 * one seed. */
#ifndef OBOL_TESTING_SIM_PLAN_H
#define OBOL_TESTING_SIM_PLAN_H

#include <glib.h>

#define SIM_CHILDREN_MAX 2
#define SIM_HOSTS_MAX 4096
#define SIM_PLACES 5 /* that a host moves to and fro between */

/* What whoever runs it may choose; a negative number leaves the choice to the seed. */
typedef struct {
    guint64 seed;
    gint hosts;
    double loss, duplicate, reorder; /* of datagrams, 0 to 1 */
    gint64 duration_us;
} SimWish;

typedef struct {
    gboolean nat; /* behind one */
} SimHostPlan;

/* Two hosts with a connection; the first of them begins. */
typedef struct {
    guint ends[2];
    guint n_children;
    const char *ike[2], *esp[2]; /* proposals, several separated by a space */
    gint64 ike_rekey_us, ike_reauth_us, child_rekey_us;
    guint64 child_rekey_packets; /* 0: no limit */
    gint64 dpd_us;
    guint unique;        /* an ObolUnique */
    gboolean mobike;     /* RFC 4555 */
    gboolean lends;      /* the second end gives the first a virtual address (RFC 7296 section 2.19) */
    guint fragment_size; /* bytes of an IP datagram */
    gint64 latency_us;
} SimLinkPlan;

typedef enum {
    SIM_DEED_TRAFFIC,   /* @n packets, @for_us apart, from the @end of the link */
    SIM_DEED_INITIATE,
    SIM_DEED_REKEY_CHILD,
    SIM_DEED_REKEY_IKE,
    SIM_DEED_REAUTH,
    SIM_DEED_END_CHILD,
    SIM_DEED_END_IKE,
    SIM_DEED_CRASH,     /* of the daemon, for so long; what it left in the kernel it finds again and clears */
    SIM_DEED_REBOOT,    /* of the host, likewise; nothing is left */
    SIM_DEED_STALL,     /* the daemon does nothing for so long */
    SIM_DEED_PARTITION, /* nothing passes between both ends, for so long */
    SIM_DEED_REBIND,    /* the NAT forgets its mappings */
    SIM_DEED_SLOW,      /* the kernel answers late, for so long */
    SIM_DEED_REFUSE,    /* the kernel refuses the next SA */
    SIM_DEED_MOVE,      /* of a client to another address, where MOBIKE or another set-up can follow */
    SIM_DEED_SELECTORS, /* what the child protects is changed while it lives */
    SIM_DEED_FLOOD,     /* @n first messages of strangers */
    SIM_N_DEEDS
} SimDeedKind;

typedef struct {
    SimDeedKind kind;
    gint64 at_us, for_us; /* since the beginning; how long */
    guint link, end, child; /* @end of @link does it */
    guint n;
} SimDeed;

typedef struct {
    guint64 seed;
    double loss, duplicate, reorder;
    guint ike;           /* which proposals: alike for all, since a responder chooses before it knows who is behind the NAT */
    gint64 kernel_us;    /* at most so long does a kernel take for an answer */
    gint64 duration_us;  /* of deeds; after that all faults end, and what is left must be whole */
    gint64 settle_us;    /* then, until everybody has found out whom he has lost */
    gboolean clean;      /* nothing is lost, nothing goes wrong: then no rekeying may lose a packet */
    GArray *hosts;       /* of SimHostPlan */
    GArray *links;       /* of SimLinkPlan */
    GArray *deeds;       /* of SimDeed */
} SimPlan;

SimPlan *sim_plan_new(const SimWish *wish);
void sim_plan_free(SimPlan *plan);
const char *sim_deed_name(SimDeedKind kind);
char *sim_deed_format(const SimPlan *plan, guint number); /* (transfer full): a line for people */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPlan, sim_plan_free)

#endif
