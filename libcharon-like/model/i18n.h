/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/i18n.h - what an admin reads can be translated; debug lines are not. */
#ifndef OBOL_MODEL_I18N_H
#define OBOL_MODEL_I18N_H

#include <glib.h>

#define _(text) g_dgettext("obol", text)

#endif
