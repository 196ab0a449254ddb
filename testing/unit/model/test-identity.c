/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-identity.c - identities: read, shown, compared, matched; addresses on the way. */
#include <obol/identity.h>
#include <obol/settings.h>
#include <string.h>

#include "model/dn.h"

static ObolIdentity *
identity(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolIdentity *id = obol_identity_parse(text, &error);

    g_assert_no_error(error);
    return id;
}

static void
test_text_tells_the_type(void)
{
    static const struct {
        const char *text;
        guint8 type;
        const char *shown;
    } rows[] = {
        { "gw.example.org", OBOL_ID_FQDN, "gw.example.org" },
        { "@gw.example.org", OBOL_ID_FQDN, "gw.example.org" },
        { "fqdn:192.0.2.1", OBOL_ID_FQDN, "192.0.2.1" },
        { "user@example.org", OBOL_ID_RFC822_ADDR, "user@example.org" },
        { "@@user", OBOL_ID_RFC822_ADDR, "user" },
        { "192.0.2.1", OBOL_ID_IPV4_ADDR, "192.0.2.1" },
        { "2001:DB8::1", OBOL_ID_IPV6_ADDR, "2001:db8::1" },
        { "@#0a1B", OBOL_ID_KEY_ID, "@#0a1b" },
        { "keyid:abc", OBOL_ID_KEY_ID, "@#616263" },
        { "C=CH, O=Obol, CN=gw", OBOL_ID_DER_ASN1_DN, "C=CH, O=Obol, CN=gw" },
        { "/C=CH/O=a\\, b/CN=gw", OBOL_ID_DER_ASN1_DN, "C=CH, O=a\\, b, CN=gw" },
        { "asn1gn:#8600", OBOL_ID_DER_ASN1_GN, "asn1gn:#8600" },
        { "%any", 0, "%any" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ObolIdentity) id = identity(rows[i].text);
        g_autofree char *shown = obol_identity_format(id);

        g_assert_cmpuint(id->type, ==, rows[i].type);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

static void
test_nonsense_is_refused(void)
{
    static const char *const texts[] = { "", "  ", "@#0", "@#xy", "ipv4:::1", "ipv6:192.0.2.1", "asn1dn:nothing", "XX=1, CN=2", "CN",
                                         "asn1gn:text", "email:", "=x" };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ObolIdentity) id = obol_identity_parse(texts[i], &error);

        if (g_str_equal(texts[i], "CN"))
            continue; /* a host may have that name */
        g_assert_null(id);
        g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
    }
}

static void
test_patterns_match_what_they_say(void)
{
    static const struct {
        const char *pattern, *id;
        gboolean match;
    } rows[] = {
        { "%any", "gw.example.org", TRUE },
        { "gw.example.org", "GW.Example.ORG", TRUE },
        { "gw.example.org", "gw2.example.org", FALSE },
        { "*.example.org", "gw.example.org", TRUE },
        { "*.example.org", ".example.org", FALSE },
        { "*.example.org", "gwexample.org", FALSE },
        { "*@example.org", "user@example.org", TRUE },
        { "*@example.org", "example.org", FALSE },
        { "user@example.org", "User@example.org", FALSE },
        { "user@example.org", "user@EXAMPLE.org", TRUE },
        { "192.0.2.1", "192.0.2.1", TRUE },
        { "192.0.2.1", "fqdn:192.0.2.1", FALSE },
        { "C=CH, O=Obol, CN=*", "C=CH, O=Obol, CN=gw", TRUE },
        { "C=CH, O=Obol, CN=*", "C=CH, O=Other, CN=gw", FALSE },
        { "C=CH, CN=*", "C=CH, O=Obol, CN=gw", FALSE },
        { "keyid:abc", "keyid:ABC", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ObolIdentity) pattern = identity(rows[i].pattern), id = identity(rows[i].id);

        if ((obol_identity_match(pattern, id) > 0) != rows[i].match)
            g_error("%s against %s", rows[i].pattern, rows[i].id);
    }
}

static void
test_the_closer_pattern_matches_more(void)
{
    static const char *const closer[] = { "%any", "*.org", "*.example.org", "gw.example.org" };
    g_autoptr(ObolIdentity) id = identity("gw.example.org");
    guint last = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(closer); i++) {
        g_autoptr(ObolIdentity) pattern = identity(closer[i]);
        guint match = obol_identity_match(pattern, id);

        g_assert_cmpuint(match, >, last);
        last = match;
    }
}

/* Whatever a peer sends as a name is shown or refused, and never read beyond its end. */
static void
test_every_altered_name_is_survived(void)
{
    g_autoptr(ObolIdentity) whole = identity("C=CH, ST=Bern, O=Obol, OU=Test, CN=gw.example.org, E=a@b.c");

    for (gsize n = 0; n <= whole->n; n++) {
        g_autofree guint8 *cut = g_memdup2(whole->data, n);
        g_autofree char *text = obol_dn_format(cut, n);

        g_assert_cmpint(text != NULL, ==, n == whole->n);
    }
    for (gsize bit = 0; bit < whole->n * 8u; bit++) {
        g_autofree guint8 *flipped = g_memdup2(whole->data, whole->n);
        g_autoptr(ObolIdentity) id = NULL;
        g_autofree char *text = NULL;

        flipped[bit / 8] ^= (guint8) (1 << bit % 8);
        id = obol_identity_new(OBOL_ID_DER_ASN1_DN, flipped, whole->n);
        text = obol_identity_format(id);
        g_assert_nonnull(text);
        obol_identity_match(whole, id);
    }
}

static void
test_no_control_character_is_shown(void)
{
    static const guint8 bytes[] = "a\n\x1b[31m\xff\0b";
    static const guint8 types[] = { OBOL_ID_FQDN, OBOL_ID_RFC822_ADDR, OBOL_ID_KEY_ID, OBOL_ID_DER_ASN1_DN, OBOL_ID_IPV4_ADDR, 77 };

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(ObolIdentity) id = obol_identity_new(types[i], bytes, sizeof bytes);
        g_autofree char *text = obol_identity_format(id);

        for (const char *p = text; *p != '\0'; p++)
            g_assert_true(g_ascii_isprint(*p));
    }
}

static void
test_an_identity_has_a_limit(void)
{
    g_autofree guint8 *long_one = g_malloc0(OBOL_IDENTITY_MAX + 1);
    g_autoptr(ObolIdentity) most = obol_identity_new(OBOL_ID_KEY_ID, long_one, OBOL_IDENTITY_MAX);

    g_assert_nonnull(most);
    g_assert_null(obol_identity_new(OBOL_ID_KEY_ID, long_one, OBOL_IDENTITY_MAX + 1));
}

static void
test_addresses_come_back_as_they_went(void)
{
    static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "fe80::1%2", "%any", "::", "255.255.255.255" };
    static const char *const bad[] = { "", "192.0.2", "192.0.2.1/24", "192.0.2.1%2", "fe80::1%x", "fe80::1%0", "1.2.3.4.5", "::g" };
    ObolAddress address, back;
    struct sockaddr_storage storage;
    char text[OBOL_ADDRESS_TEXT_MAX];

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(obol_address_parse(texts[i], &address));
        g_assert_cmpstr(obol_address_format(&address, text), ==, texts[i]);
        address.port = 4500;
        if (obol_address_to_sockaddr(&address, &storage) > 0) {
            g_assert_true(obol_address_from_sockaddr((const struct sockaddr *) &storage, &back));
            g_assert_true(obol_endpoint_equal(&address, &back));
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(obol_address_parse(bad[i], &address));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/identity/text-tells-the-type", test_text_tells_the_type);
    g_test_add_func("/model/identity/nonsense-is-refused", test_nonsense_is_refused);
    g_test_add_func("/model/identity/patterns-match-what-they-say", test_patterns_match_what_they_say);
    g_test_add_func("/model/identity/the-closer-pattern-matches-more", test_the_closer_pattern_matches_more);
    g_test_add_func("/model/identity/every-altered-name-is-survived", test_every_altered_name_is_survived);
    g_test_add_func("/model/identity/no-control-character-is-shown", test_no_control_character_is_shown);
    g_test_add_func("/model/identity/has-a-limit", test_an_identity_has_a_limit);
    g_test_add_func("/model/address/comes-back-as-it-went", test_addresses_come_back_as_they_went);
    return g_test_run();
}
