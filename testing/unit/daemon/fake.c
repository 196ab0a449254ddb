/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/fake.c - a plugin with a kernel that agrees to everything and a wire between the daemons of one
 * process. */
#include "fake.h"

#include <string.h>

extern FakeWorld fake_world;
OBOL_PLUGIN_EXPORT FakeWorld fake_world;

/* --- socket --- */

typedef struct {
    ObolAddress from, to;
    GBytes *bytes;
} Flying;

static void
flying_free(gpointer data)
{
    Flying *flying = data;

    g_bytes_unref(flying->bytes);
    g_free(flying);
}

static gboolean
land(gpointer data)
{
    const Flying *flying = data;

    for (guint i = 0; i < fake_world.daemons->len; i++) {
        Fake *fake = g_ptr_array_index(fake_world.daemons, i);
        gsize n = g_bytes_get_size(flying->bytes);
        g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(flying->bytes, NULL), n);
        ObolDatagram datagram = { .local = flying->to, .remote = flying->from, .data = copy, .n = n };

        if (!fake_world.deaf && fake->socket.received != NULL && obol_address_equal(&fake->address, &flying->to))
            fake->socket.received(fake->socket.data, &datagram, 1);
    }
    return G_SOURCE_REMOVE;
}

static void
later(Fake *fake, GSourceFunc func, gpointer data, GDestroyNotify forget)
{
    GSource *source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, func, data, forget);
    g_source_attach(source, obol_bus_context(fake->bus));
    g_source_unref(source);
}

static Fake *
fake_of(ObolBus *bus)
{
    Fake *fake;

    if (fake_world.daemons == NULL)
        fake_world.daemons = g_ptr_array_new();
    for (guint i = 0; i < fake_world.daemons->len; i++) {
        fake = g_ptr_array_index(fake_world.daemons, i);
        if (fake->bus == bus)
            return fake;
    }
    fake = g_new0(Fake, 1);
    fake->bus = bus;
    g_queue_init(&fake->answers);
    fake->policies = g_ptr_array_new_with_free_func(g_free);
    fake->routes = g_ptr_array_new_with_free_func(g_free);
    fake->adopted = g_array_new(FALSE, FALSE, sizeof(FakeAdoption));
    fake->last_spi = 0xc0000000;
    obol_address_parse(obol_bus_setting(bus, "fake.address"), &fake->address);
    g_ptr_array_add(fake_world.daemons, fake);
    return fake;
}

static gpointer
socket_open(ObolBus *bus, const ObolSocketClient *client, G_GNUC_UNUSED GError **error)
{
    Fake *fake = fake_of(bus);

    fake->socket = *client;
    return fake;
}

static void
socket_close(gpointer self)
{
    ((Fake *) self)->socket.received = NULL;
}

static void
socket_send(gpointer self, const ObolDatagram *batch, gsize n)
{
    Fake *fake = self;

    for (gsize i = 0; i < n; i++) {
        Flying *flying = g_new(Flying, 1);

        *flying = (Flying) { batch[i].local, batch[i].remote, g_bytes_new(batch[i].data, batch[i].n) };
        fake->n_sent++;
        later(fake, land, flying, flying_free);
    }
}

static void
socket_ports(G_GNUC_UNUSED gpointer self, guint16 *ike, guint16 *nat_t)
{
    *ike = 500;
    *nat_t = 4500;
}

static gboolean
socket_source_for(gpointer self, G_GNUC_UNUSED const ObolAddress *remote, ObolAddress *source)
{
    *source = ((Fake *) self)->address;
    return TRUE;
}

/* Numbers that are no sockets: nobody here looks into them. */
static void
socket_each(G_GNUC_UNUSED gpointer self, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data)
{
    visit(1000, AF_INET, FALSE, data);
    visit(1001, AF_INET, TRUE, data);
}

static const ObolSocketVtable socket_calls = {
    .size = sizeof socket_calls, .open = socket_open, .close = socket_close, .send = socket_send, .ports = socket_ports,
    .source_for = socket_source_for, .each_socket = socket_each,
};

/* --- kernel --- */

typedef struct {
    ObolKernelDone done;
    gpointer data;
    ObolKernelReply reply;
} Answer;

/* Closing gives what is left, so there may be none. */
static gboolean
answer(gpointer data)
{
    g_autofree Answer *a = g_queue_pop_head(&((Fake *) data)->answers);

    if (a != NULL)
        a->done(&a->reply, a->data);
    return G_SOURCE_REMOVE;
}

static gpointer
kernel_open(ObolBus *bus, const ObolKernelClient *client, G_GNUC_UNUSED GError **error)
{
    Fake *fake = fake_of(bus);

    fake->kernel = *client;
    return fake;
}

static void
kernel_close(gpointer self)
{
    Fake *fake = self;

    while (fake->answers.length > 0)
        answer(fake);
    fake->bus = NULL;
}

static const ObolKernelAbilities *
kernel_abilities(G_GNUC_UNUSED gpointer self)
{
    return &fake_world.abilities;
}

static gboolean
kernel_adopt_socket(gpointer self, int fd, int family, gboolean nat_t, GError **error)
{
    Fake *fake = self;
    const FakeAdoption adoption = { fd, family, nat_t };

    if (fake_world.no_adoption != NULL) {
        g_propagate_error(error, g_error_copy(fake_world.no_adoption));
        return FALSE;
    }
    g_array_append_val(fake->adopted, adoption);
    return TRUE;
}

static void
remove_policy(Fake *fake, const ObolPolicySpec *policy)
{
    for (guint i = 0; i < fake->policies->len; i++) {
        const ObolPolicySpec *other = g_ptr_array_index(fake->policies, i);

        if (other->direction == policy->direction && other->trap == policy->trap && obol_ts_equal(&other->source,
                                                                                                  &policy->source)
            && obol_ts_equal(&other->destination, &policy->destination)) {
            g_ptr_array_remove_index(fake->policies, i);
            return;
        }
    }
}

static void
kernel_request(gpointer self, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    Fake *fake = self;
    Answer *a = g_new0(Answer, 1);

    a->done = done;
    a->data = data;
    switch (request->op) {
    case OBOL_KERNEL_GET_SPI:
        a->reply.spi = ++fake->last_spi;
        break;
    case OBOL_KERNEL_ADD_SA:
        fake->n_sas++;
        break;
    case OBOL_KERNEL_DELETE_SA:
        fake->n_sas--;
        break;
    case OBOL_KERNEL_QUERY_SA:
        a->reply.usage = (ObolSaUsage) { .bytes = 1000, .packets = 10, .last_used_us = 1 };
        break;
    case OBOL_KERNEL_ADD_POLICY:
        g_ptr_array_add(fake->policies, g_memdup2(&request->policy, sizeof request->policy));
        break;
    case OBOL_KERNEL_DELETE_POLICY:
        remove_policy(fake, &request->policy);
        break;
    case OBOL_KERNEL_UPDATE_SA:
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_UPDATE_POLICY:
    case OBOL_KERNEL_LIST:
        break;
    }
    g_queue_push_tail(&fake->answers, a);
    if (!fake_world.mute)
        later(fake, answer, fake, NULL);
}

static const ObolKernelVtable kernel_calls = {
    .size = sizeof kernel_calls, .open = kernel_open, .close = kernel_close, .abilities = kernel_abilities,
    .request = kernel_request, .adopt_socket = kernel_adopt_socket,
};

/* --- network --- */

static gpointer
network_open(ObolBus *bus, const ObolNetworkClient *client, G_GNUC_UNUSED GError **error)
{
    Fake *fake = fake_of(bus);

    fake->network = *client;
    return fake;
}

static void
network_close(gpointer self)
{
    g_ptr_array_set_size(((Fake *) self)->routes, 0);
}

static gboolean
network_add_route(gpointer self, const ObolRouteSpec *route, G_GNUC_UNUSED GError **error)
{
    g_ptr_array_add(((Fake *) self)->routes, g_memdup2(route, sizeof *route));
    return TRUE;
}

static gboolean
network_remove_route(gpointer self, const ObolRouteSpec *route, G_GNUC_UNUSED GError **error)
{
    Fake *fake = self;

    for (guint i = 0; i < fake->routes->len; i++) {
        const ObolRouteSpec *other = g_ptr_array_index(fake->routes, i);

        if (obol_ts_equal(&other->destination, &route->destination) && obol_address_equal(&other->source, &route->source)) {
            g_ptr_array_remove_index(fake->routes, i);
            return TRUE;
        }
    }
    g_error("a route is removed that is not there");
    return FALSE;
}

static void
network_each_address(gpointer self, void (*visit)(const ObolAddress *address, const char *device, gpointer data), gpointer data)
{
    visit(&((Fake *) self)->address, "fake0", data);
}

static gboolean
network_address_in(G_GNUC_UNUSED gpointer self, const ObolTs *range, ObolAddress *out)
{
    if (fake_world.inside.family == 0 || !obol_ts_matches(range, &fake_world.inside, 0, 0))
        return FALSE;
    *out = fake_world.inside;
    return TRUE;
}

static const ObolNetworkVtable network_calls = {
    .size = sizeof network_calls, .open = network_open, .close = network_close, .add_route = network_add_route,
    .remove_route = network_remove_route, .each_address = network_each_address, .address_in = network_address_in,
};

static const ObolSettingSpec settings[] = {
    { .name = "address", .type = OBOL_TYPE_TEXT, .fallback = "192.0.2.1", .doc = "Where this daemon is." },
    { .name = NULL },
};

static const ObolFeature features[] = {
    { .role = OBOL_ROLE_KERNEL, .name = "fake", .kernel = &kernel_calls },
    { .role = OBOL_ROLE_SOCKET, .name = "fake", .socket = &socket_calls },
    { .role = OBOL_ROLE_NETWORK, .name = "fake", .network = &network_calls },
    { .role = OBOL_ROLE_END },
};

extern const ObolPlugin obol_plugin;
OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "fake", .version = PACKAGE_VERSION, .licence =
        "LGPL-2.1-or-later",
    .summary = "a kernel and a wire for tests", .settings = settings, .features = features,
};
