/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/pair.c - an SA each way between the ends and the policies that lead into it. */
#include "pair.h"

#include <string.h>

#define PORT_PROBE 7000
#define FENCE_REQID 990
#define FENCE_PORT 7099
#define PROBE_BYTES 100

static SideName
other(SideName side)
{
    return side == LEFT ? RIGHT : LEFT;
}

/* --- algorithms --- */

/* RFC 4106, 4309, 5282, 3686, 7634: the salt or nonce that follows the key. */
static gsize
salt_bytes(guint16 encr)
{
    switch (encr) {
    case OBOL_ENCR_AES_GCM_8:
    case OBOL_ENCR_AES_GCM_12:
    case OBOL_ENCR_AES_GCM_16:
    case OBOL_ENCR_NULL_AES_GMAC:
    case OBOL_ENCR_CHACHA20_POLY1305:
    case OBOL_ENCR_AES_CTR: return 4;
    case OBOL_ENCR_AES_CCM_8:
    case OBOL_ENCR_AES_CCM_12:
    case OBOL_ENCR_AES_CCM_16: return 3;
    default: return 0;
    }
}

gsize
suite_key_bytes(guint16 encr, guint16 encr_bits)
{
    return encr_bits / 8u + salt_bytes(encr);
}

gsize
suite_integ_bytes(guint16 integ)
{
    switch (integ) {
    case OBOL_INTEG_HMAC_SHA1_96: return 20;
    case OBOL_INTEG_AES_XCBC_96:
    case OBOL_INTEG_AES_CMAC_96: return 16;
    case OBOL_INTEG_HMAC_SHA2_256_128: return 32;
    case OBOL_INTEG_HMAC_SHA2_384_192: return 48;
    case OBOL_INTEG_HMAC_SHA2_512_256: return 64;
    default: return 0;
    }
}

static gboolean
both_have(const Lab *lab, guint8 type, guint16 id, guint16 bits)
{
    guint n = 0;

    for (guint side = 0; side < N_SIDES; side++) {
        const Opened *opened = &lab->sides[side].opened;

        for (guint i = 0; i < opened->n_transforms; i++) {
            const ObolTransform *t = &opened->transforms[i];

            if (t->type == type && t->id == id && (t->key_bits == bits || t->key_bits == 0)) {
                n++;
                break;
            }
        }
    }
    return n == N_SIDES;
}

static const struct {
    guint16 encr, bits;
} liked[] = {
    { OBOL_ENCR_AES_GCM_16, 256 }, { OBOL_ENCR_AES_GCM_16, 128 }, { OBOL_ENCR_CHACHA20_POLY1305, 256 }, { OBOL_ENCR_AES_CBC, 256 },
    { OBOL_ENCR_AES_CBC, 128 }, { OBOL_ENCR_3DES, 192 },
};

static const guint16 liked_integ[] = {
    OBOL_INTEG_HMAC_SHA2_512_256, OBOL_INTEG_HMAC_SHA2_256_128, OBOL_INTEG_HMAC_SHA2_384_192, OBOL_INTEG_HMAC_SHA1_96,
};

/* Where an end pads AH wrongly, an ICV that needs no padding: of 12 bytes. */
static gboolean
needs_short_icv(const Lab *lab, const Tunnel *tunnel)
{
    return tunnel->protocol == OBOL_PROTO_AH && tunnel->outer == V4
           && !(lab->sides[LEFT].opened.abilities.ah_padding && lab->sides[RIGHT].opened.abilities.ah_padding);
}

void
lab_suite(const Lab *lab, const Tunnel *tunnel, ObolSuite *out)
{
    *out = (ObolSuite) {
        .protocol = tunnel->protocol != 0 ? tunnel->protocol : OBOL_PROTO_ESP, .esn = tunnel->esn != 0, .encr = tunnel->encr,
        .encr_bits = tunnel->encr_bits, .integ = tunnel->integ,
    };
    for (guint i = 0; out->protocol == OBOL_PROTO_ESP && out->encr == 0 && i < G_N_ELEMENTS(liked); i++) {
        if (both_have(lab, OBOL_TRANSFORM_ENCR, liked[i].encr, liked[i].bits)) {
            out->encr = liked[i].encr;
            out->encr_bits = liked[i].bits;
        }
    }
    if (out->encr != 0 && obol_encr_is_aead(out->encr))
        return;
    if (out->integ == 0 && needs_short_icv(lab, tunnel))
        out->integ = OBOL_INTEG_HMAC_SHA1_96;
    for (guint i = 0; out->integ == 0 && i < G_N_ELEMENTS(liked_integ); i++)
        if (both_have(lab, OBOL_TRANSFORM_INTEG, liked_integ[i], 0))
            out->integ = liked_integ[i];
}

/* --- requests --- */

static const ObolAddress *
inside(const Lab *lab, const Tunnel *tunnel, SideName side)
{
    return tunnel->mode == OBOL_MODE_TRANSPORT ? &lab->outer[side][tunnel->outer] : &lab->inner[side][tunnel->inner][0];
}

const ObolAddress *
pair_inside(const Lab *lab, const Pair *pair, SideName side)
{
    return inside(lab, &pair->tunnel, side);
}

ObolTs
pair_ts(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs ts;

    obol_ts_parse(text, &ts, &error);
    g_assert_no_error(error);
    return ts;
}

/* The selectors of @side: as given, its network, or where there is none inside its address. */
static void
selectors(const Lab *lab, const Tunnel *tunnel, SideName side, FlatTs *out)
{
    *out = (FlatTs) { .given = TRUE };
    if (tunnel->ts[side] != NULL) {
        g_auto(GStrv) words = g_strsplit(tunnel->ts[side], " ", TS_LIST_MAX);

        for (guint i = 0; words[i] != NULL; i++)
            out->ts[out->n++] = pair_ts(words[i]);
    } else {
        obol_ts_from_address(inside(lab, tunnel, side), &out->ts[0]);
        out->n = 1;
        if (tunnel->mode == OBOL_MODE_TUNNEL) {
            gsize n = out->ts[0].family == AF_INET ? 4 : 16, n_prefix = n == 4 ? 3 : 8;

            memset(out->ts[0].first + n_prefix, 0, n - n_prefix);
            memset(out->ts[0].last + n_prefix, 0xff, n - n_prefix);
        }
    }
}

static void
fill_key(FlatSecret *key, gsize n, guint32 spi, guint8 seed)
{
    *key = (FlatSecret) { .given = TRUE, .n = n };
    for (gsize i = 0; i < n; i++)
        key->bytes[i] = (guint8) (spi >> 8 * (i % 4)) ^ (guint8) (i * 37 + seed);
}

void
pair_sa_id(const Pair *pair, SideName from, ObolKernelOp op, FlatRequest *out)
{
    *out = (FlatRequest) { .request = { .op = op } };
    out->request.sa.id = (ObolSaId) {
        .source = pair->outer[from], .destination = pair->outer[other(from)], .spi = pair->spi[other(from)],
        .protocol = pair->tunnel.protocol != 0 ? pair->tunnel.protocol : OBOL_PROTO_ESP,
    };
    out->request.sa.reqid = MAX(pair->tunnel.reqid, 1);
    out->request.sa.udp_encap = pair->tunnel.udp_encap;
    out->request.sa.mode = pair->tunnel.mode;
    out->request.sa.mark = pair->tunnel.mark;
    out->request.sa.if_id = pair->tunnel.if_id;
}

void
pair_sa(const Lab *lab, const Pair *pair, SideName at, SideName from, FlatRequest *out)
{
    const Tunnel *tunnel = &pair->tunnel;
    ObolSaSpec *sa = &out->request.sa;

    pair_sa_id(pair, from, OBOL_KERNEL_ADD_SA, out);
    lab_suite(lab, tunnel, &sa->suite);
    if (tunnel->ipcomp && tunnel->mode == OBOL_MODE_TUNNEL)
        sa->mode = OBOL_MODE_TRANSPORT;
    sa->inbound = at != from;
    sa->initiator = at == LEFT;
    sa->replay_window = tunnel->window != 0 ? tunnel->window : 32;
    sa->tfc_padding = tunnel->tfc_padding;
    sa->set_mark = tunnel->set_mark;
    if (at == LEFT && from == LEFT)
        sa->lifetimes = tunnel->lifetimes;
    selectors(lab, tunnel, from, &out->source_ts);
    selectors(lab, tunnel, other(from), &out->destination_ts);
    if (sa->suite.protocol == OBOL_PROTO_ESP)
        fill_key(&out->encr_key, suite_key_bytes(sa->suite.encr, sa->suite.encr_bits), sa->id.spi, tunnel->seed);
    if (sa->suite.integ != 0)
        fill_key(&out->integ_key, suite_integ_bytes(sa->suite.integ), sa->id.spi, tunnel->seed + 1);
}

void
pair_comp(const Lab *lab, const Pair *pair, SideName at, SideName from, FlatRequest *out)
{
    pair_sa(lab, pair, at, from, out);
    out->request.sa.id.protocol = out->request.sa.suite.protocol = OBOL_PROTO_IPCOMP;
    out->request.sa.id.spi = pair->cpi[other(from)];
    out->request.sa.mode = pair->tunnel.mode;
    out->request.sa.suite = (ObolSuite) { .protocol = OBOL_PROTO_IPCOMP };
    out->request.sa.replay_window = 0;
    out->encr_key = out->integ_key = (FlatSecret) { .given = FALSE };
}

/* Pair number @nth of two selectors that a packet can match: those of one family. */
static gboolean
nth_selectors(const FlatTs *source, const FlatTs *destination, guint nth, ObolPolicySpec *out)
{
    for (guint i = 0; i < source->n * destination->n; i++) {
        out->source = source->ts[i % source->n];
        out->destination = destination->ts[i / source->n];
        if (out->source.family == out->destination.family && nth-- == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
pair_policy(const Lab *lab, const Pair *pair, SideName at, guint index, ObolKernelOp op, FlatRequest *out)
{
    static const ObolDirection directions[] = { OBOL_DIR_OUT, OBOL_DIR_IN, OBOL_DIR_FORWARD };
    const Tunnel *tunnel = &pair->tunnel;
    guint n = tunnel->mode == OBOL_MODE_TUNNEL ? 3 : 2;
    SideName from = directions[index % n] == OBOL_DIR_OUT ? at : other(at);
    FlatTs source, destination;

    selectors(lab, tunnel, from, &source);
    selectors(lab, tunnel, other(from), &destination);
    *out = (FlatRequest) { .request = { .op = op } };
    out->request.policy = (ObolPolicySpec) {
        .direction = directions[index % n], .action = OBOL_POLICY_PROTECT, .reqid = MAX(tunnel->reqid, 1), .mode = tunnel->mode,
        .protocol = tunnel->protocol != 0 ? tunnel->protocol : OBOL_PROTO_ESP, .tunnel_source = pair->outer[from],
        .tunnel_destination = pair->outer[other(from)], .priority = tunnel->priority, .ipcomp = tunnel->ipcomp,
        .trap = tunnel->trap && from == at, .mark = tunnel->mark, .if_id = tunnel->if_id,
    };
    return nth_selectors(&source, &destination, index / n, &out->request.policy);
}

void
pair_init(const Lab *lab, const Tunnel *tunnel, Pair *out)
{
    *out = (Pair) { .tunnel = *tunnel };
    /* An end that can not do without UDP has it wherever the case does not ask. */
    for (guint side = 0; side < N_SIDES; side++)
        out->tunnel.udp_encap |= tunnel->protocol != OBOL_PROTO_AH && !lab->sides[side].opened.abilities.plain_esp;
    for (guint side = 0; side < N_SIDES; side++) {
        out->outer[side] = lab->outer[side][tunnel->outer];
        out->outer[side].port = out->tunnel.udp_encap ? 4500 : 0;
    }
}

static guint32
reserve(Lab *lab, Pair *pair, SideName side, guint8 protocol)
{
    FlatRequest request;

    pair_sa_id(pair, other(side), OBOL_KERNEL_GET_SPI, &request);
    request.request.sa.id.spi = 0;
    request.request.sa.inbound = TRUE;
    if (protocol != 0)
        request.request.sa.id.protocol = protocol;
    return side_must(lab, &lab->sides[side], &request)->answer.spi;
}

void
pair_reserve(Lab *lab, Pair *pair)
{
    for (guint side = 0; side < N_SIDES; side++) {
        pair->spi[side] = reserve(lab, pair, side, 0);
        if (pair->tunnel.ipcomp)
            pair->cpi[side] = reserve(lab, pair, side, OBOL_PROTO_IPCOMP);
    }
}

/* Inbound first, each before the other end can send (RFC 7296 section 2.8). */
void
pair_add_sas(Lab *lab, Pair *pair)
{
    for (guint i = 0; i < 4; i++) {
        SideName from = i % 2, at = i < 2 ? other(from) : from;
        FlatRequest request;

        if (pair->tunnel.ipcomp) {
            pair_comp(lab, pair, at, from, &request);
            side_must(lab, &lab->sides[at], &request);
        }
        pair_sa(lab, pair, at, from, &request);
        side_must(lab, &lab->sides[at], &request);
    }
}

void
pair_delete_sas(Lab *lab, const Pair *pair)
{
    for (guint i = 0; i < 4; i++) {
        SideName from = i % 2, at = i < 2 ? other(from) : from;
        FlatRequest request;

        pair_sa_id(pair, from, OBOL_KERNEL_DELETE_SA, &request);
        request.request.sa.inbound = at != from;
        side_must(lab, &lab->sides[at], &request);
    }
}

void
pair_policies(Lab *lab, const Pair *pair, SideName at, ObolKernelOp op)
{
    FlatRequest request;

    for (guint i = 0; pair_policy(lab, pair, at, i, op, &request); i++)
        side_must(lab, &lab->sides[at], &request);
}

void
pair_up(Lab *lab, const Tunnel *tunnel, Pair *out)
{
    pair_init(lab, tunnel, out);
    pair_reserve(lab, out);
    pair_add_sas(lab, out);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, out, side, OBOL_KERNEL_ADD_POLICY);
}

/* --- traffic --- */

static guint8
ip_protocol(const Pair *pair)
{
    return pair->tunnel.protocol == OBOL_PROTO_AH ? IPPROTO_AH : IPPROTO_ESP;
}

void
pair_cross_from(Lab *lab, const Pair *pair, SideName from, guint n)
{
    Port *out = lab_port(lab, &lab->sides[from].host, pair_inside(lab, pair, from), 0);
    Port *in = lab_port(lab, &lab->sides[other(from)].host, pair_inside(lab, pair, other(from)), PORT_PROBE);
    guint32 spi = pair->spi[other(from)];
    guint before = wire_count(&lab->wire, from, ip_protocol(pair), spi), after;
    g_autofree char *seen = NULL;
    const WirePacket *last;

    for (guint i = 0; i < n; i++) {
        port_send(out, &in->local, i, PROBE_BYTES);
        if (!port_wait(lab, in, i)) {
            lab_fail(lab, "packet %u of %u from the %s end did not arrive; on the wire were %u of its SA, %u in clear", i + 1, n,
                     from == LEFT ? "left" : "right", wire_count(&lab->wire, from, ip_protocol(pair), spi) - before,
                     wire_count_clear(&lab->wire));
            break;
        }
        CLAIM(lab, in->got[i] == 1, "packet %u arrived %u times", i + 1, in->got[i]);
    }
    after = wire_count(&lab->wire, from, ip_protocol(pair), spi);
    last = wire_last(&lab->wire, from, ip_protocol(pair), spi);
    seen = wire_describe(&lab->wire, from, ip_protocol(pair), spi);
    CLAIM(lab, after - before == n, "%u packets made %u of %s on the wire: %s", n, after - before,
          obol_protocol_name(pair->tunnel.protocol), seen);
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
    CLAIM(lab, last == NULL || last->udp_encap == pair->tunnel.udp_encap, "UDP encapsulation is not as it was asked for");
    g_ptr_array_remove(lab->ports, in);
    g_ptr_array_remove(lab->ports, out);
}

void
pair_cross(Lab *lab, const Pair *pair, guint n)
{
    for (guint from = 0; from < N_SIDES; from++)
        pair_cross_from(lab, pair, from, n);
}

void
pair_fence(Lab *lab, SideName from)
{
    static const char *const ts[] = { "10.66.8.1", "10.66.9.1" };
    const Tunnel tunnel = { .reqid = FENCE_REQID, .ts = { ts[LEFT], ts[RIGHT] } };
    Port *out, *in;
    Pair pair;

    if (lab->fence_spi == 0) {
        pair_up(lab, &tunnel, &pair);
        lab->fence_spi = pair.spi[LEFT];
    }
    out = lab_port(lab, &lab->sides[from].host, &lab->fence[from], 0);
    in = lab_port(lab, &lab->sides[other(from)].host, &lab->fence[other(from)], FENCE_PORT);
    port_send(out, &in->local, 0, PROBE_BYTES);
    CLAIM(lab, port_wait(lab, in, 0), "the packet that tells that all before it has been dealt with did not arrive");
    g_ptr_array_remove(lab->ports, in);
    g_ptr_array_remove(lab->ports, out);
}
