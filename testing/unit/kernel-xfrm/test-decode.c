/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-decode.c - what the kernel says: read whole, refused where it is not what it claims. */
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "plugins/kernel-xfrm/decode.h"
#include "unit/kernel-xfrm/messages.h"

static gboolean
decode_exactly(const XfrmRequest *message, gsize n, XfrmMessage *out, XfrmFault *fault)
{
    g_autofree guint8 *exact = g_memdup2(message->bytes, n);
    gboolean good = xfrm_decode(n > 0 ? exact : (const guint8 *) "", n, out, fault);

    if (!good)
        g_assert_nonnull(fault->rule);
    g_assert_cmpuint(out->n, <=, n);
    return good;
}

static void
test_sa(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_SA, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.kind, ==, XFRM_KIND_SA);
    g_assert_cmpuint(message.n, ==, made.n);
    g_assert_cmphex(message.sa.id.spi, ==, 0xc0ffee01);
    g_assert_cmpint(message.sa.id.protocol, ==, OBOL_PROTO_ESP);
    g_assert_cmpint(message.sa.id.source.family, ==, AF_INET);
    g_assert_cmpint(message.sa.id.source.bytes[3], ==, 1);
    g_assert_cmpint(message.sa.id.source.port, ==, 4500);
    g_assert_cmpint(message.sa.id.destination.port, ==, 40000);
    g_assert_cmphex(message.sa.mark.value, ==, 7);
    g_assert_cmphex(message.sa.mark.mask, ==, 0xff);
    g_assert_cmpuint(message.sa.if_id, ==, 42);
    g_assert_cmpuint(message.sa.last_used_s, ==, 1700000000);
    g_assert_cmpuint(message.sa.info.curlft.bytes, ==, 1000);
    g_assert_false(message.sa.larval);
}

static void
test_policy(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_POLICY, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.kind, ==, XFRM_KIND_POLICY);
    g_assert_cmpuint(message.policy.n_templates, ==, 2);
    g_assert_cmpint(message.policy.templates[1].id.proto, ==, IPPROTO_ESP);
    g_assert_cmpuint(message.policy.templates[1].reqid, ==, 9);
}

static void
test_acquire(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_ACQUIRE, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.kind, ==, XFRM_KIND_ACQUIRE);
    g_assert_cmpint(message.acquire.protocol, ==, OBOL_PROTO_ESP);
    g_assert_cmpint(message.acquire.source.family, ==, AF_INET); /* the template's, not that of the packet inside */
    g_assert_cmpint(message.acquire.packet.family, ==, AF_INET6);
    g_assert_cmpint(message.acquire.packet.proto, ==, IPPROTO_TCP);
    g_assert_cmpuint(message.acquire.policy.info.index, ==, 0xb0000009);
}

static void
test_expire_and_mapping(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_EXPIRE, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_true(message.expire.hard);
    g_assert_cmphex(message.expire.sa.id.spi, ==, 0xc0ffee01);
    make_message(MADE_MAPPING, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.mapping.source.port, ==, 50000);
    g_assert_cmpint(message.mapping.source.bytes[3], ==, 9);
    g_assert_cmpint(message.mapping.id.source.port, ==, 4500);
}

static void
test_gone(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_SA_GONE, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.kind, ==, XFRM_KIND_SA_GONE);
    g_assert_cmphex(message.sa.id.spi, ==, 0xc0ffee01);
    g_assert_nonnull(message.sa.attributes.at[XFRMA_REPLAY_VAL]);
    make_message(MADE_POLICY_GONE, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmphex(message.policy.info.index, ==, 0xb0000011);
    g_assert_cmpuint(message.policy.info.sel.prefixlen_s, ==, 8);
}

static void
test_answers(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;

    make_message(MADE_REFUSAL, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.answer.status, ==, -EINVAL);
    g_assert_cmpstr(message.answer.words, ==, "Invalid?address family");
    make_message(MADE_REFUSAL_WITH_REQUEST, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.answer.status, ==, -ENOSYS);
    g_assert_cmpstr(message.answer.words, ==, "No such algorithm");
    make_message(MADE_DONE, &made);
    g_assert_true(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpint(message.answer.status, ==, 0);
    g_assert_true(message.answer.interrupted);
}

static void
test_every_truncation_of_a_datagram(void)
{
    for (Made made = 0; made < N_MADE; made++) {
        XfrmRequest whole;
        XfrmMessage message;
        XfrmFault fault;

        make_message(made, &whole);
        for (gsize n = 0; n < whole.n; n++)
            g_assert_false(decode_exactly(&whole, n, &message, &fault));
        g_assert_true(decode_exactly(&whole, whole.n, &message, &fault));
    }
}

/* The length in the header is cut as well: a shorter message may be a right one, but no byte past its end is looked at. */
static void
test_every_shorter_message(void)
{
    for (Made made = 0; made < N_MADE; made++) {
        XfrmRequest whole;

        make_message(made, &whole);
        for (gsize n = sizeof(struct nlmsghdr); n < whole.n; n++) {
            XfrmMessage message;
            XfrmFault fault;
            XfrmRequest cut = whole;

            cut.header.nlmsg_len = (guint32) n;
            decode_exactly(&cut, n, &message, &fault);
        }
    }
}

static void
test_every_bit_flip(void)
{
    for (Made made = 0; made < N_MADE; made++) {
        XfrmRequest whole;

        make_message(made, &whole);
        for (gsize bit = 0; bit < whole.n * 8; bit++) {
            XfrmMessage message;
            XfrmFault fault;

            whole.bytes[bit / 8] ^= (guint8) (1 << bit % 8);
            decode_exactly(&whole, whole.n, &message, &fault);
            whole.bytes[bit / 8] ^= (guint8) (1 << bit % 8);
        }
    }
}

static void
test_lies(void)
{
    XfrmRequest made;
    XfrmMessage message;
    XfrmFault fault;
    struct xfrm_usersa_info info;

    make_message(MADE_SA, &made);
    memcpy(&info, made.bytes + NLMSG_HDRLEN, sizeof info);
    info.family = AF_UNIX;
    memcpy(made.bytes + NLMSG_HDRLEN, &info, sizeof info);
    g_assert_false(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpstr(fault.rule, ==, "an SA is of IPv4 or IPv6");
    info.family = AF_INET;
    info.sel.family = AF_INET;
    info.sel.prefixlen_d = 33;
    memcpy(made.bytes + NLMSG_HDRLEN, &info, sizeof info);
    g_assert_false(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpstr(fault.rule, ==, "a prefix is no longer than an address");
    make_message(MADE_REFUSAL, &made);
    memcpy(made.bytes + NLMSG_HDRLEN, &(gint32) { 5 }, sizeof(gint32));
    g_assert_false(xfrm_decode(made.bytes, made.n, &message, &fault));
    g_assert_cmpstr(fault.rule, ==, "a status is 0 or a negative errno");
}

/* A message that is not understood does not hide the next one in its datagram. */
static void
test_fault_in_the_middle(void)
{
    XfrmRequest first, second;
    g_autoptr(GByteArray) datagram = g_byte_array_new();
    XfrmMessage message;
    XfrmFault fault;
    gsize at;

    make_message(MADE_EXPIRE, &first);
    make_message(MADE_MAPPING, &second);
    first.bytes[first.n - 8] = 1; /* the length of the last attribute */
    g_byte_array_append(datagram, first.bytes, (guint) first.n);
    g_byte_array_append(datagram, second.bytes, (guint) second.n);
    g_assert_false(xfrm_decode(datagram->data, datagram->len, &message, &fault));
    at = message.n;
    g_assert_cmpuint(at, ==, first.n);
    g_assert_true(xfrm_decode(datagram->data + at, datagram->len - at, &message, &fault));
    g_assert_cmpint(message.kind, ==, XFRM_KIND_MAPPING);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-xfrm/decode/an-SA-is-read-with-its-ports-and-marks", test_sa);
    g_test_add_func("/kernel-xfrm/decode/a-policy-is-read-with-its-templates", test_policy);
    g_test_add_func("/kernel-xfrm/decode/an-acquire-has-two-families", test_acquire);
    g_test_add_func("/kernel-xfrm/decode/expire-and-mapping", test_expire_and_mapping);
    g_test_add_func("/kernel-xfrm/decode/what-has-gone-is-told-whole", test_gone);
    g_test_add_func("/kernel-xfrm/decode/a-refusal-has-the-kernel's-words", test_answers);
    g_test_add_func("/kernel-xfrm/decode/every-truncation-is-refused", test_every_truncation_of_a_datagram);
    g_test_add_func("/kernel-xfrm/decode/every-shorter-message-is-survived", test_every_shorter_message);
    g_test_add_func("/kernel-xfrm/decode/every-bit-flip-is-survived", test_every_bit_flip);
    g_test_add_func("/kernel-xfrm/decode/lies-are-named", test_lies);
    g_test_add_func("/kernel-xfrm/decode/a-fault-does-not-hide-the-next-message", test_fault_in_the_middle);
    return g_test_run();
}
