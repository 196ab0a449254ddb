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
    child->initiator = sa->role == OBOL_INITIATOR;
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
    obol_reason_free(child->refused);
    g_free(child);
}

void
obol_child_sa_info(const ObolChildSa *child, ObolChildInfo *info)
{
    gint64 soft = child->lifetimes.soft_us, hard = child->lifetimes.hard_us;

    *info = (ObolChildInfo) {
        .name = child->config->name,
        .unique_id = child->unique_id,
        .reqid = child->reqid,
        .state = child->state,
        .mode = child->mode,
        .suite = child->suite,
        .udp_encap = child->udp_encap,
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .local_ts = child->local_ts,
        .remote_ts = child->remote_ts,
        .installed_us = child->installed_us,
        .rekey_us = soft != 0 && child->installed_us != 0 ? child->installed_us + soft : 0,
        .expire_us = hard != 0 && child->installed_us != 0 ? child->installed_us + hard : 0,
        .in = child->in,
        .out = child->out,
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

ObolChildSa *
obol_child_sa_find_spi(const ObolIkeSa *sa, guint8 protocol, guint32 spi, gboolean inbound)
{
    for (guint i = 0; i < sa->children->len; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->suite.protocol == protocol && (inbound ? child->spi_in : child->spi_out) == spi && spi != 0)
            return child;
    }
    return NULL;
}

void
obol_child_sa_end(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    if (child->state == OBOL_CHILD_INSTALLED)
        obol_ike_sa_log(sa, out, 0, "Child SA %s #%u %08x_i %08x_o closed", child->config->name, child->unique_id, child->spi_in,
                        child->spi_out);
    obol_child_uninstall(sa, child, out);
    obol_child_sa_set_state(sa, child, OBOL_CHILD_GONE, reason, out);
    if (sa->child_wanted_id == child->unique_id)
        sa->child_wanted_id = 0;
    g_ptr_array_remove(sa->children, child);
}

void
obol_child_sa_delete(ObolIkeSa *sa, ObolChildSa *child, ObolReason *reason, ObolActions *out)
{
    ObolSaName name = { child->spi_in, child->suite.protocol };

    if (sa->deletes == NULL)
        sa->deletes = g_array_new(FALSE, FALSE, sizeof(ObolSaName));
    /* Section 1.4.1: each end names the SPI under which it received. */
    if (name.spi != 0)
        g_array_append_val(sa->deletes, name);
    obol_child_sa_end(sa, child, reason, out);
    obol_window_pump(sa, out);
}
