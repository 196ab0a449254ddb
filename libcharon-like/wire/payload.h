/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/payload.h - how each payload is described.  Private to this room. */
#ifndef OBOL_WIRE_PAYLOAD_H
#define OBOL_WIRE_PAYLOAD_H

#include "wire/message.h"

typedef enum {
    OBOL_FIELD_END, /* closes a list */
    OBOL_FIELD_U8,
    OBOL_FIELD_U16,
    OBOL_FIELD_RESERVED3, /* three reserved bytes: ignored, but kept */
    OBOL_FIELD_REST,      /* an ObolSpan of all that is left */
    OBOL_FIELD_REST_QUIET /* likewise, but its contents are not for a dump */
} ObolFieldKind;

/* One field of a payload's figure in the RFC: @offset is that of its member in ObolPayload. */
typedef struct {
    ObolFieldKind kind;
    guint16 offset;
    const char *name;
    const char *(*text)(guint value); /* optional: the registry's name for the number */
} ObolField;

/* One payload type.  The fields are read, written and dumped in order; what a list can not say is in functions. */
typedef struct {
    guint8 type;
    const char *name;        /* as in RFC 7296 section 1.2 */
    const ObolField *fields; /* up to OBOL_FIELD_END */
    void (*check)(ObolCursor *whole, ObolPayload *out);                   /* optional: rules for what the fields hold */
    void (*decode)(ObolCursor *body, ObolPayload *out, ObolChain *chain); /* optional: what comes after the fields */
    void (*encode)(const ObolPayload *payload, GByteArray *out);          /* optional: likewise */
    void (*dump)(const ObolPayload *payload, GString *out);               /* optional: likewise */
} ObolPayloadCodec;

/* NULL for a type that this version does not know. */
const ObolPayloadCodec *obol_payload_codec(guint8 type);

/* One payload after its generic header; @out has type, flags and raw set already. */
gboolean obol_payload_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain);
void obol_payload_encode(const ObolPayload *payload, GByteArray *out);

/* Where a chain of payloads stands: nothing is encrypted twice. */
typedef enum { OBOL_OUTSIDE_SK, OBOL_INSIDE_SK } ObolPlace;

/* All payloads from @first on, up to the end of @c. */
gboolean obol_chain_read(ObolCursor *c, guint8 first, ObolPlace place, ObolChain *out);

/* Takes @memory from g_malloc(); gives it back, freed with the chain. */
gpointer obol_chain_own(ObolChain *chain, gpointer memory);

/* The payloads that a list of fields does not describe, each in the file of its name. */
void obol_sa_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain);
void obol_sa_encode(const ObolPayload *payload, GByteArray *out);
void obol_sa_dump(const ObolPayload *payload, GString *out);
void obol_ts_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain);
void obol_ts_encode(const ObolPayload *payload, GByteArray *out);
void obol_ts_dump(const ObolPayload *payload, GString *out);
void obol_notify_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain);
void obol_notify_encode(const ObolPayload *payload, GByteArray *out);
void obol_notify_dump(const ObolPayload *payload, GString *out);
void obol_cp_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain);
void obol_cp_encode(const ObolPayload *payload, GByteArray *out);
void obol_cp_dump(const ObolPayload *payload, GString *out);

/* Writing, in network order. */
void obol_put_u8(GByteArray *out, guint8 value);
void obol_put_u16(GByteArray *out, guint16 value);
void obol_put_bytes(GByteArray *out, const guint8 *bytes, gsize n);
void obol_put_span(GByteArray *out, ObolSpan span);
/* Writes the length of all from @from on into the two bytes at @at. */
void obol_put_length_at(GByteArray *out, guint at, guint from);

/* For dumps: "12 bytes 0a0b..", cut after a line; text is shown as such when all of it is printable. */
void obol_dump_span(GString *out, ObolSpan span);

#endif
