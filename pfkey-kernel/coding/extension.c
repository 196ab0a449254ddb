/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/extension.c - the table of all extensions. */
#include "pfkey-kernel/coding/extension.h"

#define MEMBER(name) G_STRUCT_OFFSET(PfkeyMessage, name), sizeof(((PfkeyMessage *) NULL)->name)

static const PfkeyCoding codings[PFKEY_N_EXTENSIONS] = {
    [PFKEY_EXT_SA] = { MEMBER(sa), pfkey_decode_sa, pfkey_encode_sa, pfkey_dump_sa },
    [PFKEY_EXT_LIFETIME_CURRENT] = { MEMBER(current), pfkey_decode_lifetime, pfkey_encode_lifetime, pfkey_dump_lifetime },
    [PFKEY_EXT_LIFETIME_HARD] = { MEMBER(hard), pfkey_decode_lifetime, pfkey_encode_lifetime, pfkey_dump_lifetime },
    [PFKEY_EXT_LIFETIME_SOFT] = { MEMBER(soft), pfkey_decode_lifetime, pfkey_encode_lifetime, pfkey_dump_lifetime },
    [PFKEY_EXT_ADDRESS_SRC] = { MEMBER(source), pfkey_decode_address, pfkey_encode_address, pfkey_dump_selector },
    [PFKEY_EXT_ADDRESS_DST] = { MEMBER(destination), pfkey_decode_address, pfkey_encode_address, pfkey_dump_selector },
    [PFKEY_EXT_ADDRESS_PROXY] = { MEMBER(proxy), pfkey_decode_address, pfkey_encode_address, pfkey_dump_selector },
    [PFKEY_EXT_KEY_AUTH] = { MEMBER(auth_key), pfkey_decode_key, pfkey_encode_key, pfkey_dump_key },
    [PFKEY_EXT_KEY_ENCRYPT] = { MEMBER(encr_key), pfkey_decode_key, pfkey_encode_key, pfkey_dump_key },
    [PFKEY_EXT_IDENTITY_SRC] = { MEMBER(source_identity), pfkey_decode_identity, pfkey_encode_identity, pfkey_dump_identity },
    [PFKEY_EXT_IDENTITY_DST] = { MEMBER(destination_identity), pfkey_decode_identity, pfkey_encode_identity,
                                 pfkey_dump_identity },
    [PFKEY_EXT_SENSITIVITY] = { MEMBER(sensitivity), pfkey_decode_sensitivity, pfkey_encode_sensitivity,
                                pfkey_dump_sensitivity },
    [PFKEY_EXT_PROPOSAL] = { MEMBER(proposal), pfkey_decode_proposal, pfkey_encode_proposal, pfkey_dump_proposal },
    [PFKEY_EXT_SUPPORTED_AUTH] = { MEMBER(supported_auth), pfkey_decode_supported, pfkey_encode_supported,
                                   pfkey_dump_supported_auth },
    [PFKEY_EXT_SUPPORTED_ENCRYPT] = { MEMBER(supported_encr), pfkey_decode_supported, pfkey_encode_supported,
                                      pfkey_dump_supported_encr },
    [PFKEY_EXT_SPIRANGE] = { MEMBER(spi_range), pfkey_decode_spi_range, pfkey_encode_spi_range, pfkey_dump_spi_range },
    [PFKEY_EXT_X_KMPRIVATE] = { MEMBER(km_private), pfkey_decode_km_private, pfkey_encode_km_private, pfkey_dump_km_private },
    [PFKEY_EXT_X_POLICY] = { MEMBER(policy), pfkey_decode_policy, pfkey_encode_policy, pfkey_dump_policy },
    [PFKEY_EXT_X_SA2] = { MEMBER(sa2), pfkey_decode_sa2, pfkey_encode_sa2, pfkey_dump_sa2 },
    [PFKEY_EXT_X_NAT_T_TYPE] = { MEMBER(nat_type), pfkey_decode_nat_type, pfkey_encode_nat_type, pfkey_dump_nat_type },
    [PFKEY_EXT_X_NAT_T_SPORT] = { MEMBER(nat_sport), pfkey_decode_nat_port, pfkey_encode_nat_port, pfkey_dump_nat_port },
    [PFKEY_EXT_X_NAT_T_DPORT] = { MEMBER(nat_dport), pfkey_decode_nat_port, pfkey_encode_nat_port, pfkey_dump_nat_port },
    [PFKEY_EXT_X_NAT_T_OA] = { MEMBER(nat_original), pfkey_decode_address, pfkey_encode_address, pfkey_dump_selector },
    [PFKEY_EXT_X_SEC_CTX] = { MEMBER(sec_ctx), pfkey_decode_sec_ctx, pfkey_encode_sec_ctx, pfkey_dump_sec_ctx },
    [PFKEY_EXT_X_KMADDRESS] = { MEMBER(km_address), pfkey_decode_km_address, pfkey_encode_km_address, pfkey_dump_km_address },
    [PFKEY_EXT_X_FILTER] = { MEMBER(filter), pfkey_decode_filter, pfkey_encode_filter, pfkey_dump_filter },
};

const PfkeyCoding *
pfkey_coding(PfkeyExtension extension)
{
    return extension > PFKEY_EXT_UNKNOWN && extension < PFKEY_N_EXTENSIONS ? &codings[extension] : NULL;
}

void
pfkey_fault_set(PfkeyFault *fault, const char *rule)
{
    if (fault->rule == NULL)
        fault->rule = rule;
}

void
pfkey_decode_padding(PfkeyCursor *body)
{
    pfkey_cursor_require(body, pfkey_cursor_left(body) < PFKEY_WORD,
                         "an extension is longer than what it holds (RFC 2367 section 2.2)");
    pfkey_cursor_rest(body);
}

char *
pfkey_fault_text(const PfkeyFault *fault)
{
    const char *rule = fault->rule != NULL ? fault->rule : "no fault";

    if (fault->number == 0 && fault->extension == PFKEY_EXT_UNKNOWN)
        return g_strdup_printf("byte %" G_GSIZE_FORMAT ": %s", fault->offset, rule);
    if (fault->extension == PFKEY_EXT_UNKNOWN)
        return g_strdup_printf("byte %" G_GSIZE_FORMAT ", extension %u: %s", fault->offset, fault->number, rule);
    return g_strdup_printf("byte %" G_GSIZE_FORMAT ", %s: %s", fault->offset, pfkey_extension_name(fault->extension), rule);
}
