/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-pfkey.c - PF_KEY messages: a typed fault, or a message that encodes to the same bytes, whichever system's; and
 * the same bytes as what a client of the proxy sends. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "pfkey-kernel/coding/message.h"
#include "pfkey-kernel/proxy/filter.h"
#include "pfkey-kernel/proxy/frame.h"

/* Whatever was decoded can be shown and judged, and its lists can be read. */
static void
use(const PfkeyMessage *message)
{
    g_autofree char *summary = pfkey_message_summary(message), *dump = pfkey_message_dump(message);
    PfkeyFault fault;

    if (!g_utf8_validate(summary, -1, NULL) || !g_utf8_validate(dump, -1, NULL))
        g_error("not fit for a log");
    pfkey_message_check(message, PFKEY_UP, &fault);
    pfkey_message_check(message, PFKEY_DOWN, &fault);
    for (guint i = 0; i < message->proposal.n; i++)
        pfkey_proposal_comb(&message->proposal, i);
    for (guint i = 0; i < message->supported_encr.n; i++)
        pfkey_supported_algorithm(&message->supported_encr, i);
}

static void
run(const PfkeySystem *system, const guint8 *data, gsize n)
{
    g_auto(PfkeyBuffer) encoded = PFKEY_BUFFER_INIT;
    PfkeyMessage message, again;
    PfkeyFault fault;

    if (!pfkey_message_decode(system, data, n, &message, &fault)) {
        g_autofree char *text = pfkey_fault_text(&fault);

        if (fault.rule == NULL || fault.offset > n)
            g_error("a fault without its place: %s", text);
        return;
    }
    use(&message);
    if (!pfkey_message_encode(system, &message, &encoded, &fault))
        g_error("can not be encoded: %s", fault.rule);
    if (encoded.n != n || memcmp(encoded.data, data, n) != 0)
        g_error("encoded to other bytes");
    if (!pfkey_message_decode(system, encoded.data, encoded.n, &again, &fault) || again.present != message.present)
        g_error("decoded to another message");
}

/* Nothing passes that is not whole, and what is refused is answered by a message. */
static void
judge(ObolSpan bytes)
{
    g_auto(PfkeyJudgement) judgement;
    PfkeyHeader header;
    PfkeyFault fault;

    pfkey_filter_judge(&pfkey_linux, 0, bytes.data, bytes.n, &judgement);
    if (judgement.decision == PFKEY_ANSWER &&
        (!pfkey_header_decode(&pfkey_linux, judgement.answer.data, judgement.answer.n, &header, &fault) || header.error == 0))
        g_error("no answer");
    if (judgement.decision == PFKEY_PASS && bytes.n < PFKEY_MESSAGE_HEADER)
        g_error("passed without a header");
}

static void
frames(const guint8 *data, gsize n)
{
    PfkeyFrame frame;
    PfkeyHello hello;
    const char *why;

    while (pfkey_frame_parse(data, n, &frame, &why) == PFKEY_FRAME_WHOLE) {
        g_autofree char *text = pfkey_bye_text(frame.body);

        if (!g_utf8_validate(text, -1, NULL))
            g_error("not fit for a log");
        if (!pfkey_hello_parse(frame.body, &hello, &why) && why == NULL)
            g_error("refused without a reason");
        judge(frame.body);
        data += PFKEY_FRAME_HEADER + frame.body.n;
        n -= PFKEY_FRAME_HEADER + frame.body.n;
    }
}

OBOL_FUZZ_TARGET(pfkey)
{
    frames(data, n);
    run(&pfkey_linux, data, n);
    run(&pfkey_freebsd, data, n);
    return 0;
}
