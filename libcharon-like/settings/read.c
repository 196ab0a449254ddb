/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/read.c - a file in libconfig's language -> a tree in which every node knows its place.
 *
 * libconfig has the last word on what its language is.  The tree is built here, from our own tokens, since libconfig 1.5 keeps
 * neither columns nor the text of a number, wraps what does not fit, and would keep copies of secrets that nobody wipes: it
 * is given the text with the secrets masked. */
#include <libconfig.h>
#include <string.h>

#include "settings/file.h"
#include "settings/scan.h"
#include "settings/tree.h"

typedef struct {
    Scanner scanner;
    char *line; /* the GRefString of the line that the last node stands on */
    gsize line_start;
    guint depth;
} Reader;

static ObolNode *
new_node(Reader *reader, ObolNodeKind kind, const char *name, Spot at)
{
    ObolNode *node = obol_node_new(kind, name, reader->scanner.file, at.line, at.column);

    if (reader->line == NULL || reader->line_start != at.line_start) {
        g_clear_pointer(&reader->line, g_ref_string_release);
        reader->line = obol_scanner_line(&reader->scanner, at.line_start);
        reader->line_start = at.line_start;
    }
    node->source_line = g_ref_string_acquire(reader->line);
    return node;
}

/* After a fault: on to where the next setting may begin, so that what follows can be read as well. */
static void
recover(Reader *reader)
{
    Scanner *scanner = &reader->scanner;
    guint open = 0;

    while (scanner->token.kind != TOKEN_END) {
        if (scanner->token.kind == TOKEN_NAME && scanner->token.first && open == 0)
            return;
        if (obol_scanner_is(scanner, '}') && open == 0)
            return;
        open += obol_scanner_is(scanner, '{');
        open -= obol_scanner_is(scanner, '}');
        if (obol_scanner_is(scanner, ';') && open == 0) {
            obol_scanner_next(scanner);
            return;
        }
        obol_scanner_next(scanner);
    }
}

static void
set_value(ObolNode *node, const char *value, gsize n)
{
    node->value = g_malloc(n + 1);
    if (n > 0)
        memcpy(node->value, value, n);
    node->value[n] = '\0';
    node->n_value = n;
}

/* Strings that follow each other are one. */
static void
read_strings(Reader *reader, ObolNode *node)
{
    Scanner *scanner = &reader->scanner;

    set_value(node, "", 0);
    while (scanner->token.kind == TOKEN_STRING) {
        const GString *more = scanner->token.string;
        char *joined = g_malloc(node->n_value + more->len + 1);

        memcpy(joined, node->value, node->n_value);
        memcpy(joined + node->n_value, more->str, more->len + 1);
        obol_wipe(node->value, node->n_value);
        g_free(node->value);
        node->value = joined;
        node->n_value += more->len;
        obol_scanner_next(scanner);
    }
}

static ObolNode *read_value(Reader *reader, const char *name, Spot at);
static void read_settings(Reader *reader, ObolNode *section);

static void
read_items(Reader *reader, ObolNode *list, char close)
{
    Scanner *scanner = &reader->scanner;

    obol_scanner_next(scanner);
    while (!obol_scanner_is(scanner, close)) {
        ObolNode *item = read_value(reader, NULL, obol_scanner_spot(scanner));

        if (item == NULL)
            return;
        obol_node_take(list, item);
        if (obol_scanner_is(scanner, ',')) {
            obol_scanner_next(scanner);
            if (obol_scanner_is(scanner, close)) {
                obol_scanner_fault(scanner, "a list does not end with a comma");
                break;
            }
        } else if (!obol_scanner_is(scanner, close)) {
            obol_scanner_fault(scanner, "expected \",\" or \"%c\" here", close);
            return;
        }
    }
    obol_scanner_next(scanner);
}

static ObolNode *
read_bracketed(Reader *reader, const char *name, Spot at)
{
    Scanner *scanner = &reader->scanner;
    char open = scanner->token.sign;
    ObolNode *node = new_node(reader, open == '{' ? OBOL_NODE_SECTION : OBOL_NODE_LIST, name, at);

    if (++reader->depth > OBOL_SETTINGS_DEPTH_MAX) {
        obol_scanner_fault(scanner, "nested more than %d deep", OBOL_SETTINGS_DEPTH_MAX);
        /* Nothing sensible follows. */
        scanner->at = scanner->n;
        obol_scanner_next(scanner);
    } else if (open == '{') {
        obol_scanner_next(scanner);
        read_settings(reader, node);
        obol_faults_add_twins(scanner->faults, node);
        if (obol_scanner_is(scanner, '}'))
            obol_scanner_next(scanner);
        else if (scanner->faults->n == 0) /* else the brace may have been lost in what was told already */
            obol_faults_add(scanner->faults, OBOL_SETTINGS_ERROR_SYNTAX, node, "%s: this section is not closed",
                            name != NULL ? name : "{");
    } else {
        read_items(reader, node, open == '[' ? ']' : ')');
    }
    reader->depth--;
    return node;
}

/* NULL after a fault, which has been told. */
static ObolNode *
read_value(Reader *reader, const char *name, Spot at)
{
    Scanner *scanner = &reader->scanner;
    ObolNode *node;

    switch (scanner->token.kind) {
    case TOKEN_STRING:
        node = new_node(reader, OBOL_NODE_VALUE, name, at);
        read_strings(reader, node);
        return node;
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
    case TOKEN_BOOL:
        node = new_node(reader, OBOL_NODE_VALUE, name, at);
        set_value(node, scanner->text + scanner->token.start, scanner->token.n);
        obol_scanner_next(scanner);
        return node;
    case TOKEN_SIGN:
        if (strchr("{[(", scanner->token.sign) != NULL)
            return read_bracketed(reader, name, at);
        obol_scanner_fault(scanner, "expected a value here");
        return NULL;
    case TOKEN_NAME:
        obol_scanner_fault(scanner, "a text stands in quotes: \"%.*s\"", (int) scanner->token.n,
                           scanner->text + scanner->token.start);
        return NULL;
    case TOKEN_END:
        obol_scanner_fault(scanner, "the file ends where a value should stand");
        return NULL;
    case TOKEN_BAD:
        return NULL;
    }
    return NULL;
}

/* NAME = VALUE, with ";" or "," or nothing behind it.  FALSE after a fault. */
static gboolean
read_setting(Reader *reader, ObolNode *section)
{
    Scanner *scanner = &reader->scanner;
    Spot at = obol_scanner_spot(scanner);
    g_autofree char *name = NULL;
    ObolNode *node;

    if (scanner->token.kind != TOKEN_NAME) {
        if (scanner->token.kind != TOKEN_BAD)
            obol_scanner_fault(scanner, "expected a name here; names begin with a letter");
        return FALSE;
    }
    name = g_strndup(scanner->text + scanner->token.start, scanner->token.n);
    obol_scanner_next(scanner);
    if (!obol_scanner_is(scanner, '=') && !obol_scanner_is(scanner, ':')) {
        if (scanner->token.kind != TOKEN_BAD)
            obol_scanner_fault(scanner, "expected \"=\" after \"%s\"", name);
        return FALSE;
    }
    obol_scanner_next(scanner);
    node = read_value(reader, name, at);
    if (node == NULL)
        return FALSE;
    obol_node_take(section, node);
    if (obol_scanner_is(scanner, ';') || obol_scanner_is(scanner, ','))
        obol_scanner_next(scanner);
    return TRUE;
}

static void
read_settings(Reader *reader, ObolNode *section)
{
    Scanner *scanner = &reader->scanner;

    while (scanner->token.kind != TOKEN_END && !obol_scanner_is(scanner, '}')) {
        gsize before = scanner->at;

        if (read_setting(reader, section))
            continue;
        recover(reader);
        if (scanner->at == before && scanner->token.kind != TOKEN_END && !obol_scanner_is(scanner, '}'))
            obol_scanner_next(scanner); /* whatever happens, onwards */
    }
}

/* What libconfig refuses is refused, even if we should have let it pass. */
static void
ask_libconfig(Scanner *scanner)
{
    config_t config;

    config_init(&config);
    if (config_read_string(&config, scanner->shown) != CONFIG_TRUE) {
        const ObolPlace place = { scanner->file, (guint) MAX(config_error_line(&config), 1), 1, NULL };

        obol_faults_add_at(scanner->faults, OBOL_SETTINGS_ERROR_SYNTAX, &place, "%s", config_error_text(&config));
    }
    config_destroy(&config);
}

ObolNode *
obol_settings_read_text(const char *text, gsize n, const char *file_name, GError **error)
{
    g_autoptr(ObolNode) root = obol_node_new(OBOL_NODE_SECTION, NULL, file_name, 0, 0);
    ObolFaults faults = { 0 };
    const ObolPlace whole = { .file = file_name };
    Reader reader = { 0 };

    if (n > OBOL_SETTINGS_FILE_MAX) {
        obol_faults_add_at(&faults, OBOL_SETTINGS_ERROR_IO, &whole, "is larger than %d bytes", OBOL_SETTINGS_FILE_MAX);
        obol_faults_finish(&faults, error);
        return NULL;
    }
    if (n > 0 && memchr(text, '\0', n) != NULL) {
        obol_faults_add_at(&faults, OBOL_SETTINGS_ERROR_SYNTAX, &whole, "holds a zero byte, so it is no text");
        obol_faults_finish(&faults, error);
        return NULL;
    }
    obol_scanner_init(&reader.scanner, text, n, file_name, &faults);
    obol_scanner_next(&reader.scanner);
    for (;;) {
        read_settings(&reader, root);
        if (reader.scanner.token.kind == TOKEN_END)
            break;
        obol_scanner_fault(&reader.scanner, "this brace closes nothing");
        obol_scanner_next(&reader.scanner);
        if (obol_scanner_is(&reader.scanner, ';'))
            obol_scanner_next(&reader.scanner);
    }
    obol_faults_add_twins(&faults, root);
    if (faults.n == 0)
        ask_libconfig(&reader.scanner);
    g_clear_pointer(&reader.line, g_ref_string_release);
    obol_scanner_clear(&reader.scanner);
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return g_steal_pointer(&root);
}

static void
mark_exposed(ObolNode *node)
{
    node->exposed = TRUE;
    for (guint i = 0; node->items != NULL && i < node->items->len; i++)
        mark_exposed(node->items->pdata[i]);
}

ObolNode *
obol_settings_read_file(const char *path, GError **error)
{
    gboolean exposed;
    g_autoptr(ObolSecret) content = obol_file_read(path, OBOL_SETTINGS_FILE_MAX, &exposed, error);
    ObolNode *root;

    if (content == NULL)
        return NULL;
    root = obol_settings_read_text((const char *) content->bytes, content->n, path, error);
    if (root != NULL && exposed)
        mark_exposed(root);
    return root;
}
