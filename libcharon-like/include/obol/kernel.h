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
    guint32 spi;                     /* host order; of IPComp the CPI (RFC 3173 section 3.3) */
    guint8 protocol;                 /* OBOL_PROTO_ESP, OBOL_PROTO_AH or OBOL_PROTO_IPCOMP */
} ObolSaId;

/* A firewall mark: packets whose mark, under @mask, is @value. */
typedef struct {
    guint32 value, mask; /* mask 0: none */
} ObolMark;

typedef enum {
    OBOL_OFFLOAD_NO,
    OBOL_OFFLOAD_CRYPTO, /* the device encrypts; refused where it can not */
    OBOL_OFFLOAD_PACKET, /* the device does all of ESP; likewise */
    OBOL_OFFLOAD_AUTO,   /* what the device can, else nothing */
} ObolOffload;

/* How outer and inner IP header of a tunnel hang together (RFC 4301 section 5.1.2); a set of bits.  0 is the usual: DF and
 * ECN copied, DSCP copied outwards. */
typedef enum {
    OBOL_SA_NO_COPY_DF = 1 << 0,
    OBOL_SA_NO_COPY_ECN = 1 << 1,
    OBOL_SA_NO_DSCP_OUT = 1 << 2, /* the outer header gets DSCP 0 */
    OBOL_SA_DSCP_IN = 1 << 3,     /* the inner header gets the outer one's DSCP */
    OBOL_SA_ICMP = 1 << 4,        /* ICMP errors about packets of the SA may use it, though outside of its selectors */
} ObolSaFlags;

/* 0 means no limit.  Soft asks for a rekey, hard ends the SA (RFC 4301 section 4.4.2.1). */
typedef struct {
    guint64 soft_bytes, hard_bytes;
    guint64 soft_packets, hard_packets;
    gint64 soft_us, hard_us; /* after installation, CLOCK_BOOTTIME */
} ObolLifetimes;

/* All that a kernel needs to protect packets one way.
 *
 * IPComp (RFC 3173) has an SA of its own beside that of ESP or AH, of the same @reqid: @id.protocol OBOL_PROTO_IPCOMP, no keys,
 * always DEFLATE.  In tunnel mode the tunnel is then the IPComp SA's, and ESP inside has mode transport. */
typedef struct {
    ObolSaId id;
    guint32 reqid;       /* joins SAs to policies; never 0 */
    ObolMode mode;
    gboolean inbound;
    gboolean initiator;  /* we started the exchange that made it */
    gboolean udp_encap;  /* RFC 3948, ports in @id */
    /* Inbound, transport mode through a NAT: the addresses that the sender knows, with which the checksums of TCP and UDP were made
     * (RFC 3948 section 3.1.2).  Family 0: nobody knows; then a plugin makes the checksums anew, or does not look at them. */
    ObolAddress original_source, original_destination;
    ObolSuite suite;
    const ObolSecret *encr_key;  /* with salt */
    const ObolSecret *integ_key; /* NULL with an AEAD */
    guint32 replay_window;       /* packets; 0: no replay protection */
    ObolLifetimes lifetimes;
    const GArray *source_ts, *destination_ts; /* of ObolTs: what may travel in it (checked inbound, RFC 4301 section 5.2) */
    guint32 tfc_padding;                      /* bytes to pad to, 0: none */
    ObolMark mark;     /* packets must carry it to use this SA; part of its name where it is set */
    ObolMark set_mark; /* packets get it when they have been through */
    guint32 if_id;     /* of an XFRM interface; 0: none */
    guint flags;       /* of ObolSaFlags */
    ObolOffload offload;
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
    gboolean ipcomp;  /* compressed before it is protected; inbound, packets too small to compress come without */
    ObolMark mark;
    guint32 if_id;
} ObolPolicySpec;

typedef struct {
    guint64 bytes, packets;
    gint64 last_used_us; /* CLOCK_BOOTTIME; 0: never, or the kernel does not tell */
} ObolSaUsage;

/* An SA as the kernel holds it, for lists. */
typedef struct {
    ObolSaId id;
    guint32 reqid;
    ObolMode mode;
    gboolean ours;      /* this plugin installed it, or a predecessor of ours did; else it is somebody else's */
    gboolean reserved;  /* only an SPI so far */
    ObolSaUsage usage;
    guint32 if_id;
    ObolMark mark;
} ObolKernelSa;

/* A policy as the kernel holds it. */
typedef struct {
    ObolPolicySpec spec;
    gboolean ours;
} ObolKernelPolicy;

typedef enum {
    OBOL_KERNEL_GET_SPI,       /* @sa.id without SPI -> reply.spi; reserved until ADD_SA, DELETE_SA or 165 s */
    OBOL_KERNEL_ADD_SA,        /* @sa */
    OBOL_KERNEL_UPDATE_SA,     /* @sa as it was added (keys aside: NULL); @to has the new addresses and ports, @to_udp_encap whether
                                * there is UDP now.  Sequence numbers, replay window and counters go on (RFC 4555 section 3.5) */
    OBOL_KERNEL_DELETE_SA,     /* @sa.id; a reserved SPI is released by it as well */
    OBOL_KERNEL_QUERY_SA,      /* @sa.id -> reply.usage */
    OBOL_KERNEL_ADD_POLICY,    /* @policy; the same selectors again: counted, the newest's reqid and addresses serve */
    OBOL_KERNEL_DELETE_POLICY, /* @policy, as it was added or last updated */
    OBOL_KERNEL_FLUSH,         /* all SAs and policies that are ours */
    OBOL_KERNEL_UPDATE_POLICY, /* @policy, as it was added or last updated, gets the tunnel addresses of @policy_to, alike in all else.
                                * Asked for after the UPDATE_SA of its SAs */
    OBOL_KERNEL_LIST,          /* -> reply.sas, reply.policies: all that the kernel holds, others' too; no SAs that only wait for theirs */
} ObolKernelOp;

typedef struct {
    ObolKernelOp op;
    ObolSaSpec sa;
    ObolPolicySpec policy, policy_to;
    ObolSaId to;
    gboolean to_udp_encap;
} ObolKernelRequest;

/**
 * ObolKernelError:
 * What a kernel's no means to those who must decide what to do next; the message has the kernel's own words and what was asked.
 * @OBOL_KERNEL_ERROR_EXISTS: there is an SA of that name, or (where the abilities say so) a policy of these selectors
 * @OBOL_KERNEL_ERROR_NOT_FOUND: no such SA, policy, or reservation (any more)
 * @OBOL_KERNEL_ERROR_UNSUPPORTED: this kernel can not, now or later: algorithm, mode, encapsulation ...
 * @OBOL_KERNEL_ERROR_LIMIT: no memory, no SPI left, a table is full: may work later
 * @OBOL_KERNEL_ERROR_INVALID: the request makes no sense: a fault of ours
 * @OBOL_KERNEL_ERROR_PERMISSION: this process may not
 * @OBOL_KERNEL_ERROR_GONE: no answer, or the way to the kernel is broken; what was asked may have been done
 */
#define OBOL_KERNEL_ERROR (obol_kernel_error_quark())
OBOL_API GQuark obol_kernel_error_quark(void);
typedef enum {
    OBOL_KERNEL_ERROR_EXISTS,
    OBOL_KERNEL_ERROR_NOT_FOUND,
    OBOL_KERNEL_ERROR_UNSUPPORTED,
    OBOL_KERNEL_ERROR_LIMIT,
    OBOL_KERNEL_ERROR_INVALID,
    OBOL_KERNEL_ERROR_PERMISSION,
    OBOL_KERNEL_ERROR_GONE,
} ObolKernelError;

typedef struct {
    const GError *error; /* of OBOL_KERNEL_ERROR; NULL: done */
    guint32 spi;
    ObolSaUsage usage;
    const GArray *sas;      /* of ObolKernelSa */
    const GArray *policies; /* of ObolKernelPolicy */
} ObolKernelReply;

typedef void (*ObolKernelDone)(const ObolKernelReply *reply, gpointer data);

typedef enum {
    OBOL_KERNEL_ACQUIRE, /* a packet matched a trap policy that has no SA */
    OBOL_KERNEL_EXPIRE,  /* a lifetime of an SA was reached; or (hard) the SA has gone without our doing: deleted by another program,
                          * or found missing when what the kernel holds was compared with what we believe */
    OBOL_KERNEL_MAPPING, /* authentic packets of an SA now come from elsewhere (NAT) */
} ObolKernelEventKind;

typedef struct {
    ObolKernelEventKind kind;
    ObolSaId sa;               /* EXPIRE, MAPPING */
    gboolean hard;             /* EXPIRE */
    ObolAddress mapped;        /* MAPPING: the new source */
    guint32 reqid;             /* ACQUIRE: of the policy */
    ObolTs source, destination; /* ACQUIRE: the packet's own selectors, or the policy's where the kernel tells no more */
    guint32 if_id;              /* ACQUIRE: of the policy */
} ObolKernelEvent;

/* What this kernel can do; proposals and settings are judged by it before anything is negotiated.  FALSE and 0 mean: can not. */
typedef struct {
    gsize size;                      /* of this, as the plugin knew it: what it never heard of is FALSE */
    const char *summary;             /* "XFRM of Linux 6.1.0", for people */
    const ObolTransform *transforms; /* ENCR and INTEG with key_bits, ended by type 0: what the kernel has and does right */
    gboolean esn;
    guint32 replay_window_max;
    gboolean tunnel, transport, beet;
    gboolean esp, ah, ipcomp;
    gboolean ah_padding;    /* AH over IPv4 is padded to 4 bytes (RFC 4302 section 3.3.3.2.1); without, ICVs of 12 bytes alone do right */
    gboolean plain_esp;     /* ESP as an IP protocol of its own; else only in UDP */
    gboolean udp_encap;
    gboolean update_addresses;
    gboolean port_ranges; /* of selectors: more than one port or all; an ICMP type or code that is 0, or some of many */
    gboolean byte_lifetimes, packet_lifetimes;
    gboolean tfc_padding;
    gboolean acquire_selectors; /* acquire tells the packet's own selectors */
    gboolean marks, if_ids;
    gboolean set_marks;
    gboolean offload;
    gboolean mixed_families; /* one tunnel SA carries IPv4 and IPv6 inside */
    gboolean other_family;   /* the family inside of a tunnel may be another than outside */
    gboolean shared_selectors; /* policies of equal selectors to different peers can stand side by side */
    gboolean change_encap;   /* UPDATE_SA can add and take away UDP */
    gboolean last_used;      /* QUERY_SA tells when */
    gboolean exact_priority; /* ObolPolicySpec.priority orders policies */
    guint flags;             /* of ObolSaFlags */
    guint32 reqid_max;       /* the largest that we may choose; 0: any */
    gboolean routes_itself;  /* brings packets to its policies by routes of its own: none of the daemon's are wanted */
    gboolean takes_clear;    /* can not hold packets that arrive in clear against inbound policies: a packet filter must */
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
    /* Optional.  Makes @fd, a UDP socket of the daemon's of @family, one whose own packets pass all policies; with @nat_t the kernel
     * also takes ESP in UDP (RFC 3948) out of it.  Called once for each socket after opening. */
    gboolean (*adopt_socket)(gpointer self, int fd, int family, gboolean nat_t, GError **error);
    /* Optional.  Looks at what this machine's kernel could do through this plugin, and leaves nothing behind: for lists and for
     * deciding which plugin is to serve.  @out is filled with what the plugin lives to keep; %FALSE: it could not be opened. */
    gboolean (*probe)(ObolBus *bus, ObolKernelAbilities *out, GError **error);
} ObolKernelVtable;

G_END_DECLS
#endif
