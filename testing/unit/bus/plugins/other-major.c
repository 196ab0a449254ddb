/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* other-major.c - a plugin of another major ABI: nothing of it but these two numbers may be believed. */
#include <obol/plugin.h>

OBOL_PLUGIN_EXPORT const struct {
    guint32 abi, size;
    guint8 strange[256];
} obol_plugin = { .abi = (OBOL_ABI_MAJOR + 1) << 16, .size = 264, .strange = { 0xff, 0xff } };
