/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/fragment.c - whether a message is sent in fragments, and how large they are (RFC 7383 sections 2.3 to 2.5). */
#include "engine/ike-sa-private.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER 8
#define NON_ESP_MARKER 4
#define IP_DATAGRAM_MAX 65535
#define AT_LENGTH 24 /* in the IKE header */

/* Section 2.5.2 searches downwards and in few steps: Ethernet, the least that every IPv6 link carries, and the size that
 * section 2.5.1 recommends for IPv4. */
static const guint16 steps[] = { 1500, 1280, 576 };

static gsize
least(const ObolIkeSa *sa)
{
    return sa->remote.family == AF_INET6 ? 1280 : 576;
}

gsize
obol_datagram_ip_size(const ObolIkeSa *sa, gsize n)
{
    /* The marker (RFC 3948 section 2.2) counts always: four bytes are cheaper than a size that changes with the port. */
    return (sa->remote.family == AF_INET6 ? IPV6_HEADER : IPV4_HEADER) + UDP_HEADER + NON_ESP_MARKER + n;
}

ObolSpan
obol_datagrams_next(GBytes *datagrams, gsize *at)
{
    ObolSpan all = obol_span_of_bytes(datagrams), rest = { all.data + *at, all.n - *at };
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(rest.data, rest.n, &fault);
    ObolSpan one;

    obol_cursor_skip(&c, AT_LENGTH);
    one = (ObolSpan) { rest.data, obol_cursor_u32(&c) };
    if (!obol_cursor_ok(&c) || one.n > rest.n)
        return (ObolSpan) { NULL, 0 };
    *at += one.n;
    return one;
}

static gsize
largest(const ObolIkeSa *sa, GBytes *datagrams)
{
    gsize at = 0, n = 0;

    for (ObolSpan one; (one = obol_datagrams_next(datagrams, &at)).n > 0;)
        n = MAX(n, one.n);
    return obol_datagram_ip_size(sa, n);
}

/* --- negotiation, section 2.3 --- */

void
obol_fragment_announce(const ObolIkeSa *sa, ObolChain *chain)
{
    if (sa->connection->fragmentation != OBOL_FRAGMENTATION_NO)
        obol_chain_add_notify(chain, OBOL_N_IKEV2_FRAGMENTATION_SUPPORTED, NULL, 0);
}

void
obol_fragment_agree(ObolIkeSa *sa, const ObolChain *chain)
{
    const ObolPayload *announced = obol_chain_find_notify(chain, OBOL_N_IKEV2_FRAGMENTATION_SUPPORTED);

    sa->fragmentation.agreed = sa->connection->fragmentation != OBOL_FRAGMENTATION_NO && announced != NULL
                               && obol_notify_data_valid(&announced->notify);
}

/* --- size, section 2.5.1 --- */

static gboolean
may_send(const ObolIkeSa *sa)
{
    return sa->fragmentation.agreed && sa->connection->fragmentation == OBOL_FRAGMENTATION_YES;
}

/* What the path has turned out to carry, if that is less than the settings say. */
static gsize
path_size(const ObolIkeSa *sa)
{
    gsize found = sa->fragmentation.path_size, set = sa->connection->fragment_size;

    return found != 0 ? MIN(found, set) : set;
}

gsize
obol_fragment_threshold(const ObolIkeSa *sa, gboolean response)
{
    gsize size;

    if (!may_send(sa))
        return 0;
    size = path_size(sa);
    /* The peer may have found out that the path carries less; below what all paths carry that is no reason. */
    if (response && sa->fragmentation.asked_size != 0)
        size = MIN(size, MAX(sa->fragmentation.asked_size, least(sa)));
    return size;
}

gsize
obol_sealed_size(const ObolGuard *guard, gsize n_text, guint total)
{
    gsize block = obol_guard_block(guard), n_padded = (n_text + 1 + block - 1) / block * block;

    return OBOL_WIRE_HEADER + (total == 0 ? OBOL_SK_HEADER : OBOL_SKF_HEADER) + obol_guard_n_iv(guard) + n_padded
           + obol_guard_n_icv(guard);
}

/* Bytes of a message that a fragment can hold: Appendix B. */
static gsize
room(const ObolIkeSa *sa, const ObolGuard *guard, gsize threshold)
{
    gsize n_head = obol_datagram_ip_size(sa, OBOL_WIRE_HEADER + OBOL_SKF_HEADER) + obol_guard_n_iv(guard) + obol_guard_n_icv(guard);
    gsize n_text = threshold > n_head ? (threshold - n_head) / obol_guard_block(guard) * obol_guard_block(guard) : 0;

    return MAX(n_text, 2) - 1; /* the byte that counts the padding */
}

gboolean
obol_fragment_cut(const ObolIkeSa *sa, const ObolGuard *guard, gsize n_text, gsize threshold, guint least_total, ObolCut *out)
{
    gsize whole = obol_datagram_ip_size(sa, obol_sealed_size(guard, n_text, 0)), chunk;

    *out = (ObolCut) { .total = 0, .chunk = n_text };
    if (threshold == 0 || whole <= threshold)
        return whole <= IP_DATAGRAM_MAX;
    if (n_text > OBOL_ENGINE_REASSEMBLY_MAX) /* more than the peer need put together: section 5 */
        return FALSE;
    chunk = room(sa, guard, threshold);
    if (least_total > 1 && (n_text - 1) / (least_total - 1) > 0)
        chunk = MIN(chunk, (n_text - 1) / (least_total - 1));
    chunk = MAX(chunk, (n_text + OBOL_WIRE_FRAGMENTS_MAX - 1) / OBOL_WIRE_FRAGMENTS_MAX);
    *out = (ObolCut) { .total = (guint16) ((n_text + chunk - 1) / chunk), .chunk = chunk };
    return TRUE;
}

/* --- the search for what the path carries, section 2.5.2 --- */

gsize
obol_fragment_smaller(const ObolIkeSa *sa, GBytes *datagrams)
{
    gsize now = may_send(sa) && datagrams != NULL ? largest(sa, datagrams) : 0;

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (steps[i] < now && steps[i] >= least(sa))
            return steps[i];
    }
    return 0;
}

gboolean
obol_fragment_shrink(ObolIkeSa *sa, GBytes **datagrams, gsize threshold, ObolActions *out)
{
    gsize before = largest(sa, *datagrams);
    GBytes *again;

    if (threshold == 0 || before <= threshold || !may_send(sa))
        return FALSE;
    again = obol_sk_cut_again(sa, *datagrams, threshold);
    if (again == NULL)
        return FALSE;
    g_bytes_unref(*datagrams);
    *datagrams = again;
    sa->fragmentation.path_size = (guint16) threshold;
    obol_ike_sa_log(sa, out, 1, "the path may not carry %" G_GSIZE_FORMAT " bytes: IKE messages are fragmented to %" G_GSIZE_FORMAT,
                    before, threshold);
    return TRUE;
}

gsize
obol_fragment_for_replay(const ObolIkeSa *sa, const ObolResponse *response, gsize asked_size)
{
    /* Section 2.4: repeated retransmissions of a request hint at a response that does not arrive. */
    gsize smaller = response->n_replays % OBOL_ENGINE_PROBE_SENDINGS == 0 ? obol_fragment_smaller(sa, response->datagrams) : 0;

    if (asked_size != 0 && (smaller == 0 || asked_size < smaller))
        smaller = MAX(asked_size, least(sa));
    return smaller;
}
