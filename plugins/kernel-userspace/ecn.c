/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ecn.c - congestion marks and code points between inner and outer header (RFC 4301 section 5.1.2, RFC 6040). */
#include "ecn.h"

#include "bytes.h"
#include "checksum.h"

enum { NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, DROPPED = 4 };

/* RFC 6040, figure 4: rows by the inner field, columns by the outer one. */
static const guint8 egress[4][4] = {
    [NOT_ECT] = { [NOT_ECT] = NOT_ECT, [ECT_0] = NOT_ECT, [ECT_1] = NOT_ECT, [CE] = DROPPED },
    [ECT_0] = { [NOT_ECT] = ECT_0, [ECT_0] = ECT_0, [ECT_1] = ECT_1, [CE] = CE },
    [ECT_1] = { [NOT_ECT] = ECT_1, [ECT_0] = ECT_1, [ECT_1] = ECT_1, [CE] = CE },
    [CE] = { [NOT_ECT] = CE, [ECT_0] = CE, [ECT_1] = CE, [CE] = CE },
};

guint8
ecn_outer(guint8 tos, gboolean copy_dscp, gboolean copy_ecn)
{
    return (guint8) ((copy_dscp ? tos & ~ECN_BITS : 0) | (copy_ecn ? tos & ECN_BITS : 0));
}

gboolean
ecn_inner(guint8 tos, guint8 outer, guint8 *out)
{
    guint8 field = egress[tos & ECN_BITS][outer & ECN_BITS];

    *out = (guint8) ((tos & ~ECN_BITS) | (field & ECN_BITS));
    return field != DROPPED;
}

void
ecn_rewrite(guint8 *data, const Packet *packet, guint8 tos)
{
    if (packet->flow.family == AF_INET6) {
        put_u16(data, (guint16) ((get_u16(data) & 0xf00f) | tos << 4));
        return;
    }
    data[1] = tos;
    put_u16(data + 10, 0);
    put_u16(data + 10, checksum_finish(checksum_add(0, data, packet->n_header)));
}
