/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/backend.h - the families of this plugin: each file gives its tables, plugin.c lists them. */
#ifndef OBOL_BACKEND_H
#define OBOL_BACKEND_H

#include <obol/plugin.h>

extern const ObolRandomVtable backend_random;

extern const ObolHashVtable backend_sha1, backend_sha256, backend_sha384, backend_sha512;

extern const ObolMacVtable backend_prf_sha1, backend_prf_sha256, backend_prf_sha384, backend_prf_sha512;
extern const ObolMacVtable backend_integ_sha1, backend_integ_sha256, backend_integ_sha384, backend_integ_sha512;
extern const ObolMacVtable backend_prf_xcbc, backend_prf_cmac, backend_integ_xcbc, backend_integ_cmac;

extern const ObolCipherVtable backend_aes_cbc, backend_aes_ctr, backend_camellia_cbc, backend_3des_cbc, backend_null;

extern const ObolAeadVtable backend_gcm_8, backend_gcm_12, backend_gcm_16, backend_chacha20_poly1305;
extern const ObolAeadVtable backend_ccm_8, backend_ccm_12, backend_ccm_16;

extern const ObolKeVtable backend_modp_1536, backend_modp_2048, backend_modp_3072, backend_modp_4096, backend_modp_6144,
    backend_modp_8192;
extern const ObolKeVtable backend_ecp_256, backend_ecp_384, backend_ecp_521;
extern const ObolKeVtable backend_x25519, backend_x448;

/* Known answers, run at load: one cheap one for each algorithm. */
gboolean backend_test_random(GError **error);
gboolean backend_test_hashes(GError **error);
gboolean backend_test_macs(GError **error);
gboolean backend_test_ciphers(GError **error);
gboolean backend_test_aeads(GError **error);
gboolean backend_test_key_exchanges(GError **error);

/* Memory that may hold keys: wiped before it is freed. */
#define BACKEND_FREE(pointer)                     \
    do {                                          \
        obol_wipe((pointer), sizeof *(pointer));  \
        g_free(pointer);                          \
    } while (0)

/* Sets OBOL_CRYPTO_ERROR_UNSUPPORTED about a key length; gives NULL. */
gpointer backend_bad_key(gsize n_key, GError **error);

#endif
