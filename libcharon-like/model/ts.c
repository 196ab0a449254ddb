/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/ts.c - traffic selectors as sets of packets: contain, intersect, narrow (RFC 7296 section 2.9). */
#include <obol/ts.h>

#include <string.h>

#define PORT_MAX 65535

static gsize
n_bytes(guint16 family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* OPAQUE: packets whose ports can not be seen; matches no port and no range of ports (section 3.13.1). */
static gboolean
is_opaque(const ObolTs *ts)
{
    return ts->port_first > ts->port_last;
}

gboolean
obol_ts_equal(const ObolTs *a, const ObolTs *b)
{
    gsize n = n_bytes(a->family);

    return a->family == b->family && a->protocol == b->protocol && a->port_first == b->port_first
           && a->port_last == b->port_last && memcmp(a->first, b->first, n) == 0 && memcmp(a->last, b->last, n) == 0;
}

static gboolean
ports_contain(const ObolTs *outer, const ObolTs *inner)
{
    if (is_opaque(outer) || is_opaque(inner))
        return is_opaque(outer) && is_opaque(inner) ? TRUE
                                                    : is_opaque(inner) && outer->port_first == 0 && outer->port_last == PORT_MAX;
    return outer->port_first <= inner->port_first && outer->port_last >= inner->port_last;
}

gboolean
obol_ts_contains(const ObolTs *outer, const ObolTs *inner)
{
    gsize n = n_bytes(outer->family);

    return outer->family == inner->family && (outer->protocol == 0 || outer->protocol == inner->protocol)
           && ports_contain(outer, inner) && memcmp(outer->first, inner->first, n) <= 0
           && memcmp(outer->last, inner->last, n) >= 0;
}

static gboolean
ports_intersect(const ObolTs *a, const ObolTs *b, ObolTs *out)
{
    if (is_opaque(a) || is_opaque(b)) {
        if (!ports_contain(a, b) && !ports_contain(b, a))
            return FALSE;
        out->port_first = PORT_MAX;
        out->port_last = 0;
        return TRUE;
    }
    out->port_first = MAX(a->port_first, b->port_first);
    out->port_last = MIN(a->port_last, b->port_last);
    return out->port_first <= out->port_last;
}

gboolean
obol_ts_intersect(const ObolTs *a, const ObolTs *b, ObolTs *out)
{
    ObolTs both = { .family = a->family, .protocol = a->protocol != 0 ? a->protocol : b->protocol };
    gsize n = n_bytes(a->family);

    if (a->family != b->family || (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol))
        return FALSE;
    if (!ports_intersect(a, b, &both))
        return FALSE;
    memcpy(both.first, memcmp(a->first, b->first, n) >= 0 ? a->first : b->first, n);
    memcpy(both.last, memcmp(a->last, b->last, n) <= 0 ? a->last : b->last, n);
    if (memcmp(both.first, both.last, n) > 0)
        return FALSE;
    *out = both;
    return TRUE;
}

int
obol_ts_prefix(const ObolTs *ts)
{
    gsize bits = n_bytes(ts->family) * 8, common = 0;

    while (common < bits && ((ts->first[common / 8] ^ ts->last[common / 8]) >> (7 - common % 8) & 1) == 0)
        common++;
    for (gsize i = common; i < bits; i++) {
        if ((ts->first[i / 8] >> (7 - i % 8) & 1) != 0 || (ts->last[i / 8] >> (7 - i % 8) & 1) != 1)
            return -1;
    }
    return (int) common;
}

void
obol_ts_from_address(const ObolAddress *address, ObolTs *out)
{
    *out = (ObolTs) { .family = address->family, .port_last = PORT_MAX };
    memcpy(out->first, address->bytes, sizeof out->first);
    memcpy(out->last, address->bytes, sizeof out->last);
}

void
obol_ts_resolve(ObolTs *ts, const ObolAddress *address)
{
    ObolTs one;

    if (ts->family != 0)
        return;
    obol_ts_from_address(address, &one);
    one.protocol = ts->protocol;
    one.port_first = ts->port_first;
    one.port_last = ts->port_last;
    *ts = one;
}

GArray *
obol_ts_list_resolve(const GArray *selectors, const GArray *addresses)
{
    GArray *list = g_array_sized_new(FALSE, FALSE, sizeof(ObolTs), selectors->len);

    for (guint i = 0; i < selectors->len; i++) {
        const ObolTs *ts = &g_array_index(selectors, ObolTs, i);
        guint n = ts->family == 0 ? addresses->len : 1;

        for (guint j = 0; j < n && list->len < OBOL_TS_MAX; j++) {
            ObolTs one = *ts;

            if (ts->family == 0)
                obol_ts_resolve(&one, &g_array_index(addresses, ObolAddress, j));
            g_array_append_val(list, one);
        }
    }
    return list;
}

gboolean
obol_ts_matches(const ObolTs *ts, const ObolAddress *address, guint8 protocol, guint16 port)
{
    gsize n = n_bytes(ts->family);

    return ts->family == address->family && (ts->protocol == 0 || ts->protocol == protocol) && ts->port_first <= port
           && port <= ts->port_last && memcmp(ts->first, address->bytes, n) <= 0 && memcmp(ts->last, address->bytes, n) >= 0;
}

/* Adds @ts unless it is covered already; drops what it covers. */
static void
add_to(GArray *list, const ObolTs *ts)
{
    for (guint i = 0; i < list->len; i++) {
        if (obol_ts_contains(&g_array_index(list, ObolTs, i), ts))
            return;
    }
    for (guint i = list->len; i-- > 0;) {
        if (obol_ts_contains(ts, &g_array_index(list, ObolTs, i)))
            g_array_remove_index(list, i);
    }
    g_array_append_val(list, *ts);
}

/* Section 2.9: "the very specific values" of the packet that made the initiator ask. */
static gboolean
is_one_packet(const ObolTs *ts)
{
    return ts->protocol != 0 && memcmp(ts->first, ts->last, n_bytes(ts->family)) == 0;
}

static gboolean
within_any(const ObolTs *inner, const GArray *outer)
{
    for (guint i = 0; i < outer->len; i++) {
        if (obol_ts_contains(&g_array_index(outer, ObolTs, i), inner))
            return TRUE;
    }
    return FALSE;
}

gboolean
obol_ts_list_within(const GArray *inner, const GArray *outer)
{
    for (guint i = 0; i < inner->len; i++) {
        if (!within_any(&g_array_index(inner, ObolTs, i), outer))
            return FALSE;
    }
    return TRUE;
}

GArray *
obol_ts_narrow(const GArray *configured, const GArray *proposed)
{
    g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (guint i = 0; i < proposed->len; i++) {
        const ObolTs *theirs = &g_array_index(proposed, ObolTs, i);

        for (guint j = 0; j < configured->len && result->len < OBOL_TS_MAX; j++) {
            ObolTs both;

            if (obol_ts_intersect(&g_array_index(configured, ObolTs, j), theirs, &both))
                add_to(result, &both);
        }
    }
    if (result->len == 0)
        return NULL;
    /* A narrowed set without the triggering packet would leave that packet without an SA, and ask again for ever. */
    if (proposed->len > 1 && is_one_packet(&g_array_index(proposed, ObolTs, 0))
        && !within_any(&g_array_index(proposed, ObolTs, 0), result))
        return NULL;
    return g_steal_pointer(&result);
}
