/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-pfkeyengine.c - the PF_KEY engine, a daemon's requests, and a kernel (or a proxy) that answers whatever it likes. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "pfkey-kernel/engine/engine.h"

#define PID 0x5eed

typedef struct {
    PfkeyHeader last; /* what was asked last: so that the input can answer it */
    guint n_asked, n_answered;
} Kernel;

static gboolean
take(gpointer data, PfkeyChannel channel, const PfkeyMessage *message, GError **error)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyFault fault;

    (void) channel;
    (void) error;
    if (!pfkey_message_encode(&pfkey_linux, message, &out, &fault))
        g_error("what is asked can not be encoded: %s", fault.rule);
    ((Kernel *) data)->last = message->header;
    return TRUE;
}

static void
event(gpointer data, const ObolKernelEvent *what)
{
    (void) data;
    (void) what;
}

static void
log_line(gpointer data, int level, const char *text)
{
    (void) data;
    (void) level;
    if (!g_utf8_validate(text, -1, NULL))
        g_error("not fit for a log");
}

static void
answered(const ObolKernelReply *reply, gpointer data)
{
    if (reply->error != NULL && reply->error->domain != OBOL_KERNEL_ERROR)
        g_error("an error of another domain");
    ((Kernel *) data)->n_answered++;
}

/* A request of the given kind, with small numbers, so that they meet. */
static void
ask(PfkeyEngine *engine, Kernel *kernel, guint8 op, guint8 salt, gint64 now_us)
{
    g_autoptr(ObolSecret) key = obol_secret_new(32), integ = obol_secret_new(64);
    ObolKernelRequest request = { .op = op % 11, .to_udp_encap = (salt & 64) != 0 };
    ObolAddress here = { .family = AF_INET, .port = 4500, .bytes = { 192, 0, 2, 1 } }, there = here;

    there.bytes[3] = (guint8) (2 + (salt & 1));
    request.sa = (ObolSaSpec) {
        .id = { .source = here, .destination = there, .spi = 0xc0000000u + (salt & 3), .protocol = OBOL_PROTO_ESP }, .reqid = 1u + (salt & 1),
        .mode = OBOL_MODE_TUNNEL, .inbound = (salt & 16) != 0, .udp_encap = (salt & 32) != 0,
        .suite = { .encr = OBOL_ENCR_AES_CBC, .encr_bits = 256, .integ = OBOL_INTEG_HMAC_SHA2_512_256 },
        .encr_key = key, .integ_key = integ, .lifetimes = { .soft_us = 1000000, .hard_us = (salt & 4) * (gint64) 1000000 },
    };
    request.to = request.sa.id;
    request.to.destination.bytes[3] = (guint8) (2 + (salt >> 7));
    obol_ts_from_address(&here, &request.policy.source);
    obol_ts_from_address(&there, &request.policy.destination);
    request.policy.destination.last[3] = (guint8) (there.bytes[3] + (salt & 8));
    request.policy.reqid = request.sa.reqid;
    request.policy.protocol = OBOL_PROTO_ESP;
    request.policy.direction = salt % 3;
    request.policy.trap = (salt & 64) != 0;
    request.policy.tunnel_source = here;
    request.policy.tunnel_destination = there;
    request.policy_to = request.policy;
    request.policy_to.tunnel_destination = request.to.destination;
    kernel->n_asked++;
    pfkey_engine_request(engine, &request, answered, kernel, now_us);
}

static void
tell(PfkeyEngine *engine, PfkeyChannel channel, const guint8 *data, gsize n, gint64 now_us)
{
    PfkeyMessage message;
    PfkeyHeader header;
    PfkeyFault fault;

    if (pfkey_header_decode(&pfkey_linux, data, n, &header, &fault) && pfkey_message_decode(&pfkey_linux, data, n, &message, &fault))
        pfkey_engine_message(engine, channel, &message, now_us);
}

/* The message @data, as an answer to the last request. */
static void
answer(PfkeyEngine *engine, const Kernel *kernel, PfkeyChannel channel, const guint8 *data, gsize n, gint64 now_us)
{
    PfkeyMessage message;
    PfkeyFault fault;

    if (!pfkey_message_decode(&pfkey_linux, data, n, &message, &fault))
        return;
    message.header.type = kernel->last.type;
    message.header.seq = kernel->last.seq;
    message.header.pid = kernel->last.pid;
    pfkey_engine_message(engine, channel, &message, now_us);
}

/* Nothing but an errno: by these the engine goes on without a message worth the name. */
static void
refuse(PfkeyEngine *engine, const Kernel *kernel, PfkeyChannel channel, guint8 number, gint64 now_us)
{
    PfkeyMessage message;

    pfkey_message_init(&message, kernel->last.type, kernel->last.satype, kernel->last.seq, kernel->last.pid);
    message.header.error = number;
    pfkey_engine_message(engine, channel, &message, now_us);
}

/* Records of (what, how, octets that follow, these). */
OBOL_FUZZ_TARGET(pfkeyengine)
{
    Kernel kernel = { .n_asked = 0 };
    const PfkeyEngineCalls calls = { take, event, log_line, &kernel };
    const PfkeyEngineSettings settings = { .timeout_us = 5000000, .acquire_hold_us = 1000000, .pid = PID, .summary = "fuzz" };
    gint64 now_us = 1;
    PfkeyEngine *engine = pfkey_engine_new(&settings, &calls, now_us);

    pfkey_engine_up(engine, now_us);
    pfkey_engine_run(engine, now_us);
    while (n >= 3) {
        guint8 what = data[0], how = data[1];
        gsize length = MIN(data[2], n - 3);
        PfkeyChannel channel = what >> 7;

        data += 3;
        n -= 3;
        switch (what & 7) {
        case 0: tell(engine, channel, data, length, now_us); break;
        case 1: answer(engine, &kernel, channel, data, length, now_us); break;
        case 2: refuse(engine, &kernel, channel, how, now_us); break;
        case 3: ask(engine, &kernel, how, (guint8) (what ^ how), now_us); break;
        case 4: now_us += how * (gint64) 100000; break;
        case 5: pfkey_engine_down(engine, "fuzz", now_us); break;
        case 6: pfkey_engine_down(engine, NULL, now_us); pfkey_engine_up(engine, now_us); break;
        default: refuse(engine, &kernel, channel, 0, now_us); break;
        }
        pfkey_engine_run(engine, now_us);
        data += length;
        n -= length;
    }
    pfkey_engine_free(engine);
    if (kernel.n_asked != kernel.n_answered)
        g_error("%u requests had %u answers", kernel.n_asked, kernel.n_answered);
    return 0;
}
