/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network.c - this machine's addresses, and routes of ours.
 *
 * Our routes stand in a table of our own, to which one rule a family leads; each is marked as ours in rtm_protocol.  They go
 * by the device and the next hop that lead to their gateway without them, and are laid anew when those have changed. */
#include "network.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <obol/prefix.h>

#include "addresses.h"
#include "virtual.h"

#define ROUTES_MAX 65536

static const guint16 families[] = { AF_INET, AF_INET6 };

/* One route that was asked for, and how often. */
typedef struct {
    ObolRouteSpec spec; /* its @device is ours */
    guint count;
} Wanted;

struct Network {
    NetworkSettings settings;
    ObolNetworkClient client;
    GMainContext *context;
    Wire *wire;
    GArray *addresses;  /* of OwnAddress */
    Virtuals *virtuals;
    GPtrArray *wanted;  /* of Wanted; of two with one prefix the later serves */
    gboolean ruled[G_N_ELEMENTS(families)]; /* our rule is there */
    GSource *source, *burst;
};

static void
say(Network *network, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
say(Network *network, int level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    network->settings.log(network->settings.log_data, level, text);
}

static void
wanted_free(gpointer data)
{
    Wanted *wanted = data;

    g_free((char *) wanted->spec.device);
    g_free(wanted);
}

/* --- what a predecessor left, and what we leave --- */

typedef struct {
    Network *network;
    GArray *found; /* of MessageRoute or MessageRule */
} Leftovers;

static void
note_route(const Message *message, gpointer data)
{
    Leftovers *left = data;
    const Network *network = left->network;
    MessageRoute route = {
        .table = network->settings.table, .protocol = NETWORK_PROTOCOL, .prefix = message->prefix, .destination = message->address,
    };

    if (message->type != RTM_NEWROUTE || message->table != route.table || message->protocol != NETWORK_PROTOCOL)
        return;
    if (route.destination.family == 0) /* the whole: no RTA_DST */
        route.destination = (ObolAddress) { .family = message->family };
    g_array_append_val(left->found, route);
}

static void
note_rule(const Message *message, gpointer data)
{
    Leftovers *left = data;
    MessageRule rule = {
        .family = message->family, .table = message->table, .priority = message->priority, .mark = message->mark,
        .protocol = NETWORK_PROTOCOL,
    };

    if (message->type == RTM_NEWRULE && message->protocol == NETWORK_PROTOCOL && message->table == left->network->settings.table)
        g_array_append_val(left->found, rule);
}

static guint
sweep_routes(Network *network)
{
    guint8 room[MESSAGE_MAX];
    Leftovers left = { .network = network, .found = g_array_new(FALSE, TRUE, sizeof(MessageRoute)) };
    guint n;

    wire_ask(network->wire, message_put_dump(room, RTM_GETROUTE, AF_UNSPEC), note_route, &left);
    for (guint i = 0; i < left.found->len; i++)
        wire_ask(network->wire, message_put_route(room, FALSE, &g_array_index(left.found, MessageRoute, i)), NULL, NULL);
    n = left.found->len;
    g_array_unref(left.found);
    return n;
}

static guint
sweep_rules(Network *network)
{
    guint8 room[MESSAGE_MAX];
    Leftovers left = { .network = network, .found = g_array_new(FALSE, TRUE, sizeof(MessageRule)) };
    guint n;

    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        wire_ask(network->wire, message_put_dump(room, RTM_GETRULE, (guint8) families[i]), note_rule, &left);
    for (guint i = 0; i < left.found->len; i++)
        wire_ask(network->wire, message_put_rule(room, FALSE, &g_array_index(left.found, MessageRule, i)), NULL, NULL);
    n = left.found->len;
    g_array_unref(left.found);
    return n;
}

/* --- routes --- */

static gboolean
fail(GError **error, int status, const char *what, const ObolRouteSpec *route)
{
    g_autofree char *destination = obol_ts_format(&route->destination);

    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status), "route to %s: %s: %s%s", destination, what, g_strerror(-status),
                status == -EPERM || status == -EACCES ? " (routes need the capability CAP_NET_ADMIN)" : "");
    return FALSE;
}

/* One rule a family, when its first route comes. */
static int
lay_rule(Network *network, guint16 family)
{
    const NetworkSettings *settings = &network->settings;
    MessageRule rule = {
        .family = family, .table = settings->table, .priority = settings->rule_priority, .mark = settings->mark,
        .protocol = NETWORK_PROTOCOL,
    };
    gsize i = family == AF_INET6;
    guint8 room[MESSAGE_MAX];
    int status;

    if (network->ruled[i])
        return 0;
    status = wire_ask(network->wire, message_put_rule(room, TRUE, &rule), NULL, NULL);
    if (status == -EEXIST) /* somebody else's, which does as well and stays */
        status = 0;
    network->ruled[i] = status == 0;
    return status;
}

static void
take_path(const Message *message, gpointer data)
{
    MessagePath *path = data;

    if (message->type == RTM_NEWROUTE && (message->kind == RTN_UNICAST || message->kind == RTN_LOCAL))
        *path = (MessagePath) { .device = message->device, .gateway = message->gateway };
}

static int
find_path(Network *network, const ObolRouteSpec *route, MessagePath *path)
{
    guint8 room[MESSAGE_MAX];
    int status;

    *path = (MessagePath) { 0 };
    if (route->device != NULL) {
        path->device = if_nametoindex(route->device);
        return path->device != 0 ? 0 : -ENODEV;
    }
    /* With the mark of our own packets: by the way that there is without our table. */
    status = wire_ask(network->wire, message_put_lookup(room, &route->gateway, network->settings.mark), take_path, path);
    return status == 0 && path->device == 0 ? -ENETUNREACH : status;
}

/* The route to @prefix, of @spec's family. */
static MessageRoute
route_of(const Network *network, const ObolRouteSpec *spec, const ObolPrefix *prefix)
{
    MessageRoute route = {
        .table = network->settings.table, .protocol = NETWORK_PROTOCOL, .destination.family = spec->destination.family,
        .prefix = prefix->bits,
    };

    memcpy(route.destination.bytes, prefix->bytes, sizeof prefix->bytes);
    return route;
}

static int
lay_prefix(Network *network, const ObolRouteSpec *spec, const ObolPrefix *prefix, const MessagePath *path)
{
    MessageRoute route = route_of(network, spec, prefix);
    guint8 room[MESSAGE_MAX];

    route.path = *path;
    if (spec->source.family == spec->destination.family)
        route.source = spec->source;
    return wire_ask(network->wire, message_put_route(room, TRUE, &route), NULL, NULL);
}

static gboolean
same_prefix(const ObolPrefix *a, const ObolPrefix *b)
{
    return a->bits == b->bits && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Lays @spec's prefixes, or the one of them that is @only. */
static gboolean
lay(Network *network, const ObolRouteSpec *spec, const ObolPrefix *only, GError **error)
{
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];
    guint n = obol_ts_prefixes(&spec->destination, prefixes, OBOL_PREFIXES_MAX);
    MessagePath path;
    int status = find_path(network, spec, &path);

    if (status < 0)
        return fail(error, status, spec->device != NULL ? spec->device : "no way to its gateway", spec);
    status = lay_rule(network, spec->destination.family);
    if (status < 0)
        return fail(error, status, "the rule that leads to our table", spec);
    for (guint i = 0; i < n && status == 0; i++) {
        if (only == NULL || same_prefix(only, &prefixes[i]))
            status = lay_prefix(network, spec, &prefixes[i], &path);
    }
    return status == 0 || fail(error, status, "refused", spec);
}

static void
lift_prefix(Network *network, const ObolRouteSpec *spec, const ObolPrefix *prefix)
{
    const MessageRoute route = route_of(network, spec, prefix);
    guint8 room[MESSAGE_MAX];

    wire_ask(network->wire, message_put_route(room, FALSE, &route), NULL, NULL);
}

static gboolean
same_route(const ObolRouteSpec *a, const ObolRouteSpec *b)
{
    return obol_ts_equal(&a->destination, &b->destination) && obol_address_equal(&a->source, &b->source)
           && obol_address_equal(&a->gateway, &b->gateway) && g_strcmp0(a->device, b->device) == 0;
}

static gboolean
find_wanted(const Network *network, const ObolRouteSpec *spec, guint *index)
{
    for (guint i = 0; i < network->wanted->len; i++) {
        if (same_route(&((Wanted *) network->wanted->pdata[i])->spec, spec)) {
            *index = i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
network_add_route(Network *network, const ObolRouteSpec *spec, GError **error)
{
    Wanted *wanted;
    guint i;

    if (find_wanted(network, spec, &i)) {
        ((Wanted *) network->wanted->pdata[i])->count++;
        return TRUE;
    }
    if (network->wanted->len >= ROUTES_MAX)
        return fail(error, -ENOSPC, "there are too many", spec);
    if (!lay(network, spec, NULL, error))
        return FALSE;
    wanted = g_new0(Wanted, 1);
    wanted->spec = *spec;
    wanted->spec.device = g_strdup(spec->device);
    wanted->count = 1;
    g_ptr_array_add(network->wanted, wanted);
    return TRUE;
}

/* The latest of the other routes that has the same prefix. */
static const ObolRouteSpec *
heir_of(const Network *network, guint16 family, const ObolPrefix *prefix)
{
    for (guint i = network->wanted->len; i-- > 0;) {
        const ObolRouteSpec *spec = &((Wanted *) network->wanted->pdata[i])->spec;
        ObolPrefix prefixes[OBOL_PREFIXES_MAX];
        guint n = obol_ts_prefixes(&spec->destination, prefixes, OBOL_PREFIXES_MAX);

        for (guint j = 0; j < n; j++)
            if (spec->destination.family == family && same_prefix(&prefixes[j], prefix))
                return spec;
    }
    return NULL;
}

gboolean
network_remove_route(Network *network, const ObolRouteSpec *spec, GError **error)
{
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];
    guint i, n = obol_ts_prefixes(&spec->destination, prefixes, OBOL_PREFIXES_MAX);

    if (!find_wanted(network, spec, &i))
        return fail(error, -ESRCH, "it is none of ours", spec);
    if (--((Wanted *) network->wanted->pdata[i])->count > 0)
        return TRUE;
    g_ptr_array_remove_index(network->wanted, i);
    for (guint j = 0; j < n; j++) {
        const ObolRouteSpec *heir = heir_of(network, spec->destination.family, &prefixes[j]);

        if (heir == NULL || !lay(network, heir, &prefixes[j], NULL))
            lift_prefix(network, spec, &prefixes[j]);
    }
    return TRUE;
}

/* --- addresses --- */

void
network_each_address(Network *network, void (*visit)(const ObolAddress *address, const char *device, gpointer data), gpointer data)
{
    for (guint i = 0; i < network->addresses->len; i++) {
        const OwnAddress *own = &g_array_index(network->addresses, OwnAddress, i);

        if (!own->loopback)
            visit(&own->address, own->name, data);
    }
}

/* An address that an admin gave to the loopback device for this very purpose will do as well. */
gboolean
network_address_in(Network *network, const ObolTs *range, ObolAddress *out)
{
    for (guint i = 0; i < network->addresses->len; i++) {
        const OwnAddress *own = &g_array_index(network->addresses, OwnAddress, i);
        gsize n = obol_address_n_bytes(&own->address);

        if (own->address.family == range->family && memcmp(range->first, own->address.bytes, n) <= 0
            && memcmp(own->address.bytes, range->last, n) <= 0) {
            *out = own->address;
            return TRUE;
        }
    }
    return FALSE;
}

/* What came of it is known at once: routes that want it as source follow. */
static gboolean
settle(Network *network, int status, const ObolAddress *address, GError **error)
{
    char text[OBOL_ADDRESS_TEXT_MAX];
    GArray *now;

    if (status < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status), "address %s: %s%s", obol_address_format(address, text),
                    g_strerror(-status), status == -EPERM ? " (addresses need the capability CAP_NET_ADMIN)" : "");
        return FALSE;
    }
    now = addresses_look(network->wire, &status);
    if (now != NULL) {
        g_array_unref(network->addresses);
        network->addresses = now;
    }
    return TRUE;
}

gboolean
network_add_address(Network *network, const ObolAddress *address, GError **error)
{
    return settle(network, virtuals_add(network->virtuals, address), address, error);
}

gboolean
network_remove_address(Network *network, const ObolAddress *address, GError **error)
{
    return settle(network, virtuals_remove(network->virtuals, address), address, error);
}

/* --- changes --- */

/* A route that can not be laid now is tried again at the next change. */
static void
lay_all(Network *network)
{
    for (guint i = 0; i < network->wanted->len; i++) {
        g_autoptr(GError) error = NULL;

        if (!lay(network, &((Wanted *) network->wanted->pdata[i])->spec, NULL, &error))
            say(network, 1, "%s", error->message);
    }
}

static gboolean
burst_over(gpointer data)
{
    Network *network = data;
    int status;
    GArray *now = addresses_look(network->wire, &status);

    g_clear_pointer(&network->burst, g_source_unref);
    if (now != NULL) {
        g_array_unref(network->addresses);
        network->addresses = now;
    } else {
        say(network, 0, "the addresses of this machine can not be read: %s", g_strerror(-status));
    }
    lay_all(network);
    if (network->client.changed != NULL)
        network->client.changed(network->client.data);
    return G_SOURCE_REMOVE;
}

static void
note_change(Network *network)
{
    if (network->burst != NULL)
        return;
    network->burst = g_timeout_source_new((guint) (network->settings.burst_us / 1000));
    g_source_set_callback(network->burst, burst_over, network, NULL);
    g_source_attach(network->burst, network->context);
}

/* Our own routes, and those that only say what addresses say, are no news. */
static gboolean
is_news(const Network *network, const Message *message)
{
    switch (message->type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return TRUE;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return message->kind == RTN_UNICAST && (message->flags & RTM_F_CLONED) == 0 && message->protocol != NETWORK_PROTOCOL
               && message->table != network->settings.table;
    }
    return FALSE;
}

static void
hear(const Message *message, gpointer data)
{
    Network *network = data;

    if (is_news(network, message))
        note_change(network);
}

static gboolean
heard(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    Network *network = data;

    if (!wire_listen(network->wire, hear, network))
        note_change(network); /* what was lost may have been news */
    return G_SOURCE_CONTINUE;
}

/* --- birth and death --- */

Network *
network_new(const NetworkSettings *settings, GMainContext *context, const ObolNetworkClient *client, GError **error)
{
    g_autoptr(Network) network = g_new0(Network, 1);
    guint n;
    int status;

    network->settings = *settings;
    network->client = *client;
    network->context = g_main_context_ref(context);
    network->wanted = g_ptr_array_new_with_free_func(wanted_free);
    network->wire = wire_new(&status);
    if (network->wire != NULL)
        network->addresses = addresses_look(network->wire, &status);
    if (network->addresses == NULL) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status), "routing (netlink): %s", g_strerror(-status));
        return NULL;
    }
    network->virtuals = virtuals_new(network->wire);
    n = sweep_routes(network);
    n += sweep_rules(network);
    if (n > 0)
        say(network, 0, "removed %u routes and rules that a predecessor left", n);
    network->source = g_unix_fd_source_new(wire_events_fd(network->wire), G_IO_IN | G_IO_ERR);
    g_source_set_callback(network->source, G_SOURCE_FUNC(heard), network, NULL);
    g_source_attach(network->source, context);
    return g_steal_pointer(&network);
}

static void
drop_source(GSource *source)
{
    if (source == NULL)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

void
network_free(Network *network)
{
    if (network == NULL)
        return;
    drop_source(network->source);
    drop_source(network->burst);
    if (network->wire != NULL && network->addresses != NULL) {
        sweep_rules(network);
        sweep_routes(network);
    }
    virtuals_free(network->virtuals);
    wire_free(network->wire);
    if (network->addresses != NULL)
        g_array_unref(network->addresses);
    g_ptr_array_unref(network->wanted);
    g_main_context_unref(network->context);
    g_free(network);
}
