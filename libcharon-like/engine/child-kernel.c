/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-kernel.c - a Child SA into the kernel and out of it again.  Every answer comes later, and may come too late. */
#include "engine/ike-sa-private.h"

static void
ask(ObolIkeSa *sa, const ObolChildSa *child, ObolKernelPurpose purpose, guint part, const ObolKernelRequest *request,
    ObolActions *out)
{
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_KERNEL);
    ObolKernelWait wait = { ++sa->n_kernel_requests, purpose, request->op, child->unique_id, part };

    if (sa->waits == NULL)
        sa->waits = g_array_new(FALSE, FALSE, sizeof(ObolKernelWait));
    g_array_append_val(sa->waits, wait);
    action->kernel.request = wait.request;
    action->kernel.what = obol_kernel_request_copy(request);
}

static ObolAddress
outer(const ObolChildSa *child, const ObolAddress *address)
{
    ObolAddress a = *address;

    if (!child->udp_encap)
        a.port = 0;
    return a;
}

static ObolSaId
sa_id(const ObolChildSa *child, gboolean inbound)
{
    return (ObolSaId) {
        .source = inbound ? child->remote : child->local,
        .destination = inbound ? child->local : child->remote,
        .spi = inbound ? child->spi_in : child->spi_out,
        .protocol = child->suite.protocol != 0 ? child->suite.protocol : (guint8) child->config->protocol,
    };
}

static void
set_addresses(ObolIkeSa *sa, ObolChildSa *child)
{
    child->udp_encap = obol_nat_encap(sa);
    child->local = outer(child, &sa->local);
    child->remote = outer(child, &sa->remote);
}

void
obol_child_get_spi(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI };

    child->local = outer(child, &sa->local);
    child->remote = outer(child, &sa->remote);
    request.sa.id = sa_id(child, TRUE);
    request.sa.reqid = child->reqid;
    request.sa.inbound = TRUE;
    ask(sa, child, OBOL_KERNEL_FOR_SPI, 0, &request, out);
}

/* Both ends rekeying at the same moment is avoided by each being a little early, by another amount each time. */
static ObolLifetimes
with_jitter(const ObolIkeSa *sa, const ObolChildConfig *config)
{
    ObolLifetimes lifetimes = config->lifetimes;
    guint64 random;

    if (lifetimes.soft_us > 0 && config->jitter_us > 0) {
        obol_random_fill(&sa->engine->random, (guint8 *) &random, sizeof random);
        lifetimes.soft_us -= (gint64) (random % (guint64) MIN(config->jitter_us, lifetimes.soft_us));
    }
    return lifetimes;
}

static void
add_sa(ObolIkeSa *sa, ObolChildSa *child, const ObolChildKeys *keys, gboolean inbound, ObolActions *out)
{
    gboolean initiators_direction = inbound != child->initiator;
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_SA };

    request.sa = (ObolSaSpec) {
        .id = sa_id(child, inbound),
        .reqid = child->reqid,
        .mode = child->mode,
        .inbound = inbound,
        .initiator = child->initiator,
        .udp_encap = child->udp_encap,
        .suite = child->suite,
        .encr_key = initiators_direction ? keys->encr_i : keys->encr_r,
        .integ_key = initiators_direction ? keys->integ_i : keys->integ_r,
        .replay_window = child->config->replay_window,
        .lifetimes = child->lifetimes,
        .source_ts = inbound ? child->remote_ts : child->local_ts,
        .destination_ts = inbound ? child->local_ts : child->remote_ts,
        .tfc_padding = child->config->tfc_padding,
    };
    child->n_waiting++;
    ask(sa, child, OBOL_KERNEL_FOR_INSTALL, inbound ? 1 : 0, &request, out);
}

/* Policy number @i of a child: one for each pair of selectors and direction; forwarded packets come out of tunnels only.
 * %FALSE for a pair of different families, which no packet can match. */
static gboolean
nth_policy(const ObolChildSa *child, guint i, ObolPolicySpec *out)
{
    static const ObolDirection directions[] = { OBOL_DIR_OUT, OBOL_DIR_IN, OBOL_DIR_FORWARD };
    guint n = child->mode == OBOL_MODE_TUNNEL ? 3 : 2;
    ObolDirection direction = directions[i % n];
    const ObolTs *local = &g_array_index(child->local_ts, ObolTs, i / n % child->local_ts->len);
    const ObolTs *remote = &g_array_index(child->remote_ts, ObolTs, i / n / child->local_ts->len);
    gboolean outbound = direction == OBOL_DIR_OUT;

    *out = (ObolPolicySpec) {
        .direction = direction,
        .action = OBOL_POLICY_PROTECT,
        .source = outbound ? *local : *remote,
        .destination = outbound ? *remote : *local,
        .reqid = child->reqid,
        .mode = child->mode,
        .protocol = child->suite.protocol,
        .tunnel_source = outbound ? child->local : child->remote,
        .tunnel_destination = outbound ? child->remote : child->local,
        .priority = child->config->priority,
    };
    return local->family == remote->family;
}

static void
add_policies(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    guint n = child->local_ts->len * child->remote_ts->len * (child->mode == OBOL_MODE_TUNNEL ? 3 : 2);

    if (!child->config->policies)
        return;
    child->policies = g_byte_array_new();
    for (guint i = 0; i < n; i++) {
        static const guint8 not_yet = FALSE;
        ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY };

        g_byte_array_append(child->policies, &not_yet, 1);
        if (!nth_policy(child, i, &request.policy))
            continue;
        child->n_waiting++;
        ask(sa, child, OBOL_KERNEL_FOR_INSTALL, i, &request, out);
    }
}

static void
delete_policies(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    for (guint i = 0; child->policies != NULL && i < child->policies->len; i++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_POLICY };

        if (child->policies->data[i] && nth_policy(child, i, &request.policy))
            ask(sa, child, OBOL_KERNEL_FOR_NOBODY, 0, &request, out);
    }
    g_clear_pointer(&child->policies, g_byte_array_unref);
}

void
obol_child_install(ObolIkeSa *sa, ObolChildSa *child, ObolSpan ni, ObolSpan nr, ObolActions *out)
{
    ObolChildKeys keys = { NULL };
    g_autoptr(GError) error = NULL;

    set_addresses(sa, child);
    child->lifetimes = with_jitter(sa, child->config);
    obol_child_sa_set_state(sa, child, OBOL_CHILD_INSTALLING, NULL, out);
    if (!obol_child_keys_derive(sa->engine->crypto, sa->suite.prf, &child->suite, obol_ike_keys_get(&sa->keys, OBOL_SK_D), NULL, ni, nr,
                                &keys, &error)) {
        child->refused = obol_reason_new(OBOL_REASON_CRYPTO, OBOL_PHASE_AUTH, OBOL_SIDE_US, 0, "%s", error->message);
        obol_child_installed(sa, child, out);
        return;
    }
    add_sa(sa, child, &keys, TRUE, out);
    add_sa(sa, child, &keys, FALSE, out);
    add_policies(sa, child, out);
    obol_child_keys_clear(&keys);
}

static void
delete_sa(ObolIkeSa *sa, ObolChildSa *child, gboolean inbound, ObolActions *out)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_SA };

    request.sa.id = sa_id(child, inbound);
    request.sa.inbound = inbound;
    ask(sa, child, OBOL_KERNEL_FOR_NOBODY, 0, &request, out);
}

void
obol_child_uninstall(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    delete_policies(sa, child, out);
    if (child->sa_in || child->spi_reserved)
        delete_sa(sa, child, TRUE, out);
    if (child->sa_out)
        delete_sa(sa, child, FALSE, out);
    child->sa_in = child->sa_out = child->spi_reserved = FALSE;
}

void
obol_child_move(ObolIkeSa *sa, ObolActions *out)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);
        ObolAddress old_local = child->local, old_remote = child->remote;

        if (child->state != OBOL_CHILD_INSTALLED)
            continue;
        for (guint inbound = 0; inbound < 2; inbound++) {
            ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA };

            child->local = old_local;
            child->remote = old_remote;
            request.sa.id = sa_id(child, inbound != 0);
            request.sa.inbound = inbound != 0;
            set_addresses(sa, child);
            request.to = sa_id(child, inbound != 0);
            request.sa.udp_encap = child->udp_encap;
            ask(sa, child, OBOL_KERNEL_FOR_NOBODY, 0, &request, out);
        }
    }
}

/* --- answers --- */

static ObolReasonCode
code_of(ObolKernelOp op)
{
    switch (op) {
    case OBOL_KERNEL_GET_SPI: return OBOL_REASON_KERNEL_SPI;
    case OBOL_KERNEL_ADD_POLICY:
    case OBOL_KERNEL_DELETE_POLICY:
    case OBOL_KERNEL_UPDATE_POLICY: return OBOL_REASON_KERNEL_POLICY;
    case OBOL_KERNEL_ADD_SA:
    case OBOL_KERNEL_UPDATE_SA:
    case OBOL_KERNEL_DELETE_SA:
    case OBOL_KERNEL_QUERY_SA:
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_LIST: return OBOL_REASON_KERNEL_SA;
    }
    return OBOL_REASON_KERNEL_SA;
}

static ObolReason *
reason_of(ObolKernelOp op, const GError *error)
{
    return obol_reason_new(code_of(op), OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN, "%s", error->message);
}

static gboolean
take_wait(ObolIkeSa *sa, guint32 request, ObolKernelWait *out)
{
    for (guint i = 0; sa->waits != NULL && i < sa->waits->len; i++) {
        if (g_array_index(sa->waits, ObolKernelWait, i).request == request) {
            *out = g_array_index(sa->waits, ObolKernelWait, i);
            g_array_remove_index_fast(sa->waits, i);
            if (sa->waits->len == 0)
                g_clear_pointer(&sa->waits, g_array_unref);
            return TRUE;
        }
    }
    return FALSE;
}

static void
got_spi(ObolIkeSa *sa, ObolChildSa *child, const ObolKernelReply *reply, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    ObolReason *reason;

    if (reply->error == NULL && reply->spi != 0) {
        child->spi_in = reply->spi;
        child->spi_reserved = TRUE;
        if (sa->role == OBOL_INITIATOR)
            obol_auth_start(sa, out);
        else
            obol_child_install(sa, child, obol_span_of_bytes(n->peer_nonce), (ObolSpan) { n->nonce, sizeof n->nonce }, out);
        return;
    }
    reason = reply->error != NULL ? reason_of(OBOL_KERNEL_GET_SPI, reply->error)
                                  : obol_reason_new(OBOL_REASON_KERNEL_SPI, OBOL_PHASE_AUTH, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN, NULL);
    obol_child_sa_end(sa, child, obol_reason_dup(reason), out);
    if (sa->role == OBOL_RESPONDER) {
        obol_auth_answer(sa, NULL, reason, out);
        return;
    }
    /* Without a Child SA there is nothing that this IKE SA is for. */
    obol_ike_sa_fail(sa, reason, out);
    obol_ike_sa_end(sa, reason, out);
}

static void
note_installed(ObolChildSa *child, const ObolKernelWait *wait)
{
    if (wait->op == OBOL_KERNEL_ADD_POLICY)
        child->policies->data[wait->part] = TRUE;
    else if (wait->part == 1)
        child->sa_in = TRUE;
    else
        child->sa_out = TRUE;
}

void
obol_child_kernel_reply(ObolIkeSa *sa, guint32 request, const ObolKernelReply *reply, ObolActions *out)
{
    ObolKernelWait wait;
    ObolChildSa *child;

    if (!take_wait(sa, request, &wait))
        return;
    child = obol_child_sa_find(sa, wait.child_id);
    switch (wait.purpose) {
    case OBOL_KERNEL_FOR_SPI:
        if (child != NULL && sa->negotiation != NULL)
            got_spi(sa, child, reply, out);
        break;
    case OBOL_KERNEL_FOR_INSTALL:
        if (child == NULL)
            break;
        if (reply->error == NULL)
            note_installed(child, &wait);
        else if (child->refused == NULL)
            child->refused = reason_of(wait.op, reply->error);
        if (--child->n_waiting == 0)
            obol_child_installed(sa, child, out);
        break;
    case OBOL_KERNEL_FOR_NOBODY:
        if (reply->error != NULL)
            obol_ike_sa_log(sa, out, 1, "the kernel: %s", reply->error->message);
        break;
    }
}

static void
tell_installed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    g_autofree char *local = obol_ts_list_format(child->local_ts), *remote = obol_ts_list_format(child->remote_ts);
    g_autofree char *suite = obol_suite_format(&child->suite);

    child->installed_us = sa->now_us;
    obol_child_sa_set_state(sa, child, OBOL_CHILD_INSTALLED, NULL, out);
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u installed, %08x_i %08x_o, %s === %s, %s", child->config->name, child->unique_id,
                    child->spi_in, child->spi_out, local, remote, suite);
}

void
obol_child_installed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    g_autoptr(ObolReason) reason = g_steal_pointer(&child->refused);
    gboolean answering = sa->role == OBOL_RESPONDER && sa->negotiation != NULL;

    if (reason == NULL) {
        tell_installed(sa, child, out);
        if (answering)
            obol_auth_answer(sa, child, NULL, out);
        obol_ike_sa_command_done(&sa->initiate_command, NULL, out);
        return;
    }
    if (answering) {
        obol_child_sa_end(sa, child, obol_reason_dup(reason), out);
        obol_auth_answer(sa, NULL, g_steal_pointer(&reason), out);
        return;
    }
    obol_ike_sa_fail(sa, reason, out);
    obol_ike_sa_command_done(&sa->initiate_command, reason, out);
    obol_child_sa_delete(sa, child, obol_reason_dup(reason), out);
}
