/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* abilities.c - what this kernel can do, given the crypto plugins that are loaded. */
#include "abilities.h"

#include "core.h"
#include "replay.h"

/* ESP's algorithms (RFC 8221) that an ObolGuard can do, with the key lengths as proposals carry them. */
static const ObolTransform candidates[] = {
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_12, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_12, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_12, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_8, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_8, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_8, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_16, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_16, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_16, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_12, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_12, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_12, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_8, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_8, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CCM_8, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_CHACHA20_POLY1305 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CBC, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CBC, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CBC, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CTR, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CTR, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CTR, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_CAMELLIA_CBC, .key_bits = 256 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_CAMELLIA_CBC, .key_bits = 192 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_CAMELLIA_CBC, .key_bits = 128 },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_3DES },
    { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_NULL },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA2_256_128 },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA2_384_192 },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA2_512_256 },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA1_96 },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_AES_XCBC_96 },
    { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_AES_CMAC_96 },
};

G_STATIC_ASSERT(G_N_ELEMENTS(candidates) <= ABILITIES_TRANSFORMS_MAX);

void
abilities_fill(Abilities *out, const ObolCrypto *crypto, gboolean plain_esp, gboolean ah)
{
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
        if (obol_crypto_can(crypto, &candidates[i]))
            out->transforms[n++] = candidates[i];
    out->transforms[n] = (ObolTransform) { .type = 0 };
    out->abilities = (ObolKernelAbilities) {
        .size = sizeof out->abilities,
        .summary = ah ? "ESP and AH in user space" : plain_esp ? "ESP in user space" : "ESP in user space, in UDP only",
        .transforms = out->transforms, .esn = TRUE, .replay_window_max = REPLAY_WINDOW_MAX,
        .tunnel = TRUE, .transport = TRUE, .beet = TRUE, .esp = TRUE, .ah = ah, .ah_padding = ah, .ipcomp = TRUE, .plain_esp = plain_esp,
        .udp_encap = TRUE, .update_addresses = TRUE, .routes_itself = TRUE, .change_encap = plain_esp, .port_ranges = TRUE,
        .byte_lifetimes = TRUE, .packet_lifetimes = TRUE, .tfc_padding = TRUE, .takes_clear = TRUE, .acquire_selectors = TRUE,
        .mixed_families = TRUE,
        .shared_selectors = TRUE, .other_family = TRUE, .last_used = TRUE, .exact_priority = TRUE, .flags = CORE_SA_FLAGS,
    };
}
