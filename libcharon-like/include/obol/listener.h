/* obol/listener.h - what the core tells whoever listens: SAs come and go, messages pass, something failed. */
#ifndef OBOL_LISTENER_H
#define OBOL_LISTENER_H

#include <obol/address.h>
#include <obol/identity.h>
#include <obol/kernel.h>
#include <obol/numbers.h>
#include <obol/proposal.h>
#include <obol/reason.h>

G_BEGIN_DECLS

typedef enum {
    OBOL_IKE_NEW,         /* nothing sent or accepted yet */
    OBOL_IKE_CONNECTING,  /* IKE_SA_INIT is under way, or answered */
    OBOL_IKE_ESTABLISHED,
    OBOL_IKE_REKEYED,     /* another one has its Child SAs; it only waits to be deleted, by either end */
    OBOL_IKE_DELETING,    /* our Delete is out, waiting for the answer */
    OBOL_IKE_GONE,
} ObolIkeState;

typedef enum {
    OBOL_CHILD_NEW,
    OBOL_CHILD_INSTALLING,
    OBOL_CHILD_INSTALLED,
    OBOL_CHILD_DELETING,
    OBOL_CHILD_GONE,
} ObolChildState;

/* "CREATED", "CONNECTING", "ESTABLISHED", "REKEYED", "DELETING", "DESTROYING", as VICI prints them. */
OBOL_API const char *obol_ike_state_name(ObolIkeState state);
/* "CREATED", "INSTALLING", "INSTALLED", "DELETING", "DELETED". */
OBOL_API const char *obol_child_state_name(ObolChildState state);

/* A Child SA as it stands.  All pointers are borrowed for the call. */
typedef struct {
    const char *name; /* of its settings */
    guint32 unique_id;
    guint32 reqid;
    ObolChildState state;
    ObolMode mode;
    ObolSuite suite; /* protocol 0 until negotiated */
    gboolean udp_encap;
    guint32 spi_in, spi_out; /* host order */
    const GArray *local_ts, *remote_ts; /* of ObolTs */
    gint64 installed_us;                /* CLOCK_BOOTTIME */
    gint64 rekey_us, expire_us;         /* CLOCK_BOOTTIME, 0: never */
    ObolSaUsage in, out;                /* as last queried */
    guint32 cpi_in, cpi_out;            /* of IPComp, 0: none */
    ObolMark mark_in, mark_out;
    guint32 if_id_in, if_id_out;
    guint32 replaces;  /* unique id of the Child SA whose place it is about to take; 0: none */
    gboolean adjusted; /* what it protects is an admin's word (obol_control_selectors()), no longer that of its settings */
} ObolChildInfo;

/* An IKE SA as it stands. */
typedef struct {
    const char *connection;
    guint32 unique_id;
    ObolIkeState state;
    gboolean initiator; /* we are its original initiator */
    guint64 spi_i, spi_r;
    ObolAddress local, remote;
    const ObolIdentity *local_id, *remote_id; /* NULL until known; the remote one is not authentic before ESTABLISHED */
    gboolean nat_local, nat_remote;           /* who is behind a NAT */
    ObolSuite suite;
    gint64 established_us; /* CLOCK_BOOTTIME; 0 before */
    gint64 rekey_us;       /* 0: never */
    const ObolChildInfo *children;
    gsize n_children;
    gboolean fragmentation; /* agreed on (RFC 7383) */
    guint fragment_size;    /* bytes of an IP datagram above which our messages are sent in fragments; 0: they are not */
    gint64 reauth_us, expire_us; /* CLOCK_BOOTTIME, 0: never */
    guint32 predecessor;         /* unique id of the IKE SA in whose place it is, 0: none */
    gboolean crash_detection;    /* the peer has given a token by which it can show that it has lost the SA (RFC 6290) */
    gboolean mobike;             /* agreed on (RFC 4555) */
    const ObolAddress *peer_addresses; /* that the peer has beside @remote, as it says; without ports */
    gsize n_peer_addresses;
    const GArray *local_vips, *remote_vips; /* of ObolAddress: virtual addresses that we have of the peer, and it of us; NULL: none */
    const GArray *attributes;               /* of ObolAttribute: what the peer told us with ours; NULL: none */
} ObolIkeInfo;

/* What passed on the wire, for ladders and counters.  Plain content only: no key, no password. */
typedef struct {
    gboolean outgoing;
    gboolean retransmission;
    guint64 spi_i, spi_r;
    guint8 exchange;
    gboolean response;
    guint32 message_id;
    gsize n_bytes;
    ObolAddress local, remote;
    const char *connection; /* NULL while none is chosen */
    const char *payloads;   /* "SA KE No N(NAT_D_S_IP) N(NAT_D_D_IP)", inner ones in braces: "SK{IDi AUTH SA TSi TSr}" */
} ObolMessageEvent;

/**
 * ObolListenerVtable:
 * Slots are optional, appended, never moved.  Each is called on the main context; all pointers are valid for the call.
 * A slot must not block.
 */
typedef struct {
    gsize size;
    gpointer (*open)(ObolBus *bus, GError **error);
    void (*close)(gpointer self);
    /* @sa->state is the new state; @reason tells why an SA went, or NULL. */
    void (*ike_state)(gpointer self, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason);
    /* @child is one of @sa's children, or about to leave them. */
    void (*child_state)(gpointer self, const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
                        const ObolReason *reason);
    void (*message)(gpointer self, const ObolMessageEvent *message);
    /* A failure that is not the end of an SA: a refused request, a dropped packet (rate-limited), a kernel's no. */
    void (*failure)(gpointer self, const ObolIkeInfo *sa, const ObolReason *reason); /* @sa may be NULL */
    /* A line of the log. @group is "ike", "net", ...; level 0 is an outcome, 1 a step, 2 and up are for debugging. */
    void (*log)(gpointer self, const char *group, int level, const ObolIkeInfo *sa, const char *text); /* @sa may be NULL */
    /* @successor is there with the Child SAs of @old.  Nothing else tells of its beginning: to whoever counts what is up, it is the
     * same SA with a new name.  What follows for @old, ike_state() to REKEYED and from there to GONE, is no end of anything. */
    void (*ike_rekeyed)(gpointer self, const ObolIkeInfo *old, const ObolIkeInfo *successor);
    /* @sa is at other addresses than these were: by MOBIKE, or behind a NAT whose mapping has changed. */
    void (*ike_moved)(gpointer self, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote);
} ObolListenerVtable;

G_END_DECLS
#endif
