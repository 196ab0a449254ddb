/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/errors.c - the quarks of errors that several rooms report. */
#include <obol/kernel.h>
#include <obol/settings.h>

G_DEFINE_QUARK(obol-settings-error-quark, obol_settings_error)
G_DEFINE_QUARK(obol-kernel-error-quark, obol_kernel_error)
