/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/system.h - the numbers of PF_KEY, and in which of them the systems differ.
 *
 * RFC 2367 fixes message types up to 10 and extensions up to 16.  What is above is each system's own, and so is the form of a
 * socket address.  The codec counts by the enumerations below and asks a PfkeySystem for what stands on the wire: no system's
 * header is included anywhere. */
#ifndef PFKEY_WIRE_SYSTEM_H
#define PFKEY_WIRE_SYSTEM_H

#include <obol/macros.h>

#define PFKEY_VERSION 2        /* RFC 2367 section 2.1 */
#define PFKEY_MESSAGE_HEADER 16
#define PFKEY_EXTENSION_HEADER 4
#define PFKEY_WORD 8           /* lengths are told in words of 64 bits (section 2.2) */
#define PFKEY_MESSAGE_MAX (65535 * PFKEY_WORD)

/* Message types.  The values are ours (they happen to be Linux's). */
typedef enum {
    PFKEY_GETSPI = 1,
    PFKEY_UPDATE,
    PFKEY_ADD,
    PFKEY_DELETE,
    PFKEY_GET,
    PFKEY_ACQUIRE,
    PFKEY_REGISTER,
    PFKEY_EXPIRE,
    PFKEY_FLUSH,
    PFKEY_DUMP,
    PFKEY_X_PROMISC, /* RFC 2367 appendix A */
    PFKEY_X_PCHANGE,
    PFKEY_X_SPDUPDATE,
    PFKEY_X_SPDADD,
    PFKEY_X_SPDDELETE, /* by selector and direction */
    PFKEY_X_SPDGET,    /* by policy id */
    PFKEY_X_SPDACQUIRE,
    PFKEY_X_SPDDUMP,
    PFKEY_X_SPDFLUSH,
    PFKEY_X_SPDSETIDX,
    PFKEY_X_SPDEXPIRE,
    PFKEY_X_SPDDELETE2, /* by policy id */
    PFKEY_X_NAT_T_NEW_MAPPING,
    PFKEY_X_MIGRATE,
    PFKEY_N_TYPES
} PfkeyType;

/* Extensions.  The values are ours, too. */
typedef enum {
    PFKEY_EXT_UNKNOWN, /* one that the system's table does not have: kept as bytes */
    PFKEY_EXT_SA,
    PFKEY_EXT_LIFETIME_CURRENT,
    PFKEY_EXT_LIFETIME_HARD,
    PFKEY_EXT_LIFETIME_SOFT,
    PFKEY_EXT_ADDRESS_SRC,
    PFKEY_EXT_ADDRESS_DST,
    PFKEY_EXT_ADDRESS_PROXY,
    PFKEY_EXT_KEY_AUTH,
    PFKEY_EXT_KEY_ENCRYPT,
    PFKEY_EXT_IDENTITY_SRC,
    PFKEY_EXT_IDENTITY_DST,
    PFKEY_EXT_SENSITIVITY,
    PFKEY_EXT_PROPOSAL,
    PFKEY_EXT_SUPPORTED_AUTH,
    PFKEY_EXT_SUPPORTED_ENCRYPT,
    PFKEY_EXT_SPIRANGE,
    PFKEY_EXT_X_KMPRIVATE,
    PFKEY_EXT_X_POLICY,
    PFKEY_EXT_X_SA2,
    PFKEY_EXT_X_NAT_T_TYPE,
    PFKEY_EXT_X_NAT_T_SPORT,
    PFKEY_EXT_X_NAT_T_DPORT,
    PFKEY_EXT_X_NAT_T_OA,
    PFKEY_EXT_X_SEC_CTX,
    PFKEY_EXT_X_KMADDRESS,
    PFKEY_EXT_X_FILTER,
    PFKEY_N_EXTENSIONS
} PfkeyExtension;

/* RFC 2367 section 3.4 */
enum { PFKEY_SATYPE_UNSPEC = 0, PFKEY_SATYPE_AH = 2, PFKEY_SATYPE_ESP = 3, PFKEY_SATYPE_IPCOMP = 9 };
/* Section 3.3 */
enum { PFKEY_STATE_LARVAL, PFKEY_STATE_MATURE, PFKEY_STATE_DYING, PFKEY_STATE_DEAD };
/* Section 3.2, and Linux's own */
#define PFKEY_SAFLAG_PFS 1u
#define PFKEY_SAFLAG_NOPMTUDISC 0x20000000u
#define PFKEY_SAFLAG_DECAP_DSCP 0x40000000u
#define PFKEY_SAFLAG_NOECN 0x80000000u

enum { PFKEY_MODE_ANY, PFKEY_MODE_TRANSPORT, PFKEY_MODE_TUNNEL, PFKEY_MODE_BEET };
enum { PFKEY_DIR_ANY, PFKEY_DIR_IN, PFKEY_DIR_OUT, PFKEY_DIR_FORWARD }; /* FORWARD: Linux */
enum { PFKEY_POLICY_DISCARD, PFKEY_POLICY_NONE, PFKEY_POLICY_IPSEC, PFKEY_POLICY_ENTRUST, PFKEY_POLICY_BYPASS };
enum { PFKEY_LEVEL_DEFAULT, PFKEY_LEVEL_USE, PFKEY_LEVEL_REQUIRE, PFKEY_LEVEL_UNIQUE };
enum { PFKEY_IDENT_PREFIX = 1, PFKEY_IDENT_FQDN, PFKEY_IDENT_USERFQDN }; /* RFC 2367 section 3.7 */
#define PFKEY_PROTO_ANY 255         /* of a selector's upper protocol */
#define PFKEY_ENCAP_ESP_IN_UDP 2    /* RFC 3948, in NAT_T_TYPE */
#define PFKEY_REQID_MANUAL_MAX 16383 /* Linux: what we may choose; above, the kernel does */

/* Algorithms (RFC 2367 section 3.5, RFC 2407 sections 4.4.3 to 4.4.5, and private ones).  Not IKEv2's transform numbers. */
enum {
    PFKEY_AALG_NONE = 0, PFKEY_AALG_MD5_HMAC = 2, PFKEY_AALG_SHA1_HMAC = 3, PFKEY_AALG_SHA2_256_HMAC = 5,
    PFKEY_AALG_SHA2_384_HMAC = 6, PFKEY_AALG_SHA2_512_HMAC = 7, PFKEY_AALG_RIPEMD160_HMAC = 8, PFKEY_AALG_AES_XCBC = 9,
    PFKEY_AALG_SM3_HMAC = 10, PFKEY_AALG_NULL = 251,
};
enum {
    PFKEY_EALG_NONE = 0, PFKEY_EALG_DES_CBC = 2, PFKEY_EALG_3DES_CBC = 3, PFKEY_EALG_CAST_CBC = 6,
    PFKEY_EALG_BLOWFISH_CBC = 7, PFKEY_EALG_NULL = 11, PFKEY_EALG_AES_CBC = 12, PFKEY_EALG_AES_CTR = 13,
    PFKEY_EALG_AES_CCM_8 = 14, PFKEY_EALG_AES_CCM_12 = 15, PFKEY_EALG_AES_CCM_16 = 16, PFKEY_EALG_AES_GCM_8 = 18,
    PFKEY_EALG_AES_GCM_12 = 19, PFKEY_EALG_AES_GCM_16 = 20, PFKEY_EALG_CAMELLIA_CBC = 22, PFKEY_EALG_AES_GMAC = 23,
    PFKEY_EALG_SM4_CBC = 24, PFKEY_EALG_SERPENT_CBC = 252, PFKEY_EALG_TWOFISH_CBC = 253,
};
enum { PFKEY_CALG_NONE, PFKEY_CALG_OUI, PFKEY_CALG_DEFLATE, PFKEY_CALG_LZS, PFKEY_CALG_LZJH };

/* One system's PF_KEY, as data. */
typedef struct {
    const char *name;
    guint8 id;                                /* on the wire between proxy and client */
    guint8 types[PFKEY_N_TYPES];              /* its number of each message type; 0: it has none */
    guint8 extensions[PFKEY_N_EXTENSIONS];    /* its number of each extension; 0: it has none */
    guint16 inet, inet6;                      /* its numbers of the address families */
    gboolean sockaddr_length;                 /* a socket address begins with its length in an octet, then the family in one */
    gboolean short_request;                   /* an ipsecrequest has no reserved fields, and a reqid of 16 bits */
} PfkeySystem;

extern const PfkeySystem pfkey_linux, pfkey_freebsd;

/* %NULL: no system has this @id. */
const PfkeySystem *pfkey_system_by_id(guint8 id);
/* 0 (and PFKEY_EXT_UNKNOWN): the system has none of this number. */
PfkeyType pfkey_system_type(const PfkeySystem *system, guint8 number);
PfkeyExtension pfkey_system_extension(const PfkeySystem *system, guint16 number);

/* "SPDADD", "ADDRESS_SRC", "ESP", "HMAC-SHA1" ...; "?" for what has no name.  Static strings. */
const char *pfkey_type_name(PfkeyType type);
const char *pfkey_extension_name(PfkeyExtension extension);
const char *pfkey_satype_name(guint8 satype);
const char *pfkey_auth_name(guint8 algorithm);
const char *pfkey_encr_name(guint8 algorithm);
const char *pfkey_mode_name(guint8 mode);
const char *pfkey_direction_name(guint8 direction);
const char *pfkey_policy_name(guint16 type);
const char *pfkey_level_name(guint8 level);
const char *pfkey_state_name(guint8 state);

#endif
