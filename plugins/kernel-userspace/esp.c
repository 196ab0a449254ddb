/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* esp.c - ESP (RFC 4303) put around payloads and taken off, in place, many at a time. */
#include "esp.h"

#include "bytes.h"
#include "packet.h"

#define TRAILER 2 /* pad length and next header */

gboolean
esp_init(Esp *esp, const ObolCrypto *crypto, const ObolSuite *suite, guint32 spi, const ObolSecret *encr_key,
         const ObolSecret *integ_key, gboolean inbound, guint32 window, GError **error)
{
    gsize n_encr, n_integ, n_block;

    *esp = (Esp) { .spi = spi, .esn = suite->esn == OBOL_ESN_YES };
    if (!obol_guard_sizes(crypto, suite, &n_encr, &n_integ, &esp->n_iv, &esp->n_icv, &n_block)) {
        g_set_error_literal(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "no provider for the SA's algorithms");
        return FALSE;
    }
    if ((encr_key != NULL ? encr_key->n : 0) != n_encr || (integ_key != NULL ? integ_key->n : 0) < n_integ ||
        esp->n_iv > OBOL_IV_MAX || esp->n_icv > OBOL_ICV_MAX) {
        g_set_error_literal(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED,
                            "the SA's keys are not of its algorithms' lengths");
        return FALSE;
    }
    esp->guard = obol_guard_new(crypto, suite, encr_key != NULL ? encr_key->bytes : NULL,
                                n_integ > 0 ? integ_key->bytes : NULL, error);
    if (esp->guard == NULL)
        return FALSE;
    esp->align = MAX(n_block, 4); /* section 2.4: the ICV stands on a multiple of four */
    esp->tail = esp->esn && !obol_encr_is_aead(suite->encr);
    if (inbound)
        replay_init(&esp->replay, window);
    return TRUE;
}

void
esp_clear(Esp *esp)
{
    g_clear_pointer(&esp->guard, obol_guard_free);
    replay_clear(&esp->replay);
}

gboolean
esp_exhausted(const Esp *esp)
{
    return esp->sent == (esp->esn ? G_MAXUINT64 : G_MAXUINT32);
}

/* What is authenticated before the IV, and behind the ciphertext.  Gives the length of the former. */
static gsize
associated(const Esp *esp, guint64 number, guint8 aad[ESP_HEADER + 4], guint8 tail[4])
{
    put_u32(aad, esp->spi);
    put_u32(tail, (guint32) (number >> 32));
    if (!esp->esn || esp->tail) {
        put_u32(aad + 4, (guint32) number);
        return ESP_HEADER;
    }
    put_u32(aad + 4, (guint32) (number >> 32));
    put_u32(aad + 8, (guint32) number);
    return ESP_HEADER + 4;
}

static EspVerdict
seal(Esp *esp, EspPacket *p)
{
    gsize n_content = MAX(p->n, p->n_pad_to);
    gsize n_pad = (esp->align - (n_content + TRAILER) % esp->align) % esp->align;
    gsize n_text = n_content + n_pad + TRAILER;
    guint8 aad[ESP_HEADER + 4], tail[4], *at, *end = p->data + p->n;

    if (p->n_before < ESP_HEADER + esp->n_iv || p->n_behind < n_text - p->n + esp->n_icv)
        return ESP_NO_ROOM;
    if (esp_exhausted(esp))
        return ESP_EXHAUSTED;
    esp->sent++;
    memset(end, 0, n_content - p->n);
    end = p->data + n_content;
    for (gsize i = 0; i < n_pad; i++) /* section 2.4: 1, 2, 3 ... */
        *end++ = (guint8) (i + 1);
    *end++ = (guint8) n_pad;
    *end = p->next_header;

    at = p->data - esp->n_iv - ESP_HEADER;
    put_u32(at, esp->spi);
    put_u32(at + 4, (guint32) esp->sent);
    if (!obol_guard_seal(esp->guard, esp->sent, aad, associated(esp, esp->sent, aad, tail), at + ESP_HEADER, n_text, tail,
                         esp->tail ? sizeof tail : 0))
        return ESP_BACKEND;
    p->data = at;
    p->n = ESP_HEADER + esp->n_iv + n_text + esp->n_icv;
    return ESP_OK;
}

/* Sections 2.4 to 2.6.  @text is authentic; that a peer pads as it should is all that is checked here. */
static EspVerdict
take_trailer(const guint8 *text, gsize n_text, EspPacket *p)
{
    gsize n_pad, n_payload;

    if (n_text < TRAILER)
        return ESP_SHORT;
    n_pad = text[n_text - 2];
    p->next_header = text[n_text - 1];
    if (n_pad + TRAILER > n_text)
        return ESP_PADDING;
    n_payload = n_text - TRAILER - n_pad;
    for (gsize i = 0; i < n_pad; i++)
        if (text[n_payload + i] != i + 1)
            return ESP_PADDING;
    p->n = n_payload;
    return p->next_header == PROTO_NONE ? ESP_DUMMY : ESP_OK;
}

static gboolean
open_as(const Esp *esp, EspPacket *p, guint64 number, guint8 **text, gsize *n_text)
{
    guint8 aad[ESP_HEADER + 4], tail[4];

    return obol_guard_open(esp->guard, aad, associated(esp, number, aad, tail), p->data + ESP_HEADER, p->n - ESP_HEADER, tail,
                           esp->tail ? sizeof tail : 0, text, n_text);
}

/* Appendix A3; @copy is the packet before it was tried. */
static gboolean
open_beyond(const Esp *esp, EspPacket *p, const guint8 *copy, guint64 *number, guint8 **text, gsize *n_text)
{
    for (guint i = 0; i < RESYNC_SUBSPACES && *number >> 32 < G_MAXUINT32; i++) {
        *number += G_GUINT64_CONSTANT(1) << 32;
        memcpy(p->data, copy, p->n);
        if (open_as(esp, p, *number, text, n_text))
            return TRUE;
    }
    return FALSE;
}

/* Section 3.4.3: the cheap look at the window first, then the ICV, and only then may the window move. */
static EspVerdict
open_one(Esp *esp, EspPacket *p)
{
    g_autofree guint8 *copy = NULL;
    guint64 number;
    guint8 *text;
    gsize n_text;

    if (p->n < ESP_HEADER + esp->n_iv + esp->n_icv + TRAILER)
        return ESP_SHORT;
    number = get_u32(p->data + 4);
    if (esp->esn && !replay_extend(&esp->replay, (guint32) number, &number))
        return ESP_REPLAYED;
    if (!replay_may(&esp->replay, number))
        return ESP_REPLAYED;
    if (esp->esn && (esp->n_failed + 1) % RESYNC_EVERY == 0)
        copy = g_memdup2(p->data, p->n);
    if (!open_as(esp, p, number, &text, &n_text) &&
        (copy == NULL || !open_beyond(esp, p, copy, &number, &text, &n_text))) {
        esp->n_failed++;
        return ESP_FORGED;
    }
    esp->n_failed = 0;
    p->newest = replay_mark(&esp->replay, number);
    p->data = text;
    return take_trailer(text, n_text, p);
}

void
esp_seal(Esp *esp, EspPacket *packets, gsize n)
{
    for (gsize i = 0; i < n; i++)
        packets[i].verdict = seal(esp, &packets[i]);
}

void
esp_open(Esp *esp, EspPacket *packets, gsize n)
{
    for (gsize i = 0; i < n; i++)
        packets[i].verdict = open_one(esp, &packets[i]);
}

gsize
esp_payload_max(const Esp *esp, gsize n)
{
    gsize n_fixed = ESP_HEADER + esp->n_iv + esp->n_icv, n_text;

    if (n <= n_fixed)
        return 0;
    n_text = (n - n_fixed) / esp->align * esp->align;
    return n_text > TRAILER ? n_text - TRAILER : 0;
}
