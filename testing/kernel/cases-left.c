/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-left.c - what a plugin leaves behind, in order and killed; and what it leaves alone. */
#include "case.h"

#include <signal.h>

#include "foreign.h"

/* The system's own tables, where there are any, hold @n_sas and @n_policies besides the foreign ones. */
static void
claim_system_empty(Lab *lab, const Side *side, gboolean with_foreign, const char *when)
{
    ForeignCount count;
    guint n = with_foreign ? 1 : 0;

    if (!foreign_count(&side->host, &count))
        return;
    CLAIM(lab, count.n_sas <= n && count.n_policies <= n, "%s the system holds %u SAs and %u policies too many", when, count.n_sas - n,
          count.n_policies - n);
    CLAIM(lab, !with_foreign || (count.foreign_sa && count.foreign_policy), "%s what was another program's has gone", when);
}

static void
closing_leaves_nothing(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_reserve(lab, &pair);
    for (guint i = 0; i < N_SIDES; i++) {
        side_close(lab, &lab->sides[i]);
        claim_system_empty(lab, &lab->sides[i], FALSE, "after closing");
        CLAIM(lab, side_reopen(lab, &lab->sides[i]), "it can not be opened again: %s", lab->sides[i].opened.text);
        lab_claim_empty(lab, &lab->sides[i], "after closing and opening");
    }
    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 1);
}

/* Opening removes what is left, or adopts it: then it is listed as ours, and FLUSH takes it. */
static void
killed(Lab *lab, const Tunnel *tunnel, gboolean with_foreign)
{
    const FlatRequest list = { .request = { .op = OBOL_KERNEL_LIST } }, flush = { .request = { .op = OBOL_KERNEL_FLUSH } };
    Side *left = &lab->sides[LEFT];
    const Reply *reply;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 1);
    side_stop(lab, left, SIGKILL);
    CLAIM(lab, side_start(lab, left), "after a crash it can not be opened: %s", left->opened.text);
    reply = side_must(lab, left, &list);
    for (guint i = 0; i < reply->answer.n_sas; i++)
        CLAIM(lab, reply->sas[i].ours || reply->sas[i].id.spi == FOREIGN_SPI, "an SA of the predecessor is listed as somebody else's: %s",
              reply_sas_text(reply));
    side_must(lab, left, &flush);
    lab_claim_empty(lab, left, "after a crash and FLUSH");
    claim_system_empty(lab, left, with_foreign, "after a crash and FLUSH");
    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 1);
}

static void
a_crash_leaves_nothing_for_long(Lab *lab, const Tunnel *tunnel)
{
    killed(lab, tunnel, FALSE);
}

static gboolean
add_foreign(Lab *lab)
{
    ForeignCount count;

    for (guint i = 0; i < N_SIDES; i++) {
        if (!foreign_count(&lab->sides[i].host, &count) || !foreign_add(&lab->sides[i].host)) {
            g_test_message("this system has no IPsec that others could use");
            return FALSE;
        }
    }
    return TRUE;
}

static void
remove_foreign(Lab *lab)
{
    for (guint i = 0; i < N_SIDES; i++)
        foreign_flush(&lab->sides[i].host);
}

static void
a_crash_leaves_others_alone(Lab *lab, const Tunnel *tunnel)
{
    gboolean with_foreign = add_foreign(lab);

    killed(lab, tunnel, with_foreign);
    if (with_foreign)
        remove_foreign(lab);
}

static void
flush_leaves_others_alone(Lab *lab, const Tunnel *tunnel)
{
    const FlatRequest flush = { .request = { .op = OBOL_KERNEL_FLUSH } };
    gboolean with_foreign = add_foreign(lab);
    Pair pair;

    pair_up(lab, tunnel, &pair);
    for (guint i = 0; i < N_SIDES; i++) {
        side_must(lab, &lab->sides[i], &flush);
        lab_claim_empty(lab, &lab->sides[i], "after FLUSH");
        claim_system_empty(lab, &lab->sides[i], with_foreign, "after FLUSH");
    }
    if (with_foreign)
        remove_foreign(lab);
}

/* LIST shows all that the kernel holds, so of a kernel that is the system's the others' too; they are not ours. */
static void
list_tells_whose(Lab *lab, const Tunnel *tunnel)
{
    const FlatRequest list = { .request = { .op = OBOL_KERNEL_LIST } };
    gboolean with_foreign = add_foreign(lab);
    const Reply *reply;
    ForeignCount count = { 0 };
    guint n = 0;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    foreign_count(&lab->sides[LEFT].host, &count);
    reply = side_must(lab, &lab->sides[LEFT], &list);
    for (guint i = 0; i < reply->answer.n_sas; i++) {
        if (reply->sas[i].id.spi == FOREIGN_SPI) {
            n++;
            CLAIM(lab, !reply->sas[i].ours, "another program's SA is listed as ours");
        }
    }
    for (guint i = 0; i < reply->answer.n_policies; i++)
        if (reply->policies[i].spec.source.first[0] == 192)
            CLAIM(lab, !reply->policies[i].ours, "another program's policy is listed as ours");
    if (with_foreign && count.n_sas > 1)
        CLAIM(lab, n == 1, "another program's SA is not listed");
    if (with_foreign)
        remove_foreign(lab);
}

static const Case left[] = {
    { "/left/closing-leaves-nothing", NEEDS(TUNNEL), closing_leaves_nothing, { 0 }, FALSE },
    { "/left/a-crash-leaves-nothing-for-long", NEEDS(TUNNEL), a_crash_leaves_nothing_for_long, { 0 }, FALSE },
    { "/left/a-crash-in-transport-mode-leaves-nothing-for-long", NEEDS(TRANSPORT), a_crash_leaves_nothing_for_long,
      { .mode = OBOL_MODE_TRANSPORT }, FALSE },
    { "/left/a-crash-leaves-others-alone", NEEDS(TUNNEL), a_crash_leaves_others_alone, { 0 }, FALSE },
    { "/left/flush-leaves-others-alone", NEEDS(TUNNEL), flush_leaves_others_alone, { 0 }, FALSE },
    { "/left/list-tells-whose", NEEDS(TUNNEL), list_tells_whose, { 0 }, FALSE },
};

void
cases_left(GArray *cases)
{
    CASES_ADD(cases, left);
}
