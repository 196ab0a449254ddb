/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/ts-change.c - selectors added to others, and cut out of them: what an admin changes of a living tunnel. */
#include <obol/prefix.h>
#include <obol/settings.h>
#include <obol/ts.h>

#include <string.h>

#define PORT_MAX 65535

static gsize
n_bytes(const ObolTs *ts)
{
    return ts->family == AF_INET ? 4 : 16;
}

static gboolean
any_port(const ObolTs *ts)
{
    return ts->port_first == 0 && ts->port_last == PORT_MAX;
}

static gboolean
add(GArray *list, const ObolTs *ts, GError **error)
{
    if (list->len >= OBOL_TS_MAX) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, "that takes more than %u selectors", OBOL_TS_MAX);
        return FALSE;
    }
    g_array_append_val(list, *ts);
    return TRUE;
}

/* --- one out of one --- */

/* @step: +1 or -1.  The caller knows that there is a next one. */
static void
neighbour(guint8 *bytes, gsize n, gint step)
{
    guint8 carry = step > 0 ? 0xff : 0x00;

    while (n-- > 0) {
        gboolean goes_on = bytes[n] == carry;

        bytes[n] = (guint8) (bytes[n] + step);
        if (!goes_on)
            return;
    }
}

/* The addresses of @rest, as prefixes where that is what they were cut out of. */
static gboolean
add_addresses(GArray *list, const ObolTs *rest, gboolean as_prefixes, GError **error)
{
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];
    guint n = as_prefixes ? obol_ts_prefixes(rest, prefixes, G_N_ELEMENTS(prefixes)) : 0;

    if (n == 0)
        return add(list, rest, error);
    for (guint i = 0; i < n; i++) {
        ObolTs one;

        obol_ts_from_prefix(rest->family, prefixes[i].bytes, prefixes[i].bits, &one);
        one.protocol = rest->protocol;
        one.port_first = rest->port_first;
        one.port_last = rest->port_last;
        if (!add(list, &one, error))
            return FALSE;
    }
    return TRUE;
}

/* What is left below @hole and above it, with all protocols and ports that @from has. */
static gboolean
cut_addresses(GArray *list, const ObolTs *from, const ObolTs *hole, GError **error)
{
    gboolean as_prefixes = obol_ts_prefix(from) >= 0 && obol_ts_prefix(hole) >= 0;
    gsize n = n_bytes(from);
    ObolTs rest = *from;

    if (memcmp(from->first, hole->first, n) < 0) {
        memcpy(rest.last, hole->first, n);
        neighbour(rest.last, n, -1);
        if (!add_addresses(list, &rest, as_prefixes, error))
            return FALSE;
    }
    rest = *from;
    if (memcmp(hole->last, from->last, n) < 0) {
        memcpy(rest.first, hole->last, n);
        neighbour(rest.first, n, 1);
        return add_addresses(list, &rest, as_prefixes, error);
    }
    return TRUE;
}

/* What is left beside @hole of its own addresses. */
static gboolean
cut_ports(GArray *list, const ObolTs *from, const ObolTs *hole, GError **error)
{
    ObolTs rest = *hole;

    if (hole->port_first > hole->port_last)
        return TRUE; /* both are OPAQUE: nothing is */
    if (from->port_first < hole->port_first) {
        rest.port_first = from->port_first;
        rest.port_last = (guint16) (hole->port_first - 1);
        if (!add(list, &rest, error))
            return FALSE;
    }
    if (hole->port_last < from->port_last) {
        rest.port_first = (guint16) (hole->port_last + 1);
        rest.port_last = from->port_last;
        return add(list, &rest, error);
    }
    return TRUE;
}

static gboolean
cut(GArray *list, const ObolTs *from, const ObolTs *less, GError **error)
{
    gboolean opaque = less->port_first > less->port_last;
    ObolTs hole;

    if (!obol_ts_intersect(from, less, &hole))
        return add(list, from, error);
    if ((from->protocol == 0 && less->protocol != 0) || (opaque && any_port(from))) {
        g_autofree char *whole = obol_ts_format(from), *part = obol_ts_format(less);

        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    "%s can not be cut out of %s: no selector means all %s but one", part, whole, opaque ? "ports" : "protocols");
        return FALSE;
    }
    return cut_addresses(list, from, &hole, error) && cut_ports(list, from, &hole, error);
}

/* --- lists --- */

GArray *
obol_ts_list_subtract(const GArray *from, const GArray *less, GError **error)
{
    g_autoptr(GArray) left = g_array_copy((GArray *) from);

    for (guint i = 0; i < less->len; i++) {
        g_autoptr(GArray) before = g_steal_pointer(&left);

        left = g_array_new(FALSE, FALSE, sizeof(ObolTs));
        for (guint j = 0; j < before->len; j++) {
            if (!cut(left, &g_array_index(before, ObolTs, j), &g_array_index(less, ObolTs, i), error))
                return NULL;
        }
    }
    return g_steal_pointer(&left);
}

static gboolean
has(const GArray *list, const ObolTs *ts)
{
    for (guint i = 0; i < list->len; i++) {
        if (obol_ts_contains(&g_array_index(list, ObolTs, i), ts))
            return TRUE;
    }
    return FALSE;
}

/* Without what another one covers. */
static GArray *
unite(const GArray *now, const GArray *more, GError **error)
{
    const GArray *lists[] = { now, more };
    g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (guint l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (guint i = 0; lists[l] != NULL && i < lists[l]->len; i++) {
            const ObolTs *one = &g_array_index(lists[l], ObolTs, i);

            if (has(result, one))
                continue;
            for (guint j = result->len; j-- > 0;) {
                if (obol_ts_contains(one, &g_array_index(result, ObolTs, j)))
                    g_array_remove_index(result, j);
            }
            if (!add(result, one, error))
                return NULL;
        }
    }
    return g_steal_pointer(&result);
}

/* A slip of the pen would else look like a success. */
static gboolean
all_are_there(const GArray *now, const GArray *wanted, GError **error)
{
    for (guint i = 0; i < wanted->len; i++) {
        const ObolTs *one = &g_array_index(wanted, ObolTs, i);
        g_autofree char *text = NULL;
        gboolean found = FALSE;
        ObolTs both;

        for (guint j = 0; j < now->len; j++)
            found |= obol_ts_intersect(&g_array_index(now, ObolTs, j), one, &both);
        if (found)
            continue;
        text = obol_ts_format(one);
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, "%s is not protected, so it can not be removed", text);
        return FALSE;
    }
    return TRUE;
}

static GArray *
apply_one(ObolTsOp op, const GArray *now, const GArray *named, const GArray *addresses, GError **error)
{
    g_autoptr(GArray) wanted = NULL;

    if (named == NULL)
        return g_array_copy((GArray *) now);
    wanted = obol_ts_list_resolve(named, addresses);
    switch (op) {
    case OBOL_TS_ADD: return unite(now, wanted, error);
    case OBOL_TS_SET: return unite(wanted, NULL, error);
    case OBOL_TS_REMOVE: return all_are_there(now, wanted, error) ? obol_ts_list_subtract(now, wanted, error) : NULL;
    }
    return NULL;
}

static gboolean
some_packet_matches(const GArray *local, const GArray *remote)
{
    for (guint i = 0; i < local->len; i++) {
        for (guint j = 0; j < remote->len; j++) {
            if (g_array_index(local, ObolTs, i).family == g_array_index(remote, ObolTs, j).family)
                return TRUE;
        }
    }
    return FALSE;
}

gboolean
obol_ts_change_apply(const ObolTsChange *change, const GArray *local, const GArray *remote, const GArray *here,
                     const GArray *there, GArray **new_local, GArray **new_remote, GError **error)
{
    g_autoptr(GArray) left = apply_one(change->op, local, change->local, here, error);
    g_autoptr(GArray) right = left != NULL ? apply_one(change->op, remote, change->remote, there, error) : NULL;

    if (left == NULL || right == NULL)
        return FALSE;
    if (left->len == 0 || right->len == 0) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, "nothing would be left at the %s end",
                    left->len == 0 ? "local" : "remote");
        return FALSE;
    }
    if (!some_packet_matches(left, right)) {
        g_set_error_literal(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                            "no packet could match: one end has IPv4 alone, the other one IPv6");
        return FALSE;
    }
    *new_local = g_steal_pointer(&left);
    *new_remote = g_steal_pointer(&right);
    return TRUE;
}
