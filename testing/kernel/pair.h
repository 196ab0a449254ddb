/* testing/kernel/pair.h - an SA each way between the ends and the policies that lead into it: from a few words to requests. */
#ifndef OBOL_TESTING_KERNEL_PAIR_H
#define OBOL_TESTING_KERNEL_PAIR_H

#include "lab.h"

/* What a pair is to be; zero is ESP in tunnel mode, IPv4 in IPv4, plain, with an algorithm that both ends have. */
typedef struct {
    guint8 protocol; /* 0: ESP */
    ObolMode mode;
    Family outer, inner;
    gboolean udp_encap;
    guint16 encr, encr_bits, integ; /* 0: the laboratory's choice */
    gboolean esn;
    guint32 reqid; /* 0: 1 */
    guint32 window; /* 0: 32 */
    ObolLifetimes lifetimes; /* of the left end's outbound SA */
    guint32 tfc_padding;
    const char *ts[N_SIDES]; /* selectors of each side, with spaces between; NULL: its inside, or in transport mode its address */
    gboolean ipcomp;
    gboolean trap;    /* of outbound policies */
    guint32 priority;
    guint8 seed;      /* other keys */
    ObolMark mark, set_mark;
    guint32 if_id;
} Tunnel;

typedef struct {
    Tunnel tunnel;
    guint32 spi[N_SIDES]; /* inbound of each side; 0: still to be reserved */
    guint32 cpi[N_SIDES]; /* likewise, of IPComp */
    ObolAddress outer[N_SIDES]; /* with ports where there is UDP */
} Pair;

/* The SA at @at of packets that leave @from. */
void pair_sa(const Lab *lab, const Pair *pair, SideName at, SideName from, FlatRequest *out);
/* The same of IPComp. */
void pair_comp(const Lab *lab, const Pair *pair, SideName at, SideName from, FlatRequest *out);
void pair_sa_id(const Pair *pair, SideName from, ObolKernelOp op, FlatRequest *out);
/* @index of its policies at @at: directions and pairs of selectors; FALSE: there are no more. */
gboolean pair_policy(const Lab *lab, const Pair *pair, SideName at, guint index, ObolKernelOp op, FlatRequest *out);

void pair_init(const Lab *lab, const Tunnel *tunnel, Pair *out);
void pair_reserve(Lab *lab, Pair *pair);
void pair_add_sas(Lab *lab, Pair *pair);
void pair_delete_sas(Lab *lab, const Pair *pair);
void pair_policies(Lab *lab, const Pair *pair, SideName at, ObolKernelOp op);
/* All of it: SPIs reserved, SAs and policies at both ends. */
void pair_up(Lab *lab, const Tunnel *tunnel, Pair *out);

/* The address that a packet of @side's within the pair has. */
const ObolAddress *pair_inside(const Lab *lab, const Pair *pair, SideName side);
ObolTs pair_ts(const char *text);
/* @n UDP packets each way arrive, each once; on the wire are so many of the pair's and nothing in clear. */
void pair_cross(Lab *lab, const Pair *pair, guint n);
/* One way, from and to a port of one's own. */
void pair_cross_from(Lab *lab, const Pair *pair, SideName from, guint n);

/* Everything that @from sent until now has been dealt with: a packet through a pair of its own has arrived. */
void pair_fence(Lab *lab, SideName from);

/* The largest common algorithms of both ends; see abilities.h */
void lab_suite(const Lab *lab, const Tunnel *tunnel, ObolSuite *out);
/* Bytes of a key with its salt. */
gsize suite_key_bytes(guint16 encr, guint16 encr_bits);
gsize suite_integ_bytes(guint16 integ);

#endif
