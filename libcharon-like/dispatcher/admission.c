/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/admission.c - limits and cookies; nothing here allocates for a request that is not let in. */
#include "dispatcher/admission.h"

#include "wire/message.h"

#define IPV6_SITE_BYTES 8 /* a /64 */

/* Cookies are asked for well before an address's own limit: see admission.h. */
const ObolShardLimits obol_shard_default_limits = {
    .lingering_max = 1000,
    .lingering_bytes = 4 << 20,
    .number = 0,
    .n_shards = 1,
    .cookie_threshold = 32,
    .half_open_limit = 10000,
    .half_open_per_address = 256,
    .ike_sa_limit = 0,
    .cookie_lifetime_us = 60 * G_USEC_PER_SEC,
    .stray_replies_per_second = 20,
};

void
obol_admission_init(ObolAdmission *admission, const ObolShardLimits *limits, const ObolCrypto *crypto,
                    const ObolRandom *random)
{
    *admission = (ObolAdmission) { .limits = *limits };
    obol_hash_key_init(&admission->hash_key, random);
    obol_cookie_jar_init(&admission->jar, crypto, random, limits->cookie_lifetime_us);
    obol_key_table_init(&admission->by_address);
}

void
obol_admission_clear(ObolAdmission *admission)
{
    obol_cookie_jar_clear(&admission->jar);
    obol_key_table_clear(&admission->by_address);
}

static guint64
mark_of(const ObolAdmission *admission, const ObolAddress *remote)
{
    ObolSpan site = { remote->bytes, MIN(obol_address_n_bytes(remote), IPV6_SITE_BYTES) };

    return obol_keyed_hash(&admission->hash_key, &site, 1);
}

static guint
n_from(ObolAdmission *admission, guint64 mark)
{
    return GPOINTER_TO_UINT(obol_key_table_get(&admission->by_address, mark));
}

/* Headers only: the nonce, wherever it stands, and a cookie, which must come first (section 2.6).  A message that is
 * not sound as far as that is not worth an answer under load. */
static gboolean
find_nonce_and_cookie(const ObolDatagram *datagram, ObolSpan *nonce, ObolSpan *cookie)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(datagram->data, datagram->n, &fault);
    guint8 type;

    *nonce = *cookie = (ObolSpan) { NULL, 0 };
    obol_cursor_skip(&c, 16);
    type = obol_cursor_u8(&c);
    obol_cursor_skip(&c, OBOL_WIRE_HEADER - 17);
    for (guint i = 0; type != OBOL_PAYLOAD_NONE && i < OBOL_WIRE_PAYLOADS_MAX && obol_cursor_ok(&c); i++) {
        guint8 next = obol_cursor_u8(&c);
        guint16 length = (obol_cursor_skip(&c, 1), obol_cursor_u16(&c));
        ObolCursor body;

        obol_cursor_require(&c, length >= OBOL_WIRE_PAYLOAD_HEADER,
                            "a payload is no shorter than its header (RFC 7296 3.2)");
        body = obol_cursor_take(&c, obol_cursor_ok(&c) ? length - OBOL_WIRE_PAYLOAD_HEADER : 0);
        if (type == OBOL_PAYLOAD_NONCE && nonce->n == 0) {
            *nonce = obol_cursor_rest(&body);
        } else if (type == OBOL_PAYLOAD_NOTIFY && i == 0) {
            guint8 spi_size = (obol_cursor_skip(&body, 1), obol_cursor_u8(&body));
            guint16 notify = obol_cursor_u16(&body);

            obol_cursor_skip(&body, spi_size);
            if (notify == OBOL_N_COOKIE)
                *cookie = obol_cursor_rest(&body);
        }
        type = next;
    }
    return obol_cursor_ok(&c) && type == OBOL_PAYLOAD_NONE && nonce->n >= OBOL_WIRE_NONCE_MIN
           && nonce->n <= OBOL_WIRE_NONCE_MAX && cookie->n <= OBOL_WIRE_COOKIE_MAX;
}

static guint64
spi_i_of(const ObolDatagram *datagram)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(datagram->data, datagram->n, &fault);

    return obol_cursor_u64(&c);
}

ObolAdmit
obol_admission_judge(ObolAdmission *admission, const ObolDatagram *datagram, guint n_ike_sas, gint64 now_us,
                     guint8 cookie[OBOL_COOKIE_SIZE_MAX], gsize *n_cookie)
{
    const ObolShardLimits *limits = &admission->limits;
    gboolean loaded = limits->cookie_threshold == 0 || admission->n_half_open > limits->cookie_threshold;

    if (admission->n_half_open >= limits->half_open_limit
        || (limits->ike_sa_limit != 0 && n_ike_sas >= limits->ike_sa_limit))
        return OBOL_ADMIT_FULL;
    if (loaded) {
        ObolCookieClaim claim = { .remote = &datagram->remote, .spi_i = spi_i_of(datagram) };
        ObolSpan shown;

        if (!find_nonce_and_cookie(datagram, &claim.nonce, &shown))
            return OBOL_ADMIT_MALFORMED;
        /* A wrong cookie is as good as none: the secret may have been renewed twice (section 2.6). */
        if (!obol_cookie_check(&admission->jar, &claim, shown, now_us)) {
            *n_cookie = obol_cookie_make(&admission->jar, &claim, now_us, cookie);
            return *n_cookie != 0 ? OBOL_ADMIT_ASK_COOKIE : OBOL_ADMIT_FULL;
        }
    }
    if (n_from(admission, mark_of(admission, &datagram->remote)) >= limits->half_open_per_address)
        return OBOL_ADMIT_FULL;
    return loaded ? OBOL_ADMIT_PROVEN : OBOL_ADMIT;
}

guint64
obol_admission_enter(ObolAdmission *admission, const ObolAddress *remote)
{
    guint64 mark = mark_of(admission, remote);

    admission->n_half_open++;
    obol_key_table_set(&admission->by_address, mark, GUINT_TO_POINTER(n_from(admission, mark) + 1));
    return mark;
}

void
obol_admission_leave(ObolAdmission *admission, guint64 mark)
{
    admission->n_half_open--;
    obol_key_table_set(&admission->by_address, mark, GUINT_TO_POINTER(n_from(admission, mark) - 1));
}
