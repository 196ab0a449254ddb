/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sad.c - the security association database: SAs by name, inbound ones by SPI, outbound ones by reqid. */
#include "sad.h"

#include <string.h>

#include "selectors.h"

#define UDP_HEADER 8

static guint
key_hash(gconstpointer key)
{
    return ((const SaKey *) key)->hash;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const SaKey *x = a, *y = b;

    return x->spi == y->spi && x->protocol == y->protocol && obol_address_equal(&x->destination, &y->destination);
}

static SaKey
key_of(const Sad *sad, guint32 spi, guint8 protocol, const ObolAddress *destination)
{
    SaKey key = { .spi = spi, .protocol = protocol, .destination = *destination };
    guint8 bytes[4 + 1 + sizeof destination->bytes];

    key.destination.port = 0; /* an endpoint behind a NAT moves its port, not its name */
    memcpy(bytes, &spi, 4);
    bytes[4] = protocol;
    memcpy(bytes + 5, destination->bytes, sizeof destination->bytes);
    key.hash = (guint) siphash(&sad->sip, bytes, sizeof bytes);
    return key;
}

void
sad_init(Sad *sad, const SipKey *sip)
{
    *sad = (Sad) {
        .sip = *sip,
        .by_key = g_hash_table_new(key_hash, key_equal),
        .by_wire = g_hash_table_new(g_int64_hash, g_int64_equal),
        .by_reqid = g_hash_table_new(NULL, NULL),
        .comps = g_hash_table_new(NULL, NULL),
    };
}

void
sad_clear(Sad *sad)
{
    GHashTableIter iter;
    gpointer sa;

    if (sad->by_key == NULL)
        return;
    g_hash_table_iter_init(&iter, sad->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &sa))
        sa_free(sa);
    g_clear_pointer(&sad->by_key, g_hash_table_unref);
    g_clear_pointer(&sad->by_wire, g_hash_table_unref);
    g_clear_pointer(&sad->by_reqid, g_hash_table_unref);
    g_clear_pointer(&sad->comps, g_hash_table_unref);
}

gboolean
sad_is_full(const Sad *sad)
{
    return g_hash_table_size(sad->by_key) >= SAD_SAS_MAX;
}

/* Which table finds @sa by its reqid; %NULL for an inbound SA of ESP or AH. */
static GHashTable *
table_of(const Sad *sad, const Sa *sa)
{
    if (!sa->inbound)
        return sad->by_reqid;
    return sa->id.protocol == OBOL_PROTO_IPCOMP ? sad->comps : NULL;
}

static void
link_by_reqid(Sad *sad, Sa *sa)
{
    GHashTable *table = table_of(sad, sa);

    if (table == NULL)
        return;
    sa->older = g_hash_table_lookup(table, GUINT_TO_POINTER(sa->reqid));
    g_hash_table_insert(table, GUINT_TO_POINTER(sa->reqid), sa);
}

static void
unlink_by_reqid(Sad *sad, Sa *sa)
{
    GHashTable *table = table_of(sad, sa);
    Sa *newest = table != NULL ? g_hash_table_lookup(table, GUINT_TO_POINTER(sa->reqid)) : NULL;

    if (newest == NULL)
        return;
    if (newest != sa) {
        while (newest->older != sa)
            newest = newest->older;
        newest->older = sa->older;
    } else if (sa->older != NULL) {
        g_hash_table_insert(table, GUINT_TO_POINTER(sa->reqid), sa->older);
    } else {
        g_hash_table_remove(table, GUINT_TO_POINTER(sa->reqid));
    }
}

gboolean
sad_add(Sad *sad, Sa *sa)
{
    sa->key = key_of(sad, sa->id.spi, sa->id.protocol, &sa->id.destination);
    sa->wire = wire_key(sa->id.protocol, sa->id.spi);
    if (g_hash_table_contains(sad->by_key, &sa->key) || sad_is_full(sad) ||
        (sa->inbound && g_hash_table_contains(sad->by_wire, &sa->wire)))
        return FALSE;
    g_hash_table_insert(sad->by_key, &sa->key, sa);
    if (sa->inbound)
        g_hash_table_insert(sad->by_wire, &sa->wire, sa);
    link_by_reqid(sad, sa);
    sad->generation++;
    return TRUE;
}

Sa *
sad_find(const Sad *sad, const ObolSaId *id)
{
    SaKey key = key_of(sad, id->spi, id->protocol, &id->destination);

    return g_hash_table_lookup(sad->by_key, &key);
}

Sa *
sad_find_inbound(const Sad *sad, guint8 protocol, guint32 spi)
{
    WireKey key = wire_key(protocol, spi);

    return g_hash_table_lookup(sad->by_wire, &key);
}

Sa *
sad_inbound_comp(const Sad *sad, guint32 reqid)
{
    return g_hash_table_lookup(sad->comps, GUINT_TO_POINTER(reqid));
}

void
sad_each(const Sad *sad, void (*visit)(const Sa *sa, gpointer data), gpointer data)
{
    GHashTableIter iter;
    gpointer sa;

    g_hash_table_iter_init(&iter, sad->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &sa))
        visit(sa, data);
}

gboolean
sad_move(Sad *sad, Sa *sa, const ObolAddress *source, const ObolAddress *destination)
{
    SaKey key = key_of(sad, sa->id.spi, sa->id.protocol, destination);
    const Sa *there = g_hash_table_lookup(sad->by_key, &key);

    if (there != NULL && there != sa)
        return FALSE;
    g_hash_table_remove(sad->by_key, &sa->key);
    sa->key = key;
    sa->id.source = *source;
    sa->id.destination = *destination;
    g_hash_table_insert(sad->by_key, &sa->key, sa);
    sad->generation++;
    return TRUE;
}

void
sad_remove(Sad *sad, Sa *sa)
{
    g_hash_table_remove(sad->by_key, &sa->key);
    if (sa->inbound)
        g_hash_table_remove(sad->by_wire, &sa->wire);
    unlink_by_reqid(sad, sa);
    sad->generation++;
    sa_free(sa);
}

Sa *
sad_serving(const Sad *sad, guint32 reqid, guint8 protocol, const Flow *flow, const ObolAddress *destination,
            gboolean *expired)
{
    Sa *sa = g_hash_table_lookup(sad->by_reqid, GUINT_TO_POINTER(reqid));

    *expired = FALSE;
    for (; sa != NULL; sa = sa->older) {
        if (sa->id.protocol != protocol)
            continue;
        if (destination->family != 0 && !obol_address_equal(&sa->id.destination, destination))
            continue;
        if (!selectors_match(sa->ts[FLOW_SOURCE], flow, FLOW_SOURCE) ||
            !selectors_match(sa->ts[FLOW_DESTINATION], flow, FLOW_DESTINATION))
            continue;
        if (!sa->dead)
            return sa;
        *expired = TRUE;
    }
    return NULL;
}

void
sa_free(Sa *sa)
{
    if (sa == NULL)
        return;
    for (guint end = 0; end < G_N_ELEMENTS(sa->ts); end++)
        g_clear_pointer(&sa->ts[end], g_array_unref);
    esp_clear(&sa->esp);
    ah_clear(&sa->ah);
    g_free(sa);
}

guint32
sa_short_numbers_used(const Sa *sa)
{
    gboolean ah = sa->id.protocol == OBOL_PROTO_AH;

    if (ah ? sa->ah.esn : sa->esp.esn)
        return 0;
    return (guint32) (ah ? sa->ah.sent : sa->esp.sent);
}

void
sa_set_path_mtu(Sa *sa, gsize path_mtu)
{
    gsize n_outer = (sa->id.destination.family == AF_INET6 ? IP6_HEADER : IP4_HEADER) + (sa->udp_encap ? UDP_HEADER : 0);
    gsize n = path_mtu > n_outer ? path_mtu - n_outer : 0;

    if (sa->id.protocol == OBOL_PROTO_IPCOMP)
        sa->mtu = n;
    else if (sa->id.protocol == OBOL_PROTO_AH)
        sa->mtu = n - MIN(n, ah_length(&sa->ah, sa->id.destination.family));
    else
        sa->mtu = esp_payload_max(&sa->esp, n);
}
