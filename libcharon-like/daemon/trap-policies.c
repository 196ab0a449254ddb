/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/trap-policies.c - the policies that stand without an SA: a child's traps, and shunts. */
#include "daemon/daemon-private.h"

#include <string.h>

static const struct {
    ObolDirection direction;
    gboolean outbound; /* from our side to the other */
    gboolean trap;     /* a packet raises an acquire */
    gboolean chosen;   /* only with policies_fwd_out */
} kinds[] = {
    { OBOL_DIR_OUT, TRUE, TRUE, FALSE },
    { OBOL_DIR_IN, FALSE, FALSE, FALSE },
    { OBOL_DIR_FORWARD, FALSE, FALSE, FALSE },
    { OBOL_DIR_FORWARD, TRUE, FALSE, TRUE },
};

/* @ts: ours, theirs; @ends: likewise, outer. */
static void
add_pair(GArray *out, const ObolChildConfig *child, guint32 reqid, const ObolTs ts[2], const ObolAddress ends[2])
{
    gboolean shunt = child->action != OBOL_POLICY_PROTECT;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        gboolean outbound = kinds[i].outbound;
        ObolPolicySpec policy = {
            .direction = kinds[i].direction, .action = child->action, .priority = child->priority,
            .source = ts[!outbound], .destination = ts[outbound],
            .mark = outbound ? child->mark_out : child->mark_in, .if_id = outbound ? child->if_id_out : child->if_id_in,
        };

        if (kinds[i].chosen && !child->policies_fwd_out)
            continue;
        /* What is not in a tunnel ends here, and is never forwarded; a shunt is for routers too. */
        if (kinds[i].direction == OBOL_DIR_FORWARD && !shunt && child->mode != OBOL_MODE_TUNNEL)
            continue;
        if (!shunt) {
            policy.reqid = reqid;
            policy.mode = child->mode;
            policy.protocol = (guint8) child->protocol;
            policy.trap = kinds[i].trap;
            policy.ipcomp = child->ipcomp;
            policy.tunnel_source = ends[!outbound];
            policy.tunnel_destination = ends[outbound];
        }
        g_array_append_val(out, policy);
    }
}

GArray *
daemon_trap_policies(const ObolChildConfig *child, guint32 reqid, const ObolAddress *local, const ObolAddress *remote)
{
    GArray *policies = g_array_new(FALSE, FALSE, sizeof(ObolPolicySpec));
    ObolAddress ends[2] = { *local, *remote };

    ends[0].port = ends[1].port = 0;
    for (guint i = 0; i < child->local_ts->len; i++) {
        for (guint j = 0; j < child->remote_ts->len; j++) {
            ObolTs ts[2] = { g_array_index(child->local_ts, ObolTs, i), g_array_index(child->remote_ts, ObolTs, j) };

            obol_ts_resolve(&ts[0], local);
            obol_ts_resolve(&ts[1], remote);
            if (ts[0].family == ts[1].family)
                add_pair(policies, child, reqid, ts, ends);
        }
    }
    return policies;
}

/* "dynamic" has nobody's address to become: any of @family. */
static ObolTs
of_family(const ObolTs *ts, guint16 family)
{
    ObolTs out = *ts;

    if (ts->family == 0) {
        out.family = family;
        memset(out.first, 0, sizeof out.first);
        memset(out.last, 0, sizeof out.last);
        memset(out.last, 0xff, family == AF_INET6 ? 16 : 4);
    }
    return out;
}

GArray *
daemon_shunt_policies(const ObolChildConfig *shunt)
{
    static const guint16 families[] = { AF_INET, AF_INET6 };
    static const ObolAddress nobody[2];
    GArray *policies = g_array_new(FALSE, FALSE, sizeof(ObolPolicySpec));

    for (gsize f = 0; f < G_N_ELEMENTS(families); f++) {
        for (guint i = 0; i < shunt->local_ts->len; i++) {
            for (guint j = 0; j < shunt->remote_ts->len; j++) {
                const ObolTs ts[2] = { of_family(&g_array_index(shunt->local_ts, ObolTs, i), families[f]),
                                       of_family(&g_array_index(shunt->remote_ts, ObolTs, j), families[f]) };

                if (ts[0].family == families[f] && ts[1].family == families[f])
                    add_pair(policies, shunt, 0, ts, nobody);
            }
        }
    }
    return policies;
}
