/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/endpoint.c - where PF_KEY is to be had. */
#include "pfkey-kernel/proxy/endpoint.h"

#include <string.h>
#include <sys/un.h>

#define EXPECTED "raw, unix:/PATH, tcp:ADDRESS:PORT or tcp:[ADDRESS]:PORT"

static gboolean
bad(const char *text, const char *why, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\": %s; expected %s", text, why, EXPECTED);
    return FALSE;
}

static gboolean
parse_unix(const char *text, const char *path, PfkeyEndpoint *out, GError **error)
{
    if (!g_path_is_absolute(path))
        return bad(text, "a socket's path begins with \"/\"", error);
    if (strlen(path) >= sizeof ((struct sockaddr_un *) NULL)->sun_path)
        return bad(text, "this path is longer than a socket's can be", error);
    out->via = PFKEY_VIA_UNIX;
    out->path = g_strdup(path);
    return TRUE;
}

static gboolean
parse_tcp(const char *text, const char *rest, PfkeyEndpoint *out, GError **error)
{
    const char *colon = strrchr(rest, ':');
    g_autofree char *host = NULL;
    guint64 port;
    gsize n;

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return bad(text, "no port from 1 to 65535 at the end", error);
    n = (gsize) (colon - rest);
    if (n >= 2 && rest[0] == '[' && rest[n - 1] == ']')
        host = g_strndup(rest + 1, n - 2);
    else
        host = g_strndup(rest, n);
    if (!obol_address_parse(host, &out->address) || out->address.family == 0 ||
        (out->address.family == AF_INET6) != (rest[0] == '['))
        return bad(text, "no numeric address before the port (IPv6 in brackets)", error);
    out->via = PFKEY_VIA_TCP;
    out->address.port = (guint16) port;
    return TRUE;
}

gboolean
pfkey_endpoint_parse(const char *text, PfkeyEndpoint *out, GError **error)
{
    memset(out, 0, sizeof *out);
    if (g_str_equal(text, "raw"))
        return TRUE;
    if (g_str_has_prefix(text, "unix:"))
        return parse_unix(text, text + 5, out, error);
    if (g_str_has_prefix(text, "tcp:"))
        return parse_tcp(text, text + 4, out, error);
    return bad(text, "no such way", error);
}

gboolean
pfkey_endpoint_is_loopback(const PfkeyEndpoint *endpoint)
{
    static const guint8 six[16] = { [15] = 1 };

    if (endpoint->via != PFKEY_VIA_TCP)
        return TRUE;
    return endpoint->address.family == AF_INET ? endpoint->address.bytes[0] == 127
                                               : memcmp(endpoint->address.bytes, six, sizeof six) == 0;
}

gboolean
pfkey_endpoint_check(const PfkeyEndpoint *endpoint, GError **error)
{
    const PfkeyTlsFiles *tls = &endpoint->tls;
    g_autofree char *text = pfkey_endpoint_text(endpoint);
    gboolean certificates = tls->certificate_file != NULL || tls->key_file != NULL || tls->ca_file != NULL;
    const char *why = NULL;

    if (endpoint->via != PFKEY_VIA_TCP)
        return TRUE;
    if (certificates && (tls->certificate_file == NULL || tls->key_file == NULL || tls->ca_file == NULL))
        why = "certificates need all three: our certificate, its key, and the authority that signs for the other end";
    else if (certificates && tls->psk_file != NULL)
        why = "a shared key or certificates, not both";
    else if (!certificates && tls->psk_file == NULL && !pfkey_endpoint_is_loopback(endpoint))
        why = "beyond loopback both ends must prove who they are: give a file of shared keys, or certificates";
    if (why != NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s", text, why);
    return why == NULL;
}

static void
copy_files(const PfkeyTlsFiles *from, PfkeyTlsFiles *to)
{
    *to = (PfkeyTlsFiles) {
        .psk_file = g_strdup(from->psk_file), .psk_identity = g_strdup(from->psk_identity),
        .certificate_file = g_strdup(from->certificate_file), .key_file = g_strdup(from->key_file),
        .ca_file = g_strdup(from->ca_file), .peer_name = g_strdup(from->peer_name),
    };
}

void
pfkey_endpoint_copy(const PfkeyEndpoint *from, PfkeyEndpoint *to)
{
    *to = (PfkeyEndpoint) { .via = from->via, .path = g_strdup(from->path), .address = from->address };
    copy_files(&from->tls, &to->tls);
}

void
pfkey_endpoint_clear(PfkeyEndpoint *endpoint)
{
    g_free(endpoint->path);
    g_free(endpoint->tls.psk_file);
    g_free(endpoint->tls.psk_identity);
    g_free(endpoint->tls.certificate_file);
    g_free(endpoint->tls.key_file);
    g_free(endpoint->tls.ca_file);
    g_free(endpoint->tls.peer_name);
    memset(endpoint, 0, sizeof *endpoint);
}

char *
pfkey_endpoint_text(const PfkeyEndpoint *endpoint)
{
    char address[OBOL_ADDRESS_TEXT_MAX];

    switch (endpoint->via) {
    case PFKEY_VIA_RAW: break;
    case PFKEY_VIA_UNIX: return g_strdup_printf("unix:%s", endpoint->path);
    case PFKEY_VIA_TCP: return g_strdup_printf("tcp:%s", obol_address_format_with_port(&endpoint->address, address));
    }
    return g_strdup("raw");
}
