/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/build.c - filling a chain with payloads of our own. */
#include "wire/message.h"

#include <string.h>

#include "wire/payload.h"

ObolPayload *
obol_chain_add(ObolChain *chain, guint8 type)
{
    ObolPayload *payload;

    g_return_val_if_fail(chain->n < OBOL_WIRE_PAYLOADS_MAX, NULL);
    payload = &chain->items[chain->n++];
    *payload = (ObolPayload) { .type = type };
    return payload;
}

/* A copy that lives as long as the chain. */
static gpointer
own_copy(ObolChain *chain, gconstpointer bytes, gsize n)
{
    return n == 0 ? NULL : obol_chain_own(chain, g_memdup2(bytes, n));
}

void
obol_chain_add_sa(ObolChain *chain, const ObolProposal *proposals, guint n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_SA);

    if (payload != NULL)
        payload->sa = (ObolSaPayload) { .n = n, .proposals = own_copy(chain, proposals, n * sizeof *proposals) };
}

void
obol_chain_add_ke(ObolChain *chain, guint16 group, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_KE);

    if (payload != NULL)
        payload->ke = (ObolKePayload) { .group = group, .data = { data, n } };
}

void
obol_chain_add_nonce(ObolChain *chain, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_NONCE);

    if (payload != NULL)
        payload->bytes = (ObolSpan) { data, n };
}

void
obol_chain_add_id(ObolChain *chain, guint8 type, guint8 id_type, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, type);
    guint8 *body;

    if (payload == NULL)
        return;
    /* AUTH covers the body as it will be sent (section 2.15), so it must exist before the message does. */
    body = obol_chain_own(chain, g_malloc0(4 + n));
    body[0] = id_type;
    if (n > 0)
        memcpy(body + 4, data, n);
    payload->id = (ObolIdPayload) { .id_type = id_type, .data = { body + 4, n }, .body = { body, 4 + n } };
}

void
obol_chain_add_auth(ObolChain *chain, guint8 method, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_AUTH);

    if (payload != NULL)
        payload->auth = (ObolAuthPayload) { .method = method, .data = { data, n } };
}

void
obol_chain_add_ts(ObolChain *chain, guint8 type, const GArray *selectors)
{
    ObolPayload *payload = obol_chain_add(chain, type);

    if (payload == NULL)
        return;
    payload->ts.n = selectors->len;
    payload->ts.selectors = own_copy(chain, selectors->data, selectors->len * sizeof(ObolTs));
}

void
obol_chain_add_notify(ObolChain *chain, guint16 type, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_NOTIFY);

    if (payload != NULL)
        payload->notify = (ObolNotifyPayload) { .type = type, .data = { own_copy(chain, data, n), n } };
}

static void
store_spi(guint8 *out, guint32 spi)
{
    guint32 big = GUINT32_TO_BE(spi);

    memcpy(out, &big, sizeof big);
}

void
obol_chain_add_notify_spi(ObolChain *chain, guint8 protocol, guint32 spi, guint16 type, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_NOTIFY);
    guint8 *copy;

    if (payload == NULL)
        return;
    copy = obol_chain_own(chain, g_malloc(sizeof spi + n));
    store_spi(copy, spi);
    if (n > 0)
        memcpy(copy + sizeof spi, data, n);
    payload->notify = (ObolNotifyPayload) { .protocol = protocol, .type = type, .spi = { copy, sizeof spi },
                                            .data = { n > 0 ? copy + sizeof spi : NULL, n } };
}

void
obol_chain_add_delete_ike(ObolChain *chain)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_DELETE);

    if (payload != NULL)
        payload->del.protocol = OBOL_PROTO_IKE;
}

void
obol_chain_add_delete(ObolChain *chain, guint8 protocol, const guint32 *spis, guint n)
{
    ObolPayload *payload;
    guint8 *copy;

    g_return_if_fail(n <= OBOL_WIRE_DELETE_SPIS_MAX);
    payload = obol_chain_add(chain, OBOL_PAYLOAD_DELETE);
    if (payload == NULL)
        return;
    copy = n > 0 ? obol_chain_own(chain, g_malloc(n * sizeof *spis)) : NULL;
    for (guint i = 0; i < n; i++)
        store_spi(copy + i * sizeof *spis, spis[i]);
    payload->del = (ObolDeletePayload) { .protocol = protocol, .spi_size = sizeof *spis, .n = (guint16) n,
                                         .spis = { copy, n * sizeof *spis } };
}

void
obol_chain_add_vendor(ObolChain *chain, const guint8 *data, gsize n)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_VENDOR);

    if (payload != NULL)
        payload->bytes = (ObolSpan) { data, n };
}
