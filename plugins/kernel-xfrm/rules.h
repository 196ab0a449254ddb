/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules.h - what was asked for as policies, and what the kernel is to hold for it.
 *
 * A claim is one ADD_POLICY.  A rule is one policy of the kernel: a selector, for which several claims may stand in line; the
 * newest serves.  A claim has as many rules as its ranges fall into (cover.h), and two claims that differ may share some. */
#ifndef XFRM_RULES_H
#define XFRM_RULES_H

#include <linux/xfrm.h>
#include <obol/kernel.h>

#define RULES_MAX (1u << 20)

typedef struct Rules Rules;

typedef struct {
    ObolPolicySpec spec;
    guint32 priority;
    GPtrArray *rules; /* of Rule, borrowed */
} Claim;

typedef struct {
    guint8 key[64];
    struct xfrm_selector selector;
    guint32 index;     /* its name in the kernel */
    ObolMark mark;
    guint32 if_id;
    GPtrArray *claims; /* of Claim, borrowed; the last serves; none: to be removed */
    guint seen;        /* the comparison that found it in the kernel */
} Rule;

Rules *rules_new(guint32 first_serial);
void rules_free(Rules *rules);
void rules_clear(Rules *rules);

/* Puts @spec at the end of all its rules' lines. */
Claim *rules_claim(Rules *rules, const ObolPolicySpec *spec, GError **error);
/* The newest claim that is @spec in everything; %NULL: none. */
Claim *rules_find(const Rules *rules, const ObolPolicySpec *spec);
/* Takes @claim out of @rule's line; TRUE when it was the one that served. */
gboolean rules_leave(Rule *rule, const Claim *claim);
/* After it has left all its rules: frees it, and the rules that have no claim any more. */
void rules_drop(Rules *rules, Claim *claim);

/* The claim that @rule serves; %NULL: none. */
const Claim *rule_serves(const Rule *rule);
/* The newest that wants to be asked for an SA; %NULL: none. */
const Claim *rule_trap(const Rule *rule);

Rule *rules_by_index(const Rules *rules, guint32 index);
void rules_each(const Rules *rules, void (*visit)(Rule *rule, gpointer data), gpointer data);
void rules_each_claim(const Rules *rules, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rules, rules_free)

#endif
