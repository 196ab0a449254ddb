/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/frame.c - what travels between obol-pfkey-proxy and its clients. */
#include "pfkey-kernel/proxy/frame.h"

#include <string.h>

#include "pfkey-kernel/wire/cursor.h"

#define MAGIC "obol-pfk"
#define MAGIC_N 8

enum { LITTLE_END = 1, BIG_END = 2 };
#define OUR_ORDER (G_BYTE_ORDER == G_LITTLE_ENDIAN ? LITTLE_END : BIG_END)

PfkeyFrameState
pfkey_frame_parse(const guint8 *data, gsize n, PfkeyFrame *out, const char **why)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(data, n, &fault);
    guint32 length = pfkey_cursor_be32(&c);
    guint16 kind = pfkey_cursor_be16(&c), reserved = pfkey_cursor_be16(&c);

    if (!pfkey_cursor_ok(&c))
        return PFKEY_FRAME_PARTIAL;
    if (kind < PFKEY_FRAME_HELLO || kind > PFKEY_FRAME_BYE || reserved != 0) {
        *why = "no frame of this protocol";
        return PFKEY_FRAME_BROKEN;
    }
    if (length > (kind == PFKEY_FRAME_MESSAGE ? PFKEY_FRAME_BODY_MAX : PFKEY_BYE_MAX)) {
        *why = "a frame is longer than may be";
        return PFKEY_FRAME_BROKEN;
    }
    if (pfkey_cursor_left(&c) < length)
        return PFKEY_FRAME_PARTIAL;
    *out = (PfkeyFrame) { (PfkeyFrameKind) kind, pfkey_cursor_span(&c, length) };
    return PFKEY_FRAME_WHOLE;
}

void
pfkey_frame_put(PfkeyBuffer *out, PfkeyFrameKind kind, const guint8 *body, gsize n)
{
    pfkey_put_be32(out, (guint32) n);
    pfkey_put_be16(out, (guint16) kind);
    pfkey_put_be16(out, 0);
    pfkey_put_bytes(out, body, n);
}

void
pfkey_hello_put(PfkeyBuffer *out, guint8 version, const PfkeySystem *system)
{
    g_auto(PfkeyBuffer) body = PFKEY_BUFFER_INIT;

    pfkey_put_bytes(&body, (const guint8 *) MAGIC, MAGIC_N);
    pfkey_put_u8(&body, version);
    pfkey_put_u8(&body, OUR_ORDER);
    pfkey_put_u8(&body, system != NULL ? system->id : 0);
    pfkey_put_u8(&body, 0);
    pfkey_frame_put(out, PFKEY_FRAME_HELLO, body.data, body.n);
}

gboolean
pfkey_hello_parse(ObolSpan body, PfkeyHello *out, const char **why)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(body.data, body.n, &fault);
    guint8 magic[MAGIC_N], order, system;

    pfkey_cursor_copy(&c, magic, sizeof magic);
    out->version = pfkey_cursor_u8(&c);
    order = pfkey_cursor_u8(&c);
    system = pfkey_cursor_u8(&c);
    pfkey_cursor_skip(&c, 1);
    out->system = pfkey_system_by_id(system);
    *why = NULL;
    if (!pfkey_cursor_ok(&c) || memcmp(magic, MAGIC, sizeof magic) != 0)
        *why = "the other end does not speak this protocol";
    else if (out->version == 0)
        *why = "the other end speaks no version of this protocol that we do";
    else if (order != OUR_ORDER)
        *why = "the other end is a machine of another byte order";
    else if (system != 0 && out->system == NULL)
        *why = "the other end has a system whose PF_KEY we do not know";
    return *why == NULL;
}

char *
pfkey_bye_text(ObolSpan body)
{
    g_autofree char *raw = g_strndup(body.n > 0 ? (const char *) body.data : "", body.n);
    g_autofree char *valid = g_utf8_make_valid(raw, -1);
    GString *text = g_string_new(NULL);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(text, g_unichar_isprint(c) ? c : '?');
    }
    return g_string_free(text, FALSE);
}
