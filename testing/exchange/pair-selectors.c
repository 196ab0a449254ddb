/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-selectors.c - what tests of changed selectors ask of a pair. */
#include "exchange/pair.h"
#include "lib/lists.h"

#define COMMAND 5

/* The right's settings allow more than the left's ask for. */
const PairSetup pair_wide = { .local_ts = { NULL, "10.2.0.0/16 10.4.0.0/16" }, .remote_ts = { NULL, "10.1.0.0/16 10.3.0.0/16" } };

Pair *
pair_up(const PairSetup *setup)
{
    Pair *pair = pair_new(setup);

    pair_establish(pair);
    pair->traffic = TRUE;
    return pair;
}

GArray *
pair_selectors(const char *texts)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    test_add_selectors(out, texts);
    return out;
}

void
pair_change_child(Pair *pair, PairSide *side, guint32 child_id, ObolTsOp op, const char *local, const char *remote)
{
    g_autoptr(GArray) here = local != NULL ? pair_selectors(local) : NULL;
    g_autoptr(GArray) there = remote != NULL ? pair_selectors(remote) : NULL;
    const ObolTsChange change = { op, here, there };

    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_SELECTORS, .selectors = { child_id, &change, COMMAND } });
}

void
pair_change(Pair *pair, PairSide *side, ObolTsOp op, const char *local, const char *remote)
{
    const ObolChildSa *serves = NULL;

    for (guint i = 0; i < side->sa->children->len && serves == NULL; i++) {
        if (pair_child(side, i)->state == OBOL_CHILD_INSTALLED && pair_child(side, i)->replaces == 0)
            serves = pair_child(side, i);
    }
    g_assert_nonnull(serves);
    pair_change_child(pair, side, serves->unique_id, op, local, remote);
}

void
pair_check_protects(PairSide *side, guint i, const char *local, const char *remote)
{
    g_autofree char *here = obol_ts_list_format(pair_child(side, i)->local_ts);
    g_autofree char *there = obol_ts_list_format(pair_child(side, i)->remote_ts);

    g_assert_cmpstr(here, ==, local);
    g_assert_cmpstr(there, ==, remote);
}

/* One child each with these selectors (of the left), nothing of another one in the kernels, and no packet lost. */
void
pair_check_changed(Pair *pair, const char *local, const char *remote, guint n_pairs)
{
    g_assert_true(pair_agree(pair, 1));
    pair_check_protects(&pair->left, 0, local, remote);
    pair_check_protects(&pair->right, 0, remote, local);
    g_assert_cmpuint(pair->left.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->right.kernel.sas->len, ==, 2);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 3 * n_pairs);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3 * n_pairs);
    g_assert_cmpuint(pair->n_lost, ==, 0);
    g_assert_cmpuint(pair->left.kernel.n_not_found + pair->right.kernel.n_not_found, ==, 0);
}

/* As it was before anything was asked: the same child, the same SAs. */
void
pair_check_as_it_was(Pair *pair, guint32 old, guint32 spi)
{
    pair_check_changed(pair, "10.1.0.0/16", "10.2.0.0/16", 1);
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, ==, old);
    g_assert_cmpuint(pair_child(&pair->left, 0)->spi_in, ==, spi);
    g_assert_cmpint(pair_child(&pair->left, 0)->state, ==, OBOL_CHILD_INSTALLED);
}
