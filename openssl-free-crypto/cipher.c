/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/cipher.c - ciphers without integrity, by Nettle: CBC of AES, Camellia and 3DES; AES-CTR; NULL. */
#include "backend.h"

#include <nettle/aes.h>
#include <nettle/camellia.h>
#include <nettle/cbc.h>
#include <nettle/ctr.h>
#include <nettle/des.h>
#include <nettle/nettle-meta.h>
#include <string.h>

#define BLOCK_MAX 16

/* Both directions' key schedules, and how to run them. */
typedef struct {
    const struct nettle_cipher *cipher;
    union {
        struct aes256_ctx aes;
        struct camellia256_ctx camellia;
        struct des3_ctx des3;
    } encrypt, decrypt;
} Block;

static gpointer
block_open(const struct nettle_cipher *cipher, const guint8 *key)
{
    Block *block = g_new(Block, 1);

    block->cipher = cipher;
    cipher->set_encrypt_key(&block->encrypt, key);
    cipher->set_decrypt_key(&block->decrypt, key);
    return block;
}

static gpointer
open_by_length(const struct nettle_cipher *const ciphers[3], const guint8 *key, gsize n_key, GError **error)
{
    for (gsize i = 0; i < 3; i++) {
        if (ciphers[i]->key_size == n_key)
            return block_open(ciphers[i], key);
    }
    return backend_bad_key(n_key, error);
}

static gpointer
aes_open(const guint8 *key, gsize n_key, GError **error)
{
    const struct nettle_cipher *const ciphers[] = { &nettle_aes128, &nettle_aes192, &nettle_aes256 };

    return open_by_length(ciphers, key, n_key, error);
}

static gpointer
camellia_open(const guint8 *key, gsize n_key, GError **error)
{
    const struct nettle_cipher *const ciphers[] = { &nettle_camellia128, &nettle_camellia192, &nettle_camellia256 };

    return open_by_length(ciphers, key, n_key, error);
}

static gboolean
cbc_encrypt_text(gpointer self, const guint8 *nonce, guint8 *text, gsize n)
{
    Block *block = self;
    guint8 iv[BLOCK_MAX];

    memcpy(iv, nonce, block->cipher->block_size);
    cbc_encrypt(&block->encrypt, block->cipher->encrypt, block->cipher->block_size, iv, n, text, text);
    return TRUE;
}

static gboolean
cbc_decrypt_text(gpointer self, const guint8 *nonce, guint8 *text, gsize n)
{
    Block *block = self;
    guint8 iv[BLOCK_MAX];

    memcpy(iv, nonce, block->cipher->block_size);
    cbc_decrypt(&block->decrypt, block->cipher->decrypt, block->cipher->block_size, iv, n, text, text);
    return TRUE;
}

/* RFC 3686 section 4: nonce | IV | block counter, which begins with one. */
static gboolean
ctr_text(gpointer self, const guint8 *nonce, guint8 *text, gsize n)
{
    Block *block = self;
    guint8 counter[AES_BLOCK_SIZE] = { 0 };

    memcpy(counter, nonce, 12);
    counter[15] = 1;
    ctr_crypt(&block->encrypt, block->cipher->encrypt, AES_BLOCK_SIZE, counter, n, text, text);
    return TRUE;
}

static void
block_close(gpointer self)
{
    Block *block = self;

    BACKEND_FREE(block);
}

static void
des3_encrypt_blocks(const void *ctx, size_t n, uint8_t *to, const uint8_t *from)
{
    des3_encrypt(ctx, n, to, from);
}

static void
des3_decrypt_blocks(const void *ctx, size_t n, uint8_t *to, const uint8_t *from)
{
    des3_decrypt(ctx, n, to, from);
}

/* A weak key is as likely as any other and RFC 2451 section 2.3 says to use it: the answer of des3_set_key() is about that. */
static void
des3_set(void *ctx, const uint8_t *key)
{
    des3_set_key(ctx, key);
}

static const struct nettle_cipher des3 = {
    "des3", sizeof(struct des3_ctx), DES3_BLOCK_SIZE, DES3_KEY_SIZE, des3_set, des3_set, des3_encrypt_blocks, des3_decrypt_blocks,
};

static gpointer
des3_open(const guint8 *key, gsize n_key, GError **error)
{
    return n_key == DES3_KEY_SIZE ? block_open(&des3, key) : backend_bad_key(n_key, error);
}

static gpointer
null_open(const guint8 *key, gsize n_key, GError **error)
{
    (void) key, (void) n_key, (void) error;
    return g_new0(guint8, 1);
}

static gboolean
null_text(gpointer self, const guint8 *nonce, guint8 *text, gsize n)
{
    (void) self, (void) nonce, (void) text, (void) n;
    return TRUE;
}

static const guint16 three_lengths[] = { 128, 192, 256, 0 };
static const guint16 length_of_3des[] = { 192, 0 };
static const guint16 no_length[] = { 0 };

const ObolCipherVtable backend_aes_cbc = {
    .size = sizeof(ObolCipherVtable), .id = OBOL_ENCR_AES_CBC, .key_bits = three_lengths, .n_iv = 16, .block = 16,
    .open = aes_open, .encrypt = cbc_encrypt_text, .decrypt = cbc_decrypt_text, .close = block_close,
};
const ObolCipherVtable backend_aes_ctr = {
    .size = sizeof(ObolCipherVtable), .id = OBOL_ENCR_AES_CTR, .key_bits = three_lengths, .n_salt = 4, .n_iv = 8, .block = 1,
    .counter_iv = TRUE, .open = aes_open, .encrypt = ctr_text, .decrypt = ctr_text, .close = block_close,
};
const ObolCipherVtable backend_camellia_cbc = {
    .size = sizeof(ObolCipherVtable), .id = OBOL_ENCR_CAMELLIA_CBC, .key_bits = three_lengths, .n_iv = 16, .block = 16,
    .open = camellia_open, .encrypt = cbc_encrypt_text, .decrypt = cbc_decrypt_text, .close = block_close,
};
const ObolCipherVtable backend_3des_cbc = {
    .size = sizeof(ObolCipherVtable), .id = OBOL_ENCR_3DES, .key_bits = length_of_3des, .n_iv = 8, .block = 8,
    .open = des3_open, .encrypt = cbc_encrypt_text, .decrypt = cbc_decrypt_text, .close = block_close,
};
const ObolCipherVtable backend_null = {
    .size = sizeof(ObolCipherVtable), .id = OBOL_ENCR_NULL, .key_bits = no_length, .block = 1, .counter_iv = TRUE,
    .open = null_open, .encrypt = null_text, .decrypt = null_text, .close = g_free,
};
