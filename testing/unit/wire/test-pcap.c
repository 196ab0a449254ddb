/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-pcap.c - the captures' reader, held against what tshark 4.0 counts in the same files. */
#include "lib/hex.h"
#include "lib/pcap.h"

#include <glib/gstdio.h>
#include <string.h>

static guint
count(const ObolPcap *pcap, ObolCapturedKind kind)
{
    guint n = 0;

    for (guint i = 0; i < obol_pcap_count(pcap); i++)
        n += obol_pcap_get(pcap, i)->kind == kind;
    return n;
}

static void
test_counts_what_tshark_counts(void)
{
    static const struct { const char *file; guint n_ike, n_esp; } files[] = {
        { "captures/tcpdump/ikev2four.pcap", 21, 0 },      /* BSD loopback */
        { "captures/tcpdump/ikev2pI2.pcap", 2, 0 },
        { "captures/tcpdump/ikev2pI2-segfault.pcapng", 1, 0 },
        { "captures/tcpdump/espudp1.pcap", 0, 8 },         /* ESP in UDP */
        { "captures/tcpdump/08-sunrise-sunset-aes.pcap", 0, 8 },
        { "captures/scapy/ikev2_nat_t.pcapng", 30, 24 },   /* both behind one port */
        { "captures/scapy/ikev2_notify_redirect.pcap", 4, 0 },
        { "captures/zeek/ipsec_client.pcap", 5, 0 },       /* IPv4 fragments */
        { "captures/zeek/ipsec.cap", 11, 16 },
        { "captures/wireshark/ikev2-aes128ccm12.pcap", 4, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(files[i].file);

        g_test_message("%s", files[i].file);
        g_assert_cmpuint(count(pcap, OBOL_CAPTURED_IKE), ==, files[i].n_ike);
        g_assert_cmpuint(count(pcap, OBOL_CAPTURED_ESP), ==, files[i].n_esp);
    }
}

static void
test_addresses_and_ports_are_told(void)
{
    g_autoptr(ObolPcap) pcap =
        obol_pcap_load_for_test("captures/strongswan-5.9.8/psk-aes256cbc-sha256-modp2048/capture.pcap");
    const ObolCaptured *init = obol_pcap_get(pcap, 0), *auth = obol_pcap_get(pcap, 2);

    g_assert_cmpuint(init->from.family, ==, AF_INET);
    g_assert_cmpmem(init->from.bytes, 4, "\xc0\x00\x02\x01", 4);
    g_assert_cmpmem(init->to.bytes, 4, "\xc0\x00\x02\x02", 4);
    g_assert_cmpuint(init->to.port, ==, 500);
    g_assert_cmpuint(init->payload.n, ==, 464);
    g_assert_false(init->cut);
    g_assert_cmpuint(auth->to.port, ==, 4500);
    g_assert_cmpuint(auth->kind, ==, OBOL_CAPTURED_IKE);
    g_assert_cmpmem(auth->payload.data, 8, "\x84\x8a\xd7\x00\x3f\xd1\x47\x28", 8); /* the marker is gone */
}

static void
test_ipv6_is_read(void)
{
    g_autoptr(ObolPcap) pcap =
        obol_pcap_load_for_test("captures/strongswan-5.9.8/ipv6-childless-camellia256-sha512-ecp521/capture.pcap");
    const ObolCaptured *init = obol_pcap_get(pcap, 0);

    g_assert_cmpuint(init->from.family, ==, AF_INET6);
    g_assert_cmpuint(init->from.bytes[15], ==, 1);
    g_assert_cmpuint(init->to.bytes[15], ==, 2);
}

static ObolPcap *
load_hex(const char *hex, GError **error)
{
    g_autoptr(GBytes) bytes = obol_hex_parse(hex);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("obol-XXXXXX.pcap", &path, NULL);
    ObolPcap *pcap;

    g_assert_nonnull(bytes);
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_file_set_contents(path, g_bytes_get_data(bytes, NULL), (gssize) g_bytes_get_size(bytes), NULL));
    pcap = obol_pcap_load(path, error);
    g_unlink(path);
    g_close(fd, NULL);
    return pcap;
}

#define BIG_ENDIAN_RAW "a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065\n" /* LINKTYPE_RAW */
#define IP_FRAGMENT_1 "00000000 00000000 00000024 00000024\n" \
    "45 00 0024 1234 2000 40 11 0000 c0000201 c0000202  01f4 01f4 0010 0000  0102030405060708\n"
#define IP_FRAGMENT_2 "00000000 00000000 00000016 00000016\n" \
    "45 00 0016 1234 0002 40 11 0000 c0000201 c0000202  090a\n"

static void
test_fragments_are_put_together_in_any_order(void)
{
    /* UDP says 10 bytes of payload; the first fragment has 8 of them and the header. */
    static const char *const files[] = {
        BIG_ENDIAN_RAW "00000000 00000000 00000024 00000024\n"
        "45 00 0024 1234 2000 40 11 0000 c0000201 c0000202  01f4 01f4 0012 0000  0102030405060708\n" IP_FRAGMENT_2,
        BIG_ENDIAN_RAW IP_FRAGMENT_2 "00000000 00000000 00000024 00000024\n"
        "45 00 0024 1234 2000 40 11 0000 c0000201 c0000202  01f4 01f4 0012 0000  0102030405060708\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(ObolPcap) pcap = load_hex(files[i], NULL);
        const ObolCaptured *whole;

        g_assert_nonnull(pcap);
        g_assert_cmpuint(obol_pcap_count(pcap), ==, 1);
        whole = obol_pcap_get(pcap, 0);
        g_assert_cmpuint(whole->frame, ==, 2);
        g_assert_cmpmem(whole->payload.data, whole->payload.n, "\1\2\3\4\5\6\7\10\11\12", 10);
    }
}

static void
test_a_lone_fragment_is_no_datagram(void)
{
    g_autoptr(ObolPcap) pcap = load_hex(BIG_ENDIAN_RAW IP_FRAGMENT_1, NULL);

    g_assert_nonnull(pcap);
    g_assert_cmpuint(obol_pcap_count(pcap), ==, 0);
}

static void
test_a_cut_packet_is_marked(void)
{
    g_autoptr(ObolPcap) pcap = load_hex(BIG_ENDIAN_RAW "00000000 00000000 0000001e 00000024\n"
        "45 00 0024 1234 0000 40 11 0000 c0000201 c0000202  01f4 01f4 0010 0000  0102\n", NULL);

    g_assert_nonnull(pcap);
    g_assert_cmpuint(obol_pcap_count(pcap), ==, 1);
    g_assert_true(obol_pcap_get(pcap, 0)->cut);
    g_assert_cmpuint(obol_pcap_get(pcap, 0)->payload.n, ==, 2);
}

static void
test_another_file_is_refused(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(load_hex("47494638 39610000 00000000 00000000 00000000 00000000", &error));
    g_assert_nonnull(strstr(error->message, "no capture"));
}

static void
test_hex_refuses_half_a_byte(void)
{
    g_autoptr(GBytes) split = obol_hex_parse("00ff # comment zz\n a:b1");
    g_autoptr(GBytes) fine = obol_hex_parse("00ff # comment zz\n ab:1C");

    g_assert_null(split);
    g_assert_cmpmem(g_bytes_get_data(fine, NULL), g_bytes_get_size(fine), "\x00\xff\xab\x1c", 4);
    g_assert_null(obol_hex_parse("0"));
    g_assert_null(obol_hex_parse("0g"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/testing/pcap/counts-what-tshark-counts", test_counts_what_tshark_counts);
    g_test_add_func("/testing/pcap/addresses-and-ports-are-told", test_addresses_and_ports_are_told);
    g_test_add_func("/testing/pcap/ipv6-is-read", test_ipv6_is_read);
    g_test_add_func("/testing/pcap/fragments-are-put-together-in-any-order",
                    test_fragments_are_put_together_in_any_order);
    g_test_add_func("/testing/pcap/a-lone-fragment-is-no-datagram", test_a_lone_fragment_is_no_datagram);
    g_test_add_func("/testing/pcap/a-cut-packet-is-marked", test_a_cut_packet_is_marked);
    g_test_add_func("/testing/pcap/another-file-is-refused", test_another_file_is_refused);
    g_test_add_func("/testing/hex/refuses-half-a-byte", test_hex_refuses_half_a_byte);
    return g_test_run();
}
