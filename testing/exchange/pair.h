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
    guint n_redirects;                   /* IKE SAs that were asked for at another peer, before this one was there */
    ObolAddress redirected_to;           /* where the last one was asked for; family 0: at the same peer */
    guint32 redirected_command;
    char asked_name[256];                /* that was to be looked up last */
    ModelKernel kernel;
    gint64 wake_us;
    gboolean identified, initial_contact;
    guint n_sent, n_keep_alives, n_commands_done, n_failures;
    guint32 command_child;               /* that the last command has made */
    ObolReasonCode command_reason, last_failure; /* OBOL_REASON_NONE: success, none */
    guint16 last_notify;
    const char *last_phase;
    ObolPools *pools;
    GArray *lent;                        /* of ObolAddress: virtual ones that are installed */
    GArray *attributes;                  /* of ObolAttribute: that came with the last of them */
    GArray *addresses;                   /* of ObolAddress, as the engine knows those of this side; NULL: it does not */
    ObolAddress source;                  /* where packets would leave from; family 0: from @address */
    guint n_moves;
    char *last_log;
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
    GArray *dead;         /* of ObolAddress: what goes there or comes from there is lost; NULL: none */
    ObolAddress nat;      /* family not 0: what the right sees of the left */
    ObolAddress right_nat; /* likewise what the left sees of the right; ports stay as they are */
} Pair;

/* What differs from test to test; NULL and 0 mean the usual. */
typedef struct {
    const char *ike[2], *child[2]; /* proposals of left and right; several separated by a space */
    const char *psk[2], *id[2], *local_ts[2], *remote_ts[2];
    ObolMode mode[2];
    ObolProtocol protocol;
    gboolean ipv6, no_children, encap, mobike;
    guint16 window[2]; /* 0: one */
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
void pair_establish_with_loss(Pair *pair);            /* the same where four of seven datagrams are lost */
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

/* --- pair-selectors.c: what a child protects is changed while it lives --- */
extern const PairSetup pair_wide;      /* the right's settings allow more than the left's ask for */
Pair *pair_up(const PairSetup *setup); /* established, and traffic flows */
GArray *pair_selectors(const char *texts); /* (transfer full): of ObolTs */
/* As an admin of @side asks for it; @local and @remote: selectors or NULL. */
void pair_change_child(Pair *pair, PairSide *side, guint32 child_id, ObolTsOp op, const char *local, const char *remote);
void pair_change(Pair *pair, PairSide *side, ObolTsOp op, const char *local, const char *remote); /* its first child that serves */
void pair_check_protects(PairSide *side, guint i, const char *local, const char *remote);
/* One child each with these selectors (of the left), nothing else in the kernels, and no packet lost: asserted. */
void pair_check_changed(Pair *pair, const char *local, const char *remote, guint n_pairs);
void pair_check_as_it_was(Pair *pair, guint32 old, guint32 spi); /* the same child, the same SAs */
/* --- pair-windows.c: several requests at a time (RFC 7296 section 2.3) --- */
#define PAIR_FURTHER_MAX 6
/* Established, with these windows and @n children more in the settings. */
Pair *pair_with_windows(guint16 left, guint16 right, guint n);
void pair_initiate_further(Pair *pair, PairSide *side, guint first, guint n); /* of those */
void pair_turn_wire(Pair *pair); /* what was sent last comes first */
guint32 pair_id_of(const PairPacket *packet);

/* --- pair-configuration.c: the left asks for virtual addresses, the right gives them (RFC 7296 section 2.19) --- */
Pair *pair_new_virtual(const char *vips, const char *pools); /* both separated by spaces */
Pair *pair_new_virtual_mobile(const char *vips, const char *pools); /* and as pair_new_mobile() */
void pair_set_up(Pair *pair);
char *pair_virtual(const PairSide *side, gboolean ours); /* (transfer full): what it holds, or has given, as text */
void pair_check_given(const Pair *pair, const char *addresses);
void pair_check_virtual(Pair *pair, const char *left); /* the selectors of the left's end, as both ends have them */
guint pair_n_online(const Pair *pair);                 /* of the first pool */

/* --- pair-mobike.c: addresses that change (RFC 4555) --- */
/* Established with MOBIKE; the left has 192.0.2.1 and 192.0.2.11, the right 192.0.2.2 and 192.0.2.22, or IPv6 ones with the same
 * last digits; they speak by .1 and .2. */
Pair *pair_new_mobile(const PairSetup *like);
ObolAddress pair_address(const char *text);
/* The addresses that a side has, separated by spaces; packets leave from the first. */
void pair_set_addresses(PairSide *side, const char *texts);
void pair_roam(Pair *pair, PairSide *side, const char *texts); /* they are these now, and the engine hears of it */
void pair_kill(Pair *pair, const char *text);   /* packets from or to it are lost */
void pair_revive(Pair *pair);                   /* no more */
gboolean pair_ike_at(const PairSide *side, const char *local, const char *remote);
gboolean pair_kernel_at(const PairSide *side, const char *local, const char *remote); /* its SAs and tunnel policies */
gboolean pair_all_at(const Pair *pair, const char *left, const char *right);
/* @from asks under its keys, from and to these addresses (NULL: the present ones); what comes back is opened into @answer.  %FALSE:
 * nothing comes.  What else is on the wire stays there. */
gboolean pair_ask(Pair *pair, PairSide *from, const ObolChain *chain, const char *source, const char *destination, GByteArray **plain,
                  ObolChain *answer);
/* The next request or response on the wire, opened. */
gboolean pair_look(Pair *pair, GByteArray **plain, ObolChain *chain);
guint pair_count_notifies(const ObolChain *chain, guint16 type);
void pair_probe(Pair *pair, PairSide *side); /* asks whether the other one is there */

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
