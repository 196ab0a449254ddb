/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/net.c - hosts as network namespaces, joined and addressed by rtnetlink. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX 1024

/* A request that is being written; every field is ours, so its room is known to suffice. */
typedef union {
    struct nlmsghdr header;
    guint8 bytes[REQUEST_MAX];
} Request;

static gpointer
put(Request *request, const void *bytes, gsize n)
{
    gsize at = NLMSG_ALIGN(request->header.nlmsg_len);

    g_assert_cmpuint(at + NLMSG_ALIGN(n), <=, sizeof request->bytes);
    memcpy(request->bytes + at, bytes, n);
    request->header.nlmsg_len = (guint32) (at + n);
    return request->bytes + at;
}

static void
begin(Request *request, guint16 type, guint16 flags, const void *body, gsize n_body)
{
    memset(request, 0, sizeof *request);
    request->header = (struct nlmsghdr) {
        .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
    };
    put(request, body, n_body);
}

static struct rtattr *
attribute(Request *request, guint16 type, const void *bytes, gsize n)
{
    struct rtattr header = { .rta_len = (guint16) RTA_LENGTH(n), .rta_type = type };
    struct rtattr *out = put(request, &header, sizeof header);

    if (n > 0)
        put(request, bytes, n);
    return out;
}

static void
end(const Request *request, struct rtattr *nest)
{
    nest->rta_len = (guint16) (request->bytes + request->header.nlmsg_len - (const guint8 *) nest);
}

static void
ask(const Host *host, const Request *request, const char *what)
{
    guint8 reply[4096];
    struct nlmsgerr refusal;
    gssize n;

    if (send(host->route, request, request->header.nlmsg_len, 0) < 0)
        g_error("%s: %s", what, g_strerror(errno));
    n = recv(host->route, reply, sizeof reply, 0);
    g_assert_cmpint(n, >=, (gssize) (NLMSG_HDRLEN + sizeof refusal));
    memcpy(&refusal, reply + NLMSG_HDRLEN, sizeof refusal);
    if (refusal.error != 0 && refusal.error != -EEXIST)
        g_error("%s: %s", what, g_strerror(-refusal.error));
}

static int
index_of(const Host *host, const char *device)
{
    Request request;
    struct ifinfomsg body = { .ifi_family = AF_UNSPEC }, found;
    guint8 reply[8192];

    begin(&request, RTM_GETLINK, 0, &body, sizeof body);
    request.header.nlmsg_flags = NLM_F_REQUEST;
    attribute(&request, IFLA_IFNAME, device, strlen(device) + 1);
    if (send(host->route, &request, request.header.nlmsg_len, 0) < 0
        || recv(host->route, reply, sizeof reply, 0) < (gssize) (NLMSG_HDRLEN + sizeof found))
        g_error("device %s: %s", device, g_strerror(errno));
    memcpy(&found, reply + NLMSG_HDRLEN, sizeof found);
    return found.ifi_index;
}

void
host_enter(const Host *host)
{
    if (setns(host->ns, CLONE_NEWNET) < 0)
        g_error("a network namespace can not be entered: %s", g_strerror(errno));
}

static void
up(const Host *host, const char *device)
{
    struct ifinfomsg body = { .ifi_index = index_of(host, device), .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
    Request request;

    begin(&request, RTM_NEWLINK, 0, &body, sizeof body);
    ask(host, &request, device);
}

void
host_init(Host *host)
{
    static const char *const settings[][2] = {
        { "ipv6/conf/default/accept_dad", "0" }, { "ipv6/conf/default/accept_ra", "0" }, { "ipv4/conf/all/rp_filter", "0" },
        { "ipv4/conf/default/rp_filter", "0" }, { "ipv6/conf/default/router_solicitations", "0" },
        { "ipv4/conf/all/forwarding", "1" }, { "ipv6/conf/all/forwarding", "1" }, { "ipv4/conf/all/send_redirects", "0" },
        { "ipv4/conf/default/send_redirects", "0" }, { "ipv4/icmp_ratelimit", "0" }, { "ipv6/icmp/ratelimit", "0" },
    };

    if (unshare(CLONE_NEWNET) < 0)
        g_error("no network namespace can be made: %s", g_strerror(errno));
    host->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    host->route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    g_assert_cmpint(host->ns, >=, 0);
    g_assert_cmpint(host->route, >=, 0);
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++)
        host_setting(host, settings[i][0], settings[i][1]);
    up(host, "lo");
}

void
host_clear(Host *host)
{
    close(host->ns);
    close(host->route);
}

/* What a kernel does not know needs no setting. */
void
host_setting(const Host *host, const char *path, const char *value)
{
    g_autofree char *whole = g_build_filename("/proc/sys/net", path, NULL);
    int fd;

    host_enter(host);
    fd = open(whole, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void) !write(fd, value, strlen(value));
    close(fd);
}

static void
put_link(Request *request, const Plug *plug)
{
    const guint8 mac[] = { 2, 0, 0, 0, 0, plug->mac };
    const guint32 one = 1;

    attribute(request, IFLA_IFNAME, plug->device, strlen(plug->device) + 1);
    attribute(request, IFLA_ADDRESS, mac, sizeof mac);
    /* A frame on the wire is a packet: what is counted there must not hide several. */
    attribute(request, IFLA_GSO_MAX_SEGS, &one, sizeof one);
}

void
net_link(const Plug *a, const Plug *b)
{
    const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
    struct rtattr *info, *data, *peer;
    Request request;

    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    put_link(&request, a);
    info = attribute(&request, IFLA_LINKINFO | NLA_F_NESTED, NULL, 0);
    attribute(&request, IFLA_INFO_KIND, "veth", 4);
    data = attribute(&request, IFLA_INFO_DATA | NLA_F_NESTED, NULL, 0);
    peer = attribute(&request, VETH_INFO_PEER | NLA_F_NESTED, &body, sizeof body);
    put_link(&request, b);
    attribute(&request, IFLA_NET_NS_FD, &b->host->ns, sizeof b->host->ns);
    end(&request, peer);
    end(&request, data);
    end(&request, info);
    ask(a->host, &request, "veth");
    up(a->host, a->device);
    up(b->host, b->device);
}

void
net_address(const Host *host, const char *device, const ObolAddress *address, guint prefix)
{
    const struct ifaddrmsg body = {
        .ifa_family = (guint8) address->family, .ifa_prefixlen = (guint8) prefix, .ifa_flags = IFA_F_NODAD,
        .ifa_index = (guint32) index_of(host, device),
    };
    Request request;

    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(&request, IFA_LOCAL, address->bytes, obol_address_n_bytes(address));
    attribute(&request, IFA_ADDRESS, address->bytes, obol_address_n_bytes(address));
    ask(host, &request, "address");
}

void
net_route(const Host *host, const ObolAddress *to, guint prefix, const ObolAddress *via)
{
    const struct rtmsg body = {
        .rtm_family = (guint8) to->family, .rtm_dst_len = (guint8) prefix, .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
    };
    Request request;

    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(&request, RTA_DST, to->bytes, obol_address_n_bytes(to));
    attribute(&request, RTA_GATEWAY, via->bytes, obol_address_n_bytes(via));
    ask(host, &request, "route");
}

void
net_neighbour(const Plug *at, const ObolAddress *address, guint8 mac)
{
    const guint8 whole[] = { 2, 0, 0, 0, 0, mac };
    const struct ndmsg body = {
        .ndm_family = (guint8) address->family, .ndm_ifindex = index_of(at->host, at->device), .ndm_state = NUD_PERMANENT,
    };
    Request request;

    begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    attribute(&request, NDA_DST, address->bytes, obol_address_n_bytes(address));
    attribute(&request, NDA_LLADDR, whole, sizeof whole);
    ask(at->host, &request, "neighbour");
}
