/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/names.c - PF_KEY's numbers in words. */
#include "pfkey-kernel/wire/system.h"

static const char *
name(const char *const *names, gsize n, guint value)
{
    return value < n && names[value] != NULL ? names[value] : "?";
}

#define NAME(names, value) name(names, G_N_ELEMENTS(names), value)

const char *
pfkey_type_name(PfkeyType type)
{
    static const char *const names[PFKEY_N_TYPES] = {
        [PFKEY_GETSPI] = "GETSPI", [PFKEY_UPDATE] = "UPDATE", [PFKEY_ADD] = "ADD", [PFKEY_DELETE] = "DELETE",
        [PFKEY_GET] = "GET", [PFKEY_ACQUIRE] = "ACQUIRE", [PFKEY_REGISTER] = "REGISTER", [PFKEY_EXPIRE] = "EXPIRE",
        [PFKEY_FLUSH] = "FLUSH", [PFKEY_DUMP] = "DUMP", [PFKEY_X_PROMISC] = "PROMISC", [PFKEY_X_PCHANGE] = "PCHANGE",
        [PFKEY_X_SPDUPDATE] = "SPDUPDATE", [PFKEY_X_SPDADD] = "SPDADD", [PFKEY_X_SPDDELETE] = "SPDDELETE",
        [PFKEY_X_SPDGET] = "SPDGET", [PFKEY_X_SPDACQUIRE] = "SPDACQUIRE", [PFKEY_X_SPDDUMP] = "SPDDUMP",
        [PFKEY_X_SPDFLUSH] = "SPDFLUSH", [PFKEY_X_SPDSETIDX] = "SPDSETIDX", [PFKEY_X_SPDEXPIRE] = "SPDEXPIRE",
        [PFKEY_X_SPDDELETE2] = "SPDDELETE2", [PFKEY_X_NAT_T_NEW_MAPPING] = "NAT_T_NEW_MAPPING", [PFKEY_X_MIGRATE] = "MIGRATE",
    };

    return NAME(names, type);
}

const char *
pfkey_extension_name(PfkeyExtension extension)
{
    static const char *const names[PFKEY_N_EXTENSIONS] = {
        [PFKEY_EXT_SA] = "SA", [PFKEY_EXT_LIFETIME_CURRENT] = "LIFETIME_CURRENT", [PFKEY_EXT_LIFETIME_HARD] = "LIFETIME_HARD",
        [PFKEY_EXT_LIFETIME_SOFT] = "LIFETIME_SOFT", [PFKEY_EXT_ADDRESS_SRC] = "ADDRESS_SRC",
        [PFKEY_EXT_ADDRESS_DST] = "ADDRESS_DST", [PFKEY_EXT_ADDRESS_PROXY] = "ADDRESS_PROXY", [PFKEY_EXT_KEY_AUTH] = "KEY_AUTH",
        [PFKEY_EXT_KEY_ENCRYPT] = "KEY_ENCRYPT", [PFKEY_EXT_IDENTITY_SRC] = "IDENTITY_SRC",
        [PFKEY_EXT_IDENTITY_DST] = "IDENTITY_DST", [PFKEY_EXT_SENSITIVITY] = "SENSITIVITY", [PFKEY_EXT_PROPOSAL] = "PROPOSAL",
        [PFKEY_EXT_SUPPORTED_AUTH] = "SUPPORTED_AUTH", [PFKEY_EXT_SUPPORTED_ENCRYPT] = "SUPPORTED_ENCRYPT",
        [PFKEY_EXT_SPIRANGE] = "SPIRANGE", [PFKEY_EXT_X_KMPRIVATE] = "KMPRIVATE", [PFKEY_EXT_X_POLICY] = "POLICY",
        [PFKEY_EXT_X_SA2] = "SA2", [PFKEY_EXT_X_NAT_T_TYPE] = "NAT_T_TYPE", [PFKEY_EXT_X_NAT_T_SPORT] = "NAT_T_SPORT",
        [PFKEY_EXT_X_NAT_T_DPORT] = "NAT_T_DPORT", [PFKEY_EXT_X_NAT_T_OA] = "NAT_T_OA", [PFKEY_EXT_X_SEC_CTX] = "SEC_CTX",
        [PFKEY_EXT_X_KMADDRESS] = "KMADDRESS", [PFKEY_EXT_X_FILTER] = "FILTER",
    };

    return NAME(names, extension);
}

const char *
pfkey_satype_name(guint8 satype)
{
    static const char *const names[] = {
        [PFKEY_SATYPE_UNSPEC] = "UNSPEC", [PFKEY_SATYPE_AH] = "AH", [PFKEY_SATYPE_ESP] = "ESP", [5] = "RSVP", [6] = "OSPFV2",
        [7] = "RIPV2", [8] = "MIP", [PFKEY_SATYPE_IPCOMP] = "IPCOMP",
    };

    return NAME(names, satype);
}

const char *
pfkey_auth_name(guint8 algorithm)
{
    static const char *const names[256] = {
        [PFKEY_AALG_NONE] = "none", [PFKEY_AALG_MD5_HMAC] = "HMAC-MD5", [PFKEY_AALG_SHA1_HMAC] = "HMAC-SHA1",
        [PFKEY_AALG_SHA2_256_HMAC] = "HMAC-SHA2-256", [PFKEY_AALG_SHA2_384_HMAC] = "HMAC-SHA2-384",
        [PFKEY_AALG_SHA2_512_HMAC] = "HMAC-SHA2-512", [PFKEY_AALG_RIPEMD160_HMAC] = "HMAC-RIPEMD160",
        [PFKEY_AALG_AES_XCBC] = "AES-XCBC", [PFKEY_AALG_SM3_HMAC] = "HMAC-SM3", [PFKEY_AALG_NULL] = "NULL",
    };

    return NAME(names, algorithm);
}

const char *
pfkey_encr_name(guint8 algorithm)
{
    static const char *const names[256] = {
        [PFKEY_EALG_NONE] = "none", [PFKEY_EALG_DES_CBC] = "DES-CBC", [PFKEY_EALG_3DES_CBC] = "3DES-CBC",
        [PFKEY_EALG_CAST_CBC] = "CAST-CBC", [PFKEY_EALG_BLOWFISH_CBC] = "BLOWFISH-CBC", [PFKEY_EALG_NULL] = "NULL",
        [PFKEY_EALG_AES_CBC] = "AES-CBC", [PFKEY_EALG_AES_CTR] = "AES-CTR", [PFKEY_EALG_AES_CCM_8] = "AES-CCM-8",
        [PFKEY_EALG_AES_CCM_12] = "AES-CCM-12", [PFKEY_EALG_AES_CCM_16] = "AES-CCM-16", [PFKEY_EALG_AES_GCM_8] = "AES-GCM-8",
        [PFKEY_EALG_AES_GCM_12] = "AES-GCM-12", [PFKEY_EALG_AES_GCM_16] = "AES-GCM-16", [PFKEY_EALG_CAMELLIA_CBC] = "CAMELLIA-CBC",
        [PFKEY_EALG_AES_GMAC] = "AES-GMAC", [PFKEY_EALG_SM4_CBC] = "SM4-CBC", [PFKEY_EALG_SERPENT_CBC] = "SERPENT-CBC",
        [PFKEY_EALG_TWOFISH_CBC] = "TWOFISH-CBC",
    };

    return NAME(names, algorithm);
}

const char *
pfkey_mode_name(guint8 mode)
{
    static const char *const names[] = { "any", "transport", "tunnel", "BEET" };

    return NAME(names, mode);
}

const char *
pfkey_direction_name(guint8 direction)
{
    static const char *const names[] = { "any", "in", "out", "forward" };

    return NAME(names, direction);
}

const char *
pfkey_policy_name(guint16 type)
{
    static const char *const names[] = { "discard", "none", "ipsec", "entrust", "bypass" };

    return NAME(names, type);
}

const char *
pfkey_level_name(guint8 level)
{
    static const char *const names[] = { "default", "use", "require", "unique" };

    return NAME(names, level);
}

const char *
pfkey_state_name(guint8 state)
{
    static const char *const names[] = { "larval", "mature", "dying", "dead" };

    return NAME(names, state);
}
