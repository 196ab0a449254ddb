/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-mobike.c - two ends with several addresses each, that come and go. */
#include "exchange/pair.h"

ObolAddress
pair_address(const char *text)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    return address;
}

void
pair_set_addresses(PairSide *side, const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);

    g_clear_pointer(&side->addresses, g_array_unref);
    side->addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    for (char **word = words; *word != NULL; word++) {
        ObolAddress one;

        if (**word == '\0')
            continue;
        one = pair_address(*word);
        g_array_append_val(side->addresses, one);
    }
    side->source = side->addresses->len > 0 ? g_array_index(side->addresses, ObolAddress, 0) : (ObolAddress) { .family = 1 };
    side->engine.addresses = side->addresses;
}

Pair *
pair_new_mobile(const PairSetup *like)
{
    PairSetup setup = like != NULL ? *like : (PairSetup) { .ipv6 = FALSE };
    Pair *pair;

    setup.mobike = TRUE;
    pair = pair_new(&setup);
    pair_set_addresses(&pair->left, setup.ipv6 ? "2001:db8::1 2001:db8::11" : "192.0.2.1 192.0.2.11");
    pair_set_addresses(&pair->right, setup.ipv6 ? "2001:db8::2 2001:db8::22" : "192.0.2.2 192.0.2.22");
    return pair;
}

void
pair_roam(Pair *pair, PairSide *side, const char *texts)
{
    pair_set_addresses(side, texts);
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_ADDRESSES });
}

void
pair_kill(Pair *pair, const char *text)
{
    ObolAddress address = pair_address(text);

    if (pair->dead == NULL)
        pair->dead = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    g_array_append_val(pair->dead, address);
}

void
pair_revive(Pair *pair)
{
    g_clear_pointer(&pair->dead, g_array_unref);
}

static gboolean
is_at(const ObolAddress *address, const char *text)
{
    ObolAddress wanted = pair_address(text);

    return obol_address_equal(address, &wanted);
}

gboolean
pair_ike_at(const PairSide *side, const char *local, const char *remote)
{
    return side->sa != NULL && is_at(&side->sa->local, local) && is_at(&side->sa->remote, remote);
}

gboolean
pair_kernel_at(const PairSide *side, const char *local, const char *remote)
{
    gboolean all = side->kernel.sas->len > 0;

    for (guint i = 0; i < side->kernel.sas->len; i++) {
        const ObolSaSpec *spec = &g_array_index(side->kernel.sas, ModelSa, i).spec;

        all = all && is_at(&spec->id.source, spec->inbound ? remote : local) && is_at(&spec->id.destination, spec->inbound ? local : remote);
    }
    for (guint i = 0; i < side->kernel.policies->len; i++) {
        const ObolPolicySpec *policy = &g_array_index(side->kernel.policies, ObolPolicySpec, i);
        gboolean outbound = policy->direction == OBOL_DIR_OUT;

        all = all && is_at(&policy->tunnel_source, outbound ? local : remote) && is_at(&policy->tunnel_destination, outbound ? remote : local);
    }
    return all;
}

gboolean
pair_all_at(const Pair *pair, const char *left, const char *right)
{
    return pair_ike_at(&pair->left, left, right) && pair_ike_at(&pair->right, right, left) && pair_kernel_at(&pair->left, left, right)
           && pair_kernel_at(&pair->right, right, left);
}

gboolean
pair_look(Pair *pair, GByteArray **plain, ObolChain *chain)
{
    PairPacket *packet = pair_peek(pair);

    return packet != NULL && pair_open(packet->to, packet, plain, chain);
}

gboolean
pair_ask(Pair *pair, PairSide *from, const ObolChain *chain, const char *source, const char *destination, GByteArray **plain,
         ObolChain *answer)
{
    GQueue *others = pair->wire;
    PairPacket *packet;
    gboolean opened = FALSE;

    pair->wire = g_queue_new();
    pair_put(pair, pair_other(pair, from), pair_seal(from, OBOL_INFORMATIONAL, FALSE, from->sa->next_request_id++, chain));
    packet = pair_peek(pair);
    if (source != NULL) {
        guint16 port = packet->source.port;

        packet->source = pair_address(source);
        packet->source.port = port;
    }
    if (destination != NULL) {
        guint16 port = packet->destination.port;

        packet->destination = pair_address(destination);
        packet->destination.port = port;
    }
    pair_deliver(pair);
    packet = pair_peek(pair);
    if (packet != NULL && packet->to == from) {
        opened = pair_open(from, packet, plain, answer);
        pair_lose(pair);
    }
    for (PairPacket *one; (one = g_queue_pop_head(pair->wire)) != NULL;)
        g_queue_push_tail(others, one);
    g_queue_free(pair->wire);
    pair->wire = others;
    return opened;
}

guint
pair_count_notifies(const ObolChain *chain, guint16 type)
{
    guint n = 0;

    for (guint i = 0; i < chain->n; i++)
        n += chain->items[i].type == OBOL_PAYLOAD_NOTIFY && chain->items[i].notify.type == type;
    return n;
}

void
pair_probe(Pair *pair, PairSide *side)
{
    obol_tasks_add(side->sa, OBOL_TASK_PROBE, 0, 0);
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_TIMER });
}
