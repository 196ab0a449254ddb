/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-userspace.c - packets of the host and from the network through the userspace kernel's core.
 *
 * The input is a list of records: a kind, a length of two octets, bytes.  The cipher is a toy for which everything is
 * authentic, so that what lies behind the ICV is reached: that is what a peer with keys can send.  The toy MAC of AH is all zeros. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "plugins/kernel-userspace/bytes.h"
#include "plugins/kernel-userspace/core.h"
#include "plugins/kernel-userspace/packet.h"

#define RECORDS_MAX 64
#define TOY_IV 8
#define TOY_ICV 16

enum { FROM_HOST, IN_UDP, PLAIN, LATER, WHOLE, N_KINDS };

static gpointer
toy_open(const guint8 *key, gsize n_key, GError **error)
{
    (void) key;
    (void) n_key;
    (void) error;
    return g_malloc(1);
}

static gboolean
toy_seal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    (void) self;
    (void) nonce;
    (void) aad;
    (void) n_aad;
    memset(text + n, 0, TOY_ICV);
    return TRUE;
}

static gboolean
toy_unseal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    (void) self;
    (void) nonce;
    (void) aad;
    (void) n_aad;
    (void) text;
    (void) n;
    return TRUE;
}

static void
toy_update(gpointer self, const guint8 *data, gsize n)
{
    guint8 *sum = self;

    for (gsize i = 0; i < n; i++) /* so that a byte too far is seen */
        *sum ^= data[i];
}

static void
toy_finish(gpointer self, guint8 *out)
{
    (void) self;
    memset(out, 0, TOY_ICV);
}

static void
toy_fill(gpointer self, guint8 *out, gsize n)
{
    (void) self;
    memset(out, 7, n);
}

static const guint16 toy_key_bits[] = { 128, 0 };
static const ObolAeadVtable toy_aead = {
    .size = sizeof toy_aead, .id = OBOL_ENCR_AES_GCM_16, .key_bits = toy_key_bits, .n_salt = 4, .n_iv = TOY_IV,
    .n_icv = TOY_ICV, .open = toy_open, .seal = toy_seal, .unseal = toy_unseal, .close = g_free,
};
static const ObolMacVtable toy_integ = {
    .size = sizeof toy_integ, .id = OBOL_INTEG_HMAC_SHA2_256_128, .n_key = 16, .n_output = TOY_ICV, .open = toy_open,
    .update = toy_update, .finish = toy_finish, .close = g_free,
};
static const ObolRandomVtable toy_random = { .size = sizeof toy_random, .fill = toy_fill };

/* What goes out must be what it claims, whatever came in. */
static void
check_datagrams(const ObolDatagram *batch, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (batch[i].n < 8 + TOY_IV + TOY_ICV || get_u32(batch[i].data) < 256)
            g_error("this is no ESP");
}

static void
to_peer(gpointer data, const ObolDatagram *batch, gsize n)
{
    (void) data;
    check_datagrams(batch, n);
}

static gsize
to_peer_plain(gpointer data, const ObolDatagram *batch, gsize n)
{
    (void) data;
    check_datagrams(batch, n);
    return 0;
}

static gboolean
to_host(gpointer data, const guint8 *bytes, gsize n)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n);
    Packet packet;

    (void) data;
    if (!packet_parse(exact, n, &packet) || packet.n != n)
        g_error("the host was given a broken packet");
    return TRUE;
}

static gboolean
to_peer_whole(gpointer data, const guint8 *bytes, gsize n, int family, const guint8 *destination)
{
    Packet packet;

    (void) data;
    (void) destination;
    if (!packet_parse(bytes, n, &packet) || packet.n != n || packet.flow.family != family)
        g_error("a broken packet was sent");
    return TRUE;
}

static gboolean
in_clear(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination)
{
    (void) data;
    (void) packet;
    (void) n;
    (void) family;
    (void) destination;
    return TRUE;
}

static void
event(gpointer data, const ObolKernelEvent *what)
{
    (void) data;
    (void) what;
}

static void
log_nothing(gpointer data, int level, const char *text)
{
    (void) data;
    (void) level;
    (void) text;
}

static void
request(Core *core, const ObolKernelRequest *what)
{
    ObolKernelReply reply;
    g_autoptr(GError) error = NULL;

    if (!core_request(core, what, &reply, 1, &error))
        g_error("%s", error->message);
}

static ObolTs
everything(guint16 family)
{
    ObolTs ts = { .family = family, .port_last = 65535 };

    memset(ts.last, 0xff, family == AF_INET ? 4 : 16);
    return ts;
}

/* Selectors: everything, UDP port 1000 alone (so that fragments need to learn theirs), or one address at each end. */
typedef enum { ALL, ONE_PORT, ONE_ADDRESS } Reach;

static const struct {
    guint32 spi, reqid;
    guint8 protocol;
    ObolMode mode;
    guint16 family;
    gboolean inbound, udp, esn;
    Reach reach;
} sas[] = {
    { 0x101, 1, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, AF_INET6, TRUE, TRUE, TRUE, ALL },
    { 0x102, 1, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, AF_INET6, FALSE, TRUE, TRUE, ALL },
    { 0x103, 2, OBOL_PROTO_ESP, OBOL_MODE_TRANSPORT, AF_INET, TRUE, TRUE, FALSE, ONE_PORT },
    { 0x104, 2, OBOL_PROTO_ESP, OBOL_MODE_TRANSPORT, AF_INET, FALSE, FALSE, FALSE, ONE_PORT },
    { 0x105, 5, OBOL_PROTO_ESP, OBOL_MODE_BEET, AF_INET, TRUE, TRUE, FALSE, ONE_ADDRESS },
    { 0x106, 5, OBOL_PROTO_ESP, OBOL_MODE_BEET, AF_INET, FALSE, TRUE, FALSE, ONE_ADDRESS },
    { 0x107, 6, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, AF_INET, TRUE, FALSE, TRUE, ALL },
    { 0x108, 6, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, AF_INET, FALSE, FALSE, TRUE, ALL },
    { 0x109, 7, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, AF_INET6, TRUE, FALSE, FALSE, ALL },
    { 0x10a, 7, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, AF_INET6, FALSE, FALSE, FALSE, ALL },
    { 0x10b, 8, OBOL_PROTO_ESP, OBOL_MODE_TRANSPORT, AF_INET, TRUE, TRUE, FALSE, ALL },
    { 0x10c, 8, OBOL_PROTO_ESP, OBOL_MODE_TRANSPORT, AF_INET, FALSE, TRUE, FALSE, ALL },
    { 0x10d, 8, OBOL_PROTO_IPCOMP, OBOL_MODE_TUNNEL, AF_INET, TRUE, TRUE, FALSE, ALL },
    { 0x10e, 8, OBOL_PROTO_IPCOMP, OBOL_MODE_TUNNEL, AF_INET, FALSE, TRUE, FALSE, ALL },
};

static ObolTs
selector_for(guint16 family, Reach reach, guint8 host)
{
    ObolTs ts = everything(family);

    if (reach == ONE_PORT) {
        ts.protocol = PROTO_UDP;
        ts.port_first = ts.port_last = 1000;
    } else if (reach == ONE_ADDRESS) {
        memcpy(ts.first, (guint8[]) { 10, 0, 0, host }, 4);
        memcpy(ts.last, ts.first, sizeof ts.last);
    }
    return ts;
}

static void
add_sa(Core *core, guint which)
{
    g_autoptr(ObolSecret) key = obol_secret_new(20);
    g_autoptr(GArray) source = g_array_new(FALSE, FALSE, sizeof(ObolTs)), destination = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    guint16 family = sas[which].family;
    guint16 port = sas[which].udp ? 4500 : 0;
    ObolTs from = selector_for(family, sas[which].reach, 1), to = selector_for(family, sas[which].reach, 2);
    ObolKernelRequest add = {
        .op = OBOL_KERNEL_ADD_SA,
        .sa = {
            .id = { .source = { .family = family, .port = port, .bytes = { 192, 0, 2, 1 } },
                    .destination = { .family = family, .port = port, .bytes = { 192, 0, 2, 2 } },
                    .spi = sas[which].spi, .protocol = sas[which].protocol },
            .reqid = sas[which].reqid, .mode = sas[which].mode, .inbound = sas[which].inbound, .udp_encap = sas[which].udp,
            .encr_key = key, .integ_key = key, .replay_window = 64, .flags = OBOL_SA_ICMP,
            .suite = { .protocol = sas[which].protocol, .esn = sas[which].esn },
            .tfc_padding = sas[which].mode == OBOL_MODE_TUNNEL ? 200 : 0,
        },
    };

    if (sas[which].protocol == OBOL_PROTO_AH)
        add.sa.suite.integ = OBOL_INTEG_HMAC_SHA2_256_128;
    else
        add.sa.suite = (ObolSuite) { .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128, .esn = sas[which].esn };
    add.sa.source_ts = g_array_append_val(source, from);
    add.sa.destination_ts = g_array_append_val(destination, to);
    request(core, &add);
}

/* Of these the upper layer's protocol tells which SA is taken. */
static const struct {
    guint32 reqid;
    guint16 family;
    guint8 upper, protocol;
    ObolMode mode;
    gboolean trap, ipcomp;
    ObolPolicyAction action;
} policies[] = {
    { 1, AF_INET6, 0, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, FALSE, FALSE, OBOL_POLICY_PROTECT },
    { 2, AF_INET, PROTO_UDP, OBOL_PROTO_ESP, OBOL_MODE_TRANSPORT, FALSE, FALSE, OBOL_POLICY_PROTECT },
    { 3, AF_INET, PROTO_TCP, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, TRUE, FALSE, OBOL_POLICY_PROTECT },
    { 0, AF_INET, PROTO_ICMP, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, FALSE, FALSE, OBOL_POLICY_PASS },
    { 5, AF_INET, PROTO_SCTP, OBOL_PROTO_ESP, OBOL_MODE_BEET, FALSE, FALSE, OBOL_POLICY_PROTECT },
    { 6, AF_INET, PROTO_UDPLITE, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, FALSE, FALSE, OBOL_POLICY_PROTECT },
    { 7, AF_INET6, PROTO_UDPLITE, OBOL_PROTO_AH, OBOL_MODE_TRANSPORT, FALSE, FALSE, OBOL_POLICY_PROTECT },
    { 8, AF_INET, PROTO_DCCP, OBOL_PROTO_ESP, OBOL_MODE_TUNNEL, FALSE, TRUE, OBOL_POLICY_PROTECT },
};

static void
add_policy(Core *core, guint which)
{
    ObolKernelRequest add = {
        .op = OBOL_KERNEL_ADD_POLICY,
        .policy = { .direction = OBOL_DIR_OUT, .action = policies[which].action, .source = everything(policies[which].family),
                    .destination = everything(policies[which].family), .reqid = policies[which].reqid,
                    .mode = policies[which].mode, .protocol = policies[which].protocol, .trap = policies[which].trap,
                    .ipcomp = policies[which].ipcomp },
    };

    add.policy.source.protocol = add.policy.destination.protocol = policies[which].upper;
    request(core, &add);
}

static Core *
make_core(const ObolCrypto *crypto)
{
    const CoreSettings settings = {
        .path_mtu = 1500, .copy_dscp = TRUE, .copy_ecn = TRUE, .plain_esp = TRUE, .plain_ah = TRUE,
        .acquire_timeout_us = G_USEC_PER_SEC,
    };
    const CoreCalls calls = {
        .to_peer = to_peer, .to_peer_plain = to_peer_plain, .to_peer_whole = to_peer_whole, .to_host = to_host,
        .in_clear = in_clear, .event = event, .log = log_nothing,
    };
    Core *core = core_new(&settings, &calls, crypto);

    for (guint i = 0; i < G_N_ELEMENTS(sas); i++)
        add_sa(core, i);
    for (guint i = 0; i < G_N_ELEMENTS(policies); i++)
        add_policy(core, i);
    return core;
}

static void
from_host(Core *core, const guint8 *bytes, gsize n, gint64 now_us)
{
    g_autofree guint8 *room = g_malloc(CORE_HEADROOM + n + CORE_TAILROOM);
    CorePacket packet = { room + CORE_HEADROOM, n, CORE_TAILROOM };

    memcpy(packet.data, bytes, n);
    core_outbound(core, &packet, 1, now_us);
}

static void
from_network(Core *core, const guint8 *bytes, gsize n, gboolean in_udp, gint64 now_us)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n);
    ObolDatagram datagram = {
        .remote = { .family = AF_INET, .port = 4500, .bytes = { 192, 0, 2, 1 } }, .data = exact, .n = n, .esp = TRUE,
        .tos = n > 0 ? bytes[n - 1] : 0,
    };

    core_inbound(core, &datagram, 1, in_udp, now_us);
}

static void
whole_from_network(Core *core, const guint8 *bytes, gsize n, gint64 now_us)
{
    g_autofree guint8 *exact = g_memdup2(bytes, n);

    core_inbound_ah(core, &(CorePacket) { exact, n, 0 }, 1, now_us);
}

OBOL_FUZZ_TARGET(userspace)
{
    g_autoptr(ObolCrypto) crypto = obol_crypto_new();
    g_autoptr(Core) core = NULL;
    gint64 now_us = G_USEC_PER_SEC;
    gsize at = 0;

    obol_crypto_set_random(crypto, &toy_random, NULL);
    obol_crypto_add_aead(crypto, &toy_aead, "toy");
    obol_crypto_add_integ(crypto, &toy_integ, "toy");
    core = make_core(crypto);
    for (guint i = 0; i < RECORDS_MAX && n - at >= 3; i++) {
        guint kind = data[at] % N_KINDS;
        gsize length = MIN(get_u16(data + at + 1), n - at - 3);
        const guint8 *bytes = data + at + 3;

        switch (kind) {
        case FROM_HOST: from_host(core, bytes, length, now_us); break;
        case IN_UDP: case PLAIN: from_network(core, bytes, length, kind == IN_UDP, now_us); break;
        case WHOLE: whole_from_network(core, bytes, length, now_us); break;
        case LATER: core_tick(core, now_us += (gint64) length * 1000); break;
        }
        at += 3 + length;
    }
    return 0;
}
