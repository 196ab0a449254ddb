/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child-kernel.c - asking the kernel for a Child SA.  Every answer comes later, and may come too late, or be a no. */
#include "engine/ike-sa-private.h"

void
obol_child_ask(ObolIkeSa *sa, ObolChildSa *child, ObolKernelPurpose purpose, guint part, const ObolKernelRequest *request,
               ObolActions *out)
{
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_KERNEL);
    ObolKernelWait wait = { ++sa->n_kernel_requests, purpose, request->op, child->unique_id, part, child->at };

    if (purpose != OBOL_KERNEL_FOR_NOBODY && purpose != OBOL_KERNEL_FOR_LIVENESS)
        child->n_waiting++;
    if (sa->waits == NULL)
        sa->waits = g_array_new(FALSE, FALSE, sizeof(ObolKernelWait));
    g_array_append_val(sa->waits, wait);
    action->kernel.request = wait.request;
    action->kernel.what = obol_kernel_request_copy(request);
}

static gboolean
take_wait(ObolIkeSa *sa, guint32 request, ObolKernelWait *out)
{
    for (guint i = 0; sa->waits != NULL && i < sa->waits->len; i++) {
        if (g_array_index(sa->waits, ObolKernelWait, i).request == request) {
            *out = g_array_index(sa->waits, ObolKernelWait, i);
            g_array_remove_index_fast(sa->waits, i);
            if (sa->waits->len == 0)
                g_clear_pointer(&sa->waits, g_array_unref);
            return TRUE;
        }
    }
    return FALSE;
}

static ObolReasonCode
code_of(ObolKernelOp op)
{
    switch (op) {
    case OBOL_KERNEL_GET_SPI: return OBOL_REASON_KERNEL_SPI;
    case OBOL_KERNEL_ADD_POLICY:
    case OBOL_KERNEL_DELETE_POLICY:
    case OBOL_KERNEL_UPDATE_POLICY: return OBOL_REASON_KERNEL_POLICY;
    case OBOL_KERNEL_ADD_SA:
    case OBOL_KERNEL_UPDATE_SA:
    case OBOL_KERNEL_DELETE_SA:
    case OBOL_KERNEL_QUERY_SA:
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_LIST: return OBOL_REASON_KERNEL_SA;
    }
    return OBOL_REASON_KERNEL_SA;
}

static void
refuse(ObolChildSa *child, ObolKernelOp op, const char *message)
{
    const char *phase = child->negotiation != NULL ? child->negotiation->phase : OBOL_PHASE_INFORMATIONAL;

    if (child->refused == NULL)
        child->refused = obol_reason_new(code_of(op), phase, OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN, "%s", message);
}

/* Compression is a convenience: a kernel without a CPI to spare makes an SA without it. */
static void
take_spi(ObolChildSa *child, const ObolKernelWait *wait, const ObolKernelReply *reply)
{
    gboolean good = reply->error == NULL && reply->spi != 0;

    if (wait->part == OBOL_PART_COMP_IN) {
        child->cpi_in = good ? (guint16) reply->spi : 0;
        child->places[wait->part] = good ? wait->place : OBOL_NOWHERE;
        return;
    }
    if (!good) {
        refuse(child, wait->op, reply->error != NULL ? reply->error->message : "it gave the SPI 0");
        return;
    }
    child->spi_in = reply->spi;
    child->places[wait->part] = wait->place;
}

static void
take_installed(ObolChildSa *child, const ObolKernelWait *wait, const ObolKernelReply *reply)
{
    if (reply->error != NULL)
        refuse(child, wait->op, reply->error->message);
    else if (wait->op == OBOL_KERNEL_ADD_POLICY)
        child->policies->data[wait->part] = wait->place;
    else
        child->places[wait->part] = wait->place;
}

/* What could not be moved stays where it was, and is named so when it goes: its successor stands at the new addresses. */
static void
take_moved(ObolIkeSa *sa, ObolChildSa *child, const ObolKernelWait *wait, const ObolKernelReply *reply, ObolActions *out)
{
    if (reply->error == NULL) {
        if (wait->op == OBOL_KERNEL_UPDATE_POLICY)
            child->policies->data[wait->part] = wait->place;
        else
            child->places[wait->part] = wait->place;
        return;
    }
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u can not be moved, so it is rekeyed: %s", child->config->name, child->unique_id,
                    reply->error->message);
    child->rekey_at_us = sa->now_us;
}

void
obol_child_kernel_reply(ObolIkeSa *sa, guint32 request, const ObolKernelReply *reply, ObolActions *out)
{
    ObolKernelWait wait;
    ObolChildSa *child;

    if (!take_wait(sa, request, &wait))
        return;
    child = obol_child_sa_find(sa, wait.child_id);
    if (wait.purpose == OBOL_KERNEL_FOR_LIVENESS) {
        obol_liveness_reply(sa, child, reply, out);
        return;
    }
    if (wait.purpose == OBOL_KERNEL_FOR_NOBODY || child == NULL) {
        /* An SA whose hard lifetime is over, or that another program deleted, is not there to be deleted. */
        if (reply->error != NULL && !g_error_matches(reply->error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND))
            obol_ike_sa_log(sa, out, 1, "the kernel: %s", reply->error->message);
        return;
    }
    child->n_waiting--;
    switch (wait.purpose) {
    case OBOL_KERNEL_FOR_SPI: take_spi(child, &wait, reply); break;
    case OBOL_KERNEL_FOR_INSTALL: take_installed(child, &wait, reply); break;
    case OBOL_KERNEL_FOR_MOVE: take_moved(sa, child, &wait, reply, out); break;
    case OBOL_KERNEL_FOR_LIVENESS:
    case OBOL_KERNEL_FOR_NOBODY: break;
    }
    obol_child_step(sa, child, out);
}
