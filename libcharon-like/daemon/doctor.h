/* daemon/doctor.h - the report about this machine, as it is put together. */
#ifndef OBOL_DAEMON_DOCTOR_H
#define OBOL_DAEMON_DOCTOR_H

#include "daemon/daemon-private.h"

/* How much what was found matters. */
typedef enum { DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_ERROR } DoctorLevel;

typedef struct {
    ObolNode *report;
    const ObolNode *settings; /* checked; NULL: none that could be read */
    const char *root;         /* "" but in tests: where proc, sys and dev are */
    gboolean running;         /* in a daemon that serves */
    guint n_findings;
} Doctor;

/* @code: a row of doctor-text.c's table; @subject: what it is about. */
void doctor_find(Doctor *doctor, DoctorLevel level, const char *code, const char *subject);
ObolNode *doctor_section(ObolNode *parent, const char *name);
void doctor_put(ObolNode *parent, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* doctor-machine.c: what the system has, lets us do, and does to packets. */
void doctor_machine(Doctor *doctor);
/* doctor-others.c: who else speaks IKE here. */
void doctor_others(Doctor *doctor);

/* (transfer full): contents of a small file below the root; NULL: there is none. */
char *doctor_read(const Doctor *doctor, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
