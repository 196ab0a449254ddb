/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/errors.c - the quark of settings errors, here because the parsers of this room report them too. */
#include <obol/settings.h>

G_DEFINE_QUARK(obol-settings-error-quark, obol_settings_error)
