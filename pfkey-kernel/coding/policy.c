/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/policy.c - X_POLICY and its requests: what is to be done with packets that a policy matches. */
#include "pfkey-kernel/coding/extension.h"

#define REQUEST_HEADER 16
#define REQUEST_HEADER_SHORT 8

/* Its length is in octets, alone among all lengths of PF_KEY.  In tunnel mode two socket addresses follow, packed. */
static void
decode_request(const PfkeySystem *system, PfkeyCursor *body, PfkeyRequest *out)
{
    gsize header = system->short_request ? REQUEST_HEADER_SHORT : REQUEST_HEADER;
    guint16 length = pfkey_cursor_u16(body);
    PfkeyCursor inner;

    *out = (PfkeyRequest) { 0 };
    pfkey_cursor_require(body, length >= header, "a policy's request is shorter than its header");
    inner = pfkey_cursor_take(body, length - 2u);
    out->protocol = pfkey_cursor_u16(&inner);
    out->mode = pfkey_cursor_u8(&inner);
    out->level = pfkey_cursor_u8(&inner);
    if (system->short_request) {
        out->reqid = pfkey_cursor_u16(&inner);
    } else {
        pfkey_cursor_skip(&inner, 2);
        out->reqid = pfkey_cursor_u32(&inner);
        pfkey_cursor_skip(&inner, 4);
    }
    if (pfkey_cursor_left(&inner) == 0)
        return;
    pfkey_decode_sockaddr(system, &inner, &out->source);
    pfkey_decode_sockaddr(system, &inner, &out->destination);
    pfkey_cursor_require(&inner, out->source.family == out->destination.family,
                         "a request's addresses are of two families");
    pfkey_decode_padding(&inner);
}

void
pfkey_decode_policy(const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyPolicy *policy = member;

    policy->type = pfkey_cursor_u16(body);
    policy->direction = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 1);
    policy->id = pfkey_cursor_u32(body);
    policy->priority = pfkey_cursor_u32(body);
    while (pfkey_cursor_left(body) > 0) {
        pfkey_cursor_require(body, policy->n < PFKEY_REQUESTS_MAX, "more requests than we accept in one policy");
        if (!pfkey_cursor_ok(body))
            return;
        decode_request(system, body, &policy->requests[policy->n++]);
    }
}

static void
encode_request(const PfkeySystem *system, const PfkeyRequest *request, PfkeyBuffer *out, PfkeyFault *fault)
{
    gsize start = out->n;

    pfkey_put_u16(out, 0);
    pfkey_put_u16(out, request->protocol);
    pfkey_put_u8(out, request->mode);
    pfkey_put_u8(out, request->level);
    if (system->short_request) {
        if (request->reqid > G_MAXUINT16)
            pfkey_fault_set(fault, "this system's requests have reqids of 16 bits");
        pfkey_put_u16(out, (guint16) request->reqid);
    } else {
        pfkey_put_zeros(out, 2);
        pfkey_put_u32(out, request->reqid);
        pfkey_put_zeros(out, 4);
    }
    if (request->source.family != request->destination.family)
        pfkey_fault_set(fault, "a request's addresses are of two families");
    if (request->source.family != 0 && fault->rule == NULL) {
        pfkey_encode_sockaddr(system, &request->source, out, fault);
        pfkey_encode_sockaddr(system, &request->destination, out, fault);
    }
    pfkey_put_padding(out, start);
    pfkey_set_u16(out, start, (guint16) (out->n - start));
}

void
pfkey_encode_policy(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyPolicy *policy = member;

    if (policy->n > PFKEY_REQUESTS_MAX) {
        pfkey_fault_set(fault, "more requests than we accept in one policy");
        return;
    }
    pfkey_put_u16(out, policy->type);
    pfkey_put_u8(out, policy->direction);
    pfkey_put_u8(out, 0);
    pfkey_put_u32(out, policy->id);
    pfkey_put_u32(out, policy->priority);
    for (guint i = 0; i < policy->n; i++)
        encode_request(system, &policy->requests[i], out, fault);
}

void
pfkey_dump_policy(gconstpointer member, GString *out)
{
    const PfkeyPolicy *policy = member;

    g_string_append_printf(out, " type %s direction %s id %u priority %u", pfkey_policy_name(policy->type),
                           pfkey_direction_name(policy->direction), policy->id, policy->priority);
    for (guint i = 0; i < MIN(policy->n, PFKEY_REQUESTS_MAX); i++) {
        const PfkeyRequest *request = &policy->requests[i];

        g_string_append_printf(out, "; protocol %u mode %s level %s reqid %u", request->protocol, pfkey_mode_name(request->mode),
                               pfkey_level_name(request->level), request->reqid);
        if (request->source.family == 0)
            continue;
        g_string_append_c(out, ' ');
        pfkey_dump_address(&request->source, out);
        g_string_append(out, " to ");
        pfkey_dump_address(&request->destination, out);
    }
}
