/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-encode.c - requests say what was asked, as this kernel wants to hear it. */
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "plugins/kernel-xfrm/decode.h"
#include "plugins/kernel-xfrm/encode.h"
#include "plugins/kernel-xfrm/owner.h"
#include "plugins/kernel-xfrm/spec.h"

static const XfrmDialect old_kernel, new_kernel = { .sa_direction = TRUE, .mapping_timer = TRUE, .mapping_interval_s = 1 };

typedef struct {
    ObolSaSpec spec;
    ObolSecret *encr_key, *integ_key;
    GArray *source_ts, *destination_ts;
} Asked;

static void
asked_init(Asked *asked, guint16 encr, guint16 bits, gsize n_encr, guint16 integ, gsize n_integ)
{
    g_autoptr(GError) error = NULL;
    ObolTs ts;

    *asked = (Asked) {
        .spec = {
            .id = {
                .source = { .family = AF_INET, .port = 4500, .bytes = { 192, 0, 2, 1 } },
                .destination = { .family = AF_INET, .port = 4501, .bytes = { 192, 0, 2, 2 } },
                .spi = 0xc0ffee01, .protocol = OBOL_PROTO_ESP,
            },
            .reqid = 9, .mode = OBOL_MODE_TUNNEL, .inbound = TRUE, .replay_window = 32,
            .suite = { .protocol = OBOL_PROTO_ESP, .encr = encr, .encr_bits = bits, .integ = integ },
        },
        .encr_key = obol_secret_new(n_encr), .integ_key = n_integ > 0 ? obol_secret_new(n_integ) : NULL,
        .source_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs)), .destination_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs)),
    };
    memset(asked->encr_key->bytes, 0xee, n_encr);
    obol_ts_parse("10.0.0.0/8", &ts, &error);
    g_array_append_val(asked->source_ts, ts);
    g_array_append_val(asked->destination_ts, ts);
    asked->spec.encr_key = asked->encr_key;
    asked->spec.integ_key = asked->integ_key;
    asked->spec.source_ts = asked->source_ts;
    asked->spec.destination_ts = asked->destination_ts;
}

static void
asked_clear(Asked *asked)
{
    obol_secret_free(asked->encr_key);
    obol_secret_free(asked->integ_key);
    g_array_unref(asked->source_ts);
    g_array_unref(asked->destination_ts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

static void
encode(const Asked *asked, const XfrmDialect *dialect, XfrmRequest *request, XfrmMessage *out)
{
    XfrmFault fault;
    g_autoptr(GError) error = NULL;

    spec_check_sa(&asked->spec, &error);
    g_assert_no_error(error);
    encode_sa(request, XFRM_MSG_NEWSA, &asked->spec, dialect, 0);
    g_assert_false(request->too_long);
    g_assert_true(xfrm_decode(request->bytes, request->n, out, &fault));
    g_assert_cmpint(out->kind, ==, XFRM_KIND_SA);
}

static void
test_aead(void)
{
    g_auto(Asked) asked = { 0 };
    XfrmRequest request;
    XfrmMessage message;
    struct xfrm_algo_aead aead;

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 256, 36, 0, 0);
    encode(&asked, &old_kernel, &request, &message);
    g_assert_true(owner_has_sa(&message.sa));
    g_assert_true(attributes_get(&message.sa.attributes, XFRMA_ALG_AEAD, &aead, sizeof aead));
    g_assert_cmpstr(aead.alg_name, ==, "rfc4106(gcm(aes))");
    g_assert_cmpuint(aead.alg_key_len, ==, 288);
    g_assert_cmpuint(aead.alg_icv_len, ==, 128);
    g_assert_cmpuint(message.sa.attributes.n[XFRMA_ALG_AEAD], ==, sizeof aead + 36);
    g_assert_null(message.sa.attributes.at[XFRMA_ALG_CRYPT]);
    g_assert_null(message.sa.attributes.at[XFRM_ATTRIBUTE_SA_DIR]);
    g_assert_cmphex(message.sa.info.flags, ==, XFRM_STATE_AF_UNSPEC);
    g_assert_cmpint(message.sa.info.sel.family, ==, AF_UNSPEC);
    g_assert_true(message.sa.info.lft.hard_packet_limit == XFRM_INF);
    request_clear(&request);
    for (gsize i = 0; i < sizeof request.bytes; i++)
        g_assert_cmpint(request.bytes[i], ==, 0);
}

static void
test_truncation(void)
{
    g_auto(Asked) asked = { 0 };
    XfrmRequest request;
    XfrmMessage message;
    struct xfrm_algo_auth auth;

    asked_init(&asked, OBOL_ENCR_AES_CBC, 256, 32, OBOL_INTEG_HMAC_SHA2_256_128, 32);
    encode(&asked, &old_kernel, &request, &message);
    g_assert_true(attributes_get(&message.sa.attributes, XFRMA_ALG_AUTH_TRUNC, &auth, sizeof auth));
    g_assert_cmpstr(auth.alg_name, ==, "hmac(sha256)");
    g_assert_cmpuint(auth.alg_trunc_len, ==, 128); /* the kernel's own idea is 96 */
    g_assert_null(message.sa.attributes.at[XFRMA_ALG_AUTH]);
}

static void
assert_replay(const XfrmMessage *message, guint32 window, guint32 words)
{
    struct xfrm_replay_state_esn replay;

    g_assert_true(attributes_get(&message->sa.attributes, XFRMA_REPLAY_ESN_VAL, &replay, sizeof replay));
    g_assert_cmpuint(replay.replay_window, ==, window);
    g_assert_cmpuint(replay.bmp_len, ==, words);
}

static void
test_windows(void)
{
    static const struct {
        guint32 asked;
        gboolean esn, inbound, new_kernel;
        guint8 plain;
        gboolean attribute;
        guint32 window, words;
    } cases[] = {
        { 0, FALSE, TRUE, FALSE, 0, FALSE, 0, 0 },
        { 32, FALSE, TRUE, FALSE, 32, FALSE, 0, 0 },
        { 33, FALSE, TRUE, FALSE, 0, TRUE, 33, 2 },
        { 4096, FALSE, TRUE, TRUE, 0, TRUE, 4096, 128 },
        { 64, TRUE, TRUE, FALSE, 0, TRUE, 64, 2 },
        { 0, TRUE, TRUE, FALSE, 0, TRUE, 4096, 128 },
        { 64, TRUE, FALSE, FALSE, 0, TRUE, 32, 1 },
        { 64, TRUE, FALSE, TRUE, 0, TRUE, 0, 0 },
        { 4096, FALSE, FALSE, TRUE, 0, FALSE, 0, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Asked) asked = { 0 };
        XfrmRequest request;
        XfrmMessage message;

        asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
        asked.spec.replay_window = cases[i].asked;
        asked.spec.suite.esn = cases[i].esn;
        asked.spec.inbound = cases[i].inbound;
        encode(&asked, cases[i].new_kernel ? &new_kernel : &old_kernel, &request, &message);
        g_assert_cmpuint(message.sa.info.replay_window, ==, cases[i].plain);
        g_assert_cmpint(message.sa.attributes.at[XFRMA_REPLAY_ESN_VAL] != NULL, ==, cases[i].attribute);
        assert_replay(&message, cases[i].window, cases[i].words);
        g_assert_cmpint((message.sa.info.flags & XFRM_STATE_ESN) != 0, ==, cases[i].esn);
        g_assert_cmpint(message.sa.attributes.at[XFRM_ATTRIBUTE_SA_DIR] != NULL, ==, cases[i].new_kernel);
    }
}

/* RFC 4302 section 3.3.3.2.1. */
static void
test_ah_alignment(void)
{
    static const char *const destinations[] = { "192.0.2.2", "2001:db8::2" }, *const sources[] = { "192.0.2.1", "2001:db8::1" };

    for (guint i = 0; i < G_N_ELEMENTS(destinations); i++) {
        g_auto(Asked) asked = { 0 };
        XfrmRequest request;
        XfrmMessage message;

        asked_init(&asked, 0, 0, 0, OBOL_INTEG_HMAC_SHA2_256_128, 32);
        asked.spec.suite.protocol = asked.spec.id.protocol = OBOL_PROTO_AH;
        g_assert_true(obol_address_parse(sources[i], &asked.spec.id.source));
        g_assert_true(obol_address_parse(destinations[i], &asked.spec.id.destination));
        encode(&asked, &old_kernel, &request, &message);
        g_assert_cmpint((message.sa.info.flags & XFRM_STATE_ALIGN4) != 0, ==, i == 0);
    }
}

static void
test_flags(void)
{
    g_auto(Asked) asked = { 0 };
    XfrmRequest request;
    XfrmMessage message;

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
    asked.spec.flags = OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_NO_DSCP_OUT | OBOL_SA_DSCP_IN | OBOL_SA_ICMP;
    asked.spec.tfc_padding = 1400;
    encode(&asked, &new_kernel, &request, &message);
    g_assert_cmphex(message.sa.info.flags, ==, XFRM_STATE_AF_UNSPEC | XFRM_STATE_NOECN | XFRM_STATE_DECAP_DSCP | XFRM_STATE_ICMP);
    g_assert_null(message.sa.attributes.at[XFRMA_SA_EXTRA_FLAGS]);
    g_assert_null(message.sa.attributes.at[XFRMA_TFCPAD]);
    asked.spec.inbound = FALSE;
    encode(&asked, &new_kernel, &request, &message);
    g_assert_cmphex(message.sa.info.flags, ==, XFRM_STATE_AF_UNSPEC | XFRM_STATE_NOECN | XFRM_STATE_NOPMTUDISC);
    g_assert_nonnull(message.sa.attributes.at[XFRMA_SA_EXTRA_FLAGS]);
    g_assert_nonnull(message.sa.attributes.at[XFRMA_TFCPAD]);
    g_assert_cmpuint(message.sa.info.lft.hard_packet_limit, <, G_MAXUINT32); /* no ESN: to be rekeyed before the numbers end */
}

/* Of IPv4 the first four bytes say all. */
static void
test_original_address(void)
{
    g_auto(Asked) asked = { 0 };
    struct xfrm_encap_tmpl encap;
    XfrmRequest request;
    XfrmMessage message;

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
    asked.spec.udp_encap = TRUE;
    asked.spec.id.source.port = asked.spec.id.destination.port = 4500;
    obol_address_parse("10.7.0.1", &asked.spec.original_source);
    encode(&asked, &new_kernel, &request, &message);
    g_assert_true(attributes_get(&message.sa.attributes, XFRMA_ENCAP, &encap, sizeof encap));
    g_assert_cmpmem(&encap.encap_oa, 4, asked.spec.original_source.bytes, 4);
}

static void
test_lifetimes(void)
{
    g_auto(Asked) asked = { 0 };
    XfrmRequest request;
    XfrmMessage message;

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
    asked.spec.lifetimes = (ObolLifetimes) { .soft_bytes = 10, .hard_packets = 20, .soft_us = 1, .hard_us = 2000000 };
    encode(&asked, &new_kernel, &request, &message);
    g_assert_cmpuint(message.sa.info.lft.soft_byte_limit, ==, 10);
    g_assert_true(message.sa.info.lft.hard_byte_limit == XFRM_INF);
    g_assert_cmpuint(message.sa.info.lft.hard_packet_limit, ==, 20);
    g_assert_cmpuint(message.sa.info.lft.soft_add_expires_seconds, ==, 1);
    g_assert_cmpuint(message.sa.info.lft.hard_add_expires_seconds, ==, 2);
}

static void
test_transport_selector(void)
{
    g_auto(Asked) asked = { 0 };
    XfrmRequest request;
    XfrmMessage message;
    g_autoptr(GError) error = NULL;

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
    asked.spec.mode = OBOL_MODE_TRANSPORT;
    encode(&asked, &new_kernel, &request, &message);
    g_assert_cmpint(message.sa.info.sel.family, ==, AF_INET); /* the selectors are not the hosts': a tunnel inside */
    g_assert_cmpint(message.sa.info.sel.prefixlen_s, ==, 0);
    obol_ts_parse("192.0.2.1[tcp]", &g_array_index(asked.source_ts, ObolTs, 0), &error);
    obol_ts_parse("192.0.2.2[tcp/80]", &g_array_index(asked.destination_ts, ObolTs, 0), &error);
    encode(&asked, &new_kernel, &request, &message);
    g_assert_cmpint(message.sa.info.sel.prefixlen_s, ==, 32);
    g_assert_cmpint(message.sa.info.sel.proto, ==, IPPROTO_TCP);
    g_assert_cmpint(g_ntohs(message.sa.info.sel.dport), ==, 80);
}

static void
assert_refused(const Asked *asked, ObolKernelError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(spec_check_sa(&asked->spec, &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, (int) code);
}

static void
test_refusals(void)
{
    g_auto(Asked) asked = { 0 }, cbc = { 0 };

    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 19, 0, 0);
    assert_refused(&asked, OBOL_KERNEL_ERROR_INVALID); /* a key too short */
    asked_clear(&asked);
    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 120, 19, 0, 0);
    assert_refused(&asked, OBOL_KERNEL_ERROR_UNSUPPORTED);
    asked_clear(&asked);
    asked_init(&asked, OBOL_ENCR_AES_GCM_16, 128, 20, 0, 0);
    asked.spec.id.spi = 255;
    assert_refused(&asked, OBOL_KERNEL_ERROR_INVALID);
    asked.spec.id.spi = 256;
    asked.spec.replay_window = 4097;
    assert_refused(&asked, OBOL_KERNEL_ERROR_UNSUPPORTED);
    asked.spec.replay_window = 1;
    asked.spec.reqid = 0;
    assert_refused(&asked, OBOL_KERNEL_ERROR_INVALID);
    asked.spec.reqid = 1;
    asked.spec.mode = (ObolMode) 9;
    assert_refused(&asked, OBOL_KERNEL_ERROR_INVALID);
    asked.spec.mode = OBOL_MODE_TUNNEL;
    asked.spec.id.destination.family = AF_INET6;
    assert_refused(&asked, OBOL_KERNEL_ERROR_INVALID);
    asked_init(&cbc, OBOL_ENCR_AES_CBC, 128, 16, 0, 0); /* nobody would notice a change */
    assert_refused(&cbc, OBOL_KERNEL_ERROR_INVALID);
}

static void
test_policy(void)
{
    g_autoptr(GError) error = NULL;
    ObolPolicySpec policy = {
        .direction = OBOL_DIR_IN, .action = OBOL_POLICY_PROTECT, .reqid = 9, .mode = OBOL_MODE_TUNNEL, .protocol = OBOL_PROTO_ESP,
        .tunnel_source = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } }, .ipcomp = TRUE, .if_id = 4,
        .tunnel_destination = { .family = AF_INET, .bytes = { 192, 0, 2, 2 } },
    };
    const struct xfrm_selector selector = { .family = AF_INET6 };
    XfrmRequest request;
    XfrmMessage message;
    XfrmFault fault;

    encode_policy(&request, XFRM_MSG_NEWPOLICY, &policy, &selector, owner_index(5, XFRM_POLICY_IN), 77);
    g_assert_true(xfrm_decode(request.bytes, request.n, &message, &fault));
    g_assert_true(owner_has_policy(&message.policy.info));
    g_assert_cmpuint(message.policy.info.priority, ==, 77);
    g_assert_cmpuint(message.policy.if_id, ==, 4);
    g_assert_cmpuint(message.policy.n_templates, ==, 2);
    g_assert_cmpint(message.policy.templates[0].id.proto, ==, IPPROTO_COMP);
    g_assert_cmpint(message.policy.templates[0].mode, ==, XFRM_MODE_TUNNEL);
    g_assert_cmpint(message.policy.templates[0].optional, ==, 1); /* what is too small comes uncompressed */
    g_assert_cmpint(message.policy.templates[1].mode, ==, XFRM_MODE_TRANSPORT);
    g_assert_cmpint(message.policy.templates[1].optional, ==, 0);
    g_assert_true(spec_check_policy(&policy, &error));
    policy.mode = (ObolMode) 9;
    g_assert_false(spec_check_policy(&policy, NULL));
    policy.mode = OBOL_MODE_TUNNEL;
    policy.direction = (ObolDirection) 9;
    g_assert_false(spec_check_policy(&policy, NULL));
    policy.direction = OBOL_DIR_IN;
    policy.action = OBOL_POLICY_DROP;
    encode_policy(&request, XFRM_MSG_NEWPOLICY, &policy, &selector, owner_index(5, XFRM_POLICY_IN), 77);
    g_assert_true(xfrm_decode(request.bytes, request.n, &message, &fault));
    g_assert_cmpuint(message.policy.n_templates, ==, 0);
    g_assert_cmpint(message.policy.info.action, ==, XFRM_POLICY_BLOCK);
}

static void
test_too_long(void)
{
    XfrmRequest request;
    guint8 much[4000] = { 0 };

    request_begin(&request, XFRM_MSG_NEWSA, 0, "", 0);
    request_put(&request, 1, much, sizeof much);
    request_put(&request, 1, much, sizeof much);
    g_assert_false(request.too_long);
    request_put(&request, 1, much, sizeof much);
    g_assert_true(request.too_long);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-xfrm/encode/an-AEAD-has-its-salt-and-ICV-and-is-wiped", test_aead);
    g_test_add_func("/kernel-xfrm/encode/an-HMAC-is-cut-as-RFC-4868-says", test_truncation);
    g_test_add_func("/kernel-xfrm/encode/windows-and-ESN", test_windows);
    g_test_add_func("/kernel-xfrm/encode/flags-go-where-they-mean-something", test_flags);
    g_test_add_func("/kernel-xfrm/encode/the-original-address-of-a-translated-packet-is-told", test_original_address);
    g_test_add_func("/kernel-xfrm/encode/AH-over-IPv4-is-padded-to-four-bytes", test_ah_alignment);
    g_test_add_func("/kernel-xfrm/encode/no-limit-is-infinite", test_lifetimes);
    g_test_add_func("/kernel-xfrm/encode/a-transport-SA-selects-its-hosts", test_transport_selector);
    g_test_add_func("/kernel-xfrm/spec/nonsense-is-refused", test_refusals);
    g_test_add_func("/kernel-xfrm/encode/IPComp-makes-the-tunnel", test_policy);
    g_test_add_func("/kernel-xfrm/encode/a-request-never-outgrows-its-room", test_too_long);
    return g_test_run();
}
