/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/sa.c - extensions of fixed size about an SA (RFC 2367 sections 2.3.1, 2.3.2 and 2.3.9; SA2 and NAT traversal). */
#include "pfkey-kernel/coding/extension.h"

void
pfkey_decode_sa(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySa *sa = member;

    sa->spi = pfkey_cursor_be32(body);
    sa->replay = pfkey_cursor_u8(body);
    sa->state = pfkey_cursor_u8(body);
    sa->auth = pfkey_cursor_u8(body);
    sa->encr = pfkey_cursor_u8(body);
    sa->flags = pfkey_cursor_u32(body);
}

void
pfkey_encode_sa(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                G_GNUC_UNUSED PfkeyFault *fault)
{
    const PfkeySa *sa = member;

    pfkey_put_be32(out, sa->spi);
    pfkey_put_u8(out, sa->replay);
    pfkey_put_u8(out, sa->state);
    pfkey_put_u8(out, sa->auth);
    pfkey_put_u8(out, sa->encr);
    pfkey_put_u32(out, sa->flags);
}

void
pfkey_dump_sa(gconstpointer member, GString *out)
{
    const PfkeySa *sa = member;

    g_string_append_printf(out, " spi 0x%08x replay %u state %s auth %u (%s) encr %u (%s) flags 0x%x", sa->spi, sa->replay,
                           pfkey_state_name(sa->state), sa->auth, pfkey_auth_name(sa->auth), sa->encr,
                           pfkey_encr_name(sa->encr), sa->flags);
}

void
pfkey_decode_lifetime(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyLifetime *lifetime = member;

    lifetime->allocations = pfkey_cursor_u32(body);
    lifetime->bytes = pfkey_cursor_u64(body);
    lifetime->add_s = pfkey_cursor_u64(body);
    lifetime->use_s = pfkey_cursor_u64(body);
}

void
pfkey_encode_lifetime(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                      G_GNUC_UNUSED PfkeyFault *fault)
{
    const PfkeyLifetime *lifetime = member;

    pfkey_put_u32(out, lifetime->allocations);
    pfkey_put_u64(out, lifetime->bytes);
    pfkey_put_u64(out, lifetime->add_s);
    pfkey_put_u64(out, lifetime->use_s);
}

void
pfkey_dump_lifetime(gconstpointer member, GString *out)
{
    const PfkeyLifetime *lifetime = member;

    g_string_append_printf(out, " allocations %u bytes %" G_GUINT64_FORMAT " add %" G_GUINT64_FORMAT " use %" G_GUINT64_FORMAT,
                           lifetime->allocations, lifetime->bytes, lifetime->add_s, lifetime->use_s);
}

void
pfkey_decode_spi_range(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySpiRange *range = member;

    range->min = pfkey_cursor_u32(body);
    range->max = pfkey_cursor_u32(body);
    pfkey_cursor_skip(body, 4);
}

void
pfkey_encode_spi_range(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                       G_GNUC_UNUSED PfkeyFault *fault)
{
    const PfkeySpiRange *range = member;

    pfkey_put_u32(out, range->min);
    pfkey_put_u32(out, range->max);
    pfkey_put_zeros(out, 4);
}

void
pfkey_dump_spi_range(gconstpointer member, GString *out)
{
    const PfkeySpiRange *range = member;

    g_string_append_printf(out, " 0x%08x to 0x%08x", range->min, range->max);
}

void
pfkey_decode_km_private(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    *(guint32 *) member = pfkey_cursor_u32(body);
}

void
pfkey_encode_km_private(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                        G_GNUC_UNUSED PfkeyFault *fault)
{
    pfkey_put_u32(out, *(const guint32 *) member);
}

void
pfkey_dump_km_private(gconstpointer member, GString *out)
{
    g_string_append_printf(out, " 0x%x", *(const guint32 *) member);
}

void
pfkey_decode_sa2(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySa2 *sa2 = member;

    sa2->mode = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 3);
    sa2->sequence = pfkey_cursor_u32(body);
    sa2->reqid = pfkey_cursor_u32(body);
}

void
pfkey_encode_sa2(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                 G_GNUC_UNUSED PfkeyFault *fault)
{
    const PfkeySa2 *sa2 = member;

    pfkey_put_u8(out, sa2->mode);
    pfkey_put_zeros(out, 3);
    pfkey_put_u32(out, sa2->sequence);
    pfkey_put_u32(out, sa2->reqid);
}

void
pfkey_dump_sa2(gconstpointer member, GString *out)
{
    const PfkeySa2 *sa2 = member;

    g_string_append_printf(out, " mode %s sequence %u reqid %u", pfkey_mode_name(sa2->mode), sa2->sequence, sa2->reqid);
}

void
pfkey_decode_nat_type(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    ((PfkeyNatType *) member)->type = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 3);
}

void
pfkey_encode_nat_type(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                      G_GNUC_UNUSED PfkeyFault *fault)
{
    pfkey_put_u8(out, ((const PfkeyNatType *) member)->type);
    pfkey_put_zeros(out, 3);
}

void
pfkey_dump_nat_type(gconstpointer member, GString *out)
{
    guint8 type = ((const PfkeyNatType *) member)->type;

    g_string_append_printf(out, " %u%s", type, type == PFKEY_ENCAP_ESP_IN_UDP ? " (ESP in UDP)" : "");
}

void
pfkey_decode_nat_port(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    ((PfkeyNatPort *) member)->port = pfkey_cursor_be16(body);
    pfkey_cursor_skip(body, 2);
}

void
pfkey_encode_nat_port(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out,
                      G_GNUC_UNUSED PfkeyFault *fault)
{
    pfkey_put_be16(out, ((const PfkeyNatPort *) member)->port);
    pfkey_put_zeros(out, 2);
}

void
pfkey_dump_nat_port(gconstpointer member, GString *out)
{
    g_string_append_printf(out, " %u", ((const PfkeyNatPort *) member)->port);
}
