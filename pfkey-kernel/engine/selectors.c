/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* selectors.c - traffic selectors as PF_KEY can say them: prefixes, and one port or any. */
#include "pfkey-kernel/engine/selectors.h"

#include <netinet/in.h>
#include <string.h>

#include <obol/prefix.h>

#define PORT_ANY 0 /* PF_KEY's way to say it; so nothing can be asked for by port 0 alone */

guint8
pfkey_family_bits(guint16 family)
{
    return family == AF_INET6 ? 128 : 32;
}

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, why);
    return FALSE;
}

static gboolean
any_port(const ObolTs *ts)
{
    return ts->port_first == 0 && ts->port_last == 65535;
}

static gboolean
one_port(const ObolTs *ts, guint16 *out, GError **error)
{
    *out = any_port(ts) ? PORT_ANY : ts->port_first;
    if (any_port(ts) || (ts->port_first == ts->port_last && ts->port_first != PORT_ANY))
        return TRUE;
    return refuse(error, ts->port_first > ts->port_last ? "PF_KEY has no OPAQUE port" : "PF_KEY has one port or any, no range of ports");
}

/* RFC 4301 section 4.4.1.1: type and code stand in the place of ports; Linux has the type in the source's, the code in the
 * destination's. */
static gboolean
icmp_ports(const ObolPolicySpec *spec, guint16 *type, guint16 *code, GError **error)
{
    const ObolTs *ts = any_port(&spec->source) ? &spec->destination : &spec->source;
    guint8 first_type = (guint8) (ts->port_first >> 8), last_type = (guint8) (ts->port_last >> 8);
    guint8 first_code = (guint8) ts->port_first, last_code = (guint8) ts->port_last;

    *type = *code = PORT_ANY;
    if (any_port(ts))
        return TRUE;
    if (ts == &spec->source && !any_port(&spec->destination) &&
        (spec->destination.port_first != ts->port_first || spec->destination.port_last != ts->port_last))
        return refuse(error, "ICMP types and codes of the two selectors differ");
    *type = first_type;
    if (first_type != last_type || first_type == PORT_ANY)
        return refuse(error, "PF_KEY has one ICMP type other than 0, or any");
    if (first_code == 0 && last_code == 255)
        return TRUE;
    *code = first_code;
    return first_code == last_code && first_code != PORT_ANY ? TRUE : refuse(error, "PF_KEY has one ICMP code other than 0, or any");
}

static gboolean
ports_of(const ObolPolicySpec *spec, guint16 *source, guint16 *destination, GError **error)
{
    if (spec->source.protocol == IPPROTO_ICMP || spec->source.protocol == IPPROTO_ICMPV6)
        return icmp_ports(spec, source, destination, error);
    return one_port(&spec->source, source, error) && one_port(&spec->destination, destination, error);
}

static gboolean
bit(const guint8 *bytes, guint i)
{
    return (bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* The range as PfkeyAddress of prefixes; %FALSE when they are too many. */
static gboolean
prefixes_of(const ObolTs *ts, guint16 port, GArray *out)
{
    ObolPrefix prefixes[PFKEY_PIECES_MAX];
    guint n = obol_ts_prefixes(ts, prefixes, PFKEY_PIECES_MAX);

    for (guint i = 0; i < n; i++) {
        PfkeyAddress address = {
            .address = { .family = ts->family, .port = port }, .prefix = prefixes[i].bits,
            .protocol = ts->protocol != 0 ? ts->protocol : PFKEY_PROTO_ANY,
        };

        memcpy(address.address.bytes, prefixes[i].bytes, sizeof prefixes[i].bytes);
        g_array_append_val(out, address);
    }
    return n > 0;
}

static gboolean
check(const ObolPolicySpec *spec, GError **error)
{
    const ObolTs *s = &spec->source, *d = &spec->destination;
    gsize n = pfkey_family_bits(s->family) / 8;

    if ((guint) spec->direction > OBOL_DIR_FORWARD)
        return refuse(error, "a policy without a direction");
    if ((s->family != AF_INET && s->family != AF_INET6) || s->family != d->family)
        return refuse(error, "the selectors' address families do not go together");
    if (s->protocol != d->protocol)
        return refuse(error, "the selectors' protocols differ");
    if (memcmp(s->first, s->last, n) > 0 || memcmp(d->first, d->last, n) > 0)
        return refuse(error, "a selector's range ends before it begins");
    return TRUE;
}

GArray *
pfkey_pieces_of(const ObolPolicySpec *spec, GError **error)
{
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(PfkeyAddress));
    g_autoptr(GArray) destinations = g_array_new(FALSE, FALSE, sizeof(PfkeyAddress));
    GArray *pieces;
    guint16 source_port, destination_port;

    if (!check(spec, error) || !ports_of(spec, &source_port, &destination_port, error))
        return NULL;
    if (!prefixes_of(&spec->source, source_port, sources) || !prefixes_of(&spec->destination, destination_port, destinations) ||
        sources->len * destinations->len > PFKEY_PIECES_MAX) {
        refuse(error, "the address ranges would become too many prefixes");
        return NULL;
    }
    pieces = g_array_sized_new(FALSE, FALSE, sizeof(PfkeyPiece), sources->len * destinations->len);
    for (guint i = 0; i < sources->len; i++)
        for (guint j = 0; j < destinations->len; j++) {
            PfkeyPiece piece = {
                spec->direction, g_array_index(sources, PfkeyAddress, i), g_array_index(destinations, PfkeyAddress, j),
            };

            g_array_append_val(pieces, piece);
        }
    return pieces;
}

static int
compare_address(const PfkeyAddress *a, const PfkeyAddress *b)
{
    if (a->address.family != b->address.family)
        return a->address.family < b->address.family ? -1 : 1;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    if (a->protocol != b->protocol)
        return a->protocol < b->protocol ? -1 : 1;
    if (a->address.port != b->address.port)
        return a->address.port < b->address.port ? -1 : 1;
    return memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
}

int
pfkey_piece_compare(const PfkeyPiece *a, const PfkeyPiece *b)
{
    int order = compare_address(&a->destination, &b->destination);

    if (a->direction != b->direction)
        return a->direction < b->direction ? -1 : 1;
    return order != 0 ? order : compare_address(&a->source, &b->source);
}

gboolean
pfkey_piece_from_message(const PfkeyMessage *message, PfkeyPiece *out)
{
    *out = (PfkeyPiece) { .source = message->source, .destination = message->destination };
    if (!pfkey_message_has(message, PFKEY_EXT_ADDRESS_SRC) || !pfkey_message_has(message, PFKEY_EXT_ADDRESS_DST) ||
        !pfkey_message_has(message, PFKEY_EXT_X_POLICY))
        return FALSE;
    switch (message->policy.direction) {
    case PFKEY_DIR_IN: out->direction = OBOL_DIR_IN; break;
    case PFKEY_DIR_OUT: out->direction = OBOL_DIR_OUT; break;
    case PFKEY_DIR_FORWARD: out->direction = OBOL_DIR_FORWARD; break;
    default: return FALSE; /* of a socket, not of the SPD */
    }
    if (out->source.protocol == 0) /* two ways to say "any" */
        out->source.protocol = PFKEY_PROTO_ANY;
    if (out->destination.protocol == 0)
        out->destination.protocol = PFKEY_PROTO_ANY;
    return TRUE;
}

static ObolTs
range_of(const PfkeyAddress *address)
{
    guint16 port = address->address.port;
    ObolTs ts;

    obol_ts_from_prefix(address->address.family, address->address.bytes, address->prefix, &ts);
    ts.protocol = address->protocol == PFKEY_PROTO_ANY ? 0 : address->protocol;
    ts.port_first = port;
    ts.port_last = port != PORT_ANY ? port : G_MAXUINT16;
    return ts;
}

void
pfkey_piece_selectors(const PfkeyPiece *piece, ObolTs *source, ObolTs *destination)
{
    guint16 type = piece->source.address.port, code = piece->destination.address.port;

    *source = range_of(&piece->source);
    *destination = range_of(&piece->destination);
    if ((source->protocol != IPPROTO_ICMP && source->protocol != IPPROTO_ICMPV6) || type == PORT_ANY)
        return;
    source->port_first = destination->port_first = (guint16) (type << 8 | (code & 0xff));
    source->port_last = destination->port_last = (guint16) (type << 8 | (code != PORT_ANY ? code & 0xff : 0xff));
}

char *
pfkey_piece_text(const PfkeyPiece *piece)
{
    static const char *const directions[] = { [OBOL_DIR_IN] = "in", [OBOL_DIR_OUT] = "out", [OBOL_DIR_FORWARD] = "forward" };
    g_autofree char *source = NULL, *destination = NULL;
    ObolTs source_ts, destination_ts;

    pfkey_piece_selectors(piece, &source_ts, &destination_ts);
    source = obol_ts_format(&source_ts);
    destination = obol_ts_format(&destination_ts);
    return g_strdup_printf("policy %s %s === %s", directions[piece->direction], source, destination);
}

/* Bits in which the addresses of the range can differ. */
static guint
width(const ObolTs *ts)
{
    guint bits = pfkey_family_bits(ts->family);

    for (guint i = 0; i < bits; i++)
        if (bit(ts->first, i) != bit(ts->last, i))
            return bits - i;
    return 0;
}

guint32
pfkey_priority_of(const ObolPolicySpec *spec)
{
    if (spec->priority != 0)
        return spec->priority;
    return 100000 + 16 * (width(&spec->source) + width(&spec->destination)) + (spec->source.protocol == 0 ? 8 : 0)
           + (any_port(&spec->source) ? 4 : 0) + (any_port(&spec->destination) ? 2 : 0);
}
