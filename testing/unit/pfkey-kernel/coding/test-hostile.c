/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/test-hostile.c - bytes that lie. */
#include "unit/pfkey-kernel/coding/pfkey-test.h"

#include <string.h>

/* A message whose header is right, around @n bytes of extensions. */
static PfkeyDecoded *
decode_extensions(const guint8 *extensions, gsize n)
{
    g_autofree guint8 *bytes = g_malloc0(PFKEY_MESSAGE_HEADER + n);
    guint16 words = (guint16) ((PFKEY_MESSAGE_HEADER + n) / PFKEY_WORD);

    bytes[0] = PFKEY_VERSION;
    bytes[1] = pfkey_linux.types[PFKEY_ADD];
    memcpy(bytes + 4, &words, sizeof words);
    if (n > 0)
        memcpy(bytes + PFKEY_MESSAGE_HEADER, extensions, n);
    return pfkey_decode(&pfkey_linux, bytes, PFKEY_MESSAGE_HEADER + n);
}

/* One extension of @number, whose length field says @words, of @n bytes in all: zeros behind its header but for @set. */
static void
put_extension(PfkeyBuffer *out, guint16 number, guint16 words, gsize n, const guint8 *set, gsize n_set)
{
    gsize start = out->n;

    pfkey_put_u16(out, words);
    pfkey_put_u16(out, number);
    pfkey_put_bytes(out, set, n_set);
    pfkey_put_zeros(out, n - (out->n - start));
}

static void
assert_refused(PfkeyBuffer *extensions, PfkeyExtension extension, const char *rule)
{
    g_autoptr(PfkeyDecoded) decoded = decode_extensions(extensions->data, extensions->n);

    g_assert_false(decoded->valid);
    pfkey_assert_fault(&decoded->fault, extension, rule);
    pfkey_buffer_empty(extensions);
}

static void
test_every_truncation_is_refused(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < goldens->len; i++) {
        gsize n;
        const guint8 *bytes = g_bytes_get_data(((PfkeyGolden *) goldens->pdata[i])->bytes, &n);

        for (gsize cut = 0; cut < n; cut++) {
            g_autoptr(PfkeyDecoded) decoded = pfkey_decode(&pfkey_linux, bytes, cut);

            g_assert_false(decoded->valid);
            g_assert_nonnull(decoded->fault.rule);
        }
    }
}

/* Cut, and the header tells the new length: the lie is then an extension's. */
static void
test_truncations_that_the_header_tells_are_survived(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < goldens->len; i++) {
        gsize n;
        const guint8 *bytes = g_bytes_get_data(((PfkeyGolden *) goldens->pdata[i])->bytes, &n);

        for (gsize cut = PFKEY_MESSAGE_HEADER; cut < n; cut += PFKEY_WORD) {
            g_autofree guint8 *copy = g_memdup2(bytes, cut);
            guint16 words = (guint16) (cut / PFKEY_WORD);

            memcpy(copy + 4, &words, sizeof words);
            pfkey_assert_sane(&pfkey_linux, copy, cut);
        }
    }
}

/* One message of each shape: all of them would only take longer. */
static void
test_every_flipped_bit_is_survived(void)
{
    static const char *const names[] = {
        "getspi-esp", "add-esp-udp", "add-esp6-camellia-tunnel", "add-ipcomp-deflate", "get-esp", "dump-0", "spdadd-bundle",
        "spdadd-forward-6", "register-ah", "acquire-tunnel", "expire-soft-ah", "new-mapping", "migrate-kmaddress",
    };
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const PfkeyGolden *golden = pfkey_golden(goldens, PFKEY_UP, names[i]);
        gsize n = g_bytes_get_size(golden->bytes);
        g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(golden->bytes, NULL), n);

        for (gsize bit = 0; bit < n * 8; bit++) {
            copy[bit / 8] ^= (guint8) (1u << bit % 8);
            pfkey_assert_sane(&pfkey_linux, copy, n);
            copy[bit / 8] ^= (guint8) (1u << bit % 8);
        }
    }
}

static void
test_another_systems_numbers_are_survived(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < goldens->len; i++) {
        const PfkeyGolden *golden = goldens->pdata[i];

        pfkey_assert_sane(&pfkey_freebsd, g_bytes_get_data(golden->bytes, NULL), g_bytes_get_size(golden->bytes));
    }
}

static void
test_a_header_that_lies_is_refused(void)
{
    g_autofree guint8 *bytes = g_malloc0(PFKEY_MESSAGE_HEADER);
    static const struct { guint8 at, value; const char *rule; } lies[] = {
        { 0, 1, "version" }, { 1, 0, "unknown message type" }, { 1, 200, "unknown message type" }, { 4, 3, "length field" },
        { 5, 0x80, "length field" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(PfkeyDecoded) decoded = NULL;
        PfkeyHeader header;
        PfkeyFault fault;

        memset(bytes, 0, PFKEY_MESSAGE_HEADER);
        bytes[0] = PFKEY_VERSION;
        bytes[1] = 9;
        *(guint16 *) (gpointer) (bytes + 4) = 2;
        bytes[lies[i].at] = lies[i].value;
        decoded = pfkey_decode(&pfkey_linux, bytes, PFKEY_MESSAGE_HEADER);
        g_assert_false(decoded->valid);
        pfkey_assert_fault(&decoded->fault, PFKEY_EXT_UNKNOWN, lies[i].rule);
        g_assert_false(pfkey_header_decode(&pfkey_linux, bytes, PFKEY_MESSAGE_HEADER, &header, &fault));
        g_assert_true(fault.rule == decoded->fault.rule);
    }
}

static void
test_lengths_that_lie_are_refused(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    static const guint8 inet[] = { 0, 24, 0, 0, 2, 0 }, unix_family[] = { 0, 24, 0, 0, 1, 0 }, key[] = { 0x81, 0 };

    put_extension(&out, 1, 0, 16, NULL, 0);
    assert_refused(&out, PFKEY_EXT_SA, "no length");
    put_extension(&out, 1, 3, 16, NULL, 0);
    assert_refused(&out, PFKEY_EXT_SA, "runs past the end");
    put_extension(&out, 1, 1, 16, NULL, 0);
    assert_refused(&out, PFKEY_EXT_SA, "runs past the end");
    put_extension(&out, 1, 3, 24, NULL, 0);
    assert_refused(&out, PFKEY_EXT_SA, "left over");
    put_extension(&out, 0, 1, 8, NULL, 0);
    assert_refused(&out, PFKEY_EXT_UNKNOWN, "reserved type");
    put_extension(&out, 5, 4, 32, inet, sizeof inet); /* IPv4 takes three words exactly */
    assert_refused(&out, PFKEY_EXT_ADDRESS_SRC, "longer than what it holds");
    put_extension(&out, 5, 2, 16, inet, sizeof inet);
    assert_refused(&out, PFKEY_EXT_ADDRESS_SRC, "runs past the end");
    put_extension(&out, 5, 3, 24, unix_family, sizeof unix_family);
    assert_refused(&out, PFKEY_EXT_ADDRESS_SRC, "neither IPv4 nor IPv6");
    put_extension(&out, 9, 3, 24, key, sizeof key); /* 129 bits in two words */
    assert_refused(&out, PFKEY_EXT_KEY_ENCRYPT, "runs past the end");
    put_extension(&out, 13, 3, 24, NULL, 0);
    assert_refused(&out, PFKEY_EXT_PROPOSAL, "whole number of combinations");
}

static void
test_policies_that_lie_are_refused(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    guint8 body[12 + 16] = { 2, 0, 2 };

    put_extension(&out, 18, 4, 32, body, sizeof body); /* a request of length 0 */
    assert_refused(&out, PFKEY_EXT_X_POLICY, "shorter than its header");
    body[12] = 8;
    put_extension(&out, 18, 4, 32, body, sizeof body);
    assert_refused(&out, PFKEY_EXT_X_POLICY, "shorter than its header");
    body[12] = 24;
    put_extension(&out, 18, 4, 32, body, sizeof body);
    assert_refused(&out, PFKEY_EXT_X_POLICY, "runs past the end");
    body[12] = 24; /* now within the extension, but no socket address */
    put_extension(&out, 18, 5, 40, body, sizeof body);
    assert_refused(&out, PFKEY_EXT_X_POLICY, "neither IPv4 nor IPv6");
}

static void
test_strings_that_lie_are_refused(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    guint8 endless[12 + 8] = { 2 }, context[12] = { 1, 1, 200 };

    memset(endless + 12, 'x', 8);
    put_extension(&out, 10, 3, 24, endless, sizeof endless);
    assert_refused(&out, PFKEY_EXT_IDENTITY_SRC, "does not end");
    put_extension(&out, 24, 2, 16, context, sizeof context);
    assert_refused(&out, PFKEY_EXT_X_SEC_CTX, "runs past the end");
    context[3] = 0xff;
    put_extension(&out, 24, 2, 16, context, sizeof context);
    assert_refused(&out, PFKEY_EXT_X_SEC_CTX, "longer than we accept");
}

static void
test_what_comes_twice_is_refused(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;

    put_extension(&out, 1, 2, 16, NULL, 0);
    put_extension(&out, 19, 2, 16, NULL, 0);
    put_extension(&out, 1, 2, 16, NULL, 0);
    assert_refused(&out, PFKEY_EXT_SA, "twice");
}

static void
test_limits_are_kept(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    g_autoptr(PfkeyDecoded) most = NULL;
    guint8 body[12 + 16 * (PFKEY_REQUESTS_MAX + 1)] = { 2, 0, 2 };

    for (guint i = 0; i < PFKEY_EXTENSIONS_MAX; i++)
        put_extension(&out, 1000, 1, 8, NULL, 0);
    most = decode_extensions(out.data, out.n);
    g_assert_true(most->valid);
    g_assert_cmpuint(most->message.n_entries, ==, PFKEY_EXTENSIONS_MAX);
    put_extension(&out, 1000, 1, 8, NULL, 0);
    assert_refused(&out, PFKEY_EXT_UNKNOWN, "more extensions");
    for (guint i = 0; i <= PFKEY_REQUESTS_MAX; i++)
        body[12 + 16 * i] = 16;
    put_extension(&out, 18, 2 + 2 * (PFKEY_REQUESTS_MAX + 1), sizeof body + 4, body, sizeof body);
    assert_refused(&out, PFKEY_EXT_X_POLICY, "more requests");
}

static void
test_what_nobody_knows_is_kept(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    g_autoptr(PfkeyDecoded) decoded = NULL;

    put_extension(&out, 77, 2, 16, (const guint8 *) "whatever", 8);
    put_extension(&out, 77, 1, 8, NULL, 0);
    decoded = decode_extensions(out.data, out.n);
    g_assert_true(decoded->valid);
    g_assert_cmpuint(decoded->message.n_entries, ==, 2);
    g_assert_cmpuint(decoded->message.entries[0].number, ==, 77);
    g_assert_cmpuint(decoded->message.entries[0].raw.n, ==, 16);
    pfkey_assert_sane(&pfkey_linux, decoded->bytes, decoded->n);
}

static void
test_reserved_fields_are_kept_and_not_judged(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    g_autoptr(PfkeyDecoded) decoded = NULL;
    static const guint8 dirty[] = { 2, 0xff, 0xee, 0xdd, 1, 0, 0, 0, 7, 0, 0, 0 };

    put_extension(&out, 19, 2, 16, dirty, sizeof dirty);
    decoded = decode_extensions(out.data, out.n);
    g_assert_true(decoded->valid);
    g_assert_true(decoded->message.entries[0].verbatim);
    g_assert_cmpuint(decoded->message.sa2.mode, ==, PFKEY_MODE_TUNNEL);
    pfkey_assert_sane(&pfkey_linux, decoded->bytes, decoded->n);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/hostile/" path, function)
    CLAIM("every-truncation-is-refused", test_every_truncation_is_refused);
    CLAIM("truncations-that-the-header-tells-are-survived", test_truncations_that_the_header_tells_are_survived);
    CLAIM("every-flipped-bit-is-survived", test_every_flipped_bit_is_survived);
    CLAIM("another-systems-numbers-are-survived", test_another_systems_numbers_are_survived);
    CLAIM("a-header-that-lies-is-refused", test_a_header_that_lies_is_refused);
    CLAIM("lengths-that-lie-are-refused", test_lengths_that_lie_are_refused);
    CLAIM("policies-that-lie-are-refused", test_policies_that_lie_are_refused);
    CLAIM("strings-that-lie-are-refused", test_strings_that_lie_are_refused);
    CLAIM("what-comes-twice-is-refused", test_what_comes_twice_is_refused);
    CLAIM("limits-are-kept", test_limits_are_kept);
    CLAIM("what-nobody-knows-is-kept", test_what_nobody_knows_is_kept);
    CLAIM("reserved-fields-are-kept-and-not-judged", test_reserved_fields_are_kept_and_not_judged);
    return g_test_run();
}
