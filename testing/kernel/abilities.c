/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/abilities.c - what a case needs of a plugin, as data; and what must be refused where a plugin has it not. */
#include "abilities.h"

#include <string.h>

/* @ask is told the SA that shows the ability; NULL: @tunnel alone says it. */
typedef void (*Ask)(Lab *lab, Side *side, const Tunnel *tunnel);

static void ask_policy(Lab *lab, Side *side, const Tunnel *tunnel);
static void ask_update(Lab *lab, Side *side, const Tunnel *tunnel);
static void ask_equal_selectors(Lab *lab, Side *side, const Tunnel *tunnel);
static void ask_nothing(Lab *lab, Side *side, const Tunnel *tunnel);
static void ask_comp(Lab *lab, Side *side, const Tunnel *tunnel);
static void ask_offload(Lab *lab, Side *side, const Tunnel *tunnel);

static const struct {
    const char *title;
    gsize at; /* of the gboolean in the abilities */
    Tunnel tunnel;
    Ask ask;
    gboolean inverted; /* the ability says what it can not */
} needs_table[N_NEEDS] = {
    [NEED_ESP] = { "ESP", offsetof(ObolKernelAbilities, esp), { .protocol = OBOL_PROTO_ESP }, NULL },
    [NEED_AH] = { "AH", offsetof(ObolKernelAbilities, ah), { .protocol = OBOL_PROTO_AH }, NULL },
    [NEED_AH_PADDING] = { "AH over IPv4 with every ICV", offsetof(ObolKernelAbilities, ah_padding),
                          { .protocol = OBOL_PROTO_AH, .integ = OBOL_INTEG_HMAC_SHA2_512_256 }, NULL },
    [NEED_IPCOMP] = { "IPComp", offsetof(ObolKernelAbilities, ipcomp), { .ipcomp = TRUE }, ask_comp },
    [NEED_TUNNEL] = { "tunnel mode", offsetof(ObolKernelAbilities, tunnel), { .mode = OBOL_MODE_TUNNEL }, NULL },
    [NEED_TRANSPORT] = { "transport mode", offsetof(ObolKernelAbilities, transport), { .mode = OBOL_MODE_TRANSPORT }, NULL },
    [NEED_BEET] = { "BEET mode", offsetof(ObolKernelAbilities, beet), { .mode = OBOL_MODE_BEET }, NULL },
    [NEED_PLAIN_ESP] = { "ESP without UDP", offsetof(ObolKernelAbilities, plain_esp), { .outer = V4 }, NULL },
    [NEED_UDP_ENCAP] = { "ESP in UDP", offsetof(ObolKernelAbilities, udp_encap), { .udp_encap = TRUE }, NULL },
    [NEED_ESN] = { "extended sequence numbers", offsetof(ObolKernelAbilities, esn), { .esn = TRUE }, NULL },
    [NEED_OTHER_FAMILY] = { "IPv6 in IPv4 and the reverse", offsetof(ObolKernelAbilities, other_family), { .inner = V6 }, NULL },
    [NEED_MIXED_FAMILIES] = { "IPv4 and IPv6 in one tunnel", offsetof(ObolKernelAbilities, mixed_families),
                              { .ts = { "10.66.1.0/24 fd66:0:1::/64", "10.66.2.0/24 fd66:0:2::/64" } }, NULL },
    [NEED_TFC_PADDING] = { "TFC padding", offsetof(ObolKernelAbilities, tfc_padding), { .tfc_padding = 900 }, NULL },
    [NEED_BYTE_LIFETIMES] = { "lifetimes in bytes", offsetof(ObolKernelAbilities, byte_lifetimes),
                              { .lifetimes = { .soft_bytes = 1000, .hard_bytes = 2000 } }, NULL },
    [NEED_PACKET_LIFETIMES] = { "lifetimes in packets", offsetof(ObolKernelAbilities, packet_lifetimes),
                                { .lifetimes = { .soft_packets = 10, .hard_packets = 20 } }, NULL },
    [NEED_UPDATE_ADDRESSES] = { "change of addresses", offsetof(ObolKernelAbilities, update_addresses), { 0 }, ask_update },
    [NEED_CHANGE_ENCAP] = { "UDP added and taken away", offsetof(ObolKernelAbilities, change_encap), { .udp_encap = TRUE }, ask_update },
    [NEED_PORT_RANGES] = { "port ranges", offsetof(ObolKernelAbilities, port_ranges),
                           { .ts = { "10.66.1.0/24[udp/1000-1009]", "10.66.2.0/24[udp/2000-2009]" } }, ask_policy },
    [NEED_SHARED_SELECTORS] = { "equal selectors to several peers", offsetof(ObolKernelAbilities, shared_selectors), { 0 },
                                ask_equal_selectors },
    [NEED_EXACT_PRIORITY] = { "explicit priorities", offsetof(ObolKernelAbilities, exact_priority), { .priority = 77 }, ask_nothing },
    [NEED_ACQUIRE_SELECTORS] = { "acquire tells the packet's selectors", offsetof(ObolKernelAbilities, acquire_selectors), { 0 },
                                 ask_nothing },
    [NEED_LAST_USED] = { "time of last use", offsetof(ObolKernelAbilities, last_used), { 0 }, ask_nothing },
    [NEED_MARKS] = { "marks", offsetof(ObolKernelAbilities, marks), { .mark = { 7, 0xff } }, NULL },
    [NEED_SET_MARKS] = { "marks that are set", offsetof(ObolKernelAbilities, set_marks), { .set_mark = { 7, 0xff } }, NULL },
    [NEED_IF_IDS] = { "interface ids", offsetof(ObolKernelAbilities, if_ids), { .if_id = 7 }, NULL },
    [NEED_INBOUND_POLICIES] = { "packets in clear are held against policies", offsetof(ObolKernelAbilities, takes_clear), { 0 }, ask_nothing,
                                TRUE },
    [NEED_OFFLOAD] = { "offload to the device", offsetof(ObolKernelAbilities, offload), { 0 }, ask_offload },
};

static gboolean
has(const Side *side, guint need)
{
    gboolean value;

    memcpy(&value, (const guint8 *) &side->opened.abilities + needs_table[need].at, sizeof value);
    return (value == 0) == needs_table[need].inverted;
}

guint32
abilities_lacking(const Side *side, guint32 needs)
{
    guint32 lacking = 0;

    for (guint i = 0; i < N_NEEDS; i++)
        if ((needs & 1u << i) != 0 && !has(side, i))
            lacking |= 1u << i;
    return lacking;
}

char *
abilities_describe(guint32 needs)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < N_NEEDS; i++)
        if ((needs & 1u << i) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", needs_table[i].title);
    return g_string_free(text, FALSE);
}

/* --- the requests that must be refused --- */

#define UNSUPPORTED (1u << OBOL_KERNEL_ERROR_UNSUPPORTED)

static void
ask_sa(Lab *lab, Side *side, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair.spi[LEFT] = pair.spi[RIGHT] = 0x12345;
    pair_sa(lab, &pair, side->name, side->name, &request);
    request.request.sa.udp_encap = tunnel->udp_encap;
    side_refuses(lab, side, &request, UNSUPPORTED, "an SA that needs what the abilities deny");
}

static void
ask_policy(Lab *lab, Side *side, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_policy(lab, &pair, side->name, 0, OBOL_KERNEL_ADD_POLICY, &request);
    side_refuses(lab, side, &request, UNSUPPORTED, "a policy that needs what the abilities deny");
}

/* With @tunnel->udp_encap it is UDP that is added; else the address changes. */
static void
ask_update(Lab *lab, Side *side, const Tunnel *tunnel)
{
    static const Tunnel plain = { .reqid = 5 };
    FlatRequest request;
    Pair pair;

    pair_init(lab, &plain, &pair);
    pair.spi[LEFT] = pair.spi[RIGHT] = 0x12345;
    pair_sa(lab, &pair, side->name, side->name, &request);
    side_must(lab, side, &request);
    request.request.op = OBOL_KERNEL_UPDATE_SA;
    request.request.to = request.request.sa.id;
    request.encr_key = request.integ_key = (FlatSecret) { .given = FALSE };
    request.request.to_udp_encap = tunnel->udp_encap ? !pair.tunnel.udp_encap : pair.tunnel.udp_encap;
    if (!tunnel->udp_encap)
        request.request.to.source = lab->moved[side->name][V4];
    request.request.to.source.port = request.request.to.destination.port = request.request.to_udp_encap ? 4500 : 0;
    side_refuses(lab, side, &request, UNSUPPORTED, "an update that the abilities deny");
    request.request.op = OBOL_KERNEL_DELETE_SA;
    side_must(lab, side, &request);
}

/* Refused as existing, or counted with the first: then both are deleted (obol/kernel.h, ADD_POLICY). */
static void
ask_equal_selectors(Lab *lab, Side *side, const Tunnel *tunnel)
{
    FlatRequest first, second;
    const Reply *reply;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_policy(lab, &pair, side->name, 0, OBOL_KERNEL_ADD_POLICY, &first);
    second = first;
    second.request.policy.reqid++;
    second.request.policy.tunnel_destination = lab->moved[side->name == LEFT ? RIGHT : LEFT][V4];
    side_must(lab, side, &first);
    reply = side_do(lab, side, &second);
    CLAIM(lab, reply->answer.code == ANSWER_DONE || reply->answer.code == OBOL_KERNEL_ERROR_EXISTS,
          "a policy of equal selectors to another peer is refused for another reason: %s", reply->answer.text);
    first.request.op = second.request.op = OBOL_KERNEL_DELETE_POLICY;
    if (reply->answer.code == ANSWER_DONE)
        side_must(lab, side, &second);
    side_must(lab, side, &first);
}

static void
ask_comp(Lab *lab, Side *side, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair.cpi[LEFT] = pair.cpi[RIGHT] = 0x1234;
    pair_comp(lab, &pair, side->name, side->name, &request);
    side_refuses(lab, side, &request, UNSUPPORTED, "an SA of IPComp");
}

static void
ask_offload(Lab *lab, Side *side, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair.spi[LEFT] = pair.spi[RIGHT] = 0x12345;
    pair_sa(lab, &pair, side->name, side->name, &request);
    request.request.sa.offload = OBOL_OFFLOAD_CRYPTO;
    side_refuses(lab, side, &request, UNSUPPORTED, "offload to a device that has none");
}

static void
ask_nothing(Lab *lab G_GNUC_UNUSED, Side *side G_GNUC_UNUSED, const Tunnel *tunnel G_GNUC_UNUSED)
{
}

void
abilities_claim_refused(Lab *lab, Side *side, guint32 lacking)
{
    for (guint i = 0; i < N_NEEDS; i++)
        if ((lacking & 1u << i) != 0)
            (needs_table[i].ask != NULL ? needs_table[i].ask : ask_sa)(lab, side, &needs_table[i].tunnel);
    lab_claim_empty(lab, side, "after a refusal");
}

/* --- the table --- */

static void
append_algorithms(const Side *side, guint8 type, GString *text)
{
    guint16 last = 0;

    for (guint i = 0; i < side->opened.n_transforms; i++) {
        const ObolTransform *t = &side->opened.transforms[i];

        if (t->type != type)
            continue;
        if (t->id == last) {
            g_string_append_printf(text, "/%u", t->key_bits);
        } else {
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", obol_transform_name(type, t->id));
            if (t->key_bits != 0)
                g_string_append_printf(text, " %u", t->key_bits);
        }
        last = t->id;
    }
}

void
abilities_print(const Side *side)
{
    const ObolKernelAbilities *abilities = &side->opened.abilities;
    g_autoptr(GString) encr = g_string_new(NULL), integ = g_string_new(NULL);

    append_algorithms(side, OBOL_TRANSFORM_ENCR, encr);
    append_algorithms(side, OBOL_TRANSFORM_INTEG, integ);
    g_print("| | %s |\n|---|---|\n", side->plugin.plugin);
    for (guint i = 0; i < N_NEEDS; i++)
        g_print("| %s | %s |\n", needs_table[i].title, has(side, i) ? "yes" : "-");
    g_print("| largest replay window | %u |\n", abilities->replay_window_max);
    if (abilities->reqid_max != 0)
        g_print("| largest reqid of our own | %u |\n", abilities->reqid_max);
    else
        g_print("| largest reqid of our own | any |\n");
    g_print("| encryption | %s |\n| integrity | %s |\n", encr->str, integ->str);
}
