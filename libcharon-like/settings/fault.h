/* settings/fault.h - everything that is wrong with some settings, collected and told at once. */
#ifndef OBOL_SETTINGS_FAULT_H
#define OBOL_SETTINGS_FAULT_H

#include <obol/settings.h>

#define OBOL_FAULTS_MAX 20 /* told; the rest is counted */

/* Zero-initialised by its owner; the first fault decides the code of the error. */
typedef struct {
    GString *text;
    guint n;
    ObolSettingsError code;
} ObolFaults;

/* A place in a text.  @source_line may be NULL. */
typedef struct {
    const char *file;
    guint line, column;
    const char *source_line;
} ObolPlace;

void obol_faults_add(ObolFaults *faults, ObolSettingsError code, const ObolNode *at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void obol_faults_add_at(ObolFaults *faults, ObolSettingsError code, const ObolPlace *at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Adds the lines of @error, which is freed: another reader's faults, with their places in them already. */
void obol_faults_take_error(ObolFaults *faults, GError *error);
/* A key that stands twice in @section is a fault that names both places. */
void obol_faults_add_twins(ObolFaults *faults, const ObolNode *section);
/* TRUE when there was none; else sets @error.  Either way @faults is empty afterwards. */
gboolean obol_faults_finish(ObolFaults *faults, GError **error);

#endif
