/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages.c - what the role's requests are as PF_KEY messages, and what the kernel's lists are as the role's values. */
#include "pfkey-kernel/engine/messages.h"

#include <netinet/in.h>
#include <string.h>

#include "pfkey-kernel/engine/algorithms.h"

/* RFC 4303 section 3.3.3: without ESN the counter must not wrap; a sixteenth is left to agree on new keys. */
#define SEQUENCE_SOFT 0xf0000000u
#define SEQUENCE_HARD 0xffff0000u

static const struct {
    guint8 protocol, satype, ip;
} protocols[] = {
    { OBOL_PROTO_ESP, PFKEY_SATYPE_ESP, IPPROTO_ESP },
    { OBOL_PROTO_AH, PFKEY_SATYPE_AH, IPPROTO_AH },
    { OBOL_PROTO_IPCOMP, PFKEY_SATYPE_IPCOMP, IPPROTO_COMP },
};

guint8
pfkey_satype_of(guint8 protocol)
{
    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].satype;
    return 0;
}

guint8
pfkey_protocol_of(guint8 satype)
{
    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].satype == satype)
            return protocols[i].protocol;
    return 0;
}

static guint8
ip_protocol_of(guint8 protocol)
{
    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].ip;
    return 0;
}

static guint8
mode_of(ObolMode mode)
{
    switch (mode) {
    case OBOL_MODE_TUNNEL: return PFKEY_MODE_TUNNEL;
    case OBOL_MODE_TRANSPORT: return PFKEY_MODE_TRANSPORT;
    case OBOL_MODE_BEET: return PFKEY_MODE_BEET;
    }
    return PFKEY_MODE_ANY;
}

static guint8
direction_of(ObolDirection direction)
{
    switch (direction) {
    case OBOL_DIR_IN: return PFKEY_DIR_IN;
    case OBOL_DIR_OUT: return PFKEY_DIR_OUT;
    case OBOL_DIR_FORWARD: return PFKEY_DIR_FORWARD;
    }
    return PFKEY_DIR_ANY;
}

/* --- what is not to be asked --- */

static gboolean
refuse(GError **error, ObolKernelError code, const char *why)
{
    g_set_error_literal(error, OBOL_KERNEL_ERROR, code, why);
    return FALSE;
}

/* 0: the selectors are of both families; else theirs, or the outer one when there are none. */
static guint16
inner_family(const ObolSaSpec *spec)
{
    const GArray *lists[] = { spec->source_ts, spec->destination_ts };
    guint16 family = 0;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; lists[i] != NULL && j < lists[i]->len; j++) {
            guint16 this = g_array_index(lists[i], ObolTs, j).family;

            if (family != 0 && this != family)
                return 0;
            family = this;
        }
    return family != 0 ? family : spec->id.destination.family;
}

/* RFC 4302 section 3.3.3.2.1: the header is a multiple of 4 bytes in IPv4, of 8 in IPv6.  PF_KEY can not say XFRM_STATE_ALIGN4. */
static gboolean
pads_wrongly(const ObolSaSpec *spec)
{
    return spec->id.protocol == OBOL_PROTO_AH && spec->id.destination.family == AF_INET && obol_integ_n_icv(spec->suite.integ) != 12;
}

static const char *
lacking(const ObolSaSpec *spec)
{
    if (spec->suite.esn && spec->id.protocol != OBOL_PROTO_IPCOMP)
        return "PF_KEY has no extended sequence numbers";
    if (spec->replay_window > PFKEY_REPLAY_MAX)
        return "PF_KEY has no replay window of more than 32 packets";
    if (spec->mode == OBOL_MODE_BEET)
        return "PF_KEY has no policies for BEET mode";
    if (spec->mode == OBOL_MODE_TUNNEL && inner_family(spec) == 0)
        return "over PF_KEY an SA carries IPv4 or IPv6, not both";
    if (spec->udp_encap && spec->id.protocol != OBOL_PROTO_ESP)
        return "of all protocols, ESP alone has a form in UDP";
    if (pads_wrongly(spec))
        return "over PF_KEY Linux pads AH over IPv4 to 8 bytes, and so only ICVs of 12 bytes are as RFC 4302 has them";
    if (spec->tfc_padding != 0)
        return "PF_KEY has no TFC padding";
    if (spec->mark.mask != 0 || spec->set_mark.mask != 0 || spec->if_id != 0)
        return "PF_KEY has no marks and no interface ids";
    if (spec->offload == OBOL_OFFLOAD_CRYPTO || spec->offload == OBOL_OFFLOAD_PACKET)
        return "PF_KEY has no offload";
    if ((spec->flags & (OBOL_SA_NO_DSCP_OUT | OBOL_SA_ICMP)) != 0)
        return "PF_KEY has no such flag of an SA";
    return NULL;
}

static gboolean
check_reqid(guint32 reqid, GError **error)
{
    if (reqid == 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "reqid 0 joins nothing to nothing");
    if (reqid > PFKEY_REQID_MANUAL_MAX)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "over PF_KEY a reqid is 16383 at most");
    return TRUE;
}

gboolean
pfkey_spec_check(const ObolSaSpec *spec, guint8 *auth, guint8 *encr, GError **error)
{
    const ObolSaId *id = &spec->id;
    const char *why = lacking(spec);
    guint32 spi_min = id->protocol == OBOL_PROTO_IPCOMP ? 1 : 256; /* well-known CPIs are real ones */

    if (pfkey_satype_of(id->protocol) == 0)
        why = "no protocol of IPsec";
    if (why != NULL)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, why);
    if (id->spi < spi_min || (id->protocol == OBOL_PROTO_IPCOMP && id->spi > 0xffff))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the SPI is a reserved one (RFC 4303 section 2.1)");
    if (id->source.family != id->destination.family || pfkey_family_bits(id->source.family) / 8 != obol_address_n_bytes(&id->source))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the outer addresses do not go together");
    if (spec->mode != OBOL_MODE_TUNNEL && spec->mode != OBOL_MODE_TRANSPORT)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "no mode of IPsec");
    if (spec->udp_encap && (id->source.port == 0 || id->destination.port == 0))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "ESP in UDP without ports");
    return check_reqid(spec->reqid, error) && pfkey_algorithms_check(spec, auth, encr, error);
}

gboolean
pfkey_policy_check(const ObolPolicySpec *spec, GError **error)
{
    const ObolAddress *source = &spec->tunnel_source, *destination = &spec->tunnel_destination;

    if (spec->mark.mask != 0 || spec->if_id != 0)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "PF_KEY has no marks and no interface ids");
    if (direction_of(spec->direction) == PFKEY_DIR_ANY || (guint) spec->action > OBOL_POLICY_DROP)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "no direction, or nothing to do");
    if (spec->action != OBOL_POLICY_PROTECT)
        return TRUE;
    if (spec->mode != OBOL_MODE_TUNNEL && spec->mode != OBOL_MODE_TRANSPORT && spec->mode != OBOL_MODE_BEET)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "no mode of IPsec");
    if (spec->mode == OBOL_MODE_BEET)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "PF_KEY has no policies for BEET mode");
    if (spec->protocol != OBOL_PROTO_ESP && spec->protocol != OBOL_PROTO_AH)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a policy is for ESP or AH");
    if (source->family != destination->family && source->family != 0 && destination->family != 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the tunnel's addresses do not go together");
    return check_reqid(spec->reqid, error);
}

/* --- requests --- */

static void
put_address(PfkeyMessage *out, PfkeyExtension which, const ObolAddress *address)
{
    PfkeyAddress *put = pfkey_message_add_address(out, which);

    put->address = *address;
    put->address.port = 0;
    put->prefix = pfkey_family_bits(address->family);
}

static void
put_addresses(PfkeyMessage *out, const ObolSaId *id)
{
    ObolAddress source = id->source;

    if (source.family == 0)
        source = (ObolAddress) { .family = id->destination.family };
    put_address(out, PFKEY_EXT_ADDRESS_SRC, &source);
    put_address(out, PFKEY_EXT_ADDRESS_DST, &id->destination);
}

static void
put_sa2(PfkeyMessage *out, ObolMode mode, guint32 reqid)
{
    *pfkey_message_add_sa2(out) = (PfkeySa2) { .mode = mode_of(mode), .reqid = reqid };
}

void
pfkey_build_getspi(PfkeyMessage *out, const ObolSaSpec *spec)
{
    pfkey_message_init(out, PFKEY_GETSPI, pfkey_satype_of(spec->id.protocol), 0, 0);
    put_addresses(out, &spec->id);
    if (spec->id.protocol == OBOL_PROTO_IPCOMP)
        pfkey_message_add_spi_range(out, PFKEY_CPI_MIN, PFKEY_CPI_MAX);
    else
        pfkey_message_add_spi_range(out, PFKEY_SPI_MIN, PFKEY_SPI_MAX);
    put_sa2(out, spec->mode, spec->reqid <= PFKEY_REQID_MANUAL_MAX ? spec->reqid : 0);
}

/* Time is kept by our own deadlines, to the microsecond; the kernel's whole seconds, one of them spent before it begins, are for
 * the case that we are not there any more. */
static guint64
seconds_of(gint64 us)
{
    return us > 0 ? (guint64) (us / G_USEC_PER_SEC) + 2 : 0;
}

static guint32
packets_of(guint64 packets, guint32 otherwise)
{
    return packets != 0 ? (guint32) MIN(packets, SEQUENCE_HARD) : otherwise;
}

/* Both or none, says the kernel. */
static void
put_lifetimes(PfkeyMessage *out, const ObolSaSpec *spec)
{
    const ObolLifetimes *l = &spec->lifetimes;
    gboolean counts = spec->id.protocol != OBOL_PROTO_IPCOMP;

    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_HARD) = (PfkeyLifetime) {
        .allocations = packets_of(l->hard_packets, counts ? SEQUENCE_HARD : 0), .bytes = l->hard_bytes,
        .add_s = seconds_of(l->hard_us), .use_s = PFKEY_OURS_USE_S,
    };
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_SOFT) = (PfkeyLifetime) {
        .allocations = packets_of(l->soft_packets, counts && l->hard_packets == 0 ? SEQUENCE_SOFT : 0), .bytes = l->soft_bytes,
        .add_s = seconds_of(l->soft_us),
    };
}

static guint32
flags_of(guint flags)
{
    return ((flags & OBOL_SA_NO_COPY_DF) != 0 ? PFKEY_SAFLAG_NOPMTUDISC : 0)
           | ((flags & OBOL_SA_NO_COPY_ECN) != 0 ? PFKEY_SAFLAG_NOECN : 0)
           | ((flags & OBOL_SA_DSCP_IN) != 0 ? PFKEY_SAFLAG_DECAP_DSCP : 0);
}

/* An SA's inner family is PROXY's, else that of its outer addresses. */
static void
put_inner_family(PfkeyMessage *out, const ObolSaSpec *spec)
{
    guint16 family = inner_family(spec);

    if (spec->mode != OBOL_MODE_TUNNEL || family == spec->id.destination.family)
        return;
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_PROXY) = (PfkeyAddress) {
        .address = { .family = family }, .protocol = PFKEY_PROTO_ANY,
    };
}

static void
put_key(PfkeyMessage *out, PfkeyExtension which, guint8 algorithm, const ObolSecret *key)
{
    if (algorithm != 0)
        pfkey_message_add_key(out, which, key != NULL ? key->bytes : NULL, key != NULL ? key->n : 0);
}

void
pfkey_build_sa(PfkeyMessage *out, PfkeyType type, const ObolSaSpec *spec, guint8 auth, guint8 encr)
{
    gboolean compresses = spec->id.protocol == OBOL_PROTO_IPCOMP;

    pfkey_message_init(out, type, pfkey_satype_of(spec->id.protocol), 0, 0);
    *pfkey_message_add_sa(out) = (PfkeySa) {
        .spi = spec->id.spi, .replay = (guint8) MIN(spec->replay_window, PFKEY_REPLAY_MAX), .state = PFKEY_STATE_MATURE,
        .auth = auth, .encr = encr, .flags = flags_of(spec->flags),
    };
    put_lifetimes(out, spec);
    put_addresses(out, &spec->id);
    put_inner_family(out, spec);
    put_key(out, PFKEY_EXT_KEY_AUTH, auth, spec->integ_key);
    put_key(out, PFKEY_EXT_KEY_ENCRYPT, compresses ? 0 : encr, spec->encr_key);
    put_sa2(out, spec->mode, spec->reqid);
    if (spec->udp_encap)
        pfkey_message_add_encap(out, spec->id.source.port, spec->id.destination.port);
    if (spec->udp_encap && spec->original_source.family != 0)
        put_address(out, PFKEY_EXT_X_NAT_T_OA, &spec->original_source);
}

void
pfkey_build_name(PfkeyMessage *out, PfkeyType type, const ObolSaId *id)
{
    pfkey_message_init(out, type, pfkey_satype_of(id->protocol), 0, 0);
    *pfkey_message_add_sa(out) = (PfkeySa) { .spi = id->spi };
    put_addresses(out, id);
}

void
pfkey_build_ports(PfkeyMessage *out, const PfkeyMessage *got, const ObolSaId *to)
{
    static const PfkeyExtension keys[] = { PFKEY_EXT_KEY_AUTH, PFKEY_EXT_KEY_ENCRYPT };

    pfkey_message_init(out, PFKEY_UPDATE, got->header.satype, 0, 0);
    *pfkey_message_add_sa(out) = got->sa;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_HARD) = got->hard;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_SOFT) = got->soft;
    put_addresses(out, to);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const PfkeyKey *key = keys[i] == PFKEY_EXT_KEY_AUTH ? &got->auth_key : &got->encr_key;

        if (pfkey_message_has(got, keys[i]))
            pfkey_message_add_key(out, keys[i], key->bytes.data, key->bytes.n);
    }
    *pfkey_message_add_sa2(out) = got->sa2;
    pfkey_message_add_encap(out, to->source.port, to->destination.port);
}

/* A trap for any peer has no addresses yet, but PF_KEY a place for them. */
static ObolAddress
tunnel_end(const ObolPolicySpec *spec, const ObolAddress *end)
{
    ObolAddress address = *end;

    if (address.family == 0)
        address.family = spec->tunnel_source.family != 0        ? spec->tunnel_source.family
                         : spec->tunnel_destination.family != 0 ? spec->tunnel_destination.family
                                                                : spec->source.family;
    address.port = 0;
    return address;
}

static void
put_request(PfkeyPolicy *policy, const ObolPolicySpec *spec, guint8 protocol, ObolMode mode, guint8 level)
{
    PfkeyRequest *request = pfkey_policy_add_request(policy);

    *request = (PfkeyRequest) { .protocol = ip_protocol_of(protocol), .mode = mode_of(mode), .level = level, .reqid = spec->reqid };
    if (mode != OBOL_MODE_TUNNEL)
        return;
    request->source = tunnel_end(spec, &spec->tunnel_source);
    request->destination = tunnel_end(spec, &spec->tunnel_destination);
}

/* RFC 3173: compressed first.  What was too small to compress comes without, so inbound the kernel must not insist. */
static void
put_requests(PfkeyPolicy *policy, const ObolPolicySpec *spec)
{
    if (spec->ipcomp)
        put_request(policy, spec, OBOL_PROTO_IPCOMP, spec->mode,
                    spec->direction == OBOL_DIR_OUT ? PFKEY_LEVEL_UNIQUE : PFKEY_LEVEL_USE);
    put_request(policy, spec, spec->protocol, spec->ipcomp ? OBOL_MODE_TRANSPORT : spec->mode, PFKEY_LEVEL_UNIQUE);
}

static void
put_selectors(PfkeyMessage *out, const PfkeyPiece *piece)
{
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_SRC) = piece->source;
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_DST) = piece->destination;
}

void
pfkey_build_policy(PfkeyMessage *out, PfkeyType type, const PfkeyPiece *piece, const ObolPolicySpec *spec)
{
    static const guint16 types[] = {
        [OBOL_POLICY_PROTECT] = PFKEY_POLICY_IPSEC, [OBOL_POLICY_PASS] = PFKEY_POLICY_NONE, [OBOL_POLICY_DROP] = PFKEY_POLICY_DISCARD,
    };
    gboolean whole = type != PFKEY_X_SPDDELETE;
    PfkeyPolicy *policy;

    pfkey_message_init(out, type, PFKEY_SATYPE_UNSPEC, 0, 0);
    put_selectors(out, piece);
    if (whole) {
        pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_HARD)->use_s = PFKEY_OURS_USE_S;
        pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_SOFT);
    }
    policy = pfkey_message_add_policy(out);
    policy->direction = direction_of(piece->direction);
    policy->type = types[spec->action];
    policy->priority = spec->priority;
    if (whole && spec->action == OBOL_POLICY_PROTECT)
        put_requests(policy, spec);
}

void
pfkey_build_policy_id(PfkeyMessage *out, PfkeyType type, guint32 id)
{
    pfkey_message_init(out, type, PFKEY_SATYPE_UNSPEC, 0, 0);
    pfkey_message_add_policy(out)->id = id;
}

void
pfkey_build_migrate(PfkeyMessage *out, const PfkeyPiece *piece, const ObolSaId *from, const ObolSaId *to, ObolMode mode,
                    guint32 reqid)
{
    const ObolSaId *ends[] = { from, to };
    PfkeyPolicy *policy;

    pfkey_message_init(out, PFKEY_X_MIGRATE, PFKEY_SATYPE_UNSPEC, 0, 0);
    put_selectors(out, piece);
    policy = pfkey_message_add_policy(out);
    policy->type = PFKEY_POLICY_IPSEC;
    policy->direction = direction_of(piece->direction);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        PfkeyRequest *request = pfkey_policy_add_request(policy);

        *request = (PfkeyRequest) {
            .protocol = ip_protocol_of(from->protocol), .mode = mode_of(mode), .level = PFKEY_LEVEL_UNIQUE, .reqid = reqid,
            .source = ends[i]->source, .destination = ends[i]->destination,
        };
        request->source.port = request->destination.port = 0;
    }
}

/* --- lists --- */

gboolean
pfkey_id_from_message(const PfkeyMessage *message, ObolSaId *out)
{
    *out = (ObolSaId) {
        .source = message->source.address, .destination = message->destination.address, .spi = message->sa.spi,
        .protocol = pfkey_protocol_of(message->header.satype),
    };
    out->source.port = message->nat_sport.port;
    out->destination.port = message->nat_dport.port;
    return out->protocol != 0 && pfkey_message_has(message, PFKEY_EXT_SA) && pfkey_message_has(message, PFKEY_EXT_ADDRESS_DST);
}

static ObolMode
mode_from(guint8 mode)
{
    return mode == PFKEY_MODE_TUNNEL ? OBOL_MODE_TUNNEL : mode == PFKEY_MODE_BEET ? OBOL_MODE_BEET : OBOL_MODE_TRANSPORT;
}

static gboolean
is_marked(const PfkeyMessage *message)
{
    return pfkey_message_has(message, PFKEY_EXT_LIFETIME_HARD) && message->hard.use_s == PFKEY_OURS_USE_S;
}

gboolean
pfkey_sa_from_message(const PfkeyMessage *message, ObolKernelSa *out)
{
    *out = (ObolKernelSa) {
        .reqid = message->sa2.reqid, .mode = mode_from(message->sa2.mode), .ours = is_marked(message),
        .reserved = message->sa.state == PFKEY_STATE_LARVAL,
        .usage = { .bytes = message->current.bytes, .packets = message->current.allocations },
    };
    return pfkey_id_from_message(message, &out->id);
}

gboolean
pfkey_policy_from_message(const PfkeyMessage *message, ObolKernelPolicy *out)
{
    const PfkeyPolicy *policy = &message->policy;
    PfkeyPiece piece;
    ObolPolicySpec *spec = &out->spec;

    *out = (ObolKernelPolicy) { .ours = is_marked(message) };
    if (!pfkey_piece_from_message(message, &piece))
        return FALSE;
    spec->direction = piece.direction;
    pfkey_piece_selectors(&piece, &spec->source, &spec->destination);
    spec->priority = policy->priority;
    spec->action = policy->type == PFKEY_POLICY_IPSEC ? OBOL_POLICY_PROTECT
                   : policy->type == PFKEY_POLICY_DISCARD ? OBOL_POLICY_DROP : OBOL_POLICY_PASS;
    for (guint i = 0; i < policy->n; i++) {
        const PfkeyRequest *request = &policy->requests[i];
        gboolean outer = request->mode == PFKEY_MODE_TUNNEL || i == 0;

        spec->ipcomp |= request->protocol == IPPROTO_COMP;
        for (guint j = 0; j < G_N_ELEMENTS(protocols); j++)
            if (protocols[j].ip == request->protocol && request->protocol != IPPROTO_COMP)
                spec->protocol = protocols[j].protocol;
        if (request->level == PFKEY_LEVEL_UNIQUE || spec->reqid == 0)
            spec->reqid = request->reqid;
        if (!outer)
            continue;
        spec->mode = mode_from(request->mode);
        spec->tunnel_source = request->source;
        spec->tunnel_destination = request->destination;
    }
    return TRUE;
}

gboolean
pfkey_same_template(const ObolPolicySpec *held, const ObolPolicySpec *wanted)
{
    ObolAddress source = tunnel_end(wanted, &wanted->tunnel_source), destination = tunnel_end(wanted, &wanted->tunnel_destination);

    if (held->action != wanted->action || held->priority != wanted->priority)
        return FALSE;
    if (wanted->action != OBOL_POLICY_PROTECT)
        return TRUE;
    return held->reqid == wanted->reqid && held->mode == wanted->mode && held->protocol == wanted->protocol &&
           (wanted->mode != OBOL_MODE_TUNNEL ||
            (memcmp(held->tunnel_source.bytes, source.bytes, 16) == 0 &&
             memcmp(held->tunnel_destination.bytes, destination.bytes, 16) == 0));
}
