/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/endpoint.h - where PF_KEY is to be had, as an admin writes it.
 *
 *     raw                    this machine's kernel: socket(PF_KEY, SOCK_RAW, PF_KEY_V2)
 *     unix:/run/obol/pfkey   a proxy on this machine
 *     tcp:192.0.2.1:4510     a proxy elsewhere; tcp:[2001:db8::1]:4510.  Numbers only: there is no name to look up or to lie about
 *
 * Over TCP both ends prove themselves by TLS 1.3 (a shared key, or certificates); without, only to and from loopback. */
#ifndef PFKEY_PROXY_ENDPOINT_H
#define PFKEY_PROXY_ENDPOINT_H

#include <obol/address.h>

typedef enum { PFKEY_VIA_RAW, PFKEY_VIA_UNIX, PFKEY_VIA_TCP } PfkeyVia;

/* Files, by name; %NULL: none.  Either a shared key or certificates. */
typedef struct {
    char *psk_file;                        /* lines of "identity:hexadecimal key"; refused when others may read it */
    char *psk_identity;                    /* client: which line to use; server: %NULL, any of them */
    char *certificate_file, *key_file;     /* PEM; ours */
    char *ca_file;                         /* PEM; who signs for the other end */
    char *peer_name;                       /* a DNS name or address that the other end's certificate must have; %NULL: any that is signed */
} PfkeyTlsFiles;

typedef struct {
    PfkeyVia via;
    char *path;          /* UNIX */
    ObolAddress address; /* TCP */
    PfkeyTlsFiles tls;   /* TCP */
} PfkeyEndpoint;

/* Zeroes @out, then fills it; %FALSE with @error (G_OPTION_ERROR_BAD_VALUE) that repeats the text and says what is expected. */
gboolean pfkey_endpoint_parse(const char *text, PfkeyEndpoint *out, GError **error);
/* %FALSE with @error: over TCP beyond loopback without proof of who is there, or half of what TLS needs. */
gboolean pfkey_endpoint_check(const PfkeyEndpoint *endpoint, GError **error);
void pfkey_endpoint_copy(const PfkeyEndpoint *from, PfkeyEndpoint *to);
void pfkey_endpoint_clear(PfkeyEndpoint *endpoint);
/* (transfer full): as parse takes it. */
char *pfkey_endpoint_text(const PfkeyEndpoint *endpoint);
gboolean pfkey_endpoint_is_loopback(const PfkeyEndpoint *endpoint);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PfkeyEndpoint, pfkey_endpoint_clear)

#endif
