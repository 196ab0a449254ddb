/* model/connection.h - what the admin wants: connections and their children, checked and immutable.
 *
 * Made by settings/, read by engine/ and dispatcher/.  An SA holds a reference to the connection it was made with, so a
 * reload never changes what a living SA stands on. */
#ifndef OBOL_MODEL_CONNECTION_H
#define OBOL_MODEL_CONNECTION_H

#include <obol/identity.h>
#include <obol/kernel.h>
#include <obol/pool.h>
#include <obol/proposal.h>
#include <obol/ts.h>

#include "model/gateway.h"

/* A set of bits. */
typedef enum {
    OBOL_ACTION_NONE = 0,
    OBOL_ACTION_TRAP = 1 << 0,
    OBOL_ACTION_START = 1 << 1,
    OBOL_ACTION_TRAP_AND_START = OBOL_ACTION_TRAP | OBOL_ACTION_START,
} ObolStartAction;
typedef enum { OBOL_UNIQUE_NO, OBOL_UNIQUE_NEVER, OBOL_UNIQUE_KEEP, OBOL_UNIQUE_REPLACE } ObolUnique;
/* RFC 7383: not at all; announced, and sent too; announced, and only received. */
typedef enum { OBOL_FRAGMENTATION_NO, OBOL_FRAGMENTATION_YES, OBOL_FRAGMENTATION_ACCEPT } ObolFragmentationUse;
/* RFC 4555 section 3.7: does the peer have to show that it receives at a new address?  Before traffic goes there, while it does, not
 * at all. */
typedef enum { OBOL_CHECK_BEFORE, OBOL_CHECK_AFTER, OBOL_CHECK_NOT } ObolAddressCheck;
/* RFC 5685 sections 3 and 6: before anything is known but an address, or when it is known who it is. */
typedef enum { OBOL_REDIRECT_AT_AUTH, OBOL_REDIRECT_AT_INIT } ObolRedirectWhen;
/* RFC 7296 section 2.3: requests under way at a time; each costs the one who takes them a response that is kept. */
#define OBOL_WINDOW_DEFAULT 1
#define OBOL_WINDOW_MAX 16
typedef enum { OBOL_AUTH_BY_PSK } ObolAuthKind; /* more come with their plugins */

typedef struct {
    char *name;
    ObolMode mode;
    ObolProtocol protocol;       /* ESP or AH */
    GArray *proposals;           /* of ObolProposal */
    GArray *local_ts, *remote_ts; /* of ObolTs; "dynamic" unresolved */
    ObolLifetimes lifetimes;     /* soft ones before jitter */
    gint64 jitter_us;
    guint32 replay_window;
    guint32 reqid;               /* 0: chosen by the dispatcher */
    guint32 tfc_padding;
    guint32 priority;
    ObolStartAction start_action, close_action, dpd_action;
    gboolean policies;           /* install policies */
    gboolean ipcomp;             /* offer and accept IPComp (RFC 7296 section 2.22) */
    ObolMark mark_in, mark_out;  /* of policies and, outbound, of SAs */
    gboolean mark_in_sa;         /* the inbound SA has @mark_in too */
    ObolMark set_mark_in, set_mark_out;
    guint32 if_id_in, if_id_out;
    guint sa_flags;              /* of ObolSaFlags */
    ObolOffload offload;
    gboolean policies_fwd_out;   /* outbound forward policies too */
    ObolPolicyAction action;     /* PROTECT, or a shunt's PASS or DROP: policies alone, nothing is negotiated */
    gboolean replay_window_unset; /* the admin left it to us: a kernel with smaller windows gets its largest */
} ObolChildConfig;

/* One address setting: a single address, a range that a peer may come from, or a name to resolve. */
typedef struct {
    char *text;      /* as written */
    ObolTs range;    /* family 0: a name, or any */
    gboolean any;
    gboolean is_name;
} ObolHostSpec;

typedef struct {
    gint ref_count;
    char *name;
    GPtrArray *local_hosts, *remote_hosts; /* of ObolHostSpec, at least one each */
    guint16 local_port, remote_port;       /* 500 unless set */
    GArray *proposals;                     /* of ObolProposal, IKE */
    ObolIdentity *local_id;                /* NULL: the local address */
    ObolIdentity *remote_id;               /* pattern; type 0: any; NULL: the remote address */
    ObolAuthKind local_auth, remote_auth;
    gint64 rekey_us, reauth_us;            /* age at which new keys, or a whole new IKE SA, are due; 0: never */
    gint64 over_us;                        /* so long after that it ends; 0: it does not */
    gint64 rand_us;                        /* at most so much earlier, by chance */
    gboolean make_before_break;            /* reauthentication: the new IKE SA is there before the old one goes */
    gint64 dpd_us, keep_alive_us;
    gint64 retransmit_base_us;             /* first wait */
    double retransmit_factor;              /* of each further one */
    guint retransmit_tries;                /* sendings after the first */
    ObolFragmentationUse fragmentation;
    guint16 fragment_size;                 /* bytes of an IP datagram above which our messages are sent in fragments */
    gboolean follow_redirects;             /* RFC 5685, as a client */
    ObolGateway redirect_to;               /* and as a gateway: where clients are sent; not set: nowhere */
    ObolRedirectWhen redirect_when;
    gint64 redirect_wait_us;               /* for the Delete of a client that was sent away */
    gboolean crash_detection;              /* RFC 6290: tokens are given and taken */
    guint16 window;                        /* how many of the peer's requests may be outstanding, RFC 7296 section 2.3 */
    gboolean mobike;                       /* RFC 4555, with a peer who knows it too */
    ObolAddressCheck mobike_check;
    gint64 half_open_us;                   /* a responder's patience before IKE_AUTH is done */
    ObolUnique unique;
    gboolean encap;                        /* force UDP encapsulation by feigning a NAT */
    gboolean initial_contact;              /* send it with the first SA to an identity */
    GArray *vips;                          /* of ObolAddress: what we ask for as initiator; unset: any of the family */
    char **pools;                          /* that peers get addresses from, in this order; NULL: none */
    GPtrArray *children;                   /* of ObolChildConfig, in order; none in a connection of shunts alone */
    GPtrArray *shunts;                     /* of ObolChildConfig: policies that let pass or drop, never negotiated */
} ObolConnection;

ObolConnection *obol_connection_new(const char *name); /* all defaults; lists empty */
ObolConnection *obol_connection_ref(const ObolConnection *connection);
void obol_connection_unref(ObolConnection *connection);
ObolChildConfig *obol_child_config_new(const char *name);
void obol_child_config_free(ObolChildConfig *child);
const ObolChildConfig *obol_connection_child(const ObolConnection *connection, const char *name); /* NULL: none */
const ObolChildConfig *obol_connection_shunt(const ObolConnection *connection, const char *name); /* NULL: none */
ObolHostSpec *obol_host_spec_new(const char *text, GError **error);
void obol_host_spec_free(ObolHostSpec *host);

/* How well an address pair fits the connection: 0 not at all; larger is closer (a single address above a range above any).
 * Names that are not resolved fit nothing here; @resolved (of ObolAddress) may bring them, NULL for none. */
guint obol_connection_fits(const ObolConnection *connection, const ObolAddress *local, const ObolAddress *remote);

/* May an SA be moved there?  A name is not resolved again, so it allows every address. */
gboolean obol_hosts_allow(const GPtrArray *hosts, const ObolAddress *address);

/**
 * ObolConnectionSet:
 * An immutable, counted snapshot of all connections, in the order of the settings.
 */
typedef struct {
    gint ref_count;
    GPtrArray *connections; /* of ObolConnection */
} ObolConnectionSet;

ObolConnectionSet *obol_connection_set_new(GPtrArray *connections); /* (transfer full) */
ObolConnectionSet *obol_connection_set_ref(ObolConnectionSet *set);
void obol_connection_set_unref(ObolConnectionSet *set);
const ObolConnection *obol_connection_set_find(const ObolConnectionSet *set, const char *name);

/* IKE_SA_INIT: connections that fit the addresses, best first; (transfer full) #GPtrArray of borrowed ObolConnection. */
GPtrArray *obol_connection_set_candidates(const ObolConnectionSet *set, const ObolAddress *local, const ObolAddress *remote);
/* IKE_AUTH: the best of the candidates whose identities fit; @idr may be NULL (the initiator did not say). */
const ObolConnection *obol_connection_set_match(const ObolConnectionSet *set, const ObolAddress *local,
                                                const ObolAddress *remote, const ObolIdentity *idi, const ObolIdentity *idr);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolConnection, obol_connection_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolConnectionSet, obol_connection_set_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolChildConfig, obol_child_config_free)

#endif
