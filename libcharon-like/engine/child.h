/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child.h - a Child SA and how it came to be: a thing of its IKE SA, for the files of this room.
 *
 *          begin            answer, or request             kernel                    Delete, lifetime
 *   NEW ----------> NEW ------------------------> INSTALLING ------> INSTALLED -------------------------> DELETING ---> GONE
 *        in the queue, preparing, asking                                              answer, or the end of the IKE SA
 *
 * Its negotiation is a thing of its own: IKE_AUTH and CREATE_CHILD_SA bring the same one about, at either end. */
#ifndef OBOL_ENGINE_CHILD_H
#define OBOL_ENGINE_CHILD_H

#include "crypto/keymat.h"
#include "engine/ike-sa.h"

#define OBOL_ENGINE_NONCE 32 /* bytes of ours: half of any PRF's key at least (RFC 7296 section 2.10) */

typedef struct ObolChildSa ObolChildSa;
typedef struct ObolIncoming ObolIncoming;

/**
 * ObolAgreement:
 * What an exchange makes keys of (RFC 7296 sections 2.10, 2.14, 2.17, 2.18): a nonce of each end, and maybe a key exchange.
 */
typedef struct {
    ObolRole role; /* ours in the exchange */
    guint8 nonce[OBOL_ENGINE_NONCE];
    GBytes *peer_nonce;
    guint16 group;         /* OBOL_KE_NONE: there is no key exchange */
    const ObolKeVtable *ke;
    gpointer offer;        /* initiator: its private value, between the two steps */
    guint8 public_value[OBOL_KE_PUBLIC_MAX];
    ObolSecret *secret;    /* g^ir */
    guint32 job;           /* the one that is waited for; 0: none */
} ObolAgreement;

/* How far a negotiation is. */
typedef enum {
    OBOL_STAGE_QUEUED,     /* initiator: it is not its turn yet */
    OBOL_STAGE_PREPARING,  /* SPIs, and our part of the key exchange */
    OBOL_STAGE_ASKED,      /* initiator: the request is out */
    OBOL_STAGE_AGREEING,   /* initiator: the answer is good, g^ir is being computed */
    OBOL_STAGE_INSTALLING, /* the kernel is at it */
} ObolStage;

/* A Child SA on its way; freed when it is there, or is not to be. */
typedef struct {
    ObolRole role;           /* ours in the exchange */
    const char *phase;       /* OBOL_PHASE_AUTH or OBOL_PHASE_CHILD */
    ObolStage stage;
    ObolAgreement agreement; /* of CREATE_CHILD_SA; with IKE_AUTH it is the IKE SA's */
    GArray *proposals;       /* initiator: of ObolProposal, as offered */
    guint8 number;           /* responder: of the proposal that was chosen */
    ObolTs packet[2];        /* initiator: source and destination of the packet that wants it; family 0: none */
    guint16 cpi_wanted;      /* responder: what the peer wants compressed packets to carry; 0: it wants none */
    gboolean more_possible;  /* responder: other settings allow more of what was asked for (section 2.9) */
    gboolean single_pair;    /* initiator: the peer takes one pair of addresses only (section 2.9) */
    guint n_group_retries, n_put_off;

    /* of one that changes another one's selectors */
    ObolTsOp op;
    GArray *named[2];        /* of ObolTs: local and remote selectors of the change; NULL: that end stays as it is */
    guint n_waits;           /* while the other one was being rekeyed */
    ObolReason *verdict;     /* the peer grants less than was asked for: it is received by until the peer has deleted it */
} ObolChildNegotiation;

/* The SAs of a Child SA in the kernel.  Odd ones are inbound. */
typedef enum { OBOL_PART_OUT, OBOL_PART_IN, OBOL_PART_COMP_OUT, OBOL_PART_COMP_IN, OBOL_N_PARTS } ObolPart;

/* Whether something is in the kernel, and under which of its child's two pairs of outer addresses. */
typedef enum { OBOL_NOWHERE, OBOL_AT_FIRST, OBOL_AT_SECOND } ObolPlace;

/* Outer addresses, with the ports of UDP encapsulation, as the kernel knows them. */
typedef struct {
    ObolAddress local, remote;
    gboolean udp_encap;
} ObolEnds;

/* The addresses of its packets as the peer knows them, where a NAT changes them on the way. */
typedef struct {
    ObolAddress local, remote;
} ObolOriginal;

struct ObolChildSa {
    const ObolChildConfig *config; /* of the SA's connection */
    guint32 unique_id, reqid;
    ObolChildState state;
    ObolMode mode;
    gboolean initiator;            /* of the exchange that made it */
    ObolSuite suite;
    guint32 spi_in, spi_out;       /* host order */
    guint16 cpi_in, cpi_out;       /* of IPComp, 0: none */
    guint32 tfc_padding;
    ObolEnds ends[2];
    ObolPlace at;                  /* which of @ends is the present one; the other one is left from a move */
    GArray *local_ts, *remote_ts;  /* of ObolTs */
    ObolOriginal *original;        /* transport mode through a NAT; else NULL */
    gint64 installed_us;
    gint64 rekey_at_us, expire_at_us; /* 0: never */
    ObolLifetimes lifetimes;
    ObolSaUsage in, out;
    guint64 n_heard;               /* packets that had come at the last check of the peer's liveness */
    guint n_waiting;               /* kernel answers that it waits for */
    guint8 places[OBOL_N_PARTS];   /* of ObolPlace: a reserved SPI counts as its SA does */
    GByteArray *policies;          /* of ObolPlace, by the policies' numbers: they may be shared, so none is removed that was not
                                    * added */
    ObolChildKeys keys_out;        /* while the outbound SA is held back: until the peer is ready for it (section 2.8) */
    gboolean switching;            /* it is being given to the kernel now */
    ObolReason *refused;           /* it is to go, as soon as nothing is waited for; the first reason */
    gboolean peer_has_it;          /* then it is told by a Delete */
    gboolean peer_was_given;       /* it has, or had it */
    gboolean delete_sent;
    ObolChildNegotiation *negotiation; /* NULL: it is done */
    guint32 initiate_command, terminate_command;

    /* rekeying (sections 2.8 and 2.8.1) */
    guint32 replaces;              /* unique id of the child in whose place it is made, until that is settled; 0: none */
    GBytes *lowest_nonce;          /* of the exchange that made it, likewise */
    GBytes *rival_nonce;           /* of the peer's exchange for the same purpose, whose child has come and gone meanwhile */
    guint32 adjusts;               /* unique id of the child whose selectors it changes, until it is there; 0: none */
    gboolean adjusted;             /* an admin has said what it protects: the settings do not count any more */
    gboolean redundant;            /* the peer is to delete it */
    gboolean rekey_refused;        /* the peer did not give a successor */
    guint n_rekey_failures;
};

/* --- agreement.c --- */
void obol_agreement_init(ObolIkeSa *sa, ObolAgreement *a, ObolRole role);
void obol_agreement_clear(ObolAgreement *a);
ObolSpan obol_agreement_nonce(const ObolAgreement *a, ObolRole whose);
/* Each begins a job; its end is told by obol_agreement_job_done(). */
void obol_agreement_offer(ObolIkeSa *sa, ObolAgreement *a, guint16 group, ObolActions *out);
void obol_agreement_accept(ObolIkeSa *sa, ObolAgreement *a, guint16 group, ObolSpan peer, ObolActions *out);
void obol_agreement_complete(ObolIkeSa *sa, ObolAgreement *a, ObolSpan peer, ObolActions *out);
typedef enum { OBOL_KE_OFFER, OBOL_KE_ACCEPT, OBOL_KE_COMPLETE } ObolKeStep;
/* Takes what the job has made; %FALSE with @error (borrowed from the job) when it failed. */
gboolean obol_agreement_job_done(ObolAgreement *a, ObolJob *job, ObolKeStep *step, const GError **error);
/* The lowest of its two nonces (section 2.8.1). (transfer full) */
GBytes *obol_agreement_lowest_nonce(const ObolAgreement *a);
/* The other group that an INVALID_KE_PAYLOAD asks for, if we offered it (section 1.3); OBOL_KE_NONE: none. */
guint16 obol_agreement_other_group(const ObolAgreement *a, const GArray *proposals, const ObolNotifyPayload *error);
gboolean obol_nonce_is_lower(GBytes *a, GBytes *b); /* octet by octet; of two alike as far as they go the shorter one */
/* Of @proposals: is @group in one of them; the first that is in any. */
gboolean obol_proposals_have_group(const GArray *proposals, guint16 group);
guint16 obol_proposals_first_group(const GArray *proposals);

/* --- child.c: the thing --- */
ObolChildSa *obol_child_sa_new(ObolIkeSa *sa, const ObolChildConfig *config);
void obol_child_sa_free(ObolChildSa *child);
void obol_child_sa_set_state(ObolIkeSa *sa, ObolChildSa *child, ObolChildState to, ObolReason *reason, ObolActions *out);
void obol_child_sa_info(const ObolChildSa *child, ObolChildInfo *info);
/* Out of the kernel, out of the list, told.  The peer is not. @reason: (transfer full) */
void obol_child_sa_end(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);
/* Ends it in good order: the kernel is waited for, and a peer that has it is told. @reason: (transfer full) */
void obol_child_sa_close(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);
ObolChildSa *obol_child_sa_find(const ObolIkeSa *sa, guint32 unique_id);
ObolChildSa *obol_child_sa_find_spi(const ObolIkeSa *sa, guint8 protocol, guint32 spi, gboolean inbound);
guint obol_child_sa_count(const ObolIkeSa *sa, const ObolChildConfig *config); /* those that are or will be; NULL: all */
const ObolEnds *obol_child_ends(const ObolChildSa *child);
void obol_child_sa_set_original(ObolChildSa *child, const ObolOriginal *original);

/* --- child-proposals.c: (transfer full): of ObolProposal --- */
GArray *obol_child_proposals(const ObolIkeSa *sa, const ObolChildConfig *config, const char *phase);

/* --- transport.c: selectors of transport mode where a NAT is on the way (section 2.23.1) --- */
gboolean obol_transport_is_translated(const ObolIkeSa *sa);
/* The peer's selectors become what is seen at this end, and @original what the peer said.  %FALSE, and nothing changed: they are not of
 * one address each. */
gboolean obol_transport_substitute(const ObolIkeSa *sa, GArray *local, GArray *remote, ObolOriginal *original);
/* Leaves of @selectors what @address can have; all of it where that is nothing: the peer will refuse. */
void obol_transport_narrow(GArray *selectors, const ObolAddress *address);

/* --- child-negotiate.c: what it protects and by what, for both exchanges --- */
void obol_child_offer(ObolIkeSa *sa, ObolChildSa *child, ObolChain *chain);
/* Initiator: takes the answer; NULL on success, else why there is no child. */
ObolReason *obol_child_take_answer(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain);
/* What a child that the peer asks for is to another one: nothing, the same with new keys, or with other selectors. */
typedef enum { OBOL_BESIDE, OBOL_REKEYS, OBOL_ADJUSTS } ObolChildHow;
/* Responder: finds a child of the connection that fits; NULL with @reason. @old: the child that it is to replace, or NULL. */
ObolChildSa *obol_child_take_request(ObolIkeSa *sa, const ObolChain *chain, const char *phase, const ObolChildSa *old,
                                     ObolChildHow how, ObolReason **reason);
void obol_child_put_answer(ObolIkeSa *sa, const ObolChildSa *child, ObolChain *chain);
gboolean obol_child_covers(const ObolChildSa *child, const ObolTs *source, const ObolTs *destination);
gboolean obol_child_wants_ipcomp(const ObolIkeSa *sa, const ObolChildConfig *config);

/* --- child-steps.c: from begin to end of a negotiation --- */
void obol_child_begin(ObolIkeSa *sa, ObolChildSa *child, ObolRole role, const char *phase);
void obol_child_negotiation_free(ObolChildNegotiation *n);
/* SPIs, and with CREATE_CHILD_SA the key exchange; then obol_child_step() goes on. */
void obol_child_prepare(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_child_step(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
/* The negotiation has failed: everybody whom it concerns is told. @reason: (transfer full) */
void obol_child_failed(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);
gboolean obol_child_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out);
/* All is known: keys are derived, and the kernel asked. */
void obol_child_agreed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);

/* --- child-install.c: what a Child SA is in the kernel --- */
void obol_child_get_spi(ObolIkeSa *sa, ObolChildSa *child, ObolPart part, ObolActions *out);
/* @keys: cleared; the outbound ones are kept where @hold_back. */
void obol_child_install(ObolIkeSa *sa, ObolChildSa *child, ObolChildKeys *keys, gboolean hold_back, ObolActions *out);
void obol_child_activate(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out); /* the outbound SA that was held back */
void obol_child_uninstall(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_child_uninstall_out(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out); /* all but what receives */
void obol_child_release_cpi(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_child_query(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out); /* what has it received?  For obol_liveness_reply() */
void obol_child_move(ObolIkeSa *sa, ObolActions *out); /* every child to the SA's present addresses */

/* --- child-kernel.c: asking the kernel, and its answers --- */
typedef enum { OBOL_KERNEL_FOR_SPI, OBOL_KERNEL_FOR_INSTALL, OBOL_KERNEL_FOR_MOVE, OBOL_KERNEL_FOR_LIVENESS, OBOL_KERNEL_FOR_NOBODY } ObolKernelPurpose;
typedef struct {
    guint32 request;
    ObolKernelPurpose purpose;
    ObolKernelOp op;
    guint32 child_id;
    guint part;    /* an ObolPart, or the number of a policy */
    ObolPlace place; /* where it is once this is done */
} ObolKernelWait;
void obol_child_ask(ObolIkeSa *sa, ObolChildSa *child, ObolKernelPurpose purpose, guint part, const ObolKernelRequest *request,
                    ObolActions *out);
void obol_child_kernel_reply(ObolIkeSa *sa, guint32 request, const ObolKernelReply *reply, ObolActions *out);

/* --- create-child.c: CREATE_CHILD_SA for Child SAs (section 1.3.1 and 1.3.3) --- */
void obol_create_start(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out); /* its turn has come */
void obol_create_send(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);  /* all is prepared */
void obol_create_answer(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out); /* (transfer full) */
/* What was asked is asked anew, not before @not_before_us. */
void obol_create_again(ObolIkeSa *sa, ObolChildSa *child, gint64 not_before_us, ObolActions *out);
/* @reason (transfer full) is told and, with INVALID_SYNTAX, ends the SA; NULL: it is daily life. */
void obol_create_refuse(ObolIkeSa *sa, guint16 type, const guint8 *data, gsize n, ObolReason *reason, ObolActions *out);
ObolReason *obol_create_other_group(guint16 wanted); /* why the peer is asked to come again with that one (section 1.3) */
void obol_create_refuse_group(ObolIkeSa *sa, guint16 wanted, ObolReason *reason, ObolActions *out);
/* @error may be one more TEMPORARY_FAILURE of many: when that has gone on for minutes the IKE SA is closed (section 2.25). */
gboolean obol_create_out_of_step(ObolIkeSa *sa, const ObolNotifyPayload *error, ObolActions *out);
void obol_create_child_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_create_child_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);

/* --- rekey.c: a child in another's place (sections 2.8, 2.8.1 and 2.25.1) --- */
void obol_rekey_begin(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out);
void obol_rekey_expire(ObolIkeSa *sa, ObolChildSa *child, gboolean hard, ObolActions *out);
ObolChildSa *obol_rekey_rival(const ObolIkeSa *sa, guint32 old_id, gboolean initiator); /* who replaces it; NULL: nobody */
/* The peer has begun to rekey @old: what we have not begun yet is left. */
void obol_rekey_yield(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out);
gboolean obol_rekey_loses(const ObolIkeSa *sa, const ObolChildSa *child); /* as far as the nonces are known */
void obol_rekey_settle(ObolIkeSa *sa, guint32 old_id, ObolActions *out);
void obol_rekey_hand_over(ObolIkeSa *sa, guint32 old_id, ObolActions *out); /* the old one goes: its successor sends now */
/* The peer deletes @old: its successor sends from now on. */
void obol_rekey_deleted(ObolIkeSa *sa, ObolChildSa *old, ObolActions *out);
/* The peer does not know the child that @child was to replace. */
void obol_rekey_not_found(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_rekey_failed(ObolIkeSa *sa, ObolChildSa *child, const ObolReason *reason, ObolActions *out);
void obol_rekey_ended(ObolIkeSa *sa, ObolChildSa *child); /* @child goes: what an answer to come has to know of it */
/* When to try again after so many failures in a row: longer each time, by chance, and not too late. @expire_at_us 0: never. */
gint64 obol_rekey_retry_at(const ObolIkeSa *sa, guint n_failures, gint64 expire_at_us);
gint64 obol_rekey_due(const ObolIkeSa *sa, const ObolChildSa *child);
void obol_rekey_timer(ObolIkeSa *sa, ObolActions *out);

/* --- selectors.c: other selectors for a child that lives --- */
void obol_selectors_change(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out);
ObolChildSa *obol_selectors_changer(const ObolIkeSa *sa, guint32 old_id); /* the child that is to change that one; NULL: none */
gboolean obol_selectors_asked(const ObolIkeSa *sa, guint32 old_id);       /* the peer has been asked by it */
void obol_selectors_follow(ObolIkeSa *sa, guint32 old_id, guint32 heir_id); /* it is @heir_id that is to be changed */
/* @old is about to go: its successor is to be changed, or nothing. */
void obol_selectors_left(ObolIkeSa *sa, const ObolChildSa *old, const ObolReason *reason, ObolActions *out);
gboolean obol_selectors_must_wait(const ObolIkeSa *sa, const ObolChildSa *child);
void obol_selectors_wait(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
/* Its turn has come: what it is to ask for.  %FALSE: it waits, or has ended. */
gboolean obol_selectors_prepare(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_selectors_put_notify(const ObolIkeSa *sa, const ObolChildSa *child, ObolChain *chain);
/* (transfer full): that the peer grants less than @child has asked for; NULL: all of it. */
ObolReason *obol_selectors_verdict(const ObolChildSa *child, const GArray *local, const GArray *remote);
void obol_selectors_explain(const ObolChildSa *child, ObolReason *reason); /* the peer's refusal */
char *obol_selectors_text(const GArray *local, const GArray *remote); /* (transfer full) */
void obol_selectors_settle(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out); /* it is there: the old one goes */
const ObolNotifyPayload *obol_selectors_find_notify(const ObolChain *chain); /* whom the peer changes; NULL: nobody */
gboolean obol_selectors_collide(const ObolIkeSa *sa, guint32 old_id); /* ours, that is under way, goes first */

#endif
