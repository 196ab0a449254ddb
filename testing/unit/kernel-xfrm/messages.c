/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages.c - messages as the kernel writes them. */
#include "unit/kernel-xfrm/messages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static void
fill_address(xfrm_address_t *out, guint8 last)
{
    memset(out, 0, sizeof *out);
    out->a4 = htonl(0xc0000200u | last); /* 192.0.2.0/24 */
}

static void
fill_sa(struct xfrm_usersa_info *out)
{
    memset(out, 0, sizeof *out);
    out->family = AF_INET;
    fill_address(&out->saddr, 1);
    fill_address(&out->id.daddr, 2);
    out->id.spi = htonl(0xc0ffee01);
    out->id.proto = IPPROTO_ESP;
    out->mode = XFRM_MODE_TUNNEL;
    out->reqid = 9;
    out->curlft.bytes = 1000;
    out->curlft.packets = 10;
}

static void
fill_policy(struct xfrm_userpolicy_info *out)
{
    memset(out, 0, sizeof *out);
    out->sel.family = AF_INET;
    out->sel.prefixlen_s = 8;
    out->sel.saddr.a4 = htonl(0x0a000000);
    out->index = 0xb0000009;
    out->dir = XFRM_POLICY_OUT;
}

static void
put_sa_extras(XfrmRequest *out)
{
    const guint8 key[20] = { 1, 2, 3 };
    struct xfrm_algo_aead aead = { .alg_name = "rfc4106(gcm(aes))", .alg_key_len = 160, .alg_icv_len = 128 };
    const struct xfrm_encap_tmpl encap = { .encap_type = 2, .encap_sport = htons(4500), .encap_dport = htons(40000) };
    const struct xfrm_mark mark = { .v = 7, .m = 0xff };
    const struct xfrm_replay_state replay = { .oseq = 77 };
    const guint64 last_used = 1700000000;

    request_put_with_key(out, XFRMA_ALG_AEAD, &aead, sizeof aead, key, sizeof key);
    request_put(out, XFRMA_ENCAP, &encap, sizeof encap);
    request_put(out, XFRMA_MARK, &mark, sizeof mark);
    request_put(out, XFRMA_REPLAY_VAL, &replay, sizeof replay);
    request_put_u32(out, XFRMA_IF_ID, 42);
    request_put(out, XFRMA_LASTUSED, &last_used, sizeof last_used);
}

static void
put_templates(XfrmRequest *out)
{
    struct xfrm_user_tmpl templates[2];

    memset(templates, 0, sizeof templates);
    for (guint i = 0; i < 2; i++) {
        templates[i].family = AF_INET;
        templates[i].reqid = 9;
        templates[i].id.proto = i == 0 ? IPPROTO_COMP : IPPROTO_ESP;
        templates[i].mode = i == 0 ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
    }
    request_put(out, XFRMA_TMPL, templates, sizeof templates);
    request_put_u32(out, XFRMA_IF_ID, 0);
}

static void
make_acquire(XfrmRequest *out)
{
    struct xfrm_user_acquire acquire;

    memset(&acquire, 0, sizeof acquire);
    fill_address(&acquire.saddr, 1);
    fill_address(&acquire.id.daddr, 2);
    acquire.id.proto = IPPROTO_ESP;
    acquire.sel.family = AF_INET6;
    acquire.sel.prefixlen_s = acquire.sel.prefixlen_d = 128;
    acquire.sel.proto = IPPROTO_TCP;
    fill_policy(&acquire.policy);
    acquire.seq = 3;
    request_begin(out, XFRM_MSG_ACQUIRE, 0, &acquire, sizeof acquire);
    put_templates(out);
}

static void
make_mapping(XfrmRequest *out)
{
    struct xfrm_user_mapping mapping;

    memset(&mapping, 0, sizeof mapping);
    mapping.id.family = AF_INET;
    mapping.id.proto = IPPROTO_ESP;
    mapping.id.spi = htonl(0xc0ffee01);
    fill_address(&mapping.id.daddr, 2);
    fill_address(&mapping.old_saddr, 1);
    fill_address(&mapping.new_saddr, 9);
    mapping.old_sport = htons(4500);
    mapping.new_sport = htons(50000);
    request_begin(out, XFRM_MSG_MAPPING, 0, &mapping, sizeof mapping);
}

static void
make_gone(Made made, XfrmRequest *out)
{
    struct xfrm_usersa_info sa;
    struct xfrm_usersa_id sa_id;
    struct xfrm_userpolicy_info policy;
    struct xfrm_userpolicy_id policy_id;

    if (made == MADE_SA_GONE) {
        fill_sa(&sa);
        memset(&sa_id, 0, sizeof sa_id);
        sa_id.family = AF_INET;
        sa_id.daddr = sa.id.daddr;
        sa_id.spi = sa.id.spi;
        sa_id.proto = sa.id.proto;
        request_begin(out, XFRM_MSG_DELSA, 0, &sa_id, sizeof sa_id);
        request_put(out, XFRMA_SA, &sa, sizeof sa);
        put_sa_extras(out);
        return;
    }
    fill_policy(&policy);
    memset(&policy_id, 0, sizeof policy_id);
    policy_id.sel = policy.sel;
    policy.index = policy_id.index = 0xb0000011;
    policy_id.dir = policy.dir;
    request_begin(out, XFRM_MSG_DELPOLICY, 0, &policy_id, sizeof policy_id);
    request_put(out, XFRMA_POLICY, &policy, sizeof policy);
    put_templates(out);
}

/* @capped: the request that is answered is left out, as we ask for it. */
static void
make_refusal(XfrmRequest *out, gboolean capped)
{
    struct {
        struct nlmsgerr answer;
        guint8 request[12];
    } body;
    const char *words = capped ? "Invalid\naddress family" : "No such algorithm";

    memset(&body, 0, sizeof body);
    body.answer.error = capped ? -EINVAL : -ENOSYS;
    body.answer.msg.nlmsg_len = capped ? 9000 : sizeof body.answer.msg + sizeof body.request;
    request_begin(out, NLMSG_ERROR, (guint16) (NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0)), &body,
                  capped ? sizeof body.answer : sizeof body);
    request_put(out, NLMSGERR_ATTR_MSG, words, strlen(words) + 1);
    request_put_u32(out, NLMSGERR_ATTR_OFFS, 16);
}

static void
make_with_sa(Made made, XfrmRequest *out)
{
    struct xfrm_user_expire expire;

    memset(&expire, 0, sizeof expire);
    fill_sa(&expire.state);
    expire.hard = 1;
    if (made == MADE_SA)
        request_begin(out, XFRM_MSG_NEWSA, 0, &expire.state, sizeof expire.state);
    else
        request_begin(out, XFRM_MSG_EXPIRE, 0, &expire, sizeof expire);
    if (made == MADE_SA)
        put_sa_extras(out);
    else
        request_put_u32(out, XFRMA_IF_ID, 42);
}

static void
make_with_policy(Made made, XfrmRequest *out)
{
    struct xfrm_user_polexpire expire;

    memset(&expire, 0, sizeof expire);
    fill_policy(&expire.pol);
    if (made == MADE_POLICY)
        request_begin(out, XFRM_MSG_NEWPOLICY, 0, &expire.pol, sizeof expire.pol);
    else
        request_begin(out, XFRM_MSG_POLEXPIRE, 0, &expire, sizeof expire);
    put_templates(out);
}

void
make_message(Made made, XfrmRequest *out)
{
    const struct xfrm_user_report report = { .proto = 60, .sel = { .family = AF_INET6, .prefixlen_s = 128 } };
    const struct xfrm_usersa_flush flush = { .proto = IPPROTO_ESP };
    const gint32 done = 0;

    memset(out, 0, sizeof *out);
    switch (made) {
    case MADE_SA: case MADE_EXPIRE: make_with_sa(made, out); break;
    case MADE_POLICY: case MADE_POLICY_EXPIRE: make_with_policy(made, out); break;
    case MADE_ACQUIRE: make_acquire(out); break;
    case MADE_MAPPING: make_mapping(out); break;
    case MADE_REPORT: request_begin(out, XFRM_MSG_REPORT, 0, &report, sizeof report); break;
    case MADE_SAS_FLUSHED: request_begin(out, XFRM_MSG_FLUSHSA, 0, &flush, sizeof flush); break;
    case MADE_POLICIES_FLUSHED: request_begin(out, XFRM_MSG_FLUSHPOLICY, 0, "", 0); break;
    case MADE_SA_GONE: case MADE_POLICY_GONE: make_gone(made, out); break;
    case MADE_REFUSAL: case MADE_REFUSAL_WITH_REQUEST: make_refusal(out, made == MADE_REFUSAL); break;
    case MADE_DONE: request_begin(out, NLMSG_DONE, NLM_F_DUMP_INTR, &done, sizeof done); break;
    case N_MADE: g_assert_not_reached();
    }
}
