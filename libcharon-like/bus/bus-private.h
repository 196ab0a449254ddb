/* bus/bus-private.h - the bus as the core sees it: plugins loaded, roles filled, events passed on. */
#ifndef OBOL_BUS_PRIVATE_H
#define OBOL_BUS_PRIVATE_H

#include <obol/plugin.h>

ObolBus *obol_bus_new(GMainContext *context);
void obol_bus_free(ObolBus *bus); /* closes features in the reverse order of opening */

/**
 * obol_bus_load:
 * @directories: ":"-separated folders of NAME.so
 * @settings: checked tree; its `plugins` section (conf.d) says which to load, in what order (`load = true`, or a rank)
 *
 * Opens every plugin, checks ABI and names, sorts features by need, runs their self tests, fills the crypto registry.  A
 * plugin or feature that can not be used is logged with its reason and the rest goes on.  %FALSE only when a role of
 * @essential ("kernel/", "socket/", NULL-terminated) has no provider.
 */
gboolean obol_bus_load(ObolBus *bus, const char *directories, const ObolNode *settings, const char *const *essential,
                       GError **error);
/* For tests and programs with plugins built in: as if loaded from a file. */
gboolean obol_bus_add_plugin(ObolBus *bus, const ObolPlugin *plugin, const ObolNode *settings, GError **error);

ObolCrypto *obol_bus_crypto_registry(ObolBus *bus);

/* Kernel and socket are opened by the daemon once the settings are known; the wrappers alone know which slots are optional. */
gboolean obol_bus_open_kernel(ObolBus *bus, const ObolKernelClient *client, GError **error);
gboolean obol_bus_open_socket(ObolBus *bus, const ObolSocketClient *client, GError **error);
/* %FALSE where none is loaded; the wrappers below then do nothing. */
gboolean obol_bus_open_network(ObolBus *bus, const ObolNetworkClient *client, GError **error);
/* Control and listener features; one that fails is logged, %FALSE only when there are frontends and none can be opened. */
gboolean obol_bus_open_frontends(ObolBus *bus, GError **error);
void obol_bus_close_roles(ObolBus *bus);
void obol_bus_kernel_request(ObolBus *bus, const ObolKernelRequest *request, ObolKernelDone done, gpointer data);
/* Of the kernel that serves, with what its plugin never heard of FALSE; NULL: none does.  The same place at each call. */
const ObolKernelAbilities *obol_bus_kernel_abilities(ObolBus *bus);
guint obol_bus_kernel_unanswered(ObolBus *bus); /* requests whose answer is still to come */
const char *obol_bus_kernel_name(ObolBus *bus); /* "kernel/xfrm"; NULL: none serves */
void obol_bus_kernel_udp_esp(ObolBus *bus, ObolDatagram *batch, gsize n);
void obol_bus_kernel_each_policy(ObolBus *bus, ObolPolicyVisit visit, gpointer data);
gboolean obol_bus_kernel_adopt_socket(ObolBus *bus, int fd, int family, gboolean nat_t, GError **error);
void obol_bus_socket_each(ObolBus *bus, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data);
gboolean obol_bus_network_add_route(ObolBus *bus, const ObolRouteSpec *route, GError **error);
gboolean obol_bus_network_remove_route(ObolBus *bus, const ObolRouteSpec *route, GError **error);
/* %FALSE without @error: no plugin does such things. */
gboolean obol_bus_network_set_address(ObolBus *bus, const ObolAddress *address, gboolean up, GError **error);
gboolean obol_bus_network_address_in(ObolBus *bus, const ObolTs *range, ObolAddress *out);
gboolean obol_bus_network_each_address(ObolBus *bus, void (*visit)(const ObolAddress *address, const char *device, gpointer data),
                                   gpointer data);
/* One kernel plugin that is chosen; all borrowed for the call. */
typedef struct {
    const char *id, *plugin; /* "kernel/xfrm", "kernel-xfrm" */
    gint64 rank;
    gboolean serves;
    const char *why_not;                  /* it could not be opened; NULL: it could */
    gboolean unknown;                     /* it is not open, and can not be asked before it is */
    const ObolKernelAbilities *abilities; /* NULL: not known */
} ObolKernelReport;
typedef void (*ObolKernelVisit)(const ObolKernelReport *kernel, gpointer data);
void obol_bus_each_kernel(ObolBus *bus, ObolKernelVisit visit, gpointer data); /* highest rank first */
void obol_bus_socket_ports(ObolBus *bus, guint16 *ike, guint16 *nat_t);
gboolean obol_bus_socket_source_for(ObolBus *bus, const ObolAddress *remote, ObolAddress *source);
void obol_bus_socket_keep_alive(ObolBus *bus, const ObolAddress *local, const ObolAddress *remote);
void obol_bus_each_plugin(ObolBus *bus, ObolPluginVisit visit, gpointer data);

/* Passing events on to watchers and listener features. */
void obol_bus_tell_ike_rekeyed(ObolBus *bus, const ObolIkeInfo *old, const ObolIkeInfo *successor);
void obol_bus_tell_ike_moved(ObolBus *bus, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote);
void obol_bus_tell_ike_state(ObolBus *bus, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason);
void obol_bus_tell_child_state(ObolBus *bus, const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
                               const ObolReason *reason);
void obol_bus_tell_message(ObolBus *bus, const ObolMessageEvent *message);
void obol_bus_tell_failure(ObolBus *bus, const ObolIkeInfo *sa, const ObolReason *reason);
void obol_bus_tell_log(ObolBus *bus, const char *group, int level, const ObolIkeInfo *sa, const char *text);
gboolean obol_bus_anybody_wants_messages(ObolBus *bus);

void obol_bus_set_log(ObolBus *bus, int level, gboolean to_journal);
void obol_bus_set_control(ObolBus *bus, ObolControl *control);

/* Are the loaded plugins' sections of @settings right?  Nothing changes. */
gboolean obol_bus_check_settings(ObolBus *bus, const ObolNode *settings, GError **error);
/* Replaces the plugins' settings after a reload (same schema, checked).  What obol_bus_setting() gave before is gone. */
void obol_bus_set_settings(ObolBus *bus, const ObolNode *settings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolBus, obol_bus_free)

#endif
