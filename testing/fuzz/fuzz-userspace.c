/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-userspace.c - packets of the host and from the network through the userspace kernel's core.
 *
 * The input is a list of records: a kind, a length of two octets, bytes.  The cipher is a toy for which everything is
 * authentic, so that what lies behind the ICV is reached: that is what a peer with keys can send. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "plugins/kernel-userspace/bytes.h"
#include "plugins/kernel-userspace/core.h"
#include "plugins/kernel-userspace/packet.h"

#define RECORDS_MAX 64
#define TOY_IV 8
#define TOY_ICV 16

enum { FROM_HOST, IN_UDP, PLAIN, LATER, N_KINDS };

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

/* SPIs 0x101 to 0x104: tunnel and transport, in UDP and plain, both ways; selectors for UDP of one family each. */
static void
add_sa(Core *core, guint which, guint16 family)
{
    g_autoptr(ObolSecret) key = obol_secret_new(20);
    g_autoptr(GArray) ts = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    ObolTs any = everything(family);
    ObolKernelRequest add = {
        .op = OBOL_KERNEL_ADD_SA,
        .sa = {
            .id = { .source = { .family = family, .bytes = { 192, 0, 2, 1 } },
                    .destination = { .family = family, .bytes = { 192, 0, 2, 2 } },
                    .spi = 0x101 + which, .protocol = OBOL_PROTO_ESP },
            .reqid = which / 2 + 1, .mode = which < 2 ? OBOL_MODE_TUNNEL : OBOL_MODE_TRANSPORT, .inbound = which % 2 == 0,
            .udp_encap = TRUE, .encr_key = key, .replay_window = 64, .source_ts = ts, .destination_ts = ts,
            .suite = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128, .esn = which < 2 },
            .tfc_padding = which < 2 ? 200 : 0,
        },
    };

    if (which >= 2) { /* one port alone, so that fragments need to learn theirs */
        any.protocol = PROTO_UDP;
        any.port_first = any.port_last = 1000;
    }
    g_array_append_val(ts, any);
    request(core, &add);
}

static void
add_policy(Core *core, guint32 reqid, guint16 family, guint8 protocol, gboolean trap, ObolPolicyAction action)
{
    ObolKernelRequest add = {
        .op = OBOL_KERNEL_ADD_POLICY,
        .policy = { .direction = OBOL_DIR_OUT, .action = action, .source = everything(family),
                    .destination = everything(family), .reqid = reqid, .protocol = OBOL_PROTO_ESP, .trap = trap },
    };

    add.policy.source.protocol = add.policy.destination.protocol = protocol;
    request(core, &add);
}

static Core *
make_core(const ObolCrypto *crypto)
{
    const CoreSettings settings = {
        .path_mtu = 1500, .copy_dscp = TRUE, .copy_ecn = TRUE, .plain_esp = TRUE, .acquire_timeout_us = G_USEC_PER_SEC,
    };
    const CoreCalls calls = {
        .to_peer = to_peer, .to_peer_plain = to_peer_plain, .to_peer_whole = to_peer_whole, .to_host = to_host,
        .in_clear = in_clear, .event = event, .log = log_nothing,
    };
    Core *core = core_new(&settings, &calls, crypto);

    for (guint i = 0; i < 4; i++)
        add_sa(core, i, i < 2 ? AF_INET6 : AF_INET);
    add_policy(core, 1, AF_INET6, 0, FALSE, OBOL_POLICY_PROTECT);
    add_policy(core, 2, AF_INET, PROTO_UDP, FALSE, OBOL_POLICY_PROTECT);
    add_policy(core, 3, AF_INET, PROTO_TCP, TRUE, OBOL_POLICY_PROTECT);
    add_policy(core, 0, AF_INET, PROTO_ICMP, FALSE, OBOL_POLICY_PASS);
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

OBOL_FUZZ_TARGET(userspace)
{
    g_autoptr(ObolCrypto) crypto = obol_crypto_new();
    g_autoptr(Core) core = NULL;
    gint64 now_us = G_USEC_PER_SEC;
    gsize at = 0;

    obol_crypto_set_random(crypto, &toy_random, NULL);
    obol_crypto_add_aead(crypto, &toy_aead, "toy");
    core = make_core(crypto);
    for (guint i = 0; i < RECORDS_MAX && n - at >= 3; i++) {
        guint kind = data[at] % N_KINDS;
        gsize length = MIN(get_u16(data + at + 1), n - at - 3);
        const guint8 *bytes = data + at + 3;

        switch (kind) {
        case FROM_HOST: from_host(core, bytes, length, now_us); break;
        case IN_UDP: case PLAIN: from_network(core, bytes, length, kind == IN_UDP, now_us); break;
        case LATER: core_tick(core, now_us += (gint64) length * 1000); break;
        }
        at += 3 + length;
    }
    return 0;
}
