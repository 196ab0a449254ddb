/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-gateway.c - gateways of a redirect, as text and on the wire (RFC 5685 sections 9.2 and 9.3). */
#include <string.h>

#include "model/gateway.h"

#define NAME_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static const struct {
    const char *text;
    gsize n;
    guint8 wire[20];
} good[] = {
    { "192.0.2.9", 6, { 1, 4, 192, 0, 2, 9 } },
    { "2001:db8::9", 18, { 2, 16, 0x20, 0x01, 0x0d, 0xb8, [17] = 9 } },
    { "gw.example", 12, { 3, 10, 'g', 'w', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' } },
};

static void
test_texts_and_bytes_are_each_others(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        guint8 wire[OBOL_GATEWAY_WIRE_MAX];
        char text[OBOL_GATEWAY_NAME_MAX + 1];
        ObolGateway gateway, back;
        ObolSpan rest;

        g_assert_true(obol_gateway_parse(good[i].text, &gateway));
        g_assert_true(obol_gateway_is_set(&gateway));
        g_assert_cmpmem(wire, obol_gateway_write(&gateway, wire), good[i].wire, good[i].n);
        g_assert_true(obol_gateway_read((ObolSpan) { good[i].wire, good[i].n }, &back, &rest));
        g_assert_cmpuint(rest.n, ==, 0);
        g_assert_cmpstr(obol_gateway_format(&back, text), ==, good[i].text);
    }
}

/* The nonce of IKE_SA_INIT. */
static void
test_what_follows_is_told(void)
{
    const guint8 wire[] = { 1, 4, 192, 0, 2, 9, 7, 8, 9 };
    ObolGateway gateway;
    ObolSpan rest;

    g_assert_true(obol_gateway_read((ObolSpan) { wire, sizeof wire }, &gateway, &rest));
    g_assert_cmpmem(rest.data, rest.n, wire + 6, 3);
}

static void
test_every_truncation_is_refused(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        for (gsize n = 0; n < good[i].n; n++) {
            g_autofree guint8 *exact = g_memdup2(good[i].wire, n); /* ASan sees one byte too far */
            ObolGateway gateway;
            ObolSpan rest;

            g_assert_false(obol_gateway_read((ObolSpan) { exact, n }, &gateway, &rest));
        }
    }
}

static const struct {
    const char *name;
    gsize n;
    guint8 wire[24];
} bad[] = {
    { "an-unknown-kind", 6, { 4, 4, 192, 0, 2, 9 } },
    { "an-ipv4-address-of-five-bytes", 7, { 1, 5, 192, 0, 2, 9, 9 } },
    { "an-ipv6-address-of-four-bytes", 6, { 2, 4, 192, 0, 2, 9 } },
    { "the-address-zero", 6, { 1, 4, 0, 0, 0, 0 } },
    { "an-empty-name", 2, { 3, 0 } },
    { "a-name-with-a-line-break", 6, { 3, 4, 'g', 'w', '\n', 'x' } },
    { "a-name-with-a-zero-byte", 6, { 3, 4, 'g', 'w', 0, 'x' } },
    { "a-name-with-a-space", 6, { 3, 4, 'g', 'w', ' ', 'x' } },
    { "a-name-that-begins-with-a-hyphen", 6, { 3, 4, '-', 'g', 'w', 'x' } },
    { "a-name-of-digits-and-dots", 9, { 3, 7, '1', '.', '2', '.', '3', '.', '4' } },
};

static void
test_is_no_gateway(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    ObolGateway gateway;
    ObolSpan rest;

    g_assert_false(obol_gateway_read((ObolSpan) { bad[i].wire, bad[i].n }, &gateway, &rest));
}

static void
test_bad_texts_are_refused(void)
{
    static const char *const texts[] = {
        "", "0.0.0.0", "::", "192.0.2", "192.0.2.300", "gw example", "gw\n", ".gw", "-gw",
        NAME_63 "." NAME_63 "." NAME_63 "." NAME_63, /* 255 */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        ObolGateway gateway;

        g_assert_false(obol_gateway_parse(texts[i], &gateway));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/gateway/texts-and-bytes-are-each-others", test_texts_and_bytes_are_each_others);
    g_test_add_func("/model/gateway/what-follows-is-told", test_what_follows_is_told);
    g_test_add_func("/model/gateway/every-truncation-is-refused", test_every_truncation_is_refused);
    g_test_add_func("/model/gateway/bad-texts-are-refused", test_bad_texts_are_refused);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *name = g_strdup_printf("/model/gateway/%s-is-none", bad[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_is_no_gateway);
    }
    return g_test_run();
}
