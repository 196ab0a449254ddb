/* settings/connection.h - what the makers of connections and of their children share. */
#ifndef OBOL_SETTINGS_CONNECTION_H
#define OBOL_SETTINGS_CONNECTION_H

#include "settings/fault.h"
#include "settings/settings.h"

/* Appends the ObolProposals that key @name of @section lists; "default" stands for all of the defaults. */
void obol_read_proposals(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, const char *name,
                         ObolProtocol protocol, GArray *out);
/* (transfer full): never NULL, of no use when there were faults. */
ObolChildConfig *obol_child_from_node(ObolFaults *faults, const ObolNode *section);

#endif
