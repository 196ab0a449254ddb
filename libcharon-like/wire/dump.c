/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/dump.c - messages for people: one line for ladders and logs, or every field by its name. */
#include "wire/message.h"

#include <string.h>

#include "wire/payload.h"

#define DUMP_BYTES 32 /* of one field: the rest is counted, not shown */

static const char *
payload_name(guint8 type)
{
    const ObolPayloadCodec *codec = obol_payload_codec(type);

    return codec != NULL ? codec->name : obol_payload_name(type);
}

char *
obol_chain_summary(const ObolChain *chain)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < chain->n; i++) {
        const ObolPayload *payload = &chain->items[i];

        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", payload_name(payload->type));
        if (payload->type == OBOL_PAYLOAD_NOTIFY) {
            const char *name = obol_notify_name(payload->notify.type);

            g_string_append_printf(out, name[0] == '(' ? "%s" : "(%s)", name); /* "(123)": what has no name */
        }
        if (payload->type == OBOL_PAYLOAD_SKF)
            g_string_append_printf(out, "(%u/%u)", payload->skf.number, payload->skf.total);
    }
    return g_string_free(out, FALSE);
}

static gboolean
is_text(ObolSpan span)
{
    for (gsize i = 0; i < span.n; i++) {
        if (!g_ascii_isprint(span.data[i]) || span.data[i] == '"' || span.data[i] == '\\')
            return FALSE;
    }
    return span.n > 0;
}

void
obol_dump_span(GString *out, ObolSpan span)
{
    gsize shown = MIN(span.n, DUMP_BYTES);

    g_string_append_printf(out, "%" G_GSIZE_FORMAT " bytes", span.n);
    if (is_text((ObolSpan) { span.data, shown })) {
        g_string_append(out, " \"");
        g_string_append_len(out, (const char *) span.data, (gssize) shown);
        g_string_append(out, "\"");
    } else if (shown > 0) {
        g_string_append_c(out, ' ');
        for (gsize i = 0; i < shown; i++)
            g_string_append_printf(out, "%02x", span.data[i]);
    }
    if (shown < span.n)
        g_string_append(out, "..");
}

static void
dump_number(const ObolField *field, guint value, GString *out)
{
    if (field->text != NULL)
        g_string_append_printf(out, "    %s: %s (%u)\n", field->name, field->text(value), value);
    else if (value != 0 || strcmp(field->name, "reserved") != 0)
        g_string_append_printf(out, "    %s: %u\n", field->name, value);
}

static void
dump_field(const ObolField *field, const ObolPayload *payload, GString *out)
{
    gconstpointer member = G_STRUCT_MEMBER_P(payload, field->offset);
    const ObolSpan *span = member;

    switch (field->kind) {
    case OBOL_FIELD_U8: dump_number(field, *(const guint8 *) member, out); break;
    case OBOL_FIELD_U16: dump_number(field, *(const guint16 *) member, out); break;
    case OBOL_FIELD_RESERVED3:
        if (memcmp(member, "\0\0\0", 3) != 0)
            g_string_append_printf(out, "    %s: not zero\n", field->name);
        break;
    case OBOL_FIELD_REST:
        g_string_append_printf(out, "    %s: ", field->name);
        obol_dump_span(out, *span);
        g_string_append_c(out, '\n');
        break;
    case OBOL_FIELD_REST_QUIET:
        g_string_append_printf(out, "    %s: %" G_GSIZE_FORMAT " bytes\n", field->name, span->n);
        break;
    case OBOL_FIELD_END: break;
    }
}

static void
dump_payload(const ObolPayload *payload, GString *out)
{
    const ObolPayloadCodec *codec = obol_payload_codec(payload->type);

    g_string_append_printf(out, "  %s\n", payload_name(payload->type));
    if (payload->flags != 0)
        g_string_append_printf(out, "    flags: 0x%02x\n", payload->flags);
    if (codec == NULL) {
        g_string_append(out, "    data: ");
        obol_dump_span(out, payload->bytes);
        g_string_append_c(out, '\n');
        return;
    }
    for (const ObolField *field = codec->fields; field->kind != OBOL_FIELD_END; field++)
        dump_field(field, payload, out);
    if (codec->dump != NULL)
        codec->dump(payload, out);
}

char *
obol_message_dump(const ObolMessage *message)
{
    const ObolHeader *h = &message->header;
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s %s %u, SPIi %016" G_GINT64_MODIFIER "x, SPIr %016" G_GINT64_MODIFIER "x\n",
                           obol_exchange_name(h->exchange), h->flags & OBOL_FLAG_RESPONSE ? "response" : "request",
                           h->message_id, h->spi_i, h->spi_r);
    g_string_append_printf(out, "  version %u.%u, flags 0x%02x (from the original %s), %u bytes\n", h->version >> 4,
                           h->version & 0x0f, h->flags, h->flags & OBOL_FLAG_INITIATOR ? "initiator" : "responder",
                           h->length);
    for (guint i = 0; i < message->chain.n; i++)
        dump_payload(&message->chain.items[i], out);
    return g_string_free(out, FALSE);
}
