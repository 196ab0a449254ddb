/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/shard.h - ALL IKE SAs of one shard: whose is this datagram, whose turn is it.
 *
 * Pure as the engine is: time comes in with each call, effects go out through the ports.  Single-threaded; several
 * shards share nothing but immutable snapshots. */
#ifndef OBOL_DISPATCHER_SHARD_H
#define OBOL_DISPATCHER_SHARD_H

#include <obol/control.h>
#include <obol/socket.h>

#include "engine/ike-sa.h"

/* Of IKE SAs: every member that is set must fit. */
typedef struct {
    const char *ike;
    guint32 ike_id;                /* 0: any */
    const GPtrArray *peer_hosts;   /* of ObolHostSpec, of which one holds the peer's address; NULL: any */
    const ObolIdentity *peer_id;   /* a pattern */
} ObolClientSelector;

typedef struct ObolShard ObolShard;

/* The world, as a shard sees it.  No port calls back into the shard; answers come by the functions below. */
typedef struct {
    void (*send)(gpointer data, const ObolDatagram *datagram);
    void (*keep_alive)(gpointer data, const ObolAddress *local, const ObolAddress *remote);
    void (*wake_at)(gpointer data, gint64 when_us); /* replaces the time asked for before; G_MAXINT64: never */
    /* @ticket comes back by obol_shard_kernel_reply(). */
    void (*kernel)(gpointer data, guint64 ticket, const ObolKernelRequest *request);
    /* (transfer full).  Come back by obol_shard_job_done() with the same ticket. */
    void (*job)(gpointer data, guint64 ticket, ObolJob *job);
    const ObolListenerVtable *listener; /* called with @data; slots may be NULL */
    /* @reason NULL: success; @child_id: the Child SA that there is by it, 0 where none is told. */
    void (*command_done)(gpointer data, guint32 command, guint32 child_id, const ObolReason *reason);
    /* A packet wants @connection, which has no IKE SA yet: find the peer's address, then call obol_shard_located() with
     * the same @reqid, be it without success.  NULL: acquires make no IKE SA. */
    void (*locate)(gpointer data, guint32 reqid, const ObolConnection *connection);
    /* Virtual addresses for a peer: the answer comes by obol_shard_leased().  NULL: there are none. */
    void (*lease)(gpointer data, guint64 ticket, const ObolPoolRequest *request);
    void (*release)(gpointer data, const ObolPoolRequest *request);
    /* Virtual addresses (of ObolAddress) that we have been given, with what was told (of ObolAttribute), come or go; counted: an address
     * may come twice, and then goes twice.  NULL: nobody installs them. */
    void (*configure)(gpointer data, const ObolIkeInfo *sa, gboolean up, const GArray *addresses, const GArray *attributes);
    /* The address that packets to @remote would leave from; %FALSE: there is no way there.  NULL: nobody knows. */
    gboolean (*source_for)(gpointer data, const ObolAddress *remote, ObolAddress *source);
    /* Look up a host name for the IKE SA @ticket, then call obol_shard_resolved(), be it without success.  NULL: no name is known. */
    void (*resolve)(gpointer data, guint64 ticket, const char *name);
} ObolPorts;

/* Limits and habits that are not a connection's own. */
typedef struct {
    guint number, n_shards;         /* the top bits of each SPI that we choose name the shard */
    guint cookie_threshold;         /* half-open SAs above which a COOKIE is asked for (RFC 7296 2.6); 0: always */
    guint half_open_limit;          /* above it new IKE_SA_INIT requests are dropped */
    guint half_open_per_address;    /* from one address, above it likewise */
    guint ike_sa_limit;             /* 0: none */
    gint64 cookie_lifetime_us;      /* a cookie's secret is renewed this often; the last one stays good as long again */
    guint lingering_max;            /* IKE SAs that are gone, kept to repeat their last answer; the oldest goes first */
    gsize lingering_bytes;          /* of memory for them, likewise */
    guint stray_replies_per_second; /* INVALID_IKE_SPI, INVALID_MAJOR_VERSION: bounded, not amplified */
} ObolShardLimits;

extern const ObolShardLimits obol_shard_default_limits;

ObolShard *obol_shard_new(const ObolShardLimits *limits, const ObolCrypto *crypto, const ObolRandom *random,
                          const ObolPorts *ports, gpointer data);
void obol_shard_free(ObolShard *shard); /* emits nothing */

/* Snapshots of the settings; references are taken.  Living SAs keep what they have. */
void obol_shard_configure(ObolShard *shard, ObolConnectionSet *connections, ObolSharedKeys *keys,
                          const ObolKernelAbilities *abilities, guint16 nat_t_port);
/* What our crash tokens are made of, and were by the process before us (RFC 6290); copied.  NULL: none are made. */
void obol_shard_set_crash_secret(ObolShard *shard, const ObolSecret *secret);
/* After a reload: all but the shard's number and theirs. */
void obol_shard_set_limits(ObolShard *shard, const ObolShardLimits *limits);
void obol_shard_trace_messages(ObolShard *shard, gboolean on);

void obol_shard_receive(ObolShard *shard, const ObolDatagram *datagram, gint64 now_us);
void obol_shard_wake(ObolShard *shard, gint64 now_us);
void obol_shard_kernel_reply(ObolShard *shard, guint64 ticket, const ObolKernelReply *reply, gint64 now_us);
void obol_shard_kernel_event(ObolShard *shard, const ObolKernelEvent *event, gint64 now_us);
void obol_shard_job_done(ObolShard *shard, guint64 ticket, ObolJob *job, gint64 now_us); /* (transfer full) @job */

/* The answer to ports.lease, with the same @request; what nobody waits for any more is released by the port. */
void obol_shard_leased(ObolShard *shard, guint64 ticket, const ObolPoolRequest *request, const ObolPoolReply *reply, gint64 now_us);

/* The answer to ports.locate; @remote NULL: not found. */
void obol_shard_located(ObolShard *shard, guint32 reqid, const ObolAddress *local, const ObolAddress *remote,
                        gint64 now_us);

/**
 * obol_shard_addresses:
 * @addresses: (of ObolAddress): all of this machine but loopback; they may be the same as before, and routes other ones
 *
 * Tells those whose address has gone at once, and those with MOBIKE, who have something to tell their peers, by and by.  Nobody else
 * is touched.
 */
void obol_shard_addresses(ObolShard *shard, const GArray *addresses, gint64 now_us);

/* The answer to ports.resolve; @address NULL: nobody knows that name. */
void obol_shard_resolved(ObolShard *shard, guint64 ticket, const ObolAddress *address, gint64 now_us);

/* Which shard a datagram is for: by the SPI that we chose, or for an IKE_SA_INIT request by its sender's.  Pure. */
guint obol_shard_of_datagram(const guint8 *data, gsize n, guint n_shards);

/* The reqid of a child, by names: the same in every shard that was configured with the same sets in the same order. */
guint32 obol_shard_reqid(ObolShard *shard, const char *connection, const ObolChildConfig *child);

const char *obol_shard_connection_of(ObolShard *shard, guint32 reqid); /* NULL: no connection's */

/* Commands.  @command (0 to 0x7fffffff) is echoed by ports.command_done, once for each SA that took it; the number of
 * those is returned. */
#define OBOL_COMMAND_MAX 0x7fffffffu
guint obol_shard_initiate(ObolShard *shard, const ObolConnection *connection, const ObolChildConfig *child,
                          const ObolAddress *local, const ObolAddress *remote, guint32 command, gint64 now_us);
/* New keys, or with @reauth of IKE SAs all of it anew; begun, not waited for.  Returns how many SAs it concerns. */
guint obol_shard_rekey(ObolShard *shard, const ObolSaSelector *which, gboolean reauth, gint64 now_us);
/* Clients that are connected and can be sent to another gateway (RFC 5685) are, where @which means them; their number is returned. */
guint obol_shard_redirect(ObolShard *shard, const ObolClientSelector *which, const ObolGateway *to, gint64 now_us);
guint obol_shard_terminate(ObolShard *shard, const ObolSaSelector *which, gboolean force, guint32 command,
                           gint64 now_us);
/* What the Child SAs that @which means are to protect (they are named by child or child_id); @change is borrowed for the call. */
guint obol_shard_selectors(ObolShard *shard, const ObolSaSelector *which, const ObolTsChange *change, guint32 command,
                           gint64 now_us);

void obol_shard_each(ObolShard *shard, ObolSaVisit visit, gpointer data);
void obol_shard_stats(const ObolShard *shard, ObolStats *add_to);
/* Fresh counters for a Child SA, from the daemon's query; @id as the kernel knows it. */
void obol_shard_set_usage(ObolShard *shard, const ObolSaId *id, gboolean inbound, const ObolSaUsage *usage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolShard, obol_shard_free)

#endif
