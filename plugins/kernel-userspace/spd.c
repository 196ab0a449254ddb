/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spd.c - the security policy database, and which policy is a packet's. */
#include "spd.h"

#include <string.h>

#include "selectors.h"

/* Prefix lengths that policies have, and how many. */
typedef struct {
    guint8 direction;
    guint8 prefixes[2];
    guint16 family;
    guint n;
} Pair;

static guint
key_hash(gconstpointer key)
{
    return ((const SpdKey *) key)->hash;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const SpdKey *x = a, *y = b;

    return x->direction == y->direction && x->family == y->family && memcmp(x->prefixes, y->prefixes, 2) == 0 &&
           memcmp(x->addresses, y->addresses, sizeof x->addresses) == 0;
}

static void
put_prefix(SpdKey *key, FlowEnd end, const guint8 *address, guint bits)
{
    guint whole = bits / 8;

    key->prefixes[end] = (guint8) bits;
    memcpy(key->addresses[end], address, whole);
    if (bits % 8 != 0)
        key->addresses[end][whole] = (guint8) (address[whole] & 0xff00 >> bits % 8);
}

static void
seal_key(const Spd *spd, SpdKey *key)
{
    guint8 bytes[5 + sizeof key->addresses] = {
        key->direction, key->prefixes[0], key->prefixes[1], (guint8) (key->family >> 8), (guint8) key->family,
    };

    memcpy(bytes + 5, key->addresses, sizeof key->addresses);
    key->hash = (guint) siphash(&spd->sip, bytes, sizeof bytes);
}

static SpdKey
key_of_spec(const Spd *spd, const ObolPolicySpec *spec)
{
    SpdKey key = { .direction = (guint8) spec->direction, .family = spec->source.family };

    put_prefix(&key, FLOW_SOURCE, spec->source.first, selector_prefix(&spec->source));
    put_prefix(&key, FLOW_DESTINATION, spec->destination.first, selector_prefix(&spec->destination));
    seal_key(spd, &key);
    return key;
}

/* RFC 4301 section 4.4.1 wants an order from the admin; without one the narrower selectors come first. */
static guint32
priority_of(const ObolPolicySpec *spec)
{
    return spec->priority != 0 ? spec->priority
                               : 1000 + 8 * (selector_width(&spec->source) + selector_width(&spec->destination));
}

static void
policy_free(Policy *policy)
{
    g_array_unref(policy->added);
    g_free(policy);
}

void
spd_init(Spd *spd, const SipKey *sip)
{
    *spd = (Spd) {
        .sip = *sip,
        .slots = g_hash_table_new(key_hash, key_equal),
        .pairs = g_array_new(FALSE, TRUE, sizeof(Pair)),
    };
}

void
spd_clear(Spd *spd)
{
    GHashTableIter iter;
    gpointer first;

    if (spd->slots == NULL)
        return;
    g_hash_table_iter_init(&iter, spd->slots);
    while (g_hash_table_iter_next(&iter, NULL, &first))
        for (Policy *policy = first, *next; policy != NULL; policy = next) {
            next = policy->next;
            policy_free(policy);
        }
    g_clear_pointer(&spd->slots, g_hash_table_unref);
    g_clear_pointer(&spd->pairs, g_array_unref);
}

static void
count_pair(Spd *spd, const SpdKey *key, int change)
{
    Pair new = { key->direction, { key->prefixes[0], key->prefixes[1] }, key->family, 1 };

    for (guint i = 0; i < spd->pairs->len; i++) {
        Pair *pair = &g_array_index(spd->pairs, Pair, i);

        if (pair->direction == key->direction && pair->family == key->family && memcmp(pair->prefixes, key->prefixes, 2) == 0) {
            pair->n += (guint) change;
            if (pair->n == 0)
                g_array_remove_index_fast(spd->pairs, i);
            return;
        }
    }
    g_array_append_val(spd->pairs, new);
}

static Policy *
find(const Spd *spd, const SpdKey *key, const ObolPolicySpec *spec)
{
    Policy *policy = g_hash_table_lookup(spd->slots, key);

    while (policy != NULL && !(obol_ts_equal(&policy->spec.source, &spec->source) &&
                               obol_ts_equal(&policy->spec.destination, &spec->destination)))
        policy = policy->next;
    return policy;
}

/* The first of a slot owns its key, so putting another one first must put the key too. */
static void
put_slot(Spd *spd, const SpdKey *key, Policy *first)
{
    if (first == NULL)
        g_hash_table_remove(spd->slots, key);
    else
        g_hash_table_replace(spd->slots, &first->key, first);
}

static void
link_policy(Spd *spd, Policy *policy)
{
    Policy *first = g_hash_table_lookup(spd->slots, &policy->key), **at = &first;

    while (*at != NULL && (*at)->priority <= policy->priority)
        at = &(*at)->next;
    policy->next = *at;
    *at = policy;
    put_slot(spd, &policy->key, first);
}

static void
unlink_policy(Spd *spd, Policy *policy)
{
    Policy *first = g_hash_table_lookup(spd->slots, &policy->key), **at = &first;

    while (*at != policy)
        at = &(*at)->next;
    *at = policy->next;
    put_slot(spd, &policy->key, first);
}

/* After a change of @added: the newest serves. */
static void
serve(Spd *spd, Policy *policy)
{
    const ObolPolicySpec *newest = &g_array_index(policy->added, ObolPolicySpec, policy->added->len - 1);

    policy->spec = *newest;
    policy->priority = priority_of(newest);
    policy->trap = FALSE;
    for (guint i = 0; i < policy->added->len; i++)
        policy->trap |= g_array_index(policy->added, ObolPolicySpec, i).trap;
    link_policy(spd, policy);
    spd->generation++;
}

Policy *
spd_add(Spd *spd, const ObolPolicySpec *spec)
{
    SpdKey key;
    Policy *policy;

    if (spd->n_added >= SPD_POLICIES_MAX || spec->source.family != spec->destination.family ||
        (spec->source.family != AF_INET && spec->source.family != AF_INET6))
        return NULL;
    key = key_of_spec(spd, spec);
    policy = find(spd, &key, spec);
    if (policy == NULL) {
        policy = g_new0(Policy, 1);
        policy->key = key;
        policy->added = g_array_new(FALSE, FALSE, sizeof *spec);
        count_pair(spd, &key, 1);
    } else {
        unlink_policy(spd, policy);
    }
    g_array_append_val(policy->added, *spec);
    spd->n_added++;
    serve(spd, policy);
    return policy;
}

static gboolean
same_addition(const ObolPolicySpec *a, const ObolPolicySpec *b)
{
    return a->reqid == b->reqid && a->action == b->action && !a->trap == !b->trap &&
           obol_address_equal(&a->tunnel_source, &b->tunnel_source) &&
           obol_address_equal(&a->tunnel_destination, &b->tunnel_destination);
}

/* The newest one that was added just so; else, since the engine may know the addresses after a move only, the newest of the
 * same reqid and kind.  -1 for none. */
static int
find_addition(const Policy *policy, const ObolPolicySpec *spec)
{
    int similar = -1;

    for (int i = (int) policy->added->len - 1; i >= 0; i--) {
        const ObolPolicySpec *added = &g_array_index(policy->added, ObolPolicySpec, i);

        if (same_addition(added, spec))
            return i;
        if (similar < 0 && added->reqid == spec->reqid && !added->trap == !spec->trap)
            similar = i;
    }
    return similar;
}

gboolean
spd_remove(Spd *spd, const ObolPolicySpec *spec, void (*gone)(gpointer data, Policy *policy), gpointer data)
{
    SpdKey key = key_of_spec(spd, spec);
    Policy *policy = find(spd, &key, spec);
    int index = policy != NULL ? find_addition(policy, spec) : -1;

    if (index < 0)
        return FALSE;
    unlink_policy(spd, policy);
    g_array_remove_index(policy->added, (guint) index);
    spd->n_added--;
    spd->generation++;
    if (policy->added->len > 0) {
        serve(spd, policy);
        return TRUE;
    }
    count_pair(spd, &key, -1);
    gone(data, policy);
    policy_free(policy);
    return TRUE;
}

gboolean
spd_update(Spd *spd, const ObolPolicySpec *spec, const ObolAddress *source, const ObolAddress *destination)
{
    SpdKey key = key_of_spec(spd, spec);
    Policy *policy = find(spd, &key, spec);
    int index = policy != NULL ? find_addition(policy, spec) : -1;
    ObolPolicySpec *added;

    if (index < 0)
        return FALSE;
    added = &g_array_index(policy->added, ObolPolicySpec, index);
    added->tunnel_source = *source;
    added->tunnel_destination = *destination;
    unlink_policy(spd, policy);
    serve(spd, policy);
    return TRUE;
}

gboolean
spd_policy_wants(const Policy *policy, guint32 reqid, guint8 protocol)
{
    for (guint i = 0; i < policy->added->len; i++) {
        const ObolPolicySpec *added = &g_array_index(policy->added, ObolPolicySpec, i);

        if (added->action == OBOL_POLICY_PROTECT && added->reqid == reqid && added->protocol == protocol)
            return TRUE;
    }
    return FALSE;
}

Policy *
spd_lookup(const Spd *spd, ObolDirection direction, const Flow *flow)
{
    Policy *best = NULL;

    for (guint i = 0; i < spd->pairs->len; i++) {
        const Pair *pair = &g_array_index(spd->pairs, Pair, i);
        SpdKey key = { .direction = pair->direction, .family = pair->family };

        if (pair->direction != direction || pair->family != flow->family)
            continue;
        put_prefix(&key, FLOW_SOURCE, flow->addresses[FLOW_SOURCE], pair->prefixes[FLOW_SOURCE]);
        put_prefix(&key, FLOW_DESTINATION, flow->addresses[FLOW_DESTINATION], pair->prefixes[FLOW_DESTINATION]);
        seal_key(spd, &key);
        for (Policy *policy = g_hash_table_lookup(spd->slots, &key); policy != NULL; policy = policy->next) {
            if (best != NULL && policy->priority >= best->priority)
                break;
            if (selector_matches(&policy->spec.source, flow, FLOW_SOURCE) &&
                selector_matches(&policy->spec.destination, flow, FLOW_DESTINATION)) {
                best = policy;
                break;
            }
        }
    }
    return best;
}

void
spd_each(const Spd *spd, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    GHashTableIter iter;
    gpointer first;

    g_hash_table_iter_init(&iter, spd->slots);
    while (g_hash_table_iter_next(&iter, NULL, &first))
        for (const Policy *policy = first; policy != NULL; policy = policy->next)
            visit(&policy->spec, data);
}
