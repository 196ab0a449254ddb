/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* newer-minor.c - a plugin of a later minor ABI: longer tables, a role that this build never heard of. */
#include <obol/plugin.h>

typedef struct {
    ObolListenerVtable known;
    void (*unheard)(gpointer self);
} LaterListener;

static const LaterListener listener = { .known = { .size = sizeof(LaterListener) } };

static const ObolFeature features[] = {
    { .role = OBOL_N_ROLES + 3, .name = "unheard", .listener = &listener.known },
    { .role = OBOL_ROLE_LISTENER, .name = "later", .listener = &listener.known },
    { 0 },
};

OBOL_PLUGIN_EXPORT const struct {
    ObolPlugin known;
    const char *unheard;
} obol_plugin = {
    .known = { .abi = OBOL_ABI + 1, .size = sizeof obol_plugin, .name = "newer-minor", .version = "9", .licence = "MIT",
               .summary = "comes from the future", .features = features },
    .unheard = "and says so",
};
