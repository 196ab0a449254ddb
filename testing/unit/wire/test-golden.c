/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-golden.c - the golden messages: what they say, and every way to damage them a little. */
#include "lib/hex.h"
#include "unit/wire/golden.h"
#include "unit/wire/wire-test.h"

#include <string.h>

typedef void (*GoldenFunc)(const guint8 *bytes, gsize n);

static void
for_each_golden(GoldenFunc check)
{
    for (guint i = 0; i < obol_n_goldens; i++) {
        g_autoptr(GBytes) bytes = obol_hex_parse(obol_goldens[i].hex);

        g_assert_nonnull(bytes);
        g_test_message("%s", obol_goldens[i].name);
        check(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
}

static void
check_valid(const guint8 *bytes, gsize n)
{
    g_autoptr(WireDecoded) decoded = wire_decode(bytes, n);

    if (!decoded->valid)
        g_test_message("refused at %" G_GSIZE_FORMAT ": %s", decoded->fault.offset, decoded->fault.rule);
    g_assert_true(decoded->valid);
    wire_assert_sane(bytes, n);
}

static void
test_encode_gives_the_same_bytes(void)
{
    for_each_golden(check_valid);
}

/* What was in the clear may as well have come out of an SK. */
static void
check_inside_sk(const guint8 *bytes, gsize n)
{
    g_autofree guint8 *inner = g_memdup2(bytes + OBOL_WIRE_HEADER, n - OBOL_WIRE_HEADER);
    g_autoptr(WireDecoded) outer = wire_decode(bytes, n);
    g_autoptr(GByteArray) encoded = g_byte_array_new();
    g_auto(ObolChain) chain;
    ObolWireFault fault;
    gboolean valid = obol_chain_decode(bytes[16], inner, n - OBOL_WIRE_HEADER, &chain, &fault);

    if (obol_chain_find(&outer->message.chain, OBOL_PAYLOAD_SK) != NULL ||
        obol_chain_find(&outer->message.chain, OBOL_PAYLOAD_SKF) != NULL) {
        g_assert_false(valid);
        g_assert_nonnull(strstr(fault.rule, "3.14"));
        return;
    }
    g_assert_true(valid);
    g_assert_cmpuint(obol_chain_encode(&chain, OBOL_PAYLOAD_NONE, encoded), ==, bytes[16]);
    g_assert_cmpmem(encoded->data, encoded->len, inner, n - OBOL_WIRE_HEADER);
}

static void
test_payloads_decode_alike_inside_sk(void)
{
    for_each_golden(check_inside_sk);
}

static void
check_truncations(const guint8 *bytes, gsize n)
{
    for (gsize cut = 0; cut < n; cut++) {
        g_autoptr(WireDecoded) plain = wire_decode(bytes, cut);

        g_assert_false(plain->valid);
        g_assert_nonnull(plain->fault.rule);
        if (cut >= OBOL_WIRE_HEADER) { /* and now the header agrees with the shorter datagram */
            g_autofree guint8 *patched = g_memdup2(bytes, cut);
            g_autoptr(WireDecoded) agreed = NULL;

            patched[24] = patched[25] = 0;
            patched[26] = (guint8) (cut >> 8);
            patched[27] = (guint8) cut;
            agreed = wire_decode(patched, cut);
            g_assert_false(agreed->valid);
            g_assert_cmpuint(agreed->fault.notify, ==, OBOL_N_INVALID_SYNTAX);
        }
    }
}

static void
test_every_truncation_is_refused(void)
{
    for_each_golden(check_truncations);
}

static void
check_bit_flips(const guint8 *bytes, gsize n)
{
    g_autofree guint8 *flipped = g_memdup2(bytes, n);

    for (gsize bit = 0; bit < n * 8; bit++) {
        flipped[bit / 8] ^= (guint8) (1 << bit % 8);
        wire_assert_sane(flipped, n);
        flipped[bit / 8] ^= (guint8) (1 << bit % 8);
    }
}

static void
test_every_bit_flip_is_survived(void)
{
    for_each_golden(check_bit_flips);
}

static void
test_every_payload_type_is_among_them(void)
{
    gboolean seen[256] = { FALSE };

    for (guint i = 0; i < obol_n_goldens; i++) {
        g_autoptr(WireDecoded) decoded = wire_decode_hex(obol_goldens[i].hex);

        for (guint j = 0; j < decoded->message.chain.n; j++)
            seen[decoded->message.chain.items[j].type] = TRUE;
    }
    for (guint type = OBOL_PAYLOAD_SA; type <= OBOL_PAYLOAD_EAP; type++)
        g_assert_true(seen[type]);
    g_assert_true(seen[OBOL_PAYLOAD_SKF]);
}

static WireDecoded *
golden(const char *name)
{
    for (guint i = 0; i < obol_n_goldens; i++) {
        if (strcmp(obol_goldens[i].name, name) == 0) {
            WireDecoded *decoded = wire_decode_hex(obol_goldens[i].hex);

            g_assert_true(decoded->valid);
            return decoded;
        }
    }
    g_assert_not_reached();
}

static void
test_init_request_says_what_its_comments_say(void)
{
    g_autoptr(WireDecoded) decoded = golden("init-request");
    const ObolHeader *header = &decoded->message.header;
    const ObolChain *chain = &decoded->message.chain;
    const ObolSaPayload *sa = &obol_chain_find(chain, OBOL_PAYLOAD_SA)->sa;
    const ObolTransform *encr = &sa->proposals[0].transforms[0];
    g_autofree char *summary = obol_chain_summary(chain);

    g_assert_cmphex(header->spi_i, ==, 0x0102030405060708);
    g_assert_cmphex(header->spi_r, ==, 0);
    g_assert_cmpuint(header->exchange, ==, OBOL_IKE_SA_INIT);
    g_assert_cmpuint(header->flags, ==, OBOL_FLAG_INITIATOR);
    g_assert_cmpuint(sa->n, ==, 2);
    g_assert_cmpuint(sa->proposals[1].number, ==, 2);
    g_assert_cmpuint(encr->id, ==, OBOL_ENCR_AES_GCM_16);
    g_assert_cmpuint(encr->key_bits, ==, 256);
    g_assert_false(encr->foreign);
    g_assert_cmpuint(obol_chain_find(chain, OBOL_PAYLOAD_KE)->ke.group, ==, OBOL_KE_X25519);
    g_assert_cmpuint(obol_chain_find(chain, OBOL_PAYLOAD_KE)->ke.data.n, ==, 32);
    g_assert_cmpuint(obol_chain_count(chain, OBOL_PAYLOAD_NOTIFY), ==, 4);
    g_assert_cmpuint(obol_chain_find_notify(chain, OBOL_N_NAT_DETECTION_SOURCE_IP)->notify.data.n, ==, 20);
    g_assert_null(obol_chain_find_notify(chain, OBOL_N_COOKIE));
    g_assert_cmpstr(summary, ==, "SA KE No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) "
                                 "N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS)");
}

static void
test_encrypted_payload_names_what_is_inside(void)
{
    g_autoptr(WireDecoded) sk = golden("encrypted"), skf = golden("fragment");
    const ObolPayload *payload = wire_only_payload(sk);

    g_assert_cmpuint(payload->sk.first_payload, ==, OBOL_PAYLOAD_IDI);
    g_assert_cmpuint(payload->sk.body.n, ==, 64);
    g_assert_true(payload->sk.body.data - OBOL_WIRE_PAYLOAD_HEADER == payload->raw.data);
    g_assert_cmpuint(wire_only_payload(skf)->skf.number, ==, 2);
    g_assert_cmpuint(wire_only_payload(skf)->skf.total, ==, 3);
    g_assert_cmpuint(wire_only_payload(skf)->skf.body.n, ==, 64);
}

static void
test_unknown_payloads_are_kept(void)
{
    g_autoptr(WireDecoded) decoded = golden("unknown-payloads");
    const ObolChain *chain = &decoded->message.chain;

    g_assert_cmpuint(chain->n, ==, 4);
    g_assert_cmpuint(chain->items[0].type, ==, 200);
    g_assert_cmpmem(chain->items[0].bytes.data, chain->items[0].bytes.n, "\1\2\3\4\5", 5);
    g_assert_cmphex(chain->items[0].flags, ==, 0x7f);
    g_assert_cmpuint(chain->items[2].bytes.n, ==, 0);
}

static void
test_foreign_attributes_forbid_their_transform(void)
{
    g_autoptr(WireDecoded) decoded = golden("foreign-attributes");
    const ObolProposal *proposal = wire_only_payload(decoded)->sa.proposals;

    g_assert_true(proposal->transforms[0].foreign);
    g_assert_cmpuint(proposal->transforms[0].key_bits, ==, 256);
    g_assert_true(proposal->transforms[1].foreign);
    g_assert_true(proposal->transforms[2].foreign);
    g_assert_false(proposal->transforms[3].foreign);
    g_assert_false(proposal->transforms[4].foreign);
    g_assert_true(wire_only_payload(decoded)->verbatim);
}

static void
test_selectors_of_unknown_types_are_not_counted(void)
{
    g_autoptr(WireDecoded) decoded = golden("unknown-selectors");
    const ObolTsPayload *tsi = &obol_chain_find(&decoded->message.chain, OBOL_PAYLOAD_TSI)->ts;
    const ObolTsPayload *tsr = &obol_chain_find(&decoded->message.chain, OBOL_PAYLOAD_TSR)->ts;

    g_assert_cmpuint(tsi->n, ==, 1);
    g_assert_cmpuint(tsi->selectors[0].family, ==, AF_INET);
    g_assert_cmpuint(tsi->raw.n, ==, 13 + 16);
    g_assert_cmpuint(tsr->n, ==, 0);
}

static void
test_opaque_and_icmp_selectors_are_read(void)
{
    g_autoptr(WireDecoded) decoded = golden("rekey-child");
    const ObolTsPayload *tsi = &obol_chain_find(&decoded->message.chain, OBOL_PAYLOAD_TSI)->ts;
    const ObolTsPayload *tsr = &obol_chain_find(&decoded->message.chain, OBOL_PAYLOAD_TSR)->ts;

    g_assert_cmphex(tsi->selectors[0].port_first, ==, 0x0800);
    g_assert_cmphex(tsi->selectors[0].port_last, ==, 0x08ff);
    g_assert_cmpuint(tsi->selectors[1].port_first, ==, 65535);
    g_assert_cmpuint(tsi->selectors[1].port_last, ==, 0);
    g_assert_cmpuint(tsr->selectors[0].family, ==, AF_INET6);
    g_assert_cmpuint(tsr->selectors[0].first[0], ==, 0xfe);
}

static void
test_id_body_is_what_auth_covers(void)
{
    g_autoptr(WireDecoded) decoded = golden("auth-request");
    const ObolIdPayload *id = &obol_chain_find(&decoded->message.chain, OBOL_PAYLOAD_IDI)->id;

    g_assert_cmpuint(id->id_type, ==, OBOL_ID_FQDN);
    g_assert_cmpmem(id->data.data, id->data.n, "initiator.example", 17);
    g_assert_cmpmem(id->body.data, id->body.n, "\2\0\0\0initiator.example", 21);
}

static void
test_a_dump_names_fields_and_hides_auth(void)
{
    g_autoptr(WireDecoded) decoded = golden("auth-request");
    g_autofree char *dump = obol_message_dump(&decoded->message);

    g_assert_nonnull(strstr(dump, "IKE_AUTH request 1"));
    g_assert_nonnull(strstr(dump, "initiator.example"));
    g_assert_nonnull(strstr(dump, "10.2.0.1 - 10.2.0.1, protocol 6, ports 443 - 443"));
    g_assert_nonnull(strstr(dump, "AES_GCM_16"));
    g_assert_null(strstr(dump, "90919293"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/golden/encode-gives-the-same-bytes", test_encode_gives_the_same_bytes);
    g_test_add_func("/wire/golden/payloads-decode-alike-inside-sk", test_payloads_decode_alike_inside_sk);
    g_test_add_func("/wire/golden/every-truncation-is-refused", test_every_truncation_is_refused);
    g_test_add_func("/wire/golden/every-bit-flip-is-survived", test_every_bit_flip_is_survived);
    g_test_add_func("/wire/golden/every-payload-type-is-among-them", test_every_payload_type_is_among_them);
    g_test_add_func("/wire/golden/init-request-says-what-its-comments-say",
                    test_init_request_says_what_its_comments_say);
    g_test_add_func("/wire/golden/encrypted-payload-names-what-is-inside", test_encrypted_payload_names_what_is_inside);
    g_test_add_func("/wire/golden/unknown-payloads-are-kept", test_unknown_payloads_are_kept);
    g_test_add_func("/wire/golden/foreign-attributes-forbid-their-transform",
                    test_foreign_attributes_forbid_their_transform);
    g_test_add_func("/wire/golden/selectors-of-unknown-types-are-not-counted",
                    test_selectors_of_unknown_types_are_not_counted);
    g_test_add_func("/wire/golden/opaque-and-icmp-selectors-are-read", test_opaque_and_icmp_selectors_are_read);
    g_test_add_func("/wire/golden/id-body-is-what-auth-covers", test_id_body_is_what_auth_covers);
    g_test_add_func("/wire/golden/a-dump-names-fields-and-hides-auth", test_a_dump_names_fields_and_hides_auth);
    return g_test_run();
}
