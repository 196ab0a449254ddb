/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/options.h - the command line of obol-pfkey-proxy, checked. */
#ifndef PFKEY_PROXY_OPTIONS_H
#define PFKEY_PROXY_OPTIONS_H

#include <sys/types.h>

#include "pfkey-kernel/proxy/connect.h"
#include "pfkey-kernel/proxy/privileges.h"

#define PFKEY_PROXY_DEFAULT_LISTEN "unix:/run/obol/pfkey"

typedef struct {
    GArray *listen; /* of PfkeyEndpoint; empty: none was named */
    PfkeyTlsFiles tls;
    PfkeySocketFile file;
    GArray *users;  /* of uid_t */
    GArray *groups; /* of gid_t */
    guint32 extra;  /* of PFKEY_FILTER_ASKED_FOR */
    PfkeyRunAs run_as;
    char *run_as_name;
    int clients_max;
    gboolean verbose, version;
} PfkeyOptions;

/* Takes the options out of @argv.  %FALSE with @error (G_OPTION_ERROR): unknown words, users that are not there, and all that
 * pfkey_endpoint_check() refuses. */
gboolean pfkey_options_parse(int *argc, char ***argv, PfkeyOptions *out, GError **error);
/* The files of TLS, for a TCP endpoint that was not named on the command line (it was handed over). */
gboolean pfkey_options_complete(const PfkeyOptions *options, PfkeyEndpoint *endpoint, GError **error);
void pfkey_options_clear(PfkeyOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PfkeyOptions, pfkey_options_clear)

#endif
