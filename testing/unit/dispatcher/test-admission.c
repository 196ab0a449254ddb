/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-admission.c - cookies and limits: what an IKE_SA_INIT request must show (RFC 7296
 * section 2.6). */
#include "dispatcher/admission.h"

#include <string.h>

#include "testing/lib/first-request.h"
#include "testing/lib/test-crypto.h"

#define LIFETIME_US (30 * G_USEC_PER_SEC)

/* --- cookies --- */

typedef struct {
    ObolCrypto *crypto;
    ObolCookieJar jar;
    ObolAddress remote;
    ObolCookieClaim claim;
    guint8 cookie[OBOL_COOKIE_SIZE_MAX];
    gsize n;
} CookieTest;

static const guint8 nonce[32] = { 1, 2, 3 };

static void
set_up(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->crypto = test_crypto_new();
    obol_cookie_jar_init(&t->jar, t->crypto, obol_crypto_random(t->crypto), LIFETIME_US);
    t->remote = request_from("192.0.2.1");
    t->claim = (ObolCookieClaim) { .nonce = { nonce, sizeof nonce }, .remote = &t->remote, .spi_i = 7 };
    t->n = obol_cookie_make(&t->jar, &t->claim, 0, t->cookie);
}

static void
tear_down(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    obol_cookie_jar_clear(&t->jar);
    obol_crypto_free(t->crypto);
}

static gboolean
good(CookieTest *t, gint64 now_us)
{
    return obol_cookie_check(&t->jar, &t->claim, (ObolSpan) { t->cookie, t->n }, now_us);
}

static void
test_is_between_1_and_64_bytes(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_assert_cmpuint(t->n, >=, 1);
    g_assert_cmpuint(t->n, <=, 64);
    g_assert_true(good(t, 0));
}

static void
test_is_bound_to_nonce_address_and_spi(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint8 other_nonce[sizeof nonce];
    ObolAddress other = request_from("192.0.2.2");

    memcpy(other_nonce, nonce, sizeof nonce);
    other_nonce[31] ^= 1;
    t->claim.nonce.data = other_nonce;
    g_assert_false(good(t, 0));
    t->claim.nonce = (ObolSpan) { nonce, sizeof nonce - 1 };
    g_assert_false(good(t, 0));
    t->claim.nonce = (ObolSpan) { nonce, sizeof nonce };
    t->claim.remote = &other;
    g_assert_false(good(t, 0));
    t->claim.remote = &t->remote;
    t->claim.spi_i = 8;
    g_assert_false(good(t, 0));
    t->claim.spi_i = 7;
    g_assert_true(good(t, 0));
}

static void
test_every_other_is_refused(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    for (gsize i = 0; i < t->n * 8; i++) {
        t->cookie[i / 8] ^= (guint8) (1 << i % 8);
        g_assert_false(good(t, 0));
        t->cookie[i / 8] ^= (guint8) (1 << i % 8);
    }
    for (gsize n = 0; n < t->n; n++)
        g_assert_false(obol_cookie_check(&t->jar, &t->claim, (ObolSpan) { t->cookie, n }, 0));
    g_assert_true(good(t, 0));
}

static void
test_survives_one_renewal_of_the_secret_and_not_two(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_assert_true(good(t, LIFETIME_US - 1));
    g_assert_true(good(t, LIFETIME_US));
    g_assert_true(good(t, 2 * LIFETIME_US - 1));
    g_assert_false(good(t, 2 * LIFETIME_US));
}

static void
test_dies_in_a_long_silence(CookieTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_assert_false(good(t, 3 * LIFETIME_US));
}

/* --- limits --- */

typedef struct {
    ObolCrypto *crypto;
    ObolAdmission admission;
    guint8 cookie[OBOL_COOKIE_SIZE_MAX];
    gsize n_cookie;
} AdmissionTest;

static void
admit_set_up(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolShardLimits limits = obol_shard_default_limits;

    t->crypto = test_crypto_new();
    limits.cookie_threshold = 3;
    limits.half_open_per_address = 5;
    limits.half_open_limit = 8;
    obol_admission_init(&t->admission, &limits, t->crypto, obol_crypto_random(t->crypto));
}

static void
admit_tear_down(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    obol_admission_clear(&t->admission);
    obol_crypto_free(t->crypto);
}

static ObolAdmit
judge(AdmissionTest *t, const char *from, RequestShape shape, ObolSpan cookie)
{
    g_autoptr(GByteArray) bytes = request_bytes(shape, 7, cookie);
    ObolDatagram datagram = { .remote = request_from(from), .data = bytes->data, .n = bytes->len };

    return obol_admission_judge(&t->admission, &datagram, 0, 0, t->cookie, &t->n_cookie);
}

static void
enter(AdmissionTest *t, const char *from, guint n)
{
    ObolAddress address = request_from(from);

    for (guint i = 0; i < n; i++)
        obol_admission_enter(&t->admission, &address);
}

static const ObolSpan none = { NULL, 0 };

static void
test_a_cookie_is_asked_for_above_the_threshold_only(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    enter(t, "192.0.2.9", 3);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT);
    enter(t, "192.0.2.9", 1);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT_ASK_COOKIE);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, (ObolSpan) { t->cookie, t->n_cookie }), ==, OBOL_ADMIT_PROVEN);
}

static void
test_a_wrong_cookie_is_as_none(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint8 asked[OBOL_COOKIE_SIZE_MAX];

    enter(t, "192.0.2.9", 4);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT_ASK_COOKIE);
    memcpy(asked, t->cookie, t->n_cookie);
    asked[5] ^= 1;
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, (ObolSpan) { asked, t->n_cookie }), ==, OBOL_ADMIT_ASK_COOKIE);
    asked[5] ^= 1;
    g_assert_cmpmem(asked, t->n_cookie, t->cookie, t->n_cookie);
    g_assert_cmpint(judge(t, "192.0.2.2", REQUEST_PLAIN, (ObolSpan) { asked, t->n_cookie }), ==, OBOL_ADMIT_ASK_COOKIE);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_OTHER_NONCE, (ObolSpan) { asked, t->n_cookie }), ==,
                    OBOL_ADMIT_ASK_COOKIE);
}

static void
test_a_cookie_that_is_not_first_is_none(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    enter(t, "192.0.2.9", 4);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT_ASK_COOKIE);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_COOKIE_LAST, (ObolSpan) { t->cookie, t->n_cookie }), ==,
                    OBOL_ADMIT_ASK_COOKIE);
}

static void
test_what_is_malformed_gets_no_answer_under_load(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GByteArray) whole = request_bytes(REQUEST_PLAIN, 7, none);

    enter(t, "192.0.2.9", 4);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_NO_NONCE, none), ==, OBOL_ADMIT_MALFORMED);
    for (gsize n = 28; n < whole->len; n++) {
        g_autofree guint8 *cut = g_memdup2(whole->data, n);
        ObolDatagram datagram = { .remote = request_from("192.0.2.1"), .data = cut, .n = n };

        g_assert_cmpint(obol_admission_judge(&t->admission, &datagram, 0, 0, t->cookie, &t->n_cookie), ==,
                        OBOL_ADMIT_MALFORMED);
    }
}

static void
test_no_byte_can_make_it_read_too_far(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GByteArray) whole = request_bytes(REQUEST_PLAIN, 7, (ObolSpan) { nonce, 32 });

    enter(t, "192.0.2.9", 4);
    for (gsize i = 0; i < whole->len * 8; i++) {
        g_autofree guint8 *flipped = g_memdup2(whole->data, whole->len);
        ObolDatagram datagram = { .remote = request_from("192.0.2.1"), .data = flipped, .n = whole->len };
        ObolAdmit verdict;

        flipped[i / 8] ^= (guint8) (1 << i % 8);
        verdict = obol_admission_judge(&t->admission, &datagram, 0, 0, t->cookie, &t->n_cookie);
        g_assert_true(verdict == OBOL_ADMIT_ASK_COOKIE || verdict == OBOL_ADMIT_MALFORMED);
    }
}

static void
test_the_limit_of_all_is_silent(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    enter(t, "192.0.2.9", 8);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT_FULL);
}

static void
test_an_address_has_its_own_limit(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    enter(t, "192.0.2.9", 5);
    g_assert_cmpint(judge(t, "192.0.2.9", REQUEST_PLAIN, none), ==, OBOL_ADMIT_ASK_COOKIE);
    g_assert_cmpint(judge(t, "192.0.2.9", REQUEST_PLAIN, (ObolSpan) { t->cookie, t->n_cookie }), ==, OBOL_ADMIT_FULL);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, none), ==, OBOL_ADMIT_ASK_COOKIE);
    g_assert_cmpint(judge(t, "192.0.2.1", REQUEST_PLAIN, (ObolSpan) { t->cookie, t->n_cookie }), ==, OBOL_ADMIT_PROVEN);
}

static void
test_an_ipv6_site_is_one_address(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    enter(t, "2001:db8::1", 3);
    enter(t, "2001:db8::2", 2);
    judge(t, "2001:db8::3", REQUEST_PLAIN, none);
    g_assert_cmpint(judge(t, "2001:db8::3", REQUEST_PLAIN, (ObolSpan) { t->cookie, t->n_cookie }), ==, OBOL_ADMIT_FULL);
    judge(t, "2001:db8:0:1::3", REQUEST_PLAIN, none);
    g_assert_cmpint(judge(t, "2001:db8:0:1::3", REQUEST_PLAIN, (ObolSpan) { t->cookie, t->n_cookie }), ==,
                    OBOL_ADMIT_PROVEN);
}

static void
test_leaving_makes_room(AdmissionTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolAddress address = request_from("192.0.2.9");
    guint64 marks[8];

    for (guint i = 0; i < 8; i++)
        marks[i] = obol_admission_enter(&t->admission, &address);
    for (guint i = 0; i < 8; i++)
        obol_admission_leave(&t->admission, marks[i]);
    g_assert_cmpint(judge(t, "192.0.2.9", REQUEST_PLAIN, none), ==, OBOL_ADMIT);
    g_assert_cmpuint(t->admission.by_address.n, ==, 0);
}

#define COOKIE_TEST(name, func) g_test_add("/dispatcher/cookie/" name, CookieTest, NULL, set_up, func, tear_down)
#define ADMISSION_TEST(name, func) \
    g_test_add("/dispatcher/admission/" name, AdmissionTest, NULL, admit_set_up, func, admit_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    COOKIE_TEST("is-between-1-and-64-bytes", test_is_between_1_and_64_bytes);
    COOKIE_TEST("is-bound-to-nonce-address-and-spi", test_is_bound_to_nonce_address_and_spi);
    COOKIE_TEST("every-other-is-refused", test_every_other_is_refused);
    COOKIE_TEST("survives-one-renewal-of-the-secret-and-not-two", test_survives_one_renewal_of_the_secret_and_not_two);
    COOKIE_TEST("dies-in-a-long-silence", test_dies_in_a_long_silence);
    ADMISSION_TEST("a-cookie-is-asked-for-above-the-threshold-only",
                   test_a_cookie_is_asked_for_above_the_threshold_only);
    ADMISSION_TEST("a-wrong-cookie-is-as-none", test_a_wrong_cookie_is_as_none);
    ADMISSION_TEST("a-cookie-that-is-not-first-is-none", test_a_cookie_that_is_not_first_is_none);
    ADMISSION_TEST("what-is-malformed-gets-no-answer-under-load", test_what_is_malformed_gets_no_answer_under_load);
    ADMISSION_TEST("no-byte-can-make-it-read-too-far", test_no_byte_can_make_it_read_too_far);
    ADMISSION_TEST("the-limit-of-all-is-silent", test_the_limit_of_all_is_silent);
    ADMISSION_TEST("an-address-has-its-own-limit", test_an_address_has_its_own_limit);
    ADMISSION_TEST("an-ipv6-site-is-one-address", test_an_ipv6_site_is_one_address);
    ADMISSION_TEST("leaving-makes-room", test_leaving_makes_room);
    return g_test_run();
}
