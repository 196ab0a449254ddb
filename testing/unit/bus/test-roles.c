/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-roles.c - kernel and socket: the best provider serves, others stand by, and all calls go through one place. */
#include "bus-test.h"

#include <gio/gio.h>


static gint64 rank_low, rank_high; /* whose self is whose */
static gboolean high_is_broken;

static gpointer
open_low(ObolBus *bus G_GNUC_UNUSED, const ObolKernelClient *client G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return &rank_low;
}

static gpointer
open_high(ObolBus *bus G_GNUC_UNUSED, const ObolKernelClient *client G_GNUC_UNUSED, GError **error)
{
    if (high_is_broken)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "not allowed");
    return high_is_broken ? NULL : &rank_high;
}

static void
close_any(gpointer self G_GNUC_UNUSED)
{
}

static const ObolKernelAbilities *
abilities(gpointer self)
{
    static const ObolKernelAbilities low = { .tunnel = TRUE }, high = { .tunnel = TRUE, .esn = TRUE };

    return self == &rank_high ? &high : &low;
}

static void
request(gpointer self G_GNUC_UNUSED, const ObolKernelRequest *asked G_GNUC_UNUSED, ObolKernelDone done, gpointer data)
{
    const ObolKernelReply reply = { .spi = 7 };

    done(&reply, data);
}

static const ObolKernelVtable low = { .size = sizeof low, .open = open_low, .close = close_any, .abilities = abilities,
                                      .request = request };
static const ObolKernelVtable high = { .size = sizeof high, .open = open_high, .close = close_any, .abilities = abilities,
                                       .request = request };
static const ObolFeature features[] = {
    { .role = OBOL_ROLE_KERNEL, .name = "high", .kernel = &high },
    { .role = OBOL_ROLE_KERNEL, .name = "low", .kernel = &low },
    { 0 },
};

static void
note_reply(const ObolKernelReply *reply, gpointer data)
{
    *(int *) data = reply->error != NULL ? -1 : (int) reply->spi;
}

static ObolBus *
bus_with_kernels(void)
{
    const ObolPlugin plugin = PLUGIN("p", features);
    ObolBus *bus = quiet_bus();

    g_assert_true(obol_bus_add_plugin(bus, &plugin, NULL, NULL));
    return bus;
}

static void
test_best(void)
{
    g_autoptr(ObolBus) bus = bus_with_kernels();
    const ObolKernelClient client = { 0 };
    g_autofree char *text = NULL;
    int spi = 0;

    high_is_broken = FALSE;
    g_assert_true(obol_bus_open_kernel(bus, &client, NULL));
    g_assert_true(obol_bus_kernel_abilities(bus)->esn);
    obol_bus_kernel_request(bus, &(ObolKernelRequest) { .op = OBOL_KERNEL_FLUSH }, note_reply, &spi);
    g_assert_cmpint(spi, ==, 7);
    text = describe(bus);
    g_assert_cmpstr(text, ==, "p: loaded; on standby kernel/low: kernel/high serves [kernel/high]\n");
    /* What the table does not have is not called. */
    obol_bus_kernel_udp_esp(bus, NULL, 0);
    obol_bus_kernel_each_policy(bus, NULL, NULL);
}

static void
test_next(void)
{
    g_autoptr(ObolBus) bus = bus_with_kernels();
    const ObolKernelClient client = { 0 };
    g_autofree char *text = NULL;

    high_is_broken = TRUE;
    g_assert_true(obol_bus_open_kernel(bus, &client, NULL));
    g_assert_false(obol_bus_kernel_abilities(bus)->esn);
    text = describe(bus);
    g_assert_cmpstr(text, ==, "p: loaded; without kernel/high: kernel/high: not allowed [kernel/low]\n");
}

static void
test_none(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(ObolBus) bus = obol_bus_new(context);
    const ObolKernelClient kernel_client = { 0 };
    const ObolSocketClient socket_client = { 0 };
    g_autoptr(GError) error = NULL;
    ObolAddress source;
    guint16 ike, nat_t;
    int spi = 0;

    obol_bus_set_log(bus, -1, FALSE);
    g_assert_false(obol_bus_open_kernel(bus, &kernel_client, &error));
    g_assert_cmpstr(error->message, ==, "no kernel can be opened: no plugin provides one");
    g_assert_false(obol_bus_open_socket(bus, &socket_client, NULL));
    obol_bus_kernel_request(bus, &(ObolKernelRequest) { .op = OBOL_KERNEL_FLUSH }, note_reply, &spi);
    g_assert_cmpint(spi, ==, 0); /* never from within the call itself */
    while (g_main_context_iteration(context, FALSE))
        ;
    g_assert_cmpint(spi, ==, -1);
    g_assert_null(obol_bus_kernel_abilities(bus));
    obol_bus_socket_ports(bus, &ike, &nat_t);
    g_assert_cmpuint(ike, ==, 0);
    g_assert_false(obol_bus_socket_source_for(bus, &(ObolAddress) { .family = AF_INET }, &source));
    obol_bus_send(bus, NULL, 0);
}

/* The slots' places are the ABI. */
static void
test_offsets(void)
{
    const gsize slot = sizeof(gpointer);

    g_assert_cmpuint(G_STRUCT_OFFSET(ObolKernelVtable, open), ==, 1 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolKernelVtable, request), ==, 4 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolKernelVtable, each_policy), ==, 6 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolKernelVtable, adopt_socket), ==, 7 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolKernelVtable, probe), ==, 8 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolSocketVtable, send), ==, 3 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolSocketVtable, keep_alive), ==, 6 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolSocketVtable, each_socket), ==, 7 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolListenerVtable, ike_state), ==, 3 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolListenerVtable, log), ==, 7 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolControlVtable, close), ==, 2 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolNetworkVtable, address_in), ==, 6 * slot);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolPlugin, abi), ==, 0);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolPlugin, size), ==, 4);
    g_assert_cmpuint(G_STRUCT_OFFSET(ObolPlugin, features), ==, 8 + 5 * slot);
    g_assert_cmpuint(sizeof(ObolFeature), ==, 6 * slot);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/roles/the-best-serves-and-others-stand-by", test_best);
    g_test_add_func("/bus/roles/when-the-best-can-not-be-opened-the-next-serves", test_next);
    g_test_add_func("/bus/roles/without-a-provider-every-call-is-answered", test_none);
    g_test_add_func("/bus/roles/slots-stay-where-they-are", test_offsets);
    return g_test_run();
}
