/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/build.c - messages put together, extension by extension. */
#include <string.h>

#include "pfkey-kernel/coding/extension.h"

void
pfkey_message_init(PfkeyMessage *message, PfkeyType type, guint8 satype, guint32 seq, guint32 pid)
{
    memset(message, 0, sizeof *message);
    message->header = (PfkeyHeader) { .type = type, .satype = satype, .seq = seq, .pid = pid };
}

void
pfkey_message_add(PfkeyMessage *message, PfkeyExtension extension)
{
    const PfkeyCoding *coding = pfkey_coding(extension);

    g_return_if_fail(coding != NULL && message->n_entries < PFKEY_EXTENSIONS_MAX);
    memset((guint8 *) message + coding->member, 0, coding->n_member);
    if (pfkey_message_has(message, extension))
        return;
    message->present |= 1u << extension;
    message->entries[message->n_entries++] = (PfkeyEntry) { .kind = extension };
}

void
pfkey_message_add_unknown(PfkeyMessage *message, ObolSpan raw)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(raw.data, raw.n, &fault);

    g_return_if_fail(message->n_entries < PFKEY_EXTENSIONS_MAX);
    pfkey_cursor_skip(&c, 2);
    message->entries[message->n_entries++] = (PfkeyEntry) { .number = pfkey_cursor_u16(&c), .raw = raw };
}

PfkeySa *
pfkey_message_add_sa(PfkeyMessage *message)
{
    pfkey_message_add(message, PFKEY_EXT_SA);
    return &message->sa;
}

/* The member of @which, which must be of @n_member bytes: a guard against LIFETIME where an address is meant. */
static gpointer
add_member(PfkeyMessage *message, PfkeyExtension which, gsize n_member)
{
    const PfkeyCoding *coding = pfkey_coding(which);

    g_assert(coding != NULL && coding->n_member == n_member);
    pfkey_message_add(message, which);
    return (guint8 *) message + coding->member;
}

PfkeyLifetime *
pfkey_message_add_lifetime(PfkeyMessage *message, PfkeyExtension which)
{
    return add_member(message, which, sizeof(PfkeyLifetime));
}

PfkeyAddress *
pfkey_message_add_address(PfkeyMessage *message, PfkeyExtension which)
{
    return add_member(message, which, sizeof(PfkeyAddress));
}

void
pfkey_message_add_key(PfkeyMessage *message, PfkeyExtension which, const guint8 *bytes, gsize n)
{
    PfkeyKey *key = add_member(message, which, sizeof(PfkeyKey));

    g_return_if_fail(n * 8 <= PFKEY_KEY_BITS_MAX);
    *key = (PfkeyKey) { .bits = (guint16) (n * 8), .bytes = { n > 0 ? bytes : NULL, n } };
}

void
pfkey_message_add_spi_range(PfkeyMessage *message, guint32 min, guint32 max)
{
    pfkey_message_add(message, PFKEY_EXT_SPIRANGE);
    message->spi_range = (PfkeySpiRange) { min, max };
}

PfkeyPolicy *
pfkey_message_add_policy(PfkeyMessage *message)
{
    pfkey_message_add(message, PFKEY_EXT_X_POLICY);
    return &message->policy;
}

PfkeyRequest *
pfkey_policy_add_request(PfkeyPolicy *policy)
{
    return policy->n < PFKEY_REQUESTS_MAX ? &policy->requests[policy->n++] : NULL;
}

PfkeySa2 *
pfkey_message_add_sa2(PfkeyMessage *message)
{
    pfkey_message_add(message, PFKEY_EXT_X_SA2);
    return &message->sa2;
}

void
pfkey_message_add_encap(PfkeyMessage *message, guint16 source_port, guint16 destination_port)
{
    pfkey_message_add(message, PFKEY_EXT_X_NAT_T_TYPE);
    message->nat_type.type = PFKEY_ENCAP_ESP_IN_UDP;
    pfkey_message_add(message, PFKEY_EXT_X_NAT_T_SPORT);
    message->nat_sport.port = source_port;
    pfkey_message_add(message, PFKEY_EXT_X_NAT_T_DPORT);
    message->nat_dport.port = destination_port;
}
