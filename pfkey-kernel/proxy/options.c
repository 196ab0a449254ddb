/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/options.c - the command line of obol-pfkey-proxy, checked. */
#include "pfkey-kernel/proxy/options.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "pfkey-kernel/proxy/filter.h"

/* As they stand on the command line. */
typedef struct {
    char **listen, **users, **groups, **allow;
    char *mode, *run_as;
} Words;

static gboolean
bad(GError **error, const char *option, const char *word, const char *why)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: %s", option, word, why);
    return FALSE;
}

static void
clear_endpoint(gpointer endpoint)
{
    pfkey_endpoint_clear(endpoint);
}

gboolean
pfkey_options_complete(const PfkeyOptions *options, PfkeyEndpoint *endpoint, GError **error)
{
    const PfkeyEndpoint whole = { .via = endpoint->via, .path = endpoint->path, .address = endpoint->address, .tls = options->tls };
    PfkeyEndpoint copy;

    pfkey_endpoint_copy(&whole, &copy);
    pfkey_endpoint_clear(endpoint);
    *endpoint = copy;
    return pfkey_endpoint_check(endpoint, error);
}

static gboolean
take_listen(const Words *words, PfkeyOptions *out, GError **error)
{
    for (char **word = words->listen; word != NULL && *word != NULL; word++) {
        g_auto(PfkeyEndpoint) endpoint = { 0 };

        if (!pfkey_endpoint_parse(*word, &endpoint, error))
            return FALSE;
        if (endpoint.via == PFKEY_VIA_RAW)
            return bad(error, "listen", *word, "a proxy listens at unix:/PATH or tcp:ADDRESS:PORT");
        if (!pfkey_options_complete(out, &endpoint, error))
            return FALSE;
        g_array_append_val(out->listen, endpoint);
        endpoint = (PfkeyEndpoint) { 0 }; /* it has moved */
    }
    return TRUE;
}

static gboolean
take_users(const Words *words, PfkeyOptions *out, GError **error)
{
    for (char **word = words->users; word != NULL && *word != NULL; word++) {
        const struct passwd *user = getpwnam(*word);

        if (user == NULL)
            return bad(error, "user", *word, "there is no such user");
        g_array_append_val(out->users, user->pw_uid);
        if (out->file.owner == (uid_t) -1)
            out->file.owner = user->pw_uid;
    }
    for (char **word = words->groups; word != NULL && *word != NULL; word++) {
        const struct group *group = getgrnam(*word);

        if (group == NULL)
            return bad(error, "group", *word, "there is no such group");
        g_array_append_val(out->groups, group->gr_gid);
        if (out->file.group == (gid_t) -1) {
            out->file.group = group->gr_gid;
            out->file.mode = 0660;
        }
    }
    return TRUE;
}

static gboolean
take_mode(const Words *words, PfkeyOptions *out, GError **error)
{
    guint64 mode = 0;

    if (words->mode == NULL)
        return TRUE;
    for (const char *at = words->mode; *at != '\0'; at++) {
        if (*at < '0' || *at > '7' || mode > 0777)
            return bad(error, "mode", words->mode, "expected an octal number up to 777");
        mode = mode * 8 + (guint64) (*at - '0');
    }
    if (mode > 0777)
        return bad(error, "mode", words->mode, "expected an octal number up to 777");
    out->file.mode = (mode_t) mode;
    return TRUE;
}

static gboolean
take_allowed(const Words *words, PfkeyOptions *out, GError **error)
{
    for (char **list = words->allow; list != NULL && *list != NULL; list++) {
        g_auto(GStrv) each = g_strsplit(*list, ",", -1);

        for (char **word = each; *word != NULL; word++) {
            guint32 bit = pfkey_filter_word(*word);

            if (bit == 0)
                return bad(error, "allow", *word, "expected flush, spdflush or promisc");
            out->extra |= bit;
        }
    }
    return TRUE;
}

static gboolean
take_run_as(const Words *words, PfkeyOptions *out, GError **error)
{
    const struct passwd *user;

    if (words->run_as == NULL)
        return TRUE;
    user = getpwnam(words->run_as);
    if (user == NULL)
        return bad(error, "run-as", words->run_as, "there is no such user");
    out->run_as_name = g_strdup(words->run_as);
    out->run_as = (PfkeyRunAs) { user->pw_uid, user->pw_gid, out->run_as_name };
    return TRUE;
}

static void
clear_words(Words *words)
{
    g_strfreev(words->listen);
    g_strfreev(words->users);
    g_strfreev(words->groups);
    g_strfreev(words->allow);
    g_free(words->mode);
    g_free(words->run_as);
}

static gboolean
parse_words(int *argc, char ***argv, Words *words, PfkeyOptions *out, GError **error)
{
    const GOptionEntry entries[] = {
        { "listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &words->listen,
          "unix:/PATH or tcp:ADDRESS:PORT; may be given again (" PFKEY_PROXY_DEFAULT_LISTEN ")", "WHERE" },
        { "mode", 0, 0, G_OPTION_ARG_STRING, &words->mode, "permissions of Unix sockets (600; with --group 660)", "OCTAL" },
        { "user", 'u', 0, G_OPTION_ARG_STRING_ARRAY, &words->users, "who may connect over a Unix socket, beside root", "NAME" },
        { "group", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &words->groups, "whose members may, too", "NAME" },
        { "run-as", 0, 0, G_OPTION_ARG_STRING, &words->run_as, "become this user, keeping CAP_NET_ADMIN alone", "NAME" },
        { "allow", 'a', 0, G_OPTION_ARG_STRING_ARRAY, &words->allow, "let these pass as well: flush, spdflush, promisc", "WORDS" },
        { "psk-file", 0, 0, G_OPTION_ARG_FILENAME, &out->tls.psk_file, "shared keys for TCP: lines \"identity:hexadecimal key\"", "FILE" },
        { "cert", 0, 0, G_OPTION_ARG_FILENAME, &out->tls.certificate_file, "our certificate for TCP (PEM)", "FILE" },
        { "key", 0, 0, G_OPTION_ARG_FILENAME, &out->tls.key_file, "its private key", "FILE" },
        { "ca", 0, 0, G_OPTION_ARG_FILENAME, &out->tls.ca_file, "who signs for clients", "FILE" },
        { "peer-name", 0, 0, G_OPTION_ARG_STRING, &out->tls.peer_name, "the name that a client's certificate must have", "NAME" },
        { "max-clients", 0, 0, G_OPTION_ARG_INT, &out->clients_max, "as many at a time (16)", "N" },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &out->verbose, "log refused messages, too", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &out->version, "say which version this is", NULL },
        { NULL },
    };
    GOptionContext *context = g_option_context_new("- PF_KEY for programs without privileges");
    gboolean parsed;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, "See obol-pfkey-proxy(8).");
    parsed = g_option_context_parse(context, argc, argv, error);
    g_option_context_free(context);
    if (parsed && *argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "what is \"%s\"?", (*argv)[1]);
        return FALSE;
    }
    if (parsed && (out->clients_max < 1 || out->clients_max > 1000)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--max-clients %d: expected 1 to 1000", out->clients_max);
        return FALSE;
    }
    return parsed;
}

gboolean
pfkey_options_parse(int *argc, char ***argv, PfkeyOptions *out, GError **error)
{
    Words words = { 0 };
    gboolean good;

    *out = (PfkeyOptions) {
        .listen = g_array_new(FALSE, TRUE, sizeof(PfkeyEndpoint)), .users = g_array_new(FALSE, TRUE, sizeof(uid_t)),
        .groups = g_array_new(FALSE, TRUE, sizeof(gid_t)), .file = { 0600, (uid_t) -1, (gid_t) -1 },
        .run_as = { (uid_t) -1, (gid_t) -1, NULL }, .clients_max = 16,
    };
    g_array_set_clear_func(out->listen, clear_endpoint);
    good = parse_words(argc, argv, &words, out, error) && take_listen(&words, out, error) && take_users(&words, out, error) &&
           take_mode(&words, out, error) && take_allowed(&words, out, error) && take_run_as(&words, out, error);
    clear_words(&words);
    return good;
}

void
pfkey_options_clear(PfkeyOptions *options)
{
    PfkeyEndpoint files = { .tls = options->tls };

    pfkey_endpoint_clear(&files);
    g_clear_pointer(&options->listen, g_array_unref);
    g_clear_pointer(&options->users, g_array_unref);
    g_clear_pointer(&options->groups, g_array_unref);
    g_clear_pointer(&options->run_as_name, g_free);
    memset(&options->tls, 0, sizeof options->tls);
}
