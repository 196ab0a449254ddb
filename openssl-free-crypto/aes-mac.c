/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/aes-mac.c - AES-XCBC (RFC 3566, 4434) and AES-CMAC (RFC 4493, 4615): CBC-MACs that differ in how the last
 * block is masked. */
#include "backend.h"

#include <nettle/aes.h>
#include <string.h>

#define BLOCK AES_BLOCK_SIZE
#define ICV_96 12

typedef struct {
    struct aes128_ctx aes;
    guint8 whole_mask[BLOCK], padded_mask[BLOCK]; /* K1 and K2 of CMAC, K2 and K3 of XCBC */
    guint8 chain[BLOCK], pending[BLOCK];
    gsize n_pending, n_output;
} AesMac;

static void
mix(guint8 *to, const guint8 *from)
{
    for (gsize i = 0; i < BLOCK; i++)
        to[i] ^= from[i];
}

static void
absorb(AesMac *mac)
{
    mix(mac->chain, mac->pending);
    aes128_encrypt(&mac->aes, BLOCK, mac->chain, mac->chain);
    mac->n_pending = 0;
}

/* The last block waits, since it is treated in another way. */
static void
aes_mac_update(gpointer self, const guint8 *data, gsize n)
{
    AesMac *mac = self;

    while (n > 0) {
        gsize take;

        if (mac->n_pending == BLOCK)
            absorb(mac);
        take = MIN(n, BLOCK - mac->n_pending);
        memcpy(mac->pending + mac->n_pending, data, take);
        mac->n_pending += take;
        data += take;
        n -= take;
    }
}

static void
aes_mac_finish(gpointer self, guint8 *out)
{
    AesMac *mac = self;

    if (mac->n_pending == BLOCK) {
        mix(mac->chain, mac->whole_mask);
    } else {
        mac->pending[mac->n_pending] = 0x80;
        memset(mac->pending + mac->n_pending + 1, 0, BLOCK - mac->n_pending - 1);
        mix(mac->chain, mac->padded_mask);
    }
    absorb(mac);
    memcpy(out, mac->chain, mac->n_output);
    memset(mac->chain, 0, BLOCK);
}

static void
aes_mac_close(gpointer self)
{
    AesMac *mac = self;

    BACKEND_FREE(mac);
}

/* RFC 3566 section 4: three keys, each the encryption of a constant. */
static void
xcbc_set_key(AesMac *mac, const guint8 *key)
{
    guint8 k1[BLOCK];

    aes128_set_encrypt_key(&mac->aes, key);
    memset(k1, 1, BLOCK);
    memset(mac->whole_mask, 2, BLOCK);
    memset(mac->padded_mask, 3, BLOCK);
    aes128_encrypt(&mac->aes, BLOCK, k1, k1);
    aes128_encrypt(&mac->aes, BLOCK, mac->whole_mask, mac->whole_mask);
    aes128_encrypt(&mac->aes, BLOCK, mac->padded_mask, mac->padded_mask);
    aes128_set_encrypt_key(&mac->aes, k1);
    obol_wipe(k1, sizeof k1);
}

/* Multiplication by x in GF(2^128), without a branch on the key. */
static void
double_block(guint8 *out, const guint8 *in)
{
    guint8 carry = in[0] >> 7;

    for (gsize i = 0; i < BLOCK; i++)
        out[i] = (guint8) (in[i] << 1 | (i + 1 < BLOCK ? in[i + 1] >> 7 : 0));
    out[BLOCK - 1] ^= (guint8) (carry * 0x87);
}

/* RFC 4493 section 2.3. */
static void
cmac_set_key(AesMac *mac, const guint8 *key)
{
    guint8 zero[BLOCK] = { 0 };

    aes128_set_encrypt_key(&mac->aes, key);
    aes128_encrypt(&mac->aes, BLOCK, zero, zero);
    double_block(mac->whole_mask, zero);
    double_block(mac->padded_mask, mac->whole_mask);
    obol_wipe(zero, sizeof zero);
}

typedef void (*SetKey)(AesMac *mac, const guint8 *key);

static AesMac *
new_mac(SetKey set_key, gsize n_output, const guint8 *key)
{
    AesMac *mac = g_new0(AesMac, 1);

    mac->n_output = n_output;
    set_key(mac, key);
    return mac;
}

static gpointer
integ_open(SetKey set_key, const guint8 *key, gsize n_key, GError **error)
{
    return n_key == BLOCK ? new_mac(set_key, ICV_96, key) : backend_bad_key(n_key, error);
}

/* Any key length: a longer one is hashed under zeros, and so is a shorter one by RFC 4615 section 3; RFC 4434 section 2 pads that. */
static gpointer
prf_open(SetKey set_key, gboolean pads, const guint8 *key, gsize n_key)
{
    guint8 fixed[BLOCK] = { 0 };
    AesMac *mac;

    if (n_key == BLOCK || (n_key < BLOCK && pads)) {
        if (n_key > 0)
            memcpy(fixed, key, n_key);
    } else {
        mac = new_mac(set_key, BLOCK, fixed);
        aes_mac_update(mac, key, n_key);
        aes_mac_finish(mac, fixed);
        aes_mac_close(mac);
    }
    mac = new_mac(set_key, BLOCK, fixed);
    obol_wipe(fixed, sizeof fixed);
    return mac;
}

#define ROW(name, set_key, pads, prf_id, integ_id)                                                                        \
    static gpointer name##_prf_open(const guint8 *key, gsize n_key, GError **error)                                      \
    {                                                                                                                     \
        (void) error;                                                                                                     \
        return prf_open(set_key, pads, key, n_key);                                                                       \
    }                                                                                                                     \
    static gpointer name##_integ_open(const guint8 *key, gsize n_key, GError **error)                                    \
    {                                                                                                                     \
        return integ_open(set_key, key, n_key, error);                                                                    \
    }                                                                                                                     \
    const ObolMacVtable backend_prf_##name = {                                                                            \
        .size = sizeof(ObolMacVtable), .id = prf_id, .n_key = BLOCK, .n_output = BLOCK, .fixed_key = TRUE,                \
        .open = name##_prf_open, .update = aes_mac_update, .finish = aes_mac_finish, .close = aes_mac_close,              \
    };                                                                                                                    \
    const ObolMacVtable backend_integ_##name = {                                                                          \
        .size = sizeof(ObolMacVtable), .id = integ_id, .n_key = BLOCK, .n_output = ICV_96, .fixed_key = TRUE,             \
        .open = name##_integ_open, .update = aes_mac_update, .finish = aes_mac_finish, .close = aes_mac_close,            \
    };

ROW(xcbc, xcbc_set_key, TRUE, OBOL_PRF_AES128_XCBC, OBOL_INTEG_AES_XCBC_96)
ROW(cmac, cmac_set_key, FALSE, OBOL_PRF_AES128_CMAC, OBOL_INTEG_AES_CMAC_96)
