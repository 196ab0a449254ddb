/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/kernel.c - what the model of a kernel holds, and how it answers. */
#include "testing/sim/kernel.h"

#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/watch.h"

/* --- names --- */

/* An inbound SA is named by its SPI, since all come to this host; an outbound one by the peer's address too (RFC 4301 section 4.1). */
static guint64
name_of(const ObolSaId *id, gboolean inbound)
{
    guint64 name = sim_mix(id->spi, id->protocol | (inbound ? 0x100 : 0));

    for (guint i = 0; !inbound && i < obol_address_n_bytes(&id->destination); i++)
        name = sim_mix(name, id->destination.bytes[i]);
    return name;
}

static SimSa *
find(const SimKernel *kernel, const ObolSaId *id, gboolean inbound)
{
    guint64 name = name_of(id, inbound);

    return g_hash_table_lookup(kernel->sas, &name);
}

/* A request to delete does not say which way. */
static SimSa *
find_either(const SimKernel *kernel, const ObolSaId *id)
{
    gboolean ours = sim_host_has_address(kernel->host, &id->destination);
    SimSa *sa = find(kernel, id, ours);

    return sa != NULL ? sa : find(kernel, id, !ours);
}

static void
sa_free(gpointer data)
{
    SimSa *sa = data;

    g_clear_pointer(&sa->source_ts, g_array_unref);
    g_clear_pointer(&sa->destination_ts, g_array_unref);
    g_free(sa);
}

SimKernel *
sim_kernel_new(Sim *sim, SimHost *host, guint64 seed)
{
    SimKernel *kernel = g_new0(SimKernel, 1);

    kernel->sim = sim;
    kernel->host = host;
    kernel->dice.state = seed;
    kernel->sas = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, sa_free);
    kernel->by_reqid = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    kernel->policies = g_ptr_array_new_with_free_func(g_free);
    return kernel;
}

void
sim_kernel_free(SimKernel *kernel)
{
    g_hash_table_unref(kernel->sas);
    g_hash_table_unref(kernel->by_reqid);
    g_ptr_array_unref(kernel->policies);
    g_free(kernel);
}

void
sim_kernel_wipe(SimKernel *kernel)
{
    g_hash_table_remove_all(kernel->by_reqid);
    g_hash_table_remove_all(kernel->sas);
    g_ptr_array_set_size(kernel->policies, 0);
    kernel->n_sas = kernel->n_reserved = 0;
}

/* --- lifetimes --- */

typedef struct {
    guint64 name, serial;
    gboolean hard;
} Expiry;

static void remove_sa(SimKernel *kernel, SimSa *sa);

static void
tell_expired(SimKernel *kernel, const SimSa *sa, gboolean hard)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_EXPIRE, .sa = sa->id, .hard = hard };

    sim_host_kernel_event(kernel->host, &event);
}

static void
expire(gpointer owner, gpointer data)
{
    SimKernel *kernel = owner;
    g_autofree Expiry *expiry = data;
    SimSa *sa = g_hash_table_lookup(kernel->sas, &expiry->name);

    if (sa == NULL || sa->serial != expiry->serial || (!expiry->hard && sa->soft_told))
        return;
    sa->soft_told = TRUE;
    tell_expired(kernel, sa, expiry->hard);
    if (expiry->hard)
        remove_sa(kernel, sa);
}

static void
arm(SimKernel *kernel, const SimSa *sa, gint64 after_us, gboolean hard)
{
    Expiry expiry = { name_of(&sa->id, sa->inbound), sa->serial, hard };

    if (after_us > 0)
        sim_schedule_at(&kernel->sim->schedule, kernel->sim->schedule.now_us + after_us, expire, kernel, g_memdup2(&expiry, sizeof expiry),
                        g_free);
}

/* --- SAs --- */

static GPtrArray *
outbound_of(SimKernel *kernel, guint32 reqid)
{
    GPtrArray *list = g_hash_table_lookup(kernel->by_reqid, GUINT_TO_POINTER(reqid));

    if (list == NULL) {
        list = g_ptr_array_new();
        g_hash_table_insert(kernel->by_reqid, GUINT_TO_POINTER(reqid), list);
    }
    return list;
}

static void
insert(SimKernel *kernel, SimSa *sa)
{
    guint64 name = name_of(&sa->id, sa->inbound);

    sa->serial = ++kernel->n_serials;
    g_hash_table_insert(kernel->sas, g_memdup2(&name, sizeof name), sa);
    if (sa->reserved)
        kernel->n_reserved++;
    else
        kernel->n_sas++;
    if (!sa->inbound)
        g_ptr_array_add(outbound_of(kernel, sa->reqid), sa);
}

static void
remove_sa(SimKernel *kernel, SimSa *sa)
{
    guint64 name = name_of(&sa->id, sa->inbound);

    if (sa->reserved)
        kernel->n_reserved--;
    else
        kernel->n_sas--;
    if (!sa->inbound)
        g_ptr_array_remove(outbound_of(kernel, sa->reqid), sa);
    g_hash_table_remove(kernel->sas, &name);
}

static gboolean
refuse(GError **error, ObolKernelError code, const char *what)
{
    g_set_error(error, OBOL_KERNEL_ERROR, (gint) code, "the model kernel: %s", what);
    return FALSE;
}

static void
get_spi(SimKernel *kernel, const SimRequest *request, ObolKernelReply *reply)
{
    SimSa *sa = g_new0(SimSa, 1);

    sa->id = request->sa.id;
    sa->reqid = request->sa.reqid;
    sa->inbound = sa->reserved = TRUE;
    do
        sa->id.spi = (guint32) sim_dice_between(&kernel->dice, 0x100, G_MAXUINT32);
    while (find(kernel, &sa->id, TRUE) != NULL);
    reply->spi = sa->id.spi;
    insert(kernel, sa);
}

/* For the fault of the model that drops the old one: anything else of the same child. */
static void
drop_older(SimKernel *kernel, const SimSa *sa)
{
    GPtrArray *list = outbound_of(kernel, sa->reqid);
    GHashTableIter iter;
    gpointer value;

    while (list->len > 1)
        remove_sa(kernel, g_ptr_array_index(list, 0));
    g_hash_table_iter_init(&iter, kernel->sas);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        SimSa *other = value;

        if (!other->inbound || other->reserved || other->reqid != sa->reqid || other->serial + 1 >= sa->serial)
            continue;
        kernel->n_sas--;
        g_hash_table_iter_remove(&iter);
    }
}

static GArray *
copy_of(const GArray *selectors)
{
    return g_array_copy((GArray *) selectors);
}

static gboolean
add_sa(SimKernel *kernel, const SimRequest *request, GError **error)
{
    SimSa *sa, *there = find(kernel, &request->sa.id, request->sa.inbound);
    SimBreak broken = kernel->sim->broken;

    if (there != NULL && !there->reserved)
        return refuse(error, OBOL_KERNEL_ERROR_EXISTS, "such an SA is there");
    if (kernel->refuse_next) {
        kernel->refuse_next = FALSE;
        return refuse(error, OBOL_KERNEL_ERROR_LIMIT, "it was told to refuse");
    }
    if (there != NULL)
        remove_sa(kernel, there);
    sa = g_new0(SimSa, 1);
    sa->id = request->sa.id;
    sa->reqid = request->sa.reqid;
    sa->inbound = request->sa.inbound;
    sa->udp_encap = request->sa.udp_encap;
    sa->key = request->key + (broken == SIM_BREAK_KEY && !sa->inbound);
    sa->source_ts = copy_of(request->source_ts);
    sa->destination_ts = copy_of(request->destination_ts);
    if (broken == SIM_BREAK_SELECTORS && sa->inbound)
        g_array_index(sa->source_ts, ObolTs, 0) = sim_net(4000, 0, 0);
    sa->lifetimes = request->sa.lifetimes;
    sa->mapped = sa->id.source;
    sa->added_us = kernel->sim->schedule.now_us;
    sa->first = !sa->inbound && outbound_of(kernel, sa->reqid)->len == 0;
    insert(kernel, sa);
    arm(kernel, sa, sa->lifetimes.soft_us, FALSE);
    arm(kernel, sa, sa->lifetimes.hard_us, TRUE);
    if (broken == SIM_BREAK_HASTY && !sa->inbound)
        drop_older(kernel, sa);
    return TRUE;
}

static gboolean
update_sa(SimKernel *kernel, const SimRequest *request, GError **error)
{
    SimSa *sa = find(kernel, &request->sa.id, request->sa.inbound);
    guint64 name;
    gpointer key;

    if (sa == NULL || sa->reserved)
        return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA to update");
    name = name_of(&sa->id, sa->inbound);
    g_hash_table_steal_extended(kernel->sas, &name, &key, NULL);
    g_free(key);
    sa->id = request->to;
    sa->udp_encap = request->to_udp_encap;
    sa->mapped = sa->id.source;
    name = name_of(&sa->id, sa->inbound);
    g_hash_table_insert(kernel->sas, g_memdup2(&name, sizeof name), sa);
    return TRUE;
}

static gboolean
delete_sa(SimKernel *kernel, const SimRequest *request, GError **error)
{
    SimSa *sa = find_either(kernel, &request->sa.id);

    if (sa == NULL)
        return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA to delete");
    if (kernel->sim->broken != SIM_BREAK_FORGETFUL || sa->reserved || !sa->inbound)
        remove_sa(kernel, sa);
    return TRUE;
}

/* --- policies --- */

static gboolean
same_policy(const ObolPolicySpec *a, const ObolPolicySpec *b)
{
    return a->direction == b->direction && a->action == b->action && a->reqid == b->reqid && !a->trap == !b->trap
           && obol_ts_equal(&a->source, &b->source) && obol_ts_equal(&a->destination, &b->destination)
           && obol_address_equal(&a->tunnel_source, &b->tunnel_source)
           && obol_address_equal(&a->tunnel_destination, &b->tunnel_destination);
}

static SimPolicy *
find_policy(const SimKernel *kernel, const ObolPolicySpec *spec, guint *at)
{
    for (guint i = kernel->policies->len; i-- > 0;) {
        SimPolicy *policy = g_ptr_array_index(kernel->policies, i);

        if (same_policy(&policy->spec, spec)) {
            *at = i;
            return policy;
        }
    }
    return NULL;
}

void
sim_kernel_add_policy(SimKernel *kernel, const ObolPolicySpec *spec)
{
    SimPolicy *policy = g_new0(SimPolicy, 1);

    policy->spec = *spec;
    g_ptr_array_add(kernel->policies, policy);
}

static void
drop_traps(SimKernel *kernel)
{
    for (guint i = kernel->policies->len; i-- > 0;) {
        if (((SimPolicy *) g_ptr_array_index(kernel->policies, i))->spec.trap)
            g_ptr_array_remove_index(kernel->policies, i);
    }
}

static gboolean
change_policy(SimKernel *kernel, const SimRequest *request, GError **error)
{
    guint at;
    SimPolicy *policy = find_policy(kernel, &request->policy, &at);

    if (policy == NULL)
        return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such policy");
    if (request->op == OBOL_KERNEL_UPDATE_POLICY)
        policy->spec = request->policy_to;
    else
        g_ptr_array_remove_index(kernel->policies, at);
    if (kernel->sim->broken == SIM_BREAK_POLICY)
        drop_traps(kernel);
    return TRUE;
}

gboolean
sim_kernel_serve(SimKernel *kernel, const SimRequest *request, ObolKernelReply *reply, GError **error)
{
    SimSa *sa;

    switch (request->op) {
    case OBOL_KERNEL_GET_SPI:
        get_spi(kernel, request, reply);
        return TRUE;
    case OBOL_KERNEL_ADD_SA:
        return add_sa(kernel, request, error);
    case OBOL_KERNEL_UPDATE_SA:
        return update_sa(kernel, request, error);
    case OBOL_KERNEL_DELETE_SA:
        return delete_sa(kernel, request, error);
    case OBOL_KERNEL_QUERY_SA:
        sa = find_either(kernel, &request->sa.id);
        if (sa == NULL)
            return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA");
        reply->usage.packets = sa->packets;
        return TRUE;
    case OBOL_KERNEL_ADD_POLICY:
        sim_kernel_add_policy(kernel, &request->policy);
        return TRUE;
    case OBOL_KERNEL_DELETE_POLICY:
    case OBOL_KERNEL_UPDATE_POLICY:
        return change_policy(kernel, request, error);
    case OBOL_KERNEL_FLUSH:
        sim_kernel_wipe(kernel);
        return TRUE;
    case OBOL_KERNEL_LIST:
        return TRUE;
    }
    return TRUE;
}

const SimSa *
sim_kernel_counterpart(const SimKernel *kernel, const SimSa *out)
{
    const SimSa *in = find(kernel, &out->id, TRUE);

    return in != NULL && !in->reserved && in->key == out->key ? in : NULL;
}

/* --- requests --- */

static guint64
number_of_key(const ObolSecret *secret)
{
    guint64 number = 0;

    for (gsize i = 0; secret != NULL && i < secret->n; i++)
        number = sim_mix(number, secret->bytes[i]);
    return number;
}

SimRequest *
sim_request_new(guint64 ticket, const ObolKernelRequest *request)
{
    SimRequest *kept = g_new0(SimRequest, 1);

    kept->ticket = ticket;
    kept->op = request->op;
    kept->sa = request->sa;
    kept->key = sim_mix(number_of_key(request->sa.encr_key), number_of_key(request->sa.integ_key));
    kept->sa.encr_key = kept->sa.integ_key = NULL;
    kept->source_ts = request->sa.source_ts != NULL ? copy_of(request->sa.source_ts) : NULL;
    kept->destination_ts = request->sa.destination_ts != NULL ? copy_of(request->sa.destination_ts) : NULL;
    kept->policy = request->policy;
    kept->policy_to = request->policy_to;
    kept->to = request->to;
    kept->to_udp_encap = request->to_udp_encap;
    return kept;
}

void
sim_request_free(gpointer data)
{
    SimRequest *request = data;

    g_clear_pointer(&request->source_ts, g_array_unref);
    g_clear_pointer(&request->destination_ts, g_array_unref);
    g_free(request);
}
