/* testing/kernel/abilities.h - what a case needs of a plugin, as data; and what must be refused where a plugin has it not. */
#ifndef OBOL_TESTING_KERNEL_ABILITIES_H
#define OBOL_TESTING_KERNEL_ABILITIES_H

#include "pair.h"

typedef enum {
    NEED_ESP, NEED_AH, NEED_AH_PADDING, NEED_IPCOMP, NEED_TUNNEL, NEED_TRANSPORT, NEED_BEET, NEED_PLAIN_ESP, NEED_UDP_ENCAP, NEED_ESN,
    NEED_OTHER_FAMILY, NEED_MIXED_FAMILIES, NEED_TFC_PADDING, NEED_BYTE_LIFETIMES, NEED_PACKET_LIFETIMES, NEED_UPDATE_ADDRESSES,
    NEED_CHANGE_ENCAP, NEED_PORT_RANGES, NEED_SHARED_SELECTORS, NEED_EXACT_PRIORITY, NEED_ACQUIRE_SELECTORS, NEED_LAST_USED,
    NEED_INBOUND_POLICIES, NEED_MARKS, NEED_SET_MARKS, NEED_IF_IDS, NEED_OFFLOAD, N_NEEDS,
} Need;

#define NEEDS(which) (1u << NEED_##which)

/* Bits of what @needs has and an end's plugin has not. */
guint32 abilities_lacking(const Side *side, guint32 needs);
/* Each of @lacking is asked of @side and must be refused; where no request says it, nothing is. */
void abilities_claim_refused(Lab *lab, Side *side, guint32 lacking);
/* (transfer full): "AH, BEET mode". */
char *abilities_describe(guint32 needs);
/* One column of the table of differences, in Markdown. */
void abilities_print(const Side *side);

#endif
