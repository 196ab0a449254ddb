/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/reason.c - the reasons' names and sentences, in one table. */
#include <obol/reason.h>

#include <obol/numbers.h>

#include "model/i18n.h"

static const struct {
    const char *name, *text;
} reasons[OBOL_N_REASONS] = {
    [OBOL_REASON_NONE] = { "E-NONE", N_("no reason") },
    [OBOL_REASON_NET_SILENT] = { "E-NET-SILENT", N_("the peer does not answer") },
    [OBOL_REASON_PROPOSAL_US] = { "E-PROP-US", N_("none of the peer's proposals is acceptable to us") },
    [OBOL_REASON_PROPOSAL_PEER] = { "E-PROP-PEER", N_("none of our proposals is acceptable to the peer") },
    [OBOL_REASON_KE_GROUP] = { "E-KE-GROUP", N_("the peer wants a key exchange that we can not follow") },
    [OBOL_REASON_KE_VALUE] = { "E-KE-VALUE", N_("the public value of the key exchange is not valid") },
    [OBOL_REASON_NO_CONNECTION] = { "E-CONN-NOMATCH", N_("no connection is configured for these addresses") },
    [OBOL_REASON_ID_NOMATCH] = { "E-ID-NOMATCH", N_("no connection is configured for these identities") },
    [OBOL_REASON_PSK_NONE] = { "E-PSK-NONE", N_("there is no shared key for these identities") },
    [OBOL_REASON_AUTH_US] = { "E-AUTH-US", N_("the peer's proof of its identity is wrong") },
    [OBOL_REASON_AUTH_PEER] = { "E-AUTH-PEER", N_("the peer refused our proof of identity") },
    [OBOL_REASON_AUTH_METHOD] = { "E-AUTH-METHOD", N_("the peer uses another authentication method than is configured") },
    [OBOL_REASON_TS_US] = { "E-TS-US", N_("the peer's traffic selectors have nothing in common with ours") },
    [OBOL_REASON_TS_PEER] = { "E-TS-PEER", N_("the peer does not accept our traffic selectors") },
    [OBOL_REASON_SYNTAX] = { "E-SYNTAX", N_("a message breaks the rules of the wire") },
    [OBOL_REASON_CRITICAL] = { "E-CRITICAL", N_("a critical payload is not known here") },
    [OBOL_REASON_VERSION] = { "E-VERSION", N_("the peer speaks another major version of IKE") },
    [OBOL_REASON_COOKIE] = { "E-COOKIE", N_("the peer keeps asking for cookies") },
    [OBOL_REASON_HALF_OPEN_LIMIT] = { "E-HALFOPEN-LIMIT", N_("too many half-open SAs") },
    [OBOL_REASON_HALF_OPEN_TIME] = { "E-HALFOPEN-TIME", N_("the peer did not finish in time") },
    [OBOL_REASON_KERNEL_SPI] = { "E-KERNEL-SPI", N_("the kernel gave no SPI") },
    [OBOL_REASON_KERNEL_SA] = { "E-KERNEL-SA", N_("the kernel refused the SA") },
    [OBOL_REASON_KERNEL_POLICY] = { "E-KERNEL-POLICY", N_("the kernel refused the policy") },
    [OBOL_REASON_MODE] = { "E-MODE", N_("tunnel and transport mode do not fit") },
    [OBOL_REASON_PEER_NOTIFY] = { "E-PEER-NOTIFY", N_("the peer reports an error") },
    [OBOL_REASON_DELETED_BY_PEER] = { "E-DELETED-BY-PEER", N_("the peer deleted it") },
    [OBOL_REASON_DELETED_BY_US] = { "E-DELETED-BY-US", N_("deleted as asked") },
    [OBOL_REASON_REPLACED] = { "E-DUP-REPLACED", N_("another one took its place") },
    [OBOL_REASON_LIFETIME] = { "E-LIFETIME", N_("its lifetime is over") },
    [OBOL_REASON_CRYPTO] = { "E-CRYPTO", N_("the crypto backend failed") },
    [OBOL_REASON_CONFIG] = { "E-CONFIG", N_("the settings do not allow it") },
    [OBOL_REASON_INTERNAL] = { "E-INTERNAL", N_("something that should not happen; please report it") },
    [OBOL_REASON_BUSY] = { "E-BUSY", N_("it is about to go, or another change of it is under way") },
    [OBOL_REASON_NARROWED] = { "E-NARROWED", N_("the peer grants less than was asked for") },
    [OBOL_REASON_PEER_RESTARTED] = { "E-PEER-RESTARTED", N_("the peer has lost it, by a crash or a restart") },
    [OBOL_REASON_REDIRECT] = { "E-REDIRECT", N_("the gateway sends its clients to another one") },
    [OBOL_REASON_ADDRESS_GONE] = { "E-ADDRESS-GONE", N_("an address that it depends on has gone") },
    [OBOL_REASON_ADDRESS_REFUSED] = { "E-ADDRESS-REFUSED", N_("the peer does not accept the addresses") },
    [OBOL_REASON_COOKIE2] = { "E-COOKIE2", N_("the peer did not show that it receives at its address") },
    [OBOL_REASON_ADDRESS] = { "E-ADDRESS", N_("there is no virtual address for whoever needs one") },
};

ObolReason *
obol_reason_new(ObolReasonCode code, const char *phase, ObolSide side, guint16 notify, const char *facts_format, ...)
{
    ObolReason *reason = g_new0(ObolReason, 1);

    *reason = (ObolReason) { .code = code, .phase = phase, .side = side, .notify = notify };
    if (facts_format != NULL) {
        va_list args;

        va_start(args, facts_format);
        reason->facts = g_strdup_vprintf(facts_format, args);
        va_end(args);
    }
    return reason;
}

ObolReason *
obol_reason_dup(const ObolReason *reason)
{
    ObolReason *copy;

    if (reason == NULL)
        return NULL;
    copy = g_new(ObolReason, 1);
    *copy = *reason;
    copy->facts = g_strdup(reason->facts);
    copy->next = g_strdup(reason->next);
    return copy;
}

void
obol_reason_free(ObolReason *reason)
{
    if (reason == NULL)
        return;
    g_free(reason->facts);
    g_free(reason->next);
    g_free(reason);
}

const char *
obol_reason_code_name(ObolReasonCode code)
{
    return (guint) code < OBOL_N_REASONS ? reasons[code].name : reasons[OBOL_REASON_INTERNAL].name;
}

const char *
obol_reason_code_text(ObolReasonCode code)
{
    return _((guint) code < OBOL_N_REASONS ? reasons[code].text : reasons[OBOL_REASON_INTERNAL].text);
}

char *
obol_reason_format(const ObolReason *reason)
{
    GString *out = g_string_new(NULL);

    if (reason->phase != NULL)
        g_string_append_printf(out, "%s: ", reason->phase);
    g_string_append(out, obol_reason_code_text(reason->code));
    if (reason->notify != 0)
        g_string_append_printf(out, " (%s)", obol_notify_name(reason->notify));
    if (reason->facts != NULL)
        g_string_append_printf(out, ": %s", reason->facts);
    g_string_append_printf(out, " [%s]", obol_reason_code_name(reason->code));
    return g_string_free(out, FALSE);
}
