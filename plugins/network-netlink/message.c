/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message.c - rtnetlink's bytes to typed messages and back.
 *
 * What the kernel sends is read as if a stranger had sent it: every length is held against what is there. */
#include "message.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* --- reading --- */

static guint32
u32_of(const struct nlattr *attribute)
{
    guint32 value = 0;

    if (mnl_attr_get_payload_len(attribute) >= sizeof value)
        memcpy(&value, mnl_attr_get_payload(attribute), sizeof value);
    return value;
}

/* An address is as long as its family has it, or it is none. */
static void
read_address(const struct nlattr *attribute, guint16 family, ObolAddress *out)
{
    ObolAddress address = { .family = family };
    gsize n = obol_address_n_bytes(&address);

    if (n == 0 || mnl_attr_get_payload_len(attribute) != n)
        return;
    memcpy(address.bytes, mnl_attr_get_payload(attribute), n);
    *out = address;
}

static void
read_name(const struct nlattr *attribute, char *out)
{
    gsize n = MIN(mnl_attr_get_payload_len(attribute), IF_NAMESIZE - 1);

    memcpy(out, mnl_attr_get_payload(attribute), n);
    out[n] = '\0';
}

static void
take_address_attribute(const struct nlattr *attribute, Message *out)
{
    switch (mnl_attr_get_type(attribute)) {
    case IFA_ADDRESS: /* of a point-to-point link the other end's, and IFA_LOCAL follows or came before */
        if (out->address.family == 0)
            read_address(attribute, out->family, &out->address);
        break;
    case IFA_LOCAL:
        read_address(attribute, out->family, &out->address);
        break;
    case IFA_FLAGS:
        out->flags = u32_of(attribute);
        break;
    }
}

static void
take_link_attribute(const struct nlattr *attribute, Message *out)
{
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME)
        read_name(attribute, out->name);
}

static void
take_route_attribute(const struct nlattr *attribute, Message *out)
{
    switch (mnl_attr_get_type(attribute)) {
    case RTA_DST:
        read_address(attribute, out->family, &out->address);
        break;
    case RTA_GATEWAY:
        read_address(attribute, out->family, &out->gateway);
        break;
    case RTA_PREFSRC:
        read_address(attribute, out->family, &out->source);
        break;
    case RTA_OIF:
        out->device = u32_of(attribute);
        break;
    case RTA_TABLE:
        out->table = u32_of(attribute);
        break;
    case RTA_PRIORITY:
        out->priority = u32_of(attribute);
        break;
    }
}

static void
take_rule_attribute(const struct nlattr *attribute, Message *out)
{
    switch (mnl_attr_get_type(attribute)) {
    case FRA_TABLE:
        out->table = u32_of(attribute);
        break;
    case FRA_PRIORITY:
        out->priority = u32_of(attribute);
        break;
    case FRA_FWMARK:
        out->mark = u32_of(attribute);
        break;
    case FRA_FWMASK:
        out->mark_mask = u32_of(attribute);
        break;
    case FRA_PROTOCOL:
        if (mnl_attr_get_payload_len(attribute) >= 1)
            out->protocol = mnl_attr_get_u8(attribute);
        break;
    }
}

/* The attributes behind OFFSET bytes of the fixed part.  mnl_attr_for_each() goes on to the message's length rounded up,
 * which may be more than there is. */
static void
take_attributes(const struct nlmsghdr *header, gsize offset, void (*take)(const struct nlattr *attribute, Message *out),
                Message *out)
{
    const guint8 *bytes = (const guint8 *) header;

    for (gsize at = MNL_NLMSG_HDRLEN + MNL_ALIGN(offset); at < header->nlmsg_len;) {
        const struct nlattr *attribute = (const struct nlattr *) (const void *) (bytes + at);

        if (!mnl_attr_ok(attribute, (int) (header->nlmsg_len - at)))
            return;
        take(attribute, out);
        at += MNL_ALIGN(attribute->nla_len);
    }
}

static gboolean
has(const struct nlmsghdr *header, gsize n)
{
    return mnl_nlmsg_get_payload_len(header) >= n;
}

static gboolean
read_address_message(const struct nlmsghdr *header, Message *out)
{
    const struct ifaddrmsg *fixed = mnl_nlmsg_get_payload(header);

    if (!has(header, sizeof *fixed))
        return FALSE;
    out->family = fixed->ifa_family;
    out->prefix = fixed->ifa_prefixlen;
    out->scope = fixed->ifa_scope;
    out->flags = fixed->ifa_flags;
    out->device = fixed->ifa_index;
    /* The local end, where there are two, comes last to count. */
    take_attributes(header, sizeof *fixed, take_address_attribute, out);
    return TRUE;
}

static gboolean
read_link_message(const struct nlmsghdr *header, Message *out)
{
    const struct ifinfomsg *fixed = mnl_nlmsg_get_payload(header);

    if (!has(header, sizeof *fixed))
        return FALSE;
    out->device = (guint32) fixed->ifi_index;
    out->flags = fixed->ifi_flags;
    take_attributes(header, sizeof *fixed, take_link_attribute, out);
    return TRUE;
}

static gboolean
read_route_message(const struct nlmsghdr *header, Message *out)
{
    const struct rtmsg *fixed = mnl_nlmsg_get_payload(header);

    if (!has(header, sizeof *fixed))
        return FALSE;
    out->family = fixed->rtm_family;
    out->prefix = fixed->rtm_dst_len;
    out->scope = fixed->rtm_scope;
    out->protocol = fixed->rtm_protocol;
    out->kind = fixed->rtm_type;
    out->flags = fixed->rtm_flags;
    out->table = fixed->rtm_table;
    take_attributes(header, sizeof *fixed, take_route_attribute, out);
    return TRUE;
}

static gboolean
read_rule_message(const struct nlmsghdr *header, Message *out)
{
    const struct fib_rule_hdr *fixed = mnl_nlmsg_get_payload(header);

    if (!has(header, sizeof *fixed))
        return FALSE;
    out->family = fixed->family;
    out->kind = fixed->action;
    out->flags = fixed->flags;
    out->table = fixed->table;
    take_attributes(header, sizeof *fixed, take_rule_attribute, out);
    return TRUE;
}

static gboolean
read_error(const struct nlmsghdr *header, Message *out)
{
    if (!has(header, sizeof out->error))
        return header->nlmsg_type == NLMSG_DONE; /* older kernels end a dump with nothing */
    memcpy(&out->error, mnl_nlmsg_get_payload(header), sizeof out->error);
    return TRUE;
}

static gboolean
read_payload(const struct nlmsghdr *header, Message *out)
{
    switch (header->nlmsg_type) {
    case NLMSG_ERROR:
    case NLMSG_DONE:
        return read_error(header, out);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return read_address_message(header, out);
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return read_link_message(header, out);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return read_route_message(header, out);
    case RTM_NEWRULE:
    case RTM_DELRULE:
        return read_rule_message(header, out);
    }
    return TRUE; /* nothing that anybody here looks into */
}

gboolean
message_read(MessageReader *reader, Message *out)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *) (const void *) reader->at;
    gsize n;

    *out = (Message) { 0 };
    if (reader->fault || reader->left == 0)
        return FALSE;
    /* mnl_nlmsg_ok() takes a length of 2^31 and more for a negative one, which would fit. */
    if (reader->left > G_MAXINT || !mnl_nlmsg_ok(header, (int) reader->left) || header->nlmsg_len > reader->left) {
        reader->fault = TRUE;
        return FALSE;
    }
    out->type = header->nlmsg_type;
    out->sequence = header->nlmsg_seq;
    out->interrupted = (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (!read_payload(header, out)) {
        reader->fault = TRUE;
        return FALSE;
    }
    n = MIN(MNL_ALIGN(header->nlmsg_len), reader->left);
    reader->at += n;
    reader->left -= n;
    return TRUE;
}

/* --- writing --- */

static struct nlmsghdr *
put_header(guint8 *room, guint16 type, guint16 flags)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(room);

    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    return header;
}

static void
put_address(struct nlmsghdr *header, guint16 type, const ObolAddress *address)
{
    if (address->family != 0)
        mnl_attr_put(header, type, obol_address_n_bytes(address), address->bytes);
}

struct nlmsghdr *
message_put_dump(guint8 *room, guint16 type, guint8 family)
{
    struct nlmsghdr *header = put_header(room, type, NLM_F_DUMP);
    struct rtmsg *fixed = mnl_nlmsg_put_extra_header(header, sizeof *fixed); /* all of them begin with the family */

    fixed->rtm_family = family;
    return header;
}

struct nlmsghdr *
message_put_lookup(guint8 *room, const ObolAddress *to, guint32 mark)
{
    struct nlmsghdr *header = put_header(room, RTM_GETROUTE, 0);
    struct rtmsg *fixed = mnl_nlmsg_put_extra_header(header, sizeof *fixed);

    fixed->rtm_family = (guint8) to->family;
    fixed->rtm_dst_len = (guint8) (obol_address_n_bytes(to) * 8);
    put_address(header, RTA_DST, to);
    if (mark != 0)
        mnl_attr_put_u32(header, RTA_MARK, mark);
    return header;
}

struct nlmsghdr *
message_put_route(guint8 *room, gboolean add, const MessageRoute *route)
{
    struct nlmsghdr *header = add ? put_header(room, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
                                  : put_header(room, RTM_DELROUTE, NLM_F_ACK);
    struct rtmsg *fixed = mnl_nlmsg_put_extra_header(header, sizeof *fixed);
    gboolean via = route->path.gateway.family == route->destination.family;

    fixed->rtm_family = (guint8) route->destination.family;
    fixed->rtm_dst_len = route->prefix;
    fixed->rtm_table = route->table < 256 ? (guint8) route->table : RT_TABLE_COMPAT;
    fixed->rtm_protocol = route->protocol;
    fixed->rtm_type = RTN_UNICAST;
    fixed->rtm_scope = !add ? RT_SCOPE_NOWHERE : via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    mnl_attr_put_u32(header, RTA_TABLE, route->table);
    put_address(header, RTA_DST, &route->destination);
    if (!add)
        return header;
    put_address(header, RTA_PREFSRC, &route->source);
    if (via)
        put_address(header, RTA_GATEWAY, &route->path.gateway);
    mnl_attr_put_u32(header, RTA_OIF, route->path.device);
    return header;
}

struct nlmsghdr *
message_put_rule(guint8 *room, gboolean add, const MessageRule *rule)
{
    struct nlmsghdr *header = add ? put_header(room, RTM_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
                                  : put_header(room, RTM_DELRULE, NLM_F_ACK);
    struct fib_rule_hdr *fixed = mnl_nlmsg_put_extra_header(header, sizeof *fixed);

    fixed->family = (guint8) rule->family;
    fixed->action = FR_ACT_TO_TBL;
    fixed->table = rule->table < 256 ? (guint8) rule->table : RT_TABLE_UNSPEC;
    mnl_attr_put_u32(header, FRA_TABLE, rule->table);
    mnl_attr_put_u32(header, FRA_PRIORITY, rule->priority);
    mnl_attr_put_u8(header, FRA_PROTOCOL, rule->protocol);
    if (rule->mark != 0) {
        fixed->flags = FIB_RULE_INVERT;
        mnl_attr_put_u32(header, FRA_FWMARK, rule->mark);
        mnl_attr_put_u32(header, FRA_FWMASK, G_MAXUINT32);
    }
    return header;
}

struct nlmsghdr *
message_put_address(guint8 *room, gboolean add, const ObolAddress *address, guint32 device)
{
    struct nlmsghdr *header = add ? put_header(room, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
                                  : put_header(room, RTM_DELADDR, NLM_F_ACK);
    struct ifaddrmsg *fixed = mnl_nlmsg_put_extra_header(header, sizeof *fixed);

    fixed->ifa_family = (guint8) address->family;
    fixed->ifa_prefixlen = (guint8) (obol_address_n_bytes(address) * 8);
    fixed->ifa_scope = RT_SCOPE_UNIVERSE;
    fixed->ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0;
    fixed->ifa_index = device;
    put_address(header, IFA_LOCAL, address);
    put_address(header, IFA_ADDRESS, address);
    return header;
}
