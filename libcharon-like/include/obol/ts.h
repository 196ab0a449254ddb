/* obol/ts.h - traffic selectors (RFC 7296 sections 2.9 and 3.13.1). */
#ifndef OBOL_TS_H
#define OBOL_TS_H

#include <obol/address.h>

G_BEGIN_DECLS

/**
 * ObolTs:
 * @family: AF_INET or AF_INET6; 0 for "dynamic": the SA's own outer address, not yet known
 * @protocol: IP protocol, 0 for any
 * @port_first, @port_last: 0 and 65535 for any; 65535 and 0 for OPAQUE (RFC 7296 section 3.13.1).  For ICMP the type in
 *   the high byte and the code in the low byte of each
 * @first, @last: the address range, network order, both inclusive
 *
 * A value.  A list of them is a #GArray of #ObolTs.
 */
typedef struct {
    guint16 family;
    guint8 protocol;
    guint16 port_first, port_last;
    guint8 first[16], last[16];
} ObolTs;

#define OBOL_TS_MAX 128 /* selectors in one payload or setting; more is refused */

/**
 * obol_ts_parse:
 * @text: "10.0.0.0/8", "10.0.0.1", "10.0.0.1..10.0.0.9" or "10.0.0.1-10.0.0.9", "dynamic", each followed by an optional
 *   "[proto]", "[proto/port]", "[proto/first-last]", "[/port]" or "[proto/opaque]"; names or numbers for both
 */
OBOL_API gboolean obol_ts_parse(const char *text, ObolTs *out, GError **error);

/* (transfer full): the form that VICI prints and obol_ts_parse() reads: "10.0.0.0/8[tcp/443]", "a..b" for odd ranges. */
OBOL_API char *obol_ts_format(const ObolTs *ts);
/* (transfer full): all of a list, separated by a space. */
OBOL_API char *obol_ts_list_format(const GArray *list);

OBOL_API gboolean obol_ts_equal(const ObolTs *a, const ObolTs *b);
/* Everything that @inner matches, @outer matches. */
OBOL_API gboolean obol_ts_contains(const ObolTs *outer, const ObolTs *inner);
/* %FALSE when nothing is in both.  @out may be @a or @b. */
OBOL_API gboolean obol_ts_intersect(const ObolTs *a, const ObolTs *b, ObolTs *out);
/* Bits of the prefix that the range is, or -1 when it is not one. */
OBOL_API int obol_ts_prefix(const ObolTs *ts);
/* The one-address selector of @address, protocol and ports any. */
OBOL_API void obol_ts_from_address(const ObolAddress *address, ObolTs *out);
/* Puts @address in place of "dynamic"; leaves any other selector alone. */
OBOL_API void obol_ts_resolve(ObolTs *ts, const ObolAddress *address);
/* (transfer full): @selectors with each of @addresses (of ObolAddress) in place of "dynamic"; OBOL_TS_MAX of them at most. */
OBOL_API GArray *obol_ts_list_resolve(const GArray *selectors, const GArray *addresses);
/* A packet's five-tuple half: @address and @port (host order) of @protocol. */
OBOL_API gboolean obol_ts_matches(const ObolTs *ts, const ObolAddress *address, guint8 protocol, guint16 port);

/**
 * obol_ts_narrow:
 * @configured: our selectors, "dynamic" already resolved
 * @proposed: the peer's
 *
 * Section 2.9: what a responder answers.  If the first of @proposed is a single packet's selector (that of the packet that
 * triggered the initiator), the answer contains it or nothing.  The result holds no selector twice and none that another
 * one covers.
 *
 * Returns: (transfer full): never empty; %NULL when nothing is common (TS_UNACCEPTABLE).
 */
OBOL_API GArray *obol_ts_narrow(const GArray *configured, const GArray *proposed);

/* Every selector of @inner lies within one of @outer. */
OBOL_API gboolean obol_ts_list_within(const GArray *inner, const GArray *outer);

/**
 * obol_ts_list_subtract:
 * @from, @less: selectors
 * @error: OBOL_SETTINGS_ERROR_VALUE: what is left can not be said by selectors, or takes more than OBOL_TS_MAX of them
 *
 * What of @from is in none of @less.  Where addresses are cut out of a prefix, prefixes are left: every peer and every kernel knows
 * those.  A protocol can not be cut out of all protocols, nor OPAQUE ports out of all ports.
 *
 * Returns: (transfer full): perhaps empty; %NULL with @error set.
 */
OBOL_API GArray *obol_ts_list_subtract(const GArray *from, const GArray *less, GError **error);

typedef enum { OBOL_TS_ADD, OBOL_TS_REMOVE, OBOL_TS_SET } ObolTsOp;

/**
 * ObolTsChange:
 * @local, @remote: (nullable): of #ObolTs; %NULL: that end stays as it is
 *
 * How the selectors of a Child SA are to change: those named are added, removed, or all that there are to be.
 */
typedef struct {
    ObolTsOp op;
    const GArray *local, *remote;
} ObolTsChange;

/**
 * obol_ts_change_apply:
 * @local, @remote: what is protected now, without "dynamic"
 * @here, @there: of #ObolAddress: what "dynamic" in @change stands for at our end and at the peer's
 * @new_local, @new_remote: (out) (transfer full): what is to be protected then
 * @error: OBOL_SETTINGS_ERROR_VALUE: nothing would be left, what is to be removed is not there, no packet could match, or the
 *   result does not fit into OBOL_TS_MAX selectors at each end
 */
OBOL_API gboolean obol_ts_change_apply(const ObolTsChange *change, const GArray *local, const GArray *remote,
                                       const GArray *here, const GArray *there, GArray **new_local,
                                       GArray **new_remote, GError **error);

G_END_DECLS
#endif
