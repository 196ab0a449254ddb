/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/system.c - each system's numbers. */
#include "pfkey-kernel/wire/system.h"

/* What RFC 2367 fixes (sections 3.1 and 3.6, appendix A), and the policy messages that all children of KAME share. */
#define SHARED_TYPES \
    [PFKEY_GETSPI] = 1, [PFKEY_UPDATE] = 2, [PFKEY_ADD] = 3, [PFKEY_DELETE] = 4, [PFKEY_GET] = 5, [PFKEY_ACQUIRE] = 6, \
    [PFKEY_REGISTER] = 7, [PFKEY_EXPIRE] = 8, [PFKEY_FLUSH] = 9, [PFKEY_DUMP] = 10, [PFKEY_X_PROMISC] = 11, \
    [PFKEY_X_PCHANGE] = 12, [PFKEY_X_SPDUPDATE] = 13, [PFKEY_X_SPDADD] = 14, [PFKEY_X_SPDDELETE] = 15, [PFKEY_X_SPDGET] = 16, \
    [PFKEY_X_SPDACQUIRE] = 17, [PFKEY_X_SPDDUMP] = 18, [PFKEY_X_SPDFLUSH] = 19, [PFKEY_X_SPDSETIDX] = 20, \
    [PFKEY_X_SPDEXPIRE] = 21, [PFKEY_X_SPDDELETE2] = 22

#define SHARED_EXTENSIONS \
    [PFKEY_EXT_SA] = 1, [PFKEY_EXT_LIFETIME_CURRENT] = 2, [PFKEY_EXT_LIFETIME_HARD] = 3, [PFKEY_EXT_LIFETIME_SOFT] = 4, \
    [PFKEY_EXT_ADDRESS_SRC] = 5, [PFKEY_EXT_ADDRESS_DST] = 6, [PFKEY_EXT_ADDRESS_PROXY] = 7, [PFKEY_EXT_KEY_AUTH] = 8, \
    [PFKEY_EXT_KEY_ENCRYPT] = 9, [PFKEY_EXT_IDENTITY_SRC] = 10, [PFKEY_EXT_IDENTITY_DST] = 11, \
    [PFKEY_EXT_SENSITIVITY] = 12, [PFKEY_EXT_PROPOSAL] = 13, [PFKEY_EXT_SUPPORTED_AUTH] = 14, \
    [PFKEY_EXT_SUPPORTED_ENCRYPT] = 15, [PFKEY_EXT_SPIRANGE] = 16, [PFKEY_EXT_X_KMPRIVATE] = 17, [PFKEY_EXT_X_POLICY] = 18, \
    [PFKEY_EXT_X_SA2] = 19, [PFKEY_EXT_X_NAT_T_TYPE] = 20, [PFKEY_EXT_X_NAT_T_SPORT] = 21, [PFKEY_EXT_X_NAT_T_DPORT] = 22, \
    [PFKEY_EXT_X_NAT_T_OA] = 23

const PfkeySystem pfkey_linux = {
    .name = "Linux", .id = 1,
    .types = { SHARED_TYPES, [PFKEY_X_NAT_T_NEW_MAPPING] = 23, [PFKEY_X_MIGRATE] = 24 },
    .extensions = { SHARED_EXTENSIONS, [PFKEY_EXT_X_SEC_CTX] = 24, [PFKEY_EXT_X_KMADDRESS] = 25, [PFKEY_EXT_X_FILTER] = 26 },
    .inet = 2, .inet6 = 10,
};

/* 24 and up are other things there: they stay unknown, and are kept as bytes. */
const PfkeySystem pfkey_freebsd = {
    .name = "FreeBSD", .id = 2,
    .types = { SHARED_TYPES },
    .extensions = { SHARED_EXTENSIONS },
    .inet = 2, .inet6 = 28, .sockaddr_length = TRUE, .short_request = TRUE,
};

const PfkeySystem *
pfkey_system_by_id(guint8 id)
{
    static const PfkeySystem *const systems[] = { &pfkey_linux, &pfkey_freebsd };

    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++)
        if (systems[i]->id == id)
            return systems[i];
    return NULL;
}

PfkeyType
pfkey_system_type(const PfkeySystem *system, guint8 number)
{
    for (int type = 1; number != 0 && type < PFKEY_N_TYPES; type++)
        if (system->types[type] == number)
            return (PfkeyType) type;
    return (PfkeyType) 0;
}

PfkeyExtension
pfkey_system_extension(const PfkeySystem *system, guint16 number)
{
    for (int extension = 1; number != 0 && extension < PFKEY_N_EXTENSIONS; extension++)
        if (system->extensions[extension] == number)
            return (PfkeyExtension) extension;
    return PFKEY_EXT_UNKNOWN;
}
