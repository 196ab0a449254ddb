/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* failures.c - the last failures with their reasons, for `list-failures`. */
#include "failures.h"

static void
failure_free(ViciFailure *failure)
{
    g_free(failure->connection);
    g_free(failure->child);
    g_free(failure->local);
    g_free(failure->remote);
    obol_reason_free(failure->reason);
    g_free(failure);
}

void
vici_failures_init(ViciFailures *failures)
{
    *failures = (ViciFailures) { 0 };
    g_queue_init(&failures->list);
}

void
vici_failures_clear(ViciFailures *failures)
{
    g_queue_clear_full(&failures->list, (GDestroyNotify) failure_free);
    failures->n_strangers = 0;
}

static char *
endpoint(const ObolAddress *address)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    return address->family != 0 ? g_strdup(obol_address_format_with_port(address, text)) : NULL;
}

static ViciFailure *
failure_new(const ObolIkeInfo *sa, const char *child, const ObolReason *reason)
{
    ViciFailure *failure = g_new0(ViciFailure, 1);

    if (sa != NULL) {
        failure->connection = g_strdup(sa->connection);
        failure->local = endpoint(&sa->local);
        failure->remote = endpoint(&sa->remote);
        failure->ike_id = sa->unique_id;
    }
    failure->child = g_strdup(child);
    failure->reason = obol_reason_dup(reason);
    return failure;
}

static gboolean
is_the_same(const ViciFailure *a, const ViciFailure *b)
{
    return a->reason->code == b->reason->code && a->reason->side == b->reason->side &&
           g_strcmp0(a->reason->phase, b->reason->phase) == 0 && g_strcmp0(a->reason->facts, b->reason->facts) == 0 &&
           g_strcmp0(a->connection, b->connection) == 0 && g_strcmp0(a->child, b->child) == 0 &&
           g_strcmp0(a->remote, b->remote) == 0;
}

static void
drop(ViciFailures *failures, GList *link)
{
    ViciFailure *failure = link->data;

    failures->n_strangers -= failure->connection == NULL ? 1 : 0;
    g_queue_delete_link(&failures->list, link);
    failure_free(failure);
}

static void
drop_oldest_stranger(ViciFailures *failures)
{
    for (GList *link = failures->list.head; link != NULL; link = link->next) {
        const ViciFailure *failure = link->data;

        if (failure->connection == NULL) {
            drop(failures, link);
            return;
        }
    }
}

void
vici_failures_add(ViciFailures *failures, const ObolIkeInfo *sa, const char *child, const ObolReason *reason,
                  gint64 real_us)
{
    ViciFailure *failure, *last = g_queue_peek_tail(&failures->list);

    if (reason->code == OBOL_REASON_NONE || reason->code == OBOL_REASON_DELETED_BY_US)
        return;
    failure = failure_new(sa, child, reason);
    failure->first_us = real_us;
    if (last != NULL && is_the_same(last, failure)) {
        failure->first_us = last->first_us;
        failure->n = last->n;
        drop(failures, failures->list.tail);
    }
    failure->last_us = real_us;
    failure->n++;
    g_queue_push_tail(&failures->list, failure);
    failures->n_strangers += failure->connection == NULL ? 1 : 0;
    if (failures->n_strangers > VICI_FAILURES_STRANGERS_MAX)
        drop_oldest_stranger(failures);
    if (failures->list.length > VICI_FAILURES_MAX)
        drop(failures, failures->list.head);
}
