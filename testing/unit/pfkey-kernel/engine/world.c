/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.c - an engine, a model of a kernel, and a clock that goes when it is told to. */
#include "world.h"

static gboolean
send_to_model(gpointer data, PfkeyChannel channel, const PfkeyMessage *message, GError **error)
{
    World *world = data;

    if (world->cut) {
        g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE, "the link is not up");
        return FALSE;
    }
    model_take(&world->model, channel, message);
    return TRUE;
}

static void
event(gpointer data, const ObolKernelEvent *what)
{
    g_array_append_vals(((World *) data)->events, what, 1);
}

static void
log_line(gpointer data, int level, const char *text)
{
    ((World *) data)->n_logged++;
    g_test_message("%d %s", level, text);
}

static void
given_clear(gpointer data)
{
    Given *given = data;

    g_free(given->words);
    g_clear_pointer(&given->sas, g_array_unref);
    g_clear_pointer(&given->policies, g_array_unref);
}

World *
world_new_down(void)
{
    World *world = g_new0(World, 1);
    const PfkeyEngineCalls calls = { send_to_model, event, log_line, world };
    const PfkeyEngineSettings settings = {
        .timeout_us = 5 * SECOND, .acquire_hold_us = 20 * SECOND, .pid = 0x5eed, .seq = 100, .summary = "a model",
    };

    world->now_us = 1000 * SECOND;
    model_init(&world->model);
    world->answers = g_array_new(FALSE, FALSE, sizeof(Given));
    g_array_set_clear_func(world->answers, given_clear);
    world->events = g_array_new(FALSE, FALSE, sizeof(ObolKernelEvent));
    world->engine = pfkey_engine_new(&settings, &calls, world->now_us);
    world->encr_key = obol_secret_new(32);
    world->integ_key = obol_secret_new(64);
    for (guint i = 0; i < 2; i++) {
        ObolTs ts = world_ts(i == 0 ? "10.2.0.0/16" : "10.1.0.0/16");

        world->ts[i] = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof ts), &ts, 1);
    }
    return world;
}

World *
world_new(void)
{
    World *world = world_new_down();

    pfkey_engine_up(world->engine, world->now_us);
    world_settle(world);
    g_assert_true(pfkey_engine_is_idle(world->engine));
    for (guint i = 0; i < PFKEY_N_TYPES; i++)
        world->model.n_got[i] = 0;
    return world;
}

void
world_free(World *world)
{
    pfkey_engine_free(world->engine);
    model_clear(&world->model);
    g_array_unref(world->answers);
    g_array_unref(world->events);
    obol_secret_free(world->encr_key);
    obol_secret_free(world->integ_key);
    g_array_unref(world->ts[0]);
    g_array_unref(world->ts[1]);
    g_free(world);
}

static void
deliver(World *world, PfkeyChannel channel)
{
    g_autoptr(GBytes) bytes = g_queue_pop_head(&world->model.queued[channel]);
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    PfkeyHeader header;
    PfkeyMessage message;
    PfkeyFault fault = { 0 };

    g_assert_true(pfkey_header_decode(&pfkey_linux, data, n, &header, &fault));
    if (!pfkey_engine_wants(world->engine, channel, &header))
        return;
    g_assert_true(pfkey_message_decode(&pfkey_linux, data, n, &message, &fault));
    pfkey_engine_message(world->engine, channel, &message, world->now_us);
    pfkey_engine_run(world->engine, world->now_us);
}

void
world_settle(World *world)
{
    pfkey_engine_run(world->engine, world->now_us);
    for (;;) {
        if (!g_queue_is_empty(&world->model.queued[PFKEY_CHANNEL_EVENTS]))
            deliver(world, PFKEY_CHANNEL_EVENTS);
        else if (!g_queue_is_empty(&world->model.queued[PFKEY_CHANNEL_REQUESTS]) && !world->hold_requests)
            deliver(world, PFKEY_CHANNEL_REQUESTS);
        else if (pfkey_engine_next_us(world->engine) <= world->now_us)
            pfkey_engine_run(world->engine, world->now_us);
        else
            return;
    }
}

void
world_advance(World *world, gint64 us)
{
    gint64 until_us = world->now_us + us;

    world_settle(world);
    while (pfkey_engine_next_us(world->engine) <= until_us) {
        world->now_us = MAX(world->now_us, pfkey_engine_next_us(world->engine));
        world_settle(world);
    }
    world->now_us = until_us;
    world_settle(world);
}

void
world_cut(World *world)
{
    world->cut = TRUE;
    model_cut(&world->model);
    pfkey_engine_down(world->engine, "the socket was closed", world->now_us);
    world_settle(world);
}

void
world_restore(World *world)
{
    world->cut = FALSE;
    pfkey_engine_up(world->engine, world->now_us);
    world_settle(world);
}

/* Which of the requests, with whose world it is. */
typedef struct {
    World *world;
    guint number;
} Asked;

static void
done(const ObolKernelReply *reply, gpointer data)
{
    g_autofree Asked *asked = data;
    Given given = {
        .asked = asked->number, .code = reply->error != NULL ? reply->error->code : -1,
        .words = reply->error != NULL ? g_strdup(reply->error->message) : NULL, .spi = reply->spi, .usage = reply->usage,
        .sas = reply->sas != NULL ? g_array_copy((GArray *) reply->sas) : NULL,
        .policies = reply->policies != NULL ? g_array_copy((GArray *) reply->policies) : NULL,
    };

    g_assert_true(reply->error == NULL || reply->error->domain == OBOL_KERNEL_ERROR);
    g_array_append_val(asked->world->answers, given);
}

guint
world_ask(World *world, const ObolKernelRequest *request)
{
    Asked *asked = g_new(Asked, 1);

    *asked = (Asked) { world, ++world->n_asked };
    pfkey_engine_request(world->engine, request, done, asked, world->now_us);
    return asked->number;
}

const Given *
world_last(const World *world)
{
    g_assert_cmpuint(world->answers->len, >, 0);
    return &g_array_index(world->answers, Given, world->answers->len - 1);
}

const Given *
world_do(World *world, const ObolKernelRequest *request)
{
    guint number = world_ask(world, request);

    world_settle(world);
    g_assert_cmpuint(world_last(world)->asked, ==, number);
    return world_last(world);
}

ObolAddress
world_address(const char *text, guint16 port)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    address.port = port;
    return address;
}

ObolTs
world_ts(const char *text)
{
    ObolTs ts;

    g_assert_true(obol_ts_parse(text, &ts, NULL));
    return ts;
}

ObolKernelRequest
world_sa(World *world, gboolean inbound, guint32 spi)
{
    ObolAddress ends[] = { world_address("198.51.100.7", 0), world_address("192.0.2.1", 0) };

    return (ObolKernelRequest) {
        .op = OBOL_KERNEL_ADD_SA,
        .sa = {
            .id = { .source = ends[!inbound], .destination = ends[inbound], .spi = spi, .protocol = OBOL_PROTO_ESP },
            .reqid = 7, .mode = OBOL_MODE_TUNNEL, .inbound = inbound,
            .suite = {
                .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_CBC, .encr_bits = 256, .integ = OBOL_INTEG_HMAC_SHA2_512_256,
            },
            .encr_key = world->encr_key, .integ_key = world->integ_key, .replay_window = 32,
            .source_ts = world->ts[!inbound], .destination_ts = world->ts[inbound],
        },
    };
}

ObolKernelRequest
world_policy(ObolKernelOp op, ObolDirection direction)
{
    gboolean out = direction == OBOL_DIR_OUT;

    return (ObolKernelRequest) {
        .op = op,
        .policy = {
            .direction = direction, .action = OBOL_POLICY_PROTECT, .source = world_ts(out ? "10.1.0.0/16" : "10.2.0.0/16"),
            .destination = world_ts(out ? "10.2.0.0/16" : "10.1.0.0/16"), .reqid = 7, .mode = OBOL_MODE_TUNNEL,
            .protocol = OBOL_PROTO_ESP, .tunnel_source = world_address(out ? "192.0.2.1" : "198.51.100.7", 0),
            .tunnel_destination = world_address(out ? "198.51.100.7" : "192.0.2.1", 0),
        },
    };
}

void
world_child(World *world, guint32 spi_in, guint32 spi_out)
{
    ObolKernelRequest in = world_sa(world, TRUE, spi_in), out = world_sa(world, FALSE, spi_out);

    g_assert_cmpint(world_do(world, &in)->code, ==, -1);
    g_assert_cmpint(world_do(world, &out)->code, ==, -1);
    for (ObolDirection direction = OBOL_DIR_IN; direction <= OBOL_DIR_FORWARD; direction++) {
        ObolKernelRequest policy = world_policy(OBOL_KERNEL_ADD_POLICY, direction);

        g_assert_cmpint(world_do(world, &policy)->code, ==, -1);
    }
}

const ObolKernelEvent *
world_event(const World *world, guint i)
{
    g_assert_cmpuint(i, <, world->events->len);
    return &g_array_index(world->events, ObolKernelEvent, i);
}
