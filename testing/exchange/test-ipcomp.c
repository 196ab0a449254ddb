/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-ipcomp.c - compression beside ESP and AH: negotiated, installed, gone with its child (RFC 7296 section 2.22). */
#include "exchange/pair.h"

#include <string.h>

static Pair *
pair_with_ipcomp(const PairSetup *setup, gboolean left, gboolean right)
{
    Pair *pair = pair_new(setup);

    pair_config(&pair->left, 0)->ipcomp = left;
    pair_config(&pair->right, 0)->ipcomp = right;
    return pair;
}

static const ModelSa *
comp_of(const PairSide *side, guint32 cpi, gboolean inbound)
{
    return model_kernel_find(&side->kernel, OBOL_PROTO_IPCOMP, cpi, inbound);
}

static void
test_both_ends_compress(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_with_ipcomp(data, TRUE, TRUE);
    const ObolChildSa *child;

    pair_initiate(pair);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 1));
    child = pair_child(&pair->left, 0);
    g_assert_cmpuint(child->cpi_in, !=, 0);
    g_assert_nonnull(comp_of(&pair->left, child->cpi_in, TRUE));
    g_assert_nonnull(comp_of(&pair->left, child->cpi_out, FALSE));
    g_assert_nonnull(comp_of(&pair->right, child->cpi_in, FALSE));
    g_assert_nonnull(comp_of(&pair->right, child->cpi_out, TRUE));
    pair_finish(pair);
}

/* The tunnel is the compressed packet's; ESP carries that as transport mode does. */
static void
test_the_tunnel_is_the_compression_s(void)
{
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    const ObolChildSa *child;
    const ObolSaSpec *comp, *esp;

    pair_initiate(pair);
    pair_run(pair);
    child = pair_child(&pair->left, 0);
    comp = &comp_of(&pair->left, child->cpi_out, FALSE)->spec;
    esp = &model_kernel_find(&pair->left.kernel, OBOL_PROTO_ESP, child->spi_out, FALSE)->spec;
    g_assert_cmpint(comp->mode, ==, OBOL_MODE_TUNNEL);
    g_assert_cmpint(esp->mode, ==, OBOL_MODE_TRANSPORT);
    g_assert_cmpuint(comp->reqid, ==, esp->reqid);
    for (guint i = 0; i < pair->left.kernel.policies->len; i++) {
        g_assert_true(g_array_index(pair->left.kernel.policies, ObolPolicySpec, i).ipcomp);
        g_assert_cmpint(g_array_index(pair->left.kernel.policies, ObolPolicySpec, i).mode, ==, OBOL_MODE_TUNNEL);
    }
}

static void
test_one_end_alone_does_not_compress(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, left, !left);

    pair_establish(pair);
    g_assert_cmpuint(pair_child(&pair->left, 0)->cpi_in + pair_child(&pair->right, 0)->cpi_in, ==, 0);
    g_assert_cmpuint(model_kernel_count(&pair->left.kernel, OBOL_PROTO_IPCOMP), ==, 0);
    g_assert_cmpuint(model_kernel_count(&pair->right.kernel, OBOL_PROTO_IPCOMP), ==, 0);
    g_assert_false(g_array_index(pair->left.kernel.policies, ObolPolicySpec, 0).ipcomp);
    pair_finish(pair);
}

static void
test_a_kernel_without_it_is_not_asked(void)
{
    static const ObolTransform gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 }, { 0 } };
    static const ObolKernelAbilities without = { .transforms = gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE };
    g_autoptr(Pair) pair = pair_with_ipcomp(&(PairSetup) { .abilities = { &without, NULL } }, TRUE, TRUE);

    pair_establish(pair);
    g_assert_cmpuint(pair->left.kernel.n_asked[OBOL_KERNEL_GET_SPI], ==, 1);
    g_assert_cmpuint(pair->right.kernel.n_asked[OBOL_KERNEL_GET_SPI], ==, 1);
    pair_finish(pair);
}

static void
test_a_kernel_that_has_no_cpi_does_without(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    PairSide *side = left ? &pair->left : &pair->right;

    side->kernel.fail_op = OBOL_KERNEL_GET_SPI;
    side->kernel.fail_nth = 2;
    pair_establish(pair);
    g_assert_cmpuint(pair_child(&pair->left, 0)->cpi_in + pair_child(&pair->right, 0)->cpi_in, ==, 0);
    pair_finish(pair);
}

static void
test_a_kernel_s_no_to_it_is_rolled_back(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    PairSide *side = i < 2 ? &pair->left : &pair->right;

    side->kernel.fail_op = OBOL_KERNEL_ADD_SA;
    side->kernel.fail_nth = i % 2 == 0 ? 2 : 4;
    pair_initiate(pair);
    pair_run(pair);
    g_assert_cmpint(pair->left.command_reason, !=, OBOL_REASON_NONE);
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

static void
test_a_rekeying_has_cpis_of_its_own(gconstpointer data)
{
    gboolean left = GPOINTER_TO_INT(data);
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    PairSide *side = left ? &pair->left : &pair->right;
    guint16 cpi;

    pair_initiate(pair);
    pair_run(pair);
    pair->traffic = TRUE;
    for (guint i = 0; i < 3; i++) {
        cpi = pair_child(side, 0)->cpi_in;
        pair_expire(pair, side, pair_child(side, 0), FALSE);
        pair_run(pair);
        g_assert_true(pair_agree(pair, 1));
        g_assert_cmpuint(pair_child(side, 0)->cpi_in, !=, cpi);
        g_assert_cmpuint(pair->left.kernel.sas->len, ==, 4);
        g_assert_cmpuint(pair->right.kernel.sas->len, ==, 4);
        g_assert_cmpuint(pair->n_lost, ==, 0);
    }
    pair_finish(pair);
}

static void
test_a_delete_takes_it_along(void)
{
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    guint32 id;

    pair_initiate(pair);
    pair_run(pair);
    id = pair_child(&pair->left, 0)->unique_id;
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .child_id = id } });
    pair_run(pair);
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

static void
test_a_vanished_compression_ends_the_child(void)
{
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, TRUE, TRUE);
    ObolEvent event = { .kind = OBOL_EVENT_EXPIRE };

    pair_initiate(pair);
    pair_run(pair);
    event.expire.protocol = OBOL_PROTO_IPCOMP;
    event.expire.spi = pair_child(&pair->left, 0)->cpi_in;
    event.expire.hard = TRUE;
    model_kernel_vanish(&pair->left.kernel, OBOL_PROTO_IPCOMP, event.expire.spi, TRUE);
    pair_feed(pair, &pair->left, &event);
    pair_run(pair);
    g_assert_true(pair_agree(pair, 0));
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    pair_finish(pair);
}

/* --- what a peer may offer and answer --- */

/* A further child is asked for; the right's answer has @n notifications of this data instead of its own. */
static void
answer_with_ipcomp(Pair *pair, const guint8 *data, gsize size, guint n)
{
    g_auto(ObolChain) chain = { .n = 0 };
    g_auto(ObolChain) altered = { .n = 0 };
    g_autoptr(GByteArray) plain = NULL;
    PairPacket *packet;

    pair_expire(pair, &pair->left, pair_child(&pair->left, 0), FALSE);
    pair_deliver(pair);
    packet = pair_take(pair);
    g_assert_true(pair_open(&pair->left, packet, &plain, &chain));
    pair_packet_free(packet);
    for (guint i = 0; i < n; i++)
        obol_chain_add_notify(&altered, OBOL_N_IPCOMP_SUPPORTED, data, size);
    for (guint i = 0; i < chain.n; i++) {
        if (chain.items[i].type != OBOL_PAYLOAD_NOTIFY || chain.items[i].notify.type != OBOL_N_IPCOMP_SUPPORTED)
            *obol_chain_add(&altered, chain.items[i].type) = chain.items[i];
    }
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_CREATE_CHILD_SA, TRUE, pair->right.sa->expected_request_id - 1, &altered));
    pair_run(pair);
}

static const struct {
    const char *name;
    guint8 data[5];
    gsize size;
    guint n;
    gboolean offered;
} answers[] = {
    { "that-was-not-offered", { 0x22, 0x22, 2 }, 3, 1, FALSE },
    { "by-another-transform", { 0x22, 0x22, 3 }, 3, 1, TRUE },
    { "twice", { 0x22, 0x22, 2 }, 3, 2, TRUE },
    { "with-a-cpi-that-is-well-known", { 0, 2, 2 }, 3, 1, TRUE },
    { "without-a-transform", { 0x22, 0x22 }, 2, 1, TRUE },
};

static void
test_an_answer_is_refused(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_with_ipcomp(NULL, answers[row].offered, answers[row].offered);
    guint32 old;

    pair_initiate(pair);
    pair_run(pair);
    old = pair_child(&pair->left, 0)->unique_id;
    answer_with_ipcomp(pair, answers[row].data, answers[row].size, answers[row].n);
    g_assert_true(pair_agree(pair, 1));
    g_assert_cmpuint(pair_child(&pair->left, 0)->unique_id, ==, old);
    g_assert_cmpint(pair->left.last_failure, ==, OBOL_REASON_PROPOSAL_US);
    pair_finish(pair);
}

int
main(int argc, char *argv[])
{
    static const PairSetup transport = { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } }, ah = { .protocol = OBOL_PROTO_AH },
                           udp = { .encap = TRUE };

    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/exchange/2.22/both-ends-compress", NULL, test_both_ends_compress);
    g_test_add_data_func("/exchange/2.22/both-ends-compress-in-transport-mode", &transport, test_both_ends_compress);
    g_test_add_data_func("/exchange/2.22/both-ends-compress-in-ah", &ah, test_both_ends_compress);
    g_test_add_data_func("/exchange/2.22/both-ends-compress-in-udp", &udp, test_both_ends_compress);
    g_test_add_func("/exchange/2.22/the-tunnel-is-the-compression-s", test_the_tunnel_is_the_compression_s);
    g_test_add_func("/exchange/2.22/a-kernel-without-it-is-not-asked", test_a_kernel_without_it_is_not_asked);
    g_test_add_func("/exchange/2.22/a-delete-takes-it-along", test_a_delete_takes_it_along);
    g_test_add_func("/exchange/2.22/a-vanished-compression-ends-the-child", test_a_vanished_compression_ends_the_child);
    for (gint left = 0; left < 2; left++) {
        const char *side = left ? "left" : "right";
        g_autofree char *alone = g_strdup_printf("/exchange/2.22/one-end-alone-does-not-compress-%s", side);
        g_autofree char *no_cpi = g_strdup_printf("/exchange/2.22/a-kernel-that-has-no-cpi-does-without-%s", side);
        g_autofree char *rekey = g_strdup_printf("/exchange/2.22/a-rekeying-has-cpis-of-its-own-%s", side);

        g_test_add_data_func(alone, GINT_TO_POINTER(left), test_one_end_alone_does_not_compress);
        g_test_add_data_func(no_cpi, GINT_TO_POINTER(left), test_a_kernel_that_has_no_cpi_does_without);
        g_test_add_data_func(rekey, GINT_TO_POINTER(left), test_a_rekeying_has_cpis_of_its_own);
    }
    for (guint i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.22/a-kernel-s-no-to-it-is-rolled-back-%u", i);

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_a_kernel_s_no_to_it_is_rolled_back);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/2.22/an-answer-%s-is-refused", answers[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_an_answer_is_refused);
    }
    return g_test_run();
}
