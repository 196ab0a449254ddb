/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/decode.c - bytes to typed messages. */
#include <string.h>

#include "pfkey-kernel/coding/encode.h"
#include "pfkey-kernel/coding/extension.h"

static void
decode_header(const PfkeySystem *system, PfkeyCursor *c, gsize n, PfkeyHeader *out)
{
    guint16 words;

    pfkey_cursor_require(c, pfkey_cursor_u8(c) == PFKEY_VERSION, "not version 2 of PF_KEY (RFC 2367 section 2.1)");
    out->type = pfkey_system_type(system, pfkey_cursor_u8(c));
    pfkey_cursor_require(c, out->type != 0, "an unknown message type (RFC 2367 section 2.1)");
    out->error = pfkey_cursor_u8(c);
    out->satype = pfkey_cursor_u8(c);
    words = pfkey_cursor_u16(c);
    pfkey_cursor_require(c, (gsize) words * PFKEY_WORD == n, "the length field is not the message's length (RFC 2367 section 2.1)");
    out->reserved = pfkey_cursor_u16(c);
    out->seq = pfkey_cursor_u32(c);
    out->pid = pfkey_cursor_u32(c);
}

gboolean
pfkey_header_decode(const PfkeySystem *system, const guint8 *data, gsize n, PfkeyHeader *out, PfkeyFault *fault)
{
    PfkeyCursor c = pfkey_cursor(data, n, fault);

    *fault = (PfkeyFault) { 0 };
    *out = (PfkeyHeader) { 0 };
    decode_header(system, &c, n, out);
    return pfkey_cursor_ok(&c);
}

/* Whether the typed form gives the bytes back is found by trying.  A fault of the attempt means no, too. */
static void
mark_verbatim(const PfkeySystem *system, const PfkeyMessage *message, PfkeyEntry *entry, PfkeyBuffer *scratch)
{
    PfkeyFault ignored = { 0 };

    pfkey_buffer_empty(scratch);
    pfkey_extension_encode(system, message, entry->kind, scratch, &ignored);
    entry->verbatim = ignored.rule != NULL || scratch->n != entry->raw.n ||
                      memcmp(scratch->data, entry->raw.data, scratch->n) != 0;
}

static void
decode_known(const PfkeySystem *system, PfkeyCursor *body, PfkeyMessage *out, PfkeyEntry *entry, PfkeyBuffer *scratch)
{
    const PfkeyCoding *coding = pfkey_coding(entry->kind);

    pfkey_cursor_require(body, !pfkey_message_has(out, entry->kind), "an extension comes twice (RFC 2367 section 2.3)");
    if (!pfkey_cursor_ok(body))
        return;
    out->present |= 1u << entry->kind;
    coding->decode(system, body, (guint8 *) out + coding->member);
    if (pfkey_cursor_done(body))
        mark_verbatim(system, out, entry, scratch);
}

/* RFC 2367 section 2.3: length and type, then what the type says. */
static void
decode_extension(const PfkeySystem *system, PfkeyCursor *c, PfkeyMessage *out, PfkeyBuffer *scratch)
{
    const guint8 *start = c->at;
    guint16 words, number;
    PfkeyEntry *entry;
    PfkeyCursor body;

    c->fault->extension = PFKEY_EXT_UNKNOWN;
    c->fault->number = 0;
    pfkey_cursor_require(c, out->n_entries < PFKEY_EXTENSIONS_MAX, "more extensions than we accept in one message");
    words = pfkey_cursor_u16(c);
    number = pfkey_cursor_u16(c);
    if (!pfkey_cursor_ok(c))
        return;
    entry = &out->entries[out->n_entries++];
    *entry = (PfkeyEntry) { .kind = pfkey_system_extension(system, number), .number = number };
    c->fault->extension = entry->kind;
    c->fault->number = number;
    pfkey_cursor_require(c, words > 0, "an extension of no length (RFC 2367 section 2.3)");
    pfkey_cursor_require(c, number != 0, "an extension of the reserved type 0 (RFC 2367 section 3.6)");
    body = pfkey_cursor_take(c, words > 0 ? (gsize) words * PFKEY_WORD - PFKEY_EXTENSION_HEADER : 0);
    if (!pfkey_cursor_ok(c))
        return;
    entry->raw = (ObolSpan) { start, (gsize) words * PFKEY_WORD };
    if (entry->kind != PFKEY_EXT_UNKNOWN)
        decode_known(system, &body, out, entry, scratch);
}

/* RFC 2367 appendix A: in the data form another message follows, whatever it is worth. */
static void
decode_inner(PfkeyCursor *c, PfkeyMessage *out)
{
    PfkeyCursor header = *c;
    gsize n = pfkey_cursor_left(c);
    guint8 version = pfkey_cursor_u8(&header);
    guint16 words;

    pfkey_cursor_skip(&header, 3);
    words = pfkey_cursor_u16(&header);
    pfkey_cursor_skip(&header, 10);
    pfkey_cursor_require(c, version == PFKEY_VERSION && (gsize) words * PFKEY_WORD == n,
                         "what follows PROMISC is not one whole message (RFC 2367 appendix A)");
    out->inner = pfkey_cursor_rest(c);
}

gboolean
pfkey_message_decode(const PfkeySystem *system, const guint8 *data, gsize n, PfkeyMessage *out, PfkeyFault *fault)
{
    PfkeyCursor c = pfkey_cursor(data, n, fault);
    g_auto(PfkeyBuffer) scratch = PFKEY_BUFFER_INIT;

    *fault = (PfkeyFault) { 0 };
    memset(out, 0, sizeof *out);
    decode_header(system, &c, n, &out->header);
    if (out->header.type == PFKEY_X_PROMISC && pfkey_cursor_left(&c) > 0)
        decode_inner(&c, out);
    while (pfkey_cursor_left(&c) > 0)
        decode_extension(system, &c, out, &scratch);
    return pfkey_cursor_ok(&c);
}

gboolean
pfkey_message_has(const PfkeyMessage *message, PfkeyExtension extension)
{
    return (message->present >> extension & 1) != 0;
}
