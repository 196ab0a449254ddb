/* settings/connection.h - what the makers of connections and of their children share. */
#ifndef OBOL_SETTINGS_CONNECTION_H
#define OBOL_SETTINGS_CONNECTION_H

#include "settings/fault.h"
#include "settings/settings.h"

/* Appends the ObolProposals that key @name of @section lists; "default" stands for all of the defaults. */
void obol_read_proposals(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, const char *name,
                         ObolProtocol protocol, GArray *out);
/* @child has the connection's defaults; of no use when there were faults. */
void obol_child_read(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child);

#endif
