/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* misnamed.c - a plugin whose name is not that of its file. */
#include <obol/plugin.h>

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "wolf", .version = "1", .licence = "MIT", .summary = "in sheep's clothing",
};
