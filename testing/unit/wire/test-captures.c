/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-captures.c - what other implementations really sent, good and bad. */
#include "lib/pcap.h"
#include "unit/wire/wire-test.h"

#include <string.h>

#define IKEV1_MAJOR 1

/* Recorded between sound peers: each IKEv2 message must decode and encode to the same bytes.  Returns their number. */
static guint
check_sound_file(const char *relative)
{
    g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(relative);
    guint n = 0;

    for (guint i = 0; i < obol_pcap_count(pcap); i++) {
        const ObolCaptured *captured = obol_pcap_get(pcap, i);
        g_autoptr(WireDecoded) decoded = NULL;

        if (captured->kind != OBOL_CAPTURED_IKE)
            continue;
        decoded = wire_decode(captured->payload.data, captured->payload.n);
        if (!decoded->valid)
            g_test_message("%s, frame %u, byte %" G_GSIZE_FORMAT ": %s", relative, captured->frame,
                           decoded->fault.offset, decoded->fault.rule);
        g_assert_true(decoded->valid);
        wire_assert_sane(captured->payload.data, captured->payload.n);
        for (guint j = 0; j < decoded->message.chain.n; j++) {
            const ObolPayload *payload = &decoded->message.chain.items[j];

            g_assert_true(payload->type != OBOL_PAYLOAD_NOTIFY || obol_notify_data_valid(&payload->notify));
        }
        n++;
    }
    return n;
}

static void
check_folder(const char *folder, guint n_runs)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint seen = 0;
    const char *run;

    g_assert_nonnull(dir);
    while ((run = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(folder, run, "capture.pcap", NULL);

        g_assert_cmpuint(check_sound_file(file), >=, 2);
        seen++;
    }
    g_assert_cmpuint(seen, ==, n_runs);
}

static void
test_every_recorded_run_decodes(void)
{
    check_folder("captures/strongswan-5.9.8", 15);
    check_folder("captures/strongswan-6.0.6", 6);
}

static void
test_other_implementations_decode(void)
{
    g_assert_cmpuint(check_sound_file("captures/scapy/ikev2_nat_t.pcapng"), ==, 30);
    g_assert_cmpuint(check_sound_file("captures/scapy/ikev2_notify_redirect.pcap"), ==, 4);
    g_assert_cmpuint(check_sound_file("captures/tcpdump/ikev2four.pcap"), ==, 21);
    g_assert_cmpuint(check_sound_file("captures/tcpdump/ikev2pI2.pcap"), ==, 2);
    g_assert_cmpuint(check_sound_file("captures/wireshark/ikev2-aes128ccm12.pcap"), ==, 4);
    g_assert_cmpuint(check_sound_file("captures/zeek/ipsec_client.pcap"), ==, 5);
}

/* Every datagram of @relative that claims to be IKE; gives the number of those that were refused by @rule. */
static guint
count_refused(const char *relative, const char *rule)
{
    g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(relative);
    guint n = 0;

    for (guint i = 0; i < obol_pcap_count(pcap); i++) {
        const ObolCaptured *captured = obol_pcap_get(pcap, i);
        g_autoptr(WireDecoded) decoded = NULL;

        if (captured->kind != OBOL_CAPTURED_IKE)
            continue;
        wire_assert_sane(captured->payload.data, captured->payload.n);
        decoded = wire_decode(captured->payload.data, captured->payload.n);
        g_test_message("%s, frame %u: %s", relative, captured->frame, decoded->valid ? "valid" : decoded->fault.rule);
        n += !decoded->valid && strstr(decoded->fault.rule, rule) != NULL;
        if (decoded->n >= OBOL_WIRE_HEADER && decoded->bytes[17] >> 4 == IKEV1_MAJOR)
            g_assert_cmpuint(decoded->fault.notify, ==, OBOL_N_INVALID_MAJOR_VERSION);
    }
    return n;
}

static void
test_ikev1_gets_the_version_fault(void)
{
    static const struct { const char *file; guint n; } files[] = {
        { "captures/tcpdump/ISAKMP_sa_setup.pcap", 9 },
        { "captures/tcpdump/isakmp4500.pcap", 15 },
        { "captures/tcpdump/isakmp-delete-segfault.pcap", 1 },
        { "captures/tcpdump/isakmp-identification-segfault.pcap", 1 },
        { "captures/tcpdump/isakmp-pointer-loop.pcap", 1 },
        { "captures/tcpdump/isakmp-various-oobr.pcap", 1 },
        { "captures/tcpdump/isakmp-no-none-np.pcapng", 1 },
        { "captures/tcpdump/isakmpv1-attr-oobr.pcap", 1 },
        { "captures/tcpdump/ikev1_id_ipv6_addr_subnet-oobr.pcap", 1 },
        { "captures/zeek/ikev1-certs.pcap", 10 },
        { "captures/zeek/ipsec-ikev1-isakmp-aggressive-mode.pcap", 6 },
        { "captures/zeek/ipsec-ikev1-isakmp-main-mode.pcap", 9 },
        { "captures/zeek/ipsec-ikev1-payload-bad-length.pcap", 1 },
        { "captures/zeek/ipsec-ikev1-zero-length.pcap", 1 },
        { "captures/zeek/ipsec.cap", 11 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        g_assert_cmpuint(count_refused(files[i].file, "2.5"), ==, files[i].n);
}

static void
test_crafted_messages_get_typed_faults(void)
{
    g_assert_cmpuint(count_refused("captures/tcpdump/ikev2-id-normal.pcap", "SPI is zero"), ==, 1);
    g_assert_cmpuint(count_refused("captures/tcpdump/ikev2-id-short.pcap", "SPI is zero"), ==, 1);
    g_assert_cmpuint(count_refused("captures/tcpdump/ikev2pI2-segfault.pcapng", "past the end"), ==, 1);
    g_assert_cmpuint(count_refused("captures/tcpdump/isakmp-ikev1_n_print-oobr.pcap", "header's length"), ==, 2);
}

/* The two crafted identities hide behind an SPI of zero; past that, it is the identity that is wrong. */
static void
test_crafted_identities_are_refused(void)
{
    static const struct { const char *file, *rule; } files[] = {
        { "captures/tcpdump/ikev2-id-normal.pcap", "ID_IPV4_ADDR is four octets" },
        { "captures/tcpdump/ikev2-id-short.pcap", "past the end" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(files[i].file);
        const ObolSpan *payload = &obol_pcap_get(pcap, 0)->payload;
        g_autofree guint8 *patched = g_memdup2(payload->data, payload->n);
        g_autoptr(WireDecoded) decoded = NULL;

        patched[7] = 1;
        decoded = wire_decode(patched, payload->n);
        g_assert_false(decoded->valid);
        g_assert_cmpuint(decoded->fault.payload, ==, OBOL_PAYLOAD_IDI);
        g_assert_nonnull(strstr(decoded->fault.rule, files[i].rule));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/captures/every-recorded-run-decodes", test_every_recorded_run_decodes);
    g_test_add_func("/wire/captures/other-implementations-decode", test_other_implementations_decode);
    g_test_add_func("/wire/captures/ikev1-gets-the-version-fault", test_ikev1_gets_the_version_fault);
    g_test_add_func("/wire/captures/crafted-messages-get-typed-faults", test_crafted_messages_get_typed_faults);
    g_test_add_func("/wire/captures/crafted-identities-are-refused", test_crafted_identities_are_refused);
    return g_test_run();
}
