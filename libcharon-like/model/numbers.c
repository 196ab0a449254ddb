/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/numbers.c - the registries' names for the numbers of the wire. */
#include <obol/numbers.h>

#include <obol/listener.h>

typedef struct {
    guint16 number;
    const char *name;
} Name;

/* Each thread has its own, so that a dump needs no lock and no free. */
static const char *
name_of(const Name *names, gsize n, guint number)
{
    static __thread char text[16];

    for (gsize i = 0; i < n; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    g_snprintf(text, sizeof text, "(%u)", number);
    return text;
}
#define NAME_OF(names, number) name_of(names, G_N_ELEMENTS(names), number)

const char *
obol_exchange_name(guint8 exchange)
{
    static const Name names[] = {
        { OBOL_IKE_SA_INIT, "IKE_SA_INIT" },
        { OBOL_IKE_AUTH, "IKE_AUTH" },
        { OBOL_CREATE_CHILD_SA, "CREATE_CHILD_SA" },
        { OBOL_INFORMATIONAL, "INFORMATIONAL" },
        { OBOL_IKE_SESSION_RESUME, "IKE_SESSION_RESUME" },
        { OBOL_IKE_INTERMEDIATE, "IKE_INTERMEDIATE" },
        { OBOL_IKE_FOLLOWUP_KE, "IKE_FOLLOWUP_KE" },
    };
    return NAME_OF(names, exchange);
}

const char *
obol_payload_name(guint8 payload)
{
    static const Name names[] = {
        { OBOL_PAYLOAD_NONE, "none" }, { OBOL_PAYLOAD_SA, "SA" },           { OBOL_PAYLOAD_KE, "KE" },
        { OBOL_PAYLOAD_IDI, "IDi" },   { OBOL_PAYLOAD_IDR, "IDr" },         { OBOL_PAYLOAD_CERT, "CERT" },
        { OBOL_PAYLOAD_CERTREQ, "CERTREQ" }, { OBOL_PAYLOAD_AUTH, "AUTH" }, { OBOL_PAYLOAD_NONCE, "No" },
        { OBOL_PAYLOAD_NOTIFY, "N" },  { OBOL_PAYLOAD_DELETE, "D" },        { OBOL_PAYLOAD_VENDOR, "V" },
        { OBOL_PAYLOAD_TSI, "TSi" },   { OBOL_PAYLOAD_TSR, "TSr" },         { OBOL_PAYLOAD_SK, "SK" },
        { OBOL_PAYLOAD_CP, "CP" },     { OBOL_PAYLOAD_EAP, "EAP" },         { OBOL_PAYLOAD_SKF, "SKF" },
    };
    return NAME_OF(names, payload);
}

const char *
obol_protocol_name(guint8 protocol)
{
    static const Name names[] = {
        { OBOL_PROTO_NONE, "none" }, { OBOL_PROTO_IKE, "IKE" }, { OBOL_PROTO_AH, "AH" }, { OBOL_PROTO_ESP, "ESP" },
    };
    return NAME_OF(names, protocol);
}

const char *
obol_auth_method_name(guint8 method)
{
    static const Name names[] = {
        { OBOL_AUTH_RSA, "RSA_SIGNATURE" },      { OBOL_AUTH_PSK, "PRE_SHARED_KEY" },  { OBOL_AUTH_DSS, "DSS_SIGNATURE" },
        { OBOL_AUTH_ECDSA_256, "ECDSA_256" },    { OBOL_AUTH_ECDSA_384, "ECDSA_384" }, { OBOL_AUTH_ECDSA_521, "ECDSA_521" },
        { OBOL_AUTH_GSPM, "SECURE_PASSWORD" },   { OBOL_AUTH_NULL, "NULL" },           { OBOL_AUTH_SIGNATURE, "SIGNATURE" },
    };
    return NAME_OF(names, method);
}

#define NOTIFY(name) { OBOL_N_##name, #name }
const char *
obol_notify_name(guint16 type)
{
    static const Name names[] = {
        NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD), NOTIFY(INVALID_IKE_SPI), NOTIFY(INVALID_MAJOR_VERSION),
        NOTIFY(INVALID_SYNTAX), NOTIFY(INVALID_MESSAGE_ID), NOTIFY(INVALID_SPI), NOTIFY(NO_PROPOSAL_CHOSEN),
        NOTIFY(INVALID_KE_PAYLOAD), NOTIFY(AUTHENTICATION_FAILED), NOTIFY(SINGLE_PAIR_REQUIRED),
        NOTIFY(NO_ADDITIONAL_SAS), NOTIFY(INTERNAL_ADDRESS_FAILURE), NOTIFY(FAILED_CP_REQUIRED),
        NOTIFY(TS_UNACCEPTABLE), NOTIFY(INVALID_SELECTORS), NOTIFY(UNACCEPTABLE_ADDRESSES),
        NOTIFY(UNEXPECTED_NAT_DETECTED), { OBOL_N_USE_ASSIGNED_HOA, "USE_ASSIGNED_HoA" }, NOTIFY(TEMPORARY_FAILURE),
        NOTIFY(CHILD_SA_NOT_FOUND), NOTIFY(INVALID_GROUP_ID), NOTIFY(AUTHORIZATION_FAILED), NOTIFY(STATE_NOT_FOUND),
        NOTIFY(TS_MAX_QUEUE), NOTIFY(REGISTRATION_FAILED), NOTIFY(INITIAL_CONTACT), NOTIFY(SET_WINDOW_SIZE),
        NOTIFY(ADDITIONAL_TS_POSSIBLE), NOTIFY(IPCOMP_SUPPORTED), NOTIFY(NAT_DETECTION_SOURCE_IP),
        NOTIFY(NAT_DETECTION_DESTINATION_IP), NOTIFY(COOKIE), NOTIFY(USE_TRANSPORT_MODE),
        NOTIFY(HTTP_CERT_LOOKUP_SUPPORTED), NOTIFY(REKEY_SA), NOTIFY(ESP_TFC_PADDING_NOT_SUPPORTED),
        NOTIFY(NON_FIRST_FRAGMENTS_ALSO), NOTIFY(MOBIKE_SUPPORTED), NOTIFY(ADDITIONAL_IP4_ADDRESS),
        NOTIFY(ADDITIONAL_IP6_ADDRESS), NOTIFY(NO_ADDITIONAL_ADDRESSES), NOTIFY(UPDATE_SA_ADDRESSES), NOTIFY(COOKIE2),
        NOTIFY(NO_NATS_ALLOWED), NOTIFY(AUTH_LIFETIME), NOTIFY(MULTIPLE_AUTH_SUPPORTED), NOTIFY(ANOTHER_AUTH_FOLLOWS),
        NOTIFY(REDIRECT_SUPPORTED), NOTIFY(REDIRECT), NOTIFY(REDIRECTED_FROM), NOTIFY(TICKET_LT_OPAQUE),
        NOTIFY(TICKET_REQUEST), NOTIFY(TICKET_ACK), NOTIFY(TICKET_NACK), NOTIFY(TICKET_OPAQUE), NOTIFY(LINK_ID),
        NOTIFY(USE_WESP_MODE), NOTIFY(ROHC_SUPPORTED), NOTIFY(EAP_ONLY_AUTHENTICATION),
        NOTIFY(CHILDLESS_IKEV2_SUPPORTED), NOTIFY(QUICK_CRASH_DETECTION), NOTIFY(IKEV2_MESSAGE_ID_SYNC_SUPPORTED),
        NOTIFY(IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED), NOTIFY(IKEV2_MESSAGE_ID_SYNC), NOTIFY(IPSEC_REPLAY_COUNTER_SYNC),
        NOTIFY(SECURE_PASSWORD_METHODS), NOTIFY(PSK_PERSIST), NOTIFY(PSK_CONFIRM), NOTIFY(ERX_SUPPORTED),
        NOTIFY(IFOM_CAPABILITY), NOTIFY(GROUP_SENDER), NOTIFY(IKEV2_FRAGMENTATION_SUPPORTED),
        NOTIFY(SIGNATURE_HASH_ALGORITHMS), NOTIFY(CLONE_IKE_SA_SUPPORTED), NOTIFY(CLONE_IKE_SA), NOTIFY(PUZZLE),
        NOTIFY(USE_PPK), NOTIFY(PPK_IDENTITY), NOTIFY(NO_PPK_AUTH), NOTIFY(INTERMEDIATE_EXCHANGE_SUPPORTED),
        NOTIFY(IP4_ALLOWED), NOTIFY(IP6_ALLOWED), NOTIFY(ADDITIONAL_KEY_EXCHANGE), NOTIFY(USE_AGGFRAG),
        NOTIFY(SUPPORTED_AUTH_METHODS), NOTIFY(SA_RESOURCE_INFO), NOTIFY(USE_PPK_INT), NOTIFY(PPK_IDENTITY_KEY),
        NOTIFY(OBOL_ADJUSTED_CHILD),
    };
    return NAME_OF(names, type);
}

static const Name encr_names[] = {
    { OBOL_ENCR_3DES, "3DES_CBC" },          { OBOL_ENCR_NULL, "NULL" },
    { OBOL_ENCR_AES_CBC, "AES_CBC" },        { OBOL_ENCR_AES_CTR, "AES_CTR" },
    { OBOL_ENCR_AES_CCM_8, "AES_CCM_8" },    { OBOL_ENCR_AES_CCM_12, "AES_CCM_12" },
    { OBOL_ENCR_AES_CCM_16, "AES_CCM_16" },  { OBOL_ENCR_AES_GCM_8, "AES_GCM_8" },
    { OBOL_ENCR_AES_GCM_12, "AES_GCM_12" },  { OBOL_ENCR_AES_GCM_16, "AES_GCM_16" },
    { OBOL_ENCR_NULL_AES_GMAC, "NULL_AES_GMAC" }, { OBOL_ENCR_CAMELLIA_CBC, "CAMELLIA_CBC" },
    { OBOL_ENCR_CHACHA20_POLY1305, "CHACHA20_POLY1305" },
};
static const Name prf_names[] = {
    { OBOL_PRF_HMAC_SHA1, "PRF_HMAC_SHA1" },         { OBOL_PRF_AES128_XCBC, "PRF_AES128_XCBC" },
    { OBOL_PRF_HMAC_SHA2_256, "PRF_HMAC_SHA2_256" }, { OBOL_PRF_HMAC_SHA2_384, "PRF_HMAC_SHA2_384" },
    { OBOL_PRF_HMAC_SHA2_512, "PRF_HMAC_SHA2_512" }, { OBOL_PRF_AES128_CMAC, "PRF_AES128_CMAC" },
};
static const Name integ_names[] = {
    { OBOL_INTEG_NONE, "NONE" },
    { OBOL_INTEG_HMAC_SHA1_96, "HMAC_SHA1_96" },
    { OBOL_INTEG_AES_XCBC_96, "AES_XCBC_96" },
    { OBOL_INTEG_AES_CMAC_96, "AES_CMAC_96" },
    { OBOL_INTEG_HMAC_SHA2_256_128, "HMAC_SHA2_256_128" },
    { OBOL_INTEG_HMAC_SHA2_384_192, "HMAC_SHA2_384_192" },
    { OBOL_INTEG_HMAC_SHA2_512_256, "HMAC_SHA2_512_256" },
};
static const Name ke_names[] = {
    { OBOL_KE_NONE, "NONE" },           { OBOL_KE_MODP_1024, "MODP_1024" }, { OBOL_KE_MODP_1536, "MODP_1536" },
    { OBOL_KE_MODP_2048, "MODP_2048" }, { OBOL_KE_MODP_3072, "MODP_3072" }, { OBOL_KE_MODP_4096, "MODP_4096" },
    { OBOL_KE_MODP_6144, "MODP_6144" }, { OBOL_KE_MODP_8192, "MODP_8192" }, { OBOL_KE_ECP_256, "ECP_256" },
    { OBOL_KE_ECP_384, "ECP_384" },     { OBOL_KE_ECP_521, "ECP_521" },     { OBOL_KE_X25519, "CURVE_25519" },
    { OBOL_KE_X448, "CURVE_448" },
};
static const Name esn_names[] = { { OBOL_ESN_NO, "NO_EXT_SEQ" }, { OBOL_ESN_YES, "EXT_SEQ" } };

const char *
obol_transform_name(guint8 type, guint16 id)
{
    switch ((ObolTransformType) type) {
    case OBOL_TRANSFORM_ENCR: return NAME_OF(encr_names, id);
    case OBOL_TRANSFORM_PRF: return NAME_OF(prf_names, id);
    case OBOL_TRANSFORM_INTEG: return NAME_OF(integ_names, id);
    case OBOL_TRANSFORM_KE:
    case OBOL_TRANSFORM_ADDKE1:
    case OBOL_TRANSFORM_ADDKE7: return NAME_OF(ke_names, id);
    case OBOL_TRANSFORM_ESN: return NAME_OF(esn_names, id);
    }
    return name_of(NULL, 0, id);
}

const char *
obol_ike_state_name(ObolIkeState state)
{
    switch (state) {
    case OBOL_IKE_NEW: return "CREATED";
    case OBOL_IKE_CONNECTING: return "CONNECTING";
    case OBOL_IKE_ESTABLISHED: return "ESTABLISHED";
    case OBOL_IKE_REKEYED: return "REKEYED";
    case OBOL_IKE_DELETING: return "DELETING";
    case OBOL_IKE_GONE: return "DESTROYING";
    }
    return "?";
}

const char *
obol_child_state_name(ObolChildState state)
{
    switch (state) {
    case OBOL_CHILD_NEW: return "CREATED";
    case OBOL_CHILD_INSTALLING: return "INSTALLING";
    case OBOL_CHILD_INSTALLED: return "INSTALLED";
    case OBOL_CHILD_DELETING: return "DELETING";
    case OBOL_CHILD_GONE: return "DELETED";
    }
    return "?";
}
