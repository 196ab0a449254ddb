/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* encode-sa.c - SAs as requests to the kernel. */
#include <netinet/in.h>
#include <string.h>

#include "algorithms.h"
#include "cover.h"
#include "encode.h"
#include "owner.h"
#include "spec.h"
#include "values.h"

#define UDP_ENCAP_ESP_IN_UDP 2 /* linux/udp.h, which does not go with netinet/udp.h */
#define LEGACY_WINDOW_MAX 32

/* Without ESN the kernel stops an SA at 2^32 packets, dead; so ask for its rekey before that (RFC 4303 section 3.3.3). */
#define SEQUENCE_SOFT 0xf0000000u
#define SEQUENCE_HARD 0xfffffff0u

static guint64
limit(guint64 value)
{
    return value == 0 ? XFRM_INF : value;
}

static guint64
seconds(gint64 us)
{
    return us <= 0 ? 0 : (guint64) (us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
}

static void
put_lifetimes(const ObolSaSpec *spec, struct xfrm_lifetime_cfg *out)
{
    const ObolLifetimes *lifetimes = &spec->lifetimes;

    out->soft_byte_limit = limit(lifetimes->soft_bytes);
    out->hard_byte_limit = limit(lifetimes->hard_bytes);
    out->soft_packet_limit = limit(lifetimes->soft_packets);
    out->hard_packet_limit = limit(lifetimes->hard_packets);
    out->soft_add_expires_seconds = seconds(lifetimes->soft_us);
    out->hard_add_expires_seconds = seconds(lifetimes->hard_us);
    if (spec->inbound || spec->suite.esn || spec->id.protocol == OBOL_PROTO_IPCOMP)
        return;
    out->soft_packet_limit = MIN(out->soft_packet_limit, SEQUENCE_SOFT);
    out->hard_packet_limit = MIN(out->hard_packet_limit, SEQUENCE_HARD);
}

/* Each flag has a direction in which it means something; newer kernels refuse it in the other. */
static const struct {
    guint ours;
    guint8 flag;
    gboolean in, out;
} sa_flags[] = {
    { OBOL_SA_NO_COPY_DF, XFRM_STATE_NOPMTUDISC, FALSE, TRUE },
    { OBOL_SA_NO_COPY_ECN, XFRM_STATE_NOECN, TRUE, TRUE },
    { OBOL_SA_DSCP_IN, XFRM_STATE_DECAP_DSCP, TRUE, FALSE },
    { OBOL_SA_ICMP, XFRM_STATE_ICMP, TRUE, FALSE },
};

static guint8
flags_of(const ObolSaSpec *spec)
{
    guint8 flags = spec->mode == OBOL_MODE_TUNNEL ? XFRM_STATE_AF_UNSPEC : 0;

    /* RFC 4302 section 3.3.3.2.1; without, Linux pads to 8 bytes in IPv4 too, and takes nothing else. */
    if (spec->id.protocol == OBOL_PROTO_AH && spec->id.destination.family == AF_INET)
        flags |= XFRM_STATE_ALIGN4;
    for (gsize i = 0; i < G_N_ELEMENTS(sa_flags); i++)
        if ((spec->flags & sa_flags[i].ours) != 0 && (spec->inbound ? sa_flags[i].in : sa_flags[i].out))
            flags |= sa_flags[i].flag;
    return flags | (spec->suite.esn && spec->id.protocol != OBOL_PROTO_IPCOMP ? XFRM_STATE_ESN : 0);
}

/* A tunnel may carry both families, so its SA selects nothing and the policies do.  Elsewhere the kernel holds packets against
 * the SA's selector too, as far as one selector can say it. */
static void
put_selector(const ObolSaSpec *spec, struct xfrm_selector *out)
{
    g_autoptr(GArray) cover = NULL;
    const char *why;
    gboolean invalid;

    if (spec->mode == OBOL_MODE_TUNNEL)
        return;
    out->family = spec->id.destination.family;
    if (!spec_selects(spec))
        return;
    cover = cover_make(&g_array_index(spec->source_ts, ObolTs, 0), &g_array_index(spec->destination_ts, ObolTs, 0), &why, &invalid);
    if (cover != NULL && cover->len == 1)
        *out = g_array_index(cover, struct xfrm_selector, 0);
}

/* Window or ESN beyond what the old structure holds.  A window is needed for ESN's upper half (RFC 4304), so an SA without
 * replay protection gets the widest there is. */
static gboolean
has_long_replay(const ObolSaSpec *spec)
{
    return spec->id.protocol != OBOL_PROTO_IPCOMP &&
           (spec->suite.esn || (spec->inbound && spec->replay_window > LEGACY_WINDOW_MAX));
}

static void
put_replay(XfrmRequest *request, const ObolSaSpec *spec, const XfrmDialect *dialect)
{
    guint32 window = spec->inbound ? spec->replay_window : 0;
    struct {
        struct xfrm_replay_state_esn state;
        guint32 bitmap[XFRMA_REPLAY_ESN_MAX / 32];
    } replay;

    if (!has_long_replay(spec))
        return;
    if (window == 0)
        window = spec->inbound ? XFRMA_REPLAY_ESN_MAX : dialect->sa_direction ? 0 : LEGACY_WINDOW_MAX;
    memset(&replay, 0, sizeof replay);
    replay.state.replay_window = window;
    replay.state.bmp_len = (window + 31) / 32;
    request_put(request, XFRMA_REPLAY_ESN_VAL, &replay, sizeof replay.state + replay.state.bmp_len * sizeof(guint32));
}

static void
put_algorithm(XfrmRequest *request, const XfrmAlgorithm *algorithm, const ObolSecret *key)
{
    struct xfrm_algo_auth head; /* the longest of the three; their first fields are alike */
    gboolean aead = algorithm->type == OBOL_TRANSFORM_ENCR && algorithm->icv_bits != 0;
    gboolean cipher = algorithm->type == OBOL_TRANSFORM_ENCR && !aead;

    G_STATIC_ASSERT(sizeof(struct xfrm_algo_auth) == sizeof(struct xfrm_algo_aead));
    memset(&head, 0, sizeof head);
    g_strlcpy(head.alg_name, algorithm->name, sizeof head.alg_name);
    head.alg_key_len = key != NULL ? (guint) key->n * 8 : 0;
    head.alg_trunc_len = algorithm->icv_bits;
    request_put_with_key(request, aead ? XFRMA_ALG_AEAD : cipher ? XFRMA_ALG_CRYPT : XFRMA_ALG_AUTH_TRUNC, &head,
                         cipher ? sizeof(struct xfrm_algo) : sizeof head, key != NULL ? key->bytes : NULL, key != NULL ? key->n : 0);
}

static void
put_algorithms(XfrmRequest *request, const ObolSaSpec *spec)
{
    const XfrmAlgorithm *encr = algorithm_find(OBOL_TRANSFORM_ENCR, spec->suite.encr);
    const XfrmAlgorithm *integ = algorithm_find(OBOL_TRANSFORM_INTEG, spec->suite.integ);
    struct xfrm_algo deflate = { .alg_name = "deflate" };

    if (spec->id.protocol == OBOL_PROTO_IPCOMP) {
        request_put(request, XFRMA_ALG_COMP, &deflate, sizeof deflate);
        return;
    }
    if (spec->id.protocol == OBOL_PROTO_ESP && encr != NULL)
        put_algorithm(request, encr, spec->encr_key);
    if (integ != NULL)
        put_algorithm(request, integ, spec->integ_key);
}

static void
put_encap(XfrmRequest *request, const ObolSaSpec *spec, const XfrmDialect *dialect)
{
    struct xfrm_encap_tmpl encap = {
        .encap_type = UDP_ENCAP_ESP_IN_UDP,
        .encap_sport = g_htons(spec->id.source.port), .encap_dport = g_htons(spec->id.destination.port),
    };

    if (!spec->udp_encap)
        return;
    if (spec->original_source.family != 0)
        memcpy(&encap.encap_oa, spec->original_source.bytes, sizeof encap.encap_oa);
    request_put(request, XFRMA_ENCAP, &encap, sizeof encap);
    if (spec->inbound && dialect->mapping_timer && dialect->mapping_interval_s != 0)
        request_put_u32(request, XFRMA_MTIMER_THRESH, dialect->mapping_interval_s);
}

static void
put_mark(XfrmRequest *request, const ObolMark *mark)
{
    const struct xfrm_mark kernels = { .v = mark->value, .m = mark->mask };

    if (mark->mask != 0)
        request_put(request, XFRMA_MARK, &kernels, sizeof kernels);
}

static void
put_direction(XfrmRequest *request, gboolean inbound, const XfrmDialect *dialect)
{
    guint8 direction = inbound ? XFRM_SA_DIRECTION_IN : XFRM_SA_DIRECTION_OUT;

    if (dialect->sa_direction)
        request_put(request, XFRM_ATTRIBUTE_SA_DIR, &direction, sizeof direction);
}

static void
put_rest(XfrmRequest *request, const ObolSaSpec *spec, guint32 offload_device)
{
    const struct xfrm_user_offload offload = {
        .ifindex = (int) offload_device, .flags = spec->inbound ? XFRM_OFFLOAD_INBOUND : 0,
    };

    put_mark(request, &spec->mark);
    if (spec->set_mark.mask != 0) {
        request_put_u32(request, XFRMA_SET_MARK, spec->set_mark.value);
        request_put_u32(request, XFRMA_SET_MARK_MASK, spec->set_mark.mask);
    }
    if (spec->if_id != 0)
        request_put_u32(request, XFRMA_IF_ID, spec->if_id);
    if (spec->tfc_padding != 0 && !spec->inbound)
        request_put_u32(request, XFRMA_TFCPAD, spec->tfc_padding);
    if ((spec->flags & OBOL_SA_NO_DSCP_OUT) != 0 && !spec->inbound)
        request_put_u32(request, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    if (offload_device != 0)
        request_put(request, XFRMA_OFFLOAD_DEV, &offload, sizeof offload);
}

static void
put_id(const ObolSaId *id, struct xfrm_usersa_info *out)
{
    address_to_kernel(&id->source, &out->saddr);
    address_to_kernel(&id->destination, &out->id.daddr);
    out->id.spi = g_htonl(id->spi);
    out->id.proto = protocol_to_kernel(id->protocol);
    out->family = id->destination.family;
}

void
encode_sa(XfrmRequest *request, guint16 type, const ObolSaSpec *spec, const XfrmDialect *dialect, guint32 offload_device)
{
    struct xfrm_usersa_info info;

    memset(&info, 0, sizeof info);
    put_id(&spec->id, &info);
    info.seq = owner_sequence(spec->id.spi);
    info.reqid = spec->reqid;
    info.mode = mode_to_kernel(spec->mode);
    info.flags = flags_of(spec);
    if (spec->inbound && spec->id.protocol != OBOL_PROTO_IPCOMP && !has_long_replay(spec))
        info.replay_window = (guint8) spec->replay_window; /* the kernel takes one or the other */
    put_lifetimes(spec, &info.lft);
    put_selector(spec, &info.sel);
    request_begin(request, type, 0, &info, sizeof info);
    put_algorithms(request, spec);
    put_replay(request, spec, dialect);
    put_encap(request, spec, dialect);
    put_rest(request, spec, offload_device);
    put_direction(request, spec->inbound, dialect);
}

void
encode_allocspi(XfrmRequest *request, const ObolSaId *id, guint32 first, guint32 last, const XfrmDialect *dialect)
{
    struct xfrm_userspi_info spi;

    memset(&spi, 0, sizeof spi);
    put_id(id, &spi.info);
    spi.info.id.spi = 0;
    spi.info.reqid = OWNER_RESERVED_REQID;
    spi.info.mode = XFRM_MODE_TRANSPORT; /* the SA's own comes with it */
    spi.min = first;
    spi.max = last;
    request_begin(request, XFRM_MSG_ALLOCSPI, 0, &spi, sizeof spi);
    put_direction(request, TRUE, dialect);
}

void
encode_allocspi_for(XfrmRequest *request, const XfrmWaiting *waiting)
{
    struct xfrm_userspi_info spi;

    memset(&spi, 0, sizeof spi);
    put_id(&waiting->id, &spi.info);
    spi.info.id.spi = 0;
    spi.info.seq = waiting->sequence;
    spi.info.reqid = waiting->reqid;
    spi.info.mode = waiting->mode;
    spi.min = SPEC_SPI_FIRST;
    spi.max = waiting->id.protocol == OBOL_PROTO_IPCOMP ? SPEC_CPI_LAST : G_MAXUINT32;
    request_begin(request, XFRM_MSG_ALLOCSPI, 0, &spi, sizeof spi);
    put_mark(request, &waiting->mark);
    if (waiting->if_id != 0)
        request_put_u32(request, XFRMA_IF_ID, waiting->if_id);
}

void
encode_sa_name(XfrmRequest *request, guint16 type, const ObolSaId *id, const ObolMark *mark)
{
    struct xfrm_usersa_id kernels;

    memset(&kernels, 0, sizeof kernels);
    address_to_kernel(&id->destination, &kernels.daddr);
    kernels.spi = g_htonl(id->spi);
    kernels.family = id->destination.family;
    kernels.proto = protocol_to_kernel(id->protocol);
    request_begin(request, type, 0, &kernels, sizeof kernels);
    put_mark(request, mark);
}
