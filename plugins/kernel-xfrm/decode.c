/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decode.c - what the kernel says over NETLINK_XFRM: bytes to typed messages, bounded.
 *
 * Nothing is laid over the bytes: structures are copied out, since netlink aligns to four bytes and they want eight. */
#include "decode.h"

#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <string.h>

#include "values.h"

#define ERRNO_MAX 4095

/* One message: its fixed part, its attributes, and what is wrong with them. */
typedef struct {
    const guint8 *body;
    gsize n;
    XfrmAttributes attributes;
    XfrmFault *fault;
} Reader;

static gboolean
require(Reader *reader, gboolean holds, const char *rule)
{
    if (!holds && reader->fault->rule == NULL)
        *reader->fault = (XfrmFault) { NLMSG_HDRLEN, rule };
    return holds;
}

/* Copies the fixed part and reads the attributes behind it. */
static gboolean
take(Reader *reader, gpointer out, gsize n)
{
    gsize room = MNL_ALIGN(n);

    if (!require(reader, reader->n >= n, "a message holds its fixed part"))
        return FALSE;
    memcpy(out, reader->body, n);
    room = MIN(room, reader->n);
    return attributes_read(reader->body + room, reader->n - room, NLMSG_HDRLEN + room, &reader->attributes, reader->fault);
}

static gboolean
get(Reader *reader, guint type, gpointer out, gsize n)
{
    return require(reader, attributes_get(&reader->attributes, type, out, n), "an attribute is as long as its type");
}

static gboolean
known_family(guint16 family)
{
    return family == AF_INET || family == AF_INET6;
}

static gboolean
check_selector(Reader *reader, const struct xfrm_selector *selector)
{
    guint bits = selector->family == AF_INET ? 32 : 128;

    return require(reader, selector->family == AF_UNSPEC || known_family(selector->family), "a selector is of IPv4 or IPv6") &&
           require(reader, selector->prefixlen_s <= bits && selector->prefixlen_d <= bits, "a prefix is no longer than an address");
}

static gboolean
get_mark(Reader *reader, ObolMark *mark, guint32 *if_id)
{
    struct xfrm_mark kernels;

    if (!get(reader, XFRMA_MARK, &kernels, sizeof kernels) || !get(reader, XFRMA_IF_ID, if_id, sizeof *if_id))
        return FALSE;
    *mark = (ObolMark) { kernels.v, kernels.m };
    return TRUE;
}

static gboolean
get_encap(Reader *reader, ObolSaId *id)
{
    struct xfrm_encap_tmpl encap;

    if (!get(reader, XFRMA_ENCAP, &encap, sizeof encap))
        return FALSE;
    id->source.port = g_ntohs(encap.encap_sport);
    id->destination.port = g_ntohs(encap.encap_dport);
    return TRUE;
}

/* What all messages about an SA have beside its fixed part. */
static gboolean
sa_extras(Reader *reader, XfrmSa *out)
{
    const guint8 *const *at = reader->attributes.at;

    out->attributes = reader->attributes;
    out->larval = at[XFRMA_ALG_AEAD] == NULL && at[XFRMA_ALG_CRYPT] == NULL && at[XFRMA_ALG_AUTH] == NULL &&
                  at[XFRMA_ALG_AUTH_TRUNC] == NULL && at[XFRMA_ALG_COMP] == NULL;
    out->offloaded = at[XFRMA_OFFLOAD_DEV] != NULL;
    return get_mark(reader, &out->mark, &out->if_id) && get_encap(reader, &out->id) &&
           get(reader, XFRMA_LASTUSED, &out->last_used_s, sizeof out->last_used_s);
}

static gboolean
sa_info(Reader *reader, const struct xfrm_usersa_info *info, XfrmSa *out)
{
    if (!require(reader, known_family(info->family), "an SA is of IPv4 or IPv6") || !check_selector(reader, &info->sel))
        return FALSE;
    out->info = *info;
    address_from_kernel(&info->saddr, info->family, &out->id.source);
    address_from_kernel(&info->id.daddr, info->family, &out->id.destination);
    out->id.spi = g_ntohl(info->id.spi);
    out->id.protocol = protocol_from_kernel(info->id.proto);
    return sa_extras(reader, out);
}

static gboolean
read_sa(Reader *reader, XfrmMessage *out)
{
    struct xfrm_usersa_info info;

    return take(reader, &info, sizeof info) && sa_info(reader, &info, &out->sa);
}

/* The name in the fixed part, and the whole SA as an attribute. */
static gboolean
read_sa_gone(Reader *reader, XfrmMessage *out)
{
    struct xfrm_usersa_id id;
    struct xfrm_usersa_info info;

    if (!take(reader, &id, sizeof id) || !require(reader, known_family(id.family), "an SA is of IPv4 or IPv6") ||
        !get(reader, XFRMA_SA, &info, sizeof info))
        return FALSE;
    if (reader->attributes.at[XFRMA_SA] != NULL)
        return sa_info(reader, &info, &out->sa);
    address_from_kernel(&id.daddr, id.family, &out->sa.id.destination);
    out->sa.id.spi = g_ntohl(id.spi);
    out->sa.id.protocol = protocol_from_kernel(id.proto);
    return sa_extras(reader, &out->sa);
}

static gboolean
get_templates(Reader *reader, XfrmPolicy *out)
{
    gsize n = reader->attributes.at[XFRMA_TMPL] != NULL ? reader->attributes.n[XFRMA_TMPL] : 0, size = sizeof out->templates[0];

    if (!require(reader, n % size == 0, "a policy has whole templates") ||
        !require(reader, n / size <= XFRM_TEMPLATES_MAX, "a policy has six templates at most"))
        return FALSE;
    if (n > 0)
        memcpy(out->templates, reader->attributes.at[XFRMA_TMPL], n);
    out->n_templates = (guint) (n / size);
    return TRUE;
}

static gboolean
policy_info(Reader *reader, const struct xfrm_userpolicy_info *info, XfrmPolicy *out)
{
    out->info = *info;
    return check_selector(reader, &info->sel) && get_templates(reader, out) && get_mark(reader, &out->mark, &out->if_id);
}

static gboolean
read_policy(Reader *reader, XfrmMessage *out)
{
    struct xfrm_userpolicy_info info;

    return take(reader, &info, sizeof info) && policy_info(reader, &info, &out->policy);
}

static gboolean
read_policy_gone(Reader *reader, XfrmMessage *out)
{
    struct xfrm_userpolicy_id id;
    struct xfrm_userpolicy_info info;

    if (!take(reader, &id, sizeof id) || !get(reader, XFRMA_POLICY, &info, sizeof info))
        return FALSE;
    if (reader->attributes.at[XFRMA_POLICY] == NULL) {
        info.sel = id.sel;
        info.index = id.index;
        info.dir = id.dir;
    }
    return policy_info(reader, &info, &out->policy);
}

static gboolean
read_policy_expire(Reader *reader, XfrmMessage *out)
{
    struct xfrm_user_polexpire expire;

    return take(reader, &expire, sizeof expire) && policy_info(reader, &expire.pol, &out->policy);
}

static gboolean
read_acquire(Reader *reader, XfrmMessage *out)
{
    XfrmAcquire *acquire = &out->acquire;
    struct xfrm_user_acquire kernels;
    guint16 family;

    if (!take(reader, &kernels, sizeof kernels) || !check_selector(reader, &kernels.sel) ||
        !policy_info(reader, &kernels.policy, &acquire->policy) ||
        !require(reader, known_family(kernels.sel.family), "a packet is of IPv4 or IPv6"))
        return FALSE;
    /* The message does not say of which family the outer addresses are; the template does. */
    family = acquire->policy.n_templates > 0 ? acquire->policy.templates[0].family : kernels.sel.family;
    if (!require(reader, known_family(family), "a template is of IPv4 or IPv6"))
        return FALSE;
    acquire->packet = kernels.sel;
    acquire->sequence = kernels.seq;
    acquire->protocol = protocol_from_kernel(kernels.id.proto);
    address_from_kernel(&kernels.saddr, family, &acquire->source);
    address_from_kernel(&kernels.id.daddr, family, &acquire->destination);
    return TRUE;
}

static gboolean
read_expire(Reader *reader, XfrmMessage *out)
{
    struct xfrm_user_expire expire;

    if (!take(reader, &expire, sizeof expire))
        return FALSE;
    out->expire.hard = expire.hard != 0;
    return sa_info(reader, &expire.state, &out->expire.sa);
}

static gboolean
read_mapping(Reader *reader, XfrmMessage *out)
{
    struct xfrm_user_mapping mapping;
    ObolSaId *id = &out->mapping.id;

    if (!take(reader, &mapping, sizeof mapping) || !require(reader, known_family(mapping.id.family), "an SA is of IPv4 or IPv6"))
        return FALSE;
    address_from_kernel(&mapping.id.daddr, mapping.id.family, &id->destination);
    address_from_kernel(&mapping.old_saddr, mapping.id.family, &id->source);
    address_from_kernel(&mapping.new_saddr, mapping.id.family, &out->mapping.source);
    id->source.port = g_ntohs(mapping.old_sport);
    out->mapping.source.port = g_ntohs(mapping.new_sport);
    id->spi = g_ntohl(mapping.id.spi);
    id->protocol = protocol_from_kernel(mapping.id.proto);
    return TRUE;
}

static gboolean
read_report(Reader *reader, XfrmMessage *out)
{
    struct xfrm_user_report report;

    if (!take(reader, &report, sizeof report))
        return FALSE;
    out->report = (XfrmReport) { report.proto, report.sel };
    return check_selector(reader, &report.sel);
}

static gboolean
read_sas_flushed(Reader *reader, XfrmMessage *out)
{
    struct xfrm_usersa_flush flush;

    if (!take(reader, &flush, sizeof flush))
        return FALSE;
    out->flushed_protocol = flush.proto;
    return TRUE;
}

static gboolean
read_nothing(Reader *reader, XfrmMessage *out)
{
    (void) reader;
    (void) out;
    return TRUE;
}

static gboolean
set_status(Reader *reader, XfrmMessage *out, gint32 status)
{
    out->answer.status = status;
    return require(reader, status <= 0 && status >= -ERRNO_MAX, "a status is 0 or a negative errno");
}

static gboolean
read_done(Reader *reader, XfrmMessage *out)
{
    gint32 status = 0;

    out->answer.interrupted = (out->flags & NLM_F_DUMP_INTR) != 0;
    if (reader->n >= sizeof status)
        memcpy(&status, reader->body, sizeof status);
    return set_status(reader, out, status);
}

/* Behind the status comes the request's header, then the request unless it was left out, then the kernel's words. */
static gboolean
read_answer(Reader *reader, XfrmMessage *out)
{
    struct nlmsgerr answer;
    gsize at = sizeof answer;
    guint n_words;

    if (!require(reader, reader->n >= sizeof answer, "a message holds its fixed part"))
        return FALSE;
    memcpy(&answer, reader->body, sizeof answer);
    if (!set_status(reader, out, answer.error))
        return FALSE;
    if ((out->flags & NLM_F_ACK_TLVS) == 0)
        return TRUE;
    if ((out->flags & NLM_F_CAPPED) == 0) {
        gsize n_request = answer.msg.nlmsg_len;

        if (!require(reader, n_request >= sizeof answer.msg && n_request - sizeof answer.msg <= reader->n - at,
                     "an answer holds the request that it repeats"))
            return FALSE;
        at += MIN(MNL_ALIGN(n_request - sizeof answer.msg), reader->n - at);
    }
    if (!attributes_read(reader->body + at, reader->n - at, NLMSG_HDRLEN + at, &reader->attributes, reader->fault))
        return FALSE;
    n_words = MIN(reader->attributes.n[NLMSGERR_ATTR_MSG], XFRM_WORDS_MAX - 1);
    if (reader->attributes.at[NLMSGERR_ATTR_MSG] != NULL)
        memcpy(out->answer.words, reader->attributes.at[NLMSGERR_ATTR_MSG], n_words);
    for (char *c = out->answer.words; *c != '\0'; c++)
        *c = g_ascii_isprint(*c) ? *c : '?';
    return TRUE;
}

static const struct {
    guint16 type;
    XfrmKind kind;
    gboolean (*read)(Reader *reader, XfrmMessage *out);
} kinds[] = {
    { NLMSG_ERROR, XFRM_KIND_ANSWER, read_answer },
    { NLMSG_DONE, XFRM_KIND_ANSWER, read_done },
    { XFRM_MSG_NEWSA, XFRM_KIND_SA, read_sa },
    { XFRM_MSG_UPDSA, XFRM_KIND_SA, read_sa },
    { XFRM_MSG_DELSA, XFRM_KIND_SA_GONE, read_sa_gone },
    { XFRM_MSG_NEWPOLICY, XFRM_KIND_POLICY, read_policy },
    { XFRM_MSG_UPDPOLICY, XFRM_KIND_POLICY, read_policy },
    { XFRM_MSG_DELPOLICY, XFRM_KIND_POLICY_GONE, read_policy_gone },
    { XFRM_MSG_ACQUIRE, XFRM_KIND_ACQUIRE, read_acquire },
    { XFRM_MSG_EXPIRE, XFRM_KIND_EXPIRE, read_expire },
    { XFRM_MSG_POLEXPIRE, XFRM_KIND_POLICY_EXPIRE, read_policy_expire },
    { XFRM_MSG_MAPPING, XFRM_KIND_MAPPING, read_mapping },
    { XFRM_MSG_REPORT, XFRM_KIND_REPORT, read_report },
    { XFRM_MSG_FLUSHSA, XFRM_KIND_SAS_FLUSHED, read_sas_flushed },
    { XFRM_MSG_FLUSHPOLICY, XFRM_KIND_POLICIES_FLUSHED, read_nothing },
};

gboolean
xfrm_decode(const guint8 *bytes, gsize n, XfrmMessage *out, XfrmFault *fault)
{
    Reader reader = { .fault = fault };
    struct nlmsghdr header;

    memset(out, 0, sizeof *out);
    *fault = (XfrmFault) { 0, NULL };
    if (n < sizeof header) {
        *fault = (XfrmFault) { 0, "a message has its header" };
        return FALSE;
    }
    memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > n) {
        *fault = (XfrmFault) { 0, "a message fits into its datagram" };
        return FALSE;
    }
    out->n = MIN((gsize) MNL_ALIGN(header.nlmsg_len), n);
    out->type = header.nlmsg_type;
    out->flags = header.nlmsg_flags;
    out->sequence = header.nlmsg_seq;
    out->port = header.nlmsg_pid;
    reader.body = bytes + sizeof header;
    reader.n = header.nlmsg_len - sizeof header;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type != header.nlmsg_type)
            continue;
        out->kind = kinds[i].kind;
        return kinds[i].read(&reader, out);
    }
    return TRUE;
}
