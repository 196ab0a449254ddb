/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* told.c - what the kernel tells unasked, and what that means to the daemon. */
#include "cover.h"
#include "owner.h"
#include "xfrm-private.h"

void
tell_expired(Xfrm *xfrm, Sa *sa, gboolean hard)
{
    const ObolKernelEvent event = { .kind = OBOL_KERNEL_EXPIRE, .sa = sa->id, .hard = hard, .reqid = sa->reqid };

    sa->soft_told = TRUE;
    answers_push_event(xfrm->answers, &event);
    if (hard)
        sas_remove(xfrm->sas, sa);
}

/* An event may be older than what we have done since, so the kernel is asked. */
static void
look_whether_gone(Xfrm *xfrm, const XfrmSa *kernels)
{
    Sa *sa = sas_find(xfrm->sas, &kernels->id, &kernels->mark);

    if (sa != NULL && !sa->reserved && !kernel_has_sa(xfrm, &sa->id, &sa->mark))
        tell_expired(xfrm, sa, TRUE);
}

static void
told_expire(Xfrm *xfrm, const XfrmExpire *expire)
{
    Sa *sa;

    if (expire->hard) {
        look_whether_gone(xfrm, &expire->sa);
        return;
    }
    sa = sas_find(xfrm->sas, &expire->sa.id, &expire->sa.mark);
    if (sa != NULL && !sa->reserved && !sa->soft_told)
        tell_expired(xfrm, sa, FALSE);
}

/* The kernel asks once for each SA that is missing, and again when nobody gave it one in time. */
static void
told_acquire(Xfrm *xfrm, const XfrmAcquire *acquire)
{
    const Rule *rule = rules_by_index(xfrm->rules, acquire->policy.info.index);
    const Claim *trap = rule != NULL ? rule_trap(rule) : NULL;
    ObolKernelEvent event = { .kind = OBOL_KERNEL_ACQUIRE };

    if (owner_has_policy(&acquire->policy.info))
        waiting_note(xfrm, acquire);
    if (rule == NULL) /* its policy went before this was read */
        waiting_end_of(xfrm, acquire->policy.info.index);
    if (trap == NULL || sas_has_moved_from(xfrm->sas, trap->spec.reqid, &acquire->source, &acquire->destination))
        return; /* another program's; or a policy is about to follow its SA */
    event.reqid = trap->spec.reqid;
    event.if_id = trap->spec.if_id;
    cover_read(&acquire->packet, &event.source, &event.destination);
    answers_push_event(xfrm->answers, &event);
}

static void
told_mapping(Xfrm *xfrm, const XfrmMapping *mapping)
{
    static const ObolMark no_mark;
    Sa *sa = sas_find(xfrm->sas, &mapping->id, &no_mark);
    gint64 now_us = xfrm->host.now_us(xfrm->host.data);
    ObolKernelEvent event = { .kind = OBOL_KERNEL_MAPPING, .mapped = mapping->source };
    gint64 pause_us = (gint64) MAX(xfrm->settings.mapping_interval_s, 1) * G_USEC_PER_SEC;

    if (sa == NULL || obol_endpoint_equal(&mapping->source, &sa->id.source))
        return;
    /* Older kernels tell it with every packet. */
    if (obol_endpoint_equal(&mapping->source, &sa->mapped) && now_us - sa->mapped_us < pause_us)
        return;
    sa->mapped = mapping->source;
    sa->mapped_us = now_us;
    event.sa = sa->id;
    event.reqid = sa->reqid;
    answers_push_event(xfrm->answers, &event);
}

static void
told_report(Xfrm *xfrm, const XfrmReport *report)
{
    g_autofree char *source_text = NULL, *destination_text = NULL;
    ObolTs source, destination;

    cover_read(&report->selector, &source, &destination);
    source_text = obol_ts_format(&source);
    destination_text = obol_ts_format(&destination);
    xfrm_log(xfrm, 1, "the kernel reports protocol %u from %s to %s", report->protocol, source_text, destination_text);
}

void
told(const XfrmMessage *message, gpointer data)
{
    Xfrm *xfrm = data;
    gboolean ours = message->port == link_port(xfrm->link);

    switch (message->kind) {
    case XFRM_KIND_ACQUIRE: told_acquire(xfrm, &message->acquire); break;
    case XFRM_KIND_EXPIRE: told_expire(xfrm, &message->expire); break;
    case XFRM_KIND_MAPPING: told_mapping(xfrm, &message->mapping); break;
    case XFRM_KIND_REPORT: told_report(xfrm, &message->report); break;
    case XFRM_KIND_SA_GONE:
        if (!ours)
            look_whether_gone(xfrm, &message->sa);
        break;
    case XFRM_KIND_POLICY: case XFRM_KIND_POLICY_GONE: case XFRM_KIND_POLICY_EXPIRE:
        if (!ours && owner_has_policy(&message->policy.info))
            compare_soon(xfrm);
        break;
    case XFRM_KIND_SAS_FLUSHED: case XFRM_KIND_POLICIES_FLUSHED:
        if (!ours)
            compare_soon(xfrm);
        break;
    case XFRM_KIND_SA: case XFRM_KIND_ANSWER: case XFRM_KIND_OTHER: break;
    }
}
