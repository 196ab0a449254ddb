/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-child-kernel.c - what the kernel is asked for a Child SA, and what when its addresses change. */
#include "exchange/pair.h"

#include <string.h>

static const ModelSa *
sa_of(const PairSide *side, const ObolChildSa *child, gboolean inbound)
{
    const ModelSa *sa = model_kernel_find(&side->kernel, child->suite.protocol, inbound ? child->spi_in : child->spi_out, inbound);

    g_assert_nonnull(sa);
    return sa;
}

static guint
n_policies(const PairSide *side, ObolDirection direction, ObolPolicyAction action)
{
    guint n = 0;

    for (guint i = 0; i < side->kernel.policies->len; i++) {
        const ObolPolicySpec *p = &g_array_index(side->kernel.policies, ObolPolicySpec, i);

        n += p->direction == direction && p->action == action;
    }
    return n;
}

/* --- the settings' part of an SA and a policy --- */

static Pair *
pair_with_marks(gboolean mark_in_sa)
{
    Pair *pair = pair_new(NULL);
    ObolChildConfig *config = pair_config(&pair->left, 0);

    config->mark_in = (ObolMark) { 1, 0xff };
    config->mark_out = (ObolMark) { 2, 0xff };
    config->set_mark_in = (ObolMark) { 3, 0xf };
    config->set_mark_out = (ObolMark) { 4, 0xf };
    config->mark_in_sa = mark_in_sa;
    config->if_id_in = 5;
    config->if_id_out = 6;
    config->sa_flags = OBOL_SA_NO_COPY_DF | OBOL_SA_ICMP;
    config->offload = OBOL_OFFLOAD_AUTO;
    pair_establish(pair);
    return pair;
}

static void
test_an_sa_has_the_marks_of_its_direction(void)
{
    g_autoptr(Pair) pair = pair_with_marks(FALSE);
    const ObolSaSpec *in = &sa_of(&pair->left, pair_child(&pair->left, 0), TRUE)->spec;
    const ObolSaSpec *out = &sa_of(&pair->left, pair_child(&pair->left, 0), FALSE)->spec;

    g_assert_cmpuint(in->mark.mask, ==, 0);
    g_assert_cmpuint(in->set_mark.value, ==, 3);
    g_assert_cmpuint(in->if_id, ==, 5);
    g_assert_cmpuint(out->mark.value, ==, 2);
    g_assert_cmpuint(out->set_mark.value, ==, 4);
    g_assert_cmpuint(out->if_id, ==, 6);
    g_assert_cmpuint(in->flags, ==, OBOL_SA_NO_COPY_DF | OBOL_SA_ICMP);
    g_assert_cmpint(out->offload, ==, OBOL_OFFLOAD_AUTO);
    pair_finish(pair);
}

static void
test_the_inbound_mark_is_the_sa_s_when_asked_for(void)
{
    g_autoptr(Pair) pair = pair_with_marks(TRUE);

    g_assert_cmpuint(sa_of(&pair->left, pair_child(&pair->left, 0), TRUE)->spec.mark.value, ==, 1);
    pair_finish(pair);
}

static void
test_a_policy_has_the_marks_of_its_direction(void)
{
    g_autoptr(Pair) pair = pair_with_marks(FALSE);

    for (guint i = 0; i < pair->left.kernel.policies->len; i++) {
        const ObolPolicySpec *p = &g_array_index(pair->left.kernel.policies, ObolPolicySpec, i);
        gboolean out = p->direction == OBOL_DIR_OUT;

        g_assert_cmpuint(p->mark.value, ==, out ? 2 : 1);
        g_assert_cmpuint(p->if_id, ==, out ? 6 : 5);
    }
    pair_finish(pair);
}

static void
test_the_lists_show_marks_and_interfaces(void)
{
    g_autoptr(Pair) pair = pair_with_marks(FALSE);
    ObolChildInfo info;

    obol_child_sa_info(pair_child(&pair->left, 0), &info);
    g_assert_cmpuint(info.mark_in.value, ==, 1);
    g_assert_cmpuint(info.mark_out.value, ==, 2);
    g_assert_cmpuint(info.if_id_in, ==, 5);
    g_assert_cmpuint(info.if_id_out, ==, 6);
    g_assert_cmpuint(info.cpi_in, ==, 0);
}

static void
test_forwarded_packets_are_let_into_the_tunnel_when_asked_for(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_config(&pair->left, 0)->policies_fwd_out = TRUE;
    pair_establish(pair);
    g_assert_cmpuint(n_policies(&pair->left, OBOL_DIR_FORWARD, OBOL_POLICY_PROTECT), ==, 1);
    g_assert_cmpuint(n_policies(&pair->left, OBOL_DIR_FORWARD, OBOL_POLICY_PASS), ==, 1);
    g_assert_cmpuint(n_policies(&pair->right, OBOL_DIR_FORWARD, OBOL_POLICY_PASS), ==, 0);
    pair_finish(pair);
}

static void
test_without_policies_there_are_none(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_config(&pair->left, 0)->policies = FALSE;
    pair_establish(pair);
    g_assert_cmpuint(pair->left.kernel.n_policies, ==, 0);
    g_assert_cmpuint(pair->right.kernel.n_policies, ==, 3);
    pair_finish(pair);
}

static void
test_tfc_padding_is_for_what_is_sent(void)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_config(&pair->left, 0)->tfc_padding = 1000;
    pair_establish(pair);
    g_assert_cmpuint(sa_of(&pair->left, pair_child(&pair->left, 0), FALSE)->spec.tfc_padding, ==, 1000);
    g_assert_cmpuint(sa_of(&pair->left, pair_child(&pair->left, 0), TRUE)->spec.tfc_padding, ==, 0);
}

/* Section 1.3.1: who can not take it says so, in requests and answers alike. */
static void
test_tfc_padding_is_left_when_the_peer_does_not_take_it(gconstpointer data)
{
    static const ObolTransform gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 }, { 0 } };
    static const ObolKernelAbilities without = { .transforms = gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE };
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_new(&(PairSetup) { .abilities = { left ? NULL : &without, left ? &without : NULL } });
    PairSide *side = left ? &pair->left : &pair->right;

    pair_config(side, 0)->tfc_padding = 1000;
    pair_establish(pair);
    g_assert_cmpuint(sa_of(side, pair_child(side, 0), FALSE)->spec.tfc_padding, ==, 0);
}

/* --- new addresses, sections 2.23 and RFC 4555 section 3.5 --- */

static void
tell_new_address(Pair *pair, const char *address, guint16 port)
{
    g_auto(ObolChain) empty = { .n = 0 };

    g_assert_true(obol_address_parse(address, &pair->nat));
    pair->nat.port = port;
    if (pair->left.sa != NULL) {
        pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, pair->left.sa->next_request_id++, &empty));
        pair_run(pair);
    }
}

static Pair *
pair_behind_nat(const PairSetup *setup)
{
    Pair *pair = pair_new(setup);

    tell_new_address(pair, "198.51.100.9", 12345);
    pair_establish(pair);
    return pair;
}

static void
test_a_new_port_moves_the_sas_alone(void)
{
    g_autoptr(Pair) pair = pair_behind_nat(NULL);

    tell_new_address(pair, "198.51.100.9", 23456);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 2);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_POLICY], ==, 0);
    g_assert_cmpuint(sa_of(&pair->right, pair_child(&pair->right, 0), FALSE)->spec.id.destination.port, ==, 23456);
    g_assert_cmpuint(sa_of(&pair->right, pair_child(&pair->right, 0), TRUE)->spec.id.source.port, ==, 23456);
    pair_finish(pair);
}

static void
test_a_new_address_moves_the_policies_too(void)
{
    g_autoptr(Pair) pair = pair_behind_nat(NULL);

    for (guint i = 0; i < 3; i++) {
        ObolAddress now;

        tell_new_address(pair, i % 2 == 0 ? "198.51.100.77" : "198.51.100.78", (guint16) (1000 + i));
        now = pair->nat;
        g_assert_true(obol_address_equal(&sa_of(&pair->right, pair_child(&pair->right, 0), FALSE)->spec.id.destination, &now));
        g_assert_true(obol_address_equal(&g_array_index(pair->right.kernel.policies, ObolPolicySpec, 0).tunnel_destination, &now));
    }
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_POLICY], ==, 9);
    pair_finish(pair);
}

static void
test_a_move_during_a_move_is_made_up_for(void)
{
    g_autoptr(Pair) pair = pair_behind_nat(NULL);

    pair->hold_kernel = TRUE;
    tell_new_address(pair, "198.51.100.77", 1);
    tell_new_address(pair, "198.51.100.78", 2);
    tell_new_address(pair, "198.51.100.79", 3);
    pair_release_kernel(pair);
    g_assert_cmpuint(sa_of(&pair->right, pair_child(&pair->right, 0), FALSE)->spec.id.destination.port, ==, 3);
    pair_run(pair);
    pair_finish(pair);
}

/* What can not be moved gets a successor at the new place; both are named rightly when they go. */
static void
test_what_can_not_be_moved_is_rekeyed(gconstpointer data)
{
    static const ObolKernelOp ops[] = { OBOL_KERNEL_UPDATE_SA, OBOL_KERNEL_UPDATE_SA, OBOL_KERNEL_UPDATE_POLICY };
    guint i = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_behind_nat(NULL);
    guint32 old = pair_child(&pair->right, 0)->unique_id;

    pair->right.kernel.fail_op = ops[i];
    pair->right.kernel.fail_nth = i % 2 + 1;
    pair->right.kernel.fail_code = OBOL_KERNEL_ERROR_UNSUPPORTED;
    tell_new_address(pair, "198.51.100.77", 1);
    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair_child(&pair->right, 0)->unique_id, !=, old);
    g_assert_true(obol_address_equal(&sa_of(&pair->right, pair_child(&pair->right, 0), FALSE)->spec.id.destination, &pair->nat));
    g_assert_cmpuint(pair->right.kernel.n_not_found, ==, 0);
    pair_finish(pair);
}

static void
test_a_kernel_that_can_not_is_not_asked(void)
{
    static const ObolTransform gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 }, { 0 } };
    static const ObolKernelAbilities fixed = { .transforms = gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE, .udp_encap = TRUE };
    g_autoptr(Pair) pair = pair_behind_nat(&(PairSetup) { .abilities = { NULL, &fixed } });

    tell_new_address(pair, "198.51.100.77", 1);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_UPDATE_SA], ==, 0);
    g_assert_true(pair_jump(pair));
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    g_assert_true(obol_address_equal(&sa_of(&pair->right, pair_child(&pair->right, 0), FALSE)->spec.id.destination, &pair->nat));
    pair_finish(pair);
}

/* --- late answers --- */

static void
test_what_comes_for_an_sa_that_is_gone_is_taken_back(gconstpointer data)
{
    guint after = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_new(NULL);

    pair_initiate(pair);
    for (guint i = 0; i < after; i++)
        pair_deliver(pair);
    pair->hold_kernel = TRUE;
    pair_deliver(pair);
    for (guint i = 0; i < 2; i++) {
        PairSide *side = i == 0 ? &pair->left : &pair->right;

        if (side->sa != NULL)
            pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .force = TRUE } });
    }
    pair_release_kernel(pair);
    g_assert_true(pair_clean(pair));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/kernel/an-sa-has-the-marks-of-its-direction", test_an_sa_has_the_marks_of_its_direction);
    g_test_add_func("/exchange/kernel/the-inbound-mark-is-the-sa-s-when-asked-for", test_the_inbound_mark_is_the_sa_s_when_asked_for);
    g_test_add_func("/exchange/kernel/a-policy-has-the-marks-of-its-direction", test_a_policy_has_the_marks_of_its_direction);
    g_test_add_func("/exchange/kernel/the-lists-show-marks-and-interfaces", test_the_lists_show_marks_and_interfaces);
    g_test_add_func("/exchange/kernel/forwarded-packets-are-let-into-the-tunnel", test_forwarded_packets_are_let_into_the_tunnel_when_asked_for);
    g_test_add_func("/exchange/kernel/without-policies-there-are-none", test_without_policies_there_are_none);
    g_test_add_func("/exchange/kernel/tfc-padding-is-for-what-is-sent", test_tfc_padding_is_for_what_is_sent);
    g_test_add_data_func("/exchange/1.3.1/tfc-padding-is-left-when-the-responder-does-not-take-it", GINT_TO_POINTER(TRUE),
                         test_tfc_padding_is_left_when_the_peer_does_not_take_it);
    g_test_add_data_func("/exchange/1.3.1/tfc-padding-is-left-when-the-initiator-does-not-take-it", GINT_TO_POINTER(FALSE),
                         test_tfc_padding_is_left_when_the_peer_does_not_take_it);
    g_test_add_func("/exchange/2.23/a-new-port-moves-the-sas-alone", test_a_new_port_moves_the_sas_alone);
    g_test_add_func("/exchange/2.23/a-new-address-moves-the-policies-too", test_a_new_address_moves_the_policies_too);
    g_test_add_func("/exchange/2.23/a-move-during-a-move-is-made-up-for", test_a_move_during_a_move_is_made_up_for);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.23/what-can-not-be-moved-is-rekeyed-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_what_can_not_be_moved_is_rekeyed);
    }
    g_test_add_func("/exchange/2.23/a-kernel-that-can-not-is-not-asked", test_a_kernel_that_can_not_is_not_asked);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/kernel/what-comes-for-an-sa-that-is-gone-is-taken-back-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_what_comes_for_an_sa_that_is_gone_is_taken_back);
    }
    return g_test_run();
}
