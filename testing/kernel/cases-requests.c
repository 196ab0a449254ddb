/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-requests.c - SPIs, what exists already or not, order of answers, LIST, FLUSH, many SAs. */
#include "case.h"

#include <string.h>

#define CODE(which) (1u << OBOL_KERNEL_ERROR_##which)
#define N_MANY 1000
#define N_FLYING 32

static void
spi_request(const Lab *lab, const Tunnel *tunnel, FlatRequest *out)
{
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_sa_id(&pair, RIGHT, OBOL_KERNEL_GET_SPI, out);
    out->request.sa.id.spi = 0;
    out->request.sa.inbound = TRUE;
}

static void
spis_are_unique(Lab *lab, const Tunnel *tunnel)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    FlatRequest request;

    spi_request(lab, tunnel, &request);
    for (guint i = 0; i < 64 && !lab->failed; i++) {
        guint32 spi = side_must(lab, &lab->sides[LEFT], &request)->answer.spi;

        CLAIM(lab, spi >= 256, "SPI %u is a reserved number", spi);
        CLAIM(lab, g_hash_table_add(seen, GUINT_TO_POINTER(spi)), "SPI %08x was given twice", spi);
    }
}

/* RFC 3173 section 3.3: 256 to 61439 are negotiated. */
static void
cpis_are_in_range(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;

    spi_request(lab, tunnel, &request);
    request.request.sa.id.protocol = OBOL_PROTO_IPCOMP;
    for (guint i = 0; i < 16 && !lab->failed; i++) {
        guint32 cpi = side_must(lab, &lab->sides[LEFT], &request)->answer.spi;

        CLAIM(lab, cpi >= 256 && cpi <= 61439, "CPI %u is out of range", cpi);
    }
}

static const ObolKernelSa *
listed(const Reply *reply, guint32 spi)
{
    for (guint i = 0; i < reply->answer.n_sas; i++)
        if (reply->sas[i].id.spi == spi)
            return &reply->sas[i];
    return NULL;
}

static const Reply *
list(Lab *lab, Side *side)
{
    const FlatRequest request = { .request = { .op = OBOL_KERNEL_LIST } };

    return side_must(lab, side, &request);
}

static void
a_reserved_spi_is_released(Lab *lab, const Tunnel *tunnel)
{
    Side *left = &lab->sides[LEFT];
    const ObolKernelSa *sa;
    FlatRequest request;
    guint32 spi;

    spi_request(lab, tunnel, &request);
    spi = side_must(lab, left, &request)->answer.spi;
    sa = listed(list(lab, left), spi);
    CLAIM(lab, sa != NULL && sa->ours && sa->reserved, "a reserved SPI is not in the list as what it is");
    request.request.op = OBOL_KERNEL_DELETE_SA;
    request.request.sa.id.spi = spi;
    side_must(lab, left, &request);
    side_refuses(lab, left, &request, CODE(NOT_FOUND), "a reservation that was released before");
    lab_claim_empty(lab, left, "after the release");
}

static void
a_reserved_spi_becomes_an_sa(Lab *lab, const Tunnel *tunnel)
{
    const ObolKernelSa *sa;
    const Reply *reply;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_reserve(lab, &pair);
    pair_add_sas(lab, &pair);
    reply = list(lab, &lab->sides[LEFT]);
    sa = listed(reply, pair.spi[LEFT]);
    CLAIM(lab, sa != NULL && sa->ours && !sa->reserved, "the SA of a reserved SPI is not listed as one");
    CLAIM(lab, reply->answer.n_sas == 2, "there are more SAs than two: %s", reply_sas_text(reply));
}

static gboolean
has_gone(gpointer data)
{
    Lab *lab = data;

    return list(lab, &lab->sides[LEFT])->answer.n_sas == 0;
}

static void
a_reservation_ends(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;

    spi_request(lab, tunnel, &request);
    side_must(lab, &lab->sides[LEFT], &request);
    CLAIM(lab, lab_wait(lab, has_gone, lab, 240 * 1000), "a reserved SPI is still there after 240 seconds");
}

static void
an_sa_exists_once(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    for (guint i = 0; i < 4; i++) {
        pair_sa(lab, &pair, i / 2, i % 2, &request);
        side_refuses(lab, &lab->sides[i / 2], &request, CODE(EXISTS), "an SA that is there already");
    }
    pair_cross(lab, &pair, 1);
}

static void
what_is_not_there_is_not_found(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair.spi[LEFT] = pair.spi[RIGHT] = 0x77777;
    pair_sa_id(&pair, LEFT, OBOL_KERNEL_DELETE_SA, &request);
    side_refuses(lab, &lab->sides[LEFT], &request, CODE(NOT_FOUND), "the deletion of an SA that is not there");
    request.request.op = OBOL_KERNEL_QUERY_SA;
    side_refuses(lab, &lab->sides[LEFT], &request, CODE(NOT_FOUND), "a query of an SA that is not there");
    request.request.op = OBOL_KERNEL_UPDATE_SA;
    request.request.to = request.request.sa.id;
    request.request.to.source = lab->moved[LEFT][V4];
    side_refuses(lab, &lab->sides[LEFT], &request, CODE(NOT_FOUND) | CODE(UNSUPPORTED), "an update of an SA that is not there");
    pair_policy(lab, &pair, LEFT, 0, OBOL_KERNEL_DELETE_POLICY, &request);
    side_refuses(lab, &lab->sides[LEFT], &request, CODE(NOT_FOUND), "the deletion of a policy that is not there");
}

/* Many requests before the first answer: side.c holds their order and number against the contract. */
static void
answers_come_in_order(Lab *lab, const Tunnel *tunnel)
{
    const FlatRequest all = { .request = { .op = OBOL_KERNEL_LIST } };
    Side *left = &lab->sides[LEFT];
    FlatRequest spi, wrong;
    guint32 first, last = 0;
    Pair pair;

    spi_request(lab, tunnel, &spi);
    pair_init(lab, tunnel, &pair);
    pair.spi[LEFT] = pair.spi[RIGHT] = 0x77777;
    pair_sa_id(&pair, LEFT, OBOL_KERNEL_QUERY_SA, &wrong);
    first = left->last_tag + 1;
    for (guint i = 0; i < 8 && !lab->failed; i++) {
        side_ask(lab, left, &spi);
        side_ask(lab, left, &wrong);
        last = side_ask(lab, left, &all);
    }
    side_answer(lab, left, last);
    CLAIM(lab, left->replies->len >= last - first + 1, "%u requests got %u answers", last - first + 1, left->replies->len);
}

static gboolean
same_policy(const ObolPolicySpec *a, const ObolPolicySpec *b)
{
    return a->direction == b->direction && a->action == b->action && obol_ts_equal(&a->source, &b->source)
           && obol_ts_equal(&a->destination, &b->destination);
}

static void
list_tells_all(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    const Reply *reply;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 2);
    reply = list(lab, &lab->sides[LEFT]);
    for (guint side = 0; side < N_SIDES; side++) {
        const ObolKernelSa *sa = listed(reply, pair.spi[side]);

        CLAIM(lab, sa != NULL, "an SA of two is not listed");
        if (sa == NULL)
            continue;
        CLAIM(lab, sa->ours && !sa->reserved && sa->reqid == 1 && sa->mode == pair.tunnel.mode, "an SA is listed as another than it is");
        CLAIM(lab, sa->id.protocol == OBOL_PROTO_ESP && obol_address_equal(&sa->id.destination, &pair.outer[side]),
              "an SA is listed by another name than its own");
        CLAIM(lab, sa->usage.packets == 2, "an SA lists %" G_GUINT64_FORMAT " packets instead of two", sa->usage.packets);
    }
    for (guint i = 0; pair_policy(lab, &pair, LEFT, i, OBOL_KERNEL_ADD_POLICY, &request); i++) {
        guint n = 0;

        for (guint j = 0; j < reply->answer.n_policies; j++)
            n += reply->policies[j].ours && same_policy(&reply->policies[j].spec, &request.request.policy);
        CLAIM(lab, n == 1, "policy %u is listed %u times", i, n);
    }
}

static void
flush_takes_all(Lab *lab, const Tunnel *tunnel)
{
    const FlatRequest flush = { .request = { .op = OBOL_KERNEL_FLUSH } };
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    spi_request(lab, tunnel, &request);
    side_must(lab, &lab->sides[LEFT], &request);
    for (guint side = 0; side < N_SIDES; side++) {
        side_must(lab, &lab->sides[side], &flush);
        lab_claim_empty(lab, &lab->sides[side], "after FLUSH");
        side_must(lab, &lab->sides[side], &flush);
    }
    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 1);
}

/* Waits for the answer that is so many requests back: few are under way at a time. */
static void
must_later(Lab *lab, Side *side, const FlatRequest *request, guint n_before)
{
    guint32 tag = side_ask(lab, side, request);

    if (n_before >= N_FLYING) {
        const Reply *reply = side_answer(lab, side, tag - N_FLYING);

        CLAIM(lab, reply->answer.code == ANSWER_DONE, "one of many requests was refused: %s", reply->answer.text);
    }
}

static void
a_thousand_sas(Lab *lab, const Tunnel *tunnel)
{
    Side *left = &lab->sides[LEFT];
    FlatRequest request;
    guint n = 0;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    for (guint i = 0; i < N_MANY && !lab->failed; i++) {
        pair.spi[LEFT] = pair.spi[RIGHT] = 0x10000 + i;
        pair_sa(lab, &pair, LEFT, i % 2, &request);
        must_later(lab, left, &request, i);
    }
    CLAIM(lab, list(lab, left)->answer.n_sas == N_MANY, "%u SAs are listed of %u", list(lab, left)->answer.n_sas, N_MANY);
    for (guint i = 0; i < N_MANY && !lab->failed; i++) {
        pair.spi[LEFT] = pair.spi[RIGHT] = 0x10000 + i;
        pair_sa_id(&pair, i % 2, OBOL_KERNEL_DELETE_SA, &request);
        must_later(lab, left, &request, i);
    }
    n = list(lab, left)->answer.n_sas;
    CLAIM(lab, n == 0, "%u SAs of %u are left", n, N_MANY);
}

static void
counts_bytes_and_packets(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 5);
    for (guint i = 0; i < 4; i++) {
        const Reply *reply;

        pair_sa_id(&pair, i % 2, OBOL_KERNEL_QUERY_SA, &request);
        reply = side_must(lab, &lab->sides[i / 2], &request);
        CLAIM(lab, reply->answer.usage.packets == 5, "%" G_GUINT64_FORMAT " packets are counted, not five", reply->answer.usage.packets);
        /* Inner packets are 128 bytes with their headers; what the outer ones add is the kernel's choice. */
        CLAIM(lab, reply->answer.usage.bytes >= 5 * 100 && reply->answer.usage.bytes <= 5 * 300,
              "%" G_GUINT64_FORMAT " bytes are counted of five packets", reply->answer.usage.bytes);
    }
}

static void
tells_last_use(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    const Reply *reply;
    struct timespec now;
    gint64 now_us, used_us;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_sa_id(&pair, LEFT, OBOL_KERNEL_QUERY_SA, &request);
    reply = side_must(lab, &lab->sides[LEFT], &request);
    CLAIM(lab, reply->answer.usage.last_used_us == 0, "an SA that was never used tells when");
    pair_cross(lab, &pair, 1);
    used_us = side_must(lab, &lab->sides[LEFT], &request)->answer.usage.last_used_us;
    clock_gettime(CLOCK_BOOTTIME, &now);
    now_us = now.tv_sec * (gint64) G_USEC_PER_SEC + now.tv_nsec / 1000;
    CLAIM(lab, used_us > now_us - 30 * (gint64) G_USEC_PER_SEC && used_us <= now_us + 2 * (gint64) G_USEC_PER_SEC,
          "the last use was %" G_GINT64_FORMAT " us ago", now_us - used_us);
}

static const Case requests[] = {
    { "/spi/reserved-ones-are-unique-and-in-range", NEEDS(ESP), spis_are_unique, { 0 }, FALSE },
    { "/spi/reserved-ones-of-ah-too", NEEDS(AH), spis_are_unique, { .protocol = OBOL_PROTO_AH }, FALSE },
    { "/spi/reserved-ones-with-ipv6-outside-too", NEEDS(ESP), spis_are_unique, { .outer = V6 }, FALSE },
    { "/spi/cpis-are-of-sixteen-bits", NEEDS(IPCOMP), cpis_are_in_range, { 0 }, FALSE },
    { "/spi/a-reservation-is-listed-and-released", NEEDS(ESP), a_reserved_spi_is_released, { 0 }, FALSE },
    { "/spi/a-reservation-becomes-an-sa", NEEDS(ESP), a_reserved_spi_becomes_an_sa, { 0 }, FALSE },
    { "/spi/a-reservation-ends-by-itself", NEEDS(ESP), a_reservation_ends, { 0 }, TRUE },
    { "/request/an-sa-exists-once", NEEDS(ESP), an_sa_exists_once, { 0 }, FALSE },
    { "/request/what-is-not-there-is-not-found", NEEDS(ESP), what_is_not_there_is_not_found, { 0 }, FALSE },
    { "/request/answers-come-once-and-in-order", NEEDS(ESP), answers_come_in_order, { 0 }, FALSE },
    { "/request/list-tells-all", NEEDS(TUNNEL), list_tells_all, { 0 }, FALSE },
    { "/request/flush-takes-all", NEEDS(TUNNEL), flush_takes_all, { 0 }, FALSE },
    { "/request/a-thousand-sas-come-and-go", NEEDS(TUNNEL), a_thousand_sas, { 0 }, FALSE },
    { "/query/counts-bytes-and-packets", NEEDS(TUNNEL), counts_bytes_and_packets, { 0 }, FALSE },
    { "/query/tells-the-last-use", NEEDS(LAST_USED), tells_last_use, { 0 }, FALSE },
};

void
cases_requests(GArray *cases)
{
    CASES_ADD(cases, requests);
}
