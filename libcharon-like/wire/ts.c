/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/ts.c - Traffic Selector payloads (RFC 7296 section 3.13). */
#include "wire/payload.h"

#include <string.h>

#define TS_HEADER 4
#define TS_IPV4_ADDR_RANGE 7
#define TS_IPV6_ADDR_RANGE 8
#define PORT_MAX 65535

/* The families that our typed form has: one row each, not a function each. */
static const struct { guint8 type; guint16 family; guint8 n_bytes; } families[] = {
    { TS_IPV4_ADDR_RANGE, AF_INET, 4 },
    { TS_IPV6_ADDR_RANGE, AF_INET6, 16 },
};

/* Section 3.13.1; @n bytes are one address. */
static void
decode_range(ObolCursor *c, guint8 protocol, guint16 family, gsize n, ObolTs *out)
{
    gboolean opaque;

    *out = (ObolTs) { .family = family, .protocol = protocol };
    out->port_first = obol_cursor_u16(c);
    out->port_last = obol_cursor_u16(c);
    obol_cursor_copy(c, out->first, n);
    obol_cursor_copy(c, out->last, n);
    opaque = out->port_first == PORT_MAX && out->port_last == 0;
    obol_cursor_require(c, opaque || out->port_first <= out->port_last,
                        "a port range ends before it starts (RFC 7296 section 3.13.1)");
    obol_cursor_require(c, memcmp(out->first, out->last, n) <= 0,
                        "an address range ends before it starts (RFC 7296 section 3.13.1)");
    obol_cursor_done(c);
}

/* %TRUE when @out was filled; an unknown type is passed over (section 2.9 has us narrow it away). */
static gboolean
decode_selector(ObolCursor *body, ObolTs *out)
{
    guint8 type = obol_cursor_u8(body), protocol = obol_cursor_u8(body);
    guint16 length = obol_cursor_u16(body);
    ObolCursor inner;

    obol_cursor_require(body, length >= TS_HEADER, "a selector is shorter than its header (RFC 7296 section 3.13.1)");
    inner = obol_cursor_take(body, (gsize) length - TS_HEADER);
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        if (families[i].type == type) {
            decode_range(&inner, protocol, families[i].family, families[i].n_bytes, out);
            return TRUE;
        }
    }
    return FALSE;
}

void
obol_ts_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain)
{
    ObolTsPayload *ts = &out->ts;
    guint8 n = obol_cursor_u8(body);
    ObolCursor peek;

    obol_cursor_copy(body, ts->reserved, sizeof ts->reserved);
    obol_cursor_require(body, n >= 1, "a TS payload without selectors (RFC 7296 section 3.13)");
    obol_cursor_require(body, n <= OBOL_TS_MAX, "more selectors than we accept in one TS payload");
    obol_cursor_require(body, obol_cursor_left(body) >= (gsize) n * TS_HEADER,
                        "more selectors are announced than there is room for (RFC 7296 section 3.13)");
    if (!obol_cursor_ok(body))
        return;
    peek = *body;
    ts->raw = obol_cursor_rest(&peek);
    ts->selectors = obol_chain_own(chain, g_new(ObolTs, n));
    for (guint i = 0; i < n && obol_cursor_ok(body); i++)
        ts->n += decode_selector(body, &ts->selectors[ts->n]) ? 1 : 0;
    out->verbatim = ts->n < n;
}

void
obol_ts_encode(const ObolPayload *payload, GByteArray *out)
{
    const ObolTsPayload *ts = &payload->ts;

    obol_put_u8(out, (guint8) ts->n);
    obol_put_bytes(out, ts->reserved, sizeof ts->reserved);
    for (guint i = 0; i < ts->n; i++) {
        const ObolTs *selector = &ts->selectors[i];
        guint family = selector->family == AF_INET6 ? 1 : 0;
        gsize n = families[family].n_bytes;

        obol_put_u8(out, families[family].type);
        obol_put_u8(out, selector->protocol);
        obol_put_u16(out, (guint16) (TS_HEADER + 4 + 2 * n));
        obol_put_u16(out, selector->port_first);
        obol_put_u16(out, selector->port_last);
        obol_put_bytes(out, selector->first, n);
        obol_put_bytes(out, selector->last, n);
    }
}

static void
dump_address(guint16 family, const guint8 bytes[16], GString *out)
{
    char text[OBOL_ADDRESS_TEXT_MAX];
    ObolAddress address = { .family = family };

    memcpy(address.bytes, bytes, obol_address_n_bytes(&address));
    g_string_append(out, obol_address_format(&address, text));
}

void
obol_ts_dump(const ObolPayload *payload, GString *out)
{
    const ObolTsPayload *ts = &payload->ts;

    for (guint i = 0; i < ts->n; i++) {
        const ObolTs *selector = &ts->selectors[i];

        g_string_append(out, "    selector: ");
        dump_address(selector->family, selector->first, out);
        g_string_append(out, " - ");
        dump_address(selector->family, selector->last, out);
        g_string_append_printf(out, ", protocol %u, ports %u - %u\n", selector->protocol, selector->port_first,
                               selector->port_last);
    }
    if (payload->verbatim)
        g_string_append(out, "    and selectors of unknown types\n");
}
