/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reassembly.c - fragments put together again, since transport mode protects whole packets only. */
#include "reassembly.h"

#include "bytes.h"
#include "checksum.h"

#define PACKET_MAX 65535
#define UNIT 8 /* fragments start at multiples of it */
#define N_UNITS ((PACKET_MAX + 1) / UNIT)

typedef struct {
    gint64 since_us; /* 0: empty */
    guint32 id;
    Flow flow;       /* family, protocol and addresses count */
    gboolean refused;
    guint8 next;     /* IPv6: what the first fragment's header names */
    gsize n_header, n_data, n_received; /* @n_data 0: the last fragment is still missing */
    guint8 header[IP6_HEADER];
    guint8 *room;    /* kept from packet to packet */
    guint64 have[N_UNITS / 64];
} Slot;

struct Reassembly {
    gsize n_before, n_room;
    Slot slots[REASSEMBLY_SLOTS];
};

Reassembly *
reassembly_new(gsize n_before, gsize n_behind)
{
    Reassembly *reassembly = g_new0(Reassembly, 1);

    reassembly->n_before = n_before;
    reassembly->n_room = n_before + IP6_HEADER + PACKET_MAX + n_behind;
    return reassembly;
}

void
reassembly_free(Reassembly *reassembly)
{
    if (reassembly == NULL)
        return;
    for (guint i = 0; i < REASSEMBLY_SLOTS; i++)
        g_free(reassembly->slots[i].room);
    g_free(reassembly);
}

static gboolean
belongs(const Slot *slot, const Packet *packet)
{
    return slot->since_us != 0 && slot->id == packet->id && slot->flow.family == packet->flow.family &&
           (packet->flow.family == AF_INET6 || slot->flow.protocol == packet->flow.protocol) &&
           memcmp(slot->flow.addresses, packet->flow.addresses, sizeof slot->flow.addresses) == 0;
}

static Slot *
slot_for(Reassembly *reassembly, const Packet *packet, gint64 now_us)
{
    Slot *oldest = &reassembly->slots[0];
    guint8 *room;

    for (guint i = 0; i < REASSEMBLY_SLOTS; i++) {
        Slot *slot = &reassembly->slots[i];

        if (belongs(slot, packet) && now_us - slot->since_us < REASSEMBLY_KEPT_US)
            return slot;
        if (slot->since_us < oldest->since_us)
            oldest = slot;
    }
    room = oldest->room != NULL ? oldest->room : g_malloc(reassembly->n_room);
    *oldest = (Slot) { .since_us = MAX(now_us, 1), .id = packet->id, .flow = packet->flow, .room = room };
    return oldest;
}

/* Marks the units of a fragment; %FALSE when one is there already. */
static gboolean
mark(Slot *slot, gsize offset, gsize n)
{
    for (gsize unit = offset / UNIT; unit * UNIT < offset + n; unit++) {
        guint64 bit = (guint64) 1 << unit % 64;

        if ((slot->have[unit / 64] & bit) != 0)
            return FALSE;
        slot->have[unit / 64] |= bit;
    }
    return TRUE;
}

static gboolean
fits(Slot *slot, const Packet *packet, gsize n)
{
    gsize end = packet->offset + n;

    if (slot->refused || end > PACKET_MAX - IP6_HEADER || (packet->more && n % UNIT != 0) || n == 0)
        return FALSE;
    if (slot->n_data != 0 && (end > slot->n_data || !packet->more))
        return FALSE;
    return mark(slot, packet->offset, n);
}

static gsize
finish(const Reassembly *reassembly, Slot *slot, guint8 **whole)
{
    guint8 *header = slot->room + reassembly->n_before + IP6_HEADER - slot->n_header;

    memcpy(header, slot->header, slot->n_header);
    if (slot->flow.family == AF_INET) {
        put_u16(header + 2, (guint16) (slot->n_header + slot->n_data));
        put_u16(header + 6, 0);
        checksum_ipv4(header);
    } else {
        put_u16(header + 4, (guint16) slot->n_data);
        header[6] = slot->next;
    }
    *whole = header;
    slot->since_us = 0;
    return slot->n_header + slot->n_data;
}

gsize
reassembly_add(Reassembly *reassembly, const guint8 *data, const Packet *packet, gint64 now_us, guint8 **whole)
{
    Slot *slot = slot_for(reassembly, packet, now_us);
    gsize n = packet->n - packet->fragment_at;

    if (!fits(slot, packet, n)) {
        slot->refused = TRUE; /* stays, so that the rest of the packet does not start a new one */
        return 0;
    }
    if (packet->offset == 0) {
        slot->n_header = packet->flow.family == AF_INET ? IP4_HEADER : IP6_HEADER;
        memcpy(slot->header, data, slot->n_header);
        slot->next = packet->fragment_next;
    }
    memcpy(slot->room + reassembly->n_before + IP6_HEADER + packet->offset, data + packet->fragment_at, n);
    slot->n_received += n;
    if (!packet->more)
        slot->n_data = packet->offset + n;
    if (slot->n_data == 0 || slot->n_received != slot->n_data || slot->n_header == 0)
        return 0;
    return finish(reassembly, slot, whole);
}
