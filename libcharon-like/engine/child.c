/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/child.c - a Child SA as a thing of its IKE SA: found, shown, ended. */
#include "engine/ike-sa-private.h"

ObolChildSa *
obol_child_sa_new(ObolIkeSa *sa, const ObolChildConfig *config)
{
    const ObolEngine *engine = sa->engine;
    ObolChildSa *child = g_new0(ObolChildSa, 1);

    child->config = config;
    child->unique_id = engine->next_unique_id(engine->data);
    child->reqid = config->reqid != 0        ? config->reqid
                   : engine->reqid_for != NULL ? engine->reqid_for(engine->data, sa->connection->name, config->name)
                                               : child->unique_id;
    child->mode = config->mode;
    child->at = OBOL_AT_FIRST;
    child->tfc_padding = config->tfc_padding;
    child->suite.protocol = (guint8) config->protocol;
    g_ptr_array_add(sa->children, child);
    return child;
}

void
obol_child_sa_free(ObolChildSa *child)
{
    g_clear_pointer(&child->local_ts, g_array_unref);
    g_clear_pointer(&child->remote_ts, g_array_unref);
    g_clear_pointer(&child->policies, g_byte_array_unref);
    g_clear_pointer(&child->original, g_free);
    g_clear_pointer(&child->lowest_nonce, g_bytes_unref);
    g_clear_pointer(&child->rival_nonce, g_bytes_unref);
    g_clear_pointer(&child->negotiation, obol_child_negotiation_free);
    obol_child_keys_clear(&child->keys_out);
    obol_reason_free(child->refused);
    g_free(child);
}

const ObolEnds *
obol_child_ends(const ObolChildSa *child)
{
    return &child->ends[child->at - OBOL_AT_FIRST];
}

void
obol_child_sa_info(const ObolChildSa *child, ObolChildInfo *info)
{
    const ObolChildConfig *config = child->config;

    *info = (ObolChildInfo) {
        .name = config->name,
        .unique_id = child->unique_id,
        .reqid = child->reqid,
        .state = child->state,
        .mode = child->mode,
        .suite = child->suite,
        .udp_encap = obol_child_ends(child)->udp_encap,
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .local_ts = child->local_ts,
        .remote_ts = child->remote_ts,
        .installed_us = child->installed_us,
        .rekey_us = child->rekey_at_us,
        .expire_us = child->expire_at_us,
        .in = child->in,
        .out = child->out,
        .cpi_in = child->cpi_in,
        .cpi_out = child->cpi_out,
        .mark_in = config->mark_in,
        .mark_out = config->mark_out,
        .if_id_in = config->if_id_in,
        .if_id_out = config->if_id_out,
        .replaces = child->replaces != 0 ? child->replaces : child->adjusts,
        .adjusted = child->adjusted,
    };
}

void
obol_child_sa_set_state(ObolIkeSa *sa, ObolChildSa *child, ObolChildState to, ObolReason *reason, ObolActions *out)
{
    ObolAction *action;
    ObolChildInfo *info;

    (void) sa;
    if (child->state == to) {
        obol_reason_free(reason);
        return;
    }
    info = g_new(ObolChildInfo, 1);
    action = obol_actions_add(out, OBOL_ACTION_CHILD_STATE);
    action->child_state.from = child->state;
    action->child_state.reason = reason;
    child->state = to;
    obol_child_sa_info(child, info);
    info->local_ts = child->local_ts != NULL ? g_array_ref(child->local_ts) : NULL;
    info->remote_ts = child->remote_ts != NULL ? g_array_ref(child->remote_ts) : NULL;
    action->child_state.child = info;
}

ObolChildSa *
obol_child_sa_find(const ObolIkeSa *sa, guint32 unique_id)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->unique_id == unique_id)
            return child;
    }
    return NULL;
}

static guint32
spi_of(const ObolChildSa *child, guint8 protocol, gboolean inbound)
{
    if (protocol == OBOL_PROTO_IPCOMP)
        return inbound ? child->cpi_in : child->cpi_out;
    if (protocol != child->suite.protocol)
        return 0;
    return inbound ? child->spi_in : child->spi_out;
}

ObolChildSa *
obol_child_sa_find_spi(const ObolIkeSa *sa, guint8 protocol, guint32 spi, gboolean inbound)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (spi != 0 && spi_of(child, protocol, inbound) == spi)
            return child;
    }
    return NULL;
}

/* A child that is made in another's place does not count beside it, nor one that is about to go. */
guint
obol_child_sa_count(const ObolIkeSa *sa, const ObolChildConfig *config)
{
    guint n = 0;

    for (guint i = 0; i < sa->children->len; i++) {
        const ObolChildSa *child = g_ptr_array_index(sa->children, i);

        n += child->state != OBOL_CHILD_DELETING && child->replaces == 0 && child->adjusts == 0 && !child->redundant
             && (config == NULL || child->config == config);
    }
    return n;
}

/* --- the end --- */

static void
log_closed(const ObolIkeSa *sa, const ObolChildSa *child, ObolActions *out)
{
    obol_ike_sa_log(sa, out, 0, "Child SA %s #%u %08x_i %08x_o closed", child->config->name, child->unique_id, child->spi_in,
                    child->spi_out);
}

void
obol_child_sa_end(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    gboolean asked_for = reason != NULL && (reason->code == OBOL_REASON_DELETED_BY_US || reason->code == OBOL_REASON_DELETED_BY_PEER);

    if (child->state == OBOL_CHILD_INSTALLED)
        log_closed(sa, child, out);
    obol_child_uninstall(sa, child, out);
    obol_tasks_drop(sa, child->unique_id);
    obol_rekey_ended(sa, child);
    obol_window_disown(sa, child->unique_id);
    obol_ike_sa_command_done(&child->initiate_command, reason, out);
    obol_ike_sa_command_done(&child->terminate_command, asked_for ? NULL : reason, out);
    obol_child_sa_set_state(sa, child, OBOL_CHILD_GONE, reason, out);
    g_ptr_array_remove(sa->children, child);
}

/* Section 1.4.1: what receives stays until the peer has answered, so that what it has sent meanwhile is not lost. */
static void
begin_delete(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    if (child->state == OBOL_CHILD_INSTALLED)
        log_closed(sa, child, out);
    obol_rekey_hand_over(sa, child->unique_id, out);
    obol_child_uninstall_out(sa, child, out);
    obol_ike_sa_command_done(&child->initiate_command, reason, out);
    child->refused = obol_reason_dup(reason);
    obol_child_sa_set_state(sa, child, OBOL_CHILD_DELETING, reason, out);
    obol_tasks_add(sa, OBOL_TASK_DELETE, 0, 0);
    obol_tasks_pump(sa, out);
}

void
obol_child_sa_close(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    const ObolChildNegotiation *n = child->negotiation;

    if (child->state == OBOL_CHILD_DELETING) {
        obol_reason_free(reason);
        return;
    }
    obol_selectors_left(sa, child, reason, out);
    if (child->n_waiting > 0 || (n != NULL && n->stage != OBOL_STAGE_QUEUED && n->stage != OBOL_STAGE_INSTALLING)) {
        if (child->refused == NULL)
            child->refused = reason;
        else
            obol_reason_free(reason);
        return;
    }
    g_clear_pointer(&child->refused, obol_reason_free);
    if (child->peer_has_it)
        begin_delete(sa, child, reason, out);
    else
        obol_child_sa_end(sa, child, reason, out);
}

void
obol_child_sa_set_original(ObolChildSa *child, const ObolOriginal *original)
{
    g_free(child->original);
    child->original = g_memdup2(original, sizeof *original);
}
