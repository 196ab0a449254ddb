/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-text.c - text for a terminal, secrets in swanctl's notation, exit statuses of reasons. */
#include "obolctl/ctl.h"

#include <string.h>

#include <obol/reason.h>

#include "obolctl/secrets.h"
#include "obolctl/text.h"

static void
test_nothing_steers_the_terminal(void)
{
    static const struct {
        const char *text, *clean;
    } rows[] = {
        { "plain", "plain" },
        { "gr\303\274n", "gr\303\274n" },
        { "\033[2J", "\\x1b[2J" },
        { "a\r\nb\a", "a\\x0d\\x0ab\\x07" },
        { "\302\233" "31m", "\\xc2\\x9b31m" },             /* CSI as one character of C1 */
        { "\342\200\256drow", "\\xe2\\x80\\xaedrow" },      /* right-to-left override */
        { "\377\376", "\\xff\\xfe" },
        { "\303", "\\xc3" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *clean = ctl_clean(rows[i].text);

        g_assert_cmpstr(clean, ==, rows[i].clean);
    }
}

static void
test_durations_have_two_units(void)
{
    static const struct {
        gint64 seconds;
        const char *text;
    } rows[] = {
        { 0, "0s" },          { 59, "59s" },       { 60, "1m 0s" },      { 3599, "59m 59s" },
        { 7500, "2h 5m" },    { 90000, "1d 1h" },  { -90, "-1m 30s" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = ctl_duration(rows[i].seconds);

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

static void
test_secrets_are_decoded_as_swanctl_does(void)
{
    static const struct {
        const char *text, *bytes;
    } rows[] = {
        { "plain text", "plain text" },
        { "0x6162", "ab" },
        { "0X616", "\006\026" },
        { "0sYWJj", "abc" },
        { "0sYQ==", "a" },
        { "0x", "0x" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ObolSecret) secret = ctl_secret_decode(rows[i].text, strlen(rows[i].text), &error);

        g_assert_no_error(error);
        g_assert_cmpmem(secret->bytes, secret->n, rows[i].bytes, strlen(rows[i].bytes));
    }
}

static void
test_broken_secrets_are_refused_without_showing_them(void)
{
    static const char *const bad[] = { "", "0xtopsecret", "0stop/secret", "0sYWJj!", "0s====" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(ctl_secret_decode(bad[i], strlen(bad[i]), &error));
        g_assert_error(error, CTL_ERROR, CTL_CONFIG);
        g_assert_null(strstr(error->message, "secret"));
    }
}

/* The names of the table are those of the enum: a reason that was renamed would lose its status silently. */
static void
test_reasons_have_their_exit_status(void)
{
    static const struct {
        ObolReasonCode code;
        CtlStatus status;
    } rows[] = {
        { OBOL_REASON_NET_SILENT, CTL_PEER_SILENT },      { OBOL_REASON_PROPOSAL_US, CTL_PROPOSAL },
        { OBOL_REASON_PROPOSAL_PEER, CTL_PROPOSAL },      { OBOL_REASON_KE_GROUP, CTL_PROPOSAL },
        { OBOL_REASON_TS_US, CTL_SELECTORS },             { OBOL_REASON_TS_PEER, CTL_SELECTORS },
        { OBOL_REASON_MODE, CTL_SELECTORS },              { OBOL_REASON_AUTH_PEER, CTL_PEER_REFUSED_AUTH },
        { OBOL_REASON_AUTH_US, CTL_WE_REFUSED_AUTH },     { OBOL_REASON_AUTH_METHOD, CTL_WE_REFUSED_AUTH },
        { OBOL_REASON_ID_NOMATCH, CTL_WE_REFUSED_AUTH },  { OBOL_REASON_PSK_NONE, CTL_WE_REFUSED_AUTH },
        { OBOL_REASON_KERNEL_SPI, CTL_KERNEL },           { OBOL_REASON_KERNEL_SA, CTL_KERNEL },
        { OBOL_REASON_KERNEL_POLICY, CTL_KERNEL },        { OBOL_REASON_CONFIG, CTL_CONFIG },
        { OBOL_REASON_NO_CONNECTION, CTL_NOT_FOUND },     { OBOL_REASON_INTERNAL, CTL_UP_FAILED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(ctl_status_of_reason(obol_reason_code_name(rows[i].code), CTL_UP_FAILED), ==, rows[i].status);
}

static void
test_every_verb_is_found_by_both_names(void)
{
    for (const CtlCommand *command = ctl_commands; command->name != NULL; command++) {
        g_assert_true(ctl_command_find(command->name) == command);
        if (command->alias != NULL)
            g_assert_true(ctl_command_find(command->alias) == command);
    }
    g_assert_null(ctl_command_find("no-such-verb"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/obolctl/text/nothing-steers-the-terminal", test_nothing_steers_the_terminal);
    g_test_add_func("/obolctl/text/durations-have-two-units", test_durations_have_two_units);
    g_test_add_func("/obolctl/secrets/are-decoded-as-swanctl-does", test_secrets_are_decoded_as_swanctl_does);
    g_test_add_func("/obolctl/secrets/broken-ones-are-refused-without-showing-them",
                    test_broken_secrets_are_refused_without_showing_them);
    g_test_add_func("/obolctl/report/reasons-have-their-exit-status", test_reasons_have_their_exit_status);
    g_test_add_func("/obolctl/commands/every-verb-is-found-by-both-names", test_every_verb_is_found_by_both_names);
    return g_test_run();
}
