/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/handshake.c - what an IKE SA with its Child SA costs: time to set up, and memory while it lives.
 *
 * PSK, X25519, AES-GCM-128 and PRF-HMAC-SHA2-256: IKE_SA_INIT, IKE_AUTH, the first Child SA. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "side.h"
#include "sockets.h"
#include "testing/lib/test-crypto.h"

#define WARM_UP 64
#define SAS_LARGE 100000

static int option_count = 3000;
static char *option_sas;
static gboolean option_large, option_json;

static const GOptionEntry options[] = {
    { "count", 'c', 0, G_OPTION_ARG_INT, &option_count, "Handshakes to measure (3000)", "N" },
    { "sas", 's', 0, G_OPTION_ARG_STRING, &option_sas, "How many IKE SAs to hold for the memory (1000,10000)",
        "N,N..." },
    { "large", 'l', 0, G_OPTION_ARG_NONE, &option_large, "Hold 100000 IKE SAs as well", NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &option_json, "Print JSON instead of a table", NULL },
    { NULL },
};

/* Microseconds a handshake, on one side. */
typedef struct { double total, public_key, crypto, rest; } Cost;

typedef struct {
    double per_second;
    Cost initiator, responder;
} Result;

typedef struct {
    guint n;
    double initiator_rss, responder_rss, initiator_heap, responder_heap; /* bytes an IKE SA */
} Memory;

/* --- two shards in one process --- */

typedef struct {
    BenchSide *side;
    gint64 ns;
    guint64 n_calls;
    BenchMeter meter;
} Measured;

static void
deliver(Measured *from, Measured *to)
{
    for (guint i = 0; i < from->side->packets->len; i++) {
        BenchPacket *packet = &g_array_index(from->side->packets, BenchPacket, i);
        ObolDatagram datagram = { .local = packet->remote, .remote = packet->local, .data = packet->data, .n =
            packet->n };
        gint64 began = bench_cpu_ns();

        bench_meter_use(&to->meter);
        bench_side_receive(to->side, &datagram);
        to->ns += bench_cpu_ns() - began;
        to->n_calls++;
    }
    g_array_set_size(from->side->packets, 0);
}

static void
shake(Measured *initiator, Measured *responder)
{
    gint64 began = bench_cpu_ns();

    bench_meter_use(&initiator->meter);
    bench_side_start(initiator->side);
    initiator->ns += bench_cpu_ns() - began;
    initiator->n_calls++;
    while (initiator->side->packets->len > 0 || responder->side->packets->len > 0) {
        deliver(initiator, responder);
        deliver(responder, initiator);
    }
}

static void
measure_in_memory(guint count, const ObolCrypto *crypto, Measured *initiator, Measured *responder)
{
    *initiator = (Measured) { .side = bench_side_new(TRUE, crypto) };
    *responder = (Measured) { .side = bench_side_new(FALSE, crypto) };
    initiator->side->local = (ObolAddress) { .family = AF_INET, .port = 500, .bytes = { 127, 0, 0, 1 } };
    initiator->side->remote = (ObolAddress) { .family = AF_INET, .port = 500, .bytes = { 127 } };
    for (guint i = 0; i < WARM_UP; i++)
        shake(initiator, responder);
    initiator->ns = responder->ns = 0;
    initiator->n_calls = responder->n_calls = 0;
    initiator->meter = responder->meter = (BenchMeter) { 0 };
    for (guint i = 0; i < count; i++)
        shake(initiator, responder);
    if (initiator->side->n_done != WARM_UP + count || responder->side->n_done != WARM_UP + count) {
        fprintf(stderr, "only %u and %u of %u handshakes came to their end\n", initiator->side->n_done,
                responder->side->n_done,
                WARM_UP + count);
        exit(1);
    }
    bench_side_free(initiator->side);
    bench_side_free(responder->side);
}

/* Without what the clock itself took.  @plain_ns: the same work without any metering. */
static Cost
cost_of(double plain_ns, const BenchMeter *meter, double inner_ns, guint n)
{
    Cost cost = {
        .total = plain_ns / n / 1000,
        .public_key = ((double) meter->public_key_ns - inner_ns * (double) meter->n_public_key) / n / 1000,
        .crypto = ((double) meter->crypto_ns - inner_ns * (double) meter->n_crypto) / n / 1000,
    };

    cost.rest = cost.total - cost.public_key - cost.crypto;
    return cost;
}

static Result
run_in_memory(guint count, double whole_ns, double inner_ns)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    g_autoptr(ObolCrypto) wrapped = NULL;
    Measured initiator, responder;
    double plain_initiator, plain_responder;
    Result result;

    measure_in_memory(count, crypto, &initiator, &responder);
    plain_initiator = (double) initiator.ns - whole_ns * (double) initiator.n_calls;
    plain_responder = (double) responder.ns - whole_ns * (double) responder.n_calls;
    wrapped = bench_meter_wrap(crypto);
    measure_in_memory(count, wrapped, &initiator, &responder);
    result.initiator = cost_of(plain_initiator, &initiator.meter, inner_ns, count);
    result.responder = cost_of(plain_responder, &responder.meter, inner_ns, count);
    result.per_second = 1e9 * count / (plain_initiator + plain_responder);
    return result;
}

/* --- two processes --- */

static Result
run_sockets(guint count, double inner_ns)
{
    BenchReport initiator, responder, metered_initiator, metered_responder;

    if (!bench_sockets_run(count, FALSE, test_crypto_new, &initiator, &responder)
        || !bench_sockets_run(count, TRUE, test_crypto_new, &metered_initiator, &metered_responder)) {
        fprintf(stderr, "the handshakes over sockets did not come to their end\n");
        exit(1);
    }
    return (Result) {
        .per_second = 1e9 * count / (double) initiator.wall_ns,
        .initiator = cost_of((double) initiator.cpu_ns, &metered_initiator.meter, inner_ns, count),
        .responder = cost_of((double) responder.cpu_ns, &metered_responder.meter, inner_ns, count),
    };
}

static Memory
run_memory(guint n)
{
    BenchReport initiator, responder;

    if (!bench_sockets_run(n, FALSE, test_crypto_new, &initiator, &responder)) {
        fprintf(stderr, "%u IKE SAs could not be set up\n", n);
        exit(1);
    }
    return (Memory) {
        .n = n,
        .initiator_rss = (double) initiator.rss_bytes / n, .responder_rss = (double) responder.rss_bytes / n,
        .initiator_heap = (double) initiator.heap_bytes / n, .responder_heap = (double) responder.heap_bytes / n,
    };
}

/* --- report --- */

static void
print_cost(const char *side, const Cost *cost)
{
    printf("  %-10s %9.1f us   public-key %6.1f   other crypto %6.1f   the rest %6.1f\n", side, cost->total,
           cost->public_key,
           cost->crypto, cost->rest);
}

static void
print_result(const char *title, const Result *result)
{
    printf("%s: %.0f handshakes a second; CPU time a handshake:\n", title, result->per_second);
    print_cost("responder", &result->responder);
    print_cost("initiator", &result->initiator);
    printf("\n");
}

static void
print_memory(const Memory *memory)
{
    printf("  %7u IKE SAs: responder %5.2f kB (heap %5.2f)   initiator %5.2f kB (heap %5.2f)   pair %5.2f kB\n",
           memory->n,
           memory->responder_rss / 1000, memory->responder_heap / 1000, memory->initiator_rss / 1000,
           memory->initiator_heap / 1000, (memory->responder_rss + memory->initiator_rss) / 1000);
}

static void
json_cost(const char *side, const Cost *cost, const char *end)
{
    printf("    \"%s\": { \"cpu_us\": %.2f, \"public_key_us\": %.2f, \"other_crypto_us\": %.2f, \"rest_us\": %.2f }%s\n",
           side,
           cost->total, cost->public_key, cost->crypto, cost->rest, end);
}

static void
json_result(const char *name, const Result *result)
{
    printf("  \"%s\": {\n    \"handshakes_per_second\": %.1f,\n", name, result->per_second);
    json_cost("responder", &result->responder, ",");
    json_cost("initiator", &result->initiator, "");
    printf("  },\n");
}

static void
json_memory(const Memory *memory, const char *end)
{
    printf("    { \"ike_sas\": %u, \"responder_rss_bytes\": %.0f, \"initiator_rss_bytes\": %.0f, "
           "\"responder_heap_bytes\": %.0f, \"initiator_heap_bytes\": %.0f }%s\n",
           memory->n, memory->responder_rss, memory->initiator_rss, memory->responder_heap, memory->initiator_heap,
               end);
}

static GArray *
sizes(void)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(guint));
    g_auto(GStrv) words = g_strsplit(option_sas != NULL ? option_sas : "1000,10000", ",", -1);

    for (char **word = words; *word != NULL; word++) {
        guint64 n;
        guint small;

        if (!g_ascii_string_to_unsigned(*word, 10, 1, 1000000, &n, NULL)) {
            fprintf(stderr, "--sas: %s is no number between 1 and 1000000\n", *word);
            exit(2);
        }
        small = (guint) n;
        g_array_append_val(out, small);
    }
    if (option_large)
        g_array_append_val(out, (guint) { SAS_LARGE });
    return out;
}

static void
report(const Result *memory, const Result *sockets, const GArray *memories)
{
    if (option_json) {
        printf("{\n");
        json_result("in_memory", memory);
        json_result("udp_loopback", sockets);
        printf("  \"memory\": [\n");
        for (guint i = 0; i < memories->len; i++)
            json_memory(&g_array_index(memories, Memory, i), i + 1 < memories->len ? "," : "");
        printf("  ]\n}\n");
        return;
    }
    printf("PSK, X25519, AES-GCM-128, PRF-HMAC-SHA2-256: IKE_SA_INIT, IKE_AUTH, Child SA; %d handshakes\n\n",
           option_count);
    print_result("engines joined in memory, one core", memory);
    print_result("UDP on loopback, two processes (their system calls are in the rest)", sockets);
    printf("Resident memory of an established IKE SA with its Child SA:\n");
    for (guint i = 0; i < memories->len; i++)
        print_memory(&g_array_index(memories, Memory, i));
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- what an IKE SA costs");
    g_autoptr(GArray) wanted = NULL, memories = g_array_new(FALSE, FALSE, sizeof(Memory));
    g_autoptr(GError) error = NULL;
    double whole_ns, inner_ns;
    Result in_memory, sockets;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || option_count < 1) {
        fprintf(stderr, "%s\n", error != NULL ? error->message : "--count: at least 1");
        return 2;
    }
    wanted = sizes();
    bench_meter_calibrate(&whole_ns, &inner_ns);
    in_memory = run_in_memory((guint) option_count, whole_ns, inner_ns);
    sockets = run_sockets((guint) option_count, inner_ns);
    for (guint i = 0; i < wanted->len; i++) {
        Memory memory = run_memory(g_array_index(wanted, guint, i));

        g_array_append_val(memories, memory);
    }
    report(&in_memory, &sockets, memories);
    g_free(option_sas);
    return 0;
}
