/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-requests.c - SPIs and SAs: what is asked of the kernel, what is not, and what is made of its answers. */
#include <errno.h>
#include <string.h>

#include "world.h"

#define IN 0xc0001234u
#define OUT 0x0badcafeu

static const ObolTransform *
offered(const World *world, guint8 type, guint16 id, guint16 key_bits)
{
    for (const ObolTransform *t = pfkey_engine_abilities(world->engine)->transforms; t->type != 0; t++)
        if (t->type == type && t->id == id && t->key_bits == key_bits)
            return t;
    return NULL;
}

static void
test_registers(void)
{
    g_autoptr(World) world = world_new();
    const ObolKernelAbilities *a = pfkey_engine_abilities(world->engine);

    g_assert_cmphex(world->model.registered, ==, MODEL_REGISTERED);
    g_assert_cmpuint(world->model.sas->len, ==, 0); /* what was tried out is gone */
    g_assert_true(a->esp && a->ah && a->ipcomp && a->plain_esp && a->udp_encap && a->update_addresses && a->other_family);
    g_assert_false(a->esn || a->mixed_families || a->change_encap || a->port_ranges || a->tfc_padding || a->marks || a->shared_selectors);
    g_assert_cmpuint(a->replay_window_max, ==, 32);
    g_assert_cmpuint(a->reqid_max, ==, 16383);
    g_assert_cmpstr(a->summary, ==, "a model");
}

static void
test_offers_what_is_right(void)
{
    g_autoptr(World) world = world_new();

    g_assert_nonnull(offered(world, OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CBC, 256));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CTR, 128));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_ENCR, OBOL_ENCR_CAMELLIA_CBC, 192));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_ENCR, OBOL_ENCR_NULL, 0));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_512_256, 0));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_384_192, 0));
    g_assert_nonnull(offered(world, OBOL_TRANSFORM_INTEG, OBOL_INTEG_AES_XCBC_96, 0));
    g_assert_null(offered(world, OBOL_TRANSFORM_INTEG, OBOL_INTEG_HMAC_SHA2_256_128, 0));
    for (const ObolTransform *t = pfkey_engine_abilities(world->engine)->transforms; t->type != 0; t++)
        g_assert_false(t->type == OBOL_TRANSFORM_ENCR && obol_encr_is_aead(t->id));
}

static void
test_lacking_modules(void)
{
    g_autoptr(World) world = world_new_down();

    world->model.no_ah = world->model.no_migrate = TRUE;
    pfkey_engine_up(world->engine, world->now_us);
    world_settle(world);
    g_assert_true(pfkey_engine_is_ready(world->engine));
    g_assert_false(pfkey_engine_abilities(world->engine)->ah);
    g_assert_false(pfkey_engine_abilities(world->engine)->update_addresses);
    g_assert_true(pfkey_engine_abilities(world->engine)->esp);
}

static guint32
reserve(World *world)
{
    ObolKernelRequest request = world_sa(world, TRUE, 0);
    const Given *given;

    request.op = OBOL_KERNEL_GET_SPI;
    given = world_do(world, &request);
    g_assert_cmpint(given->code, ==, -1);
    return given->spi;
}

static void
test_reserves_and_updates(void)
{
    g_autoptr(World) world = world_new();
    guint32 spi = reserve(world);
    ObolKernelRequest request = world_sa(world, TRUE, spi);
    const ModelSa *sa;

    g_assert_cmphex(spi, >=, 0xc0000000);
    g_assert_cmphex(spi, <=, 0xcfffffff);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, spi);
    g_assert_nonnull(sa);
    g_assert_cmpuint(world->model.n_got[PFKEY_UPDATE], ==, 1);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 0);
    g_assert_cmpuint(sa->sa.state, ==, PFKEY_STATE_MATURE);
    g_assert_cmpuint(sa->sa2.reqid, ==, 7);
    g_assert_cmpuint(sa->sa2.mode, ==, PFKEY_MODE_TUNNEL);
    g_assert_cmpuint(sa->sa.encr, ==, PFKEY_EALG_AES_CBC);
    g_assert_cmpuint(sa->sa.auth, ==, PFKEY_AALG_SHA2_512_HMAC);
    g_assert_cmpuint(sa->sa.replay, ==, 32);
}

static void
test_packets_are_limited(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);
    const ModelSa *sa;

    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT);
    g_assert_cmpuint(sa->hard.allocations, >, sa->soft.allocations);
    g_assert_cmpuint(sa->soft.allocations, >, 1u << 31);
    request = world_sa(world, FALSE, OUT + 1);
    request.sa.lifetimes = (ObolLifetimes) { .soft_packets = 10, .hard_packets = 20, .soft_bytes = 1000, .hard_bytes = 1ull << 40 };
    world_do(world, &request);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT + 1);
    g_assert_cmpuint(sa->hard.allocations, ==, 20);
    g_assert_cmpuint(sa->soft.allocations, ==, 10);
    g_assert_cmpuint(sa->soft.bytes, ==, 1000);
    g_assert_cmpuint(sa->hard.bytes, ==, 1ull << 40);
}

static void
test_update_after_the_larval(void)
{
    g_autoptr(World) world = world_new();
    guint32 spi = reserve(world);
    ObolKernelRequest request = world_sa(world, TRUE, spi);

    model_drop_larvals(&world->model);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_UPDATE], ==, 1);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 1);
    g_assert_cmpuint(model_find_sa(&world->model, PFKEY_SATYPE_ESP, spi)->sa.state, ==, PFKEY_STATE_MATURE);
}

static void
test_reservation_ends(void)
{
    g_autoptr(World) world = world_new();
    guint32 spi = reserve(world);
    ObolKernelRequest request = world_sa(world, TRUE, spi);

    world_advance(world, 166 * SECOND);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    g_assert_cmpuint(world->events->len, ==, 0);
}

static void
test_reservation_is_released(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, reserve(world));

    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
    request = world_sa(world, TRUE, reserve(world));
    model_drop_larvals(&world->model);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
}

static void
test_cpi(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, 0);
    const ModelSa *sa;
    guint32 cpi;

    request.op = OBOL_KERNEL_GET_SPI;
    request.sa.id.protocol = OBOL_PROTO_IPCOMP;
    cpi = world_do(world, &request)->spi;
    g_assert_cmpuint(cpi, >=, 256);
    g_assert_cmpuint(cpi, <=, 61439);
    request = world_sa(world, TRUE, cpi);
    request.sa.id.protocol = OBOL_PROTO_IPCOMP;
    request.sa.suite = (ObolSuite) { 0 };
    request.sa.encr_key = request.sa.integ_key = NULL;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_IPCOMP, cpi);
    g_assert_cmpuint(sa->sa.encr, ==, PFKEY_CALG_DEFLATE);
    g_assert_cmpuint(sa->n_key, ==, 0);
    g_assert_cmpuint(sa->hard.allocations, ==, 0);
}

static void
test_query(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);
    const Given *given;

    world_do(world, &request);
    model_find_sa(&world->model, PFKEY_SATYPE_ESP, OUT)->current = (PfkeyLifetime) { .allocations = 3, .bytes = 300 };
    request.op = OBOL_KERNEL_QUERY_SA;
    given = world_do(world, &request);
    g_assert_cmpint(given->code, ==, -1);
    g_assert_cmpuint(given->usage.packets, ==, 3);
    g_assert_cmpuint(given->usage.bytes, ==, 300);
    g_assert_cmpint(given->usage.last_used_us, ==, 0);
    request.sa.id.spi++;
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
}

static void
test_exists_and_goes(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_EXISTS);
    request.op = OBOL_KERNEL_DELETE_SA;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_NOT_FOUND);
    g_assert_cmpuint(world->events->len, ==, 0);
}

/* One change to an SA that is right, and the code that it deserves. */
typedef struct {
    const char *what;
    int code;
    void (*change)(ObolSaSpec *sa);
} Refused;

static void no_integrity(ObolSaSpec *sa) { sa->suite.integ = 0; sa->integ_key = NULL; }
static void sha256(ObolSaSpec *sa) { sa->suite.integ = OBOL_INTEG_HMAC_SHA2_256_128; }
static void gcm(ObolSaSpec *sa) { sa->suite.encr = OBOL_ENCR_AES_GCM_16; sa->suite.integ = 0; sa->integ_key = NULL; }
static void short_key(ObolSaSpec *sa) { sa->encr_key = sa->integ_key; }
static void no_encryption(ObolSaSpec *sa) { sa->suite.encr = 0; sa->encr_key = NULL; }
static void esn(ObolSaSpec *sa) { sa->suite.esn = 1; }
static void window(ObolSaSpec *sa) { sa->replay_window = 33; }
static void low_spi(ObolSaSpec *sa) { sa->id.spi = 255; }
static void reqid_0(ObolSaSpec *sa) { sa->reqid = 0; }
static void reqid_high(ObolSaSpec *sa) { sa->reqid = 16384; }
static void reqid_max(ObolSaSpec *sa) { sa->reqid = 16383; }
static void beet(ObolSaSpec *sa) { sa->mode = OBOL_MODE_BEET; }
static void mark(ObolSaSpec *sa) { sa->mark = (ObolMark) { 1, 1 }; }
static void if_id(ObolSaSpec *sa) { sa->if_id = 1; }
static void tfc(ObolSaSpec *sa) { sa->tfc_padding = 1400; }
static void offload(ObolSaSpec *sa) { sa->offload = OBOL_OFFLOAD_PACKET; }
static void offload_auto(ObolSaSpec *sa) { sa->offload = OBOL_OFFLOAD_AUTO; }
static void icmp(ObolSaSpec *sa) { sa->flags = OBOL_SA_ICMP; }
static void flags(ObolSaSpec *sa) { sa->flags = OBOL_SA_DSCP_IN | OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN; }
static void families(ObolSaSpec *sa) { sa->id.source = world_address("2001:db8::7", 0); }
static void protocol(ObolSaSpec *sa) { sa->id.protocol = OBOL_PROTO_IKE; }
static void no_mode(ObolSaSpec *sa) { sa->mode = (ObolMode) 9; }
static void no_ports(ObolSaSpec *sa) { sa->udp_encap = TRUE; }
static void nowhere(ObolSaSpec *sa) { sa->id.destination = (ObolAddress) { 0 }; }
static void ah_in_udp(ObolSaSpec *sa) { sa->id.protocol = OBOL_PROTO_AH; sa->udp_encap = TRUE; }
static void ah_padded(ObolSaSpec *sa) { sa->id.protocol = sa->suite.protocol = OBOL_PROTO_AH; }

static const Refused refused[] = {
    { "AES-CBC without integrity", OBOL_KERNEL_ERROR_UNSUPPORTED, no_integrity },
    { "HMAC-SHA2-256", OBOL_KERNEL_ERROR_UNSUPPORTED, sha256 },
    { "AES-GCM", OBOL_KERNEL_ERROR_UNSUPPORTED, gcm },
    { "a key of the wrong length", OBOL_KERNEL_ERROR_INVALID, short_key },
    { "ESP without a cipher", OBOL_KERNEL_ERROR_UNSUPPORTED, no_encryption },
    { "ESN", OBOL_KERNEL_ERROR_UNSUPPORTED, esn },
    { "a window of 33", OBOL_KERNEL_ERROR_UNSUPPORTED, window },
    { "SPI 255", OBOL_KERNEL_ERROR_INVALID, low_spi },
    { "reqid 0", OBOL_KERNEL_ERROR_INVALID, reqid_0 },
    { "reqid 16384", OBOL_KERNEL_ERROR_UNSUPPORTED, reqid_high },
    { "reqid 16383", -1, reqid_max },
    { "BEET", OBOL_KERNEL_ERROR_UNSUPPORTED, beet },
    { "a mark", OBOL_KERNEL_ERROR_UNSUPPORTED, mark },
    { "an interface id", OBOL_KERNEL_ERROR_UNSUPPORTED, if_id },
    { "TFC", OBOL_KERNEL_ERROR_UNSUPPORTED, tfc },
    { "offload", OBOL_KERNEL_ERROR_UNSUPPORTED, offload },
    { "offload if there is", -1, offload_auto },
    { "ICMP", OBOL_KERNEL_ERROR_UNSUPPORTED, icmp },
    { "flags that there are", -1, flags },
    { "outer families", OBOL_KERNEL_ERROR_INVALID, families },
    { "IKE", OBOL_KERNEL_ERROR_UNSUPPORTED, protocol },
    { "no mode", OBOL_KERNEL_ERROR_INVALID, no_mode },
    { "UDP without ports", OBOL_KERNEL_ERROR_INVALID, no_ports },
    { "an SA to nowhere", OBOL_KERNEL_ERROR_INVALID, nowhere },
    { "AH with an ICV that would be padded", OBOL_KERNEL_ERROR_UNSUPPORTED, ah_padded },
    { "AH in UDP", OBOL_KERNEL_ERROR_UNSUPPORTED, ah_in_udp },
};

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(World) world = world_new();
        ObolKernelRequest request = world_sa(world, TRUE, IN);
        const Given *given;

        refused[i].change(&request.sa);
        given = world_do(world, &request);
        g_test_message("%s: %d %s", refused[i].what, given->code, given->words);
        g_assert_cmpint(given->code, ==, refused[i].code);
        g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, refused[i].code == -1);
    }
}

static void
test_both_families(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, IN);
    ObolTs v6 = world_ts("2001:db8:1::/48");

    g_array_append_val(world->ts[0], v6);
    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(world_last(world)->words, "not both"));
}

static void
test_other_family(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, IN);
    const ModelSa *sa;

    g_array_index(world->ts[0], ObolTs, 0) = world_ts("2001:db8:1::/48");
    g_array_index(world->ts[1], ObolTs, 0) = world_ts("2001:db8:2::/48");
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN);
    g_assert_true(sa->has_proxy);
    g_assert_cmpuint(sa->proxy.address.family, ==, AF_INET6);
    g_assert_cmpuint(sa->proxy.prefix, ==, 0);
}

static void
test_encap(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, IN);
    const ModelSa *sa;

    request.sa.udp_encap = TRUE;
    request.sa.id.source.port = 61000;
    request.sa.id.destination.port = 4500;
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN);
    g_assert_true(sa->encap);
    g_assert_cmpuint(sa->sport, ==, 61000);
    g_assert_cmpuint(sa->dport, ==, 4500);
    g_assert_cmpuint(sa->source.address.port, ==, 0);
    g_assert_false(sa->has_original);
}

static void
test_original(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, TRUE, IN);
    const ModelSa *sa;

    request.sa.udp_encap = TRUE;
    request.sa.id.source.port = request.sa.id.destination.port = 4500;
    request.sa.original_source = world_address("10.7.0.1", 0);
    request.sa.original_destination = world_address("198.51.100.20", 0);
    g_assert_cmpint(world_do(world, &request)->code, ==, -1);
    sa = model_find_sa(&world->model, PFKEY_SATYPE_ESP, IN);
    g_assert_true(sa->has_original);
    g_assert_true(obol_address_equal(&sa->original.address, &request.sa.original_source));
}

static void
test_reasons(void)
{
    static const struct { int number; int code; } cases[] = {
        { EEXIST, OBOL_KERNEL_ERROR_EXISTS }, { ESRCH, OBOL_KERNEL_ERROR_NOT_FOUND }, { ENOSYS, OBOL_KERNEL_ERROR_UNSUPPORTED },
        { ENOENT, OBOL_KERNEL_ERROR_UNSUPPORTED }, { EPROTONOSUPPORT, OBOL_KERNEL_ERROR_UNSUPPORTED },
        { EOPNOTSUPP, OBOL_KERNEL_ERROR_UNSUPPORTED }, { ENOPROTOOPT, OBOL_KERNEL_ERROR_UNSUPPORTED },
        { ENOMEM, OBOL_KERNEL_ERROR_LIMIT }, { ENOBUFS, OBOL_KERNEL_ERROR_LIMIT }, { EBUSY, OBOL_KERNEL_ERROR_LIMIT },
        { EPERM, OBOL_KERNEL_ERROR_PERMISSION }, { EACCES, OBOL_KERNEL_ERROR_PERMISSION }, { EINVAL, OBOL_KERNEL_ERROR_INVALID },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        ObolKernelRequest request = world_sa(world, FALSE, OUT);

        world->model.refuse[PFKEY_ADD] = cases[i].number;
        g_assert_cmpint(world_do(world, &request)->code, ==, cases[i].code);
        g_test_message("%s", world_last(world)->words);
        g_assert_nonnull(strstr(world_last(world)->words, "0badcafe to 198.51.100.7"));
        world->model.refuse[PFKEY_ADD] = 0;
        g_assert_cmpint(world_do(world, &request)->code, ==, -1); /* nothing of it was kept */
    }
}

/* The first one's answer is late: the second has its own, and waits. */
static void
test_order(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest first = world_sa(world, FALSE, OUT), second = world_sa(world, FALSE, OUT + 1);

    world->model.n_mute[PFKEY_ADD] = 1;
    world_ask(world, &first);
    world_ask(world, &second);
    second.sa.reqid = 0; /* refused without the kernel */
    world_ask(world, &second);
    world_settle(world);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 2);
    g_assert_cmpuint(world->answers->len, ==, 0);
    world_advance(world, 6 * SECOND);
    g_assert_cmpuint(world->answers->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(g_array_index(world->answers, Given, i).asked, ==, i + 1);
        g_assert_cmpint(g_array_index(world->answers, Given, i).code, ==, i < 2 ? -1 : OBOL_KERNEL_ERROR_INVALID);
    }
}

/* Of one SA nothing overtakes anything. */
static void
test_same_sa_waits(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world->hold_requests = TRUE;
    world_ask(world, &request);
    request.op = OBOL_KERNEL_DELETE_SA;
    world_ask(world, &request);
    world_settle(world);
    g_assert_cmpuint(world->model.n_got[PFKEY_DELETE], ==, 0);
    world->hold_requests = FALSE;
    world_settle(world);
    g_assert_cmpuint(world->answers->len, ==, 2);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
}

/* Others' echoes of the same type, some of the same number. */
static void
test_flood(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT), foreign = world_sa(world, FALSE, 0);

    world->hold_requests = TRUE;
    world_ask(world, &request);
    world_settle(world);
    world->hold_requests = FALSE;
    for (guint i = 0; i < 10000; i++) {
        PfkeyMessage echo;

        pfkey_message_init(&echo, PFKEY_ADD, PFKEY_SATYPE_ESP, 0x80000000u + i, 4711);
        *pfkey_message_add_sa(&echo) = (PfkeySa) { .spi = 0x1000 + i };
        *pfkey_message_add_address(&echo, PFKEY_EXT_ADDRESS_SRC) = (PfkeyAddress) { .address = foreign.sa.id.source, .prefix = 32 };
        *pfkey_message_add_address(&echo, PFKEY_EXT_ADDRESS_DST) = (PfkeyAddress) { .address = foreign.sa.id.destination, .prefix = 32 };
        pfkey_message_add_key(&echo, PFKEY_EXT_KEY_ENCRYPT, NULL, 0);
        model_foreign(&world->model, &echo);
        if (i == 0) /* in front of our own */
            g_queue_push_head(&world->model.queued[PFKEY_CHANNEL_REQUESTS],
                              g_queue_pop_tail(&world->model.queued[PFKEY_CHANNEL_REQUESTS]));
    }
    world_settle(world);
    g_assert_cmpuint(world->answers->len, ==, 1);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(world->events->len, ==, 0);
}

static void
test_lost_answer(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world->model.n_mute[PFKEY_ADD] = 1; /* done, but not told */
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_GET], ==, 1);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 1);
    world->model.n_mute[PFKEY_DELETE] = 1;
    request.op = OBOL_KERNEL_DELETE_SA;
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_DELETE], ==, 2);
}

static void
test_lost_request(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    world->model.n_mute[PFKEY_ADD] = 1;
    world->model.mute_undone = TRUE;
    world_ask(world, &request);
    world_advance(world, 6 * SECOND);
    g_assert_cmpint(world_last(world)->code, ==, -1);
    g_assert_cmpuint(world->model.n_got[PFKEY_ADD], ==, 2);
    g_assert_cmpuint(world->model.sas->len, ==, 1);
}

static void
test_silence(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = world_sa(world, FALSE, OUT);

    for (guint i = 0; i < PFKEY_N_TYPES; i++)
        world->model.n_mute[i] = 2;
    world->model.mute_undone = TRUE;
    world_ask(world, &request);
    world_advance(world, 4 * SECOND);
    g_assert_cmpuint(world->answers->len, ==, 0);
    world_advance(world, 20 * SECOND);
    g_assert_cmpuint(world->answers->len, ==, 1);
    g_assert_cmpint(world_last(world)->code, ==, OBOL_KERNEL_ERROR_GONE);
    g_assert_cmpuint(world->model.sas->len, ==, 0);
}

static void
test_unknown(void)
{
    g_autoptr(World) world = world_new();
    ObolKernelRequest request = { .op = (ObolKernelOp) 99 };

    g_assert_cmpint(world_do(world, &request)->code, ==, OBOL_KERNEL_ERROR_UNSUPPORTED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pfkey/engine/requests/registers-for-three-protocols-and-says-what-it-can", test_registers);
    g_test_add_func("/pfkey/engine/requests/offers-what-the-kernel-has-and-does-right", test_offers_what_is_right);
    g_test_add_func("/pfkey/engine/requests/finds-out-what-the-kernel-lacks", test_lacking_modules);
    g_test_add_func("/pfkey/engine/requests/a-reserved-spi-becomes-an-sa-by-update", test_reserves_and_updates);
    g_test_add_func("/pfkey/engine/requests/packets-are-limited-below-the-wrap", test_packets_are_limited);
    g_test_add_func("/pfkey/engine/requests/update-after-the-larval-has-gone-is-an-add", test_update_after_the_larval);
    g_test_add_func("/pfkey/engine/requests/a-reservation-ends-after-165-seconds", test_reservation_ends);
    g_test_add_func("/pfkey/engine/requests/a-reservation-is-released-by-delete", test_reservation_is_released);
    g_test_add_func("/pfkey/engine/requests/ipcomp-has-cpis-and-no-keys", test_cpi);
    g_test_add_func("/pfkey/engine/requests/query-gives-counters", test_query);
    g_test_add_func("/pfkey/engine/requests/an-sa-is-there-once-and-goes-once", test_exists_and_goes);
    g_test_add_func("/pfkey/engine/requests/what-pf-key-can-not-do-is-refused-unasked", test_refused);
    g_test_add_func("/pfkey/engine/requests/both-families-in-one-sa-are-refused", test_both_families);
    g_test_add_func("/pfkey/engine/requests/another-family-inside-has-a-proxy", test_other_family);
    g_test_add_func("/pfkey/engine/requests/encapsulation-has-the-packets-ports", test_encap);
    g_test_add_func("/pfkey/engine/requests/the-original-address-of-a-translated-packet-is-told", test_original);
    g_test_add_func("/pfkey/engine/requests/every-errno-is-a-reason", test_reasons);
    g_test_add_func("/pfkey/engine/requests/answers-are-in-the-order-of-requests", test_order);
    g_test_add_func("/pfkey/engine/requests/of-one-sa-nothing-overtakes-anything", test_same_sa_waits);
    g_test_add_func("/pfkey/engine/requests/a-flood-of-others-echoes-is-no-answer", test_flood);
    g_test_add_func("/pfkey/engine/requests/a-lost-answer-is-looked-for", test_lost_answer);
    g_test_add_func("/pfkey/engine/requests/a-lost-request-is-made-again", test_lost_request);
    g_test_add_func("/pfkey/engine/requests/a-kernel-that-is-silent-is-gone", test_silence);
    g_test_add_func("/pfkey/engine/requests/an-unknown-request-is-refused", test_unknown);
    return g_test_run();
}
