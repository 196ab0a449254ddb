/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/admin.c - what is asked of a daemon by whoever runs it. */
#include "testing/sim/host-private.h"

typedef struct {
    guint link;
    gint child;
    gboolean reauth;
    enum { INITIATE, REKEY, TERMINATE, SELECTORS } what;
    guint bits;
} Wish;

/* Both ends get that part of their nets in which the hosts are. */
static guint
change(SimHost *host, const Wish *wish, const ObolSaSelector *which)
{
    guint end = sim_link(host->sim, wish->link)->ends[0] == host->number ? 0 : 1;
    ObolTs nets[] = { sim_part_of_net(wish->link, (guint) wish->child, end, wish->bits),
                      sim_part_of_net(wish->link, (guint) wish->child, 1 - end, wish->bits) };
    g_autoptr(GArray) local = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    g_autoptr(GArray) remote = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    ObolTsChange wanted = { OBOL_TS_SET, local, remote };

    g_array_append_val(local, nets[0]);
    g_array_append_val(remote, nets[1]);
    return obol_shard_selectors(host->shard, which, &wanted, ++host->last_command, sim_host_now(host));
}

static void
obey(SimHost *host, gpointer data)
{
    g_autofree Wish *wish = data;
    const SimLinkPlan *plan = sim_link(host->sim, wish->link);
    guint other = plan->ends[0] == host->number ? plan->ends[1] : plan->ends[0];
    g_autofree char *name = sim_connection_name(wish->link);
    g_autofree char *child = g_strdup_printf("c%d", wish->child);
    ObolSaSelector which = { .ike = name, .child = wish->child >= 0 ? child : NULL };
    const ObolConnection *connection = obol_connection_set_find(host->connections, name);
    ObolAddress remote = sim_outer_address(host->sim, other);

    switch (wish->what) {
    case INITIATE:
        host->n_commands++;
        obol_shard_initiate(host->shard, connection, obol_connection_child(connection, child), &host->address, &remote, ++host->last_command,
                            sim_host_now(host));
        break;
    case REKEY:
        obol_shard_rekey(host->shard, &which, wish->reauth, sim_host_now(host));
        break;
    case TERMINATE:
        /* It ends once for each SA that took it. */
        host->n_commands += (gint) obol_shard_terminate(host->shard, &which, FALSE, ++host->last_command, sim_host_now(host));
        break;
    case SELECTORS:
        host->n_commands += (gint) change(host, wish, &which);
        break;
    }
}

static void
ask(SimHost *host, Wish wish)
{
    if (host->shard != NULL)
        sim_host_later(host, sim_host_now(host), obey, g_memdup2(&wish, sizeof wish), g_free);
}

void
sim_host_initiate(SimHost *host, guint link, guint child)
{
    const SimLinkPlan *plan = sim_link(host->sim, link);
    guint other = plan->ends[0] == host->number ? plan->ends[1] : plan->ends[0];

    /* Who is behind a NAT can not be called. */
    if (!g_array_index(host->sim->plan->hosts, SimHostPlan, other).nat)
        ask(host, (Wish) { .what = INITIATE, .link = link, .child = (gint) child });
}

void
sim_host_rekey(SimHost *host, guint link, gint child, gboolean reauth)
{
    ask(host, (Wish) { .what = REKEY, .link = link, .child = child, .reauth = reauth });
}

void
sim_host_terminate(SimHost *host, guint link, gint child)
{
    ask(host, (Wish) { .what = TERMINATE, .link = link, .child = child });
}

void
sim_host_terminate_all(SimHost *host)
{
    for (guint i = 0; i < host->sim->plan->links->len; i++) {
        const SimLinkPlan *link = sim_link(host->sim, i);

        if (link->ends[0] == host->number || link->ends[1] == host->number)
            sim_host_terminate(host, i, -1);
    }
}

void
sim_host_change_selectors(SimHost *host, guint link, guint child, guint bits)
{
    ask(host, (Wish) { .what = SELECTORS, .link = link, .child = (gint) child, .bits = bits });
}
