/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list.c - all that the kernel holds, others' too. */
#include <netinet/in.h>
#include <string.h>

#include "cover.h"
#include "failure.h"
#include "owner.h"
#include "values.h"
#include "xfrm-private.h"

typedef struct {
    Xfrm *xfrm;
    GArray *sas, *policies;
} Listing;

static void
add_sa_of(const XfrmMessage *message, gpointer data)
{
    Listing *listing = data;
    const XfrmSa *kernels = &message->sa;
    ObolKernelSa sa;

    /* The kernel's own helpers, and what only waits for an SA, are none. */
    if (message->kind != XFRM_KIND_SA || kernels->id.protocol == 0 || kernels->id.spi == 0)
        return;
    sa = (ObolKernelSa) {
        .id = kernels->id, .reqid = kernels->info.reqid, .mode = mode_from_kernel(kernels->info.mode),
        .ours = owner_has_sa(kernels) || owner_has_reservation(kernels), .reserved = kernels->larval,
        .if_id = kernels->if_id, .mark = kernels->mark,
    };
    if (sa.ours && sa.reserved)
        sa.reqid = 0; /* that one is our sign */
    usage_from_kernel(listing->xfrm, kernels, &sa.usage);
    g_array_append_val(listing->sas, sa);
}

static void
read_template(const struct xfrm_user_tmpl *template, ObolPolicySpec *spec)
{
    static const xfrm_address_t nowhere;

    spec->mode = mode_from_kernel(template->mode);
    if (template->family != AF_INET && template->family != AF_INET6)
        return;
    address_from_kernel(&template->saddr, template->family, &spec->tunnel_source);
    address_from_kernel(&template->id.daddr, template->family, &spec->tunnel_destination);
    if (memcmp(&template->saddr, &nowhere, sizeof nowhere) == 0)
        spec->tunnel_source = (ObolAddress) { 0 };
    if (memcmp(&template->id.daddr, &nowhere, sizeof nowhere) == 0)
        spec->tunnel_destination = (ObolAddress) { 0 };
}

static void
add_policy_of(const XfrmMessage *message, gpointer data)
{
    Listing *listing = data;
    const XfrmPolicy *kernels = &message->policy;
    ObolKernelPolicy policy = { .ours = owner_has_policy(&kernels->info) };
    ObolPolicySpec *spec = &policy.spec;
    const Rule *rule = rules_by_index(listing->xfrm->rules, kernels->info.index);

    if (message->kind != XFRM_KIND_POLICY || kernels->info.dir > XFRM_POLICY_FWD)
        return; /* the rest are those of single sockets */
    spec->direction = direction_from_kernel(kernels->info.dir);
    spec->action = kernels->info.action == XFRM_POLICY_BLOCK ? OBOL_POLICY_DROP :
                   kernels->n_templates == 0 ? OBOL_POLICY_PASS : OBOL_POLICY_PROTECT;
    spec->priority = kernels->info.priority;
    spec->mark = kernels->mark;
    spec->if_id = kernels->if_id;
    spec->trap = rule != NULL && rule_trap(rule) != NULL;
    cover_read(&kernels->info.sel, &spec->source, &spec->destination);
    if (kernels->n_templates > 0) {
        const struct xfrm_user_tmpl *last = &kernels->templates[kernels->n_templates - 1];

        read_template(&kernels->templates[0], spec);
        spec->reqid = last->reqid;
        spec->protocol = protocol_from_kernel(last->id.proto);
        spec->ipcomp = kernels->templates[0].id.proto == IPPROTO_COMP;
    }
    g_array_append_val(listing->policies, policy);
}

gboolean
list(Xfrm *xfrm, GArray **sas, GArray **policies, GError **error)
{
    Listing listing = {
        xfrm, g_array_new(FALSE, FALSE, sizeof(ObolKernelSa)), g_array_new(FALSE, FALSE, sizeof(ObolKernelPolicy)),
    };
    int status = link_dump(xfrm->link, XFRM_MSG_GETSA, add_sa_of, &listing);

    if (status == 0)
        status = link_dump(xfrm->link, XFRM_MSG_GETPOLICY, add_policy_of, &listing);
    *sas = listing.sas;
    *policies = listing.policies;
    if (status < 0)
        failure_set(error, status, link_words(xfrm->link), "listing what the kernel holds");
    return status == 0;
}
