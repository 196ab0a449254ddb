/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/rules.c - what a message must and may have, each way (RFC 2367 section 3.1; policies as KAME and Linux have them). */
#include "pfkey-kernel/coding/extension.h"

#define BIT(extension) (1u << PFKEY_EXT_##extension)

#define SA BIT(SA)
#define ADDRESSES (BIT(ADDRESS_SRC) | BIT(ADDRESS_DST))
#define PROXY BIT(ADDRESS_PROXY)
#define LIMITS (BIT(LIFETIME_HARD) | BIT(LIFETIME_SOFT))
#define LIFETIMES (LIMITS | BIT(LIFETIME_CURRENT))
#define KEYS (BIT(KEY_AUTH) | BIT(KEY_ENCRYPT))
#define IDENTITIES (BIT(IDENTITY_SRC) | BIT(IDENTITY_DST))
#define PORTS (BIT(X_NAT_T_SPORT) | BIT(X_NAT_T_DPORT))
#define NAT (BIT(X_NAT_T_TYPE) | PORTS | BIT(X_NAT_T_OA))
#define SENSITIVITY BIT(SENSITIVITY)
#define SEC_CTX BIT(X_SEC_CTX)
#define SA2 BIT(X_SA2)
#define POLICY BIT(X_POLICY)
#define PROPOSAL BIT(PROPOSAL)
#define SUPPORTED (BIT(SUPPORTED_AUTH) | BIT(SUPPORTED_ENCRYPT))

/* An SA as the kernel tells it.  It may repeat what it was told. */
#define SA_TOLD (SA | LIFETIMES | ADDRESSES | PROXY | KEYS | IDENTITIES | SENSITIVITY | SA2 | NAT | SEC_CTX | BIT(X_KMPRIVATE))
#define SA_GIVEN (SA_TOLD & ~BIT(LIFETIME_CURRENT))
#define POLICY_TOLD (ADDRESSES | PROXY | POLICY | LIFETIMES | SEC_CTX | BIT(X_SA2))
#define POLICY_GIVEN (ADDRESSES | PROXY | POLICY | LIMITS | SEC_CTX)
#define ACQUIRE_TOLD (ADDRESSES | PROXY | IDENTITIES | SENSITIVITY | PROPOSAL | POLICY | SEC_CTX | SA2)

typedef struct {
    gboolean allowed; /* this way, at all */
    guint32 required, optional;
} Rule;

typedef struct {
    Rule down, up;
    gboolean one_satype; /* downwards: of AH, ESP or IPComp, and not of all */
} Rules;

static const Rules rules[PFKEY_N_TYPES] = {
    [PFKEY_GETSPI] = { { TRUE, ADDRESSES, PROXY | BIT(SPIRANGE) | SA2 | BIT(X_KMPRIVATE) }, { TRUE, SA | ADDRESSES, SA_TOLD },
                       .one_satype = TRUE },
    [PFKEY_UPDATE] = { { TRUE, SA | ADDRESSES, SA_GIVEN }, { TRUE, SA | ADDRESSES, SA_TOLD }, .one_satype = TRUE },
    [PFKEY_ADD] = { { TRUE, SA | ADDRESSES, SA_GIVEN }, { TRUE, SA | ADDRESSES, SA_TOLD }, .one_satype = TRUE },
    [PFKEY_DELETE] = { { TRUE, SA | ADDRESSES, 0 }, { TRUE, SA | ADDRESSES, SA_TOLD }, .one_satype = TRUE },
    [PFKEY_GET] = { { TRUE, SA | ADDRESSES, 0 }, { TRUE, SA | ADDRESSES, SA_TOLD }, .one_satype = TRUE },
    [PFKEY_ACQUIRE] = { { TRUE, 0, 0 }, { TRUE, 0, ACQUIRE_TOLD } },
    [PFKEY_REGISTER] = { { TRUE, 0, 0 }, { TRUE, 0, SUPPORTED } },
    [PFKEY_EXPIRE] = { { FALSE, 0, 0 }, { TRUE, SA | ADDRESSES, SA_TOLD } },
    [PFKEY_FLUSH] = { { TRUE, 0, 0 }, { TRUE, 0, 0 } },
    [PFKEY_DUMP] = { { TRUE, 0, BIT(X_FILTER) }, { TRUE, SA | ADDRESSES, SA_TOLD } },
    [PFKEY_X_PROMISC] = { { TRUE, 0, 0 }, { TRUE, 0, 0 } },
    [PFKEY_X_PCHANGE] = { { FALSE, 0, 0 }, { TRUE, 0, 0 } },
    [PFKEY_X_SPDUPDATE] = { { TRUE, ADDRESSES | POLICY, POLICY_GIVEN }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDADD] = { { TRUE, ADDRESSES | POLICY, POLICY_GIVEN }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDDELETE] = { { TRUE, ADDRESSES | POLICY, PROXY | SEC_CTX }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDGET] = { { TRUE, POLICY, 0 }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDACQUIRE] = { { FALSE, 0, 0 }, { TRUE, 0, ACQUIRE_TOLD } },
    [PFKEY_X_SPDDUMP] = { { TRUE, 0, 0 }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDFLUSH] = { { TRUE, 0, 0 }, { TRUE, 0, 0 } },
    [PFKEY_X_SPDSETIDX] = { { TRUE, ADDRESSES | POLICY, POLICY_GIVEN }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDEXPIRE] = { { FALSE, 0, 0 }, { TRUE, ADDRESSES | POLICY, POLICY_TOLD } },
    [PFKEY_X_SPDDELETE2] = { { TRUE, POLICY, 0 }, { TRUE, POLICY, POLICY_TOLD } },
    [PFKEY_X_NAT_T_NEW_MAPPING] = { { FALSE, 0, 0 }, { TRUE, SA | ADDRESSES | PORTS, 0 } },
    [PFKEY_X_MIGRATE] = { { TRUE, ADDRESSES | POLICY, BIT(X_KMADDRESS) }, { TRUE, ADDRESSES | POLICY, BIT(X_KMADDRESS) } },
};

static gboolean
refuse(PfkeyFault *fault, PfkeyExtension extension, const char *rule)
{
    *fault = (PfkeyFault) { .extension = extension, .rule = rule };
    return FALSE;
}

/* The first of a set of extensions, for the fault. */
static PfkeyExtension
first_of(guint32 set)
{
    for (int extension = 1; extension < PFKEY_N_EXTENSIONS; extension++)
        if ((set >> extension & 1) != 0)
            return (PfkeyExtension) extension;
    return PFKEY_EXT_UNKNOWN;
}

/* Bits of the selector's or SA's address that may count. */
static gboolean
prefix_fits(const PfkeyAddress *address)
{
    return address->prefix <= obol_address_n_bytes(&address->address) * 8;
}

static gboolean
check_addresses(const PfkeyMessage *message, PfkeyFault *fault)
{
    const struct { PfkeyExtension extension; const PfkeyAddress *address; } all[] = {
        { PFKEY_EXT_ADDRESS_SRC, &message->source }, { PFKEY_EXT_ADDRESS_DST, &message->destination },
        { PFKEY_EXT_ADDRESS_PROXY, &message->proxy },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        if (pfkey_message_has(message, all[i].extension) && !prefix_fits(all[i].address))
            return refuse(fault, all[i].extension, "a prefix is longer than the address (RFC 2367 section 2.3.3)");
    if ((message->present & ADDRESSES) == ADDRESSES &&
        message->source.address.family != message->destination.address.family)
        return refuse(fault, PFKEY_EXT_ADDRESS_DST, "source and destination are of two families (RFC 2367 section 2.3.3)");
    return TRUE;
}

/* RFC 2367 sections 3.1.2 and 3.1.3, and what Linux wants beyond: a larval becomes an SA by its keys, limits come in pairs. */
static gboolean
check_new_sa(const PfkeyMessage *message, PfkeyFault *fault)
{
    if (message->header.satype == PFKEY_SATYPE_ESP && !pfkey_message_has(message, PFKEY_EXT_KEY_ENCRYPT))
        return refuse(fault, PFKEY_EXT_KEY_ENCRYPT, "ESP without a key to encrypt by (RFC 2367 section 2.3.4)");
    if (message->header.satype == PFKEY_SATYPE_AH && !pfkey_message_has(message, PFKEY_EXT_KEY_AUTH))
        return refuse(fault, PFKEY_EXT_KEY_AUTH, "AH without a key to authenticate by (RFC 2367 section 2.3.4)");
    if ((message->present & LIMITS) != 0 && (message->present & LIMITS) != LIMITS)
        return refuse(fault, first_of(message->present & LIMITS), "soft and hard lifetime come together (RFC 2367 section 2.3.2)");
    return TRUE;
}

static gboolean
check_policy(const PfkeyMessage *message, PfkeyFault *fault)
{
    gboolean by_id = message->header.type == PFKEY_X_SPDGET || message->header.type == PFKEY_X_SPDDELETE2;
    guint8 direction = message->policy.direction;

    if (!by_id && (direction < PFKEY_DIR_IN || direction > PFKEY_DIR_FORWARD))
        return refuse(fault, PFKEY_EXT_X_POLICY, "a policy's direction is in, out or forward");
    if (message->policy.type > PFKEY_POLICY_IPSEC)
        return refuse(fault, PFKEY_EXT_X_POLICY, "a policy of a kind that only a socket may have");
    if (message->header.type == PFKEY_X_MIGRATE && (message->policy.n == 0 || message->policy.n % 2 != 0))
        return refuse(fault, PFKEY_EXT_X_POLICY, "MIGRATE wants pairs of old and new requests");
    return TRUE;
}

/* What a kernel would refuse anyhow, and what it would misunderstand. */
static gboolean
check_down(const PfkeyMessage *message, PfkeyFault *fault)
{
    const PfkeyHeader *header = &message->header;

    if (header->reserved != 0)
        return refuse(fault, PFKEY_EXT_UNKNOWN, "the reserved field is not zero (RFC 2367 section 2.1)");
    if ((header->error != 0) != (header->type == PFKEY_ACQUIRE))
        return refuse(fault, PFKEY_EXT_UNKNOWN, "an errno is told to the kernel in ACQUIRE, and only there (RFC 2367 section 3.1.6)");
    if (header->satype > PFKEY_SATYPE_IPCOMP)
        return refuse(fault, PFKEY_EXT_UNKNOWN, "no such SA type (RFC 2367 section 3.4)");
    if (rules[header->type].one_satype && header->satype != PFKEY_SATYPE_AH && header->satype != PFKEY_SATYPE_ESP &&
        header->satype != PFKEY_SATYPE_IPCOMP)
        return refuse(fault, PFKEY_EXT_UNKNOWN, "an SA is of AH, ESP or IPComp (RFC 2367 section 3.4)");
    if (header->type == PFKEY_X_PROMISC && (header->satype > 1 || message->inner.n > 0))
        return refuse(fault, PFKEY_EXT_UNKNOWN, "PROMISC is turned on by 1 and off by 0, and carries nothing (RFC 2367 appendix A)");
    if ((header->type == PFKEY_ADD || header->type == PFKEY_UPDATE) && !check_new_sa(message, fault))
        return FALSE;
    if (pfkey_message_has(message, PFKEY_EXT_X_POLICY) && !check_policy(message, fault))
        return FALSE;
    for (guint i = 0; i < message->n_entries; i++)
        if (message->entries[i].kind == PFKEY_EXT_UNKNOWN) {
            *fault = (PfkeyFault) { .number = message->entries[i].number,
                                    .rule = "an extension that this system does not know (it would skip it in silence)" };
            return FALSE;
        }
    return check_addresses(message, fault);
}

gboolean
pfkey_message_check(const PfkeyMessage *message, PfkeyWay way, PfkeyFault *fault)
{
    const Rules *both = &rules[message->header.type];
    const Rule *rule = way == PFKEY_DOWN ? &both->down : &both->up;
    guint32 missing = rule->required & ~message->present;
    guint32 surplus = message->present & ~(rule->required | rule->optional);

    *fault = (PfkeyFault) { 0 };
    if (!rule->allowed)
        return refuse(fault, PFKEY_EXT_UNKNOWN, "this message is sent by the kernel alone (RFC 2367 section 3.1)");
    if (way == PFKEY_UP && message->header.error != 0) /* may repeat all of the request, or none of it */
        return TRUE;
    if (missing != 0)
        return refuse(fault, first_of(missing), "the message lacks it (RFC 2367 section 3.1)");
    if (surplus != 0)
        return refuse(fault, first_of(surplus), "the message may not have it (RFC 2367 section 3.1)");
    if (message->header.type == PFKEY_EXPIRE && (message->present & LIMITS) == 0)
        return refuse(fault, PFKEY_EXT_LIFETIME_HARD, "an EXPIRE of no lifetime (RFC 2367 section 3.1.8)");
    return way == PFKEY_UP || check_down(message, fault);
}
