/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-proposal.c - proposals: read, chosen, answered. */
#include <obol/proposal.h>
#include <obol/settings.h>
#include <string.h>

static ObolProposal
proposal(ObolProtocol protocol, const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolProposal out;

    g_assert_true(obol_proposal_parse(protocol, text, &out, &error));
    g_assert_no_error(error);
    out.number = 1;
    return out;
}

static void
test_text_becomes_transforms(void)
{
    static const struct {
        ObolProtocol protocol;
        const char *text, *formatted;
    } rows[] = {
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519", "IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519" },
        { OBOL_PROTO_IKE, "AES256-SHA256-MODP2048", "IKE:AES_CBC_256/HMAC_SHA2_256_128/MODP_2048/PRF_HMAC_SHA2_256" },
        { OBOL_PROTO_IKE, "aes256gcm16-sha384-ecp384", "IKE:AES_GCM_16_256/ECP_384/PRF_HMAC_SHA2_384" },
        { OBOL_PROTO_IKE, "aes128-sha256-prfsha512-ecp521", "IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_512/ECP_521" },
        { OBOL_PROTO_IKE, "chacha20poly1305-prfsha512-curve448", "IKE:CHACHA20_POLY1305/PRF_HMAC_SHA2_512/CURVE_448" },
        { OBOL_PROTO_ESP, "aes128gcm128", "ESP:AES_GCM_16_128/NO_EXT_SEQ" },
        { OBOL_PROTO_ESP, "aes192-sha384-esn", "ESP:AES_CBC_192/HMAC_SHA2_384_192/EXT_SEQ" },
        { OBOL_PROTO_ESP, "null-sha256-modp3072", "ESP:NULL/HMAC_SHA2_256_128/MODP_3072/NO_EXT_SEQ" },
        { OBOL_PROTO_ESP, "3des-sha1", "ESP:3DES_CBC/HMAC_SHA1_96/NO_EXT_SEQ" },
        { OBOL_PROTO_AH, "sha512-aesxcbc", "AH:HMAC_SHA2_512_256/AES_XCBC_96/NO_EXT_SEQ" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        ObolProposal one = proposal(rows[i].protocol, rows[i].text);
        g_autofree char *text = obol_proposal_format(&one);

        g_assert_cmpstr(text, ==, rows[i].formatted);
    }
}

static void
test_a_bad_proposal_says_what_is_wrong(void)
{
    static const struct {
        ObolProtocol protocol;
        const char *text, *says;
    } rows[] = {
        { OBOL_PROTO_IKE, "aes128gcm16-x25519", "prfsha256" },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256", "x25519" },
        { OBOL_PROTO_IKE, "aes128-x25519", "sha256" },
        { OBOL_PROTO_IKE, "aes128gcm16-aes128-sha256-x25519", "make it two" },
        { OBOL_PROTO_IKE, "null-sha256-x25519", "never sent in clear" },
        { OBOL_PROTO_IKE, "prfsha256-x25519", "cipher" },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-none", "key exchange" },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519-esn", "esn" },
        { OBOL_PROTO_ESP, "aes128gcm16-sha256", "leave it out" },
        { OBOL_PROTO_ESP, "aes128", "integrity" },
        { OBOL_PROTO_ESP, "aes128gcm16-prfsha256", "PRF" },
        { OBOL_PROTO_AH, "aes128-sha256", "does not encrypt" },
        { OBOL_PROTO_AH, "noesn", "integrity" },
        { OBOL_PROTO_ESP, "aes129", "aes129" },
        { OBOL_PROTO_ESP, "md5-aes128", "md5" },
        { OBOL_PROTO_ESP, "aes128-aes128-sha1", "twice" },
        { OBOL_PROTO_ESP, "", "cipher" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        ObolProposal out;

        g_assert_false(obol_proposal_parse(rows[i].protocol, rows[i].text, &out, &error));
        g_assert_nonnull(error);
        g_assert_true(error->domain == OBOL_SETTINGS_ERROR);
        if (strstr(error->message, rows[i].says) == NULL)
            g_error("\"%s\" says: %s", rows[i].text, error->message);
    }
}

/* RFC 8247 and 8221: what SHOULD NOT be used is not offered unless an admin asks for it. */
static void
test_defaults_hold_nothing_weak(void)
{
    static const ObolTransform weak[] = {
        { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_3DES },          { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_NULL },
        { .type = OBOL_TRANSFORM_PRF, .id = OBOL_PRF_HMAC_SHA1 },       { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA1_96 },
        { .type = OBOL_TRANSFORM_KE, .id = OBOL_KE_MODP_1024 },         { .type = OBOL_TRANSFORM_KE, .id = OBOL_KE_MODP_1536 },
        { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_8 },
    };
    static const ObolProtocol protocols[] = { OBOL_PROTO_IKE, OBOL_PROTO_ESP, OBOL_PROTO_AH };

    for (gsize p = 0; p < G_N_ELEMENTS(protocols); p++) {
        g_autoptr(GArray) list = obol_proposal_defaults(protocols[p]);

        g_assert_cmpuint(list->len, >, 0);
        for (guint i = 0; i < list->len; i++) {
            const ObolProposal *one = &g_array_index(list, ObolProposal, i);

            for (guint j = 0; j < one->n_transforms; j++) {
                for (gsize k = 0; k < G_N_ELEMENTS(weak); k++)
                    g_assert_false(one->transforms[j].type == weak[k].type && one->transforms[j].id == weak[k].id);
            }
        }
    }
}

/* Rows of ours, theirs, and what is chosen; NULL: nothing, and the first type without overlap. */
static void
test_one_of_each_type_is_chosen(void)
{
    static const struct {
        ObolProtocol protocol;
        const char *ours, *theirs, *chosen;
        guint8 lacking;
    } rows[] = {
        { OBOL_PROTO_IKE, "aes256-aes128-sha256-ecp256-x25519", "aes128-aes256-sha512-sha256-x25519-ecp256",
          "IKE:AES_CBC_256/PRF_HMAC_SHA2_256/HMAC_SHA2_256_128/ECP_256", 0 },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha256-x25519", NULL, OBOL_TRANSFORM_ENCR },
        { OBOL_PROTO_IKE, "aes128-sha256-x25519", "aes128-sha512-prfsha256-x25519", NULL, OBOL_TRANSFORM_INTEG },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha512-x25519", NULL, OBOL_TRANSFORM_PRF },
        { OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-modp2048", NULL, OBOL_TRANSFORM_KE },
        { OBOL_PROTO_ESP, "aes128gcm16", "aes128gcm16-esn", NULL, OBOL_TRANSFORM_ESN },
        { OBOL_PROTO_ESP, "aes128gcm16-esn-noesn", "aes128gcm16-noesn", "ESP:AES_GCM_16_128/NO_EXT_SEQ", 0 },
        { OBOL_PROTO_ESP, "chacha20poly1305", "chacha20poly1305", "ESP:CHACHA20_POLY1305/NO_EXT_SEQ", 0 },
        { OBOL_PROTO_ESP, "aes128gcm16", "aes128gcm16-x25519-none", "ESP:AES_GCM_16_128/NO_EXT_SEQ", 0 },
        { OBOL_PROTO_ESP, "aes128gcm16", "aes128gcm16-x25519", NULL, OBOL_TRANSFORM_KE },
        { OBOL_PROTO_AH, "sha256", "sha512-sha256", "AH:HMAC_SHA2_256_128/NO_EXT_SEQ", 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        ObolProposal ours = proposal(rows[i].protocol, rows[i].ours), theirs = proposal(rows[i].protocol, rows[i].theirs);
        guint8 lacking = 0;
        ObolSuite suite;
        g_autofree char *text = NULL;

        if (!obol_proposal_select(&ours, 1, &theirs, 1, &suite, NULL, &lacking)) {
            g_assert_null(rows[i].chosen);
            g_assert_cmpuint(lacking, ==, rows[i].lacking);
            continue;
        }
        text = obol_suite_format(&suite);
        g_assert_cmpstr(text, ==, rows[i].chosen);
    }
}

static void
test_our_order_decides_among_proposals(void)
{
    ObolProposal ours[] = { proposal(OBOL_PROTO_ESP, "aes256gcm16"), proposal(OBOL_PROTO_ESP, "aes128gcm16") };
    ObolProposal theirs[] = { proposal(OBOL_PROTO_ESP, "aes128gcm16"), proposal(OBOL_PROTO_ESP, "aes256gcm16") };
    ObolSuite suite;
    gsize chosen = 9;

    g_assert_true(obol_proposal_select(ours, 2, theirs, 2, &suite, &chosen, NULL));
    g_assert_cmpuint(chosen, ==, 1);
    g_assert_cmpuint(suite.encr_bits, ==, 256);
}

static void
test_a_foreign_transform_is_never_chosen(void)
{
    ObolProposal ours = proposal(OBOL_PROTO_ESP, "aes128gcm16"), theirs = ours;
    ObolSuite suite;

    theirs.transforms[0].foreign = TRUE;
    g_assert_false(obol_proposal_select(&ours, 1, &theirs, 1, &suite, NULL, NULL));
}

/* RFC 7296 section 3.3.5: AES has to say how long its keys are. */
static void
test_a_cipher_without_its_key_length_is_never_chosen(void)
{
    static const char *const suites[] = { "aes128gcm16", "aes256-sha256", "camellia128-sha256" };

    for (gsize i = 0; i < G_N_ELEMENTS(suites); i++) {
        ObolProposal ours = proposal(OBOL_PROTO_ESP, suites[i]), theirs = ours;
        ObolSuite suite;

        g_assert_true(obol_proposal_select(&ours, 1, &theirs, 1, &suite, NULL, NULL));
        theirs.transforms[0].key_bits = 0;
        g_assert_false(obol_proposal_select(&ours, 1, &theirs, 1, &suite, NULL, NULL));
    }
}

static void
test_an_unknown_transform_type_is_not_for_us(void)
{
    ObolProposal ours = proposal(OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519"), theirs = ours;
    ObolSuite suite;

    obol_proposal_add(&theirs, OBOL_TRANSFORM_ADDKE1, 36, 0);
    g_assert_false(obol_proposal_select(&ours, 1, &theirs, 1, &suite, NULL, NULL));
}

/* RFC 7296 section 2.7: an answer is one of what was offered, with one transform of each type. */
static void
test_answers_are_checked(void)
{
    static const struct {
        const char *answer;
        gboolean good;
    } rows[] = {
        { "aes128-sha256-prfsha256-x25519", TRUE },
        { "aes256-sha256-prfsha256-ecp256", TRUE },
        { "aes128-aes256-sha256-prfsha256-x25519", FALSE },
        { "aes192-sha256-prfsha256-x25519", FALSE },
        { "aes128-sha256-prfsha512-x25519", FALSE },
        { "aes128-sha512-prfsha256-x25519", FALSE },
        { "aes128-sha256-prfsha256-modp2048", FALSE },
    };
    ObolProposal offered = proposal(OBOL_PROTO_IKE, "aes128-aes256-sha256-prfsha256-x25519-ecp256");
    ObolSuite suite;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        ObolProposal answer = proposal(OBOL_PROTO_IKE, rows[i].answer);

        g_assert_cmpint(obol_proposal_check_answer(&offered, 1, &answer, &suite), ==, rows[i].good);
        answer.number = 2;
        g_assert_false(obol_proposal_check_answer(&offered, 1, &answer, &suite));
        answer.number = 0;
        g_assert_false(obol_proposal_check_answer(&offered, 1, &answer, &suite));
    }
}

static void
test_a_missing_type_makes_no_answer(void)
{
    ObolProposal offered = proposal(OBOL_PROTO_IKE, "aes128-sha256-prfsha256-x25519"), answer = offered;
    ObolSuite suite;

    for (guint missing = 0; missing < offered.n_transforms; missing++) {
        answer.n_transforms = 0;
        for (guint i = 0; i < offered.n_transforms; i++) {
            if (i != missing)
                answer.transforms[answer.n_transforms++] = offered.transforms[i];
        }
        g_assert_false(obol_proposal_check_answer(&offered, 1, &answer, &suite));
    }
}

static void
test_a_suite_and_its_proposal_are_one(void)
{
    g_autoptr(GArray) list = obol_proposal_defaults(OBOL_PROTO_IKE);

    for (guint i = 0; i < list->len; i++) {
        const ObolProposal *ours = &g_array_index(list, ObolProposal, i);
        ObolSuite suite, again;
        ObolProposal answer;

        g_assert_true(obol_proposal_select(ours, 1, ours, 1, &suite, NULL, NULL));
        obol_proposal_from_suite(&suite, 1, NULL, 0, &answer);
        g_assert_true(obol_proposal_check_answer(ours, 1, &answer, &again));
        g_assert_cmpmem(&suite, sizeof suite, &again, sizeof again);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/proposal/text-becomes-transforms", test_text_becomes_transforms);
    g_test_add_func("/model/proposal/a-bad-one-says-what-is-wrong", test_a_bad_proposal_says_what_is_wrong);
    g_test_add_func("/model/proposal/defaults-hold-nothing-weak", test_defaults_hold_nothing_weak);
    g_test_add_func("/model/proposal/one-of-each-type-is-chosen", test_one_of_each_type_is_chosen);
    g_test_add_func("/model/proposal/our-order-decides", test_our_order_decides_among_proposals);
    g_test_add_func("/model/proposal/a-foreign-transform-is-never-chosen", test_a_foreign_transform_is_never_chosen);
    g_test_add_func("/model/proposal/a-cipher-without-its-key-length-is-never-chosen", test_a_cipher_without_its_key_length_is_never_chosen);
    g_test_add_func("/model/proposal/an-unknown-type-is-not-for-us", test_an_unknown_transform_type_is_not_for_us);
    g_test_add_func("/model/proposal/answers-are-checked", test_answers_are_checked);
    g_test_add_func("/model/proposal/a-missing-type-makes-no-answer", test_a_missing_type_makes_no_answer);
    g_test_add_func("/model/proposal/a-suite-and-its-proposal-are-one", test_a_suite_and_its_proposal_are_one);
    return g_test_run();
}
