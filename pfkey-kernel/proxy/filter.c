/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/filter.c - what a client may say to the kernel. */
#include "pfkey-kernel/proxy/filter.h"

#include <errno.h>
#include <string.h>

static void
answer(const PfkeySystem *system, const PfkeyHeader *header, int code, PfkeyBuffer *out)
{
    PfkeyMessage bare;
    PfkeyFault fault;

    pfkey_message_init(&bare, header->type, header->satype, header->seq, header->pid);
    bare.header.error = (guint8) code;
    pfkey_message_encode(system, &bare, out, &fault);
}

void
pfkey_filter_answer(const PfkeySystem *system, const guint8 *bytes, gsize n, int code, PfkeyBuffer *out)
{
    PfkeyHeader header;
    PfkeyFault fault;

    if (pfkey_header_decode(system, bytes, n, &header, &fault))
        answer(system, &header, -code, out);
}

void
pfkey_filter_judge(const PfkeySystem *system, guint32 extra, const guint8 *bytes, gsize n, PfkeyJudgement *out)
{
    PfkeyMessage message;
    PfkeyFault fault;

    memset(out, 0, sizeof *out);
    if (!pfkey_message_decode(system, bytes, n, &message, &fault)) {
        out->decision = PFKEY_CLOSE;
        out->why = pfkey_fault_text(&fault);
    } else if ((PFKEY_FILTER_ALLOW(message.header.type) & PFKEY_FILTER_ASKED_FOR & ~extra) != 0) {
        out->decision = PFKEY_ANSWER;
        out->why = g_strdup_printf("%s is not allowed here", pfkey_type_name(message.header.type));
        answer(system, &message.header, EPERM, &out->answer);
    } else if (!pfkey_message_check(&message, PFKEY_DOWN, &fault)) {
        g_autofree char *text = pfkey_fault_text(&fault);

        out->decision = PFKEY_ANSWER;
        out->why = g_strdup_printf("%s: %s", pfkey_type_name(message.header.type), text);
        answer(system, &message.header, EINVAL, &out->answer);
    }
}

void
pfkey_judgement_clear(PfkeyJudgement *judgement)
{
    g_clear_pointer(&judgement->why, g_free);
    pfkey_buffer_clear(&judgement->answer);
}

guint32
pfkey_filter_word(const char *word)
{
    static const struct { const char *word; PfkeyType type; } words[] = {
        { "flush", PFKEY_FLUSH }, { "spdflush", PFKEY_X_SPDFLUSH }, { "promisc", PFKEY_X_PROMISC },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(word, words[i].word))
            return PFKEY_FILTER_ALLOW(words[i].type);
    return 0;
}
