/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/encode.c - typed messages to bytes. */
#include "pfkey-kernel/coding/encode.h"

#include "pfkey-kernel/coding/extension.h"

void
pfkey_extension_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyExtension extension, PfkeyBuffer *out,
                       PfkeyFault *fault)
{
    const PfkeyCoding *coding = pfkey_coding(extension);
    gsize start = out->n, words;

    if (coding == NULL || system->extensions[extension] == 0) {
        pfkey_fault_set(fault, "this system has no such extension");
        return;
    }
    pfkey_put_u16(out, 0);
    pfkey_put_u16(out, system->extensions[extension]);
    coding->encode(system, (const guint8 *) message + coding->member, out, fault);
    pfkey_put_padding(out, start);
    words = (out->n - start) / PFKEY_WORD;
    if (words > G_MAXUINT16)
        pfkey_fault_set(fault, "an extension is longer than its length field can tell (RFC 2367 section 2.2)");
    else
        pfkey_set_u16(out, start, (guint16) words);
}

/* What came as bytes and can only be said by them. */
static void
encode_verbatim(const PfkeyEntry *entry, PfkeyBuffer *out, PfkeyFault *fault)
{
    if (entry->raw.n < PFKEY_EXTENSION_HEADER || entry->raw.n % PFKEY_WORD != 0)
        pfkey_fault_set(fault, "bytes of an extension are not whole words of 64 bits (RFC 2367 section 2.2)");
    else
        pfkey_put_bytes(out, entry->raw.data, entry->raw.n);
}

static void
encode_header(const PfkeySystem *system, const PfkeyHeader *header, PfkeyBuffer *out, PfkeyFault *fault)
{
    guint8 number = header->type > 0 && header->type < PFKEY_N_TYPES ? system->types[header->type] : 0;

    if (number == 0)
        pfkey_fault_set(fault, "this system has no such message type");
    pfkey_put_u8(out, PFKEY_VERSION);
    pfkey_put_u8(out, number);
    pfkey_put_u8(out, header->error);
    pfkey_put_u8(out, header->satype);
    pfkey_put_u16(out, 0);
    pfkey_put_u16(out, header->reserved);
    pfkey_put_u32(out, header->seq);
    pfkey_put_u32(out, header->pid);
}

static void
encode_entries(const PfkeySystem *system, const PfkeyMessage *message, gsize start, PfkeyBuffer *out, PfkeyFault *fault)
{
    for (guint i = 0; i < MIN(message->n_entries, PFKEY_EXTENSIONS_MAX) && fault->rule == NULL; i++) {
        const PfkeyEntry *entry = &message->entries[i];

        fault->offset = out->n - start;
        fault->extension = entry->kind;
        fault->number = entry->number;
        if (entry->verbatim || entry->kind == PFKEY_EXT_UNKNOWN)
            encode_verbatim(entry, out, fault);
        else
            pfkey_extension_encode(system, message, entry->kind, out, fault);
    }
}

gboolean
pfkey_message_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyBuffer *out, PfkeyFault *fault)
{
    gsize start = out->n;

    *fault = (PfkeyFault) { 0 };
    encode_header(system, &message->header, out, fault);
    encode_entries(system, message, start, out, fault);
    if (fault->rule == NULL) {
        *fault = (PfkeyFault) { 0 };
        pfkey_put_bytes(out, message->inner.data, message->inner.n);
        if ((out->n - start) % PFKEY_WORD != 0 || out->n - start > PFKEY_MESSAGE_MAX)
            pfkey_fault_set(fault, "a message is longer than its length field can tell (RFC 2367 section 2.1)");
    }
    if (fault->rule != NULL) {
        pfkey_buffer_truncate(out, start);
        return FALSE;
    }
    pfkey_set_u16(out, start + 4, (guint16) ((out->n - start) / PFKEY_WORD));
    return TRUE;
}
