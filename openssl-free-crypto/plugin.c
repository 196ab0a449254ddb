/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/plugin.c - GnuTLS, Nettle and GMP behind the crypto roles: the list of what is provided. */
#include "backend.h"

#define HASH(label, table) { .role = OBOL_ROLE_HASH, .name = label, .self_test = backend_test_hashes, .hash = &(table) }
#define PRF(label, table) { .role = OBOL_ROLE_PRF, .name = label, .self_test = backend_test_macs, .prf = &(table) }
#define INTEG(label, table) { .role = OBOL_ROLE_INTEG, .name = label, .self_test = backend_test_macs, .integ = &(table) }
#define CIPHER(label, table) { .role = OBOL_ROLE_CIPHER, .name = label, .self_test = backend_test_ciphers, .cipher = &(table) }
#define AEAD(label, table) { .role = OBOL_ROLE_AEAD, .name = label, .self_test = backend_test_aeads, .aead = &(table) }
#define KE(label, table) { .role = OBOL_ROLE_KE, .name = label, .self_test = backend_test_key_exchanges, .ke = &(table) }

static const ObolFeature features[] = {
    { .role = OBOL_ROLE_RANDOM, .name = "gnutls", .self_test = backend_test_random, .random = &backend_random },
    HASH("sha1", backend_sha1),
    HASH("sha2-256", backend_sha256),
    HASH("sha2-384", backend_sha384),
    HASH("sha2-512", backend_sha512),
    PRF("hmac-sha1", backend_prf_sha1),
    PRF("hmac-sha2-256", backend_prf_sha256),
    PRF("hmac-sha2-384", backend_prf_sha384),
    PRF("hmac-sha2-512", backend_prf_sha512),
    PRF("aes128-xcbc", backend_prf_xcbc),
    PRF("aes128-cmac", backend_prf_cmac),
    INTEG("hmac-sha1-96", backend_integ_sha1),
    INTEG("hmac-sha2-256-128", backend_integ_sha256),
    INTEG("hmac-sha2-384-192", backend_integ_sha384),
    INTEG("hmac-sha2-512-256", backend_integ_sha512),
    INTEG("aes-xcbc-96", backend_integ_xcbc),
    INTEG("aes-cmac-96", backend_integ_cmac),
    CIPHER("aes-cbc", backend_aes_cbc),
    CIPHER("aes-ctr", backend_aes_ctr),
    CIPHER("camellia-cbc", backend_camellia_cbc),
    CIPHER("3des-cbc", backend_3des_cbc),
    CIPHER("null", backend_null),
    AEAD("aes-gcm-8", backend_gcm_8),
    AEAD("aes-gcm-12", backend_gcm_12),
    AEAD("aes-gcm-16", backend_gcm_16),
    AEAD("aes-ccm-8", backend_ccm_8),
    AEAD("aes-ccm-12", backend_ccm_12),
    AEAD("aes-ccm-16", backend_ccm_16),
    AEAD("chacha20-poly1305", backend_chacha20_poly1305),
    KE("modp1536", backend_modp_1536),
    KE("modp2048", backend_modp_2048),
    KE("modp3072", backend_modp_3072),
    KE("modp4096", backend_modp_4096),
    KE("modp6144", backend_modp_6144),
    KE("modp8192", backend_modp_8192),
    KE("ecp256", backend_ecp_256),
    KE("ecp384", backend_ecp_384),
    KE("ecp521", backend_ecp_521),
    KE("x25519", backend_x25519),
    KE("x448", backend_x448),
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI,
    .size = sizeof(ObolPlugin),
    .name = "openssl-free-crypto",
    .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later",
    .summary = N_("algorithms by GnuTLS, Nettle and GMP"),
    .features = features,
};
