/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/bytes.c - extensions that carry bytes of any length: keys, identities, sensitivity, security contexts. */
#include <string.h>

#include "pfkey-kernel/coding/extension.h"

/* RFC 2367 section 2.3.4.  No bits at all is how Linux wants the key of the NULL cipher. */
void
pfkey_decode_key(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyKey *key = member;

    key->bits = pfkey_cursor_u16(body);
    pfkey_cursor_skip(body, 2);
    key->bytes = pfkey_cursor_span(body, (key->bits + 7u) / 8);
    pfkey_decode_padding(body);
}

void
pfkey_encode_key(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyKey *key = member;

    if (key->bytes.n != (key->bits + 7u) / 8)
        pfkey_fault_set(fault, "a key has not as many bytes as its bits want (RFC 2367 section 2.3.4)");
    pfkey_put_u16(out, key->bits);
    pfkey_put_zeros(out, 2);
    pfkey_put_bytes(out, key->bytes.data, key->bytes.n);
}

void
pfkey_dump_key(gconstpointer member, GString *out)
{
    g_string_append_printf(out, " %u bits", ((const PfkeyKey *) member)->bits);
}

/* RFC 2367 section 2.3.5: a string that ends with NUL, or none at all. */
void
pfkey_decode_identity(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyIdentity *identity = member;
    ObolSpan rest;
    const guint8 *end;

    identity->type = pfkey_cursor_u16(body);
    pfkey_cursor_skip(body, 2);
    identity->id = pfkey_cursor_u64(body);
    rest = pfkey_cursor_rest(body);
    if (rest.n == 0)
        return;
    end = memchr(rest.data, 0, rest.n);
    pfkey_cursor_require(body, end != NULL, "an identity's string does not end (RFC 2367 section 2.3.5)");
    if (end != NULL && end > rest.data)
        identity->text = (ObolSpan) { rest.data, (gsize) (end - rest.data) };
}

void
pfkey_encode_identity(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyIdentity *identity = member;

    if (identity->text.n > 0 && memchr(identity->text.data, 0, identity->text.n) != NULL)
        pfkey_fault_set(fault, "an identity's string has a NUL inside (RFC 2367 section 2.3.5)");
    pfkey_put_u16(out, identity->type);
    pfkey_put_zeros(out, 2);
    pfkey_put_u64(out, identity->id);
    pfkey_put_bytes(out, identity->text.data, identity->text.n);
    if (identity->text.n > 0)
        pfkey_put_u8(out, 0);
}

static void
dump_text(ObolSpan text, GString *out)
{
    g_autofree char *string = g_strndup((const char *) text.data, text.n);
    g_autofree char *escaped = g_strescape(string, NULL);

    g_string_append_printf(out, " \"%s\"", escaped);
}

void
pfkey_dump_identity(gconstpointer member, GString *out)
{
    const PfkeyIdentity *identity = member;

    g_string_append_printf(out, " type %u id %" G_GUINT64_FORMAT, identity->type, identity->id);
    if (identity->text.n > 0)
        dump_text(identity->text, out);
}

/* RFC 2367 section 2.3.6. */
void
pfkey_decode_sensitivity(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySensitivity *sensitivity = member;
    guint8 sens_words, integ_words;

    sensitivity->dpd = pfkey_cursor_u32(body);
    sensitivity->sens_level = pfkey_cursor_u8(body);
    sens_words = pfkey_cursor_u8(body);
    sensitivity->integ_level = pfkey_cursor_u8(body);
    integ_words = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 4);
    sensitivity->sens_bitmap = pfkey_cursor_span(body, (gsize) sens_words * PFKEY_WORD);
    sensitivity->integ_bitmap = pfkey_cursor_span(body, (gsize) integ_words * PFKEY_WORD);
}

static gboolean
bitmap_fits(ObolSpan bitmap)
{
    return bitmap.n % PFKEY_WORD == 0 && bitmap.n / PFKEY_WORD <= G_MAXUINT8;
}

void
pfkey_encode_sensitivity(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeySensitivity *sensitivity = member;

    if (!bitmap_fits(sensitivity->sens_bitmap) || !bitmap_fits(sensitivity->integ_bitmap))
        pfkey_fault_set(fault, "a bitmap is at most 255 words of 64 bits (RFC 2367 section 2.3.6)");
    pfkey_put_u32(out, sensitivity->dpd);
    pfkey_put_u8(out, sensitivity->sens_level);
    pfkey_put_u8(out, (guint8) (sensitivity->sens_bitmap.n / PFKEY_WORD));
    pfkey_put_u8(out, sensitivity->integ_level);
    pfkey_put_u8(out, (guint8) (sensitivity->integ_bitmap.n / PFKEY_WORD));
    pfkey_put_zeros(out, 4);
    pfkey_put_bytes(out, sensitivity->sens_bitmap.data, sensitivity->sens_bitmap.n);
    pfkey_put_bytes(out, sensitivity->integ_bitmap.data, sensitivity->integ_bitmap.n);
}

void
pfkey_dump_sensitivity(gconstpointer member, GString *out)
{
    const PfkeySensitivity *sensitivity = member;

    g_string_append_printf(out, " domain %u level %u (%" G_GSIZE_FORMAT " bytes) integrity level %u (%" G_GSIZE_FORMAT " bytes)",
                           sensitivity->dpd, sensitivity->sens_level, sensitivity->sens_bitmap.n, sensitivity->integ_level,
                           sensitivity->integ_bitmap.n);
}

void
pfkey_decode_sec_ctx(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySecCtx *context = member;
    guint16 n;

    context->algorithm = pfkey_cursor_u8(body);
    context->doi = pfkey_cursor_u8(body);
    n = pfkey_cursor_u16(body);
    pfkey_cursor_require(body, n <= PFKEY_SEC_CTX_MAX, "a security context is longer than we accept");
    context->context = pfkey_cursor_span(body, n);
    pfkey_decode_padding(body);
}

void
pfkey_encode_sec_ctx(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeySecCtx *context = member;

    if (context->context.n > PFKEY_SEC_CTX_MAX)
        pfkey_fault_set(fault, "a security context is longer than we accept");
    pfkey_put_u8(out, context->algorithm);
    pfkey_put_u8(out, context->doi);
    pfkey_put_u16(out, (guint16) context->context.n);
    pfkey_put_bytes(out, context->context.data, context->context.n);
}

void
pfkey_dump_sec_ctx(gconstpointer member, GString *out)
{
    const PfkeySecCtx *context = member;

    g_string_append_printf(out, " algorithm %u doi %u", context->algorithm, context->doi);
    if (context->context.n > 0)
        dump_text(context->context, out);
}
