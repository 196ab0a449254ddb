/* obol/settings.h - settings as a tree of text, the schema they are checked by, and where each came from.
 *
 * Files (libconfig) and control messages (VICI) are both turned into this tree; one schema checks both. */
#ifndef OBOL_SETTINGS_H
#define OBOL_SETTINGS_H

#include <obol/macros.h>

G_BEGIN_DECLS

#define OBOL_SETTINGS_ERROR (obol_settings_error_quark())
OBOL_API GQuark obol_settings_error_quark(void);
typedef enum {
    OBOL_SETTINGS_ERROR_SYNTAX,    /* the file is not libconfig's language */
    OBOL_SETTINGS_ERROR_UNKNOWN,   /* no such key; the message names the nearest one */
    OBOL_SETTINGS_ERROR_VALUE,     /* not of the key's type, or out of its range */
    OBOL_SETTINGS_ERROR_MISSING,   /* a key that must be there */
    OBOL_SETTINGS_ERROR_CONFLICT,  /* keys that contradict each other, or the same one twice */
    OBOL_SETTINGS_ERROR_IO,        /* the file can not be read, or others may read a secret */
} ObolSettingsError;

typedef enum { OBOL_NODE_SECTION, OBOL_NODE_VALUE, OBOL_NODE_LIST } ObolNodeKind;

/**
 * ObolNode:
 * @name: key within its section
 * @file, @line, @column: where it stands, from 1; @file is "(control)" and the others 0 for what came over the control
 *   socket
 * @value: text of a value, may hold any bytes (@n_value of them) when it came over the control socket
 * @items: of #ObolNode: a section's members in order, or a list's values
 * @source_line: the line of the file, for messages; secrets in it are masked; a GRefString that the nodes of a line share;
 *   NULL when there is none
 * @exposed: others than its owner may read the file
 *
 * Numbers and booleans of libconfig are kept as the text that stood in the file.
 */
typedef struct {
    ObolNodeKind kind;
    char *name;
    const char *file; /* interned */
    guint line, column;
    char *value; /* NUL-terminated besides its length */
    gsize n_value;
    GPtrArray *items;
    char *source_line;
    gboolean exposed;
} ObolNode;

OBOL_API ObolNode *obol_node_new(ObolNodeKind kind, const char *name, const char *file, guint line, guint column);
OBOL_API ObolNode *obol_node_new_value(const char *name, const char *value, gsize n_value);
OBOL_API void obol_node_free(ObolNode *node); /* wipes values: some are secrets */
OBOL_API void obol_node_take(ObolNode *parent, ObolNode *child);
OBOL_API const ObolNode *obol_node_get(const ObolNode *section, const char *name);

/**
 * obol_settings_read_file:
 * Reads one libconfig file into a tree; for programs that send its sections to a running daemon.
 *
 * Returns: (transfer full): %NULL with OBOL_SETTINGS_ERROR "file:line:column: what", the line and a caret.
 */
OBOL_API ObolNode *obol_settings_read_file(const char *path, GError **error);

typedef enum {
    OBOL_TYPE_TEXT,
    OBOL_TYPE_BOOL,      /* true/false, yes/no, 1/0 */
    OBOL_TYPE_INTEGER,   /* with @min and @max */
    OBOL_TYPE_DURATION,  /* "90s", "5m", "1h", "2d", "200ms"; bare digits are seconds; kept as microseconds */
    OBOL_TYPE_SIZE,      /* "4G", "10M", "1k" (1024s); kept as bytes */
    OBOL_TYPE_ENUM,      /* one of @choices, case-insensitive */
    OBOL_TYPE_LIST,      /* of texts; a single text or a comma-separated one is accepted too */
    OBOL_TYPE_SECTION,   /* with @members */
    OBOL_TYPE_SECTIONS,  /* any names, each a section with @members */
} ObolSettingType;

/**
 * ObolSettingSpec:
 * One row of a schema table, ended by a row with @name %NULL: the single source of checks, defaults, obol.conf(5) and the
 * commented samples.
 * @name: of the key; one that ends with "*" stands for every key that begins so ("local*")
 * @members: of a section; %NULL: not known here, anything is let through (a plugin's section, before it is loaded)
 * @only: values that can be honoured, of all those the type allows; ended by %NULL, an empty list: none at all
 * @why: with @only: what is missing for the others, one sentence
 */
typedef struct ObolSettingSpec {
    const char *name;
    ObolSettingType type;
    const char *fallback; /* default, as text; NULL: none, unset is a state of its own */
    gint64 min, max;      /* INTEGER, DURATION (us), SIZE; both 0: no bounds but the type's */
    const char *const *choices;
    const struct ObolSettingSpec *members;
    gboolean secret;  /* never printed; the file must not be readable by others */
    gboolean restart; /* a reload does not apply it */
    const char *unit; /* for the manual */
    const char *doc;  /* one sentence */
    gboolean required;
    const char *const *only;
    const char *why;
} ObolSettingSpec;

/**
 * obol_settings_check_dir:
 * @config_dir: as in #ObolDaemonOptions
 * @plugin_dir: likewise; the plugins' own settings are checked by the schemas of those that are chosen; %NULL: not checked
 *
 * Everything that a start or a reload would find wrong in the files; runs nothing and opens nothing else.
 */
OBOL_API gboolean obol_settings_check_dir(const char *config_dir, const char *plugin_dir, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolNode, obol_node_free)

G_END_DECLS
#endif
