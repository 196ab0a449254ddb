/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtual.c - addresses that we have been lent. */
#include "virtual.h"

#include <errno.h>
#include <linux/rtnetlink.h>

typedef struct {
    ObolAddress address;
    guint count;
    gboolean ours; /* not there before */
} Virtual;

struct Virtuals {
    Wire *wire;
    GArray *list; /* of Virtual */
};

static int
ask(Virtuals *virtuals, gboolean add, const ObolAddress *address)
{
    guint8 room[MESSAGE_MAX];
    guint32 device = if_nametoindex("lo");

    return device != 0 ? wire_ask(virtuals->wire, message_put_address(room, add, address, device), NULL, NULL) : -ENODEV;
}

Virtuals *
virtuals_new(Wire *wire)
{
    Virtuals *virtuals = g_new(Virtuals, 1);

    *virtuals = (Virtuals) { .wire = wire, .list = g_array_new(FALSE, FALSE, sizeof(Virtual)) };
    return virtuals;
}

void
virtuals_free(Virtuals *virtuals)
{
    if (virtuals == NULL)
        return;
    for (guint i = 0; i < virtuals->list->len; i++) {
        const Virtual *one = &g_array_index(virtuals->list, Virtual, i);

        if (one->ours)
            ask(virtuals, FALSE, &one->address);
    }
    g_array_unref(virtuals->list);
    g_free(virtuals);
}

static gboolean
find(const Virtuals *virtuals, const ObolAddress *address, guint *index)
{
    for (*index = 0; *index < virtuals->list->len; ++*index) {
        if (obol_address_equal(&g_array_index(virtuals->list, Virtual, *index).address, address))
            return TRUE;
    }
    return FALSE;
}

int
virtuals_add(Virtuals *virtuals, const ObolAddress *address)
{
    Virtual one = { .address = *address, .count = 1 };
    guint i;
    int status;

    if (find(virtuals, address, &i)) {
        g_array_index(virtuals->list, Virtual, i).count++;
        return 0;
    }
    if (virtuals->list->len >= VIRTUALS_MAX)
        return -ENOSPC;
    status = ask(virtuals, TRUE, address);
    if (status != 0 && status != -EEXIST)
        return status;
    one.ours = status == 0;
    g_array_append_val(virtuals->list, one);
    return 0;
}

int
virtuals_remove(Virtuals *virtuals, const ObolAddress *address)
{
    gboolean ours;
    guint i;

    if (!find(virtuals, address, &i))
        return -ESRCH;
    if (--g_array_index(virtuals->list, Virtual, i).count > 0)
        return 0;
    ours = g_array_index(virtuals->list, Virtual, i).ours;
    g_array_remove_index(virtuals->list, i);
    return ours ? ask(virtuals, FALSE, address) : 0;
}
