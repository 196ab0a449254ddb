/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules.c - what was asked for as policies, and what the kernel is to hold for it. */
#include "rules.h"

#include <string.h>

#include "cover.h"
#include "owner.h"
#include "values.h"

/* Trees, for peers negotiate selectors, and a tree has no worst case for them to find. */
struct Rules {
    GTree *by_key;       /* Rule.key -> Rule, owned */
    GHashTable *by_index; /* the numbers are ours */
    GPtrArray *claims;   /* owned */
    guint32 serial;
};

static int
compare_keys(gconstpointer a, gconstpointer b, gpointer data)
{
    (void) data;
    return memcmp(a, b, sizeof ((Rule *) NULL)->key);
}

static void
rule_free(gpointer data)
{
    Rule *rule = data;

    g_ptr_array_unref(rule->claims);
    g_free(rule);
}

static void
claim_free(gpointer data)
{
    Claim *claim = data;

    g_ptr_array_unref(claim->rules);
    g_free(claim);
}

Rules *
rules_new(guint32 first_serial)
{
    Rules *rules = g_new0(Rules, 1);

    rules->by_key = g_tree_new_full(compare_keys, NULL, NULL, rule_free);
    rules->by_index = g_hash_table_new(NULL, NULL);
    rules->claims = g_ptr_array_new_with_free_func(claim_free);
    rules->serial = first_serial;
    return rules;
}

void
rules_clear(Rules *rules)
{
    g_hash_table_remove_all(rules->by_index);
    g_tree_remove_all(rules->by_key);
    g_ptr_array_set_size(rules->claims, 0);
}

void
rules_free(Rules *rules)
{
    if (rules == NULL)
        return;
    rules_clear(rules);
    g_hash_table_unref(rules->by_index);
    g_tree_unref(rules->by_key);
    g_ptr_array_unref(rules->claims);
    g_free(rules);
}

static void
put(guint8 **at, gconstpointer value, gsize n)
{
    memcpy(*at, value, n);
    *at += n;
}

/* All that makes two policies one to the kernel. */
static void
make_key(const ObolPolicySpec *spec, const struct xfrm_selector *selector, guint8 key[64])
{
    const guint8 small[] = {
        selector->prefixlen_s, selector->prefixlen_d, selector->proto, selector->family == AF_INET ? 4 : 6, (guint8) spec->direction,
    };
    guint8 *at = key;

    memset(key, 0, 64);
    put(&at, &selector->saddr, sizeof selector->saddr);
    put(&at, &selector->daddr, sizeof selector->daddr);
    put(&at, &selector->sport, sizeof selector->sport);
    put(&at, &selector->sport_mask, sizeof selector->sport_mask);
    put(&at, &selector->dport, sizeof selector->dport);
    put(&at, &selector->dport_mask, sizeof selector->dport_mask);
    put(&at, small, sizeof small);
    if (spec->mark.mask != 0)
        put(&at, &spec->mark, sizeof spec->mark);
    else
        at += sizeof spec->mark;
    put(&at, &spec->if_id, sizeof spec->if_id);
    g_assert(at <= key + 64);
}

/* A number that none of ours has. */
static guint32
new_index(Rules *rules, const ObolPolicySpec *spec)
{
    guint32 index;

    do {
        rules->serial = (rules->serial + 1) % OWNER_SERIALS;
        index = owner_index(rules->serial, direction_to_kernel(spec->direction));
    } while (g_hash_table_contains(rules->by_index, GUINT_TO_POINTER(index)));
    return index;
}

static Rule *
obtain_rule(Rules *rules, const ObolPolicySpec *spec, const struct xfrm_selector *selector)
{
    guint8 key[64];
    Rule *rule;

    make_key(spec, selector, key);
    rule = g_tree_lookup(rules->by_key, key);
    if (rule != NULL)
        return rule;
    rule = g_new0(Rule, 1);
    memcpy(rule->key, key, sizeof key);
    rule->selector = *selector;
    rule->index = new_index(rules, spec);
    if (spec->mark.mask != 0)
        rule->mark = spec->mark;
    rule->if_id = spec->if_id;
    rule->claims = g_ptr_array_new();
    g_tree_insert(rules->by_key, rule->key, rule);
    g_hash_table_insert(rules->by_index, GUINT_TO_POINTER(rule->index), rule);
    return rule;
}

Claim *
rules_claim(Rules *rules, const ObolPolicySpec *spec, GError **error)
{
    const char *why;
    gboolean invalid;
    g_autoptr(GArray) cover = cover_make(&spec->source, &spec->destination, &why, &invalid);
    Claim *claim;

    if (cover == NULL) {
        g_set_error_literal(error, OBOL_KERNEL_ERROR, invalid ? OBOL_KERNEL_ERROR_INVALID : OBOL_KERNEL_ERROR_UNSUPPORTED, why);
        return NULL;
    }
    if (g_hash_table_size(rules->by_index) + cover->len > RULES_MAX) {
        g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_LIMIT, "too many policies");
        return NULL;
    }
    claim = g_new0(Claim, 1);
    claim->spec = *spec;
    claim->priority = spec->priority != 0 ? spec->priority : cover_priority(spec);
    claim->rules = g_ptr_array_sized_new(cover->len);
    g_ptr_array_add(rules->claims, claim);
    for (guint i = 0; i < cover->len; i++) {
        Rule *rule = obtain_rule(rules, spec, &g_array_index(cover, struct xfrm_selector, i));

        g_ptr_array_add(rule->claims, claim);
        g_ptr_array_add(claim->rules, rule);
    }
    return claim;
}

static gboolean
same(const ObolPolicySpec *a, const ObolPolicySpec *b)
{
    gboolean equal = a->direction == b->direction && a->action == b->action && obol_ts_equal(&a->source, &b->source) &&
                     obol_ts_equal(&a->destination, &b->destination) && a->priority == b->priority && !a->trap == !b->trap &&
                     a->mark.mask == b->mark.mask && (a->mark.mask == 0 || a->mark.value == b->mark.value) && a->if_id == b->if_id;

    if (!equal || a->action != OBOL_POLICY_PROTECT)
        return equal;
    return a->reqid == b->reqid && a->mode == b->mode && a->protocol == b->protocol && !a->ipcomp == !b->ipcomp &&
           obol_address_equal(&a->tunnel_source, &b->tunnel_source) &&
           obol_address_equal(&a->tunnel_destination, &b->tunnel_destination);
}

Claim *
rules_find(const Rules *rules, const ObolPolicySpec *spec)
{
    const char *why;
    gboolean invalid;
    g_autoptr(GArray) cover = cover_make(&spec->source, &spec->destination, &why, &invalid);
    guint8 key[64];
    Rule *rule;

    if (cover == NULL)
        return NULL;
    make_key(spec, &g_array_index(cover, struct xfrm_selector, 0), key);
    rule = g_tree_lookup(rules->by_key, key);
    for (guint i = rule != NULL ? rule->claims->len : 0; i > 0; i--) {
        Claim *claim = g_ptr_array_index(rule->claims, i - 1);

        if (same(&claim->spec, spec))
            return claim;
    }
    return NULL;
}

gboolean
rules_leave(Rule *rule, const Claim *claim)
{
    gboolean served = rule_serves(rule) == claim;

    for (guint i = rule->claims->len; i > 0; i--) {
        if (g_ptr_array_index(rule->claims, i - 1) != claim)
            continue;
        g_ptr_array_remove_index(rule->claims, i - 1);
        break;
    }
    return served;
}

void
rules_drop(Rules *rules, Claim *claim)
{
    for (guint i = 0; i < claim->rules->len; i++) {
        Rule *rule = g_ptr_array_index(claim->rules, i);

        if (rule->claims->len > 0)
            continue;
        g_hash_table_remove(rules->by_index, GUINT_TO_POINTER(rule->index));
        g_tree_remove(rules->by_key, rule->key);
    }
    g_ptr_array_remove_fast(rules->claims, claim);
}

const Claim *
rule_serves(const Rule *rule)
{
    return rule->claims->len > 0 ? g_ptr_array_index(rule->claims, rule->claims->len - 1) : NULL;
}

const Claim *
rule_trap(const Rule *rule)
{
    for (guint i = rule->claims->len; i > 0; i--) {
        const Claim *claim = g_ptr_array_index(rule->claims, i - 1);

        if (claim->spec.trap)
            return claim;
    }
    return NULL;
}

Rule *
rules_by_index(const Rules *rules, guint32 index)
{
    return g_hash_table_lookup(rules->by_index, GUINT_TO_POINTER(index));
}

void
rules_each(const Rules *rules, void (*visit)(Rule *rule, gpointer data), gpointer data)
{
    for (GTreeNode *at = g_tree_node_first(rules->by_key); at != NULL; at = g_tree_node_next(at))
        visit(g_tree_node_value(at), data);
}

void
rules_each_claim(const Rules *rules, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    for (guint i = 0; i < rules->claims->len; i++)
        visit(&((const Claim *) g_ptr_array_index(rules->claims, i))->spec, data);
}
