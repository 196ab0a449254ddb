/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/test-frame.c - frames and hellos, whole, in part and broken. */
#include "pfkey-kernel/proxy/frame.h"

#include <string.h>

/* On an exact heap copy, so that a sanitizer sees one byte too far. */
static PfkeyFrameState
parse(const guint8 *bytes, gsize n, PfkeyFrame *frame, PfkeyBuffer *body)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n);
    const char *why = NULL;
    PfkeyFrameState state = pfkey_frame_parse(exact, n, frame, &why);

    g_assert_true((state == PFKEY_FRAME_BROKEN) == (why != NULL));
    pfkey_buffer_empty(body);
    if (state == PFKEY_FRAME_WHOLE)
        pfkey_put_bytes(body, frame->body.data, frame->body.n);
    return state;
}

static void
test_a_frame_is_whole_at_its_last_byte(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT, body = PFKEY_BUFFER_INIT;
    PfkeyFrame frame;

    pfkey_frame_put(&out, PFKEY_FRAME_MESSAGE, (const guint8 *) "whatever", 8);
    for (gsize n = 0; n < out.n; n++)
        g_assert_cmpint(parse(out.data, n, &frame, &body), ==, PFKEY_FRAME_PARTIAL);
    g_assert_cmpint(parse(out.data, out.n, &frame, &body), ==, PFKEY_FRAME_WHOLE);
    g_assert_cmpint(frame.kind, ==, PFKEY_FRAME_MESSAGE);
    g_assert_cmpmem(body.data, body.n, "whatever", 8);
    pfkey_put_u8(&out, 7); /* the next one's */
    g_assert_cmpint(parse(out.data, out.n, &frame, &body), ==, PFKEY_FRAME_WHOLE);
    g_assert_cmpuint(body.n, ==, 8);
}

static void
test_headers_that_lie_are_broken(void)
{
    static const guint8 headers[][PFKEY_FRAME_HEADER] = {
        { 0, 0, 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 4, 0, 0 }, { 0, 0, 0, 0, 0, 2, 0, 1 }, { 0, 2, 0, 1, 0, 2, 0, 0 },
        { 0xff, 0xff, 0xff, 0xff, 0, 2, 0, 0 }, { 0, 0, 2, 1, 0, 1, 0, 0 }, { 0, 0, 2, 1, 0, 3, 0, 0 },
    };
    static const guint8 most[] = { 0, 2, 0, 0, 0, 2, 0, 0 };
    g_auto(PfkeyBuffer) body = PFKEY_BUFFER_INIT;
    PfkeyFrame frame;

    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
        g_assert_cmpint(parse(headers[i], PFKEY_FRAME_HEADER, &frame, &body), ==, PFKEY_FRAME_BROKEN);
    g_assert_cmpint(parse(most, sizeof most, &frame, &body), ==, PFKEY_FRAME_PARTIAL);
}

static gboolean
parse_hello(const guint8 *bytes, gsize n, PfkeyHello *hello)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n);
    const char *why;
    gboolean good = pfkey_hello_parse((ObolSpan) { exact, n }, hello, &why);

    g_assert_true(good == (why == NULL));
    return good;
}

static void
test_a_hello_is_refused_when_it_is_cut(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyHello hello;

    pfkey_hello_put(&out, 3, &pfkey_freebsd);
    pfkey_buffer_drop(&out, PFKEY_FRAME_HEADER);
    for (gsize n = 0; n < out.n; n++)
        g_assert_false(parse_hello(out.data, n, &hello));
    g_assert_true(parse_hello(out.data, out.n, &hello));
    g_assert_cmpuint(hello.version, ==, 3);
    g_assert_true(hello.system == &pfkey_freebsd);
    pfkey_put_u32(&out, 0x12345678); /* a later version's addition */
    g_assert_true(parse_hello(out.data, out.n, &hello));
}

/* In magic and byte order each bit counts; a version or system may become another one. */
static void
test_every_flipped_bit_of_a_hello_is_survived(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyHello hello;

    pfkey_hello_put(&out, 1, NULL);
    pfkey_buffer_drop(&out, PFKEY_FRAME_HEADER);
    for (gsize bit = 0; bit < out.n * 8; bit++) {
        gboolean good;

        out.data[bit / 8] ^= (guint8) (1u << bit % 8);
        good = parse_hello(out.data, out.n, &hello);
        if (bit / 8 < 8 || bit / 8 == 9)
            g_assert_false(good);
        out.data[bit / 8] ^= (guint8) (1u << bit % 8);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/frame/" path, function)
    CLAIM("a-frame-is-whole-at-its-last-byte", test_a_frame_is_whole_at_its_last_byte);
    CLAIM("headers-that-lie-are-broken", test_headers_that_lie_are_broken);
    CLAIM("a-hello-is-refused-when-it-is-cut", test_a_hello_is_refused_when_it_is_cut);
    CLAIM("every-flipped-bit-of-a-hello-is-survived", test_every_flipped_bit_of_a_hello_is_survived);
    return g_test_run();
}
