/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/world.c - two gateways' cores, joined by arrays of packets and one virtual clock. */
#include "world.h"

#include "lib/test-crypto.h"

#define PORT_LEFT 1000
#define PORT_RIGHT 2000

static void
keep_sent(Side *side, const ObolDatagram *batch, gsize n, gboolean plain)
{
    for (gsize i = 0; i < n; i++) {
        Sent *sent = &side->sent[side->n_sent++];

        g_assert_cmpuint(side->n_sent, <, KEPT_MAX);
        g_assert_cmpuint(batch[i].n, <=, sizeof sent->data);
        memcpy(sent->data, batch[i].data, batch[i].n);
        sent->datagram = batch[i];
        sent->datagram.data = sent->data;
        sent->plain = plain;
        sent->whole = FALSE;
    }
}

static void
to_peer(gpointer data, const ObolDatagram *batch, gsize n)
{
    keep_sent(data, batch, n, FALSE);
}

static gsize
to_peer_plain(gpointer data, const ObolDatagram *batch, gsize n)
{
    keep_sent(data, batch, n, TRUE);
    return 0;
}

static gboolean
to_peer_whole(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    Side *side = data;
    ObolDatagram datagram = { .data = (guint8 *) packet, .n = n };
    Packet parsed;

    g_assert_true(packet_parse(packet, n, &parsed) && parsed.n == n);
    g_assert_cmpint(parsed.flow.family, ==, family);
    g_assert_cmpmem(parsed.flow.addresses[FLOW_DESTINATION], family == AF_INET ? 4 : 16, destination,
                    family == AF_INET ? 4 : 16);
    if (family == AF_INET)
        g_assert_cmphex(checksum_finish(checksum_add(0, packet, (packet[0] & 0x0f) * 4u)), ==, 0);
    keep_sent(side, &datagram, 1, TRUE);
    side->sent[side->n_sent - 1].whole = TRUE;
    return TRUE;
}

static gboolean
take(Side *side, const guint8 *packet, gsize n)
{
    TestPacket *got = &side->got[side->n_got];

    if (side->device_full)
        return FALSE;
    g_assert_cmpuint(++side->n_got, <, KEPT_MAX);
    g_assert_cmpuint(n, <=, sizeof got->data);
    memcpy(got->data, packet, n);
    got->n = n;
    return TRUE;
}

/* Looks at the bytes as late as it may, which shows whether they stay. */
static gsize
to_host_flush(gpointer data)
{
    Side *side = data;
    gsize n_lost = side->n_lost;

    for (guint i = 0; i < side->n_later; i++)
        n_lost += !take(side, side->later[i].data, side->later[i].n);
    side->n_later = side->n_lost = 0;
    return n_lost;
}

static gboolean
to_host(gpointer data, const guint8 *packet, gsize n)
{
    Side *side = data;

    side->n_lost = to_host_flush(side);
    return take(side, packet, n);
}

static gboolean
to_host_later(gpointer data, guint8 *bytes, const Packet *packet)
{
    Side *side = data;

    g_assert_cmpuint(side->n_later, <, KEPT_MAX);
    side->later[side->n_later++] = (CorePacket) { bytes, packet->n, 0 };
    return TRUE;
}

static gboolean
in_clear(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    Side *side = data;
    Packet parsed;

    g_assert_true(packet_parse(packet, n, &parsed));
    g_assert_cmpint(parsed.flow.family, ==, family);
    g_assert_cmpmem(parsed.flow.addresses[FLOW_DESTINATION], family == AF_INET ? 4 : 16, destination,
                    family == AF_INET ? 4 : 16);
    side->n_clear++;
    return TRUE;
}

static void
event(gpointer data, const ObolKernelEvent *what)
{
    Side *side = data;

    g_assert_cmpuint(side->n_events, <, KEPT_MAX);
    side->events[side->n_events++] = *what;
}

static void
log_nothing(gpointer data, int level, const char *text)
{
    (void) data;
    (void) level;
    (void) text;
}

static void
open_side(World *world, Side *side, const char *outer, guint16 port, const char *inner4, const char *inner6)
{
    CoreSettings settings = {
        .path_mtu = 1500, .copy_dscp = TRUE, .copy_ecn = TRUE, .plain_esp = TRUE, .plain_ah = TRUE,
        .acquire_timeout_us = 165 * (gint64) G_USEC_PER_SEC,
    };
    CoreCalls calls = {
        .to_peer = to_peer, .to_peer_plain = to_peer_plain, .to_peer_whole = to_peer_whole, .to_host = to_host,
        .to_host_later = to_host_later, .to_host_flush = to_host_flush, .in_clear = in_clear, .event = event,
        .log = log_nothing, .data = side,
    };

    g_assert_true(obol_address_parse(outer, &side->outer));
    side->outer.port = port;
    side->inner4 = inner4;
    side->inner6 = inner6;
    side->core = core_new(&settings, &calls, world->crypto);
    side->reassembly = reassembly_new(0, 0);
}

World *
world_new(const Tunnel *tunnel)
{
    World *world = g_new0(World, 1);
    guint16 port = tunnel->udp ? 4500 : 0;

    world->crypto = test_crypto_new();
    world->now_us = 1000 * G_USEC_PER_SEC;
    open_side(world, &world->left, tunnel->v6_outside ? "2001:db8::1" : "192.0.2.1", port, "10.1.0.1", "2001:db8:1::1");
    open_side(world, &world->right, tunnel->v6_outside ? "2001:db8::2" : "192.0.2.2", port, "10.2.0.1", "2001:db8:2::1");
    return world;
}

void
world_free(World *world)
{
    core_free(world->left.core);
    core_free(world->right.core);
    reassembly_free(world->left.reassembly);
    reassembly_free(world->right.reassembly);
    obol_crypto_free(world->crypto);
    g_free(world);
}

static Side *
other(World *world, const Side *side)
{
    return side == &world->left ? &world->right : &world->left;
}

/* The selector of a side's network, or in transport mode of its address. */
static ObolTs
selector(const World *world, const Side *side, const Tunnel *tunnel)
{
    g_autoptr(GError) error = NULL;
    const char *text;
    ObolTs ts;

    if (tunnel->mode == OBOL_MODE_TRANSPORT) {
        obol_ts_from_address(&side->outer, &ts);
    } else if (tunnel->mode == OBOL_MODE_BEET) {
        g_assert_true(obol_ts_parse(tunnel->v6_inside ? side->inner6 : side->inner4, &ts, NULL));
    } else {
        text = side == &world->left ? (tunnel->v6_inside ? "2001:db8:1::/64" : "10.1.0.0/24")
                                    : (tunnel->v6_inside ? "2001:db8:2::/64" : "10.2.0.0/24");
        obol_ts_parse(text, &ts, &error);
        g_assert_no_error(error);
    }
    if (tunnel->port_selectors) {
        ts.protocol = PROTO_UDP;
        if (side == &world->right)
            ts.port_first = ts.port_last = PORT_RIGHT;
    }
    return ts;
}

gboolean
side_request(World *world, Side *side, const ObolKernelRequest *request, ObolKernelReply *reply)
{
    ObolKernelReply ignored = { .spi = 0 };
    g_autoptr(GError) error = NULL;
    gboolean ok = core_request(side->core, request, reply != NULL ? reply : &ignored, world->now_us, &error);

    g_assert_true(ok == (error == NULL));
    return ok;
}

void
side_refuses(World *world, Side *side, const ObolKernelRequest *request, ObolKernelError code)
{
    ObolKernelReply ignored = { .spi = 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(core_request(side->core, request, &ignored, world->now_us, &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, (int) code);
    g_assert_nonnull(error->message);
}

static guint8
protocol_of(const Tunnel *tunnel)
{
    return tunnel->protocol != 0 ? tunnel->protocol : OBOL_PROTO_ESP;
}

ObolPolicySpec
world_policy(World *world, Side *at, Side *from, const Tunnel *tunnel)
{
    Side *to = other(world, from);

    return (ObolPolicySpec) {
        .direction = at == from ? OBOL_DIR_OUT : OBOL_DIR_IN, .action = OBOL_POLICY_PROTECT,
        .source = selector(world, from, tunnel), .destination = selector(world, to, tunnel),
        .reqid = MAX(tunnel->reqid, 1), .mode = tunnel->mode, .protocol = protocol_of(tunnel),
        .tunnel_source = from->outer, .tunnel_destination = to->outer, .ipcomp = tunnel->ipcomp,
    };
}

static void
add_policy(World *world, Side *at, Side *from, const Tunnel *tunnel, gboolean trap)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY, .policy = world_policy(world, at, from, tunnel) };

    request.policy.trap = trap;
    g_assert_true(side_request(world, at, &request, NULL));
}

void
world_policies(World *world, const Tunnel *tunnel, gboolean trap)
{
    add_policy(world, &world->left, &world->left, tunnel, trap);
    add_policy(world, &world->left, &world->right, tunnel, FALSE);
    add_policy(world, &world->right, &world->right, tunnel, trap);
    add_policy(world, &world->right, &world->left, tunnel, FALSE);
}

ObolSaId
world_sa_id(const World *world, const Tunnel *tunnel, const Side *from)
{
    const Side *to = from == &world->left ? &world->right : &world->left;

    return (ObolSaId) {
        .source = from->outer, .destination = to->outer, .protocol = protocol_of(tunnel),
        .spi = (tunnel->spi != 0 ? tunnel->spi : 0x1000) + (from == &world->left ? 1 : 2),
    };
}

static ObolSecret *
key_of(gsize n, guint32 spi)
{
    ObolSecret *key = obol_secret_new(n);

    memset(key->bytes, (int) spi, n);
    return key;
}

void
sa_request_init(SaRequest *out, World *world, Side *at, Side *from, const Tunnel *tunnel)
{
    ObolTs from_ts = selector(world, from, tunnel), to_ts = selector(world, other(world, from), tunnel);
    ObolSaSpec *sa = &out->request.sa;
    gsize n_encr, n_integ;

    *out = (SaRequest) {
        .request = { .op = OBOL_KERNEL_ADD_SA, .sa = {
            .id = world_sa_id(world, tunnel, from), .reqid = MAX(tunnel->reqid, 1), .mode = tunnel->ipcomp ? OBOL_MODE_TRANSPORT : tunnel->mode,
            .inbound = at != from, .udp_encap = tunnel->udp, .suite = tunnel->suite,
            .replay_window = tunnel->replay_window != 0 ? tunnel->replay_window : 64, .lifetimes = tunnel->lifetimes,
            .tfc_padding = tunnel->tfc_padding, .flags = tunnel->flags,
        } },
        .source = g_array_new(FALSE, FALSE, sizeof(ObolTs)), .destination = g_array_new(FALSE, FALSE, sizeof(ObolTs)),
    };
    if (sa->suite.encr == 0 && sa->suite.integ == 0 && sa->id.protocol == OBOL_PROTO_AH)
        sa->suite.integ = OBOL_INTEG_HMAC_SHA2_256_128;
    else if (sa->suite.encr == 0 && sa->suite.integ == 0)
        sa->suite = (ObolSuite) { .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 };
    sa->suite.protocol = sa->id.protocol;
    sa->suite.esn = tunnel->esn;
    g_assert_true(obol_guard_sizes(world->crypto, &sa->suite, &n_encr, &n_integ, NULL, NULL, NULL));
    sa->encr_key = out->encr_key = key_of(n_encr, sa->id.spi);
    sa->integ_key = out->integ_key = key_of(n_integ, sa->id.spi);
    sa->source_ts = g_array_append_val(out->source, from_ts);
    sa->destination_ts = g_array_append_val(out->destination, to_ts);
}

void
sa_request_clear(SaRequest *request)
{
    obol_secret_free(request->encr_key);
    obol_secret_free(request->integ_key);
    g_array_unref(request->source);
    g_array_unref(request->destination);
}

void
world_add_sa(World *world, Side *at, Side *from, const Tunnel *tunnel)
{
    SaRequest request;

    sa_request_init(&request, world, at, from, tunnel);
    g_assert_true(side_request(world, at, &request.request, NULL));
    if (tunnel->ipcomp) {
        request.request.sa.id = world_comp_id(world, tunnel, from);
        request.request.sa.mode = tunnel->mode;
        request.request.sa.suite = (ObolSuite) { .encr = 0 };
        g_assert_true(side_request(world, at, &request.request, NULL));
    }
    sa_request_clear(&request);
}

ObolSaId
world_comp_id(const World *world, const Tunnel *tunnel, const Side *from)
{
    ObolSaId id = world_sa_id(world, tunnel, from);

    id.protocol = OBOL_PROTO_IPCOMP;
    id.spi &= 0xffff;
    return id;
}

void
world_sas(World *world, const Tunnel *tunnel)
{
    world_add_sa(world, &world->right, &world->left, tunnel);
    world_add_sa(world, &world->left, &world->left, tunnel);
    world_add_sa(world, &world->left, &world->right, tunnel);
    world_add_sa(world, &world->right, &world->right, tunnel);
}

void
world_make(const World *world, const Side *from, const Tunnel *tunnel, gsize n_payload, TestPacket *out)
{
    const Side *to = from == &world->left ? &world->right : &world->left;
    char from_text[OBOL_ADDRESS_TEXT_MAX], to_text[OBOL_ADDRESS_TEXT_MAX];
    gboolean left = from == &world->left;

    obol_address_format(&from->outer, from_text);
    obol_address_format(&to->outer, to_text);
    if (tunnel->mode != OBOL_MODE_TRANSPORT) {
        g_strlcpy(from_text, tunnel->v6_inside ? from->inner6 : from->inner4, sizeof from_text);
        g_strlcpy(to_text, tunnel->v6_inside ? to->inner6 : to->inner4, sizeof to_text);
    }
    test_packet_udp(out, from_text, left ? PORT_LEFT : PORT_RIGHT, to_text, left ? PORT_RIGHT : PORT_LEFT, n_payload);
}

void
side_outbound(World *world, Side *side, TestPacket *packet)
{
    CorePacket in = { packet->data, packet->n, sizeof packet->data - packet->n + sizeof packet->behind };

    core_outbound(side->core, &in, 1, world->now_us);
}

void
world_send(World *world, Side *from, const Tunnel *tunnel, gsize n_payload)
{
    TestPacket packet;

    world_make(world, from, tunnel, n_payload, &packet);
    side_outbound(world, from, &packet);
}

/* A whole packet after its way: a hop further, with another colour, and put together again by the system. */
static void
deliver_whole(World *world, Side *to, Sent *sent)
{
    CorePacket packet = { sent->data, sent->datagram.n, sizeof sent->data - sent->datagram.n };
    Packet parsed;

    g_assert_true(packet_parse(sent->data, sent->datagram.n, &parsed));
    if (parsed.flow.family == AF_INET) {
        sent->data[1] ^= 0x40;
        sent->data[8]--;
        put_u16(sent->data + 10, 0x1234); /* nobody looks at it any more */
    } else {
        sent->data[1] ^= 0x5a;
        sent->data[7]--;
    }
    if (parsed.fragment) {
        packet.n = reassembly_add(to->reassembly, sent->data, &parsed, world->now_us, &packet.data);
        if (packet.n == 0)
            return;
    }
    core_inbound_ah(to->core, &packet, 1, world->now_us);
}

void
world_deliver(World *world, Side *from)
{
    Side *to = other(world, from);

    for (guint i = 0; i < from->n_sent; i++) {
        ObolDatagram arrived = from->sent[i].datagram;

        if (from->sent[i].whole) {
            deliver_whole(world, to, &from->sent[i]);
            continue;
        }
        arrived.local = from->sent[i].datagram.remote;
        arrived.remote = from->sent[i].datagram.local;
        core_inbound(to->core, &arrived, 1, !from->sent[i].plain, world->now_us);
    }
    from->n_sent = 0;
}

void
world_advance(World *world, gint64 us)
{
    world->now_us += us;
    core_tick(world->left.core, world->now_us);
    core_tick(world->right.core, world->now_us);
}

guint64
side_dropped(const Side *side, Drop reason)
{
    return core_drops(side->core)->count[reason];
}

guint64
side_dropped_all(const Side *side)
{
    guint64 n = 0;

    for (guint i = 0; i < N_DROPS; i++)
        n += core_drops(side->core)->count[i];
    return n;
}
