/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/main.c - obol-pfkey-proxy: a command line around the proxy's server. */
#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/activation.h"
#include "pfkey-kernel/proxy/options.h"
#include "pfkey-kernel/proxy/raw.h"
#include "pfkey-kernel/proxy/server.h"

/* sysexits' EX_USAGE: an admin must mend something. */
#define EXIT_USAGE 64

static void
write_line(gpointer data, PfkeyLogLevel level, const char *line)
{
    const PfkeyOptions *options = data;

    if (level < PFKEY_LOG_DEBUG || options->verbose)
        fprintf(stderr, "obol-pfkey-proxy: %s\n", line);
}

static gboolean
quit(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_CONTINUE;
}

static gboolean
listen_at(PfkeyServer *server, const PfkeyOptions *options, const PfkeyEndpoint *endpoint, GError **error)
{
    int fd = pfkey_listen(endpoint, &options->file, error);

    return fd >= 0 && pfkey_server_listen(server, fd, endpoint, error);
}

/* What was handed to us, then what the command line names; without either, the usual place. */
static gboolean
listen_everywhere(PfkeyServer *server, const PfkeyOptions *options, GError **error)
{
    guint n_handed = pfkey_activation_take();
    g_auto(PfkeyEndpoint) usual = { 0 };

    for (guint i = 0; i < n_handed; i++) {
        g_auto(PfkeyEndpoint) endpoint = { 0 };
        int fd = PFKEY_ACTIVATION_FIRST + (int) i;

        if (!pfkey_activation_endpoint(fd, &endpoint, error) || !pfkey_options_complete(options, &endpoint, error) ||
            !pfkey_server_listen(server, fd, &endpoint, error))
            return FALSE;
    }
    for (guint i = 0; i < options->listen->len; i++)
        if (!listen_at(server, options, &g_array_index(options->listen, PfkeyEndpoint, i), error))
            return FALSE;
    if (n_handed > 0 || options->listen->len > 0)
        return TRUE;
    return pfkey_endpoint_parse(PFKEY_PROXY_DEFAULT_LISTEN, &usual, error) && listen_at(server, options, &usual, error);
}

/* A kernel without PF_KEY is told now, not to the first client. */
static gboolean
kernel_is_there(GError **error)
{
    int fd = pfkey_privileged_open(NULL, error);

    if (fd < 0)
        return FALSE;
    close(fd);
    return TRUE;
}

static void
remove_files(const PfkeyOptions *options)
{
    for (guint i = 0; i < options->listen->len; i++) {
        const PfkeyEndpoint *endpoint = &g_array_index(options->listen, PfkeyEndpoint, i);

        if (endpoint->via == PFKEY_VIA_UNIX)
            unlink(endpoint->path); /* in vain where the folder is not ours any more: the next one replaces it */
    }
}

static int
run(PfkeyOptions *options)
{
    PfkeyServerSettings settings = {
        PFKEY_SERVER_DEFAULTS, .system = pfkey_this_system, .extra = options->extra,
        .users = (const uid_t *) (gpointer) options->users->data, .n_users = options->users->len,
        .groups = (const gid_t *) (gpointer) options->groups->data, .n_groups = options->groups->len,
        .open_kernel = pfkey_privileged_open, .log = write_line, .data = options,
    };
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(PfkeyServer) server = pfkey_server_new(NULL, &settings);
    g_autoptr(GError) error = NULL;

    settings.clients_max = (guint) options->clients_max;
    if (!kernel_is_there(&error) || !listen_everywhere(server, options, &error) || !pfkey_privileges_drop(&options->run_as, &error)) {
        fprintf(stderr, "obol-pfkey-proxy: %s\n", error->message);
        return EXIT_FAILURE;
    }
    g_unix_signal_add(SIGTERM, quit, loop);
    g_unix_signal_add(SIGINT, quit, loop);
    write_line(options, PFKEY_LOG_NOTICE, "ready");
    g_main_loop_run(loop);
    remove_files(options);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    g_auto(PfkeyOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    setlocale(LC_ALL, "");
    if (!pfkey_options_parse(&argc, &argv, &options, &error)) {
        fprintf(stderr, "obol-pfkey-proxy: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (options.version) {
        puts("obol-pfkey-proxy " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    return run(&options);
}
