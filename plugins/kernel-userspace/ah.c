/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ah.c - AH (RFC 4302) put into IP packets and taken for what it is, in place. */
#include "ah.h"

#include "bytes.h"
#include "packet.h"

gboolean
ah_init(Ah *ah, const ObolCrypto *crypto, const ObolSuite *suite, guint32 spi, const ObolSecret *integ_key, gboolean inbound,
        guint32 window, GError **error)
{
    const ObolMacVtable *calls = obol_crypto_integ(crypto, suite->integ);

    *ah = (Ah) { .calls = calls, .spi = spi, .esn = suite->esn == OBOL_ESN_YES };
    if (calls == NULL || calls->n_output > OBOL_ICV_MAX || calls->n_output % 4 != 0) {
        g_set_error_literal(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED, "no provider for the SA's algorithm");
        return FALSE;
    }
    if (integ_key == NULL || integ_key->n < calls->n_key) {
        g_set_error_literal(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED,
                            "the SA's key is not of its algorithm's length");
        return FALSE;
    }
    ah->n_icv = calls->n_output;
    ah->mac = calls->open(integ_key->bytes, calls->n_key, error);
    if (ah->mac == NULL)
        return FALSE;
    if (inbound)
        replay_init(&ah->replay, window);
    return TRUE;
}

void
ah_clear(Ah *ah)
{
    if (ah->mac != NULL)
        ah->calls->close(ah->mac);
    ah->mac = NULL;
    replay_clear(&ah->replay);
}

gsize
ah_length(const Ah *ah, int family)
{
    gsize unit = family == AF_INET ? 4 : 8;

    return (AH_HEADER + ah->n_icv + unit - 1) / unit * unit;
}

gboolean
ah_exhausted(const Ah *ah)
{
    return ah->sent == (ah->esn ? G_MAXUINT64 : G_MAXUINT32);
}

/* Section 3.3.3: the headers, AH with a zero ICV, the payload, and the high half of an extended number. */
static gboolean
authenticate(const Ah *ah, const guint8 *packet, gsize n, gsize n_headers, gsize n_ah, guint64 number, AhEnd end,
             guint8 icv[OBOL_ICV_MAX])
{
    guint8 headers[AH_IP_HEADERS_MAX], header[AH_MAX], high[4];

    if (n_headers > sizeof headers || n_ah > sizeof header || !ah_canonical(packet, n_headers, end, headers))
        return FALSE;
    memcpy(header, packet + n_headers, n_ah);
    memset(header + AH_HEADER, 0, ah->n_icv);
    put_u32(high, (guint32) (number >> 32));
    ah->calls->update(ah->mac, headers, n_headers);
    ah->calls->update(ah->mac, header, n_ah);
    ah->calls->update(ah->mac, packet + n_headers + n_ah, n - n_headers - n_ah);
    if (ah->esn)
        ah->calls->update(ah->mac, high, sizeof high);
    ah->calls->finish(ah->mac, icv);
    return TRUE;
}

EspVerdict
ah_seal(Ah *ah, guint8 *packet, gsize n, gsize n_headers, guint8 next_header)
{
    gsize n_ah = ah_length(ah, packet[0] >> 4 == 4 ? AF_INET : AF_INET6);
    guint8 *at = packet + n_headers, icv[OBOL_ICV_MAX];

    if (n < n_headers + n_ah)
        return ESP_NO_ROOM;
    if (ah_exhausted(ah))
        return ESP_EXHAUSTED;
    ah->sent++;
    memset(at, 0, n_ah);
    at[0] = next_header;
    at[1] = (guint8) (n_ah / 4 - 2); /* section 2.2 */
    put_u32(at + 4, ah->spi);
    put_u32(at + 8, (guint32) ah->sent);
    if (!authenticate(ah, packet, n, n_headers, n_ah, ah->sent, AH_SENDING, icv))
        return ESP_BACKEND;
    memcpy(at + AH_HEADER, icv, ah->n_icv);
    return ESP_OK;
}

/* How long the comparison takes must not tell where the first difference is. */
static gboolean
equal_icv(const guint8 *a, const guint8 *b, gsize n)
{
    volatile guint8 differs = 0;

    for (gsize i = 0; i < n; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}

static gboolean
is_authentic(const Ah *ah, const guint8 *packet, gsize n, gsize n_headers, gsize n_ah, guint64 number)
{
    guint8 icv[OBOL_ICV_MAX];

    return authenticate(ah, packet, n, n_headers, n_ah, number, AH_RECEIVING, icv) &&
           equal_icv(icv, packet + n_headers + AH_HEADER, ah->n_icv);
}

/* RFC 4302 appendix B3, as RFC 4303 appendix A3. */
static gboolean
is_authentic_beyond(const Ah *ah, const guint8 *packet, gsize n, gsize n_headers, gsize n_ah, guint64 *number)
{
    if (!ah->esn || (ah->n_failed + 1) % RESYNC_EVERY != 0)
        return FALSE;
    for (guint i = 0; i < RESYNC_SUBSPACES && *number >> 32 < G_MAXUINT32; i++) {
        *number += G_GUINT64_CONSTANT(1) << 32;
        if (is_authentic(ah, packet, n, n_headers, n_ah, *number))
            return TRUE;
    }
    return FALSE;
}

/* Section 3.4.3: the window first, then the ICV, and only then may the window move.  Either alignment is taken from a peer. */
EspVerdict
ah_open(Ah *ah, const guint8 *packet, gsize n, gsize n_headers, AhOpened *out)
{
    const guint8 *at = packet + n_headers;
    guint64 number;
    gsize n_ah;

    if (n < n_headers + AH_HEADER + ah->n_icv)
        return ESP_SHORT;
    n_ah = (at[1] + 2u) * 4u;
    if (n_ah < AH_HEADER + ah->n_icv || n_ah > ah_length(ah, AF_INET6) || n < n_headers + n_ah)
        return ESP_SHORT;
    number = get_u32(at + 8);
    if (ah->esn && !replay_extend(&ah->replay, (guint32) number, &number))
        return ESP_REPLAYED;
    if (!replay_may(&ah->replay, number))
        return ESP_REPLAYED;
    if (!is_authentic(ah, packet, n, n_headers, n_ah, number) &&
        !is_authentic_beyond(ah, packet, n, n_headers, n_ah, &number)) {
        ah->n_failed++;
        return ESP_FORGED;
    }
    ah->n_failed = 0;
    *out = (AhOpened) { .n_ah = n_ah, .next_header = at[0], .newest = replay_mark(&ah->replay, number) };
    return out->next_header == PROTO_NONE ? ESP_DUMMY : ESP_OK;
}
