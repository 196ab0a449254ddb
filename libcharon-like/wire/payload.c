/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/payload.c - the one table of payloads: its name, its figure in the RFC, and what a figure can not say. */
#include "wire/payload.h"

#include <string.h>

#define FIELD_U8(member, label, namer) { OBOL_FIELD_U8, G_STRUCT_OFFSET(ObolPayload, member), label, namer }
#define FIELD_U16(member, label, namer) { OBOL_FIELD_U16, G_STRUCT_OFFSET(ObolPayload, member), label, namer }
#define FIELD_RESERVED3(member) { OBOL_FIELD_RESERVED3, G_STRUCT_OFFSET(ObolPayload, member), "reserved", NULL }
#define FIELD_REST(member, label) { OBOL_FIELD_REST, G_STRUCT_OFFSET(ObolPayload, member), label, NULL }
#define FIELD_QUIET(member, label) { OBOL_FIELD_REST_QUIET, G_STRUCT_OFFSET(ObolPayload, member), label, NULL }
#define FIELD_END { OBOL_FIELD_END, 0, NULL, NULL }

static const char *
group_text(guint value)
{
    return obol_transform_name(OBOL_TRANSFORM_KE, (guint16) value);
}

static const char *
auth_text(guint value)
{
    return obol_auth_method_name((guint8) value);
}

static const char *
protocol_text(guint value)
{
    return obol_protocol_name((guint8) value);
}

/* RFC 7296 section 3.5.  The body goes into AUTH as it is (section 2.15). */
static void
id_check(ObolCursor *whole, ObolPayload *out)
{
    gsize n = out->id.data.n;

    obol_cursor_require(whole, out->id.id_type != OBOL_ID_IPV4_ADDR || n == 4,
                        "ID_IPV4_ADDR is four octets (RFC 7296 section 3.5)");
    obol_cursor_require(whole, out->id.id_type != OBOL_ID_IPV6_ADDR || n == 16,
                        "ID_IPV6_ADDR is sixteen octets (RFC 7296 section 3.5)");
    obol_cursor_require(whole, out->id.id_type != OBOL_ID_NULL || n == 0, "ID_NULL is empty (RFC 7619 section 2.2)");
    out->id.body = (ObolSpan) { out->raw.data + OBOL_WIRE_PAYLOAD_HEADER, out->raw.n - OBOL_WIRE_PAYLOAD_HEADER };
}

static void
nonce_check(ObolCursor *whole, ObolPayload *out)
{
    obol_cursor_require(whole, out->bytes.n >= OBOL_WIRE_NONCE_MIN && out->bytes.n <= OBOL_WIRE_NONCE_MAX,
                        "a nonce is between 16 and 256 octets (RFC 7296 section 3.9)");
}

static void
ke_check(ObolCursor *whole, ObolPayload *out)
{
    obol_cursor_require(whole, out->ke.data.n > 0, "key exchange data is not empty (RFC 7296 section 3.4)");
}

/* RFC 7296 section 3.11: a Delete with lengths that contradict each other names no SA at all. */
static void
delete_check(ObolCursor *whole, ObolPayload *out)
{
    const ObolDeletePayload *d = &out->del;
    gboolean ike = d->protocol == OBOL_PROTO_IKE, child = d->protocol == OBOL_PROTO_AH || d->protocol == OBOL_PROTO_ESP;

    obol_cursor_require(whole, !ike || (d->spi_size == 0 && d->n == 0),
                        "the deletion of an IKE SA has no SPIs (RFC 7296 section 3.11)");
    obol_cursor_require(whole, !child || d->spi_size == 4,
                        "an SPI of AH or ESP is four octets (RFC 7296 section 3.11)");
    obol_cursor_require(whole, d->n <= OBOL_WIRE_DELETE_SPIS_MAX, "more SPIs than we accept in one Delete payload");
    obol_cursor_require(whole, d->spis.n == (gsize) d->spi_size * d->n,
                        "the SPIs do not fill the Delete payload (RFC 7296 section 3.11)");
}

static void
delete_dump(const ObolPayload *payload, GString *out)
{
    const ObolDeletePayload *d = &payload->del;

    for (gsize at = 0; d->spi_size > 0 && at + d->spi_size <= d->spis.n; at += d->spi_size) {
        g_string_append(out, "    SPI: ");
        obol_dump_span(out, (ObolSpan) { d->spis.data + at, d->spi_size });
        g_string_append_c(out, '\n');
    }
}

/* RFC 3748 section 4: an EAP packet knows its own length. */
static void
eap_check(ObolCursor *whole, ObolPayload *out)
{
    const ObolSpan *eap = &out->bytes;

    obol_cursor_require(whole, eap->n >= 4, "an EAP message is at least four octets (RFC 7296 section 3.16)");
    obol_cursor_require(whole, eap->n < 4 || ((gsize) eap->data[2] << 8 | eap->data[3]) == eap->n,
                        "the length of the EAP message is not that of its payload (RFC 7296 section 3.16)");
}

static void
eap_dump(const ObolPayload *payload, GString *out)
{
    static const char *const codes[] = { "?", "Request", "Response", "Success", "Failure" };
    const ObolSpan *eap = &payload->bytes;

    if (eap->n < 4)
        return;
    g_string_append_printf(out, "    code: %s\n    identifier: %u\n",
                           eap->data[0] < G_N_ELEMENTS(codes) ? codes[eap->data[0]] : "?", eap->data[1]);
    if (eap->n > 4)
        g_string_append_printf(out, "    type: %u\n", eap->data[4]);
}

/* RFC 7383 section 2.6: what breaks these rules is dropped without an answer. */
static void
skf_check(ObolCursor *whole, ObolPayload *out)
{
    const ObolSkfPayload *skf = &out->skf;
    gboolean sound = skf->number >= 1 && skf->number <= skf->total && skf->total <= OBOL_WIRE_FRAGMENTS_MAX;

    obol_cursor_require(whole, skf->number >= 1 && skf->number <= skf->total,
                        "a fragment's number is between 1 and their total (RFC 7383 section 2.5)");
    obol_cursor_require(whole, skf->total <= OBOL_WIRE_FRAGMENTS_MAX,
                        "more fragments than we put together (RFC 7383 section 2.6)");
    if (!sound)
        whole->fault->notify = 0;
}

static const ObolField no_fields[] = { FIELD_END };
static const ObolField opaque_fields[] = { FIELD_REST(bytes, "data"), FIELD_END };
static const ObolField quiet_fields[] = { FIELD_QUIET(bytes, "message"), FIELD_END };
static const ObolField ke_fields[] = {
    FIELD_U16(ke.group, "group", group_text), FIELD_U16(ke.reserved, "reserved", NULL),
    FIELD_REST(ke.data, "data"), FIELD_END,
};
static const ObolField id_fields[] = {
    FIELD_U8(id.id_type, "type", NULL), FIELD_RESERVED3(id.reserved), FIELD_REST(id.data, "data"), FIELD_END,
};
static const ObolField cert_fields[] = {
    FIELD_U8(cert.encoding, "encoding", NULL), FIELD_REST(cert.data, "data"), FIELD_END,
};
static const ObolField auth_fields[] = {
    FIELD_U8(auth.method, "method", auth_text), FIELD_RESERVED3(auth.reserved),
    FIELD_QUIET(auth.data, "data"), FIELD_END,
};
static const ObolField delete_fields[] = {
    FIELD_U8(del.protocol, "protocol", protocol_text), FIELD_U8(del.spi_size, "SPI size", NULL),
    FIELD_U16(del.n, "SPIs", NULL), FIELD_REST(del.spis, "data"), FIELD_END,
};
static const ObolField notify_fields[] = { FIELD_U8(notify.protocol, "protocol", protocol_text), FIELD_END };
static const ObolField cp_fields[] = {
    FIELD_U8(cp.cp_type, "type", NULL), FIELD_RESERVED3(cp.reserved), FIELD_END,
};
static const ObolField sk_fields[] = { FIELD_QUIET(sk.body, "body"), FIELD_END };
static const ObolField skf_fields[] = {
    FIELD_U16(skf.number, "fragment", NULL), FIELD_U16(skf.total, "of", NULL), FIELD_QUIET(skf.body, "body"), FIELD_END,
};

static const ObolPayloadCodec codecs[] = {
    { OBOL_PAYLOAD_SA, "SA", no_fields, NULL, obol_sa_decode, obol_sa_encode, obol_sa_dump },
    { OBOL_PAYLOAD_KE, "KE", ke_fields, ke_check, NULL, NULL, NULL },
    { OBOL_PAYLOAD_IDI, "IDi", id_fields, id_check, NULL, NULL, NULL },
    { OBOL_PAYLOAD_IDR, "IDr", id_fields, id_check, NULL, NULL, NULL },
    { OBOL_PAYLOAD_CERT, "CERT", cert_fields, NULL, NULL, NULL, NULL },
    { OBOL_PAYLOAD_CERTREQ, "CERTREQ", cert_fields, NULL, NULL, NULL, NULL },
    { OBOL_PAYLOAD_AUTH, "AUTH", auth_fields, NULL, NULL, NULL, NULL },
    { OBOL_PAYLOAD_NONCE, "No", opaque_fields, nonce_check, NULL, NULL, NULL },
    { OBOL_PAYLOAD_NOTIFY, "N", notify_fields, NULL, obol_notify_decode, obol_notify_encode, obol_notify_dump },
    { OBOL_PAYLOAD_DELETE, "D", delete_fields, delete_check, NULL, NULL, delete_dump },
    { OBOL_PAYLOAD_VENDOR, "V", opaque_fields, NULL, NULL, NULL, NULL },
    { OBOL_PAYLOAD_TSI, "TSi", no_fields, NULL, obol_ts_decode, obol_ts_encode, obol_ts_dump },
    { OBOL_PAYLOAD_TSR, "TSr", no_fields, NULL, obol_ts_decode, obol_ts_encode, obol_ts_dump },
    { OBOL_PAYLOAD_SK, "SK", sk_fields, NULL, NULL, NULL, NULL },
    { OBOL_PAYLOAD_CP, "CP", cp_fields, NULL, obol_cp_decode, obol_cp_encode, obol_cp_dump },
    { OBOL_PAYLOAD_EAP, "EAP", quiet_fields, eap_check, NULL, NULL, eap_dump },
    { OBOL_PAYLOAD_SKF, "SKF", skf_fields, skf_check, NULL, NULL, NULL },
};

/* What has a number but no meaning to us (section 2.5). */
static const ObolPayloadCodec unknown = { 0, NULL, opaque_fields, NULL, NULL, NULL, NULL };

const ObolPayloadCodec *
obol_payload_codec(guint8 type)
{
    if (type == OBOL_PAYLOAD_SKF)
        return &codecs[G_N_ELEMENTS(codecs) - 1];
    if (type < OBOL_PAYLOAD_SA || type > OBOL_PAYLOAD_EAP)
        return NULL;
    return &codecs[type - OBOL_PAYLOAD_SA]; /* the registry's numbers have no gap up to EAP */
}

static const ObolPayloadCodec *
codec_or_unknown(guint8 type)
{
    const ObolPayloadCodec *codec = obol_payload_codec(type);

    return codec != NULL ? codec : &unknown;
}

gboolean
obol_payload_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain)
{
    const ObolPayloadCodec *codec = codec_or_unknown(out->type);
    ObolCursor whole = *body;

    for (const ObolField *field = codec->fields; field->kind != OBOL_FIELD_END; field++) {
        gpointer member = G_STRUCT_MEMBER_P(out, field->offset);

        switch (field->kind) {
        case OBOL_FIELD_U8: *(guint8 *) member = obol_cursor_u8(body); break;
        case OBOL_FIELD_U16: *(guint16 *) member = obol_cursor_u16(body); break;
        case OBOL_FIELD_RESERVED3: obol_cursor_copy(body, member, 3); break;
        case OBOL_FIELD_REST:
        case OBOL_FIELD_REST_QUIET: *(ObolSpan *) member = obol_cursor_rest(body); break;
        case OBOL_FIELD_END: break;
        }
    }
    if (codec->check != NULL && obol_cursor_ok(body))
        codec->check(&whole, out);
    if (codec->decode != NULL && obol_cursor_ok(body))
        codec->decode(body, out, chain);
    return obol_cursor_done(body);
}

void
obol_payload_encode(const ObolPayload *payload, GByteArray *out)
{
    const ObolPayloadCodec *codec = codec_or_unknown(payload->type);

    if (payload->verbatim) {
        obol_put_bytes(out, payload->raw.data + OBOL_WIRE_PAYLOAD_HEADER, payload->raw.n - OBOL_WIRE_PAYLOAD_HEADER);
        return;
    }
    for (const ObolField *field = codec->fields; field->kind != OBOL_FIELD_END; field++) {
        gconstpointer member = G_STRUCT_MEMBER_P(payload, field->offset);

        switch (field->kind) {
        case OBOL_FIELD_U8: obol_put_u8(out, *(const guint8 *) member); break;
        case OBOL_FIELD_U16: obol_put_u16(out, *(const guint16 *) member); break;
        case OBOL_FIELD_RESERVED3: obol_put_bytes(out, member, 3); break;
        case OBOL_FIELD_REST:
        case OBOL_FIELD_REST_QUIET: obol_put_span(out, *(const ObolSpan *) member); break;
        case OBOL_FIELD_END: break;
        }
    }
    if (codec->encode != NULL)
        codec->encode(payload, out);
}
