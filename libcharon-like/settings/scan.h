/* settings/scan.h - libconfig's tokens with their places: what libconfig 1.5 does not tell. */
#ifndef OBOL_SETTINGS_SCAN_H
#define OBOL_SETTINGS_SCAN_H

#include "settings/fault.h"

typedef enum {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INTEGER,
    TOKEN_FLOAT,
    TOKEN_BOOL,
    TOKEN_SIGN, /* one of { } [ ] ( ) = : ; , */
    TOKEN_BAD,  /* told already */
} TokenKind;

typedef struct {
    TokenKind kind;
    char sign;
    gsize start, n;     /* within the text */
    guint line, column; /* of its beginning, from 1; columns count characters */
    gboolean first;     /* on its line */
    GString *string;    /* of a STRING, decoded; owned by the scanner and overwritten by the next one */
} Token;

typedef struct {
    const char *text;
    gsize n;
    /* A copy in which secrets are masked: for messages, and for libconfig. */
    char *shown;
    const char *file; /* interned */
    ObolFaults *faults;

    gsize at, line_start;
    guint line;
    gsize counted_to; /* columns of the line are counted up to here */
    guint column;
    Token token;    /* the current one */
    gboolean fresh; /* nothing but blanks since the line began */
} Scanner;

void obol_scanner_init(Scanner *scanner, const char *text, gsize n, const char *file, ObolFaults *faults);
/* A place to come back to in messages. */
typedef struct {
    gsize line_start;
    guint line, column;
} Spot;

void obol_scanner_clear(Scanner *scanner); /* wipes */
/* Moves to the next token.  Faults of the token itself are told here. */
void obol_scanner_next(Scanner *scanner);
gboolean obol_scanner_is(const Scanner *scanner, char sign);
Spot obol_scanner_spot(const Scanner *scanner); /* of the current token */
/* (transfer full): a GRefString of the shown line that begins at @line_start. */
char *obol_scanner_line(const Scanner *scanner, gsize line_start);
void obol_scanner_fault(Scanner *scanner, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
