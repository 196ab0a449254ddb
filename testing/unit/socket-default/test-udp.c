/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/socket-default/test-udp.c - datagrams over loopback: markers, addresses, batches, errors. */
#include "socket-default/udp.h"

#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define KEPT_MAX 256

typedef struct {
    ObolDatagram kept[KEPT_MAX];
    guint8 bytes[KEPT_MAX][600];
    guint n, largest_batch;
    GString *log;
} Client;

typedef struct {
    GMainContext *context;
    Client a_client, b_client;
    Udp *a, *b;
    gboolean offload; /* for what is opened next */
    ObolAddress a_ike, a_nat_t, b_ike, b_nat_t;
} Pair;

static void
received(gpointer data, ObolDatagram *batch, gsize n)
{
    Client *client = data;

    client->largest_batch = MAX(client->largest_batch, (guint) n);
    for (gsize i = 0; i < n; i++) {
        g_assert_cmpuint(client->n, <, KEPT_MAX);
        client->kept[client->n] = batch[i];
        memcpy(client->bytes[client->n], batch[i].data, MIN(batch[i].n, sizeof client->bytes[0]));
        client->kept[client->n].data = client->bytes[client->n];
        client->n++;
    }
}

static void
keep_log(gpointer data, int level, const char *text)
{
    (void) level;
    g_string_append_printf(data, "%s\n", text);
}

static Udp *
open_udp(Pair *pair, Client *client, int ike_port, int nat_t_port, const char *const *bind, GError **error)
{
    UdpSettings settings = { .ike_port = ike_port, .nat_t_port = nat_t_port, .bind = bind, .log = keep_log,
                             .options.offload = pair->offload };
    ObolSocketClient calls = { received, client };

    if (client->log == NULL)
        client->log = g_string_new(NULL);
    settings.log_data = client->log;
    return udp_new(&settings, pair->context, &calls, error);
}

static ObolAddress
address(const char *text, guint16 port)
{
    ObolAddress out;

    g_assert_true(obol_address_parse(text, &out));
    out.port = port;
    return out;
}

static void
set_up_ends(Pair *pair, const char *loopback, gboolean a_offload, gboolean b_offload)
{
    g_autoptr(GError) error = NULL;
    guint16 ike, nat_t;

    pair->context = g_main_context_new();
    pair->offload = a_offload;
    pair->a = open_udp(pair, &pair->a_client, 0, 0, NULL, &error);
    g_assert_no_error(error);
    pair->offload = b_offload;
    pair->b = open_udp(pair, &pair->b_client, 0, 0, NULL, &error);
    g_assert_no_error(error);
    udp_ports(pair->a, &ike, &nat_t);
    g_assert_cmpuint(ike, !=, nat_t);
    pair->a_ike = address(loopback, ike);
    pair->a_nat_t = address(loopback, nat_t);
    udp_ports(pair->b, &ike, &nat_t);
    pair->b_ike = address(loopback, ike);
    pair->b_nat_t = address(loopback, nat_t);
}

static void set_up(Pair *pair, gconstpointer loopback) { set_up_ends(pair, loopback, FALSE, FALSE); }
static void set_up_joining(Pair *pair, gconstpointer loopback) { set_up_ends(pair, loopback, TRUE, FALSE); }
static void set_up_parting(Pair *pair, gconstpointer loopback) { set_up_ends(pair, loopback, FALSE, TRUE); }
static void set_up_both(Pair *pair, gconstpointer loopback) { set_up_ends(pair, loopback, TRUE, TRUE); }

static void
tear_down(Pair *pair, gconstpointer loopback)
{
    (void) loopback;
    udp_free(pair->a);
    udp_free(pair->b);
    if (pair->a_client.log != NULL)
        g_string_free(pair->a_client.log, TRUE);
    if (pair->b_client.log != NULL)
        g_string_free(pair->b_client.log, TRUE);
    g_main_context_unref(pair->context);
}

/* Loopback delivers before sendmsg() returns, so what is to come has come when the loop has nothing more to do. */
static void
settle(Pair *pair)
{
    while (g_main_context_iteration(pair->context, FALSE))
        ;
}

static void
send_text(Udp *from, ObolAddress local, ObolAddress remote, const char *text, gboolean esp)
{
    ObolDatagram datagram = { .local = local, .remote = remote, .data = (guint8 *) text, .n = strlen(text), .esp = esp };

    udp_send(from, &datagram, 1);
}

static void
assert_came(const Client *client, guint i, const char *text, gboolean esp, const ObolAddress *local, const ObolAddress *remote)
{
    const ObolDatagram *d = &client->kept[i];

    g_assert_cmpuint(i, <, client->n);
    g_assert_cmpmem(d->data, d->n, text, strlen(text));
    g_assert_cmpint(d->esp, ==, esp);
    g_assert_true(obol_endpoint_equal(&d->local, local));
    g_assert_true(obol_endpoint_equal(&d->remote, remote));
}

static void
test_ike_and_esp_are_told_apart(Pair *pair, gconstpointer loopback)
{
    (void) loopback;
    send_text(pair->a, pair->a_ike, pair->b_ike, "plain IKE", FALSE);
    send_text(pair->a, pair->a_nat_t, pair->b_nat_t, "IKE with marker", FALSE);
    send_text(pair->a, pair->a_nat_t, pair->b_nat_t, "ESP in UDP", TRUE);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 3);
    for (guint i = 0; i < 3; i++) { /* the two sockets are read in any order */
        const ObolDatagram *d = &pair->b_client.kept[i];

        if (d->local.port == pair->b_ike.port)
            assert_came(&pair->b_client, i, "plain IKE", FALSE, &pair->b_ike, &pair->a_ike);
        else if (d->esp)
            assert_came(&pair->b_client, i, "ESP in UDP", TRUE, &pair->b_nat_t, &pair->a_nat_t);
        else
            assert_came(&pair->b_client, i, "IKE with marker", FALSE, &pair->b_nat_t, &pair->a_nat_t);
    }
}

static void
test_an_answer_leaves_from_the_address_that_was_asked(Pair *pair, gconstpointer loopback)
{
    ObolAddress asked = address("127.0.0.7", pair->b_ike.port);

    (void) loopback;
    send_text(pair->a, pair->a_ike, asked, "question", FALSE);
    settle(pair);
    assert_came(&pair->b_client, 0, "question", FALSE, &asked, &pair->a_ike);
    send_text(pair->b, pair->b_client.kept[0].local, pair->b_client.kept[0].remote, "answer", FALSE);
    settle(pair);
    assert_came(&pair->a_client, 0, "answer", FALSE, &pair->a_ike, &asked);
}

static void
test_keep_alives_and_runts_are_swallowed(Pair *pair, gconstpointer loopback)
{
    (void) loopback;
    udp_keep_alive(pair->a, &pair->a_nat_t, &pair->b_nat_t);
    send_text(pair->a, pair->a_nat_t, pair->b_nat_t, "1234567", TRUE);
    send_text(pair->a, pair->a_nat_t, pair->b_nat_t, "12345678", TRUE);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 0);
    g_assert_cmpuint(udp_fault_count(pair->b, UDP_FAULT_RUNT), ==, 2);
    send_text(pair->a, pair->a_nat_t, pair->b_nat_t, "123456789", TRUE);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 1);
}

static void
test_a_full_batch_is_one_call(Pair *pair, gconstpointer loopback)
{
    static guint8 bytes[100][16];
    ObolDatagram batch[100];

    (void) loopback;
    for (guint i = 0; i < 100; i++) {
        memset(bytes[i], (int) i, sizeof bytes[i]);
        batch[i] = (ObolDatagram) { .local = pair->a_nat_t, .remote = pair->b_nat_t, .data = bytes[i], .n = 16, .esp = TRUE };
    }
    batch[0].data[0] = 1;
    udp_send(pair->a, batch, 100);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 100);
    g_assert_cmpuint(pair->b_client.largest_batch, ==, 64);
    for (guint i = 1; i < 100; i++)
        g_assert_cmpmem(pair->b_client.kept[i].data, pair->b_client.kept[i].n, bytes[i], 16);
}

/* ESP of several lengths and marks, with IKE and what is nothing among it: all of it comes, in its order, each by itself. */
static void
test_a_mixed_batch_comes_as_it_was_sent(Pair *pair, gconstpointer loopback)
{
    static guint8 bytes[80][600];
    ObolDatagram batch[80];
    guint n_runts = 0;

    (void) loopback;
    for (guint i = 0; i < 80; i++) {
        gsize n = i % 25 == 24 ? 7 : i % 20 == 19 ? 300 : i > 60 ? 600 : 500;

        memset(bytes[i], (int) i + 1, sizeof bytes[i]);
        batch[i] = (ObolDatagram) { .local = pair->a_nat_t, .remote = pair->b_nat_t, .data = bytes[i], .n = n,
                                    .esp = i % 33 != 32, .tos = i > 50 ? 2 : 0 };
        n_runts += n == 7 && batch[i].esp;
    }
    udp_send(pair->a, batch, 80);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 80 - n_runts);
    g_assert_cmpuint(udp_fault_count(pair->b, UDP_FAULT_RUNT), ==, n_runts);
    for (guint i = 0, k = 0; i < 80; i++) {
        if (batch[i].n == 7 && batch[i].esp)
            continue;
        g_assert_cmpint(pair->b_client.kept[k].esp, ==, batch[i].esp);
        g_assert_cmphex(pair->b_client.kept[k].tos, ==, batch[i].tos);
        g_assert_cmpmem(pair->b_client.kept[k].data, pair->b_client.kept[k].n, bytes[i], batch[i].n);
        g_assert_true(obol_endpoint_equal(&pair->b_client.kept[k].remote, &pair->a_nat_t));
        k++;
    }
}

static void
test_dscp_and_ecn_travel(Pair *pair, gconstpointer loopback)
{
    ObolDatagram datagram = { .local = pair->a_nat_t, .remote = pair->b_nat_t, .data = (guint8 *) "some packet", .n = 11,
                              .esp = TRUE, .tos = 0xb9 };

    (void) loopback;
    udp_send(pair->a, &datagram, 1);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 1);
    g_assert_cmphex(pair->b_client.kept[0].tos, ==, 0xb9);
}

static void
test_the_system_chooses_a_source_when_none_is_named(Pair *pair, gconstpointer loopback)
{
    ObolAddress none = { .family = 0 };

    (void) loopback;
    send_text(pair->a, none, pair->b_nat_t, "ESP in UDP", TRUE);
    settle(pair);
    assert_came(&pair->b_client, 0, "ESP in UDP", TRUE, &pair->b_nat_t, &pair->a_nat_t);
}

static void
test_what_can_not_be_sent_is_counted_and_logged_once(Pair *pair, gconstpointer loopback)
{
    ObolAddress foreign = address("192.0.2.77", pair->a_ike.port); /* not ours */
    static guint8 huge[65536];
    ObolDatagram too_big = { .local = pair->a_ike, .remote = pair->b_ike, .data = huge, .n = sizeof huge };
    g_auto(GStrv) lines = NULL;

    (void) loopback;
    for (guint i = 0; i < 50; i++) {
        send_text(pair->a, foreign, pair->b_ike, "lost", FALSE);
        udp_send(pair->a, &too_big, 1);
    }
    settle(pair);
    g_assert_cmpuint(udp_fault_count(pair->a, UDP_FAULT_NO_SOURCE) + udp_fault_count(pair->a, UDP_FAULT_UNREACHABLE), ==, 50);
    g_assert_cmpuint(udp_fault_count(pair->a, UDP_FAULT_TOO_BIG), ==, 50);
    g_assert_cmpuint(pair->b_client.n, ==, 0);
    lines = g_strsplit(pair->a_client.log->str, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), <=, 3); /* one line a fault, and what is behind the last line end */
}

static void
test_a_failure_in_a_batch_does_not_stop_the_rest(Pair *pair, gconstpointer loopback)
{
    static guint8 huge[65536];
    ObolDatagram batch[3] = {
        { .local = pair->a_ike, .remote = pair->b_ike, .data = (guint8 *) "first", .n = 5 },
        { .local = pair->a_ike, .remote = pair->b_ike, .data = huge, .n = sizeof huge },
        { .local = pair->a_ike, .remote = pair->b_ike, .data = (guint8 *) "third", .n = 5 },
    };

    (void) loopback;
    udp_send(pair->a, batch, 3);
    settle(pair);
    g_assert_cmpuint(pair->b_client.n, ==, 2);
    assert_came(&pair->b_client, 1, "third", FALSE, &pair->b_ike, &pair->a_ike);
}

static void
test_source_for_loopback_is_loopback(Pair *pair, gconstpointer loopback)
{
    ObolAddress source, to = address(loopback, 0);

    g_assert_true(udp_source_for(pair->a, &to, &source));
    g_assert_true(obol_address_equal(&source, &to));
    g_assert_cmpuint(source.port, ==, 0);
}

static void
test_a_port_in_use_is_refused_in_words(Pair *pair, gconstpointer loopback)
{
    g_autoptr(GError) error = NULL;
    Client third = { .n = 0 };
    Udp *udp = open_udp(pair, &third, pair->a_ike.port, UDP_PORT_NONE, NULL, &error);

    (void) loopback;
    g_assert_null(udp);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_assert_nonnull(strstr(error->message, "another IKE daemon"));
    g_string_free(third.log, TRUE);
}

static void
test_bind_limits_the_addresses(Pair *pair, gconstpointer loopback)
{
    static const char *const one[] = { "127.0.0.9", NULL }, *const bad[] = { "localhost", NULL };
    g_autoptr(GError) error = NULL;
    Client third = { .n = 0 };
    g_autoptr(Udp) udp = open_udp(pair, &third, 0, UDP_PORT_NONE, one, &error);
    guint16 ike, nat_t;

    (void) loopback;
    g_assert_no_error(error);
    udp_ports(udp, &ike, &nat_t);
    g_assert_cmpuint(nat_t, ==, 0);
    send_text(pair->a, pair->a_ike, address("127.0.0.1", ike), "not here", FALSE);
    send_text(pair->a, pair->a_ike, address("127.0.0.9", ike), "here", FALSE);
    settle(pair);
    g_assert_cmpuint(third.n, ==, 1);
    g_assert_null(open_udp(pair, &third, 0, UDP_PORT_NONE, bad, &error));
    g_assert_nonnull(strstr(error->message, "localhost"));
    g_string_free(third.log, TRUE);
}

static void
test_both_ports_none_is_refused(Pair *pair, gconstpointer loopback)
{
    g_autoptr(GError) error = NULL;
    Client third = { .n = 0 };

    (void) loopback;
    g_assert_null(open_udp(pair, &third, UDP_PORT_NONE, UDP_PORT_NONE, NULL, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_string_free(third.log, TRUE);
}

/* Whether the two ends have the system join and part datagrams must not be seen. */
static void
add(const char *name, const char *loopback, void (*test)(Pair *, gconstpointer))
{
    static const struct {
        const char *name;
        void (*set_up)(Pair *pair, gconstpointer loopback);
    } ends[] = { { "", set_up }, { "/joining", set_up_joining }, { "/parting", set_up_parting }, { "/both", set_up_both } };

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strdup_printf("/socket-default/%s%s/%s", strchr(loopback, ':') ? "ipv6" : "ipv4",
                                                ends[i].name, name);

        g_test_add(path, Pair, loopback, ends[i].set_up, test, tear_down);
    }
}

static gboolean
have_ipv6(void)
{
    struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean ok = fd >= 0 && bind(fd, (struct sockaddr *) &name, sizeof name) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

int
main(int argc, char **argv)
{
    static const char *const loopbacks[] = { "127.0.0.1", "::1" };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < (have_ipv6() ? 2 : 1); i++) {
        add("ike-and-esp-are-told-apart", loopbacks[i], test_ike_and_esp_are_told_apart);
        add("keep-alives-and-runts-are-swallowed", loopbacks[i], test_keep_alives_and_runts_are_swallowed);
        add("a-full-batch-is-one-call", loopbacks[i], test_a_full_batch_is_one_call);
        add("a-mixed-batch-comes-as-it-was-sent", loopbacks[i], test_a_mixed_batch_comes_as_it_was_sent);
        add("dscp-and-ecn-travel", loopbacks[i], test_dscp_and_ecn_travel);
        add("the-system-chooses-a-source-when-none-is-named", loopbacks[i], test_the_system_chooses_a_source_when_none_is_named);
        add("a-failure-in-a-batch-does-not-stop-the-rest", loopbacks[i], test_a_failure_in_a_batch_does_not_stop_the_rest);
        add("source-for-loopback-is-loopback", loopbacks[i], test_source_for_loopback_is_loopback);
    }
    add("an-answer-leaves-from-the-address-that-was-asked", "127.0.0.1", test_an_answer_leaves_from_the_address_that_was_asked);
    add("what-can-not-be-sent-is-counted-and-logged-once", "127.0.0.1", test_what_can_not_be_sent_is_counted_and_logged_once);
    add("a-port-in-use-is-refused-in-words", "127.0.0.1", test_a_port_in_use_is_refused_in_words);
    add("bind-limits-the-addresses", "127.0.0.1", test_bind_limits_the_addresses);
    add("both-ports-none-is-refused", "127.0.0.1", test_both_ports_none_is_refused);
    return g_test_run();
}
