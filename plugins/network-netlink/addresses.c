/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* addresses.c - the addresses of this machine, as last looked at. */
#include "addresses.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define LINKS_MAX 65536
#define ADDRESSES_MAX 65536

typedef struct {
    guint32 flags;
    char name[IF_NAMESIZE];
} Link;

typedef struct {
    GHashTable *links; /* index -> Link, owned */
    GArray *addresses;
} Look;

static void
note_link(const Message *message, gpointer data)
{
    Look *look = data;
    Link *link;

    if (message->type != RTM_NEWLINK || g_hash_table_size(look->links) >= LINKS_MAX)
        return;
    link = g_new0(Link, 1);
    link->flags = message->flags;
    memcpy(link->name, message->name, sizeof link->name);
    g_hash_table_insert(look->links, GUINT_TO_POINTER(message->device), link);
}

static void
note_address(const Message *message, gpointer data)
{
    Look *look = data;
    const Link *link = g_hash_table_lookup(look->links, GUINT_TO_POINTER(message->device));
    OwnAddress own = { .address = message->address, .device = message->device };

    if (message->type != RTM_NEWADDR || message->address.family == 0 || message->scope >= RT_SCOPE_LINK || link == NULL
        || (link->flags & IFF_UP) == 0 || (message->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) != 0
        || look->addresses->len >= ADDRESSES_MAX)
        return;
    own.loopback = (link->flags & IFF_LOOPBACK) != 0;
    memcpy(own.name, link->name, sizeof own.name);
    g_array_append_val(look->addresses, own);
}

GArray *
addresses_look(Wire *wire, int *status)
{
    guint8 room[MESSAGE_MAX];
    Look look = { .addresses = g_array_new(FALSE, TRUE, sizeof(OwnAddress)) };

    look.links = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    *status = wire_ask(wire, message_put_dump(room, RTM_GETLINK, AF_UNSPEC), note_link, &look);
    if (*status == 0)
        *status = wire_ask(wire, message_put_dump(room, RTM_GETADDR, AF_UNSPEC), note_address, &look);
    g_hash_table_unref(look.links);
    if (*status != 0)
        g_clear_pointer(&look.addresses, g_array_unref);
    return look.addresses;
}

static gboolean
holds(const GArray *list, const OwnAddress *own)
{
    for (guint i = 0; i < list->len; i++) {
        const OwnAddress *other = &g_array_index(list, OwnAddress, i);

        if (other->device == own->device && obol_address_equal(&other->address, &own->address))
            return TRUE;
    }
    return FALSE;
}

gboolean
addresses_equal(const GArray *a, const GArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++)
        if (!holds(b, &g_array_index(a, OwnAddress, i)))
            return FALSE;
    return TRUE;
}
