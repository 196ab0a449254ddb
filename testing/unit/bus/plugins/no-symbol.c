/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* no-symbol.c - a shared object that is no plugin. */
#include <obol/plugin.h>

OBOL_PLUGIN_EXPORT const int something_else;
const int something_else = 1;
