/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/test-crypto.h - real algorithms for tests, and randomness that can be repeated. */
#ifndef OBOL_TESTING_TEST_CRYPTO_H
#define OBOL_TESTING_TEST_CRYPTO_H

#include <obol/crypto.h>

/* (transfer full): all that openssl-free-crypto provides, its real randomness included. */
ObolCrypto *test_crypto_new(void);

typedef struct {
    guint64 state;
} TestRandom;

/* The same @seed gives the same bytes for ever; @state belongs to the caller and outlives the result. */
ObolRandom test_random_init(TestRandom *state, guint64 seed);

#endif
