/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-install.c - what a Child SA is in the kernel: two SAs, two more with IPComp, and the policies that lead to them. */
#include "engine/ike-sa-private.h"

static gboolean
is_inbound(ObolPart part)
{
    return part == OBOL_PART_IN || part == OBOL_PART_COMP_IN;
}

static gboolean
is_comp(ObolPart part)
{
    return part == OBOL_PART_COMP_OUT || part == OBOL_PART_COMP_IN;
}

/* --- where --- */

static ObolEnds
present_ends(const ObolIkeSa *sa, gboolean udp_encap)
{
    ObolEnds ends = { sa->local, sa->remote, udp_encap };

    if (sa->mobike != NULL && sa->mobike->mapped.family != 0)
        ends.remote = sa->mobike->mapped;
    if (!udp_encap)
        ends.local.port = ends.remote.port = 0;
    return ends;
}

static gboolean
same_ends(const ObolEnds *a, const ObolEnds *b)
{
    return !a->udp_encap == !b->udp_encap && obol_endpoint_equal(&a->local, &b->local) && obol_endpoint_equal(&a->remote, &b->remote);
}

static const ObolEnds *
ends_at(const ObolChildSa *child, ObolPlace place)
{
    return &child->ends[place - OBOL_AT_FIRST];
}

static ObolPlace
other_place(ObolPlace place)
{
    return place == OBOL_AT_FIRST ? OBOL_AT_SECOND : OBOL_AT_FIRST;
}

static gboolean
anything_at(const ObolChildSa *child, ObolPlace place)
{
    for (guint i = 0; i < OBOL_N_PARTS; i++) {
        if (child->places[i] == place)
            return TRUE;
    }
    for (guint i = 0; child->policies != NULL && i < child->policies->len; i++) {
        if (child->policies->data[i] == place)
            return TRUE;
    }
    return FALSE;
}

/* --- what: the SAs --- */

static ObolSaId
sa_id(const ObolChildSa *child, ObolPart part, ObolPlace place)
{
    const ObolEnds *ends = ends_at(child, place);
    gboolean inbound = is_inbound(part);

    return (ObolSaId) {
        .source = inbound ? ends->remote : ends->local,
        .destination = inbound ? ends->local : ends->remote,
        .spi = is_comp(part) ? (inbound ? child->cpi_in : child->cpi_out) : (inbound ? child->spi_in : child->spi_out),
        .protocol = is_comp(part) ? OBOL_PROTO_IPCOMP : child->suite.protocol,
    };
}

/* The whole of an SA but its keys: what it was added as, for whatever is asked about it later.  With IPComp the tunnel is
 * the outer one's of the two that a packet goes through first, so ESP or AH carry it as transport mode does. */
static ObolSaSpec
sa_spec(const ObolChildSa *child, ObolPart part, ObolPlace place)
{
    const ObolChildConfig *config = child->config;
    gboolean inbound = is_inbound(part), inside = !is_comp(part) && child->cpi_in != 0 && child->cpi_out != 0;
    ObolSaSpec spec = {
        .id = sa_id(child, part, place),
        .reqid = child->reqid,
        .mode = inside ? OBOL_MODE_TRANSPORT : child->mode,
        .inbound = inbound,
        .initiator = child->initiator,
        .source_ts = inbound ? child->remote_ts : child->local_ts,
        .destination_ts = inbound ? child->local_ts : child->remote_ts,
        .set_mark = inbound ? config->set_mark_in : config->set_mark_out,
        .if_id = inbound ? config->if_id_in : config->if_id_out,
        .flags = config->sa_flags,
    };

    if (!inbound || config->mark_in_sa)
        spec.mark = inbound ? config->mark_in : config->mark_out;
    if (is_comp(part))
        return spec;
    spec.udp_encap = ends_at(child, place)->udp_encap;
    if (inbound && child->original != NULL) {
        spec.original_source = child->original->remote;
        spec.original_destination = child->original->local;
    }
    spec.suite = child->suite;
    spec.replay_window = config->replay_window;
    spec.lifetimes = child->lifetimes;
    spec.tfc_padding = inbound ? 0 : child->tfc_padding;
    spec.offload = config->offload;
    return spec;
}

void
obol_child_get_spi(ObolIkeSa *sa, ObolChildSa *child, ObolPart part, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI };

    if (!anything_at(child, child->at))
        child->ends[child->at - OBOL_AT_FIRST] = present_ends(sa, FALSE);
    request.sa = sa_spec(child, part, child->at);
    request.sa.id.spi = 0;
    obol_child_ask(sa, child, OBOL_KERNEL_FOR_SPI, part, &request, out);
}

static void
add_sa(ObolIkeSa *sa, ObolChildSa *child, ObolPart part, const ObolSecret *encr, const ObolSecret *integ, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_SA, .sa = sa_spec(child, part, child->at) };

    request.sa.encr_key = encr;
    request.sa.integ_key = integ;
    obol_child_ask(sa, child, OBOL_KERNEL_FOR_INSTALL, part, &request, out);
}

/* Both SAs of a direction, with the keys of that direction (section 2.17: the initiator's first). */
static void
add_direction(ObolIkeSa *sa, ObolChildSa *child, const ObolChildKeys *keys, gboolean inbound, ObolActions *out)
{
    gboolean initiators = inbound != child->initiator;

    add_sa(sa, child, inbound ? OBOL_PART_IN : OBOL_PART_OUT, initiators ? keys->encr_i : keys->encr_r,
           initiators ? keys->integ_i : keys->integ_r, out);
    if (child->cpi_in != 0 && child->cpi_out != 0)
        add_sa(sa, child, inbound ? OBOL_PART_COMP_IN : OBOL_PART_COMP_OUT, NULL, NULL, out);
}

/* Where part @part will be when the kernel comes to the next request: they are served in their order, so what it has been asked to move is
 * where it goes. */
static ObolPlace
place_to_come(const ObolIkeSa *sa, const ObolChildSa *child, ObolKernelOp move, guint part, ObolPlace now)
{
    for (guint i = 0; sa->waits != NULL && i < sa->waits->len; i++) {
        const ObolKernelWait *wait = &g_array_index(sa->waits, ObolKernelWait, i);

        if (wait->op == move && wait->child_id == child->unique_id && wait->part == part)
            return wait->place;
    }
    return now;
}

static void
delete_sa(ObolIkeSa *sa, ObolChildSa *child, ObolPart part, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_SA };

    if (child->places[part] == OBOL_NOWHERE)
        return;
    request.sa = sa_spec(child, part, place_to_come(sa, child, OBOL_KERNEL_UPDATE_SA, part, child->places[part]));
    child->places[part] = OBOL_NOWHERE;
    obol_child_ask(sa, child, OBOL_KERNEL_FOR_NOBODY, part, &request, out);
}

/* --- what: the policies --- */

/* Which ways a policy goes.  Forwarded packets come out of tunnels only.  Those on their way into one are let through, where
 * the admin drops the rest: it is the outbound policy that protects them. */
static const struct {
    ObolDirection direction;
    gboolean outbound;
    ObolPolicyAction action;
} ways[] = {
    { OBOL_DIR_OUT, TRUE, OBOL_POLICY_PROTECT },
    { OBOL_DIR_IN, FALSE, OBOL_POLICY_PROTECT },
    { OBOL_DIR_FORWARD, FALSE, OBOL_POLICY_PROTECT },
    { OBOL_DIR_FORWARD, TRUE, OBOL_POLICY_PASS },
};

static guint
n_ways(const ObolChildSa *child)
{
    return child->mode != OBOL_MODE_TUNNEL ? 2 : child->config->policies_fwd_out ? 4 : 3;
}

/* Policy number @i of a child: one for each pair of selectors and way.  %FALSE for a pair of different families, which no
 * packet can match. */
static gboolean
nth_policy(const ObolChildSa *child, guint i, ObolPlace place, ObolPolicySpec *out)
{
    const ObolChildConfig *config = child->config;
    const ObolEnds *ends = ends_at(child, place);
    guint n = n_ways(child), way = i % n;
    const ObolTs *local = &g_array_index(child->local_ts, ObolTs, i / n % child->local_ts->len);
    const ObolTs *remote = &g_array_index(child->remote_ts, ObolTs, i / n / child->local_ts->len);
    gboolean outbound = ways[way].outbound;

    *out = (ObolPolicySpec) {
        .direction = ways[way].direction,
        .action = ways[way].action,
        .source = outbound ? *local : *remote,
        .destination = outbound ? *remote : *local,
        .reqid = child->reqid,
        .mode = child->mode,
        .protocol = child->suite.protocol,
        .tunnel_source = outbound ? ends->local : ends->remote,
        .tunnel_destination = outbound ? ends->remote : ends->local,
        .priority = config->priority,
        .ipcomp = child->cpi_in != 0 && child->cpi_out != 0,
        .mark = outbound ? config->mark_out : config->mark_in,
        .if_id = outbound ? config->if_id_out : config->if_id_in,
    };
    out->tunnel_source.port = out->tunnel_destination.port = 0; /* those of UDP encapsulation are the SAs' alone */
    return local->family == remote->family;
}

static void
add_policies(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    static const guint8 not_yet = OBOL_NOWHERE;
    guint n = child->local_ts->len * child->remote_ts->len * n_ways(child);

    if (!child->config->policies)
        return;
    child->policies = g_byte_array_new();
    for (guint i = 0; i < n; i++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY };

        g_byte_array_append(child->policies, &not_yet, 1);
        if (nth_policy(child, i, child->at, &request.policy))
            obol_child_ask(sa, child, OBOL_KERNEL_FOR_INSTALL, i, &request, out);
    }
}

static void
delete_policies(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    for (guint i = 0; child->policies != NULL && i < child->policies->len; i++) {
        ObolPlace place = place_to_come(sa, child, OBOL_KERNEL_UPDATE_POLICY, i, child->policies->data[i]);
        ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_POLICY };

        if (place != OBOL_NOWHERE && nth_policy(child, i, place, &request.policy))
            obol_child_ask(sa, child, OBOL_KERNEL_FOR_NOBODY, i, &request, out);
    }
    g_clear_pointer(&child->policies, g_byte_array_unref);
}

/* --- in and out --- */

static guint64
less(const ObolIkeSa *sa, guint64 soft, guint64 hard)
{
    guint64 most = hard > soft ? MIN(hard - soft, soft / 2) : soft / 10, random;

    if (soft == 0 || most == 0)
        return soft;
    obol_random_fill(&sa->engine->random, (guint8 *) &random, sizeof random);
    return soft - random % most;
}

/* Both ends rekeying at the same moment (section 2.8.1) is avoided by each being a little early, by another amount each time;
 * what one end sends the other one receives, so that counters need it as clocks do. */
static ObolLifetimes
with_jitter(const ObolIkeSa *sa, const ObolChildConfig *config)
{
    ObolLifetimes lifetimes = config->lifetimes;
    guint64 random;

    if (config->jitter_us <= 0)
        return lifetimes;
    lifetimes.soft_bytes = less(sa, lifetimes.soft_bytes, lifetimes.hard_bytes);
    lifetimes.soft_packets = less(sa, lifetimes.soft_packets, lifetimes.hard_packets);
    if (lifetimes.soft_us > 0) {
        obol_random_fill(&sa->engine->random, (guint8 *) &random, sizeof random);
        lifetimes.soft_us -= (gint64) (random % (guint64) MIN(config->jitter_us, lifetimes.soft_us));
    }
    return lifetimes;
}

/* The SPI was reserved when the addresses may not have been known yet, and certainly not whether there is UDP.  An SA that has moved
 * since then takes its SPI along: the reservation at the old address is given back. */
static void
settle_ends(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolEnds now = present_ends(sa, obol_nat_encap(sa));
    const ObolEnds *was = obol_child_ends(child);

    if (!obol_address_equal(&now.local, &was->local)) {
        if (was->local.family != 0) {
            delete_sa(sa, child, OBOL_PART_IN, out);
            delete_sa(sa, child, OBOL_PART_COMP_IN, out);
        }
        child->at = other_place(child->at);
    }
    child->ends[child->at - OBOL_AT_FIRST] = now;
}

static gboolean
same_selectors(const ObolChildSa *a, const ObolChildSa *b)
{
    return obol_ts_list_within(a->local_ts, b->local_ts) && obol_ts_list_within(b->local_ts, a->local_ts)
           && obol_ts_list_within(a->remote_ts, b->remote_ts) && obol_ts_list_within(b->remote_ts, a->remote_ts);
}

static gboolean
reqid_is_taken(const ObolIkeSa *sa, const ObolChildSa *child)
{
    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *other = g_ptr_array_index(sa->children, i);

        if (other != child && other->reqid == child->reqid && other->state >= OBOL_CHILD_INSTALLING && !same_selectors(child, other))
            return TRUE;
    }
    return FALSE;
}

/* SAs of one reqid may serve each other's policies, so beside a child of the same settings with other selectors there has to be
 * another one. */
static void
settle_reqid(ObolIkeSa *sa, ObolChildSa *child)
{
    const ObolEngine *engine = sa->engine;

    if (engine->reqid_for == NULL || child->config->reqid != 0 || child->replaces != 0 || child->adjusts != 0)
        return;
    for (guint n = 2; n <= OBOL_ENGINE_CHILDREN_MAX && reqid_is_taken(sa, child); n++) {
        g_autofree char *name = g_strdup_printf("%s+%u", child->config->name, n);

        child->reqid = engine->reqid_for(engine->data, sa->connection->name, name);
    }
}

void
obol_child_install(ObolIkeSa *sa, ObolChildSa *child, ObolChildKeys *keys, gboolean hold_back, ObolActions *out)
{
    settle_ends(sa, child, out);
    settle_reqid(sa, child);
    child->lifetimes = with_jitter(sa, child->config);
    obol_child_sa_set_state(sa, child, OBOL_CHILD_INSTALLING, NULL, out);
    add_direction(sa, child, keys, TRUE, out);
    if (hold_back) {
        child->keys_out = *keys;
        *keys = (ObolChildKeys) { NULL };
    } else {
        add_direction(sa, child, keys, FALSE, out);
    }
    if (child->negotiation->verdict == NULL) /* what is to go again is received by, and no more */
        add_policies(sa, child, out);
    obol_child_keys_clear(keys);
}

static gboolean
holds_back(const ObolChildSa *child)
{
    return child->keys_out.encr_i != NULL || child->keys_out.integ_i != NULL;
}

void
obol_child_activate(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    if (!holds_back(child))
        return;
    child->switching = TRUE;
    add_direction(sa, child, &child->keys_out, FALSE, out);
    obol_child_keys_clear(&child->keys_out);
}

void
obol_child_uninstall_out(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    obol_child_keys_clear(&child->keys_out);
    delete_policies(sa, child, out);
    delete_sa(sa, child, OBOL_PART_OUT, out);
    delete_sa(sa, child, OBOL_PART_COMP_OUT, out);
}

void
obol_child_uninstall(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    obol_child_uninstall_out(sa, child, out);
    delete_sa(sa, child, OBOL_PART_IN, out);
    delete_sa(sa, child, OBOL_PART_COMP_IN, out);
}

void
obol_child_release_cpi(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    delete_sa(sa, child, OBOL_PART_COMP_IN, out);
}

void
obol_child_query(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_QUERY_SA };

    if (child->state != OBOL_CHILD_INSTALLED || child->places[OBOL_PART_IN] == OBOL_NOWHERE)
        return;
    request.sa = sa_spec(child, OBOL_PART_IN, child->places[OBOL_PART_IN]);
    obol_child_ask(sa, child, OBOL_KERNEL_FOR_LIVENESS, OBOL_PART_IN, &request, out);
}

/* --- moving --- */

static void
move_parts(ObolIkeSa *sa, ObolChildSa *child, ObolPlace from, ObolActions *out)
{
    for (guint part = 0; part < OBOL_N_PARTS; part++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA };

        if (child->places[part] != from)
            continue;
        request.sa = sa_spec(child, part, from);
        request.to = sa_id(child, part, child->at);
        request.to_udp_encap = !is_comp(part) && obol_child_ends(child)->udp_encap;
        obol_child_ask(sa, child, OBOL_KERNEL_FOR_MOVE, part, &request, out);
    }
}

/* A change of ports alone is none to a policy. */
static void
move_policies(ObolIkeSa *sa, ObolChildSa *child, ObolPlace from, ObolActions *out)
{
    const ObolEnds *was = ends_at(child, from), *now = obol_child_ends(child);
    gboolean same = obol_address_equal(&was->local, &now->local) && obol_address_equal(&was->remote, &now->remote);

    for (guint i = 0; child->policies != NULL && i < child->policies->len; i++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_POLICY };

        if (child->policies->data[i] != from)
            continue;
        if (same)
            child->policies->data[i] = child->at;
        else if (nth_policy(child, i, from, &request.policy) && nth_policy(child, i, child->at, &request.policy_to))
            obol_child_ask(sa, child, OBOL_KERNEL_FOR_MOVE, i, &request, out);
    }
}

/* RFC 4555 section 1.2: a transport mode SA is bound to its addresses, which are its selectors; one at the new ones is for whoever wants it
 * to set up. */
static gboolean
is_bound(const ObolIkeSa *sa, const ObolChildSa *child, const ObolEnds *now)
{
    const ObolEnds *was = obol_child_ends(child);

    return sa->mobike != NULL && child->mode == OBOL_MODE_TRANSPORT
           && (!obol_address_equal(&was->local, &now->local) || !obol_address_equal(&was->remote, &now->remote));
}

static void
close_bound(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolReason *reason = obol_reason_new(OBOL_REASON_ADDRESS_GONE, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_US, 0,
                                         "Child SA %s #%u is in transport mode, which can not move", child->config->name, child->unique_id);

    obol_ike_sa_fail(sa, reason, out);
    obol_child_sa_close(sa, child, reason, out);
}

static void
rekey_instead(ObolIkeSa *sa, ObolChildSa *child, const char *why, ObolActions *out)
{
    if (obol_rekey_rival(sa, child->unique_id, TRUE) != NULL || obol_rekey_rival(sa, child->unique_id, FALSE) != NULL)
        return; /* its successor is on its way */
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u can not be moved, so it is rekeyed: %s", child->config->name, child->unique_id, why);
    child->rekey_at_us = sa->now_us;
}

static void
move(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    const ObolKernelAbilities *can = sa->engine->abilities;
    ObolEnds now = present_ends(sa, obol_nat_encap(sa));
    const ObolEnds *was = obol_child_ends(child);
    ObolPlace from = child->at;

    if (child->state != OBOL_CHILD_INSTALLED || child->n_waiting > 0 || same_ends(&now, was))
        return;
    if (is_bound(sa, child, &now)) {
        close_bound(sa, child, out);
        return;
    }
    /* What this kernel can not change, or what a refused move has left in two places, is made anew (RFC 4555 section 3.5). */
    if (can != NULL && (!can->update_addresses || (!can->change_encap && now.udp_encap != was->udp_encap))) {
        rekey_instead(sa, child, "the kernel changes no addresses of SAs", out);
        return;
    }
    if (anything_at(child, other_place(from))) {
        rekey_instead(sa, child, "it was not moved whole before", out);
        return;
    }
    child->at = other_place(from);
    child->ends[child->at - OBOL_AT_FIRST] = now;
    move_parts(sa, child, from, out);
    move_policies(sa, child, from, out);
}

void
obol_child_move(ObolIkeSa *sa, ObolActions *out)
{
    if (sa->mobike != NULL && sa->mobike->unverified)
        return;
    for (guint i = sa->children->len; i-- > 0;) {
        if (i < sa->children->len) /* one may take others with it */
            move(sa, g_ptr_array_index(sa->children, i), out);
    }
}
