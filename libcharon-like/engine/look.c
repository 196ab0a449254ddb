/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/look.c - a look at an IKE SA from outside, and the counters that come from there. */
#include "engine/ike-sa-private.h"

static void
put_mobike(const ObolMobike *mobike, ObolIkeInfo *info)
{
    if (mobike == NULL)
        return;
    info->mobike = TRUE;
    if (mobike->peer_addresses != NULL) {
        info->peer_addresses = (const ObolAddress *) mobike->peer_addresses->data;
        info->n_peer_addresses = mobike->peer_addresses->len;
    }
}

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
        .rekey_us = sa->rekey_at_us,
        .reauth_us = sa->reauth_at_us,
        .expire_us = sa->expire_at_us,
        .predecessor = sa->predecessor,
        .children = (const ObolChildInfo *) children->data,
        .n_children = children->len,
        .crash_detection = sa->peer_token != NULL,
        .fragmentation = sa->fragmentation.agreed,
        .fragment_size = (guint) obol_fragment_threshold(sa, FALSE),
    };
    obol_configuration_look(sa, info);
    put_mobike(sa->mobike, info);
}

ObolIkeState
obol_ike_sa_state(const ObolIkeSa *sa)
{
    return sa->state;
}

gboolean
obol_ike_sa_is_initiator(const ObolIkeSa *sa)
{
    return sa->role == OBOL_INITIATOR;
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

const ObolAddress *
obol_ike_sa_local(const ObolIkeSa *sa)
{
    return &sa->local;
}

const ObolAddress *
obol_ike_sa_remote(const ObolIkeSa *sa)
{
    return &sa->remote;
}

gboolean
obol_ike_sa_is_mobile(const ObolIkeSa *sa)
{
    return sa->mobike != NULL;
}

gboolean
obol_ike_sa_decides(const ObolIkeSa *sa)
{
    return sa->mobike != NULL && sa->mobike->decides;
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

        if (spi != 0 && (inbound ? child->spi_in : child->spi_out) == spi)
            *(inbound ? &child->in : &child->out) = *usage;
    }
}
