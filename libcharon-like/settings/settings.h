/* settings/settings.h - libconfig files -> a checked tree -> typed values. */
#ifndef OBOL_SETTINGS_SETTINGS_H
#define OBOL_SETTINGS_SETTINGS_H

#include <obol/settings.h>

#include "credentials/shared-keys.h"
#include "model/connection.h"
#include "model/pool-config.h"

/* Reads one libconfig file into a tree.  A raw-token pass finds what libconfig 1.5 gets wrong (integers that wrap,
 * columns, the same key twice).  NULL with OBOL_SETTINGS_ERROR "file:line:column: what\n  <the line>\n  ^". */
ObolNode *obol_settings_read_file(const char *path, GError **error);
ObolNode *obol_settings_read_text(const char *text, gsize n, const char *file_name, GError **error);

/* `dir/obol.conf`, then every file NAME.conf of `dir/conf.d`, `dir/connections.d` and `dir/secrets.d`, in the order of their names,
 * merged by the schema: sections of the same name join, a value that stands twice is an error naming both places. */
ObolNode *obol_settings_read_dir(const char *dir, GError **error);

/* Checks @tree against @schema: unknown keys (with the nearest valid one), types, ranges.  All errors of the tree are in the
 * message, one a line group; the first decides the code. */
gboolean obol_settings_check(const ObolNode *tree, const ObolSettingSpec *schema, GError **error);

/* A deep copy. */
ObolNode *obol_node_dup(const ObolNode *node);

/* The schema of all that the core itself reads: `daemon`, `connections`, `secrets`, `plugins`. */
extern const ObolSettingSpec obol_schema[];
extern const ObolSettingSpec obol_schema_connection[]; /* members of one connection, for VICI too */
extern const ObolSettingSpec obol_schema_pool[];       /* of one pool, likewise */

/* Values of a checked tree, with the schema's defaults. */
const char *obol_setting_text(const ObolNode *section, const ObolSettingSpec *members, const char *name);
gint64 obol_setting_number(const ObolNode *section, const ObolSettingSpec *members, const char *name);
char **obol_setting_list(const ObolNode *section, const ObolSettingSpec *members, const char *name); /* (transfer full) */

gboolean obol_integer_parse(const char *text, gint64 *number); /* decimal, or 0x and hexadecimal */
gboolean obol_bool_parse(const char *text, gint64 *number);
gboolean obol_duration_parse(const char *text, gint64 *us);
gboolean obol_size_parse(const char *text, gint64 *bytes);

/* One connection from its section, which must be checked already.  Proposals that @crypto can not do are refused by name. */
ObolConnection *obol_connection_from_node(const ObolNode *section, GError **error);
ObolConnectionSet *obol_connections_from_tree(const ObolNode *tree, GError **error);
/* One pool from its section, checked already; and all of `pools` (transfer full): of ObolPoolConfig. */
ObolPoolConfig *obol_pool_from_node(const ObolNode *section, GError **error);
GPtrArray *obol_pools_from_tree(const ObolNode *tree, GError **error);
ObolSharedKeys *obol_shared_keys_from_tree(const ObolNode *tree, GError **error);

/* The closest of @names to @word (edit distance), or NULL when none is close. */
const char *obol_nearest_name(const char *word, const char *const *names);

#endif
