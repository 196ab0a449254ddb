/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ike-sa.c - an IKE SA: born, asked, told, ended. */
#include "engine/ike-sa-private.h"

#include <string.h>

#define LINGER_MAX_US (600 * (gint64) G_USEC_PER_SEC) /* whatever the settings of retransmission */

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
        .asked_by = { *local, *remote },
        .half_open_until_us = G_MAXINT64,
        .own_window = 1,
        .peer_window = 1,
        .negotiation = g_new0(ObolNegotiation, 1),
        .children = g_ptr_array_new_with_free_func((GDestroyNotify) obol_child_sa_free),
    };
    obol_agreement_init(sa, &sa->negotiation->agreement, role);
    return sa;
}

ObolIkeSa *
obol_ike_sa_new_initiator(const ObolEngine *engine, const ObolConnection *connection, guint64 spi, const ObolAddress *local,
                          const ObolAddress *remote)
{
    ObolIkeSa *sa = new_sa(engine, OBOL_INITIATOR, local, remote);

    sa->connection = obol_connection_ref(connection);
    sa->redirects.client = TRUE;
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

ObolIkeSa *
obol_ike_sa_new_successor(const ObolIkeSa *old, ObolRole role)
{
    ObolIkeSa *sa = new_sa(old->engine, role, &old->local, &old->remote);

    sa->connection = obol_connection_ref(old->connection);
    sa->local_id = obol_identity_dup(old->local_id);
    sa->remote_id = obol_identity_dup(old->remote_id);
    sa->nat_local = old->nat_local;
    sa->nat_remote = old->nat_remote;
    sa->feign_nat = old->feign_nat;
    sa->floated = old->floated;
    sa->predecessor = old->unique_id;
    sa->redirects = old->redirects;
    obol_mobike_shadow(old, sa);
    sa->fragmentation.agreed = old->fragmentation.agreed; /* RFC 7383 section 2.3: it is not announced again */
    *(role == OBOL_INITIATOR ? &sa->spi_i : &sa->spi_r) = old->engine->new_spi(old->engine->data);
    return sa;
}

void
obol_ike_sa_negotiation_free(ObolIkeSa *sa)
{
    ObolNegotiation *n = sa->negotiation;

    if (n == NULL)
        return;
    obol_agreement_clear(&n->agreement);
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
    obol_succession_drop(sa, OBOL_INITIATOR);
    obol_succession_drop(sa, OBOL_RESPONDER);
    obol_window_forget_requests(sa);
    obol_window_forget_responses(sa);
    obol_secret_free(sa->peer_token);
    g_free(sa->redirect_to);
    obol_reassembly_drop(sa, OBOL_PENDING_REQUEST);
    g_ptr_array_unref(sa->children);
    g_clear_pointer(&sa->waits, g_array_unref);
    g_clear_pointer(&sa->tasks, g_array_unref);
    obol_informational_forget(sa);
    g_clear_pointer(&sa->mobike, obol_mobike_free);
    g_clear_pointer(&sa->early_deletes, g_array_unref);
    obol_configuration_free(sa->configuration);
    obol_reason_free(sa->end_reason);
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

static void
end_command(guint32 *command, guint32 child_id, const ObolReason *reason, ObolActions *out)
{
    ObolAction *action;

    if (*command == 0)
        return;
    action = obol_actions_add(out, OBOL_ACTION_COMMAND_DONE);
    action->command_done.command = *command;
    action->command_done.child_id = child_id;
    action->command_done.reason = obol_reason_dup(reason);
    *command = 0;
}

void
obol_ike_sa_command_done(guint32 *command, const ObolReason *reason, ObolActions *out)
{
    end_command(command, 0, reason, out);
}

void
obol_ike_sa_command_made(guint32 *command, guint32 child_id, ObolActions *out)
{
    end_command(command, child_id, NULL, out);
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
    obol_ike_life_begin(sa);
    obol_window_size_begin(sa);
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
    /* However it goes: another one serves in its place. */
    if (sa->state == OBOL_IKE_REKEYED && reason->code != OBOL_REASON_REPLACED) {
        obol_reason_free(reason);
        reason = obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, NULL);
    }
    obol_informational_forget(sa);
    if (sa->reauth == OBOL_REAUTH_AFTERWARDS)
        obol_ike_life_ask_for_another(sa, out);
    while (sa->children->len > 0)
        obol_child_sa_end(sa, g_ptr_array_index(sa->children, sa->children->len - 1), obol_reason_dup(reason), out);
    obol_configuration_end(sa, out);
    obol_window_forget_requests(sa);
    obol_ike_sa_command_done(&sa->initiate_command, reason, out);
    obol_ike_sa_command_done(&sa->terminate_command, asked_for ? NULL : reason, out);
    obol_ike_sa_set_state(sa, OBOL_IKE_GONE, reason, out);
    obol_actions_add(out, OBOL_ACTION_CLOSE);
}

void
obol_ike_sa_close(ObolIkeSa *sa, ObolReason *reason, ObolActions *out)
{
    if (sa->delete_wanted
        || (sa->state != OBOL_IKE_ESTABLISHED && sa->state != OBOL_IKE_REKEYED && sa->state != OBOL_IKE_DELETING)) {
        obol_reason_free(reason);
        return;
    }
    sa->delete_wanted = TRUE;
    sa->end_reason = reason;
    obol_tasks_pump(sa, out);
    if (sa->state == OBOL_IKE_ESTABLISHED)
        obol_ike_sa_set_state(sa, OBOL_IKE_DELETING, NULL, out);
}

/* --- the door --- */

/* A child of these settings that is there, or on its way, and has room for the packet. */
static ObolChildSa *
find_child(const ObolIkeSa *sa, const ObolChildConfig *config, const ObolEvent *event)
{
    const ObolTs *source = event->initiate.source, *destination = event->initiate.destination;

    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->state == OBOL_CHILD_DELETING || child->refused != NULL || (config != NULL && child->config != config))
            continue;
        if (source == NULL || destination == NULL || child->state != OBOL_CHILD_INSTALLED || obol_child_covers(child, source, destination))
            return child;
    }
    return NULL;
}

static ObolChildSa *
new_child(ObolIkeSa *sa, const ObolChildConfig *config, const ObolEvent *event, const char *phase)
{
    ObolChildSa *child = obol_child_sa_new(sa, config);

    obol_child_begin(sa, child, OBOL_INITIATOR, phase);
    child->initiate_command = event->initiate.command;
    if (event->initiate.source != NULL && event->initiate.destination != NULL) {
        child->negotiation->packet[0] = *event->initiate.source;
        child->negotiation->packet[1] = *event->initiate.destination;
    }
    return child;
}

static void
initiate_refused(const ObolEvent *event, const char *why, ObolActions *out)
{
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_CONFIG, NULL, OBOL_SIDE_US, 0, "%s", why);
    guint32 command = event->initiate.command;

    obol_ike_sa_command_done(&command, reason, out);
}

static void
initiate_further(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    const ObolChildConfig *config = event->initiate.child;
    ObolChildSa *child = find_child(sa, config, event);
    guint32 command = event->initiate.command;

    if (child != NULL && child->state == OBOL_CHILD_INSTALLED) {
        obol_ike_sa_command_done(&command, NULL, out);
    } else if (child != NULL && child->initiate_command == 0) {
        child->initiate_command = command; /* it is on its way: its end is this command's too */
    } else if (child != NULL) {
        initiate_refused(event, "it is being set up already", out);
    } else if (sa->state == OBOL_IKE_DELETING || sa->state == OBOL_IKE_REKEYED) {
        initiate_refused(event, "the IKE SA is about to end", out);
    } else if (obol_child_sa_count(sa, NULL) >= OBOL_ENGINE_CHILDREN_MAX) {
        initiate_refused(event, "the IKE SA has as many Child SAs as one may have", out);
    } else if (config == NULL && sa->connection->children->len == 0) {
        initiate_refused(event, "the connection has no children", out);
    } else {
        config = config != NULL ? config : g_ptr_array_index(sa->connection->children, 0);
        child = new_child(sa, config, event, OBOL_PHASE_CHILD);
        obol_tasks_add(sa, OBOL_TASK_CREATE, child->unique_id, 0);
        obol_tasks_pump(sa, out);
    }
}

static void
initiate(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    const ObolChildConfig *child = event->initiate.child;

    if (sa->state != OBOL_IKE_NEW || sa->role != OBOL_INITIATOR) {
        initiate_further(sa, event, out);
        return;
    }
    if (child == NULL && sa->connection->children->len > 0)
        child = g_ptr_array_index(sa->connection->children, 0);
    if (child != NULL)
        new_child(sa, child, event, OBOL_PHASE_AUTH);
    else
        sa->initiate_command = event->initiate.command;
    obol_init_start(sa, out);
}

static ObolReason *
as_asked(void)
{
    return obol_reason_new(OBOL_REASON_DELETED_BY_US, NULL, OBOL_SIDE_US, 0, NULL);
}

static void
terminate_child(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    guint32 command = event->terminate.command;
    ObolChildSa *child = obol_child_sa_find(sa, event->terminate.child_id), *successor;

    if (child != NULL && child->terminate_command == 0 && !event->terminate.force) {
        child->terminate_command = command;
        command = 0;
    }
    obol_ike_sa_command_done(&command, NULL, out);
    if (child == NULL)
        return;
    /* Whoever of the two has begun to put another one in its place: that is not wanted either. */
    for (guint ours = 0; ours < 2; ours++) {
        successor = obol_rekey_rival(sa, child->unique_id, ours != 0);
        if (successor != NULL)
            obol_child_sa_close(sa, successor, as_asked(), out);
    }
    obol_child_sa_close(sa, child, as_asked(), out);
}

static void
terminate(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    /* Before IKE_AUTH is done the child is all that the IKE SA is being set up for. */
    if (event->terminate.child_id != 0 && sa->negotiation == NULL) {
        terminate_child(sa, event, out);
        return;
    }
    sa->reauth = OBOL_REAUTH_NONE;
    obol_ike_sa_command_done(&sa->terminate_command, NULL, out);
    sa->terminate_command = event->terminate.command;
    obol_ike_sa_close(sa, as_asked(), out);
    /* Of one that was rekeyed all that matters has gone long ago: whether the peer still knows it is not waited for. */
    if (event->terminate.force || (sa->state != OBOL_IKE_ESTABLISHED && sa->state != OBOL_IKE_DELETING))
        obol_ike_sa_end(sa, as_asked(), out);
}

static void
replaced(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    sa->reauth = OBOL_REAUTH_NONE;
    if (event->replaced.send_delete && sa->state == OBOL_IKE_ESTABLISHED)
        obol_ike_sa_close(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, NULL), out);
    obol_ike_sa_end(sa, obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, NULL), out);
}

static void
expire(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    ObolChildSa *child = obol_child_sa_find_spi(sa, event->expire.protocol, event->expire.spi, TRUE);

    if (child == NULL)
        child = obol_child_sa_find_spi(sa, event->expire.protocol, event->expire.spi, FALSE);
    if (child != NULL)
        obol_rekey_expire(sa, child, event->expire.hard, out);
}

static void
rekey(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    ObolChildSa *child = event->rekey.child_id != 0 ? obol_child_sa_find(sa, event->rekey.child_id) : NULL;

    if (event->rekey.child_id == 0) {
        obol_ike_life_renew(sa, event->rekey.reauth, out);
    } else if (child != NULL && child->state == OBOL_CHILD_INSTALLED) {
        child->rekey_at_us = sa->now_us;
        obol_rekey_timer(sa, out);
    }
}

static void
mapping(ObolIkeSa *sa, const ObolEvent *event, ObolActions *out)
{
    /* Only the one who is not behind a NAT itself follows (RFC 7296 section 2.23). */
    if (!sa->nat_remote || sa->nat_local || sa->state != OBOL_IKE_ESTABLISHED)
        return;
    if (sa->mobike != NULL) {
        sa->mobike->mapped = event->mapping; /* RFC 4555 section 3.8: where ESP goes, and nothing else */
    } else {
        ObolPath path = { sa->local, event->mapping };

        obol_path_set(sa, &path, out);
    }
    obol_child_move(sa, out);
}

void
obol_ike_sa_handle(ObolIkeSa *sa, const ObolEvent *event, gint64 now_us, ObolActions *out)
{
    sa->now_us = now_us;
    if (sa->state == OBOL_IKE_GONE) {
        if (event->kind == OBOL_EVENT_MESSAGE)
            obol_admit_message(sa, event, out); /* it may ask for the last answer again */
        return;
    }
    switch (event->kind) {
    case OBOL_EVENT_INITIATE: initiate(sa, event, out); break;
    case OBOL_EVENT_MESSAGE: obol_admit_message(sa, event, out); break;
    case OBOL_EVENT_TIMER: obol_ike_sa_timer(sa, out); break;
    case OBOL_EVENT_KERNEL: obol_child_kernel_reply(sa, event->kernel.request, event->kernel.reply, out); break;
    case OBOL_EVENT_EXPIRE: expire(sa, event, out); break;
    case OBOL_EVENT_MAPPING: mapping(sa, event, out); break;
    case OBOL_EVENT_JOB:
        if (!obol_init_job_done(sa, event->job, out) && !obol_ike_rekey_job_done(sa, event->job, out))
            obol_child_job_done(sa, event->job, out);
        break;
    case OBOL_EVENT_TERMINATE: terminate(sa, event, out); break;
    case OBOL_EVENT_REPLACED: replaced(sa, event, out); break;
    case OBOL_EVENT_REKEY: rekey(sa, event, out); break;
    case OBOL_EVENT_SELECTORS: obol_selectors_change(sa, event, out); break;
    case OBOL_EVENT_ADDRESSES: obol_roam(sa, out); break;
    case OBOL_EVENT_REDIRECT: obol_redirect_want(sa, event->redirect_to); break;
    case OBOL_EVENT_RESOLVED: obol_redirect_resolved(sa, &event->resolved, out); break;
    case OBOL_EVENT_ADOPTED: obol_succession_adopted(sa, out); break;
    case OBOL_EVENT_LEASED: obol_configuration_leased(sa, event->leased, out); break;
    case OBOL_EVENT_REAUTHENTICATED: obol_ike_life_reauthenticated(sa, event->reauthenticated.success, out); break;
    }
    obol_succession_settle(sa, out);
    while (obol_admit_held(sa, out))
        obol_succession_settle(sa, out);
    if (sa->state == OBOL_IKE_GONE)
        return;
    obol_tasks_pump(sa, out);
    obol_ike_sa_arm(sa, out);
}

/* --- after the end --- */

gint64
obol_ike_sa_linger(ObolIkeSa *sa)
{
    if (sa->state != OBOL_IKE_GONE || sa->responses == NULL || sa->keys.block == NULL)
        return 0;
    obol_ike_sa_negotiation_free(sa);
    g_clear_pointer(&sa->waits, g_array_unref);
    g_clear_pointer(&sa->tasks, g_array_unref);
    g_clear_pointer(&sa->early_deletes, g_array_unref);
    g_clear_pointer(&sa->mobike, obol_mobike_free);
    g_clear_pointer(&sa->held_requests, g_ptr_array_unref);
    obol_reassembly_drop(sa, OBOL_PENDING_REQUEST);
    return MIN(obol_window_patience_us(sa->connection), LINGER_MAX_US);
}

gsize
obol_ike_sa_n_bytes(const ObolIkeSa *sa)
{
    return sizeof *sa + obol_window_n_response_bytes(sa) + (sa->keys.block != NULL ? sa->keys.block->n : 0);
}
