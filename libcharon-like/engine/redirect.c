/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/redirect.c - the client's side of a redirect (RFC 5685): when it is told to go, whether it does, and where to.
 *
 * It never moves an IKE SA: another one is asked for, that takes over what the old one was for (OBOL_ACTION_REDIRECTED while it is being
 * set up, OBOL_ACTION_REAUTHENTICATE later), and is told how it came about. */
#include "engine/ike-sa-private.h"

#include <string.h>

static gboolean
may_follow(const ObolIkeSa *sa)
{
    return sa->redirects.client && sa->redirects.agreed && sa->connection->follow_redirects;
}

void
obol_redirect_offer(ObolIkeSa *sa, ObolChain *chain)
{
    guint8 bytes[OBOL_GATEWAY_WIRE_MAX];
    ObolGateway from = { .address = sa->redirects.from };

    sa->redirects.agreed = sa->connection->follow_redirects;
    if (!sa->redirects.agreed)
        return;
    /* Section 3: whoever says by whom it was sent says as well that it can be sent on. */
    if (from.address.family != 0)
        obol_chain_add_notify(chain, OBOL_N_REDIRECTED_FROM, bytes, obol_gateway_write(&from, bytes));
    else
        obol_chain_add_notify(chain, OBOL_N_REDIRECT_SUPPORTED, NULL, 0);
}

const ObolAddress *
obol_redirect_first(const ObolIkeSa *sa)
{
    return sa->redirects.first.family != 0 ? &sa->redirects.first : &sa->remote;
}

const ObolAddress *
obol_ike_sa_origin(const ObolIkeSa *sa)
{
    return sa->redirects.client && sa->redirects.first.family != 0 ? &sa->redirects.first : NULL;
}

void
obol_ike_sa_follow(ObolIkeSa *sa, const ObolIkeSa *old)
{
    sa->redirects.n = old->redirects.n;
    sa->redirects.since_us = old->redirects.since_us;
    sa->redirects.from = old->remote;
    sa->redirects.first = *obol_redirect_first(old);
}

/* --- the end of an attempt --- */

static ObolReason *
redirected(const char *facts)
{
    return obol_reason_new(OBOL_REASON_REDIRECT, NULL, OBOL_SIDE_PEER, OBOL_N_REDIRECT, "%s", facts);
}

static void
can_not_follow(ObolIkeSa *sa, const char *why, ObolActions *out)
{
    ObolReason *reason = redirected(why);
    ObolChildSa *child = obol_auth_child(sa);

    obol_ike_sa_fail(sa, reason, out);
    if (sa->state == OBOL_IKE_CONNECTING) {
        obol_ike_sa_end(sa, reason, out);
        return;
    }
    /* A session that is well stays where it is; one that was sent away by IKE_AUTH has nothing to stay for. */
    if (child != NULL)
        obol_child_sa_end(sa, child, obol_reason_dup(reason), out);
    if (sa->redirects.in_auth)
        obol_ike_sa_close(sa, obol_reason_dup(reason), out);
    obol_reason_free(reason);
}

/* --- going --- */

static void
take_along(ObolAction *action, ObolIkeSa *sa)
{
    ObolChildSa *child = obol_auth_child(sa);

    action->redirected.command = sa->initiate_command;
    sa->initiate_command = 0;
    if (child == NULL)
        return;
    action->redirected.child = child->config;
    action->redirected.command = child->initiate_command;
    action->redirected.packet[0] = child->negotiation->packet[0];
    action->redirected.packet[1] = child->negotiation->packet[1];
    child->initiate_command = 0;
}

/* It was still being set up: all that it was for is for the other one. */
static void
go_at_once(ObolIkeSa *sa, const ObolAddress *to, ObolActions *out)
{
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_REDIRECTED);
    ObolChildSa *child;

    action->redirected.to = *to;
    take_along(action, sa);
    child = obol_auth_child(sa);
    if (sa->state == OBOL_IKE_CONNECTING) {
        obol_ike_sa_end(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_PEER, 0, "the peer redirects us"), out);
        return;
    }
    if (child != NULL)
        obol_child_sa_end(sa, child, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_PEER, 0, NULL), out);
    obol_ike_sa_close(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_PEER, 0, "the peer redirects us"), out);
}

static void
go(ObolIkeSa *sa, const ObolAddress *to, ObolActions *out)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (obol_address_equal(to, &sa->remote) && sa->state != OBOL_IKE_CONNECTING) {
        can_not_follow(sa, "to itself", out);
        return;
    }
    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u is redirected to %s", sa->connection->name, sa->unique_id, obol_address_format(to, text));
    if (sa->state == OBOL_IKE_CONNECTING || sa->redirects.in_auth)
        go_at_once(sa, to, out);
    else
        obol_ike_life_move_to(sa, to, out);
}

/* Section 7: so many in a while, and no more. */
static gboolean
is_enough(ObolIkeSa *sa)
{
    ObolRedirects *r = &sa->redirects;

    if (r->n == 0 || sa->now_us - r->since_us >= OBOL_ENGINE_REDIRECT_PERIOD_US) {
        r->since_us = sa->now_us;
        r->n = 0;
    }
    return ++r->n > OBOL_ENGINE_REDIRECTS_MAX;
}

static void
follow(ObolIkeSa *sa, const ObolGateway *to, ObolActions *out)
{
    /* While a name is being looked up the last word counts no more than the first. */
    if (sa->redirects.resolving)
        return;
    if (is_enough(sa)) {
        can_not_follow(sa, "more than 5 times within 5 minutes (RFC 5685 section 7)", out);
    } else if (to->address.family != 0) {
        go(sa, &to->address, out);
    } else {
        sa->redirects.resolving = TRUE;
        obol_actions_add(out, OBOL_ACTION_RESOLVE)->resolve.name = g_strdup(to->name);
        if (sa->state == OBOL_IKE_CONNECTING)
            obol_window_forget_requests(sa); /* IKE_SA_INIT has its answer */
    }
}

void
obol_redirect_resolved(ObolIkeSa *sa, const ObolAddress *address, ObolActions *out)
{
    if (!sa->redirects.resolving)
        return;
    sa->redirects.resolving = FALSE;
    if (sa->state != OBOL_IKE_CONNECTING && sa->state != OBOL_IKE_ESTABLISHED)
        return;
    if (address->family == 0)
        can_not_follow(sa, "the name of the new gateway is not known here", out);
    else
        go(sa, address, out);
}

/* --- where it may stand --- */

static const ObolPayload *
find(const ObolChain *chain, ObolGateway *to, ObolSpan *nonce)
{
    const ObolPayload *p = obol_chain_find_notify(chain, OBOL_N_REDIRECT);

    return p != NULL && obol_notify_data_valid(&p->notify) && obol_gateway_read(p->notify.data, to, nonce) ? p : NULL;
}

gboolean
obol_redirect_init_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolAgreement *a = &sa->negotiation->agreement;
    ObolGateway to;
    ObolSpan nonce;

    if (obol_chain_find_notify(in->chain, OBOL_N_REDIRECT) == NULL || !may_follow(sa))
        return FALSE;
    /* Section 3: whoever has not seen our request can not send us away; another answer is waited for. */
    if (find(in->chain, &to, &nonce) == NULL || nonce.n != sizeof a->nonce || memcmp(nonce.data, a->nonce, nonce.n) != 0) {
        obol_ike_sa_log(sa, out, 1, "a redirect without our nonce is ignored");
        return TRUE;
    }
    follow(sa, &to, out);
    return TRUE;
}

gboolean
obol_redirect_auth_response(ObolIkeSa *sa, const ObolChain *chain, ObolGateway *to)
{
    ObolSpan nonce;

    /* Section 9.2: a nonce stands in IKE_SA_INIT alone. */
    return may_follow(sa) && find(chain, to, &nonce) != NULL && nonce.n == 0;
}

void
obol_redirect_after_auth(ObolIkeSa *sa, const ObolGateway *to, ObolActions *out)
{
    sa->redirects.in_auth = TRUE;
    follow(sa, to, out);
}

void
obol_redirect_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolGateway to;
    ObolSpan nonce;

    if (may_follow(sa) && sa->state == OBOL_IKE_ESTABLISHED && find(in->chain, &to, &nonce) != NULL && nonce.n == 0)
        follow(sa, &to, out);
}
