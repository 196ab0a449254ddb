/* settings/child-kernel.h - what a child asks of the kernel beside keys. */
#ifndef OBOL_SETTINGS_CHILD_KERNEL_H
#define OBOL_SETTINGS_CHILD_KERNEL_H

#include "settings/connection.h"

void obol_child_read_kernel(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child);
/* Leaves @out alone where nothing is set. */
void obol_read_if_id(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, const char *name, guint32 *out);

#endif
