/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-packet.c - headers read, made and repaired. */
#include "packets.h"
#include "plugins/kernel-userspace/ecn.h"
#include "plugins/kernel-userspace/fragments.h"
#include "plugins/kernel-userspace/icmp.h"
#include "plugins/kernel-userspace/reassembly.h"

static const char *const ends[2][2] = { { "10.1.0.1", "10.2.0.2" }, { "2001:db8:1::1", "2001:db8:2::2" } };

/* Exactly @n bytes on the heap, so that ASan sees a read of one more. */
static gboolean
parse_exactly(const guint8 *data, gsize n, Packet *out)
{
    g_autofree guint8 *copy = g_memdup2(data, n);

    return packet_parse(copy, n, out);
}

/* An IPv6 packet with @n_extensions headers of the given kinds before UDP. */
static void
make_extended(TestPacket *p, const guint8 *kinds, guint n_extensions)
{
    TestPacket plain;
    gsize at = IP6_HEADER;

    test_packet_udp(&plain, ends[1][0], 1000, ends[1][1], 2000, 16);
    *p = plain;
    p->data[6] = n_extensions > 0 ? kinds[0] : PROTO_UDP;
    for (guint i = 0; i < n_extensions; i++, at += 8) {
        memset(p->data + at, 0, 8);
        p->data[at] = i + 1 < n_extensions ? kinds[i + 1] : PROTO_UDP;
    }
    memcpy(p->data + at, plain.data + IP6_HEADER, plain.n - IP6_HEADER);
    p->n = plain.n + 8 * n_extensions;
    put_u16(p->data + 4, (guint16) (p->n - IP6_HEADER));
}

static void
test_ports_and_addresses_are_found(void)
{
    for (guint family = 0; family < 2; family++) {
        TestPacket p;
        Packet packet;

        test_packet_udp(&p, ends[family][0], 1000, ends[family][1], 2000, 100);
        g_assert_true(parse_exactly(p.data, p.n, &packet));
        g_assert_cmpuint(packet.flow.family, ==, family == 0 ? AF_INET : AF_INET6);
        g_assert_cmpuint(packet.flow.protocol, ==, PROTO_UDP);
        g_assert_cmpuint(packet.flow.ports[FLOW_SOURCE], ==, 1000);
        g_assert_cmpuint(packet.flow.ports[FLOW_DESTINATION], ==, 2000);
        g_assert_false(packet.flow.opaque);
        g_assert_cmpuint(packet.n, ==, p.n);
        g_assert_true(test_checksum_is_right(p.data, &packet));
    }
}

static void
test_what_follows_the_packet_is_no_part_of_it(void)
{
    TestPacket p;
    Packet packet;

    test_packet_udp(&p, ends[0][0], 1, ends[0][1], 2, 10);
    g_assert_true(packet_parse(p.data, p.n + 50, &packet));
    g_assert_cmpuint(packet.n, ==, p.n);
}

static void
test_extension_headers_are_walked(void)
{
    static const guint8 kinds[] = { PROTO_HOP_BY_HOP, PROTO_ROUTING, PROTO_DESTINATION };
    TestPacket p;
    Packet packet;

    make_extended(&p, kinds, 3);
    g_assert_true(parse_exactly(p.data, p.n, &packet));
    g_assert_cmpuint(packet.flow.protocol, ==, PROTO_UDP);
    g_assert_cmpuint(packet.flow.ports[FLOW_DESTINATION], ==, 2000);
    g_assert_true(packet.options);
    g_assert_cmpuint(packet.n_fixed, ==, IP6_HEADER + 16); /* destination options go inside ESP (RFC 4303 3.1.1) */
    g_assert_cmpuint(packet.next_after_fixed, ==, PROTO_DESTINATION);
    g_assert_cmpuint(packet.n_header, ==, IP6_HEADER + 24);
}

static void
test_too_many_extension_headers_are_refused(void)
{
    guint8 kinds[IP6_EXTENSIONS_MAX + 1];
    TestPacket p;
    Packet packet;

    memset(kinds, PROTO_DESTINATION, sizeof kinds);
    make_extended(&p, kinds, IP6_EXTENSIONS_MAX - 1);
    g_assert_true(parse_exactly(p.data, p.n, &packet));
    make_extended(&p, kinds, IP6_EXTENSIONS_MAX + 1);
    g_assert_false(parse_exactly(p.data, p.n, &packet));
}

static void
test_every_truncation_is_refused(void)
{
    static const guint8 kinds[] = { PROTO_HOP_BY_HOP, PROTO_FRAGMENT, PROTO_DESTINATION };
    TestPacket packets[3];
    Packet packet;

    test_packet_udp(&packets[0], ends[0][0], 1000, ends[0][1], 2000, 20);
    test_packet_udp(&packets[1], ends[1][0], 1000, ends[1][1], 2000, 20);
    make_extended(&packets[2], kinds, 3);
    for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
        for (gsize n = 0; n < packets[i].n; n++)
            g_assert_false(parse_exactly(packets[i].data, n, &packet));
}

static void
test_no_flipped_bit_leads_outside(void)
{
    static const guint8 kinds[] = { PROTO_HOP_BY_HOP, PROTO_ROUTING, PROTO_FRAGMENT, PROTO_DESTINATION };
    TestPacket packets[2];

    test_packet_udp(&packets[0], ends[0][0], 1000, ends[0][1], 2000, 20);
    make_extended(&packets[1], kinds, 4);
    for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
        for (gsize bit = 0; bit < packets[i].n * 8; bit++) {
            Packet packet;

            packets[i].data[bit / 8] ^= (guint8) (1 << bit % 8);
            if (parse_exactly(packets[i].data, packets[i].n, &packet)) {
                g_assert_cmpuint(packet.n, <=, packets[i].n);
                g_assert_cmpuint(packet.n_header, <=, packet.n);
                g_assert_cmpuint(packet.n_fixed, <=, packet.n_header);
                g_assert_cmpuint(packet.fragment_at, <=, packet.n);
            }
            packets[i].data[bit / 8] ^= (guint8) (1 << bit % 8);
        }
}

/* Cuts @p into fragments of @n_piece bytes of data; gives their number. */
static guint
cut(const TestPacket *p, gsize n_piece, TestPacket *out)
{
    gboolean v4 = p->data[0] >> 4 == 4;
    gsize n_header = v4 ? IP4_HEADER : IP6_HEADER, n_new = v4 ? IP4_HEADER : IP6_HEADER + 8, n_data = p->n - n_header;
    guint count = 0;

    for (gsize at = 0; at < n_data; at += n_piece, count++) {
        gsize n = MIN(n_piece, n_data - at);
        gboolean more = at + n < n_data;
        TestPacket *f = &out[count];

        memset(f, 0, sizeof *f);
        memcpy(f->data, p->data, n_header);
        memcpy(f->data + n_new, p->data + n_header + at, n);
        f->n = n_new + n;
        if (v4) {
            put_u16(f->data + 2, (guint16) f->n);
            put_u16(f->data + 4, 0x1234);
            put_u16(f->data + 6, (guint16) (at / 8 | (more ? 0x2000 : 0)));
            checksum_ipv4(f->data);
        } else {
            put_u16(f->data + 4, (guint16) (f->n - IP6_HEADER));
            f->data[6] = PROTO_FRAGMENT;
            f->data[40] = p->data[6];
            put_u16(f->data + 42, (guint16) (at | (more ? 1 : 0)));
            put_u32(f->data + 44, 0x12345678);
        }
    }
    return count;
}

static void
test_later_fragments_learn_their_ports(void)
{
    for (guint family = 0; family < 2; family++) {
        g_autofree Fragments *fragments = g_new(Fragments, 1);
        SipKey key = { { 1, 2 } };
        TestPacket p, pieces[4];
        Packet packet;
        guint n;

        fragments_init(fragments, &key);
        test_packet_udp(&p, ends[family][0], 1000, ends[family][1], 2000, 1000);
        n = cut(&p, 512, pieces);
        g_assert_cmpuint(n, ==, 2);
        g_assert_true(parse_exactly(pieces[1].data, pieces[1].n, &packet));
        fragments_learn(fragments, &packet, 1000);
        g_assert_true(packet.flow.opaque); /* too early */
        g_assert_true(parse_exactly(pieces[0].data, pieces[0].n, &packet));
        fragments_learn(fragments, &packet, 1000);
        g_assert_true(parse_exactly(pieces[1].data, pieces[1].n, &packet));
        fragments_learn(fragments, &packet, 1000);
        g_assert_false(packet.flow.opaque);
        g_assert_cmpuint(packet.flow.ports[FLOW_DESTINATION], ==, 2000);
        g_assert_true(parse_exactly(pieces[1].data, pieces[1].n, &packet));
        fragments_learn(fragments, &packet, 1000 + FRAGMENTS_KEPT_US);
        g_assert_true(packet.flow.opaque); /* too late */
    }
}

static gsize
add_piece(Reassembly *reassembly, const TestPacket *piece, guint8 **whole)
{
    Packet packet;

    g_assert_true(parse_exactly(piece->data, piece->n, &packet));
    return reassembly_add(reassembly, piece->data, &packet, 1000, whole);
}

static void
test_fragments_in_any_order_make_the_packet(void)
{
    for (guint family = 0; family < 2; family++) {
        static const guint orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 } };
        Reassembly *reassembly = reassembly_new(32, 320);

        for (guint o = 0; o < G_N_ELEMENTS(orders); o++) {
            TestPacket p, pieces[4];
            guint8 *whole = NULL;
            gsize n = 0;

            test_packet_udp(&p, ends[family][0], 1000, ends[family][1], 2000, 3000);
            g_assert_cmpuint(cut(&p, 800, pieces), ==, 4);
            for (guint i = 0; i < 4; i++) {
                g_assert_cmpuint(n, ==, 0);
                n = add_piece(reassembly, &pieces[orders[o][i]], &whole);
            }
            g_assert_cmpuint(n, ==, p.n);
            if (family == 0) { /* the identification stays that of the fragments */
                put_u16(whole + 4, 0);
                checksum_ipv4(whole);
            }
            g_assert_cmpmem(whole, n, p.data, p.n);
        }
        reassembly_free(reassembly);
    }
}

static void
test_overlapping_fragments_make_nothing(void)
{
    Reassembly *reassembly = reassembly_new(32, 320);
    TestPacket p, pieces[4], evil;
    guint8 *whole;

    test_packet_udp(&p, ends[0][0], 1000, ends[0][1], 2000, 3000);
    cut(&p, 800, pieces);
    evil = pieces[1];
    put_u16(evil.data + 6, (guint16) ((800 - 8) / 8 | 0x2000));
    g_assert_cmpuint(add_piece(reassembly, &pieces[0], &whole), ==, 0);
    g_assert_cmpuint(add_piece(reassembly, &evil, &whole), ==, 0);
    for (guint i = 1; i < 4; i++)
        g_assert_cmpuint(add_piece(reassembly, &pieces[i], &whole), ==, 0);
    reassembly_free(reassembly);
}

static void
test_a_fragment_past_the_end_makes_nothing(void)
{
    Reassembly *reassembly = reassembly_new(32, 320);
    TestPacket p, pieces[4];
    guint8 *whole;

    test_packet_udp(&p, ends[0][0], 1000, ends[0][1], 2000, 3000);
    cut(&p, 800, pieces);
    put_u16(pieces[3].data + 6, 0x1fff);
    for (guint i = 0; i < 4; i++)
        g_assert_cmpuint(add_piece(reassembly, &pieces[i], &whole), ==, 0);
    reassembly_free(reassembly);
}

static void
test_many_halves_stay_within_their_slots(void)
{
    Reassembly *reassembly = reassembly_new(32, 320);
    guint8 *whole;

    for (guint i = 0; i < 1000; i++) {
        TestPacket p, pieces[4];

        test_packet_udp(&p, ends[0][0], 1000, ends[0][1], 2000, 3000);
        cut(&p, 800, pieces);
        put_u16(pieces[0].data + 4, (guint16) i);
        g_assert_cmpuint(add_piece(reassembly, &pieces[0], &whole), ==, 0);
    }
    reassembly_free(reassembly);
}

static void
test_congestion_marks_follow_rfc_6040(void)
{
    enum { DROP = 4 };
    static const guint8 figure_4[4][4] = { /* inner: Not-ECT, ECT(1), ECT(0), CE; outer the same */
        { 0, 0, 0, DROP }, { 1, 1, 1, 3 }, { 2, 1, 2, 3 }, { 3, 3, 3, 3 },
    };

    for (guint8 inner = 0; inner < 4; inner++)
        for (guint8 outer = 0; outer < 4; outer++) {
            guint8 out;
            gboolean kept = ecn_inner((guint8) (0xb8 | inner), (guint8) (0x20 | outer), &out);

            g_assert_cmpint(kept, ==, figure_4[inner][outer] != DROP);
            if (kept)
                g_assert_cmphex(out, ==, 0xb8 | figure_4[inner][outer]); /* the inner DSCP stays */
        }
    g_assert_cmphex(ecn_outer(0xbb, TRUE, TRUE), ==, 0xbb);
    g_assert_cmphex(ecn_outer(0xbb, FALSE, TRUE), ==, 0x03);
    g_assert_cmphex(ecn_outer(0xbb, TRUE, FALSE), ==, 0xb8);
}

static void
test_a_rewritten_mark_leaves_a_right_header(void)
{
    for (guint family = 0; family < 2; family++) {
        TestPacket p;
        Packet packet;

        test_packet_udp(&p, ends[family][0], 1, ends[family][1], 2, 10);
        g_assert_true(packet_parse(p.data, p.n, &packet));
        ecn_rewrite(p.data, &packet, 0xbb);
        g_assert_true(packet_parse(p.data, p.n, &packet));
        g_assert_cmphex(packet.tos, ==, 0xbb);
        if (family == 0)
            g_assert_cmphex(checksum_finish(checksum_add(0, p.data, IP4_HEADER)), ==, 0);
    }
}

static void
test_too_big_is_told_with_the_packet_quoted(void)
{
    for (guint family = 0; family < 2; family++) {
        guint8 message[ICMP_MESSAGE_MAX];
        TestPacket p;
        Packet packet, answer;
        gsize n, n_header = family == 0 ? IP4_HEADER : IP6_HEADER;

        test_packet_udp(&p, ends[family][0], 1, ends[family][1], 2, 1500);
        g_assert_true(packet_parse(p.data, p.n, &packet));
        n = icmp_too_big(p.data, &packet, 1390, message);
        g_assert_cmpuint(n, ==, ICMP_MESSAGE_MAX);
        g_assert_true(parse_exactly(message, n, &answer));
        g_assert_cmpmem(answer.flow.addresses[FLOW_DESTINATION], 16, packet.flow.addresses[FLOW_SOURCE], 16);
        g_assert_cmphex(answer.flow.ports[FLOW_SOURCE], ==, family == 0 ? 0x0304 : 0x0200);
        g_assert_cmpuint(family == 0 ? get_u16(message + 26) : get_u32(message + 44), ==, 1390);
        g_assert_cmpmem(message + n_header + 8, n - n_header - 8, p.data, n - n_header - 8);
        if (family == 0)
            g_assert_cmphex(checksum_finish(checksum_add(0, message + IP4_HEADER, n - IP4_HEADER)), ==, 0);
        else
            g_assert_true(test_checksum_is_right(message, &answer));
        g_assert_cmpuint(icmp_too_big(message, &answer, 100, message), ==, 0); /* no error about an error */
    }
}

static void
test_icmp_answers_have_a_rate(void)
{
    IcmpRate rate = { .last_us = 0 };
    guint n = 0;

    for (guint i = 0; i < 1000; i++) /* all within a millisecond */
        n += icmp_rate_allows(&rate, G_USEC_PER_SEC + i);
    g_assert_cmpuint(n, ==, ICMP_BURST);
    g_assert_true(icmp_rate_allows(&rate, 2 * G_USEC_PER_SEC));
}

static void
test_checksums_are_repaired_after_nat(void)
{
    for (guint family = 0; family < 2; family++) {
        TestPacket p;
        Packet packet;

        test_packet_udp(&p, ends[family][0], 1, ends[family][1], 2, 101);
        g_assert_true(packet_parse(p.data, p.n, &packet));
        packet.flow.addresses[FLOW_SOURCE][0] ^= 0x55;
        g_assert_false(test_checksum_is_right(p.data, &packet));
        checksum_repair(&packet.flow, PROTO_UDP, p.data + packet.n_header, p.n - packet.n_header);
        g_assert_true(test_checksum_is_right(p.data, &packet));
    }
}

/* By the difference of the addresses: what was right is right again, and what was not stays so. */
static void
test_checksums_are_translated_after_nat(void)
{
    for (guint i = 0; i < 4; i++) {
        guint family = i / 2;
        gboolean right = i % 2 == 0;
        Packet packet;
        TestPacket p;
        Flow was;

        test_packet_udp(&p, ends[family][0], 1, ends[family][1], 2, 101);
        p.data[p.n - 1] ^= right ? 0 : 0x10;
        g_assert_true(packet_parse(p.data, p.n, &packet));
        was = packet.flow;
        packet.flow.addresses[FLOW_SOURCE][0] ^= 0x55;
        packet.flow.addresses[FLOW_DESTINATION][3] ^= 0xff;
        checksum_translate(&packet.flow, checksum_pseudo(&was, 0, 0), PROTO_UDP, p.data + packet.n_header, p.n - packet.n_header);
        g_assert_cmpint(test_checksum_is_right(p.data, &packet), ==, right);
    }
}

static void
test_a_udp_packet_without_checksum_keeps_none(void)
{
    TestPacket p;
    Packet packet;

    test_packet_udp(&p, ends[0][0], 1, ends[0][1], 2, 10);
    put_u16(p.data + 26, 0);
    g_assert_true(packet_parse(p.data, p.n, &packet));
    checksum_repair(&packet.flow, PROTO_UDP, p.data + IP4_HEADER, p.n - IP4_HEADER);
    g_assert_cmphex(get_u16(p.data + 26), ==, 0);
    checksum_translate(&packet.flow, 0x1234, PROTO_UDP, p.data + IP4_HEADER, p.n - IP4_HEADER);
    g_assert_cmphex(get_u16(p.data + 26), ==, 0);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "ports-and-addresses-are-found", test_ports_and_addresses_are_found },
        { "what-follows-the-packet-is-no-part-of-it", test_what_follows_the_packet_is_no_part_of_it },
        { "extension-headers-are-walked", test_extension_headers_are_walked },
        { "too-many-extension-headers-are-refused", test_too_many_extension_headers_are_refused },
        { "every-truncation-is-refused", test_every_truncation_is_refused },
        { "no-flipped-bit-leads-outside", test_no_flipped_bit_leads_outside },
        { "later-fragments-learn-their-ports", test_later_fragments_learn_their_ports },
        { "fragments-in-any-order-make-the-packet", test_fragments_in_any_order_make_the_packet },
        { "overlapping-fragments-make-nothing", test_overlapping_fragments_make_nothing },
        { "a-fragment-past-the-end-makes-nothing", test_a_fragment_past_the_end_makes_nothing },
        { "many-halves-stay-within-their-slots", test_many_halves_stay_within_their_slots },
        { "congestion-marks-follow-rfc-6040", test_congestion_marks_follow_rfc_6040 },
        { "a-rewritten-mark-leaves-a-right-header", test_a_rewritten_mark_leaves_a_right_header },
        { "too-big-is-told-with-the-packet-quoted", test_too_big_is_told_with_the_packet_quoted },
        { "icmp-answers-have-a-rate", test_icmp_answers_have_a_rate },
        { "checksums-are-repaired-after-nat", test_checksums_are_repaired_after_nat },
        { "checksums-are-translated-after-nat", test_checksums_are_translated_after_nat },
        { "a-udp-packet-without-checksum-keeps-none", test_a_udp_packet_without_checksum_keeps_none },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/packet/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
