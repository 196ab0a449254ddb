/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-traffic.c - every mode, family and algorithm carries packets both ways, and nothing goes in clear. */
#include "case.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <unistd.h>

#define N_PACKETS 3

static void
carries(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, N_PACKETS);
}

/* --- generated: what combines --- */

static const char *const mode_names[] = { "tunnel", "transport", "beet" };
static const guint32 mode_needs[] = { NEEDS(TUNNEL), NEEDS(TRANSPORT), NEEDS(BEET) };

static void
add_combination(GArray *cases, const Tunnel *tunnel, const char *protocol, guint32 needs)
{
    g_autofree char *families = tunnel->mode == OBOL_MODE_TRANSPORT
                         ? g_strdup_printf("over-ipv%d", tunnel->outer == V4 ? 4 : 6)
                         : g_strdup_printf("ipv%d-in-ipv%d", tunnel->inner == V4 ? 4 : 6, tunnel->outer == V4 ? 4 : 6);
    g_autofree char *path = g_strdup_printf("/traffic/%s-%s-%s-carries-both-ways", protocol, mode_names[tunnel->mode], families);
    Case made = {
        .path = g_intern_string(path),
        .needs = needs | mode_needs[tunnel->mode], .run = carries, .tunnel = *tunnel,
    };

    if (tunnel->inner != tunnel->outer)
        made.needs |= NEEDS(OTHER_FAMILY);
    g_array_append_val(cases, made);
}

static void
add_combinations(GArray *cases)
{
    static const struct {
        const char *name;
        guint8 protocol;
        gboolean udp_encap;
        guint32 needs;
    } protocols[] = {
        { "esp", OBOL_PROTO_ESP, FALSE, NEEDS(ESP) | NEEDS(PLAIN_ESP) },
        { "esp-in-udp", OBOL_PROTO_ESP, TRUE, NEEDS(ESP) | NEEDS(UDP_ENCAP) },
        { "ah", OBOL_PROTO_AH, FALSE, NEEDS(AH) },
    };

    for (guint p = 0; p < G_N_ELEMENTS(protocols); p++) {
        for (guint i = 0; i < G_N_ELEMENTS(mode_names) * N_FAMILIES * N_FAMILIES; i++) {
            Tunnel tunnel = {
                .protocol = protocols[p].protocol, .udp_encap = protocols[p].udp_encap, .mode = i / 4, .outer = i / 2 % 2,
                .inner = i % 2,
            };

            if (tunnel.mode == OBOL_MODE_TRANSPORT && tunnel.inner != tunnel.outer)
                continue;
            /* Nobody offers BEET with AH (draft-nikander-esp-beet-mode is of ESP). */
            if (tunnel.mode == OBOL_MODE_BEET && tunnel.protocol == OBOL_PROTO_AH)
                continue;
            add_combination(cases, &tunnel, protocols[p].name, protocols[p].needs);
        }
    }
}

/* The key length without salt, also where a proposal has no Key Length attribute; a cipher with several needs one. */
static guint16
fixed_bits(const ObolTransform *t)
{
    if (t->key_bits != 0)
        return t->key_bits;
    return t->id == OBOL_ENCR_CHACHA20_POLY1305 ? 256 : t->id == OBOL_ENCR_3DES ? 192 : 0;
}

static gboolean
side_has(const Side *side, const ObolTransform *t)
{
    for (guint i = 0; i < side->opened.n_transforms; i++) {
        const ObolTransform *own = &side->opened.transforms[i];

        if (own->type == t->type && own->id == t->id && own->key_bits == t->key_bits)
            return TRUE;
    }
    return FALSE;
}

static void
add_algorithm(const Lab *lab, GArray *cases, const ObolTransform *t, guint8 protocol)
{
    gboolean encr = t->type == OBOL_TRANSFORM_ENCR;
    const char *name = obol_transform_name(t->type, t->id);
    g_autofree char *path = fixed_bits(t) != 0 ? g_strdup_printf("/algorithm/%s-%u-carries-both-ways", name, fixed_bits(t))
                                               : g_strdup_printf("/algorithm/%s-%s-carries-both-ways", obol_protocol_name(protocol), name);
    Case made = {
        .path = g_intern_string(path), .run = carries,
        .needs = protocol == OBOL_PROTO_AH ? NEEDS(AH) : NEEDS(ESP),
        .tunnel = { .protocol = protocol, .encr = encr ? t->id : 0, .encr_bits = encr ? fixed_bits(t) : 0, .integ = encr ? 0 : t->id },
    };

    if (!side_has(&lab->sides[RIGHT], t))
        return;
    if (protocol == OBOL_PROTO_AH && obol_integ_n_icv(t->id) != 12)
        made.needs |= NEEDS(AH_PADDING);
    if (!encr && protocol == OBOL_PROTO_ESP) {
        made.tunnel.encr = OBOL_ENCR_AES_CBC;
        made.tunnel.encr_bits = 128;
    }
    g_array_append_val(cases, made);
}

static void
add_algorithms(const Lab *lab, GArray *cases)
{
    const Opened *left = &lab->sides[LEFT].opened;

    for (guint i = 0; i < left->n_transforms; i++) {
        add_algorithm(lab, cases, &left->transforms[i], OBOL_PROTO_ESP);
        if (left->transforms[i].type == OBOL_TRANSFORM_INTEG && left->abilities.ah)
            add_algorithm(lab, cases, &left->transforms[i], OBOL_PROTO_AH);
    }
}

/* --- one by one --- */

/* Compressed where that makes it smaller: a long payload of one letter does (RFC 3173 section 2.2). */
static void
compresses(Lab *lab, const Tunnel *tunnel)
{
    const WirePacket *packet;
    Port *out, *in;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, N_PACKETS);
    out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &pair, LEFT), 0);
    in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &pair, RIGHT), 7001);
    port_send(out, &in->local, 0, 1000);
    CLAIM(lab, port_wait(lab, in, 0), "a long packet did not arrive");
    packet = wire_last(&lab->wire, LEFT, IPPROTO_ESP, pair.spi[RIGHT]);
    CLAIM(lab, packet != NULL && packet->n < 600, "it was not compressed");
}

static void
pads(Lab *lab, const Tunnel *tunnel)
{
    const WirePacket *packet;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, N_PACKETS);
    packet = wire_last(&lab->wire, LEFT, IPPROTO_ESP, pair.spi[RIGHT]);
    CLAIM(lab, packet == NULL || packet->n >= tunnel->tfc_padding, "a packet was not padded to %u bytes", tunnel->tfc_padding);
}

static void
carries_two_families(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, N_PACKETS);
    pair.tunnel.inner = V6;
    pair_cross(lab, &pair, N_PACKETS);
}

/* Longer than the wire's MTU after encryption: the ends fragment somewhere, the payload arrives whole. */
static void
carries_long_packets(Lab *lab, const Tunnel *tunnel)
{
    Port *out, *in;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &pair, LEFT), 0);
    in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &pair, RIGHT), 7001);
    for (guint i = 0; i < 20 && in->n_got == 0; i++) {
        /* The first ones may tell the sender the path's MTU. */
        port_send(out, &in->local, i, 1900);
        pair_fence(lab, LEFT);
    }
    CLAIM(lab, in->n_got > 0, "1900 bytes did not arrive");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
}

typedef struct {
    Lab *lab;
    int fd;
    gssize n;
} Reading;

static gboolean
has_read(gpointer data)
{
    Reading *reading = data;
    guint8 bytes[2048];

    reading->n = recv(reading->fd, bytes, sizeof bytes, 0);
    return reading->n >= 0 || errno == ECONNREFUSED;
}

/* The right end's own host answers. */
static void
carries_ping(Lab *lab, const Tunnel *tunnel)
{
    gboolean v4 = tunnel->inner == V4;
    guint8 echo[8 + sizeof WIRE_MARKER] = { v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST };
    struct sockaddr_storage from, to;
    Reading reading = { .lab = lab };
    Pair pair;

    pair_up(lab, tunnel, &pair);
    memcpy(echo + 8, WIRE_MARKER, sizeof WIRE_MARKER);
    reading.fd = lab_socket(lab, &lab->sides[LEFT].host, v4 ? AF_INET : AF_INET6, SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    bind(reading.fd, (struct sockaddr *) &from, obol_address_to_sockaddr(pair_inside(lab, &pair, LEFT), &from));
    if (v4) { /* its checksum is ours to make; IPv6's is the kernel's */
        guint32 sum = 0;

        for (guint i = 0; i + 1 < sizeof echo; i += 2)
            sum += (guint32) echo[i] << 8 | echo[i + 1];
        sum += sizeof echo % 2 != 0 ? (guint32) echo[sizeof echo - 1] << 8 : 0;
        sum = (sum >> 16) + (sum & 0xffff);
        sum += sum >> 16;
        echo[2] = (guint8) (~sum >> 8);
        echo[3] = (guint8) ~sum;
    }
    (void) !sendto(reading.fd, echo, sizeof echo, 0, (struct sockaddr *) &to,
                   obol_address_to_sockaddr(pair_inside(lab, &pair, RIGHT), &to));
    CLAIM(lab, lab_wait(lab, has_read, &reading, LIMIT_MS), "no answer to a ping");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "it went in clear");
}

static gboolean
is_connected(gpointer data)
{
    Reading *reading = data;

    reading->n = accept4(reading->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return reading->n >= 0;
}

static void
carries_tcp(Lab *lab, const Tunnel *tunnel)
{
    /* Both ends forget the connection when they close it: a FIN that is repeated would be a later case's packet. */
    const struct linger at_once = { .l_onoff = 1 };
    struct sockaddr_storage address;
    Reading listening = { .lab = lab }, reading;
    int fd, accepted;
    ObolAddress to;
    socklen_t n;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    to = *pair_inside(lab, &pair, RIGHT);
    to.port = 7002;
    n = obol_address_to_sockaddr(&to, &address);
    listening.fd = lab_socket(lab, &lab->sides[RIGHT].host, to.family, SOCK_STREAM, 0);
    CLAIM(lab, bind(listening.fd, (struct sockaddr *) &address, n) == 0 && listen(listening.fd, 1) == 0, "no listening socket");
    fd = lab_socket(lab, &lab->sides[LEFT].host, to.family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    reading = (Reading) { .lab = lab, .fd = fd };
    bind(fd, (struct sockaddr *) &address, obol_address_to_sockaddr(pair_inside(lab, &pair, LEFT), &address));
    n = obol_address_to_sockaddr(&to, &address);
    (void) !connect(fd, (struct sockaddr *) &address, n);
    CLAIM(lab, lab_wait(lab, is_connected, &listening, LIMIT_MS), "TCP does not connect");
    accepted = (int) listening.n;
    (void) !send(accepted, WIRE_MARKER, sizeof WIRE_MARKER, MSG_NOSIGNAL);
    CLAIM(lab, lab_wait(lab, has_read, &reading, LIMIT_MS) && reading.n == sizeof WIRE_MARKER, "what TCP carries does not arrive");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "it went in clear");
    if (accepted >= 0) {
        setsockopt(accepted, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(accepted);
    }
}

/* Policies without SAs: nothing leaves; once the SAs are there all does, and when they have gone nothing again. */
static void
never_in_clear(Lab *lab, const Tunnel *tunnel)
{
    Port *out, *in;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &pair, side, OBOL_KERNEL_ADD_POLICY);
    out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &pair, LEFT), 0);
    in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &pair, RIGHT), 7001);
    port_send(out, &in->local, 0, 100);
    pair_fence(lab, LEFT);
    CLAIM(lab, in->n_got == 0, "a packet arrived without an SA");
    pair_reserve(lab, &pair);
    pair_add_sas(lab, &pair);
    pair_cross(lab, &pair, 1);
    pair_delete_sas(lab, &pair);
    port_send(out, &in->local, 1, 100);
    pair_fence(lab, LEFT);
    CLAIM(lab, in->got[1] == 0, "a packet arrived after the SAs had gone");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
}

static const Case traffic[] = {
    { "/traffic/ipcomp-compresses-what-gets-smaller", NEEDS(IPCOMP), compresses, { .ipcomp = TRUE, .encr = 0 }, FALSE },
    { "/traffic/ipcomp-in-transport-mode", NEEDS(IPCOMP) | NEEDS(TRANSPORT), compresses,
      { .ipcomp = TRUE, .mode = OBOL_MODE_TRANSPORT }, FALSE },
    { "/traffic/tfc-padding-fills-packets-up", NEEDS(TFC_PADDING), pads, { .tfc_padding = 900 }, FALSE },
    { "/traffic/esn-carries-both-ways", NEEDS(ESN), carries, { .esn = TRUE }, FALSE },
    { "/traffic/esn-with-ah-carries-both-ways", NEEDS(ESN) | NEEDS(AH), carries, { .protocol = OBOL_PROTO_AH, .esn = TRUE }, FALSE },
    { "/traffic/both-families-in-one-tunnel", NEEDS(MIXED_FAMILIES), carries_two_families,
      { .ts = { "10.66.1.0/24 fd66:0:1::/64", "10.66.2.0/24 fd66:0:2::/64" } }, FALSE },
    { "/traffic/long-packets-arrive-whole", NEEDS(TUNNEL), carries_long_packets, { 0 }, FALSE },
    { "/traffic/long-packets-of-ipv6-arrive-whole", NEEDS(TUNNEL), carries_long_packets, { .inner = V6, .outer = V6 }, FALSE },
    { "/traffic/ping-is-answered", NEEDS(TUNNEL), carries_ping, { 0 }, FALSE },
    { "/traffic/ping-of-ipv6-is-answered", NEEDS(TUNNEL), carries_ping, { .inner = V6, .outer = V6 }, FALSE },
    { "/traffic/tcp-connects-and-carries", NEEDS(TUNNEL), carries_tcp, { 0 }, FALSE },
    { "/traffic/tcp-in-transport-mode", NEEDS(TRANSPORT), carries_tcp, { .mode = OBOL_MODE_TRANSPORT }, FALSE },
    { "/traffic/nothing-goes-in-clear-before-or-after", NEEDS(TUNNEL), never_in_clear, { 0 }, FALSE },
    { "/traffic/nothing-goes-in-clear-before-or-after-in-transport-mode", NEEDS(TRANSPORT), never_in_clear,
      { .mode = OBOL_MODE_TRANSPORT }, FALSE },
};

void
cases_traffic(const Lab *lab, GArray *cases)
{
    add_combinations(cases);
    add_algorithms(lab, cases);
    CASES_ADD(cases, traffic);
}
