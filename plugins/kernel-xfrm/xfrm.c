/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xfrm.c - the kernel role by NETLINK_XFRM: joins tables, sockets and loop. */
#include <unistd.h>

#include "alone.h"
#include "failure.h"
#include "owner.h"
#include "xfrm-private.h"

void
xfrm_log(const Xfrm *xfrm, int level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    xfrm->host.log(xfrm->host.data, level, text);
}

static void
lost(gpointer xfrm)
{
    xfrm_log(xfrm, 0, "the kernel told more than the socket holds (kernel-xfrm.event_buffer); looking at everything it has");
    compare_soon(xfrm);
}

static void
broken(const char *what, gpointer xfrm)
{
    xfrm_log(xfrm, 0, "an event of the kernel is not understood: %s", what);
    compare_soon(xfrm);
}

/* The events first: what happens from then on is told.  Then what a predecessor left. */
static gboolean
begin(Xfrm *xfrm, GError **error)
{
    const EventsCalls calls = { .told = told, .lost = lost, .broken = broken, .data = xfrm };

    xfrm->alone = alone_begin(error);
    if (xfrm->alone < 0)
        return FALSE;
    xfrm->link = link_new(error);
    if (xfrm->link == NULL || !probe_kernel(xfrm->link, &xfrm->probe, error))
        return FALSE;
    xfrm->probe.dialect.mapping_interval_s = xfrm->settings.mapping_interval_s;
    xfrm->events = events_new(xfrm->host.context, xfrm->settings.event_buffer, &calls, error);
    return xfrm->events != NULL && compare_now(xfrm, error);
}

Xfrm *
xfrm_new(const XfrmSettings *settings, const XfrmHost *host, const ObolKernelClient *client, GError **error)
{
    g_autoptr(Xfrm) xfrm = g_new0(Xfrm, 1);

    xfrm->settings = *settings;
    xfrm->host = *host;
    xfrm->alone = -1;
    xfrm->answers = answers_new(host->context, client);
    xfrm->sas = sas_new();
    xfrm->rules = rules_new(g_random_int() % OWNER_SERIALS); /* apart from a predecessor's, no more */
    g_queue_init(&xfrm->reservations);
    g_queue_init(&xfrm->waiting);
    if (!begin(xfrm, error))
        return NULL;
    compare_start(xfrm);
    xfrm->knobs = knobs_new(settings->acquire_timeout_s, settings->hold_flows, host->log, host->data);
    return g_steal_pointer(&xfrm);
}

/* Empty tables, and the comparison removes all. */
static gboolean
flush(Xfrm *xfrm, GError **error)
{
    sas_clear(xfrm->sas);
    rules_clear(xfrm->rules);
    forget_reservations(xfrm);
    waiting_clear(xfrm);
    return compare_now(xfrm, error);
}

void
xfrm_free(Xfrm *xfrm)
{
    g_autoptr(GError) error = NULL;

    if (xfrm == NULL)
        return;
    compare_stop(xfrm);
    if (xfrm->events != NULL && !flush(xfrm, &error))
        xfrm_log(xfrm, 0, "%s", error->message);
    events_free(xfrm->events);
    answers_free(xfrm->answers);
    knobs_free(xfrm->knobs);
    link_free(xfrm->link);
    rules_free(xfrm->rules);
    sas_free(xfrm->sas);
    forget_reservations(xfrm);
    waiting_clear(xfrm);
    if (xfrm->alone >= 0)
        close(xfrm->alone);
    g_free(xfrm);
}

const ObolKernelAbilities *
xfrm_abilities(const Xfrm *xfrm)
{
    return &xfrm->probe.abilities;
}

static gboolean
serve(Xfrm *xfrm, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error)
{
    switch (request->op) {
    case OBOL_KERNEL_GET_SPI: return get_spi(xfrm, &request->sa, &reply->spi, error);
    case OBOL_KERNEL_ADD_SA: return add_sa(xfrm, &request->sa, error);
    case OBOL_KERNEL_UPDATE_SA: return move_sa(xfrm, request, error);
    case OBOL_KERNEL_DELETE_SA: return delete_sa(xfrm, &request->sa, error);
    case OBOL_KERNEL_QUERY_SA: return query_sa(xfrm, &request->sa, &reply->usage, error);
    case OBOL_KERNEL_ADD_POLICY: return add_policy(xfrm, &request->policy, error);
    case OBOL_KERNEL_DELETE_POLICY: return delete_policy(xfrm, &request->policy, error);
    case OBOL_KERNEL_FLUSH: return flush(xfrm, error);
    case OBOL_KERNEL_UPDATE_POLICY: return update_policy(xfrm, &request->policy, &request->policy_to, error);
    case OBOL_KERNEL_LIST: return list(xfrm, (GArray **) &reply->sas, (GArray **) &reply->policies, error);
    }
    g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "an unknown request");
    return FALSE;
}

/* Done at once (link.h says why that does not block); only the completion waits for the loop. */
void
xfrm_request(Xfrm *xfrm, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    ObolKernelReply reply = { 0 };
    GError *error = NULL;

    serve(xfrm, request, &reply, &error);
    answers_push(xfrm->answers, done, data, &reply, error);
}

void
xfrm_each_policy(const Xfrm *xfrm, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    rules_each_claim(xfrm->rules, visit, data);
}
