/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/chain.c - payloads one after the other, each naming the next (RFC 7296 section 3.2). */
#include "wire/message.h"

#include "wire/payload.h"

#define CRITICAL 0x80

void
obol_chain_init(ObolChain *chain)
{
    chain->n = 0;
    chain->owned = NULL;
}

void
obol_chain_clear(ObolChain *chain)
{
    if (chain == NULL)
        return;
    chain->n = 0;
    g_clear_pointer(&chain->owned, g_ptr_array_unref);
}

gpointer
obol_chain_own(ObolChain *chain, gpointer memory)
{
    if (chain->owned == NULL)
        chain->owned = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(chain->owned, memory);
    return memory;
}

static gboolean
is_encrypted(guint8 type)
{
    return type == OBOL_PAYLOAD_SK || type == OBOL_PAYLOAD_SKF;
}

/* Section 2.5: an unknown payload is passed over, unless its sender says that all is void without it. */
static void
check_known(ObolCursor *c, guint8 type, guint8 flags)
{
    if (!obol_cursor_ok(c) || obol_payload_codec(type) != NULL || (flags & CRITICAL) == 0)
        return;
    obol_cursor_require(c, FALSE, "an unknown payload is marked critical (RFC 7296 section 2.5)");
    c->fault->notify = OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD;
}

/* One payload of @type, appended to @out; gives the type of the next. */
static guint8
read_payload(ObolCursor *c, guint8 type, ObolPlace place, ObolChain *out)
{
    const guint8 *start = c->at;
    guint8 next = obol_cursor_u8(c), flags = obol_cursor_u8(c);
    guint16 length = obol_cursor_u16(c);
    ObolCursor body;
    ObolPayload *payload;

    obol_cursor_require(c, length >= OBOL_WIRE_PAYLOAD_HEADER,
                        "a payload is shorter than its header (RFC 7296 section 3.2)");
    body = obol_cursor_take(c, length - (gsize) OBOL_WIRE_PAYLOAD_HEADER);
    check_known(c, type, flags);
    obol_cursor_require(c, place == OBOL_OUTSIDE_SK || !is_encrypted(type),
                        "an Encrypted payload inside another (RFC 7296 section 3.14)");
    obol_cursor_require(c, out->n < OBOL_WIRE_PAYLOADS_MAX, "more payloads than we accept in one message");
    if (!obol_cursor_ok(c))
        return OBOL_PAYLOAD_NONE;
    payload = &out->items[out->n];
    *payload = (ObolPayload) { .type = type, .flags = flags, .raw = { start, length } };
    if (type == OBOL_PAYLOAD_SK)
        payload->sk.first_payload = next;
    else if (type == OBOL_PAYLOAD_SKF)
        payload->skf.first_payload = next;
    if (!obol_payload_decode(&body, payload, out))
        return OBOL_PAYLOAD_NONE;
    out->n++;
    if (!is_encrypted(type))
        return next;
    /* Its Next Payload names what is inside; in the datagram nothing follows. */
    obol_cursor_require(c, obol_cursor_left(c) == 0, "the Encrypted payload is the last one (RFC 7296 section 3.14)");
    return OBOL_PAYLOAD_NONE;
}

gboolean
obol_chain_read(ObolCursor *c, guint8 first, ObolPlace place, ObolChain *out)
{
    guint8 type = first;

    while (type != OBOL_PAYLOAD_NONE && obol_cursor_ok(c)) {
        guint8 next = read_payload(c, type, place, out);

        if (!obol_cursor_ok(c))
            c->fault->payload = type;
        type = next;
    }
    obol_cursor_require(c, obol_cursor_left(c) == 0, "bytes follow the last payload (RFC 7296 section 3.2)");
    return obol_cursor_ok(c);
}

gboolean
obol_chain_decode(guint8 first, const guint8 *data, gsize n, ObolChain *out, ObolWireFault *fault)
{
    ObolCursor c = obol_cursor(data, n, fault);

    *fault = (ObolWireFault) { .rule = NULL };
    obol_chain_init(out);
    return obol_chain_read(&c, first, OBOL_INSIDE_SK, out);
}

guint8
obol_chain_encode(const ObolChain *chain, guint8 next, GByteArray *out)
{
    for (guint i = 0; i < chain->n; i++) {
        const ObolPayload *payload = &chain->items[i];
        guint start = out->len;
        guint8 follows = i + 1 < chain->n ? chain->items[i + 1].type : next;

        if (payload->type == OBOL_PAYLOAD_SK)
            follows = payload->sk.first_payload;
        else if (payload->type == OBOL_PAYLOAD_SKF)
            follows = payload->skf.first_payload;
        obol_put_u8(out, follows);
        obol_put_u8(out, payload->flags);
        obol_put_u16(out, 0);
        obol_payload_encode(payload, out);
        obol_put_length_at(out, start + 2, start);
    }
    return chain->n > 0 ? chain->items[0].type : next;
}

const ObolPayload *
obol_chain_find(const ObolChain *chain, guint8 type)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == type)
            return &chain->items[i];
    }
    return NULL;
}

const ObolPayload *
obol_chain_find_notify(const ObolChain *chain, guint16 type)
{
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_NOTIFY && chain->items[i].notify.type == type)
            return &chain->items[i];
    }
    return NULL;
}

guint
obol_chain_count(const ObolChain *chain, guint8 type)
{
    guint n = 0;

    for (guint i = 0; i < chain->n; i++)
        n += chain->items[i].type == type;
    return n;
}
