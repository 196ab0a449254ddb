/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* move.c - an SA gets other outer addresses, or UDP, and goes on as if nothing had been (RFC 4555 section 3.5).
 *
 * Other ports alone: the kernel's own update, which touches nothing else.  Otherwise the SA is removed and added again elsewhere.
 * The kernel tells the whole SA as it was in the moment when it went - sequence numbers, replay window with its bitmap, counters,
 * lifetimes, keys - and takes all of that with a new one, so nothing is lost but packets that arrive in the fraction of a
 * millisecond between.  XFRM_MSG_MIGRATE would do it in one step, but it goes by addresses and reqid, not by SPI: of two SAs in
 * the middle of a rekey it takes whichever comes first, and it needs their policy to be there.  The new state is copied attribute
 * by attribute, so that what a newer kernel knows and we do not goes along. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "device.h"
#include "failure.h"
#include "spec.h"
#include "values.h"
#include "xfrm-private.h"

/* When the kernel had no room to tell the last moment, the one before has to do: nothing is to be sent twice under one number. */
#define SEQUENCE_LEAP 4096

typedef struct {
    const ObolSaId *to;
    gboolean to_udp, inbound;
    guint32 device;
    const XfrmDialect *dialect;
    guint16 type;
    gboolean last; /* what is seen now is the SA's last moment */
    gboolean seen, exact, keyless;
    XfrmRequest there, back; /* the SA at its new place and at its old */
} Move;

static void
move_clear(Move *move)
{
    request_clear(&move->there);
    request_clear(&move->back);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Move, move_clear)

/* Under lockdown(7) the kernel shows keys as zeros; an SA must not be made with those. */
static gboolean
shows_no_key(const XfrmAttributes *attributes)
{
    static const struct { guint type; gsize n_head; } keys[] = {
        { XFRMA_ALG_AEAD, sizeof(struct xfrm_algo_aead) }, { XFRMA_ALG_CRYPT, sizeof(struct xfrm_algo) },
        { XFRMA_ALG_AUTH_TRUNC, sizeof(struct xfrm_algo_auth) },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const guint8 *at = attributes->at[keys[i].type];
        gsize n = attributes->n[keys[i].type];
        guint8 any = 0;

        for (gsize j = keys[i].n_head; at != NULL && j < n; j++)
            any |= at[j];
        if (at != NULL && n > keys[i].n_head && any == 0)
            return TRUE;
    }
    return FALSE;
}

/* A transport SA's selector may name the hosts that it connects. */
static void
move_host(xfrm_address_t *host, guint8 prefix, guint16 family, const xfrm_address_t *from, const xfrm_address_t *to)
{
    if (prefix == (family == AF_INET ? 32 : 128) && memcmp(host, from, prefix / 8) == 0)
        *host = *to;
}

static void
move_info(const Move *move, struct xfrm_usersa_info *info)
{
    struct xfrm_selector *selector = &info->sel;
    xfrm_address_t source, destination;
    guint16 family = move->to->destination.family;

    address_to_kernel(&move->to->source, &source);
    address_to_kernel(&move->to->destination, &destination);
    if (info->mode == XFRM_MODE_TRANSPORT && family == info->family) {
        move_host(&selector->saddr, selector->prefixlen_s, family, &info->saddr, &source);
        move_host(&selector->daddr, selector->prefixlen_d, family, &info->id.daddr, &destination);
    }
    info->saddr = source;
    info->id.daddr = destination;
    info->family = family;
}

static void
put_encap(XfrmRequest *request, const Move *move)
{
    const struct xfrm_encap_tmpl encap = {
        .encap_type = 2, /* ESP in UDP (linux/udp.h) */
        .encap_sport = g_htons(move->to->source.port), .encap_dport = g_htons(move->to->destination.port),
    };

    if (!move->to_udp)
        return;
    request_put(request, XFRMA_ENCAP, &encap, sizeof encap);
    if (move->inbound && move->dialect->mapping_timer && move->dialect->mapping_interval_s != 0)
        request_put_u32(request, XFRMA_MTIMER_THRESH, move->dialect->mapping_interval_s);
}

static void
put_offload(XfrmRequest *request, const Move *move)
{
    const struct xfrm_user_offload offload = {
        .ifindex = (int) move->device, .flags = move->inbound ? XFRM_OFFLOAD_INBOUND : 0,
    };

    if (move->device != 0)
        request_put(request, XFRMA_OFFLOAD_DEV, &offload, sizeof offload);
}

/* The sequence numbers: as they are, or a leap ahead of what may have been sent since. */
static void
put_replay(XfrmRequest *request, guint type, const guint8 *at, gsize n, gboolean leap)
{
    guint64 room[(sizeof(struct xfrm_replay_state_esn) + XFRMA_REPLAY_ESN_MAX / 8) / sizeof(guint64) + 1];
    struct xfrm_replay_state_esn esn;
    struct xfrm_replay_state plain;

    if (n > sizeof room) {
        request->too_long = TRUE;
        return;
    }
    memcpy(room, at, n);
    if (leap && type == XFRMA_REPLAY_ESN_VAL && n >= sizeof esn) {
        memcpy(&esn, room, sizeof esn);
        esn.oseq_hi += esn.oseq > G_MAXUINT32 - SEQUENCE_LEAP ? 1 : 0;
        esn.oseq += SEQUENCE_LEAP;
        memcpy(room, &esn, sizeof esn);
    } else if (leap && type == XFRMA_REPLAY_VAL && n >= sizeof plain) {
        memcpy(&plain, room, sizeof plain);
        plain.oseq = plain.oseq > G_MAXUINT32 - SEQUENCE_LEAP ? G_MAXUINT32 : plain.oseq + SEQUENCE_LEAP;
        memcpy(room, &plain, sizeof plain);
    }
    request_put(request, (guint16) type, room, n);
}

/* What the kernel shows and does not take, or takes in another form. */
static gboolean
is_left_out(const XfrmAttributes *attributes, guint type, gboolean moved)
{
    switch (type) {
    case XFRMA_LASTUSED: case XFRMA_PAD: case XFRMA_SA: case XFRMA_SRCADDR: case XFRMA_PROTO: return TRUE;
    case XFRMA_ALG_AUTH: return attributes->at[XFRMA_ALG_AUTH_TRUNC] != NULL; /* the same once more, without the ICV's length */
    case XFRMA_ENCAP: case XFRMA_MTIMER_THRESH: case XFRMA_OFFLOAD_DEV: return moved;
    }
    return FALSE;
}

static void
rebuild(const Move *move, const XfrmSa *sa, gboolean moved, XfrmRequest *out)
{
    const XfrmAttributes *attributes = &sa->attributes;
    struct xfrm_usersa_info info = sa->info;
    const struct xfrm_lifetime_cur used = sa->info.curlft;

    if (moved)
        move_info(move, &info);
    request_begin(out, moved ? move->type : XFRM_MSG_NEWSA, 0, &info, sizeof info);
    for (guint type = 1; type < XFRM_ATTRIBUTES; type++) {
        const guint8 *at = attributes->at[type];

        if (at == NULL || is_left_out(attributes, type, moved))
            continue;
        if (type == XFRMA_REPLAY_VAL || type == XFRMA_REPLAY_ESN_VAL)
            put_replay(out, type, at, attributes->n[type], !move->exact && !move->inbound && move->type == XFRM_MSG_NEWSA);
        else
            request_put(out, (guint16) type, at, attributes->n[type]);
    }
    request_put(out, XFRMA_LTIME_VAL, &used, sizeof used);
    if (!moved)
        return;
    put_encap(out, move);
    if (sa->offloaded)
        put_offload(out, move);
}

static void
note(const XfrmMessage *message, gpointer data)
{
    Move *move = data;

    if ((message->kind != XFRM_KIND_SA && message->kind != XFRM_KIND_SA_GONE) || message->sa.info.family == 0)
        return;
    move->seen = TRUE;
    move->exact = move->last;
    move->keyless = shows_no_key(&message->sa.attributes);
    rebuild(move, &message->sa, TRUE, &move->there);
    rebuild(move, &message->sa, FALSE, &move->back);
}

static gboolean
same_addresses(const ObolSaId *a, const ObolSaId *b)
{
    return obol_address_equal(&a->source, &b->source) && obol_address_equal(&a->destination, &b->destination);
}

/* All that can be known beforehand, so that the SA is not taken away for nothing. */
static int
look_before(Xfrm *xfrm, const Sa *sa, Move *move)
{
    XfrmRequest request;
    int status;

    if (!obol_address_equal(&sa->id.destination, &move->to->destination)) {
        const Sa *there = sas_find(xfrm->sas, move->to, &sa->mark);

        if ((there != NULL && there != sa) || kernel_has_sa(xfrm, move->to, &sa->mark))
            return -EEXIST;
    }
    encode_sa_name(&request, XFRM_MSG_GETSA, &sa->id, &sa->mark);
    status = link_talk(xfrm->link, &request, note, move);
    if (status < 0)
        return status;
    return !move->seen ? -EBADMSG : move->keyless ? -EOPNOTSUPP : move->there.too_long ? -EMSGSIZE : 0;
}

static int
take_away_and_add(Xfrm *xfrm, Sa *sa, Move *move)
{
    XfrmRequest request;
    int status;

    move->last = TRUE;
    encode_sa_name(&request, XFRM_MSG_DELSA, &sa->id, &sa->mark);
    status = link_delete_telling(xfrm->link, &request, note, move);
    if (status < 0)
        return status;
    status = link_talk(xfrm->link, &move->there, NULL, NULL);
    if (status < 0 && link_talk(xfrm->link, &move->back, NULL, NULL) < 0)
        tell_expired(xfrm, sa, TRUE);
    return status;
}

static int
do_move(Xfrm *xfrm, Sa *sa, const ObolSaId *to, gboolean to_udp)
{
    g_auto(Move) move = { .to = to, .to_udp = to_udp, .inbound = sa->inbound, .dialect = &xfrm->probe.dialect };
    gboolean ports_only = same_addresses(&sa->id, to) && to_udp == sa->udp_encap;
    int status;

    move.type = ports_only ? XFRM_MSG_UPDSA : XFRM_MSG_NEWSA;
    if (xfrm->probe.abilities.offload)
        move.device = device_towards(sa->inbound ? &to->source : &to->destination);
    if (move.device != 0 && !device_encrypts(move.device))
        move.device = 0;
    status = look_before(xfrm, sa, &move);
    if (status < 0)
        return status;
    return ports_only ? link_talk(xfrm->link, &move.there, NULL, NULL) : take_away_and_add(xfrm, sa, &move);
}

static gboolean
is_nothing(const Sa *sa, const ObolSaId *to, gboolean to_udp)
{
    gboolean same_ports = sa->id.source.port == to->source.port && sa->id.destination.port == to->destination.port;

    return same_addresses(&sa->id, to) && sa->udp_encap == to_udp && (!to_udp || same_ports);
}

gboolean
move_sa(Xfrm *xfrm, const ObolKernelRequest *request, GError **error)
{
    Sa *sa = sas_find(xfrm->sas, &request->sa.id, &request->sa.mark);
    ObolSaId to = request->to;
    gboolean to_udp = request->to_udp_encap != FALSE;
    char name[FAILURE_NAME_MAX];
    int status;

    failure_name(&request->sa.id, name);
    to.spi = request->sa.id.spi;
    to.protocol = request->sa.id.protocol;
    if (sa == NULL || sa->reserved) {
        failure_set(error, -ESRCH, "", "moving %s", name);
        return FALSE;
    }
    if (!spec_check_id(&to, error))
        return FALSE;
    if (to_udp && (to.protocol != OBOL_PROTO_ESP || to.source.port == 0 || to.destination.port == 0)) {
        failure_set(error, -EINVAL, "", "moving %s into UDP, which is for ESP and needs both ports", name);
        return FALSE;
    }
    status = is_nothing(sa, &to, to_udp) ? 0 : do_move(xfrm, sa, &to, to_udp);
    if (status < 0) {
        failure_set(error, status, status == -EOPNOTSUPP ? "the kernel does not show its keys" : link_words(xfrm->link), "moving %s",
                    name);
        return FALSE;
    }
    sa->udp_encap = to_udp;
    sas_rename(xfrm->sas, sa, &to);
    return TRUE;
}
