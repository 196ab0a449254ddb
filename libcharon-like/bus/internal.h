/* bus/internal.h - the bus's own parts, for the files of this room. */
#ifndef OBOL_BUS_INTERNAL_H
#define OBOL_BUS_INTERNAL_H

#include <gmodule.h>

#include "bus/bucket.h"
#include "bus/bus-private.h"

#define FEATURES_MAX 512 /* of one plugin */
#define LOG_GROUPS_MAX 32

/* Every role's table, as this build knows it: a provider's own, older or newer one is copied into it, so that what it never
 * heard of is NULL. */
typedef union {
    gsize size;
    ObolKernelVtable kernel;
    ObolSocketVtable socket;
    ObolRandomVtable random;
    ObolHashVtable hash;
    ObolMacVtable mac;
    ObolCipherVtable cipher;
    ObolAeadVtable aead;
    ObolKeVtable ke;
    ObolControlVtable control;
    ObolListenerVtable listener;
    ObolNetworkVtable network;
} ObolRoleCalls;

typedef enum {
    FEATURE_WAITING, /* for what it needs */
    FEATURE_ACCEPTED,
    FEATURE_STANDBY, /* another provider of the same thing is ranked higher */
    FEATURE_LEFT_OUT,
} FeatureState;

typedef struct Plugin Plugin;

typedef struct {
    Plugin *plugin;
    const ObolFeature *declared;
    char *id; /* "kernel/pfkey" */
    ObolRoleCalls calls;
    FeatureState state;
    char *refusal;
    gpointer self; /* once opened */
} Feature;

struct Plugin {
    char *name;
    ObolPlugin descriptor; /* a copy; zero where its author knew less */
    gint64 rank;
    GPtrArray *features; /* of Feature */
    char *refusal;       /* NULL: loaded */
};

typedef struct {
    guint handle; /* 0: gone, but a walk over the watchers is under way */
    ObolListenerVtable calls;
    gpointer self;
} Watcher;

typedef struct {
    const char *group; /* interned */
    ObolBucket outcomes, details;
    guint64 suppressed;
} LogGroup;

struct ObolBus {
    GMainContext *context;
    ObolNode *settings; /* the `plugins` section; NULL: none */
    GHashTable *lists;  /* key -> GStrv, made on demand */
    ObolCrypto *crypto;
    ObolControl *control;
    GPtrArray *plugins; /* of Plugin, in order of rank */
    GPtrArray *order;   /* of Feature, accepted, what is needed first */
    GPtrArray *opened;  /* of Feature */
    Feature *kernel, *socket, *network;
    guint n_unanswered;            /* requests to the kernel */
    ObolKernelAbilities abilities; /* the serving kernel's, as this build knows them */

    GArray *watchers; /* of Watcher */
    guint walks;      /* over the watchers, under way */
    guint last_handle;
    ObolBucket failures;

    int log_level;
    gboolean to_journal, telling_log;
    LogGroup log_groups[LOG_GROUPS_MAX];
    guint n_log_groups;
};

typedef struct {
    const char *name;
    gsize size;
    gsize required[8]; /* offsets of slots that no provider may leave out; ends with 0 */
} RoleInfo;

extern const RoleInfo obol_role_infos[OBOL_N_ROLES];

/* Reads the descriptor's features into @plugin; those that can not be used are LEFT_OUT with a reason. */
void obol_plugin_read_features(Plugin *plugin);
void obol_plugin_free(Plugin *plugin);
void obol_feature_leave_out(Feature *feature, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Opens `directories/NAME.so` and copies its descriptor; on any failure the plugin has a refusal. */
Plugin *obol_plugin_open(const char *directories, const char *name, gint64 rank);
/* A plugin from a descriptor that is in memory: checks ABI and name. */
Plugin *obol_plugin_new(const ObolPlugin *descriptor, const char *name, gint64 rank);
/* The section of @plugin in @settings (a `plugins` section, may be NULL) against its schema. */
gboolean obol_plugin_check(const Plugin *plugin, const ObolNode *settings, GError **error);
/* (transfer full): of Plugin, highest rank first: all that @settings (a `plugins` section, may be NULL) speaks of; those that are
 * switched off or could not be opened have a refusal. */
GPtrArray *obol_plugins_chosen(const ObolNode *settings, const char *directories);

/* Decides about every WAITING feature of the bus: needs, self-tests, providers of the same thing. */
void obol_bus_resolve(ObolBus *bus);
/* The accepted feature that answers to "role/name" or "role/"; NULL: none. */
Feature *obol_bus_find(ObolBus *bus, const char *need, FeatureState state);

/* @to: as this build knows abilities; what @from's writer did not know is FALSE. */
void obol_bus_copy_abilities(ObolKernelAbilities *to, const ObolKernelAbilities *from);

/* The bus's own lines: not limited. */
void obol_bus_say(ObolBus *bus, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);
void obol_bus_log_close(ObolBus *bus);

/* To the watchers of the log. */
void obol_bus_pass_line(ObolBus *bus, const char *group, int level, const ObolIkeInfo *sa, const char *text);
gboolean obol_bus_anybody_wants_lines(ObolBus *bus);

guint obol_bus_add_watcher(ObolBus *bus, const ObolListenerVtable *calls, gpointer self);
void obol_bus_remove_watchers_of(ObolBus *bus, gpointer self);

#endif
