/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/deeds.c - what the plan says, done. */
#include "testing/lib/first-request.h"
#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/kernel.h"
#include "testing/sim/ladder.h"
#include "testing/sim/network.h"

#define FLOOD_TIMES 10

/* --- traffic --- */

typedef struct {
    guint link, child, end, n;
    gint64 apart_us;
} Burst;

static void
send_one(gpointer owner, gpointer data)
{
    Sim *sim = owner;
    Burst *burst = data;
    ObolAddress from = sim_inner(burst->link, burst->child, burst->end), to = sim_inner(burst->link, burst->child, 1 - burst->end);

    if (!sim->ended)
        sim_host_inner_packet(g_ptr_array_index(sim->hosts, sim_link(sim, burst->link)->ends[burst->end]), &from, &to);
    if (--burst->n > 0 && !sim->ended)
        sim_schedule_at(&sim->schedule, sim->schedule.now_us + burst->apart_us, send_one, sim, burst, g_free);
    else
        g_free(burst);
}

void
sim_traffic(Sim *sim, guint link, guint child, guint end, guint n, gint64 apart_us)
{
    Burst burst = { link, child, end, n, apart_us };

    if (n > 0)
        sim_schedule_at(&sim->schedule, sim->schedule.now_us, send_one, sim, g_memdup2(&burst, sizeof burst), g_free);
}

/* --- hosts that go and come back --- */

static void
come_back(gpointer owner, G_GNUC_UNUSED gpointer data)
{
    sim_host_start(owner);
}

static void
bring_down(Sim *sim, SimHost *host, const SimDeed *deed)
{
    if (!sim_host_is_up(host))
        return;
    if (deed->kind == SIM_DEED_REBOOT)
        sim_host_reboot(host);
    else
        sim_host_crash(host);
    sim_schedule_at(&sim->schedule, sim->schedule.now_us + deed->for_us, come_back, host, NULL, NULL);
}

/* --- strangers --- */

/* First requests that are sound, each with another SPI, from one address: each asks for memory. */
static void
flood(Sim *sim, const SimHost *to, guint n)
{
    guint64 spi = sim_mix(sim->plan->seed, sim->schedule.n_done);

    for (guint i = 0; i < n * FLOOD_TIMES; i++) {
        SimPacket *packet = g_new0(SimPacket, 1);
        GByteArray *bytes = request_bytes(REQUEST_PLAIN, sim_mix(spi, i) | 1, (ObolSpan) { NULL, 0 });

        packet->n_ike = bytes->len;
        packet->ike = g_byte_array_free(bytes, FALSE);
        packet->source = (ObolAddress) { .family = AF_INET, .port = 500, .bytes = { 203, 0, 113, 66 } };
        packet->destination = sim_outer_address(sim, sim_host_number(to));
        sim_network_send(sim->network, NULL, packet);
    }
}

/* Clients move, and only those that nobody has written down in his settings. */
static void
move(Sim *sim, const SimDeed *deed)
{
    guint number = sim_link(sim, deed->link)->ends[0];

    for (guint i = sim->plan->hosts->len - 1; i < sim->plan->links->len; i++) {
        if (sim_link(sim, i)->ends[0] == number || sim_link(sim, i)->ends[1] == number)
            return;
    }
    if (!g_array_index(sim->plan->hosts, SimHostPlan, number).nat)
        sim_host_move(g_ptr_array_index(sim->hosts, number));
}

/* --- all deeds --- */

typedef struct {
    const SimDeed *deed;
    guint number;
} Due;

static void
do_deed(gpointer owner, gpointer data)
{
    Sim *sim = owner;
    g_autofree Due *due = data;
    const SimDeed *deed = due->deed;
    const SimLinkPlan *link = sim_link(sim, deed->link);
    SimHost *host = g_ptr_array_index(sim->hosts, link->ends[deed->end]);
    gint64 until_us = sim->schedule.now_us + deed->for_us;

    sim_ladder_line(sim->ladder, "%u        -- d%u: %s", sim_host_number(host), due->number, sim_deed_name(deed->kind));
    switch (deed->kind) {
    case SIM_DEED_TRAFFIC: sim_traffic(sim, deed->link, deed->child, deed->end, deed->n, deed->for_us); break;
    case SIM_DEED_INITIATE: sim_host_initiate(host, deed->link, deed->child); break;
    case SIM_DEED_REKEY_CHILD: sim_host_rekey(host, deed->link, (gint) deed->child, FALSE); break;
    case SIM_DEED_REKEY_IKE: sim_host_rekey(host, deed->link, -1, FALSE); break;
    case SIM_DEED_REAUTH: sim_host_rekey(host, deed->link, -1, TRUE); break;
    case SIM_DEED_END_CHILD: sim_host_terminate(host, deed->link, (gint) deed->child); break;
    case SIM_DEED_END_IKE: sim_host_terminate(host, deed->link, -1); break;
    case SIM_DEED_CRASH:
    case SIM_DEED_REBOOT: bring_down(sim, host, deed); break;
    case SIM_DEED_STALL: sim_host_stall(host, until_us); break;
    case SIM_DEED_PARTITION: sim_network_part(sim->network, link->ends[0], link->ends[1], until_us); break;
    case SIM_DEED_REBIND: sim_network_rebind(sim->network, link->ends[0]); break;
    case SIM_DEED_SLOW: sim_host_slow_kernel(host, until_us); break;
    case SIM_DEED_REFUSE: sim_host_kernel(host)->refuse_next = TRUE; break;
    case SIM_DEED_MOVE: move(sim, deed); break;
    case SIM_DEED_SELECTORS: sim_host_change_selectors(host, deed->link, deed->child, deed->n % 4); break;
    case SIM_DEED_FLOOD: flood(sim, host, deed->n); break;
    case SIM_N_DEEDS: break;
    }
}

void
sim_schedule_deeds(Sim *sim)
{
    for (guint i = 0; i < sim->plan->deeds->len; i++) {
        Due due = { &g_array_index(sim->plan->deeds, SimDeed, i), i };

        if (sim_items_keep(sim->keep, sim_item_of_deed(i)))
            sim_schedule_at(&sim->schedule, sim->start_us + due.deed->at_us, do_deed, sim, g_memdup2(&due, sizeof due), g_free);
    }
}
