/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/test-golden.c - the messages of a real kernel. */
#include "unit/pfkey-kernel/coding/pfkey-test.h"

#include <string.h>

#include "lib/hex.h"

/* Our requests that the kernel refuses, and whose fault is in the message itself: the rules refuse them, too. */
static const char *const refused[] = { "add-no-key-einval", "spdadd-direction-einval", "migrate-odd-einval" };

static void
test_each_gives_its_bytes_back(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < goldens->len; i++) {
        const PfkeyGolden *golden = goldens->pdata[i];
        g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(golden);

        pfkey_assert_sane(&pfkey_linux, decoded->bytes, decoded->n);
    }
}

static void
test_each_keeps_the_rules_of_its_way(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();

    for (guint i = 0; i < goldens->len; i++) {
        const PfkeyGolden *golden = goldens->pdata[i];
        g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(golden);
        gboolean expected = golden->way == PFKEY_UP || !g_strv_contains(refused, golden->name);
        PfkeyFault fault;

        if (pfkey_message_check(&decoded->message, golden->way, &fault) != expected) {
            g_autofree char *text = pfkey_fault_text(&fault);

            g_error("%s: %s", golden->name, text);
        }
    }
}

/* What the typed form can not say is the exception: here it would hide that a field was overlooked. */
static void
test_the_typed_form_says_all_of_them(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    guint n_verbatim = 0;

    for (guint i = 0; i < goldens->len; i++) {
        const PfkeyGolden *golden = goldens->pdata[i];
        g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(golden);

        for (guint j = 0; j < decoded->message.n_entries; j++) {
            const PfkeyEntry *entry = &decoded->message.entries[j];

            if (entry->verbatim)
                g_test_message("%s: %s", golden->name, pfkey_extension_name(entry->kind));
            n_verbatim += entry->verbatim;
            g_assert_cmpint(entry->kind, !=, PFKEY_EXT_UNKNOWN);
        }
    }
    g_assert_cmpuint(n_verbatim, ==, 0);
}

static void
test_every_message_type_that_linux_serves_is_there(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    guint32 seen = 0, never = 1u << PFKEY_X_PCHANGE | 1u << PFKEY_X_SPDACQUIRE | 1u << PFKEY_X_SPDEXPIRE;

    for (guint i = 0; i < goldens->len; i++) {
        g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(goldens->pdata[i]);

        seen |= 1u << decoded->message.header.type;
    }
    g_assert_cmphex(seen | never, ==, (1u << PFKEY_N_TYPES) - 2);
}

static void
test_an_sa_is_read_whole(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "get-esp"));
    const PfkeyMessage *message = &decoded->message;
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_assert_cmpint(message->header.type, ==, PFKEY_GET);
    g_assert_cmpuint(message->header.satype, ==, PFKEY_SATYPE_ESP);
    g_assert_cmphex(message->header.pid, ==, 0x0b0105ed);
    g_assert_cmphex(message->sa.spi, ==, 0x1002);
    g_assert_cmpuint(message->sa.replay, ==, 32);
    g_assert_cmpuint(message->sa.state, ==, PFKEY_STATE_MATURE);
    g_assert_cmpuint(message->sa.auth, ==, PFKEY_AALG_SHA2_512_HMAC);
    g_assert_cmpuint(message->sa.encr, ==, PFKEY_EALG_AES_CBC);
    g_assert_cmpuint(message->hard.allocations, ==, 1000);
    g_assert_cmpuint(message->hard.bytes, ==, G_GUINT64_CONSTANT(1) << 40);
    g_assert_cmpuint(message->soft.add_s, ==, 3000);
    g_assert_cmpuint(message->soft.use_s, ==, 1500);
    g_assert_cmpuint(message->current.bytes, ==, 0);
    g_assert_cmpuint(message->current.add_s, >, 1000000000);
    g_assert_cmpstr(obol_address_format(&message->source.address, text), ==, "192.0.2.1");
    g_assert_cmpstr(obol_address_format(&message->destination.address, text), ==, "192.0.2.2");
    g_assert_cmpuint(message->auth_key.bits, ==, 512);
    g_assert_cmpuint(message->auth_key.bytes.n, ==, 64);
    g_assert_cmpuint(message->auth_key.bytes.data[1], ==, 7 + 8); /* the recorder's pattern */
    g_assert_cmpuint(message->encr_key.bits, ==, 128);
    g_assert_cmpuint(message->sa2.mode, ==, PFKEY_MODE_TUNNEL);
    g_assert_cmpuint(message->sa2.reqid, ==, 16383);
}

static void
test_encapsulation_is_read(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) sa = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "get-esp-udp"));
    g_autoptr(PfkeyDecoded) mapping = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "new-mapping"));

    g_assert_cmpuint(sa->message.nat_type.type, ==, PFKEY_ENCAP_ESP_IN_UDP);
    g_assert_cmpuint(sa->message.nat_sport.port, ==, 4500);
    g_assert_cmpuint(sa->message.nat_dport.port, ==, 1025);
    g_assert_cmphex(mapping->message.sa.spi, ==, 0x3001);
    g_assert_cmpuint(mapping->message.nat_sport.port, ==, 1111);
    g_assert_cmpuint(mapping->message.nat_dport.port, ==, 2222);
}

/* Linux has no family of its own for PROXY: it reports the outer one and a prefix that does not fit it. */
static void
test_a_proxy_of_another_family_than_outside_is_survived(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "add-esp-ctr-proxy6"));

    g_assert_true(pfkey_message_has(&decoded->message, PFKEY_EXT_ADDRESS_PROXY));
    g_assert_cmpuint(decoded->message.proxy.prefix, ==, 48);
    g_assert_cmpuint(decoded->message.proxy.address.family, ==, AF_INET);
}

static void
test_a_policy_is_read_whole(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "spdadd-bundle"));
    const PfkeyMessage *message = &decoded->message;
    const PfkeyRequest *requests = message->policy.requests;
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_assert_cmpuint(message->header.reserved, !=, 0); /* a count of references: not ours to judge */
    g_assert_cmpuint(message->policy.type, ==, PFKEY_POLICY_IPSEC);
    g_assert_cmpuint(message->policy.direction, ==, PFKEY_DIR_OUT);
    g_assert_cmpuint(message->policy.id, !=, 0);
    g_assert_cmpuint(message->policy.n, ==, 3);
    g_assert_cmpuint(requests[0].protocol, ==, 108);
    g_assert_cmpuint(requests[0].mode, ==, PFKEY_MODE_TUNNEL);
    g_assert_cmpuint(requests[0].level, ==, PFKEY_LEVEL_UNIQUE);
    g_assert_cmpuint(requests[0].reqid, ==, 11);
    g_assert_cmpstr(obol_address_format(&requests[0].source, text), ==, "192.0.2.1");
    g_assert_cmpstr(obol_address_format(&requests[0].destination, text), ==, "192.0.2.2");
    g_assert_cmpuint(requests[1].source.family, ==, 0);
    g_assert_cmpuint(requests[2].protocol, ==, 51);
    g_assert_cmpuint(requests[2].level, ==, PFKEY_LEVEL_REQUIRE);
    g_assert_cmpstr(obol_address_format(&message->source.address, text), ==, "10.3.0.0");
    g_assert_cmpuint(message->source.prefix, ==, 24);
    g_assert_cmpuint(message->destination.protocol, ==, 17);
    g_assert_cmpuint(message->destination.address.port, ==, 53);
}

static void
test_algorithms_are_listed(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "register-esp"));
    const PfkeySupported *encr = &decoded->message.supported_encr;
    gboolean aes = FALSE;

    g_assert_cmpuint(encr->n, >, 2);
    for (guint i = 0; i < encr->n; i++) {
        PfkeyAlgorithm algorithm = pfkey_supported_algorithm(encr, i);

        if (algorithm.id == PFKEY_EALG_AES_CBC && algorithm.min_bits == 128 && algorithm.max_bits == 256)
            aes = TRUE;
    }
    g_assert_true(aes);
    g_assert_cmpuint(decoded->message.supported_auth.n, >, 2);
}

static void
test_an_acquire_names_its_policy_and_combinations(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) plain = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "acquire-tunnel"));
    g_autoptr(PfkeyDecoded) combined = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "acquire-with-combinations-0"));
    PfkeyComb comb;

    g_assert_cmpuint(plain->message.header.seq, !=, 0);
    g_assert_cmpuint(plain->message.policy.id, !=, 0);
    g_assert_cmpuint(plain->message.proposal.n, ==, 0);
    g_assert_cmpuint(combined->message.proposal.n, >, 0);
    comb = pfkey_proposal_comb(&combined->message.proposal, 0);
    g_assert_cmpuint(comb.auth, !=, 0);
    g_assert_cmpuint(comb.encr, !=, 0);
    g_assert_cmpuint(comb.auth_min_bits, <=, comb.auth_max_bits);
    g_assert_cmpuint(comb.hard.add_s, ==, 24 * 3600);
    g_assert_cmpuint(comb.soft.use_s, ==, 7 * 3600);
}

static void
test_soft_and_hard_expiry_differ_by_their_lifetime(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) soft = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "expire-soft-esp"));
    g_autoptr(PfkeyDecoded) hard = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "expire-hard-esp"));

    g_assert_true(pfkey_message_has(&soft->message, PFKEY_EXT_LIFETIME_SOFT));
    g_assert_false(pfkey_message_has(&soft->message, PFKEY_EXT_LIFETIME_HARD));
    g_assert_cmpuint(soft->message.sa.state, ==, PFKEY_STATE_DYING);
    g_assert_true(pfkey_message_has(&hard->message, PFKEY_EXT_LIFETIME_HARD));
    g_assert_cmpuint(hard->message.sa.state, ==, PFKEY_STATE_DEAD);
    g_assert_cmphex(hard->message.sa.spi, ==, 0x2001);
}

static void
test_migration_has_pairs_of_requests(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "migrate-kmaddress"));
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_assert_cmpuint(decoded->message.policy.n, ==, 2);
    g_assert_cmpstr(obol_address_format(&decoded->message.policy.requests[0].destination, text), ==, "192.0.2.77");
    g_assert_cmpstr(obol_address_format(&decoded->message.policy.requests[1].destination, text), ==, "192.0.2.2");
    g_assert_cmpstr(obol_address_format(&decoded->message.km_address.remote, text), ==, "192.0.2.77");
}

static void
test_no_dump_shows_a_key(void)
{
    g_autoptr(GPtrArray) goldens = pfkey_goldens();
    g_autoptr(PfkeyDecoded) decoded = pfkey_decode_golden(pfkey_golden(goldens, PFKEY_UP, "get-esp"));
    g_autofree char *dump = pfkey_message_dump(&decoded->message);
    g_autofree char *key = obol_hex_format(decoded->message.encr_key.bytes.data, 4);

    g_assert_nonnull(strstr(dump, "KEY_ENCRYPT 128 bits"));
    g_assert_null(strstr(dump, key));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/golden/" path, function)
    CLAIM("each-gives-its-bytes-back", test_each_gives_its_bytes_back);
    CLAIM("each-keeps-the-rules-of-its-way", test_each_keeps_the_rules_of_its_way);
    CLAIM("the-typed-form-says-all-of-them", test_the_typed_form_says_all_of_them);
    CLAIM("every-message-type-that-linux-serves-is-there", test_every_message_type_that_linux_serves_is_there);
    CLAIM("an-sa-is-read-whole", test_an_sa_is_read_whole);
    CLAIM("encapsulation-is-read", test_encapsulation_is_read);
    CLAIM("a-proxy-of-another-family-than-outside-is-survived", test_a_proxy_of_another_family_than_outside_is_survived);
    CLAIM("a-policy-is-read-whole", test_a_policy_is_read_whole);
    CLAIM("algorithms-are-listed", test_algorithms_are_listed);
    CLAIM("an-acquire-names-its-policy-and-combinations", test_an_acquire_names_its_policy_and_combinations);
    CLAIM("soft-and-hard-expiry-differ-by-their-lifetime", test_soft_and_hard_expiry_differ_by_their_lifetime);
    CLAIM("migration-has-pairs-of-requests", test_migration_has_pairs_of_requests);
    CLAIM("no-dump-shows-a-key", test_no_dump_shows_a_key);
    return g_test_run();
}
