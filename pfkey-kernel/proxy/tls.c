/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/tls.c - TLS 1.3 by a shared key or by certificates (RFC 8446), by GnuTLS. */
#include "pfkey-kernel/proxy/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/psk.h"

/* A shared key is always joined by an ephemeral exchange, so that a stolen file does not open what was recorded before. */
#define PRIORITY_PSK "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK"
#define PRIORITY_CERTIFICATES "NORMAL:-VERS-ALL:+VERS-TLS1.3"

struct PfkeyTls {
    PfkeyTlsSide side;
    PfkeyPskFile *psk; /* %NULL: certificates */
    char *peer_name;
    gnutls_psk_client_credentials_t psk_client;
    gnutls_psk_server_credentials_t psk_server;
    gnutls_certificate_credentials_t certificates;
};

struct PfkeyTlsSession {
    gnutls_session_t session;
    gboolean unsent; /* the library holds a record that the socket did not take */
    char *why;
    gnutls_typed_vdata_st checks[2]; /* read at the handshake */
};

/* The server's lookup.  gnutls frees and wipes what it is given. */
static int
find_psk(gnutls_session_t session, const char *identity, gnutls_datum_t *key)
{
    const PfkeyTls *tls = gnutls_session_get_ptr(session);
    const ObolSecret *secret = pfkey_psk_file_find(tls->psk, identity);

    if (secret == NULL)
        return -1;
    key->data = gnutls_malloc(secret->n);
    if (key->data == NULL)
        return -1;
    memcpy(key->data, secret->bytes, secret->n);
    key->size = (unsigned) secret->n;
    return 0;
}

static gboolean
load_psk(PfkeyTls *tls, const PfkeyTlsFiles *files, GError **error)
{
    const char *identity;
    const ObolSecret *secret;
    gnutls_datum_t key;

    tls->psk = pfkey_psk_file_read(files->psk_file, error);
    if (tls->psk == NULL)
        return FALSE;
    if (tls->side == PFKEY_TLS_SERVER) {
        gnutls_psk_allocate_server_credentials(&tls->psk_server);
        gnutls_psk_set_server_credentials_function(tls->psk_server, find_psk);
        return TRUE;
    }
    identity = files->psk_identity != NULL ? files->psk_identity : pfkey_psk_file_only(tls->psk);
    secret = identity != NULL ? pfkey_psk_file_find(tls->psk, identity) : NULL;
    if (secret == NULL) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s%s", files->psk_file,
                    identity != NULL ? "no key of the identity " : "several identities: say which to use",
                    identity != NULL ? identity : "");
        return FALSE;
    }
    key = (gnutls_datum_t) { (guint8 *) secret->bytes, (unsigned) secret->n };
    gnutls_psk_allocate_client_credentials(&tls->psk_client);
    gnutls_psk_set_client_credentials(tls->psk_client, identity, &key, GNUTLS_PSK_KEY_RAW);
    return TRUE;
}

static gboolean
key_file_is_private(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean good;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    good = pfkey_file_is_private(fd, path, error);
    close(fd);
    return good;
}

static gboolean
load_certificates(PfkeyTls *tls, const PfkeyTlsFiles *files, GError **error)
{
    int code;

    if (!key_file_is_private(files->key_file, error))
        return FALSE;
    gnutls_certificate_allocate_credentials(&tls->certificates);
    code = gnutls_certificate_set_x509_key_file(tls->certificates, files->certificate_file, files->key_file, GNUTLS_X509_FMT_PEM);
    if (code < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s, %s: %s", files->certificate_file, files->key_file,
                    gnutls_strerror(code));
        return FALSE;
    }
    code = gnutls_certificate_set_x509_trust_file(tls->certificates, files->ca_file, GNUTLS_X509_FMT_PEM);
    if (code <= 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", files->ca_file,
                    code < 0 ? gnutls_strerror(code) : "no certificate in it");
        return FALSE;
    }
    tls->peer_name = g_strdup(files->peer_name);
    return TRUE;
}

PfkeyTls *
pfkey_tls_new(PfkeyTlsSide side, const PfkeyTlsFiles *files, GError **error)
{
    g_autoptr(PfkeyTls) tls = g_new0(PfkeyTls, 1);

    tls->side = side;
    if (!(files->psk_file != NULL ? load_psk(tls, files, error) : load_certificates(tls, files, error)))
        return NULL;
    return g_steal_pointer(&tls);
}

void
pfkey_tls_free(PfkeyTls *tls)
{
    if (tls == NULL)
        return;
    if (tls->psk_client != NULL)
        gnutls_psk_free_client_credentials(tls->psk_client);
    if (tls->psk_server != NULL)
        gnutls_psk_free_server_credentials(tls->psk_server);
    if (tls->certificates != NULL)
        gnutls_certificate_free_credentials(tls->certificates);
    pfkey_psk_file_free(tls->psk);
    g_free(tls->peer_name);
    g_free(tls);
}

/* Who signed, for what use, and (where it is asked) for which name: judged within the handshake, so that nothing passes before. */
static void
want_certificate(PfkeyTls *tls, PfkeyTlsSession *session)
{
    gboolean server = tls->side == PFKEY_TLS_SERVER;
    unsigned n = 1;

    session->checks[0].type = GNUTLS_DT_KEY_PURPOSE_OID;
    session->checks[0].data = (guint8 *) (server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER);
    if (tls->peer_name != NULL) {
        session->checks[n].type = GNUTLS_DT_DNS_HOSTNAME;
        session->checks[n++].data = (guint8 *) tls->peer_name;
    }
    gnutls_session_set_verify_cert2(session->session, session->checks, n, 0);
    gnutls_credentials_set(session->session, GNUTLS_CRD_CERTIFICATE, tls->certificates);
    if (server)
        gnutls_certificate_server_set_request(session->session, GNUTLS_CERT_REQUIRE);
}

PfkeyTlsSession *
pfkey_tls_session_new(PfkeyTls *tls, int fd)
{
    PfkeyTlsSession *session = g_new0(PfkeyTlsSession, 1);
    unsigned side = tls->side == PFKEY_TLS_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT;

    gnutls_init(&session->session, side | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);
    gnutls_session_set_ptr(session->session, tls);
    gnutls_priority_set_direct(session->session, tls->psk != NULL ? PRIORITY_PSK : PRIORITY_CERTIFICATES, NULL);
    if (tls->psk == NULL)
        want_certificate(tls, session);
    else if (tls->side == PFKEY_TLS_SERVER)
        gnutls_credentials_set(session->session, GNUTLS_CRD_PSK, tls->psk_server);
    else
        gnutls_credentials_set(session->session, GNUTLS_CRD_PSK, tls->psk_client);
    gnutls_handshake_set_timeout(session->session, GNUTLS_INDEFINITE_TIMEOUT); /* the owner has a clock */
    gnutls_transport_set_int(session->session, fd);
    return session;
}

void
pfkey_tls_session_free(PfkeyTlsSession *session)
{
    if (session == NULL)
        return;
    gnutls_deinit(session->session);
    g_free(session->why);
    g_free(session);
}

void
pfkey_tls_session_end(PfkeyTlsSession *session)
{
    gnutls_bye(session->session, GNUTLS_SHUT_WR);
}

/* Why it broke, once. */
static int
broken(PfkeyTlsSession *session, int code)
{
    if (session->why != NULL)
        return -EPROTO;
    if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
        gnutls_datum_t words = { NULL, 0 };

        gnutls_certificate_verification_status_print(gnutls_session_get_verify_cert_status(session->session), GNUTLS_CRT_X509, &words,
                                                     0);
        session->why = g_strdup_printf("TLS: %s", words.data != NULL ? (const char *) words.data : gnutls_strerror(code));
        gnutls_free(words.data);
    } else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        session->why = g_strdup_printf("TLS: the other end says: %s",
                                       gnutls_alert_get_name(gnutls_alert_get(session->session)));
    } else {
        session->why = g_strdup_printf("TLS: %s", gnutls_strerror(code));
    }
    return -EPROTO;
}

int
pfkey_tls_session_handshake(PfkeyTlsSession *session)
{
    int code = gnutls_handshake(session->session);

    if (code == GNUTLS_E_SUCCESS)
        return 1;
    if (!gnutls_error_is_fatal(code))
        return -EAGAIN;
    gnutls_alert_send_appropriate(session->session, code);
    return broken(session, code);
}

gboolean
pfkey_tls_session_wants_write(PfkeyTlsSession *session)
{
    return gnutls_record_get_direction(session->session) == 1;
}

gssize
pfkey_tls_session_read(PfkeyTlsSession *session, guint8 *out, gsize n)
{
    gssize got = gnutls_record_recv(session->session, out, n);

    if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
        return -EAGAIN;
    if (got == GNUTLS_E_PREMATURE_TERMINATION)
        return 0;
    return got >= 0 ? got : broken(session, (int) got);
}

/* After "again" the library wants to be asked without data: it has its own copy. */
gssize
pfkey_tls_session_write(PfkeyTlsSession *session, const guint8 *bytes, gsize n)
{
    gssize sent = session->unsent ? gnutls_record_send(session->session, NULL, 0) : gnutls_record_send(session->session, bytes, n);

    session->unsent = sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED;
    if (session->unsent)
        return -EAGAIN;
    return sent >= 0 ? sent : broken(session, (int) sent);
}

const char *
pfkey_tls_session_why(const PfkeyTlsSession *session)
{
    return session->why;
}
