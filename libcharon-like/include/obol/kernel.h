/* obol/kernel.h - the `kernel` role: SPIs, SAs and policies, wherever packets are encrypted.
 *
 * All requests are asynchronous, since the kernel may be a proxy on another machine: each is answered exactly once by its
 * completion, in the order of the requests, on the context that asked, and never from within the call itself. */
#ifndef OBOL_KERNEL_H
#define OBOL_KERNEL_H

#include <obol/address.h>
#include <obol/proposal.h>
#include <obol/secret.h>
#include <obol/socket.h>
#include <obol/ts.h>

G_BEGIN_DECLS

typedef enum { OBOL_MODE_TUNNEL, OBOL_MODE_TRANSPORT, OBOL_MODE_BEET } ObolMode;
/* What a policy does with its packets: protect them by an SA, let them pass in clear, or drop them. */
typedef enum { OBOL_POLICY_PROTECT, OBOL_POLICY_PASS, OBOL_POLICY_DROP } ObolPolicyAction;
typedef enum { OBOL_DIR_IN, OBOL_DIR_OUT, OBOL_DIR_FORWARD } ObolDirection;

/* One SAD entry's name: (destination, protocol, SPI) of RFC 4301 section 4.1, with the source for the lookup of policies. */
typedef struct {
    ObolAddress source, destination; /* outer; ports are those of UDP encapsulation, 0 without */
    guint32 spi;                     /* host order */
    guint8 protocol;                 /* OBOL_PROTO_ESP or OBOL_PROTO_AH */
} ObolSaId;

/* 0 means no limit.  Soft asks for a rekey, hard ends the SA (RFC 4301 section 4.4.2.1). */
typedef struct {
    guint64 soft_bytes, hard_bytes;
    guint64 soft_packets, hard_packets;
    gint64 soft_us, hard_us; /* after installation, CLOCK_BOOTTIME */
} ObolLifetimes;

/* All that a kernel needs to protect packets one way. */
typedef struct {
    ObolSaId id;
    guint32 reqid;       /* joins SAs to policies; never 0 */
    ObolMode mode;
    gboolean inbound;
    gboolean initiator;  /* we started the exchange that made it */
    gboolean udp_encap;  /* RFC 3948, ports in @id */
    ObolSuite suite;
    const ObolSecret *encr_key;  /* with salt */
    const ObolSecret *integ_key; /* NULL with an AEAD */
    guint32 replay_window;       /* packets; 0: no replay protection */
    ObolLifetimes lifetimes;
    const GArray *source_ts, *destination_ts; /* of ObolTs: what may travel in it (checked inbound, RFC 4301 section 5.2) */
    guint32 tfc_padding;                      /* bytes to pad to, 0: none */
} ObolSaSpec;

/* One SPD entry for each pair of selectors. */
typedef struct {
    ObolDirection direction;
    ObolPolicyAction action;
    ObolTs source, destination;
    guint32 reqid;    /* of the SAs that may serve it */
    ObolMode mode;
    guint8 protocol;  /* ESP or AH */
    ObolAddress tunnel_source, tunnel_destination; /* outer; family 0 while unknown (trap for any peer) */
    guint32 priority; /* lower is looked at first; 0: computed from the selectors' width */
    gboolean trap;    /* installed before there is an SA: a packet that matches raises an acquire */
} ObolPolicySpec;

typedef struct {
    guint64 bytes, packets;
    gint64 last_used_us; /* CLOCK_BOOTTIME; 0: never */
} ObolSaUsage;

typedef enum {
    OBOL_KERNEL_GET_SPI,       /* @sa.id without SPI -> reply.spi; reserved until ADD_SA, DELETE_SA or 165 s */
    OBOL_KERNEL_ADD_SA,        /* @sa */
    OBOL_KERNEL_UPDATE_SA,     /* @sa.id names it by SPI, protocol and old destination; @to has the new addresses and ports */
    OBOL_KERNEL_DELETE_SA,     /* @sa.id; a reserved SPI is released by it as well */
    OBOL_KERNEL_QUERY_SA,      /* @sa.id -> reply.usage */
    OBOL_KERNEL_ADD_POLICY,    /* @policy; the same selectors again: counted, the newest's reqid and addresses serve */
    OBOL_KERNEL_DELETE_POLICY, /* @policy, as it was added */
    OBOL_KERNEL_FLUSH,         /* all SAs and policies that are ours */
} ObolKernelOp;

typedef struct {
    ObolKernelOp op;
    ObolSaSpec sa;
    ObolPolicySpec policy;
    ObolSaId to;
} ObolKernelRequest;

typedef struct {
    const GError *error; /* NULL: done */
    guint32 spi;
    ObolSaUsage usage;
} ObolKernelReply;

typedef void (*ObolKernelDone)(const ObolKernelReply *reply, gpointer data);

typedef enum {
    OBOL_KERNEL_ACQUIRE, /* a packet matched a trap policy that has no SA */
    OBOL_KERNEL_EXPIRE,  /* a lifetime of an SA was reached */
    OBOL_KERNEL_MAPPING, /* authentic packets of an SA now come from elsewhere (NAT) */
} ObolKernelEventKind;

typedef struct {
    ObolKernelEventKind kind;
    ObolSaId sa;               /* EXPIRE, MAPPING */
    gboolean hard;             /* EXPIRE */
    ObolAddress mapped;        /* MAPPING: the new source */
    guint32 reqid;             /* ACQUIRE: of the policy */
    ObolTs source, destination; /* ACQUIRE: the packet's own selectors, or the policy's where the kernel tells no more */
} ObolKernelEvent;

/* What this kernel can do; proposals and settings are judged by it before anything is negotiated. */
typedef struct {
    const ObolTransform *transforms; /* ENCR and INTEG with key_bits, ended by type 0 */
    gboolean esn;
    guint32 replay_window_max;
    gboolean tunnel, transport, beet;
    gboolean esp, ah, ipcomp;
    gboolean plain_esp;     /* ESP as an IP protocol of its own; else only in UDP */
    gboolean udp_encap;
    gboolean update_addresses;
    gboolean port_ranges;
    gboolean byte_lifetimes, packet_lifetimes;
    gboolean tfc_padding;
    gboolean acquire_selectors; /* acquire tells the packet's own selectors */
    gboolean marks, if_ids;
} ObolKernelAbilities;

typedef struct {
    void (*event)(gpointer data, const ObolKernelEvent *event); /* on the main context; @event valid for the call */
    gpointer data;
} ObolKernelClient;

typedef struct ObolBus ObolBus;

/* Role `kernel`. */
typedef struct {
    gsize size;
    gpointer (*open)(ObolBus *bus, const ObolKernelClient *client, GError **error);
    void (*close)(gpointer self); /* removes what is left of ours */
    const ObolKernelAbilities *(*abilities)(gpointer self);
    /* @request is read before the call returns: nothing in it need live longer.  Keys are copied into wiped memory. */
    void (*request)(gpointer self, const ObolKernelRequest *request, ObolKernelDone done, gpointer data);
    /* Optional: ESP that came in UDP on the IKE socket, without the non-ESP marker.  @batch is borrowed and may be
     * overwritten by the callee (decryption in place). */
    void (*udp_esp)(gpointer self, ObolDatagram *batch, gsize n);
    /* Optional: visits every SA or policy, for lists and tests. */
    void (*each_policy)(gpointer self, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);
} ObolKernelVtable;

G_END_DECLS
#endif
