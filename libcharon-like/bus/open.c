/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/open.c - features are opened, called through the one place that knows which slots are optional, and closed. */
#include "bus/internal.h"

#include <gio/gio.h>
#include <string.h>

/* What a role's client is, for the one that opens. */
typedef union {
    const ObolKernelClient *kernel;
    const ObolSocketClient *socket;
    const ObolNetworkClient *network;
} Client;

static gboolean
open_feature(ObolBus *bus, Feature *feature, Client client, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (feature->declared->role == OBOL_ROLE_KERNEL)
        feature->self = feature->calls.kernel.open(bus, client.kernel, &inner);
    else if (feature->declared->role == OBOL_ROLE_SOCKET)
        feature->self = feature->calls.socket.open(bus, client.socket, &inner);
    else if (feature->declared->role == OBOL_ROLE_NETWORK)
        feature->self = feature->calls.network.open(bus, client.network, &inner);
    else if (feature->declared->role == OBOL_ROLE_CONTROL)
        feature->self = feature->calls.control.open(bus, &inner);
    else if (feature->calls.listener.open != NULL)
        feature->self = feature->calls.listener.open(bus, &inner);
    if (feature->self == NULL && (inner != NULL || feature->declared->role != OBOL_ROLE_LISTENER)) {
        g_set_error(error, inner != NULL ? inner->domain : OBOL_SETTINGS_ERROR,
                    inner != NULL ? inner->code : OBOL_SETTINGS_ERROR_VALUE, "%s: %s", feature->id,
                    inner != NULL ? inner->message : "can not be opened, and does not say why");
        return FALSE;
    }
    if (feature->declared->role == OBOL_ROLE_LISTENER)
        obol_bus_add_watcher(bus, &feature->calls.listener, feature->self);
    g_ptr_array_add(bus->opened, feature);
    return TRUE;
}

static void
close_feature(ObolBus *bus, Feature *feature)
{
    switch (feature->declared->role) {
    case OBOL_ROLE_KERNEL:
        bus->kernel = NULL;
        feature->calls.kernel.close(feature->self);
        break;
    case OBOL_ROLE_SOCKET:
        bus->socket = NULL;
        feature->calls.socket.close(feature->self);
        break;
    case OBOL_ROLE_NETWORK:
        bus->network = NULL;
        feature->calls.network.close(feature->self);
        break;
    case OBOL_ROLE_CONTROL:
        feature->calls.control.close(feature->self);
        break;
    case OBOL_ROLE_LISTENER:
        obol_bus_remove_watchers_of(bus, feature->self);
        if (feature->calls.listener.close != NULL)
            feature->calls.listener.close(feature->self);
        break;
    case OBOL_ROLE_RANDOM:
    case OBOL_ROLE_HASH:
    case OBOL_ROLE_PRF:
    case OBOL_ROLE_INTEG:
    case OBOL_ROLE_CIPHER:
    case OBOL_ROLE_AEAD:
    case OBOL_ROLE_KE:
    case OBOL_ROLE_END:
    case OBOL_N_ROLES:
        break;
    }
    feature->self = NULL;
}

void
obol_bus_close_roles(ObolBus *bus)
{
    while (bus->opened->len > 0)
        close_feature(bus, g_ptr_array_steal_index(bus->opened, bus->opened->len - 1));
}

/* All features of @role that could serve, the highest rank first. */
static GPtrArray *
candidates(ObolBus *bus, ObolRoleKind role)
{
    GPtrArray *out = g_ptr_array_new();

    for (guint i = 0; i < bus->plugins->len; i++) {
        Plugin *plugin = bus->plugins->pdata[i];

        for (guint j = 0; j < plugin->features->len; j++) {
            Feature *feature = plugin->features->pdata[j];

            if (feature->declared->role == role && (feature->state == FEATURE_ACCEPTED || feature->state == FEATURE_STANDBY))
                g_ptr_array_add(out, feature);
        }
    }
    return out;
}

static void
stand_by(Feature *feature, const Feature *instead)
{
    g_free(feature->refusal);
    feature->refusal = g_strdup_printf("%s serves", instead->id);
    feature->state = FEATURE_STANDBY;
}

/* Opens the best provider of a role that one feature alone fills; when it can not be opened, the next one. */
static Feature *
open_best(ObolBus *bus, ObolRoleKind role, Client client, GError **error)
{
    g_autoptr(GPtrArray) all = candidates(bus, role);
    Feature *serving = NULL;
    g_autoptr(GString) failures = g_string_new(NULL);

    for (guint i = 0; i < all->len; i++) {
        Feature *feature = all->pdata[i];
        g_autoptr(GError) inner = NULL;

        if (serving != NULL) {
            stand_by(feature, serving);
        } else if (open_feature(bus, feature, client, &inner)) {
            serving = feature;
            feature->state = FEATURE_ACCEPTED;
            g_clear_pointer(&feature->refusal, g_free);
            obol_bus_say(bus, 1, "%s serves", feature->id);
        } else {
            obol_feature_leave_out(feature, "%s", inner->message);
            obol_bus_say(bus, 0, "plugin %s: %s", feature->plugin->name, inner->message);
            g_string_append_printf(failures, "%s%s", failures->len > 0 ? "; " : "", inner->message);
        }
    }
    if (serving == NULL)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no %s can be opened: %s", obol_role_name(role),
                    failures->len > 0 ? failures->str : "no plugin provides one");
    return serving;
}

gboolean
obol_bus_open_kernel(ObolBus *bus, const ObolKernelClient *client, GError **error)
{
    bus->kernel = open_best(bus, OBOL_ROLE_KERNEL, (Client) { .kernel = client }, error);
    return bus->kernel != NULL;
}

gboolean
obol_bus_open_socket(ObolBus *bus, const ObolSocketClient *client, GError **error)
{
    bus->socket = open_best(bus, OBOL_ROLE_SOCKET, (Client) { .socket = client }, error);
    return bus->socket != NULL;
}

/* No machine must have one: routes are then the admin's. */
gboolean
obol_bus_open_network(ObolBus *bus, const ObolNetworkClient *client, GError **error)
{
    bus->network = open_best(bus, OBOL_ROLE_NETWORK, (Client) { .network = client }, error);
    return bus->network != NULL;
}

/* A daemon whose every control socket failed could not be steered: that alone is an error. */
gboolean
obol_bus_open_frontends(ObolBus *bus, GError **error)
{
    guint n_controls = 0;
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < bus->order->len; i++) {
        Feature *feature = bus->order->pdata[i];
        gboolean control = feature->declared->role == OBOL_ROLE_CONTROL;
        g_autoptr(GError) inner = NULL;

        if (!control && feature->declared->role != OBOL_ROLE_LISTENER)
            continue;
        if (open_feature(bus, feature, (Client) { NULL }, &inner)) {
            n_controls += control;
            continue;
        }
        obol_bus_say(bus, 0, "plugin %s: %s", feature->plugin->name, inner->message);
        obol_feature_leave_out(feature, "%s", inner->message);
        if (control && first == NULL)
            first = g_steal_pointer(&inner);
    }
    if (n_controls > 0 || first == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

/* Whom an answer is for. */
typedef struct {
    ObolBus *bus;
    ObolKernelDone done;
    gpointer data;
} KernelCall;

static void
answered(const ObolKernelReply *reply, gpointer data)
{
    g_autofree KernelCall *call = data;

    call->bus->n_unanswered--;
    call->done(reply, call->data);
}

/* To a request that no kernel took: the answer comes later, as every answer does. */
static gboolean
answer_no_kernel(gpointer data)
{
    const KernelCall *call = data;
    g_autoptr(GError) error = g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_GONE, "no kernel interface is open");
    const ObolKernelReply reply = { .error = error };

    call->done(&reply, call->data);
    return G_SOURCE_REMOVE;
}

void
obol_bus_kernel_request(ObolBus *bus, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    KernelCall *call = g_new(KernelCall, 1);
    GSource *idle;

    *call = (KernelCall) { bus, done, data };
    if (bus->kernel != NULL) {
        bus->n_unanswered++;
        bus->kernel->calls.kernel.request(bus->kernel->self, request, answered, call);
        return;
    }
    idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(idle, answer_no_kernel, call, g_free);
    g_source_attach(idle, bus->context);
    g_source_unref(idle);
}

guint
obol_bus_kernel_unanswered(ObolBus *bus)
{
    return bus->n_unanswered;
}

/* A plugin that does not say how much it knows was written before there was more than this. */
#define ABILITIES_FIRST_SIZE G_STRUCT_OFFSET(ObolKernelAbilities, set_marks)

void
obol_bus_copy_abilities(ObolKernelAbilities *to, const ObolKernelAbilities *from)
{
    gsize size = from->size != 0 ? from->size : ABILITIES_FIRST_SIZE;

    *to = (ObolKernelAbilities) { 0 };
    memcpy(to, from, MIN(size, sizeof *to));
    to->size = sizeof *to;
}

const ObolKernelAbilities *
obol_bus_kernel_abilities(ObolBus *bus)
{
    const ObolKernelAbilities *theirs = bus->kernel != NULL ? bus->kernel->calls.kernel.abilities(bus->kernel->self) : NULL;

    if (theirs == NULL)
        return NULL;
    obol_bus_copy_abilities(&bus->abilities, theirs);
    return &bus->abilities;
}

const char *
obol_bus_kernel_name(ObolBus *bus)
{
    return bus->kernel != NULL ? bus->kernel->id : NULL;
}

void
obol_bus_kernel_udp_esp(ObolBus *bus, ObolDatagram *batch, gsize n)
{
    if (bus->kernel != NULL && bus->kernel->calls.kernel.udp_esp != NULL)
        bus->kernel->calls.kernel.udp_esp(bus->kernel->self, batch, n);
}

void
obol_bus_kernel_each_policy(ObolBus *bus, ObolPolicyVisit visit, gpointer data)
{
    if (bus->kernel != NULL && bus->kernel->calls.kernel.each_policy != NULL)
        bus->kernel->calls.kernel.each_policy(bus->kernel->self, visit, data);
}

/* A kernel that carries no packets of other programs has nothing to adopt. */
gboolean
obol_bus_kernel_adopt_socket(ObolBus *bus, int fd, int family, gboolean nat_t, GError **error)
{
    return bus->kernel == NULL || bus->kernel->calls.kernel.adopt_socket == NULL
           || bus->kernel->calls.kernel.adopt_socket(bus->kernel->self, fd, family, nat_t, error);
}

void
obol_bus_socket_each(ObolBus *bus, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data)
{
    if (bus->socket != NULL && bus->socket->calls.socket.each_socket != NULL)
        bus->socket->calls.socket.each_socket(bus->socket->self, visit, data);
}

gboolean
obol_bus_network_add_route(ObolBus *bus, const ObolRouteSpec *route, GError **error)
{
    return bus->network == NULL || bus->network->calls.network.add_route(bus->network->self, route, error);
}

gboolean
obol_bus_network_remove_route(ObolBus *bus, const ObolRouteSpec *route, GError **error)
{
    return bus->network == NULL || bus->network->calls.network.remove_route(bus->network->self, route, error);
}

gboolean
obol_bus_network_set_address(ObolBus *bus, const ObolAddress *address, gboolean up, GError **error)
{
    const ObolNetworkVtable *calls = bus->network != NULL ? &bus->network->calls.network : NULL;

    if (calls == NULL || calls->add_address == NULL || calls->remove_address == NULL)
        return FALSE;
    return up ? calls->add_address(bus->network->self, address, error) : calls->remove_address(bus->network->self, address, error);
}

gboolean
obol_bus_network_address_in(ObolBus *bus, const ObolTs *range, ObolAddress *out)
{
    return bus->network != NULL && bus->network->calls.network.address_in(bus->network->self, range, out);
}

gboolean
obol_bus_network_each_address(ObolBus *bus, void (*visit)(const ObolAddress *address, const char *device, gpointer data),
                              gpointer data)
{
    if (bus->network == NULL)
        return FALSE;
    bus->network->calls.network.each_address(bus->network->self, visit, data);
    return TRUE;
}

void
obol_bus_send(ObolBus *bus, const ObolDatagram *batch, gsize n)
{
    if (bus->socket != NULL)
        bus->socket->calls.socket.send(bus->socket->self, batch, n);
}

void
obol_bus_socket_ports(ObolBus *bus, guint16 *ike, guint16 *nat_t)
{
    *ike = *nat_t = 0;
    if (bus->socket != NULL)
        bus->socket->calls.socket.ports(bus->socket->self, ike, nat_t);
}

gboolean
obol_bus_socket_source_for(ObolBus *bus, const ObolAddress *remote, ObolAddress *source)
{
    return bus->socket != NULL && bus->socket->calls.socket.source_for(bus->socket->self, remote, source);
}

void
obol_bus_socket_keep_alive(ObolBus *bus, const ObolAddress *local, const ObolAddress *remote)
{
    if (bus->socket != NULL && bus->socket->calls.socket.keep_alive != NULL)
        bus->socket->calls.socket.keep_alive(bus->socket->self, local, remote);
}
