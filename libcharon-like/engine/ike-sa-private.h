/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-sa-private.h - the insides of an IKE SA, for the files of this room (and tests that forge its messages). */
#ifndef OBOL_ENGINE_IKE_SA_PRIVATE_H
#define OBOL_ENGINE_IKE_SA_PRIVATE_H

#include "engine/child.h"
#include "engine/configuration.h"

#define OBOL_PHASE_INIT "IKE_SA_INIT"
#define OBOL_PHASE_AUTH "IKE_AUTH"
#define OBOL_PHASE_CHILD "CREATE_CHILD_SA"
#define OBOL_PHASE_INFORMATIONAL "INFORMATIONAL"

#define OBOL_ENGINE_COOKIES_MAX 4      /* answers that ask for a cookie, in one attempt */
#define OBOL_ENGINE_GROUP_RETRIES_MAX 3
#define OBOL_ENGINE_PROPOSALS_MAX 16   /* of ours, in one message */
#define OBOL_ENGINE_CHILDREN_MAX 16    /* of one IKE SA; while they are being rekeyed there are as many again */

/* Message IDs of either direction do not begin anew (RFC 7296 section 2.2). */
#define OBOL_ENGINE_ID_RENEW 0xffff0000u /* from here on the IKE SA is rekeyed */
#define OBOL_ENGINE_ID_LAST 0xfffffffeu  /* where that has not come about: that of its Delete */

/* Fragments (RFC 7383 section 5); their number is bounded by OBOL_WIRE_FRAGMENTS_MAX. */
#define OBOL_ENGINE_REASSEMBLY_MAX 65535          /* bytes of one message's fragments */
#define OBOL_ENGINE_REASSEMBLY_LOADED_MAX 16384   /* likewise of a stranger's, while strangers hold much */
#define OBOL_ENGINE_HALF_OPEN_BYTES_MAX (32 << 20) /* how much that is, of all IKE SAs of a shard */
#define OBOL_ENGINE_PROBE_SENDINGS 3              /* of one fragment size, before a smaller one is tried (section 2.5.2) */

/* Paths and MOBIKE (RFC 4555). */
#define OBOL_ENGINE_PEER_ADDRESSES_MAX 16 /* of the peer's, beside the one in use */
#define OBOL_ENGINE_OWN_ADDRESSES_MAX 16  /* of ours that a peer is told, likewise */
#define OBOL_ENGINE_PATHS_MAX 12          /* that are looked at, and tried at once */
#define OBOL_ENGINE_PATH_SENDINGS 3       /* of a request by the present path, before others are tried */
#define OBOL_ENGINE_COOKIE2 16            /* bytes of ours (section 4.2.5: 8 to 64) */
#define OBOL_ENGINE_RESPONDER_PATIENCE_US (5 * (gint64) G_TIME_SPAN_MINUTE) /* section 3.11 */
/* Redirects (RFC 5685 section 7). */
#define OBOL_ENGINE_REDIRECTS_MAX 5
#define OBOL_ENGINE_REDIRECT_PERIOD_US (300 * (gint64) G_USEC_PER_SEC)
#define OBOL_NAT_HASH 20 /* SHA-1, as RFC 7296 section 2.23 says; its weakness is no matter here */

/* A pair of addresses, with ports. */
typedef struct {
    ObolAddress local, remote;
} ObolPath;

/* What is needed until the IKE SA is established, and freed then. */
typedef struct {
    ObolAgreement agreement;
    GBytes *own_first, *peer_first; /* the IKE_SA_INIT messages that AUTH signs (section 2.15) */
    GBytes *cookie;                 /* to be sent back */
    GArray *proposals;              /* initiator: of ObolProposal, as offered */
    guint n_cookies, n_group_retries;
    gboolean answered;              /* a response of IKE_SA_INIT was taken; another one is a replay */
    gboolean nat_detection;         /* the peer knows NAT traversal */
    gboolean ready;                 /* initiator: keys are there, IKE_AUTH may go once the SPI is there too; a successor's: both
                                     * ends have them */
    ObolReason *refusal;            /* unprotected, so not yet believed (section 2.21.1) */
    guint8 ike_number;              /* responder: number of the chosen proposal, for the answer */
    ObolStage stage;                /* of a successor: how far its exchange is */
    guint32 told;                   /* initiator: a digest of our addresses that the peer was told */
    gboolean initial_contact;       /* responder: the peer says that it has no other SA with us */
} ObolNegotiation;

/* What waits for its turn to be asked of the peer, in this order: the peer's window has room for it, and nothing that is under way
 * is in its way (section 2.3). */
typedef enum {
    OBOL_TASK_INITIAL,  /* IKE_SA_INIT, IKE_AUTH: these never wait */
    OBOL_TASK_PROBE,
    OBOL_TASK_DELETE,
    OBOL_TASK_CREATE,
    OBOL_TASK_REKEY_IKE,
    OBOL_TASK_UPDATE,   /* UPDATE_SA_ADDRESSES (RFC 4555 section 3.5) */
    OBOL_TASK_ANNOUNCE, /* our additional addresses (section 3.6) */
    OBOL_TASK_CHECK,    /* does the peer receive at its address? (section 3.7) */
    OBOL_TASK_REDIRECT, /* to another gateway (RFC 5685 section 5) */
    OBOL_TASK_TELL,     /* what an IKE SA that was made by a rekeying has to tell anew */
} ObolTaskKind;
typedef struct {
    ObolTaskKind kind;
    guint32 child_id;     /* CREATE */
    gint64 not_before_us; /* put off until then; those behind it go first */
} ObolTask;

/* An exchange of ours, from its turn in the queue to its answer; kept for retransmission (section 2.1).  Messages are kept as they
 * were sent: as one datagram, or as the datagrams of their fragments, back to back. */
typedef struct {
    ObolTaskKind kind;
    guint32 about;    /* unique id of the child or the successor that it is for; 0: of none, or of one that has gone */
    GBytes *datagram; /* NULL: it is being prepared, and has its place in the window already */
    guint8 exchange;
    guint32 message_id;
    guint n_sent, n_in_size; /* in all, and in the present fragment size; 0: it waits for the window to move */
    gint64 first_us;          /* when it was sent first */
    gint64 wait_us, again_us; /* the wait at hand, and when it ends */
    gboolean searched;        /* by all paths at once, to find one that works */
    gboolean many_paths;      /* it has not gone by one pair of addresses alone: an answer does not tell which of them works */
} ObolRequest;

/* A response of ours, for whoever lost it. */
typedef struct {
    guint32 message_id;
    guint n_replays;
    GBytes *datagrams;
} ObolResponse;

/* Another IKE SA is being set up in its place, or is to be when it has gone. */
typedef enum { OBOL_REAUTH_NONE, OBOL_REAUTH_UNDER_WAY, OBOL_REAUTH_AFTERWARDS } ObolReauth;

/* A message of the peer's whose fragments have not all come yet. */
typedef struct ObolReassembly ObolReassembly;
typedef enum { OBOL_PENDING_REQUEST, OBOL_PENDING_RESPONSE, OBOL_N_PENDING } ObolPending;

/* RFC 7383. */
typedef struct {
    gboolean agreed;    /* both ends have announced it */
    guint16 path_size;  /* what the path carries as far as we know, when that is less than the settings say; 0: unknown */
    gsize asked_size;   /* the largest IP datagram of the request at hand; 0: it came whole */
    ObolReassembly *pending[OBOL_N_PENDING];
} ObolFragmentation;

/* RFC 4555; there when both ends have announced it.  "The initiator" there is that of the first of a line of IKE SAs. */
typedef struct {
    gboolean decides;          /* we are the initiator: which addresses are used is for us to say */
    gboolean nat_t;            /* both ends know NAT traversal */
    GArray *peer_addresses;    /* of ObolAddress: of the peer's, beside the one in use; NULL: none */
    guint32 told;              /* a digest of our own that the peer knows */
    guint asked;               /* bits of 1 << ObolTaskKind: what our outstanding request asks for */
    guint8 cookie2[OBOL_ENGINE_COOKIE2];
    gboolean cookie2_sent;     /* in that request */
    gboolean unverified;       /* the peer has not shown yet that it receives at its address: Child SAs stay where they are */
    gboolean roaming;          /* our own address has gone and the initiator may not know yet: it is asked by all paths */
    ObolAddress mapped;        /* where ESP goes instead, as the kernel has seen a NAT's mapping change; family 0: nowhere else */
    guint8 seen[OBOL_NAT_HASH]; /* the last NAT_DETECTION_DESTINATION_IP that we got */
    gboolean has_seen;
    ObolPath before;           /* what worked last, while something else is tried; family 0: nothing is */
    guint n_tries;             /* UNEXPECTED_NAT_DETECTED in a row */
    guint next_path;           /* of obol_paths(), when this one is refused */
    guint32 newest_update, newest_addresses; /* message IDs behind those of the newest requests that were heeded (sections 3.5, 3.6) */
} ObolMobike;

/* RFC 5685.  The client is who began the first of a line of IKE SAs, whoever has rekeyed it since (section 10). */
typedef struct {
    gboolean client, agreed; /* the client has said that it follows */
    gboolean resolving;      /* the name of the new gateway is being looked up */
    gboolean in_auth;        /* it was IKE_AUTH that sent us away */
    guint n;                 /* that were followed in a row, since @since_us */
    gint64 since_us;
    ObolAddress from, first; /* who has sent the client here; whom the settings mean; family 0: nobody, the peer */
    ObolAddress to;          /* client: where another one is to be set up; family 0: at the same peer */
    gint64 gone_by_us;       /* gateway: when a client that was told to go has to be gone; 0: it was not */
} ObolRedirects;

struct ObolIkeSa {
    const ObolEngine *engine;
    ObolConnection *connection; /* a reference; NULL: responder before one is chosen */
    ObolRole role;              /* original initiator or responder */
    ObolIkeState state;
    guint32 unique_id;
    guint64 spi_i, spi_r;
    ObolAddress local, remote;
    ObolPath asked_by;          /* by which the request at hand came: its answer goes back there */
    ObolIdentity *local_id, *remote_id;
    ObolSuite suite;
    ObolIkeKeys keys;
    guint64 n_sealed; /* messages under our SK_e: the IV's counter */
    gboolean nat_local, nat_remote, feign_nat, floated;
    gint64 established_us, heard_us, sent_us;
    gint64 half_open_until_us;
    guint32 next_request_id, n_kernel_requests, n_jobs;
    guint32 expected_request_id; /* the lowest one of the peer's that is not answered yet */
    guint32 answering_id;        /* of the peer's request at hand */
    guint16 own_window, peer_window; /* how many requests the peer may have outstanding, and we (section 2.3) */
    gboolean window_told;        /* ours, on this IKE SA */
    GArray *requests;            /* of ObolRequest: exchanges of ours that are under way; NULL: none */
    GArray *responses;           /* of ObolResponse: the last ones, at most @own_window; NULL: none */
    GPtrArray *held_requests;    /* of ObolHeldRequest: the peer's that have overtaken the one at hand; NULL: none */
    ObolFragmentation fragmentation;
    ObolMobike *mobike;    /* NULL: it is not agreed on */
    gboolean busy;         /* a request is being answered, once the kernel has spoken */
    ObolNegotiation *negotiation;
    GPtrArray *children; /* of ObolChildSa */
    GArray *waits;       /* of ObolKernelWait; NULL: none */
    GArray *tasks;       /* of ObolTask; NULL: none */
    GArray *held_answer; /* of ObolSaName: our Deletes in an answer that waits until the kernel sends by other SAs */
    ObolChain *held_notes; /* what else is in it */
    GArray *early_deletes; /* of ObolSaName: of the peer's, that we do not know, while our CREATE_CHILD_SA is out */
    gint64 temporary_since_us; /* since when the peer has been answering TEMPORARY_FAILURE; 0: it is not */
    ObolRedirects redirects;
    ObolGateway *redirect_to; /* gateway: where the client is to go, once it can be told; NULL: nowhere */
    ObolSecret *peer_token;  /* by which the peer may show that it has lost the SA (RFC 6290); NULL: it has given none */
    gboolean token_told;     /* the peer has ours */
    gint64 token_since_us;   /* the second in which tokens are counted */
    guint n_token_checks;
    gboolean delete_wanted, delete_sent;
    gboolean stranded;     /* our address has gone, and that was told */
    ObolReason *end_reason; /* why we have asked for the end */
    guint32 initiate_command, terminate_command;
    ObolConfiguration *configuration; /* virtual addresses, ours or the peer's; NULL: none */
    gint64 now_us; /* of the event at hand */

    /* its place in a line of IKE SAs (sections 2.8, 2.8.2 and 2.18) */
    ObolIkeSa *successors[2];  /* by our role in the exchange that makes them, until it is settled which one inherits; NULL: none */
    guint32 predecessor;       /* unique id of the SA in whose place it is; 0: none */
    gint64 rekey_at_us, reauth_at_us, expire_at_us; /* 0: never */
    guint n_renewal_failures;
    ObolReauth reauth;
    gboolean peer_deleted;     /* it is over as soon as it is settled who inherits */
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
/* The end in good order: the peer is told first.  @reason: (transfer full) */
void obol_ike_sa_close(ObolIkeSa *sa, ObolReason *reason, ObolActions *out);
void obol_ike_sa_fail(ObolIkeSa *sa, const ObolReason *reason, ObolActions *out); /* tells of what was refused */
void obol_ike_sa_command_done(guint32 *command, const ObolReason *reason, ObolActions *out);
void obol_ike_sa_command_made(guint32 *command, guint32 child_id, ObolActions *out); /* success: that child is there */
void obol_ike_sa_log(const ObolIkeSa *sa, ObolActions *out, int level, const char *format, ...) G_GNUC_PRINTF(4, 5);
void obol_ike_sa_negotiation_free(ObolIkeSa *sa);
void obol_ike_sa_established(ObolIkeSa *sa, gboolean initial_contact, ObolActions *out);
/* An SA in @old's place, that the exchange in which we are @role is to make; not yet anybody's. (transfer full) */
ObolIkeSa *obol_ike_sa_new_successor(const ObolIkeSa *old, ObolRole role);
ObolSpan obol_span_of_bytes(GBytes *bytes);

/* --- liveness.c: is the peer there (section 2.4) --- */
gint64 obol_liveness_due(const ObolIkeSa *sa);
void obol_liveness_timer(ObolIkeSa *sa, ObolActions *out);
/* What the kernel says to obol_child_query(); @child NULL: it has gone meanwhile. */
void obol_liveness_reply(ObolIkeSa *sa, ObolChildSa *child, const ObolKernelReply *reply, ObolActions *out);

/* --- timers.c: one WAKE for all deadlines --- */
void obol_ike_sa_arm(ObolIkeSa *sa, ObolActions *out);
void obol_ike_sa_timer(ObolIkeSa *sa, ObolActions *out);

/* A decoded message on its way to its handler; @chain is what counts: the inner payloads where there is an SK. */
struct ObolIncoming {
    const ObolMessage *message;
    const ObolChain *chain;
    ObolSpan datagram;
    const ObolAddress *local, *remote;
};

/* --- window.c: our requests, their message IDs and retransmission --- */
void obol_window_prepare(ObolIkeSa *sa, ObolTaskKind kind, guint32 about); /* its place, before there is a request */
/**
 * obol_window_request:
 * @datagram: (transfer full): sealed under sa->next_request_id, which is used by that
 *
 * Sends a request and keeps it.  It takes the place that was prepared for @about, and waits where the peer's window has none.
 */
void obol_window_request(ObolIkeSa *sa, ObolTaskKind kind, guint32 about, guint8 exchange, GBytes *datagram, ObolActions *out);
gboolean obol_window_has_room(const ObolIkeSa *sa); /* for one exchange more */
gboolean obol_window_is_idle(const ObolIkeSa *sa);  /* nothing of ours is under way */
gboolean obol_window_waits(const ObolIkeSa *sa);    /* for an answer */
gboolean obol_window_asks(const ObolIkeSa *sa, guint8 exchange); /* and for one of that exchange */
const ObolRequest *obol_window_oldest(const ObolIkeSa *sa);      /* that waits; NULL: none does */
const ObolRequest *obol_window_find(const ObolIkeSa *sa, guint8 exchange, guint32 message_id); /* NULL: no such is waited for */
/* What it was for is not wanted any more: given up while it is prepared, else its answer is nobody's. */
void obol_window_disown(ObolIkeSa *sa, guint32 about);
gint64 obol_window_due(const ObolIkeSa *sa); /* when something is to be sent again */
void obol_window_retransmit(ObolIkeSa *sa, ObolActions *out); /* all that is due */
void obol_window_forget_requests(ObolIkeSa *sa);
/* Its answer is there: it is over, and what was waiting for the window to move goes out.  What is returned has no datagram. */
ObolRequest obol_window_answered(ObolIkeSa *sa, guint32 message_id, ObolActions *out);
void obol_window_mark_paths(ObolIkeSa *sa); /* the addresses change: what is outstanding goes by several pairs of them */
void obol_window_stop_searching(ObolIkeSa *sa);
void obol_window_send(ObolIkeSa *sa, GBytes *datagram, ObolActions *out); /* by the present path */
/* Other addresses are there: what is outstanding goes out by them at once, with all its patience. */
void obol_window_hurry(ObolIkeSa *sa);
void obol_window_send_again(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, ObolActions *out);
void obol_window_send_by(ObolIkeSa *sa, GBytes *datagrams, const ObolPath *path, gboolean again, ObolActions *out);
void obol_window_next_id(ObolIkeSa *sa, guint32 *id);
gint64 obol_window_patience_us(const ObolConnection *connection); /* until a request without answer is given up */

/* --- window-answer.c: the peer's requests, and our responses --- */
typedef struct ObolHeldRequest ObolHeldRequest;

/* Sends a response to the request at hand and keeps it for replays. */
void obol_window_respond(ObolIkeSa *sa, GBytes *datagram, ObolActions *out); /* (transfer full) */
/* The same for a chain, sealed. */
void obol_window_answer(ObolIkeSa *sa, guint8 exchange, const ObolChain *chain, ObolActions *out);
ObolResponse *obol_window_response(const ObolIkeSa *sa, guint32 message_id); /* NULL: it is not kept */
/* A response once more, in smaller fragments where need be; @asked_size: IP size of the fragment that asked, 0: none did. */
void obol_window_replay(ObolIkeSa *sa, ObolResponse *response, gsize asked_size, ObolActions *out);
gboolean obol_window_expects(const ObolIkeSa *sa, guint32 message_id); /* a request that is neither answered, at hand, held nor too far on */
/* Another one is being answered: this one, which is authentic, waits.  @plain: (transfer full) */
void obol_window_hold(ObolIkeSa *sa, const ObolIncoming *in, GByteArray *plain, guint8 first, gsize asked_size);
/* The next one that has waited, when its turn has come; NULL: there is none. (transfer full) */
ObolHeldRequest *obol_window_take_held(ObolIkeSa *sa);
void obol_window_held_free(ObolHeldRequest *held); /* wipes it */
void obol_window_forget_responses(ObolIkeSa *sa);  /* and what is held */
gsize obol_window_n_response_bytes(const ObolIkeSa *sa);

struct ObolHeldRequest {
    ObolHeader header;
    ObolPath path; /* by which it came */
    GByteArray *plain;
    guint8 first;
    gsize asked_size, n_bytes; /* see ObolFragmentation; of its datagram */
};

/* --- window-size.c: how large the windows are (section 2.3) --- */
void obol_window_size_offer(ObolIkeSa *sa, ObolChain *chain); /* in IKE_AUTH, by either end */
void obol_window_size_take(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out); /* the peer's, where it says one */
void obol_window_size_begin(ObolIkeSa *sa);                   /* the initial exchanges are over */
gboolean obol_window_size_is_due(const ObolIkeSa *sa);        /* ours is to be told */
void obol_window_size_put(ObolIkeSa *sa, ObolChain *chain);   /* it is told by this */
void obol_window_size_answer(ObolIkeSa *sa, const ObolChain *request, ObolChain *answer, ObolActions *out);

/* --- crash.c: quick crash detection (RFC 6290) --- */
void obol_crash_offer(const ObolIkeSa *sa, ObolIkeSa *of, ObolChain *chain); /* our token for @of, which may be a successor of @sa's */
gboolean obol_crash_is_due(const ObolIkeSa *sa);           /* the peer has none of ours yet */
void obol_crash_take(ObolIkeSa *sa, const ObolChain *chain); /* the peer's for this SA, from a protected message */
/* A message in clear has tokens: if one is the peer's, it has lost the SA, which is gone without a word.  %FALSE: it has none. */
gboolean obol_crash_shown(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);

/* --- redirect.c: the client is sent to another gateway (RFC 5685) --- */
void obol_redirect_offer(ObolIkeSa *sa, ObolChain *chain);      /* in the IKE_SA_INIT request */
const ObolAddress *obol_redirect_first(const ObolIkeSa *sa);    /* the peer that the settings mean, for its identity */
/* %FALSE: an IKE_SA_INIT response is none. */
gboolean obol_redirect_init_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
gboolean obol_redirect_auth_response(ObolIkeSa *sa, const ObolChain *chain, ObolGateway *to); /* %FALSE: that of IKE_AUTH is none */
void obol_redirect_after_auth(ObolIkeSa *sa, const ObolGateway *to, ObolActions *out);        /* it was, and the SA is there */
void obol_redirect_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);          /* an INFORMATIONAL request may be one */
void obol_redirect_resolved(ObolIkeSa *sa, const ObolAddress *address, ObolActions *out);     /* family 0: nobody knows that name */

/* --- redirect-say.c: the gateway sends a client on --- */
void obol_redirect_note(ObolIkeSa *sa, const ObolChain *chain); /* what its IKE_SA_INIT request says */
/* %TRUE: that is answered by a redirect, and the SA is gone. */
gboolean obol_redirect_at_init(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
gboolean obol_redirect_at_auth(const ObolIkeSa *sa);            /* it goes when it has shown who it is */
void obol_redirect_put_auth(ObolIkeSa *sa, ObolChain *chain, ObolActions *out);
void obol_redirect_told(ObolIkeSa *sa);                         /* it knows, and is to delete the SA */
void obol_redirect_limit(ObolIkeSa *sa);                        /* the SA lives no longer than it was told */
void obol_redirect_want(ObolIkeSa *sa, const ObolGateway *to);  /* as an admin asks for it */
void obol_redirect_ask(ObolIkeSa *sa, ObolActions *out);        /* its turn has come */

/* --- heir.c: what is told anew when the IKE SA was rekeyed --- */
void obol_heir_begin(ObolIkeSa *sa);
void obol_heir_tell(ObolIkeSa *sa, ObolActions *out); /* its turn has come */

/* --- tasks.c: what is to be asked, in order --- */
void obol_tasks_add(ObolIkeSa *sa, ObolTaskKind kind, guint32 child_id, gint64 not_before_us);
gboolean obol_tasks_drop(ObolIkeSa *sa, guint32 child_id); /* %FALSE: it was not waiting */
gboolean obol_tasks_has(const ObolIkeSa *sa, ObolTaskKind kind);
gboolean obol_tasks_cancel(ObolIkeSa *sa, ObolTaskKind kind); /* %FALSE: none of that kind was waiting */
/* @heir asks for what @sa had still to ask for its children. */
void obol_tasks_inherit(ObolIkeSa *sa, ObolIkeSa *heir);
/* An exchange of ours for it is under way. */
gboolean obol_tasks_is_busy_with(const ObolIkeSa *sa, const ObolChildConfig *config);
gint64 obol_tasks_due(const ObolIkeSa *sa);                /* when the next one that was put off may go */
/* Sends whatever waits for its turn, when it is. */
void obol_tasks_pump(ObolIkeSa *sa, ObolActions *out);

/* --- protect.c: SK and SKF payloads --- */
#define OBOL_SK_HEADER 4
#define OBOL_SKF_HEADER 8

/**
 * obol_sk_seal:
 * @inner: what is to be protected
 *
 * Returns: (transfer full): one datagram, or, where fragmentation is agreed on and the message is longer than the threshold,
 * those of its fragments, back to back (obol_datagrams_next() tells them apart); %NULL, logged, when it is longer than a message
 * can be, or the backend fails.
 */
GBytes *obol_sk_seal(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *inner,
                     ObolActions *out);

/**
 * obol_sk_open:
 * @message, @datagram: decoded, and its bytes, which are copied before they are decrypted
 * @plain: (out) (transfer full): the payloads, or a fragment of them; freed by obol_plain_free()
 * @first: (out): type of the first payload
 *
 * %FALSE, and nothing given: it has neither SK nor SKF, is not authentic, or its padding is none.
 */
gboolean obol_sk_open(ObolIkeSa *sa, const ObolMessage *message, ObolSpan datagram, GByteArray **plain, guint8 *first);

/* What obol_sk_seal() gave, in more and smaller fragments of at most @threshold bytes each; NULL: that is not to be had. */
GBytes *obol_sk_cut_again(ObolIkeSa *sa, GBytes *sealed, gsize threshold);
void obol_plain_free(GByteArray *plain); /* wipes it */
GBytes *obol_clear_encode(ObolIkeSa *sa, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *chain,
                          ObolActions *out);
void obol_tell_message(ObolIkeSa *sa, const ObolHeader *header, const char *outer, const ObolChain *inner, gboolean outgoing,
                       gsize n_bytes, gboolean again, ObolActions *out);

/* --- fragment.c: whether, and how large (RFC 7383 sections 2.3 to 2.5); sizes are of whole IP datagrams --- */
/* How a message is cut. */
typedef struct {
    guint16 total; /* fragments; 0: it is not cut */
    gsize chunk;   /* bytes of it in each but the last one */
} ObolCut;

void obol_fragment_announce(const ObolIkeSa *sa, ObolChain *chain);    /* in IKE_SA_INIT, where the settings allow it */
void obol_fragment_agree(ObolIkeSa *sa, const ObolChain *chain);       /* by the peer's IKE_SA_INIT message */
gsize obol_fragment_threshold(const ObolIkeSa *sa, gboolean response); /* 0: messages are sent whole */

/**
 * obol_fragment_cut:
 * @n_text: bytes of the message before encryption
 * @threshold: as obol_fragment_threshold() says
 * @least_total: there are to be that many fragments, if it is cut at all
 *
 * %FALSE: it is longer than a message can be.  Where the threshold would make more than OBOL_WIRE_FRAGMENTS_MAX fragments they
 * are larger than it.
 */
gboolean obol_fragment_cut(const ObolIkeSa *sa, const ObolGuard *guard, gsize n_text, gsize threshold, guint least_total,
                           ObolCut *out);
/* Of an IKE message in SK (@total 0) or SKF, without IP and UDP header. */
gsize obol_sealed_size(const ObolGuard *guard, gsize n_text, guint total);
gsize obol_datagram_ip_size(const ObolIkeSa *sa, gsize n); /* of an IKE datagram of @n bytes */
/* The datagram at *@at, which moves behind it; no bytes: there is none. */
ObolSpan obol_datagrams_next(GBytes *datagrams, gsize *at);
/* The next threshold to try for what was sent in vain; 0: there is none. */
gsize obol_fragment_smaller(const ObolIkeSa *sa, GBytes *datagrams);
/* Cuts *@datagrams again, when that makes them smaller, and remembers the threshold. */
gboolean obol_fragment_shrink(ObolIkeSa *sa, GBytes **datagrams, gsize threshold, ObolActions *out);
/* The threshold for a response that is asked for again by a fragment of that size (0: whole); 0: as it was. */
gsize obol_fragment_for_replay(const ObolIkeSa *sa, const ObolResponse *response, gsize asked_size);

/* --- reassembly.c: fragments into the message that they were (RFC 7383 section 2.6) --- */
/**
 * obol_reassembly_take:
 * @in: a message with @skf that the window expects
 * @plain, @first: (out): as obol_sk_open() gives them for a message that came whole
 *
 * %TRUE when the message is whole by this fragment.  %FALSE: it was not wanted or not authentic, and nothing has changed; or
 * it is kept; or the message is longer than we accept, and the SA is gone.
 */
gboolean obol_reassembly_take(ObolIkeSa *sa, const ObolIncoming *in, const ObolSkfPayload *skf, GByteArray **plain, guint8 *first,
                              ObolActions *out);
void obol_reassembly_drop(ObolIkeSa *sa, ObolPending which);
void obol_reassembly_drop_message(ObolIkeSa *sa, ObolPending which, guint32 message_id); /* if it is that one */
void obol_reassembly_free(ObolReassembly *reassembly);
gint64 obol_reassembly_due(const ObolIkeSa *sa); /* when an incomplete request is forgotten */
void obol_reassembly_timer(ObolIkeSa *sa, ObolActions *out);

/* --- admission.c: the only door for messages --- */
void obol_admit_message(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out);
gboolean obol_admit_held(ObolIkeSa *sa, ObolActions *out); /* one that has waited there; %FALSE: none has, or not long enough */

/* The first error notification; NULL: none. */
const ObolPayload *obol_chain_first_error(const ObolChain *chain);
/* Why the peer refused. */
ObolReason *obol_reason_of_notify(const char *phase, guint16 type);
guint16 obol_reason_notify(const ObolReason *reason);

/* --- init.c --- */
void obol_init_start(ObolIkeSa *sa, ObolActions *out);
void obol_init_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_init_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_init_refuse(ObolIkeSa *sa, const ObolHeader *header, guint16 notify, const guint8 *data, gsize n, ObolReason *reason,
                      ObolActions *out);
gboolean obol_init_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out); /* %FALSE: it is not this one's */
GArray *obol_init_proposals(const ObolIkeSa *sa, const ObolConnection *connection); /* what may be offered */

/* --- auth.c --- */
void obol_auth_start(ObolIkeSa *sa, ObolActions *out); /* initiator: IKE_AUTH, when all that it needs is there */
void obol_auth_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
/* The initiator is authentic, and has its addresses if it is to have some: now its Child SA. */
void obol_auth_take_up(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out);
void obol_auth_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
/* Responder: the Child SA is in the kernel, or is not; @reason (transfer full) tells why not. */
void obol_auth_answer(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out);
ObolChildSa *obol_auth_child(const ObolIkeSa *sa); /* the one that IKE_AUTH is to bring; NULL: none */

/* --- informational.c --- */
void obol_informational_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_informational_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
/* A Delete that was held back goes out once the kernel sends by other SAs. */
void obol_informational_resume(ObolIkeSa *sa, ObolActions *out);
void obol_informational_forget(ObolIkeSa *sa); /* that it was held back */
void obol_informational_delete(ObolIkeSa *sa, ObolActions *out); /* asks: for the IKE SA, or all children that are to go */

/* --- ike-rekey.c: CREATE_CHILD_SA for the IKE SA itself (sections 1.3.2 and 2.18) --- */
void obol_ike_rekey_start(ObolIkeSa *sa, ObolActions *out); /* its turn has come */
void obol_ike_rekey_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
gboolean obol_ike_rekey_asks(const ObolIkeSa *sa, const ObolRequest *asked); /* that CREATE_CHILD_SA was for it */
void obol_ike_rekey_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
gboolean obol_ike_rekey_job_done(ObolIkeSa *sa, ObolJob *job, ObolActions *out); /* %FALSE: it is not this one's */

/* --- succession.c: who inherits (sections 2.8.2 and 2.25.2) --- */
/* No exchange for a child is under way that a rekeying of the IKE SA would cut in two. */
gboolean obol_succession_may_begin(const ObolIkeSa *sa);
gboolean obol_succession_is_open(const ObolIkeSa *sa); /* it is being rekeyed, by either end */
void obol_succession_drop(ObolIkeSa *sa, ObolRole role); /* the one of that exchange is not to be */
/* Ours is not to be: tried again later, unless theirs is there. @reason: (transfer full) */
void obol_succession_failed(ObolIkeSa *sa, ObolReason *reason, ObolActions *out);
/* When all is known that there is to be known, children go to the one that inherits; the end of every event. */
void obol_succession_settle(ObolIkeSa *sa, ObolActions *out);
/* @sa is about to end: one that both ends have agreed on inherits. */
void obol_succession_abandon(ObolIkeSa *sa, ObolActions *out);
/* The peer deletes @sa; @reason (transfer full) tells so. */
void obol_succession_deleted(ObolIkeSa *sa, ObolReason *reason, ObolActions *out);
void obol_succession_adopted(ObolIkeSa *sa, ObolActions *out); /* a successor has its place in the world */

/* --- ike-life.c: how old an IKE SA gets --- */
void obol_ike_life_begin(ObolIkeSa *sa);
gint64 obol_ike_life_due(const ObolIkeSa *sa);
void obol_ike_life_timer(ObolIkeSa *sa, ObolActions *out);
void obol_ike_life_failed(ObolIkeSa *sa, const ObolReason *reason, ObolActions *out); /* it could not be rekeyed now */
void obol_ike_life_renew(ObolIkeSa *sa, gboolean reauth, ObolActions *out);           /* now, as asked */
void obol_ike_life_reauthenticated(ObolIkeSa *sa, gboolean success, ObolActions *out);
void obol_ike_life_adopted(ObolIkeSa *sa, ObolActions *out); /* what was put off while the SA was rekeyed */
void obol_ike_life_move_to(ObolIkeSa *sa, const ObolAddress *to, ObolActions *out); /* the same, at another peer (RFC 5685) */
/* Asks for another SA with the same children in its place. */
void obol_ike_life_ask_for_another(ObolIkeSa *sa, ObolActions *out);

/* --- nat.c --- */
void obol_nat_add_hashes(const ObolIkeSa *sa, const ObolPath *path, ObolChain *chain);
/* By the hashes in a message, if both are there; else nothing is known by it, %FALSE. */
gboolean obol_nat_detect(ObolIkeSa *sa, const ObolIncoming *in);
gboolean obol_nat_has_hashes(const ObolChain *chain);
void obol_nat_float(ObolIkeSa *sa);
gboolean obol_nat_encap(const ObolIkeSa *sa);
void obol_nat_follow(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
void obol_nat_add_prohibition(const ObolIkeSa *sa, ObolChain *chain); /* NO_NATS_ALLOWED (RFC 4555 section 3.9) */
gboolean obol_nat_is_unexpected(const ObolIncoming *in);              /* its NO_NATS_ALLOWED does not tell how it came */

/* --- path.c: which pairs of addresses there are --- */
/* The one place where the addresses of an SA change once it is there; the world is told. */
void obol_path_set(ObolIkeSa *sa, const ObolPath *path, ObolActions *out);
ObolPath obol_path_of(const ObolIkeSa *sa); /* the present one */
gboolean obol_path_equal(const ObolPath *a, const ObolPath *b);
gboolean obol_path_is_ours(const ObolIkeSa *sa, const ObolAddress *local); /* the address is there, as far as we know */
/* Those that may be used, best first; their number is returned.  The present one is among them as long as our address is there. */
guint obol_paths(const ObolIkeSa *sa, ObolPath out[OBOL_ENGINE_PATHS_MAX]);
/* The address that packets to the peer would leave from; %FALSE: there is no way, nobody knows, or it is a virtual one. */
gboolean obol_path_source(const ObolIkeSa *sa, ObolAddress *source);
char *obol_path_format(const ObolPath *path); /* (transfer full) */
/* Addresses of ours that a peer may be told beside the present one. (transfer full): of ObolAddress */
GArray *obol_path_additional(const ObolIkeSa *sa);

/* --- mobike.c: which addresses an SA has, agreed on with the peer (RFC 4555) --- */
void obol_mobike_free(ObolMobike *mobike);
void obol_mobike_offer(ObolIkeSa *sa, ObolChain *chain); /* in IKE_AUTH, by either end */
void obol_mobike_agree(ObolIkeSa *sa, const ObolIncoming *in); /* by the peer's IKE_AUTH message */
/* What an INFORMATIONAL request asks of it; what is to be in the answer is added to @answer. */
void obol_mobike_request(ObolIkeSa *sa, const ObolIncoming *in, ObolChain *answer, ObolActions *out);
/* Takes the answer to our request; %FALSE: it is not the peer's, and the SA is closed. */
gboolean obol_mobike_response(ObolIkeSa *sa, const ObolRequest *asked, const ObolIncoming *in, ObolActions *out);
/* The initiator moves the SA. */
void obol_mobike_move(ObolIkeSa *sa, const ObolPath *path, ObolActions *out);
/* An authentic answer to a request that went by several paths tells which of them works. */
void obol_mobike_answered(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out);
gboolean obol_mobike_is_patient(const ObolIkeSa *sa, const ObolRequest *request); /* it goes on, its tries are over (section 3.11) */
gboolean obol_mobike_searches(const ObolIkeSa *sa, const ObolRequest *request);   /* it is to go by all paths (sections 3.5, 3.6) */
void obol_mobike_shadow(const ObolIkeSa *of, ObolIkeSa *sa); /* @sa is made in @of's place, and is not its heir yet */
void obol_mobike_inherit(ObolIkeSa *sa, ObolIkeSa *heir);

/* --- mobike-ask.c: the requests --- */
void obol_mobike_ask(ObolIkeSa *sa, ObolTaskKind kind, ObolActions *out); /* UPDATE, ANNOUNCE, CHECK, PROBE: its turn has come */
void obol_mobike_add_addresses(ObolIkeSa *sa, gboolean none_too, ObolChain *chain);
void obol_mobike_announce(ObolIkeSa *sa); /* where the peer does not know our addresses as they are now */

/* --- roam.c: our own addresses have changed --- */
void obol_roam(ObolIkeSa *sa, ObolActions *out);

#endif
