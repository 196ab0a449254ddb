/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* convert.h - a connection as swanctl sends it -> as Obol's schema has it. */
#ifndef VICI_CONVERT_H
#define VICI_CONVERT_H

#include <obol/settings.h>

/**
 * vici_convert_connection:
 * Copies @section.  The sections `local*` and `remote*`, of which swanctl allows several rounds under any such name, become
 * `local` and `remote`; a second round is refused.
 *
 * Returns: (transfer full): %NULL with #OBOL_SETTINGS_ERROR.
 */
ObolNode *vici_convert_connection(const ObolNode *section, GError **error);

#endif
