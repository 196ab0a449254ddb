/* obol/control.h - what a control frontend may ask of the daemon.  Main context only. */
#ifndef OBOL_CONTROL_H
#define OBOL_CONTROL_H

#include <obol/listener.h>
#include <obol/pool.h>
#include <obol/settings.h>

G_BEGIN_DECLS

typedef struct ObolBus ObolBus;
typedef struct ObolControl ObolControl;

#define OBOL_CONTROL_ERROR (obol_control_error_quark())
OBOL_API GQuark obol_control_error_quark(void);
typedef enum {
    OBOL_CONTROL_ERROR_NOT_FOUND,
    OBOL_CONTROL_ERROR_USAGE,
    OBOL_CONTROL_ERROR_FAILED,  /* the operation failed; the message is the reason's text */
    OBOL_CONTROL_ERROR_TIMEOUT,
} ObolControlError;

/* The daemon's control surface; owned by the bus. */
OBOL_API ObolControl *obol_bus_control(ObolBus *bus);

/* Which SAs a command means: every set member must fit (0 and NULL: any).  A child is meant when @child or @child_id is set. */
typedef struct {
    const char *ike, *child;
    guint32 ike_id, child_id;
} ObolSaSelector;

/**
 * ObolControlDone:
 * @error: %NULL on success
 * @reason: of a failed negotiation, may be %NULL
 * @n_matched, @n_done: SAs that fitted the selector, and those of them for which it worked
 *
 * Called exactly once, on the main context, perhaps before the call that asked returns only when @timeout_us is 0.
 */
typedef void (*ObolControlDone)(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data);

typedef guint64 ObolControlTicket; /* names a running command; 0 is none */

/**
 * obol_control_initiate:
 * @ike: connection, or %NULL to find it by @child
 * @child: child to set up, or %NULL for the connection's first ones
 * @timeout_us: how long to wait; -1: for ever; 0: do not wait, @done is called at once
 *
 * An established IKE SA of the connection is used where there is one.  Returns a ticket for obol_control_forget().
 */
OBOL_API ObolControlTicket obol_control_initiate(ObolControl *control, const char *ike, const char *child,
                                                 gint64 timeout_us, ObolControlDone done, gpointer data);
/* @force: do not wait for the peer's answer to our Delete. */
OBOL_API ObolControlTicket obol_control_terminate(ObolControl *control, const ObolSaSelector *which, gboolean force,
                                                  gint64 timeout_us, ObolControlDone done, gpointer data);
/* New keys for SAs, or with @reauth IKE SAs anew from the beginning: begun, not waited for.  Returns how many @which means. */
OBOL_API guint obol_control_rekey(ObolControl *control, const ObolSaSelector *which, gboolean reauth);

/* Which clients are to go, every set member must fit (0 and NULL: any), and where to. */
typedef struct {
    const char *ike;
    guint32 ike_id;
    const char *peer_address; /* an address, a network or a range */
    const char *peer_id;      /* an identity, a pattern perhaps */
    const char *gateway;      /* an address or a host name */
} ObolRedirect;

/**
 * obol_control_redirect:
 * @n: (out): how many clients are told to go (RFC 5685): of those that are meant, the ones that can be redirected
 *
 * Begun, not waited for.  %FALSE with @error: something in @which is not what it should be.
 */
OBOL_API gboolean obol_control_redirect(ObolControl *control, const ObolRedirect *which, guint *n, GError **error);

/**
 * ObolSelectorsResult:
 * @old_id, @new_id: the Child SA whose selectors were to change, as it was asked for, and the one that protects now; the same when
 *   there was nothing to change
 * @local_ts, @remote_ts: of #ObolTs: what it protects
 */
typedef struct {
    const char *ike, *child; /* their names in the settings */
    guint32 ike_id, old_id, new_id;
    const GArray *local_ts, *remote_ts;
} ObolSelectorsResult;

/**
 * ObolControlSelectorsDone:
 * @error: %NULL on success
 * @reason: of a failed negotiation, may be %NULL
 * @result: valid for the call; %NULL unless it is done
 *
 * Called exactly once, on the main context, perhaps before the call that asked returns only when @timeout_us is 0.
 */
typedef void (*ObolControlSelectorsDone)(const GError *error, const ObolReason *reason, const ObolSelectorsResult *result,
                                         gpointer data);

/**
 * obol_control_selectors:
 * @which: a child or child_id, and more where that means several; exactly one installed Child SA must fit, which is else an error
 *   (OBOL_CONTROL_ERROR_NOT_FOUND, _USAGE)
 * @change: what it is to protect; need not lie within the settings
 * @timeout_us: as of obol_control_initiate()
 *
 * Changes what a Child SA protects while it lives: another one with the new selectors is negotiated, and the old one is deleted
 * once the kernel has the new one.  When the peer refuses, or grants less (OBOL_REASON_NARROWED), the old one stays as it was.
 * Later rekeyings keep the new selectors; a Child SA that is set up anew, or reauthenticated, has those of its settings.  Policies
 * of obol_control_install() stay as the settings say.  Returns a ticket for obol_control_forget().
 */
OBOL_API ObolControlTicket obol_control_selectors(ObolControl *control, const ObolSaSelector *which, const ObolTsChange *change,
                                                  gint64 timeout_us, ObolControlSelectorsDone done, gpointer data);

/* The client went away: @done of this command is not called any more; the command goes on. */
OBOL_API void obol_control_forget(ObolControl *control, ObolControlTicket ticket);

/* Visits every IKE SA; the info is valid for the call.  Counters are those of the last query. */
typedef void (*ObolSaVisit)(const ObolIkeInfo *sa, gpointer data);
OBOL_API void obol_control_each_sa(ObolControl *control, ObolSaVisit visit, gpointer data);
/* Asks the kernel for fresh counters first, then visits, then calls @done. */
OBOL_API void obol_control_query_sas(ObolControl *control, ObolSaVisit visit, GDestroyNotify done, gpointer data);

/* One connection as configured, for lists; all borrowed for the call. */
typedef struct {
    const char *name;
    const char *const *local_addrs, *const *remote_addrs; /* NULL-terminated */
    guint16 local_port, remote_port;
    gint64 rekey_us, dpd_us;
    const char *unique; /* "UNIQUE_NO", ... */
    const ObolIdentity *local_id, *remote_id; /* patterns; NULL: any */
    const char *local_auth, *remote_auth;     /* "pre-shared key" */
    char *const *proposals;                   /* NULL-terminated */
    const struct ObolChildConfigInfo *children;
    gsize n_children;
    gint64 reauth_us;
} ObolConnectionInfo;

typedef struct ObolChildConfigInfo {
    const char *name;
    ObolMode mode;
    const GArray *local_ts, *remote_ts; /* of ObolTs */
    char *const *proposals;
    gint64 rekey_us;
    guint64 rekey_bytes, rekey_packets;
    const char *start_action, *dpd_action, *close_action;
    gboolean trap_installed; /* or the policies of a shunt */
    guint32 reqid;
    ObolPolicyAction action; /* PASS and DROP: a shunt, without a peer */
} ObolChildConfigInfo;

typedef void (*ObolConnectionVisit)(const ObolConnectionInfo *connection, gpointer data);
OBOL_API void obol_control_each_connection(ObolControl *control, ObolConnectionVisit visit, gpointer data);

/**
 * obol_control_load_connection:
 * @section: (transfer none): named as the connection, members as in obol.conf's `connections`; checked by the same schema
 *
 * Replaces the connection of that name; live SAs keep the settings they were made with.  On error nothing changes.
 */
OBOL_API gboolean obol_control_load_connection(ObolControl *control, const ObolNode *section, GError **error);
OBOL_API gboolean obol_control_unload_connection(ObolControl *control, const char *name, GError **error);

/* Shared secrets; @id names it for a later replacement or removal and may be NULL; @owners are identity patterns as text,
 * none: anybody. */
OBOL_API gboolean obol_control_load_shared(ObolControl *control, const char *id, const guint8 *data, gsize n,
                                           const char *const *owners, GError **error);
OBOL_API gboolean obol_control_unload_shared(ObolControl *control, const char *id);
OBOL_API void obol_control_clear_shared(ObolControl *control);
/* (transfer full): NULL-terminated ids. */
OBOL_API char **obol_control_shared_ids(ObolControl *control);

/**
 * obol_control_load_pool:
 * @section: (transfer none): named as the pool, members as in obol.conf's `pools`
 *
 * A new pool, or other addresses or attributes for the one of that name: its leases stay where they lie within it still.
 */
OBOL_API gboolean obol_control_load_pool(ObolControl *control, const ObolNode *section, GError **error);
/* Not while somebody holds an address of it. */
OBOL_API gboolean obol_control_unload_pool(ObolControl *control, const char *name, GError **error);

typedef struct {
    const char *name;
    ObolAddress first; /* the first address that may be given */
    guint64 size;
    guint n_online, n_offline; /* addresses that are held, and that are kept for whoever had them */
} ObolPoolInfo;
typedef void (*ObolPoolVisit)(const ObolPoolInfo *pool, gpointer data);
OBOL_API void obol_control_each_pool(ObolControl *control, ObolPoolVisit visit, gpointer data);
OBOL_API void obol_control_each_lease(ObolControl *control, const char *pool, ObolLeaseVisit visit, gpointer data);

/* Traps and shunts: install or remove a child's policies without an SA. */
OBOL_API void obol_control_install(ObolControl *control, const char *ike, const char *child, ObolControlDone done, gpointer data);
OBOL_API void obol_control_uninstall(ObolControl *control, const char *ike, const char *child, ObolControlDone done, gpointer data);

/* (transfer full): what this machine can do for us and what is in the way; obol_doctor_text() has it in words. */
OBOL_API ObolNode *obol_control_doctor(ObolControl *control);

/* As SIGHUP: reads the files again; on any error keeps everything as it was. */
OBOL_API gboolean obol_control_reload(ObolControl *control, GError **error);

typedef struct {
    gint64 started_us;      /* CLOCK_REALTIME */
    gint64 running_us;
    guint n_ike_sas, n_half_open, n_child_sas;
    guint64 n_received, n_sent, n_retransmitted, n_dropped; /* datagrams */
    guint64 n_initiated, n_accepted, n_failed;              /* IKE SAs */
    guint64 n_cookies_sent;
} ObolStats;
OBOL_API void obol_control_stats(ObolControl *control, ObolStats *out);

/* Plugins, for lists: one call each; @state is "loaded" or the reason why not. */
typedef void (*ObolPluginVisit)(const char *name, const char *version, const char *const *features, const char *state,
                                gpointer data);
OBOL_API void obol_control_each_plugin(ObolControl *control, ObolPluginVisit visit, gpointer data);

typedef void (*ObolPolicyVisit)(const ObolPolicySpec *policy, gpointer data);
OBOL_API void obol_control_each_policy(ObolControl *control, ObolPolicyVisit visit, gpointer data);

/* All SAs and policies that the kernel holds, others' too (ObolKernelReply.sas and .policies); @done is called once, later. */
OBOL_API void obol_control_list_kernel(ObolControl *control, ObolKernelDone done, gpointer data);

/* Role `control`: a frontend.  It uses the functions above and obol_bus_watch(). */
typedef struct {
    gsize size;
    gpointer (*open)(ObolBus *bus, GError **error);
    void (*close)(gpointer self);
} ObolControlVtable;

G_END_DECLS
#endif
