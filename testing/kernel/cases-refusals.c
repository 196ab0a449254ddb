/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-refusals.c - requests that make no sense, or that this kernel can not do: refused, and nothing left behind. */
#include "case.h"

#include <string.h>

#define CODE(which) (1u << OBOL_KERNEL_ERROR_##which)
#define SENSELESS (CODE(INVALID) | CODE(UNSUPPORTED))

/* What is spoilt in a request that would be done without it. */
typedef enum {
    SPOILT_ENCR, SPOILT_INTEG, SPOILT_KEY_SHORT, SPOILT_KEY_LONG, SPOILT_KEY_NONE, SPOILT_INTEG_KEY, SPOILT_NO_INTEG, SPOILT_FAMILIES,
    SPOILT_NO_ADDRESS, SPOILT_MODE, SPOILT_SPI_0, SPOILT_SPI_255, SPOILT_PROTOCOL, SPOILT_REQID_0, SPOILT_REQID_MAX,
    SPOILT_WINDOW, SPOILT_UDP_PORTS, SPOILT_FLAGS,
} Spoilt;

static const struct {
    const char *claim;
    Spoilt what;
    guint codes;
} spoilt_sas[] = {
    { "an-unknown-cipher", SPOILT_ENCR, SENSELESS },
    { "an-unknown-integrity-algorithm", SPOILT_INTEG, SENSELESS },
    { "a-key-that-is-too-short", SPOILT_KEY_SHORT, SENSELESS },
    { "a-key-that-is-too-long", SPOILT_KEY_LONG, SENSELESS },
    { "a-cipher-without-a-key", SPOILT_KEY_NONE, SENSELESS },
    { "an-integrity-key-of-the-wrong-length", SPOILT_INTEG_KEY, SENSELESS },
    { "a-cipher-without-integrity", SPOILT_NO_INTEG, SENSELESS },
    { "outer-addresses-of-two-families", SPOILT_FAMILIES, SENSELESS },
    { "an-sa-to-nowhere", SPOILT_NO_ADDRESS, SENSELESS },
    { "a-mode-that-is-none", SPOILT_MODE, SENSELESS },
    { "spi-0", SPOILT_SPI_0, SENSELESS },
    { "spi-255", SPOILT_SPI_255, SENSELESS },
    { "a-protocol-that-is-none", SPOILT_PROTOCOL, SENSELESS },
    { "reqid-0", SPOILT_REQID_0, SENSELESS },
    { "a-reqid-above-the-largest", SPOILT_REQID_MAX, SENSELESS | CODE(LIMIT) },
    { "a-replay-window-above-the-largest", SPOILT_WINDOW, SENSELESS },
    { "udp-without-ports", SPOILT_UDP_PORTS, SENSELESS },
    { "flags-that-are-not-in-the-abilities", SPOILT_FLAGS, SENSELESS },
};

static void
use_cbc(FlatRequest *request)
{
    ObolSaSpec *sa = &request->request.sa;

    sa->suite.encr = OBOL_ENCR_AES_CBC;
    sa->suite.encr_bits = 128;
    sa->suite.integ = OBOL_INTEG_HMAC_SHA2_512_256;
    request->encr_key = (FlatSecret) { .given = TRUE, .n = 16 };
    request->integ_key = (FlatSecret) { .given = TRUE, .n = 64 };
}

/* FALSE: with this plugin there is nothing to spoil. */
static gboolean
spoil(const Side *side, Spoilt what, FlatRequest *request)
{
    ObolSaSpec *sa = &request->request.sa;
    const ObolKernelAbilities *abilities = &side->opened.abilities;

    if (what == SPOILT_INTEG || what == SPOILT_INTEG_KEY || what == SPOILT_NO_INTEG)
        use_cbc(request);
    switch (what) {
    case SPOILT_ENCR: sa->suite.encr = 999; return TRUE;
    case SPOILT_INTEG: sa->suite.integ = 999; return TRUE;
    case SPOILT_KEY_SHORT: request->encr_key.n--; return TRUE;
    case SPOILT_KEY_LONG: request->encr_key.n += 8; return TRUE;
    case SPOILT_KEY_NONE: request->encr_key.given = FALSE; return TRUE;
    case SPOILT_INTEG_KEY: request->integ_key.n = 17; return TRUE;
    case SPOILT_NO_INTEG:
        sa->suite.integ = OBOL_INTEG_NONE;
        request->integ_key.given = FALSE;
        return TRUE;
    case SPOILT_FAMILIES: obol_address_parse("fd66::99", &sa->id.source); return TRUE;
    case SPOILT_NO_ADDRESS: sa->id.destination = (ObolAddress) { .family = 0 }; return TRUE;
    case SPOILT_MODE: sa->mode = (ObolMode) 9; return TRUE;
    case SPOILT_SPI_0: sa->id.spi = 0; return TRUE;
    case SPOILT_SPI_255: sa->id.spi = 255; return TRUE;
    case SPOILT_PROTOCOL: sa->id.protocol = OBOL_PROTO_IKE; return TRUE;
    case SPOILT_REQID_0: sa->reqid = 0; return TRUE;
    case SPOILT_REQID_MAX: sa->reqid = abilities->reqid_max + 1; return abilities->reqid_max != 0;
    case SPOILT_WINDOW: sa->replay_window = abilities->replay_window_max + 1; return TRUE;
    case SPOILT_UDP_PORTS:
        sa->udp_encap = TRUE;
        sa->id.source.port = sa->id.destination.port = 0;
        return TRUE;
    case SPOILT_FLAGS: sa->flags = ~abilities->flags & 0x1f; return sa->flags != 0;
    }
    return FALSE;
}

/* Both directions of the SA that is wrong in one thing; what is right is then still possible with the same SPI. */
static void
refuses(Lab *lab, const Tunnel *tunnel)
{
    guint which = tunnel->if_id; /* the row: nothing else of the tunnel is of use here */
    Tunnel plain = { .reqid = 3 };

    for (guint i = 0; i < N_SIDES * N_SIDES; i++) {
        Side *side = &lab->sides[i / 2];
        FlatRequest request;
        Pair pair;

        pair_init(lab, &plain, &pair);
        pair.spi[LEFT] = pair.spi[RIGHT] = 0x54321;
        pair_sa(lab, &pair, side->name, i % 2, &request);
        if (!spoil(side, spoilt_sas[which].what, &request))
            continue;
        side_refuses(lab, side, &request, spoilt_sas[which].codes, spoilt_sas[which].claim);
        lab_claim_empty(lab, side, "after a refusal");
    }
}

typedef enum { POLICY_FAMILIES, POLICY_REVERSED, POLICY_REQID_0, POLICY_NO_TUNNEL, POLICY_PROTOCOL, POLICY_MODE, POLICY_DIRECTION } SpoiltPolicy;

static const struct {
    const char *claim;
    SpoiltPolicy what;
} spoilt_policies[] = {
    { "a-policy-with-selectors-of-two-families", POLICY_FAMILIES },
    { "a-policy-whose-range-runs-backwards", POLICY_REVERSED },
    { "a-policy-that-protects-with-reqid-0", POLICY_REQID_0 },
    { "a-policy-with-half-a-tunnel", POLICY_NO_TUNNEL },
    { "a-policy-of-a-protocol-that-is-none", POLICY_PROTOCOL },
    { "a-policy-of-a-mode-that-is-none", POLICY_MODE },
    { "a-policy-without-a-direction", POLICY_DIRECTION },
};

static void
spoil_policy(SpoiltPolicy what, ObolPolicySpec *policy)
{
    switch (what) {
    case POLICY_FAMILIES: policy->source = pair_ts("fd66:0:1::/64"); break;
    case POLICY_REVERSED: memset(policy->source.first, 0xff, 4); break;
    case POLICY_REQID_0: policy->reqid = 0; break;
    case POLICY_NO_TUNNEL: obol_address_parse("fd66::99", &policy->tunnel_source); break;
    case POLICY_PROTOCOL: policy->protocol = OBOL_PROTO_IKE; break;
    case POLICY_MODE: policy->mode = (ObolMode) 9; break;
    case POLICY_DIRECTION: policy->direction = (ObolDirection) 9; break;
    }
}

static void
refuses_policy(Lab *lab, const Tunnel *tunnel)
{
    guint which = tunnel->if_id;
    Tunnel plain = { .reqid = 3 };
    FlatRequest request;
    Pair pair;

    pair_init(lab, &plain, &pair);
    for (guint i = 0; i < N_SIDES; i++) {
        pair_policy(lab, &pair, i, 0, OBOL_KERNEL_ADD_POLICY, &request);
        spoil_policy(spoilt_policies[which].what, &request.request.policy);
        side_refuses(lab, &lab->sides[i], &request, SENSELESS, spoilt_policies[which].claim);
        lab_claim_empty(lab, &lab->sides[i], "after a refusal");
    }
}

/* The SA that was refused for one wrong thing is taken once that is right: no trace of the first attempt is in the way. */
static void
a_refusal_leaves_the_spi_usable(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_reserve(lab, &pair);
    pair_sa(lab, &pair, LEFT, RIGHT, &request);
    request.encr_key.n--;
    side_refuses(lab, &lab->sides[LEFT], &request, SENSELESS, "a key that is too short");
    pair_add_sas(lab, &pair);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &pair, side, OBOL_KERNEL_ADD_POLICY);
    pair_cross(lab, &pair, 1);
}

static void
an_unknown_request(Lab *lab, const Tunnel *tunnel G_GNUC_UNUSED)
{
    const FlatRequest request = { .request = { .op = (ObolKernelOp) 77 } };

    side_refuses(lab, &lab->sides[LEFT], &request, SENSELESS, "a request of a number that is none");
}

static void
generate(GArray *cases, const char *claim, guint row, void (*run)(Lab *lab, const Tunnel *tunnel))
{
    g_autofree char *path = g_strdup_printf("/refuses/%s", claim);
    const Case made = { .path = g_intern_string(path), .needs = NEEDS(ESP), .run = run, .tunnel = { .if_id = row } };

    g_array_append_val(cases, made);
}

static const Case others[] = {
    { "/refuses/and-the-spi-stays-usable", NEEDS(ESP), a_refusal_leaves_the_spi_usable, { 0 }, FALSE },
    { "/refuses/a-request-of-an-unknown-number", 0, an_unknown_request, { 0 }, FALSE },
};

/* An ability that no other case needs: without it the runner sees the refusal, with it the SA is taken. */
static void
takes(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_init(lab, tunnel, &pair);
    pair_reserve(lab, &pair);
    pair_add_sas(lab, &pair);
    pair_delete_sas(lab, &pair);
}

static void
takes_nothing(Lab *lab G_GNUC_UNUSED, const Tunnel *tunnel G_GNUC_UNUSED)
{
}

static const Case abilities[] = {
    { "/ability/marks-name-an-sa", NEEDS(MARKS), takes, { .mark = { 7, 0xff } }, FALSE },
    { "/ability/marks-are-set-by-an-sa", NEEDS(SET_MARKS), takes, { .set_mark = { 7, 0xff } }, FALSE },
    { "/ability/interface-ids-belong-to-an-sa", NEEDS(IF_IDS), takes, { .if_id = 7 }, FALSE },
    { "/ability/offload-is-refused-by-who-has-none", NEEDS(OFFLOAD), takes_nothing, { 0 }, FALSE },
};

void
cases_refusals(GArray *cases)
{
    for (guint i = 0; i < G_N_ELEMENTS(spoilt_sas); i++)
        generate(cases, spoilt_sas[i].claim, i, refuses);
    for (guint i = 0; i < G_N_ELEMENTS(spoilt_policies); i++)
        generate(cases, spoilt_policies[i].claim, i, refuses_policy);
    CASES_ADD(cases, others);
    CASES_ADD(cases, abilities);
}
