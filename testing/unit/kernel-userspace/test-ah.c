/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-ah.c - AH against packets made elsewhere, against itself, and from gateway to gateway. */
#include "plugins/kernel-userspace/ah.h"

#include <netinet/in.h>

#include "lib/hex.h"
#include "lib/test-crypto.h"
#include "plugins/kernel-userspace/raw-ah.h"
#include "world.h"

/* Made by a few lines of Python (hmac, hashlib, struct) that know nothing of this code.  The key is 00 01 02 ...; the SPI 0x1001.
 * The first has a router alert, a record route and a NOP; the third a hop-by-hop header with an option that may change, and a
 * routing header as it arrives; the fourth needs padding behind its ICV.  The last three were captured from a
 * kernel (ip xfrm, IPv4 with flag align4). */
static const struct {
    const char *name;
    guint16 integ;
    guint64 number;
    guint8 next_header;
    guint8 free_from, free_to; /* bytes of options that may change */
    const char *hex;
} goldens[] = {
    { "IPv4, transport, options", OBOL_INTEG_HMAC_SHA2_256_128, 1, PROTO_UDP, 24, 31,
      "48b8004c123440003d330483c0000201c0000202940400000707040000000001110500000000100100000001d82600a74d4e"
      "9283780ca072de5be25303e807d0001000005051525354555657" },
    { "IPv4, tunnel, ESN", OBOL_INTEG_HMAC_SHA2_512_256, G_GUINT64_CONSTANT(0x200000005), PROTO_IPIP, 0, 0,
      "45b80064123400003d33e677c0000201c000020204090000000010010000000526bc2684513a63bbf8a8686a1224904c06ac"
      "19112ef50c714a7b2575fee3fa1f4500002400070000401166be0a0100010a02000103e807d0001000005051525354555657" },
    { "IPv6, transport, extension headers", OBOL_INTEG_HMAC_SHA1_96, 1, PROTO_UDP, 44, 48,
      "6b8123450048003f20010db800000000000000000000000120010db80000000000000000000000022b003e04aabbccdd3302"
      "00000000000020010db800000000000000000000009911040000000010010000000152032086c9f1f172c07a409003e807d0"
      "001000005051525354555657" },
    { "IPv6, tunnel, aligned", OBOL_INTEG_HMAC_SHA2_384_192, 1, PROTO_IPIP, 0, 0,
      "60000000004c334020010db800000000000000000000000120010db800000000000000000000000204080000000010010000"
      "0001a3b9c4225ef32f9515f95ade173258263984c4a9eb98d552000000004500002400070000401166be0a0100010a020001"
      "03e807d0001000005051525354555657" },
    { "IPv4, transport, options, by Linux 6.1", OBOL_INTEG_HMAC_SHA2_256_128, 1, PROTO_UDP, 24, 31,
      "4800004c686b40004033a641c0000201c000020294040000070708c00002010111050000000010010000000183103c0a68f1"
      "6a4bda8545682098c90503e807d00010b2746f626f6c6f626f6c" },
    { "IPv4, tunnel, ESN, by Linux 6.1", OBOL_INTEG_HMAC_SHA2_256_128, G_GUINT64_CONSTANT(0x200000001), PROTO_IPIP, 0, 0,
      "45000054d02940004033e649c0000201c0000202040500000000100100000001426304cea6ff6a56834e542487dd65334500"
      "0024124f4000401114760a0100010a02000103e807d0001022746f626f6c6f626f6c" },
    { "IPv6, transport, extension headers, by Linux 6.1", OBOL_INTEG_HMAC_SHA2_256_128, 1, PROTO_UDP, 44, 48,
      "600240730040004020010db800000000000000000000000120010db80000000000000000000000023c003e04010203043300"
      "0104000000001106000000001001000000013059002984fc87751ce5ab29901e544b0000000003e807d00010db036f626f6c"
      "6f626f6c" },
};

/* The third as its sender has it: one hop to go, the final destination in the routing header. */
static const char routed[] =
    "6b8123450030004020010db800000000000000000000000120010db80000000000000000000000992b003e04aabbccdd1102"
    "00010000000020010db800000000000000000000000203e807d0001000005051525354555657";

static void
open_ah(Ah *ah, const ObolCrypto *crypto, guint16 integ, gboolean esn, gboolean inbound)
{
    ObolSuite suite = { .protocol = OBOL_PROTO_AH, .integ = integ, .esn = esn };
    g_autoptr(ObolSecret) key = obol_secret_new(obol_crypto_integ(crypto, integ)->n_key);
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < key->n; i++)
        key->bytes[i] = (guint8) i;
    ah_init(ah, crypto, &suite, 0x1001, key, inbound, 64, &error);
    g_assert_no_error(error);
}

static void
open_golden(guint i, const ObolCrypto *crypto, gboolean inbound, Ah *ah, guint8 **bytes, gsize *n, Packet *packet)
{
    g_autoptr(GBytes) parsed = obol_hex_parse(goldens[i].hex);

    open_ah(ah, crypto, goldens[i].integ, goldens[i].number > G_MAXUINT32, inbound);
    *bytes = g_memdup2(g_bytes_get_data(parsed, n), g_bytes_get_size(parsed));
    g_assert_true(packet_parse(*bytes, *n, packet));
    g_assert_cmpuint(packet->flow.protocol, ==, PROTO_AH);
    ah->sent = ah->replay.top = goldens[i].number - 1;
}

static void
test_opens_what_was_made_elsewhere(void)
{
    ObolCrypto *crypto = test_crypto_new();

    for (guint i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree guint8 *bytes = NULL;
        AhOpened opened;
        Packet packet;
        gsize n;
        Ah ah;

        open_golden(i, crypto, TRUE, &ah, &bytes, &n, &packet);
        g_test_message("%s", goldens[i].name);
        g_assert_cmpint(ah_open(&ah, bytes, n, packet.n_header, &opened), ==, ESP_OK);
        g_assert_cmpuint(opened.next_header, ==, goldens[i].next_header);
        g_assert_true(opened.newest);
        g_assert_cmphex(ah.replay.top, ==, goldens[i].number);
        g_assert_cmpint(ah_open(&ah, bytes, n, packet.n_header, &opened), ==, ESP_REPLAYED);
        ah_clear(&ah);
    }
    obol_crypto_free(crypto);
}

static void
test_seals_as_it_is_done_elsewhere(void)
{
    ObolCrypto *crypto = test_crypto_new();

    for (guint i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree guint8 *bytes = NULL, *made = NULL;
        Packet packet;
        gsize n, n_ah;
        Ah ah;

        open_golden(i, crypto, FALSE, &ah, &bytes, &n, &packet);
        made = g_memdup2(bytes, n);
        n_ah = ah_length(&ah, packet.flow.family);
        g_assert_cmpuint(n_ah, ==, (bytes[packet.n_header + 1] + 2u) * 4u);
        memset(made + packet.n_header, 0xee, n_ah);
        g_assert_cmpint(ah_seal(&ah, made, n, packet.n_header, goldens[i].next_header), ==, ESP_OK);
        g_assert_cmpmem(made, n, bytes, n);
        ah_clear(&ah);
    }
    obol_crypto_free(crypto);
}

/* Which bits of the headers may change on the way is what appendix A of RFC 4302 says, and no others. */
static gboolean
may_change(guint golden, gboolean v4, gsize bit)
{
    gsize at = bit / 8;

    if (at >= goldens[golden].free_from && at < goldens[golden].free_to)
        return TRUE;
    if (v4) /* colour, flags and offset, hops, checksum */
        return at == 1 || at == 6 || at == 7 || at == 8 || at == 10 || at == 11;
    return at == 0 ? bit % 8 < 4 : at < 4 || at == 7; /* class, flow label, hops */
}

static void
test_nothing_altered_opens(void)
{
    ObolCrypto *crypto = test_crypto_new();

    for (guint i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree guint8 *bytes = NULL;
        AhOpened opened;
        gboolean v4;
        Packet packet;
        gsize n;
        Ah ah;

        open_golden(i, crypto, TRUE, &ah, &bytes, &n, &packet);
        v4 = packet.flow.family == AF_INET;
        for (gsize bit = 0; bit < n * 8; bit++) {
            g_autofree guint8 *copy = g_memdup2(bytes, n);
            EspVerdict verdict;

            copy[bit / 8] ^= (guint8) (1 << bit % 8);
            ah.replay.top = goldens[i].number - 1;
            memset(ah.replay.words, 0, ah.replay.n_words * sizeof(guint64));
            verdict = ah_open(&ah, copy, n, packet.n_header, &opened);
            if (verdict == ESP_OK && !may_change(i, v4, bit))
                g_error("golden %u: bit %" G_GSIZE_FORMAT " was changed and nobody saw it", i, bit);
            if (may_change(i, v4, bit) && !(v4 && bit / 8 >= IP4_HEADER)) /* of an option the length may have gone */
                g_assert_cmpint(verdict, ==, ESP_OK);
        }
        for (gsize cut = packet.n_header; cut < n; cut++) {
            g_autofree guint8 *copy = g_memdup2(bytes, cut);

            ah.replay.top = goldens[i].number - 1;
            g_assert_cmpint(ah_open(&ah, copy, cut, packet.n_header, &opened), !=, ESP_OK);
        }
        ah_clear(&ah);
    }
    obol_crypto_free(crypto);
}

static void
test_headers_that_lie_do_not_lead_outside(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autoptr(GBytes) parsed = obol_hex_parse(goldens[i].hex);
        Packet packet;
        gsize n;
        const guint8 *bytes = g_bytes_get_data(parsed, &n);

        g_assert_true(packet_parse(bytes, n, &packet));
        for (gsize cut = 0; cut <= packet.n_header; cut++)
            for (gsize at = 0; at < cut; at++)
                for (guint value = 0; value < 256; value += 5) {
                    g_autofree guint8 *copy = g_memdup2(bytes, cut), *out = g_malloc(cut);

                    copy[at] = (guint8) value;
                    ah_canonical(copy, cut, at % 2 == 0 ? AH_SENDING : AH_RECEIVING, out);
                }
    }
}

/* RFC 4302 section 3.3.3.1.2.1: the sender authenticates a routing header as it will arrive. */
static void
test_a_routing_header_is_foreseen(void)
{
    Tunnel tunnel = { .mode = OBOL_MODE_TRANSPORT, .protocol = OBOL_PROTO_AH, .v6_outside = TRUE };
    World *world = world_new(&tunnel);
    g_autoptr(GBytes) parsed = obol_hex_parse(routed);
    g_autofree guint8 *golden_bytes = NULL;
    guint8 sender[AH_IP_HEADERS_MAX], receiver[AH_IP_HEADERS_MAX];
    const guint8 *bytes;
    Packet packet, golden;
    gsize n;
    Ah ah;

    bytes = g_bytes_get_data(parsed, &n);
    g_assert_true(packet_parse(bytes, n, &packet));
    open_golden(2, world->crypto, TRUE, &ah, &golden_bytes, &n, &golden);
    ah_clear(&ah);
    g_assert_cmpuint(packet.n_fixed, ==, golden.n_header);
    memcpy(sender, bytes, packet.n_fixed);
    sender[packet.fixed_next_at] = PROTO_AH;
    put_u16(sender + 4, get_u16(golden_bytes + 4));
    g_assert_true(ah_canonical(sender, packet.n_fixed, AH_SENDING, sender + 512));
    g_assert_true(ah_canonical(golden_bytes, golden.n_header, AH_RECEIVING, receiver));
    g_assert_cmpmem(sender + 512, packet.n_fixed, receiver, golden.n_header);
    sender[IP6_HEADER + 8 + 2] = 4; /* a segment routing header: what the way makes of it, nobody knows */
    g_assert_false(ah_canonical(sender, packet.n_fixed, AH_SENDING, receiver));
    sender[IP6_HEADER + 8 + 2] = 0;
    sender[IP6_HEADER + 8 + 3] = 2; /* more hops than there are addresses */
    g_assert_false(ah_canonical(sender, packet.n_fixed, AH_SENDING, receiver));
    g_assert_false(ah_canonical(sender, packet.n_fixed, AH_RECEIVING, receiver)); /* it has not arrived */
    world_free(world);
}

/* The path of a packet through both cores, over a way that changes what it may. */
static void
travel(const Tunnel *tunnel, gboolean options)
{
    World *world = world_new(tunnel);

    world_policies(world, tunnel, FALSE);
    world_sas(world, tunnel);
    for (guint i = 0; i < 3; i++) {
        TestPacket packet;
        const TestPacket *got;
        Packet sent, arrived;

        world_make(world, &world->left, tunnel, 50 + i, &packet);
        if (options)
            test_packet_add_options(&packet);
        g_assert_true(packet_parse(packet.data, packet.n, &sent));
        {
            TestPacket copy = packet;

            side_outbound(world, &world->left, &copy);
        }
        g_assert_cmpuint(world->left.n_sent, ==, 1);
        g_assert_true(world->left.sent[0].whole);
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->right.n_got, ==, i + 1);
        got = &world->right.got[i];
        g_assert_true(packet_parse(got->data, got->n, &arrived));
        g_assert_cmpuint(got->n, ==, packet.n);
        g_assert_cmpmem(got->data + arrived.n_header, got->n - arrived.n_header, packet.data + sent.n_header,
                        packet.n - sent.n_header);
        g_assert_cmpmem(&arrived.flow, sizeof arrived.flow, &sent.flow, sizeof sent.flow);
        g_assert_cmpint(arrived.options, ==, sent.options);
    }
    g_assert_cmpuint(side_dropped_all(&world->left) + side_dropped_all(&world->right), ==, 0);
    world_free(world);
}

static void
test_packets_travel_whatever_the_families_and_algorithms(void)
{
    static const guint16 integs[] = {
        OBOL_INTEG_HMAC_SHA1_96, OBOL_INTEG_HMAC_SHA2_256_128, OBOL_INTEG_HMAC_SHA2_384_192, OBOL_INTEG_HMAC_SHA2_512_256,
        OBOL_INTEG_AES_XCBC_96, OBOL_INTEG_AES_CMAC_96,
    };

    for (guint i = 0; i < G_N_ELEMENTS(integs); i++)
        for (guint bits = 0; bits < 16; bits++) {
            Tunnel tunnel = {
                .protocol = OBOL_PROTO_AH, .v6_outside = (bits & 1) != 0, .v6_inside = (bits & 2) != 0, .esn = (bits & 4) != 0,
                .suite = { .integ = integs[i] }, .mode = (bits & 8) != 0 ? OBOL_MODE_TRANSPORT : OBOL_MODE_TUNNEL,
            };

            travel(&tunnel, FALSE);
            travel(&tunnel, TRUE);
        }
}

static void
test_forgeries_are_dropped_and_counted(void)
{
    Tunnel tunnel = { .protocol = OBOL_PROTO_AH };
    World *world = world_new(&tunnel);

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    world_send(world, &world->left, &tunnel, 50);
    world->left.sent[0].data[60] ^= 1;
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_FORGED), ==, 1);
    world_send(world, &world->left, &tunnel, 50);
    world->left.sent[0].data[IP4_HEADER + 4] ^= 1;
    world_deliver(world, &world->left);
    g_assert_cmpuint(side_dropped(&world->right, DROP_ESP_NO_SA), ==, 1);
    g_assert_cmpuint(world->right.n_got, ==, 0);
    world_free(world);
}

/* RFC 4302 section 3.3.4: cut after AH, put together before. */
static void
test_what_is_too_long_is_cut_outside(void)
{
    for (guint v6 = 0; v6 < 2; v6++) {
        Tunnel tunnel = { .protocol = OBOL_PROTO_AH, .v6_outside = v6 != 0, .flags = OBOL_SA_NO_COPY_DF };
        World *world = world_new(&tunnel);
        TestPacket packet, copy;

        world_policies(world, &tunnel, FALSE);
        world_sas(world, &tunnel);
        world_make(world, &world->left, &tunnel, 3500, &packet);
        copy = packet;
        side_outbound(world, &world->left, &copy);
        g_assert_cmpuint(world->left.n_sent, ==, 3);
        for (guint i = 0; i < 3; i++)
            g_assert_cmpuint(world->left.sent[i].datagram.n, <=, 1500);
        world_deliver(world, &world->left);
        g_assert_cmpuint(world->right.n_got, ==, 1);
        g_assert_cmpmem(world->right.got[0].data, world->right.got[0].n, packet.data, packet.n);
        world_free(world);
    }
}

static void
test_df_goes_outside_and_too_big_is_told(void)
{
    Tunnel tunnel = { .protocol = OBOL_PROTO_AH };
    World *world = world_new(&tunnel);
    gsize n_fits = 1500 - IP4_HEADER - 28;

    world_policies(world, &tunnel, FALSE);
    world_sas(world, &tunnel);
    for (guint i = 0; i < 2; i++) {
        TestPacket packet;

        world_make(world, &world->left, &tunnel, n_fits - 28 + i, &packet);
        put_u16(packet.data + 6, 0x4000);
        checksum_ipv4(packet.data);
        side_outbound(world, &world->left, &packet);
    }
    g_assert_cmpuint(world->left.n_sent, ==, 1);
    g_assert_cmpuint(world->left.sent[0].datagram.n, ==, 1500);
    g_assert_cmphex(get_u16(world->left.sent[0].data + 6), ==, 0x4000);
    g_assert_cmphex(get_u16(world->left.sent[0].data + 4), !=, 0); /* the system would put another number there */
    g_assert_cmpuint(side_dropped(&world->left, DROP_OUT_TOO_BIG), ==, 1);
    world_free(world);
}

static void
test_extended_numbers_pass_the_border(void)
{
    ObolCrypto *crypto = test_crypto_new();
    g_autoptr(GBytes) parsed = obol_hex_parse(goldens[1].hex);
    AhOpened opened;
    Ah out, in;
    gsize n;
    const guint8 *golden = g_bytes_get_data(parsed, &n);

    open_ah(&out, crypto, OBOL_INTEG_AES_CMAC_96, TRUE, FALSE);
    open_ah(&in, crypto, OBOL_INTEG_AES_CMAC_96, TRUE, TRUE);
    out.sent = in.replay.top = G_GUINT64_CONSTANT(0x1fffffff0);
    for (guint i = 0; i < 40; i++) {
        g_autofree guint8 *packet = g_memdup2(golden, n);

        g_assert_cmpint(ah_seal(&out, packet, n, IP4_HEADER, PROTO_IPIP), ==, ESP_OK);
        if (i % 3 != 0)
            g_assert_cmpint(ah_open(&in, packet, n, IP4_HEADER, &opened), ==, ESP_OK);
    }
    g_assert_cmphex(in.replay.top >> 32, ==, 2);
    out.sent += G_GUINT64_CONSTANT(3) << 32; /* and after more lost packets than there are numbers */
    for (guint i = 0;; i++) {
        g_autofree guint8 *packet = g_memdup2(golden, n);

        g_assert_cmpuint(i, <, RESYNC_EVERY);
        g_assert_cmpint(ah_seal(&out, packet, n, IP4_HEADER, PROTO_IPIP), ==, ESP_OK);
        if (ah_open(&in, packet, n, IP4_HEADER, &opened) == ESP_OK)
            break;
    }
    g_assert_cmphex(in.replay.top, ==, out.sent);
    ah_clear(&out);
    ah_clear(&in);
    obol_crypto_free(crypto);
}

static void
test_numbers_never_come_again(void)
{
    ObolCrypto *crypto = test_crypto_new();
    g_autoptr(GBytes) parsed = obol_hex_parse(goldens[0].hex);
    g_autofree guint8 *packet = NULL;
    gsize n;
    Ah ah;

    packet = g_memdup2(g_bytes_get_data(parsed, &n), g_bytes_get_size(parsed));
    open_ah(&ah, crypto, OBOL_INTEG_HMAC_SHA2_256_128, FALSE, FALSE);
    ah.sent = G_MAXUINT32;
    g_assert_cmpint(ah_seal(&ah, packet, n, 32, PROTO_UDP), ==, ESP_EXHAUSTED);
    ah_clear(&ah);
    obol_crypto_free(crypto);
}

static void
put_control(struct msghdr *message, int type, const void *data, gsize n)
{
    struct cmsghdr *c = (struct cmsghdr *) ((guint8 *) message->msg_control + message->msg_controllen);

    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), data, n);
    message->msg_controllen += CMSG_SPACE(n);
}

/* What a raw socket tells of an IPv6 packet is put together to what was sent. */
static void
test_headers_told_apart_are_joined(void)
{
    ObolCrypto *crypto = test_crypto_new();
    g_autofree guint8 *bytes = NULL;
    union { struct cmsghdr align; guint8 bytes[512]; } control = { .bytes = { 0 } };
    struct msghdr message = { .msg_control = &control };
    struct in6_pktinfo info = { .ipi6_ifindex = 1 };
    guint8 room[512];
    ObolAddress source;
    AhOpened opened;
    Packet packet;
    gsize n, n_header;
    Ah ah;

    open_golden(2, crypto, TRUE, &ah, &bytes, &n, &packet);
    g_assert_true(obol_address_parse("2001:db8::1", &source));
    memcpy(&info.ipi6_addr, bytes + 24, 16);
    put_control(&message, IPV6_PKTINFO, &info, sizeof info);
    put_control(&message, IPV6_TCLASS, &(int) { 0xb8 }, sizeof(int));
    put_control(&message, IPV6_HOPOPTS, bytes + IP6_HEADER, 8);
    put_control(&message, IPV6_RTHDR, bytes + IP6_HEADER + 8, 24);
    memcpy(room + 256, bytes + packet.n_header, n - packet.n_header);
    n_header = raw_ah_join(&message, &source, room + 256, n - packet.n_header, 256);
    g_assert_cmpuint(n_header, ==, packet.n_header);
    g_assert_cmpint(ah_open(&ah, room + 256 - n_header, n, n_header, &opened), ==, ESP_OK);
    g_assert_cmpuint(raw_ah_join(&message, &source, room + 256, n - packet.n_header, n_header - 1), ==, 0);
    message.msg_controllen = 0; /* without the destination there is no header */
    g_assert_cmpuint(raw_ah_join(&message, &source, room + 256, n - packet.n_header, 256), ==, 0);
    ah_clear(&ah);
    obol_crypto_free(crypto);
}

static void
test_ah_in_udp_is_refused(void)
{
    Tunnel tunnel = { .protocol = OBOL_PROTO_AH };
    World *world = world_new(&tunnel);
    SaRequest add;

    sa_request_init(&add, world, &world->left, &world->left, &tunnel);
    add.request.sa.udp_encap = TRUE;
    side_refuses(world, &world->left, &add.request, OBOL_KERNEL_ERROR_UNSUPPORTED);
    sa_request_clear(&add);
    world_free(world);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        GTestFunc test;
    } tests[] = {
        { "opens-what-was-made-elsewhere", test_opens_what_was_made_elsewhere },
        { "seals-as-it-is-done-elsewhere", test_seals_as_it_is_done_elsewhere },
        { "nothing-altered-opens", test_nothing_altered_opens },
        { "headers-that-lie-do-not-lead-outside", test_headers_that_lie_do_not_lead_outside },
        { "a-routing-header-is-foreseen", test_a_routing_header_is_foreseen },
        { "packets-travel-whatever-the-families-and-algorithms", test_packets_travel_whatever_the_families_and_algorithms },
        { "forgeries-are-dropped-and-counted", test_forgeries_are_dropped_and_counted },
        { "what-is-too-long-is-cut-outside", test_what_is_too_long_is_cut_outside },
        { "df-goes-outside-and-too-big-is-told", test_df_goes_outside_and_too_big_is_told },
        { "extended-numbers-pass-the-border", test_extended_numbers_pass_the_border },
        { "numbers-never-come-again", test_numbers_never_come_again },
        { "headers-told-apart-are-joined", test_headers_told_apart_are_joined },
        { "ah-in-udp-is-refused", test_ah_in_udp_is_refused },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/ah/%s", tests[i].claim);

        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
