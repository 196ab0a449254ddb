/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/foreign.c - a host's own XFRM by raw netlink, past every plugin. */
#include "foreign.h"

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define N_KEY 20
#define REQID 70001

typedef union {
    struct nlmsghdr header;
    guint8 bytes[2048];
} Request;

static int
open_xfrm(const Host *host)
{
    const struct timeval patience = { .tv_sec = 5 };
    int fd;

    host_enter(host);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void
begin(Request *request, guint16 type, guint16 flags, const void *body, gsize n)
{
    memset(request, 0, sizeof *request);
    request->header = (struct nlmsghdr) {
        .nlmsg_len = (guint32) NLMSG_LENGTH(n), .nlmsg_type = type, .nlmsg_flags = (guint16) (NLM_F_REQUEST | flags),
    };
    if (n > 0)
        memcpy(request->bytes + NLMSG_HDRLEN, body, n);
}

static void
put(Request *request, guint16 type, const void *bytes, gsize n)
{
    gsize at = NLMSG_ALIGN(request->header.nlmsg_len);
    const struct nlattr header = { .nla_len = (guint16) (NLA_HDRLEN + n), .nla_type = type };

    g_assert_cmpuint(at + NLA_HDRLEN + n, <=, sizeof request->bytes);
    memcpy(request->bytes + at, &header, sizeof header);
    memcpy(request->bytes + at + NLA_HDRLEN, bytes, n);
    request->header.nlmsg_len = (guint32) (at + NLA_HDRLEN + n);
}

/* 0, or what the kernel says. */
static int
ask(int fd, const Request *request)
{
    guint8 reply[4096];
    struct nlmsgerr refusal;

    if (send(fd, request, request->header.nlmsg_len, 0) < 0
        || recv(fd, reply, sizeof reply, 0) < (gssize) (NLMSG_HDRLEN + sizeof refusal))
        return -1;
    memcpy(&refusal, reply + NLMSG_HDRLEN, sizeof refusal);
    return refusal.error;
}

static void
note(const struct nlmsghdr *header, const guint8 *body, gsize n, ForeignCount *out)
{
    if (header->nlmsg_type == XFRM_MSG_NEWSA) {
        struct xfrm_usersa_info sa;

        memcpy(&sa, body, MIN(n, sizeof sa));
        out->n_sas += sa.id.spi != 0;
        out->foreign_sa |= g_ntohl(sa.id.spi) == FOREIGN_SPI;
    } else if (header->nlmsg_type == XFRM_MSG_NEWPOLICY) {
        struct xfrm_userpolicy_info policy;

        memcpy(&policy, body, MIN(n, sizeof policy));
        out->n_policies += (policy.index & 7) < XFRM_POLICY_MAX;
        out->foreign_policy |= policy.priority == FOREIGN_SPI;
    }
}

static void
dump(int fd, guint16 type, ForeignCount *out)
{
    Request request;
    static guint8 reply[65536];
    gboolean more = TRUE;

    begin(&request, type, NLM_F_DUMP, NULL, 0);
    if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
        return;
    while (more) {
        gssize n = recv(fd, reply, sizeof reply, 0);

        more = n > 0;
        for (gsize at = 0; more && at + NLMSG_HDRLEN <= (gsize) n;) {
            struct nlmsghdr header;

            memcpy(&header, reply + at, sizeof header);
            if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR || header.nlmsg_len < NLMSG_HDRLEN)
                more = FALSE;
            else
                note(&header, reply + at + NLMSG_HDRLEN, MIN(header.nlmsg_len, (gsize) n - at) - NLMSG_HDRLEN, out);
            at += NLMSG_ALIGN(header.nlmsg_len);
        }
    }
}

gboolean
foreign_count(const Host *host, ForeignCount *out)
{
    int fd = open_xfrm(host);

    *out = (ForeignCount) { .n_sas = 0 };
    if (fd < 0)
        return FALSE;
    dump(fd, XFRM_MSG_GETSA, out);
    dump(fd, XFRM_MSG_GETPOLICY, out);
    close(fd);
    return TRUE;
}

static const struct xfrm_lifetime_cfg endless = {
    .soft_byte_limit = XFRM_INF, .hard_byte_limit = XFRM_INF, .soft_packet_limit = XFRM_INF, .hard_packet_limit = XFRM_INF,
};

/* Of TEST-NET-1 (RFC 5737), so that no packet of the suite is meant. */
static const guint8 one[] = { 192, 0, 2, 1 }, two[] = { 192, 0, 2, 2 };

gboolean
foreign_add(const Host *host)
{
    struct {
        struct xfrm_algo_aead head;
        guint8 key[N_KEY];
    } aead = { .head = { .alg_name = "rfc4106(gcm(aes))", .alg_key_len = N_KEY * 8, .alg_icv_len = 128 } };
    struct xfrm_usersa_info sa = {
        .id = { .spi = g_htonl(FOREIGN_SPI), .proto = IPPROTO_ESP }, .family = AF_INET, .mode = XFRM_MODE_TRANSPORT, .reqid = REQID,
        .replay_window = 32, .lft = endless,
    };
    struct xfrm_userpolicy_info policy = {
        .sel = { .family = AF_INET, .prefixlen_s = 32, .prefixlen_d = 32 }, .lft = endless, .priority = FOREIGN_SPI,
        .dir = XFRM_POLICY_OUT, .action = XFRM_POLICY_BLOCK,
    };
    int fd = open_xfrm(host);
    Request request;
    gboolean added;

    memcpy(&sa.saddr, one, sizeof one);
    memcpy(&sa.id.daddr, two, sizeof two);
    memcpy(&policy.sel.saddr, one, sizeof one);
    memcpy(&policy.sel.daddr, two, sizeof two);
    memset(aead.key, 0x5a, sizeof aead.key);
    begin(&request, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &sa, sizeof sa);
    put(&request, XFRMA_ALG_AEAD, &aead, sizeof aead.head + N_KEY);
    added = fd >= 0 && ask(fd, &request) == 0;
    begin(&request, XFRM_MSG_NEWPOLICY, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &policy, sizeof policy);
    added = added && ask(fd, &request) == 0;
    if (fd >= 0)
        close(fd);
    return added;
}

void
foreign_flush(const Host *host)
{
    const struct xfrm_usersa_flush all = { .proto = 0 };
    int fd = open_xfrm(host);
    Request request;

    if (fd < 0)
        return;
    begin(&request, XFRM_MSG_FLUSHSA, NLM_F_ACK, &all, sizeof all);
    ask(fd, &request);
    begin(&request, XFRM_MSG_FLUSHPOLICY, NLM_F_ACK, NULL, 0);
    ask(fd, &request);
    close(fd);
}
