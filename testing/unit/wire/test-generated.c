/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-generated.c - decode(encode(x)) = x for any x that the builders can make. */
#include "wire/message.h"

#include <string.h>

#define ROUNDS 2000
#define PAYLOADS_EACH 6
#define SPAN_MAX 300

/* Bytes that outlive the chain which borrows them. */
static guint8 pool[4096];

static guint
below(guint n)
{
    return (guint) g_test_rand_int_range(0, (gint32) n);
}

static ObolSpan
random_span(gsize least, gsize most)
{
    gsize n = least + below((guint) (most - least) + 1);

    return n == 0 ? (ObolSpan) { NULL, 0 } : (ObolSpan) { pool + below((guint) (sizeof pool - n)), n };
}

static void
random_proposal(guint8 number, ObolProposal *out)
{
    static const struct { guint8 protocol, n_spi; } kinds[] = {
        { OBOL_PROTO_IKE, 0 }, { OBOL_PROTO_IKE, 8 }, { OBOL_PROTO_AH, 4 }, { OBOL_PROTO_ESP, 4 }, { 6, 3 },
    };
    guint kind = below(G_N_ELEMENTS(kinds));

    *out = (ObolProposal) { .number = number, .protocol = kinds[kind].protocol, .n_spi = kinds[kind].n_spi };
    memcpy(out->spi, random_span(8, 8).data, out->n_spi);
    out->n_transforms = (guint16) (1 + below(OBOL_PROPOSAL_TRANSFORMS_MAX));
    for (guint i = 0; i < out->n_transforms; i++)
        out->transforms[i] = (ObolTransform) { .type = (guint8) below(256), .id = (guint16) below(65536),
                                               .key_bits = below(2) ? (guint16) below(65536) : 0 };
}

static void
add_random_sa(ObolChain *chain)
{
    ObolProposal proposals[4];
    guint n = 1 + below(G_N_ELEMENTS(proposals));

    for (guint i = 0; i < n; i++)
        random_proposal((guint8) (i + 1), &proposals[i]);
    obol_chain_add_sa(chain, proposals, n);
}

static void
add_random_ts(ObolChain *chain)
{
    g_autoptr(GArray) selectors = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    guint n = 1 + below(8);

    for (guint i = 0; i < n; i++) {
        ObolTs ts = { .family = below(2) ? AF_INET : AF_INET6, .protocol = (guint8) below(256) };
        gsize n_bytes = ts.family == AF_INET ? 4 : 16;

        memcpy(ts.first, random_span(16, 16).data, n_bytes);
        memset(ts.last, 0xff, n_bytes);
        ts.port_first = (guint16) below(65536);
        ts.port_last = (guint16) (ts.port_first + below(65536u - ts.port_first));
        if (below(4) == 0) {
            ts.port_first = 65535;
            ts.port_last = 0;
        }
        g_array_append_val(selectors, ts);
    }
    obol_chain_add_ts(chain, below(2) ? OBOL_PAYLOAD_TSI : OBOL_PAYLOAD_TSR, selectors);
}

static void
add_random_notify(ObolChain *chain)
{
    ObolSpan data = random_span(0, SPAN_MAX);

    if (below(2))
        obol_chain_add_notify(chain, (guint16) below(65536), data.data, data.n);
    else
        obol_chain_add_notify_spi(chain, OBOL_PROTO_ESP, (guint32) g_test_rand_int(), (guint16) below(65536), data.data,
                                  data.n);
}

static void
add_random_delete(ObolChain *chain)
{
    guint32 spis[5];

    if (below(3) == 0) {
        obol_chain_add_delete_ike(chain);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(spis); i++)
        spis[i] = (guint32) g_test_rand_int();
    obol_chain_add_delete(chain, OBOL_PROTO_AH, spis, below(G_N_ELEMENTS(spis) + 1));
}

static void
add_random_cp(ObolChain *chain, ObolCpAttribute attributes[], guint n_max)
{
    ObolPayload *payload = obol_chain_add(chain, OBOL_PAYLOAD_CP);
    guint n = below(n_max + 1);

    for (guint i = 0; i < n; i++)
        attributes[i] = (ObolCpAttribute) { (guint16) below(0x8000), random_span(0, 40) };
    payload->cp = (ObolCpPayload) { .cp_type = (guint8) below(256), .n = n, .attributes = n > 0 ? attributes : NULL };
    memcpy(payload->cp.reserved, random_span(3, 3).data, 3);
}

static void
add_random_id(ObolChain *chain)
{
    static const struct { guint8 type; guint16 least, most; } ids[] = {
        { OBOL_ID_IPV4_ADDR, 4, 4 }, { OBOL_ID_IPV6_ADDR, 16, 16 }, { OBOL_ID_NULL, 0, 0 },
        { OBOL_ID_FQDN, 0, SPAN_MAX }, { OBOL_ID_KEY_ID, 0, SPAN_MAX }, { 200, 0, SPAN_MAX },
    };
    guint i = below(G_N_ELEMENTS(ids));
    ObolSpan data = random_span(ids[i].least, ids[i].most);

    obol_chain_add_id(chain, below(2) ? OBOL_PAYLOAD_IDI : OBOL_PAYLOAD_IDR, ids[i].type, data.data, data.n);
}

/* Payloads that are bytes and little else. */
static void
add_random_plain(ObolChain *chain)
{
    ObolSpan data = random_span(1, SPAN_MAX), nonce = random_span(OBOL_WIRE_NONCE_MIN, OBOL_WIRE_NONCE_MAX);
    ObolPayload *payload;

    switch (below(6)) {
    case 0: obol_chain_add_ke(chain, (guint16) below(65536), data.data, data.n); break;
    case 1: obol_chain_add_nonce(chain, nonce.data, nonce.n); break;
    case 2: obol_chain_add_auth(chain, (guint8) below(256), data.data, data.n); break;
    case 3: obol_chain_add_vendor(chain, data.data, data.n); break;
    case 4:
        payload = obol_chain_add(chain, below(2) ? OBOL_PAYLOAD_CERT : OBOL_PAYLOAD_CERTREQ);
        payload->cert = (ObolCertPayload) { .encoding = (guint8) below(256), .data = data };
        break;
    case 5: /* a type that nobody knows yet, not critical */
        payload = obol_chain_add(chain, (guint8) (54 + below(200)));
        payload->flags = (guint8) below(0x80);
        payload->bytes = data;
        break;
    }
}

static void
add_random_encrypted(ObolChain *chain)
{
    ObolPayload *payload;
    ObolSpan body = random_span(0, SPAN_MAX);

    switch (below(3)) {
    case 0:
        payload = obol_chain_add(chain, OBOL_PAYLOAD_SK);
        payload->sk = (ObolSkPayload) { .first_payload = (guint8) below(256), .body = body };
        break;
    case 1:
        payload = obol_chain_add(chain, OBOL_PAYLOAD_SKF);
        payload->skf = (ObolSkfPayload) { .first_payload = (guint8) below(256), .body = body };
        payload->skf.total = (guint16) (1 + below(OBOL_WIRE_FRAGMENTS_MAX));
        payload->skf.number = (guint16) (1 + below(payload->skf.total));
        break;
    }
}

static void
assert_same_span(ObolSpan a, ObolSpan b)
{
    g_assert_cmpmem(a.data, a.n, b.data, b.n);
}

static void
assert_same_sa(const ObolSaPayload *a, const ObolSaPayload *b)
{
    g_assert_cmpuint(a->n, ==, b->n);
    for (guint i = 0; i < a->n; i++) {
        const ObolProposal *p = &a->proposals[i], *q = &b->proposals[i];

        g_assert_cmpuint(p->number, ==, q->number);
        g_assert_cmpuint(p->protocol, ==, q->protocol);
        g_assert_cmpmem(p->spi, p->n_spi, q->spi, q->n_spi);
        g_assert_cmpuint(p->n_transforms, ==, q->n_transforms);
        for (guint j = 0; j < p->n_transforms; j++) {
            g_assert_cmpuint(p->transforms[j].type, ==, q->transforms[j].type);
            g_assert_cmpuint(p->transforms[j].id, ==, q->transforms[j].id);
            g_assert_cmpuint(p->transforms[j].key_bits, ==, q->transforms[j].key_bits);
            g_assert_false(q->transforms[j].foreign);
        }
    }
}

static void
assert_same_ts(const ObolTsPayload *a, const ObolTsPayload *b)
{
    g_assert_cmpuint(a->n, ==, b->n);
    for (guint i = 0; i < a->n; i++) {
        g_assert_cmpuint(a->selectors[i].family, ==, b->selectors[i].family);
        g_assert_cmpuint(a->selectors[i].protocol, ==, b->selectors[i].protocol);
        g_assert_cmpuint(a->selectors[i].port_first, ==, b->selectors[i].port_first);
        g_assert_cmpuint(a->selectors[i].port_last, ==, b->selectors[i].port_last);
        g_assert_cmpmem(a->selectors[i].first, 16, b->selectors[i].first, 16);
        g_assert_cmpmem(a->selectors[i].last, 16, b->selectors[i].last, 16);
    }
}

static void
assert_same_cp(const ObolCpPayload *a, const ObolCpPayload *b)
{
    g_assert_cmpuint(a->cp_type, ==, b->cp_type);
    g_assert_cmpmem(a->reserved, 3, b->reserved, 3);
    g_assert_cmpuint(a->n, ==, b->n);
    for (guint i = 0; i < a->n; i++) {
        g_assert_cmpuint(a->attributes[i].type, ==, b->attributes[i].type);
        assert_same_span(a->attributes[i].value, b->attributes[i].value);
    }
}

static void
assert_same_payload(const ObolPayload *a, const ObolPayload *b)
{
    g_assert_cmpuint(a->type, ==, b->type);
    g_assert_cmpuint(a->flags, ==, b->flags);
    g_assert_false(b->verbatim); /* what we build, the typed form can say */
    switch (a->type) {
    case OBOL_PAYLOAD_SA: assert_same_sa(&a->sa, &b->sa); break;
    case OBOL_PAYLOAD_TSI: case OBOL_PAYLOAD_TSR: assert_same_ts(&a->ts, &b->ts); break;
    case OBOL_PAYLOAD_CP: assert_same_cp(&a->cp, &b->cp); break;
    case OBOL_PAYLOAD_KE:
        g_assert_cmpuint(a->ke.group, ==, b->ke.group);
        assert_same_span(a->ke.data, b->ke.data);
        break;
    case OBOL_PAYLOAD_IDI: case OBOL_PAYLOAD_IDR:
        g_assert_cmpuint(a->id.id_type, ==, b->id.id_type);
        assert_same_span(a->id.data, b->id.data);
        assert_same_span(a->id.body, b->id.body);
        break;
    case OBOL_PAYLOAD_CERT: case OBOL_PAYLOAD_CERTREQ:
        g_assert_cmpuint(a->cert.encoding, ==, b->cert.encoding);
        assert_same_span(a->cert.data, b->cert.data);
        break;
    case OBOL_PAYLOAD_AUTH:
        g_assert_cmpuint(a->auth.method, ==, b->auth.method);
        assert_same_span(a->auth.data, b->auth.data);
        break;
    case OBOL_PAYLOAD_NOTIFY:
        g_assert_cmpuint(a->notify.protocol, ==, b->notify.protocol);
        g_assert_cmpuint(a->notify.type, ==, b->notify.type);
        assert_same_span(a->notify.spi, b->notify.spi);
        assert_same_span(a->notify.data, b->notify.data);
        break;
    case OBOL_PAYLOAD_DELETE:
        g_assert_cmpuint(a->del.protocol, ==, b->del.protocol);
        g_assert_cmpuint(a->del.spi_size, ==, b->del.spi_size);
        g_assert_cmpuint(a->del.n, ==, b->del.n);
        assert_same_span(a->del.spis, b->del.spis);
        break;
    case OBOL_PAYLOAD_SK:
        g_assert_cmpuint(a->sk.first_payload, ==, b->sk.first_payload);
        assert_same_span(a->sk.body, b->sk.body);
        break;
    case OBOL_PAYLOAD_SKF:
        g_assert_cmpuint(a->skf.first_payload, ==, b->skf.first_payload);
        g_assert_cmpuint(a->skf.number, ==, b->skf.number);
        g_assert_cmpuint(a->skf.total, ==, b->skf.total);
        assert_same_span(a->skf.body, b->skf.body);
        break;
    default: assert_same_span(a->bytes, b->bytes); break; /* numbers from the wire, not one of our enums */
    }
}

static void
check_round_trip(const ObolMessage *message)
{
    g_autoptr(GByteArray) encoded = g_byte_array_new(), again = g_byte_array_new();
    g_auto(ObolMessage) decoded;
    ObolWireFault fault;

    obol_message_encode(message, encoded);
    if (!obol_message_decode(encoded->data, encoded->len, &decoded, &fault))
        g_error("byte %" G_GSIZE_FORMAT ": %s", fault.offset, fault.rule);
    g_assert_cmphex(decoded.header.spi_i, ==, message->header.spi_i);
    g_assert_cmphex(decoded.header.spi_r, ==, message->header.spi_r);
    g_assert_cmpuint(decoded.header.exchange, ==, message->header.exchange);
    g_assert_cmpuint(decoded.header.flags, ==, message->header.flags);
    g_assert_cmpuint(decoded.header.message_id, ==, message->header.message_id);
    g_assert_cmpuint(decoded.header.length, ==, encoded->len);
    g_assert_cmpuint(decoded.chain.n, ==, message->chain.n);
    for (guint i = 0; i < decoded.chain.n; i++)
        assert_same_payload(&message->chain.items[i], &decoded.chain.items[i]);
    obol_message_encode(&decoded, again);
    g_assert_cmpmem(again->data, again->len, encoded->data, encoded->len);
}

static void
test_decode_gives_back_what_was_encoded(void)
{
    for (gsize i = 0; i < sizeof pool; i++)
        pool[i] = (guint8) below(256);
    for (guint round = 0; round < ROUNDS; round++) {
        g_auto(ObolMessage) message;
        ObolCpAttribute attributes[PAYLOADS_EACH][8];

        message.header = (ObolHeader) { .spi_i = (guint64) g_test_rand_int() << 32 | 1, .version = OBOL_WIRE_VERSION,
                                        .spi_r = (guint64) g_test_rand_int(), .exchange = (guint8) below(256),
                                        .flags = (guint8) below(256), .message_id = (guint32) g_test_rand_int() };
        obol_chain_init(&message.chain);
        for (guint i = 0; i < PAYLOADS_EACH; i++) {
            switch (below(8)) {
            case 0: add_random_sa(&message.chain); break;
            case 1: add_random_ts(&message.chain); break;
            case 2: add_random_notify(&message.chain); break;
            case 3: add_random_delete(&message.chain); break;
            case 4: add_random_cp(&message.chain, attributes[i], G_N_ELEMENTS(attributes[i])); break;
            case 5: add_random_id(&message.chain); break;
            default: add_random_plain(&message.chain); break;
            }
        }
        add_random_encrypted(&message.chain);
        check_round_trip(&message);
    }
}

static void
test_a_chain_before_an_sk_names_it(void)
{
    g_auto(ObolChain) chain;
    g_autoptr(GByteArray) out = g_byte_array_new();
    static const guint8 expected[] = { OBOL_PAYLOAD_SK, 0, 0, 8, 0, 0, 0x40, 0x2e };

    obol_chain_init(&chain);
    g_assert_cmpuint(obol_chain_encode(&chain, OBOL_PAYLOAD_SK, out), ==, OBOL_PAYLOAD_SK);
    g_assert_cmpuint(out->len, ==, 0);
    obol_chain_add_notify(&chain, OBOL_N_IKEV2_FRAGMENTATION_SUPPORTED, NULL, 0);
    g_assert_cmpuint(obol_chain_encode(&chain, OBOL_PAYLOAD_SK, out), ==, OBOL_PAYLOAD_NOTIFY);
    g_assert_cmpmem(out->data, out->len, expected, sizeof expected);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/generated/decode-gives-back-what-was-encoded", test_decode_gives_back_what_was_encoded);
    g_test_add_func("/wire/generated/a-chain-before-an-sk-names-it", test_a_chain_before_an_sk_names_it);
    return g_test_run();
}
