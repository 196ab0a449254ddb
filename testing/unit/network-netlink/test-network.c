/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-network.c - routes and addresses on a running kernel, in a network namespace of the test's own. */
#include "network.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define TURNS_MAX 10000

/* eth0 is 192.0.2.1/24 with a default route by 192.0.2.254; lan0 is 10.1.0.1/16. */
typedef struct {
    GMainContext *context;
    Network *network;
    guint n_changes;
} NetworkTest;

static gboolean have_namespace;

/* %NULL when it failed. */
static char *
run(const char *format, ...) G_GNUC_PRINTF(1, 2);

static char *
run(const char *format, ...)
{
    g_autofree char *command = NULL;
    g_autofree char *complaint = NULL;
    char *out = NULL;
    int status = -1;
    va_list args;

    va_start(args, format);
    command = g_strdup_vprintf(format, args);
    va_end(args);
    if (!g_spawn_command_line_sync(command, &out, &complaint, &status, NULL) || status != 0) {
        g_test_message("%s: %s", command, complaint);
        g_clear_pointer(&out, g_free);
    }
    return out;
}

static void
must(const char *command)
{
    g_autofree char *out = run("%s", command);

    if (out == NULL)
        g_error("failed: %s", command);
}

static void
say(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED int level, const char *text)
{
    g_test_message("%s", text);
}

static void
changed(gpointer data)
{
    ((NetworkTest *) data)->n_changes++;
}

static const NetworkSettings settings = {
    .table = 220, .rule_priority = 220, .mark = 4500, .burst_us = 20 * G_TIME_SPAN_MILLISECOND, .log = say,
};

static void
open_network(NetworkTest *t)
{
    const ObolNetworkClient client = { changed, t };
    g_autoptr(GError) error = NULL;

    t->network = network_new(&settings, t->context, &client, &error);
    g_assert_no_error(error);
}

static void
set_up(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    if (!have_namespace)
        return;
    t->context = g_main_context_new();
    must("ip link set lo up");
    must("ip link add eth0 type veth peer name eth0-peer");
    must("ip link add lan0 type veth peer name lan0-peer");
    must("ip address add 192.0.2.1/24 dev eth0");
    must("ip address add 10.1.0.1/16 dev lan0");
    must("ip address add fd01::1/64 dev lan0 nodad");
    must("ip link set eth0-peer up");
    must("ip link set lan0-peer up");
    must("ip link set eth0 up");
    must("ip link set lan0 up");
    must("ip route add default via 192.0.2.254");
    open_network(t);
}

static void
tear_down(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autofree char *routes = NULL, *rules = NULL;

    if (!have_namespace)
        return;
    network_free(t->network);
    routes = run("ip route show table all proto 79");
    rules = run("ip rule show table 220");
    g_assert_cmpstr(routes, ==, "");
    g_assert_cmpstr(rules, ==, "");
    must("ip link delete eth0");
    must("ip link delete lan0");
    g_main_context_unref(t->context);
}

#define NEED_NAMESPACE                                                                           \
    if (!have_namespace) {                                                                       \
        g_test_skip("needs a network namespace of its own with veth (root or user namespaces, iproute2)"); \
        return;                                                                                  \
    }

static ObolRouteSpec
route_to(const char *destination, const char *source, const char *gateway)
{
    ObolRouteSpec route = { 0 };
    g_autoptr(GError) error = NULL;

    obol_ts_parse(destination, &route.destination, &error);
    g_assert_no_error(error);
    if (source != NULL)
        g_assert_true(obol_address_parse(source, &route.source));
    g_assert_true(obol_address_parse(gateway, &route.gateway));
    return route;
}

static void
add(NetworkTest *t, const ObolRouteSpec *route)
{
    g_autoptr(GError) error = NULL;

    network_add_route(t->network, route, &error);
    g_assert_no_error(error);
}

static void
remove_route(NetworkTest *t, const ObolRouteSpec *route)
{
    g_autoptr(GError) error = NULL;

    network_remove_route(t->network, route, &error);
    g_assert_no_error(error);
}

static void
assert_table(const char *family, const char *expected)
{
    g_autofree char *routes = run("ip %s -o route show table 220", family);

    if (strstr(routes, expected) == NULL || (*expected == '\0' && *routes != '\0'))
        g_error("table 220 has not \"%s\" but:\n%s", expected, routes);
}

static void
test_a_route(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    ObolRouteSpec route;
    g_autofree char *chosen = NULL, *ours = NULL, *rules = NULL;

    NEED_NAMESPACE
    route = route_to("10.2.0.0/16", "10.1.0.1", "198.51.100.9");
    add(t, &route);
    assert_table("-4", "10.2.0.0/16 via 192.0.2.254 dev eth0 proto 79 src 10.1.0.1");
    rules = run("ip rule show table 220");
    g_assert_cmpstr(g_strstrip(rules), ==, "220:\tnot from all fwmark 0x1194 lookup 220 proto 79");
    chosen = run("ip route get 10.2.3.4");
    g_assert_nonnull(strstr(chosen, "src 10.1.0.1"));
    ours = run("ip route get 10.2.3.4 mark 4500");
    g_assert_null(strstr(ours, "table 220"));
    remove_route(t, &route);
    assert_table("-4", "");
}

static void
test_a_neighbour(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    ObolRouteSpec route, six;

    NEED_NAMESPACE
    route = route_to("192.0.2.7", NULL, "192.0.2.7");
    add(t, &route);
    assert_table("-4", "192.0.2.7 dev eth0 proto 79 scope link");
    six = route_to("fd02::/64", "fd01::1", "192.0.2.7"); /* IPv6 in a tunnel over IPv4 */
    add(t, &six);
    assert_table("-6", "fd02::/64 dev eth0 proto 79 src fd01::1");
}

static void
test_everything(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    ObolRouteSpec route;
    g_autofree char *ours = NULL;

    NEED_NAMESPACE
    route = route_to("0.0.0.0/0", NULL, "198.51.100.9");
    add(t, &route);
    assert_table("-4", "default via 192.0.2.254 dev eth0 proto 79");
    add(t, &route); /* the way to the gateway is still the one without our table */
    remove_route(t, &route);
    assert_table("-4", "default via 192.0.2.254 dev eth0 proto 79");
    remove_route(t, &route);
    assert_table("-4", "");
}

static void
test_a_range(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    ObolRouteSpec route;

    NEED_NAMESPACE
    route = route_to("10.3.0.1..10.3.0.4", NULL, "198.51.100.9");
    add(t, &route);
    assert_table("-4", "10.3.0.1 via");
    assert_table("-4", "10.3.0.2/31 via");
    assert_table("-4", "10.3.0.4 via");
    remove_route(t, &route);
    assert_table("-4", "");
}

/* Two tunnels to the same network: the older one's route is back when the younger one has gone. */
static void
test_an_heir(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    ObolRouteSpec old, young;

    NEED_NAMESPACE
    old = route_to("10.2.0.0/16", NULL, "198.51.100.9");
    young = route_to("10.2.0.0/16", "10.1.0.1", "192.0.2.9");
    add(t, &old);
    add(t, &young);
    assert_table("-4", "10.2.0.0/16 dev eth0 proto 79 scope link src 10.1.0.1");
    remove_route(t, &young);
    assert_table("-4", "10.2.0.0/16 via 192.0.2.254");
    remove_route(t, &old);
    assert_table("-4", "");
}

static void
test_no_way(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    ObolRouteSpec route;

    NEED_NAMESPACE
    must("ip route delete default");
    route = route_to("10.2.0.0/16", NULL, "198.51.100.9");
    g_assert_false(network_add_route(t->network, &route, &error));
    g_assert_true(g_str_has_prefix(error->message, "route to 10.2.0.0/16: no way to its gateway: "));
    g_clear_error(&error);
    g_assert_false(network_remove_route(t->network, &route, &error));
    g_assert_nonnull(strstr(error->message, "none of ours"));
}

/* --- addresses and changes --- */

static void
note_address(const ObolAddress *address, const char *device, gpointer data)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_string_append_printf(data, "%s@%s ", obol_address_format(address, text), device);
}

static void
test_addresses(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    ObolRouteSpec any;
    ObolAddress found;

    NEED_NAMESPACE
    network_each_address(t->network, note_address, seen);
    g_assert_cmpstr(seen->str, ==, "192.0.2.1@eth0 10.1.0.1@lan0 fd01::1@lan0 ");
    any = route_to("10.1.0.0/16", NULL, "192.0.2.1");
    g_assert_true(network_address_in(t->network, &any.destination, &found));
    any = route_to("127.0.0.0/8", NULL, "192.0.2.1");
    g_assert_false(network_address_in(t->network, &any.destination, &found));
}

static void
assert_loopback(const char *address, gboolean there)
{
    g_autofree char *addresses = run("ip -o address show dev lo");

    g_assert_cmpint(strstr(addresses, address) != NULL, ==, there);
}

static void
set_address(NetworkTest *t, const char *text, gboolean up)
{
    g_autoptr(GError) error = NULL;
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    g_assert_true(up ? network_add_address(t->network, &address, &error) : network_remove_address(t->network, &address, &error));
    g_assert_no_error(error);
}

/* Counted: the next IKE SA has the address before the old one goes. */
static void
test_virtual_addresses(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    ObolRouteSpec own;
    ObolAddress found;

    NEED_NAMESPACE
    set_address(t, "10.9.0.7", TRUE);
    set_address(t, "10.9.0.7", TRUE);
    set_address(t, "2001:db8:9::7", TRUE);
    assert_loopback("10.9.0.7/32", TRUE);
    assert_loopback("2001:db8:9::7/128", TRUE);
    own = route_to("10.9.0.7/32", NULL, "192.0.2.1");
    g_assert_true(network_address_in(t->network, &own.destination, &found));
    set_address(t, "10.9.0.7", FALSE);
    assert_loopback("10.9.0.7/32", TRUE);
    set_address(t, "10.9.0.7", FALSE);
    assert_loopback("10.9.0.7/32", FALSE);
    g_assert_false(network_remove_address(t->network, &found, &error));
    network_free(t->network);
    assert_loopback("2001:db8:9::7/128", FALSE);
    open_network(t);
}

static void
test_an_address_of_others_stays(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    NEED_NAMESPACE
    must("ip address add 10.9.0.8/32 dev lo");
    set_address(t, "10.9.0.8", TRUE);
    set_address(t, "10.9.0.8", FALSE);
    assert_loopback("10.9.0.8/32", TRUE);
    must("ip address del 10.9.0.8/32 dev lo");
}

static void
wait_for_changes(NetworkTest *t, guint n)
{
    for (guint i = 0; t->n_changes < n; i++) {
        g_assert_cmpuint(i, <, TURNS_MAX);
        g_main_context_iteration(t->context, TRUE);
    }
}

static void
test_a_burst(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    ObolRouteSpec route;

    NEED_NAMESPACE
    route = route_to("10.2.0.0/16", NULL, "198.51.100.9");
    add(t, &route);
    must("ip address delete 192.0.2.1/24 dev eth0");
    must("ip address add 203.0.113.1/24 dev eth0");
    must("ip route add default via 203.0.113.254");
    wait_for_changes(t, 1);
    network_each_address(t->network, note_address, seen);
    g_assert_nonnull(strstr(seen->str, "203.0.113.1@eth0"));
    g_assert_null(strstr(seen->str, "192.0.2.1@"));
    assert_table("-4", "10.2.0.0/16 via 203.0.113.254 dev eth0 proto 79");
    /* Nothing of what we lay is news to us, nor does one burst tell itself twice. */
    while (g_main_context_iteration(t->context, FALSE))
        continue;
    g_assert_cmpuint(t->n_changes, ==, 1);
}

/* --- a predecessor --- */

static void
test_leftovers(NetworkTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    NEED_NAMESPACE
    network_free(g_steal_pointer(&t->network));
    must("ip route add 10.9.0.0/16 dev eth0 table 220 proto 79");
    must("ip route add 10.8.0.0/16 dev eth0 table 220 proto static");
    must("ip rule add table 220 priority 220 protocol 79");
    open_network(t);
    assert_table("-4", "10.8.0.0/16 dev eth0 proto static");
    must("ip route delete 10.8.0.0/16 dev eth0 table 220");
    assert_table("-4", "");
}

static gboolean
enter_namespace(void)
{
    g_autofree char *version = g_find_program_in_path("ip");
    g_autofree char *probe = NULL;

    if (version == NULL || (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0))
        return FALSE;
    probe = run("ip link add probe type veth peer name probe-peer");
    if (probe == NULL)
        return FALSE;
    must("ip link delete probe");
    return TRUE;
}

#define TEST(name, func) g_test_add("/network-netlink/network/" name, NetworkTest, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    have_namespace = enter_namespace();
    TEST("a-route-stands-in-a-table-of-its-own", test_a_route);
    TEST("a-neighbour-has-no-next-hop", test_a_neighbour);
    TEST("a-route-for-everything-does-not-lead-to-itself", test_everything);
    TEST("a-range-is-its-prefixes", test_a_range);
    TEST("the-older-route-comes-back", test_an_heir);
    TEST("without-a-way-there-is-no-route", test_no_way);
    TEST("addresses-are-those-that-can-be-used", test_addresses);
    TEST("a-virtual-address-comes-and-goes", test_virtual_addresses);
    TEST("an-address-that-others-have-installed-stays", test_an_address_of_others_stays);
    TEST("a-burst-of-changes-is-told-once", test_a_burst);
    TEST("a-predecessors-routes-go-and-others-stay", test_leftovers);
    return g_test_run();
}
