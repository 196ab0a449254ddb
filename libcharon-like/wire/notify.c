/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/notify.c - Notify payloads, and what each type may carry (RFC 7296 section 3.10 and the types' own RFCs). */
#include "wire/payload.h"

#define ANY G_MAXUINT16
#define CHILD_SPI_SIZE 4
#define GATEWAY_IPV4 1 /* RFC 5685 section 9.2 */
#define GATEWAY_IPV6 2
#define GATEWAY_FQDN 3
#define ROHC_ATTRIBUTES_MIN 3
#define ATTRIBUTE_TV 0x8000
/* draft-ietf-ipsecme-ikev2-downgrade-prevention: registered, its data not settled. */
#define N_FULL_TRANSCRIPT_AUTH 16447

void
obol_notify_decode(ObolCursor *body, ObolPayload *out, G_GNUC_UNUSED ObolChain *chain)
{
    guint8 spi_size = obol_cursor_u8(body);

    out->notify.type = obol_cursor_u16(body);
    out->notify.spi = obol_cursor_span(body, spi_size);
    out->notify.data = obol_cursor_rest(body);
}

void
obol_notify_encode(const ObolPayload *payload, GByteArray *out)
{
    obol_put_u8(out, (guint8) payload->notify.spi.n);
    obol_put_u16(out, payload->notify.type);
    obol_put_span(out, payload->notify.spi);
    obol_put_span(out, payload->notify.data);
}

/* An identity of a gateway: type, length, and that much of it. */
static void
read_gateway(ObolCursor *c, gboolean fqdn_allowed)
{
    guint8 type = obol_cursor_u8(c), n = obol_cursor_u8(c);

    obol_cursor_skip(c, n);
    obol_cursor_require(c, type == GATEWAY_IPV4 ? n == 4 : type == GATEWAY_IPV6 ? n == 16
                           : type == GATEWAY_FQDN && fqdn_allowed && n > 0, "a gateway's identity");
}

/* RFC 5685 section 9.2: the nonce is there in IKE_SA_INIT only. */
static void
read_redirect(ObolCursor *c)
{
    gsize nonce;

    read_gateway(c, TRUE);
    nonce = obol_cursor_rest(c).n;
    obol_cursor_require(c, nonce == 0 || (nonce >= OBOL_WIRE_NONCE_MIN && nonce <= OBOL_WIRE_NONCE_MAX), "a nonce");
}

/* RFC 5685 section 9.3. */
static void
read_redirected_from(ObolCursor *c)
{
    read_gateway(c, FALSE);
}

/* RFC 5857 section 3.1.1. */
static void
read_rohc(ObolCursor *c)
{
    guint n = 0;

    for (; obol_cursor_left(c) > 0; n++) {
        guint16 type = obol_cursor_u16(c), value = obol_cursor_u16(c);

        if ((type & ATTRIBUTE_TV) == 0)
            obol_cursor_skip(c, value);
    }
    obol_cursor_require(c, n >= ROHC_ATTRIBUTES_MIN, "three attributes or more");
}

/* RFC 9593 section 3.2: announcements that each begin with their own length. */
static void
read_auth_methods(ObolCursor *c)
{
    while (obol_cursor_left(c) > 0) {
        guint8 n = obol_cursor_u8(c);

        obol_cursor_require(c, n >= 2, "an announcement names a method");
        obol_cursor_skip(c, n - 1u);
    }
}

typedef enum {
    SPI_IGNORED, /* sent as zero, and not looked at (RFC 7296 section 3.10) */
    SPI_OF_CHILD /* the type means nothing without it */
} SpiRule;

/* One row a type of the registry: lengths from @min to @max in steps of @step counted from @min; @read where a length
 * does not say all.  Errors whose documents define no data allow any: a peer's diagnostics do not undo its refusal.  So
 * do the types whose documents say that data is to be ignored. */
typedef struct {
    guint16 type, min, max, step;
    SpiRule spi;
    guint16 rfc; /* 0: defined elsewhere */
    void (*read)(ObolCursor *data);
} NotifyRule;

static const NotifyRule rules[] = {
    { OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD, 1, 1, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_IKE_SPI, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_MAJOR_VERSION, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_SYNTAX, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_MESSAGE_ID, 4, 4, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_SPI, 4, 4, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_NO_PROPOSAL_CHOSEN, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_KE_PAYLOAD, 2, 2, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_AUTHENTICATION_FAILED, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_SINGLE_PAIR_REQUIRED, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_NO_ADDITIONAL_SAS, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INTERNAL_ADDRESS_FAILURE, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_FAILED_CP_REQUIRED, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_TS_UNACCEPTABLE, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_INVALID_SELECTORS, 0, ANY, 1, SPI_OF_CHILD, 7296, NULL },
    { OBOL_N_UNACCEPTABLE_ADDRESSES, 0, ANY, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_UNEXPECTED_NAT_DETECTED, 0, ANY, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_USE_ASSIGNED_HOA, 0, ANY, 1, SPI_IGNORED, 5026, NULL },
    { OBOL_N_TEMPORARY_FAILURE, 0, ANY, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_CHILD_SA_NOT_FOUND, 0, ANY, 1, SPI_OF_CHILD, 7296, NULL },
    { OBOL_N_INVALID_GROUP_ID, 0, ANY, 1, SPI_IGNORED, 9838, NULL },
    { OBOL_N_AUTHORIZATION_FAILED, 0, ANY, 1, SPI_IGNORED, 9838, NULL },
    { OBOL_N_STATE_NOT_FOUND, 0, ANY, 1, SPI_IGNORED, 9370, NULL },
    { OBOL_N_TS_MAX_QUEUE, 0, ANY, 1, SPI_IGNORED, 9611, NULL },
    { OBOL_N_REGISTRATION_FAILED, 0, ANY, 1, SPI_IGNORED, 9838, NULL },
    { OBOL_N_INITIAL_CONTACT, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_SET_WINDOW_SIZE, 4, 4, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_ADDITIONAL_TS_POSSIBLE, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_IPCOMP_SUPPORTED, 3, 3, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_NAT_DETECTION_SOURCE_IP, 20, 20, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_NAT_DETECTION_DESTINATION_IP, 20, 20, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_COOKIE, 1, OBOL_WIRE_COOKIE_MAX, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_USE_TRANSPORT_MODE, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_HTTP_CERT_LOOKUP_SUPPORTED, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_REKEY_SA, 0, 0, 1, SPI_OF_CHILD, 7296, NULL },
    { OBOL_N_ESP_TFC_PADDING_NOT_SUPPORTED, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_NON_FIRST_FRAGMENTS_ALSO, 0, 0, 1, SPI_IGNORED, 7296, NULL },
    { OBOL_N_MOBIKE_SUPPORTED, 0, ANY, 1, SPI_IGNORED, 4555, NULL }, /* section 4.2.1: contents are ignored */
    { OBOL_N_ADDITIONAL_IP4_ADDRESS, 4, 4, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_ADDITIONAL_IP6_ADDRESS, 16, 16, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_NO_ADDITIONAL_ADDRESSES, 0, 0, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_UPDATE_SA_ADDRESSES, 0, 0, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_COOKIE2, 8, 64, 1, SPI_IGNORED, 4555, NULL },
    { OBOL_N_NO_NATS_ALLOWED, 12, 36, 24, SPI_IGNORED, 4555, NULL },
    { OBOL_N_AUTH_LIFETIME, 4, 4, 1, SPI_IGNORED, 4478, NULL },
    { OBOL_N_MULTIPLE_AUTH_SUPPORTED, 0, 0, 1, SPI_IGNORED, 4739, NULL },
    { OBOL_N_ANOTHER_AUTH_FOLLOWS, 0, 0, 1, SPI_IGNORED, 4739, NULL },
    { OBOL_N_REDIRECT_SUPPORTED, 0, 0, 1, SPI_IGNORED, 5685, NULL },
    { OBOL_N_REDIRECT, 3, ANY, 1, SPI_IGNORED, 5685, read_redirect },
    { OBOL_N_REDIRECTED_FROM, 6, 18, 12, SPI_IGNORED, 5685, read_redirected_from },
    { OBOL_N_TICKET_LT_OPAQUE, 5, ANY, 1, SPI_IGNORED, 5723, NULL },
    { OBOL_N_TICKET_REQUEST, 0, 0, 1, SPI_IGNORED, 5723, NULL },
    { OBOL_N_TICKET_ACK, 0, 0, 1, SPI_IGNORED, 5723, NULL },
    { OBOL_N_TICKET_NACK, 0, 0, 1, SPI_IGNORED, 5723, NULL },
    { OBOL_N_TICKET_OPAQUE, 1, ANY, 1, SPI_IGNORED, 5723, NULL },
    { OBOL_N_LINK_ID, 1, ANY, 1, SPI_IGNORED, 5739, NULL },
    { OBOL_N_USE_WESP_MODE, 0, 0, 1, SPI_IGNORED, 5840, NULL },
    { OBOL_N_ROHC_SUPPORTED, 12, ANY, 1, SPI_IGNORED, 5857, read_rohc },
    { OBOL_N_EAP_ONLY_AUTHENTICATION, 0, 0, 1, SPI_IGNORED, 5998, NULL },
    { OBOL_N_CHILDLESS_IKEV2_SUPPORTED, 0, 0, 1, SPI_IGNORED, 6023, NULL },
    { OBOL_N_QUICK_CRASH_DETECTION, 16, 128, 1, SPI_IGNORED, 6290, NULL },
    { OBOL_N_IKEV2_MESSAGE_ID_SYNC_SUPPORTED, 0, 0, 1, SPI_IGNORED, 6311, NULL },
    { OBOL_N_IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED, 0, 0, 1, SPI_IGNORED, 6311, NULL },
    { OBOL_N_IKEV2_MESSAGE_ID_SYNC, 12, 12, 1, SPI_IGNORED, 6311, NULL },
    { OBOL_N_IPSEC_REPLAY_COUNTER_SYNC, 4, 8, 4, SPI_IGNORED, 6311, NULL },
    { OBOL_N_SECURE_PASSWORD_METHODS, 2, ANY, 2, SPI_IGNORED, 6467, NULL },
    { OBOL_N_PSK_PERSIST, 0, ANY, 1, SPI_IGNORED, 6631, NULL }, /* sections 5.3 and 5.4: data is ignored */
    { OBOL_N_PSK_CONFIRM, 0, ANY, 1, SPI_IGNORED, 6631, NULL },
    { OBOL_N_ERX_SUPPORTED, 0, ANY, 1, SPI_IGNORED, 6867, NULL },
    { OBOL_N_IFOM_CAPABILITY, 0, ANY, 1, SPI_IGNORED, 0, NULL }, /* 3GPP TS 24.303 */
    { OBOL_N_GROUP_SENDER, 0, ANY, 1, SPI_IGNORED, 9838, NULL },
    { OBOL_N_IKEV2_FRAGMENTATION_SUPPORTED, 0, 0, 1, SPI_IGNORED, 7383, NULL },
    { OBOL_N_SIGNATURE_HASH_ALGORITHMS, 2, ANY, 2, SPI_IGNORED, 7427, NULL },
    { OBOL_N_CLONE_IKE_SA_SUPPORTED, 0, 0, 1, SPI_IGNORED, 7791, NULL },
    { OBOL_N_CLONE_IKE_SA, 0, 0, 1, SPI_IGNORED, 7791, NULL },
    { OBOL_N_PUZZLE, 3, 3, 1, SPI_IGNORED, 8019, NULL },
    { OBOL_N_USE_PPK, 0, 0, 1, SPI_IGNORED, 8784, NULL },
    { OBOL_N_PPK_IDENTITY, 0, ANY, 1, SPI_IGNORED, 8784, NULL }, /* section 3: empty in the answer */
    { OBOL_N_NO_PPK_AUTH, 1, ANY, 1, SPI_IGNORED, 8784, NULL },
    { OBOL_N_INTERMEDIATE_EXCHANGE_SUPPORTED, 0, ANY, 1, SPI_IGNORED, 9242, NULL }, /* section 3.1: ignored */
    { OBOL_N_IP4_ALLOWED, 0, 0, 1, SPI_IGNORED, 8983, NULL },
    { OBOL_N_IP6_ALLOWED, 0, 0, 1, SPI_IGNORED, 8983, NULL },
    { OBOL_N_ADDITIONAL_KEY_EXCHANGE, 0, ANY, 1, SPI_IGNORED, 9370, NULL },
    { OBOL_N_USE_AGGFRAG, 1, 1, 1, SPI_IGNORED, 9347, NULL },
    { OBOL_N_SUPPORTED_AUTH_METHODS, 2, ANY, 1, SPI_IGNORED, 9593, read_auth_methods },
    { OBOL_N_SA_RESOURCE_INFO, 0, ANY, 1, SPI_IGNORED, 9611, NULL },
    { OBOL_N_USE_PPK_INT, 0, 0, 1, SPI_IGNORED, 9867, NULL },
    { OBOL_N_PPK_IDENTITY_KEY, 9, ANY, 1, SPI_IGNORED, 9867, NULL },
    { N_FULL_TRANSCRIPT_AUTH, 0, ANY, 1, SPI_IGNORED, 0, NULL },
};

/* NULL for a type that is not registered: an error by its range, or a status that is ignored (section 3.10.1). */
static const NotifyRule *
find_rule(guint16 type)
{
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].type == type)
            return &rules[i];
    }
    return NULL;
}

gboolean
obol_notify_data_valid(const ObolNotifyPayload *notify)
{
    const NotifyRule *rule = find_rule(notify->type);
    ObolWireFault fault = { .rule = NULL };
    gsize n = notify->data.n;
    ObolCursor data = obol_cursor(notify->data.data, n, &fault);

    if (rule == NULL)
        return TRUE;
    if (rule->spi == SPI_OF_CHILD && (notify->spi.n != CHILD_SPI_SIZE ||
        (notify->protocol != OBOL_PROTO_AH && notify->protocol != OBOL_PROTO_ESP)))
        return FALSE;
    if (n < rule->min || n > rule->max || (n - rule->min) % rule->step != 0)
        return FALSE;
    if (rule->read == NULL)
        return TRUE;
    rule->read(&data);
    return obol_cursor_done(&data);
}

void
obol_notify_dump(const ObolPayload *payload, GString *out)
{
    const ObolNotifyPayload *notify = &payload->notify;
    const NotifyRule *rule = find_rule(notify->type);

    g_string_append_printf(out, "    type: %s (%u)\n", obol_notify_name(notify->type), notify->type);
    if (notify->spi.n > 0) {
        g_string_append(out, "    SPI: ");
        obol_dump_span(out, notify->spi);
        g_string_append_c(out, '\n');
    }
    if (notify->data.n > 0) {
        g_string_append(out, "    data: ");
        if (notify->type == OBOL_N_NO_PPK_AUTH) /* as with AUTH: a dump is no place for it */
            g_string_append_printf(out, "%" G_GSIZE_FORMAT " bytes", notify->data.n);
        else
            obol_dump_span(out, notify->data);
        g_string_append_c(out, '\n');
    }
    if (rule != NULL && rule->rfc != 0 && !obol_notify_data_valid(notify))
        g_string_append_printf(out, "    which is not what RFC %u says\n", rule->rfc);
}
