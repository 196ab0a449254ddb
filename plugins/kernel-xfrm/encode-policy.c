/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* encode-policy.c - policies as requests to the kernel. */
#include <netinet/in.h>
#include <string.h>

#include "encode.h"
#include "values.h"

static void
put_template(struct xfrm_user_tmpl *out, const ObolPolicySpec *policy, guint8 protocol, ObolMode mode)
{
    memset(out, 0, sizeof *out);
    out->id.proto = protocol_to_kernel(protocol);
    out->family = policy->tunnel_destination.family != 0 ? policy->tunnel_destination.family : policy->source.family;
    out->reqid = policy->reqid;
    out->mode = mode_to_kernel(mode);
    out->aalgos = out->ealgos = out->calgos = G_MAXUINT32; /* the SA decides, not the policy */
    if (mode == OBOL_MODE_TRANSPORT)
        return;
    address_to_kernel(&policy->tunnel_source, &out->saddr);
    address_to_kernel(&policy->tunnel_destination, &out->id.daddr);
}

/* In order of application on the way out (RFC 3173: compressed, then encrypted): the first makes the tunnel. */
static void
put_templates(XfrmRequest *request, const ObolPolicySpec *policy)
{
    struct xfrm_user_tmpl templates[2];
    ObolMode mode = policy->mode;
    guint n = 0;

    if (policy->action != OBOL_POLICY_PROTECT)
        return;
    if (policy->ipcomp) {
        put_template(&templates[n], policy, OBOL_PROTO_IPCOMP, mode);
        templates[n++].optional = policy->direction != OBOL_DIR_OUT;
        mode = OBOL_MODE_TRANSPORT;
    }
    put_template(&templates[n++], policy, policy->protocol, mode);
    request_put(request, XFRMA_TMPL, templates, n * sizeof templates[0]);
}

static void
put_mark(XfrmRequest *request, const ObolMark *mark, guint32 if_id)
{
    const struct xfrm_mark kernels = { .v = mark->value, .m = mark->mask };

    if (mark->mask != 0)
        request_put(request, XFRMA_MARK, &kernels, sizeof kernels);
    if (if_id != 0)
        request_put_u32(request, XFRMA_IF_ID, if_id);
}

void
encode_policy(XfrmRequest *request, guint16 type, const ObolPolicySpec *policy, const struct xfrm_selector *selector,
              guint32 index, guint32 priority)
{
    struct xfrm_userpolicy_info info;

    memset(&info, 0, sizeof info);
    info.sel = *selector;
    info.lft.soft_byte_limit = info.lft.hard_byte_limit = XFRM_INF;
    info.lft.soft_packet_limit = info.lft.hard_packet_limit = XFRM_INF;
    info.priority = priority;
    info.index = index;
    info.dir = direction_to_kernel(policy->direction);
    info.action = policy->action == OBOL_POLICY_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
    info.share = XFRM_SHARE_ANY;
    request_begin(request, type, 0, &info, sizeof info);
    put_templates(request, policy);
    put_mark(request, &policy->mark, policy->if_id);
}

void
encode_policy_name(XfrmRequest *request, guint16 type, guint32 index, const ObolMark *mark, guint32 if_id)
{
    struct xfrm_userpolicy_id id;

    memset(&id, 0, sizeof id);
    id.index = index;
    id.dir = index & 7;
    request_begin(request, type, 0, &id, sizeof id);
    put_mark(request, mark, if_id);
}
