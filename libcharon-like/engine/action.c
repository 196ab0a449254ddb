/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/action.c - the list of what is to be done, and who owns what is in it. */
#include "engine/action.h"

#include "engine/ike-sa.h"

struct ObolActions {
    GArray *list; /* of ObolAction */
};

static void
child_info_free(ObolChildInfo *child)
{
    if (child == NULL)
        return;
    g_clear_pointer((GArray **) &child->local_ts, g_array_unref);
    g_clear_pointer((GArray **) &child->remote_ts, g_array_unref);
    g_free(child);
}

static void
message_free(ObolMessageEvent *message)
{
    if (message == NULL)
        return;
    g_free((char *) message->payloads);
    g_free(message);
}

static void
clear_action(gpointer data)
{
    ObolAction *action = data;

    switch (action->kind) {
    case OBOL_ACTION_SEND: g_clear_pointer(&action->send.datagram, g_bytes_unref); break;
    case OBOL_ACTION_KERNEL: g_clear_pointer(&action->kernel.what, obol_kernel_request_free); break;
    case OBOL_ACTION_JOB:
        if (action->job != NULL)
            action->job->free(action->job);
        break;
    case OBOL_ACTION_IKE_STATE: obol_reason_free(action->ike_state.reason); break;
    case OBOL_ACTION_CHILD_STATE:
        child_info_free(action->child_state.child);
        obol_reason_free(action->child_state.reason);
        break;
    case OBOL_ACTION_MESSAGE: message_free(action->message); break;
    case OBOL_ACTION_FAILURE: obol_reason_free(action->failure); break;
    case OBOL_ACTION_LOG: g_free(action->log.text); break;
    case OBOL_ACTION_SUCCESSOR: obol_ike_sa_free(action->successor.sa); break;
    case OBOL_ACTION_RESOLVE: g_free(action->resolve.name); break;
    case OBOL_ACTION_REAUTHENTICATE: g_ptr_array_unref(action->reauthenticate.children); break;
    case OBOL_ACTION_LEASE:
    case OBOL_ACTION_RELEASE: obol_pool_request_free(action->lease); break;
    case OBOL_ACTION_CONFIGURE:
        g_array_unref(action->configure.addresses);
        g_array_unref(action->configure.attributes);
        break;
    case OBOL_ACTION_COMMAND_DONE: obol_reason_free(action->command_done.reason); break;
    case OBOL_ACTION_REDIRECTED:
    case OBOL_ACTION_WAKE:
    case OBOL_ACTION_KEEP_ALIVE:
    case OBOL_ACTION_IDENTIFIED:
    case OBOL_ACTION_MOVED:
    case OBOL_ACTION_CLOSE: break;
    }
}

ObolActions *
obol_actions_new(void)
{
    ObolActions *actions = g_new(ObolActions, 1);

    actions->list = g_array_new(FALSE, TRUE, sizeof(ObolAction));
    g_array_set_clear_func(actions->list, clear_action);
    return actions;
}

void
obol_actions_free(ObolActions *actions)
{
    if (actions == NULL)
        return;
    g_array_unref(actions->list);
    g_free(actions);
}

void
obol_actions_clear(ObolActions *actions)
{
    g_array_set_size(actions->list, 0);
}

ObolAction *
obol_actions_add(ObolActions *actions, ObolActionKind kind)
{
    ObolAction *action;

    g_array_set_size(actions->list, actions->list->len + 1);
    action = &g_array_index(actions->list, ObolAction, actions->list->len - 1);
    action->kind = kind;
    return action;
}

guint
obol_actions_n(const ObolActions *actions)
{
    return actions->list->len;
}

ObolAction *
obol_actions_nth(ObolActions *actions, guint i)
{
    return &g_array_index(actions->list, ObolAction, i);
}

guint
obol_actions_count(const ObolActions *actions, ObolActionKind kind)
{
    guint n = 0;

    for (guint i = 0; i < actions->list->len; i++)
        n += g_array_index(actions->list, ObolAction, i).kind == kind;
    return n;
}

static GArray *
copy_selectors(const GArray *list)
{
    return list != NULL ? g_array_copy((GArray *) list) : NULL;
}

ObolKernelRequest *
obol_kernel_request_copy(const ObolKernelRequest *request)
{
    ObolKernelRequest *copy = g_memdup2(request, sizeof *request);

    copy->sa.encr_key = obol_secret_dup(request->sa.encr_key);
    copy->sa.integ_key = obol_secret_dup(request->sa.integ_key);
    copy->sa.source_ts = copy_selectors(request->sa.source_ts);
    copy->sa.destination_ts = copy_selectors(request->sa.destination_ts);
    return copy;
}

void
obol_kernel_request_free(ObolKernelRequest *request)
{
    if (request == NULL)
        return;
    obol_secret_free((ObolSecret *) request->sa.encr_key);
    obol_secret_free((ObolSecret *) request->sa.integ_key);
    g_clear_pointer((GArray **) &request->sa.source_ts, g_array_unref);
    g_clear_pointer((GArray **) &request->sa.destination_ts, g_array_unref);
    g_free(request);
}
