/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/redirect-say.c - the gateway's side of a redirect (RFC 5685): clients are sent on, if they can be. */
#include "engine/ike-sa-private.h"

void
obol_redirect_note(ObolIkeSa *sa, const ObolChain *chain)
{
    const ObolPayload *from = obol_chain_find_notify(chain, OBOL_N_REDIRECTED_FROM);
    ObolGateway gateway;
    ObolSpan rest;

    sa->redirects.agreed = from != NULL || obol_chain_find_notify(chain, OBOL_N_REDIRECT_SUPPORTED) != NULL;
    if (from != NULL && obol_notify_data_valid(&from->notify) && obol_gateway_read(from->notify.data, &gateway, &rest))
        sa->redirects.from = gateway.address;
}

/* Who was sent here by the very gateway would be sent to and fro (section 7). */
static gboolean
came_from_there(const ObolIkeSa *sa)
{
    const ObolAddress *to = &sa->connection->redirect_to.address;

    return to->family != 0 && obol_address_equal(to, &sa->redirects.from);
}

/* Section 3: never one who has not said that it can be redirected. */
static gboolean
is_to_go(const ObolIkeSa *sa, ObolRedirectWhen when)
{
    return sa->redirects.agreed && !sa->redirects.client && obol_gateway_is_set(&sa->connection->redirect_to)
           && sa->connection->redirect_when == when && !came_from_there(sa);
}

static void
tell(ObolIkeSa *sa, const ObolGateway *to, ObolActions *out)
{
    char text[OBOL_GATEWAY_NAME_MAX + 1], remote[OBOL_ADDRESS_TEXT_MAX];

    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u: %s is redirected to %s", sa->connection->name, sa->unique_id,
                    obol_address_format(&sa->remote, remote), obol_gateway_format(to, text));
}

gboolean
obol_redirect_at_init(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *nonce = obol_chain_find(in->chain, OBOL_PAYLOAD_NONCE);
    g_autoptr(GByteArray) data = NULL;
    guint8 bytes[OBOL_GATEWAY_WIRE_MAX];

    if (!is_to_go(sa, OBOL_REDIRECT_AT_INIT))
        return FALSE;
    data = g_byte_array_new();
    g_byte_array_append(data, bytes, (guint) obol_gateway_write(&sa->connection->redirect_to, bytes));
    g_byte_array_append(data, nonce->bytes.data, (guint) nonce->bytes.n);
    tell(sa, &sa->connection->redirect_to, out);
    obol_init_refuse(sa, &in->message->header, OBOL_N_REDIRECT, data->data, data->len,
                     obol_reason_new(OBOL_REASON_REDIRECT, OBOL_PHASE_INIT, OBOL_SIDE_US, OBOL_N_REDIRECT, NULL), out);
    return TRUE;
}

static void
add(const ObolGateway *to, ObolChain *chain)
{
    guint8 bytes[OBOL_GATEWAY_WIRE_MAX];

    obol_chain_add_notify(chain, OBOL_N_REDIRECT, bytes, obol_gateway_write(to, bytes));
}

/* Section 5: it is for the client to delete the SA, and for us if it does not, or rekeys it instead. */
void
obol_redirect_limit(ObolIkeSa *sa)
{
    gint64 until_us = sa->redirects.gone_by_us;

    if (until_us != 0)
        sa->expire_at_us = sa->expire_at_us == 0 ? until_us : MIN(sa->expire_at_us, until_us);
}

gboolean
obol_redirect_at_auth(const ObolIkeSa *sa)
{
    return is_to_go(sa, OBOL_REDIRECT_AT_AUTH);
}

void
obol_redirect_put_auth(ObolIkeSa *sa, ObolChain *chain, ObolActions *out)
{
    add(&sa->connection->redirect_to, chain);
    tell(sa, &sa->connection->redirect_to, out);
}

void
obol_redirect_told(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->redirect_to, g_free);
    sa->redirects.gone_by_us = sa->now_us + sa->connection->redirect_wait_us;
    obol_redirect_limit(sa);
}

/* --- in the middle of a session --- */

gboolean
obol_ike_sa_may_redirect(const ObolIkeSa *sa)
{
    return sa->state == OBOL_IKE_ESTABLISHED && sa->redirects.agreed && !sa->redirects.client;
}

void
obol_redirect_want(ObolIkeSa *sa, const ObolGateway *to)
{
    if (!obol_ike_sa_may_redirect(sa))
        return;
    g_free(sa->redirect_to);
    sa->redirect_to = g_memdup2(to, sizeof *to);
    obol_tasks_add(sa, OBOL_TASK_REDIRECT, 0, 0);
}

void
obol_redirect_ask(ObolIkeSa *sa, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    if (sa->redirect_to == NULL)
        return;
    add(sa->redirect_to, &chain);
    tell(sa, sa->redirect_to, out);
    datagram = obol_sk_seal(sa, OBOL_INFORMATIONAL, FALSE, sa->next_request_id, &chain, out);
    if (datagram != NULL)
        obol_window_request(sa, OBOL_TASK_REDIRECT, 0, OBOL_INFORMATIONAL, datagram, out);
}
