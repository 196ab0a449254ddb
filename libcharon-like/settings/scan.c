/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/scan.c - libconfig's tokens with their places, and what libconfig 1.5 lets pass in silence. */
#include "settings/scan.h"

#include <obol/secret.h>
#include <string.h>

#include "settings/settings.h"

#define NAME_MAX_N 128

/* Keys whose values are never shown, whatever is wrong with the file; which of them exist is the schemas' business. */
static const char *const secret_words[] = { "secret", "password", "passphrase", "pin", NULL };

static gboolean
begins_with(const char *text, gsize n, const char *word)
{
    return n >= strlen(word) && g_ascii_strncasecmp(text, word, strlen(word)) == 0;
}

/* Or a misspelling: the admin will be shown that line. */
static gboolean
names_secret(const Scanner *scanner, const Token *token)
{
    g_autofree char *name = g_strndup(scanner->text + token->start, token->n);
    g_autofree char *small = g_ascii_strdown(name, -1);

    for (const char *const *word = secret_words; *word != NULL; word++)
        if (strstr(small, *word) != NULL)
            return TRUE;
    return obol_nearest_name(name, secret_words) != NULL;
}

static void
mask(Scanner *scanner, gsize from, gsize to)
{
    for (gsize i = from; i < to; i++)
        if (scanner->text[i] != '"')
            scanner->shown[i] = '*';
}

/* Where quotes do not match nobody can say what is a text: all that stands on the line behind such a word is masked. */
static void
mask_doubtful_line(Scanner *scanner)
{
    for (gsize i = scanner->line_start; i < scanner->at; i++)
        for (const char *const *word = secret_words; *word != NULL; word++)
            if (begins_with(scanner->text + i, scanner->at - i, *word)) {
                mask(scanner, i + strlen(*word), scanner->at);
                return;
            }
}

/* Before anything can be told about the text, its secrets are masked: the texts that follow `secret =`. */
static void
mask_secrets(const Scanner *scanner)
{
    ObolFaults unheard = { 0 };
    Scanner pass = *scanner;
    enum { NO_SECRET, NAMED, ASSIGNED } state = NO_SECRET;

    pass.token.string = g_string_new(NULL);
    pass.faults = &unheard;
    do {
        const Token *token = &pass.token;

        obol_scanner_next(&pass);
        if (token->kind == TOKEN_NAME && names_secret(&pass, token))
            state = NAMED;
        else if (state == NAMED && (obol_scanner_is(&pass, '=') || obol_scanner_is(&pass, ':')))
            state = ASSIGNED;
        else if (state == ASSIGNED && (token->kind == TOKEN_STRING || token->kind == TOKEN_BAD))
            mask(&pass, token->start, pass.at);
        else
            state = NO_SECRET;
        if (token->kind == TOKEN_BAD && pass.text[token->start] == '"')
            mask_doubtful_line(&pass);
    } while (pass.token.kind != TOKEN_END);
    obol_wipe(pass.token.string->str, pass.token.string->allocated_len);
    g_string_free(pass.token.string, TRUE);
    obol_faults_finish(&unheard, NULL);
}

void
obol_scanner_init(Scanner *scanner, const char *text, gsize n, const char *file, ObolFaults *faults)
{
    *scanner = (Scanner) {
        .text = text, .n = n, .file = g_intern_string(file), .faults = faults, .line = 1, .column = 1, .fresh = TRUE,
    };
    scanner->shown = g_malloc(n + 1);
    if (n > 0)
        memcpy(scanner->shown, text, n);
    scanner->shown[n] = '\0';
    mask_secrets(scanner);
    scanner->token.string = g_string_new(NULL);
}

void
obol_scanner_clear(Scanner *scanner)
{
    obol_wipe(scanner->token.string->str, scanner->token.string->allocated_len);
    g_string_free(scanner->token.string, TRUE);
    g_free(scanner->shown);
}

Spot
obol_scanner_spot(const Scanner *scanner)
{
    return (Spot) { scanner->line_start, scanner->token.line, scanner->token.column };
}

/* Characters, not bytes, from the line's start to @offset; one more, since columns count from 1.  Counting goes on from where it
 * last was: a line may be as long as the file. */
static guint
column_of(Scanner *scanner, gsize offset)
{
    if (offset < scanner->counted_to || scanner->counted_to < scanner->line_start) {
        scanner->counted_to = scanner->line_start;
        scanner->column = 1;
    }
    for (; scanner->counted_to < offset; scanner->counted_to++)
        scanner->column += ((guint8) scanner->text[scanner->counted_to] & 0xC0) != 0x80;
    return scanner->column;
}

char *
obol_scanner_line(const Scanner *scanner, gsize line_start)
{
    const char *start = scanner->shown + line_start;
    const char *end = memchr(start, '\n', scanner->n - line_start);
    gsize n = end != NULL ? (gsize) (end - start) : scanner->n - line_start;

    if (n > 0 && start[n - 1] == '\r')
        n--;
    return g_ref_string_new_len(start, (gssize) n);
}

static void
fault_at(Scanner *scanner, gsize offset, const char *format, va_list args)
{
    ObolPlace place = { .file = scanner->file };
    g_autofree char *what = NULL;
    char *line;

    if (scanner->faults->n > OBOL_FAULTS_MAX) {
        scanner->faults->n++; /* counted and not told */
        return;
    }
    what = g_strdup_vprintf(format, args);
    line = obol_scanner_line(scanner, scanner->line_start);
    place.line = scanner->line;
    place.column = column_of(scanner, offset);
    place.source_line = line;
    obol_faults_add_at(scanner->faults, OBOL_SETTINGS_ERROR_SYNTAX, &place, "%s", what);
    g_ref_string_release(line);
}

void
obol_scanner_fault(Scanner *scanner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fault_at(scanner, scanner->token.start, format, args);
    va_end(args);
}

static void
fault_here(Scanner *scanner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fault_at(scanner, scanner->at, format, args);
    va_end(args);
}

static int
peek(const Scanner *scanner, gsize ahead)
{
    return ahead < scanner->n - scanner->at ? (guint8) scanner->text[scanner->at + ahead] : -1;
}

static void
step(Scanner *scanner)
{
    if (scanner->text[scanner->at++] == '\n') {
        scanner->line++;
        scanner->line_start = scanner->at;
        scanner->fresh = TRUE;
    }
}

static void
skip_line(Scanner *scanner)
{
    while (scanner->at < scanner->n && scanner->text[scanner->at] != '\n')
        scanner->at++;
}

static void
skip_block_comment(Scanner *scanner)
{
    const Scanner start = *scanner;

    scanner->at += 2;
    while (scanner->at < scanner->n && !(peek(scanner, 0) == '*' && peek(scanner, 1) == '/'))
        step(scanner);
    if (scanner->at == scanner->n) {
        /* The place that matters is where it begins. */
        Scanner beginning = start;

        fault_here(&beginning, "this comment has no end");
        return;
    }
    scanner->at += 2;
}

static void
skip_blanks(Scanner *scanner)
{
    while (scanner->at < scanner->n) {
        int c = peek(scanner, 0);

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f')
            step(scanner);
        else if (c == '#' || (c == '/' && peek(scanner, 1) == '/'))
            skip_line(scanner);
        else if (c == '/' && peek(scanner, 1) == '*')
            skip_block_comment(scanner);
        else
            return;
    }
}

static void
decode_escape(Scanner *scanner)
{
    static const char letters[] = "\"\\nrtfabv", meanings[] = "\"\\\n\r\t\f\a\b\v";
    GString *out = scanner->token.string;
    int c = peek(scanner, 1);
    const char *letter = c > 0 ? strchr(letters, c) : NULL;

    if (letter != NULL) {
        g_string_append_c(out, meanings[letter - letters]);
        scanner->at += 2;
    } else if (c == 'x' && peek(scanner, 2) >= 0 && g_ascii_isxdigit((char) peek(scanner, 2)) && peek(scanner, 3) >= 0
               && g_ascii_isxdigit((char) peek(scanner, 3))) {
        int byte = g_ascii_xdigit_value((char) peek(scanner, 2)) << 4 | g_ascii_xdigit_value((char) peek(scanner, 3));

        if (byte == 0)
            fault_here(scanner, "a text can not hold a zero byte");
        g_string_append_c(out, (char) byte);
        scanner->at += 4;
    } else {
        fault_here(scanner, "unknown escape; a backslash itself is written \"\\\\\"");
        scanner->at += 1;
    }
}

/* libconfig reads on to the next quote, however far, and then complains about that place; here a text ends on its line. */
static void
scan_string(Scanner *scanner)
{
    Token *token = &scanner->token;

    token->kind = TOKEN_STRING;
    g_string_truncate(token->string, 0);
    scanner->at++;
    for (;;) {
        int c = peek(scanner, 0);

        if (c < 0 || c == '\n') {
            obol_scanner_fault(scanner, "this text has no closing quote on its line");
            token->kind = TOKEN_BAD;
            break;
        }
        if (c == '"') {
            scanner->at++;
            break;
        }
        if (c == '\\') {
            decode_escape(scanner);
            continue;
        }
        g_string_append_c(token->string, (char) c);
        scanner->at++;
    }
    token->n = scanner->at - token->start;
}

/* libconfig 1.5 keeps an integer without L in 32 bits and says nothing when it does not fit. */
static void
check_integer(Scanner *scanner, const char *digits, gboolean is_long)
{
    gint64 value;

    if (!obol_integer_parse(digits, &value))
        obol_scanner_fault(scanner, "%s does not fit into 64 bits", digits);
    else if (!is_long && (value > G_MAXINT32 || value < G_MININT32))
        obol_scanner_fault(scanner, "%s does not fit into 32 bits; write it as a text, \"%s\", or with a unit such as \"4G\"",
                           digits, digits);
}

/* Is @text an integer in form, with or without L?  @n_digits: without it. */
static gboolean
looks_integer(const char *text, gsize *n_digits)
{
    const char *p = text + (*text == '+' || *text == '-');
    gboolean hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    gsize n = strspn(p + 2 * hex, hex ? "0123456789abcdefABCDEF" : "0123456789");

    p += 2 * hex + n;
    *n_digits = (gsize) (p - text);
    return n > 0 && (*p == '\0' || g_str_equal(p, "L") || g_str_equal(p, "LL"));
}

/* The exponent's sign is the only one that can stand within a number. */
static gboolean
in_number(const Scanner *scanner)
{
    int c = peek(scanner, 0);

    if (c == '+' || c == '-')
        return g_ascii_tolower(scanner->text[scanner->at - 1]) == 'e';
    return c > 0 && (g_ascii_isalnum((char) c) || c == '.' || c == '_');
}

static void
scan_number(Scanner *scanner)
{
    Token *token = &scanner->token;
    g_autofree char *text = NULL;
    gsize n_digits;
    char *end;

    do
        scanner->at++;
    while (in_number(scanner));
    token->n = scanner->at - token->start;
    text = g_strndup(scanner->text + token->start, token->n);
    if (looks_integer(text, &n_digits)) {
        gboolean is_long = text[n_digits] != '\0';

        token->kind = TOKEN_INTEGER;
        token->n = n_digits; /* the L is libconfig's, not the value's */
        text[n_digits] = '\0';
        check_integer(scanner, text, is_long);
        return;
    }
    g_ascii_strtod(text, &end);
    token->kind = TOKEN_FLOAT;
    if (end == text || *end != '\0') {
        obol_scanner_fault(scanner, "\"%.40s\" is no number; texts stand in quotes, and names begin with a letter",
                           text);
        token->kind = TOKEN_BAD;
    }
}

static void
scan_word(Scanner *scanner)
{
    Token *token = &scanner->token;
    g_autofree char *word = NULL;

    while (peek(scanner, 0) > 0 && (g_ascii_isalnum((char) peek(scanner, 0)) || strchr("-_*", peek(scanner, 0)) != NULL))
        scanner->at++;
    token->n = scanner->at - token->start;
    token->kind = TOKEN_NAME;
    if (token->n > NAME_MAX_N) {
        obol_scanner_fault(scanner, "a name longer than %d characters", NAME_MAX_N);
        token->kind = TOKEN_BAD;
        return;
    }
    word = g_strndup(scanner->text + token->start, token->n);
    if (g_ascii_strcasecmp(word, "true") == 0 || g_ascii_strcasecmp(word, "false") == 0)
        token->kind = TOKEN_BOOL;
}

static void
scan_strange(Scanner *scanner)
{
    static const char mark[] = "\xEF\xBB\xBF";

    scanner->token.kind = TOKEN_BAD;
    if (scanner->at == 0 && scanner->n >= 3 && memcmp(scanner->text, mark, 3) == 0) {
        obol_scanner_fault(scanner, "the file begins with a byte order mark; save it as plain UTF-8");
        scanner->at += 3;
    } else if (peek(scanner, 0) == '@') {
        obol_scanner_fault(scanner, "\"@include\" is not read; put the file into the folder conf.d");
        skip_line(scanner);
    } else {
        obol_scanner_fault(scanner, "no value, name or sign begins so");
        do
            step(scanner);
        while (scanner->at < scanner->n && ((guint8) scanner->text[scanner->at] & 0xC0) == 0x80);
    }
}

void
obol_scanner_next(Scanner *scanner)
{
    Token *token = &scanner->token;
    int c;

    skip_blanks(scanner);
    token->start = scanner->at;
    token->n = 0;
    token->sign = '\0';
    token->line = scanner->line;
    token->column = column_of(scanner, scanner->at);
    token->first = scanner->fresh;
    scanner->fresh = FALSE;
    c = peek(scanner, 0);
    if (c < 0)
        token->kind = TOKEN_END;
    else if (c == '"')
        scan_string(scanner);
    else if (c != 0 && strchr("{}[]()=:;,", c) != NULL) {
        token->kind = TOKEN_SIGN;
        token->sign = (char) c;
        token->n = 1;
        scanner->at++;
    } else if (c != 0 && strchr("+-.0123456789", c) != NULL)
        scan_number(scanner);
    else if (g_ascii_isalpha((char) c) || c == '*')
        scan_word(scanner);
    else
        scan_strange(scanner);
}

gboolean
obol_scanner_is(const Scanner *scanner, char sign)
{
    return scanner->token.kind == TOKEN_SIGN && scanner->token.sign == sign;
}
