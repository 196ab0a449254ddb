/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-message.c - rtnetlink's bytes, right and wrong. */
#include "message.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* RTM_NEWADDR 192.0.2.1/24 on device 3, laid out after rtnetlink(7); little-endian, as are the two below. */
static const guint8 new_address[] = {
    0x44, 0, 0, 0, 0x14, 0, 0x02, 0, 0x07, 0, 0, 0, 0x39, 0x30, 0, 0,
    0x02, 24, 0x80, 0x00, 3, 0, 0, 0,
    0x08, 0, 0x01, 0, 192, 0, 2, 1,
    0x08, 0, 0x02, 0, 192, 0, 2, 1,
    0x08, 0, 0x08, 0, 0x80, 0, 0, 0,
    0x14, 0, 0x06, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0,
};
/* An answer to a lookup: 198.51.100.9 via 192.0.2.254 on 3, from 192.0.2.1. */
static const guint8 new_route[] = {
    0x4c, 0, 0, 0, 0x18, 0, 0, 0, 0x08, 0, 0, 0, 0x39, 0x30, 0, 0,
    0x02, 32, 0, 0, 0xfe, 0, 0, 1, 0, 0x02, 0, 0,
    0x08, 0, 0x0f, 0, 0xfe, 0, 0, 0,
    0x08, 0, 0x01, 0, 198, 51, 100, 9,
    0x08, 0, 0x04, 0, 3, 0, 0, 0,
    0x08, 0, 0x07, 0, 192, 0, 2, 1,
    0x08, 0, 0x05, 0, 192, 0, 2, 254,
    0x08, 0, 0x19, 0, 0, 0, 0, 0,
};
/* A refusal of message 9. */
static const guint8 refusal[] = {
    0x24, 0, 0, 0, 0x02, 0, 0, 0, 0x09, 0, 0, 0, 0x39, 0x30, 0, 0,
    0xef, 0xff, 0xff, 0xff, 0x3c, 0, 0, 0, 0x18, 0, 5, 6, 0x09, 0, 0, 0, 0, 0, 0, 0,
};

static gboolean
read_one(const guint8 *bytes, gsize n, Message *out)
{
    MessageReader reader = { .at = bytes, .left = n };

    return message_read(&reader, out);
}

static void
assert_address(const ObolAddress *address, const char *expected)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    g_assert_cmpstr(obol_address_format(address, text), ==, expected);
}

static void
test_address(void)
{
    Message m;

    g_assert_true(read_one(new_address, sizeof new_address, &m));
    g_assert_cmpuint(m.type, ==, RTM_NEWADDR);
    g_assert_cmpuint(m.sequence, ==, 7);
    assert_address(&m.address, "192.0.2.1");
    g_assert_cmpuint(m.prefix, ==, 24);
    g_assert_cmpuint(m.device, ==, 3);
    g_assert_cmpuint(m.flags, ==, IFA_F_PERMANENT);
    g_assert_cmpuint(m.scope, ==, RT_SCOPE_UNIVERSE);
}

static void
test_route(void)
{
    Message m;

    g_assert_true(read_one(new_route, sizeof new_route, &m));
    g_assert_cmpuint(m.type, ==, RTM_NEWROUTE);
    assert_address(&m.address, "198.51.100.9");
    assert_address(&m.gateway, "192.0.2.254");
    assert_address(&m.source, "192.0.2.1");
    g_assert_cmpuint(m.table, ==, RT_TABLE_MAIN);
    g_assert_cmpuint(m.kind, ==, RTN_UNICAST);
    g_assert_cmpuint(m.device, ==, 3);
}

/* The message's length is no multiple of four, and its last attribute ends where the bytes of the rounded length would. */
static void
test_ends_where_it_says(void)
{
    g_autofree guint8 *bytes = g_memdup2(new_route, sizeof new_route - 1);
    Message m;

    bytes[0] = sizeof new_route - 1;
    bytes[sizeof new_route - 8 + 2] = RTA_PRIORITY;
    bytes[sizeof new_route - 8 + 4] = 9;
    g_assert_true(read_one(bytes, sizeof new_route - 1, &m));
    assert_address(&m.gateway, "192.0.2.254");
    g_assert_cmpuint(m.priority, ==, 0);
}

static void
test_refusal(void)
{
    Message m;

    g_assert_true(read_one(refusal, sizeof refusal, &m));
    g_assert_cmpuint(m.type, ==, NLMSG_ERROR);
    g_assert_cmpuint(m.sequence, ==, 9);
    g_assert_cmpint(m.error, ==, -EEXIST);
}

/* --- hostile --- */

static const struct {
    const guint8 *bytes;
    gsize n;
} all[] = { { new_address, sizeof new_address }, { new_route, sizeof new_route }, { refusal, sizeof refusal } };

/* Walks whatever there is, on a copy that ends where the bytes end. */
static void
walk(const guint8 *bytes, gsize n)
{
    g_autofree guint8 *copy = g_malloc(MAX(n, 1));
    MessageReader reader = { .at = copy, .left = n };
    Message m;
    guint turns = 0;

    memcpy(copy, bytes, n);
    while (message_read(&reader, &m))
        g_assert_cmpuint(turns++, <, n);
    g_assert_true(reader.fault || reader.left == 0);
}

static void
test_truncations(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        for (gsize n = 0; n < all[i].n; n++) {
            MessageReader reader = { .at = all[i].bytes, .left = n };
            Message m;

            walk(all[i].bytes, n);
            g_assert_false(message_read(&reader, &m));
            g_assert_true(reader.fault == (n > 0));
        }
    }
}

static void
test_bit_flips(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        for (gsize bit = 0; bit < all[i].n * 8; bit++) {
            g_autofree guint8 *flipped = g_memdup2(all[i].bytes, all[i].n);

            flipped[bit / 8] ^= (guint8) (1 << bit % 8);
            walk(flipped, all[i].n);
        }
    }
}

/* A message that says to be shorter than its fixed part: its attributes would lie outside of it. */
static void
test_short_fixed_part(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        for (guint8 n = NLMSG_HDRLEN; n < NLMSG_HDRLEN + 12; n++) {
            g_autofree guint8 *copy = g_memdup2(all[i].bytes, all[i].n);

            copy[0] = n;
            copy[1] = 0;
            walk(copy, n);
        }
    }
}

static void
test_address_of_wrong_length(void)
{
    guint8 copy[sizeof new_address];
    Message m;

    memcpy(copy, new_address, sizeof copy);
    copy[16] = AF_INET6; /* four bytes are no address of that family */
    g_assert_true(read_one(copy, sizeof copy, &m));
    g_assert_cmpuint(m.address.family, ==, 0);
}

/* --- ours, read back --- */

static void
test_route_round_trip(void)
{
    guint64 room[MESSAGE_MAX / 8];
    MessageRoute route = { .table = 4711, .protocol = 79, .prefix = 16, .path = { .device = 5 } };
    Message m;
    const struct nlmsghdr *header;

    obol_address_parse("10.2.0.0", &route.destination);
    obol_address_parse("10.1.0.1", &route.source);
    obol_address_parse("192.0.2.254", &route.path.gateway);
    header = message_put_route((guint8 *) room, TRUE, &route);
    g_assert_true(read_one((const guint8 *) header, header->nlmsg_len, &m));
    g_assert_cmpuint(m.table, ==, 4711);
    g_assert_cmpuint(m.protocol, ==, 79);
    g_assert_cmpuint(m.prefix, ==, 16);
    g_assert_cmpuint(m.device, ==, 5);
    g_assert_cmpuint(m.scope, ==, RT_SCOPE_UNIVERSE);
    assert_address(&m.address, "10.2.0.0");
    assert_address(&m.source, "10.1.0.1");
    assert_address(&m.gateway, "192.0.2.254");
}

static void
test_rule_round_trip(void)
{
    guint64 room[MESSAGE_MAX / 8];
    const MessageRule rule = { .family = AF_INET6, .table = 220, .priority = 221, .mark = 4500, .protocol = 79 };
    const struct nlmsghdr *header = message_put_rule((guint8 *) room, TRUE, &rule);
    Message m;

    g_assert_true(read_one((const guint8 *) header, header->nlmsg_len, &m));
    g_assert_cmpuint(m.family, ==, AF_INET6);
    g_assert_cmpuint(m.table, ==, 220);
    g_assert_cmpuint(m.priority, ==, 221);
    g_assert_cmpuint(m.mark, ==, 4500);
    g_assert_cmpuint(m.protocol, ==, 79);
    g_assert_cmpuint(m.flags, ==, FIB_RULE_INVERT);
}

/* A signed 32-bit number would be below zero. */
static void
test_huge(void)
{
    static const guint8 lengths[] = { 0x80, 0xff };

    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        guint8 bytes[sizeof new_address];
        MessageReader reader = { .at = bytes, .left = sizeof bytes };
        Message message;

        memcpy(bytes, new_address, sizeof bytes);
        bytes[0] = bytes[1] = bytes[2] = bytes[3] = lengths[i];
        g_assert_false(message_read(&reader, &message));
        g_assert_true(reader.fault);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (G_BYTE_ORDER == G_LITTLE_ENDIAN) { /* netlink speaks as the machine does */
        g_test_add_func("/network-netlink/message/a-length-beyond-all-bounds-is-a-fault", test_huge);
        g_test_add_func("/network-netlink/message/an-address", test_address);
        g_test_add_func("/network-netlink/message/a-route", test_route);
        g_test_add_func("/network-netlink/message/a-refusal", test_refusal);
        g_test_add_func("/network-netlink/message/ends-where-it-says", test_ends_where_it_says);
        g_test_add_func("/network-netlink/message/every-truncation-is-refused", test_truncations);
        g_test_add_func("/network-netlink/message/every-bit-flip-is-survived", test_bit_flips);
        g_test_add_func("/network-netlink/message/a-short-fixed-part-is-survived", test_short_fixed_part);
        g_test_add_func("/network-netlink/message/an-address-of-wrong-length-is-none", test_address_of_wrong_length);
    }
    g_test_add_func("/network-netlink/message/our-routes-read-back", test_route_round_trip);
    g_test_add_func("/network-netlink/message/our-rules-read-back", test_rule_round_trip);
    return g_test_run();
}
