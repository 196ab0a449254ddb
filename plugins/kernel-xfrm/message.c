/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message.c - netlink messages as bytes: attributes read within bounds, requests written within bounds. */
#include "message.h"

#include <libmnl/libmnl.h>
#include <obol/secret.h>
#include <string.h>

static gboolean
fail(XfrmFault *fault, gsize offset, const char *rule)
{
    *fault = (XfrmFault) { offset, rule };
    return FALSE;
}

gboolean
attributes_read(const guint8 *bytes, gsize n, gsize offset, XfrmAttributes *out, XfrmFault *fault)
{
    gsize at = 0;

    memset(out, 0, sizeof *out);
    while (n - at >= sizeof(struct nlattr)) {
        struct nlattr head;
        guint type;

        memcpy(&head, bytes + at, sizeof head);
        if (head.nla_len < sizeof head || head.nla_len > n - at)
            return fail(fault, offset + at, "an attribute fits into its message");
        type = head.nla_type & NLA_TYPE_MASK;
        if (type < XFRM_ATTRIBUTES) {
            out->at[type] = bytes + at + MNL_ATTR_HDRLEN;
            out->n[type] = (guint16) (head.nla_len - MNL_ATTR_HDRLEN);
        }
        at += MIN((gsize) MNL_ALIGN(head.nla_len), n - at);
    }
    return at == n || fail(fault, offset + at, "nothing follows the attributes");
}

gboolean
attributes_get(const XfrmAttributes *attributes, guint type, gpointer out, gsize n)
{
    memset(out, 0, n);
    if (attributes->at[type] == NULL)
        return TRUE;
    if (attributes->n[type] < n)
        return FALSE;
    memcpy(out, attributes->at[type], n);
    return TRUE;
}

void
request_begin(XfrmRequest *request, guint16 type, guint16 flags, gconstpointer body, gsize n_body)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(request->bytes);

    g_assert(n_body <= XFRM_REQUEST_MAX / 2); /* a structure of the kernel's */
    request->too_long = FALSE;
    header->nlmsg_type = type;
    header->nlmsg_flags = (guint16) (NLM_F_REQUEST | flags);
    memcpy(mnl_nlmsg_put_extra_header(header, n_body), body, n_body);
    request->n = header->nlmsg_len;
}

void
request_put(XfrmRequest *request, guint16 type, gconstpointer data, gsize n)
{
    request_put_with_key(request, type, data, n, NULL, 0);
}

void
request_put_u32(XfrmRequest *request, guint16 type, guint32 value)
{
    request_put(request, type, &value, sizeof value);
}

void
request_put_with_key(XfrmRequest *request, guint16 type, gconstpointer head, gsize n_head, const guint8 *key, gsize n_key)
{
    gsize n = n_head + n_key, at = request->n;
    guint8 *to = request->bytes;
    struct nlattr attribute = { .nla_len = (guint16) (MNL_ATTR_HDRLEN + n), .nla_type = type };

    if (request->too_long || at + MNL_ATTR_HDRLEN + MNL_ALIGN(n) > sizeof request->bytes) {
        request->too_long = TRUE;
        return;
    }
    to += at;
    memset(to, 0, MNL_ATTR_HDRLEN + MNL_ALIGN(n));
    memcpy(to, &attribute, sizeof attribute);
    if (n_head > 0)
        memcpy(to + MNL_ATTR_HDRLEN, head, n_head);
    if (n_key > 0)
        memcpy(to + MNL_ATTR_HDRLEN + n_head, key, n_key);
    request->n += MNL_ATTR_HDRLEN + MNL_ALIGN(n);
    request->header.nlmsg_len = (guint32) request->n;
}

void
request_clear(XfrmRequest *request)
{
    obol_wipe(request->bytes, sizeof request->bytes);
}
