/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* waiting.c - SAs that the kernel waits for after an acquire, and how to make it stop.
 *
 * As long as one waits, the kernel does not ask again: for two policies after each other with one reqid the second would be deaf,
 * for minutes.  It has no SPI, so nothing names it in a request to delete it; it gets one first. */
#include "values.h"
#include "xfrm-private.h"

#define WAITING_MAX 256 /* acquires that are remembered; older ones end by themselves */

typedef struct {
    XfrmWaiting waiting;
    guint32 index; /* of its policy */
} Waiting;

void
waiting_note(Xfrm *xfrm, const XfrmAcquire *acquire)
{
    Waiting *at = g_new0(Waiting, 1);
    const XfrmPolicy *policy = &acquire->policy;

    at->waiting = (XfrmWaiting) {
        .id = { acquire->source, acquire->destination, 0, acquire->protocol }, .sequence = acquire->sequence, .if_id = policy->if_id,
        .mark = policy->mark,
    };
    for (guint i = 0; i < policy->n_templates; i++) {
        if (protocol_from_kernel(policy->templates[i].id.proto) != acquire->protocol)
            continue;
        at->waiting.reqid = policy->templates[i].reqid;
        at->waiting.mode = policy->templates[i].mode;
    }
    at->index = policy->info.index;
    g_queue_push_tail(&xfrm->waiting, at);
    if (g_queue_get_length(&xfrm->waiting) > WAITING_MAX)
        g_free(g_queue_pop_head(&xfrm->waiting));
}

static void
note_id(const XfrmMessage *message, gpointer id)
{
    if (message->kind == XFRM_KIND_SA)
        *(ObolSaId *) id = message->sa.id;
}

/* When it has ended meanwhile, the kernel makes one for the SPI: that goes the same way. */
void
waiting_end(Xfrm *xfrm, const XfrmWaiting *waiting)
{
    ObolSaId id = { .spi = 0 };
    XfrmRequest request;

    encode_allocspi_for(&request, waiting);
    if (link_talk(xfrm->link, &request, note_id, &id) < 0 || id.spi == 0)
        return;
    encode_sa_name(&request, XFRM_MSG_DELSA, &id, &waiting->mark);
    link_talk(xfrm->link, &request, NULL, NULL);
}

void
waiting_end_of(Xfrm *xfrm, guint32 index)
{
    for (GList *at = xfrm->waiting.head, *next; at != NULL; at = next) {
        Waiting *waiting = at->data;

        next = at->next;
        if (waiting->index != index)
            continue;
        waiting_end(xfrm, &waiting->waiting);
        g_queue_delete_link(&xfrm->waiting, at);
        g_free(waiting);
    }
}

void
waiting_clear(Xfrm *xfrm)
{
    g_queue_clear_full(&xfrm->waiting, g_free);
}
