/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/network.c - a virtual network.
 *
 * What becomes of a datagram depends on the seed, on who sends it to whom, and on how many went the same way before it: not on what
 * else happens.  So leaving out one thing does not change the fate of all others. */
#include "testing/sim/network.h"

#include <string.h>

#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/ladder.h"
#include "testing/sim/watch.h"

#define PORT_IKE 500
#define STRANGER_LATENCY_US 10000
#define OVERTAKEN_US 150000 /* at most so much later comes what is overtaken */

/* RFC 4787's endpoint-independent mapping: one outer port for each inner one. */
typedef struct {
    guint16 inner, outer;
} Mapping;

typedef struct {
    guint n_sent;      /* datagrams, so far */
    gint64 parted_us;  /* until then nothing passes */
} Way;

struct SimNetwork {
    Sim *sim;
    GHashTable *ways;     /* from << 16 | to -> Way */
    GHashTable *mappings; /* host number -> GArray of Mapping */
    guint n_under_way;
};

void
sim_packet_free(gpointer data)
{
    SimPacket *packet = data;

    g_free(packet->ike);
    g_free(packet);
}

SimNetwork *
sim_network_new(Sim *sim)
{
    SimNetwork *network = g_new0(SimNetwork, 1);

    network->sim = sim;
    network->ways = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    network->mappings = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_array_unref);
    return network;
}

void
sim_network_free(SimNetwork *network)
{
    g_hash_table_unref(network->ways);
    g_hash_table_unref(network->mappings);
    g_free(network);
}

guint
sim_network_n_under_way(const SimNetwork *network)
{
    return network->n_under_way;
}

static Way *
way_between(SimNetwork *network, guint from, guint to)
{
    gpointer key = GUINT_TO_POINTER(from << 16 | to);
    Way *way = g_hash_table_lookup(network->ways, key);

    if (way == NULL) {
        way = g_new0(Way, 1);
        g_hash_table_insert(network->ways, key, way);
    }
    return way;
}

void
sim_network_part(SimNetwork *network, guint a, guint b, gint64 until_us)
{
    way_between(network, a, b)->parted_us = until_us;
    way_between(network, b, a)->parted_us = until_us;
}

/* --- NATs --- */

static GArray *
mappings_of(SimNetwork *network, guint host)
{
    GArray *list = g_hash_table_lookup(network->mappings, GUINT_TO_POINTER(host));

    if (list == NULL) {
        list = g_array_new(FALSE, FALSE, sizeof(Mapping));
        g_hash_table_insert(network->mappings, GUINT_TO_POINTER(host), list);
    }
    return list;
}

void
sim_network_rebind(SimNetwork *network, guint host)
{
    GArray *list = mappings_of(network, host);

    /* The old outer ports are not given out again at once: numbers go on. */
    for (guint i = 0; i < list->len; i++)
        g_array_index(list, Mapping, i).inner = 0;
}

static gboolean
translate_out(SimNetwork *network, guint host, ObolAddress *source)
{
    GArray *list = mappings_of(network, host);
    Mapping mapping = { .inner = source->port, .outer = (guint16) (20000 + list->len) };

    if (source->port == 0)
        return FALSE; /* plain ESP: what this NAT does not know */
    for (guint i = 0; i < list->len; i++) {
        if (g_array_index(list, Mapping, i).inner == source->port)
            mapping = g_array_index(list, Mapping, i);
    }
    if (mapping.outer == 20000 + list->len)
        g_array_append_val(list, mapping);
    *source = sim_outer_address(network->sim, host);
    source->port = mapping.outer;
    return TRUE;
}

static gboolean
translate_in(SimNetwork *network, guint host, ObolAddress *destination)
{
    GArray *list = mappings_of(network, host);

    for (guint i = 0; i < list->len; i++) {
        const Mapping *mapping = &g_array_index(list, Mapping, i);

        if (mapping->outer == destination->port && mapping->inner != 0) {
            *destination = sim_address(network->sim, host);
            destination->port = mapping->inner;
            return TRUE;
        }
    }
    return FALSE;
}

/* --- on the way --- */

typedef struct {
    SimNetwork *network;
    SimHost *to;
} Passage;

static void
arrive(gpointer owner, gpointer data)
{
    SimHost *to = owner;
    SimPacket *packet = data;
    Sim *sim = sim_host_sim(to);
    SimNetwork *network = sim->network;

    network->n_under_way--;
    if (sim_host_plan(to)->nat && !translate_in(network, sim_host_number(to), &packet->destination)) {
        sim_watch_dropped(sim->watch, packet, "the NAT has no mapping for it");
        sim_packet_free(packet);
        return;
    }
    if (!sim_host_has_address(to, &packet->destination)) {
        sim_watch_dropped(sim->watch, packet, "its receiver has moved");
        sim_packet_free(packet);
        return;
    }
    sim_host_receive(to, packet);
}

static void
pass(SimNetwork *network, SimHost *to, SimPacket *packet, gint64 delay_us)
{
    network->n_under_way++;
    sim_schedule_at(&network->sim->schedule, network->sim->schedule.now_us + delay_us, arrive, to, packet, sim_packet_free);
}

static SimPacket *
copy_of(const SimPacket *packet)
{
    SimPacket *copy = g_memdup2(packet, sizeof *packet);

    copy->ike = g_memdup2(packet->ike, packet->n_ike);
    return copy;
}

typedef enum { ARRIVES, LOST, TWICE, LATE } Fate;

static Fate
fate_of(SimNetwork *network, guint from, guint to, guint number, double *chance)
{
    Sim *sim = network->sim;
    const SimPlan *plan = sim->plan;
    SimItem item = sim_item_of_fate(from, to, number);
    guint64 mixed = sim_mix(sim_mix(plan->seed, item), 2);
    double at = sim_mix_to_unit(mixed);
    Fate fate = at < plan->loss ? LOST : at < plan->loss + plan->duplicate ? TWICE
              : at < plan->loss + plan->duplicate + plan->reorder ? LATE : ARRIVES;

    *chance = sim_mix_to_unit(sim_mix(mixed, 3));
    if (fate == ARRIVES || sim->healed || !sim_items_keep(sim->keep, item))
        return ARRIVES;
    g_array_append_val(sim->outcome.fates, item);
    return fate;
}

static void
meet_fate(SimNetwork *network, SimHost *from, SimHost *to, SimPacket *packet)
{
    Sim *sim = network->sim;
    guint a = sim_host_number(from), b = sim_host_number(to);
    Way *way = way_between(network, a, b);
    guint link = sim_link_between(sim, a, b);
    gint64 latency_us = link != G_MAXUINT ? sim_link(sim, link)->latency_us : STRANGER_LATENCY_US;
    double chance;

    if (!sim->healed && way->parted_us > sim->schedule.now_us) {
        sim_ladder_sent(sim->ladder, from, to, packet, "lost: partition");
        sim_watch_dropped(sim->watch, packet, "partition");
        sim_packet_free(packet);
        return;
    }
    switch (fate_of(network, a, b, way->n_sent++, &chance)) {
    case LOST:
        sim_ladder_sent(sim->ladder, from, to, packet, "lost");
        sim_watch_dropped(sim->watch, packet, "lost");
        sim_packet_free(packet);
        return;
    case TWICE:
        sim_ladder_sent(sim->ladder, from, to, packet, "comes twice");
        pass(network, to, copy_of(packet), latency_us + (gint64) (chance * OVERTAKEN_US));
        break;
    case LATE:
        sim_ladder_sent(sim->ladder, from, to, packet, "comes late");
        latency_us += (gint64) (chance * OVERTAKEN_US);
        break;
    case ARRIVES:
        sim_ladder_sent(sim->ladder, from, to, packet, NULL);
        break;
    }
    pass(network, to, packet, latency_us);
}

void
sim_network_send(SimNetwork *network, SimHost *from, SimPacket *packet)
{
    Sim *sim = network->sim;
    SimHost *to = sim_host_by_address(sim, &packet->destination);

    sim->outcome.n_datagrams++;
    if (from != NULL && sim_host_plan(from)->nat && !translate_out(network, sim_host_number(from), &packet->source)) {
        sim_watch_dropped(sim->watch, packet, "the NAT passes no plain ESP");
        sim_packet_free(packet);
        return;
    }
    if (from != NULL && !sim_host_plan(from)->nat && !sim_host_has_address(from, &packet->source)) {
        sim_watch_dropped(sim->watch, packet, "its sender has moved");
        sim_packet_free(packet);
        return;
    }
    if (to == NULL || sim->broken == SIM_BREAK_DEAF) {
        sim_watch_dropped(sim->watch, packet, "nobody is there");
        sim_packet_free(packet);
        return;
    }
    if (from == NULL)
        pass(network, to, packet, STRANGER_LATENCY_US);
    else
        meet_fate(network, from, to, packet);
}
