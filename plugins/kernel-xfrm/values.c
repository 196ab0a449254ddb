/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* values.c - addresses, protocols, modes: ours and the kernel's. */
#include "values.h"

#include <netinet/in.h>
#include <string.h>

static const struct { guint8 ours, kernels; } protocols[] = {
    { OBOL_PROTO_ESP, IPPROTO_ESP }, { OBOL_PROTO_AH, IPPROTO_AH }, { OBOL_PROTO_IPCOMP, IPPROTO_COMP },
};
static const guint8 modes[] = {
    [OBOL_MODE_TUNNEL] = XFRM_MODE_TUNNEL, [OBOL_MODE_TRANSPORT] = XFRM_MODE_TRANSPORT, [OBOL_MODE_BEET] = XFRM_MODE_BEET,
};
static const guint8 directions[] = {
    [OBOL_DIR_IN] = XFRM_POLICY_IN, [OBOL_DIR_OUT] = XFRM_POLICY_OUT, [OBOL_DIR_FORWARD] = XFRM_POLICY_FWD,
};

void
address_to_kernel(const ObolAddress *address, xfrm_address_t *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out, address->bytes, obol_address_n_bytes(address));
}

void
address_from_kernel(const xfrm_address_t *address, guint16 family, ObolAddress *out)
{
    *out = (ObolAddress) { .family = family };
    memcpy(out->bytes, address, obol_address_n_bytes(out));
}

guint8
protocol_to_kernel(guint8 protocol)
{
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].ours == protocol)
            return protocols[i].kernels;
    return 0;
}

guint8
protocol_from_kernel(guint8 protocol)
{
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].kernels == protocol)
            return protocols[i].ours;
    return 0;
}

guint8
mode_to_kernel(ObolMode mode)
{
    return modes[mode];
}

ObolMode
mode_from_kernel(guint8 mode)
{
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++)
        if (modes[i] == mode)
            return (ObolMode) i;
    return OBOL_MODE_TRANSPORT;
}

guint8
direction_to_kernel(ObolDirection direction)
{
    return directions[direction];
}

ObolDirection
direction_from_kernel(guint8 direction)
{
    for (gsize i = 0; i < G_N_ELEMENTS(directions); i++)
        if (directions[i] == direction)
            return (ObolDirection) i;
    return OBOL_DIR_OUT;
}
