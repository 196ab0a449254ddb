/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-notify.c - what each registered notification and configuration attribute may carry. */
#include "lib/hex.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

#define DATA_MAX 300

typedef struct {
    guint16 type;
    char *data; /* the registry's words for its notification data */
} Registered;

/* The numbered rows of testing/data/iana/@file; ranges are left out. */
static GArray *
registered(const char *file, guint column)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "iana", file, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(Registered));

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        Registered row = { .type = (guint16) g_ascii_strtoull(cells[0], NULL, 10) };

        if (strchr(cells[0], '-') != NULL || strcmp(cells[1], "Reserved") == 0)
            continue;
        g_assert_cmpuint(g_strv_length(cells), >, column);
        row.data = g_strdup(cells[column]);
        g_array_append_val(rows, row);
    }
    return rows;
}

static void
registered_free(GArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        g_free(g_array_index(rows, Registered, i).data);
    g_array_unref(rows);
}

/* The notification with @n bytes of data, and the SPI of an ESP SA where the type is about one. */
static gboolean
valid(guint16 type, gsize n)
{
    static const guint8 spi[4] = { 1, 2, 3, 4 }, data[DATA_MAX];
    ObolNotifyPayload notify = { .type = type, .data = { data, n } };
    gboolean child = type == OBOL_N_REKEY_SA || type == OBOL_N_INVALID_SELECTORS || type == OBOL_N_CHILD_SA_NOT_FOUND;

    if (child) {
        notify.protocol = OBOL_PROTO_ESP;
        notify.spi = (ObolSpan) { spi, sizeof spi };
    }
    return obol_notify_data_valid(&notify);
}

/* What the registry says in words: @least to @most bytes, in steps.  @least - 1 and @most + 1 must be refused. */
static const struct { guint16 type; gsize least, most, step; } lengths[] = {
    { OBOL_N_UNSUPPORTED_CRITICAL_PAYLOAD, 1, 1, 1 },
    { OBOL_N_INVALID_MESSAGE_ID, 4, 4, 1 },
    { OBOL_N_INVALID_SPI, 4, 4, 1 },
    { OBOL_N_INVALID_KE_PAYLOAD, 2, 2, 1 },
    { OBOL_N_INVALID_SELECTORS, 0, DATA_MAX, 1 },
    { OBOL_N_SET_WINDOW_SIZE, 4, 4, 1 },
    { OBOL_N_IPCOMP_SUPPORTED, 3, 3, 1 },
    { OBOL_N_NAT_DETECTION_SOURCE_IP, 20, 20, 1 },
    { OBOL_N_NAT_DETECTION_DESTINATION_IP, 20, 20, 1 },
    { OBOL_N_COOKIE, 1, 64, 1 },
    { OBOL_N_MOBIKE_SUPPORTED, 0, DATA_MAX, 1 }, /* "none", but RFC 4555 section 4.2.1: contents are ignored */
    { OBOL_N_ADDITIONAL_IP4_ADDRESS, 4, 4, 1 },
    { OBOL_N_ADDITIONAL_IP6_ADDRESS, 16, 16, 1 },
    { OBOL_N_COOKIE2, 8, 64, 1 },
    { OBOL_N_NO_NATS_ALLOWED, 12, 36, 24 },
    { OBOL_N_AUTH_LIFETIME, 4, 4, 1 },
    { OBOL_N_TICKET_LT_OPAQUE, 5, DATA_MAX, 1 },
    { OBOL_N_TICKET_OPAQUE, 1, DATA_MAX, 1 },
    { OBOL_N_LINK_ID, 1, DATA_MAX, 1 },
    { OBOL_N_QUICK_CRASH_DETECTION, 16, 128, 1 },
    { OBOL_N_IKEV2_MESSAGE_ID_SYNC, 12, 12, 1 },
    { OBOL_N_IPSEC_REPLAY_COUNTER_SYNC, 4, 8, 4 },
    { OBOL_N_SECURE_PASSWORD_METHODS, 2, DATA_MAX, 2 },
    { OBOL_N_SIGNATURE_HASH_ALGORITHMS, 2, DATA_MAX, 2 },
    { OBOL_N_PUZZLE, 3, 3, 1 },
    { OBOL_N_PPK_IDENTITY, 0, DATA_MAX, 1 }, /* RFC 8784 section 3: empty in the answer */
    { OBOL_N_NO_PPK_AUTH, 1, DATA_MAX, 1 },
    { OBOL_N_INTERMEDIATE_EXCHANGE_SUPPORTED, 0, DATA_MAX, 1 }, /* "none", but RFC 9242 section 3.1: ignored */
    { OBOL_N_ADDITIONAL_KEY_EXCHANGE, 0, DATA_MAX, 1 },
    { OBOL_N_USE_AGGFRAG, 1, 1, 1 },
    { OBOL_N_SA_RESOURCE_INFO, 0, DATA_MAX, 1 },
    { OBOL_N_PPK_IDENTITY_KEY, 9, DATA_MAX, 1 },
};

/* Their data has a structure, and a test of its own below. */
static const guint16 structured[] = {
    OBOL_N_REDIRECT, OBOL_N_REDIRECTED_FROM, OBOL_N_ROHC_SUPPORTED, OBOL_N_SUPPORTED_AUTH_METHODS,
};

static gboolean
is_structured(guint16 type)
{
    for (guint i = 0; i < G_N_ELEMENTS(structured); i++) {
        if (structured[i] == type)
            return TRUE;
    }
    return FALSE;
}

static void
check_registered(const Registered *row)
{
    gsize least = 0, most = strncmp(row->data, "none", 4) == 0 ? 0 : DATA_MAX, step = 1;
    gboolean told = most == 0 || row->data[0] == '\0' || is_structured(row->type);

    if (is_structured(row->type))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        if (lengths[i].type == row->type) {
            least = lengths[i].least;
            most = lengths[i].most;
            step = lengths[i].step;
            told = TRUE;
        }
    }
    g_test_message("%u: %s", row->type, row->data);
    g_assert_true(told); /* a new row of the registry wants a line in this test */
    for (gsize n = 0; n <= DATA_MAX; n++)
        g_assert_cmpint(valid(row->type, n), ==, n >= least && n <= most && (n - least) % step == 0);
}

static void
check_registry(const char *file, guint at_least)
{
    GArray *rows = registered(file, 3);

    g_assert_cmpuint(rows->len, >=, at_least);
    for (guint i = 0; i < rows->len; i++)
        check_registered(&g_array_index(rows, Registered, i));
    registered_free(rows);
}

static void
test_every_registered_error_carries_what_it_should(void)
{
    check_registry("notify-error-types.tsv", 25);
}

static void
test_every_registered_status_carries_what_it_should(void)
{
    check_registry("notify-status-types.tsv", 64);
}

static void
test_structured_data_is_checked(void)
{
    static const struct { guint16 type; const char *hex; gboolean valid; } data[] = {
        { OBOL_N_REDIRECT, "01 04 c6336407", TRUE },
        { OBOL_N_REDIRECT, "03 0a 6777322e646f6d61696e 000102030405060708090a0b0c0d0e0f", TRUE },
        { OBOL_N_REDIRECT, "02 10 20010db8000000000000000000000001", TRUE },
        { OBOL_N_REDIRECT, "02 04 c6336407", FALSE },
        { OBOL_N_REDIRECT, "01 05 c6336407", FALSE },
        { OBOL_N_REDIRECT, "04 04 c6336407", FALSE },
        { OBOL_N_REDIRECT, "03 00 00", FALSE },
        { OBOL_N_REDIRECT, "01 04 c6336407 0001", FALSE }, /* no nonce is that short */
        { OBOL_N_REDIRECTED_FROM, "01 04 c6336407", TRUE },
        { OBOL_N_REDIRECTED_FROM, "02 10 20010db8000000000000000000000001", TRUE },
        { OBOL_N_REDIRECTED_FROM, "03 04 61626364", FALSE }, /* section 9.3 of RFC 5685 has no FQDN here */
        { OBOL_N_REDIRECTED_FROM, "01 04 c633640700", FALSE },
        { OBOL_N_ROHC_SUPPORTED, "8001000f 80020006 80050000", TRUE },
        { OBOL_N_ROHC_SUPPORTED, "8001000f 00030002abcd 80050000", TRUE },
        { OBOL_N_ROHC_SUPPORTED, "8001000f 80020006", FALSE },
        { OBOL_N_ROHC_SUPPORTED, "8001000f 80020006 00030002", FALSE },
        { OBOL_N_SUPPORTED_AUTH_METHODS, "0202", TRUE },
        { OBOL_N_SUPPORTED_AUTH_METHODS, "0202 030100 050e00abcd", TRUE },
        { OBOL_N_SUPPORTED_AUTH_METHODS, "0202 00", FALSE }, /* an announcement that advances by nothing */
        { OBOL_N_SUPPORTED_AUTH_METHODS, "0202 0102", FALSE },
        { OBOL_N_SUPPORTED_AUTH_METHODS, "0202 0301", FALSE },
        { OBOL_N_SUPPORTED_AUTH_METHODS, "", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        g_autoptr(GBytes) bytes = obol_hex_parse(data[i].hex);
        gsize n;
        const guint8 *octets = g_bytes_get_data(bytes, &n);
        ObolNotifyPayload notify = { .type = data[i].type, .data = { octets, n } };

        g_test_message("%u: %s", data[i].type, data[i].hex);
        g_assert_cmpint(obol_notify_data_valid(&notify), ==, data[i].valid);
    }
}

static void
test_types_about_a_child_sa_need_its_spi(void)
{
    static const guint8 spi[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const guint16 types[] = { OBOL_N_REKEY_SA, OBOL_N_CHILD_SA_NOT_FOUND, OBOL_N_INVALID_SELECTORS };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        ObolNotifyPayload notify = { .type = types[i], .protocol = OBOL_PROTO_AH, .spi = { spi, 4 } };

        g_assert_true(obol_notify_data_valid(&notify));
        notify.spi.n = 8;
        g_assert_false(obol_notify_data_valid(&notify));
        notify.spi.n = 0;
        g_assert_false(obol_notify_data_valid(&notify));
        notify.spi.n = 4;
        notify.protocol = OBOL_PROTO_IKE;
        g_assert_false(obol_notify_data_valid(&notify));
    }
}

static void
test_unregistered_types_may_carry_anything(void)
{
    static const guint16 types[] = { 2, 100, 8192, 16448, 40960, 65535 };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_assert_true(valid(types[i], 0));
        g_assert_true(valid(types[i], DATA_MAX));
    }
}

/* "0 or 4", "0 or more", "multiple of 2", "17", "16 or 20", "8 or more": the column of the registry. */
static gboolean
length_fits(const char *words, gsize n)
{
    char *end;
    gsize first = strtoul(words, &end, 10), second;

    if (n == 0)
        return TRUE; /* requests and CFG_ACK empty whatever they name (RFC 7296 section 3.15.1) */
    if (g_str_has_prefix(words, "multiple of "))
        return n % strtoul(words + strlen("multiple of "), NULL, 10) == 0;
    if (g_str_has_prefix(end, " or more"))
        return n >= first;
    if (!g_str_has_prefix(end, " or "))
        return n == first;
    second = strtoul(end + strlen(" or "), NULL, 10);
    return n == first || n == second;
}

static void
test_every_registered_attribute_has_its_length(void)
{
    static const guint8 bytes[64];
    GArray *rows = registered("cp-attributes.tsv", 3);

    g_assert_cmpuint(rows->len, >=, 26);
    for (guint i = 0; i < rows->len; i++) {
        const Registered *row = &g_array_index(rows, Registered, i);

        g_test_message("%u: %s", row->type, row->data);
        for (gsize n = 0; n <= sizeof bytes; n++) {
            ObolCpAttribute attribute = { .type = row->type, .value = { bytes, n } };

            g_assert_cmpint(obol_cp_attribute_valid(&attribute), ==, length_fits(row->data, n));
        }
    }
    registered_free(rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/notify/every-registered-error-carries-what-it-should",
                    test_every_registered_error_carries_what_it_should);
    g_test_add_func("/wire/notify/every-registered-status-carries-what-it-should",
                    test_every_registered_status_carries_what_it_should);
    g_test_add_func("/wire/notify/structured-data-is-checked", test_structured_data_is_checked);
    g_test_add_func("/wire/notify/types-about-a-child-sa-need-its-spi", test_types_about_a_child_sa_need_its_spi);
    g_test_add_func("/wire/notify/unregistered-types-may-carry-anything", test_unregistered_types_may_carry_anything);
    g_test_add_func("/wire/cp/every-registered-attribute-has-its-length",
                    test_every_registered_attribute_has_its_length);
    return g_test_run();
}
