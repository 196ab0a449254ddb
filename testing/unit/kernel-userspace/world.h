/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/world.h - two gateways' cores, joined by arrays of packets and one virtual clock. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include "packets.h"
#include "plugins/kernel-userspace/core.h"
#include "plugins/kernel-userspace/reassembly.h"

#define KEPT_MAX 128

/* Bytes that a side gave away. */
typedef struct {
    ObolDatagram datagram;
    gboolean plain, whole; /* @whole: an IP packet, and @datagram has but its bytes */
    guint8 data[8192];
} Sent;

typedef struct {
    Core *core;
    ObolAddress outer;
    const char *inner4, *inner6;
    Sent sent[KEPT_MAX];
    guint n_sent;
    TestPacket got[KEPT_MAX]; /* decrypted */
    guint n_got;
    CorePacket later[KEPT_MAX]; /* decrypted, and not looked at yet */
    guint n_later;
    gsize n_lost;
    guint n_clear, n_events;
    ObolKernelEvent events[KEPT_MAX];
    gboolean device_full;
    Reassembly *reassembly; /* of the system */
} Side;

typedef struct {
    ObolCrypto *crypto;
    gint64 now_us;
    Side left, right;
} World;

/* What differs from one test to the next. */
typedef struct {
    ObolMode mode;
    guint8 protocol; /* ESP unless it says otherwise */
    gboolean ipcomp; /* its SA then has @mode, and that of @protocol transport mode */
    gboolean udp, v6_outside, v6_inside, esn;
    gboolean port_selectors; /* UDP port 2000 on the right alone */
    guint32 tfc_padding, reqid, spi, replay_window;
    ObolLifetimes lifetimes;
    guint flags;
    ObolSuite suite; /* AES-GCM with 128 bits where it names nothing */
} Tunnel;

World *world_new(const Tunnel *tunnel);
void world_free(World *world);

/* Policies both ways, and one SA each way. */
void world_policies(World *world, const Tunnel *tunnel, gboolean trap);
void world_sas(World *world, const Tunnel *tunnel);
/* One of them: @at has that of what @from sends. */
void world_add_sa(World *world, Side *at, Side *from, const Tunnel *tunnel);

gboolean side_request(World *world, Side *side, const ObolKernelRequest *request, ObolKernelReply *reply);
/* The request is refused for this reason. */
void side_refuses(World *world, Side *side, const ObolKernelRequest *request, ObolKernelError code);
/* The request that world_sas() makes for what @from sends, as @at needs it. @key and @lists live as long as the request. */
typedef struct {
    ObolKernelRequest request;
    ObolSecret *encr_key, *integ_key;
    GArray *source, *destination;
} SaRequest;
void sa_request_init(SaRequest *out, World *world, Side *at, Side *from, const Tunnel *tunnel);
void sa_request_clear(SaRequest *request);
/* The policy that world_policies() makes at @at for what @from sends. */
ObolPolicySpec world_policy(World *world, Side *at, Side *from, const Tunnel *tunnel);
/* The same of the IPComp SA. */
ObolSaId world_comp_id(const World *world, const Tunnel *tunnel, const Side *from);
ObolSaId world_sa_id(const World *world, const Tunnel *tunnel, const Side *from);

/* The host of @from sends UDP to that of the other side, through the policies of @from. */
void world_send(World *world, Side *from, const Tunnel *tunnel, gsize n_payload);
/* As world_send(), but what it makes is left in @out. */
void world_make(const World *world, const Side *from, const Tunnel *tunnel, gsize n_payload, TestPacket *out);
void side_outbound(World *world, Side *side, TestPacket *packet);
/* What @from has sent arrives at the other side; @from's pile is empty afterwards. */
void world_deliver(World *world, Side *from);
void world_advance(World *world, gint64 us);

guint64 side_dropped(const Side *side, Drop reason);
guint64 side_dropped_all(const Side *side);

#endif
