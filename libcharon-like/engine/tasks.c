/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/tasks.c - what we have to ask of the peer waits in one queue: our window is one request (RFC 7296 section 2.3). */
#include "engine/ike-sa-private.h"

gboolean
obol_tasks_has(const ObolIkeSa *sa, ObolTaskKind kind)
{
    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        if (g_array_index(sa->tasks, ObolTask, i).kind == kind)
            return TRUE;
    }
    return FALSE;
}

static void
remove_task(ObolIkeSa *sa, guint i)
{
    g_array_remove_index(sa->tasks, i);
    if (sa->tasks->len == 0)
        g_clear_pointer(&sa->tasks, g_array_unref);
}

gboolean
obol_tasks_cancel(ObolIkeSa *sa, ObolTaskKind kind)
{
    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        if (g_array_index(sa->tasks, ObolTask, i).kind == kind) {
            remove_task(sa, i);
            return TRUE;
        }
    }
    return FALSE;
}

/* Nothing else is of use before the peer knows where we are. */
static guint
rank(ObolTaskKind kind)
{
    return kind == OBOL_TASK_UPDATE ? 0 : kind == OBOL_TASK_ANNOUNCE || kind == OBOL_TASK_CHECK ? 1 : 2;
}

/* One Delete takes all children that are to go, one probe is as good as two, and one rekeying of the IKE SA. */
void
obol_tasks_add(ObolIkeSa *sa, ObolTaskKind kind, guint32 child_id, gint64 not_before_us)
{
    ObolTask task = { kind, child_id, not_before_us };
    guint at = 0;

    if (kind != OBOL_TASK_CREATE && obol_tasks_has(sa, kind))
        return;
    if (sa->tasks == NULL)
        sa->tasks = g_array_new(FALSE, FALSE, sizeof(ObolTask));
    while (at < sa->tasks->len && rank(g_array_index(sa->tasks, ObolTask, at).kind) <= rank(kind))
        at++;
    g_array_insert_val(sa->tasks, at, task);
}

gboolean
obol_tasks_drop(ObolIkeSa *sa, guint32 child_id)
{
    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        const ObolTask *task = &g_array_index(sa->tasks, ObolTask, i);

        if (task->kind == OBOL_TASK_CREATE && task->child_id == child_id) {
            remove_task(sa, i);
            return TRUE;
        }
    }
    return FALSE;
}

void
obol_tasks_inherit(ObolIkeSa *sa, ObolIkeSa *heir)
{
    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        const ObolTask *task = &g_array_index(sa->tasks, ObolTask, i);

        if (task->kind != OBOL_TASK_PROBE && task->kind != OBOL_TASK_REKEY_IKE)
            obol_tasks_add(heir, task->kind, task->child_id, task->not_before_us);
    }
    g_clear_pointer(&sa->tasks, g_array_unref);
}

gint64
obol_tasks_due(const ObolIkeSa *sa)
{
    gint64 due = G_MAXINT64;

    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        const ObolTask *task = &g_array_index(sa->tasks, ObolTask, i);

        if (task->not_before_us > sa->now_us)
            due = MIN(due, task->not_before_us);
    }
    return due;
}

/* The IKE SA is not rekeyed in the middle of what either end does to a child, nor the reverse (section 2.25.2). */
static gboolean
may_go(const ObolIkeSa *sa, const ObolTask *task)
{
    if (task->not_before_us > sa->now_us || (task->kind != OBOL_TASK_PROBE && obol_succession_is_open(sa)))
        return FALSE;
    return task->kind != OBOL_TASK_REKEY_IKE || (!sa->busy && obol_succession_may_begin(sa));
}

static gboolean
take_next(ObolIkeSa *sa, ObolTask *out)
{
    for (guint i = 0; sa->tasks != NULL && i < sa->tasks->len; i++) {
        *out = g_array_index(sa->tasks, ObolTask, i);
        if (may_go(sa, out)) {
            remove_task(sa, i);
            return TRUE;
        }
    }
    return FALSE;
}

static void
begin(ObolIkeSa *sa, const ObolTask *task, ObolActions *out)
{
    ObolChildSa *child;

    switch (task->kind) {
    case OBOL_TASK_PROBE:
    case OBOL_TASK_UPDATE:
    case OBOL_TASK_ANNOUNCE:
    case OBOL_TASK_CHECK: obol_mobike_ask(sa, task->kind, out); break;
    case OBOL_TASK_DELETE: obol_informational_delete(sa, out); break;
    case OBOL_TASK_CREATE:
        child = obol_child_sa_find(sa, task->child_id);
        if (child != NULL && child->negotiation != NULL)
            obol_create_start(sa, child, out);
        break;
    case OBOL_TASK_REKEY_IKE: obol_ike_rekey_start(sa, out); break;
    }
}

void
obol_tasks_pump(ObolIkeSa *sa, ObolActions *out)
{
    ObolTask task;

    while (sa->request.datagram == NULL && sa->asking_id == 0
           && (sa->state == OBOL_IKE_ESTABLISHED || sa->state == OBOL_IKE_REKEYED || sa->state == OBOL_IKE_DELETING)) {
        /* The end of the IKE SA is the end of its children, so nothing else need be asked (section 1.4.1). */
        if (sa->delete_wanted) {
            if (!sa->delete_sent)
                obol_informational_delete(sa, out);
            return;
        }
        if (!take_next(sa, &task))
            return;
        begin(sa, &task, out);
    }
}
