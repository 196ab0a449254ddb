/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-set-up.c - setting up an SA in every way that the settings know, and being refused. */
#include "exchange/pair.h"

/* --- what works --- */

static const struct {
    const char *name;
    PairSetup setup;
} works[] = {
    { "1.2/gcm-and-x25519", { .ipv6 = FALSE } },
    { "1.2/ipv6", { .ipv6 = TRUE, .local_ts = { "2001:db8:1::/64", "2001:db8:2::/64" }, .remote_ts = { "2001:db8:2::/64", "2001:db8:1::/64" } } },
    { "1.2/cbc-with-hmac", { .ike = { "aes256-sha512-modp2048", "aes256-sha512-modp2048" }, .child = { "aes256-sha256", "aes256-sha256" } } },
    { "1.2/chacha", { .ike = { "chacha20poly1305-prfsha512-ecp256", "chacha20poly1305-prfsha512-ecp256" },
                      .child = { "chacha20poly1305", "chacha20poly1305" } } },
    { "1.2/ctr-with-xcbc-everywhere", { .ike = { "aes128ctr-aesxcbc-prfaesxcbc-ecp384", "aes128ctr-aesxcbc-prfaesxcbc-ecp384" } } },
    { "1.2/ccm-with-cmac-prf", { .ike = { "aes192ccm12-prfaescmac-x448", "aes192ccm12-prfaescmac-x448" } } },
    { "1.2/camellia", { .ike = { "camellia256-sha384-ecp521", "camellia256-sha384-ecp521" } } },
    { "1.2/3des-for-those-who-must", { .ike = { "3des-sha1-modp1536", "3des-sha1-modp1536" }, .child = { "3des-sha1", "3des-sha1" } } },
    { "1.2/null-encryption-in-esp", { .child = { "null-sha256", "null-sha256" } } },
    { "1.3.1/transport-mode", { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } } },
    { "2.17/ah", { .protocol = OBOL_PROTO_AH } },
    { "2.17/ah-in-transport-mode", { .protocol = OBOL_PROTO_AH, .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT } } },
    { "2.7/the-second-proposal", { .ike = { "aes256gcm16-prfsha512-ecp384 aes128gcm16-prfsha256-x25519", NULL } } },
    { "2.7/several-transforms", { .ike = { "aes128gcm16-aes256gcm16-prfsha256-prfsha512-x25519", "aes256gcm16-prfsha512-x25519" } } },
    { "1.3/another-group-is-tried", { .ike = { "aes128gcm16-prfsha256-ecp256-x25519", "aes128gcm16-prfsha256-x25519" } } },
    { "2.9/narrowing-by-the-responder", { .local_ts = { "10.0.0.0/8", NULL }, .remote_ts = { "10.0.0.0/8", NULL } } },
    { "2.9/narrowing-to-a-port", { .remote_ts = { "10.2.0.0/16", NULL }, .local_ts = { NULL, "10.2.0.0/16[tcp/443]" } } },
    { "2.9/several-selectors", { .local_ts = { "10.1.0.0/24 10.1.5.0/24", NULL }, .remote_ts = { NULL, "10.1.0.0/16" } } },
    { "2.9/dynamic", { .local_ts = { "dynamic", NULL }, .remote_ts = { NULL, "dynamic" } } },
    { "2.23/a-nat-is-feigned", { .encap = TRUE } },
    { "3.5/an-identity-that-is-a-mailbox", { .id = { "@left.test", NULL } } },
};

static void
test_works(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(data);

    pair_establish(pair);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .command = 2 } });
    pair_run(pair);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 2);
}

/* The same under a wire that loses requests and responses: slower, and whole all the same. */

static void
test_works_with_loss(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(data);

    pair_establish_with_loss(pair);
    g_assert_true(pair_whole(pair));
}

/* And under one that delivers everything twice: nothing is done twice. */
static void
test_works_with_duplicates(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new(data);

    pair_initiate(pair);
    for (guint n = 0; pair_peek(pair) != NULL && n < 100; n++) {
        const PairPacket *packet = pair_peek(pair);
        PairSide *to = packet->to;
        GBytes *again = g_bytes_new(packet->bytes->data, packet->bytes->len);

        pair_deliver(pair);
        if (n % 2 == 0 && to->sa != NULL) {
            pair_put(pair, to, again);
            g_queue_push_head(pair->wire, g_queue_pop_tail(pair->wire));
        } else {
            g_bytes_unref(again);
        }
    }
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
}

/* --- what is refused --- */

static const ObolTransform no_gcm[] = { { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_CBC, .key_bits = 128 },
                                        { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA2_256_128 }, { 0 } };
static const ObolKernelAbilities without_gcm = { .transforms = no_gcm, .esp = TRUE, .tunnel = TRUE, .plain_esp = TRUE };

static const struct {
    const char *name;
    PairSetup setup;
    ObolReasonCode left, right; /* what each side knows afterwards */
    gboolean ike_stays;
} refusals[] = {
    { "2.7/no-common-cipher", { .ike = { "aes256gcm16-prfsha256-x25519", NULL } }, OBOL_REASON_PROPOSAL_PEER, OBOL_REASON_PROPOSAL_US, FALSE },
    { "2.7/no-common-prf", { .ike = { "aes128gcm16-prfsha512-x25519", NULL } }, OBOL_REASON_PROPOSAL_PEER, OBOL_REASON_PROPOSAL_US, FALSE },
    { "2.7/no-common-group", { .ike = { "aes128gcm16-prfsha256-ecp256", NULL } }, OBOL_REASON_PROPOSAL_PEER, OBOL_REASON_PROPOSAL_US, FALSE },
    { "2.15/another-key", { .psk = { "one", "another" } }, OBOL_REASON_AUTH_PEER, OBOL_REASON_AUTH_US, FALSE },
    { "2.15/another-identity", { .id = { "stranger.test", NULL } }, OBOL_REASON_AUTH_PEER, OBOL_REASON_ID_NOMATCH, FALSE },
    { "2.15/the-responder-is-not-who-was-asked-for", { .id = { NULL, "other.test" } }, OBOL_REASON_AUTH_PEER, OBOL_REASON_ID_NOMATCH, FALSE },
    { "1.2/no-common-esp-proposal", { .child = { "aes256gcm16", NULL } }, OBOL_REASON_PROPOSAL_PEER, OBOL_REASON_PROPOSAL_US, TRUE },
    { "2.9/no-common-selector", { .local_ts = { "10.7.0.0/16", NULL } }, OBOL_REASON_TS_PEER, OBOL_REASON_TS_US, TRUE },
    { "2.9/another-family", { .local_ts = { "2001:db8::/64", NULL }, .remote_ts = { "2001:db8:2::/64", NULL } }, OBOL_REASON_TS_PEER,
      OBOL_REASON_TS_US, TRUE },
    { "1.3.1/a-tunnel-for-transport-mode", { .mode = { OBOL_MODE_TUNNEL, OBOL_MODE_TRANSPORT }, .local_ts = { "dynamic", NULL },
                                             .remote_ts = { "dynamic", NULL } }, OBOL_REASON_PROPOSAL_PEER, OBOL_REASON_MODE, TRUE },
    { "1.3.1/transport-mode-is-not-granted", { .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TUNNEL }, .local_ts = { NULL, "dynamic" },
                                               .remote_ts = { NULL, "dynamic" } }, OBOL_REASON_MODE, OBOL_REASON_NONE, TRUE },
    { "kernel/what-it-can-not-do-is-not-chosen", { .abilities = { NULL, &without_gcm } }, OBOL_REASON_PROPOSAL_PEER,
      OBOL_REASON_PROPOSAL_US, TRUE },
};

static gboolean
no_children(const PairSide *side)
{
    return side->sa != NULL && side->sa->state == OBOL_IKE_ESTABLISHED && side->sa->children->len == 0 && side->kernel.n_sas == 0
           && model_kernel_empty(&side->kernel);
}

static void
test_refusal(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new(&refusals[row].setup);

    pair_initiate(pair);
    pair_run(pair);
    for (guint n = 0; !refusals[row].ike_stays && pair->left.sa != NULL && pair_jump(pair); n++) {
        pair_run(pair);
        g_assert_cmpuint(n, <, 20);
    }
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
    g_assert_cmpint(pair->left.command_reason, ==, refusals[row].left);
    g_assert_cmpint(pair->right.last_failure, ==, refusals[row].right);
    if (refusals[row].ike_stays) {
        g_assert_true(no_children(&pair->left));
        g_assert_true(no_children(&pair->right));
        return;
    }
    g_assert_true(pair_clean(pair));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(works); i++) {
        g_autofree char *plain = g_strdup_printf("/exchange/%s", works[i].name);
        g_autofree char *loss = g_strdup_printf("/exchange/%s/and-with-loss", works[i].name);
        g_autofree char *twice = g_strdup_printf("/exchange/%s/and-with-duplicates", works[i].name);

        g_test_add_data_func(plain, &works[i].setup, test_works);
        g_test_add_data_func(loss, &works[i].setup, test_works_with_loss);
        g_test_add_data_func(twice, &works[i].setup, test_works_with_duplicates);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s-is-refused", refusals[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_refusal);
    }
    return g_test_run();
}
