/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/settings.c - who has which address, and what stands in whose settings. */
#include <string.h>

#include "testing/lib/lists.h"
#include "testing/sim/sim.h"

#define PORT_IKE 500
#define GATEWAY 0 /* lets anybody come, and sees then who it is */

/* 198.18.0.0/15 is for tests of networks (RFC 2544); 192.168.0.0/16 is what is behind the NATs. */
static ObolAddress
numbered(guint8 a, guint8 b, guint number)
{
    ObolAddress address = { .family = AF_INET, .port = PORT_IKE };

    address.bytes[0] = a;
    address.bytes[1] = b;
    address.bytes[2] = (guint8) (number >> 8);
    address.bytes[3] = (guint8) number;
    return address;
}

ObolAddress
sim_place(guint number, guint move)
{
    return numbered(198, (guint8) (move == 0 ? 18 : 20 + move % SIM_PLACES), number);
}

ObolAddress
sim_outer_address(const Sim *sim, guint number)
{
    if (g_array_index(sim->plan->hosts, SimHostPlan, number).nat)
        return numbered(198, 19, number);
    return sim_place(number, g_array_index(sim->moves, guint, number));
}

ObolAddress
sim_address(const Sim *sim, guint number)
{
    return g_array_index(sim->plan->hosts, SimHostPlan, number).nat ? numbered(192, 168, number) : sim_outer_address(sim, number);
}

ObolAddress
sim_inner(guint link, guint child, guint end)
{
    guint place = (link * SIM_CHILDREN_MAX + child) * 2 + end;
    ObolAddress address = { .family = AF_INET, .bytes = { 10, (guint8) (place >> 8), (guint8) place, 1 } };

    return address;
}

ObolTs
sim_net(guint link, guint child, guint end)
{
    ObolAddress inner = sim_inner(link, child, end);
    ObolTs net;

    obol_ts_from_address(&inner, &net);
    net.first[3] = 0;
    net.last[3] = 255;
    return net;
}

ObolTs
sim_part_of_net(guint link, guint child, guint end, guint bits)
{
    ObolTs net = sim_net(link, child, end);

    net.last[3] = (guint8) (255 >> bits);
    return net;
}

char *
sim_connection_name(guint link)
{
    return g_strdup_printf("l%u", link);
}

static void
set_net(GArray *list, ObolTs net)
{
    g_array_set_size(list, 0);
    g_array_append_val(list, net);
}

static ObolChildConfig *
new_child(const SimLinkPlan *plan, guint link, guint number, guint end)
{
    g_autofree char *name = g_strdup_printf("c%u", number);
    ObolChildConfig *child = obol_child_config_new(name);

    child->protocol = OBOL_PROTO_ESP;
    test_add_proposals(child->proposals, OBOL_PROTO_ESP, plan->esp[end]);
    set_net(child->local_ts, sim_net(link, number, end));
    set_net(child->remote_ts, sim_net(link, number, 1 - end));
    if (plan->lends)
        test_add_selectors(end == 0 ? child->local_ts : child->remote_ts, "dynamic");
    child->lifetimes = (ObolLifetimes) { 0 };
    child->lifetimes.soft_us = plan->child_rekey_us;
    child->lifetimes.hard_us = plan->child_rekey_us > 0 ? plan->child_rekey_us + G_TIME_SPAN_MINUTE : 0;
    child->lifetimes.soft_packets = plan->child_rekey_packets;
    child->jitter_us = plan->child_rekey_us / 10;
    return child;
}

char *
sim_host_name(guint number)
{
    return g_strdup_printf("h%u.sim.test", number);
}

static ObolIdentity *
identity_of(guint number)
{
    g_autofree char *text = sim_host_name(number);

    return obol_identity_parse(text, NULL);
}

static ObolHostSpec *
host_spec(const Sim *sim, guint number, gboolean any)
{
    char text[OBOL_ADDRESS_TEXT_MAX];
    ObolAddress address = sim_outer_address(sim, number);

    /* Where somebody behind a NAT will come from is not known before. */
    if (any || g_array_index(sim->plan->hosts, SimHostPlan, number).nat)
        return obol_host_spec_new("%any", NULL);
    return obol_host_spec_new(obol_address_format(&address, text), NULL);
}

/* Who begins asks; if the other end begins nobody does. */
static void
lend(ObolConnection *connection, guint end)
{
    const ObolAddress any = { .family = AF_INET };
    const char *pools[] = { SIM_POOL, NULL };

    if (end == 0) {
        g_array_append_val(connection->vips, any);
    } else {
        g_strfreev(connection->pools);
        connection->pools = g_strdupv((char **) pools);
    }
}

static ObolConnection *
new_connection(const Sim *sim, guint link, guint end)
{
    const SimLinkPlan *plan = sim_link(sim, link);
    g_autofree char *name = sim_connection_name(link);
    ObolConnection *connection = obol_connection_new(name);

    g_ptr_array_add(connection->local_hosts, host_spec(sim, plan->ends[end], TRUE));
    g_ptr_array_add(connection->remote_hosts, host_spec(sim, plan->ends[1 - end], plan->ends[end] == GATEWAY));
    test_add_proposals(connection->proposals, OBOL_PROTO_IKE, plan->ike[end]);
    connection->local_id = identity_of(plan->ends[end]);
    connection->remote_id = identity_of(plan->ends[1 - end]);
    connection->rekey_us = plan->ike_rekey_us;
    connection->reauth_us = plan->ike_reauth_us;
    connection->over_us = G_TIME_SPAN_MINUTE;
    connection->rand_us = plan->ike_rekey_us / 10;
    connection->dpd_us = plan->dpd_us;
    connection->retransmit_base_us = G_TIME_SPAN_SECOND;
    connection->retransmit_tries = 4;
    connection->half_open_us = 15 * G_TIME_SPAN_SECOND;
    connection->mobike = plan->mobike;
    connection->unique = (ObolUnique) plan->unique;
    connection->fragment_size = (guint16) plan->fragment_size;
    if (plan->lends)
        lend(connection, end);
    for (guint i = 0; i < plan->n_children; i++)
        g_ptr_array_add(connection->children, new_child(plan, link, i, end));
    return connection;
}

static void
connection_unref(gpointer data)
{
    obol_connection_unref(data);
}

ObolConnectionSet *
sim_connections(const Sim *sim, guint number)
{
    GPtrArray *connections = g_ptr_array_new_with_free_func(connection_unref);

    for (guint i = 0; i < sim->plan->links->len; i++) {
        for (guint end = 0; end < 2; end++) {
            if (sim_link(sim, i)->ends[end] == number)
                g_ptr_array_add(connections, new_connection(sim, i, end));
        }
    }
    return obol_connection_set_new(connections);
}
