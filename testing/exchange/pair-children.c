/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-children.c - what tests of several Child SAs ask of a pair. */
#include "exchange/pair.h"

/* --- several children --- */

ObolChildConfig *
pair_config(PairSide *side, guint i)
{
    return g_ptr_array_index(side->connection->children, i);
}

ObolChildSa *
pair_child(PairSide *side, guint i)
{
    g_assert_nonnull(side->sa);
    g_assert_cmpuint(i, <, side->sa->children->len);
    return g_ptr_array_index(side->sa->children, i);
}

guint
pair_n_children(const PairSide *side, ObolChildState state)
{
    guint n = 0;

    for (guint i = 0; side->sa != NULL && i < side->sa->children->len; i++)
        n += ((const ObolChildSa *) g_ptr_array_index(side->sa->children, i))->state == state;
    return n;
}

void
pair_initiate_child(Pair *pair, PairSide *side, const char *name, guint32 command)
{
    ObolEvent event = { .kind = OBOL_EVENT_INITIATE, .initiate = { .command = command } };

    event.initiate.child = obol_connection_child(side->connection, name);
    pair_feed(pair, side, &event);
}

void
pair_expire(Pair *pair, PairSide *side, const ObolChildSa *child, gboolean hard)
{
    ObolEvent event = { .kind = OBOL_EVENT_EXPIRE, .expire = { child->spi_out, child->suite.protocol, hard } };

    pair_feed(pair, side, &event);
}

static gboolean
same_in_kernels(const PairSide *from, const PairSide *to, guint8 protocol, guint32 spi)
{
    const ModelSa *out = model_kernel_find(&from->kernel, protocol, spi, FALSE), *in = model_kernel_find(&to->kernel, protocol, spi, TRUE);

    return out != NULL && in != NULL && obol_secret_equal(out->key, in->key);
}

gboolean
pair_agree(const Pair *pair, guint n)
{
    if (pair->left.sa == NULL || pair->right.sa == NULL || pair->left.sa->children->len != n || pair->right.sa->children->len != n
        || pair_n_children(&pair->left, OBOL_CHILD_INSTALLED) != n || pair_n_children(&pair->right, OBOL_CHILD_INSTALLED) != n)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const ObolChildSa *ours = g_ptr_array_index(pair->left.sa->children, i);
        const ObolChildSa *theirs = obol_child_sa_find_spi(pair->right.sa, ours->suite.protocol, ours->spi_out, TRUE);

        if (theirs == NULL || theirs->spi_out != ours->spi_in || !obol_ts_list_within(ours->local_ts, theirs->remote_ts)
            || !obol_ts_list_within(theirs->local_ts, ours->remote_ts) || ours->cpi_in != theirs->cpi_out || ours->cpi_out != theirs->cpi_in
            || !same_in_kernels(&pair->left, &pair->right, ours->suite.protocol, ours->spi_out)
            || !same_in_kernels(&pair->right, &pair->left, ours->suite.protocol, ours->spi_in))
            return FALSE;
    }
    return TRUE;
}

void
pair_finish(Pair *pair)
{
    pair->traffic = FALSE;
    g_assert_nonnull(pair->left.sa);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE });
    pair_run(pair);
    g_assert_true(pair_clean(pair));
}

/* --- the wire, out of order --- */

gboolean
pair_deliver_to(Pair *pair, PairSide *to)
{
    for (GList *at = pair->wire->head; at != NULL; at = at->next) {
        if (((PairPacket *) at->data)->to != to)
            continue;
        g_queue_unlink(pair->wire, at);
        g_queue_push_head_link(pair->wire, at);
        return pair_deliver(pair);
    }
    return FALSE;
}

void
pair_duplicate(Pair *pair)
{
    const PairPacket *packet = pair_peek(pair);
    PairPacket *again;

    g_assert_nonnull(packet);
    again = g_memdup2(packet, sizeof *packet);
    again->bytes = g_byte_array_append(g_byte_array_new(), packet->bytes->data, packet->bytes->len);
    g_queue_push_head(pair->wire, again);
}
