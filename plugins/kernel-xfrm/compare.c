/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compare.c - makes the kernel hold what the tables say.
 *
 * Wherever the two may have drifted apart - events lost, others' deletes and flushes, a predecessor's leftovers, our own end - the
 * answer is the same: look at all that the kernel holds.  SAs of ours that are missing are told as expired, policies that are
 * missing or changed are put back, and what bears our sign without being in the tables is removed. */
#include <errno.h>

#include "encode.h"
#include "failure.h"
#include "owner.h"
#include "xfrm-private.h"

#define PAUSE_US G_USEC_PER_SEC /* between two: a quarrel with another program must not take all our time */

typedef struct {
    ObolSaId id;
    ObolMark mark;
} StraySa;

typedef struct {
    guint32 index;
    ObolMark mark;
    guint32 if_id;
    guint32 reqid; /* 0: none */
} StrayPolicy;

/* What to do, gathered while the kernel is asked: a dump must not be disturbed by what follows from it. */
typedef struct {
    Xfrm *xfrm;
    GArray *stray_sas, *stray_policies;
    GArray *waiting; /* of XfrmWaiting: SAs that acquires wait for, anybody's */
    GPtrArray *changed; /* of Rule */
    guint n_told, n_put;
} Comparison;

/* A soft limit that was reached while nobody heard of it. */
static void
look_at_limits(Comparison *comparison, Sa *sa, const XfrmSa *kernels)
{
    const ObolLifetimes *limits = &sa->lifetimes;
    gint64 now_us = comparison->xfrm->host.now_us(comparison->xfrm->host.data);
    gboolean reached = (limits->soft_bytes != 0 && kernels->info.curlft.bytes >= limits->soft_bytes) ||
                       (limits->soft_packets != 0 && kernels->info.curlft.packets >= limits->soft_packets) ||
                       (limits->soft_us != 0 && now_us - sa->added_us >= limits->soft_us);

    if (reached && !sa->soft_told)
        tell_expired(comparison->xfrm, sa, FALSE);
}

static void
note_waiting(Comparison *comparison, const XfrmSa *kernels)
{
    const XfrmWaiting waiting = {
        .id = kernels->id, .reqid = kernels->info.reqid, .sequence = kernels->info.seq, .if_id = kernels->if_id,
        .mode = kernels->info.mode, .mark = kernels->mark,
    };

    g_array_append_val(comparison->waiting, waiting);
}

static void
look_at_sa(const XfrmMessage *message, gpointer data)
{
    Comparison *comparison = data;
    const XfrmSa *kernels = &message->sa;
    gboolean reservation;
    StraySa stray;
    Sa *sa;

    if (message->kind != XFRM_KIND_SA)
        return;
    if (kernels->larval && kernels->id.spi == 0 && kernels->id.protocol != 0)
        note_waiting(comparison, kernels);
    reservation = owner_has_reservation(kernels);
    if (!reservation && !owner_has_sa(kernels))
        return;
    sa = sas_find(comparison->xfrm->sas, &kernels->id, &kernels->mark);
    if (sa != NULL && sa->reserved == reservation) {
        sa->seen = comparison->xfrm->comparison;
        if (!reservation)
            look_at_limits(comparison, sa, kernels);
        return;
    }
    stray = (StraySa) { kernels->id, kernels->mark };
    g_array_append_val(comparison->stray_sas, stray);
}

/* Was it changed by somebody? */
static gboolean
is_as_it_should(const Rule *rule, const XfrmPolicy *kernels)
{
    const Claim *claim = rule_serves(rule);
    guint n = claim->spec.action != OBOL_POLICY_PROTECT ? 0 : claim->spec.ipcomp ? 2 : 1;

    return kernels->info.priority == claim->priority && kernels->n_templates == n &&
           (kernels->info.action == XFRM_POLICY_BLOCK) == (claim->spec.action == OBOL_POLICY_DROP) &&
           (n == 0 || kernels->templates[n - 1].reqid == claim->spec.reqid);
}

static void
look_at_policy(const XfrmMessage *message, gpointer data)
{
    Comparison *comparison = data;
    const XfrmPolicy *kernels = &message->policy;
    Rule *rule;

    if (message->kind != XFRM_KIND_POLICY || !owner_has_policy(&kernels->info))
        return;
    rule = rules_by_index(comparison->xfrm->rules, kernels->info.index);
    if (rule == NULL) {
        StrayPolicy stray = {
            kernels->info.index, kernels->mark, kernels->if_id,
            kernels->n_templates > 0 && kernels->info.dir == XFRM_POLICY_OUT ? kernels->templates[0].reqid : 0,
        };

        g_array_append_val(comparison->stray_policies, stray);
        return;
    }
    rule->seen = comparison->xfrm->comparison;
    if (!is_as_it_should(rule, kernels))
        g_ptr_array_add(comparison->changed, rule);
}

static void
tell_if_missing(Sa *sa, gpointer data)
{
    Comparison *comparison = data;

    if (sa->reserved || sa->seen == comparison->xfrm->comparison)
        return; /* a reservation is kept by us when the kernel has given it up */
    comparison->n_told++;
    tell_expired(comparison->xfrm, sa, TRUE);
}

static void
put_back(Comparison *comparison, const Rule *rule, guint16 type)
{
    g_autofree char *source = NULL, *destination = NULL;
    const Claim *claim = rule_serves(rule);
    int status = put_rule(comparison->xfrm, rule, type);

    comparison->n_put++;
    if (status == 0)
        return;
    source = obol_ts_format(&claim->spec.source);
    destination = obol_ts_format(&claim->spec.destination);
    xfrm_log(comparison->xfrm, 0, "the policy from %s to %s, which somebody removed, can not be put back: %s", source, destination,
             g_strerror(-status));
}

static void
put_if_missing(Rule *rule, gpointer data)
{
    Comparison *comparison = data;

    if (rule->seen != comparison->xfrm->comparison)
        put_back(comparison, rule, XFRM_MSG_NEWPOLICY);
}

static void
end_waiting(Comparison *comparison, guint32 reqid)
{
    for (guint i = 0; reqid != 0 && i < comparison->waiting->len; i++) {
        const XfrmWaiting *at = &g_array_index(comparison->waiting, XfrmWaiting, i);

        if (at->reqid == reqid)
            waiting_end(comparison->xfrm, at);
    }
}

static int
remove_strays(Comparison *comparison)
{
    XfrmRequest request;
    int worst = 0;

    for (guint i = 0; i < comparison->stray_policies->len; i++) {
        const StrayPolicy *at = &g_array_index(comparison->stray_policies, StrayPolicy, i);
        int status;

        encode_policy_name(&request, XFRM_MSG_DELPOLICY, at->index, &at->mark, at->if_id);
        status = link_talk(comparison->xfrm->link, &request, NULL, NULL);
        worst = status < 0 && status != -ENOENT ? status : worst;
        end_waiting(comparison, at->reqid);
    }
    for (guint i = 0; i < comparison->stray_sas->len; i++) {
        const StraySa *at = &g_array_index(comparison->stray_sas, StraySa, i);
        int status;

        encode_sa_name(&request, XFRM_MSG_DELSA, &at->id, &at->mark);
        status = link_talk(comparison->xfrm->link, &request, NULL, NULL);
        worst = status < 0 && status != -ESRCH ? status : worst;
    }
    return worst;
}

static int
compare(Comparison *comparison)
{
    Xfrm *xfrm = comparison->xfrm;
    int status;

    xfrm->comparison++;
    status = link_dump(xfrm->link, XFRM_MSG_GETSA, look_at_sa, comparison);
    if (status == 0)
        status = link_dump(xfrm->link, XFRM_MSG_GETPOLICY, look_at_policy, comparison);
    if (status < 0)
        return status; /* what was not seen may be there */
    sas_each(xfrm->sas, tell_if_missing, comparison);
    rules_each(xfrm->rules, put_if_missing, comparison);
    for (guint i = 0; i < comparison->changed->len; i++)
        put_back(comparison, g_ptr_array_index(comparison->changed, i), XFRM_MSG_UPDPOLICY);
    return remove_strays(comparison);
}

gboolean
compare_now(Xfrm *xfrm, GError **error)
{
    g_autoptr(GArray) sas = g_array_new(FALSE, FALSE, sizeof(StraySa)), policies = g_array_new(FALSE, FALSE, sizeof(StrayPolicy));
    g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(XfrmWaiting));
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    Comparison comparison = {
        .xfrm = xfrm, .stray_sas = sas, .stray_policies = policies, .waiting = waiting, .changed = changed,
    };
    int status = compare(&comparison);

    xfrm->compared_us = xfrm->host.now_us(xfrm->host.data);
    if (comparison.n_told + comparison.n_put + sas->len + policies->len > 0)
        xfrm_log(xfrm, 1, "the kernel lacked %u SAs and %u policies of ours, and had %u and %u too many", comparison.n_told,
                 comparison.n_put, sas->len, policies->len);
    if (status < 0)
        failure_set(error, status, link_words(xfrm->link), "comparing what the kernel holds with what it should");
    return status == 0;
}

static gboolean
turn(GSource *source, GSourceFunc callback, gpointer data)
{
    g_autoptr(GError) error = NULL;

    (void) callback;
    g_source_set_ready_time(source, -1);
    if (!compare_now(data, &error))
        xfrm_log(data, 0, "%s", error->message);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .dispatch = turn };

static gboolean
never(gpointer data)
{
    (void) data;
    return G_SOURCE_CONTINUE;
}

void
compare_start(Xfrm *xfrm)
{
    xfrm->comparing = g_source_new(&functions, sizeof(GSource));
    g_source_set_callback(xfrm->comparing, never, xfrm, NULL); /* for its data alone */
    g_source_attach(xfrm->comparing, xfrm->host.context);
}

void
compare_stop(Xfrm *xfrm)
{
    if (xfrm->comparing == NULL)
        return;
    g_source_destroy(xfrm->comparing);
    g_clear_pointer(&xfrm->comparing, g_source_unref);
}

/* At once, or when the last one is long enough ago. */
void
compare_soon(Xfrm *xfrm)
{
    gint64 since_us = xfrm->host.now_us(xfrm->host.data) - xfrm->compared_us;
    gint64 at_us = since_us >= PAUSE_US ? 0 : g_get_monotonic_time() + PAUSE_US - since_us;

    if (xfrm->comparing != NULL && g_source_get_ready_time(xfrm->comparing) == -1)
        g_source_set_ready_time(xfrm->comparing, at_us);
}
