/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/daemon-private.h - the insides of the daemon, for the files of this room.
 *
 * Everything runs on one main context.  Nothing that the outside calls goes straight into a shard while a shard is at
 * work: what must wait is deferred to the loop's next turn. */
#ifndef OBOL_DAEMON_DAEMON_PRIVATE_H
#define OBOL_DAEMON_DAEMON_PRIVATE_H

#include <obol/daemon.h>

#include "bus/bus-private.h"
#include "dispatcher/shard.h"
#include "settings/settings.h"

typedef struct DaemonDriver DaemonDriver;     /* driver.c: one shard on the loop */
typedef struct DaemonDesires DaemonDesires;   /* desires.c: what is to be up */
typedef struct DaemonTraps DaemonTraps;       /* traps.c: policies that wait for a packet */
typedef struct DaemonRoutes DaemonRoutes;     /* routes.c: what leads packets to policies */
typedef struct DaemonCommands DaemonCommands; /* commands.c: who waits for what */
typedef struct DaemonPools DaemonPools;       /* pools.c: virtual addresses for peers */
typedef struct DaemonSnapshot DaemonSnapshot; /* snapshot.c: connections and keys, from files and from control */

struct ObolControl { ObolDaemon *daemon; };

struct ObolDaemon {
    GMainContext *context;
    GMainLoop *loop;
    ObolDaemonOptions options; /* its texts are owned */
    ObolNode *settings;        /* of the files, checked */
    ObolBus *bus;
    ObolControl control;
    GPtrArray *drivers; /* of DaemonDriver, by the shard's number */
    DaemonSnapshot *snapshot;
    DaemonCommands *commands;
    DaemonTraps *traps;
    DaemonRoutes *routes;
    DaemonDesires *desires;
    DaemonPools *pools;
    GHashTable *deferred; /* of GSource: what is still to be called */
    GHashTable *searches; /* of GCancellable: names being resolved */
    GSource *stop_source; /* while stopping: patience with the peers, then with the kernel */
    GSource *look_source;
    gint64 started_us;    /* CLOCK_BOOTTIME */
    gint64 started_real_us;
    gboolean stopping; /* nothing new is begun */
    gboolean waiting_for_kernel; /* the SAs are gone, or were given up */
    gboolean closing;  /* the plugins go: answers are for nobody */
};

/* --- defer.c: once, from the loop; never after the daemon is gone --- */
typedef void (*DaemonTodo)(ObolDaemon *daemon, gpointer data);
/* @forget frees @data, after @todo or instead of it; may be NULL. */
GSource *daemon_after(ObolDaemon *daemon, gint64 delay_us, DaemonTodo todo, gpointer data, GDestroyNotify forget);
void daemon_cancel(ObolDaemon *daemon, GSource *source); /* accepts NULL */

/* --- driver.c --- */
DaemonDriver *daemon_driver_new(ObolDaemon *daemon, const ObolShardLimits *limits);
void daemon_driver_free(gpointer driver);
ObolShard *daemon_driver_shard(DaemonDriver *driver);
/* Around every call into a shard from outside of driver.c; gives the time. */
gint64 daemon_driver_enter(DaemonDriver *driver);
void daemon_driver_leave(DaemonDriver *driver);
void daemon_receive(gpointer daemon, ObolDatagram *batch, gsize n);
void daemon_kernel_event(gpointer daemon, const ObolKernelEvent *event);
/* The one that a connection's own SAs live in. */
DaemonDriver *daemon_driver_for(ObolDaemon *daemon, const char *connection);
gint64 daemon_now_us(void);

/* --- locate.c: where is the peer of a connection, and from where do we speak to it --- */
typedef void (*DaemonLocated)(ObolDaemon *daemon, const ObolAddress *local, const ObolAddress *remote,
                              const GError *error,
                              gpointer data);
/* @done is called once, from the loop, unless the daemon ends before; @forget frees @data in any case, or is NULL. */
void daemon_locate(ObolDaemon *daemon, const ObolConnection *connection, DaemonLocated done, gpointer data,
                   GDestroyNotify forget);

/* --- resolve.c: the address of a host --- */
/* @address NULL: nobody knows that name. */
typedef void (*DaemonResolved)(ObolDaemon *daemon, const ObolAddress *address, gpointer data);
/* @done is called once, from the loop, unless the daemon ends before; @forget frees @data in any case, or is NULL. */
void daemon_resolve(ObolDaemon *daemon, const char *name, DaemonResolved done, gpointer data, GDestroyNotify forget);

/* --- snapshot.c --- */
DaemonSnapshot *daemon_snapshot_new(void);
void daemon_snapshot_free(DaemonSnapshot *snapshot);
ObolConnectionSet *daemon_snapshot_connections(DaemonSnapshot *snapshot); /* borrowed */
/* What a tree of files wants, made but not applied; %NULL with @error. */
typedef struct DaemonPlan DaemonPlan;
DaemonPlan *daemon_plan_new(ObolDaemon *daemon, const ObolNode *old_tree, const ObolNode *tree, GError **error);
void daemon_plan_free(DaemonPlan *plan);
void daemon_plan_apply(ObolDaemon *daemon, DaemonPlan *plan);
void daemon_snapshot_publish(ObolDaemon *daemon); /* to the shards */
/* Refuses what no crypto plugin and no kernel can do; takes out of the defaults what they can not. */
gboolean daemon_fit_connection(ObolDaemon *daemon, ObolConnection *connection, GError **error);

/* --- fit-kernel.c --- */
gboolean daemon_fit_kernel(ObolDaemon *daemon, const ObolConnection *connection, ObolChildConfig *child, const char *where,
                           GError **error);
/* The same for selectors that an admin wants of a child that lives: @outer is its packets' family. */
gboolean daemon_fit_selectors(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child, GArray *local,
                              GArray *remote, guint16 outer, GError **error);
char *daemon_describe_kernel(ObolDaemon *daemon); /* (transfer full): "kernel/xfrm (XFRM of Linux 6.1.0)" */

/* --- commands.c --- */
DaemonCommands *daemon_commands_new(ObolDaemon *daemon);
void daemon_commands_free(DaemonCommands *commands); /* tells those who still wait */
/* The first that has both names, where they are given, and a child to negotiate; borrowed. */
const ObolConnection *daemon_find_connection(ObolDaemon *daemon, const char *ike, const char *child);
/* A child or a shunt and its connection; %NULL: there is none. */
const ObolChildConfig *daemon_find_policies(ObolDaemon *daemon, const char *ike, const char *child,
                                            const ObolConnection **connection);
void daemon_command_done(ObolDaemon *daemon, guint32 command, guint32 child_id, const ObolReason *reason);

/* --- traps.c --- */
DaemonTraps *daemon_traps_new(void);
void daemon_traps_free(ObolDaemon *daemon, DaemonTraps *traps); /* the policies as well */
gboolean daemon_traps_has(ObolDaemon *daemon, const char *connection, const char *child);
void daemon_trap_install(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child,
                         ObolControlDone done, gpointer data); /* @done may be NULL */
/* Addresses may be other ones now: policies follow. */
void daemon_traps_refresh(ObolDaemon *daemon);
gboolean daemon_trap_uninstall(ObolDaemon *daemon, const char *connection, const char *child); /* NULL: any */

/* --- trap-policies.c: (transfer full): of ObolPolicySpec --- */
GArray *daemon_trap_policies(const ObolChildConfig *child, guint32 reqid, const ObolAddress *local, const ObolAddress *remote);
GArray *daemon_shunt_policies(const ObolChildConfig *shunt);

/* --- routes.c: what leads packets to the policies; an owner has routes once, and adding again replaces them --- */
DaemonRoutes *daemon_routes_new(void);
void daemon_routes_free(DaemonRoutes *routes); /* the network plugin takes its routes away itself */
/* For tunnels: from what is ours, to what is theirs, between the two outer addresses. */
void daemon_routes_add(ObolDaemon *daemon, const char *owner, const GArray *local_ts, const GArray *remote_ts,
                       const ObolAddress *local, const ObolAddress *remote);
/* For what passes in clear though a wider tunnel covers it. */
void daemon_routes_add_pass(ObolDaemon *daemon, const char *owner, const ObolChildConfig *shunt);
void daemon_routes_remove(ObolDaemon *daemon, const char *owner);
void daemon_routes_child_state(ObolDaemon *daemon, guint shard, const ObolIkeInfo *sa, const ObolChildInfo *child);
/* @sa has moved: its children's routes follow. */
void daemon_routes_move(ObolDaemon *daemon, guint shard, const ObolIkeInfo *sa);
/* Our addresses may be other ones now. */
void daemon_routes_refresh(ObolDaemon *daemon);

/* --- network.c --- */
void daemon_network_changed(gpointer daemon);
void daemon_network_tell(ObolDaemon *daemon); /* the shards, which addresses there are */

/* --- pools.c --- */
DaemonPools *daemon_pools_new(void);
void daemon_pools_free(DaemonPools *pools);
void daemon_pools_apply(ObolDaemon *daemon, const GPtrArray *configs); /* of ObolPoolConfig: the files' */
/* As in ObolPorts. */
void daemon_pools_lease(ObolDaemon *daemon, DaemonDriver *driver, guint64 ticket, const ObolPoolRequest *request);
void daemon_pools_release(ObolDaemon *daemon, const ObolPoolRequest *request);
void daemon_pools_configure(ObolDaemon *daemon, const ObolIkeInfo *sa, gboolean up, const GArray *addresses, const GArray *attributes);

/* --- desires.c --- */
DaemonDesires *daemon_desires_new(void);
void daemon_desires_free(ObolDaemon *daemon, DaemonDesires *desires);
void daemon_desires_connection_added(ObolDaemon *daemon, const ObolConnection *connection);
void daemon_desires_connection_removed(ObolDaemon *daemon, const ObolConnection *connection);
/* Something has changed that may have been in the way: who waits does so no longer. */
void daemon_desires_retry_now(ObolDaemon *daemon);
void daemon_desires_child_state(ObolDaemon *daemon, const ObolIkeInfo *sa, const ObolChildInfo *child,
                                ObolChildState from,
                                const ObolReason *reason);

/* --- doctor.c: (transfer full); @root: "", or where a test has its own proc --- */
ObolNode *daemon_doctor(ObolBus *bus, const ObolNode *settings, const char *root, gboolean running);

/* --- daemon.c --- */
gint64 daemon_setting(ObolDaemon *daemon, const char *name); /* of the section `daemon` */
const char *daemon_text_setting(ObolDaemon *daemon, const char *name); /* likewise; NULL: unset */
/* crash-secret.c: (transfer full): what our crash tokens are made of (RFC 6290); one for this time alone, logged, where it can not be
 * kept. */
ObolSecret *daemon_crash_secret(ObolDaemon *daemon);
void daemon_stopped_if_empty(ObolDaemon *daemon);

#endif
