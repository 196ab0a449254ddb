/* settings/schema.h - the schema tables, for each other and for the code that reads what they describe. */
#ifndef OBOL_SETTINGS_SCHEMA_H
#define OBOL_SETTINGS_SCHEMA_H

#include "settings/settings.h"

extern const ObolSettingSpec obol_schema_child[];
extern const ObolSettingSpec obol_schema_local[];
extern const ObolSettingSpec obol_schema_remote[];
extern const ObolSettingSpec obol_schema_retransmit[];

/* Longest lifetime of anything: keeps every sum of durations far from overflow. */
#define OBOL_LIFETIME_MAX (3650 * G_TIME_SPAN_DAY)
#define OBOL_VOLUME_MAX (G_GINT64_CONSTANT(1) << 60)

#endif
