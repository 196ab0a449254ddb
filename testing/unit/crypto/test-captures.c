/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/crypto/test-captures.c - recorded runs of another implementation: our keys are its keys, its messages open under
 * them, and its AUTH payloads verify.
 *
 * Out of scope: SAs that a rekey made (their SPIs are others), the stages after IKE_INTERMEDIATE (RFC 9242 is not built yet; the
 * first stage is checked), AUTH by signature or with a PPK. */
#include "crypto/keymat.h"
#include "lib/pcap.h"
#include "lib/test-crypto.h"
#include "wire/message.h"

#include <string.h>

typedef struct {
    const char *folder;
    gboolean first_stage_only; /* keys change in IKE_INTERMEDIATE */
    guint n_opened, n_psk;     /* messages and fragments that must open, AUTH payloads that must verify */
} Run;

static ObolCrypto *crypto;

/* --- the trace of keys --- */

/* The first value behind @label, or behind @or_label; NULL: the run has none. */
static ObolSecret *
traced(const char *trace, const char *label, const char *or_label)
{
    g_auto(GStrv) lines = g_strsplit(trace, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) column = g_strsplit(*line, "\t", 4);
        ObolSecret *out;

        if (g_strv_length(column) < 4 || (strcmp(column[2], label) != 0 && g_strcmp0(column[2], or_label) != 0))
            continue;
        out = obol_secret_new(strlen(column[3]) / 2);
        for (gsize i = 0; i < out->n; i++)
            out->bytes[i] = (guint8) (g_ascii_xdigit_value(column[3][2 * i]) << 4 | g_ascii_xdigit_value(column[3][2 * i + 1]));
        return out;
    }
    return NULL;
}

/* --- the first IKE SA of a capture --- */

typedef struct {
    ObolSpan first_i, first_r, ni, nr; /* messages and nonces */
    guint64 spi_i, spi_r;
    ObolSuite suite;
} FirstSa;

static gboolean
nonce_of(ObolSpan datagram, ObolMessage *message, ObolSpan *nonce)
{
    ObolWireFault fault;
    const ObolPayload *payload;

    if (!obol_message_decode(datagram.data, datagram.n, message, &fault) || message->header.exchange != OBOL_IKE_SA_INIT)
        return FALSE;
    payload = obol_chain_find(&message->chain, OBOL_PAYLOAD_NONCE);
    if (payload != NULL)
        *nonce = payload->bytes;
    return payload != NULL;
}

/* The first stage's algorithms: additional key exchanges (RFC 9370) are for later ones. */
static gboolean
suite_of(const ObolProposal *answer, ObolSuite *out)
{
    ObolProposal first = { .protocol = answer->protocol };

    for (guint i = 0; i < answer->n_transforms; i++) {
        const ObolTransform *t = &answer->transforms[i];

        if (t->type <= OBOL_TRANSFORM_ESN)
            obol_proposal_add(&first, t->type, t->id, t->key_bits);
    }
    return obol_proposal_select(&first, 1, &first, 1, out, NULL, NULL);
}

/* The request under @spi_i (0: any) that was answered, and its answer with a KE payload. */
static gboolean
find_first_sa(const ObolPcap *pcap, guint64 spi_i, FirstSa *out)
{
    for (guint i = 0; i < obol_pcap_count(pcap); i++) {
        const ObolCaptured *packet = obol_pcap_get(pcap, i);
        g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
        const ObolPayload *sa;
        ObolSpan nonce;

        if (packet->kind != OBOL_CAPTURED_IKE || !nonce_of(packet->payload, &message, &nonce) 
            || (spi_i != 0 && message.header.spi_i != spi_i))
            continue;
        sa = obol_chain_find(&message.chain, OBOL_PAYLOAD_SA);
        if ((message.header.flags & OBOL_FLAG_RESPONSE) == 0) {
            out->first_i = packet->payload;
            out->ni = nonce;
            out->spi_i = message.header.spi_i;
        } else if (sa != NULL) {
            out->first_r = packet->payload;
            out->nr = nonce;
            out->spi_r = message.header.spi_r;
            return suite_of(sa->sa.proposals, &out->suite);
        }
    }
    return FALSE;
}

/* --- opening --- */

static gboolean
open_body(const FirstSa *sa, const ObolIkeKeys *keys, ObolSpan datagram, gboolean by_initiator, ObolSpan body, GByteArray *out,
          ObolSpan *text)
{
    ObolSpan encr = obol_ike_keys_get(keys, by_initiator ? OBOL_SK_EI : OBOL_SK_ER);
    ObolSpan integ = obol_ike_keys_get(keys, by_initiator ? OBOL_SK_AI : OBOL_SK_AR);
    g_autoptr(ObolGuard) guard = obol_guard_new(crypto, &sa->suite, encr.data, integ.data, NULL);
    gsize at = (gsize) (body.data - datagram.data), n;
    guint8 *plain;

    g_assert_nonnull(guard);
    g_byte_array_append(out, datagram.data, (guint) datagram.n);
    if (!obol_guard_open(guard, out->data, at, out->data + at, body.n, NULL, 0, &plain, &n))
        return FALSE;
    *text = (ObolSpan) { plain, n - 1 - plain[n - 1] };
    return TRUE;
}

static guint
verify_psk(const FirstSa *sa, const ObolIkeKeys *keys, const ObolSecret *secret, const ObolChain *chain, gboolean by_initiator)
{
    const ObolMacVtable *prf = obol_crypto_prf(crypto, sa->suite.prf);
    const ObolPayload *auth = obol_chain_find(chain, OBOL_PAYLOAD_AUTH);
    const ObolPayload *id = obol_chain_find(chain, by_initiator ? OBOL_PAYLOAD_IDI : OBOL_PAYLOAD_IDR);
    guint8 wanted[OBOL_PRF_OUTPUT_MAX];

    if (auth == NULL || id == NULL || auth->auth.method != OBOL_AUTH_PSK || secret == NULL)
        return 0;
    g_assert_true(obol_auth_psk(prf, secret, by_initiator ? sa->first_i : sa->first_r, by_initiator ? sa->nr : sa->ni,
                                obol_ike_keys_get(keys, by_initiator ? OBOL_SK_PI : OBOL_SK_PR), id->id.body, wanted, NULL));
    return auth->auth.data.n == prf->n_output && memcmp(auth->auth.data.data, wanted, prf->n_output) == 0;
}

static void
open_message(const FirstSa *sa, const ObolIkeKeys *keys, const ObolSecret *secret, ObolSpan datagram, guint *n_opened, guint *n_psk)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    g_auto(ObolChain) inner = { .n = 0, .owned = NULL };
    g_autoptr(GByteArray) copy = g_byte_array_new();
    const ObolPayload *sk, *skf;
    ObolWireFault fault;
    gboolean by_initiator;
    ObolSpan text = { NULL, 0 };

    g_assert_true(obol_message_decode(datagram.data, datagram.n, &message, &fault));
    if (message.header.spi_i != sa->spi_i || message.header.spi_r != sa->spi_r || message.header.exchange == OBOL_IKE_SA_INIT)
        return;
    by_initiator = (message.header.flags & OBOL_FLAG_INITIATOR) != 0;
    sk = obol_chain_find(&message.chain, OBOL_PAYLOAD_SK);
    skf = obol_chain_find(&message.chain, OBOL_PAYLOAD_SKF);
    g_assert_true(sk != NULL || skf != NULL);
    g_assert_true(open_body(sa, keys, datagram, by_initiator, sk != NULL ? sk->sk.body : skf->skf.body, copy, &text));
    ++*n_opened;
    if (sk == NULL)
        return; /* a fragment is no chain of its own */
    g_assert_true(obol_chain_decode(sk->sk.first_payload, text.data, text.n, &inner, &fault));
    *n_psk += verify_psk(sa, keys, secret, &inner, by_initiator);
}

/* --- one run --- */

static void
check_keys(const char *trace, const ObolIkeKeys *keys)
{
    static const char *const labels[] = { "Sk_d secret", "Sk_ai secret", "Sk_ar secret", "Sk_ei secret", "Sk_er secret",
                                          "Sk_pi secret", "Sk_pr secret" };

    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_autoptr(ObolSecret) wanted = traced(trace, labels[i], NULL);
        ObolSpan ours = obol_ike_keys_get(keys, i);

        g_assert_cmpint(wanted == NULL, ==, ours.n == 0); /* no integrity keys with an AEAD */
        if (wanted != NULL)
            g_assert_cmpmem(ours.data, ours.n, wanted->bytes, wanted->n);
    }
}

/* What AUTH signs begins with the IKE_SA_INIT message, and that with the SPI; 0 where the trace does not tell. */
static guint64
first_eight(const ObolSecret *octets)
{
    guint64 spi;

    if (octets == NULL || octets->n < sizeof spi)
        return 0;
    memcpy(&spi, octets->bytes, sizeof spi);
    return GUINT64_FROM_BE(spi);
}

static void
test_run(gconstpointer data)
{
    const Run *run = data;
    g_autofree char *file = g_strdup_printf("captures/%s/capture.pcap", run->folder);
    g_autofree char *trace_file = g_test_build_filename(G_TEST_DIST, "captures", run->folder, "trace-initiator.tsv", NULL);
    g_autofree char *trace = NULL;
    g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(file);
    g_autoptr(ObolSecret) g_ir = NULL, secret = NULL, skeyseed = NULL, wanted = NULL, octets = NULL;
    ObolIkeKeys keys = { NULL, 0, 0, 0 };
    FirstSa sa = { .spi_i = 0 };
    guint n_opened = 0, n_psk = 0;

    g_assert_true(g_file_get_contents(trace_file, &trace, NULL, NULL));
    g_ir = traced(trace, "shared Diffie Hellman secret", "key exchange secret");
    secret = traced(trace, "secret", NULL);
    wanted = traced(trace, "SKEYSEED", NULL);
    octets = traced(trace, "octets = message + nonce + prf(Sk_px, IDx')", NULL);
    g_assert_true(find_first_sa(pcap, first_eight(octets), &sa));
    skeyseed = obol_skeyseed(obol_crypto_prf(crypto, sa.suite.prf), sa.ni, sa.nr, g_ir, NULL);
    g_assert_cmpmem(skeyseed->bytes, skeyseed->n, wanted->bytes, wanted->n);
    g_assert_true(obol_ike_keys_derive(crypto, &sa.suite, skeyseed, sa.ni, sa.nr, sa.spi_i, sa.spi_r, &keys, NULL));
    check_keys(trace, &keys);
    for (guint i = 0; i < obol_pcap_count(pcap) && !run->first_stage_only; i++) {
        const ObolCaptured *packet = obol_pcap_get(pcap, i);

        if (packet->kind == OBOL_CAPTURED_IKE)
            open_message(&sa, &keys, secret, packet->payload, &n_opened, &n_psk);
    }
    g_test_message("%u messages and fragments opened, %u AUTH payloads verified", n_opened, n_psk);
    g_assert_cmpuint(n_opened, ==, run->n_opened);
    g_assert_cmpuint(n_psk, ==, run->n_psk);
    obol_ike_keys_clear(&keys);
}

static const Run runs[] = {
    { "strongswan-5.9.8/cookie-and-invalid-ke", FALSE, 4, 2 },
    { "strongswan-5.9.8/eap-mschapv2-config-aes128ctr-aesxcbc-modp3072", FALSE, 13, 0 },
    { "strongswan-5.9.8/eap-tls-only-aes128ccm12-prfaescmac-ecp256", FALSE, 18, 0 },
    { "strongswan-5.9.8/ecdsa256-chacha20poly1305-prfsha512-x25519", FALSE, 8, 0 },
    { "strongswan-5.9.8/ecdsa521-aes192cbc-sha384-ecp512bp", FALSE, 8, 0 },
    { "strongswan-5.9.8/ed25519-aes256gcm16-prfsha512-x448", FALSE, 4, 0 },
    { "strongswan-5.9.8/error-authentication-failed", FALSE, 2, 1 },
    { "strongswan-5.9.8/error-ts-unacceptable", FALSE, 4, 2 },
    { "strongswan-5.9.8/ipv6-childless-camellia256-sha512-ecp521", FALSE, 6, 2 },
    { "strongswan-5.9.8/mobike-address-change", FALSE, 16, 2 },
    { "strongswan-5.9.8/multiauth-ecdsa-then-eapmschapv2", FALSE, 12, 0 },
    { "strongswan-5.9.8/ppk-rfc8784-aes256-sha512-modp4096", FALSE, 10, 0 },
    { "strongswan-5.9.8/psk-aes256cbc-sha256-modp2048", FALSE, 10, 2 },
    { "strongswan-5.9.8/rsa-aes256gcm16-prfsha384-ecp384-frag", FALSE, 16, 0 },
    { "strongswan-6.0.6/mlkem768-hybrid-x25519-aes256gcm16-prfsha384", TRUE, 0, 0 },
    { "strongswan-6.0.6/mlkem1024-hybrid-ecp384-aes256-sha512-frag", TRUE, 0, 0 },
    { "strongswan-6.0.6/three-key-exchanges-x25519-mlkem768-ecp384", TRUE, 0, 0 },
    { "strongswan-6.0.6/mlkem768-and-ppk", TRUE, 0, 0 },
    { "strongswan-6.0.6/mlkem512-alone-aes256gcm16-prfsha256", FALSE, 10, 2 },
    { "strongswan-6.0.6/optional-additional-ke-none", FALSE, 4, 2 },
};

int
main(int argc, char *argv[])
{
    int status;

    g_test_init(&argc, &argv, NULL);
    crypto = test_crypto_new();
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *name = g_strdup_printf("/crypto/captures/%s", runs[i].folder);

        g_test_add_data_func(name, &runs[i], test_run);
    }
    status = g_test_run();
    obol_crypto_free(crypto);
    return status;
}
