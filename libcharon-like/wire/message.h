/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/message.h - IKEv2 messages as values (RFC 7296 section 3, RFC 7383).
 *
 * Decoding borrows from the datagram: a decoded message is valid as long as its bytes are.  Encoding borrows from whatever
 * the caller put in.  decode(encode(x)) = x, and encode(decode(b)) = b for every b that decodes (reserved bits are kept). */
#ifndef OBOL_WIRE_MESSAGE_H
#define OBOL_WIRE_MESSAGE_H

#include <obol/numbers.h>
#include <obol/proposal.h>
#include <obol/ts.h>

#include "wire/cursor.h"

/* Limits, all in one place.  Nothing is allocated by a length that a peer named before it is checked against them. */
#define OBOL_WIRE_HEADER 28
#define OBOL_WIRE_PAYLOAD_HEADER 4
#define OBOL_WIRE_MESSAGE_MAX 65535
#define OBOL_WIRE_BODY_MAX (65535 - OBOL_WIRE_PAYLOAD_HEADER) /* of one payload: its length field has 16 bits */
#define OBOL_WIRE_PAYLOADS_MAX 64
#define OBOL_WIRE_PROPOSALS_MAX 64
#define OBOL_WIRE_NONCE_MIN 16 /* RFC 7296 section 3.9 */
#define OBOL_WIRE_NONCE_MAX 256
#define OBOL_WIRE_COOKIE_MAX 64 /* section 2.6 */
#define OBOL_WIRE_DELETE_SPIS_MAX 256
#define OBOL_WIRE_CP_ATTRIBUTES_MAX 128
#define OBOL_WIRE_FRAGMENTS_MAX 256 /* 64 KB in datagrams of 400 bytes */
#define OBOL_WIRE_VERSION 0x20

#define OBOL_FLAG_INITIATOR 0x08 /* section 3.1: sent by the original initiator */
#define OBOL_FLAG_VERSION 0x10
#define OBOL_FLAG_RESPONSE 0x20

typedef struct {
    guint64 spi_i, spi_r; /* host order */
    guint8 first_payload;
    guint8 version;
    guint8 exchange;
    guint8 flags;
    guint32 message_id;
    guint32 length;
} ObolHeader;

typedef struct { guint n; ObolProposal *proposals; } ObolSaPayload;
typedef struct { guint16 group; guint16 reserved; ObolSpan data; } ObolKePayload;
typedef struct { guint8 id_type; guint8 reserved[3]; ObolSpan data; ObolSpan body; /* all after the generic header, for AUTH */ } ObolIdPayload;
typedef struct { guint8 encoding; ObolSpan data; } ObolCertPayload; /* CERT and CERTREQ */
typedef struct { guint8 method; guint8 reserved[3]; ObolSpan data; } ObolAuthPayload;
typedef struct { guint8 protocol; guint16 type; ObolSpan spi; ObolSpan data; } ObolNotifyPayload;
typedef struct { guint8 protocol; guint8 spi_size; guint16 n; ObolSpan spis; } ObolDeletePayload;
typedef struct { guint8 reserved[3]; guint n; ObolTs *selectors; ObolSpan raw; /* unknown TS types make it opaque: n counts only known ones */ } ObolTsPayload;
typedef struct { guint16 type; ObolSpan value; } ObolCpAttribute;
typedef struct { guint8 cp_type; guint8 reserved[3]; guint n; ObolCpAttribute *attributes; } ObolCpPayload;
typedef struct { guint8 first_payload; ObolSpan body; } ObolSkPayload; /* IV | ciphertext | ICV; @body.data - 4 is its generic header */
typedef struct { guint8 first_payload; guint16 number, total; ObolSpan body; } ObolSkfPayload;

/* One payload.  Which member of the union counts is told by @type; a type that has none (unknown to us) is @bytes. */
typedef struct {
    guint8 type;
    guint8 flags; /* critical bit 0x80 and the reserved ones, as they came */
    guint8 verbatim; /* decoded only: it carries what the members below can not say, so it is encoded by copying @raw */
    ObolSpan raw; /* decoded only: the whole payload with its generic header */
    union {
        ObolSaPayload sa;
        ObolKePayload ke;
        ObolIdPayload id;
        ObolCertPayload cert;
        ObolAuthPayload auth;
        ObolNotifyPayload notify;
        ObolDeletePayload del;
        ObolTsPayload ts;
        ObolCpPayload cp;
        ObolSkPayload sk;
        ObolSkfPayload skf;
        ObolSpan bytes; /* NONCE, VENDOR, EAP and unknown payloads */
    };
} ObolPayload;

/* Payloads in order.  Arrays inside (proposals, selectors, attributes) belong to the chain when it was decoded, and when it
 * was built by the functions below. */
typedef struct {
    guint n;
    ObolPayload items[OBOL_WIRE_PAYLOADS_MAX];
    GPtrArray *owned; /* NULL until something was allocated */
} ObolChain;

typedef struct {
    ObolHeader header;
    ObolChain chain; /* what is outside SK; SK itself is the last of it */
} ObolMessage;

/* The fixed header alone: what demultiplexing needs.  Checks the length field against @n, nothing else. */
gboolean obol_header_decode(const guint8 *data, gsize n, ObolHeader *out, ObolWireFault *fault);

/**
 * obol_message_decode:
 * @data, @n: a datagram without the non-ESP marker
 * @out: (out): cleared by obol_message_clear() in any case
 * @fault: (out): why not: offset, payload, rule, and the notification that RFC 7296 asks for
 *
 * Major versions other than 2 are refused (section 2.5), minor ones accepted.  An unknown payload with the critical bit is
 * a fault with UNSUPPORTED_CRITICAL_PAYLOAD; without, it is kept.  The critical bit of a payload that we know is ignored.
 */
gboolean obol_message_decode(const guint8 *data, gsize n, ObolMessage *out, ObolWireFault *fault);
void obol_message_clear(ObolMessage *message);

/* The payloads of a decrypted SK or of reassembled fragments; @first is the Next Payload of SK. */
gboolean obol_chain_decode(guint8 first, const guint8 *data, gsize n, ObolChain *out, ObolWireFault *fault);
void obol_chain_init(ObolChain *chain); /* empty, ready for obol_chain_add(); cheaper than zeroing all of it */
void obol_chain_clear(ObolChain *chain);

/* Appends the payloads with their generic headers; gives the first one's type.  @next is the Next Payload of the last one
 * (an SK that follows), normally OBOL_PAYLOAD_NONE. */
guint8 obol_chain_encode(const ObolChain *chain, guint8 next, GByteArray *out);

/* Header and chain; the header's length and first_payload are computed.  An SK's body is copied as it is. */
void obol_message_encode(const ObolMessage *message, GByteArray *out);
void obol_header_encode(const ObolHeader *header, guint8 out[OBOL_WIRE_HEADER]);

/* The first payload of @type at or after @from (index); NULL when none. */
const ObolPayload *obol_chain_find(const ObolChain *chain, guint8 type);
const ObolPayload *obol_chain_find_notify(const ObolChain *chain, guint16 type);
guint obol_chain_count(const ObolChain *chain, guint8 type);

/* Building.  Spans are borrowed until encoded; proposals, selectors and notify data are copied. */
ObolPayload *obol_chain_add(ObolChain *chain, guint8 type); /* NULL when full: callers build bounded messages */
void obol_chain_add_sa(ObolChain *chain, const ObolProposal *proposals, guint n);
void obol_chain_add_ke(ObolChain *chain, guint16 group, const guint8 *data, gsize n);
void obol_chain_add_nonce(ObolChain *chain, const guint8 *data, gsize n);
void obol_chain_add_id(ObolChain *chain, guint8 payload, guint8 id_type, const guint8 *data, gsize n);
void obol_chain_add_auth(ObolChain *chain, guint8 method, const guint8 *data, gsize n);
void obol_chain_add_ts(ObolChain *chain, guint8 payload, const GArray *selectors);
void obol_chain_add_notify(ObolChain *chain, guint16 type, const guint8 *data, gsize n);
void obol_chain_add_notify_spi(ObolChain *chain, guint8 protocol, guint32 spi, guint16 type, const guint8 *data, gsize n);
void obol_chain_add_delete_ike(ObolChain *chain);
void obol_chain_add_delete(ObolChain *chain, guint8 protocol, const guint32 *spis, guint n); /* host order */
void obol_chain_add_vendor(ObolChain *chain, const guint8 *data, gsize n);

/* (transfer full): "SA KE No N(COOKIE)", for ladders and logs; unprintable and secret contents are not shown. */
char *obol_chain_summary(const ObolChain *chain);
/* (transfer full): many lines, for people: every field by its name. */
char *obol_message_dump(const ObolMessage *message);

/* Data of the notifications that carry some: %FALSE when the length or content is not what their RFC says. */
gboolean obol_notify_data_valid(const ObolNotifyPayload *notify);
/* The same for one configuration attribute: %FALSE when its value has not the length that its RFC says. */
gboolean obol_cp_attribute_valid(const ObolCpAttribute *attribute);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ObolMessage, obol_message_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ObolChain, obol_chain_clear)

#endif
