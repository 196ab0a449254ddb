/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-limits.c - each limit of wire/message.h: met, and passed by one. */
#include "unit/wire/wire-test.h"

#include <string.h>

/* @before, then @n times @each, then @after. */
static char *
repeat(const char *before, const char *each, guint n, const char *after)
{
    GString *text = g_string_new(before);

    for (guint i = 0; i < n; i++)
        g_string_append(text, each);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static void
assert_limit(guint8 type, const char *fits, const char *too_much, const char *rule)
{
    g_autoptr(WireDecoded) good = wire_decode_payload(type, fits), bad = wire_decode_payload(type, too_much);

    wire_only_payload(good);
    wire_assert_sane(good->bytes, good->n);
    g_assert_false(bad->valid);
    g_assert_nonnull(strstr(bad->fault.rule, rule));
}

static void
test_payloads(void)
{
    g_autofree char *full = NULL, *over = NULL;
    g_autoptr(WireDecoded) good = NULL, bad = NULL;

    full = repeat("0102030405060708 0000000000000000 2b202208 00000000 0000011c", "2b000004", 63, "00000004");
    over = repeat("0102030405060708 0000000000000000 2b202208 00000000 00000120", "2b000004", 64, "00000004");
    good = wire_decode_hex(full);
    bad = wire_decode_hex(over);
    g_assert_true(good->valid);
    g_assert_cmpuint(good->message.chain.n, ==, OBOL_WIRE_PAYLOADS_MAX);
    g_assert_false(bad->valid);
    g_assert_nonnull(strstr(bad->fault.rule, "more payloads"));
}

/* @n proposals of one transform each. */
static char *
proposals(guint n)
{
    GString *text = g_string_new(NULL);

    for (guint i = 1; i <= n; i++)
        g_string_append_printf(text, "%02x000010 %02x010001 00000008 01000003", i < n ? 2 : 0, i);
    return g_string_free(text, FALSE);
}

static void
test_proposals(void)
{
    g_autofree char *full = proposals(OBOL_WIRE_PROPOSALS_MAX), *over = proposals(OBOL_WIRE_PROPOSALS_MAX + 1);

    assert_limit(OBOL_PAYLOAD_SA, full, over, "more proposals");
}

/* One proposal of @n transforms. */
static char *
transforms(guint n)
{
    g_autofree char *before = g_strdup_printf("0000%04x 010100%02x", 8 + 8 * n, n);

    return repeat(before, "03000008 01000003", n - 1, "00000008 01000003");
}

static void
test_transforms(void)
{
    g_autofree char *full = transforms(OBOL_PROPOSAL_TRANSFORMS_MAX);
    g_autofree char *over = transforms(OBOL_PROPOSAL_TRANSFORMS_MAX + 1);

    assert_limit(OBOL_PAYLOAD_SA, full, over, "more transforms");
}

static void
test_nonces(void)
{
    g_autofree char *least = repeat("", "5a", OBOL_WIRE_NONCE_MIN, "");
    g_autofree char *most = repeat("", "5a", OBOL_WIRE_NONCE_MAX, "");
    g_autofree char *under = repeat("", "5a", OBOL_WIRE_NONCE_MIN - 1, "");
    g_autofree char *over = repeat("", "5a", OBOL_WIRE_NONCE_MAX + 1, "");

    assert_limit(OBOL_PAYLOAD_NONCE, least, under, "3.9");
    assert_limit(OBOL_PAYLOAD_NONCE, most, over, "3.9");
}

static void
test_deleted_spis(void)
{
    g_autofree char *full = repeat("03040100", "c0ffee01", OBOL_WIRE_DELETE_SPIS_MAX, "");
    g_autofree char *over = repeat("03040101", "c0ffee01", OBOL_WIRE_DELETE_SPIS_MAX + 1, "");

    assert_limit(OBOL_PAYLOAD_DELETE, full, over, "more SPIs");
}

static void
test_selectors(void)
{
    static const char one[] = "07000010 0000ffff 0a000000 0a0000ff";
    g_autofree char *full = repeat("80000000", one, OBOL_TS_MAX, "");
    g_autofree char *over = repeat("81000000", one, OBOL_TS_MAX + 1, "");

    assert_limit(OBOL_PAYLOAD_TSI, full, over, "more selectors");
}

static void
test_attributes(void)
{
    g_autofree char *full = repeat("01000000", "00010000", OBOL_WIRE_CP_ATTRIBUTES_MAX, "");
    g_autofree char *over = repeat("01000000", "00010000", OBOL_WIRE_CP_ATTRIBUTES_MAX + 1, "");

    assert_limit(OBOL_PAYLOAD_CP, full, over, "more attributes");
}

static void
test_fragments(void)
{
    g_assert_cmpuint(OBOL_WIRE_FRAGMENTS_MAX, ==, 0x100);
    assert_limit(OBOL_PAYLOAD_SKF, "01000100", "01010101", "more fragments");
    assert_limit(OBOL_PAYLOAD_SKF, "00010100", "00010101", "more fragments");
}

/* Two vendor IDs, since one payload can not fill a message; @n bytes in all. */
static WireDecoded *
message_of(gsize n)
{
    g_autofree guint8 *bytes = g_malloc0(n);
    ObolHeader header = { .spi_i = 1, .first_payload = OBOL_PAYLOAD_VENDOR, .version = OBOL_WIRE_VERSION,
                          .length = (guint32) n };
    gsize second = n - OBOL_WIRE_HEADER - OBOL_WIRE_PAYLOAD_HEADER;

    obol_header_encode(&header, bytes);
    bytes[28] = OBOL_PAYLOAD_VENDOR;
    bytes[31] = OBOL_WIRE_PAYLOAD_HEADER;
    bytes[34] = (guint8) (second >> 8);
    bytes[35] = (guint8) second;
    return wire_decode(bytes, n);
}

static void
test_messages(void)
{
    g_autoptr(WireDecoded) full = message_of(OBOL_WIRE_MESSAGE_MAX), over = message_of(OBOL_WIRE_MESSAGE_MAX + 1);

    g_assert_true(full->valid);
    g_assert_false(over->valid);
    g_assert_nonnull(strstr(over->fault.rule, "longer than a UDP datagram"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/limits/payloads-of-a-message", test_payloads);
    g_test_add_func("/wire/limits/proposals-of-an-sa", test_proposals);
    g_test_add_func("/wire/limits/transforms-of-a-proposal", test_transforms);
    g_test_add_func("/wire/limits/octets-of-a-nonce", test_nonces);
    g_test_add_func("/wire/limits/spis-of-a-delete", test_deleted_spis);
    g_test_add_func("/wire/limits/selectors-of-a-ts", test_selectors);
    g_test_add_func("/wire/limits/attributes-of-a-cp", test_attributes);
    g_test_add_func("/wire/limits/fragments-of-a-message", test_fragments);
    g_test_add_func("/wire/limits/octets-of-a-message", test_messages);
    return g_test_run();
}
