/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* failure.h - the kernel's errno and words as an error that says what was asked. */
#ifndef XFRM_FAILURE_H
#define XFRM_FAILURE_H

#include <obol/kernel.h>

/* @status: a negative errno; @words: the kernel's own, may be empty. */
void failure_set(GError **error, int status, const char *words, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The same, with the meaning given. */
void failure_set_code(GError **error, ObolKernelError code, int status, const char *words, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
ObolKernelError failure_code(int status);

/* "ESP SA c0ffee00 to 192.0.2.1", for messages; returns @out. */
#define FAILURE_NAME_MAX 128
const char *failure_name(const ObolSaId *id, char out[FAILURE_NAME_MAX]);

#endif
