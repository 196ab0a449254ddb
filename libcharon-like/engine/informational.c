/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/informational.c - INFORMATIONAL: deletes of both kinds, liveness, errors (RFC 7296 sections 1.4, 2.4, 2.21). */
#include "engine/ike-sa-private.h"

/* --- what the peer deletes --- */

static guint32
spi_at(ObolSpan spis, guint i)
{
    const guint8 *p = spis.data + 4 * (gsize) i;

    return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

/* One that is no more, or that we have asked the peer to delete, is not named in the answer: crossing Deletes (section 1.4.1). */
static void
close_child(ObolIkeSa *sa, ObolChildSa *child, ObolActions *out)
{
    const ObolChildSa *before = obol_child_sa_find(sa, child->replaces);
    /* There is one that serves: after it, or still the one before it. */
    gboolean has_successor = child->redundant || obol_rekey_rival(sa, child->unique_id, FALSE) != NULL
                             || (before != NULL && before->state == OBOL_CHILD_INSTALLED);
    ObolSaName name = { child->spi_in, child->suite.protocol };
    ObolReason *reason;

    if (child->state == OBOL_CHILD_DELETING && child->delete_sent)
        return;
    g_array_append_val(sa->held_answer, name);
    if (child->state == OBOL_CHILD_DELETING) {
        obol_child_sa_end(sa, child, g_steal_pointer(&child->refused), out);
        return;
    }
    reason = obol_reason_new(has_successor ? OBOL_REASON_REPLACED : OBOL_REASON_DELETED_BY_PEER, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER,
                             0, NULL);
    obol_rekey_deleted(sa, child, out);
    child->peer_has_it = FALSE;
    obol_child_sa_close(sa, child, reason, out);
}

/* It may be the one that the peer has made at our request, whose answer was lost: to be remembered until that comes. */
static void
note_early(ObolIkeSa *sa, guint8 protocol, guint32 spi)
{
    ObolSaName name = { spi, protocol };

    if (!obol_window_asks(sa, OBOL_CREATE_CHILD_SA))
        return;
    if (sa->early_deletes == NULL)
        sa->early_deletes = g_array_new(FALSE, FALSE, sizeof(ObolSaName));
    if (sa->early_deletes->len < OBOL_ENGINE_CHILDREN_MAX)
        g_array_append_val(sa->early_deletes, name);
}

static void
close_children(ObolIkeSa *sa, const ObolDeletePayload *d, ObolActions *out)
{
    if (d->spi_size != 4)
        return;
    for (guint i = 0; i < d->n; i++) {
        ObolChildSa *child = obol_child_sa_find_spi(sa, d->protocol, spi_at(d->spis, i), FALSE);

        if (child != NULL)
            close_child(sa, child, out);
        else
            note_early(sa, d->protocol, spi_at(d->spis, i));
    }
}

/* What ends the whole SA, if anything in the message does. */
static ObolReason *
end_of(const ObolIkeSa *sa, const ObolChain *chain)
{
    if (obol_chain_find_notify(chain, OBOL_N_AUTHENTICATION_FAILED) != NULL)
        return obol_reason_new(OBOL_REASON_AUTH_PEER, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, OBOL_N_AUTHENTICATION_FAILED, NULL);
    for (guint i = 0; i < chain->n; i++) {
        if (chain->items[i].type == OBOL_PAYLOAD_DELETE && chain->items[i].del.protocol == OBOL_PROTO_IKE)
            return sa->end_reason != NULL ? obol_reason_dup(sa->end_reason)
                                          : obol_reason_new(OBOL_REASON_DELETED_BY_PEER, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, 0, NULL);
    }
    return NULL;
}

static gboolean
kernel_is_switching(const ObolIkeSa *sa)
{
    for (guint i = 0; i < sa->children->len; i++) {
        if (((const ObolChildSa *) g_ptr_array_index(sa->children, i))->switching)
            return TRUE;
    }
    return FALSE;
}

static void
add_deletes(const GArray *names, ObolChain *chain)
{
    static const guint8 protocols[] = { OBOL_PROTO_ESP, OBOL_PROTO_AH };

    for (gsize p = 0; p < G_N_ELEMENTS(protocols); p++) {
        guint32 spis[2 * OBOL_ENGINE_CHILDREN_MAX];
        guint n = 0;

        for (guint i = 0; i < names->len && n < G_N_ELEMENTS(spis); i++) {
            const ObolSaName *name = &g_array_index(names, ObolSaName, i);

            if (name->protocol == protocols[p])
                spis[n++] = name->spi;
        }
        if (n > 0)
            obol_chain_add_delete(chain, protocols[p], spis, n);
    }
}

/* Section 2.8: the peer takes our answer as leave to stop receiving by the old SA, so it has to wait until the kernel has been
 * given the new one to send by. */
void
obol_informational_resume(ObolIkeSa *sa, ObolActions *out)
{
    ObolChain *answer = sa->held_notes;

    if (sa->held_answer == NULL || kernel_is_switching(sa))
        return;
    add_deletes(sa->held_answer, answer);
    obol_window_answer(sa, OBOL_INFORMATIONAL, answer, out);
    obol_informational_forget(sa);
}

void
obol_informational_forget(ObolIkeSa *sa)
{
    g_clear_pointer(&sa->held_answer, g_array_unref);
    if (sa->held_notes != NULL)
        obol_chain_clear(sa->held_notes);
    g_clear_pointer(&sa->held_notes, g_free);
}

void
obol_informational_request(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolReason *end = end_of(sa, in->chain);
    g_auto(ObolChain) empty = { .n = 0, .owned = NULL };

    if (end != NULL) {
        obol_window_answer(sa, OBOL_INFORMATIONAL, &empty, out);
        obol_ike_sa_log(sa, out, sa->state == OBOL_IKE_REKEYED ? 1 : 0, "IKE SA %s #%u: the peer has deleted it", sa->connection->name,
                        sa->unique_id);
        obol_succession_deleted(sa, end, out);
        return;
    }
    sa->busy = TRUE;
    sa->held_answer = g_array_new(FALSE, FALSE, sizeof(ObolSaName));
    sa->held_notes = g_new0(ObolChain, 1);
    obol_configuration_inform(in->chain, sa->held_notes);
    obol_mobike_request(sa, in, sa->held_notes, out);
    obol_window_size_answer(sa, in->chain, sa->held_notes, out);
    obol_crash_take(sa, in->chain);
    obol_redirect_request(sa, in, out);
    for (guint i = 0; i < in->chain->n; i++) {
        const ObolPayload *p = &in->chain->items[i];

        if (p->type == OBOL_PAYLOAD_DELETE)
            close_children(sa, &p->del, out);
    }
    obol_informational_resume(sa, out);
    obol_tasks_pump(sa, out);
}

/* --- what we delete --- */

/* Section 1.4.1: each end names the SPI under which it receives. */
void
obol_informational_delete(ObolIkeSa *sa, ObolActions *out)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(ObolSaName));
    GBytes *datagram;

    sa->delete_sent = sa->delete_wanted;
    for (guint i = 0; i < sa->children->len && !sa->delete_wanted; i++) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);
        ObolSaName name = { child->spi_in, child->suite.protocol };

        if (child->state != OBOL_CHILD_DELETING || child->delete_sent)
            continue;
        if (obol_tasks_is_busy_with(sa, child->config)) {
            obol_tasks_add(sa, OBOL_TASK_DELETE, 0, 0); /* what is asked for the same child of the settings comes first */
            continue;
        }
        child->delete_sent = TRUE;
        g_array_append_val(names, name);
    }
    if (sa->delete_wanted)
        obol_chain_add_delete_ike(&chain);
    else if (names->len == 0)
        return;
    add_deletes(names, &chain);
    datagram = obol_sk_seal(sa, OBOL_INFORMATIONAL, FALSE, sa->next_request_id, &chain, out);
    if (datagram != NULL)
        obol_window_request(sa, OBOL_TASK_DELETE, 0, OBOL_INFORMATIONAL, datagram, out);
}

static void
end_deleted(ObolIkeSa *sa, ObolActions *out)
{
    for (guint i = sa->children->len; i-- > 0;) {
        ObolChildSa *child = g_ptr_array_index(sa->children, i);

        if (child->state == OBOL_CHILD_DELETING && child->delete_sent)
            obol_child_sa_end(sa, child, g_steal_pointer(&child->refused), out);
    }
}

void
obol_informational_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolRequest asked = obol_window_answered(sa, in->message->header.message_id, out);

    if (!obol_mobike_response(sa, &asked, in, out))
        return;
    obol_window_size_take(sa, in->chain, out);
    obol_crash_take(sa, in->chain);
    /* The Delete of the IKE SA goes alone and last: its answer ends everything. */
    if (sa->delete_sent) {
        obol_ike_sa_end(sa, g_steal_pointer(&sa->end_reason), out);
        return;
    }
    if (asked.kind == OBOL_TASK_REDIRECT)
        obol_redirect_told(sa);
    if (asked.kind == OBOL_TASK_DELETE)
        end_deleted(sa, out);
    obol_tasks_pump(sa, out);
}
