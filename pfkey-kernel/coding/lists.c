/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/lists.c - proposals and lists of algorithms (RFC 2367 sections 2.3.7 and 2.3.8).
 *
 * Entries stay as they are on the wire and are read one by one: a kernel's proposal may have a hundred combinations, which most
 * readers never look at. */
#include "pfkey-kernel/coding/extension.h"

#define COMB 72
#define ALGORITHM 8

#define SHOWN_MAX 64 /* entries of a list in a dump */

void
pfkey_decode_proposal(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeyProposal *proposal = member;

    proposal->replay = pfkey_cursor_u8(body);
    pfkey_cursor_skip(body, 3);
    pfkey_cursor_require(body, pfkey_cursor_left(body) % COMB == 0,
                         "a proposal is not a whole number of combinations (RFC 2367 section 2.3.7)");
    proposal->combs = pfkey_cursor_rest(body);
    proposal->n = (guint) (proposal->combs.n / COMB);
}

void
pfkey_encode_proposal(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeyProposal *proposal = member;

    if (proposal->combs.n != (gsize) proposal->n * COMB)
        pfkey_fault_set(fault, "a proposal has not as many combinations as it says");
    pfkey_put_u8(out, proposal->replay);
    pfkey_put_zeros(out, 3);
    pfkey_put_bytes(out, proposal->combs.data, proposal->combs.n);
}

PfkeyComb
pfkey_proposal_comb(const PfkeyProposal *proposal, guint i)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(proposal->combs.data, proposal->combs.n, &fault);
    PfkeyComb comb;

    pfkey_cursor_skip(&c, (gsize) i * COMB);
    comb.auth = pfkey_cursor_u8(&c);
    comb.encr = pfkey_cursor_u8(&c);
    comb.flags = pfkey_cursor_u16(&c);
    comb.auth_min_bits = pfkey_cursor_u16(&c);
    comb.auth_max_bits = pfkey_cursor_u16(&c);
    comb.encr_min_bits = pfkey_cursor_u16(&c);
    comb.encr_max_bits = pfkey_cursor_u16(&c);
    pfkey_cursor_skip(&c, 4);
    comb.soft.allocations = pfkey_cursor_u32(&c);
    comb.hard.allocations = pfkey_cursor_u32(&c);
    comb.soft.bytes = pfkey_cursor_u64(&c);
    comb.hard.bytes = pfkey_cursor_u64(&c);
    comb.soft.add_s = pfkey_cursor_u64(&c);
    comb.hard.add_s = pfkey_cursor_u64(&c);
    comb.soft.use_s = pfkey_cursor_u64(&c);
    comb.hard.use_s = pfkey_cursor_u64(&c);
    return comb;
}

void
pfkey_put_comb(PfkeyBuffer *out, const PfkeyComb *comb)
{
    pfkey_put_u8(out, comb->auth);
    pfkey_put_u8(out, comb->encr);
    pfkey_put_u16(out, comb->flags);
    pfkey_put_u16(out, comb->auth_min_bits);
    pfkey_put_u16(out, comb->auth_max_bits);
    pfkey_put_u16(out, comb->encr_min_bits);
    pfkey_put_u16(out, comb->encr_max_bits);
    pfkey_put_zeros(out, 4);
    pfkey_put_u32(out, comb->soft.allocations);
    pfkey_put_u32(out, comb->hard.allocations);
    pfkey_put_u64(out, comb->soft.bytes);
    pfkey_put_u64(out, comb->hard.bytes);
    pfkey_put_u64(out, comb->soft.add_s);
    pfkey_put_u64(out, comb->hard.add_s);
    pfkey_put_u64(out, comb->soft.use_s);
    pfkey_put_u64(out, comb->hard.use_s);
}

void
pfkey_dump_proposal(gconstpointer member, GString *out)
{
    const PfkeyProposal *proposal = member;

    g_string_append_printf(out, " replay %u combinations %u", proposal->replay, proposal->n);
    for (guint i = 0; i < MIN(proposal->n, SHOWN_MAX); i++) {
        PfkeyComb comb = pfkey_proposal_comb(proposal, i);

        g_string_append_printf(out, "; %s %u to %u bits, %s %u to %u bits", pfkey_auth_name(comb.auth), comb.auth_min_bits,
                               comb.auth_max_bits, pfkey_encr_name(comb.encr), comb.encr_min_bits, comb.encr_max_bits);
    }
}

void
pfkey_decode_supported(G_GNUC_UNUSED const PfkeySystem *system, PfkeyCursor *body, gpointer member)
{
    PfkeySupported *supported = member;

    pfkey_cursor_skip(body, 4);
    supported->algorithms = pfkey_cursor_rest(body); /* whole words, so whole entries */
    supported->n = (guint) (supported->algorithms.n / ALGORITHM);
}

void
pfkey_encode_supported(G_GNUC_UNUSED const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault)
{
    const PfkeySupported *supported = member;

    if (supported->algorithms.n != (gsize) supported->n * ALGORITHM)
        pfkey_fault_set(fault, "a list has not as many algorithms as it says");
    pfkey_put_zeros(out, 4);
    pfkey_put_bytes(out, supported->algorithms.data, supported->algorithms.n);
}

PfkeyAlgorithm
pfkey_supported_algorithm(const PfkeySupported *supported, guint i)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(supported->algorithms.data, supported->algorithms.n, &fault);
    PfkeyAlgorithm algorithm;

    pfkey_cursor_skip(&c, (gsize) i * ALGORITHM);
    algorithm.id = pfkey_cursor_u8(&c);
    algorithm.iv_n = pfkey_cursor_u8(&c);
    algorithm.min_bits = pfkey_cursor_u16(&c);
    algorithm.max_bits = pfkey_cursor_u16(&c);
    return algorithm;
}

void
pfkey_put_algorithm(PfkeyBuffer *out, const PfkeyAlgorithm *algorithm)
{
    pfkey_put_u8(out, algorithm->id);
    pfkey_put_u8(out, algorithm->iv_n);
    pfkey_put_u16(out, algorithm->min_bits);
    pfkey_put_u16(out, algorithm->max_bits);
    pfkey_put_zeros(out, 2);
}

static void
dump_supported(const PfkeySupported *supported, const char *(*name)(guint8 algorithm), GString *out)
{
    g_string_append_printf(out, " algorithms %u", supported->n);
    for (guint i = 0; i < MIN(supported->n, SHOWN_MAX); i++) {
        PfkeyAlgorithm algorithm = pfkey_supported_algorithm(supported, i);

        g_string_append_printf(out, "; %u (%s) %u to %u bits", algorithm.id, name(algorithm.id), algorithm.min_bits,
                               algorithm.max_bits);
    }
}

void
pfkey_dump_supported_auth(gconstpointer member, GString *out)
{
    dump_supported(member, pfkey_auth_name, out);
}

void
pfkey_dump_supported_encr(gconstpointer member, GString *out)
{
    dump_supported(member, pfkey_encr_name, out);
}
