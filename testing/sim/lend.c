/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/lend.c - virtual addresses: a pool on each host, and what others have lent it.  They go with the daemon. */
#include "testing/sim/lend.h"

#include "pools/pools.h"
#include "testing/sim/host-private.h"

#define LEASE_US (100 * G_TIME_SPAN_MILLISECOND) /* the longest that a pool takes */

struct SimLender {
    ObolPools *pools;
    GArray *lent; /* of ObolAddress */
};

SimLender *
sim_lender_new(guint number)
{
    SimLender *lender = g_new(SimLender, 1);
    g_autofree char *addresses = g_strdup_printf("172.%u.%u.0/24", 16 + number / 256, number % 256);
    g_autoptr(ObolPoolConfig) config = obol_pool_config_new(SIM_POOL, addresses, NULL);

    *lender = (SimLender) { obol_pools_new(), g_array_new(FALSE, FALSE, sizeof(ObolAddress)) };
    obol_pools_set(lender->pools, config);
    return lender;
}

void
sim_lender_free(SimLender *lender)
{
    if (lender == NULL)
        return;
    obol_pools_free(lender->pools);
    g_array_unref(lender->lent);
    g_free(lender);
}

/* --- looks --- */

static void
add_holders(G_GNUC_UNUSED const ObolIdentity *identity, G_GNUC_UNUSED const ObolAddress *address, guint n_holders, gpointer data)
{
    *(guint *) data += n_holders;
}

guint
sim_lender_n_given(const SimLender *lender)
{
    guint n = 0;

    if (lender != NULL)
        obol_pool_each_lease(obol_pools_nth(lender->pools, 0), add_holders, &n);
    return n;
}

guint
sim_lender_n_lent(const SimLender *lender)
{
    return lender != NULL ? lender->lent->len : 0;
}

/* --- who gives --- */

typedef struct {
    guint64 ticket;
    ObolPoolRequest *request;
} Asked;

static void
asked_free(gpointer data)
{
    Asked *asked = data;

    obol_pool_request_free(asked->request);
    g_free(asked);
}

static void
lease(SimHost *host, gpointer data)
{
    Asked *asked = data;
    g_autoptr(ObolPoolReply) reply = obol_pools_lease(host->lender->pools, asked->request);

    host->n_jobs--;
    obol_shard_leased(host->shard, asked->ticket, asked->request, reply, sim_host_now(host));
    asked_free(asked);
}

void
sim_port_lease(gpointer data, guint64 ticket, const ObolPoolRequest *request)
{
    SimHost *host = data;
    gint64 takes_us = host->sim->plan->clean ? 0 : sim_dice_between(&host->dice, 0, LEASE_US);
    Asked asked = { ticket, obol_pool_request_new(request->identity, (const char *const *) request->pools, request->addresses) };

    host->n_jobs++;
    sim_host_later(host, sim_host_now(host) + takes_us, lease, g_memdup2(&asked, sizeof asked), asked_free);
}

/* What is given back was held, each of it once. */
void
sim_port_release(gpointer data, const ObolPoolRequest *request)
{
    SimHost *host = data;
    guint before = sim_lender_n_given(host->lender);

    if (host->sim->broken == SIM_BREAK_LEASE)
        return;
    obol_pools_release(host->lender->pools, request);
    if (sim_lender_n_given(host->lender) + request->addresses->len != before)
        sim_fail(host->sim, SIM_LEAK, "host %u gives virtual addresses back that nobody holds", host->number);
}

/* --- who is given --- */

static gboolean
find(const GArray *list, const ObolAddress *address, guint *at)
{
    for (*at = 0; *at < list->len; ++*at) {
        if (obol_address_equal(&g_array_index(list, ObolAddress, *at), address))
            return TRUE;
    }
    return FALSE;
}

void
sim_port_configure(gpointer data, G_GNUC_UNUSED const ObolIkeInfo *sa, gboolean up, const GArray *addresses,
                   G_GNUC_UNUSED const GArray *attributes)
{
    SimHost *host = data;
    GArray *lent = host->lender->lent;

    for (guint i = 0; i < addresses->len; i++) {
        const ObolAddress *one = &g_array_index(addresses, ObolAddress, i);
        guint at;

        sim_note(host->sim, (guint64) one->bytes[3] << 1 | (up ? 1 : 0));
        if (up)
            g_array_append_vals(lent, one, 1);
        else if (find(lent, one, &at))
            g_array_remove_index(lent, at);
        else
            sim_fail(host->sim, SIM_LEAK, "host %u removes a virtual address that it has not", host->number);
    }
}

/* --- both --- */

typedef struct {
    const ObolAddress *address;
    char *name; /* of who has to hold it */
    gboolean found;
} Search;

static void
look_at_lease(const ObolIdentity *identity, const ObolAddress *address, guint n_holders, gpointer data)
{
    Search *search = data;
    g_autofree char *name = obol_identity_format(identity);

    search->found |= n_holders > 0 && obol_address_equal(address, search->address) && g_str_equal(name, search->name);
}

void
sim_lend_check(Sim *sim)
{
    for (guint i = 0; i < sim->hosts->len; i++) {
        const SimHost *host = g_ptr_array_index(sim->hosts, i);

        for (guint j = 0; j < sim_lender_n_lent(host->lender); j++) {
            const ObolAddress *address = &g_array_index(host->lender->lent, ObolAddress, j);
            guint giver = ((guint) address->bytes[1] - 16) * 256 + address->bytes[2];
            const SimHost *gateway = g_ptr_array_index(sim->hosts, giver);
            Search search = { address, sim_host_name(i), FALSE };

            obol_pool_each_lease(obol_pools_nth(gateway->lender->pools, 0), look_at_lease, &search);
            if (!search.found)
                sim_fail(sim, SIM_AGREEMENT, "host %u has a virtual address of host %u, which does not know of it", i, giver);
            g_free(search.name);
        }
    }
}
