/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-rules.c - one broken rule a row: refused where it breaks, with what the peer is to be told. */
#include "unit/wire/wire-test.h"

#include <string.h>

#define HEAD "0102030405060708 0000000000000000 "
#define NONCE_16 "00000014 000102030405060708090a0b0c0d0e0f "

/* Whole messages. */
static const struct {
    const char *claim, *hex, *rule;
    gsize offset;
    guint16 notify;
    guint8 payload;
} messages[] = {
    { "short-header", "0102030405060708 00000000000000 00", "past the end", 16, 0, 0 },
    { "ikev1", HEAD "01100200 00000000 0000001c", "2.5", 17, OBOL_N_INVALID_MAJOR_VERSION, 0 },
    { "ikev3", HEAD "00302208 00000000 0000001c", "2.5", 17, OBOL_N_INVALID_MAJOR_VERSION, 0 },
    { "another-version-before-another-length", HEAD "00302208 00000000 00000fff",
      "2.5", 17, OBOL_N_INVALID_MAJOR_VERSION, 0 },
    { "length-too-large", HEAD "00202208 00000000 0000001d", "3.1", 24, OBOL_N_INVALID_SYNTAX, 0 },
    { "length-too-small", HEAD "00202208 00000000 0000001b", "3.1", 24, OBOL_N_INVALID_SYNTAX, 0 },
    { "initiator-spi-zero", "0000000000000000 0102030405060708 00202208 00000000 0000001c",
      "3.1", 0, OBOL_N_INVALID_SYNTAX, 0 },
    { "trailing-bytes", HEAD "28202208 00000000 00000031" NONCE_16 "00", "3.2", 48, OBOL_N_INVALID_SYNTAX, 0 },
    { "no-payload-but-bytes", HEAD "00202208 00000000 00000030" NONCE_16, "3.2", 28, OBOL_N_INVALID_SYNTAX, 0 },
    { "next-payload-missing", HEAD "28202208 00000000 00000030 22000014 000102030405060708090a0b0c0d0e0f",
      "past the end", 48, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_KE },
    { "payload-length-zero", HEAD "2b202208 00000000 00000020 00000000",
      "3.2", 32, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_VENDOR },
    { "payload-length-three", HEAD "2b202208 00000000 00000020 00000003",
      "3.2", 32, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_VENDOR },
    { "payload-past-the-end", HEAD "2b202208 00000000 00000020 00000005",
      "past the end", 32, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_VENDOR },
    { "unknown-critical", HEAD "c8202208 00000000 00000020 00800004",
      "2.5", 32, OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD, 200 },
    { "unknown-critical-after-a-good-one",
      HEAD "28202208 00000000 00000034 31000014 000102030405060708090a0b0c0d0e0f 00800004",
      "2.5", 52, OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD, 49 },
    { "payload-after-sk", HEAD "2e202308 00000001 00000024 23000004 00000004",
      "3.14", 32, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_SK },
    { "payload-after-skf", HEAD "35202308 00000001 00000028 23000008 00010001 00000004",
      "3.14", 36, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_SKF },
    { "skf-short", HEAD "35202308 00000001 00000023 23000007 000100", "past the end", 34, OBOL_N_INVALID_SYNTAX, OBOL_PAYLOAD_SKF },
};

static void
test_a_broken_message_is_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(WireDecoded) decoded = wire_decode_hex(messages[i].hex);

        g_test_message("%s", messages[i].claim);
        wire_assert_fault(decoded, messages[i].rule, messages[i].offset, messages[i].notify);
        g_assert_cmpuint(decoded->fault.payload, ==, messages[i].payload);
    }
}

/* Bodies of one payload; offsets count from the start of the body. */
static const struct {
    const char *claim;
    guint8 type;
    const char *hex, *rule;
    gsize offset;
} payloads[] = {
    { "sa-empty", OBOL_PAYLOAD_SA, "", "3.3)", 0 },
    { "sa-proposal-length-zero", OBOL_PAYLOAD_SA, "00000000", "3.3.1", 4 },
    { "sa-proposal-past-the-end", OBOL_PAYLOAD_SA, "00000011 01010001 00000008 01000003", "past the end", 4 },
    { "sa-proposal-without-transforms", OBOL_PAYLOAD_SA, "00000008 01010000", "3.3.1", 8 },
    { "sa-last-says-more", OBOL_PAYLOAD_SA, "02000010 01010001 00000008 01000003", "Last Substruc", 16 },
    { "sa-last-of-a-middle-one", OBOL_PAYLOAD_SA,
      "00000010 01010001 00000008 01000003 00000010 02010001 00000008 01000003", "Last Substruc", 16 },
    { "sa-last-unknown-value", OBOL_PAYLOAD_SA, "01000010 01010001 00000008 01000003", "Last Substruc", 16 },
    { "sa-transform-last-says-more", OBOL_PAYLOAD_SA, "00000010 01010001 03000008 01000003", "Last Substruc", 16 },
    { "sa-fewer-transforms-than-announced", OBOL_PAYLOAD_SA, "00000010 01010002 00000008 01000003",
      "past the end", 16 },
    { "sa-more-transforms-than-announced", OBOL_PAYLOAD_SA, "00000018 01010001 03000008 01000003 00000008 02000002",
      "left over", 16 },
    { "sa-transform-length-zero", OBOL_PAYLOAD_SA, "00000010 01010001 00000000 01000003", "3.3.1", 12 },
    { "sa-transform-too-short", OBOL_PAYLOAD_SA, "0000000f 01010001 00000007 010000", "past the end", 14 },
    { "sa-attribute-past-the-end", OBOL_PAYLOAD_SA, "00000014 01010001 0000000c 01000003 40010001",
      "past the end", 20 },
    { "sa-first-number-zero", OBOL_PAYLOAD_SA, "00000010 00010001 00000008 01000003", "3.3.1", 16 },
    { "sa-numbers-with-a-gap", OBOL_PAYLOAD_SA,
      "02000010 01010001 00000008 01000003 00000010 03010001 00000008 01000003", "3.3.1", 32 },
    { "sa-numbers-do-not-start-at-one", OBOL_PAYLOAD_SA,
      "02000010 02010001 00000008 01000003 00000010 03010001 00000008 01000003", "3.3.1", 16 },
    { "sa-ike-spi-of-four", OBOL_PAYLOAD_SA, "00000014 01010401 00000001 00000008 01000003", "SPI of IKE", 8 },
    { "sa-esp-spi-of-eight", OBOL_PAYLOAD_SA, "00000018 01030801 0000000000000001 00000008 01000003",
      "SPI of AH or ESP", 8 },
    { "sa-esp-without-spi", OBOL_PAYLOAD_SA, "00000010 01030001 00000008 01000003", "SPI of AH or ESP", 8 },
    { "ke-empty", OBOL_PAYLOAD_KE, "000e0000", "3.4", 0 },
    { "ke-short", OBOL_PAYLOAD_KE, "000e", "past the end", 2 },
    { "id-short", OBOL_PAYLOAD_IDI, "020000", "past the end", 1 },
    { "id-ipv4-of-three", OBOL_PAYLOAD_IDI, "01000000 c00002", "3.5", 0 },
    { "id-ipv4-of-five", OBOL_PAYLOAD_IDR, "01000000 c000020100", "3.5", 0 },
    { "id-ipv6-of-four", OBOL_PAYLOAD_IDR, "05000000 c0000201", "3.5", 0 },
    { "id-null-with-data", OBOL_PAYLOAD_IDI, "0d000000 00", "7619", 0 },
    { "cert-empty", OBOL_PAYLOAD_CERT, "", "past the end", 0 },
    { "certreq-empty", OBOL_PAYLOAD_CERTREQ, "", "past the end", 0 },
    { "auth-short", OBOL_PAYLOAD_AUTH, "0e0000", "past the end", 1 },
    { "notify-short", OBOL_PAYLOAD_NOTIFY, "000040", "past the end", 2 },
    { "notify-spi-past-the-end", OBOL_PAYLOAD_NOTIFY, "03044009 c0ffee", "past the end", 4 },
    { "delete-ike-with-spi", OBOL_PAYLOAD_DELETE, "01080001 0102030405060708", "3.11", 0 },
    { "delete-ike-with-count", OBOL_PAYLOAD_DELETE, "01000001", "3.11", 0 },
    { "delete-esp-spi-of-eight", OBOL_PAYLOAD_DELETE, "03080001 0102030405060708", "3.11", 0 },
    { "delete-fewer-spis-than-announced", OBOL_PAYLOAD_DELETE, "03040002 c0ffee01", "3.11", 0 },
    { "delete-more-spis-than-announced", OBOL_PAYLOAD_DELETE, "03040001 c0ffee01 c0ffee02", "3.11", 0 },
    { "ts-without-selectors", OBOL_PAYLOAD_TSI, "00000000", "3.13)", 4 },
    { "ts-fewer-than-announced", OBOL_PAYLOAD_TSI, "02000000 07000010 0000ffff 0a000000 0a0000ff", "past the end", 20 },
    { "ts-far-fewer-than-announced", OBOL_PAYLOAD_TSI, "80000000 07000010 0000ffff 0a000000 0a0000ff", "3.13)", 4 },
    { "ts-more-than-announced", OBOL_PAYLOAD_TSR,
      "01000000 07000010 0000ffff 0a000000 0a0000ff 07000010 0000ffff 0a000000 0a0000ff", "left over", 20 },
    { "ts-length-zero", OBOL_PAYLOAD_TSI, "01000000 07000000", "3.13.1", 8 },
    { "ts-length-zero-of-unknown-type", OBOL_PAYLOAD_TSI, "01000000 0a000000", "3.13.1", 8 },
    { "ts-ipv4-too-long", OBOL_PAYLOAD_TSI, "01000000 07000011 0000ffff 0a000000 0a0000ff 00", "left over", 20 },
    { "ts-ipv4-of-ipv6-length", OBOL_PAYLOAD_TSI, "01000000 0700000f 0000ffff 0a000000 0a0000", "past the end", 16 },
    { "ts-address-range-reversed", OBOL_PAYLOAD_TSI, "01000000 07000010 0000ffff 0a000002 0a000001", "3.13.1", 20 },
    { "ts-port-range-reversed", OBOL_PAYLOAD_TSI, "01000000 07060010 01bb0050 0a000001 0a000001", "3.13.1", 20 },
    { "ts-almost-opaque", OBOL_PAYLOAD_TSI, "01000000 07060010 ffff0001 0a000001 0a000001", "3.13.1", 20 },
    { "cp-short", OBOL_PAYLOAD_CP, "010000", "past the end", 1 },
    { "cp-attribute-cut", OBOL_PAYLOAD_CP, "01000000 000100", "past the end", 6 },
    { "cp-attribute-past-the-end", OBOL_PAYLOAD_CP, "01000000 00010004 0a0000", "past the end", 8 },
    { "eap-short", OBOL_PAYLOAD_EAP, "030200", "3.16", 0 },
    { "eap-length-too-large", OBOL_PAYLOAD_EAP, "03020005", "3.16", 0 },
    { "eap-length-too-small", OBOL_PAYLOAD_EAP, "01020004 01", "3.16", 0 },
};

static void
test_a_broken_payload_is_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(payloads); i++) {
        g_autoptr(WireDecoded) decoded = wire_decode_payload(payloads[i].type, payloads[i].hex);

        g_test_message("%s", payloads[i].claim);
        wire_assert_fault(decoded, payloads[i].rule, OBOL_WIRE_HEADER + OBOL_WIRE_PAYLOAD_HEADER + payloads[i].offset,
                          OBOL_N_INVALID_SYNTAX);
        g_assert_cmpuint(decoded->fault.payload, ==, payloads[i].type);
    }
}

static void
test_a_broken_fragment_gets_no_answer(void)
{
    static const char *const bodies[] = { "00000003", "00010000", "00040003" };

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(WireDecoded) decoded = wire_decode_payload(OBOL_PAYLOAD_SKF, bodies[i]);

        wire_assert_fault(decoded, "7383", OBOL_WIRE_HEADER + OBOL_WIRE_PAYLOAD_HEADER, 0);
    }
}

static void
test_what_is_unusual_but_allowed_is_read(void)
{
    static const struct { guint8 type; const char *hex; } bodies[] = {
        { OBOL_PAYLOAD_SA, "00000010 07010001 00000008 01000003" },           /* an answer repeats the chosen number */
        { OBOL_PAYLOAD_DELETE, "03040000" },                                  /* no SPI at all */
        { OBOL_PAYLOAD_DELETE, "07020001 abcd" },                             /* a protocol of the future */
        { OBOL_PAYLOAD_CP, "03000000" },                                      /* CFG_SET without attributes */
        { OBOL_PAYLOAD_CERTREQ, "04" },                                       /* any authority */
        { OBOL_PAYLOAD_IDI, "02000000" },                                /* an empty FQDN: for the identity's room */
        { OBOL_PAYLOAD_NOTIFY, "03004000" },                                  /* a protocol without an SPI: ignored */
        { OBOL_PAYLOAD_TSI, "01000000 07060010 ffff0000 0a000001 0a000001" }, /* OPAQUE */
        { OBOL_PAYLOAD_SK, "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(WireDecoded) decoded = wire_decode_payload(bodies[i].type, bodies[i].hex);

        wire_only_payload(decoded);
        wire_assert_sane(decoded->bytes, decoded->n);
    }
}

static void
test_the_critical_bit_of_a_known_payload_is_ignored(void)
{
    g_autoptr(WireDecoded) decoded =
        wire_decode_hex(HEAD "28202208 00000000 00000030 00800014 000102030405060708090a0b0c0d0e0f");

    g_assert_cmphex(wire_only_payload(decoded)->flags, ==, 0x80);
    wire_assert_sane(decoded->bytes, decoded->n);
}

static void
test_a_minor_version_is_accepted(void)
{
    g_autoptr(WireDecoded) decoded = wire_decode_hex(HEAD "002f2508 00000000 0000001c");

    g_assert_true(decoded->valid);
    g_assert_cmphex(decoded->message.header.version, ==, 0x2f);
}

static void
test_the_header_alone_is_read_for_demultiplexing(void)
{
    static const guint8 bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 33, 0x10, 35, 0x20,
                                    0, 0, 1, 2, 0, 0, 0, 28 };
    ObolHeader header;
    ObolWireFault fault;
    guint8 again[OBOL_WIRE_HEADER];

    g_assert_true(obol_header_decode(bytes, sizeof bytes, &header, &fault)); /* of IKEv1 */
    g_assert_cmphex(header.spi_r, ==, 0x090a0b0c0d0e0f10);
    g_assert_cmpuint(header.message_id, ==, 258);
    obol_header_encode(&header, again);
    g_assert_cmpmem(again, sizeof again, bytes, sizeof bytes);
    g_assert_false(obol_header_decode(bytes, sizeof bytes - 1, &header, &fault));
    g_assert_cmpuint(fault.notify, ==, 0);
}

static void
test_an_empty_sk_is_an_empty_chain(void)
{
    g_auto(ObolChain) chain;
    ObolWireFault fault;

    g_assert_true(obol_chain_decode(OBOL_PAYLOAD_NONE, NULL, 0, &chain, &fault));
    g_assert_cmpuint(chain.n, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/rules/a-broken-message-is-refused", test_a_broken_message_is_refused);
    g_test_add_func("/wire/rules/a-broken-payload-is-refused", test_a_broken_payload_is_refused);
    g_test_add_func("/wire/rules/a-broken-fragment-gets-no-answer", test_a_broken_fragment_gets_no_answer);
    g_test_add_func("/wire/rules/what-is-unusual-but-allowed-is-read", test_what_is_unusual_but_allowed_is_read);
    g_test_add_func("/wire/rules/the-critical-bit-of-a-known-payload-is-ignored",
                    test_the_critical_bit_of_a_known_payload_is_ignored);
    g_test_add_func("/wire/rules/a-minor-version-is-accepted", test_a_minor_version_is_accepted);
    g_test_add_func("/wire/rules/the-header-alone-is-read-for-demultiplexing",
                    test_the_header_alone_is_read_for_demultiplexing);
    g_test_add_func("/wire/rules/an-empty-sk-is-an-empty-chain", test_an_empty_sk_is_an_empty_chain);
    return g_test_run();
}
