/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/plan.c - a history before it happens. */
#include "testing/sim/plan.h"

#include "model/connection.h"
#include "testing/sim/dice.h"

#define MS G_GINT64_CONSTANT(1000)
#define SECOND G_USEC_PER_SEC
#define SETTLE_US (150 * (gint64) SECOND)             /* a liveness check, all its retransmissions, and a set-up */
#define RESPONDER_PATIENCE_US (330 * (gint64) SECOND) /* RFC 4555 section 3.11: a responder waits for its peer to move */

/* Where both ends are to agree at once, where the first guess is wrong (INVALID_KE_PAYLOAD), and where a child has keys of its own. */
static const char *const ike_proposals[][2] = {
    { "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519" },
    { "aes128gcm16-prfsha256-x25519-ecp256", "aes128gcm16-prfsha256-ecp256" },
    { "aes128-sha256-x25519", "aes256gcm16-prfsha256-x25519 aes128-sha256-x25519" },
};
static const char *const esp_proposals[][2] = {
    { "aes128gcm16", "aes128gcm16" },
    { "aes128gcm16-x25519", "aes128gcm16-x25519" },
    { "aes128gcm16-x25519-ecp256", "aes128gcm16-ecp256" },
    { "chacha20poly1305", "aes128gcm16 chacha20poly1305" },
};

static double
choose(double wish, double own)
{
    return wish >= 0 ? wish : own;
}

/* --- who there is --- */

static void
plan_hosts(SimPlan *plan, const SimWish *wish, SimDice *dice)
{
    guint n = wish->hosts > 0 ? CLAMP((guint) wish->hosts, 2, SIM_HOSTS_MAX) : 2 + sim_dice_below(dice, 3);

    for (guint i = 0; i < n; i++) {
        SimHostPlan host = { .nat = i > 0 && sim_dice_chance(dice, 0.25) };

        g_array_append_val(plan->hosts, host);
    }
}

static void
plan_link(SimPlan *plan, guint a, guint b, SimDice *dice)
{
    guint esp = sim_dice_below(dice, G_N_ELEMENTS(esp_proposals));
    SimDice lending = { sim_mix(sim_mix(plan->seed, 4000), plan->links->len) };
    SimLinkPlan link = {
        .ends = { a, b },
        .n_children = 1 + sim_dice_below(dice, SIM_CHILDREN_MAX),
        .ike = { ike_proposals[plan->ike][0], ike_proposals[plan->ike][1] },
        .esp = { esp_proposals[esp][0], esp_proposals[esp][1] },
        .ike_rekey_us = sim_dice_chance(dice, 0.6) ? sim_dice_between(dice, 30, 150) * SECOND : 0,
        .ike_reauth_us = sim_dice_chance(dice, 0.15) ? sim_dice_between(dice, 40, 150) * SECOND : 0,
        .child_rekey_us = sim_dice_chance(dice, 0.8) ? sim_dice_between(dice, 15, 90) * SECOND : 0,
        .child_rekey_packets = sim_dice_chance(dice, 0.4) ? (guint64) sim_dice_between(dice, 20, 200) : 0,
        .dpd_us = sim_dice_between(dice, 10, 20) * SECOND,
        .unique = sim_dice_below(dice, OBOL_UNIQUE_REPLACE + 1),
        .mobike = sim_dice_chance(dice, 0.4),
        .fragment_size = sim_dice_chance(dice, 0.3) ? 256 : 1280,
        .latency_us = sim_dice_between(dice, 1 * MS, 80 * MS),
    };

    if (plan->clean)
        link.ike_reauth_us = 0;
    link.lends = sim_dice_chance(&lending, 0.4);
    g_array_append_val(plan->links, link);
}

/* A star, for a gateway has many; and a few among the others, where both can be reached. */
static void
plan_links(SimPlan *plan, SimDice *dice)
{
    const SimHostPlan *hosts = (const SimHostPlan *) (const void *) plan->hosts->data;

    for (guint i = 1; i < plan->hosts->len; i++)
        plan_link(plan, i, 0, dice);
    for (guint i = 1; i < MIN(plan->hosts->len, 5); i++) {
        for (guint j = i + 1; j < MIN(plan->hosts->len, 5); j++) {
            if (!hosts[j].nat && sim_dice_chance(dice, 0.2))
                plan_link(plan, i, j, dice);
        }
    }
}

/* --- what is done --- */

/* How often each is chosen: in a history where nothing goes wrong, and in any other. */
static const struct {
    const char *name;
    guint clean, rough;
} deeds[SIM_N_DEEDS] = {
    [SIM_DEED_TRAFFIC] = { "traffic", 10, 10 },
    [SIM_DEED_INITIATE] = { "initiate", 0, 3 },
    [SIM_DEED_REKEY_CHILD] = { "rekey-child", 8, 5 },
    [SIM_DEED_REKEY_IKE] = { "rekey-ike", 5, 5 },
    [SIM_DEED_REAUTH] = { "reauthenticate", 0, 2 },
    [SIM_DEED_END_CHILD] = { "end-child", 0, 3 },
    [SIM_DEED_END_IKE] = { "end-ike", 0, 2 },
    [SIM_DEED_CRASH] = { "crash", 0, 1 },
    [SIM_DEED_REBOOT] = { "reboot", 0, 1 },
    [SIM_DEED_STALL] = { "stall", 0, 2 },
    [SIM_DEED_PARTITION] = { "partition", 0, 2 },
    [SIM_DEED_REBIND] = { "rebind", 0, 2 },
    [SIM_DEED_SLOW] = { "slow-kernel", 2, 2 },
    [SIM_DEED_REFUSE] = { "refuse-sa", 0, 1 },
    [SIM_DEED_MOVE] = { "move", 0, 3 },
    [SIM_DEED_SELECTORS] = { "selectors", 4, 3 },
    [SIM_DEED_FLOOD] = { "flood", 0, 2 },
};

const char *
sim_deed_name(SimDeedKind kind)
{
    return deeds[kind].name;
}

static SimDeedKind
choose_kind(const SimPlan *plan, SimDice *dice)
{
    guint total = 0, at, kind;

    for (kind = 0; kind < SIM_N_DEEDS; kind++)
        total += plan->clean ? deeds[kind].clean : deeds[kind].rough;
    at = sim_dice_below(dice, total);
    for (kind = 0; kind < SIM_N_DEEDS - 1; kind++) {
        guint weight = plan->clean ? deeds[kind].clean : deeds[kind].rough;

        if (at < weight)
            break;
        at -= weight;
    }
    return (SimDeedKind) kind;
}

static void
plan_deed(SimPlan *plan, SimDice *dice)
{
    SimDeed deed = {
        .kind = choose_kind(plan, dice),
        /* A clean history has its first SAs before anything else happens. */
        .at_us = sim_dice_between(dice, plan->clean ? 5 * SECOND : 0, plan->duration_us),
        .link = sim_dice_below(dice, plan->links->len),
        .end = sim_dice_below(dice, 2),
        .for_us = sim_dice_between(dice, 100 * MS, 20 * SECOND),
        .n = 5 + sim_dice_below(dice, 60),
    };
    gboolean twice = sim_dice_chance(dice, 0.4);

    deed.child = sim_dice_below(dice, g_array_index(plan->links, SimLinkPlan, deed.link).n_children);
    if (deed.kind == SIM_DEED_TRAFFIC)
        deed.for_us = sim_dice_between(dice, 20 * MS, 500 * MS);
    if (deed.kind == SIM_DEED_FLOOD)
        deed.end = 1; /* the gateway's, which listens to all the world */
    g_array_append_val(plan->deeds, deed);
    if (!twice || deed.kind == SIM_DEED_TRAFFIC)
        return;
    /* Collisions come of things that happen within a round trip: something else, or the same from the other end. */
    deed.at_us += sim_dice_between(dice, 0, 2 * g_array_index(plan->links, SimLinkPlan, deed.link).latency_us);
    deed.end = sim_dice_below(dice, 2);
    if (sim_dice_chance(dice, 0.5))
        deed.kind = choose_kind(plan, dice);
    g_array_append_val(plan->deeds, deed);
}

/* Each link is in use from the beginning, as the first end has it. */
static void
plan_beginning(SimPlan *plan)
{
    for (guint i = 0; i < plan->links->len; i++) {
        const SimLinkPlan *link = &g_array_index(plan->links, SimLinkPlan, i);

        for (guint child = 0; child < link->n_children; child++) {
            SimDeed deed = { .kind = SIM_DEED_TRAFFIC, .link = i, .child = child, .at_us = i * 10 * MS + child * SECOND };

            deed.for_us = 500 * MS;
            deed.n = (guint) (plan->duration_us / deed.for_us);
            g_array_append_val(plan->deeds, deed);
        }
    }
}

static gboolean
has_mobike(const SimPlan *plan)
{
    for (guint i = 0; i < plan->links->len; i++) {
        if (g_array_index(plan->links, SimLinkPlan, i).mobike)
            return TRUE;
    }
    return FALSE;
}

SimPlan *
sim_plan_new(const SimWish *wish)
{
    SimPlan *plan = g_new0(SimPlan, 1);
    SimDice dice = { sim_mix(wish->seed, 1) };
    gboolean clean = sim_dice_chance(&dice, 0.3);

    plan->seed = wish->seed;
    plan->hosts = g_array_new(FALSE, TRUE, sizeof(SimHostPlan));
    plan->links = g_array_new(FALSE, TRUE, sizeof(SimLinkPlan));
    plan->deeds = g_array_new(FALSE, TRUE, sizeof(SimDeed));
    plan->clean = clean && wish->loss <= 0 && wish->duplicate <= 0 && wish->reorder <= 0;
    plan->loss = choose(wish->loss, clean ? 0 : sim_dice_below(&dice, 5) * 0.08);
    plan->duplicate = choose(wish->duplicate, clean ? 0 : sim_dice_below(&dice, 3) * 0.05);
    plan->reorder = choose(wish->reorder, clean ? 0 : sim_dice_below(&dice, 3) * 0.1);
    plan->duration_us = wish->duration_us > 0 ? wish->duration_us : 90 * SECOND;
    plan->ike = sim_dice_below(&dice, G_N_ELEMENTS(ike_proposals));
    plan->kernel_us = sim_dice_chance(&dice, 0.5) ? 0 : sim_dice_between(&dice, 1, 50 * MS);
    plan_hosts(plan, wish, &dice);
    plan_links(plan, &dice);
    plan->settle_us = SETTLE_US + (has_mobike(plan) ? RESPONDER_PATIENCE_US : 0);
    plan_beginning(plan);
    for (guint n = plan->links->len * (5 + sim_dice_below(&dice, 10)); n > 0; n--)
        plan_deed(plan, &dice);
    return plan;
}

void
sim_plan_free(SimPlan *plan)
{
    if (plan == NULL)
        return;
    g_array_unref(plan->hosts);
    g_array_unref(plan->links);
    g_array_unref(plan->deeds);
    g_free(plan);
}

char *
sim_deed_format(const SimPlan *plan, guint number)
{
    const SimDeed *deed = &g_array_index(plan->deeds, SimDeed, number);
    const SimLinkPlan *link = &g_array_index(plan->links, SimLinkPlan, deed->link);

    return g_strdup_printf("d%-4u %8.3f s  host %u: %s, link %u to host %u, child %u, %u times, %.3f s", number,
                           (double) deed->at_us / (double) SECOND, link->ends[deed->end], deeds[deed->kind].name, deed->link,
                           link->ends[1 - deed->end], deed->child, deed->n, (double) deed->for_us / (double) SECOND);
}
