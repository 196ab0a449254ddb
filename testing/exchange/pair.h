/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair.h - two engines joined in memory: one clock, one wire that a test may cut, and a model of a kernel each. */
#ifndef OBOL_TESTING_PAIR_H
#define OBOL_TESTING_PAIR_H

#include "engine/ike-sa-private.h"
#include "exchange/model-kernel.h"
#include "lib/test-crypto.h"
#include "pools/pools.h"

/* Another IKE SA of a side: rekeyed, or redundant, or (not often) left from before. */
typedef struct {
    ObolIkeSa *sa;
    gint64 wake_us;
} PairOther;

typedef struct {
    ObolEngine engine;
    ObolIkeSa *sa; /* the one that has the children; NULL: none, or gone */
    GArray *others; /* of PairOther */
    ObolRole role;
    ObolConnection *connection;
    ObolAddress address;
    TestRandom random;
    guint32 n_ids;
    guint64 n_spis;
    guint n_successors, n_redundant;     /* IKE SAs that have inherited, and that have not */
    guint n_reauthentications, n_reauth_children; /* that were asked for, and children of the last one */
    gboolean reauth_keeps;
    ModelKernel kernel;
    gint64 wake_us;
    gboolean identified, initial_contact;
    guint n_sent, n_keep_alives, n_commands_done, n_failures;
    ObolReasonCode command_reason, last_failure; /* OBOL_REASON_NONE: success, none */
    guint16 last_notify;
    const char *last_phase;
    ObolPools *pools;
    int n_addresses;                     /* virtual ones that are installed */
    GArray *attributes;                  /* of ObolAttribute: that came with the last of them */
    GArray *ends;                        /* of ObolReasonCode: of the children that were installed and went */
} PairSide;

/* A datagram on the wire. */
typedef struct {
    PairSide *to;
    ObolAddress source, destination;
    GByteArray *bytes;
} PairPacket;

typedef struct {
    ObolCrypto *crypto;
    ObolConnectionSet *sets[2];
    ObolSharedKeys *keys[2];
    PairSide left, right; /* the initiator, the responder */
    GQueue *wire;         /* of PairPacket, oldest first */
    gint64 now_us;
    gboolean hold_kernel; /* requests and jobs wait in @held */
    PairSide *hold_only;  /* those of one side, if not NULL */
    gboolean traffic;     /* packets flow all the time: after each event none may meet an SA that the other end has not */
    guint n_lost;         /* how often one would have */
    GQueue *held;
    gboolean answering;
    ObolAddress nat;      /* family not 0: what the right sees of the left */
} Pair;

/* What differs from test to test; NULL and 0 mean the usual. */
typedef struct {
    const char *ike[2], *child[2]; /* proposals of left and right; several separated by a space */
    const char *psk[2], *id[2], *local_ts[2], *remote_ts[2];
    ObolMode mode[2];
    ObolProtocol protocol;
    gboolean ipv6, no_children, encap;
    gint64 dpd_us, rekey_us; /* of the IKE SA; 0: never */
    const ObolKernelAbilities *abilities[2];
} PairSetup;

Pair *pair_new(const PairSetup *setup);
void pair_free(Pair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pair, pair_free)

void pair_initiate(Pair *pair);                       /* left; command 1 */
gboolean pair_deliver(Pair *pair);                    /* the oldest datagram; FALSE: there is none */
void pair_run(Pair *pair);                            /* until the wire is empty */
void pair_lose(Pair *pair);                           /* the oldest datagram */
PairPacket *pair_peek(Pair *pair);                    /* the oldest, to alter; still on the wire */
PairPacket *pair_take(Pair *pair);                    /* (transfer full) */
void pair_packet_free(PairPacket *packet);
void pair_put(Pair *pair, PairSide *to, GBytes *bytes); /* (transfer full): as if the other side had sent it */
gboolean pair_jump(Pair *pair);                       /* to the nearest alarm of either side; FALSE: none is set */
void pair_feed(Pair *pair, PairSide *side, const ObolEvent *event);
void pair_feed_sa(Pair *pair, PairSide *side, ObolIkeSa *sa, const ObolEvent *event);
void pair_rekey_ike(Pair *pair, PairSide *side);      /* as an admin asks for it */
ObolIkeSa *pair_other_sa(const PairSide *side, guint i); /* NULL: there are not so many */
void pair_release_kernel(Pair *pair);
void pair_establish(Pair *pair);                      /* the whole way, asserted */
gboolean pair_whole(const Pair *pair);                /* both established, one child each, the same keys in both kernels */
gboolean pair_clean(const Pair *pair);                /* no SA on either side and nothing in either kernel */
PairSide *pair_other(Pair *pair, PairSide *side);
gboolean pair_deliver_to(Pair *pair, PairSide *to);    /* the oldest datagram for that side, overtaking others */
void pair_duplicate(Pair *pair);                      /* the oldest datagram comes twice */
ObolChildConfig *pair_config(PairSide *side, guint i); /* of its connection; to be altered before it is used */
/* Both ends get another child of the settings. */
void pair_add_child(Pair *pair, const char *name, const char *left_ts, const char *right_ts);
ObolChildSa *pair_child(PairSide *side, guint i);
guint pair_n_children(const PairSide *side, ObolChildState state);
void pair_initiate_child(Pair *pair, PairSide *side, const char *name, guint32 command);
void pair_expire(Pair *pair, PairSide *side, const ObolChildSa *child, gboolean hard); /* the kernel tells of it */
/* What one side has the other one has too: children, SPIs, keys, selectors; @n of them. */
gboolean pair_agree(const Pair *pair, guint n);
void pair_finish(Pair *pair); /* the left ends the IKE SA, and nothing is left anywhere: asserted */

/* Forging: a message under @from's keys, of @from's next request or as given. */
GBytes *pair_seal(PairSide *from, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *chain);
/* The chain that @to finds in a message from the other side; free @plain after use. */
gboolean pair_open(PairSide *to, const PairPacket *packet, GByteArray **plain, ObolChain *chain);

/* --- pair-stories.c: collisions, and random histories --- */
/* Established, and traffic flows; other nonces for another seed, so that either end has the lowest one in about half of the seeds. */
Pair *pair_of_seed(guint seed);
void pair_terminate(Pair *pair, PairSide *side, guint32 child_id); /* as an admin asks for it; 0: the IKE SA */
void pair_quiesce(Pair *pair); /* until nothing is under way, and the ghosts of old IKE SAs have gone */
void pair_disturb(Pair *pair, GRand *dice); /* loses, repeats, reorders or delivers the oldest datagram */
void pair_check_kernels(const Pair *pair, guint n_children); /* they hold that many, and nothing else: asserted */

/* --- pair-fragments.c: messages in pieces (RFC 7383) --- */
/* A pair whose IKE_AUTH messages are 16 bytes longer for each of @n_selectors (at most OBOL_TS_MAX); sizes as in fragment_size, 0: the default. */
Pair *pair_new_large(const PairSetup *like, guint n_selectors, gsize left_size, gsize right_size);
/* Which fragment a datagram is; FALSE: it is none. */
gboolean pair_fragment_of(const PairPacket *packet, guint16 *number, guint16 *total);
gsize pair_ip_size(const PairPacket *packet); /* with the headers of IP and UDP and the non-ESP marker */
guint pair_n_on_wire(const Pair *pair);
void pair_clear_wire(Pair *pair);
void pair_reverse_wire(Pair *pair);

/* One fragment as a test wants it, right or wrong. */
typedef struct {
    guint8 exchange;
    gboolean response;
    guint32 message_id;
    guint16 number, total;
    guint8 first;
    ObolSpan text;
    const ObolChain *before; /* in clear before it; NULL: nothing */
    gboolean spoilt;         /* its ICV is wrong */
} PairFragment;
GBytes *pair_forge(PairSide *from, const PairFragment *fragment);

#endif
