/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-sa.c - an IKE SA: born, asked, told, ended. */
#include "engine/ike-sa-private.h"

#include <string.h>

ObolSpan
obol_span_of_bytes(GBytes *bytes)
{
    ObolSpan span = { NULL, 0 };

    if (bytes != NULL)
        span.data = g_bytes_get_data(bytes, &span.n);
    return span;
}

static ObolIkeSa *
new_sa(const ObolEngine *engine, ObolRole role, const ObolAddress *local, const ObolAddress *remote)
{
    ObolIkeSa *sa = g_new0(ObolIkeSa, 1);

    *sa = (ObolIkeSa) {
        .engine = engine,
        .role = role,
        .state = OBOL_IKE_NEW,
        .unique_id = engine->next_unique_id(engine->data),
        .local = *local,
        .remote = *remote,
        .half_open_until_us = G_MAXINT64,
        .negotiation = g_new0(ObolNegotiation, 1),
        .children = g_ptr_array_new_with_free_func((GDestroyNotify) obol_child_sa_free),
    };
    obol_random_fill(&engine->random, sa->negotiation->nonce, sizeof sa->negotiation->nonce);
    return sa;
}

ObolIkeSa *
obol_ike_sa_new_initiator(const ObolEngine *engine, const ObolConnection *connection, guint64 spi, const ObolAddress *local,
                          const ObolAddress *remote)
{
    ObolIkeSa *sa = new_sa(engine, OBOL_INITIATOR, local, remote);

    sa->connection = obol_connection_ref(connection);
    sa->spi_i = spi;
    return sa;
}

ObolIkeSa *
obol_ike_sa_new_responder(const ObolEngine *engine, guint64 spi, const ObolAddress *local, const ObolAddress *remote)
{
    ObolIkeSa *sa = new_sa(engine, OBOL_RESPONDER, local, remote);

    sa->spi_r = spi;
    return sa;
}

void
obol_ike_sa_negotiation_free(ObolIkeSa *sa)
{
    ObolNegotiation *n = sa->negotiation;

    if (n == NULL)
        return;
    if (n->ke_offer != NULL)
        n->ke->close(n->ke_offer);
    g_clear_pointer(&n->peer_nonce, g_bytes_unref);
    g_clear_pointer(&n->own_first, g_bytes_unref);
    g_clear_pointer(&n->peer_first, g_bytes_unref);
    g_clear_pointer(&n->cookie, g_bytes_unref);
    g_clear_pointer(&n->proposals, g_array_unref);
    obol_reason_free(n->refusal);
    obol_wipe(n, sizeof *n);
    g_clear_pointer(&sa->negotiation, g_free);
}

void
obol_ike_sa_free(ObolIkeSa *sa)
{
    if (sa == NULL)
        return;
    obol_ike_sa_negotiation_free(sa);
    obol_window_forget_request(sa);
    g_clear_pointer(&sa->last_response, g_bytes_unref);
    g_ptr_array_unref(sa->children);
    g_clear_pointer(&sa->waits, g_array_unref);
    g_clear_pointer(&sa->deletes, g_array_unref);
    obol_ike_keys_clear(&sa->keys);
    obol_connection_unref(sa->connection);
    g_free(sa->local_id);
    g_free(sa->remote_id);
    g_free(sa);
}

/* --- telling --- */

void
obol_ike_sa_log(const ObolIkeSa *sa, ObolActions *out, int level, const char *format, ...)
{
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_LOG);
    va_list args;

    (void) sa;
    va_start(args, format);
    action->log.group = "ike";
    action->log.level = level;
    action->log.text = g_strdup_vprintf(format, args);
    va_end(args);
}

void
obol_ike_sa_fail(ObolIkeSa *sa, const ObolReason *reason, ObolActions *out)
{
    (void) sa;
    obol_actions_add(out, OBOL_ACTION_FAILURE)->failure = obol_reason_dup(reason);
}

void
obol_ike_sa_command_done(guint32 *command, const ObolReason *reason, ObolActions *out)
{
    ObolAction *action;

    if (*command == 0)
        return;
    action = obol_actions_add(out, OBOL_ACTION_COMMAND_DONE);
    action->command_done.command = *command;
    action->command_done.reason = obol_reason_dup(reason);
    *command = 0;
}

void
obol_ike_sa_set_state(ObolIkeSa *sa, ObolIkeState to, ObolReason *reason, ObolActions *out)
{
    ObolAction *action;

    if (sa->state == to) {
        obol_reason_free(reason);
        return;
    }
    action = obol_actions_add(out, OBOL_ACTION_IKE_STATE);
    action->ike_state.from = sa->state;
    action->ike_state.reason = reason;
    sa->state = to;
}

void
obol_ike_sa_established(ObolIkeSa *sa, gboolean initial_contact, ObolActions *out)
{
    sa->established_us = sa->heard_us = sa->now_us;
    sa->half_open_until_us = G_MAXINT64;
    obol_ike_sa_set_state(sa, OBOL_IKE_ESTABLISHED, NULL, out);
    obol_actions_add(out, OBOL_ACTION_IDENTIFIED)->identified.initial_contact = initial_contact;
}

void
obol_ike_sa_end(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    gboolean asked_for = sa->terminate_command != 0;

    if (sa->state == OBOL_IKE_GONE) {
        obol_reason_free(reason);
        return;
    }
    while (sa->children->len > 0)
        obol_child_sa_end(sa, g_ptr_array_index(sa->children, sa->children->len - 1), obol_reason_dup(reason), out);
    obol_window_forget_request(sa);
    obol_ike_sa_command_done(&sa->initiate_command, reason, out);
    obol_ike_sa_command_done(&sa->terminate_command, asked_for ? NULL : reason, out);
    obol_ike_sa_set_state(sa, OBOL_IKE_GONE, reason, out);
    obol_actions_add(out, OBOL_ACTION_CLOSE);
}

/* --- the door --- */

static void
initiate(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    const ObolChildConfig *child = event->initiate.child;
    guint32 command = event->initiate.command;
    g_autoptr(ObolReason) reason = NULL;

    if (sa->state == OBOL_IKE_NEW && sa->role == OBOL_INITIATOR) {
        sa->initiate_command = command;
        if (child == NULL && sa->connection->children->len > 0)
            child = g_ptr_array_index(sa->connection->children, 0);
        if (child != NULL)
            sa->child_wanted_id = obol_child_sa_new(sa, child)->unique_id;
        obol_init_start(sa, out);
        return;
    }
    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *there = g_ptr_array_index(sa->children, i);

        if (child == NULL || g_str_equal(there->config->name, child->name)) {
            if (there->state == OBOL_CHILD_INSTALLED) {
                obol_ike_sa_command_done(&command, NULL, out);
            } else if (sa->initiate_command == 0) {
                sa->initiate_command = command; /* it is on its way: its end is this command's too */
            } else {
                reason = obol_reason_new(OBOL_REASON_CONFIG, NULL, OBOL_SIDE_US, 0, "it is being set up already");
                obol_ike_sa_command_done(&command, reason, out);
            }
            return;
        }
    }
    reason = obol_reason_new(OBOL_REASON_CONFIG, NULL, OBOL_SIDE_US, 0,
                             "one Child SA is negotiated with each IKE SA, by IKE_AUTH; further ones need CREATE_CHILD_SA");
    reason->next = g_strdup("give the child a connection of its own, or terminate the IKE SA and initiate it with this child");
    obol_ike_sa_command_done(&command, reason, out);
}

static void
terminate(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    guint32 command = event->terminate.command;
    ObolReason *reason = obol_reason_new(OBOL_REASON_DELETED_BY_US, NULL, OBOL_SIDE_US, 0, NULL);

    /* Before IKE_AUTH is done the child is all that the IKE SA is being set up for. */
    if (event->terminate.child_id != 0 && sa->negotiation == NULL) {
        ObolChildSa *child = obol_child_sa_find(sa, event->terminate.child_id);

        if (child != NULL && child->n_waiting > 0 && child->refused == NULL)
            child->refused = g_steal_pointer(&reason); /* taken back when the kernel has answered */
        else if (child != NULL && child->n_waiting == 0)
            obol_child_sa_delete(sa, child, g_steal_pointer(&reason), out);
        obol_reason_free(reason);
        obol_ike_sa_command_done(&command, NULL, out);
        return;
    }
    obol_ike_sa_command_done(&sa->terminate_command, NULL, out);
    sa->terminate_command = command;
    if (sa->state == OBOL_IKE_ESTABLISHED || sa->state == OBOL_IKE_DELETING) {
        sa->delete_wanted = TRUE;
        obol_window_pump(sa, out);
        if (sa->state == OBOL_IKE_ESTABLISHED)
            obol_ike_sa_set_state(sa, OBOL_IKE_DELETING, NULL, out);
        if (!event->terminate.force) {
            obol_reason_free(reason);
            return;
        }
    }
    obol_ike_sa_end(sa, reason, out);
}

static void
replaced(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    if (event->replaced.send_delete && sa->state == OBOL_IKE_ESTABLISHED) {
        sa->delete_wanted = TRUE;
        obol_window_pump(sa, out);
    }
    obol_ike_sa_end(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, NULL), out);
}

static void
expire(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    ObolChildSa *child = obol_child_sa_find_spi(sa, event->expire.protocol, event->expire.spi, TRUE);

    if (child == NULL)
        child = obol_child_sa_find_spi(sa, event->expire.protocol, event->expire.spi, FALSE);
    if (child == NULL || child->state != OBOL_CHILD_INSTALLED)
        return;
    if (event->expire.hard)
        obol_child_sa_delete(sa, child, obol_reason_new(OBOL_REASON_LIFETIME, NULL, OBOL_SIDE_US, 0, NULL), out);
    else
        obol_ike_sa_log(sa, out, 1, "Child SA %s #%u has reached its soft lifetime", child->config->name, child->unique_id);
}

static void
mapping(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    /* Only the one who is not behind a NAT itself follows (RFC 7296 section 2.23). */
    if (!sa->nat_remote || sa->nat_local || sa->state != OBOL_IKE_ESTABLISHED)
        return;
    sa->remote = event->mapping;
    obol_child_move(sa, out);
}

void
obol_ike_sa_handle(ObolIkeSa *sa, const ObolEvent *event, gint64 now_us, ObolActions *out)
{
    sa->now_us = now_us;
    if (sa->state == OBOL_IKE_GONE)
        return;
    switch (event->kind) {
    case OBOL_EVENT_INITIATE: initiate(sa, event, out); break;
    case OBOL_EVENT_MESSAGE: obol_admit_message(sa, event, out); break;
    case OBOL_EVENT_TIMER: obol_ike_sa_timer(sa, out); break;
    case OBOL_EVENT_KERNEL: obol_child_kernel_reply(sa, event->kernel.request, event->kernel.reply, out); break;
    case OBOL_EVENT_EXPIRE: expire(sa, event, out); break;
    case OBOL_EVENT_MAPPING: mapping(sa, event, out); break;
    case OBOL_EVENT_JOB: obol_init_job_done(sa, event->job, out); break;
    case OBOL_EVENT_TERMINATE: terminate(sa, event, out); break;
    case OBOL_EVENT_REPLACED: replaced(sa, event, out); break;
    }
    if (sa->state != OBOL_IKE_GONE)
        obol_ike_sa_arm(sa, out);
}

/* --- a look from outside --- */

void
obol_ike_sa_info(const ObolIkeSa *sa, ObolIkeInfo *info, GArray *children)
{
    g_array_set_size(children, 0);
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildInfo child;

        obol_child_sa_info(g_ptr_array_index(sa->children, i), &child);
        g_array_append_val(children, child);
    }
    *info = (ObolIkeInfo) {
        .connection = sa->connection != NULL ? sa->connection->name : NULL,
        .unique_id = sa->unique_id,
        .state = sa->state,
        .initiator = sa->role == OBOL_INITIATOR,
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .local = sa->local,
        .remote = sa->remote,
        .local_id = sa->local_id,
        .remote_id = sa->remote_id,
        .nat_local = sa->nat_local,
        .nat_remote = sa->nat_remote,
        .suite = sa->suite,
        .established_us = sa->established_us,
        .children = (const ObolChildInfo *) children->data,
        .n_children = children->len,
    };
}

ObolIkeState
obol_ike_sa_state(const ObolIkeSa *sa)
{
    return sa->state;
}

guint32
obol_ike_sa_unique_id(const ObolIkeSa *sa)
{
    return sa->unique_id;
}

const ObolConnection *
obol_ike_sa_connection(const ObolIkeSa *sa)
{
    return sa->connection;
}

guint64
obol_ike_sa_own_spi(const ObolIkeSa *sa)
{
    return sa->role == OBOL_INITIATOR ? sa->spi_i : sa->spi_r;
}

guint64
obol_ike_sa_peer_spi(const ObolIkeSa *sa)
{
    return sa->role == OBOL_INITIATOR ? sa->spi_r : sa->spi_i;
}

void
obol_ike_sa_child_spis(const ObolIkeSa *sa, GArray *out)
{
    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->spi_in != 0)
            g_array_append_val(out, child->spi_in);
    }
}

void
obol_ike_sa_set_usage(ObolIkeSa *sa, guint32 spi, gboolean inbound, const ObolSaUsage *usage)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if ((inbound ? child->spi_in : child->spi_out) == spi)
            *(inbound ? &child->in : &child->out) = *usage;
    }
}
