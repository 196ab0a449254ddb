/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/mobike-ask.c - what is asked and told for MOBIKE in requests of ours (RFC 4555 sections 3.4 to 3.9). */
#include "engine/ike-sa-private.h"

/* --- our additional addresses, sections 3.4 and 3.6 --- */

static void
add_address(const ObolAddress *address, ObolChain *chain)
{
    obol_chain_add_notify(chain, address->family == AF_INET6 ? OBOL_N_ADDITIONAL_IP6_ADDRESS : OBOL_N_ADDITIONAL_IP4_ADDRESS,
                          address->bytes, obol_address_n_bytes(address));
}

/* Of the list and of the address in the IP header (FNV-1a): the peer has to know them both. */
static guint32
digest_of(const ObolIkeSa *sa, const GArray *additional)
{
    guint32 digest = 2166136261u;

    for (guint i = 0; i <= additional->len; i++) {
        const ObolAddress *one = i < additional->len ? &g_array_index(additional, ObolAddress, i) : &sa->local;

        for (gsize j = 0; j < obol_address_n_bytes(one); j++)
            digest = (digest ^ one->bytes[j]) * 16777619u;
    }
    return digest;
}

void
obol_mobike_add_addresses(ObolIkeSa *sa, gboolean none_too, ObolChain *chain)
{
    g_autoptr(GArray) additional = obol_path_additional(sa);

    for (guint i = 0; i < additional->len; i++)
        add_address(&g_array_index(additional, ObolAddress, i), chain);
    if (additional->len == 0 && none_too)
        obol_chain_add_notify(chain, OBOL_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
    *(sa->mobike != NULL ? &sa->mobike->told : &sa->negotiation->told) = digest_of(sa, additional);
}

void
obol_mobike_announce(ObolIkeSa *sa)
{
    g_autoptr(GArray) additional = obol_path_additional(sa);

    if (sa->mobike->told != digest_of(sa, additional))
        obol_tasks_add(sa, OBOL_TASK_ANNOUNCE, 0, 0);
}

/* --- requests --- */

/* Section 3.7: unpredictable, so that an answer shows that the request has arrived. */
static void
add_cookie2(ObolIkeSa *sa, ObolChain *chain)
{
    ObolMobike *mobike = sa->mobike;

    obol_random_fill(&sa->engine->random, mobike->cookie2, sizeof mobike->cookie2);
    obol_chain_add_notify(chain, OBOL_N_COOKIE2, mobike->cookie2, sizeof mobike->cookie2);
    mobike->cookie2_sent = TRUE;
}

static void
add_nat(ObolIkeSa *sa, ObolChain *chain)
{
    ObolPath path = obol_path_of(sa);

    if (sa->mobike->nat_t)
        obol_nat_add_hashes(sa, &path, chain);
    else
        obol_nat_add_prohibition(sa, chain);
}

static void
fill(ObolIkeSa *sa, ObolTaskKind kind, ObolChain *chain)
{
    ObolMobike *mobike = sa->mobike;
    ObolPath path = obol_path_of(sa);

    if (mobike == NULL)
        return;
    mobike->asked = 1u << kind;
    mobike->cookie2_sent = FALSE;
    if (kind == OBOL_TASK_UPDATE)
        obol_chain_add_notify(chain, OBOL_N_UPDATE_SA_ADDRESSES, NULL, 0);
    if (kind == OBOL_TASK_UPDATE && obol_tasks_cancel(sa, OBOL_TASK_ANNOUNCE))
        mobike->asked |= 1u << OBOL_TASK_ANNOUNCE; /* section 3.6: in the same request */
    if ((mobike->asked & 1u << OBOL_TASK_ANNOUNCE) != 0)
        obol_mobike_add_addresses(sa, TRUE, chain);
    if (kind == OBOL_TASK_UPDATE || (kind == OBOL_TASK_ANNOUNCE && !mobike->nat_t))
        add_nat(sa, chain);
    /* Section 3.8: the initiator behind a NAT finds out by them whether its mapping is still the same. */
    if (kind == OBOL_TASK_PROBE && mobike->decides && mobike->nat_t && sa->nat_local)
        obol_nat_add_hashes(sa, &path, chain);
    if (kind == OBOL_TASK_UPDATE || kind == OBOL_TASK_CHECK)
        add_cookie2(sa, chain);
}

void
obol_mobike_ask(ObolIkeSa *sa, ObolTaskKind kind, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GBytes *datagram;

    fill(sa, kind, &chain);
    datagram = obol_sk_seal(sa, OBOL_INFORMATIONAL, FALSE, sa->next_request_id, &chain, out);
    if (datagram != NULL)
        obol_window_request(sa, OBOL_INFORMATIONAL, datagram, out);
}
