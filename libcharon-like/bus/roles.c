/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/roles.c - what each role is, its tables' sizes, and the slots that no provider may leave out. */
#include "bus/internal.h"

#define SLOT(type, member) G_STRUCT_OFFSET(type, member)
#define MAC_SLOTS                                                                                                   \
    sizeof(ObolMacVtable), { SLOT(ObolMacVtable, open), SLOT(ObolMacVtable, update), SLOT(ObolMacVtable, finish),   \
                             SLOT(ObolMacVtable, close) }

const RoleInfo obol_role_infos[OBOL_N_ROLES] = {
    [OBOL_ROLE_KERNEL] = { "kernel", sizeof(ObolKernelVtable),
                           { SLOT(ObolKernelVtable, open), SLOT(ObolKernelVtable, close), SLOT(ObolKernelVtable, abilities),
                             SLOT(ObolKernelVtable, request) } },
    [OBOL_ROLE_SOCKET] = { "socket", sizeof(ObolSocketVtable),
                           { SLOT(ObolSocketVtable, open), SLOT(ObolSocketVtable, close), SLOT(ObolSocketVtable, send),
                             SLOT(ObolSocketVtable, ports), SLOT(ObolSocketVtable, source_for) } },
    [OBOL_ROLE_RANDOM] = { "random", sizeof(ObolRandomVtable), { SLOT(ObolRandomVtable, fill) } },
    [OBOL_ROLE_HASH] = { "hash", sizeof(ObolHashVtable), { SLOT(ObolHashVtable, sum) } },
    [OBOL_ROLE_PRF] = { "prf", MAC_SLOTS },
    [OBOL_ROLE_INTEG] = { "integ", MAC_SLOTS },
    [OBOL_ROLE_CIPHER] = { "cipher", sizeof(ObolCipherVtable),
                           { SLOT(ObolCipherVtable, key_bits), SLOT(ObolCipherVtable, open), SLOT(ObolCipherVtable, encrypt),
                             SLOT(ObolCipherVtable, decrypt), SLOT(ObolCipherVtable, close) } },
    [OBOL_ROLE_AEAD] = { "aead", sizeof(ObolAeadVtable),
                         { SLOT(ObolAeadVtable, key_bits), SLOT(ObolAeadVtable, open), SLOT(ObolAeadVtable, seal),
                           SLOT(ObolAeadVtable, unseal), SLOT(ObolAeadVtable, close) } },
    [OBOL_ROLE_KE] = { "ke", sizeof(ObolKeVtable),
                       { SLOT(ObolKeVtable, offer), SLOT(ObolKeVtable, accept), SLOT(ObolKeVtable, complete),
                         SLOT(ObolKeVtable, close) } },
    [OBOL_ROLE_CONTROL] = { "control", sizeof(ObolControlVtable),
                            { SLOT(ObolControlVtable, open), SLOT(ObolControlVtable, close) } },
    [OBOL_ROLE_LISTENER] = { "listener", sizeof(ObolListenerVtable), { 0 } },
    [OBOL_ROLE_NETWORK] = { "network", sizeof(ObolNetworkVtable),
                            { SLOT(ObolNetworkVtable, open), SLOT(ObolNetworkVtable, close), SLOT(ObolNetworkVtable, add_route),
                              SLOT(ObolNetworkVtable, remove_route), SLOT(ObolNetworkVtable, each_address),
                              SLOT(ObolNetworkVtable, address_in) } },
};

const char *
obol_role_name(ObolRoleKind role)
{
    if ((guint) role >= OBOL_N_ROLES || obol_role_infos[role].name == NULL)
        return "unknown";
    return obol_role_infos[role].name;
}
