/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/message.h - PF_KEY messages as values (RFC 2367 and the policy and NAT traversal extensions).
 *
 * A PfkeyMessage is a plain value: copied by assignment, owns nothing, needs no clearing.  Decoding borrows from the bytes (keys
 * are spans into them): a decoded message is valid as long as its bytes are, and whoever wipes those has wiped the keys.  Encoding
 * borrows from whatever the caller put in, and writes into a buffer that is wiped.
 *
 * decode(encode(x)) = x, and encode(decode(b)) = b for every b that decodes: what the typed form can not say (reserved fields that
 * are not zero, bytes of padding, unknown extensions) is remembered as bytes.
 *
 * To read:
 *     PfkeyMessage message;
 *     PfkeyFault fault;
 *     if (!pfkey_message_decode(system, bytes, n, &message, &fault)) ... pfkey_fault_text(&fault)
 *     if (pfkey_message_has(&message, PFKEY_EXT_SA)) ... message.sa.spi
 *
 * To write:
 *     PfkeyMessage message;
 *     g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
 *     pfkey_message_init(&message, PFKEY_GET, PFKEY_SATYPE_ESP, seq, pid);
 *     *pfkey_message_add_sa(&message) = (PfkeySa) { .spi = spi };
 *     *pfkey_message_add_address(&message, PFKEY_EXT_ADDRESS_SRC) = ...;
 *     pfkey_message_encode(system, &message, &out, &fault);
 *
 * An extension's member of the message counts only when pfkey_message_has() says so; else it is zero. */
#ifndef PFKEY_CODING_MESSAGE_H
#define PFKEY_CODING_MESSAGE_H

#include <obol/address.h>

#include "pfkey-kernel/wire/buffer.h"
#include "pfkey-kernel/wire/cursor.h"
#include "pfkey-kernel/wire/system.h"

/* Limits, all in one place. */
#define PFKEY_EXTENSIONS_MAX 40 /* of one message, unknown ones among them */
#define PFKEY_REQUESTS_MAX 16   /* of one policy; Linux takes 6, and 12 in a MIGRATE */
#define PFKEY_KEY_BITS_MAX 65528
#define PFKEY_SEC_CTX_MAX 4096

/* RFC 2367 section 2.1. */
typedef struct {
    PfkeyType type;
    guint8 error;     /* an errno of the kernel's system; 0: none */
    guint8 satype;
    guint16 reserved; /* Linux sends a reference count in replies about policies: not zero */
    guint32 seq, pid;
} PfkeyHeader;

/* Section 2.3.1. */
typedef struct {
    guint32 spi; /* host order; of IPComp the CPI */
    guint8 replay, state, auth, encr;
    guint32 flags;
} PfkeySa;

/* Section 2.3.2.  0: no limit.  In CURRENT the times are seconds since 1970 of creation and first use. */
typedef struct {
    guint32 allocations; /* Linux: packets */
    guint64 bytes, add_s, use_s;
} PfkeyLifetime;

/* Section 2.3.3.  In an SA's addresses the port is 0 (NAT_T_SPORT and DPORT have it); in a selector's, 0 means any. */
typedef struct {
    ObolAddress address;   /* with @address.port; @scope as the kernel has it */
    guint8 protocol;       /* PFKEY_PROTO_ANY: any, in a selector */
    guint8 prefix;         /* not judged when decoded: Linux reports more than 32 for IPv4 in PROXY */
} PfkeyAddress;

/* Section 2.3.4. */
typedef struct {
    guint16 bits;
    ObolSpan bytes; /* (bits + 7) / 8 of them; borrowed */
} PfkeyKey;

/* Section 2.3.5. */
typedef struct {
    guint16 type;
    guint64 id;
    ObolSpan text; /* without the NUL that ends it; empty: none */
} PfkeyIdentity;

/* Section 2.3.6. */
typedef struct {
    guint32 dpd;
    guint8 sens_level, integ_level;
    ObolSpan sens_bitmap, integ_bitmap; /* whole words of 64 bits */
} PfkeySensitivity;

/* One combination of a proposal, section 2.3.7. */
typedef struct {
    guint8 auth, encr;
    guint16 flags;
    guint16 auth_min_bits, auth_max_bits, encr_min_bits, encr_max_bits;
    PfkeyLifetime soft, hard;
} PfkeyComb;

/* Section 2.3.7.  @combs is @n entries as on the wire: pfkey_proposal_comb() reads one, pfkey_put_comb() writes one. */
typedef struct {
    guint8 replay;
    guint n;
    ObolSpan combs;
} PfkeyProposal;

/* One algorithm that the kernel has, section 2.3.8. */
typedef struct {
    guint8 id, iv_n; /* octets as the kernel claims them: not to be trusted */
    guint16 min_bits, max_bits;
} PfkeyAlgorithm;

/* Section 2.3.8.  Entries as on the wire: pfkey_supported_algorithm() reads one, pfkey_put_algorithm() writes one. */
typedef struct {
    guint n;
    ObolSpan algorithms;
} PfkeySupported;

/* Section 2.3.9; host order. */
typedef struct {
    guint32 min, max;
} PfkeySpiRange;

/* One transformation of a policy (sadb_x_ipsecrequest).  In tunnel mode both addresses are there; family 0 in both: none. */
typedef struct {
    guint16 protocol; /* IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP */
    guint8 mode, level;
    guint32 reqid;
    ObolAddress source, destination;
} PfkeyRequest;

/* X_POLICY.  The requests are in the order of application to an outbound packet; of a MIGRATE, pairs of old and new. */
typedef struct {
    guint16 type;
    guint8 direction;
    guint32 id;
    guint32 priority; /* Linux: lower is looked at first */
    guint n;
    PfkeyRequest requests[PFKEY_REQUESTS_MAX];
} PfkeyPolicy;

typedef struct {
    guint8 mode;
    guint32 sequence, reqid;
} PfkeySa2;

typedef struct {
    guint8 type; /* PFKEY_ENCAP_ESP_IN_UDP */
} PfkeyNatType;

typedef struct {
    guint16 port; /* host order */
} PfkeyNatPort;

typedef struct {
    guint8 algorithm, doi;
    ObolSpan context;
} PfkeySecCtx;

typedef struct {
    ObolAddress local, remote;
} PfkeyKmAddress;

/* Which SAs a DUMP is to tell. */
typedef struct {
    ObolAddress source, destination; /* both of one family */
    guint8 source_prefix, destination_prefix;
} PfkeyFilter;

/* One extension as it stands in the message. */
typedef struct {
    PfkeyExtension kind;
    guint16 number;    /* the wire's; matters for PFKEY_EXT_UNKNOWN alone */
    gboolean verbatim; /* the typed form can not say all: encoded by copying @raw */
    ObolSpan raw;      /* decoded ones and unknown ones: the whole extension with its header */
} PfkeyEntry;

typedef struct {
    PfkeyHeader header;
    guint n_entries;
    PfkeyEntry entries[PFKEY_EXTENSIONS_MAX]; /* in the order of the wire */
    guint32 present;                          /* a bit for each PfkeyExtension */

    PfkeySa sa;
    PfkeyLifetime current, hard, soft;
    PfkeyAddress source, destination, proxy, nat_original;
    PfkeyKey auth_key, encr_key;
    PfkeyIdentity source_identity, destination_identity;
    PfkeySensitivity sensitivity;
    PfkeyProposal proposal;
    PfkeySupported supported_auth, supported_encr;
    PfkeySpiRange spi_range;
    guint32 km_private; /* X_KMPRIVATE's one field, which nobody uses */
    PfkeyPolicy policy;
    PfkeySa2 sa2;
    PfkeyNatType nat_type;
    PfkeyNatPort nat_sport, nat_dport;
    PfkeySecCtx sec_ctx;
    PfkeyKmAddress km_address;
    PfkeyFilter filter;
    ObolSpan inner; /* X_PROMISC's data form (RFC 2367 appendix A): a whole message, not decoded; empty: none */
} PfkeyMessage;

/* The fixed header alone: what matching an answer needs.  Checks version and length field against @n. */
gboolean pfkey_header_decode(const PfkeySystem *system, const guint8 *data, gsize n, PfkeyHeader *out, PfkeyFault *fault);

/**
 * pfkey_message_decode:
 * @data, @n: one message, exactly
 * @out: (out): defined in any case; borrows from @data
 * @fault: (out): why not: offset, extension, rule
 *
 * Lengths must be told right and nothing may be left over; a known extension twice, an extension of length 0, an unknown message
 * type are faults.  Unknown extensions are kept.  What a message must and may have is another question: pfkey_message_check().
 */
gboolean pfkey_message_decode(const PfkeySystem *system, const guint8 *data, gsize n, PfkeyMessage *out, PfkeyFault *fault);

/* Appends the message to @out; lengths are computed.  %FALSE: the system has no such message or extension, or a value does not
 * fit (@fault tells which); @out is then as it was. */
gboolean pfkey_message_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyBuffer *out, PfkeyFault *fault);

/* Who speaks: rules differ. */
typedef enum {
    PFKEY_DOWN, /* to the kernel */
    PFKEY_UP,   /* from it */
} PfkeyWay;

/* What RFC 2367 section 3.1 and the policy extensions want a message to have, and let it have (coding/rules.c has the table).
 * An answer with an errno may be a bare header. */
gboolean pfkey_message_check(const PfkeyMessage *message, PfkeyWay way, PfkeyFault *fault);

gboolean pfkey_message_has(const PfkeyMessage *message, PfkeyExtension extension);

/* Building.  Extensions are encoded in the order in which they are added; what is added twice stays one.  The member is zeroed,
 * and given for the caller to fill. */
void pfkey_message_init(PfkeyMessage *message, PfkeyType type, guint8 satype, guint32 seq, guint32 pid);
void pfkey_message_add(PfkeyMessage *message, PfkeyExtension extension);
void pfkey_message_add_unknown(PfkeyMessage *message, ObolSpan raw); /* with its header, whole words */
PfkeySa *pfkey_message_add_sa(PfkeyMessage *message);
PfkeyLifetime *pfkey_message_add_lifetime(PfkeyMessage *message, PfkeyExtension which);
PfkeyAddress *pfkey_message_add_address(PfkeyMessage *message, PfkeyExtension which);
void pfkey_message_add_key(PfkeyMessage *message, PfkeyExtension which, const guint8 *bytes, gsize n); /* n * 8 bits; borrows */
void pfkey_message_add_spi_range(PfkeyMessage *message, guint32 min, guint32 max);
PfkeyPolicy *pfkey_message_add_policy(PfkeyMessage *message);
PfkeyRequest *pfkey_policy_add_request(PfkeyPolicy *policy); /* %NULL when full */
PfkeySa2 *pfkey_message_add_sa2(PfkeyMessage *message);
void pfkey_message_add_encap(PfkeyMessage *message, guint16 source_port, guint16 destination_port); /* TYPE, SPORT, DPORT */

/* @i below @n.  Values of a proposal or a list that was decoded or built. */
PfkeyComb pfkey_proposal_comb(const PfkeyProposal *proposal, guint i);
PfkeyAlgorithm pfkey_supported_algorithm(const PfkeySupported *supported, guint i);
void pfkey_put_comb(PfkeyBuffer *out, const PfkeyComb *comb);
void pfkey_put_algorithm(PfkeyBuffer *out, const PfkeyAlgorithm *algorithm);

/* (transfer full): "byte 24, ADDRESS_SRC: ...", for logs. */
char *pfkey_fault_text(const PfkeyFault *fault);
/* (transfer full): "ADD ESP seq 5 pid 7: SA 0xc0ffee01, SRC 192.0.2.1 ...", one line; keys are told by their length alone. */
char *pfkey_message_summary(const PfkeyMessage *message);
/* (transfer full): many lines, for people: every field by its name; keys likewise. */
char *pfkey_message_dump(const PfkeyMessage *message);

#endif
