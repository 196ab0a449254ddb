/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-tables.c - what we believe that the kernel holds. */
#include <glib.h>
#include <netinet/in.h>

#include "plugins/kernel-xfrm/decode.h"
#include "plugins/kernel-xfrm/owner.h"
#include "plugins/kernel-xfrm/rules.h"
#include "plugins/kernel-xfrm/sas.h"

static const ObolMark no_mark;

static ObolTs
ts(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs out;

    obol_ts_parse(text, &out, &error);
    g_assert_no_error(error);
    return out;
}

static ObolPolicySpec
policy(const char *source, const char *destination, guint32 reqid)
{
    return (ObolPolicySpec) {
        .direction = OBOL_DIR_OUT, .action = OBOL_POLICY_PROTECT, .source = ts(source), .destination = ts(destination),
        .reqid = reqid, .mode = OBOL_MODE_TUNNEL, .protocol = OBOL_PROTO_ESP,
        .tunnel_source = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
        .tunnel_destination = { .family = AF_INET, .bytes = { 192, 0, 2, 2 } },
    };
}

static void
leave_all(Rules *rules, Claim *claim)
{
    for (guint i = 0; i < claim->rules->len; i++)
        rules_leave(g_ptr_array_index(claim->rules, i), claim);
    rules_drop(rules, claim);
}

static void
test_newest_serves(void)
{
    g_autoptr(Rules) rules = rules_new(0);
    g_autoptr(GError) error = NULL;
    const ObolPolicySpec first = policy("10.0.0.0/8", "10.1.0.0/16", 1), second = policy("10.0.0.0/8", "10.1.0.0/16", 2);
    Claim *one = rules_claim(rules, &first, &error), *two = rules_claim(rules, &second, &error);
    Rule *rule = g_ptr_array_index(one->rules, 0);

    g_assert_true(g_ptr_array_index(two->rules, 0) == rule);
    g_assert_true(rule_serves(rule) == two);
    g_assert_true(rules_find(rules, &first) == one);
    g_assert_true(rules_leave(rule, two));
    rules_drop(rules, two);
    g_assert_true(rule_serves(rule) == one);
    g_assert_null(rules_find(rules, &second));
    leave_all(rules, one);
    g_assert_null(rules_find(rules, &first));
}

static void
test_older_goes_first(void)
{
    g_autoptr(Rules) rules = rules_new(0);
    g_autoptr(GError) error = NULL;
    const ObolPolicySpec spec = policy("10.0.0.0/8", "10.1.0.0/16", 1), other = policy("10.0.0.0/8", "10.1.0.0/16", 2);
    Claim *one = rules_claim(rules, &spec, &error), *two = rules_claim(rules, &other, &error);
    Rule *rule = g_ptr_array_index(one->rules, 0);

    g_assert_false(rules_leave(rule, one)); /* nothing changes for the kernel */
    rules_drop(rules, one);
    g_assert_true(rule_serves(rule) == two);
}

static void
test_counted(void)
{
    g_autoptr(Rules) rules = rules_new(0);
    g_autoptr(GError) error = NULL;
    const ObolPolicySpec spec = policy("10.0.0.0/8", "10.1.0.0/16", 1);
    Claim *one = rules_claim(rules, &spec, &error), *two = rules_claim(rules, &spec, &error);

    g_assert_true(rules_find(rules, &spec) == two);
    leave_all(rules, two);
    g_assert_true(rules_find(rules, &spec) == one);
}

/* Ranges that fall into prefixes can share one of them. */
static void
test_shared_piece(void)
{
    g_autoptr(Rules) rules = rules_new(0);
    g_autoptr(GError) error = NULL;
    const ObolPolicySpec range = policy("10.0.0.0-10.0.0.2", "10.1.0.0/16", 1), host = policy("10.0.0.2/32", "10.1.0.0/16", 2);
    Claim *one = rules_claim(rules, &range, &error), *two = rules_claim(rules, &host, &error);

    g_assert_cmpuint(one->rules->len, ==, 2);
    g_assert_true(g_ptr_array_index(one->rules, 1) == g_ptr_array_index(two->rules, 0));
    leave_all(rules, one);
    g_assert_true(rule_serves(g_ptr_array_index(two->rules, 0)) == two);
}

static void
test_names_differ(void)
{
    g_autoptr(Rules) rules = rules_new(OWNER_SERIALS - 1);
    g_autoptr(GError) error = NULL;
    ObolPolicySpec specs[5];
    g_autoptr(GHashTable) indices = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(specs); i++)
        specs[i] = policy("10.0.0.0/8", "10.1.0.0/16", 1);
    specs[1].direction = OBOL_DIR_IN;
    specs[2].mark = (ObolMark) { 1, 0xff };
    specs[3].if_id = 7;
    specs[4].direction = OBOL_DIR_FORWARD;
    for (guint i = 0; i < G_N_ELEMENTS(specs); i++) {
        const Claim *claim = rules_claim(rules, &specs[i], &error);
        const Rule *rule = g_ptr_array_index(claim->rules, 0);
        const struct xfrm_userpolicy_info info = { .index = rule->index, .dir = rule->index & 7 };

        g_assert_true(owner_has_policy(&info));
        g_assert_true(rules_by_index(rules, rule->index) == rule);
        g_assert_true(g_hash_table_add(indices, GUINT_TO_POINTER(rule->index)));
    }
}

static void
test_trap(void)
{
    g_autoptr(Rules) rules = rules_new(0);
    g_autoptr(GError) error = NULL;
    ObolPolicySpec trap = policy("10.0.0.0/8", "10.1.0.0/16", 1), plain = trap;
    Claim *one, *two;
    Rule *rule;

    trap.trap = TRUE;
    one = rules_claim(rules, &trap, &error);
    two = rules_claim(rules, &plain, &error);
    rule = g_ptr_array_index(one->rules, 0);
    g_assert_true(rule_serves(rule) == two);
    g_assert_true(rule_trap(rule) == one);
    g_assert_true(rules_find(rules, &plain) == two);
    g_assert_true(rules_find(rules, &trap) == one);
}

static ObolSaId
sa_id(guint8 last, guint32 spi)
{
    return (ObolSaId) {
        .source = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } }, .destination = { .family = AF_INET, .bytes = { 192, 0, 2, last } },
        .spi = spi, .protocol = OBOL_PROTO_ESP,
    };
}

static void
test_marks_tell_sas_apart(void)
{
    g_autoptr(Sas) sas = sas_new();
    const ObolSaId id = sa_id(2, 1000);
    const ObolMark mark = { 1, 0xff }, other = { 2, 0xff };
    Sa *one = sas_add(sas, &id, &mark), *two = sas_add(sas, &id, &other);

    g_assert_nonnull(one);
    g_assert_nonnull(two);
    g_assert_null(sas_add(sas, &id, &mark));
    g_assert_true(sas_find(sas, &id, &mark) == one);
    g_assert_true(sas_find(sas, &id, &other) == two);
    g_assert_nonnull(sas_find(sas, &id, &no_mark)); /* the name alone will do */
    sas_remove(sas, one);
    g_assert_true(sas_find(sas, &id, &no_mark) == two);
}

static void
test_rename(void)
{
    g_autoptr(Sas) sas = sas_new();
    const ObolSaId from = sa_id(2, 1000), to = sa_id(3, 1000), taken = sa_id(4, 1000);
    Sa *sa = sas_add(sas, &from, &no_mark);

    sa->reqid = 5;
    sas_add(sas, &taken, &no_mark);
    g_assert_false(sas_rename(sas, sa, &taken));
    g_assert_true(sas_rename(sas, sa, &to));
    g_assert_null(sas_find(sas, &from, &no_mark));
    g_assert_true(sas_find(sas, &to, &no_mark) == sa);
    g_assert_true(sas_has_moved_from(sas, 5, &from.source, &from.destination));
    g_assert_false(sas_has_moved_from(sas, 6, &from.source, &from.destination));
    g_assert_false(sas_has_moved_from(sas, 5, &to.source, &to.destination));
    sas_remove(sas, sa);
    g_assert_false(sas_has_moved_from(sas, 5, &from.source, &from.destination));
}

static void
test_signs(void)
{
    XfrmSa sa = { .id = sa_id(2, 0xc0ffee01) };
    struct xfrm_userpolicy_info policy_info = { .index = 0, .dir = 1 };

    for (guint32 spi = 256; spi < 100000; spi += 97) {
        sa.id.spi = spi;
        sa.info.seq = owner_sequence(spi);
        g_assert_true(owner_has_sa(&sa));
        sa.info.seq = owner_sequence(spi + 1);
        g_assert_false(owner_has_sa(&sa));
        sa.info.seq = 0;
        g_assert_false(owner_has_sa(&sa));
        sa.info.seq = spi; /* an acquire's */
        g_assert_false(owner_has_sa(&sa));
    }
    for (guint32 index = 0; index < 100000; index++) { /* as the kernel numbers them */
        policy_info.index = index;
        policy_info.dir = index & 7;
        g_assert_false(owner_has_policy(&policy_info));
    }
    policy_info.index = owner_index(5, XFRM_POLICY_OUT);
    policy_info.dir = XFRM_POLICY_OUT;
    g_assert_true(owner_has_policy(&policy_info));
    policy_info.dir = XFRM_POLICY_IN;
    g_assert_false(owner_has_policy(&policy_info));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-xfrm/rules/the-newest-serves-and-the-one-before-serves-again", test_newest_serves);
    g_test_add_func("/kernel-xfrm/rules/an-older-one-goes-unnoticed", test_older_goes_first);
    g_test_add_func("/kernel-xfrm/rules/equal-ones-are-counted", test_counted);
    g_test_add_func("/kernel-xfrm/rules/ranges-may-share-a-piece", test_shared_piece);
    g_test_add_func("/kernel-xfrm/rules/each-has-a-name-of-its-own", test_names_differ);
    g_test_add_func("/kernel-xfrm/rules/a-trap-under-a-plain-policy-stays-one", test_trap);
    g_test_add_func("/kernel-xfrm/sas/marks-tell-apart", test_marks_tell_sas_apart);
    g_test_add_func("/kernel-xfrm/sas/a-moved-one-is-known-by-its-new-name", test_rename);
    g_test_add_func("/kernel-xfrm/owner/nobody-else's-bears-our-sign", test_signs);
    return g_test_run();
}
