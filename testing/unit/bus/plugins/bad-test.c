/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bad-test.c - a plugin one of whose features does not pass its own test, and another that needs it. */
#include <gio/gio.h>
#include <obol/plugin.h>

static gboolean
fail(GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "two and two are five");
    return FALSE;
}

static const ObolListenerVtable listener = { .size = sizeof listener };
static const char *const needs[] = { "listener/broken", NULL };

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "bad-test", .version = "1", .licence = "MIT", .summary = "partly broken",
    .features = (const ObolFeature[]) {
        { .role = OBOL_ROLE_LISTENER, .name = "broken", .listener = &listener, .self_test = fail },
        { .role = OBOL_ROLE_LISTENER, .name = "leaning", .listener = &listener, .needs = needs },
        { .role = OBOL_ROLE_LISTENER, .name = "sound", .listener = &listener },
        { 0 },
    },
};
