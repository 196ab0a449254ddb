/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/mobike.h - what the tests of RFC 4555 share. */
#ifndef OBOL_TESTING_MOBIKE_H
#define OBOL_TESTING_MOBIKE_H

#include "exchange/pair.h"

/* The addresses of pair_new_mobile(). */
#define L1 "192.0.2.1"
#define L2 "192.0.2.11"
#define R1 "192.0.2.2"
#define R2 "192.0.2.22"

Pair *mobike_up(const PairSetup *like); /* established */
Pair *mobike_behind_nat(void);          /* likewise, and the right sees the left at 198.51.100.9 */
void mobike_settle(Pair *pair);         /* until nothing is asked, or waits to be, and no old IKE SA is left */
void mobike_add(ObolChain *chain, guint16 type); /* a notify without data */
/* The right is asked by the left with what is in @chain, and answers: how many notifies of @type are in that. */
guint mobike_answers_with(Pair *pair, const ObolChain *chain, const char *source, guint16 type);

typedef struct {
    const char *name; /* behind /exchange/4555/ */
    void (*run)(void);
} MobikeTest;
typedef struct {
    const char *name;
    void (*run)(gconstpointer data);
    guint n; /* so many tests, with 0 and so on for @data */
} MobikeSeries;
void mobike_add_tests(const MobikeTest *tests, gsize n);
void mobike_add_series(const MobikeSeries *series, gsize n);

#endif
