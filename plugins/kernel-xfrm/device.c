/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device.c - by which device do packets to a peer leave?  One question to rtnetlink(7). */
#include "device.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>

static int
look_at_attribute(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == RTA_OIF && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
        *(guint32 *) data = mnl_attr_get_u32(attribute);
    return MNL_CB_OK;
}

static int
look_at_route(const struct nlmsghdr *header, void *data)
{
    if (header->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(header) >= sizeof(struct rtmsg))
        mnl_attr_parse(header, sizeof(struct rtmsg), look_at_attribute, data);
    return MNL_CB_STOP;
}

static guint32
ask(struct mnl_socket *socket, const ObolAddress *peer)
{
    const struct timeval patience = { .tv_sec = 1 };
    guint64 room[512];
    guint8 *buffer = (guint8 *) room;
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    struct rtmsg *body;
    guint32 device = 0;
    gssize n;

    header->nlmsg_type = RTM_GETROUTE;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = 1;
    body = mnl_nlmsg_put_extra_header(header, sizeof *body);
    body->rtm_family = (guint8) peer->family;
    body->rtm_dst_len = (guint8) (obol_address_n_bytes(peer) * 8);
    mnl_attr_put(header, RTA_DST, obol_address_n_bytes(peer), peer->bytes);
    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
        return 0;
    n = mnl_socket_recvfrom(socket, buffer, sizeof room);
    if (n > 0)
        mnl_cb_run(buffer, (gsize) n, 1, mnl_socket_get_portid(socket), look_at_route, &device);
    return device;
}

guint32
device_towards(const ObolAddress *peer)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    guint32 device = 0;

    if (socket != NULL && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
        device = ask(socket, peer);
    if (socket != NULL)
        mnl_socket_close(socket);
    return device;
}
