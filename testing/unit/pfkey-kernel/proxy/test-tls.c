/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/test-tls.c - over TCP both ends prove who they are. */
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/tls.h"
#include "unit/pfkey-kernel/proxy/proxy-world.h"

#define KEY "000102030405060708090a0b0c0d0e0f"
#define OTHER "ff0102030405060708090a0b0c0d0e0f"

static char *
write_file(const char *text, gsize n)
{
    char *path = NULL;
    int fd = g_file_open_tmp("obol-tls-XXXXXX", &path, NULL);

    g_assert_cmpint(write(fd, text, n), ==, (gssize) n);
    fchmod(fd, 0600);
    close(fd);
    return path;
}

static char *
write_text(const char *text)
{
    return write_file(text, strlen(text));
}

/* Where @world listens, as its clients write it. */
static void
client_endpoint(const World *world, PfkeyEndpoint *out)
{
    *out = (PfkeyEndpoint) { .via = PFKEY_VIA_TCP, .address = world->endpoint.address };
}

/* A proxy with a shared key, and a client with @key of @identity. */
static void
join_by_psk(const char *identity, const char *key, guint port, void (*check)(World *world, WorldLink *client))
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) client = NULL;
    g_auto(PfkeyEndpoint) endpoint = { 0 };
    g_autofree char *where = g_strdup_printf("tcp:127.0.0.1:%u", port), *line = g_strdup_printf("%s:%s\n", identity, key);
    g_autofree char *theirs = NULL;

    world->endpoint.tls.psk_file = write_text("gate:" KEY "\nspare:" OTHER "\n");
    theirs = write_text(line);
    world_listen(world, where);
    client_endpoint(world, &endpoint);
    endpoint.tls.psk_file = g_strdup(theirs);
    client = world_link_new(&endpoint);
    check(world, client);
    g_unlink(theirs);
    g_unlink(world->endpoint.tls.psk_file);
}

/* Enough for records to be split and for the socket to be full now and then. */
static void
exchange_much(World *world, WorldLink *client)
{
    guint sent = 0, got = 0;

    world_until(client->n_up == 1);
    for (WorldPatience patience = world_patience("all messages go through TLS"); client->messages->len < 2000; world_turn(&patience)) {
        GBytes *message;

        for (guint i = 0; i < 100 && sent < 2000; i++) {
            g_autoptr(GBytes) next = world_get(1, sent++);

            world_link_send(client, next);
        }
        while (world->n_kernels > 0 && (message = world_kernel_read(world, 0)) != NULL) {
            world_kernel_write(world, 0, message);
            got++;
            g_bytes_unref(message);
        }
    }
    g_assert_cmpuint(got, ==, 2000);
    g_assert_cmpuint(client->n_down, ==, 0);
}

static void
refused(World *world, WorldLink *client)
{
    world_until(client->n_down == 1);
    g_assert_cmpuint(client->n_up, ==, 0);
    g_assert_nonnull(strstr(client->why, "TLS"));
    g_assert_cmpuint(world->n_kernels, ==, 0);
}

static void
test_a_shared_key_opens(void)
{
    join_by_psk("gate", KEY, 14521, exchange_much);
}

static void
test_a_wrong_key_or_name_does_not(void)
{
    join_by_psk("gate", OTHER, 14522, refused);
    join_by_psk("stranger", KEY, 14523, refused);
}

static void
test_a_client_without_tls_gets_nothing(void)
{
    g_autoptr(World) world = world_new();
    g_auto(PfkeyEndpoint) endpoint = { 0 };
    g_autoptr(WorldLink) client = NULL;

    world->endpoint.tls.psk_file = write_text("gate:" KEY "\n");
    world_listen(world, "tcp:127.0.0.1:14524");
    client_endpoint(world, &endpoint);
    client = world_link_new(&endpoint);
    world_until(client->n_down == 1);
    g_assert_cmpuint(client->n_up, ==, 0);
    g_assert_cmpuint(world->n_kernels, ==, 0);
    g_unlink(world->endpoint.tls.psk_file);
}

/* Certificates that the test signs by itself. */
typedef struct {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    char *certificate_file, *key_file;
} Identity;

static char *
write_pem(const gnutls_datum_t *pem)
{
    return write_file((const char *) pem->data, pem->size);
}

static void
identity_init(Identity *identity, const char *name, const Identity *authority, const char *purpose)
{
    static guint8 serial = 1;
    gnutls_datum_t pem;

    gnutls_x509_privkey_init(&identity->key);
    gnutls_x509_privkey_generate(identity->key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
    gnutls_x509_crt_init(&identity->certificate);
    gnutls_x509_crt_set_version(identity->certificate, 3);
    gnutls_x509_crt_set_serial(identity->certificate, &serial, sizeof serial);
    serial++;
    gnutls_x509_crt_set_activation_time(identity->certificate, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(identity->certificate, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(identity->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned) strlen(name));
    gnutls_x509_crt_set_key(identity->certificate, identity->key);
    gnutls_x509_crt_set_basic_constraints(identity->certificate, authority == NULL, -1);
    if (authority == NULL) {
        gnutls_x509_crt_set_key_usage(identity->certificate, GNUTLS_KEY_KEY_CERT_SIGN);
    } else {
        gnutls_x509_crt_set_subject_alt_name(identity->certificate, GNUTLS_SAN_DNSNAME, name, (unsigned) strlen(name),
                                             GNUTLS_FSAN_SET);
        gnutls_x509_crt_set_key_usage(identity->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
        gnutls_x509_crt_set_key_purpose_oid(identity->certificate, purpose, 0);
    }
    g_assert_cmpint(gnutls_x509_crt_sign2(identity->certificate, authority != NULL ? authority->certificate : identity->certificate,
                                          authority != NULL ? authority->key : identity->key, GNUTLS_DIG_SHA512, 0), ==, 0);
    gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &pem);
    identity->certificate_file = write_pem(&pem);
    gnutls_free(pem.data);
    gnutls_x509_privkey_export2_pkcs8(identity->key, GNUTLS_X509_FMT_PEM, NULL, 0, &pem);
    identity->key_file = write_pem(&pem);
    gnutls_free(pem.data);
}

static void
identity_clear(Identity *identity)
{
    gnutls_x509_privkey_deinit(identity->key);
    gnutls_x509_crt_deinit(identity->certificate);
    g_unlink(identity->certificate_file);
    g_unlink(identity->key_file);
    g_free(identity->certificate_file);
    g_free(identity->key_file);
}

static PfkeyTlsFiles
files_of(const Identity *identity, const Identity *authority, const char *peer)
{
    return (PfkeyTlsFiles) {
        .certificate_file = g_strdup(identity->certificate_file), .key_file = g_strdup(identity->key_file),
        .ca_file = g_strdup(authority->certificate_file), .peer_name = g_strdup(peer),
    };
}

static void
join_by_certificates(const Identity *server, const Identity *client, const Identity *authority, const char *expects_server,
                     const char *expects_client, guint port, gboolean good)
{
    g_autoptr(World) world = world_new();
    g_autoptr(WorldLink) link = NULL;
    g_auto(PfkeyEndpoint) endpoint = { 0 };
    g_autofree char *where = g_strdup_printf("tcp:127.0.0.1:%u", port);

    world->endpoint.tls = files_of(server, authority, expects_client);
    world_listen(world, where);
    client_endpoint(world, &endpoint);
    endpoint.tls = files_of(client, authority, expects_server);
    link = world_link_new(&endpoint);
    if (good)
        exchange_much(world, link);
    else
        refused(world, link);
}

static void
test_certificates_open_for_whom_they_name(void)
{
    Identity authority, impostor, server, client, stranger;

    identity_init(&authority, "the authority", NULL, NULL);
    identity_init(&impostor, "the authority", NULL, NULL);
    identity_init(&server, "kernel.example", &authority, GNUTLS_KP_TLS_WWW_SERVER);
    identity_init(&client, "gate.example", &authority, GNUTLS_KP_TLS_WWW_CLIENT);
    identity_init(&stranger, "gate.example", &impostor, GNUTLS_KP_TLS_WWW_CLIENT);
    join_by_certificates(&server, &client, &authority, "kernel.example", "gate.example", 14531, TRUE);
    join_by_certificates(&server, &client, &authority, NULL, NULL, 14532, TRUE);
    join_by_certificates(&server, &client, &authority, "elsewhere.example", NULL, 14533, FALSE);
    join_by_certificates(&server, &client, &authority, NULL, "somebody.example", 14534, FALSE);
    join_by_certificates(&server, &stranger, &authority, NULL, NULL, 14535, FALSE);
    join_by_certificates(&client, &client, &authority, NULL, NULL, 14536, FALSE); /* not for this use */
    identity_clear(&authority);
    identity_clear(&impostor);
    identity_clear(&server);
    identity_clear(&client);
    identity_clear(&stranger);
}

static void
test_a_key_that_others_can_read_is_refused(void)
{
    Identity authority;
    PfkeyTlsFiles files;
    PfkeyEndpoint all = { 0 };
    g_autoptr(GError) error = NULL;

    identity_init(&authority, "the authority", NULL, NULL);
    files = files_of(&authority, &authority, NULL);
    g_chmod(authority.key_file, 0644);
    g_assert_null(pfkey_tls_new(PFKEY_TLS_SERVER, &files, &error));
    g_assert_nonnull(strstr(error->message, "chmod 600"));
    all.tls = files;
    pfkey_endpoint_clear(&all);
    identity_clear(&authority);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/tls/" path, function)
    CLAIM("a-shared-key-opens", test_a_shared_key_opens);
    CLAIM("a-wrong-key-or-name-does-not", test_a_wrong_key_or_name_does_not);
    CLAIM("a-client-without-tls-gets-nothing", test_a_client_without_tls_gets_nothing);
    CLAIM("certificates-open-for-whom-they-name", test_certificates_open_for_whom_they_name);
    CLAIM("a-key-that-others-can-read-is-refused", test_a_key_that_others_can_read_is_refused);
    return g_test_run();
}
