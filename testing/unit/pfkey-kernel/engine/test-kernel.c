/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-kernel.c - all of the plugin but its settings against a real kernel, in a network namespace of its own; testing/lib/in-uml gives
 * one where the machine's has no PF_KEY. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pfkey-kernel/engine/pfkey.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define PF_KEY_SOCKET 15

typedef struct {
    GMainContext *context;
    Pfkey *pfkey;
    GArray *events; /* of ObolKernelEvent */
    gboolean answered, over;
    int code;       /* of the last answer; -1: none */
    char *words;
    guint32 spi;
    ObolSaUsage usage;
    GArray *sas, *policies;
    ObolSecret *keys[2];
    GArray *ts[2];
} Lab;

/* Why not; NULL: it can be done. */
static const char *
why_not(void)
{
    int fd;

    if (unshare(CLONE_NEWNET) < 0)
        return "no network namespace of our own: that needs root";
    fd = socket(PF_KEY_SOCKET, SOCK_RAW | SOCK_CLOEXEC, 2);
    if (fd < 0)
        return "this machine's kernel has no PF_KEY";
    close(fd);
    return NULL;
}

static void
run(const char *line)
{
    g_autoptr(GError) error = NULL;
    int status;

    g_spawn_command_line_sync(line, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("%s: status %d", line, status);
}

static char *
read_out(const char *line)
{
    char *out = NULL;

    g_spawn_command_line_sync(line, &out, NULL, NULL, NULL);
    return out;
}

static gint64
now_us(gpointer data)
{
    struct timespec now;

    (void) data;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static void
draw(gpointer data, guint8 *out, gsize n)
{
    (void) data;
    for (gsize i = 0; i < n; i++)
        out[i] = (guint8) g_test_rand_int();
}

static void
log_line(gpointer data, int level, const char *text)
{
    (void) data;
    g_test_message("%d %s", level, text);
}

static void
told(gpointer data, const ObolKernelEvent *event)
{
    g_array_append_vals(((Lab *) data)->events, event, 1);
}

static void
open_plugin(Lab *lab)
{
    PfkeyEndpoint raw = { .via = PFKEY_VIA_RAW };
    const PfkeySettings settings = { .endpoint = &raw, .timeout_us = 5 * SECOND, .acquire_hold_us = 20 * SECOND };
    const PfkeyHost host = { lab->context, now_us, draw, log_line, lab };
    const ObolKernelClient client = { told, lab };
    g_autoptr(GError) error = NULL;

    lab->pfkey = pfkey_new(&settings, &host, &client, &error);
    g_assert_no_error(error);
}

static ObolTs
ts_of(const char *text)
{
    ObolTs ts;

    g_assert_true(obol_ts_parse(text, &ts, NULL));
    return ts;
}

static ObolAddress
address_of(const char *text)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    return address;
}

static void
lab_init(Lab *lab)
{
    *lab = (Lab) { .context = g_main_context_new(), .events = g_array_new(FALSE, FALSE, sizeof(ObolKernelEvent)) };
    for (guint i = 0; i < 2; i++) {
        ObolTs ts = ts_of(i == 0 ? "10.1.0.0/16" : "10.2.0.0/16");

        lab->ts[i] = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof ts), &ts, 1);
    }
    open_plugin(lab);
}

static void
forget_answer(Lab *lab)
{
    g_clear_pointer(&lab->words, g_free);
    g_clear_pointer(&lab->sas, g_array_unref);
    g_clear_pointer(&lab->policies, g_array_unref);
}

static void
lab_clear(Lab *lab)
{
    pfkey_free(lab->pfkey);
    forget_answer(lab);
    g_array_unref(lab->events);
    obol_secret_free(lab->keys[0]);
    obol_secret_free(lab->keys[1]);
    g_array_unref(lab->ts[0]);
    g_array_unref(lab->ts[1]);
    g_main_context_unref(lab->context);
}

static void
answered(const ObolKernelReply *reply, gpointer data)
{
    Lab *lab = data;

    lab->answered = TRUE;
    lab->code = reply->error != NULL ? reply->error->code : -1;
    lab->words = reply->error != NULL ? g_strdup(reply->error->message) : NULL;
    lab->spi = reply->spi;
    lab->usage = reply->usage;
    lab->sas = reply->sas != NULL ? g_array_copy((GArray *) reply->sas) : NULL;
    lab->policies = reply->policies != NULL ? g_array_copy((GArray *) reply->policies) : NULL;
}

static int
ask(Lab *lab, const ObolKernelRequest *request)
{
    forget_answer(lab);
    lab->answered = FALSE;
    pfkey_request(lab->pfkey, request, answered, lab);
    while (!lab->answered)
        g_main_context_iteration(lab->context, TRUE);
    if (lab->words != NULL)
        g_test_message("%s", lab->words);
    return lab->code;
}

static gboolean
time_over(gpointer data)
{
    *(gboolean *) data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Until so many events were told, or for too long. */
static void
wait_for_events(Lab *lab, guint n)
{
    GSource *limit = g_timeout_source_new(20000);

    lab->over = FALSE;
    g_source_set_callback(limit, time_over, &lab->over, NULL);
    g_source_attach(limit, lab->context);
    while (lab->events->len < n && !lab->over)
        g_main_context_iteration(lab->context, TRUE);
    g_source_destroy(limit);
    g_source_unref(limit);
    g_assert_cmpuint(lab->events->len, >=, n);
}

static void
set_key(Lab *lab, guint which, gsize n)
{
    obol_secret_free(lab->keys[which]);
    lab->keys[which] = obol_secret_new(n);
    draw(NULL, lab->keys[which]->bytes, n);
}

static ObolKernelRequest
sa_request(Lab *lab, ObolKernelOp op, gboolean inbound, guint32 spi)
{
    ObolAddress ends[] = { address_of("198.51.100.7"), address_of("192.0.2.1") };

    set_key(lab, 0, 32);
    set_key(lab, 1, 64);
    return (ObolKernelRequest) {
        .op = op,
        .sa = {
            .id = { .source = ends[!inbound], .destination = ends[inbound], .spi = spi, .protocol = OBOL_PROTO_ESP },
            .reqid = 7, .mode = OBOL_MODE_TUNNEL, .inbound = inbound,
            .suite = {
                .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_CBC, .encr_bits = 256, .integ = OBOL_INTEG_HMAC_SHA2_512_256,
            },
            .encr_key = lab->keys[0], .integ_key = lab->keys[1], .replay_window = 32,
            .source_ts = lab->ts[inbound], .destination_ts = lab->ts[!inbound],
        },
    };
}

static ObolKernelRequest
policy_request(ObolKernelOp op, ObolDirection direction)
{
    gboolean out = direction == OBOL_DIR_OUT;

    return (ObolKernelRequest) {
        .op = op,
        .policy = {
            .direction = direction, .action = OBOL_POLICY_PROTECT, .source = ts_of(out ? "10.1.0.0/16" : "10.2.0.0/16"),
            .destination = ts_of(out ? "10.2.0.0/16" : "10.1.0.0/16"), .reqid = 7, .mode = OBOL_MODE_TUNNEL, .protocol = OBOL_PROTO_ESP,
            .tunnel_source = address_of(out ? "192.0.2.1" : "198.51.100.7"),
            .tunnel_destination = address_of(out ? "198.51.100.7" : "192.0.2.1"),
        },
    };
}

static void
add_child(Lab *lab, guint32 spi_in, guint32 spi_out)
{
    ObolKernelRequest request = sa_request(lab, OBOL_KERNEL_ADD_SA, TRUE, spi_in);

    g_assert_cmpint(ask(lab, &request), ==, -1);
    request = sa_request(lab, OBOL_KERNEL_ADD_SA, FALSE, spi_out);
    g_assert_cmpint(ask(lab, &request), ==, -1);
    for (ObolDirection direction = OBOL_DIR_IN; direction <= OBOL_DIR_FORWARD; direction++) {
        request = policy_request(OBOL_KERNEL_ADD_POLICY, direction);
        g_assert_cmpint(ask(lab, &request), ==, -1);
    }
}

static guint32
reserve(Lab *lab)
{
    ObolKernelRequest request = sa_request(lab, OBOL_KERNEL_GET_SPI, TRUE, 0);

    g_assert_cmpint(ask(lab, &request), ==, -1);
    g_assert_cmphex(lab->spi, >=, 0xc0000000u);
    return lab->spi;
}

static guint
lines_with(const char *command, const char *word)
{
    g_autofree char *out = read_out(command);
    guint n = 0;

    for (const char *p = out; p != NULL && (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

static void
test_life(void)
{
    Lab lab;
    ObolKernelRequest request;
    guint32 spi;

    lab_init(&lab);
    g_test_message("%s", pfkey_abilities(lab.pfkey)->summary);
    g_assert_true(pfkey_abilities(lab.pfkey)->esp && pfkey_abilities(lab.pfkey)->ah && pfkey_abilities(lab.pfkey)->ipcomp);
    g_assert_true(pfkey_abilities(lab.pfkey)->update_addresses);
    spi = reserve(&lab);
    add_child(&lab, spi, 0x0badcafe);
    request.op = OBOL_KERNEL_LIST;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.sas->len, ==, 2);
    g_assert_cmpuint(lab.policies->len, ==, 3);
    for (guint i = 0; i < 2; i++)
        g_assert_true(g_array_index(lab.sas, ObolKernelSa, i).ours);
    for (guint i = 0; i < 3; i++)
        g_assert_true(g_array_index(lab.policies, ObolKernelPolicy, i).ours);
    request = sa_request(&lab, OBOL_KERNEL_QUERY_SA, FALSE, 0x0badcafe);
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.usage.packets, ==, 0);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x0badcafe);
    g_assert_cmpint(ask(&lab, &request), ==, OBOL_KERNEL_ERROR_EXISTS);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 1);
    lab_clear(&lab);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 0);
    g_assert_cmpuint(lines_with("ip xfrm policy", "dir"), ==, 0);
}

/* Each cipher with each integrity that is offered. */
static void
test_transforms(void)
{
    Lab lab;
    guint n = 0;

    lab_init(&lab);
    for (const ObolTransform *e = pfkey_abilities(lab.pfkey)->transforms; e->type != 0; e++)
        for (const ObolTransform *i = pfkey_abilities(lab.pfkey)->transforms; i->type != 0; i++) {
            ObolKernelRequest request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x10000 + ++n);
            static const struct { guint16 id; gsize bytes; } lengths[] = {
                { OBOL_INTEG_HMAC_SHA1_96, 20 }, { OBOL_INTEG_AES_XCBC_96, 16 }, { OBOL_INTEG_HMAC_SHA2_384_192, 48 },
                { OBOL_INTEG_HMAC_SHA2_512_256, 64 },
            };

            if (e->type != OBOL_TRANSFORM_ENCR || i->type != OBOL_TRANSFORM_INTEG)
                continue;
            request.sa.suite.encr = e->id;
            request.sa.suite.encr_bits = e->id == OBOL_ENCR_3DES ? 192 : e->key_bits;
            set_key(&lab, 0, request.sa.suite.encr_bits / 8u + (e->id == OBOL_ENCR_AES_CTR ? 4 : 0));
            request.sa.suite.integ = i->id;
            for (guint j = 0; j < G_N_ELEMENTS(lengths); j++)
                if (lengths[j].id == i->id)
                    set_key(&lab, 1, lengths[j].bytes);
            request.sa.encr_key = lab.keys[0];
            request.sa.integ_key = lab.keys[1];
            g_test_message("%s %u, %s", obol_transform_name(e->type, e->id), e->key_bits, obol_transform_name(i->type, i->id));
            g_assert_cmpint(ask(&lab, &request), ==, -1);
            request.sa.id.protocol = OBOL_PROTO_AH;
            ask(&lab, &request); /* over IPv4 its padding is right for ICVs of 12 bytes alone */
            g_assert_true(lab.code == (i->id == OBOL_INTEG_HMAC_SHA2_384_192 || i->id == OBOL_INTEG_HMAC_SHA2_512_256
                                           ? OBOL_KERNEL_ERROR_UNSUPPORTED : -1)
                          || lab.code == OBOL_KERNEL_ERROR_EXISTS);
        }
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), >, 40);
    lab_clear(&lab);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 0);
}

static void
test_ipcomp(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    request = sa_request(&lab, OBOL_KERNEL_GET_SPI, TRUE, 0);
    request.sa.id.protocol = OBOL_PROTO_IPCOMP;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.spi, >=, 256);
    g_assert_cmpuint(lab.spi, <=, 61439);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, TRUE, lab.spi);
    request.sa.id.protocol = OBOL_PROTO_IPCOMP;
    request.sa.suite = (ObolSuite) { 0 };
    request.sa.encr_key = request.sa.integ_key = NULL;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    for (ObolDirection direction = OBOL_DIR_IN; direction <= OBOL_DIR_FORWARD; direction++) {
        request = policy_request(OBOL_KERNEL_ADD_POLICY, direction);
        request.policy.ipcomp = TRUE;
        g_assert_cmpint(ask(&lab, &request), ==, -1);
    }
    request.op = OBOL_KERNEL_LIST;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.policies->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const ObolPolicySpec *spec = &g_array_index(lab.policies, ObolKernelPolicy, i).spec;

        g_assert_true(spec->ipcomp);
        g_assert_cmpuint(spec->reqid, ==, 7);
        g_assert_cmpint(spec->mode, ==, OBOL_MODE_TUNNEL);
    }
    lab_clear(&lab);
    g_assert_cmpuint(lines_with("ip xfrm policy", "dir"), ==, 0);
}

/* What the larval's end in the kernel leaves of a reservation: enough. */
static void
test_larval_gone(void)
{
    Lab lab;
    ObolKernelRequest request;
    guint32 spi;

    lab_init(&lab);
    spi = reserve(&lab);
    run("ip xfrm state flush");
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, TRUE, spi);
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 1);
    lab_clear(&lab);
}

static void
move(Lab *lab, gboolean inbound, guint32 spi, const char *from, const char *to)
{
    ObolKernelRequest request = sa_request(lab, OBOL_KERNEL_UPDATE_SA, inbound, spi);

    *(inbound ? &request.sa.id.source : &request.sa.id.destination) = address_of(from);
    request.sa.encr_key = request.sa.integ_key = NULL;
    request.to = request.sa.id;
    *(inbound ? &request.to.source : &request.to.destination) = address_of(to);
    g_assert_cmpint(ask(lab, &request), ==, -1);
}

static void
test_move(void)
{
    Lab lab;
    ObolKernelRequest request;
    g_autofree char *before = NULL, *after = NULL;

    lab_init(&lab);
    add_child(&lab, 0xc0001234, 0x0badcafe);
    before = read_out("sh -c \"ip xfrm state | grep -A9 badcafe | grep -m1 'enc cbc(aes)'\"");
    move(&lab, TRUE, 0xc0001234, "198.51.100.7", "203.0.113.9");
    move(&lab, FALSE, 0x0badcafe, "198.51.100.7", "203.0.113.9");
    g_assert_cmpuint(lines_with("ip xfrm state", "203.0.113.9"), >=, 2);
    g_assert_cmpuint(lines_with("ip xfrm state", "198.51.100.7"), ==, 0);
    g_assert_cmpuint(lines_with("ip xfrm policy", "198.51.100.7"), ==, 0);
    g_assert_cmpuint(lines_with("ip xfrm policy", "203.0.113.9"), ==, 3);
    after = read_out("sh -c \"ip xfrm state | grep -A9 badcafe | grep -m1 'enc cbc(aes)'\"");
    g_assert_cmpstr(before, ==, after);
    /* An older one of the same kind, and without a policy. */
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x0badcaff);
    request.sa.id.destination = address_of("203.0.113.9");
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    move(&lab, FALSE, 0x0badcafe, "203.0.113.9", "203.0.113.10");
    move(&lab, FALSE, 0x0badcaff, "203.0.113.9", "203.0.113.10");
    g_assert_cmpuint(lines_with("ip xfrm state", "dst 203.0.113.10"), ==, 2);
    request = policy_request(OBOL_KERNEL_DELETE_POLICY, OBOL_DIR_OUT);
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    move(&lab, FALSE, 0x0badcafe, "203.0.113.10", "203.0.113.11");
    g_assert_cmpuint(lines_with("ip xfrm policy", "dir"), ==, 2);
    lab_clear(&lab);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 0);
}

static void
test_ports(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, TRUE, 0xc0001234);
    request.sa.udp_encap = TRUE;
    request.sa.id.source.port = 61000;
    request.sa.id.destination.port = 4500;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    request.op = OBOL_KERNEL_UPDATE_SA;
    request.to = request.sa.id;
    request.to_udp_encap = TRUE;
    request.to.source = address_of("203.0.113.9");
    request.to.source.port = 62000;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm state", "sport 62000"), ==, 1);
    g_assert_cmpuint(lines_with("ip xfrm state", "src 203.0.113.9"), ==, 1);
    lab_clear(&lab);
}

static void
test_six_in_four(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    for (guint i = 0; i < 2; i++)
        g_array_index(lab.ts[i], ObolTs, 0) = ts_of(i == 0 ? "2001:db8:1::/48" : "2001:db8:2::/48");
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, TRUE, 0xc0001234);
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    request.op = OBOL_KERNEL_LIST;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.sas->len, ==, 1);
    g_assert_cmpuint(lines_with("ip xfrm state", "sel src ::/0"), ==, 1);
    lab_clear(&lab);
}

static void
test_foreign(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    run("ip xfrm state add src 192.0.2.77 dst 192.0.2.78 proto esp spi 4711 mode transport enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f");
    add_child(&lab, 0xc0001234, 0x0badcafe);
    run("ip xfrm state delete src 192.0.2.1 dst 198.51.100.7 proto esp spi 0x0badcafe");
    wait_for_events(&lab, 1);
    g_assert_true(g_array_index(lab.events, ObolKernelEvent, 0).hard);
    g_assert_cmphex(g_array_index(lab.events, ObolKernelEvent, 0).sa.spi, ==, 0x0badcafe);
    run("ip xfrm policy flush");
    run("ip xfrm state flush");
    wait_for_events(&lab, 2);
    g_assert_cmphex(g_array_index(lab.events, ObolKernelEvent, 1).sa.spi, ==, 0xc0001234);
    request.op = OBOL_KERNEL_LIST; /* waits for the comparison */
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm policy", "dir"), ==, 3);
    lab_clear(&lab);
}

static void
test_crash(void)
{
    Lab lab;
    pid_t child = fork();
    int status;

    if (child == 0) {
        lab_init(&lab);
        add_child(&lab, 0xc0001234, 0x0badcafe);
        _exit(lines_with("ip xfrm state", "spi") == 2 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    run("ip xfrm state add src 192.0.2.77 dst 192.0.2.78 proto esp spi 4711 mode transport enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f");
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 3);
    lab_init(&lab);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 1);
    g_assert_cmpuint(lines_with("ip xfrm policy", "dir"), ==, 0);
    lab_clear(&lab);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 1);
    run("ip xfrm state flush");
}

static void
test_seconds(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x0badcafe);
    request.sa.lifetimes = (ObolLifetimes) { .soft_us = SECOND / 5, .hard_us = SECOND / 2 };
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    wait_for_events(&lab, 2);
    g_assert_false(g_array_index(lab.events, ObolKernelEvent, 0).hard);
    g_assert_true(g_array_index(lab.events, ObolKernelEvent, 1).hard);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 0);
    lab_clear(&lab);
}

static void
send_to(const char *text, guint n)
{
    ObolAddress to = address_of(text);
    struct sockaddr_storage name;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t length;

    to.port = 9;
    length = obol_address_to_sockaddr(&to, &name);
    for (guint i = 0; i < n; i++)
        if (sendto(fd, "obol", 4, 0, (struct sockaddr *) &name, length) < 0)
            g_test_message("sendto: %s", g_strerror(errno));
    close(fd);
}

static void
test_acquire_and_packets(void)
{
    Lab lab;
    ObolKernelRequest request;

    run("ip link add test0 type veth peer name test1"); /* the loopback device has no IPsec */
    run("ip link set test0 up");
    run("ip link set test1 up");
    run("ip address add 192.0.2.1/32 dev test0");
    run("ip address add 10.1.0.1/32 dev test0");
    run("ip route add 10.2.0.0/16 dev test0 src 10.1.0.1");
    run("ip route add 198.51.100.0/24 dev test0 src 192.0.2.1");
    lab_init(&lab);
    request = policy_request(OBOL_KERNEL_ADD_POLICY, OBOL_DIR_OUT);
    request.policy.trap = TRUE;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    send_to("10.2.0.9", 10);
    wait_for_events(&lab, 1);
    g_assert_cmpint(g_array_index(lab.events, ObolKernelEvent, 0).kind, ==, OBOL_KERNEL_ACQUIRE);
    g_assert_cmpuint(g_array_index(lab.events, ObolKernelEvent, 0).reqid, ==, 7);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x0badcafe);
    request.sa.lifetimes = (ObolLifetimes) { .soft_packets = 3, .hard_packets = 6 };
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 1); /* its larval has gone */
    send_to("10.2.0.9", 4);
    wait_for_events(&lab, 2);
    g_assert_cmpint(g_array_index(lab.events, ObolKernelEvent, 1).kind, ==, OBOL_KERNEL_EXPIRE);
    g_assert_false(g_array_index(lab.events, ObolKernelEvent, 1).hard);
    request.op = OBOL_KERNEL_QUERY_SA;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.usage.packets, ==, 4);
    g_assert_cmpuint(lab.usage.bytes, >, 0);
    send_to("10.2.0.9", 4);
    wait_for_events(&lab, 3);
    g_assert_true(g_array_index(lab.events, ObolKernelEvent, 2).hard);
    lab_clear(&lab);
    run("ip xfrm state flush"); /* the larval of packets after it */
}

static void
test_many(void)
{
    Lab lab;
    ObolKernelRequest request;

    lab_init(&lab);
    request = sa_request(&lab, OBOL_KERNEL_ADD_SA, FALSE, 0x100000);
    for (guint i = 0; i < 3000; i++, request.sa.id.spi++)
        g_assert_cmpint(ask(&lab, &request), ==, -1);
    request.op = OBOL_KERNEL_LIST;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.sas->len, ==, 3000);
    request.op = OBOL_KERNEL_FLUSH;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    request.op = OBOL_KERNEL_LIST;
    g_assert_cmpint(ask(&lab, &request), ==, -1);
    g_assert_cmpuint(lab.sas->len, ==, 0);
    lab_clear(&lab);
}

static void
test_adopt(void)
{
    static const int families[] = { AF_INET, AF_INET6 };
    Lab lab;

    lab_init(&lab);
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        int fd = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_autoptr(GError) error = NULL;

        g_assert_true(pfkey_adopt(lab.pfkey, fd, families[i], TRUE, &error));
        g_assert_no_error(error);
        close(fd);
    }
    g_assert_cmpuint(lines_with("ip xfrm policy", "priority 1 "), ==, 0);
    lab_clear(&lab);
}

static void
test_probe(void)
{
    PfkeyEndpoint raw = { .via = PFKEY_VIA_RAW };
    const PfkeySettings settings = { .endpoint = &raw, .timeout_us = 5 * SECOND, .probe = TRUE };
    Lab lab;
    const PfkeyHost host = { NULL, now_us, draw, log_line, NULL };
    g_autoptr(Pfkey) probe = NULL;
    g_autoptr(GError) error = NULL;

    lab_init(&lab);
    add_child(&lab, 0xc0001234, 0x0badcafe);
    probe = pfkey_new(&settings, &host, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(pfkey_abilities(probe)->esp);
    g_assert_cmpuint(pfkey_abilities(probe)->transforms[0].type, !=, 0);
    g_clear_pointer(&probe, pfkey_free);
    g_assert_cmpuint(lines_with("ip xfrm state", "spi"), ==, 2); /* ours are still there */
    lab_clear(&lab);
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "/pfkey/kernel/an-sa-lives-and-nothing-is-left", test_life },
    { "/pfkey/kernel/every-algorithm-that-is-offered-is-taken", test_transforms },
    { "/pfkey/kernel/ipcomp", test_ipcomp },
    { "/pfkey/kernel/a-reservation-outlives-its-larval", test_larval_gone },
    { "/pfkey/kernel/addresses-move", test_move },
    { "/pfkey/kernel/ports-move", test_ports },
    { "/pfkey/kernel/ipv6-in-ipv4", test_six_in_four },
    { "/pfkey/kernel/what-others-do-is-noticed", test_foreign },
    { "/pfkey/kernel/after-a-crash-leftovers-go", test_crash },
    { "/pfkey/kernel/seconds-end-an-sa", test_seconds },
    { "/pfkey/kernel/an-acquire-an-sa-and-packets-end-it", test_acquire_and_packets },
    { "/pfkey/kernel/three-thousand-sas", test_many },
    { "/pfkey/kernel/sockets-are-adopted", test_adopt },
    { "/pfkey/kernel/a-probe-leaves-all-as-it-was", test_probe },
};

static void
skip(gconstpointer why)
{
    g_test_skip(why);
}

int
main(int argc, char **argv)
{
    const char *why;

    g_test_init(&argc, &argv, NULL);
    why = why_not();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        if (why != NULL)
            g_test_add_data_func(tests[i].name, why, skip);
        else
            g_test_add_func(tests[i].name, tests[i].test);
    return g_test_run();
}
