/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-sa-private.h - the insides of an IKE SA, for the files of this room (and tests that forge its messages). */
#ifndef OBOL_ENGINE_IKE_SA_PRIVATE_H
#define OBOL_ENGINE_IKE_SA_PRIVATE_H

#include "crypto/keymat.h"
#include "engine/ike-sa.h"

#define OBOL_PHASE_INIT "IKE_SA_INIT"
#define OBOL_PHASE_AUTH "IKE_AUTH"
#define OBOL_PHASE_INFORMATIONAL "INFORMATIONAL"

#define OBOL_ENGINE_NONCE 32           /* bytes of ours: half of any PRF's key at least (RFC 7296 section 2.10) */
#define OBOL_ENGINE_COOKIES_MAX 4      /* answers that ask for a cookie, in one attempt */
#define OBOL_ENGINE_GROUP_RETRIES_MAX 3
#define OBOL_ENGINE_PROPOSALS_MAX 16   /* of ours, in one message */
#define OBOL_ENGINE_CHILDREN_MAX 16    /* of one IKE SA */

typedef struct ObolChildSa ObolChildSa;

/* A Child SA: two SAs in the kernel and the policies that lead to them. */
struct ObolChildSa {
    const ObolChildConfig *config; /* of the SA's connection */
    guint32 unique_id, reqid;
    ObolChildState state;
    ObolMode mode;
    gboolean initiator, udp_encap;
    ObolSuite suite;
    guint32 spi_in, spi_out;     /* host order */
    ObolAddress local, remote;   /* outer, with the ports of UDP encapsulation, as the kernel knows them */
    GArray *local_ts, *remote_ts; /* of ObolTs */
    gint64 installed_us;
    ObolLifetimes lifetimes;
    ObolSaUsage in, out;
    guint n_waiting; /* kernel answers that its installation waits for */
    gboolean spi_reserved, sa_in, sa_out; /* what of it is in the kernel */
    GByteArray *policies;                 /* and which policies, by their number: policies may be shared, so none is removed
                                           * that was not added */
    ObolReason *refused; /* the first of them that was a no */
};

/* What a kernel's answer is for. */
typedef enum { OBOL_KERNEL_FOR_SPI, OBOL_KERNEL_FOR_INSTALL, OBOL_KERNEL_FOR_NOBODY } ObolKernelPurpose;

typedef struct {
    guint32 request;
    ObolKernelPurpose purpose;
    ObolKernelOp op;
    guint32 child_id;
    guint part; /* of an installation: 1 for the inbound SA, 0 for the outbound; the number of a policy */
} ObolKernelWait;

/* What is needed until the SA is established, and freed then. */
typedef struct {
    guint8 nonce[OBOL_ENGINE_NONCE];
    GBytes *peer_nonce;
    GBytes *own_first, *peer_first; /* the IKE_SA_INIT messages that AUTH signs (section 2.15) */
    GBytes *cookie;                 /* to be sent back */
    GArray *proposals;              /* initiator: of ObolProposal, as offered */
    guint16 group;                  /* of the key exchange under way */
    gpointer ke_offer;              /* initiator: its private value, between the two steps */
    const ObolKeVtable *ke;
    guint8 ke_public[OBOL_KE_PUBLIC_MAX];
    guint n_cookies, n_group_retries;
    gboolean answered;              /* a response of IKE_SA_INIT was taken; another one is a replay */
    gboolean nat_detection;         /* the peer knows NAT traversal */
    gboolean ready;                 /* initiator: keys are there, IKE_AUTH may go once the SPI is there too */
    ObolReason *refusal;            /* unprotected, so not yet believed (section 2.21.1) */
    guint32 job;                    /* the one that is waited for; 0: none */
    guint8 ike_number, child_number; /* responder: numbers of the chosen proposals, for the answers */
    gboolean initial_contact;       /* responder: the peer says that it has no other SA with us */
} ObolNegotiation;

/* Our one outstanding request, for retransmission (section 2.1). */
typedef struct {
    GBytes *datagram; /* NULL: none is outstanding */
    guint8 exchange;
    guint32 message_id;
    guint n_sent;
    gint64 wait_us, again_us; /* the wait at hand, and when it ends */
} ObolRequest;

struct ObolIkeSa {
    const ObolEngine *engine;
    ObolConnection *connection; /* a reference; NULL: responder before one is chosen */
    ObolRole role;              /* original initiator or responder */
    ObolIkeState state;
    guint32 unique_id, child_wanted_id; /* the child that IKE_AUTH is to bring: its unique id, 0 none */
    guint64 spi_i, spi_r;
    ObolAddress local, remote;
    ObolIdentity *local_id, *remote_id;
    ObolSuite suite;
    ObolIkeKeys keys;
    guint64 n_sealed; /* messages under our SK_e: the IV's counter */
    gboolean nat_local, nat_remote, feign_nat, floated;
    gint64 established_us, heard_us, sent_us;
    gint64 half_open_until_us;
    guint32 next_request_id, expected_request_id, n_kernel_requests, n_jobs;
    ObolRequest request;
    GBytes *last_response; /* to request number expected_request_id - 1 */
    gboolean busy;         /* a request is being answered, once the kernel has spoken */
    ObolNegotiation *negotiation;
    GPtrArray *children; /* of ObolChildSa */
    GArray *waits;       /* of ObolKernelWait */
    GArray *deletes;     /* of ObolSaName to be told to the peer: inbound SPIs of ours */
    gboolean delete_wanted, delete_sent, probe_wanted;
    guint32 initiate_command, terminate_command;
    gint64 now_us; /* of the event at hand */
};

typedef struct {
    guint32 spi;
    guint8 protocol;
} ObolSaName;

/* --- ike-sa.c --- */
/* The one place where an IKE SA changes its state; @reason (transfer full) may be NULL. */
void obol_ike_sa_set_state(ObolIkeSa *sa, ObolIkeState to, ObolReason *reason, ObolActions *out);
/* The end: tells, closes children in the kernel, answers commands, asks to be freed.  @reason: (transfer full) */
void obol_ike_sa_end(ObolIkeSa *sa, ObolReason *reason, ObolActions *out);
void obol_ike_sa_fail(ObolIkeSa *sa, const ObolReason *reason, ObolActions *out); /* tells of what was refused */
void obol_ike_sa_command_done(guint32 *command, const ObolReason *reason, ObolActions *out);
void obol_ike_sa_log(const ObolIkeSa *sa, ObolActions *out, int level, const char *format, ...) G_GNUC_PRINTF(4, 5);
void obol_ike_sa_negotiation_free(ObolIkeSa *sa);
void obol_ike_sa_established(ObolIkeSa *sa, gboolean initial_contact, ObolActions *out);
ObolSpan obol_span_of_bytes(GBytes *bytes);

/* --- timers.c: one WAKE for all deadlines --- */
void obol_ike_sa_arm(ObolIkeSa *sa, ObolActions *out);
void obol_ike_sa_timer(ObolIkeSa *sa, ObolActions *out);

/* --- window.c: message IDs and retransmission --- */
/* Sends a request and keeps it; there must be none outstanding. */
void obol_window_request(ObolIkeSa *sa, guint8 exchange, GBytes *datagram, ObolActions *out); /* (transfer full) */
/* Sends a response and keeps it for replays: the request that it answers is done. */
void obol_window_respond(ObolIkeSa *sa, GBytes *datagram, ObolActions *out); /* (transfer full) */
void obol_window_retransmit(ObolIkeSa *sa, ObolActions *out);
void obol_window_forget_request(ObolIkeSa *sa);
void obol_window_send(ObolIkeSa *sa, GBytes *datagram, ObolActions *out);
/* Sends whatever waits for its turn, when it is. */
void obol_window_pump(ObolIkeSa *sa, ObolActions *out);

/* --- protect.c: SK payloads --- */
GBytes *obol_sk_seal(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *inner,
                     ObolActions *out);
/* @datagram is copied before it is decrypted; @plain holds what @inner borrows from. */
gboolean obol_sk_open(ObolIkeSa *sa, const ObolMessage *message, ObolSpan datagram, GByteArray **plain, guint8 *first);
GBytes *obol_clear_encode(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *chain,
                          ObolActions *out);
void obol_tell_message(ObolIkeSa *sa, const ObolHeader *header, const char *outer, const ObolChain *inner, gboolean outgoing,
                       gsize n_bytes, gboolean again, ObolActions *out);

/* --- admission.c: the only door for messages --- */
void obol_admit_message(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out);

/* A decoded message on its way to its handler; @chain is what counts: the inner payloads where there is an SK. */
typedef struct {
    const ObolMessage *message;
    const ObolChain *chain;
    ObolSpan datagram;
    const ObolAddress *local, *remote;
} ObolIncoming;

/* --- init.c --- */
void obol_init_start(ObolIkeSa *sa, ObolActions *out);
void obol_init_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_init_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_init_refuse(ObolIkeSa *sa, const ObolHeader *header, guint16 notify, const guint8 *data, gsize n, ObolReason *reason,
                      ObolActions *out);
void obol_init_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out);

/* --- ke-job.c --- */
typedef enum { OBOL_KE_OFFER, OBOL_KE_ACCEPT, OBOL_KE_COMPLETE } ObolKeStep;
typedef struct {
    ObolJob base;
    ObolKeStep step;
    const ObolKeVtable *ke;
    ObolRandom random;
    gpointer offer;        /* made, or used */
    guint8 public_value[OBOL_KE_PUBLIC_MAX];
    GBytes *peer;          /* the other side's public value */
    ObolSecret *secret;    /* g^ir */
    GError *error;
} ObolKeJob;
void obol_ke_job_start(ObolIkeSa *sa, ObolKeStep step, ObolSpan peer, ObolActions *out);

/* --- auth.c --- */
void obol_auth_start(ObolIkeSa *sa, ObolActions *out); /* initiator: IKE_AUTH, when all that it needs is there */
void obol_auth_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_auth_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
/* Responder: the Child SA is in the kernel, or is not; @reason (transfer full) tells why not. */
void obol_auth_answer(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);

/* --- child.c, child-negotiate.c, child-kernel.c --- */
ObolChildSa *obol_child_sa_new(ObolIkeSa *sa, const ObolChildConfig *config);
void obol_child_sa_free(ObolChildSa *child);
void obol_child_sa_set_state(ObolIkeSa *sa, ObolChildSa *child, ObolChildState to, ObolReason *reason, ObolActions *out);
void obol_child_sa_info(const ObolChildSa *child, ObolChildInfo *info);
/* Out of the kernel, out of the list, told; the peer is told only through sa->deletes. @reason: (transfer full) */
void obol_child_sa_end(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);
void obol_child_sa_delete(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out); /* and tell the peer */
ObolChildSa *obol_child_sa_find(const ObolIkeSa *sa, guint32 unique_id);
ObolChildSa *obol_child_sa_find_spi(const ObolIkeSa *sa, guint8 protocol, guint32 spi, gboolean inbound);
/* The proposals that config, kernel and crypto allow, without key exchange: what a first Child SA may have. */
GArray *obol_child_proposals(const ObolIkeSa *sa, const ObolChildConfig *config);
GArray *obol_child_resolve(const GArray *selectors, const ObolAddress *address);
void obol_child_offer(ObolIkeSa *sa, ObolChildSa *child, ObolChain *chain);
/* Initiator: takes the answer; NULL on success, else why there is no child. */
ObolReason *obol_child_take_answer(ObolIkeSa *sa, ObolChildSa *child, const ObolChain *chain);
/* Responder: finds a child of the connection that fits; NULL with @reason. */
ObolChildSa *obol_child_take_request(ObolIkeSa *sa, const ObolChain *chain, ObolReason **reason);
void obol_child_put_answer(ObolIkeSa *sa, const ObolChildSa *child, guint8 number, ObolChain *chain);
guint16 obol_reason_notify(const ObolReason *reason);
void obol_child_get_spi(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_child_install(ObolIkeSa *sa, ObolChildSa *child, ObolSpan ni, ObolSpan nr, ObolActions *out);
void obol_child_uninstall(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);
void obol_child_move(ObolIkeSa *sa, ObolActions *out); /* to the SA's present addresses */
void obol_child_kernel_reply(ObolIkeSa *sa, guint32 request, const ObolKernelReply *reply, ObolActions *out);
void obol_child_installed(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out);

/* --- informational.c --- */
void obol_informational_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_informational_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_create_child_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);

/* --- nat.c --- */
void obol_nat_add_hashes(ObolIkeSa *sa, ObolChain *chain);
void obol_nat_detect(ObolIkeSa *sa, const ObolIncoming *in);
void obol_nat_float(ObolIkeSa *sa);
gboolean obol_nat_encap(const ObolIkeSa *sa);
void obol_nat_follow(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);

#endif
