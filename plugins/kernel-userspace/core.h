/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core.h - the whole of IPsec but its I/O: packets, requests and the time go in, packets and events come out.
 *
 * Knows no socket, no device, no clock: the tests join two of them by an array of packets. */
#ifndef USERSPACE_CORE_H
#define USERSPACE_CORE_H

#include <obol/crypto.h>
#include <obol/kernel.h>

#include "drops.h"
#include "packet.h"

#define CORE_BATCH 64

/* Room that a packet for core_outbound() needs around it. */
#define CORE_HEADROOM 96 /* an IPv6 header, AH with the longest ICV, and IPComp */
#define CORE_TAILROOM 320

/* What of #ObolSaFlags the core knows. */
#define CORE_SA_FLAGS (OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_NO_DSCP_OUT | OBOL_SA_DSCP_IN | OBOL_SA_ICMP)

/**
 * CoreSettings:
 * @path_mtu: bytes of the longest outer packet that is to stay whole
 * @pass_unmatched: what to do with the host's packets that no policy covers: send them in clear, or drop them (RFC 4301
 *   section 5.1)
 * @plain_esp, @plain_ah: there are raw sockets for it
 */
typedef struct {
    gsize path_mtu;
    gboolean copy_dscp, copy_ecn, pass_unmatched, plain_esp, plain_ah;
    gint64 acquire_timeout_us;
} CoreSettings;

/**
 * CoreCalls:
 * Where things go.  Bytes are borrowed for the call.  None of these may call back into the core.
 * @to_host_later: optional: as @to_host, but the bytes stay until @to_host_flush, so that packets of one flow may be joined; they
 *   may be overwritten.  Order is kept between the two.
 * @to_host_flush: with it: gives how many were lost
 */
typedef struct {
    void (*to_peer)(gpointer data, const ObolDatagram *batch, gsize n);        /* ESP in UDP */
    gsize (*to_peer_plain)(gpointer data, const ObolDatagram *batch, gsize n); /* ESP itself; gives how many were lost */
    /* A whole IP packet with AH or ESP in it; FALSE: lost. */
    gboolean (*to_peer_whole)(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination);
    gboolean (*to_host)(gpointer data, const guint8 *packet, gsize n);        /* a decrypted packet; FALSE: not taken */
    gboolean (*to_host_later)(gpointer data, guint8 *bytes, const Packet *packet);
    gsize (*to_host_flush)(gpointer data);
    gboolean (*in_clear)(gpointer data, const guint8 *packet, gsize n, int family, const guint8 *destination);
    void (*event)(gpointer data, const ObolKernelEvent *event);
    DropLog log;
    gpointer data;
} CoreCalls;

/* A packet of the host, with CORE_HEADROOM before it and @n_behind, at least CORE_TAILROOM, behind; overwritten.  TFC padding goes
 * as far as there is room. */
typedef struct {
    guint8 *data;
    gsize n, n_behind;
} CorePacket;

typedef struct Core Core;

Core *core_new(const CoreSettings *settings, const CoreCalls *calls, const ObolCrypto *crypto);
void core_free(Core *core);

/* Packets that the host routed into the tunnel; at most CORE_BATCH. */
void core_outbound(Core *core, const CorePacket *packets, gsize n, gint64 now_us);

/* ESP from the network, in UDP or plain; overwritten. */
void core_inbound(Core *core, ObolDatagram *batch, gsize n, gboolean in_udp, gint64 now_us);

/* Whole IP packets with AH in them; at most CORE_BATCH; not kept. */
void core_inbound_ah(Core *core, const CorePacket *packets, gsize n, gint64 now_us);

/* Carries out one request.  @reply->error is not touched: the error, one of OBOL_KERNEL_ERROR, is returned.  @reply's lists,
 * where they were asked for, belong to the caller. */
gboolean core_request(Core *core, const ObolKernelRequest *request, ObolKernelReply *reply, gint64 now_us, GError **error);
void core_each_policy(const Core *core, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);

/* Deadlines: when core_tick() is wanted next, or -1. */
gint64 core_next_us(const Core *core);
void core_tick(Core *core, gint64 now_us);

const Drops *core_drops(const Core *core);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Core, core_free)

#endif
