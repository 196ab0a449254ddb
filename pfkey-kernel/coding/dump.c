/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/dump.c - messages for people.  Keys are told by their length alone. */
#include "pfkey-kernel/coding/extension.h"

static GString *
begin(const PfkeyMessage *message)
{
    const PfkeyHeader *header = &message->header;
    GString *out = g_string_new(pfkey_type_name(header->type));

    g_string_append_printf(out, " %s seq %u pid %u", pfkey_satype_name(header->satype), header->seq, header->pid);
    if (header->error != 0)
        g_string_append_printf(out, " errno %u", header->error);
    return out;
}

static void
append_entry(const PfkeyMessage *message, const PfkeyEntry *entry, GString *out)
{
    const PfkeyCoding *coding = pfkey_coding(entry->kind);

    if (coding == NULL) {
        g_string_append_printf(out, "extension %u, %" G_GSIZE_FORMAT " bytes", entry->number, entry->raw.n);
        return;
    }
    g_string_append(out, pfkey_extension_name(entry->kind));
    coding->dump((const guint8 *) message + coding->member, out);
}

char *
pfkey_message_summary(const PfkeyMessage *message)
{
    GString *out = begin(message);

    if (pfkey_message_has(message, PFKEY_EXT_SA))
        g_string_append_printf(out, " SPI 0x%08x", message->sa.spi);
    if (pfkey_message_has(message, PFKEY_EXT_X_POLICY))
        g_string_append_printf(out, " policy %u %s", message->policy.id, pfkey_direction_name(message->policy.direction));
    if (pfkey_message_has(message, PFKEY_EXT_ADDRESS_SRC)) {
        g_string_append(out, " from ");
        pfkey_dump_address(&message->source.address, out);
    }
    if (pfkey_message_has(message, PFKEY_EXT_ADDRESS_DST)) {
        g_string_append(out, " to ");
        pfkey_dump_address(&message->destination.address, out);
    }
    return g_string_free(out, FALSE);
}

char *
pfkey_message_dump(const PfkeyMessage *message)
{
    GString *out = begin(message);

    if (message->header.reserved != 0)
        g_string_append_printf(out, " reserved %u", message->header.reserved);
    for (guint i = 0; i < message->n_entries; i++) {
        g_string_append(out, "\n  ");
        append_entry(message, &message->entries[i], out);
        if (message->entries[i].verbatim)
            g_string_append(out, " (and reserved bytes)");
    }
    if (message->inner.n > 0)
        g_string_append_printf(out, "\n  a message of %" G_GSIZE_FORMAT " bytes", message->inner.n);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
