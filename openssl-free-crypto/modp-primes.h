/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/modp-primes.h - primes of the MODP groups. */
#ifndef OBOL_BACKEND_MODP_PRIMES_H
#define OBOL_BACKEND_MODP_PRIMES_H

extern const char backend_prime_1536[];
extern const char backend_prime_2048[];
extern const char backend_prime_3072[];
extern const char backend_prime_4096[];
extern const char backend_prime_6144[];
extern const char backend_prime_8192[];

#endif
