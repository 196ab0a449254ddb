/* settings/tree.h - what the files of this room share about trees, values and schema rows. */
#ifndef OBOL_SETTINGS_TREE_H
#define OBOL_SETTINGS_TREE_H

#include "settings/settings.h"

#define OBOL_CONTROL_FILE "(control)"
/* Deeper than any schema goes; the bound for every recursion over a tree. */
#define OBOL_SETTINGS_DEPTH_MAX 16

/* One value as the schema's type holds it: integers, bytes, microseconds, 0 and 1, or the index of a choice. */
gboolean obol_value_parse(const ObolSettingSpec *spec, const char *text, gint64 *number);
/* What a value of this type looks like, for messages and the manual: "a duration such as \"30s\"". */
const char *obol_type_phrase(ObolSettingType type);

/* The row for @name: an exact one, or the longest of those whose names end with "*". */
const ObolSettingSpec *obol_spec_find(const ObolSettingSpec *members, const char *name);

#endif
