/* obol/plugin.h - all that a plugin's source file includes. */
#ifndef OBOL_PLUGIN_H
#define OBOL_PLUGIN_H

#include <obol/address.h>
#include <obol/bus.h>
#include <obol/control.h>
#include <obol/crypto.h>
#include <obol/kernel.h>
#include <obol/listener.h>
#include <obol/network.h>
#include <obol/settings.h>
#include <obol/socket.h>

G_BEGIN_DECLS

/* Major in the high half: other majors are refused.  A plugin of an older minor loads; of a newer one too, as far as its
 * tables allow. */
#define OBOL_ABI_MAJOR 1
#define OBOL_ABI_MINOR 0
#define OBOL_ABI ((guint32) (OBOL_ABI_MAJOR << 16 | OBOL_ABI_MINOR))

typedef enum {
    OBOL_ROLE_END = 0,
    OBOL_ROLE_KERNEL,
    OBOL_ROLE_SOCKET,
    OBOL_ROLE_RANDOM,
    OBOL_ROLE_HASH,
    OBOL_ROLE_PRF,
    OBOL_ROLE_INTEG,
    OBOL_ROLE_CIPHER,
    OBOL_ROLE_AEAD,
    OBOL_ROLE_KE,
    OBOL_ROLE_CONTROL,
    OBOL_ROLE_LISTENER,
    OBOL_ROLE_NETWORK,
    OBOL_N_ROLES
} ObolRoleKind;

/* "kernel", "ke", ... */
OBOL_API const char *obol_role_name(ObolRoleKind role);

/**
 * ObolFeature:
 * @role: which member of the union is set
 * @name: "witness" of listener/witness
 * @needs, @wants: hard and soft needs as "role/name" or "role/" for any of that role; %NULL-terminated; %NULL: none
 * @self_test: optional: a cheap known-answer test; %FALSE with an error leaves the feature out
 *
 * A list of features ends with role 0.
 */
typedef struct {
    ObolRoleKind role;
    const char *name;
    const char *const *needs, *const *wants;
    gboolean (*self_test)(GError **error);
    union {
        const ObolKernelVtable *kernel;
        const ObolSocketVtable *socket;
        const ObolRandomVtable *random;
        const ObolHashVtable *hash;
        const ObolMacVtable *prf;
        const ObolMacVtable *integ;
        const ObolCipherVtable *cipher;
        const ObolAeadVtable *aead;
        const ObolKeVtable *ke;
        const ObolControlVtable *control;
        const ObolListenerVtable *listener;
        const ObolNetworkVtable *network;
    };
} ObolFeature;

/**
 * ObolPlugin:
 * What a plugin exports, once, as `obol_plugin`.
 * @size: sizeof this, as the plugin knew it
 * @settings: schema of its own section of conf.d, ended by a row without name; %NULL: none
 */
typedef struct {
    guint32 abi;
    guint32 size;
    const char *name, *version, *licence, *summary;
    const ObolSettingSpec *settings;
    const ObolFeature *features;
} ObolPlugin;

#define OBOL_PLUGIN_SYMBOL "obol_plugin"

G_END_DECLS
#endif
