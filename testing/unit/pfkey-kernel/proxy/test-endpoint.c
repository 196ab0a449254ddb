/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/test-endpoint.c - what an admin may write: endpoints, options, files of keys. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/activation.h"
#include "pfkey-kernel/proxy/filter.h"
#include "pfkey-kernel/proxy/frame.h"
#include "pfkey-kernel/proxy/options.h"
#include "pfkey-kernel/proxy/psk.h"

static void
test_endpoints_are_read_and_written_alike(void)
{
    static const char *const good[] = { "raw", "unix:/run/obol/pfkey", "tcp:127.0.0.1:4510", "tcp:[2001:db8::1]:65535" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_auto(PfkeyEndpoint) endpoint = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        pfkey_endpoint_parse(good[i], &endpoint, &error);
        g_assert_no_error(error);
        text = pfkey_endpoint_text(&endpoint);
        g_assert_cmpstr(text, ==, good[i]);
    }
}

static void
test_nonsense_is_refused_with_what_is_expected(void)
{
    static const char *const bad[] = {
        "", "raw:", "unix:", "unix:relative", "tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:0", "tcp:127.0.0.1:65536", "tcp:localhost:1",
        "tcp:2001:db8::1:500", "tcp:[127.0.0.1]:1", "tcp:%any:1", "udp:127.0.0.1:1", "tcp:127.0.0.1:+5", "tcp:[]:5",
    };
    g_autofree char *path = g_strnfill(200, 'x'), *text = g_strdup_printf("unix:/%s", path);

    for (gsize i = 0; i <= G_N_ELEMENTS(bad); i++) {
        g_auto(PfkeyEndpoint) endpoint = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_false(pfkey_endpoint_parse(i < G_N_ELEMENTS(bad) ? bad[i] : text, &endpoint, &error));
        g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        g_assert_nonnull(strstr(error->message, "unix:/PATH"));
    }
}

/* The command line as the program gets it. */
static gboolean
parse(const char *line, PfkeyOptions *out, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    int argc = (int) g_strv_length(words);
    char **copy = g_memdup2(words, sizeof *words * (gsize) (argc + 1)), **argv = copy;
    gboolean good = pfkey_options_parse(&argc, &argv, out, error);

    g_free(copy);
    return good;
}

static void
test_beyond_loopback_proof_is_needed(void)
{
    static const struct { const char *line; gboolean good; const char *why; } cases[] = {
        { "proxy --listen tcp:127.0.0.1:4510", TRUE, NULL },
        { "proxy --listen tcp:127.9.9.9:4510", TRUE, NULL },
        { "proxy --listen tcp:[::1]:4510", TRUE, NULL },
        { "proxy --listen unix:/run/x", TRUE, NULL },
        { "proxy --listen tcp:0.0.0.0:4510", FALSE, "must prove" },
        { "proxy --listen tcp:[::]:4510", FALSE, "must prove" },
        { "proxy --listen tcp:192.0.2.1:4510", FALSE, "must prove" },
        { "proxy --listen tcp:[::ffff:127.0.0.1]:4510", FALSE, "must prove" },
        { "proxy --listen tcp:192.0.2.1:4510 --psk-file /x", TRUE, NULL },
        { "proxy --listen tcp:192.0.2.1:4510 --cert /x --key /y", FALSE, "all three" },
        { "proxy --listen tcp:192.0.2.1:4510 --cert /x --key /y --ca /z", TRUE, NULL },
        { "proxy --listen tcp:192.0.2.1:4510 --cert /x --key /y --ca /z --psk-file /x", FALSE, "not both" },
        { "proxy --listen unix:/run/x --listen tcp:192.0.2.1:4510", FALSE, "must prove" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(PfkeyOptions) options = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(parse(cases[i].line, &options, &error), ==, cases[i].good);
        if (!cases[i].good)
            g_assert_nonnull(strstr(error->message, cases[i].why));
    }
}

static void
test_options_are_checked(void)
{
    static const char *const bad[] = {
        "proxy --allow everything", "proxy --mode 888", "proxy --mode 1000", "proxy --user no-such-user-here",
        "proxy --group no-such-group-here", "proxy --run-as no-such-user-here", "proxy --max-clients 0", "proxy --listen raw",
        "proxy word", "proxy --no-such-option",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(PfkeyOptions) options = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_false(parse(bad[i], &options, &error));
        g_assert_nonnull(error);
    }
}

static void
test_options_are_taken(void)
{
    g_auto(PfkeyOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    parse("proxy --user root --group root --allow flush,promisc --allow spdflush --run-as root --max-clients 3 -v", &options, &error);
    g_assert_no_error(error);
    g_assert_cmphex(options.extra, ==, PFKEY_FILTER_ASKED_FOR);
    g_assert_cmpuint(options.users->len, ==, 1);
    g_assert_cmpuint(g_array_index(options.groups, gid_t, 0), ==, 0);
    g_assert_cmphex(options.file.mode, ==, 0660); /* for the group */
    g_assert_cmpuint(options.file.owner, ==, 0);
    g_assert_cmpuint(options.run_as.uid, ==, 0);
    g_assert_cmpint(options.clients_max, ==, 3);
    g_assert_true(options.verbose);
}

/* A file of @text and @mode, read as keys. */
static PfkeyPskFile *
read_keys(const char *text, mode_t mode, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("obol-psk-XXXXXX", &path, NULL);
    PfkeyPskFile *file;

    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize) strlen(text));
    fchmod(fd, mode);
    close(fd);
    file = pfkey_psk_file_read(path, error);
    g_unlink(path);
    return file;
}

#define KEY "000102030405060708090a0b0c0d0e0f"

static void
test_keys_are_read(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PfkeyPskFile) file = read_keys("# ours\n\ngate:" KEY "\nother:" KEY "FF\n", 0600, &error);
    const ObolSecret *key;

    g_assert_no_error(error);
    key = pfkey_psk_file_find(file, "gate");
    g_assert_cmpuint(key->n, ==, 16);
    g_assert_cmpuint(key->bytes[15], ==, 15);
    g_assert_cmpuint(pfkey_psk_file_find(file, "other")->bytes[16], ==, 255);
    g_assert_null(pfkey_psk_file_find(file, "nobody"));
    g_assert_null(pfkey_psk_file_only(file));
}

static void
test_bad_keys_are_refused_and_never_shown(void)
{
    static const struct { const char *text; mode_t mode; const char *why; } cases[] = {
        { "gate:" KEY "\n", 0640, "chmod 600" },
        { "gate:" KEY "\n", 0604, "chmod 600" },
        { "gate:0001020304\n", 0600, ":1: a key is at least" },
        { "#\ngate:" KEY "0\n", 0600, ":2: a key is at least" },
        { "gate:" KEY "zz\n", 0600, ":1: a key is hexadecimal" },
        { KEY "\n", 0600, ":1: expected" },
        { "a:" KEY "\na:" KEY "\n", 0600, ":2: this identity" },
        { "# none\n", 0600, "no key in it" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_keys(cases[i].text, cases[i].mode, &error));
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, cases[i].why));
        g_assert_null(strstr(error->message, "0001"));
    }
}

static void
test_good_byes_are_fit_for_a_log(void)
{
    static const guint8 hostile[] = "so\nlong\033[2J\377\376";
    g_autofree char *text = pfkey_bye_text((ObolSpan) { hostile, sizeof hostile - 1 });
    g_autofree char *empty = pfkey_bye_text((ObolSpan) { NULL, 0 });

    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_true(g_str_has_prefix(text, "so?long?[2J"));
    g_assert_cmpstr(empty, ==, "");
}

static void
test_sockets_that_were_handed_over_are_ours_alone(void)
{
    g_autofree char *pid = g_strdup_printf("%d", (int) getpid());

    g_setenv("LISTEN_FDS", "2", TRUE);
    g_setenv("LISTEN_PID", "1", TRUE);
    g_assert_cmpuint(pfkey_activation_take(), ==, 0); /* another's */
    g_assert_null(g_getenv("LISTEN_FDS"));
    g_setenv("LISTEN_FDS", "nonsense", TRUE);
    g_setenv("LISTEN_PID", pid, TRUE);
    g_assert_cmpuint(pfkey_activation_take(), ==, 0);
    g_assert_cmpuint(pfkey_activation_take(), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/endpoint/" path, function)
    CLAIM("endpoints-are-read-and-written-alike", test_endpoints_are_read_and_written_alike);
    CLAIM("nonsense-is-refused-with-what-is-expected", test_nonsense_is_refused_with_what_is_expected);
    CLAIM("beyond-loopback-proof-is-needed", test_beyond_loopback_proof_is_needed);
    CLAIM("options-are-checked", test_options_are_checked);
    CLAIM("options-are-taken", test_options_are_taken);
    CLAIM("keys-are-read", test_keys_are_read);
    CLAIM("bad-keys-are-refused-and-never-shown", test_bad_keys_are_refused_and_never_shown);
    CLAIM("good-byes-are-fit-for-a-log", test_good_byes_are_fit_for_a_log);
    CLAIM("sockets-that-were-handed-over-are-ours-alone", test_sockets_that_were_handed_over_are_ours_alone);
    return g_test_run();
}
