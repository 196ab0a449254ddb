/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/sa.c - Security Association payloads: proposals, transforms and their attributes (RFC 7296 section 3.3). */
#include "wire/payload.h"

#define MORE_PROPOSALS 2  /* Last Substruc, section 3.3.1 */
#define MORE_TRANSFORMS 3 /* section 3.3.2 */
#define ATTRIBUTE_TV 0x8000
#define ATTRIBUTE_KEY_LENGTH 14

#define RULE_LAST "Last Substruc does not tell whether more follow (RFC 7296 section 3.3.1)"

/* Proposals and transforms begin alike.  Gives what is inside; what the typed form can not keep sets @verbatim. */
static ObolCursor
substructure(ObolCursor *c, guint8 more, guint8 *verbatim)
{
    guint8 last = obol_cursor_u8(c), reserved = obol_cursor_u8(c);
    guint16 length = obol_cursor_u16(c);
    ObolCursor inner;

    obol_cursor_require(c, length >= 4, "a substructure is shorter than its header (RFC 7296 section 3.3.1)");
    inner = obol_cursor_take(c, length - 4u);
    obol_cursor_require(c, last == (obol_cursor_left(c) > 0 ? more : 0), RULE_LAST);
    *verbatim |= reserved != 0;
    return inner;
}

/* Section 3.3.5.  Whatever is not one sound Key Length makes the transform one that nobody may choose (3.3.6). */
static void
decode_attributes(ObolCursor *c, ObolTransform *transform)
{
    while (obol_cursor_left(c) > 0) {
        guint16 type = obol_cursor_u16(c), value = obol_cursor_u16(c);

        if (type == (ATTRIBUTE_TV | ATTRIBUTE_KEY_LENGTH) && value != 0 && transform->key_bits == 0) {
            transform->key_bits = value;
            continue;
        }
        transform->foreign = TRUE;
        if ((type & ATTRIBUTE_TV) == 0)
            obol_cursor_skip(c, value);
    }
}

static void
decode_transform(ObolCursor *c, ObolTransform *out, guint8 *verbatim)
{
    ObolCursor inner = substructure(c, MORE_TRANSFORMS, verbatim);

    *out = (ObolTransform) { .type = obol_cursor_u8(&inner) };
    *verbatim |= obol_cursor_u8(&inner) != 0;
    out->id = obol_cursor_u16(&inner);
    decode_attributes(&inner, out);
    *verbatim |= out->foreign;
}

/* Section 3.3.1.  A protocol that we do not know makes a proposal unacceptable, not the message malformed. */
static void
decode_spi(ObolCursor *c, gsize n, ObolProposal *out, guint8 *verbatim)
{
    gboolean child = out->protocol == OBOL_PROTO_AH || out->protocol == OBOL_PROTO_ESP;

    obol_cursor_require(c, out->protocol != OBOL_PROTO_IKE || n == 0 || n == 8,
                        "an SPI of IKE is absent or eight octets (RFC 7296 section 3.3.1)");
    obol_cursor_require(c, !child || n == 4, "an SPI of AH or ESP is four octets (RFC 7296 section 3.3.1)");
    if (n > sizeof out->spi) {
        obol_cursor_skip(c, n);
        *verbatim = TRUE;
    } else {
        obol_cursor_copy(c, out->spi, n);
        out->n_spi = (guint8) n;
    }
}

static void
decode_proposal(ObolCursor *c, ObolProposal *out, guint8 *verbatim)
{
    ObolCursor inner = substructure(c, MORE_PROPOSALS, verbatim);
    guint8 spi_size, n;

    out->number = obol_cursor_u8(&inner);
    out->protocol = obol_cursor_u8(&inner);
    spi_size = obol_cursor_u8(&inner);
    n = obol_cursor_u8(&inner);
    out->n_spi = 0;
    decode_spi(&inner, spi_size, out, verbatim);
    obol_cursor_require(&inner, n >= 1, "a proposal without transforms (RFC 7296 section 3.3.1)");
    obol_cursor_require(&inner, n <= OBOL_PROPOSAL_TRANSFORMS_MAX, "more transforms than we accept in one proposal");
    for (guint i = 0; i < n && obol_cursor_ok(&inner); i++)
        decode_transform(&inner, &out->transforms[i], verbatim);
    out->n_transforms = n;
    obol_cursor_done(&inner);
}

/* Nothing is allocated by a number that the peer named: the proposals that arrived are counted first. */
static guint
count_proposals(ObolCursor body)
{
    guint n = 0;
    guint8 ignored = 0;

    while (obol_cursor_left(&body) > 0 && n <= OBOL_WIRE_PROPOSALS_MAX) {
        substructure(&body, MORE_PROPOSALS, &ignored);
        n++;
    }
    obol_cursor_require(&body, n >= 1, "an SA payload without proposals (RFC 7296 section 3.3)");
    obol_cursor_require(&body, n <= OBOL_WIRE_PROPOSALS_MAX, "more proposals than we accept in one SA payload");
    return n;
}

void
obol_sa_decode(ObolCursor *body, ObolPayload *out, ObolChain *chain)
{
    guint n = count_proposals(*body);
    ObolProposal *proposals;

    if (!obol_cursor_ok(body))
        return;
    proposals = obol_chain_own(chain, g_new(ObolProposal, n));
    for (guint i = 0; i < n && obol_cursor_ok(body); i++) {
        decode_proposal(body, &proposals[i], &out->verbatim);
        /* One alone may be an answer, which repeats the number of the proposal that was taken. */
        obol_cursor_require(body, proposals[i].number == i + 1 || (n == 1 && proposals[i].number != 0),
                            "proposals are numbered from 1 without a gap (RFC 7296 section 3.3.1)");
    }
    out->sa = (ObolSaPayload) { .n = n, .proposals = proposals };
}

static void
encode_transform(const ObolTransform *transform, gboolean last, GByteArray *out)
{
    guint start = out->len;

    obol_put_u16(out, last ? 0 : MORE_TRANSFORMS << 8);
    obol_put_u16(out, 0);
    obol_put_u16(out, (guint16) (transform->type << 8));
    obol_put_u16(out, transform->id);
    if (transform->key_bits != 0) {
        obol_put_u16(out, ATTRIBUTE_TV | ATTRIBUTE_KEY_LENGTH);
        obol_put_u16(out, transform->key_bits);
    }
    obol_put_length_at(out, start + 2, start);
}

void
obol_sa_encode(const ObolPayload *payload, GByteArray *out)
{
    for (guint i = 0; i < payload->sa.n; i++) {
        const ObolProposal *proposal = &payload->sa.proposals[i];
        guint start = out->len;

        obol_put_u16(out, i + 1 == payload->sa.n ? 0 : MORE_PROPOSALS << 8);
        obol_put_u16(out, 0);
        obol_put_u8(out, proposal->number);
        obol_put_u8(out, proposal->protocol);
        obol_put_u8(out, proposal->n_spi);
        obol_put_u8(out, (guint8) proposal->n_transforms);
        obol_put_bytes(out, proposal->spi, proposal->n_spi);
        for (guint j = 0; j < proposal->n_transforms; j++)
            encode_transform(&proposal->transforms[j], j + 1 == proposal->n_transforms, out);
        obol_put_length_at(out, start + 2, start);
    }
}

static void
dump_transform(const ObolTransform *transform, GString *out)
{
    static const char *const types[] = { "?", "ENCR", "PRF", "INTEG", "KE", "ESN", "ADDKE1", "ADDKE2", "ADDKE3",
                                         "ADDKE4", "ADDKE5", "ADDKE6", "ADDKE7" };

    if (transform->type < G_N_ELEMENTS(types))
        g_string_append_printf(out, "      %s: ", types[transform->type]);
    else
        g_string_append_printf(out, "      type %u: ", transform->type);
    g_string_append(out, obol_transform_name(transform->type, transform->id));
    if (transform->key_bits != 0)
        g_string_append_printf(out, ", %u bits", transform->key_bits);
    g_string_append(out, transform->foreign ? ", with an unknown attribute\n" : "\n");
}

void
obol_sa_dump(const ObolPayload *payload, GString *out)
{
    for (guint i = 0; i < payload->sa.n; i++) {
        const ObolProposal *proposal = &payload->sa.proposals[i];

        g_string_append_printf(out, "    proposal %u: %s, SPI ", proposal->number,
                               obol_protocol_name(proposal->protocol));
        obol_dump_span(out, (ObolSpan) { proposal->spi, proposal->n_spi });
        g_string_append_c(out, '\n');
        for (guint j = 0; j < proposal->n_transforms; j++)
            dump_transform(&proposal->transforms[j], out);
    }
}
