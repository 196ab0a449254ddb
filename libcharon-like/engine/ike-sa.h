/* engine/ike-sa.h - ONE IKE SA: events in, actions out.
 *
 *            INITIATE / IKE_SA_INIT request
 *   NEW ------------------------------------> CONNECTING --- AUTH verified, ours sent ---> ESTABLISHED
 *    |                                          |  refused, silent, half-open too long        | Delete, terminate
 *    +------------------> GONE <----------------+<------------------ DELETING <---------------+
 *                                                     answer, or no answer at all
 *
 *   ESTABLISHED --- CREATE_CHILD_SA has made a successor, which has the children now ---> REKEYED --- Delete, either end's ---> GONE
 *
 * What comes after GONE is only the last answer again, for a peer that has lost it (obol_ike_sa_linger()).
 *
 * It opens nothing, sleeps never, asks nobody for the time, and draws randomness only through its context. */
#ifndef OBOL_ENGINE_IKE_SA_H
#define OBOL_ENGINE_IKE_SA_H

#include <obol/crypto.h>

#include "credentials/shared-keys.h"
#include "engine/action.h"
#include "engine/event.h"
#include "model/connection.h"
#include "wire/message.h"

/**
 * ObolEngine:
 * What all SAs of a shard share; borrowed by each and alive longer than any.  @connections and @keys are replaced by a
 * reload; an SA that needs one longer takes a reference.
 */
typedef struct {
    const ObolCrypto *crypto;
    ObolRandom random;
    ObolConnectionSet *connections;
    ObolSharedKeys *keys;
    const ObolKernelAbilities *abilities; /* NULL: everything */
    guint32 (*next_unique_id)(gpointer data); /* for IKE and Child SAs alike */
    guint64 (*new_spi)(gpointer data);        /* for a successor: not 0, and nobody else's */
    /* Has nobody else an SA with the same peer, or one under way?  Then INITIAL_CONTACT may say so.  NULL: always. */
    gboolean (*is_first)(gpointer data, const ObolIkeSa *sa);
    guint32 (*reqid_for)(gpointer data, const char *connection, const char *child); /* stable for a child's name */
    /* The address that packets to @remote would leave from; %FALSE: there is no way there.  NULL: nobody knows. */
    gboolean (*source_for)(gpointer data, const ObolAddress *remote, ObolAddress *source);
    const GArray *addresses; /* of ObolAddress: those of this machine now, loopback left out; NULL: nobody knows */
    const GArray *lent; /* of ObolAddress: virtual ones that we have of peers, each as often as it was lent.  NULL: none */
    gpointer data;
    gboolean trace_messages; /* somebody listens to OBOL_ACTION_MESSAGE: else none are made */
    void (*drop_spi)(gpointer data, guint64 spi); /* one of new_spi() comes to nothing; NULL: nobody keeps count */
    const ObolSecret *crash_secret; /* for our crash tokens (RFC 6290); NULL: none are made */
    gsize *half_open_bytes;  /* of fragments from peers who have not proven who they are; counted by all SAs.  NULL: nobody asks */
    guint16 nat_t_port;      /* ours, as bound; the switch of RFC 7296 section 2.23 goes to it (and the peer's 4500) */
} ObolEngine;

typedef enum { OBOL_INITIATOR, OBOL_RESPONDER } ObolRole;

/**
 * obol_ike_sa_new_initiator:
 * @spi: ours, not 0, chosen by the dispatcher (it names the shard)
 * @local: where to send from; family 0 lets the socket choose (then NAT detection takes what the first answer shows)
 * @remote: with port
 */
ObolIkeSa *obol_ike_sa_new_initiator(const ObolEngine *engine, const ObolConnection *connection, guint64 spi,
                                     const ObolAddress *local, const ObolAddress *remote);

/* @sa is new, in the place of @old, whose peer has sent us to it; at once after its birth. */
void obol_ike_sa_follow(ObolIkeSa *sa, const ObolIkeSa *old);
gboolean obol_ike_sa_may_redirect(const ObolIkeSa *sa); /* the peer is a client that can be sent to another gateway */
/* Where the settings sent us, if the peer is there by redirects; %NULL: the peer is who they mean. */
const ObolAddress *obol_ike_sa_origin(const ObolIkeSa *sa);

/* For an IKE_SA_INIT request that admission has let in; feed it the message next. */
ObolIkeSa *obol_ike_sa_new_responder(const ObolEngine *engine, guint64 spi, const ObolAddress *local,
                                     const ObolAddress *remote);
void obol_ike_sa_free(ObolIkeSa *sa); /* wipes its keys; emits nothing */

/**
 * obol_ike_sa_linger:
 * Strips an SA that is GONE down to what a repeated request needs to be answered again (RFC 7296 section 2.1): its keys and its
 * last response.  obol_ike_sa_handle() takes messages for it, and what comes of them is that response or nothing.
 *
 * Returns: for how long the peer may ask, in microseconds; 0: it has answered nothing, and need not be kept.
 */
gint64 obol_ike_sa_linger(ObolIkeSa *sa);
gsize obol_ike_sa_n_bytes(const ObolIkeSa *sa); /* of memory, of one that lingers */

/* The only door.  @out is appended to. */
void obol_ike_sa_handle(ObolIkeSa *sa, const ObolEvent *event, gint64 now_us, ObolActions *out);

/* A look from outside; pointers inside are valid until the next event.  @children (of ObolChildInfo) is filled by the call
 * and @info->children points into it. */
void obol_ike_sa_info(const ObolIkeSa *sa, ObolIkeInfo *info, GArray *children);
ObolIkeState obol_ike_sa_state(const ObolIkeSa *sa);
gboolean obol_ike_sa_is_initiator(const ObolIkeSa *sa); /* we are its original initiator */
guint32 obol_ike_sa_unique_id(const ObolIkeSa *sa);
const ObolConnection *obol_ike_sa_connection(const ObolIkeSa *sa); /* NULL: responder before it is chosen */
const ObolAddress *obol_ike_sa_local(const ObolIkeSa *sa);
const ObolAddress *obol_ike_sa_remote(const ObolIkeSa *sa);
gboolean obol_ike_sa_is_mobile(const ObolIkeSa *sa); /* MOBIKE is agreed on */
gboolean obol_ike_sa_decides(const ObolIkeSa *sa); /* with MOBIKE: its addresses are for us to choose */
guint64 obol_ike_sa_own_spi(const ObolIkeSa *sa);
guint64 obol_ike_sa_peer_spi(const ObolIkeSa *sa);
/* Inbound SPIs of the Child SAs, appended to @out (guint32, host order): how the dispatcher finds the SA of an expire. */
void obol_ike_sa_child_spis(const ObolIkeSa *sa, GArray *out);
/* @sa, which has not begun, is to take @old's place: it asks for the virtual addresses that @old has. */
void obol_ike_sa_take_over_addresses(ObolIkeSa *sa, const ObolIkeSa *old);
/* Query results come in from outside and are kept for lists. */
void obol_ike_sa_set_usage(ObolIkeSa *sa, guint32 spi, gboolean inbound, const ObolSaUsage *usage);


G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolIkeSa, obol_ike_sa_free)

#endif
