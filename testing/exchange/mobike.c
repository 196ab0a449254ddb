/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/mobike.c - what the tests of RFC 4555 share. */
#include "exchange/mobike.h"

Pair *
mobike_up(const PairSetup *like)
{
    Pair *pair = pair_new_mobile(like);

    pair_establish(pair);
    return pair;
}

Pair *
mobike_behind_nat(void)
{
    Pair *pair = pair_new_mobile(NULL);

    pair->nat = pair_address("198.51.100.9");
    pair->nat.port = 12345;
    pair_establish(pair);
    return pair;
}

void
mobike_settle(Pair *pair)
{
    for (guint n = 0; n < 40; n++) {
        pair_run(pair);
        if (pair->left.sa->request.datagram == NULL && pair->right.sa->request.datagram == NULL && pair->left.sa->tasks == NULL
            && pair->right.sa->tasks == NULL && pair->left.others->len + pair->right.others->len == 0)
            return;
        g_assert_true(pair_jump(pair));
    }
}

void
mobike_add(ObolChain *chain, guint16 type)
{
    obol_chain_add_notify(chain, type, NULL, 0);
}

guint
mobike_answers_with(Pair *pair, const ObolChain *chain, const char *source, guint16 type)
{
    g_auto(ObolChain) answer = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;

    g_assert_true(pair_ask(pair, &pair->left, chain, source, NULL, &plain, &answer));
    return pair_count_notifies(&answer, type);
}

void
mobike_add_tests(const MobikeTest *tests, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *name = g_strconcat("/exchange/4555/", tests[i].name, NULL);

        g_test_add_func(name, tests[i].run);
    }
}

void
mobike_add_series(const MobikeSeries *series, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        for (guint j = 0; j < series[i].n; j++) {
            g_autofree char *name = g_strdup_printf("/exchange/4555/%s-%u", series[i].name, j);

            g_test_add_data_func(name, GUINT_TO_POINTER(j), series[i].run);
        }
    }
}
