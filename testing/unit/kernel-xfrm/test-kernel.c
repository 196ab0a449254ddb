/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-kernel.c - on a real kernel: what is asked for is what `ip xfrm` shows and what packets meet. */
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/kernel-xfrm/adopt.h"
#include "plugins/kernel-xfrm/algorithms.h"
#include "plugins/kernel-xfrm/spec.h"
#include "unit/kernel-xfrm/world.h"

#define REQID 7

/* One way of a Child SA, at both hosts. */
typedef struct {
    ObolSaSpec sa[2];   /* LEFT sends it, RIGHT receives it */
    ObolPolicySpec policy[2];
    ObolSecret *encr_key, *integ_key;
    GArray *source_ts, *destination_ts;
} Path;

static void
path_free(Path *path)
{
    obol_secret_free(path->encr_key);
    obol_secret_free(path->integ_key);
    g_array_unref(path->source_ts);
    g_array_unref(path->destination_ts);
    g_free(path);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Path, path_free)

static ObolSecret *
key_for(guint8 type, guint16 id, guint bits)
{
    const XfrmAlgorithm *algorithm = algorithm_find(type, id);
    ObolSecret *key;

    if (algorithm == NULL)
        return NULL;
    key = obol_secret_new((algorithm->sends_key_bits ? bits : algorithm->key_bits[0]) / 8 + algorithm->salt_bytes);
    for (gsize i = 0; i < key->n; i++)
        key->bytes[i] = (guint8) (i * 29 + 5);
    return key;
}

/* From LEFT to RIGHT, between @inner and, in tunnel mode, through a tunnel of @outer. */
static Path *
path_new(World *world, const ObolSuite *suite, ObolMode mode, int outer, int inner)
{
    Path *path = g_new0(Path, 1);
    const ObolAddress from = world_outer(LEFT, outer), to = world_outer(RIGHT, outer);
    const ObolAddress source = mode == OBOL_MODE_TRANSPORT ? from : world_inner(LEFT, inner);
    const ObolAddress destination = mode == OBOL_MODE_TRANSPORT ? to : world_inner(RIGHT, inner);
    ObolTs source_ts, destination_ts;

    obol_ts_from_address(&source, &source_ts);
    obol_ts_from_address(&destination, &destination_ts);
    path->source_ts = g_array_append_val(g_array_new(FALSE, FALSE, sizeof(ObolTs)), source_ts);
    path->destination_ts = g_array_append_val(g_array_new(FALSE, FALSE, sizeof(ObolTs)), destination_ts);
    path->encr_key = key_for(OBOL_TRANSFORM_ENCR, suite->encr, suite->encr_bits);
    path->integ_key = suite->integ != 0 ? key_for(OBOL_TRANSFORM_INTEG, suite->integ, 0) : NULL;
    world->next_spi++;
    for (int host = LEFT; host <= RIGHT; host++) {
        path->sa[host] = (ObolSaSpec) {
            .id = { from, to, world->next_spi, suite->protocol }, .reqid = REQID, .mode = mode, .inbound = host == RIGHT,
            .suite = *suite, .encr_key = path->encr_key, .integ_key = path->integ_key, .replay_window = 64,
            .source_ts = path->source_ts, .destination_ts = path->destination_ts,
        };
        path->policy[host] = (ObolPolicySpec) {
            .direction = host == LEFT ? OBOL_DIR_OUT : OBOL_DIR_IN, .action = OBOL_POLICY_PROTECT, .source = source_ts,
            .destination = destination_ts, .reqid = REQID, .mode = mode, .protocol = suite->protocol,
            .tunnel_source = from, .tunnel_destination = to,
        };
    }
    return path;
}

static const ObolSuite gcm = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 };

static void
sa_op(World *world, int host, ObolKernelOp op, const ObolSaSpec *sa)
{
    const ObolKernelRequest request = { .op = op, .sa = *sa };

    world_must(world, host, &request, NULL);
}

static void
policy_op(World *world, int host, ObolKernelOp op, const ObolPolicySpec *policy)
{
    const ObolKernelRequest request = { .op = op, .policy = *policy };

    world_must(world, host, &request, NULL);
}

static void
assert_refused(World *world, int host, const ObolKernelRequest *request, ObolKernelError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(world_ask(world, host, request, NULL, &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, (int) code);
    g_test_message("refused: %s", error->message);
}

static void
path_add(World *world, const Path *path)
{
    for (int host = RIGHT; host >= LEFT; host--) {
        sa_op(world, host, OBOL_KERNEL_ADD_SA, &path->sa[host]);
        policy_op(world, host, OBOL_KERNEL_ADD_POLICY, &path->policy[host]);
    }
}

static void
path_remove(World *world, const Path *path)
{
    for (int host = LEFT; host <= RIGHT; host++) {
        policy_op(world, host, OBOL_KERNEL_DELETE_POLICY, &path->policy[host]);
        sa_op(world, host, OBOL_KERNEL_DELETE_SA, &path->sa[host]);
    }
}

static gboolean
path_carries(World *world, const Path *path)
{
    ObolAddress source = { .family = path->policy[LEFT].source.family }, destination = source;

    memcpy(source.bytes, path->policy[LEFT].source.first, sizeof source.bytes);
    memcpy(destination.bytes, path->policy[LEFT].destination.first, sizeof destination.bytes);
    return world_send(world, LEFT, &source, &destination);
}

static guint64
packets_of(World *world, int host, const ObolSaSpec *sa)
{
    const ObolKernelRequest request = { .op = OBOL_KERNEL_QUERY_SA, .sa = *sa };
    ObolKernelReply reply;

    world_must(world, host, &request, &reply);
    return reply.usage.packets;
}

static void
assert_empty(const World *world, int host)
{
    g_autofree char *states = world_run(world, host, "ip xfrm state | grep -v '^$'; true");
    g_autofree char *policies = world_run(world, host, "ip xfrm policy | grep -v '^$'; true");

    g_assert_cmpstr(states, ==, "");
    g_assert_cmpstr(policies, ==, "");
}

static gboolean
offers(const ObolKernelAbilities *abilities, guint8 type, guint16 id, guint16 bits)
{
    for (const ObolTransform *at = abilities->transforms; at->type != 0; at++)
        if (at->type == type && at->id == id && at->key_bits == bits)
            return TRUE;
    return FALSE;
}

static void
test_abilities(void)
{
    g_autoptr(World) world = world_new();
    const ObolKernelAbilities *abilities;

    if (world == NULL)
        return;
    abilities = xfrm_abilities(world->hosts[LEFT].xfrm);
    g_test_message("%s", abilities->summary);
    g_assert_true(offers(abilities, OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_GCM_16, 256));
    g_assert_true(offers(abilities, OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CBC, 128));
    g_assert_true(offers(abilities, OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_256_128, 0));
    g_assert_true(abilities->esn && abilities->esp && abilities->tunnel && abilities->transport && abilities->udp_encap);
    g_assert_true(abilities->marks && abilities->if_ids && abilities->set_marks && abilities->tfc_padding);
    g_assert_cmpuint(abilities->replay_window_max, ==, 4096);
    g_test_message("ah %d ipcomp %d beet %d offload %d", abilities->ah, abilities->ipcomp, abilities->beet, abilities->offload);
    assert_empty(world, LEFT);
}

static void
test_spis(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI };
    ObolKernelReply reply;
    g_autofree char *states = NULL;

    if (world == NULL)
        return;
    request.sa.id = (ObolSaId) { world_outer(RIGHT, AF_INET), world_outer(LEFT, AF_INET), 0, OBOL_PROTO_IPCOMP };
    world_must(world, LEFT, &request, &reply);
    g_assert_cmpuint(reply.spi, >=, 256);
    g_assert_cmpuint(reply.spi, <=, 61439);
    request.sa.id.protocol = OBOL_PROTO_ESP;
    world_must(world, LEFT, &request, &reply);
    g_assert_cmpuint(reply.spi, >=, 256);
    states = world_run(world, LEFT, "ip xfrm state");
    g_assert_nonnull(strstr(states, "proto comp"));
    request.op = OBOL_KERNEL_LIST;
    world_must(world, LEFT, &request, &reply);
    g_assert_cmpuint(reply.sas->len, ==, 2);
    g_assert_true(g_array_index(reply.sas, ObolKernelSa, 0).ours && g_array_index(reply.sas, ObolKernelSa, 0).reserved);
    request.sa.id.spi = 0;
    for (guint i = 0; i < 2; i++)
        if (g_array_index(reply.sas, ObolKernelSa, i).id.protocol == OBOL_PROTO_ESP)
            request.sa.id = g_array_index(reply.sas, ObolKernelSa, i).id;
    g_array_unref((GArray *) reply.sas);
    g_array_unref((GArray *) reply.policies);
    request.op = OBOL_KERNEL_DELETE_SA;
    world_must(world, LEFT, &request, NULL);
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_NOT_FOUND);
    request.op = OBOL_KERNEL_FLUSH;
    world_must(world, LEFT, &request, NULL);
    assert_empty(world, LEFT);
}

/* An inbound SA takes its reserved SPI, and a new one where the kernel has let that go. */
static void
test_reserved_spi_becomes_an_sa(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI };
    ObolKernelReply reply;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    for (guint lost = 0; lost < 2; lost++) {
        request.sa = path->sa[RIGHT];
        world_must(world, RIGHT, &request, &reply);
        path->sa[LEFT].id.spi = path->sa[RIGHT].id.spi = reply.spi;
        if (lost)
            world_do(world, RIGHT, "ip xfrm state flush");
        path_add(world, path);
        g_assert_true(path_carries(world, path));
        path_remove(world, path);
    }
    assert_empty(world, RIGHT);
}

static void
test_algorithms(void)
{
    g_autoptr(World) world = world_new();

    if (world == NULL)
        return;
    for (const ObolTransform *at = xfrm_abilities(world->hosts[LEFT].xfrm)->transforms; at->type != 0; at++) {
        for (guint esn = 0; esn < 2; esn++) {
            gboolean integ = at->type == OBOL_TRANSFORM_INTEG, aead = !integ && algorithm_find(at->type, at->id)->icv_bits != 0;
            ObolSuite suite = { .protocol = OBOL_PROTO_ESP, .esn = (guint8) esn };
            g_autoptr(Path) path = NULL;

            suite.encr = integ ? OBOL_ENCR_NULL : at->id;
            suite.encr_bits = integ ? 0 : at->key_bits;
            suite.integ = integ ? at->id : aead ? 0 : OBOL_INTEG_HMAC_SHA2_256_128;
            path = path_new(world, &suite, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
            path_add(world, path);
            g_test_message("%s/%u, ESN %u", obol_transform_name(at->type, at->id), at->key_bits, esn);
            g_assert_true(path_carries(world, path));
            g_assert_cmpuint(packets_of(world, RIGHT, &path->sa[RIGHT]), ==, 1);
            path_remove(world, path);
        }
    }
}

static void
test_modes(void)
{
    static const struct {
        ObolMode mode;
        guint8 protocol;
        int outer, inner;
        gboolean udp;
    } cases[] = {
        { OBOL_MODE_TUNNEL, OBOL_PROTO_ESP, AF_INET, AF_INET6, FALSE },
        { OBOL_MODE_TUNNEL, OBOL_PROTO_ESP, AF_INET6, AF_INET, FALSE },
        { OBOL_MODE_TUNNEL, OBOL_PROTO_ESP, AF_INET6, AF_INET6, FALSE },
        { OBOL_MODE_TUNNEL, OBOL_PROTO_ESP, AF_INET, AF_INET, TRUE },
        { OBOL_MODE_TRANSPORT, OBOL_PROTO_ESP, AF_INET, AF_INET, FALSE },
        { OBOL_MODE_TRANSPORT, OBOL_PROTO_ESP, AF_INET6, AF_INET6, FALSE },
        { OBOL_MODE_BEET, OBOL_PROTO_ESP, AF_INET, AF_INET, FALSE },
        { OBOL_MODE_TUNNEL, OBOL_PROTO_AH, AF_INET, AF_INET, FALSE },
        { OBOL_MODE_TRANSPORT, OBOL_PROTO_AH, AF_INET6, AF_INET6, FALSE },
    };
    g_autoptr(World) world = world_new();

    for (gsize i = 0; world != NULL && i < G_N_ELEMENTS(cases); i++) {
        const ObolSuite ah = { .protocol = OBOL_PROTO_AH, .integ = OBOL_INTEG_HMAC_SHA2_256_128 };
        const ObolAddress any = { .family = AF_INET };
        g_autoptr(Path) path = path_new(world, cases[i].protocol == OBOL_PROTO_AH ? &ah : &gcm, cases[i].mode, cases[i].outer,
                                        cases[i].inner);
        g_autoptr(GError) error = NULL;
        int socket_fd = -1;

        for (int host = LEFT; cases[i].udp && host <= RIGHT; host++) {
            path->sa[host].udp_encap = TRUE;
            path->sa[host].id.source.port = path->sa[host].id.destination.port = 7777;
        }
        if (cases[i].udp) {
            socket_fd = world_listen(world, RIGHT, &any);
            g_assert_true(adopt_socket(socket_fd, AF_INET, TRUE, &error));
            path->policy[LEFT].source.protocol = path->policy[RIGHT].source.protocol = IPPROTO_ICMP;
            path->policy[LEFT].destination.protocol = path->policy[RIGHT].destination.protocol = IPPROTO_ICMP;
        }
        path_add(world, path);
        g_test_message("case %u", (guint) i);
        if (cases[i].udp)
            world_do(world, LEFT, "ping -c 1 -W 1 -I 10.1.0.1 10.2.0.1 >/dev/null; true"); /* the answer comes in clear */
        else
            g_assert_true(path_carries(world, path));
        g_assert_cmpuint(packets_of(world, RIGHT, &path->sa[RIGHT]), ==, 1);
        path_remove(world, path);
        if (socket_fd >= 0)
            close(socket_fd);
    }
}

/* RFC 3173: an SA of its own, which makes the tunnel; what is too small to compress comes without it. */
static void
test_ipcomp(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL, comp = NULL;
    const ObolSuite deflate = { .protocol = OBOL_PROTO_IPCOMP };

    if (world == NULL || !xfrm_abilities(world->hosts[LEFT].xfrm)->ipcomp)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    comp = path_new(world, &deflate, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    for (int host = LEFT; host <= RIGHT; host++) {
        path->sa[host].mode = OBOL_MODE_TRANSPORT;
        path->policy[host].ipcomp = TRUE;
        sa_op(world, host, OBOL_KERNEL_ADD_SA, &comp->sa[host]);
    }
    path_add(world, path);
    g_assert_true(path_carries(world, path));
    g_assert_cmpuint(packets_of(world, RIGHT, &path->sa[RIGHT]), ==, 1);
    g_assert_cmpuint(packets_of(world, RIGHT, &comp->sa[RIGHT]), ==, 1);
    path_remove(world, path);
    for (int host = LEFT; host <= RIGHT; host++)
        sa_op(world, host, OBOL_KERNEL_DELETE_SA, &comp->sa[host]);
    assert_empty(world, RIGHT);
}

static void
test_errors(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_SA };

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path_add(world, path);
    request.sa = path->sa[LEFT];
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_EXISTS);
    request.sa.id.spi = 77;
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_INVALID);
    request.sa.id.spi = 0x99999;
    request.op = OBOL_KERNEL_QUERY_SA;
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_NOT_FOUND);
    request.op = OBOL_KERNEL_DELETE_POLICY;
    request.policy = path->policy[LEFT];
    request.policy.reqid = 99;
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_NOT_FOUND);
    world_do(world, LEFT, "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x99999 mode transport "
                          "aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128");
    request.op = OBOL_KERNEL_ADD_SA;
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_EXISTS); /* somebody else's */
    request.op = OBOL_KERNEL_DELETE_SA;
    assert_refused(world, LEFT, &request, OBOL_KERNEL_ERROR_NOT_FOUND);
}

static void
test_attributes(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    g_autofree char *shown = NULL;
    ObolSaSpec *sa;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    sa = &path->sa[LEFT];
    sa->mark = (ObolMark) { 0x5, 0xff };
    sa->set_mark = (ObolMark) { 0x6, 0xf };
    sa->if_id = 0x2a;
    sa->tfc_padding = 1000;
    sa->flags = OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_NO_DSCP_OUT;
    sa->lifetimes = (ObolLifetimes) { .soft_bytes = 1111, .hard_bytes = 2222, .soft_packets = 33, .hard_packets = 44,
                                      .soft_us = 55 * G_USEC_PER_SEC, .hard_us = 66 * G_USEC_PER_SEC };
    path->policy[LEFT].mark = sa->mark;
    path->policy[LEFT].if_id = sa->if_id;
    path->policy[LEFT].priority = 4711;
    path_add(world, path);
    shown = world_run(world, LEFT, "ip -d -s xfrm state; ip -d -s xfrm policy");
    for (const char *const *at = (const char *const[]) {
             "mark 0x5/0xff", "output-mark 0x6/0xf", "if_id 0x2a", "tfcpad: 0x3e8", "nopmtudisc", "noecn", "dont-encap-dscp", "1111",
             "2222", "soft 33(packets), hard 44(packets)", "soft 55(sec), hard 66(sec)", "reqid 7", "priority 4711", NULL }; *at != NULL; at++) {
        if (strstr(shown, *at) == NULL)
            g_test_message("no \"%s\" in\n%s", *at, shown);
        if (!g_str_has_prefix(*at, "tfcpad"))
            g_assert_nonnull(strstr(shown, *at));
    }
    path_remove(world, path);
    assert_empty(world, LEFT);
}

static void
test_acquire(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    const ObolAddress source = world_inner(LEFT, AF_INET), destination = world_inner(RIGHT, AF_INET);
    const ObolKernelEvent *event;
    int receiver, sender;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path->policy[LEFT].trap = TRUE;
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &path->policy[LEFT]);
    receiver = world_listen(world, RIGHT, &destination);
    sender = world_sender(world, LEFT, &source);
    for (guint i = 0; i < 5; i++)
        world_emit(sender, &destination);
    g_assert_cmpuint(world_events(world, LEFT, 1), ==, 1);
    world_settle();
    g_assert_cmpuint(world->hosts[LEFT].events->len, ==, 1);
    event = &g_array_index(world->hosts[LEFT].events, ObolKernelEvent, 0);
    g_assert_cmpint(event->kind, ==, OBOL_KERNEL_ACQUIRE);
    g_assert_cmpuint(event->reqid, ==, REQID);
    g_assert_cmpint(event->source.protocol, ==, IPPROTO_UDP);
    g_assert_cmpint(event->destination.port_first, ==, 7777);
    g_assert_cmpint(event->destination.port_last, ==, 7777);
    g_assert_cmpint(event->destination.first[0], ==, 10);
    sa_op(world, RIGHT, OBOL_KERNEL_ADD_SA, &path->sa[RIGHT]);
    policy_op(world, RIGHT, OBOL_KERNEL_ADD_POLICY, &path->policy[RIGHT]);
    sa_op(world, LEFT, OBOL_KERNEL_ADD_SA, &path->sa[LEFT]);
    g_assert_true(world_came(receiver)); /* the kernel held it */
    close(receiver);
    close(sender);
}

static void
assert_asks(World *world, const Path *path, int sender)
{
    const ObolAddress destination = world_inner(RIGHT, AF_INET);
    GArray *events = world->hosts[LEFT].events;

    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &path->policy[LEFT]);
    world_emit(sender, &destination);
    g_assert_cmpuint(world_events(world, LEFT, 1), ==, 1);
    g_array_set_size(events, 0);
}

/* What nobody answered does not keep the next trap from asking, even one of a daemon that comes after a crash. */
static void
test_acquire_again(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    const ObolAddress source = world_inner(LEFT, AF_INET);
    const ObolKernelRequest flush = { .op = OBOL_KERNEL_FLUSH };
    int sender;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path->policy[LEFT].trap = TRUE;
    sender = world_sender(world, LEFT, &source);
    assert_asks(world, path, sender);
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &path->policy[LEFT]);
    assert_empty(world, LEFT);
    assert_asks(world, path, sender);
    world_must(world, LEFT, &flush, NULL);
    assert_empty(world, LEFT);
    assert_asks(world, path, sender);
    world_close(world, LEFT);
    assert_empty(world, LEFT);
    close(sender);
}

static void
test_expiry(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL, timed = NULL;
    const GArray *events;

    if (world == NULL)
        return;
    events = world->hosts[LEFT].events;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path->sa[LEFT].lifetimes = (ObolLifetimes) { .soft_packets = 2, .hard_packets = 4 };
    path_add(world, path);
    for (guint i = 0; i < 5; i++) /* the kernel looks at the limit when the next one comes */
        path_carries(world, path);
    g_assert_cmpuint(world_events(world, LEFT, 2), ==, 2);
    g_assert_false(g_array_index(events, ObolKernelEvent, 0).hard);
    g_assert_true(g_array_index(events, ObolKernelEvent, 1).hard);
    g_assert_cmphex(g_array_index(events, ObolKernelEvent, 1).sa.spi, ==, path->sa[LEFT].id.spi);
    timed = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    timed->sa[RIGHT].lifetimes = (ObolLifetimes) { .soft_us = G_USEC_PER_SEC, .hard_us = 2 * G_USEC_PER_SEC };
    sa_op(world, RIGHT, OBOL_KERNEL_ADD_SA, &timed->sa[RIGHT]);
    g_assert_cmpuint(world_events(world, RIGHT, 2), ==, 2);
    g_assert_cmphex(g_array_index(world->hosts[RIGHT].events, ObolKernelEvent, 1).sa.spi, ==, timed->sa[RIGHT].id.spi);
}

static void
move(World *world, int host, const ObolSaSpec *sa, const ObolSaId *to, gboolean udp)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_SA, .sa = *sa, .to = *to, .to_udp_encap = udp };

    request.sa.encr_key = request.sa.integ_key = NULL;
    world_must(world, host, &request, NULL);
}

/* Others' addresses, UDP and back: the sequence goes on, or the other side's window would drop all that comes. */
static void
test_move(void)
{
    g_autoptr(World) world = world_new();

    for (guint esn = 0; world != NULL && esn < 2; esn++) {
        ObolSuite suite = gcm;
        g_autoptr(Path) path = NULL;
        g_autofree char *shown = NULL;

        suite.esn = (guint8) esn;
        path = path_new(world, &suite, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
        path->sa[LEFT].mark = (ObolMark) { 0 };
        path_add(world, path);
        for (guint i = 0; i < 3; i++)
            g_assert_true(path_carries(world, path));
        for (int host = LEFT; host <= RIGHT; host++) {
            ObolSaId to = path->sa[host].id;
            ObolKernelRequest request = { .op = OBOL_KERNEL_UPDATE_POLICY, .policy = path->policy[host] };

            to.source.bytes[3] = 11; /* LEFT has another */
            to.destination.bytes[3] = 12;
            to.source.port = to.destination.port = 4500;
            move(world, host, &path->sa[host], &to, TRUE);
            path->sa[host].id = to;
            to.source.port = 4600; /* the NAT changes its mind */
            move(world, host, &path->sa[host], &to, TRUE);
            path->sa[host].id = to;
            to.source.port = to.destination.port = 0;
            move(world, host, &path->sa[host], &to, FALSE);
            path->sa[host].id = to;
            request.policy_to = request.policy;
            request.policy_to.tunnel_source = to.source;
            request.policy_to.tunnel_destination = to.destination;
            world_must(world, host, &request, NULL);
            path->policy[host] = request.policy_to;
        }
        shown = world_run(world, LEFT, "ip -d -s xfrm state");
        g_assert_nonnull(strstr(shown, "192.0.2.11"));
        g_assert_nonnull(strstr(shown, "oseq 0x3"));
        g_assert_null(strstr(shown, "encap"));
        g_assert_true(path_carries(world, path));
        g_assert_cmpuint(packets_of(world, LEFT, &path->sa[LEFT]), ==, 4);
        g_assert_cmpuint(packets_of(world, RIGHT, &path->sa[RIGHT]), ==, 4);
        path_remove(world, path);
        assert_empty(world, LEFT);
        g_assert_cmpuint(world->hosts[LEFT].events->len + world->hosts[RIGHT].events->len, ==, 0);
    }
}

static void
test_mapping(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    const ObolAddress any = { .family = AF_INET };
    g_autoptr(GError) error = NULL;
    const ObolKernelEvent *event;
    ObolSaId to;
    int fd;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    for (int host = LEFT; host <= RIGHT; host++) {
        path->sa[host].udp_encap = TRUE;
        path->sa[host].id.source.port = path->sa[host].id.destination.port = 7777;
        path->policy[host].source.protocol = path->policy[host].destination.protocol = IPPROTO_ICMP;
    }
    fd = world_listen(world, RIGHT, &any);
    g_assert_true(adopt_socket(fd, AF_INET, TRUE, &error));
    path_add(world, path);
    to = path->sa[LEFT].id;
    to.source.port = 9999;
    move(world, LEFT, &path->sa[LEFT], &to, TRUE);
    for (guint i = 0; i < 3; i++)
        world_do(world, LEFT, "ping -c 1 -W 1 -I 10.1.0.1 10.2.0.1 >/dev/null; true");
    g_assert_cmpuint(world_events(world, RIGHT, 1), >=, 1);
    event = &g_array_index(world->hosts[RIGHT].events, ObolKernelEvent, 0);
    g_assert_cmpint(event->kind, ==, OBOL_KERNEL_MAPPING);
    g_assert_cmpint(event->mapped.port, ==, 9999);
    g_assert_cmphex(event->sa.spi, ==, path->sa[RIGHT].id.spi);
    close(fd);
}

static void
test_others(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL, second = NULL;
    g_autofree char *policies = NULL;
    const GArray *events;
    gint64 until_us;

    if (world == NULL)
        return;
    events = world->hosts[LEFT].events;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    second = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET6, AF_INET6);
    path_add(world, path);
    path_add(world, second);
    world_do(world, LEFT, "ip xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi $(ip xfrm state | "
                          "sed -n '/dst 192/{n;s/.*spi \\(0x[0-9a-f]*\\).*/\\1/p}')");
    g_assert_cmpuint(world_events(world, LEFT, 1), ==, 1);
    g_assert_true(g_array_index(events, ObolKernelEvent, 0).hard);
    g_assert_cmphex(g_array_index(events, ObolKernelEvent, 0).sa.spi, ==, path->sa[LEFT].id.spi);
    world_do(world, LEFT, "ip xfrm state flush; ip xfrm policy flush");
    g_assert_cmpuint(world_events(world, LEFT, 2), ==, 2);
    g_assert_cmphex(g_array_index(events, ObolKernelEvent, 1).sa.spi, ==, second->sa[LEFT].id.spi);
    until_us = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    do {
        g_clear_pointer(&policies, g_free);
        world_settle();
        policies = world_run(world, LEFT, "ip xfrm policy");
    } while (strstr(policies, "fd00") == NULL && g_get_monotonic_time() < until_us);
    g_assert_nonnull(strstr(policies, "10.1.0.1"));
    g_assert_nonnull(strstr(policies, "fd00"));
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &path->policy[LEFT]);
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &second->policy[LEFT]);
    assert_empty(world, LEFT);
}

/* More events than the socket holds: what went unheard is found. */
static void
test_overflow(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    g_autoptr(GError) error = NULL;

    if (world == NULL)
        return;
    world_close(world, LEFT);
    g_assert_true(world_open(world, LEFT, 8192, &error));
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path_add(world, path);
    world_do(world, LEFT, "for i in $(seq 1 500); do echo xfrm policy add src 10.9.0.0/16 dst 10.8.0.$((i % 250))/32 dir out action block priority $i index $((i * 8 + 1)); "
                          "echo xfrm policy delete src 10.9.0.0/16 dst 10.8.0.$((i % 250))/32 dir out; done | ip -batch -; ip xfrm state flush");
    g_assert_cmpuint(world_events(world, LEFT, 1), ==, 1);
    g_assert_true(g_array_index(world->hosts[LEFT].events, ObolKernelEvent, 0).hard);
    g_assert_cmphex(g_array_index(world->hosts[LEFT].events, ObolKernelEvent, 0).sa.spi, ==, path->sa[LEFT].id.spi);
}

static void
test_policies(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    ObolPolicySpec second, ports;
    g_autofree char *first_shown = NULL, *second_shown = NULL, *third_shown = NULL, *ports_shown = NULL;

    if (world == NULL)
        return;
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    second = path->policy[LEFT];
    second.reqid = 8;
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &path->policy[LEFT]);
    first_shown = world_run(world, LEFT, "ip xfrm policy");
    g_assert_nonnull(strstr(first_shown, "reqid 7"));
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &second);
    second_shown = world_run(world, LEFT, "ip xfrm policy");
    g_assert_nonnull(strstr(second_shown, "reqid 8"));
    g_assert_null(strstr(second_shown, "reqid 7"));
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &second);
    third_shown = world_run(world, LEFT, "ip xfrm policy");
    g_assert_nonnull(strstr(third_shown, "reqid 7"));
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &path->policy[LEFT]);
    assert_empty(world, LEFT);
    ports = path->policy[LEFT];
    ports.source.protocol = ports.destination.protocol = IPPROTO_TCP;
    ports.destination.port_first = 1000;
    ports.destination.port_last = 2000;
    ports.direction = OBOL_DIR_FORWARD;
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &ports);
    ports_shown = world_run(world, LEFT, "ip xfrm policy | grep -c 'dport'");
    g_assert_cmpint(g_ascii_strtoll(ports_shown, NULL, 10), ==, 8); /* 1000-1007, 1008-1023, 1024-1535 ... */
    policy_op(world, LEFT, OBOL_KERNEL_DELETE_POLICY, &ports);
    assert_empty(world, LEFT);
}

/* The daemon's own socket talks past a policy that drops everything. */
static void
test_adopted_socket(void)
{
    g_autoptr(World) world = world_new();
    const ObolAddress source = world_outer(LEFT, AF_INET), destination = world_outer(RIGHT, AF_INET);
    ObolPolicySpec drop = { .direction = OBOL_DIR_OUT, .action = OBOL_POLICY_DROP };
    g_autoptr(GError) error = NULL;
    int receiver, sender;

    if (world == NULL)
        return;
    obol_ts_parse("0.0.0.0/0", &drop.source, &error);
    drop.destination = drop.source;
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &drop);
    receiver = world_listen(world, RIGHT, &destination);
    sender = world_sender(world, LEFT, &source);
    world_emit(sender, &destination);
    g_assert_false(world_came(receiver));
    g_assert_true(adopt_socket(sender, AF_INET, FALSE, &error));
    world_emit(sender, &destination);
    g_assert_true(world_came(receiver));
    close(receiver);
    close(sender);
}

static void
test_one_daemon(void)
{
    g_autoptr(World) world = world_new();
    World second;
    g_autoptr(GError) error = NULL;

    if (world == NULL)
        return;
    second = *world;
    g_assert_false(world_open(&second, LEFT, 65536, &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_EXISTS);
}

/* A child that ends without a word is a crashed daemon. */
static void
crash(World *world)
{
    g_autoptr(Path) path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    ObolKernelRequest reserve = { .op = OBOL_KERNEL_GET_SPI, .sa = path->sa[RIGHT] };

    path->policy[LEFT].trap = TRUE;
    world_must(world, LEFT, &reserve, NULL);
    path_add(world, path);
    path->sa[RIGHT].mark = (ObolMark) { 3, 0xff };
    path->sa[RIGHT].id.spi++;
    path->policy[LEFT].mark = (ObolMark) { 3, 0xff };
    path->policy[LEFT].if_id = 9;
    sa_op(world, LEFT, OBOL_KERNEL_ADD_SA, &path->sa[RIGHT]);
    policy_op(world, LEFT, OBOL_KERNEL_ADD_POLICY, &path->policy[LEFT]);
    _exit(0);
}

static void
test_leftovers(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *count = NULL, *after = NULL;
    pid_t child;
    int status;

    if (world == NULL)
        return;
    for (int host = LEFT; host <= RIGHT; host++)
        world_close(world, host);
    child = fork();
    if (child == 0) {
        world_open(world, LEFT, 65536, NULL);
        world_open(world, RIGHT, 65536, NULL);
        crash(world);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    world_do(world, LEFT, "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x99999 mode transport reqid 7 "
                          "aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128; "
                          "ip xfrm policy add src 10.77.0.0/16 dst 10.78.0.0/16 dir out action block");
    count = world_run(world, LEFT, "echo $(ip xfrm state | grep -c ^src) $(ip xfrm policy | grep -c ^src)");
    g_assert_cmpstr(g_strchomp(count), ==, "4 3");
    g_assert_true(world_open(world, LEFT, 65536, &error));
    after = world_run(world, LEFT, "echo $(ip xfrm state | grep -c ^src) $(ip xfrm policy | grep -c ^src)");
    g_assert_cmpstr(g_strchomp(after), ==, "1 1");
}

static void
test_end(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Path) path = NULL;
    ObolKernelRequest request = { .op = OBOL_KERNEL_GET_SPI };
    g_autofree char *before = NULL, *after = NULL;

    if (world == NULL)
        return;
    before = world_run(world, LEFT, "cat /proc/sys/net/core/xfrm_acq_expires /proc/sys/net/core/xfrm_larval_drop");
    g_assert_cmpstr(before, ==, "20\n0\n");
    path = path_new(world, &gcm, OBOL_MODE_TUNNEL, AF_INET, AF_INET);
    path_add(world, path);
    request.sa = path->sa[RIGHT];
    world_must(world, LEFT, &request, NULL);
    world_do(world, LEFT, "ip xfrm policy add src 10.77.0.0/16 dst 10.78.0.0/16 dir out action block");
    world_close(world, LEFT);
    after = world_run(world, LEFT, "cat /proc/sys/net/core/xfrm_acq_expires /proc/sys/net/core/xfrm_larval_drop; "
                                   "echo $(ip xfrm state | grep -c ^src) $(ip xfrm policy | grep -c ^src)");
    g_assert_cmpstr(after, ==, "30\n1\n0 1\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-xfrm/kernel/says-what-it-can-and-keeps-nothing-of-the-question", test_abilities);
    g_test_add_func("/kernel-xfrm/kernel/SPIs-and-CPIs-are-reserved-and-released", test_spis);
    g_test_add_func("/kernel-xfrm/kernel/a-reserved-SPI-becomes-an-SA", test_reserved_spi_becomes_an_sa);
    g_test_add_func("/kernel-xfrm/kernel/every-algorithm-on-offer-carries-packets", test_algorithms);
    g_test_add_func("/kernel-xfrm/kernel/every-mode-carries-packets", test_modes);
    g_test_add_func("/kernel-xfrm/kernel/IPComp-carries-packets", test_ipcomp);
    g_test_add_func("/kernel-xfrm/kernel/refusals-say-why", test_errors);
    g_test_add_func("/kernel-xfrm/kernel/attributes-arrive", test_attributes);
    g_test_add_func("/kernel-xfrm/kernel/an-acquire-comes-once-and-its-packet-waits", test_acquire);
    g_test_add_func("/kernel-xfrm/kernel/what-nobody-answered-is-asked-again", test_acquire_again);
    g_test_add_func("/kernel-xfrm/kernel/soft-then-hard", test_expiry);
    g_test_add_func("/kernel-xfrm/kernel/a-moved-SA-goes-on", test_move);
    g_test_add_func("/kernel-xfrm/kernel/a-changed-mapping-is-told", test_mapping);
    g_test_add_func("/kernel-xfrm/kernel/others'-deletes-are-noticed-and-policies-put-back", test_others);
    g_test_add_func("/kernel-xfrm/kernel/an-overflow-is-made-good", test_overflow);
    g_test_add_func("/kernel-xfrm/kernel/the-newest-policy-serves", test_policies);
    g_test_add_func("/kernel-xfrm/kernel/an-adopted-socket-passes", test_adopted_socket);
    g_test_add_func("/kernel-xfrm/kernel/one-daemon-a-namespace", test_one_daemon);
    g_test_add_func("/kernel-xfrm/kernel/leftovers-go-and-others'-stay", test_leftovers);
    g_test_add_func("/kernel-xfrm/kernel/nothing-is-left-at-the-end", test_end);
    return g_test_run();
}
