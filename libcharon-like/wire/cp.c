/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/cp.c - Configuration payloads (RFC 7296 section 3.15). */
#include "wire/payload.h"

#define ATTRIBUTE_RESERVED 0x8000
#define ANY G_MAXUINT16

/* IANA, "IKEv2 Configuration Payload Attribute Types": @min to @max octets, in steps of @step from @min.
 * An empty one is fine everywhere, since CFG_ACK and requests empty what they name (section 3.15.1). */
static const struct { const char *name; guint16 type, min, max, step; } attributes[] = {
    { "INTERNAL_IP4_ADDRESS", 1, 4, 4, 1 },
    { "INTERNAL_IP4_NETMASK", 2, 4, 4, 1 },
    { "INTERNAL_IP4_DNS", 3, 4, 4, 1 },
    { "INTERNAL_IP4_NBNS", 4, 4, 4, 1 },
    { "INTERNAL_IP4_DHCP", 6, 4, 4, 1 },
    { "APPLICATION_VERSION", 7, 1, ANY, 1 },
    { "INTERNAL_IP6_ADDRESS", 8, 17, 17, 1 },
    { "INTERNAL_IP6_DNS", 10, 16, 16, 1 },
    { "INTERNAL_IP6_DHCP", 12, 16, 16, 1 },
    { "INTERNAL_IP4_SUBNET", 13, 8, 8, 1 },
    { "SUPPORTED_ATTRIBUTES", 14, 2, ANY, 2 },
    { "INTERNAL_IP6_SUBNET", 15, 17, 17, 1 },
    { "MIP6_HOME_PREFIX", 16, 21, 21, 1 },
    { "INTERNAL_IP6_LINK", 17, 8, ANY, 1 },
    { "INTERNAL_IP6_PREFIX", 18, 17, 17, 1 },
    { "HOME_AGENT_ADDRESS", 19, 16, 20, 4 },
    { "P_CSCF_IP4_ADDRESS", 20, 4, 4, 1 },
    { "P_CSCF_IP6_ADDRESS", 21, 16, 16, 1 },
    { "FTT_KAT", 22, 2, 2, 1 },
    { "EXTERNAL_SOURCE_IP4_NAT_INFO", 23, 6, 6, 1 },
    { "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK", 24, 4, 4, 1 },
    { "INTERNAL_DNS_DOMAIN", 25, 1, ANY, 1 },
    { "INTERNAL_DNSSEC_TA", 26, 1, ANY, 1 },
    { "ENCDNS_IP4", 27, 1, ANY, 1 },
    { "ENCDNS_IP6", 28, 1, ANY, 1 },
    { "ENCDNS_DIGEST_INFO", 29, 1, ANY, 1 },
};

static const char *const cp_types[] = { "?", "CFG_REQUEST", "CFG_REPLY", "CFG_SET", "CFG_ACK" };

static guint
count_attributes(ObolCursor body)
{
    guint n = 0;

    while (obol_cursor_left(&body) > 0 && n <= OBOL_WIRE_CP_ATTRIBUTES_MAX) {
        obol_cursor_skip(&body, 2);
        obol_cursor_skip(&body, obol_cursor_u16(&body));
        n++;
    }
    obol_cursor_require(&body, n <= OBOL_WIRE_CP_ATTRIBUTES_MAX, "more attributes than we accept in one CP payload");
    return n;
}

void
obol_cp_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain)
{
    ObolCpPayload *cp = &out->cp;
    guint n = count_attributes(*body);

    if (n == 0 || !obol_cursor_ok(body))
        return;
    cp->attributes = obol_chain_own(chain, g_new(ObolCpAttribute, n));
    for (cp->n = 0; cp->n < n; cp->n++) {
        guint16 type = obol_cursor_u16(body);

        out->verbatim |= (type & ATTRIBUTE_RESERVED) != 0;
        cp->attributes[cp->n].type = type & ~ATTRIBUTE_RESERVED;
        cp->attributes[cp->n].value = obol_cursor_span(body, obol_cursor_u16(body));
    }
}

void
obol_cp_encode(const ObolPayload *payload, GByteArray *out)
{
    for (guint i = 0; i < payload->cp.n; i++) {
        const ObolCpAttribute *attribute = &payload->cp.attributes[i];

        obol_put_u16(out, attribute->type);
        obol_put_u16(out, (guint16) attribute->value.n);
        obol_put_span(out, attribute->value);
    }
}

void
obol_cp_dump(const ObolPayload *payload, GString *out)
{
    g_string_append_printf(out, "    which is: %s\n",
                           payload->cp.cp_type < G_N_ELEMENTS(cp_types) ? cp_types[payload->cp.cp_type] : "?");
    for (guint i = 0; i < payload->cp.n; i++) {
        const ObolCpAttribute *attribute = &payload->cp.attributes[i];
        const char *name = "attribute";

        for (guint j = 0; j < G_N_ELEMENTS(attributes); j++)
            name = attributes[j].type == attribute->type ? attributes[j].name : name;
        g_string_append_printf(out, "    %s (%u): ", name, attribute->type);
        obol_dump_span(out, attribute->value);
        g_string_append_c(out, '\n');
    }
}

gboolean
obol_cp_attribute_valid(const ObolCpAttribute *attribute)
{
    gsize n = attribute->value.n;

    for (guint i = 0; i < G_N_ELEMENTS(attributes) && n > 0; i++) {
        gsize min = attributes[i].min;

        if (attributes[i].type == attribute->type)
            return n >= min && n <= attributes[i].max && (n - min) % attributes[i].step == 0;
    }
    return TRUE; /* unknown ones are ignored, whatever they carry */
}
