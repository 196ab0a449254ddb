/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-xfrm.c - a datagram of the kernel: each of its messages a typed fault, or one whose values can be used. */
#include "fuzz/fuzz.h"

#include "plugins/kernel-xfrm/cover.h"
#include "plugins/kernel-xfrm/decode.h"
#include "plugins/kernel-xfrm/owner.h"

static void
check_selector(const struct xfrm_selector *selector)
{
    g_autofree char *source_text = NULL, *destination_text = NULL;
    ObolTs source, destination;

    cover_read(selector, &source, &destination);
    source_text = obol_ts_format(&source);
    destination_text = obol_ts_format(&destination);
    if (obol_ts_prefix(&source) < 0 || obol_ts_prefix(&destination) < 0)
        g_error("a prefix became a range");
}

static void
check_sa(const XfrmSa *sa)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    obol_address_format(&sa->id.source, text);
    obol_address_format(&sa->id.destination, text);
    if (owner_has_sa(sa) && owner_has_reservation(sa))
        g_error("an SA that is none");
}

static void
check_policy(const XfrmPolicy *policy)
{
    if (policy->n_templates > XFRM_TEMPLATES_MAX)
        g_error("too many templates");
    check_selector(&policy->info.sel);
}

static void
visit(const XfrmMessage *message)
{
    switch (message->kind) {
    case XFRM_KIND_SA: case XFRM_KIND_SA_GONE: check_sa(&message->sa); break;
    case XFRM_KIND_POLICY: case XFRM_KIND_POLICY_GONE: case XFRM_KIND_POLICY_EXPIRE: check_policy(&message->policy); break;
    case XFRM_KIND_ACQUIRE: check_selector(&message->acquire.packet); check_policy(&message->acquire.policy); break;
    case XFRM_KIND_EXPIRE: check_sa(&message->expire.sa); break;
    case XFRM_KIND_REPORT: check_selector(&message->report.selector); break;
    case XFRM_KIND_ANSWER:
        if (message->answer.status > 0 || !g_utf8_validate(message->answer.words, -1, NULL))
            g_error("a terminal would choke on this");
        break;
    case XFRM_KIND_MAPPING: case XFRM_KIND_SAS_FLUSHED: case XFRM_KIND_POLICIES_FLUSHED: case XFRM_KIND_OTHER: break;
    }
}

OBOL_FUZZ_TARGET(xfrm)
{
    XfrmMessage message;
    XfrmFault fault;

    for (gsize at = 0; at < n; at += message.n) {
        if (xfrm_decode(data + at, n - at, &message, &fault))
            visit(&message);
        else if (fault.rule == NULL || fault.offset > n)
            g_error("a refusal without its reason");
        if (message.n == 0)
            break;
        if (message.n > n - at)
            g_error("a message that does not end in its datagram");
    }
    return 0;
}
