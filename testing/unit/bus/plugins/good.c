/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* good.c - a plugin as it should be, for the tests of the loader. */
#include <obol/plugin.h>

static gpointer
open_listener(ObolBus *bus, GError **error)
{
    (void) error;
    return bus;
}

static void
close_listener(gpointer self)
{
    (void) self;
}

static const ObolListenerVtable listener = { .size = sizeof listener, .open = open_listener, .close = close_listener };

static const ObolSettingSpec settings[] = {
    { .name = "count", .type = OBOL_TYPE_INTEGER, .fallback = "7", .max = 10, .doc = "A number." },
    { .name = "words", .type = OBOL_TYPE_LIST, .fallback = "a, b", .doc = "Some words." },
    { .name = "bare", .type = OBOL_TYPE_LIST, .doc = "Perhaps some words." },
    { .name = "delay", .type = OBOL_TYPE_DURATION, .fallback = "2s", .doc = "A time." },
    { NULL },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "good", .version = "1.2", .licence = "LGPL-2.1-or-later",
    .summary = "works", .settings = settings,
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_LISTENER, .name = "good", .listener = &listener }, { 0 } },
};
