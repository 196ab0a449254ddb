/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* route.c - what the host sends into the tunnel's device. */
#include "route.h"

#include <obol/prefix.h>

#include <errno.h>
#include <gio/gio.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "netlink.h"
#include "packet.h"
#include "selectors.h"

/* The route with the best source address, and one without that outlives the address: a lost address must not open a way for
 * plain packets. */
enum { METRIC_WITH_SOURCE = 1, METRIC_PLAIN = 2 };

struct Routes {
    RouteSettings settings;
    int netlink;
    gboolean has_rule[2]; /* IPv4, IPv6 */
    GTree *counts;        /* RoutePrefix -> number of policies */
    RouteLog log;
    gpointer log_data;
};

/* What is local to a link, or for many, is never our business, however wide a selector is. */
static const struct {
    guint16 family;
    guint8 bits;
    guint8 address[16];
} untouched[] = {
    { AF_INET, 4, { 224 } },
    { AF_INET, 32, { 255, 255, 255, 255 } },
    { AF_INET, 16, { 169, 254 } },
    { AF_INET6, 10, { 0xfe, 0x80 } },
    { AF_INET6, 8, { 0xff } },
};

typedef struct { /* without holes: compared as bytes */
    guint16 family, bits;
    guint8 address[16];
} RoutePrefix;

/* An order, for a balanced tree: peers negotiate selectors, and a tree has no worst case for them to find. */
static int
prefix_compare(gconstpointer a, gconstpointer b, gpointer data)
{
    (void) data;
    return memcmp(a, b, sizeof(RoutePrefix));
}

static int
talk_route(const Routes *routes, gboolean add, const RoutePrefix *prefix, guint8 type, guint32 metric,
           const guint8 *source)
{
    gsize n = prefix->family == AF_INET ? 4 : 16;
    struct rtmsg body = {
        .rtm_family = (guint8) prefix->family, .rtm_dst_len = (guint8) prefix->bits, .rtm_table = RT_TABLE_UNSPEC,
        .rtm_protocol = RTPROT_STATIC, .rtm_type = type,
        .rtm_scope = type == RTN_UNICAST && prefix->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    };
    NetlinkMessage message;

    netlink_begin(&message, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &body, sizeof body);
    netlink_put_u32(&message, RTA_TABLE, routes->settings.table);
    netlink_put_u32(&message, RTA_PRIORITY, metric);
    netlink_put(&message, RTA_DST, prefix->address, n);
    if (type == RTN_UNICAST)
        netlink_put_u32(&message, RTA_OIF, routes->settings.device);
    if (source != NULL)
        netlink_put(&message, RTA_PREFSRC, source, n);
    return netlink_talk(routes->netlink, &message);
}

static int
talk_rule(const Routes *routes, gboolean add, guint8 family)
{
    struct fib_rule_hdr body = {
        .family = family, .action = FR_ACT_TO_TBL, .table = RT_TABLE_UNSPEC, .flags = FIB_RULE_INVERT,
    };
    NetlinkMessage message;
    int status;

    netlink_begin(&message, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &body, sizeof body);
    netlink_put_u32(&message, FRA_PRIORITY, routes->settings.priority);
    netlink_put_u32(&message, FRA_TABLE, routes->settings.table);
    netlink_put_u32(&message, FRA_FWMARK, routes->settings.mark);
    status = netlink_talk(routes->netlink, &message);
    return status == -EEXIST ? 0 : status; /* left behind by a daemon that was killed */
}

static void
put_untouched(const Routes *routes, gboolean add, guint16 family)
{
    for (guint i = 0; i < G_N_ELEMENTS(untouched); i++) {
        RoutePrefix prefix = { .family = family, .bits = untouched[i].bits };

        memcpy(prefix.address, untouched[i].address, sizeof prefix.address);
        if (untouched[i].family == family)
            talk_route(routes, add, &prefix, RTN_THROW, METRIC_WITH_SOURCE, NULL);
    }
}

typedef struct {
    RoutePrefix prefix;
    guint32 metric;
} Leftover;

typedef struct {
    const Routes *routes;
    GArray *found; /* of Leftover */
} Search;

static void
look_at_route(gpointer data, const guint8 *body, gsize n)
{
    Search *search = data;
    Leftover leftover = { .metric = 0 };
    struct rtmsg route;
    guint32 table = 0, device = 0;

    if (n < sizeof route)
        return;
    memcpy(&route, body, sizeof route);
    if (route.rtm_type != RTN_UNICAST || (route.rtm_family != AF_INET && route.rtm_family != AF_INET6) ||
        !netlink_attribute(body, n, sizeof route, RTA_TABLE, &table, sizeof table) || table != search->routes->settings.table ||
        !netlink_attribute(body, n, sizeof route, RTA_OIF, &device, sizeof device) ||
        device != search->routes->settings.device)
        return;
    leftover.prefix.family = route.rtm_family;
    leftover.prefix.bits = route.rtm_dst_len;
    netlink_attribute(body, n, sizeof route, RTA_DST, leftover.prefix.address, route.rtm_family == AF_INET ? 4 : 16);
    netlink_attribute(body, n, sizeof route, RTA_PRIORITY, &leftover.metric, sizeof leftover.metric);
    g_array_append_val(search->found, leftover);
}

/* A predecessor that was killed leaves its device, and with it the routes, only where the device is a persistent one.  (Its rule
 * is ours when we come, and so are the routes that lead past the device.) */
static void
remove_leftovers(const Routes *routes)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Leftover));
    g_autofree char *text = NULL;
    struct rtmsg body = { .rtm_family = AF_UNSPEC };
    Search search = { routes, found };
    NetlinkMessage message;

    netlink_begin(&message, RTM_GETROUTE, 0, &body, sizeof body);
    if (netlink_dump(routes->netlink, &message, RTM_NEWROUTE, look_at_route, &search) < 0 || found->len == 0)
        return;
    for (guint i = 0; i < found->len; i++) {
        const Leftover *leftover = &g_array_index(found, Leftover, i);

        talk_route(routes, FALSE, &leftover->prefix, RTN_UNICAST, leftover->metric, NULL);
    }
    text = g_strdup_printf("removed %u routes that a daemon before this one left in table %u", found->len,
                           routes->settings.table);
    routes->log(routes->log_data, 1, text);
}

Routes *
routes_new(const RouteSettings *settings, int netlink, RouteLog log, gpointer log_data, GError **error)
{
    g_autoptr(Routes) routes = g_new0(Routes, 1);
    int status[2];

    routes->settings = *settings;
    routes->netlink = netlink;
    routes->log = log;
    routes->log_data = log_data;
    routes->counts = g_tree_new_full(prefix_compare, NULL, g_free, NULL);
    remove_leftovers(routes);
    for (guint i = 0; i < 2; i++) {
        guint16 family = i == 0 ? AF_INET : AF_INET6;

        status[i] = talk_rule(routes, TRUE, (guint8) family);
        routes->has_rule[i] = status[i] == 0;
        if (routes->has_rule[i])
            put_untouched(routes, TRUE, family);
    }
    if (routes->has_rule[0] && !routes->has_rule[1])
        log(log_data, 1, "no routing rules for IPv6 here: policies for IPv6 will fail");
    if (routes->has_rule[0] || routes->has_rule[1])
        return g_steal_pointer(&routes);
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-status[0]),
                "routing rules: %s%s", g_strerror(-status[0]),
                status[0] == -EPERM ? " (this needs the capability CAP_NET_ADMIN; or set kernel-userspace.routes = false)" : "");
    return NULL;
}

static void
delete_routes(const Routes *routes, const RoutePrefix *prefix)
{
    talk_route(routes, FALSE, prefix, RTN_UNICAST, METRIC_WITH_SOURCE, NULL); /* there may be none */
    talk_route(routes, FALSE, prefix, RTN_UNICAST, METRIC_PLAIN, NULL);
}

static gboolean
delete_each(gpointer prefix, gpointer count, gpointer routes)
{
    (void) count;
    delete_routes(routes, prefix);
    return FALSE;
}

void
routes_flush(Routes *routes)
{
    g_tree_foreach(routes->counts, delete_each, routes);
    g_tree_remove_all(routes->counts);
}

void
routes_free(Routes *routes)
{
    if (routes == NULL)
        return;
    routes_flush(routes);
    for (guint i = 0; i < 2; i++) {
        guint16 family = i == 0 ? AF_INET : AF_INET6;

        if (!routes->has_rule[i])
            continue;
        talk_rule(routes, FALSE, (guint8) family);
        put_untouched(routes, FALSE, family);
    }
    g_tree_unref(routes->counts);
    g_free(routes);
}

/* An address of this host within @range: what the host should call itself towards the far side. */
static gboolean
source_within(const ObolTs *range, guint8 out[16])
{
    struct ifaddrs *list = NULL;
    gboolean found = FALSE;

    if (getifaddrs(&list) != 0)
        return FALSE;
    for (const struct ifaddrs *at = list; at != NULL && !found; at = at->ifa_next) {
        Flow flow = { .family = range->family };
        ObolAddress address;
        ObolTs any_port = *range;

        if (at->ifa_addr == NULL || !obol_address_from_sockaddr(at->ifa_addr, &address) || address.family != range->family)
            continue;
        any_port.protocol = 0;
        any_port.port_first = 0;
        any_port.port_last = G_MAXUINT16;
        memcpy(flow.addresses[FLOW_SOURCE], address.bytes, 16);
        found = address.scope == 0 && selector_matches(&any_port, &flow, FLOW_SOURCE);
        if (found)
            memcpy(out, address.bytes, 16);
    }
    freeifaddrs(list);
    return found;
}

/* Strict reverse-path filtering drops ESP from a peer whose address is routed into the tunnel; the admin should know. */
static void
look_at_filter(const Routes *routes, const ObolPolicySpec *policy)
{
    g_autofree char *value = NULL;
    const ObolAddress *peer = &policy->tunnel_destination;
    Flow flow = { .family = peer->family };

    memcpy(flow.addresses[FLOW_DESTINATION], peer->bytes, 16);
    if (peer->family != AF_INET || !selector_matches(&policy->destination, &flow, FLOW_DESTINATION))
        return;
    if (g_file_get_contents("/proc/sys/net/ipv4/conf/all/rp_filter", &value, NULL, NULL) && value[0] == '1')
        routes->log(routes->log_data, 0, "net.ipv4.conf.all.rp_filter is 1 (strict): packets of a peer whose own address a "
                                         "policy covers will be dropped by this host; set it to 2 (loose)");
}

static gboolean
wants_routes(const ObolPolicySpec *policy)
{
    return policy->direction == OBOL_DIR_OUT && policy->action != OBOL_POLICY_PASS;
}

/* Where a route of @policy goes. */
static guint
prefixes_of(const ObolPolicySpec *policy, RoutePrefix out[OBOL_PREFIXES_MAX])
{
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];
    guint n = wants_routes(policy) ? obol_ts_prefixes(&policy->destination, prefixes, OBOL_PREFIXES_MAX) : 0;

    for (guint i = 0; i < n; i++) {
        out[i] = (RoutePrefix) { .family = policy->destination.family, .bits = prefixes[i].bits };
        memcpy(out[i].address, prefixes[i].bytes, sizeof out[i].address);
    }
    return n;
}

static int
add_one(Routes *routes, const RoutePrefix *prefix, const ObolPolicySpec *policy)
{
    guint count = GPOINTER_TO_UINT(g_tree_lookup(routes->counts, prefix));
    guint8 source[16];
    int status;

    if (count == 0) {
        status = talk_route(routes, TRUE, prefix, RTN_UNICAST, METRIC_PLAIN, NULL);
        if (status < 0)
            return status;
        if (source_within(&policy->source, source))
            talk_route(routes, TRUE, prefix, RTN_UNICAST, METRIC_WITH_SOURCE, source); /* a comfort, not a need */
    }
    g_tree_replace(routes->counts, g_memdup2(prefix, sizeof *prefix), GUINT_TO_POINTER(count + 1));
    return 0;
}

static void
remove_one(Routes *routes, const RoutePrefix *prefix)
{
    guint count = GPOINTER_TO_UINT(g_tree_lookup(routes->counts, prefix));

    if (count > 1) {
        g_tree_replace(routes->counts, g_memdup2(prefix, sizeof *prefix), GUINT_TO_POINTER(count - 1));
    } else if (count == 1) {
        delete_routes(routes, prefix);
        g_tree_remove(routes->counts, prefix);
    }
}

static ObolKernelError
kernel_error(int code)
{
    switch (code) {
    case EPERM: case EACCES: return OBOL_KERNEL_ERROR_PERMISSION;
    case ENOMEM: case ENOBUFS: return OBOL_KERNEL_ERROR_LIMIT;
    case EINVAL: return OBOL_KERNEL_ERROR_INVALID;
    case EAFNOSUPPORT: case EOPNOTSUPP: case EPROTONOSUPPORT: return OBOL_KERNEL_ERROR_UNSUPPORTED;
    default: return OBOL_KERNEL_ERROR_GONE; /* the device is away, or rtnetlink did not answer */
    }
}

gboolean
routes_add(Routes *routes, const ObolPolicySpec *policy, GError **error)
{
    RoutePrefix prefixes[OBOL_PREFIXES_MAX];
    guint n = prefixes_of(policy, prefixes);

    for (guint i = 0; i < n; i++) {
        int status = add_one(routes, &prefixes[i], policy);

        if (status == 0)
            continue;
        while (i > 0)
            remove_one(routes, &prefixes[--i]);
        g_set_error(error, OBOL_KERNEL_ERROR, kernel_error(-status), "the route for a policy: %s", g_strerror(-status));
        return FALSE;
    }
    if (n > 0)
        look_at_filter(routes, policy);
    return TRUE;
}

void
routes_remove(Routes *routes, const ObolPolicySpec *policy)
{
    RoutePrefix prefixes[OBOL_PREFIXES_MAX];
    guint n = prefixes_of(policy, prefixes);

    for (guint i = 0; i < n; i++)
        remove_one(routes, &prefixes[i]);
}
