/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* requests-sa.c - SPIs and SAs: reserved, added, removed, asked about. */
#include <errno.h>
#include <time.h>

#include "device.h"
#include "encode.h"
#include "failure.h"
#include "spec.h"
#include "xfrm-private.h"

#define RESERVED_US (165 * (gint64) G_USEC_PER_SEC) /* obol/kernel.h */
#define RESERVED_MAX 65536

static const ObolMark no_mark;

typedef struct {
    ObolSaId id;
    gint64 until_us;
} Reservation;

static int
talk_about(Xfrm *xfrm, guint16 type, const ObolSaId *id, const ObolMark *mark, LinkVisit visit, gpointer data)
{
    XfrmRequest request;

    encode_sa_name(&request, type, id, mark);
    return link_talk(xfrm->link, &request, visit, data);
}

gboolean
kernel_has_sa(Xfrm *xfrm, const ObolSaId *id, const ObolMark *mark)
{
    return talk_about(xfrm, XFRM_MSG_GETSA, id, mark, NULL, NULL) != -ESRCH;
}

/* The kernel lets them go by itself where its own patience is the shorter; the rest is done here. */
static void
end_reservations(Xfrm *xfrm, gint64 now_us)
{
    Reservation *at;

    while ((at = g_queue_peek_head(&xfrm->reservations)) != NULL && at->until_us <= now_us) {
        Sa *sa = sas_find(xfrm->sas, &at->id, &no_mark);

        if (sa != NULL && sa->reserved && sa->reserved_until_us == at->until_us) {
            talk_about(xfrm, XFRM_MSG_DELSA, &at->id, &no_mark, NULL, NULL);
            sas_remove(xfrm->sas, sa);
        }
        g_free(g_queue_pop_head(&xfrm->reservations));
    }
}

void
forget_reservations(Xfrm *xfrm)
{
    g_queue_clear_full(&xfrm->reservations, g_free);
}

static void
reserve(Xfrm *xfrm, const ObolSaId *id, gint64 now_us)
{
    Sa *stale = sas_find(xfrm->sas, id, &no_mark), *sa;
    Reservation *reservation = g_new0(Reservation, 1);

    if (stale != NULL) /* the kernel says that the SPI is free, and it knows */
        sas_remove(xfrm->sas, stale);
    sa = sas_add(xfrm->sas, id, &no_mark);
    sa->inbound = TRUE;
    sa->reserved = TRUE;
    sa->reserved_until_us = now_us + RESERVED_US;
    *reservation = (Reservation) { *id, sa->reserved_until_us };
    g_queue_push_tail(&xfrm->reservations, reservation);
}

static void
note_spi(const XfrmMessage *message, gpointer spi)
{
    if (message->kind == XFRM_KIND_SA)
        *(guint32 *) spi = message->sa.id.spi;
}

gboolean
get_spi(Xfrm *xfrm, const ObolSaSpec *spec, guint32 *spi, GError **error)
{
    gboolean ipcomp = spec->id.protocol == OBOL_PROTO_IPCOMP;
    gint64 now_us = xfrm->host.now_us(xfrm->host.data);
    ObolSaId id = spec->id;
    XfrmRequest request;
    char name[FAILURE_NAME_MAX];
    int status;

    *spi = id.spi = 0;
    if (id.source.family == 0)
        id.source.family = id.destination.family; /* a peer that is not known yet */
    if (!spec_check_id(&id, error))
        return FALSE;
    end_reservations(xfrm, now_us);
    if (g_queue_get_length(&xfrm->reservations) >= RESERVED_MAX || sas_count(xfrm->sas) >= SAS_MAX) {
        failure_set(error, -ENOSPC, "", "too many SPIs are reserved");
        return FALSE;
    }
    encode_allocspi(&request, &id, ipcomp ? SPEC_SPI_FIRST : xfrm->settings.spi_first,
                    ipcomp ? SPEC_CPI_LAST : xfrm->settings.spi_last, &xfrm->probe.dialect);
    status = link_talk(xfrm->link, &request, note_spi, spi);
    if (status < 0 || *spi == 0) {
        status = status == -ENOENT || status == 0 ? -ENOSPC : status; /* there is none left in the range */
        failure_set(error, status, link_words(xfrm->link), "reserving the SPI of an %s", failure_name(&id, name));
        return FALSE;
    }
    id.spi = *spi;
    reserve(xfrm, &id, now_us);
    return TRUE;
}

static void
note_offload(const XfrmMessage *message, gpointer offloaded)
{
    *(gboolean *) offloaded |= message->kind == XFRM_KIND_SA && message->sa.offloaded;
}

/* The kernel says nothing when the device can not, it just does the work itself. */
static gboolean
is_offloaded(Xfrm *xfrm, const ObolSaSpec *spec)
{
    gboolean offloaded = FALSE;

    talk_about(xfrm, XFRM_MSG_GETSA, &spec->id, &spec->mark, note_offload, &offloaded);
    return offloaded;
}

static int
put_sa(Xfrm *xfrm, guint16 type, const ObolSaSpec *spec, guint32 device)
{
    XfrmRequest request;

    encode_sa(&request, type, spec, &xfrm->probe.dialect, device);
    return link_talk(xfrm->link, &request, NULL, NULL);
}

/* Takes the reserved SPI, or where that has gone a new one. */
static int
take_spi(Xfrm *xfrm, gboolean reserved, const ObolSaSpec *spec, guint32 device)
{
    int status = reserved ? put_sa(xfrm, XFRM_MSG_UPDSA, spec, device) : -ESRCH;

    return status == -ESRCH ? put_sa(xfrm, XFRM_MSG_NEWSA, spec, device) : status;
}

static int
install(Xfrm *xfrm, gboolean reserved, const ObolSaSpec *spec)
{
    const ObolAddress *peer = spec->inbound ? &spec->id.source : &spec->id.destination;
    guint32 device = spec->offload == OBOL_OFFLOAD_NO ? 0 : device_towards(peer);
    int status;

    if (device != 0 && !device_encrypts(device)) /* the kernel would not say so, but do the work itself */
        device = 0;
    if (spec->offload == OBOL_OFFLOAD_CRYPTO && device == 0)
        return -EOPNOTSUPP;
    status = take_spi(xfrm, reserved, spec, device);
    if (spec->offload == OBOL_OFFLOAD_AUTO && device != 0 && status < 0 && status != -EEXIST)
        return take_spi(xfrm, reserved, spec, 0);
    if (spec->offload != OBOL_OFFLOAD_CRYPTO || status == -EEXIST)
        return status;
    if (status == 0 && is_offloaded(xfrm, spec))
        return 0;
    if (status == 0)
        talk_about(xfrm, XFRM_MSG_DELSA, &spec->id, &spec->mark, NULL, NULL);
    return -EOPNOTSUPP;
}

static void
remember(Xfrm *xfrm, const ObolSaSpec *spec)
{
    Sa *sa = sas_add(xfrm->sas, &spec->id, &spec->mark);

    sa->reqid = spec->reqid;
    sa->mode = spec->mode;
    sa->inbound = spec->inbound;
    sa->udp_encap = spec->udp_encap;
    sa->lifetimes = spec->lifetimes;
    sa->added_us = xfrm->host.now_us(xfrm->host.data);
}

gboolean
add_sa(Xfrm *xfrm, const ObolSaSpec *spec, GError **error)
{
    Sa *reserved = sas_find(xfrm->sas, &spec->id, &no_mark), *there = sas_find(xfrm->sas, &spec->id, &spec->mark);
    char name[FAILURE_NAME_MAX];
    int status;

    if (!spec_check_sa(spec, error)) {
        g_prefix_error(error, "adding %s: ", failure_name(&spec->id, name));
        return FALSE;
    }
    if (reserved != NULL && !reserved->reserved)
        reserved = NULL;
    if (there != NULL && !there->reserved && (spec->mark.mask != 0 || there->mark.mask == 0) &&
        kernel_has_sa(xfrm, &there->id, &there->mark))
        status = -EEXIST;
    else if (sas_count(xfrm->sas) >= SAS_MAX)
        status = -ENOSPC;
    else
        status = install(xfrm, reserved != NULL, spec);
    if (status < 0) {
        /* ENOENT: the crypto of an algorithm is not there. */
        failure_set_code(error, status == -ENOENT ? OBOL_KERNEL_ERROR_UNSUPPORTED : failure_code(status), status,
                         link_words(xfrm->link), "adding %s", failure_name(&spec->id, name));
        return FALSE;
    }
    if (reserved != NULL)
        sas_remove(xfrm->sas, reserved);
    there = sas_find(xfrm->sas, &spec->id, &spec->mark);
    if (there != NULL && there->mark.mask == spec->mark.mask && there->mark.value == spec->mark.value)
        sas_remove(xfrm->sas, there); /* believed, and gone */
    remember(xfrm, spec);
    return TRUE;
}

static Sa *
find(Xfrm *xfrm, const ObolSaSpec *spec, const char *what, GError **error)
{
    Sa *sa = sas_find(xfrm->sas, &spec->id, &spec->mark);
    char name[FAILURE_NAME_MAX];

    if (sa == NULL)
        failure_set(error, -ESRCH, "", "%s %s", what, failure_name(&spec->id, name));
    return sa;
}

gboolean
delete_sa(Xfrm *xfrm, const ObolSaSpec *spec, GError **error)
{
    Sa *sa = find(xfrm, spec, "removing", error);
    gboolean reserved;
    char name[FAILURE_NAME_MAX];
    int status;

    if (sa == NULL)
        return FALSE;
    reserved = sa->reserved;
    status = talk_about(xfrm, XFRM_MSG_DELSA, &sa->id, &sa->mark, NULL, NULL);
    if (status == 0 || status == -ESRCH)
        sas_remove(xfrm->sas, sa);
    if (status == 0 || (status == -ESRCH && reserved))
        return TRUE;
    failure_set(error, status, link_words(xfrm->link), "removing %s", failure_name(&spec->id, name));
    return FALSE;
}

void
usage_from_kernel(const Xfrm *xfrm, const XfrmSa *sa, ObolSaUsage *usage)
{
    struct timespec now;
    gint64 ago_s;

    *usage = (ObolSaUsage) { .bytes = sa->info.curlft.bytes, .packets = sa->info.curlft.packets };
    if (sa->last_used_s == 0)
        return;
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* the same ticks as the kernel's own note */
    ago_s = CLAMP((gint64) now.tv_sec - (gint64) MIN(sa->last_used_s, G_MAXINT32), 0, G_MAXINT32);
    usage->last_used_us = MAX(xfrm->host.now_us(xfrm->host.data) - ago_s * G_USEC_PER_SEC, 1);
}

typedef struct {
    Xfrm *xfrm;
    ObolSaUsage *usage;
} Asking;

static void
note_usage(const XfrmMessage *message, gpointer data)
{
    const Asking *asking = data;

    if (message->kind == XFRM_KIND_SA)
        usage_from_kernel(asking->xfrm, &message->sa, asking->usage);
}

gboolean
query_sa(Xfrm *xfrm, const ObolSaSpec *spec, ObolSaUsage *usage, GError **error)
{
    Sa *sa = find(xfrm, spec, "looking at", error);
    Asking asking = { xfrm, usage };
    char name[FAILURE_NAME_MAX];
    int status;

    if (sa == NULL)
        return FALSE;
    status = talk_about(xfrm, XFRM_MSG_GETSA, &sa->id, &sa->mark, note_usage, &asking);
    if (status < 0)
        failure_set(error, status, link_words(xfrm->link), "looking at %s", failure_name(&spec->id, name));
    return status == 0;
}
